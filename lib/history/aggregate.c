#include "history/aggregate.h"

#include "base/mem.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

const struct catalogue_table *aggregate_table(size_t i)
{
	const struct catalogue_table *table;

	for (size_t k = 0; (table = catalogue_table_at(k)); k++)
		if (!strcmp(table->maker, "ce-agg -d") && !i--)
			return table;
	return NULL;
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
	for (size_t i = 0; i < catalogue_history.n; i++)
		if (!strcmp(catalogue_history.columns[i].name, name))
			return (int)i;
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

int aggregate_open(struct aggregate *a, const struct catalogue_table *table,
		   const struct gz_output *output, const struct event_reader *in, struct err *err)
{
	*a = (struct aggregate)AGGREGATE_INIT;
	if (table) {
		a->table = table;
		a->per_session = !strcmp(table->name, "content_completion");
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
			history_put(out, history, values, source - row->n);
	}
	return csv_writer_end_row(&a->out, err);
}

int aggregate_session(struct aggregate *a, const struct outcome_session *s,
		      const struct event_reader *in, int64_t watermark, struct err *err)
{
	const struct intern_string *user = intern_string(&in->users, s->user);
	const struct intern_string *content = intern_string(&in->contents, s->content);
	struct row_content_completion row = {
		.session_id = csv_int(s->id),
		.user_id = csv_text(user->s, user->len),
		.content_id = csv_text(content->s, content->len),
		.session_start_ts = csv_int(s->start),
		.session_end_ts = csv_int(s->end),
		.is_completed_event = csv_int(s->has_complete),
		.stopped_near_end = csv_int(s->has_near_end_stop),
		.num_unique_events = csv_int(outcome_n_types(s)),
	};

	if (!a->per_session)
		return 0;
	if (s->completed_at != EVENT_UNKNOWN)
		row.is_completion = csv_int(1);
	else if (s->closing < watermark)
		row.is_completion = csv_int(0);
	csv_put_values(&a->out.row, CATALOGUE_VALUES(&row));
	return csv_writer_end_row(&a->out, err);
}

void aggregate_release(struct aggregate *a)
{
	free(a->source);
	a->source = NULL;
	csv_writer_abort(&a->out);
}
