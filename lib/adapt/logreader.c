#include "adapt/logreader.h"

#include "base/blank.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "io/fileuse.h"
#include "table/colname.h"
#include "table/foreign.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_SHOWN  500 /* bytes of a message about a header, about */
#define FOREIGN_BYTES 512 /* that tell any format */

static int fail_at(uint64_t line, const char *file, const char *why, struct err *err)
{
	return err_set(err, ERR_RUNTIME, "%s:%" PRIu64 ": damaged log: %s", file, line, why);
}

/* --- tables -------------------------------------------------------------------------------------
 */

static void clear_values(struct logreader *l)
{
	for (int i = 0; i < l->recipe->paths.n; i++)
		l->values[i] = (struct value){ .s = "" };
}

static void mark_there(struct logreader *l, const struct path_node *node)
{
	if (node->slot >= 0)
		l->is_there[node->slot] = true;
	for (const struct path_node *c = node->keys; c; c = c->next)
		mark_there(l, c);
	for (const struct path_node *c = node->elements; c; c = c->next)
		mark_there(l, c);
}

static void forget_columns(struct logreader *l)
{
	while (l->n_columns)
		free(l->columns[--l->n_columns].name);
	memset(l->is_there, 0, (size_t)l->recipe->paths.n * sizeof(*l->is_there));
}

/* Names the next column of the header. */
static void add_column(struct logreader *l, const char *name, size_t len)
{
	struct log_column *column;

	name = blank_trim(name, &len);
	if (l->n_columns == l->columns_cap) {
		l->columns_cap = mem_grow(l->columns_cap, l->n_columns + 1);
		l->columns = mem_realloc(l->columns, l->columns_cap, sizeof(*l->columns));
	}
	column = &l->columns[l->n_columns++];
	column->name = mem_dup(name, len);
	column->node = path_child(&l->recipe->paths.root, name, len);
}

/* The only column whose name is alike, if none is exactly that. */
static struct log_column *find_alike(struct logreader *l, const struct path_node *node)
{
	struct log_column *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->n_columns; i++) {
		struct log_column *column = &l->columns[i];

		if (column->node == node)
			return NULL;
		if (!column->node && colname_alike(column->name, node->key)) {
			found = column;
			n++;
		}
	}
	return n == 1 ? found : NULL;
}

/* At the end of the header: which of the recipe's fields are there. */
static void find_columns(struct logreader *l)
{
	for (const struct path_node *node = l->recipe->paths.root.keys; node; node = node->next) {
		struct log_column *alike = find_alike(l, node);

		if (alike)
			alike->node = node;
	}
	for (size_t i = 0; i < l->n_columns; i++)
		if (l->columns[i].node)
			mark_there(l, l->columns[i].node);
}

static void set_field(struct logreader *l, const struct path_node *node, const char *s, size_t len)
{
	s = blank_trim(s, &len);
	if (!len || recipe_words_have(&l->recipe->na, s, len))
		return;
	if (node->slot >= 0)
		l->values[node->slot] =
			(struct value){ .s = s,
					.len = (uint32_t)len,
					.kind = utf8_valid(s, len) ? VALUE_TEXT : VALUE_NO_TEXT };
	if (node->is_json) {
		json_inside(l->json, node, s, len);
		l->has_inside = true;
	}
}

static int next_csv(struct logreader *l, struct record *record, struct err *err)
{
	const struct csv_row *row;
	int rc = csv_reader_next(&l->csv, &row, err);

	if (rc <= 0)
		return rc;
	record->file = l->csv.file;
	record->line = l->csv.line;
	record->fault = row->fault;
	for (size_t i = 0; !row->fault && i < row->n; i++)
		if (l->columns[i].node)
			set_field(l, l->columns[i].node, row->fields[i].s, row->fields[i].len);
	return 1;
}

static size_t line_length(const struct text_piece *line)
{
	return line->len && line->s[line->len - 1] == '\r' ? line->len - 1 : line->len;
}

