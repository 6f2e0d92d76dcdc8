#include "state/state_online.h"

#include "history/history_parts.h"
#include "reseal.h"
#include "scratch.h"
#include "state/state_history.h"

/* What a state keeps of history and of online, over events that are made up. */
struct world {
	struct intern users, contents, genres;
	struct sessions sessions;
	struct history history;
	struct aggregate_sessions closed;
	struct online online;
};

static void begin(struct world *w, size_t n_experts)
{
	static const char *const columns[] = { "device", "plan_tier" };
	const struct csv_header header = { (const char **)columns, 2 };
	struct session_options session = SESSION_OPTIONS_INIT;
	struct history_options options = HISTORY_OPTIONS_INIT;
	struct err err = ERR_INIT;
	struct csv_reader in;

	*w = (struct world){ .users = INTERN_INIT,
			     .contents = INTERN_INIT,
			     .genres = INTERN_INIT,
			     .closed = AGGREGATE_SESSIONS_INIT,
			     .online = ONLINE_INIT };
	session.gap = 100;
	options.window = 500;
	options.closed = aggregate_session_closed;
	options.context = &w->closed;
	sessions_init(&w->sessions, &session);
	history_init(&w->history, &options, &w->genres);
	w->online.options.n = n_experts;
	for (size_t j = 0; j < n_experts; j++)
		w->online.options.drift[j] = (double)j * 0.1;
	csv_reader_open_rows(&in, "the output of ce-agg", &header, "ce-online");
	CHECK_INT(online_open(&w->online, &in, 2, NULL, &err), 0);
}

static void end(struct world *w)
{
	history_release(&w->history);
	sessions_release(&w->sessions);
	aggregate_sessions_release(&w->closed);
	online_release(&w->online);
	intern_release(&w->users);
	intern_release(&w->contents);
	intern_release(&w->genres);
}

/* An event as it comes: names instead of ids. */
struct seen {
	int64_t ts;
	int user, content;
	enum event_type type;
	int64_t runtime;
	const char *device, *plan;
};

static struct csv_field field(const char *text)
{
	return (struct csv_field){ text ? text : "", text ? (uint32_t)strlen(text) : 0, !text };
}

static struct online_row see(struct world *w, const struct seen *s)
{
	static const char *const genres[] = { "Drama", "Art, \"house\"", NULL, "Zoo" };
	struct csv_field fields[] = { field(s->device), field(s->plan) };
	const struct csv_row text = { .fields = fields, .n = 2 };
	struct event e = { .ts = s->ts,
			   .type = s->type,
			   .position = EVENT_UNKNOWN,
			   .runtime = s->runtime,
			   .ratio = EVENT_UNKNOWN,
			   .genre = INTERN_NONE };
	const char *genre = genres[s->content % 4];
	struct history_row known;
	struct online_row row = { 0 };
	struct err err = ERR_INIT;
	char name[32];

	e.user = intern_id(&w->users, name, (size_t)snprintf(name, sizeof(name), "u%d", s->user));
	e.content = intern_id(&w->contents, name,
			      (size_t)snprintf(name, sizeof(name), "c,%d", s->content));
	if (genre)
		e.genre = intern_id(&w->genres, genre, strlen(genre));
	sessions_step(&w->sessions, &e);
	history_prepare(&w->history, &e);
	CHECK_INT(history_step(&w->history, &e, &known, &err), 0);
	CHECK_INT(online_step(&w->online, &text, &e, &row, &err), 0);
	while (aggregate_sessions_first(&w->closed))
		aggregate_sessions_pop(&w->closed);
	return row;
}

static struct seen draw(uint64_t *random, int64_t ts)
{
	static const int64_t runtimes[] = { EVENT_UNKNOWN, 0, 1, 90, 5400, 2147483647 };
	static const char *const words[] = { NULL, "", "tv", "a, \"b\"\n", "phone" };

