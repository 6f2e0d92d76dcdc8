#include "model/modelsql.h"

#include "base/blank.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/sqltext.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Beyond this a probability is 0 or 1 to 300 digits, and PostgreSQL's exp() is out of range. */
#define SCORE_MAX "700"

/* Half of the smallest double: what is no larger rounds to 0, at which PostgreSQL fails. */
#define ROUNDS_TO_0 "2.4703282292062328e-324"

/* Shares of a step smaller than this are taken as 0, for the same reason. */
#define SHARE_MIN 1e-30

/* The longest name of a column, in bytes. */
#define NAME_MAX_LEN 63

static int check_name(const char *name, struct err *err)
{
	size_t len = strlen(name);
	const char *why = !len                    ? "is empty"
			  : len > NAME_MAX_LEN    ? "is longer than 63 bytes"
			  : utf8_valid(name, len) ? NULL
						  : "is not UTF-8";

	return why ? err_set(err, ERR_RUNTIME,
			     "column '%.*s': PostgreSQL has no such column: the name %s",
			     err_clip(len), name, why)
		   : 0;
}

/* Columns -------------------------------------------------------------------------------------- */

/* The columns that the score is about, by the places of their values. */
struct columns {
	const struct encoding *encoding;
	const struct names *na;
	bool *used;
	uint32_t n;
};

static struct columns columns_of(const struct model *m)
{
	struct columns c = { &m->encoding, &m->na, NULL, m->encoding.n_values };

	c.used = mem_zalloc(c.n, sizeof(*c.used));
	m->learner->used_values(m, c.used);
	return c;
}

/* How a stage makes a column of the one before. */
typedef void column_put(struct buf *out, const struct encoding_column *c, const struct names *na);

/* "SELECT ... AS NAME, ...": all columns that are used. */
static void put_stage(struct buf *out, const struct columns *columns, column_put *put_column)
{
	const char *before = "\n  ";

	buf_append_str(out, "SELECT");
	for (uint32_t i = 0; i < columns->n; i++) {
		if (!columns->used[i])
			continue;
		buf_append_str(out, before);
		put_column(out, encoding_valued(columns->encoding, i), columns->na);
		buf_append_str(out, " AS ");
		sqltext_name(out, encoding_valued(columns->encoding, i)->name);
		before = ",\n  ";
	}
}

/* As COPY writes it: format() has the type's own output, which a cast to text is not of them all.
 */
static void put_format(struct buf *out, const struct encoding_column *c)
{
	buf_append_str(out, "format('%s', ");
	sqltext_name(out, c->name);
	buf_append_char(out, ')');
}

/* That text is a word for NULL; as COPY's empty text, it is '' of a category. */
static void put_is_na(struct buf *out, const struct encoding_column *c, const struct names *na)
{
	const char *before = "";

	buf_append_str(out, "btrim(");
	put_format(out, c);
	buf_append_str(out, ", E' \\t\\n\\x0B\\f\\r') IN (");
	for (size_t i = 0; i < na->n; i++) {
		size_t len = strlen(na->name[i]);
		const char *token = blank_trim(na->name[i], &len);

		if (!utf8_valid(token, len))
			continue;
		buf_append_str(out, before);
		sqltext_string(out, token, len);
		before = ", ";
	}
	buf_append_str(out, *before ? ")" : "NULL)");
}

static void put_text(struct buf *out, const struct encoding_column *c, const struct names *na)
{
	bool number = c->kind != ENCODING_CATEGORY;

	if (na->n) {
		buf_append_str(out, "CASE WHEN ");
		put_is_na(out, c, na);
		buf_append_str(out, number ? " THEN NULL ELSE " : " THEN '' ELSE ");
	}
	buf_append_str(out, number ? "nullif(" : "");
	put_format(out, c);
	buf_append_str(out, number ? ", '')" : "");
	buf_append_str(out, na->n ? " END" : "");
	buf_append_str(out, number ? "" : " COLLATE \"C\"");
}

