#include "events/clean.h"

#include "check.h"

#include <stdlib.h>

/* A header in another order, with a column that nobody asked for. */
static const char *const names[] = { "device",     "extra",   "playback_position", "event_type",
				     "content_id", "user_id", "event_ts",          "event_id" };
enum { DEVICE, EXTRA, POSITION, TYPE, CONTENT, USER, TS, ID, N };

static const char *const good[N] = { "tv", "x", "12", "play", "c1", "u1", "1649400000000", "e1" };

struct judged {
	char reason[32]; /* "" if valid */
	char row[512];   /* the clean record, with '\n' */
};

/* A copy with as much room after it as a reader's fields have. The caller frees. */
static char *roomy(const char *text, size_t len)
{
	char *copy = calloc(1, len + CSV_SLACK);

	memcpy(copy, text, len);
	return copy;
}

/* Judges the good record with `text` in one column; a NUL may stand in the text. */
static struct judged judge_bytes(struct cleaner *c, int column, const char *text, size_t len)
{
	struct csv_reader in = { .header = { names, N } };
	struct csv_field fields[N];
	struct csv_row row = { .fields = fields, .n = N };
	struct clean_event event;
	struct buf raw = BUF_INIT, out = BUF_INIT;
	struct err err = ERR_INIT;
	struct judged judged = { "", "" };
	enum clean_reason reason;
	char *copies[N];

	for (int i = 0; i < N; i++) {
		fields[i].len = (uint32_t)(i == column ? len : strlen(good[i]));
		fields[i].s = copies[i] = roomy(i == column ? text : good[i], fields[i].len);
		fields[i].is_null = !fields[i].len;
		csv_put_field(&raw, &fields[i]);
	}
	row.raw = raw.data;
	row.raw_len = raw.len - 1;
	CHECK_INT(cleaner_open(c, &in, &err), 0);
	reason = cleaner_row(c, &row, &event);
	if (reason == CLEAN_VALID) {
		clean_put_event(&out, &event);
		csv_end_row(&out);
		snprintf(judged.row, sizeof(judged.row), "%.*s", (int)out.len, out.data);
		CHECK(event.ts > 0);
	} else {
		snprintf(judged.reason, sizeof(judged.reason), "%s", clean_reason_name(reason));
	}
	for (int i = 0; i < N; i++)
		free(copies[i]);
	buf_release(&raw);
	buf_release(&out);
	cleaner_release(c);
	return judged;
}

static struct judged judge(int column, const char *text)
{
	struct cleaner c = CLEANER_INIT;

	return judge_bytes(&c, column, text, strlen(text));
}

static void check_row(int column, const char *text, const char *want)
{
	struct judged judged = judge(column, text);

	if (judged.reason[0])
		CHECK_FAIL("'%s' is rejected: %s", text, judged.reason);
	CHECK_STR(judged.row, want);
}

static void check_reason(int column, const char *text, const char *want)
{
	struct judged judged = judge(column, text);

	if (strcmp(judged.reason, want) != 0)
		CHECK_FAIL("'%s' is '%s', not '%s'", text, judged.reason, want);
}

/* The clean event_ts (ms) of a text; -1 if it is rejected. */
static int64_t ts_of(const char *text, enum time_unit unit)
{
	struct cleaner c = CLEANER_INIT;
	struct judged judged;

	c.times.unit = unit;
	judged = judge_bytes(&c, TS, text, strlen(text));
	return judged.reason[0] ? -1 : strtoll(judged.row + strlen("e1,"), NULL, 10);
}

static void check_ts_reason(const char *text, enum time_unit unit, const char *want)
{
	struct cleaner c = CLEANER_INIT;
	struct judged judged;

	c.times.unit = unit;
	judged = judge_bytes(&c, TS, text, strlen(text));
	if (strcmp(judged.reason, want) != 0)
		CHECK_FAIL("'%s' is '%s', not '%s'", text, judged.reason, want);
}

static void test_columns_come_in_catalogue_order(void)
{
	check_row(EXTRA, "x", "e1,1649400000000,u1,c1,play,12,tv\n");
	check_row(EXTRA, "\xff", "e1,1649400000000,u1,c1,play,12,tv\n");
	check_row(EXTRA, "", "e1,1649400000000,u1,c1,play,12,tv\n");
}

