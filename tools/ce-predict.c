/* ce-predict: adds what a model says to the rows of a feature table. */
#include "base/mem.h"
#include "base/pool.h"
#include "cli.h"
#include "eval/drift.h"
#include "eval/importance.h"
#include "eval/sample.h"
#include "model/model.h"
#include "table/catalogue.h"
#include "table/columns.h"
#include "table/csvio.h"

#include <stdlib.h>

struct opts {
	const char *model;
	double threshold;
	bool keys;
	struct cli_choice split; /* which part's rows to write; an enum split_part, or ALL_PARTS */
	const char *importance, *drift;
	int64_t repeats, sample, seed; /* -1: not given */
};

#define DUPCHECK_MAX 1000

#define ALL_PARTS SPLIT_N_PARTS

/* The table of a prediction: its keys, then what the model says. */
#define N_SAID ((size_t)3)

struct prediction {
	struct model model;
	const struct catalogue_table *table;
	int *index; /* of each of the model's columns */
	int *key;   /* [table->n - N_SAID], with --keys */
	struct split_index split;
	double *value; /* [model.encoding.n_values] */
	struct matrix_row scratch;
	struct sample train, test; /* for --drift; for both */
	bool samples;              /* they are wanted */
};

static void check_opts(const struct cli *cli, struct opts *opt)
{
	if (!opt->model)
		cli_usage_error(cli, "which model? (-m FILE)");
	if (!(opt->threshold >= 0 && opt->threshold <= 1))
		cli_usage_error(cli, "--threshold: must be from 0 to 1");
	if (opt->repeats >= 0 && !opt->importance)
		cli_usage_error(cli, "--repeats: for --importance");
	if ((opt->sample >= 0 || opt->seed >= 0) && !opt->importance && !opt->drift)
		cli_usage_error(cli, "--sample, --seed: for --importance or --drift");
	if (!opt->repeats || opt->repeats > DUPCHECK_MAX)
		cli_usage_error(cli, "--repeats: must be from 1 to %d", DUPCHECK_MAX);
	if (!opt->sample || opt->sample > UINT32_MAX)
		cli_usage_error(cli, "--sample: must be from 1 to 2^32 - 1");
	if (opt->repeats < 0)
		opt->repeats = 5;
	if (opt->sample < 0)
		opt->sample = 20000;
	if (opt->seed < 0)
		opt->seed = 1;
}

static void put_header(const struct prediction *p, const struct opts *opt,
		       const struct csv_reader *in, struct buf *out)
{
	for (size_t i = 0; !opt->keys && i < in->header.n; i++)
		csv_put_str(out, in->header.names[i]);
	for (size_t i = opt->keys ? 0 : p->table->n - N_SAID; i < p->table->n; i++)
		csv_put_str(out, p->table->columns[i].name);
}

static int bind(struct prediction *p, const struct opts *opt, const struct csv_reader *in,
		struct err *err)
{
	p->table = catalogue_table("completion_predictions");
	p->index = mem_alloc(p->model.encoding.n, sizeof(*p->index));
	p->key = mem_alloc(p->table->n, sizeof(*p->key));
	p->value = mem_alloc(p->model.encoding.n_values, sizeof(*p->value));
	matrix_row_init(&p->scratch, &p->model.encoding.shape);
	p->samples = opt->importance || opt->drift;
	/* Streams of the seed that no shuffling has: those count from 0. */
	sample_init(&p->train, (size_t)opt->sample, p->model.encoding.n_values, (uint64_t)opt->seed,
		    UINT64_MAX);
	sample_init(&p->test, (size_t)opt->sample, p->model.encoding.n_values, (uint64_t)opt->seed,
		    UINT64_MAX - 1);
	for (size_t i = 0; opt->keys && i < p->table->n - N_SAID; i++) {
		p->key[i] = columns_require(in, p->table->columns[i].name, err);
		if (p->key[i] < 0)
			return -1;
	}
	return columns_refuse(in, p->table->columns + p->table->n - N_SAID, N_SAID, err) ||
			       split_bind(&p->model.split, in, &p->split, err) ||
			       encoding_bind(&p->model.encoding, in, p->index, err)
		       ? -1
		       : 0;
}

/* Returns 1 with a row in `out`, 0 if the row is of another part than is wanted, or -1 with err. */
static int predict(struct prediction *p, const struct opts *opt, const struct csv_reader *in,
		   const struct csv_row *row, struct buf *out, struct err *err)
{
	struct split_row split;
	enum split_part part;
	double probability;
	bool is_written, is_sampled;

	if (split_read(&p->split, in, row, &split, err))
		return -1;
	part = split_part(&p->model.split, &split);
	is_written = opt->split.value == ALL_PARTS || opt->split.value == (int)part;
	is_sampled = p->samples && (part == SPLIT_TEST || (part == SPLIT_TRAIN && opt->drift));
	if (!is_written && !is_sampled)
		return 0;
	if (encoding_read(&p->model.encoding, p->index, in, row, p->value, err))
		return -1;
	probability = model_probability(&p->model, p->value, &p->scratch);
	if (is_sampled)
		sample_offer(part == SPLIT_TEST ? &p->test : &p->train, p->value, probability,
			     split.label);
	if (!is_written)
		return 0;
	if (!opt->keys)
		csv_put_raw(out, row->raw, row->raw_len);
	for (size_t i = 0; opt->keys && i < p->table->n - N_SAID; i++)
		csv_put_field(out, &row->fields[p->key[i]]);
	csv_put_double(out, probability);
	csv_put_int(out, probability >= opt->threshold);
	csv_put_str(out, split_part_name(part));
	return 1;
}

