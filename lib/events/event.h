/*
 * event: an event row in typed form, in canonical order, with its ids made dense.
 *
 * What every event-level tool after ce-clean starts from. The reader verifies what ce-clean
 * promised: strictly ascending (event_ts, event_id); a row out of place is an error that names both
 * rows, never a silently wrong number. Memory: that of intern for users and contents, and for
 * genres where they are read.
 */
#ifndef CE_EVENT_H
#define CE_EVENT_H

#include "base/intern.h"
#include "table/csvreader.h"

#include <stdint.h>
#include <string.h>

/* EVENT_PLAY, ... */
enum event_type {
#define EVENT_TYPE(NAME, name, description) EVENT_##NAME,
#include "table/event_types.def"
	EVENT_N_TYPES,
};

/*
 * A heartbeat says that playback goes on; every other event is something that the viewer did, and
 * is counted as activity.
 */
static inline bool event_is_counted(enum event_type type)
{
	return type != EVENT_HEARTBEAT;
}

/* Whether the event leaves the player playing, in silence until something else happens. */
static inline bool event_leaves_playing(enum event_type type)
{
	return type == EVENT_PLAY || type == EVENT_SEEK;
}

/* No name of a type is longer. */
#define EVENT_TYPE_MAX 16

/* The type with exactly that lower-case name, or -1. */
int event_type_parse(const char *s, size_t len);
const char *event_type_name(enum event_type type);

/* How far the event's session has come with it. */
enum event_phase {
	EVENT_OPEN,
	EVENT_ENDING, /* the event is a stop or near the end, and does not complete the session */
	EVENT_COMPLETED, /* by this event or before */
};

/* The word in the tables: "open", ... */
const char *event_phase_name(enum event_phase phase);

/* Valid event times are 0 < event_ts < EVENT_TS_END, the first millisecond of the year 2100. */
#define EVENT_TS_END INT64_C(4102444800000)

/* "Not known", for any int64_t member below that may be. */
#define EVENT_UNKNOWN INT64_MIN

struct event {
	int64_t ts;             /* ms since the epoch, UTC */
	uint32_t user, content; /* dense ids */
	enum event_type type;
	enum event_phase phase; /* only with EVENT_SESSION */
	int64_t position;       /* playback_position in seconds, >= 0, or EVENT_UNKNOWN */
	int64_t runtime;        /* seconds, within 32 bits, or EVENT_UNKNOWN */
	int64_t ratio;          /* playback ratio in millionths, or EVENT_UNKNOWN */

	/* Only with EVENT_SESSION. */
	int64_t prev_ts; /* of the pair's previous event, or EVENT_UNKNOWN */
	int64_t session_start;
	int64_t session_id;
	int64_t deadline; /* of this event */
	bool completes;   /* the session */

	/* Only with EVENT_JOINED. */
	uint32_t genre;      /* dense id, or INTERN_NONE */
	uint32_t user_genre; /* history's own: see history_prepare */
};

/* Which columns are read. */
enum event_columns {
	EVENT_ENRICHED = 1,                 /* what sessions are made of */
	EVENT_SESSION = 2 | EVENT_ENRICHED, /* and the sessions, of which outcomes are made */
	EVENT_JOINED = 4 | EVENT_ENRICHED,  /* and what history needs besides */
	EVENT_HISTORY = EVENT_SESSION | EVENT_JOINED,
};

/* Index of each column in the input. */
struct event_index {
	int event_id, event_ts, user_id, content_id, event_type, playback_position, runtime;
	int prev_ts, session_start_ts, session_id, session_deadline_ts, completes_session,
		session_phase;
	int genre;
};

/* Verifies the canonical order of rows. */
struct event_order {
	int event_ts, event_id; /* columns */
	int64_t last_ts;        /* of the previous row */
	struct buf last_id;
	const char *last_file;
	uint64_t last_line; /* 0: there was none */
};

/* Whether the id of an event comes before another one, bytewise. */
static inline bool event_id_before(const struct csv_field *a, const struct csv_field *b)
{
	int order = memcmp(a->s, b->s, a->len < b->len ? a->len : b->len);

	return order ? order < 0 : a->len < b->len;
}

/* Reads a column of valid event times. Returns 0, or -1 with err. */
int event_time(const struct csv_reader *in, const struct csv_row *row, int column, int64_t *ts,
	       struct err *err);

/* Reads a row's event_ts and checks that it has an id. Returns 0, or -1 with err. */
int event_order_read(const struct event_order *o, const struct csv_reader *in,
		     const struct csv_row *row, int64_t *ts, struct err *err);

/*
 * Reads the row's event_ts into *ts and checks that it comes after the row before. Returns 0, or
 * -1 with err, which names both rows.
 */
int event_order_check(struct event_order *o, const struct csv_reader *in, const struct csv_row *row,
		      int64_t *ts, struct err *err);

/* The same of a row whose id is not empty, and whose time has been read. */
int event_order_take(struct event_order *o, const struct csv_reader *in, const struct csv_field *id,
		     int64_t ts, struct err *err);

void event_order_release(struct event_order *o);

struct event_reader {
	struct csv_reader in;
	struct event_index at;
	enum event_columns columns;
	struct intern users, contents, genres;
	struct event_order order;
};

#define EVENT_READER_INIT                                                                          \
	{                                                                                          \
		.in = CSV_READER_INIT, .users = INTERN_INIT, .contents = INTERN_INIT,              \
		.genres = INTERN_INIT                                                              \
	}

/* Opens the input and finds the columns. Returns 0, or -1 with err. */
int event_reader_open(struct event_reader *r, const struct csv_input *input,
		      enum event_columns columns, struct err *err);

/*
 * The same where r->in is open, of rows that event_read is given. Returns 0, or -1 with err, and
 * releases nothing.
 */
int event_reader_bind(struct event_reader *r, enum event_columns columns, struct err *err);

/*
 * The row that r->in is at, typed but for its time and the ids of user and content. Returns 0, or
 * -1 with err: an unreadable value.
 */
int event_read(struct event_reader *r, const struct csv_row *row, struct event *e, struct err *err);

/*
 * The next row, raw (borrowed until the next call) and typed. Returns 1, 0 at the verified end of
 * the input, or -1 with err: as event_read, an empty key, or a row out of order.
 */
int event_reader_next(struct event_reader *r, const struct csv_row **row, struct event *event,
		      struct err *err);

/* The ids of an event that is to come; INTERN_NONE: not known. */
struct event_ids {
	uint32_t user, content, genre;
	bool goes_on; /* it is known to begin no session */
};

/*
 * A guess, as csv_reader_peek's, at those of the event that comes EVENT_AHEAD rows after the
 * current one. Made only where there are so many users that their state is not at hand.
 */
#define EVENT_AHEAD (CSV_AHEAD / 2)
bool event_reader_peek(struct event_reader *r, struct event_ids *ids);

/* Releases everything; harmless on a reader that is not open. */
void event_reader_close(struct event_reader *r);

/* min(position / runtime, 1) in millionths, halves up; EVENT_UNKNOWN if either is unknown or
 * runtime is not positive. */
int64_t event_ratio(int64_t position, int64_t runtime);

#endif
