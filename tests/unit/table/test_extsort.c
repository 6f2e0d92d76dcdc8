#include "table/extsort.h"

#include "base/mem.h"
#include "base/rng.h"
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB ((uint64_t)1024 * 1024)

/* The reference: rows with their place in the order of adding, through qsort. */
struct sample {
	struct extsort_row row;
	uint32_t nr;
};

static int by_order(const void *a_, const void *b_)
{
	const struct sample *a = a_, *b = b_;
	size_t len = a->row.compare_len < b->row.compare_len ? a->row.compare_len
							     : b->row.compare_len;
	int order;

	if (a->row.key != b->row.key)
		return a->row.key < b->row.key ? -1 : 1;
	order = memcmp(a->row.bytes, b->row.bytes, len);
	if (order)
		return order;
	if (a->row.compare_len != b->row.compare_len)
		return a->row.compare_len < b->row.compare_len ? -1 : 1;
	return a->nr < b->nr ? -1 : 1;
}

/* Whether the first n rows come back as the samples are. */
static void check_rows(struct extsort *s, const struct sample *samples, size_t n, uint64_t limit)
{
	struct extsort_row row;
	struct err err = ERR_INIT;
	size_t i = 0;
	int rc = 1;

	while (i < n && (rc = extsort_next(s, &row, &err)) > 0) {
		const struct extsort_row *want = &samples[i++].row;

		if (row.key != want->key || row.len != want->len ||
		    row.compare_len != want->compare_len || memcmp(row.bytes, want->bytes, row.len))
			CHECK_FAIL("row %zu of %zu is out of order (limit %" PRIu64 ")", i, n,
				   limit);
	}
	CHECK_INT(i, n);
	CHECK(rc >= 0);
	CHECK_STR(err.message, "");
}

/* Sorts the samples both ways, bytes and all, and frees their rows. */
static void check_sorted(struct sample *samples, size_t n, uint64_t limit)
{
	struct extsort *s = extsort_new(limit);
	struct extsort_row row;
	struct err err = ERR_INIT;

	for (size_t k = 0; k < n; k++)
		CHECK_INT(extsort_add(s, &samples[k].row, &err), 0);
	qsort(samples, n, sizeof(*samples), by_order);
	CHECK_INT(extsort_finish(s, &err), 0);
	check_rows(s, samples, n / 3, limit);
	CHECK_INT(extsort_rewind(s, &err), 0);
	check_rows(s, samples, n, limit);
	CHECK_INT(extsort_next(s, &row, &err), 0);
	CHECK_INT(extsort_next(s, &row, &err), 0);
	CHECK_INT(extsort_rewind(s, &err), 0);
	check_rows(s, samples, n, limit);
	CHECK_INT(extsort_next(s, &row, &err), 0);
	CHECK_STR(err.message, "");
	extsort_free(s);
	for (size_t k = 0; k < n; k++)
		free((char *)(uintptr_t)samples[k].row.bytes);
}

/* len bytes of text of few letters, then the row's number. */
static struct sample make_sample(uint32_t nr, int64_t key, size_t len, struct rng *random)
{
	char *bytes = mem_alloc(len + sizeof(nr), 1);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)("ab\xff"[rng_next(random) % 3]);
	memcpy(bytes + len, &nr, sizeof(nr));
	return (struct sample){ { key, bytes, len + sizeof(nr), len }, nr };
}

enum pattern { RANDOM, FEW_KEYS, SORTED, REVERSED, LATE, SAWTOOTH, CONSTANT, N_PATTERNS };

static int64_t key_of(enum pattern pattern, size_t i, size_t n, struct rng *random)
{
	switch (pattern) {
	case RANDOM:
		return (int64_t)rng_next(random);
	case FEW_KEYS:
		return (int64_t)(rng_next(random) % 5) - 2;
	case SORTED:
		return (int64_t)i;
	case REVERSED:
		return (int64_t)(n - i);
	case LATE:
		return (int64_t)i * 10 -
		       (rng_next(random) % 8 ? 0 : (int64_t)(rng_next(random) % 500));
	case SAWTOOTH:
		return (int64_t)(i % 37) * (i % 2 ? 1 : 3);
	default:
		return INT64_MIN;
	}
}

static void test_every_pattern_and_size(void)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 15, 16, 17, 33, 100, 1000, 5003 };
	struct rng random;

	rng_seed(&random, 1, 0);
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
		for (enum pattern pattern = 0; pattern < N_PATTERNS; pattern++) {
			size_t n = sizes[k];
			struct sample *samples = mem_alloc(n, sizeof(*samples));

			for (size_t i = 0; i < n; i++)
				samples[i] = make_sample((uint32_t)i,
							 key_of(pattern, i, n, &random),
							 rng_next(&random) % 4, &random);
			check_sorted(samples, n, MIB);
			free(samples);
		}
}

static void test_runs_on_disk(void)
{
	struct rng random;

	rng_seed(&random, 2, 0);
	for (enum pattern pattern = 0; pattern < N_PATTERNS; pattern++)
		for (uint64_t limit = 0; limit <= 4 * MIB; limit += 2 * MIB) {
			size_t n = 60000;
			struct sample *samples = mem_alloc(n, sizeof(*samples));

			for (size_t i = 0; i < n; i++)
				samples[i] = make_sample((uint32_t)i,
							 key_of(pattern, i, n, &random),
							 rng_next(&random) % 4, &random);
			check_sorted(samples, n, limit);
			free(samples);
		}
}

