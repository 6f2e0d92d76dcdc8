/* The text of a model, read strictly. */
#include "base/mem.h"
#include "base/num.h"
#include "learn/bins.h"
#include "model/columnlines.h"
#include "model/lines.h"
#include "model/model.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

/* A line of a name; `-` leaves *name NULL, where it is optional. */
static int read_name(struct lines *s, const char *keyword, bool optional, char **name)
{
	struct buf text = BUF_INIT;
	int rc = -1;

	if (lines_keyword(s, keyword))
		return -1;
	if (optional && lines_have(s, " -"))
		return lines_end(s);
	if (!lines_name(s, &text) && !lines_end(s)) {
		*name = mem_dup(text.data, text.len);
		rc = 0;
	}
	buf_release(&text);
	return rc;
}

/* A line of one number; `-` leaves it alone. */
static int read_optional(struct lines *s, const char *keyword, int64_t min, bool *is_there,
			 int64_t *value)
{
	if (lines_keyword(s, keyword))
		return -1;
	*is_there = !lines_have(s, " -");
	if (*is_there && lines_int(s, min, INT64_MAX, value))
		return -1;
	return lines_end(s);
}

/* Before version 4 rows of any age were mature. */
static int read_horizon(struct lines *s, struct split *split)
{
	bool has_end = false;

	if (s->version < 4)
		return 0;
	if (read_optional(s, "horizon", 0, &split->has_horizon, &split->horizon))
		return -1;
	if (split->has_horizon && !split->time)
		return lines_fail(s, "a horizon without a time column");
	if (read_optional(s, "end", INT64_MIN, &has_end, &split->end))
		return -1;
	if (has_end != split->has_horizon)
		return lines_fail(s, has_end ? "an end without a horizon"
					     : "a horizon without an end");
	return 0;
}

static int read_parts(struct lines *s, struct split *split)
{
	for (int part = 0; part < SPLIT_N_PARTS; part++) {
		if (part == SPLIT_IMMATURE && s->version < 4)
			continue;
		if (lines_keyword(s, split_part_name((enum split_part)part)) ||
		    lines_count(s, &split->rows[part]) ||
		    (part != SPLIT_UNLABELLED && lines_count(s, &split->positives[part])) ||
		    lines_end(s))
			return -1;
		if (split->positives[part] > split->rows[part])
			return lines_fail(s, "more positives than rows");
	}
	return 0;
}

static int read_span(struct lines *s, struct split *split)
{
	if (s->version < 5)
		return 0;
	if (lines_keyword(s, "span"))
		return -1;
	split->has_span = !lines_have(s, " -");
	if (!split->has_span)
		return lines_end(s);
	if (!split->time)
		return lines_fail(s, "a span without a time column");
	if (lines_int(s, INT64_MIN, INT64_MAX, &split->first) ||
	    lines_int(s, INT64_MIN, INT64_MAX, &split->last))
		return -1;
	return split->first > split->last ? lines_fail(s, "a span that ends before it begins")
					  : lines_end(s);
}

static int read_split(struct lines *s, struct split *split)
{
	if (read_name(s, "label", false, &split->label) ||
	    read_name(s, "time", true, &split->time) ||
	    read_name(s, "known", true, &split->known) || read_horizon(s, split) ||
	    read_optional(s, "cut", INT64_MIN, &split->has_cut, &split->cut))
		return -1;
	if (split->has_cut && !split->time)
		return lines_fail(s, "a cut without a time column");
	return read_span(s, split) || read_parts(s, split) ? -1 : 0;
}

/* Before version 5 a model did not say what it was made from. */
static int read_origin(struct lines *s, struct model *m)
{
	struct buf name = BUF_INIT;
	int rc = 0;

	if (s->version < 5)
		return 0;
	if (read_name(s, "options", true, &m->options))
		return -1;
	while (!rc && lines_next_is(s, "source")) {
		rc = lines_name(s, &name) || lines_end(s);
		if (!rc)
			names_add(&m->sources, name.data, name.len);
	}
	buf_release(&name);
	return rc ? -1 : 0;
}

static int read_class_weight(struct lines *s, struct classweight *balance)
{
	if (lines_keyword(s, "class_weight"))
		return -1;
	if (lines_have(s, " none")) {
		balance->weight = CLASSWEIGHT_WEIGHT_NONE;
	} else if (lines_have(s, " balanced")) {
		balance->weight = CLASSWEIGHT_WEIGHT_BALANCED;
	} else {
		balance->weight = CLASSWEIGHT_WEIGHT_RATIO;
		if (lines_positive(s, &balance->ratio))
			return -1;
	}
	return lines_end(s);
}

static int read_options(struct lines *s, struct model *m)
{
	int resample = 0;
	int64_t bins;

	if (read_class_weight(s, &m->balance) || lines_keyword(s, "resample") ||
	    lines_choice(s, model_resample_names, &resample) || lines_end(s) ||
	    lines_read_int(s, "seed", 0, INT64_MAX, &m->balance.seed) ||
	    lines_read_int(s, "validation", 0, NUM_MILLION - 1, &m->validation) ||
	    lines_keyword(s, "learnt") || lines_count(s, &m->learnt) || lines_end(s))
		return -1;
	if (m->learnt > m->split.rows[SPLIT_TRAIN])
		return lines_fail(s, "more rows than train rows");
	if (lines_read_int(s, "bins", 0, BINS_MAX, &bins))
		return -1;
	m->bins = (size_t)bins;
	m->balance.resample = (enum classweight_resample)resample;
	return 0;
}

