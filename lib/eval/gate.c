#include "eval/gate.h"

#include "base/blank.h"
#include "base/mem.h"
#include "base/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A whole number of at most so many digits is shown as one. */
#define WHOLE_MAX 1e15

/* The text without blanks around it, of *len bytes. */
static char *trimmed(const char *s, size_t len)
{
	const char *start = blank_trim(s, &len);

	return mem_dup(start, len);
}

static int malformed(const char *text, struct err *err)
{
	return err_set(err, ERR_USAGE,
		       "expected NAME OP NUMBER, OP one of < <= > >=, such as 'auc<0.75', found "
		       "'%s'",
		       text);
}

int gates_add(struct gates *gates, const char *text, struct err *err)
{
	/* The last one: a name may hold one, too, but a number cannot. */
	const char *op = text + strlen(text), *number;
	bool or_equal;
	size_t len;
	struct gate gate;

	while (op > text && *op != '<' && *op != '>')
		op--;
	or_equal = *op && op[1] == '=';
	number = op + 1 + or_equal;
	len = *op ? strlen(number) : 0;
	number = blank_trim(number, &len);
	if (!len || num_parse_double(number, len, &gate.bound))
		return malformed(text, err);
	gate.name = trimmed(text, (size_t)(op - text));
	if (!*gate.name) {
		free(gate.name);
		return malformed(text, err);
	}
	gate.op = *op == '<' ? (or_equal ? GATE_AT_MOST : GATE_LESS)
			     : (or_equal ? GATE_AT_LEAST : GATE_MORE);
	gate.text = mem_dup(text, strlen(text));
	gates->gate = mem_realloc(gates->gate, gates->n + 1, sizeof(*gates->gate));
	gates->gate[gates->n++] = gate;
	return 0;
}

bool gate_fails(const struct gate *gate, double value)
{
	if (isnan(value))
		return true;
	switch (gate->op) {
	case GATE_LESS:
		return value < gate->bound;
	case GATE_AT_MOST:
		return value <= gate->bound;
	case GATE_MORE:
		return value > gate->bound;
	case GATE_AT_LEAST:
		break;
	}
	return value >= gate->bound;
}

/* In text[NUM_TEXT_MAX]. A rounded value that does not fail would belie the message. */
static void format_value(char *text, const struct gate *gate, double value)
{
	if (isnan(value)) {
		snprintf(text, NUM_TEXT_MAX, "undefined");
	} else if (value == floor(value) && fabs(value) < WHOLE_MAX) {
		snprintf(text, NUM_TEXT_MAX, "%.0f", value);
	} else {
		bool seen = false;

		for (int digits = 4; digits <= 17 && !seen; digits++) {
			int len = snprintf(text, NUM_TEXT_MAX, "%.*g", digits, value);
			double shown;

			seen = !num_parse_double(text, (size_t)len, &shown) &&
			       gate_fails(gate, shown);
		}
	}
}

void gate_judge(const struct gate *gate, double value, const char *of, struct warnings *failed)
{
	char text[NUM_TEXT_MAX];

	if (!gate_fails(gate, value))
		return;
	format_value(text, gate, value);
	warnings_add(failed, "--fail-if %s: %s is %s (%s)", gate->text, gate->name, text, of);
}

void gates_release(struct gates *gates)
{
	for (size_t i = 0; i < gates->n; i++) {
		free(gates->gate[i].text);
		free(gates->gate[i].name);
	}
	free(gates->gate);
	*gates = (struct gates)GATES_INIT;
}
