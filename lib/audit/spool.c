#include "audit/spool.h"

#include "base/mem.h"
#include "base/rng.h"
#include "events/clean.h"
#include "events/event.h"
#include "io/tempfile.h"
#include "table/columns.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define WRITE_SIZE ((size_t)256 * 1024)

static int record_time(const struct spool *s, const struct csv_row *row, size_t column, int64_t *ms)
{
	if (row->fault)
		return -1;
	return clean_parse_ts(&row->fields[column], &s->times, ms) < 0 ? -1 : 0;
}

static void put_header(struct buf *out, const struct csv_header *header)
{
	for (size_t i = 0; i < header->n; i++)
		csv_put_str(out, header->names[i]);
	csv_end_row(out);
}

static int put_record(struct buf *out, const struct csv_row *row, int fd, struct err *err)
{
	csv_put_row(out, row);
	csv_end_row(out);
	return out->len >= WRITE_SIZE ? tempfile_append(fd, out, err) : 0;
}

/* Reservoir sampling, "algorithm R": the n-th time of all takes the place of one of the sample. */
static void draw(struct spool_sample *sample, struct rng *rng, int64_t time, uint64_t n)
{
	uint64_t at = n - 1;

	if (sample->n < sample->size)
		sample->n++;
	else
		at = rng_below(rng, n);
	if (at < sample->n)
		sample->times[at] = time;
}

static int read_records(struct spool *s, struct csv_reader *in, struct spool_sample *sample,
			struct rng *rng, struct buf *out, struct err *err)
{
	const struct csv_row *row;
	uint64_t n_times = 0;
	int column, rc;

	put_header(out, &in->header);
	column = columns_require(in, s->column, err);
	if (column < 0)
		return -1;
	while ((rc = csv_reader_next(in, &row, err)) > 0) {
		int64_t time;

		if (!record_time(s, row, (size_t)column, &time) && time > 0 &&
		    time < EVENT_TS_END) {
			draw(sample, rng, time, ++n_times);
			if (time > s->last)
				s->last = time;
		}
		if (put_record(out, row, s->fd, err))
			return -1;
	}
	s->n_records = in->n_rows;
	return rc ? -1 : tempfile_append(s->fd, out, err);
}

int spool_read(struct spool *s, const struct csv_input *input, struct spool_sample *sample,
	       uint64_t seed, struct err *err)
{
	struct csv_reader in = CSV_READER_INIT;
	struct buf out = BUF_INIT;
	struct rng rng;
	int rc;

	in.tolerant = in.keep_names = true;
	rng_seed(&rng, seed, 0);
	sample->n = 0;
	sample->times = mem_alloc(sample->size, sizeof(*sample->times));
	s->last = 0;
	s->fd = tempfile_open(err);
	if (s->fd < 0 || csv_reader_open(&in, input, err))
		return -1;
	rc = read_records(s, &in, sample, &rng, &out, err);
	csv_reader_warn(&in, &s->warnings);
	buf_release(&out);
	csv_reader_close(&in);
	return rc;
}

static int copy_prefix(const struct spool *s, struct csv_reader *in, int64_t cut, int fd,
		       struct buf *out, uint64_t *n, struct err *err)
{
	const struct csv_row *row;
	int column, rc;

	put_header(out, &in->header);
	column = columns_require(in, s->column, err);
	if (column < 0)
		return -1;
	for (*n = 0; (rc = csv_reader_next(in, &row, err)) > 0;) {
		int64_t time;

		if (!record_time(s, row, (size_t)column, &time) && time > cut)
			continue;
		++*n;
		if (put_record(out, row, fd, err))
			return -1;
	}
	return rc ? -1 : tempfile_append(fd, out, err);
}

int spool_write_prefix(const struct spool *s, int64_t cut, int fd, uint64_t *n, struct err *err)
{
	struct csv_reader in = CSV_READER_INIT;
	struct buf out = BUF_INIT;
	int rc, own;

	in.tolerant = in.keep_names = true;
	if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0 || lseek(s->fd, 0, SEEK_SET) < 0 ||
	    (own = fcntl(s->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return err_errno(err, "cannot use the temporary file");
	if (csv_reader_open_fd(&in, own, "temporary file", err))
		return -1;
	rc = copy_prefix(s, &in, cut, fd, &out, n, err);
	buf_release(&out);
	csv_reader_close(&in);
	return rc;
}

void spool_release(struct spool *s)
{
	if (s->fd >= 0)
		close(s->fd);
	warnings_release(&s->warnings);
	*s = (struct spool)SPOOL_INIT;
}
