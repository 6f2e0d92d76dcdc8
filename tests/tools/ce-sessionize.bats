# ce-sessionize: which events make one viewing.
# shellcheck disable=SC2154,SC2059 # fails leaves $stderr; rows are printf formats
load ../common

header=event_id,event_ts,user_id,content_id,event_type,playback_position,device,runtime
made=prev_ts,session_start_ts,session_id,session_deadline_ts,completes_session,session_phase

# FILE is what stands on stdin.
holds() {
	cat >want
	same "$1" want
}

# field N [OPTION...] <ROWS, each "TIME TYPE [POSITION [RUNTIME]]" of one user and content, - for an
# unknown value: that field of each row.
field() {
	local n=$1
	shift
	awk -v header=$header 'BEGIN { print header } { for (i = 3; i < 5; i++) sub(/^-$/, "", $i)
		printf "e%03d,%s,u,c,%s,%s,tv,%s\n", NR, $1, $2, $3, $4 }' |
		ce-sessionize -p "$@" | awk -F, -v n="$n" 'NR > 1 { printf "%s%s", sep, $n; sep = " " } END { print "" }'
}
sessions() { field 11 "$@"; }
completing() { field 13 "$@"; }
phases() { field 14; }

@test "appends the time of the pair's last event, and its session with the event's deadline" {
	cat >events.csv <<-END
		$header,a note
		e1,1000000,u,c,play,0,tv,7200,
		e2,8200000,u,c,complete,7200,tv,7200,""
		e3,8300000,u,c,play,0,"",7200,"a,
		b"
		e4,8300000,v,c,pause,10,,7200,x
		e5,99900000,v,c,pause,10,,,x
	END
	ce-sessionize -p --keep 'a note' --starts starts.csv events.csv >out 2>told
	holds out <<-END
		$header,a note,$made
		e1,1000000,u,c,play,0,tv,7200,,,1000000,1,10000000,0,open
		e2,8200000,u,c,complete,7200,tv,7200,"",1000000,1000000,1,10000000,1,completed
		e3,8300000,u,c,play,0,"",7200,"a,
		b",8200000,8300000,2,17300000,0,open
		e4,8300000,v,c,pause,10,,7200,x,,8300000,3,10100000,0,open
		e5,99900000,v,c,pause,10,,,x,8300000,99900000,4,101700000,0,open
	END
	cp starts.csv starts
	holds starts <<-END
		session_id,user_id,content_id,session_start_ts,event_id,device
		1,u,c,1000000,e1,tv
		2,u,c,8300000,e3,""
		3,v,c,8300000,e4,
		4,v,c,99900000,e5,
	END
}

@test "an event at the deadline continues the session, one a millisecond later does not" {
	[ "$(printf '1 pause 0\n1800001 pause 0\n3600002 pause 0\n' | sessions)" = "1 1 2" ]
	[ "$(printf '1 pause 0\n1001 pause 0\n2002 pause 0\n' | sessions --gap 1s)" = "1 1 2" ]
	[ "$(printf '1 pause 0\n61001 pause 0\n122002 pause 0\n' | sessions -g 1m1s)" = "1 1 2" ]
	[ "$(printf '1 pause 0\n1 pause 0\n2 pause 0\n' | sessions --gap 0)" = "1 1 2" ]
}

@test "what is left to play extends the deadline after play and seek, and after them alone" {
	for type in play seek; do
		[ "$(printf "1 $type 40 100\n61001 pause 90 100\n" | sessions --gap 1s)" = "1 1" ]
		[ "$(printf "1 $type 40 100\n61002 pause 90 100\n" | sessions --gap 1s)" = "1 2" ]
		[ "$(printf "1 $type 40 100\n61001 pause 90 100\n" | sessions --gap 1s --plain-gap)" = "1 2" ]
		[ "$(printf "1 $type 40 100\n1001 pause 90 100\n" | sessions --gap 1s --plain-gap)" = "1 1" ]
	done
	for type in pause stop complete; do
		[ "$(printf "1 $type 40 100\n1002 pause 90 100\n" | sessions --gap 1s)" = "1 2" ]
	done
}

