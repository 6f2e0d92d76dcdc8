#include "cli.h"

#include "base/ending.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/shellword.h"
#include "base/thread.h"
#include "base/utf8.h"
#include "table/csvhead.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX   256
#define THREADS_USUAL 8 /* at most, by default: compression keeps no more busy */

#ifndef CE_VERSION
#define CE_VERSION "0.0.0"
#endif

int cli_flag(void *value, const char *const *args, struct err *err)
{
	(void)args;
	(void)err;
	*(bool *)value = true;
	return 0;
}

int cli_string(void *value, const char *const *args, struct err *err)
{
	(void)err;
	*(const char **)value = args[0];
	return 0;
}

int cli_count(void *value, const char *const *args, struct err *err)
{
	int64_t n;

	if (num_parse_int(args[0], strlen(args[0]), &n) || n < 0)
		return err_set(err, ERR_USAGE, "expected an integer of 0 or more, found '%s'",
			       args[0]);
	*(int64_t *)value = n;
	return 0;
}

int cli_real(void *value, const char *const *args, struct err *err)
{
	if (num_parse_double(args[0], strlen(args[0]), value))
		return err_set(err, ERR_USAGE, "expected a finite number, found '%s'", args[0]);
	return 0;
}

int cli_duration(void *value, const char *const *args, struct err *err)
{
	if (time_parse_duration(args[0], strlen(args[0]), value))
		return err_set(err, ERR_USAGE,
			       "expected a duration such as 30m, 1h30m or 30d, found '%s'",
			       args[0]);
	return 0;
}

/* 2024 and 20240131 are meant as dates, not as some ms of 1970. */
static bool is_date_number(const char *text)
{
	size_t len = strlen(text);

	return len == strspn(text, "0123456789") && (len == 4 || len == 8);
}

int cli_read_time(const char *text, const struct time_reading *reading, int64_t *ms,
		  struct err *err)
{
	if (time_read(text, strlen(text), reading, ms) < 0)
		return err_set(err, ERR_USAGE,
			       "expected a time such as 2024-01-01, 2024-01-01T12:00:00Z or "
			       "seconds or milliseconds since 1970, found '%s'",
			       text);
	return 0;
}

int cli_event_time(void *value, const char *const *args, struct err *err)
{
	const struct time_reading reading = { .unit = TIME_AUTO, .date = true };

	return cli_read_time(args[0], &reading, value, err);
}

int cli_time(void *value, const char *const *args, struct err *err)
{
	size_t len = strlen(args[0]);

	if (is_date_number(args[0]) || (num_parse_int(args[0], len, value) &&
					time_parse(args[0], len, TIME_OFFSET_OPTIONAL, value)))
		return err_set(err, ERR_USAGE,
			       "expected a time such as 2024-01-01, 2024-01-01T12:00:00Z or "
			       "milliseconds since 1970, found '%s'",
			       args[0]);
	return 0;
}

int cli_time_unit(void *value, const char *const *args, struct err *err)
{
	/* In the order of enum time_unit. */
	static const char *const words[] = { "auto", "s", "ms", "us", "ns", NULL };
	struct cli_choice choice = { words, 0 };

	if (cli_choice(&choice, args, err))
		return -1;
	*(enum time_unit *)value = (enum time_unit)choice.value;
	return 0;
}

int cli_zone(void *value, const char *const *args, struct err *err)
{
	struct zone **zone = value;

	zone_free(*zone);
	*zone = zone_open(args[0], err);
	return *zone ? 0 : -1;
}

int cli_size(void *value, const char *const *args, struct err *err)
{
	if (num_parse_size(args[0], strlen(args[0]), value))
		return err_set(err, ERR_USAGE,
			       "expected a size such as 500K, 64M or 2G, found '%s'", args[0]);
	return 0;
}

