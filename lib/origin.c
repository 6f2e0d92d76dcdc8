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

/* The record at a row or a sent line; a line inside a record of several is that record's. */
static bool find(const struct origin *o, bool by_row, uint64_t at, const char **file,
		 uint64_t *line)
{
	uint64_t end = o->n_rows; /* of the run */

	if (at >= (by_row ? o->n_rows : o->sent_line))
		return false;
	for (size_t r = o->runs.n; r-- > 0;) {
		const struct run *run = ring_at(&o->runs, r);
		uint64_t first = by_row ? run->row : run->sent_line;

		if (first <= at) {
			uint64_t last = end - run->row - 1;

			*file = run->file;
			*line = run->line + (at - first < last ? at - first : last);
			return true;
		}
		end = run->row;
	}
	return false;
}

bool origin_of_line(const struct origin *o, uint64_t sent_line, const char **file, uint64_t *line)
{
	return find(o, false, sent_line, file, line);
}

bool origin_of_row(const struct origin *o, uint64_t row, const char **file, uint64_t *line)
{
	return find(o, true, row, file, line);
}

void origin_release(struct origin *o)
{
	ring_release(&o->runs);
}
