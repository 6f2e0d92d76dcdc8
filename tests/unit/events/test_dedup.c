#include "events/dedup.h"

#include "base/intern.h"
#include "check.h"

#include <stdlib.h>

/*
 * Different ids with the same intern_hash: their second word brings its state to zero after 16
 * bytes, whatever the first one was.
 */
static const char *const colliding[] = { "jCDrg8eFFOox0lwZx", "WLvlt1aG8vp8VhtWx",
					 "istpdTdtuW12LUa2x" };

struct sample {
	int64_t ts;
	const char *id, *rest, *note;
	bool duplicate;
};

static void add(struct dedup *d, const struct sample *s)
{
	struct clean_event event = {
		.ts = s->ts,
		.id = s->id,
		.id_len = strlen(s->id),
		.rest = s->rest,
		.rest_len = strlen(s->rest),
	};
	struct buf note = BUF_INIT;
	struct err err = ERR_INIT;

	buf_append_str(&note, s->note);
	CHECK_INT(dedup_add(d, &event, &note, &err), 0);
	buf_release(&note);
}

static void check_text(const char *got, size_t len, const char *want)
{
	if (len != strlen(want) || memcmp(got, want, len) != 0)
		CHECK_FAIL("'%.*s' is not '%s'", (int)len, got, want);
}

/* Adds the n samples in order of i * step modulo n, and wants them back as they stand. */
static void check_order(const struct sample *samples, size_t n, size_t step)
{
	struct dedup *d = dedup_new(0);
	struct dedup_event next;
	struct err err = ERR_INIT;
	size_t i = 0;
	int rc;

	for (size_t k = 0; k < n; k++)
		add(d, &samples[k * step % n]);
	CHECK_INT(dedup_finish(d, &err), 0);
	while ((rc = dedup_next(d, &next, &err)) > 0 && i < n) {
		const struct sample *want = &samples[i++];

		CHECK_INT(next.event.ts, want->ts);
		check_text(next.event.id, next.event.id_len, want->id);
		check_text(next.event.rest, next.event.rest_len, want->rest);
		check_text(next.note, next.note_len, want->note);
		CHECK_INT(next.duplicate, want->duplicate);
	}
	CHECK_INT(rc, 0);
	CHECK_INT(i, n);
	dedup_free(d);
}

static void test_order_and_duplicates(void)
{
	static const struct sample samples[] = {
		{ 1, "b", "x", "early", false },
		{ 5, "", "r", "", false },
		{ 5, "A", "r", "n", false },
		{ 5, "a", ",,play,,", "", false },
		{ 5, "a", "u,c,play,1,", "", true },
		{ 5, "a", "u,c,play,1,tv", "satellite", true },
		{ 5, "a\tb", "", "", false },
		{ 5, "aa", "", "", false },
		{ 5, "a\xff", "", "", false },
		{ 5, "b", "x", "late", true },
		{ 6, "a", ",,play,,", "", true },
		{ 7, "a", "", "", true },
		{ 7, "b", "", "", true },
	};
	size_t n = sizeof(samples) / sizeof(samples[0]);

	CHECK_INT(n, 13); /* a prime: every step reaches every sample */
	for (size_t step = 1; step < n; step++)
		check_order(samples, n, step);
}

static void test_ids_of_equal_hash_are_kept_apart(void)
{
	struct sample samples[] = {
		{ 1, colliding[0], "x", "", false }, { 2, colliding[1], "x", "", false },
		{ 3, colliding[1], "x", "", true },  { 3, colliding[2], "x", "", false },
		{ 9, colliding[0], "x", "", true },
	};

	for (int i = 1; i < 3; i++)
		CHECK(intern_hash(colliding[i], strlen(colliding[i])) ==
		      intern_hash(colliding[0], strlen(colliding[0])));
	for (size_t step = 1; step < 5; step++)
		check_order(samples, 5, step);
}

/* Many ids, each at two times, so that both sorts go to disk at the least limit. */
static void test_duplicates_far_apart(void)
{
	enum { N = 40000 };
	struct dedup *d = dedup_new(0);
	struct dedup_event next;
	struct err err = ERR_INIT;
	char id[32];
	int64_t n = 0;
	int rc;

	for (int64_t i = 0; i < 2 * N; i++) {
		int64_t ts = i * 7919 % (2 * N) + 1;

		snprintf(id, sizeof(id), "id-%" PRId64, (ts - 1) % N);
		add(d, &(struct sample){ ts, id, "u,c,play,0,tv", "", false });
	}
	CHECK_INT(dedup_finish(d, &err), 0);
	while ((rc = dedup_next(d, &next, &err)) > 0) {
		CHECK_INT(next.event.ts, ++n);
		snprintf(id, sizeof(id), "id-%" PRId64, (n - 1) % N);
		check_text(next.event.id, next.event.id_len, id);
		CHECK_INT(next.duplicate, n > N);
	}
	CHECK_INT(rc, 0);
	CHECK_INT(n, 2 * N);
	dedup_free(d);
}

static void test_nothing_added(void)
{
	check_order(NULL, 0, 1);
	dedup_free(NULL);
}

int main(void)
{
	RUN(test_order_and_duplicates);
	RUN(test_ids_of_equal_hash_are_kept_apart);
	RUN(test_duplicates_far_apart);
	RUN(test_nothing_added);
	return CHECK_DONE();
}
