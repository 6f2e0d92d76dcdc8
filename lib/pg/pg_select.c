#include "pg/pg_select.h"

#include <stdio.h>
#include <string.h>

/* The table, or the query in parentheses, as it follows FROM. */
static int put_source(struct pg *db, struct buf *sql, const struct pg_select *x, struct err *err)
{
	size_t len;

	if (x->table.name)
		return pg_put_table(db, sql, &x->table, err);
	len = strlen(x->query);
	while (len && strchr("; \t\r\n", x->query[len - 1]))
		len--;
	buf_append_char(sql, '(');
	buf_append(sql, x->query, len);
	buf_append_str(sql, "\n) AS query"); /* on a line of its own: a comment may end the query */
	return 0;
}

/* The type of event_ts, or -1 if the source has none. */
static int find_event_ts(const struct pg_columns *columns)
{
	for (size_t i = 0; i < columns->n; i++)
		if (!strcmp(pg_column_name(columns, i), "event_ts"))
			return (int)pg_column_type(columns, i);
	return -1;
}

/*
 * A bound as an SQL value that the server folds to a constant, so that an index on event_ts serves.
 * With pg_catalog's own operators: the search path may have others.
 */
static void put_bound(struct buf *sql, const char *operator, int64_t bound, enum pg_type type)
{
	char text[96];
	uint64_t ms = bound < 0 ? 0 - (uint64_t)bound : (uint64_t)bound;

	if (type == PG_NUMBER)
		snprintf(text, sizeof(text), "%lld", (long long)bound);
	else
		snprintf(text, sizeof(text), "pg_catalog.to_timestamp(%s%llu.%03llu::float8)%s",
			 bound < 0 ? "-" : "", (unsigned long long)ms / 1000,
			 (unsigned long long)ms % 1000,
			 type == PG_TIMESTAMP ? " AT TIME ZONE 'UTC'" : "");
	buf_append_str(sql, " AND event_ts OPERATOR(pg_catalog.");
	buf_append_str(sql, operator);
	buf_append_str(sql, ") ");
	buf_append_str(sql, text);
}

static int put_bounds(struct pg *db, struct buf *sql, struct pg_select *x, struct err *err)
{
	struct buf all = BUF_INIT;
	struct pg_columns columns;
	int type = -1, rc;

	buf_append_str(&all, "SELECT * FROM ");
	rc = put_source(db, &all, x, err);
	buf_append_char(&all, '\0');
	if (!rc)
		rc = pg_describe(db, all.data, &columns, err);
	if (!rc) {
		type = find_event_ts(&columns);
		pg_columns_release(&columns);
	}
	buf_release(&all);
	if (rc)
		return -1;
	x->event_ts_missing = type < 0;
	if (type < 0)
		return 0;
	if (type == PG_OTHER)
		return err_set(err, ERR_DATABASE,
			       "column event_ts: --since and --until: expected a number or a time");
	if (x->since)
		put_bound(sql, ">=", *x->since, (enum pg_type)type);
	if (x->until)
		put_bound(sql, "<", *x->until, (enum pg_type)type);
	return 0;
}

static int put_header(struct pg *db, const char *select, struct buf *header, struct err *err)
{
	struct pg_columns columns;
	int rc = 0;

	if (pg_describe(db, select, &columns, err))
		return -1;
	if (!columns.n)
		rc = err_set(err, ERR_DATABASE, "there are no columns");
	for (size_t i = 0; i < columns.n; i++) {
		const char *name = pg_column_name(&columns, i);

		for (size_t k = 0; k < i && !rc; k++)
			if (!strcmp(name, pg_column_name(&columns, k)))
				rc = err_set(err, ERR_DATABASE,
					     "duplicate column %s: rename one with AS", name);
		csv_put_str(header, name);
	}
	pg_columns_release(&columns);
	if (!rc)
		csv_end_row(header);
	return rc;
}

static int prepare(struct pg *db, struct pg_select *x, struct err *err)
{
	struct buf *sql = &x->select;

	/* Workers would hand over a table's rows in another order each time. */
	if (x->table.name &&
	    pg_exec(db, "SET LOCAL max_parallel_workers_per_gather = 0", NULL, err))
		return -1;
	buf_append_str(sql, "SELECT ");
	if (!x->n_columns)
		buf_append_char(sql, '*');
	else if (pg_put_names(db, sql, x->columns, x->n_columns, err))
		return -1;
	buf_append_str(sql, " FROM ");
	if (put_source(db, sql, x, err))
		return -1;
	buf_append_str(sql, " WHERE (");
	buf_append_str(sql, x->where ? x->where : "true");
	buf_append_str(sql, "\n)");
	if ((x->since || x->until) && put_bounds(db, sql, x, err))
		return -1;
	buf_append_char(sql, '\0');
	return put_header(db, sql->data, &x->header, err);
}

int pg_select_prepare(struct pg *db, struct pg_select *selects, size_t n, struct err *err)
{
	size_t n_missing = 0;

	for (size_t i = 0; i < n; i++) {
		if (prepare(db, &selects[i], err))
			return -1;
		n_missing += selects[i].event_ts_missing;
	}
	/* Next to a table of events, dimensions come whole. */
	if (n_missing == n)
		return err_set(err, ERR_DATABASE,
			       "--since and --until: there is no column event_ts");
	return 0;
}

int pg_select_start(struct pg *db, const struct pg_select *select, struct err *err)
{
	struct buf sql = BUF_INIT;
	int rc;

	buf_append_str(&sql, "COPY (");
	buf_append_str(&sql, select->select.data);
	buf_append_str(&sql, ") TO STDOUT (FORMAT csv)");
	buf_append_char(&sql, '\0');
	rc = pg_copy_out(db, sql.data, err);
	buf_release(&sql);
	return rc;
}

int pg_select_row(struct pg *db, struct csv_writer *out, struct err *err)
{
	const char *bytes;
	size_t n;
	int rc = pg_copy_row(db, &bytes, &n, err);

	if (rc <= 0)
		return rc;
	csv_put_raw(&out->row, bytes, n - 1); /* its newline comes from csv_writer_end_row */
	return csv_writer_end_row(out, err) ? -1 : 1;
}

void pg_select_release(struct pg_select *select)
{
	pg_table_release(&select->table);
	buf_release(&select->select);
	buf_release(&select->header);
}
