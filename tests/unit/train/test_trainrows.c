#include "train/trainrows.h"

#include "scratch.h"

enum { MAX = 120 };

/* A table of labelled rows, and what the module makes of it. */
struct table {
	struct split_row row[MAX];
	size_t n;
	int64_t horizon; /* -1: none */
	struct trainrows_options options;
	struct trainrows t;
};

/* Rows of times with ties, whose labels take a while to be known, or for ever. */
static void random_table(struct table *d, uint64_t *random)
{
	size_t span = 20 + scratch_below(random, 300);

	*d = (struct table){ .n = 30 + scratch_below(random, MAX - 30),
			     .horizon = (int64_t)scratch_below(random, span / 6) };
	for (size_t i = 0; i < d->n; i++) {
		struct split_row *row = &d->row[i];

		*row = (struct split_row){ .labelled = scratch_below(random, 10) > 0,
					   .label = scratch_below(random, 2),
					   .time = (int64_t)scratch_below(random, span) - 50,
					   .known = INT64_MAX };
		if (scratch_below(random, 20))
			row->known = row->time +
				     (int64_t)scratch_below(random, (size_t)d->horizon + 9);
	}
	d->options.holdout = (int64_t)scratch_below(random, 500000);
	d->options.horizon.kind = TRAINROWS_HORIZON_NUMBER;
	d->options.horizon.length = d->horizon;
}

static int split_rows(struct table *d, struct err *err)
{
	trainrows_init(&d->t, "t", &d->options);
	d->t.split.label = mem_dup("y", 1);
	d->t.split.time = mem_dup("at", 2);
	d->t.split.known = mem_dup("known", 5);
	for (size_t i = 0; i < d->n; i++)
		trainrows_add(&d->t, &d->row[i]);
	return trainrows_split(&d->t, true, err);
}

/* Returns whether there is something to learn from. */
static bool take(struct table *d)
{
	struct err err = ERR_INIT;
	int rc = split_rows(d, &err);

	CHECK_INT(!rc, err.kind == ERR_NONE);
	return !rc;
}

/* By the drawing of split.h: could be trained on at this time. */
static bool was_known(const struct table *d, const struct split_row *row, int64_t at)
{
	return row->time + d->horizon < at && row->known < at;
}

static bool is_train(const struct table *d, const struct split_row *row)
{
	return row->labelled && (!d->t.split.has_cut || was_known(d, row, d->t.split.cut));
}

/* A train row that could be trained on at this time. */
static bool is_known(const struct table *d, const struct split_row *row, int64_t at)
{
	return is_train(d, row) && (at == INT64_MAX || was_known(d, row, at));
}

/* The k-th of the labelled rows' place in the table. */
static size_t labelled(const struct table *d, size_t k)
{
	size_t i = 0;

	for (;; i++)
		if (d->row[i].labelled && !k--)
			return i;
}

/* Runs a check of many random tables, of those that can be split. */
static void on_tables(int n, void (*check)(struct table *d, uint64_t random))
{
	uint64_t random = 1;
	int n_split = 0;

	for (int i = 0; i < n && check_ok; i++) {
		struct table d;

		random_table(&d, &random);
		if (take(&d)) {
			check(&d, scratch_random(&random));
			n_split++;
		}
		trainrows_release(&d.t);
	}
	CHECK(n_split > n / 2);
}

static void check_split(struct table *d, uint64_t random)
{
	uint64_t rows[SPLIT_N_PARTS] = { 0 }, positives[SPLIT_N_PARTS] = { 0 };
	const struct split *s = &d->t.split;
	int64_t end = INT64_MIN;
	size_t n_mature = 0, n_late = 0;

	(void)random;
	for (size_t i = 0; i < d->n; i++)
		end = d->row[i].time > end ? d->row[i].time : end;
	CHECK_INT(s->end, end);
	CHECK_INT(s->horizon, d->horizon);
	for (size_t i = 0; i < d->n; i++) {
		const struct split_row *row = &d->row[i];
		bool mature = row->time + d->horizon < end;
		enum split_part part = !row->labelled       ? SPLIT_UNLABELLED
				       : is_train(d, row)   ? SPLIT_TRAIN
				       : row->time < s->cut ? SPLIT_PURGED
				       : mature             ? SPLIT_TEST
							    : SPLIT_IMMATURE;

		rows[part]++;
		positives[part] += row->label;
		n_mature += row->labelled && mature;
		n_late += row->labelled && mature && row->time > s->cut;
	}
	CHECK(!memcmp(rows, s->rows, sizeof(rows)));
	CHECK(!memcmp(positives, s->positives, sizeof(positives)));
	/* The newest so many of the mature rows are from the cut on, with what ties with them. */
	n_mature = n_mature * (size_t)d->options.holdout / 1000000;
	CHECK_INT(s->has_cut, n_mature > 0);
	CHECK(!s->has_cut || (n_late < n_mature && rows[SPLIT_TEST] >= n_mature));
}

