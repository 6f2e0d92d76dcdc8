/*
 * pg: a connection to PostgreSQL: one transaction in it, and COPY in both directions.
 *
 * The one module that calls libpq. It goes into an archive of its own, with pg_select and pg_load,
 * which only ce-export and ce-import are linked with. Every failure has the kind ERR_DATABASE and,
 * where the server gave them, its SQLSTATE, detail and hint; after one nothing is worth doing but
 * pg_close, which rolls back. Text is UTF-8 on this side, whatever the server stores; times come
 * and go in UTC, ISO 8601. Nothing here repeats a connection string, for it may hold a password.
 */
#ifndef CE_PG_H
#define CE_PG_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg_conn;
struct pg_result;

struct pg {
	struct pg_conn *conn;
	char *row;              /* what pg_copy_row returned last */
	const char *copy_table; /* pg_copy_in's */
	size_t max_name;        /* bytes of an identifier, at most */
	char sqlstate[6];       /* of the last failure; empty where the server gave none */
	char warning[256];      /* the last one; none comes unless client_min_messages is lowered */
	char farewell[256];     /* why the server ended the session, if it said so unasked */

	/*
	 * Where a failed COPY found fault with what it was sent: its line, from 1, or 0 if it did
	 * not say; and the rest of what the server said of that place: ", column NAME: \"value\"".
	 */
	uint64_t copy_line;
	char copy_place[256];
};

#define PG_INIT                                                                                    \
	{                                                                                          \
		.conn = NULL                                                                       \
	}

/*
 * As cli_option.parse: keeps a connection string, a URI or a database's name in *value, a char *.
 * If it holds a password, or may, the argument is overwritten with 'x': it would show in ps.
 */
int pg_conninfo(void *value, const char *const *args, struct err *err);

/*
 * Connects by libpq's rules: PG* variables, service and password files, and before them what
 * pg_conninfo kept (NULL: nothing), which is overwritten and freed. Where PGPASSWORD is unset,
 * POSTGRES_PASSWORD is put there; where nothing says otherwise, the connect timeout is 10 seconds
 * and the application_name `tool`. `db` must stay where it is. Returns 0, or -1 with err.
 */
int pg_connect(struct pg *db, const char *tool, char *conninfo_take, struct err *err);

/* Rolls back what is not committed; harmless on a struct that is not connected. */
void pg_close(struct pg *db);

enum pg_access {
	PG_READ, /* REPEATABLE READ READ ONLY: everything is read as of one moment */
	PG_WRITE /* READ COMMITTED */
};

/* Begins the transaction: the one of this connection. Returns 0, or -1 with err. */
int pg_begin(struct pg *db, enum pg_access access, struct err *err);

/*
 * Returns 0 when the server has said that it is committed, or -1 with err. Where its answer could
 * not be read, for the connection is lost or memory is short, that says that nobody knows, and how
 * to ask the server later; db->sqlstate is empty then. SIGHUP, SIGINT and SIGTERM end
 * the waiting so; they and SIGPIPE are blocked from then on, for what is committed is not to look
 * like a failure.
 */
int pg_commit(struct pg *db, struct err *err);

/*
 * Appends a name as an SQL identifier, quoted by libpq. Returns 0, or -1 with err: of a longer name
 * than the server has it would know the beginning alone.
 */
int pg_put_name(struct pg *db, struct buf *sql, const char *name, struct err *err);

/* The same for n names, with ", " between. */
int pg_put_names(struct pg *db, struct buf *sql, const char *const *names, size_t n,
		 struct err *err);

/* A table's name, as the server has it: without quotes, case and all. */
struct pg_table {
	char *schema; /* owned; NULL: where the search path finds it */
	const char *name;
};

/*
 * Splits SCHEMA.NAME at its first dot; with a schema given, `text` is the whole name. `text` must
 * outlive the table. Returns 0, or -1 with err (ERR_USAGE).
 */
int pg_table_parse(struct pg_table *table, const char *text, const char *schema, struct err *err);
int pg_put_table(struct pg *db, struct buf *sql, const struct pg_table *table, struct err *err);
void pg_table_release(struct pg_table *table);

/* In what follows `sql` is one command, with a NUL after it: the server refuses a second. */

/*
 * Runs a command; its rows, if any, are dropped. *n_rows (NULL allowed): how many it wrote. Returns
 * 0, or -1 with err.
 */
int pg_exec(struct pg *db, const char *sql, uint64_t *n_rows, struct err *err);

/*
 * Runs a query of at most one row, of one column, with one parameter, $1 (NULL: none). *value is
 * the caller's to free; it is NULL for no row and for SQL NULL. Returns 0, or -1 with err.
 */
int pg_value(struct pg *db, const char *sql, const char *param, char **value, struct err *err);

enum pg_type { PG_NUMBER, PG_TIMESTAMPTZ, PG_TIMESTAMP, PG_OTHER }; /* a date is a PG_TIMESTAMP */

/* What columns a query would have. */
struct pg_columns {
	struct pg_result *result;
	size_t n;
};

/* Returns 0 (release *columns), or -1 with err. */
int pg_describe(struct pg *db, const char *sql, struct pg_columns *columns, struct err *err);
const char *pg_column_name(const struct pg_columns *columns, size_t i); /* borrowed */
enum pg_type pg_column_type(const struct pg_columns *columns, size_t i);
void pg_columns_release(struct pg_columns *columns);

/* Starts COPY ... TO STDOUT. Returns 0, or -1 with err. */
int pg_copy_out(struct pg *db, const char *sql, struct err *err);

/*
 * The next row, its line end included. Returns 1 with *bytes (valid until the next call) and *n, 0
 * when the server has said that this was all, or -1 with err.
 */
int pg_copy_row(struct pg *db, const char **bytes, size_t *n, struct err *err);

/*
 * Starts COPY ... FROM STDIN. `table`, the bare name that `sql` copies into, is what the server's
 * messages are known by, and must outlive the COPY. Returns 0, or -1 with err.
 */
int pg_copy_in(struct pg *db, const char *sql, const char *table, struct err *err);

/*
 * Sends n bytes. Returns 0, or -1 with err: what the server said, often long before the end of the
 * data, though what it found fault with may have been sent some calls ago.
 */
int pg_copy_write(struct pg *db, const void *bytes, size_t n, struct err *err);

/* Ends the data. Returns 0 with *n_rows, the rows that were taken, or -1 with err. */
int pg_copy_end(struct pg *db, uint64_t *n_rows, struct err *err);

#endif
