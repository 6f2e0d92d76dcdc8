#include "eval/threshold.h"

#include "scratch.h"

/* A train row as it was given. */
struct row {
	int64_t time;
	double score;
	bool label;
};

/* Random rows, with ties of times and of scores; `n_scores` different ones, 0 and 1 among them. */
static void random_rows(uint64_t *random, struct row *rows, size_t n, size_t n_scores)
{
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct row){
			.time = (int64_t)scratch_below(random, 1 + n / 2) - 5,
			.score = (double)scratch_below(random, n_scores) / (double)(n_scores - 1),
			.label = scratch_below(random, 3) == 0,
		};
}

/* By counting: the last floor(n * millionths / 10^6) in the order of times, and what is as new. */
static size_t newest(struct row *rows, size_t n, int64_t millionths)
{
	size_t want = (size_t)((int64_t)n * millionths / 1000000), kept = 0;

	for (size_t i = 0; want && i < n; i++) {
		size_t later = 0;

		for (size_t k = 0; k < n; k++)
			later += rows[k].time > rows[i].time;
		if (later < want) {
			struct row row = rows[i];

			rows[i] = rows[kept];
			rows[kept++] = row;
		}
	}
	return want ? kept : n;
}

static double cost_at(const struct threshold_opts *opts, const struct row *rows, size_t n,
		      double threshold, size_t *called)
{
	double cost = 0;

	*called = 0;
	for (size_t i = 0; i < n; i++) {
		bool is_called = rows[i].score >= threshold;

		*called += is_called;
		if (is_called != rows[i].label)
			cost += is_called ? opts->false_positive : opts->false_negative;
	}
	return cost;
}

/* By trying every threshold: the lowest of those that cost least; INFINITY: to call none. */
static double cheapest(const struct threshold_opts *opts, const struct row *rows, size_t n,
		       uint64_t most)
{
	size_t called;
	double best = INFINITY, least = cost_at(opts, rows, n, INFINITY, &called);

	for (size_t i = 0; i < n; i++) {
		double cost = cost_at(opts, rows, n, rows[i].score, &called);

		if (called <= most && (cost < least || (cost == least && rows[i].score < best))) {
			best = rows[i].score;
			least = cost;
		}
	}
	return best;
}

static void check(const struct threshold_opts *opts, struct row *rows, size_t n,
		  uint64_t n_evaluated)
{
	struct threshold c = THRESHOLD_INIT;
	uint64_t most = UINT64_MAX;
	size_t kept, called;
	double want;

	for (size_t i = 0; i < n; i++)
		threshold_add(&c, rows[i].time, metrics_row(rows[i].score, rows[i].label));
	CHECK(threshold_make(&c, opts, n_evaluated, 0, 10));
	kept = newest(rows, n, opts->slice);
	CHECK_INT(c.slice.rows, kept);
	/* As large a share of the slice as the capacity is of the evaluated rows. */
	for (most = kept; opts->capacity && most * n_evaluated > opts->capacity * kept;)
		most--;
	want = cheapest(opts, rows, kept, most);
	if (isinf(want))
		for (size_t i = 0; i < kept; i++)
			CHECK(rows[i].score < c.threshold);
	else
		CHECK(c.threshold == want);
	CHECK(c.slice.threshold == c.threshold);
	CHECK_NEAR(threshold_cost(opts, &c.slice),
		   cost_at(opts, rows, kept, c.threshold, &called) / (double)kept, 1e-12);
	CHECK_INT(c.slice.tp + c.slice.fp, called);
	CHECK(called <= most);
	threshold_release(&c);
	threshold_release(&c);
}

/* Costs are small integers, so that sums are exact and ties are ties. */
static void costs_and_capacities_at_random(void)
{
	uint64_t random = 1;

	for (int i = 0; i < 3000 && check_ok; i++) {
		struct row rows[120];
		size_t n = 1 + scratch_below(&random, sizeof(rows) / sizeof(rows[0]));
		uint64_t n_evaluated = 1 + scratch_below(&random, 300);
		struct threshold_opts opts = {
			.false_positive = (double)scratch_below(&random, 4),
			.false_negative = (double)scratch_below(&random, 4),
			.capacity = scratch_below(&random, 2) ? scratch_below(&random, 400) : 0,
			.slice = 1 + (int64_t)scratch_below(&random, 1000000),
		};

		random_rows(&random, rows, n, 2 + scratch_below(&random, 40));
		check(&opts, rows, n, n_evaluated);
	}
}

/* The older rows would choose another one. */
static void only_the_newest_rows_choose(void)
{
	const struct threshold_opts opts = { .false_positive = 1,
					     .false_negative = 1,
					     .slice = 500000 };
	struct threshold c = THRESHOLD_INIT;

	for (int64_t i = 0; i < 100; i++) {
		double score = (double)(i % 10) / 10;

		/* The time goes down; rows of times 50 to 99 come first. */
		threshold_add(&c, 99 - i, metrics_row(score, score >= (i < 50 ? 0.3 : 0.8)));
	}
	CHECK(threshold_make(&c, &opts, 100, 0, 10));
	CHECK(c.threshold == 0.3);
	CHECK_INT(c.slice.rows, 50);
	CHECK_INT(c.slice.fp + c.slice.fn, 0);
	threshold_release(&c);
}

/*
 * Of a model that was trained on as many of either class, where a tenth is positive: the odds of a
 * score are a ninth of what they were, and so are those of the threshold.
 */
static void scores_are_corrected_first(void)
{
	const struct threshold_opts opts = { .false_positive = 1,
					     .false_negative = 1,
					     .slice = 1000000 };
	struct threshold c = THRESHOLD_INIT;

	for (int i = 0; i < 100; i++)
		threshold_add(&c, i, metrics_row(i < 10 ? 0.8 : 0.2, i < 10));
	CHECK(threshold_make(&c, &opts, 100, 0.5, 10));
	CHECK_NEAR(c.threshold / (1 - c.threshold), 0.8 / 0.2 / 9, 1e-12);
	CHECK_INT(c.slice.tp, 10);
	CHECK_INT(c.slice.tn, 90);
	threshold_release(&c);
}

static void no_row_chooses_nothing(void)
{
	const struct threshold_opts opts = { .slice = 1000000 };
	struct threshold c = THRESHOLD_INIT;

	CHECK(!threshold_make(&c, &opts, 10, 0, 10));
	threshold_release(&c);
}

static void costs_of_interest(void)
{
	CHECK(!threshold_has_costs(&(struct threshold_opts){ .capacity = 1 }));
	CHECK(threshold_has_costs(&(struct threshold_opts){ .false_positive = 1 }));
	CHECK(threshold_has_costs(&(struct threshold_opts){ .false_negative = 0.5 }));
}

int main(void)
{
	RUN(costs_and_capacities_at_random);
	RUN(only_the_newest_rows_choose);
	RUN(scores_are_corrected_first);
	RUN(no_row_chooses_nothing);
	RUN(costs_of_interest);
	return CHECK_DONE();
}
