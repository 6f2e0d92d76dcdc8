#include "audit/audit.h"

#include "base/fdio.h"
#include "check.h"
#include "io/tempfile.h"
#include "scratch.h"

#include <stdlib.h>

/* The text as a file without a name, to be read from its start. */
static int file_of(const char *text)
{
	struct err err = ERR_INIT;
	int fd = tempfile_open(&err);

	CHECK(fd >= 0 && !fdio_write(fd, text, strlen(text)) && !lseek(fd, 0, SEEK_SET));
	return fd;
}

static char *event_id[] = { "id" }, *pair[] = { "user", "id" }, *outcome[] = { "outcome" };

static struct audit_options by(char **key, size_t n)
{
	return (struct audit_options){ .key = { key, n }, .time = "t" };
}

static void check_text(const struct buf *got, const char *want)
{
	if (got->len != strlen(want) || memcmp(got->data, want, got->len) != 0)
		CHECK_FAIL("'%.*s' is not '%s'", (int)got->len, got->data, want);
}

static void check_finding(const struct audit_finding *f, uint64_t n_compared, uint64_t n_changed,
			  uint64_t n_cuts)
{
	CHECK_INT(f->n_compared, n_compared);
	CHECK_INT(f->n_changed, n_changed);
	CHECK_INT(f->n_cuts, n_cuts);
}

static void check_first(const struct audit_finding *f, int64_t cut, int64_t time, const char *key,
			const char *before, const char *after)
{
	CHECK_INT(f->cut, cut);
	CHECK_INT(f->time, time);
	check_text(&f->key, key);
	check_text(&f->before, before);
	check_text(&f->after, after);
}

static void check_cut(struct audit *a, int64_t cut, const char *table, uint64_t want_compared,
		      uint64_t want_changed)
{
	uint64_t n_compared = 99, n_changed = 99;
	struct err err = ERR_INIT;

	CHECK_INT(audit_cut(a, cut, file_of(table), "cut", &n_compared, &n_changed, &err), 0);
	CHECK_INT(n_compared, want_compared);
	CHECK_INT(n_changed, want_changed);
	CHECK_STR(err.message, "");
}

static void test_columns_are_compared_up_to_the_cut(void)
{
	struct audit_options options = by(event_id, 1);
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(audit_whole(&a, &options, 30, file_of("x,id,t\n3,c,30\n1,a,10\n9,z,99\n2,b,20\n"),
			      "whole", &err),
		  0);
	CHECK_INT(a.n_findings, 4);
	check_cut(&a, 20, "x,id,t\n2,b,20\n1,a,10\n", 2, 0);
	/* The row of time 40 is nothing to compare. */
	check_cut(&a, 30, "x,id,t\n1,a,10\n4,b,20\n5,c,30\n7,z,40\n", 3, 2);
	CHECK_STR(a.findings[0].column, "x");
	CHECK_INT(a.findings[0].kind, AUDIT_FEATURE);
	CHECK_INT(a.findings[1].kind, AUDIT_KEY);
	CHECK_INT(a.findings[2].kind, AUDIT_TIME);
	CHECK_INT(a.findings[3].kind, AUDIT_ROW);
	CHECK(!a.findings[3].column);
	check_finding(&a.findings[0], 5, 2, 1);
	check_first(&a.findings[0], 30, 20, "b,", "4", "2");
	for (int i = 1; i < 4; i++)
		check_finding(&a.findings[i], 5, 0, 0);
	audit_release(&a);
}

/* The row that changed first is found at the later cut; at equal rows the earlier cut stays. */
static void test_the_first_change_of_all_cuts(void)
{
	struct audit_options options = by(event_id, 1);
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(audit_whole(&a, &options, 30, file_of("id,t,x\nb,10,1\na,10,1\nc,20,1\n"),
			      "whole", &err),
		  0);
	check_cut(&a, 20, "id,t,x\na,10,1\nb,10,1\nc,20,\n", 3, 1);
	check_first(&a.findings[2], 20, 20, "c,", "", "1");
	check_cut(&a, 25, "id,t,x\na,10,1\nb,10,\"\"\nc,20,2\n", 3, 2);
	check_first(&a.findings[2], 25, 10, "b,", "\"\"", "1");
	check_cut(&a, 26, "id,t,x\na,10,1\nb,10,\"1,2\"\nc,20,1\n", 3, 1);
	check_first(&a.findings[2], 25, 10, "b,", "\"\"", "1");
	check_cut(&a, 27, "id,t,x\na,10,0\nb,10,1\nc,20,1\n", 3, 1);
	check_first(&a.findings[2], 27, 10, "a,", "0", "1");
	check_finding(&a.findings[2], 12, 5, 4);
	audit_release(&a);
}

