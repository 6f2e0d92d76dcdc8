#include "adapt/adapter.h"

#include <inttypes.h>

/* So many positions from 0 to 1 are no chance. */
#define POSITIONS_MIN 10

static const char *const reason_names[] = {
	[REASON_DAMAGED] = "damaged",
	[REASON_WRONG_TYPE] = "with an object or array for a value",
	[REASON_ILL_FORMED] = "with ill-formed text",
	[REASON_TWICE] = "with a key twice",
	[REASON_NO_JSON] = "with text that is no JSON",
	[REASON_NO_NUMBER] = "with no number",
	[REASON_NO_TIME] = "with no time",
	[REASON_BACKWARDS] = "that end before they start",
};

static void put_rejected(const struct adapter *a, struct buf *out)
{
	bool is_first = true;

	for (int i = 0; i < N_REASONS; i++) {
		if (!a->rejected[i])
			continue;
		buf_printf(out, "%s%" PRIu64 " %s", is_first ? "" : ", ", a->rejected[i],
			   reason_names[i]);
		is_first = false;
	}
}

int adapter_check(const struct adapter *a, struct err *err)
{
	struct buf text = BUF_INIT, line = BUF_INIT;

	if (bound_exceeded(&a->max_rejects, a->n_rejected, a->n_records)) {
		if (a->n_rejected > 1) {
			buf_printf(&text,
				   " (rejected %" PRIu64 " of %" PRIu64 " records: ", a->n_rejected,
				   a->n_records);
			put_rejected(a, &text);
			buf_append_char(&text, ')');
		}
		buf_append_char(&text, '\0');
		err_set(err, ERR_RUNTIME, "%s%s; --max-rejects %s allows no more", a->first,
			text.data, a->max_rejects.text);
	} else if (a->unknown.n) {
		tally_put(&a->unknown, &text);
		buf_append_char(&text, '\0');
		recipe_put_line(&line, &a->unknown);
		buf_append_char(&line, '\0');
		err_set(err, ERR_RUNTIME,
			"%" PRIu64 " of %" PRIu64
			" records are events that the recipe does not know: %s: say "
			"what becomes of each (%s) or of all others (event * -> "
			"ignore); --check lists them",
			a->unknown.n, a->n_records, text.data, line.data);
	} else {
		return 0;
	}
	buf_release(&text);
	buf_release(&line);
	return -1;
}

/* A column of which no event had a value: its fields are not in the log, or named otherwise. */
static void warn_empty(const struct adapter *a, size_t column, const char *name,
		       const struct recipe_value *value, struct warnings *warnings)
{
	if (value->n && a->values.n_asked[column] && !a->values.n_filled[column])
		warnings_add(warnings,
			     "%s is empty: none of %" PRIu64 " records has a value at %s (%s:%u)",
			     name, a->values.n_asked[column], value->text, a->recipe->file,
			     value->line);
}

/* Positions whose numbers are those of another unit. */
static void warn_of_positions(const struct adapter *a, struct warnings *warnings)
{
	const struct recipe_value *value = &a->recipe->values[RECIPE_PLAYBACK_POSITION];

	if (a->values.n_positions < POSITIONS_MIN)
		return;
	if (value->unit != UNIT_RATIO && a->values.n_in_one == a->values.n_positions &&
	    a->values.n_fractions)
		warnings_add(warnings,
			     "all of %" PRIu64
			     " positions are from 0 to 1: a ratio of the runtime? "
			     "(playback_position = ... in ratio, %s:%u)",
			     a->values.n_positions, a->recipe->file, value->line);
	if (value->unit == UNIT_RATIO && a->values.n_in_one < a->values.n_positions / 2)
		warnings_add(warnings,
			     "%" PRIu64 " of %" PRIu64
			     " positions are above 1, which no ratio of the "
			     "runtime is: in percent, or in s? (%s:%u)",
			     a->values.n_positions - a->values.n_in_one, a->values.n_positions,
			     a->recipe->file, value->line);
}

/* A field that decides what becomes of records, and is in none of them. */
static void warn_of_decisions(const struct adapter *a, struct warnings *warnings)
{
	for (int i = 0; i < a->recipe->paths.n; i++)
		if (a->values.n_decided[i] && !a->values.n_decidable[i])
			warnings_add(warnings,
				     "what becomes of %" PRIu64
				     " records depends on %s, which is empty in "
				     "all of them",
				     a->values.n_decided[i], a->recipe->paths.text[i]);
}

/* Elements that were taken of arrays with more than the recipe takes. */
static void warn_of_arrays(const struct adapter *a, struct warnings *warnings)
{
	for (int i = 0; i < a->recipe->paths.n; i++)
		if (a->values.had_more[i])
			warnings_add(warnings,
				     "arrays have more elements than the recipe takes: %s",
				     a->recipe->paths.text[i]);
}

void adapter_warn(const struct adapter *a, struct warnings *warnings)
{
	const struct recipe *r = a->recipe;

	if (!a->n_events)
		warnings_add(warnings,
			     "none of %" PRIu64
			     " records is an event: is this the recipe for the log?",
			     a->n_records);
	/* What a log says of users and contents, but for the runtime, is often in no record of a
	 * day. */
	for (size_t i = 0; i <= RECIPE_DURATION; i++)
		warn_empty(a, i, recipe_column_name((enum recipe_column)i), &r->values[i],
			   warnings);
	warn_empty(a, RECIPE_RUNTIME, "runtime", &r->values[RECIPE_RUNTIME], warnings);
	for (size_t i = 0; i < r->n_extras; i++)
		warn_empty(a, RECIPE_N_COLUMNS + i, r->extras[i].name, &r->extras[i].value,
			   warnings);
	warn_of_positions(a, warnings);
	warn_of_decisions(a, warnings);
	warn_of_arrays(a, warnings);
	if (a->values.n_local && !a->zone)
		warnings_add(
			warnings,
			"%" PRIu64
			" times have no offset, and are read as UTC: is that the zone of the log? "
			"(--tz, or 'zone' in the recipe)",
			a->values.n_local);
	if (a->values.n_clock_changes)
		warnings_add(
			warnings,
			"%" PRIu64
			" local times are skipped or repeated by a change of the clock, and taken "
			"as before the change: are they of another zone, or UTC? (--tz)",
			a->values.n_clock_changes);
}

void adapter_put_summary(const struct adapter *a, struct buf *out)
{
	bool is_first = true;

	buf_printf(out, "%" PRIu64 " records: %" PRIu64 " events", a->n_records, a->n_events);
	if (a->n_becomes[BECOMES_DIMENSION])
		buf_printf(out, "; %" PRIu64 " of users and contents alone",
			   a->n_becomes[BECOMES_DIMENSION]);
	if (a->n_becomes[BECOMES_IGNORED])
		buf_printf(out, "; ignored %" PRIu64 ": ", a->n_becomes[BECOMES_IGNORED]);
	for (size_t i = 0; i < a->recipe->n_where; i++) {
		if (!a->n_left_out[i])
			continue;
		buf_printf(out, "%s%" PRIu64 " not where %s", is_first ? "" : ", ",
			   a->n_left_out[i], a->recipe->where[i]->text);
		is_first = false;
	}
	if (a->ignored.n) {
		buf_append_str(out, is_first ? "" : ", ");
		tally_put(&a->ignored, out);
	}
	if (a->n_rejected) {
		buf_printf(out, "; rejected %" PRIu64 ": ", a->n_rejected);
		put_rejected(a, out);
		buf_printf(out, ", first %s", a->first);
	}
}
