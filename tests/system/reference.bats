# The tools against independent answers in tests/reference: every column of every table, every byte of what ce-clean and
# ce-join write, on random tables. CE_LAWS=10 makes it ten times as many of these.
load ../common

reference() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$CE_ROOT/tests/reference/$1.py" "${@:2}"
}

@test "ce-clean keeps and rejects what the rules say, byte for byte, on 800 dirty logs with random options" {
	reference clean law $((800 * ${CE_LAWS:-1}))
}

@test "ce-join joins dimensions and histories as by hand, byte for byte, on 800 random joins" {
	reference join law $((800 * ${CE_LAWS:-1}))
}

@test "every way to write a runtime, a release year and a signup date; a bad one is named by file and line" {
	reference join fields
}

@test "the tools give what the definitions say on 200 random tables" {
	reference compare --tables $((200 * ${CE_LAWS:-1}))
}

@test "viewings as they are worked out by hand: by the reference, and by the tools" {
	reference edge_cases naive
	reference edge_cases tools
}

@test "heartbeats where the player plays are no activity and change no session: by definition, on random tables" {
	reference heartbeats --tables $((100 * ${CE_LAWS:-1}))
}

@test "a heartbeat every ten seconds of the sample: the same activity, popularity, sessions, features and labels" {
	reference heartbeats "$CE_ROOT/samples"
}

@test "the reference itself gives what a person works out by hand" {
	# A film of 100 s: a stop at 95 s completes it. v sees it open; then it is known to u alone.
	cat >events.csv <<-'END'
		event_id,event_ts,user_id,content_id,event_type,playback_position,device,plan_tier,signup_date,genre,runtime,release_year,maturity_rating
		e1,1704067200000,u,c,play,0,tv,free,2023-12-01,Drama,100,2020,PG
		e2,1704067290000,u,c,stop,95,tv,free,2023-12-01,Drama,100,2020,PG
		e3,1704067290000,v,c,play,0,,"",,Drama,100,2020,PG
		e4,1704080000000,u,d,play,5,tv,free,2023-12-01,"",,,
	END
	PYTHONDONTWRITEBYTECODE=1 python3 "$CE_ROOT/tests/reference/naive.py" events.csv out
	cat >content_completion.csv <<-'END'
		session_id,user_id,content_id,session_start_ts,session_end_ts,is_completed_event,stopped_near_end,num_unique_events,is_completion
		1,u,c,1704067200000,1704067290000,0,1,2,1
		2,v,c,1704067290000,1704067290000,0,0,1,0
		3,u,d,1704080000000,1704080000000,0,0,1,
	END
	same out/content_completion.csv content_completion.csv
	cat >user_completion_rate.csv <<-'END'
		event_id,user_id,event_ts,user_completion_rate,user_known_sessions
		e1,u,1704067200000,,0
		e2,u,1704067290000,,0
		e3,v,1704067290000,,0
		e4,u,1704080000000,1,1
	END
	same out/user_completion_rate.csv user_completion_rate.csv
}
