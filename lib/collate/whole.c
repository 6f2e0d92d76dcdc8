#include "collate/whole.h"

#include "base/mem.h"
#include "state/state_history.h"
#include "state/state_online.h"

#include <stdlib.h>
#include <string.h>

/* A fact that waits until a later time is reached. */
struct whole_fact {
	int64_t ts;
	enum facts_kind kind;
	int64_t session_id; /* of the whole */
	uint32_t content;   /* of an activity */
	bool is_completion, is_first_of_pair;
	int64_t stop_ratio;
};

void whole_init(struct whole *w, size_t n_shards, struct labels **labels, size_t n_labels)
{
	const struct history_options none = HISTORY_OPTIONS_INIT;

	online_init(&w->online);
	history_init(&w->history, &none, &w->genres);
	w->sessions = (struct ring)RING_INIT(struct whole_session);
	w->pending = (struct ring)RING_INIT(struct whole_fact);
	w->n_shards = n_shards;
	w->shards = mem_alloc(n_shards, sizeof(*w->shards));
	for (size_t i = 0; i < n_shards; i++)
		w->shards[i] = (struct whole_shard){ .ids = RING_INIT(int64_t) };
	w->labels = labels;
	w->n_labels = n_labels;
	w->wanted = 1;
}

void whole_release(struct whole *w)
{
	for (size_t i = 0; i < w->n_shards; i++)
		ring_release(&w->shards[i].ids);
	free(w->shards);
	ring_release(&w->pending);
	free(w->reached);
	ring_release(&w->sessions);
	history_release(&w->history);
	online_release(&w->online);
	intern_release(&w->users);
	intern_release(&w->contents);
	intern_release(&w->genres);
}

/* --- sessions ------------------------------------------------------------ */

static struct whole_session *session_at(const struct whole *w, size_t i)
{
	return ring_at(&w->sessions, i);
}

/* The session of that id in the whole, which is kept. */
static struct whole_session *find(const struct whole *w, int64_t id)
{
	return session_at(w, (size_t)(id - session_at(w, 0)->id));
}

static int64_t first_local(const struct whole_shard *s)
{
	return s->n - (int64_t)s->ids.n + 1;
}

static struct whole_session *find_local(const struct whole *w, size_t shard, int64_t local)
{
	const struct whole_shard *s = &w->shards[shard];

	if (local < first_local(s) || local > s->n)
		return NULL;
	return find(w, *(const int64_t *)ring_at(&s->ids, (size_t)(local - first_local(s))));
}

const struct whole_session *whole_find(const struct whole *w, size_t shard, int64_t local)
{
	const struct whole_session *s = find_local(w, shard, local);

	return s && s->closing == LABELS_NEVER ? s : NULL;
}

static void keep_session(struct whole *w, const struct whole_session *session)
{
	struct whole_shard *shard = &w->shards[session->shard];

	*(struct whole_session *)ring_push(&w->sessions) = *session;
	*(int64_t *)ring_push(&shard->ids) = session->id;
	shard->n = session->local;
	w->n = session->id;
	for (size_t i = 0; i < w->n_labels; i++)
		labels_begin(w->labels[i], session->start);
}

static bool is_remembered(const struct whole *w, int64_t id)
{
	for (size_t i = 0; i < w->n_labels; i++)
		if (labels_has_session(w->labels[i], id))
			return true;
	return false;
}

/* Forgets the sessions at the front that are closed, and that no row waits for. */
static void drop_sessions(struct whole *w)
{
	for (; w->sessions.n; ring_pop(&w->sessions)) {
		const struct whole_session *s = session_at(w, 0);

		if (s->closing == LABELS_NEVER || is_remembered(w, s->id) ||
		    (w->wants_sessions && s->id >= w->wanted))
			return;
		ring_pop(&w->shards[s->shard].ids);
	}
}

/* The id of a name, or INTERN_NONE of none. */
static uint32_t name_id(struct intern *names, const struct csv_field *f)
{
	return f->len ? intern_id(names, f->s, f->len) : INTERN_NONE;
}

