#include "events/event.h"

#include "scratch.h"

#include "base/num.h"

#define HEADER                                                                                     \
	"event_id,event_ts,user_id,content_id,event_type,playback_position,device,plan_tier,"      \
	"signup_date,genre,runtime,release_year,maturity_rating,prev_ts,session_start_ts,"         \
	"session_id,session_deadline_ts,completes_session,session_phase\n"
#define GOOD "e2,2000,u1,c1,play,50,tv,basic,,drama,100,2000,PG,1000,1000,1,3000,0,open\n"

static struct event_reader reader;

/* Reads all rows; the message of the first failure, "" if there is none, and the last event. */
static const char *read_all(const char *text, enum event_columns columns, struct event *e,
			    struct err *err)
{
	struct csv_input input = { .paths = (const char *const[]){ "in" }, .n = 1 };
	const struct csv_row *row;
	int rc;

	*err = (struct err)ERR_INIT;
	*e = (struct event){ 0 };
	scratch_write("in", text, strlen(text));
	if (event_reader_open(&reader, &input, columns, err))
		return err->message;
	while ((rc = event_reader_next(&reader, &row, e, err)) > 0)
		;
	CHECK((rc == 0) == (err->kind == ERR_NONE));
	return err->message;
}

/* HEADER, a good row, and a second one with cell `column` replaced. */
static const char *with_cell(int column, const char *value, struct event *e, struct err *err)
{
	static const char *const cells[] = { "e3",  "2000", "u2",    "c1",       "stop",
					     "60",  "web",  "basic", "",         "news",
					     "100", "2000", "PG-9",  "",         "2000",
					     "2",   "4000", "1",     "completed" };
	char text[2048];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s%s", HEADER, GOOD);
	const char *message;

	for (int i = 0; i < 19; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%c",
				      i == column ? value : cells[i], i < 18 ? ',' : '\n');
	message = read_all(text, EVENT_HISTORY, e, err);
	event_reader_close(&reader);
	return message;
}

static void a_row_in_typed_form(void)
{
	struct event e;
	struct err err;

	CHECK_STR(with_cell(-1, "", &e, &err), "");
	CHECK_INT(e.ts, 2000);
	CHECK_INT(e.user, 1);
	CHECK_INT(e.content, 0);
	CHECK_INT(e.type, EVENT_STOP);
	CHECK_INT(e.position, 60);
	CHECK_INT(e.runtime, 100);
	CHECK_INT(e.ratio, 600000);
	CHECK_INT(e.genre, 1);
	CHECK_INT(e.prev_ts, EVENT_UNKNOWN);
	CHECK_INT(e.session_start, 2000);
	CHECK_INT(e.session_id, 2);
	CHECK_INT(e.deadline, 4000);
	CHECK(e.completes);
	CHECK_INT(e.phase, EVENT_COMPLETED);
}

static void what_may_be_empty(void)
{
	struct event e;
	struct err err;

	CHECK_STR(with_cell(5, "", &e, &err), "");
	CHECK_INT(e.position, EVENT_UNKNOWN);
	CHECK_INT(e.ratio, EVENT_UNKNOWN);
	CHECK_STR(with_cell(10, "", &e, &err), "");
	CHECK_INT(e.runtime, EVENT_UNKNOWN);
	CHECK_INT(e.ratio, EVENT_UNKNOWN);
	CHECK_STR(with_cell(9, "", &e, &err), "");
	CHECK_INT(e.genre, INTERN_NONE);
	CHECK_STR(with_cell(9, "\"\"", &e, &err), "");
	CHECK_INT(e.genre, INTERN_NONE);
	CHECK_STR(with_cell(10, "100.9", &e, &err), "");
	CHECK_INT(e.runtime, 100);
	CHECK_STR(with_cell(10, "-5", &e, &err), "");
	CHECK_INT(e.ratio, EVENT_UNKNOWN);
}

