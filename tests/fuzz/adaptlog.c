/*
 * A log through one of these recipes, which the first option says.
 *
 * JSON lines are the same, each by itself, in any order; a stream is the same in pieces of any
 * size, which the second option says, to where it is damaged.
 */
#include "adaptation.h"

#define COLUMNS                                                                                    \
	"event_id = id | hash id t u\nuser_id = u + v | u\ncontent_id = c.id | c[1].id\n"          \
	"event_ts = t | s in ms\nevent_type = e\nplayback_position = p in percent\nruntime = r "   \
	"in hms\n"
#define EVENTS                                                                                     \
	"event play p* -> play\nevent stop -> complete if playback_position >= 95% else stop\n"    \
	" runtime = x.@json.r\n device = x.@json[0].d[1]\nevent * -> dimension\nwhere live != "    \
	"true\n"                                                                                   \
	"email = x\ngenre = x.@json.g.@json.h\nna NA\n"

static const char *const recipes[] = {
	"format json\n" COLUMNS EVENTS,
	"format json\nrecords r.\"a b\"[1]\n" COLUMNS EVENTS,
	"format csv\n" COLUMNS EVENTS,
	"format tsv\n" COLUMNS EVENTS,
	"format tsv\ncolumns id u c t s e p\nzone Europe/Berlin\nkeep more = e.@json.x\n"
	"event_id = id\nuser_id = u\ncontent_id = c\nstart = t\nend = s\noutcome complete if e "
	"exists else ignore\n"
	"playback_position = p in ratio\nruntime = p\n",
};
#define N_RECIPES (sizeof(recipes) / sizeof(*recipes))

static const struct recipe *recipe_of(size_t which)
{
	static struct recipe *r[N_RECIPES];
	struct err err = ERR_INIT;

	if (!r[which]) {
		const char *text = recipes[which];

		r[which] = malloc(sizeof(*r[which]));
		FUZZ_CHECK(!recipe_read(r[which], fuzz_file(which, text, strlen(text)), &err), "%s",
			   err.message);
	}
	return r[which];
}

static void put_record(const struct record *record, int n, bool has_line, struct buf *out)
{
	if (has_line)
		buf_printf(out, "%" PRIu64 " ", record->line);
	for (int i = 0; !record->fault && i < n; i++) {
		FUZZ_CHECK(record->values[i].kind == VALUE_TEXT ? record->values[i].len > 0
								: !record->values[i].len,
			   "%u bytes", record->values[i].len);
		buf_printf(out, "%d %u:", record->values[i].kind, record->values[i].len);
		buf_append(out, record->values[i].s, record->values[i].len);
	}
	if (record->fault)
		buf_append_str(out, record->fault);
	buf_append_char(out, '\n');
}

/* The records of a stream that comes in pieces, and where it ends, and why. */
static void put_stream(const struct recipe *r, const char *text, size_t len, size_t size,
		       struct buf *out)
{
	struct err err = ERR_INIT;
	struct json *j = json_new(&r->paths, r->records, &err);
	uint64_t line = 1, error_line = 0;
	const char *why = NULL;
	struct record record;
	size_t at = 0, keep = 0;

	while (at < len && !why) {
		size_t end = len - at < size ? len : at + size;
		char *piece = malloc(end - at + keep);

		memcpy(piece, text + at - keep, end - at + keep);
		why = json_piece(j, piece, end - at + keep, line, &keep, &error_line);
		while (json_take(j, &record))
			put_record(&record, r->paths.n, true, out);
		for (; at < end; at++)
			line += text[at] == '\n';
		free(piece);
	}
	if (!why) {
		why = json_end(j);
		error_line = 0;
	}
	buf_printf(out, "%" PRIu64 " %s\n", error_line, why ? why : "is whole");
	json_free(j);
}

/* All lines by one parser, or each by a new one. */
static void put_lines(const struct recipe *r, const char *text, size_t len, bool anew,
		      struct buf *out)
{
	struct err err = ERR_INIT;
	struct json *j = json_new(&r->paths, NULL, &err);
	const char *end = text + len;

	while (text < end) {
		const char *feed = memchr(text, '\n', (size_t)(end - text)),
			   *until = feed ? feed : end;
		size_t n = (size_t)(until - text);
		char *copy = malloc(n + !n);
		const char *why;
		struct record record = { NULL, NULL, 0, NULL };

		memcpy(copy, text, n);
		why = json_text(j, copy, n);
		free(copy);
		if (why)
			record.fault = why;
		else
			FUZZ_CHECK(json_take(j, &record), "no record");
		put_record(&record, r->paths.n, false, out);
		FUZZ_CHECK(!json_take(j, &record), "two records");
		if (anew) {
			json_free(j);
			j = json_new(&r->paths, NULL, &err);
		}
		text = until + 1;
	}
	json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	const struct recipe *r = recipe_of(fuzz_option(&f, N_RECIPES));
	size_t piece = 1 + (size_t)fuzz_option(&f, 256), len = (size_t)(f.end - f.at);
	struct buf once = BUF_INIT, again = BUF_INIT;

	fuzz_adapt(r, fuzz_file(6, f.at, len), &once);
	if (r->format == RECIPE_JSON) {
		buf_clear(&once);
		put_stream(r, f.at, len, len + 1, &once);
		put_stream(r, f.at, len, piece, &again);
		FUZZ_CHECK(fuzz_same(&once, &again), "%.*s\nin pieces of %zu: %.*s", (int)once.len,
			   once.data, piece, (int)again.len, again.data);
		buf_clear(&once);
		buf_clear(&again);
		put_lines(r, f.at, len, false, &once);
		put_lines(r, f.at, len, true, &again);
		FUZZ_CHECK(fuzz_same(&once, &again), "%.*s\neach by itself: %.*s", (int)once.len,
			   once.data, (int)again.len, again.data);
	}
	buf_release(&once);
	buf_release(&again);
	return 0;
}
