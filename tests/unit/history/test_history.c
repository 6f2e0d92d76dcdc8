#include "history/history.h"

#include "history/history_parts.h"
#include "history/session.h"
#include "scratch.h"

/* Sessions and history over hand-made events; no runtime is known, so a deadline is ts + gap. */
struct world {
	struct intern genres;
	struct sessions sessions;
	struct history history;
};

static void begin(struct world *w, int64_t gap, int64_t window)
{
	struct session_options session = SESSION_OPTIONS_INIT;
	struct history_options options = HISTORY_OPTIONS_INIT;

	session.gap = gap;
	*w = (struct world){ .genres = INTERN_INIT };
	options.window = window;
	sessions_init(&w->sessions, &session);
	history_init(&w->history, &options, &w->genres);
}

static void end(struct world *w)
{
	history_finish(&w->history);
	history_release(&w->history);
	sessions_release(&w->sessions);
	intern_release(&w->genres);
}

static struct history_row see(struct world *w, int64_t ts, uint32_t user, uint32_t content,
			      enum event_type type, int64_t ratio, const char *genre)
{
	struct event e = { .ts = ts,
			   .user = user,
			   .content = content,
			   .type = type,
			   .position = EVENT_UNKNOWN,
			   .runtime = EVENT_UNKNOWN,
			   .ratio = ratio };
	struct history_row row;
	struct err err = ERR_INIT;

	e.genre = genre ? intern_id(&w->genres, genre, strlen(genre)) : INTERN_NONE;
	sessions_step(&w->sessions, &e);
	history_prepare(&w->history, &e);
	CHECK_INT(history_step(&w->history, &e, &row, &err), 0);
	return row;
}

/* The favourite genre's name, or "-". */
static const char *liked(const struct world *w, const struct history_row *row)
{
	int64_t genre = row->user_genre_preference;

	return genre == EVENT_UNKNOWN ? "-" : intern_string(&w->genres, (uint32_t)genre)->s;
}

static void one_millisecond_does_not_see_itself(void)
{
	struct history_row row;
	struct world w;

	begin(&w, 1000, 1000);
	for (uint32_t i = 0; i < 200; i++) {
		row = see(&w, 5, 0, i, EVENT_COMPLETE, 500000, "Drama");
		CHECK_INT(row.user_activity_level, 0);
		CHECK_INT(row.user_known_sessions, 0);
		CHECK_INT(row.time_since_last_event_user, EVENT_UNKNOWN);
		CHECK_INT(row.content_popularity, 0);
		CHECK_STR(liked(&w, &row), "-");
	}
	/* But the session state has what comes before in the same millisecond. */
	row = see(&w, 5, 0, 7, EVENT_PAUSE, 600000, "Drama");
	CHECK_INT(row.session_event_number, 2);
	CHECK_INT(row.time_since_last_event, 0);
	CHECK_INT(row.max_playback_ratio, 600000);
	row = see(&w, 6, 0, 7, EVENT_PAUSE, EVENT_UNKNOWN, "Drama");
	CHECK_INT(row.user_activity_level, 201);
	CHECK_INT(row.user_known_sessions, 200);
	CHECK_INT(row.user_completion_rate, 1000000);
	CHECK_INT(row.time_since_last_completion, 1);
	CHECK_INT(row.content_popularity, 1);
	CHECK_INT(row.user_content_engagement, 500498); /* 100.6 / 201 */
	CHECK_STR(liked(&w, &row), "Drama");
	end(&w);
}

static void the_window_has_its_older_edge_in_and_its_younger_out(void)
{
	static const int64_t windows[] = { 0, 1, 4, 5, 6, 1000 };
	static const int64_t levels[] = { 0, 0, 1, 2, 2, 2 }; /* events at 5 and 6, seen at 10 */

	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct history_row row;
		struct world w;

		begin(&w, 1000, windows[i]);
		see(&w, 5, 0, 0, EVENT_PAUSE, 0, NULL);
		see(&w, 6, 0, 0, EVENT_PAUSE, 1000000, NULL);
		row = see(&w, 10, 0, 0, EVENT_PAUSE, 0, NULL);
		CHECK_INT(row.user_activity_level, levels[i]);
		CHECK_INT(row.user_content_engagement, levels[i] == 2   ? 500000
						       : levels[i] == 1 ? 1000000
									: EVENT_UNKNOWN);
		end(&w);
	}
}

