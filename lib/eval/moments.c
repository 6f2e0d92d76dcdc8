#include "eval/moments.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "table/columns.h"

#include <math.h>
#include <stdlib.h>

#define BIT(moment) (1U << (moment))

_Static_assert(MOMENT_N <= 8, "a byte has no bit for each moment");

void moments_init(struct moments *m, const struct csv_reader *in, const char *time)
{
	*m = (struct moments){ .at_number = columns_find(&in->header, "session_event_number"),
			       .at_ratio = columns_find(&in->header, "playback_position_ratio"),
			       .at_time = columns_find(&in->header, time),
			       .at_scored = columns_find(&in->header, "scored_at"),
			       .at_model = columns_find(&in->header, "model_id"),
			       .models = INTERN_INIT };
	m->has_starts = m->at_number >= 0;
	m->has_quarters = m->at_ratio >= 0;
	m->times = (struct moments_span){ INT64_MAX, INT64_MIN, m->at_time >= 0 };
	m->scored = (struct moments_span){ INT64_MAX, INT64_MIN, m->at_scored >= 0 };
}

/* A number is of the unit that its size tells, as where a model's times are shown. */
static void widen(struct moments_span *span, const struct csv_row *row, int at)
{
	const struct time_reading reading = { .unit = TIME_AUTO, .date = true };
	const struct csv_field *f;
	int64_t time = 0;

	if (!span->is_known)
		return;
	f = &row->fields[at];
	if (time_read(f->s, f->len, &reading, &time)) {
		span->is_known = false;
		return;
	}
	span->first = time < span->first ? time : span->first;
	span->last = time > span->last ? time : span->last;
}

static unsigned quarter(const struct csv_field *f)
{
	double ratio = NAN;

	if (num_parse_double(f->s, f->len, &ratio) || !(ratio >= 0 && ratio <= 1))
		return BIT(MOMENT_NO_QUARTER) | BIT(MOMENT_THREE_QUARTERS);
	if (ratio >= 0.75)
		return BIT(MOMENT_QUARTER_4);
	return BIT(MOMENT_QUARTER_1 + (unsigned)(4 * ratio)) | BIT(MOMENT_THREE_QUARTERS);
}

void moments_add(struct moments *m, const struct csv_row *row, size_t i)
{
	unsigned set = 0;

	widen(&m->times, row, m->at_time);
	widen(&m->scored, row, m->at_scored);
	if (m->at_model >= 0 && row->fields[m->at_model].len)
		intern_id(&m->models, row->fields[m->at_model].s, row->fields[m->at_model].len);
	if (m->has_starts) {
		const struct csv_field *f = &row->fields[m->at_number];
		int64_t number = 0;

		set |= num_parse_int(f->s, f->len, &number) || number != 1 ? BIT(MOMENT_LATER)
									   : BIT(MOMENT_START);
	}
	if (m->has_quarters)
		set |= quarter(&row->fields[m->at_ratio]);
	if (i >= m->cap) {
		m->cap = mem_grow(m->cap, i + 1);
		m->sets = mem_realloc(m->sets, m->cap, sizeof(*m->sets));
	}
	m->sets[i] = (uint8_t)set;
}

void moments_move(struct moments *m, size_t from, size_t to)
{
	m->sets[to] = m->sets[from];
}

void moments_judge(struct moments *m, const struct metrics_row *rows, size_t n, double threshold,
		   uint64_t bins, struct metrics_row *bucket, struct metrics_row *scratch)
{
	for (unsigned moment = 0; moment < MOMENT_N; moment++) {
		size_t n_of = 0;

		for (size_t i = 0; i < n; i++)
			if (m->sets[i] & BIT(moment))
				bucket[n_of++] = rows[i];
		m->metrics[moment] = (struct metrics){ 0 };
		if (!n_of)
			continue;
		metrics_sort(bucket, scratch, n_of);
		metrics_compute(&m->metrics[moment], bucket, n_of, threshold, bins);
	}
}

void moments_release(struct moments *m)
{
	intern_release(&m->models);
	free(m->sets);
	*m = (struct moments){ 0 };
}
