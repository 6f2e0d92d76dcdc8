#include "state/state_history.h"

#include "base/mem.h"
#include "base/ranks.h"
#include "history/history_parts.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_MAX INT32_MAX

static struct csv_value known(int64_t value)
{
	return value == EVENT_UNKNOWN ? csv_str(NULL) : csv_int(value);
}

static struct csv_value known_ratio(int64_t value)
{
	return value == EVENT_UNKNOWN ? csv_str(NULL) : csv_millionths(value);
}

/* The names of a set of types, in the order of their bytes: it is of no .def file. */
#define TYPES_TEXT (EVENT_N_TYPES * (EVENT_TYPE_MAX + 1))

static struct csv_value types_of(unsigned types, char text[TYPES_TEXT])
{
	size_t len = 0;

	while (types) {
		const char *name;
		int next = -1;

		for (int i = 0; i < EVENT_N_TYPES; i++)
			if (types & 1U << i &&
			    (next < 0 || strcmp(event_type_name((enum event_type)i),
						event_type_name((enum event_type)next)) < 0))
				next = i;
		name = event_type_name((enum event_type)next);
		if (len)
			text[len++] = '+';
		memcpy(text + len, name, strlen(name));
		len += strlen(name);
		types &= ~(1U << next);
	}
	return csv_text(text, len);
}

static int put(struct csv_writer *w, const struct csv_value *values, size_t n, struct err *err)
{
	csv_put_values(&w->row, values, n);
	return csv_writer_end_row(w, err);
}

/* --- writing ------------------------------------------------------------- */

static int write_users(const struct state_history *h, const struct ranks *users,
		       struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_USERS, err);

	for (uint32_t i = 0; w && i < users->n; i++) {
		const struct history_user *u = history_user(h->history, users->ids[i]);
		struct row_users row = {
			.user_id = state_name(h->users, users->ids[i]),
			.known_sessions = csv_int(u->rate.n),
			.known_completions = csv_int(u->rate.completed),
			.closed_sessions = csv_int(u->n_closed),
			.closed_duration = csv_int(u->closed_duration),
			.last_event_ts = known(u->last_event),
			.last_completion_ts = known(u->last_completion),
			.window_events = csv_int(u->n_events),
			.window_ratios = csv_int(u->n_ratios),
			.window_ratio_sum = csv_int(u->ratio_sum),
		};

		if (u->rate.n) {
			row.last_outcome = csv_int(u->last_outcome);
			row.last_known_ts = csv_int(u->last_known_time);
			row.last_known_session = csv_int(u->last_known_session);
		}
		if (put(w, CATALOGUE_VALUES(&row), err))
			return -1;
	}
	return w ? 0 : -1;
}

static int write_contents(const struct state_history *h, const struct ranks *contents,
			  struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_CONTENTS, err);

	for (uint32_t i = 0; w && i < contents->n; i++) {
		const struct history_content *c = history_content(h->history, contents->ids[i]);
		const struct row_contents row = {
			.content_id = state_name(h->contents, contents->ids[i]),
			.known_sessions = csv_int(c->rate.n),
			.known_completions = csv_int(c->rate.completed),
			.popularity = csv_int(c->n_users),
			.stops = csv_int(c->n_stops),
			.stop_ratio_sum = csv_int(c->stop_ratio_sum),
		};

		if (put(w, CATALOGUE_VALUES(&row), err))
			return -1;
	}
	return w ? 0 : -1;
}

static int write_genres(const struct state_history *h, const struct ranks *users,
			struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_USER_GENRES, err);
	struct ranked_pair *pairs;
	struct ranks genres;
	int rc = w ? 0 : -1;

	ranks_init(&genres, h->genres);
	pairs = ranks_sort(&h->history->genre_ids, users, &genres);
	for (size_t i = 0; !rc && i < h->history->genre_ids.n; i++) {
		const struct history_genre *g = history_genre(h->history, pairs[i].a, pairs[i].b);
		const struct row_user_genres row = {
			.user_id = state_name(h->users, pairs[i].a),
			.genre = state_name(h->genres, pairs[i].b),
			.known_sessions = csv_int(g->rate.n),
			.known_completions = csv_int(g->rate.completed),
			.last_event_ts = known(g->last_event),
			.window_events = csv_int(g->n_events),
		};

		rc = put(w, CATALOGUE_VALUES(&row), err);
	}
	free(pairs);
	ranks_release(&genres);
	return rc;
}

