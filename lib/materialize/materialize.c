#include "materialize/materialize.h"

#include "base/mem.h"
#include "base/relay.h"
#include "base/small.h"
#include "history/doubts.h"
#include "state/state_events.h"
#include "state/state_history.h"
#include "state/state_labels.h"
#include "state/state_online.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/csvquoted.h"

#include <stdlib.h>
#include <string.h>

#define BATCH     SMALL((size_t)256, 5)
#define N_BATCHES SMALL((size_t)64, 2) /* many: neither thread waits for a turn of the other */
#define N_TABLES  32                   /* at most, besides the aggregates */

#define ROWS_AHEAD 4 /* rows whose memory is asked for before they are looked at */

/* The rows of event_online of a few events, as the featurizer takes them. */
struct batch {
	size_t n;
	struct csv_row text[BATCH];
	struct event e[BATCH];
	struct history_row known[BATCH];
	struct online_row online[BATCH];
	struct intern_string genre[BATCH]; /* the preferred one, if it is known */
	struct csv_field *fields;          /* of all rows, n_joined each */
	struct arena texts;                /* what the fields are made of */
};

/* The columns between two stages: names of text, and of what is typed behind them. */
struct columns {
	const char **names;
	size_t n, n_text;
	struct csv_reader as_read; /* for the stage that reads them */
};

/* Dense ids of users or contents: of the keys of a dimension, or of what it does not know. */
struct ids {
	const struct join_dimension *by; /* NULL: there is none */
	size_t place;                    /* of it among the dimensions */
	uint32_t *plus_1;                /* by key of the dimension; 0: none yet */
	bool has_old;                    /* there may be strings of the state among these */
	struct intern *strings;
	int column; /* of `cleaned` */
};

/* The cleaned events of a batch, on their way to being joined. */
struct records {
	size_t n;
	struct csv_row rows[BATCH];
	int64_t ts[BATCH];
	struct csv_field *fields; /* of all rows */
	struct intern_key *keys;  /* of each row, one a dimension */
	uint32_t *ids;            /* likewise */
};

struct materialize_work {
	const struct csv_reader *in;
	const struct gz_output *output;
	const struct materialize_tables *tables;
	char *paths[N_TABLES]; /* of tables in the directory */
	size_t n_paths;
	struct featurizer first;
	struct csv_writer open, effects;
	bool has_first, has_open, has_effects;
	bool is_open; /* the aggregates are */
	/* A stage does not pass on all columns. */
	bool compacts_sessions, compacts_history, compacts_online;

	struct columns cleaned, joined, sessions, history, online;
	struct columns *made; /* the last of them */
	struct records records;
	struct csvquoted quoted;
	struct event_reader events; /* types rows of `joined` */
	struct ids users, contents;

	struct batch batches[N_BATCHES];
	void *items[N_BATCHES];
	struct relay *relay;
};

/* A column more. */
static void add_name(struct columns *c, const char *name)
{
	c->names = mem_realloc(c->names, c->n + 1, sizeof(*c->names));
	c->names[c->n++] = name;
}

/* After the names of text come those of what is typed. */
static void add_typed(struct columns *c, const struct catalogue_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		add_name(c, table->columns[i].name);
}

/* The columns are there; `maker` is the filter that would write them, `tool` that which reads them.
 */
static void columns_end(struct columns *c, const char *maker, const char *tool)
{
	const struct csv_header header = { c->names, c->n };

	csv_reader_open_rows(&c->as_read, maker, &header, tool);
}

static void columns_release(struct columns *c)
{
	free(c->names);
	c->names = NULL;
}

/* Where a table goes that has a file of its own, or is in the directory, or neither (NULL). */
static int find_output(struct materialize_work *w, const char *path, const char *table,
		       struct gz_output *storage, const struct gz_output **output, struct err *err)
{
	*output = NULL;
	*storage = *w->output;
	if (path) {
		storage->path = path;
	} else if (table && w->tables->directory) {
		path = gz_output_table(storage, w->tables->directory, table, err);
		if (!path)
			return -1;
		w->paths[w->n_paths++] = (char *)path;
	} else {
		return 0;
	}
	*output = storage;
	return 0;
}

