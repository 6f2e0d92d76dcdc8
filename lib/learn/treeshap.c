#include "learn/treeshap.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define LANES    2
#define VECS_MAX ((TREES_DEPTH_MAX + 2 * LANES - 1) / (2 * LANES))

/* A function of t at some of the points. */
typedef double vec __attribute__((vector_size(LANES * sizeof(double))));

/* How a row comes to a node: as it goes itself; on the other side of the split above; or after it
 * has left the way to there at another split by the same column, further up. */
enum way { WAY_HOT, WAY_COLD, WAY_SETTLED, N_WAYS };

/*
 * What a way into a node multiplies its products by, and what its sum G gives the column of the
 * split above it. The column's factor is f = t + (1 - t) z or (1 - t) z, and takes the place of
 * f' = t + (1 - t) z' that a split further up gave it (if none did, f' and z' are 1):
 *
 *	hot	(t + (1 - t) z) / f'	weight ((1 - z) / (t + (1 - t) z) - (1 - z') / f')
 *	cold	(1 - t) z / f'		weight (-1 / (1 - t) - (1 - z') / f')
 *	settled	z / z'			0
 *
 * The last because what lies below has given the column (0 - z) / ((1 - t) z) = -1 / (1 - t) where
 * the row left the way, whatever z is.
 */
struct edge {
	vec factor, gain;
};

/* What the trees do not say of a node; places are from the root on, which is 0. */
struct node {
	uint32_t parent;
	uint32_t above;  /* the node on the way here that is below the nearest split by the column
			    of the parent, itself aside; 0: there is none */
	uint32_t column; /* of the parent */
};

struct treeshap {
	const struct trees *trees;
	double base;
	size_t n_vecs, n_nodes;            /* the most of a tree */
	vec t[VECS_MAX], weight[VECS_MAX]; /* the points */
	struct node *nodes;                /* [trees->n_nodes] */
	struct edge *edges;                /* [trees->n_nodes * N_WAYS * n_vecs] into each node */
};

/*
 * The k-th point of the rule of n for [-1, 1], the k-th zero of the Legendre polynomial P_n, by
 * Newton's method from close to it; *weight is 2 / ((1 - x^2) P_n'(x)^2). (Abramowitz & Stegun,
 * 25.4.29, 22.7.10 and 22.8.5.)
 */
static double find_point(int n, int k, double *weight)
{
	double x = cos(acos(-1) * (k + 0.75) / (n + 0.5)), slope = 1;

	for (int step = 0; step < 8; step++) {
		double before = 1, p = x;

		for (int i = 2; i <= n; i++) {
			double next = ((2 * i - 1) * x * p - (i - 1) * before) / i;

			before = p;
			p = next;
		}
		slope = n * (before - x * p) / (1 - x * x);
		x -= p / slope;
	}
	*weight = 2 / ((1 - x * x) * slope * slope);
	return x;
}

static void find_points(struct treeshap *s, int depth)
{
	int n_vecs = depth > 0 ? (depth + 2 * LANES - 1) / (2 * LANES) : 1;
	int n = n_vecs * LANES;

	s->n_vecs = (size_t)n_vecs;
	for (int i = 0; i < n; i++) {
		double weight, x = find_point(n, i, &weight);

		s->t[i / LANES][i % LANES] = (1 + x) / 2;
		s->weight[i / LANES][i % LANES] = weight / 2;
	}
}

/* How many splits there are at most on a way from that node on. */
static int depth_below(const struct trees_node *node)
{
	int left, right;

	if (node->kind == TREES_LEAF)
		return 0;
	left = depth_below(node + 1);
	right = depth_below(node + node->right);
	return 1 + (left > right ? left : right);
}

static size_t tree_size(const struct trees *t, size_t i)
{
	return (i + 1 < t->n ? t->roots[i + 1] : t->n_nodes) - t->roots[i];
}

static struct edge *edges_of(const struct treeshap *s, size_t root, size_t node, enum way way)
{
	return s->edges + ((root + node) * N_WAYS + way) * s->n_vecs;
}

/* A way from a root: of each split, the column, and the node below it with its z. */
struct path {
	size_t root;
	uint32_t column[TREES_DEPTH_MAX], below[TREES_DEPTH_MAX];
	double z[TREES_DEPTH_MAX];
	int depth;
};

static void fill_edges(const struct treeshap *s, const struct path *path, uint32_t at, double share,
		       double z_above)
{
	struct edge *hot = edges_of(s, path->root, at, WAY_HOT);
	struct edge *cold = edges_of(s, path->root, at, WAY_COLD);
	struct edge *settled = edges_of(s, path->root, at, WAY_SETTLED);
	double z = share * z_above;

	for (size_t k = 0; k < s->n_vecs; k++) {
		vec t = s->t[k], u = 1 - t, above = t + u * z_above, f = t + u * z;
		vec gain_above = (1 - z_above) / above;

		hot[k] = (struct edge){ f / above, s->weight[k] * ((1 - z) / f - gain_above) };
		cold[k] = (struct edge){ u * z / above, s->weight[k] * (-1 / u - gain_above) };
		settled[k] = (struct edge){ (vec){ 0 } + share, { 0 } };
	}
}

static double prepare(struct treeshap *s, uint32_t at, struct path *path);

/* Goes on to a child of a split; returns its mean value. */
static double prepare_child(struct treeshap *s, uint32_t parent, uint32_t at, double share,
			    struct path *path)
{
	uint32_t column = s->trees->nodes[path->root + parent].column;
	int above = path->depth - 1;
	double z_above, mean;

