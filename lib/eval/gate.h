/*
 * gate: a condition on a figure under which a run fails, as --fail-if gives it: "auc<0.75".
 */
#ifndef CE_GATE_H
#define CE_GATE_H

#include "base/err.h"
#include "base/warnings.h"

#include <stdbool.h>
#include <stddef.h>

struct gate {
	char *text; /* as it was given */
	char *name; /* of the figure */
	enum gate_op { GATE_LESS, GATE_AT_MOST, GATE_MORE, GATE_AT_LEAST } op;
	double bound; /* finite */
};

struct gates {
	struct gate *gate; /* [n] */
	size_t n;
};

#define GATES_INIT                                                                                 \
	{                                                                                          \
		NULL, 0                                                                            \
	}

/*
 * Appends the gate NAME OP NUMBER, OP one of < <= > >=, with or without blanks between them; NAME
 * may be anything. Returns 0, or -1 with err (ERR_USAGE).
 */
int gates_add(struct gates *gates, const char *text, struct err *err);

/* Whether the run fails by it: the condition holds, or the figure is undefined (NAN). */
bool gate_fails(const struct gate *gate, double value);

/*
 * If it fails adds "--fail-if TEXT: NAME is VALUE (OF)": `of` are the rows of the figure. VALUE has
 * four digits, or as many as it takes to see that it fails, and all of a whole number.
 */
void gate_judge(const struct gate *gate, double value, const char *of, struct warnings *failed);

/* Frees the memory; harmless on zeroed memory. */
void gates_release(struct gates *gates);

#endif