static void test_a_missing_column_is_an_error(void)
{
	struct csv_reader in = { .header = { names, N - 1 }, .file = "f" };
	struct cleaner c = CLEANER_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(cleaner_open(&c, &in, &err), -1);
	CHECK_BEGINS(err.message, "f:1: missing column event_id;");
}

static void test_fields_are_trimmed(void)
{
	check_row(ID, " \t e 1\v\f\r\n", "e 1,1649400000000,u1,c1,play,12,tv\n");
	check_row(TYPE, " COMPLETE ", "e1,1649400000000,u1,c1,complete,12,tv\n");
	check_row(TS, " 1649400000000\r", "e1,1649400000000,u1,c1,play,12,tv\n");
	check_row(USER, "\xc2\xa0u", "e1,1649400000000,\xc2\xa0u,c1,play,12,tv\n");
	check_row(DEVICE, " a, \"b\" ", "e1,1649400000000,u1,c1,play,12,\"a, \"\"b\"\"\"\n");
}

static void test_missing_values(void)
{
	static const char *const reasons[N] = {
		[DEVICE] = "missing_device",   [POSITION] = "missing_playback_position",
		[TYPE] = "missing_event_type", [CONTENT] = "missing_content_id",
		[USER] = "missing_user_id",    [TS] = "missing_event_ts",
		[ID] = "missing_event_id",
	};
	struct cleaner c = CLEANER_INIT;

	for (int i = 0; i < N; i++)
		if (reasons[i]) {
			check_reason(i, "", reasons[i]);
			check_reason(i, " \t", reasons[i]);
		}
	c.may_be_empty[clean_can_be_empty("device")] = true;
	CHECK_STR(judge_bytes(&c, DEVICE, " ", 1).row, "e1,1649400000000,u1,c1,play,12,\n");
	CHECK_STR(judge_bytes(&c, POSITION, "", 0).reason, "missing_playback_position");
	c.may_be_empty[clean_can_be_empty("playback_position")] = true;
	CHECK_STR(judge_bytes(&c, POSITION, "", 0).row, "e1,1649400000000,u1,c1,play,,tv\n");
	CHECK_STR(judge_bytes(&c, POSITION, "x", 1).reason, "bad_playback_position");
	CHECK_INT(clean_can_be_empty("event_id"), -1);
	CHECK_INT(clean_can_be_empty("event_ts"), -1);
	CHECK_INT(clean_can_be_empty("user_id"), -1);
	CHECK_INT(clean_can_be_empty("content_id"), -1);
	CHECK_INT(clean_can_be_empty("event_type"), -1);
	CHECK_INT(clean_can_be_empty("Device"), -1);
}

/* All forms of a time are those of time_read: tests/unit/base/test_time.c. */
static void test_times(void)
{
	CHECK_INT(ts_of("1649400000000", TIME_AUTO), 1649400000000);
	CHECK_INT(ts_of("1649400000000.999", TIME_AUTO), 1649400000000);
	CHECK_INT(ts_of("1649400000", TIME_AUTO), 1649400000000);
	CHECK_INT(ts_of("1649400000123456789", TIME_AUTO), 1649400000123);
	CHECK_INT(ts_of("2022-04-08T06:40:00", TIME_AUTO), 1649400000000);
	CHECK_INT(ts_of("1", TIME_MS), 1);
	CHECK_INT(ts_of("4102444799999", TIME_AUTO), 4102444799999);
	CHECK_INT(ts_of("4102444799999.9", TIME_MS), 4102444799999);
	CHECK_INT(ts_of("1649400000.123", TIME_S), 1649400000123);
	CHECK_INT(ts_of("0.001", TIME_S), 1);
	check_ts_reason("0.0009", TIME_S, "ts_out_of_range");
	check_ts_reason("4102444800", TIME_S, "ts_out_of_range");
	check_ts_reason("4102444800", TIME_AUTO, "ts_out_of_range");
	check_ts_reason("0", TIME_MS, "ts_out_of_range");
	check_ts_reason("-5", TIME_MS, "ts_out_of_range");
	check_ts_reason("4102444800000", TIME_AUTO, "ts_out_of_range");
	check_ts_reason("2100-01-01T00:00:00Z", TIME_AUTO, "ts_out_of_range");
	check_ts_reason("99999999999999999999", TIME_AUTO, "ts_out_of_range");
	check_ts_reason("1", TIME_AUTO, "bad_event_ts");
	check_ts_reason("99999999", TIME_AUTO, "bad_event_ts");
	check_ts_reason("-1649400000000", TIME_AUTO, "bad_event_ts");
	check_ts_reason("1.6494e12", TIME_MS, "bad_event_ts");
	check_ts_reason("2022-04-08", TIME_AUTO, "bad_event_ts");
	check_ts_reason("1649400000000 ms", TIME_AUTO, "bad_event_ts");
}

