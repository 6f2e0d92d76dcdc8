#include "adapt/json.h"

#include "base/buf.h"
#include "scratch.h"

#include <sys/resource.h>

/* The paths, in order, up to a NULL. */
static void add_paths(struct paths *p, const char *const *texts)
{
	struct err err = ERR_INIT;

	for (int i = 0; texts[i]; i++)
		CHECK_INT(paths_add(p, texts[i], &err), i);
}

static void put_value(struct buf *out, const struct value *value)
{
	static const char *const kinds[] = {
		[VALUE_EMPTY] = "-",   [VALUE_COMPOUND] = "{}", [VALUE_TWICE] = "twice",
		[VALUE_NO_TEXT] = "?", [VALUE_NO_JSON] = "no",
	};

	if (value->kind == VALUE_TEXT)
		buf_printf(out, "<%.*s>", (int)value->len, value->s);
	else
		buf_append_str(out, kinds[value->kind]);
	buf_append_str(out, value->has_more ? "+" : "");
}

/* Takes what there is: "LINE VALUE VALUE ...;", or "LINE (FAULT);". */
static void put_records(struct json *j, int n, struct buf *out)
{
	struct record record;

	while (json_take(j, &record)) {
		buf_printf(out, "%" PRIu64, record.line);
		for (int i = 0; !record.fault && i < n; i++) {
			buf_append_char(out, ' ');
			put_value(out, &record.values[i]);
		}
		if (record.fault)
			buf_printf(out, " (%s)", record.fault);
		buf_append_char(out, ';');
	}
}

/* A text that is one record, in memory that ends where it does. */
static void put_text(struct json *j, int n, const char *text, size_t len, struct buf *out)
{
	char *copy = malloc(len + !len);
	const char *why;

	memcpy(copy, text, len);
	why = json_text(j, copy, len);
	if (why)
		buf_append_str(out, why);
	put_records(j, n, out);
	free(copy);
}

static void check_text(const char *const *paths, const char *text, const char *want)
{
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	struct json *j;

	add_paths(&p, paths);
	j = json_new(&p, NULL, &err);
	/* After each of them, the parser is as new. */
	for (int i = 0; i < 3; i++) {
		buf_clear(&got);
		put_text(j, p.n, i == 1 ? "{\"a\":\"\\\"" : text, i == 1 ? 8 : strlen(text), &got);
		buf_append_char(&got, '\0');
		CHECK_STR(got.data, i == 1 ? "it ends in the middle" : want);
	}
	json_free(j);
	paths_release(&p);
	buf_release(&got);
}

static const char *const some[] = { "a", "b.c", "b.d[1]", "b.d[1].e", NULL };

static void values_of_a_record(void)
{
	check_text(some, "{}", "0 - - - -;");
	check_text(some, " {\"a\" : 1.50e+3 , \"x\":[{\"a\":2}], \"b\":{\"c\":\"\\u00e9\\n\"}}\r",
		   "0 <1.50e+3> <\xc3\xa9> - -;");
	check_text(some, "{\"b\":{\"d\":[1,true,3]},\"a\":false}", "0 <false> - <true>+ -;");
	check_text(some, "{\"b\":{\"d\":[1,{\"e\":\" x y \"}]},\"a\":null}", "0 - - {} <x y>;");
	check_text(some, "{\"a\":[],\"b\":[{\"c\":1}]}", "0 {} - - -;");
	check_text(some, "{\"a\":\" \\t\",\"b\":1}", "0 - - - -;");
	check_text(some, "{\"a\":-0,\"b\":{\"c\":123456789012345678901234567890}}",
		   "0 <-0> <123456789012345678901234567890> - -;");
	check_text(some, "{\"\\u0061\":1,\"a\\u0000\":2}", "0 <1> - - -;");
}

static void a_key_twice(void)
{
	check_text(some, "{\"a\":1,\"a\":2,\"x\":1,\"x\":2}", "0 twice - - -;");
	check_text(some, "{\"a\":1,\"\\u0061\":null,\"a\":3}", "0 twice - - -;");
	check_text(some, "{\"b\":{\"c\":1},\"b\":{\"d\":[0,7]}}", "0 - twice twice twice;");
	check_text(some, "{\"b\":{\"c\":1,\"c\":{}},\"y\":{\"c\":1}}", "0 - twice - -;");
	check_text(some, "{\"b\":{\"d\":[{\"e\":1},{\"e\":2,\"e\":2},{\"e\":3}]}}",
		   "0 - - {}+ twice;");
}

