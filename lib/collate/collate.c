#include "collate/collate.h"

#include "base/mem.h"
#include "collate/completions.h"
#include "history/features.h"
#include "io/fdlimit.h"
#include "io/gzio.h"
#include "state/state_labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURES "completion_prediction_features"
#define FIRST    "first_features"
#define SESSIONS "content_completion"

#define FEW_INPUTS 16

/* The state, the open rows and the effects. */
#define N_OTHER_OUTPUTS 3

/* A table that somebody reads: a shard's facts, or its rows of a table. */
struct cursor {
	int64_t ts; /* of what comes next; INT64_MAX: nothing does */
	size_t shard;
	struct shardtable *table; /* NULL: the facts */
};

struct collate_work {
	size_t n;                  /* shards */
	struct shardfacts *facts;  /* [n] */
	struct shardtable *tables; /* [n_tables] */
	struct labels **labels;    /* those of the tables that have some */
	size_t n_tables, n_labels;
	char **paths; /* of the shards' tables, and of the outputs */
	size_t n_paths;
	struct cursor *heap; /* [n_heap] the one with the smallest ts first */
	size_t n_heap;
	struct cursor **now; /* [n_now] those at that time */
	size_t *shards;      /* [n] the numbers of those of a table */
	size_t n_now;
	struct completions completions;
	struct csv_writer open, effects;
	bool has_open, has_effects;
	bool is_open; /* the whole is */
	/* Room for all of them from the start: once they have their names, nothing may fail. */
	struct csv_writer **writers;
};

/* --- the next millisecond ------------------------------------------------ */

static int64_t next_time(const struct collate_work *w, const struct cursor *c)
{
	if (c->table)
		return shardtable_next(c->table, c->shard);
	return w->facts[c->shard].is_over ? INT64_MAX : w->facts[c->shard].fact.ts;
}

static void sift(struct collate_work *w, size_t i)
{
	const struct cursor moved = w->heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= w->n_heap)
			break;
		if (child + 1 < w->n_heap && w->heap[child + 1].ts < w->heap[child].ts)
			child++;
		if (w->heap[child].ts >= moved.ts)
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = moved;
}

/* Puts the cursors that were at ts, and have gone on, in their places. */
static void settle_heap(struct collate_work *w, int64_t ts)
{
	while (w->heap[0].ts == ts) {
		w->heap[0].ts = next_time(w, &w->heap[0]);
		sift(w, 0);
	}
}

/* Finds the cursors that are at the smallest time: their places in the heap begin at its root. */
static void find_now(struct collate_work *w, size_t i)
{
	if (i >= w->n_heap || w->heap[i].ts != w->heap[0].ts)
		return;
	w->now[w->n_now++] = &w->heap[i];
	find_now(w, 2 * i + 1);
	find_now(w, 2 * i + 2);
}

/* --- a millisecond ------------------------------------------------------- */

static int fail_fact(const struct collate_work *w, size_t shard, struct err *err)
{
	const struct shard_fact *fact = &w->facts[shard].fact;

	return csv_reader_fail(
		&w->facts[shard].in, -1, err,
		"%s of session %lld, which does not fit what is known of this shard: "
		"are the shards in the order of before, and is this the next part?",
		facts_word(fact->kind), (long long)fact->session_id);
}

static bool is_start(const struct collate_work *w, const struct cursor *c, int64_t ts)
{
	const struct shardfacts *f = &w->facts[c->shard];

	return !c->table && !f->is_over && f->fact.ts == ts && f->fact.kind == FACTS_START;
}

/* Whether an event of a session is at that time: outcomes may become known after the last one, and
 * events without a match may follow it. */
static bool is_event(const struct collate_work *w, int64_t ts)
{
	for (size_t i = 0; i < w->n_now; i++)
		if (w->now[i]->table ? w->now[i]->table->asks : is_start(w, w->now[i], ts))
			return true;
	return false;
}

