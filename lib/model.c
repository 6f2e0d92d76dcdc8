#include "model.h"

#include "gzio.h"
#include "mem.h"
#include "num.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX  ((size_t)64 * 1024 * 1024)
#define READ_SIZE ((size_t)64 * 1024)

static const char *const resample_names[] = { "none", "over", "under", NULL };

double model_probability(const struct model *m, const struct encoding_row *row)
{
	return logistic_probability(logistic_score(&m->logistic, row->dense, m->encoding.n_dense,
						   row->active, row->n_active));
}

void model_release(struct model *m)
{
	split_release(&m->split);
	encoding_release(&m->encoding);
	logistic_release(&m->logistic);
}

/* Writing: each put_* appends a space and its value. */

static void put_word(struct buf *out, const char *word)
{
	buf_append_char(out, ' ');
	buf_append_str(out, word);
}

static void put_int(struct buf *out, int64_t value)
{
	buf_append_char(out, ' ');
	out->len += num_format_int(buf_reserve(out, NUM_TEXT_MAX), value);
}

static void put_count(struct buf *out, uint64_t value)
{
	put_int(out, (int64_t)value);
}

static void put_double(struct buf *out, double value)
{
	buf_append_char(out, ' ');
	out->len += num_format_double(buf_reserve(out, NUM_TEXT_MAX), value);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* The letter that stands behind a backslash for c, or 0. */
static char escape_letter(char c)
{
	static const char raw[] = "\\\"\n\r\t", letters[] = "\\\"nrt";
	const char *at = c ? strchr(raw, c) : NULL;

	return at ? letters[at - raw] : '\0';
}

static void put_string(struct buf *out, const char *s, size_t len)
{
	static const char hex[] = "0123456789abcdef";

	buf_append(out, " \"", 2);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (escape_letter(s[i])) {
			buf_append_char(out, '\\');
			buf_append_char(out, escape_letter(s[i]));
		} else if (is_control(s[i])) {
			buf_append_str(out, "\\x");
			buf_append_char(out, hex[c >> 4]);
			buf_append_char(out, hex[c & 15]);
		} else {
			buf_append_char(out, s[i]);
		}
	}
	buf_append_char(out, '"');
}

static void put_name(struct buf *out, const char *keyword, const char *name)
{
	buf_append_str(out, keyword);
	if (name)
		put_string(out, name, strlen(name));
	else
		put_word(out, "-");
	buf_append_char(out, '\n');
}

static void put_split(struct buf *out, const struct split *s)
{
	put_name(out, "label", s->label);
	put_name(out, "time", s->time);
	put_name(out, "known", s->known);
	buf_append_str(out, "cut");
	if (s->has_cut)
		put_int(out, s->cut);
	else
		put_word(out, "-");
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		buf_append_char(out, '\n');
		buf_append_str(out, split_part_name((enum split_part)part));
		put_count(out, s->rows[part]);
		if (part != SPLIT_UNLABELLED)
			put_count(out, s->positives[part]);
	}
	buf_append_char(out, '\n');
}

static void put_options(struct buf *out, const struct model *m)
{
	buf_append_str(out, "class_weight");
	if (m->balance.weight == BALANCE_WEIGHT_RATIO)
		put_double(out, m->balance.ratio);
	else
		put_word(out, m->balance.weight == BALANCE_WEIGHT_BALANCED ? "balanced" : "none");
	buf_append_str(out, "\nresample");
	put_word(out, resample_names[m->balance.resample]);
	buf_append_str(out, "\nseed");
	put_int(out, m->balance.seed);
	buf_append_str(out, "\nl2");
	put_double(out, m->options.l2);
	buf_append_str(out, "\ntolerance");
	put_double(out, m->options.tolerance);
	buf_append_str(out, "\niterations");
	put_int(out, m->logistic.iterations);
	buf_append_str(out, "\ngradient");
	put_double(out, m->logistic.gradient);
	buf_append_str(out, "\nobjective");
	put_double(out, m->logistic.objective);
	buf_append_str(out, "\nintercept");
	put_double(out, m->logistic.intercept);
	buf_append_char(out, '\n');
}

static void put_rows_coef(struct buf *out, uint64_t rows, double coef)
{
	put_count(out, rows);
	put_double(out, coef);
	buf_append_char(out, '\n');
}

