#include "table/catalogue.h"

#include <string.h>

/* A column a line, or a few that belong together. */
/* clang-format off */

/* The keys of an event-level table. */
#define EVENT_KEY                                                                                  \
	{                                                                                          \
		"event_id", CATALOGUE_TEXT, true                                                      \
	}
#define EVENT_TS                                                                                   \
	{                                                                                          \
		"event_ts", CATALOGUE_BIGINT, false                                                   \
	}
#define USER_ID                                                                                    \
	{                                                                                          \
		"user_id", CATALOGUE_TEXT, false                                                      \
	}
#define CONTENT_ID                                                                                 \
	{                                                                                          \
		"content_id", CATALOGUE_TEXT, false                                                   \
	}

#define EVENT_COLUMNS                                                                              \
	EVENT_KEY, EVENT_TS, USER_ID, CONTENT_ID, { "event_type", CATALOGUE_TEXT, false },            \
		{ "playback_position", CATALOGUE_BIGINT, false },                                     \
	{                                                                                          \
		"device", CATALOGUE_TEXT, false                                                       \
	}

#define ENRICHED_COLUMNS                                                                           \
	EVENT_COLUMNS, { "plan_tier", CATALOGUE_TEXT, false },                                        \
		{ "signup_date", CATALOGUE_TIMESTAMP, false }, { "genre", CATALOGUE_TEXT, false },       \
		{ "runtime", CATALOGUE_BIGINT, false }, { "release_year", CATALOGUE_BIGINT, false },     \
	{                                                                                          \
		"maturity_rating", CATALOGUE_TEXT, false                                              \
	}

static const struct catalogue_column events_table[] = { EVENT_COLUMNS };

static const struct catalogue_column users_dim[] = {
	{ "user_id", CATALOGUE_TEXT, true },
	{ "email", CATALOGUE_TEXT, false },
	{ "plan_tier", CATALOGUE_TEXT, false },
	{ "signup_date", CATALOGUE_TIMESTAMP, false },
};

static const struct catalogue_column content_dim[] = {
	{ "content_id", CATALOGUE_TEXT, true },       { "genre", CATALOGUE_TEXT, false },
	{ "runtime", CATALOGUE_BIGINT, false },       { "release_year", CATALOGUE_BIGINT, false },
	{ "maturity_rating", CATALOGUE_TEXT, false },
};

static const struct catalogue_column enriched_table[] = { ENRICHED_COLUMNS };

static const struct catalogue_column session_identification[] = {
	ENRICHED_COLUMNS,
	{ "prev_ts", CATALOGUE_BIGINT, false },
	{ "session_start_ts", CATALOGUE_BIGINT, false },
	{ "session_id", CATALOGUE_BIGINT, false },
	{ "session_deadline_ts", CATALOGUE_BIGINT, false },
};

static const struct catalogue_column session_starts[] = {
	{ "session_id", CATALOGUE_BIGINT, true },
	USER_ID,
	CONTENT_ID,
	{ "session_start_ts", CATALOGUE_BIGINT, false },
	{ "event_id", CATALOGUE_TEXT, false },
	{ "device", CATALOGUE_TEXT, false },
};

static const struct catalogue_column content_completion[] = {
	{ "session_id", CATALOGUE_BIGINT, true },
	USER_ID,
	CONTENT_ID,
	{ "session_start_ts", CATALOGUE_BIGINT, false },
	{ "session_end_ts", CATALOGUE_BIGINT, false },
	{ "is_completed_event", CATALOGUE_FLAG, false },
	{ "stopped_near_end", CATALOGUE_FLAG, false },
	{ "num_unique_events", CATALOGUE_BIGINT, false },
	{ "is_completion", CATALOGUE_FLAG, false },
};

static const struct catalogue_column user_activity[] = {
	EVENT_KEY, USER_ID, EVENT_TS, { "user_activity_level", CATALOGUE_BIGINT, false }
};

static const struct catalogue_column user_engagement[] = {
	EVENT_KEY, USER_ID, EVENT_TS, { "user_content_engagement", CATALOGUE_DECIMAL, false }
};

static const struct catalogue_column user_genre_preference[] = {
	EVENT_KEY, USER_ID, EVENT_TS, { "user_genre_preference", CATALOGUE_TEXT, false }
};

static const struct catalogue_column user_completion_rate[] = {
	EVENT_KEY,
	USER_ID,
	EVENT_TS,
	{ "user_completion_rate", CATALOGUE_DECIMAL, false },
	{ "user_known_sessions", CATALOGUE_BIGINT, false }
};