/* Appends to a stage's own list the names of --keep which its input has; notes in `kept` which. */
static int keep_columns(const struct names *keep, const struct csv_reader *in, struct names *list,
			bool *kept, struct err *err)
{
	for (size_t i = 0; i < keep->n; i++) {
		bool is_all = !strcmp(keep->name[i], "*");

		if (!is_all && columns_find_alike(&in->header, keep->name[i]) < 0)
			continue;
		kept[i] = true;
		if (names_append(list, keep->name[i], err))
			return -1;
	}
	return 0;
}

static int open_cleaning(struct materialize *m, bool *kept, int64_t now, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct catalogue_table *table = catalogue_table("cleaned_events");
	const struct gz_output *output, *rejects;
	struct gz_output storage[2];

	m->cleaning.threaded = w->output->threads > 1;
	m->cleaning.rejects.is_part = m->joiner.is_part = m->old || m->next;
	m->cleaning.rejects.is_judged_elsewhere = m->joiner.is_judged_elsewhere =
		w->tables->facts != NULL;
	m->cleaning.seen_from = m->cleaning.until - m->dedupe;
	if (keep_columns(&m->keep, w->in, &m->cleaning.cleaner.keep, kept, err) ||
	    find_output(w, NULL, table->name, &storage[0], &output, err) ||
	    find_output(w, w->tables->rejects, "rejects", &storage[1], &rejects, err) ||
	    cleaning_open(&m->cleaning, w->in, output, rejects, now, err))
		return -1;
	for (size_t i = 0; i < table->n; i++)
		add_name(&w->cleaned, table->columns[i].name);
	for (size_t i = 0; i < m->cleaning.cleaner.n_kept; i++)
		add_name(&w->cleaned, w->in->header.names[m->cleaning.cleaner.kept[i]]);
	w->cleaned.n_text = w->cleaned.n;
	columns_end(&w->cleaned, "the output of ce-clean", "ce-join");
	return m->next ? state_events_open(&m->cleaning, w->in, m->next, err) : 0;
}

/* The dimension whose keys are in that column gives the ids of most of them. */
static void find_ids(const struct joiner *j, const struct columns *cleaned, const char *column,
		     struct ids *ids, struct intern *strings)
{
	*ids = (struct ids){ .strings = strings,
			     .column = columns_find(&cleaned->as_read.header, column) };
	for (size_t i = 0; i < j->n && !ids->by; i++) {
		const struct join_dimension *d = &j->dimensions[i];

		if (!d->keys.n || d->column != ids->column)
			continue;
		ids->by = d;
		ids->place = i;
		ids->plus_1 = mem_zalloc(d->keys.n, sizeof(*ids->plus_1));
	}
}

static int open_joiner(struct materialize *m, const struct join_source *sources, size_t n,
		       struct err *err)
{
	struct materialize_work *w = m->work;
	const struct gz_output *output, *unmatched;
	struct gz_output storage[2];

	m->joiner.fields = true;
	if (joiner_load(&m->joiner, sources, n, &w->cleaned.as_read, err) ||
	    find_output(w, NULL, "enriched_table", &storage[0], &output, err) ||
	    find_output(w, w->tables->unmatched, NULL, &storage[1], &unmatched, err) ||
	    joiner_open(&m->joiner, output, unmatched, &w->cleaned.as_read, err))
		return -1;
	for (size_t i = 0; i < m->joiner.n_names; i++)
		add_name(&w->joined, m->joiner.names[i]);
	w->joined.n_text = w->joined.n;
	columns_end(&w->joined, "the output of ce-join", "ce-sessionize");
	find_ids(&m->joiner, &w->cleaned, "user_id", &w->users, &w->events.users);
	find_ids(&m->joiner, &w->cleaned, "content_id", &w->contents, &w->events.contents);
	w->records.fields = mem_alloc(BATCH * w->cleaned.n, sizeof(*w->records.fields));
	w->records.keys = mem_alloc(BATCH * m->joiner.n, sizeof(*w->records.keys));
	w->records.ids = mem_alloc(BATCH * m->joiner.n, sizeof(*w->records.ids));
	return 0;
}

/* The columns that a stage passes on, and the typed ones that it adds. */
static void pass_on(const struct columns *from, const struct selection *passed, struct columns *to)
{
	for (size_t i = 0; i < from->n_text; i++)
		if (passed->has[i])
			add_name(to, from->names[i]);
	to->n_text = to->n;
}

