#include "collate/shardfacts.h"

#include "scratch.h"

#define HEADER                                                                                     \
	"fact_ts,fact,session_id,event_id,user_id,content_id,genre,device,plan_tier,runtime,"      \
	"is_completion,session_end_ts,is_completed_event,stopped_near_end,num_unique_events,"      \
	"popularity,stops,stop_ratio_sum\n"

static const char *const path = "facts.csv";

static int open_facts(struct shardfacts *f, const char *text, struct err *err)
{
	scratch_write(path, text, strlen(text));
	*f = (struct shardfacts)SHARDFACTS_INIT;
	return shardfacts_open(f, &path, 1, err);
}

static bool is_text(const struct csv_field *f, const char *text)
{
	return f->len == strlen(text) && !memcmp(f->s, text, f->len);
}

static void each_kind_has_what_it_has(void)
{
	struct err err = ERR_INIT;
	struct shardfacts f;

	CHECK_INT(open_facts(&f,
			     HEADER "5,start,1,e1,\"u,1\",c,\"\",,free,-7,x,x,x,x,,,,\n"
				    "5,start,2,e2,u,c,g,tv,,,,,,,,,,\n"
				    "5,activity,x,x,x,c,x,x,x,x,x,,,,,1,0,9999999\n"
				    "6,activity,,,,d,,,,,,,,,,0,1,1000000\n"
				    "6,outcome,9223372036854775807,,u,,,,,,1,,,,,,,\n"
				    "6,outcome,1,,u,,,,,,0,4,1,0,6,,,\n"
				    "17592186044415,end,1,,u,,,,,,,1,0,0,2,,,\n"
				    "17592186044415,last,,,,,,,,,,,,,,,,\n",
			     &err),
		  0);
	CHECK(!f.is_over);
	CHECK_INT(f.fact.kind, FACTS_START);
	CHECK_INT(f.fact.ts, 5);
	CHECK_INT(f.fact.session_id, 1);
	CHECK(is_text(f.fact.event_id, "e1") && is_text(f.fact.user_id, "u,1"));
	CHECK(is_text(f.fact.content_id, "c") && is_text(f.fact.plan_tier, "free"));
	CHECK(!f.fact.genre->len && !f.fact.device->len);
	CHECK_INT(f.fact.runtime, -7);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK_INT(f.fact.runtime, EVENT_UNKNOWN);
	CHECK(is_text(f.fact.genre, "g") && is_text(f.fact.device, "tv"));
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK_INT(f.fact.kind, FACTS_ACTIVITY);
	CHECK(f.fact.is_first_of_pair);
	CHECK_INT(f.fact.stop_ratio, EVENT_UNKNOWN);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK(is_text(f.fact.content_id, "d") && !f.fact.is_first_of_pair);
	CHECK_INT(f.fact.stop_ratio, 1000000);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK_INT(f.fact.kind, FACTS_OUTCOME);
	CHECK_INT(f.fact.session_id, INT64_MAX);
	CHECK(f.fact.is_completion);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK(!f.fact.is_completion);
	CHECK_INT(f.fact.session_end, 4);
	CHECK(f.fact.has_complete && !f.fact.is_completed_without);
	CHECK_INT(f.fact.n_types, 6);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK_INT(f.fact.kind, FACTS_END);
	CHECK_INT(f.fact.session_end, 1);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK_INT(f.fact.kind, FACTS_LAST);
	CHECK(!f.is_over);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK(f.is_over);
	CHECK_STR(err.message, "");
	shardfacts_close(&f);
}

static void none_is_no_error(void)
{
	struct err err = ERR_INIT;
	struct shardfacts f;

	CHECK_INT(open_facts(&f, HEADER, &err), 0);
	CHECK(f.is_over);
	shardfacts_close(&f);
}

