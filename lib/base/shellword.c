#include "base/shellword.h"

#include <string.h>

bool shellword_is_plain(const char *text)
{
	return *text && text[strcspn(text, " \t\n\"'\\$&|;<>()*?[]{}~#`!")] == '\0';
}

void shellword_put(struct buf *out, const char *text)
{
	bool plain = shellword_is_plain(text);

	if (!plain)
		buf_append_char(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_append_str(out, "'\\''");
		else
			buf_append_char(out, *text);
	if (!plain)
		buf_append_char(out, '\'');
}
