/*
 * resume: what the tools have in common that take a log a part at a time: where the state is that
 * the part before left, and where that goes which the next part will go on from.
 */
#ifndef CE_RESUME_H
#define CE_RESUME_H

#include "cli.h"
#include "stages.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

struct resume {
	const char *old, *next; /* paths, or NULL */
	bool is_final;          /* --final, of tools that have it */
	bool has_dedupe;
	int64_t dedupe; /* ms that event_ids are remembered for */

	struct state_in in;
	struct state_out out;
};

#define RESUME_INIT                                                                                \
	{                                                                                          \
		.dedupe = 7 * TIME_MS_PER_DAY, .in = STATE_IN_INIT, .out = STATE_OUT_INIT          \
	}

/* The options --state and --state-out; and --final and --dedupe, of what cleans events. */
#define RESUME_STATE(resume)                                                                       \
	{                                                                                          \
		0,          "state",       "OLD", "go on from the state in the folder OLD",        \
		cli_string, &(resume)->old                                                         \
	},                                                                                         \
	{                                                                                          \
		0, "state-out", "NEW", "leave the state at --until in folder NEW", cli_string,     \
			&(resume)->next                                                            \
	}
#define RESUME_EVENTS(resume)                                                                      \
	{ 0,        "final",                                                                       \
	  NULL,     "nothing comes after this part of the log",                                    \
	  cli_flag, &(resume)->is_final },                                                         \
	{                                                                                          \
		0, "dedupe", "DURATION", "how long event_ids are kept (7d)", resume_dedupe, resume \
	}
int resume_dedupe(void *value, const char *const *args, struct err *err);

/* Exits if the options make no sense together; ends_by_itself: without --state-out, a run that goes
 * on from a state needs no --final. */
void resume_check(const struct cli *cli, const struct resume *p, bool ends_by_itself);

/* Where a state is left, --until ends this part, and rejects nothing: takes it from the cleaner. */
void resume_take_until(const struct cli *cli, struct resume *p, struct clean_options *clean);

/*
 * Opens the old state, if there is one, and sets *from to its end; exits if it is none, or the part
 * that ends at `until` is not after it. Returns it, or NULL.
 */
const struct state_in *resume_open_old(const struct cli *cli, struct resume *p, int64_t *from,
				       int64_t until);

/* Opens the state to leave, if there is one. Sets *next to it, or NULL. Returns 0, or -1 with err.
 */
int resume_open_next(const struct cli *cli, struct resume *p, struct state_out **next,
		     struct err *err);

/* Adds the end of this part, and which state was before it, to the MANIFEST. Returns 0, or -1 with
 * err. */
int resume_describe(struct resume *p, int64_t until, struct err *err);

void resume_release(struct resume *p);

#endif
