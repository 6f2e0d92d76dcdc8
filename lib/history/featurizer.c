#include "history/featurizer.h"

#include <inttypes.h>

int featurizer_open(struct featurizer *f, const struct csv_reader *in, size_t n_text,
		    const struct gz_output *output, struct err *err)
{
	labels_init(&f->labels, f->watermark);
	f->labels.goes_on = f->goes_on;
	f->labels.none_waits = f->none_waits;
	if (features_init(&f->features, in, n_text, &f->keep, err) ||
	    (output && csv_writer_open(&f->out, output, err)))
		return -1;
	features_put_names(&f->features, in, &f->header);
	buf_append(&f->out.row, f->header.data, f->header.len);
	return csv_writer_end_row(&f->out, err);
}

int featurizer_step(struct featurizer *f, const struct csv_reader *in,
		    const struct features_row *row, struct err *err)
{
	if (labels_step(&f->labels, row->e, err))
		return csv_reader_fail(in, -1, err, "%s", err->message);
	if (features_wanted(&f->features, f->rows, row)) {
		if (features_put(&f->features, in, row, labels_row(&f->labels), err))
			return -1;
		labels_hold(&f->labels, row->e->session_id);
	}
	return labels_write(&f->labels, &f->out, err);
}

int featurizer_finish(struct featurizer *f, struct err *err)
{
	labels_finish(&f->labels);
	return labels_write(&f->labels, &f->out, err);
}

void featurizer_warn(const struct featurizer *f, uint64_t n_events, struct warnings *warnings)
{
	if (n_events && f->out.n_rows == 1)
		warnings_add(warnings,
			     "none of %" PRIu64 " events is a prediction row: is every session at "
			     "its end with its first event? (--rows)",
			     n_events);
}

void featurizer_release(struct featurizer *f)
{
	labels_release(&f->labels);
	features_release(&f->features);
	buf_release(&f->header);
	names_release(&f->keep);
}
