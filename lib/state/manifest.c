#include "state/manifest.h"

#include "base/num.h"
#include "io/gzio.h"
#include "io/sha256.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE_MAX_READ ((size_t)16 * 1024 * 1024)
#define END_LEN       (sizeof("end ") - 1 + SHA256_HEX) /* with its line end */

static bool is_written(char c)
{
	return c >= ' ' && c < 0x7f && c != '%';
}

void manifest_add(struct manifest *m, const char *name, const char *value)
{
	buf_append_str(&m->text, name);
	buf_append_char(&m->text, ' ');
	for (; *value; value++)
		if (is_written(*value))
			buf_append_char(&m->text, *value);
		else
			buf_printf(&m->text, "%%%02X", (unsigned char)*value);
	buf_append_char(&m->text, '\n');
}

void manifest_add_int(struct manifest *m, const char *name, int64_t value)
{
	buf_printf(&m->text, "%s %lld\n", name, (long long)value);
}

bool manifest_next(const struct manifest *m, size_t *at, struct manifest_entry *entry)
{
	const char *line, *end, *blank;

	if (*at >= m->text.len)
		return false;
	line = m->text.data + *at;
	end = memchr(line, '\n', m->text.len - *at);
	if (!end)
		end = m->text.data + m->text.len;
	blank = memchr(line, ' ', (size_t)(end - line));
	*at += (size_t)(end - line) + 1;
	if (!blank)
		blank = end;
	*entry = (struct manifest_entry){ line, blank < end ? blank + 1 : end, (int)(blank - line),
					  blank < end ? (int)(end - blank) - 1 : 0 };
	return true;
}

bool manifest_find(const struct manifest *m, const char *name, size_t i,
		   struct manifest_entry *entry)
{
	size_t at = 0;

	while (manifest_next(m, &at, entry))
		if ((size_t)entry->name_len == strlen(name) &&
		    !memcmp(entry->name, name, strlen(name)) && !i--)
			return true;
	return false;
}

int manifest_find_int(const struct manifest *m, const char *name, int64_t *value)
{
	struct manifest_entry entry, other;

	return manifest_find(m, name, 0, &entry) && !manifest_find(m, name, 1, &other)
		       ? num_parse_int(entry.value, (size_t)entry.value_len, value)
		       : -1;
}

int manifest_end(struct manifest *m, struct err *err)
{
	char hex[SHA256_HEX];

	if (sha256_bytes(hex, m->text.data, m->text.len, err))
		return -1;
	manifest_add(m, "end", hex);
	return 0;
}

static int read_all(struct gz_reader *r, struct buf *text, const char *path, struct err *err)
{
	ptrdiff_t n;

	while ((n = gz_reader_read(r, buf_reserve(text, 4096), 4096, err)) > 0) {
		text->len += (size_t)n;
		if (text->len > SIZE_MAX_READ)
			return err_set(err, ERR_RUNTIME, "%s: too long for a MANIFEST", path);
	}
	return n < 0 ? -1 : 0;
}

static int check_end(const struct manifest *m, const char *path, struct err *err)
{
	char hex[SHA256_HEX], line[END_LEN + 1];
	size_t above = m->text.len - END_LEN;

	if (m->text.len < END_LEN)
		return err_set(err, ERR_RUNTIME, "%s: cut short, or no MANIFEST of a state", path);
	if (sha256_bytes(hex, m->text.data, above, err))
		return -1;
	snprintf(line, sizeof(line), "end %s\n", hex);
	return memcmp(m->text.data + above, line, END_LEN)
		       ? err_set(err, ERR_RUNTIME,
				 "%s: damaged, cut or edited: its last line is not the SHA-256 of "
				 "those above",
				 path)
		       : 0;
}

int manifest_read(struct manifest *m, const char *path, struct err *err)
{
	struct gz_reader r = GZ_READER_INIT;
	struct stat st;
	int rc = 0;

	/* Of a pipe the opening would wait. */
	if (stat(path, &st))
		rc = err_errno(err, path);
	else if (!S_ISREG(st.st_mode))
		rc = err_set(err, ERR_RUNTIME, "%s: not a regular file", path);
	if (!rc)
		rc = gz_reader_open(&r, path, 0, err);
	if (!rc)
		rc = read_all(&r, &m->text, path, err);
	gz_reader_close(&r);
	return rc ? -1 : check_end(m, path, err);
}

void manifest_release(struct manifest *m)
{
	buf_release(&m->text);
}
