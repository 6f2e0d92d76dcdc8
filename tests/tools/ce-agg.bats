# ce-agg: what history knows at each event, and the aggregate tables.
# shellcheck disable=SC2154,SC2016 # fails leaves $stderr; awk programs hold $
load ../common

columns=event_id,event_ts,user_id,content_id,event_type,playback_position,device,genre,runtime
# What ce-sessionize and ce-agg append.
session=prev_ts,session_start_ts,session_id,session_deadline_ts,completes_session,session_phase
history=$(table_columns event_history)
history=${history#*,$session,}
tables="content_completion user_activity user_engagement user_genre_preference user_completion_rate
	content_completion_rate avg_view_duration_ratio has_played_before number_of_pauses"

# FILE is what stands on stdin.
holds() {
	cat >want
	same "$1" want
}

# events <ROWS, each "TIME USER CONTENT TYPE [POSITION [RUNTIME [GENRE]]]" > table with sessions
events() {
	awk -v header=$columns 'BEGIN { print header } {
		printf "e%03d,%s,%s,%s,%s,%s,tv,%s,%s\n", NR, $1, $2, $3, $4, $5, $7, $6 }' |
		ce-sessionize -p
}

# column NAME <CSV: its values on one line, NULL as -
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; if (!c) exit 1; next }
		{ printf "%s%s", sep, $c == "" ? "-" : $c; sep = " " } END { print "" }'
}

@test "appends 23 columns to the rows as they came" {
	events >sessions.csv <<-'END'
		1000 u c play 0 100 Drama
		91000 u c stop 95 100 Drama
		91000 v c play 0 100 Drama
		12800000 u d play 5
	END
	ce-agg -p sessions.csv >out
	holds out <<-END
		$columns,$session,$history
		e001,1000,u,c,play,0,tv,Drama,100,,1000,1,1901000,0,open,0,,,,0,,0,,,,0,0,1,0,0,1,0,0,,,,,
		e002,91000,u,c,stop,95,tv,Drama,100,1000,1000,1,1891000,1,completed,1,0,Drama,,0,,0,,,,1,0,1,0,0,2,90000,0.95,90000,90000,,,90000
		e003,91000,v,c,play,0,tv,Drama,100,,91000,2,1991000,0,open,0,,,,0,,0,,,,1,0,1,0,0,1,0,0,,,,,
		e004,12800000,u,d,play,5,tv,,,,12800000,3,14600000,0,open,2,0.475,Drama,1,1,,0,1,,,0,0,1,0,0,1,0,,,12709000,12709000,90000,
	END
}

@test "NULL and the empty string pass; odd text stays as it was quoted" {
	cat >sessions.csv <<-END
		$columns,$session,note
		"e""1",1,"u,1",c,pause,0,"","",,,1,1,1800001,0,open,"a
		b"
		e2,2,"u,1","d",pause,,,"x,""y""",,,2,2,1800002,0,open,"plain"
		e3,3,"u,1",c,pause,0,,,,1,1,1,1800003,0,open,
	END
	ce-agg -p --keep note sessions.csv >out
	holds out <<-END
		$columns,$session,note,$history
		"e""1",1,"u,1",c,pause,0,"","",,,1,1,1800001,0,open,"a
		b",0,,,,0,,0,,,,0,0,1,1,0,1,0,,,,,,
		e2,2,"u,1","d",pause,,,"x,""y""",,,2,2,1800002,0,open,"plain",1,,,,0,,0,,,,0,0,1,1,0,1,0,,,1,,,
		e3,3,"u,1",c,pause,0,,,,1,1,1,1800003,0,open,,2,,"x,""y""",,0,,0,,,,1,0,1,2,0,2,2,,2,1,,,
	END
	ce-agg -p -t user_genre_preference sessions.csv >out
	holds out <<-'END'
		event_id,user_id,event_ts,user_genre_preference
		"e""1","u,1",1,
		e2,"u,1",2,
		e3,"u,1",3,"x,""y"""
	END
}

