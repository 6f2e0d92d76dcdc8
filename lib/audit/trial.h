/*
 * trial: an audit of a command: it is run on the whole log, then on the log as it was at each of
 * several earlier times, the cuts, and the tables that it writes are compared.
 *
 *	trial_open     reads the log and settles the cuts
 *	trial_whole    the run on the whole log
 *	trial_next     the run at the next cut, compared with the whole; until it returns 0
 *
 * One run at a time. After an error the command may still be running: it ends with this process.
 * Memory and disk: those of spool and audit, and on disk the log as it was at a cut.
 */
#ifndef CE_TRIAL_H
#define CE_TRIAL_H

#include "audit/audit.h"
#include "audit/spool.h"

struct trial_options {
	const char *command; /* for /bin/sh: a log on its standard input, a table on its output */
	const char *column;  /* of the records' time */
	struct time_reading times; /* how it is read there */
	int64_t *at;               /* [n_at] cuts (ms), in any order; none: draw them */
	size_t n_at;
	size_t n_cuts; /* times of records to draw as cuts */
	uint64_t seed; /* of the random number generator that draws them */
	struct audit_options audit;
};

struct trial {
	/* For callers to read. */
	struct spool log;
	struct audit audit; /* from trial_whole on */
	int64_t *cuts;      /* [n_cuts], ascending, each earlier than the last record */
	size_t n_cuts;

	/* The module's own. */
	const struct trial_options *options;
	size_t next;     /* cut */
	int prefix;      /* the log at a cut; -1: none */
	uint64_t n_rows; /* compared or changed so far */
};

#define TRIAL_INIT                                                                                 \
	{                                                                                          \
		.log = SPOOL_INIT, .audit = AUDIT_INIT, .prefix = -1                               \
	}

/* What came of a cut. */
struct trial_cut {
	int64_t time;                              /* ms */
	uint64_t n_records, n_compared, n_changed; /* of the log; rows of the tables: audit_cut */
};

/*
 * Reads the log. The options must outlive the trial. Returns 0, or -1 with err: among others, no
 * record has a valid time, or no cut leaves a record out.
 */
int trial_open(struct trial *t, const struct trial_options *options, const struct csv_input *log,
	       struct err *err);

/* Returns 0, or -1 with err: the command failed, or its table cannot be audited (audit_whole). */
int trial_whole(struct trial *t, struct err *err);

/*
 * Returns 1 with *cut, 0 after the last cut, or -1 with err: the command failed, its table cannot
 * be compared (audit_cut), or no cut had a row to compare.
 */
int trial_next(struct trial *t, struct trial_cut *cut, struct err *err);

/* Harmless on a trial that is not open. */
void trial_release(struct trial *t);

#endif