/* The order of the events that begin two sessions. */
static int compare_starts(const struct shard_fact *a, const struct shard_fact *b)
{
	const struct csv_field *x = a->event_id, *y = b->event_id;
	int order = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int fail_twice(const struct shardfacts *a, const struct shardfacts *b, struct err *err)
{
	const struct csv_field *id = b->fact.event_id;

	return csv_reader_fail(&b->in, -1, err,
			       "event '%.*s' at %lld is in two shards: it is in %s, line %llu, too",
			       err_clip(id->len), id->s, (long long)b->fact.ts, a->in.file,
			       (unsigned long long)a->in.line);
}

/* Finds the first of the sessions that start now; *first NULL: there is none. Returns 0, or -1. */
static int find_start(const struct collate_work *w, int64_t ts, const struct cursor **first,
		      struct err *err)
{
	*first = NULL;
	for (size_t i = 0; i < w->n_now; i++) {
		const struct shardfacts *facts = &w->facts[w->now[i]->shard], *least;
		int order;

		if (!is_start(w, w->now[i], ts))
			continue;
		least = *first ? &w->facts[(*first)->shard] : NULL;
		order = least ? compare_starts(&facts->fact, &least->fact) : -1;
		if (!order)
			return fail_twice(least, facts, err);
		if (order < 0)
			*first = w->now[i];
	}
	return 0;
}

/* The sessions that start now, in the order of their events. */
static int take_starts(struct collate *c, int64_t ts, struct err *err)
{
	struct collate_work *w = c->work;
	const struct cursor *first;

	for (;;) {
		if (find_start(w, ts, &first, err))
			return -1;
		if (!first)
			return 0;
		if (whole_start(&c->whole, first->shard, &w->facts[first->shard].fact))
			return fail_fact(w, first->shard, err);
		c->n_facts++;
		if (shardfacts_next(&w->facts[first->shard], err))
			return -1;
	}
}

static void count_rows(struct collate *c)
{
	c->n_rows = 0;
	for (size_t i = 0; i < c->work->n_tables; i++)
		c->n_rows += c->work->tables[i].out.n_rows - 1;
	if (c->work->completions.has_out)
		c->n_rows += c->work->completions.out.n_rows - 1;
}

/* Finds the shards that have rows of the table now, in their order. Returns how many. */
static size_t find_shards(struct collate_work *w, const struct shardtable *table)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n_now; i++) {
		size_t k = n;

		if (w->now[i]->table != table)
			continue;
		for (; k && w->shards[k - 1] > w->now[i]->shard; k--)
			w->shards[k] = w->shards[k - 1];
		w->shards[k] = w->now[i]->shard;
		n++;
	}
	return n;
}

static int put_rows(struct collate *c, int64_t ts, struct err *err)
{
	struct collate_work *w = c->work;

	for (size_t j = 0; j < w->n_tables; j++) {
		const size_t n = find_shards(w, &w->tables[j]);

		if (n && shardtable_step(&w->tables[j], &c->whole, w->shards, n, ts, err))
			return -1;
	}
	return 0;
}

/* The other facts; starts come before them. */
static int add_facts(struct collate *c, int64_t ts, struct err *err)
{
	struct collate_work *w = c->work;

	for (size_t i = 0; i < w->n_now; i++) {
		const size_t shard = w->now[i]->shard;
		struct shardfacts *f = &w->facts[shard];

		for (; !w->now[i]->table && !f->is_over && f->fact.ts == ts; c->n_facts++) {
			if (f->fact.kind == FACTS_START || whole_add(&c->whole, shard, &f->fact))
				return fail_fact(w, shard, err);
			if (shardfacts_next(f, err))
				return -1;
		}
	}
	return 0;
}

static int check_time(const struct collate *c, int64_t ts, struct err *err)
{
	const struct collate_work *w = c->work;
	const struct cursor *first = &w->heap[0];
	const char *file;

	if (ts >= c->from && ts < c->until)
		return 0;
	file = first->table ? shardtable_file(first->table, first->shard)
			    : w->facts[first->shard].in.file;
	return err_set(err, ERR_RUNTIME,
		       ts < c->from ? "%s: at %lld, which is before the end of the state, %lld: is "
				      "it the part before, or the same one again?"
				    : "%s: at %lld, which is not before --until, %lld",
		       file, (long long)ts, (long long)(ts < c->from ? c->from : c->until));
}

/* --- the end ------------------------------------------------------------- */

/* Where the rows of a table wait in a state; STATE_N_TABLES: nowhere. */
static enum state_table waiting_table(const struct shardtable *t)
{
	if (!t->has_labels)
		return STATE_N_TABLES;
	if (!strcmp(t->name, FIRST))
		return STATE_WAITING_FIRST;
	return strcmp(t->name, FEATURES) != 0 ? STATE_N_TABLES : STATE_WAITING;
}

