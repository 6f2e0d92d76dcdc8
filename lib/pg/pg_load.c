#include "pg/pg_load.h"

#include "base/mem.h"
#include "base/num.h"
#include "pg/pg_sql.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

/* Each column that the options give a type must be in the input of one table at least. */
static int check_types(const struct pg_load *loads, size_t n, struct err *err)
{
	const struct pg_load_options *o = loads->to.options;

	for (size_t t = 0; t < o->n_types; t++) {
		const char *name = o->types[t].name;
		size_t i = 0;

		if (n == 1 && columns_require(loads->to.in, name, err) < 0)
			return -1;
		while (i < n && columns_find_alike(&loads[i].to.in->header, name) < 0)
			i++;
		if (i == n)
			return err_set(err, ERR_RUNTIME, "--types: no table has a column %s", name);
	}
	return 0;
}

int pg_load_init(struct pg_load *l, const struct pg_load_options *options, const char *text,
		 const char *schema, struct err *err)
{
	*l = (struct pg_load){ 0 };
	return pg_target_init(&l->to, options, text, schema, err);
}

int pg_load_header(struct pg_load *l, const struct csv_reader *in, struct err *err)
{
	pg_rows_init(&l->rows, in, l->to.options->warnings);
	if (pg_target_header(&l->to, in, err))
		return -1;
	for (size_t i = 0; i < in->header.n; i++)
		l->rows.raw[i] = pg_target_is_raw(&l->to, i);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct pg_load *const *)a)->to.name.name,
		      (*(struct pg_load *const *)b)->to.name.name);
}

/* The loads in the order of their tables' names; the caller frees it. */
static struct pg_load **by_name(struct pg_load *loads, size_t n)
{
	struct pg_load **order = mem_alloc(n, sizeof(struct pg_load *));

	for (size_t i = 0; i < n; i++)
		order[i] = &loads[i];
	qsort(order, n, sizeof(struct pg_load *), compare_names);
	return order;
}

int pg_load_begin(struct pg_load *loads, size_t n, struct pg *db, struct err *err)
{
	struct pg_load **order = by_name(loads, n);
	int rc = check_types(loads, n, err) || pg_begin(db, PG_WRITE, err) ? -1 : 0;

	for (size_t i = 0; i < n && !rc; i++) {
		order[i]->rows.db = db;
		rc = pg_target_ready(&order[i]->to, db, n == 1, err);
	}
	free(order);
	/* From the last on, for a table that others refer to is given, and filled, before them. */
	for (size_t i = n; i-- > 0 && !rc;)
		if (loads[i].to.options->mode == PG_LOAD_REPLACE && !loads[i].to.made)
			rc = pg_target_empty(&loads[i].to, err);
	return rc;
}

/* Says which of several tables the server means. Returns -1. */
static int name_table(const struct pg_load *l, struct err *err)
{
	struct err said = *err;

	return l->to.alone ? -1
			   : err_set(err, said.kind, "table %s: %s", l->to.name.name, said.message);
}

#define UNDEFINED_COLUMN "42703"

/* The table refuses the input's columns. Returns -1. */
static int columns_refused(const struct pg_load *l, struct err *err)
{
	struct err said = *err;

	if (!strcmp(l->to.db->sqlstate, UNDEFINED_COLUMN))
		err_set(err, said.kind,
			"%s; hint: ALTER TABLE adds a column, or the input may leave it out",
			said.message);
	return -1;
}

int pg_load_start(struct pg_load *l, struct err *err)
{
	struct buf sql = BUF_INIT;
	int rc;

	if (l->to.options->mode == PG_LOAD_UPSERT && !l->to.made && pg_target_stage(&l->to, err))
		return name_table(l, err);
	buf_append_str(&sql, "COPY ");
	buf_append_str(&sql, l->to.staged ? "pg_temp." PG_TARGET_STAGING : l->to.table);
	buf_append_str(&sql, " (");
	buf_append_str(&sql, l->to.name_list);
	/* Nobody can see the table before the commit, so its rows can be frozen from the start. */
	buf_append_str(&sql, l->to.made ? ") FROM STDIN (FREEZE)" : ") FROM STDIN");
	buf_append_char(&sql, '\0');
	rc = pg_copy_in(l->to.db, sql.data, l->to.staged ? PG_TARGET_STAGING : l->to.name.name,
			err);
	buf_release(&sql);
	return rc ? columns_refused(l, err) : 0;
}

/* --- what comes after the rows --------------------------------------------- */

/*
 * The number (from 0) of the first row whose key an earlier row has. COPY fills a new table in the
 * order of the input, so a row's number is that of the rows up to its place.
 */
static int find_repeated_key(struct pg_load *l, uint64_t *number, struct err *err)
{
	static const char select[] = "SELECT pg_catalog.count(*) - 1 FROM ",
			  up_to[] = " WHERE ctid <= (SELECT place FROM (SELECT ctid AS place, "
				    "pg_catalog.row_number() OVER (PARTITION BY ",
			  in_order[] = " ORDER BY ctid) AS n FROM ",
			  first[] = ") AS numbered WHERE n > 1 ORDER BY place LIMIT 1)";
	int64_t n = 0;
	char *text;
	int rc;

	if (pg_sql_run(l->to.db, PG_SQL("ROLLBACK TO SAVEPOINT ce_key"), err) ||
	    pg_sql_ask(l->to.db,
		       PG_SQL(select, l->to.table, up_to, l->to.key_list, in_order, l->to.table,
			      first),
		       NULL, &text, err))
		return -1;
	rc = text ? num_parse_int(text, strlen(text), &n) : -1;
	*number = (uint64_t)n;
	free(text);
	return rc;
}

