#include "io/parts.h"

#include "scratch.h"

static const struct gz_output plain = { .plain = true, .level = GZ_LEVEL_DEFAULT };

static void check_file(const char *path, const char *bytes, size_t n)
{
	size_t len;
	char *got = scratch_read(path, &len);

	CHECK_INT(len, n);
	CHECK(len == n && !memcmp(got, bytes, n));
	free(got);
}

static void patterns(void)
{
	CHECK(parts_is_pattern("%"));
	CHECK(parts_is_pattern("a/%/b"));
	CHECK(!parts_is_pattern(""));
	CHECK(!parts_is_pattern("a"));
	CHECK(!parts_is_pattern("%%"));
	CHECK(!parts_is_pattern("%/%"));
}

/* In pieces of any size, more than what gathers. */
static void each_part_has_what_was_put_into_it(void)
{
	enum { N = 3, LEN = 200000 };
	static char want[N][LEN];
	size_t len[N] = { 0 };
	struct parts parts;
	struct err err = ERR_INIT;
	uint64_t random = 1;

	CHECK_INT(parts_open(&parts, "a//b/%/c", N, &plain, &err), 0);
	for (;;) {
		size_t i = scratch_below(&random, N), n = scratch_below(&random, 500);
		char *to = want[i] + len[i];

		if (scratch_below(&random, 50) == 0)
			n *= 150;
		if (len[i] + n > LEN)
			break;
		memset(to, (int)scratch_below(&random, 256), n);
		if (scratch_below(&random, 2))
			CHECK_INT(parts_put(&parts, i, to, n, &err), 0);
		else
			CHECK_INT(n ? parts_fill(&parts, i, *to, n, &err) : 0, 0);
		len[i] += n;
	}
	CHECK(access("a/b/0/c", F_OK) != 0);
	CHECK_INT(parts_close(&parts, &err), 0);
	parts_release(&parts);
	check_file("a/b/0/c", want[0], len[0]);
	check_file("a/b/1/c", want[1], len[1]);
	check_file("a/b/2/c", want[2], len[2]);
	CHECK_INT(scratch_count(), 1);
}

static void what_is_not_closed_is_not_there(void)
{
	struct parts parts;
	struct err err = ERR_INIT;

	CHECK_INT(parts_open(&parts, "x%", 5, &plain, &err), 0);
	CHECK_INT(parts_fill(&parts, 4, 'x', 1000000, &err), 0);
	CHECK_INT(scratch_count(), 6);
	parts_release(&parts);
	parts_release(&parts);
	CHECK_INT(scratch_count(), 1);
	CHECK_INT(mkdir("x3", 0777), 0);
	CHECK_INT(parts_open(&parts, "x%", 5, &plain, &err), -1);
	CHECK_STR(err.message, "x3: Is a directory");
	parts_release(&parts);
	CHECK_INT(scratch_count(), 2);
	CHECK_INT(parts_open(&parts, "y%", 20000000, &plain, &err), -1);
	CHECK(strstr(err.message, "20000010 files would be open at once") != NULL);
	parts_release(&parts);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(patterns);
	RUN(each_part_has_what_was_put_into_it);
	RUN(what_is_not_closed_is_not_there);
	scratch_leave(dir);
	return CHECK_DONE();
}
