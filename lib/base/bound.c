#include "base/bound.h"

#include "base/num.h"

#include <string.h>

int bound_parse(struct bound *bound, const char *text, struct err *err)
{
	size_t len = strlen(text);

	bound->text = text;
	bound->is_share = len && text[len - 1] == '%';
	if (bound->is_share ? num_parse_millionths(text, len - 1, &bound->value) ||
				      bound->value > 100 * NUM_MILLION
			    : num_parse_int(text, len, &bound->value))
		bound->value = -1;
	if (bound->value < 0)
		return err_set(err, ERR_USAGE,
			       "expected a count or a percentage up to 100%%, not '%s'", text);
	return 0;
}

bool bound_exceeded(const struct bound *bound, uint64_t n, uint64_t n_all)
{
	__extension__ typedef unsigned __int128 u128;

	return bound->is_share ? (u128)n * 100 * NUM_MILLION > (u128)n_all * (uint64_t)bound->value
			       : n > (uint64_t)bound->value;
}
