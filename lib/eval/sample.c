#include "eval/sample.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void sample_init(struct sample *s, size_t size, size_t width, uint64_t seed, uint64_t stream)
{
	*s = (struct sample){ .size = size, .width = width };
	rng_seed(&s->rng, seed, stream);
}

void sample_offer(struct sample *s, const double *values, double score, bool label)
{
	size_t at = s->n;

	if (s->n == s->size) {
		uint64_t place = rng_below(&s->rng, s->seen + 1);

		if (place >= s->size) {
			s->seen++;
			return;
		}
		at = (size_t)place;
	} else if (s->n++ == s->cap) {
		s->cap = mem_grow(s->cap, s->n);
		s->values = mem_realloc(s->values, s->cap, s->width * sizeof(*s->values));
		s->scores = mem_realloc(s->scores, s->cap, sizeof(*s->scores));
		s->labels = mem_realloc(s->labels, s->cap, sizeof(*s->labels));
	}
	s->seen++;
	if (s->width)
		memcpy(s->values + at * s->width, values, s->width * sizeof(*values));
	s->scores[at] = score;
	s->labels[at] = label;
}

void sample_release(struct sample *s)
{
	free(s->values);
	free(s->scores);
	free(s->labels);
	*s = (struct sample){ 0 };
}
