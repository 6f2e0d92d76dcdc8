-- The whole pipeline as set-based SQL (PostgreSQL 15), from the definitions alone: what the tools must agree with.
--
-- Run by psql with -v gap=MS plain_gap=BOOL near_end=RATIO complete_by=event|position|played unknown_runtime=MS max_left=MS
-- window=MS watermark=MS allow_empty=COLUMN,... ts_unit=UNIT (an empty watermark is the last event's time) in a database
-- whose collation is C, over raw_events, users_dim and content_dim, whose values are text as the CSV has them (NULL is
-- the empty field). It makes the design's tables in the current schema, each with `position`, the order of its rows, last.
--
-- In the working tables a playback ratio counts millionths, a time milliseconds since 1970, and `position` is the
-- event's place in canonical order.

set client_min_messages = warning;
set jit = off;

create function flag(condition boolean) returns bigint language sql immutable
	return case when condition then 1 when not condition then 0 end;

-- A decimal or scientific number; NULL for anything else. An exponent of four digits is beyond every limit below, or
-- leaves no more of the number than its sign, so that 1000 will do for it: numeric has an end, too.
create function as_number(field text) returns numeric language sql immutable
	return case
		when field !~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([Ee][+-]?[0-9]+)?$' then null
		when field ~ '[Ee][+]?0*[1-9][0-9]{3}' then split_part(lower(field), 'e', 1)::numeric * 1e1000
		when field ~ '[Ee]-0*[1-9][0-9]{3}' then split_part(lower(field), 'e', 1)::numeric * 1e-1000
		else field::numeric
	end;

-- The same, but NULL where scientific notation may have lost digits: 1.70933E+12 is some time of three hours.
create function as_exact_number(field text) returns numeric language sql immutable
	return case
		when as_number(field) is null then null
		when field !~ '[Ee][+]?0*[1-9]' then as_number(field)
		when length(substring(field from '[Ee][+]?0*([0-9]+)$')) <= 3
			and length(coalesce(substring(field from '[.]([0-9]*)'), ''))
				>= substring(field from '[Ee][+]?0*([0-9]+)$')::int then as_number(field)
	end;

-- A number of that unit as milliseconds, or of the unit that its size tells; NULL if there is none.
create function in_ms(value numeric, unit text) returns numeric language sql immutable
	return case case
			when unit <> 'auto' then unit
			when value >= 1e17 then 'ns'
			when value >= 1e14 then 'us'
			when value >= 1e11 then 'ms'
			when value >= 1e8 then 's'
		end
		when 's' then trunc(value * 1000)
		when 'ms' then trunc(value)
		when 'us' then div(value, 1000)
		when 'ns' then div(value, 1000000)
	end;

-- The whole seconds of a runtime: a number, [HH:]MM:SS, or an ISO 8601 duration of hours, minutes and seconds.
create function as_seconds(field text) returns numeric language sql immutable
	return trunc(case
		when field ~ '^([0-9]+:)?[0-9]+:[0-9]{2}$' then (
			select sum(part::numeric * 60 ^ (array_length(parts, 1) - place))
			from string_to_array(field, ':') as p(parts), unnest(parts) with ordinality as u(part, place))
		when field ~ '^PT([0-9]+H)?([0-9]+M)?([0-9.]+S)?$' then
			coalesce(substring(field from '([0-9]+)H')::numeric * 3600, 0)
			+ coalesce(substring(field from '([0-9]+)M')::numeric * 60, 0)
			+ coalesce(substring(field from '([0-9.]+)S')::numeric, 0)
		else as_number(field)
	end);

-- An ISO 8601 date, or time of which nothing below the millisecond counts, in UTC if it does not say; NULL for anything
-- else. make_date() knows no year 0; the year 4 has the same days, and is as far out of range.
create function as_ms(field text) returns bigint language sql immutable as $$
	select case when field ~ ('^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?'
			|| '( ?([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)| (UTC|GMT))?)?$') then (
		select (make_date(case year when 0 then 4 else year end, month, day) - date '1970-01-01') * 86400000::bigint
			+ hour * 3600000 + minute * 60000 + second * 1000 + ms
			- case left(east, 1) when '-' then -1 else 1 end * (east_hour * 3600000 + east_minute * 60000)
		from (
			select left(field, 4)::int as year, substr(field, 6, 2)::int as month, substr(field, 9, 2)::int as day,
				('0' || substr(field, 12, 2))::int as hour, ('0' || substr(field, 15, 2))::int as minute,
				coalesce(substring(field from ':..:(..)'), '0')::int as second,
				rpad(coalesce(substring(field from '[.]([0-9]+)'), ''), 3, '0')::int as ms,
				coalesce(translate(substring(substr(field, 17) from '[+-].*'), ':', ''), '+00') as east) as p,
			lateral (
			select substr(east, 2, 2)::int as east_hour, ('0' || substr(east, 4, 2))::int as east_minute) as q
		where day between 1 and case
				when month in (1, 3, 5, 7, 8, 10, 12) then 31
				when month in (4, 6, 9, 11) then 30
				when month = 2 and year % 4 = 0 and (year % 100 <> 0 or year % 400 = 0) then 29
				when month = 2 then 28
			end
			and hour < 24 and minute < 60 and second < 60 and east_hour < 24 and east_minute < 60)
	end
$$;

-- A field as CSV has it: NULL is empty, the empty string has its quotes.
create function as_csv(field text) returns text language sql immutable
	return case
		when field ~ '^$|[",\r\n]' then '"' || replace(field, '"', '""') || '"'
		else coalesce(field, '')
	end;

------------------------------------------------------------------------------------------------------------------------
-- Cleaning: valid, distinct, ordered events

create table judged_events as
with trimmed as (
	select line, nullif(btrim(event_id, blanks), '') as event_id, nullif(btrim(event_ts, blanks), '') as event_ts,
		nullif(btrim(user_id, blanks), '') as user_id, nullif(btrim(content_id, blanks), '') as content_id,
		nullif(lower(btrim(event_type, blanks)), '') as event_type,
		nullif(btrim(playback_position, blanks), '') as playback_position,
		-- where device may be empty, "" stays ""
		case device when '' then '' else nullif(btrim(device, blanks), '') end as device
	from raw_events, (values (E' \t\n\x0B\f\r')) as b(blanks)
), valued as (
	select *, as_number(playback_position) as seconds,
		case
			when event_ts ~ '[Tt ]' then as_ms(event_ts)	-- a day alone is no time
			else in_ms(as_exact_number(event_ts), :'ts_unit')
		end as ms
	from trimmed
)
select line, event_id, ms, user_id, content_id, event_type, trunc(seconds) as seconds, device,
	case
		when event_id is null then 'missing_event_id'
		when event_ts is null then 'missing_event_ts'
		when user_id is null then 'missing_user_id'
		when content_id is null then 'missing_content_id'
		when event_type is null then 'missing_event_type'
		when playback_position is null and 'playback_position' <> all (optional)
			then 'missing_playback_position'
		when nullif(device, '') is null and 'device' <> all (optional) then 'missing_device'
		when ms is null then 'bad_event_ts'
		when ms <= 0 or ms >= 4102444800000 then 'ts_out_of_range'
		when event_type not in ('play', 'pause', 'stop', 'complete', 'seek', 'heartbeat') then 'bad_event_type'
		when playback_position is not null and seconds is null then 'bad_playback_position'
		when seconds >= 9223372036854775807 then 'bad_playback_position'
		when seconds < 0 then 'negative_playback_position'
	end as reason
from valued, string_to_array(:'allow_empty', ',') as a(optional);

create table valid_events as
select line, event_id, ms::bigint as event_ts, user_id, content_id, event_type, seconds::bigint as playback_position,
	device, row_number() over (order by ms, event_id, record, line) as position,
	row_number() over (partition by event_id order by ms, record, line) > 1 as duplicate
from judged_events, lateral (
	select concat_ws(',', as_csv(event_id), ms, as_csv(user_id), as_csv(content_id), event_type,
		coalesce(seconds::text, ''), as_csv(device)) as record) as r
where reason is null;

create table cleaned_events as
select event_id, event_ts, user_id, content_id, event_type, playback_position, device,
	row_number() over (order by event_ts, event_id) as position
from valid_events
where not duplicate;

create table rejects as
select line, reason, row_number() over (order by duplicate_at nulls first, line) as position
from (
	select line, reason, null::bigint as duplicate_at from judged_events where reason is not null
	union all
	select line, 'duplicate_event_id', position from valid_events where duplicate) as r;

create table enriched_table as
select event_id, event_ts, user_id, content_id, event_type, playback_position, device,
	plan_tier, signup_date, genre, as_seconds(runtime) as runtime, trunc(as_number(release_year)) as release_year,
	maturity_rating, position
from cleaned_events
join users_dim using (user_id)
join content_dim using (content_id);

------------------------------------------------------------------------------------------------------------------------
-- Sessions

-- Where a pair has got to, behind one of its events: what the next one needs to know.
create type viewing as (
	nth bigint,		-- the session is the pair's first, second, ...
	event_ts bigint,
	deadline_ts bigint,
	plays_for bigint,	-- how long the player goes on by itself
	played bigint,		-- how long it has, in this session
	types text[],		-- of the session's events
	near_end_stop boolean,	-- one of them is a stop near the end
	completes boolean,	-- by this event
	completed boolean
);

-- One event more. `near_end` is false for an unknown ratio; `enough`, the time to have played, is NULL for an unknown
-- runtime.
create function follow(v viewing, event_ts bigint, event_type text, deadline_ts bigint, plays_for bigint,
	near_end boolean, enough numeric, complete_by text) returns viewing language plpgsql immutable as $$
begin
	if v.nth is null or event_ts > v.deadline_ts or event_type = 'play' and not near_end and v.completed then
		v.nth := coalesce(v.nth, 0) + 1;
		v.played := 0;
		v.types := '{}';
		v.near_end_stop := false;
		v.completed := false;
	else
		v.played := v.played + least(event_ts - v.event_ts, v.plays_for);
	end if;
	v.event_ts := event_ts;
	v.deadline_ts := deadline_ts;
	v.plays_for := plays_for;
	if event_type <> all (v.types) then
		v.types := v.types || event_type;
	end if;
	v.near_end_stop := v.near_end_stop or event_type = 'stop' and near_end;
	v.completes := not v.completed and (event_type = 'complete' or case complete_by
		-- a stop that is the second type or behind it, or the second type behind a stop
		when 'event' then v.near_end_stop and cardinality(v.types) >= 2
		when 'position' then near_end and event_type <> 'seek'
		when 'played' then coalesce(v.played >= enough, false)
	end);
	v.completed := v.completed or v.completes;
	return v;
end
$$;

-- As a window function over a pair's events: the viewing behind each.
create aggregate viewed(event_ts bigint, event_type text, deadline_ts bigint, plays_for bigint, near_end boolean,
	enough numeric, complete_by text) (sfunc = follow, stype = viewing);

create table event as
with measured as (
	select position, event_id, event_ts, user_id, content_id, event_type, device, playback_position,
		nullif(genre, '') as genre, runtime, event_type <> 'heartbeat' as counted,
		case when runtime > 0 and playback_position is not null
			then least(div(playback_position * 2000000::numeric + runtime, 2 * runtime), 1000000)::bigint
		end as ratio,
		least(
			case when runtime > 0
				then greatest(runtime - coalesce(playback_position, 0), 0) * 1000
				else :unknown_runtime
			end, :max_left)::bigint as left_to_play
	from enriched_table
), rated as (
	select *,
		coalesce(ratio >= :near_end * 1000000, false) as near_end,
		case when runtime > 0 then :near_end * runtime * 1000 end as enough,
		event_ts + :gap + case when event_type in ('play', 'seek') and not :plain_gap then left_to_play else 0 end
			as deadline_ts
	from measured
), walked as (
	select *, lag(event_ts) over pair as prev_ts,
		viewed(event_ts, event_type, deadline_ts,
			case when event_type in ('play', 'seek', 'heartbeat') then left_to_play else 0 end,
			near_end, enough, :'complete_by') over pair as viewed
	from rated
	window pair as (partition by user_id, content_id order by position rows unbounded preceding)
), told as (
	select position, event_id, event_ts, user_id, content_id, event_type, counted, device, playback_position, genre,
		runtime, ratio, near_end, deadline_ts, prev_ts, (viewed).nth as user_content_session_count,
		(viewed).completes, (viewed).completed
	from walked
), started as (
	select *, user_content_session_count is distinct from lag(user_content_session_count) over pair as starts_session
	from told
	window pair as (partition by user_id, content_id order by position)
), counted as (
	select *, count(*) filter (where starts_session) over (order by position) as sessions_so_far
	from started
)
select *, max(sessions_so_far) filter (where starts_session) over pair as session_id,
	case
		when completed then 'completed'
		when event_type = 'stop' or near_end then 'ending'
		else 'open'
	end as session_phase,
	-- the first event of the pair that is counted
	counted and count(*) filter (where counted) over pair = 1 as new_pair
from counted
window pair as (partition by user_id, content_id order by position);

create index on event (position);
create index on event (user_id, event_ts);

-- The session up to and including the event.
create table session_state as
select position,
	count(*) filter (where counted) over state as session_event_number,
	event_ts - first_value(event_ts) over state as session_elapsed,
	count(*) filter (where event_type = 'pause') over state as number_of_pauses,
	count(*) filter (where event_type = 'seek') over state as number_of_seeks,
	max(ratio) over state as max_ratio
from event
window state as (partition by session_id order by position);

create index on session_state (position);

create table session as
with summed as (
	select session_id, user_id, content_id, genre,
		min(event_ts) as start_ts, max(event_ts) as end_ts, min(position) as first_position,
		(array_agg(deadline_ts order by position desc))[1] as last_deadline_ts,
		min(event_ts) filter (where completes) as completion_ts,
		flag(bool_or(event_type = 'complete')) as is_completed_event,
		flag(coalesce(bool_or(event_type <> 'complete') filter (where completes), false)) as stopped_near_end,
		count(distinct event_type) as num_unique_events
	from event
	group by session_id, user_id, content_id, genre
), closed as (
	select *, least(last_deadline_ts,
		lead(start_ts) over (partition by user_id, content_id order by session_id)) as closing_ts
	from summed
)
select *,
	coalesce(completion_ts, closing_ts) as known_ts,
	flag(completion_ts is not null) as outcome,
	case
		when completion_ts is not null then 1
		when closing_ts < watermark then 0
	end::bigint as is_completion
from closed, (
	select coalesce(nullif(:'watermark', '')::bigint, max(event_ts)) as watermark from event) as w;

create index on session (user_id, known_ts, session_id);
create index on session (session_id);

analyze event;
analyze session_state;
analyze session;

create table session_identification as
select e.event_id, e.event_ts, e.user_id, e.content_id, e.event_type, e.playback_position, e.device,
	e.plan_tier, e.signup_date, e.genre, e.runtime, e.release_year, e.maturity_rating,
	prev_ts, start_ts as session_start_ts, session_id, deadline_ts as session_deadline_ts,
	flag(completes) as completes_session, session_phase, position
from enriched_table as e
join event using (position)
join session using (session_id);

create table session_starts as
select session_id, session.user_id, session.content_id, start_ts as session_start_ts, event_id, device,
	session_id as position
from session
join event using (session_id)
where event.position = first_position;

create table content_completion as
select session_id, user_id, content_id, start_ts as session_start_ts, end_ts as session_end_ts,
	is_completed_event, stopped_near_end, num_unique_events, is_completion, session_id as position
from session;

------------------------------------------------------------------------------------------------------------------------
-- History

-- Everything that becomes known, at its time: an event (position is set), a session's outcome (outcome is set), the end
-- of a closed session (duration is set). Known at t is what came strictly before t: every frame ends 1 ms earlier.
create table timeline as
select event_ts as at, position, user_id, content_id, genre, event_type, counted, ratio, new_pair,
	null::bigint as outcome, null::bigint as duration
from event
union all
select known_ts, null, user_id, content_id, genre, null, null, null, null, outcome, null
from session
union all
select closing_ts, null, user_id, content_id, genre, null, null, null, null, null, end_ts - start_ts
from session;

create table known as
select at, position, user_id, genre,
	count(*) filter (where counted) over recent as user_activity_level,
	avg(ratio) filter (where counted) over recent as user_content_engagement,
	avg(outcome) over of_user as user_completion_rate,
	count(outcome) over of_user as user_known_sessions,
	avg(outcome) over of_content as content_completion_rate,
	count(outcome) over of_content as content_known_sessions,
	case when genre is not null then avg(outcome) over of_user_and_genre end as user_genre_completion_rate,
	avg(ratio) filter (where event_type = 'stop') over of_content as average_viewing_duration_ratio,
	count(*) filter (where new_pair) over of_content as content_popularity,
	max(at) filter (where position is not null) over of_user as last_event_ts,
	max(at) filter (where outcome = 1) over of_user as last_completion_ts,
	avg(duration) over of_user as user_avg_session_duration,
	case when genre is not null then max(at) filter (where counted) over of_user_and_genre end as last_genre_event_ts
from timeline
window recent as (partition by user_id order by at range between :window preceding and 1 preceding),
	of_user as (partition by user_id order by at range between unbounded preceding and 1 preceding),
	of_user_and_genre as (partition by user_id, genre order by at
		range between unbounded preceding and 1 preceding),
	of_content as (partition by content_id order by at range between unbounded preceding and 1 preceding);

create table history as
select position,
	user_activity_level,
	round(user_content_engagement / 1000000, 6) as user_content_engagement,
	favourite.genre as user_genre_preference,
	round(user_completion_rate, 6) as user_completion_rate,
	user_known_sessions,
	round(content_completion_rate, 6) as content_completion_rate,
	content_known_sessions,
	latest.outcome as user_last_outcome,
	round(user_genre_completion_rate, 6) as user_genre_completion_rate,
	round(average_viewing_duration_ratio / 1000000, 6) as average_viewing_duration_ratio,
	content_popularity,
	flag(user_content_session_count > 1) as has_played_before,
	user_content_session_count,
	number_of_pauses,
	number_of_seeks,
	session_event_number,
	session_elapsed,
	round(max_ratio / 1000000.0, 6) as max_playback_ratio,
	at - prev_ts as time_since_last_event,
	at - last_event_ts as time_since_last_event_user,
	at - last_completion_ts as time_since_last_completion,
	round(user_avg_session_duration)::bigint as user_avg_session_duration,
	at - last_genre_event_ts as user_genre_recency
from known
join event using (position)
join session_state using (position)
left join lateral (
	select genre
	from event as h
	where h.user_id = known.user_id and h.event_ts >= at - :window and h.event_ts < at and counted
		and genre is not null
	group by genre
	order by count(*) desc, genre
	limit 1) as favourite on true
left join lateral (
	select outcome
	from session as s
	where s.user_id = known.user_id and known_ts < at
	order by known_ts desc, session_id desc
	limit 1) as latest on true;

create table event_history as
select event_id, event_ts, user_id, content_id, event_type, playback_position, device,
	plan_tier, signup_date, genre, runtime, release_year, maturity_rating,
	prev_ts, session_start_ts, session_id, session_deadline_ts, completes_session, session_phase,
	user_activity_level, user_content_engagement, user_genre_preference, user_completion_rate, user_known_sessions,
	content_completion_rate, content_known_sessions, user_last_outcome, user_genre_completion_rate,
	average_viewing_duration_ratio, content_popularity, has_played_before, user_content_session_count,
	number_of_pauses, number_of_seeks, session_event_number, session_elapsed, max_playback_ratio,
	time_since_last_event, time_since_last_event_user, time_since_last_completion, user_avg_session_duration,
	user_genre_recency, position
from session_identification
join history using (position);

create table user_activity as
select event_id, user_id, event_ts, user_activity_level, position from event_history;

create table user_engagement as
select event_id, user_id, event_ts, user_content_engagement, position from event_history;

create table user_genre_preference as
select event_id, user_id, event_ts, user_genre_preference, position from event_history;

create table user_completion_rate as
select event_id, user_id, event_ts, user_completion_rate, user_known_sessions, position from event_history;

create table content_completion_rate as
select event_id, content_id, event_ts, content_completion_rate, content_known_sessions, position from event_history;

create table avg_view_duration_ratio as
select event_id, content_id, event_ts, average_viewing_duration_ratio, position from event_history;

create table has_played_before as
select event_id, user_id, content_id, event_ts, has_played_before, position from event_history;

create table number_of_pauses as
select event_id, user_id, content_id, event_ts, number_of_pauses, position from event_history;

------------------------------------------------------------------------------------------------------------------------
-- completion_prediction_features

create table features_all as
select h.event_id, h.event_ts, h.user_id, h.content_id, session_id,
	plan_tier as user_plan_tier,
	floor((h.event_ts - as_ms(signup_date)) / 86400000.0)::bigint as days_since_signup,
	user_activity_level,
	user_content_engagement,
	user_genre_preference,
	user_completion_rate,
	user_known_sessions,
	user_last_outcome,
	user_genre_completion_rate,
	h.genre as content_genre,
	e.runtime::bigint as content_runtime,
	year_of_release as content_release_year,
	maturity_rating as content_maturity_rating,
	extract(year from utc)::bigint - year_of_release as content_age,
	case
		when e.runtime < 1200 then 'short'
		when e.runtime <= 3600 then 'medium'
		when e.runtime > 3600 then 'long'
	end as content_length_category,
	content_completion_rate,
	content_known_sessions,
	average_viewing_duration_ratio,
	content_popularity,
	h.event_type,
	h.device,
	round(e.ratio / 1000000.0, 6) as playback_position_ratio,
	max_playback_ratio,
	number_of_pauses,
	number_of_seeks,
	session_event_number,
	session_elapsed,
	has_played_before,
	h.user_content_session_count,
	time_since_last_event,
	time_since_last_event_user,
	time_since_last_completion,
	user_avg_session_duration,
	user_genre_recency,
	extract(hour from utc)::bigint as hour_of_day,
	extract(dow from utc)::bigint as day_of_week,
	extract(week from utc)::bigint as event_week_of_year,
	extract(month from utc)::bigint as event_month_of_year,
	extract(hour from utc_start)::bigint as session_start_hour,
	extract(dow from utc_start)::bigint as session_start_dow,
	user_activity_level * content_popularity as user_activity_x_content_popularity,
	round(user_completion_rate * content_completion_rate, 6) as user_completion_x_content_completion,
	null::numeric as online_logit, -- without ce-online, of which online.py is the reference
	null::numeric as online_logit_sd,
	case when is_completion is not null then known_ts end as label_known_ts,
	is_completion,
	position
from event_history as h
join event as e using (position, session_id)
join session using (session_id)
cross join lateral (
	select release_year::bigint as year_of_release,
		to_timestamp(h.event_ts / 1000) at time zone 'UTC' as utc,
		to_timestamp(session_start_ts / 1000) at time zone 'UTC' as utc_start) as known;

-- The prediction rows: none is of a heartbeat.
create view candidate as
select position, session_event_number, session_phase
from event
join session_state using (position)
where counted;

create table features_open as
select * from features_all
where position in (select position from candidate where session_phase = 'open');

create table features_first as
select * from features_all
where position in (select position from candidate where session_phase = 'open' and session_event_number = 1);

create table features_undecided as
select * from features_all
where position in (select position from candidate where session_phase <> 'completed');