static void release(struct prediction *p)
{
	model_release(&p->model);
	matrix_row_release(&p->scratch);
	sample_release(&p->train);
	sample_release(&p->test);
	free(p->value);
	free(p->index);
	free(p->key);
}

/* The outputs: the predictions, then what --importance and --drift ask for. */
struct outputs {
	struct csv_writer rows, importance, drift;
	struct csv_writer *all[3];
	size_t n;
};

static int open_output(struct outputs *o, struct csv_writer *w, const struct gz_output *output,
		       const char *path, struct err *err)
{
	struct gz_output to = *output;

	if (path)
		to.path = path;
	o->all[o->n++] = w;
	return csv_writer_open(w, &to, err);
}

static int open_outputs(struct outputs *o, const struct cli *cli, const struct opts *opt,
			struct err *err)
{
	o->n = 0;
	return open_output(o, &o->rows, &cli->output, NULL, err) ||
			       (opt->importance && open_output(o, &o->importance, &cli->output,
							       opt->importance, err)) ||
			       (opt->drift &&
				open_output(o, &o->drift, &cli->output, opt->drift, err))
		       ? -1
		       : 0;
}

/* Puts where the rows came from, and what for, before what is wrong with them. */
static int fail_of_rows(const struct csv_reader *in, const char *option, struct err *err)
{
	struct err why = *err;

	return err_set(err, why.kind, "%s: %s: %s", in->file, option, why.message);
}

static int write_importance(const struct prediction *p, const struct opts *opt, int threads,
			    const struct csv_reader *in, struct csv_writer *out, struct err *err)
{
	struct pool *pool = pool_new(threads);
	struct importance importance;
	int rc = importance_compute(&importance, &p->model, &p->test, (size_t)opt->repeats,
				    (uint64_t)opt->seed, pool, err);

	pool_free(pool);
	rc = rc ? fail_of_rows(in, "--importance", err) : importance_write(&importance, out, err);
	importance_release(&importance);
	return rc;
}

static int write_drift(const struct prediction *p, const struct csv_reader *in,
		       struct csv_writer *out, struct err *err)
{
	const struct sample *const parts[] = { &p->train, &p->test };
	struct drift drift;
	int rc = drift_compute(&drift, &p->model, parts, err);

	rc = rc ? fail_of_rows(in, "--drift", err) : drift_write(&drift, out, err);
	drift_release(&drift);
	return rc;
}

int main(int argc, char **argv)
{
	/* In the order of enum split_part. */
	const char *const parts[] = { split_part_name(SPLIT_TRAIN),
				      split_part_name(SPLIT_TEST),
				      split_part_name(SPLIT_PURGED),
				      split_part_name(SPLIT_UNLABELLED),
				      "all",
				      NULL };
	struct opts opt = { .threshold = 0.5,
			    .split = { parts, ALL_PARTS },
			    .repeats = -1,
			    .sample = -1,
			    .seed = -1 };
	const struct cli_option options[] = {
		{ 'm', "model", "FILE", "the model, as ce-train wrote it (required)", cli_string,
		  &opt.model },
		{ 't', "threshold", "P", "predict 1 from this probability on (0.5)", cli_real,
		  &opt.threshold },
		{ 'k', "keys", NULL, "write keys and predictions only", cli_flag, &opt.keys },
		{ 0, "split", "WORD", "write the rows of that part of the split (all)", cli_choice,
		  &opt.split },
		{ 0, "importance", "FILE", "write what shuffling each feature costs", cli_string,
		  &opt.importance },
		{ 0, "repeats", "N", "how often to shuffle each (5)", cli_count, &opt.repeats },
		{ 0, "drift", "FILE", "write how far each moved from train to test", cli_string,
		  &opt.drift },
		{ 0, "sample", "N", "of at most N rows of each part (20000)", cli_count,
		  &opt.sample },
		{ 0, "seed", "N", "of sampling and shuffling (1)", cli_count, &opt.seed },
		{ 0 }
	};
	struct cli cli = { .tool = "ce-predict",
			   .purpose = "Predict the rows of a feature table with a model.",
			   .operands = "[FILE ...]",
			   .options = options };
	struct prediction p = { .model = MODEL_INIT };
	struct csv_reader in = CSV_READER_INIT;
	struct outputs out = { .n = 0 };
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	cli_parse(&cli, argc, argv);
	check_opts(&cli, &opt);
	if (model_read(&p.model, opt.model, &err) || csv_reader_open(&in, &cli.input, &err) ||
	    bind(&p, &opt, &in, &err) || open_outputs(&out, &cli, &opt, &err))
		cli_die(&cli, &err);
	put_header(&p, &opt, &in, &out.rows.row);
	for (csv_end_row(&out.rows.row); (rc = csv_reader_next(&in, &row, &err)) > 0;) {
		cli_progress(&cli, in.n_rows);
		rc = predict(&p, &opt, &in, row, &out.rows.row, &err);
		if (rc < 0 || (rc && csv_writer_end_row(&out.rows, &err)))
			cli_die(&cli, &err);
	}
	if (rc < 0 ||
	    (opt.importance &&
	     write_importance(&p, &opt, cli.input.threads, &in, &out.importance, &err)) ||
	    (opt.drift && write_drift(&p, &in, &out.drift, &err)) ||
	    csv_writer_close_all(out.all, out.n, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, out.rows.n_rows);
	csv_reader_close(&in);
	release(&p);
	return 0;
}
