/*
 * The facts and the rows of two shards, through ce-collate. The options: which table (features, or
 * content_completion), --no-online, a watermark; the parts: the facts of both shards and their rows
 * of the features, without headers.
 *
 * What is taken is taken in any order of the shards, to the same table, and as two parts with a
 * state between them, after which there is nothing: the table is that of one run, and the state
 * read and written again is the same.
 */
#include "fuzz.h"

#include "collate/collate.h"
#include "reseal.h"

#include <sys/stat.h>

#define FEATURES "completion_prediction_features"
#define N_SHARDS 2

static const char row_header[] =
	"event_id,event_ts,user_id,content_id,session_id,user_activity_level,user_completion_rate,"
	"content_completion_rate,content_known_sessions,average_viewing_duration_ratio,"
	"content_popularity,user_activity_x_content_popularity,"
	"user_completion_x_content_completion,online_logit,online_logit_sd,label_known_ts,"
	"is_completion\n";

/* After all that a fact may have for its time. */
#define UNTIL (INT64_C(1) << 45)

struct options {
	const char *table;
	bool without_online;
	int64_t watermark;
};

static char folder[] = "/dev/shm/ce-fuzz-collate-XXXXXX";
static char *shards[N_SHARDS], *nothing[N_SHARDS];

/* The old state's files stay the same ones; what is written may not be what was read. */
static char *old_path, *next_path;

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	if (system(command))
		perror(folder);
}

static char *make_shard(const char *name)
{
	char *path = reseal_path(folder, name);

	FUZZ_CHECK(!mkdir(path, 0700), "no folder");
	return path;
}

static void put_facts(const char *shard, const char *rows, size_t n)
{
	struct buf text = BUF_INIT;

	catalogue_put_names(&text, catalogue_table("facts"));
	csv_end_row(&text);
	buf_append(&text, rows, n);
	reseal_write(shard, "facts.csv", text.data, text.len);
	buf_release(&text);
}

static void put_rows(const char *shard, const char *rows, size_t n)
{
	struct buf text = BUF_INIT;

	buf_append_str(&text, row_header);
	buf_append(&text, rows, n);
	reseal_write(shard, FEATURES ".csv", text.data, text.len);
	buf_release(&text);
}

static void make_folder(void)
{
	if (*shards)
		return;
	FUZZ_CHECK(mkdtemp(folder), "no folder");
	atexit(remove_folder);
	shards[0] = make_shard("a");
	shards[1] = make_shard("b");
	for (int k = 0; k < N_SHARDS; k++) {
		nothing[k] = make_shard(k ? "nothing-b" : "nothing-a");
		put_facts(nothing[k], "", 0);
		put_rows(nothing[k], "", 0);
	}
	old_path = make_shard("old");
	next_path = reseal_path(folder, "next");
}

static int go_through(struct collate *c, const char *const *paths, const struct gz_output *output,
		      struct err *err)
{
	int rc;

	if (collate_open(c, paths, N_SHARDS, output, err))
		return -1;
	while ((rc = collate_step(c, err)) > 0)
		;
	return rc || collate_close(c, err) ? -1 : 0;
}

/* A run over those shards, from a state (NULL: none) to one (NULL: none); its table into `out`. */
static int run(char *const *paths, const char *old, const char *next, const struct options *opt,
	       struct buf *out, struct err *err)
{
	const struct gz_output output = {
		.path = fuzz_sink(0), .plain = true, .threads = 1, .no_sync = true
	};
	const char *inputs[N_SHARDS] = { paths[0], paths[1] };
	struct collate c = COLLATE_INIT;
	struct state_in in = STATE_IN_INIT;
	struct state_out left = STATE_OUT_INIT;
	int rc;

	c.whole.without_online = opt->without_online;
	c.watermark = opt->watermark;
	rc = names_append(&c.tables, opt->table, err);
	if (!rc && old) {
		c.old = &in;
		rc = state_in_open(&in, old, err) || state_in_count(&in, "until", &c.from, err);
	}
	if (!rc && next) {
		c.next = &left;
		c.until = UNTIL + (old != NULL);
		rc = state_out_open(&left, next, &output, err);
		manifest_add_int(&left.manifest, "until", UNTIL);
	}
	rc = rc || go_through(&c, inputs, &output, err) ? -1 : 0;
	collate_release(&c);
	state_in_release(&in);
	state_out_release(&left);
	if (!rc)
		fuzz_written(output.path, out);
	return rc;
}

