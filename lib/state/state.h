/*
 * state: what a run leaves for the next one: a folder of gzipped CSV tables and a MANIFEST.
 *
 * Each table is one of the catalogue, sorted by its key, or is the feature table or the cleaned
 * events with what is kept beside. The MANIFEST has the format and the version, what the caller
 * adds to it, and of each file its rows and its SHA-256. Who reads a state checks all of these
 * before the first row, so that a damaged, cut, reordered or edited one is refused. NEW gets its
 * name by one rename, together with the outputs of the run (see atomicfile). Memory: that of a
 * writer for each table.
 */
#ifndef CE_STATE_H
#define CE_STATE_H

#include "base/intern.h"
#include "state/manifest.h"
#include "table/catalogue.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The tables, STATE_USERS, ...: one line each. */
#define STATE_TABLES                                                                               \
	STATE_TABLE(USERS, "users")                                                                \
	STATE_TABLE(CONTENTS, "contents")                                                          \
	STATE_TABLE(USER_GENRES, "user_genres")                                                    \
	STATE_TABLE(PAIRS, "pairs")                                                                \
	STATE_TABLE(VIEWINGS, "viewings")                                                          \
	STATE_TABLE(WINDOW, "window_events")                                                       \
	STATE_TABLE(EFFECTS, "online_effects")                                                     \
	STATE_TABLE(LABELS, "labels")                                                              \
	STATE_TABLE(WAITING, "waiting")                                                            \
	STATE_TABLE(WAITING_FIRST, "waiting_first")                                                \
	STATE_TABLE(SEEN, "seen")                                                                  \
	STATE_TABLE(EARLY, "early")                                                                \
	STATE_TABLE(SHARD_SESSIONS, "shard_sessions")

enum state_table {
#define STATE_TABLE(NAME, name) STATE_##NAME,
	STATE_TABLES
#undef STATE_TABLE
		STATE_N_TABLES,
};

/* A state that is being read. */
struct state_in {
	const char *path; /* borrowed */
	struct manifest manifest;
	char *files[STATE_N_TABLES]; /* their paths */
};

#define STATE_IN_INIT                                                                              \
	{                                                                                          \
		.manifest = MANIFEST_INIT                                                          \
	}

/* Reads and checks the MANIFEST. Returns 0, or -1 with err. state_in_release frees in any case. */
int state_in_open(struct state_in *s, const char *path, struct err *err);

/* Whether it has that table. */
bool state_in_has(const struct state_in *s, enum state_table table);

/*
 * Checks each file against it; the n tables must be there. Returns 0, or -1 with err.
 */
int state_in_check(const struct state_in *s, const enum state_table *tables, size_t n,
		   struct err *err);

/* "OLD/MANIFEST: MESSAGE". Always returns -1. */
int state_in_fail(const struct state_in *s, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The SHA-256 of its MANIFEST. Returns 0, or -1 with err. */
int state_in_sha256(const struct state_in *s, char *hex, struct err *err);

/* A count of it, at least 0. Returns 0, or -1 with err: it has none. */
int state_in_count(const struct state_in *s, const char *name, int64_t *value, struct err *err);
void state_in_release(struct state_in *s);

/* No deadline or closing time is later: an event's time, a gap and a time left to play. */
#define STATE_TS_MAX ((INT64_C(1) << 44) - 1)

/* The string of an id; NULL of INTERN_NONE. Borrowed. */
struct csv_value state_name(const struct intern *strings, uint32_t id);

/* A table of it, row by row. */
struct state_reader {
	struct csv_reader in;
	const struct catalogue_table *table; /* NULL: rows are read as text */
	const struct csv_value *row;
	const struct csv_row *text;
	int64_t n_rows; /* that the MANIFEST says */
	int bad;        /* a column that state_int or state_id refused, or -1 */
};

/* Opens a table. Its columns must be those of the catalogue, if it is there. Returns 0, or -1 with
 * err. */
int state_reader_open(struct state_reader *r, const struct state_in *s, enum state_table table,
		      struct err *err);

/*
 * The next row, as text in r->text; `row`, unless it is NULL, is the table's struct row_TABLE,
 * whose members get their values by the types of the catalogue. Returns 1, 0 after the last, or -1
 * with err.
 */
int state_reader_next(struct state_reader *r, void *row, struct err *err);

/*
 * A member of that row, which must be a number from low to high; `known` if it may not be empty,
 * which is EVENT_UNKNOWN. What is not so is remembered: state_reader_bad, once all are taken.
 */
int64_t state_int(struct state_reader *r, const struct csv_value *value, int64_t low, int64_t high,
		  bool known);

/* The same of a double, which may not be empty. */
double state_real(struct state_reader *r, const struct csv_value *value, double low, double high);

/* The id of a member that must be one of the strings, as state_int. */
uint32_t state_id(struct state_reader *r, const struct intern *strings,
		  const struct csv_value *value);

/* Remembers that this member is wrong. */
void state_refuse(struct state_reader *r, const struct csv_value *value);

/* Returns 0, or -1 with err: a member was refused. */
int state_reader_bad(const struct state_reader *r, struct err *err);
void state_reader_close(struct state_reader *r);

/* A state that is being written. */
struct state_out {
	struct manifest manifest; /* for the caller to add to */
	struct csv_writer
		folder; /* for csv_writer_close_all, with the outputs and finished after them */
	struct csv_writer writers[STATE_N_TABLES];
	char *paths[STATE_N_TABLES]; /* of those that it has, which the writers borrow */
	bool has[STATE_N_TABLES];
	struct gz_output output; /* how the files are written */
};

#define STATE_OUT_INIT                                                                             \
	{                                                                                          \
		.manifest = MANIFEST_INIT, .folder = CSV_WRITER_INIT                               \
	}

/* Begins the folder. `output`: level and threads of its files. Returns 0, or -1 with err. */
int state_out_open(struct state_out *s, const char *path, const struct gz_output *output,
		   struct err *err);

/*
 * Opens a table, to whose writer the caller appends rows, after the header if it is in the
 * catalogue. Returns the writer, or NULL with err.
 */
struct csv_writer *state_out_table(struct state_out *s, enum state_table table, struct err *err);

/*
 * Closes the tables, adds them to the MANIFEST and writes it: the folder is complete. Returns 0, or
 * -1 with err.
 */
int state_out_finish(struct state_out *s, struct err *err);

/* Frees everything; a folder that has no name yet is removed. */
void state_out_release(struct state_out *s);

#endif