int cli_share(void *value, const char *const *args, struct err *err)
{
	int64_t millionths;

	if (num_parse_millionths(args[0], strlen(args[0]), &millionths) || millionths < 0 ||
	    millionths > NUM_MILLION)
		return err_set(err, ERR_USAGE,
			       "expected a number from 0 to 1 with at most 6 decimals, found '%s'",
			       args[0]);
	*(int64_t *)value = millionths;
	return 0;
}

int cli_list(void *value, const char *const *args, struct err *err)
{
	return names_append(value, args[0], err);
}

int cli_bound(void *value, const char *const *args, struct err *err)
{
	return bound_parse(value, args[0], err);
}

int cli_choice(void *value, const char *const *args, struct err *err)
{
	struct cli_choice *choice = value;
	char words[256] = "";
	size_t len = 0;

	for (int i = 0; choice->words[i]; i++) {
		if (!strcmp(choice->words[i], args[0])) {
			choice->value = i;
			return 0;
		}
		len += (size_t)snprintf(words + len, sizeof(words) - len, "%s%s", i ? ", " : "",
					choice->words[i]);
		if (len >= sizeof(words))
			len = sizeof(words) - 1;
	}
	return err_set(err, ERR_USAGE, "must be one of %s, not '%s'", words, args[0]);
}

/* Reached only where it is anywhere else. */
int cli_between(void *value, const char *const *args, struct err *err)
{
	(void)args;
	return err_set(err, ERR_USAGE, "must be given as in %s", (const char *)value);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/*
 * A closed standard descriptor would be handed out again by the next open(), and data written to
 * "stdout" end up in some other file. Keep its place with one on which that I/O fails.
 */
static void guard_standard_descriptors(const char *tool)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0) {
			fprintf(stderr,
				"%s: descriptor %d is closed, and /dev/null cannot be opened: %s\n",
				tool, fd, strerror(errno));
			ending_exit(ERR_RUNTIME);
		}
}

/* Of the row of -0 ... -9, which are ten flags and have no long name. */
#define LEVELS "-0 ... -9"

static void print_option(const struct cli_option *o)
{
	char left[64] = LEVELS;

	if (o->name)
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			 o->args ? " " : "", o->args ? o->args : "");
	printf("  %-30s %s\n", left, o->help);
}

/* Text asked for with --help or --version is output like any other: losing it is an error. */
static _Noreturn void exit_flushed(const struct cli *cli)
{
	if (fflush(stdout) || ferror(stdout) || close(STDOUT_FILENO)) {
		fprintf(stderr, "%s: cannot write to standard output\n", cli->tool);
		ending_exit(ERR_RUNTIME);
	}
	ending_exit(0);
}

static int print_help(void *value, const char *const *args, struct err *err)
{
	const struct cli *cli = value;

	(void)args;
	(void)err;
	printf("Usage: %s [options] %s\n%s\n\n", cli->tool, cli->operands, cli->purpose);
	for (const struct cli_option *o = cli->all; o->help; o++)
		print_option(o);
	exit_flushed(cli);
}

static int print_version(void *value, const char *const *args, struct err *err)
{
	const struct cli *cli = value;

	(void)args;
	(void)err;
	printf("%s " CE_VERSION " (%s)\n", cli->tool, codec_default()->name);
	exit_flushed(cli);
}

static int parse_level(void *value, const char *const *args, struct err *err)
{
	(void)err;
	*(int *)value = args[0][0] - '0';
	return 0;
}

/* One byte that is neither a quote nor part of a line's end, or its name. */
static int parse_delimiter(void *value, const char *const *args, struct err *err)
{
	const char *s = args[0];

	if (!strcmp(s, "auto"))
		*(char *)value = '\0';
	else if (!strcmp(s, "tab") || !strcmp(s, "\\t"))
		*(char *)value = '\t';
	else if (strlen(s) == 1 && csvhead_may_delimit(*s))
		*(char *)value = *s;
	else
		return err_set(err, ERR_USAGE,
			       "expected one ASCII character that is no letter, digit or "
			       "quote, or tab or auto, found '%s'",
			       s);
	return 0;
}

