#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

#define WORD_MAX 64

static unsigned char fold(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Row i of the table holds the distances of the first i letters of `a` from each beginning of `b`;
 * each needs the two rows before it.
 */
size_t nearest_distance(const char *a, const char *b)
{
	size_t table[3][WORD_MAX + 1];
	size_t *before = table[0], *last = table[1], *row = table[2];
	size_t n = strnlen(a, WORD_MAX + 1), m = strnlen(b, WORD_MAX + 1);

	if (n > WORD_MAX || m > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		before[j] = last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *free_row = before;

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			unsigned char x = fold(a[i - 1]), y = fold(b[j - 1]);

			row[j] = least(last[j - 1] + (x != y), least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == fold(b[j - 2]) && fold(a[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = last;
		last = row;
		row = free_row;
	}
	return last[m];
}

const char *nearest_word(const char *word, const char *const *words, size_t n)
{
	size_t len = strnlen(word, WORD_MAX + 1), best = (len + 1) / 3 + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t distance, other = strnlen(words[i], WORD_MAX + 1);

		if ((other > len ? other - len : len - other) >= best)
			continue;
		distance = nearest_distance(word, words[i]);
		if (distance < best) {
			best = distance;
			found = words[i];
		}
	}
	return found;
}
