/* The text of a model, written. */
#include "io/gzio.h"
#include "io/sha256.h"
#include "model/lines.h"
#include "model/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_name(struct buf *out, const char *keyword, const char *name)
{
	buf_append_str(out, keyword);
	if (name)
		lines_put_string(out, name, strlen(name));
	else
		lines_put_word(out, "-");
	buf_append_char(out, '\n');
}

static void put_optional(struct buf *out, const char *keyword, bool is_there, int64_t value)
{
	buf_append_str(out, keyword);
	if (is_there)
		lines_put_int(out, value);
	else
		lines_put_word(out, "-");
	buf_append_char(out, '\n');
}

static void put_span(struct buf *out, const struct split *s)
{
	buf_append_str(out, "span");
	if (s->has_span) {
		lines_put_int(out, s->first);
		lines_put_int(out, s->last);
	} else {
		lines_put_word(out, "-");
	}
	buf_append_char(out, '\n');
}

static void put_split(struct buf *out, const struct split *s)
{
	put_name(out, "label", s->label);
	put_name(out, "time", s->time);
	put_name(out, "known", s->known);
	put_optional(out, "horizon", s->has_horizon, s->horizon);
	put_optional(out, "end", s->has_horizon, s->end);
	put_optional(out, "cut", s->has_cut, s->cut);
	put_span(out, s);
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		buf_append_str(out, split_part_name((enum split_part)part));
		lines_put_count(out, s->rows[part]);
		if (part != SPLIT_UNLABELLED)
			lines_put_count(out, s->positives[part]);
		buf_append_char(out, '\n');
	}
}

static void put_origin(struct buf *out, const struct model *m)
{
	put_name(out, "options", m->options);
	for (size_t i = 0; i < m->sources.n; i++)
		put_name(out, "source", m->sources.name[i]);
}

static void put_options(struct buf *out, const struct model *m)
{
	buf_append_str(out, "class_weight");
	if (m->balance.weight == CLASSWEIGHT_WEIGHT_RATIO)
		lines_put_double(out, m->balance.ratio);
	else
		lines_put_word(out, m->balance.weight == CLASSWEIGHT_WEIGHT_BALANCED ? "balanced"
										     : "none");
	buf_append_str(out, "\nresample");
	lines_put_word(out, model_resample_names[m->balance.resample]);
	buf_append_char(out, '\n');
	lines_add_int(out, "seed", m->balance.seed);
	lines_add_int(out, "validation", m->validation);
	lines_add_int(out, "learnt", (int64_t)m->learnt);
	lines_add_int(out, "bins", (int64_t)m->bins);
}

static void put_na(struct buf *out, const struct names *na)
{
	struct buf list = BUF_INIT;

	if (!na->n)
		return;
	names_put(&list, na);
	buf_append_str(out, "na");
	lines_put_string(out, list.data, list.len);
	buf_append_char(out, '\n');
	buf_release(&list);
}

static void put_calibration(struct buf *out, const struct calibration *c)
{
	buf_append_str(out, "calibration");
	lines_put_word(out, model_calibration_names[c->kind]);
	if (c->kind == CALIBRATION_PLATT) {
		lines_put_double(out, c->slope);
		lines_put_double(out, c->intercept);
	} else if (c->kind == CALIBRATION_ISOTONIC) {
		lines_put_count(out, c->n);
	}
	buf_append_char(out, '\n');
	for (size_t i = 0; i < c->n; i++) {
		buf_append_str(out, "knot");
		lines_put_double(out, c->score[i]);
		lines_put_double(out, c->probability[i]);
		buf_append_char(out, '\n');
	}
}

int model_put_end(struct buf *out, int64_t version, const char *text, size_t len, char id[MODEL_ID],
		  struct err *err)
{
	char hex[SHA256_HEX], crc[16];

	if (sha256_bytes(hex, text, len, err))
		return -1;
	memcpy(id, hex, MODEL_ID - 1);
	id[MODEL_ID - 1] = '\0';
	snprintf(crc, sizeof(crc), "%08" PRIx32, gz_crc32(0, text, len));
	buf_append_str(out, version < 5 ? "crc32" : "model_id");
	lines_put_word(out, version < 5 ? crc : id);
	buf_append_char(out, '\n');
	return 0;
}

int model_format(struct buf *out, const struct model *m, struct err *err)
{
	size_t start = out->len;
	char id[MODEL_ID];

	buf_append_str(out, "ce-model");
	lines_put_int(out, MODEL_FORMAT);
	buf_append_str(out, "\nkind");
	lines_put_word(out, m->learner->name);
	buf_append_char(out, '\n');
	put_split(out, &m->split);
	put_origin(out, m);
	put_options(out, m);
	put_na(out, &m->na);
	m->learner->format(out, m);
	put_calibration(out, &m->calibration);
	return model_put_end(out, MODEL_FORMAT, out->data + start, out->len - start, id, err);
}
