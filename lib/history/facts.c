#include "history/facts.h"

#include "history/history_parts.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <string.h>

static const char *const words[FACTS_N_KINDS] = { [FACTS_START] = "start",
						  [FACTS_ACTIVITY] = "activity",
						  [FACTS_OUTCOME] = "outcome",
						  [FACTS_END] = "end",
						  [FACTS_LAST] = "last" };

const char *facts_word(enum facts_kind kind)
{
	return words[kind];
}

int facts_parse(const char *s, size_t len)
{
	for (int i = 0; i < FACTS_N_KINDS; i++)
		if (len == strlen(words[i]) && !memcmp(s, words[i], len))
			return i;
	return -1;
}

/* A fact that could not be written is remembered: who tells of it goes on. */
static void put(struct facts *f, const struct row_facts *row)
{
	if (f->has_failed)
		return;
	csv_put_values(&f->out.row, CATALOGUE_VALUES(row));
	f->has_failed = csv_writer_end_row(&f->out, &f->err) != 0;
}

static struct csv_value name_of(const struct intern *strings, uint32_t id)
{
	const struct intern_string *s = intern_string(strings, id);

	return csv_text(s->s, s->len);
}

/* For history_options.became_known. */
static void became_known(void *context, const struct history_fact *fact)
{
	const bool is_stop = fact->stop_ratio != EVENT_UNKNOWN;
	struct facts *f = context;
	struct row_facts row = { .fact_ts = csv_int(fact->ts) };

	if (fact->ts < f->from)
		return;
	switch (fact->kind) {
	case HISTORY_ACTIVITY:
		row.fact = csv_str(words[FACTS_ACTIVITY]);
		row.content_id = name_of(f->contents, fact->content);
		row.popularity = csv_int(fact->is_first_of_pair);
		row.stops = csv_int(is_stop);
		row.stop_ratio_sum = csv_int(is_stop ? fact->stop_ratio : 0);
		break;
	case HISTORY_OUTCOME:
		row.fact = csv_str(words[FACTS_OUTCOME]);
		row.session_id = csv_int(fact->session_id);
		row.user_id = name_of(f->users, fact->user);
		row.is_completion = csv_int(fact->is_completion);
		break;
	case HISTORY_END:
		row.fact = csv_str(words[FACTS_END]);
		row.session_id = csv_int(fact->session_id);
		row.user_id = name_of(f->users, fact->user);
		break;
	}
	if (fact->closed) {
		row.session_end_ts = csv_int(fact->closed->past.end);
		row.is_completed_event = csv_int(fact->closed->has_complete);
		row.stopped_near_end = csv_int(fact->closed->is_completed_without);
		row.num_unique_events = csv_int(outcome_n_types(fact->closed));
	}
	put(f, &row);
}

int facts_open(struct facts *f, const struct csv_reader *in, const struct gz_output *output,
	       const struct intern *users, const struct intern *contents,
	       struct history_options *options, struct err *err)
{
	f->event_id = columns_require(in, "event_id", err);
	f->genre = columns_require(in, "genre", err);
	f->device = columns_find(&in->header, "device");
	f->plan_tier = columns_find(&in->header, "plan_tier");
	if (f->event_id < 0 || f->genre < 0 || csv_writer_open(&f->out, output, err))
		return -1;
	f->has_out = true;
	f->users = users;
	f->contents = contents;
	options->became_known = became_known;
	options->facts = f;
	catalogue_put_names(&f->out.row, catalogue_table("facts"));
	return csv_writer_end_row(&f->out, err);
}

void facts_restore(struct facts *f, int64_t from, int64_t n)
{
	f->from = from;
	f->n = n;
}

int facts_check(const struct facts *f, struct err *err)
{
	if (!f->has_failed)
		return 0;
	*err = f->err;
	return -1;
}

static struct csv_value field(const struct csv_row *row, int column)
{
	return column < 0 ? csv_str(NULL) : csv_value(&row->fields[column]);
}

int facts_step(struct facts *f, const struct csv_row *row, const struct event *e, struct err *err)
{
	struct row_facts fact;

	if (e->session_id <= f->n)
		return facts_check(f, err);
	f->n = e->session_id;
	fact = (struct row_facts){
		.fact_ts = csv_int(e->ts),
		.fact = csv_str(words[FACTS_START]),
		.session_id = csv_int(e->session_id),
		.event_id = csv_value(&row->fields[f->event_id]),
		.user_id = name_of(f->users, e->user),
		.content_id = name_of(f->contents, e->content),
		.genre = csv_value(&row->fields[f->genre]),
		.device = field(row, f->device),
		.plan_tier = field(row, f->plan_tier),
	};
	if (e->runtime != EVENT_UNKNOWN)
		fact.runtime = csv_int(e->runtime);
	put(f, &fact);
	return facts_check(f, err);
}

int facts_end(struct facts *f, struct history *history, int64_t until, struct err *err)
{
	history_settle(history);
	if (history->now && history->now >= f->from)
		put(f, &(struct row_facts){ .fact_ts = csv_int(history->now),
					    .fact = csv_str(words[FACTS_LAST]) });
	if (until != INT64_MAX)
		history_foresee(history, until);
	return facts_check(f, err);
}
