#include "table/selection.h"

#include "scratch.h"

/* What is written of each row, header first, joined by '|'; the error if there is one. */
static const char *passed(const char *text, const char *keep, bool with_table)
{
	static char result[1024];
	static const char *const path = "in.csv";
	const struct csv_input input = { .paths = &path, .n = 1 };
	struct selection s = SELECTION_INIT;
	struct csv_reader in = CSV_READER_INIT;
	struct names names = NAMES_INIT;
	struct err err = ERR_INIT;
	const struct csv_row *row;
	struct buf out = BUF_INIT;
	int rc;

	scratch_write(path, text, strlen(text));
	CHECK_INT(csv_reader_open(&in, &input, &err), 0);
	if (*keep)
		CHECK_INT(names_append(&names, keep, &err), 0);
	rc = (with_table ? selection_with : selection_further)(
		&s, &in, catalogue_table("user_activity"), &names, &err);
	if (rc) {
		snprintf(result, sizeof(result), "%s", err.message);
	} else {
		selection_put_names(&s, &in.header, &out);
		while (csv_reader_next(&in, &row, &err) > 0) {
			buf_append_char(&out, '|');
			selection_put(&s, row, &out);
		}
		snprintf(result, sizeof(result), "%.*s", (int)out.len, out.len ? out.data : "");
	}
	selection_release(&s);
	names_release(&names);
	csv_reader_close(&in);
	buf_release(&out);
	return result;
}

static const char table[] = "a,event_id,user_id,b,event_ts\n1,e,\"u\",,9\n\"1,\",\"\",u,x,8\n";

static void columns_of_the_table_and_kept_ones_go_on_in_the_order_of_the_input(void)
{
	CHECK_STR(passed(table, "", true), "event_id,user_id,event_ts,|e,u,9,|\"\",u,8,");
	CHECK_STR(passed(table, "b", true), "event_id,user_id,b,event_ts,|e,u,,9,|\"\",u,x,8,");
	CHECK_STR(passed(table, "b,a", false), "a,b,|1,,|\"1,\",x,");
	CHECK_STR(passed(table, "user_id,b,b", false), "user_id,b,|u,,|u,x,");
	CHECK_STR(passed(table, "", false), "||");
	CHECK_STR(passed(table, "B, A", false), "a,b,|1,,|\"1,\",x,");
	/* Of a table's names the header's stays. */
	CHECK_STR(passed(table, "User_ID", false), "user_id,|u,|u,");
}

static void all_of_them_are_copied_as_they_stand(void)
{
	CHECK_STR(passed(table, "*", true),
		  "a,event_id,user_id,b,event_ts,|1,e,\"u\",,9,|\"1,\",\"\",u,x,8,");
	CHECK_STR(passed(table, "*", false), "a,b,|1,,|\"1,\",x,");
	CHECK_STR(passed(table, "user_id,*", false), "a,user_id,b,|1,u,,|\"1,\",u,x,");
}

static void a_name_that_is_not_there_is_an_error(void)
{
	static const char want[] = "in.csv:1: missing column c";

	CHECK(!strncmp(passed(table, "a,c", true), want, strlen(want)));
	CHECK(!strncmp(passed(table, "*,c", false), want, strlen(want)));
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(columns_of_the_table_and_kept_ones_go_on_in_the_order_of_the_input);
	RUN(all_of_them_are_copied_as_they_stand);
	RUN(a_name_that_is_not_there_is_an_error);
	scratch_leave(dir);
	return CHECK_DONE();
}