static void test_types(void)
{
	check_row(TYPE, "sEEk", "e1,1649400000000,u1,c1,seek,12,tv\n");
	check_reason(TYPE, "rewind", "bad_event_type");
	check_reason(TYPE, "playe", "bad_event_type");
	check_reason(TYPE, "pla", "bad_event_type");
	check_reason(TYPE, "a word that is longer than any type", "bad_event_type");
	check_reason(TYPE, "\xd0\xa0lay", "bad_event_type");
}

static void test_positions(void)
{
	check_row(POSITION, "12.99", "e1,1649400000000,u1,c1,play,12,tv\n");
	check_row(POSITION, "1.2e1", "e1,1649400000000,u1,c1,play,12,tv\n");
	check_row(POSITION, "-0", "e1,1649400000000,u1,c1,play,0,tv\n");
	check_row(POSITION, "-0.000e7", "e1,1649400000000,u1,c1,play,0,tv\n");
	check_row(POSITION, "+007", "e1,1649400000000,u1,c1,play,7,tv\n");
	check_reason(POSITION, "-0.5", "negative_playback_position");
	check_reason(POSITION, "-1e-9", "negative_playback_position");
	check_reason(POSITION, "-1e30", "negative_playback_position");
	check_reason(POSITION, "1e30", "bad_playback_position");
	check_reason(POSITION, "-", "bad_playback_position");
	check_reason(POSITION, "-x", "bad_playback_position");
	check_reason(POSITION, "00:12", "bad_playback_position");
	check_reason(POSITION, "inf", "bad_playback_position");
}

static bool is_accepted(const char *bytes, size_t len)
{
	struct cleaner c = CLEANER_INIT;
	struct judged judged = judge_bytes(&c, USER, bytes, len);

	if (judged.reason[0])
		CHECK_STR(judged.reason, "invalid_utf8");
	return !judged.reason[0];
}

/* Puts the UTF-8 form of a code point in n bytes, needed or not, behind an 'a'. */
static size_t encode(char *out, uint32_t code, int n)
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	out[0] = 'a';
	for (int i = n; i > 1; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[1] = (char)(unsigned char)(leads[n] | code);
	return (size_t)n + 1;
}

