#include "adapt/dimension.h"

#include "scratch.h"

struct note {
	char id[4], value[4]; /* empty: the id alone */
	size_t column;
	int64_t ts;
};

enum { N_IDS = 20, N_NOTES = 400 };

static void put_table(const struct note *notes, size_t n, struct buf *out)
{
	struct dimension d = DIMENSION_INIT(catalogue_table("content_dim"));
	struct csv_writer w = CSV_WRITER_INIT;
	struct gz_output output = { .path = "table", .plain = true };
	struct err err = ERR_INIT;
	char *text;
	size_t len;

	for (size_t i = 0; i < n; i++) {
		uint32_t id = dimension_id(&d, notes[i].id, strlen(notes[i].id));

		if (*notes[i].value)
			dimension_note(&d, id, notes[i].column, notes[i].ts, notes[i].value,
				       strlen(notes[i].value));
	}
	CHECK(!csv_writer_open(&w, &output, &err) && !dimension_write(&d, &w, &err) &&
	      !csv_writer_close(&w, &err));
	text = scratch_read("table", &len);
	buf_append(out, text, len + 1);
	free(text);
	dimension_release(&d);
}

static void latest_values_in_the_order_of_ids(void)
{
	static const struct note notes[] = {
		{ "b", "x", 1, 5 },  { "b", "y", 1, 4 },    { "b", "120", 2, -5 },
		{ "b", "9", 2, -5 }, { "ba", "", 0, 0 },    { "B", "A", 4, 1 },
		{ "B", "B,", 4, 2 }, { "b", "110", 2, -6 }, { "\xc3", "z", 3, INT64_MIN },
		{ "a", "aa", 1, 7 }, { "a", "a", 1, 7 },    { "a", "ab", 1, 6 },
	};
	struct buf got = BUF_INIT;

	put_table(notes, sizeof(notes) / sizeof(*notes), &got);
	CHECK_STR(got.data, "content_id,genre,runtime,release_year,maturity_rating\n"
			    "B,,,,\"B,\"\na,aa,,,\nb,x,9,,\nba,,,,\n\xc3,,,z,\n");
	buf_clear(&got);
	put_table(NULL, 0, &got);
	CHECK_STR(got.data, "content_id,genre,runtime,release_year,maturity_rating\n");
	buf_release(&got);
}

/* Swaps each with one that is not before it. */
static void shuffle(struct note *notes, size_t n, uint64_t *random)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = i + scratch_below(random, n - i);
		struct note note = notes[i];

		notes[i] = notes[k];
		notes[k] = note;
	}
}

static void the_order_of_the_log_does_not_matter(void)
{
	struct note notes[N_NOTES];
	struct buf want = BUF_INIT, got = BUF_INIT;
	uint64_t random = 1;

	for (int i = 0; i < N_NOTES; i++) {
		struct note *note = &notes[i];

		snprintf(note->id, sizeof(note->id), "%zu", scratch_below(&random, N_IDS));
		snprintf(note->value, sizeof(note->value), "%zu", scratch_below(&random, 30));
		note->column = 1 + scratch_below(&random, 4);
		note->ts = (int64_t)scratch_below(&random, 5);
		if (!scratch_below(&random, 10))
			*note->value = '\0';
	}
	put_table(notes, N_NOTES, &want);
	for (int round = 0; round < 50; round++) {
		shuffle(notes, N_NOTES, &random);
		buf_clear(&got);
		put_table(notes, N_NOTES, &got);
		CHECK_STR(got.data, want.data);
	}
	buf_release(&want);
	buf_release(&got);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(latest_values_in_the_order_of_ids);
	RUN(the_order_of_the_log_does_not_matter);
	scratch_leave(dir);
	return CHECK_DONE();
}