/* Text as a double, which fails if it rounds to 0, but is none. */
static void put_value(struct buf *out, const struct encoding_column *c, const struct names *na)
{
	(void)na;
	if (c->kind == ENCODING_CATEGORY) {
		sqltext_name(out, c->name);
		return;
	}
	buf_append_str(out, "CASE WHEN abs(");
	sqltext_name(out, c->name);
	buf_append_str(out, "::numeric) <= " ROUNDS_TO_0 " THEN 0 ELSE ");
	sqltext_name(out, c->name);
	buf_append_str(out, "::float8 END");
}

/* " WHEN NAME operator BOUND THEN VALUE" */
static void put_when(struct buf *out, const struct encoding_column *c, const char *operator,
		     double bound, double value)
{
	buf_append_str(out, " WHEN ");
	sqltext_name(out, c->name);
	buf_append_str(out, operator);
	sqltext_number(out, bound);
	buf_append_str(out, " THEN ");
	sqltext_number(out, value);
}

/* (NAME * scale - a) / b */
static void put_step(struct buf *out, const struct encoding_column *c, const char *scale, double a,
		     double b)
{
	buf_append_char(out, '(');
	sqltext_name(out, c->name);
	buf_append_str(out, scale);
	buf_append_str(out, " - ");
	sqltext_number(out, a);
	buf_append_str(out, ") / ");
	sqltext_number(out, b);
}

/* What is beyond where a number is clipped, or else too large for its standardised value. */
static void put_limit(struct buf *out, const struct encoding_column *c, const char *operator,
		      double clip, double max)
{
	double limit = c->mean + c->sd * max, z = encoding_standardise(c, clip);

	if (isfinite(clip) && (max > 0 ? z < max : z > max))
		put_when(out, c, operator, clip, fabs(z) < SHARE_MIN ? 0 : z);
	else if (isfinite(limit))
		put_when(out, c, operator, limit, max);
}

/*
 * The standardised value. What is clipped or too large for it is asked first, then what is so near
 * the mean that the quotient could be too small for a double. Where the scale is so huge that a
 * difference could be too large for one, half of either is taken, and what is near 0 counts as 0.
 */
static void put_standardised(struct buf *out, const struct encoding_column *c,
			     const struct names *na)
{
	bool huge = c->sd > 1e275;
	double near = c->sd * SHARE_MIN, centre = huge ? 0 : c->mean;

	(void)na;
	if (c->kind != ENCODING_NUMBER) {
		sqltext_name(out, c->name);
		return;
	}
	buf_append_str(out, "CASE");
	put_limit(out, c, " > ", c->high, ENCODING_MAX);
	put_limit(out, c, " < ", c->low, -ENCODING_MAX);
	if (centre - near < centre + near) {
		buf_append_str(out, " WHEN ");
		sqltext_name(out, c->name);
		buf_append_str(out, " BETWEEN ");
		sqltext_number(out, centre - near);
		buf_append_str(out, " AND ");
		sqltext_number(out, centre + near);
		buf_append_str(out, " THEN ");
		sqltext_number(out, huge ? -c->mean / c->sd : 0);
	}
	buf_append_str(out, " ELSE ");
	if (huge)
		put_step(out, c, " / 2", c->mean / 2, c->sd / 2);
	else
		put_step(out, c, "", c->mean, c->sd);
	buf_append_str(out, " END");
}

/* Calibration ---------------------------------------------------------------------------------- */

static void put_isotonic(struct buf *out, const struct calibration *c, size_t low, size_t high);

/* Straight from knot i to the next, for scores from one to the other. */
static void put_line(struct buf *out, const struct calibration *c, size_t i)
{
	double width = c->score[i + 1] - c->score[i];
	double rise = c->probability[i + 1] - c->probability[i];
	double start = c->score[i] + width * SHARE_MIN;

	if (rise < SHARE_MIN || !isfinite(width)) {
		sqltext_number(out, c->probability[i]);
		return;
	}
	buf_append_str(out, "CASE WHEN score <= ");
	sqltext_number(out, start);
	buf_append_str(out, " THEN ");
	sqltext_number(out, c->probability[i]);
	buf_append_str(out, " ELSE ");
	sqltext_number(out, c->probability[i]);
	buf_append_str(out, " + (score - ");
	sqltext_number(out, c->score[i]);
	buf_append_str(out, ") / ");
	sqltext_number(out, width);
	buf_append_str(out, " * ");
	sqltext_number(out, rise);
	buf_append_str(out, " END");
}

