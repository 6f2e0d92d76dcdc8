-- The three source tables of the pipeline, what it predicted, and views of that. Columns that are not named here do no
-- harm. What is there stays, so that it can be given to psql again, as for another version; by one that fails nothing changes.
\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = warning;

-- No foreign keys: a player reports what it has seen, also of users and contents that are unknown here
-- so far. ce-join counts those, and can set them aside.
CREATE TABLE IF NOT EXISTS events_table (
	event_id          text PRIMARY KEY,
	event_ts          bigint NOT NULL, -- milliseconds since 1970, UTC
	user_id           text NOT NULL,
	content_id        text NOT NULL,
	event_type        text NOT NULL CHECK (event_type IN ('play', 'pause', 'stop', 'complete', 'seek')),
	playback_position bigint,          -- seconds from the content's start
	device            text
);

-- For ce-export --since and --until.
CREATE INDEX IF NOT EXISTS events_table_event_ts ON events_table (event_ts);

CREATE TABLE IF NOT EXISTS users_dim (
	user_id     text PRIMARY KEY,
	email       text, -- no tool needs it, and the pipeline drops it
	plan_tier   text,
	signup_date timestamptz
);

CREATE TABLE IF NOT EXISTS content_dim (
	content_id      text PRIMARY KEY,
	genre           text,
	runtime         bigint, -- seconds
	release_year    bigint,
	maturity_rating text
);

-- Every prediction that was ever made: rows are added, and none is changed. One of before version 0.9, without model_id and
-- scored_at, has to be dropped or renamed first. Old rows may be deleted, as by scored_at.
CREATE TABLE IF NOT EXISTS completion_predictions (
	event_id               text,
	event_ts               bigint,
	user_id                text,
	content_id             text,
	session_id             bigint,
	completion_probability double precision,
	predicted_completion   smallint,
	split                  text,
	model_id               text,
	scored_at              bigint, -- milliseconds since 1970, UTC
	PRIMARY KEY (event_id, model_id, scored_at)
);

-- For open_viewings.
CREATE INDEX IF NOT EXISTS completion_predictions_scored_at ON completion_predictions (scored_at);

-- The newest prediction of each row.
CREATE OR REPLACE VIEW latest_predictions AS
SELECT DISTINCT ON (event_id) event_id, event_ts, user_id, content_id, session_id, completion_probability, predicted_completion,
	split, model_id, scored_at
FROM completion_predictions
ORDER BY event_id, scored_at DESC, model_id COLLATE "C";

-- The outcomes that are known by now. As text, which is read when it is used: completion_prediction_features need not
-- be there before that, and may be dropped and made again. The planner puts it in place of the call.
SET LOCAL check_function_bodies = off;
CREATE OR REPLACE FUNCTION known_outcomes() RETURNS TABLE (event_id text, is_completion smallint) LANGUAGE sql STABLE AS
	'SELECT event_id, is_completion::smallint FROM completion_prediction_features WHERE is_completion IS NOT NULL';

-- What was predicted of viewings while they were open, with what became of them: empty where that is not known yet. (What
-- `load` of pipeline.mk adds is the candidate's, under its model_id.)
CREATE OR REPLACE VIEW served_predictions AS
SELECT event_id, event_ts, user_id, content_id, session_id, completion_probability, predicted_completion, model_id, scored_at,
	is_completion
FROM completion_predictions LEFT JOIN known_outcomes() USING (event_id)
WHERE split = 'unlabelled';

-- The viewings that are open, once each: the newest row of those that were scored last.
CREATE OR REPLACE VIEW open_viewings AS
SELECT DISTINCT ON (user_id, content_id) event_id, event_ts, user_id, content_id, session_id, completion_probability,
	predicted_completion, model_id, scored_at
FROM served_predictions
WHERE is_completion IS NULL
	AND scored_at = (SELECT max(scored_at) FROM completion_predictions WHERE split = 'unlabelled')
ORDER BY user_id, content_id, event_ts DESC, event_id COLLATE "C" DESC, model_id COLLATE "C";

COMMIT;
