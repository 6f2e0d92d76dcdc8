# ce-features: the feature table with its label.
# shellcheck disable=SC2154,SC2016 # fails leaves $stderr; awk programs hold $
load ../common

columns=event_id,event_ts,user_id,content_id,event_type,playback_position,device
columns+=,plan_tier,signup_date,genre,runtime,release_year,maturity_rating

# FILE is what stands on stdin.
holds() {
	cat >want
	same "$1" want
}

# history <ROWS of the enriched table > ce-agg's output
history() {
	{ echo "$columns" && cat; } | ce-sessionize -p --keep "${keep:-event_id}" | ce-agg -p --keep "${keep:-event_id}"
}

# values FILE: the columns on stdin, each with its fields in the rows of FILE as they stand there, NULL as -.
values() {
	local name
	while read -r name want; do
		echo "$name"
		[ "$(column "$name" <"$1")" = "$want" ]
	done
}

# column NAME <CSV: its values on one line, NULL as -
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; if (!c) exit 1; next }
		{ printf "%s%s", sep, $c == "" ? "-" : $c; sep = " " } END { print "" }'
}

# each "ASSIGNMENTS"...: the features of one event for each, of known values but for those assigned.
each() {
	local n=10 assignments
	for assignments in "$@"; do
		local ts=1704067200000 position=50 signup=2023-12-01 runtime=100 year=2020
		eval "$assignments"
		echo "e$((n++)),$ts,u$n,c,play,$position,tv,free,$signup,Drama,$runtime,$year,PG"
	done | history | ce-features -p --rows all
}

@test "the columns of the table in their order, each with its value" {
	history >history.csv <<-'END'
		e1,1704067200000,u,c,play,0,tv,free,2023-12-01,Drama,100,2020,PG
		e2,1704067290000,u,c,stop,95,tv,free,2023-12-01,Drama,100,2020,PG
		e3,1704067290000,v,c,play,0,,"",,Drama,100,2020,PG
		e4,1704080000000,u,d,play,5,tv,free,2023-12-01,"",,,
	END
	ce-features -p history.csv >out
	[ "$(head -n 1 out)" = "$(table_columns completion_prediction_features)" ]
	values out <<-'END'
		event_id e1 e3 e4
		event_ts 1704067200000 1704067290000 1704080000000
		user_id u v u
		content_id c c d
		session_id 1 2 3
		user_plan_tier free "" free
		days_since_signup 31 - 31
		user_activity_level 0 0 2
		user_content_engagement - - 0.475
		user_genre_preference - - Drama
		user_completion_rate - - 1
		user_known_sessions 0 0 1
		user_last_outcome - - 1
		user_genre_completion_rate - - -
		content_genre Drama Drama ""
		content_runtime 100 100 -
		content_release_year 2020 2020 -
		content_maturity_rating PG PG -
		content_age 4 4 -
		content_length_category short short -
		content_completion_rate - - -
		content_known_sessions 0 0 0
		average_viewing_duration_ratio - - -
		content_popularity 0 1 0
		event_type play play play
		device tv - tv
		playback_position_ratio 0 0 -
		max_playback_ratio 0 0 -
		number_of_pauses 0 0 0
		number_of_seeks 0 0 0
		session_event_number 1 1 1
		session_elapsed 0 0 0
		has_played_before 0 0 0
		user_content_session_count 1 1 1
		time_since_last_event - - -
		time_since_last_event_user - - 12710000
		time_since_last_completion - - 12710000
		user_avg_session_duration - - 90000
		user_genre_recency - - -
		hour_of_day 0 0 3
		day_of_week 1 1 1
		event_week_of_year 1 1 1
		event_month_of_year 1 1 1
		session_start_hour 0 0 3
		session_start_dow 1 1 1
		user_activity_x_content_popularity 0 0 0
		user_completion_x_content_completion - - -
		online_logit - - -
		online_logit_sd - - -
		label_known_ts 1704067290000 1704069190000 -
		is_completion 1 0 -
	END
}

@test "events of which none is a prediction row are a warning, no events are not" {
	history >history.csv <<-'END'
		e1,1000,u,c,complete,9,tv,,,,100,,
		e2,2000,v,c,complete,9,tv,,,,100,,
	END
	ce-features -p history.csv >out 2>told
	[ "$(wc -l <out)" -eq 1 ]
	[ "$(<told)" = "ce-features: warning: none of 2 events is a prediction row: is every session at its end with its first event? (--rows)" ]
	fails 1 ce-features --strict history.csv
	ce-features -p --strict --rows all history.csv >out
	head -n 1 history.csv | ce-features -p --strict >out
}