static int parse_threads(void *value, const char *const *args, struct err *err)
{
	int64_t n;

	if (num_parse_int(args[0], strlen(args[0]), &n) || n < 1 || n > THREADS_MAX)
		return err_set(err, ERR_USAGE, "expected an integer from 1 to %d, found '%s'",
			       THREADS_MAX, args[0]);
	*(int *)value = (int)n;
	return 0;
}

/* How many options are the tool's own. */
static size_t n_own(const struct cli *cli)
{
	size_t n = 0;

	while (cli->options[n].name)
		n++;
	return n;
}

/*
 * The tool's options and, after them, those that all tools share; a zeroed entry ends them. An
 * option of the tool hides a shared one of the same name. The caller frees.
 */
static struct cli_option *all_options(struct cli *cli)
{
	/* tools/output-options.mdoc and tools/shared-options.mdoc describe these. */
	const struct cli_option shared[] = {
		{ 'o', "output", "FILE", "write to FILE, complete or not at all (stdout)",
		  cli_string, &cli->output.path },
		{ 'p', "plain", NULL, "write plain text instead of gzip", cli_flag,
		  &cli->output.plain },
		{ '0', NULL, NULL, "gzip level (0 into a pipe, otherwise 1)", parse_level,
		  &cli->output.level },
		{ 0, "no-sync", NULL, "do not wait until the output is on the disk", cli_flag,
		  &cli->output.no_sync },
#define N_OUTPUT_OPTIONS 4
		{ 0, "delimiter", "C", "delimiter of the input: C, tab or auto (auto)",
		  parse_delimiter, &cli->input.delimiter },
		{ 0, "strict", NULL, "treat warnings as errors", cli_flag, &cli->strict },
		{ 0, "threads", "N", "use at most N threads (processors, at most 8)", parse_threads,
		  &cli->output.threads },
		{ 'v', "verbose", NULL, "print row counts, time and memory to stderr", cli_flag,
		  &cli->verbose },
		{ 0, "help", NULL, "print this help", print_help, cli },
		{ 0, "version", NULL, "print the version", print_version, cli },
	};
	const size_t n_shared = sizeof(shared) / sizeof(*shared), own = n_own(cli);
	struct cli_option *all = mem_zalloc(own + n_shared + 1, sizeof(*all));
	size_t n = own;

	memcpy(all, cli->options, own * sizeof(*all));
	for (size_t i = cli->no_output ? N_OUTPUT_OPTIONS : 0; i < n_shared; i++) {
		size_t at = 0;

		if (cli->no_input && shared[i].parse == parse_delimiter)
			continue;
		while (at < own && (!shared[i].name || strcmp(all[at].name, shared[i].name) != 0))
			at++;
		if (at == own)
			all[n++] = shared[i];
	}
	return all;
}

static _Noreturn void usage_exit(const struct cli *cli)
{
	fprintf(stderr, "Try '%s --help'.\n", cli->tool);
	ending_exit(ERR_USAGE);
}

static int n_args(const struct cli_option *o)
{
	if (!o->args)
		return 0;
	return strchr(o->args, ' ') ? 2 : 1;
}

/* The argument of an option of cli_between that comes next, as "--name ARG" or "--name=ARG". */
static const char *take_between(const struct cli *cli, int argc, char **argv)
{
	for (const struct cli_option *o = cli->all; o->help; o++) {
		size_t len = o->parse == cli_between ? strlen(o->name) : 0;
		const char *arg = len && optind < argc ? argv[optind] : "";

		if (strncmp(arg, "--", 2) != 0 || strncmp(arg + 2, o->name, len) != 0)
			continue;
		if (arg[2 + len] == '=') {
			optind++;
			return arg + 3 + len;
		}
		if (!arg[2 + len] && optind + 1 < argc) {
			optind += 2;
			return argv[optind - 1];
		}
	}
	return NULL;
}

