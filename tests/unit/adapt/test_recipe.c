#include "adapt/recipe.h"

#include "base/buf.h"
#include "scratch.h"

/* Lines that make a recipe whole. */
#define IDS    "event_id = i\nuser_id = u\ncontent_id = c\n"
#define EVENTS IDS "event_ts = t\nevent_type = e\nevent play -> play\n"
#define PLAYS  IDS "start = s\nend = t\n"
#define JSON   "format json\n"

static const char *const path = "my.recipe";

static void read_recipe(struct recipe *r, const char *text)
{
	struct err err = ERR_INIT;

	scratch_write(path, text, strlen(text));
	if (recipe_read(r, path, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
}

/* The message after the name of the file: "LINE: ..." */
static void check_error(const char *text, const char *want)
{
	struct recipe r;
	struct err err = ERR_INIT;

	scratch_write(path, text, strlen(text));
	CHECK_INT(recipe_read(&r, path, &err), -1);
	recipe_release(&r);
	CHECK_BEGINS(err.message, "my.recipe:");
	if (strlen(err.message) > 10)
		CHECK_STR(err.message + 10, want);
}

static void mistakes_of_words(void)
{
	check_error("\n# x\n", "2: the recipe is empty");
	check_error("event_id = i\n",
		    "1: the first statement must be 'format json', 'format csv' or 'format tsv'");
	check_error("\nformat\n", "2: the format is missing at the end of the line");
	check_error("format = json\n", "1: the format is missing before '='");
	check_error("format \"json\"\n", "1: format '\"json\"': expected json, csv or tsv");
	check_error("format json csv\n", "1: 'csv' is too much in this line");
	check_error(JSON "format json\n", "2: 'format' stands in line 1, too");
	check_error(JSON "events x -> play\n", "2: 'events' is no statement of a recipe");
	check_error(JSON "event_id = \"a\n", "2: a quote is open at the end of the line");
	check_error(JSON "event_id = \"a\\n\"\n",
		    "2: in quotes a backslash stands before a quote or a backslash");
	check_error(JSON "event_id a\n", "2: '=' is missing before 'a'");
	check_error(JSON "event_id\n", "2: '=' is missing at the end of the line");
	check_error(JSON "event_id = a b\n", "2: 'b' is too much in this line");
	check_error(JSON "event_id = a\n\nevent_id = b\n", "4: 'event_id' stands in line 2, too");
	check_error(JSON "event_id = \xff\n", "2: is no text in UTF-8");
	check_error(JSON " event_id = a\n",
		    "2: an indented line belongs to the 'event' line above it, and there is none");
}

static void mistakes_of_values(void)
{
	static const char no_path[] = " is no path: expected keys between dots, [N] for an "
				      "element, \"quotes\" around a key with dots";
	char want[200];

	check_error(JSON "event_id =\n",
		    "2: the name of a field is missing at the end of the line");
	check_error(JSON "event_id = |\n", "2: the name of a field is missing before '|'");
	check_error(JSON "event_id = a | \n",
		    "2: the name of a field is missing at the end of the line");
	check_error(JSON "event_id = a + | b\n", "2: the name of a field is missing before '|'");
	check_error(JSON "event_id = hash\n",
		    "2: the name of a field is missing at the end of the line");
	check_error(JSON "event_id = constant\n",
		    "2: the word of 'constant' is missing at the end of the line");
	check_error(JSON "event_id = constant \"\"\n", "2: the word of 'constant' is empty");
	check_error(JSON "event_id = a in s\n", "2: this column has no unit");
	check_error(JSON "event_ts = a in\n",
		    "2: the unit after 'in' is missing at the end of the line");
	check_error(JSON "event_ts = a in hms\n",
		    "2: 'hms' is no unit of a time: expected s, ms, us, ns or auto");
	check_error(JSON "runtime = a in ratio\n",
		    "2: 'ratio' is no unit of a length: expected s, ms or hms");
	check_error(JSON "playback_position = a in us\n",
		    "2: 'us' is no unit of a position: expected s, ms, ratio, percent or hms");
	check_error(JSON "playback_position = a in \"ms\"\n",
		    "2: '\"ms\"' is no unit of a position: expected s, ms, ratio, percent or hms");
	check_error(JSON "event a -> play\n device = none x\n", "3: 'x' is too much in this line");
	check_error(JSON "device = none\n",
		    "2: 'none' is for the lines below an 'event' line: leave this line out, or "
		    "quote the name of the field");
	check_error(JSON "keep a = none\n",
		    "2: 'none' is for the lines below an 'event' line: leave this line out, or "
		    "quote the name of the field");
	snprintf(want, sizeof(want), "2: 'a..b'%s", no_path);
	check_error(JSON "event_id = a..b\n", want);
	check_error(JSON "records a..b\n", want);
	check_error(JSON "keep a = b\nkeep a = c\n", "3: column 'a' stands twice");
	check_error(JSON "keep device = b\n",
		    "2: 'device' is the name of a column of events_table");
	check_error(JSON "keep Runtime = b\n",
		    "2: 'Runtime' is the name of a column of content_dim");
	check_error(
		JSON "keep Label_Known_TS = b\n",
		"2: 'Label_Known_TS' is the name of a column of completion_prediction_features");
	check_error(JSON "records a.@json.b\n",
		    "2: 'a.@json.b': the records are in the document itself, and not in a string "
		    "(@json)");
	check_error(JSON "keep \"\" = b\n", "2: a column needs a name");
	check_error(JSON "keep a = b in s\n", "2: this column has no unit");
}

/* A sign stands alone between blanks, a star at the end. */
static void mistakes_of_signs_in_words(void)
{
	static const char sign[] =
		" holds a sign: blanks stand around those, or quotes around the word";
	static const char star[] = ": only at the end of a name a * stands for all that may "
				   "follow; in quotes it is itself";
	char want[200];

	snprintf(want, sizeof(want), "2: 'live|Live'%s", sign);
	check_error(JSON "where a = live|Live\n", want);
	snprintf(want, sizeof(want), "2: 'a='%s", sign);
	check_error(JSON "where a= b\n", want);
	check_error(JSON "device = a=\n", want);
	check_error(JSON "event a= -> play\n", want);
	snprintf(want, sizeof(want), "2: '=b'%s", sign);
	check_error(JSON "device = a | =b\n", want);
	snprintf(want, sizeof(want), "2: '\"a\"|\"b\"'%s", sign);
	check_error(JSON "device = \"a\"|\"b\"\n", want);
	snprintf(want, sizeof(want), "2: 'a*b'%s", star);
	check_error(JSON "event a*b -> play\n", want);
	snprintf(want, sizeof(want), "2: '*\"b\"'%s", star);
	check_error(JSON "event *\"b\" -> play\n", want);
	snprintf(want, sizeof(want), "2: 'a**'%s", star);
	check_error(JSON "event a** -> play\n", want);
}

static void mistakes_of_events_and_conditions(void)
{
	static const char ops[] = "expected =, !=, <, <=, >, >=, exists or empty";
	char want[200];

	check_error(JSON "event -> play\n", "2: the name of an event is missing before '->'");
	check_error(JSON "event a\n", "2: '->' is missing at the end of the line");
	check_error(JSON "event a ->\n", "2: what becomes of it is missing at the end of the line");
	check_error(JSON "event a -> start\n", "2: 'start': expected play, pause, stop, complete, "
					       "seek, heartbeat, ignore or dimension");
	check_error(JSON "event a -> \"play\"\n", "2: '\"play\"': expected play, pause, stop, "
						  "complete, seek, heartbeat, ignore or dimension");
	check_error(JSON "event a -> unknown\n", "2: 'unknown': expected play, pause, stop, "
						 "complete, seek, heartbeat, ignore or dimension");
	check_error(JSON "event a \"a\" -> play\n", "2: the event \"a\" stands in line 2, too");
	check_error(JSON "event a* -> play\nevent \"a\"* -> stop\n",
		    "3: the event \"a\"* stands in line 2, too");
	check_error(JSON "event a -> play if\n",
		    "2: the name of a field is missing at the end of the line");
	check_error(JSON "event a -> play if x exists\n",
		    "2: 'else' is missing at the end of the line");
	check_error(JSON "event a -> play x\n", "2: 'if' is missing before 'x'");
	snprintf(want, sizeof(want), "2: the end of the line: %s", ops);
	check_error(JSON "where x\n", want);
	snprintf(want, sizeof(want), "2: '+': %s", ops);
	check_error(JSON "where x + 1\n", want);
	check_error(JSON "where x = \n", "2: a word is missing at the end of the line");
	check_error(JSON "where x = a | = b\n", "2: a word is missing before '='");
	check_error(JSON "where x < y\n", "2: 'y' is no number");
	check_error(JSON "where x exists y\n", "2: 'y' is too much in this line");
	check_error(JSON "where playback_position > 5\n",
		    "2: '5': expected a percentage of the runtime, such as 95%");
	check_error(JSON "where playback_position > x%\n", "2: 'x%' is no number");
	check_error(JSON "where playback_position = 5%\n",
		    "2: playback_position can only be less or more than a percentage of the "
		    "runtime; in quotes it is a field of the log");
	check_error(JSON "where playback_position exists\n",
		    "2: playback_position can only be less or more than a percentage of the "
		    "runtime; in quotes it is a field of the log");
	check_error(JSON "event a -> play\n event_type = x\n",
		    "3: 'event_type' is no column that one kind of event can have a value of its "
		    "own for");
	check_error(
		JSON "event a -> play\n start = x\n",
		"3: 'start' is no column that one kind of event can have a value of its own for");
	check_error(JSON "event a -> play\n device = x\n\tdevice = none\n",
		    "4: 'device' stands twice for this event");
	check_error(JSON "event a -> play\ndevice = x\n user_id = x\n",
		    "4: an indented line belongs to the 'event' line above it, and there is none");
}

static void mistakes_of_other_statements(void)
{
	check_error(JSON "records\n",
		    "2: the path of the records is missing at the end of the line");
	check_error("format csv\nrecords a\n", "2: 'records' is for the format json");
	check_error("format csv\ncolumns a\n", "2: 'columns' is for the format tsv");
	check_error("format tsv\ncolumns\n", "2: the names of the columns are missing");
	check_error("format tsv\ncolumns a b a\n", "2: column 'a' stands twice");
	check_error(JSON "na\n", "2: the words that are read as empty are missing");
	check_error(JSON "na a\nna b\n", "3: 'na' stands in line 2, too");
	check_error(JSON "zone\n", "2: the zone is missing at the end of the line");
	check_error(JSON "outcome play\n", "2: 'play': expected stop, complete or ignore");
	check_error(JSON "outcome stop if x exists else dimension\n",
		    "2: 'dimension': expected stop, complete or ignore");
	check_error(JSON "options\n", "2: the name of a tool is missing at the end of the line");
	check_error(JSON "options ce-train -m gbdt\n",
		    "2: 'ce-train': expected ce-clean, ce-join, ce-sessionize, ce-agg, ce-online "
		    "or ce-features");
	check_error(JSON "options ce-agg\n", "2: the options of ce-agg are missing");
	check_error(JSON "options ce-agg -x\noptions ce-agg -y\n",
		    "3: options of ce-agg stand twice");
}

/* What is missing is said of the last line, but for a runtime that a line needs. */
static void what_a_recipe_needs(void)
{
	check_error(JSON "event_id = i\n", "2: 'user_id = ...' is missing");
	check_error(JSON IDS "event_ts = t\n",
		    "5: 'event_type = ...' is missing (or, where a record is a whole play, "
		    "'start', 'end' or 'duration')");
	check_error(JSON IDS "event_ts = t\nevent_type = e\n",
		    "6: 'event NAME ... -> ...' is missing");
	check_error(JSON IDS "start = s\n",
		    "5: a whole play has two of 'start', 'end' and 'duration', and not one");
	check_error(JSON PLAYS "duration = d\n",
		    "7: a whole play has two of 'start', 'end' and 'duration', and not three");
	check_error(JSON PLAYS "event_ts = t\n", "7: 'event_ts = ...' is not for whole plays, "
						 "which have 'start', 'end' or 'duration'");
	check_error(JSON PLAYS "event a -> play\n",
		    "7: 'event' lines are not for whole plays: see 'outcome'");
	check_error(JSON EVENTS "outcome stop\n", "8: 'outcome' is for whole plays");
	check_error(JSON "playback_position = p in ratio\n" EVENTS,
		    "2: this needs 'runtime = ...'");
	check_error(JSON "where playback_position > 5%\n" EVENTS,
		    "2: this needs 'playback_position = ...'");
	check_error(JSON "playback_position = p\nwhere playback_position > 5%\n" EVENTS,
		    "3: this needs 'runtime = ...'");
	check_error(JSON "playback_position = p\nruntime = r\n" EVENTS
			 "event a -> play if playback_position > 5% else stop\n runtime = none\n",
		    "10: this needs 'runtime = ...', which is none in line 11");
	check_error(JSON "playback_position = p in ratio\nruntime = r\n" EVENTS " runtime = none\n",
		    "2: this needs 'runtime = ...', which is none in line 10");
	check_error(JSON PLAYS "outcome stop if playback_position > 5% else complete\n",
		    "7: this needs 'playback_position = ...'");
	check_error(JSON EVENTS " playback_position = p in percent\n\n",
		    "8: this needs 'runtime = ...'");
}

/* Each event has its own, and those that are ignored need none. */
static void a_runtime_of_its_own(void)
{
	struct recipe r;

	read_recipe(&r, JSON EVENTS
		    " playback_position = p in ratio\n runtime = r\n"
		    "event a -> stop if playback_position > 5% else play\n playback_position = p\n"
		    " runtime = s\nevent b -> play\n");
	recipe_release(&r);
	read_recipe(&r, JSON "playback_position = p in ratio\n" EVENTS
			     " runtime = r\nevent ad -> ignore\nevent show -> dimension\n");
	recipe_release(&r);
	read_recipe(&r, JSON "playback_position = p in ratio\n" EVENTS
			     " playback_position = q in ms\n");
	recipe_release(&r);
}

static void check_value(const struct recipe_value *value, const struct paths *p, const char *want)
{
	static const char *const kinds[] = { "field", "joined", "hash", "constant" };
	struct buf got = BUF_INIT;

	for (size_t i = 0; i < value->n; i++) {
		const struct recipe_source *source = &value->sources[i];

		buf_printf(&got, "%s%s", i ? "; " : "", kinds[source->kind]);
		for (size_t k = 0; k < source->n; k++)
			buf_printf(&got, " %s", p->text[source->slots[k]]);
		if (source->kind == SOURCE_CONSTANT)
			buf_printf(&got, " %.*s", (int)source->len, source->text);
	}
	buf_append_char(&got, '\0');
	CHECK_STR(got.data, want);
	buf_release(&got);
}

static void statements_of_a_log_of_events(void)
{
	struct recipe r;
	const struct recipe_value *values = r.values;

	read_recipe(&r, "\xef\xbb\xbf# a comment\r\n\r\nformat tsv # and another\r\n" EVENTS
			"device = a.b | \"#x\" + y + \"in\" | constant tv* | hash c d #e\n"
			"runtime = r in ms\nplayback_position = \"constant\" in percent\n"
			"signup_date = hash u \"in\"\n"
			"na N/A \"not known\" *\nzone Europe/Berlin\ncolumns i u c \"t\" e*\n"
			"keep \"a b\" = k | l\nkeep length = m\n"
			"where live != true | 1 | \"|\"\nwhere playback_position <= 33.3333339%\n"
			"options ce-agg -x 'a b' \"c d\"\noptions ce-clean --na *\n");
	CHECK_INT(r.format, RECIPE_TSV);
	check_value(&values[RECIPE_DEVICE], &r.paths,
		    "field a.b; joined \"#x\" y \"in\"; constant tv*; hash c d");
	CHECK_STR(values[RECIPE_DEVICE].text,
		  "a.b | \"#x\" + y + \"in\" | constant tv* | hash c d");
	CHECK_INT(values[RECIPE_DEVICE].line, 10);
	CHECK_INT(values[RECIPE_RUNTIME].unit, UNIT_MS);
	CHECK_INT(values[RECIPE_PLAYBACK_POSITION].unit, UNIT_PERCENT);
	CHECK_INT(values[RECIPE_EVENT_TS].time_unit, TIME_AUTO);
	CHECK_INT(values[RECIPE_EMAIL].line, 0);
	CHECK(r.na.n == 3 && !strcmp(r.na.word[1], "not known") && !strcmp(r.na.word[2], "*"));
	CHECK(recipe_words_have(&r.na, "N/A", 3) && !recipe_words_have(&r.na, "N/A", 2));
	CHECK(!recipe_words_have(&r.na, "", 0));
	CHECK_STR(r.zone, "Europe/Berlin");
	CHECK(r.columns.n == 5 && !strcmp(r.columns.word[4], "e*"));
	CHECK(r.n_extras == 2 && !strcmp(r.extras[0].name, "a b") &&
	      !strcmp(r.extras[1].name, "length"));
	CHECK_INT(r.n_where, 2);
	CHECK(r.where[0]->op == OP_IS_NOT && r.where[0]->words.n == 3);
	CHECK_STR(r.where[0]->text, "live != true | 1 | \"|\"");
	CHECK(r.where[1]->slot == -1 && r.where[1]->op == OP_AT_MOST &&
	      r.where[1]->number == 33333333);
	CHECK_STR(recipe_options(&r, "ce-agg"), "-x ''\\''a' 'b'\\''' 'c d'");
	CHECK_STR(recipe_options(&r, "ce-join"), "");
	CHECK(!r.is_whole_play);
	recipe_release(&r);
}

static void statements_of_whole_plays(void)
{
	struct recipe r;

	read_recipe(&r, JSON PLAYS);
	CHECK(r.is_whole_play && !r.n_rules);
	CHECK(r.outcome.type == BECOMES_STOP && r.outcome.otherwise == BECOMES_STOP &&
	      !r.outcome.condition);
	recipe_release(&r);
	read_recipe(&r, JSON "records a.\"b c\"[0]\noutcome complete if \"playback_position\" >= 9 "
			     "else ignore\n" PLAYS);
	CHECK_STR(r.records, "a.\"b c\"[0]");
	CHECK(r.outcome.type == BECOMES_COMPLETE && r.outcome.otherwise == BECOMES_IGNORED);
	CHECK(r.outcome.condition && r.outcome.condition->slot >= 0 &&
	      r.outcome.condition->number == 9000000);
	recipe_release(&r);
}

static const struct recipe_rule *rule_of(const struct recipe *r, const char *name)
{
	return recipe_rule(r, name, strlen(name));
}

/* The exact name, else the longest beginning, wherever they stand. */
static void names_of_events(void)
{
	static const char *const names[] = { "Video Ad Started",
					     "Video Ad",
					     "Video Ad ",
					     "Video",
					     "Vide",
					     "*",
					     "",
					     "->",
					     "x*",
					     "xy" };
	static const unsigned lines[] = { 9, 10, 9, 8, 12, 12, 12, 11, 13, 14 };
	struct recipe r;

	read_recipe(&r, JSON EVENTS
		    "event Video* \"x\" -> seek\nevent \"Video Ad \"* -> ignore\n"
		    "event \"Video Ad\" -> pause\nevent \"->\" -> stop\nevent * -> dimension\n"
		    "event \"x*\" -> complete if y empty else stop\nevent x* -> play\n"
		    "\t  device = none # x\n user_id = v\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct recipe_rule *rule = rule_of(&r, names[i]);

		CHECK_INT(rule ? rule->line : 0, lines[i]);
	}
	CHECK(!rule_of(&r, "Video")->values);
	CHECK(rule_of(&r, "xy")->values && rule_of(&r, "xy")->values[RECIPE_DEVICE]->n == 0);
	CHECK(rule_of(&r, "xy")->values[RECIPE_USER_ID]->n == 1 &&
	      !rule_of(&r, "xy")->values[RECIPE_EMAIL]);
	CHECK(rule_of(&r, "x*")->result->condition &&
	      rule_of(&r, "x*")->result->otherwise == BECOMES_STOP);
	recipe_release(&r);
	read_recipe(&r, JSON EVENTS);
	CHECK(!rule_of(&r, "pla") && !rule_of(&r, "plays") && rule_of(&r, "play"));
	recipe_release(&r);
}

/* The lines below an `event` line are for all of its names. */
static void values_of_their_own(void)
{
	struct recipe r;

	read_recipe(&r, JSON EVENTS "event a b* -> seek\n playback_position = p in ms\n\n# x\n "
				    "runtime = q\nevent c -> seek\n");
	for (const char *const *name = (const char *const[]){ "a", "bb", NULL }; *name; name++) {
		const struct recipe_value *const *values = rule_of(&r, *name)->values;

		CHECK(values && values[RECIPE_PLAYBACK_POSITION]->unit == UNIT_MS &&
		      values[RECIPE_RUNTIME]->line == 12);
	}
	CHECK(!rule_of(&r, "c")->values && !rule_of(&r, "play")->values);
	recipe_release(&r);
}

static void a_file_that_cannot_be_read(void)
{
	struct recipe r;
	struct err err = ERR_INIT;

	CHECK_INT(recipe_read(&r, "none.recipe", &err), -1);
	CHECK_BEGINS(err.message, "none.recipe: ");
	recipe_release(&r);
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(mistakes_of_words);
	RUN(mistakes_of_values);
	RUN(mistakes_of_signs_in_words);
	RUN(mistakes_of_events_and_conditions);
	RUN(mistakes_of_other_statements);
	RUN(what_a_recipe_needs);
	RUN(a_runtime_of_its_own);
	RUN(statements_of_a_log_of_events);
	RUN(statements_of_whole_plays);
	RUN(names_of_events);
	RUN(values_of_their_own);
	RUN(a_file_that_cannot_be_read);
	scratch_leave(dir);
	return CHECK_DONE();
}
