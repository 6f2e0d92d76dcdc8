/*
 * report_outputs: everything that one evaluation is written to: metrics, curves, intervals, a page
 * and pictures, which appear under their names together or not at all.
 */
#ifndef CE_REPORT_OUTPUTS_H
#define CE_REPORT_OUTPUTS_H

#include "base/err.h"
#include "eval/evaluation.h"
#include "eval/intervals.h"
#include "io/gzio.h"
#include "report/plot.h"
#include "report/report_inputs.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Paths are borrowed; NULL: not wanted. */
struct report_outputs_opts {
	struct gz_output metrics; /* as text if `plain` is set or to a terminal, else as CSV */
	bool json;                /* they are one JSON object in any case, never gzipped */
	const char *curves;       /* tables, written like the metrics, each by its own name */
	const char *intervals;
	const char *page;
	const char *features;                /* a page on the features' distributions */
	const char *plots;                   /* a folder, made if need be */
	bool png;                            /* pictures also as PNG */
	const char *title;                   /* of the page */
	struct report_inputs_paths attached; /* shown on the page */
};

#define REPORT_OUTPUTS_MAX (5 + 2 * PLOTS_MAX)

struct report_outputs {
	/* For callers to read. */
	bool is_text;  /* the metrics are written as text, or as JSON: with all there is */
	size_t n_rows; /* of the metrics, once they are written */

	/* The module's own. */
	const struct report_outputs_opts *opts;
	struct csv_writer writers[REPORT_OUTPUTS_MAX]; /* in the order in which they are closed */
	size_t n;
	struct csv_writer *metrics, *curves, *intervals, *page, *features; /* among them, or NULL */
	char *plot_paths[2 * PLOTS_MAX];
	size_t n_plot_paths;
};

/* Opens the files, but for the pictures. `opts` must outlive *o. Returns 0, or -1 with err. */
int report_outputs_open(struct report_outputs *o, const struct report_outputs_opts *opts,
			struct err *err);

/* Whether bootstrap intervals are shown anywhere; `compares`: there is a second score. */
bool report_outputs_have_intervals(const struct report_outputs_opts *opts, bool is_text,
				   bool compares);

/*
 * Reads the attached tables, and writes and closes everything; the files are then there. Needs a
 * judged evaluation, and its intervals where they are shown (else n is 0). Returns 0, or -1 with
 * err, and no file is there.
 */
int report_outputs_write(struct report_outputs *o, const struct evaluation *e,
			 const struct intervals *intervals, struct err *err);

#endif
