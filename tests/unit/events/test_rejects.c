#include "events/rejects.h"

#include "check.h"

static void bounds(void)
{
	static const struct {
		const char *text;
		bool is_share;
		int64_t value; /* -1: refused */
	} texts[] = {
		{ "0", false, 0 },         { "12", false, 12 },         { "0%", true, 0 },
		{ "2.5%", true, 2500000 }, { "100%", true, 100000000 }, { "100.000001%", true, -1 },
		{ "-1", false, -1 },       { "1.5", false, -1 },        { "%", true, -1 },
		{ "", false, -1 },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bound bound;
		struct err err = ERR_INIT;
		int rc = bound_parse(&bound, texts[i].text, &err);

		CHECK_INT(rc, texts[i].value < 0 ? -1 : 0);
		CHECK_INT(bound.is_share, texts[i].is_share);
		CHECK_INT(bound.value, texts[i].value);
		CHECK_INT(err.kind, rc ? ERR_USAGE : ERR_NONE);
	}
}

/* n records are rejected out of n_read; the message, or "". */
static const char *rejected(const char *bound, uint64_t n, uint64_t n_read)
{
	static struct err err;
	const struct csv_reader in = { .n_rows = n_read };
	const struct csv_row row = { .raw = "" };
	struct rejects rejects = REJECTS_INIT;
	int rc = 0;

	err = (struct err)ERR_INIT;
	CHECK_INT(bound_parse(&rejects.bound, bound, &err), 0);
	for (uint64_t i = 0; i < n && !rc; i++)
		rc = rejects_add(&rejects, i % 3 ? CLEAN_RAGGED : CLEAN_BAD_EVENT_TS, &in, &row,
				 &err);
	if (!rc)
		rejects_check(&rejects, n_read, &err);
	rejects_release(&rejects);
	return err.message;
}

static void a_count_is_checked_at_once_and_a_share_at_the_end(void)
{
	CHECK_STR(rejected("4", 4, 5), "");
	CHECK_STR(rejected("4", 9, 10), "rejected 5 of 10 records read, more than --max-rejects 4: "
					"3 ragged, 2 bad_event_ts (--delimiter?)");
	CHECK_STR(rejected("40%", 4, 10), "");
	CHECK_STR(rejected("39.999999%", 4, 10),
		  "rejected 4 of 10 records read, more than --max-rejects 39.999999%: 2 ragged, 2 "
		  "bad_event_ts (--delimiter?)");
	CHECK_STR(rejected("0%", 0, 0), "");
	CHECK_STR(rejected("100%", 4, 4),
		  "kept none of 4 records; rejected: 2 ragged, 2 bad_event_ts (--delimiter?)");
}

/* What --since and --until leave out counts neither for the bound nor for the warning. */
static void what_is_left_out_by_choice_does_not_count(void)
{
	const struct csv_reader in = { 0 };
	const struct csv_row row = { .raw = "" };
	struct rejects rejects = REJECTS_INIT;
	struct warnings warnings = WARNINGS_INIT;
	struct err err = ERR_INIT;

	for (int i = 0; i < 1000; i++)
		rejects_add(&rejects, i % 2 ? CLEAN_BEFORE_SINCE : CLEAN_AFTER_UNTIL, &in, &row,
			    &err);
	CHECK_INT(rejects_check(&rejects, 1020, &err), 0);
	rejects_add(&rejects, CLEAN_RAGGED, &in, &row, &err);
	rejects_warn(&rejects, 1020, &warnings);
	CHECK_INT(warnings.n, 0);
	rejects_warn(&rejects, 1019, &warnings);
	CHECK_INT(warnings.n, 1);
	for (int i = 0; i < 10; i++)
		rejects_add(&rejects, CLEAN_RAGGED, &in, &row, &err);
	CHECK_INT(rejects_check(&rejects, 1022, &err), 0);
	CHECK_INT(rejects_check(&rejects, 1021, &err), -1);
	CHECK_STR(err.message,
		  "rejected 11 of 21 records read, more than --max-rejects 50%: 11 ragged, 500 "
		  "before_since, 500 after_until");
	warnings_release(&warnings);
	rejects_release(&rejects);
}

static void add_types(struct rejects *r, const char *name, int n)
{
	const struct csv_reader in = { 0 };
	const struct csv_row row = { .raw = "" };
	const struct csv_field type = { name, (uint32_t)strlen(name), false };
	struct err err = ERR_INIT;

	while (n--) {
		rejects_add_type(r, &type);
		rejects_add(r, CLEAN_BAD_EVENT_TYPE, &in, &row, &err);
	}
}

static void unknown_types_are_named_the_most_frequent_first(void)
{
	struct rejects rejects = REJECTS_INIT;
	char name[100] = "";

	add_types(&rejects, "buffer", 2);
	CHECK_STR(rejects_summary(&rejects), "2 bad_event_type ('buffer' 2)");
	add_types(&rejects, "rew\x1bind", 3);
	add_types(&rejects, "Buffer", 2);
	CHECK_STR(rejects_summary(&rejects),
		  "7 bad_event_type ('rew?ind' 3, 'Buffer' 2, 'buffer' 2)");
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "%d", 9999 - i);
		add_types(&rejects, name, 1);
	}
	memset(name, 'x', sizeof(name) - 1);
	add_types(&rejects, name, 4);
	CHECK_INT(rejects.types.names.n, TALLY_NAMES);
	CHECK_STR(rejects_summary(&rejects),
		  "2011 bad_event_type ('rew?ind' 3, 'Buffer' 2, 'buffer' 2, '9003' 1, '9004' 1, "
		  "'9005' 1, '9006' 1, '9007' 1, others 1999)");
	rejects_release(&rejects);
}

int main(void)
{
	RUN(bounds);
	RUN(a_count_is_checked_at_once_and_a_share_at_the_end);
	RUN(what_is_left_out_by_choice_does_not_count);
	RUN(unknown_types_are_named_the_most_frequent_first);
	return CHECK_DONE();
}