	return (struct seen){ .ts = ts,
			      .user = (int)scratch_below(random, 12),
			      .content = (int)scratch_below(random, 9),
			      .type = (enum event_type)scratch_below(random, EVENT_N_TYPES),
			      .runtime = runtimes[scratch_below(random, 6)],
			      .device = words[scratch_below(random, 5)],
			      .plan = words[scratch_below(random, 5)] };
}

static struct state_history history_of(struct world *w)
{
	return (struct state_history){ .sessions = &w->sessions,
				       .history = &w->history,
				       .closed = &w->closed,
				       .online = &w->online,
				       .users = &w->users,
				       .contents = &w->contents,
				       .genres = &w->genres };
}

static void write_state(struct world *w, int64_t until, const char *folder)
{
	const struct state_online online = { .online = &w->online,
					     .users = &w->users,
					     .contents = &w->contents,
					     .genres = &w->genres };
	const struct gz_output output = { .threads = 1, .no_sync = true };
	const struct state_history history = history_of(w);
	struct state_out out = STATE_OUT_INIT;
	struct err err = ERR_INIT;

	online_settle(&w->online, until);
	CHECK_INT(state_out_open(&out, folder, &output, &err), 0);
	manifest_add_int(&out.manifest, "until", until);
	CHECK_INT(state_history_write(&history, until, &out, &err), 0);
	CHECK_INT(state_online_write(&online, &out, &err), 0);
	CHECK_INT(state_out_finish(&out, &err), 0);
	CHECK_INT(csv_writer_close(&out.folder, &err), 0);
	state_out_release(&out);
}

static int read_state(struct world *w, const char *folder, struct err *err)
{
	const struct state_online online = { .online = &w->online,
					     .users = &w->users,
					     .contents = &w->contents,
					     .genres = &w->genres };
	const struct state_history history = history_of(w);
	struct state_in in = STATE_IN_INIT;
	int rc = state_in_open(&in, folder, err) || state_history_read(&history, &in, err) ||
				 state_online_read(&online, &in, err)
			 ? -1
			 : 0;

	state_in_release(&in);
	return rc;
}

static void check_same(const char *a, const char *b)
{
	static const char *const files[] = { "MANIFEST", "viewings.csv.gz",
					     "online_effects.csv.gz" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *x = reseal_read(a, files[i]), *y = reseal_read(b, files[i]);

		if (strcmp(x, y) != 0)
			CHECK_FAIL("%s of %s and %s differ", files[i], a, b);
		free(x);
		free(y);
	}
}

static void remove_states(void)
{
	CHECK_INT(system("rm -rf s1 s2 s3 s4"), 0);
}

/* What is read back is written as it was, and goes on to the same bits, whatever ends the state. */
static void a_state_goes_on_as_if_it_had_not_been(void)
{
	uint64_t random = 23;

	for (int round = 0; round < 40; round++) {
		size_t n_experts = 1 + (size_t)round % 4;
		size_t n = round < 3 ? 0 : scratch_below(&random, 400);
		struct world through, back;
		struct err err = ERR_INIT;
		int64_t ts = 1, until;

		begin(&through, n_experts);
		begin(&back, n_experts);
		for (size_t i = 0; i < n; i++) {
			struct seen s = draw(&random, ts += (int64_t)scratch_below(&random, 30));

			see(&through, &s);
		}
		until = ts + 1 + (int64_t)scratch_below(&random, 150);
		write_state(&through, until, "s1");
		CHECK_INT(read_state(&back, "s1", &err), 0);
		CHECK_STR(err.message, "");
		write_state(&back, until, "s2");
		check_same("s1", "s2");
		ts = until;
		for (size_t i = 0; i < 200; i++) {
			struct seen s = draw(&random, ts += (int64_t)scratch_below(&random, 30));
			struct online_row a = see(&through, &s), b = see(&back, &s);

			CHECK_INT(a.online_logit, b.online_logit);
			CHECK_INT(a.online_logit_sd, b.online_logit_sd);
		}
		write_state(&through, ts + 1, "s3");
		write_state(&back, ts + 1, "s4");
		check_same("s3", "s4");
		remove_states();
		end(&through);
		end(&back);
	}
}

