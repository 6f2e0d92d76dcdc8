#include "io/fileuse.h"

#include "io/atomicfile.h"
#include "io/gzio.h"
#include "scratch.h"

#include <string.h>

/* Notes the file as an output; it must be there. Returns what fileuse_output does. */
static int output(struct fileuse **use, const char *path, struct err *err)
{
	struct stat st;

	CHECK_INT(stat(path, &st), 0);
	return fileuse_output(use, path, &st, NULL, err);
}

/* All names of one file, and of others, as two outputs in either order. */
static void outputs_are_told_by_what_they_are(void)
{
	static const char *const paths[] = { "a", "./a",   "hard", "link",
					     "b", "sub/a", "fifo", "/dev/full" };
	static const int files[] = { 0, 0, 0, 0, 1, 2, 3, 4 };
	enum { N = sizeof(files) / sizeof(files[0]) };

	scratch_write("a", "", 0);
	scratch_write("b", "", 0);
	CHECK_INT(mkdir("sub", 0777), 0);
	scratch_write("sub/a", "", 0);
	CHECK_INT(link("a", "hard"), 0);
	CHECK_INT(symlink("sub/../hard", "link"), 0);
	CHECK_INT(mkfifo("fifo", 0600), 0);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			struct fileuse *first, *second = NULL;
			struct err err = ERR_INIT;

			CHECK_INT(output(&first, paths[i], &err), 0);
			CHECK_INT(output(&second, paths[j], &err), files[i] == files[j] ? -1 : 0);
			if (i == 0 && j == 3)
				CHECK_STR(err.message, "link: the output a is the same file");
			fileuse_end(second);
			fileuse_end(first);
		}
}

/* Of what is not there yet, the folder and the name count. */
static void new_outputs_are_told_by_folder_and_name(void)
{
	struct fileuse *first, *second;
	struct err err = ERR_INIT;
	struct stat here, sub;

	CHECK_INT(stat(".", &here), 0);
	CHECK_INT(stat("sub", &sub), 0);
	CHECK_INT(fileuse_output(&first, "new", &here, "new", &err), 0);
	CHECK_INT(fileuse_output(&second, "./new", &here, "new", &err), -1);
	CHECK(!second);
	CHECK_STR(err.message, "./new: the output new is the same file");
	CHECK_INT(fileuse_output(&second, "sub/new", &sub, "new", &err), 0);
	fileuse_end(second);
	CHECK_INT(fileuse_output(&second, "newer", &here, "newer", &err), 0);
	fileuse_end(second);
	CHECK_INT(fileuse_output(&second, ".", &here, NULL, &err),
		  0); /* the folder is none of its files */
	fileuse_end(second);
	fileuse_end(first);
}

static void the_null_device_is_no_file(void)
{
	struct fileuse *first, *second;
	struct err err = ERR_INIT;

	CHECK_INT(output(&first, "/dev/null", &err), 0);
	CHECK_INT(output(&second, "/dev/null", &err), 0);
	CHECK_INT(fileuse_input("/dev/null", &err), 0);
	fileuse_end(first);
	fileuse_end(second);
}

static void an_output_is_no_input(void)
{
	struct fileuse *use;
	struct err err = ERR_INIT;

	CHECK_INT(output(&use, "hard", &err), 0);
	CHECK_INT(fileuse_input("link", &err), -1);
	CHECK_STR(err.message, "link: the output hard is the same file");
	CHECK_INT(fileuse_input("b", &err), 0);
	CHECK_INT(fileuse_input("absent", &err), 0);
	fileuse_end(use);
	CHECK_INT(output(&use, "fifo", &err), 0);
	CHECK_INT(fileuse_input("fifo", &err), 0);
	fileuse_end(use);
}

/* However often it was read, and by whatever names; and after its reader is closed. */
static void an_input_is_no_output(void)
{
	struct gz_reader r = GZ_READER_INIT;
	struct atomicfile f = ATOMICFILE_INIT;
	struct fileuse *use;
	struct err err = ERR_INIT;

	CHECK_INT(fileuse_input("a", &err), 0);
	CHECK_INT(fileuse_input("link", &err), 0);
	CHECK_INT(output(&use, "hard", &err), -1);
	CHECK_STR(err.message, "hard: the input a is the same file");
	scratch_write("read", "x", 1);
	CHECK_INT(gz_reader_open(&r, "read", 0, &err), 0);
	gz_reader_close(&r);
	CHECK_INT(atomicfile_open(&f, "./read", true, &err), -1);
	CHECK_STR(err.message, "./read: the input read is the same file");
	CHECK_INT(f.fd, -1);
}

/* A folder that is read, by whatever name; its files are not it, nor is what is no folder. */
static void a_folder_that_is_read_is_no_output(void)
{
	struct fileuse *use;
	struct err err = ERR_INIT;

	CHECK_INT(mkdir("state", 0777) | mkdir("next", 0777), 0);
	scratch_write("state/a", "", 0);
	CHECK_INT(symlink("state", "to_state"), 0);
	CHECK_INT(fileuse_folder("to_state", &err), 0);
	CHECK_INT(output(&use, "./state", &err), -1);
	CHECK_STR(err.message, "./state: the input to_state is the same file");
	CHECK_INT(output(&use, "next", &err), 0);
	CHECK_INT(fileuse_folder("./next", &err), -1);
	CHECK_STR(err.message, "./next: the output next is the same file");
	fileuse_end(use);
	CHECK_INT(fileuse_folder("next", &err), 0);
	CHECK_INT(output(&use, "state/a", &err), 0);
	CHECK_INT(fileuse_folder("state/a", &err), 0);
	CHECK_INT(fileuse_folder("absent", &err), 0);
	fileuse_end(use);
}

/* All inputs of one run: files, each once, whatever else there is among them. */
static void one_input_twice_is_refused(void)
{
	const char *paths[] = { "b", "fifo", "/dev/null", "fifo", "/dev/null", "sub/a", "./b" };
	struct err err = ERR_INIT;

	CHECK_INT(fileuse_inputs(paths, 6, &err), 0);
	CHECK_INT(fileuse_inputs(paths, 7, &err), -1);
	CHECK_STR(err.message, "./b: the input b is the same file");
}

/* More inputs than any array begins with: each is known, by its own name. */
static void many_inputs(void)
{
	struct fileuse *use;
	struct err err = ERR_INIT;
	char path[16], want[64];

	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "sub/%d", i);
		scratch_write(path, "", 0);
		CHECK_INT(fileuse_input(path, &err), 0);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "sub/%d", i);
		snprintf(want, sizeof(want), "%s: the input %s is the same file", path, path);
		CHECK_INT(output(&use, path, &err), -1);
		CHECK_STR(err.message, want);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(outputs_are_told_by_what_they_are);
	RUN(new_outputs_are_told_by_folder_and_name);
	RUN(the_null_device_is_no_file);
	RUN(an_output_is_no_input);
	RUN(an_input_is_no_output);
	RUN(a_folder_that_is_read_is_no_output);
	RUN(one_input_twice_is_refused);
	RUN(many_inputs);
	scratch_leave(dir);
	return CHECK_DONE();
}