/* Whether the word is one of the long options; such a file is ./--name. */
static bool is_long(const struct cli *cli, const char *word)
{
	const size_t len = strcspn(word, "=");

	for (const struct cli_option *o = cli->all; o->help && !strncmp(word, "--", 2); o++)
		if (o->name && strlen(o->name) == len - 2 && !strncmp(word + 2, o->name, len - 2))
			return true;
	return false;
}

/* Stores what getopt found: option o, by its letter c where it has one. */
static void take_option(const struct cli *cli, const struct cli_option *o, int c, int argc,
			char **argv)
{
	const char letter[] = { (char)c, '\0' }; /* which of the levels */
	const char *args[3] = { optarg ? optarg : letter };
	struct err err = ERR_INIT;

	if (n_args(o) == 2) {
		args[2] = take_between(cli, argc, argv);
		if (optind >= argc) {
			fprintf(stderr, "%s: option '--%s' requires two arguments: %s\n", cli->tool,
				o->name, o->args);
			usage_exit(cli);
		}
		args[1] = argv[optind++];
		if (is_long(cli, args[1]))
			cli_usage_error(cli,
					"--%s: '%s' is between its arguments, %s: it must be "
					"before --%s or after them",
					o->name, args[1], o->args, o->name);
	}
	if (!o->parse(o->value, args, &err))
		return;
	if (err.kind == ERR_USAGE)
		cli_usage_error(cli, "--%s: %s", o->name, err.message);
	err_set(&err, err.kind, "--%s: %s", o->name, err.message);
	cli_die(cli, &err);
}

/* What getopt_long returns for the first long option: above any letter. */
#define LONG_FIRST 256

/* The option of the table that a value of getopt_long stands for; NULL for a letter of none. */
static const struct cli_option *option_of(const struct cli *cli, int c)
{
	const struct cli_option *o = cli->all;

	if (c >= LONG_FIRST)
		return &cli->all[c - LONG_FIRST];
	while (o->help && o->letter != (c >= '0' && c <= '9' ? '0' : c))
		o++;
	return o->help ? o : NULL;
}

/* A long option that is none, or the beginning of several; `word` may go on with =VALUE. */
static _Noreturn void refuse_long(const struct cli *cli, const char *word)
{
	const size_t len = strcspn(word, "=");
	const char *names[128], *near;
	struct buf meant = BUF_INIT, text = BUF_INIT;
	size_t n = 0;

	for (const struct cli_option *o = cli->all; o->help; o++) {
		if (!o->name || n == sizeof(names) / sizeof(names[0]))
			continue;
		names[n++] = o->name;
		if (len && !strncmp(o->name, word, len))
			buf_printf(&meant, "%s--%s", meant.len ? ", " : "", o->name);
	}
	buf_append(&text, word, len);
	buf_append_char(&text, '\0');
	if (meant.len)
		cli_usage_error(cli, "option '--%s' is ambiguous: %.*s", text.data, (int)meant.len,
				meant.data);
	near = nearest_word(text.data, names, n);
	if (near)
		cli_usage_error(cli, "unknown option '--%s': did you mean --%s?", text.data, near);
	cli_usage_error(cli, "unknown option '--%s'", text.data);
}

/* Says what getopt_long returned c for; `word` is the argument that it looked at last. */
static _Noreturn void refuse_option(const struct cli *cli, int c, const char *word)
{
	const struct cli_option *o = optopt ? option_of(cli, optopt) : NULL;
	const char *number;

	if (!optopt)
		refuse_long(cli, word + 2);
	if (!o)
		cli_usage_error(cli, "unknown option '-%c'", optopt);
	if (c == '?')
		cli_usage_error(cli, "option '--%s' takes no argument", o->name);
	number = n_args(o) == 2 ? "two arguments" : "an argument";
	if (optopt < LONG_FIRST)
		cli_usage_error(cli, "option '-%c' requires %s: %s", optopt, number, o->args);
	cli_usage_error(cli, "option '--%s' requires %s: %s", o->name, number, o->args);
}