/* The key of a table that was made: at once, which takes less than half as long as row by row. */
static int add_key(struct pg_load *l, struct err *err)
{
	struct err refused = ERR_INIT;
	const char *file;
	uint64_t number, line;

	if (pg_sql_run(l->to.db, PG_SQL("SAVEPOINT ce_key"), err))
		return -1;
	if (!pg_sql_run(
		    l->to.db,
		    PG_SQL("ALTER TABLE ", l->to.table, " ADD PRIMARY KEY (", l->to.key_list, ")"),
		    &refused)) /* within a savepoint no other table could be frozen */
		return pg_sql_run(l->to.db, PG_SQL("RELEASE SAVEPOINT ce_key"), err);
	if (!strcmp(l->to.db->sqlstate, PG_UNIQUE_VIOLATION) &&
	    !find_repeated_key(l, &number, err) && pg_rows_find(&l->rows, number, &file, &line))
		return err_set(err, ERR_RUNTIME,
			       "%s:%llu: an earlier row has the same key (%s) "
			       "(SQLSTATE " PG_UNIQUE_VIOLATION ")",
			       file, (unsigned long long)line, l->to.key_list);
	*err = refused;
	return pg_rows_refused(l->to.db, err);
}

/* The staged rows into the table. */
static int move_rows(struct pg_load *l, struct err *err)
{
	if (pg_exec(l->to.db, l->to.upsert.data, l->to.upsert_counts ? &l->n_rows : NULL, err) &&
	    pg_rows_refused(l->to.db, err))
		return name_table(l, err);
	return pg_sql_run(l->to.db, PG_SQL("DROP TABLE pg_temp." PG_TARGET_STAGING),
			  err); /* the next table makes its own */
}

/* Whether a table with n rows now has lost more than it may. */
static bool is_loss(const struct pg_load *l, int64_t n)
{
	int64_t lost = (int64_t)l->to.n_before - n;

	return lost > 0 && bound_exceeded(&l->to.options->max_loss, (uint64_t)lost, l->to.n_before);
}

/*
 * By what the server has counted as it deleted and copied; where that is a loss, the rows are
 * counted once more, for a trigger may have led them into the table by another way.
 */
static int check_loss(struct pg_load *l, struct err *err)
{
	int64_t n = (int64_t)l->n_rows;
	char *text;
	int rc;

	if (!is_loss(l, n))
		return 0;
	if (pg_sql_ask(l->to.db, PG_SQL("SELECT pg_catalog.count(*) FROM ", l->to.table), NULL,
		       &text, err))
		return -1;
	rc = text ? num_parse_int(text, strlen(text), &n) : -1;
	free(text);
	if (!rc && !is_loss(l, n))
		return 0;
	return err_set(err, ERR_RUNTIME,
		       "table %s would have %lld rows, %llu before: a greater loss than "
		       "--max-loss %s allows",
		       l->to.name.name, (long long)n, (unsigned long long)l->to.n_before,
		       l->to.options->max_loss.text);
}

/* ANALYZE passes over a table that is not the user's, with a warning and no error. */
static int analyze(struct pg_load *l, struct err *err)
{
	if (pg_sql_run(l->to.db, PG_SQL("SET LOCAL client_min_messages = warning"), err))
		return -1;
	l->to.db->warning[0] = '\0';
	if (pg_sql_run(l->to.db, PG_SQL("ANALYZE ", l->to.table), err))
		return -1;
	return *l->to.db->warning ? err_set(err, ERR_DATABASE, "--analyze: %s", l->to.db->warning)
				  : 0;
}

int pg_load_row(struct pg_load *l, const struct csv_row *row, struct err *err)
{
	return pg_rows_add(&l->rows, row, err);
}

int pg_load_end(struct pg_load *l, struct err *err)
{
	if (pg_rows_end(&l->rows, &l->n_rows, err) ||
	    (l->to.made && l->to.n_keys && add_key(l, err)) ||
	    (l->to.staged && move_rows(l, err)) || check_loss(l, err))
		return -1;
	pg_rows_release(&l->rows); /* the next table needs the memory */
	return 0;
}

int pg_load_commit(struct pg_load *loads, size_t n, struct err *err)
{
	struct pg_load **order = by_name(loads, n); /* ANALYZE locks, too */
	int rc = 0;

	for (size_t i = 0; i < n && !rc && order[i]->to.options->analyze; i++)
		rc = analyze(order[i], err);
	free(order);
	if (rc)
		return -1;
	return pg_commit(loads->to.db, err) ? pg_rows_refused(loads->to.db, err) : 0;
}

void pg_load_release(struct pg_load *l)
{
	pg_target_release(&l->to);
	pg_rows_release(&l->rows);
}