@test "-t writes each table alone" {
	events >sessions.csv <<-'END'
		1000 u c play 0 100 Drama
		2000 u c pause 50 100 Drama
		91000 u c stop 95 100 Drama
		91000 v c play 0 100 Drama
		12800000 u c play 0 100 Drama
	END
	ce-agg -p -t content_completion sessions.csv >out
	holds out <<-'END'
		session_id,user_id,content_id,session_start_ts,session_end_ts,is_completed_event,stopped_near_end,num_unique_events,is_completion
		1,u,c,1000,91000,0,1,3,1
		2,v,c,91000,91000,0,0,1,0
		3,u,c,12800000,12800000,0,0,1,
	END
	ce-agg -p -t user_activity sessions.csv >out
	printf '%s\n' event_id,user_id,event_ts,user_activity_level e001,u,1000,0 e002,u,2000,1 \
		e003,u,91000,2 e004,v,91000,0 e005,u,12800000,3 | holds out
	ce-agg -p -t user_engagement sessions.csv >out
	printf '%s\n' event_id,user_id,event_ts,user_content_engagement e001,u,1000, e002,u,2000,0 \
		e003,u,91000,0.25 e004,v,91000, e005,u,12800000,0.483333 | holds out
	ce-agg -p -t user_genre_preference sessions.csv >out
	printf '%s\n' event_id,user_id,event_ts,user_genre_preference e001,u,1000, e002,u,2000,Drama \
		e003,u,91000,Drama e004,v,91000, e005,u,12800000,Drama | holds out
	ce-agg -p -t user_completion_rate sessions.csv >out
	printf '%s\n' event_id,user_id,event_ts,user_completion_rate,user_known_sessions e001,u,1000,,0 \
		e002,u,2000,,0 e003,u,91000,,0 e004,v,91000,,0 e005,u,12800000,1,1 | holds out
	ce-agg -p -t content_completion_rate sessions.csv >out
	printf '%s\n' event_id,content_id,event_ts,content_completion_rate,content_known_sessions \
		e001,c,1000,,0 e002,c,2000,,0 e003,c,91000,,0 e004,c,91000,,0 e005,c,12800000,0.5,2 | holds out
	ce-agg -p -t avg_view_duration_ratio sessions.csv >out
	printf '%s\n' event_id,content_id,event_ts,average_viewing_duration_ratio e001,c,1000, e002,c,2000, \
		e003,c,91000, e004,c,91000, e005,c,12800000,0.95 | holds out
	ce-agg -p -t has_played_before sessions.csv >out
	printf '%s\n' event_id,user_id,content_id,event_ts,has_played_before e001,u,c,1000,0 e002,u,c,2000,0 \
		e003,u,c,91000,0 e004,v,c,91000,0 e005,u,c,12800000,1 | holds out
	ce-agg -p -t number_of_pauses sessions.csv >out
	printf '%s\n' event_id,user_id,content_id,event_ts,number_of_pauses e001,u,c,1000,0 e002,u,c,2000,1 \
		e003,u,c,91000,1 e004,v,c,91000,0 e005,u,c,12800000,0 | holds out
}

@test "-d writes every table, as -t would, beside the events or beside -t's table" {
	events >sessions.csv <<-'END'
		1000 u c play 0 100 Drama
		91000 u c stop 95 100 Drama
		91000 v c play 0 100 Drama
		12800000 u d play 5
	END
	ce-agg -p sessions.csv >want
	ce-agg -p -d new sessions.csv >out
	same out want
	mkdir there
	ce-agg -p -t user_activity -d there sessions.csv >out
	ce-agg -p -t user_activity sessions.csv >want
	same out want
	for table in $tables; do
		ce-agg -p -t "$table" sessions.csv >want
		for dir in new there; do
			cat "$dir/$table.csv" >got
			same got want
		done
	done
	[ "$(find new there -type f | wc -l)" -eq 18 ]
}

