/*
 * fixedmath: exp and log whose every bit is the same on every machine.
 *
 * A libm's are as exact, but differ from each other in the last bit, which is enough for two
 * machines to write different tables. These are sums and products in one order, for which IEEE 754
 * leaves no choice (the build forbids the compiler to fuse them). Argument reduction and series
 * are the textbook's: Muller, Elementary Functions, 3rd ed., ch. 11. Their error is below 1e-15 of
 * the result.
 */
#ifndef CE_FIXEDMATH_H
#define CE_FIXEDMATH_H

/* e^x; 0 below -708, where the result would not be a normal number, and e^709 above 709. */
double fixedmath_exp(double x);

/* The natural logarithm of x, which is positive and normal. */
double fixedmath_log(double x);

#endif
