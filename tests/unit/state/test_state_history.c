#include "state/state_history.h"

#include "history/history_parts.h"
#include "reseal.h"
#include "scratch.h"

/* What a state keeps of history, over events that are made up. */
struct world {
	struct intern users, contents, genres;
	struct sessions sessions;
	struct history history;
	struct aggregate_sessions closed;
};

static void begin(struct world *w, enum session_completion complete_by)
{
	struct session_options session = SESSION_OPTIONS_INIT;
	struct history_options options = HISTORY_OPTIONS_INIT;

	*w = (struct world){ .users = INTERN_INIT,
			     .contents = INTERN_INIT,
			     .genres = INTERN_INIT,
			     .closed = AGGREGATE_SESSIONS_INIT };
	session.gap = 100;
	session.complete_by = complete_by;
	options.window = 500;
	options.closed = aggregate_session_closed;
	options.context = &w->closed;
	sessions_init(&w->sessions, &session);
	history_init(&w->history, &options, &w->genres);
}

static void end(struct world *w)
{
	history_release(&w->history);
	sessions_release(&w->sessions);
	aggregate_sessions_release(&w->closed);
	intern_release(&w->users);
	intern_release(&w->contents);
	intern_release(&w->genres);
}

static struct state_history parts_of(struct world *w)
{
	return (struct state_history){ .sessions = &w->sessions,
				       .history = &w->history,
				       .closed = &w->closed,
				       .users = &w->users,
				       .contents = &w->contents,
				       .genres = &w->genres };
}

/* An event as it comes: names instead of ids. */
struct seen {
	int64_t ts;
	int user, content;
	enum event_type type;
	int64_t position, runtime, ratio;
};

/* Takes it; the row, its genre preference as that of a name, is what the world knows then. */
static struct event see(struct world *w, const struct seen *s, struct history_row *row)
{
	static const char *const genres[] = { "Drama", "Art, \"house\"", NULL, "Zoo" };
	struct event e = { .ts = s->ts,
			   .type = s->type,
			   .position = s->position,
			   .runtime = s->runtime,
			   .ratio = s->ratio,
			   .genre = INTERN_NONE };
	const char *genre = genres[s->content % 4];
	struct err err = ERR_INIT;
	char name[32];

	e.user = intern_id(&w->users, name, (size_t)snprintf(name, sizeof(name), "u%d", s->user));
	e.content = intern_id(&w->contents, name,
			      (size_t)snprintf(name, sizeof(name), "c,%d", s->content));
	if (genre)
		e.genre = intern_id(&w->genres, genre, strlen(genre));
	sessions_step(&w->sessions, &e);
	history_prepare(&w->history, &e);
	CHECK_INT(history_step(&w->history, &e, row, &err), 0);
	if (row->user_genre_preference != EVENT_UNKNOWN)
		row->user_genre_preference =
			*intern_string(&w->genres, (uint32_t)row->user_genre_preference)->s & 0x7f;
	/* As write_sessions of aggregate does. */
	while (aggregate_sessions_first(&w->closed))
		aggregate_sessions_pop(&w->closed);
	return e;
}

static struct seen draw(uint64_t *random, int64_t ts)
{
	struct seen s = { .ts = ts,
			  .user = (int)scratch_below(random, 12),
			  .content = (int)scratch_below(random, 9),
			  .type = (enum event_type)scratch_below(random, EVENT_N_TYPES),
			  .position = EVENT_UNKNOWN,
			  .runtime = EVENT_UNKNOWN,
			  .ratio = EVENT_UNKNOWN };

	if (scratch_below(random, 4)) {
		s.position = (int64_t)scratch_below(random, 2);
		s.runtime = 1;
		s.ratio = (int64_t)scratch_below(random, NUM_MILLION + 1);
	}
	return s;
}

static void write_state(struct world *w, int64_t until, const char *folder)
{
	const struct gz_output output = { .threads = 1, .no_sync = true };
	const struct state_history parts = parts_of(w);
	struct state_out out = STATE_OUT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(state_out_open(&out, folder, &output, &err), 0);
	CHECK_INT(state_history_write(&parts, until, &out, &err), 0);
	CHECK_INT(state_out_finish(&out, &err), 0);
	CHECK_INT(csv_writer_close(&out.folder, &err), 0);
	state_out_release(&out);
}

