#include "history/online.h"

#include "base/mem.h"
#include "base/num.h"
#include "base/ranks.h"
#include "base/time.h"
#include "history/session.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS_PER_HOUR  (TIME_MS_PER_DAY / ONLINE_HOURS)
#define N_RUNTIMES   65 /* unknown, and the bit lengths of 64 bits */
#define NAME_UNKNOWN "unknown"

/* A completion that the events of its millisecond do not know. */
struct online_completion {
	int64_t session_id;
	struct effects_ids ids;
};

/* In the table of pairs: an id, and 1 so that 0 is none. */
typedef uint32_t id_plus_1;

static int open_table(struct online *o, const struct csv_reader *in, const struct gz_output *output,
		      struct err *err)
{
	if (csv_writer_open(&o->out, output, err))
		return -1;
	o->has_out = true;
	selection_put_names(&o->passed, &in->header, &o->out.row);
	catalogue_put_names(&o->out.row, &catalogue_online);
	return csv_writer_end_row(&o->out, err);
}

void online_init(struct online *o)
{
	effects_init(&o->effects, &o->options);
	outcomes_init(&o->outcomes);
	o->user_genres = (struct pairs)PAIRS_INIT(id_plus_1);
}

int online_open(struct online *o, const struct csv_reader *in, size_t n_text,
		const struct gz_output *output, struct err *err)
{
	online_init(o);
	o->device = columns_require(in, "device", err);
	o->plan_tier = o->device < 0 ? -1 : columns_require(in, "plan_tier", err);
	if (o->plan_tier < 0 ||
	    columns_refuse(in, catalogue_online.columns, catalogue_online.n, err) ||
	    selection_with(&o->passed, in, catalogue_table("event_history"), &o->keep, err))
		return -1;
	o->typed = n_text < in->header.n;
	if (o->typed)
		selection_cut(&o->passed, n_text);
	return output ? open_table(o, in, output, err) : 0;
}

void online_release(struct online *o)
{
	effects_release(&o->effects);
	outcomes_release(&o->outcomes);
	pairs_release(&o->user_genres);
	intern_release(&o->devices);
	intern_release(&o->plans);
	selection_release(&o->passed);
	names_release(&o->keep);
	free(o->open.ids);
	free(o->open.free);
	free(o->pending);
}

/* --- levels -------------------------------------------------------------- */

/* The bit length of the runtime's square is its level; 0, which no square has, is unknown. */
static uint32_t runtime_level(int64_t runtime)
{
	if (runtime <= 0) /* EVENT_UNKNOWN is the smallest of all */
		return 0;
	return 64 - (uint32_t)__builtin_clzll((uint64_t)runtime * (uint64_t)runtime);
}

struct csv_value online_runtime(uint32_t level, char text[ONLINE_RUNTIME_MAX])
{
	if (!level)
		return csv_str(NAME_UNKNOWN);
	return csv_text(text, num_format_int(text, level - 1));
}

uint32_t online_runtime_parse(const char *s, size_t len)
{
	int64_t bits;

	if (len == strlen(NAME_UNKNOWN) && !memcmp(s, NAME_UNKNOWN, len))
		return 0;
	if (num_parse_int(s, len, &bits) || bits < 0 || bits >= N_RUNTIMES - 1)
		return INTERN_NONE;
	return (uint32_t)bits + 1;
}

uint32_t online_user_genre(struct online *o, uint32_t user, uint32_t genre)
{
	id_plus_1 *id = pairs_get(&o->user_genres, user, genre);

	if (!*id)
		*id = (id_plus_1)o->user_genres.n;
	return *id - 1;
}

static uint32_t text_level(struct intern *strings, const struct csv_value *value)
{
	return value->kind == CSV_TEXT && value->len ? intern_id(strings, value->text, value->len)
						     : INTERN_NONE;
}

static struct effects_ids session_levels(struct online *o, const struct outcome_session *s,
					 uint32_t device, uint32_t plan, uint32_t runtime)
{
	return (struct effects_ids){ {
		[EFFECTS_BIAS] = 0,
		[EFFECTS_USER] = s->user,
		[EFFECTS_CONTENT] = s->content,
		[EFFECTS_USER_GENRE] = s->genre == INTERN_NONE
					       ? INTERN_NONE
					       : online_user_genre(o, s->user, s->genre),
		[EFFECTS_GENRE] = s->genre,
		[EFFECTS_DEVICE] = device,
		[EFFECTS_HOUR] = (uint32_t)(s->past.start / MS_PER_HOUR % ONLINE_HOURS),
		[EFFECTS_PLAN] = plan,
		[EFFECTS_RUNTIME] = runtime,
	} };
}

struct effects_ids online_session_levels(struct online *o, const struct outcome_session *s,
					 const struct csv_value *device,
					 const struct csv_value *plan_tier, int64_t runtime)
{
	return session_levels(o, s, text_level(&o->devices, device),
			      text_level(&o->plans, plan_tier), runtime_level(runtime));
}