/* Where a session closes at the end of a state it is open there; a millisecond later it is not. */
static void a_session_has_levels_until_it_closes(void)
{
	for (int64_t late = 0; late < 2; late++) {
		const struct seen s = {
			.ts = 7, .type = EVENT_PAUSE, .runtime = 90, .device = "tv", .plan = "free"
		};
		struct err err = ERR_INIT;
		struct world w, back;
		char *viewings;

		begin(&w, 2);
		see(&w, &s);
		write_state(&w, 107 + late, "s1");
		viewings = reseal_read("s1", "viewings.csv.gz");
		CHECK_INT(strstr(viewings, ",tv,free,12\n") != NULL, !late);
		CHECK_INT(strstr(viewings, ",,,\n") != NULL, late);
		free(viewings);
		begin(&back, 2);
		CHECK_INT(read_state(&back, "s1", &err), 0);
		CHECK_INT(back.online.outcomes.n_open, !late);
		end(&w);
		end(&back);
		remove_states();
	}
}

/* A small state, s1, of each level, some of whose sessions are open; until 401. */
static void write_sample(void)
{
	static const struct seen events[] = {
		{ 10, 0, 0, EVENT_PLAY, 90, "tv", "free" },
		{ 20, 1, 1, EVENT_PLAY, 0, "phone", "basic" },
		{ 30, 0, 0, EVENT_COMPLETE, 90, NULL, NULL },
		{ 300, 0, 1, EVENT_PAUSE, 91, "tv", NULL },
		{ 310, 2, 2, EVENT_PAUSE, EVENT_UNKNOWN, NULL, "free" },
		{ 320, 2, 2, EVENT_PAUSE, 90, "tv", "free" },
		{ 330, 3, 1, EVENT_PAUSE, 5400, "tv", NULL },
	};
	struct world w;

	begin(&w, 2);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		see(&w, &events[i]);
	write_state(&w, 401, "s1");
	end(&w);
}

#define EFFECTS  "online_effects.csv.gz"
#define VIEWINGS "viewings.csv.gz"

