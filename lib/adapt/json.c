#include "adapt/json.h"

#include "base/blank.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/* A container that is open and on a path, or around the records. */
struct frame {
	const struct path_node *node; /* its children may be in it; NULL: only records can */
	uint64_t serial;              /* tells one object from all others */
	uint32_t n;                   /* elements so far */
	bool is_array, is_outside, is_record;
	bool had_key; /* outside: the key on the way to the records */
};

/* A value, in `text` until that is complete. */
struct slot {
	size_t at;
	uint32_t len;
	enum value_kind kind;
	bool has_more;
};

struct waiting {
	uint64_t line;
	const char *fault;
};

struct json {
	const struct paths *paths;
	const struct recipe_words *na; /* of the first parent; NULL: none */
	struct paths outer;            /* where the records are */
	const struct path_node *outer_node;
	struct json *parent; /* NULL, or whose string this one reads, and whose slots it sets */
	struct json *inner;  /* for strings that hold JSON */
	struct buf copy;     /* of such a string, which is not ours to change */
	yajl_handle handle;

	/* Where the parser is. */
	struct frame *frames; /* [depth] */
	size_t depth, cap;
	size_t n_skipped;           /* containers inside of those, off all paths */
	const struct path_node *at; /* of the next value in an object; NULL: nobody asks for it */
	uint64_t serial;
	uint64_t *seen;  /* [nodes]: the serial of the object in which the key was seen last */
	const char *why; /* it gave up; NULL: yajl says why */
	size_t n_values; /* ended on the top level */
	bool has_array;  /* of records: this document */

	/* Lines, in a stream. */
	const char *piece;
	size_t counted; /* bytes of the piece whose line feeds are counted */
	uint64_t line, record_line;
	size_t n_kept;                      /* bytes that must come again */
	size_t n_in_record;                 /* bytes of earlier pieces since the record began */
	uint64_t n_tokens, n_tokens_before; /* in all, and when the last piece began */
	size_t n_quiet;                     /* bytes of pieces without one */

	/* What was found. */
	struct slot *slots;   /* [slots]: of the record that is read; of the first parent */
	struct buf text;      /* of the waiting records and this one; likewise */
	size_t text_start;    /* of this one's */
	bool was_found;       /* json_found has given it out */
	bool is_ready;        /* slots are the record of a text, which waits in no queue */
	struct buf queue;     /* of struct waiting, each with its slots */
	size_t taken;         /* bytes of the queue */
	struct value *values; /* [slots]: of the record that was taken last */
	char message[200];
};

static struct json *root_of(struct json *j)
{
	while (j->parent)
		j = j->parent;
	return j;
}

static size_t slots_size(const struct json *j)
{
	return (size_t)j->paths->n * sizeof(struct slot);
}

/* All values below a node, its own included. */
static void set_kinds(struct json *root, const struct path_node *node, enum value_kind kind)
{
	if (node->slot >= 0)
		root->slots[node->slot].kind = kind;
	for (const struct path_node *c = node->keys; c; c = c->next)
		set_kinds(root, c, kind);
	for (const struct path_node *c = node->elements; c; c = c->next)
		set_kinds(root, c, kind);
}

static int give_up(struct json *j, const char *why)
{
	j->why = why;
	return 0;
}

/* In a stream: the line on which the parser is. */
static uint64_t current_line(struct json *j)
{
	size_t until;
	const char *at, *end;

	if (!j->piece)
		return 0;
	until = yajl_get_bytes_consumed(j->handle);
	at = j->piece + j->counted;
	end = j->piece + until;
	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		j->line++;
		at++;
	}
	j->counted = until;
	return j->line;
}

static void begin_record(struct json *j)
{
	memset(j->slots, 0, slots_size(j));
	j->record_line = current_line(j);
	j->text_start = j->text.len;
	j->n_in_record = 0;
}

static void queue_record(struct json *j, const char *fault)
{
	struct waiting record = { j->record_line, fault };

	buf_append(&j->queue, &record, sizeof(record));
	buf_append(&j->queue, j->slots, slots_size(j));
}

/* --- where a value is ---------------------------------------------------------------------------
 */

static struct frame *top(struct json *j)
{
	return j->depth ? &j->frames[j->depth - 1] : NULL;
}

static void push(struct json *j, struct frame frame)
{
	if (j->depth == j->cap) {
		j->cap = mem_grow(j->cap, j->depth + 1);
		j->frames = mem_realloc(j->frames, j->cap, sizeof(*j->frames));
	}
	frame.serial = ++j->serial;
	j->frames[j->depth++] = frame;
	j->at = NULL;
}