@test "--rows: open, the moments to act at; first, the starts; undecided, with what ends; all" {
	history >history.csv <<-'END'
		e1,1000,u,c,play,0,tv,,,,100,,
		e2,2000,u,c,heartbeat,5,tv,,,,100,,
		e3,3000,u,c,stop,9,tv,,,,100,,
		e4,4000,u,c,seek,96,tv,,,,100,,
		e5,5000,u,c,complete,9,tv,,,,100,,
		e6,6000,u,c,pause,9,tv,,,,100,,
		e7,7000,u,c,play,0,tv,,,,100,,
		e8,8000,v,c,complete,9,tv,,,,100,,
		e9,9000,v,c,pause,9,tv,,,,100,,
		f0,9500,w,c,heartbeat,9,tv,,,,100,,
		f1,9600,w,c,pause,9,tv,,,,100,,
		f2,9700,x,c,stop,9,tv,,,,100,,
		f3,9800,x,c,play,9,tv,,,,100,,
	END
	[ "$(ce-features -p history.csv | column event_id)" = "e1 e7 f1 f3" ]
	[ "$(ce-features -p -r open history.csv | column event_id)" = "e1 e7 f1 f3" ]
	[ "$(ce-features -p --rows first history.csv | column event_id)" = "e1 e7 f1" ]
	[ "$(ce-features -p --rows undecided history.csv | column event_id)" = "e1 e3 e4 e7 f1 f2 f3" ]
	[ "$(ce-features -p --rows all history.csv | column event_id)" = "e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3" ]
	[ "$(ce-features -p --rows all history.csv | column is_completion)" = "1 1 1 1 1 1 - 1 1 - - - -" ]
	[ "$(ce-features -p --rows all history.csv | column label_known_ts)" = "5000 5000 5000 5000 5000 5000 - 8000 8000 - - - -" ]
	for rows in some ALL ''; do
		fails 2 ce-features -p --rows "$rows" history.csv
		[[ $stderr == "ce-features: --rows: must be one of open, first, undecided, all, not '$rows'"* ]]
	done
}

@test "the label is that of ce-sessionize's completing events" {
	{ echo "$columns" && cat; } >enriched.csv <<-'END'
		e1,1000,u,c,play,0,tv,,,,100,,
		e2,2000,u,c,stop,50,tv,,,,100,,
		e3,9999000,u,d,pause,0,tv,,,,100,,
	END
	label() { ce-sessionize -p "$@" enriched.csv | ce-agg -p | ce-features -p --rows all | column is_completion; }
	[ "$(label --near-end 0.5)" = "1 1 -" ]
	[ "$(label --near-end 0.500001)" = "0 0 -" ]
	[ "$(label)" = "0 0 -" ]
	ce-sessionize -p enriched.csv | ce-agg -p >history.csv
	fails 2 ce-features -p --near-end 0.5 history.csv
}

@test "--watermark: until then the log is whole, whatever its last event" {
	history >history.csv <<-'END'
		e1,1,u,c,pause,0,tv,,,,100,,
		e2,2,v,c,play,0,tv,,,,100,,
		e3,3,v,c,complete,0,tv,,,,100,,
	END
	[ "$(ce-features -p history.csv | column is_completion)" = "- 1" ]
	[ "$(ce-features -p --watermark 1970-01-01T00:30:00.001 history.csv | column is_completion)" = "- 1" ]
	[ "$(ce-features -p --watermark 1970-01-01T00:30:00.002 history.csv | column is_completion)" = "0 1" ]
	[ "$(ce-features -p --watermark 1970-01-02 history.csv | column label_known_ts)" = "1800001 3" ]
	ce-features -p --watermark 1970-01-01T00:00:00.002 history.csv >out 2>told
	[ "$(column is_completion <out)" = "- 1" ]
	[[ $(<told) == "ce-features: warning: the last event, at 3, is after --watermark, 2: "* ]]
	# In any form that ce-clean reads, a number by its size.
	for time in 1704067200 1704067200000 1704067200000000 2024-01-01 '2024-01-01 01:00 +01:00'; do
		[ "$(ce-features -p --watermark "$time" history.csv | column is_completion)" = "0 1" ]
	done
	fails 2 ce-features --watermark 5 history.csv
	fails 1 ce-features --strict --watermark 1970-01-01T00:00:00.002 history.csv
	# What the log shows to be over after the watermark was open at it.
	history >later.csv <<-'END'
		e1,1,u,c,pause,0,tv,,,,100,,
		e2,99999999,v,c,play,0,tv,,,,100,,
	END
	[ "$(ce-features -p later.csv | column is_completion)" = "0 -" ]
	[ "$(ce-features -p --watermark 1970-01-01T00:30:00.001 later.csv 2>told | column is_completion)" = "- -" ]
	[ "$(ce-features -p --watermark 1970-01-01T00:30:00.002 later.csv 2>told | column is_completion)" = "0 -" ]
}