static int open_sessionizer(struct materialize *m, bool *kept, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct gz_output *output, *starts;
	struct gz_output storage[2];

	w->events.in = w->joined.as_read;
	if (keep_columns(&m->keep, &w->joined.as_read, &m->sessionizer.keep, kept, err) ||
	    event_reader_bind(&w->events, EVENT_ENRICHED, err) ||
	    find_output(w, NULL, "session_identification", &storage[0], &output, err) ||
	    find_output(w, w->tables->starts, "session_starts", &storage[1], &starts, err) ||
	    sessionizer_open(&m->sessionizer, &w->joined.as_read, output, starts, err))
		return -1;
	pass_on(&w->joined, &m->sessionizer.passed, &w->sessions);
	w->compacts_sessions = w->sessions.n_text < w->joined.n_text;
	add_typed(&w->sessions, &catalogue_sessions);
	columns_end(&w->sessions, "the output of ce-sessionize", "ce-agg");
	return 0;
}

static int open_history(struct materialize *m, bool *kept, struct err *err)
{
	struct materialize_work *w = m->work;
	struct aggregate_options what = { .directory = w->tables->directory,
					  .watermark = m->agg_watermark,
					  .goes_on = m->next != NULL };
	const struct csv_reader *in = &w->sessions.as_read;
	const struct gz_output *output, *facts;
	struct gz_output storage[2];

	if (keep_columns(&m->keep, in, &m->agg_keep, kept, err) ||
	    columns_require(in, "genre", err) < 0 ||
	    columns_refuse(in, catalogue_history.columns, catalogue_history.n, err) ||
	    event_reader_bind(&w->events, EVENT_JOINED, err) ||
	    find_output(w, NULL, "event_history", &storage[0], &output, err) ||
	    find_output(w, w->tables->facts, NULL, &storage[1], &facts, err) ||
	    (facts && facts_open(&m->facts, in, facts, &w->events.users, &w->events.contents,
				 &m->history_options, err)))
		return -1;
	what.keep = m->agg_keep;
	w->is_open = true;
	if (aggregates_open(&m->aggregates, &what, output, in, w->sessions.n_text, &w->events.users,
			    &w->events.contents, &m->history_options, err))
		return -1;
	history_init(&m->history, &m->history_options, &w->events.genres);
	pass_on(&w->sessions, &m->aggregates.passed, &w->history);
	w->compacts_history = w->history.n_text < w->sessions.n_text;
	add_typed(&w->history, &catalogue_sessions);
	add_typed(&w->history, &catalogue_history);
	columns_end(&w->history, "the output of ce-agg", "ce-features");
	return 0;
}

static int open_effects(struct materialize_work *w, struct err *err)
{
	const struct gz_output *output;
	struct gz_output storage;

	if (find_output(w, w->tables->effects, NULL, &storage, &output, err))
		return -1;
	if (!output)
		return 0;
	if (csv_writer_open(&w->effects, output, err))
		return -1;
	w->has_effects = true;
	catalogue_put_names(&w->effects.row, catalogue_table("online_effects"));
	return csv_writer_end_row(&w->effects, err);
}

static int open_online(struct materialize *m, bool *kept, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct csv_reader *in = &w->history.as_read;
	const struct gz_output *output;
	struct gz_output storage;

	w->made = &w->history;
	if (m->without_online)
		return 0;
	if (keep_columns(&m->keep, in, &m->online.keep, kept, err) ||
	    find_output(w, NULL, "event_online", &storage, &output, err) ||
	    online_open(&m->online, in, w->history.n_text, output, err) || open_effects(w, err))
		return -1;
	w->made = &w->online;
	pass_on(&w->history, &m->online.passed, &w->online);
	w->compacts_online = w->online.n_text < w->history.n_text;
	add_typed(&w->online, &catalogue_sessions);
	add_typed(&w->online, &catalogue_history);
	add_typed(&w->online, &catalogue_online);
	columns_end(&w->online, "the output of ce-online", "ce-features");
	return 0;
}

