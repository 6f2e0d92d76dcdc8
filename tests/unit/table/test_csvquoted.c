#include "table/csvquoted.h"

#include "base/rng.h"
#include "check.h"

#define N_FIELDS 6

/* What is put comes back, in place, and the bytes of the fields lie within the record. */
static void splits_in_place_what_was_put(void)
{
	static const char *const texts[] = { "",    "a",  "a,b",       "\"", "say \"x\"", "l\n2",
					     "\\.", ",,", "long text", "\r", "\"\"",      " " };
	const size_t n_texts = sizeof(texts) / sizeof(texts[0]);
	struct csvquoted q = CSVQUOTED_INIT;
	struct rng rng;

	rng_seed(&rng, 7, 0);
	for (int round = 0; round < 20000; round++) {
		const size_t n = 1 + rng_below(&rng, N_FIELDS);
		struct csv_field put[N_FIELDS], got[N_FIELDS];
		struct buf row = BUF_INIT;
		bool is_plain = true;

		for (size_t i = 0; i < n; i++) {
			const char *text = texts[rng_below(&rng, round % 2 ? 2 : n_texts)];
			const size_t len = strlen(text);

			put[i] = (struct csv_field){ text, (uint32_t)len,
						     !len && rng_below(&rng, 2) };
			is_plain &= put[i].is_null || csv_is_plain(text, len);
			csv_put_field(&row, &put[i]);
		}
		CHECK_INT(csvquoted_split_in_place(&q, row.data, row.len - 1, n, got), is_plain);
		for (size_t i = 0; i < n; i++) {
			CHECK_INT(got[i].is_null, put[i].is_null);
			CHECK_INT(got[i].len, put[i].len);
			CHECK(!memcmp(got[i].s, put[i].s, put[i].len));
			CHECK(got[i].s >= row.data && got[i].s + got[i].len <= row.data + row.len);
		}
		buf_release(&row);
	}
	csvquoted_release(&q);
}

int main(void)
{
	RUN(splits_in_place_what_was_put);
	return CHECK_DONE();
}
