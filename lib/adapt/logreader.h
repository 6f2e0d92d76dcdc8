/*
 * logreader: the records of a log, in the format that its recipe says, as the values that the
 * recipe asks for.
 *
 * JSON lines are read line by line, so that a damaged one is a record at fault and the next is
 * read; an array, and documents that hold one, as a stream, in which damage is the end. Memory: one
 * record (a piece of 256 KiB of a stream).
 */
#ifndef CE_LOGREADER_H
#define CE_LOGREADER_H

#include "adapt/json.h"
#include "adapt/recipe.h"
#include "adapt/record.h"
#include "adapt/textlog.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A column of a table. */
struct log_column {
	char *name;                   /* as the header has it, without outer blanks */
	const struct path_node *node; /* in the recipe; NULL: it is not asked for */
};

struct logreader {
	/* For callers to read. */
	uint64_t n_records; /* so far */
	uint64_t n_files;

	/* The module's own. */
	const struct recipe *recipe;
	const char *tool;    /* for messages that name a command; NULL: none */
	struct textlog text; /* json, tsv */
	struct csv_reader csv;
	struct json *json;
	struct value *values;       /* [slots] */
	struct log_column *columns; /* tables: [n_columns] */
	size_t n_columns, columns_cap;
	bool *is_there; /* [slots]: the header has its column */
	bool is_stream, is_file_open;
	size_t keep;     /* bytes of the last piece that come again */
	bool has_inside; /* a field of this record held JSON */
	char message[100];
};

/*
 * Opens the log; the header of a table must have a field for each column that no event can do
 * without. Where no name in it is exactly the recipe's, the only one that is alike (colname) will
 * do. The recipe must outlive the reader. Returns 0, or -1 with err. The caller closes it
 * in both cases.
 */
int logreader_open(struct logreader *l, const struct recipe *recipe, const struct csv_input *input,
		   struct err *err);

/* The next record. Returns 1, 0 at the end, or -1 with err. */
int logreader_next(struct logreader *l, struct record *record, struct err *err);

/* Warnings about the text of the log, at its end. */
void logreader_warn(const struct logreader *l, struct warnings *warnings);

void logreader_close(struct logreader *l);

#endif
