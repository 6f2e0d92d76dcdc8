#include "model/split.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

const char *split_part_name(enum split_part part)
{
	static const char *const names[SPLIT_N_PARTS] = { "train", "test", "purged", "immature",
							  "unlabelled" };

	return names[part];
}

static int require(const struct csv_reader *in, const char *name, int *index, struct err *err)
{
	*index = columns_require(in, name, err);
	return *index < 0 ? -1 : 0;
}

int split_bind(const struct split *s, const struct csv_reader *in, struct split_index *at,
	       struct err *err)
{
	*at = (struct split_index){ columns_find(&in->header, s->label), -1, -1 };
	if (at->label < 0 || !s->has_cut)
		return 0;
	return require(in, s->time, &at->time, err) ||
			       (s->known && require(in, s->known, &at->known, err))
		       ? -1
		       : 0;
}

/* Without `.0`: what writes a column with gaps as floating point adds that to its integers. */
static size_t integer_len(const struct csv_field *f)
{
	size_t len = f->len;

	while (len && f->s[len - 1] == '0')
		len--;
	return len && f->s[len - 1] == '.' ? len - 1 : f->len;
}

static int read_time(const struct csv_reader *in, const struct csv_row *row, int column,
		     int64_t *time, struct err *err)
{
	const struct csv_field *f = &row->fields[column];

	if (num_parse_int(f->s, integer_len(f), time) &&
	    time_parse(f->s, f->len, TIME_OFFSET_OPTIONAL, time))
		return csv_reader_fail(in, column, err,
				       "expected an integer or an ISO 8601 time, found '%.*s'",
				       err_clip(f->len), f->s);
	return 0;
}

/* In any case; the word is in small letters. */
static bool is_word(const struct csv_field *f, const char *word)
{
	if (f->len != strlen(word))
		return false;
	for (uint32_t i = 0; i < f->len; i++)
		if ((f->s[i] | 0x20) != word[i])
			return false;
	return true;
}

int split_label(const struct csv_reader *in, int column, const struct csv_field *f, bool *label,
		struct err *err)
{
	double number;

	if (!f->len)
		return 0;
	if (is_word(f, "true") || is_word(f, "t"))
		number = 1;
	else if (is_word(f, "false") || is_word(f, "f"))
		number = 0;
	else if (num_parse_double(f->s, f->len, &number) || (number != 0 && number != 1))
		return csv_reader_fail(in, column, err,
				       "expected 0 or 1 (or false, true), found '%.*s'",
				       err_clip(f->len), f->s);
	*label = number == 1;
	return 1;
}

int split_read(const struct split_index *at, const struct csv_reader *in, const struct csv_row *row,
	       struct split_row *out, struct err *err)
{
	int rc;

	*out = (struct split_row){ .time = INT64_MIN, .known = INT64_MIN };
	if (at->label < 0)
		return 0;
	rc = split_label(in, at->label, &row->fields[at->label], &out->label, err);
	if (rc < 0)
		return -1;
	out->labelled = rc;
	if (at->time >= 0) {
		if (row->fields[at->time].len) {
			if (read_time(in, row, at->time, &out->time, err))
				return -1;
		} else if (out->labelled) {
			return csv_reader_fail(in, at->time, err, "a labelled row without a time");
		}
	}
	if (at->known < 0 || !out->labelled)
		return 0;
	if (row->fields[at->known].len)
		return read_time(in, row, at->known, &out->known, err);
	out->known = INT64_MAX;
	return 0;
}

/* Whether it is before `at` by more than the horizon; with no overflow. */
static bool is_older(const struct split *s, int64_t time, int64_t at)
{
	int64_t before;

	if (__builtin_sub_overflow(at, s->has_horizon ? s->horizon : 0, &before))
		return false;
	return time < before;
}

bool split_was_known(const struct split *s, int64_t time, int64_t known, int64_t at)
{
	return is_older(s, time, at) && (!s->known || known < at);
}

bool split_is_mature(const struct split *s, int64_t time)
{
	return !s->has_horizon || is_older(s, time, s->end);
}

enum split_part split_part(const struct split *s, const struct split_row *row)
{
	if (!row->labelled)
		return SPLIT_UNLABELLED;
	if (!s->has_cut)
		return SPLIT_TRAIN;
	if (split_was_known(s, row->time, row->known, s->cut))
		return SPLIT_TRAIN;
	if (row->time < s->cut)
		return SPLIT_PURGED;
	return split_is_mature(s, row->time) ? SPLIT_TEST : SPLIT_IMMATURE;
}

static void extend_span(struct split *s, int64_t time)
{
	if (!s->has_span || time < s->first)
		s->first = time;
	if (!s->has_span || time > s->last)
		s->last = time;
	s->has_span = true;
}

void split_count(struct split *s, enum split_part part, const struct split_row *row)
{
	s->rows[part]++;
	s->positives[part] += row->label;
	if (part == SPLIT_TRAIN && row->time != INT64_MIN)
		extend_span(s, row->time);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int64_t split_length(int64_t time, int64_t known)
{
	int64_t length;

	if (__builtin_sub_overflow(known, time, &length))
		return time < 0 ? INT64_MAX : INT64_MIN;
	return length;
}

int64_t split_set_horizon(struct split *s, int64_t longest, int64_t *lengths, size_t n)
{
	int64_t quantile = 0;

	if (n) {
		qsort(lengths, n, sizeof(*lengths), by_value);
		quantile = lengths[n - n / 100 - 1]; /* n - n / 100: 99 % of n, rounded up */
	}
	s->has_horizon = true;
	s->horizon = quantile < longest ? quantile : longest;
	if (s->horizon < 0)
		s->horizon = 0;
	return quantile;
}

int split_from_ms(const struct split *s, int64_t ms, int64_t *value)
{
	enum time_unit unit = time_unit_of(s->end);

	if (unit == TIME_AUTO)
		return -1;
	*value = time_to_number(ms, unit);
	return 0;
}

int split_read_end(struct split *s, const char *watermark, struct err *err)
{
	const struct time_reading iso = { .unit = TIME_AUTO, .date = true };
	enum time_unit unit = time_unit_of(s->end);
	size_t len = strlen(watermark);
	int64_t time;

	if (num_parse_int(watermark, len, &time)) {
		if (time_read(watermark, len, &iso, &time) < 0 || split_from_ms(s, time, &time))
			return err_set(err, ERR_USAGE,
				       "--watermark: expected a time, as in the time column of the "
				       "rows, found '%s'",
				       watermark);
	} else if (unit != TIME_AUTO && time_unit_of(time) != unit) {
		return err_set(err, ERR_USAGE,
			       "--watermark: expected a time in the unit of the rows, which end at "
			       "%lld, found '%s'",
			       (long long)s->end, watermark);
	}
	s->end = time;
	return 0;
}

void split_set_cut(struct split *s, int64_t *times, size_t n, int64_t millionths)
{
	/* In two parts, so that the product cannot overflow. */
	size_t share = (size_t)millionths, million = (size_t)NUM_MILLION;
	size_t n_test = n / million * share + n % million * share / million;

	s->has_cut = n_test > 0;
	s->cut = 0;
	if (!s->has_cut)
		return;
	qsort(times, n, sizeof(*times), by_value);
	s->cut = times[n - n_test];
}

void split_release(struct split *s)
{
	free(s->label);
	free(s->time);
	free(s->known);
	*s = (struct split)SPLIT_INIT;
}