static struct state_rows rows_of(struct shardtable *t)
{
	return (struct state_rows){ &t->labels, &t->header };
}

static int write_state(struct collate *c, struct err *err)
{
	struct collate_work *w = c->work;

	if (whole_write(&c->whole, c->next, err))
		return -1;
	for (size_t i = 0; i < w->n_tables; i++) {
		const enum state_table waiting = waiting_table(&w->tables[i]);
		const struct state_rows rows = rows_of(&w->tables[i]);

		if (waiting != STATE_N_TABLES &&
		    state_rows_write(&rows, state_out_table(c->next, waiting, err), false, err))
			return -1;
	}
	return state_out_finish(c->next, err);
}

/* The rows of the features that are open. */
static int write_open(struct collate *c, struct err *err)
{
	struct collate_work *w = c->work;

	for (size_t i = 0; i < w->n_tables; i++) {
		const struct state_rows rows = rows_of(&w->tables[i]);

		if (waiting_table(&w->tables[i]) == STATE_WAITING)
			return state_rows_write(&rows, &w->open, true, err);
	}
	return 0;
}

static int finish(struct collate *c, struct err *err)
{
	struct collate_work *w = c->work;
	struct whole *whole = &c->whole;

	/* What is learnt is what an event after the last one would know, or all of this part. */
	whole_reach(whole, c->next ? c->until : whole->last_ts + 1);
	if (w->has_effects && whole_put_effects(whole, &w->effects, err))
		return -1;
	whole_reach(whole, INT64_MAX);
	if (completions_finish(&w->completions, whole, err))
		return -1;
	for (size_t i = 0; i < w->n_tables; i++)
		if (shardtable_finish(&w->tables[i], whole->last_ts, err))
			return -1;
	count_rows(c);
	if (w->has_open && write_open(c, err))
		return -1;
	return c->next ? write_state(c, err) : 0;
}

int collate_step(struct collate *c, struct err *err)
{
	struct collate_work *w = c->work;
	const int64_t ts = w->heap[0].ts;

	if (ts == INT64_MAX)
		return finish(c, err);
	w->n_now = 0;
	find_now(w, 0);
	if (is_event(w, ts)) {
		whole_reach(&c->whole, ts);
		if (completions_step(&w->completions, &c->whole, ts, err))
			return -1;
	}
	if (check_time(c, ts, err) || take_starts(c, ts, err) || put_rows(c, ts, err) ||
	    add_facts(c, ts, err))
		return -1;
	settle_heap(w, ts);
	return 1;
}

/* --- the beginning ------------------------------------------------------- */

static const char *keep_path(struct collate_work *w, char *path)
{
	w->paths = mem_realloc(w->paths, w->n_paths + 1, sizeof(*w->paths));
	w->paths[w->n_paths++] = path;
	return path;
}

/* The paths of a table in all shards, which the caller frees; the strings are the module's. */
static const char **find_paths(struct collate_work *w, const char *const *shards, const char *table,
			       struct err *err)
{
	const char **paths = mem_alloc(w->n, sizeof(*paths));

	for (size_t i = 0; i < w->n; i++) {
		char *path = gz_input_table(shards[i], table, err);

		if (!path) {
			free(paths);
			return NULL;
		}
		paths[i] = keep_path(w, path);
	}
	return paths;
}

static int open_facts(struct collate_work *w, const char *const *shards, int threads,
		      struct err *err)
{
	const char **paths = find_paths(w, shards, "facts", err);
	int rc = paths ? 0 : -1;

	for (size_t i = 0; !rc && i < w->n; i++)
		rc = shardfacts_open(&w->facts[i], &paths[i], threads, err);
	free(paths);
	return rc;
}

/* Where a table goes. */
static int find_output(struct collate *c, const char *name, struct gz_output *output,
		       struct err *err)
{
	char *path;

	if (!c->directory)
		return 0;
	path = gz_output_table(output, c->directory, name, err);
	if (path)
		keep_path(c->work, path);
	return path ? 0 : -1;
}

