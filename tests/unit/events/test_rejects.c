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
	CHECK_STR(rejected("4", 4, 4), "");
	CHECK_STR(rejected("4", 9, 10), "rejected 5 of 10 records read, more than --max-rejects 4: "
					"3 ragged, 2 bad_event_ts");
	CHECK_STR(rejected("40%", 4, 10), "");
	CHECK_STR(rejected("39.999999%", 4, 10),
		  "rejected 4 of 10 records read, more than --max-rejects 39.999999%: 2 ragged, 2 "
		  "bad_event_ts");
	CHECK_STR(rejected("0%", 0, 0), "");
}

int main(void)
{
	RUN(bounds);
	RUN(a_count_is_checked_at_once_and_a_share_at_the_end);
	return CHECK_DONE();
}
