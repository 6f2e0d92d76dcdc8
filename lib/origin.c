#include "origin.h"

/* From the record `row` on, up to the next run's. */
struct run {
	const char *file;
	uint64_t line, sent_line, row;
};

void origin_init(struct origin *o, uint64_t n_lines)
{
	*o = (struct origin){ RING_INIT(struct run), 0, n_lines + 1 };
}

void origin_add(struct origin *o, const char *file, uint64_t line, uint64_t n_lines)
{
	const struct run *last = o->runs.n ? ring_at(&o->runs, o->runs.n - 1) : NULL;

	if (!last || last->file != file || line - last->line != o->n_rows - last->row ||
	    o->sent_line - last->sent_line != o->n_rows - last->row) {
		if (o->runs.n == ORIGIN_MAX_RUNS)
			ring_pop(&o->runs);
		*(struct run *)ring_push(&o->runs) =
			(struct run){ file, line, o->sent_line, o->n_rows };
	}
	o->n_rows++;
	o->sent_line += n_lines;
}

/* Record i of run r, or the run's last if it has no more. */
static bool found(const struct origin *o, size_t r, uint64_t i, const char **file, uint64_t *line)
{
	const struct run *run = ring_at(&o->runs, r);
	uint64_t end = r + 1 < o->runs.n ? ((const struct run *)ring_at(&o->runs, r + 1))->row
					 : o->n_rows;

	*file = run->file;
	*line = run->line + (i < end - run->row ? i : end - run->row - 1);
	return true;
}

bool origin_of_line(const struct origin *o, uint64_t sent_line, const char **file, uint64_t *line)
{
	for (size_t r = o->runs.n; r-- > 0 && sent_line < o->sent_line;) {
		const struct run *run = ring_at(&o->runs, r);

		if (run->sent_line <= sent_line)
			return found(o, r, sent_line - run->sent_line, file, line);
	}
	return false;
}

bool origin_of_row(const struct origin *o, uint64_t row, const char **file, uint64_t *line)
{
	for (size_t r = o->runs.n; r-- > 0 && row < o->n_rows;) {
		const struct run *run = ring_at(&o->runs, r);

		if (run->row <= row)
			return found(o, r, row - run->row, file, line);
	}
	return false;
}

void origin_release(struct origin *o)
{
	ring_release(&o->runs);
}