/* Every code point in every length that can hold it: only the shortest form, and no surrogates. */
static void test_every_code_point(void)
{
	static const uint32_t ends[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
	char text[8];

	for (int n = 1; n <= 4; n++)
		for (uint32_t code = 0; code < ends[n]; code += code < 0x11000 ? 1 : 0xfff) {
			bool valid = code && code >= ends[n - 1] && code <= 0x10ffff &&
				     (code < 0xd800 || code > 0xdfff);
			size_t len = encode(text, code, n);

			/* A NUL or a blank at the end is not what this is about. */
			if (n == 1 && (code == ' ' || (code >= '\t' && code <= '\r')))
				continue;
			if (is_accepted(text, len) != valid)
				CHECK_FAIL("U+%04X in %d bytes", code, n);
			if (n > 1 && is_accepted(text, len - 1))
				CHECK_FAIL("U+%04X in %d bytes, cut short", code, n);
		}
	CHECK(is_accepted("\xf4\x8f\xbf\xbf", 4));
	CHECK(!is_accepted("\xf4\x90\x80\x80", 4));
	CHECK(!is_accepted("\xe2\x82x", 3));
	CHECK(!is_accepted("\x80", 1));
	CHECK(!is_accepted("\xff", 1));
}

static void test_the_first_reason_counts(void)
{
	struct csv_row ragged = { .raw = "\xff", .raw_len = 1, .fault = "ragged" };
	struct cleaner c = CLEANER_INIT;
	struct clean_event event;

	CHECK_STR(clean_reason_name(cleaner_row(&c, &ragged, &event)), "ragged");
	check_reason(DEVICE, "\xff", "invalid_utf8");
	for (int i = 0; i < CLEAN_N_REASONS; i++)
		CHECK(clean_reason_name((enum clean_reason)i)[0]);
	CHECK_STR(clean_reason_name(CLEAN_DUPLICATE_EVENT_ID), "duplicate_event_id");
}

/* In [since, until). */
static void test_times_outside(void)
{
	struct cleaner c = CLEANER_INIT;

	c.since = INT64_C(1649400000000);
	CHECK_STR(judge_bytes(&c, ID, "e1", 2).reason, "");
	c.since++;
	CHECK_STR(judge_bytes(&c, ID, "e1", 2).reason, "before_since");
	CHECK_STR(judge_bytes(&c, POSITION, "-1", 2).reason, "negative_playback_position");
	c.since = INT64_MIN;
	c.until = INT64_C(1649400000000);
	CHECK_STR(judge_bytes(&c, ID, "e1", 2).reason, "after_until");
	c.until++;
	CHECK_STR(judge_bytes(&c, ID, "e1", 2).reason, "");
}

static struct judged judge_with(const char *keep, const char *na, int column, const char *text)
{
	struct cleaner c = CLEANER_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(keep ? names_append(&c.keep, keep, &err) : 0, 0);
	CHECK_INT(na ? names_append(&c.na, na, &err) : 0, 0);
	c.may_be_empty[CLEAN_DEVICE] = true;
	return judge_bytes(&c, column, text, strlen(text));
}

static void test_kept_columns(void)
{
	CHECK_STR(judge_with("extra", NULL, EXTRA, " a, b ").row,
		  "e1,1649400000000,u1,c1,play,12,tv,\" a, b \"\n");
	CHECK_STR(judge_with("extra", NULL, EXTRA, " ").row,
		  "e1,1649400000000,u1,c1,play,12,tv, \n");
	CHECK_STR(judge_with("*", NULL, EXTRA, "").row, "e1,1649400000000,u1,c1,play,12,tv,\n");
	CHECK_STR(judge_with("device,extra,device", NULL, EXTRA, "x").row,
		  "e1,1649400000000,u1,c1,play,12,tv,x\n");
	CHECK_STR(judge_with("extra", NULL, EXTRA, "\xff").reason, "invalid_utf8");
	CHECK_STR(judge_with("device", NULL, EXTRA, "\xff").row,
		  "e1,1649400000000,u1,c1,play,12,tv\n");
}

static void test_words_for_null(void)
{
	CHECK_STR(judge_with("extra", "NULL,\\N", EXTRA, " NULL ").row,
		  "e1,1649400000000,u1,c1,play,12,tv,\n");
	CHECK_STR(judge_with("extra", "NULL,\\N", EXTRA, "null").row,
		  "e1,1649400000000,u1,c1,play,12,tv,null\n");
	CHECK_STR(judge_with(NULL, "NULL,\\N", DEVICE, "\\N").row,
		  "e1,1649400000000,u1,c1,play,12,\n");
	CHECK_STR(judge_with(NULL, "NULL,\\N", USER, "\tNULL").reason, "missing_user_id");
	CHECK_STR(judge_with(NULL, "NULL,tv", USER, "NULLs").row,
		  "e1,1649400000000,NULLs,c1,play,12,\n");
}

/* The warnings after the good record with `text` in one column. */
static void check_warnings(int column, const char *text, const char *want)
{
	struct cleaner c = CLEANER_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct err err = ERR_INIT;

	c.times.zone = zone_open("Europe/Berlin", &err);
	judge_bytes(&c, column, text, strlen(text));
	cleaner_warn(&c, 9, &warnings);
	buf_append_char(&warnings.text, '\0');
	CHECK_STR(warnings.text.data, want);
	warnings_release(&warnings);
	zone_free((struct zone *)c.times.zone);
}

static void test_warnings(void)
{
	static const char *const words[] = { "NULL",      "null",
					     "None",      "NaN",
					     "nil",       "NA",
					     "n/a",       "N/A",
					     "undefined", "(null)",
					     "\\N",       "\\n",
					     "nAn",       "00000000-0000-0000-0000-000000000000" };
	static const char *const others[] = { "nul", "u0", "nulls",
					      "0",   "n",  "nobody",
					      "-",   "\\", "00000000-0000-0000-0000-000000000001" };
	static const int columns[] = { ID, USER, CONTENT };
	static const char *const column_names[] = { "event_id", "user_id", "content_id" };
	char want[300];

	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			const char *quote = strpbrk(words[i], "\\(") ? "'" : "";

			snprintf(want, sizeof(want),
				 "1 of 9 records have a word such as '%s' as their %s: a missing "
				 "value? (--na %s%s%s)\n",
				 words[i], column_names[k], quote, words[i], quote);
			check_warnings(columns[k], words[i], want);
		}
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			check_warnings(columns[k], others[i], "");
	}
	check_warnings(DEVICE, "NULL", "");
	check_warnings(POSITION, "NaN",
		       "1 of 9 records have a word such as 'NaN' as their playback_position: a "
		       "missing value? (--na NaN)\n");
	check_warnings(POSITION, "0", "");
	check_warnings(POSITION, "1.25", "");
	check_warnings(POSITION, "0.25",
		       "all values of playback_position are from 0 to 1: a ratio, where seconds "
		       "are expected?\n");
	check_warnings(TS, "2024-03-31 01:59:59", "");
	check_warnings(TS, "2024-03-31 03:00:00", "");
	for (int i = 0; i < 2; i++)
		check_warnings(TS, i ? "2024-03-31 02:00:00" : "2024-10-27T02:59:59.999",
			       "1 of 9 records have a local time that a change of the clock skips "
			       "or repeats, taken as before the change: is event_ts in another "
			       "zone, or UTC? (--tz)\n");
}