static const struct catalogue_column content_completion_rate[] = {
	EVENT_KEY,
	CONTENT_ID,
	EVENT_TS,
	{ "content_completion_rate", CATALOGUE_DECIMAL, false },
	{ "content_known_sessions", CATALOGUE_BIGINT, false }
};

static const struct catalogue_column avg_view_duration_ratio[] = {
	EVENT_KEY, CONTENT_ID, EVENT_TS, { "average_viewing_duration_ratio", CATALOGUE_DECIMAL, false }
};

static const struct catalogue_column has_played_before[] = {
	EVENT_KEY, USER_ID, CONTENT_ID, EVENT_TS, { "has_played_before", CATALOGUE_FLAG, false }
};

static const struct catalogue_column number_of_pauses[] = {
	EVENT_KEY, USER_ID, CONTENT_ID, EVENT_TS, { "number_of_pauses", CATALOGUE_BIGINT, false }
};

static const struct catalogue_column history[] = {
	{ "user_activity_level", CATALOGUE_BIGINT, false },
	{ "user_content_engagement", CATALOGUE_DECIMAL, false },
	{ "user_genre_preference", CATALOGUE_TEXT, false },
	{ "user_completion_rate", CATALOGUE_DECIMAL, false },
	{ "user_known_sessions", CATALOGUE_BIGINT, false },
	{ "content_completion_rate", CATALOGUE_DECIMAL, false },
	{ "content_known_sessions", CATALOGUE_BIGINT, false },
	{ "user_last_outcome", CATALOGUE_FLAG, false },
	{ "user_genre_completion_rate", CATALOGUE_DECIMAL, false },
	{ "average_viewing_duration_ratio", CATALOGUE_DECIMAL, false },
	{ "content_popularity", CATALOGUE_BIGINT, false },
	{ "has_played_before", CATALOGUE_FLAG, false },
	{ "user_content_session_count", CATALOGUE_BIGINT, false },
	{ "number_of_pauses", CATALOGUE_BIGINT, false },
	{ "number_of_seeks", CATALOGUE_BIGINT, false },
	{ "session_event_number", CATALOGUE_BIGINT, false },
	{ "session_elapsed", CATALOGUE_BIGINT, false },
	{ "max_playback_ratio", CATALOGUE_DECIMAL, false },
	{ "time_since_last_event", CATALOGUE_BIGINT, false },
	{ "time_since_last_event_user", CATALOGUE_BIGINT, false },
	{ "time_since_last_completion", CATALOGUE_BIGINT, false },
	{ "user_avg_session_duration", CATALOGUE_BIGINT, false },
	{ "user_genre_recency", CATALOGUE_BIGINT, false },
};

static const struct catalogue_column completion_prediction_features[] = {
	EVENT_KEY,
	EVENT_TS,
	USER_ID,
	CONTENT_ID,
	{ "session_id", CATALOGUE_BIGINT, false },
	{ "user_plan_tier", CATALOGUE_TEXT, false },
	{ "days_since_signup", CATALOGUE_BIGINT, false },
	{ "user_activity_level", CATALOGUE_BIGINT, false },
	{ "user_content_engagement", CATALOGUE_DECIMAL, false },
	{ "user_genre_preference", CATALOGUE_TEXT, false },
	{ "user_completion_rate", CATALOGUE_DECIMAL, false },
	{ "user_known_sessions", CATALOGUE_BIGINT, false },
	{ "user_last_outcome", CATALOGUE_FLAG, false },
	{ "user_genre_completion_rate", CATALOGUE_DECIMAL, false },
	{ "content_genre", CATALOGUE_TEXT, false },
	{ "content_runtime", CATALOGUE_BIGINT, false },
	{ "content_release_year", CATALOGUE_BIGINT, false },
	{ "content_maturity_rating", CATALOGUE_TEXT, false },
	{ "content_age", CATALOGUE_BIGINT, false },
	{ "content_length_category", CATALOGUE_TEXT, false },
	{ "content_completion_rate", CATALOGUE_DECIMAL, false },
	{ "content_known_sessions", CATALOGUE_BIGINT, false },
	{ "average_viewing_duration_ratio", CATALOGUE_DECIMAL, false },
	{ "content_popularity", CATALOGUE_BIGINT, false },
	{ "event_type", CATALOGUE_TEXT, false },
	{ "device", CATALOGUE_TEXT, false },
	{ "playback_position_ratio", CATALOGUE_DECIMAL, false },
	{ "max_playback_ratio", CATALOGUE_DECIMAL, false },
	{ "number_of_pauses", CATALOGUE_BIGINT, false },
	{ "number_of_seeks", CATALOGUE_BIGINT, false },
	{ "session_event_number", CATALOGUE_BIGINT, false },
	{ "session_elapsed", CATALOGUE_BIGINT, false },
	{ "has_played_before", CATALOGUE_FLAG, false },
	{ "user_content_session_count", CATALOGUE_BIGINT, false },
	{ "time_since_last_event", CATALOGUE_BIGINT, false },
	{ "time_since_last_event_user", CATALOGUE_BIGINT, false },
	{ "time_since_last_completion", CATALOGUE_BIGINT, false },
	{ "user_avg_session_duration", CATALOGUE_BIGINT, false },
	{ "user_genre_recency", CATALOGUE_BIGINT, false },
	{ "hour_of_day", CATALOGUE_BIGINT, false },
	{ "day_of_week", CATALOGUE_BIGINT, false },
	{ "event_week_of_year", CATALOGUE_BIGINT, false },
	{ "event_month_of_year", CATALOGUE_BIGINT, false },
	{ "session_start_hour", CATALOGUE_BIGINT, false },
	{ "session_start_dow", CATALOGUE_BIGINT, false },
	{ "user_activity_x_content_popularity", CATALOGUE_BIGINT, false },
	{ "user_completion_x_content_completion", CATALOGUE_DECIMAL, false },
	{ "label_known_ts", CATALOGUE_BIGINT, false },
	{ "is_completion", CATALOGUE_FLAG, false },
};

