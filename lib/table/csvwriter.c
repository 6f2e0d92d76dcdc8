#include "table/csvwriter.h"

#include "base/mem.h"
#include "base/small.h"

#include <stdlib.h>

#define FLUSH_SIZE SMALL((size_t)128 * 1024, 512)

int csv_writer_open(struct csv_writer *w, const struct gz_output *output, struct err *err)
{
	*w = (struct csv_writer)CSV_WRITER_INIT;
	return gz_writer_open(&w->gz, output, err);
}

static int flush(struct csv_writer *w, struct err *err)
{
	int rc = !w->row.len ? 0 : gz_writer_write(&w->gz, w->row.data, w->row.len, err);

	buf_clear(&w->row);
	return rc;
}

int csv_writer_end_row(struct csv_writer *w, struct err *err)
{
	csv_end_row(&w->row);
	w->n_rows++;
	/* The header waits for a row: until then another output of the tool may be refused. */
	return w->row.len >= FLUSH_SIZE && w->n_rows > 1 ? flush(w, err) : 0;
}

void csv_writer_abort(struct csv_writer *w)
{
	gz_writer_abort(&w->gz);
	buf_release(&w->row);
}

int csv_writer_complete(struct csv_writer *w, struct err *err)
{
	if (flush(w, err) || gz_writer_complete(&w->gz, err))
		return -1;
	buf_release(&w->row);
	return 0;
}

int csv_writer_close_all(struct csv_writer *const *writers, size_t n, struct err *err)
{
	struct gz_writer **gz = mem_alloc(n, sizeof(struct gz_writer *));
	int rc = 0;

	for (size_t i = n; !rc && i-- > 0;) {
		rc = csv_writer_complete(writers[i], err);
		gz[i] = &writers[i]->gz;
	}
	if (!rc)
		rc = gz_writer_close_all(gz, n, err);
	free(gz);
	return rc;
}

int csv_writer_close(struct csv_writer *w, struct err *err)
{
	return csv_writer_close_all(&w, 1, err);
}