/* Room for the levels of one more open session. Returns its number. */
static uint32_t add_open(struct online_open *v)
{
	if (v->n_free)
		return v->free[--v->n_free];
	if (v->n == v->cap) {
		v->cap = (uint32_t)mem_grow(v->cap, (size_t)v->cap + 1);
		v->ids = mem_realloc(v->ids, v->cap, sizeof(*v->ids));
		v->free = mem_realloc(v->free, v->cap, sizeof(*v->free));
	}
	return ++v->n;
}

static struct effects_ids *levels_of(const struct online *o, const struct outcome_session *s)
{
	return &o->open.ids[s->number - 1];
}

const struct effects_ids *online_levels(const struct online *o, const struct outcome_session *s)
{
	const struct outcome_session *own = outcomes_find(&o->outcomes, s->user, s->content);

	return own && own->id == s->id ? levels_of(o, own) : NULL;
}

void online_restore(struct online *o, const struct outcome_session *s, uint32_t device,
		    uint32_t plan, uint32_t runtime)
{
	struct outcome_session own = *s;

	own.number = add_open(&o->open);
	*levels_of(o, &own) = session_levels(o, s, device, plan, runtime);
	outcomes_restore(&o->outcomes, &own);
}

/* --- outcomes ------------------------------------------------------------ */

static int compare_completions(const void *a, const void *b)
{
	int64_t x = ((const struct online_completion *)a)->session_id,
		y = ((const struct online_completion *)b)->session_id;

	return (x > y) - (x < y);
}

/* Learns completions at o->now, from the i-th on, up to those after `next`; NULL: all of them. */
static size_t learn_completions(struct online *o, size_t i, const struct outcome_session *next)
{
	for (; i < o->n_pending; i++) {
		const struct online_completion *c = &o->pending[i];

		if (next && next->closing == o->now && next->id < c->session_id)
			break;
		effects_learn(&o->effects, &c->ids, o->now, true);
	}
	return i;
}

void online_settle(struct online *o, int64_t until)
{
	const struct outcome_session *s;
	size_t i = 0;

	if (o->n_pending > 1)
		qsort(o->pending, o->n_pending, sizeof(*o->pending), compare_completions);
	/* They close in order, at o->now or after it: earlier ones are closed. */
	while ((s = outcomes_close(&o->outcomes, until))) {
		if (s->past.completed_at == EVENT_UNKNOWN) {
			i = learn_completions(o, i, s);
			effects_learn(&o->effects, levels_of(o, s), s->closing, false);
		}
		o->open.free[o->open.n_free++] = s->number;
	}
	learn_completions(o, i, NULL);
	o->n_pending = 0;
}

static void add_completion(struct online *o, const struct outcome_session *s)
{
	if (o->n_pending == o->pending_cap) {
		o->pending_cap = mem_grow(o->pending_cap, o->n_pending + 1);
		o->pending = mem_realloc(o->pending, o->pending_cap, sizeof(*o->pending));
	}
	o->pending[o->n_pending++] = (struct online_completion){ s->id, *levels_of(o, s) };
}

void online_prefetch(const struct online *o, const struct event_ids *ids)
{
	effects_prefetch(&o->effects, EFFECTS_USER, ids->user);
	effects_prefetch(&o->effects, EFFECTS_CONTENT, ids->content);
	pairs_prefetch(&o->outcomes.open, ids->user, ids->content);
}

static int64_t millionths(double value)
{
	return llround(value * NUM_MILLION);
}

struct online_row online_predict(const struct online *o, const struct effects_ids *levels,
				 int64_t ts)
{
	const struct effects_belief belief = effects_predict(&o->effects, levels, ts);

	return (struct online_row){ millionths(belief.logit), millionths(belief.sd) };
}

int online_step(struct online *o, const struct csv_row *text, const struct event *e,
		struct online_row *row, struct err *err)
{
	struct outcome_session *s;

	if (e->ts > o->now) {
		online_settle(o, e->ts);
		o->now = e->ts;
	}
	s = outcomes_step(&o->outcomes, e, err);
	if (!s)
		return -1;
	if (!s->number) {
		const struct csv_value device = csv_value(&text->fields[o->device]),
				       plan = csv_value(&text->fields[o->plan_tier]);

		s->number = add_open(&o->open);
		*levels_of(o, s) = online_session_levels(o, s, &device, &plan, e->runtime);
	}
	if (e->completes)
		add_completion(o, s);
	if (!row)
		return 0;
	*row = online_predict(o, levels_of(o, s), e->ts);
	return 0;
}

/* --- tables -------------------------------------------------------------- */

void online_put(struct buf *out, const struct online_row *row, size_t column)
{
	csv_put_millionths(out, ((const int64_t *)row)[column]);
}

