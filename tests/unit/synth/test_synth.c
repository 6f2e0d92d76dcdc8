#include "base/mem.h"
#include "base/time.h"
#include "check.h"
#include "synth/synth.h"
#include "synth/synth_rows.h"

#include <stdlib.h>

#define START    INT64_C(1704067200000) /* 2024-01-01 */
#define NEAR_END 950000
#define N_DAYS   20
#define MANY     20000

static const struct synth_options plain = { .seed = 3,
					    .n_users = 800,
					    .n_contents = 200,
					    .n_viewings = MANY,
					    .start = START,
					    .n_days = N_DAYS };

#define MINUTE (60 * TIME_MS_PER_SECOND)
#define HOUR   TIME_MS_PER_HOUR

static struct synth_options with_heartbeats(void)
{
	struct synth_options options = plain;

	options.heartbeat = 5 * MINUTE;
	return options;
}

static struct synth_options with_ends_by_position(double share)
{
	struct synth_options options = plain;

	options.ends_by_position = share;
	return options;
}

static struct synth_options with_rewatches(double share)
{
	struct synth_options options = plain;

	options.rewatched = share;
	return options;
}

static struct synth_options with_two_evenings(double share)
{
	struct synth_options options = plain;

	options.two_evenings = share;
	return options;
}

static struct synth_options with_runtimes_missing(double share)
{
	struct synth_options options = plain;

	options.runtime_missing = share;
	return options;
}

static struct synth_options with_clocks_skewed(double share)
{
	struct synth_options options = plain;

	options.clock_skewed = share;
	return options;
}

static struct synth_options with_everything(void)
{
	struct synth_options options = plain;

	options.heartbeat = 5 * MINUTE;
	options.ends_by_position = options.rewatched = options.two_evenings = 0.3;
	options.runtime_missing = options.clock_skewed = 0.3;
	return options;
}

/* A whole workload in memory; events by id - 1, with the place in which they arrived. */
struct log {
	struct synth synth;
	struct synth_viewing *viewings;
	struct synth_event *events;
	size_t *place;
	size_t n_viewings, n_events;
};

static void log_take(struct log *log, const struct synth_options *options)
{
	size_t cap = options->n_viewings * 20, cap_viewings = options->n_viewings * 2;
	struct synth_viewing v;
	struct synth_event e;
	enum synth_what what;

	synth_init(&log->synth, options);
	log->viewings = mem_zalloc(cap_viewings, sizeof(*log->viewings));
	log->events = mem_zalloc(cap, sizeof(*log->events));
	log->place = mem_zalloc(cap, sizeof(*log->place));
	log->n_viewings = log->n_events = 0;
	while ((what = synth_next(&log->synth, &v, &e)) != SYNTH_END) {
		if (what == SYNTH_VIEWING) {
			CHECK(log->n_viewings < cap_viewings);
			log->viewings[log->n_viewings++] = v;
			continue;
		}
		CHECK(e.id > 0 && e.id <= cap && !log->events[e.id - 1].id);
		log->events[e.id - 1] = e;
		log->place[e.id - 1] = log->n_events++;
	}
}

static void log_release(struct log *log)
{
	synth_release(&log->synth);
	free(log->viewings);
	free(log->events);
	free(log->place);
}

/* One past the index of the viewing's last event. */
static size_t events_end(const struct log *log, size_t viewing)
{
	return viewing + 1 < log->n_viewings ? log->viewings[viewing + 1].first_event - 1
					     : log->n_events;
}

static void viewings_are_as_many_as_asked_for_and_begin_in_order(void)
{
	struct log log;

	log_take(&log, &plain);
	CHECK_INT(log.n_viewings, MANY);
	CHECK_INT(log.viewings[0].first_event, 1);
	for (size_t i = 0; i < log.n_viewings; i++) {
		const struct synth_viewing *v = &log.viewings[i];
		const struct synth_event *e = &log.events[v->first_event - 1];

		CHECK(!i || v->start >= v[-1].start);
		CHECK(v->start >= START && v->start < START + N_DAYS * TIME_MS_PER_DAY);
		CHECK(e->type == EVENT_PLAY && e->ts == v->start && e->user == v->user &&
		      e->content == v->content && e->device == v->device);
	}
	log_release(&log);
}

