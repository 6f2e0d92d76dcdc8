#include "base/fixedmath.h"

#include "scratch.h"

#include <float.h>

/* Uniform in [low, high). */
static double between(uint64_t *random, double low, double high)
{
	return low + (high - low) * (double)(scratch_random(random) >> 11) * 0x1p-53;
}

/* How far it is from the truth, in units of the truth's last place; the truth is libm's. */
static double error(double got, long double want)
{
	const double nearest = (double)want;
	const double unit = nextafter(fabs(nearest), INFINITY) - fabs(nearest);

	return (double)fabsl((long double)got - want) / unit;
}

/* Of 10^7 arguments the worst are 1.0 off (exp) and 1.98 (log). */
#define ULPS 3

static void check_exp(double x)
{
	if (!(error(fixedmath_exp(x), expl(x)) <= ULPS))
		CHECK_FAIL("exp(%a) is %a, not %a", x, fixedmath_exp(x), exp(x));
}

static void check_log(double x)
{
	if (!(error(fixedmath_log(x), logl(x)) <= ULPS))
		CHECK_FAIL("log(%a) is %a, not %a", x, fixedmath_log(x), log(x));
}

/* At x and on both sides of it. */
static void check_beside(void (*check)(double), double x)
{
	double below = x, above = x;

	for (int i = 0; i < 8; i++) {
		check(below);
		check(above);
		below = nextafter(below, -INFINITY);
		above = nextafter(above, INFINITY);
	}
}

static void exp_is_libms(void)
{
	uint64_t random = 1;

	for (int i = 0; i < 300000; i++) {
		check_exp(between(&random, -708, 709));
		check_exp(between(&random, -1, 1));
		check_exp(ldexp(between(&random, -1, 1), -(int)scratch_below(&random, 1074)));
	}
	check_beside(check_exp, 0);
	check_exp(-708);
	check_exp(709);
	/* Where the next power of two begins. */
	for (int k = -1021; k <= 1023; k++)
		check_beside(check_exp, (k + (k < 0 ? 0.5 : -0.5)) * M_LN2);
}

static void log_is_libms(void)
{
	uint64_t random = 2;

	for (int i = 0; i < 300000; i++) {
		check_log(ldexp(between(&random, 1, 2), (int)scratch_below(&random, 2046) - 1022));
		check_log(between(&random, 0.5, 2));
		check_log(1 + ldexp(between(&random, -1, 1), -(int)scratch_below(&random, 52) - 1));
	}
	check_beside(check_log, 1);
	for (int k = -1021; k <= 1023; k++) {
		check_beside(check_log, ldexp(1, k));
		check_beside(check_log, ldexp(M_SQRT2, k));
	}
	check_log(DBL_MIN);
	check_log(DBL_MAX);
}

static void what_is_exact(void)
{
	CHECK(fixedmath_exp(0) == 1);
	CHECK(fixedmath_exp(-0.0) == 1);
	CHECK(fixedmath_exp(DBL_TRUE_MIN) == 1);
	CHECK(fixedmath_exp(-DBL_TRUE_MIN) == 1);
	CHECK(fixedmath_log(1) == 0);
	for (int k = 1; k <= 1022; k++)
		CHECK(fixedmath_log(ldexp(1, k)) == -fixedmath_log(ldexp(1, -k)));
}

/* Below the one there is nothing, above the other nothing more. */
static void exp_has_bounds(void)
{
	CHECK(fixedmath_exp(-708) >= DBL_MIN);
	CHECK(fixedmath_exp(nextafter(-708, -INFINITY)) == 0);
	CHECK(fixedmath_exp(-INFINITY) == 0);
	CHECK(fixedmath_exp(nextafter(709, 0)) <= fixedmath_exp(709));
	CHECK(isfinite(fixedmath_exp(709)));
	CHECK(fixedmath_exp(nextafter(709, INFINITY)) == fixedmath_exp(709));
	CHECK(fixedmath_exp(INFINITY) == fixedmath_exp(709));
}

