#include "adapt/path.h"

#include "base/buf.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>

static const char json_step[] = "@json";

static struct path_node *new_node(struct paths *p, struct path_node **list)
{
	struct path_node *node = arena_alloc(&p->arena, sizeof(*node));

	/* At the end, so that what the recipe names first is found first. */
	while (*list)
		list = &(*list)->next;
	*node = (struct path_node){ .id = ++p->n_nodes, .slot = -1 };
	*list = node;
	return node;
}

static struct path_node *key_node(struct paths *p, struct path_node *parent, const char *key,
				  size_t len)
{
	struct path_node *node = (struct path_node *)path_child(parent, key, len);

	if (!node) {
		node = new_node(p, &parent->keys);
		node->key = arena_dup(&p->arena, key, len);
		node->len = (uint32_t)len;
		node->head = path_head(key, len);
	}
	return node;
}

static struct path_node *element_node(struct paths *p, struct path_node *parent, uint32_t index)
{
	struct path_node *node = (struct path_node *)path_element(parent, index);

	if (!node) {
		node = new_node(p, &parent->elements);
		node->index = index;
	}
	return node;
}

/* Reads a key at *s, quoted or not, to its end, without the quotes. Returns 0, or -1. */
static int take_key(const char **s, struct buf *key)
{
	const char *at = *s;

	buf_reserve(key, 1); /* even an empty key is somewhere */
	buf_clear(key);
	if (*at != '"') {
		size_t len = strcspn(at, ".[]\"");

		buf_append(key, at, len);
		*s = at + len;
		return len ? 0 : -1;
	}
	for (at++; *at != '"'; at++) {
		if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
			at++;
		if (!*at)
			return -1;
		buf_append_char(key, *at);
	}
	*s = at + 1;
	return 0;
}

/* Reads "[N]" at *s. Returns 0, or -1. */
static int take_index(const char **s, uint32_t *index)
{
	const char *digits = *s + 1, *end = strchr(digits, ']');
	int64_t value;

	if (!end || num_parse_int(digits, (size_t)(end - digits), &value) || value < 0 ||
	    value > INT32_MAX)
		return -1;
	*index = (uint32_t)value;
	*s = end + 1;
	return 0;
}

/* Goes on from a node by steps: "[N]", ".key", ".@json", each as often as it comes. */
static struct path_node *walk(struct paths *p, struct path_node *node, const char *s,
			      struct buf *key)
{
	while (*s) {
		if (*s == '[') {
			uint32_t index;

			if (take_index(&s, &index))
				return NULL;
			node = element_node(p, node, index);
			continue;
		}
		if (*s++ != '.')
			return NULL;
		if (!strncmp(s, json_step, sizeof(json_step) - 1) &&
		    strchr(".[", s[sizeof(json_step) - 1])) {
			s += sizeof(json_step) - 1;
			node->is_json = true;
			if (!*s)
				return NULL; /* all of it is an object, and no value */
			continue;
		}
		if (take_key(&s, key))
			return NULL;
		node = key_node(p, node, key->data, key->len);
	}
	return node;
}

struct path_node *paths_node(struct paths *p, const char *path, struct err *err)
{
	struct buf key = BUF_INIT;
	struct path_node *node = NULL;
	const char *s = path;

	if (p->is_table && *s != '"') {
		const char *json = strstr(path, ".@json");
		size_t len = json ? (size_t)(json - path) : strlen(path);

		node = walk(p, key_node(p, &p->root, path, len), path + len, &key);
	} else if (*s == '[') {
		node = walk(p, &p->root, s, &key);
	} else if (!take_key(&s, &key)) {
		node = walk(p, key_node(p, &p->root, key.data, key.len), s, &key);
	}
	buf_release(&key);
	if (!node)
		err_set(err, ERR_RUNTIME,
			"'%.*s' is no path: expected keys between dots, [N] for an element, "
			"\"quotes\" around a key with dots",
			err_clip(strlen(path)), path);
	return node;
}

int paths_add(struct paths *p, const char *path, struct err *err)
{
	struct path_node *node = paths_node(p, path, err);

	if (!node)
		return -1;
	if (node->slot >= 0)
		return node->slot;
	if ((size_t)p->n == p->cap) {
		p->cap = mem_grow(p->cap, (size_t)p->n + 1);
		p->text = mem_realloc(p->text, p->cap, sizeof(*p->text));
	}
	p->text[p->n] = arena_dup(&p->arena, path, strlen(path));
	return node->slot = p->n++;
}

void paths_release(struct paths *p)
{
	free(p->text);
	arena_release(&p->arena);
	*p = (struct paths)PATHS_INIT;
}
