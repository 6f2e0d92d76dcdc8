/*
 * A state, from which ce-materialize goes on. The options: whether the MANIFEST is sealed again,
 * which is else all that the first part is, --complete-by, --rows, whether there is a table
 * --first, a watermark, whether the tables begin with their headers, which are put there else,
 * --no-online; the parts: lines of the MANIFEST, its tables in the order of STATE_TABLES, and the
 * rows of the next part of the log.
 *
 * Only what is sealed is read. A state that is taken is left as one that is taken again, and is
 * the same then, byte for byte; with whatever log the run that goes on ends.
 */
#include "fuzz.h"

#include "materialize/description.h"
#include "reseal.h"
#include "state/agreement.h"

#include <sys/stat.h>

/* Those of ce-materialize, which come first. */
#define N_TABLES STATE_SHARD_SESSIONS

#define N_RULES 3
#define N_ROWS  4

struct options {
	enum session_completion complete_by;
	enum features_rows rows;
	bool has_first, without_online;
	int64_t watermark;
};

/* What both runs work in, in memory; the old state's files stay the same ones. */
static char folder[] = "/dev/shm/ce-fuzz-state-XXXXXX";
static char *old_path, *next_path;

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command))
		perror(folder);
}

static void make_folder(void)
{
	if (old_path)
		return;
	FUZZ_CHECK(mkdtemp(folder), "no folder");
	atexit(remove_folder);
	old_path = reseal_path(folder, "old");
	next_path = reseal_path(folder, "next");
	FUZZ_CHECK(!mkdir(old_path, 0700), "no folder");
}

/* Appends the bytes of a file of the new state, if it is there. */
static void get_file(const char *name, struct buf *bytes)
{
	char *path = reseal_path(next_path, name);
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	do {
		bytes->len += n;
		n = f ? fread(buf_reserve(bytes, 4096), 1, 4096, f) : 0;
	} while (n);
	if (f)
		fclose(f);
	free(path);
}

static void set_options(struct materialize *m, const struct options *opt)
{
	struct err err = ERR_INIT;

	m->cleaning.cleaner.times.unit = TIME_MS;
	m->cleaning.rejects.bound = (struct bound)BOUND_PERCENT(100);
	m->joiner.left = true;
	m->sessionizer.options.gap = 100;
	m->sessionizer.options.complete_by = opt->complete_by;
	m->history_options.window = 500;
	m->without_online = opt->without_online;
	m->featurizer.rows = opt->rows;
	m->featurizer.watermark = m->agg_watermark = opt->watermark;
	m->dedupe = 300;
	FUZZ_CHECK(!names_append(&m->keep, "*", &err), "%s", err.message);
}

/* The columns of a cleaned event and of the dimensions: those of the log, and of what is carried.
 */
#define COLUMNS                                                                                    \
	"event_id,event_ts,user_id,content_id,event_type,playback_position,device,plan_tier,"      \
	"signup_date,genre,runtime,release_year,maturity_rating\n"

static const char *log_of(const char *rows, size_t n)
{
	struct buf text = BUF_INIT;
	const char *path;

	buf_append_str(&text, COLUMNS);
	buf_append(&text, rows, n);
	path = fuzz_file(0, text.data, text.len);
	buf_release(&text);
	return path;
}

/* A run of ce-materialize over the log, from an older state (NULL: none) to one (NULL: none). */
struct run {
	struct materialize m;
	struct csv_reader in;
	struct state_in old;
	struct state_out next;
};

static int open_run(struct run *r, const char *old, bool has_next, const char *log,
		    const struct options *opt, struct err *err)
{
	const struct csv_input input = { .paths = &log, .n = 1, .delimiter = ',' };
	static struct gz_output output;
	static struct materialize_tables tables;
	struct manifest *manifest = &r->next.manifest;

	output = (struct gz_output){ .path = fuzz_sink(1), .plain = true, .no_sync = true };
	tables = (struct materialize_tables){ .first = opt->has_first ? fuzz_sink(2) : NULL };
	*r = (struct run){ .m = MATERIALIZE_INIT,
			   .in = { .gz = GZ_READER_INIT,
				   .tolerant = true,
				   .tuning = { .read_size = 4096, .window = 4096 } },
			   .old = STATE_IN_INIT,
			   .next = STATE_OUT_INIT };
	if (old) {
		r->m.old = &r->old;
		if (state_in_open(&r->old, old, err) ||
		    state_in_count(&r->old, "until", &r->m.cleaning.from, err))
			return -1;
	}
	if (has_next) {
		/* That of the older state: none of this log is of this part. */
		r->m.cleaning.until = r->m.cleaning.from;
		r->m.next = &r->next;
	}
	if (csv_reader_open(&r->in, &input, err) ||
	    (has_next && state_out_open(&r->next, next_path, &output, err)))
		return -1;
	set_options(&r->m, opt);
	if (materialize_open(&r->m, &r->in, NULL, 0, &output, &tables, INT64_C(1700000000000), err))
		return -1;
	manifest_add_int(manifest, "until", r->m.cleaning.until);
	return description_add(&r->m, &r->in, NULL, 0, manifest, err);
}

static int go_on(struct run *r, struct err *err)
{
	struct warnings warnings = WARNINGS_INIT;
	const struct csv_row *row;
	struct buf summary = BUF_INIT;
	int rc = agreement_check(&r->old, &r->next.manifest, false, err) ||
				 materialize_restore(&r->m, err)
			 ? -1
			 : 1;

	while (rc > 0 && (rc = csv_reader_next(&r->in, &row, err)) > 0)
		rc = cleaning_add(&r->m.cleaning, &r->in, row, err) ? -1 : 1;
	if (!rc && !cleaning_sort(&r->m.cleaning, &r->in, &warnings, err)) {
		while ((rc = materialize_step(&r->m, err)) > 0)
			;
		if (!rc) {
			materialize_put_summary(&r->m, &summary);
			materialize_warn(&r->m, &warnings);
			rc = materialize_close(&r->m, err);
		}
	} else {
		rc = -1;
	}
	buf_release(&summary);
	warnings_release(&warnings);
	return rc;
}

