#include "schema.h"

#include <string.h>

/* A column a line, or a few that belong together. */
/* clang-format off */

/* The keys of an event-level table. */
#define EVENT_KEY                                                                                  \
	{                                                                                          \
		"event_id", SCHEMA_TEXT, true                                                      \
	}
#define EVENT_TS                                                                                   \
	{                                                                                          \
		"event_ts", SCHEMA_BIGINT, false                                                   \
	}
#define USER_ID                                                                                    \
	{                                                                                          \
		"user_id", SCHEMA_TEXT, false                                                      \
	}
#define CONTENT_ID                                                                                 \
	{                                                                                          \
		"content_id", SCHEMA_TEXT, false                                                   \
	}

#define EVENT_COLUMNS                                                                              \
	EVENT_KEY, EVENT_TS, USER_ID, CONTENT_ID, { "event_type", SCHEMA_TEXT, false },            \
		{ "playback_position", SCHEMA_BIGINT, false },                                     \
	{                                                                                          \
		"device", SCHEMA_TEXT, false                                                       \
	}

#define ENRICHED_COLUMNS                                                                           \
	EVENT_COLUMNS, { "plan_tier", SCHEMA_TEXT, false },                                        \
		{ "signup_date", SCHEMA_TIMESTAMP, false }, { "genre", SCHEMA_TEXT, false },       \
		{ "runtime", SCHEMA_BIGINT, false }, { "release_year", SCHEMA_BIGINT, false },     \
	{                                                                                          \
		"maturity_rating", SCHEMA_TEXT, false                                              \
	}

static const struct schema_column events_table[] = { EVENT_COLUMNS };

static const struct schema_column users_dim[] = {
	{ "user_id", SCHEMA_TEXT, true },
	{ "email", SCHEMA_TEXT, false },
	{ "plan_tier", SCHEMA_TEXT, false },
	{ "signup_date", SCHEMA_TIMESTAMP, false },
};

static const struct schema_column content_dim[] = {
	{ "content_id", SCHEMA_TEXT, true },       { "genre", SCHEMA_TEXT, false },
	{ "runtime", SCHEMA_BIGINT, false },       { "release_year", SCHEMA_BIGINT, false },
	{ "maturity_rating", SCHEMA_TEXT, false },
};

static const struct schema_column enriched_table[] = { ENRICHED_COLUMNS };

static const struct schema_column session_identification[] = {
	ENRICHED_COLUMNS,
	{ "prev_ts", SCHEMA_BIGINT, false },
	{ "session_start_ts", SCHEMA_BIGINT, false },
	{ "session_id", SCHEMA_BIGINT, false },
	{ "session_deadline_ts", SCHEMA_BIGINT, false },
};

static const struct schema_column session_starts[] = {
	{ "session_id", SCHEMA_BIGINT, true },
	USER_ID,
	CONTENT_ID,
	{ "session_start_ts", SCHEMA_BIGINT, false },
	{ "event_id", SCHEMA_TEXT, false },
	{ "device", SCHEMA_TEXT, false },
};

static const struct schema_column content_completion[] = {
	{ "session_id", SCHEMA_BIGINT, true },
	USER_ID,
	CONTENT_ID,
	{ "session_start_ts", SCHEMA_BIGINT, false },
	{ "session_end_ts", SCHEMA_BIGINT, false },
	{ "is_completed_event", SCHEMA_FLAG, false },
	{ "stopped_near_end", SCHEMA_FLAG, false },
	{ "num_unique_events", SCHEMA_BIGINT, false },
	{ "is_completion", SCHEMA_FLAG, false },
};

static const struct schema_column user_activity[] = {
	EVENT_KEY, USER_ID, EVENT_TS, { "user_activity_level", SCHEMA_BIGINT, false }
};

static const struct schema_column user_engagement[] = {
	EVENT_KEY, USER_ID, EVENT_TS, { "user_content_engagement", SCHEMA_DECIMAL, false }
};

static const struct schema_column user_genre_preference[] = {
	EVENT_KEY, USER_ID, EVENT_TS, { "user_genre_preference", SCHEMA_TEXT, false }
};

