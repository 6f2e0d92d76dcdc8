#include "base/ranks.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int compare_ids(const void *a, const void *b, void *strings)
{
	const struct intern_string *x = intern_string(strings, *(const uint32_t *)a);
	const struct intern_string *y = intern_string(strings, *(const uint32_t *)b);
	int order = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

void ranks_init(struct ranks *r, const struct intern *strings)
{
	*r = (struct ranks){ .ids = mem_alloc(strings->n, sizeof(*r->ids)),
			     .ranks = mem_alloc(strings->n, sizeof(*r->ranks)),
			     .n = strings->n };
	for (uint32_t i = 0; i < r->n; i++)
		r->ids[i] = i;
	qsort_r(r->ids, r->n, sizeof(*r->ids), compare_ids, (void *)strings);
	for (uint32_t i = 0; i < r->n; i++)
		r->ranks[r->ids[i]] = i;
}

void ranks_release(struct ranks *r)
{
	free(r->ids);
	free(r->ranks);
	*r = (struct ranks){ 0 };
}

static int compare_b(const void *x, const void *y, void *ranks)
{
	const uint32_t *rank = ranks;
	uint32_t a = rank[((const struct ranked_pair *)x)->b],
		 b = rank[((const struct ranked_pair *)y)->b];

	return (a > b) - (a < b);
}

struct ranked_pair *ranks_sort(const struct pairs *t, const struct ranks *a, const struct ranks *b)
{
	struct ranked_pair *pairs = mem_alloc(t->n, sizeof(*pairs));
	size_t *start = mem_zalloc((size_t)a->n + 1, sizeof(*start)); /* of each a, by rank */
	uint32_t x, y;
	size_t at = 0;
	void *state;

	while (pairs_next(t, &at, &x, &y))
		start[a->ranks[x] + 1]++;
	for (uint32_t i = 0; i < a->n; i++)
		start[i + 1] += start[i];
	at = 0;
	while ((state = pairs_next(t, &at, &x, &y)))
		pairs[start[a->ranks[x]]++] = (struct ranked_pair){ x, y, state };
	/* Each start is the next one's now. */
	for (uint32_t i = 0; i < a->n; i++) {
		size_t first = i ? start[i - 1] : 0;

		if (start[i] - first > 1)
			qsort_r(pairs + first, start[i] - first, sizeof(*pairs), compare_b,
				b->ranks);
	}
	free(start);
	return pairs;
}
