#include "history/label.h"

#include "history/sessioncols.h"
#include "table/catalogue.h"

/* They are the last two of the table. */
_Static_assert(offsetof(struct row_completion_prediction_features, is_completion) ==
		       sizeof(struct row_completion_prediction_features) - sizeof(struct csv_value),
	       "is_completion is elsewhere");
_Static_assert(offsetof(struct row_completion_prediction_features, label_known_ts) ==
		       sizeof(struct row_completion_prediction_features) -
			       2 * sizeof(struct csv_value),
	       "label_known_ts is elsewhere");

#define TEXT_SIZE ((size_t)64 * 1024)

/* What is known of a session's outcome. */
struct session_label {
	struct session_past past;
	int64_t closing; /* closing time, if no event follows */
	uint32_t user, content;
	uint32_t n_rows; /* that wait for it, or after others */
	bool superseded; /* by the pair's next session */
};

struct waiting_row {
	uint32_t len;
	uint32_t session; /* its id's low half: not 2^32 sessions wait at a time */
};

void labels_init(struct labels *l, int64_t watermark)
{
	*l = (struct labels){
		.watermark = watermark,
		.sessions = RING_INIT(struct session_label),
		.latest_of = PAIRS_INIT(int64_t),
		.first_id = 1,
		.rows = RING_INIT(struct waiting_row),
		.texts = RING_INIT(struct buf),
		.spare = BUF_INIT,
	};
}

void labels_release(struct labels *l)
{
	ring_release(&l->sessions);
	pairs_release(&l->latest_of);
	ring_release(&l->rows);
	for (; l->texts.n; ring_pop(&l->texts))
		buf_release(ring_at(&l->texts, 0));
	ring_release(&l->texts);
	buf_release(&l->spare);
}

static bool is_completed(const struct session_label *s)
{
	return s->past.completed_at != EVENT_UNKNOWN;
}

static bool is_decided(const struct labels *l, const struct session_label *s)
{
	return is_completed(s) || s->closing < l->limit;
}

/* The session of which that is the low half of the id. */
static struct session_label *find_session(const struct labels *l, uint32_t id)
{
	return ring_at(&l->sessions, id - (uint32_t)l->first_id);
}

/* The session that the event says it goes on with; NULL if that is not open for its pair. */
static struct session_label *find_open(const struct labels *l, const struct event *e)
{
	struct session_label *s;
	bool is_open;

	if (e->session_id < l->first_id || e->session_id - l->first_id >= (int64_t)l->sessions.n)
		return NULL;
	s = find_session(l, (uint32_t)e->session_id);
	is_open = !s->superseded && s->closing >= e->ts;
	return is_open && s->user == e->user && s->content == e->content ? s : NULL;
}

/*
 * Opens the next session, the latest one of its pair; `before`, that before it, if its deadline is
 * yet to come, closes now.
 */
static struct session_label *open_session(struct labels *l, int64_t *latest,
					  struct session_label *before, const struct event *e)
{
	struct session_label *s;

	if (before) {
		before->superseded = true;
		if (e->ts < before->closing)
			before->closing = e->ts;
	}
	*latest = e->session_id;
	s = ring_push(&l->sessions);
	*s = (struct session_label){ .user = e->user,
				     .content = e->content,
				     .past = session_past(e) };
	return s;
}

/* Most faults are those of a table from which rows were left out. */
static int fail(enum sessioncols_fault fault, const struct session_past *past,
		const struct event *e, struct err *err)
{
	if (fault == SESSIONCOLS_START || fault == SESSIONCOLS_TWICE)
		return sessioncols_fail(fault, past, e, err);
	return err_set(
		err, ERR_RUNTIME,
		"rows before this one of session %lld are missing or out of place: leave out "
		"rows before ce-clean, or after ce-features",
		(long long)e->session_id);
}

/* Where the log goes on, nothing is decided that the watermark leaves open. */
static void set_limit(struct labels *l)
{
	bool is_held = l->goes_on && l->watermark != EVENT_UNKNOWN && l->watermark < l->now;

	l->limit = is_held ? l->watermark : l->now;
}

int labels_step(struct labels *l, const struct event *e, struct err *err)
{
	int64_t next = l->first_id + (int64_t)l->sessions.n, *latest = NULL;
	struct session_label *s = NULL, *before = NULL;
	const struct session_past *past;
	enum sessioncols_fault fault;

	l->now = e->ts;
	set_limit(l);
	if (e->session_id == next) {
		latest = pairs_get(&l->latest_of, e->user, e->content); /* its id, or 0 */
		before = *latest ? find_session(l, (uint32_t)*latest) : NULL;
	} else {
		s = find_open(l, e);
		if (!s)
			return sessioncols_fail_id(e, next, err);
	}
	past = s ? &s->past : NULL;
	fault = sessioncols_check(past, before ? &before->past : NULL, e);
	if (fault)
		return fail(fault, past, e, err);
	if (latest)
		s = open_session(l, latest, before, e);
	s->closing = e->deadline;
	session_past_add(&s->past, e);
	return 0;
}

void labels_begin(struct labels *l, int64_t ts)
{
	*(struct session_label *)ring_push(&l->sessions) = (struct session_label){
		.past = { .start = ts, .end = ts, .completed_at = EVENT_UNKNOWN },
		.closing = LABELS_NEVER,
	};
}

void labels_decide(struct labels *l, int64_t session_id, int64_t known, bool is_completion)
{
	struct session_label *s;

	if (!labels_has_session(l, session_id))
		return;
	s = find_session(l, (uint32_t)session_id);
	if (is_completion)
		s->past.completed_at = known;
	else
		s->closing = known;
}

