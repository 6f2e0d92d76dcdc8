#include "pg/pg.h"

#include "base/mem.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_TIMEOUT "10"

/*
 * What a session needs so that the same data gives the same text: for this transaction alone, for
 * with a pooler the session may be another client's next.
 */
#define SETTINGS                                                                                   \
	"SET LOCAL client_min_messages = error;"                                                   \
	"SET LOCAL standard_conforming_strings = on;"                                              \
	"SET LOCAL datestyle = 'ISO, YMD';"                                                        \
	"SET LOCAL intervalstyle = postgres;"                                                      \
	"SET LOCAL timezone = 'UTC';"                                                              \
	"SET LOCAL extra_float_digits = 1;"                                                        \
	"SET LOCAL bytea_output = hex;"                                                            \
	"SET LOCAL lc_monetary = 'C';"                                                             \
	"SET LOCAL synchronize_seqscans = off"

/* No more of each part of a message than leaves room for the others. */
#define PART_MAX 300

/* The text on one line, cut to fit; libpq's own messages have several and end with a newline. */
static void put_line(char out[PART_MAX], const char *text)
{
	size_t n = 0;

	for (; *text && n + 1 < PART_MAX; text++) {
		bool blank = *text == '\n' || *text == '\t' || *text == ' ';

		if (!blank)
			out[n++] = *text;
		else if (n && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/*
 * Takes the line from "COPY name, line 17, column x: ..." and what follows it. "line" is a word of
 * the server's language. Lines of triggers can come before that of the COPY, which is known by its
 * table; where there is none, as after the last row, no line of the data is meant.
 */
static void take_place(struct pg *db, const PGresult *result)
{
	const char *line = PQresultErrorField(result, PG_DIAG_CONTEXT);
	size_t len = db->copy_table ? strlen(db->copy_table) : 0;
	char *end;

	while (line && len) {
		if (!strncmp(line, "COPY ", 5) && !strncmp(line + 5, db->copy_table, len)) {
			line += 5 + len;
			line += strcspn(line, "0123456789");
			db->copy_line = strtoull(line, &end, 10);
			snprintf(db->copy_place, sizeof(db->copy_place), "%s", end);
			return;
		}
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
}

/* Sets err from a failed result, or from the connection where there is none. Returns -1. */
static int fail(struct pg *db, const PGresult *result, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
	char parts[3][PART_MAX];

	db->copy_line = 0;
	db->copy_place[0] = '\0';
	snprintf(db->sqlstate, sizeof(db->sqlstate), "%s", state ? state : "");
	if (!primary) {
		const char *said = result ? PQresultErrorMessage(result) : "";

		if (*db->farewell && PQstatus(db->conn) != CONNECTION_OK)
			said = db->farewell;
		put_line(parts[0], *said ? said : PQerrorMessage(db->conn));
		return err_set(err, ERR_DATABASE, "%s",
			       *parts[0] ? parts[0] : "libpq failed and gave no reason");
	}
	take_place(db, result);
	put_line(parts[0], primary);
	put_line(parts[1], detail ? detail : "");
	put_line(parts[2], hint ? hint : "");
	return err_set(err, ERR_DATABASE, "%s (SQLSTATE %s)%s%s%s%s", parts[0], db->sqlstate,
		       *parts[1] ? ": " : "", parts[1], *parts[2] ? "; hint: " : "", parts[2]);
}

/* --- connecting ------------------------------------------------------------ */

static bool is_uri(const char *conninfo)
{
	return !strncmp(conninfo, "postgresql://", 13) || !strncmp(conninfo, "postgres://", 11);
}

/*
 * Whether libpq reads a URI as it was meant. It takes the first '@' before a '/' as the end of user
 * and password: after an unescaped '@', '/' or ':' in a password it would find a strange host,
 * port or database, which messages about them would tell.
 */
static bool is_sound_uri(const char *uri, const PQconninfoOption *options)
{
	const char *start = strchr(uri, ':') + 3, *query = start + strcspn(start, "?");
	const char *user_end = start + strcspn(start, "@/");

	if (user_end < query && *user_end == '@')
		start = user_end + 1;
	if (query > start && memchr(start, '@', (size_t)(query - start)))
		return false;
	for (const PQconninfoOption *o = options; o->keyword; o++)
		if (!strcmp(o->keyword, "port") && o->val && o->val[strspn(o->val, "0123456789,")])
			return false;
	return true;
}

/* Whether a database's name, which the server would repeat, looks like a URI with a password. */
static bool is_no_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return strstr(name, "://") || (colon && strchr(colon, '@'));
}

/*
 * Whether libpq can read the connection string, and *is_secret: it holds a password, or may. What
 * is neither a string of options nor a URI is a database's name.
 */
static bool is_sound(const char *conninfo, bool *is_secret)
{
	PQconninfoOption *options;
	bool sound;

	*is_secret = true;
	if (!strchr(conninfo, '=') && !is_uri(conninfo)) {
		*is_secret = is_no_name(conninfo);
		return !*is_secret;
	}
	options = PQconninfoParse(conninfo, NULL);
	sound = options && (!is_uri(conninfo) || is_sound_uri(conninfo, options));
	if (sound)
		*is_secret = false;
	for (const PQconninfoOption *o = options; o && o->keyword; o++)
		*is_secret |= o->val && *o->dispchar == '*'; /* libpq's mark of a password */
	PQconninfoFree(options);
	return sound;
}

static void forget_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

int pg_conninfo(void *value, const char *const *args, struct err *err)
{
	size_t len = strlen(args[0]);
	char **conninfo = value, *copy = mem_dup(args[0], len);
	bool is_secret, sound = is_sound(copy, &is_secret);

	if (is_secret) /* an argument of main is ours to write to */
		memset((char *)args[0], 'x', len);
	forget_secret(*conninfo);
	*conninfo = sound ? copy : NULL;
	if (sound)
		return 0;
	forget_secret(copy);
	return err_set(
		err, ERR_USAGE,
		"malformed connection string (not shown, because it may hold a password; in a "
		"URI write '@', '/' and ':' of a password as %%40, %%2F and %%3A)");
}

/*
 * Keeps the last warning, where one was asked for by client_min_messages; and the reason of a
 * server that ends the session when nothing was asked, which libpq has for a notice, too.
 */
static void take_notice(void *data, const PGresult *result)
{
	struct pg *db = data;
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (severity && !strcmp(severity, "FATAL"))
		snprintf(db->farewell, sizeof(db->farewell), "%s (SQLSTATE %s)",
			 message ? message : "", state ? state : "");
	else
		snprintf(db->warning, sizeof(db->warning), "%s", message ? message : "");
}

int pg_connect(struct pg *db, const char *tool, char *conninfo_take, struct err *err)
{
	static const char *const names[] = { "dbname", "client_encoding",
					     "fallback_application_name", NULL };
	const char *const values[] = { conninfo_take, "UTF8", tool, NULL };
	const char *password = getenv("POSTGRES_PASSWORD"), *dbname = getenv("PGDATABASE");
	int rc = 0;

	*db = (struct pg)PG_INIT;
	/* As variables these two give way to -d, and to the variables themselves. */
	if (setenv("PGCONNECT_TIMEOUT", CONNECT_TIMEOUT, 0) ||
	    (password && setenv("PGPASSWORD", password, 0)))
		rc = err_errno(err, "environment");
	else if (dbname && is_no_name(dbname))
		rc = err_set(err, ERR_DATABASE,
			     "PGDATABASE must be the name of a database (a URI is given with -d)");
	if (!rc && !(db->conn = PQconnectdbParams(names, values, 1)))
		rc = err_set(err, ERR_DATABASE, "out of memory for a connection");
	forget_secret(conninfo_take);
	if (!rc && PQstatus(db->conn) != CONNECTION_OK)
		rc = fail(db, NULL, err);
	if (rc)
		pg_close(db);
	else
		PQsetNoticeReceiver(db->conn, take_notice, db);
	return rc;
}

void pg_close(struct pg *db)
{
	PQfreemem(db->row);
	PQfinish(db->conn);
	db->row = NULL;
	db->conn = NULL;
}

/* --- commands -------------------------------------------------------------- */

/* Whether a command ended well. */
static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/*
 * The result of what was sent, where it was. The first that is not good: if the server ends the
 * session, it says why, and the next only that it is gone. A COPY's state is the last, for it would
 * come again and again.
 */
static PGresult *answer(struct pg *db, bool sent)
{
	PGresult *kept = NULL, *next;
	bool last = !sent;

	while (!last && (next = PQgetResult(db->conn))) {
		bool keep = !kept || is_good(kept);

		last = !is_good(next) && PQresultStatus(next) != PGRES_FATAL_ERROR;
		PQclear(keep ? kept : next);
		kept = keep ? next : kept;
	}
	return kept;
}

/*
 * So that a query of a client that was killed ends soon, where the user has not said otherwise and
 * the server can do it, which not every platform's can.
 */
static int watch_client(struct pg *db, struct err *err)
{
	static const char watch[] =
		"SELECT pg_catalog.set_config(name, '2s', true) FROM pg_catalog.pg_settings "
		"WHERE name = 'client_connection_check_interval' AND setting = '0' AND "
		"source = 'default'";
	struct err refused = ERR_INIT;

	if (pg_exec(db, "SAVEPOINT ce_watch", NULL, err))
		return -1;
	if (!pg_exec(db, watch, NULL, &refused))
		return pg_exec(db, "RELEASE ce_watch", NULL, err);
	if (*db->sqlstate)
		return pg_exec(db, "ROLLBACK TO ce_watch", NULL, err);
	*err = refused; /* not by the server */
	return -1;
}

int pg_begin(struct pg *db, enum pg_access access, struct err *err)
{
	const char *begin = access == PG_READ
				    ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;" SETTINGS
				    : "BEGIN ISOLATION LEVEL READ COMMITTED;" SETTINGS;
	PGresult *result = answer(db, PQsendQuery(db->conn, begin));
	int rc = is_good(result) ? 0 : fail(db, result, err);
	char *max = NULL;

	PQclear(result);
	if (rc || watch_client(db, err))
		return -1;
	rc = pg_value(db, "SELECT pg_catalog.current_setting('max_identifier_length')", NULL, &max,
		      err);
	db->max_name = max ? strtoull(max, NULL, 10) : 0;
	free(max);
	return rc;
}

/*
 * Whether an answer to COMMIT says for sure that nothing was committed. Not what ends the session,
 * which can come from a server that goes down amid the COMMIT; nor what a pooler says of a server
 * that it has lost, which is of the class 08; and 40003 is the name of not knowing.
 */
static bool is_refusal(const PGresult *result)
{
	const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return severity && !strcmp(severity, "ERROR") && state && strncmp(state, "08", 2) != 0 &&
	       strcmp(state, "40003") != 0;
}

/* Nobody knows, for that reason, what became of the transaction `id`. Returns -1. */
static int fail_unknown(struct pg *db, const char *id, const char *reason, struct err *err)
{
	db->sqlstate[0] = '\0'; /* none is about what the transaction did */
	return err_set(err, ERR_DATABASE,
		       "the answer to COMMIT could not be read, so it is unknown whether it was "
		       "committed (SELECT txid_status(%s) tells: committed or aborted): %s",
		       id, reason);
}

/* What the answer to COMMIT says. Returns 0, or -1 with err. */
static int read_verdict(struct pg *db, const PGresult *result, const char *id, struct err *err)
{
	/* A transaction that failed before is rolled back by COMMIT, which reports that as done. */
	const char *done = is_good(result) ? PQcmdStatus((PGresult *)result) : "";
	struct err said = ERR_INIT;

	if (!strcmp(done, "COMMIT"))
		return 0;
	fail(db, result, &said);
	if (!strcmp(done, "ROLLBACK"))
		return err_set(err, ERR_DATABASE, "rolled back, not committed");
	if (!is_refusal(result))
		return fail_unknown(db, id, said.message, err);
	*err = said;
	return -1;
}

/*
 * Blocks what would end the process, for good: whoever ends it by a signal, and sees that it was
 * one, may rely on it that nothing was committed. Returns a descriptor that is readable when
 * somebody has tried, or -1, and nobody will hear of it.
 */
static int block_signals(void)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction now;

		/* A blocked signal would be reported though it is ignored. */
		if (!sigaction(signals[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	}
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	sigaddset(&set, SIGPIPE); /* of a report that nobody reads */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return fd;
}

/* Waits until libpq has an answer, or is sure of none. Returns whether a signal came first. */
static bool wait_or_signal(struct pg *db, int signals)
{
	struct pollfd ready[] = { { .fd = PQsocket(db->conn), .events = POLLIN },
				  { .fd = signals, .events = POLLIN } };

	while (PQisBusy(db->conn)) {
		if (poll(ready, 2, -1) < 0 && errno != EINTR)
			return false;
		if (ready[1].revents)
			return true;
		if (ready[0].revents && !PQconsumeInput(db->conn))
			return false;
	}
	return false;
}

int pg_commit(struct pg *db, struct err *err)
{
	PGresult *result = NULL;
	int signals, rc;
	char *id = NULL;

	if (pg_value(db, "SELECT pg_catalog.txid_current()", NULL, &id, err))
		return -1;
	signals = block_signals();
	if (PQsendQuery(db->conn, "COMMIT") != 1) {
		rc = fail(db, NULL, err); /* nor was it sent */
	} else if (wait_or_signal(db, signals)) {
		rc = fail_unknown(db, id ? id : "?", "interrupted by a signal", err);
	} else {
		/* The first: what comes after it cannot make it less true. */
		result = PQgetResult(db->conn);
		rc = read_verdict(db, result, id ? id : "?", err);
	}
	PQclear(result);
	if (signals >= 0)
		close(signals);
	free(id);
	return rc;
}

int pg_put_name(struct pg *db, struct buf *sql, const char *name, struct err *err)
{
	size_t len = strlen(name);
	char *quoted;

	if (!len || len > db->max_name) /* the server would cut it, without an error */
		return err_set(err, ERR_DATABASE,
			       "the name '%.*s' has %zu bytes; the server takes 1 to %zu",
			       err_clip(len), name, len, db->max_name);
	quoted = PQescapeIdentifier(db->conn, name, len);
	if (!quoted)
		return fail(db, NULL, err);
	buf_append_str(sql, quoted);
	PQfreemem(quoted);
	return 0;
}

int pg_put_names(struct pg *db, struct buf *sql, const char *const *names, size_t n,
		 struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_append_str(sql, ", ");
		if (pg_put_name(db, sql, names[i], err))
			return -1;
	}
	return 0;
}

int pg_table_parse(struct pg_table *table, const char *text, const char *schema, struct err *err)
{
	const char *dot = schema ? NULL : strchr(text, '.');

	*table = (struct pg_table){ NULL, dot ? dot + 1 : text };
	if (strstr(text, "://"))
		return err_set(err, ERR_USAGE, "expected a table, found a URI (-d?)");
	if (!*table->name || dot == text)
		return err_set(err, ERR_USAGE, "'%s': expected TABLE or SCHEMA.TABLE", text);
	if (schema && !*schema)
		return err_set(err, ERR_USAGE, "--schema: expected a name");
	if (schema)
		table->schema = mem_dup(schema, strlen(schema));
	else if (dot)
		table->schema = mem_dup(text, (size_t)(dot - text));
	return 0;
}

int pg_put_table(struct pg *db, struct buf *sql, const struct pg_table *table, struct err *err)
{
	if (table->schema) {
		if (pg_put_name(db, sql, table->schema, err))
			return -1;
		buf_append_char(sql, '.');
	}
	return pg_put_name(db, sql, table->name, err);
}

void pg_table_release(struct pg_table *table)
{
	free(table->schema);
	*table = (struct pg_table){ NULL, NULL };
}

/* The extended protocol, unlike PQsendQuery, takes one command and no second. */
static bool submit(struct pg *db, const char *sql, const char *param)
{
	return PQsendQueryParams(db->conn, sql, param ? 1 : 0, NULL, &param, NULL, NULL, 0);
}

static uint64_t n_written(PGresult *result)
{
	return strtoull(PQcmdTuples(result), NULL, 10);
}

int pg_exec(struct pg *db, const char *sql, uint64_t *n_rows, struct err *err)
{
	PGresult *result = answer(db, submit(db, sql, NULL));
	int rc = is_good(result) ? 0 : fail(db, result, err);

	if (!rc && n_rows)
		*n_rows = n_written(result);
	PQclear(result);
	return rc;
}

int pg_value(struct pg *db, const char *sql, const char *param, char **value, struct err *err)
{
	PGresult *result = answer(db, submit(db, sql, param));
	int rc = 0;

	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		rc = fail(db, result, err);
	else if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		*value = NULL;
	else
		*value = mem_dup(PQgetvalue(result, 0, 0), (size_t)PQgetlength(result, 0, 0));
	PQclear(result);
	return rc;
}

int pg_describe(struct pg *db, const char *sql, struct pg_columns *columns, struct err *err)
{
	PGresult *result = answer(db, PQsendPrepare(db->conn, "", sql, 0, NULL));
	int rc;

	if (is_good(result)) {
		PQclear(result);
		result = answer(db, PQsendDescribePrepared(db->conn, ""));
	}
	rc = is_good(result) ? 0 : fail(db, result, err);
	if (rc) {
		PQclear(result);
		return rc;
	}
	*columns = (struct pg_columns){ result, (size_t)PQnfields(result) };
	return 0;
}

const char *pg_column_name(const struct pg_columns *columns, size_t i)
{
	return PQfname(columns->result, (int)i);
}

enum pg_type pg_column_type(const struct pg_columns *columns, size_t i)
{
	/* Of PostgreSQL's pg_type.dat: the numbers of built-in types never change. */
	switch (PQftype(columns->result, (int)i)) {
	case 20:   /* bigint */
	case 21:   /* smallint */
	case 23:   /* integer */
	case 700:  /* real */
	case 701:  /* double precision */
	case 1700: /* numeric */
		return PG_NUMBER;
	case 1184:
		return PG_TIMESTAMPTZ;
	case 1082: /* date */
	case 1114:
		return PG_TIMESTAMP;
	default:
		return PG_OTHER;
	}
}

void pg_columns_release(struct pg_columns *columns)
{
	PQclear(columns->result);
	*columns = (struct pg_columns){ NULL, 0 };
}

/* --- COPY ------------------------------------------------------------------ */

/* A server sends no more than this. */
#define MAX_COLUMNS 1664

/* Whether libpq gets what memory it needs for the first message of a COPY. */
static bool has_memory(struct pg *db)
{
	PGresult *result = PQmakeEmptyPGresult(db->conn, PGRES_COPY_IN);
	bool has = result && PQresultAlloc(result, MAX_COLUMNS * sizeof(PGresAttDesc));

	PQclear(result);
	return has;
}

#define RETRY_MS 1000

/*
 * Waits for the answer to a COPY. A message that libpq has no memory for is to it one that has yet
 * to come whole, for which it would wait for ever: it is to look again from time to time, and to
 * show that it could have read the message. Returns 0, or -1 with err.
 */
static int wait_for_copy(struct pg *db, struct err *err)
{
	struct pollfd ready = { .fd = PQsocket(db->conn), .events = POLLIN };

	while (PQisBusy(db->conn)) {
		int n;

		if (!has_memory(db))
			return err_set(err, ERR_DATABASE, "out of memory for the answer to COPY");
		n = poll(&ready, 1, RETRY_MS);
		if (n < 0 && errno != EINTR)
			return err_errno(err, "poll");
		if (n > 0 && !PQconsumeInput(db->conn))
			return fail(db, NULL, err);
	}
	return 0;
}

static int start_copy(struct pg *db, const char *sql, ExecStatusType want, struct err *err)
{
	PGresult *result;
	int rc = 0;

	if (!submit(db, sql, NULL))
		return fail(db, NULL, err);
	if (wait_for_copy(db, err))
		return -1;
	result = answer(db, true);
	if (PQresultStatus(result) != want)
		rc = is_good(result) ? err_set(err, ERR_DATABASE, "expected a COPY, found: %s", sql)
				     : fail(db, result, err);
	PQclear(result);
	return rc;
}

/* The verdict of a COPY that has ended. Returns 0, or -1 with err. */
static int end_copy(struct pg *db, uint64_t *n_rows, struct err *err)
{
	PGresult *result = answer(db, true);
	int rc = is_good(result) ? 0 : fail(db, result, err);

	if (!rc && n_rows)
		*n_rows = n_written(result);
	PQclear(result);
	return rc;
}

int pg_copy_out(struct pg *db, const char *sql, struct err *err)
{
	return start_copy(db, sql, PGRES_COPY_OUT, err);
}

int pg_copy_row(struct pg *db, const char **bytes, size_t *n, struct err *err)
{
	int rc;

	PQfreemem(db->row);
	db->row = NULL;
	rc = PQgetCopyData(db->conn, &db->row, 0);
	if (rc > 0) {
		*bytes = db->row;
		*n = (size_t)rc;
		return 1;
	}
	return rc == -1 ? end_copy(db, NULL, err) : fail(db, NULL, err);
}

int pg_copy_in(struct pg *db, const char *sql, const char *table, struct err *err)
{
	db->copy_table = table;
	if (start_copy(db, sql, PGRES_COPY_IN, err))
		return -1;
	/* While the server does not take data, we listen: see pg_copy_write. */
	return PQsetnonblocking(db->conn, 1) ? fail(db, NULL, err) : 0;
}

/*
 * Whether an error message of the server is the next to be read. libpq would not say before the
 * data end, and that may be an hour later. With TLS nothing looks like one, and after notices,
 * which only a trigger can let loose, it is not the next; then it is heard at the end.
 */
static bool has_said_no(const struct pg *db)
{
	char head[6]; /* the message's type, its length, and the field that comes first */

	return recv(PQsocket(db->conn), head, sizeof(head), MSG_PEEK | MSG_DONTWAIT) ==
		       (ssize_t)sizeof(head) &&
	       head[0] == 'E' && head[5] == 'S';
}

/* Why the data cannot be sent. Returns -1. */
static int copy_failed(struct pg *db, struct err *err)
{
	PQputCopyEnd(db->conn, "the client has stopped");
	if (!end_copy(db, NULL, err))
		err_set(err, ERR_DATABASE, "the server ended the COPY before the data did");
	return -1;
}

/* Waits until the server takes data; reads what it says meanwhile, or both would wait for ever. */
static int wait_to_send(struct pg *db, struct err *err)
{
	struct pollfd ready = { .fd = PQsocket(db->conn), .events = POLLIN | POLLOUT };

	for (;;) {
		if (poll(&ready, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return err_errno(err, "poll");
		}
		if ((ready.revents & ~POLLOUT) && (has_said_no(db) || !PQconsumeInput(db->conn)))
			return copy_failed(db, err);
		if (ready.revents & POLLOUT)
			return 0;
	}
}

/*
 * Where a send would block, libpq reads what there is, and an error with it. So it gets no more
 * than a socket has room for that is ready.
 */
#define PIECE ((size_t)8 * 1024)

int pg_copy_write(struct pg *db, const void *bytes, size_t n, struct err *err)
{
	for (const char *p = bytes; n;) {
		size_t piece = n < PIECE ? n : PIECE;
		int rc;

		if (wait_to_send(db, err))
			return -1;
		if (PQputCopyData(db->conn, p, (int)piece) != 1)
			return copy_failed(db, err);
		while ((rc = PQflush(db->conn)) > 0)
			if (wait_to_send(db, err))
				return -1;
		if (rc < 0)
			return copy_failed(db, err);
		p += piece;
		n -= piece;
	}
	return 0;
}

int pg_copy_end(struct pg *db, uint64_t *n_rows, struct err *err)
{
	if (PQputCopyEnd(db->conn, NULL) != 1)
		return copy_failed(db, err);
	if (end_copy(db, n_rows, err))
		return -1;
	return PQsetnonblocking(db->conn, 0) ? fail(db, NULL, err) : 0;
}