/* The words in one column of as many records, to be named as this argument whatever their order. */
static void check_spellings(const char *const *words, size_t n, const char *argument)
{
	char want[300];

	for (int turned = 0; turned < 2; turned++) {
		struct cleaner c = CLEANER_INIT;
		struct warnings warnings = WARNINGS_INIT;
		const char *first = argument + (*argument == '\'');

		for (size_t i = 0; i < n; i++) {
			const char *word = words[turned ? n - 1 - i : i];

			judge_bytes(&c, USER, word, strlen(word));
		}
		cleaner_warn(&c, n, &warnings);
		buf_append_char(&warnings.text, '\0');
		snprintf(want, sizeof(want),
			 "%zu of %zu records have a word such as '%.*s' as their user_id: a "
			 "missing value? (--na %s)\n",
			 n, n, (int)strcspn(first, ",'"), first, argument);
		CHECK_STR(warnings.text.data, want);
		warnings_release(&warnings);
	}
}

static void test_spellings(void)
{
	check_spellings((const char *const[]){ "null", "None", "NULL", "None" }, 4,
			"NULL,None,null");
	check_spellings((const char *const[]){ "null", "\\N", "NULL" }, 3, "'NULL,\\N,null'");
	check_spellings((const char *const[]){ "(null)", "na" }, 2, "'(null),na'");
	check_spellings((const char *const[]){ "nil", "nan", "na", "n/a", "NA", "null", "none",
					       "undefined" },
			8, "NA,n/a,na,nan,nil,none");
}

/* Of the columns that are not of the clean form there is none, or one, which is dropped or kept. */
enum further { AS_IT_IS, WITH_MORE, KEEPING_MORE };

/*
 * Wants that of a record in the catalogue's order, without quotes; clean NULL: the same. With a
 * column more than is written no record reads like its clean form.
 */
