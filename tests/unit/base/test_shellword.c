#include "base/shellword.h"

#include "base/rng.h"
#include "scratch.h"

#include <string.h>

/* What a shell makes of the word is the text. */
static void a_shell_reads_the_text_back(void)
{
	static const char alphabet[] = "ab.- \t\n\"'\\$&|;<>()*?[]{}~#`!=%^,:@/+\xc3\xa9";
	struct rng rng;

	rng_seed(&rng, 19, 0);
	for (int i = 0; i < 100; i++) {
		struct buf command = BUF_INIT;
		char text[16] = "", *got;
		size_t n;

		for (size_t k = 0, len = rng_below(&rng, sizeof(text)); k < len; k++)
			text[k] = alphabet[rng_below(&rng, sizeof(alphabet) - 1)];
		buf_append_str(&command, "printf %s ");
		shellword_put(&command, text);
		buf_append_str(&command, " >out");
		buf_append_char(&command, '\0');
		CHECK_INT(system(command.data), 0);
		got = scratch_read("out", &n);
		CHECK_STR(got, text);
		free(got);
		buf_release(&command);
	}
}

static void quotes_are_not_spent(void)
{
	CHECK(shellword_is_plain("dir/file-1.csv"));
	CHECK(!shellword_is_plain("a b"));
	CHECK(!shellword_is_plain(""));
	CHECK(!shellword_is_plain("~"));
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(a_shell_reads_the_text_back);
	RUN(quotes_are_not_spent);
	scratch_leave(dir);
	return CHECK_DONE();
}