static void rows_are_split(void)
{
	on_tables(2000, check_split);
}

static void check_known(struct table *d, uint64_t random)
{
	int64_t at = scratch_below(&random, 5) ? (int64_t)scratch_below(&random, 350) - 60
					       : INT64_MAX;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < d->n; i++) {
		n += is_known(d, &d->row[i], at);
		if (!d->row[i].labelled)
			continue;
		CHECK_INT(trainrows_label(&d->t, k), d->row[i].label);
		CHECK_INT(trainrows_has(&d->t, k++, at), is_known(d, &d->row[i], at));
	}
	CHECK_INT(trainrows_count(&d->t, at), n);
}

static void what_was_known_at_a_time(void)
{
	on_tables(2000, check_known);
}

/* Of the n rows known by then, floor((n - 1) * share) are after it, but for ties; it is one's. */
static void check_time(struct table *d, uint64_t random)
{
	int64_t until = scratch_below(&random, 2) ? INT64_MAX : d->t.split.end;
	int64_t share = (int64_t)scratch_below(&random, 1000001);
	int64_t time = trainrows_time(&d->t, until, share);
	size_t n = 0, later = 0, equal = 0, want;

	for (size_t i = 0; i < d->n; i++)
		if (is_known(d, &d->row[i], until)) {
			n++;
			later += d->row[i].time > time;
			equal += d->row[i].time == time;
		}
	if (!n) {
		CHECK_INT(time, until);
		return;
	}
	want = (size_t)((int64_t)(n - 1) * share / 1000000);
	CHECK(later <= want && later + equal > want);
}

static void a_share_of_the_rows_lies_after_a_time(void)
{
	on_tables(2000, check_time);
}

/* That about `part` of n parts of the rows known by then are at or after the cut, but for ties. */
static void check_part(const struct table *d, int64_t until, int64_t cut, size_t part, size_t n)
{
	size_t rows = 0, from = 0, after = 0;

	for (size_t i = 0; i < d->n; i++)
		if (is_known(d, &d->row[i], until)) {
			rows++;
			from += d->row[i].time >= cut;
			after += d->row[i].time > cut;
		}
	CHECK(after <= rows * part / n + 1 && from + 1 >= rows * part / n);
}

/* Folds follow one another, the last to the end; none learns from what it is judged by. */
static void check_folds(struct table *d, uint64_t random)
{
	int64_t until = scratch_below(&random, 2) ? INT64_MAX : d->t.split.end, end = INT64_MIN;
	const struct classweight plain = CLASSWEIGHT_INIT;
	size_t n = 1 + scratch_below(&random, 6);

	if (!trainrows_count(&d->t, until))
		return;
	for (size_t k = 1; k <= n; k++) {
		struct trainrows_span span = trainrows_fold(&d->t, until, k, n, "--folds");
		double *held = NULL, *learnt = NULL;
		struct err err = ERR_INIT;

		CHECK(k == 1 || span.cut == end);
		check_part(d, until, span.cut, n + 1 - k, n + 1);
		CHECK(span.cut <= span.end);
		CHECK_INT(span.until, until);
		CHECK_STR(span.option, "--folds");
		end = span.end;
		if (trainrows_check(&d->t, span, &err)) {
			CHECK_BEGINS(err.message, "t: --folds: too few rows could be trained on");
			continue;
		}
		held = trainrows_weights(&d->t, span, TRAINROWS_HELD, &plain);
		learnt = trainrows_weights(&d->t, span, TRAINROWS_LEARNT, &plain);
		for (size_t i = 0; i < d->t.n; i++) {
			const struct split_row *row = &d->row[labelled(d, i)];
			bool is_held = is_known(d, row, until) && row->time >= span.cut &&
				       (span.end == INT64_MAX || row->time < span.end);

			CHECK(held[i] == is_held);
			CHECK(learnt[i] == is_known(d, row, span.cut));
			CHECK(held[i] == 0 || learnt[i] == 0);
		}
		free(held);
		free(learnt);
	}
	CHECK_INT(end, until);
}

static void folds_follow_one_another(void)
{
	on_tables(2000, check_folds);
}

/*
 * Whatever balances the classes: those learnt from weigh a class's weight times their count, and
 * each held row the mean of its class, so that both parts are of one population.
 */
