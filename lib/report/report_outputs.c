#include "report/report_outputs.h"

#include "base/mem.h"
#include "eval/eval_write.h"
#include "report/plot_effects.h"
#include "report/plot_evaluation.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens one more file, written like the metrics unless it is plain; NULL with err. */
static struct csv_writer *open_file(struct report_outputs *o, const char *path, bool plain,
				    struct err *err)
{
	struct csv_writer *writer = &o->writers[o->n];
	struct gz_output output = o->opts->metrics;

	if (path)
		output.path = path;
	output.plain = output.plain || plain;
	if (csv_writer_open(writer, &output, err))
		return NULL;
	o->n++;
	return writer;
}

int report_outputs_open(struct report_outputs *o, const struct report_outputs_opts *opts,
			struct err *err)
{
	*o = (struct report_outputs){ .opts = opts };
	if (!(o->metrics = open_file(o, NULL, opts->json, err)) ||
	    (opts->curves && !(o->curves = open_file(o, opts->curves, false, err))) ||
	    (opts->intervals && !(o->intervals = open_file(o, opts->intervals, false, err))) ||
	    (opts->page && !(o->page = open_file(o, opts->page, true, err))) ||
	    (opts->features && !(o->features = open_file(o, opts->features, true, err))))
		return -1;
	/* A name that asks for plain text asks for the table all the same. */
	o->is_text = opts->json || opts->metrics.plain || isatty(o->metrics->gz.fd);
	return 0;
}

bool report_outputs_have_intervals(const struct report_outputs_opts *opts, bool is_text,
				   bool compares)
{
	return opts->intervals || opts->page || (is_text && compares);
}

static int write_plot(struct report_outputs *o, const struct plot *plot, enum plot_format format,
		      struct err *err)
{
	const char *dir = o->opts->plots, *suffix = format == PLOT_PNG ? "png" : "svg";
	size_t size = strlen(dir) + strlen(plot->name) + sizeof("/.svg");
	char *path = mem_alloc(size, 1);
	struct csv_writer *w;

	o->plot_paths[o->n_plot_paths++] = path;
	snprintf(path, size, "%s/%s.%s", dir, plot->name, suffix);
	w = open_file(o, path, true, err);
	return !w || plot_draw(plot, format, &w->row, err) ? -1 : 0;
}

static int write_plots(struct report_outputs *o, const struct plots *plots, struct err *err)
{
	if (atomicfile_make_folder(o->opts->plots, !o->opts->metrics.no_sync, err))
		return -1;
	for (size_t i = 0; i < plots->n; i++)
		if (write_plot(o, &plots->plots[i], PLOT_SVG, err) ||
		    (o->opts->png && write_plot(o, &plots->plots[i], PLOT_PNG, err)))
			return -1;
	return 0;
}

/* The pictures and the page. */
static int draw(struct report_outputs *o, const struct evaluation *e,
		const struct intervals *intervals, const struct report_inputs *attached,
		struct err *err)
{
	const struct report_inputs_spread *spreads[PLOTS_EFFECTS];
	const char *other = e->opts.against;
	struct plots plots;
	struct report report = { .evaluation = e,
				 .intervals = intervals,
				 .attachments = attached,
				 .plots = &plots,
				 .words = words_of(e->opts.label),
				 .title = o->opts->title,
				 .names = { e->opts.score, other } };
	int rc = 0;

	/* Two columns of one name are told apart by the file. */
	if (other && !strcmp(other, e->opts.score) && e->opts.against_path)
		report.names[1] = e->opts.against_path;
	plots_make(&plots, e, report.names, report.words);
	plots_add_effects(&plots, spreads, report_inputs_foremost(attached, PLOTS_EFFECTS, spreads),
			  report.words);
	if (o->opts->plots)
		rc = write_plots(o, &plots, err);
	if (!rc && o->page)
		rc = report_put(&report, &o->page->row, err);
	if (!rc && o->features)
		report_put_distributions(&report, &o->features->row);
	plots_release(&plots);
	return rc;
}

static int write_tables(struct report_outputs *o, const struct evaluation *e,
			const struct intervals *intervals, struct err *err)
{
	if ((o->curves && eval_write_curves(e, o->curves, err)) ||
	    (o->intervals && intervals_write(intervals, o->intervals, err)))
		return -1;
	if (o->opts->json)
		return eval_write_json(e, intervals->n ? intervals : NULL, o->metrics, err);
	return o->is_text ? eval_write_table(e, intervals->n ? intervals : NULL, o->metrics, err)
			  : eval_write_csv(e, o->metrics, err);
}

static int close_all(struct report_outputs *o, struct err *err)
{
	struct csv_writer *closing[REPORT_OUTPUTS_MAX];

	o->n_rows = o->metrics->n_rows;
	for (size_t i = 0; i < o->n; i++)
		closing[i] = &o->writers[i];
	return csv_writer_close_all(closing, o->n, err);
}

/* The card of a page is about what scored its rows. Returns 0, or -1 with err. */
static int check_model(const struct report_outputs *o, const struct evaluation *e,
		       const struct report_inputs *attached, struct err *err)
{
	const struct intern *models = &e->moments.models;
	const char *path = o->opts->attached.model, *id = attached->model.id;

	for (uint32_t i = 0; path && i < models->n; i++) {
		const struct intern_string *by = intern_string(models, i);

		if (by->len != strlen(id) || memcmp(by->s, id, by->len) != 0)
			return err_set(err, ERR_RUNTIME,
				       "%s is the model %s, but rows were scored by '%.*s': "
				       "--model takes what made the predictions",
				       path, id, err_clip(by->len), by->s);
	}
	return 0;
}

int report_outputs_write(struct report_outputs *o, const struct evaluation *e,
			 const struct intervals *intervals, struct err *err)
{
	const struct report_outputs_opts *opts = o->opts;
	struct report_inputs attached;
	int rc = report_inputs_read(&attached, &opts->attached, err);

	if (!rc)
		rc = check_model(o, e, &attached, err);
	/* The pictures first: they open their files, which may be others of ours. */
	if (!rc && (o->page || o->features || opts->plots))
		rc = draw(o, e, intervals, &attached, err);
	if (!rc)
		rc = write_tables(o, e, intervals, err);
	if (!rc)
		rc = close_all(o, err);
	for (size_t i = 0; i < o->n_plot_paths; i++)
		free(o->plot_paths[i]);
	report_inputs_release(&attached);
	return rc;
}