static void check_record(const char *raw_text, const char *clean, enum further further,
			 bool is_known_as_read)
{
	static const char *const catalogue[] = { "event_id",   "event_ts",
						 "user_id",    "content_id",
						 "event_type", "playback_position",
						 "device",     "and one that is not" };
	size_t n = CLEAN_N_COLUMNS + (further != AS_IT_IS);
	struct csv_reader in = { .header = { catalogue, n } };
	struct csv_field fields[CLEAN_N_COLUMNS + 1];
	struct csv_row row = { .fields = fields, .n = n };
	struct cleaner c = CLEANER_INIT;
	struct buf raw = BUF_INIT, out = BUF_INIT, want = BUF_INIT;
	struct clean_event event;
	struct err err = ERR_INIT;
	const char *s;

	buf_append_str(&want, clean ? clean : raw_text);
	buf_append_str(&want, further == KEEPING_MORE ? ",x" : "");
	buf_append_str(&raw, raw_text);
	buf_append_str(&raw, further == AS_IT_IS ? "" : ",x");
	memset(buf_reserve(&raw, CSV_SLACK), 0, CSV_SLACK);
	row.raw = s = raw.data;
	row.raw_len = raw.len;
	for (size_t k = 0; k < n; k++) {
		const char *rest = memchr(s, ',', (size_t)(raw.data + raw.len - s));
		size_t len = (size_t)((rest ? rest : raw.data + raw.len) - s);

		fields[k] = (struct csv_field){ s, (uint32_t)len, !len };
		s += len + 1;
	}
	c.times.unit = TIME_MS;
	c.may_be_empty[CLEAN_DEVICE] = c.may_be_empty[CLEAN_PLAYBACK_POSITION] = true;
	if (further == KEEPING_MORE)
		CHECK_INT(names_append(&c.keep, "*", &err), 0);
	CHECK_INT(cleaner_open(&c, &in, &err), 0);
	CHECK_INT(cleaner_row(&c, &row, &event), CLEAN_VALID);
	clean_put_event(&out, &event);
	out.len--;
	if (out.len != want.len || memcmp(out.data, want.data, out.len) != 0)
		CHECK_FAIL("'%s' becomes '%.*s'", raw_text, (int)out.len, out.data);
	if (event.is_as_read && (clean || further == WITH_MORE))
		CHECK_FAIL("'%s' does not read '%.*s'", raw_text, (int)want.len, want.data);
	if (is_known_as_read)
		CHECK_INT(event.is_as_read, further != WITH_MORE);
	buf_release(&raw);
	buf_release(&out);
	buf_release(&want);
	cleaner_release(&c);
}

/* Those that are clean are taken as they stand. */
static void test_records_that_are_clean_as_they_are(void)
{
	static const struct {
		const char *raw, *clean; /* clean NULL: the same */
	} records[] = {
		{ "e1,1649400000000,u1,c1,play,12,tv", NULL },
		{ "e 1,1649400000000,u 1,c1,seek,0,smart tv", NULL },
		{ "e1,1,u1,c1,complete,120,", NULL },
		{ "e1,1,u1,c1,complete,,tv", NULL },
		{ "e1,1,u1,c1,complete,,", NULL },
		{ "e1,01,u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1.0,u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,5.0e1,u1,c1,play,12,tv", "e1,50,u1,c1,play,12,tv" },
		{ "e1,+1,u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1970-01-01T00:00:01Z,u1,c1,play,1,tv", "e1,1000,u1,c1,play,1,tv" },
		{ " e1,1,u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1 ,1,u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1 ,u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1, u1,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1,u1 ,c1,play,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1,u1,c1,pLay,12,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1,u1,c1,play,012,tv", "e1,1,u1,c1,play,12,tv" },
		{ "e1,1,u1,c1,play,-0,tv", "e1,1,u1,c1,play,0,tv" },
		{ "e1,1,u1,c1,play,00,tv", "e1,1,u1,c1,play,0,tv" },
		{ "e1,1,u1,c1,play,7.5,tv", "e1,1,u1,c1,play,7,tv" },
		{ "e1,1,u1,c1,play,9e2,tv", "e1,1,u1,c1,play,900,tv" },
		{ "e1,1,u1,c1,play,12, ", "e1,1,u1,c1,play,12," },
		{ "e1,1,u1,c1,play, ,tv", "e1,1,u1,c1,play,,tv" },
		{ "e1,1,\\.,c1,play,12,tv", "e1,1,\"\\.\",c1,play,12,tv" },
		{ "e1,1,u1,c1,play,12,t\rv", "e1,1,u1,c1,play,12,\"t\rv\"" },
		{ "e1,1,u1,c1,play,12,t\xc3\xbcv", NULL },
	};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const char *raw = records[i].raw, *clean = records[i].clean;

		/* Of the first ones it must be noticed that they are clean. */
		check_record(raw, clean, AS_IT_IS, i < 5);
		check_record(raw, clean, WITH_MORE, i < 5);
		check_record(raw, clean, KEEPING_MORE, i < 5);
	}
}

