#include "train/trainrows.h"

#include "base/bound.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/splittext.h"

#include <stdlib.h>
#include <string.h>

struct trainrows_row {
	int64_t time, known; /* as in struct split_row */
	bool label;
	enum split_part part;
};

void trainrows_init(struct trainrows *t, const char *file, const struct trainrows_options *options)
{
	*t = (struct trainrows){
		.split = SPLIT_INIT, .file = file, .options = options, .start = INT64_MAX
	};
	t->split.end = INT64_MIN;
}

void trainrows_add(struct trainrows *t, const struct split_row *row)
{
	if (row->time > t->split.end)
		t->split.end = row->time;
	if (row->time < t->start && row->time != INT64_MIN)
		t->start = row->time;
	if (!row->labelled) {
		split_count(&t->split, SPLIT_UNLABELLED, row);
		return;
	}
	if (t->n == t->cap) {
		t->cap = mem_grow(t->cap, t->n + 1);
		t->row = mem_realloc(t->row, t->cap, sizeof(*t->row));
	}
	t->row[t->n++] = (struct trainrows_row){ .time = row->time,
						 .known = row->known,
						 .label = row->label };
}

/* How long the labels took that are known, in lengths[n]; of no column nobody can say. */
static size_t known_lengths(const struct trainrows *t, int64_t *lengths)
{
	size_t n = 0;

	for (size_t i = 0; t->split.known && i < t->n; i++)
		if (t->row[i].known != INT64_MAX)
			lengths[n++] = split_length(t->row[i].time, t->row[i].known);
	return n;
}

/* Changes lengths[n]. */
static int set_horizon(struct trainrows *t, int64_t *lengths, struct err *err)
{
	const struct trainrows_horizon *given = &t->options->horizon;
	struct split *split = &t->split;

	t->n_known = known_lengths(t, lengths);
	if (given->kind != TRAINROWS_HORIZON_AUTO) {
		split->has_horizon = true;
		split->horizon = given->length;
		if (given->kind == TRAINROWS_HORIZON_MS &&
		    split_from_ms(split, given->length, &split->horizon))
			return err_set(err, ERR_RUNTIME,
				       "%s: --horizon: the times (column %s), at most %lld, do not "
				       "tell their unit: give it as a number of that unit",
				       t->file, split->time, (long long)split->end);
	} else if (split->known) {
		t->quantile = split_set_horizon(split, split_length(t->start, split->end) / 4,
						lengths, t->n_known);
	}
	for (size_t i = 0; i < t->n_known; i++)
		t->n_within += lengths[i] <= split->horizon;
	return 0;
}

/* Sets the horizon, the end and the cut. Changes times[n]. */
static int set_split(struct trainrows *t, int64_t *times, struct err *err)
{
	struct split *split = &t->split;
	size_t n = 0;

	if ((t->options->watermark && split_read_end(split, t->options->watermark, err)) ||
	    set_horizon(t, times, err))
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (split_is_mature(split, t->row[i].time))
			times[n++] = t->row[i].time;
	split_set_cut(split, times, n, t->options->holdout);
	t->n_mature = n;
	return 0;
}

/* Appends why there may be too few rows of a kind: nothing without a horizon. */
static void put_horizon(struct buf *out, const struct trainrows *t)
{
	const struct split *s = &t->split;

	if (!s->has_horizon)
		return;
	buf_append_str(out, "; the horizon is ");
	splittext_put_length(out, s, s->horizon);
	buf_append_str(out, ", and the rows span ");
	splittext_put_length(out, s, split_length(t->start, s->end));
	buf_append_str(out, " (--horizon)");
}

/* Sets the error to the text and that reason. Always returns -1. */
static int fail_of_rows(const struct trainrows *t, struct buf *text, struct err *err)
{
	put_horizon(text, t);
	err_set(err, ERR_RUNTIME, "%.*s", (int)text->len, text->data);
	buf_release(text);
	return -1;
}

static int check_classes(const struct trainrows *t, struct err *err)
{
	const struct split *s = &t->split;
	uint64_t n = s->rows[SPLIT_TRAIN], positives = s->positives[SPLIT_TRAIN];
	struct buf text = BUF_INIT;

	if (positives && positives < n)
		return 0;
	if (n)
		buf_printf(&text,
			   "the label (column %s) is %d in all %llu train rows: nothing to learn",
			   s->label, positives > 0, (unsigned long long)n);
	else
		buf_printf(&text,
			   "no train rows: of %zu labelled rows %llu are test rows, %llu are "
			   "purged (before the cut, but too young or with a label not known by "
			   "then), and %llu are immature (too young at the end)",
			   t->n, (unsigned long long)s->rows[SPLIT_TEST],
			   (unsigned long long)s->rows[SPLIT_PURGED],
			   (unsigned long long)s->rows[SPLIT_IMMATURE]);
	return fail_of_rows(t, &text, err);
}

