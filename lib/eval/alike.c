#include "eval/alike.h"

#include "base/mem.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* Of two columns, over the rows in which both are known. */
struct moments {
	double n, mean_x, mean_y;
	double xx, yy, xy; /* sums of squares and products of what the means are taken from */
};

struct run {
	const struct sample *sample;
	const bool *numeric;
	bool *alike; /* [width * width] of a column and a later one */
};

static void add(struct moments *m, double x, double y)
{
	double dx = x - m->mean_x, dy = y - m->mean_y;

	m->n++;
	m->mean_x += dx / m->n;
	m->mean_y += dy / m->n;
	m->xx += dx * (x - m->mean_x);
	m->yy += dy * (y - m->mean_y);
	m->xy += dx * (y - m->mean_y);
}

static bool is_alike(const struct moments *m)
{
	return m->n >= ALIKE_ROWS && fabs(m->xy) > ALIKE_CORRELATION * sqrt(m->xx) * sqrt(m->yy);
}

/* Compares a column with those after it. */
static void compare(void *context, size_t column)
{
	const struct run *r = context;
	const struct sample *s = r->sample;
	struct moments *moments;

	if (!r->numeric[column])
		return;
	moments = mem_zalloc(s->width, sizeof(*moments));
	for (size_t i = 0; i < s->n; i++) {
		const double *value = s->values + i * s->width;

		if (isnan(value[column]))
			continue;
		for (size_t other = column + 1; other < s->width; other++)
			if (r->numeric[other] && !isnan(value[other]))
				add(&moments[other], value[column], value[other]);
	}
	for (size_t other = column + 1; other < s->width; other++)
		r->alike[column * s->width + other] = is_alike(&moments[other]);
	free(moments);
}

static void join(uint32_t *group, size_t width, uint32_t a, uint32_t b)
{
	uint32_t first = a < b ? a : b, later = a < b ? b : a;

	for (size_t i = 0; i < width; i++)
		if (group[i] == later)
			group[i] = first;
}

void alike_group(const struct sample *s, const bool *numeric, struct pool *pool, uint32_t *group)
{
	size_t width = s->width;
	struct run r = { s, numeric, mem_zalloc(width * width, sizeof(*r.alike)) };

	pool_run(pool, width, compare, &r);
	for (size_t i = 0; i < width; i++)
		group[i] = (uint32_t)i;
	for (size_t i = 0; i < width; i++)
		for (size_t other = i + 1; other < width; other++)
			if (r.alike[i * width + other] && group[i] != group[other])
				join(group, width, group[i], group[other]);
	free(r.alike);
}
