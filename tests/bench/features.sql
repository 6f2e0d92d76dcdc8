-- completion_prediction_features in DuckDB, from the three source tables of the current folder, as text to standard
-- output: the same columns and rows as those of ce-features (see the manual pages for what they mean), in any order.
-- Where genres tie as the preferred one, DuckDB's mode() takes either.
--
-- Written for speed: users, contents and genres are numbers from the start, a playback ratio counts millionths, a time
-- milliseconds since 1970. What becomes known (outcomes, ends of sessions) is summed up once an owner and time, and
-- found by ASOF joins; what the events themselves say comes from windows. Text joins in at the end.

create temp table genres as
select genre, row_number() over (order by genre)::utinyint as g
from (select distinct genre from read_csv('content_dim.csv.gz', all_varchar = true) where genre <> '');

create temp table contents as
select content_id, genre, g, runtime, release_year, maturity_rating, row_number() over ()::int as c
from read_csv('content_dim.csv.gz', header = true, columns = {content_id: 'VARCHAR', genre: 'VARCHAR',
	runtime: 'BIGINT', release_year: 'BIGINT', maturity_rating: 'VARCHAR'})
left join genres using (genre);

create temp table users as
select user_id, plan_tier, epoch_ms(signup_date) as signup, row_number() over ()::int as u
from read_csv('users_dim.csv.gz', header = true, columns = {user_id: 'VARCHAR', email: 'VARCHAR', plan_tier: 'VARCHAR',
	signup_date: 'TIMESTAMP'});