@test "nothing is left to play of an unknown runtime, or after the end; an unknown position is the start" {
	[ "$(printf '1 play 0\n1002 pause 0\n' | sessions --gap 1s)" = "1 2" ]
	[ "$(printf '1 play 200 100\n1002 pause 0 100\n' | sessions --gap 1s)" = "1 2" ]
	[ "$(printf '1 play 5 -100\n1001 pause 0 -100\n' | sessions --gap 1s)" = "1 1" ]
	[ "$(printf '1 play - 100\n101001 pause - 100\n' | sessions --gap 1s)" = "1 1" ]
	[ "$(printf '1 play - 100\n101002 pause - 100\n' | sessions --gap 1s)" = "1 2" ]
}

@test "--unknown-runtime: what is left of a content of unknown runtime, wherever the position" {
	for runtime in - 0 -100; do
		for position in 0 50 -; do
			[ "$(printf "1 play $position $runtime\n8001 pause 90 $runtime\n" | sessions --gap 1s --unknown-runtime 7s)" = "1 1" ]
			[ "$(printf "1 play $position $runtime\n8002 pause 90 $runtime\n" | sessions --gap 1s --unknown-runtime 7s)" = "1 2" ]
		done
	done
	# A known one is what it is; after a pause nothing is left.
	[ "$(printf '1 play 40 100\n61002 pause 90 100\n' | sessions --gap 1s --unknown-runtime 2h)" = "1 2" ]
	[ "$(printf '1 pause\n1002 pause\n' | sessions --gap 1s --unknown-runtime 7s)" = "1 2" ]
	[ "$(printf '1 play\n1002 pause\n' | sessions --gap 1s --unknown-runtime 7s --plain-gap)" = "1 2" ]
}

@test "--max-left: a runtime of years holds a session open for a day and the gap" {
	[ "$(printf '1 play 0 99999999\n86401001 pause 0 99999999\n' | sessions --gap 1s)" = "1 1" ]
	[ "$(printf '1 play 0 99999999\n86401002 pause 0 99999999\n' | sessions --gap 1s)" = "1 2" ]
	[ "$(printf '1 play 0 100\n6001 pause 0 100\n' | sessions --gap 1s --max-left 5s)" = "1 1" ]
	[ "$(printf '1 play 0 100\n6002 pause 0 100\n' | sessions --gap 1s --max-left 5s)" = "1 2" ]
	[ "$(printf '1 play 98 100\n3002 pause 0 100\n' | sessions --gap 1s --max-left 5s)" = "1 2" ]
	[ "$(printf '1 play\n6002 pause\n' | sessions --gap 1s --max-left 5s --unknown-runtime 1h)" = "1 2" ]
	[ "$(printf '1 play 0 999999\n86401002 pause 0 999999\n' | sessions --gap 1s --max-left 2d)" = "1 1" ]
}

@test "a heartbeat goes on for the gap: another would have come" {
	[ "$(printf '1 heartbeat 0 100\n1001 heartbeat 1 100\n2002 heartbeat 2 100\n' | sessions --gap 1s)" = "1 1 2" ]
	# A film without a touch is one session, with heartbeats and without.
	[ "$(printf '1 play 0 7200\n7200001 complete 7200 7200\n' | sessions)" = "1 1" ]
	[ "$({ echo '1 play 0 7200'; seq -f '%.0f heartbeat 5 7200' 10001 10000 7190001; echo '7200001 complete 7200 7200'; } |
		sessions | tr ' ' '\n' | sort | uniq -c | xargs)" = "721 1" ]
}

@test "the deadline is that of the last event, even if an earlier one's lies behind it" {
	[ "$(printf '1 play 0 7200\n2 pause 0 7200\n1800003 play 0 7200\n' | sessions)" = "1 1 2" ]
}

