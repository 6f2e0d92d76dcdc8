#include "metric/metrics.h"

#include "base/sum.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A score's bits, as those of any double that is not negative, are in the order of the scores. */
struct metrics_row metrics_row(double score, bool positive)
{
	uint64_t bits;

	score += 0.0; /* -0.0 becomes 0.0 */
	memcpy(&bits, &score, sizeof(bits));
	return (struct metrics_row){ bits << 1 | positive };
}

double metrics_score(struct metrics_row row)
{
	uint64_t bits = row.word >> 1;
	double score;

	memcpy(&score, &bits, sizeof(score));
	return score;
}

bool metrics_positive(struct metrics_row row)
{
	return row.word & 1;
}

#define DIGIT_BITS 11
#define N_DIGITS   6
#define DIGIT_SIZE (1 << DIGIT_BITS)
#define RADIX_MIN  2048 /* fewer rows are sorted sooner by comparison */

static int compare_rows(const void *a, const void *b)
{
	uint64_t x = ((const struct metrics_row *)a)->word,
		 y = ((const struct metrics_row *)b)->word;

	return (x > y) - (x < y);
}

static size_t digit_of(struct metrics_row row, int digit)
{
	return row.word >> (digit * DIGIT_BITS) & (DIGIT_SIZE - 1);
}

/* One pass of the radix sort: rows into `out` by a digit, which begins at[value] for each value. */
static void scatter(const struct metrics_row *rows, struct metrics_row *out, size_t n, int digit,
		    size_t *at)
{
	size_t sum = 0;

	for (size_t value = 0; value < DIGIT_SIZE; value++) {
		size_t count = at[value];

		at[value] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		out[at[digit_of(rows[i], digit)]++] = rows[i];
}

/* From the lowest digit up; a digit that is the same in all rows needs no pass. */
static void radix_sort(struct metrics_row *rows, struct metrics_row *scratch, size_t n)
{
	size_t counts[N_DIGITS][DIGIT_SIZE] = { { 0 } };
	struct metrics_row *from = rows, *to = scratch;

	for (size_t i = 0; i < n; i++)
		for (int digit = 0; digit < N_DIGITS; digit++)
			counts[digit][digit_of(rows[i], digit)]++;
	for (int digit = 0; digit < N_DIGITS; digit++) {
		struct metrics_row *sorted = to;

		if (counts[digit][digit_of(rows[0], digit)] == n)
			continue;
		scatter(from, to, n, digit, counts[digit]);
		to = from;
		from = sorted;
	}
	if (from != rows)
		memcpy(rows, from, n * sizeof(*rows));
}

void metrics_sort(struct metrics_row *rows, struct metrics_row *scratch, size_t n)
{
	if (n >= RADIX_MIN)
		radix_sort(rows, scratch, n);
	else if (n)
		qsort(rows, n, sizeof(*rows), compare_rows);
}

size_t metrics_find(const struct metrics_row *rows, size_t n, struct metrics_row row)
{
	const struct metrics_row *first = rows;

	while (n > 1) {
		size_t half = n / 2;

		first += first[half - 1].word < row.word ? half
							 : 0; /* without a branch to predict */
		n -= half;
	}
	return (size_t)(first - rows);
}

double metrics_log_loss(double score, bool positive)
{
	double p = fmin(fmax(score, DBL_EPSILON), 1 - DBL_EPSILON);

	return positive ? -log(p) : -log1p(-p);
}

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : NAN;
}

bool metrics_walk_next(struct metrics_walk *walk, struct metrics_ties *ties)
{
	const struct metrics_row *rows = walk->rows;
	size_t i = walk->left, end = i;
	uint64_t positives = 0;

	if (!i)
		return false;
	do
		positives += metrics_positive(rows[--i]);
	while (i && rows[i - 1].word >> 1 == rows[end - 1].word >> 1);
	*ties = (struct metrics_ties){ metrics_score(rows[i]), positives, end - i - positives };
	walk->left = i;
	return true;
}

static uint64_t count_positives(const struct metrics_row *rows, size_t n)
{
	uint64_t positives = 0;

	for (size_t i = 0; i < n; i++)
		positives += metrics_positive(rows[i]);
	return positives;
}

/* Multiplies the odds of each score by those of the base rate over those of the prior. */
void metrics_correct(struct metrics_row *rows, size_t n, double prior)
{
	double base = ratio(count_positives(rows, n), n);
	double positive = base / prior, negative = (1 - base) / (1 - prior);

	for (size_t i = 0; i < n; i++) {
		double p = metrics_score(rows[i]);
		double sum = p * positive + (1 - p) * negative;

		/* Of one class only, a score that rules it out stays what it is. */
		if (sum > 0)
			rows[i] = metrics_row(p * positive / sum, metrics_positive(rows[i]));
	}
}

struct metrics_components metrics_components(const struct metrics_ranking *ranking,
					     const struct metrics_ties *ties, uint64_t tp,
					     uint64_t fp)
{
	return (struct metrics_components){
		.positive = 1 -
			    ((double)fp + (double)ties->negatives / 2) / (double)ranking->negatives,
		.negative = ((double)tp + (double)ties->positives / 2) / (double)ranking->positives
	};
}

