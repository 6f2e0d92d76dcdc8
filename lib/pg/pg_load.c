#include "pg/pg_load.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "pg/lone_column.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The table that PG_LOAD_UPSERT gathers the rows in. */
#define STAGING "ce_import_rows"

/* A command in pieces, up to a NULL. */
#define SQL(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void put(struct buf *out, const char *const *sql)
{
	for (; *sql; sql++)
		buf_append_str(out, *sql);
	buf_append_char(out, '\0');
}

/* Runs it. *n_rows (NULL allowed): how many it wrote. Returns 0, or -1 with err. */
static int command(struct pg_load *l, const char *const *sql, uint64_t *n_rows, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc;

	put(&text, sql);
	rc = pg_exec(l->db, text.data, n_rows, err);
	buf_release(&text);
	return rc;
}

static int run(struct pg_load *l, const char *const *sql, struct err *err)
{
	return command(l, sql, NULL, err);
}

/*
 * *value: the one value, or NULL, that a query gives; the caller frees it. The table's name is $1
 * of one that is about it.
 */
static int ask(struct pg_load *l, const char *const *sql, bool about_table, char **value,
	       struct err *err)
{
	struct buf command = BUF_INIT;
	int rc;

	put(&command, sql);
	*value = NULL;
	rc = pg_value(l->db, command.data, about_table ? l->table : NULL, value, err);
	buf_release(&command);
	return rc;
}

/* --- names ----------------------------------------------------------------- */

static bool is_key(const struct pg_load *l, size_t column)
{
	for (size_t i = 0; i < l->n_keys; i++)
		if (l->keys[i] == column)
			return true;
	return false;
}

/* The index of the input's column, or l->n_columns. */
static size_t find_column(const struct pg_load *l, const char *name)
{
	size_t i = 0;

	while (i < l->n_columns && strcmp(l->columns[i], name) != 0)
		i++;
	return i;
}

/* What the header holds must be names of columns, and that of a table of one no header itself. */
static int check_names(const struct pg_load *l, struct err *err)
{
	const struct csv_reader *in = l->in;
	char separator, word[LONE_COLUMN_WORD];

	for (size_t i = 0; i < l->n_columns; i++) {
		const char *name = l->columns[i];

		if (!name[strspn(name, " \t\n\v\f\r")])
			return csv_reader_fail(in, -1, err, "column %zu has no name", i + 1);
		if (!utf8_valid(name, strlen(name)))
			return csv_reader_fail(
				in, -1, err, "the name of column %zu is not UTF-8 (iconv converts)",
				i + 1);
	}
	separator = l->n_columns == 1 ? lone_column_name(l->columns[0]) : 0;
	if (!separator)
		return 0;
	return csv_reader_fail(in, -1, err,
			       "the only column is named '%.*s': are fields separated by %s "
			       "(--delimiter %s), or whole lines in quotes?",
			       err_clip(strlen(l->columns[0])), l->columns[0],
			       lone_column_word(separator, word), word);
}

/* The keys of PG_LOAD_UPSERT must be in the input. */
static int check_keys(struct pg_load *l, struct err *err)
{
	const struct pg_load_options *o = l->options;

	l->keys = mem_alloc(l->n_columns, sizeof(*l->keys));
	for (size_t i = 0; i < o->n_keys; i++) {
		int column = columns_require(l->in, o->keys[i], err);

		if (column < 0)
			return -1;
		if (is_key(l, (size_t)column))
			return err_set(err, ERR_USAGE, "--upsert: duplicate column %s", o->keys[i]);
		l->keys[l->n_keys++] = (size_t)column;
	}
	return 0;
}

