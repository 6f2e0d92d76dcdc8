/*
 * metrics: the quality of predicted probabilities of a 0/1 label: ranking, calibration, decisions.
 *
 * A scored row is a probability in [0,1] and the label, packed into one word whose
 * order as an integer is the order of the scores. Everything is computed over the groups of equal
 * scores of the sorted rows, in O(n) once they are sorted: counts are exact integers, sums of reals
 * are compensated. What is undefined (a rate over nothing, a ranking of one class) is NAN. Memory:
 * 8 bytes a row, and as many again while sorting; at most METRICS_ROWS_MAX rows.
 */
#ifndef CE_METRICS_H
#define CE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So that twice the number of (positive, negative) pairs fits in 64 bits. */
#define METRICS_ROWS_MAX UINT32_MAX

/* The 97.5 % point of the standard normal distribution. */
#define METRICS_Z_95 1.959963984540054

struct metrics_row {
	uint64_t word;
};

/* `score` in [0,1]; -0.0 counts as 0. */
struct metrics_row metrics_row(double score, bool positive);
double metrics_score(struct metrics_row row);
bool metrics_positive(struct metrics_row row);

/* Sorts rows[n] by ascending score, of one score the negatives first; scratch[n] is overwritten. */
void metrics_sort(struct metrics_row *rows, struct metrics_row *scratch, size_t n);

/*
 * Corrects the scores of rows[n], n > 0, which were learnt where the share of positives was
 * `prior`, in (0,1), to the share that these rows have (Elkan, "The foundations of cost-sensitive
 * learning", IJCAI 2001, theorem 2). The order of the scores stays.
 */
void metrics_correct(struct metrics_row *rows, size_t n, double prior);

/* Where among the sorted rows[n], one of which it is, the first like `row` is: score and label.
 */
size_t metrics_find(const struct metrics_row *rows, size_t n, struct metrics_row row);

/*
 * -log of the probability that the score gives to the label, in nats, with the score clipped to
 * [2^-52, 1 - 2^-52] (the epsilon of a double, as scikit-learn does).
 */
double metrics_log_loss(double score, bool positive);

/* The decisions on one class: what was called so against what was so. */
struct metrics_class {
	double precision; /* of the rows called so, the share that is */
	double recall;    /* of the rows that are so, the share called so */
	double f1;        /* 2 hits / (rows called so + rows that are so) */
	uint64_t support; /* rows that are so */
};

struct metrics {
	uint64_t rows, positives;
	double base_rate;
	double auc_roc, auc_roc_low, auc_roc_high;
	double average_precision;
	double log_loss; /* nats a row */
	double brier;
	double calibration_error;
	double threshold; /* positive is called what scores at least this */
	double accuracy;
	struct metrics_class classes[2]; /* of label 0, of label 1 */
	uint64_t tn, fp, fn, tp;
};

/*
 * Judges the sorted rows[n], with decisions at `threshold` and `bins` > 0 calibration bins.
 *
 * auc_roc: the share of (positive, negative) pairs that the scores put in order, a tie counting
 *   1/2; undefined with one class. auc_roc_low, _high: its 95 % interval, clipped to [0,1], from
 *   DeLong's variance (DeLong, DeLong & Clarke-Pearson, Biometrics 44, 1988, 837-845) by
 *   midranks (Sun & Xu, IEEE Signal Processing Letters 21, 2014, 1389-1393); undefined with fewer
 *   than two rows of either class.
 * average_precision: sum over descending scores of precision times the gain in recall, equal
 *   scores taken together; undefined without positives.
 * log_loss: mean of metrics_log_loss.
 * brier: mean square of score minus label (Brier, Monthly Weather Review 78, 1950).
 * calibration_error: the expected calibration error (Naeini, Cooper & Hauskrecht, AAAI 2015; Guo
 *   et al., ICML 2017, equation 3) over the bins of metrics_bins_next.
 */
void metrics_compute(struct metrics *m, const struct metrics_row *rows, size_t n, double threshold,
		     uint64_t bins);

/* Sets what is of decisions in *m, which is of these sorted rows, to those at another threshold. */
void metrics_decide(struct metrics *m, const struct metrics_row *rows, double threshold);

/*
 * The score among the sorted rows[n], n > 0, that as a threshold gives label 1 the largest F1;
 * of several the highest.
 */
