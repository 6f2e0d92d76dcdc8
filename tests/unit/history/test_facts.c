#include "history/facts.h"

#include "history/history_parts.h"
#include "history/session.h"
#include "scratch.h"

#define HEADER                                                                                     \
	"fact_ts,fact,session_id,event_id,user_id,content_id,genre,device,plan_tier,runtime,"      \
	"is_completion,session_end_ts,is_completed_event,stopped_near_end,num_unique_events,"      \
	"popularity,stops,stop_ratio_sum\n"

/* Events of a log go through sessions and history to the table; rows are their text. */
struct world {
	struct intern genres, users, contents;
	struct sessions sessions;
	struct history_options options;
	struct history history;
	struct facts facts;
	struct csv_reader in;
};

static void begin(struct world *w, const char *log, const char *out)
{
	static const char *const path = "log.csv";
	const struct csv_input input = { .paths = &path, .n = 1 };
	const struct gz_output output = { .path = out, .plain = true, .no_sync = true };
	struct session_options session = SESSION_OPTIONS_INIT;
	struct err err = ERR_INIT;

	scratch_write(path, log, strlen(log));
	*w = (struct world){ .genres = INTERN_INIT,
			     .users = INTERN_INIT,
			     .contents = INTERN_INIT,
			     .options = HISTORY_OPTIONS_INIT,
			     .facts = FACTS_INIT,
			     .in = CSV_READER_INIT };
	session.gap = 10;
	sessions_init(&w->sessions, &session);
	CHECK_INT(csv_reader_open(&w->in, &input, &err), 0);
	CHECK_INT(
		facts_open(&w->facts, &w->in, &output, &w->users, &w->contents, &w->options, &err),
		0);
	CHECK(w->facts.has_out);
	history_init(&w->history, &w->options, &w->genres);
}

/* All events of the log, whose columns are ts,user,content,type first, and runtime at the end. */
static int see_all(struct world *w, struct err *err)
{
	const struct csv_row *row;
	struct history_row known;
	int rc = 0;

	while (!rc && csv_reader_next(&w->in, &row, err) > 0) {
		const struct csv_field *f = row->fields, *runtime = &f[row->n - 1];
		struct event e = { .ts = strtoll(f[0].s, NULL, 10),
				   .user = intern_id(&w->users, f[1].s, f[1].len),
				   .content = intern_id(&w->contents, f[2].s, f[2].len),
				   .type = *f[3].s == 'c'   ? EVENT_COMPLETE
					   : *f[3].s == 's' ? EVENT_STOP
							    : EVENT_PAUSE,
				   .position = EVENT_UNKNOWN,
				   .ratio = *f[3].s == 's' ? 250000 : EVENT_UNKNOWN,
				   .genre = INTERN_NONE,
				   .runtime = runtime->len ? strtoll(runtime->s, NULL, 10)
							   : EVENT_UNKNOWN };

		sessions_step(&w->sessions, &e);
		history_prepare(&w->history, &e);
		rc = history_step(&w->history, &e, &known, err) ||
				     facts_step(&w->facts, row, &e, err)
			     ? -1
			     : 0;
	}
	return rc;
}

static void release(struct world *w)
{
	history_release(&w->history);
	sessions_release(&w->sessions);
	intern_release(&w->genres);
	intern_release(&w->users);
	intern_release(&w->contents);
	csv_reader_close(&w->in);
}

/* Ends the part at `until`, or the log; checks the table. */
static void end(struct world *w, int64_t until, const char *want)
{
	struct err err = ERR_INIT;
	char *got;
	size_t n;

	CHECK_INT(see_all(w, &err), 0);
	CHECK_INT(facts_end(&w->facts, &w->history, until, &err), 0);
	if (until == INT64_MAX)
		history_finish(&w->history);
	CHECK_INT(facts_check(&w->facts, &err), 0);
	CHECK_INT(csv_writer_close(&w->facts.out, &err), 0);
	CHECK_STR(err.message, "");
	got = scratch_read("facts.csv", &n);
	CHECK_BEGINS(got, HEADER);
	CHECK_STR(got + (n < strlen(HEADER) ? n : strlen(HEADER)), want);
	free(got);
	release(w);
}

