/*
 * tournament: which of n sequences has the first item, for a merge.
 *
 * It is a tree of losers (Knuth, The Art of Computer Programming, vol. 3, 5.4.1). Player i plays at
 * the leaf n + i; losers[k] is who lost the match at the node k, whose children are 2k and 2k + 1;
 * the winner of all is losers[0]. Of five players:
 *
 *	                1
 *	        2               3
 *	    4       5       6       7
 *	  8   9     0       1       2
 *	  3   4
 *
 * When the winner has moved to its next item, only the matches on the way up from its leaf are
 * played again, against those who lost there. In the first round, whoever comes to a node first
 * waits there for an opponent.
 */
#ifndef CE_TOURNAMENT_H
#define CE_TOURNAMENT_H

#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct tournament {
	size_t n;
	size_t *losers; /* [n]; 1 more than the player's number, 0: nobody yet */
};

/* n > 0 players, each of which is yet to play its first match. */
static inline void tournament_init(struct tournament *t, size_t n)
{
	*t = (struct tournament){ n, mem_zalloc(n, sizeof(*t->losers)) };
}

/*
 * Plays the matches of player i, which has moved to another item, or is new. `before` tells whether
 * player a's item comes before player b's: never both of each other's. It is inlined where it is
 * known.
 */
static inline __attribute__((always_inline)) void tournament_play(
	struct tournament *t, size_t i, bool (*before)(const void *context, size_t a, size_t b),
	const void *context)
{
	size_t winner = i + 1;

	for (size_t k = (t->n + i) / 2; k; k /= 2) {
		size_t opponent = t->losers[k];

		if (!opponent) {
			t->losers[k] = winner;
			return;
		}
		if (before(context, opponent - 1, winner - 1)) {
			t->losers[k] = winner;
			winner = opponent;
		}
	}
	t->losers[0] = winner;
}

/* Whose item is the first, once all have played. */
static inline size_t tournament_winner(const struct tournament *t)
{
	return t->losers[0] - 1;
}

/* Frees the memory; harmless on zeroed memory. */
static inline void tournament_release(struct tournament *t)
{
	free(t->losers);
	*t = (struct tournament){ 0 };
}

#endif
