/*
 * SHAP values, against Shapley's definition: over all subsets of the columns, of a worth that walks
 * the trees as algorithm 1 of the paper does.
 */
#include "check.h"
#include "learn/treeshap.h"

#include <float.h>
#include <math.h>

#define N_COLUMNS 7 /* 0 ... 3 are numbers, the others categories; no split is about the last */
#define N_LEVELS  5

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static double between(uint64_t *state, double low, double high)
{
	return low + (high - low) * (double)next(state) / (double)(UINT64_C(1) << 31);
}

/* Appends a random tree of that many train rows, which a side of a split may have none of. */
static void grow(struct trees *t, uint64_t *random, uint64_t rows, int depth)
{
	struct trees_node node = { .kind = TREES_LEAF, .rows = rows };
	size_t at = t->n_nodes;
	uint64_t left = next(random) % (rows + 1);

	node.column = (uint32_t)(next(random) % (N_COLUMNS - 1));
	if (!depth || next(random) % 8 == 0) {
		node.value = between(random, -1, 1);
		trees_add(t, &node);
		return;
	}
	if (node.column < 4) {
		node.kind = TREES_NUMBER;
		node.threshold = between(random, -1, 1);
		node.missing_left = next(random) % 2;
	} else {
		struct trees_levels set = { { next(random) % (1 << N_LEVELS) } };

		node.kind = TREES_CATEGORY;
		node.set = trees_add_set(t, &set);
	}
	trees_add(t, &node);
	grow(t, random, left, depth - 1);
	t->nodes[at].right = (uint32_t)(t->n_nodes - at);
	grow(t, random, rows - left, depth - 1);
}

static struct trees random_trees(uint64_t *random, int n, int depth)
{
	struct trees t = TREES_INIT;

	t.base = between(random, -1, 1);
	for (int i = 0; i < n; i++) {
		trees_start(&t);
		grow(&t, random, 1 + next(random) % 100, depth);
	}
	return t;
}

static void random_row(uint64_t *random, double *value)
{
	for (int i = 0; i < 4; i++)
		value[i] = next(random) % 4 ? between(random, -1, 1) : NAN;
	for (int i = 4; i < N_COLUMNS; i++)
		value[i] = (double)(next(random) % N_LEVELS);
}

/* The mean value of the rows that come to the node, those columns of the set being as the row's. */
static double worth(const struct trees *t, const struct trees_node *node, const double *value,
		    unsigned set)
{
	double left, right, rows, v;

	if (node->kind == TREES_LEAF)
		return node->value;
	left = worth(t, node + 1, value, set);
	right = worth(t, node + node->right, value, set);
	v = value[node->column];
	if (set >> node->column & 1) {
		if (node->kind == TREES_CATEGORY)
			return t->sets[node->set].word[0] >> (unsigned)v & 1 ? left : right;
		return (isnan(v) ? node->missing_left : v <= node->threshold) ? left : right;
	}
	rows = (double)(node[1].rows + node[node->right].rows);
	return rows > 0 ? ((double)node[1].rows * left + (double)node[node->right].rows * right) /
				  rows
			: (left + right) / 2;
}

static double worth_of_all(const struct trees *t, const double *value, unsigned set)
{
	double sum = t->base;

	for (size_t i = 0; i < t->n; i++)
		sum += worth(t, &t->nodes[t->roots[i]], value, set);
	return sum;
}

/* L. S. Shapley, "A value for n-person games", 1953. */
static void shapley(const struct trees *t, const double *value, double *shap)
{
	static const double factorial[] = { 1, 1, 2, 6, 24, 120, 720, 5040 };

	for (unsigned i = 0; i < N_COLUMNS; i++) {
		shap[i] = 0;
		for (unsigned set = 0; set < 1U << N_COLUMNS; set++) {
			int n = __builtin_popcount(set);

			if (!(set >> i & 1))
				shap[i] += factorial[n] * factorial[N_COLUMNS - 1 - n] /
					   factorial[N_COLUMNS] *
					   (worth_of_all(t, value, set | 1U << i) -
					    worth_of_all(t, value, set));
		}
	}
}

