#include "audit/trial.h"

#include "scratch.h"

enum { N = 60 };

/* A log of N records in no order, two at a time; their times are 1000, 1000, 2000, 2000 ... */
static void write_log(void)
{
	FILE *f = fopen("log", "w");

	CHECK(f != NULL);
	if (!f)
		return;
	fputs("id,event_ts\n", f);
	for (int i = 0; i < N; i++) {
		int k = i * 7 % N;

		fprintf(f, "e%d,%d\n", k, 1000 * (k / 2 + 1));
	}
	fclose(f);
}

static char *id[] = { "id" };

static struct trial_options options(const char *command)
{
	return (struct trial_options){ .command = command,
				       .column = "event_ts",
				       .times = { .unit = TIME_MS },
				       .n_cuts = 5,
				       .seed = 3,
				       .audit = { .key = { id, 1 }, .time = "event_ts" } };
}

static int open_trial(struct trial *t, const struct trial_options *o, struct err *err)
{
	struct csv_input log = { .paths = (const char *const[]){ "log" }, .n = 1 };

	*t = (struct trial)TRIAL_INIT;
	write_log();
	return trial_open(t, o, &log, err);
}

/* Runs it to its end; each cut must find so many of `per_row` changes in each of its rows. */
static void check_trial(const struct trial_options *o, uint64_t per_row)
{
	struct err err = ERR_INIT;
	struct trial_cut cut;
	int64_t last = 0;
	struct trial t;
	size_t n = 0;
	int rc;

	CHECK_INT(open_trial(&t, o, &err), 0);
	CHECK_INT(trial_whole(&t, &err), 0);
	while ((rc = trial_next(&t, &cut, &err)) > 0) {
		uint64_t n_before = 0;

		for (int i = 0; i < N; i++)
			n_before += 1000 * (i / 2 + 1) <= cut.time;
		CHECK_INT(cut.time, t.cuts[n++]);
		CHECK(cut.time > last && n_before < N);
		CHECK_INT(cut.n_records, n_before);
		CHECK_INT(cut.n_compared, n_before);
		CHECK_INT(cut.n_changed, per_row * n_before);
		last = cut.time;
	}
	CHECK_INT(rc, 0);
	CHECK_STR(err.message, "");
	CHECK_INT(n, t.n_cuts);
	trial_release(&t);
	trial_release(&t);
}

static void the_log_itself_does_not_change(void)
{
	struct trial_options o = options("cat");
	int64_t at[] = { 29000, 1000, 1000, 7500 };

	check_trial(&o, 0);
	o.at = at;
	o.n_at = 4;
	check_trial(&o, 0);
}

/* Each row knows how many there are in all. */
static void what_looks_ahead_changes_everywhere(void)
{
	const struct trial_options o =
		options("awk '{ row[NR] = $0 } END { print row[1] \",n\"; "
			"for (i = 2; i <= NR; i++) print row[i] \",\" NR }'");

	check_trial(&o, 1);
}

/* Drawn by the seed alone. */
static void cuts_are_the_same_each_time(void)
{
	struct trial_options o = options("cat");
	struct err err = ERR_INIT;
	struct trial a, b, other;
	bool differ;

	CHECK_INT(open_trial(&a, &o, &err), 0);
	CHECK_INT(open_trial(&b, &o, &err), 0);
	o.seed = 4;
	CHECK_INT(open_trial(&other, &o, &err), 0);
	CHECK_INT(a.n_cuts, b.n_cuts);
	CHECK(!memcmp(a.cuts, b.cuts, a.n_cuts * sizeof(*a.cuts)));
	differ = a.n_cuts != other.n_cuts ||
		 memcmp(a.cuts, other.cuts, a.n_cuts * sizeof(*a.cuts)) != 0;
	CHECK(differ);
	trial_release(&a);
	trial_release(&b);
	trial_release(&other);
}

static void what_cannot_be_tried_is_an_error(void)
{
	static const char *const commands[] = { "exit 3", "cat; exit 3", "echo a,b", ":" };
	struct trial_options o;
	struct err err;
	struct trial t;
	int64_t late = 1000000;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		o = options(commands[i]);
		err = (struct err)ERR_INIT;
		CHECK_INT(open_trial(&t, &o, &err), 0);
		CHECK_INT(trial_whole(&t, &err), -1);
		CHECK(*err.message);
		if (i < 2)
			CHECK(strstr(err.message, "exit status 3"));
		trial_release(&t);
	}
	/* No record is later than that. */
	o = options("cat");
	o.at = &late;
	o.n_at = 1;
	err = (struct err)ERR_INIT;
	CHECK_INT(open_trial(&t, &o, &err), -1);
	CHECK(*err.message);
	trial_release(&t);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(the_log_itself_does_not_change);
	RUN(what_looks_ahead_changes_everywhere);
	RUN(cuts_are_the_same_each_time);
	RUN(what_cannot_be_tried_is_an_error);
	scratch_leave(dir);
	return CHECK_DONE();
}
