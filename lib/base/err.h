/*
 * err: why something failed, as one line of text for a person.
 *
 * A library function that can fail takes a `struct err *`, returns -1 and leaves the reason there;
 * on success it leaves the struct untouched. Nothing in lib prints or exits but mem, when there
 * is no memory left.
 */
#ifndef CE_ERR_H
#define CE_ERR_H

#include <stddef.h>

/* What kind of failure, which is also the exit status of the tool. */
enum err_kind {
	ERR_NONE = 0,
	ERR_RUNTIME = 1, /* bad data, or a failed system call */
	ERR_USAGE = 2,   /* an invalid command line */
	ERR_DATABASE = 3
};

struct err {
	enum err_kind kind;
	char message[1024]; /* NUL-terminated, no newline */
};

#define ERR_INIT                                                                                   \
	{                                                                                          \
		.kind = ERR_NONE                                                                   \
	}

/*
 * Sets kind and message (printf-style; a message too long is cut). What is not printable in the
 * text, which may quote hostile input, becomes '?' (utf8_mask), so that a message stays one line
 * and cannot drive a terminal, and so does a character that was cut in half. Always returns -1, so
 * that `return err_set(err, ...)` reads well.
 */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* err_set(err, ERR_RUNTIME, "WHAT: strerror(errno)"). Call it before anything can change errno. */
int err_errno(struct err *err, const char *what);

/* For "%.*s": no more of a quoted value than keeps the message readable. */
static inline int err_clip(size_t len)
{
	return len > 80 ? 80 : (int)len;
}

#endif
