#include "collate/completions.h"

#include "scratch.h"
#include "tell.h"

#define HEADER                                                                                     \
	"session_id,user_id,content_id,session_start_ts,session_end_ts,is_completed_event,"        \
	"stopped_near_end,num_unique_events,is_completion\n"

struct run {
	struct completions c;
	struct whole w;
};

static void begin(struct run *r, int64_t watermark, bool goes_on)
{
	const struct gz_output output = { .path = "out.csv", .plain = true, .no_sync = true };
	struct err err = ERR_INIT;

	*r = (struct run){ .c = COMPLETIONS_INIT, .w = WHOLE_INIT };
	r->w.wants_sessions = true;
	whole_init(&r->w, 2, NULL, 0);
	CHECK_INT(completions_open(&r->c, &output, watermark, goes_on, &err), 0);
	CHECK(r->c.has_out);
}

static void step(struct run *r, int64_t now)
{
	struct err err = ERR_INIT;

	whole_reach(&r->w, now);
	CHECK_INT(completions_step(&r->c, &r->w, now, &err), 0);
}

static int finish(struct run *r, struct err *err)
{
	whole_reach(&r->w, INT64_MAX);
	return completions_finish(&r->c, &r->w, err);
}

static void check_output(struct run *r, const char *want)
{
	struct err err = ERR_INIT;
	char *got;
	size_t n;

	CHECK_INT(csv_writer_close(&r->c.out, &err), 0);
	got = scratch_read("out.csv", &n);
	CHECK_BEGINS(got, HEADER);
	CHECK_STR(got + (n < strlen(HEADER) ? n : strlen(HEADER)), want);
	free(got);
	whole_release(&r->w);
}

/* 1 is completed and ends at 30, 2 is closed at 20, 3 is completed and ends at 40. */
static void tell_sessions(struct run *r)
{
	CHECK_INT(tell_start(&r->w, 0, 5, 1, "u", "c"), 0);
	CHECK_INT(tell_start(&r->w, 1, 6, 1, "v", "c"), 0);
	CHECK_INT(tell_start(&r->w, 0, 7, 2, "u", "d"), 0);
	CHECK_INT(tell_outcome(&r->w, 0, 8, 2, true), 0);
	CHECK_INT(tell_outcome(&r->w, 0, 9, 1, true), 0);
	CHECK_INT(tell_outcome(&r->w, 1, 20, 1, false), 0);
	CHECK_INT(tell_end(&r->w, 0, 30, 1), 0);
	CHECK_INT(tell_end(&r->w, 0, 40, 2), 0);
}

static const char rows[] = "1,u,c,5,29,1,0,3,1\n2,v,c,6,20,0,0,2,0\n3,u,d,7,39,1,0,3,1\n";

static void sessions_leave_in_the_order_of_their_ids(void)
{
	struct err err = ERR_INIT;
	struct run r;

	begin(&r, EVENT_UNKNOWN, false);
	tell_sessions(&r);
	step(&r, 30);
	CHECK_INT(r.c.out.n_rows, 1); /* the second is closed, the first closes at 30 */
	step(&r, 31);
	CHECK_INT(r.c.out.n_rows, 3);
	r.w.last_ts = 31;
	CHECK_INT(finish(&r, &err), 0);
	CHECK(!whole_wanted(&r.w));
	check_output(&r, rows);
}

/* What closes at the watermark or after it is not known, unless it is completed. */
static void the_watermark_leaves_sessions_open(void)
{
	struct err err = ERR_INIT;
	struct run r;

	begin(&r, 20, false);
	tell_sessions(&r);
	step(&r, 31);
	CHECK_INT(finish(&r, &err), 0);
	check_output(&r, "1,u,c,5,29,1,0,3,1\n2,v,c,6,20,0,0,2,\n3,u,d,7,39,1,0,3,1\n");
	/* Where the log goes on, they wait. */
	begin(&r, 20, true);
	tell_sessions(&r);
	r.w.last_ts = 41;
	CHECK_INT(finish(&r, &err), 0);
	CHECK_INT(whole_wanted(&r.w)->id, 2);
	check_output(&r, "1,u,c,5,29,1,0,3,1\n");
}

static void a_session_without_an_end_is_not_left_out(void)
{
	struct err err = ERR_INIT;
	struct run r;

	for (int i = 0; i < 2; i++) {
		begin(&r, EVENT_UNKNOWN, i);
		tell_sessions(&r);
		CHECK_INT(tell_start(&r.w, 1, 50, 2, "v", "c"), 0);
		CHECK_INT(tell_start(&r.w, 1, 51, 3, "v", "d"), 0);
		CHECK_INT(tell_outcome(&r.w, 1, 60, 3, false), 0);
		CHECK_INT(finish(&r, &err), i ? 0 : -1);
		CHECK_BEGINS(err.message, "content_completion: session 4 has no end, and those "
					  "after it wait: ");
		check_output(&r, rows);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(sessions_leave_in_the_order_of_their_ids);
	RUN(the_watermark_leaves_sessions_open);
	RUN(a_session_without_an_end_is_not_left_out);
	scratch_leave(dir);
	return CHECK_DONE();
}
