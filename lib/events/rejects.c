#include "events/rejects.h"

#include "base/mem.h"
#include "table/catalogue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A note begins with the number of the file and the line in 64 bits. */
#define LINE_BITS 40

int rejects_open(struct rejects *r, const struct gz_output *output, struct err *err)
{
	if (csv_writer_open(&r->out, output, err))
		return -1;
	r->has_out = true;
	catalogue_put_names(&r->out.row, catalogue_table("rejects"));
	return csv_writer_end_row(&r->out, err);
}

void rejects_add_type(struct rejects *r, const struct csv_field *type)
{
	tally_add(&r->types, type->s, type->len);
}

const char *rejects_summary(struct rejects *r)
{
	buf_clear(&r->text);
	for (int i = 0; i < CLEAN_N_REASONS; i++) {
		if (!r->counts[i])
			continue;
		buf_printf(&r->text, "%s%" PRIu64 " %s", r->text.len ? ", " : "", r->counts[i],
			   clean_reason_name((enum clean_reason)i));
		if (i == CLEAN_BAD_EVENT_TYPE && r->types.n) {
			buf_append_str(&r->text, " (");
			tally_put(&r->types, &r->text);
			buf_append_char(&r->text, ')');
		}
	}
	buf_append_char(&r->text, '\0');
	return r->text.data;
}

/* How many records are outside of --since and --until: rejected by choice. */
static uint64_t n_outside(const struct rejects *r)
{
	return r->counts[CLEAN_BEFORE_SINCE] + r->counts[CLEAN_AFTER_UNTIL];
}

/* The option that may mend the most frequent fault, as the end of a message; "" if there is none.
 */
static const char *remedy(const struct rejects *r)
{
	static const char *const options[CLEAN_N_REASONS] = {
		[CLEAN_RAGGED] = " (--delimiter?)",
		[CLEAN_INVALID_UTF8] = " (iconv converts to UTF-8)",
		[CLEAN_MISSING_PLAYBACK_POSITION] = " (--allow-empty playback_position?)",
		[CLEAN_MISSING_DEVICE] = " (--allow-empty device?)",
		[CLEAN_BAD_EVENT_TS] = " (--ts-unit?)",
		[CLEAN_TS_OUT_OF_RANGE] = " (--ts-unit?)",
	};
	int most = 0;

	for (int i = 1; i < CLEAN_N_REASONS; i++)
		if (r->counts[i] > r->counts[most])
			most = i;
	return options[most] ? options[most] : "";
}

static int check_bound(struct rejects *r, uint64_t n_read, struct err *err)
{
	uint64_t n = r->n - n_outside(r), n_all = n_read - n_outside(r);

	if (r->is_judged_elsewhere || !bound_exceeded(&r->bound, n, n_all))
		return 0;
	return err_set(err, ERR_RUNTIME,
		       "rejected %" PRIu64 " of %" PRIu64
		       " records read, more than --max-rejects %s: %s%s",
		       n, n_all, r->bound.text, rejects_summary(r), remedy(r));
}

int rejects_check(struct rejects *r, uint64_t n_read, struct err *err)
{
	if (n_read && r->n == n_read && !r->is_part && !r->is_judged_elsewhere)
		return err_set(err, ERR_RUNTIME, "kept none of %" PRIu64 " records; rejected: %s%s",
			       n_read, rejects_summary(r), remedy(r));
	return check_bound(r, n_read, err);
}

void rejects_warn(const struct rejects *r, uint64_t n_read, struct warnings *warnings)
{
	static const struct bound many = BOUND_DOUBTFUL;
	uint64_t n = r->n - n_outside(r), n_all = n_read - n_outside(r);

	if (!r->is_judged_elsewhere && bound_exceeded(&many, n, n_all))
		warnings_add(
			warnings,
			"%" PRIu64 " of %" PRIu64 " records are rejected, more than 5 %%: "
			"faults of the log, or of how it is read? (--rejects FILE writes them)%s",
			n, n_all, remedy(r));
}

/* Counts one, and checks the bound unless it is a share, which is judged when all are read. */
static int count(struct rejects *r, enum clean_reason reason, uint64_t n_read, struct err *err)
{
	r->n++;
	r->counts[reason]++;
	return r->bound.is_share ? 0 : check_bound(r, n_read, err);
}

static int write_record(struct rejects *r, struct row_rejects *row, enum clean_reason reason,
			struct err *err)
{
	row->reason = csv_str(clean_reason_name(reason));
	csv_put_values(&r->out.row, CATALOGUE_VALUES(row));
	return csv_writer_end_row(&r->out, err);
}

int rejects_add(struct rejects *r, enum clean_reason reason, const struct csv_reader *in,
		const struct csv_row *row, struct err *err)
{
	struct row_rejects reject;

	if (count(r, reason, in->n_rows, err))
		return -1;
	if (!r->has_out)
		return 0;
	reject = (struct row_rejects){ .file = csv_str(in->file),
				       .line = csv_int((int64_t)in->line),
				       .record = csv_text(row->raw, row->raw_len) };
	return write_record(r, &reject, reason, err);
}

/* It is made for every event of the input and read back of few, so it had better be short. */
const struct buf *rejects_make_note(struct rejects *r, const struct csv_reader *in,
				    const struct csv_row *row, const struct clean_event *event)
{
	uint64_t place;

	if (!r->n_files || r->files[r->n_files - 1] != in->file) {
		if (r->n_files == r->cap) {
			r->cap = mem_grow(r->cap, r->n_files + 1);
			r->files = mem_realloc(r->files, r->cap, sizeof(*r->files));
		}
		r->files[r->n_files++] = in->file;
	}
	place = (uint64_t)(r->n_files - 1) << LINE_BITS | in->line;
	buf_clear(&r->text);
	buf_append(&r->text, &place, sizeof(place));
	if (!event->is_as_read)
		buf_append(&r->text, row->raw, row->raw_len);
	return &r->text;
}

int rejects_add_noted(struct rejects *r, enum clean_reason reason, const struct dedup_event *event,
		      uint64_t n_read, struct err *err)
{
	struct row_rejects reject = { 0 };
	size_t record_len;
	uint64_t place;

	if (count(r, reason, n_read, err))
		return -1;
	if (!r->has_out)
		return 0;
	memcpy(&place, event->note, sizeof(place));
	reject.file = csv_str(r->files[place >> LINE_BITS]);
	reject.line = csv_int((int64_t)(place & ((UINT64_C(1) << LINE_BITS) - 1)));
	record_len = event->note_len - sizeof(place);
	if (record_len) {
		reject.record = csv_text(event->note + sizeof(place), record_len);
	} else {
		buf_clear(&r->text);
		clean_put_event(&r->text, &event->event);
		reject.record = csv_text(r->text.data, r->text.len - 1);
	}
	return write_record(r, &reject, reason, err);
}

void rejects_release(struct rejects *r)
{
	free(r->files);
	buf_release(&r->text);
	tally_release(&r->types);
}
