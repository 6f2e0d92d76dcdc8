#include "evaluation.h"

#include "intern.h"
#include "mem.h"
#include "num.h"
#include "schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times end with the year 9999. */
#define TIME_END INT64_C(253402300800000)

/* A segment is NULL's, 0, or that of an interned value, its id + 1. */
struct evaluation_column {
	const char *name;
	int at;
	enum evaluation_period period; /* none: a segment is a value of the column */
	int64_t last_day;              /* of a period: the day of the row before, ... */
	uint32_t last_segment;         /* ... and its segment; 0: there is none */
	struct intern values;
	uint32_t *segments; /* of each row */
	uint32_t *order;    /* segments in the order of their values; once they are bucketed */
	size_t *ends;       /* where each segment's rows end in e->sorted */
};

static size_t n_segments(const struct evaluation_column *c)
{
	return (size_t)c->values.n + 1;
}

static int init_columns(struct evaluation *e, const struct csv_reader *in, struct err *err)
{
	static const char *const periods[] = { NULL, "day", "week" };
	const struct evaluation_opts *o = &e->opts;
	const char *time = o->time ? o->time : "event_ts";

	e->columns = mem_zalloc(o->n_by + 1, sizeof(*e->columns));
	e->n_columns = o->n_by + (o->period != EVALUATION_NO_PERIOD);
	for (size_t i = 0; i < e->n_columns; i++)
		e->columns[i].values = (struct intern)INTERN_INIT;
	for (size_t i = 0; i < e->n_columns; i++) {
		struct evaluation_column *c = &e->columns[i];

		if (i == o->n_by)
			c->period = o->period;
		c->name = c->period ? periods[c->period] : o->by[i];
		c->at = schema_require(in, c->period ? time : c->name, err);
		if (c->at < 0)
			return -1;
	}
	return 0;
}

int evaluation_init(struct evaluation *e, const struct evaluation_opts *opts,
		    const struct csv_reader *in, struct err *err)
{
	*e = (struct evaluation){ .opts = *opts, .at_split = -1 };
	e->at_label = schema_require(in, opts->label, err);
	if (e->at_label < 0)
		return -1;
	e->at_score = schema_require(in, opts->score, err);
	if (e->at_score < 0)
		return -1;
	if (!opts->split)
		e->at_split = schema_find(&in->header, "split");
	else if (strcmp(opts->split, EVALUATION_EVERY_SPLIT) != 0 &&
		 (e->at_split = schema_require(in, "split", err)) < 0)
		return -1;
	if (e->at_split >= 0)
		e->split = opts->split ? opts->split : "test";
	return init_columns(e, in, err);
}

static void grow(struct evaluation *e)
{
	e->cap = mem_grow(e->cap, e->n + 1);
	e->rows = mem_realloc(e->rows, e->cap, sizeof(*e->rows));
	for (size_t i = 0; i < e->n_columns; i++)
		e->columns[i].segments = mem_realloc(e->columns[i].segments, e->cap,
						     sizeof(*e->columns[i].segments));
}

static int parse_score(const struct evaluation *e, const struct csv_reader *in,
		       const struct csv_field *f, double *score, struct err *err)
{
	if (!f->len)
		return csv_reader_fail(in, e->at_score, err, "empty, in a row with a label");
	if (num_parse_double(f->s, f->len, score) || *score < 0 || *score > 1)
		return csv_reader_fail(in, e->at_score, err,
				       "invalid probability '%.*s' (a number from 0 to 1)",
				       (int)f->len, f->s);
	return 0;
}

/* The id of the day's period among the values. */
static uint32_t period_of(struct evaluation_column *c, int64_t day)
{
	/* Days since 1970, a Thursday; a week is of the year, and the number, of its own Thursday.
	 */
	int64_t thursday = num_divide_floor(day + 3, 7) * 7;
	bool weekly = c->period == EVALUATION_WEEK;
	struct num_civil at;
	char name[64];
	int len;

	num_civil((weekly ? thursday : day) * NUM_MS_PER_DAY, &at);
	if (weekly)
		len = snprintf(name, sizeof(name), "%04lld-W%02d", (long long)at.year, at.iso_week);
	else
		len = snprintf(name, sizeof(name), "%04lld-%02d-%02d", (long long)at.year, at.month,
			       at.day);
	return intern_id(&c->values, name, (size_t)len);
}