static const struct schema_column user_completion_rate[] = {
	EVENT_KEY,
	USER_ID,
	EVENT_TS,
	{ "user_completion_rate", SCHEMA_DECIMAL, false },
	{ "user_known_sessions", SCHEMA_BIGINT, false }
};

static const struct schema_column content_completion_rate[] = {
	EVENT_KEY,
	CONTENT_ID,
	EVENT_TS,
	{ "content_completion_rate", SCHEMA_DECIMAL, false },
	{ "content_known_sessions", SCHEMA_BIGINT, false }
};

static const struct schema_column avg_view_duration_ratio[] = {
	EVENT_KEY, CONTENT_ID, EVENT_TS, { "average_viewing_duration_ratio", SCHEMA_DECIMAL, false }
};

static const struct schema_column has_played_before[] = {
	EVENT_KEY, USER_ID, CONTENT_ID, EVENT_TS, { "has_played_before", SCHEMA_FLAG, false }
};

static const struct schema_column number_of_pauses[] = {
	EVENT_KEY, USER_ID, CONTENT_ID, EVENT_TS, { "number_of_pauses", SCHEMA_BIGINT, false }
};

static const struct schema_column history[] = {
	{ "user_activity_level", SCHEMA_BIGINT, false },
	{ "user_content_engagement", SCHEMA_DECIMAL, false },
	{ "user_genre_preference", SCHEMA_TEXT, false },
	{ "user_completion_rate", SCHEMA_DECIMAL, false },
	{ "user_known_sessions", SCHEMA_BIGINT, false },
	{ "content_completion_rate", SCHEMA_DECIMAL, false },
	{ "content_known_sessions", SCHEMA_BIGINT, false },
	{ "user_last_outcome", SCHEMA_FLAG, false },
	{ "user_genre_completion_rate", SCHEMA_DECIMAL, false },
	{ "average_viewing_duration_ratio", SCHEMA_DECIMAL, false },
	{ "content_popularity", SCHEMA_BIGINT, false },
	{ "has_played_before", SCHEMA_FLAG, false },
	{ "user_content_session_count", SCHEMA_BIGINT, false },
	{ "number_of_pauses", SCHEMA_BIGINT, false },
	{ "number_of_seeks", SCHEMA_BIGINT, false },
	{ "session_event_number", SCHEMA_BIGINT, false },
	{ "session_elapsed", SCHEMA_BIGINT, false },
	{ "max_playback_ratio", SCHEMA_DECIMAL, false },
	{ "time_since_last_event", SCHEMA_BIGINT, false },
	{ "time_since_last_event_user", SCHEMA_BIGINT, false },
	{ "time_since_last_completion", SCHEMA_BIGINT, false },
	{ "user_avg_session_duration", SCHEMA_BIGINT, false },
	{ "user_genre_recency", SCHEMA_BIGINT, false },
};

