#include "check.h"
#include "eval/gate.h"
#include "eval/metric_gate.h"

#include <math.h>
#include <string.h>

static void conditions_are_read(void)
{
	static const struct {
		const char *text, *name;
		enum gate_op op;
		double bound;
	} cases[] = {
		{ "auc<0.75", "auc", GATE_LESS, 0.75 },
		{ "auc<=0.75", "auc", GATE_AT_MOST, 0.75 },
		{ " psi > .25 ", "psi", GATE_MORE, 0.25 },
		{ "log_loss >= 1e-3", "log_loss", GATE_AT_LEAST, 1e-3 },
		{ "a<b>-2", "a<b", GATE_MORE, -2 },
		{ "auc_roc_difference_high<-0.0", "auc_roc_difference_high", GATE_LESS, 0 },
	};
	struct gates gates = GATES_INIT;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(gates_add(&gates, cases[i].text, &err), 0);
		CHECK_INT(gates.n, i + 1);
		CHECK_STR(gates.gate[i].text, cases[i].text);
		CHECK_STR(gates.gate[i].name, cases[i].name);
		CHECK_INT(gates.gate[i].op, cases[i].op);
		CHECK(gates.gate[i].bound == cases[i].bound);
	}
	gates_release(&gates);
	gates_release(&gates);
}

static void others_are_refused(void)
{
	static const char *const bad[] = { "",   "auc",       "auc=1",  "auc<",      "auc< ",
					   "12", "<0.5",      " > 1",   "auc<nan",   "auc<inf",
					   "a2", "auc<0.75x", "auc==1", "auc<1e999", "auc<0,75" };
	struct gates gates = GATES_INIT;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err err = ERR_INIT;

		if (!gates_add(&gates, bad[i], &err))
			CHECK_STR(bad[i], "refused");
		CHECK_INT(err.kind, ERR_USAGE);
		CHECK(strstr(err.message, "expected NAME OP NUMBER"));
	}
	CHECK_INT(gates.n, 0);
	gates_release(&gates);
}

/* Below, at and above the bound, and where there is none. */
static void a_gate_fails_where_its_condition_holds(void)
{
	static const struct {
		const char *text;
		bool below, at, above;
	} cases[] = {
		{ "x<0.5", true, false, false },
		{ "x<=0.5", true, true, false },
		{ "x>0.5", false, false, true },
		{ "x>=0.5", false, true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gates gates = GATES_INIT;
		struct err err = ERR_INIT;

		CHECK_INT(gates_add(&gates, cases[i].text, &err), 0);
		CHECK_INT(gate_fails(gates.gate, nextafter(0.5, 0)), cases[i].below);
		CHECK_INT(gate_fails(gates.gate, 0.5), cases[i].at);
		CHECK_INT(gate_fails(gates.gate, nextafter(0.5, 1)), cases[i].above);
		CHECK(gate_fails(gates.gate, NAN));
		gates_release(&gates);
	}
}

static void check_said(const char *text, double value, const char *want)
{
	struct gates gates = GATES_INIT;
	struct warnings failed = WARNINGS_INIT;
	struct err err = ERR_INIT;

	CHECK_INT(gates_add(&gates, text, &err), 0);
	gate_judge(gates.gate, value, "7 rows", &failed);
	buf_append_char(&failed.text, '\0');
	CHECK_STR(failed.text.data, want);
	warnings_release(&failed);
	gates_release(&gates);
}

/* The figure that is shown fails as the figure itself does. */
static void a_failure_names_the_figure(void)
{
	check_said("auc<0.75", 0.75, "");
	check_said("auc<0.75", 0.74123456, "--fail-if auc<0.75: auc is 0.7412 (7 rows)\n");
	check_said("auc<0.75", 0.749999, "--fail-if auc<0.75: auc is 0.749999 (7 rows)\n");
	check_said("auc<0.75", nextafter(0.75, 0),
		   "--fail-if auc<0.75: auc is 0.7499999999999999 (7 rows)\n");
	check_said("x > 0.1", 0.10000000000000002,
		   "--fail-if x > 0.1: x is 0.10000000000000002 (7 rows)\n");
	check_said("rows<100000", 12345, "--fail-if rows<100000: rows is 12345 (7 rows)\n");
	check_said("x>1", 1.5e300, "--fail-if x>1: x is 1.5e+300 (7 rows)\n");
	check_said("x>1", NAN, "--fail-if x>1: x is undefined (7 rows)\n");
}

static void figures_have_their_names(void)
{
	static const struct {
		const char *name;
		enum metric_id metric;
		bool interval, compares;
		const char *method;
	} cases[] = {
		{ "auc", METRIC_auc_roc, false, false, NULL },
		{ "auc_roc", METRIC_auc_roc, false, false, NULL },
		{ "auc_low", METRIC_auc_roc_low, false, false, NULL },
		{ "calibration_error", METRIC_expected_calibration_error, false, false, NULL },
		{ "tp", METRIC_tp, false, false, NULL },
		{ "auc_difference", METRIC_auc_roc, true, true, "delong" },
		{ "auc_roc_difference_high", METRIC_auc_roc, true, true, "delong" },
		{ "auc_users_low", METRIC_auc_roc, true, false, "users" },
		{ "auc_roc_delong_high", METRIC_auc_roc, true, false, "delong" },
		{ "log_loss_high", METRIC_log_loss, true, false, NULL },
		{ "log_loss_rows_p_value", METRIC_log_loss, true, true, "rows" },
	};
	static const char *const bad[] = { "auk",
					   "",
					   "auc_",
					   "auc_roc_",
					   "precision_1_low",
					   "log_loss_delong_low",
					   "auc_roc_users",
					   "auc_roc_lower",
					   "segment",
					   "rows_low" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metric_gate m;
		struct err err = ERR_INIT;

		CHECK_INT(metric_gate_find(&m, cases[i].name, &err), 0);
		CHECK_STR(err.message, "");
		CHECK_INT(m.metric, cases[i].metric);
		CHECK_INT(metric_gate_has_interval(&m), cases[i].interval);
		CHECK_INT(metric_gate_compares(&m), cases[i].compares);
		CHECK(cases[i].method ? m.method && !strcmp(m.method, cases[i].method) : !m.method);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct metric_gate m;
		struct err err = ERR_INIT;

		CHECK_INT(metric_gate_find(&m, bad[i], &err), -1);
		CHECK_INT(err.kind, ERR_USAGE);
		CHECK(strstr(err.message, "unknown metric '"));
	}
}

int main(void)
{
	RUN(conditions_are_read);
	RUN(others_are_refused);
	RUN(a_gate_fails_where_its_condition_holds);
	RUN(a_failure_names_the_figure);
	RUN(figures_have_their_names);
	return CHECK_DONE();
}
