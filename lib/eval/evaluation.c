#include "eval/evaluation.h"

#include "base/intern.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "model/split.h"
#include "table/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Times end with the year 9999. */
#define TIME_END INT64_C(253402300800000)

const char *const evaluation_period_names[] = { "none", "day", "week", NULL };

/* Until all rows are there: the user of a row without one. */
#define NOBODY UINT32_MAX

/* A segment is NULL's, 0, or that of an interned value, its id + 1. */
struct evaluation_column {
	const char *name;
	int at;
	enum evaluation_period period; /* none: a segment is a value of the column */
	int64_t last_day;              /* of a period: the day of the row before, ... */
	uint32_t last_segment;         /* ... and its segment; 0: there is none */
	struct intern values;
	uint32_t *segments; /* of each row */
};

static size_t n_segments(const struct evaluation_column *c)
{
	return (size_t)c->values.n + 1;
}

static const char *time_column(const struct evaluation_opts *o)
{
	return o->time ? o->time : "event_ts";
}

static int init_columns(struct evaluation *e, const struct csv_reader *in, struct err *err)
{
	const struct evaluation_opts *o = &e->opts;

	e->columns = mem_zalloc(o->n_by + 1, sizeof(*e->columns));
	e->n_columns = o->n_by + (o->period != EVALUATION_NO_PERIOD);
	for (size_t i = 0; i < e->n_columns; i++)
		e->columns[i].values = (struct intern)INTERN_INIT;
	for (size_t i = 0; i < e->n_columns; i++) {
		struct evaluation_column *c = &e->columns[i];

		if (i == o->n_by)
			c->period = o->period;
		c->name = c->period ? evaluation_period_names[c->period] : o->by[i];
		c->at = columns_require(in, c->period ? time_column(o) : c->name, err);
		if (c->at < 0)
			return -1;
	}
	return 0;
}

/* Where the second score comes from, and whose the rows are. */
static int init_against(struct evaluation *e, const struct csv_reader *in, struct err *err)
{
	const struct evaluation_opts *o = &e->opts;

	if (o->user && (e->at_user = columns_require(in, o->user, err)) < 0)
		return -1;
	if (!o->against)
		return 0;
	if (!o->against_path) {
		e->at_against = columns_require(in, o->against, err);
		return e->at_against < 0 ? -1 : 0;
	}
	e->at_key = columns_require(in, o->key, err);
	return e->at_key < 0 ? -1 : 0;
}

int evaluation_init(struct evaluation *e, const struct evaluation_opts *opts,
		    const struct csv_reader *in, struct err *err)
{
	*e = (struct evaluation){ .opts = *opts,
				  .at_split = -1,
				  .at_against = -1,
				  .at_key = -1,
				  .at_user = -1,
				  .choice = THRESHOLD_INIT,
				  .predictions = SCOREFILE_INIT,
				  .user_ids = INTERN_INIT };
	e->at_label = columns_require(in, opts->label, err);
	if (e->at_label < 0)
		return -1;
	e->at_score = columns_require(in, opts->score, err);
	if (e->at_score < 0)
		return -1;
	if (opts->threshold == EVALUATION_EARLIER) {
		e->at_split = columns_require(in, "split", err);
		e->at_time = columns_require(in, time_column(opts), err);
		if (e->at_split < 0 || e->at_time < 0)
			return -1;
	} else if (!opts->split) {
		e->at_split = columns_find(&in->header, "split");
	} else if (strcmp(opts->split, EVALUATION_EVERY_SPLIT) != 0) {
		e->at_split = columns_require(in, "split", err);
		if (e->at_split < 0)
			return -1;
	}
	if (e->at_split >= 0)
		e->split = opts->split ? opts->split : "test";
	if (opts->moments)
		moments_init(&e->moments, in, time_column(opts));
	return init_columns(e, in, err) || init_against(e, in, err) ? -1 : 0;
}

static void grow(struct evaluation *e)
{
	e->cap = mem_grow(e->cap, e->n + 1);
	e->rows = mem_realloc(e->rows, e->cap, sizeof(*e->rows));
	if (e->at_against >= 0)
		e->against = mem_realloc(e->against, e->cap, sizeof(*e->against));
	if (e->opts.user)
		e->users = mem_realloc(e->users, e->cap, sizeof(*e->users));
	for (size_t i = 0; i < e->n_columns; i++)
		e->columns[i].segments = mem_realloc(e->columns[i].segments, e->cap,
						     sizeof(*e->columns[i].segments));
}

