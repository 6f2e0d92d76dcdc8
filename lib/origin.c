#include "origin.h"

/* From `row` on, up to the next run's. */
struct run {
	const char *file;
	uint64_t line, row;
};

void origin_init(struct origin *o)
{
	*o = (struct origin){ RING_INIT(struct run), 0 };
}

void origin_add(struct origin *o, const char *file, uint64_t line)
{
	const struct run *last = o->runs.n ? ring_at(&o->runs, o->runs.n - 1) : NULL;

	if (!last || last->file != file || line - last->line != o->n_rows - last->row) {
		if (o->runs.n == ORIGIN_MAX_RUNS)
			ring_pop(&o->runs);
		*(struct run *)ring_push(&o->runs) = (struct run){ file, line, o->n_rows };
	}
	o->n_rows++;
}

bool origin_find(const struct origin *o, uint64_t row, const char **file, uint64_t *line)
{
	for (size_t r = o->runs.n; r-- > 0 && row < o->n_rows;) {
		const struct run *run = ring_at(&o->runs, r);

		if (run->row <= row) {
			*file = run->file;
			*line = run->line + (row - run->row);
			return true;
		}
	}
	return false;
}

void origin_release(struct origin *o)
{
	ring_release(&o->runs);
}