/* The options as they were given, in their order. */
struct given {
	struct given_option {
		const struct cli_option *option;
		const char *arg; /* NULL: a flag */
	} * all;
	size_t n, cap;
};

static void note_given(struct given *given, const struct cli_option *o)
{
	if (given->n == given->cap) {
		given->cap = mem_grow(given->cap, given->n + 1);
		given->all = mem_realloc(given->all, given->cap, sizeof(*given->all));
	}
	given->all[given->n++] = (struct given_option){ o, optarg };
}

static void put_word(struct buf *out, const char *before, const char *word)
{
	buf_append_str(out, before);
	shellword_put(out, word);
}

/* Puts them where the tool wants them. */
static void put_given(const struct cli *cli, const struct given *given)
{
	struct buf *out = cli->given;

	for (const struct cli_option *o = cli->all; o < cli->all + n_own(cli); o++) {
		size_t last = 0;

		for (size_t i = 0; i < given->n; i++)
			last = given->all[i].option == o ? i : last;
		for (size_t i = o->parse == cli_list ? 0 : last; i < given->n; i++) {
			if (given->all[i].option != o)
				continue;
			put_word(out, out->len ? " --" : "--", o->name);
			if (given->all[i].arg)
				put_word(out, " ", given->all[i].arg);
		}
	}
	buf_append_char(out, '\0');
}

static void parse_options(const struct cli *cli, int argc, char **argv)
{
	const struct cli_option *o;
	struct given given = { NULL, 0, 0 };
	struct option *longs;
	char *letters, *end;
	size_t n = 0, n_longs = 0;
	int c;

	while (cli->all[n].help)
		n++;
	longs = mem_zalloc(n + 1, sizeof(*longs));
	letters = end = mem_zalloc(2 * n + sizeof(":0123456789"), 1);
	*end++ = ':'; /* tell an argument that is missing from an option that is unknown */
	for (size_t i = 0; i < n; i++) {
		o = &cli->all[i];
		if (!o->name) {
			end = stpcpy(end, "0123456789");
			continue;
		}
		longs[n_longs++] =
			(struct option){ o->name, n_args(o) > 0, NULL, LONG_FIRST + (int)i };
		if (o->letter) {
			*end++ = o->letter;
			if (n_args(o))
				*end++ = ':';
		}
	}
	opterr = 0; /* the messages are refuse_option's */
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			refuse_option(cli, c, argv[optind - 1]);
		o = option_of(cli, c);
		if (cli->given)
			note_given(&given, o);
		take_option(cli, o, c, argc, argv);
	}
	if (cli->given)
		put_given(cli, &given);
	free(given.all);
	free(longs);
	free(letters);
}

/* Whether the output is the terminal too, or a pipe, of whose tools the last one may be on it. */
static bool is_shared(const struct cli *cli)
{
	const char *path = cli->output.path;
	struct stat status;

	if (cli->no_output || (path && strcmp(path, "-") != 0))
		return false;
	return fstat(STDOUT_FILENO, &status) || S_ISFIFO(status.st_mode) || isatty(STDOUT_FILENO);
}

void cli_parse(struct cli *cli, int argc, char **argv)
{
	struct cli_option *all;

	guard_standard_descriptors(cli->tool);
	cli->start_ms = cli->rows_start_ms = now_ms();
	cli->output = (struct gz_output)GZ_OUTPUT_INIT;
	cli->output.threads = thread_processors() < THREADS_USUAL ? thread_processors()
								  : THREADS_USUAL;
	cli->all = all = all_options(cli);
	parse_options(cli, argc, argv);
	cli->all = NULL;
	free(all);
	for (int i = optind, n_stdin = 0; i < argc; i++) {
		n_stdin += !strcmp(argv[i], "-");
		if (n_stdin > 1)
			cli_usage_error(cli, "standard input (-) can be read only once");
	}
	cli->input.paths = (const char *const *)argv + optind;
	cli->input.n = (size_t)(argc - optind);
	cli->input.threads = cli->output.threads;
	cli->input.tool = cli->tool;
	cli->progress = isatty(STDERR_FILENO) && !is_shared(cli);
}

