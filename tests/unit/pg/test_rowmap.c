#include "pg/rowmap.h"

#include "scratch.h"

#define MAX_ROWS 400

/* Records of several lines, blank lines and new files, often or hardly ever, in any order. */
static void every_row_is_found(void)
{
	static const char *const files[] = { "a", "b", "c", "d" };
	struct {
		const char *file;
		uint64_t line;
	} want[MAX_ROWS];
	uint64_t seed = 1;

	for (int round = 0; round < 200; round++) {
		size_t n = 1 + scratch_below(&seed, MAX_ROWS), rare = 1 + scratch_below(&seed, 50);
		struct rowmap o;
		uint64_t line = 2;
		size_t file = 0;

		rowmap_init(&o);
		for (size_t i = 0; i < n; i++) {
			if (!scratch_below(&seed, rare))
				line += 1 + scratch_below(&seed, 3);
			if (!scratch_below(&seed, rare * 20) && file < 3) {
				file++;
				/* As if it went on, which it may. */
				line = scratch_below(&seed, 2) ? 2 : line;
			}
			want[i].file = files[file];
			want[i].line = line;
			rowmap_add(&o, files[file], line++);
		}
		for (size_t i = 0; i < n; i++) {
			const char *name = "";
			uint64_t found = 0;

			CHECK(rowmap_find(&o, i, &name, &found));
			CHECK_STR(name, want[i].file);
			CHECK_INT(found, want[i].line);
		}
		rowmap_release(&o);
	}
}

static void what_was_not_added_is_not_found(void)
{
	const char *file = NULL;
	uint64_t line;
	struct rowmap o;

	rowmap_init(&o);
	CHECK(!rowmap_find(&o, 0, &file, &line));
	rowmap_add(&o, "f", 2);
	CHECK(!rowmap_find(&o, 1, &file, &line));
	CHECK(!rowmap_find(&o, UINT64_MAX, &file, &line));
	CHECK(!file);
	rowmap_release(&o);
}

/* A million records of two lines each: the memory of some, and the newest are known. */
static void memory_is_bounded(void)
{
	const char *file;
	uint64_t line, n = 1000000;
	struct rowmap o;

	rowmap_init(&o);
	for (uint64_t i = 0; i < n; i++)
		rowmap_add(&o, "f", 2 + 2 * i);
	CHECK_INT(o.runs.n, ROWMAP_MAX_RUNS);
	CHECK(o.runs.n_chunks * RING_CHUNK <= 2 * ROWMAP_MAX_RUNS);
	CHECK(rowmap_find(&o, n - 1, &file, &line));
	CHECK_INT(line, 2 * n);
	CHECK(rowmap_find(&o, n - ROWMAP_MAX_RUNS, &file, &line));
	CHECK_INT(line, 2 + 2 * (n - ROWMAP_MAX_RUNS));
	CHECK(!rowmap_find(&o, n - ROWMAP_MAX_RUNS - 1, &file, &line));
	rowmap_release(&o);
}

int main(void)
{
	RUN(every_row_is_found);
	RUN(what_was_not_added_is_not_found);
	RUN(memory_is_bounded);
	return CHECK_DONE();
}
