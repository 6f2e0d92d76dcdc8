-- The feature store in PostgreSQL: the row of completion_prediction_features of a `play` that starts now, from the state
-- that ce-materialize left, for a title that the user has not started.
--
--	psql -f online.sql
--	psql -c "SELECT * FROM online_features('u17', 'c5', 1706576400000, 'tv')"
--
-- The tables users, contents, user_genres, pairs, viewings, window_events and online_effects of a state are in the schema
-- `online`, where `make -f days.mk load` puts them, or
--
--	ce-import --schema online --replace --max-loss 100% -I out/state/2024-01-29 users contents ...
--
-- users_dim and content_dim are in the search path, with the rows and the types that ce-import gives them. The values are
-- those that ce-materialize computes for such an event behind the log: what ends between the state and that time without
-- an event, viewings that close and events that leave the window, is taken into account; but for the two columns of
-- ce-online, which know the outcomes that were known to the state. No row comes where the user or the
-- title is in no dimension, or the user has started that title.
--
--	at        the time, in ms since 1970; not before the state's `until`
--	start     the playback position, in seconds
--	recent    the window of ce-materialize --window, in ms
--	prior     the variances of ce-materialize --prior, in the order of ce-online(1)
--
-- Each call reads the rows of the user and of the title. For speed, once; ce-import --replace keeps indexes:
--
--	CREATE INDEX ON online.window_events (user_id, event_ts);
--	CREATE INDEX ON online.viewings (user_id);
--	CREATE INDEX ON online.viewings (content_id);
--	CREATE INDEX ON online.online_effects (level, coalesce(level_value, ''), coalesce(genre, ''), drift);
--
-- The titles that a user has not started, each with the probability that it would be completed, best first: as the table
-- completion_predictions, whose keys the query makes. With a model as SQL (ce-model --sql) the database scores them itself: see
-- ce-model(1).
--
--	ce-export -c "SELECT user_id || ' ' || content_id AS event_id, 1706576400000 AS event_ts, user_id, content_id,
--		NULL AS session_id, f.* FROM users_dim, content_dim,
--		LATERAL online_features(user_id, content_id, 1706576400000, 'tv') AS f WHERE user_id = 'u17'" |
--		ce-predict -p --keys -m champion.model | sort -t , -k 6,6gr

CREATE OR REPLACE FUNCTION online_features(the_user text, the_content text, at bigint, the_device text,
	start bigint DEFAULT 0, recent bigint DEFAULT 2592000000,
	prior double precision[] DEFAULT '{1, .7, .7, .3, .1, .1, .1, .1, .5}')