static int write_window(const struct state_history *h, struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_WINDOW, err);

	for (size_t i = 0; w && i < h->history->window.n; i++) {
		const struct history_windowed *e = ring_at(&h->history->window, i);
		int64_t ratio = (int64_t)(e->ts_and_ratio & ((1 << HISTORY_RATIO_BITS) - 1)) - 1;
		const struct row_window_events row = {
			.event_ts = csv_int((int64_t)(e->ts_and_ratio >> HISTORY_RATIO_BITS)),
			.user_id = state_name(h->users, e->user),
			.genre = state_name(h->genres,
					    e->genre_id == INTERN_NONE
						    ? INTERN_NONE
						    : h->history->genres[e->genre_id].genre),
			.playback_ratio = known_ratio(ratio < 0 ? EVENT_UNKNOWN : ratio),
		};

		if (put(w, CATALOGUE_VALUES(&row), err))
			return -1;
	}
	return w ? 0 : -1;
}

static int write_pair(const struct state_history *h, const struct ranked_pair *at, int64_t until,
		      struct csv_writer *w, struct err *err)
{
	const struct history_viewings *viewings = pairs_find(&h->history->viewings, at->a, at->b);
	char types[TYPES_TEXT];
	struct session_pair p;
	struct row_pairs row;

	sessions_pair(h->sessions, at->state, &p);
	row = (struct row_pairs){
		.user_id = state_name(h->users, at->a),
		.content_id = state_name(h->contents, at->b),
		.last_event_ts = csv_int(p.last_ts),
		.sessions = csv_int(viewings->n),
		.is_counted = csv_int(viewings->is_counted),
	};
	if (p.deadline >= until) {
		row.session = csv_int(p.id);
		row.started_ts = csv_int(p.start);
		row.deadline_ts = csv_int(p.deadline);
		row.event_types = types_of(p.types, types);
		row.came_near_end = csv_int(p.came_near_end);
		row.stopped_near_end = csv_int(p.has_near_end_stop);
		row.is_completed = csv_int(p.is_completed);
		if (h->sessions->options.complete_by == SESSION_BY_PLAYED) {
			row.played = csv_int(p.played);
			row.left_to_play = csv_int(p.left);
		}
	}
	return put(w, CATALOGUE_VALUES(&row), err);
}

static int write_pairs(const struct state_history *h, int64_t until, const struct ranks *users,
		       const struct ranks *contents, struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_PAIRS, err);
	struct ranked_pair *pairs = ranks_sort(&h->sessions->pairs, users, contents);
	int rc = w ? 0 : -1;

	for (size_t i = 0; !rc && i < h->sessions->pairs.n; i++)
		rc = write_pair(h, &pairs[i], until, w, err);
	free(pairs);
	return rc;
}

static int write_viewing(const struct state_history *h, const struct outcome_session *s,
			 bool is_closed, struct csv_writer *w, struct err *err)
{
	const struct effects_ids *levels = h->online && !is_closed ? online_levels(h->online, s)
								   : NULL;
	char types[TYPES_TEXT], runtime[ONLINE_RUNTIME_MAX];
	struct row_viewings row = {
		.session_id = csv_int(s->id),
		.user_id = state_name(h->users, s->user),
		.content_id = state_name(h->contents, s->content),
		.genre = state_name(h->genres, s->genre),
		.session_start_ts = csv_int(s->past.start),
		.session_end_ts = csv_int(s->past.end),
		.completed_ts = known(s->past.completed_at),
		.closing_ts = csv_int(s->closing),
		.is_closed = csv_int(is_closed),
		.number = csv_int(s->number),
		.events = csv_int(s->n_events),
		.pauses = csv_int(s->n_pauses),
		.seeks = csv_int(s->n_seeks),
		.largest_ratio = known_ratio(s->max_ratio),
		.event_types = types_of(s->types, types),
		.has_complete = csv_int(s->has_complete),
		.completed_without = csv_int(s->is_completed_without),
	};

	if (levels) {
		row.device = state_name(&h->online->devices, levels->of[EFFECTS_DEVICE]);
		row.plan_tier = state_name(&h->online->plans, levels->of[EFFECTS_PLAN]);
		row.runtime_level = online_runtime(levels->of[EFFECTS_RUNTIME], runtime);
	}
	return put(w, CATALOGUE_VALUES(&row), err);
}

