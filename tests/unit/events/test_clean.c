#include "events/clean.h"

#include "base/time.h"
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

	for (int i = 0; i < N; i++) {
		fields[i].s = i == column ? text : good[i];
		fields[i].len = (uint32_t)(i == column ? len : strlen(good[i]));
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

/* The clean event_ts of a text, in ms or (seconds) in s; -1 if it is rejected. */
static int64_t ts_of(const char *text, bool seconds)
{
	struct cleaner c = CLEANER_INIT;
	struct judged judged;

	c.seconds = seconds;
	judged = judge_bytes(&c, TS, text, strlen(text));
	return judged.reason[0] ? -1 : strtoll(judged.row + strlen("e1,"), NULL, 10);
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
	CHECK_STR(err.message, "f:1: missing column event_id");
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

static void test_times_in_milliseconds(void)
{
	CHECK_INT(ts_of("1649400000000", false), 1649400000000);
	CHECK_INT(ts_of("1649400000000.999", false), 1649400000000);
	CHECK_INT(ts_of("1.6494e12", false), 1649400000000);
	CHECK_INT(ts_of("16494000000001e-1", false), 1649400000000);
	CHECK_INT(ts_of("2022-04-08T06:40:00Z", false), 1649400000000);
	CHECK_INT(ts_of("2022-04-08 08:40:00.1239+02:00", false), 1649400000123);
	CHECK_INT(ts_of("1", false), 1);
	CHECK_INT(ts_of("4102444799999.9", false), 4102444799999);
	check_reason(TS, "0", "ts_out_of_range");
	check_reason(TS, "0.9", "ts_out_of_range");
	check_reason(TS, "-5", "ts_out_of_range");
	check_reason(TS, "4102444800000", "ts_out_of_range");
	check_reason(TS, "2100-01-01T00:00:00Z", "ts_out_of_range");
	check_reason(TS, "99999999999999999999", "ts_out_of_range");
	check_reason(TS, "1e99999999999", "ts_out_of_range");
	check_reason(TS, "-1e30", "ts_out_of_range");
	check_reason(TS, "2022-04-08T06:40:00", "bad_event_ts");
	check_reason(TS, "2022-04-08", "bad_event_ts");
	check_reason(TS, "2022-02-29T06:40:00Z", "bad_event_ts");
	check_reason(TS, "1649400000000 ms", "bad_event_ts");
	check_reason(TS, "NaN", "bad_event_ts");
	check_reason(TS, "0x1", "bad_event_ts");
}

static void test_times_in_seconds(void)
{
	CHECK_INT(ts_of("1649400000", true), 1649400000000);
	CHECK_INT(ts_of("1649400000.123", true), 1649400000123);
	CHECK_INT(ts_of("1649400000.1239", true), 1649400000123);
	CHECK_INT(ts_of("1649400000.999999999999", true), 1649400000999);
	CHECK_INT(ts_of("1.649400000123e9", true), 1649400000123);
	CHECK_INT(ts_of("0.001", true), 1);
	CHECK_INT(ts_of("0.0009", true), -1);
	CHECK_INT(ts_of("4102444799.9999", true), 4102444799999);
	CHECK_INT(ts_of("4102444800", true), -1);
	CHECK_INT(ts_of("2022-04-08T06:40:00.5Z", true), 1649400000500);
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

static int64_t parsed(const char *text, bool seconds, enum time_offset offset)
{
	const struct csv_field field = { text, (uint32_t)strlen(text), false };
	int64_t ms;

	return clean_parse_ts(&field, seconds, offset, &ms) ? -1 : ms;
}

static void test_times_alone(void)
{
	CHECK_INT(parsed(" 12.9\t", false, TIME_OFFSET_REQUIRED), 12);
	CHECK_INT(parsed("1.0625e1", true, TIME_OFFSET_REQUIRED), 10625);
	CHECK_INT(parsed("1970-01-01T00:00:01Z", true, TIME_OFFSET_REQUIRED), 1000);
	CHECK_INT(parsed("1970-01-01 00:00", false, TIME_OFFSET_OPTIONAL), 0);
	CHECK_INT(parsed("1970-01-01 00:00", false, TIME_OFFSET_REQUIRED), -1);
	CHECK_INT(parsed("", false, TIME_OFFSET_OPTIONAL), -1);
	CHECK_INT(parsed("  ", false, TIME_OFFSET_OPTIONAL), -1);
}

/* Records in the catalogue's order, without quotes: those that are clean are taken as they stand.
 */
static void test_records_that_are_clean_as_they_are(void)
{
	static const char *const catalogue[] = { "event_id",   "event_ts",
						 "user_id",    "content_id",
						 "event_type", "playback_position",
						 "device",     "and one that is not" };
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
		{ "e1,5e1,u1,c1,play,12,tv", "e1,50,u1,c1,play,12,tv" },
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

	/* With a column more than the clean form has, no record reads like it. */
	for (size_t n = CLEAN_N_COLUMNS; n <= CLEAN_N_COLUMNS + 1; n++)
		for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
			const char *want = records[i].clean ? records[i].clean : records[i].raw;
			struct csv_reader in = { .header = { catalogue, n } };
			struct csv_field fields[CLEAN_N_COLUMNS + 1];
			struct csv_row row = { .fields = fields, .n = n };
			struct cleaner c = CLEANER_INIT;
			struct buf raw = BUF_INIT, out = BUF_INIT;
			struct clean_event event;
			struct err err = ERR_INIT;
			const char *s;

			buf_append_str(&raw, records[i].raw);
			buf_append_str(&raw, n > CLEAN_N_COLUMNS ? ",x" : "");
			row.raw = s = raw.data;
			row.raw_len = raw.len;
			for (size_t k = 0; k < n; k++) {
				const char *rest = memchr(s, ',', (size_t)(raw.data + raw.len - s));
				size_t len = (size_t)((rest ? rest : raw.data + raw.len) - s);

				fields[k] = (struct csv_field){ s, (uint32_t)len, !len };
				s += len + 1;
			}
			c.may_be_empty[CLEAN_DEVICE] = c.may_be_empty[CLEAN_PLAYBACK_POSITION] =
				true;
			CHECK_INT(cleaner_open(&c, &in, &err), 0);
			CHECK_INT(cleaner_row(&c, &row, &event), CLEAN_VALID);
			clean_put_event(&out, &event);
			out.len--;
			if (out.len != strlen(want) || memcmp(out.data, want, out.len) != 0)
				CHECK_FAIL("'%s' becomes '%.*s'", records[i].raw, (int)out.len,
					   out.data);
			if (event.is_as_read && (records[i].clean || n > CLEAN_N_COLUMNS))
				CHECK_FAIL("'%s' does not read '%s'", records[i].raw, want);
			if (i < 5)
				CHECK_INT(event.is_as_read, n == CLEAN_N_COLUMNS);
			buf_release(&raw);
			buf_release(&out);
			cleaner_release(&c);
		}
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
		{ CLEAN_TS_OUT_OF_RANGE, TS, "0" },
		{ CLEAN_BAD_EVENT_TYPE, TYPE, "x" },
		{ CLEAN_BAD_PLAYBACK_POSITION, POSITION, "x" },
		{ CLEAN_NEGATIVE_PLAYBACK_POSITION, POSITION, "-1" },
	};
	const size_t n = sizeof(faults) / sizeof(faults[0]);
	struct csv_reader in = { .header = { names, N } };
	struct csv_field fields[N];
	struct csv_row row = { .fields = fields, .n = N, .raw = "\xff", .raw_len = 1 };
	struct clean_event event;
	struct cleaner c = CLEANER_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(CLEAN_RAGGED, 0);
	CHECK_INT(CLEAN_DUPLICATE_EVENT_ID, n + 1);
	CHECK_INT(CLEAN_N_REASONS, n + 2);
	CHECK_INT(cleaner_open(&c, &in, &err), 0);
	for (size_t i = 0; i < N; i++)
		fields[i] = (struct csv_field){ good[i], (uint32_t)strlen(good[i]), false };
	for (size_t i = n; i-- > 0;) {
		struct csv_field *f = &fields[faults[i].column];

		*f = (struct csv_field){ faults[i].text, (uint32_t)strlen(faults[i].text), false };
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
	RUN(test_times_in_milliseconds);
	RUN(test_times_in_seconds);
	RUN(test_times_alone);
	RUN(test_types);
	RUN(test_positions);
	RUN(test_every_code_point);
	RUN(test_the_first_reason_counts);
	RUN(test_reasons_apply_in_their_order);
	RUN(test_records_that_are_clean_as_they_are);
	return CHECK_DONE();
}
