#include "eval/metric_gate.h"

#include "base/buf.h"
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

struct metric_gate_column {
	const char *name;
	size_t offset; /* in struct interval */
	bool compares;
};

#define COLUMN(name, compares)                                                                     \
	{                                                                                          \
#name, offsetof(struct interval, name), compares                                   \
	}

static const struct metric_gate_column columns[] = {
	COLUMN(low, false),           COLUMN(high, false),           COLUMN(against, true),
	COLUMN(against_low, true),    COLUMN(against_high, true),    COLUMN(difference, true),
	COLUMN(difference_low, true), COLUMN(difference_high, true), COLUMN(p_value, true),
};

#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *const methods[] = { "delong", "users", "rows" };

/* What follows the word and an underscore in `name`, or NULL. */
static const char *after(const char *name, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(name, word, len) && name[len] == '_' ? name + len + 1 : NULL;
}

/* Appends the name in full, and a NUL. */
static void put_name(struct buf *out, const char *name)
{
	const char *rest = after(name, "auc");

	if (!strcmp(name, "calibration_error"))
		buf_append_str(out, "expected_calibration_error");
	else if (!strcmp(name, "auc"))
		buf_append_str(out, "auc_roc");
	else if (rest && strcmp(rest, "roc") != 0 && !after(rest, "roc"))
		buf_printf(out, "auc_roc_%s", rest);
	else
		buf_append_str(out, name);
	buf_append_char(out, '\0');
}

/* An interval's METHOD_COLUMN or COLUMN of that metric. */
static bool find_interval(struct metric_gate *m, enum metric_id id, const char *rest)
{
	bool is_auc = id == METRIC_auc_roc;

	*m = (struct metric_gate){ .metric = id, .method = is_auc ? "delong" : NULL };
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (after(rest, methods[i]) && (i || is_auc)) {
			rest = after(rest, methods[i]);
			m->method = methods[i];
			break;
		}
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (!strcmp(rest, columns[i].name))
			m->column = &columns[i];
	return m->column;
}

static int unknown(const char *name, struct err *err)
{
	const char *names[METRIC_N + 2], *near;

	for (enum metric_id id = 0; id < METRIC_N; id++)
		names[id] = metric_columns[id].name;
	names[METRIC_N] = "auc";
	names[METRIC_N + 1] = "calibration_error";
	near = nearest_word(name, names, METRIC_N + 2);
	return err_set(err, ERR_USAGE, "unknown metric '%s'%s%s%s", name,
		       near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

int metric_gate_find(struct metric_gate *m, const char *name, struct err *err)
{
	struct buf full = BUF_INIT;
	bool found = false;

	put_name(&full, name);
	for (enum metric_id id = 0; id < METRIC_N && !found; id++)
		if (!strcmp(full.data, metric_columns[id].name)) {
			*m = (struct metric_gate){ .metric = id };
			found = true;
		}
	for (enum metric_id id = 0; id < METRIC_N && !found; id++) {
		const char *rest = after(full.data, metric_columns[id].name);

		found = rest && metric_columns[id].bootstrap != BOOTSTRAP_NONE &&
			find_interval(m, id, rest);
	}
	buf_release(&full);
	return found ? 0 : unknown(name, err);
}

bool metric_gate_has_interval(const struct metric_gate *m)
{
	return m->column;
}

bool metric_gate_compares(const struct metric_gate *m)
{
	return m->column && m->column->compares;
}

int metric_gate_value(const struct metric_gate *m, const struct evaluation *e,
		      const struct intervals *iv, double *value, struct err *err)
{
	if (!m->column) {
		*value = metric_value(&e->segments->metrics, m->metric);
		return 0;
	}
	/* DeLong's is the first. */
	for (size_t i = m->method ? 0 : 1; i < iv->n; i++) {
		const struct interval *row = &iv->rows[i];

		if (row->metric != m->metric || (m->method && strcmp(m->method, row->method) != 0))
			continue;
		memcpy(value, (const char *)row + m->column->offset, sizeof(*value));
		return 0;
	}
	return err_set(err, ERR_USAGE, "the intervals are by resampled %s, not %s",
		       e->users ? "users" : "rows", m->method);
}