/* Rows that may wait in a state are those of feature tables. */
static int check_waiting(const struct collate *c, const struct shardtable *t, struct err *err)
{
	if (!t->has_labels || (!c->next && !c->old))
		return 0;
	if (c->next && waiting_table(t) == STATE_N_TABLES)
		return err_set(
			err, ERR_RUNTIME,
			"%s: its rows wait for their labels, for which a state has no place: "
			"it is neither " FEATURES " nor " FIRST,
			t->name);
	return t->session_id != FEATURES_SESSION_ID
		       ? err_set(err, ERR_RUNTIME,
				 "%s: session_id is column %d, and column %d of a feature table",
				 t->name, t->session_id + 1, FEATURES_SESSION_ID + 1)
		       : 0;
}

static int open_table(struct collate *c, const char *name, const char *const *shards,
		      const struct gz_output *output, const struct shardtable_options *options,
		      struct err *err)
{
	struct collate_work *w = c->work;
	struct shardtable *t = &w->tables[w->n_tables];
	struct gz_output to = *output;
	const char **paths;
	int rc;

	if (find_output(c, name, &to, err))
		return -1;
	if (!strcmp(name, SESSIONS))
		return completions_open(&w->completions, &to, c->watermark, c->next != NULL, err);
	paths = find_paths(w, shards, shardtable_source(name), err);
	if (!paths)
		return -1;
	*t = (struct shardtable)SHARDTABLE_INIT;
	w->n_tables++;
	rc = shardtable_open(t, name, paths, w->n, &to, options, err);
	free(paths);
	if (rc || check_waiting(c, t, err))
		return -1;
	if (t->has_labels)
		w->labels[w->n_labels++] = &t->labels;
	return 0;
}

static int open_tables(struct collate *c, const char *const *shards, const struct gz_output *output,
		       int threads, struct err *err)
{
	const struct shardtable_options options = { .threads = threads,
						    .watermark = c->watermark,
						    .goes_on = c->next != NULL,
						    .without_online = c->whole.without_online };

	for (size_t i = 0; i < c->tables.n; i++)
		if (open_table(c, c->tables.name[i], shards, output, &options, err))
			return -1;
	c->whole.wants_sessions = c->work->completions.has_out;
	return 0;
}

static int open_output(const char *path, const struct gz_output *output, struct csv_writer *writer,
		       bool *has, struct err *err)
{
	struct gz_output to = *output;

	to.path = path;
	if (!path)
		return 0;
	*has = true;
	return csv_writer_open(writer, &to, err);
}

static int open_outputs(struct collate *c, const struct gz_output *output, struct err *err)
{
	struct collate_work *w = c->work;

	if (open_output(c->open, output, &w->open, &w->has_open, err) ||
	    open_output(c->effects, output, &w->effects, &w->has_effects, err))
		return -1;
	if (!w->has_effects)
		return 0;
	catalogue_put_names(&w->effects.row, catalogue_table("online_effects"));
	return csv_writer_end_row(&w->effects, err);
}

/* The table whose rows wait in that table of a state, or NULL. */
static struct shardtable *find_waiting(struct collate_work *w, enum state_table waiting)
{
	for (size_t i = 0; i < w->n_tables; i++)
		if (waiting_table(&w->tables[i]) == waiting)
			return &w->tables[i];
	return NULL;
}

static int restore_rows(struct collate *c, enum state_table waiting, const char *name,
			struct err *err)
{
	struct shardtable *t = find_waiting(c->work, waiting);
	struct state_rows rows;

	if (!state_in_has(c->old, waiting))
		return 0;
	if (!t)
		return state_in_fail(c->old, err, "rows of %s wait in it, and would be lost: -t %s",
				     name, name);
	rows = rows_of(t);
	return state_rows_read(&rows, c->old, waiting, err);
}

/* Sessions that wait to be rows of content_completion must not be lost, nor have been. */
static int check_sessions(const struct collate *c, struct err *err)
{
	struct manifest_entry e;
	const bool wait = manifest_find(&c->old->manifest, "wanted", 0, &e);

	if (c->whole.wants_sessions && !wait)
		return state_in_fail(c->old, err,
				     "it was made without -t " SESSIONS ": sessions "
				     "before it are lost for that table");
	if (wait && !c->whole.wants_sessions && c->next)
		return state_in_fail(c->old, err,
				     "sessions wait in it, and would be lost: -t " SESSIONS);
	return 0;
}

