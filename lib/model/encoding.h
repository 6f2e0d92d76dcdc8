/*
 * encoding: from the columns of a CSV to numbers, by statistics of the train rows alone.
 *
 * A numeric column is standardised, (x - mean) / sd, its empty values taken as the mean; if train
 * rows have gaps, "is empty" is a one-hot column of its own. Before that it may be clipped to its
 * 0.1 % and 99.9 % quantiles (nearest rank; if they are one value, to its least and greatest), so
 * that no value far outside the train rows decides a score; mean and sd are then those of the
 * clipped values. A categorical column becomes one
 * one-hot column a level, and one for "other": levels of fewer than ENCODING_LEVEL_ROWS train rows,
 * those after the ENCODING_LEVELS most frequent, and what no train row has. The empty value
 * (NULL or "") is a level like any other. All levels are kept; the penalty of the fit makes their
 * coefficients unique. A column that is constant over the train rows is dropped.
 *
 * Numbers can be cut at quantiles of the train rows, too (see bins; of more than ENCODING_SAMPLE
 * rows, at those of one of every few, drawn at random): trees want the edges; to a linear model
 * each bin is a one-hot column then, as if it were a level.
 *
 * An interaction is the product of two columns: of two numbers, of their standardised values; of a
 * number and a level or bin, a sparse column a level or bin, 0 in rows of the others; of two levels
 * or bins, a one-hot column a pair.
 *
 * Means and standard deviations (of the known values, divided by their number) are updated row by
 * row: Welford, "Note on a method for calculating corrected sums of squares and products",
 * Technometrics 4, 1962: no sum of squares, so nothing cancels. Memory while fitting: that of
 * intern and 8 bytes for each level of each column; with bins, 8 bytes for each number of a sampled
 * row; with clipping, 16 for each number of one row in 1000.
 */
#ifndef CE_ENCODING_H
#define CE_ENCODING_H

#include "base/intern.h"
#include "learn/matrix.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENCODING_LEVEL_ROWS  10
#define ENCODING_LEVELS      100
#define ENCODING_COLUMNS_MAX 65536
#define ENCODING_SAMPLE      65536

/* A standardised value beyond this is taken as this, so that a score stays finite. */
#define ENCODING_MAX 1e30

enum encoding_kind {
	ENCODING_NUMBER,
	ENCODING_CATEGORY,
	ENCODING_BINNED,   /* a number, whose bins are one-hot columns */
	ENCODING_CONSTANT, /* dropped: one value, or none, in all train rows */
};

struct encoding_column {
	char *name;
	enum encoding_kind kind;
	double mean, sd;    /* of a number, clipped; sd > 0 */
	double low, high;   /* what a number is clipped to; infinite: it is not */
	uint64_t n_missing; /* train rows where a number is empty; 0: no indicator */
	double *edges;      /* [n_edges] between the bins of a number; NULL: not asked for */
	size_t n_edges;
	struct intern levels; /* of a category; the id is the place in the list */
	uint64_t *level_rows; /* [levels.n + 1]: train rows of each level; the last of "other" */
	uint64_t n_rare;      /* distinct values of a category, the empty one aside, if none of them
				 is a level; or else 0; a model's file does not have it */
	uint32_t value;       /* the place among the values, unless it is constant */
	uint32_t dense;       /* a number's place among the dense columns */
	uint32_t onehot; /* that of its first one-hot column: of a number's indicator, or of its
			    first cell */
};

/*
 * The cells of a column: the levels of a category and "other"; of a binned number, its indicator,
 * if there is one, and its bins. 0 for any other column.
 */
uint32_t encoding_cells(const struct encoding_column *c);

/* Whether its values are numbers, cut or not; of a constant column there are none. */
static inline bool encoding_is_number(const struct encoding_column *c)
{
	return c->kind == ENCODING_NUMBER || c->kind == ENCODING_BINNED;
}

/* The sorts of columns of a matrix. */
enum encoding_sort { ENCODING_DENSE, ENCODING_ONEHOT, ENCODING_SPARSE };