static const struct catalogue_column completion_predictions[] = {
	EVENT_KEY,
	EVENT_TS,
	USER_ID,
	CONTENT_ID,
	{ "session_id", CATALOGUE_BIGINT, false },
	{ "completion_probability", CATALOGUE_REAL, false },
	{ "predicted_completion", CATALOGUE_FLAG, false },
	{ "split", CATALOGUE_TEXT, false },
};

static const struct catalogue_column feature_importance[] = {
	{ "feature", CATALOGUE_TEXT, true },
	{ "rows", CATALOGUE_BIGINT, false },
	{ "repeats", CATALOGUE_BIGINT, false },
	{ "auc_roc", CATALOGUE_REAL, false },
	{ "log_loss", CATALOGUE_REAL, false },
	{ "auc_roc_drop", CATALOGUE_REAL, false },
	{ "auc_roc_drop_sd", CATALOGUE_REAL, false },
	{ "log_loss_rise", CATALOGUE_REAL, false },
	{ "log_loss_rise_sd", CATALOGUE_REAL, false },
};

static const struct catalogue_column feature_drift[] = {
	{ "feature", CATALOGUE_TEXT, true },
	{ "kind", CATALOGUE_TEXT, false },
	{ "psi", CATALOGUE_REAL, false },
	{ "train_rows", CATALOGUE_BIGINT, false },
	{ "test_rows", CATALOGUE_BIGINT, false },
	{ "train_missing", CATALOGUE_REAL, false },
	{ "test_missing", CATALOGUE_REAL, false },
	{ "train_mean", CATALOGUE_REAL, false },
	{ "test_mean", CATALOGUE_REAL, false },
};

static const struct catalogue_column metrics[] = {
	{ "segment_column", CATALOGUE_TEXT, false },
	{ "segment", CATALOGUE_TEXT, false },
	{ "rows", CATALOGUE_BIGINT, false },
	{ "positives", CATALOGUE_BIGINT, false },
	{ "base_rate", CATALOGUE_REAL, false },
	{ "auc_roc", CATALOGUE_REAL, false },
	{ "auc_roc_low", CATALOGUE_REAL, false },
	{ "auc_roc_high", CATALOGUE_REAL, false },
	{ "average_precision", CATALOGUE_REAL, false },
	{ "log_loss", CATALOGUE_REAL, false },
	{ "brier", CATALOGUE_REAL, false },
	{ "expected_calibration_error", CATALOGUE_REAL, false },
	{ "threshold", CATALOGUE_REAL, false },
	{ "accuracy", CATALOGUE_REAL, false },
	{ "precision_0", CATALOGUE_REAL, false },
	{ "recall_0", CATALOGUE_REAL, false },
	{ "f1_0", CATALOGUE_REAL, false },
	{ "support_0", CATALOGUE_BIGINT, false },
	{ "precision_1", CATALOGUE_REAL, false },
	{ "recall_1", CATALOGUE_REAL, false },
	{ "f1_1", CATALOGUE_REAL, false },
	{ "support_1", CATALOGUE_BIGINT, false },
	{ "tn", CATALOGUE_BIGINT, false },
	{ "fp", CATALOGUE_BIGINT, false },
	{ "fn", CATALOGUE_BIGINT, false },
	{ "tp", CATALOGUE_BIGINT, false },
};

