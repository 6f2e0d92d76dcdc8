#include "pg/pg_target.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "pg/lone_column.h"
#include "pg/pg_sql.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

/* --- names ----------------------------------------------------------------- */

static bool is_key(const struct pg_target *t, size_t column)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (t->keys[i] == column)
			return true;
	return false;
}

/* The index of the input's column, or t->n_columns. */
static size_t find_column(const struct pg_target *t, const char *name)
{
	size_t i = 0;

	while (i < t->n_columns && strcmp(t->columns[i], name) != 0)
		i++;
	return i;
}

/* What the header holds must be names of columns, and that of a table of one no header itself. */
static int check_names(const struct pg_target *t, struct err *err)
{
	const struct csv_reader *in = t->in;
	char separator, word[LONE_COLUMN_WORD];

	for (size_t i = 0; i < t->n_columns; i++) {
		const char *name = t->columns[i];

		if (!name[strspn(name, " \t\n\v\f\r")])
			return csv_reader_fail(in, -1, err, "column %zu has no name", i + 1);
		if (!utf8_valid(name, strlen(name)))
			return csv_reader_fail(
				in, -1, err, "the name of column %zu is not UTF-8 (iconv converts)",
				i + 1);
	}
	separator = t->n_columns == 1 ? lone_column_name(t->columns[0]) : 0;
	if (!separator)
		return 0;
	return csv_reader_fail(in, -1, err,
			       "the only column is named '%.*s': are fields separated by %s "
			       "(--delimiter %s), or whole lines in quotes?",
			       err_clip(strlen(t->columns[0])), t->columns[0],
			       lone_column_word(separator, word), word);
}

/* The keys of PG_LOAD_UPSERT must be in the input. */
static int check_keys(struct pg_target *t, struct err *err)
{
	const struct pg_load_options *o = t->options;

	t->keys = mem_alloc(t->n_columns, sizeof(*t->keys));
	for (size_t i = 0; i < o->n_keys; i++) {
		int column = columns_require(t->in, o->keys[i], err);

		if (column < 0)
			return -1;
		if (is_key(t, (size_t)column))
			return err_set(err, ERR_USAGE, "--upsert: duplicate column %s", o->keys[i]);
		t->keys[t->n_keys++] = (size_t)column;
	}
	return 0;
}

