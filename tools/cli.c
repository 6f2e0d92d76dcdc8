#include "cli.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/thread.h"
#include "base/time.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX   256
#define THREADS_USUAL 8 /* at most, unless told: more than gzip keeps busy beside a tool */

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
		return err_set(err, ERR_USAGE, "invalid count '%s'", args[0]);
	*(int64_t *)value = n;
	return 0;
}

int cli_real(void *value, const char *const *args, struct err *err)
{
	if (num_parse_double(args[0], strlen(args[0]), value))
		return err_set(err, ERR_USAGE, "invalid number '%s'", args[0]);
	return 0;
}

int cli_duration(void *value, const char *const *args, struct err *err)
{
	if (time_parse_duration(args[0], strlen(args[0]), value))
		return err_set(err, ERR_USAGE, "invalid duration '%s' (as in 30m, 1h30m, 30d)",
			       args[0]);
	return 0;
}

int cli_time(void *value, const char *const *args, struct err *err)
{
	size_t len = strlen(args[0]);

	bool is_date = len == strspn(args[0], "0123456789") && (len == 4 || len == 8);

	/* 2024 and 20240131 are meant as dates, not as some seconds of 1970. */
	if (is_date || (num_parse_int(args[0], len, value) &&
			time_parse(args[0], len, TIME_OFFSET_OPTIONAL, value)))
		return err_set(err, ERR_USAGE,
			       "invalid time '%s' (as in 2024-01-01, 2024-01-01T12:00:00Z or "
			       "milliseconds since 1970)",
			       args[0]);
	return 0;
}

int cli_size(void *value, const char *const *args, struct err *err)
{
	if (num_parse_size(args[0], strlen(args[0]), value))
		return err_set(err, ERR_USAGE, "invalid size '%s' (as in 500K, 64M, 2G)", args[0]);
	return 0;
}

int cli_share(void *value, const char *const *args, struct err *err)
{
	int64_t millionths;

	if (num_parse_millionths(args[0], strlen(args[0]), &millionths) || millionths < 0 ||
	    millionths > NUM_MILLION)
		return err_set(err, ERR_USAGE,
			       "'%s' is no number from 0 to 1 with at most 6 decimals", args[0]);
	*(int64_t *)value = millionths;
	return 0;
}

int cli_list(void *value, const char *const *args, struct err *err)
{
	return names_append(value, args[0], err);
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
	return err_set(err, ERR_USAGE, "'%s' is none of %s", args[0], words);
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
static void guard_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			exit(1);
}

static void print_option(char letter, const char *name, const char *args, const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
		 letter ? "," : " ", name, args ? " " : "", args ? args : "");
	printf("  %-30s %s\n", left, help);
}

static void print_help(const struct cli *cli)
{
	printf("Usage: %s [options] %s\n%s\n\n", cli->tool, cli->operands, cli->purpose);
	for (const struct cli_option *o = cli->options; o->name; o++)
		print_option(o->letter, o->name, o->args, o->help);
	if (!cli->no_output) {
		print_option('o', "output", "FILE", "write FILE, whole or not at all (stdout)");
		print_option('p', "plain", NULL, "write plain text, not gzip");
		printf("  %-30s %s\n", "-0 ... -9", "gzip level (stored into a pipe, else 1)");
	}
	print_option(0, "threads", "N", "threads to use; 1: no other (processors, to 8)");
	print_option('v', "verbose", NULL, "say counts, time and memory on standard error");
	print_option(0, "help", NULL, "print this help");
	print_option(0, "version", NULL, "print the version");
}

/* Text asked for with --help or --version is output like any other: losing it is an error. */
static _Noreturn void exit_flushed(const struct cli *cli)
{
	if (fflush(stdout) || ferror(stdout) || close(STDOUT_FILENO)) {
		fprintf(stderr, "%s: cannot write standard output\n", cli->tool);
		exit(ERR_RUNTIME);
	}
	exit(0);
}

static _Noreturn void usage_exit(const struct cli *cli)
{
	fprintf(stderr, "Try '%s --help'.\n", cli->tool);
	exit(ERR_USAGE);
}

static int n_args(const struct cli_option *o)
{
	if (!o->args)
		return 0;
	return strchr(o->args, ' ') ? 2 : 1;
}

static void take_option(struct cli *cli, const struct cli_option *o, int argc, char **argv)
{
	const char *args[2] = { optarg, NULL };
	struct err err = ERR_INIT;

	if (n_args(o) == 2) {
		if (optind >= argc) {
			fprintf(stderr, "%s: option '--%s' requires two arguments: %s\n", cli->tool,
				o->name, o->args);
			usage_exit(cli);
		}
		args[1] = argv[optind++];
	}
	if (o->parse(o->value, args, &err))
		cli_usage_error(cli, "--%s: %s", o->name, err.message);
}

static int64_t parse_threads(const struct cli *cli, const char *text)
{
	int64_t n;

	if (num_parse_int(text, strlen(text), &n) || n < 1 || n > THREADS_MAX)
		cli_usage_error(cli, "--threads: '%s' is no number from 1 to %d", text,
				THREADS_MAX);
	return n;
}

