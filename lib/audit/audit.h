/*
 * audit: whether the rows of a table were the same when only the past was known.
 *
 * The table was made twice: from the whole log, and from what the log held at an earlier time, the
 * cut. Rows of both whose time is not after the cut are paired by time and key, and must be equal
 * in every column, byte for byte, NULL and the empty string being two values. A label may be NULL
 * at the cut and known in the whole, but what was known must stay. A row that only one of the
 * tables has is a finding about the rows themselves.
 *
 * The rows of either table may come in any order. Memory: that of extsort, for one table at a time,
 * within `mem`: 32 bytes a row, its key and itself. The disk holds both tables, and while one is
 * sorted beyond the limit, that one twice more.
 */
#ifndef CE_AUDIT_H
#define CE_AUDIT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "table/csvwriter.h"

#include <stddef.h>
#include <stdint.h>

struct audit_options {
	struct names key; /* one column at least */
	const char *time;
	struct names label;  /* filled in later, never revised; empty: the default */
	struct names ignore; /* not compared */
	uint64_t mem;
};

enum audit_kind { AUDIT_FEATURE, AUDIT_LABEL, AUDIT_KEY, AUDIT_TIME, AUDIT_IGNORED, AUDIT_ROW };

/* What was found about a column or, last of all, about the rows, which have no column. */
struct audit_finding {
	const char *column; /* NULL: the rows themselves */
	enum audit_kind kind;
	uint64_t n_compared; /* a row counts once for each cut, here and below */
	uint64_t n_changed;
	uint64_t n_cuts; /* in how many cuts something changed */

	/* The changed row that comes first by time, then key; of several cuts, at the first. */
	int64_t cut, time;
	struct buf key;    /* CSV fields, each with its comma */
	struct buf before; /* a CSV field without its comma; of a row: "present" or "absent" */
	struct buf after;
};

struct audit {
	/* For callers to read. */
	struct audit_finding
		*findings; /* one a column, in the table's order, and one for the rows */
	size_t n_findings;

	/* The module's own. */
	const struct audit_options *options;
	int64_t until;
	int whole; /* the sorted table; -1: none */
	char **names;
	size_t n_columns;
};

#define AUDIT_INIT                                                                                 \
	{                                                                                          \
		.whole = -1                                                                        \
	}

/*
 * Reads the table made from the whole log, from the descriptor `fd`, which is audit's from now on;
 * cuts will not be later than `until`. `name` is for messages. The options must outlive the audit.
 * Returns 0, or -1 with err: among others, two rows of the same time and key, a row without time,
 * no key, time or other column of that name (a default label may be absent).
 */
int audit_whole(struct audit *a, const struct audit_options *options, int64_t until, int fd,
		const char *name, struct err *err);

/*
 * The same for the table made at a cut, which it compares; cuts ascend. Another header is an error.
 * Sets *n_compared to how many rows both had, and *n_changed to how many were not equal or in one
 * only.
 */
int audit_cut(struct audit *a, int64_t cut, int fd, const char *name, uint64_t *n_compared,
	      uint64_t *n_changed, struct err *err);

/*
 * Writes the report, a row for each finding, under its header. Returns 0, or -1 with err.
 */
int audit_report(const struct audit *a, struct csv_writer *out, struct err *err);

/* Describes a finding that changed, of n_cuts cuts, in one line, whatever its values hold:
 * line->message. */
void audit_describe(const struct audit *a, const struct audit_finding *f, size_t n_cuts,
		    struct err *line);

void audit_release(struct audit *a);

#endif
