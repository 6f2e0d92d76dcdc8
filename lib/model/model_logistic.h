/*
 * model_logistic: models of a logistic regression. Their lines in the file:
 *
 *	l2 X [auto]			auto: chosen by cross-validation
 *	tolerance X
 *	iterations N			how the fit went
 *	gradient X
 *	objective X
 *	intercept COEFFICIENT SE	SE: its standard error, or `-`
 *	number, missing, ...		see columnlines, with coefficients
 */
#ifndef CE_MODEL_LOGISTIC_H
#define CE_MODEL_LOGISTIC_H

#include "learn/logistic.h"
#include "model/model.h"

struct model_logistic {
	struct logistic_options options;
	bool l2_chosen;      /* by cross-validation */
	struct logistic fit; /* coefficients in the order of the encoding's places */
};

#endif
