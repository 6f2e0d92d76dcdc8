#include "state/manifest.h"

#include "io/sha256.h"
#include "scratch.h"

/* Writes the lines with their end, and reads them into *m. Returns what manifest_read does. */
static int read_back(struct manifest *m, const char *text, size_t len, struct err *err)
{
	scratch_write("MANIFEST", text, len);
	*m = (struct manifest)MANIFEST_INIT;
	return manifest_read(m, "MANIFEST", err);
}

static struct manifest sample(void)
{
	struct manifest m = MANIFEST_INIT;
	struct err err = ERR_INIT;

	manifest_add(&m, "ce-state", "1");
	manifest_add(&m, "option", "tz Europe/Berlin");
	manifest_add(&m, "option", "drop a%b\nc\x01\xc3\x91\x7f");
	manifest_add(&m, "empty", "");
	manifest_add_int(&m, "most", INT64_MAX);
	manifest_add_int(&m, "least", INT64_MIN);
	manifest_add(&m, "most", "no number");
	CHECK_INT(manifest_end(&m, &err), 0);
	return m;
}

/* Whatever a value holds it is one line of printable text; and the end is sha256sum's. */
static void a_value_is_one_printable_line(void)
{
	struct manifest m = sample();
	char hex[SHA256_HEX], want[1024];
	struct err err = ERR_INIT;
	int n = snprintf(want, sizeof(want),
			 "ce-state 1\noption tz Europe/Berlin\noption drop "
			 "a%%25b%%0Ac%%01%%C3%%91%%7F\nempty \nmost 9223372036854775807\n"
			 "least -9223372036854775808\nmost no number\n");

	CHECK_INT(sha256_bytes(hex, want, (size_t)n, &err), 0);
	snprintf(want + n, sizeof(want) - (size_t)n, "end %s\n", hex);
	buf_append_char(&m.text, '\0');
	CHECK_STR(m.text.data, want);
	manifest_release(&m);
}

static void entries_are_found_by_name_and_place(void)
{
	struct manifest m = sample(), none = MANIFEST_INIT;
	struct manifest_entry e;
	int64_t value = 7;
	size_t at = 0;

	CHECK(manifest_find(&m, "option", 0, &e));
	CHECK(e.value_len == 16 && !memcmp(e.value, "tz Europe/Berlin", 16));
	CHECK(manifest_find(&m, "option", 1, &e));
	CHECK_BEGINS(e.value, "drop a%25b%0A");
	CHECK(!manifest_find(&m, "option", 2, &e));
	CHECK(!manifest_find(&m, "optio", 0, &e));
	CHECK(!manifest_find(&m, "options", 0, &e));
	CHECK(!manifest_find(&m, "tz", 0, &e));
	CHECK(manifest_find(&m, "empty", 0, &e));
	CHECK_INT(e.value_len, 0);
	CHECK_INT(manifest_find_int(&m, "least", &value), 0);
	CHECK_INT(value, INT64_MIN);
	CHECK_INT(manifest_find_int(&m, "option", &value), -1);
	CHECK_INT(manifest_find_int(&m, "empty", &value), -1);
	CHECK_INT(manifest_find_int(&m, "absent", &value), -1);
	/* Of two lines of a name none is the number. */
	CHECK_INT(manifest_find_int(&m, "most", &value), -1);
	CHECK_INT(value, INT64_MIN);
	CHECK(!manifest_next(&none, &at, &e));
	/* A line without a value, and a last one without its end. */
	buf_append_str(&none.text, "alone\nlast line");
	CHECK(manifest_next(&none, &at, &e));
	CHECK(e.name_len == 5 && e.value_len == 0);
	CHECK(manifest_next(&none, &at, &e));
	CHECK(e.name_len == 4 && e.value_len == 4 && !memcmp(e.value, "line", 4));
	CHECK(!manifest_next(&none, &at, &e));
	manifest_release(&m);
	manifest_release(&none);
}

static void what_is_read_is_what_was_written(void)
{
	struct manifest m = sample(), back;
	struct err err = ERR_INIT;

	CHECK_INT(read_back(&back, m.text.data, m.text.len, &err), 0);
	CHECK_INT(back.text.len, m.text.len);
	CHECK(back.text.len == m.text.len && !memcmp(back.text.data, m.text.data, m.text.len));
	manifest_release(&back);
	manifest_release(&m);
}

static void check_refused(const char *text, size_t len, const char *what)
{
	struct manifest m;
	struct err err = ERR_INIT;

	if (!read_back(&m, text, len, &err))
		CHECK_FAIL("%s is not refused", what);
	CHECK_BEGINS(err.message, "MANIFEST: ");
	manifest_release(&m);
}

/* Each line removed, written twice, swapped with the next, and each byte changed or cut off. */
static void what_was_changed_is_refused(void)
{
	struct manifest m = sample();
	char *text = mem_alloc(2 * m.text.len, 1);
	size_t len = m.text.len;

	for (size_t at = 0, next; at < len; at = next) {
		next = at +
		       (size_t)((char *)memchr(m.text.data + at, '\n', len - at) -
				(m.text.data + at)) +
		       1;
		memcpy(text, m.text.data, at);
		memcpy(text + at, m.text.data + next, len - next);
		check_refused(text, len - (next - at), "a line that is missing");
		memcpy(text, m.text.data, next);
		memcpy(text + next, m.text.data + at, len - at);
		/* But for the last one: as that of the whole it is wrong, too. */
		check_refused(text, len + (next - at), "a line that is there twice");
	}
	for (size_t at = 0; at < len; at++) {
		memcpy(text, m.text.data, len);
		text[at] ^= 1;
		check_refused(text, len, "a byte that is another");
		if (at)
			check_refused(m.text.data, at, "what is cut");
	}
	memcpy(text, m.text.data, len);
	text[len] = '\n';
	check_refused(text, len + 1, "what has more behind it");
	free(text);
	manifest_release(&m);
}

static void what_is_no_manifest(void)
{
	enum { TOO_LONG = 16 * 1024 * 1024 + 4096 };
	struct manifest m = MANIFEST_INIT;
	struct err err = ERR_INIT;
	char *text = mem_zalloc(TOO_LONG, 1);

	scratch_write("long", text, TOO_LONG);
	free(text);
	CHECK_INT(manifest_read(&m, "long", &err), -1);
	CHECK_STR(err.message, "long: too long for a MANIFEST");
	manifest_release(&m);
	scratch_write("short", "end\n", 4);
	CHECK_INT(manifest_read(&m, "short", &err), -1);
	CHECK_STR(err.message, "short: cut short, or no MANIFEST of a state");
	manifest_release(&m);
	/* Of a pipe, that nobody writes, nothing is waited for. */
	CHECK_INT(mkfifo("pipe", 0600), 0);
	CHECK_INT(manifest_read(&m, "pipe", &err), -1);
	CHECK_STR(err.message, "pipe: not a regular file");
	CHECK_INT(manifest_read(&m, "absent", &err), -1);
	CHECK_STR(err.message, "absent: No such file or directory");
	manifest_release(&m);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(a_value_is_one_printable_line);
	RUN(entries_are_found_by_name_and_place);
	RUN(what_is_read_is_what_was_written);
	RUN(what_was_changed_is_refused);
	RUN(what_is_no_manifest);
	scratch_leave(dir);
	return CHECK_DONE();
}