@test "a play below the near end after a completion is a new viewing, other events are not" {
	[ "$(printf '1 play 0\n2 complete 9\n3 stop 9\n4 seek 0\n5 play 0\n6 play 1\n' | sessions)" = "1 1 1 1 2 2" ]
	# By whichever rule; and at whatever position that is not known to be near the end, where it is a late ping.
	[ "$(printf '1 play 0 100\n2 stop 95 100\n3 play 95 100\n4 play 94 100\n' | sessions)" = "1 1 1 2" ]
	[ "$(printf '1 play 0 100\n2 stop 94 100\n3 play 0 100\n' | sessions)" = "1 1 1" ]
	[ "$(printf '1 play 0 100\n2 stop 94 100\n3 play 0 100\n' | sessions --near-end 0.94)" = "1 1 2" ]
	[ "$(printf '1 complete - -\n2 play - -\n' | sessions)" = "1 2" ]
	[ "$(printf '1 pause 95 100\n2 play 0 100\n' | sessions)" = "1 1" ]
	[ "$(printf '1 pause 95 100\n2 play 0 100\n' | sessions --complete-by position)" = "1 2" ]
	[ "$(printf '1 play 0 100\n95001 seek 0 100\n96001 play 0 100\n' | sessions --complete-by played)" = "1 1 2" ]
	# Also within one millisecond, where the ids give the order.
	[ "$(printf '1 complete 9\n1 play 0\n1 complete 9\n1 play 0\n' | sessions)" = "1 2 2 3" ]
	[ "$(printf '1 play 0\n1 play 0\n1 stop 9\n1 play 0\n' | sessions)" = "1 1 1 1" ]
}

@test "a runtime may read like 5400.0; its fraction is dropped" {
	[ "$(printf '1 play 0 100.0\n101001 pause 0 100.0\n' | sessions --gap 1s)" = "1 1" ]
	[ "$(printf '1 play 0 100.9\n101002 pause 0 100.9\n' | sessions --gap 1s)" = "1 2" ]
}

@test "users and contents are kept apart, whatever their ids are made of" {
	cat >events.csv <<-END
		$header
		1,1,a,bc,play,0,tv,
		2,2,ab,c,play,0,tv,
		3,3,"a,b",c,play,0,tv,
		4,4,a,"b,c",play,0,tv,
		5,5,A,bc,play,0,tv,
		6,6,a,bc,stop,0,tv,
		7,7,bc,a,play,0,tv,
	END
	ce-sessionize -p events.csv | tail -n +2 | sed 's/,[^,]*,[^,]*,[^,]*$//; s/.*,//' | paste -sd' ' >out
	[ "$(cat out)" = "1 2 3 4 5 1 6" ]
}

@test "zero rows give the headers" {
	echo $header >none.csv
	ce-sessionize -p --starts starts.csv none.csv >out
	echo $header,$made | holds out
	cp starts.csv starts
	echo session_id,user_id,content_id,session_start_ts,event_id,device | holds starts
}

# says ROWS MESSAGE: what ce-sessionize says of a table with these rows.
says() {
	printf "$header\n$1" >x.csv
	fails 1 ce-sessionize -p x.csv
	[ "$stderr" = "ce-sessionize: x.csv:$2" ] || { echo "$stderr"; return 1; }
	[[ $(cat stdout) != *bad* ]]
}

@test "rows out of order are an error that names both" {
	says 'b,6,u,c,play,1,tv,\nbad,5,u,c,play,1,tv,\n' \
		"3: event 'bad' at 5 comes before event 'b' at 6 of line 2 (ce-clean puts events in order)"
	says 'b,5,u,c,play,1,tv,\na,5,v,d,play,1,tv,\n' \
		"3: event 'a' at 5 comes before event 'b' at 5 of line 2 (ce-clean puts events in order)"
	says 'b,5,u,c,play,1,tv,\nb,5,v,d,play,1,tv,\n' \
		"3: event 'b' at 5 repeats event 'b' at 5 of line 2 (ce-clean puts events in order)"
	# "e" comes before "e0", "10" before "9", and a byte above 127 behind all letters.
	printf '%s\ne,5,u,c,play,1,tv,\ne0,5,u,c,play,1,tv,\nz,5,u,c,play,1,tv,\né,5,u,c,play,1,tv,\n' $header |
		ce-sessionize -p >out
	[ "$(wc -l <out)" -eq 5 ]
	says 'e0,5,u,c,play,1,tv,\ne,5,u,c,play,1,tv,\n' \
		"3: event 'e' at 5 comes before event 'e0' at 5 of line 2 (ce-clean puts events in order)"
	says '9,5,u,c,play,1,tv,\n10,5,u,c,play,1,tv,\n' \
		"3: event '10' at 5 comes before event '9' at 5 of line 2 (ce-clean puts events in order)"
}

