#include "report/report_inputs.h"

#include "base/buf.h"
#include "scratch.h"

static void write_text(const char *path, const char *text)
{
	scratch_write(path, text, strlen(text));
}

static void nothing_given_is_nothing(void)
{
	const struct report_inputs_paths none = { 0 };
	struct report_inputs a;
	struct err err = ERR_INIT;

	CHECK_INT(report_inputs_read(&a, &none, &err), 0);
	CHECK(!a.n_rejects && !a.n_rejected && !a.n_unmatched && !a.importance.n && !a.drift.n);
	CHECK(!a.completed && !a.not_completed && !a.censored);
	report_inputs_release(&a);
	report_inputs_release(&a);
}

/* Random records: the counts add up, most first, each reason once, ties by name. */
static void rejects_are_counted_by_reason(void)
{
	enum { REASONS = 40, N = 3000 };
	const struct report_inputs_paths paths = { .rejects = "rejects" };
	uint64_t want[REASONS] = { 0 }, sum = 0, random = 5;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	struct report_inputs a;

	buf_append_str(&text, "line,reason\n");
	for (int i = 0; i < N; i++) {
		size_t k = scratch_below(&random, 1 + scratch_below(&random, REASONS));

		want[k]++;
		buf_printf(&text, "%d,why_%d\n", i, (int)k);
	}
	scratch_write("rejects", text.data, text.len);
	CHECK_INT(report_inputs_read(&a, &paths, &err), 0);
	CHECK_INT(a.n_rejected, N);
	for (size_t i = 0; i < a.n_rejects; i++) {
		int k = -1;

		CHECK_INT(sscanf(a.rejects[i].name, "why_%d", &k), 1);
		CHECK(k >= 0 && k < REASONS && want[k] == a.rejects[i].rows);
		sum += a.rejects[i].rows;
		if (i)
			CHECK(a.rejects[i - 1].rows > a.rejects[i].rows ||
			      (a.rejects[i - 1].rows == a.rejects[i].rows &&
			       strcmp(a.rejects[i - 1].name, a.rejects[i].name) < 0));
	}
	CHECK_INT(sum, N);
	report_inputs_release(&a);
	buf_release(&text);
}

static void sessions_and_unmatched_events_are_counted(void)
{
	const struct report_inputs_paths paths = { .sessions = "sessions",
						   .unmatched = "unmatched" };
	struct report_inputs a;
	struct err err = ERR_INIT;

	write_text("sessions", "x,is_completion\na,1\nb,0\nc,\nd,0\ne,\nf,\n");
	write_text("unmatched", "event_id,y\n1,\n,2\n\"\",\n");
	CHECK_INT(report_inputs_read(&a, &paths, &err), 0);
	CHECK_INT(a.completed, 1);
	CHECK_INT(a.not_completed, 2);
	CHECK_INT(a.censored, 3);
	CHECK_INT(a.n_unmatched, 3);
	report_inputs_release(&a);

	write_text("sessions", "x,is_completion\na,1\nb,yes\n");
	CHECK_INT(report_inputs_read(&a, &paths, &err), -1);
	CHECK_STR(err.message, "sessions:3: column is_completion: invalid value 'yes': expected 0, "
			       "1 or nothing");
	report_inputs_release(&a);
}

/* Columns in any order, others around them; what is empty is no number. */
static void features_keep_their_order(void)
{
	const struct report_inputs_paths paths = { .importance = "importance", .drift = "drift" };
	struct report_inputs a;
	struct err err = ERR_INIT;

	write_text("importance", "repeats,rows,feature,auc_roc_drop,auc_roc_drop_sd,log_loss_rise,"
				 "log_loss_rise_sd,feature_group,more\n"
				 "5,100,second,0.5,0.25,-1e-3,,second,x\n"
				 ",100,\"a,\"\"b\",,,,,\"a,\"\"b\",\n");
	write_text("drift", "feature,kind,psi,train_missing,test_missing,train_mean,test_mean,"
			    "train_rows,test_rows\nf,number,0.5,0,1,-2,,70,30\n");
	CHECK_INT(report_inputs_read(&a, &paths, &err), 0);
	CHECK_INT(a.importance.n, 2);
	if (a.importance.n == 2) {
		const struct report_inputs_feature *f = a.importance.rows;

		CHECK_STR(f[0].names.data, "second");
		CHECK(f[0].auc_drop == .5 && f[0].auc_drop_sd == .25 && f[0].loss_rise == -1e-3);
		CHECK(isnan(f[0].loss_rise_sd));
		CHECK_STR(f[1].names.data, "a,\"b");
		CHECK(isnan(f[1].auc_drop) && !f[1].kind);
	}
	CHECK(a.importance.size[0] == 100 && isnan(a.importance.size[1])); /* of the last row */
	CHECK_INT(a.drift.n, 1);
	if (a.drift.n == 1) {
		const struct report_inputs_feature *f = a.drift.rows;

		CHECK_STR(f->kind, "number");
		CHECK(f->psi == .5 && f->missing[0] == 0 && f->missing[1] == 1);
		CHECK(f->mean[0] == -2 && isnan(f->mean[1]));
	}
	CHECK(a.drift.size[0] == 70 && a.drift.size[1] == 30);
	report_inputs_release(&a);
}

/* One for the rows of a group, wherever they are, with their names in the order of the file. */
static void a_group_is_one(void)
{
	static const char names[] = "a\0c\0d";
	const struct report_inputs_paths paths = { .importance = "importance" };
	struct report_inputs a;
	struct err err = ERR_INIT;

	write_text("importance", "feature,feature_group,rows,repeats,auc_roc_drop,auc_roc_drop_sd,"
				 "log_loss_rise,log_loss_rise_sd\n"
				 "a,a,100,5,0.5,0.25,0.125,\n"
				 "b,b,100,5,-1,,2,\n"
				 "c,a,100,5,0.5,0.25,0.125,\n"
				 "d,a,100,5,0.5,0.25,0.125,\n");
	CHECK_INT(report_inputs_read(&a, &paths, &err), 0);
	CHECK_INT(a.importance.n, 2);
	if (a.importance.n == 2) {
		const struct report_inputs_feature *f = a.importance.rows;

		CHECK(f[0].names.len == sizeof(names) &&
		      !memcmp(f[0].names.data, names, sizeof(names)));
		CHECK(f[0].auc_drop == .5 && f[0].auc_drop_sd == .25 && f[0].loss_rise == .125);
		CHECK_STR(f[1].names.data, "b");
		CHECK(f[1].auc_drop == -1 && f[1].loss_rise == 2);
	}
	report_inputs_release(&a);
}

/* Whichever it is, the message names the file, and what was read is freed. */
static void a_table_that_cannot_be_read_is_an_error(void)
{
	static const char *const texts[] = { "other\n1\n", "reason\n\"x\n", "" };
	const struct report_inputs_paths paths = { .rejects = "bad" };
	struct report_inputs a;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = ERR_INIT;

		write_text("bad", texts[i]);
		CHECK_INT(report_inputs_read(&a, &paths, &err), -1);
		CHECK(!strncmp(err.message, "bad:", 4));
		report_inputs_release(&a);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(nothing_given_is_nothing);
	RUN(rejects_are_counted_by_reason);
	RUN(sessions_and_unmatched_events_are_counted);
	RUN(features_keep_their_order);
	RUN(a_group_is_one);
	RUN(a_table_that_cannot_be_read_is_an_error);
	scratch_leave(dir);
	return CHECK_DONE();
}
