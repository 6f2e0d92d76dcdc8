/*
 * csvscan: where the bytes are that mean something in CSV, 64 bytes at a time.
 *
 * The marks are the comma, the quote, the line feed, the carriage return, and the backslash, which
 * means something to COPY. A block of 64 bytes is compared as a whole and becomes a word with a bit
 * for every mark, and the bits become positions: J. Keiser and D. Lemire, "Parsing Gigabytes of
 * JSON per Second" (2019). Which bytes of a text are which is left to the caller: this knows
 * nothing of records.
 */
#ifndef CE_CSVSCAN_H
#define CE_CSVSCAN_H

#include <stddef.h>
#include <stdint.h>

/* What a scan may write into `at` behind the positions that it returns, and nobody should read. */
#define CSVSCAN_SLACK 64

/*
 * Writes the positions of all marks in the len bytes at s, in ascending order, to `at`, which has
 * room for len + CSVSCAN_SLACK of them. Reads no byte beyond. Returns how many there are.
 */
typedef size_t csvscan_fn(const char *s, size_t len, uint32_t *at);

/* One way to do it, and its name for messages. */
struct csvscan {
	const char *name;
	csvscan_fn *scan;
};

/* The i-th way that this processor can go, the fastest first; scan is NULL behind the last. */
struct csvscan csvscan_choice(size_t i);

#endif
