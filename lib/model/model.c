#include "model/model.h"

#include "base/mem.h"

#include <stdlib.h>

#define READ_SIZE ((size_t)64 * 1024)

const struct model_learner *const model_learners[] = {
#define LEARNER(name) &learner_##name,
#include "model/learners.def"
	NULL
};

const char *const model_kind_names[] = {
#define LEARNER(name) #name,
#include "model/learners.def"
	NULL
};

const char *const model_calibration_names[] = { "none", "platt", "isotonic", NULL };
const char *const model_resample_names[] = { "none", "over", "under", NULL };

void model_set_learner(struct model *m, const struct model_learner *learner)
{
	m->learner = learner;
	m->fit = mem_zalloc(1, learner->size);
}

double model_score(const struct model *m, const double *value, struct matrix_row *scratch)
{
	return m->learner->score(m, value, scratch);
}

double model_probability(const struct model *m, const double *value, struct matrix_row *scratch)
{
	return calibration_probability(&m->calibration, model_score(m, value, scratch));
}

void model_explainer_init(struct model_explainer *x, const struct model *m)
{
	*x = (struct model_explainer){ .model = m };
	x->prepared = m->learner->explain_new(m, &x->base);
}

void model_explain(const struct model_explainer *x, const double *value, size_t n,
		   double *contribution)
{
	x->model->learner->explain(x->model, x->prepared, value, n, contribution);
}

void model_explainer_release(struct model_explainer *x)
{
	if (x->model)
		x->model->learner->explain_free(x->prepared);
	*x = (struct model_explainer){ 0 };
}

void model_release(struct model *m)
{
	if (m->fit)
		m->learner->release(m->fit);
	free(m->fit);
	m->fit = NULL;
	names_release(&m->na);
	names_release(&m->sources);
	free(m->options);
	m->options = NULL;
	split_release(&m->split);
	encoding_release(&m->encoding);
	calibration_release(&m->calibration);
}

int model_write(const struct model *m, struct gz_writer *out, struct err *err)
{
	struct buf text = BUF_INIT;
	int rc = model_format(&text, m, err);

	if (!rc && text.len > MODEL_SIZE_MAX)
		rc = err_set(err, ERR_RUNTIME,
			     "the model takes %zu MiB, but at most %zu MiB can be read back: train "
			     "with fewer --trees or --leaves",
			     text.len >> 20, MODEL_SIZE_MAX >> 20);
	else if (!rc)
		rc = gz_writer_write(out, text.data, text.len, err);
	buf_release(&text);
	return rc;
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