/* Many events pass through a window of a thousand: what leaves takes along what it brought. */
static void the_window_does_not_drift(void)
{
	struct history_row row;
	struct world w;

	begin(&w, 10, 999);
	for (int64_t t = 1; t <= 200000; t++)
		row = see(&w, t, 0, 0, EVENT_PAUSE, t % 2 ? 333333 : EVENT_UNKNOWN, "Drama");
	CHECK_INT(row.user_activity_level, 999);
	CHECK_INT(row.user_content_engagement, 333333);
	CHECK(w.history.window.n_chunks <= 2);
	row = see(&w, 300000, 0, 0, EVENT_PAUSE, 0, "Drama");
	CHECK_INT(row.user_activity_level, 0);
	CHECK_INT(row.user_content_engagement, EVENT_UNKNOWN);
	CHECK_STR(liked(&w, &row), "-");
	end(&w);
}

static void the_favourite_genre_follows_the_window_and_ties_go_by_name(void)
{
	static const struct {
		const char *genre, *liked; /* liked: before this event */
	} events[] = {
		{ "Zoo", "-" },          { "Zoo", "Zoo" },     { "Drama", "Zoo" },
		{ "Dram", "Zoo" },       { "Drama", "Zoo" },   { NULL, "Drama" },
		{ "\xc3\x91", "Drama" }, { NULL, "Dram" },     { NULL, "Drama" },
		{ NULL, "\xc3\x91" },    { NULL, "\xc3\x91" }, { NULL, "-" },
	};
	struct world w;

	begin(&w, 1000, 4);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct history_row row =
			see(&w, 1 + (int64_t)i, 0, 0, EVENT_PAUSE, 0, events[i].genre);

		if (strcmp(liked(&w, &row), events[i].liked))
			CHECK_FAIL("event %zu: '%s', not '%s'", i, liked(&w, &row),
				   events[i].liked);
	}
	end(&w);
}

static void outcomes_become_known_when_they_are(void)
{
	struct history_row row;
	struct world w;

	/* User 0: a is abandoned at 1 and closed at 11; b completes at 11; c is open. */
	begin(&w, 10, 1000);
	see(&w, 1, 0, 0, EVENT_PAUSE, 0, "Drama");
	see(&w, 9, 0, 1, EVENT_PLAY, 0, "Drama");
	row = see(&w, 11, 0, 1, EVENT_COMPLETE, 0, "Drama");
	CHECK_INT(row.user_known_sessions, 0);
	CHECK_INT(row.user_last_outcome, EVENT_UNKNOWN);
	row = see(&w, 12, 0, 2, EVENT_PLAY, 0, "Action");
	CHECK_INT(row.user_known_sessions, 2);
	CHECK_INT(row.user_completion_rate, 500000);
	/* Both were known at 11: the higher session id is the last. */
	CHECK_INT(row.user_last_outcome, 1);
	CHECK_INT(row.time_since_last_completion, 1);
	CHECK_INT(row.user_genre_completion_rate, EVENT_UNKNOWN);
	CHECK_INT(row.user_avg_session_duration, 0); /* a alone is closed */
	row = see(&w, 22, 0, 3, EVENT_PAUSE, 0, "Drama");
	CHECK_INT(row.user_genre_completion_rate, 500000);
	CHECK_INT(row.user_avg_session_duration, 1); /* (0 + 2) / 2 */
	CHECK_INT(row.user_known_sessions, 2);       /* c closes at 22 */
	row = see(&w, 23, 0, 3, EVENT_PAUSE, 0, "Drama");
	CHECK_INT(row.user_known_sessions, 3);
	CHECK_INT(row.user_completion_rate, 333333);
	CHECK_INT(row.user_last_outcome, 0);
	/* Another user knows the content's outcomes, not the user's. */
	row = see(&w, 24, 1, 1, EVENT_PAUSE, 0, "Drama");
	CHECK_INT(row.user_known_sessions, 0);
	CHECK_INT(row.content_known_sessions, 1);
	CHECK_INT(row.content_completion_rate, 1000000);
	end(&w);
}

