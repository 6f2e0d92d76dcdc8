#include "base/rng.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef unsigned __int128 u128;

struct rng_alias_cell {
	uint32_t keep;  /* the cell's own index is drawn if 32 random bits are < keep */
	uint32_t other; /* else this one */
};

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	uint64_t state = stream;

	/* The stream's number is mixed before it meets the seed: (1, 2) and (2, 1) must differ. */
	state = splitmix64(&state) ^ seed;
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix64(&state);
}

static uint64_t rotate(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

double rng_uniform(struct rng *r)
{
	return ((double)(rng_next(r) >> 12) + 0.5) * 0x1p-52;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	u128 product = (u128)rng_next(r) * n;

	if ((uint64_t)product < n) {
		uint64_t least = (0 - n) % n;

		while ((uint64_t)product < least)
			product = (u128)rng_next(r) * n;
	}
	return (uint64_t)(product >> 64);
}

int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
	return low + (int64_t)rng_below(r, (uint64_t)(high - low) + 1);
}

bool rng_chance(struct rng *r, double p)
{
	return rng_uniform(r) < p;
}

double rng_exponential(struct rng *r)
{
	return -log(rng_uniform(r));
}

double rng_normal(struct rng *r)
{
	double x, square;

	do {
		double y = 2 * rng_uniform(r) - 1;

		x = 2 * rng_uniform(r) - 1;
		square = x * x + y * y;
	} while (square >= 1);
	return x * sqrt(-2 * log(square) / square);
}

/*
 * Every cell stands for 1/n of the mass. A cell that holds less ("small") is filled up by one that
 * holds more; what is left over of that one makes it large or small in its turn.
 */
void rng_alias_init(struct rng_alias *a, const double *weight, size_t n)
{
	double *mass = mem_alloc(n, sizeof(*mass));
	uint32_t *todo =
		mem_alloc(n, sizeof(*todo)); /* the small from below, the large from above */
	size_t n_small = 0, large = n;
	double sum = 0;

	a->cells = mem_alloc(n, sizeof(*a->cells));
	a->n = n;
	for (size_t i = 0; i < n; i++)
		sum += weight[i];
	for (size_t i = 0; i < n; i++) {
		mass[i] = weight[i] / sum * (double)n;
		a->cells[i] = (struct rng_alias_cell){ UINT32_MAX, (uint32_t)i };
		if (mass[i] < 1)
			todo[n_small++] = (uint32_t)i;
		else
			todo[--large] = (uint32_t)i;
	}
	while (n_small && large < n) {
		uint32_t i = todo[--n_small], j = todo[large];

		a->cells[i] = (struct rng_alias_cell){ (uint32_t)(mass[i] * 0x1p32), j };
		mass[j] -= 1 - mass[i];
		if (mass[j] < 1) {
			large++;
			todo[n_small++] = j;
		}
	}
	free(mass);
	free(todo);
}

size_t rng_alias_draw(const struct rng_alias *a, struct rng *r)
{
	size_t i = rng_below(r, a->n);
	const struct rng_alias_cell *cell = &a->cells[i];

	return (uint32_t)(rng_next(r) >> 32) < cell->keep ? i : cell->other;
}

void rng_alias_release(struct rng_alias *a)
{
	free(a->cells);
	*a = (struct rng_alias){ NULL, 0 };
}
