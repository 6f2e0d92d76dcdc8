#include "table/foreign.h"

#include "base/shellword.h"

#include <string.h>

/* A format and the bytes that it begins with; of those a ? is any, and a # any but NUL. */
struct magic {
	const char *bytes;
	size_t len;
	struct foreign format;
};

#define MAGIC(bytes, ...)                                                                          \
	{                                                                                          \
		bytes, sizeof(bytes) - 1,                                                          \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}
#define ICONV(from) "iconv -f " from " -t UTF-8 @", "iconv -f " from " -t UTF-8", NULL
#define DUCKDB      "duckdb -c \"COPY (FROM '@') TO '/dev/stdout' (FORMAT csv)\"", NULL, NULL
#define ZIP         "PK\x03\x04??????????????????????????" /* and the name of its first file */
#define NO_COMMAND  NULL, NULL

/* clang-format off */
static const struct magic magics[] = {
	MAGIC("\x1f\x8b", "gzip in gzip", "gzip -dc @", "", NULL),
	MAGIC("\x1f\x9d", "compressed by compress", "gzip -dc @", "gzip -dc", NULL),
	MAGIC("\x28\xb5\x2f\xfd", "zstd-compressed", "zstd -dc @", "zstd -dc", NULL),
	MAGIC("\xfd" "7zXZ", "xz-compressed", "xz -dc @", "xz -dc", NULL),
	MAGIC("BZh#1AY&SY", "bzip2-compressed", "bzip2 -dc @", "bzip2 -dc", NULL),
	MAGIC("\x04\x22\x4d\x18", "lz4-compressed", "lz4 -dc @", "lz4 -dc", NULL),
	MAGIC("7z\xbc\xaf\x27\x1c", "a 7z archive", "7z x -so @", NULL, NULL),
	MAGIC(ZIP "[Content_Types].xml", "an Excel workbook", "xlsx2csv @", NULL, NULL),
	MAGIC(ZIP "_rels/", "an Excel workbook", "xlsx2csv @", NULL, NULL),
	MAGIC(ZIP "xl/", "an Excel workbook", "xlsx2csv @", NULL, NULL),
	MAGIC(ZIP "docProps/", "an Excel workbook", "xlsx2csv @", NULL, NULL),
	MAGIC(ZIP "mimetypeapplication/vnd.oasis.", "an OpenDocument file", NO_COMMAND, "save it as CSV in UTF-8"),
	MAGIC("PK\x03\x04", "a zip archive", "unzip -p @", "funzip", NULL),
	MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook", NO_COMMAND, "save it as CSV in UTF-8"),
	MAGIC("\xff\xfe\0\0", "UTF-32", ICONV("UTF-32")),
	MAGIC("\0\0\xfe\xff", "UTF-32", ICONV("UTF-32")),
	MAGIC("#\0\0\0#\0\0\0", "UTF-32", ICONV("UTF-32LE")),
	MAGIC("\0\0\0#\0\0\0#", "UTF-32", ICONV("UTF-32BE")),
	MAGIC("\xff\xfe", "UTF-16", ICONV("UTF-16")),
	MAGIC("\xfe\xff", "UTF-16", ICONV("UTF-16")),
	MAGIC("#\0#\0", "UTF-16", ICONV("UTF-16LE")),
	MAGIC("\0#\0#", "UTF-16", ICONV("UTF-16BE")),
	MAGIC("PAR1\x15", "Parquet", DUCKDB),
	MAGIC("ARROW1\0", "Arrow", NO_COMMAND, "export it as CSV"),
	MAGIC("Obj\x01", "Avro", NO_COMMAND, "export it as CSV"),
	MAGIC("ORC?\0\0", "ORC", NO_COMMAND, "export it as CSV"),
	MAGIC("ORC??\0", "ORC", NO_COMMAND, "export it as CSV"),
	MAGIC("SQLite format 3\0", "an SQLite database", "sqlite3 -csv -header @ 'SELECT * FROM TABLE'", NULL, NULL),
	MAGIC("PGDMP\x01", "a dump of PostgreSQL", NO_COMMAND, "pg_restore loads it, and ce-export reads the tables then"),
};
/* clang-format on */

#define MILLER "mlr --ijson --ocsv unsparsify"

static const struct foreign json = { "JSON", MILLER " @", MILLER, NULL };
static const struct foreign html = { "a web page", NO_COMMAND, "did its download fail?" };
static const struct foreign xml = { "XML", NO_COMMAND, "export it as CSV" };
static const struct foreign tar = { "a tar archive", "tar -xOf @", "tar -xOf -", NULL };

static bool begins_with(const char *s, size_t len, const struct magic *m)
{
	if (len < m->len)
		return false;
	for (size_t i = 0; i < m->len; i++)
		if (m->bytes[i] != s[i] && m->bytes[i] != '?' && (m->bytes[i] != '#' || !s[i]))
			return false;
	return true;
}

/* The bytes of a word, in any case. */
static bool begins_with_word(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);

	if (len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]) != word[i])
			return false;
	return true;
}

/* An object or an array, as what comes next says: `[id]` may be the name of a column. */
static bool is_json(const char *s, size_t len)
{
	size_t i = 1;

	if (!len || (s[0] != '{' && s[0] != '['))
		return false;
	while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n'))
		i++;
	return i < len && s[i] && strchr(s[0] == '{' ? "\"}" : "\"{[", s[i]);
}

/* Its first 100 bytes are a name and NULs, and the rest of the header ends in this word. */
static bool is_tar(const char *s, size_t len)
{
	return len >= 262 && !memcmp(s + 257, "ustar", 5) && memchr(s, '\0', 101);
}

const struct foreign *foreign_find(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (begins_with(s, len, &magics[i]))
			return &magics[i].format;
	for (; len && (*s == ' ' || *s == '\t' || *s == '\r' || *s == '\n'); s++)
		len--;
	if (is_json(s, len))
		return &json;
	if (begins_with_word(s, len, "<!doctype html") || begins_with_word(s, len, "<html"))
		return &html;
	if (begins_with_word(s, len, "<?xml") || begins_with_word(s, len, "<!"))
		return &xml;
	return is_tar(s, len) ? &tar : NULL;
}

/* A command that has the name in quotes of its own gets FILE for one that would need some, too. */
static void put_command(struct buf *out, const char *command, const char *path)
{
	const char *at = strchr(command, '@');
	bool is_quoted = at[1] == '\'';

	buf_append(out, command, (size_t)(at - command));
	buf_append_str(out, *path == '-' ? "./" : "");
	shellword_put(out, is_quoted && !shellword_is_plain(path) ? "FILE" : path);
	buf_append_str(out, at + 1);
}

void foreign_explain(struct buf *out, const struct foreign *f, const char *path, bool is_gzip,
		     const char *tool)
{
	buf_printf(out, "is %s: ", f->what);
	if (!f->command) {
		buf_append_str(out, f->hint);
		return;
	}
	if (is_gzip && f->filter) {
		if (path)
			put_command(out, "gzip -dc @", path);
		else
			buf_append_str(out, "gzip -dc");
		buf_printf(out, "%s%s", *f->filter ? " | " : "", f->filter);
	} else if (!path && f->filter) {
		buf_append_str(out, f->filter);
	} else {
		/* Of what comes in a pipe there is no file yet. */
		put_command(out, f->command, path && !is_gzip ? path : "FILE");
	}
	if (tool)
		buf_printf(out, " | %s", tool);
	else
		buf_append_str(out, " >FILE");
}