static void stops_with_a_ratio_make_the_viewing_duration(void)
{
	struct history_row row;
	struct world w;

	begin(&w, 1000, 1);
	see(&w, 1, 0, 0, EVENT_STOP, 500000, NULL);
	see(&w, 2, 1, 0, EVENT_STOP, EVENT_UNKNOWN, NULL);
	see(&w, 3, 2, 0, EVENT_PAUSE, 1000000, NULL);
	see(&w, 4, 3, 0, EVENT_STOP, 500001, NULL);
	row = see(&w, 5, 3, 0, EVENT_STOP, 0, NULL);
	CHECK_INT(row.average_viewing_duration_ratio, 500001); /* half up */
	CHECK_INT(row.content_popularity, 4);
	CHECK_INT(row.user_genre_recency, EVENT_UNKNOWN);
	end(&w);
}

static void remember(void *context, const struct outcome_session *session)
{
	int64_t *closings = context;

	closings[session->id - 1] = session->closing;
}

static void every_session_is_closed_once(void)
{
	struct history_options options = HISTORY_OPTIONS_INIT;
	int64_t closings[3] = { 0, 0, 0 };
	struct world w;

	begin(&w, 10, 1000);
	history_release(&w.history);
	options.closed = remember;
	options.context = closings;
	history_init(&w.history, &options, &w.genres);
	see(&w, 1, 0, 0, EVENT_PAUSE, 0, NULL);
	see(&w, 11, 0, 1, EVENT_PAUSE, 0, NULL);
	CHECK_INT(closings[0], 0);
	see(&w, 12, 0, 2, EVENT_PAUSE, 0, NULL);
	CHECK_INT(closings[0], 11);
	CHECK_INT(closings[1], 0);
	history_finish(&w.history);
	CHECK_INT(w.history.now, 12);
	CHECK_INT(closings[1], 21);
	CHECK_INT(closings[2], 22);
	end(&w);
}

/* Heartbeats, also as a viewing's first events, say that it goes on, and nothing of the viewer. */
static void heartbeats_are_no_activity(void)
{
	struct history_row row;
	struct world w;

	begin(&w, 10, 1000);
	see(&w, 1, 0, 0, EVENT_HEARTBEAT, 100000, "Drama");
	row = see(&w, 5, 0, 0, EVENT_HEARTBEAT, 900000, "Drama");
	CHECK_INT(row.user_activity_level, 0);
	CHECK_INT(row.user_content_engagement, EVENT_UNKNOWN);
	CHECK_STR(liked(&w, &row), "-");
	CHECK_INT(row.user_genre_recency, EVENT_UNKNOWN);
	CHECK_INT(row.content_popularity, 0);
	CHECK_INT(row.session_event_number, 0);
	CHECK_INT(row.time_since_last_event, 4);
	CHECK_INT(row.time_since_last_event_user, 4);
	CHECK_INT(row.max_playback_ratio, 900000);
	CHECK_INT(row.session_elapsed, 4);
	/* The pair's second session holds its first counted event. */
	row = see(&w, 16, 0, 0, EVENT_PAUSE, 200000, "Drama");
	CHECK_INT(row.user_content_session_count, 2);
	CHECK_INT(row.session_event_number, 1);
	CHECK_INT(row.user_known_sessions, 1);
	CHECK_INT(row.user_avg_session_duration, 4);
	CHECK_INT(row.content_popularity, 0);
	row = see(&w, 17, 0, 0, EVENT_HEARTBEAT, 200000, "Drama");
	CHECK_INT(row.user_activity_level, 1);
	CHECK_INT(row.user_content_engagement, 200000);
	CHECK_INT(row.content_popularity, 1);
	CHECK_INT(row.session_event_number, 1);
	row = see(&w, 18, 0, 0, EVENT_PLAY, 0, "Drama");
	CHECK_INT(row.user_activity_level, 1);
	CHECK_INT(row.content_popularity, 1);
	CHECK_INT(row.user_genre_recency, 2);
	CHECK_INT(row.session_event_number, 2);
	/* A further session of the pair is no further user, with whatever it begins. */
	see(&w, 50, 0, 0, EVENT_HEARTBEAT, 0, "Drama");
	row = see(&w, 51, 0, 0, EVENT_PAUSE, 0, "Drama");
	CHECK_INT(row.user_content_session_count, 3);
	see(&w, 100, 0, 0, EVENT_PAUSE, 0, "Drama");
	row = see(&w, 101, 1, 0, EVENT_PAUSE, 0, "Drama");
	CHECK_INT(row.content_popularity, 1);
	end(&w);
}