static void release(struct run *r)
{
	csv_reader_close(&r->in);
	materialize_release(&r->m);
	state_in_release(&r->old);
	state_out_release(&r->next);
}

static int run(const char *old, bool has_next, const char *log, const struct options *opt,
	       struct err *err)
{
	struct run r;
	int rc = open_run(&r, old, has_next, log, opt, err) || go_on(&r, err) ? -1 : 0;

	release(&r);
	return rc;
}

/* What depends on the options: what the MANIFEST has to say of them, the columns of the features.
 */
struct described {
	struct buf lines, features;
};

static const struct described *described(const struct options *opt)
{
	static struct described all[N_RULES][N_ROWS][2][2];
	struct described *d =
		&all[opt->complete_by][opt->rows][opt->has_first][opt->without_online];
	struct err err = ERR_INIT;
	const struct buf *text;
	const char *line;
	struct run r;

	if (d->lines.len)
		return d;
	FUZZ_CHECK(!open_run(&r, NULL, false, log_of("", 0), opt, &err), "%s", err.message);
	/* Of a log without a state `until` is no time: the part has it. */
	text = &r.next.manifest.text;
	line = (const char *)memchr(text->data, '\n', text->len) + 1;
	buf_append(&d->lines, line, (size_t)(text->data + text->len - line));
	buf_append(&d->features, r.m.featurizer.header.data, r.m.featurizer.header.len);
	csv_end_row(&d->features);
	release(&r);
	return d;
}

static void put_table(enum state_table table, const struct described *d, bool has_header,
		      const char *rows, size_t n)
{
	const char *file = reseal_files[table];
	char *name = strndup(file, strlen(file) - strlen(".csv.gz"));
	const struct catalogue_table *columns = catalogue_table(name);
	struct buf text = BUF_INIT;

	if (!has_header && columns) {
		catalogue_put_names(&text, columns);
		csv_end_row(&text);
	} else if (!has_header && table == STATE_EARLY) {
		buf_append_str(&text, COLUMNS);
	} else if (!has_header) {
		buf_append(&text, d->features.data, d->features.len);
	}
	buf_append(&text, rows, n);
	reseal_write(old_path, file, text.data ? text.data : "", text.len);
	buf_release(&text);
	free(name);
}

static void seal(struct fuzz *f, bool is_sealed, bool has_headers, const struct options *opt)
{
	const struct described *d = described(opt);
	struct buf lines = BUF_INIT;
	size_t len;
	const char *part = fuzz_part(f, &len);

	buf_append_str(&lines, "ce-state 2\nversion " CE_VERSION "\n");
	buf_append(&lines, part, len);
	buf_append(&lines, d->lines.data, d->lines.len);
	if (!is_sealed)
		reseal_write(old_path, "MANIFEST", part, len);
	for (int i = 0; i < N_TABLES; i++) {
		part = fuzz_part(f, &len);
		put_table((enum state_table)i, d, has_headers, part, len);
	}
	if (is_sealed)
		reseal(old_path, lines.data, lines.len);
	buf_release(&lines);
}

/* Puts the new state in the place of the old one. */
static void turn(void)
{
	struct buf bytes = BUF_INIT;

	for (int i = 0; i <= N_TABLES; i++) {
		const char *name = i < N_TABLES ? reseal_files[i] : "MANIFEST";

		buf_clear(&bytes);
		get_file(name, &bytes);
		reseal_write(old_path, name, bytes.data ? bytes.data : "", bytes.len);
	}
	buf_release(&bytes);
}

/* The tables of the new state, which turn() has put in the place of the old one. */
static void get_tables(struct buf *tables)
{
	for (int i = 0; i < N_TABLES; i++)
		get_file(reseal_files[i], tables);
}

static void check_again(const char *log, const struct options *opt)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err err = ERR_INIT;

	turn();
	get_tables(&first);
	FUZZ_CHECK(!run(old_path, true, log, opt, &err), "%s", err.message);
	get_tables(&second);
	FUZZ_CHECK(fuzz_same(&first, &second), "%zu and %zu bytes", first.len, second.len);
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_begin(data, size);
	bool is_sealed = !fuzz_option(&f, 2), has_headers;
	struct options opt;
	struct err err = ERR_INIT;
	const char *rows;
	size_t len;

	opt.complete_by = (enum session_completion)fuzz_option(&f, N_RULES);
	opt.rows = (enum features_rows)fuzz_option(&f, N_ROWS);
	opt.has_first = fuzz_option(&f, 2);
	opt.watermark = fuzz_option(&f, 2) ? 150 : EVENT_UNKNOWN;
	has_headers = fuzz_option(&f, 2);
	opt.without_online = fuzz_option(&f, 2);
	make_folder();
	seal(&f, is_sealed, has_headers, &opt);
	if (run(old_path, true, log_of("", 0), &opt, &err)) {
		fuzz_check_error(&err);
		return 0;
	}
	FUZZ_CHECK(is_sealed, "taken without its sums");
	check_again(log_of("", 0), &opt);
	rows = fuzz_part(&f, &len);
	err = (struct err)ERR_INIT;
	if (len && run(old_path, false, log_of(rows, len), &opt, &err))
		fuzz_check_error(&err);
	return 0;
}