static void what_is_no_fact_is_refused_by_its_place(void)
{
	static const char *const bad[][2] = {
		{ "5,begin,1,e,u,c,,,,,,,,,,,,\n",
		  "facts.csv:2: column fact: 'begin' is not what" },
		{ "5,,1,e,u,c,,,,,,,,,,,,\n", "facts.csv:2: column fact: '' is not what facts" },
		{ "0,last,,,,,,,,,,,,,,,,\n", "facts.csv:2: column fact_ts: '0' is not" },
		{ "-1,last,,,,,,,,,,,,,,,,\n", "facts.csv:2: column fact_ts: '-1' is not" },
		{ ",last,,,,,,,,,,,,,,,,\n", "facts.csv:2: column fact_ts: '' is not" },
		{ "5.0,last,,,,,,,,,,,,,,,,\n", "facts.csv:2: column fact_ts: '5.0' is not" },
		{ "17592186044416,last,,,,,,,,,,,,,,,,\n",
		  "facts.csv:2: column fact_ts: '17592186044416' is not" },
		{ "5,start,0,e,u,c,,,,,,,,,,,,\n", "facts.csv:2: column session_id: '0' is not" },
		{ "5,start,,e,u,c,,,,,,,,,,,,\n", "facts.csv:2: column session_id: '' is not" },
		{ "5,start,1,,u,c,,,,,,,,,,,,\n", "facts.csv:2: column event_id: '' is not" },
		{ "5,start,1,e,\"\",c,,,,,,,,,,,,\n", "facts.csv:2: column user_id: '' is not" },
		{ "5,start,1,e,u,,,,,,,,,,,,,\n", "facts.csv:2: column content_id: '' is not" },
		{ "5,start,1,e,u,c,,,,2147483648,,,,,,,,\n",
		  "facts.csv:2: column runtime: '2147483648' is not" },
		{ "5,start,1,e,u,c,,,,long,,,,,,,,\n",
		  "facts.csv:2: column runtime: 'long' is not" },
		{ "5,activity,,,,,,,,,,,,,,1,0,0\n", "facts.csv:2: column content_id: '' is not" },
		{ "5,activity,,,,c,,,,,,,,,,2,0,0\n",
		  "facts.csv:2: column popularity: '2' is not" },
		{ "5,activity,,,,c,,,,,,,,,,1,2,0\n", "facts.csv:2: column stops: '2' is not" },
		{ "5,activity,,,,c,,,,,,,,,,1,1,-1\n",
		  "facts.csv:2: column stop_ratio_sum: '-1' is not" },
		{ "5,activity,,,,c,,,,,,,,,,1,1,1000001\n",
		  "facts.csv:2: column stop_ratio_sum: '1000001' is not" },
		{ "5,outcome,,,u,,,,,,1,,,,,,,\n", "facts.csv:2: column session_id: '' is not" },
		{ "5,outcome,1,,u,,,,,,,1,0,0,2,,,\n",
		  "facts.csv:2: column is_completion: '' is not" },
		{ "5,outcome,1,,u,,,,,,2,1,0,0,2,,,\n",
		  "facts.csv:2: column is_completion: '2' is not" },
		{ "5,end,x,,u,,,,,,,1,0,0,2,,,\n", "facts.csv:2: column session_id: 'x' is not" },
		{ "5,end,1,,u,,,,,,,6,0,0,2,,,\n",
		  "facts.csv:2: column session_end_ts: '6' is not" },
		{ "5,end,1,,u,,,,,,,0,0,0,2,,,\n",
		  "facts.csv:2: column session_end_ts: '0' is not" },
		{ "5,outcome,1,,u,,,,,,0,,,,,,,\n", "facts.csv:2: column session_end_ts: '' is" },
		{ "5,end,1,,u,,,,,,,5,2,0,2,,,\n",
		  "facts.csv:2: column is_completed_event: '2' is not" },
		{ "5,end,1,,u,,,,,,,5,1,,2,,,\n", "facts.csv:2: column stopped_near_end: '' is" },
		{ "5,end,1,,u,,,,,,,5,1,0,0,,,\n", "facts.csv:2: column num_unique_events: '0'" },
		{ "5,end,1,,u,,,,,,,5,1,0,9,,,\n", "facts.csv:2: column num_unique_events: '9'" },
		{ "5,last,,,,,,,,,,,,,,,\n", "facts.csv:2: " },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[512];
		struct err err = ERR_INIT;
		struct shardfacts f;

		snprintf(text, sizeof(text), "%s%s", HEADER, bad[i][0]);
		CHECK_INT(open_facts(&f, text, &err), -1);
		CHECK_BEGINS(err.message, bad[i][1]);
		shardfacts_close(&f);
	}
}

static void they_are_in_order_of_time(void)
{
	struct err err = ERR_INIT;
	struct shardfacts f;

	CHECK_INT(
		open_facts(
			&f,
			HEADER
			"5,last,,,,,,,,,,,,,,,,\n5,last,,,,,,,,,,,,,,,,\n4,last,,,,,,,,,,,,,,,,\n",
			&err),
		0);
	CHECK_INT(shardfacts_next(&f, &err), 0);
	CHECK_INT(shardfacts_next(&f, &err), -1);
	CHECK_STR(err.message,
		  "facts.csv:4: column fact_ts: 4 comes after 5: facts are in order of "
		  "time");
	shardfacts_close(&f);
}

static void the_columns_are_those_of_the_table(void)
{
	static const char *const headers[] = {
		"fact_ts,fact\n",
		"fact,fact_ts,session_id,event_id,user_id,content_id,genre,device,plan_tier,"
		"runtime,is_completion,session_end_ts,is_completed_event,stopped_near_end,num_"
		"unique_events,popularity,stops,stop_ratio_sum\n",
		"fact_ts,fact,session_id,event_id,user_id,content_id,genre,device,plan_tier,"
		"runtime,is_completion,session_end_ts,is_completed_event,stopped_near_end,num_"
		"unique_events,popularity,stops,stop_ratio_sum,more\n",
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		struct err err = ERR_INIT;
		struct shardfacts f;

		CHECK_INT(open_facts(&f, headers[i], &err), -1);
		CHECK_BEGINS(err.message, "facts.csv:1: the columns are not those of "
					  "ce-materialize --facts");
		shardfacts_close(&f);
	}
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(each_kind_has_what_it_has);
	RUN(none_is_no_error);
	RUN(what_is_no_fact_is_refused_by_its_place);
	RUN(they_are_in_order_of_time);
	RUN(the_columns_are_those_of_the_table);
	scratch_leave(dir);
	return CHECK_DONE();
}