/* By the position: whichever event it is. */
static void a_heartbeat_may_complete(void)
{
	struct history_row row;
	struct world w;

	begin(&w, 10, 1000);
	w.sessions.options.complete_by = SESSION_BY_POSITION;
	see(&w, 1, 0, 0, EVENT_HEARTBEAT, 990000, "Drama");
	row = see(&w, 2, 0, 1, EVENT_PLAY, 0, "Drama");
	CHECK_INT(row.user_completion_rate, 1000000);
	CHECK_INT(row.user_last_outcome, 1);
	CHECK_INT(row.time_since_last_completion, 1);
	end(&w);
}

static void prev_ts_says_whether_a_pair_has_been_seen(void)
{
	struct event e = {
		.ts = 5, .session_id = 1, .session_start = 5, .deadline = 6, .prev_ts = 4
	};
	struct history_row row;
	struct err err = ERR_INIT;
	struct world w;

	begin(&w, 1, 1000);
	history_prepare(&w.history, &e);
	CHECK_INT(history_step(&w.history, &e, &row, &err), -1);
	CHECK_STR(err.message,
		  "prev_ts is not empty, but session 1 is the first of its user and content");
	end(&w);
	begin(&w, 1, 1000);
	see(&w, 5, 0, 0, EVENT_PAUSE, 0, NULL);
	e = (struct event){ .ts = 50,
			    .session_id = 2,
			    .session_start = 50,
			    .deadline = 51,
			    .prev_ts = EVENT_UNKNOWN };
	history_prepare(&w.history, &e);
	CHECK_INT(history_step(&w.history, &e, &row, &err), -1);
	CHECK_STR(err.message,
		  "prev_ts is empty, but session 2 is not the first of its user and content");
	end(&w);
}

/* A row is put as its columns are, whatever they hold. */
static void a_row_is_its_columns(void)
{
	static const int64_t values[] = { EVENT_UNKNOWN, 0, 1, 123456, INT64_MAX, -5 };
	struct buf whole = BUF_INIT, parts = BUF_INIT;
	struct history_row row;
	struct world w;

	begin(&w, 10, 1000);
	intern_id(&w.genres, "one", 3);
	intern_id(&w.genres, "a,\"b", 4);
	for (size_t round = 0; round < 6; round++) {
		for (size_t i = 0; i < catalogue_history.n; i++)
			((int64_t *)&row)[i] = values[(round + i) % 6];
		row.user_genre_preference = values[round % 3];
		buf_clear(&whole);
		buf_clear(&parts);
		history_put_row(&whole, &w.history, &row);
		for (size_t i = 0; i < catalogue_history.n; i++)
			history_put(&parts, &w.history, &row, i);
		CHECK_INT(whole.len, parts.len);
		CHECK(parts.len && !memcmp(whole.data, parts.data, parts.len));
	}
	buf_release(&whole);
	buf_release(&parts);
	end(&w);
}

/* --- What becomes known, as it is told. */

#define MAX_FACTS 10000

struct told {
	struct history_fact facts[MAX_FACTS];
	size_t n;
};

static void hear(void *context, const struct history_fact *fact)
{
	struct told *told = context;

	if (told->n == MAX_FACTS)
		CHECK_FAIL("too many facts");
	else
		told->facts[told->n++] = *fact;
}

static void begin_telling(struct world *w, struct told *told)
{
	struct history_options options = HISTORY_OPTIONS_INIT;

	begin(w, 10, 1000);
	history_release(&w->history);
	options.became_known = hear;
	options.facts = told;
	told->n = 0;
	history_init(&w->history, &options, &w->genres);
}

