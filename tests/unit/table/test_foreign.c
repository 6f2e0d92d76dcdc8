#include "table/foreign.h"

#include "check.h"

#define BYTES(text) text, sizeof(text) - 1

static void formats_are_told_by_their_first_bytes(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *what;
	} cases[] = {
		{ BYTES("\x1f\x8b\x08\0"), "gzip in gzip" },
		{ BYTES("\x28\xb5\x2f\xfd$"), "zstd-compressed" },
		{ BYTES("\xfd"
			"7zXZ\0"),
		  "xz-compressed" },
		{ BYTES("BZh91AY&SYx"), "bzip2-compressed" },
		{ BYTES("PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0aaaabbbbcccc\x13\0\0\0[Content_Types]."
			"xml"),
		  "an Excel workbook" },
		{ BYTES("PK\x03\x04\n\0\0\0\0\0\0\0!\0aaaabbbbcccc\x05\0\0\0a.csv"),
		  "a zip archive" },
		{ BYTES("\xff\xfe"
			"a\0"),
		  "UTF-16" },
		{ BYTES("\xfe\xff\0a"), "UTF-16" },
		{ BYTES("e\0v\0"), "UTF-16" },
		{ BYTES("\0e\0v"), "UTF-16" },
		{ BYTES("\xff\xfe\0\0a\0\0\0"), "UTF-32" },
		{ BYTES("\0\0\xfe\xff\0\0\0a"), "UTF-32" },
		{ BYTES("a\0\0\0b\0\0\0"), "UTF-32" },
		{ BYTES("\0\0\0a\0\0\0b"), "UTF-32" },
		{ BYTES("PAR1\x15\x04"), "Parquet" },
		{ BYTES("Obj\x01\x04\x14"), "Avro" },
		{ BYTES("ORC\x1e\0\0"), "ORC" },
		{ BYTES("SQLite format 3\0"), "an SQLite database" },
		{ BYTES("PGDMP\x01\x0e"), "a dump of PostgreSQL" },
		{ BYTES("{\"a\":1}"), "JSON" },
		{ BYTES("[\r\n  {\"a\":1}]"), "JSON" },
		{ BYTES("{}"), "JSON" },
		{ BYTES("<!DOCTYPE HTML>"), "a web page" },
		{ BYTES("<html lang=\"en\">"), "a web page" },
		{ BYTES("<?xml version=\"1.0\"?>"), "XML" },
		/* None of them. */
		{ BYTES(""), NULL },
		{ BYTES("a,b"), NULL },
		{ BYTES("[id],[name]\n[1],[2]\n"), NULL },
		{ BYTES("<DATE>,<OPEN>\n"), NULL },
		{ BYTES("ORCID,name\n"), NULL },
		{ BYTES("PGDMPX\n"), NULL },
		{ BYTES("PK,a\n"), NULL },
		{ BYTES("[\n"), NULL },
		{ BYTES("\0\0\0\0\0\0\0\0"), NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* As long as they are, that nothing reads more. */
		char *bytes = malloc(cases[i].len + !cases[i].len);
		const struct foreign *found;

		memcpy(bytes, cases[i].bytes, cases[i].len);
		found = foreign_find(bytes, cases[i].len);
		CHECK_STR(found ? found->what : "", cases[i].what ? cases[i].what : "");
		for (size_t len = 0; len < cases[i].len; len++)
			(void)foreign_find(bytes + cases[i].len - len, len);
		free(bytes);
	}
}

static void an_archive_is_told_by_what_comes_later(void)
{
	char bytes[512] = "events.csv";

	CHECK(!foreign_find(bytes, sizeof(bytes)));
	memcpy(bytes + 257, "ustar", 5);
	CHECK_STR(foreign_find(bytes, sizeof(bytes))->what, "a tar archive");
	CHECK(!foreign_find(bytes, 261));
	memset(bytes, 'x', 257);
	CHECK(!foreign_find(bytes, sizeof(bytes)));
}

static void explains(const char *bytes, const char *path, bool is_gzip, const char *tool,
		     const char *want)
{
	struct buf text = BUF_INIT;

	foreign_explain(&text, foreign_find(bytes, strlen(bytes)), path, is_gzip, tool);
	buf_append_char(&text, '\0');
	CHECK_STR(text.data, want);
	buf_release(&text);
}

static void the_command_that_helps(void)
{
	static const char zstd[] = "\x28\xb5\x2f\xfd";

	explains(zstd, "f.zst", false, "ce-clean", "is zstd-compressed: zstd -dc f.zst | ce-clean");
	explains(zstd, "f.gz", true, "ce-clean",
		 "is zstd-compressed: gzip -dc f.gz | zstd -dc | ce-clean");
	explains(zstd, NULL, false, "ce-clean", "is zstd-compressed: zstd -dc | ce-clean");
	explains(zstd, NULL, true, "ce-clean",
		 "is zstd-compressed: gzip -dc | zstd -dc | ce-clean");
	explains(zstd, "a b's.zst", false, NULL,
		 "is zstd-compressed: zstd -dc 'a b'\\''s.zst' >FILE");
	explains("\x1f\x8b", "f.gz", true, "ce-clean", "is gzip in gzip: gzip -dc f.gz | ce-clean");
	explains("\x1f\x8b", NULL, true, "ce-clean", "is gzip in gzip: gzip -dc | ce-clean");
	explains("PAR1\x15", NULL, false, "ce-clean",
		 "is Parquet: duckdb -c \"COPY (FROM 'FILE') TO '/dev/stdout' (FORMAT csv)\" | "
		 "ce-clean");
	explains("<html>", "f", false, "ce-clean", "is a web page: did its download fail?");
}

int main(void)
{
	RUN(formats_are_told_by_their_first_bytes);
	RUN(an_archive_is_told_by_what_comes_later);
	RUN(the_command_that_helps);
	return CHECK_DONE();
}
