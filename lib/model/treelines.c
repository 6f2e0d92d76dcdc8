#include "model/treelines.h"

#include "base/intern.h"
#include "base/mem.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* Scores of as many trees as fit into a file stay finite. */
#define VALUE_MAX 1e100

static const char *const sides[] = { "left", "right", NULL };
static const char *const signs[] = { "+", "-", NULL };

static void put_levels(struct buf *out, const struct trees_levels *set, unsigned n_levels)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_levels; i++)
		n += trees_has_level(set, i);
	lines_put_int(out, n);
	for (unsigned i = 0; i < n_levels; i++)
		if (trees_has_level(set, i))
			lines_put_int(out, i);
}

static void put_node(struct buf *out, const struct trees *t, const struct trees_node *node,
		     const struct encoding *e)
{
	static const char *const keywords[] = { "leaf", "below", "among" };
	const struct encoding_column *c = NULL;

	buf_append_str(out, keywords[node->kind]);
	if (node->kind != TREES_LEAF) {
		c = encoding_valued(e, node->column);
		lines_put_string(out, c->name, strlen(c->name));
	}
	if (node->kind == TREES_NUMBER) {
		lines_put_double(out, node->threshold);
		lines_put_word(out, sides[!node->missing_left]);
	} else if (node->kind == TREES_CATEGORY) {
		put_levels(out, &t->sets[node->set], c->levels.n + 1);
	}
	lines_put_double(out, node->kind == TREES_LEAF ? node->value : node->gain);
	lines_put_count(out, node->rows);
	buf_append_char(out, '\n');
}

void treelines_put(struct buf *out, const struct trees *t, const struct encoding *e)
{
	size_t next = 0;

	for (size_t i = 0; i < t->n_monotone; i++) {
		const char *name = encoding_valued(e, t->monotone[i].column)->name;

		buf_append_str(out, "monotone");
		lines_put_string(out, name, strlen(name));
		lines_put_word(out, signs[t->monotone[i].sign < 0]);
		buf_append_char(out, '\n');
	}
	buf_append_str(out, "base");
	lines_put_double(out, t->base);
	buf_append_str(out, "\ntrees");
	lines_put_count(out, t->n);
	buf_append_char(out, '\n');
	for (size_t i = 0; i < t->n_nodes; i++) {
		if (next < t->n && t->roots[next] == i) {
			buf_append_str(out, "tree\n");
			next++;
		}
		put_node(out, t, &t->nodes[i], e);
	}
}

/* A reading of trees. */
struct reading {
	struct lines *s;
	struct trees *t;
	const struct encoding *e;
	struct intern names; /* an id is an index into ... */
	uint32_t *values;    /* the places of their values; of a constant column, none */
	struct buf name;
};

static void find_names(struct reading *r, const struct encoding *e)
{
	r->e = e;
	r->values = mem_alloc(e->n, sizeof(*r->values));
	for (size_t i = 0; i < e->n; i++) {
		const struct encoding_column *c = &e->columns[i];

		intern_id(&r->names, c->name, strlen(c->name));
		r->values[i] = c->kind == ENCODING_CONSTANT ? UINT32_MAX : c->value;
	}
}

/* The name of a number, or of a category. */
static int read_name(struct reading *r, bool number, uint32_t *column)
{
	uint32_t id;

	if (lines_name(r->s, &r->name))
		return -1;
	id = intern_find(&r->names, r->name.data, r->name.len);
	if (id == INTERN_NONE || r->values[id] == UINT32_MAX ||
	    encoding_is_number(encoding_valued(r->e, r->values[id])) != number)
		return lines_fail(r->s,
				  number ? "no number of that name" : "no category of that name");
	*column = r->values[id];
	return 0;
}

static int read_levels(struct reading *r, struct trees_node *node)
{
	int64_t n_levels = encoding_valued(r->e, node->column)->levels.n, last = -1, n, level;
	struct trees_levels set = { { 0 } };

	if (lines_int(r->s, 1, n_levels, &n))
		return -1;
	for (int64_t i = 0; i < n; i++, last = level) {
		if (lines_int(r->s, last + 1, n_levels, &level))
			return -1;
		trees_add_level(&set, (unsigned)level);
	}
	node->set = trees_add_set(r->t, &set);
	return 0;
}

