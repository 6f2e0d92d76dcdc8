/*
 * rng: reproducible random numbers, and draws from a few distributions.
 *
 * The generator is xoshiro256** (D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number
 * Generators", ACM TOMS 47(4), 2021; reference code in the public domain), its state filled by
 * splitmix64 as they advise. One seed gives as many independent streams as there are purposes, so
 * that drawing more for one of them changes nothing in another. Not for secrets.
 */
#ifndef CE_RNG_H
#define CE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t s[4]; /* not all zero */
};

/* Starts the stream of that number of that seed. */
void rng_seed(struct rng *r, uint64_t seed, uint64_t stream);

/* 64 random bits. */
uint64_t rng_next(struct rng *r);

/* Uniform on the open interval (0, 1), an odd multiple of 2^-53: its logarithm is finite. */
double rng_uniform(struct rng *r);

/* Uniform on 0 ... n - 1, n > 0, without bias (D. Lemire, ACM TOMACS 29(1), 2019, algorithm 5). */
uint64_t rng_below(struct rng *r, uint64_t n);

/* Uniform on low ... high, both included. */
int64_t rng_between(struct rng *r, int64_t low, int64_t high);

/* True with probability p. */
bool rng_chance(struct rng *r, double p);

/* Exponential with mean 1. */
double rng_exponential(struct rng *r);

/* Standard normal (G. Marsaglia and T. Bray, SIAM Review 6(3), 1964: the polar method). */
double rng_normal(struct rng *r);

/*
 * Draws index i with probability weight[i] / sum(weight) in constant time: the alias method
 * (A. J. Walker, ACM TOMS 3(3), 1977; built as M. D. Vose, IEEE TSE 17(9), 1991). 8 bytes an index.
 */
struct rng_alias {
	struct rng_alias_cell *cells;
	size_t n;
};

/* weight[n], 0 < n < 2^32, each >= 0 and finite, their sum > 0. rng_alias_release frees. */
void rng_alias_init(struct rng_alias *a, const double *weight, size_t n);
size_t rng_alias_draw(const struct rng_alias *a, struct rng *r);
void rng_alias_release(struct rng_alias *a);

#endif