/* The rules by which a pipeline labels sessions, applied to the events of one viewing. */
static bool completes(const struct log *log, size_t begin, size_t end, int64_t runtime)
{
	unsigned types = 0;
	bool near_end = false;

	for (size_t i = begin; i < end; i++) {
		const struct synth_event *e = &log->events[i];

		types |= 1u << e->type;
		near_end |= e->type == EVENT_STOP && event_ratio(e->position, runtime) >= NEAR_END;
		if (e->type == EVENT_COMPLETE || (near_end && (types & (types - 1))))
			return true;
	}
	return false;
}

static void events_act_the_outcome_out(void)
{
	size_t n_completed = 0, n_without_complete = 0, n_cut = 0;
	struct log log;

	log_take(&log, &plain);
	for (size_t i = 0; i < log.n_viewings; i++) {
		const struct synth_viewing *v = &log.viewings[i];
		int32_t recorded = log.synth.world.contents[v->content].recorded_runtime;
		size_t begin = v->first_event - 1, end = events_end(&log, i);
		bool done = completes(&log, begin, end, recorded > 0 ? recorded : EVENT_UNKNOWN);

		CHECK(!done || v->completed);
		n_cut += v->completed && !done;
		n_completed += v->completed;
		if (done)
			n_without_complete += log.events[end - 1].type == EVENT_STOP &&
					      log.events[end - 2].type != EVENT_COMPLETE;
	}
	/* Only what the end of the window cuts off is lost, and some players never say complete. */
	CHECK(n_cut < 40);
	CHECK(n_without_complete > n_completed / 20);
	log_release(&log);
}

static void position_follows_the_clock(const struct synth_options *options)
{
	int64_t beyond = options->clock_skewed > 0 ? EVENT_TS_END
						   : START + N_DAYS * TIME_MS_PER_DAY;
	struct log log;

	log_take(&log, options);
	for (size_t i = 0; i < log.n_viewings; i++) {
		size_t begin = log.viewings[i].first_event - 1, end = events_end(&log, i);
		int32_t runtime = log.synth.world.contents[log.viewings[i].content].runtime;

		for (size_t k = begin; k < end; k++) {
			const struct synth_event *e = &log.events[k], *before = e - 1;
			bool playing = k > begin &&
				       (before->type == EVENT_PLAY || before->type == EVENT_SEEK ||
					before->type == EVENT_HEARTBEAT);

			CHECK(e->type != EVENT_HEARTBEAT || playing);
			CHECK(e->position >= 0 && e->position <= runtime);
			CHECK(e->ts < beyond);
			if (k == begin)
				continue;
			CHECK(e->ts >= before->ts);
			if (e->type == EVENT_HEARTBEAT)
				CHECK_INT(e->ts - before->ts, options->heartbeat);
			else if (playing && options->heartbeat)
				CHECK(e->ts - before->ts <= options->heartbeat);
			CHECK(before->type != EVENT_PAUSE || e->type == EVENT_PLAY);
			/* Playing a second takes a second; whole seconds are cut off at both ends.
			 */
			if (playing && e->type != EVENT_SEEK)
				CHECK(llabs((e->position - before->position) * TIME_MS_PER_SECOND -
					    (e->ts - before->ts)) < TIME_MS_PER_SECOND);
			else if (!playing)
				CHECK(e->position == before->position);
		}
	}
	log_release(&log);
}

static void player_position_follows_the_clock(void)
{
	position_follows_the_clock(&plain);
}

static void heartbeats_come_at_their_distance_while_the_player_plays(void)
{
	const struct synth_options options = with_heartbeats();

	position_follows_the_clock(&options);
}

