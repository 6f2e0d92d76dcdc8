#include "io/parts.h"

#include "base/mem.h"
#include "io/fdlimit.h"

#include <stdlib.h>

bool parts_is_pattern(const char *pattern)
{
	const char *sign = strchr(pattern, '%');

	return sign && !strchr(sign + 1, '%');
}

static char *path_of(const char *pattern, size_t i)
{
	const size_t before = strcspn(pattern, "%");
	struct buf path = BUF_INIT;

	buf_append(&path, pattern, before);
	buf_printf(&path, "%zu%s", i, pattern + before + 1);
	buf_append_char(&path, '\0');
	return path.data;
}

/* Makes each folder on the way to a path. */
static int make_folders(char *path, bool sync, struct err *err)
{
	int rc = 0;

	for (char *at = path; !rc && (at = strchr(at, '/')); at++) {
		if (at == path || at[-1] == '/')
			continue;
		*at = '\0';
		rc = atomicfile_make_folder(path, sync, err);
		*at = '/';
	}
	return rc;
}

int parts_open(struct parts *p, const char *pattern, size_t n, const struct gz_output *output,
	       struct err *err)
{
	struct gz_output one = *output;

	*p = (struct parts){ .part = mem_zalloc(n, sizeof(*p->part)) };
	if (fdlimit_allow(n, err))
		return err_set(err, err->kind, "%s: fewer parts, or parts of parts, will do",
			       err->message);
	one.threads = 0;
	for (; p->n < n; p->n++) {
		struct part *part = &p->part[p->n];

		part->path = path_of(pattern, p->n);
		one.path = part->path;
		if (make_folders(part->path, !one.no_sync, err) ||
		    gz_writer_open(&part->gz, &one, err)) {
			free(part->path);
			return -1;
		}
	}
	return 0;
}

int parts_flush(struct parts *p, size_t i, struct err *err)
{
	struct part *part = &p->part[i];
	int rc = !part->gathered.len
			 ? 0
			 : gz_writer_write(&part->gz, part->gathered.data, part->gathered.len, err);

	buf_clear(&part->gathered);
	return rc;
}

int parts_fill(struct parts *p, size_t i, char byte, uint64_t n, struct err *err)
{
	struct buf *gathered = &p->part[i].gathered;

	while (n) {
		size_t piece = n < PARTS_GATHERED ? (size_t)n : PARTS_GATHERED;

		memset(buf_reserve(gathered, piece), byte, piece);
		gathered->len += piece;
		n -= piece;
		if (gathered->len >= PARTS_GATHERED && parts_flush(p, i, err))
			return -1;
	}
	return 0;
}

int parts_close(struct parts *p, struct err *err)
{
	struct gz_writer **writers = mem_alloc(p->n, sizeof(struct gz_writer *));
	int rc = 0;

	for (size_t i = 0; !rc && i < p->n; i++) {
		writers[i] = &p->part[i].gz;
		rc = parts_flush(p, i, err) || gz_writer_complete(writers[i], err) ? -1 : 0;
		buf_release(&p->part[i].gathered);
	}
	if (!rc)
		rc = gz_writer_close_all(writers, p->n, err);
	free(writers);
	return rc;
}

void parts_release(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		gz_writer_abort(&p->part[i].gz);
		buf_release(&p->part[i].gathered);
		free(p->part[i].path);
	}
	free(p->part);
	*p = (struct parts)PARTS_INIT;
}