/* DeLong's variance of the AUC, from at least two rows of either class. */
static double variance_of_auc(const struct metrics_ranking *r, const struct metrics_row *rows,
			      size_t n)
{
	struct metrics_walk walk = METRICS_WALK(rows, n);
	struct metrics_ties t;
	uint64_t tp = 0, fp = 0;
	double n_pos = (double)r->positives, n_neg = (double)r->negatives;
	struct sum of_positives = { 0 }, of_negatives = { 0 };

	while (metrics_walk_next(&walk, &t)) {
		struct metrics_components c = metrics_components(r, &t, tp, fp);

		sum_add(&of_positives, (double)t.positives * (c.positive - r->auc_roc) *
					       (c.positive - r->auc_roc));
		sum_add(&of_negatives, (double)t.negatives * (c.negative - r->auc_roc) *
					       (c.negative - r->auc_roc));
		tp += t.positives;
		fp += t.negatives;
	}
	return sum_of(&of_positives) / (n_pos - 1) / n_pos +
	       sum_of(&of_negatives) / (n_neg - 1) / n_neg;
}

void metrics_rank(struct metrics_ranking *ranking, const struct metrics_row *rows, size_t n)
{
	struct metrics_walk walk = METRICS_WALK(rows, n);
	struct metrics_ties t;
	uint64_t tp = 0, fp = 0, twice_ordered = 0;
	struct sum precision = { 0 };

	while (metrics_walk_next(&walk, &t)) {
		twice_ordered += t.negatives * (2 * tp + t.positives);
		tp += t.positives;
		fp += t.negatives;
		sum_add(&precision, (double)t.positives * ratio(tp, tp + fp));
	}
	*ranking = (struct metrics_ranking){
		.positives = tp,
		.negatives = fp,
		.average_precision = tp ? sum_of(&precision) / (double)tp : NAN,
		.auc_roc = ratio(twice_ordered, 2 * tp * fp),
	};
	ranking->auc_variance = tp >= 2 && fp >= 2 ? variance_of_auc(ranking, rows, n) : NAN;
}

/* Average precision, AUC and its interval. */
static void judge_ranking(struct metrics *m, const struct metrics_row *rows)
{
	struct metrics_ranking r;
	double error;

	metrics_rank(&r, rows, m->rows);
	m->average_precision = r.average_precision;
	m->auc_roc = r.auc_roc;
	m->auc_roc_low = m->auc_roc_high = NAN;
	if (isnan(r.auc_variance))
		return;
	error = METRICS_Z_95 * sqrt(r.auc_variance);
	m->auc_roc_low = fmax(m->auc_roc - error, 0);
	m->auc_roc_high = fmin(m->auc_roc + error, 1);
}

/* How far the probabilities are from the labels: log loss, Brier score, calibration error. */
static void judge_probabilities(struct metrics *m, const struct metrics_row *rows, uint64_t n_bins)
{
	struct metrics_walk walk = METRICS_WALK(rows, m->rows);
	struct metrics_bins bins = METRICS_BINS(rows, m->rows, n_bins);
	struct metrics_ties t;
	struct metrics_bin bin;
	struct sum log_loss = { 0 }, brier = { 0 }, calibration = { 0 };
	double n = (double)m->rows;

	while (metrics_walk_next(&walk, &t)) {
		if (t.positives)
			sum_add(&log_loss, (double)t.positives * metrics_log_loss(t.score, true));
		if (t.negatives)
			sum_add(&log_loss, (double)t.negatives * metrics_log_loss(t.score, false));
		sum_add(&brier, (double)t.positives * (1 - t.score) * (1 - t.score));
		sum_add(&brier, (double)t.negatives * t.score * t.score);
	}
	while (metrics_bins_next(&bins, &bin))
		sum_add(&calibration,
			(double)bin.rows * fabs(ratio(bin.positives, bin.rows) - bin.mean_score));
	m->log_loss = m->rows ? sum_of(&log_loss) / n : NAN;
	m->brier = m->rows ? sum_of(&brier) / n : NAN;
	m->calibration_error = m->rows ? sum_of(&calibration) / n : NAN;
}

static struct metrics_class judge_class(uint64_t hits, uint64_t called, uint64_t support)
{
	return (struct metrics_class){ ratio(hits, called), ratio(hits, support),
				       ratio(2 * hits, called + support), support };
}

void metrics_decide(struct metrics *m, const struct metrics_row *rows, double threshold)
{
	struct metrics_walk walk = METRICS_WALK(rows, m->rows);
	struct metrics_ties t;

	m->threshold = threshold;
	m->tp = m->fp = 0;
	while (metrics_walk_next(&walk, &t) && t.score >= threshold) {
		m->tp += t.positives;
		m->fp += t.negatives;
	}
	m->fn = m->positives - m->tp;
	m->tn = m->rows - m->positives - m->fp;
	m->accuracy = ratio(m->tp + m->tn, m->rows);
	m->classes[0] = judge_class(m->tn, m->tn + m->fn, m->tn + m->fp);
	m->classes[1] = judge_class(m->tp, m->tp + m->fp, m->tp + m->fn);
}

