#include "history/online.h"

#include "base/num.h"
#include "history/session.h"
#include "scratch.h"
#include "table/csvreader.h"

#define N_USERS    7
#define N_CONTENTS 6
#define N_GENRES   3
#define N_DEVICES  3
#define N_PLANS    2
#define MAX_EVENTS 600
#define HOUR       INT64_C(3600000)
#define DAY        (24 * HOUR)

static const char *const columns[] = { "device", "plan_tier" };

/* An event, its columns in place: those of sessions, and the two texts (NULL: none). */
struct seen {
	struct event e;
	const char *device, *plan;
};

static struct csv_field field(const char *text)
{
	return (struct csv_field){ text ? text : "", text ? (uint32_t)strlen(text) : 0, !text };
}

static void begin(struct online *o)
{
	const struct csv_header header = { (const char **)columns, 2 };
	struct err err = ERR_INIT;
	struct csv_reader in;

	*o = (struct online)ONLINE_INIT;
	o->options.drift[1] = 2; /* so that the experts differ */
	csv_reader_open_rows(&in, "the output of ce-agg", &header, "ce-online");
	CHECK_INT(online_open(o, &in, 2, NULL, &err), 0);
	CHECK_STR(err.message, "");
}

static int step(struct online *o, const struct seen *s, struct online_row *row, struct err *err)
{
	struct csv_field fields[] = { field(s->device), field(s->plan) };
	const struct csv_row text = { .fields = fields, .n = 2 };

	return online_step(o, &text, &s->e, row, err);
}

static struct online_row see(struct online *o, const struct seen *s)
{
	struct online_row row = { 0 };
	struct err err = ERR_INIT;

	CHECK_INT(step(o, s, &row, &err), 0);
	CHECK_STR(err.message, "");
	return row;
}

static bool same_row(const struct online_row *a, const struct online_row *b)
{
	return a->online_logit == b->online_logit && a->online_logit_sd == b->online_logit_sd;
}

/*
 * Viewings that meet: several users and contents, events of one millisecond, completions, rewatches
 * and sessions that close at a millisecond at which there are events. In mid-viewing the other
 * columns are anything.
 */
static void draw(uint64_t *random, struct seen *seen, size_t n)
{
	static const char *const devices[] = { NULL, "", "tv", "phone" };
	static const char *const plans[] = { "free", "", "basic" };
	static const int64_t runtimes[] = { EVENT_UNKNOWN, 0, 1, 90, 91, 2147483647 };
	struct session_options options = SESSION_OPTIONS_INIT;
	struct sessions sessions;
	int64_t ts = 1;

	options.gap = 20;
	options.plain_gap = true;
	sessions_init(&sessions, &options);
	for (size_t i = 0; i < n; i++) {
		const uint32_t genre = (uint32_t)scratch_below(random, N_GENRES + 1);

		ts += (int64_t)scratch_below(random, 2);
		if (!scratch_below(random, 40))
			ts += (int64_t)scratch_below(random, 2 * DAY);
		seen[i] = (struct seen){
			.e = { .ts = ts,
			       .user = (uint32_t)scratch_below(random, N_USERS),
			       .content = (uint32_t)scratch_below(random, N_CONTENTS),
			       .type = scratch_below(random, 6) ? EVENT_PLAY : EVENT_COMPLETE,
			       .position = EVENT_UNKNOWN,
			       .runtime = runtimes[scratch_below(random, 6)],
			       .ratio = EVENT_UNKNOWN,
			       .genre = genre < N_GENRES ? genre : INTERN_NONE },
			.device = devices[scratch_below(random, 4)],
			.plan = plans[scratch_below(random, 3)],
		};
		sessions_step(&sessions, &seen[i].e);
	}
	sessions_release(&sessions);
}

/* --- An online of its own: outcomes by the definition, sorted and learnt. */

struct viewing {
	int64_t id, known;
	uint32_t user, content;
	bool is_completed;
	struct effects_ids ids;
};

/* Edges of what a runtime is as a level: the bit length of its square. */
static uint32_t runtime_level(int64_t runtime)
{
	uint32_t level = 0;

	for (uint64_t square = runtime > 0 ? (uint64_t)(runtime * runtime) : 0; square; square /= 2)
		level++;
	return level;
}

