#include "base/buf.h"

#include "scratch.h"

static void holds_what_was_appended(void)
{
	struct buf b = BUF_INIT;
	static char want[300000];
	size_t n = 0;
	uint64_t random = 2;

	while (n < sizeof(want) - 400) {
		char piece[400] = { 0 };
		size_t len = scratch_below(&random, sizeof(piece));

		for (size_t i = 0; i < len; i++)
			piece[i] = (char)scratch_random(&random);
		memcpy(want + n, piece, len);
		n += len;
		switch (scratch_below(&random, 3)) {
		case 0:
			buf_append(&b, piece, len);
			break;
		case 1:
			memcpy(buf_reserve(&b, len), piece, len);
			b.len += len;
			break;
		default:
			for (size_t i = 0; i < len; i++)
				buf_append_char(&b, piece[i]);
		}
		CHECK(b.len <= b.cap);
	}
	CHECK_INT(b.len, n);
	CHECK(!memcmp(b.data, want, n));
	buf_clear(&b);
	CHECK_INT(b.len, 0);
	CHECK(b.cap >= n);
	buf_append_str(&b, "fresh");
	CHECK(b.len == 5 && !memcmp(b.data, "fresh", 5));
	buf_release(&b);
	CHECK(!b.data && !b.len && !b.cap);
}

static void nothing_appended_needs_no_memory(void)
{
	struct buf b = BUF_INIT;

	buf_append(&b, NULL, 0);
	buf_append_str(&b, "");
	CHECK(!b.data && !b.len);
	CHECK(buf_reserve(&b, 0));
	CHECK_INT(b.len, 0);
	buf_release(&b);
}

/* Whatever room there was before. */
static void prints_into_any_room(void)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 300; i++)
		buf_printf(&b, "%d,%*s", i % 10, i % 7, "");
	CHECK_INT(b.len, 300 * 2 + 42 * 21 + 15);
	CHECK(b.len <= b.cap && !memcmp(b.data, "0,1, 2,  3,   4,", 16));
	buf_clear(&b);
	buf_printf(&b, "%s", "");
	CHECK_INT(b.len, 0);
	buf_release(&b);
}

int main(void)
{
	RUN(holds_what_was_appended);
	RUN(nothing_appended_needs_no_memory);
	RUN(prints_into_any_room);
	return CHECK_DONE();
}
