#include "history/aggregate.h"

#include "check.h"
#include "table/catalogue.h"

static void every_table_is_in_the_catalogue(void)
{
	size_t n = 0;

	for (const struct catalogue_table *table; (table = aggregate_table(n)); n++)
		CHECK(catalogue_table(table->name) == table);
	CHECK_INT(n, 9);
}

/* Sessions that close in any order come out in the order of their ids, none early, none lost. */
static void closed_sessions_leave_in_order_of_id(void)
{
	enum { N = 1009 };
	struct aggregate_sessions s = AGGREGATE_SESSIONS_INIT;
	const struct outcome_session *first;
	bool closed[N + 1] = { false };
	int64_t next = 1;

	for (int64_t i = 0; i < N; i++) {
		/* 389 is prime to 1009: every id once, scattered over a window that moves. */
		struct outcome_session session = { .id = 1 + i * 389 % N, .past.end = i };

		closed[session.id] = true;
		aggregate_session_closed(&s, &session);
		while ((first = aggregate_sessions_first(&s))) {
			CHECK_INT(first->id, next);
			CHECK(closed[first->id]);
			CHECK_INT(1 + first->past.end * 389 % N, first->id);
			aggregate_sessions_pop(&s);
			next++;
		}
		CHECK(!closed[next <= N ? next : 0]);
	}
	CHECK_INT(next, N + 1);
	aggregate_sessions_release(&s);
}

int main(void)
{
	RUN(every_table_is_in_the_catalogue);
	RUN(closed_sessions_leave_in_order_of_id);
	return CHECK_DONE();
}
