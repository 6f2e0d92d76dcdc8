#include "io/fileuse.h"

#include "base/intern.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STDIN_NAME "stdin"

/* Of a file, or of the folder of one that is not there yet. */
struct place {
	dev_t device;
	ino_t inode;
};

/* One output. */
struct fileuse {
	struct fileuse *next;
	struct place place;
	char *entry; /* in the folder; NULL: the place is the file's */
	char path[];
};

/*
 * Whether two files are one concerns modules that know nothing of each other, so this state is the
 * process's and no caller's, as that of atomicfile. An input's place is a string of `inputs`, whose
 * id leads to its path.
 */
static struct fileuse *outputs;
static struct intern inputs = INTERN_INIT;
static char **input_paths;
static size_t n_inputs, inputs_cap;

static struct place place_of(const struct stat *st)
{
	struct place place;

	memset(&place, 0, sizeof(place)); /* the bytes are a key */
	place.device = st->st_dev;
	place.inode = st->st_ino;
	return place;
}

static bool same_place(const struct place *a, const struct place *b)
{
	return a->device == b->device && a->inode == b->inode;
}

static bool same_entry(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int refuse(const char *path, const char *what, const char *other, struct err *err)
{
	return err_set(err, ERR_RUNTIME, "%s: the %s %s is the same file", path, what, other);
}

/* Whether an input is still there: a file made after its removal may have its inode. */
static bool is_at(const char *path, const struct place *place)
{
	struct place now;
	struct stat st;

	if (!strcmp(path, STDIN_NAME) ? fstat(STDIN_FILENO, &st) : stat(path, &st))
		return false;
	now = place_of(&st);
	return same_place(&now, place);
}

/* The place of a regular file. Returns whether it is one. */
static bool find_regular(const char *path, struct place *place)
{
	bool is_stdin = !path || !strcmp(path, "-");
	struct stat st;

	if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(path, &st)) || !S_ISREG(st.st_mode))
		return false;
	*place = place_of(&st);
	return true;
}

/* Notes what is at a place as an input. */
static int note_input(const char *name, const struct place *place, struct err *err)
{
	uint32_t id;

	for (const struct fileuse *o = outputs; o; o = o->next)
		if (!o->entry && same_place(&o->place, place))
			return refuse(name, "output", o->path, err);
	id = intern_id(&inputs, (const char *)place, sizeof(*place));
	if (id == inputs_cap) {
		inputs_cap = mem_grow(inputs_cap, id + 1);
		input_paths = mem_realloc(input_paths, inputs_cap, sizeof(*input_paths));
	}
	if (id == n_inputs) {
		n_inputs++;
		input_paths[id] = NULL;
	}
	if (!input_paths[id] || !is_at(input_paths[id], place)) {
		free(input_paths[id]);
		input_paths[id] = mem_dup(name, strlen(name));
	}
	return 0;
}

int fileuse_input(const char *path, struct err *err)
{
	struct place place;

	return find_regular(path, &place)
		       ? note_input(!path || !strcmp(path, "-") ? STDIN_NAME : path, &place, err)
		       : 0;
}

int fileuse_folder(const char *path, struct err *err)
{
	struct place place;
	struct stat st;

	if (stat(path, &st) || !S_ISDIR(st.st_mode))
		return 0;
	place = place_of(&st);
	return note_input(path, &place, err);
}

int fileuse_inputs(const char *const *paths, size_t n, struct err *err)
{
	struct intern places = INTERN_INIT;
	size_t *first = mem_alloc(n, sizeof(*first)); /* by id: the path that has it */
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++) {
		struct place place;
		uint32_t n_before = places.n, id;

		rc = fileuse_input(paths[i], err);
		if (rc || !find_regular(paths[i], &place))
			continue;
		id = intern_id(&places, (const char *)&place, sizeof(place));
		if (id < n_before)
			rc = refuse(paths[i], "input", paths[first[id]], err);
		else
			first[id] = i;
	}
	free(first);
	intern_release(&places);
	return rc;
}

static bool is_null_device(const struct stat *st)
{
	struct stat null;

	return S_ISCHR(st->st_mode) && !stat("/dev/null", &null) && S_ISCHR(null.st_mode) &&
	       st->st_rdev == null.st_rdev;
}

int fileuse_output(struct fileuse **use, const char *path, const struct stat *st, const char *entry,
		   struct err *err)
{
	struct place place = place_of(st);
	size_t size = strlen(path) + 1;
	struct fileuse *new;

	*use = NULL;
	if (is_null_device(st))
		return 0;
	for (const struct fileuse *o = outputs; o; o = o->next)
		if (same_place(&o->place, &place) && same_entry(o->entry, entry))
			return refuse(path, "output", o->path, err);
	if (!entry) {
		uint32_t id = intern_find(&inputs, (const char *)&place, sizeof(place));

		if (id != INTERN_NONE && is_at(input_paths[id], &place))
			return refuse(path, "input", input_paths[id], err);
	}
	new = mem_alloc(sizeof(*new) + size, 1);
	*new = (struct fileuse){ outputs, place, entry ? mem_dup(entry, strlen(entry)) : NULL };
	memcpy(new->path, path, size);
	outputs = *use = new;
	return 0;
}

int fileuse_inside(const char *path, const struct stat *folder, struct err *err)
{
	const struct place place = place_of(folder);
	uint32_t id = intern_find(&inputs, (const char *)&place, sizeof(place));

	for (const struct fileuse *o = outputs; o; o = o->next)
		if (!o->entry && same_place(&o->place, &place))
			return err_set(err, ERR_RUNTIME, "%s: is in the output %s", path, o->path);
	if (id != INTERN_NONE && is_at(input_paths[id], &place))
		return err_set(err, ERR_RUNTIME, "%s: is in the input %s", path, input_paths[id]);
	return 0;
}

void fileuse_end(struct fileuse *use)
{
	if (!use)
		return;
	for (struct fileuse **link = &outputs; *link; link = &(*link)->next)
		if (*link == use) {
			*link = use->next;
			break;
		}
	free(use->entry);
	free(use);
}

bool fileuse_is_stdout(int fd)
{
	struct stat in, out;

	return !fstat(fd, &in) && !fstat(STDOUT_FILENO, &out) && S_ISREG(in.st_mode) &&
	       in.st_dev == out.st_dev && in.st_ino == out.st_ino;
}
