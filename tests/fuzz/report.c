/*
 * The attachments of a report, tables that other tools made, on a page; and text of any kind in
 * each of the places that a page has for it. Whatever they hold, the page has the tags of the house
 * and no others, all that are to be closed are, and it is text.
 *
 * The options say which of the six files there are, and how many rows were judged.
 */
#include "page.h"

#include "base/mem.h"
#include "report/html.h"
#include "report/plot_effects.h"
#include "report/report.h"

/* Columns and segments of those names. */
static void put_segments(struct report *r, struct evaluation *e, struct fuzz *f, struct buf *page)
{
	char *column = fuzz_string(f);
	struct evaluation_segment segments[4] = { { .metrics = { .rows = 1 } } };

	for (size_t i = 1; i < 4; i++) {
		size_t len;
		const char *part = fuzz_part(f, &len);

		segments[i].column = column;
		segments[i].value = (struct csv_field){ part, (uint32_t)len, !len && i == 1 };
		segments[i].metrics =
			(struct metrics){ .rows = i, .auc_roc = 1 / (1 + (double)len) };
	}
	e->segments = segments;
	e->n_segments = 4;
	report_put_segments(r, page);
	html_heading(page, column);
	free(column);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	struct report_inputs_paths paths = { .rejects = NULL };
	const char **const files[] = { &paths.rejects,    &paths.unmatched, &paths.sessions,
				       &paths.importance, &paths.drift,     &paths.distribution };
	struct report_inputs inputs;
	struct evaluation e = { .split = "test" };
	const struct report_inputs_spread *spreads[PLOTS_EFFECTS];
	struct report r = { .evaluation = &e, .attachments = &inputs, .title = "<fuzz>" };
	struct evaluation_segment whole = { .metrics = { .rows = 1 } };
	struct plots plots = { .n = 0 };
	struct buf page = BUF_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		size_t len;
		const char *part;

		if (!fuzz_option(&f, 2))
			continue;
		part = fuzz_part(&f, &len);
		*files[i] = fuzz_file(i, part, len);
	}
	e.n = fuzz_option(&f, 256);
	e.opts.label = fuzz_option(&f, 2) ? "is_completion" : "label";
	e.opts.score = "score";
	r.words = words_of(e.opts.label);
	if (report_inputs_read(&inputs, &paths, &err)) {
		fuzz_check_error(&err);
	} else {
		report_put_features(&r, &page);
		report_put_quality(&r, &page);
		put_segments(&r, &e, &f, &page);
		fuzz_check_page(&page);
		plots_add_effects(&plots, spreads,
				  report_inputs_foremost(&inputs, PLOTS_EFFECTS, spreads), r.words);
		for (size_t i = 0; i < plots.n; i++)
			FUZZ_CHECK(plots.plots[i].script.len && plots.plots[i].text.len, "%s",
				   plots.plots[i].name);
		plots_release(&plots);
		buf_clear(&page);
		e.segments = &whole;
		report_put_distributions(&r, &page);
		fuzz_check_main(&page);
	}
	report_inputs_release(&inputs);
	buf_release(&page);
	return 0;
}