static int write_viewings(const struct state_history *h, struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_VIEWINGS, err);
	const struct outcome_session **open = outcomes_sorted(&h->history->outcomes);
	const struct ring *ring = &h->closed->ring;
	size_t i = 0, k = 0, n = h->history->outcomes.n_open;
	int rc = w ? 0 : -1;

	/* The closed ones have their own order by id, with gaps where others are open. */
	while (!rc && (i < n || k < ring->n)) {
		const struct outcome_session *closed = k < ring->n ? ring_at(ring, k) : NULL;

		if (closed && !closed->id)
			k++;
		else if (closed && (i == n || closed->id < open[i]->id))
			rc = write_viewing(h, ring_at(ring, k++), true, w, err);
		else
			rc = write_viewing(h, open[i++], false, w, err);
	}
	free(open);
	return rc;
}

int state_history_write(const struct state_history *h, int64_t until, struct state_out *out,
			struct err *err)
{
	struct ranks users, contents;
	int rc;

	history_settle(h->history);
	manifest_add_int(&out->manifest, "sessions", h->sessions->n);
	manifest_add_int(&out->manifest, "completed", h->sessions->n_completed);
	manifest_add_int(&out->manifest, "near_end", h->sessions->n_near_end);
	manifest_add_int(&out->manifest, "last_ts", h->history->now);
	ranks_init(&users, h->users);
	ranks_init(&contents, h->contents);
	rc = write_users(h, &users, out, err) || write_contents(h, &contents, out, err) ||
	     write_genres(h, &users, out, err) || write_window(h, out, err) ||
	     write_pairs(h, until, &users, &contents, out, err) || write_viewings(h, out, err);
	ranks_release(&users);
	ranks_release(&contents);
	return rc ? -1 : 0;
}

/* --- reading ------------------------------------------------------------- */

/* The id of a name that has not come before. */
static uint32_t take_new(struct state_reader *r, struct intern *strings,
			 const struct csv_value *value)
{
	uint32_t n = strings->n;

	if (value->kind == CSV_TEXT && intern_id(strings, value->text, value->len) == n)
		return n;
	state_refuse(r, value);
	return 0;
}

/* The id of a name, or INTERN_NONE of none; an empty one is none that events have. */
static uint32_t take_name(struct state_reader *r, struct intern *names,
			  const struct csv_value *value)
{
	if (value->kind == CSV_TEXT && value->len)
		return intern_id(names, value->text, value->len);
	if (value->kind != CSV_NULL)
		state_refuse(r, value);
	return INTERN_NONE;
}

static uint32_t take_count(struct state_reader *r, const struct csv_value *value)
{
	return (uint32_t)state_int(r, value, 0, COUNT_MAX, true);
}

static bool take_flag(struct state_reader *r, const struct csv_value *value)
{
	return state_int(r, value, 0, 1, true);
}

/* A time of an event, none of which is later than the last one. */
static int64_t take_time(const struct state_history *h, struct state_reader *r,
			 const struct csv_value *value, bool is_known)
{
	return state_int(r, value, 1, h->history->now, is_known);
}

