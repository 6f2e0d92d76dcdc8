#include "collate/completions.h"

#include "history/aggregate.h"
#include "table/catalogue.h"

int completions_open(struct completions *c, const struct gz_output *output, int64_t watermark,
		     bool goes_on, struct err *err)
{
	if (csv_writer_open(&c->out, output, err))
		return -1;
	c->has_out = true;
	c->watermark = watermark;
	c->goes_on = goes_on;
	catalogue_put_names(&c->out.row, catalogue_table("content_completion"));
	return csv_writer_end_row(&c->out, err);
}

static struct outcome_session session_of(const struct whole_session *s)
{
	return (struct outcome_session){
		.id = s->id,
		.past = { s->start, s->end, s->completed_at },
		.closing = s->closing,
		.user = s->user,
		.content = s->content,
		.types = (uint8_t)((1U << s->n_types) - 1), /* so many, whichever they are */
		.has_complete = s->has_complete,
		.is_completed_without = s->is_completed_without,
	};
}

/* Those that are closed before `end`, as they stand at `now`, unless the watermark is known. */
static int write_sessions(struct completions *c, struct whole *w, int64_t end, int64_t now,
			  struct err *err)
{
	const int64_t watermark = c->watermark == EVENT_UNKNOWN ? now : c->watermark;
	const struct whole_session *s;

	for (; (s = whole_wanted(w)) && s->closing < end; whole_done(w)) {
		const struct outcome_session session = session_of(s);

		if (c->goes_on && s->completed_at == EVENT_UNKNOWN && s->closing >= watermark)
			break;
		aggregate_put_session(&c->out.row, &session, &w->users, &w->contents, watermark);
		if (csv_writer_end_row(&c->out, err))
			return -1;
	}
	return 0;
}

int completions_step(struct completions *c, struct whole *w, int64_t now, struct err *err)
{
	return c->has_out ? write_sessions(c, w, now, now, err) : 0;
}

int completions_finish(struct completions *c, struct whole *w, struct err *err)
{
	if (!c->has_out)
		return 0;
	if (write_sessions(c, w, c->goes_on ? w->last_ts : INT64_MAX, w->last_ts, err))
		return -1;
	return whole_wanted(w) && !c->goes_on
		       ? err_set(err, ERR_RUNTIME,
				 "content_completion: session %lld has no end, and those after it "
				 "wait: "
				 "is the last part of the facts missing, or --state-out?",
				 (long long)whole_wanted(w)->id)
		       : 0;
}
