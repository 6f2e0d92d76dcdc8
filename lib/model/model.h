/*
 * model: a trained model and its file.
 *
 * The file is plain text (see lines) and holds every parameter: what is read back predicts the same
 * bits.
 *
 *	ce-model 5			4, which has none of the lines marked +, is read as well; 3,
 *					which has none of those marked * either; and 2, which has
 *					neither `na` nor `clip` either. They end with crc32 HHHHHHHH
 *	kind NAME			of the learner: logistic | gbdt | blend
 *	label "NAME"			the columns of the split; `-` for none
 *	time "NAME" | -
 *	known "NAME" | -
 *	horizon LENGTH | -		* by which labels are known, in the unit of `time`
 *	end TIME | -			* the latest time of the training input; with a horizon
 *	cut TIME | -			rows at or after it are test rows, if they are mature
 *	span TIME TIME | -		+ the times of the first and the last train row
 *	train ROWS POSITIVES		what the split made of the training input
 *	test ROWS POSITIVES
 *	purged ROWS POSITIVES
 *	immature ROWS POSITIVES		*
 *	unlabelled ROWS
 *	options "TEXT" | -		+ those given that a model depends on, as words of a shell
 *	source "NAME"			+ each input as it was named, "-" for standard input
 *	class_weight none | balanced | RATIO
 *	resample none | over | under
 *	seed N
 *	validation SHARE		validation rows: the newest of the train rows, in millionths
 *	learnt ROWS			the train rows that it was trained on
 *	bins N				the most bins that a number was cut into; 0: none
 *	na "TOKEN,..."			fields that are read as empty (see na), if there are any
 *
 * then the lines of the learner (see model_logistic, model_gbdt, model_blend), and at last
 *
 *	calibration none | platt SLOPE INTERCEPT | isotonic N
 *	knot SCORE PROBABILITY		N times, ascending
 *	model_id HHHHHHHHHHHHHHHH	the first 16 digits of the SHA-256 of all bytes before this
 *					line, which both tells damage and names the model
 *
 * Nothing in it depends on when or where it was written: the same rows, options and names of inputs
 * make the same bytes, and so the same model_id.
 */
#ifndef CE_MODEL_H
#define CE_MODEL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/jsonout.h"
#include "base/names.h"
#include "io/gzio.h"
#include "learn/calibration.h"
#include "learn/matrix.h"
#include "model/classweight.h"
#include "model/encoding.h"
#include "model/lines.h"
#include "model/split.h"

struct model_learner;

#define MODEL_FORMAT 5
#define MODEL_ID     17 /* the digits of an id, with a NUL */

struct model {
	char id[MODEL_ID]; /* of one that was read; of one of before version 5, as of this one */
	const struct model_learner *learner;
	void *fit; /* the learner's own, learner->size bytes: parameters, options, how the fit went
		    */
	struct split split;
	struct classweight balance;
	int64_t validation;   /* the share of the train rows that are validation rows, in millionths
			       */
	uint64_t learnt;      /* train rows trained on: all but those and what they purge */
	size_t bins;          /* the most bins that a number was cut into, or 0 */
	struct names na;      /* what is read as empty, see na */
	char *options;        /* given to training, as words of a shell; NULL: nobody knows */
	struct names sources; /* the inputs of training */
	struct encoding encoding;
	struct calibration calibration; /* of the score */
};

#define MODEL_INIT                                                                                 \
	{                                                                                          \
		.split = SPLIT_INIT, .balance = CLASSWEIGHT_INIT, .na = NAMES_INIT,                \
		.sources = NAMES_INIT, .encoding = ENCODING_INIT, .calibration = CALIBRATION_INIT  \
	}

/*
 * What the models of one learner do in their own way. All functions are there unless it says
 * otherwise, and find their own state in m->fit.
 */
struct model_learner {
	const char *name;           /* the word of the file and of --model */
	size_t size;                /* of what m->fit points to; all zeros is empty */
	void (*release)(void *fit); /* frees what it holds, not itself */

	/* As model_score. */
	double (*score)(const struct model *m, const double *value, struct matrix_row *scratch);

	/*
	 * As model_explainer_init and model_explain: sets *base and returns what is known of the
	 * model before any row; explain_free frees that.
	 */
	void *(*explain_new)(const struct model *m, double *base);
	void (*explain)(const struct model *m, const void *prepared, const double *value, size_t n,
			double *contribution);
	void (*explain_free)(void *prepared);

