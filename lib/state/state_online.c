#include "state/state_online.h"

#include "base/num.h"

#include <math.h>

#define MEAN_MAX 1e9
#define ROUNDING 1e-9 /* of the sum of the weights, at most */

int state_online_write(const struct state_online *o, struct state_out *out, struct err *err)
{
	struct csv_writer *w = state_out_table(out, STATE_EFFECTS, err);

	return w ? online_put_effects(o->online, o->users, o->contents, o->genres, w, err) : -1;
}

static uint32_t take_name(struct state_reader *r, struct intern *names,
			  const struct csv_value *value)
{
	if (value->kind == CSV_TEXT && value->len)
		return intern_id(names, value->text, value->len);
	state_refuse(r, value);
	return 0;
}

static uint32_t take_user(const struct state_online *o, struct state_reader *r,
			  const struct csv_value *value)
{
	return o->has_no_users ? take_name(r, o->users, value) : state_id(r, o->users, value);
}

static uint32_t take_hour(struct state_reader *r, const struct csv_value *value)
{
	int64_t hour;

	if (value->kind == CSV_TEXT && !num_parse_int(value->text, value->len, &hour) &&
	    hour >= 0 && hour < ONLINE_HOURS)
		return (uint32_t)hour;
	state_refuse(r, value);
	return 0;
}

static uint32_t take_runtime(struct state_reader *r, const struct csv_value *value)
{
	uint32_t level = value->kind == CSV_TEXT ? online_runtime_parse(value->text, value->len)
						 : INTERN_NONE;

	if (level != INTERN_NONE)
		return level;
	state_refuse(r, value);
	return 0;
}

/* The id of the effect that a row is of. */
static uint32_t take_id(const struct state_online *o, struct state_reader *r,
			const struct row_online_effects *row, enum effects_level level)
{
	struct online *online = o->online;
	const struct csv_value *value = &row->level_value;
	uint32_t user;

	if (level != EFFECTS_USER_GENRE && row->genre.kind != CSV_NULL)
		state_refuse(r, &row->genre);
	switch (level) {
	case EFFECTS_USER:
		return take_user(o, r, value);
	case EFFECTS_CONTENT:
		return state_id(r, o->contents, value);
	case EFFECTS_USER_GENRE:
		user = take_user(o, r, value);
		return online_user_genre(online, user, take_name(r, o->genres, &row->genre));
	case EFFECTS_GENRE:
		return take_name(r, o->genres, value);
	case EFFECTS_DEVICE:
		return take_name(r, &online->devices, value);
	case EFFECTS_HOUR:
		return take_hour(r, value);
	case EFFECTS_PLAN:
		return take_name(r, &online->plans, value);
	case EFFECTS_RUNTIME:
		return take_runtime(r, value);
	case EFFECTS_BIAS:
	case EFFECTS_N_LEVELS:
		break;
	}
	if (value->kind != CSV_NULL)
		state_refuse(r, value);
	return 0;
}

/* The rows of one effect, an expert's each, in the order of --drift. */
struct reading {
	int64_t until;  /* that of the state */
	size_t n;       /* rows so far */
	int level;      /* of the latest */
	uint32_t id;    /* likewise */
	double weights; /* their sum */
};

/* The first effect has the weights; those of the others are the same. */
static void take_weight(struct effects *e, struct reading *reading, struct state_reader *r,
			const struct csv_value *value)
{
	const size_t j = reading->n % e->options.n;

	if (reading->n >= e->options.n) {
		state_real(r, value, e->weight[j], e->weight[j]);
		return;
	}
	e->weight[j] = state_real(r, value, 0, 1 + ROUNDING);
	reading->weights += e->weight[j];
	if (j + 1 == e->options.n && fabs(reading->weights - 1) > ROUNDING)
		state_refuse(r, value);
}

static int read_row(const struct state_online *o, struct reading *reading, struct state_reader *r,
		    const struct row_online_effects *row, struct err *err)
{
	struct effects *e = &o->online->effects;
	const size_t j = reading->n % e->options.n;
	const double drift = e->options.drift[j];
	int level = row->level.kind == CSV_TEXT
			    ? effects_level_parse(row->level.text, row->level.len)
			    : -1;
	struct effect *effect;
	int64_t updated;
	uint32_t id;

	if (level < 0) {
		state_refuse(r, &row->level);
		return state_reader_bad(r, err);
	}
	id = take_id(o, r, row, (enum effects_level)level);
	if (state_reader_bad(r, err))
		return -1;
	effect = effects_get(e, (enum effects_level)level, id);
	if (j ? level != reading->level || id != reading->id : effect->updated != 0)
		state_refuse(r, &row->level_value); /* another one, or one that has come before */
	if (state_reader_bad(r, err))
		return -1;
	state_real(r, &row->drift, drift, drift);
	take_weight(e, reading, r, &row->weight);
	effect->by[j].mean = state_real(r, &row->mean, -MEAN_MAX, MEAN_MAX);
	effect->by[j].variance = state_real(r, &row->variance, 0, e->options.prior[level]);
	updated = state_int(r, &row->updated_ts, 1, reading->until - 1, true);
	if (j && updated != effect->updated)
		state_refuse(r, &row->updated_ts);
	effect->updated = updated;
	reading->level = level;
	reading->id = id;
	reading->n++;
	return state_reader_bad(r, err);
}

int state_online_read(const struct state_online *o, const struct state_in *in, struct err *err)
{
	const size_t n_experts = o->online->effects.options.n;
	struct reading reading = { 0 };
	struct row_online_effects row;
	struct state_reader r;
	int rc = state_reader_open(&r, in, STATE_EFFECTS, err) ||
		 state_in_count(in, "until", &reading.until, err);

	while (!rc && (rc = state_reader_next(&r, &row, err)) > 0)
		rc = read_row(o, &reading, &r, &row, err);
	if (!rc && reading.n % n_experts)
		rc = csv_reader_fail(&r.in, -1, err,
				     "an effect is cut: %zu experts have a row each", n_experts);
	state_reader_close(&r);
	return rc;
}
