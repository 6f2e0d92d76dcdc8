/*
 * stages: the options of the stages of the pipe, for the filter of each and for ce-materialize,
 * which has them all.
 *
 * For each stage: what its options are stored in, a table of them, and what can be said of them
 * only when all are known. The tables hold pointers to the struct, which must not move.
 */
#ifndef CE_STAGES_H
#define CE_STAGES_H

#include "cli.h"
#include "events/cleaning.h"
#include "events/joiner.h"
#include "history/featurizer.h"
#include "history/online.h"
#include "history/sessionizer.h"

#define STAGES_OPTIONS_MAX 12 /* of one stage, with the zeroed entry that ends them */

struct stage_options {
	struct cli_option table[STAGES_OPTIONS_MAX];
};

struct clean_options {
	struct cleaning *cleaning;
	struct names may_be_empty;
	struct zone *zone;
	const char *since, *until, *rejects; /* the last is a path, or NULL */
};

struct stage_options stages_clean(struct clean_options *o);
void stages_clean_check(const struct cli *cli, struct clean_options *o);
void stages_clean_release(struct clean_options *o);

struct join_options {
	struct joiner *joiner;
	struct join_source *sources; /* [n_sources], of -k */
	size_t n_sources;
	const char *unmatched; /* path, or NULL */
	struct zone *zone;
};

struct stage_options stages_join(struct join_options *o);
void stages_join_check(const struct cli *cli, struct join_options *o);
void stages_join_release(struct join_options *o);

struct sessionize_options {
	struct sessionizer *sessionizer;
	struct cli_choice complete_by;
	const char *starts; /* path, or NULL */
};

struct stage_options stages_sessionize(struct sessionize_options *o);
void stages_sessionize_check(struct sessionize_options *o);

struct agg_options {
	struct history_options history;
	struct names keep;
	int64_t watermark; /* or EVENT_UNKNOWN */
};

#define AGG_OPTIONS_INIT                                                                           \
	{                                                                                          \
		HISTORY_OPTIONS_INIT, NAMES_INIT, EVENT_UNKNOWN                                    \
	}

struct stage_options stages_agg(struct agg_options *o);

struct online_options {
	struct online *online;
	const char *effects; /* path, or NULL */
};

struct stage_options stages_online(struct online_options *o);

/* Whether its prediction is to be another one than by default, or --effects is wanted. */
bool stages_online_is_set(const struct online_options *o);

struct features_options {
	struct featurizer *featurizer;
	struct cli_choice rows;
};

struct stage_options stages_features(struct features_options *o);
void stages_features_check(struct features_options *o);

#endif