/* The fields of a line to the columns of the recipe; or, in a header, their names. */
static size_t split_tsv(struct logreader *l, const struct text_piece *line, bool is_header)
{
	const char *s = line->s, *end = s + line_length(line);
	size_t n = 0;

	for (;; s++) {
		const char *tab = s < end ? memchr(s, '\t', (size_t)(end - s)) : NULL;
		const char *until = tab ? tab : end;

		if (is_header)
			add_column(l, s, (size_t)(until - s));
		else if (n < l->n_columns && l->columns[n].node)
			set_field(l, l->columns[n].node, s, (size_t)(until - s));
		n++;
		if (!tab)
			return n;
		s = tab;
	}
}

static int next_tsv(struct logreader *l, struct record *record, struct err *err)
{
	struct text_piece line;
	size_t n;
	int rc = textlog_line(&l->text, &line, err);

	while (rc > 0 && !line_length(&line))
		rc = textlog_line(&l->text, &line, err);
	if (rc <= 0)
		return rc;
	record->line = l->text.line;
	n = split_tsv(l, &line, false);
	if (line.is_too_long) {
		record->fault = "a record of more than 64 MiB";
	} else if (n != l->n_columns) {
		snprintf(l->message, sizeof(l->message), "%zu fields, where %zu are expected", n,
			 l->n_columns);
		record->fault = l->message;
	}
	return 1;
}

/* Whether no column of the header can give the source a value. */
static bool is_lacking(const struct logreader *l, const struct recipe_source *source)
{
	size_t n_there = 0;

	for (size_t i = 0; i < source->n; i++)
		n_there += l->is_there[source->slots[i]];
	return source->kind != SOURCE_CONSTANT &&
	       (source->kind == SOURCE_HASH ? !n_there : n_there < source->n);
}

/* The name in the header that is nearest to a field that it lacks, or NULL. */
static const char *nearest_column(const struct logreader *l, const struct recipe_value *value)
{
	const char **names = mem_alloc(l->n_columns + 1, sizeof(*names)), *near = NULL;

	for (size_t i = 0; i < l->n_columns; i++)
		names[i] = l->columns[i].name;
	for (size_t i = 0; i < value->n && !near; i++)
		for (size_t k = 0; k < value->sources[i].n && !near; k++)
			near = nearest_word(l->recipe->paths.text[value->sources[i].slots[k]],
					    names, l->n_columns);
	free(names);
	return near;
}

static int fail_lacking(const struct logreader *l, const char *file, enum recipe_column column,
			struct err *err)
{
	const struct recipe_value *value = &l->recipe->values[column];
	const char *near = nearest_column(l, value);
	struct buf text = BUF_INIT;
	size_t i;

	buf_printf(&text, "%s: the header has nothing for '%s = %s' (%s:%u)", file,
		   recipe_column_name(column), value->text, l->recipe->file, value->line);
	if (near)
		buf_printf(&text, "; the nearest name is '%.*s'", err_clip(strlen(near)), near);
	buf_append_str(&text, "; it has ");
	for (i = 0; i < l->n_columns && text.len < HEADER_SHOWN; i++)
		buf_printf(&text, "%s%.*s", i ? ", " : "", err_clip(strlen(l->columns[i].name)),
			   l->columns[i].name);
	buf_append_str(&text, i < l->n_columns ? ", ..." : "");
	buf_append_char(&text, '\0');
	err_set(err, ERR_RUNTIME, "%s", text.data);
	buf_release(&text);
	return -1;
}

/* Whether a header can give a value to each column that no event can do without. */
static int check_columns(struct logreader *l, const char *file, struct err *err)
{
	static const enum recipe_column needed[] = { RECIPE_EVENT_ID,   RECIPE_EVENT_TS,
						     RECIPE_USER_ID,    RECIPE_CONTENT_ID,
						     RECIPE_EVENT_TYPE, RECIPE_START,
						     RECIPE_END,        RECIPE_DURATION };

	find_columns(l);
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		const struct recipe_value *value = &l->recipe->values[needed[i]];
		size_t n_lacking = 0;

		for (size_t k = 0; k < value->n; k++)
			n_lacking += is_lacking(l, &value->sources[k]);
		if (value->n && n_lacking == value->n)
			return fail_lacking(l, file, needed[i], err);
	}
	return 0;
}