static uint32_t word(const char *text)
{
	return text && *text ? (uint32_t)(unsigned char)*text : INTERN_NONE;
}

static struct effects_ids levels_of(const struct seen *s)
{
	const struct event *e = &s->e;

	return (struct effects_ids){ {
		[EFFECTS_BIAS] = 0,
		[EFFECTS_USER] = e->user,
		[EFFECTS_CONTENT] = e->content,
		[EFFECTS_USER_GENRE] = e->genre == INTERN_NONE ? INTERN_NONE
							       : e->user * N_GENRES + e->genre,
		[EFFECTS_GENRE] = e->genre,
		[EFFECTS_DEVICE] = word(s->device),
		[EFFECTS_HOUR] = (uint32_t)(e->ts % DAY / HOUR),
		[EFFECTS_PLAN] = word(s->plan),
		[EFFECTS_RUNTIME] = runtime_level(e->runtime),
	} };
}

static int compare_viewings(const void *a, const void *b)
{
	const struct viewing *x = a, *y = b;

	if (x->known != y->known)
		return x->known < y->known ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* The viewings by (known time, id); at[id - 1] is the place of one. */
static size_t find_viewings(const struct seen *seen, size_t n, struct viewing *v, size_t *at)
{
	size_t n_viewings = 0;

	for (size_t i = 0; i < n; i++) {
		const struct event *e = &seen[i].e;
		struct viewing *own = &v[e->session_id - 1];

		if ((size_t)e->session_id > n_viewings) {
			for (size_t k = 0; k < n_viewings; k++)
				if (v[k].user == e->user && v[k].content == e->content &&
				    !v[k].is_completed && v[k].known > e->ts)
					v[k].known = e->ts;
			n_viewings++;
			*own = (struct viewing){ .id = e->session_id,
						 .user = e->user,
						 .content = e->content,
						 .ids = levels_of(&seen[i]) };
		}
		if (!own->is_completed)
			own->known = e->completes ? e->ts : e->deadline;
		own->is_completed |= e->completes;
	}
	qsort(v, n_viewings, sizeof(*v), compare_viewings);
	for (size_t k = 0; k < n_viewings; k++)
		at[v[k].id - 1] = k;
	return n_viewings;
}

static bool same_effect(const struct effect *a, const struct effect *b)
{
	if (!a || !b)
		return a == b;
	for (int j = 0; j < 2; j++)
		if (a->by[j].mean != b->by[j].mean || a->by[j].variance != b->by[j].variance)
			return false;
	return a->updated == b->updated;
}

/* Of the bias and those levels whose ids are the same for both. */
static bool same_effects(const struct effects *a, const struct effects *b)
{
	static const enum effects_level same[] = { EFFECTS_BIAS,  EFFECTS_USER, EFFECTS_CONTENT,
						   EFFECTS_GENRE, EFFECTS_HOUR, EFFECTS_RUNTIME };

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		for (uint32_t id = 0; id < 80; id++)
			if (!same_effect(effects_find(a, same[i], id),
					 effects_find(b, same[i], id)))
				return false;
	return a->weight[0] == b->weight[0] && a->weight[1] == b->weight[1];
}

/*
 * Outcomes are learnt by (known time, session_id), by who is later; a session has the levels of its
 * first event. How often a completion and a closing meet, and what their ids say then.
 */
static void an_event_knows_what_was_known_before_it(void)
{
	static struct viewing v[MAX_EVENTS];
	static struct seen seen[MAX_EVENTS];
	static size_t at[MAX_EVENTS];
	size_t n_later = 0, n_earlier = 0;
	uint64_t random = 1;

	for (int round = 0; round < 60; round++) {
		size_t n = 1 + scratch_below(&random, MAX_EVENTS), k = 0, n_viewings;
		uint32_t n_open = 0;
		struct effects e;
		struct online o;

		draw(&random, seen, n);
		n_viewings = find_viewings(seen, n, v, at);
		for (size_t i = 1; i < n_viewings; i++) {
			if (v[i - 1].known != v[i].known)
				continue;
			n_later += v[i - 1].is_completed && !v[i].is_completed;
			n_earlier += !v[i - 1].is_completed && v[i].is_completed;
		}
		begin(&o);
		effects_init(&e, &o.options);
		for (size_t i = 0; i < n; i++) {
			const int64_t ts = seen[i].e.ts;
			struct effects_belief belief;
			struct online_row row;

			for (; k < n_viewings && v[k].known < ts; k++)
				effects_learn(&e, &v[k].ids, v[k].known, v[k].is_completed);
			belief = effects_predict(&e, &v[at[seen[i].e.session_id - 1]].ids, ts);
			row = see(&o, &seen[i]);
			CHECK_INT(row.online_logit, llround(belief.logit * NUM_MILLION));
			CHECK_INT(row.online_logit_sd, llround(belief.sd * NUM_MILLION));
			CHECK(same_effects(&o.effects, &e));
			n_open = o.outcomes.n_open > n_open ? o.outcomes.n_open : n_open;
		}
		/* All the rest, if the log goes on for as long. */
		online_settle(&o, INT64_MAX);
		for (; k < n_viewings; k++)
			effects_learn(&e, &v[k].ids, v[k].known, v[k].is_completed);
		CHECK(same_effects(&o.effects, &e));
		CHECK_INT(o.outcomes.n_open, 0);
		CHECK_INT(o.open.n, n_open); /* what closed makes room */
		effects_release(&e);
		online_release(&o);
	}
	CHECK(n_later > 20 && n_earlier > 100);
}

/* A row that nobody asks for changes nothing. */
static void a_row_leaves_nothing_behind(void)
{
	static struct seen seen[MAX_EVENTS];
	struct online asked, not_asked;
	struct err err = ERR_INIT;
	uint64_t random = 2;

	draw(&random, seen, MAX_EVENTS);
	begin(&asked);
	begin(&not_asked);
	for (size_t i = 0; i < MAX_EVENTS; i++) {
		const struct event_ids ids = { .user = seen[i].e.user,
					       .content = seen[i].e.content };
		struct online_row row = see(&asked, &seen[i]), other = row;

		online_prefetch(&asked, &ids);
		CHECK_INT(step(&not_asked, &seen[i], i % 7 ? NULL : &other, &err), 0);
		CHECK(same_row(&row, &other));
	}
	CHECK(same_effects(&asked.effects, &not_asked.effects));
	online_release(&asked);
	online_release(&not_asked);
}

/* --- A cut, and what goes on from it. */

/* The strings of b get ids of their own. */
static uint32_t id_again(const struct intern *a, struct intern *b, uint32_t id)
{
	const struct intern_string *s;

	if (id == INTERN_NONE)
		return id;
	s = intern_string(a, id);
	return intern_id(b, s->s, s->len);
}

static void copy_effects(struct online *a, struct online *b)
{
	for (int k = 0; k < EFFECTS_N_LEVELS; k++) {
		const enum effects_level level = (enum effects_level)k;

		for (uint32_t id = 0; id < a->effects.levels[k].n; id++) {
			const struct effect *effect = effects_find(&a->effects, level, id);
			uint32_t own = id;

			if (!effect || level == EFFECTS_USER_GENRE)
				continue;
			if (level == EFFECTS_DEVICE)
				own = id_again(&a->devices, &b->devices, id);
			else if (level == EFFECTS_PLAN)
				own = id_again(&a->plans, &b->plans, id);
			memcpy(effects_get(&b->effects, level, own), effect, a->effects.size);
		}
	}
	for (uint32_t user = 0; user < N_USERS; user++)
		for (uint32_t genre = N_GENRES; genre--;) {
			const uint32_t *from = pairs_find(&a->user_genres, user, genre);
			const struct effect *effect =
				from ? effects_find(&a->effects, EFFECTS_USER_GENRE, *from - 1)
				     : NULL;

			if (effect)
				memcpy(effects_get(&b->effects, EFFECTS_USER_GENRE,
						   online_user_genre(b, user, genre)),
				       effect, a->effects.size);
		}
	memcpy(b->effects.weight, a->effects.weight, sizeof(a->effects.weight));
}

/* Of a, settled up to `until`; b is new. */
static size_t go_on_from(struct online *a, struct online *b, int64_t until)
{
	const struct outcome_session **open;
	size_t n = a->outcomes.n_open;

	begin(b);
	intern_id(&b->devices, "phone", 5); /* other ids than those of a */
	copy_effects(a, b);
	b->now = a->now;
	b->outcomes.n = a->outcomes.n;
	open = outcomes_sorted(&a->outcomes);
	for (size_t i = 0; i < n; i++) {
		const struct effects_ids *levels = online_levels(a, open[i]);

		CHECK(open[i]->closing >= until);
		if (levels)
			online_restore(
				b, open[i],
				id_again(&a->devices, &b->devices, levels->of[EFFECTS_DEVICE]),
				id_again(&a->plans, &b->plans, levels->of[EFFECTS_PLAN]),
				levels->of[EFFECTS_RUNTIME]);
		else
			CHECK_FAIL("session %" PRId64 " has no levels", open[i]->id);
	}
	free(open);
	return n;
}

/* To the same bits as without the cut, by the one that was settled, too. */
static void a_cut_changes_nothing(void)
{
	static struct seen seen[MAX_EVENTS];
	size_t n_open = 0;
	uint64_t random = 3;

	for (int round = 0; round < 100; round++) {
		const size_t n = 2 + scratch_below(&random, MAX_EVENTS - 2);
		size_t cut = 1 + scratch_below(&random, n - 1);
		struct online through, settled, back;
		int64_t until;

		draw(&random, seen, n);
		while (cut && seen[cut - 1].e.ts == seen[cut].e.ts)
			cut--;
		until = cut ? seen[cut - 1].e.ts + 1 : 1;
		until += (int64_t)scratch_below(&random, (size_t)(seen[cut].e.ts - until + 1));
		begin(&through);
		begin(&settled);
		for (size_t i = 0; i < cut; i++) {
			see(&through, &seen[i]);
			see(&settled, &seen[i]);
		}
		online_settle(&settled, until);
		n_open += go_on_from(&settled, &back, until);
		for (size_t i = cut; i < n; i++) {
			struct online_row a = see(&through, &seen[i]);
			struct online_row b = see(&settled, &seen[i]);
			struct online_row c = see(&back, &seen[i]);

			CHECK(same_row(&a, &b));
			CHECK(same_row(&a, &c));
		}
		CHECK(same_effects(&through.effects, &settled.effects));
		CHECK(same_effects(&through.effects, &back.effects));
		online_release(&through);
		online_release(&settled);
		online_release(&back);
	}
	CHECK(n_open > 100);
}

/* Of a pair whose session closed and whose next is open, the levels are not the first's. */
static void levels_are_those_of_the_open_session(void)
{
	const struct outcome_session *open;
	struct outcome_session closed;
	struct seen s = { .e = { .ts = 5,
				 .session_id = 1,
				 .session_start = 5,
				 .deadline = 10,
				 .prev_ts = EVENT_UNKNOWN,
				 .runtime = 2,
				 .genre = INTERN_NONE } };
	struct online o;

	begin(&o);
	see(&o, &s);
	closed = *outcomes_find(&o.outcomes, 0, 0);
	CHECK_INT(online_levels(&o, &closed)->of[EFFECTS_RUNTIME], 3);
	online_settle(&o, 10);
	CHECK(online_levels(&o, &closed) != NULL);
	online_settle(&o, 11);
	CHECK(!online_levels(&o, &closed));
	s.e.ts = s.e.session_start = 20;
	s.e.session_id = 2;
	s.e.deadline = 30;
	s.e.prev_ts = 5;
	s.e.runtime = 1;
	see(&o, &s);
	open = outcomes_find(&o.outcomes, 0, 0);
	CHECK_INT(online_levels(&o, open)->of[EFFECTS_RUNTIME], 1);
	CHECK(!online_levels(&o, &closed));
	online_release(&o);
}

/* Whose columns are refused, with what is wrong with them. */
static void sessions_that_contradict_each_other_are_refused(void)
{
	struct seen s = { .e = { .ts = 5,
				 .session_id = 2,
				 .session_start = 5,
				 .deadline = 10,
				 .prev_ts = EVENT_UNKNOWN,
				 .genre = INTERN_NONE } };
	struct online_row row;
	struct err err = ERR_INIT;
	struct online o;

	begin(&o);
	CHECK_INT(step(&o, &s, &row, &err), -1);
	CHECK_STR(err.message, "session 2 is neither the next one, 1, nor open for its user and "
			       "content");
	online_release(&o);
}

/* --- The effects as a table. */

/* The effects of a log, as bytes; the ids of everything are in the reverse order, or not. */
static char *effects_of(const struct seen *seen, size_t n, bool reversed, size_t *len)
{
	static const char *const names[] = { "b", "a,\"", "", "ab", "B", "a", "\xc3\x91" };
	const struct gz_output output = { .path = "effects", .plain = true, .no_sync = true };
	struct intern ids[3] = { INTERN_INIT, INTERN_INIT, INTERN_INIT };
	static const uint32_t sizes[] = { N_USERS, N_CONTENTS, N_GENRES };
	struct csv_writer out = CSV_WRITER_INIT;
	struct err err = ERR_INIT;
	struct online o;

	begin(&o);
	for (int i = 0; i < 3; i++)
		for (uint32_t k = 0; k < sizes[i]; k++) {
			const char *name = names[reversed ? sizes[i] - 1 - k : k];

			intern_id(&ids[i], name, strlen(name));
		}
	if (reversed) {
		intern_id(&o.devices, "tv", 2);
		intern_id(&o.devices, "none", 4);
		intern_id(&o.devices, "phone", 5);
		intern_id(&o.plans, "zero", 4);
		for (uint32_t user = N_USERS; user--;)
			for (uint32_t genre = 0; genre < N_GENRES; genre++)
				online_user_genre(&o, user, genre);
	}
	for (size_t i = 0; i < n; i++) {
		struct seen s = seen[i];

		if (reversed) {
			s.e.user = N_USERS - 1 - s.e.user;
			s.e.content = N_CONTENTS - 1 - s.e.content;
			if (s.e.genre != INTERN_NONE)
				s.e.genre = N_GENRES - 1 - s.e.genre;
		}
		see(&o, &s);
	}
	CHECK_INT(csv_writer_open(&out, &output, &err), 0);
	CHECK_INT(online_put_effects(&o, &ids[0], &ids[1], &ids[2], &out, &err), 0);
	CHECK_INT(csv_writer_close(&out, &err), 0);
	online_release(&o);
	for (int i = 0; i < 3; i++)
		intern_release(&ids[i]);
	return scratch_read("effects", len);
}

static void the_order_of_ids_is_not_that_of_the_table(void)
{
	static struct seen seen[MAX_EVENTS];
	uint64_t random = 4;

	for (int round = 0; round < 10; round++) {
		size_t n = round ? scratch_below(&random, MAX_EVENTS) : 0, n_a, n_b;
		char *a, *b;

		draw(&random, seen, n);
		a = effects_of(seen, n, false, &n_a);
		b = effects_of(seen, n, true, &n_b);
		CHECK(n_a == n_b && !memcmp(a, b, n_a));
		CHECK(n_a > 2000 || n < 100);
		CHECK(n || !n_a);
		free(a);
		free(b);
	}
}

/* --- Levels. */

static void the_levels_of_a_runtime(void)
{
	static const struct {
		int64_t runtime;
		const char *level;
	} runtimes[] = {
		{ EVENT_UNKNOWN, "unknown" },
		{ 0, "unknown" },
		{ 1, "0" },
		{ 2, "2" },
		{ 3, "3" },
		{ 90, "12" },
		{ 91, "13" },
		{ 5792, "24" },
		{ 5793, "25" },
		{ 1518500249, "60" },
		{ 1518500250, "61" },
		{ 2147483647, "61" },
	};

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		const struct seen s = { .e = { .ts = 1,
					       .session_id = 1,
					       .session_start = 1,
					       .deadline = 2,
					       .prev_ts = EVENT_UNKNOWN,
					       .runtime = runtimes[i].runtime,
					       .genre = INTERN_NONE } };
		char text[ONLINE_RUNTIME_MAX];
		struct csv_value value;
		struct online o;

		begin(&o);
		see(&o, &s);
		value = online_runtime(
			online_levels(&o, outcomes_find(&o.outcomes, 0, 0))->of[EFFECTS_RUNTIME],
			text);
		if (value.len != strlen(runtimes[i].level) ||
		    memcmp(value.text, runtimes[i].level, value.len))
			CHECK_FAIL("%" PRId64 " is not %s", runtimes[i].runtime, runtimes[i].level);
		online_release(&o);
	}
}

