/*
 * model: a trained model and its file.
 *
 * The file is plain text (see lines) and holds every parameter: what is read back predicts the same
 * bits.
 *
 *	ce-model 1
 *	kind logistic
 *	label "NAME"			the columns of the split; `-` for none
 *	time "NAME" | -
 *	known "NAME" | -
 *	cut TIME | -			rows at or after it are test rows
 *	train ROWS POSITIVES		what the split made of the training input
 *	test ROWS POSITIVES
 *	purged ROWS POSITIVES
 *	unlabelled ROWS
 *	class_weight none | balanced | RATIO
 *	resample none | over | under
 *	seed N
 *	l2 X
 *	tolerance X
 *	iterations N			how the fit went
 *	gradient X
 *	objective X
 *	intercept COEFFICIENT
 *	number "NAME" MEAN SD COEFFICIENT	the columns, in the order of the training input
 *	missing ROWS COEFFICIENT		behind a number with gaps in the train rows
 *	category "NAME"
 *	level "VALUE" ROWS COEFFICIENT
 *	other ROWS COEFFICIENT			ends the category
 *	constant "NAME"				dropped
 *	crc32 HHHHHHHH			of all bytes before this line
 *
 * Layer: over buf, lines, gzio, split, balance, encoding, logistic.
 */
#ifndef CE_MODEL_H
#define CE_MODEL_H

#include "balance.h"
#include "buf.h"
#include "encoding.h"
#include "err.h"
#include "logistic.h"
#include "split.h"

enum model_kind {
	MODEL_LOGISTIC,
};

struct model {
	enum model_kind kind;
	struct split split;
	struct balance balance;
	struct encoding encoding;
	struct logistic_options options;
	struct logistic logistic; /* coefficients in the order of the encoding's places */
};

#define MODEL_INIT                                                                                 \
	{                                                                                          \
		.split = SPLIT_INIT, .balance = BALANCE_INIT, .encoding = ENCODING_INIT,           \
		.options = LOGISTIC_OPTIONS_INIT, .logistic = LOGISTIC_INIT                        \
	}

/* The probability of label 1 for an encoded row. */
double model_probability(const struct model *m, const struct encoding_row *row);

/* Appends the text of the file to `out`. */
void model_format(struct buf *out, const struct model *m);

/*
 * Reads a model from its text; `name` is that of the file, for messages. Whatever is not exactly as
 * model_format writes it is an error with its line: "NAME:LINE: reason". Returns 0, or -1 with err
 * and nothing to release.
 */
int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err);

/* The same from a file ("-": standard input) of at most 64 MiB. */
int model_read(struct model *m, const char *path, struct err *err);

void model_release(struct model *m);

#endif