@test "zero rows give the headers" {
	events </dev/null >sessions.csv
	ce-agg -p -d tables sessions.csv >out
	echo "$columns,$session,$history" | holds out
	for table in $tables; do
		cat "tables/$table.csv" >got
		[ "$(wc -l <got)" -eq 1 ]
		[[ $(cat got) == event_id,* || $(cat got) == session_id,* ]]
	done
}

@test "--window: an event at its edge counts, one a millisecond older does not; 0 is no window" {
	printf '%s\n' '1000 u c pause' '2000 u d pause' '3000 u e pause' | events >sessions.csv
	[ "$(ce-agg -p sessions.csv | column user_activity_level)" = "0 1 2" ]
	[ "$(ce-agg -p --window 2s sessions.csv | column user_activity_level)" = "0 1 2" ]
	[ "$(ce-agg -p --window 1999ms sessions.csv | column user_activity_level)" = "0 1 1" ]
	[ "$(ce-agg -p --window 999ms sessions.csv | column user_activity_level)" = "0 0 0" ]
	[ "$(ce-agg -p --window 0 sessions.csv | column user_activity_level)" = "0 0 0" ]
	# Thirty days unless said otherwise.
	printf '%s\n' '1 u c pause' '2592000001 u d pause' '2592000002 u e pause' | events >sessions.csv
	[ "$(ce-agg -p sessions.csv | column user_activity_level)" = "0 1 1" ]
}

@test "the window bounds activity, engagement and genre preference, and nothing else" {
	printf '%s\n' '1000 u c stop 50 100 Drama' '9000 u d stop 100 100 Action' '19000 u c stop 0 100 Drama' |
		events >sessions.csv
	ce-agg -p --window 10s sessions.csv >out
	[ "$(column user_activity_level <out)" = "0 1 1" ]
	[ "$(column user_content_engagement <out)" = "- 0.5 1" ]
	[ "$(column user_genre_preference <out)" = "- Drama Action" ]
	[ "$(column average_viewing_duration_ratio <out)" = "- - 0.5" ]
	[ "$(column content_popularity <out)" = "0 0 1" ]
	[ "$(column user_genre_recency <out)" = "- - 18000" ]
	[ "$(column time_since_last_event_user <out)" = "- 8000 10000" ]
}

