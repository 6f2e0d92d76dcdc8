#include "base/fixedmath.h"

#include <stdint.h>
#include <string.h>

/* ln 2 in two parts, of which the first times any exponent is exact. */
#define LN2_HIGH 0x1.62e42fee00000p-1
#define LN2_LOW  0x1.a39ef35793c76p-33
#define LOG2_E   0x1.71547652b82fep+0
#define SQRT_2   0x1.6a09e667f3bcdp+0

#define EXPONENT_BITS 52
#define EXPONENT_BIAS 1023
#define FRACTION_MASK ((UINT64_C(1) << EXPONENT_BITS) - 1)

#define EXP_MIN (-708.0)
#define EXP_MAX 709.0

static double power_of_2(int k)
{
	uint64_t bits = (uint64_t)(k + EXPONENT_BIAS) << EXPONENT_BITS;
	double power;

	memcpy(&power, &bits, sizeof(power));
	return power;
}

#define N_TERMS(series) (sizeof(series) / sizeof((series)[0]))

/*
 * The series of an even number of terms, the highest power of x first. Even and odd ones are summed
 * by themselves, for a processor does both at once.
 */
static inline double sum_series(const double *series, unsigned n, double x_squared, double x)
{
	double odd = series[0], even = series[1];

	for (unsigned i = 2; i < n; i += 2) {
		odd = odd * x_squared + series[i];
		even = even * x_squared + series[i + 1];
	}
	return odd * x + even;
}

double fixedmath_exp(double x)
{
	/* 1 / n! from 13! down: with |r| <= ln 2 / 2 the first term left out is below 5e-18. */
	static const double series[] = {
		1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
		1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
		1.0 / 120,        1.0 / 24,        1.0 / 6,        1.0 / 2,
	};
	double r, square, sum;
	int k;

	if (x < EXP_MIN)
		return 0;
	if (x > EXP_MAX)
		x = EXP_MAX;
	k = (int)(x * LOG2_E + (x < 0 ? -0.5 : 0.5));
	r = x - k * LN2_HIGH;
	r = r - k * LN2_LOW;
	square = r * r;
	sum = sum_series(series, N_TERMS(series), square, r);
	return (1 + (sum * square + r)) * power_of_2(k);
}

double fixedmath_log(double x)
{
	/* 2 (s + s^3/3 + s^5/5 + ...) with s = (m - 1) / (m + 1), |s| < 0.172. */
	static const double series[] = { 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
					 1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3 };
	double m, s, square, sum;
	uint64_t bits;
	int k;

	memcpy(&bits, &x, sizeof(bits));
	k = (int)(bits >> EXPONENT_BITS) - EXPONENT_BIAS;
	bits = (bits & FRACTION_MASK) | (uint64_t)EXPONENT_BIAS << EXPONENT_BITS;
	memcpy(&m, &bits, sizeof(m));
	if (m > SQRT_2) {
		m = m / 2;
		k++;
	}
	s = (m - 1) / (m + 1);
	square = s * s;
	sum = sum_series(series, N_TERMS(series), square * square, square);
	return k * LN2_HIGH + (2 * s + (2 * s * square * sum + k * LN2_LOW));
}