/* Each column that the options give a type must be in the input of one table at least. */
static int check_types(const struct pg_load *loads, size_t n, struct err *err)
{
	const struct pg_load_options *o = loads->options;

	for (size_t t = 0; t < o->n_types; t++) {
		const char *name = o->types[t].name;
		size_t i = 0;

		if (n == 1 && columns_require(loads->in, name, err) < 0)
			return -1;
		while (i < n && columns_find_alike(&loads[i].in->header, name) < 0)
			i++;
		if (i == n)
			return err_set(err, ERR_RUNTIME, "--types: no table has a column %s", name);
	}
	return 0;
}

/* The catalogue's primary key, if the input has all of it. */
static void find_keys(struct pg_load *l, const struct catalogue_table *known)
{
	for (size_t i = 0; known && i < known->n; i++) {
		size_t column = find_column(l, known->columns[i].name);

		if (!known->columns[i].key)
			continue;
		if (column == l->n_columns) {
			l->n_keys = 0;
			return;
		}
		l->keys[l->n_keys++] = column;
	}
}

/* *text, which is replaced, becomes what b holds; b is emptied. */
static void take_text(char **text, struct buf *b)
{
	free(*text);
	*text = mem_dup(b->len ? b->data : "", b->len);
	buf_clear(b);
}

/* Works out how the table and the columns are called in SQL. */
static int quote_names(struct pg_load *l, struct err *err)
{
	struct buf b = BUF_INIT, list = BUF_INIT;
	int rc = pg_put_table(l->db, &b, &l->name, err);
	struct err refused = ERR_INIT;

	take_text(&l->table, &b);
	l->names = mem_zalloc(l->n_columns, sizeof(*l->names));
	for (size_t i = 0; i < l->n_columns && !rc; i++) {
		if (pg_put_name(l->db, &b, l->columns[i], &refused)) {
			*err = refused;
			rc = strlen(l->columns[i]) <= l->db->max_name
				     ? -1
				     : csv_reader_fail(l->in, -1, err, "%s", refused.message);
		}
		buf_append_str(&list, i ? ", " : "");
		buf_append(&list, b.data, b.len);
		take_text(&l->names[i], &b);
	}
	take_text(&l->name_list, &list);
	buf_release(&b);
	buf_release(&list);
	return rc;
}

static void list_keys(struct pg_load *l)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < l->n_keys; i++) {
		buf_append_str(&list, i ? ", " : "");
		buf_append_str(&list, l->names[l->keys[i]]);
	}
	take_text(&l->key_list, &list);
	buf_release(&list);
}

/* The type that the options give the input's column, or NULL. */
static const char *chosen_type(const struct pg_load *l, size_t column)
{
	for (size_t i = 0; i < l->options->n_types; i++)
		if (columns_find_alike(&l->in->header, l->options->types[i].name) == (int)column)
			return l->options->types[i].type;
	return NULL;
}

/* The catalogue's type of the input's column. */
static enum catalogue_type known_type(const struct pg_load *l, const struct catalogue_table *known,
				      size_t column)
{
	for (size_t i = 0; known && i < known->n; i++)
		if (!strcmp(known->columns[i].name, l->columns[column]))
			return known->columns[i].type;
	return CATALOGUE_TEXT;
}

static void find_raw(struct pg_load *l)
{
	const struct catalogue_table *known = catalogue_table(l->name.name);

	for (size_t i = 0; i < l->n_columns; i++)
		l->rows.raw[i] = known_type(l, known, i) == CATALOGUE_RAW && !chosen_type(l, i);
}

int pg_load_init(struct pg_load *l, const struct pg_load_options *options, const char *text,
		 const char *schema, struct err *err)
{
	*l = (struct pg_load){ .options = options };
	return pg_table_parse(&l->name, text, schema, err);
}

int pg_load_header(struct pg_load *l, const struct csv_reader *in, struct err *err)
{
	l->in = in;
	l->columns = in->header.names;
	l->n_columns = in->header.n;
	pg_rows_init(&l->rows, in, l->options->warnings);
	find_raw(l);
	return check_names(l, err) || check_keys(l, err) ? -1 : 0;
}