static int read_na(struct lines *s, struct names *na)
{
	struct buf list = BUF_INIT, again = BUF_INIT;
	struct err why = ERR_INIT;
	int rc;

	if (!lines_next_is(s, "na"))
		return 0;
	if (s->version < 3)
		return lines_fail(s, "not a line of version 2");
	rc = lines_name(s, &list) || lines_end(s);
	if (!rc && names_append(na, list.data, &why))
		rc = lines_fail(s, why.message);
	if (!rc) {
		names_put(&again, na);
		buf_append_char(&again, '\0');
		if (strcmp(again.data, list.data) != 0)
			rc = lines_fail(s, "blanks around a word");
	}
	buf_release(&list);
	buf_release(&again);
	return rc;
}

static int read_knot(struct lines *s, struct calibration *c, size_t i)
{
	if (lines_keyword(s, "knot") || lines_double(s, -DBL_MAX, &c->score[i]) ||
	    lines_double(s, 0, &c->probability[i]))
		return -1;
	if (c->probability[i] > 1 ||
	    (i && (c->score[i] <= c->score[i - 1] || c->probability[i] < c->probability[i - 1])))
		return lines_fail(s, "a knot out of order");
	return lines_end(s);
}

static int read_isotonic(struct lines *s, struct calibration *c)
{
	int64_t n;

	/* A knot takes 9 bytes at least, so that this many could be there. */
	if (lines_int(s, 1, (s->end - s->at) / 9, &n) || lines_end(s))
		return -1;
	c->score = mem_alloc((size_t)n, sizeof(*c->score));
	c->probability = mem_alloc((size_t)n, sizeof(*c->probability));
	c->n = (size_t)n;
	for (size_t i = 0; i < c->n; i++)
		if (read_knot(s, c, i))
			return -1;
	return 0;
}

static int read_calibration(struct lines *s, struct calibration *c)
{
	int kind;

	if (lines_keyword(s, "calibration") || lines_choice(s, model_calibration_names, &kind))
		return -1;
	c->kind = (enum calibration_kind)kind;
	if (c->kind == CALIBRATION_ISOTONIC)
		return read_isotonic(s, c);
	if (c->kind == CALIBRATION_PLATT && (lines_double(s, -COLUMNLINES_COEF_MAX, &c->slope) ||
					     lines_double(s, -COLUMNLINES_COEF_MAX, &c->intercept)))
		return -1;
	return c->slope > COLUMNLINES_COEF_MAX || c->intercept > COLUMNLINES_COEF_MAX
		       ? lines_fail(s, "a number out of range")
		       : lines_end(s);
}

/* The last line, and whether the model is what it says. */
static int read_end(struct lines *s, struct model *m)
{
	const char *keyword = s->version < 5 ? "crc32" : "model_id";
	struct buf want = BUF_INIT;
	const char *line;
	bool equal;

	if (lines_keyword(s, keyword))
		return -1;
	line = s->at - strlen(keyword);
	if (model_put_end(&want, s->version, s->text, (size_t)(line - s->text), m->id, s->err))
		return -1;
	equal = (size_t)(s->line_end + 1 - line) == want.len && !memcmp(line, want.data, want.len);
	buf_release(&want);
	if (!equal)
		return lines_fail(s, "the checksum is wrong: the file was changed or damaged");
	if (s->line_end + 1 < s->end) {
		s->line++;
		return lines_fail(s, s->version < 5 ? "text after the crc32 line"
						    : "text after the model_id line");
	}
	return 0;
}

static int read_head(struct lines *s, int *kind)
{
	if (lines_next(s))
		return -1;
	if (!lines_have(s, "ce-model"))
		return lines_fail(s, "not a model written by ce-train");
	s->version = lines_have(s, " 5")   ? 5
		     : lines_have(s, " 4") ? 4
		     : lines_have(s, " 3") ? 3
		     : lines_have(s, " 2") ? 2
					   : 0;
	if (!s->version || lines_end(s))
		return lines_fail(s, "a model of an unknown version: expected 2, 3, 4 or 5");
	if (lines_keyword(s, "kind") || lines_choice(s, model_kind_names, kind))
		return -1;
	return lines_end(s);
}

int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err)
{
	struct lines s = { .text = text, .end = text + len, .name = name, .err = err };
	int kind = 0;

	*m = (struct model)MODEL_INIT;
	if (read_head(&s, &kind))
		return -1;
	model_set_learner(m, model_learners[kind]);
	if (read_split(&s, &m->split) || read_origin(&s, m) || read_options(&s, m) ||
	    read_na(&s, &m->na) || m->learner->parse(&s, m) ||
	    read_calibration(&s, &m->calibration) || read_end(&s, m)) {
		model_release(m);
		return -1;
	}
	return 0;
}