static void put_column(struct buf *out, const struct encoding_column *c, const double *dense,
		       const double *onehot)
{
	static const char *const keywords[] = { "number", "category", "constant" };

	buf_append_str(out, keywords[c->kind]);
	put_string(out, c->name, strlen(c->name));
	if (c->kind == ENCODING_NUMBER) {
		put_double(out, c->mean);
		put_double(out, c->sd);
		put_double(out, dense[c->dense]);
	}
	buf_append_char(out, '\n');
	if (c->kind == ENCODING_NUMBER && c->n_missing) {
		buf_append_str(out, "missing");
		put_rows_coef(out, c->n_missing, onehot[c->onehot]);
	}
	if (c->kind != ENCODING_CATEGORY)
		return;
	for (uint32_t i = 0; i < c->levels.n; i++) {
		const struct intern_string *level = intern_string(&c->levels, i);

		buf_append_str(out, "level");
		put_string(out, level->s, level->len);
		put_rows_coef(out, c->level_rows[i], onehot[c->onehot + i]);
	}
	buf_append_str(out, "other");
	put_rows_coef(out, c->level_rows[c->levels.n], onehot[c->onehot + c->levels.n]);
}

void model_format(struct buf *out, const struct model *m)
{
	size_t start = out->len;
	char line[32];

	buf_append_str(out, "ce-model 1\nkind logistic\n");
	put_split(out, &m->split);
	put_options(out, m);
	for (size_t i = 0; i < m->encoding.n; i++)
		put_column(out, &m->encoding.columns[i], m->logistic.coef,
			   m->logistic.coef + m->encoding.n_dense);
	snprintf(line, sizeof(line), "crc32 %08" PRIx32 "\n",
		 gz_crc32(0, out->data + start, out->len - start));
	buf_append_str(out, line);
}

/*
 * Reading: a cursor in the current line. Each take_* wants its value there, moves behind it and
 * returns 0, or -1 with err.
 */
struct scan {
	const char *text, *end;    /* of the file */
	const char *at, *line_end; /* in the current line, whose newline is at line_end */
	uint64_t line;
	const char *name;
	struct err *err;
};

static int fail(const struct scan *s, const char *what)
{
	return err_set(s->err, ERR_RUNTIME, "%s:%" PRIu64 ": %s", s->name, s->line, what);
}

/* Goes to the next line. */
static int next_line(struct scan *s)
{
	const char *start = s->line ? s->line_end + 1 : s->text;

	s->line++;
	s->at = start;
	s->line_end = start < s->end ? memchr(start, '\n', (size_t)(s->end - start)) : NULL;
	if (s->line_end)
		return 0;
	return fail(s, start < s->end ? "the last line is cut short"
				      : "the file ends before its crc32 line");
}

/* Whether the line goes on with this word, which it then moves behind. */
static bool have_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->line_end - s->at) < len || memcmp(s->at, word, len) != 0 ||
	    (s->at + len < s->line_end && s->at[len] != ' '))
		return false;
	s->at += len;
	return true;
}

static int end_line(struct scan *s)
{
	return s->at == s->line_end ? 0 : fail(s, "surplus text at the end of the line");
}

/* The next line, which must begin with this keyword. */
static int take_keyword(struct scan *s, const char *keyword)
{
	char what[64];

	if (next_line(s))
		return -1;
	if (have_word(s, keyword))
		return 0;
	snprintf(what, sizeof(what), "expected '%s'", keyword);
	return fail(s, what);
}

/* The value behind a space, up to the next one. */
static int take_value(struct scan *s, const char **value, size_t *len)
{
	const char *space;

	if (s->at == s->line_end || *s->at != ' ')
		return fail(s, "a value is missing");
	*value = ++s->at;
	space = memchr(s->at, ' ', (size_t)(s->line_end - s->at));
	s->at = space ? space : s->line_end;
	*len = (size_t)(s->at - *value);
	return 0;
}

static int take_int(struct scan *s, int64_t min, int64_t max, int64_t *value)
{
	const char *text;
	size_t len;

	if (take_value(s, &text, &len))
		return -1;
	if (num_parse_int(text, len, value))
		return fail(s, "invalid integer");
	return *value < min || *value > max ? fail(s, "a number out of range") : 0;
}

static int take_count(struct scan *s, uint64_t *value)
{
	int64_t n;

	if (take_int(s, 0, INT64_MAX, &n))
		return -1;
	*value = (uint64_t)n;
	return 0;
}

