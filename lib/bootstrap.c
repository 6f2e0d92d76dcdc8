#include "bootstrap.h"

#include "mem.h"
#include "rng.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A row in the order of its score: its cluster, its outcome, and whether the next has its score. */
#define IS_POSITIVE 1U
#define IS_TIED     2U
#define CLUSTER_AT  2

/* What the rows of a cluster add up to. */
struct sums {
	double log_loss, brier;
	uint32_t rows, positives;
};

/* One score, made ready. */
struct score {
	uint32_t *rows;    /* [n] from the highest score down */
	struct sums *sums; /* [n_clusters] */
};

struct run {
	const struct bootstrap_rows *rows;
	struct score score[2];
	int n_scores;
	uint32_t n_clusters;
	size_t resamples, samples_a_part;
	uint64_t seed;
	double *figures[2][BOOTSTRAP_N]; /* [resamples] */
};

struct ranked {
	struct metrics_row row;
	uint32_t cluster;
};

static int highest_first(const void *a, const void *b)
{
	uint64_t x = ((const struct ranked *)a)->row.word, y = ((const struct ranked *)b)->row.word;

	return (x < y) - (x > y);
}

static uint32_t cluster_of(const struct bootstrap_rows *rows, size_t i)
{
	return rows->cluster ? rows->cluster[i] : (uint32_t)i;
}

static void prepare(struct score *s, const struct bootstrap_rows *rows,
		    const struct metrics_row *row, uint32_t n_clusters)
{
	struct ranked *ranked = mem_alloc(rows->n, sizeof(*ranked));

	s->rows = mem_alloc(rows->n, sizeof(*s->rows));
	s->sums = mem_zalloc(n_clusters, sizeof(*s->sums));
	for (size_t i = 0; i < rows->n; i++) {
		struct sums *sums = &s->sums[cluster_of(rows, i)];
		double p = metrics_score(row[i]),
		       kept = fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON);
		bool positive = metrics_positive(row[i]);

		ranked[i] = (struct ranked){ row[i], cluster_of(rows, i) };
		sums->rows++;
		sums->positives += positive;
		sums->log_loss -= positive ? log(kept) : log1p(-kept);
		sums->brier += positive ? (1 - p) * (1 - p) : p * p;
	}
	qsort(ranked, rows->n, sizeof(*ranked), highest_first);
	for (size_t i = 0; i < rows->n; i++) {
		bool tied = i + 1 < rows->n &&
			    ranked[i].row.word >> 1 == ranked[i + 1].row.word >> 1;

		s->rows[i] = ranked[i].cluster << CLUSTER_AT | (tied ? IS_TIED : 0) |
			     (metrics_positive(ranked[i].row) ? IS_POSITIVE : 0);
	}
	free(ranked);
}

/* How the sample ranks: the walk of metrics_compute, each row counted as its cluster was drawn. */
static void judge_ranking(const struct score *s, size_t n, const uint32_t *drawn, double *auc,
			  double *average_precision)
{
	uint64_t tp = 0, fp = 0, ties[2] = { 0, 0 };
	double ordered = 0, precision = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t row = s->rows[i];

		ties[row & IS_POSITIVE] += drawn[row >> CLUSTER_AT];
		if (row & IS_TIED)
			continue;
		ordered += (double)ties[0] * ((double)tp + (double)ties[1] / 2);
		tp += ties[1];
		fp += ties[0];
		if (ties[1])
			precision += (double)ties[1] * (double)tp / (double)(tp + fp);
		ties[0] = ties[1] = 0;
	}
	*auc = tp && fp ? ordered / ((double)tp * (double)fp) : NAN;
	*average_precision = tp ? precision / (double)tp : NAN;
}

static void judge(const struct run *r, int k, size_t sample, const uint32_t *drawn)
{
	double rows = 0, positives = 0, log_loss = 0, brier = 0;
	double *const *figures = r->figures[k];

	for (uint32_t c = 0; c < r->n_clusters; c++) {
		const struct sums *s = &r->score[k].sums[c];

		rows += (double)drawn[c] * s->rows;
		positives += (double)drawn[c] * s->positives;
		log_loss += drawn[c] * s->log_loss;
		brier += drawn[c] * s->brier;
	}
	/* A cluster may be without rows, and so may be all that were drawn. */
	figures[BOOTSTRAP_BASE_RATE][sample] = rows > 0 ? positives / rows : NAN;
	figures[BOOTSTRAP_LOG_LOSS][sample] = rows > 0 ? log_loss / rows : NAN;
	figures[BOOTSTRAP_BRIER][sample] = rows > 0 ? brier / rows : NAN;
	judge_ranking(&r->score[k], r->rows->n, drawn, &figures[BOOTSTRAP_AUC_ROC][sample],
		      &figures[BOOTSTRAP_AVERAGE_PRECISION][sample]);
}

