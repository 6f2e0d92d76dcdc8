#include "events/merger.h"

#include "io/fdlimit.h"
#include "io/fileuse.h"
#include "table/columns.h"

#include <stdlib.h>

/* With more inputs each reads, and scans, less at once: together they leave the cache otherwise. */
#define MANY       8
#define FEW_BYTES  ((size_t)64 * 1024)
#define FEW_WINDOW ((size_t)16 * 1024)

/* Moves an input to its next row. Returns 0, or -1 with err. */
static int advance(const struct merger *m, struct merger_input *input, struct err *err)
{
	const int rc = csv_reader_next(&input->in, &input->row, err);

	if (rc <= 0) {
		input->row = NULL;
		return rc;
	}
	input->id = input->row->fields[m->order.event_id];
	return event_order_read(&m->order, &input->in, input->row, &input->ts, err);
}

/* One that has ended comes after all others; of equal rows the first input's is the first. */
static bool input_before(const void *context, size_t a, size_t b)
{
	const struct merger_input *inputs = context, *x = &inputs[a], *y = &inputs[b];

	if (!x->row || !y->row)
		return x->row || (!y->row && a < b);
	if (x->ts != y->ts)
		return x->ts < y->ts;
	return a < b ? !event_id_before(&y->id, &x->id) : event_id_before(&x->id, &y->id);
}

static int find_columns(struct event_order *order, const struct csv_reader *in, struct err *err)
{
	order->event_ts = columns_find_alike(&in->header, "event_ts");
	if (order->event_ts < 0)
		order->event_ts = columns_find_alike(&in->header, "session_start_ts");
	if (order->event_ts < 0)
		order->event_ts = columns_require(in, "event_ts", err);
	if (order->event_ts < 0)
		return -1;
	order->event_id = columns_require(in, "event_id", err);
	return order->event_id < 0 ? -1 : 0;
}

static int open_input(struct merger *m, const char *const *path, const struct csv_input *input,
		      struct err *err)
{
	struct merger_input *mine = &m->inputs[m->n];
	struct csv_input one = *input;

	one.paths = path;
	one.n = input->n ? 1 : 0;
	/* A thread ahead of each, where there are not more of them than threads. */
	if (input->n > (size_t)input->threads)
		one.threads = 1;
	if (input->n > MANY)
		mine->in.tuning =
			(struct csv_tuning){ .read_size = FEW_BYTES, .window = FEW_WINDOW };
	if (csv_reader_open(&mine->in, &one, err))
		return -1;
	m->n++;
	return m->n == 1 ? find_columns(&m->order, &mine->in, err)
			 : csv_reader_check_header(&mine->in, m->first, err);
}

int merger_open(struct merger *m, const struct csv_input *input, struct err *err)
{
	const size_t n = input->n ? input->n : 1;

	*m = (struct merger){ .inputs = mem_zalloc(n, sizeof(*m->inputs)) };
	m->first = &m->inputs[0].in;
	if (fileuse_inputs(input->paths, input->n, err))
		return -1;
	if (fdlimit_allow(n, err))
		return err_set(err, err->kind, "%s: merge some first, and then what that makes",
			       err->message);
	for (size_t i = 0; i < n; i++)
		if (open_input(m, input->paths + i, input, err))
			return -1;
	tournament_init(&m->tournament, n);
	for (size_t i = 0; i < n; i++) {
		if (advance(m, &m->inputs[i], err))
			return -1;
		tournament_play(&m->tournament, i, input_before, m->inputs);
	}
	return 0;
}

int merger_next(struct merger *m, const struct csv_row **row, struct err *err)
{
	struct merger_input *first;
	size_t winner = tournament_winner(&m->tournament);

	if (m->n_rows) {
		if (advance(m, &m->inputs[winner], err))
			return -1;
		tournament_play(&m->tournament, winner, input_before, m->inputs);
		winner = tournament_winner(&m->tournament);
	}
	first = &m->inputs[winner];
	if (!first->row)
		return 0;
	/* One that is out of order in its input is before all others, and so at once the first. */
	if (event_order_take(&m->order, &first->in, &first->id, first->ts, err))
		return -1;
	m->n_rows++;
	*row = first->row;
	return 1;
}

void merger_warn(const struct merger *m, struct warnings *w)
{
	for (size_t i = 0; i < m->n; i++)
		csv_reader_warn(&m->inputs[i].in, w);
}

void merger_close(struct merger *m)
{
	for (size_t i = 0; i < m->n; i++)
		csv_reader_close(&m->inputs[i].in);
	free(m->inputs);
	tournament_release(&m->tournament);
	event_order_release(&m->order);
	*m = (struct merger)MERGER_INIT;
}