static int open_featurizer(struct materialize *m, bool *kept, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct csv_reader *in = &w->made->as_read;
	const struct gz_output *output;
	struct gz_output storage;

	if (keep_columns(&m->keep, in, &m->featurizer.keep, kept, err))
		return -1;
	m->featurizer.goes_on = m->next != NULL;
	m->featurizer.none_waits = w->tables->facts != NULL;
	for (size_t i = 0; i < m->keep.n; i++)
		if (!kept[i])
			return columns_require(in, m->keep.name[i], err);
	if (featurizer_open(&m->featurizer, in, w->made->n_text, NULL, err) ||
	    find_output(w, w->tables->open, NULL, &storage, &output, err))
		return -1;
	if (output && csv_writer_open(&w->open, output, err))
		return -1;
	w->has_open = output != NULL;
	if (find_output(w, w->tables->first, NULL, &storage, &output, err))
		return -1;
	if (!output)
		return 0;
	w->has_first = true;
	w->first = (struct featurizer)FEATURIZER_INIT;
	w->first.rows = FEATURES_FIRST;
	w->first.watermark = m->featurizer.watermark;
	w->first.goes_on = m->featurizer.goes_on;
	w->first.none_waits = m->featurizer.none_waits;
	for (size_t i = 0; i < m->featurizer.keep.n; i++)
		if (names_append(&w->first.keep, m->featurizer.keep.name[i], err))
			return -1;
	return featurizer_open(&w->first, in, w->made->n_text, output, err);
}

/* Asks for the text of the dimensions in a row. */
static void fetch_texts(const struct materialize_work *w, const struct csv_row *row)
{
	for (size_t i = w->cleaned.n; i < row->n; i += 2)
		__builtin_prefetch(row->fields[i].s);
}

/* What the relay's thread does. */
static int make_features(void *context, void *item, struct err *err)
{
	struct materialize *m = context;
	struct materialize_work *w = m->work;
	struct csv_reader *in = &w->made->as_read;
	struct batch *b = item;

	for (size_t i = 0; i < b->n; i++)
		labels_prefetch(&m->featurizer.labels, &b->e[i]);
	for (size_t i = 0; i < b->n; i++) {
		const struct features_row row = { &b->text[i], &b->e[i], &b->known[i],
						  &b->online[i], b->genre[i] };

		if (i + ROWS_AHEAD < b->n)
			fetch_texts(w, &b->text[i + ROWS_AHEAD]);
		csv_reader_count(in);
		if (featurizer_step(&m->featurizer, in, &row, err) ||
		    (w->has_first && featurizer_step(&w->first, in, &row, err)))
			return -1;
	}
	return 0;
}

int materialize_open(struct materialize *m, const struct csv_reader *in,
		     const struct join_source *sources, size_t n, const struct gz_output *output,
		     const struct materialize_tables *tables, int64_t now, struct err *err)
{
	struct materialize_work *w = m->work = mem_zalloc(1, sizeof(*w));
	bool *kept = mem_zalloc(m->keep.n, sizeof(*kept));
	int rc;

	w->in = in;
	w->output = output;
	w->tables = tables;
	/* The tool's own output comes first, so that messages tell the others from it. */
	rc = csv_writer_open(&m->featurizer.out, output, err) || open_cleaning(m, kept, now, err) ||
	     open_joiner(m, sources, n, err) || open_sessionizer(m, kept, err) ||
	     open_history(m, kept, err) || open_online(m, kept, err) ||
	     open_featurizer(m, kept, err);
	free(kept);
	if (rc)
		return -1;
	for (size_t i = 0; i < N_BATCHES; i++) {
		struct batch *b = &w->batches[i];

		b->fields = mem_alloc(BATCH * w->joined.n, sizeof(*b->fields));
		w->items[i] = b;
	}
	w->relay = relay_new(w->items, N_BATCHES, make_features, m, output->threads > 1);
	return 0;
}

