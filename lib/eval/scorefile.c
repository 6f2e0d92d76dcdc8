#include "eval/scorefile.h"

#include "base/mem.h"
#include "base/num.h"
#include "table/columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int scorefile_score(const struct csv_reader *in, int column, const struct csv_field *f,
		    double *score, struct err *err)
{
	if (!f->len)
		return csv_reader_fail(in, column, err, "empty; expected a probability");
	if (num_parse_double(f->s, f->len, score) || *score < 0 || *score > 1)
		return csv_reader_fail(in, column, err,
				       "invalid probability '%.*s': expected a number from 0 to 1",
				       err_clip(f->len), f->s);
	return 0;
}

/* Where the columns are; split: -1 if every row has a score. */
struct columns {
	int key, score, split;
};

int scorefile_want(struct scorefile *p, const char *key, size_t len)
{
	uint32_t n = p->keys.n;

	if (intern_id(&p->keys, key, len) < n)
		return -1;
	p->n_wanted++;
	return 0;
}

/* Notes that the file has the key. Returns 0, or -1: it had it before. */
static int see(struct scorefile *p, uint32_t id)
{
	if (id >= p->cap) {
		size_t cap = mem_grow(p->cap, (size_t)id + 1);

		p->seen = mem_realloc(p->seen, cap, sizeof(*p->seen));
		memset(p->seen + p->cap, 0, (cap - p->cap) * sizeof(*p->seen));
		p->cap = cap;
	}
	if (p->seen[id])
		return -1;
	p->seen[id] = true;
	return 0;
}

static int add(struct scorefile *p, const struct csv_reader *in, const struct csv_row *row,
	       const struct columns *at, const char *split, struct err *err)
{
	const struct csv_field *key = &row->fields[at->key];
	uint32_t id;
	double score;

	if (!key->len)
		return csv_reader_fail(in, at->key, err, "empty key");
	id = intern_id(&p->keys, key->s, key->len);
	if (see(p, id))
		return csv_reader_fail(in, at->key, err, "duplicate key '%.*s'", err_clip(key->len),
				       key->s);
	if (at->split >= 0 && !csv_field_is(&row->fields[at->split], split))
		return 0;
	if (scorefile_score(in, at->score, &row->fields[at->score], &score, err))
		return -1;
	p->n_scores++;
	if (id < p->n_wanted) {
		p->scores[id] = score;
		p->n_found++;
	}
	return 0;
}

int scorefile_read(struct scorefile *p, const struct scorefile_source *source, const char *split,
		   struct err *err)
{
	const struct csv_input input = { .paths = &source->path, .n = 1, .threads = 1 };
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *row;
	struct columns at;
	int rc = -1;

	p->scores = mem_alloc(p->n_wanted, sizeof(*p->scores));
	for (uint32_t i = 0; i < p->n_wanted; i++)
		p->scores[i] = NAN;
	if (csv_reader_open(&in, &input, err) ||
	    (at.key = columns_require(&in, source->key, err)) < 0 ||
	    (at.score = columns_require(&in, source->score, err)) < 0)
		goto out;
	at.split = split ? columns_find(&in.header, "split") : -1;
	while ((rc = csv_reader_next(&in, &row, err)) > 0)
		if (add(p, &in, row, &at, split, err)) {
			rc = -1;
			break;
		}
out:
	csv_reader_close(&in);
	return rc;
}

void scorefile_release(struct scorefile *p)
{
	intern_release(&p->keys);
	free(p->scores);
	free(p->seen);
	*p = (struct scorefile)SCOREFILE_INIT;
}