@test "a label is 0 only if the session closed before the last event, else it is empty" {
	# The pause of u is awaited until 1,800,001.
	for last in 1800001:- 1800002:0; do
		history >history.csv <<-END
			e1,1,u,c,pause,0,tv,,,,100,,
			e2,${last%:*},v,c,pause,0,tv,,,,100,,
		END
		[ "$(ce-features -p history.csv | column is_completion)" = "${last#*:} -" ]
	done
	[ "$(ce-features -p history.csv | column label_known_ts)" = "1800001 -" ]
	# A rewatch closes the session before it, here one of the same millisecond.
	history >history.csv <<-'END'
		e1,1,u,c,complete,0,tv,,,,100,,
		e2,1,u,c,play,0,tv,,,,100,,
		e3,1,u,c,pause,0,tv,,,,100,,
	END
	[ "$(ce-features -p --rows all history.csv | column label_known_ts)" = "1 - -" ]
}

@test "days since signup are whole days, rounded down, before it negative" {
	each signup=2023-12-31 signup=2024-01-01 'signup="2024-01-01 00:00:00.001"' signup=2024-01-02T00:00:00Z \
		signup=2024-01-02T00:00:00.001Z signup=2024-01-01T02:00:00+02:00 signup=2023-12-31T22:00:00-0200 \
		'signup="2023-12-31 21:59:59-02"' signup= "signup='\"\"'" >out
	[ "$(column days_since_signup <out)" = "1 0 -1 -1 -2 0 0 0 - -" ]
}

@test "the content's columns: whole numbers, age in calendar years, length by runtime" {
	each 'ts=1704067199999 year=2020' 'runtime=100.0 year=2020.0' year=2031 year= >out
	[ "$(column content_runtime <out)" = "100 100 100 100" ]
	[ "$(column content_release_year <out)" = "2020 2020 2031 -" ]
	[ "$(column content_age <out)" = "3 4 -7 -" ]
	# It is the event's year, wherever its session began.
	history <<-'END' | ce-features -p --rows all >out
		e1,1704067199999,u,c,play,0,tv,,,,100,2020,
		e2,1704067200000,u,c,pause,0,tv,,,,100,2020,
	END
	[ "$(column content_age <out)" = "3 4" ]
	each runtime={0,1199,1200,3600,3601,1199.9,3600.9,} >out
	[ "$(column content_length_category <out)" = "short short medium medium long short medium -" ]
}

@test "the playback ratio is rounded to six digits, halves up, and never above 1" {
	each 'position=1 runtime=3' 'position=2 runtime=3' 'position=1 runtime=64' 'position=1 runtime=128' \
		'position=200' 'position=9223372036854775807' 'position=0' >out
	[ "$(column playback_position_ratio <out)" = "0.333333 0.666667 0.015625 0.007813 1 1 0" ]
	each runtime=0 runtime= position= >out
	[ "$(column playback_position_ratio <out)" = "- - -" ]
}

@test "calendar columns are those of UTC at turns of years, of leap days and of the clock" {
	local assignments=() time
	for time in 1970-01-01T00:00:00.001 2000-02-29T00:00:00.000 2020-12-31T06:30:00.000 2021-01-03T23:59:59.999 \
		2021-01-04T00:00:00.000 2023-12-31T23:59:59.999 2024-01-01T00:00:00.000 2024-02-29T23:00:00.000 \
		2024-03-31T01:30:00.000 2024-12-29T12:00:00.000 2024-12-30T00:00:00.000 2026-12-31T00:00:00.000 \
		2099-12-31T23:59:59.999; do
		assignments+=("ts=$(date -u -d "$time" +%s%3N)")
		date -u -d "$time" '+%-H,%w,%-V,%-m,%-H,%w' >>want
	done
	each "${assignments[@]}" >rows
	for name in hour_of_day day_of_week event_week_of_year event_month_of_year session_start_hour session_start_dow; do
		column "$name" <rows | tr ' ' '\n' >"$name"
	done
	paste -d, hour_of_day day_of_week event_week_of_year event_month_of_year session_start_hour session_start_dow >out
	same out want
}

