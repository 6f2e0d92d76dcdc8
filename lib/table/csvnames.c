#include "table/csvnames.h"

#include "base/intern.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static int check_name(const struct csv_field *f, struct err *err)
{
	if (memchr(f->s, '\0', f->len))
		return err_set(err, ERR_RUNTIME, "a NUL byte in the header");
	if (memchr(f->s, '\r', f->len))
		return err_set(err, ERR_RUNTIME,
			       "a carriage return in the header (line ends must be LF or CR LF)");
	return 0;
}

/* The names of the header, to compare them: a name has no NUL. */
static void flatten(const struct csv_row *header, struct buf *text)
{
	for (size_t i = 0; i < header->n; i++) {
		buf_append(text, header->fields[i].s, header->fields[i].len);
		buf_append_char(text, '\0');
	}
}

int csvnames_take(struct csvnames *h, const struct csv_row *header, struct err *err)
{
	struct intern seen = INTERN_INIT;
	uint32_t n_named = 0;
	int rc = 0;

	*h = (struct csvnames){ .names = mem_zalloc(header->n, sizeof(*h->names)), .n = header->n };
	for (size_t i = 0; !rc && i < h->n; i++) {
		const struct csv_field *f = &header->fields[i];

		rc = check_name(f, err);
		if (rc)
			break;
		h->names[i] = mem_dup(f->s, f->len);
		if (f->len && intern_id(&seen, f->s, f->len) != n_named++)
			rc = err_set(err, ERR_RUNTIME, "duplicate column %s", h->names[i]);
	}
	intern_release(&seen);
	if (!rc)
		flatten(header, &h->as_read);
	return rc;
}

bool csvnames_equal(const struct csvnames *a, const struct csvnames *b)
{
	return a->n == b->n && a->as_read.len == b->as_read.len &&
	       !memcmp(a->as_read.data, b->as_read.data, a->as_read.len);
}

bool csvnames_are(const struct csvnames *h, const struct csv_row *header)
{
	struct buf text = BUF_INIT;
	bool equal;

	flatten(header, &text);
	equal = header->n == h->n && text.len && text.len == h->as_read.len &&
		!memcmp(text.data, h->as_read.data, text.len);
	buf_release(&text);
	return equal;
}

void csvnames_release(struct csvnames *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->names[i]);
	free(h->names);
	buf_release(&h->as_read);
	*h = (struct csvnames)CSVNAMES_INIT;
}