static const struct catalogue_column curves[] = {
	{ "curve", CATALOGUE_TEXT, false }, { "x", CATALOGUE_REAL, false },
	{ "y", CATALOGUE_REAL, false },  { "threshold", CATALOGUE_REAL, false },
	{ "n", CATALOGUE_BIGINT, false },
};

static const struct catalogue_column metric_intervals[] = {
	{ "metric", CATALOGUE_TEXT, false },
	{ "method", CATALOGUE_TEXT, false },
	{ "value", CATALOGUE_REAL, false },
	{ "low", CATALOGUE_REAL, false },
	{ "high", CATALOGUE_REAL, false },
	{ "against", CATALOGUE_REAL, false },
	{ "against_low", CATALOGUE_REAL, false },
	{ "against_high", CATALOGUE_REAL, false },
	{ "difference", CATALOGUE_REAL, false },
	{ "difference_low", CATALOGUE_REAL, false },
	{ "difference_high", CATALOGUE_REAL, false },
	{ "p_value", CATALOGUE_REAL, false },
	{ "samples", CATALOGUE_BIGINT, false },
};

static const struct catalogue_column rejects[] = {
	{ "file", CATALOGUE_TEXT, false },
	{ "line", CATALOGUE_BIGINT, false },
	{ "reason", CATALOGUE_TEXT, false },
	{ "record", CATALOGUE_TEXT, false },
};

static const struct catalogue_column truth[] = {
	{ "event_id", CATALOGUE_TEXT, true },
	{ "user_id", CATALOGUE_TEXT, false },
	{ "content_id", CATALOGUE_TEXT, false },
	{ "session_start_ts", CATALOGUE_BIGINT, false },
	{ "true_probability", CATALOGUE_DECIMAL, false },
	{ "true_outcome", CATALOGUE_FLAG, false },
};

static const struct catalogue_column folds[] = {
	{ "fold", CATALOGUE_BIGINT, true },        { "cut", CATALOGUE_BIGINT, false },
	{ "train_rows", CATALOGUE_BIGINT, false }, { "rows", CATALOGUE_BIGINT, false },
	{ "positives", CATALOGUE_BIGINT, false },  { "auc_roc", CATALOGUE_REAL, false },
	{ "log_loss", CATALOGUE_REAL, false },     { "brier", CATALOGUE_REAL, false },
};

static const struct catalogue_column audit[] = {
	{ "column", CATALOGUE_TEXT, false },
	{ "kind", CATALOGUE_TEXT, false },
	{ "rows_compared", CATALOGUE_BIGINT, false },
	{ "rows_changed", CATALOGUE_BIGINT, false },
	{ "cuts_changed", CATALOGUE_BIGINT, false },
	{ "first_cut", CATALOGUE_BIGINT, false },
	{ "first_time", CATALOGUE_BIGINT, false },
	{ "first_key", CATALOGUE_TEXT, false },
	{ "value_at_cut", CATALOGUE_TEXT, false },
	{ "value_in_whole", CATALOGUE_TEXT, false },
};

#define N_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))
#define TABLE(name)                                                                                \
	{                                                                                          \
#name, name, N_COLUMNS(name)                                                       \
	}

/* clang-format on */

static const struct catalogue_table tables[] = {
	TABLE(events_table),
	TABLE(users_dim),
	TABLE(content_dim),
	{ "cleaned_events", events_table, N_COLUMNS(events_table) },
	TABLE(enriched_table),
	TABLE(session_identification),
	TABLE(session_starts),
	TABLE(content_completion),
	TABLE(user_activity),
	TABLE(user_engagement),
	TABLE(user_genre_preference),
	TABLE(user_completion_rate),
	TABLE(content_completion_rate),
	TABLE(avg_view_duration_ratio),
	TABLE(has_played_before),
	TABLE(number_of_pauses),
	TABLE(completion_prediction_features),
	TABLE(completion_predictions),
	TABLE(feature_importance),
	TABLE(feature_drift),
	TABLE(metrics),
	TABLE(curves),
	TABLE(metric_intervals),
	TABLE(rejects),
	TABLE(truth),
	TABLE(folds),
	TABLE(audit),
};

const struct catalogue_table catalogue_history = TABLE(history);

const struct catalogue_table *catalogue_table(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(tables[i].name, name))
			return &tables[i];
	return NULL;
}

const struct catalogue_table *catalogue_table_at(size_t i)
{
	return i < sizeof(tables) / sizeof(tables[0]) ? &tables[i] : NULL;
}

void catalogue_put_names(struct buf *row, const struct catalogue_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		csv_put_str(row, table->columns[i].name);
}
