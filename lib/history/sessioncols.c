#include "history/sessioncols.h"

static bool is_completed(const struct session_past *past)
{
	return past && past->completed_at != EVENT_UNKNOWN;
}

enum sessioncols_fault sessioncols_check(const struct session_past *past,
					 const struct session_past *before, const struct event *e)
{
	const struct session_past *latest = past ? past : before;

	if (!past && e->session_start != e->ts)
		return SESSIONCOLS_FIRST;
	if (past && e->session_start != past->start)
		return SESSIONCOLS_START;
	if (is_completed(past) && e->completes)
		return SESSIONCOLS_TWICE;
	if (latest && e->prev_ts != latest->end)
		return SESSIONCOLS_PREV;
	if ((is_completed(past) || e->completes) != (e->phase == EVENT_COMPLETED))
		return SESSIONCOLS_PHASE;
	return SESSIONCOLS_AGREE;
}

int sessioncols_fail(enum sessioncols_fault fault, const struct session_past *past,
		     const struct event *e, struct err *err)
{
	long long id = (long long)e->session_id, start = (long long)e->session_start;

	switch (fault) {
	case SESSIONCOLS_FIRST:
		return err_set(err, ERR_RUNTIME,
			       "session %lld begins at %lld, but its first event is at %lld", id,
			       start, (long long)e->ts);
	case SESSIONCOLS_START:
		return err_set(err, ERR_RUNTIME, "session %lld began at %lld, not at %lld", id,
			       (long long)past->start, start);
	case SESSIONCOLS_TWICE:
		return err_set(err, ERR_RUNTIME, "session %lld is completed a second time", id);
	case SESSIONCOLS_PREV:
		return err_set(err, ERR_RUNTIME,
			       "prev_ts is not the time of the previous event of the user and "
			       "content of session %lld",
			       id);
	case SESSIONCOLS_PHASE:
		return err_set(err, ERR_RUNTIME,
			       "session %lld is %scompleted, but session_phase is %s", id,
			       e->completes || is_completed(past) ? "" : "not ",
			       event_phase_name(e->phase));
	case SESSIONCOLS_AGREE:
		break;
	}
	return -1;
}

int sessioncols_fail_id(const struct event *e, int64_t next, struct err *err)
{
	return err_set(err, ERR_RUNTIME,
		       "session %lld is neither the next one, %lld, nor open for its user and "
		       "content",
		       (long long)e->session_id, (long long)next);
}