/* Takes the next event as a record, whose fields are made in the batch's memory. */
static void take_record(struct materialize_work *w, struct batch *b, const struct clean_event *e)
{
	struct records *r = &w->records;
	struct csv_field *f = r->fields + r->n * w->cleaned.n, *last = f + w->cleaned.n;
	const size_t rest_len = e->rest_len + (e->kept ? 1 + e->kept_len : 0);
	char *s = arena_alloc(&b->texts, e->id_len + NUM_TEXT_MAX + rest_len + CSV_SLACK);
	struct csv_row *row = &r->rows[r->n];

	*row = (struct csv_row){ .fields = f, .n = w->cleaned.n, .is_foreign = true };
	r->ts[r->n++] = e->ts;
	memcpy(s, e->id, e->id_len);
	*f++ = (struct csv_field){ s, (uint32_t)e->id_len, false };
	s += e->id_len;
	*f = (struct csv_field){ s, (uint32_t)num_format_int(s, e->ts), false };
	s += f++->len;
	memcpy(s, e->rest, e->rest_len);
	if (e->kept) {
		s[e->rest_len] = ',';
		memcpy(s + e->rest_len + 1, e->kept, e->kept_len);
	}
	row->is_plain = csvquoted_split_in_place(&w->quoted, s, rest_len, (size_t)(last - f), f) &&
			csv_is_plain(e->id, e->id_len);
}

/*
 * The steps of a batch: each goes over all of its rows, and asks memory for what the next one will
 * look at, so that no row waits for it.
 */

/* The next events, and the keys of the dimensions in them. Returns 1, 0 at the end, or -1. */
static int take_records(struct materialize *m, struct batch *b, struct err *err)
{
	struct materialize_work *w = m->work;
	struct records *r = &w->records;
	struct clean_event e;
	int rc = 1;

	r->n = 0;
	while (r->n < BATCH && (rc = cleaning_next(&m->cleaning, w->in, &e, err)) > 0) {
		struct intern_key *key = r->keys + r->n * m->joiner.n;

		take_record(w, b, &e);
		for (size_t d = 0; d < m->joiner.n; d++)
			key[d] = join_key(&m->joiner.dimensions[d], &r->rows[r->n - 1]);
	}
	return rc;
}

static void find_keys(struct materialize *m)
{
	struct records *r = &m->work->records;

	for (size_t i = 0; i < r->n; i++)
		for (size_t d = 0; d < m->joiner.n; d++) {
			size_t at = i * m->joiner.n + d;

			r->ids[at] = join_id(&m->joiner.dimensions[d], &r->keys[at]);
		}
}

static uint32_t take_id(const struct ids *ids, const uint32_t *keys, const struct csv_row *record)
{
	const struct csv_field *f = &record->fields[ids->column];
	uint32_t key = ids->by ? keys[ids->place] : INTERN_NONE;

	if (key == INTERN_NONE)
		return intern_id(ids->strings, f->s, f->len);
	if (!ids->plus_1[key]) {
		const struct intern_string *s = intern_string(&ids->by->keys, key);

		ids->plus_1[key] = 1 + (ids->has_old ? intern_id(ids->strings, s->s, s->len)
						     : intern_append(ids->strings, s));
	}
	return ids->plus_1[key] - 1;
}

static void fetch(const void *at, size_t size)
{
	for (size_t i = 0; i < size; i += 64)
		__builtin_prefetch((const char *)at + i, 1);
}

/* Asks for the memory of a row of the batch, which the other thread's processor may have. */
static void fetch_row(const struct materialize_work *w, const struct batch *b, size_t i)
{
	if (i >= BATCH)
		return;
	fetch(b->fields + i * w->joined.n, w->joined.n * sizeof(*b->fields));
	fetch(&b->e[i], sizeof(b->e[i]));
	fetch(&b->known[i], sizeof(b->known[i]));
}

/* Joins the records, and types those that are kept: they are the rows of the batch. */
static int join_rows(struct materialize *m, struct batch *b, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct records *r = &w->records;

	b->n = 0;
	for (size_t i = 0; i < r->n; i++) {
		const uint32_t *ids = r->ids + i * m->joiner.n;
		struct csv_row *row = &b->text[b->n];
		struct event *e = &b->e[b->n];
		int rc;

		fetch_row(w, b, b->n + ROWS_AHEAD);
		csv_reader_count(&w->cleaned.as_read);
		rc = joiner_step(&m->joiner, &w->cleaned.as_read, &r->rows[i], ids, r->ts[i], err);
		if (rc < 0)
			return -1;
		if (!rc)
			continue;
		csv_reader_count(&w->events.in);
		*row = (struct csv_row){ .fields = b->fields + b->n * w->joined.n };
		joiner_fields(&m->joiner, &r->rows[i], &b->texts, row);
		e->ts = r->ts[i];
		e->user = take_id(&w->users, ids, &r->rows[i]);
		e->content = take_id(&w->contents, ids, &r->rows[i]);
		if (event_read(&w->events, row, e, err))
			return -1;
		sessions_prefetch(&m->sessionizer.sessions,
				  &(struct event_ids){ e->user, e->content, e->genre, false });
		b->n++;
	}
	return 0;
}