static void text_that_is_none(void)
{
	check_text(some, "{\"a\":\"\\u0000\",\"x\":\"\\u0000\"}", "0 ? - - -;");
	check_text(some, "{\"a\":\"x\xff\",\"b\":{\"c\":\"\xed\xa0\x80\"}}", "0 ? ? - -;");
	check_text(some, "{\"a\":\"\\ud83c\\udfac\",\"b\":{\"c\":\"\\ud83c \\udfac\"}}",
		   "0 <\xf0\x9f\x8e\xac> ? - -;");
	check_text(some, "{\"a\":\"\\\\ud83c\",\"b\":{\"c\":\"\\ud83c\\u0041\"}}",
		   "0 <\\ud83c> ? - -;");
	check_text(some, "{\"a\":\"\\udfac\\ud83c\",\"b\":{\"c\":\"\\ud83c\\ud83c\\udfac\"}}",
		   "0 ? ? - -;");
	check_text(some, "{\"\\ud83c\":1,\"a\":\"\\uD83C\\uDFAC\"}", "0 <\xf0\x9f\x8e\xac> - - -;");
}

static void what_is_no_record(void)
{
	static const char middle[] = "it ends in the middle", several[] = "more than one value";

	check_text(some, "", middle);
	check_text(some, "{\"a\":1", middle);
	check_text(some, "{\"a\":[{", middle);
	check_text(some, "{\"a\":\"x", middle);
	check_text(some, "{} \"x", middle);
	check_text(some, "{} tru", middle);
	check_text(some, "{} {\"a\":", middle);
	check_text(some, "{} {}", several);
	check_text(some, "{} 12", "no object");
	check_text(some, "12", "no object");
	/* What yajl takes for white space. */
	for (const char *blank = "\v\f"; *blank; blank++) {
		static const char *const texts[] = { "%c{}", "{}%c", "{%c\"a\":1}",
						     "{\"x\":[1,%c2]}", "%c" };

		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
			char text[20];

			snprintf(text, sizeof(text), texts[i], *blank);
			check_text(some, text,
				   "no JSON: lexical error: invalid char in json text.");
		}
	}
	check_text(some, "{\"x\":\"\v\"}",
		   "no JSON: lexical error: invalid character inside string.");
	check_text(some, "null", "no object");
	check_text(some, "[{}]", "an array, where one object is expected");
	check_text(some, "{\"a\":1,}",
		   "no JSON: parse error: invalid object key (must be a string)");
	check_text(some, "{\"a\":01}",
		   "no JSON: parse error: after key and value, inside map, I expect ',' or '}'");
	check_text(some, "{\"a\":NaN}", "no JSON: lexical error: invalid char in json text.");
	check_text(some, "{'a':1}", "no JSON: lexical error: invalid char in json text.");
	check_text(some, "{\"a\":\"x\ty\"}",
		   "no JSON: lexical error: invalid character inside string.");
	check_text(some, "{\"a\":\"\\ud83\"}",
		   "no JSON: lexical error: invalid (non-hex) character occurs after '\\u' inside "
		   "string.");
	check_text(some, "{} // x",
		   "no JSON: lexical error: probable comment found in input text, comments are not "
		   "enabled.");
}

static void nesting_has_a_bound(void)
{
	static const char *const paths[] = { "a", "a.a", "x", NULL };

	for (int on_path = 0; on_path < 2; on_path++)
		for (size_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
			struct buf text = BUF_INIT;
			char *s;

			for (size_t i = 1; i < depth; i++)
				buf_append_str(&text, on_path ? "{\"a\":"
						      : i > 1 ? "["
							      : "{\"y\":");
			buf_append_str(&text, "{}");
			for (size_t i = 1; i < depth; i++)
				buf_append_char(&text, on_path || i == depth - 1 ? '}' : ']');
			buf_append_char(&text, '\0');
			s = text.data;
			check_text(paths, s,
				   depth > JSON_DEPTH_MAX ? "nested deeper than 1,000 levels"
				   : on_path              ? "0 {} {} -;"
							  : "0 - - -;");
			buf_release(&text);
		}
}

static const char *const inside[] = {
	"e", "e.@json.t", "e.@json[1].@json.t", "e.@json.n.@json.t", "e.@json.n", NULL
};

