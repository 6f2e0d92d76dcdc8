#include "history/history.h"

#include "base/mem.h"
#include "base/num.h"
#include "history/history_parts.h"
#include "table/catalogue.h"

#include <stdlib.h>
#include <string.h>

/* An event that its own millisecond does not see. */
struct pending {
	uint32_t user, content;
	uint32_t genre_id; /* (user, genre) id, or INTERN_NONE */
	uint32_t session_genre;
	bool is_counted;
	bool is_stop;
	bool is_first_of_pair; /* counted event */
	bool completes;
	int64_t ratio;
	int64_t session_id;
};

/* How far ahead of the window's edge the state that it will change is asked for. */
#define LOOK_AHEAD 16

void history_init(struct history *h, const struct history_options *options,
		  const struct intern *genre_names)
{
	*h = (struct history){
		.options = *options,
		.genre_names = genre_names,
		.pending = RING_INIT(struct pending),
		.window = RING_INIT(struct history_windowed),
		.genre_ids = PAIRS_INIT(history_id_plus_1),
		.viewings = PAIRS_INIT(struct history_viewings),
	};
	outcomes_init(&h->outcomes);
}

void history_release(struct history *h)
{
	outcomes_release(&h->outcomes);
	ring_release(&h->pending);
	ring_release(&h->window);
	free(h->users);
	free(h->contents);
	free(h->genres);
	pairs_release(&h->genre_ids);
	pairs_release(&h->viewings);
}

/* Whether an array that grows twofold, and has n elements, is full. */
static bool is_full(size_t n)
{
	return !(n & (n - 1));
}

static void *grow(void *array, size_t n, size_t size)
{
	return mem_realloc_huge(array, n ? n * 2 : 1, size);
}

static struct history_user *find_user(struct history *h, uint32_t id)
{
	for (; id >= h->n_users; h->n_users++) {
		if (is_full(h->n_users))
			h->users = grow(h->users, h->n_users, sizeof(*h->users));
		h->users[h->n_users] = (struct history_user){
			.genres = INTERN_NONE,
			.favourite = INTERN_NONE,
			.last_known_time = EVENT_UNKNOWN,
			.last_event = EVENT_UNKNOWN,
			.last_completion = EVENT_UNKNOWN,
		};
	}
	return &h->users[id];
}

static struct history_content *find_content(struct history *h, uint32_t id)
{
	for (; id >= h->n_contents; h->n_contents++) {
		if (is_full(h->n_contents))
			h->contents = grow(h->contents, h->n_contents, sizeof(*h->contents));
		h->contents[h->n_contents] = (struct history_content){ 0 };
	}
	return &h->contents[id];
}

/* The id of (user, genre), made if it is new; INTERN_NONE for no genre. */
static uint32_t find_genre(struct history *h, uint32_t user_id, uint32_t genre)
{
	history_id_plus_1 *id;

	if (genre == INTERN_NONE)
		return INTERN_NONE;
	id = pairs_get(&h->genre_ids, user_id, genre);
	if (*id)
		return *id - 1;
	if (is_full(h->n_genres))
		h->genres = grow(h->genres, h->n_genres, sizeof(*h->genres));
	h->genres[h->n_genres++] = (struct history_genre){
		.genre = genre,
		.last_event = EVENT_UNKNOWN,
	};
	*id = (history_id_plus_1)h->n_genres;
	return *id - 1;
}

/* Whether genre a of a user comes before genre b: more events, or as many and a smaller name. */
static bool preferred(const struct history *h, uint32_t a, uint32_t b)
{
	const struct history_genre *ga = &h->genres[a], *gb = &h->genres[b];
	const struct intern_string *na, *nb;
	int order;

	if (ga->n_events != gb->n_events)
		return ga->n_events > gb->n_events;
	na = intern_string(h->genre_names, ga->genre);
	nb = intern_string(h->genre_names, gb->genre);
	order = memcmp(na->s, nb->s, na->len < nb->len ? na->len : nb->len);
	return order ? order < 0 : na->len < nb->len;
}