@test "products: counts exactly, rates rounded to six digits, empty if either factor is" {
	history >history.csv <<-'END'
		e1,1,u,c,complete,1,tv,,,,,,
		e2,2,u,d,pause,1,tv,,,,,,
		e3,3,u,f,pause,1,tv,,,,,,
		e4,4,v,c,pause,1,tv,,,,,,
		e5,5,w,c,pause,1,tv,,,,,,
		e6,9999999,u,c,play,1,tv,,,,,,
		e7,9999999,x,c,play,1,tv,,,,,,
	END
	ce-features -p --rows all history.csv >out
	[ "$(column user_completion_rate <out)" = "- 1 1 - - 0.333333 -" ]
	[ "$(column content_completion_rate <out)" = "- - - 1 1 0.333333 0.333333" ]
	[ "$(column user_completion_x_content_completion <out)" = "- - - - - 0.111111 -" ]
	[ "$(column user_activity_x_content_popularity <out)" = "0 0 0 0 0 9 0" ]
}

@test "rows keep their order while labels become known in another" {
	# c stays open to the end, d is completed at once: all rows wait for c's.
	history >history.csv <<-'END'
		e1,1,u,c,play,0,tv,,,,99999999,,
		e2,2,u,d,play,0,tv,,,,100,,
		e3,3,u,d,complete,100,,,,,100,,
		e4,9999999,v,d,play,0,tv,,,,100,,
	END
	ce-features -p --rows all history.csv >out
	[ "$(column event_id <out)" = "e1 e2 e3 e4" ]
	[ "$(column is_completion <out)" = "- 1 1 -" ]
}

@test "-v counts the rows by their label" {
	history >history.csv <<-'END'
		e1,1,u,c,play,0,tv,,,,100,,
		e2,2,u,c,pause,0,tv,,,,100,,
		e3,3,u,c,complete,9,tv,,,,100,,
		e4,4,u,d,pause,0,tv,,,,100,,
		e5,9999999,u,f,play,0,tv,,,,100,,
		e6,9999999,u,f,play,0,tv,,,,100,,
	END
	ce-features -p -v --rows all history.csv >out 2>told
	[ "$(head -n 1 told)" = "ce-features: label: 3 completed, 1 not, 2 open when the log ends" ]
	ce-features -p -v history.csv >out 2>told
	[ "$(head -n 1 told)" = "ce-features: label: 2 completed, 1 not, 2 open when the log ends" ]
}

@test "text stays as it was: commas, quotes, line breaks, NULL and the empty string" {
	history <<-'END' | ce-features -p --rows all >out
		"e""1",1,"u
		1","c,1",play,0,"",,,"a,
		b",,,"\."
	END
	python3 - <<-'END'
		text = open("out", newline="").read()
		# The fields as they are written, quotes and all.
		fields, at, quoted = [""], 0, False
		for c in text:
		    quoted ^= c == '"'
		    if c in ",\n" and not quoted:
		        fields.append("")
		    else:
		        fields[-1] += c
		n = text.split("\n", 1)[0].count(",") + 1
		row = dict(zip(fields[:n], fields[n:]))
		want = {"event_id": '"e""1"', "user_id": '"u\n1"', "content_id": '"c,1"', "user_plan_tier": "", "content_genre": '"a,\nb"',
		        "content_maturity_rating": '"\\."', "event_type": "play", "device": '""'}
		assert {name: row[name] for name in want} == want, row
	END
}

# says EDIT MESSAGE: what ce-features says of a table after awk's EDIT of its fields by name.
says() {
	[ -e history.csv ] || history >history.csv <<-'END'
		e1,1704067200000,u,c,play,0,tv,free,2023-12-01,Drama,100,2020,PG
		e2,1704067290000,u,c,pause,95,tv,free,2023-12-01,Drama,100,2020,PG
	END
	awk -F, -v OFS=, "NR == 1 { for (i = 1; i <= NF; i++) at[\$i] = i } NR == 3 { $1 } 1" history.csv >x.csv
	fails 1 ce-features -p --rows all x.csv
	[ "$stderr" = "ce-features: x.csv:3: $2" ] || { echo "$stderr"; return 1; }
}

