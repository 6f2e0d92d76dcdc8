#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	char text[sizeof(err->message)];
	va_list args;

	/* By way of a copy: an argument may be the message that is being replaced. */
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	utf8_mask(text);
	memcpy(err->message, text, sizeof(text));
	err->kind = kind;
	return -1;
}

int err_errno(struct err *err, const char *what)
{
	return err_set(err, ERR_RUNTIME, "%s: %s", what, strerror(errno));
}
