#include "pg/pg_sql.h"

#include "base/buf.h"

static void put(struct buf *out, const char *const *pieces)
{
	for (; *pieces; pieces++)
		buf_append_str(out, *pieces);
	buf_append_char(out, '\0');
}

int pg_sql_run(struct pg *db, const char *const *pieces, struct err *err)
{
	return pg_sql_count(db, pieces, NULL, err);
}

int pg_sql_count(struct pg *db, const char *const *pieces, uint64_t *n_rows, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc;

	put(&text, pieces);
	rc = pg_exec(db, text.data, n_rows, err);
	buf_release(&text);
	return rc;
}

int pg_sql_ask(struct pg *db, const char *const *pieces, const char *param, char **value,
	       struct err *err)
{
	struct buf text = BUF_INIT;
	int rc;

	put(&text, pieces);
	*value = NULL;
	rc = pg_value(db, text.data, param, value, err);
	buf_release(&text);
	return rc;
}