/* The id of the day's period among the values. */
static uint32_t period_of(struct evaluation_column *c, int64_t day)
{
	/* Days since 1970, a Thursday; a week is of the year, and the number, of its own Thursday.
	 */
	int64_t thursday = num_divide_floor(day + 3, 7) * 7;
	bool weekly = c->period == EVALUATION_WEEK;
	struct time_civil at;
	char name[64];
	int len;

	time_civil((weekly ? thursday : day) * TIME_MS_PER_DAY, &at);
	if (weekly)
		len = snprintf(name, sizeof(name), "%04lld-W%02d", (long long)at.year, at.iso_week);
	else
		len = snprintf(name, sizeof(name), "%04lld-%02d-%02d", (long long)at.year, at.month,
			       at.day);
	return intern_id(&c->values, name, (size_t)len);
}

/* Returns 0, or -1 with err: a time that is none. */
static int parse_time(const struct csv_reader *in, int column, const struct csv_field *f,
		      int64_t *time, struct err *err)
{
	if ((num_parse_int(f->s, f->len, time) &&
	     time_parse(f->s, f->len, TIME_OFFSET_OPTIONAL, time)) ||
	    *time < 0 || *time >= TIME_END)
		return csv_reader_fail(
			in, column, err,
			"invalid time '%.*s': expected milliseconds since 1970 or ISO 8601",
			err_clip(f->len), f->s);
	return 0;
}

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
	if (parse_time(in, c->at, f, &time, err))
		return -1;
	day = time / TIME_MS_PER_DAY;
	if (!c->last_segment || day != c->last_day) {
		c->last_segment = period_of(c, day) + 1;
		c->last_day = day;
	}
	*segment = c->last_segment;
	return 0;
}

/* Reads label and score: returns 1 with *scored, 0 if there is no label, or -1 with err. */
static int read_scored(struct evaluation *e, const struct csv_reader *in, const struct csv_row *row,
		       struct metrics_row *scored, struct err *err)
{
	double score = 0;
	bool label;
	int rc = split_label(in, e->at_label, &row->fields[e->at_label], &label, err);

	if (rc <= 0)
		return rc;
	if (scorefile_score(in, e->at_score, &row->fields[e->at_score], &score, err))
		return -1;
	*scored = metrics_row(score, label);
	return 1;
}

/* A row of the train part, if a threshold is to be chosen on its newest. */
static int add_earlier(struct evaluation *e, const struct csv_reader *in, const struct csv_row *row,
		       struct err *err)
{
	const struct csv_field *time = &row->fields[e->at_time];
	struct metrics_row scored = { 0 };
	int64_t at;
	int rc = read_scored(e, in, row, &scored, err);

	if (rc <= 0)
		return rc;
	if (!time->len)
		return csv_reader_fail(in, e->at_time, err, "empty; a train row needs a time");
	if (parse_time(in, e->at_time, time, &at, err))
		return -1;
	threshold_add(&e->choice, at, scored);
	return 0;
}

/* Reads the second score, or asks for it by the key. Returns 0, or -1 with err. */
static int read_against(struct evaluation *e, const struct csv_reader *in,
			const struct csv_row *row, double *score, struct err *err)
{
	const struct csv_field *key;

	if (e->at_against >= 0)
		return scorefile_score(in, e->at_against, &row->fields[e->at_against], score, err);
	if (e->at_key < 0)
		return 0;
	key = &row->fields[e->at_key];
	if (!key->len)
		return csv_reader_fail(in, e->at_key, err, "empty key");
	if (scorefile_want(&e->predictions, key->s, key->len))
		return csv_reader_fail(in, e->at_key, err, "duplicate key '%.*s'",
				       err_clip(key->len), key->s);
	return 0;
}

int evaluation_add(struct evaluation *e, const struct csv_reader *in, const struct csv_row *row,
		   struct err *err)
{
	struct metrics_row scored = { 0 };
	double against = 0;
	int rc;

	if (e->split && !csv_field_is(&row->fields[e->at_split], e->split)) {
		e->n_skipped[EVALUATION_OTHER_SPLIT]++;
		if (e->opts.threshold == EVALUATION_EARLIER &&
		    csv_field_is(&row->fields[e->at_split], "train"))
			return add_earlier(e, in, row, err);
		return 0;
	}
	rc = read_scored(e, in, row, &scored, err);
	e->n_skipped[EVALUATION_UNLABELLED] += !rc;
	if (rc <= 0)
		return rc;
	if (read_against(e, in, row, &against, err))
		return -1;
	if (e->n == METRICS_ROWS_MAX)
		return csv_reader_fail(in, -1, err, "more than 2^32 - 1 rows to evaluate");
	if (e->n == e->cap)
		grow(e);
	for (size_t i = 0; i < e->n_columns; i++) {
		struct evaluation_column *c = &e->columns[i];

		if (find_segment(c, in, &row->fields[c->at], &c->segments[e->n], err))
			return -1;
	}
	if (e->at_against >= 0)
		e->against[e->n] = metrics_row(against, metrics_positive(scored));
	if (e->opts.user) {
		const struct csv_field *user = &row->fields[e->at_user];

		e->users[e->n] = user->len ? intern_id(&e->user_ids, user->s, user->len) : NOBODY;
	}
	if (e->opts.moments)
		moments_add(&e->moments, row, e->n);
	e->rows[e->n++] = scored;
	return 0;
}