/* Every cell that is read, made unreadable in every way: told by file, line, column and text. */
static void unreadable_cells(void)
{
	static const struct {
		int column;
		const char *value, *message;
	} bad[] = {
		{ 0, "", "in:3: column event_id: is empty" },
		{ 1, "", "in:3: column event_ts: is empty (ce-clean reads raw events)" },
		{ 1, "x",
		  "in:3: column event_ts: invalid integer 'x' (ce-clean reads raw events)" },
		{ 1, "2000.5",
		  "in:3: column event_ts: invalid integer '2000.5' (ce-clean reads raw events)" },
		{ 1, "0", "in:3: column event_ts: 0 is out of range (ce-clean reads raw events)" },
		{ 1, "-1",
		  "in:3: column event_ts: -1 is out of range (ce-clean reads raw events)" },
		{ 1, "4102444800000",
		  "in:3: column event_ts: 4102444800000 is out of range (ce-clean reads raw "
		  "events)" },
		{ 2, "", "in:3: column user_id: is empty" },
		{ 2, "\"\"", "in:3: column user_id: is empty" },
		{ 3, "", "in:3: column content_id: is empty" },
		{ 4, "", "in:3: column event_type: is empty (ce-clean reads raw events)" },
		{ 4, "PLAY",
		  "in:3: column event_type: invalid event type 'PLAY' (ce-clean reads raw "
		  "events)" },
		{ 4, "pla",
		  "in:3: column event_type: invalid event type 'pla' (ce-clean reads raw events)" },
		{ 4, "plays",
		  "in:3: column event_type: invalid event type 'plays' (ce-clean reads raw "
		  "events)" },
		{ 5, "-1",
		  "in:3: column playback_position: -1 is out of range (ce-clean reads raw "
		  "events)" },
		{ 5, "1e3",
		  "in:3: column playback_position: invalid integer '1e3' (ce-clean reads raw "
		  "events)" },
		{ 10, "x", "in:3: column runtime: invalid number of seconds 'x'" },
		{ 10, "4294967296",
		  "in:3: column runtime: invalid number of seconds '4294967296'" },
		{ 13, "x", "in:3: column prev_ts: invalid integer 'x'" },
		{ 13, "2001", "in:3: column prev_ts: 2001 is out of range" },
		{ 14, "", "in:3: column session_start_ts: is empty" },
		{ 14, "2001", "in:3: column session_start_ts: 2001 is out of range" },
		{ 15, "0", "in:3: column session_id: 0 is out of range" },
		{ 15, "", "in:3: column session_id: is empty" },
		{ 16, "1999", "in:3: column session_deadline_ts: 1999 is out of range" },
		{ 16, "9223372036854775807",
		  "in:3: column session_deadline_ts: 9223372036854775807 is out of range" },
		{ 16, "", "in:3: column session_deadline_ts: is empty" },
	};
	struct event e;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_STR(with_cell(bad[i].column, bad[i].value, &e, &err), bad[i].message);
}

static void rows_out_of_order(void)
{
	struct event e;
	struct err err;

	CHECK_STR(with_cell(0, "e2", &e, &err),
		  "in:3: event 'e2' at 2000 repeats event 'e2' at 2000 of line 2 (ce-clean puts "
		  "events in order)");
	CHECK_STR(with_cell(0, "e1", &e, &err),
		  "in:3: event 'e1' at 2000 comes before event 'e2' at 2000 of line 2 (ce-clean "
		  "puts events in order)");
	CHECK_STR(with_cell(1, "1999", &e, &err),
		  "in:3: event 'e3' at 1999 comes before event 'e2' at 2000 of line 2 (ce-clean "
		  "puts events in order)");
	/* Bytewise, and a prefix first: e < e2 < e2x < e3 < ~ < \xc3. */
	CHECK(strstr(with_cell(0, "e", &e, &err), "comes before"));
	CHECK_STR(with_cell(0, "e2x", &e, &err), "");
	CHECK_STR(with_cell(0, "~", &e, &err), "");
	CHECK_STR(with_cell(0, "\xc3\xa9", &e, &err), "");
	CHECK(strstr(with_cell(0, "E9", &e, &err), "comes before"));
	/* Each row is compared with the one before it, not with an earlier one. */
	CHECK_STR(read_all("event_id,event_ts,user_id,content_id,event_type,playback_position,"
			   "runtime\n"
			   "e1,5,u,c,play,0,9\ne15,5,u,c,play,0,9\ne3,5,u,c,play,0,9\n"
			   "e2,5,u,c,play,0,9\n",
			   EVENT_ENRICHED, &e, &err),
		  "in:5: event 'e2' at 5 comes before event 'e3' at 5 of line 4 (ce-clean puts "
		  "events in order)");
	event_reader_close(&reader);
	CHECK_STR(read_all("event_id,event_ts,user_id,content_id,event_type,playback_position,"
			   "runtime\n"
			   "e9,5,u,c,play,0,9\ne1,6,u,c,play,0,9\ne2,6,u,c,play,0,9\n",
			   EVENT_ENRICHED, &e, &err),
		  "");
	event_reader_close(&reader);
}

