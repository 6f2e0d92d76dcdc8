/*
 * cli: the command line that all tools share, and how they report to their user.
 *
 * The one module, besides the tools, that prints and exits. Every tool has --strict, --threads, -v,
 * --help and --version; unless it writes no output -o, -p, -0 ... -9 and --no-sync; and unless it
 * reads no table --delimiter. Its operands are input files, unless it defines them otherwise.
 */
#ifndef CE_CLI_H
#define CE_CLI_H

#include "base/bound.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "base/time.h"
#include "base/warnings.h"
#include "table/csvreader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One option. A tool's table of them ends with a zeroed entry; one of the same name as a shared
 * option takes its place (ce-synth's -o is a folder).
 */
struct cli_option {
	char letter;      /* 0: none */
	const char *name; /* the long name */
	const char *args; /* "DURATION", or "KEY FILE" where it takes two; NULL: a flag */
	const char *help; /* one line; its default in parentheses */
	/*
	 * Stores args[0] in *value; of two, also args[1] and, if an option of cli_between is given
	 * between them, its argument args[2], else NULL. Returns 0, or -1 with err. One of those
	 * below.
	 */
	int (*parse)(void *value, const char *const *args, struct err *err);
	void *value;
};

/* The parsers, and what `value` of each points to. */
int cli_flag(void *value, const char *const *args, struct err *err);   /* bool: true */
int cli_string(void *value, const char *const *args, struct err *err); /* const char *: borrowed */
int cli_count(void *value, const char *const *args, struct err *err);  /* int64_t >= 0 */
int cli_real(void *value, const char *const *args, struct err *err);   /* double, finite */
/* int64_t milliseconds: 1h30m */
int cli_duration(void *value, const char *const *args, struct err *err);
/* int64_t milliseconds since 1970: ISO 8601, by default UTC, or a number as it is */
int cli_time(void *value, const char *const *args, struct err *err);
/* The same, but a number is of the unit that its size tells, as ce-clean reads event_ts. */
int cli_event_time(void *value, const char *const *args, struct err *err);
int cli_time_unit(void *value, const char *const *args, struct err *err); /* enum time_unit */
int cli_zone(void *value, const char *const *args,
	     struct err *err); /* struct zone *: caller frees */
/* uint64_t bytes: 64M */
int cli_size(void *value, const char *const *args, struct err *err);
/* int64_t millionths: a decimal in [0,1] */
int cli_share(void *value, const char *const *args, struct err *err);
/* struct names: appends NAME[,NAME...] */
int cli_list(void *value, const char *const *args, struct err *err);
int cli_bound(void *value, const char *const *args, struct err *err);  /* struct bound: N or P% */
int cli_choice(void *value, const char *const *args, struct err *err); /* struct cli_choice */
/* Of an option that belongs between the two arguments of another one; const char: how that looks */
int cli_between(void *value, const char *const *args, struct err *err);

/* A time in an option that says how it is read. Returns 0 with *ms since 1970, or -1 with err. */
int cli_read_time(const char *text, const struct time_reading *reading, int64_t *ms,
		  struct err *err);

/* One of a few words; `value` is the index of the chosen one. */
struct cli_choice {
	const char *const *words; /* ends with NULL */
	int value;
};

struct cli {
	/* Set by the tool. */
	const char *tool;     /* "ce-clean" */
	const char *purpose;  /* one line */
	const char *operands; /* "[FILE ...]" */
	const struct cli_option *options;
	bool no_output; /* writes no table: -o, -p, -0 ... -9 and --no-sync are unknown */
	bool no_input;  /* reads no table: --delimiter is unknown */
	/*
	 * NULL, or where cli_parse puts the tool's own options that were given, as words of a
	 * shell: by their long names and in the order of the table, each as it was given last, a
	 * list (cli_list) each time, and a NUL. Of an option of two arguments only the first. The
	 * caller releases it.
	 */
	struct buf *given;

	/* Filled by cli_parse. */
	struct csv_input input;  /* the operands, --threads, --delimiter */
	struct gz_output output; /* -o, -p, -0 ... -9, --no-sync, --threads */
	bool verbose;
	bool strict; /* warnings are errors */

	/* The module's own. */
	int64_t start_ms;
	bool progress;
	uint64_t next_progress; /* rows from which on to look at the clock */
	int64_t rows_start_ms, shown_ms;
	const struct cli_option *all; /* during cli_parse: the tool's and the shared ones */
};

/* Another output of the tool, to `path`, with the same options. */
static inline struct gz_output cli_output(const struct cli *cli, const char *path)
{
	struct gz_output output = cli->output;

	output.path = path;
	return output;
}

/*
 * Parses the command line into the options' values, cli->input and cli->output. --help and
 * --version print and exit 0; a bad command line prints why and exits 2.
 */
void cli_parse(struct cli *cli, int argc, char **argv);

/* Prints "TOOL: message" and exits with the kind of the error; no output is finished. */
_Noreturn void cli_die(const struct cli *cli, const struct err *err);

/* The same for a combination of options that makes no sense (exit 2). */
void cli_usage_error(const struct cli *cli, const char *format, ...)
	__attribute__((noreturn, format(printf, 2, 3)));

/*
 * Prints "TOOL: ..." on stderr: the summary line of a run that dropped rows. A text that takes
 * memory is made before the outputs are finished, after which nothing may fail.
 */
void cli_note(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of each line of a text, and releases it. */
void cli_note_lines(const struct cli *cli, struct buf *lines);

/*
 * Prints each line as "TOOL: warning: ..." and releases them. With --strict a warning is an error:
 * if there is one, exits with 1, so call it before the output is finished.
 */
void cli_warnings(const struct cli *cli, struct warnings *warnings);

/*
 * Prints each line as "TOOL: ..." and releases them; if there is one, exits with 1, so call it
 * before the output is finished.
 */
void cli_failures(const struct cli *cli, struct warnings *failures);

/*
 * A progress line now and then, if stderr is a terminal, and the output is neither one nor a pipe,
 * of which only the last tool says how it goes: rows, rows a second and, where the share of the
 * work that is done is known (0 to 1; else -1), that and the time left. Call one of these once a
 * row, or a few.
 */
void cli_progress_line(struct cli *cli, uint64_t n_rows, double share);

#define CLI_PROGRESS_ROWS 0x4000 /* between two looks at the clock */

static inline void cli_progress(struct cli *cli, uint64_t n_rows)
{
	if (cli->progress && n_rows >= cli->next_progress) {
		cli->next_progress = n_rows + CLI_PROGRESS_ROWS;
		cli_progress_line(cli, n_rows, -1);
	}
}

/* Of a tool that reads its input once. */
static inline void cli_progress_reader(struct cli *cli, const struct csv_reader *in)
{
	if (cli->progress && in->n_rows >= cli->next_progress) {
		cli->next_progress = in->n_rows + CLI_PROGRESS_ROWS;
		cli_progress_line(cli, in->n_rows, csv_reader_share(in));
	}
}

/* The rows begin again, for another part of the work. */
void cli_progress_begin(struct cli *cli);

/* Of n_all rows that are all there. */
static inline void cli_progress_rows(struct cli *cli, uint64_t n_rows, uint64_t n_all)
{
	if (cli->progress && n_rows >= cli->next_progress) {
		cli->next_progress = n_rows + CLI_PROGRESS_ROWS;
		cli_progress_line(cli, n_rows, n_all ? (double)n_rows / (double)n_all : -1);
	}
}

/* With -v: rows in and out, wall-clock time and peak memory. Call it last. */
void cli_done(const struct cli *cli, uint64_t rows_in, uint64_t rows_out);

#endif