static void json_in_strings(void)
{
	check_text(inside, "{\"e\":\"{\\\"t\\\":1.50}\"}", "0 <{\"t\":1.50}> <1.50> - - -;");
	check_text(inside, "{\"e\":{\"t\":\"x\"}}", "0 {} <x> - - -;");
	check_text(inside, "{\"e\":\" [0,\\\"{\\\\\\\"t\\\\\\\":true}\\\"]\"}",
		   "0 <[0,\"{\\\"t\\\":true}\"]> - <true> - -;");
	check_text(inside, "{\"e\":{\"n\":\"{\\\"t\\\":\\\"\\\\u00e9\\\"}\"}}",
		   "0 {} - - <\xc3\xa9> <{\"t\":\"\\u00e9\"}>;");
	check_text(inside, "{\"e\":\"{\\\"t\\\":1,\\\"t\\\":2}\"}",
		   "0 <{\"t\":1,\"t\":2}> twice - - -;");
	check_text(inside, "{\"e\":\"3\"}", "0 <3> - - - -;");
	check_text(inside, "{\"e\":3}", "0 <3> - - - -;");
	check_text(inside, "{\"e\":\"\"}", "0 - - - - -;");
	check_text(inside, "{\"e\":\"no\"}", "0 <no> no no no no;");
	check_text(inside, "{\"e\":\"{} {}\"}", "0 <{} {}> no no no no;");
	check_text(inside, "{\"e\":\"{\\\"t\\\":1} \\\"x\"}", "0 <{\"t\":1} \"x> no no no no;");
	check_text(inside, "{\"e\":\"{\\\"n\\\":\\\"no\\\",\\\"t\\\":1}\"}",
		   "0 <{\"n\":\"no\",\"t\":1}> <1> - no <no>;");
	/* Half a pair in the inner text, and one that the outer text is damaged by. */
	check_text(inside, "{\"e\":\"{\\\"t\\\":\\\"\\\\ud83c\\\"}\"}",
		   "0 <{\"t\":\"\\ud83c\"}> ? - - -;");
	check_text(inside, "{\"e\":\"{\\\"t\\\":\\\"\\ud83c\\\"}\"}", "0 ? ? - - -;");
}

/* --- streams ------------------------------------------------------------------------------------
 */

struct stream {
	const char *records; /* path, or NULL */
	const char *text;
};

/*
 * Reads the first bytes of a text in a piece of `first` bytes (0: none), the others in pieces of
 * `size`; what is kept comes again. Appends the records, and what is wrong.
 */
static void put_stream(const struct paths *p, struct stream stream, size_t first, size_t size,
		       struct buf *out)
{
	struct err err = ERR_INIT;
	struct json *j = json_new(p, stream.records, &err);
	size_t at = 0, keep = 0, len = strlen(stream.text), n = first ? first : size;
	uint64_t line = 1, error_line = 0;
	const char *why = NULL;

	for (; at < len && !why; n = size) {
		size_t end = len - at < n ? len : at + n;
		char *piece = malloc(end - at + keep);

		memcpy(piece, stream.text + at - keep, end - at + keep);
		why = json_piece(j, piece, end - at + keep, line, &keep, &error_line);
		put_records(j, p->n, out);
		CHECK(!memchr(stream.text + end - keep, '\n', keep));
		for (; at < end; at++)
			line += stream.text[at] == '\n';
		free(piece);
	}
	if (why) {
		buf_printf(out, "%" PRIu64 " %s", error_line, why);
	} else {
		why = json_end(j);
		if (why)
			buf_printf(out, "end %s", why);
	}
	buf_append_char(out, '\0');
	json_free(j);
}

