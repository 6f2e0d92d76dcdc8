/*
 * join: a dimension table in memory, found by its key.
 *
 * Either a key has one row, or it has a history: several rows, each valid from a time on until the
 * next one is (a slowly changing dimension of type 2), of which a row of the stream gets the one
 * that is valid at its time.
 *
 * Keys compare bytewise; a NULL key matches nothing. Memory, a row of the dimension: the encoded
 * text of the columns that are kept if that is longer than JOIN_NEAR, and 32 to 48 bytes, in a
 * history 56 to 84, and 56 more while it is sorted; a key: that of intern, in a history 8 bytes
 * more. Measured, a history of a million rows of 250,000 keys: 119 bytes a row at the peak. Columns
 * as fields: 16 bytes each, and their text, a row.
 */
#ifndef CE_JOIN_H
#define CE_JOIN_H

#include "base/buf.h"
#include "base/intern.h"
#include "base/names.h"
#include "base/warnings.h"
#include "base/zone.h"
#include "table/csvreader.h"

#include <string.h>

/* Short ones lie in the table itself, so that they are one look at memory. */
#define JOIN_NEAR 28

struct join_text {
	char near[JOIN_NEAR]; /* or, of a longer one, a pointer to it */
	uint32_t len;
};

static inline const char *join_text(const struct join_text *text)
{
	const char *far;

	if (text->len <= JOIN_NEAR)
		return text->near;
	memcpy(&far, text->near, sizeof(far));
	return far;
}

/* Where a dimension comes from. Borrowed. */
struct join_source {
	const char *key, *path;
	const char *valid_from; /* the column of a history's times; NULL: one row a key */
};

/* A row of a history. */
struct join_version {
	int64_t from;  /* ms since the epoch; INT64_MIN: since ever */
	uint64_t line; /* of the file */
	uint32_t id;   /* of its key */
	struct join_text text;
};

struct join_dimension {
	struct join_source source;
	char **names; /* the columns it adds */
	size_t n_names;
	uint64_t header_line;
	struct intern keys;     /* none: the table has no rows, and nothing counts as unmatched */
	struct join_text *rows; /* by key id: the added columns, CSV-encoded */
	struct join_version
		*versions;  /* instead, of a history, in order of key id and time; those */
	size_t *first;      /* of a key from here to the next key's */
	size_t n_rows, cap; /* of either */
	struct arena texts;
	struct csv_field *fields; /* [n_rows * n_names] the same columns decoded, if asked for */
	char *field_texts;        /* their bytes */
	bool *is_plain;           /* [n_rows] the text of each is what csv_put_field would write */
	size_t found;             /* the row that join_find returned last */
	int column;               /* of the key in the stream; set by join_bind */
	uint64_t n_unmatched;     /* stream rows without a match here; join_find counts */
	uint64_t n_early;         /* those of them whose key a history has, from a later time on */
};

/* Columns that are not wanted, whichever side has them. */
struct join_drops {
	const char *const *names; /* borrowed */
	size_t n;
	bool *seen; /* per name: some side has it */
};

/*
 * Whether the column of the header is to be dropped: it has the name, or no other has, and it alone
 * one that is alike. Remembers that it exists.
 */
bool join_dropped(struct join_drops *drops, const struct csv_header *header, size_t column);

/* How dimensions are read. Borrowed. */
struct join_rules {
	struct join_drops *drops;
	const struct names *na; /* fields that are one of these are NULL */
	bool checks; /* the columns that attribute knows are checked and put in canonical form */
	bool fields; /* its columns are wanted as fields, too */
	struct warnings *warnings; /* gets what looks wrong in the table */
	const struct zone *zone;   /* of a history's local times; NULL: UTC */
};

/*
 * Loads the table of the source but for its key, its times and what is dropped. A missing column,
 * an empty key, two rows of a key (in a history: from one time on), an unreadable time and a value
 * that is not as attribute says are errors. So is a date alone as a history's time: its midnight
 * may be long before what it is the date of. Returns 0, or -1 with err.
 */
int join_load(struct join_dimension *d, const struct join_source *source,
	      const struct join_rules *rules, struct err *err);

/*
 * In place of dimensions that there are none of: one without rows, whose columns are those of
 * enriched_table that events (cleaned_events) and this stream lack.
 */
void join_absent(struct join_dimension *d, const struct csv_header *stream,
		 struct join_drops *drops);
void join_release(struct join_dimension *d);

/*
 * Finds the keys of the n dimensions in the stream's header, and checks that no added column is
 * there already or comes from an earlier dimension. Returns 0, or -1 with err.
 */
int join_bind(struct join_dimension *dimensions, size_t n, const struct csv_reader *in,
	      struct err *err);

/*
 * Asks memory for what rows to come will look at, where the dimension is large; after
 * csv_reader_look_ahead.
 */
void join_prefetch(const struct join_dimension *d, const struct csv_reader *in);

/*
 * How a row of the stream finds its columns, in three steps, each of which asks memory for what the
 * next one looks at: its key (s is NULL if it has none); the id of that in d->keys, or INTERN_NONE;
 * and the columns to add, in a history those that are valid at `ts`, or NULL: no match, which is
 * counted.
 */
struct intern_key join_key(const struct join_dimension *d, const struct csv_row *row);
uint32_t join_id(const struct join_dimension *d, const struct intern_key *key);
const struct join_text *join_find(struct join_dimension *d, uint32_t id, int64_t ts);

/* The n_names columns of the row that join_find has just found, if the rules ask for them. */
static inline const struct csv_field *join_fields(const struct join_dimension *d)
{
	return d->fields + d->found * d->n_names;
}

#endif