static void additions_keep_the_position_with_the_clock(void)
{
	const struct synth_options options = with_everything();

	position_follows_the_clock(&options);
}

static void some_events_arrive_late(void)
{
	size_t n_late = 0;
	int64_t *by_place;
	struct log log;

	log_take(&log, &plain);
	by_place = mem_alloc(log.n_events, sizeof(*by_place));
	for (size_t i = 0; i < log.n_events; i++)
		by_place[log.place[i]] = log.events[i].ts;
	for (size_t i = 1; i < log.n_events; i++)
		n_late += by_place[i] < by_place[i - 1];
	CHECK(n_late > log.n_events / 100 && n_late < log.n_events / 10);
	free(by_place);
	log_release(&log);
}

static int by_probability(const void *a, const void *b)
{
	double p = ((const struct synth_viewing *)a)->probability;
	double q = ((const struct synth_viewing *)b)->probability;

	return (p > q) - (p < q);
}

/* The rank-sum statistic; equal probabilities are too rare to matter. */
static double auc(struct synth_viewing *viewings, size_t n)
{
	double ranks = 0, positives = 0;

	qsort(viewings, n, sizeof(*viewings), by_probability);
	for (size_t i = 0; i < n; i++) {
		ranks += viewings[i].completed ? (double)(i + 1) : 0;
		positives += viewings[i].completed;
	}
	return (ranks - positives * (positives + 1) / 2) / (positives * ((double)n - positives));
}

static void probabilities_are_true_and_worth_learning(void)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct synth_options options = plain;
		double surprise = 0, variance = 0, sum = 0, area;
		struct log log;

		options.seed = seed;
		log_take(&log, &options);
		for (size_t i = 0; i < log.n_viewings; i++) {
			double p = log.viewings[i].probability;

			CHECK(p > 0 && p < 1);
			sum += p;
			surprise += log.viewings[i].completed - p;
			variance += p * (1 - p);
		}
		CHECK(fabs(surprise) < 4 * sqrt(variance));
		CHECK_NEAR(sum / MANY, 0.425, 0.075);
		area = auc(log.viewings, log.n_viewings);
		CHECK_NEAR(area, 0.80, 0.05);
		log_release(&log);
	}
}

static void world_does_not_hang_on_the_viewings(void)
{
	struct synth_options more = plain;
	struct synth a, b;

	more.n_viewings = 77;
	synth_init(&a, &plain);
	synth_init(&b, &more);
	for (uint32_t i = 0; i < plain.n_users; i++)
		CHECK(a.world.users[i].effect == b.world.users[i].effect &&
		      a.world.users[i].signup == b.world.users[i].signup);
	for (uint32_t i = 0; i < plain.n_contents; i++)
		CHECK(a.world.contents[i].effect == b.world.contents[i].effect &&
		      a.world.contents[i].runtime == b.world.contents[i].runtime);
	synth_release(&a);
	synth_release(&b);
}

static void nobody_views_before_signing_up_or_the_release(void)
{
	struct log log;
	size_t n_early = 0;

	log_take(&log, &plain);
	for (size_t i = 0; i < log.n_viewings; i++) {
		const struct synth_viewing *v = &log.viewings[i];

		CHECK(v->start >= log.synth.world.contents[v->content].available_from);
		n_early += v->start < log.synth.world.users[v->user].active_from;
	}
	CHECK_INT(n_early, 0);
	log_release(&log);
}

static void smallest_worlds_work(void)
{
	static const uint64_t n_viewings[] = { 1, 2, 13, 500 };

	for (size_t i = 0; i < 4; i++) {
		struct synth_options options = plain;
		struct log log;

		options.n_users = options.n_contents = 1;
		options.n_days = 1;
		options.n_viewings = n_viewings[i];
		log_take(&log, &options);
		CHECK_INT(log.n_viewings, n_viewings[i]);
		log_release(&log);
	}
}