/* A line for a person, which may quote hostile input: nothing in it drives a terminal. */
__attribute__((format(printf, 2, 0))) static void print_line(const struct cli *cli,
							     const char *format, va_list args)
{
	char text[4096]; /* of no memory that could be wanting: it may say just that */

	vsnprintf(text, sizeof(text), format, args);
	utf8_mask(text);
	fprintf(stderr, "%s%s: %s\n", cli->progress ? "\r\033[K" : "", cli->tool, text);
}

void cli_die(const struct cli *cli, const struct err *err)
{
	cli_note(cli, "%s", err->message);
	ending_exit(err->kind == ERR_NONE ? (int)ERR_RUNTIME : (int)err->kind); /* never 0 */
}

void cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(cli, format, args);
	va_end(args);
	usage_exit(cli);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_line(cli, format, args);
	va_end(args);
}

/* Prints and releases them. Returns how many there are. */
static size_t print_lines(const struct cli *cli, const char *title, struct warnings *lines)
{
	const char *line = lines->text.data;
	size_t n = lines->n;

	for (size_t i = 0; i < n; i++) {
		int len = (int)strcspn(line, "\n");

		cli_note(cli, "%s%.*s", title, len, line);
		line += len + 1;
	}
	warnings_release(lines);
	return n;
}

void cli_failures(const struct cli *cli, struct warnings *failures)
{
	if (print_lines(cli, "", failures))
		ending_exit(ERR_RUNTIME);
}

void cli_note_lines(const struct cli *cli, struct buf *lines)
{
	for (size_t at = 0; at < lines->len;) {
		const char *line = lines->data + at;
		const char *end = memchr(line, '\n', lines->len - at);
		const size_t len = end ? (size_t)(end - line) : lines->len - at;

		cli_note(cli, "%.*s", (int)len, line);
		at += len + 1;
	}
	buf_release(lines);
}

void cli_warnings(const struct cli *cli, struct warnings *warnings)
{
	if (print_lines(cli, "warning: ", warnings) && cli->strict) {
		cli_note(cli, "a warning is an error with --strict");
		ending_exit(ERR_RUNTIME);
	}
}

#define PROGRESS_FROM_MS 1000 /* of what is over sooner nothing is shown */
#define PROGRESS_EACH_MS 200

void cli_progress_begin(struct cli *cli)
{
	cli->next_progress = 0;
	cli->rows_start_ms = now_ms();
}

void cli_progress_line(struct cli *cli, uint64_t n_rows, double share)
{
	const int64_t now = now_ms(), ms = now - cli->rows_start_ms;
	char left[64] = "";

	if (ms < PROGRESS_FROM_MS || now - cli->shown_ms < PROGRESS_EACH_MS)
		return;
	cli->shown_ms = now;
	if (share > 0 && share <= 1)
		snprintf(left, sizeof(left), ", %.0f %%, %.0f s left", 100 * share,
			 (double)ms / 1000 * (1 - share) / share);
	fprintf(stderr, "\r\033[K%s: %llu rows, %.0f rows/s%s", cli->tool,
		(unsigned long long)n_rows, (double)n_rows * 1000 / (double)ms, left);
}

void cli_done(const struct cli *cli, uint64_t rows_in, uint64_t rows_out)
{
	struct rusage usage;

	if (cli->progress)
		fputs("\r\033[K", stderr);
	if (!cli->verbose)
		return;
	getrusage(RUSAGE_SELF, &usage);
	cli_note(cli, "%llu rows in, %llu rows out, %.2f s, %.1f MiB", (unsigned long long)rows_in,
		 (unsigned long long)rows_out, (double)(now_ms() - cli->start_ms) / 1000,
		 (double)usage.ru_maxrss / 1024);
}