static void columns_wanted(void)
{
	struct event e;
	struct err err;

	CHECK_STR(read_all("event_id,event_ts,user_id,content_id,event_type,playback_position\n",
			   EVENT_ENRICHED, &e, &err),
		  "in:1: missing column runtime: ce-join makes it; the header has event_id, "
		  "event_ts, user_id, content_id, event_type, playback_position");
	event_reader_close(&reader);
	CHECK_STR(read_all("runtime,event_type,content_id,user_id,playback_position,event_ts,event_"
			   "id\n"
			   "9,seek,c,u,3,5,e\n",
			   EVENT_ENRICHED, &e, &err),
		  "");
	CHECK_INT(e.type, EVENT_SEEK);
	CHECK_INT(e.ratio, 333333);
	event_reader_close(&reader);
	CHECK_STR(
		read_all("runtime,event_type,content_id,user_id,playback_position,event_ts,event_"
			 "id\n",
			 EVENT_SESSION, &e, &err),
		"in:1: missing column prev_ts: ce-sessionize makes it; the header has "
		"runtime, event_type, content_id, user_id, playback_position, event_ts, event_id");
	event_reader_close(&reader);
	event_reader_close(&reader);
}

static void ratio_is_rounded_half_up(void)
{
	uint64_t random = 1;

	CHECK_INT(event_ratio(0, 100), 0);
	CHECK_INT(event_ratio(100, 100), NUM_MILLION);
	CHECK_INT(event_ratio(INT64_MAX, 1), NUM_MILLION);
	CHECK_INT(event_ratio(1, 3), 333333);
	CHECK_INT(event_ratio(2, 3), 666667);
	CHECK_INT(event_ratio(1, 2000000), 1); /* 0.5 millionths */
	CHECK_INT(event_ratio(1, 2000001), 0);
	CHECK_INT(event_ratio(5, 0), EVENT_UNKNOWN);
	CHECK_INT(event_ratio(5, -3), EVENT_UNKNOWN);
	CHECK_INT(event_ratio(EVENT_UNKNOWN, 3), EVENT_UNKNOWN);
	CHECK_INT(event_ratio(3, EVENT_UNKNOWN), EVENT_UNKNOWN);
	for (int i = 0; i < 100000; i++) {
		int64_t runtime = 1 + (int64_t)scratch_below(&random, INT32_MAX);
		int64_t position = (int64_t)scratch_below(&random, (size_t)runtime + 1);

		/* floor(2 * 10^6 * p / r + 1) / 2, in integers. */
		CHECK_INT(event_ratio(position, runtime),
			  (2 * NUM_MILLION * position + runtime) / (2 * runtime));
	}
}

static void types_have_names(void)
{
	for (int type = 0; type < EVENT_N_TYPES; type++) {
		const char *name = event_type_name((enum event_type)type);

		CHECK_INT(event_type_parse(name, strlen(name)), type);
	}
	CHECK_INT(event_type_parse("", 0), -1);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(a_row_in_typed_form);
	RUN(what_may_be_empty);
	RUN(unreadable_cells);
	RUN(rows_out_of_order);
	RUN(columns_wanted);
	RUN(ratio_is_rounded_half_up);
	RUN(types_have_names);
	scratch_leave(dir);
	return CHECK_DONE();
}
