#include "learn/bins.h"

#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * A number in [low, high), halfway if there is one; of as few digits as will do, for people will
 * read it.
 */
static double between(double low, double high)
{
	double middle = low / 2 + high / 2, rounded;

	for (int digits = 1; digits < 17; digits++) {
		char text[32];
		int len = snprintf(text, sizeof(text), "%.*g", digits, middle);

		if (!num_parse_double(text, (size_t)len, &rounded) && rounded >= low &&
		    rounded < high)
			return rounded;
	}
	return middle >= low && middle < high ? middle : low;
}

/* How many of the values from `first` on are equal to it. */
static size_t ties(const double *values, size_t n, size_t first)
{
	size_t end = first + 1;

	while (end < n && values[end] == values[first])
		end++;
	return end - first;
}

size_t bins_cut(double *values, size_t n, size_t max_bins, double *edges)
{
	size_t n_edges = 0, n_different = 0, in_bin, next;

	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	for (size_t i = 0; i < n; i += ties(values, n, i))
		n_different++;
	in_bin = ties(values, n, 0);
	for (size_t i = in_bin; i < n && n_edges + 1 < max_bins; i += next) {
		/* What is left of the values, shared out among what is left of the bins. */
		size_t fair = (n - (i - in_bin)) / (max_bins - n_edges);

		next = ties(values, n, i);
		/* A value that fills a bin does not share it with lighter ones before it. */
		if (n_different <= max_bins || in_bin >= fair || next >= fair) {
			edges[n_edges++] = between(values[i - 1], values[i]);
			in_bin = 0;
		}
		in_bin += next;
	}
	return n_edges;
}

uint8_t bins_find(const double *edges, size_t n_edges, double value)
{
	const double *base = edges;

	if (isnan(value))
		return 0;
	/* Halving without a branch that the values would decide. */
	for (size_t n = n_edges; n; n -= (n + 1) / 2)
		base = base[(n + 1) / 2 - 1] < value ? base + (n + 1) / 2 : base;
	return (uint8_t)(1 + (base - edges));
}

static void reserve(struct bins *b, size_t n)
{
	b->cap = n;
	b->bin = mem_realloc_huge(b->bin, n * b->n_columns + 1, 1);
	b->label = mem_realloc(b->label, n + 1, sizeof(*b->label));
	b->weight = mem_realloc(b->weight, n + 1, sizeof(*b->weight));
}

void bins_init(struct bins *b, uint32_t n_columns, size_t n_rows)
{
	*b = (struct bins){ .n_columns = n_columns };
	b->columns = mem_zalloc(n_columns, sizeof(*b->columns));
	reserve(b, n_rows);
}

void bins_add(struct bins *b, const double *value, int label, double weight)
{
	uint8_t *bin;

	if (b->n_rows == b->cap)
		reserve(b, mem_grow(b->cap, b->n_rows + 1));
	bin = b->bin + b->n_rows * b->n_columns;
	for (uint32_t j = 0; j < b->n_columns; j++) {
		const struct bins_column *c = &b->columns[j];

		bin[j] = c->is_category ? (uint8_t)value[j]
					: bins_find(c->edges, c->n - 2, value[j]);
	}
	b->label[b->n_rows] = (uint8_t)label;
	b->weight[b->n_rows++] = (float)weight;
}

void bins_release(struct bins *b)
{
	free(b->columns);
	free(b->bin);
	free(b->label);
	free(b->weight);
	*b = (struct bins)BINS_INIT;
}