@test "order holds across files too" {
	printf "$header\ne1,5,u,c,play,1,tv,\n" >one.csv
	printf "$header\ne2,6,u,c,stop,1,tv,\n" >two.csv
	ce-sessionize -p one.csv two.csv | tail -n 1 >out
	echo e2,6,u,c,stop,1,tv,,5,5,1,1800006,0,ending | holds out
	fails 1 ce-sessionize -p two.csv one.csv
	[[ $stderr == "ce-sessionize: one.csv:2: event 'e1' at 5 comes before event 'e2' at 6"* ]]
}

@test "a value that ce-clean would not let pass is an error with line and column" {
	says 'bad,6,u,c,Play,1,tv,\n' "2: column event_type: invalid event type 'Play' (ce-clean reads raw events)"
	says 'bad,6,u,c,,1,tv,\n' "2: column event_type: is empty (ce-clean reads raw events)"
	says 'bad,6,,c,play,1,tv,\n' "2: column user_id: is empty"
	says 'bad,6,u,"",play,1,tv,\n' "2: column content_id: is empty"
	says ',6,u,c,play,1,tv,\n' "2: column event_id: is empty"
	says 'bad,,u,c,play,1,tv,\n' "2: column event_ts: is empty (ce-clean reads raw events)"
	says 'bad,0,u,c,play,1,tv,\n' "2: column event_ts: 0 is out of range (ce-clean reads raw events)"
	says 'bad,4102444800000,u,c,play,1,tv,\n' "2: column event_ts: 4102444800000 is out of range (ce-clean reads raw events)"
	says 'bad,1.5,u,c,play,1,tv,\n' "2: column event_ts: invalid integer '1.5' (ce-clean reads raw events)"
	says 'bad,6,u,c,play,-1,tv,\n' "2: column playback_position: -1 is out of range (ce-clean reads raw events)"
	says 'bad,6,u,c,play,1.5,tv,\n' "2: column playback_position: invalid integer '1.5' (ce-clean reads raw events)"
	says 'bad,6,u,c,play,1,tv,long\n' "2: column runtime: invalid number of seconds 'long'"
	says 'bad,6,u,c,play,1,tv,3000000000\n' "2: column runtime: invalid number of seconds '3000000000'"
}

@test "columns: those it needs must be there, those it makes must not" {
	printf 'event_id,event_ts,user_id,content_id,event_type,playback_position,runtime\n' >x.csv
	ce-sessionize -p x.csv >out
	fails 1 ce-sessionize -p --starts starts.csv x.csv
	[[ $stderr == "ce-sessionize: x.csv:1: missing column device"* ]]
	[ ! -e starts.csv ]
	fails 1 ce-sessionize -p out
	[ "$stderr" = "ce-sessionize: out:1: column prev_ts: is in the input already" ]
	printf 'event_id,event_ts,user_id,content_id,event_type,playback_position,device\n' >x.csv
	fails 1 ce-sessionize -p x.csv
	[[ $stderr == "ce-sessionize: x.csv:1: missing column runtime"* ]]
}

@test "bad options are bad usage" {
	echo $header >none.csv
	for gap in x -5m 30 '' 1e3s 99999d; do
		fails 2 ce-sessionize -p --gap "$gap" none.csv
		[[ $stderr == "ce-sessionize: --gap: expected a duration such as 30m, 1h30m or 30d, found '$gap'"* ]]
	done
	for option in --unknown-runtime --max-left; do
		fails 2 ce-sessionize -p $option 3600 none.csv
		[[ $stderr == "ce-sessionize: $option: expected a duration such as"* ]]
	done
	for share in 1.1 -0.1 95% 0.9500001 x ''; do
		fails 2 ce-sessionize -p --near-end "$share" none.csv
		[[ $stderr == "ce-sessionize: --near-end: expected a number from 0 to 1 with at most 6 decimals, found '$share'"* ]]
	done
	fails 2 ce-sessionize -p --complete-by time none.csv
	[[ $stderr == "ce-sessionize: --complete-by: must be one of event, position, played, not 'time'"* ]]
	fails 1 ce-sessionize -p --starts no/such/dir.gz none.csv
	[ "$stderr" = "ce-sessionize: no/such/dir.gz: No such file or directory" ]
}