/* --- making the table ready ------------------------------------------------ */

/*
 * Whether the table is there; if so, l->table has its schema from now on: a temporary table of the
 * same name would come before it.
 */
static int find_table(struct pg_load *l, bool *exists, struct err *err)
{
	static const char catalogue_of[] =
		"SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		"ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)";
	struct buf b = BUF_INIT;
	char *schema;
	int rc = ask(l, SQL(catalogue_of), true, &schema, err);

	*exists = schema != NULL;
	if (!rc && schema) {
		struct pg_table found = { schema, l->name.name };

		rc = pg_put_table(l->db, &b, &found, err);
		take_text(&l->table, &b);
	}
	buf_release(&b);
	free(schema);
	return rc;
}

#define UNIQUE_VIOLATION "23505"
#define DUPLICATE_TABLE  "42P07"

/* Makes the table, unless somebody else has made it meanwhile: then *exists. */
static int make_table(struct pg_load *l, bool *exists, struct err *err)
{
	const struct catalogue_table *known = catalogue_table(l->name.name);
	struct buf columns = BUF_INIT;
	struct err refused = ERR_INIT;
	int rc;

	if (!l->n_keys)
		find_keys(l, known);
	list_keys(l);
	for (size_t i = 0; i < l->n_columns; i++) {
		buf_append_str(&columns, i ? ", " : " (");
		buf_append_str(&columns, l->names[i]);
		buf_append_char(&columns, ' ');
		buf_append_str(&columns, chosen_type(l, i)
						 ? chosen_type(l, i)
						 : catalogue_sql_type(known_type(l, known, i)));
		buf_append_str(&columns, is_key(l, i) ? " NOT NULL" : "");
	}
	buf_append(&columns, ")", 2);
	l->made = true;
	rc = run(l, SQL("SAVEPOINT ce_table"), err);
	if (!rc && run(l, SQL("CREATE TABLE ", l->table, columns.data), &refused)) {
		bool raced = !strcmp(l->db->sqlstate, UNIQUE_VIOLATION) ||
			     !strcmp(l->db->sqlstate, DUPLICATE_TABLE);

		l->made = false;
		if (!raced || run(l, SQL("ROLLBACK TO SAVEPOINT ce_table"), err) ||
		    find_table(l, exists, err) || !*exists) {
			*err = refused;
			rc = -1;
		}
	}
	if (!rc)
		rc = run(l, SQL("RELEASE SAVEPOINT ce_table"), err);
	buf_release(&columns);
	return rc;
}

/*
 * Removes the rows. TRUNCATE would lock readers out, and show an empty table to those whose
 * snapshot is older than it; another table under this name would lack its grants, views and foreign
 * keys. The table's lock keeps out what others would write meanwhile.
 */
static int empty_table(struct pg_load *l, struct err *err)
{
	static const char refers[] =
		"SELECT conrelid::pg_catalog.regclass FROM pg_catalog.pg_constraint "
		"WHERE contype = 'f' AND confrelid = pg_catalog.to_regclass($1) "
		"AND conrelid <> confrelid AND confdeltype IN ('c', 'n', 'd') LIMIT 1";
	char *referring, *left;

	if (ask(l, SQL(refers), true, &referring, err))
		return -1;
	if (referring) {
		err_set(err, ERR_DATABASE,
			"replacing the rows of %s would delete or change rows of %s, by a foreign "
			"key (--upsert does not)",
			l->name.name, referring);
		free(referring);
		return -1;
	}
	if (command(l, SQL("DELETE FROM ", l->table), &l->n_before, err) ||
	    ask(l, SQL("SELECT 1 FROM ", l->table, " LIMIT 1"), false, &left, err))
		return -1;
	free(left);
	return left ? err_set(err, ERR_DATABASE,
			      "rows remain in %s: a trigger, a rule or a policy kept them",
			      l->table)
		    : 0;
}

