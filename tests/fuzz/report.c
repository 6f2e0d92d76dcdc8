/*
 * The attachments of a report, tables that other tools made, on a page; and text of any kind in
 * each of the places that a page has for it. Whatever they hold, the page has the tags of the house
 * and no others, all that are to be closed are, and it is text.
 *
 * The options say which of the five files there are, and how many rows were judged.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "report/html.h"
#include "report/report.h"

/* All that begins with '<'; an attribute's value is digits and what numbers are written with. */
static const char *const tags[] = {
	"h2 id=\"importance\"",
	"h2 id=\"drift\"",
	"h2 id=\"data\"",
	"h2 id=\"segments\"",
	"/h2",
	"p",
	"/p",
	"div class=\"scroll\" tabindex=\"0\"",
	"/div",
	"table",
	"/table",
	"caption",
	"/caption",
	"thead",
	"/thead",
	"tbody",
	"/tbody",
	"tr",
	"/tr",
	"th scope=\"col\"",
	"th scope=\"row\"",
	"/th",
	"td",
	"td class=\"wide\"",
	"data value=\"#\"",
	"/data",
	"span class=\"bar\" style=\"width:#%\"",
	"/span",
};

static const char *const entities[] = { "amp;", "lt;", "gt;", "quot;", "#39;" };

/* Where the text that may hold a number for each '#' of the pattern ends, or NULL. */
static const char *match(const char *s, const char *end, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '#') {
			while (s < end && *s && strchr("0123456789.e+-", *s))
				s++;
		} else if (s == end || *s++ != *pattern) {
			return NULL;
		}
	}
	return s;
}

static const char *skip_tag(const char *s, const char *end, int *n_open)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		const char *after = match(s + 1, end, tags[i]);

		if (!after || after == end || *after != '>')
			continue;
		/* These have no end tags, or may have none. */
		if (!strncmp(tags[i], "tr", 2) || !strncmp(tags[i], "td", 2) ||
		    !strcmp(tags[i], "th scope=\"row\"") || !strcmp(tags[i], "/tr"))
			return after + 1;
		*n_open += *tags[i] == '/' ? -1 : 1;
		return after + 1;
	}
	FUZZ_CHECK(false, "a tag: %.*s", (int)(end - s < 80 ? end - s : 80), s);
	return end;
}

static const char *skip_entity(const char *s, const char *end)
{
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		size_t len = strlen(entities[i]);

		if ((size_t)(end - s) > len && !memcmp(s + 1, entities[i], len))
			return s + 1 + len;
	}
	FUZZ_CHECK(false, "an entity: %.*s", (int)(end - s < 80 ? end - s : 80), s);
	return end;
}

static void check_page(const struct buf *page)
{
	const char *s = page->data, *end = s + page->len;
	int n_open = 0;

	while (s < end) {
		if (*s == '<') {
			s = skip_tag(s, end, &n_open);
		} else if (*s == '&') {
			s = skip_entity(s, end);
		} else {
			size_t n = *s == '\n' ? 1 : utf8_printable(s, end);

			FUZZ_CHECK(n && *s != '>' && *s != '"' && *s != '\'', "byte %02x",
				   (unsigned char)*s);
			s += n;
		}
		FUZZ_CHECK(n_open >= 0, "a tag too many is closed");
	}
	FUZZ_CHECK(!n_open, "%d tags are open", n_open);
}

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
	const char **const files[] = { &paths.rejects, &paths.unmatched, &paths.sessions,
				       &paths.importance, &paths.drift };
	struct report_inputs inputs;
	struct evaluation e = { .split = "test" };
	struct report r = { .evaluation = &e, .attachments = &inputs };
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
	if (report_inputs_read(&inputs, &paths, &err)) {
		fuzz_check_error(&err);
	} else {
		report_put_features(&r, &page);
		report_put_quality(&r, &page);
		put_segments(&r, &e, &f, &page);
		check_page(&page);
	}
	report_inputs_release(&inputs);
	buf_release(&page);
	return 0;
}
