/*
 * synth_rows: a synthetic workload as rows of its four tables.
 *
 * Each function appends the fields of one row, which the caller ends (csv_writer_end_row). The
 * columns are those of the catalogue's events_table, users_dim, content_dim and truth.
 */
#ifndef CE_SYNTH_ROWS_H
#define CE_SYNTH_ROWS_H

#include "base/buf.h"
#include "synth/synth.h"

#include <stddef.h>

/* Room for an id with its NUL. */
#define SYNTH_ID_MAX 24

/* Writes the id, NUL-terminated: e0000000042, u7, c7. Returns its length. */
size_t synth_event_id(char *out, char letter, uint64_t id); /* letter: 'e', or another series */
size_t synth_user_id(char *out, uint32_t user);
size_t synth_content_id(char *out, uint32_t content);

void synth_put_event(struct buf *row, const struct synth_event *event);
void synth_put_user(struct buf *row, const struct synth_world *w, uint32_t user);
void synth_put_content(struct buf *row, const struct synth_world *w, uint32_t content);

/* A row of truth. */
void synth_put_viewing(struct buf *row, const struct synth_viewing *viewing);

#endif
