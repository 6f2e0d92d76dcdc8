/*
 * reseal: the MANIFEST of a state whose tables were edited, so that only what is in them is wrong.
 * For the unit tests and the fuzz target of state.
 */
#ifndef CE_RESEAL_H
#define CE_RESEAL_H

#include "base/mem.h"
#include "state/sha256.h"
#include "state/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const reseal_files[] = {
#define STATE_TABLE(NAME, name) name ".csv.gz",
	STATE_TABLES
#undef STATE_TABLE
};

/* FOLDER/NAME; the caller frees. */
static inline char *reseal_path(const char *folder, const char *name)
{
	size_t room = strlen(folder) + strlen(name) + 2;
	char *path = mem_alloc(room, 1);

	snprintf(path, room, "%s/%s", folder, name);
	return path;
}

/* As many rows as can be read. */
static inline uint64_t reseal_count(const char *path)
{
	const struct csv_input input = { .paths = &path, .n = 1, .delimiter = ',' };
	struct csv_reader in = { .gz = GZ_READER_INIT,
				 .tuning = { .read_size = 4096, .window = 4096 } };
	const struct csv_row *row;
	struct err err = ERR_INIT;
	uint64_t n;

	if (!csv_reader_open(&in, &input, &err))
		while (csv_reader_next(&in, &row, &err) > 0)
			;
	n = in.n_rows;
	csv_reader_close(&in);
	return n;
}

/* Writes the MANIFEST: the lines, those of the tables that are there, and the end. */
static inline void reseal(const char *folder, const char *lines, size_t len)
{
	char *path = reseal_path(folder, "MANIFEST"), hex[SHA256_HEX];
	struct manifest m = MANIFEST_INIT;
	struct err err = ERR_INIT;
	FILE *f;

	buf_append(&m.text, lines, len);
	for (int i = 0; i < STATE_N_TABLES; i++) {
		char *file = reseal_path(folder, reseal_files[i]);

		if (!sha256_file(hex, file, &err))
			buf_printf(&m.text, "file %s %" PRIu64 " %s\n", reseal_files[i],
				   reseal_count(file), hex);
		free(file);
	}
	f = manifest_end(&m, &err) ? NULL : fopen(path, "wb");
	if (!f || fwrite(m.text.data, 1, m.text.len, f) != m.text.len || fclose(f)) {
		perror(path);
		abort();
	}
	manifest_release(&m);
	free(path);
}

#endif