static const struct {
	struct stream stream;
	const char *want;
} streams[] = {
	{ { NULL, "[]" }, "" },
	{ { NULL, "[{\"a\":1},\n{\"a\":\"\\u0032\"}\n\n,\n{\n\"a\":3}]\n" },
	  "1 <1> - - -;2 <2> - - -;5 <3> - - -;" },
	{ { NULL, "[1,\nnull,[{\"a\":1}],\n\n{\"a\":2}, \"\\\\\"]" },
	  "1 (no object);2 (no object);2 (no object);4 <2> - - -;4 (no object);" },
	{ { NULL,
	    "[{\"a\":\"\\ud83c\\udfac\\ud83c\"},{\"a\":\"\\ud83c\\udfac\\\\\\ud83c\\udfac\"}]" },
	  "1 ? - - -;1 <\xf0\x9f\x8e\xac\\\xf0\x9f\x8e\xac> - - -;" },
	{ { NULL, "[{\"b\":{\"c\":\"\\\\ud83c\\u000a\",\"d\":[0,{\"e\":\"\\udfac\"},2,3]}}][{}]" },
	  "1 - <\\ud83c> {}+ ?;1 - - - -;" },
	{ { NULL, "[{\"a\":1}\n,{\"a\":01}]" },
	  "1 <1> - - -;2 no JSON: parse error: after key and value, inside map, I expect ',' or "
	  "'}'" },
	{ { NULL, "[{\"a\":\"x\n\"}]" },
	  "1 no JSON: lexical error: invalid character inside string." },
	{ { NULL, "[\n{\"a\":\"\\u\n\"}]" },
	  "2 no JSON: lexical error: invalid (non-hex) character occurs after '\\u' inside "
	  "string." },
	{ { NULL, "[\n{\"a\":\"\\ud83c\\u\n\"}]" },
	  "2 no JSON: lexical error: invalid (non-hex) character occurs after '\\u' inside "
	  "string." },
	{ { NULL, "[{\"a\":1},{\"a\":" }, "1 <1> - - -;end it ends in the middle" },
	{ { NULL, "[{\"a\":1}]\n\"x" }, "1 <1> - - -;end it ends in the middle" },
	{ { NULL, "[{\"a\":1}]\\" }, "1 <1> - - -;end it ends in the middle" },
	{ { NULL, "[{\"a\":1}] tru" }, "1 <1> - - -;end it ends in the middle" },
	{ { NULL, "[{\"a\":1}]\n12" }, "1 <1> - - -;end no object" },
	{ { NULL, "[{\"a\":1}]\n12 " }, "1 <1> - - -;2 no object" },
	{ { "r", "{\"n\":3,\"r\":[{\"a\":1},{\"b\":[]}],\"t\":\"\\u1234\"}\n{\"r\":[{\"a\":2}]}" },
	  "1 <1> - - -;1 - - - -;2 <2> - - -;" },
	{ { "r.d[1]", "{\"r\":{\"d\":[[{\"a\":0}],\n[{\"a\":1}],[{\"a\":2}]],\"a\":7}}" },
	  "2 <1> - - -;" },
	{ { "r", "{\"x\":[{\"a\":1}],\"r\":{\"r\":[{}]}}" },
	  "1 no array at the path of 'records'" },
	{ { "r", "{\"r\":[{\"a\":1}]}\n{\"q\":[]}\n{\"r\":[]}" },
	  "1 <1> - - -;2 no array at the path of 'records'" },
	{ { "r", "{\"r\":[{\"a\":1}],\n\"r\":[{}]}" },
	  "1 <1> - - -;2 a key on the path of 'records' stands twice" },
	{ { "r", " \n" }, "" },
	{ { "r", "{\"r\":[{\"a\":1}]} null" }, "1 <1> - - -;1 no object" },
};

/* Cut in two at each place, and in pieces of each size. */
static void a_stream_is_the_same_in_any_pieces(void)
{
	struct paths p = PATHS_INIT;
	struct buf got = BUF_INIT;

	add_paths(&p, some);
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		size_t len = strlen(streams[i].stream.text);

		for (size_t k = 0; k < 2 * len; k++) {
			buf_clear(&got);
			put_stream(&p, streams[i].stream, k < len ? k : 0,
				   k < len ? len : k - len + 1, &got);
			if (!strcmp(got.data, streams[i].want))
				continue;
			CHECK_FAIL("stream %zu, cut at %zu, pieces of %zu:", i, k < len ? k : 0,
				   k < len ? len : k - len + 1);
			CHECK_STR(got.data, streams[i].want);
			break;
		}
	}
	paths_release(&p);
	buf_release(&got);
}

static void texts_after_a_stream(void)
{
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;
	struct buf got = BUF_INIT;
	uint64_t line;
	size_t keep;
	struct json *j;

	add_paths(&p, some);
	j = json_new(&p, NULL, &err);
	for (int i = 0; i < 2; i++) {
		char stream[] = "[{\"a\":1}]        ";
		char *piece = malloc(sizeof(stream));

		memcpy(piece, stream, sizeof(stream));
		CHECK(!json_piece(j, piece, strlen(stream), 7, &keep, &line));
		put_records(j, p.n, &got);
		free(piece);
		CHECK(!json_end(j));
		put_text(j, p.n, "                      {\"a\":2}", 29, &got);
		put_text(j, p.n, "[{\"a\":3}]", 9, &got);
	}
	buf_append_char(&got, '\0');
	CHECK_STR(got.data, "7 <1> - - -;0 <2> - - -;an array, where one object is expected"
			    "7 <1> - - -;0 <2> - - -;an array, where one object is expected");
	json_free(j);
	paths_release(&p);
	buf_release(&got);
}