static uint8_t take_types(struct state_reader *r, const struct csv_value *value)
{
	const bool is_text = value->kind == CSV_TEXT;
	const char *s = is_text ? value->text : "", *end = s + (is_text ? value->len : 0);
	uint8_t types = 0;

	while (s < end) {
		const char *plus = memchr(s, '+', (size_t)(end - s));
		size_t len = (size_t)((plus ? plus : end) - s);
		int type = event_type_parse(s, len);

		if (type < 0)
			break;
		types |= (uint8_t)(1U << type);
		s += len + 1;
	}
	if (!types || s < end)
		state_refuse(r, value);
	return types;
}

static struct history_rate take_rate(struct state_reader *r, const struct csv_value *n,
				     const struct csv_value *completed)
{
	struct history_rate rate = { take_count(r, n), take_count(r, completed) };

	if (rate.completed > rate.n)
		state_refuse(r, completed);
	return rate;
}

/* What is being read, and the time or session_id of the row before, of a table in that order. */
struct reading {
	const struct state_history *h;
	int64_t until; /* that of the state */
	int64_t last;
};

typedef int row_fn(struct reading *reading, struct state_reader *r, void *row, struct err *err);

/* Reads a table, each row by `take`, into `row`. */
static int read_table(const struct state_history *h, const struct state_in *in,
		      enum state_table table, void *row, row_fn *take, struct err *err)
{
	struct reading reading = { h, 0, 0 };
	struct state_reader r;
	int rc = state_reader_open(&r, in, table, err) ||
		 (h->online && state_in_count(in, "until", &reading.until, err));

	while (!rc && (rc = state_reader_next(&r, row, err)) > 0)
		rc = take(&reading, &r, row, err) || state_reader_bad(&r, err) ? -1 : 0;
	state_reader_close(&r);
	return rc;
}

static int read_user(struct reading *reading, struct state_reader *r, void *values, struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_users *row = values;
	struct history_user *u = history_user(h->history, take_new(r, h->users, &row->user_id));

	(void)err;
	u->rate = take_rate(r, &row->known_sessions, &row->known_completions);
	if (u->rate.n) {
		u->last_outcome = take_flag(r, &row->last_outcome);
		u->last_known_time = take_time(h, r, &row->last_known_ts, true);
		u->last_known_session =
			state_int(r, &row->last_known_session, 1, h->sessions->n, true);
	}
	u->n_closed = take_count(r, &row->closed_sessions);
	u->closed_duration = state_int(r, &row->closed_duration, 0, INT64_MAX / 4, true);
	u->last_event = take_time(h, r, &row->last_event_ts, false);
	u->last_completion = take_time(h, r, &row->last_completion_ts, false);
	return 0;
}

static int read_content(struct reading *reading, struct state_reader *r, void *values,
			struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_contents *row = values;
	struct history_content *c =
		history_content(h->history, take_new(r, h->contents, &row->content_id));

	(void)err;
	c->rate = take_rate(r, &row->known_sessions, &row->known_completions);
	c->n_users = take_count(r, &row->popularity);
	c->n_stops = take_count(r, &row->stops);
	c->stop_ratio_sum = state_int(r, &row->stop_ratio_sum, 0, c->n_stops * NUM_MILLION, true);
	return 0;
}

static int read_genre(struct reading *reading, struct state_reader *r, void *values,
		      struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_user_genres *row = values;
	uint32_t user = state_id(r, h->users, &row->user_id);
	uint32_t genre = take_name(r, h->genres, &row->genre);
	size_t n = h->history->n_genres;
	struct history_genre *g;

	if (genre == INTERN_NONE)
		state_refuse(r, &row->genre);
	if (state_reader_bad(r, err))
		return -1;
	g = history_genre(h->history, user, genre);
	if (h->history->n_genres == n)
		state_refuse(r, &row->genre);
	g->rate = take_rate(r, &row->known_sessions, &row->known_completions);
	g->last_event = take_time(h, r, &row->last_event_ts, false);
	return 0;
}