@test "content_completion: by a complete, by something else, closed before the watermark or not" {
	printf '%s\n' '1 u c stop 100 100' '2 u c stop 100 100' '3 u c pause 0 100' '4 u c pause 0 100' \
		'5 v c play 0 100' '6 v c complete 9 100' '7 v c stop 99 100' '8 w c heartbeat 0 100' '9 w c stop 0 100' |
		events >sessions.csv
	completion() { ce-agg -p -t content_completion "$@" sessions.csv 2>&1 | tail -n +2; }
	[ "$(completion)" = "1,u,c,1,4,0,1,2,1
2,v,c,5,7,1,0,3,1
3,w,c,8,9,0,0,2," ]
	[ "$(ce-agg -p sessions.csv | column time_since_last_completion)" = "- - - 1 - - 1 - -" ]
	[ "$(completion --watermark 1970-01-01T00:30:00.009Z | tail -n 1)" = "3,w,c,8,9,0,0,2," ]
	[ "$(completion --watermark 1970-01-01T00:30:00.010 | tail -n 1)" = "3,w,c,8,9,0,0,2,0" ]
	# What is completed is so, wherever the watermark is.
	[ "$(ce-agg -p -t content_completion --watermark 1970-01-01T00:00:00.002 sessions.csv 2>told | cut -d, -f9 | xargs)" = \
		"is_completion 1 1" ]
	# What lies after the watermark is there nevertheless, which is doubtful.
	ce-agg -p -t content_completion --strict --watermark 1970-01-01T00:00:00.009 sessions.csv >out
	fails 1 ce-agg -p -t content_completion --strict --watermark 1970-01-01T00:00:00.005 sessions.csv
	[[ $stderr == "ce-agg: warning: the last event, at 9, is after --watermark, 5: "*"(ce-clean --until "*")"* ]]
	fails 1 ce-agg -p --strict --watermark 2024-01-01 sessions.csv
	[[ $stderr == "ce-agg: warning: --watermark has no effect: "*"(-d, or -t content_completion)"* ]]
	printf '%s\n' '1 u c pause' '9999999 v c pause' | events >sessions.csv
	[ "$(completion | head -n 1)" = "1,u,c,1,1,0,0,1,0" ]
	[ "$(ce-agg -p -t content_completion --watermark 1970-01-01T00:30:00.001 sessions.csv 2>told | sed -n 2p)" = "1,u,c,1,1,0,0,1," ]
	# It was the stop that completed it; the complete came nevertheless.
	printf '%s\n' '1 u c play 0 100' '2 u c stop 99 100' '3 u c complete 100 100' | events >sessions.csv
	[ "$(completion)" = 1,u,c,1,3,1,1,3,1 ]
	fails 2 ce-agg -p --near-end 0.9 sessions.csv
}

@test "heartbeats are no activity, and say when something last happened" {
	printf '%s\n' '1 u c heartbeat 10 100 Drama' '5 u c heartbeat 20 100 Drama' '7 u c play 20 100 Drama' \
		'9 u c heartbeat 30 100 Drama' '10 u d play 0 100 Drama' | events >sessions.csv
	ce-agg -p sessions.csv >out
	[ "$(column user_activity_level <out)" = "0 0 0 1 1" ]
	[ "$(column user_content_engagement <out)" = "- - - 0.2 0.2" ]
	[ "$(column user_genre_preference <out)" = "- - - Drama Drama" ]
	[ "$(column user_genre_recency <out)" = "- - - 2 3" ]
	[ "$(column content_popularity <out)" = "0 0 0 1 0" ]
	[ "$(column session_event_number <out)" = "0 0 1 1 1" ]
	[ "$(column session_elapsed <out)" = "0 4 6 8 0" ]
	[ "$(column max_playback_ratio <out)" = "0.1 0.2 0.2 0.3 0" ]
	[ "$(column time_since_last_event <out)" = "- 4 2 2 -" ]
	[ "$(column time_since_last_event_user <out)" = "- 4 2 2 1" ]
}

@test "an uncompleted outcome is known once the deadline is past, in whatever order deadlines come" {
	# c could play till 1,000 s, d stops being awaited at 31 s, e at 32 s.
	printf '%s\n' '1000 u c play 0 970' '1000 u d pause' '2000 u e pause' '31000 u x pause' '31001 u x pause' \
		'32001 u x pause' '1001000 u y pause' '1001001 u y pause' >rows
	awk -v header=$columns 'BEGIN { print header } { printf "e%03d,%s,%s,%s,%s,%s,tv,%s,%s\n", NR, $1, $2, $3, $4, $5, $7, $6 }' rows |
		ce-sessionize -p --gap 30s >sessions.csv
	[ "$(ce-agg -p sessions.csv | column user_known_sessions)" = "0 0 0 0 1 2 3 4" ]
	[ "$(ce-agg -p sessions.csv | column user_completion_rate)" = "- - - - 0 0 0 0" ]
}

@test "a tie for the favourite genre goes to the bytewise smallest name" {
	printf '%s\n' '1 u a pause 0 9 drama' '2 u b pause 0 9 Drama' '3 u c pause 0 9 Dram' '4 u d pause 0 9 Zoo' \
		'5 u e pause 0 9 Zoo' '6 u f pause' '7 u g pause' | events >sessions.csv
	[ "$(ce-agg -p sessions.csv | column user_genre_preference)" = "- drama Drama Dram Dram Zoo Zoo" ]
	[ "$(ce-agg -p --window 4ms sessions.csv | column user_genre_preference)" = "- drama Drama Dram Dram Zoo Zoo" ]
	[ "$(ce-agg -p --window 1ms sessions.csv | column user_genre_preference)" = "- drama Drama Dram Zoo Zoo -" ]
}

# says EDIT MESSAGE: what ce-agg says of the table below after awk's EDIT of its fields.
says() {
	[ -e sessions.csv ] || printf '%s\n' '1000 u c play 0 100 Drama' '2000 u c stop 95 100 Drama' \
		'2000 v c play 0 100 Drama' | events >sessions.csv
	awk -F, -v OFS=, "{ $1 } 1" sessions.csv >x.csv
	fails 1 ce-agg -p x.csv
	# shellcheck disable=SC2053
	[[ $stderr == "ce-agg: x.csv:"$2 ]] || { echo "$stderr"; return 1; }
}

@test "session columns that contradict each other are an error that names the line" {
	says 'if (NR == 2) $12 = 2' "2: session 2 is neither *"
	says 'if (NR == 3) $12 = 2' "3: session 2 *"
	says 'if (NR == 4) $12 = 1' "4: session 1 *"
	says 'if (NR == 4) $12 = 3' "4: session 3 is neither the next one, 2, nor open for its user and content"
	says 'if (NR == 3) $11 = 1001' "3: session 1 began at 1000, not at 1001"
	says 'if (NR == 2) $13 = 1999' "3: session 1 *"
	says 'if (NR == 3) $13 = 1999' "3: column session_deadline_ts: 1999 is out of range"
	says 'if (NR == 3) $10 = 2001' "3: column prev_ts: 2001 is out of range"
	says 'if (NR == 3) $12 = ""' "3: column session_id: is empty"
	says 'if (NR == 3) $11 = "x"' "3: column session_start_ts: invalid integer 'x'"
	says 'if (NR == 3) $10 = 999' "3: prev_ts is not the time of the previous event of the user and content of session 1"
	says 'if (NR == 3) $10 = ""' "3: prev_ts is not the time of *"
	says 'if (NR == 4) $10 = 5' "4: prev_ts is not empty, but session 2 is the first of its user and content"
	says 'if (NR == 2) $14 = 1' "2: session 1 is completed, but session_phase is open"
	says 'if (NR == 3) $14 = 0' "3: session 1 is not completed, but session_phase is completed"
	says 'if (NR == 3) $14 = 2' "3: column completes_session: 2 is out of range"
	says 'if (NR == 3) $15 = "over"' "3: column session_phase: invalid phase 'over'"
	says 'if (NR == 3) $15 = ""' "3: column session_phase: is empty"
	says 'if (NR == 3) $2 = 999' "3: event 'e002' at 999 comes before event 'e001' at 1000 of line 2 *"
}

@test "a session that is said to begin at another time than its first event is named as such" {
	says 'if (NR == 2) $11 = 999' "2: session 1 begins at 999, but its first event is at 1000"
	says 'if (NR == 4) $11 = 1999' "4: session 2 begins at 1999, but its first event is at 2000"
}

@test "columns: those it needs must be there, those it makes must not" {
	events </dev/null >sessions.csv
	ce-agg -p sessions.csv >out
	fails 1 ce-agg -p out
	[ "$stderr" = "ce-agg: out:1: column user_activity_level: is in the input already" ]
	echo "$columns" >x.csv
	fails 1 ce-agg -p x.csv
	[[ $stderr == "ce-agg: x.csv:1: missing column prev_ts"* ]]
	cut -d, -f1-7,9- sessions.csv >x.csv
	fails 1 ce-agg -p x.csv
	[[ $stderr == "ce-agg: x.csv:1: missing column genre"* ]]
}

@test "bad options are bad usage" {
	events </dev/null >sessions.csv
	for table in nope session_starts USER_ACTIVITY ''; do
		fails 2 ce-agg -p -t "$table" sessions.csv
		[[ $stderr == "ce-agg: --table: must be one of content_completion, user_activity, "*", number_of_pauses, not '$table'"* ]]
	done
	fails 2 ce-agg -p --window 30 sessions.csv
	[[ $stderr == "ce-agg: --window: expected a duration such as "* ]]
	fails 1 ce-agg -p -d no/such sessions.csv
	[ "$stderr" = "ce-agg: no/such: No such file or directory" ]
	fails 1 ce-agg -p -d sessions.csv sessions.csv
	[[ $stderr == "ce-agg: sessions.csv"*": Not a directory" ]]
}

@test "a failure leaves neither -d's folder nor its tables behind, and old ones untouched" {
	printf '%s\n' '1000 u c play' '2000 u c stop' | events | sed '3s/,2000,/,999,/' >x.csv
	fails 1 ce-agg -p -d new x.csv
	[ ! -e new ]
	mkdir there
	echo old >there/user_activity.csv.gz
	fails 1 ce-agg -d there x.csv
	[ "$(ls -A there)" = user_activity.csv.gz ]
	[ "$(cat there/user_activity.csv.gz)" = old ]
	# Nor if all is well until the events cannot be written.
	printf '%s\n' '1000 u c play' '2000 u c stop' | events >sessions.csv
	fails 1 ce-agg -d new -o /dev/full sessions.csv
	[ ! -e new ]
}

@test "-p makes -d's tables plain, under names without .gz" {
	printf '%s\n' '1000 u c play' '2000 u c stop' | events >sessions.csv
	ce-agg -d zipped sessions.csv >out.gz
	ce-agg -p -d plain sessions.csv >out
	for table in $tables; do
		gzip -dc "zipped/$table.csv.gz" >got
		same got "plain/$table.csv"
	done
	[ "$(find zipped plain -type f | wc -l)" -eq 18 ]
}

@test "columns of the table and those of --keep go on, in the order of the input, others do not" {
	cat >sessions.csv <<-END
		email,$columns,profile_id,$session,autoplay
		a@x,e1,1,u,c,pause,0,tv,Drama,60,"k,1",,1,1,1800001,0,open,1
		b@x,e2,2,u,c,pause,5,tv,Drama,60,"",1,1,1,1800002,0,open,
	END
	ce-agg -p sessions.csv | head -n 1 >out
	echo "$columns,$session,$history" | holds out
	ce-agg -p --keep autoplay --keep profile_id sessions.csv >out
	holds <(cut -d, -f1-18 out) <<-END
		$columns,profile_id,$session,autoplay,$(cut -d, -f1 <<<"$history")
		e1,1,u,c,pause,0,tv,Drama,60,"k,1",,1,1,1800001,0,open,1
		e2,2,u,c,pause,5,tv,Drama,60,"",1,1,1,1800002,0,open,,1
	END
	ce-agg -p --keep '*' sessions.csv | head -n 1 >out
	echo "email,$columns,profile_id,$session,autoplay,$history" | holds out
	# The aggregate tables have their own columns.
	fails 2 ce-agg -p -t user_activity --keep autoplay sessions.csv
	[[ $stderr == "ce-agg: -t cannot be combined with --keep: an aggregate table has its own columns"* ]]
	ce-agg -p -d tables --keep autoplay sessions.csv >out # whole: a reader that leaves takes the tables back
	[[ $(head -n 1 out) == *",autoplay,"* ]]
	[ "$(head -n 1 tables/user_activity.csv)" = event_id,user_id,event_ts,user_activity_level ]
	fails 1 ce-agg -p --keep profile sessions.csv
	[[ $stderr == "ce-agg: sessions.csv:1: missing column profile"* ]]
}
