#include "learn/matrix.h"

#include "base/mem.h"

#include <stdlib.h>

void matrix_row_init(struct matrix_row *row, const struct matrix_shape *shape)
{
	row->dense = mem_alloc(shape->dense, sizeof(*row->dense));
	row->active = mem_alloc(shape->active, sizeof(*row->active));
	row->n_active = 0;
	row->column = mem_alloc(shape->entries, sizeof(*row->column));
	row->value = mem_alloc(shape->entries, sizeof(*row->value));
}

void matrix_row_release(struct matrix_row *row)
{
	free(row->dense);
	free(row->active);
	free(row->column);
	free(row->value);
	*row = (struct matrix_row){ 0 };
}

static void reserve_rows(struct matrix *m, size_t n)
{
	m->rows_cap = n;
	/* An element more each: no array is ever a NULL pointer, and `start` has its last one. */
	m->dense = mem_realloc(m->dense, n * m->shape.dense + 1, sizeof(*m->dense));
	m->start = mem_realloc(m->start, n + 1, sizeof(*m->start));
	m->column = mem_realloc(m->column, n * m->shape.entries + 1, sizeof(*m->column));
	m->value = mem_realloc(m->value, n * m->shape.entries + 1, sizeof(*m->value));
	m->label = mem_realloc(m->label, n + 1, sizeof(*m->label));
	m->weight = mem_realloc(m->weight, n + 1, sizeof(*m->weight));
}

void matrix_init(struct matrix *m, const struct matrix_shape *shape, size_t n_rows)
{
	*m = (struct matrix){ .shape = *shape };
	reserve_rows(m, n_rows);
	m->active_cap = 1;
	m->active = mem_alloc(m->active_cap, sizeof(*m->active));
	m->start[0] = 0;
}

static void add_numbers(float *out, const double *numbers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		out[i] = (float)numbers[i];
}

static void add_active(struct matrix *m, const uint32_t *active, size_t n)
{
	size_t at = m->start[m->n_rows];

	if (at + n > m->active_cap) {
		m->active_cap = mem_grow(m->active_cap, at + n);
		m->active = mem_realloc(m->active, m->active_cap, sizeof(*m->active));
	}
	for (size_t a = 0; a < n; a++) {
		size_t to = at + a;

		/* Mostly in order already. */
		for (; to > at && m->active[to - 1] > active[a]; to--)
			m->active[to] = m->active[to - 1];
		m->active[to] = active[a];
	}
	m->start[m->n_rows + 1] = at + n;
}

void matrix_add(struct matrix *m, const struct matrix_row *row, int label, double weight)
{
	const struct matrix_shape *s = &m->shape;
	size_t i = m->n_rows;

	if (i == m->rows_cap)
		reserve_rows(m, mem_grow(m->rows_cap, i + 1));
	add_numbers(m->dense + i * s->dense, row->dense, s->dense);
	add_active(m, row->active, row->n_active);
	add_numbers(m->value + i * s->entries, row->value, s->entries);
	for (uint32_t k = 0; k < s->entries; k++)
		m->column[i * s->entries + k] = row->column[k];
	m->label[i] = (uint8_t)label;
	m->weight[i] = weight;
	m->n_rows++;
}

void matrix_get(const struct matrix *m, size_t row, struct matrix_row *out)
{
	const struct matrix_shape *s = &m->shape;
	size_t entries = row * s->entries;

	for (uint32_t j = 0; j < s->dense; j++)
		out->dense[j] = (double)matrix_dense(m, row)[j];
	out->n_active = m->start[row + 1] - m->start[row];
	for (size_t a = 0; a < out->n_active; a++)
		out->active[a] = m->active[m->start[row] + a];
	for (uint32_t k = 0; k < s->entries; k++) {
		out->column[k] = m->column[entries + k];
		out->value[k] = (double)m->value[entries + k];
	}
}

void matrix_release(struct matrix *m)
{
	free(m->dense);
	free(m->start);
	free(m->active);
	free(m->column);
	free(m->value);
	free(m->label);
	free(m->weight);
	*m = (struct matrix)MATRIX_INIT;
}
