#include "adapt/logreader.h"

#include "base/utf8.h"
#include "base/warnings.h"
#include "scratch.h"

#define REST                                                                                       \
	"event_id = id\nuser_id = u\ncontent_id = c\nevent_ts = t\nevent_type = e\nevent * -> "    \
	"ignore\n"

static const char *const logs[] = { "a", "b", "c" };

static void put_value(struct buf *out, const struct value *value)
{
	static const char *const kinds[] = {
		[VALUE_EMPTY] = "-",   [VALUE_COMPOUND] = "{}", [VALUE_TWICE] = "twice",
		[VALUE_NO_TEXT] = "?", [VALUE_NO_JSON] = "no",
	};

	if (value->kind == VALUE_TEXT)
		buf_append(out, value->s, value->len);
	else
		buf_append_str(out, kinds[value->kind]);
	buf_append_str(out, value->has_more ? "+" : "");
}

/*
 * The records of the first n logs: "FILE:LINE VALUE VALUE ...;", the values in the order in which
 * the recipe names them; or, without places, "VALUE VALUE ...;". The reader is closed.
 */
static void put_log(const char *recipe, size_t n, bool places, struct buf *out)
{
	struct csv_input input = { .paths = logs, .n = n, .threads = 0 };
	struct recipe r;
	struct logreader l;
	struct record record;
	struct err err = ERR_INIT;
	struct warnings warnings = WARNINGS_INIT;
	uint64_t n_records = 0;
	int rc;

	scratch_write("recipe", recipe, strlen(recipe));
	if (recipe_read(&r, "recipe", &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
	rc = logreader_open(&l, &r, &input, &err) ? -1 : 1;
	while (rc > 0 && (rc = logreader_next(&l, &record, &err)) > 0) {
		n_records++;
		if (places)
			buf_printf(out, "%s:%" PRIu64, record.file, record.line);
		for (int i = 0; !record.fault && i < r.paths.n; i++) {
			buf_append_str(out, places || i ? " " : "");
			put_value(out, &record.values[i]);
		}
		if (record.fault)
			buf_printf(out, " (%s)", record.fault);
		buf_append_char(out, ';');
	}
	CHECK_INT(l.n_records, n_records);
	if (rc)
		buf_append_str(out, err.message);
	else if (places)
		logreader_warn(&l, &warnings);
	buf_append(out, warnings.text.data, warnings.text.len);
	buf_append_char(out, '\0');
	warnings_release(&warnings);
	logreader_close(&l);
	recipe_release(&r);
}

static void check_log(const char *recipe, size_t n, const char *want)
{
	struct buf got = BUF_INIT;

	put_log(recipe, n, true, &got);
	CHECK_STR(got.data, want);
	buf_release(&got);
}

static void write_log(const char *path, const char *text)
{
	scratch_write(path, text, strlen(text));
}

/* Each file is what it begins like, and begins anew. */
static void lines_and_arrays_one_after_another(void)
{
	static const char recipe[] = "format json\n" REST;

	write_log("a", "\n [{\"id\":1}\n,{\"id\":2}]        \n");
	write_log("b", "{\"id\":3}\r\n \t\n                         "
		       "{\"id\":4}\n[{\"id\":5}]\n{\"id\":\nnull");
	write_log("c", "\xef\xbb\xbf[{\"id\":6},7]");
	check_log(recipe, 3,
		  "a:2 1 - - - -;a:3 2 - - - -;b:1 3 - - - -;b:3 4 - - - -;"
		  "b:4 (an array, where one object is expected);b:5 (it ends in the middle);b:6 "
		  "(no object);"
		  "c:1 6 - - - -;c:1 (no object);");
	write_log("a", "[]");
	write_log("b", "[{\"id\":1}]\n\n[{\"id\":01}]");
	check_log(recipe, 2,
		  "b:3: damaged log: no JSON: parse error: after key and value, "
		  "inside map, I expect ',' or '}'");
	write_log("b", "[{\"id\":1}]\n\n[{\"id\":1}\n");
	check_log(recipe, 2, "b:1 1 - - - -;b:3 1 - - - -;b:4: damaged log: it ends in the middle");
}

static void documents_with_records(void)
{
	write_log(
		"a",
		"{\"n\":1,\"d\":[{\"id\":1,\"u\":[1,2,3]}]}\n{\"d\":[{\"u\":[4,5]},{\"u\":[6]}]}");
	check_log("format json\nrecords d\nkeep a = u[0]\n" REST, 1,
		  "a:1 1+ 1 {} - - -;a:2 4+ - {} - - -;a:2 6 - {} - - -;");
	write_log("b", "{\"e\":[]}");
	check_log("format json\nrecords d\n" REST, 2,
		  "a:1 1 {} - - -;a:2 - {} - - -;a:2 - {} - - -;b:1: damaged log: no array at the "
		  "path of 'records'");
}

static void words_for_nothing(void)
{
	write_log("a", "{\"id\":\" NA\",\"u\":\"N A\",\"t\":0}\n{\"id\":\"0\",\"u\":\"na\"}");
	check_log("format json\nna NA \"N A\" 0\n" REST, 1, "a:1 - - - - -;a:2 - na - - -;");
	/* Even of text that would have to be JSON. */
	write_log("a", "{\"u\":\" N A\"}\n{\"u\":\"NA.\"}\n{\"u\":\"{\\\"x\\\":\\\"NA\\\"}\"}");
	check_log("format json\nna NA \"N A\"\nkeep x = u.@json.x\n" REST, 1,
		  "a:1 - - - - - -;a:2 no - NA. - - -;a:3 - - {\"x\":\"NA\"} - - -;");
	write_log("a", "id\tu\tc\tt\te\n\tNA\n\tN A \t\t\t\n\tNA.\t\t\t\n");
	check_log("format tsv\nna NA \"N A\"\nkeep x = u.@json.x\n" REST, 1,
		  "a:2 (2 fields, where 5 are expected);a:3 - - - - - -;a:4 no - NA. - - -;");
	write_log("a", "id,u,c,t,e\n NA , ,\"N A\",0,\"NA\"\"\"\n");
	check_log("format csv\nna NA \"N A\" 0\n" REST, 1, "a:2 - - - - NA\";");
}

static void tables_with_tabs(void)
{
	static const char recipe[] = "format tsv\nkeep x = c.@json.x\n" REST;

	write_log("a", "\xef\xbb\xbfid\tt\t more \te\tc\tu\r\n1 \t\"2\t\"x\\\t\t "
		       "{\"x\":\"\\u00e9\"}\t\xff\r\n\r\n\n1\t2\n1\t2\t3\t4\tno\t6\t7\n");
	check_log(recipe, 1,
		  "a:2 \xc3\xa9 1 ? {\"x\":\"\\u00e9\"} \"2 -;a:5 (2 fields, where 6 are expected);"
		  "a:6 (7 fields, where 6 are expected);");
	write_log("b", "u\tc\tid\tt\te\n1\tno\t3\t4\t5");
	check_log(recipe, 2,
		  "a:2 \xc3\xa9 1 ? {\"x\":\"\\u00e9\"} \"2 -;a:5 (2 fields, where 6 are expected);"
		  "a:6 (7 fields, where 6 are expected);b:2 no 3 1 no 4 5;");
	write_log("a", "id\tu\tmore\tmore\tc\tt\te\tu\n");
	check_log(recipe, 1, "a:1: column 'u' stands twice");
	write_log("a", "id\tu\tt\tE\n");
	check_log(recipe, 1,
		  "a: the header has nothing for 'content_id = c' (recipe:5); it has id, u, t, E");
	write_log("a", "\n");
	check_log(recipe, 1, "a: the header has nothing for 'event_id = id' (recipe:3); it has ");
	write_log("a", "1\t2\t3\n");
	check_log("format tsv\ncolumns u x\tid\n" REST, 1,
		  "a: the header has nothing for 'event_ts = t' (recipe:6); it has u, x, id");
	check_log("format tsv\ncolumns t u id\nevent_id = id | y\nuser_id = y | hash u "
		  "y\ncontent_id = id + y | constant k\n"
		  "event_ts = t\nevent_type = u\nevent * -> ignore\n",
		  1, "a:1 3 - 2 1;");
}

/* Where no name is exactly the recipe's, the only one that is alike; else the nearest is told. */
static void names_of_columns(void)
{
	static const char recipe[] = "format csv\nkeep x = Event_Name | \" Two\"\n" REST;

	write_log("a", "ID,U,c,C,T,e,event_name,TWO\n1,2,3,4,5,6,7,8\n");
	check_log(recipe, 1, "a:2 7 8 1 2 3 5 6;");
	write_log("a", "id,ID,u,c,t,e,EVENT_NAME,event_name,two\n1,2,3,4,5,6,7,8,9\n");
	check_log(recipe, 1, "a:2 - 9 1 3 4 5 6;");
	write_log("a", "id\tu\tC \tt\te\n1\t2\t3\t4\t5\n");
	write_log("b", "u\tID\tc\tC\tt\te\n1\t2\t3\t4\t5\t6\n");
	check_log("format tsv\n" REST, 2, "a:2 1 2 3 4 5;b:2 2 1 3 5 6;");
	write_log("a", "Id,iD,u,c,t,e\n");
	check_log(recipe, 1,
		  "a: the header has nothing for 'event_id = id' (recipe:3); the nearest name is "
		  "'Id'; it has Id, iD, u, c, t, e");
	write_log("a", "video_idd\tu\tc\tt\te\n");
	check_log("format tsv\nevent_id = a | video_id\nuser_id = u\ncontent_id = c\nevent_ts = t\n"
		  "event_type = e\nevent * -> ignore\n",
		  1,
		  "a: the header has nothing for 'event_id = a | video_id' (recipe:2); the nearest "
		  "name is 'video_idd'; it has video_idd, u, c, t, e");
}

/* Objects over several lines, and formats that are not the recipe's. */
static void logs_that_are_not_what_they_should_be(void)
{
	static const char json[] = "format json\n" REST, tsv[] = "format tsv\n" REST;
	static const char columns[] = "format tsv\ncolumns id u c t e\n" REST;

	write_log("a", "{\n  \"id\": 1\n}\n{\"id\":2}\n\v\n");
	check_log(
		json, 1,
		"a:1 (it ends in the middle: in JSON lines each object is in one line of its own "
		"(jq -c . makes them));a:2 (no object);a:3 (no JSON: parse error: unallowed token "
		"at this point in JSON text);a:4 2 - - - -;a:5 (no JSON: lexical error: invalid "
		"char in json text.);");
	write_log("a", "{\"id\":1}\t2\t3\t4\t5\n");
	check_log(columns, 1, "a:1 {\"id\":1} 2 3 4 5;");
	check_log(tsv, 1, "a:1: is JSON: mlr --ijson --ocsv unsparsify a >FILE");
	for (int i = 0; i < 2; i++) {
		const char *recipe = i ? tsv : json;

		write_log("a", "<!DOCTYPE html>\n");
		check_log(recipe, 1, "a:1: is a web page: did its download fail?");
		write_log("a", "\x28\xb5\x2f\xfd...");
		check_log(recipe, 1, "a:1: is zstd-compressed: zstd -dc a >FILE");
		scratch_write("a", "\xff\xfe{\0\n\0", 6);
		check_log(recipe, 1, "a:1: is UTF-16: iconv -f UTF-16 -t UTF-8 a >FILE");
	}
}

/* A header of very many columns is read at once. */
static void a_wide_header(void)
{
	struct buf text = BUF_INIT;

	for (int i = 0; i < 300000; i++)
		buf_append_char(&text, '\t');
	buf_append_str(&text, "id\tu\tc\tt\te\n");
	scratch_write("a", text.data, text.len);
	check_log("format tsv\n" REST, 1, "");
	buf_release(&text);
}

/* Appends a random text that has what is special in one of the formats, and no blanks at its ends.
 */
static void put_random(uint64_t *random, bool is_tsv, struct buf *out)
{
	static const char *const parts[] = { "\\",    "\"",     "\\\\\"",   "u",
					     "d83c",  ",",      "\xc3\xa9", "\xf0\x9f\x8e\xac",
					     "[",     "}",      ":",        " x",
					     "\n\n.", "\\\t\\", "\x01" };
	size_t n = scratch_below(random, 40);

	buf_append_char(out, 'x');
	while (n--)
		buf_append_str(out, parts[scratch_below(random, is_tsv ? 12 : 15)]);
}

static void put_json_text(struct buf *out, const char *s, size_t len)
{
	buf_append_char(out, '"');
	for (const char *end = s + len; s < end;) {
		size_t n = utf8_length(s, end);

		if (n == 4)
			buf_append_str(out, "\\ud83c\\udfac");
		else if (*s == '"' || *s == '\\')
			buf_printf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			buf_printf(out, "\\u%04x", *s);
		else
			buf_append(out, s, n);
		s += n;
	}
	buf_append_char(out, '"');
}

/* The same records in each format, many pieces of them, have the same values. */
static void all_formats_say_the_same(void)
{
	enum { LINES, ARRAY, DOCUMENTS, CSV, TSV, N_FORMS };
	static const char *const recipes[] = { "format json\n" REST, "format json\n" REST,
					       "format json\nrecords r\n" REST, "format csv\n" REST,
					       "format tsv\n" REST };
	static const char *const names[] = { "id", "u", "c", "t", "e" };

	for (int is_tsv = 0; is_tsv < 2; is_tsv++) {
		struct buf text[N_FORMS] = { BUF_INIT }, want = BUF_INIT, got = BUF_INIT;
		uint64_t random = 1;

		buf_append_char(&text[ARRAY], '[');
		buf_append_str(&text[CSV], "id,u,c,t,e\n");
		buf_append_str(&text[TSV], "id\tu\tc\tt\te\n");
		for (int i = 0; i < 5000; i++) {
			struct buf field = BUF_INIT;

			buf_append_str(&text[ARRAY], i ? "," : "");
			buf_append_str(&text[DOCUMENTS], "{\"r\":[");
			for (int k = 0; k < 5; k++) {
				buf_clear(&field);
				put_random(&random, is_tsv, &field);

				for (int form = LINES; form <= DOCUMENTS; form++) {
					buf_printf(&text[form], "%c\"%s\":", k ? ',' : '{',
						   names[k]);
					put_json_text(&text[form], field.data, field.len);
				}
				csv_put_text(&text[CSV], field.data, field.len);
				buf_append(&text[TSV], field.data, field.len);
				buf_append_char(&text[TSV], k < 4 ? '\t' : '\n');
				buf_append(&want, field.data, field.len);
				buf_append_char(&want, k < 4 ? ' ' : ';');
			}
			buf_release(&field);
			csv_end_row(&text[CSV]);
			buf_append_str(&text[LINES], "}\n");
			buf_append_str(&text[ARRAY], "}");
			buf_append_str(&text[DOCUMENTS], "}]}");
		}
		buf_append_char(&text[ARRAY], ']');
		buf_append_char(&want, '\0');
		for (int form = 0; form < (is_tsv ? N_FORMS : TSV); form++) {
			buf_clear(&got);
			scratch_write("a", text[form].data, text[form].len);
			put_log(recipes[form], 1, false, &got);
			if (got.len != want.len || memcmp(got.data, want.data, want.len) != 0)
				CHECK_FAIL("form %d differs: ...%.80s", form,
					   got.data + (got.len > 80 ? got.len - 80 : 0));
		}
		for (int form = 0; form < N_FORMS; form++)
			buf_release(&text[form]);
		buf_release(&want);
		buf_release(&got);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(lines_and_arrays_one_after_another);
	RUN(documents_with_records);
	RUN(words_for_nothing);
	RUN(tables_with_tabs);
	RUN(names_of_columns);
	RUN(logs_that_are_not_what_they_should_be);
	RUN(a_wide_header);
	RUN(all_formats_say_the_same);
	scratch_leave(dir);
	return CHECK_DONE();
}
