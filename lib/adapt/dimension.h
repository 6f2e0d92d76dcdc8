/*
 * dimension: users_dim or content_dim, from what a log says of its users or contents.
 *
 * Of each attribute of an id the latest value stays, of several of one time the bytewise largest:
 * what comes out does not depend on the order in which the log tells it. Memory: 16 bytes an
 * attribute of an id, the ids, and each distinct value once; values that have been replaced go.
 */
#ifndef CE_DIMENSION_H
#define CE_DIMENSION_H

#include "base/err.h"
#include "base/intern.h"
#include "table/catalogue.h"
#include "table/csvwriter.h"

#include <stddef.h>
#include <stdint.h>

struct dimension_value {
	int64_t ts;
	uint32_t value_plus_1; /* 0: none is known */
};

struct dimension {
	const struct catalogue_table *table;
	struct intern ids, values;
	struct dimension_value *known; /* [ids][the table's columns but the first] */
	size_t cap;
};

#define DIMENSION_INIT(TABLE)                                                                      \
	{                                                                                          \
		.table = (TABLE), .ids = INTERN_INIT, .values = INTERN_INIT                        \
	}

/* The place of an id, a new one if it is new. */
uint32_t dimension_id(struct dimension *d, const char *s, size_t len);

/* Notes the value that an attribute of an id has at ts; column: its place in the table, from 1. */
void dimension_note(struct dimension *d, uint32_t id, size_t column, int64_t ts, const char *s,
		    size_t len);

/* Writes the table, header and all, in the bytewise order of the ids. Returns 0, or -1 with err. */
int dimension_write(const struct dimension *d, struct csv_writer *out, struct err *err);

void dimension_release(struct dimension *d);

#endif