static const struct schema_column completion_prediction_features[] = {
	EVENT_KEY,
	EVENT_TS,
	USER_ID,
	CONTENT_ID,
	{ "session_id", SCHEMA_BIGINT, false },
	{ "user_plan_tier", SCHEMA_TEXT, false },
	{ "days_since_signup", SCHEMA_BIGINT, false },
	{ "user_activity_level", SCHEMA_BIGINT, false },
	{ "user_content_engagement", SCHEMA_DECIMAL, false },
	{ "user_genre_preference", SCHEMA_TEXT, false },
	{ "user_completion_rate", SCHEMA_DECIMAL, false },
	{ "user_known_sessions", SCHEMA_BIGINT, false },
	{ "user_last_outcome", SCHEMA_FLAG, false },
	{ "user_genre_completion_rate", SCHEMA_DECIMAL, false },
	{ "content_genre", SCHEMA_TEXT, false },
	{ "content_runtime", SCHEMA_BIGINT, false },
	{ "content_release_year", SCHEMA_BIGINT, false },
	{ "content_maturity_rating", SCHEMA_TEXT, false },
	{ "content_age", SCHEMA_BIGINT, false },
	{ "content_length_category", SCHEMA_TEXT, false },
	{ "content_completion_rate", SCHEMA_DECIMAL, false },
	{ "content_known_sessions", SCHEMA_BIGINT, false },
	{ "average_viewing_duration_ratio", SCHEMA_DECIMAL, false },
	{ "content_popularity", SCHEMA_BIGINT, false },
	{ "event_type", SCHEMA_TEXT, false },
	{ "device", SCHEMA_TEXT, false },
	{ "playback_position_ratio", SCHEMA_DECIMAL, false },
	{ "max_playback_ratio", SCHEMA_DECIMAL, false },
	{ "number_of_pauses", SCHEMA_BIGINT, false },
	{ "number_of_seeks", SCHEMA_BIGINT, false },
	{ "session_event_number", SCHEMA_BIGINT, false },
	{ "session_elapsed", SCHEMA_BIGINT, false },
	{ "has_played_before", SCHEMA_FLAG, false },
	{ "user_content_session_count", SCHEMA_BIGINT, false },
	{ "time_since_last_event", SCHEMA_BIGINT, false },
	{ "time_since_last_event_user", SCHEMA_BIGINT, false },
	{ "time_since_last_completion", SCHEMA_BIGINT, false },
	{ "user_avg_session_duration", SCHEMA_BIGINT, false },
	{ "user_genre_recency", SCHEMA_BIGINT, false },
	{ "hour_of_day", SCHEMA_BIGINT, false },
	{ "day_of_week", SCHEMA_BIGINT, false },
	{ "event_week_of_year", SCHEMA_BIGINT, false },
	{ "event_month_of_year", SCHEMA_BIGINT, false },
	{ "session_start_hour", SCHEMA_BIGINT, false },
	{ "session_start_dow", SCHEMA_BIGINT, false },
	{ "user_activity_x_content_popularity", SCHEMA_BIGINT, false },
	{ "user_completion_x_content_completion", SCHEMA_DECIMAL, false },
	{ "label_known_ts", SCHEMA_BIGINT, false },
	{ "is_completion", SCHEMA_FLAG, false },
};

static const struct schema_column completion_predictions[] = {
	EVENT_KEY,
	EVENT_TS,
	USER_ID,
	CONTENT_ID,
	{ "session_id", SCHEMA_BIGINT, false },
	{ "completion_probability", SCHEMA_REAL, false },
	{ "predicted_completion", SCHEMA_FLAG, false },
	{ "split", SCHEMA_TEXT, false },
};

static const struct schema_column feature_importance[] = {
	{ "feature", SCHEMA_TEXT, true },
	{ "rows", SCHEMA_BIGINT, false },
	{ "repeats", SCHEMA_BIGINT, false },
	{ "auc_roc", SCHEMA_REAL, false },
	{ "log_loss", SCHEMA_REAL, false },
	{ "auc_roc_drop", SCHEMA_REAL, false },
	{ "auc_roc_drop_sd", SCHEMA_REAL, false },
	{ "log_loss_rise", SCHEMA_REAL, false },
	{ "log_loss_rise_sd", SCHEMA_REAL, false },
};

static const struct schema_column feature_drift[] = {
	{ "feature", SCHEMA_TEXT, true },
	{ "kind", SCHEMA_TEXT, false },
	{ "psi", SCHEMA_REAL, false },
	{ "train_rows", SCHEMA_BIGINT, false },
	{ "test_rows", SCHEMA_BIGINT, false },
	{ "train_missing", SCHEMA_REAL, false },
	{ "test_missing", SCHEMA_REAL, false },
	{ "train_mean", SCHEMA_REAL, false },
	{ "test_mean", SCHEMA_REAL, false },
};