static void test_rows_of_one_table_only(void)
{
	struct audit_options options = by(pair, 2);
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;

	/* One id of two users, and of one user at two times: three rows. */
	CHECK_INT(audit_whole(&a, &options, 30,
			      file_of("user,id,t\nu,a,10\nv,a,10\nu,a,20\nu,b,30\n"), "whole",
			      &err),
		  0);
	check_cut(&a, 20, "user,id,t\nu,a,10\nv,a,10\nu,a,20\n", 3, 0);
	check_cut(&a, 25, "user,id,t\nv,a,10\nu,aa,10\n", 1, 3);
	check_finding(&a.findings[3], 3 + 4, 3, 1);
	check_first(&a.findings[3], 25, 10, "u,a,", "absent", "present");
	/* A row that moved in time is one that went and one that came. */
	check_cut(&a, 30, "user,id,t\nu,a,10\nv,a,9\nu,a,20\nu,b,30\n", 3, 2);
	check_first(&a.findings[3], 30, 9, "v,a,", "present", "absent");
	check_cut(&a, 30, "user,id,t\n", 0, 4);
	for (int i = 0; i < 3; i++)
		check_finding(&a.findings[i], 3 + 1 + 3, 0, 0);
	check_finding(&a.findings[3], 3 + 4 + 5 + 4, 3 + 2 + 4, 3);
	audit_release(&a);
}

static void test_labels_and_ignored_columns(void)
{
	struct audit_options options = by(event_id, 1);
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;
	static const char whole[] = "id,t,outcome,is_completion\na,1,1,1\nb,2,,\nc,3,0,0\n";

	CHECK_INT(audit_whole(&a, &options, 3, file_of(whole), "whole", &err), 0);
	CHECK_INT(a.findings[2].kind, AUDIT_FEATURE);
	CHECK_INT(a.findings[3].kind, AUDIT_LABEL);
	check_cut(&a, 3, "id,t,outcome,is_completion\na,1,,\nb,2,1,1\nc,3,\"\",\"\"\n", 3, 3);
	check_finding(&a.findings[2], 3, 3, 1);
	check_finding(&a.findings[3], 3, 2, 1);
	check_first(&a.findings[3], 3, 2, "b,", "1", "");
	audit_release(&a);

	/* A list of one's own stands for the default. */
	options.label = (struct names){ outcome, 1 };
	CHECK_INT(audit_whole(&a, &options, 3, file_of(whole), "whole", &err), 0);
	CHECK_INT(a.findings[2].kind, AUDIT_LABEL);
	CHECK_INT(a.findings[3].kind, AUDIT_FEATURE);
	audit_release(&a);
	options.ignore = options.label;
	CHECK_INT(audit_whole(&a, &options, 3, file_of(whole), "whole", &err), 0);
	CHECK_INT(a.findings[2].kind, AUDIT_IGNORED);
	check_cut(&a, 3, "id,t,outcome,is_completion\na,1,5,1\nb,2,5,\nc,3,5,0\n", 3, 0);
	check_finding(&a.findings[2], 0, 0, 0);
	audit_release(&a);
}

static void check_refused(const struct audit_options *options, const char *table, const char *why)
{
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(audit_whole(&a, options, 9, file_of(table), "T", &err), -1);
	CHECK_STR(err.message, why);
	audit_release(&a);
}