static int take_double(struct scan *s, double min, double *value)
{
	const char *text;
	size_t len;

	if (take_value(s, &text, &len))
		return -1;
	if (num_parse_double(text, len, value))
		return fail(s, "invalid number");
	return *value < min ? fail(s, "a number out of range") : 0;
}

/* A number that must be above 0. */
static int take_positive(struct scan *s, double *value)
{
	if (take_double(s, 0, value))
		return -1;
	return *value > 0 ? 0 : fail(s, "a number out of range");
}

#define ANY_NUMBER (-1.7976931348623157e308)

/* One of the words, which end with NULL; *value is its index. */
static int take_choice(struct scan *s, const char *const *words, int *value)
{
	if (s->at < s->line_end && *s->at == ' ') {
		s->at++;
		for (*value = 0; words[*value]; ++*value)
			if (have_word(s, words[*value]))
				return 0;
	}
	return fail(s, "an unknown word");
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at s->at, behind its backslash, stands for, or -1. */
static int take_escape(struct scan *s)
{
	static const char raw[] = "\\\"\n\r\t", letters[] = "\\\"nrt";
	const char *at;
	int high, low;

	if (s->at == s->line_end || !*s->at)
		return -1;
	at = strchr(letters, *s->at);
	if (at) {
		s->at++;
		return raw[at - letters];
	}
	if (*s->at != 'x' || s->line_end - s->at < 3)
		return -1;
	high = hex_digit(s->at[1]);
	low = hex_digit(s->at[2]);
	s->at += 3;
	if (high < 0 || low < 0)
		return -1;
	low += 16 * high;
	/* Only what put_string escapes so: one string, one spelling. */
	return is_control((char)low) && !escape_letter((char)low) ? low : -1;
}

/* A string in quotes, appended to `out`, which is emptied first. */
static int take_string(struct scan *s, struct buf *out)
{
	buf_clear(out);
	if (s->line_end - s->at < 3 || s->at[0] != ' ' || s->at[1] != '"')
		return fail(s, "expected a string in double quotes");
	for (s->at += 2; s->at < s->line_end && *s->at != '"';) {
		char c = *s->at++;

		if (c == '\\') {
			int byte = take_escape(s);

			if (byte < 0)
				return fail(s, "an invalid escape in a string");
			c = (char)byte;
		} else if (is_control(c)) {
			return fail(s, "a control byte in a string");
		}
		buf_append_char(out, c);
	}
	if (s->at == s->line_end)
		return fail(s, "a string without its closing quote");
	s->at++;
	return 0;
}

/* A column's name: a string without NULs. */
static int take_name(struct scan *s, struct buf *name)
{
	if (take_string(s, name))
		return -1;
	if (name->len && memchr(name->data, '\0', name->len))
		return fail(s, "a NUL byte in a column's name");
	buf_append_char(name, '\0');
	return 0;
}

/* The line of one of the split's columns; `-` leaves *name NULL. */
static int read_split_name(struct scan *s, const char *keyword, bool optional, char **name)
{
	struct buf text = BUF_INIT;
	int rc = -1;

	if (take_keyword(s, keyword))
		return -1;
	if (optional && s->line_end - s->at == 2 && !memcmp(s->at, " -", 2))
		return 0;
	if (!take_name(s, &text) && !end_line(s)) {
		*name = mem_dup(text.data, text.len - 1);
		rc = 0;
	}
	buf_release(&text);
	return rc;
}

static int read_split(struct scan *s, struct split *split)
{
	if (read_split_name(s, "label", false, &split->label) ||
	    read_split_name(s, "time", true, &split->time) ||
	    read_split_name(s, "known", true, &split->known) || take_keyword(s, "cut"))
		return -1;
	split->has_cut = s->line_end - s->at != 2 || memcmp(s->at, " -", 2) != 0;
	if (split->has_cut) {
		if (take_int(s, INT64_MIN, INT64_MAX, &split->cut) || end_line(s))
			return -1;
		if (!split->time)
			return fail(s, "a cut without a time column");
	}
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		if (take_keyword(s, split_part_name((enum split_part)part)) ||
		    take_count(s, &split->rows[part]) ||
		    (part != SPLIT_UNLABELLED && take_count(s, &split->positives[part])) ||
		    end_line(s))
			return -1;
		if (split->positives[part] > split->rows[part])
			return fail(s, "more positives than rows");
	}
	return 0;
}