static struct effects_ids levels_of(struct whole *w, const struct whole_session *s,
				    const struct shard_fact *fact)
{
	const struct csv_value device = csv_value(fact->device), plan = csv_value(fact->plan_tier);
	const struct outcome_session session = { .user = s->user,
						 .content = s->content,
						 .genre = name_id(&w->genres, fact->genre),
						 .past = { .start = s->start } };

	return online_session_levels(&w->online, &session, &device, &plan, fact->runtime);
}

int whole_start(struct whole *w, size_t shard, const struct shard_fact *fact)
{
	struct whole_session s = { .id = w->n + 1,
				   .local = fact->session_id,
				   .start = fact->ts,
				   .completed_at = EVENT_UNKNOWN,
				   .closing = LABELS_NEVER,
				   .shard = (uint32_t)shard };

	if (fact->session_id != w->shards[shard].n + 1)
		return -1;
	w->last_ts = fact->ts > w->last_ts ? fact->ts : w->last_ts;
	s.user = name_id(&w->users, fact->user_id);
	s.content = name_id(&w->contents, fact->content_id);
	if (!w->without_online)
		s.levels = levels_of(w, &s, fact);
	keep_session(w, &s);
	return 0;
}

/* --- facts --------------------------------------------------------------- */

/* Whether the fact is of the session's user: two shards may have changed places. */
static bool is_user(const struct whole *w, const struct whole_session *s,
		    const struct csv_field *user_id)
{
	const struct intern_string *user = intern_string(&w->users, s->user);

	return user_id->len == user->len && !memcmp(user_id->s, user->s, user->len);
}

/* Notes in the session which facts it has. Returns 0, or -1: it cannot have this one. */
static int note_fact(struct whole_session *s, const struct shard_fact *fact)
{
	const bool is_outcome = fact->kind == FACTS_OUTCOME;

	if (is_outcome ? s->has_outcome : !s->is_completed || s->has_end)
		return -1;
	s->has_outcome = true;
	s->has_end = !fact->is_completion;
	s->is_completed |= fact->is_completion;
	if (!s->has_end)
		return 0;
	s->end = fact->session_end;
	s->n_types = (uint8_t)fact->n_types;
	s->has_complete = fact->has_complete;
	s->is_completed_without = fact->is_completed_without;
	return 0;
}

int whole_add(struct whole *w, size_t shard, const struct shard_fact *fact)
{
	struct whole_fact f = { .ts = fact->ts,
				.kind = fact->kind,
				.is_completion = fact->is_completion,
				.is_first_of_pair = fact->is_first_of_pair,
				.stop_ratio = fact->stop_ratio };

	if (fact->kind == FACTS_LAST) {
		w->last_ts = fact->ts > w->last_ts ? fact->ts : w->last_ts;
		return 0;
	}
	if (fact->kind == FACTS_ACTIVITY) {
		f.content = name_id(&w->contents, fact->content_id);
	} else {
		struct whole_session *s = find_local(w, shard, fact->session_id);

		if (!s || !is_user(w, s, fact->user_id) || note_fact(s, fact))
			return -1;
		f.session_id = s->id;
	}
	*(struct whole_fact *)ring_push(&w->pending) = f;
	return 0;
}

static int compare_facts(const void *a, const void *b)
{
	const struct whole_fact *x = a, *y = b;

	return (x->session_id > y->session_id) - (x->session_id < y->session_id);
}

static void take_outcome(struct whole *w, const struct whole_fact *f, int64_t ts)
{
	const struct history_fact known = { .kind = HISTORY_OUTCOME,
					    .ts = ts,
					    .is_completion = f->is_completion };
	struct whole_session *s = find(w, f->session_id);

	history_take(&w->history, s->content, &known);
	if (!w->without_online)
		effects_learn(&w->online.effects, &s->levels, ts, f->is_completion);
	if (f->is_completion)
		s->completed_at = ts;
	else
		s->closing = ts;
	for (size_t i = 0; i < w->n_labels; i++)
		labels_decide(w->labels[i], s->id, ts, f->is_completion);
}

static void take_end(struct whole *w, const struct whole_fact *f, int64_t ts)
{
	find(w, f->session_id)->closing = ts;
	for (size_t i = 0; i < w->n_labels; i++)
		labels_close(w->labels[i], f->session_id, ts);
}