static int read_value(struct reading *r, double *value)
{
	if (lines_double(r->s, -VALUE_MAX, value))
		return -1;
	return *value > VALUE_MAX ? lines_fail(r->s, "a number out of range") : 0;
}

static int read_split(struct reading *r, struct trees_node *node)
{
	int side;

	if (node->kind == TREES_NUMBER) {
		if (read_name(r, true, &node->column) ||
		    lines_double(r->s, -DBL_MAX, &node->threshold) ||
		    lines_choice(r->s, sides, &side))
			return -1;
		node->missing_left = !side;
	} else if (read_name(r, false, &node->column) || read_levels(r, node)) {
		return -1;
	}
	return lines_double(r->s, 0, &node->gain);
}

static int read_node(struct reading *r, struct trees_node *node)
{
	int rc;

	*node = (struct trees_node){ .kind = TREES_LEAF };
	if (lines_next(r->s))
		return -1;
	if (lines_have(r->s, "leaf")) {
		rc = read_value(r, &node->value);
	} else {
		if (lines_have(r->s, "below"))
			node->kind = TREES_NUMBER;
		else if (lines_have(r->s, "among"))
			node->kind = TREES_CATEGORY;
		else
			return lines_fail(r->s, "expected 'below', 'among' or 'leaf'");
		rc = read_split(r, node);
	}
	return rc || lines_count(r->s, &node->rows) || lines_end(r->s) ? -1 : 0;
}

/* The nodes of a tree, until none is without its children. */
static int read_tree(struct reading *r)
{
	size_t above[TREES_DEPTH_MAX]; /* the splits on the way to the next node */
	size_t depth = 0;
	struct trees_node node;

	if (lines_keyword(r->s, "tree") || lines_end(r->s))
		return -1;
	trees_start(r->t);
	for (;;) {
		if (read_node(r, &node))
			return -1;
		trees_add(r->t, &node);
		if (node.kind != TREES_LEAF) {
			if (depth == TREES_DEPTH_MAX)
				return lines_fail(r->s, "a tree too deep");
			above[depth++] = r->t->n_nodes - 1;
			continue;
		}
		while (depth && r->t->nodes[above[depth - 1]].right)
			depth--;
		if (!depth)
			return 0;
		/* The left child of that split is complete: its right one is next. */
		r->t->nodes[above[depth - 1]].right = (uint32_t)(r->t->n_nodes - above[depth - 1]);
	}
}

static int read_monotone(struct reading *r)
{
	uint32_t column = 0;
	int sign;

	while (lines_next_is(r->s, "monotone")) {
		if (r->s->version < 4)
			return lines_fail(r->s, "not a line of version 2 or 3");
		if (read_name(r, true, &column) || lines_choice(r->s, signs, &sign) ||
		    lines_end(r->s))
			return -1;
		if (r->t->n_monotone && column <= r->t->monotone[r->t->n_monotone - 1].column)
			return lines_fail(r->s, "a column out of order");
		trees_add_monotone(r->t, column, sign ? -1 : 1);
	}
	return 0;
}

int treelines_read(struct lines *s, struct trees *t, const struct encoding *e)
{
	struct reading r = { .s = s, .t = t, .names = INTERN_INIT, .name = BUF_INIT };
	uint64_t n = 0;
	int rc;

	find_names(&r, e);
	rc = read_monotone(&r) || lines_keyword(s, "base") || read_value(&r, &t->base) ||
	     lines_end(s) || lines_keyword(s, "trees") || lines_count(s, &n) || lines_end(s);
	for (uint64_t i = 0; !rc && i < n; i++)
		rc = read_tree(&r);
	free(r.values);
	intern_release(&r.names);
	buf_release(&r.name);
	return rc ? -1 : 0;
}
