#include "collate/shardtable.h"

#include "base/mem.h"
#include "base/num.h"
#include "history/features.h"
#include "table/catalogue.h"
#include "table/columns.h"

#include <stdlib.h>
#include <string.h>

#define EVENT_ONLINE "event_online"

/* A shard's rows. */
struct shardtable_part {
	struct csv_reader in;
	const struct csv_row *row; /* the next one */
	int64_t ts;                /* its time; INT64_MAX: there is none */
	int64_t session_id;        /* its session in the shard, if it has one */
	struct event_order order;
};

/* What a column, or several next to each other, are made of. */
enum what {
	COPIED,
	SESSION, /* session_id */
	CONTENT, /* a column of catalogue_history that is of the content alone */
	PRODUCT, /* of one of those and another one */
	ONLINE,  /* a column of catalogue_online */
	LABEL,   /* the last two of the features */
	DROPPED,
};

struct shardtable_step {
	enum what what;
	size_t column, n; /* of the input, and how many more of what is copied */
	size_t place;     /* in catalogue_history or catalogue_online */
	int factor;       /* of a product: the column that is in the input */
	bool rates;
};

/* The columns of the history that depend on other users, too. */
static const char *const contents[] = {
	"content_completion_rate",
	"content_known_sessions",
	"average_viewing_duration_ratio",
	"content_popularity",
};

static int find_content(const char *name)
{
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
		if (!strcmp(contents[i], name))
			return catalogue_column(&catalogue_history, name);
	return -1;
}

const char *shardtable_source(const char *name)
{
	return strcmp(name, EVENT_ONLINE) != 0 ? name : "event_history";
}

/* The table of the catalogue that has the columns of one of that name; what is not there is a table
 * of features. */
static const struct catalogue_table *find_like(const char *name)
{
	const struct catalogue_table *table =
		catalogue_table(strcmp(name, "unmatched") != 0 ? name : "cleaned_events");

	return table ? table : catalogue_table("completion_prediction_features");
}

/* --- columns ------------------------------------------------------------- */

static void add_step(struct shardtable *t, struct shardtable_step step)
{
	struct shardtable_step *last = t->n_steps ? &t->steps[t->n_steps - 1] : NULL;

	if (last && step.what == COPIED && last->what == COPIED &&
	    last->column + last->n == step.column) {
		last->n++;
		return;
	}
	t->has_content |= step.what == CONTENT || step.what == PRODUCT;
	t->has_online |= step.what == ONLINE;
	t->steps = mem_realloc(t->steps, t->n_steps + 1, sizeof(*t->steps));
	t->steps[t->n_steps++] = step;
}

/* A product, one factor of which is of the content. */
static int find_product(const struct csv_reader *in, const char *name, struct shardtable_step *step,
			struct err *err)
{
	const char *factors[2];
	int place;

	if (!features_is_product(name, factors, &step->rates))
		return 0;
	for (int i = 0; i < 2; i++) {
		place = find_content(factors[i]);
		if (place < 0)
			continue;
		step->what = PRODUCT;
		step->place = (size_t)place;
		step->factor = columns_require(in, factors[1 - i], err);
		return step->factor < 0 ? -1 : 0;
	}
	return 0;
}

static int find_step(struct shardtable *t, const struct csv_reader *in, size_t column,
		     struct err *err)
{
	const char *name = in->header.names[column];
	struct shardtable_step step = { .what = COPIED, .column = column, .n = 1 };
	int place;

	if (t->has_labels && (int)column >= t->label_known_ts)
		step.what = (int)column == t->label_known_ts ? LABEL : DROPPED;
	else if (catalogue_column(t->like, name) < 0)
		step.what = COPIED;
	else if ((int)column == t->session_id)
		step.what = SESSION;
	else if ((place = find_content(name)) >= 0)
		step = (struct shardtable_step){ CONTENT, column, 1, (size_t)place, 0, false };
	else if (!t->options.without_online &&
		 (place = catalogue_column(&catalogue_online, name)) >= 0)
		step = (struct shardtable_step){ ONLINE, column, 1, (size_t)place, 0, false };
	else if (find_product(in, name, &step, err))
		return -1;
	add_step(t, step);
	return 0;
}