static void take_activity(struct whole *w, const struct whole_fact *f, int64_t ts)
{
	const struct history_fact known = { .kind = HISTORY_ACTIVITY,
					    .ts = ts,
					    .is_first_of_pair = f->is_first_of_pair,
					    .stop_ratio = f->stop_ratio };

	history_take(&w->history, f->content, &known);
}

static void take(struct whole *w, const struct whole_fact *f)
{
	if (f->kind == FACTS_OUTCOME)
		take_outcome(w, f, f->ts);
	else if (f->kind == FACTS_END)
		take_end(w, f, f->ts);
	else
		take_activity(w, f, f->ts);
}

/* The facts of the first millisecond that waits, in the order of the sessions: what is learnt of
 * two outcomes depends on it. */
static void take_first(struct whole *w)
{
	const int64_t ts = ((const struct whole_fact *)ring_at(&w->pending, 0))->ts;
	size_t n = 0;

	for (; w->pending.n; ring_pop(&w->pending)) {
		const struct whole_fact *f = ring_at(&w->pending, 0);

		if (f->ts != ts)
			break;
		if (n == w->cap) {
			w->cap = mem_grow(w->cap, n + 1);
			w->reached = mem_realloc(w->reached, w->cap, sizeof(*w->reached));
		}
		w->reached[n++] = *f;
	}
	if (n > 1)
		qsort(w->reached, n, sizeof(*w->reached), compare_facts);
	for (size_t i = 0; i < n; i++)
		take(w, &w->reached[i]);
}

void whole_reach(struct whole *w, int64_t ts)
{
	bool is_any = false;

	for (; w->pending.n; is_any = true) {
		if (((const struct whole_fact *)ring_at(&w->pending, 0))->ts >= ts)
			break;
		take_first(w);
	}
	if (is_any)
		drop_sessions(w);
}

const struct whole_session *whole_wanted(const struct whole *w)
{
	return w->wanted <= w->n ? find(w, w->wanted) : NULL;
}

void whole_done(struct whole *w)
{
	w->wanted++;
}

void whole_content(struct whole *w, const char *id, size_t len, struct history_row *row)
{
	history_fill_content(&w->history, intern_id(&w->contents, id, len), row);
}

int whole_put_effects(const struct whole *w, struct csv_writer *out, struct err *err)
{
	return online_put_effects(&w->online, &w->users, &w->contents, &w->genres, out, err);
}

/* --- state --------------------------------------------------------------- */

static struct state_history history_of(struct whole *w)
{
	return (struct state_history){ .history = &w->history,
				       .contents = &w->contents,
				       .genres = &w->genres };
}

static struct state_online online_of(struct whole *w)
{
	return (struct state_online){ .online = &w->online,
				      .users = &w->users,
				      .contents = &w->contents,
				      .genres = &w->genres,
				      .has_no_users = true };
}

static int write_session(struct whole *w, const struct whole_session *s, struct csv_writer *out,
			 struct err *err)
{
	const uint32_t *levels = s->levels.of;
	char runtime[ONLINE_RUNTIME_MAX];
	struct row_shard_sessions row = {
		.session_id = csv_int(s->id),
		.shard = csv_int(s->shard),
		.shard_session_id = csv_int(s->local),
		.user_id = state_name(&w->users, s->user),
		.content_id = state_name(&w->contents, s->content),
		.session_start_ts = csv_int(s->start),
	};

	if (!w->without_online) {
		row.genre = state_name(&w->genres, levels[EFFECTS_GENRE]);
		row.device = state_name(&w->online.devices, levels[EFFECTS_DEVICE]);
		row.plan_tier = state_name(&w->online.plans, levels[EFFECTS_PLAN]);
		row.runtime_level = online_runtime(levels[EFFECTS_RUNTIME], runtime);
	}
	if (s->completed_at != EVENT_UNKNOWN)
		row.completed_ts = csv_int(s->completed_at);
	if (s->closing != LABELS_NEVER) {
		row.closing_ts = csv_int(s->closing);
		row.session_end_ts = csv_int(s->end);
		row.is_completed_event = csv_int(s->has_complete);
		row.stopped_near_end = csv_int(s->is_completed_without);
		row.num_unique_events = csv_int(s->n_types);
	}
	csv_put_values(&out->row, CATALOGUE_VALUES(&row));
	return csv_writer_end_row(out, err);
}

