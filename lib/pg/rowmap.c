#include "pg/rowmap.h"

/* From `row` on, up to the next run's. */
struct run {
	const char *file;
	uint64_t line, row;
};

void rowmap_init(struct rowmap *o)
{
	*o = (struct rowmap){ RING_INIT(struct run), 0 };
}

void rowmap_add(struct rowmap *o, const char *file, uint64_t line)
{
	const struct run *last = o->runs.n ? ring_at(&o->runs, o->runs.n - 1) : NULL;

	if (!last || last->file != file || line - last->line != o->n_rows - last->row) {
		if (o->runs.n == ROWMAP_MAX_RUNS)
			ring_pop(&o->runs);
		*(struct run *)ring_push(&o->runs) = (struct run){ file, line, o->n_rows };
	}
	o->n_rows++;
}

bool rowmap_find(const struct rowmap *o, uint64_t row, const char **file, uint64_t *line)
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

void rowmap_release(struct rowmap *o)
{
	ring_release(&o->runs);
}
