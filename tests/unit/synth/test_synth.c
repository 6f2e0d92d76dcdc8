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
	size_t cap = options->n_viewings * 20;
	struct synth_viewing v;
	struct synth_event e;
	enum synth_what what;

	synth_init(&log->synth, options);
	log->viewings = mem_zalloc(options->n_viewings, sizeof(*log->viewings));
	log->events = mem_zalloc(cap, sizeof(*log->events));
	log->place = mem_zalloc(cap, sizeof(*log->place));
	log->n_viewings = log->n_events = 0;
	while ((what = synth_next(&log->synth, &v, &e)) != SYNTH_END) {
		if (what == SYNTH_VIEWING) {
			CHECK(log->n_viewings < options->n_viewings);
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

static void player_position_follows_the_clock(void)
{
	struct log log;

	log_take(&log, &plain);
	for (size_t i = 0; i < log.n_viewings; i++) {
		size_t begin = log.viewings[i].first_event - 1, end = events_end(&log, i);
		int32_t runtime = log.synth.world.contents[log.viewings[i].content].runtime;

		for (size_t k = begin; k < end; k++) {
			const struct synth_event *e = &log.events[k], *before = e - 1;
			bool playing = k > begin &&
				       (before->type == EVENT_PLAY || before->type == EVENT_SEEK);

			CHECK(e->position >= 0 && e->position <= runtime);
			CHECK(e->ts < START + N_DAYS * TIME_MS_PER_DAY);
			if (k == begin)
				continue;
			CHECK(e->ts >= before->ts);
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
	RUN(some_events_arrive_late);
	RUN(probabilities_are_true_and_worth_learning);
	RUN(world_does_not_hang_on_the_viewings);
	RUN(nobody_views_before_signing_up_or_the_release);
	RUN(smallest_worlds_work);
	RUN(ids_sort_as_they_count);
	return CHECK_DONE();
}