/* By bisection, between two knots. */
static void put_isotonic(struct buf *out, const struct calibration *c, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;

	if (out->len > SQLTEXT_MAX)
		return;
	if (high - low == 1) {
		put_line(out, c, low);
		return;
	}
	buf_append_str(out, "CASE WHEN score < ");
	sqltext_number(out, c->score[middle]);
	buf_append_str(out, " THEN ");
	put_isotonic(out, c, low, middle);
	buf_append_str(out, "\n ELSE ");
	put_isotonic(out, c, middle, high);
	buf_append_str(out, " END");
}

static void put_knots(struct buf *out, const struct calibration *c)
{
	size_t last = c->n - 1;

	if (!last) {
		sqltext_number(out, c->probability[0]);
		return;
	}
	buf_append_str(out, "CASE WHEN score <= ");
	sqltext_number(out, c->score[0]);
	buf_append_str(out, " THEN ");
	sqltext_number(out, c->probability[0]);
	buf_append_str(out, " WHEN score >= ");
	sqltext_number(out, c->score[last]);
	buf_append_str(out, " THEN ");
	sqltext_number(out, c->probability[last]);
	buf_append_str(out, "\n ELSE ");
	put_isotonic(out, c, 0, last);
	buf_append_str(out, " END");
}

/* Platt's line; a score whose product with the slope would not show is 0. */
static void put_platt(struct buf *out, const struct calibration *c)
{
	double slope = sqltext_factor(c->slope);

	sqltext_number(out, c->intercept);
	if (slope == 0)
		return;
	buf_append_str(out, " + ");
	sqltext_number(out, slope);
	buf_append_str(out, " * CASE WHEN abs(score) > ");
	sqltext_number(out, SHARE_MIN / fabs(slope));
	buf_append_str(out, " THEN score ELSE 0 END");
}

static void put_probability(struct buf *out, const struct calibration *c)
{
	if (c->kind == CALIBRATION_ISOTONIC) {
		put_knots(out, c);
		return;
	}
	buf_append_str(out, "1 / (1 + exp(-least(greatest(");
	if (c->kind == CALIBRATION_PLATT)
		put_platt(out, c);
	else
		buf_append_str(out, "score");
	buf_append_str(out, ", -" SCORE_MAX "), " SCORE_MAX ")))");
}

void modelsql_put_score(struct buf *out, const struct model *m)
{
	struct columns columns;

	if (!m->learner->standardised) {
		m->learner->put_sql(out, m);
		return;
	}
	columns = columns_of(m);
	buf_append_str(out, "(SELECT ");
	m->learner->put_sql(out, m);
	buf_append_str(out, "\nFROM (");
	put_stage(out, &columns, put_standardised);
	buf_append_str(out, " OFFSET 0) AS ce_step)");
	free(columns.used);
}

int modelsql_put(struct buf *out, const struct model *m, struct err *err)
{
	struct columns columns = columns_of(m);
	int rc = 0;

	for (uint32_t i = 0; !rc && i < columns.n; i++)
		if (columns.used[i])
			rc = check_name(encoding_valued(columns.encoding, i)->name, err);
	if (!rc) {
		buf_append_str(out, "(SELECT ");
		put_probability(out, &m->calibration);
		buf_append_str(out, "\nFROM (SELECT ");
		modelsql_put_score(out, m);
		buf_append_str(out, " AS score\nFROM (");
		put_stage(out, &columns, put_value);
		buf_append_str(out, "\nFROM (");
		put_stage(out, &columns, put_text);
		buf_append_str(out, " OFFSET 0) AS ce_text OFFSET 0) AS ce_value OFFSET 0)"
				    " AS ce_score)\n");
		/* Then parts of it may have been left out. */
		if (out->len > SQLTEXT_MAX)
			rc = err_set(err, ERR_RUNTIME,
				     "the model takes more than 256 MiB of SQL, too much for one "
				     "statement");
	}
	free(columns.used);
	return rc;
}