int trainrows_split(struct trainrows *t, bool by_time, struct err *err)
{
	int64_t *times = mem_alloc(t->n, sizeof(*times));
	int rc = 0;

	if (!t->n)
		rc = err_set(err, ERR_RUNTIME, "%s: no row has a label (column %s)", t->file,
			     t->split.label);
	else if (by_time)
		rc = set_split(t, times, err);
	free(times);
	for (size_t i = 0; !rc && i < t->n; i++) {
		struct trainrows_row *row = &t->row[i];
		struct split_row s = { true, row->label, row->time, row->known };

		row->part = split_part(&t->split, &s);
		split_count(&t->split, row->part, &s);
	}
	return rc ? -1 : check_classes(t, err);
}

/* A train row that could be learned from at this time. */
static bool is_known(const struct trainrows *t, const struct trainrows_row *row, int64_t at)
{
	return row->part == SPLIT_TRAIN &&
	       (at == INT64_MAX || split_was_known(&t->split, row->time, row->known, at));
}

static bool is_held(const struct trainrows *t, const struct trainrows_row *row,
		    struct trainrows_span span)
{
	return span.cut != INT64_MAX && row->time >= span.cut &&
	       (span.end == INT64_MAX || row->time < span.end) && is_known(t, row, span.until);
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t trainrows_time(const struct trainrows *t, int64_t until, int64_t share)
{
	int64_t *times = mem_alloc(t->n, sizeof(*times)), time = until;
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (is_known(t, &t->row[i], until)) {
			sorted = sorted && (!n || t->row[i].time >= times[n - 1]);
			times[n++] = t->row[i].time;
		}
	if (!sorted)
		qsort(times, n, sizeof(*times), by_time);
	if (n)
		time = times[n - 1 - (size_t)((double)(n - 1) * (double)share / NUM_MILLION)];
	free(times);
	return time;
}

uint64_t trainrows_count(const struct trainrows *t, int64_t until)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += is_known(t, &t->row[i], until);
	return n;
}

struct trainrows_span trainrows_fold(const struct trainrows *t, int64_t until, size_t k, size_t n,
				     const char *option)
{
	int64_t parts = (int64_t)n + 1, at = (int64_t)k;
	int64_t cut = trainrows_time(t, until, NUM_MILLION * (parts - at) / parts);
	int64_t end = k == n ? until
			     : trainrows_time(t, until, NUM_MILLION * (parts - at - 1) / parts);

	return (struct trainrows_span){ cut, end, until, option };
}

bool trainrows_has(const struct trainrows *t, size_t i, int64_t until)
{
	return is_known(t, &t->row[i], until);
}

bool trainrows_label(const struct trainrows *t, size_t i)
{
	return t->row[i].label;
}

int trainrows_check(const struct trainrows *t, struct trainrows_span span, struct err *err)
{
	size_t n = trainrows_count(t, span.cut), positives = 0;
	struct buf text = BUF_INIT;

	for (size_t i = 0; i < t->n; i++)
		positives += is_known(t, &t->row[i], span.cut) && t->row[i].label;
	if (positives && positives < n)
		return 0;
	buf_printf(&text, "%s: %s: too few rows could be trained on at ", t->file, span.option);
	splittext_put_time(&text, &t->split, span.cut);
	buf_printf(&text, ": %zu, %zu of them positive", n, positives);
	return fail_of_rows(t, &text, err);
}

/* How much each labelled row weighs as one to learn from, 0 if it is none. */
static double *learnt_weights(const struct trainrows *t, struct trainrows_span span,
			      const struct classweight *balance)
{
	double *weight = mem_zalloc(t->n, sizeof(*weight)), class_weight[2];
	uint8_t *labels = mem_alloc(t->n, 1);
	uint32_t *count;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (is_known(t, &t->row[i], span.cut))
			labels[n++] = t->row[i].label;
	count = classweight_rows(balance, labels, n, class_weight);
	n = 0;
	for (size_t i = 0; i < t->n; i++)
		if (is_known(t, &t->row[i], span.cut))
			weight[i] = class_weight[t->row[i].label] * count[n++];
	free(labels);
	free(count);
	return weight;
}

