-- Whether features.csv.gz (ours) and duckdb.csv.gz in the current folder are the same table: joined by event_id, every
-- column, numbers within a millionth. Fields: rows of ours, rows of DuckDB's, rows that met, values compared, values
-- that differ, and the columns in which they do.
create macro table features(file) as table
select * from read_csv(file, header = true, auto_detect = false, delim = ',', quote = '"', nullstr = '', columns = {
	event_id: 'VARCHAR', event_ts: 'DOUBLE', user_id: 'VARCHAR', content_id: 'VARCHAR', session_id: 'DOUBLE',
	user_plan_tier: 'VARCHAR', days_since_signup: 'DOUBLE', user_activity_level: 'DOUBLE',
	user_content_engagement: 'DOUBLE', user_genre_preference: 'VARCHAR', user_completion_rate: 'DOUBLE',
	user_known_sessions: 'DOUBLE', user_last_outcome: 'DOUBLE', user_genre_completion_rate: 'DOUBLE',
	content_genre: 'VARCHAR', content_runtime: 'DOUBLE', content_release_year: 'DOUBLE',
	content_maturity_rating: 'VARCHAR', content_age: 'DOUBLE', content_length_category: 'VARCHAR',
	content_completion_rate: 'DOUBLE', content_known_sessions: 'DOUBLE', average_viewing_duration_ratio: 'DOUBLE',
	content_popularity: 'DOUBLE', event_type: 'VARCHAR', device: 'VARCHAR', playback_position_ratio: 'DOUBLE',
	max_playback_ratio: 'DOUBLE', number_of_pauses: 'DOUBLE', number_of_seeks: 'DOUBLE',
	session_event_number: 'DOUBLE', session_elapsed: 'DOUBLE', has_played_before: 'DOUBLE',
	user_content_session_count: 'DOUBLE', time_since_last_event: 'DOUBLE', time_since_last_event_user: 'DOUBLE',
	time_since_last_completion: 'DOUBLE', user_avg_session_duration: 'DOUBLE', user_genre_recency: 'DOUBLE',
	hour_of_day: 'DOUBLE', day_of_week: 'DOUBLE', event_week_of_year: 'DOUBLE', event_month_of_year: 'DOUBLE',
	session_start_hour: 'DOUBLE', session_start_dow: 'DOUBLE', user_activity_x_content_popularity: 'DOUBLE',
	user_completion_x_content_completion: 'DOUBLE', label_known_ts: 'DOUBLE', is_completion: 'DOUBLE'});

create temp table ours as from features('features.csv.gz');
create temp table theirs as from features('duckdb.csv.gz');

create temp table differences as
select count(*) as met, @DIFFERENCES@
from ours join theirs using (event_id);

