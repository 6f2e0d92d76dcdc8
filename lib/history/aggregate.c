#include "history/aggregate.h"

#include "base/mem.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

const char *aggregate_name(size_t i)
{
	static const char *const names[] = {
		"content_completion",      "user_activity",        "user_engagement",
		"user_genre_preference",   "user_completion_rate", "content_completion_rate",
		"avg_view_duration_ratio", "has_played_before",    "number_of_pauses",
	};

	return i < sizeof(names) / sizeof(names[0]) ? names[i] : NULL;
}

void aggregate_session_closed(void *context, const struct outcome_session *session)
{
	struct aggregate_sessions *s = context;

	while (s->first_id + (int64_t)s->ring.n <= session->id)
		*(struct outcome_session *)ring_push(&s->ring) = (struct outcome_session){ 0 };
	*(struct outcome_session *)ring_at(&s->ring, (size_t)(session->id - s->first_id)) =
		*session;
}

const struct outcome_session *aggregate_sessions_first(const struct aggregate_sessions *s)
{
	const struct outcome_session *first = s->ring.n ? ring_at(&s->ring, 0) : NULL;

	return first && first->id ? first : NULL;
}

void aggregate_sessions_pop(struct aggregate_sessions *s)
{
	ring_pop(&s->ring);
	s->first_id++;
}

void aggregate_sessions_release(struct aggregate_sessions *s)
{
	ring_release(&s->ring);
}

static int find_history_column(const char *name)
{
	for (int i = 0; i < HISTORY_N_COLUMNS; i++)
		if (!strcmp(catalogue_history.columns[i].name, name))
			return i;
	return -1;
}

/* Where each column of an event table comes from. */
static int find_sources(struct aggregate *a, const struct csv_reader *in, struct err *err)
{
	a->source = mem_alloc(a->table->n, sizeof(*a->source));
	for (size_t i = 0; i < a->table->n; i++) {
		int column = find_history_column(a->table->columns[i].name);

		if (column >= 0)
			column += (int)in->header.n;
		else
			column = columns_require(in, a->table->columns[i].name, err);
		if (column < 0)
			return -1;
		a->source[i] = column;
	}
	return 0;
}

int aggregate_open(struct aggregate *a, const char *name, const struct gz_output *output,
		   const struct event_reader *in, struct err *err)
{
	*a = (struct aggregate)AGGREGATE_INIT;
	if (name) {
		a->table = catalogue_table(name);
		a->per_session = !strcmp(name, "content_completion");
		if (!a->per_session && find_sources(a, &in->in, err))
			goto fail;
	}
	if (csv_writer_open(&a->out, output, err))
		goto fail;
	if (a->table) {
		catalogue_put_names(&a->out.row, a->table);
	} else {
		for (size_t i = 0; i < in->in.header.n; i++)
			csv_put_str(&a->out.row, in->in.header.names[i]);
		catalogue_put_names(&a->out.row, &catalogue_history);
	}
	if (!csv_writer_end_row(&a->out, err))
		return 0;
fail:
	aggregate_release(a);
	return -1;
}

int aggregate_event(struct aggregate *a, const struct csv_row *row, const struct history *history,
		    const struct history_row *values, struct err *err)
{
	struct buf *out = &a->out.row;

	if (a->per_session)
		return 0;
	if (!a->table) {
		csv_put_raw(out, row->raw, row->raw_len);
		history_put_row(out, history, values);
		return csv_writer_end_row(&a->out, err);
	}
	for (size_t i = 0; i < a->table->n; i++) {
		size_t source = (size_t)a->source[i];

		if (source < row->n)
			csv_put_field(out, &row->fields[source]);
		else
			history_put(out, history, values, (enum history_column)(source - row->n));
	}
	return csv_writer_end_row(&a->out, err);
}

int aggregate_session(struct aggregate *a, const struct outcome_session *s,
		      const struct event_reader *in, int64_t watermark, struct err *err)
{
	const struct intern_string *user = intern_string(&in->users, s->user);
	const struct intern_string *content = intern_string(&in->contents, s->content);
	struct buf *out = &a->out.row;

	if (!a->per_session)
		return 0;
	csv_put_int(out, s->id);
	csv_put_text(out, user->s, user->len);
	csv_put_text(out, content->s, content->len);
	csv_put_int(out, s->start);
	csv_put_int(out, s->end);
	csv_put_int(out, s->has_complete);
	csv_put_int(out, s->has_near_end_stop);
	csv_put_int(out, outcome_n_types(s));
	if (s->completed_at != EVENT_UNKNOWN)
		csv_put_int(out, 1);
	else if (s->closing < watermark)
		csv_put_int(out, 0);
	else
		csv_put_null(out);
	return csv_writer_end_row(&a->out, err);
}

void aggregate_release(struct aggregate *a)
{
	free(a->source);
	a->source = NULL;
	csv_writer_abort(&a->out);
}