/* The user's favourite genre in the window, or INTERN_NONE. */
static uint32_t favourite(struct history *h, struct history_user *user)
{
	uint32_t *link = &user->genres;

	if (user->favourite_stale) {
		user->favourite = INTERN_NONE;
		while (*link != INTERN_NONE) {
			struct history_genre *genre = &h->genres[*link];

			if (!genre->n_events) {
				/* Unlisted, so that it is not looked at again in vain. */
				genre->listed = false;
				*link = genre->next;
				continue;
			}
			if (user->favourite == INTERN_NONE || preferred(h, *link, user->favourite))
				user->favourite = *link;
			link = &genre->next;
		}
		user->favourite_stale = false;
		if (user->favourite != INTERN_NONE)
			user->favourite_genre = h->genres[user->favourite].genre;
	}
	return user->favourite == INTERN_NONE ? INTERN_NONE : user->favourite_genre;
}

static void add_stop(struct history_content *content, int64_t ratio)
{
	content->n_stops++;
	content->stop_ratio_sum += ratio;
}

static void add_outcome(struct history_rate *rate, bool completed)
{
	rate->n++;
	rate->completed += completed;
}

/* The outcome of a session of this user, on this content and genre, is known since `known`. */
static void apply_outcome(struct history *h, uint32_t user_id, uint32_t content_id, uint32_t genre,
			  int64_t session_id, int64_t known, bool completed)
{
	uint32_t genre_id = find_genre(h, user_id, genre);
	struct history_user *user = find_user(h, user_id);
	struct history_content *content = find_content(h, content_id);

	add_outcome(&user->rate, completed);
	add_outcome(&content->rate, completed);
	if (genre_id != INTERN_NONE)
		add_outcome(&h->genres[genre_id].rate, completed);
	if (completed)
		user->last_completion = known;
	if (known > user->last_known_time ||
	    (known == user->last_known_time && session_id > user->last_known_session)) {
		user->last_known_time = known;
		user->last_known_session = session_id;
		user->last_outcome = completed;
	}
}

/* An event in the window is on a content of that genre. */
static void list_genre(struct history_user *user, uint32_t genre_id, struct history_genre *genre)
{
	genre->n_events++;
	if (genre->listed)
		return;
	genre->listed = true;
	genre->next = user->genres;
	user->genres = genre_id;
}

/* An event of the user at h->now is on a content of that genre. */
static void count_genre(struct history *h, struct history_user *user, uint32_t genre_id)
{
	struct history_genre *genre = &h->genres[genre_id];

	list_genre(user, genre_id, genre);
	genre->last_event = h->now;
	if (!user->favourite_stale && genre_id != user->favourite &&
	    (user->favourite == INTERN_NONE || preferred(h, genre_id, user->favourite))) {
		user->favourite = genre_id;
		user->favourite_genre = genre->genre;
	}
}

static void window_push(struct history *h, int64_t ts, int64_t ratio, uint32_t user,
			uint32_t genre_id)
{
	const uint64_t ratio_plus_1 = ratio == EVENT_UNKNOWN ? 0 : (uint64_t)ratio + 1;

	*(struct history_windowed *)ring_push(&h->window) = (struct history_windowed){
		(uint64_t)ts << HISTORY_RATIO_BITS | ratio_plus_1,
		user,
		genre_id,
	};
}

static void tell(const struct history *h, const struct history_fact *fact)
{
	if (h->options.became_known)
		h->options.became_known(h->options.facts, fact);
}

/* What the closing of a session tells: its outcome, unless that is known. */
static void tell_closing(const struct history *h, const struct outcome_session *s)
{
	tell(h,
	     &(struct history_fact){ .kind = s->past.completed_at == EVENT_UNKNOWN ? HISTORY_OUTCOME
										   : HISTORY_END,
				     .ts = s->closing,
				     .session_id = s->id,
				     .user = s->user,
				     .closed = s });
}

/* An event at h->now was the user's activity on the content. */
static void apply_activity(struct history *h, const struct pending *p)
{
	struct history_user *user = &h->users[p->user];
	struct history_content *content = &h->contents[p->content];
	bool has_ratio = p->ratio != EVENT_UNKNOWN;

	window_push(h, h->now, p->ratio, p->user, p->genre_id);
	user->n_events++;
	if (has_ratio) {
		user->n_ratios++;
		user->ratio_sum += p->ratio;
	}
	if (p->genre_id != INTERN_NONE)
		count_genre(h, user, p->genre_id);
	content->n_users += p->is_first_of_pair;
	if (p->is_stop && has_ratio)
		add_stop(content, p->ratio);
	if (p->is_first_of_pair || (p->is_stop && has_ratio))
		tell(h,
		     &(struct history_fact){ .kind = HISTORY_ACTIVITY,
					     .ts = h->now,
					     .content = p->content,
					     .is_first_of_pair = p->is_first_of_pair,
					     .stop_ratio = p->is_stop ? p->ratio : EVENT_UNKNOWN });
}