static int read_state(struct world *w, const char *folder, struct err *err)
{
	const struct state_history parts = parts_of(w);
	struct state_in in = STATE_IN_INIT;
	int rc = state_in_open(&in, folder, err) || state_history_read(&parts, &in, err) ? -1 : 0;

	state_in_release(&in);
	return rc;
}

static void check_same(const char *a, const char *b)
{
	static const char *const files[] = {
		"MANIFEST",     "users.csv.gz",    "contents.csv.gz",     "user_genres.csv.gz",
		"pairs.csv.gz", "viewings.csv.gz", "window_events.csv.gz"
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *paths[] = { reseal_path(a, files[i]), reseal_path(b, files[i]) };
		size_t n, m;
		char *x = scratch_read(paths[0], &n), *y = scratch_read(paths[1], &m);

		if (n != m || memcmp(x, y, n))
			CHECK_FAIL("%s and %s differ", paths[0], paths[1]);
		free(x);
		free(y);
		free(paths[0]);
		free(paths[1]);
	}
}

static void remove_states(void)
{
	CHECK_INT(system("rm -rf s1 s2 s3 s4"), 0);
}

static bool same_event(const struct event *a, const struct event *b)
{
	return a->prev_ts == b->prev_ts && a->session_id == b->session_id &&
	       a->session_start == b->session_start && a->deadline == b->deadline &&
	       a->completes == b->completes && a->phase == b->phase;
}

/*
 * What is read back is written as it was; it knows of the events to come what those know that were
 * never written down; and so does what these leave.
 */
static void a_state_goes_on_as_if_it_had_not_been(void)
{
	uint64_t random = 22;

	for (int round = 0; round < 30; round++) {
		enum session_completion complete_by = (enum session_completion)(round % 3);
		size_t n = round < 3 ? 0 : scratch_below(&random, 400);
		struct world through, back;
		struct err err = ERR_INIT;
		int64_t ts = 1;

		begin(&through, complete_by);
		begin(&back, complete_by);
		for (size_t i = 0; i < n; i++) {
			struct history_row row;
			struct seen s = draw(&random, ts += (int64_t)scratch_below(&random, 30));

			see(&through, &s, &row);
		}
		ts++;
		write_state(&through, ts, "s1");
		CHECK_INT(read_state(&back, "s1", &err), 0);
		CHECK_STR(err.message, "");
		write_state(&back, ts, "s2");
		check_same("s1", "s2");
		for (size_t i = 0; i < 200; i++) {
			struct seen s = draw(&random, ts += (int64_t)scratch_below(&random, 30));
			struct history_row row_through, row_back;
			struct event a = see(&through, &s, &row_through);
			struct event b = see(&back, &s, &row_back);

			CHECK(same_event(&a, &b));
			CHECK(!memcmp(&row_through, &row_back, sizeof(row_back)));
		}
		write_state(&through, ts + 1, "s3");
		write_state(&back, ts + 1, "s4");
		check_same("s3", "s4");
		remove_states();
		end(&through);
		end(&back);
	}
}

/* At the deadline itself, which is the end of the state, a session is gone on with; not after it.
 */
static void a_session_is_kept_until_its_deadline(void)
{
	for (int64_t late = 0; late < 2; late++) {
		struct seen s = { .ts = 7,
				  .type = EVENT_PAUSE,
				  .position = EVENT_UNKNOWN,
				  .runtime = EVENT_UNKNOWN,
				  .ratio = EVENT_UNKNOWN };
		struct history_row row;
		struct err err = ERR_INIT;
		struct world w, back;
		char *pairs;

		begin(&w, SESSION_BY_EVENT);
		see(&w, &s, &row);
		write_state(&w, 107 + late, "s1");
		pairs = reseal_read("s1", "pairs.csv.gz");
		CHECK_INT(strstr(pairs, ",107,pause,") != NULL, !late);
		free(pairs);
		begin(&back, SESSION_BY_EVENT);
		CHECK_INT(read_state(&back, "s1", &err), 0);
		s.ts = 107 + late;
		CHECK_INT(see(&back, &s, &row).session_id, 1 + late);
		end(&w);
		end(&back);
		remove_states();
	}
}