/* One wrong thing each, and where it is said to be. */
static const struct reseal_wrong edits[] = {
	/* Levels and their values. */
	{ EFFECTS, "user,u1,,0,", "users,u1,,0,", ":6: column level: 'users'" },
	{ EFFECTS, "user,u1,,0,", ",u1,,0,", ":6: column level: ''" },
	{ EFFECTS, "bias,,,0,", "bias,u0,,0,", ":2: column level_value: 'u0'" },
	{ EFFECTS, "user,u1,,0,", "user,u9,,0,", ":6: column level_value: 'u9'" },
	{ EFFECTS, "user,u1,,0,", "user,,,0,", ":6: column level_value: ''" },
	{ EFFECTS, "content,\"c,1\",,0,", "content,u1,,0,", ":10: column level_value: 'u1'" },
	{ EFFECTS, "user_genre,u1,\"Art, \"\"house\"\"\",0,",
	  "user_genre,u9,\"Art, \"\"house\"\"\",0,", ":16: column level_value: 'u9'" },
	{ EFFECTS, "user_genre,u0,Drama,0,", "user_genre,u0,,0,", ":14: column genre: ''" },
	{ EFFECTS, "user_genre,u0,Drama,0,", "user_genre,u0,\"\",0,", ":14: column genre: ''" },
	{ EFFECTS, "genre,Drama,,0,", "genre,,,0,", ":20: column level_value: ''" },
	{ EFFECTS, "device,tv,,0,", "device,\"\",,0,", ":24: column level_value: ''" },
	{ EFFECTS, "hour,0,,0,", "hour,24,,0,", ":26: column level_value: '24'" },
	{ EFFECTS, "hour,0,,0,", "hour,-1,,0,", ":26: column level_value: '-1'" },
	{ EFFECTS, "hour,0,,0,", "hour,x,,0,", ":26: column level_value: 'x'" },
	{ EFFECTS, "plan,free,,0,", "plan,,,0,", ":30: column level_value: ''" },
	{ EFFECTS, "runtime,13,,0,", "runtime,64,,0,", ":36: column level_value: '64'" },
	{ EFFECTS, "runtime,13,,0,", "runtime,,,0,", ":36: column level_value: ''" },
	{ EFFECTS, "user,u1,,0,", "user,u1,Drama,0,", ":6: column genre: 'Drama'" },

	/* Numbers: the experts of this run, and what they can have come to. */
	{ EFFECTS, "bias,,,0,", "bias,,,0.1,", ":2: column drift: '0.1'" },
	{ EFFECTS, "user,u0,,0.1,", "user,u0,,0.2,", ":5: column drift: '0.2'" },
	{ EFFECTS, "bias,,,0,0.4", "bias,,,0,-0.4", ":2: column weight: '-0.4" },
	{ EFFECTS, "bias,,,0,0.4", "bias,,,0,1.4", ":2: column weight: '1.4" },
	{ EFFECTS, "bias,,,0,0.4", "bias,,,0,0.3", ":3: column weight: '0.5000000019671114'" },
	{ EFFECTS, "user,u1,,0,0.4", "user,u1,,0,0.3", ":6: column weight: '0.3" },
	{ EFFECTS, "user,u1,,0.1,0.5", "user,u1,,0.1,0.6", ":7: column weight: '0.6" },
	{ EFFECTS, "-0.20621561244125727", "nan", ":2: column mean: " },
	{ EFFECTS, "-0.20621561244125727", "-1000000001", ":2: column mean: '-1000000001'" },
	{ EFFECTS, "-0.20621561244125727", "", ":2: column mean: ''" },
	{ EFFECTS, "0.6852349209252409", "1.0000001", ":2: column variance: '1.0000001'" },
	{ EFFECTS, "0.578903330499834,", "0.7000001,", ":4: column variance: '0.7000001'" },
	{ EFFECTS, "0.6852349209252409", "-0.1", ":2: column variance: '-0.1'" },
	{ EFFECTS, "0.6852349209252409", "nan", ":2: column variance: " },
	{ EFFECTS, "0.6852349209252409", "inf", ":2: column variance: " },
	{ EFFECTS, "0.827789,400", "0.827789,401", ":2: column updated_ts: '401'" },
	{ EFFECTS, "0.827789,400", "0.827789,0", ":2: column updated_ts: '0'" },
	{ EFFECTS, "0.827789,400", "0.827789,", ":2: column updated_ts: ''" },
	{ EFFECTS, "0.760857,400\nuser,u1", "0.760857,399\nuser,u1",
	  ":5: column updated_ts: '399'" },
	{ EFFECTS, "0.760857,400\nuser,u1", "0.760857,\nuser,u1", ":5: column updated_ts: ''" },

	/* Effects: each once, with a row an expert. */
	{ EFFECTS, "user,u1,,0,", "user,u0,,0,", ":6: column level_value: 'u0'" },
	{ EFFECTS, "user_genre,u0,Drama,0,", "user_genre,u0,\"Art, \"\"house\"\"\",0,",
	  ":14: column level_value: 'u0'" },
	{ EFFECTS, "content,\"c,1\",,0.1,", "user,u0,,0.1,", ":11: column level_value: 'u0'" },
	{ EFFECTS, "device,phone,,0.1,", "user,u1,,0.1,", ":23: column level_value: 'u1'" },
	{ EFFECTS, "hour,0,,0.1,", "hour,1,,0.1,", ":27: column level_value: '1'" },
	{ EFFECTS,
	  "runtime,13,,0.1,0.5000000019671114,-0.13926586184941928,0.4649518076414222,0.681874,"
	  "400\n",
	  "", ": an effect is cut: 2 experts have a row each" },
	{ EFFECTS, ",sd,", ",sigma,", ": the columns are not those of a state" },

	/* The levels of open sessions, of which a pair has one. */
	{ VIEWINGS, ",free,unknown", "x,free,64", ":3: column runtime_level: '64'" },
	{ VIEWINGS, ",free,unknown", ",free,", ":3: column runtime_level: ''" },
	{ VIEWINGS, ",free,unknown", "\"\",free,unknown", ":3: column device: ''" },
	{ VIEWINGS, ",free,unknown", ",\"\",unknown", ":3: column plan_tier: ''" },
	{ VIEWINGS, "\"c,2\",,310", "\"c,2\",\"\",310", ":3: column genre: ''" },
	{ VIEWINGS, "5,u3,\"c,1\"", "5,u2,\"c,2\"", ":4: column content_id: 'c,2'" },
};