/* The node of the value that begins now: NULL if no path leads there. Call it once a value. */
static const struct path_node *next_node(struct json *j)
{
	struct frame *frame = top(j);

	if (!frame)
		return j->parent ? j->outer_node : NULL;
	if (!frame->is_array)
		return j->at;
	frame->n++;
	return frame->node ? path_element(frame->node, frame->n - 1) : NULL;
}

/* Whether a value that begins now is no part of a record. */
static bool is_outside(struct json *j)
{
	return j->depth ? top(j)->is_outside : !j->parent;
}

/* A value that is no part of a record, and no array or object: is it in a record's place? */
static int scalar_outside(struct json *j)
{
	const struct frame *frame = top(j);

	if (!frame)
		return give_up(j, "no object");
	if (frame->is_array && !frame->node) {
		begin_record(j);
		queue_record(j, "no object");
	} else {
		next_node(j);
	}
	return 1;
}

static int start_outside(struct json *j, bool is_array)
{
	const struct frame *frame = top(j);
	const struct path_node *node;
	bool is_place = frame && frame->is_array && !frame->node; /* where records are */

	if (is_place && is_array) {
		begin_record(j);
		queue_record(j, "no object");
		j->n_skipped = 1;
		return 1;
	}
	if (is_place || (!frame && !j->outer.n_nodes && !is_array)) {
		begin_record(j);
		push(j, (struct frame){ .node = &j->paths->root, .is_record = true });
		return 1;
	}
	node = frame ? next_node(j) : &j->outer.root;
	if (node == j->outer_node && is_array) {
		if (!j->piece)
			return give_up(j, "an array, where one object is expected");
		j->has_array = true;
		push(j, (struct frame){ .is_array = true, .is_outside = true });
	} else if (node && (is_array ? node->elements : node->keys)) {
		push(j, (struct frame){ .node = node, .is_array = is_array, .is_outside = true });
	} else {
		j->n_skipped = 1;
	}
	return 1;
}

static int start(struct json *j, bool is_array)
{
	const struct path_node *node;

	j->n_tokens++;
	if (j->depth + j->n_skipped >= JSON_DEPTH_MAX)
		return give_up(j, "nested deeper than 1,000 levels");
	if (j->n_skipped) {
		j->n_skipped++;
		return 1;
	}
	if (is_outside(j))
		return start_outside(j, is_array);
	node = next_node(j);
	if (node && node->slot >= 0 && j->depth)
		root_of(j)->slots[node->slot].kind = VALUE_COMPOUND;
	if (node && (is_array ? node->elements : node->keys))
		push(j, (struct frame){ .node = node, .is_array = is_array });
	else
		j->n_skipped = 1;
	return 1;
}

/* Notes that an array had elements behind those that are asked for, at the last of these. */
static void note_more(struct json *j, const struct frame *frame)
{
	const struct path_node *last = NULL;
	struct json *root = root_of(j);

	for (const struct path_node *c = frame->node->elements; c; c = c->next)
		if (!last || c->index > last->index)
			last = c;
	if (!last || frame->n <= last->index + 1)
		return;
	while (last->slot < 0 && (last->keys || last->elements))
		last = last->keys ? last->keys : last->elements;
	if (last->slot >= 0)
		root->slots[last->slot].has_more = true;
}

static int end(struct json *j)
{
	struct frame frame;

	j->n_tokens++;
	if (j->n_skipped) {
		j->n_skipped--;
	} else {
		frame = j->frames[--j->depth];
		if (frame.is_record && j->piece)
			queue_record(j, NULL);
		else if (frame.is_record)
			j->is_ready = true;
		else if (frame.is_array && frame.node && !frame.is_outside)
			note_more(j, &frame);
	}
	j->at = NULL;
	if (j->depth || j->n_skipped)
		return 1;
	j->n_values++;
	if (!j->has_array && j->outer.n_nodes)
		return give_up(j, "no array at the path of 'records'");
	j->has_array = false;
	return 1;
}

/* --- what yajl calls ----------------------------------------------------------------------------
 */