static void set_field(struct csv_field *f, char copy[2 * CSV_SLACK], const char *text)
{
	snprintf(copy, CSV_SLACK, "%s", text);
	*f = (struct csv_field){ copy, (uint32_t)strlen(text), false };
}

/*
 * A record with all faults from a reason on is rejected for that one: the order of reasons.def is
 * the order in which the cleaner looks. A ragged record is never looked into, and duplicates are
 * not its business.
 */
static void test_reasons_apply_in_their_order(void)
{
	static const struct {
		enum clean_reason reason;
		int column;
		const char *text;
	} faults[] = {
		{ CLEAN_INVALID_UTF8, ID, "\xff" },
		{ CLEAN_MISSING_EVENT_ID, ID, "" },
		{ CLEAN_MISSING_EVENT_TS, TS, "" },
		{ CLEAN_MISSING_USER_ID, USER, "" },
		{ CLEAN_MISSING_CONTENT_ID, CONTENT, "" },
		{ CLEAN_MISSING_EVENT_TYPE, TYPE, "" },
		{ CLEAN_MISSING_PLAYBACK_POSITION, POSITION, "" },
		{ CLEAN_MISSING_DEVICE, DEVICE, "" },
		{ CLEAN_BAD_EVENT_TS, TS, "x" },
		{ CLEAN_TS_OUT_OF_RANGE, TS, "9999999999" },
		{ CLEAN_BAD_EVENT_TYPE, TYPE, "x" },
		{ CLEAN_BAD_PLAYBACK_POSITION, POSITION, "x" },
		{ CLEAN_NEGATIVE_PLAYBACK_POSITION, POSITION, "-1" },
	};
	const size_t n = sizeof(faults) / sizeof(faults[0]);
	struct csv_reader in = { .header = { names, N } };
	struct csv_field fields[N];
	struct csv_row row = { .fields = fields, .n = N, .raw = "\xff", .raw_len = 1 };
	char copies[N][2 * CSV_SLACK] = { "" };
	struct clean_event event;
	struct cleaner c = CLEANER_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(CLEAN_RAGGED, 0);
	CHECK_INT(CLEAN_BEFORE_SINCE, n + 1);
	CHECK_INT(CLEAN_AFTER_UNTIL, n + 2);
	CHECK_INT(CLEAN_LATE, n + 3);
	CHECK_INT(CLEAN_DUPLICATE_EVENT_ID, n + 4);
	CHECK_INT(CLEAN_N_REASONS, n + 5);
	c.until = 1;
	CHECK_INT(cleaner_open(&c, &in, &err), 0);
	for (size_t i = 0; i < N; i++)
		set_field(&fields[i], copies[i], good[i]);
	CHECK_INT(cleaner_row(&c, &row, &event), CLEAN_AFTER_UNTIL);
	c.since = c.until = INT64_MAX;
	CHECK_INT(cleaner_row(&c, &row, &event), CLEAN_BEFORE_SINCE);
	for (size_t i = n; i-- > 0;) {
		set_field(&fields[faults[i].column], copies[faults[i].column], faults[i].text);
		CHECK_INT(faults[i].reason, i + 1);
		CHECK_INT(cleaner_row(&c, &row, &event), faults[i].reason);
	}
	cleaner_release(&c);
}

int main(void)
{
	RUN(test_columns_come_in_catalogue_order);
	RUN(test_a_missing_column_is_an_error);
	RUN(test_fields_are_trimmed);
	RUN(test_missing_values);
	RUN(test_times);
	RUN(test_times_outside);
	RUN(test_kept_columns);
	RUN(test_words_for_null);
	RUN(test_warnings);
	RUN(test_spellings);
	RUN(test_types);
	RUN(test_positions);
	RUN(test_every_code_point);
	RUN(test_the_first_reason_counts);
	RUN(test_reasons_apply_in_their_order);
	RUN(test_records_that_are_clean_as_they_are);
	return CHECK_DONE();
}
