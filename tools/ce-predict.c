/* ce-predict: adds what a model says to the rows of a feature table. */
#include "cli.h"
#include "csvio.h"
#include "mem.h"
#include "model.h"
#include "schema.h"

#include <stdlib.h>

struct opts {
	const char *model;
	double threshold;
	bool keys;
	struct cli_choice split; /* which part's rows to write; an enum split_part, or ALL_PARTS */
};

#define ALL_PARTS SPLIT_N_PARTS

/* The table of a prediction: its keys, then what the model says. */
#define N_SAID ((size_t)3)

struct prediction {
	struct model model;
	const struct schema_table *table;
	int *index; /* of each of the model's columns */
	int *key;   /* [table->n - N_SAID], with --keys */
	struct split_index split;
	double *value; /* [model.encoding.n_values] */
	struct matrix_row scratch;
};

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
	p->table = schema_table("completion_predictions");
	p->index = mem_alloc(p->model.encoding.n, sizeof(*p->index));
	p->key = mem_alloc(p->table->n, sizeof(*p->key));
	p->value = mem_alloc(p->model.encoding.n_values, sizeof(*p->value));
	matrix_row_init(&p->scratch, &p->model.encoding.shape);
	for (size_t i = 0; opt->keys && i < p->table->n - N_SAID; i++) {
		p->key[i] = schema_require(in, p->table->columns[i].name, err);
		if (p->key[i] < 0)
			return -1;
	}
	return schema_refuse(in, p->table->columns + p->table->n - N_SAID, N_SAID, err) ||
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

	if (split_read(&p->split, in, row, &split, err))
		return -1;
	part = split_part(&p->model.split, &split);
	if (opt->split.value != ALL_PARTS && opt->split.value != (int)part)
		return 0;
	if (encoding_read(&p->model.encoding, p->index, in, row, p->value, err))
		return -1;
	probability = model_probability(&p->model, p->value, &p->scratch);
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
	free(p->value);
	free(p->index);
	free(p->key);
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
	struct opts opt = { .threshold = 0.5, .split = { parts, ALL_PARTS } };
	const struct cli_option options[] = {
		{ 'm', "model", "FILE", "the model, as ce-train wrote it (required)", cli_string,
		  &opt.model },
		{ 't', "threshold", "P", "predict 1 from this probability on (0.5)", cli_real,
		  &opt.threshold },
		{ 'k', "keys", NULL, "write keys and predictions only", cli_flag, &opt.keys },
		{ 0, "split", "WORD", "write the rows of that part of the split (all)", cli_choice,
		  &opt.split },
		{ 0 }
	};
	struct cli cli = { .tool = "ce-predict",
			   .purpose = "Predict the rows of a feature table with a model.",
			   .operands = "[FILE ...]",
			   .options = options };
	struct prediction p = { .model = MODEL_INIT };
	struct csv_reader in = CSV_READER_INIT;
	struct csv_writer out = CSV_WRITER_INIT;
	const struct csv_row *row;
	struct err err = ERR_INIT;
	int rc;

	cli_parse(&cli, argc, argv);
	if (!opt.model)
		cli_usage_error(&cli, "which model? (-m FILE)");
	if (!(opt.threshold >= 0 && opt.threshold <= 1))
		cli_usage_error(&cli, "--threshold: must be from 0 to 1");
	if (model_read(&p.model, opt.model, &err) || csv_reader_open(&in, &cli.input, &err) ||
	    bind(&p, &opt, &in, &err) || csv_writer_open(&out, &cli.output, &err))
		cli_die(&cli, &err);
	put_header(&p, &opt, &in, &out.row);
	for (csv_end_row(&out.row); (rc = csv_reader_next(&in, &row, &err)) > 0;) {
		cli_progress(&cli, in.n_rows);
		rc = predict(&p, &opt, &in, row, &out.row, &err);
		if (rc < 0 || (rc && csv_writer_end_row(&out, &err)))
			cli_die(&cli, &err);
	}
	if (rc < 0 || csv_writer_close(&out, &err))
		cli_die(&cli, &err);
	cli_done(&cli, in.n_rows, out.n_rows);
	csv_reader_close(&in);
	release(&p);
	return 0;
}