static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct json *j = ctx;
	struct frame *frame = top(j);

	if (j->n_skipped)
		return 1;
	j->at = frame->node ? path_child(frame->node, (const char *)s, len) : NULL;
	if (!j->at)
		return 1;
	if (frame->is_outside) {
		if (frame->had_key)
			return give_up(j, "a key on the path of 'records' stands twice");
		frame->had_key = true;
		return 1;
	}
	if (j->seen[j->at->id] == frame->serial) {
		set_kinds(root_of(j), j->at, VALUE_TWICE);
		j->at = NULL;
	} else {
		j->seen[j->at->id] = frame->serial;
	}
	return 1;
}

static void look_inside(struct json *j, const struct path_node *node, const char *s, size_t len);

/* A value that is no string (s is NULL: null), or is one. */
static int scalar(struct json *j, const char *s, size_t len, bool is_string)
{
	const struct path_node *node;
	struct json *root;

	j->n_tokens++;
	if (j->n_skipped)
		return 1;
	if (!j->depth)
		j->n_values++;
	if (is_outside(j))
		return scalar_outside(j);
	if (!j->depth) /* in a string: it has been taken as it is */
		return 1;
	node = next_node(j);
	if (!node || !s)
		return 1;
	s = blank_trim(s, &len);
	root = root_of(j);
	if (!len || (root->na && recipe_words_have(root->na, s, len)))
		return 1;
	if (node->slot >= 0) {
		struct slot *slot = &root->slots[node->slot];

		slot->kind = utf8_valid(s, len) ? VALUE_TEXT : VALUE_NO_TEXT;
		slot->at = root->text.len;
		slot->len = (uint32_t)len;
		buf_append(&root->text, s, len);
	}
	if (is_string && node->is_json)
		look_inside(j, node, s, len);
	return 1;
}

static int on_null(void *ctx)
{
	return scalar(ctx, NULL, 0, false);
}

static int on_boolean(void *ctx, int value)
{
	return scalar(ctx, value ? "true" : "false", value ? 4 : 5, false);
}

static int on_number(void *ctx, const char *s, size_t len)
{
	return scalar(ctx, s, len, false);
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	return scalar(ctx, (const char *)s, len, true);
}

static int on_map(void *ctx)
{
	return start(ctx, false);
}

static int on_array(void *ctx)
{
	return start(ctx, true);
}

static int on_end(void *ctx)
{
	return end(ctx);
}

/* yajl itself does not look whether it gets any memory. */
static void *allocate(void *ctx, size_t size)
{
	(void)ctx;
	return mem_alloc(1, size);
}

static void *reallocate(void *ctx, void *p, size_t size)
{
	(void)ctx;
	return mem_realloc(p, 1, size);
}

static void release(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

static void open_handle(struct json *j)
{
	static yajl_alloc_funcs memory = { allocate, reallocate, release, NULL };
	static const yajl_callbacks callbacks = { on_null,   on_boolean, NULL,   NULL,
						  on_number, on_string,  on_map, on_key,
						  on_end,    on_array,   on_end };

	if (j->handle)
		yajl_free(j->handle);
	j->handle = yajl_alloc(&callbacks, &memory, j);
	/* Many texts, one after another; and what is no UTF-8 matters only where it is asked for.
	 */
	yajl_config(j->handle, yajl_allow_multiple_values, 1);
	yajl_config(j->handle, yajl_dont_validate_strings, 1);
}

/* --- text that yajl would not see ---------------------------------------------------------------
 */

/* Four hexadecimal digits. Returns whether they are. */
static bool read_hex(const char *s, unsigned *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++) {
		char lower = (char)(s[i] | 0x20);

		if (s[i] >= '0' && s[i] <= '9')
			*value = *value << 4 | (unsigned)(s[i] - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value << 4 | (unsigned)(lower - 'a' + 10);
		else
			return false;
	}
	return true;
}

/*
 * yajl makes "?" of an escaped half of a surrogate pair whose other half is missing, or worse.
 * Overwrites such an escape by bytes that are no UTF-8. Returns how many bytes at the end may be
 * the beginning of an escape.
 */
static size_t expose_surrogates(char *s, size_t len)
{
	const size_t escape = 6; /* \uXXXX */
	char *at = s, *end = s + len;

	while (at < end && (at = memchr(at, '\\', (size_t)(end - at)))) {
		size_t rest = (size_t)(end - at);
		unsigned high, low;

		if (rest < 2 || (at[1] == 'u' && rest < escape))
			return rest;
		if (at[1] != 'u' || !read_hex(at + 2, &high) || (high & 0xf800) != 0xd800) {
			at += 2;
			continue;
		}
		if (high < 0xdc00 && (rest < escape + 1 || at[escape] == '\\') &&
		    (rest < escape + 2 || at[escape + 1] == 'u')) {
			if (rest < 2 * escape)
				return rest;
			if (read_hex(at + escape + 2, &low) && (low & 0xfc00) == 0xdc00) {
				at += 2 * escape;
				continue;
			}
		}
		memset(at, 0xff, escape);
		at += escape;
	}
	return 0;
}

/* What yajl takes for white space, and JSON does not: no text of JSON holds it anywhere. */
static const char no_blanks[] = { '\v', '\f' };

static bool has_no_blanks(const char *s, size_t len)
{
	return memchr(s, no_blanks[0], len) || memchr(s, no_blanks[1], len);
}

/* Overwrites what yajl would let pass by what it will not; see expose_surrogates. */
static size_t expose(char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(no_blanks); i++)
		for (char *at = s; (at = memchr(at, no_blanks[i], len - (size_t)(at - s)));)
			*at = '\1';
	return expose_surrogates(s, len);
}