static void each_kind_has_its_word(void)
{
	static const char *const none[] = { "", "star", "starts", "Start", " start", "lasting" };

	for (int i = 0; i < FACTS_N_KINDS; i++) {
		const char *word = facts_word((enum facts_kind)i);

		CHECK_INT(facts_parse(word, strlen(word)), i);
		CHECK_INT(facts_parse(word, strlen(word) - 1), -1);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK_INT(facts_parse(none[i], strlen(none[i])), -1);
}

static const char log_text[] =
	"event_ts,user_id,content_id,event_type,event_id,genre,device,plan_tier,runtime\n"
	"5,u,c,pause,e1,\"a,b\",tv,free,100\n"
	"6,u,c,stop,e2,\"a,b\",phone,free,100\n"
	"7,v,c,complete,e3,\"a,b\",,,\n"
	"7,u,d,pause,e4,,,\"\",0\n"
	"30,u,c,pause,e5,\"a,b\",tv,free,100\n";

static const char before_30[] = "5,start,1,e1,u,c,\"a,b\",tv,free,100,,,,,,,,\n"
				"5,activity,,,,c,,,,,,,,,,1,0,0\n"
				"6,activity,,,,c,,,,,,,,,,0,1,250000\n"
				"7,start,2,e3,v,c,\"a,b\",,,,,,,,,,,\n"
				"7,start,3,e4,u,d,,,\"\",0,,,,,,,,\n"
				"7,activity,,,,c,,,,,,,,,,1,0,0\n"
				"7,outcome,2,,v,,,,,,1,,,,,,,\n"
				"7,activity,,,,d,,,,,,,,,,1,0,0\n"
				"16,outcome,1,,u,,,,,,0,6,0,0,2,,,\n"
				"17,end,2,,v,,,,,,,7,1,0,1,,,\n"
				"17,outcome,3,,u,,,,,,0,7,0,0,1,,,\n";

/* The row of a start is that of its session's first event; a closing time may be after the log. */
static void what_becomes_known_is_a_row(void)
{
	char want[1024];
	struct world w;

	begin(&w, log_text, "facts.csv");
	snprintf(want, sizeof(want), "%s%s", before_30,
		 "30,start,4,e5,u,c,\"a,b\",tv,free,100,,,,,,,,\n"
		 "30,last,,,,,,,,,,,,,,,,\n"
		 "40,outcome,4,,u,,,,,,0,30,0,0,1,,,\n");
	end(&w, INT64_MAX, want);

	begin(&w, "event_ts,user_id,content_id,event_type,event_id,genre,runtime\n", "facts.csv");
	end(&w, INT64_MAX, "");
	/* Columns that are not there are not known. */
	begin(&w,
	      "event_ts,user_id,content_id,event_type,event_id,genre,runtime\n5,u,c,pause,e,g,\n",
	      "facts.csv");
	end(&w, INT64_MAX,
	    "5,start,1,e,u,c,g,,,,,,,,,,,\n5,activity,,,,c,,,,,,,,,,1,0,0\n5,last,,,,,,,,,,,,,,,,\n"
	    "15,outcome,1,,u,,,,,,0,5,0,0,1,,,\n");
}

/* What becomes known before its end is in a part, although no event of it says so. */
static void a_part_has_what_becomes_known_in_it(void)
{
	static const char *const wants[] = {
		"30,last,,,,,,,,,,,,,,,,\n",
		"30,last,,,,,,,,,,,,,,,,\n40,outcome,4,,u,,,,,,0,30,0,0,1,,,\n",
	};
	struct world w;

	for (int64_t i = 0; i < 2; i++) {
		char want[1024];

		begin(&w, log_text, "facts.csv");
		snprintf(want, sizeof(want), "%s%s%s", before_30,
			 "30,start,4,e5,u,c,\"a,b\",tv,free,100,,,,,,,,\n", wants[i]);
		end(&w, 40 + i, want);
	}
	/* And not in that which goes on: four sessions began before 20, and nothing before is said.
	 */
	begin(&w, log_text, "facts.csv");
	facts_restore(&w.facts, 17, 3);
	end(&w, 31,
	    "17,end,2,,v,,,,,,,7,1,0,1,,,\n17,outcome,3,,u,,,,,,0,7,0,0,1,,,\n"
	    "30,start,4,e5,u,c,\"a,b\",tv,free,100,,,,,,,,\n30,last,,,,,,,,,,,,,,,,\n");
	begin(&w, log_text, "facts.csv");
	facts_restore(&w.facts, 31, 4);
	end(&w, 32, "");
}

static void what_it_needs_is_missed(void)
{
	static const char *const headers[] = { "event_ts,genre\n", "event_ts,event_id\n" };
	static const char *const missing[] = { "log.csv:1: missing column event_id",
					       "log.csv:1: missing column genre" };
	static const char *const path = "log.csv";
	const struct csv_input input = { .paths = &path, .n = 1 };
	const struct gz_output output = { .path = "none.csv", .plain = true };

	for (size_t i = 0; i < 2; i++) {
		struct history_options options = HISTORY_OPTIONS_INIT;
		struct csv_reader in = CSV_READER_INIT;
		struct facts f = FACTS_INIT;
		struct err err = ERR_INIT;

		scratch_write(path, headers[i], strlen(headers[i]));
		CHECK_INT(csv_reader_open(&in, &input, &err), 0);
		CHECK_INT(facts_open(&f, &in, &output, NULL, NULL, &options, &err), -1);
		CHECK_BEGINS(err.message, missing[i]);
		CHECK(!f.has_out && !options.became_known);
		csv_reader_close(&in);
	}
}

/* That which is told where nobody can be told of it is an error later. */
static void a_fact_that_cannot_be_written_is_an_error(void)
{
	struct buf log = BUF_INIT;
	struct err err = ERR_INIT;
	struct world w;

	buf_append_str(&log, "event_ts,user_id,content_id,event_type,event_id,genre,runtime\n");
	for (int i = 1; i <= 50000; i++)
		buf_printf(&log, "%d,u,c%d,stop,e,genre,1\n", i, i);
	buf_append_char(&log, '\0');
	begin(&w, log.data, "/dev/full");
	CHECK_INT(see_all(&w, &err), -1);
	CHECK(strstr(err.message, "No space left") != NULL);
	err = (struct err)ERR_INIT;
	CHECK_INT(facts_end(&w.facts, &w.history, INT64_MAX, &err), -1);
	CHECK(strstr(err.message, "No space left") != NULL);
	CHECK_INT(facts_check(&w.facts, &err), -1);
	csv_writer_abort(&w.facts.out);
	release(&w);
	buf_release(&log);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(each_kind_has_its_word);
	RUN(what_becomes_known_is_a_row);
	RUN(a_part_has_what_becomes_known_in_it);
	RUN(what_it_needs_is_missed);
	RUN(a_fact_that_cannot_be_written_is_an_error);
	scratch_leave(dir);
	return CHECK_DONE();
}
