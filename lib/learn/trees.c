#include "learn/trees.h"

#include "base/mem.h"

#include <stdlib.h>

const struct trees_node *trees_leaf(const struct trees *t, size_t tree, const double *value)
{
	const struct trees_node *node = &t->nodes[t->roots[tree]];

	while (node->kind != TREES_LEAF)
		node += trees_goes_left(t, node, value[node->column]) ? 1 : node->right;
	return node;
}

double trees_score(const struct trees *t, const double *value)
{
	double score = t->base;

	for (size_t i = 0; i < t->n; i++)
		score += trees_leaf(t, i, value)->value;
	return score;
}

void trees_start(struct trees *t)
{
	if (t->n == t->roots_cap) {
		t->roots_cap = mem_grow(t->roots_cap, t->n + 1);
		t->roots = mem_realloc(t->roots, t->roots_cap, sizeof(*t->roots));
	}
	t->roots[t->n++] = t->n_nodes;
}

struct trees_node *trees_add(struct trees *t, const struct trees_node *node)
{
	if (t->n_nodes == t->nodes_cap) {
		t->nodes_cap = mem_grow(t->nodes_cap, t->n_nodes + 1);
		t->nodes = mem_realloc(t->nodes, t->nodes_cap, sizeof(*t->nodes));
	}
	t->nodes[t->n_nodes] = *node;
	return &t->nodes[t->n_nodes++];
}

uint32_t trees_add_set(struct trees *t, const struct trees_levels *set)
{
	if (t->n_sets == t->sets_cap) {
		t->sets_cap = mem_grow(t->sets_cap, t->n_sets + 1);
		t->sets = mem_realloc(t->sets, t->sets_cap, sizeof(*t->sets));
	}
	t->sets[t->n_sets] = *set;
	return (uint32_t)t->n_sets++;
}

void trees_add_monotone(struct trees *t, uint32_t column, int sign)
{
	t->monotone = mem_realloc(t->monotone, t->n_monotone + 1, sizeof(*t->monotone));
	t->monotone[t->n_monotone++] = (struct trees_monotone){ column, sign };
}

void trees_truncate(struct trees *t, size_t n)
{
	if (n >= t->n)
		return;
	t->n_nodes = t->roots[n];
	t->n = n;
	t->n_sets = 0;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].kind == TREES_CATEGORY && t->nodes[i].set >= t->n_sets)
			t->n_sets = t->nodes[i].set + 1;
}

void trees_release(struct trees *t)
{
	free(t->nodes);
	free(t->roots);
	free(t->sets);
	free(t->monotone);
	*t = (struct trees)TREES_INIT;
}
