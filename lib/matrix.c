#include "matrix.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

static void reserve_rows(struct matrix *m, size_t n)
{
	m->rows_cap = n;
	/* An element more each: no array is ever a NULL pointer, and `start` has its last one. */
	m->dense = mem_realloc(m->dense, n * m->n_dense + 1, sizeof(*m->dense));
	m->start = mem_realloc(m->start, n + 1, sizeof(*m->start));
	m->label = mem_realloc(m->label, n + 1, sizeof(*m->label));
	m->weight = mem_realloc(m->weight, n + 1, sizeof(*m->weight));
}

void matrix_init(struct matrix *m, uint32_t n_dense, uint32_t n_onehot, size_t n_rows)
{
	*m = (struct matrix){ .n_dense = n_dense, .n_onehot = n_onehot };
	reserve_rows(m, n_rows);
	m->active_cap = 1;
	m->active = mem_alloc(m->active_cap, sizeof(*m->active));
	m->start[0] = 0;
}

void matrix_add(struct matrix *m, const double *dense, const uint32_t *active, size_t n_active,
		int label, double weight)
{
	size_t row = m->n_rows, at = m->start[row];
	float *out;

	if (row == m->rows_cap)
		reserve_rows(m, mem_grow(m->rows_cap, row + 1));
	if (at + n_active > m->active_cap) {
		m->active_cap = mem_grow(m->active_cap, at + n_active);
		m->active = mem_realloc(m->active, m->active_cap, sizeof(*m->active));
	}
	out = m->dense + row * m->n_dense;
	for (uint32_t j = 0; j < m->n_dense; j++)
		out[j] = (float)dense[j];
	for (size_t a = 0; a < n_active; a++) {
		size_t to = at + a;

		/* Mostly in order already. */
		for (; to > at && m->active[to - 1] > active[a]; to--)
			m->active[to] = m->active[to - 1];
		m->active[to] = active[a];
	}
	m->label[row] = (uint8_t)label;
	m->weight[row] = weight;
	m->start[row + 1] = at + n_active;
	m->n_rows++;
}

void matrix_release(struct matrix *m)
{
	free(m->dense);
	free(m->start);
	free(m->active);
	free(m->label);
	free(m->weight);
	*m = (struct matrix)MATRIX_INIT;
}
