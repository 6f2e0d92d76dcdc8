#include "check.h"
#include "learn/trees.h"

#include <float.h>
#include <math.h>

static void add_leaf(struct trees *t, double value)
{
	trees_add(t, &(struct trees_node){ .kind = TREES_LEAF, .value = value });
}

static void add_number(struct trees *t, uint32_t column, double threshold, bool missing_left,
		       uint32_t right)
{
	trees_add(t, &(struct trees_node){ .kind = TREES_NUMBER,
					   .column = column,
					   .threshold = threshold,
					   .missing_left = missing_left,
					   .right = right });
}

static void add_category(struct trees *t, uint32_t column, const struct trees_levels *set,
			 uint32_t right)
{
	trees_add(t, &(struct trees_node){ .kind = TREES_CATEGORY,
					   .column = column,
					   .set = trees_add_set(t, set),
					   .right = right });
}

/*
 * Three trees:	x <= 1.5 ? (level in {0, 63, 64, 255} ? 1 : 2) : 4
 *		y <= 0, or missing ? 8 : (x <= DBL_MAX ? 16 : 32)
 *		64
 */
static struct trees sample(void)
{
	struct trees t = TREES_INIT;
	struct trees_levels set = { { 0 } };

	trees_add_level(&set, 0);
	trees_add_level(&set, 63);
	trees_add_level(&set, 64);
	trees_add_level(&set, 255);
	t.base = 0.5;
	trees_start(&t);
	add_number(&t, 0, 1.5, false, 4);
	add_category(&t, 1, &set, 2);
	add_leaf(&t, 1);
	add_leaf(&t, 2);
	add_leaf(&t, 4);
	trees_start(&t);
	add_number(&t, 2, 0, true, 2);
	add_leaf(&t, 8);
	add_number(&t, 0, DBL_MAX, false, 2);
	add_leaf(&t, 16);
	add_leaf(&t, 32);
	trees_start(&t);
	add_leaf(&t, 64);
	return t;
}

static void rows_find_their_leaves(void)
{
	static const struct {
		double x, level, y, want;
	} rows[] = {
		{ 1.5, 0, 0, 64 + 8 + 1 },
		{ -DBL_MAX, 63, -0.0, 64 + 8 + 1 },
		{ 1.5, 64, 5e-324, 64 + 16 + 1 },
		{ 1, 255, NAN, 64 + 8 + 1 },
		{ 1, 1, 1, 64 + 16 + 2 },
		{ 1, 62, 1, 64 + 16 + 2 },
		{ 1, 65, 1, 64 + 16 + 2 },
		{ 1, 254, 1, 64 + 16 + 2 },
		{ 1.5000000000000002, 0, 1, 64 + 16 + 4 },
		{ DBL_MAX, 0, 1, 64 + 16 + 4 },
		{ NAN, 0, 1, 64 + 32 + 4 },
		{ NAN, 7, NAN, 64 + 8 + 4 },
	};
	struct trees t = sample();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double value[3] = { rows[i].x, rows[i].level, rows[i].y };

		CHECK_NEAR(trees_score(&t, value), 0.5 + rows[i].want, 0);
	}
	CHECK(trees_leaf(&t, 2, NULL)->value == 64);
	trees_release(&t);
	CHECK_INT(t.n, 0);
	CHECK_NEAR(trees_score(&t, NULL), 0, 0);
}

static void truncated_trees_are_gone_with_their_sets(void)
{
	struct trees_levels set = { { 0 } };

	for (size_t n = 0; n < 6; n++) {
		struct trees t = sample();
		double value[3] = { 1, 63, NAN };
		static const double scores[] = { 0.5, 1.5, 9.5, 73.5, 73.5, 73.5 };
		static const size_t nodes[] = { 0, 5, 10, 11, 11, 11 };

		trees_truncate(&t, n);
		CHECK_INT(t.n, n < 3 ? n : 3);
		CHECK_INT(t.n_nodes, nodes[n]);
		CHECK_INT(t.n_sets, n > 0);
		CHECK_NEAR(trees_score(&t, value), scores[n], 0);
		/* And others can take their place. */
		trees_start(&t);
		add_category(&t, 1, &set, 2);
		CHECK_INT(t.nodes[t.n_nodes - 1].set, n > 0);
		add_leaf(&t, 100);
		add_leaf(&t, 200);
		CHECK_NEAR(trees_score(&t, value), scores[n] + 200, 0);
		CHECK_INT(t.n_sets, 1 + (n > 0));
		trees_release(&t);
	}
}

/* Sets of several trees, of which a later one stands in an earlier tree. */
static void sets_are_kept_as_long_as_any_tree_has_them(void)
{
	struct trees t = TREES_INIT;
	struct trees_levels set = { { 0 } };

	for (unsigned i = 0; i < 300; i++) {
		set = (struct trees_levels){ { 0 } };
		trees_add_level(&set, i % 256);
		trees_start(&t);
		add_category(&t, 0, &set, 2);
		add_leaf(&t, 1);
		add_leaf(&t, 0);
	}
	for (size_t n = 300; n > 0; n--) {
		double value = (double)((n - 1) % 256);

		trees_truncate(&t, n);
		CHECK_INT(t.n_sets, n);
		CHECK(trees_leaf(&t, n - 1, &value)->value == 1);
	}
	trees_release(&t);
}

int main(void)
{
	RUN(rows_find_their_leaves);
	RUN(truncated_trees_are_gone_with_their_sets);
	RUN(sets_are_kept_as_long_as_any_tree_has_them);
	return CHECK_DONE();
}