/* Values that getopt_long returns for long options: above any letter. */
enum {
	LONG_OUTPUT = 256,
	LONG_PLAIN,
	LONG_VERBOSE,
	LONG_THREADS,
	LONG_HELP,
	LONG_VERSION,
	LONG_FIRST
};

void cli_parse(struct cli *cli, int argc, char **argv)
{
	const char *shared = cli->no_output ? "v" : "vo:p0123456789";
	const struct cli_option *options = cli->options;
	int64_t threads = thread_processors() < THREADS_USUAL ? thread_processors() : THREADS_USUAL;
	size_t n = 0, at;
	struct option *longs;
	char *letters;
	int c;

	guard_standard_descriptors();
	cli->start_ms = now_ms();
	cli->output = (struct gz_output)GZ_OUTPUT_INIT;
	while (options[n].name)
		n++;
	longs = mem_zalloc(n + 7, sizeof(*longs));
	at = strlen(shared);
	letters = mem_zalloc(at + 2 * n + 1, 1);
	memcpy(letters, shared, at);
	for (size_t i = 0; i < n; i++) {
		longs[i] = (struct option){ options[i].name, n_args(&options[i]) > 0, NULL,
					    LONG_FIRST + (int)i };
		if (options[i].letter) {
			letters[at++] = options[i].letter;
			if (n_args(&options[i]))
				letters[at++] = ':';
		}
	}
	if (!cli->no_output) {
		longs[n++] = (struct option){ "output", 1, NULL, LONG_OUTPUT };
		longs[n++] = (struct option){ "plain", 0, NULL, LONG_PLAIN };
	}
	longs[n++] = (struct option){ "threads", 1, NULL, LONG_THREADS };
	longs[n++] = (struct option){ "verbose", 0, NULL, LONG_VERBOSE };
	longs[n++] = (struct option){ "help", 0, NULL, LONG_HELP };
	longs[n++] = (struct option){ "version", 0, NULL, LONG_VERSION };
	argv[0] = (char *)cli->tool; /* what getopt puts before its messages */
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct cli_option *o = options;

		if (c == '?')
			usage_exit(cli);
		if (c >= LONG_FIRST) {
			take_option(cli, &options[c - LONG_FIRST], argc, argv);
			continue;
		}
		while (o->name && o->letter != c)
			o++;
		if (o->name)
			take_option(cli, o, argc, argv);
		else if (c >= '0' && c <= '9')
			cli->output.level = c - '0';
		else if (c == 'o' || c == LONG_OUTPUT)
			cli->output.path = optarg;
		else if (c == 'p' || c == LONG_PLAIN)
			cli->output.plain = true;
		else if (c == 'v' || c == LONG_VERBOSE)
			cli->verbose = true;
		else if (c == LONG_THREADS)
			threads = parse_threads(cli, optarg);
		else if (c == LONG_HELP)
			print_help(cli);
		else
			printf("%s " CE_VERSION " (%s)\n", cli->tool, codec_default()->name);
		if (c == LONG_HELP || c == LONG_VERSION)
			exit_flushed(cli);
	}
	for (int i = optind, n_stdin = 0; i < argc; i++) {
		n_stdin += !strcmp(argv[i], "-");
		if (n_stdin > 1)
			cli_usage_error(cli, "standard input (-) can be read only once");
	}
	cli->input = (struct gz_input){ (const char *const *)argv + optind, (size_t)(argc - optind),
					(int)threads };
	cli->output.threads = (int)threads;
	cli->progress = cli->verbose && isatty(STDERR_FILENO);
	free(longs);
	free(letters);
}

void cli_die(const struct cli *cli, const struct err *err)
{
	fprintf(stderr, "%s%s: %s\n", cli->progress ? "\r\033[K" : "", cli->tool, err->message);
	exit(err->kind == ERR_NONE ? (int)ERR_RUNTIME : (int)err->kind); /* never 0 */
}

void cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", cli->tool);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	usage_exit(cli);
}

void cli_note(const struct cli *cli, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s%s: ", cli->progress ? "\r\033[K" : "", cli->tool);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void cli_progress_line(const struct cli *cli, uint64_t n_rows)
{
	fprintf(stderr, "\r%s: %llu rows, %.1f s", cli->tool, (unsigned long long)n_rows,
		(double)(now_ms() - cli->start_ms) / 1000);
}

void cli_done(const struct cli *cli, uint64_t rows_in, uint64_t rows_out)
{
	struct rusage usage;

	if (!cli->verbose)
		return;
	getrusage(RUSAGE_SELF, &usage);
	cli_note(cli, "%llu rows in, %llu rows out, %.2f s, %.1f MiB", (unsigned long long)rows_in,
		 (unsigned long long)rows_out, (double)(now_ms() - cli->start_ms) / 1000,
		 (double)usage.ru_maxrss / 1024);
}
