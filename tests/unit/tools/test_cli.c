#include "cli.h"

#include "scratch.h"

struct values {
	bool flag;
	const char *string;
	int64_t count, duration, share, time;
	double real;
	uint64_t size;
	struct names list;
	struct cli_choice choice;
	const char *key, *file, *between;
};

static int two(void *value, const char *const *args, struct err *err)
{
	struct values *v = value;

	if (!strcmp(args[0], "bad"))
		return err_set(err, ERR_USAGE, "no such key '%s'", args[0]);
	v->key = args[0];
	v->file = args[1];
	v->between = args[2] ? args[2] : "-";
	return 0;
}

/* What a tool's main does with a command line: parses it and says what it found. */
static void run_tool(void *data)
{
	static const char *const words[] = { "red", "green", "blue", NULL };
	struct values v = {
		.string = "-", .key = "-", .file = "-", .between = "-", .choice = { words, 1 }
	};
	const struct cli_option options[] = {
		{ 'f', "flag", NULL, "a flag", cli_flag, &v.flag },
		{ 's', "string", "TEXT", "a string", cli_string, &v.string },
		{ 'c', "count", "N", "a count", cli_count, &v.count },
		{ 0, "real", "X", "a number", cli_real, &v.real },
		{ 'd', "duration", "DURATION", "a duration", cli_duration, &v.duration },
		{ 0, "size", "SIZE", "a size", cli_size, &v.size },
		{ 0, "share", "SHARE", "a share", cli_share, &v.share },
		{ 't', "time", "TIME", "a time", cli_time, &v.time },
		{ 'l', "list", "NAME[,...]", "a list", cli_list, &v.list },
		{ 0, "choice", "WORD", "a choice", cli_choice, &v.choice },
		{ 'k', "key", "KEY FILE", "two arguments", two, &v },
		{ 0, "mid", "X", "one between them", cli_between, "-k KEY --mid X FILE" },
		{ 0 },
	};
	struct cli cli = {
		.tool = "ce-test", .purpose = "Tests.", .operands = "[FILE ...]", .options = options
	};
	char **argv = data;
	int argc = 0;

	while (argv[argc])
		argc++;
	cli.no_output = argc > 1 && !strcmp(argv[1], "--sink");
	if (cli.no_output)
		argv[1] = "--flag";
	cli_parse(&cli, argc, argv);
	printf("%d %s %lld %g %lld %llu %lld %s %s %s %lld;", v.flag, v.string, (long long)v.count,
	       v.real, (long long)v.duration, (unsigned long long)v.size, (long long)v.share,
	       words[v.choice.value], v.key, v.file, (long long)v.time);
	for (size_t i = 0; i < v.list.n; i++)
		printf(" %s", v.list.name[i]);
	if (strcmp(v.between, "-") != 0)
		printf(" between %s", v.between);
	printf("; %s %d %d %d;", cli.output.path ? cli.output.path : "-", cli.output.level,
	       cli.output.plain, cli.verbose);
	for (size_t i = 0; i < cli.input.n; i++)
		printf(" %s", cli.input.paths[i]);
	fflush(stdout);
	if (v.list.n)
		CHECK(names_has(&v.list, v.list.name[0]) && !names_has(&v.list, "none"));
	names_release(&v.list);
}

struct call {
	void (*run)(void *);
	void *data;
	bool no_stdout;
};

