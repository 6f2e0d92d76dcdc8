#include "origin.h"

#include "scratch.h"

#define MAX_ROWS 400

/* What is known of every record, where the module keeps runs. */
static struct {
	const char *file;
	uint64_t line, sent_line;
} rows[MAX_ROWS];

static void check_line(const struct origin *o, uint64_t sent, size_t row)
{
	const char *file = "";
	uint64_t line = 0;

	CHECK(origin_of_line(o, sent, &file, &line));
	CHECK_STR(file, rows[row].file);
	CHECK_INT(line, rows[row].line);
}

/* Records of several lines, blank lines and new files, often or hardly ever, in any order. */
static void every_line_finds_its_record(void)
{
	static const char *const files[] = { "a", "b", "c", "d" };
	uint64_t seed = 1;

	for (int round = 0; round < 200; round++) {
		size_t n = 1 + scratch_below(&seed, MAX_ROWS), rare = 1 + scratch_below(&seed, 50);
		uint64_t line = 2, sent = 2;
		struct origin o;
		size_t file = 0;

		origin_init(&o, 1);
		for (size_t i = 0; i < n; i++) {
			uint64_t n_lines = 1;

			if (!scratch_below(&seed, rare))
				line += scratch_below(&seed, 3); /* blank ones */
			if (!scratch_below(&seed, rare))
				n_lines += scratch_below(&seed, 4);
			if (!scratch_below(&seed, rare * 20) && file < 3) {
				file++;
				line = 2;
			}
			rows[i].file = files[file];
			rows[i].line = line;
			rows[i].sent_line = sent;
			origin_add(&o, files[file], line, n_lines);
			line += n_lines;
			sent += n_lines;
		}
		for (size_t i = 0; i < n; i++) {
			uint64_t end = i + 1 < n ? rows[i + 1].sent_line : sent, found = 0;
			const char *name = "";

			for (uint64_t s = rows[i].sent_line; s < end; s++)
				check_line(&o, s, i);
			CHECK(origin_of_row(&o, i, &name, &found));
			CHECK_STR(name, rows[i].file);
			CHECK_INT(found, rows[i].line);
		}
		origin_release(&o);
	}
}

static void what_was_not_sent_is_not_found(void)
{
	const char *file = NULL;
	uint64_t line;
	struct origin o;

	origin_init(&o, 1);
	CHECK(!origin_of_line(&o, 2, &file, &line));
	CHECK(!origin_of_row(&o, 0, &file, &line));
	origin_add(&o, "f", 2, 2);
	CHECK(!origin_of_line(&o, 0, &file, &line)); /* the server said none */
	CHECK(!origin_of_line(&o, 1, &file, &line)); /* our own header */
	CHECK(!origin_of_line(&o, 4, &file, &line));
	CHECK(!origin_of_row(&o, 1, &file, &line));
	CHECK(!file);
	origin_release(&o);
}

/* A million records of two lines each: the memory of some, and the newest are known. */
static void memory_is_bounded(void)
{
	const char *file;
	uint64_t line, n = 1000000;
	struct origin o;

	origin_init(&o, 1);
	for (uint64_t i = 0; i < n; i++)
		origin_add(&o, "f", 2 + 2 * i, 2);
	CHECK_INT(o.runs.n, ORIGIN_MAX_RUNS);
	CHECK_INT(o.runs.cap, ORIGIN_MAX_RUNS);
	CHECK(origin_of_line(&o, 2 * n, &file, &line));
	CHECK_INT(line, 2 * n);
	CHECK(origin_of_row(&o, n - ORIGIN_MAX_RUNS, &file, &line));
	CHECK_INT(line, 2 + 2 * (n - ORIGIN_MAX_RUNS));
	CHECK(!origin_of_row(&o, n - ORIGIN_MAX_RUNS - 1, &file, &line));
	CHECK(!origin_of_line(&o, 2, &file, &line));
	origin_release(&o);
}

int main(void)
{
	RUN(every_line_finds_its_record);
	RUN(what_was_not_sent_is_not_found);
	RUN(memory_is_bounded);
	return CHECK_DONE();
}