/*
 * A temporary table with the input's columns as the table has them, what it wants of a row alone,
 * and no key twice: then a row is refused by COPY, which says which one.
 */
static int make_staging(struct pg_load *l, struct err *err)
{
	static const char like[] = " INCLUDING CONSTRAINTS) ON COMMIT DROP";
	struct buf select = BUF_INIT, changes = BUF_INIT;
	struct pg_columns columns;
	int rc;

	l->staged = true;
	buf_append_str(&select, "SELECT * FROM ");
	buf_append(&select, l->table, strlen(l->table) + 1);
	rc = pg_describe(l->db, select.data, &columns, err);
	buf_release(&select);
	if (rc)
		return -1;
	for (size_t i = 0; i < columns.n && !rc; i++) {
		if (find_column(l, pg_column_name(&columns, i)) < l->n_columns)
			continue;
		buf_append_str(&changes, "DROP COLUMN ");
		rc = pg_put_name(l->db, &changes, pg_column_name(&columns, i), err);
		buf_append_str(&changes, ", ");
	}
	pg_columns_release(&columns);
	buf_append_str(&changes, "ADD PRIMARY KEY (");
	buf_append_str(&changes, l->key_list);
	buf_append(&changes, ")", 2);
	if (!rc)
		rc = run(l, SQL("CREATE TEMP TABLE " STAGING " (LIKE ", l->table, like), err);
	if (!rc)
		rc = run(l, SQL("ALTER TABLE pg_temp." STAGING " ", changes.data), err);
	buf_release(&changes);
	return rc;
}

/*
 * Writes l->upsert: staged rows into the table; what is there under their keys takes their values.
 * In the order of the keys, so that two at once do not wait for each other. Has the server plan it:
 * that the keys are none of the table's is better known before the load.
 */
static int plan_upsert(struct pg_load *l, struct err *err)
{
	struct buf *sql = &l->upsert;
	const char *before = " DO UPDATE SET ";

	buf_append_str(sql, "INSERT INTO ");
	buf_append_str(sql, l->table);
	buf_append_str(sql, " AS target (");
	buf_append_str(sql, l->name_list);
	buf_append_str(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	buf_append_str(sql, l->name_list);
	buf_append_str(sql, " FROM pg_temp." STAGING " ORDER BY ");
	buf_append_str(sql, l->key_list);
	buf_append_str(sql, " ON CONFLICT (");
	buf_append_str(sql, l->key_list);
	buf_append_char(sql, ')');
	for (size_t i = 0; i < l->n_columns; i++) {
		if (is_key(l, i))
			continue;
		buf_append_str(sql, before);
		buf_append_str(sql, l->names[i]);
		buf_append_str(sql, " = EXCLUDED.");
		buf_append_str(sql, l->names[i]);
		before = ", ";
		l->upsert_counts = true;
	}
	if (!l->upsert_counts)
		buf_append_str(sql, " DO NOTHING");
	buf_append_char(sql, '\0');
	return run(l, SQL("EXPLAIN ", sql->data), err);
}

/*
 * The lock against what others write. Among several tables PG_LOAD_UPSERT needs it as well, for two
 * that update the same rows of two tables, each in its own order, would wait for each other; and
 * PG_LOAD_APPEND the lock that its rows will take, before it takes that of another table.
 */
static int lock_table(struct pg_load *l, struct err *err)
{
	bool append = l->options->mode == PG_LOAD_APPEND;

	if (l->alone && l->options->mode != PG_LOAD_REPLACE)
		return 0;
	return run(l,
		   SQL("LOCK TABLE ", l->table, " IN ",
		       append ? "ROW EXCLUSIVE MODE" : "SHARE ROW EXCLUSIVE MODE"),
		   err);
}

/* Columns of the table that the input lacks, and that nothing else fills, are a warning each. */
static int warn_of_missing(struct pg_load *l, struct err *err)
{
	static const char unfilled[] =
		"SELECT pg_catalog.string_agg(a.attname, pg_catalog.chr(1) ORDER BY a.attnum) "
		"FROM pg_catalog.pg_attribute a "
		"JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
		"JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
		"WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p') "
		"AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull AND NOT a.atthasdef "
		"AND a.attidentity = '' AND t.typdefault IS NULL";
	const char *rows = l->options->mode == PG_LOAD_REPLACE ? "all" : "the new";
	char *names, *rest;

	if (ask(l, SQL(unfilled), true, &names, err))
		return -1;
	rest = names;
	for (char *name; rest && (name = strsep(&rest, "\001"));)
		if (find_column(l, name) == l->n_columns)
			warnings_add(l->options->warnings,
				     "column %s of table %s is not in the input: it becomes empty "
				     "in %s rows",
				     name, l->name.name, rows);
	free(names);
	return 0;
}

static int ready_table(struct pg_load *l, struct err *err)
{
	bool exists;

	if (quote_names(l, err) || find_table(l, &exists, err) ||
	    (!exists && make_table(l, &exists, err)))
		return -1;
	if (!exists)
		return 0;
	list_keys(l);
	if ((l->options->mode == PG_LOAD_APPEND || l->options->mode == PG_LOAD_REPLACE) &&
	    warn_of_missing(l, err))
		return -1;
	if (l->options->mode == PG_LOAD_CREATE)
		return err_set(err, ERR_DATABASE,
			       "table %s already exists (--append, --replace or --upsert?)",
			       l->name.name);
	return lock_table(l, err);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct pg_load *const *)a)->name.name,
		      (*(struct pg_load *const *)b)->name.name);
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
		order[i]->db = db;
		order[i]->rows.db = db;
		order[i]->alone = n == 1;
		rc = ready_table(order[i], err);
	}
	free(order);
	/* From the last on, for a table that others refer to is given, and filled, before them. */
	for (size_t i = n; i-- > 0 && !rc;)
		if (loads[i].options->mode == PG_LOAD_REPLACE && !loads[i].made)
			rc = empty_table(&loads[i], err);
	return rc;
}