/* Returns 0, or -1 with err: a time that is none. */
static int find_segment(struct evaluation_column *c, const struct csv_reader *in,
			const struct csv_field *f, uint32_t *segment, struct err *err)
{
	int64_t time, day;

	*segment = 0;
	if (!c->period) {
		if (!f->is_null)
			*segment = intern_id(&c->values, f->s, f->len) + 1;
		return 0;
	}
	if (!f->len)
		return 0;
	if ((num_parse_int(f->s, f->len, &time) &&
	     num_parse_time(f->s, f->len, NUM_OFFSET_OPTIONAL, &time)) ||
	    time < 0 || time >= TIME_END)
		return csv_reader_fail(
			in, c->at, err,
			"invalid time '%.*s' (milliseconds from 1970 on, or ISO 8601)",
			err_clip(f->len), f->s);
	day = time / NUM_MS_PER_DAY;
	if (!c->last_segment || day != c->last_day) {
		c->last_segment = period_of(c, day) + 1;
		c->last_day = day;
	}
	*segment = c->last_segment;
	return 0;
}

int evaluation_add(struct evaluation *e, const struct csv_reader *in, const struct csv_row *row,
		   struct err *err)
{
	const struct csv_field *label = &row->fields[e->at_label];
	double score = 0;

	if (e->split) {
		const struct csv_field *split = &row->fields[e->at_split];

		if (split->len != strlen(e->split) || memcmp(split->s, e->split, split->len) != 0) {
			e->n_other_split++;
			return 0;
		}
	}
	if (!label->len) {
		e->n_unlabelled++;
		return 0;
	}
	if (label->len != 1 || (*label->s != '0' && *label->s != '1'))
		return csv_reader_fail(in, e->at_label, err, "invalid label '%.*s' (0, 1 or empty)",
				       (int)label->len, label->s);
	if (parse_score(e, in, &row->fields[e->at_score], &score, err))
		return -1;
	if (e->n == METRICS_ROWS_MAX)
		return csv_reader_fail(in, -1, err, "more than 2^32 - 1 rows to judge");
	if (e->n == e->cap)
		grow(e);
	for (size_t i = 0; i < e->n_columns; i++) {
		struct evaluation_column *c = &e->columns[i];

		if (find_segment(c, in, &row->fields[c->at], &c->segments[e->n], err))
			return -1;
	}
	e->rows[e->n++] = metrics_row(score, *label->s == '1');
	return 0;
}

static int fail_without_rows(const struct evaluation *e, const struct csv_reader *in,
			     struct err *err)
{
	if (e->split)
		return err_set(
			err, ERR_RUNTIME,
			"%s: no row to judge: %llu rows read, %llu of them not of split '%s', "
			"%llu without a label",
			in->file, (unsigned long long)in->n_rows,
			(unsigned long long)e->n_other_split, e->split,
			(unsigned long long)e->n_unlabelled);
	return err_set(err, ERR_RUNTIME,
		       "%s: no row to judge: %llu rows read, %llu of them without a label",
		       in->file, (unsigned long long)in->n_rows,
		       (unsigned long long)e->n_unlabelled);
}

/* Multiplies the odds of each score by those of the base rate over those of the prior. */
static void correct_prior(struct evaluation *e)
{
	double base = 0, positive, negative;

	for (size_t i = 0; i < e->n; i++)
		base += metrics_positive(e->rows[i]);
	base /= (double)e->n;
	positive = base / e->opts.prior;
	negative = (1 - base) / (1 - e->opts.prior);
	for (size_t i = 0; i < e->n; i++) {
		double p = metrics_score(e->rows[i]);
		double sum = p * positive + (1 - p) * negative;

		/* Of one class only, a score that rules it out stays what it is. */
		if (sum > 0)
			e->rows[i] = metrics_row(p * positive / sum, metrics_positive(e->rows[i]));
	}
}