/* --- texts and streams --------------------------------------------------------------------------
 */

/* Forgets where the parser was; after an error it needs a new one. */
static void begin(struct json *j, bool failed)
{
	if (failed)
		open_handle(j);
	j->depth = j->n_skipped = j->n_values = 0;
	j->at = NULL;
	j->why = NULL;
}

static const char *why_not(struct json *j)
{
	char *why, *end;

	if (j->why)
		return j->why;
	why = (char *)yajl_get_error(j->handle, 0, NULL, 0);
	end = strchr(why, '\n');
	snprintf(j->message, sizeof(j->message), "no JSON: %.*s",
		 end ? (int)(end - why) : (int)strlen(why), why);
	yajl_free_error(j->handle, (unsigned char *)why);
	return j->message;
}

static bool parse(struct json *j, const char *s, size_t len)
{
	return yajl_parse(j->handle, (const unsigned char *)s, len) == yajl_status_ok;
}

static const char in_the_middle[] = "it ends in the middle";

/* At the end of a text: what may go on, a number or a word, would else go on in the next one. */
static const char *end_text(struct json *j)
{
	if (j->depth || j->n_skipped)
		return in_the_middle;
	if (parse(j, "\n", 1))
		return NULL;
	return j->why ? j->why : in_the_middle; /* the line feed is ours, and not to be named */
}

/* Parses one text, its end included. Returns NULL, or why that cannot be. */
static const char *parse_text(struct json *j, const char *s, size_t len)
{
	const char *why = parse(j, s, len) ? end_text(j) : why_not(j);

	if (!why && j->n_values != 1)
		why = j->n_values ? "more than one value" : in_the_middle;
	return why;
}

static bool is_in_record(struct json *j)
{
	return j->depth && !top(j)->is_outside;
}

/* Makes room: all records have been taken, but there may be the beginning of another. */
static void forget(struct json *j)
{
	size_t shift = is_in_record(j) ? j->text_start : j->text.len;

	buf_clear(&j->queue);
	j->taken = 0;
	if (!shift)
		return;
	memmove(j->text.data, j->text.data + shift, j->text.len - shift);
	j->text.len -= shift;
	j->text_start = 0;
	for (int i = 0; i < j->paths->n; i++)
		j->slots[i].at -= shift; /* of those that have any text */
}

const char *json_text(struct json *j, char *s, size_t len)
{
	const char *why;

	begin(j, false);
	buf_clear(&j->text);
	j->is_ready = false;
	expose(s, len);
	why = parse_text(j, s, len);
	if (why) {
		j->is_ready = false;
		begin(j, true);
	}
	return why;
}

const char *json_piece(struct json *j, char *s, size_t len, uint64_t line, size_t *keep,
		       uint64_t *error_line)
{
	bool is_parsed;

	forget(j);
	*keep = expose(s, len);
	if (*keep && memchr(s + len - *keep, '\n', *keep))
		*keep = 0; /* damaged: no escape goes over a line */
	j->n_kept = *keep;
	len -= *keep;
	j->piece = s;
	j->counted = 0;
	j->line = line;
	is_parsed = parse(j, s, len);
	*error_line = current_line(j);
	if (!is_parsed)
		return why_not(j);
	j->n_in_record = is_in_record(j) ? j->n_in_record + len : 0;
	j->n_quiet = j->n_tokens == j->n_tokens_before ? j->n_quiet + len : 0;
	j->n_tokens_before = j->n_tokens;
	if (j->n_in_record > JSON_RECORD_MAX || j->n_quiet > JSON_RECORD_MAX)
		return "a record of more than 64 MiB";
	return NULL;
}

