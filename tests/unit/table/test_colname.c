#include "table/colname.h"

#include "check.h"

static void names_that_are_alike(void)
{
	CHECK(colname_alike("event_id", "EVENT_ID"));
	CHECK(colname_alike(" Event_Id\t", "event_iD"));
	CHECK(colname_alike("", "  "));
	CHECK(!colname_alike("event_id", "event id"));
	CHECK(!colname_alike("event_id", "event_i"));
	CHECK(!colname_alike("event_id", "event_ids"));
	CHECK(!colname_alike("\xc3\xa9", "\xc3\x89")); /* ASCII only */
}

/* A header before and after, its names with commas between them. */
static void normalises(const char *before, const char *want)
{
	char text[200], got[200] = "", *names[16], *rest = text, *name;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", before);
	while ((name = strsep(&rest, ",")))
		names[n++] = name;
	colname_normalise(names, n);
	for (size_t i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "," : "",
			 names[i]);
	CHECK_STR(got, want);
}

static void columns_of_the_pipe_get_their_names(void)
{
	normalises("EVENT_ID, event_ts ,\tDevice", "event_id,event_ts,device");
	normalises("Email,Prev_Ts,User_Plan_Tier,Completion_Probability",
		   "email,prev_ts,user_plan_tier,completion_probability");
	normalises("event_id,EVENT_ID", "event_id,EVENT_ID");
	normalises("EVENT_ID,Event_Id", "EVENT_ID,Event_Id");
	normalises("X,Kind,Value, mine ", "X,Kind,Value, mine ");
	normalises(", ", ", ");
}

int main(void)
{
	RUN(names_that_are_alike);
	RUN(columns_of_the_pipe_get_their_names);
	return CHECK_DONE();
}