struct encoding_interaction {
	uint32_t column[2];
	enum encoding_sort sort;
	uint32_t first, n; /* its columns, among those of that sort */
};

struct encoding {
	struct encoding_column *columns;
	size_t n;
	uint32_t n_values;
	struct matrix_shape shape;
	uint32_t *valued; /* [n_values] the columns that are not constant */
	struct encoding_interaction *interactions;
	size_t n_interactions;
	size_t cap; /* the module's own: of `columns` */
};

#define ENCODING_INIT                                                                              \
	{                                                                                          \
		0                                                                                  \
	}

/*
 * Appends a column of `kind` and returns it (valid until the next); its name is copied. The caller
 * fills in its statistics, then calls encoding_place.
 */
struct encoding_column *encoding_add(struct encoding *e, const char *name, enum encoding_kind kind);

/* Gives the column that was added last its places. */
void encoding_place(struct encoding *e);

/*
 * Appends the interaction of two columns, neither of them constant, and gives it its places; call
 * it once all columns have theirs. Returns -1, and appends nothing, if there would be more columns
 * of its sort than can be counted.
 */
int encoding_interact(struct encoding *e, uint32_t a, uint32_t b);

/* Where its first column is among all columns of the matrix, once the encoding is complete. */
size_t encoding_product(const struct encoding *e, const struct encoding_interaction *i);

/* The column of a value. */
static inline const struct encoding_column *encoding_valued(const struct encoding *e,
							    uint32_t value)
{
	return &e->columns[e->valued[value]];
}

/* The column of that name, or -1. */
int64_t encoding_find(const struct encoding *e, const char *name, size_t len);

void encoding_release(struct encoding *e);

/*
 * Finds each column of `e` in the input: index[e->n] into its header. Returns 0, or -1 with err: a
 * column that is needed is missing.
 */
int encoding_bind(const struct encoding *e, const struct csv_reader *in, int *index,
		  struct err *err);

/*
 * Reads a number, blanks around it aside, as SQL does. Returns 0, or -1 and leaves *value alone.
 */
int encoding_number(const struct csv_field *f, double *value);

/*
 * Whether a text that is no number is a mere word: what has digits (5%, 1_000) is a number to a
 * reader, and not to be passed over as empty.
 */
bool encoding_is_word(const struct csv_field *f);

/*
 * Reads the values of a row, value[e->n_values]: numbers (NaN: empty), and for a category the place
 * of its level, levels.n for "other". Returns 0, or -1 with err: a value of a numeric column that
 * is no number.
 */
int encoding_read(const struct encoding *e, const int *index, const struct csv_reader *in,
		  const struct csv_row *row, double *value, struct err *err);

/* A known value of a number, clipped and standardised. */
double encoding_standardise(const struct encoding_column *c, double value);

/* Encodes value[e->n_values] as a row of the matrix. */
void encoding_expand(const struct encoding *e, const double *value, struct matrix_row *out);

/* Gathers the statistics. Opaque. */
struct encoding_fit;

/* What to make of numbers. */
struct encoding_numbers {
	size_t max_bins; /* to cut them into; 0: not at all */
	bool onehot;     /* their bins are one-hot columns */
	bool clip;       /* numbers are clipped */
};

/*
 * A fit of n columns, from these fields of a row: numeric[i] is how to take field index[i].
 * n_rows, not less than will come, decides how many are sampled.
 */
struct encoding_fit *encoding_fit_new(const int *index, const bool *numeric, size_t n,
				      struct encoding_numbers numbers, size_t n_rows);

/* Takes a train row in. The numeric fields of `row` must be numbers or empty. */
void encoding_fit_row(struct encoding_fit *fit, const struct csv_row *row);

/* Turns what was gathered into *e; `names` are those of the header. */
void encoding_fit_finish(struct encoding_fit *fit, const char *const *names, struct encoding *e);

void encoding_fit_free(struct encoding_fit *fit); /* NULL allowed */

#endif