/* Every level, and nothing else. */
static void a_runtime_reads_back(void)
{
	static const char *const bad[] = { "",         "-1", "64",      "unknow",
					   "unknown ", "1x", "Unknown", "999999999999999999999" };

	for (uint32_t level = 0; level <= 64; level++) {
		char text[ONLINE_RUNTIME_MAX];
		const struct csv_value value = online_runtime(level, text);

		CHECK_INT(value.kind, CSV_TEXT);
		CHECK_INT(online_runtime_parse(value.text, value.len), level);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(online_runtime_parse(bad[i], strlen(bad[i])), INTERN_NONE);
}

/* From the first millisecond to the last of the day; and stays so, over a cut, too. */
static void the_hour_is_that_of_the_start(void)
{
	static const struct {
		int64_t ts;
		uint32_t hour;
	} hours[] = { { 1, 0 },        { HOUR - 1, 0 }, { HOUR, 1 },
		      { DAY - 1, 23 }, { DAY, 0 },      { INT64_C(1709164800000) + 5 * HOUR, 5 } };

	for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++) {
		struct seen s = { .e = { .ts = hours[i].ts,
					 .session_id = 1,
					 .session_start = hours[i].ts,
					 .deadline = hours[i].ts + DAY,
					 .prev_ts = EVENT_UNKNOWN,
					 .genre = INTERN_NONE } };
		const struct outcome_session *open;
		struct online o, back;

		begin(&o);
		see(&o, &s);
		s.e.prev_ts = s.e.ts;
		s.e.ts += HOUR;
		see(&o, &s);
		go_on_from(&o, &back, s.e.ts + 1);
		open = outcomes_find(&o.outcomes, 0, 0);
		CHECK_INT(online_levels(&o, open)->of[EFFECTS_HOUR], hours[i].hour);
		CHECK_INT(online_levels(&back, open)->of[EFFECTS_HOUR], hours[i].hour);
		online_release(&o);
		online_release(&back);
	}
}

