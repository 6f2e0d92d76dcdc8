# The law of the two ways: ce-materialize writes what the pipe of the five tools writes, whatever the log,
# the dimensions and the options: see tests/reference/two_ways.py. CE_LAWS=10 tries ten times as many.
load ../common

# A third of them under a sanitizer, which takes its time.
two_ways() {
	local share=1
	if nm "$CE_BIN/ce-clean" | grep -q '__asan\|__tsan'; then share=3; fi
	/usr/bin/python3 -B "$CE_ROOT/tests/reference/two_ways.py" --rounds $(($1 * ${CE_LAWS:-1} / share)) "${@:2}"
}

@test "400 dirty logs with random dimensions and options: the bytes of every table, the messages, or no file" {
	two_ways 400
}

@test "the same of logs of 12,000 to 40,000 rows, which no buffer and no batch holds whole" {
	two_ways 3 --large
}

@test "any number of threads: the same bytes in every file, compressed" {
	for n in 1 2 5; do
		mkdir $n
		ce-materialize --threads $n --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" \
			-k content_id "$CE_ROOT/samples/content_dim.csv.gz" --unmatched $n/unmatched.gz --first $n/first.gz \
			-d $n/tables -o $n/features.gz "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null
	done
	gzip -t 1/*.gz 1/tables/*.gz
	[ "$(find 1 -type f | wc -l)" -eq 19 ]
	for n in 2 5; do diff -r 1 $n; done
}

@test "an empty string next to a value that the join rewrites, in columns that the log brings, is unknown" {
	cat >events.csv <<-'END'
		event_id,event_ts,user_id,content_id,event_type,playback_position,device,release_year,runtime,signup_date
		e,1704067200000,u,c,play,0,tv,2024.0,"",""
		f,1704067200000,u,d,play,0,tv,"",1500.0,2024-01-01
	END
	own=release_year,runtime,signup_date
	{ ce-clean -p --keep $own events.csv | ce-join -p --left | ce-sessionize -p | ce-agg -p | ce-online -p | ce-features -p; } >pipe 2>warnings
	ce-materialize -p --keep $own --left events.csv 2>warnings | cut -d, -f1-5,9- >one
	[ "$(wc -l <pipe)" -eq 3 ]
	same one pipe
}

@test "without ce-online no option of it is passed over" {
	echo user_id,plan_tier,signup_date >users.csv
	echo content_id,genre,runtime,release_year,maturity_rating >contents.csv
	echo event_id,event_ts,user_id,content_id,event_type,playback_position,device >events.csv
	for option in '--drift 0' '--drift 0,0.2' '--alpha 0' '--prior hour=1' '--effects effects.csv'; do
		# shellcheck disable=SC2086 # two words
		fails 2 ce-materialize --no-online $option -k user_id users.csv -k content_id contents.csv events.csv
		[[ $stderr == "ce-materialize: --prior, --drift, --alpha and --effects are of ce-online, and --no-online leaves it out"* ]]
	done
	ce-materialize --no-online --left --online-keep device -k user_id users.csv -k content_id contents.csv events.csv >out
}
