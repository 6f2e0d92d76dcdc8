/*
 * warnings: what is legal and looks wrong, as lines of text for a person.
 *
 * Library code that sees such a thing adds a line here; a tool prints them, each after
 * "TOOL: warning: ", before it finishes its output, and with --strict fails instead
 * (cli_warnings). A line names the figure, the likely cause and the option that mends it: "1,204 of
 * 1,300 events are before 1980: event_ts in another unit? (--ts-unit)".
 */
#ifndef CE_WARNINGS_H
#define CE_WARNINGS_H

#include "base/buf.h"

#include <stddef.h>

struct warnings {
	struct buf text; /* the lines, each ended by a newline */
	size_t n;
};

#define WARNINGS_INIT                                                                              \
	{                                                                                          \
		BUF_INIT, 0                                                                        \
	}

/* Adds a line (printf-style); what is not printable in it, which may be hostile input's, becomes
 * '?'. */
void warnings_add(struct warnings *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds the lines of another one. */
void warnings_append(struct warnings *w, const struct warnings *from);

/* Frees the memory and forgets the lines; harmless twice. */
void warnings_release(struct warnings *w);

#endif