/* Makes the events at h->now part of history. */
static void apply_pending(struct history *h)
{
	for (; h->pending.n; ring_pop(&h->pending)) {
		const struct pending *p = ring_at(&h->pending, 0);

		h->users[p->user].last_event = h->now;
		if (p->is_counted)
			apply_activity(h, p);
		if (p->completes) {
			apply_outcome(h, p->user, p->content, p->session_genre, p->session_id,
				      h->now, true);
			tell(h, &(struct history_fact){ .kind = HISTORY_OUTCOME,
							.ts = h->now,
							.session_id = p->session_id,
							.user = p->user,
							.is_completion = true });
		}
	}
}

/* Those who leave the window come in no order that a processor would guess: ask for them early. */
static void look_ahead(const struct history *h)
{
	const struct history_windowed *w;

	if (h->window.n <= LOOK_AHEAD)
		return;
	w = ring_at(&h->window, LOOK_AHEAD);
	__builtin_prefetch(&h->users[w->user], 1);
	if (w->genre_id != INTERN_NONE)
		__builtin_prefetch(&h->genres[w->genre_id], 1);
}

/* Lets the events before `start` leave the window. */
static void expire(struct history *h, int64_t start)
{
	for (; h->window.n; ring_pop(&h->window)) {
		const struct history_windowed *w = ring_at(&h->window, 0);
		struct history_user *user = &h->users[w->user];
		int64_t ratio = (int64_t)(w->ts_and_ratio & ((1 << HISTORY_RATIO_BITS) - 1)) - 1;

		if ((int64_t)(w->ts_and_ratio >> HISTORY_RATIO_BITS) >= start)
			return;
		look_ahead(h);
		user->n_events--;
		if (ratio >= 0) {
			user->n_ratios--;
			user->ratio_sum -= ratio;
		}
		if (w->genre_id != INTERN_NONE) {
			h->genres[w->genre_id].n_events--;
			user->favourite_stale |= w->genre_id == user->favourite;
		}
	}
}

/* Closes the sessions whose closing time is before t. */
static void close_sessions(struct history *h, int64_t t)
{
	const struct outcome_session *s;

	while ((s = outcomes_close(&h->outcomes, t))) {
		struct history_user *user = find_user(h, s->user);

		user->n_closed++;
		user->closed_duration += s->past.end - s->past.start;
		if (s->past.completed_at == EVENT_UNKNOWN)
			apply_outcome(h, s->user, s->content, s->genre, s->id, s->closing, false);
		tell_closing(h, s);
		if (h->options.closed)
			h->options.closed(h->options.context, s);
	}
}

static int64_t mean(int64_t sum, int64_t n)
{
	return n ? num_divide_rounded(sum, n) : EVENT_UNKNOWN;
}

static int64_t completion_rate(const struct history_rate *rate)
{
	return mean(rate->completed * NUM_MILLION, rate->n);
}

static int64_t since(int64_t now, int64_t then)
{
	return then == EVENT_UNKNOWN ? EVENT_UNKNOWN : now - then;
}

void history_take(struct history *h, uint32_t content, const struct history_fact *fact)
{
	struct history_content *c = find_content(h, content);

	if (fact->kind == HISTORY_OUTCOME)
		add_outcome(&c->rate, fact->is_completion);
	if (fact->kind != HISTORY_ACTIVITY)
		return;
	c->n_users += fact->is_first_of_pair;
	if (fact->stop_ratio != EVENT_UNKNOWN)
		add_stop(c, fact->stop_ratio);
}

void history_fill_content(struct history *h, uint32_t id, struct history_row *row)
{
	const struct history_content *content = find_content(h, id);

	row->content_completion_rate = completion_rate(&content->rate);
	row->content_known_sessions = content->rate.n;
	row->average_viewing_duration_ratio = mean(content->stop_ratio_sum, content->n_stops);
	row->content_popularity = content->n_users;
}

