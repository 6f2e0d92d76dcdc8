#include "base/mem.h"
#include "check.h"
#include "model/split.h"

#include <stdlib.h>

static void cuts_at_the_share(void)
{
	struct split s = SPLIT_INIT;
	int64_t times[10] = { 5, 3, 9, 1, 7, 2, 8, 0, 6, 4 };
	int64_t ties[5] = { 1, 2, 2, 2, 3 };
	int64_t *many = malloc(12345 * sizeof(*many));

	split_set_cut(&s, times, 10, 200000);
	CHECK(s.has_cut);
	CHECK_INT(s.cut, 8);
	split_set_cut(&s, times, 10, 1000000);
	CHECK_INT(s.cut, 0);
	split_set_cut(&s, times, 10, 99999); /* 0.99999 rows */
	CHECK(!s.has_cut);
	split_set_cut(&s, times, 10, 0);
	CHECK(!s.has_cut);
	split_set_cut(&s, ties, 5, 400000); /* rows of the cut's own time are test rows all */
	CHECK_INT(s.cut, 2);
	for (int64_t i = 0; i < 12345; i++)
		many[i] = 12344 - i;
	for (int64_t share = 100; share <= 1000000; share += 99999) {
		split_set_cut(&s, many, 12345, share);
		CHECK_INT(s.cut, 12345 - 12345 * share / 1000000);
	}
	free(many);
}

static void parts_by_time_and_by_what_was_known(void)
{
	struct split s = { .known = mem_dup("k", 1), .has_cut = true, .cut = 100 };
	const struct {
		struct split_row row;
		enum split_part part;
	} cases[] = {
		{ { false, false, 0, INT64_MIN }, SPLIT_UNLABELLED },
		{ { false, false, 500, 1 }, SPLIT_UNLABELLED },
		{ { true, false, 99, 99 }, SPLIT_TRAIN },
		{ { true, true, 99, 100 }, SPLIT_PURGED }, /* known at the cut: not before it */
		{ { true, true, 99, INT64_MAX }, SPLIT_PURGED },
		{ { true, true, 100, 100 }, SPLIT_TEST },
		{ { true, true, 100, 5 }, SPLIT_TEST },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(split_part(&s, &cases[i].row), cases[i].part);
	free(s.known);
	s.known = NULL; /* no such column: a label is known at once */
	CHECK_INT(split_part(&s, &cases[4].row), SPLIT_TRAIN);
	s.has_cut = false;
	CHECK_INT(split_part(&s, &cases[5].row), SPLIT_TRAIN);
	CHECK_INT(split_part(&s, &cases[0].row), SPLIT_UNLABELLED);
}

static void waits_for_labels_until_the_horizon(void)
{
	struct split s = { .known = mem_dup("k", 1),
			   .has_horizon = true,
			   .horizon = 10,
			   .end = 200,
			   .has_cut = true,
			   .cut = 100 };
	const struct {
		struct split_row row;
		enum split_part part;
	} cases[] = {
		{ { false, false, INT64_MIN, INT64_MIN }, SPLIT_UNLABELLED },
		{ { true, false, 89, 99 }, SPLIT_TRAIN },
		{ { true, true, 89, 100 }, SPLIT_PURGED },
		{ { true, true, 90, 91 }, SPLIT_PURGED }, /* known, but others of its age are not */
		{ { true, true, 100, 101 }, SPLIT_TEST },
		{ { true, true, 189, INT64_MAX }, SPLIT_TEST },
		{ { true, true, 190, 191 }, SPLIT_IMMATURE },
		{ { true, true, INT64_MAX, INT64_MIN }, SPLIT_IMMATURE },
		{ { true, true, INT64_MIN, INT64_MIN }, SPLIT_TRAIN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(split_part(&s, &cases[i].row), cases[i].part);
	/* Nothing is older than the beginning of time. */
	s.cut = s.end = INT64_MIN + 5;
	CHECK_INT(split_part(&s, &(struct split_row){ true, true, INT64_MIN, INT64_MIN }),
		  SPLIT_PURGED);
	CHECK(!split_is_mature(&s, INT64_MIN));
	free(s.known);
}

static void the_horizon_is_a_quantile(void)
{
	struct split s = SPLIT_INIT;
	int64_t lengths[1000], few[] = { 7, -3 }, early[] = { -9, -1 };

	for (int64_t n = 1; n <= 1000; n += n < 205 ? 1 : 53) {
		for (int64_t i = 0; i < n; i++)
			lengths[i] = n - i;
		CHECK_INT(split_set_horizon(&s, 1000, lengths, (size_t)n), (99 * n + 99) / 100);
		CHECK_INT(s.horizon, (99 * n + 99) / 100);
		for (int64_t i = 0; i < n; i++)
			CHECK_INT(lengths[i], i + 1);
		CHECK_INT(split_set_horizon(&s, 20, lengths, (size_t)n), (99 * n + 99) / 100);
		CHECK_INT(s.horizon, n < 20 ? n : 20);
	}
	CHECK_INT(split_set_horizon(&s, INT64_MAX, few, 2), 7);
	CHECK_INT(s.horizon, 7);
	CHECK_INT(split_set_horizon(&s, -1, few, 2), 7);
	CHECK_INT(s.horizon, 0);
	CHECK_INT(split_set_horizon(&s, INT64_MAX, early, 2), -1);
	CHECK_INT(s.horizon, 0);
	CHECK_INT(split_set_horizon(&s, INT64_MAX, lengths, 0), 0);
	CHECK(s.has_horizon);
	CHECK_INT(s.horizon, 0);
	CHECK_INT(split_length(5, 7), 2);
	CHECK_INT(split_length(INT64_MIN, 1), INT64_MAX);
	CHECK_INT(split_length(2, INT64_MIN), INT64_MIN);
}

static void a_duration_becomes_one_in_the_unit_of_the_times(void)
{
	struct split s = SPLIT_INIT;
	int64_t length = 0;

	s.end = 1700000000;
	CHECK_INT(split_from_ms(&s, 1500, &length), 0);
	CHECK_INT(length, 2);
	s.end *= 1000;
	CHECK_INT(split_from_ms(&s, 1500, &length), 0);
	CHECK_INT(length, 1500);
	s.end *= 1000;
	CHECK_INT(split_from_ms(&s, 1500, &length), 0);
	CHECK_INT(length, 1500000);
	s.end = 19000; /* days */
	CHECK_INT(split_from_ms(&s, 1500, &length), -1);
}

static void counts_rows_and_positives(void)
{
	struct split s = SPLIT_INIT;

	split_count(&s, SPLIT_TEST, &(struct split_row){ .labelled = true, .label = true });
	split_count(&s, SPLIT_TEST, &(struct split_row){ .labelled = true });
	CHECK_INT(s.rows[SPLIT_TEST], 2);
	CHECK_INT(s.positives[SPLIT_TEST], 1);
	CHECK_INT(s.rows[SPLIT_TRAIN], 0);
}

int main(void)
{
	RUN(cuts_at_the_share);
	RUN(parts_by_time_and_by_what_was_known);
	RUN(waits_for_labels_until_the_horizon);
	RUN(the_horizon_is_a_quantile);
	RUN(a_duration_becomes_one_in_the_unit_of_the_times);
	RUN(counts_rows_and_positives);
	return CHECK_DONE();
}
