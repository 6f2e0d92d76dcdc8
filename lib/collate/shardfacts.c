#include "collate/shardfacts.h"

#include "base/num.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stddef.h>
#include <string.h>

/* The places of the columns, which are those of the catalogue. */
#define PLACE(column) (offsetof(struct row_facts, column) / sizeof(struct csv_value))

enum column {
	FACT_TS = PLACE(fact_ts),
	FACT = PLACE(fact),
	SESSION_ID = PLACE(session_id),
	EVENT_ID = PLACE(event_id),
	USER_ID = PLACE(user_id),
	CONTENT_ID = PLACE(content_id),
	GENRE = PLACE(genre),
	DEVICE = PLACE(device),
	PLAN_TIER = PLACE(plan_tier),
	RUNTIME = PLACE(runtime),
	IS_COMPLETION = PLACE(is_completion),
	SESSION_END_TS = PLACE(session_end_ts),
	IS_COMPLETED_EVENT = PLACE(is_completed_event),
	STOPPED_NEAR_END = PLACE(stopped_near_end),
	NUM_UNIQUE_EVENTS = PLACE(num_unique_events),
	POPULARITY = PLACE(popularity),
	STOPS = PLACE(stops),
	STOP_RATIO_SUM = PLACE(stop_ratio_sum),
	N_COLUMNS = sizeof(struct row_facts) / sizeof(struct csv_value),
};

/* No closing time is later: an event's, a gap and a time left to play. */
#define TS_MAX ((INT64_C(1) << 44) - 1)

/* A fact that is being read; `bad`: a column that is wrong, or -1. */
struct reading {
	const struct csv_row *row;
	int bad;
};

static void refuse(struct reading *r, int column)
{
	if (r->bad < 0)
		r->bad = column;
}

/* A number from low to high. */
static int64_t take_int(struct reading *r, int column, int64_t low, int64_t high)
{
	const struct csv_field *f = &r->row->fields[column];
	int64_t value;

	if (!num_parse_int(f->s, f->len, &value) && value >= low && value <= high)
		return value;
	refuse(r, column);
	return low;
}

static const struct csv_field *take_text(struct reading *r, int column)
{
	const struct csv_field *f = &r->row->fields[column];

	if (!f->len)
		refuse(r, column);
	return f;
}

static void take_start(struct reading *r, struct shard_fact *fact)
{
	fact->session_id = take_int(r, SESSION_ID, 1, INT64_MAX);
	fact->event_id = take_text(r, EVENT_ID);
	fact->user_id = take_text(r, USER_ID);
	fact->content_id = take_text(r, CONTENT_ID);
	fact->genre = &r->row->fields[GENRE];
	fact->device = &r->row->fields[DEVICE];
	fact->plan_tier = &r->row->fields[PLAN_TIER];
	fact->runtime = r->row->fields[RUNTIME].len ? take_int(r, RUNTIME, INT32_MIN, INT32_MAX)
						    : EVENT_UNKNOWN;
}

static void take_activity(struct reading *r, struct shard_fact *fact)
{
	fact->content_id = take_text(r, CONTENT_ID);
	fact->is_first_of_pair = take_int(r, POPULARITY, 0, 1);
	fact->stop_ratio = take_int(r, STOPS, 0, 1) ? take_int(r, STOP_RATIO_SUM, 0, NUM_MILLION)
						    : EVENT_UNKNOWN;
}

static void take_closed(struct reading *r, struct shard_fact *fact)
{
	fact->session_end = take_int(r, SESSION_END_TS, 1, fact->ts);
	fact->has_complete = take_int(r, IS_COMPLETED_EVENT, 0, 1);
	fact->is_completed_without = take_int(r, STOPPED_NEAR_END, 0, 1);
	fact->n_types = take_int(r, NUM_UNIQUE_EVENTS, 1, EVENT_N_TYPES);
}

static void take(struct reading *r, struct shard_fact *fact)
{
	const struct csv_field *word = &r->row->fields[FACT];
	int kind = facts_parse(word->s, word->len);

	*fact = (struct shard_fact){ .ts = take_int(r, FACT_TS, 1, TS_MAX) };
	if (kind < 0) {
		refuse(r, FACT);
		return;
	}
	fact->kind = (enum facts_kind)kind;
	switch (fact->kind) {
	case FACTS_START:
		take_start(r, fact);
		break;
	case FACTS_ACTIVITY:
		take_activity(r, fact);
		break;
	case FACTS_OUTCOME:
		fact->session_id = take_int(r, SESSION_ID, 1, INT64_MAX);
		fact->user_id = take_text(r, USER_ID);
		fact->is_completion = take_int(r, IS_COMPLETION, 0, 1);
		if (!fact->is_completion)
			take_closed(r, fact);
		break;
	case FACTS_END:
		fact->session_id = take_int(r, SESSION_ID, 1, INT64_MAX);
		fact->user_id = take_text(r, USER_ID);
		take_closed(r, fact);
		break;
	case FACTS_LAST:
	case FACTS_N_KINDS:
		break;
	}
}

int shardfacts_next(struct shardfacts *f, struct err *err)
{
	struct reading r = { .bad = -1 };
	const int64_t before = f->fact.ts;
	int rc = csv_reader_next(&f->in, &r.row, err);

	if (rc < 0)
		return -1;
	f->is_over = !rc;
	if (!rc)
		return 0;
	take(&r, &f->fact);
	if (r.bad >= 0)
		return csv_reader_fail(&f->in, r.bad, err, "'%.*s' is not what facts have there",
				       err_clip(r.row->fields[r.bad].len), r.row->fields[r.bad].s);
	return f->fact.ts < before
		       ? csv_reader_fail(&f->in, FACT_TS, err,
					 "%lld comes after %lld: facts are in order of time",
					 (long long)f->fact.ts, (long long)before)
		       : 0;
}

int shardfacts_open(struct shardfacts *f, const char *const *path, int threads, struct err *err)
{
	const struct csv_input input = {
		.paths = path, .n = 1, .threads = threads, .delimiter = ','
	};
	const struct catalogue_table *table = catalogue_table("facts");

	if (csv_reader_open(&f->in, &input, err))
		return -1;
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (f->in.header.n != N_COLUMNS ||
		    strcmp(f->in.header.names[i], table->columns[i].name) != 0)
			return columns_fail(&f->in, err,
					    "the columns are not those of ce-materialize --facts");
	return shardfacts_next(f, err);
}

void shardfacts_close(struct shardfacts *f)
{
	csv_reader_close(&f->in);
}