static void fill_history(struct history *h, const struct event *e, uint32_t genre_id,
			 struct history_row *row)
{
	const struct history_genre *genre = genre_id == INTERN_NONE ? NULL : &h->genres[genre_id];
	struct history_user *user = find_user(h, e->user);
	uint32_t liked = favourite(h, user);

	history_fill_content(h, e->content, row);
	row->user_activity_level = user->n_events;
	row->user_content_engagement = mean(user->ratio_sum, user->n_ratios);
	row->user_genre_preference = liked == INTERN_NONE ? EVENT_UNKNOWN : liked;
	row->user_completion_rate = completion_rate(&user->rate);
	row->user_known_sessions = user->rate.n;
	row->user_last_outcome = user->rate.n ? user->last_outcome : EVENT_UNKNOWN;
	row->user_genre_completion_rate = genre ? completion_rate(&genre->rate) : EVENT_UNKNOWN;
	row->time_since_last_event_user = since(e->ts, user->last_event);
	row->time_since_last_completion = since(e->ts, user->last_completion);
	row->user_avg_session_duration = mean(user->closed_duration, user->n_closed);
	row->user_genre_recency = genre ? since(e->ts, genre->last_event) : EVENT_UNKNOWN;
}

static void fill_session(const struct outcome_session *s, const struct event *e,
			 struct history_row *row)
{
	row->has_played_before = s->number > 1;
	row->user_content_session_count = s->number;
	row->number_of_pauses = s->n_pauses;
	row->number_of_seeks = s->n_seeks;
	row->session_event_number = s->n_events;
	row->session_elapsed = e->ts - s->past.start;
	row->max_playback_ratio = s->max_ratio;
	row->time_since_last_event = since(e->ts, e->prev_ts);
}

void history_prefetch(const struct history *h, const struct event_ids *ids)
{
	if (!ids->goes_on)
		pairs_prefetch(&h->viewings, ids->user, ids->content);
	if (ids->user < h->n_users) {
		const struct history_user *user = &h->users[ids->user];

		__builtin_prefetch(user, 1);
		__builtin_prefetch((const char *)(user + 1) - 1, 1);
	}
	if (ids->content < h->n_contents)
		__builtin_prefetch(&h->contents[ids->content], 1);
	if (ids->genre != INTERN_NONE)
		pairs_prefetch(&h->genre_ids, ids->user, ids->genre);
}

void history_prepare(struct history *h, struct event *e)
{
	e->user_genre = find_genre(h, e->user, e->genre);
	if (e->user_genre != INTERN_NONE)
		__builtin_prefetch(&h->genres[e->user_genre], 1);
}

/*
 * Numbers a new session among those of its pair, and says in *is_first whether the event is the
 * pair's first counted one. Returns 0, or -1 with err.
 */
static int count_viewing(struct history *h, const struct event *e, struct outcome_session *session,
			 bool *is_first, struct err *err)
{
	bool is_counted = event_is_counted(e->type);
	struct history_viewings *viewings;

	*is_first = false;
	if (session->number && !(is_counted && session->n_events == 1))
		return 0;
	viewings = pairs_get(&h->viewings, e->user, e->content);
	if (!session->number) {
		if (!viewings->n != (e->prev_ts == EVENT_UNKNOWN))
			return err_set(err, ERR_RUNTIME,
				       "prev_ts is%s empty, but session %lld is%s the first of its "
				       "user and content",
				       viewings->n ? "" : " not", (long long)session->id,
				       viewings->n ? " not" : "");
		session->number = ++viewings->n;
	}
	*is_first = is_counted && !viewings->is_counted;
	viewings->is_counted |= is_counted;
	return 0;
}

int history_step(struct history *h, const struct event *e, struct history_row *row, struct err *err)
{
	const uint32_t genre_id = e->user_genre;
	struct outcome_session *session;
	struct pending *p;
	bool is_first;

	if (e->ts > h->now) {
		if (!h->now)
			h->first = e->ts;
		apply_pending(h);
		close_sessions(h, e->ts);
		expire(h, e->ts - h->options.window);
		h->now = e->ts;
	}
	session = outcomes_step(&h->outcomes, e, err);
	if (!session || count_viewing(h, e, session, &is_first, err))
		return -1;
	fill_history(h, e, genre_id, row);
	fill_session(session, e, row);
	p = ring_push(&h->pending);
	*p = (struct pending){
		.user = e->user,
		.content = e->content,
		.genre_id = genre_id,
		.session_genre = session->genre,
		.is_counted = event_is_counted(e->type),
		.is_stop = e->type == EVENT_STOP,
		.is_first_of_pair = is_first,
		.completes = e->completes,
		.ratio = e->ratio,
		.session_id = session->id,
	};
	return 0;
}