static void test_what_cannot_be_compared(void)
{
	struct audit_options options = by(event_id, 1);
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;
	uint64_t n[2];

	check_refused(&options, "id,x\n", "T:1: missing column t; the header has id, x");
	check_refused(&options, "x,t\n", "T:1: missing column id; the header has x, t");
	check_refused(
		&options, "id,t\na,1\nb,\n",
		"T:3: column t: invalid time '': expected milliseconds since 1970 or ISO 8601");
	check_refused(&options, "id,t\na,1\nb,1\na,1\n", "T: two rows of time 1 have the key a");
	check_refused(&options, "id,t\na,1,2\n", "T:2: expected 2 fields, found 3");
	options.ignore = (struct names){ outcome, 1 };
	check_refused(&options, "id,t\n", "T:1: missing column outcome; the header has id, t");
	options.ignore.n = 0;

	CHECK_INT(audit_whole(&a, &options, 9, file_of("id,t\na,1\n"), "T", &err), 0);
	CHECK_INT(audit_cut(&a, 5, file_of("t,id\n"), "U", &n[0], &n[1], &err), -1);
	CHECK_STR(err.message, "U:1: the header differs from that of the whole log's table");
	CHECK_INT(audit_cut(&a, 5, file_of("id,t,x\n"), "U", &n[0], &n[1], &err), -1);
	CHECK_INT(audit_cut(&a, 5, file_of("id,t\nb,2\nb,2\n"), "U", &n[0], &n[1], &err), -1);
	CHECK_STR(err.message, "U: two rows of time 2 have the key b");
	audit_release(&a);
}

/*
 * Many rows in random order against the least memory, some changed at random: the counts and the
 * first change are those of a plain look at every row.
 */
static void test_many_rows(void)
{
	enum { N = 60000 };
	struct audit_options options = by(event_id, 1);
	struct audit a = AUDIT_INIT;
	struct err err = ERR_INIT;
	struct buf whole = BUF_INIT, cut = BUF_INIT;
	uint64_t random = 1;
	int64_t n_changed = 0, n_lost = 0, first = N, first_lost = N;
	char key[32];

	buf_append_str(&whole, "id,t,x\n");
	buf_append_str(&cut, "id,t,x\n");
	for (int64_t i = 0; i < N; i++) {
		int64_t at = i * 7919 % N, back = i * 104729 % N;
		char row[64];

		snprintf(row, sizeof(row), "row %" PRId64 ",%" PRId64 ",0\n", at, at / 3);
		buf_append_str(&whole, row);
		snprintf(row, sizeof(row), "row %" PRId64 ",%" PRId64 ",", back, back / 3);
		if (!scratch_below(&random, 1000)) {
			n_lost++;
			first_lost = back < first_lost ? back : first_lost;
			continue;
		}
		buf_append_str(&cut, row);
		if (!scratch_below(&random, 1000)) {
			buf_append_str(&cut, "1\n");
			n_changed++;
			first = back < first ? back : first;
		} else {
			buf_append_str(&cut, "0\n");
		}
	}
	buf_append_char(&whole, '\0');
	buf_append_char(&cut, '\0');
	CHECK_INT(audit_whole(&a, &options, N, file_of(whole.data), "whole", &err), 0);
	check_cut(&a, N, cut.data, (uint64_t)(N - n_lost), (uint64_t)(n_changed + n_lost));
	CHECK(n_changed > 10 && n_lost > 10);
	check_finding(&a.findings[2], (uint64_t)(N - n_lost), (uint64_t)n_changed, 1);
	check_finding(&a.findings[3], N, (uint64_t)n_lost, 1);
	/* The times are the thirds of the rows' numbers, so the first changed row's is known. */
	CHECK_INT(a.findings[2].time, first / 3);
	CHECK_INT(a.findings[3].time, first_lost / 3);
	snprintf(key, sizeof(key), "row %" PRId64 ",", first);
	check_first(&a.findings[2], N, first / 3, key, "1", "0");
	audit_release(&a);
	buf_release(&whole);
	buf_release(&cut);
}

int main(void)
{
	RUN(test_columns_are_compared_up_to_the_cut);
	RUN(test_the_first_change_of_all_cuts);
	RUN(test_rows_of_one_table_only);
	RUN(test_labels_and_ignored_columns);
	RUN(test_what_cannot_be_compared);
	RUN(test_many_rows);
	return CHECK_DONE();
}
