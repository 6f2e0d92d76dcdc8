#include "metric/bootstrap.h"

#include "base/mem.h"
#include "base/rng.h"
#include "base/sum.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Parts of the task, each of which allocates once: many more than threads, so that all have work.
 */
#define PARTS ((size_t)64)

/* So many terms are added up plainly, and their sums with compensation. */
#define BLOCK ((size_t)4096)

/*
 * A row in one word, those of a score from the highest down: the number of its cluster, whether it
 * is the last of its score, and its label. A resample is a weight for each cluster, and so for
 * each row: one walk over the words ranks them without sorting again.
 */
#define CLUSTER_SHIFT 2
#define LAST          2U
#define POSITIVE      1U

/*
 * One walk is for so many resamples, each in a lane. Weights, and counts of rows, are whole
 * numbers, which a double holds exactly below 2^53; so are counts of pairs, but of 10^8 rows and
 * more.
 */
#define LANES ((size_t)4)

typedef int32_t weights __attribute__((vector_size(4 * LANES)));
typedef double lanes __attribute__((vector_size(8 * LANES)));
typedef int64_t masks __attribute__((vector_size(8 * LANES)));

#define INLINE static inline __attribute__((always_inline))

/* Sums over the rows of a cluster. */
struct losses {
	double log_loss, brier;
};

struct side {
	uint32_t *words;       /* [n] */
	struct losses *losses; /* [n_clusters] */
};

/* The clusters are those that have rows, numbered in the order of their ids. */
struct task {
	const struct bootstrap_options *options;
	struct side sides[2];
	int n_sides;
	size_t n, n_parts;
	uint32_t n_clusters;
	double *values; /* [n_sides][BOOTSTRAP_N][resamples] */
};

