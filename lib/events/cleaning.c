#include "events/cleaning.h"

#include <inttypes.h>

int cleaning_open(struct cleaning *c, const struct csv_reader *in, const struct gz_output *output,
		  const struct gz_output *rejects, int64_t now, struct err *err)
{
	timeline_init(&c->timeline, now);
	c->events = dedup_new(c->mem);
	if (cleaner_open(&c->cleaner, in, err) || (output && csv_writer_open(&c->out, output, err)))
		return -1;
	c->has_out = output != NULL;
	if (rejects && rejects_open(&c->rejects, rejects, err))
		return -1;
	if (!output)
		return 0;
	cleaner_put_names(&c->cleaner, in, &c->out.row);
	return csv_writer_end_row(&c->out, err);
}

int cleaning_add(struct cleaning *c, const struct csv_reader *in, const struct csv_row *row,
		 struct err *err)
{
	struct clean_event event;
	enum clean_reason reason = cleaner_row(&c->cleaner, row, &event);

	if (reason == CLEAN_VALID)
		return dedup_add(c->events, &event, rejects_note(&c->rejects, in, row, &event),
				 err);
	if (reason == CLEAN_BAD_EVENT_TYPE)
		rejects_add_type(&c->rejects, &c->cleaner.bad_type);
	return rejects_add(&c->rejects, reason, in, row, err);
}

int cleaning_sort(struct cleaning *c, const struct csv_reader *in, struct warnings *warnings,
		  struct err *err)
{
	if (rejects_check(&c->rejects, in->n_rows, err)) {
		cleaner_warn(&c->cleaner, in->n_rows, warnings);
		csv_reader_warn(in, warnings);
		return -1;
	}
	return dedup_finish(c->events, err);
}

int cleaning_next(struct cleaning *c, const struct csv_reader *in, struct clean_event *event,
		  struct err *err)
{
	struct dedup_event next;
	int rc;

	while ((rc = dedup_next(c->events, &next, err)) > 0 && next.duplicate)
		if (rejects_add_duplicate(&c->rejects, &next, in->n_rows, err))
			return -1;
	if (rc <= 0)
		return rc || rejects_check(&c->rejects, in->n_rows, err) ? -1 : 0;
	timeline_add(&c->timeline, next.event.ts);
	*event = next.event;
	if (!c->has_out)
		return 1;
	clean_put_event(&c->out.row, event);
	return csv_writer_end_row(&c->out, err) ? -1 : 1;
}

void cleaning_warn(const struct cleaning *c, const struct csv_reader *in, struct warnings *warnings)
{
	timeline_warn(&c->timeline, warnings);
	cleaner_warn(&c->cleaner, in->n_rows, warnings);
	rejects_warn(&c->rejects, in->n_rows, warnings);
	csv_reader_warn(in, warnings);
}

void cleaning_put_summary(struct cleaning *c, const struct csv_reader *in, struct buf *text)
{
	if (c->rejects.n)
		buf_printf(text,
			   "kept %" PRIu64 " of %" PRIu64 " records; rejected %" PRIu64 ": %s",
			   in->n_rows - c->rejects.n, in->n_rows, c->rejects.n,
			   rejects_summary(&c->rejects));
}

void cleaning_release(struct cleaning *c)
{
	cleaner_release(&c->cleaner);
	dedup_free(c->events);
	c->events = NULL;
	rejects_release(&c->rejects);
}