@test "a failure leaves no --starts file behind" {
	printf "$header\ne1,5,u,c,play,1,tv,\ne0,5,u,c,play,1,tv,\n" >x.csv
	fails 1 ce-sessionize -p --starts starts.csv x.csv
	[ ! -e starts.csv ]
	[ -z "$(find . -name '*.tmp')" ]
	printf "$header\ne1,5,u,c,play,1,tv,\n" >x.csv
	fails 1 ce-sessionize --starts starts.csv -o /dev/full x.csv
	[ ! -e starts.csv ]
}

# doubtful [OPTION...] <ROWS, each "POSITION RUNTIME" of a user of its own, - for unknown: the warnings.
doubtful() {
	awk -v header=$header 'BEGIN { print header } {
		printf "e%05d,17000000%05d,u%d,c,pause,%s,tv,%s\n", NR, NR, NR, $1 == "-" ? "" : $1, $2 == "-" ? "" : $2 }' >doubts.csv
	# But for those of sessions that are not completed, which no lone pause is.
	ce-sessionize -p "$@" doubts.csv 2>&1 >out | sed -n '/ is completed, so /d; / and are not completed, /d; s/^ce-sessionize: warning: //p'
}

# rows N POSITION RUNTIME: so many of them.
rows() {
	for ((i = 0; i < $1; i++)); do echo "$2 $3"; done
}

@test "a warning of positions beyond the end in more than 5 % of the events that have both" {
	# 100 s: 106 is a late ping, 107 too far.
	[ -z "$({ rows 95 90 100; rows 5 107 100; rows 50 - 100; rows 5 90 -; } | doubtful)" ]
	[ -z "$({ rows 94 90 100; rows 6 106 100; } | doubtful)" ]
	[ "$({ rows 94 90 700; rows 6 737 700; } | doubtful)" = "6 of 100 events with a position and a runtime are beyond the end: playback_position in ms? (it must be in seconds)" ]
	[ "$({ rows 94 90 599; rows 6 900 599; } | doubtful)" = "6 of 100 events with a position and a runtime are beyond the end: runtime in minutes? (it must be in seconds)" ]
	# By nearly all contents: one film among clips of minutes does not tell, some do.
	[[ $({ rows 94 90 599; rows 6 900 599; rows 5 90 7200; } | doubtful) == "6 of 105 events "*"runtime in minutes?"* ]]
	[[ $({ rows 94 90 599; rows 6 900 599; rows 6 90 7200; } | doubtful) == "6 of 106 events "*"playback_position in ms?"* ]]
	# A runtime that is not positive is unknown.
	[ "$({ rows 94 90 700; rows 5 90 0; } | doubtful)" = "5 of 99 sessions are of contents of unknown runtime: a film that plays untouched for longer than the gap is cut in two (give the content table a runtime, or --unknown-runtime)" ]
}

@test "a warning of times before 1980 in most events: seconds, which ce-clean would have read" {
	old() { # N_OLD N_NEW
		awk -v header=$header -v old="$1" -v new="$2" 'BEGIN { print header; for (i = 10; i < 10 + old + new; i++)
			printf "e%d,%s%d,u,c,pause,5,tv,700\n", i, (i < 10 + old ? "3155327999" : "3155328000"), i }' >old.csv
		{ ce-sessionize -p old.csv >out; } 2>&1
	}
	[ -z "$(old 5 5)" ]
	[ "$(old 6 5)" = "ce-sessionize: warning: 6 of 11 events are before 1980: event_ts must be ms since 1970: was ce-clean left out?" ]
	fails 1 ce-sessionize --strict old.csv
}

@test "an event that is not clean names the tool that reads it" {
	for row in 2024-01-01T00:00:00Z,play,0 1.5,play,0 1700000000000,PLAY,0 1700000000000,play,10.5; do
		IFS=, read -r ts type position <<<"$row"
		printf '%s\ne1,%s,u,c,%s,%s,tv,60\n' $header "$ts" "$type" "$position" >raw.csv
		fails 1 ce-sessionize raw.csv
		[[ $stderr == "ce-sessionize: raw.csv:2: column "*" (ce-clean reads raw events)" ]]
	done
}

