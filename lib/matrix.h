/*
 * matrix: the rows to learn from, encoded and compact.
 *
 * A row is n_dense numbers (standardised by whoever encoded them), a set of active one-hot columns
 * (those that are 1; all others are 0), a label and a weight. No names, no CSV: learners see only
 * this. Layer: over mem.
 * Memory: 4 bytes a number, 4 an active column, and 17 a row.
 */
#ifndef CE_MATRIX_H
#define CE_MATRIX_H

#include <stddef.h>
#include <stdint.h>

struct matrix {
	uint32_t n_dense, n_onehot;
	size_t n_rows;
	float *dense;     /* [n_rows * n_dense], row-major */
	size_t *start;    /* [n_rows + 1]; the active columns of row i are ... */
	uint32_t *active; /* ... active[start[i]] to active[start[i + 1] - 1], ascending */
	uint8_t *label;   /* [n_rows], 0 or 1 */
	double *weight;   /* [n_rows], > 0 */

	/* The module's own. */
	size_t rows_cap, active_cap;
};

#define MATRIX_INIT                                                                                \
	{                                                                                          \
		0                                                                                  \
	}

/* An empty matrix with room for `n_rows` rows, if that many will come; 0: not known. */
void matrix_init(struct matrix *m, uint32_t n_dense, uint32_t n_onehot, size_t n_rows);

/*
 * Appends a row: dense[n_dense], rounded to float here and so to be within its range, and the
 * n_active columns in `active`, each < n_onehot, none of them twice.
 */
void matrix_add(struct matrix *m, const double *dense, const uint32_t *active, size_t n_active,
		int label, double weight);

static inline const float *matrix_dense(const struct matrix *m, size_t row)
{
	return m->dense + row * m->n_dense;
}

/* Frees the memory; the matrix is empty. */
void matrix_release(struct matrix *m);

#endif
