#include "model/na.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

const char *na_trim(const char *s, size_t *len)
{
	while (*len && is_blank(s[*len - 1]))
		--*len;
	for (; *len && is_blank(*s); s++)
		--*len;
	return s;
}

static bool is_token(const struct names *tokens, const struct csv_field *f)
{
	size_t len = f->len;
	const char *s = na_trim(f->s, &len);

	for (size_t i = 0; i < tokens->n; i++) {
		size_t token_len = strlen(tokens->name[i]);
		const char *token = na_trim(tokens->name[i], &token_len);

		if (len == token_len && !memcmp(s, token, len))
			return true;
	}
	return false;
}

const struct csv_row *na_row(struct na *na, const struct csv_row *row)
{
	if (!na->tokens || !na->tokens->n)
		return row;
	if (!na->fields)
		na->fields = mem_alloc(row->n, sizeof(*na->fields));
	na->row = *row;
	na->row.fields = na->fields;
	for (size_t i = 0; i < row->n; i++) {
		bool is_na = row->fields[i].len && is_token(na->tokens, &row->fields[i]);

		na->fields[i] = is_na ? (struct csv_field){ "", 0, true } : row->fields[i];
		na->row.is_verbatim = na->row.is_verbatim && !is_na;
	}
	return &na->row;
}

void na_release(struct na *na)
{
	free(na->fields);
	*na = (struct na)NA_INIT;
}