static const struct schema_column metrics[] = {
	{ "segment_column", SCHEMA_TEXT, false },
	{ "segment", SCHEMA_TEXT, false },
	{ "rows", SCHEMA_BIGINT, false },
	{ "positives", SCHEMA_BIGINT, false },
	{ "base_rate", SCHEMA_REAL, false },
	{ "auc_roc", SCHEMA_REAL, false },
	{ "auc_roc_low", SCHEMA_REAL, false },
	{ "auc_roc_high", SCHEMA_REAL, false },
	{ "average_precision", SCHEMA_REAL, false },
	{ "log_loss", SCHEMA_REAL, false },
	{ "brier", SCHEMA_REAL, false },
	{ "expected_calibration_error", SCHEMA_REAL, false },
	{ "threshold", SCHEMA_REAL, false },
	{ "accuracy", SCHEMA_REAL, false },
	{ "precision_0", SCHEMA_REAL, false },
	{ "recall_0", SCHEMA_REAL, false },
	{ "f1_0", SCHEMA_REAL, false },
	{ "support_0", SCHEMA_BIGINT, false },
	{ "precision_1", SCHEMA_REAL, false },
	{ "recall_1", SCHEMA_REAL, false },
	{ "f1_1", SCHEMA_REAL, false },
	{ "support_1", SCHEMA_BIGINT, false },
	{ "tn", SCHEMA_BIGINT, false },
	{ "fp", SCHEMA_BIGINT, false },
	{ "fn", SCHEMA_BIGINT, false },
	{ "tp", SCHEMA_BIGINT, false },
};

static const struct schema_column curves[] = {
	{ "curve", SCHEMA_TEXT, false }, { "x", SCHEMA_REAL, false },
	{ "y", SCHEMA_REAL, false },  { "threshold", SCHEMA_REAL, false },
	{ "n", SCHEMA_BIGINT, false },
};

static const struct schema_column metric_intervals[] = {
	{ "metric", SCHEMA_TEXT, false },
	{ "method", SCHEMA_TEXT, false },
	{ "value", SCHEMA_REAL, false },
	{ "low", SCHEMA_REAL, false },
	{ "high", SCHEMA_REAL, false },
	{ "against", SCHEMA_REAL, false },
	{ "against_low", SCHEMA_REAL, false },
	{ "against_high", SCHEMA_REAL, false },
	{ "difference", SCHEMA_REAL, false },
	{ "difference_low", SCHEMA_REAL, false },
	{ "difference_high", SCHEMA_REAL, false },
	{ "p_value", SCHEMA_REAL, false },
	{ "samples", SCHEMA_BIGINT, false },
};

#define N_COLUMNS(columns) (sizeof(columns) / sizeof((columns)[0]))
#define TABLE(name)                                                                                \
	{                                                                                          \
#name, name, N_COLUMNS(name)                                                       \
	}

/* clang-format on */

static const struct schema_table tables[] = {
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
};

const struct schema_table schema_history = TABLE(history);

const struct schema_table *schema_table(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(tables[i].name, name))
			return &tables[i];
	return NULL;
}

const struct schema_table *schema_table_at(size_t i)
{
	return i < sizeof(tables) / sizeof(tables[0]) ? &tables[i] : NULL;
}

void schema_put_names(struct buf *row, const struct schema_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		csv_put_str(row, table->columns[i].name);
}

int schema_find(const struct csv_header *header, const char *name)
{
	for (size_t i = 0; i < header->n; i++)
		if (!strcmp(header->names[i], name))
			return (int)i;
	return -1;
}

int schema_require(const struct csv_reader *in, const char *name, struct err *err)
{
	int index = schema_find(&in->header, name);

	if (index < 0 && in->header.n == 1 && strchr(in->header.names[0], ';'))
		return err_set(err, ERR_RUNTIME,
			       "%s:1: column %s: not in the header (fields are separated by ';', "
			       "but must be by ',')",
			       in->file, name);
	if (index < 0)
		return err_set(err, ERR_RUNTIME, "%s:1: column %s: not in the header", in->file,
			       name);
	return index;
}

int schema_refuse(const struct csv_reader *in, const struct schema_column *columns, size_t n,
		  struct err *err)
{
	for (size_t i = 0; i < n; i++)
		if (schema_find(&in->header, columns[i].name) >= 0)
			return err_set(err, ERR_RUNTIME, "%s:1: column %s: is in the input already",
				       in->file, columns[i].name);
	return 0;
}