/* Rows of every size up to twice the limit. */
static void test_rows_larger_than_the_limit(void)
{
	struct sample samples[60];
	struct rng random;

	rng_seed(&random, 3, 0);
	for (uint32_t i = 0; i < 60; i++)
		samples[i] = make_sample(
			i, (int64_t)(rng_next(&random) % 3),
			i % 7 ? rng_next(&random) % 50 : rng_next(&random) % (2 * MIB), &random);
	check_sorted(samples, 60, MIB);
}

/* Some 90 runs of which 1 MiB can merge less than 32 at once: two passes; and memory stays put. */
static void test_several_passes_within_the_limit(void)
{
	enum { N = 9000, LEN = 10000 };
	struct extsort *s = extsort_new(0);
	char *bytes = mem_zalloc(LEN, 1);
	struct extsort_row row = { 0, bytes, LEN, 0 };
	struct rusage before, after;
	struct err err = ERR_INIT;
	int64_t last = -1;
	size_t n = 0;
	int rc;

	getrusage(RUSAGE_SELF, &before);
	for (uint32_t i = 0; i < N; i++) {
		row.key = (int64_t)i * 7919 % N / 4; /* 7919 is a prime: every key four times */
		memcpy(bytes, &i, sizeof(i));
		CHECK_INT(extsort_add(s, &row, &err), 0);
	}
	CHECK_INT(extsort_finish(s, &err), 0);
#ifndef CE_SMALL
	CHECK(extsort_held(s) > MIB / 2 && extsort_held(s) < MIB);
#endif
	while ((rc = extsort_next(s, &row, &err)) > 0) {
		uint32_t nr;
		int64_t place;

		memcpy(&nr, row.bytes, sizeof(nr));
		CHECK_INT(row.key, (int64_t)nr * 7919 % N / 4);
		CHECK_INT(row.len, LEN);
		place = row.key * N + nr;
		CHECK(place > last);
		last = place;
		n++;
	}
	CHECK_INT(rc, 0);
	CHECK_INT(n, N);
	getrusage(RUSAGE_SELF, &after);
#ifndef CHECK_SANITIZED
	/* Earlier tests may have left room in the heap, so this can only err towards passing; what
	 * 90 MB of rows would need cannot pass. */
	CHECK(after.ru_maxrss - before.ru_maxrss < 4 * 1024);
#endif
	extsort_free(s);
	free(bytes);
}

static int add_rows(struct extsort *s, int64_t n, struct err *err)
{
	char bytes[1000] = "";

	for (int64_t i = 0; i < n; i++) {
		struct extsort_row row = { -i, bytes, sizeof(bytes), 0 };

		if (extsort_add(s, &row, err))
			return -1;
	}
	return 0;
}

static void test_no_place_to_spill_is_an_error(void)
{
	struct extsort *s = extsort_new(0);
	struct err err = ERR_INIT;
	const char *old = getenv("TMPDIR");
	char *dir = old ? mem_dup(old, strlen(old)) : NULL;

	setenv("TMPDIR", "/nonexistent", 1);
	CHECK_INT(add_rows(s, 5000, &err), -1);
	CHECK(strstr(err.message, "/nonexistent"));
	if (dir)
		setenv("TMPDIR", dir, 1);
	else
		unsetenv("TMPDIR");
	free(dir);
	extsort_free(s);
}

static void test_a_write_that_fails_is_an_error(void)
{
	struct extsort *s = extsort_new(0);
	struct err err = ERR_INIT;
	struct rlimit old, small;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 2 * MIB;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_INT(add_rows(s, 5000, &err), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK_STR(err.message, "cannot write the temporary file: File too large");
	extsort_free(s);
}

/* The descriptor of the one regular file that is open and has no name. */
static int find_spill(void)
{
	struct stat st;

	for (int fd = 3; fd < 64; fd++)
		if (!fstat(fd, &st) && S_ISREG(st.st_mode) && !st.st_nlink)
			return fd;
	return -1;
}

static void test_a_file_cut_short_is_an_error(void)
{
	struct extsort *s = extsort_new(0);
	struct extsort_row row;
	struct err err = ERR_INIT;
	int n = 0, rc;

	CHECK_INT(add_rows(s, 5000, &err), 0);
	CHECK_INT(extsort_finish(s, &err), 0);
	CHECK_INT(ftruncate(find_spill(), (off_t)(3 * MIB)), 0);
	while ((rc = extsort_next(s, &row, &err)) > 0)
		n++;
	CHECK_INT(rc, -1);
	CHECK(n < 5000);
	CHECK_STR(err.message, "the temporary file is shorter than what was written to it");
	extsort_free(s);
	CHECK_INT(find_spill(), -1);
}

static void test_freeing_at_any_time(void)
{
	struct extsort *s = extsort_new(0);
	struct extsort_row row;
	struct err err = ERR_INIT;

	extsort_free(NULL);
	extsort_free(s);
	s = extsort_new(0);
	CHECK_INT(add_rows(s, 5000, &err), 0);
	extsort_free(s);
	s = extsort_new(0);
	CHECK_INT(add_rows(s, 5000, &err), 0);
	CHECK_INT(extsort_finish(s, &err), 0);
	CHECK_INT(extsort_next(s, &row, &err), 1);
	CHECK_INT(row.key, -4999);
	extsort_free(s);
}

int main(void)
{
	RUN(test_several_passes_within_the_limit);
	RUN(test_every_pattern_and_size);
	RUN(test_runs_on_disk);
	RUN(test_rows_larger_than_the_limit);
	RUN(test_no_place_to_spill_is_an_error);
	RUN(test_a_write_that_fails_is_an_error);
	RUN(test_a_file_cut_short_is_an_error);
	RUN(test_freeing_at_any_time);
	return CHECK_DONE();
}
