/*
 * agreement: what a state and the run that goes on from it must have in common, as entries of a
 * MANIFEST: options that change what a row is, as they are in effect and not as they were written,
 * and the columns of tables.
 */
#ifndef CE_AGREEMENT_H
#define CE_AGREEMENT_H

#include "base/names.h"
#include "events/clean.h"
#include "history/effects.h"
#include "state/manifest.h"
#include "state/state.h"

#include <stdbool.h>
#include <stdint.h>

/* Adds "option NAME VALUE", of a value of some kind. */
void agreement_add(struct manifest *to, const char *name, const char *value);
void agreement_add_duration(struct manifest *to, const char *name, int64_t ms);
void agreement_add_word(struct manifest *to, const char *name, const char *const *words, int word);
void agreement_add_flag(struct manifest *to, const char *name, bool is_given);
void agreement_add_names(struct manifest *to, const char *name, const struct names *names);
void agreement_add_ratio(struct manifest *to, const char *name, int64_t millionths);

/* Adds "NAME COLUMNS"; `row`: their names as a row that is not ended, whose last byte is lost. */
void agreement_add_columns(struct manifest *to, const char *name, struct buf *row);

/* Adds the options of a stage. */
void agreement_add_cleaner(const struct cleaner *c, struct manifest *to);
void agreement_add_effects(const struct effects_options *o, struct manifest *to);

/*
 * Whether an older state agrees with what is described here: its options, the columns "cleaned" and
 * "features" and its dimensions, as far as they are described; `may_change`: but for the
 * dimensions, of which those that did change are added to it. Returns 0, or -1 with err, which
 * names what does not.
 */
int agreement_check(const struct state_in *old, struct manifest *described, bool may_change,
		    struct err *err);

#endif