void metrics_compute(struct metrics *m, const struct metrics_row *rows, size_t n, double threshold,
		     uint64_t bins)
{
	m->rows = n;
	m->positives = count_positives(rows, n);
	m->base_rate = ratio(m->positives, m->rows);
	judge_ranking(m, rows);
	judge_probabilities(m, rows, bins);
	metrics_decide(m, rows, threshold);
}

double metrics_best_f1(const struct metrics_row *rows, size_t n)
{
	struct metrics_walk walk = METRICS_WALK(rows, n);
	struct metrics_ties t;
	uint64_t positives = count_positives(rows, n), tp = 0, called = 0;
	double best = -1, threshold = NAN;

	while (metrics_walk_next(&walk, &t)) {
		double f1;

		tp += t.positives;
		called += t.positives + t.negatives;
		f1 = ratio(2 * tp, called + positives);
		if (f1 > best) {
			best = f1;
			threshold = t.score;
		}
	}
	return threshold;
}

double metrics_cheapest(const struct metrics_row *rows, size_t n, const struct metrics_price *price)
{
	struct metrics_walk walk = METRICS_WALK(rows, n);
	struct metrics_ties t;
	uint64_t positives = count_positives(rows, n), tp = 0, fp = 0;
	double least = metrics_cost(price, 0, positives);
	double threshold = nextafter(metrics_score(rows[n - 1]), INFINITY);

	while (metrics_walk_next(&walk, &t)) {
		double cost;

		tp += t.positives;
		fp += t.negatives;
		if (tp + fp > price->most_called)
			break;
		cost = metrics_cost(price, fp, positives - tp);
		if (cost <= least) {
			least = cost;
			threshold = t.score;
		}
	}
	return threshold;
}

bool metrics_bins_next(struct metrics_bins *bins, struct metrics_bin *bin)
{
	struct metrics_ties *t = &bins->ties;
	struct sum scores = { 0 };
	uint64_t index;
	double lower;

	if (!bins->started)
		bins->more = metrics_walk_next(&bins->walk, t);
	bins->started = true;
	if (!bins->more)
		return false;
	/* On an edge, which is the double nearest to it, the product may have rounded either way.
	 */
	index = (uint64_t)(t->score * (double)bins->bins);
	if (index && t->score <= (double)index / (double)bins->bins)
		index--;
	lower = (double)index / (double)bins->bins;
	*bin = (struct metrics_bin){ .upper = (double)(index + 1) / (double)bins->bins };
	do {
		uint64_t rows = t->positives + t->negatives;

		bin->rows += rows;
		bin->positives += t->positives;
		sum_add(&scores, (double)rows * t->score);
		bins->more = metrics_walk_next(&bins->walk, t);
	} while (bins->more && (t->score > lower || !index));
	bin->mean_score = sum_of(&scores) / (double)bin->rows;
	return true;
}

void metrics_curve_start(struct metrics_curve *curve, enum metrics_curve_kind kind,
			 const struct metrics_row *rows, size_t n)
{
	uint64_t positives = count_positives(rows, n);
	bool defined = positives && (kind == METRICS_PRECISION_RECALL || positives < n);

	*curve = (struct metrics_curve){ .kind = kind,
					 .walk = METRICS_WALK(rows, n),
					 .positives = positives,
					 .negatives = n - positives };
	curve->more = defined && metrics_walk_next(&curve->walk, &curve->ahead);
	curve->at_origin = kind == METRICS_ROC;
}

/* Whether the point between the groups `before` and `after` lies on the line of its neighbours. */
static bool is_between(enum metrics_curve_kind kind, const struct metrics_ties *before,
		       const struct metrics_ties *after)
{
	if (kind == METRICS_ROC)
		return before->positives * after->negatives == after->positives * before->negatives;
	return !before->positives && !after->positives; /* one recall, falling precision */
}

bool metrics_curve_next(struct metrics_curve *curve, struct metrics_point *point)
{
	struct metrics_ties here;

	if (!curve->more)
		return false;
	if (curve->at_origin) {
		curve->at_origin = false;
		*point = (struct metrics_point){ 0, 0, NAN, 0 };
		return true;
	}
	do {
		here = curve->ahead;
		curve->tp += here.positives;
		curve->fp += here.negatives;
		curve->more = metrics_walk_next(&curve->walk, &curve->ahead);
	} while (curve->more && is_between(curve->kind, &here, &curve->ahead));
	point->threshold = here.score;
	point->n = curve->tp + curve->fp;
	if (curve->kind == METRICS_ROC) {
		point->x = ratio(curve->fp, curve->negatives);
		point->y = ratio(curve->tp, curve->positives);
	} else {
		point->x = ratio(curve->tp, curve->positives);
		point->y = ratio(curve->tp, point->n);
	}
	return true;
}