/* Says which of several tables the server means. Returns -1. */
static int name_table(const struct pg_load *l, struct err *err)
{
	struct err said = *err;

	return l->alone ? -1 : err_set(err, said.kind, "table %s: %s", l->name.name, said.message);
}

#define UNDEFINED_COLUMN "42703"

/* The table refuses the input's columns. Returns -1. */
static int columns_refused(const struct pg_load *l, struct err *err)
{
	struct err said = *err;

	if (!strcmp(l->db->sqlstate, UNDEFINED_COLUMN))
		err_set(err, said.kind,
			"%s; hint: ALTER TABLE adds a column, or the input may leave it out",
			said.message);
	return -1;
}

int pg_load_start(struct pg_load *l, struct err *err)
{
	struct buf sql = BUF_INIT;
	int rc;

	if (l->options->mode == PG_LOAD_UPSERT && !l->made &&
	    (make_staging(l, err) || plan_upsert(l, err)))
		return name_table(l, err);
	buf_append_str(&sql, "COPY ");
	buf_append_str(&sql, l->staged ? "pg_temp." STAGING : l->table);
	buf_append_str(&sql, " (");
	buf_append_str(&sql, l->name_list);
	/* Nobody can see the table before the commit, so its rows can be frozen from the start. */
	buf_append_str(&sql, l->made ? ") FROM STDIN (FREEZE)" : ") FROM STDIN");
	buf_append_char(&sql, '\0');
	rc = pg_copy_in(l->db, sql.data, l->staged ? STAGING : l->name.name, err);
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

	if (run(l, SQL("ROLLBACK TO SAVEPOINT ce_key"), err) ||
	    ask(l, SQL(select, l->table, up_to, l->key_list, in_order, l->table, first), false,
		&text, err))
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

	if (run(l, SQL("SAVEPOINT ce_key"), err))
		return -1;
	if (!run(l, SQL("ALTER TABLE ", l->table, " ADD PRIMARY KEY (", l->key_list, ")"),
		 &refused)) /* within a savepoint no other table could be frozen */
		return run(l, SQL("RELEASE SAVEPOINT ce_key"), err);
	if (!strcmp(l->db->sqlstate, UNIQUE_VIOLATION) && !find_repeated_key(l, &number, err) &&
	    pg_rows_find(&l->rows, number, &file, &line))
		return err_set(
			err, ERR_RUNTIME,
			"%s:%llu: an earlier row has the same key (%s) (SQLSTATE " UNIQUE_VIOLATION
			")",
			file, (unsigned long long)line, l->key_list);
	*err = refused;
	return pg_rows_refused(l->db, err);
}