/* Leaves of a row what the selection has; in place, for no field moves to a later place. */
static void compact(struct csv_row *row, const struct selection *passed)
{
	size_t n = 0;

	for (size_t i = 0; i < row->n; i++)
		if (passed->has[i])
			row->fields[n++] = row->fields[i];
	row->n = n;
}

static int find_sessions(struct materialize *m, struct batch *b, struct err *err)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct event *e = &b->e[i];

		if (sessionizer_step(&m->sessionizer, &b->text[i], &b->e[i], err))
			return -1;
		history_prefetch(&m->history, &(struct event_ids){ e->user, e->content, e->genre,
								   e->ts != e->session_start });
		if (m->work->compacts_sessions)
			compact(&b->text[i], &m->sessionizer.passed);
	}
	return 0;
}

static int find_history(struct materialize *m, struct batch *b, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct intern *genres = &w->events.genres;

	for (size_t i = 0; i < b->n; i++)
		history_prepare(&m->history, &b->e[i]);
	for (size_t i = 0; i < b->n; i++) {
		struct history_row *known = &b->known[i];

		csv_reader_count(&w->sessions.as_read);
		if (history_step(&m->history, &b->e[i], known, err))
			return csv_reader_fail(&w->sessions.as_read, -1, err, "%s", err->message);
		if ((m->aggregates.n || m->aggregates.per_session) &&
		    aggregates_step(&m->aggregates, &b->text[i], &b->e[i], &m->history, known, err))
			return -1;
		if (m->facts.has_out && facts_step(&m->facts, &b->text[i], &b->e[i], err))
			return -1;
		if (w->compacts_history)
			compact(&b->text[i], &m->aggregates.passed);
		if (known->user_genre_preference != EVENT_UNKNOWN)
			b->genre[i] =
				*intern_string(genres, (uint32_t)known->user_genre_preference);
	}
	m->n_events += b->n;
	return 0;
}

/* Whether anybody asks for the event's prediction. */
static bool is_predicted(const struct materialize *m, const struct batch *b, size_t i)
{
	const struct features_row row = { .text = &b->text[i],
					  .e = &b->e[i],
					  .known = &b->known[i] };

	/* The first rows are among those, whichever they are. */
	return m->online.has_out ||
	       features_wanted(&m->featurizer.features, m->featurizer.rows, &row);
}

static int predict_online(struct materialize *m, struct batch *b, struct err *err)
{
	struct materialize_work *w = m->work;

	for (size_t i = 0; i < b->n; i++) {
		const struct event *e = &b->e[i];

		online_prefetch(&m->online,
				&(struct event_ids){ e->user, e->content, e->genre, false });
	}
	for (size_t i = 0; i < b->n; i++) {
		struct csv_row *text = &b->text[i];
		struct online_row *row = is_predicted(m, b, i) ? &b->online[i] : NULL;

		csv_reader_count(&w->history.as_read);
		if (online_step(&m->online, text, &b->e[i], row, err))
			return csv_reader_fail(&w->history.as_read, -1, err, "%s", err->message);
		if (m->online.has_out && online_write(&m->online, text, &b->e[i], &m->history,
						      &b->known[i], &b->online[i], err))
			return -1;
		if (w->compacts_online)
			compact(text, &m->online.passed);
	}
	return 0;
}

/* What is known after the last event, or of all before the end of this part. */
static int settle_online(struct materialize *m, struct err *err)
{
	struct materialize_work *w = m->work;
	const struct event_reader *events = &w->events;

	if (m->without_online)
		return 0;
	online_settle(&m->online, m->next ? m->cleaning.until : m->online.now + 1);
	return w->has_effects ? online_put_effects(&m->online, &events->users, &events->contents,
						   &events->genres, &w->effects, err)
			      : 0;
}