/* The i-th file of a state, the last of which is the MANIFEST: whether it is there, and its bytes.
 */
static bool get_file(const char *state, int i, struct buf *bytes)
{
	char *path = reseal_path(state, i < STATE_N_TABLES ? reseal_files[i] : "MANIFEST");
	FILE *f = fopen(path, "rb");
	const bool is_there = f;
	size_t n = 0;

	do {
		bytes->len += n;
		n = f ? fread(buf_reserve(bytes, 4096), 1, 4096, f) : 0;
	} while (n);
	if (f)
		fclose(f);
	free(path);
	return is_there;
}

/* Puts the new state in the place of the old one. */
static void turn(void)
{
	struct buf bytes = BUF_INIT;

	for (int i = 0; i <= STATE_N_TABLES; i++) {
		buf_clear(&bytes);
		if (get_file(next_path, i, &bytes))
			reseal_write(old_path, i < STATE_N_TABLES ? reseal_files[i] : "MANIFEST",
				     bytes.data, bytes.len);
	}
	buf_release(&bytes);
}

/* A state that nothing comes after is left as it was. */
static void check_state(const struct options *opt)
{
	struct buf first = BUF_INIT, second = BUF_INIT, none = BUF_INIT;
	struct err err = ERR_INIT;

	turn();
	for (int i = 0; i < STATE_N_TABLES; i++)
		get_file(next_path, i, &first);
	FUZZ_CHECK(!run(nothing, old_path, next_path, opt, &none, &err), "%s", err.message);
	for (int i = 0; i < STATE_N_TABLES; i++)
		get_file(next_path, i, &second);
	FUZZ_CHECK(fuzz_same(&first, &second), "%zu and %zu bytes", first.len, second.len);
	buf_release(&first);
	buf_release(&second);
	buf_release(&none);
}

static void check_parts(const struct options *opt, bool is_taken, const struct buf *want)
{
	struct buf got = BUF_INIT, rest = BUF_INIT;
	struct err err = ERR_INIT;
	const char *rows;
	int rc;

	if (run(shards, NULL, next_path, opt, &got, &err)) {
		FUZZ_CHECK(!is_taken, "%s", err.message);
		fuzz_check_error(&err);
	} else {
		check_state(opt);
		rc = run(nothing, old_path, NULL, opt, &rest, &err);
		FUZZ_CHECK(!rc == is_taken, "%s", err.message);
		if (is_taken) {
			rows = memchr(rest.data, '\n', rest.len);
			FUZZ_CHECK(rows, "no header");
			buf_append(&got, rows + 1, (size_t)(rest.data + rest.len - rows - 1));
			FUZZ_CHECK(fuzz_same(&got, want), "%zu and %zu bytes", got.len, want->len);
		}
	}
	buf_release(&got);
	buf_release(&rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *swapped[N_SHARDS];
	struct fuzz f = fuzz_begin(data, size);
	struct buf one = BUF_INIT, other = BUF_INIT;
	struct err err = ERR_INIT;
	struct options opt;
	bool is_taken;

	opt.table = fuzz_option(&f, 2) ? "content_completion" : FEATURES;
	opt.without_online = fuzz_option(&f, 2);
	opt.watermark = fuzz_option(&f, 2) ? 150 : EVENT_UNKNOWN;
	make_folder();
	for (int k = 0; k < 2 * N_SHARDS; k++) {
		size_t len;
		const char *part = fuzz_part(&f, &len);

		if (k < N_SHARDS)
			put_facts(shards[k], part, len);
		else
			put_rows(shards[k - N_SHARDS], part, len);
	}
	is_taken = !run(shards, NULL, NULL, &opt, &one, &err);
	if (!is_taken)
		fuzz_check_error(&err);
	check_parts(&opt, is_taken, &one);
	swapped[0] = shards[1];
	swapped[1] = shards[0];
	err = (struct err)ERR_INIT;
	FUZZ_CHECK(!run(swapped, NULL, NULL, &opt, &other, &err) == is_taken, "%s", err.message);
	FUZZ_CHECK(!is_taken || fuzz_same(&one, &other), "%zu and %zu bytes", one.len, other.len);
	buf_release(&one);
	buf_release(&other);
	return 0;
}