/* What a state says that cannot be is refused by file, line and column, whatever its sums. */
static void what_cannot_be_is_refused(void)
{
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		struct err err = ERR_INIT;
		struct world w;

		write_sample();
		if (!reseal_edit("s1", edits[i].file, edits[i].old, edits[i].new))
			CHECK_FAIL("%s: '%s' is not there", edits[i].file, edits[i].old);
		begin(&w, 2);
		RESEAL_CHECK(&edits[i], "s1", read_state(&w, "s1", &err) != 0, err.message);
		end(&w);
		remove_states();
	}
}

/* Rows of the bias alone, of one expert or two, whose weights are these. */
static int read_weights(const char *a, const char *b, struct err *err)
{
	char *text, rows[512];
	struct world w;
	int rc;

	write_sample();
	text = reseal_read("s1", EFFECTS);
	snprintf(rows, sizeof(rows), "bias,,,0,%s,-0.2,0.6,0.774597,400\n", a);
	if (b)
		snprintf(rows + strlen(rows), sizeof(rows) - strlen(rows),
			 "bias,,,0.1,%s,-0.2,0.6,0.774597,400\n", b);
	CHECK(reseal_edit("s1", EFFECTS, strstr(text, "bias"), rows));
	free(text);
	begin(&w, b ? 2 : 1);
	rc = read_state(&w, "s1", err);
	CHECK(rc || (effects_find(&w.online.effects, EFFECTS_BIAS, 0)->updated == 400));
	end(&w);
	remove_states();
	return rc;
}

/* They sum to 1 but for their rounding, after which one may be above it. */
static void weights_that_do_not_sum_to_1_are_refused(void)
{
	struct err err = ERR_INIT;

	CHECK_INT(read_weights("0.25", "0.75", &err), 0);
	CHECK_INT(read_weights("0.25", "0.7500000000000002", &err), 0);
	CHECK_INT(read_weights("1", "0", &err), 0);
	CHECK_INT(read_weights("1", NULL, &err), 0);
	CHECK_INT(read_weights("1.0000000000000002", NULL, &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(read_weights("0", "0", &err), -1);
	CHECK_STR(err.message, "s1/online_effects.csv.gz:3: column weight: '0' is not what a state "
			       "has there");
	err = (struct err)ERR_INIT;
	CHECK_INT(read_weights("0.5", "0.500001", &err), -1);
	CHECK_STR(err.message,
		  "s1/online_effects.csv.gz:3: column weight: '0.500001' is not what a "
		  "state has there");
	err = (struct err)ERR_INIT;
	CHECK_INT(read_weights("0.999", NULL, &err), -1);
	CHECK_STR(err.message, "s1/online_effects.csv.gz:2: column weight: '0.999' is not what a "
			       "state has there");
}

/* What is edited and put back is taken: so it is the edit that is refused above. */
static void a_sample_as_it_is_is_taken(void)
{
	struct err err = ERR_INIT;
	struct world w;

	write_sample();
	CHECK(reseal_edit("s1", EFFECTS, "bias", "bias"));
	begin(&w, 2);
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
	RUN(a_session_has_levels_until_it_closes);
	RUN(what_cannot_be_is_refused);
	RUN(weights_that_do_not_sum_to_1_are_refused);
	RUN(a_sample_as_it_is_is_taken);
	scratch_leave(dir);
	return CHECK_DONE();
}