/* Turns those weights into the ones of the rows held back: the mean of those learnt, by class. */
static void hold_weights(const struct trainrows *t, struct trainrows_span span, double *weight)
{
	double sum[2] = { 0 };
	size_t n[2] = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		n[t->row[i].label] += is_known(t, &t->row[i], span.cut);
		sum[t->row[i].label] += weight[i];
	}
	for (size_t i = 0; i < t->n; i++) {
		int label = t->row[i].label;

		weight[i] = is_held(t, &t->row[i], span) ? sum[label] / (double)n[label] : 0;
	}
}

double *trainrows_weights(const struct trainrows *t, struct trainrows_span span,
			  enum trainrows_part part, const struct classweight *balance)
{
	double *weight = learnt_weights(t, span, balance);

	if (part == TRAINROWS_HELD)
		hold_weights(t, span, weight);
	return weight;
}

/* Of the test rows: that there are none, or of one class alone. */
static void warn_of_test(const struct trainrows *t, struct warnings *w)
{
	const struct split *s = &t->split;
	uint64_t n = s->rows[SPLIT_TEST], positives = s->positives[SPLIT_TEST];
	struct buf text = BUF_INIT;

	if (!s->has_cut && t->n_mature < t->n)
		buf_printf(&text,
			   "no test rows: %llu of %zu labelled rows are older than the horizon, "
			   "too few for this --holdout",
			   (unsigned long long)t->n_mature, t->n);
	else if (!s->has_cut)
		buf_printf(&text, "no test rows: %zu labelled rows are too few for this --holdout",
			   t->n);
	else if (!positives || positives == n)
		buf_printf(&text,
			   "the label (column %s) is %d in all %llu test rows, but 1 in %.1f %% "
			   "of %llu train rows: no ranking can be judged by them (--holdout)",
			   s->label, positives > 0, (unsigned long long)n,
			   100 * (double)s->positives[SPLIT_TRAIN] / (double)s->rows[SPLIT_TRAIN],
			   (unsigned long long)s->rows[SPLIT_TRAIN]);
	if (text.len) {
		put_horizon(&text, t);
		warnings_add(w, "%.*s", (int)text.len, text.data);
	}
	buf_release(&text);
}

/* That the horizon is shorter than many labels take: the automatic one is cut short. */
static void warn_of_horizon(const struct trainrows *t, struct warnings *w)
{
	static const struct bound some = BOUND_DOUBTFUL;
	double share = 100 * (double)t->n_within / (double)t->n_known;
	struct buf text = BUF_INIT;

	if (t->quantile > t->split.horizon) {
		buf_printf(&text,
			   "%.1f %% of the labels were known within the horizon, a quarter of the "
			   "rows' span, which is the most by default, and 99 %% within ",
			   share);
		splittext_put_length(&text, &t->split, t->quantile);
	} else if (bound_exceeded(&some, t->n_known - t->n_within, t->n_known)) {
		buf_printf(&text,
			   "only %.1f %% of the labels were known within the horizon: which rows "
			   "are trained on depends on their outcome",
			   share);
	} else {
		return;
	}
	put_horizon(&text, t);
	warnings_add(w, "%.*s", (int)text.len, text.data);
	buf_release(&text);
}

/*
 * That no train row has seen a horizon of history: at their times hardly a late label was known, so
 * that rates of known labels, which are features, were not what they are in the test rows.
 */
static void warn_of_start(const struct trainrows *t, struct warnings *w)
{
	const struct split *s = &t->split;
	struct buf text = BUF_INIT;

	if (!s->has_cut || !s->has_horizon ||
	    split_length(t->start, s->cut) - s->horizon > s->horizon)
		return;
	buf_printf(&text,
		   "all %llu train rows are of the first horizon of the table, when only early "
		   "labels were known: features that count known ones will differ in later rows",
		   (unsigned long long)s->rows[SPLIT_TRAIN]);
	put_horizon(&text, t);
	warnings_add(w, "%.*s", (int)text.len, text.data);
	buf_release(&text);
}

void trainrows_warn(const struct trainrows *t, struct warnings *w)
{
	if (t->options->holdout)
		warn_of_test(t, w);
	warn_of_horizon(t, w);
	warn_of_start(t, w);
}

void trainrows_release(struct trainrows *t)
{
	split_release(&t->split);
	free(t->row);
	*t = (struct trainrows){ .split = SPLIT_INIT };
}
