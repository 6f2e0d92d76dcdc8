/*
 * check: the whole of the unit-test framework. A test is a function without arguments; RUN runs it
 * and prints one TAP line; CHECK* record the first failure in it and go on.
 */
#ifndef CE_CHECK_H
#define CE_CHECK_H

#include <inttypes.h>
#include <math.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Defined where a sanitizer takes memory of its own, so that the process's is no measure. */
#if defined(__SANITIZE_ADDRESS__)
#define CHECK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECK_SANITIZED 1
#endif
#endif

static int check_n_tests, check_n_failed;
static bool check_ok;

/* Whether CE_TEST_WORDS, a regular expression, matches the name; without it every test runs. */
static inline bool check_wanted(const char *test)
{
	const char *words = getenv("CE_TEST_WORDS");
	regex_t wanted;
	bool found;

	if (!words || !*words || regcomp(&wanted, words, REG_EXTENDED | REG_NOSUB))
		return true;
	found = !regexec(&wanted, test, 0, NULL, 0);
	regfree(&wanted);
	return found;
}

#define CHECK_FAIL(...)                                                                            \
	do {                                                                                       \
		check_ok = false;                                                                  \
		printf("# %s:%d: ", __FILE__, __LINE__);                                           \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
	} while (0)

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			CHECK_FAIL("%s", #condition);                                              \
	} while (0)

#define CHECK_INT(got, want)                                                                       \
	do {                                                                                       \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                            \
		if (got_ != want_)                                                                 \
			CHECK_FAIL("%s is %" PRId64 ", not %" PRId64, #got, got_, want_);          \
	} while (0)

#define CHECK_STR(got, want)                                                                       \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (strcmp(got_, want_) != 0)                                                      \
			CHECK_FAIL("%s is '%s', not '%s'", #got, got_, want_);                     \
	} while (0)

#define CHECK_NEAR(got, want, tolerance)                                                           \
	do {                                                                                       \
		double got_ = (got), want_ = (want);                                               \
		if (!(fabs(got_ - want_) <= (tolerance)))                                          \
			CHECK_FAIL("%s is %.17g, not %.17g", #got, got_, want_);                   \
	} while (0)

#define RUN(test)                                                                                  \
	do {                                                                                       \
		if (!check_wanted(#test))                                                          \
			break;                                                                     \
		check_ok = true;                                                                   \
		test();                                                                            \
		check_n_tests++;                                                                   \
		check_n_failed += !check_ok;                                                       \
		printf("%s %d - %s\n", check_ok ? "ok" : "not ok", check_n_tests, #test);          \
	} while (0)

/* The last line of main: `return CHECK_DONE();` */
#define CHECK_DONE() (printf("1..%d\n", check_n_tests), fflush(stdout), check_n_failed > 0)

/* That it begins so. */
#define CHECK_BEGINS(got, want)                                                                    \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (strncmp(got_, want_, strlen(want_)) != 0)                                      \
			CHECK_FAIL("%s is '%s', not '%s...'", #got, got_, want_);                  \
	} while (0)

#endif