static void check_weights(struct table *d, uint64_t random)
{
	const struct classweight balance = {
		.weight = (enum classweight_weight)(scratch_below(&random, 3)),
		.ratio = 3,
		.resample = (enum classweight_resample)(scratch_below(&random, 3)),
		.seed = 7
	};
	struct trainrows_span span = trainrows_fold(&d->t, INT64_MAX, 1, 1, "--validation");
	double *held, *learnt, sum[2] = { 0 }, n[2] = { 0 };
	struct err err = ERR_INIT;

	if (trainrows_check(&d->t, span, &err))
		return;
	held = trainrows_weights(&d->t, span, TRAINROWS_HELD, &balance);
	learnt = trainrows_weights(&d->t, span, TRAINROWS_LEARNT, &balance);
	for (size_t i = 0; i < d->t.n; i++) {
		const struct split_row *row = &d->row[labelled(d, i)];

		sum[row->label] += learnt[i];
		n[row->label] += is_known(d, row, span.cut);
		CHECK(is_known(d, row, span.cut) || learnt[i] == 0);
	}
	for (size_t i = 0; i < d->t.n; i++) {
		const struct split_row *row = &d->row[labelled(d, i)];

		if (held[i] > 0)
			CHECK_NEAR(held[i], sum[row->label] / n[row->label], 1e-12);
		CHECK_INT(held[i] > 0, is_train(d, row) && row->time >= span.cut);
	}
	if (balance.weight == CLASSWEIGHT_WEIGHT_BALANCED || (!balance.weight && balance.resample))
		CHECK_NEAR(sum[0], sum[1], 1e-9);
	else if (balance.resample)
		CHECK_NEAR(3 * sum[0], sum[1], 1e-9);
	else
		CHECK_NEAR(sum[1], n[1] * (balance.weight ? 3 : 1), 1e-9);
	free(held);
	free(learnt);
}

static void held_rows_weigh_what_those_learnt_do(void)
{
	on_tables(2000, check_weights);
}

/* The order of the input is none of its business, but for the places of rows. */
static void check_reversed(struct table *d, uint64_t random)
{
	struct table back = *d;

	(void)random;
	for (size_t i = 0; i < d->n; i++)
		back.row[i] = d->row[d->n - 1 - i];
	CHECK(take(&back));
	CHECK_INT(back.t.split.cut, d->t.split.cut);
	CHECK_INT(trainrows_time(&back.t, INT64_MAX, 300000),
		  trainrows_time(&d->t, INT64_MAX, 300000));
	for (size_t i = 0; i < d->t.n; i++)
		CHECK_INT(trainrows_has(&back.t, d->t.n - 1 - i, 100),
			  trainrows_has(&d->t, i, 100));
	trainrows_release(&back.t);
}

static void the_order_of_the_input_does_not_matter(void)
{
	on_tables(500, check_reversed);
}

/* 99 of 100 labels are known within it, but it is no more than a quarter of the span. */
static void the_automatic_horizon(void)
{
	for (int round = 0; round < 2; round++) {
		struct table d = { .n = 102, .options.holdout = 200000 };

		d.options.horizon.kind = TRAINROWS_HORIZON_AUTO;
		for (int i = 0; i < 101; i++)
			d.row[i] = (struct split_row){ .labelled = true,
						       .label = i % 3 == 0,
						       .time = 100 * i,
						       .known = 100 * i + (i ? i : 9000) +
								2450 * round };
		d.row[101] = d.row[100];
		d.row[101].known = INT64_MAX; /* no length */
		CHECK(take(&d));
		/* The 100th of 101 lengths is 100; a quarter of the span is 2,500. */
		CHECK_INT(d.t.split.horizon, round ? 2500 : 100);
		trainrows_release(&d.t);
	}
}

static void check_fails(struct table *d, const char *message)
{
	struct err err = ERR_INIT;

	CHECK_INT(split_rows(d, &err), -1);
	CHECK_BEGINS(err.message, message);
	trainrows_release(&d->t);
}

static void nothing_to_learn_from(void)
{
	struct table d = { .n = 0 };

	d.options.horizon.kind = TRAINROWS_HORIZON_NUMBER;
	check_fails(&d, "t: no row has a label (column y)");
	d.n = 10;
	for (int i = 0; i < 10; i++)
		d.row[i] = (struct split_row){ .time = i, .known = i + 1 };
	check_fails(&d, "t: no row has a label (column y)");
	for (int i = 0; i < 10; i++)
		d.row[i].labelled = true;
	check_fails(&d, "the label (column y) is 0 in all 10 train rows: nothing to learn");
	for (int i = 0; i < 10; i++)
		d.row[i].label = true;
	check_fails(&d, "the label (column y) is 1 in all 10 train rows: nothing to learn");
	for (int i = 0; i < 10; i++)
		d.row[i].known = 100;
	d.options.holdout = 500000;
	check_fails(&d, "no train rows: of 10 labelled rows");
}

int main(void)
{
	RUN(rows_are_split);
	RUN(what_was_known_at_a_time);
	RUN(a_share_of_the_rows_lies_after_a_time);
	RUN(folds_follow_one_another);
	RUN(held_rows_weigh_what_those_learnt_do);
	RUN(the_order_of_the_input_does_not_matter);
	RUN(the_automatic_horizon);
	RUN(nothing_to_learn_from);
	return CHECK_DONE();
}
