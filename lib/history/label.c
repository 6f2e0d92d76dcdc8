#include "history/label.h"

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
struct decision {
	int64_t known_ts; /* or EVENT_UNKNOWN: censored */
	uint32_t n_rows;  /* that wait for it, or behind others */
	bool decided, completed;
	bool closed; /* no more events can come */
};

struct waiting_row {
	uint32_t len;
	uint32_t session; /* its id's low half: not 2^32 sessions wait at a time */
};

void labels_init(struct labels *l, int64_t near_end)
{
	*l = (struct labels){
		.verdicts = RING_INIT(struct decision),
		.first_id = 1,
		.rows = RING_INIT(struct waiting_row),
		.texts = RING_INIT(struct buf),
		.spare = BUF_INIT,
	};
	outcomes_init(&l->outcomes, near_end);
}

void labels_release(struct labels *l)
{
	outcomes_release(&l->outcomes);
	ring_release(&l->verdicts);
	ring_release(&l->rows);
	for (; l->texts.n; ring_pop(&l->texts))
		buf_release(ring_at(&l->texts, 0));
	ring_release(&l->texts);
	buf_release(&l->spare);
}

static struct decision *find_verdict(const struct labels *l, int64_t session_id)
{
	return ring_at(&l->verdicts, (size_t)(session_id - l->first_id));
}

static void decide(const struct labels *l, int64_t session_id, int64_t known_ts, bool completed)
{
	struct decision *v = find_verdict(l, session_id);

	v->decided = true;
	v->known_ts = known_ts;
	v->completed = completed;
}

/* Closes the sessions whose closing time is before t. */
static void close_sessions(struct labels *l, int64_t t, bool censor)
{
	const struct outcome_session *s;

	while ((s = outcomes_close(&l->outcomes, t))) {
		if (s->completed_at == EVENT_UNKNOWN)
			decide(l, s->id, censor ? EVENT_UNKNOWN : s->closing, false);
		find_verdict(l, s->id)->closed = true;
	}
}

const struct outcome_session *labels_step(struct labels *l, const struct event *e, struct err *err)
{
	const struct outcome_session *s;
	bool completes;

	close_sessions(l, e->ts, false);
	s = outcomes_step(&l->outcomes, e, &completes, err);
	if (!s)
		return NULL;
	if (s->n_events == 1)
		*(struct decision *)ring_push(&l->verdicts) = (struct decision){ 0 };
	if (completes)
		decide(l, s->id, e->ts, true);
	return s;
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
	find_verdict(l, session_id)->n_rows++;
}

void labels_finish(struct labels *l)
{
	/* Those that closed before the watermark were closed when its events came. */
	close_sessions(l, INT64_MAX, true);
}

/* Forgets the sessions at the front that no row asks for any more. */
static void drop_verdicts(struct labels *l)
{
	while (l->verdicts.n) {
		const struct decision *v = ring_at(&l->verdicts, 0);

		if (!v->closed || v->n_rows)
			return;
		ring_pop(&l->verdicts);
		l->first_id++;
	}
}

int labels_write(struct labels *l, struct csv_writer *out, struct err *err)
{
	while (l->rows.n) {
		const struct waiting_row *row = ring_at(&l->rows, 0);
		struct decision *v =
			ring_at(&l->verdicts, (uint32_t)(row->session - (uint32_t)l->first_id));
		const struct buf *text;

		if (!v->decided)
			break;
		text = ring_at(&l->texts, 0);
		buf_append(&out->row, text->data + l->text_start, row->len);
		if (v->known_ts == EVENT_UNKNOWN) {
			csv_put_null(&out->row);
			csv_put_null(&out->row);
			l->n_censored++;
		} else {
			csv_put_int(&out->row, v->known_ts);
			csv_put_int(&out->row, v->completed);
			l->n_completed += v->completed;
			l->n_not_completed += !v->completed;
		}
		if (csv_writer_end_row(out, err))
			return -1;
		leave_text(l, row->len);
		v->n_rows--;
		ring_pop(&l->rows);
	}
	drop_verdicts(l);
	return 0;
}