static int fail_without_rows(const struct evaluation *e, const struct csv_reader *in,
			     struct err *err)
{
	unsigned long long read = in->n_rows, other = e->n_skipped[EVALUATION_OTHER_SPLIT],
			   unlabelled = e->n_skipped[EVALUATION_UNLABELLED],
			   unpaired = e->n_skipped[EVALUATION_UNPAIRED];
	char also[80] = "";

	if (unpaired)
		snprintf(also, sizeof(also), ", %llu have no second score", unpaired);
	if (e->split)
		return err_set(err, ERR_RUNTIME,
			       "%s: no rows to evaluate: of %llu rows read, %llu are not of split "
			       "'%s', %llu have no label%s",
			       in->file, read, other, e->split, unlabelled, also);
	return err_set(err, ERR_RUNTIME,
		       "%s: no rows to evaluate: of %llu rows read, %llu have no label%s", in->file,
		       read, unlabelled, also);
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

/* The column's segments in the order of their values: order[n_segments]. */
static void order_segments(const struct evaluation_column *c, uint32_t *order)
{
	struct named_segment *names = mem_alloc(c->values.n, sizeof(*names));

	for (uint32_t id = 0; id < c->values.n; id++)
		names[id] = (struct named_segment){ *intern_string(&c->values, id), id + 1 };
	if (c->values.n)
		qsort(names, c->values.n, sizeof(*names), compare_names);
	order[0] = 0;
	for (uint32_t i = 0; i < c->values.n; i++)
		order[i + 1] = names[i].segment;
	free(names);
}

/* Judges rows[n], which it sorts, as one more segment. */
static void judge(struct evaluation *e, const char *column, struct csv_field value,
		  struct metrics_row *rows, struct metrics_row *scratch, size_t n)
{
	struct evaluation_segment *s;

	if (e->n_segments == e->segments_cap) {
		e->segments_cap = mem_grow(e->segments_cap, e->n_segments + 1);
		e->segments = mem_realloc(e->segments, e->segments_cap, sizeof(*e->segments));
	}
	s = &e->segments[e->n_segments++];
	s->column = column;
	s->value = value;
	metrics_sort(rows, scratch, n);
	metrics_compute(&s->metrics, rows, n, e->threshold, e->opts.bins);
}

/* Puts the rows of each segment of the column side by side into bucket[n], and judges them. */
static void judge_column(struct evaluation *e, const struct evaluation_column *c,
			 struct metrics_row *bucket, struct metrics_row *scratch)
{
	uint32_t *order = mem_alloc(n_segments(c), sizeof(*order));
	size_t *ends = mem_zalloc(n_segments(c), sizeof(*ends));
	size_t sum = 0, begin = 0;