static int write_sessions(struct whole *w, struct state_out *out, struct err *err)
{
	struct csv_writer *table = state_out_table(out, STATE_SHARD_SESSIONS, err);

	for (size_t i = 0; table && i < w->sessions.n; i++)
		if (write_session(w, session_at(w, i), table, err))
			return -1;
	return table ? 0 : -1;
}

int whole_write(struct whole *w, struct state_out *out, struct err *err)
{
	const struct state_history history = history_of(w);
	const struct state_online online = online_of(w);
	struct manifest *manifest = &out->manifest;

	manifest_add_int(manifest, "sessions", w->n);
	manifest_add_int(manifest, "last_ts", w->last_ts);
	if (w->wants_sessions)
		manifest_add_int(manifest, "wanted", w->wanted);
	for (size_t i = 0; i < w->n_shards; i++)
		manifest_add_int(manifest, "shard_sessions", w->shards[i].n);
	return state_contents_write(&history, out, err) || state_online_write(&online, out, err) ||
			       write_sessions(w, out, err)
		       ? -1
		       : 0;
}

/* A number of the MANIFEST that stands there once for each shard. */
static int read_counts(struct whole *w, const struct state_in *in, struct err *err)
{
	struct manifest_entry e;
	int64_t sum = 0;

	if (state_in_count(in, "sessions", &w->n, err) ||
	    state_in_count(in, "last_ts", &w->last_ts, err))
		return -1;
	for (size_t i = 0; i < w->n_shards; i++) {
		int64_t *n = &w->shards[i].n;

		if (!manifest_find(&in->manifest, "shard_sessions", i, &e) ||
		    num_parse_int(e.value, (size_t)e.value_len, n) || *n < 0 || *n > w->n)
			return state_in_fail(in, err, "it has no number of sessions of shard %zu",
					     i);
		sum += *n;
	}
	return sum == w->n
		       ? 0
		       : state_in_fail(in, err, "the shards have %lld sessions, and the whole %lld",
				       (long long)sum, (long long)w->n);
}

static uint32_t take_name(struct intern *names, const struct csv_value *value)
{
	return value->kind == CSV_TEXT && value->len ? intern_id(names, value->text, value->len)
						     : INTERN_NONE;
}

static void take_levels(struct whole *w, struct state_reader *r,
			const struct row_shard_sessions *row, struct whole_session *s)
{
	const struct outcome_session session = { .user = s->user,
						 .content = s->content,
						 .genre = take_name(&w->genres, &row->genre),
						 .past = { .start = s->start } };
	uint32_t runtime =
		row->runtime_level.kind == CSV_TEXT
			? online_runtime_parse(row->runtime_level.text, row->runtime_level.len)
			: INTERN_NONE;

	if (runtime == INTERN_NONE) {
		state_refuse(r, &row->runtime_level);
		return;
	}
	s->levels = online_session_levels(&w->online, &session, &row->device, &row->plan_tier,
					  EVENT_UNKNOWN);
	s->levels.of[EFFECTS_RUNTIME] = runtime;
}

static void take_closed(struct state_reader *r, const struct row_shard_sessions *row,
			struct whole_session *s)
{
	s->end = state_int(r, &row->session_end_ts, 1, s->closing, true);
	s->has_complete = state_int(r, &row->is_completed_event, 0, 1, true);
	s->is_completed_without = state_int(r, &row->stopped_near_end, 0, 1, true);
	s->n_types = (uint8_t)state_int(r, &row->num_unique_events, 1, EVENT_N_TYPES, true);
}