-- Valid events of known users and contents.
create temp table raw as
select event_id, event_ts as t, u, c, g, device,
	case event_type when 'play' then 1 when 'pause' then 2 when 'stop' then 3 when 'complete' then 4 else 5
		end::utinyint as type,
	case when runtime > 0
		then least((playback_position * 2000000 + runtime) // (2 * runtime), 1000000)::int end as ratio,
	event_ts + 1800000 + case when event_type in ('play', 'seek')
		then least(greatest(coalesce(runtime - playback_position, 0), 0) * 1000, 86400000) else 0 end as deadline
from read_csv('events_table.csv.gz', header = true, columns = {event_id: 'VARCHAR', event_ts: 'BIGINT',
	user_id: 'VARCHAR', content_id: 'VARCHAR', event_type: 'VARCHAR', playback_position: 'BIGINT', device: 'VARCHAR'})
join users using (user_id)
join contents using (content_id)
where event_id is not null and event_ts > 0 and event_ts < 4102444800000 and playback_position >= 0
	and device is not null and event_type in ('play', 'pause', 'stop', 'complete', 'seek');

create temp table doubled as
select event_id from raw group by event_id having count(*) > 1;

-- Distinct and in canonical order: `e` is the place in it.
create temp table events as
select (row_number() over ())::int as e, *
from (
	from raw where event_id not in (from doubled)
	union all
	(select distinct on (event_id) * from raw where event_id in (from doubled) order by event_id, t)
	order by t, event_id);
drop table raw;

-- Sessions. A run is what no deadline cuts. In it a play before the near end finds its session completed exactly if an
-- event since the run's previous such play, this one included, completes, as seen from the run's beginning: that play
-- would have begun a session behind an older one. Seen from there a stop of a later session has two types behind it,
-- which it has in its session, too: this one began with a play.
create temp table viewed as
with followed as (
	select e, t, u, c, g, type, ratio, deadline,
		lag(t) over pair as prev_t,
		coalesce(t > lag(deadline) over pair, true) as late,
		type = 1 and coalesce(ratio < 950000, true) as replays,
		type = 3 and coalesce(ratio >= 950000, false) as near_ends
	from events
	window pair as (partition by u, c order by e)
), runs as (
	select *, max(case when late then e end) over (partition by u, c order by e rows unbounded preceding) as run
	from followed
), typed as (
	select *,
		min(type) over so_far < max(type) over so_far as two_types,
		bool_or(near_ends) over so_far as near_ended,
		min(type) over before < max(type) over before as had_two_types
	from runs
	window so_far as (partition by run order by e rows unbounded preceding),
		before as (partition by run order by e rows between unbounded preceding and 1 preceding)
), completing as (
	select *, max(case when type = 4 or two_types and (near_ends or near_ended and not had_two_types)
			then e end) over before as last_completing,
		max(case when replays then e end) over before as last_replay
	from typed
	window before as (partition by run order by e rows between unbounded preceding and 1 preceding)
), started as (
	select *, late or replays and coalesce(last_completing >= coalesce(last_replay, 0), false) as starts
	from completing
)
select e, t, u, c, g, type, ratio, deadline, prev_t,
	max(case when starts then e end) over pair as s,
	(count(*) filter (where starts) over pair)::int as nth
from started
window pair as (partition by u, c order by e rows unbounded preceding);

create temp table states as
select e, t, u, c, g, type, ratio, deadline, prev_t, s, nth, n::int as n, start_t, pauses::int as pauses,
	seeks::int as seeks, max_ratio, completes or near_ends and types > 1 as completed,
	not completed and type <> 3 and coalesce(ratio < 950000, true) as open
from (
	select *,
		count(*) over state as n,
		first_value(t) over state as start_t,
		count(*) filter (where type = 2) over state as pauses,
		count(*) filter (where type = 5) over state as seeks,
		max(ratio) over state as max_ratio,
		coalesce(bool_or(type = 4) over state, false) as completes,
		coalesce(bool_or(type = 3 and ratio >= 950000) over state, false) as near_ends,
		case when min(type) over state < max(type) over state then 2 else 1 end as types
	from viewed
	window state as (partition by s order by e rows unbounded preceding));
drop table viewed;

create temp table sessions as
select s, u, c, g, start_t, coalesce(completion, closing) as known, (completion is not null)::utinyint as outcome,
	closing, end_t - start_t as duration,
	case when completion is not null then 1 when closing < (select max(t) from events) then 0 end::utinyint as label,
	row_number() over (order by s) as session_id
from (
	select *, least(deadline, lead(start_t) over (partition by u, c order by s)) as closing
	from (
		select s, any_value(u) as u, any_value(c) as c, any_value(g) as g, min(t) as start_t, max(t) as end_t,
			arg_max(deadline, e) as deadline, min(case when completed then t end) as completion
		from states
		group by s));

-- What is known behind each time, by owner.
create temp table user_known as
select u, known, sum(n) over so_far as n, sum(completed) over so_far as completed, latest,
	max(case when completed > 0 then known end) over so_far as completion
from (
	select u, known, count(*) as n, sum(outcome) as completed, arg_max(outcome, s) as latest
	from sessions group by u, known)
window so_far as (partition by u order by known rows unbounded preceding);

create temp table user_closed as
select u, closing, sum(n) over so_far as n, sum(duration) over so_far as duration
from (select u, closing, count(*) as n, sum(duration) as duration from sessions group by u, closing)
window so_far as (partition by u order by closing rows unbounded preceding);

create temp table genre_known as
select u, g, known, sum(n) over so_far as n, sum(completed) over so_far as completed
from (
	select u, g, known, count(*) as n, sum(outcome) as completed
	from sessions where g is not null group by u, g, known)
window so_far as (partition by u, g order by known rows unbounded preceding);

create temp table content_known as
select c, known, sum(n) over so_far as n, sum(completed) over so_far as completed
from (select c, known, count(*) as n, sum(outcome) as completed from sessions group by c, known)
window so_far as (partition by c order by known rows unbounded preceding);

create temp table content_seen as
select c, t, sum(ratio) over so_far as ratio, sum(n) over so_far as n, sum(users) over so_far as users
from (
	select c, t, sum(ratio) filter (where type = 3) as ratio, count(ratio) filter (where type = 3) as n,
		count(*) filter (where prev_t is null) as users
	from states where type = 3 or prev_t is null
	group by c, t)
window so_far as (partition by c order by t rows unbounded preceding);

create temp table history as
with windowed as (
	select e, t, u, c, g, open,
		count(*) over recent as activity,
		sum(ratio) over recent as ratios,
		count(ratio) over recent as n_ratios,
		mode(g) over recent as favourite,
		last_value(t) over of_user as last_t,
		case when g is not null then last_value(t) over of_genre end as last_genre_t
	from states
	window recent as (partition by u order by t range between 2592000000 preceding and 1 preceding),
		of_user as (partition by u order by t range between unbounded preceding and 1 preceding),
		of_genre as (partition by u, g order by t range between unbounded preceding and 1 preceding)
), wanted as (
	select * from windowed where open
)
select e, w.t, activity, ratios / n_ratios as engagement, favourite, w.t - last_t as since_event,
	w.t - last_genre_t as recency,
	round(k.completed / k.n, 6) as user_rate, coalesce(k.n, 0)::int as user_known, k.latest,
	w.t - k.completion as since_completion,
	d.duration / d.n as avg_duration,
	gk.completed / gk.n as genre_rate,
	round(ck.completed / ck.n, 6) as content_rate, coalesce(ck.n, 0)::int as content_known,
	cs.ratio / cs.n as viewed, coalesce(cs.users, 0)::int as popularity
from wanted as w
asof left join user_known as k on w.u = k.u and w.t > k.known
asof left join user_closed as d on w.u = d.u and w.t > d.closing
asof left join genre_known as gk on w.u = gk.u and w.g = gk.g and w.t > gk.known
asof left join content_known as ck on w.c = ck.c and w.t > ck.known
asof left join content_seen as cs on w.c = cs.c and w.t > cs.t;

copy (
	select event_id, v.t as event_ts, user_id, content_id, session_id, plan_tier as user_plan_tier,
		floor((v.t - signup) / 86400000)::int as days_since_signup,
		activity as user_activity_level,
		round(engagement / 1000000, 6) as user_content_engagement,
		favourites.genre as user_genre_preference,
		user_rate as user_completion_rate,
		user_known as user_known_sessions,
		latest as user_last_outcome,
		round(genre_rate, 6) as user_genre_completion_rate,
		contents.genre as content_genre,
		runtime as content_runtime,
		release_year as content_release_year,
		maturity_rating as content_maturity_rating,
		year(utc) - release_year as content_age,
		case when runtime < 1200 then 'short' when runtime <= 3600 then 'medium' when runtime > 3600 then 'long'
			end as content_length_category,
		content_rate as content_completion_rate,
		content_known as content_known_sessions,
		round(viewed / 1000000, 6) as average_viewing_duration_ratio,
		popularity as content_popularity,
		case v.type when 1 then 'play' when 2 then 'pause' when 3 then 'stop' when 4 then 'complete' else 'seek'
			end as event_type,
		device,
		v.ratio / 1000000 as playback_position_ratio,
		max_ratio / 1000000 as max_playback_ratio,
		pauses as number_of_pauses,
		seeks as number_of_seeks,
		v.n as session_event_number,
		v.t - v.start_t as session_elapsed,
		(nth > 1)::int as has_played_before,
		nth as user_content_session_count,
		v.t - prev_t as time_since_last_event,
		since_event as time_since_last_event_user,
		since_completion as time_since_last_completion,
		round(avg_duration)::bigint as user_avg_session_duration,
		recency as user_genre_recency,
		hour(utc) as hour_of_day,
		dayofweek(utc) as day_of_week,
		weekofyear(utc) as event_week_of_year,
		month(utc) as event_month_of_year,
		hour(start_utc) as session_start_hour,
		dayofweek(start_utc) as session_start_dow,
		activity * popularity as user_activity_x_content_popularity,
		round(user_rate * content_rate, 6) as user_completion_x_content_completion,
		null as online_logit,
		null as online_logit_sd,
		case when label is not null then known end as label_known_ts,
		label as is_completion
	from (
		select *, make_timestamp(t * 1000) as utc, make_timestamp(start_t * 1000) as start_utc
		from states where open) as v
	join history using (e)
	join events using (e)
	join sessions using (s)
	join users on users.u = v.u
	join contents on contents.c = v.c
	left join genres as favourites on favourites.g = favourite
) to '/dev/stdout' (format csv, header);
