/*
 * model: a trained model and its file.
 *
 * The file is plain text (see lines) and holds every parameter: what is read back predicts the same
 * bits.
 *
 *	ce-model 2
 *	kind logistic | gbdt
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
 *	validation SHARE		of the train rows, the newest, in millionths, held back
 *	learnt ROWS			of the train rows
 *	bins N				into how many numbers were cut at most; 0: not at all
 *
 * logistic, then:
 *
 *	l2 X [auto]			auto: chosen by cross-validation
 *	tolerance X
 *	iterations N			how the fit went
 *	gradient X
 *	objective X
 *	intercept COEFFICIENT SE	SE: its standard error, or `-`
 *	number "NAME" MEAN SD COEFFICIENT SE	the columns, in the order of the training input
 *	missing ROWS COEFFICIENT SE		behind a number with gaps in the train rows
 *	category "NAME"
 *	level "VALUE" ROWS COEFFICIENT SE
 *	other ROWS COEFFICIENT SE			ends the category
 *	bins "NAME"				a number that was cut, perhaps with a line `missing`
 *	bin EDGE COEFFICIENT SE			... up to that edge, itself included
 *	bin - COEFFICIENT SE			ends it
 *	constant "NAME"				dropped
 *	interaction "NAME" "NAME"		behind the columns
 *	product COEFFICIENT SE			one a column of it
 *
 * gbdt, then:
 *
 *	rate X				the options
 *	...
 *	tried N				trees
 *	train_loss X
 *	validation_loss X | -
 *	number, missing, category, level, other, constant	as above, without coefficients
 *	base, trees, ...		see treelines
 *
 * and at last
 *
 *	calibration none | platt SLOPE INTERCEPT | isotonic N
 *	knot SCORE PROBABILITY		N times, ascending
 *	crc32 HHHHHHHH			of all bytes before this line
 */
#ifndef CE_MODEL_H
#define CE_MODEL_H

#include "base/buf.h"
#include "base/err.h"
#include "learn/calibration.h"
#include "learn/gbdt.h"
#include "learn/logistic.h"
#include "learn/trees.h"
#include "model/classweight.h"
#include "model/encoding.h"
#include "model/split.h"

enum model_kind {
	MODEL_LOGISTIC,
	MODEL_GBDT,
};

struct model {
	enum model_kind kind;
	struct split split;
	struct classweight balance;
	int64_t validation; /* the share of the train rows that was held back, in millionths */
	uint64_t learnt;    /* train rows learnt from: all but those and what they purge */
	size_t bins;        /* into how many numbers were cut at most, or 0 */
	struct encoding encoding;

	/* MODEL_LOGISTIC */
	struct logistic_options options;
	bool l2_chosen;           /* by cross-validation */
	struct logistic logistic; /* coefficients in the order of the encoding's places */

	/* MODEL_GBDT */
	struct gbdt_options boosting;
	struct gbdt_report report;
	struct trees trees; /* columns are the places of the encoding's values */

	struct calibration calibration; /* of the score */
};

#define MODEL_INIT                                                                                 \
	{                                                                                          \
		.split = SPLIT_INIT, .balance = CLASSWEIGHT_INIT, .encoding = ENCODING_INIT,       \
		.options = LOGISTIC_OPTIONS_INIT, .logistic = LOGISTIC_INIT,                       \
		.boosting = GBDT_OPTIONS_INIT, .trees = TREES_INIT,                                \
		.calibration = CALIBRATION_INIT                                                    \
	}

/*
 * The score of a row of value[encoding.n_values], and the probability of label 1 that it stands
 * for. `scratch` is the caller's, made by matrix_row_init for the shape of
 * the encoding.
 */
double model_score(const struct model *m, const double *value, struct matrix_row *scratch);
double model_probability(const struct model *m, const double *value, struct matrix_row *scratch);

/* The words of the file, each list ended by NULL. */
extern const char *const model_kind_names[];
extern const char *const model_calibration_names[];
extern const char *const model_resample_names[];

/* More text than this is not read back. */
#define MODEL_SIZE_MAX ((size_t)64 * 1024 * 1024)

/* Appends the text of the file to `out`. */
void model_format(struct buf *out, const struct model *m);

/* Appends what its last line says of the text before it. */
void model_put_crc(struct buf *out, const char *text, size_t len);

/*
 * Reads a model from its text; `name` is that of the file, for messages. Whatever is not exactly as
 * model_format writes it is an error with its line: "NAME:LINE: reason". Returns 0, or -1 with err
 * and nothing to release.
 */
int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err);

/* The same from a file ("-": standard input). */
int model_read(struct model *m, const char *path, struct err *err);

void model_release(struct model *m);

#endif