void history_settle(struct history *h)
{
	apply_pending(h);
}

struct history_user *history_user(struct history *h, uint32_t user)
{
	return find_user(h, user);
}

struct history_content *history_content(struct history *h, uint32_t content)
{
	return find_content(h, content);
}

struct history_genre *history_genre(struct history *h, uint32_t user, uint32_t genre)
{
	uint32_t id = find_genre(h, user, genre); /* which may move them */

	return &h->genres[id];
}

void history_restore_window(struct history *h, int64_t ts, int64_t ratio, uint32_t user,
			    uint32_t genre)
{
	struct history_user *u = find_user(h, user);
	uint32_t genre_id = find_genre(h, user, genre);

	window_push(h, ts, ratio, user, genre_id);
	u->n_events++;
	if (ratio != EVENT_UNKNOWN) {
		u->n_ratios++;
		u->ratio_sum += ratio;
	}
	if (genre_id != INTERN_NONE)
		list_genre(u, genre_id, &h->genres[genre_id]);
	u->favourite_stale = true;
}

static int compare_closings(const void *a, const void *b)
{
	const struct outcome_session *x = *(const struct outcome_session *const *)a,
				     *y = *(const struct outcome_session *const *)b;

	return x->closing != y->closing ? (x->closing > y->closing) - (x->closing < y->closing)
					: (x->id > y->id) - (x->id < y->id);
}

void history_foresee(const struct history *h, int64_t until)
{
	const struct outcome_session **open = outcomes_sorted(&h->outcomes);
	const size_t n = h->outcomes.n_open;

	if (n)
		qsort(open, n, sizeof(const struct outcome_session *), compare_closings);
	for (size_t i = 0; i < n && open[i]->closing < until; i++)
		tell_closing(h, open[i]);
	free(open);
}

void history_finish(struct history *h)
{
	apply_pending(h);
	close_sessions(h, INT64_MAX);
}

static inline char *put_int(char *at, int64_t value)
{
	if (value != EVENT_UNKNOWN)
		at += num_format_int(at, value);
	*at++ = ',';
	return at;
}

static char *put_millionths(char *at, int64_t value)
{
	if (value != EVENT_UNKNOWN)
		at += num_format_millionths(at, value);
	*at++ = ',';
	return at;
}

static void put_genre(struct buf *out, const struct history *h, int64_t genre)
{
	const struct intern_string *name;

	if (genre == EVENT_UNKNOWN) {
		csv_put_null(out);
	} else {
		name = intern_string(h->genre_names, (uint32_t)genre);
		csv_put_text(out, name->s, name->len);
	}
}

void history_put(struct buf *out, const struct history *h, const struct history_row *row,
		 size_t column)
{
	enum catalogue_type type = catalogue_history.columns[column].type;
	int64_t value = ((const int64_t *)row)[column];
	char *at;

	if (type == CATALOGUE_TEXT) {
		put_genre(out, h, value);
		return;
	}
	at = buf_reserve(out, NUM_TEXT_MAX + 1);
	at = type == CATALOGUE_DECIMAL ? put_millionths(at, value) : put_int(at, value);
	out->len = (size_t)(at - out->data);
}

void history_put_row(struct buf *out, const struct history *h, const struct history_row *row)
{
	const size_t room = sizeof(*row) / sizeof(int64_t) * (NUM_TEXT_MAX + 1);
	char *at = buf_reserve(out, room);

	/* Unrolled: a column of text leaves the reserved room, and reserves it again. */
#define PUT_BIGINT(value)  at = put_int(at, value);
#define PUT_FLAG(value)    at = put_int(at, value);
#define PUT_DECIMAL(value) at = put_millionths(at, value);
#define PUT_TEXT(value)                                                                            \
	out->len = (size_t)(at - out->data);                                                       \
	put_genre(out, h, value);                                                                  \
	at = buf_reserve(out, room);
#define HISTORY(name, type, unit, definition, empty) PUT_##type(row->name)
#include "table/history.def"
	out->len = (size_t)(at - out->data);
}