/* Whether all but the numbers of their events is the same. */
static bool same_viewing(const struct synth_viewing *a, const struct synth_viewing *b)
{
	return a->start == b->start && a->user == b->user && a->content == b->content &&
	       a->device == b->device && a->completed == b->completed &&
	       memcmp(&a->probability, &b->probability, sizeof(a->probability)) == 0;
}

/* Whether all but the number is the same, the one `later` ms after the other. */
static bool same_event(const struct synth_event *a, const struct synth_event *b, int64_t later)
{
	return a->ts + later == b->ts && a->user == b->user && a->content == b->content &&
	       a->type == b->type && a->position == b->position && a->device == b->device;
}

/* Two logs, of which the second has additions, and the places in both at which a walk stands. */
struct pair_of_logs {
	struct log before, after;
	size_t i, j;             /* viewings; i is counted as the walk's own */
	size_t begin[2], end[2]; /* of their events */
};

static void pair_take(struct pair_of_logs *p, const struct synth_options *options)
{
	*p = (struct pair_of_logs){ .i = SIZE_MAX, .j = SIZE_MAX };
	log_take(&p->before, &plain);
	log_take(&p->after, options);
}

static void pair_release(struct pair_of_logs *p)
{
	log_release(&p->before);
	log_release(&p->after);
}

/* The next viewing of the first log, and the same of the second, over rewatches; false at the end.
 */
static bool pair_next(struct pair_of_logs *p)
{
	if (++p->i >= p->before.n_viewings)
		return false;
	do
		p->j++;
	while (p->j < p->after.n_viewings &&
	       !same_viewing(&p->before.viewings[p->i], &p->after.viewings[p->j]));
	CHECK(p->j < p->after.n_viewings);
	if (p->j >= p->after.n_viewings)
		return false;
	p->begin[0] = p->before.viewings[p->i].first_event - 1;
	p->end[0] = events_end(&p->before, p->i);
	p->begin[1] = p->after.viewings[p->j].first_event - 1;
	p->end[1] = events_end(&p->after, p->j);
	return true;
}

/*
 * How many events the two viewings have in common from their beginning, the second's heartbeats
 * aside, which are not counted; *at is the place of the first other one of the second.
 */
static size_t in_common(const struct pair_of_logs *p, size_t *at)
{
	size_t n = 0, k = p->begin[1];

	for (; k < p->end[1]; k++) {
		const struct synth_event *e = &p->after.events[k];

		if (e->type == EVENT_HEARTBEAT)
			continue;
		if (p->begin[0] + n == p->end[0] ||
		    !same_event(&p->before.events[p->begin[0] + n], e, 0))
			break;
		n++;
	}
	*at = k;
	return n;
}

/* Whether the two viewings are the same but for heartbeats. */
static bool nothing_changed(const struct pair_of_logs *p)
{
	size_t at;

	return in_common(p, &at) == p->end[0] - p->begin[0] && at == p->end[1];
}

static void heartbeats_change_nothing_else(void)
{
	const struct synth_options options = with_heartbeats();
	struct pair_of_logs p;
	size_t n = 0, *order;

	pair_take(&p, &options);
	CHECK_INT(p.after.n_viewings, MANY);
	CHECK(p.after.n_events > 2 * p.before.n_events);
	/* By the place in which they arrived, too. */
	order = mem_zalloc(p.after.n_events, sizeof(*order));
	for (size_t k = 0; k < p.after.n_events; k++)
		order[p.after.place[k]] = k + 1;
	while (pair_next(&p))
		CHECK(nothing_changed(&p));
	for (size_t place = 0; place < p.after.n_events; place++) {
		const struct synth_event *e = &p.after.events[order[place] - 1];

		order[n] = order[place];
		n += e->type != EVENT_HEARTBEAT;
	}
	CHECK_INT(n, p.before.n_events);
	for (size_t k = 0; k < p.before.n_events; k++)
		CHECK(same_event(&p.before.events[k], &p.after.events[order[p.before.place[k]] - 1],
				 0));
	free(order);
	pair_release(&p);
}

