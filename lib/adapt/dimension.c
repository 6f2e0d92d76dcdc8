#include "adapt/dimension.h"

#include "base/mem.h"
#include "base/small.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_MIN SMALL(65536, 8)

static int compare(const struct intern_string *a, const struct intern_string *b)
{
	uint32_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->s, b->s, len);

	return order ? order : (a->len > b->len) - (a->len < b->len);
}

uint32_t dimension_id(struct dimension *d, const char *s, size_t len)
{
	size_t n_attributes = d->table->n - 1;
	uint32_t n = d->ids.n, id = intern_id(&d->ids, s, len);

	if (id < n)
		return id;
	if (id >= d->cap) {
		d->cap = mem_grow(d->cap, (size_t)id + 1);
		d->known = mem_realloc(d->known, d->cap * n_attributes, sizeof(*d->known));
	}
	memset(&d->known[id * n_attributes], 0, n_attributes * sizeof(*d->known));
	return id;
}

/* Forgets the values that are no longer known of any id, when most are: a log may have no end of
 * them.
 */
static void forget_old(struct dimension *d)
{
	size_t n_known = (size_t)d->ids.n * (d->table->n - 1);
	struct intern values = INTERN_INIT;

	if (d->values.n < VALUES_MIN || d->values.n / 2 < n_known)
		return;
	for (size_t i = 0; i < n_known; i++) {
		const struct intern_string *value;

		if (!d->known[i].value_plus_1)
			continue;
		value = intern_string(&d->values, d->known[i].value_plus_1 - 1);
		d->known[i].value_plus_1 = intern_id(&values, value->s, value->len) + 1;
	}
	intern_release(&d->values);
	d->values = values;
}

void dimension_note(struct dimension *d, uint32_t id, size_t column, int64_t ts, const char *s,
		    size_t len)
{
	struct dimension_value *known = &d->known[id * (d->table->n - 1) + column - 1];
	struct intern_string value = { s, (uint32_t)len };

	if (known->value_plus_1 &&
	    (ts < known->ts ||
	     (ts == known->ts &&
	      compare(&value, intern_string(&d->values, known->value_plus_1 - 1)) <= 0)))
		return;
	known->ts = ts;
	known->value_plus_1 = intern_id(&d->values, s, len) + 1;
	forget_old(d);
}

static int by_id(const void *a, const void *b, void *ids)
{
	return compare(intern_string(ids, *(const uint32_t *)a),
		       intern_string(ids, *(const uint32_t *)b));
}

int dimension_write(const struct dimension *d, struct csv_writer *out, struct err *err)
{
	uint32_t *order = mem_alloc(d->ids.n ? d->ids.n : 1, sizeof(*order));
	size_t n_attributes = d->table->n - 1;
	int rc = 0;

	for (uint32_t i = 0; i < d->ids.n; i++)
		order[i] = i;
	qsort_r(order, d->ids.n, sizeof(*order), by_id, (void *)&d->ids);
	catalogue_put_names(&out->row, d->table);
	csv_end_row(&out->row);
	for (uint32_t i = 0; i < d->ids.n && !rc; i++) {
		const struct intern_string *id = intern_string(&d->ids, order[i]);
		const struct dimension_value *known = &d->known[order[i] * n_attributes];

		csv_put_text(&out->row, id->s, id->len);
		for (size_t k = 0; k < n_attributes; k++) {
			const struct intern_string *value;

			if (!known[k].value_plus_1) {
				csv_put_null(&out->row);
				continue;
			}
			value = intern_string(&d->values, known[k].value_plus_1 - 1);
			csv_put_text(&out->row, value->s, value->len);
		}
		rc = csv_writer_end_row(out, err);
	}
	free(order);
	return rc;
}

void dimension_release(struct dimension *d)
{
	intern_release(&d->ids);
	intern_release(&d->values);
	free(d->known);
	d->known = NULL;
	d->cap = 0;
}