const char *json_end(struct json *j)
{
	const char *why;

	j->piece = NULL; /* it is gone */
	why = j->n_kept ? in_the_middle : end_text(j);
	begin(j, true);
	j->has_array = false;
	j->n_kept = 0;
	return why;
}

static void set_value(const struct json *j, const struct slot *slot, struct value *value)
{
	value->kind = slot->kind;
	value->has_more = slot->has_more;
	value->len = slot->kind == VALUE_TEXT ? slot->len : 0;
	value->s = slot->kind == VALUE_TEXT ? j->text.data + slot->at : "";
}

bool json_take(struct json *j, struct record *record)
{
	static const struct waiting of_text = { 0, NULL };
	const struct waiting *waiting = &of_text;
	const struct slot *slots = j->slots;

	if (j->is_ready) {
		j->is_ready = false;
	} else if (j->taken < j->queue.len) {
		waiting = (const struct waiting *)(const void *)(j->queue.data + j->taken);
		slots = (const struct slot *)(const void *)(waiting + 1);
		j->taken += sizeof(*waiting) + slots_size(j);
	} else {
		return false;
	}
	for (int i = 0; i < j->paths->n; i++)
		set_value(j, &slots[i], &j->values[i]);
	record->values = j->values;
	record->line = waiting->line;
	record->fault = waiting->fault;
	return true;
}

/* --- JSON in strings ----------------------------------------------------------------------------
 */

static struct json *new_json(const struct paths *paths, struct json *parent)
{
	struct json *j = mem_zalloc(1, sizeof(*j));

	j->paths = paths;
	j->parent = parent;
	j->outer = (struct paths)PATHS_INIT;
	j->outer_node = &j->outer.root;
	j->seen = mem_zalloc((size_t)paths->n_nodes + 1, sizeof(*j->seen));
	open_handle(j);
	return j;
}

static void look_inside(struct json *j, const struct path_node *node, const char *s, size_t len)
{
	struct json *root = root_of(j), *inner = j->inner;
	size_t until = root->text.len;

	if (!inner)
		inner = j->inner = new_json(j->paths, j);
	inner->outer_node = node;
	if (memchr(s, '\\', len) || has_no_blanks(s, len)) {
		buf_clear(&inner->copy);
		buf_append(&inner->copy, s, len);
		expose(inner->copy.data, len);
		s = inner->copy.data;
	}
	begin(inner, false);
	if (parse_text(inner, s, len)) {
		begin(inner, true);
		root->text.len = until;
		for (const struct path_node *c = node->keys; c; c = c->next)
			set_kinds(root, c, VALUE_NO_JSON);
		for (const struct path_node *c = node->elements; c; c = c->next)
			set_kinds(root, c, VALUE_NO_JSON);
	}
}

void json_inside(struct json *j, const struct path_node *node, const char *s, size_t len)
{
	if (j->was_found)
		buf_clear(&j->text);
	j->was_found = false;
	look_inside(j, node, s, len);
}

void json_found(struct json *j, struct value *values)
{
	j->was_found = true;
	for (int i = 0; i < j->paths->n; i++)
		if (j->slots[i].kind != VALUE_EMPTY || j->slots[i].has_more)
			set_value(j, &j->slots[i], &values[i]);
	memset(j->slots, 0, slots_size(j));
}

/* ------------------------------------------------------------------------------------------------
 */

struct json *json_new(const struct paths *paths, const char *records, struct err *err)
{
	struct json *j = new_json(paths, NULL);

	j->slots = mem_zalloc((size_t)paths->n + 1, sizeof(*j->slots));
	j->values = mem_zalloc((size_t)paths->n + 1, sizeof(*j->values));
	if (records) {
		j->outer_node = paths_node(&j->outer, records, err);
		if (!j->outer_node) {
			json_free(j);
			return NULL;
		}
	}
	return j;
}

void json_set_na(struct json *j, const struct recipe_words *na)
{
	j->na = na;
}

void json_free(struct json *j)
{
	if (!j)
		return;
	json_free(j->inner);
	yajl_free(j->handle);
	paths_release(&j->outer);
	free(j->frames);
	free(j->seen);
	free(j->slots);
	free(j->values);
	buf_release(&j->copy);
	buf_release(&j->text);
	buf_release(&j->queue);
	free(j);
}