@test "a warning of contents longer than a day, if most are, and of positions of 0 and 1 alone" {
	[ -z "$({ rows 50 90 86400; rows 50 90 86401; } | doubtful)" ]
	[ "$({ rows 49 90 86400; rows 50 90 86401; rows 1 90 -; } | doubtful)" = "50 of 99 events with a runtime are of contents longer than 24 h: runtime in ms? (it must be in seconds)" ]
	[ "$({ rows 9 0 700; rows 1 1 700; } | doubtful)" = "all of 10 known positions are 0 or 1: playback_position as a ratio of the runtime? (it must be in seconds)" ]
	[ -z "$({ rows 8 0 700; rows 1 1 700; } | doubtful)" ]
	[ -z "$({ rows 10 0 700; } | doubtful)" ]
	[ -z "$({ rows 9 0 700; rows 1 1 700; rows 1 2 700; } | doubtful)" ]
}

@test "a warning of what is unknown: positions of most events, runtimes of 5 % of the sessions" {
	[ -z "$({ rows 50 - 700; rows 50 90 700; } | doubtful)" ]
	[ "$({ rows 51 - 700; rows 50 90 700; } | doubtful)" = "playback_position is unknown in 51 of 101 events: the time left to play and how far users come are not known (give the events a position)" ]
	[ -z "$({ rows 95 90 700; rows 5 90 -; } | doubtful)" ]
	[ "$({ rows 94 90 700; rows 6 90 -; } | doubtful)" = "6 of 100 sessions are of contents of unknown runtime: a film that plays untouched for longer than the gap is cut in two (give the content table a runtime, or --unknown-runtime)" ]
	[ -z "$({ rows 94 90 700; rows 6 90 -; } | doubtful --unknown-runtime 1h)" ]
	# By sessions, not by events.
	{ echo $header && for i in {10..59}; do echo "e$i,$i,u,c,pause,5,tv,"; done && echo e60,60,v,d,pause,5,tv,700; } >x.csv
	[[ $(ce-sessionize -p x.csv 2>&1 >out) == *"warning: 1 of 2 sessions are of"* ]]
	[ -z "$(head -n 1 x.csv | ce-sessionize -p --strict 2>&1 >out)" ]
}

@test "--strict: a warning is an error, and no output is finished" {
	rows 10 - 700 | doubtful
	fails 1 ce-sessionize --strict --starts starts.csv doubts.csv
	[[ $stderr == *"ce-sessionize: a warning is an error with --strict" ]]
	! gzip -t stdout 2>/dev/null || return 1
	[ ! -e starts.csv ]
	rows 10 5 700 | doubtful
	ce-sessionize --strict -p doubts.csv >out
}

@test "columns of the table and those of --keep go on, in the order of the input, others do not" {
	cat >events.csv <<-'END'
		email,event_id,event_ts,user_id,plan_tier,profile_id,content_id,event_type,playback_position,device,runtime,autoplay
		a@x,e1,1,u,free,"k,1",c,play,0,tv,60,1
		"b
		x",e2,2,u,,"",c,stop,9,"t""v",60,
	END
	ce-sessionize -p events.csv | cut -d, -f1-9 >out
	holds out <<-'END'
		event_id,event_ts,user_id,plan_tier,content_id,event_type,playback_position,device,runtime
		e1,1,u,free,c,play,0,tv,60
		e2,2,u,,c,stop,9,"t""v",60
	END
	ce-sessionize -p --keep autoplay,profile_id --keep device events.csv >out
	holds out <<-'END'
		event_id,event_ts,user_id,plan_tier,profile_id,content_id,event_type,playback_position,device,runtime,autoplay,prev_ts,session_start_ts,session_id,session_deadline_ts,completes_session,session_phase
		e1,1,u,free,"k,1",c,play,0,tv,60,1,,1,1,1860001,0,open
		e2,2,u,,"",c,stop,9,"t""v",60,,1,1,1,1800002,0,ending
	END
	# All of them: a copy as it was quoted.
	sed 's/free/"free"/' events.csv >quoted.csv
	ce-sessionize -p --keep '*' quoted.csv | sed -E 's/(,[^,]*){6}$//' >out
	grep -v '^"b$' quoted.csv | same - <(grep -v '^"b$' out)
	# However they are written, and called what the header calls them.
	sed 's/autoplay/AutoPlay/' events.csv >named.csv
	ce-sessionize -p --keep 'email, autoplay,Event_ID' named.csv | head -n 1 >out
	echo "email,event_id,event_ts,user_id,plan_tier,content_id,event_type,playback_position,device,runtime,AutoPlay,$made" | holds out
	fails 1 ce-sessionize -p --keep autoplay,profile events.csv
	[[ $stderr == "ce-sessionize: events.csv:1: missing column profile"* ]]
	fails 2 ce-sessionize -p --keep '' events.csv
}

