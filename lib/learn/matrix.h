/*
 * matrix: the rows to learn from, encoded and compact.
 *
 * A row is some numbers (standardised by the caller), a set of active one-hot columns
 * (those that are 1; all others are 0), numbers in a few of many sparse columns (0 in all others),
 * a label and a weight. No names, no CSV: learners see only this. Memory: 4 bytes a number, 4 an
 * active column, 8 a number in a sparse column, and 17 a row.
 */
#ifndef CE_MATRIX_H
#define CE_MATRIX_H

#include <stddef.h>
#include <stdint.h>

/* How many columns there are of each sort; whatever is said of all columns is in this order. */
struct matrix_shape {
	uint32_t dense, onehot, sparse;
	uint32_t active;  /* at most so many one-hot columns are 1 in a row */
	uint32_t entries; /* so many sparse columns have a number in each row, which may be 0 */
};

static inline size_t matrix_width(const struct matrix_shape *s)
{
	return (size_t)s->dense + s->onehot + s->sparse;
}

struct matrix {
	struct matrix_shape shape;
	size_t n_rows;
	float *dense;     /* [n_rows * shape.dense], row-major */
	size_t *start;    /* [n_rows + 1]; the active columns of row i are ... */
	uint32_t *active; /* ... active[start[i]] to active[start[i + 1] - 1], ascending */
	uint32_t *column; /* [n_rows * shape.entries], row-major: sparse columns, ascending, ... */
	float *value;     /* ... and what the row has there */
	uint8_t *label;   /* [n_rows], 0 or 1 */
	double *weight;   /* [n_rows], > 0 */

	/* The module's own. */
	size_t rows_cap, active_cap;
};

#define MATRIX_INIT                                                                                \
	{                                                                                          \
		0                                                                                  \
	}

/* A row by itself. */
struct matrix_row {
	double *dense;    /* [shape.dense] */
	uint32_t *active; /* [n_active] one-hot columns that are 1, none of them twice */
	size_t n_active;
	uint32_t *column; /* [shape.entries] sparse columns, ascending */
	double *value;    /* [shape.entries] the numbers there */
};

/* Makes room for any row of that shape. */
void matrix_row_init(struct matrix_row *row, const struct matrix_shape *shape);
void matrix_row_release(struct matrix_row *row);

/* An empty matrix with room for `n_rows` rows, if that many will come; 0: not known. */
void matrix_init(struct matrix *m, const struct matrix_shape *shape, size_t n_rows);

/* Appends a row, its numbers rounded to float and so to be within its range. */
void matrix_add(struct matrix *m, const struct matrix_row *row, int label, double weight);

/* The numbers of a row: [shape.dense]. */
static inline const float *matrix_dense(const struct matrix *m, size_t row)
{
	return m->dense + row * m->shape.dense;
}

/* Copies row number `row` to *out, which matrix_row_init made for its shape. */
void matrix_get(const struct matrix *m, size_t row, struct matrix_row *out);

/* Frees the memory; the matrix is empty. */
void matrix_release(struct matrix *m);

#endif