static int read_class_weight(struct scan *s, struct balance *balance)
{
	if (take_keyword(s, "class_weight"))
		return -1;
	if (s->line_end - s->at == 5 && !memcmp(s->at, " none", 5))
		balance->weight = BALANCE_WEIGHT_NONE;
	else if (s->line_end - s->at == 9 && !memcmp(s->at, " balanced", 9))
		balance->weight = BALANCE_WEIGHT_BALANCED;
	else {
		balance->weight = BALANCE_WEIGHT_RATIO;
		return take_positive(s, &balance->ratio) || end_line(s) ? -1 : 0;
	}
	return 0;
}

static int read_options(struct scan *s, struct model *m)
{
	int64_t iterations;
	int resample = 0;

	if (read_class_weight(s, &m->balance) || take_keyword(s, "resample") ||
	    take_choice(s, resample_names, &resample) || end_line(s) || take_keyword(s, "seed") ||
	    take_int(s, 0, INT64_MAX, &m->balance.seed) || end_line(s) || take_keyword(s, "l2") ||
	    take_double(s, 0, &m->options.l2) || end_line(s) || take_keyword(s, "tolerance") ||
	    take_positive(s, &m->options.tolerance) || end_line(s) ||
	    take_keyword(s, "iterations") || take_int(s, 0, INT32_MAX, &iterations) ||
	    end_line(s) || take_keyword(s, "gradient") ||
	    take_double(s, 0, &m->logistic.gradient) || end_line(s) ||
	    take_keyword(s, "objective") || take_double(s, 0, &m->logistic.objective) ||
	    end_line(s) || take_keyword(s, "intercept") ||
	    take_double(s, ANY_NUMBER, &m->logistic.intercept) || end_line(s))
		return -1;
	m->balance.resample = (enum balance_resample)resample;
	m->logistic.iterations = (int)iterations;
	m->logistic.converged = m->logistic.gradient <= m->options.tolerance;
	return 0;
}

/* Coefficients as they are read, before it is known how many there are. */
struct coefs {
	double *v;
	size_t n, cap;
};

static int take_coef(struct scan *s, struct coefs *coefs)
{
	double value;

	if (take_double(s, ANY_NUMBER, &value) || end_line(s))
		return -1;
	if (coefs->n == coefs->cap) {
		coefs->cap = mem_grow(coefs->cap, coefs->n + 1);
		coefs->v = mem_realloc(coefs->v, coefs->cap, sizeof(*coefs->v));
	}
	coefs->v[coefs->n++] = value;
	return 0;
}

/* Whether the line after this one begins with the keyword: then it is the current one. */
static bool next_line_is(struct scan *s, const char *keyword)
{
	struct scan ahead = *s;
	struct err ignored = ERR_INIT;

	ahead.err = &ignored;
	if (next_line(&ahead) || !have_word(&ahead, keyword))
		return false;
	ahead.err = s->err;
	*s = ahead;
	return true;
}

static int read_number(struct scan *s, struct encoding_column *c, struct coefs *dense,
		       struct coefs *onehot)
{
	if (take_double(s, ANY_NUMBER, &c->mean) || take_positive(s, &c->sd) || take_coef(s, dense))
		return -1;
	if (!next_line_is(s, "missing"))
		return 0;
	if (take_count(s, &c->n_missing) || take_coef(s, onehot))
		return -1;
	return c->n_missing ? 0 : fail(s, "a number out of range");
}

static int read_category(struct scan *s, struct encoding_column *c, struct buf *text,
			 struct coefs *onehot)
{
	uint32_t n = 0;

	if (end_line(s))
		return -1;
	c->level_rows = mem_zalloc(ENCODING_LEVELS + 1, sizeof(*c->level_rows));
	for (; next_line_is(s, "level"); n++) {
		if (n == ENCODING_LEVELS)
			return fail(s, "too many levels");
		if (take_string(s, text))
			return -1;
		buf_append_char(text, '\0'); /* data is no NULL pointer, if empty */
		if (intern_id(&c->levels, text->data, text->len - 1) != n)
			return fail(s, "a level stands twice");
		if (take_count(s, &c->level_rows[n]) || take_coef(s, onehot))
			return -1;
	}
	return take_keyword(s, "other") || take_count(s, &c->level_rows[n]) || take_coef(s, onehot)
		       ? -1
		       : 0;
}

/* What reading the columns needs beside the model. */
struct columns {
	struct coefs dense, onehot;
	struct intern names;
	struct buf text;
};