@test "--near-end: a stop at it completes, one below does not; all from 0 to 1 may be asked" {
	near() { printf '1 play 0 100\n2 stop 94 100\n3 stop 95 100\n' | completing "$@"; }
	[ "$(near)" = "0 0 1" ]
	[ "$(near --near-end 0.95)" = "0 0 1" ]
	[ "$(near --near-end 0.94)" = "0 1 0" ]
	[ "$(near --near-end 0.950001)" = "0 0 0" ]
	[ "$(near --near-end 1)" = "0 0 0" ]
	[ "$(near --near-end 0)" = "0 1 0" ]
}

@test "a near-end stop completes only a session of two event types, at the event that brings the second" {
	[ "$(printf '1 stop 100 100\n2 stop 100 100\n3 pause 0 100\n4 pause 0 100\n' | completing)" = "0 0 1 0" ]
	[ "$(printf '1 stop 100 100\n2 stop 100 100\n' | completing)" = "0 0" ]
	[ "$(printf '1 stop 100 100\n2 heartbeat 100 100\n' | completing)" = "0 1" ]
}

@test "--complete-by: what ends without a stop, what is only sought, and what is only said" {
	ends='1 play 0 100\n96001 play 96 100\n'
	sought='1 play 0 100\n5001 seek 99 100\n6001 stop 99 100\n'
	[ "$(printf "$ends" | completing)" = "0 0" ]
	[ "$(printf "$ends" | completing --complete-by position)" = "0 1" ]
	[ "$(printf "$ends" | completing --complete-by played)" = "0 1" ]
	[ "$(printf "$sought" | completing)" = "0 0 1" ]
	[ "$(printf "$sought" | completing --complete-by position)" = "0 0 1" ]
	[ "$(printf "$sought" | completing --complete-by played)" = "0 0 0" ]
	for rule in event position played; do
		[ "$(printf '1 complete - -\n2 complete - -\n' | completing --complete-by $rule)" = "1 0" ]
	done
	# Silence after a play is watched until the end at most, after a pause not at all.
	[ "$(printf '1 play 60 100\n90001 pause 99 100\n' | completing --complete-by played)" = "0 0" ]
	[ "$(printf '1 pause 0 100\n96001 pause 99 100\n' | completing --complete-by played)" = "0 0" ]
	# A millisecond decides.
	[ "$(printf '1 play 0 100\n95000 pause 0 100\n' | completing --complete-by played)" = "0 0" ]
	[ "$(printf '1 play 0 100\n95001 pause 0 100\n' | completing --complete-by played)" = "0 1" ]
}

@test "the phase is that of the row's own event, until the session is completed" {
	[ "$(printf '1 play 0 100\n2 stop 10 100\n3 play 10 100\n4 seek 95 100\n5 heartbeat 96 100\n6 pause 90 100\n7 complete - 100\n8 pause 5 100\n' |
		phases)" = "open ending open ending ending open completed completed" ]
}

