/*
 * path: the fields that a recipe names, as one tree in which a reader finds them.
 *
 * A path leads from a record to one of its values. In JSON it is keys between dots, `[N]` for the
 * N-th element of an array, and `@json` for a string that holds JSON itself:
 *
 *	properties.content_asset_ids[0]
 *	event.@json.currentTime
 *	a."b.c".d                        a key with dots in it
 *
 * In a table it is the name of a column, in quotes or not, dots and all; only from `.@json` on it
 * goes on as a path.
 * Each path that is asked for has a slot, a dense number, the same for equal paths.
 */
#ifndef CE_PATH_H
#define CE_PATH_H

#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct path_node {
	const char *key; /* NUL-terminated, but may hold NULs; NULL: an element of an array */
	uint32_t len;
	uint64_t head;                     /* path_head */
	uint32_t index;                    /* of the element */
	int id;                            /* dense, from 1; the root's is 0 */
	int slot;                          /* of the value here; -1: it is not asked for */
	bool is_json;                      /* a string here holds JSON, in which the children are */
	struct path_node *keys, *elements; /* the first child of each kind */
	struct path_node *next;            /* sibling of the same kind */
};

struct paths {
	struct path_node root; /* the record */
	const char **text;     /* [n]: of each slot, as the recipe names it */
	int n;
	int n_nodes;   /* besides the root */
	bool is_table; /* set before the first: paths begin with the name of a column */

	/* The module's own. */
	size_t cap;
	struct arena arena;
};

#define PATHS_INIT                                                                                 \
	{                                                                                          \
		.root = { .slot = -1 }, .arena = ARENA_INIT                                        \
	}

/* The slot of a path. Returns -1 with err: it is none. */
int paths_add(struct paths *p, const char *path, struct err *err);

/* The same, without a slot: the node where it ends. NULL with err. */
struct path_node *paths_node(struct paths *p, const char *path, struct err *err);

void paths_release(struct paths *p);

/* The first bytes of a key, of which most differ there already. */
static inline uint64_t path_head(const char *key, size_t len)
{
	return hash_load(key, len < sizeof(uint64_t) ? len : sizeof(uint64_t));
}

/* The child of that key, or of that index, or NULL. */
static inline const struct path_node *path_child(const struct path_node *node, const char *key,
						 size_t len)
{
	const struct path_node *child = node->keys;
	uint64_t head = path_head(key, len);

	while (child && (child->head != head || child->len != len ||
			 (len > sizeof(head) && memcmp(child->key, key, len) != 0)))
		child = child->next;
	return child;
}

static inline const struct path_node *path_element(const struct path_node *node, uint32_t index)
{
	const struct path_node *child = node->elements;

	while (child && child->index != index)
		child = child->next;
	return child;
}

#endif