/* JSON in the columns of a table. */
static void json_inside_of_other_records(void)
{
	static const char *const texts[] = { "{\"t\":1,\"n\":\"{\\\"t\\\":2}\"}", "no",
					     "{\"t\":3}" };
	static const char *const want[] = { "- <1> - <2> <{\"t\":2}>", "- no no no no",
					    "- <3> - - -" };
	struct paths p = { .is_table = true, .root = { .slot = -1 }, .arena = ARENA_INIT };
	struct err err = ERR_INIT;
	struct json *j;

	add_paths(&p, inside);
	j = json_new(&p, NULL, &err);
	for (int i = 0; i < 3; i++) {
		struct value values[5] = { { .s = "" } };
		struct buf got = BUF_INIT;

		json_inside(j, p.root.keys, texts[i], strlen(texts[i]));
		json_found(j, values);
		for (int k = 0; k < p.n; k++) {
			buf_append_str(&got, k ? " " : "");
			put_value(&got, &values[k]);
		}
		buf_append_char(&got, '\0');
		CHECK_STR(got.data, want[i]);
		buf_release(&got);
	}
	json_free(j);
	paths_release(&p);
}

static void a_path_of_records_that_is_none(void)
{
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;

	CHECK(!json_new(&p, "r..d", &err));
	CHECK_BEGINS(err.message, "'r..d' is no path");
	paths_release(&p);
}

/* Ten million bytes in small pieces: the peak is that of the first. */
static void memory_does_not_grow_with_the_stream(void)
{
	static const char record[] = ",{\"e\":\"{\\\"n\\\":\\\"{\\\\\\\"t\\\\\\\":7}\\\"}\",\"x\":["
				     "[1,2,{}]],\"e2\":\"\\ud83c\\udfac\"}\n";
	enum { PIECE = 5003, N_PIECES = 2000 };
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;
	uint64_t n = 0, line;
	char piece[PIECE + 16];
	struct rusage before, after;
	size_t at = 0, keep = 0, len = 0;
	struct record taken;
	struct json *j;
	bool ok = true;

	add_paths(&p, inside);
	j = json_new(&p, NULL, &err);
	for (int i = 0; i < N_PIECES && ok; i++) {
		memmove(piece, piece + len - keep, keep);
		for (len = keep; len < keep + PIECE; len++, at++)
			piece[len] = at ? record[at % (sizeof(record) - 1)] : '[';
		ok = !json_piece(j, piece, len, 1, &keep, &line);
		while (json_take(j, &taken)) {
			n++;
			ok &= taken.values[3].kind == VALUE_TEXT && taken.values[3].len == 1;
		}
		if (i == 100)
			getrusage(RUSAGE_SELF, &before);
	}
	getrusage(RUSAGE_SELF, &after);
	CHECK(ok);
	CHECK_INT(n, at / (sizeof(record) - 1));
#ifndef CHECK_SANITIZED
	CHECK(after.ru_maxrss - before.ru_maxrss < 1024); /* KiB */
#else
	(void)before;
#endif
	json_free(j);
	paths_release(&p);
}

/* One that never ends is none. */
static void a_record_of_a_stream_has_a_bound(void)
{
	enum { PIECE = 1 << 20 };
	static const char *const begins[] = { "[{\"a\":[\"x\",", "[{}] " };
	char *piece = malloc(PIECE);
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;

	add_paths(&p, some);
	for (int i = 0; i < 2; i++) {
		struct json *j = json_new(&p, NULL, &err);
		const char *why = NULL;
		struct record taken;
		uint64_t line;
		size_t n = 0, keep;

		for (; !why && n < 80; n++) {
			memset(piece, ' ', PIECE);
			if (!n)
				memcpy(piece, begins[i], strlen(begins[i]));
			why = json_piece(j, piece, PIECE, 1, &keep, &line);
			while (json_take(j, &taken))
				;
		}
		CHECK_STR(why ? why : "endless", "a record of more than 64 MiB");
		CHECK(n > 60);
		json_free(j);
	}
	free(piece);
	paths_release(&p);
}

int main(void)
{
	RUN(values_of_a_record);
	RUN(a_key_twice);
	RUN(text_that_is_none);
	RUN(what_is_no_record);
	RUN(nesting_has_a_bound);
	RUN(json_in_strings);
	RUN(a_stream_is_the_same_in_any_pieces);
	RUN(texts_after_a_stream);
	RUN(json_inside_of_other_records);
	RUN(a_path_of_records_that_is_none);
	RUN(memory_does_not_grow_with_the_stream);
	RUN(a_record_of_a_stream_has_a_bound);
	return CHECK_DONE();
}