/* "KIND TS SUBJECT VALUES", a fact each: a activity, o outcome, e end. */
static const char *told_text(const struct told *told)
{
	static char text[4096];
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < told->n && len < sizeof(text); i++) {
		const struct history_fact *f = &told->facts[i];
		const char *sep = i ? ", " : "";

		if (f->kind == HISTORY_ACTIVITY)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%sa %" PRId64 " c%" PRIu32 " %d %" PRId64, sep,
						f->ts, f->content, f->is_first_of_pair,
						f->stop_ratio == EVENT_UNKNOWN ? -1
									       : f->stop_ratio);
		else
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"%s%c %" PRId64 " s%" PRId64 " %d", sep,
						f->kind == HISTORY_END ? 'e' : 'o', f->ts,
						f->session_id, f->is_completion);
	}
	return text;
}

static void what_becomes_known_is_told_in_order_of_time(void)
{
	static struct told told;
	struct world w;

	begin_telling(&w, &told);
	see(&w, 1, 0, 0, EVENT_PLAY, 0, "Drama");
	see(&w, 2, 0, 0, EVENT_HEARTBEAT, 100, "Drama"); /* no activity */
	see(&w, 3, 0, 0, EVENT_STOP, 500000, "Drama");
	see(&w, 4, 0, 0, EVENT_STOP, EVENT_UNKNOWN, "Drama"); /* nothing new */
	see(&w, 5, 0, 1, EVENT_COMPLETE, 900000, "Drama");
	see(&w, 5, 1, 0, EVENT_STOP, 0, "Drama");
	CHECK_STR(told_text(&told), "a 1 c0 1 -1, a 3 c0 0 500000");
	see(&w, 40, 0, 0, EVENT_PAUSE, 0, "Drama");
	CHECK_STR(told_text(&told),
		  "a 1 c0 1 -1, a 3 c0 0 500000, a 5 c1 1 -1, o 5 s2 1, a 5 c0 1 0, o 14 s1 0, "
		  "e 15 s2 0, o 15 s3 0");
	history_settle(&w.history);
	told.n = 0;
	history_finish(&w.history);
	CHECK_STR(told_text(&told), "o 50 s4 0");
	end(&w);
}

/* The last events before a cut are told, and what closes before it; that again by who goes on. */
static void what_is_foreseen_comes_true(void)
{
	static const char *const foreseen[] = { "", "o 19 s2 0",
						"o 19 s2 0, e 20 s1 0, o 20 s3 0" };
	static const int64_t untils[] = { 19, 20, 21 };
	static struct told told;
	struct world w;

	begin_telling(&w, &told);
	history_foresee(&w.history, 1000);
	CHECK_STR(told_text(&told), "");
	see(&w, 9, 0, 0, EVENT_PAUSE, 0, "Drama");
	see(&w, 9, 1, 1, EVENT_PAUSE, 0, "Drama");
	see(&w, 10, 0, 0, EVENT_COMPLETE, 0, "Drama");
	see(&w, 10, 1, 2, EVENT_PAUSE, 0, "Drama");
	history_settle(&w.history);
	for (size_t i = 0; i < 3; i++) {
		told.n = 0;
		history_foresee(&w.history, untils[i]);
		CHECK_STR(told_text(&told), foreseen[i]);
		CHECK_INT(w.history.outcomes.n_open, 3);
	}
	told.n = 0;
	history_finish(&w.history);
	CHECK_STR(told_text(&told), foreseen[2]);
	end(&w);
}

/* An event of the law below. */
struct shared {
	int64_t ts;
	uint32_t user, content;
	enum event_type type;
	int64_t ratio;
};

static void draw(uint64_t *random, struct shared *events, size_t n)
{
	static const enum event_type types[] = { EVENT_PLAY, EVENT_PAUSE, EVENT_STOP,
						 EVENT_COMPLETE, EVENT_HEARTBEAT };
	static const int64_t ratios[] = { EVENT_UNKNOWN, 0, 333333, 1000000 };
	int64_t ts = 1;

	for (size_t i = 0; i < n; i++) {
		ts += (int64_t)scratch_below(random, 3);
		if (!scratch_below(random, 30))
			ts += (int64_t)scratch_below(random, 40);
		events[i] = (struct shared){ .ts = ts,
					     .user = (uint32_t)scratch_below(random, 5),
					     .content = (uint32_t)scratch_below(random, 4),
					     .type = types[scratch_below(random, 5)],
					     .ratio = ratios[scratch_below(random, 4)] };
	}
}

