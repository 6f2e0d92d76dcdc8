#include "eval/intervals.h"

#include "base/buf.h"
#include "scratch.h"

enum { N = 2000 };

/* Rows of a score that knows something, one that knows less, and users of some rows each. */
static void write_scores(int n, int n_users)
{
	struct buf text = BUF_INIT;
	uint64_t random = 9;

	buf_append_str(&text, "user,y,one,other\n");
	for (int i = 0; i < n; i++) {
		int y = scratch_below(&random, 10) < 3;

		buf_printf(&text, "u%d,%d,0.%d%d,0.%d%d\n", i % n_users, y,
			   (int)scratch_below(&random, 7) + 3 * y, (int)scratch_below(&random, 10),
			   (int)scratch_below(&random, 9) + y, (int)scratch_below(&random, 10));
	}
	scratch_write("scores", text.data, text.len);
	buf_release(&text);
}

/* The intervals of 2,000 resamples of the columns; against and user may be NULL. */
static void compute(struct intervals *iv, const char *score, const char *against, const char *user)
{
	const struct csv_input input = { .paths = (const char *const[]){ "scores" }, .n = 1 };
	const struct evaluation_opts opts = { .label = "y",
					      .score = score,
					      .against = against,
					      .user = user,
					      .threshold = .5,
					      .bins = 10 };
	struct csv_reader in = CSV_READER_INIT;
	struct pool *pool = pool_new(2);
	const struct csv_row *row;
	struct err err = ERR_INIT;
	struct evaluation e;

	CHECK_INT(csv_reader_open(&in, &input, &err), 0);
	CHECK_INT(evaluation_init(&e, &opts, &in, &err), 0);
	while (csv_reader_next(&in, &row, &err) > 0)
		CHECK_INT(evaluation_add(&e, &in, row, &err), 0);
	CHECK_INT(evaluation_judge(&e, &in, &err), 0);
	CHECK_INT(intervals_compute(iv, &e, 2000, 7, pool, &err), 0);
	CHECK_STR(err.message, "");
	CHECK_INT(iv->n_drawn, e.users ? e.n_users : e.n);
	evaluation_release(&e);
	csv_reader_close(&in);
	pool_free(pool);
}

static void check_near(double got, double want, double within)
{
	if (!(fabs(got - want) <= within))
		CHECK_FAIL("%g is not within %g of %g", got, within, want);
}

/* Of a mean, rows drawn by themselves: the normal interval, 1.96 standard errors to each side. */
static void of_a_mean_it_is_the_normal_interval(void)
{
	const struct interval *base, *brier;
	struct intervals iv;
	double sum = 0, squares = 0, positives = 0, se;
	char *text, *line;
	size_t len;

	write_scores(N, N);
	compute(&iv, "one", NULL, NULL);
	text = scratch_read("scores", &len);
	line = strchr(text, '\n') + 1;
	for (int i = 0; i < N; i++, line = strchr(line, '\n') + 1) {
		double y = 0, score = 0;

		CHECK_INT(sscanf(line, "%*[^,],%lf,%lf", &y, &score), 2);
		positives += y;
		sum += (score - y) * (score - y);
		squares += pow(score - y, 4);
	}
	free(text);
	base = intervals_drawn(&iv, METRIC_base_rate);
	se = sqrt(positives / N * (1 - positives / N) / N);
	check_near(base->value, positives / N, 1e-12);
	check_near(base->low, base->value - 1.96 * se, se / 5);
	check_near(base->high, base->value + 1.96 * se, se / 5);
	brier = intervals_drawn(&iv, METRIC_brier);
	se = sqrt((squares / N - sum / N * sum / N) / N);
	check_near(brier->value, sum / N, 1e-12);
	check_near(brier->low, brier->value - 1.96 * se, se / 5);
	check_near(brier->high, brier->value + 1.96 * se, se / 5);
	CHECK_STR(brier->method, "rows");
	CHECK(isnan(brier->against) && isnan(brier->difference) && isnan(brier->p_value));
}

/* The other way round, the same resamples give the same intervals, and differences of other sign.
 */
static void two_scores_change_places(void)
{
	struct intervals ab, ba;

	write_scores(N, 300);
	compute(&ab, "one", "other", "user");
	compute(&ba, "other", "one", "user");
	CHECK_INT(ab.n, ba.n);
	CHECK_STR(ab.rows[0].method, "delong");
	for (size_t i = 0; i < ab.n; i++) {
		const struct interval *a = &ab.rows[i], *b = &ba.rows[i];

		CHECK_INT(a->metric, b->metric);
		check_near(a->value, b->against, 1e-12);
		check_near(a->low, b->against_low, 1e-12);
		check_near(a->high, b->against_high, 1e-12);
		check_near(a->difference, -b->difference, 1e-12);
		check_near(a->difference_low, -b->difference_high, 1e-9);
		check_near(a->difference_high, -b->difference_low, 1e-9);
		check_near(a->p_value, b->p_value, 1e-9);
		CHECK(a->low <= a->value && a->value <= a->high);
		CHECK(a->difference_low <= a->difference && a->difference <= a->difference_high);
		if (i)
			CHECK_STR(a->method, "users");
	}
}

/* And of a score with itself there is no difference. */
static void a_score_is_no_better_than_itself(void)
{
	struct intervals iv;

	write_scores(N, 300);
	compute(&iv, "one", "one", "user");
	for (size_t i = 0; i < iv.n; i++) {
		CHECK(iv.rows[i].difference == 0);
		CHECK(iv.rows[i].difference_low == 0 && iv.rows[i].difference_high == 0);
	}
}

/* One user is the whole of what there is to draw from; DeLong's rows are independent. */
static void one_user_has_no_interval(void)
{
	struct intervals iv;

	write_scores(N, 1);
	compute(&iv, "one", "other", "user");
	CHECK(iv.rows[0].low < iv.rows[0].high);
	for (size_t i = 1; i < iv.n; i++) {
		const struct interval *r = &iv.rows[i];

		CHECK(!isnan(r->value) && !isnan(r->difference));
		CHECK(isnan(r->low) && isnan(r->high) && isnan(r->p_value));
		CHECK(isnan(r->against_low) && isnan(r->difference_high));
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(of_a_mean_it_is_the_normal_interval);
	RUN(two_scores_change_places);
	RUN(a_score_is_no_better_than_itself);
	RUN(one_user_has_no_interval);
	scratch_leave(dir);
	return CHECK_DONE();
}