	/* The file: the lines from `bins N` or `na` up to `calibration`, the encoding's among them.
	 */
	void (*format)(struct buf *out, const struct model *m);
	int (*parse)(struct lines *s, struct model *m); /* 0, or -1 with the error */

	/* The text for people: what the model is and how the fit went; the table of its columns. */
	void (*put_summary)(struct buf *out, const struct model *m);
	void (*put_columns)(struct buf *out, const struct model *m);
	/* The whole of it, which may be long, as ce-model --trees; NULL: there is no more. */
	int (*write_trees)(struct gz_writer *out, const struct model *m, struct err *err);

	/* Sets used[encoding.n_values] of the values that the score depends on. */
	void (*used_values)(const struct model *m, bool *used);
	/* JSON: an object for each model that it is made of, see modeljson. */
	void (*put_json)(struct jsonout *j, const struct model *m);

	/*
	 * SQL: appends the score as an expression over columns of their names, which hold doubles
	 * (`standardised`: as encoding_expand makes them) and levels as text, NULL where a number
	 * is missing.
	 */
	void (*put_sql)(struct buf *out, const struct model *m);
	bool standardised;
};

/* learner_NAME of each; all of them, and their names: each list ends with NULL, in one order. */
#define LEARNER(name) extern const struct model_learner learner_##name;
#include "model/learners.def"
extern const struct model_learner *const model_learners[];
extern const char *const model_kind_names[];

/* Gives a model that has none its learner, with an empty fit. */
void model_set_learner(struct model *m, const struct model_learner *learner);

/*
 * The score of a row of value[encoding.n_values], and the probability of label 1 that it is
 * calibrated to. `scratch` is the caller's, made by matrix_row_init for the shape of the encoding.
 */
double model_score(const struct model *m, const double *value, struct matrix_row *scratch);
double model_probability(const struct model *m, const double *value, struct matrix_row *scratch);

/* What makes up the scores of a model: the base, and a contribution of each value of a row. */
struct model_explainer {
	const struct model *model;
	double base;    /* the mean score over the train rows, as far as the model tells */
	void *prepared; /* the learner's own */
};

/* Borrows the model. model_explainer_release frees in any case. */
void model_explainer_init(struct model_explainer *x, const struct model *m);

/*
 * Sets contribution[n * encoding.n_values] of n rows of values of that shape: in log odds, by how
 * much each value raises its row's score above the mean. Base and contributions add up to
 * model_score, but for rounding. Of the logistic regression, a contribution is what the column adds
 * to the score, less the mean of that over the train rows (bins count alike, as they hold about as
 * many rows each); an interaction adds half of its part to each of its columns. Of trees, it is the
 * SHAP value (see treeshap). Threads may share *x.
 */
void model_explain(const struct model_explainer *x, const double *value, size_t n,
		   double *contribution);

void model_explainer_release(struct model_explainer *x);

/* Other words of the file, each list ended by NULL. */
extern const char *const model_calibration_names[];
extern const char *const model_resample_names[];

/* More text than this is not read back. */
#define MODEL_SIZE_MAX ((size_t)64 * 1024 * 1024)

/* Appends the text of the file to `out`. Returns 0, or -1 with err: libcrypto refuses. */
int model_format(struct buf *out, const struct model *m, struct err *err);

/*
 * Appends the last line of a file of that version, with its newline, the lines before which are
 * text[len], and sets the model's id. Returns 0, or -1 with err as model_format.
 */
int model_put_end(struct buf *out, int64_t version, const char *text, size_t len, char id[MODEL_ID],
		  struct err *err);

/* Writes that text. Returns 0, or -1 with err, also if it is too large to be read back. */
int model_write(const struct model *m, struct gz_writer *out, struct err *err);

/*
 * Reads a model from its text; `name` is that of the file, for messages. Whatever is not as
 * model_format writes it, but for how a number is spelt, is an error with its line: "NAME:LINE:
 * reason". Returns 0, or -1 with err and nothing to release.
 */
int model_parse(struct model *m, const char *text, size_t len, const char *name, struct err *err);

/* The same from a file ("-": standard input). */
int model_read(struct model *m, const char *path, struct err *err);

void model_release(struct model *m);

#endif