/* `id`: that of the first session of the table, and so on. */
static int read_session(struct whole *w, struct state_reader *r, int64_t id,
			const struct row_shard_sessions *row, int64_t *next_local, struct err *err)
{
	struct whole_session s = {
		.id = state_int(r, &row->session_id, id, id, true),
		.shard = (uint32_t)state_int(r, &row->shard, 0, (int64_t)w->n_shards - 1, true),
		.start = state_int(r, &row->session_start_ts, 1, w->last_ts, true),
		.user = take_name(&w->users, &row->user_id),
		.content = take_name(&w->contents, &row->content_id),
		.completed_at = state_int(r, &row->completed_ts, 1, STATE_TS_MAX, false),
		.closing = state_int(r, &row->closing_ts, 1, STATE_TS_MAX, false),
	};
	int64_t *local = &next_local[s.shard];

	s.local = state_int(r, &row->shard_session_id, *local, *local, true);
	++*local;
	if (s.user == INTERN_NONE)
		state_refuse(r, &row->user_id);
	if (s.content == INTERN_NONE)
		state_refuse(r, &row->content_id);
	if (s.closing != EVENT_UNKNOWN)
		take_closed(r, row, &s);
	if (state_reader_bad(r, err))
		return -1;
	s.is_completed = s.completed_at != EVENT_UNKNOWN;
	s.has_end = s.closing != EVENT_UNKNOWN;
	s.has_outcome = s.is_completed || s.has_end;
	if (!s.has_end)
		s.closing = LABELS_NEVER;
	if (!w->without_online)
		take_levels(w, r, row, &s);
	if (state_reader_bad(r, err))
		return -1;
	keep_session(w, &s);
	for (size_t i = 0; i < w->n_labels; i++) {
		if (s.completed_at != EVENT_UNKNOWN)
			labels_decide(w->labels[i], s.id, s.completed_at, true);
		labels_close(w->labels[i], s.id, s.closing);
	}
	return 0;
}

/* How many of the table's sessions each shard has; the first ones in it are those numbers back. */
static int count_locals(struct whole *w, const struct state_in *in, int64_t *next_local, int64_t *n,
			struct err *err)
{
	struct row_shard_sessions row;
	struct state_reader r;
	int rc = state_reader_open(&r, in, STATE_SHARD_SESSIONS, err);

	for (size_t i = 0; i < w->n_shards; i++)
		next_local[i] = w->shards[i].n + 1;
	while (!rc && (rc = state_reader_next(&r, &row, err)) > 0) {
		const int64_t shard = state_int(&r, &row.shard, 0, (int64_t)w->n_shards - 1, true);

		next_local[shard]--;
		if (next_local[shard] < 1)
			state_refuse(&r, &row.shard_session_id);
		rc = state_reader_bad(&r, err);
	}
	*n = (int64_t)r.in.n_rows;
	state_reader_close(&r);
	return rc;
}

static int read_sessions(struct whole *w, const struct state_in *in, struct err *err)
{
	int64_t *next_local = mem_alloc(w->n_shards, sizeof(*next_local));
	struct row_shard_sessions row;
	const int64_t last = w->n;
	struct state_reader r;
	int64_t id, n;
	int rc = count_locals(w, in, next_local, &n, err);

	if (rc) {
		free(next_local);
		return -1;
	}
	id = last - n + 1;
	for (size_t i = 0; i < w->n_labels; i++)
		labels_restore(w->labels[i], id, w->last_ts);
	rc = state_reader_open(&r, in, STATE_SHARD_SESSIONS, err);
	while (!rc && (rc = state_reader_next(&r, &row, err)) > 0)
		rc = read_session(w, &r, id++, &row, next_local, err);
	state_reader_close(&r);
	free(next_local);
	return rc;
}

/* After the sessions, among which it must be, or the one to come. */
static int read_wanted(struct whole *w, const struct state_in *in, struct err *err)
{
	if (!w->wants_sessions)
		return 0;
	if (state_in_count(in, "wanted", &w->wanted, err))
		return -1;
	return w->wanted > w->n + 1 || w->wanted <= w->n - (int64_t)w->sessions.n
		       ? state_in_fail(in, err, "session %lld is not in it", (long long)w->wanted)
		       : 0;
}

int whole_read(struct whole *w, const struct state_in *in, struct err *err)
{
	const struct state_history history = history_of(w);
	const struct state_online online = online_of(w);

	return read_counts(w, in, err) || state_contents_read(&history, in, err) ||
			       (!w->without_online && state_online_read(&online, in, err)) ||
			       read_sessions(w, in, err) || read_wanted(w, in, err)
		       ? -1
		       : 0;
}
