#include "events/event.h"

#include "base/num.h"
#include "events/attribute.h"
#include "table/columns.h"

#include <stdio.h>
#include <string.h>

int event_type_parse(const char *s, size_t len)
{
	/* By length first, so that each comparison is one of a known number of bytes. */
#define EVENT_TYPE(NAME, name, description)                                                        \
	_Static_assert(sizeof(name) - 1 <= EVENT_TYPE_MAX, "a longer name than " name);            \
	if (len == sizeof(name) - 1 && !memcmp(s, name, sizeof(name) - 1))                         \
		return EVENT_##NAME;
#include "table/event_types.def"
	return -1;
}

const char *event_type_name(enum event_type type)
{
	static const char *const names[] = {
#define EVENT_TYPE(NAME, name, description) name,
#include "table/event_types.def"
	};

	return names[type];
}

static const char *const phases[] = { "open", "ending", "completed" };

const char *event_phase_name(enum event_phase phase)
{
	return phases[phase];
}

int64_t event_ratio(int64_t position, int64_t runtime)
{
	if (position == EVENT_UNKNOWN || runtime == EVENT_UNKNOWN || runtime <= 0)
		return EVENT_UNKNOWN;
	if (position >= runtime)
		return NUM_MILLION;
	return num_divide_rounded(position * NUM_MILLION, runtime);
}

int event_reader_bind(struct event_reader *r, enum event_columns columns, struct err *err)
{
	struct event_index *at = &r->at;
	const struct {
		const char *name;
		int *index;
		enum event_columns from;
	} wanted[] = {
		{ "event_id", &at->event_id, EVENT_ENRICHED },
		{ "event_ts", &at->event_ts, EVENT_ENRICHED },
		{ "user_id", &at->user_id, EVENT_ENRICHED },
		{ "content_id", &at->content_id, EVENT_ENRICHED },
		{ "event_type", &at->event_type, EVENT_ENRICHED },
		{ "playback_position", &at->playback_position, EVENT_ENRICHED },
		{ "runtime", &at->runtime, EVENT_ENRICHED },
		{ "genre", &at->genre, EVENT_JOINED },
		{ "prev_ts", &at->prev_ts, EVENT_SESSION },
		{ "session_start_ts", &at->session_start_ts, EVENT_SESSION },
		{ "session_id", &at->session_id, EVENT_SESSION },
		{ "session_deadline_ts", &at->session_deadline_ts, EVENT_SESSION },
		{ "completes_session", &at->completes_session, EVENT_SESSION },
		{ "session_phase", &at->session_phase, EVENT_SESSION },
	};

	r->columns = columns;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if ((wanted[i].from & columns) != wanted[i].from)
			continue;
		*wanted[i].index = columns_require(&r->in, wanted[i].name, err);
		if (*wanted[i].index < 0)
			return -1;
	}
	r->order.event_ts = r->at.event_ts;
	r->order.event_id = r->at.event_id;
	return 0;
}

int event_reader_open(struct event_reader *r, const struct csv_input *input,
		      enum event_columns columns, struct err *err)
{
	*r = (struct event_reader)EVENT_READER_INIT;
	if (csv_reader_open(&r->in, input, err))
		return -1;
	if (event_reader_bind(r, columns, err)) {
		event_reader_close(r);
		return -1;
	}
	return 0;
}

static int fail(const struct csv_reader *in, int column, const struct csv_field *f,
		const char *what, struct err *err)
{
	if (!f->len)
		return csv_reader_fail(in, column, err, "is empty");
	return csv_reader_fail(in, column, err, "invalid %s '%.*s'", what, err_clip(f->len), f->s);
}

/* Completes an error about a column of which ce-clean reads more forms than this does. */
static int fail_raw(struct err *err)
{
	return err_set(err, err->kind, "%s (ce-clean reads raw events)", err->message);
}

/* What read_int does with a field that is no integer in its range. */
static int read_no_int(const struct csv_reader *in, const struct csv_row *row, int column,
		       bool may_be_empty, int64_t *value, struct err *err)
{
	const struct csv_field *f = &row->fields[column];

	if (!f->len && may_be_empty) {
		*value = EVENT_UNKNOWN;
		return 0;
	}
	if (num_parse_int(f->s, f->len, value))
		return fail(in, column, f, "integer", err);
	return csv_reader_fail(in, column, err, "%lld is out of range", (long long)*value);
}