/* More of an argument never is less by more than their errors; each undoes the other. */
static void they_are_inverse(void)
{
	uint64_t random = 3;

	for (int i = 0; i < 100000; i++) {
		double x = between(&random, -700, 700), y = fixedmath_exp(x);

		CHECK_NEAR(fixedmath_log(y), x, 4 * DBL_EPSILON * fmax(1, fabs(x)));
		CHECK_NEAR(fixedmath_exp(fixedmath_log(y)) / y, 1,
			   4 * DBL_EPSILON * fmax(1, fabs(x)));
		CHECK(fixedmath_exp(x + 1e-12) >= y);
	}
}

/* These bits, on whatever machine, by whatever compiler. */
static void the_bits_are_the_same_everywhere(void)
{
	static const struct {
		double x, exp, log; /* of |x| */
	} pinned[] = {
		{ -0x1.62p+9, 0x1.7c8ab2288c9acp-1022, 0x1.a3ff15830f8b7p+2 },
		{ -0x1.5ep+9, 0x1.14f2b0fb9307fp-1010, 0x1.a344e6741ebabp+2 },
		{ -0x1p+0, 0x1.78b56362cef38p-2, 0x0p+0 },
		{ -0x1p-1, 0x1.368b2fc6f960ap-1, -0x1.62e42fefa39efp-1 },
		{ -0x1.12e0be826d695p-30, 0x1.fffffff768fa1p-1, -0x1.4b927f32bffb8p+4 },
		{ 0x1.999999999999ap-4, 0x1.1aec7b35a00d4p+0, -0x1.26bb1bbb55515p+1 },
		{ 0x1.62e42fefa39efp-2, 0x1.6a09e667f3bccp+0, -0x1.0f45e267477ep+0 },
		{ 0x1.6a09e667f3bcdp-1, 0x1.0399458f5a0d7p+1, -0x1.62e42fefa39edp-2 },
		{ 0x1.fffffffffffffp-1, 0x1.5bf0a8b145769p+1, -0x1p-53 },
		{ 0x1.0000000000001p+0, 0x1.5bf0a8b14576bp+1, 0x1p-52 },
		{ 0x1.921fb54442d18p+1, 0x1.724046eb09339p+4, 0x1.250d048e7a1bdp+0 },
		{ 0x1.62ccccccccccdp+6, 0x1.f4705bbffae5cp+127, 0x1.1f0e7f7eaaee6p+2 },
		{ 0x1.628p+9, 0x1.d422d2be5dc9bp+1022, 0x1.a416357d87f55p+2 },
	};

	for (size_t i = 0; i < sizeof(pinned) / sizeof(pinned[0]); i++) {
		const double x = pinned[i].x, y = fixedmath_exp(x), z = fixedmath_log(fabs(x));

		if (y != pinned[i].exp || z != pinned[i].log)
			CHECK_FAIL("of %a: %a and %a, not %a and %a", x, y, z, pinned[i].exp,
				   pinned[i].log);
	}
}

/* Of a million, the bits added up: one that differs is seen. */
static void so_are_all_of_many(void)
{
	uint64_t random = 4, sum = 0, bits;

	for (int i = 0; i < 1000000; i++) {
		double x = between(&random, -708, 709), y = fixedmath_exp(x);

		memcpy(&bits, &y, sizeof(bits));
		sum = (sum << 7 | sum >> 57) ^ bits;
		y = fixedmath_log(fabs(x));
		memcpy(&bits, &y, sizeof(bits));
		sum = (sum << 7 | sum >> 57) ^ bits;
	}
	CHECK(sum == UINT64_C(0x787c9013de9107b1));
}

int main(void)
{
	RUN(exp_is_libms);
	RUN(log_is_libms);
	RUN(what_is_exact);
	RUN(exp_has_bounds);
	RUN(they_are_inverse);
	RUN(the_bits_are_the_same_everywhere);
	RUN(so_are_all_of_many);
	return CHECK_DONE();
}
