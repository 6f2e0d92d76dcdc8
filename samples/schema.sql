-- The three source tables of the pipeline. Columns that are not named here do no harm.

-- No foreign keys: a player reports what it has seen, also of users and contents that are unknown here
-- so far. ce-join counts those, and can set them aside.
CREATE TABLE events_table (
	event_id          text PRIMARY KEY,
	event_ts          bigint NOT NULL, -- milliseconds since 1970, UTC
	user_id           text NOT NULL,
	content_id        text NOT NULL,
	event_type        text NOT NULL CHECK (event_type IN ('play', 'pause', 'stop', 'complete', 'seek')),
	playback_position bigint,          -- seconds from the content's start
	device            text
);

-- For ce-export --since and --until.
CREATE INDEX events_table_event_ts ON events_table (event_ts);

CREATE TABLE users_dim (
	user_id     text PRIMARY KEY,
	email       text, -- no tool needs it, and the pipeline drops it
	plan_tier   text,
	signup_date timestamptz
);

CREATE TABLE content_dim (
	content_id      text PRIMARY KEY,
	genre           text,
	runtime         bigint, -- seconds
	release_year    bigint,
	maturity_rating text
);