static int read_windowed(struct reading *reading, struct state_reader *r, void *values,
			 struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_window_events *row = values;
	int64_t ts = take_time(h, r, &row->event_ts, true);
	uint32_t user = state_id(r, h->users, &row->user_id);
	int64_t ratio = state_int(r, &row->playback_ratio, 0, NUM_MILLION, false);
	const size_t n_genres = h->history->n_genres; /* those of the table user_genres */

	if (state_reader_bad(r, err))
		return -1;
	if (ts < reading->last)
		state_refuse(r, &row->event_ts);
	reading->last = ts;
	history_restore_window(h->history, ts, ratio, user, take_name(r, h->genres, &row->genre));
	if (h->history->n_genres != n_genres)
		state_refuse(r, &row->genre);
	return 0;
}

static int read_pair(struct reading *reading, struct state_reader *r, void *values, struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_pairs *row = values;
	uint32_t user = state_id(r, h->users, &row->user_id);
	uint32_t content = state_id(r, h->contents, &row->content_id);
	struct session_pair p = { .last_ts = take_time(h, r, &row->last_event_ts, true) };
	struct history_viewings *viewings;

	/* One whose deadline has passed: the next event starts another. */
	p.id = 1;
	p.start = p.deadline = p.last_ts;
	if (row->session.kind != CSV_NULL) {
		p.id = state_int(r, &row->session, 1, h->sessions->n, true);
		p.start = take_time(h, r, &row->started_ts, true);
		p.deadline = state_int(r, &row->deadline_ts, p.last_ts, STATE_TS_MAX, true);
		p.types = take_types(r, &row->event_types);
		p.came_near_end = take_flag(r, &row->came_near_end);
		p.has_near_end_stop = take_flag(r, &row->stopped_near_end);
		p.is_completed = take_flag(r, &row->is_completed);
		if (h->sessions->options.complete_by == SESSION_BY_PLAYED) {
			p.played = state_int(r, &row->played, 0, INT64_MAX / 2000, true);
			p.left = state_int(r, &row->left_to_play, 0, INT64_MAX / 2000, true);
		}
	}
	if (state_reader_bad(r, err))
		return -1;
	if (sessions_restore(h->sessions, user, content, &p))
		state_refuse(r, &row->content_id);
	viewings = pairs_get(&h->history->viewings, user, content);
	viewings->n = (uint32_t)state_int(r, &row->sessions, 1, COUNT_MAX, true) & INT32_MAX;
	viewings->is_counted = take_flag(r, &row->is_counted);
	return 0;
}

/* The session is open for online, too: nothing is known yet of how it closes. */
static void read_levels(struct online *online, struct state_reader *r,
			const struct row_viewings *row, const struct outcome_session *s)
{
	const struct csv_value *level = &row->runtime_level;
	uint32_t runtime = level->kind == CSV_TEXT ? online_runtime_parse(level->text, level->len)
						   : INTERN_NONE;

	if (runtime == INTERN_NONE)
		state_refuse(r, level);
	else if (outcomes_find(&online->outcomes, s->user, s->content))
		state_refuse(r, &row->content_id); /* one of a pair is open */
	else
		online_restore(online, s, take_name(r, &online->devices, &row->device),
			       take_name(r, &online->plans, &row->plan_tier), runtime);
}

static int read_viewing(struct reading *reading, struct state_reader *r, void *values,
			struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_viewings *row = values;
	const bool is_first = !reading->last;
	/* One behind the other up to the last of all. */
	const int64_t id = is_first ? h->sessions->n + 1 - r->n_rows : reading->last + 1;
	struct outcome_session s = {
		.id = state_int(r, &row->session_id, id < 1 ? 1 : id, id, true),
		.past.start = take_time(h, r, &row->session_start_ts, true),
		.past.end = take_time(h, r, &row->session_end_ts, true),
		.past.completed_at = take_time(h, r, &row->completed_ts, false),
		.closing = state_int(r, &row->closing_ts, 1, STATE_TS_MAX, true),
		.user = state_id(r, h->users, &row->user_id),
		.content = state_id(r, h->contents, &row->content_id),
		.genre = take_name(r, h->genres, &row->genre),
		.number = take_count(r, &row->number),
		.n_events = take_count(r, &row->events),
		.n_pauses = take_count(r, &row->pauses),
		.n_seeks = take_count(r, &row->seeks),
		.max_ratio = state_int(r, &row->largest_ratio, 0, NUM_MILLION, false),
		.types = take_types(r, &row->event_types),
		.has_complete = take_flag(r, &row->has_complete),
		.is_completed_without = take_flag(r, &row->completed_without),
	};
	bool is_closed = take_flag(r, &row->is_closed);

	if (state_reader_bad(r, err))
		return -1;
	if (is_first)
		h->closed->first_id = s.id;
	reading->last = s.id;
	if (is_closed) {
		aggregate_session_closed(h->closed, &s);
		return 0;
	}
	outcomes_restore(&h->history->outcomes, &s);
	if (h->online && s.closing >= reading->until)
		read_levels(h->online, r, row, &s);
	return 0;
}

