#include "events/dedup.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/rng.h"
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#define MIB ((uint64_t)1024 * 1024)

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
	struct dedup *d = dedup_new(0, INT64_MIN);
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

/* Many ids, each at two times, so that both sorts go to disk at the least limit. */
static void test_duplicates_far_apart(void)
{
	enum { N = 40000 };
	struct dedup *d = dedup_new(0, INT64_MIN);
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

/* An event of a random log. */
struct drawn {
	int64_t ts;
	uint32_t nr; /* its id, by id_of */
	uint32_t rest;
};

static const char *id_of(uint32_t nr, char *buf, size_t size)
{
	snprintf(buf, size, "id-%" PRIu32, nr);
	return buf;
}

static int by_order(const void *a_, const void *b_)
{
	const struct drawn *a = a_, *b = b_;
	char id_a[32], id_b[32];
	int order;

	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	order = strcmp(id_of(a->nr, id_a, sizeof(id_a)), id_of(b->nr, id_b, sizeof(id_b)));
	return order ? order : (a->rest > b->rest) - (a->rest < b->rest);
}

/* The text of a rest, of which 0 is none. */
static const char *rest_of(uint32_t rest, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu32, rest);
	return rest ? buf : "";
}

/* What qsort and a table of all ids say of events as they come back. */
struct reference {
	bool *seen; /* of an id, by an event that is not too late */
	struct drawn last;
	bool is_late_alone; /* that, which is the first of its id and time: so are its copies */
};

static bool is_duplicate(struct reference *r, const struct drawn *e, int64_t from)
{
	bool is_late = e->ts < from && e->rest, duplicate;

	if (e->ts == r->last.ts && e->nr == r->last.nr)
		return !r->is_late_alone;
	duplicate = r->seen[e->nr];
	r->last = *e;
	r->is_late_alone = is_late && !duplicate;
	r->seen[e->nr] |= !is_late;
	return duplicate;
}

/*
 * Of every log: some ids, up to that percentage, come up to six times, at as many times or fewer.
 * Before `from` a third of the events have no rest, and the others are too late.
 */
static void check_random_log_from(uint64_t percent, uint64_t limit, int64_t from)
{
	enum { N_IDS = 30000, COPIES = 6 };
	struct drawn *log = mem_alloc((size_t)N_IDS * COPIES, sizeof(*log));
	struct reference reference = { .seen = mem_zalloc(N_IDS, 1) };
	struct dedup *d = dedup_new(limit, from);
	struct dedup_event next;
	struct err err = ERR_INIT;
	struct rng random;
	size_t n = 0, i = 0;
	char id[32], rest[16];
	int rc;

	rng_seed(&random, percent, 0);
	for (uint32_t nr = 0; nr < N_IDS; nr++) {
		uint64_t copies = nr < 3                              ? COPIES
				  : rng_next(&random) % 100 < percent ? rng_next(&random) % COPIES
								      : 0;

		for (uint64_t k = 0; k <= copies && k < COPIES; k++) {
			struct drawn *e = &log[n++];

			*e = (struct drawn){ 1 + (int64_t)(rng_next(&random) % (k % 2 ? 9 : N_IDS)),
					     nr, (uint32_t)(100 + rng_next(&random) % 3) };
			if (e->ts < from && e->rest == 100)
				e->rest = 0;
		}
	}
	for (size_t k = n; k > 1; k--) {
		size_t other = rng_next(&random) % k;
		struct drawn moved = log[k - 1];

		log[k - 1] = log[other];
		log[other] = moved;
	}
	for (size_t k = 0; k < n; k++) {
		add(d, &(struct sample){ log[k].ts, id_of(log[k].nr, id, sizeof(id)),
					 rest_of(log[k].rest, rest, sizeof(rest)), "note", false });
	}
	qsort(log, n, sizeof(*log), by_order);
	CHECK_INT(dedup_finish(d, &err), 0);
	while ((rc = dedup_next(d, &next, &err)) > 0 && i < n) {
		const struct drawn *want = &log[i++];

		CHECK_INT(next.event.ts, want->ts);
		check_text(next.event.id, next.event.id_len, id_of(want->nr, id, sizeof(id)));
		check_text(next.event.rest, next.event.rest_len,
			   rest_of(want->rest, rest, sizeof(rest)));
		check_text(next.note, next.note_len, "note");
		CHECK_INT(next.duplicate, is_duplicate(&reference, want, from));
	}
	CHECK_INT(rc, 0);
	CHECK_INT(i, n);
	dedup_free(d);
	free(reference.seen);
	free(log);
}