	order_segments(c, order);
	for (size_t i = 0; i < e->n; i++)
		ends[c->segments[i]]++;
	for (size_t i = 0; i < n_segments(c); i++) {
		size_t count = ends[order[i]];

		ends[order[i]] = sum;
		sum += count;
	}
	/* Each segment's beginning moves up to its end as its rows come in. */
	for (size_t i = 0; i < e->n; i++)
		bucket[ends[c->segments[i]]++] = e->rows[i];
	for (size_t i = 0; i < n_segments(c); i++) {
		struct csv_field value = { "", 0, true };
		size_t end = ends[order[i]];

		if (order[i]) {
			const struct intern_string *s = intern_string(&c->values, order[i] - 1);

			value = (struct csv_field){ s->s, s->len, false };
		}
		if (end > begin)
			judge(e, c->name, value, bucket + begin, scratch, end - begin);
		begin = end;
	}
	free(order);
	free(ends);
}

static struct metrics_row *sorted_copy(const struct metrics_row *rows, struct metrics_row *scratch,
				       size_t n)
{
	struct metrics_row *sorted = mem_alloc(n, sizeof(*sorted));

	memcpy(sorted, rows, n * sizeof(*sorted));
	metrics_sort(sorted, scratch, n);
	return sorted;
}

/* Sets e->threshold. Returns 0, or -1 with err. */
static int choose_threshold(struct evaluation *e, const struct csv_reader *in, struct err *err)
{
	e->threshold = e->opts.threshold;
	if (e->threshold == EVALUATION_BEST_F1)
		e->threshold = metrics_best_f1(e->sorted, e->n);
	if (e->threshold != EVALUATION_EARLIER)
		return 0;
	if (!threshold_make(&e->choice, &e->opts.choice, e->n, e->opts.prior, e->opts.bins))
		return err_set(err, ERR_RUNTIME,
			       "%s: no labelled row of split 'train' to choose a threshold on",
			       in->file);
	e->threshold = e->choice.threshold;
	return 0;
}

/* Takes the second scores from their file, and drops the rows that have none there. */
static int pair_rows(struct evaluation *e, struct err *err)
{
	const struct evaluation_opts *o = &e->opts;
	const struct scorefile_source source = { o->against_path, o->key, o->against };
	size_t n = 0;

	if (scorefile_read(&e->predictions, &source, e->split, err))
		return -1;
	e->against = mem_alloc(e->n, sizeof(*e->against));
	for (size_t i = 0; i < e->n; i++) {
		double score = e->predictions.scores[i];

		if (isnan(score))
			continue;
		e->against[n] = metrics_row(score, metrics_positive(e->rows[i]));
		e->rows[n] = e->rows[i];
		if (e->users)
			e->users[n] = e->users[i];
		if (e->opts.moments)
			moments_move(&e->moments, i, n);
		for (size_t c = 0; c < e->n_columns; c++)
			e->columns[c].segments[n] = e->columns[c].segments[i];
		n++;
	}
	e->n_skipped[EVALUATION_UNPAIRED] = e->n - n;
	e->n = n;
	return 0;
}

/* Numbers the users of the rows up to e->n_users, by their first row; each nobody is one more. */
static void count_users(struct evaluation *e)
{
	uint32_t *number = mem_alloc(e->user_ids.n, sizeof(*number));

	for (uint32_t id = 0; id < e->user_ids.n; id++)
		number[id] = NOBODY;
	for (size_t i = 0; i < e->n; i++) {
		uint32_t id = e->users[i];

		if (id == NOBODY)
			continue;
		if (number[id] == NOBODY)
			number[id] = e->n_users++;
		e->users[i] = number[id];
	}
	for (size_t i = 0; i < e->n; i++)
		if (e->users[i] == NOBODY)
			e->users[i] = e->n_users++;
	free(number);
}

int evaluation_judge(struct evaluation *e, const struct csv_reader *in, struct err *err)
{
	struct metrics_row *scratch, *bucket;

	if (e->n && e->opts.against_path && pair_rows(e, err))
		return -1;
	if (!e->n)
		return fail_without_rows(e, in, err);
	if (e->opts.prior > 0)
		metrics_correct(e->rows, e->n, e->opts.prior);
	if (e->opts.user)
		count_users(e);
	scratch = mem_alloc(e->n, sizeof(*scratch));
	e->sorted = sorted_copy(e->rows, scratch, e->n);
	if (choose_threshold(e, in, err)) {
		free(scratch);
		return -1;
	}
	judge(e, NULL, (struct csv_field){ "", 0, true }, e->sorted, scratch, e->n);
	if (e->opts.against) {
		e->sorted_against = sorted_copy(e->against, scratch, e->n);
		metrics_compute(&e->against_metrics, e->sorted_against, e->n, e->threshold,
				e->opts.bins);
	}
	bucket = e->n_columns || e->opts.moments ? mem_alloc(e->n, sizeof(*bucket)) : NULL;
	if (e->opts.moments)
		moments_judge(&e->moments, e->rows, e->n, e->threshold, e->opts.bins, bucket,
			      scratch);
	for (size_t i = 0; i < e->n_columns; i++)
		judge_column(e, &e->columns[i], bucket, scratch);
	free(bucket);
	free(scratch);
	return 0;
}

size_t evaluation_periods(const struct evaluation *e, const struct evaluation_segment **first)
{
	size_t n = 0;

	if (e->opts.period != EVALUATION_NO_PERIOD)
		while (e->segments[e->n_segments - 1 - n].column ==
		       e->columns[e->n_columns - 1].name)
			n++;
	*first = e->segments + e->n_segments - n;
	return n;
}

void evaluation_release(struct evaluation *e)
{
	for (size_t i = 0; i < e->n_columns; i++) {
		intern_release(&e->columns[i].values);
		free(e->columns[i].segments);
	}
	free(e->columns);
	moments_release(&e->moments);
	threshold_release(&e->choice);
	scorefile_release(&e->predictions);
	intern_release(&e->user_ids);
	free(e->rows);
	free(e->against);
	free(e->users);
	free(e->sorted);
	free(e->sorted_against);
	free(e->segments);
	*e = (struct evaluation){ 0 };
}
