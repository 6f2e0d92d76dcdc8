#include "label.h"

#include <string.h>

/* What is known of a session's outcome. */
struct verdict {
	int64_t known_ts; /* or EVENT_UNKNOWN: censored */
	uint64_t n_rows;  /* that wait for it, or behind others */
	bool decided, completed;
	bool closed; /* no more events can come */
};

struct waiting_row {
	size_t len;
	int64_t session_id;
};

void labels_init(struct labels *l, int64_t near_end)
{
	*l = (struct labels){
		.verdicts = RING_INIT(struct verdict),
		.first_id = 1,
		.rows = RING_INIT(struct waiting_row),
		.text = BUF_INIT,
	};
	outcomes_init(&l->outcomes, near_end);
}

void labels_release(struct labels *l)
{
	outcomes_release(&l->outcomes);
	ring_release(&l->verdicts);
	ring_release(&l->rows);
	buf_release(&l->text);
}

static struct verdict *find_verdict(const struct labels *l, int64_t session_id)
{
	return ring_at(&l->verdicts, (size_t)(session_id - l->first_id));
}

static void decide(const struct labels *l, int64_t session_id, int64_t known_ts, bool completed)
{
	struct verdict *v = find_verdict(l, session_id);

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
		*(struct verdict *)ring_push(&l->verdicts) = (struct verdict){ 0 };
	if (completes)
		decide(l, s->id, e->ts, true);
	return s;
}

struct buf *labels_row(struct labels *l)
{
	size_t waiting = l->text.len - l->text_start;

	/* Move what waits to the front once more than that has left: a constant cost a byte. */
	if (l->text_start > waiting) {
		memmove(l->text.data, l->text.data + l->text_start, waiting);
		l->text.len = waiting;
		l->text_start = 0;
	}
	l->row_start = l->text.len;
	return &l->text;
}

void labels_hold(struct labels *l, int64_t session_id)
{
	*(struct waiting_row *)ring_push(&l->rows) =
		(struct waiting_row){ l->text.len - l->row_start, session_id };
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
		const struct verdict *v = ring_at(&l->verdicts, 0);

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
		struct verdict *v = find_verdict(l, row->session_id);

		if (!v->decided)
			break;
		buf_append(&out->row, l->text.data + l->text_start, row->len);
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
		l->text_start += row->len;
		v->n_rows--;
		ring_pop(&l->rows);
	}
	drop_verdicts(l);
	return 0;
}