static int take_counts(const struct state_history *h, const struct state_in *in, struct err *err)
{
	const struct {
		const char *name;
		int64_t *value;
	} counts[] = {
		{ "sessions", &h->sessions->n },
		{ "completed", &h->sessions->n_completed },
		{ "near_end", &h->sessions->n_near_end },
		{ "last_ts", &h->history->now },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (state_in_count(in, counts[i].name, counts[i].value, err))
			return -1;
	if (h->history->now >= EVENT_TS_END)
		return state_in_fail(in, err, "last_ts is no event's time: %lld",
				     (long long)h->history->now);
	h->history->outcomes.n = h->sessions->n;
	if (h->online)
		h->online->outcomes.n = h->sessions->n;
	h->closed->first_id = h->sessions->n + 1;
	return 0;
}

/* Whether what the users, and then the genres, are said to have in the window is there. */
static int check_users(struct reading *reading, struct state_reader *r, void *values,
		       struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_users *row = values;
	const struct history_user *u =
		history_user(h->history, state_id(r, h->users, &row->user_id));

	(void)err;
	state_int(r, &row->window_events, u->n_events, u->n_events, true);
	state_int(r, &row->window_ratios, u->n_ratios, u->n_ratios, true);
	state_int(r, &row->window_ratio_sum, u->ratio_sum, u->ratio_sum, true);
	return 0;
}

static int check_genres(struct reading *reading, struct state_reader *r, void *values,
			struct err *err)
{
	const struct state_history *h = reading->h;
	const struct row_user_genres *row = values;
	const struct history_genre *g = history_genre(h->history,
						      state_id(r, h->users, &row->user_id),
						      state_id(r, h->genres, &row->genre));

	(void)err;
	state_int(r, &row->window_events, g->n_events, g->n_events, true);
	return 0;
}

int state_contents_write(const struct state_history *h, struct state_out *out, struct err *err)
{
	struct ranks contents;
	int rc;

	ranks_init(&contents, h->contents);
	rc = write_contents(h, &contents, out, err);
	ranks_release(&contents);
	return rc;
}

int state_contents_read(const struct state_history *h, const struct state_in *in, struct err *err)
{
	struct row_contents content;

	return read_table(h, in, STATE_CONTENTS, &content, read_content, err);
}

int state_history_read(const struct state_history *h, const struct state_in *in, struct err *err)
{
	struct row_users user;
	struct row_user_genres genre;
	struct row_window_events windowed;
	struct row_pairs pair;
	struct row_viewings viewing;

	return take_counts(h, in, err) || read_table(h, in, STATE_USERS, &user, read_user, err) ||
			       state_contents_read(h, in, err) ||
			       read_table(h, in, STATE_USER_GENRES, &genre, read_genre, err) ||
			       read_table(h, in, STATE_WINDOW, &windowed, read_windowed, err) ||
			       read_table(h, in, STATE_USERS, &user, check_users, err) ||
			       read_table(h, in, STATE_USER_GENRES, &genre, check_genres, err) ||
			       read_table(h, in, STATE_PAIRS, &pair, read_pair, err) ||
			       read_table(h, in, STATE_VIEWINGS, &viewing, read_viewing, err)
		       ? -1
		       : 0;
}