/* A name that stands twice would feed its column from two fields. */
static int check_header(struct logreader *l, const char *file, uint64_t line, struct err *err)
{
	for (size_t i = 0; i < l->n_columns; i++)
		for (size_t k = 0; l->columns[i].node && k < i; k++)
			if (l->columns[i].node == l->columns[k].node)
				return err_set(err, ERR_RUNTIME,
					       "%s:%" PRIu64 ": column '%s' stands twice", file,
					       line, l->columns[i].name);
	return check_columns(l, file, err);
}

static int begin_tsv(struct logreader *l, struct err *err)
{
	const struct recipe_words *columns = &l->recipe->columns;
	struct text_piece line;
	int rc;

	forget_columns(l);
	for (size_t i = 0; i < columns->n; i++)
		add_column(l, columns->word[i], strlen(columns->word[i]));
	if (columns->n)
		return check_columns(l, l->text.file, err);
	rc = textlog_line(&l->text, &line, err);
	if (rc < 0)
		return -1;
	if (!rc || line.is_too_long)
		return fail_at(1, l->text.file, "no header", err);
	split_tsv(l, &line, true);
	return check_header(l, l->text.file, l->text.line, err);
}

/* --- JSON ---------------------------------------------------------------------------------------
 */

static bool is_blank_line(const struct text_piece *line)
{
	size_t i = 0;

	while (i < line->len && line->s[i] && strchr(" \t\r", line->s[i]))
		i++;
	return i == line->len;
}

/* Whether an object begins here that goes on in lines of its own. */
static bool is_lone_brace(const struct text_piece *line)
{
	size_t len = line->len;
	const char *s = blank_trim(line->s, &len);

	return len == 1 && *s == '{';
}

static int next_json_line(struct logreader *l, struct record *record, struct err *err)
{
	struct text_piece line;
	const char *why;
	int rc = textlog_line(&l->text, &line, err);

	while (rc > 0 && is_blank_line(&line))
		rc = textlog_line(&l->text, &line, err);
	if (rc <= 0)
		return rc;
	if (line.is_too_long)
		why = "a record of more than 64 MiB";
	else if (is_lone_brace(&line))
		why = "it ends in the middle: in JSON lines each object is in one line of its own "
		      "(jq -c . makes them)";
	else
		why = json_text(l->json, line.s, line.len);
	if (why)
		record->fault = why;
	else
		json_take(l->json, record);
	record->line = l->text.line;
	return 1;
}

static int next_in_stream(struct logreader *l, struct record *record, struct err *err)
{
	struct text_piece piece;
	const char *why;
	uint64_t line;
	int rc;

	while (!json_take(l->json, record)) {
		rc = textlog_piece(&l->text, l->keep, &piece, err);
		if (rc < 0)
			return -1;
		why = rc ? json_piece(l->json, piece.s, piece.len, l->text.line, &l->keep, &line)
			 : json_end(l->json);
		if (why)
			return fail_at(rc ? line : l->text.line, l->text.file, why, err);
		if (!rc)
			return 0;
	}
	return 1;
}

/* --- all of them --------------------------------------------------------------------------------
 */

/* A log that is given as it came: what makes it one that can be read. Returns 0, or -1 with err. */
static int refuse_foreign(struct logreader *l, struct err *err)
{
	bool is_stdin = !strcmp(l->text.file, "stdin"), may_be_json;
	const struct foreign *foreign;
	struct buf text = BUF_INIT;
	const char *s;
	size_t len;

	if (textlog_ahead(&l->text, FOREIGN_BYTES, &s, &len, err))
		return -1;
	foreign = foreign_find(s, len);
	may_be_json = l->recipe->format == RECIPE_JSON || l->recipe->columns.n;
	if (!foreign || (may_be_json && !strcmp(foreign->what, "JSON")))
		return 0;
	foreign_explain(&text, foreign, is_stdin ? NULL : l->text.file, l->text.gz.inflater,
			l->tool);
	buf_append_char(&text, '\0');
	err_set(err, ERR_RUNTIME, "%s:1: %s", l->text.file, text.data);
	buf_release(&text);
	return -1;
}

