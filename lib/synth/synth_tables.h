/*
 * synth_tables: a synthetic workload written as its four tables.
 *
 *	synth_tables_open      opens users_dim, content_dim, truth and events_table
 *	synth_tables_next      writes what comes next; until it returns 0
 *	synth_tables_close     gives the files their names, all of them or none
 *
 * Memory: that of synth and synth_dirty.
 */
#ifndef CE_SYNTH_TABLES_H
#define CE_SYNTH_TABLES_H

#include "synth/synth.h"
#include "synth/synth_dirty.h"
#include "table/csvwriter.h"

/* In the order in which they get their names: the one that may be a pipe comes last. */
enum { SYNTH_USERS, SYNTH_CONTENTS, SYNTH_TRUTH, SYNTH_EVENTS, SYNTH_N_TABLES };

struct synth_tables_options {
	struct synth_options synth;
	double dirty;            /* share of the events, [0, 1]: see synth_dirty */
	const char *directory;   /* made if it is missing */
	bool stream;             /* the events go to standard output */
	struct gz_output output; /* how to write; its path is not used */
};

struct synth_tables {
	/* For callers to read. */
	struct csv_writer writers[SYNTH_N_TABLES];
	struct synth_dirt dirt;

	/* The module's own. */
	char *paths[SYNTH_N_TABLES];
	struct synth synth;
};

/*
 * Opens the tables and writes the dimensions. Returns 0, or -1 with err; after that, and after any
 * other error, no file appears under its name.
 */
int synth_tables_open(struct synth_tables *t, const struct synth_tables_options *options,
		      struct err *err);

/* Writes the next viewing or event. Returns 1, 0 after the last, or -1 with err. */
int synth_tables_next(struct synth_tables *t, struct err *err);

/* Returns 0, or -1 with err. */
int synth_tables_close(struct synth_tables *t, struct err *err);

void synth_tables_release(struct synth_tables *t);

#endif