	while (above >= 0 && path->column[above] != column)
		above--;
	z_above = above < 0 ? 1 : path->z[above];
	s->nodes[path->root + at] =
		(struct node){ parent, above < 0 ? 0 : path->below[above], column };
	fill_edges(s, path, at, share, z_above);
	path->column[path->depth] = column;
	path->below[path->depth] = at;
	path->z[path->depth++] = share * z_above;
	mean = prepare(s, at, path);
	path->depth--;
	return mean;
}

/* Fills in what is below a node; returns its mean value. */
static double prepare(struct treeshap *s, uint32_t at, struct path *path)
{
	const struct trees_node *node = &s->trees->nodes[path->root + at];
	double n_left, n, share;

	if (node->kind == TREES_LEAF)
		return node->value;
	n_left = (double)node[1].rows;
	n = n_left + (double)node[node->right].rows;
	share = n > 0 ? n_left / n : 0.5;
	return share * prepare_child(s, at, at + 1, share, path) +
	       (1 - share) * prepare_child(s, at, at + node->right, 1 - share, path);
}

struct treeshap *treeshap_new(const struct trees *t)
{
	struct treeshap *s = mem_alloc(1, sizeof(*s));
	int depth = 0;

	*s = (struct treeshap){ .trees = t, .base = t->base };
	for (size_t i = 0; i < t->n; i++) {
		int below = depth_below(&t->nodes[t->roots[i]]);
		size_t size = tree_size(t, i);

		depth = below > depth ? below : depth;
		s->n_nodes = size > s->n_nodes ? size : s->n_nodes;
	}
	find_points(s, depth);
	s->nodes = mem_zalloc(t->n_nodes, sizeof(*s->nodes));
	s->edges = mem_zalloc(t->n_nodes, N_WAYS * s->n_vecs * sizeof(*s->edges));
	for (size_t i = 0; i < t->n; i++) {
		struct path path = { .root = t->roots[i] };

		s->base += prepare(s, 0, &path);
	}
	return s;
}

double treeshap_base(const struct treeshap *s)
{
	return s->base;
}

/* A row in a tree. */
struct walk {
	uint8_t *way; /* [n_nodes] an enum way */
	bool *left;   /* [n_nodes] whether it goes left at a split */
	vec *vecs;    /* [n_nodes * n_vecs] the products; then the sums over the leaves below */
};

/* From the root to the leaves: the products. */
static void walk_down(const struct treeshap *s, size_t root, size_t n, const double *value,
		      struct walk *w)
{
	const struct trees_node *nodes = s->trees->nodes + root;

	w->way[0] = WAY_HOT;
	for (size_t k = 0; k < s->n_vecs; k++)
		w->vecs[k] = (vec){ 0 } + 1;
	for (size_t i = 0; i < n; i++) {
		const struct node *node = &s->nodes[root + i];
		const struct edge *edge;

		w->left[i] = nodes[i].kind != TREES_LEAF &&
			     trees_goes_left(s->trees, &nodes[i], value[nodes[i].column]);
		if (!i)
			continue;
		w->way[i] = w->way[node->above] != WAY_HOT                     ? WAY_SETTLED
			    : w->left[node->parent] == (i == node->parent + 1) ? WAY_HOT
									       : WAY_COLD;
		edge = edges_of(s, root, i, w->way[i]);
		for (size_t k = 0; k < s->n_vecs; k++)
			w->vecs[i * s->n_vecs + k] = w->vecs[node->parent * s->n_vecs + k] *
						     edge[k].factor;
	}
}

/* And back: the sums, and what they give the columns. */
static void walk_up(const struct treeshap *s, size_t root, size_t n, const struct walk *w,
		    double *shap)
{
	const struct trees_node *nodes = s->trees->nodes + root;

	for (size_t i = n; i-- > 1;) {
		const struct node *node = &s->nodes[root + i];
		const struct edge *edge = edges_of(s, root, i, w->way[i]);
		vec *sum = w->vecs + i * s->n_vecs, *above = w->vecs + node->parent * s->n_vecs;
		vec given = { 0 };

		for (size_t k = 0; k < s->n_vecs; k++) {
			if (nodes[i].kind == TREES_LEAF)
				sum[k] *= nodes[i].value;
			given += sum[k] * edge[k].gain;
			/* Of a split, the right child comes first. */
			above[k] = i == node->parent + 1 ? above[k] + sum[k] : sum[k];
		}
		shap[node->column] += given[0] + given[1];
	}
}

void treeshap_add(const struct treeshap *s, const double *value, size_t n_rows, size_t n_columns,
		  double *shap)
{
	struct walk w = { .way = mem_alloc(s->n_nodes, sizeof(*w.way)),
			  .left = mem_alloc(s->n_nodes, sizeof(*w.left)),
			  .vecs = mem_alloc(s->n_nodes, s->n_vecs * sizeof(*w.vecs)) };

	/* A tree at a time, which stays in the processor's cache; one leaf says nothing of columns.
	 */
	for (size_t i = 0; i < s->trees->n; i++) {
		size_t root = s->trees->roots[i], n = tree_size(s->trees, i);

		for (size_t row = 0; n > 1 && row < n_rows; row++) {
			walk_down(s, root, n, value + row * n_columns, &w);
			walk_up(s, root, n, &w, shap + row * n_columns);
		}
	}
	free(w.way);
	free(w.left);
	free(w.vecs);
}

void treeshap_free(struct treeshap *s)
{
	if (s) {
		free(s->nodes);
		free(s->edges);
	}
	free(s);
}
