#include "base/tally.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* How many names a text shows, and how much of each. */
#define SHOWN       8
#define SHOWN_CHARS 40

uint32_t tally_add(struct tally *t, const char *s, size_t len)
{
	uint32_t id;

	if (len > TALLY_LEN)
		len = TALLY_LEN;
	id = t->names.n < TALLY_NAMES ? intern_id(&t->names, s, len)
				      : intern_find(&t->names, s, len);
	t->n++;
	if (id != INTERN_NONE)
		t->counts[id]++;
	return id;
}

uint32_t tally_next(const struct tally *t, const uint32_t *shown, size_t n)
{
	uint32_t best = INTERN_NONE;

	for (uint32_t id = 0; id < t->names.n; id++) {
		bool is_new = true;

		for (size_t i = 0; i < n; i++)
			is_new &= shown[i] != id;
		if (is_new && (best == INTERN_NONE || t->counts[id] > t->counts[best] ||
			       (t->counts[id] == t->counts[best] &&
				strcmp(intern_string(&t->names, id)->s,
				       intern_string(&t->names, best)->s) < 0)))
			best = id;
	}
	return best;
}

void tally_put(const struct tally *t, struct buf *out)
{
	uint32_t shown[SHOWN];
	uint64_t n_left = t->n;

	for (size_t i = 0; i < SHOWN && i < t->names.n; i++) {
		const struct intern_string *name;

		shown[i] = tally_next(t, shown, i);
		name = intern_string(&t->names, shown[i]);
		buf_append_str(out, i ? ", '" : "'");
		utf8_put(out, name->s, name->len, SHOWN_CHARS);
		buf_printf(out, "' %" PRIu64, t->counts[shown[i]]);
		n_left -= t->counts[shown[i]];
	}
	if (n_left)
		buf_printf(out, "%sothers %" PRIu64, t->names.n ? ", " : "", n_left);
}

void tally_release(struct tally *t)
{
	intern_release(&t->names);
	*t = (struct tally)TALLY_INIT;
}
