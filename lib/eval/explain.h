/*
 * explain: the contributions of the features to the predictions of rows: the largest of each row
 * as columns more, and all of them as the table feature_contributions.
 *
 * Rows are held until there are enough for all threads, and then go on in their order: what they
 * get does not depend on the number of threads. Memory: the text of 1024 rows, or of fewer if the
 * model has more than 128 features, and 16 bytes a feature of each.
 */
#ifndef CE_EXPLAIN_H
#define CE_EXPLAIN_H

#include "base/pool.h"
#include "model/model.h"
#include "table/csvreader.h"
#include "table/csvwriter.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPLAIN_REASONS_MAX 100

struct explain {
	/* For callers to append to, before explain_add. */
	struct buf text; /* fields of the rows held, each with its comma */

	/* The module's own. */
	const struct model *model;
	const struct csv_reader *in;
	size_t n_reasons;
	bool has_table;
	int key; /* the column event_id, for the table */
	struct model_explainer explainer;
	struct pool *pool;
	size_t n, n_max;              /* rows held, and when they are enough */
	double *value, *contribution; /* [n_max * n_values] */
	size_t *text_end;             /* [n_max] of each row in `text` */
	struct buf facts;             /* with the table: the key and the features' values ... */
	size_t *fact_end;             /* ... [n_max * (n_values + 1)] and where each ends */
};

#define EXPLAIN_INIT                                                                               \
	{                                                                                          \
		.text = BUF_INIT, .facts = BUF_INIT                                                \
	}

/*
 * For n_reasons <= EXPLAIN_REASONS_MAX of each row, and for the table or not, by that many threads.
 * Borrows the model and the input, which is open. Returns 0, or -1 with err: the input has one of
 * the columns that are added already, or lacks the table's key. explain_release frees in any case.
 */
int explain_init(struct explain *x, const struct model *m, const struct csv_reader *in,
		 size_t n_reasons, bool has_table, int n_threads, struct err *err);

/* Appends the names of the columns that rows get: reason_1, contribution_1, reason_2 ... */
void explain_put_header(const struct explain *x, struct buf *out);

/* Writes the header of the table. */
void explain_put_table_header(struct csv_writer *table);

/*
 * Takes in a row of the input whose values are value[encoding.n_values], each from the field of
 * index[encoding.n] of its column; its own fields have been appended to `text`. Returns whether
 * there are enough rows now: call explain_flush then.
 */
bool explain_add(struct explain *x, const struct csv_row *row, const int *index,
		 const double *value);

/*
 * Writes the rows held to `rows`, each with its reasons, and their contributions to `table` (NULL
 * without one). Returns 0, or -1 with err.
 */
int explain_flush(struct explain *x, struct csv_writer *rows, struct csv_writer *table,
		  struct err *err);

/* Frees the memory; harmless on EXPLAIN_INIT. */
void explain_release(struct explain *x);

#endif
