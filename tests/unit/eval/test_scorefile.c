#include "eval/scorefile.h"

#include "scratch.h"

static const struct scorefile_source source = { .path = "scores", .key = "id", .score = "p" };

static void write_text(const char *text)
{
	scratch_write("scores", text, strlen(text));
}

static void want(struct scorefile *p, const char *key)
{
	CHECK_INT(scorefile_want(p, key, strlen(key)), 0);
}

/* What the file of that text is told, when "a" and "b" are wanted. */
static void check_fails(const char *text, const char *split, const char *message)
{
	struct scorefile p = SCOREFILE_INIT;
	struct err err = ERR_INIT;

	write_text(text);
	want(&p, "a");
	want(&p, "b");
	CHECK_INT(scorefile_read(&p, &source, split, &err), -1);
	CHECK_BEGINS(err.message, message);
	scorefile_release(&p);
}

/*
 * Tables in any order, of which any part is wanted in another order, also of nothing but keys that
 * the file has not: each score is the one that stands next to its key.
 */
static void scores_are_found_by_their_key(void)
{
	uint64_t random = 1;

	for (int round = 0; round < 200 && check_ok; round++) {
		size_t n = scratch_below(&random, 300), n_test = 0, n_found = 0;
		const char *split = round % 3 ? "test" : NULL;
		struct scorefile p = SCOREFILE_INIT;
		size_t *place = mem_alloc(2 * n, sizeof(*place)), n_wanted;
		bool *is_test = mem_zalloc(2 * n, sizeof(*is_test));
		struct err err = ERR_INIT;
		struct buf file = BUF_INIT;
		char key[32];

		/* Row i has the score i / 1000; rows from n on are not in the file. */
		for (size_t i = 0; i < 2 * n; i++) {
			size_t k = scratch_below(&random, i + 1);

			place[i] = place[k];
			place[k] = i;
		}
		n_wanted = scratch_below(&random, 2 * n + 1);
		for (size_t i = 0; i < n_wanted; i++) {
			snprintf(key, sizeof(key), "%s%zu", place[i] % 2 ? "" : "a longer key ",
				 place[i]);
			want(&p, key);
			CHECK_INT(scorefile_want(&p, key, strlen(key)), -1);
		}
		CHECK_INT(p.n_wanted, n_wanted);
		buf_append_str(&file, split ? "p,split,id\n" : "p,other,id\n");
		for (size_t i = 0; i < n; i++) {
			is_test[i] = scratch_below(&random, 2) || !split;
			n_test += is_test[i];
			buf_printf(&file, "%.3f,%s,%s%zu\n", (double)i / 1000,
				   is_test[i] ? "test" : "train", i % 2 ? "" : "a longer key ", i);
		}
		scratch_write("scores", file.data, file.len);
		CHECK_INT(scorefile_read(&p, &source, split, &err), 0);
		CHECK_STR(err.message, "");
		for (size_t i = 0; i < n_wanted && check_ok; i++)
			if (place[i] < n && is_test[place[i]]) {
				CHECK_NEAR(p.scores[i], (double)place[i] / 1000, 1e-15);
				n_found++;
			} else {
				CHECK(isnan(p.scores[i]));
			}
		CHECK_INT(p.n_scores, n_test);
		CHECK_INT(p.n_found, n_found);
		scorefile_release(&p);
		scorefile_release(&p);
		buf_release(&file);
		free(place);
		free(is_test);
	}
}

static void a_key_is_in_the_file_once(void)
{
	check_fails("id,p\na,0.5\nx,1\na,0.5\n", NULL, "scores:4: column id: duplicate key 'a'");
	check_fails("id,p\nx,0.5\na,0.5\nx,0.5\n", NULL, "scores:4: column id: duplicate key 'x'");
	/* Also where one of the rows has no score: which one is meant? */
	check_fails("id,p,split\na,0.5,test\na,0.7,train\n", "test",
		    "scores:3: column id: duplicate key 'a'");
	check_fails("id,p\n,0.5\n", NULL, "scores:2: column id: empty key");
}

static void bad_scores_are_errors(void)
{
	static const struct {
		const char *score, *reason;
	} cases[] = {
		{ "", "empty; expected a probability" },
		{ "\"\"", "empty; expected a probability" },
		{ "x", "invalid probability 'x': expected a number from 0 to 1" },
		{ "nan", "invalid probability 'nan'" },
		{ "-0.1", "invalid probability '-0.1'" },
		{ "1.0000000000000003", "invalid probability '1.0000000000000003'" },
		{ "1e999", "invalid probability '1e999'" },
		{ " 0.5", "invalid probability ' 0.5'" },
	};
	char text[96], message[160];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Of a row that nobody wants. */
		snprintf(text, sizeof(text), "id,p\na,0\nz,%s\n", cases[i].score);
		snprintf(message, sizeof(message), "scores:3: column p: %s", cases[i].reason);
		check_fails(text, NULL, message);
	}
	check_fails("id,q\na,0\n", NULL, "scores:1: missing column p");
	check_fails("key,p\na,0\n", NULL, "scores:1: missing column id");
	check_fails("id,p\na,0\nb\n", NULL, "scores:3: expected 2 fields, found 1");
	check_fails("", NULL, "scores: ");
}

/* The rows of another split need none. */
static void rows_of_another_split_are_passed_over(void)
{
	struct scorefile p = SCOREFILE_INIT;
	struct err err = ERR_INIT;

	write_text("id,p,split\na,,train\nb,1,test\nc,x,tests\nd,2,\n");
	want(&p, "a");
	want(&p, "b");
	CHECK_INT(scorefile_read(&p, &source, "test", &err), 0);
	CHECK(isnan(p.scores[0]) && p.scores[1] == 1);
	CHECK_INT(p.n_scores, 1);
	CHECK_INT(p.n_found, 1);
	scorefile_release(&p);
	check_fails("id,p,split\na,,train\n", NULL, "scores:2: column p: empty");
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(scores_are_found_by_their_key);
	RUN(a_key_is_in_the_file_once);
	RUN(bad_scores_are_errors);
	RUN(rows_of_another_split_are_passed_over);
	scratch_leave(dir);
	return CHECK_DONE();
}