/* Some of the samples. */
static void draw_part(void *context, size_t part)
{
	const struct run *r = context;
	uint32_t *drawn = mem_alloc(r->n_clusters, sizeof(*drawn));
	size_t end = (part + 1) * r->samples_a_part;

	for (size_t i = part * r->samples_a_part; i < end && i < r->resamples; i++) {
		struct rng rng;

		rng_seed(&rng, r->seed, i);
		memset(drawn, 0, r->n_clusters * sizeof(*drawn));
		for (uint32_t c = 0; c < r->n_clusters; c++)
			drawn[rng_below(&rng, r->n_clusters)]++;
		for (int k = 0; k < r->n_scores; k++)
			judge(r, k, i, drawn);
	}
	free(drawn);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double percentile(const double *sorted, size_t n, double share)
{
	double at = share * (double)(n - 1);
	size_t below = (size_t)at;

	if (below + 1 == n)
		return sorted[below];
	return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

/* The values that are known move to the front and are sorted. Returns how many. */
static size_t sort_known(double *values, size_t n)
{
	size_t known = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			values[known++] = values[i];
	if (known)
		qsort(values, known, sizeof(*values), by_value);
	return known;
}

static struct bootstrap_interval interval_of(const double *sorted, size_t n)
{
	if (!n)
		return (struct bootstrap_interval){ NAN, NAN };
	return (struct bootstrap_interval){ percentile(sorted, n, 0.025),
					    percentile(sorted, n, 0.975) };
}

static void compare(const struct run *r, enum bootstrap_figure f, struct bootstrap_result *result)
{
	double *difference = mem_alloc(r->resamples, sizeof(*difference));
	size_t n, below = 0, above = 0, least;

	for (size_t i = 0; i < r->resamples; i++)
		difference[i] = r->figures[0][f][i] - r->figures[1][f][i];
	n = sort_known(difference, r->resamples);
	for (size_t i = 0; i < n; i++) {
		below += difference[i] <= 0;
		above += difference[i] >= 0;
	}
	least = below < above ? below : above;
	result->difference = interval_of(difference, n);
	if (n)
		result->p_value = fmin(1, 2 * ((double)least + 1) / ((double)n + 1));
	free(difference);
}

/* So many parts that threads come out even, and yet few enough to keep their memory. */
#define PARTS 64

void bootstrap_run(const struct bootstrap_rows *rows, size_t resamples, uint64_t seed,
		   struct pool *pool, struct bootstrap_result *result)
{
	struct run r = { .rows = rows,
			 .n_scores = rows->score[1] ? 2 : 1,
			 .n_clusters = rows->cluster ? rows->n_clusters : (uint32_t)rows->n,
			 .resamples = resamples,
			 .samples_a_part = (resamples + PARTS - 1) / PARTS,
			 .seed = seed };

	for (int k = 0; k < r.n_scores; k++) {
		prepare(&r.score[k], rows, rows->score[k], r.n_clusters);
		for (int f = 0; f < BOOTSTRAP_N; f++)
			r.figures[k][f] = mem_alloc(resamples, sizeof(double));
	}
	pool_run(pool, (resamples + r.samples_a_part - 1) / r.samples_a_part, draw_part, &r);
	for (enum bootstrap_figure f = 0; f < BOOTSTRAP_N; f++) {
		const struct bootstrap_interval none = { NAN, NAN };

		result[f] = (struct bootstrap_result){ { none, none }, none, NAN };
		if (r.n_scores == 2)
			compare(&r, f, &result[f]);
		for (int k = 0; k < r.n_scores; k++)
			result[f].score[k] = interval_of(r.figures[k][f],
							 sort_known(r.figures[k][f], resamples));
	}
	for (int k = 0; k < r.n_scores; k++) {
		free(r.score[k].rows);
		free(r.score[k].sums);
		for (int f = 0; f < BOOTSTRAP_N; f++)
			free(r.figures[k][f]);
	}
}
