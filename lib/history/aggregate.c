#include "history/aggregate.h"

#include "base/mem.h"
#include "history/session.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdlib.h>
#include <string.h>

/* One table that is being written. */
struct aggregate {
	const struct catalogue_table *table; /* NULL: the events with all history columns */
	bool per_session;                    /* content_completion */
	int *source; /* per column: input column, or history column + number of input columns */
	char *path;  /* of a table in a directory */
	struct csv_writer out;
};

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

/* Where each column of an event table comes from. */
static int find_sources(struct aggregate *a, const struct csv_reader *in, struct err *err)
{
	a->source = mem_alloc(a->table->n, sizeof(*a->source));
	for (size_t i = 0; i < a->table->n; i++) {
		int column = catalogue_column(&catalogue_history, a->table->columns[i].name);

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

static bool is_per_session(const struct catalogue_table *table)
{
	return table && !strcmp(table->name, "content_completion");
}

/* Opens one output, of a table or NULL, and writes its header. */
static int open_output(struct aggregates *a, const struct catalogue_table *table,
		       const struct gz_output *output, struct err *err)
{
	struct aggregate *o = &a->outputs[a->n++];

	o->table = table;
	o->per_session = is_per_session(table);
	a->per_session |= o->per_session;
	if ((table && !o->per_session && find_sources(o, a->in, err)) ||
	    csv_writer_open(&o->out, output, err))
		return -1;
	if (!table)
		selection_put_names(&a->passed, &a->in->header, &o->out.row);
	catalogue_put_names(&o->out.row, table ? table : &catalogue_history);
	return csv_writer_end_row(&o->out, err);
}

int aggregates_open(struct aggregates *a, const struct aggregate_options *options,
		    const struct gz_output *output, const struct csv_reader *in, size_t n_text,
		    const struct intern *users, const struct intern *contents,
		    struct history_options *history, struct err *err)
{
	const struct catalogue_table *table;
	size_t n = 1;

	while (aggregate_table(n - 1))
		n++;
	*a = (struct aggregates){ .outputs = mem_alloc(n, sizeof(*a->outputs)),
				  .sessions = AGGREGATE_SESSIONS_INIT,
				  .watermark = options->watermark,
				  .goes_on = options->goes_on,
				  .in = in,
				  .users = users,
				  .contents = contents };
	for (size_t i = 0; i < n; i++)
		a->outputs[i] = (struct aggregate){ .out = CSV_WRITER_INIT };
	if (selection_with(&a->passed, in, catalogue_table("session_identification"),
			   &options->keep, err) ||
	    (output && open_output(a, options->table, output, err)))
		return -1;
	for (size_t i = 0; output && options->directory && (table = aggregate_table(i)); i++) {
		struct gz_output file = *output;
		char *path = gz_output_table(&file, options->directory, table->name, err);

		a->outputs[a->n].path = path;
		if (!path || open_output(a, table, &file, err))
			return -1;
	}
	a->typed = n_text < in->header.n;
	if (a->typed)
		selection_cut(&a->passed, n_text);
	if (options->goes_on || a->per_session) {
		a->per_session = true;
		history->closed = aggregate_session_closed;
		history->context = &a->sessions;
	}
	return 0;
}

static int write_event(const struct aggregates *a, struct aggregate *o, const struct csv_row *row,
		       const struct event *e, const struct history *history,
		       const struct history_row *values, struct err *err)
{
	const size_t n_columns = a->in->header.n;
	struct buf *out = &o->out.row;

	if (o->per_session)
		return 0;
	if (!o->table) {
		selection_put(&a->passed, row, out);
		if (a->typed)
			session_put(out, e);
		history_put_row(out, history, values);
		return csv_writer_end_row(&o->out, err);
	}
	for (size_t i = 0; i < o->table->n; i++) {
		size_t source = (size_t)o->source[i];

		if (source < row->n)
			csv_put_field(out, &row->fields[source]);
		else
			history_put(out, history, values, source - n_columns);
	}
	return csv_writer_end_row(&o->out, err);
}

void aggregate_put_session(struct buf *out, const struct outcome_session *s,
			   const struct intern *users, const struct intern *contents,
			   int64_t watermark)
{
	const struct intern_string *user = intern_string(users, s->user);
	const struct intern_string *content = intern_string(contents, s->content);
	struct row_content_completion row = {
		.session_id = csv_int(s->id),
		.user_id = csv_text(user->s, user->len),
		.content_id = csv_text(content->s, content->len),
		.session_start_ts = csv_int(s->past.start),
		.session_end_ts = csv_int(s->past.end),
		.is_completed_event = csv_int(s->has_complete),
		.stopped_near_end = csv_int(s->is_completed_without),
		.num_unique_events = csv_int(outcome_n_types(s)),
	};

	if (s->past.completed_at != EVENT_UNKNOWN)
		row.is_completion = csv_int(1);
	else if (s->closing < watermark)
		row.is_completion = csv_int(0);
	csv_put_values(out, CATALOGUE_VALUES(&row));
}

static int write_session(const struct aggregates *a, struct aggregate *o,
			 const struct outcome_session *s, int64_t watermark, struct err *err)
{
	aggregate_put_session(&o->out.row, s, a->users, a->contents, watermark);
	return csv_writer_end_row(&o->out, err);
}

/* Writes the sessions that are closed and come next; `now` is the time of the last event so far. */
static int write_sessions(struct aggregates *a, int64_t now, struct err *err)
{
	int64_t watermark = a->watermark == EVENT_UNKNOWN ? now : a->watermark;
	const struct outcome_session *s;

	for (; (s = aggregate_sessions_first(&a->sessions)); aggregate_sessions_pop(&a->sessions)) {
		if (a->goes_on && s->past.completed_at == EVENT_UNKNOWN && s->closing >= watermark)
			break;
		for (size_t i = 0; i < a->n; i++)
			if (a->outputs[i].per_session &&
			    write_session(a, &a->outputs[i], s, watermark, err))
				return -1;
	}
	return 0;
}

int aggregates_step(struct aggregates *a, const struct csv_row *row, const struct event *e,
		    const struct history *history, const struct history_row *values,
		    struct err *err)
{
	for (size_t i = 0; i < a->n; i++)
		if (write_event(a, &a->outputs[i], row, e, history, values, err))
			return -1;
	return a->per_session ? write_sessions(a, history->now, err) : 0;
}

int aggregates_finish(struct aggregates *a, const struct history *history, struct err *err)
{
	return write_sessions(a, history->now, err);
}

struct csv_writer *aggregates_writer(const struct aggregates *a, size_t i)
{
	return &a->outputs[i].out;
}

uint64_t aggregates_n_rows(const struct aggregates *a)
{
	return a->outputs[0].out.n_rows - 1;
}

void aggregates_release(struct aggregates *a)
{
	for (size_t i = 0; i < a->n; i++) {
		free(a->outputs[i].source);
		csv_writer_abort(&a->outputs[i].out);
		free(a->outputs[i].path);
	}
	free(a->outputs);
	selection_release(&a->passed);
	aggregate_sessions_release(&a->sessions);
}
