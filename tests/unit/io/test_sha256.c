#include "io/sha256.h"

#include "scratch.h"

/* FIPS 180-4, the examples of NIST's CSRC; the empty message. */
static const struct {
	const char *text, *hex;
} known[] = {
	{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
	  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
	  "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1" },
};

#define MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

/* Of a file with these bytes; a failure is an empty string. */
static const char *of_file(const void *bytes, size_t len, char hex[SHA256_HEX])
{
	struct err err = ERR_INIT;

	scratch_write("file", bytes, len);
	*hex = '\0';
	CHECK_INT(sha256_file(hex, "file", &err), 0);
	return hex;
}

static void known_answers(void)
{
	char *a = mem_alloc(1000000, 1), hex[SHA256_HEX];
	struct err err = ERR_INIT;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		size_t len = strlen(known[i].text);

		CHECK_INT(sha256_bytes(hex, known[i].text, len, &err), 0);
		CHECK_STR(hex, known[i].hex);
		CHECK_STR(of_file(known[i].text, len, hex), known[i].hex);
	}
	memset(a, 'a', 1000000);
	CHECK_INT(sha256_bytes(hex, a, 1000000, &err), 0);
	CHECK_STR(hex, MILLION_A);
	CHECK_STR(of_file(a, 1000000, hex), MILLION_A);
	free(a);
}

/* What sha256sum says, of lengths around a block and around what is read at once. */
static void files_have_what_sha256sum_prints(void)
{
	static const size_t lens[] = {
		0, 1, 55, 56, 63, 64, 65, 119, 120, 65535, 65536, 65537, 131072, 200001,
	};
	char *bytes = mem_alloc(200001, 1);
	uint64_t random = 1;

	for (size_t i = 0; i < 200001; i++)
		bytes[i] = (char)scratch_random(&random);
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		char hex[SHA256_HEX], again[SHA256_HEX], want[SHA256_HEX] = "";
		struct err err = ERR_INIT;
		FILE *sum;

		of_file(bytes, lens[i], hex);
		sum = popen("sha256sum <file", "r");
		CHECK(sum && fscanf(sum, "%64s", want) == 1);
		if (sum)
			pclose(sum);
		CHECK_STR(hex, want);
		CHECK_INT(sha256_bytes(again, bytes, lens[i], &err), 0);
		CHECK_STR(again, want);
	}
	free(bytes);
}

/* As it lies there: no decompression; and no waiting for who writes a pipe. */
static void what_is_no_regular_file_is_refused(void)
{
	static const char *const names[] = { "pipe", ".", "/dev/null" };
	char hex[SHA256_HEX];
	struct err err = ERR_INIT;

	CHECK_INT(mkfifo("pipe", 0600), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_INT(sha256_file(hex, names[i], &err), -1);
		CHECK(strstr(err.message, ": not a regular file, whose SHA-256 a state has"));
		CHECK_BEGINS(err.message, names[i]);
	}
	CHECK_INT(sha256_file(hex, "absent", &err), -1);
	CHECK_STR(err.message, "absent: No such file or directory");
	CHECK_INT(err.kind, ERR_RUNTIME);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(known_answers);
	RUN(files_have_what_sha256sum_prints);
	RUN(what_is_no_regular_file_is_refused);
	scratch_leave(dir);
	return CHECK_DONE();
}