static void values_are_shapley_s(void)
{
	uint64_t random = 1;

	for (int round = 0; round < 300; round++) {
		int depth = round % 10;
		struct trees t = random_trees(&random, 1 + round % 3, depth);
		struct treeshap *s = treeshap_new(&t);
		double value[N_COLUMNS], want[N_COLUMNS], got[N_COLUMNS] = { 0 };

		random_row(&random, value);
		shapley(&t, value, want);
		treeshap_add(s, value, 1, N_COLUMNS, got);
		for (int i = 0; i < N_COLUMNS; i++)
			CHECK_NEAR(got[i], want[i], 1e-13);
		CHECK_NEAR(treeshap_base(s), worth_of_all(&t, value, 0), 1e-13);
		CHECK(got[N_COLUMNS - 1] == 0 && !signbit(got[N_COLUMNS - 1]));
		treeshap_free(s);
		trees_release(&t);
	}
}

/* Of trees of any depth, and the values of a row twice. */
static void values_add_up_to_the_score(void)
{
	uint64_t random = 2;

	for (int round = 0; round < 200; round++) {
		struct trees t = random_trees(&random, 5, round % 16);
		struct treeshap *s = treeshap_new(&t);

		for (int row = 0; row < 10; row++) {
			double value[N_COLUMNS], got[N_COLUMNS] = { 0 }, sum = treeshap_base(s);
			double once[N_COLUMNS];

			random_row(&random, value);
			treeshap_add(s, value, 1, N_COLUMNS, got);
			for (int i = 0; i < N_COLUMNS; i++) {
				sum += got[i];
				once[i] = got[i];
			}
			CHECK_NEAR(sum, trees_score(&t, value), 1e-12);
			treeshap_add(s, value, 1, N_COLUMNS, got);
			for (int i = 0; i < N_COLUMNS; i++)
				CHECK_NEAR(got[i], 2 * once[i], 1e-12);
		}
		treeshap_free(s);
		trees_release(&t);
	}
}

static void a_tree_twice_doubles_its_values(void)
{
	uint64_t random = 3;

	for (int round = 0; round < 100; round++) {
		struct trees one = TREES_INIT, two = TREES_INIT;
		double value[N_COLUMNS], of_one[N_COLUMNS] = { 0 }, of_two[N_COLUMNS] = { 0 };
		struct treeshap *s[2];
		uint64_t seed = random;

		trees_start(&one);
		grow(&one, &random, 50, 6);
		for (int i = 0; i < 2; i++) {
			uint64_t again = seed;

			trees_start(&two);
			grow(&two, &again, 50, 6);
		}
		random_row(&random, value);
		s[0] = treeshap_new(&one);
		s[1] = treeshap_new(&two);
		treeshap_add(s[0], value, 1, N_COLUMNS, of_one);
		treeshap_add(s[1], value, 1, N_COLUMNS, of_two);
		CHECK_NEAR(treeshap_base(s[1]), 2 * treeshap_base(s[0]), 1e-15);
		for (int i = 0; i < N_COLUMNS; i++)
			CHECK_NEAR(of_two[i], 2 * of_one[i], 1e-14);
		treeshap_free(s[0]);
		treeshap_free(s[1]);
		trees_release(&one);
		trees_release(&two);
	}
}

static void trees_without_splits_explain_nothing(void)
{
	struct trees t = TREES_INIT;
	struct treeshap *s = treeshap_new(&t);
	double shap[1] = { 0 };

	CHECK(treeshap_base(s) == 0);
	treeshap_add(s, NULL, 1, 0, NULL);
	treeshap_free(s);
	t.base = 0.5;
	trees_start(&t);
	trees_add(&t, &(struct trees_node){ .kind = TREES_LEAF, .value = 2, .rows = 9 });
	s = treeshap_new(&t);
	CHECK(treeshap_base(s) == 2.5);
	treeshap_add(s, NULL, 1, 1, shap);
	CHECK(shap[0] == 0);
	treeshap_free(s);
	treeshap_free(NULL);
	trees_release(&t);
}

/* A tree of one way down, where a row that passes every split comes to a leaf of value 1. */
static struct trees chain(const uint64_t *left, const uint64_t *right, uint32_t depth)
{
	struct trees t = TREES_INIT;

