#include "audit/spool.h"

#include "check.h"
#include "scratch.h"

#include <stdlib.h>

static char dir[] = SCRATCH_DIR;

static void spool(struct spool *s, struct spool_sample *sample, const char *text, uint64_t seed)
{
	static const char *const paths[] = { "log" };
	const struct csv_input input = { .paths = paths, .n = 1 };
	struct err err = ERR_INIT;

	scratch_write("log", text, strlen(text));
	s->column = "t";
	s->times.unit = TIME_MS;
	CHECK_INT(spool_read(s, &input, sample, seed, &err), 0);
	CHECK_STR(err.message, "");
}

static void check_prefix(const struct spool *s, int64_t cut, uint64_t n, const char *want)
{
	struct err err = ERR_INIT;
	int fd = open("prefix", O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint64_t got_n = 99;
	size_t len;
	char *got;

	CHECK(write(fd, "old old old old old old old old old", 35) == 35);
	CHECK_INT(spool_write_prefix(s, cut, fd, &got_n, &err), 0);
	CHECK_INT(got_n, n);
	got = scratch_read("prefix", &len);
	CHECK_STR(got, want);
	free(got);
	close(fd);
}

static void test_prefixes(void)
{
	struct spool_sample sample = { .size = 0 };
	struct spool s = SPOOL_INIT;

	spool(&s, &sample, "t,x\n3,c\n\n1,\"a\nb\"\r\n x ,d\n2,\"\"\n9\n-5,e\n1,f", 1);
	CHECK_INT(s.n_records, 7);
	CHECK_INT(s.last, 3);
	check_prefix(&s, 1, 5, "t,x\n1,\"a\nb\"\n x ,d\n9\n-5,e\n1,f\n");
	check_prefix(&s, 3, 7, "t,x\n3,c\n1,\"a\nb\"\n x ,d\n2,\"\"\n9\n-5,e\n1,f\n");
	check_prefix(&s, 0, 3, "t,x\n x ,d\n9\n-5,e\n");
	free(sample.times);
	spool_release(&s);
}

/* A time is what ce-clean takes it for; a number of no unit is none. */
static void test_times_are_those_of_ce_clean(void)
{
	static const char *const paths[] = { "log" };
	const struct csv_input input = { .paths = paths, .n = 1 };
	struct spool_sample sample = { .size = 0 };
	struct spool s = SPOOL_INIT;
	const char *log = "t\n1700000000\n2024-01-01 05:30\n99\n1700000000001\n";
	struct err err = ERR_INIT;

	s.column = "t";
	s.times.zone = zone_open("Asia/Kolkata", &err);
	scratch_write("log", log, strlen(log));
	CHECK_INT(spool_read(&s, &input, &sample, 1, &err), 0);
	CHECK_INT(s.last, INT64_C(1704067200000));
	check_prefix(&s, INT64_C(1700000000000), 2, "t\n1700000000\n99\n");
	free(sample.times);
	zone_free((struct zone *)s.times.zone);
	spool_release(&s);
}

/* Each of ten times is in a sample of three with probability 0.3; no seed draws one twice. */
static void test_the_sample_is_uniform(void)
{
	enum { SEEDS = 2000 };
	int count[11] = { 0 };

	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		struct spool_sample sample = { .size = 3 };
		struct spool s = SPOOL_INIT;

		spool(&s, &sample, "t\n1\n2\n3\n4\nx\n5\n6\n7\n-3\n8\n9\n10\n9e15\n", seed);
		CHECK_INT(sample.n, 3);
		for (size_t i = 0; i < 3; i++) {
			CHECK(sample.times[i] > 0 && sample.times[i] < 11);
			CHECK(sample.times[i] != sample.times[(i + 1) % 3]);
			count[sample.times[i] % 11]++;
		}
		free(sample.times);
		spool_release(&s);
	}
	/* Five standard deviations. */
	for (int i = 1; i < 11; i++)
		CHECK_NEAR(count[i], 0.3 * SEEDS, 5 * sqrt(SEEDS * 0.3 * 0.7));
}

static void test_a_sample_larger_than_the_log(void)
{
	struct spool_sample sample = { .size = 9 };
	struct spool s = SPOOL_INIT;

	spool(&s, &sample, "t\n7\n7\n5\n", 1);
	CHECK_INT(sample.n, 3);
	CHECK_INT(sample.times[0] + sample.times[1] + sample.times[2], 19);
	free(sample.times);
	spool_release(&s);
}

int main(void)
{
	scratch_enter(dir);
	RUN(test_prefixes);
	RUN(test_times_are_those_of_ce_clean);
	RUN(test_the_sample_is_uniform);
	RUN(test_a_sample_larger_than_the_log);
	scratch_leave(dir);
	return CHECK_DONE();
}