/*
 * What is learnt and predicted of sessions that are told, not seen: the levels are those of the
 * session's first event, and the numbers those of the events.
 */
static void what_is_told_is_what_is_seen(void)
{
	static struct viewing v[MAX_EVENTS];
	static struct seen seen[MAX_EVENTS];
	static struct effects_ids levels[MAX_EVENTS];
	static size_t at[MAX_EVENTS];
	uint64_t random = 5;

	for (int round = 0; round < 20; round++) {
		size_t n = 1 + scratch_below(&random, MAX_EVENTS), k = 0, n_told = 0, n_viewings;
		struct online o, told;

		draw(&random, seen, n);
		n_viewings = find_viewings(seen, n, v, at);
		begin(&o);
		told = (struct online)ONLINE_INIT;
		told.options = o.options;
		online_init(&told);
		for (size_t i = 0; i < n; i++) {
			const struct event *e = &seen[i].e;
			const struct csv_field fields[] = { field(seen[i].device),
							    field(seen[i].plan) };
			const struct csv_value device = csv_value(&fields[0]),
					       plan = csv_value(&fields[1]);
			const struct outcome_session s = { .user = e->user,
							   .content = e->content,
							   .genre = e->genre,
							   .past = { .start = e->ts } };
			struct online_row a, b;

			if ((size_t)e->session_id > n_told)
				levels[n_told++] = online_session_levels(&told, &s, &device, &plan,
									 e->runtime);
			for (; k < n_viewings && v[k].known < e->ts; k++)
				effects_learn(&told.effects, &levels[v[k].id - 1], v[k].known,
					      v[k].is_completed);
			a = see(&o, &seen[i]);
			b = online_predict(&told, &levels[e->session_id - 1], e->ts);
			CHECK(same_row(&a, &b));
		}
		CHECK(same_effects(&o.effects, &told.effects));
		online_release(&o);
		online_release(&told);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(an_event_knows_what_was_known_before_it);
	RUN(a_row_leaves_nothing_behind);
	RUN(what_is_told_is_what_is_seen);
	RUN(a_cut_changes_nothing);
	RUN(levels_are_those_of_the_open_session);
	RUN(sessions_that_contradict_each_other_are_refused);
	RUN(the_order_of_ids_is_not_that_of_the_table);
	RUN(the_levels_of_a_runtime);
	RUN(a_runtime_reads_back);
	RUN(the_hour_is_that_of_the_start);
	scratch_leave(dir);
	return CHECK_DONE();
}
