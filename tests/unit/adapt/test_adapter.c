/* What the laws of tests/reference/adapt_cases.py do not reach. */
#include "adapt/adapter.h"

#include "scratch.h"

#define HEAD                                                                                       \
	"format json\nevent_id = i\nuser_id = u\ncontent_id = c\nevent_ts = t in ms\nevent_type "  \
	"= e\n"

static void open_adapter(struct adapter *a, struct recipe *r, const char *text)
{
	static const struct adapter fresh = ADAPTER_INIT;
	struct err err = ERR_INIT;

	scratch_write("recipe", text, strlen(text));
	*a = fresh;
	a->recipe = r;
	if (recipe_read(r, "recipe", &err) || adapter_open(a, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
}

/* What becomes of a record by its name alone. */
static enum recipe_type become(struct adapter *a, const char *name, size_t len)
{
	struct value values[5] = { { .s = "" } };
	struct record record = { values, "log", a->n_records + 1, NULL };
	struct err err = ERR_INIT;
	uint64_t before[BECOMES_N];
	size_t n;

	for (int i = 0; i < 5; i++)
		values[i] = (struct value){ .s = "1", .len = 1, .kind = VALUE_TEXT };
	values[4] = (struct value){ .s = name, .len = (uint32_t)len, .kind = VALUE_TEXT };
	memcpy(before, a->n_becomes, sizeof(before));
	CHECK_INT(adapter_record(a, &record, &n, &err), 0);
	for (int type = 0; type < BECOMES_N; type++)
		if (a->n_becomes[type] > before[type])
			return (enum recipe_type)type;
	return BECOMES_N;
}

/* Long names are counted as one, and more names than that not one by one; each has its own rule. */
static void names_that_are_not_told_apart(void)
{
	enum { LONG = TALLY_LEN + 1 };
	struct adapter a;
	struct recipe r;
	char name[LONG + 1] = "", text[1000];

	memset(name, 'n', LONG);
	snprintf(text, sizeof(text),
		 HEAD "event %s -> seek\nevent %.*s -> pause\nevent n9* -> stop\n", name, TALLY_LEN,
		 name);
	open_adapter(&a, &r, text);
	for (int round = 0; round < 3; round++) {
		CHECK_INT(become(&a, name, LONG), BECOMES_SEEK);
		CHECK_INT(become(&a, name, TALLY_LEN), BECOMES_PAUSE);
		CHECK_INT(become(&a, name, TALLY_LEN - 1), BECOMES_UNKNOWN);
		for (int i = 0; i < TALLY_NAMES + 10; i++) {
			size_t len = (size_t)snprintf(text, sizeof(text), "n%d", i);

			if (become(&a, text, len) !=
			    (text[1] == '9' ? BECOMES_STOP : BECOMES_UNKNOWN))
				CHECK_FAIL("%s", text);
		}
	}
	adapter_release(&a);
	recipe_release(&r);
}

/* A count is exceeded at once, a share at the end of the log. */
static void rejected_records(void)
{
	for (int is_share = 0; is_share < 2; is_share++) {
		struct value values[5] = { { .s = "" } };
		struct record record = { values, "log", 0, "broken" };
		struct buf text = BUF_INIT;
		struct adapter a;
		struct recipe r;
		struct err err = ERR_INIT;
		size_t n = 7;

		for (int i = 0; i < 5; i++)
			values[i] = (struct value){ .s = "1", .len = 1, .kind = VALUE_TEXT };
		open_adapter(&a, &r, HEAD "event 1 -> play\n");
		CHECK_INT(bound_parse(&a.max_rejects, is_share ? "50%" : "2", &err), 0);
		for (record.line = 1; record.line <= 3; record.line++)
			CHECK_INT(adapter_record(&a, &record, &n, &err),
				  !is_share && record.line == 3 ? -1 : 0);
		CHECK_INT(n, 0);
		CHECK_INT(adapter_check(&a, &err), -1);
		CHECK_BEGINS(err.message, "log:1: damaged record: broken (rejected 3 of 3 records: "
					  "3 damaged); --max-rejects ");
		record.fault = NULL;
		for (int i = 0; i < 3; i++)
			CHECK_INT(adapter_record(&a, &record, &n, &err), 0);
		CHECK_INT(n, 1);
		CHECK_INT(adapter_check(&a, &err), is_share ? 0 : -1);
		adapter_put_summary(&a, &text);
		buf_append_char(&text, '\0');
		CHECK_STR(text.data, "6 records: 3 events; rejected 3: 3 damaged, first log:1: "
				     "damaged record: broken");
		buf_release(&text);
		adapter_release(&a);
		recipe_release(&r);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(names_that_are_not_told_apart);
	RUN(rejected_records);
	scratch_leave(dir);
	return CHECK_DONE();
}