double metrics_best_f1(const struct metrics_row *rows, size_t n);

/* What wrong decisions cost, each >= 0, in any one unit; and how many rows may be called positive.
 */
struct metrics_price {
	double false_positive, false_negative;
	uint64_t most_called;
};

/* Of so many wrong decisions. */
static inline double metrics_cost(const struct metrics_price *price, uint64_t fp, uint64_t fn)
{
	return price->false_positive * (double)fp + price->false_negative * (double)fn;
}

/*
 * The threshold that costs least on the sorted rows[n], n > 0, and calls no more than the price
 * allows: one of their scores, or, if it is best to call none of them, the double above the
 * highest, which may be above 1. Of several the lowest: with no costs, all that may be called are.
 */
double metrics_cheapest(const struct metrics_row *rows, size_t n,
			const struct metrics_price *price);

/* Rows of one score. */
struct metrics_ties {
	double score;
	uint64_t positives, negatives;
};

/* A walk over the groups of equal scores of sorted rows, from the highest score down. */
struct metrics_walk {
	const struct metrics_row *rows;
	size_t left; /* rows below the groups returned so far */
};

#define METRICS_WALK(rows, n)                                                                      \
	{                                                                                          \
		(rows), (n)                                                                        \
	}

/* The next group; false after the last. */
bool metrics_walk_next(struct metrics_walk *walk, struct metrics_ties *ties);

/* How rows rank, as in struct metrics. */
struct metrics_ranking {
	uint64_t positives, negatives;
	double average_precision, auc_roc;
	double auc_variance; /* DeLong's, of which the interval is made */
};

/* Ranks the sorted rows[n]. */
void metrics_rank(struct metrics_ranking *ranking, const struct metrics_row *rows, size_t n);

/*
 * DeLong's structural components of the rows of one score: of a positive, the share of negatives
 * that it beats; of a negative, the share of positives that beat it; a tie counts 1/2. Over the
 * rows of either class their mean is the AUC.
 */
struct metrics_components {
	double positive, negative;
};

/* Those of a group above which there are tp positives and fp negatives, of so many as `ranking`
 * says. */
struct metrics_components metrics_components(const struct metrics_ranking *ranking,
					     const struct metrics_ties *ties, uint64_t tp,
					     uint64_t fp);

/* Rows whose score lies in (upper - 1/bins, upper]; the lowest bin holds 0 too. */
struct metrics_bin {
	double upper;
	double mean_score;
	uint64_t rows, positives;
};

/* Calibration bins of equal width, from the highest down; bins without rows are passed over. */
struct metrics_bins {
	struct metrics_walk walk;
	uint64_t bins;
	struct metrics_ties ties; /* read, and not yet in a bin */
	bool started, more;
};

#define METRICS_BINS(rows, n, n_bins)                                                              \
	{                                                                                          \
		.walk = METRICS_WALK(rows, n), .bins = (n_bins)                                    \
	}

/* The next bin; false after the last. */
bool metrics_bins_next(struct metrics_bins *bins, struct metrics_bin *bin);

enum metrics_curve_kind {
	METRICS_ROC,             /* x: false positive rate, y: true positive rate (recall) */
	METRICS_PRECISION_RECALL /* x: recall, y: precision */
};

struct metrics_point {
	double x, y;
	double threshold; /* NAN: above every score */
	uint64_t n;       /* rows at or above it */
};

/*
 * The points of a curve, one for each score as a threshold, from the highest down, but for those
 * that lie on the line between their neighbours. ROC begins at (0, 0). A curve one of whose axes
 * is undefined (ROC with one class, precision-recall without positives) has no points.
 */
struct metrics_curve {
	enum metrics_curve_kind kind;
	struct metrics_walk walk;
	uint64_t positives, negatives; /* in all */
	uint64_t tp, fp;               /* at or above the last score read */
	struct metrics_ties ahead;     /* the group after it */
	bool more;                     /* there is one */
	bool at_origin;                /* nothing returned yet, of ROC */
};

void metrics_curve_start(struct metrics_curve *curve, enum metrics_curve_kind kind,
			 const struct metrics_row *rows, size_t n);

/* The next point; false after the last. */
bool metrics_curve_next(struct metrics_curve *curve, struct metrics_point *point);

#endif