/* A small state of each kind of row, s1: 10 sessions, of which 6 are in viewings. */
static void write_sample(void)
{
	uint64_t random = 5;
	struct history_row row;
	struct world w;
	int64_t ts = 1;

	begin(&w, SESSION_BY_PLAYED);
	for (size_t i = 0; i < 12; i++) {
		struct seen s = draw(&random, ts += (int64_t)scratch_below(&random, 30));

		s.user %= 3;
		s.content %= 3;
		see(&w, &s, &row);
	}
	CHECK_INT(ts, 208);
	CHECK_INT(w.sessions.n, 10);
	write_state(&w, ts + 1, "s1");
	end(&w);
}

/* One wrong thing each, and where it is said to be. */
static const struct reseal_wrong edits[] = {
	/* Names: each once, and those of the tables before. */
	{ "users.csv.gz", "u1,1", "u0,1", ":3: column user_id: 'u0'" },
	{ "users.csv.gz", "u1,1", ",1", ":3: column user_id: ''" },
	{ "contents.csv.gz", "\"c,1\"", "\"c,0\"", ":3: column content_id: 'c,0'" },
	{ "user_genres.csv.gz", "u1,Drama", "u3,Drama", ":4: column user_id: 'u3'" },
	{ "user_genres.csv.gz", "u0,Drama", "u1,Drama", ":4: column genre: 'Drama'" },
	{ "user_genres.csv.gz", "u0,Drama", "u0,", ":2: column genre: ''" },
	{ "pairs.csv.gz", "u2,\"c,0\"", "u2,\"c,3\"", ":7: column content_id: 'c,3'" },
	{ "pairs.csv.gz", "u2,\"c,0\"", "u1,\"c,0\"", ":7: column content_id: 'c,0'" },
	{ "viewings.csv.gz", "6,u2", "6,u9", ":3: column user_id: 'u9'" },
	{ "window_events.csv.gz", "62,u1", "62,", ":4: column user_id: ''" },

	/* Counts and flags. */
	{ "users.csv.gz", "u0,2,1", "u0,2,3", ":2: column known_completions: '3'" },
	{ "users.csv.gz", "u0,2,1", "u0,-2,1", ":2: column known_sessions: '-2'" },
	{ "users.csv.gz", "u0,2,1", "u0,2147483648,1", ":2: column known_sessions: '2147483648'" },
	{ "users.csv.gz", "u0,2,1,1,", "u0,2,1,2,", ":2: column last_outcome: '2'" },
	{ "users.csv.gz", "u0,2,1,1,", "u0,2,1,,", ":2: column last_outcome: ''" },
	{ "users.csv.gz", ",208,10,", ",208,11,", ":2: column last_known_session: '11'" },
	{ "users.csv.gz", ",208,10,", ",208,x,", ":2: column last_known_session: no number: 'x'" },
	{ "contents.csv.gz", "2,1,136702", "2,1,1000001", ":3: column stop_ratio_sum: '1000001'" },
	{ "pairs.csv.gz", "145,1,1,7", "145,0,1,7", ":4: column sessions: '0'" },
	{ "pairs.csv.gz", "145,1,1,7", "145,1,1,0", ":4: column session: '0'" },
	{ "pairs.csv.gz", "145,1,1,7", "145,1,1,11", ":4: column session: '11'" },
	{ "pairs.csv.gz", "245,stop,0", "245,stop,", ":4: column came_near_end: ''" },
	{ "pairs.csv.gz", "1,0,0,26,0", "1,0,0,-1,0", ":5: column played: '-1'" },

	/* Types: one at least, and none that is no type. */
	{ "pairs.csv.gz", "pause+stop", "pause+stopp", "column event_types: 'pause+stopp'" },
	{ "pairs.csv.gz", "pause+stop", "pause++stop", "column event_types: 'pause++stop'" },
	{ "pairs.csv.gz", "pause+stop", "\"\"", ":3: column event_types: ''" },
	{ "viewings.csv.gz", ",complete,", ",,", ":7: column event_types: ''" },

	/* Times: none after the last event, 208, and in order. */
	{ "users.csv.gz", "0,101,,2", "0,209,,2", ":4: column last_event_ts: '209'" },
	{ "users.csv.gz", "0,101,,2", "0,101,209,2", ":4: column last_completion_ts: '209'" },
	{ "users.csv.gz", ",208,10,", ",209,10,", ":2: column last_known_ts: '209'" },
	{ "user_genres.csv.gz", "0,0,145", "0,0,0", ":4: column last_event_ts: '0'" },
	{ "user_genres.csv.gz", "0,0,145", "0,0,209", ":4: column last_event_ts: '209'" },
	{ "pairs.csv.gz", "\"c,1\",23,", "\"c,1\",209,", ":8: column last_event_ts: '209'" },
	{ "pairs.csv.gz", "7,145,245", "7,209,245", ":4: column started_ts: '209'" },
	{ "pairs.csv.gz", "7,145,245", "7,145,144", ":4: column deadline_ts: '144'" },
	{ "pairs.csv.gz", "7,145,245", "7,145,17592186044416",
	  ":4: column deadline_ts: '17592186044416'" },
	{ "viewings.csv.gz", "145,145,,245", "145,209,,245", ":4: column session_end_ts: '209'" },
	{ "viewings.csv.gz", "145,145,,245", "145,145,209,245", ":4: column completed_ts: '209'" },
	{ "viewings.csv.gz", "145,145,,245", "145,145,,17592186044416",
	  ":4: column closing_ts: '17592186044416'" },
	{ "window_events.csv.gz", "62,u1", "22,u1", ":4: column event_ts: '22'" },
	{ "window_events.csv.gz", "208,u0", "209,u0", ":11: column event_ts: '209'" },

	/* Sessions: each id to the last one, once. */
	{ "viewings.csv.gz", "6,u2", "5,u2", ":3: column session_id: '5'" },
	{ "viewings.csv.gz", "6,u2", "4503599627370495,u2",
	  ":3: column session_id: '4503599627370495'" },
	{ "viewings.csv.gz", "10,u0", "11,u0", ":7: column session_id: '11'" },
	{ "viewings.csv.gz", "6,u2,\"c,0\",Drama,101,101,,201,1,1,1,0,0,0.00168,stop,0,0,,,\n", "",
	  ":2: column session_id: '5'" },

	/* What is counted of the window is what is there. */
	{ "users.csv.gz", ",4,2,1444374", ",5,2,1444374", ":2: column window_events: '5'" },
	{ "users.csv.gz", ",4,2,1444374", ",4,3,1444374", ":2: column window_ratios: '3'" },
	{ "users.csv.gz", ",4,2,1444374", ",4,2,1444373",
	  ":2: column window_ratio_sum: '1444373'" },
	{ "user_genres.csv.gz", "0,0,145,1", "0,0,145,2", ":4: column window_events: '2'" },
	{ "window_events.csv.gz", "62,u1,,", "62,u1,Zoo,", ":4: column genre: 'Zoo'" },
	{ "window_events.csv.gz", "0.875616", "1.000001", ":8: column playback_ratio: '1.000001'" },

	/* The table itself. */
	{ "pairs.csv.gz", ",played,", ",player,", ": the columns are not those of a state" },
	{ "users.csv.gz", "user_id,", "", ": the columns are not those of a state" },
	{ "MANIFEST", "sessions 10", "sessions 4503599627370496", ": it has no number 'sessions'" },
	{ "MANIFEST", "last_ts 208", "last_ts -1", ": it has no number 'last_ts'" },
	{ "MANIFEST", "last_ts 208", "last_ts 4102444800000", ": last_ts is no event's" },
};

/* What a state says that cannot be is refused by file, line and column, whatever its sums. */
static void what_cannot_be_is_refused(void)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct err err = ERR_INIT;
		struct world w;

		write_sample();
		CHECK(reseal_edit("s1", edits[i].file, edits[i].old, edits[i].new));
		begin(&w, SESSION_BY_PLAYED);
		RESEAL_CHECK(&edits[i], "s1", read_state(&w, "s1", &err) != 0, err.message);
		end(&w);
		remove_states();
	}
}

/* What is edited and put back is taken: so it is the edit that is refused above. */
static void a_sample_as_it_is_is_taken(void)
{
	struct err err = ERR_INIT;
	struct world w;

	write_sample();
	CHECK(reseal_edit("s1", "users.csv.gz", "u1", "u1"));
	begin(&w, SESSION_BY_PLAYED);
	CHECK_INT(read_state(&w, "s1", &err), 0);
	CHECK_STR(err.message, "");
	end(&w);
	remove_states();
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(a_state_goes_on_as_if_it_had_not_been);
	RUN(a_session_is_kept_until_its_deadline);
	RUN(what_cannot_be_is_refused);
	RUN(a_sample_as_it_is_is_taken);
	scratch_leave(dir);
	return CHECK_DONE();
}