RETURNS TABLE (
	user_plan_tier text, days_since_signup bigint, user_activity_level bigint, user_content_engagement numeric,
	user_genre_preference text, user_completion_rate numeric, user_known_sessions bigint, user_last_outcome bigint,
	user_genre_completion_rate numeric, content_genre text, content_runtime bigint, content_release_year bigint,
	content_maturity_rating text, content_age bigint, content_length_category text, content_completion_rate numeric,
	content_known_sessions bigint, average_viewing_duration_ratio numeric, content_popularity bigint, event_type text,
	device text, playback_position_ratio numeric, max_playback_ratio numeric, number_of_pauses bigint,
	number_of_seeks bigint, session_event_number bigint, session_elapsed bigint, has_played_before bigint,
	user_content_session_count bigint, time_since_last_event bigint, time_since_last_event_user bigint,
	time_since_last_completion bigint, user_avg_session_duration bigint, user_genre_recency bigint, hour_of_day bigint,
	day_of_week bigint, event_week_of_year bigint, event_month_of_year bigint, session_start_hour bigint,
	session_start_dow bigint, user_activity_x_content_popularity bigint, user_completion_x_content_completion numeric,
	online_logit numeric, online_logit_sd numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
WITH wanted AS (
	SELECT user_id, content_id, plan_tier, signup_date, genre, runtime, release_year, maturity_rating,
		nullif(genre, '') AS known_genre,
		CASE WHEN runtime > 0 THEN least(round(start::numeric / runtime, 6), 1) END AS ratio,
		to_timestamp(at / 1000) AT TIME ZONE 'UTC' AS utc
	FROM users_dim
	CROSS JOIN content_dim
	WHERE user_id = the_user AND content_id = the_content
		AND NOT EXISTS (SELECT FROM online.pairs AS p WHERE p.user_id = the_user AND p.content_id = the_content)
),
-- What has closed by then, and is not in the counts yet; the outcome of one that was completed is in them already.
closed AS (
	SELECT v.*, completed_ts IS NULL AS is_news FROM online.viewings AS v
	WHERE is_closed = 0 AND closing_ts < at AND (user_id = the_user OR content_id = the_content)
),
closed_by_user AS (
	SELECT count(*) AS n, coalesce(sum(session_end_ts - session_start_ts), 0) AS duration,
		count(*) FILTER (WHERE is_news) AS known,
		count(*) FILTER (WHERE is_news AND nullif(c.genre, '') = known_genre) AS known_of_genre
	FROM closed AS c
	JOIN wanted USING (user_id)
),
closed_of_content AS (
	SELECT count(*) FILTER (WHERE is_news) AS known FROM closed WHERE content_id = the_content
),
-- The outcome that became known last: of the counts, or of those.
latest AS (
	SELECT outcome FROM (
		SELECT last_known_ts AS known_ts, last_known_session AS session_id, last_outcome AS outcome
		FROM online.users WHERE user_id = the_user AND known_sessions > 0
		UNION ALL
		SELECT closing_ts, session_id, 0 FROM closed WHERE user_id = the_user AND is_news) AS o
	ORDER BY known_ts DESC, session_id DESC
	LIMIT 1
),
windowed AS (
	SELECT genre, playback_ratio FROM online.window_events WHERE user_id = the_user AND event_ts >= at - recent
),
activity AS (
	SELECT count(*) AS n, round(avg(playback_ratio), 6) AS engagement FROM windowed
),
favourite AS (
	SELECT genre FROM windowed WHERE genre <> ''
	GROUP BY genre ORDER BY count(*) DESC, genre COLLATE "C"
	LIMIT 1
),
counts AS (
	SELECT w.*, activity.n AS activity_level, engagement, favourite.genre AS preference, outcome,
		coalesce(u.known_sessions, 0) + closed_by_user.known AS u_known, coalesce(u.known_completions, 0) AS u_completed,
		coalesce(g.known_sessions, 0) + known_of_genre AS g_known, coalesce(g.known_completions, 0) AS g_completed,
		coalesce(c.known_sessions, 0) + closed_of_content.known AS c_known, coalesce(c.known_completions, 0) AS c_completed,
		coalesce(u.closed_sessions, 0) + closed_by_user.n AS n_closed,
		coalesce(u.closed_duration, 0) + closed_by_user.duration AS duration,
		coalesce(popularity, 0) AS popularity, stops, stop_ratio_sum,
		at - u.last_event_ts AS since_event, at - u.last_completion_ts AS since_completion,
		at - g.last_event_ts AS since_genre
	FROM wanted AS w
	CROSS JOIN closed_by_user
	CROSS JOIN closed_of_content
	CROSS JOIN activity
	LEFT JOIN favourite ON true
	LEFT JOIN latest ON true
	LEFT JOIN online.users AS u ON u.user_id = the_user
	LEFT JOIN online.contents AS c ON c.content_id = the_content
	LEFT JOIN online.user_genres AS g ON g.user_id = the_user AND g.genre = known_genre
),
rates AS (
	SELECT *, round(u_completed::numeric / nullif(u_known, 0), 6) AS u_rate,
		round(c_completed::numeric / nullif(c_known, 0), 6) AS c_rate
	FROM counts
),
-- The levels of the viewing; of an unknown one there is no effect.
levels AS (
	SELECT l.* FROM wanted
	CROSS JOIN LATERAL (VALUES
		('bias', '', '', prior[1], true),
		('user', the_user, '', prior[2], true),
		('content', the_content, '', prior[3], true),
		('user_genre', the_user, known_genre, prior[4], false),
		('genre', known_genre, '', prior[5], false),
		('device', nullif(the_device, ''), '', prior[6], false),
		('hour', extract(hour FROM utc)::text, '', prior[7], false),
		('plan', nullif(plan_tier, ''), '', prior[8], false),
		('runtime', CASE WHEN runtime > 0 THEN (length(ltrim((runtime * runtime)::bit(64)::text, '0')) - 1)::text
			ELSE 'unknown' END, '', prior[9], false)) AS l (level, level_value, genre, variance, drifts)
	WHERE level_value IS NOT NULL AND l.genre IS NOT NULL
),
experts AS (
	SELECT drift, weight FROM online.online_effects WHERE level = 'bias'
	UNION ALL
	SELECT 0, 1 WHERE NOT EXISTS (SELECT FROM online.online_effects)
),
sums AS (
	SELECT x.drift, x.weight, sum(coalesce(mean, 0)) AS mean, sum(CASE WHEN e.level IS NULL THEN l.variance
		WHEN drifts THEN least(e.variance + x.drift * (at - updated_ts) / 86400000, l.variance)
		ELSE e.variance END) AS variance
	FROM levels AS l
	CROSS JOIN experts AS x
	LEFT JOIN online.online_effects AS e ON e.level = l.level AND coalesce(e.level_value, '') = l.level_value
		AND coalesce(e.genre, '') = l.genre AND e.drift = x.drift
	GROUP BY x.drift, x.weight
),
-- `small`, and its share of 1 + small, as ce-online has them: exp() of a smaller number would be out of range.
squashed AS (
	SELECT weight, variance, mean < 0 AS is_unlikely, exp(greatest(-abs(mean) / sqrt(1 + pi() * variance / 8), -700)) AS small
	FROM sums
),
predicted AS (
	SELECT sum(weight * CASE WHEN is_unlikely THEN small ELSE 1 END / (1 + small)) AS p,
		sum(weight * CASE WHEN is_unlikely THEN 1 ELSE small END / (1 + small)) AS q, sum(weight * variance) AS variance
	FROM squashed
)
SELECT plan_tier, floor((at - floor(extract(epoch FROM signup_date) * 1000)) / 86400000)::bigint,
	activity_level, engagement, preference, u_rate, u_known, outcome, round(g_completed::numeric / nullif(g_known, 0), 6),
	genre, runtime, release_year, maturity_rating, extract(year FROM utc)::bigint - release_year,
	CASE WHEN runtime < 1200 THEN 'short' WHEN runtime <= 3600 THEN 'medium' WHEN runtime > 3600 THEN 'long' END,
	c_rate, c_known, round(stop_ratio_sum::numeric / nullif(stops, 0) / 1000000, 6), popularity,
	'play', the_device, ratio, ratio, 0, 0, 1, 0, 0, 1, NULL::bigint, since_event, since_completion,
	round(duration::numeric / nullif(n_closed, 0))::bigint, since_genre,
	extract(hour FROM utc)::bigint, extract(dow FROM utc)::bigint, extract(week FROM utc)::bigint,
	extract(month FROM utc)::bigint, extract(hour FROM utc)::bigint, extract(dow FROM utc)::bigint,
	activity_level * popularity,
	round(u_rate * c_rate, 6), round(ln(p / q)::numeric, 6), round(sqrt(variance)::numeric, 6)
FROM rates
CROSS JOIN predicted;
END;
