/*
 * openquote: whether records that are read one behind another leave a quote open.
 *
 * A record whose quote is not closed ends, for csvreader, with its first line, because what follows
 * makes no field of it. Elsewhere, with other records after it, that may be a field: this tells.
 */
#ifndef CE_OPENQUOTE_H
#define CE_OPENQUOTE_H

#include <stddef.h>

/* How far a record has come. */
enum openquote {
	OPENQUOTE_NEW,       /* a field begins */
	OPENQUOTE_PLAIN,     /* in one without quotes */
	OPENQUOTE_QUOTED,    /* in quotes: it goes on in the next line */
	OPENQUOTE_CLOSING,   /* after a quote in quotes */
	OPENQUOTE_MALFORMED, /* it is no record */
	OPENQUOTE_COMPLETE,  /* it is one, and ends here */
};

/* Reads n bytes, up to the end of a line, on from a state that is none of the last two. */
enum openquote openquote_read(enum openquote state, const char *s, size_t n, char delimiter);

#endif