	trees_start(&t);
	for (uint32_t i = 0; i < depth; i++)
		trees_add(&t, &(struct trees_node){ .kind = TREES_NUMBER,
						    .column = i,
						    .right = 2 * (depth - i),
						    .rows = left[i] });
	trees_add(&t, &(struct trees_node){ .kind = TREES_LEAF, .value = 1, .rows = left[depth] });
	for (uint32_t i = depth; i-- > 0;)
		trees_add(&t, &(struct trees_node){ .kind = TREES_LEAF, .rows = right[i] });
	return t;
}

/*
 * The value of column i in a chain: over the others, the sum over the sizes of S of the elementary
 * symmetric polynomial of what they give, in or out of S; all its terms are positive.
 */
static double chain_value(const double *z, const bool *passes, uint32_t n, uint32_t i)
{
	long double by_size[TREES_DEPTH_MAX + 1] = { 1 }, sum = 0, ways = 1;

	for (uint32_t j = 0, m = 0; j < n; j++) {
		if (j == i)
			continue;
		for (uint32_t k = ++m; k > 0; k--)
			by_size[k] = by_size[k] * z[j] + (passes[j] ? by_size[k - 1] : 0);
		by_size[0] *= z[j];
	}
	/* k! (n - 1 - k)! / n! = 1 / (n C(n - 1, k)) */
	for (uint32_t k = 0; k < n; k++) {
		sum += by_size[k] / (n * ways);
		ways = ways * (n - 1 - k) / (k + 1);
	}
	return (double)(sum * (passes[i] - (long double)z[i]));
}

static void the_deepest_trees_lose_no_digits(void)
{
	uint64_t random = 4;

	for (uint32_t depth = 1; depth <= TREES_DEPTH_MAX; depth++)
		for (int round = 0; round < 20; round++) {
			uint64_t left[TREES_DEPTH_MAX + 1], right[TREES_DEPTH_MAX];
			double z[TREES_DEPTH_MAX], value[TREES_DEPTH_MAX];
			double got[TREES_DEPTH_MAX] = { 0 };
			bool passes[TREES_DEPTH_MAX];
			struct treeshap *s;
			struct trees t;

			left[0] = 1000000;
			for (uint32_t i = 0; i < depth; i++) {
				left[i + 1] = left[i] * (50 + next(&random) % 50) / 100;
				right[i] = left[i] - left[i + 1];
				z[i] = (double)left[i + 1] / (double)left[i];
				passes[i] = round % 2 || next(&random) % 10;
				value[i] = passes[i] ? -1 : 1;
			}
			t = chain(left, right, depth);
			s = treeshap_new(&t);
			treeshap_add(s, value, 1, N_COLUMNS, got);
			for (uint32_t i = 0; i < depth; i++) {
				double want = chain_value(z, passes, depth, i);

				CHECK_NEAR(got[i], want, 1e-13 * fabs(want));
			}
			treeshap_free(s);
			trees_release(&t);
		}
}

/* Counts of rows that no training writes, but a file may hold. */
static void any_counts_of_rows_give_finite_values(void)
{
	static const uint64_t counts[] = { 0, 1, UINT64_MAX, 1, 0, 7 };
	uint64_t random = 5;

	for (int round = 0; round < 200; round++) {
		struct trees t = random_trees(&random, 2, 12);
		double value[N_COLUMNS], got[N_COLUMNS] = { 0 }, sum;
		struct treeshap *s;

		for (size_t i = 0; i < t.n_nodes; i++)
			t.nodes[i].rows = counts[next(&random) % 6];
		s = treeshap_new(&t);
		random_row(&random, value);
		treeshap_add(s, value, 1, N_COLUMNS, got);
		sum = treeshap_base(s);
		for (int i = 0; i < N_COLUMNS; i++)
			sum += got[i];
		CHECK_NEAR(sum, trees_score(&t, value), 1e-12);
		treeshap_free(s);
		trees_release(&t);
	}
}

int main(void)
{
	RUN(values_are_shapley_s);
	RUN(values_add_up_to_the_score);
	RUN(a_tree_twice_doubles_its_values);
	RUN(trees_without_splits_explain_nothing);
	RUN(the_deepest_trees_lose_no_digits);
	RUN(any_counts_of_rows_give_finite_values);
	return CHECK_DONE();
}
