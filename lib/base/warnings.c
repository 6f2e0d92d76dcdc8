#include "base/warnings.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

void warnings_add(struct warnings *w, const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	utf8_mask(line);
	buf_append_str(&w->text, line);
	buf_append_char(&w->text, '\n');
	w->n++;
}

void warnings_append(struct warnings *w, const struct warnings *from)
{
	buf_append(&w->text, from->text.data, from->text.len);
	w->n += from->n;
}

void warnings_release(struct warnings *w)
{
	buf_release(&w->text);
	w->n = 0;
}