static int restore(struct collate *c, struct err *err)
{
	static const enum state_table tables[] = { STATE_CONTENTS, STATE_EFFECTS,
						   STATE_SHARD_SESSIONS };

	if (!c->old)
		return 0;
	return state_in_check(c->old, tables, sizeof(tables) / sizeof(tables[0]), err) ||
			       check_sessions(c, err) || whole_read(&c->whole, c->old, err) ||
			       restore_rows(c, STATE_WAITING, FEATURES, err) ||
			       restore_rows(c, STATE_WAITING_FIRST, FIRST, err)
		       ? -1
		       : 0;
}

static void make_heap(struct collate_work *w)
{
	w->n_heap = w->n * (1 + w->n_tables);
	w->heap = mem_alloc(w->n_heap, sizeof(*w->heap));
	w->now = mem_alloc(w->n_heap, sizeof(struct cursor *));
	w->shards = mem_alloc(w->n, sizeof(*w->shards));
	for (size_t i = 0; i < w->n_heap; i++) {
		struct cursor *cursor = &w->heap[i];

		*cursor = (struct cursor){ .shard = i % w->n,
					   .table = i < w->n ? NULL : &w->tables[i / w->n - 1] };
		cursor->ts = next_time(w, cursor);
	}
	for (size_t i = w->n_heap; i-- > 0;)
		sift(w, i);
}

int collate_open(struct collate *c, const char *const *shards, size_t n,
		 const struct gz_output *output, struct err *err)
{
	struct collate_work *w = c->work = mem_zalloc(1, sizeof(*w));
	/* A thread that reads ahead pays while there are few inputs. */
	const size_t n_inputs = n * (1 + c->tables.n);
	const int threads = n_inputs <= FEW_INPUTS ? output->threads : 1;

	w->completions = (struct completions)COMPLETIONS_INIT;
	w->n = n;
	w->facts = mem_alloc(n, sizeof(*w->facts));
	for (size_t i = 0; i < n; i++)
		w->facts[i] = (struct shardfacts)SHARDFACTS_INIT;
	w->tables = mem_alloc(c->tables.n, sizeof(*w->tables));
	w->labels = mem_alloc(c->tables.n, sizeof(struct labels *));
	w->writers = mem_alloc(c->tables.n + N_OTHER_OUTPUTS, sizeof(struct csv_writer *));
	if (fdlimit_allow(n_inputs + c->tables.n + N_OTHER_OUTPUTS + STATE_N_TABLES, err) ||
	    open_tables(c, shards, output, threads, err) || open_outputs(c, output, err) ||
	    open_facts(w, shards, threads, err))
		return -1;
	whole_init(&c->whole, n, w->labels, w->n_labels);
	w->is_open = true;
	if (restore(c, err))
		return -1;
	make_heap(w);
	return 0;
}

/* What is written, the state first, which is what is finished last. */
static size_t find_writers(struct collate *c)
{
	struct collate_work *w = c->work;
	size_t n = 0;

	if (c->next)
		w->writers[n++] = &c->next->folder;
	for (size_t i = 0; i < w->n_tables; i++)
		w->writers[n++] = &w->tables[i].out;
	if (w->completions.has_out)
		w->writers[n++] = &w->completions.out;
	if (w->has_open)
		w->writers[n++] = &w->open;
	if (w->has_effects)
		w->writers[n++] = &w->effects;
	return n;
}

int collate_close(struct collate *c, struct err *err)
{
	return csv_writer_close_all(c->work->writers, find_writers(c), err);
}

void collate_release(struct collate *c)
{
	struct collate_work *w = c->work;

	names_release(&c->tables);
	if (!w)
		return;
	for (size_t i = find_writers(c); i-- > 0;)
		csv_writer_abort(w->writers[i]);
	for (size_t i = 0; i < w->n; i++)
		shardfacts_close(&w->facts[i]);
	for (size_t i = 0; i < w->n_tables; i++)
		shardtable_release(&w->tables[i]);
	if (w->is_open)
		whole_release(&c->whole);
	for (size_t i = 0; i < w->n_paths; i++)
		free(w->paths[i]);
	free(w->paths);
	free(w->facts);
	free(w->tables);
	free(w->writers);
	free(w->labels);
	free(w->heap);
	free(w->now);
	free(w->shards);
	free(w);
	c->work = NULL;
}