static double *values_of(const struct task *task, int side, int metric)
{
	return task->values +
	       ((size_t)side * BOOTSTRAP_N + (size_t)metric) * task->options->resamples;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

/* Lane k gets the weights of resample first + k, or none if there is no such resample. */
static void draw_clusters(weights *weight, const struct task *task, size_t first)
{
	uint32_t n = task->n_clusters;

	memset(weight, 0, n * sizeof(*weight));
	for (size_t k = 0; k < LANES && first + k < task->options->resamples; k++) {
		struct rng rng;

		rng_seed(&rng, task->options->seed, first + k);
		for (uint32_t i = 0; i < n; i++)
			weight[rng_below(&rng, n)][k]++;
	}
}

static void add_lanes(struct sum sums[LANES], const lanes *terms)
{
	for (size_t k = 0; k < LANES; k++)
		sum_add(&sums[k], (*terms)[k]);
}

/* What a walk down the scores finds in each lane. */
struct ranking {
	lanes rows, positives;
	struct sum twice_ordered[LANES]; /* pairs, a tie counting once */
	struct sum precision[LANES];     /* times positives */
};

INLINE void rank_rows(struct ranking *r, const uint32_t *words, size_t n, const weights *weight)
{
	lanes rows = { 0 }, positives = { 0 };
	lanes rows_above = { 0 }, positives_above = { 0 }; /* with a higher score */

	*r = (struct ranking){ 0 };
	for (size_t i = 0; i < n;) {
		size_t end = n - i < BLOCK ? n : i + BLOCK;
		lanes twice_ordered = { 0 }, precision = { 0 };

		for (; i < end; i++) {
			uint32_t word = words[i];
			lanes w = __builtin_convertvector(weight[word >> CLUSTER_SHIFT], lanes);
			lanes gained, share;

			rows += w;
			positives += (lanes)((masks)w & -(int64_t)(word & POSITIVE));
			if (!(word & LAST))
				continue;
			gained = positives - positives_above;
			twice_ordered += (rows - rows_above - gained) *
					 (positives + positives_above);
			/* Before the first row that was drawn it is 0 / 0, and must add nothing. */
			share = (lanes)((masks)(positives / rows) & (rows > 0));
			precision += gained * share;
			rows_above = rows;
			positives_above = positives;
		}
		add_lanes(r->twice_ordered, &twice_ordered);
		add_lanes(r->precision, &precision);
	}
	r->rows = rows;
	r->positives = positives;
}

struct weighed {
	struct sum log_loss[LANES], brier[LANES];
};

INLINE void weigh_losses(struct weighed *weighed, const struct losses *losses, size_t n_clusters,
			 const weights *weight)
{
	*weighed = (struct weighed){ 0 };
	for (size_t i = 0; i < n_clusters;) {
		size_t end = n_clusters - i < BLOCK ? n_clusters : i + BLOCK;
		lanes log_loss = { 0 }, brier = { 0 };

		for (; i < end; i++) {
			lanes w = __builtin_convertvector(weight[i], lanes);

			log_loss += w * losses[i].log_loss;
			brier += w * losses[i].brier;
		}
		add_lanes(weighed->log_loss, &log_loss);
		add_lanes(weighed->brier, &brier);
	}
}

INLINE void judge(struct task *task, size_t first, const weights *weight)
{
	for (int s = 0; s < task->n_sides; s++) {
		struct ranking r;
		struct weighed losses;

		rank_rows(&r, task->sides[s].words, task->n, weight);
		weigh_losses(&losses, task->sides[s].losses, task->n_clusters, weight);
		for (size_t k = 0; k < LANES && first + k < task->options->resamples; k++) {
			double rows = r.rows[k], positives = r.positives[k];
			double metrics[BOOTSTRAP_N] = {
				[BOOTSTRAP_BASE_RATE] = ratio(positives, rows),
				[BOOTSTRAP_AUC_ROC] = ratio(sum_of(&r.twice_ordered[k]),
							    2 * positives * (rows - positives)),
				[BOOTSTRAP_AVERAGE_PRECISION] =
					ratio(sum_of(&r.precision[k]), positives),
				[BOOTSTRAP_LOG_LOSS] = ratio(sum_of(&losses.log_loss[k]), rows),
				[BOOTSTRAP_BRIER] = ratio(sum_of(&losses.brier[k]), rows),
			};

			for (int f = 0; f < BOOTSTRAP_N; f++)
				values_of(task, s, f)[first + k] = metrics[f];
		}
	}
}

INLINE void run(struct task *task, size_t part)
{
	weights *weight = mem_alloc(task->n_clusters, sizeof(*weight));

	for (size_t i = part * LANES; i < task->options->resamples; i += task->n_parts * LANES) {
		draw_clusters(weight, task, i);
		judge(task, i, weight);
	}
	free(weight);
}

static void run_part(void *context, size_t part)
{
	run(context, part);
}

#if defined(__x86_64__)
static __attribute__((target("avx2"))) void run_part_avx2(void *context, size_t part)
{
	run(context, part);
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
#define run_part_avx2 run_part

static bool has_avx2(void)
{
	return false;
}
#endif

/* The number of each id among those that rows have; returns how many they are. */
static uint32_t number_clusters(uint32_t *number, const uint32_t *cluster, size_t n, uint32_t n_ids)
{
	uint32_t n_clusters = 0;

	for (size_t i = 0; i < n; i++)
		number[cluster[i]] = 1;
	for (uint32_t id = 0; id < n_ids; id++)
		if (number[id])
			number[id] = n_clusters++;
	return n_clusters;
}

static uint32_t cluster_of(size_t row, const uint32_t *cluster, const uint32_t *number)
{
	return cluster ? number[cluster[row]] : (uint32_t)row;
}

static uint32_t *pack_rows(const struct metrics_row *rows, size_t n, const uint32_t *cluster,
			   const uint32_t *number)
{
	struct metrics_row *sorted = mem_alloc(n, sizeof(*sorted));
	struct metrics_row *scratch = mem_alloc(n, sizeof(*scratch));
	uint32_t *words = mem_alloc(n, sizeof(*words)), *taken;

	if (n)
		memcpy(sorted, rows, n * sizeof(*rows));
	metrics_sort(sorted, scratch, n);
	free(scratch);
	taken = mem_zalloc(n,
			   sizeof(*taken)); /* at the first of those alike: how many are placed */
	for (size_t i = 0; i < n; i++) {
		size_t first = metrics_find(sorted, n, rows[i]), at = first + taken[first]++;

		words[n - 1 - at] = cluster_of(i, cluster, number) << CLUSTER_SHIFT |
				    (metrics_positive(rows[i]) ? POSITIVE : 0);
	}
	for (size_t i = 0; i < n; i++)
		if (!i || metrics_score(sorted[i - 1]) < metrics_score(sorted[i]))
			words[n - 1 - i] |= LAST;
	free(taken);
	free(sorted);
	return words;
}

static struct losses *add_losses(const struct metrics_row *rows, size_t n, const uint32_t *cluster,
				 const uint32_t *number, uint32_t n_clusters)
{
	struct losses *losses = mem_alloc(n_clusters, sizeof(*losses));
	struct sums {
		struct sum log_loss, brier;
	} *sums = mem_zalloc(n_clusters, sizeof(*sums));

	for (size_t i = 0; i < n; i++) {
		struct sums *s = &sums[cluster_of(i, cluster, number)];
		double score = metrics_score(rows[i]);
		bool positive = metrics_positive(rows[i]);
		double error = positive ? 1 - score : score;

		sum_add(&s->log_loss, metrics_log_loss(score, positive));
		sum_add(&s->brier, error * error);
	}
	for (uint32_t i = 0; i < n_clusters; i++)
		losses[i] = (struct losses){ sum_of(&sums[i].log_loss), sum_of(&sums[i].brier) };
	free(sums);
	return losses;
}

static int compare_values(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of sorted values[n], n > 0. */
static double quantile(const double *values, size_t n, double p)
{
	double rank = p * (double)(n + 1), below = floor(rank);

	if (below < 1)
		return values[0];
	if (below >= (double)n)
		return values[n - 1];
	values += (size_t)below - 1;
	return values[0] + (rank - below) * (values[1] - values[0]);
}

/* Of values[n], which are sorted on the way. */
static struct bootstrap_interval interval_of(double *values, size_t n)
{
	if (!n)
		return (struct bootstrap_interval){ NAN, NAN };
	qsort(values, n, sizeof(*values), compare_values);
	return (struct bootstrap_interval){ quantile(values, n, 0.025),
					    quantile(values, n, 0.975) };
}

static double p_value_of(const double *differences, size_t n)
{
	size_t at_most = 0, at_least = 0;

	for (size_t i = 0; i < n; i++) {
		at_most += differences[i] <= 0;
		at_least += differences[i] >= 0;
	}
	if (!n)
		return NAN;
	return fmin(2 * ((double)(at_most < at_least ? at_most : at_least) + 1) / ((double)n + 1),
		    1);
}

/* Keeps what is defined, in order; returns how much it is. */
static size_t keep_defined(double *values, size_t n)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			values[n_kept++] = values[i];
	return n_kept;
}

static void summarize(struct bootstrap *result, const struct task *task)
{
	size_t resamples = task->options->resamples;
	double *differences = mem_alloc(resamples, sizeof(*differences));

	for (int f = 0; f < BOOTSTRAP_N; f++) {
		double *a = values_of(task, 0, f), *b = values_of(task, task->n_sides - 1, f);
		size_t n = keep_defined(a, resamples), n_both = 0;

		/* The labels decide what is defined, and so both scores have it or neither. */
		if (task->n_sides == 2)
			n_both = keep_defined(b, resamples);
		for (size_t i = 0; i < n_both; i++)
			differences[i] = a[i] - b[i];
		result->defined[f] = n;
		result->p_values[f] = p_value_of(differences, n_both);
		result->differences[f] = interval_of(differences, n_both);
		result->scores[0][f] = interval_of(a, n);
		result->scores[1][f] = interval_of(b, n_both);
	}
	free(differences);
}

void bootstrap_run(struct bootstrap *result, const struct metrics_row *a,
		   const struct metrics_row *b, size_t n, const uint32_t *cluster,
		   uint32_t n_clusters, const struct bootstrap_options *options)
{
	const struct metrics_row *rows[2] = { a, b };
	struct task task = { .options = options, .n_sides = b ? 2 : 1, .n = n };
	uint32_t *number = cluster ? mem_zalloc(n_clusters, sizeof(*number)) : NULL;
	size_t n_walks = (options->resamples + LANES - 1) / LANES;

	task.n_clusters = cluster ? number_clusters(number, cluster, n, n_clusters) : (uint32_t)n;
	task.n_parts = n_walks < PARTS ? n_walks : PARTS;
	task.values = mem_alloc((size_t)task.n_sides * BOOTSTRAP_N * options->resamples,
				sizeof(*task.values));
	for (int s = 0; s < task.n_sides; s++)
		task.sides[s] = (struct side){
			pack_rows(rows[s], n, cluster, number),
			add_losses(rows[s], n, cluster, number, task.n_clusters),
		};
	free(number);
	pool_run(options->pool, task.n_parts, has_avx2() ? run_part_avx2 : run_part, &task);
	summarize(result, &task);
	for (int s = 0; s < task.n_sides; s++) {
		free(task.sides[s].words);
		free(task.sides[s].losses);
	}
	free(task.values);
}
