#include "load.h"

#include "mem.h"
#include "num.h"
#include "schema.h"

#include <stdlib.h>
#include <string.h>

#define SEND_SIZE ((size_t)64 * 1024)

/*
 * The table that LOAD_UPSERT gathers the rows in. COPY's first line is a header, which the server
 * drops unread: ours is empty. It makes the server count lines by "\n" from the first row on.
 */
#define STAGING      "ce_import_rows"
#define COPY_OPTIONS "FORMAT csv, HEADER"

static const char *type_of(const struct load *l, const struct schema_table *known, const char *name)
{
	static const char *const sql_types[] = {
		[SCHEMA_TEXT] = "text",
		[SCHEMA_BIGINT] = "bigint",
		[SCHEMA_FLAG] = "smallint",
		[SCHEMA_DECIMAL] = "numeric",
		[SCHEMA_REAL] = "double precision",
		[SCHEMA_TIMESTAMP] = "timestamptz",
	};

	for (size_t i = 0; i < l->options->n_types; i++)
		if (!strcmp(l->options->types[i].name, name))
			return l->options->types[i].type;
	for (size_t i = 0; known && i < known->n; i++)
		if (!strcmp(known->columns[i].name, name))
			return sql_types[known->columns[i].type];
	return "text";
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* The catalogue's primary key, if the input has all of it. */
static void find_keys(struct load *l, const struct schema_table *known)
{
	l->key_names = mem_zalloc(known ? known->n : 0, sizeof(*l->key_names));
	for (size_t i = 0; known && i < known->n; i++) {
		if (!known->columns[i].key)
			continue;
		if (!is_among(known->columns[i].name, l->columns, l->n_columns)) {
			l->n_keys = 0;
			return;
		}
		l->key_names[l->n_keys++] = known->columns[i].name;
	}
	l->keys = l->key_names;
}

/* Runs the command in sql, which it takes: a buffer without its NUL. */
static int run_take(struct load *l, struct buf *sql, uint64_t *n_rows, struct err *err)
{
	int rc;

	buf_append_char(sql, '\0');
	rc = db_exec(l->db, sql->data, n_rows, err);
	buf_release(sql);
	return rc;
}

/* VERB TABLE REST; returns 0, or -1 with err. */
static int on_table(struct load *l, const char *verb, const char *rest, struct err *err)
{
	struct buf sql = BUF_INIT;

	buf_append_str(&sql, verb);
	buf_append_char(&sql, ' ');
	if (db_put_table(l->db, &sql, &l->options->table, err)) {
		buf_release(&sql);
		return -1;
	}
	buf_append_str(&sql, rest);
	return run_take(l, &sql, NULL, err);
}

static int make_table(struct load *l, struct err *err)
{
	const struct schema_table *known = schema_table(l->options->table.name);
	struct buf columns = BUF_INIT;
	int rc = 0;

	if (!l->n_keys)
		find_keys(l, known);
	for (size_t i = 0; i < l->n_columns && !rc; i++) {
		buf_append_str(&columns, i ? ", " : "(");
		rc = db_put_name(l->db, &columns, l->columns[i], err);
		buf_append_char(&columns, ' ');
		buf_append_str(&columns, type_of(l, known, l->columns[i]));
		if (is_among(l->columns[i], l->keys, l->n_keys))
			buf_append_str(&columns, " NOT NULL");
	}
	buf_append(&columns, ")", 2);
	l->made = true;
	if (!rc)
		rc = on_table(l, "CREATE TABLE", columns.data, err);
	buf_release(&columns);
	return rc;
}

/* A temporary table with the input's columns as the table has them, and no key twice. */
static int make_staging(struct load *l, struct err *err)
{
	struct buf sql = BUF_INIT, key = BUF_INIT;
	int rc = 0;

	l->staged = true;
	buf_append_str(&sql, "CREATE TEMP TABLE " STAGING " ON COMMIT DROP AS SELECT ");
	buf_append_str(&key, "ALTER TABLE pg_temp." STAGING " ADD PRIMARY KEY (");
	if (db_put_names(l->db, &sql, l->columns, l->n_columns, err) ||
	    db_put_names(l->db, &key, l->keys, l->n_keys, err))
		rc = -1;
	buf_append_str(&sql, " FROM ");
	if (!rc)
		rc = db_put_table(l->db, &sql, &l->options->table, err);
	buf_append_str(&sql, " WITH NO DATA");
	buf_append_char(&key, ')');
	if (!rc)
		rc = run_take(l, &sql, NULL, err) || run_take(l, &key, NULL, err) ? -1 : 0;
	buf_release(&sql);
	buf_release(&key);
	return rc;
}

/*
 * Writes l->upsert: staged rows into the table; what is there under their keys takes their values.
 * Has the server plan it: that the keys are none of the table's is better known before the load.
 */
static int plan_upsert(struct load *l, struct err *err)
{
	static const char explain[] = "EXPLAIN ";
	struct buf sql = BUF_INIT, names = BUF_INIT;
	const char *before = " DO UPDATE SET ";
	bool updates = false;
	int rc = db_put_names(l->db, &names, l->columns, l->n_columns, err);

	buf_append_str(&sql, explain);
	buf_append_str(&sql, "INSERT INTO ");
	if (!rc)
		rc = db_put_table(l->db, &sql, &l->options->table, err);
	buf_append_str(&sql, " (");
	buf_append(&sql, names.data, names.len);
	buf_append_str(&sql, ") SELECT ");
	buf_append(&sql, names.data, names.len);
	buf_append_str(&sql, " FROM pg_temp." STAGING " ON CONFLICT (");
	buf_release(&names);
	if (!rc)
		rc = db_put_names(l->db, &sql, l->keys, l->n_keys, err);
	buf_append_char(&sql, ')');
	for (size_t i = 0; i < l->n_columns && !rc; i++) {
		if (is_among(l->columns[i], l->keys, l->n_keys))
			continue;
		buf_append_str(&sql, updates ? ", " : before);
		updates = true;
		rc = db_put_name(l->db, &sql, l->columns[i], err);
		buf_append_str(&sql, " = EXCLUDED.");
		if (!rc)
			rc = db_put_name(l->db, &sql, l->columns[i], err);
	}
	if (!updates)
		buf_append_str(&sql, " DO NOTHING");
	buf_append_char(&sql, '\0');
	buf_append_str(&l->upsert, sql.data + strlen(explain));
	buf_append_char(&l->upsert, '\0');
	if (!rc)
		rc = db_exec(l->db, sql.data, NULL, err);
	buf_release(&sql);
	return rc;
}

static int start_copy(struct load *l, struct err *err)
{
	struct buf sql = BUF_INIT;
	int rc = 0;

	buf_append_str(&sql, "COPY ");
	if (l->staged)
		buf_append_str(&sql, "pg_temp." STAGING);
	else
		rc = db_put_table(l->db, &sql, &l->options->table, err);
	buf_append_str(&sql, " (");
	if (!rc)
		rc = db_put_names(l->db, &sql, l->columns, l->n_columns, err);
	buf_append_str(&sql, ") FROM STDIN (" COPY_OPTIONS);
	/* Nobody can see the table before the commit, so its rows can be frozen from the start. */
	buf_append_str(&sql, l->made ? ", FREEZE)" : ")");
	buf_append_char(&sql, '\0');
	if (!rc)
		rc = db_copy_in(l->db, sql.data, l->staged ? STAGING : l->options->table.name, err);
	buf_release(&sql);
	return rc;
}

/* Longer names would be cut by the server, without an error. */
static int check_names(struct load *l, const struct csv_reader *in, struct err *err)
{
	char *text = NULL;
	int64_t max = 63;
	int rc = 0;

	if (db_value(l->db, "SELECT pg_catalog.current_setting('max_identifier_length')", NULL,
		     &text, err))
		return -1;
	if (text)
		(void)num_parse_int(text, strlen(text), &max);
	free(text);
	if (strlen(l->options->table.name) > (size_t)max)
		rc = err_set(err, ERR_DATABASE, "table %.80s...: a name of more than %lld bytes",
			     l->options->table.name, (long long)max);
	for (size_t i = 0; i < l->n_columns && !rc; i++)
		if (strlen(l->columns[i]) > (size_t)max || !*l->columns[i])
			rc = err_set(err, ERR_DATABASE,
				     "%s:1: column %zu: the name '%.80s' has %zu bytes; the server "
				     "takes 1 to %lld",
				     in->file, i + 1, l->columns[i], strlen(l->columns[i]),
				     (long long)max);
	return rc;
}

/* What the options name must be in the input. */
static int check_options(const struct load *l, const struct csv_reader *in, struct err *err)
{
	for (size_t i = 0; i < l->n_keys; i++)
		if (!is_among(l->keys[i], l->columns, l->n_columns))
			return err_set(err, ERR_RUNTIME, "%s:1: column %s: not in the header",
				       in->file, l->keys[i]);
	for (size_t i = 0; i < l->options->n_types; i++)
		if (!is_among(l->options->types[i].name, l->columns, l->n_columns))
			return err_set(err, ERR_RUNTIME, "%s:1: column %s: not in the header",
				       in->file, l->options->types[i].name);
	return 0;
}

static int table_exists(struct load *l, bool *exists, struct err *err)
{
	struct buf name = BUF_INIT;
	char *found = NULL;
	int rc = db_put_table(l->db, &name, &l->options->table, err);

	buf_append_char(&name, '\0');
	if (!rc)
		rc = db_value(l->db, "SELECT pg_catalog.to_regclass($1)", name.data, &found, err);
	buf_release(&name);
	*exists = found != NULL;
	free(found);
	return rc;
}

static int ready_table(struct load *l, struct err *err)
{
	bool exists;

	if (table_exists(l, &exists, err))
		return -1;
	if (!exists)
		return make_table(l, err);
	switch (l->options->mode) {
	case LOAD_CREATE:
		return err_set(err, ERR_DATABASE,
			       "table %s exists already (--append, --replace or --upsert?)",
			       l->options->table.name);
	case LOAD_REPLACE:
		/*
		 * TRUNCATE would lock readers out, and show an empty table to those whose snapshot
		 * is older than it; another table under this name would lack its grants, views and
		 * foreign keys. The lock keeps out what others would write meanwhile.
		 */
		if (on_table(l, "LOCK TABLE", " IN SHARE ROW EXCLUSIVE MODE", err))
			return -1;
		return on_table(l, "DELETE FROM", "", err);
	case LOAD_UPSERT:
		return make_staging(l, err) || plan_upsert(l, err) ? -1 : 0;
	default:
		return 0;
	}
}

int load_begin(struct load *l, struct db *db, const struct load_options *options,
	       const struct csv_reader *in, struct err *err)
{
	*l = (struct load){ .db = db,
			    .options = options,
			    .columns = in->header.names,
			    .n_columns = in->header.n,
			    .keys = options->keys,
			    .n_keys = options->n_keys,
			    .upsert = BUF_INIT,
			    .pending = BUF_INIT };
	origin_init(&l->origin, 1);
	if (check_options(l, in, err) || db_begin(db, DB_WRITE, err) || check_names(l, in, err) ||
	    ready_table(l, err) || start_copy(l, err))
		return -1;
	buf_append_char(&l->pending, '\n');
	return 0;
}

/* --- the rows
 * -----------------------------------------------------------------------------------*/

/* Puts before the server's message which row it is about, as all our messages do. Returns -1. */
static int place(const struct load *l, const char *file, uint64_t line, struct err *err)
{
	static const char column[] = ", column ";
	const char *place = l->db->copy_place, *end = strstr(place, ": ");
	struct err said = *err;

	if (!strncmp(place, column, strlen(column)) && end)
		return err_set(err, said.kind, "%s:%llu: column %.*s: %s", file,
			       (unsigned long long)line,
			       (int)(end - place - (ptrdiff_t)strlen(column)),
			       place + strlen(column), said.message);
	return err_set(err, said.kind, "%s:%llu: %s", file, (unsigned long long)line, said.message);
}

/* The same for what the COPY was refused for, if the server said where. */
static int copy_refused(const struct load *l, struct err *err)
{
	const char *file;
	uint64_t line;

	return origin_of_line(&l->origin, l->db->copy_line, &file, &line)
		       ? place(l, file, line, err)
		       : -1;
}

static int send(struct load *l, struct err *err)
{
	int rc = db_copy_write(l->db, l->pending.data, l->pending.len, err);

	buf_clear(&l->pending);
	return rc ? copy_refused(l, err) : 0;
}

int load_row(struct load *l, const struct csv_reader *in, const struct csv_row *row,
	     struct err *err)
{
	const char *end = row->raw + row->raw_len;
	uint64_t n_lines = 1;

	for (const char *p = row->raw; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n_lines++;
	origin_add(&l->origin, in->file, in->line, n_lines);
	/* Alone on a line this would be the end of the data, unless it is quoted. */
	if (row->raw_len == 2 && !memcmp(row->raw, "\\.", 2))
		buf_append_str(&l->pending, "\"\\.\"");
	else
		buf_append(&l->pending, row->raw, row->raw_len);
	buf_append_char(&l->pending, '\n');
	return l->pending.len >= SEND_SIZE ? send(l, err) : 0;
}

/* --- what comes behind the rows
 * -----------------------------------------------------------------*/

#define UNIQUE_VIOLATION "23505"

/*
 * The number (from 0) of the first row whose key an earlier row has. COPY fills a new table in the
 * order of the input, so a row's number is that of the rows up to its place.
 */
static int find_repeated_key(struct load *l, uint64_t *number, struct err *err)
{
	struct buf sql = BUF_INIT, table = BUF_INIT;
	char *text = NULL;
	int64_t n;
	int rc = db_put_table(l->db, &table, &l->options->table, err);

	buf_append_char(&table, '\0');
	buf_append_str(&sql, "SELECT pg_catalog.count(*) - 1 FROM ");
	buf_append_str(&sql, table.data);
	buf_append_str(&sql, " WHERE ctid <= (SELECT place FROM (SELECT ctid AS place, "
			     "pg_catalog.row_number() OVER (PARTITION BY ");
	if (!rc)
		rc = db_put_names(l->db, &sql, l->keys, l->n_keys, err);
	buf_append_str(&sql, " ORDER BY ctid) AS n FROM ");
	buf_append_str(&sql, table.data);
	buf_append_str(&sql, ") AS numbered WHERE n > 1 ORDER BY place LIMIT 1)");
	buf_append_char(&sql, '\0');
	if (!rc)
		rc = db_exec(l->db, "ROLLBACK TO SAVEPOINT ce_key", NULL, err) ||
				     db_value(l->db, sql.data, NULL, &text, err)
			     ? -1
			     : 0;
	if (!rc)
		rc = text ? num_parse_int(text, strlen(text), &n) : -1;
	if (!rc)
		*number = (uint64_t)n;
	free(text);
	buf_release(&sql);
	buf_release(&table);
	return rc;
}

/* The key of a table that was made: all at once, which takes less than half as long as row by row.
 */
static int add_key(struct load *l, struct err *err)
{
	struct buf rest = BUF_INIT;
	struct err ignored = ERR_INIT;
	const char *file;
	uint64_t number, line;
	int rc;

	buf_append_str(&rest, " ADD PRIMARY KEY (");
	rc = db_put_names(l->db, &rest, l->keys, l->n_keys, err);
	buf_append(&rest, ")", 2);
	if (!rc)
		rc = db_exec(l->db, "SAVEPOINT ce_key", NULL, err) ||
				     on_table(l, "ALTER TABLE", rest.data, err)
			     ? -1
			     : 0;
	buf_release(&rest);
	if (rc && !strcmp(l->db->sqlstate, UNIQUE_VIOLATION) &&
	    !find_repeated_key(l, &number, &ignored) &&
	    origin_of_row(&l->origin, number, &file, &line))
		return place(l, file, line, err);
	return rc;
}

int load_commit(struct load *l, uint64_t *n_rows, struct err *err)
{
	if (send(l, err))
		return -1;
	if (db_copy_end(l->db, n_rows, err))
		return copy_refused(l, err);
	if ((l->made && l->n_keys && add_key(l, err)) ||
	    (l->staged && db_exec(l->db, l->upsert.data, n_rows, err)) ||
	    (l->options->analyze && on_table(l, "ANALYZE", "", err)))
		return -1;
	return db_commit(l->db, err);
}

void load_release(struct load *l)
{
	free(l->key_names);
	buf_release(&l->upsert);
	buf_release(&l->pending);
	origin_release(&l->origin);
}