/* An integer in [low, high]; one that may be empty is EVENT_UNKNOWN then. */
static inline int read_int(const struct csv_reader *in, const struct csv_row *row, int column,
			   bool may_be_empty, int64_t low, int64_t high, int64_t *value,
			   struct err *err)
{
	const struct csv_field *f = &row->fields[column];

	if (!num_parse_int_roomy(f->s, f->len, value) && *value >= low && *value <= high)
		return 0;
	return read_no_int(in, row, column, may_be_empty, value, err);
}

/* Runtime comes from a dimension, maybe by another way than ce-join: 5400.0 is read as 5400. */
static int read_runtime(const struct event_reader *r, const struct csv_row *row, int64_t *value,
			struct err *err)
{
	const struct csv_field *f = &row->fields[r->at.runtime];

	*value = EVENT_UNKNOWN;
	if (!f->len)
		return 0;
	if (attribute_parse_seconds(f->s, f->len, value))
		return fail(&r->in, r->at.runtime, f, "number of seconds", err);
	return 0;
}

static int read_id(const struct event_reader *r, const struct csv_row *row, int column,
		   const struct intern *ids, struct intern_key *key, struct err *err)
{
	const struct csv_field *f = &row->fields[column];

	if (!f->len)
		return fail(&r->in, column, f, "id", err);
	*key = intern_prepare(ids, f->s, f->len);
	return 0;
}

int event_time(const struct csv_reader *in, const struct csv_row *row, int column, int64_t *ts,
	       struct err *err)
{
	return read_int(in, row, column, false, 1, EVENT_TS_END - 1, ts, err);
}

int event_order_read(const struct event_order *o, const struct csv_reader *in,
		     const struct csv_row *row, int64_t *ts, struct err *err)
{
	const struct csv_field *id = &row->fields[o->event_id];

	if (!id->len)
		return fail(in, o->event_id, id, "id", err);
	return event_time(in, row, o->event_ts, ts, err) ? fail_raw(err) : 0;
}

static int fail_order(const struct event_order *o, const struct csv_reader *in,
		      const struct csv_field *id, int64_t ts, bool repeats, struct err *err)
{
	char place[512];

	if (in->file == o->last_file)
		snprintf(place, sizeof(place), "line %llu", (unsigned long long)o->last_line);
	else
		snprintf(place, sizeof(place), "%s:%llu", o->last_file,
			 (unsigned long long)o->last_line);
	return csv_reader_fail(in, -1, err,
			       "event '%.*s' at %lld %s event '%.*s' at %lld of %s "
			       "(ce-clean puts events in order)",
			       err_clip(id->len), id->s, (long long)ts,
			       repeats ? "repeats" : "comes before", err_clip(o->last_id.len),
			       o->last_id.data, (long long)o->last_ts, place);
}

int event_order_take(struct event_order *o, const struct csv_reader *in, const struct csv_field *id,
		     int64_t ts, struct err *err)
{
	const struct csv_field last = { o->last_id.data, (uint32_t)o->last_id.len, false };

	if (o->last_line && (ts < o->last_ts || (ts == o->last_ts && !event_id_before(&last, id))))
		return fail_order(o, in, id, ts, ts == o->last_ts && !event_id_before(id, &last),
				  err);
	o->last_ts = ts;
	o->last_file = in->file;
	o->last_line = in->line;
	buf_clear(&o->last_id);
	memcpy(buf_reserve(&o->last_id, id->len), id->s, id->len);
	o->last_id.len = id->len;
	return 0;
}

int event_order_check(struct event_order *o, const struct csv_reader *in, const struct csv_row *row,
		      int64_t *ts, struct err *err)
{
	return event_order_read(o, in, row, ts, err)
		       ? -1
		       : event_order_take(o, in, &row->fields[o->event_id], *ts, err);
}

void event_order_release(struct event_order *o)
{
	buf_release(&o->last_id);
}

static int read_phase(const struct csv_reader *in, const struct csv_row *row, int column,
		      enum event_phase *phase, struct err *err)
{
	const struct csv_field *f = &row->fields[column];

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (f->len == strlen(phases[i]) && !memcmp(f->s, phases[i], f->len)) {
			*phase = (enum event_phase)i;
			return 0;
		}
	}
	return fail(in, column, f, "phase", err);
}

