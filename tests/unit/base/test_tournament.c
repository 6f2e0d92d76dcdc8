#include "base/tournament.h"

#include "scratch.h"

#define MAX_PLAYERS 9
#define N_ITEMS     40

/* Ascending numbers; a player that has none left comes after all others. */
struct players {
	int items[MAX_PLAYERS][N_ITEMS];
	size_t n[MAX_PLAYERS], at[MAX_PLAYERS];
};

static bool is_before(const void *context, size_t a, size_t b)
{
	const struct players *p = context;
	bool has_a = p->at[a] < p->n[a], has_b = p->at[b] < p->n[b];

	if (!has_a || !has_b)
		return has_a || (!has_b && a < b);
	if (p->items[a][p->at[a]] != p->items[b][p->at[b]])
		return p->items[a][p->at[a]] < p->items[b][p->at[b]];
	return a < b;
}

/* The first item of all, by a look at each. */
static size_t first_of(const struct players *p, size_t n)
{
	size_t first = 0;

	for (size_t i = 1; i < n; i++)
		if (is_before(p, i, first))
			first = i;
	return first;
}

static void merge(uint64_t *random, size_t n)
{
	struct tournament t;
	struct players p = { 0 };
	size_t left = 0;

	tournament_init(&t, n);
	for (size_t i = 0; i < n; i++) {
		int item = 0;

		p.n[i] = scratch_below(random, N_ITEMS + 1);
		left += p.n[i];
		for (size_t k = 0; k < p.n[i]; k++)
			p.items[i][k] = item += (int)scratch_below(random, 3);
		tournament_play(&t, i, is_before, &p);
	}
	for (; left; left--) {
		size_t winner = tournament_winner(&t);

		CHECK_INT(winner, first_of(&p, n));
		p.at[winner]++;
		tournament_play(&t, winner, is_before, &p);
	}
	CHECK_INT(tournament_winner(&t), first_of(&p, n));
	tournament_release(&t);
	tournament_release(&t);
}

static void the_winner_is_the_first_of_all(void)
{
	uint64_t random = 1;

	for (size_t n = 1; n <= MAX_PLAYERS; n++)
		for (int i = 0; i < 50; i++)
			merge(&random, n);
}

int main(void)
{
	RUN(the_winner_is_the_first_of_all);
	return CHECK_DONE();
}
