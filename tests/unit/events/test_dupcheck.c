#include "events/dupcheck.h"

#include "base/mem.h"
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* splitmix64 (Sebastiano Vigna, public domain): a one-to-one map, so that no two hashes are one. */
static uint64_t hash_of(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void add(struct dupcheck *r, uint64_t hash, int64_t value)
{
	struct err err = ERR_INIT;

	if (dupcheck_add(r, hash, value, &err))
		CHECK_FAIL("%s", err.message);
}

static void finish(struct dupcheck *r)
{
	struct err err = ERR_INIT;

	CHECK_INT(dupcheck_finish(r, &err), 0);
	CHECK_STR(err.message, "");
}

/*
 * Of n hashes, all are added, every second one again with the same value, every third with another,
 * near its first or far from it. None of these may be missed; of the others, and as many that were
 * never added, at most that share may be taken for one.
 */
static void check_found(uint64_t n, uint64_t limit, double max_wrong)
{
	struct dupcheck *r = dupcheck_new(limit);
	uint64_t missed = 0, wrong = 0;

	for (uint64_t i = 1; i <= n; i++) {
		add(r, hash_of(i), 7);
		if (i % 2 == 0)
			add(r, hash_of(i), 7);
		if (i % 6 == 3)
			add(r, hash_of(i), (int64_t)i + 7);
	}
	for (uint64_t i = 6; i <= n; i += 6)
		add(r, hash_of(i), -1);
	finish(r);
	for (uint64_t i = 1; i <= 2 * n; i++)
		*(i <= n && i % 3 == 0 ? &missed : &wrong) += dupcheck_has(r, hash_of(i)) ==
							      (i > n || i % 3 != 0);
	CHECK_INT(missed, 0);
	if ((double)wrong > max_wrong * (double)(2 * n))
		CHECK_FAIL("%" PRIu64 " of %" PRIu64 " are wrong", wrong, 2 * n);
	dupcheck_free(r);
}

static void test_every_size(void)
{
	static const uint64_t sizes[] = { 0, 1, 2, 3, 6, 100, 5000, 30000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_found(sizes[i], UINT64_C(1) << 30, .01);
}

/* Most pages are on disk, and the table takes a part in several passes. */
static void test_beyond_the_limit(void)
{
	check_found(30000, 512 * 1024, .02);
	check_found(2000000, 512 * 1024, .8); /* more repeats than bits */
	check_found(30000, 0, 1);             /* of the least limit only that none is missed */
	check_found(300000, 2 * 1024 * 1024, .06);
}

static void test_zero_is_a_hash(void)
{
	struct dupcheck *r = dupcheck_new(0);

	add(r, 0, 5);
	add(r, 3, 0);
	add(r, 3, 0);
	finish(r);
	CHECK(!dupcheck_has(r, 0));
	CHECK(!dupcheck_has(r, 3));
	dupcheck_free(r);
	r = dupcheck_new(0);
	add(r, 0, 5);
	add(r, 3, 0);
	add(r, 0, 4);
	finish(r);
	CHECK(dupcheck_has(r, 0));
	CHECK(!dupcheck_has(r, 3));
	dupcheck_free(r);
}

/* Hashes that all want the same slot of the same part: slow to tell apart, but none is missed. */
static void test_hashes_made_to_collide(void)
{
	enum { N = 20000 };
	struct dupcheck *r = dupcheck_new(0);

	for (int round = 0; round < 2; round++)
		for (uint64_t i = 0; i < N; i++)
			add(r, i << 32 | 1, i % 2 ? round : 0);
	finish(r);
	for (uint64_t i = 0; i < N; i++)
		if (i % 2 && !dupcheck_has(r, i << 32 | 1))
			CHECK_FAIL("%" PRIu64 " is missed", i);
	dupcheck_free(r);
}

/* One hash alone fills a part with many values. */
static void test_one_hash(void)
{
	struct dupcheck *r = dupcheck_new(0);

	for (int64_t i = 0; i < 200000; i++)
		add(r, 77, i / 100000);
	finish(r);
	CHECK(dupcheck_has(r, 77));
	CHECK(!dupcheck_has(r, 78));
	dupcheck_free(r);
}

static int add_many(struct dupcheck *r, int64_t value, struct err *err)
{
	for (uint64_t i = 0; i < 1000000; i++)
		if (dupcheck_add(r, hash_of(i), value, err))
			return -1;
	return 0;
}

static void test_memory_stays_within_the_limit(void)
{
	struct dupcheck *r = dupcheck_new(0);
	struct rusage before, after;
	struct err err = ERR_INIT;

	getrusage(RUSAGE_SELF, &before);
	CHECK_INT(add_many(r, 0, &err), 0);
	CHECK_INT(add_many(r, 1, &err), 0);
	finish(r);
	getrusage(RUSAGE_SELF, &after);
#ifndef CHECK_SANITIZED
	CHECK(after.ru_maxrss - before.ru_maxrss < 2 * 1024); /* the hashes alone take 8 MB */
#endif
	dupcheck_free(r);
}

static void test_no_place_to_spill_is_an_error(void)
{
	struct dupcheck *r = dupcheck_new(0);
	struct err err = ERR_INIT;
	const char *old = getenv("TMPDIR");
	char *dir = old ? mem_dup(old, strlen(old)) : NULL;

	setenv("TMPDIR", "/nonexistent", 1);
	CHECK_INT(add_many(r, 0, &err), -1);
	CHECK(strstr(err.message, "/nonexistent"));
	if (dir)
		setenv("TMPDIR", dir, 1);
	else
		unsetenv("TMPDIR");
	free(dir);
	dupcheck_free(r);
}

static void test_a_write_that_fails_is_an_error(void)
{
	struct dupcheck *r = dupcheck_new(0);
	struct err err = ERR_INIT;
	struct rlimit old, small;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = 1024 * 1024;
	setrlimit(RLIMIT_FSIZE, &small);
	CHECK_INT(add_many(r, 0, &err), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	CHECK_STR(err.message, "cannot write the temporary file: File too large");
	dupcheck_free(r);
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
	struct dupcheck *r = dupcheck_new(0);
	struct err err = ERR_INIT;
	struct stat before, now;
	int fd;

	CHECK_INT(add_many(r, 0, &err), 0);
	fd = find_spill();
	CHECK_INT(fstat(fd, &before), 0);
	/* Up to a write: what is yet to be written would make the file as long as it was. */
	for (uint64_t i = 1; !fstat(fd, &now) && now.st_size == before.st_size; i++)
		add(r, hash_of(i), 0);
	CHECK_INT(ftruncate(fd, 1024 * 1024), 0);
	CHECK_INT(dupcheck_finish(r, &err), -1);
	CHECK_STR(err.message, "the temporary file is shorter than what was written to it");
	dupcheck_free(r);
	CHECK_INT(find_spill(), -1);
}

static void test_freeing_at_any_time(void)
{
	struct dupcheck *r = dupcheck_new(0);
	struct err err = ERR_INIT;

	dupcheck_free(NULL);
	dupcheck_free(r);
	r = dupcheck_new(0);
	CHECK_INT(add_many(r, 0, &err), 0);
	dupcheck_free(r);
	CHECK_INT(find_spill(), -1);
}

int main(void)
{
	RUN(test_memory_stays_within_the_limit);
	RUN(test_every_size);
	RUN(test_beyond_the_limit);
	RUN(test_zero_is_a_hash);
	RUN(test_hashes_made_to_collide);
	RUN(test_one_hash);
	RUN(test_no_place_to_spill_is_an_error);
	RUN(test_a_write_that_fails_is_an_error);
	RUN(test_a_file_cut_short_is_an_error);
	RUN(test_freeing_at_any_time);
	return CHECK_DONE();
}