/* Goes to the next file of a log that is no CSV. Returns 1, 0 after the last, or -1 with err. */
static int next_file(struct logreader *l, struct err *err)
{
	char first;
	int rc = textlog_next_file(&l->text, err);

	if (rc <= 0)
		return rc;
	l->n_files++;
	l->is_file_open = true;
	l->keep = 0;
	if (refuse_foreign(l, err))
		return -1;
	if (l->recipe->format == RECIPE_TSV)
		return begin_tsv(l, err) ? -1 : 1;
	if (textlog_peek(&l->text, &first, err))
		return -1;
	l->is_stream = l->recipe->records || first == '[';
	return 1;
}

int logreader_open(struct logreader *l, const struct recipe *recipe, const struct csv_input *input,
		   struct err *err)
{
	int rc;

	*l = (struct logreader){
		.recipe = recipe, .tool = input->tool, .text = TEXTLOG_INIT, .csv = CSV_READER_INIT
	};
	l->values = mem_zalloc((size_t)recipe->paths.n + 1, sizeof(*l->values));
	l->is_there = mem_zalloc((size_t)recipe->paths.n + 1, sizeof(*l->is_there));
	l->json = json_new(&recipe->paths, recipe->records, err);
	if (!l->json)
		return -1;
	json_set_na(l->json, &recipe->na);
	if (recipe->format == RECIPE_CSV) {
		l->csv.tolerant = true;
		l->csv.keep_names = true;
		if (csv_reader_open(&l->csv, input, err))
			return -1;
		l->n_files = input->n ? input->n : 1;
		for (size_t i = 0; i < l->csv.header.n; i++)
			add_column(l, l->csv.header.names[i], strlen(l->csv.header.names[i]));
		return check_header(l, l->csv.file, l->csv.n_before + 1, err);
	}
	if (fileuse_inputs(input->paths, input->n, err))
		return -1;
	textlog_init(&l->text, input->paths, input->n, input->threads);
	rc = next_file(l, err);
	return rc < 0 ? -1 : 0;
}

static int next_of_file(struct logreader *l, struct record *record, struct err *err)
{
	if (l->recipe->format == RECIPE_TSV)
		return next_tsv(l, record, err);
	return l->is_stream ? next_in_stream(l, record, err) : next_json_line(l, record, err);
}

int logreader_next(struct logreader *l, struct record *record, struct err *err)
{
	int rc;

	*record = (struct record){ .values = l->values };
	if (l->recipe->format != RECIPE_JSON)
		clear_values(l);
	if (l->recipe->format == RECIPE_CSV) {
		rc = next_csv(l, record, err);
	} else {
		rc = 0;
		while (l->is_file_open && !(rc = next_of_file(l, record, err))) {
			rc = next_file(l, err);
			if (rc <= 0)
				l->is_file_open = false;
		}
		record->file = l->text.file;
	}
	if (l->has_inside)
		json_found(l->json, l->values);
	l->has_inside = false;
	if (rc <= 0)
		return rc;
	l->n_records++;
	return 1;
}

void logreader_warn(const struct logreader *l, struct warnings *warnings)
{
	if (l->recipe->format == RECIPE_CSV)
		csv_reader_warn(&l->csv, warnings);
}

void logreader_close(struct logreader *l)
{
	textlog_close(&l->text);
	csv_reader_close(&l->csv);
	json_free(l->json);
	free(l->values);
	if (l->is_there)
		forget_columns(l);
	free(l->columns);
	free(l->is_there);
}
