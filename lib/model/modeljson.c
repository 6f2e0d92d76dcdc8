#include "model/modeljson.h"

#include "base/jsonout.h"
#include "base/num.h"

static void put_optional(struct jsonout *j, const char *key, bool is_there, int64_t value)
{
	jsonout_key(j, key);
	if (is_there)
		jsonout_int(j, value);
	else
		jsonout_null(j);
}

static void put_names(struct jsonout *j, const char *key, const struct names *names)
{
	jsonout_key(j, key);
	jsonout_open(j, '[');
	for (size_t i = 0; i < names->n; i++)
		jsonout_str(j, names->name[i]);
	jsonout_close(j, ']');
}

static void put_split(struct jsonout *j, const struct split *s)
{
	jsonout_key(j, "label");
	jsonout_str(j, s->label);
	jsonout_key(j, "time");
	jsonout_str(j, s->time);
	jsonout_key(j, "known");
	jsonout_str(j, s->known);
	put_optional(j, "horizon", s->has_horizon, s->horizon);
	put_optional(j, "end", s->has_horizon, s->end);
	put_optional(j, "cut", s->has_cut, s->cut);
	put_optional(j, "first", s->has_span, s->first);
	put_optional(j, "last", s->has_span, s->last);
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		jsonout_key(j, split_part_name((enum split_part)part));
		jsonout_open(j, '{');
		jsonout_key(j, "rows");
		jsonout_count(j, s->rows[part]);
		if (part != SPLIT_UNLABELLED) {
			jsonout_key(j, "positives");
			jsonout_count(j, s->positives[part]);
		}
		jsonout_close(j, '}');
	}
}

static void put_options(struct jsonout *j, const struct model *m)
{
	const struct classweight *b = &m->balance;

	jsonout_key(j, "class_weight");
	if (b->weight == CLASSWEIGHT_WEIGHT_RATIO)
		jsonout_real(j, b->ratio);
	else
		jsonout_str(j, b->weight == CLASSWEIGHT_WEIGHT_BALANCED ? "balanced" : "none");
	jsonout_key(j, "resample");
	jsonout_str(j, model_resample_names[b->resample]);
	jsonout_key(j, "seed");
	jsonout_int(j, b->seed);
	jsonout_key(j, "validation");
	jsonout_real(j, (double)m->validation / NUM_MILLION);
	jsonout_key(j, "trained_rows");
	jsonout_count(j, m->learnt);
	jsonout_key(j, "bins");
	jsonout_count(j, m->bins);
	put_names(j, "na", &m->na);
}

static void put_calibration(struct jsonout *j, const struct calibration *c)
{
	jsonout_key(j, "calibration");
	jsonout_open(j, '{');
	jsonout_key(j, "kind");
	jsonout_str(j, model_calibration_names[c->kind]);
	if (c->kind == CALIBRATION_PLATT) {
		jsonout_key(j, "slope");
		jsonout_real(j, c->slope);
		jsonout_key(j, "intercept");
		jsonout_real(j, c->intercept);
	} else if (c->kind == CALIBRATION_ISOTONIC) {
		jsonout_key(j, "knots");
		jsonout_open(j, '[');
		for (size_t i = 0; i < c->n; i++) {
			jsonout_open(j, '[');
			jsonout_real(j, c->score[i]);
			jsonout_real(j, c->probability[i]);
			jsonout_close(j, ']');
		}
		jsonout_close(j, ']');
	}
	jsonout_close(j, '}');
}

static void put_constants(struct jsonout *j, const struct encoding *e)
{
	jsonout_key(j, "constant");
	jsonout_open(j, '[');
	for (size_t i = 0; i < e->n; i++)
		if (e->columns[i].kind == ENCODING_CONSTANT)
			jsonout_str(j, e->columns[i].name);
	jsonout_close(j, ']');
}

void modeljson_put(struct buf *out, const struct model *m)
{
	struct jsonout j = { .out = out };

	jsonout_open(&j, '{');
	jsonout_key(&j, "model_id");
	jsonout_str(&j, m->id);
	jsonout_key(&j, "kind");
	jsonout_str(&j, m->learner->name);
	jsonout_key(&j, "options");
	jsonout_str(&j, m->options);
	put_names(&j, "sources", &m->sources);
	put_split(&j, &m->split);
	put_options(&j, m);
	put_calibration(&j, &m->calibration);
	put_constants(&j, &m->encoding);
	jsonout_key(&j, "learners");
	jsonout_open(&j, '[');
	m->learner->put_json(&j, m);
	jsonout_close(&j, ']');
	jsonout_close(&j, '}');
	buf_append_char(out, '\n');
}
