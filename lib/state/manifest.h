/*
 * manifest: what a state is: text, a line an entry, "NAME VALUE", and last "end SHA256" of all that
 * is above. Names may come more than once. What is not printable in a value, and '%', is written as
 * %XX.
 */
#ifndef CE_MANIFEST_H
#define CE_MANIFEST_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct manifest {
	struct buf text;
};

#define MANIFEST_INIT                                                                              \
	{                                                                                          \
		BUF_INIT                                                                           \
	}

/* Appends an entry. */
void manifest_add(struct manifest *m, const char *name, const char *value);
void manifest_add_int(struct manifest *m, const char *name, int64_t value);

/* An entry; both are borrowed from the manifest. */
struct manifest_entry {
	const char *name, *value;
	int name_len, value_len;
};

/* The entry at *at, 0 being the first, which moves to the next. Returns whether there is one. */
bool manifest_next(const struct manifest *m, size_t *at, struct manifest_entry *entry);

/* The i-th entry of that name. Returns whether there is one. */
bool manifest_find(const struct manifest *m, const char *name, size_t i,
		   struct manifest_entry *entry);

/* The number of the only entry of that name. Returns 0, or -1: there is none, there are more, or it
 * is no number. */
int manifest_find_int(const struct manifest *m, const char *name, int64_t *value);

/* Appends the line `end`. Returns 0, or -1 with err. */
int manifest_end(struct manifest *m, struct err *err);

/*
 * Reads the file at `path` and checks its end. Returns 0, or -1 with err: it is not there, is cut
 * or was changed.
 */
int manifest_read(struct manifest *m, const char *path, struct err *err);

void manifest_release(struct manifest *m);

#endif