static void some_contents_end_by_position_alone(void)
{
	const struct synth_options options = with_ends_by_position(0.4);
	size_t n_contents = 0, n_completed = 0, n_ended = 0, at;
	struct pair_of_logs p;

	pair_take(&p, &options);
	for (uint32_t c = 0; c < plain.n_contents; c++)
		n_contents += p.after.synth.world.contents[c].ends_by_position;
	CHECK_NEAR((double)n_contents / plain.n_contents, 0.4, 0.1);
	while (pair_next(&p)) {
		const struct synth_viewing *v = &p.after.viewings[p.j];
		const struct synth_content *content = &p.after.synth.world.contents[v->content];
		const struct synth_event *last = &p.after.events[p.end[1] - 1], *was;

		if (!content->ends_by_position || !v->completed) {
			CHECK(nothing_changed(&p));
			continue;
		}
		/* The same up to the end, unless it is behind that of the log. */
		was = &p.before.events[p.begin[0] + in_common(&p, &at)];
		n_completed++;
		if (at == p.end[1])
			continue;
		n_ended++;
		CHECK(last == &p.after.events[at]);
		CHECK(last->type == EVENT_PAUSE &&
		      event_ratio(last->position, content->recorded_runtime) >= NEAR_END);
		CHECK(was->type == EVENT_COMPLETE || was->type == EVENT_STOP);
		CHECK(was->ts == last->ts && was->position == last->position);
		CHECK(!completes(&p.after, p.begin[1], p.end[1], content->recorded_runtime));
	}
	CHECK(n_ended > n_completed * 95 / 100 && n_completed > MANY / 10);
	pair_release(&p);
}

/* Whether `after` can be the viewer's watching again at once what ended with a stop in the credits.
 */
static bool rewatches(const struct log *log, size_t viewing, size_t after)
{
	const struct synth_viewing *v = &log->viewings[viewing], *w = &log->viewings[after];
	const struct synth_event *last = &log->events[events_end(log, viewing) - 1];
	const struct synth_event *first = &log->events[w->first_event - 1];
	int32_t runtime = log->synth.world.contents[v->content].recorded_runtime;

	return v->completed && v->user == w->user && v->content == w->content &&
	       v->device == w->device && last->type == EVENT_STOP &&
	       event_ratio(last->position, runtime) >= NEAR_END && first->type == EVENT_PLAY &&
	       event_ratio(first->position, runtime) < NEAR_END && first->ts > last->ts &&
	       first->ts < last->ts + 30 * MINUTE;
}

static void check_rewatch(const struct log *log, size_t viewing)
{
	size_t before = viewing;

	while (before > 0 && !rewatches(log, before - 1, viewing))
		before--;
	CHECK(before > 0);
}

static void some_viewers_stop_in_the_credits_and_watch_again(void)
{
	const struct synth_options options = with_rewatches(0.2);
	size_t n_completed = 0, n_changed = 0, n_within = 0, next = 0, at;
	double surprise = 0;
	struct pair_of_logs p;

	pair_take(&p, &options);
	while (pair_next(&p)) {
		for (; next < p.j; next++) {
			const struct synth_viewing *v = &p.after.viewings[next];

			check_rewatch(&p.after, next);
			n_within += p.after.events[v->first_event - 1].position > 0;
			surprise += v->completed - v->probability;
		}
		next = p.j + 1;
		n_completed += p.before.viewings[p.i].completed;
		if (nothing_changed(&p))
			continue;
		n_changed++;
		CHECK(p.before.viewings[p.i].completed);
		/* The same but for the stop, up to the credits. */
		in_common(&p, &at);
		CHECK(at == p.end[1] - 1 && p.after.events[at].type == EVENT_STOP);
	}
	CHECK_NEAR((double)(p.after.n_viewings - MANY) / (double)n_completed, 0.185, 0.02);
	/* Who stopped in the credits anyway has the same events, and some rewatches are too late.
	 */
	CHECK(n_changed > (p.after.n_viewings - MANY) * 3 / 4 &&
	      n_changed < p.after.n_viewings - MANY);
	CHECK(n_within > n_changed / 5 && n_within < n_changed / 2);
	CHECK(fabs(surprise) < 4 * sqrt((double)(p.after.n_viewings - MANY) / 4));
	pair_release(&p);
}