static void check_contents(const struct history_row *got, const struct history_row *want)
{
	CHECK_INT(got->content_completion_rate, want->content_completion_rate);
	CHECK_INT(got->content_known_sessions, want->content_known_sessions);
	CHECK_INT(got->average_viewing_duration_ratio, want->average_viewing_duration_ratio);
	CHECK_INT(got->content_popularity, want->content_popularity);
}

/* The contents of the sessions of a world, by their ids. */
struct shard {
	struct world w;
	struct told told;
	uint32_t content_of[MAX_FACTS];
	size_t at; /* the fact to take next */
};

static void take_told(struct history *all, struct shard *s, int64_t before)
{
	for (; s->at < s->told.n && s->told.facts[s->at].ts < before; s->at++) {
		const struct history_fact *f = &s->told.facts[s->at];

		if (s->at && f->ts < s->told.facts[s->at - 1].ts)
			CHECK_FAIL("fact %zu is not in order of time", s->at);
		history_take(
			all,
			f->kind == HISTORY_ACTIVITY ? f->content : s->content_of[f->session_id], f);
	}
}

/*
 * A history of no events that takes what those of two halves of the users told knows of each
 * content what one over all events knows.
 */
static void what_was_told_of_a_content_is_all_of_it(void)
{
	const struct history_options none = HISTORY_OPTIONS_INIT;
	enum { N = 400 };
	static struct shard shards[2];
	struct shared events[N];
	uint64_t random = 1;

	for (int round = 0; round < 40; round++) {
		static struct told nobody;
		struct intern genres = INTERN_INIT;
		struct history all;
		struct world one;

		draw(&random, events, N);
		begin_telling(&one, &nobody);
		history_init(&all, &none, &genres);
		for (int k = 0; k < 2; k++) {
			begin_telling(&shards[k].w, &shards[k].told);
			shards[k].at = 0;
		}
		for (size_t i = 0; i < N; i++) {
			const struct shared *e = &events[i];
			struct shard *s = &shards[e->user % 2];

			const int64_t n = s->w.sessions.n;

			see(&s->w, e->ts, e->user, e->content, e->type, e->ratio, NULL);
			if (s->w.sessions.n > n)
				s->content_of[s->w.sessions.n] = e->content;
		}
		for (int k = 0; k < 2; k++)
			history_finish(&shards[k].w.history);
		for (size_t i = 0; i < N; i++) {
			const struct shared *e = &events[i];
			struct history_row want, got;

			want = see(&one, e->ts, e->user, e->content, e->type, e->ratio, NULL);
			take_told(&all, &shards[0], e->ts);
			take_told(&all, &shards[1], e->ts);
			history_fill_content(&all, e->content, &got);
			check_contents(&got, &want);
		}
		history_release(&all);
		intern_release(&genres);
		end(&one);
		end(&shards[0].w);
		end(&shards[1].w);
	}
}

int main(void)
{
	RUN(one_millisecond_does_not_see_itself);
	RUN(the_window_has_its_older_edge_in_and_its_younger_out);
	RUN(the_window_does_not_drift);
	RUN(the_favourite_genre_follows_the_window_and_ties_go_by_name);
	RUN(outcomes_become_known_when_they_are);
	RUN(stops_with_a_ratio_make_the_viewing_duration);
	RUN(every_session_is_closed_once);
	RUN(heartbeats_are_no_activity);
	RUN(a_heartbeat_may_complete);
	RUN(prev_ts_says_whether_a_pair_has_been_seen);
	RUN(a_row_is_its_columns);
	RUN(what_becomes_known_is_told_in_order_of_time);
	RUN(what_is_foreseen_comes_true);
	RUN(what_was_told_of_a_content_is_all_of_it);
	return CHECK_DONE();
}
