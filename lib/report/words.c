#include "report/words.h"

#include <string.h>

const struct words *words_of(const char *label)
{
	static const struct words viewings = {
		true,
		{ "not finished", "finished" },
		{ "of an unfinished viewing", "of a finished viewing" },
		"are of viewings that were finished",
		{ "predicted: not finished", "predicted: finished" },
		"to be finished",
		"all rows of finished viewings",
		"share finished",
	};
	static const struct words any = {
		false,
		{ "label 0", "label 1" },
		{ "with label 0", "with label 1" },
		"have label 1",
		{ "predicted 0", "predicted 1" },
		"to have label 1",
		"all rows with label 1",
		"share of label 1",
	};

	return strcmp(label, "is_completion") != 0 ? &any : &viewings;
}
