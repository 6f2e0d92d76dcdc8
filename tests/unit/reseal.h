/*
 * reseal: the MANIFEST of a state whose tables were edited, so that only what is in them is wrong.
 * For the unit tests and the fuzz target of state.
 */
#ifndef CE_RESEAL_H
#define CE_RESEAL_H

#include "base/mem.h"
#include "io/sha256.h"
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

static inline void reseal_write(const char *folder, const char *name, const void *bytes, size_t n)
{
	char *path = reseal_path(folder, name);
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f)) {
		perror(path);
		abort();
	}
	free(path);
}

/* Writes the MANIFEST: the lines, those of the tables that are there, and the end. */
static inline void reseal(const char *folder, const char *lines, size_t len)
{
	char hex[SHA256_HEX];
	struct manifest m = MANIFEST_INIT;
	struct err err = ERR_INIT;

	buf_append(&m.text, lines, len);
	for (int i = 0; i < STATE_N_TABLES; i++) {
		char *file = reseal_path(folder, reseal_files[i]);

		if (!sha256_file(hex, file, &err))
			buf_printf(&m.text, "file %s %" PRIu64 " %s\n", reseal_files[i],
				   reseal_count(file), hex);
		free(file);
	}
	if (manifest_end(&m, &err))
		abort();
	reseal_write(folder, "MANIFEST", m.text.data, m.text.len);
	manifest_release(&m);
}

/* The text of a file of it, as a string that the caller frees. */
static inline char *reseal_read(const char *folder, const char *name)
{
	char *path = reseal_path(folder, name);
	struct gz_reader r = GZ_READER_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;
	ptrdiff_t n = 0;

	if (!gz_reader_open(&r, path, 0, &err))
		while ((n = gz_reader_read(&r, buf_reserve(&text, 4096), 4096, &err)) > 0)
			text.len += (size_t)n;
	gz_reader_close(&r);
	free(path);
	buf_append_char(&text, '\0');
	return text.data;
}

/* Puts `new` in the place of the first `old` in a file of it. Returns whether there is one. */
static inline bool reseal_edit(const char *folder, const char *name, const char *old,
			       const char *new)
{
	char *text = reseal_read(folder, name), *at = strstr(text, old), *manifest, *files;
	struct buf edited = BUF_INIT;

	if (at) {
		buf_append(&edited, text, (size_t)(at - text));
		buf_append_str(&edited, new);
		buf_append_str(&edited, at + strlen(old));
		reseal_write(folder, name, edited.data, edited.len);
		manifest = reseal_read(folder, "MANIFEST");
		files = strstr(manifest, "file ");
		reseal(folder, manifest, files ? (size_t)(files - manifest) : strlen(manifest));
		free(manifest);
	}
	buf_release(&edited);
	free(text);
	return at;
}

/* A wrong thing in a table, and what its refusal says of where it is. */
struct reseal_wrong {
	const char *file, *old, *new, *where;
};

/* For a test with CHECK: that a reader of the folder refused it, with that file in the message. */
#define RESEAL_CHECK(wrong, folder, is_refused, message)                                           \
	do {                                                                                       \
		char *path_ = reseal_path(folder, (wrong)->file);                                  \
		if (!(is_refused))                                                                 \
			CHECK_FAIL("%s: '%s' is taken", (wrong)->file, (wrong)->new);              \
		CHECK_BEGINS(message, path_);                                                      \
		if (!strstr(message, (wrong)->where))                                              \
			CHECK_FAIL("'%s' does not say '%s'", message, (wrong)->where);             \
		free(path_);                                                                       \
	} while (0)

#endif