static void some_viewings_go_on_the_next_evening(void)
{
	const struct synth_options options = with_two_evenings(0.5);
	size_t n_long = 0, n_split = 0, n_back = 0, at;
	struct pair_of_logs p;

	pair_take(&p, &options);
	CHECK_INT(p.after.n_viewings, MANY);
	while (pair_next(&p)) {
		const struct synth_event *last = &p.before.events[p.end[0] - 1], *stop, *play;
		size_t n, rest;

		n_long += last->position - p.before.events[p.begin[0]].position >= 20 * 60;
		if (nothing_changed(&p))
			continue;
		n_split++;
		n = in_common(&p, &at);
		stop = &p.after.events[at];
		CHECK(stop->type == EVENT_STOP);
		if (at + 1 == p.end[1])
			continue; /* the log ends before the next evening */
		n_back++;
		play = stop + 1;
		CHECK(play->type == EVENT_PLAY && play->position == stop->position);
		CHECK(play->device == stop->device);
		CHECK(play->ts >= stop->ts + 12 * HOUR && play->ts < stop->ts + 40 * HOUR);
		/* Then it goes on as it would have. */
		rest = p.end[1] - (at + 2);
		CHECK(n + rest <= p.end[0] - p.begin[0]);
		for (size_t k = 0; k < rest; k++)
			CHECK(same_event(&p.before.events[p.begin[0] + n + k],
					 &p.after.events[at + 2 + k], play->ts - stop->ts));
		CHECK(n + rest == p.end[0] - p.begin[0] ||
		      last->ts + play->ts - stop->ts >= p.after.synth.world.end);
	}
	CHECK_NEAR((double)n_split / (double)n_long, 0.5, 0.1);
	CHECK(n_split > MANY / 20 && n_back > n_split * 9 / 10);
	pair_release(&p);
}

static void missing_runtimes_change_nothing_but_the_table(void)
{
	const struct synth_options options = with_runtimes_missing(0.3);
	struct buf before = BUF_INIT, after = BUF_INIT;
	struct pair_of_logs p;
	size_t n_missing = 0, n_other = 0;

	pair_take(&p, &options);
	while (pair_next(&p))
		CHECK(nothing_changed(&p));
	CHECK_INT(p.after.n_viewings, MANY);
	for (uint32_t c = 0; c < plain.n_contents; c++) {
		bool missing = p.after.synth.world.contents[c].runtime_missing;

		buf_clear(&before);
		buf_clear(&after);
		synth_put_content(&before, &p.before.synth.world, c);
		synth_put_content(&after, &p.after.synth.world, c);
		n_missing += missing;
		n_other += before.len != after.len;
		CHECK(before.len == after.len || missing);
	}
	CHECK_NEAR((double)n_missing / plain.n_contents, 0.3, 0.1);
	/* Some have none anyway. */
	CHECK(n_other <= n_missing && n_other > n_missing * 8 / 10);
	buf_release(&before);
	buf_release(&after);
	pair_release(&p);
}