/* Whether one of the steps needs a column, which has to be there then. */
static int require(const struct shardtable *t, const struct csv_reader *in, enum what what,
		   const char *name, int column, struct err *err)
{
	for (size_t i = 0; column < 0 && i < t->n_steps; i++)
		if (t->steps[i].what == what)
			return columns_require(in, name, err);
	return 0;
}

static int find_steps(struct shardtable *t, const struct csv_reader *in, struct err *err)
{
	const struct csv_header *header = &in->header;

	t->like = find_like(t->name);
	t->is_online = !strcmp(t->name, EVENT_ONLINE);
	t->content_id = columns_find(header, "content_id");
	t->user_id = columns_find(header, "user_id");
	t->session_id = catalogue_column(t->like, "session_id") < 0
				? -1
				: columns_find(header, "session_id");
	t->label_known_ts = catalogue_column(t->like, "label_known_ts") < 0
				    ? -1
				    : columns_find(header, "label_known_ts");
	t->has_labels = t->label_known_ts >= 0 && (size_t)t->label_known_ts + 2 == header->n;
	for (size_t i = 0; i < header->n; i++)
		if (find_step(t, in, i, err))
			return -1;
	for (size_t i = 0; t->is_online && i < catalogue_online.n; i++)
		add_step(t, (struct shardtable_step){ ONLINE, header->n, 1, i, 0, false });
	return require(t, in, CONTENT, "content_id", t->content_id, err) < 0 ||
			       require(t, in, PRODUCT, "content_id", t->content_id, err) < 0 ||
			       require(t, in, ONLINE, "session_id", t->session_id, err) < 0 ||
			       (t->has_labels && t->session_id < 0 &&
				columns_require(in, "session_id", err) < 0)
		       ? -1
		       : 0;
}

static void put_header(struct shardtable *t, const struct csv_reader *in)
{
	for (size_t i = 0; i < in->header.n; i++)
		csv_put_str(&t->header, in->header.names[i]);
	if (t->is_online)
		catalogue_put_names(&t->header, &catalogue_online);
}

/* --- rows ---------------------------------------------------------------- */

static int read_int(const struct csv_reader *in, const struct csv_row *row, int column,
		    int64_t *value, struct err *err)
{
	const struct csv_field *f = &row->fields[column];

	return num_parse_int(f->s, f->len, value)
		       ? csv_reader_fail(in, column, err, "no whole number: '%.*s'",
					 err_clip(f->len), f->s)
		       : 0;
}

static int next_row(const struct shardtable *t, struct shardtable_part *p, struct err *err)
{
	int rc = csv_reader_next(&p->in, &p->row, err);

	if (rc < 0)
		return -1;
	if (!rc) {
		p->ts = INT64_MAX;
		return 0;
	}
	if (event_order_check(&p->order, &p->in, p->row, &p->ts, err))
		return -1;
	return t->session_id < 0 ? 0 : read_int(&p->in, p->row, t->session_id, &p->session_id, err);
}

static int open_part(struct shardtable *t, size_t shard, const char *const *path, struct err *err)
{
	const struct csv_input input = {
		.paths = path, .n = 1, .threads = t->options.threads, .delimiter = ','
	};
	struct shardtable_part *p = &t->parts[shard];
	int ts;

	if (csv_reader_open(&p->in, &input, err))
		return -1;
	if (!shard && find_steps(t, &p->in, err))
		return -1;
	if (shard && csv_reader_check_header(&p->in, &t->parts[0].in, err))
		return -1;
	ts = columns_find(&p->in.header, "event_ts");
	p->order.event_ts = ts >= 0 ? ts : columns_require(&p->in, "session_start_ts", err);
	if (p->order.event_ts < 0)
		return -1;
	p->order.event_id = columns_require(&p->in, "event_id", err);
	return p->order.event_id < 0 ? -1 : next_row(t, p, err);
}

int shardtable_open(struct shardtable *t, const char *name, const char *const *paths, size_t n,
		    const struct gz_output *output, const struct shardtable_options *options,
		    struct err *err)
{
	t->name = name;
	t->options = *options;
	if (csv_writer_open(&t->out, output, err))
		return -1;
	labels_init(&t->labels, options->watermark);
	t->labels.goes_on = options->goes_on;
	t->parts = mem_alloc(n, sizeof(*t->parts));
	for (; t->n_parts < n; t->n_parts++) {
		t->parts[t->n_parts] = (struct shardtable_part){ .in = CSV_READER_INIT };
		if (open_part(t, t->n_parts, &paths[t->n_parts], err)) {
			t->n_parts++;
			return -1;
		}
	}
	put_header(t, &t->parts[0].in);
	t->asks = t->n_steps != 1 || t->steps[0].what != COPIED;
	buf_append(&t->out.row, t->header.data, t->header.len);
	return csv_writer_end_row(&t->out, err);
}