/* Reads the column whose first line is the current one, up to its name. */
static int read_column(struct scan *s, struct encoding *e, struct columns *columns,
		       enum encoding_kind kind)
{
	struct encoding_column *c;
	struct buf *text = &columns->text;
	uint32_t n = columns->names.n;
	int rc;

	if (take_name(s, text))
		return -1;
	if (intern_id(&columns->names, text->data, text->len - 1) != n)
		return fail(s, "a column stands twice");
	c = encoding_add(e, text->data, kind);
	if (kind == ENCODING_NUMBER)
		rc = read_number(s, c, &columns->dense, &columns->onehot);
	else if (kind == ENCODING_CATEGORY)
		rc = read_category(s, c, text, &columns->onehot);
	else
		rc = end_line(s);
	encoding_place(e);
	return rc;
}

static int read_columns(struct scan *s, struct encoding *e, struct columns *columns)
{
	for (;;) {
		enum encoding_kind kind;

		if (next_line(s))
			return -1;
		if (have_word(s, "crc32"))
			return 0;
		if (have_word(s, "number"))
			kind = ENCODING_NUMBER;
		else if (have_word(s, "category"))
			kind = ENCODING_CATEGORY;
		else if (have_word(s, "constant"))
			kind = ENCODING_CONSTANT;
		else
			return fail(s, "expected a column (number, category, constant) or 'crc32'");
		if (read_column(s, e, columns, kind))
			return -1;
	}
}

/* The coefficients of a model: those of the dense columns, then those of the one-hot columns. */
static void join_coefs(struct logistic *fit, const struct coefs *dense, const struct coefs *onehot)
{
	fit->n = dense->n + onehot->n;
	fit->coef = mem_alloc(fit->n, sizeof(*fit->coef));
	if (dense->n)
		memcpy(fit->coef, dense->v, dense->n * sizeof(*fit->coef));
	if (onehot->n)
		memcpy(fit->coef + dense->n, onehot->v, onehot->n * sizeof(*fit->coef));
}

/* The crc32 line, which is the current one, behind its keyword. */
static int check_crc(struct scan *s)
{
	size_t before = (size_t)(s->at - strlen("crc32") - s->text);
	char want[16];

	snprintf(want, sizeof(want), " %08" PRIx32, gz_crc32(0, s->text, before));
	if (s->line_end - s->at != (ptrdiff_t)strlen(want) ||
	    memcmp(s->at, want, strlen(want)) != 0)
		return fail(s, "the checksum is wrong: the file was changed or damaged");
	if (s->line_end + 1 < s->end) {
		s->line++;
		return fail(s, "text behind the crc32 line");
	}
	return 0;
}

static int read_head(struct scan *s)
{
	if (next_line(s))
		return -1;
	if (!have_word(s, "ce-model"))
		return fail(s, "no model of ce-train");
	if (!have_word(s, " 1") || end_line(s))
		return fail(s, "a model of an unknown version");
	if (take_keyword(s, "kind"))
		return -1;
	return have_word(s, " logistic") ? end_line(s) : fail(s, "an unknown kind of model");
}

int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err)
{
	struct scan s = { .text = text, .end = text + len, .name = name, .err = err };
	struct columns columns = { .names = INTERN_INIT, .text = BUF_INIT };
	int rc;

	*m = (struct model)MODEL_INIT;
	rc = read_head(&s) || read_split(&s, &m->split) || read_options(&s, m) ||
	     read_columns(&s, &m->encoding, &columns) || check_crc(&s);
	if (rc)
		model_release(m);
	else
		join_coefs(&m->logistic, &columns.dense, &columns.onehot);
	free(columns.dense.v);
	free(columns.onehot.v);
	intern_release(&columns.names);
	buf_release(&columns.text);
	return rc ? -1 : 0;
}

int model_read(struct model *m, const char *path, struct err *err)
{
	struct gz_reader in = GZ_READER_INIT;
	struct buf text = BUF_INIT;
	ptrdiff_t n;
	int rc = -1;

	if (gz_reader_open(&in, path, err))
		return -1;
	while ((n = gz_reader_read(&in, buf_reserve(&text, READ_SIZE), READ_SIZE, err)) > 0 &&
	       text.len <= FILE_MAX)
		text.len += (size_t)n;
	if (text.len > FILE_MAX)
		err_set(err, ERR_RUNTIME, "%s: more than 64 MiB: no model of ce-train", in.name);
	else if (!n)
		rc = model_parse(m, text.data, text.len, in.name, err);
	gz_reader_close(&in);
	buf_release(&text);
	return rc;
}