int evaluation_start(struct evaluation *e, const struct csv_reader *in, struct err *err)
{
	if (!e->n)
		return fail_without_rows(e, in, err);
	if (e->opts.prior > 0)
		correct_prior(e);
	e->scratch = mem_alloc(e->n, sizeof(*e->scratch));
	e->sorted = e->rows;
	if (e->n_columns) {
		/* The segments still need the order of the input. */
		e->sorted = mem_alloc(e->n, sizeof(*e->sorted));
		memcpy(e->sorted, e->rows, e->n * sizeof(*e->rows));
	}
	metrics_sort(e->sorted, e->scratch, e->n);
	e->threshold = e->opts.threshold;
	if (e->threshold == EVALUATION_BEST_F1)
		e->threshold = metrics_best_f1(e->sorted, e->n);
	return 0;
}

const struct metrics_row *evaluation_rows(const struct evaluation *e)
{
	return e->sorted;
}

struct named_segment {
	struct intern_string value;
	uint32_t segment;
};

static int compare_names(const void *a, const void *b)
{
	const struct intern_string *x = &((const struct named_segment *)a)->value;
	const struct intern_string *y = &((const struct named_segment *)b)->value;
	int order = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void order_segments(struct evaluation_column *c)
{
	struct named_segment *names = mem_alloc(c->values.n, sizeof(*names));

	for (uint32_t id = 0; id < c->values.n; id++)
		names[id] = (struct named_segment){ *intern_string(&c->values, id), id + 1 };
	if (c->values.n)
		qsort(names, c->values.n, sizeof(*names), compare_names);
	c->order = mem_alloc(n_segments(c), sizeof(*c->order));
	c->order[0] = 0;
	for (uint32_t i = 0; i < c->values.n; i++)
		c->order[i + 1] = names[i].segment;
	free(names);
}

/* Puts the rows of each segment of the column side by side into e->sorted, in order of value. */
static void bucket(struct evaluation *e, struct evaluation_column *c)
{
	size_t sum = 0;

	order_segments(c);
	c->ends = mem_zalloc(n_segments(c), sizeof(*c->ends));
	for (size_t i = 0; i < e->n; i++)
		c->ends[c->segments[i]]++;
	for (size_t i = 0; i < n_segments(c); i++) {
		size_t count = c->ends[c->order[i]];

		c->ends[c->order[i]] = sum;
		sum += count;
	}
	/* Each segment's beginning moves up to its end as its rows come in. */
	for (size_t i = 0; i < e->n; i++)
		e->sorted[c->ends[c->segments[i]]++] = e->rows[i];
}

static void judge(struct evaluation *e, size_t begin, size_t end, struct metrics *m)
{
	metrics_compute(m, e->sorted + begin, end - begin, e->threshold, e->opts.bins);
}

/* The column's next segment that has rows; false behind its last. */
static bool next_of_column(struct evaluation *e, struct evaluation_column *c,
			   struct evaluation_segment *segment)
{
	if (!c->order)
		bucket(e, c);
	while (e->next_segment < n_segments(c)) {
		size_t i = e->next_segment++;
		size_t begin = i ? c->ends[c->order[i - 1]] : 0, end = c->ends[c->order[i]];

		if (begin == end)
			continue;
		segment->column = c->name;
		segment->value = (struct csv_field){ "", 0, true };
		if (c->order[i]) {
			const struct intern_string *s = intern_string(&c->values, c->order[i] - 1);

			segment->value = (struct csv_field){ s->s, s->len, false };
		}
		metrics_sort(e->sorted + begin, e->scratch, end - begin);
		judge(e, begin, end, &segment->metrics);
		return true;
	}
	return false;
}

bool evaluation_next(struct evaluation *e, struct evaluation_segment *segment)
{
	if (!e->overall_done) {
		e->overall_done = true;
		*segment = (struct evaluation_segment){ .value = { "", 0, true } };
		judge(e, 0, e->n, &segment->metrics);
		return true;
	}
	for (; e->next_column < e->n_columns; e->next_column++, e->next_segment = 0)
		if (next_of_column(e, &e->columns[e->next_column], segment))
			return true;
	return false;
}

void evaluation_release(struct evaluation *e)
{
	for (size_t i = 0; i < e->n_columns; i++) {
		intern_release(&e->columns[i].values);
		free(e->columns[i].segments);
		free(e->columns[i].order);
		free(e->columns[i].ends);
	}
	free(e->columns);
	if (e->sorted != e->rows)
		free(e->sorted);
	free(e->rows);
	free(e->scratch);
	*e = (struct evaluation){ 0 };
}