int64_t shardtable_next(const struct shardtable *t, size_t shard)
{
	return t->parts[shard].ts;
}

const char *shardtable_file(const struct shardtable *t, size_t shard)
{
	return t->parts[shard].in.file;
}

/* What of the whole a row needs. */
struct context {
	struct shardtable *t;
	const struct shardtable_part *p;
	const struct whole_session *session; /* all zeros: the table has none */
	struct history_row known;
	struct online_row online;
};

static int put_product(const struct context *c, const struct shardtable_step *step, struct buf *out,
		       struct err *err)
{
	const struct csv_field *f = &c->p->row->fields[step->factor];
	int64_t factor = EVENT_UNKNOWN;

	if (f->len && ((step->rates ? num_parse_millionths(f->s, f->len, &factor)
				    : num_parse_int(f->s, f->len, &factor)) ||
		       factor < 0))
		return csv_reader_fail(&c->p->in, step->factor, err, "invalid number '%.*s'",
				       err_clip(f->len), f->s);
	return features_put_product(factor, ((const int64_t *)&c->known)[step->place], step->rates,
				    out)
		       ? csv_reader_fail(&c->p->in, step->factor, err, "is out of range")
		       : 0;
}

/* A row that has its label already tells it, for those of the same session that wait. */
static int take_label(const struct context *c, size_t column, struct err *err)
{
	const struct csv_field *f = &c->p->row->fields[column];
	int64_t known, is_completion, earliest;

	if (!f->len)
		return 0;
	if (read_int(&c->p->in, c->p->row, (int)column, &known, err) ||
	    read_int(&c->p->in, c->p->row, (int)column + 1, &is_completion, err))
		return -1;
	if (is_completion != 0 && is_completion != 1)
		return csv_reader_fail(&c->p->in, (int)column + 1, err, "neither 0 nor 1");
	earliest = is_completion ? c->session->start : c->p->ts;
	if (known < earliest)
		return csv_reader_fail(&c->p->in, (int)column, err, "%lld is before %lld",
				       (long long)known, (long long)earliest);
	labels_decide(&c->t->labels, c->session->id, known, is_completion);
	return 0;
}

static int put_step(const struct context *c, const struct shardtable_step *step, struct buf *out,
		    struct err *err)
{
	switch (step->what) {
	case COPIED:
		csv_put_fields(out, c->p->row, step->column, step->n);
		break;
	case SESSION:
		csv_put_int(out, c->session->id);
		break;
	case CONTENT:
		history_put(out, NULL, &c->known, step->place);
		break;
	case PRODUCT:
		return put_product(c, step, out, err);
	case ONLINE:
		online_put(out, &c->online, step->place);
		break;
	case LABEL:
		return take_label(c, step->column, err);
	case DROPPED:
		break;
	}
	return 0;
}

static bool is_id(const struct context *c, int column, const struct intern *ids, uint32_t id)
{
	const struct intern_string *s = intern_string(ids, id);
	const struct csv_field *f;

	if (column < 0)
		return true;
	f = &c->p->row->fields[column];
	return f->len == s->len && !memcmp(f->s, s->s, s->len);
}

/* The row's session, or NULL: it has none that may have it. */
static const struct whole_session *find_session(const struct context *c, const struct whole *w,
						size_t shard)
{
	const struct whole_session *s = whole_find(w, shard, c->p->session_id);

	if (!s || (c->t->has_labels && !labels_has_session(&c->t->labels, s->id)))
		return NULL;
	return is_id(c, c->t->user_id, &w->users, s->user) &&
			       is_id(c, c->t->content_id, &w->contents, s->content)
		       ? s
		       : NULL;
}