/* What a state is made of. */
static struct state_history history_of(struct materialize *m)
{
	struct event_reader *events = &m->work->events;

	return (struct state_history){
		.sessions = &m->sessionizer.sessions,
		.history = &m->history,
		.closed = &m->aggregates.sessions,
		.online = m->without_online ? NULL : &m->online,
		.users = &events->users,
		.contents = &events->contents,
		.genres = &events->genres,
	};
}

static struct state_labels labels_of(struct materialize *m)
{
	struct materialize_work *w = m->work;

	return (struct state_labels){ &m->featurizer, w->has_first ? &w->first : NULL,
				      &w->events.users, &w->events.contents };
}

static struct state_online online_of(struct materialize *m)
{
	struct event_reader *events = &m->work->events;

	return (struct state_online){ .online = &m->online,
				      .users = &events->users,
				      .contents = &events->contents,
				      .genres = &events->genres };
}

static int write_state(struct materialize *m, struct err *err)
{
	const struct state_history history = history_of(m);
	const struct state_labels labels = labels_of(m);
	const struct state_online online = online_of(m);

	if (state_history_write(&history, m->cleaning.until, m->next, err) ||
	    state_online_write(&online, m->next, err) ||
	    state_labels_write(&labels, m->next, err) ||
	    (m->work->has_open && state_labels_write_open(&labels, &m->work->open, err)))
		return -1;
	return state_out_finish(m->next, err);
}

int materialize_restore(struct materialize *m, struct err *err)
{
	const struct state_history history = history_of(m);
	const struct state_labels labels = labels_of(m);
	const struct state_online online = online_of(m);

	static const enum state_table tables[] = {
		STATE_USERS,    STATE_CONTENTS, STATE_USER_GENRES, STATE_PAIRS,
		STATE_VIEWINGS, STATE_WINDOW,   STATE_EFFECTS,     STATE_LABELS,
		STATE_WAITING,  STATE_SEEN,     STATE_EARLY,
	};

	if (state_in_check(m->old, tables, sizeof(tables) / sizeof(tables[0]), err) ||
	    state_history_read(&history, m->old, err))
		return -1;
	/* The first event to come is later than all of them. */
	if (m->history.now >= m->cleaning.from)
		return state_in_fail(m->old, err,
				     "its last event, at %lld, is not before its --until",
				     (long long)m->history.now);
	if ((!m->without_online && state_online_read(&online, m->old, err)) ||
	    state_labels_read(&labels, m->old, err) ||
	    state_events_read(&m->cleaning, m->work->in, m->old, err))
		return -1;
	m->work->users.has_old = true;
	m->work->contents.has_old = true;
	facts_restore(&m->facts, m->cleaning.from, m->sessionizer.sessions.n);
	return 0;
}

static int finish(struct materialize *m, struct err *err)
{
	struct materialize_work *w = m->work;

	if (joiner_finish(&m->joiner, &w->cleaned.as_read, err) ||
	    (m->facts.has_out &&
	     facts_end(&m->facts, &m->history, m->next ? m->cleaning.until : INT64_MAX, err)))
		return -1;
	if (!m->next)
		history_finish(&m->history);
	if (facts_check(&m->facts, err) || settle_online(m, err) || relay_finish(w->relay, err) ||
	    aggregates_finish(&m->aggregates, &m->history, err) ||
	    featurizer_finish(&m->featurizer, err) ||
	    (w->has_first && featurizer_finish(&w->first, err)))
		return -1;
	return m->next ? write_state(m, err) : 0;
}

int materialize_step(struct materialize *m, struct err *err)
{
	struct materialize_work *w = m->work;
	struct batch *b = relay_get(w->relay, err);
	int rc;

	if (!b)
		return -1;
	arena_release(&b->texts);
	rc = take_records(m, b, err);
	if (rc < 0)
		return -1;
	find_keys(m);
	if (join_rows(m, b, err) || find_sessions(m, b, err) || find_history(m, b, err) ||
	    (!m->without_online && predict_online(m, b, err)) || relay_pass(w->relay, err) ||
	    (!rc && finish(m, err)))
		return -1;
	return rc;
}

bool materialize_has_first(const struct materialize *m)
{
	return m->work->has_first;
}