@test "an unreadable value is an error with line and column" {
	says '$at["signup_date"] = "notadate"' "column signup_date: invalid timestamp 'notadate'"
	says '$at["signup_date"] = "2023-02-29"' "column signup_date: invalid timestamp '2023-02-29'"
	says '$at["signup_date"] = "2023-12-01T24:00:00"' "column signup_date: invalid timestamp '2023-12-01T24:00:00'"
	says '$at["signup_date"] = "01/12/2023"' "column signup_date: invalid timestamp '01/12/2023'"
	says '$at["release_year"] = "MMXX"' "column release_year: invalid year 'MMXX'"
	says '$at["release_year"] = "10000"' "column release_year: invalid year '10000'"
	says '$at["runtime"] = "1:40"' "column runtime: invalid number of seconds '1:40'"
	says '$at["user_activity_level"] = "x"' "column user_activity_level: invalid number 'x'"
	says '$at["content_popularity"] = "-1"' "column content_popularity: invalid number '-1'"
	says '$at["user_completion_rate"] = "x"; $at["content_completion_rate"] = 1' \
		"column user_completion_rate: invalid number 'x'"
	says '$at["session_id"] = 3' "session 3 is neither the next one, 2, nor open for its user and content"
	says '$at["session_start_ts"] = "1704067200001"' "session 1 began at 1704067200000, not at 1704067200001"
	says '$at["event_ts"] = 1' "event 'e2' at 1 comes before event 'e1' at 1704067200000 of line 2 (ce-clean puts events in order)"
}

@test "a column that is missing is an error; its place and others around it do not matter" {
	history >history.csv <<-'END'
		e1,1704067200000,u,c,play,0,tv,free,2023-12-01,Drama,100,2020,PG
		e2,1704067290000,u,c,pause,95,tv,free,2023-12-01,Drama,100,2020,PG
	END
	for column in device signup_date user_genre_recency session_deadline_ts; do
		awk -F, -v OFS=, -v name=$column 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i }
			{ $c = (NR == 1 ? "other" : ""); print }' history.csv >x.csv
		fails 1 ce-features -p x.csv
		[[ $stderr == "ce-features: x.csv:1: missing column $column"* ]]
	done
	ce-features -p history.csv >want
	awk -F, -v OFS=, '{ for (i = NF; i > 0; i--) printf "%s,", $i; print NR == 1 ? "more" : "x" }' history.csv >x.csv
	ce-features -p x.csv >out
	same out want
}

@test "zero rows give the header" {
	history </dev/null | ce-features -p >out
	[ "$(wc -l <out)" -eq 1 ]
	[ "$(cat out)" = "$(table_columns completion_prediction_features)" ]
}

@test "--keep puts further columns behind the keys, in the order of the input" {
	columns+=,profile_id,autoplay
	keep='*' history >history.csv <<-'END'
		e1,1704067200000,u,c,play,0,tv,free,2023-12-01,Drama,100,2020,PG,"k,1",1
		e2,1704067210000,u,c,pause,9,tv,free,2023-12-01,Drama,100,2020,PG,,
	END
	ce-features -p --rows all history.csv >plain
	ce-features -p --rows all --keep autoplay,profile_id history.csv >out
	[ "$(head -n 1 out)" = "$(sed -n '1s/,session_id,/&profile_id,autoplay,/p' plain)" ]
	[ "$(sed -n 2p out)" = "$(sed -n '2s/,c,1,/&"k,1",1,/p' plain)" ]
	[ "$(sed -n 3p out)" = "$(sed -n '3s/,c,1,/&,,/p' plain)" ]
	ce-features -p --rows all --keep '*' history.csv | same out -
	# Columns of ce-agg that are no features may be kept, too.
	ce-features -p --rows all --keep runtime,prev_ts history.csv >out
	[ "$(column runtime <out)" = "100 100" ]
	[ "$(column prev_ts <out)" = "- 1704067200000" ]
}

@test "--keep refuses a column that the table has of its own, and one that is missing" {
	history >history.csv <<-'END'
		e1,1704067200000,u,c,play,0,tv,free,2023-12-01,Drama,100,2020,PG
	END
	for name in device event_id user_activity_level; do
		fails 1 ce-features -p --keep runtime,$name history.csv
		[ "$stderr" = "ce-features: --keep: the feature table has a column $name of its own" ]
	done
	sed '1s/$/,is_completion/; 2s/$/,1/' history.csv >x.csv
	fails 1 ce-features -p --keep '*' x.csv
	[ "$stderr" = "ce-features: --keep: the feature table has a column is_completion of its own" ]
	ce-features -p x.csv >out
	fails 1 ce-features -p --keep profile history.csv
	[[ $stderr == "ce-features: history.csv:1: missing column profile"* ]]
}