int online_write(struct online *o, const struct csv_row *text, const struct event *e,
		 const struct history *history, const struct history_row *known,
		 const struct online_row *row, struct err *err)
{
	struct buf *out = &o->out.row;

	selection_put(&o->passed, text, out);
	if (o->typed) {
		session_put(out, e);
		history_put_row(out, history, known);
	}
	for (size_t i = 0; i < catalogue_online.n; i++)
		online_put(out, row, i);
	return csv_writer_end_row(&o->out, err);
}

/* Writes an effect, a row an expert, if any outcome is known of it. */
static int put_effect(const struct effects *e, enum effects_level level, uint32_t id,
		      struct csv_value value, struct csv_value genre, struct csv_writer *out,
		      struct err *err)
{
	const struct effect *effect = effects_find(e, level, id);

	for (size_t j = 0; effect && j < e->options.n; j++) {
		const struct row_online_effects row = {
			.level = csv_str(effects_level_name(level)),
			.level_value = value,
			.genre = genre,
			.drift = csv_real(e->options.drift[j]),
			.weight = csv_real(e->weight[j]),
			.mean = csv_real(effect->by[j].mean),
			.variance = csv_real(effect->by[j].variance),
			.sd = csv_millionths(millionths(sqrt(effect->by[j].variance))),
			.updated_ts = csv_int(effect->updated),
		};

		csv_put_values(&out->row, CATALOGUE_VALUES(&row));
		if (csv_writer_end_row(out, err))
			return -1;
	}
	return 0;
}

static struct csv_value name_of(const struct intern *strings, uint32_t id)
{
	const struct intern_string *s = intern_string(strings, id);

	return csv_text(s->s, s->len);
}

/* The effects of a level whose ids are those of strings. */
static int put_named(const struct effects *e, enum effects_level level,
		     const struct intern *strings, const struct ranks *ranks,
		     struct csv_writer *out, struct err *err)
{
	for (uint32_t i = 0; i < ranks->n; i++)
		if (put_effect(e, level, ranks->ids[i], name_of(strings, ranks->ids[i]),
			       csv_str(NULL), out, err))
			return -1;
	return 0;
}

/* The same, where nothing else is made of their order. */
static int put_words(const struct effects *e, enum effects_level level,
		     const struct intern *strings, struct csv_writer *out, struct err *err)
{
	struct ranks ranks;
	int rc;

	ranks_init(&ranks, strings);
	rc = put_named(e, level, strings, &ranks, out, err);
	ranks_release(&ranks);
	return rc;
}

static int put_numbered(const struct effects *e, struct csv_writer *out, enum effects_level level,
			uint32_t n, struct err *err)
{
	char text[ONLINE_RUNTIME_MAX];

	for (uint32_t i = 0; i < n; i++) {
		struct csv_value value = level == EFFECTS_RUNTIME
						 ? online_runtime(i, text)
						 : csv_text(text, num_format_int(text, i));

		if (put_effect(e, level, i, value, csv_str(NULL), out, err))
			return -1;
	}
	return 0;
}

static int put_user_genres(const struct online *o, const struct intern *users,
			   const struct ranks *user_ranks, const struct intern *genres,
			   struct csv_writer *out, struct err *err)
{
	struct ranked_pair *pairs;
	struct ranks genre_ranks;
	int rc = 0;

	ranks_init(&genre_ranks, genres);
	pairs = ranks_sort(&o->user_genres, user_ranks, &genre_ranks);
	for (size_t i = 0; !rc && i < o->user_genres.n; i++)
		rc = put_effect(&o->effects, EFFECTS_USER_GENRE,
				*(const id_plus_1 *)pairs[i].state - 1, name_of(users, pairs[i].a),
				name_of(genres, pairs[i].b), out, err);
	free(pairs);
	ranks_release(&genre_ranks);
	return rc;
}

int online_put_effects(const struct online *o, const struct intern *users,
		       const struct intern *contents, const struct intern *genres,
		       struct csv_writer *out, struct err *err)
{
	const struct effects *e = &o->effects;
	struct ranks ranks;
	int rc;

	ranks_init(&ranks, users);
	rc = put_effect(e, EFFECTS_BIAS, 0, csv_str(NULL), csv_str(NULL), out, err) ||
	     put_named(e, EFFECTS_USER, users, &ranks, out, err) ||
	     put_words(e, EFFECTS_CONTENT, contents, out, err) ||
	     put_user_genres(o, users, &ranks, genres, out, err) ||
	     put_words(e, EFFECTS_GENRE, genres, out, err) ||
	     put_words(e, EFFECTS_DEVICE, &o->devices, out, err) ||
	     put_numbered(e, out, EFFECTS_HOUR, ONLINE_HOURS, err) ||
	     put_words(e, EFFECTS_PLAN, &o->plans, out, err) ||
	     put_numbered(e, out, EFFECTS_RUNTIME, N_RUNTIMES, err);
	ranks_release(&ranks);
	return rc ? -1 : 0;
}