@test "a warning of sessions that come to the end and are not completed" {
	# N viewings that end near the end, without a stop, and M that complete; each of a user of its own.
	viewings() {
		awk -v header=$header -v n="$1" -v m="$2" 'BEGIN { print header; for (i = 0; i < n + m; i++) {
			printf "a%03d,1700000000%03d,u%d,c,play,0,tv,700\n", i, i, i
			late = late sprintf("b%03d,1700000690%03d,u%d,c,%s,690,tv,700\n", i, i, i, i < n ? "pause" : "complete") }
			printf "%s", late }' >ends.csv
		shift 2
		ce-sessionize -p "$@" ends.csv 2>&1 >out | sed 's/^ce-sessionize: warning: //'
	}
	[ -z "$(viewings 10 10)" ]
	[ "$(viewings 11 10)" = "11 sessions come near the end and are not completed, more than the 10 that are: is the end told by the position alone? (--complete-by position)" ]
	[ -z "$(viewings 11 10 --complete-by position)" ]
	[ -z "$(viewings 11 10 --complete-by played)" ]
	[ "$(viewings 20 0)" = "none of 20 sessions is completed, so that every label will be 0: how does the player report the end? (--complete-by, --near-end)" ]
	[ -z "$(viewings 20 0 --complete-by position)" ]
	# Heartbeats on the way to a complete are none of it.
	awk -v header=$header 'BEGIN { print header; for (i = 0; i < 30; i++) printf "a%d,1700000000%03d,u,c,%s,%d,tv,700\n",
		i + 10, i + 100, i == 0 ? "play" : i < 29 ? "heartbeat" : "complete", 671 + i }' >pings.csv
	[ -z "$(ce-sessionize -p pings.csv 2>&1 >out)" ]
	[ -z "$(viewings 10 9)" ]
	# By the time played, who comes there with a leap has not come to the end.
	awk -v header=$header 'BEGIN { print header; for (i = 0; i < 21; i++) printf "a%d,1700000000%03d,u%d,c,%s,690,tv,700\n",
		i + 10, i, i, i < 11 ? "pause" : "complete" }' >leaps.csv
	[[ $(ce-sessionize -p leaps.csv 2>&1 >out) == *"11 sessions come near the end "* ]]
	[ -z "$(ce-sessionize -p --complete-by played leaps.csv 2>&1 >out)" ]
}

@test "a warning of heartbeats that are too few to be pings" {
	pings() { # PLAYS HEARTBEATS
		awk -v header=$header -v n="$1" -v m="$2" 'BEGIN { print header; for (i = 10; i < 10 + n + m; i++)
			printf "a%d,17000000000%02d,u%d,c,%s,0,tv,700\n", i, i, i, i < 10 + n ? "play" : "heartbeat" }' >pings.csv
		ce-sessionize -p pings.csv 2>&1 >out | grep 'heartbeats for' || [ $? -eq 1 ]
	}
	[ -z "$(pings 38 2)" ]
	[[ $(pings 39 2) == "ce-sessionize: warning: only 2 heartbeats for 39 plays: "*"(if not, leave them out before ce-clean)" ]]
	[ -z "$(pings 40 0)" ]
}

@test "a warning of heartbeats whose interval is longer than the gap" {
	awk -v header=$header 'BEGIN { print header; for (i = 10; i < 70; i++)
		printf "a%d,1700000%03d000,u,c,%s,%d,tv,7200\n", i, i * 10, i == 10 ? "play" : "heartbeat", i * 10 }' >pings.csv
	[[ $(ce-sessionize -p --gap 9s pings.csv 2>&1 >out) == *"sessions begin with a heartbeat, after others of their user and content: is the interval of the heartbeats longer than the gap? (--gap)"* ]]
	[[ $(ce-sessionize -p --gap 10s pings.csv 2>&1 >out) != *"begin with a heartbeat"* ]]
}

@test "options without effect, and runtimes that a rule needs, are warned of" {
	printf '%s\ne1,1700000000000,u,c,play,0,tv,\n' $header >x.csv
	[[ $(ce-sessionize -p --plain-gap --unknown-runtime 1h x.csv 2>&1 >out) == *"warning: --unknown-runtime has no effect with --plain-gap, "* ]]
	[[ $(ce-sessionize -p --plain-gap --unknown-runtime 1h --complete-by played x.csv 2>&1 >out) != *"no effect"* ]]
	[[ $(ce-sessionize -p --unknown-runtime 25h x.csv 2>&1 >out) == *"warning: --unknown-runtime is longer than "*"(--max-left)"* ]]
	[ -z "$(ce-sessionize -p --strict --unknown-runtime 24h x.csv 2>&1 >out)" ]
	[[ $(ce-sessionize -p --plain-gap --max-left 1h x.csv 2>&1 >out) == *"warning: --max-left has no effect with --plain-gap, "* ]]
	for rule in position played; do
		[[ $(ce-sessionize -p --unknown-runtime 1h --complete-by $rule x.csv 2>&1 >out) == *"warning: 1 of 1 sessions are of contents of unknown runtime, and only a \`complete\` can complete them "*"(give the content table a runtime)"* ]]
	done
}