static void check_random_log(uint64_t percent, uint64_t limit)
{
	check_random_log_from(percent, limit, INT64_MIN);
}

static void test_ids_of_equal_hash_are_kept_apart(void)
{
	static const struct sample samples[] = {
		{ 1, "a", "x", "", false }, { 2, "bc", "x", "", false }, { 3, "bc", "x", "", true },
		{ 3, "d", "x", "", false }, { 9, "a", "x", "", true },
	};
	const struct hash_keys keys = hash_keys;

	hash_set_keys((struct hash_keys){ 0 });
	CHECK(hash_bytes("a", 1) == hash_bytes("bc", 2));
	for (size_t step = 1; step < 5; step++)
		check_order(samples, 5, step);
	check_random_log(1, 0);
	hash_set_keys(keys);
}

static void test_random_logs_at_any_limit(void)
{
	static const uint64_t limits[] = { 0, 4 * MIB, 12 * MIB, 1024 * MIB };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		check_random_log(0, limits[i]);
		check_random_log(1, limits[i]);
		check_random_log(50, limits[i]);
		check_random_log(100, limits[i]);
	}
}

/* Whether ids are remembered or sorted: what is too late makes nothing a duplicate. */
static void test_late_events_at_any_limit(void)
{
	static const uint64_t limits[] = { 0, 4 * MIB, 1024 * MIB };

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		check_random_log_from(50, limits[i], 5);
		check_random_log_from(100, limits[i], 5);
		check_random_log_from(100, limits[i], 15000);
	}
}

/* Each of n ids at two times. */
static struct dedup *add_twice(int64_t n)
{
	struct dedup *d = dedup_new(0, INT64_MIN);
	char id[32];

	for (int64_t i = 0; i < 2 * n; i++) {
		snprintf(id, sizeof(id), "id-%" PRId64, i % n);
		add(d, &(struct sample){ i + 1, id, "", "", false });
	}
	return d;
}

static void test_memory_stays_within_the_limit(void)
{
	enum { N = 200000 };
	struct dedup *d;
	struct dedup_event next;
	struct rusage before, after;
	struct err err = ERR_INIT;
	int64_t n = 0, n_duplicates = 0;

	getrusage(RUSAGE_SELF, &before);
	d = add_twice(N);
	CHECK_INT(dedup_finish(d, &err), 0);
	while (dedup_next(d, &next, &err) > 0) {
		n++;
		n_duplicates += next.duplicate;
	}
	CHECK_INT(n, 2 * N);
	CHECK_INT(n_duplicates, N);
	getrusage(RUSAGE_SELF, &after);
#ifndef CHECK_SANITIZED
	CHECK(after.ru_maxrss - before.ru_maxrss < 5 * 1024); /* a table of the ids takes 16 MB */
#endif
	dedup_free(d);
}

static void test_a_write_that_fails_is_an_error(void)
{
	struct dedup *d = add_twice(40000);
	struct dedup_event next;
	struct rlimit old, none;
	struct err err = ERR_INIT;
	int n = 0, rc;

	CHECK_INT(dedup_finish(d, &err), 0);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	none = old;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_FSIZE, &none);
	while ((rc = dedup_next(d, &next, &err)) > 0)
		n++;
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK_INT(rc, -1);
	CHECK(n > 0 && n < 40000);
	CHECK_STR(err.message, "cannot write the temporary file: File too large");
	dedup_free(d);
}

static void test_nothing_added(void)
{
	check_order(NULL, 0, 1);
	dedup_free(NULL);
}

int main(void)
{
	RUN(test_memory_stays_within_the_limit);
	RUN(test_order_and_duplicates);
	RUN(test_ids_of_equal_hash_are_kept_apart);
	RUN(test_duplicates_far_apart);
	RUN(test_random_logs_at_any_limit);
	RUN(test_late_events_at_any_limit);
	RUN(test_a_write_that_fails_is_an_error);
	RUN(test_nothing_added);
	return CHECK_DONE();
}
