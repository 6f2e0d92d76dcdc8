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
	RUN(counts_rows_and_positives);
	return CHECK_DONE();
}