static void into_files(void *data)
{
	const struct call *call = data;

	dup2(open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
	dup2(open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
	if (call->no_stdout)
		close(STDOUT_FILENO);
	call->run(call->data);
}

/* Runs it in a child with its output in the files `out` and `err`; returns the exit status. */
static int run(void (*f)(void *), void *data, bool no_stdout)
{
	struct call call = { f, data, no_stdout };
	int status = scratch_child(into_files, &call);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_file(const char *path, const char *want)
{
	size_t n;
	char *got = scratch_read(path, &n);

	CHECK_STR(got, want);
	free(got);
}

/* What a tool keeps of the options that it was given. */
static void run_given(void *data)
{
	struct values v = { .string = NULL };
	struct buf given = BUF_INIT;
	const struct cli_option options[] = {
		{ 'f', "flag", NULL, "a flag", cli_flag, &v.flag },
		{ 's', "string", "TEXT", "a string", cli_string, &v.string },
		{ 'l', "list", "NAME[,...]", "a list", cli_list, &v.list },
		{ 0 },
	};
	struct cli cli = { .tool = "ce-test",
			   .purpose = "Tests.",
			   .operands = "[FILE ...]",
			   .options = options,
			   .given = &given };
	char **argv = data;
	int argc = 0;

	while (argv[argc])
		argc++;
	cli_parse(&cli, argc, argv);
	CHECK_INT(strlen(given.data) + 1, given.len);
	printf("%s", given.data);
	fflush(stdout);
	buf_release(&given);
	names_release(&v.list);
}

#define ARGV(...) ((char *[]){ "/some/where/ce-test", __VA_ARGS__, NULL })

#define PARSES(want, ...)                                                                          \
	do {                                                                                       \
		CHECK_INT(run(run_tool, ARGV(__VA_ARGS__), false), 0);                             \
		check_file("out", want);                                                           \
		check_file("err", "");                                                             \
	} while (0)

#define REFUSES(why, ...)                                                                          \
	do {                                                                                       \
		CHECK_INT(run(run_tool, ARGV(__VA_ARGS__), false), 2);                             \
		check_file("out", "");                                                             \
		check_file("err", "ce-test: " why "\nTry 'ce-test --help'.\n");                    \
	} while (0)

static void check_given(const char *want, char **argv)
{
	CHECK_INT(run(run_given, argv, false), 0);
	check_file("out", want);
	check_file("err", "");
}

static void given_options_are_kept(void)
{
	check_given("", ARGV("file"));
	check_given("--flag --string x", ARGV("-sx", "a", "--flag", "-f", "b"));
	check_given("--string x", ARGV("--strin=x", "-p", "-9", "-v", "-o", "out.gz", "--threads",
				       "1", "--strict", "--no-sync", "--delimiter", ","));
	check_given("--string 2 --list b,c --list a",
		    ARGV("--string", "1", "-l", "b,c", "--string", "2", "-la"));
	check_given("--string 'it'\\''s a word' --list ' a'",
		    ARGV("--list", " a", "-s", "it's a word"));
	check_given("--string ''", ARGV("-s", "", "--", "-f"));
}

static void options_are_parsed(void)
{
	PARSES("0 - 0 0 0 0 0 green - - 0;; - -1 0 0; a", "a");
	PARSES("1 x 7 -1.5 5400000 2048 250000 blue K F 0; a b c; o 6 1 1; in1 - in2", "-f", "-s",
	       "x", "--count=7", "--real", "-1.5", "-d1h30m", "--size", "2K", "--share", ".25",
	       "--list=a,b", "-lc", "--choice", "blue", "-k", "K", "F", "-o", "o", "-6", "-pv",
	       "in1", "-", "in2");
	/* Operands among the options, and an option's second argument behind them. */
	PARSES("1 - 0 0 0 0 0 green K F 0;; - 9 0 0; in1 in2 in3", "in1", "-k", "K", "F", "in2",
	       "-9", "in3", "-f");
	PARSES("0 - 0 0 0 0 0 green K2 F2 0;; - 0 0 0; in", "-kK1", "F1", "--key", "K2", "F2", "-1",
	       "-0", "in");
	/* Behind -- all are operands; an option's argument may look like an option. */
	PARSES("0 -f 0 0 0 0 0 green -k -- 0;; - -1 0 0; -f --x", "-s", "-f", "-k", "-k", "--",
	       "--", "-f", "--x");
	PARSES("0 - 0 0 0 0 0 green - - 1704067200000;; - -1 0 0;", "-t", "2024-01-01");
	PARSES("0 - 0 0 0 0 0 green - - 1704063600500;; - -1 0 0;", "-t",
	       "2024-01-01T00:00:00.5+01:00");
	PARSES("0 - 0 0 0 0 0 green - - -5;; - -1 0 0;", "--time=-5");
	PARSES("0 - 0 0 0 0 0 green - - 1704067200;; - -1 0 0;", "--time=1704067200");
	/* A long name may be cut short where that is not ambiguous. */
	PARSES("0 - 0 0 0 0 0 red - - 0;; out -1 0 0;", "--cho", "red", "--out", "out");
	/* An option that belongs between the two arguments of another one. */
	PARSES("0 - 0 0 0 0 0 green K F 0; between x; - -1 0 0; in", "-k", "K", "--mid", "x", "F",
	       "in");
	PARSES("0 - 0 0 0 0 0 green K F 0; between ; - -1 0 0; in", "--key=K", "--mid=", "F", "in");
	PARSES("0 - 0 0 0 0 0 green K --middle 0;; - -1 0 0; x", "-k", "K", "--middle", "x");
	PARSES("0 - 0 0 0 0 0 green K2 F2 0;; - -1 0 0;", "-k", "K", "--mid", "x", "F", "-k", "K2",
	       "F2");
	/* The last of several levels counts. */
	PARSES("0 - 0 0 0 0 0 green - - 0;; - 0 1 0; in", "-19p0", "in");
}

static void bad_usage_exits_2(void)
{
	REFUSES("unknown option '--nonsense'", "--nonsense");
	REFUSES("unknown option '-X'", "-X");
	REFUSES("unknown option '--strnig': did you mean --string?", "--strnig=1");
	REFUSES("unknown option '--'", "--=x");
	REFUSES("option '--s' is ambiguous: --string, --size, --share, --strict", "--s");
	REFUSES("unknown option '-X'", "-fXf");
	REFUSES("unknown option '-?'", "-?");
	REFUSES("unknown option '-:'", "-:");
	REFUSES("option '-s' requires an argument: TEXT", "-s");
	REFUSES("option '--count' requires an argument: N", "--count");
	REFUSES("option '--count' requires an argument: N", "--cou");
	REFUSES("option '-k' requires two arguments: KEY FILE", "-k");
	REFUSES("option '--flag' takes no argument", "--flag=1");
	REFUSES("option '--key' requires two arguments: KEY FILE", "-k", "K");
	REFUSES("option '--key' requires two arguments: KEY FILE", "-k", "K", "--mid", "x");
	REFUSES("--mid: must be given as in -k KEY --mid X FILE", "--mid", "x", "-k", "K", "F");
	REFUSES("--key: no such key 'bad'", "-k", "bad", "F");
	REFUSES("--threads: expected an integer from 1 to 256, found '0'", "--threads", "0");
	REFUSES("standard input (-) can be read only once", "-", "in", "-");
	REFUSES("--count: expected an integer of 0 or more, found 'x'", "-c", "x");
	REFUSES("--count: expected an integer of 0 or more, found '-1'", "-c", "-1");
	REFUSES("--count: expected an integer of 0 or more, found ''", "-c", "");
	REFUSES("--real: expected a finite number, found 'nan'", "--real", "nan");
	REFUSES("--duration: expected a duration such as 30m, 1h30m or 30d, found '30'", "-d",
		"30");
	REFUSES("--size: expected a size such as 500K, 64M or 2G, found '1.5G'", "--size", "1.5G");
	REFUSES("--share: expected a number from 0 to 1 with at most 6 decimals, found '1.1'",
		"--share", "1.1");
	REFUSES("--share: expected a number from 0 to 1 with at most 6 decimals, found '-0.1'",
		"--share", "-0.1");
	REFUSES("--list: empty name in the list 'a,,b'", "-l", "a,,b");
	REFUSES("--list: empty name in the list 'a,'", "-l", "a,");
	REFUSES("--list: empty name in the list ''", "-l", "");
	REFUSES("--time: expected a time such as 2024-01-01, 2024-01-01T12:00:00Z or "
		"milliseconds since 1970, found '2024-13-01'",
		"-t", "2024-13-01");
	REFUSES("--time: expected a time such as 2024-01-01, 2024-01-01T12:00:00Z or "
		"milliseconds since 1970, found '2024'",
		"--time", "2024");
	REFUSES("--time: expected a time such as 2024-01-01, 2024-01-01T12:00:00Z or "
		"milliseconds since 1970, found '20240101'",
		"--time", "20240101");
	REFUSES("--delimiter: expected one ASCII character that is no letter, digit or quote, or "
		"tab or auto, found 'x'",
		"--delimiter", "x");
	REFUSES("--choice: must be one of red, green, blue, not 'pink'", "--choice", "pink");
}

/* A tool that writes no table has no options about one. */
static void no_output_no_options_for_it(void)
{
	size_t n;
	char *text;

	PARSES("1 - 0 0 0 0 0 green - - 0;; - -1 0 1; in", "--sink", "-v", "in");
	REFUSES("--key: '--flag' is between its arguments, KEY FILE: it must be before --key or "
		"after them",
		"-k", "K", "--flag", "F");
	REFUSES("unknown option '-o'", "--sink", "-o", "out");
	REFUSES("unknown option '-p'", "--sink", "-p");
	REFUSES("unknown option '-6'", "--sink", "-6");
	REFUSES("unknown option '--output'", "--sink", "--output", "out");
	REFUSES("unknown option '--plain'", "--sink", "--plain");
	CHECK_INT(run(run_tool, ARGV("--sink", "--help"), false), 0);
	text = scratch_read("out", &n);
	CHECK(!strstr(text, "--output") && !strstr(text, "--plain") && !strstr(text, "-9"));
	CHECK(strstr(text, "--verbose"));
	free(text);
}

static void run_own_output(void *data)
{
	const char *dir = NULL;
	const struct cli_option options[] = {
		{ 'o', "output", "DIR", "a folder", cli_string, &dir }, { 0 }
	};
	struct cli cli = { .tool = "ce-test", .purpose = "", .operands = "", .options = options };
	char **argv = data;
	int argc = 0;

	while (argv[argc])
		argc++;
	cli_parse(&cli, argc, argv);
	printf("%s %s %d", dir, cli.output.path ? cli.output.path : "-", cli.output.plain);
	fflush(stdout);
}

/* A tool's own option takes the place of a shared one of the same name. */
static void own_option_hides_a_shared_one(void)
{
	size_t n;
	char *text;

	CHECK_INT(run(run_own_output, ARGV("-p", "-o", "d"), false), 0);
	check_file("out", "d - 1");
	CHECK_INT(run(run_own_output, ARGV("--out", "d"), false), 0);
	check_file("out", "d - 0");
	CHECK_INT(run(run_own_output, ARGV("--help"), false), 0);
	text = scratch_read("out", &n);
	CHECK(strstr(text, "--output DIR") && !strstr(text, "--output FILE"));
	free(text);
}

static void help_and_version(void)
{
	char version[64];
	size_t n;
	char *text;

	CHECK_INT(run(run_tool, ARGV("-f", "--help", "--nonsense"), false), 0);
	text = scratch_read("out", &n);
	CHECK(!strncmp(text, "Usage: ce-test [options] [FILE ...]\nTests.\n\n", 44));
	CHECK(strstr(text, "\n  -s, --string TEXT"));
	CHECK(strstr(text, "\n      --real X"));
	CHECK(strstr(text, "\n  -k, --key KEY FILE"));
	CHECK(strstr(text, "\n  -o, --output FILE"));
	CHECK(strstr(text, "\n      --version"));
	free(text);
	CHECK_INT(run(run_tool, ARGV("--version"), false), 0);
	snprintf(version, sizeof(version), "ce-test " CE_VERSION " (%s)\n", codec_default()->name);
	check_file("out", version);
	check_file("err", "");
	CHECK_INT(run(run_tool, ARGV("--version"), true), 1);
	check_file("err", "ce-test: cannot write to standard output\n");
	CHECK_INT(run(run_tool, ARGV("--help"), true), 1);
}

static void die_of(void *data)
{
	const struct cli cli = { .tool = "ce-test" };

	cli_die(&cli, data);
}

/* Exit status and message are the error's, and never a success. */
static void death_has_the_kind_of_the_error(void)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_RUNTIME, "a.csv:3: bad");
	CHECK_INT(run(die_of, &err, false), 1);
	check_file("err", "ce-test: a.csv:3: bad\n");
	err.kind = ERR_DATABASE;
	CHECK_INT(run(die_of, &err, false), 3);
	err.kind = ERR_NONE;
	CHECK_INT(run(die_of, &err, false), 1);
}

static void close_all_and_parse(void *data)
{
	struct cli cli = { .tool = "ce-test", .options = data };
	char *argv[] = { "ce-test", NULL };
	int ends[2];

	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	cli_parse(&cli, 1, argv);
	/* What is opened next is none of the three, and writing to those fails. */
	if (pipe(ends) || ends[0] < 3)
		_exit(10);
	if (write(STDOUT_FILENO, "x", 1) >= 0 || read(STDIN_FILENO, &ends, 1) >= 0)
		_exit(11);
	_exit(0);
}

static void closed_descriptors_are_not_handed_out_again(void)
{
	struct cli_option none[] = { { 0 } };

	CHECK_INT(run(close_all_and_parse, none, false), 0);
}

static void tell(void *data)
{
	struct cli cli = { .tool = "ce-test", .verbose = *(bool *)data };

	cli_note(&cli, "dropped %d rows", 3);
	cli_progress(&cli, 65536);
	cli_done(&cli, 10, 7);
}

static void what_is_told(void)
{
	bool verbose = false;
	size_t n;
	char *text;

	CHECK_INT(run(tell, &verbose, false), 0);
	check_file("err", "ce-test: dropped 3 rows\n");
	verbose = true;
	CHECK_INT(run(tell, &verbose, false), 0);
	text = scratch_read("err", &n);
	CHECK(strstr(text, "\nce-test: 10 rows in, 7 rows out, "));
	free(text);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(options_are_parsed);
	RUN(given_options_are_kept);
	RUN(bad_usage_exits_2);
	RUN(no_output_no_options_for_it);
	RUN(own_option_hides_a_shared_one);
	RUN(help_and_version);
	RUN(death_has_the_kind_of_the_error);
	RUN(closed_descriptors_are_not_handed_out_again);
	RUN(what_is_told);
	scratch_leave(dir);
	return CHECK_DONE();
}