void materialize_warn(const struct materialize *m, struct warnings *warnings)
{
	const struct materialize_work *w = m->work;

	cleaning_warn(&m->cleaning, w->in, warnings);
	warnings_append(warnings, &m->joiner.warnings);
	sessionizer_warn(&m->sessionizer, warnings);
	doubts_watermark(m->featurizer.watermark, m->history.now, warnings);
	if (m->agg_watermark != m->featurizer.watermark && m->aggregates.per_session)
		doubts_watermark(m->agg_watermark, m->history.now, warnings);
	if (!m->old && !m->next)
		doubts_beginning(m->n_events, m->history.first, m->history.now, warnings);
	featurizer_warn(&m->featurizer, m->n_events, warnings);
	if (w->has_first && m->featurizer.out.n_rows > 1) /* else it is said already */
		featurizer_warn(&w->first, m->n_events, warnings);
}

void materialize_put_summary(struct materialize *m, struct buf *text)
{
	const struct materialize_work *w = m->work;

	cleaning_put_summary(&m->cleaning, w->in, text);
	if (text->len)
		buf_append_char(text, '\n');
	joiner_put_summary(&m->joiner, &w->cleaned.as_read, text);
	if (m->joiner.n_unmatched)
		buf_append_char(text, '\n');
}

/* What is written, the state and the features first, which is what is finished last. */
static size_t find_writers(struct materialize *m, struct csv_writer **writers)
{
	struct materialize_work *w = m->work;
	const struct {
		bool is;
		struct csv_writer *writer;
	} tables[] = {
		{ m->next != NULL, m->next ? &m->next->folder : NULL },
		{ true, &m->featurizer.out },
		{ w->has_open, &w->open },
		{ w->has_first, &w->first.out },
		{ w->has_effects, &w->effects },
		{ m->facts.has_out, &m->facts.out },
		{ m->cleaning.has_out, &m->cleaning.out },
		{ m->cleaning.rejects.has_out, &m->cleaning.rejects.out },
		{ m->joiner.has_out, &m->joiner.out },
		{ m->joiner.has_unmatched, &m->joiner.unmatched },
		{ m->sessionizer.has_out, &m->sessionizer.out },
		{ m->sessionizer.has_starts, &m->sessionizer.starts },
		{ m->online.has_out, &m->online.out },
	};
	size_t n = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (tables[i].is)
			writers[n++] = tables[i].writer;
	for (size_t i = 0; w->is_open && i < m->aggregates.n; i++)
		writers[n++] = aggregates_writer(&m->aggregates, i);
	return n;
}

int materialize_close(struct materialize *m, struct err *err)
{
	struct csv_writer *writers[2 * N_TABLES];

	return csv_writer_close_all(writers, find_writers(m, writers), err);
}

void materialize_release(struct materialize *m)
{
	struct materialize_work *w = m->work;
	struct csv_writer *writers[2 * N_TABLES];

	if (!w)
		return;
	relay_free(w->relay);
	for (size_t i = find_writers(m, writers); i-- > 0;)
		csv_writer_abort(writers[i]);
	cleaning_release(&m->cleaning);
	joiner_release(&m->joiner);
	sessionizer_release(&m->sessionizer);
	if (w->is_open) {
		aggregates_release(&m->aggregates);
		history_release(&m->history);
	}
	online_release(&m->online);
	featurizer_release(&m->featurizer);
	if (w->has_first)
		featurizer_release(&w->first);
	names_release(&m->agg_keep);
	names_release(&m->keep);
	for (size_t i = 0; i < N_BATCHES; i++) {
		free(w->batches[i].fields);
		arena_release(&w->batches[i].texts);
	}
	w->events.in = (struct csv_reader)CSV_READER_INIT;
	event_reader_close(&w->events);
	columns_release(&w->cleaned);
	columns_release(&w->joined);
	columns_release(&w->sessions);
	columns_release(&w->history);
	columns_release(&w->online);
	csvquoted_release(&w->quoted);
	free(w->records.fields);
	free(w->records.keys);
	free(w->records.ids);
	free(w->users.plus_1);
	free(w->contents.plus_1);
	for (size_t i = 0; i < w->n_paths; i++)
		free(w->paths[i]);
	free(w);
	m->work = NULL;
}
