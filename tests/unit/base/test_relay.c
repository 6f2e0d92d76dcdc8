#include "base/relay.h"

#include "base/err.h"
#include "check.h"

#define N_ITEMS 3

/* Numbers on their way, and what the work saw. */
struct seen {
	int64_t sum, next;
	int64_t fail_at; /* 0: never */
};

static int work(void *context, void *item, struct err *err)
{
	struct seen *seen = context;
	int64_t number = *(int64_t *)item;

	if (number == seen->fail_at)
		return err_set(err, ERR_RUNTIME, "number %lld", (long long)number);
	seen->next = number == seen->next ? number + 1 : -1;
	seen->sum += number;
	return 0;
}

/* Passes the numbers from 1 to n; returns how many could be. */
static int64_t pass(struct seen *seen, int64_t n, bool threaded, struct err *err)
{
	int64_t numbers[N_ITEMS], i, *number;
	void *items[N_ITEMS];
	struct relay *r;
	bool failed;

	for (i = 0; i < N_ITEMS; i++)
		items[i] = &numbers[i];
	r = relay_new(items, N_ITEMS, work, seen, threaded);
	for (i = 1; i <= n && (number = relay_get(r, err)); i++) {
		*number = i;
		if (relay_pass(r, err))
			break;
	}
	failed = i <= n;
	if (relay_finish(r, err))
		failed = true;
	relay_free(r);
	return failed ? -1 : i - 1;
}

static void items_are_worked_on_in_order(void)
{
	for (int threaded = 0; threaded < 2; threaded++) {
		struct seen seen = { .next = 1 };
		struct err err = ERR_INIT;

		CHECK_INT(pass(&seen, 10000, threaded, &err), 10000);
		CHECK_INT(seen.sum, 10000 * 10001 / 2);
		CHECK_INT(seen.next, 10001);
	}
}

static void what_fails_is_told_and_nothing_comes_after_it(void)
{
	static const int64_t places[] = { 1, 2, 3, 4, 999, 1000 };

	for (int threaded = 0; threaded < 2; threaded++)
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			struct seen seen = { .next = 1, .fail_at = places[i] };
			struct err err = ERR_INIT;
			char text[32];

			CHECK_INT(pass(&seen, 1000, threaded, &err), -1);
			snprintf(text, sizeof(text), "number %lld", (long long)places[i]);
			CHECK_STR(err.message, text);
			CHECK_INT(seen.next, places[i]);
		}
}

static void what_was_passed_is_done_even_if_nobody_waits_for_it(void)
{
	for (int threaded = 0; threaded < 2; threaded++) {
		struct seen seen = { .next = 1 };
		struct err err = ERR_INIT;

		CHECK_INT(pass(&seen, 0, threaded, &err), 0);
		CHECK_INT(pass(&seen, 1, threaded, &err), 1);
		CHECK_INT(seen.sum, 1);
	}
	relay_free(NULL);
}

int main(void)
{
	RUN(items_are_worked_on_in_order);
	RUN(what_fails_is_told_and_nothing_comes_after_it);
	RUN(what_was_passed_is_done_even_if_nobody_waits_for_it);
	return CHECK_DONE();
}