/* The staged rows into the table. */
static int move_rows(struct pg_load *l, struct err *err)
{
	if (pg_exec(l->db, l->upsert.data, l->upsert_counts ? &l->n_rows : NULL, err) &&
	    pg_rows_refused(l->db, err))
		return name_table(l, err);
	return run(l, SQL("DROP TABLE pg_temp." STAGING), err); /* the next table makes its own */
}

/* Whether a table with n rows now has lost more than it may. */
static bool is_loss(const struct pg_load *l, int64_t n)
{
	int64_t lost = (int64_t)l->n_before - n;

	return lost > 0 && bound_exceeded(&l->options->max_loss, (uint64_t)lost, l->n_before);
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
	if (ask(l, SQL("SELECT pg_catalog.count(*) FROM ", l->table), false, &text, err))
		return -1;
	rc = text ? num_parse_int(text, strlen(text), &n) : -1;
	free(text);
	if (!rc && !is_loss(l, n))
		return 0;
	return err_set(err, ERR_RUNTIME,
		       "table %s would have %lld rows, %llu before: a greater loss than "
		       "--max-loss %s allows",
		       l->name.name, (long long)n, (unsigned long long)l->n_before,
		       l->options->max_loss.text);
}

/* ANALYZE passes over a table that is not the user's, with a warning and no error. */
static int analyze(struct pg_load *l, struct err *err)
{
	if (run(l, SQL("SET LOCAL client_min_messages = warning"), err))
		return -1;
	l->db->warning[0] = '\0';
	if (run(l, SQL("ANALYZE ", l->table), err))
		return -1;
	return *l->db->warning ? err_set(err, ERR_DATABASE, "--analyze: %s", l->db->warning) : 0;
}

int pg_load_row(struct pg_load *l, const struct csv_row *row, struct err *err)
{
	return pg_rows_add(&l->rows, row, err);
}

int pg_load_end(struct pg_load *l, struct err *err)
{
	if (pg_rows_end(&l->rows, &l->n_rows, err) || (l->made && l->n_keys && add_key(l, err)) ||
	    (l->staged && move_rows(l, err)) || check_loss(l, err))
		return -1;
	pg_rows_release(&l->rows); /* the next table needs the memory */
	return 0;
}

int pg_load_commit(struct pg_load *loads, size_t n, struct err *err)
{
	struct pg_load **order = by_name(loads, n); /* ANALYZE locks, too */
	int rc = 0;

	for (size_t i = 0; i < n && !rc && order[i]->options->analyze; i++)
		rc = analyze(order[i], err);
	free(order);
	if (rc)
		return -1;
	return pg_commit(loads->db, err) ? pg_rows_refused(loads->db, err) : 0;
}

void pg_load_release(struct pg_load *l)
{
	for (size_t i = 0; l->names && i < l->n_columns; i++)
		free(l->names[i]);
	pg_table_release(&l->name);
	free(l->names);
	free(l->name_list);
	free(l->key_list);
	free(l->table);
	free(l->keys);
	buf_release(&l->upsert);
	pg_rows_release(&l->rows);
}