/* The catalogue's primary key, if the input has all of it. */
static void find_keys(struct pg_target *t, const struct catalogue_table *known)
{
	for (size_t i = 0; known && i < known->n; i++) {
		size_t column = find_column(t, known->columns[i].name);

		if (!known->columns[i].key)
			continue;
		if (column == t->n_columns) {
			t->n_keys = 0;
			return;
		}
		t->keys[t->n_keys++] = column;
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
static int quote_names(struct pg_target *t, struct err *err)
{
	struct buf b = BUF_INIT, list = BUF_INIT;
	int rc = pg_put_table(t->db, &b, &t->name, err);
	struct err refused = ERR_INIT;

	take_text(&t->table, &b);
	t->names = mem_zalloc(t->n_columns, sizeof(*t->names));
	for (size_t i = 0; i < t->n_columns && !rc; i++) {
		if (pg_put_name(t->db, &b, t->columns[i], &refused)) {
			*err = refused;
			rc = strlen(t->columns[i]) <= t->db->max_name
				     ? -1
				     : csv_reader_fail(t->in, -1, err, "%s", refused.message);
		}
		buf_append_str(&list, i ? ", " : "");
		buf_append(&list, b.data, b.len);
		take_text(&t->names[i], &b);
	}
	take_text(&t->name_list, &list);
	buf_release(&b);
	buf_release(&list);
	return rc;
}

static void list_keys(struct pg_target *t)
{
	struct buf list = BUF_INIT;

	for (size_t i = 0; i < t->n_keys; i++) {
		buf_append_str(&list, i ? ", " : "");
		buf_append_str(&list, t->names[t->keys[i]]);
	}
	take_text(&t->key_list, &list);
	buf_release(&list);
}

/* The type that the options give the input's column, or NULL. */
static const char *chosen_type(const struct pg_target *t, size_t column)
{
	for (size_t i = 0; i < t->options->n_types; i++)
		if (columns_find_alike(&t->in->header, t->options->types[i].name) == (int)column)
			return t->options->types[i].type;
	return NULL;
}

/* The catalogue's type of the input's column. */
static enum catalogue_type known_type(const struct pg_target *t,
				      const struct catalogue_table *known, size_t column)
{
	for (size_t i = 0; known && i < known->n; i++)
		if (!strcmp(known->columns[i].name, t->columns[column]))
			return known->columns[i].type;
	return CATALOGUE_TEXT;
}

int pg_target_init(struct pg_target *t, const struct pg_load_options *options, const char *text,
		   const char *schema, struct err *err)
{
	*t = (struct pg_target){ .options = options };
	return pg_table_parse(&t->name, text, schema, err);
}

int pg_target_header(struct pg_target *t, const struct csv_reader *in, struct err *err)
{
	t->in = in;
	t->columns = in->header.names;
	t->n_columns = in->header.n;
	return check_names(t, err) || check_keys(t, err) ? -1 : 0;
}

bool pg_target_is_raw(const struct pg_target *t, size_t column)
{
	return known_type(t, catalogue_table(t->name.name), column) == CATALOGUE_RAW &&
	       !chosen_type(t, column);
}

/* --- making the table ready ------------------------------------------------ */

/*
 * Whether the table is there; if so, t->table has its schema from now on: a temporary table of the
 * same name would come before it.
 */
static int find_table(struct pg_target *t, bool *exists, struct err *err)
{
	static const char catalogue_of[] =
		"SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
		"ON n.oid = c.relnamespace WHERE c.oid = pg_catalog.to_regclass($1)";
	struct buf b = BUF_INIT;
	char *schema;
	int rc = pg_sql_ask(t->db, PG_SQL(catalogue_of), t->table, &schema, err);

	*exists = schema != NULL;
	if (!rc && schema) {
		struct pg_table found = { schema, t->name.name };

		rc = pg_put_table(t->db, &b, &found, err);
		take_text(&t->table, &b);
	}
	buf_release(&b);
	free(schema);
	return rc;
}

#define DUPLICATE_TABLE "42P07"

/* Makes the table, unless somebody else has made it meanwhile: then *exists. */
static int make_table(struct pg_target *t, bool *exists, struct err *err)
{
	const struct catalogue_table *known = catalogue_table(t->name.name);
	struct buf columns = BUF_INIT;
	struct err refused = ERR_INIT;
	int rc;

	if (!t->n_keys)
		find_keys(t, known);
	list_keys(t);
	for (size_t i = 0; i < t->n_columns; i++) {
		buf_append_str(&columns, i ? ", " : " (");
		buf_append_str(&columns, t->names[i]);
		buf_append_char(&columns, ' ');
		buf_append_str(&columns, chosen_type(t, i)
						 ? chosen_type(t, i)
						 : catalogue_sql_type(known_type(t, known, i)));
		buf_append_str(&columns, is_key(t, i) ? " NOT NULL" : "");
	}
	buf_append(&columns, ")", 2);
	t->made = true;
	rc = pg_sql_run(t->db, PG_SQL("SAVEPOINT ce_table"), err);
	if (!rc && pg_sql_run(t->db, PG_SQL("CREATE TABLE ", t->table, columns.data), &refused)) {
		bool raced = !strcmp(t->db->sqlstate, PG_UNIQUE_VIOLATION) ||
			     !strcmp(t->db->sqlstate, DUPLICATE_TABLE);

		t->made = false;
		if (!raced || pg_sql_run(t->db, PG_SQL("ROLLBACK TO SAVEPOINT ce_table"), err) ||
		    find_table(t, exists, err) || !*exists) {
			*err = refused;
			rc = -1;
		}
	}
	if (!rc)
		rc = pg_sql_run(t->db, PG_SQL("RELEASE SAVEPOINT ce_table"), err);
	buf_release(&columns);
	return rc;
}

/*
 * The lock against what others write. Among several tables PG_LOAD_UPSERT needs it as well, for two
 * that update the same rows of two tables, each in its own order, would wait for each other; and
 * PG_LOAD_APPEND the lock that its rows will take, before it takes that of another table.
 */
static int lock_table(struct pg_target *t, struct err *err)
{
	bool append = t->options->mode == PG_LOAD_APPEND;

	if (t->alone && t->options->mode != PG_LOAD_REPLACE)
		return 0;
	return pg_sql_run(t->db,
			  PG_SQL("LOCK TABLE ", t->table, " IN ",
				 append ? "ROW EXCLUSIVE MODE" : "SHARE ROW EXCLUSIVE MODE"),
			  err);
}

/* Columns of the table that the input lacks, and that nothing else fills, are a warning each. */
static int warn_of_missing(struct pg_target *t, struct err *err)
{
	static const char unfilled[] =
		"SELECT pg_catalog.string_agg(a.attname, pg_catalog.chr(1) ORDER BY a.attnum) "
		"FROM pg_catalog.pg_attribute a "
		"JOIN pg_catalog.pg_class c ON c.oid = a.attrelid "
		"JOIN pg_catalog.pg_type t ON t.oid = a.atttypid "
		"WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p') "
		"AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attnotnull AND NOT a.atthasdef "
		"AND a.attidentity = '' AND t.typdefault IS NULL";
	const char *rows = t->options->mode == PG_LOAD_REPLACE ? "all" : "the new";
	char *names, *rest;

	if (pg_sql_ask(t->db, PG_SQL(unfilled), t->table, &names, err))
		return -1;
	rest = names;
	for (char *name; rest && (name = strsep(&rest, "\001"));)
		if (find_column(t, name) == t->n_columns)
			warnings_add(t->options->warnings,
				     "column %s of table %s is not in the input: it becomes empty "
				     "in %s rows",
				     name, t->name.name, rows);
	free(names);
	return 0;
}

int pg_target_ready(struct pg_target *t, struct pg *db, bool alone, struct err *err)
{
	bool exists;

	t->db = db;
	t->alone = alone;
	if (quote_names(t, err) || find_table(t, &exists, err) ||
	    (!exists && make_table(t, &exists, err)))
		return -1;
	if (!exists)
		return 0;
	list_keys(t);
	if ((t->options->mode == PG_LOAD_APPEND || t->options->mode == PG_LOAD_REPLACE) &&
	    warn_of_missing(t, err))
		return -1;
	if (t->options->mode == PG_LOAD_CREATE)
		return err_set(err, ERR_DATABASE,
			       "table %s already exists (--append, --replace or --upsert?)",
			       t->name.name);
	return lock_table(t, err);
}

/*
 * Removes the rows. TRUNCATE would lock readers out, and show an empty table to those whose
 * snapshot is older than it; another table under this name would lack its grants, views and foreign
 * keys. The table's lock keeps out what others would write meanwhile.
 */
int pg_target_empty(struct pg_target *t, struct err *err)
{
	static const char refers[] =
		"SELECT conrelid::pg_catalog.regclass FROM pg_catalog.pg_constraint "
		"WHERE contype = 'f' AND confrelid = pg_catalog.to_regclass($1) "
		"AND conrelid <> confrelid AND confdeltype IN ('c', 'n', 'd') LIMIT 1";
	char *referring, *left;

	if (pg_sql_ask(t->db, PG_SQL(refers), t->table, &referring, err))
		return -1;
	if (referring) {
		err_set(err, ERR_DATABASE,
			"replacing the rows of %s would delete or change rows of %s, by a foreign "
			"key (--upsert does not)",
			t->name.name, referring);
		free(referring);
		return -1;
	}
	if (pg_sql_count(t->db, PG_SQL("DELETE FROM ", t->table), &t->n_before, err) ||
	    pg_sql_ask(t->db, PG_SQL("SELECT 1 FROM ", t->table, " LIMIT 1"), NULL, &left, err))
		return -1;
	free(left);
	return left ? err_set(err, ERR_DATABASE,
			      "rows remain in %s: a trigger, a rule or a policy kept them",
			      t->table)
		    : 0;
}

/*
 * A temporary table with the input's columns as the table has them, what it wants of a row alone,
 * and no key twice: then a row is refused by COPY, which says which one.
 */
static int make_staging(struct pg_target *t, struct err *err)
{
	static const char like[] = " INCLUDING CONSTRAINTS) ON COMMIT DROP";
	struct buf select = BUF_INIT, changes = BUF_INIT;
	struct pg_columns columns;
	int rc;

	t->staged = true;
	buf_append_str(&select, "SELECT * FROM ");
	buf_append(&select, t->table, strlen(t->table) + 1);
	rc = pg_describe(t->db, select.data, &columns, err);
	buf_release(&select);
	if (rc)
		return -1;
	for (size_t i = 0; i < columns.n && !rc; i++) {
		if (find_column(t, pg_column_name(&columns, i)) < t->n_columns)
			continue;
		buf_append_str(&changes, "DROP COLUMN ");
		rc = pg_put_name(t->db, &changes, pg_column_name(&columns, i), err);
		buf_append_str(&changes, ", ");
	}
	pg_columns_release(&columns);
	buf_append_str(&changes, "ADD PRIMARY KEY (");
	buf_append_str(&changes, t->key_list);
	buf_append(&changes, ")", 2);
	if (!rc)
		rc = pg_sql_run(
			t->db,
			PG_SQL("CREATE TEMP TABLE " PG_TARGET_STAGING " (LIKE ", t->table, like),
			err);
	if (!rc)
		rc = pg_sql_run(t->db,
				PG_SQL("ALTER TABLE pg_temp." PG_TARGET_STAGING " ", changes.data),
				err);
	buf_release(&changes);
	return rc;
}

/*
 * Writes t->upsert: staged rows into the table; what is there under their keys takes their values.
 * In the order of the keys, so that two at once do not wait for each other. Has the server plan it:
 * that the keys are none of the table's is better known before the load.
 */
static int plan_upsert(struct pg_target *t, struct err *err)
{
	struct buf *sql = &t->upsert;
	const char *before = " DO UPDATE SET ";

	buf_append_str(sql, "INSERT INTO ");
	buf_append_str(sql, t->table);
	buf_append_str(sql, " AS target (");
	buf_append_str(sql, t->name_list);
	buf_append_str(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
	buf_append_str(sql, t->name_list);
	buf_append_str(sql, " FROM pg_temp." PG_TARGET_STAGING " ORDER BY ");
	buf_append_str(sql, t->key_list);
	buf_append_str(sql, " ON CONFLICT (");
	buf_append_str(sql, t->key_list);
	buf_append_char(sql, ')');
	for (size_t i = 0; i < t->n_columns; i++) {
		if (is_key(t, i))
			continue;
		buf_append_str(sql, before);
		buf_append_str(sql, t->names[i]);
		buf_append_str(sql, " = EXCLUDED.");
		buf_append_str(sql, t->names[i]);
		before = ", ";
		t->upsert_counts = true;
	}
	if (!t->upsert_counts)
		buf_append_str(sql, " DO NOTHING");
	buf_append_char(sql, '\0');
	return pg_sql_run(t->db, PG_SQL("EXPLAIN ", sql->data), err);
}

int pg_target_stage(struct pg_target *t, struct err *err)
{
	return make_staging(t, err) || plan_upsert(t, err) ? -1 : 0;
}

void pg_target_release(struct pg_target *t)
{
	for (size_t i = 0; t->names && i < t->n_columns; i++)
		free(t->names[i]);
	pg_table_release(&t->name);
	free(t->names);
	free(t->name_list);
	free(t->key_list);
	free(t->table);
	free(t->keys);
	buf_release(&t->upsert);
}
