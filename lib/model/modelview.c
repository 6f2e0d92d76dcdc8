#include "model/modelview.h"

#include "base/num.h"
#include "model/splittext.h"
#include "model/viewtext.h"

static void put_part(struct buf *out, const char *title, const struct split *s,
		     enum split_part part)
{
	uint64_t rows = s->rows[part], positives = s->positives[part];

	buf_printf(out, "%-14s%llu rows", title, (unsigned long long)rows);
	if (rows && part != SPLIT_UNLABELLED)
		buf_printf(out, ", %llu positive (%.1f %%)", (unsigned long long)positives,
			   100 * (double)positives / (double)rows);
}

static void put_horizon(struct buf *out, const struct split *s)
{
	if (!s->has_horizon)
		return;
	buf_append_str(out, "horizon       ");
	splittext_put_length(out, s, s->horizon);
	buf_append_str(out, ", by which labels are known; rows end at ");
	splittext_put_time(out, s, s->end);
	buf_append_char(out, '\n');
}

static void put_split(struct buf *out, const struct split *s)
{
	buf_append_str(out, "predicts      ");
	viewtext_whole(out, s->label);
	buf_append_char(out, '\n');
	put_horizon(out, s);
	put_part(out, "train", s, SPLIT_TRAIN);
	if (s->has_cut) {
		buf_append_str(out, s->has_horizon ? ", older than that at " : ", before ");
		splittext_put_time(out, s, s->cut);
	}
	buf_append_char(out, '\n');
	if (s->has_span) {
		buf_append_str(out, "              from ");
		splittext_put_time(out, s, s->first);
		buf_append_str(out, " to ");
		splittext_put_time(out, s, s->last);
		buf_append_char(out, '\n');
	}
	if (s->has_cut) {
		put_part(out, "test", s, SPLIT_TEST);
		buf_append_str(out, ", at or after it\n");
	}
	if (s->rows[SPLIT_PURGED]) {
		put_part(out, "purged", s, SPLIT_PURGED);
		buf_append_str(out, s->has_horizon
					    ? ", before it, but younger, or the label was not "
					      "known by then\n"
					    : ", before it, but the label was not known by then\n");
	}
	if (s->rows[SPLIT_IMMATURE]) {
		put_part(out, "immature", s, SPLIT_IMMATURE);
		buf_append_str(out, ", after it, but not older than the horizon at the end\n");
	}
	if (s->rows[SPLIT_UNLABELLED]) {
		put_part(out, "unlabelled", s, SPLIT_UNLABELLED);
		buf_append_char(out, '\n');
	}
}

/* Where they are not all train rows. */
static void put_trained_on(struct buf *out, const struct model *m)
{
	if (m->validation)
		buf_printf(out, "trained on    %llu rows; validation rows: the newest %g %%\n",
			   (unsigned long long)m->learnt,
			   (double)m->validation * 100 / NUM_MILLION);
}

static void put_balance(struct buf *out, const struct classweight *b)
{
	if (b->weight == CLASSWEIGHT_WEIGHT_BALANCED)
		buf_append_str(out,
			       "class weights balanced: both classes have the same total weight\n");
	else if (b->weight == CLASSWEIGHT_WEIGHT_RATIO)
		buf_printf(out, "class weights %g for a positive row, 1 for a negative row\n",
			   b->ratio);
	if (b->resample != CLASSWEIGHT_RESAMPLE_NONE)
		buf_printf(out, "resampled     %s (seed %lld)\n",
			   b->resample == CLASSWEIGHT_RESAMPLE_OVER
				   ? "the rarer class is oversampled"
				   : "the more frequent class is undersampled",
			   (long long)b->seed);
}

static void put_calibration(struct buf *out, const struct calibration *c)
{
	if (c->kind == CALIBRATION_PLATT)
		buf_printf(out, "calibrated    by Platt scaling: %.4g times the score %+.4g\n",
			   c->slope, c->intercept);
	else if (c->kind == CALIBRATION_ISOTONIC)
		buf_printf(out,
			   "calibrated    by isotonic regression: %zu knots, scores %.4g to %.4g, "
			   "probabilities %.4g to %.4g\n",
			   c->n, c->score[0], c->score[c->n - 1], c->probability[0],
			   c->probability[c->n - 1]);
}

static void put_na(struct buf *out, const struct names *na)
{
	struct viewtext_list list = { out, "read as empty ", 0 };

	for (size_t i = 0; i < na->n; i++)
		viewtext_item(&list, na->name[i]);
	viewtext_list_end(&list);
}

static void put_constants(struct buf *out, const struct encoding *e)
{
	struct viewtext_list list = { out, "constant      ", 0 };

	for (size_t i = 0; i < e->n; i++)
		if (e->columns[i].kind == ENCODING_CONSTANT)
			viewtext_item(&list, e->columns[i].name);
	viewtext_list_end(&list);
}

/* Of a model that is in a file: of one of before version 5, only the id. */
static void put_origin(struct buf *out, const struct model *m)
{
	struct viewtext_list sources = { out, "made from     ", 0 };

	if (*m->id)
		buf_printf(out, "model_id      %s\n", m->id);
	for (size_t i = 0; i < m->sources.n; i++)
		viewtext_item(&sources, m->sources.name[i]);
	viewtext_list_end(&sources);
	if (m->options && *m->options) {
		buf_append_str(out, "options       ");
		viewtext_whole(out, m->options);
		buf_append_char(out, '\n');
	}
}

void modelview_put(struct buf *out, const struct model *m)
{
	put_origin(out, m);
	put_split(out, &m->split);
	put_trained_on(out, m);
	m->learner->put_summary(out, m);
	put_balance(out, &m->balance);
	put_calibration(out, &m->calibration);
	put_na(out, &m->na);
	put_constants(out, &m->encoding);
	m->learner->put_columns(out, m);
}

int modelview_write_trees(struct gz_writer *out, const struct model *m, struct err *err)
{
	return m->learner->write_trees ? m->learner->write_trees(out, m, err) : 0;
}