/* Finds what of the whole the row needs. */
static int find_known(struct context *c, struct whole *w, size_t shard, int64_t ts, struct err *err)
{
	const struct csv_row *row = c->p->row;

	if (c->t->session_id >= 0) {
		c->session = find_session(c, w, shard);
		if (!c->session)
			return csv_reader_fail(&c->p->in, c->t->session_id, err,
					       "session %lld is none that the facts of this shard "
					       "have open, for this user and content",
					       (long long)c->p->session_id);
	}
	if (c->t->has_content)
		whole_content(w, row->fields[c->t->content_id].s, row->fields[c->t->content_id].len,
			      &c->known);
	if (c->t->has_online)
		c->online = online_predict(&w->online, &c->session->levels, ts);
	return 0;
}

static int put_row(struct shardtable *t, struct whole *w, size_t shard, int64_t ts, struct err *err)
{
	static const struct whole_session none;
	struct context c = { .t = t, .p = &t->parts[shard], .session = &none };
	struct buf *out;

	if (find_known(&c, w, shard, ts, err))
		return -1;
	out = t->has_labels ? labels_row(&t->labels) : &t->out.row;
	for (size_t i = 0; i < t->n_steps; i++)
		if (put_step(&c, &t->steps[i], out, err))
			return -1;
	if (t->has_labels)
		labels_hold(&t->labels, c.session->id);
	else if (csv_writer_end_row(&t->out, err))
		return -1;
	return next_row(t, &t->parts[shard], err);
}

/* Whether part a's row comes before part b's, of the same time. Sets *is_same. */
static bool comes_before(const struct shardtable *t, size_t a, size_t b, bool *is_same)
{
	const struct shardtable_part *p = &t->parts[a], *q = &t->parts[b];
	const struct csv_field *x = &p->row->fields[p->order.event_id],
			       *y = &q->row->fields[q->order.event_id];
	int order = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	*is_same = !order && x->len == y->len;
	return order ? order < 0 : x->len < y->len;
}

static int fail_twice(const struct shardtable *t, size_t a, size_t b, struct err *err)
{
	const struct shardtable_part *p = &t->parts[a], *q = &t->parts[b];
	const struct csv_field *id = &q->row->fields[q->order.event_id];

	return csv_reader_fail(&q->in, q->order.event_id, err,
			       "event '%.*s' at %lld is in two shards: it is in %s, line %llu, too",
			       err_clip(id->len), id->s, (long long)q->ts, p->in.file,
			       (unsigned long long)p->in.line);
}

/* The shard whose row comes first among those of that time; n_parts: none. Returns 0, or -1. */
static int find_first(const struct shardtable *t, const size_t *shards, size_t n, int64_t ts,
		      size_t *first, struct err *err)
{
	bool is_same = false;

	*first = t->n_parts;
	for (size_t k = 0; k < n; k++) {
		const size_t i = shards[k];

		if (t->parts[i].ts != ts)
			continue;
		if (*first == t->n_parts || comes_before(t, i, *first, &is_same))
			*first = i;
		else if (is_same)
			return fail_twice(t, *first, i, err);
	}
	return 0;
}

int shardtable_step(struct shardtable *t, struct whole *w, const size_t *shards, size_t n,
		    int64_t ts, struct err *err)
{
	size_t first;

	if (t->has_labels)
		labels_advance(&t->labels, ts);
	for (;;) {
		if (find_first(t, shards, n, ts, &first, err))
			return -1;
		if (first == t->n_parts)
			break;
		if (put_row(t, w, first, ts, err))
			return -1;
	}
	return t->has_labels ? labels_write(&t->labels, &t->out, err) : 0;
}

int shardtable_finish(struct shardtable *t, int64_t last_ts, struct err *err)
{
	if (!t->has_labels)
		return 0;
	labels_advance(&t->labels, last_ts);
	labels_finish(&t->labels);
	if (labels_write(&t->labels, &t->out, err))
		return -1;
	/* Whoever has no label has an outcome, or the log goes on. */
	return t->labels.rows.n && !t->options.goes_on
		       ? err_set(err, ERR_RUNTIME,
				 "%s: %zu rows wait for a session that has no outcome: is the "
				 "last part of the facts missing, or --state-out?",
				 t->name, t->labels.rows.n)
		       : 0;
}

void shardtable_release(struct shardtable *t)
{
	for (size_t i = 0; i < t->n_parts; i++) {
		csv_reader_close(&t->parts[i].in);
		event_order_release(&t->parts[i].order);
	}
	free(t->parts);
	free(t->steps);
	buf_release(&t->header);
	if (t->n_parts)
		labels_release(&t->labels);
}