static int read_session(struct event_reader *r, const struct csv_row *row, struct event *e,
			struct err *err)
{
	int64_t completes;

	if (read_int(&r->in, row, r->at.prev_ts, true, 1, e->ts, &e->prev_ts, err) ||
	    read_int(&r->in, row, r->at.session_start_ts, false, 1, e->ts, &e->session_start,
		     err) ||
	    read_int(&r->in, row, r->at.session_id, false, 1, INT64_MAX, &e->session_id, err) ||
	    read_int(&r->in, row, r->at.session_deadline_ts, false, e->ts, INT64_MAX / 2,
		     &e->deadline, err) ||
	    read_int(&r->in, row, r->at.completes_session, false, 0, 1, &completes, err))
		return -1;
	e->completes = completes;
	return read_phase(&r->in, row, r->at.session_phase, &e->phase, err);
}

static void read_genre(struct event_reader *r, const struct csv_row *row, struct event *e)
{
	const struct csv_field *genre = &row->fields[r->at.genre];

	e->genre = genre->len ? intern_id(&r->genres, genre->s, genre->len) : INTERN_NONE;
}

int event_read(struct event_reader *r, const struct csv_row *row, struct event *e, struct err *err)
{
	const struct csv_field *f;
	int type;

	if (read_runtime(r, row, &e->runtime, err))
		return -1;
	if (read_int(&r->in, row, r->at.playback_position, true, 0, INT64_MAX, &e->position, err))
		return fail_raw(err);
	f = &row->fields[r->at.event_type];
	type = event_type_parse(f->s, f->len);
	if (type < 0) {
		fail(&r->in, r->at.event_type, f, "event type", err);
		return fail_raw(err);
	}
	e->type = (enum event_type)type;
	e->ratio = event_ratio(e->position, e->runtime);
	if (r->columns >= EVENT_JOINED)
		read_genre(r, row, e);
	return 0;
}

int event_reader_next(struct event_reader *r, const struct csv_row **row, struct event *e,
		      struct err *err)
{
	int rc = csv_reader_next(&r->in, row, err);
	struct intern_key user, content;

	if (rc <= 0)
		return rc;
	if (event_order_check(&r->order, &r->in, *row, &e->ts, err) ||
	    read_id(r, *row, r->at.user_id, &r->users, &user, err) ||
	    read_id(r, *row, r->at.content_id, &r->contents, &content, err) ||
	    event_read(r, *row, e, err) ||
	    ((r->columns & EVENT_SESSION) == EVENT_SESSION && read_session(r, *row, e, err)))
		return -1;
	e->user = intern_key_id(&r->users, &user);
	e->content = intern_key_id(&r->contents, &content);
	return 1;
}

/* The id of a field that is to come. */
static uint32_t peek_id(const struct event_reader *r, int column, const struct intern *ids)
{
	struct csv_field f;

	if (!csv_reader_peek(&r->in, EVENT_AHEAD, column, &f))
		return INTERN_NONE;
	return intern_find(ids, f.s, f.len);
}

bool event_reader_peek(struct event_reader *r, struct event_ids *ids)
{
	struct csv_field f;

	if (r->users.n < INTERN_FAR)
		return false;
	csv_reader_look_ahead(&r->in);
	/* Farther ahead the slot is asked for in which this will look for the user. */
	if (csv_reader_peek(&r->in, CSV_AHEAD, r->at.user_id, &f))
		intern_prepare(&r->users, f.s, f.len);
	ids->user = peek_id(r, r->at.user_id, &r->users);
	if (ids->user == INTERN_NONE)
		return false;
	ids->content = peek_id(r, r->at.content_id, &r->contents);
	ids->goes_on = false;
	ids->genre = r->columns >= EVENT_JOINED ? peek_id(r, r->at.genre, &r->genres) : INTERN_NONE;
	return true;
}

void event_reader_close(struct event_reader *r)
{
	csv_reader_close(&r->in);
	intern_release(&r->users);
	intern_release(&r->contents);
	intern_release(&r->genres);
	event_order_release(&r->order);
}
