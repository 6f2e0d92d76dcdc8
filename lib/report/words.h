/*
 * words: what a page calls outcomes. Of viewings it says that they were finished; of any other
 * label, that it is 1.
 */
#ifndef CE_WORDS_H
#define CE_WORDS_H

#include <stdbool.h>

struct words {
	bool are_viewings;
	const char *outcome[2];   /* "not finished", "finished"; "label 0", "label 1" */
	const char *of[2];        /* rows: "of an unfinished viewing"; "with label 0" */
	const char *have;         /* they "are of viewings that were finished"; "have label 1" */
	const char *predicted[2]; /* "predicted: not finished"; "predicted 0" */
	const char *predicted_to; /* "to be finished"; "to have label 1" */
	const char *all;          /* "all rows of finished viewings"; "all rows with label 1" */
	const char *share;        /* "share finished"; "share of label 1" */
};

/* Those for the label column of that name; they live as long as the program. */
const struct words *words_of(const char *label);

#endif
