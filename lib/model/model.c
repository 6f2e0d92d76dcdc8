#include "model/model.h"

#include "io/gzio.h"

#define READ_SIZE ((size_t)64 * 1024)

const char *const model_kind_names[] = { "logistic", "gbdt", NULL };
const char *const model_calibration_names[] = { "none", "platt", "isotonic", NULL };
const char *const model_resample_names[] = { "none", "over", "under", NULL };

double model_score(const struct model *m, const double *value, struct matrix_row *scratch)
{
	if (m->kind == MODEL_GBDT)
		return trees_score(&m->trees, value);
	encoding_expand(&m->encoding, value, scratch);
	return logistic_score(&m->logistic, &m->encoding.shape, scratch);
}

double model_probability(const struct model *m, const double *value, struct matrix_row *scratch)
{
	return calibration_probability(&m->calibration, model_score(m, value, scratch));
}

void model_release(struct model *m)
{
	split_release(&m->split);
	encoding_release(&m->encoding);
	logistic_release(&m->logistic);
	trees_release(&m->trees);
	calibration_release(&m->calibration);
}

int model_read(struct model *m, const char *path, struct err *err)
{
	struct gz_reader in = GZ_READER_INIT;
	struct buf text = BUF_INIT;
	ptrdiff_t n;
	int rc = -1;

	if (gz_reader_open(&in, path, 0, err))
		return -1;
	while ((n = gz_reader_read(&in, buf_reserve(&text, READ_SIZE), READ_SIZE, err)) > 0 &&
	       text.len <= MODEL_SIZE_MAX)
		text.len += (size_t)n;
	if (text.len > MODEL_SIZE_MAX)
		err_set(err, ERR_RUNTIME, "%s: more than 64 MiB: not a model written by ce-train",
			in.name);
	else if (!n)
		rc = model_parse(m, text.data, text.len, in.name, err);
	gz_reader_close(&in);
	buf_release(&text);
	return rc;
}