static void some_clocks_are_wrong(void)
{
	const struct synth_options options = with_clocks_skewed(0.3);
	size_t n_devices = 0, n_wrong = 0, n_years = 0, n_behind = 0;
	struct pair_of_logs p;

	pair_take(&p, &options);
	while (pair_next(&p)) {
		const struct synth_viewing *v = &p.after.viewings[p.j];
		int64_t skew = synth_clock_skew(&p.after.synth.world, v->user, v->device);

		CHECK_INT(p.end[0] - p.begin[0], p.end[1] - p.begin[1]);
		for (size_t k = p.begin[0]; k < p.end[0]; k++) {
			CHECK(same_event(&p.before.events[k], &p.after.events[k], skew));
			CHECK(p.before.place[k] == p.after.place[k]);
		}
	}
	for (uint32_t user = 0; user < plain.n_users; user++)
		for (uint8_t device = 0; device < SYNTH_N_DEVICES; device++) {
			int64_t skew = synth_clock_skew(&p.after.synth.world, user, device);

			n_devices++;
			n_wrong += skew != 0;
			n_behind += skew < 0;
			n_years += skew >= 365 * TIME_MS_PER_DAY;
			CHECK(!skew || (llabs(skew) >= MINUTE && llabs(skew) <= 12 * HOUR) ||
			      (skew >= 365 * TIME_MS_PER_DAY && skew <= 3650 * TIME_MS_PER_DAY));
		}
	CHECK_NEAR((double)n_wrong / (double)n_devices, 0.3, 0.05);
	CHECK_NEAR((double)n_behind / (double)n_wrong, 0.475, 0.07);
	CHECK_NEAR((double)n_years / (double)n_wrong, 0.05, 0.03);
	pair_release(&p);
}

static void no_clock_is_beyond_the_valid_times(void)
{
	struct synth_options options = with_clocks_skewed(1);
	size_t n_last = 0;
	struct log log;

	options.start = INT64_C(4070908800000); /* 2099-01-01 */
	options.n_days = 300;
	log_take(&log, &options);
	for (size_t k = 0; k < log.n_events; k++) {
		CHECK(log.events[k].ts < EVENT_TS_END);
		n_last += log.events[k].ts > options.start + 301 * TIME_MS_PER_DAY;
	}
	CHECK(n_last > 0);
	log_release(&log);
}

/* What each does by itself it does with the others, too; here the numbers of those that show. */
static void additions_go_together(void)
{
	const struct synth_options options = with_everything();
	struct pair_of_logs p;
	size_t n = 0;

	pair_take(&p, &options);
	while (pair_next(&p))
		n++;
	CHECK_INT(n, MANY);
	CHECK(p.after.n_viewings > MANY + MANY / 50);
	pair_release(&p);
}

static void ids_sort_as_they_count(void)
{
	char a[SYNTH_ID_MAX], b[SYNTH_ID_MAX];

	CHECK_INT(synth_event_id(a, 'e', 9), 11);
	synth_event_id(b, 'e', 10);
	CHECK_STR(a, "e0000000009");
	CHECK(strcmp(a, b) < 0);
	CHECK_INT(synth_event_id(b, 'e', UINT64_C(12345678901)), 12);
	CHECK_STR(b, "e12345678901");
	synth_user_id(a, 0);
	CHECK_STR(a, "u1");
	synth_content_id(a, 4294967293);
	CHECK_STR(a, "c4294967294");
}

int main(void)
{
	RUN(viewings_are_as_many_as_asked_for_and_begin_in_order);
	RUN(events_act_the_outcome_out);
	RUN(player_position_follows_the_clock);
	RUN(heartbeats_come_at_their_distance_while_the_player_plays);
	RUN(additions_keep_the_position_with_the_clock);
	RUN(some_events_arrive_late);
	RUN(probabilities_are_true_and_worth_learning);
	RUN(world_does_not_hang_on_the_viewings);
	RUN(nobody_views_before_signing_up_or_the_release);
	RUN(smallest_worlds_work);
	RUN(heartbeats_change_nothing_else);
	RUN(some_contents_end_by_position_alone);
	RUN(some_viewers_stop_in_the_credits_and_watch_again);
	RUN(some_viewings_go_on_the_next_evening);
	RUN(missing_runtimes_change_nothing_but_the_table);
	RUN(some_clocks_are_wrong);
	RUN(no_clock_is_beyond_the_valid_times);
	RUN(additions_go_together);
	RUN(ids_sort_as_they_count);
	return CHECK_DONE();
}
