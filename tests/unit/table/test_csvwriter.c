#include "table/csvwriter.h"

#include "scratch.h"
#include "table/csvreader.h"

/* Random tables, of one column and of many, with every byte in them, NULL and "". */
static void writer_and_reader_round_trip(void)
{
	enum { ROWS = 300 };
	struct csv_input input = { .paths = (const char *const[]){ "table" }, .n = 1 };
	struct gz_output output = { "table", 1, false, 0, false };
	uint64_t random = 2;

	for (size_t columns = 1; columns <= 5; columns++) {
		struct csv_reader r = CSV_READER_INIT;
		struct csv_writer w = CSV_WRITER_INIT;
		struct buf cells = BUF_INIT;
		struct err err = ERR_INIT;
		const struct csv_row *row;
		size_t at = 0;

		CHECK_INT(csv_writer_open(&w, &output, &err), 0);
		for (size_t i = 0; i < columns; i++)
			csv_put_text(&w.row, &"abcde"[i], 1);
		CHECK_INT(csv_writer_end_row(&w, &err), 0);
		for (size_t i = 0; i < ROWS * columns; i++) {
			char cell[12];
			size_t len = scratch_below(&random, sizeof(cell));
			struct csv_field f = { cell, (uint32_t)len,
					       !len && scratch_below(&random, 2) };

			for (size_t k = 0; k < len; k++)
				cell[k] = scratch_below(&random, 2)
						  ? (char)scratch_random(&random)
						  : ",\"\n\r\\."[scratch_below(&random, 6)];
			csv_put_field(&w.row, &f);
			/* Three bytes of what to expect: length, whether NULL, and the text. */
			buf_append_char(&cells, (char)len);
			buf_append_char(&cells, f.is_null);
			buf_append(&cells, cell, len);
			if (i % columns == columns - 1)
				CHECK_INT(csv_writer_end_row(&w, &err), 0);
		}
		CHECK_INT(csv_writer_close(&w, &err), 0);
		CHECK_INT(w.n_rows, ROWS + 1);
		CHECK_INT(csv_reader_open(&r, &input, &err), 0);
		while (csv_reader_next(&r, &row, &err) > 0)
			for (size_t i = 0; i < columns; i++) {
				const struct csv_field *f = &row->fields[i];
				size_t len = (size_t)cells.data[at];

				CHECK_INT(f->len, len);
				CHECK_INT(f->is_null, cells.data[at + 1]);
				CHECK(f->len == len && !memcmp(f->s, cells.data + at + 2, len));
				at += len + 2;
			}
		CHECK_STR(err.message, "");
		CHECK_INT(at, cells.len);
		csv_reader_close(&r);
		buf_release(&cells);
		unlink("table"); /* else the next table would be written onto an input */
	}
}

static void a_failing_writer_leaves_nothing(void)
{
	struct gz_output output = { "/dev/full", 1, true, 0, false };
	struct csv_writer w = CSV_WRITER_INIT;
	struct err err = ERR_INIT;
	int rc = 0;

	CHECK_INT(csv_writer_open(&w, &output, &err), 0);
	for (int i = 0; i < 100000 && !rc; i++) {
		csv_put_str(&w.row, "some text");
		rc = csv_writer_end_row(&w, &err);
	}
	CHECK_INT(rc, -1);
	CHECK_STR(err.message, "/dev/full: No space left on device");
	csv_writer_abort(&w);
	csv_writer_abort(&w);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(writer_and_reader_round_trip);
	RUN(a_failing_writer_leaves_nothing);
	scratch_leave(dir);
	return CHECK_DONE();
}