void labels_close(struct labels *l, int64_t session_id, int64_t closing)
{
	if (labels_has_session(l, session_id))
		find_session(l, (uint32_t)session_id)->closing = closing;
}

void labels_advance(struct labels *l, int64_t ts)
{
	l->now = ts;
	set_limit(l);
}

struct buf *labels_row(struct labels *l)
{
	struct buf *last = l->texts.n ? ring_at(&l->texts, l->texts.n - 1) : NULL;

	if (!last || last->len >= TEXT_SIZE) {
		last = ring_push(&l->texts);
		*last = l->spare;
		l->spare = (struct buf)BUF_INIT;
		buf_clear(last);
		buf_reserve(last, TEXT_SIZE + TEXT_SIZE / 8); /* a last row may well be longer */
	}
	l->row_start = last->len;
	return last;
}

/* The first row has left; returns its text's buf, once it is empty, as the spare one. */
static void leave_text(struct labels *l, size_t len)
{
	struct buf *first = ring_at(&l->texts, 0);

	l->text_start += len;
	if (l->text_start < first->len)
		return;
	buf_release(&l->spare);
	l->spare = *first;
	l->text_start = 0;
	ring_pop(&l->texts);
}

void labels_hold(struct labels *l, int64_t session_id)
{
	const struct buf *last = ring_at(&l->texts, l->texts.n - 1);

	*(struct waiting_row *)ring_push(&l->rows) =
		(struct waiting_row){ (uint32_t)(last->len - l->row_start), (uint32_t)session_id };
	find_session(l, (uint32_t)session_id)->n_rows++;
}

void labels_finish(struct labels *l)
{
	if (l->goes_on) {
		if (l->watermark != EVENT_UNKNOWN)
			l->limit = l->watermark;
		l->is_over = l->none_waits;
		return;
	}
	if (l->watermark == EVENT_UNKNOWN)
		l->watermark = l->now;
	l->now = l->limit = INT64_MAX;
}

struct label_session labels_session(const struct labels *l, size_t i)
{
	const struct session_label *s = ring_at(&l->sessions, i);

	return (struct label_session){ l->first_id + (int64_t)i, s->past, s->closing, s->user,
				       s->content };
}

void labels_restore(struct labels *l, int64_t first_id, int64_t now)
{
	l->first_id = first_id;
	l->now = now;
	set_limit(l);
}

int labels_restore_session(struct labels *l, const struct label_session *session)
{
	int64_t *latest;

	if (session->id != l->first_id + (int64_t)l->sessions.n)
		return -1;
	latest = pairs_get(&l->latest_of, session->user, session->content);
	if (*latest)
		find_session(l, (uint32_t)*latest)->superseded = true;
	*latest = session->id;
	*(struct session_label *)ring_push(&l->sessions) =
		(struct session_label){ .past = session->past,
					.closing = session->closing,
					.user = session->user,
					.content = session->content };
	return 0;
}

bool labels_has_session(const struct labels *l, int64_t session_id)
{
	return session_id >= l->first_id && session_id - l->first_id < (int64_t)l->sessions.n;
}

int labels_each(const struct labels *l,
		int (*take)(void *context, const char *text, size_t len, bool is_decided,
			    struct err *err),
		void *context, struct err *err)
{
	size_t at = l->text_start, chunk = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < l->rows.n; i++) {
		const struct waiting_row *row = ring_at(&l->rows, i);
		const struct buf *text = ring_at(&l->texts, chunk);

		if (at == text->len) {
			text = ring_at(&l->texts, ++chunk);
			at = 0;
		}
		rc = take(context, text->data + at, row->len,
			  is_decided(l, find_session(l, row->session)), err);
		at += row->len;
	}
	return rc;
}

/* Forgets the sessions at the front that are closed, and that no row asks for any more. */
static void drop_sessions(struct labels *l)
{
	for (; l->sessions.n; ring_pop(&l->sessions), l->first_id++) {
		const struct session_label *s = ring_at(&l->sessions, 0);
		const int64_t *latest;

		if (s->n_rows || s->closing >= l->now)
			return;
		latest = pairs_find(&l->latest_of, s->user, s->content);
		if (latest && *latest == l->first_id)
			pairs_remove(&l->latest_of, s->user, s->content);
	}
}

/* Appends the label of a decided session. */
static void put_label(struct labels *l, const struct session_label *s, struct buf *row)
{
	const bool completed = is_completed(s);

	/* Without a watermark of its own, what is closed now is closed at the watermark. */
	if (!is_decided(l, s) ||
	    (!completed && l->watermark != EVENT_UNKNOWN && s->closing >= l->watermark)) {
		csv_put_null(row);
		csv_put_null(row);
		l->n_censored++;
		return;
	}
	csv_put_int(row, completed ? s->past.completed_at : s->closing);
	csv_put_int(row, completed);
	l->n_completed += completed;
	l->n_not_completed += !completed;
}

int labels_write(struct labels *l, struct csv_writer *out, struct err *err)
{
	for (; l->rows.n; ring_pop(&l->rows)) {
		const struct waiting_row *row = ring_at(&l->rows, 0);
		struct session_label *s = find_session(l, row->session);
		const struct buf *text;

		if (!is_decided(l, s) && !l->is_over)
			break;
		text = ring_at(&l->texts, 0);
		buf_append(&out->row, text->data + l->text_start, row->len);
		put_label(l, s, &out->row);
		if (csv_writer_end_row(out, err))
			return -1;
		leave_text(l, row->len);
		s->n_rows--;
	}
	drop_sessions(l);
	return 0;
}
