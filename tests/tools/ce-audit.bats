#!/usr/bin/env bats
# ce-audit: what looks ahead is found and named; what does not, passes; what shows nothing, fails.
# shellcheck disable=SC2016,SC2154 # programs of awk and python hold $; fails leaves $stderr
load ../common

header=event_id,event_ts,user_id

# log <ROWS "ID TIME USER": the records, in the file log
log() {
	awk -v header=$header 'BEGIN { print header } { print $1 "," $2 "," $3 }' >log
}

# Eight records of two users, every 1000 ms.
eight() {
	for i in 1 2 3 4 5 6 7 8; do echo "e$i ${i}000 u$((i % 2))"; done | log
}

# passes ARGUMENTS...: exit status 0 and not a word; the report is left in the file report.
passes() {
	fails 0 ce-audit --ts-unit ms -p "$@"
	[ -z "$stderr" ] || { echo "$stderr" && return 1; }
	mv stdout report
}

# leaks ARGUMENTS...: exit status 1 and a whole report in the file report.
leaks() {
	fails 1 ce-audit --ts-unit ms "$@"
	gzip -dc <stdout >report
	rm stdout
}

# refuses WORDS ARGUMENTS...: exit status 1, one line with WORDS, and no report.
refuses() {
	local words=$1
	shift
	fails 1 ce-audit --ts-unit ms -p "$@"
	[[ $stderr == "ce-audit: "*"$words"* && $stderr != *$'\n'* ]] || { echo "$stderr" && return 1; }
	[ ! -s stdout ]
}

# The report's line of a column; of the rows, without a name.
line() {
	grep "^$1," report
}

# gone PID: within some seconds it is no process any more, or one that nobody has buried yet.
gone() {
	local i state
	for i in {1..500}; do
		state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>errors) || return 0
		[[ $state != Z ]] || return 0
		sleep 0.01
	done
	echo "process $1 is still there"
	return 1
}

# The pipeline on a small dirty workload, in $pipeline.
workload() {
	ce-synth --users 30 --contents 20 --days 10 --sessions 150 --dirty 0.2 --seed 1 -o data
	raw=data/events_table.csv.gz
	history='ce-clean --max-rejects 100% 2>>notes | ce-join --drop email -k user_id data/users_dim.csv.gz'
	history+=' -k content_id data/content_dim.csv.gz | ce-sessionize 2>/dev/null | ce-agg' # some runtimes are unknown
	pipeline="$history | ce-online | ce-features --rows all"
}

@test "the pipeline does not look ahead" {
	workload
	passes --cuts 12 -c "$pipeline" $raw
	gzip -dc $raw | bash -c "$pipeline -p" | head -n 1 | tr , '\n' >want
	same want <(tail -n +2 report | cut -d, -f1 | sed '$d')
	[ "$(grep -c ',0,0,,,,,$' report)" -eq $(($(wc -l <want) + 1)) ]
	# It had something to look at, labels that became known included.
	rows=$(line event_id | cut -d, -f3)
	((rows > 1000))
	[ "$(cut -d, -f2 report | sort | uniq -c | tr -s ' \n' ' ')" = " 47 feature 1 key 1 kind 2 label 1 row 1 time " ]
	[ "$(line '')" = ",row,$rows,0,0,,,,," ]
}

@test "-v counts, as ce-audit sees them" {
	eight
	fails 0 ce-audit --ts-unit ms -v --at 2000,5500 -c cat log
	holds='ce-audit: 8 records, the last at 8000; 2 cuts
ce-audit: cut 2000: 2 records, 2 rows compared, 0 changed
ce-audit: cut 5500: 5 records, 5 rows compared, 0 changed
ce-audit: no row changed at any of 2 cuts: no look-ahead found
ce-audit: 8 rows in, 4 rows out,'
	[[ $stderr == "$holds "* ]]
}

@test "a column of one's own that looks back passes" {
	eight
	passes -c 'awk -F, -v OFS=, "{ print \$0, NR == 1 ? \"so_far\" : n[\$3]++ }"' log
	[ "$(line so_far)" = so_far,feature,28,0,0,,,,, ]
}

# The next record's time of the same user, as the last column.
lead='awk -F, -v OFS=, "
	{ row[NR] = \$0; time[NR] = \$2; user[NR] = \$3 }
	END {
		for (i = NR; i > 1; i--) { next_ts[i] = after[user[i]]; after[user[i]] = time[i] }
		print row[1], \"next_ts\"
		for (i = 2; i <= NR; i++) print row[i], next_ts[i]
	}"'

@test "a column that tells the next event is caught, with the first row that it changed" {
	eight
	leaks --at 2000,5000 -c "$lead" log
	[ "$stderr" = 'ce-audit: column next_ts differs in 4 of 7 rows (at 2 of 2 cuts); the first is event_id e1, event_ts 1000: NULL at cut 2000, 3000 with the whole log' ]
	[ "$(line next_ts)" = next_ts,feature,7,4,2,2000,1000,e1,,3000 ]
	[ "$(grep -c ',0,0,,,,,$' report)" -eq 4 ]
	# All cuts that there are: two users' last rows at each but the first, e1 alone at that.
	leaks --cuts 100 -c "$lead" log
	[ "$(line next_ts)" = next_ts,feature,28,12,7,1000,1000,e1,,3000 ]
}

@test "in the real pipeline, among its own columns" {
	workload
	leaks -c "$history -p | python3 -c '
import csv, sys
rows = list(csv.DictReader(sys.stdin))
mean = sum(float(r[\"playback_position\"]) for r in rows) / len(rows)
last = {r[\"session_id\"]: r[\"event_type\"] for r in rows}
out = csv.writer(sys.stdout)
out.writerow(list(rows[0]) + [\"relative_position\", \"how_it_ends\"])
for r in rows:
    out.writerow(list(r.values()) + [float(r[\"playback_position\"]) / mean, last[r[\"session_id\"]]])
'" $raw
	[ "$(wc -l <stderr)" -eq 2 ]
	[[ $stderr == 'ce-audit: column relative_position differs in '*' (at 8 of 8 cuts); the first is '*$'\n''ce-audit: column how_it_ends differs in '* ]]
	[ "$(cut -d, -f2,4 report | grep -cx 'feature,0')" -eq "$(grep -c ,feature, report | awk '{ print $1 - 2 }')" ]
}

@test "a leak in one row of many, at one cut of many" {
	for i in {1..60}; do echo "e$i ${i}000 u$((i % 7))"; done | log
	# e30 knows whether e31 is there.
	peek='awk -F, -v OFS=, "{ row[NR] = \$0 } END { print row[1], \"odd\"; for (i = 2; i <= NR; i++) print row[i], (i == 31 && NR > 31) }"'
	leaks --cuts 60 -c "$peek" log
	[ "$stderr" = 'ce-audit: column odd differs in 1 of 1770 rows (at 1 of 59 cuts); the first is event_id e30, event_ts 30000: 0 at cut 30000, 1 with the whole log' ]
	passes --at 29999,31000 -c "$peek" log
}

@test "rows that depend on the future are reported as rows" {
	eight
	# Each user's last event.
	leaks --at 5000 -c 'awk -F, "NR == 1 { print; next } { last[\$3] = \$0 } END { for (u in last) print last[u] }"' log
	[ "$stderr" = 'ce-audit: only one run has 2 of 2 rows (at 1 of 1 cuts); the first is event_id e4, event_ts 4000: present at cut 5000, absent with the whole log' ]
	[ "$(line '')" = ,row,2,2,1,5000,4000,e4,present,absent ]
	[ "$(line event_ts)" = event_ts,time,0,0,0,,,,, ]
	# Users with three events at least, all of their rows.
	leaks --at 4000 -c 'awk -F, "{ row[NR] = \$0; user[NR] = \$3; n[\$3]++ } END { for (i = 1; i <= NR; i++) if (i == 1 || n[user[i]] > 2 || i < 3) print row[i] }"' log
	[ "$(line '')" = ,row,4,3,1,4000,2000,e2,absent,present ]
	[[ $stderr == *'absent at cut 4000, present with the whole log' ]]
}

@test "a label may become known, and may not be revised" {
	eight
	# Known from two events later on; at the very end it is turned round.
	known='awk -F, -v OFS=, "{ row[NR] = \$0 } END { print row[1], \"outcome\"; for (i = 2; i <= NR; i++) print row[i], (i + 2 > NR ? \"\" : 1) }"'
	passes --label outcome -c "$known" log
	[ "$(line outcome)" = outcome,label,28,0,0,,,,, ]
	passes -c "${known/outcome/is_completion}" log
	leaks -c "$known" log
	[[ $(line outcome) == outcome,feature,28,12,7,1000,1000,e1,,1 ]]
	leaks --label outcome -c "${known/: 1/: NR == 9}" log
	[ "$(line outcome)" = outcome,label,28,15,5,3000,1000,e1,0,1 ]
	# What was known, and is not any more.
	leaks --label outcome --at 5000 -c 'awk -F, -v OFS=, "{ row[NR] = \$0 } END { print row[1], \"outcome\"; for (i = 2; i <= NR; i++) print row[i], NR < 9 ? 1 : \"\" }"' log
	[ "$(line outcome)" = outcome,label,5,5,1,5000,1000,e1,1, ]
	[[ $stderr == *': 1 at cut 5000, NULL with the whole log' ]]
}

@test "what is ignored is not compared" {
	eight
	passes --ignore user_id,next_ts -c "$lead" log
	[ "$(line next_ts)" = next_ts,ignored,0,0,0,,,,, ]
	[ "$(line user_id)" = user_id,ignored,0,0,0,,,,, ]
	passes --ignore 'USER_ID, Next_Ts' --key Event_Id --time EVENT_TS -c "$lead" log
	[ "$(line next_ts)" = next_ts,ignored,0,0,0,,,,, ]
	[[ $(line event_id) == event_id,key,* && $(line event_ts) == event_ts,time,* ]]
}

@test "NULL and the empty string are two values, and odd text is compared and shown" {
	eight
	ends='{ row[NR] = \$0 } END { print row[1], \"x\"; for (i = 2; i <= NR; i++) print row[i], NR < 9 ? then : now }'
	for pair in ';""' '"";' 'a;"a,b"' '"a
b";"a
c"' '0;0.0' '"x""y";x'; do
		leaks --at 3000 -c "awk -F, -v OFS=, -v then='${pair%;*}' -v now='${pair#*;}' \"$ends\"" log
		tail -n +5 report | head -n -1 >got
		printf 'x,feature,3,3,1,3000,1000,e1,%s,%s\n' "${pair%;*}" "${pair#*;}" >want
		same want got
		[ "$(wc -l <stderr)" -eq 1 ]
	done
	# The same value, quoted here and not there, is the same value.
	passes --at 3000 -c "awk -F, -v OFS=, -v then='\"a\"' -v now=a \"$ends\"" log
}

@test "the order of the output does not matter, its gzip does not, nor does the sort's memory" {
	seq 30000 | awk '{ print "e" $1, $1 "000", "u" $1 % 7 }' | log
	shuffled='{ IFS= read -r h; echo "$h"; shuf; }'
	passes --cuts 3 --mem 1M -c "$shuffled" log
	[ "$(line '' | cut -d, -f4)" -eq 0 ]
	mv report want
	passes --cuts 3 -c "cat | gzip" log
	same want report
	leaks --cuts 3 --mem 1M -c "$lead | $shuffled" log
	mv report want
	leaks --cuts 3 -c "$lead | gzip -9" log
	same want report
}

@test "another key and another time" {
	workload
	passes --cuts 4 -c "$history -t user_activity" $raw
	passes --cuts 4 --key session_id --time session_start_ts -c "${history% | ce-sessionize*} |
		ce-sessionize --starts starts >/dev/null 2>&1 && cat starts" $raw
	[ "$(line session_id | cut -d, -f2)" = key ]
	[ "$(line session_start_ts | cut -d, -f2)" = time ]
	# The end of a session is nothing to know at its start.
	leaks --cuts 4 --key session_id --time session_start_ts --label is_completion -c "$history -t content_completion" $raw
	[[ $stderr == *'column session_end_ts differs in '*'; the first is session_id '* ]]
	# Several columns; the key's are then one field.
	eight
	leaks --at 3000 --key event_id,user_id -c "$lead" log
	[ "$(line next_ts)" = 'next_ts,feature,3,2,1,3000,2000,"e2,u0",,4000' ]
	[[ $stderr == *'the first is key e2,u0, event_ts 2000: '* ]]
}

@test "the first changed row is the earliest; at one time, that of the least key" {
	log <<-'END'
		b 1000 u
		a 1000 v
		c 500 w
		d 2000 u
		e 2000 v
	END
	leaks --at 1000 -c "$lead" log
	[ "$(line next_ts)" = next_ts,feature,3,2,1,1000,1000,a,,2000 ]
}

@test "cuts: sampled by seed, or given in ms or ISO 8601, each once" {
	for i in {1..50}; do echo "e$i $((1704067200000 + i)) u"; done | log
	cuts() {
		ce-audit -v -o /dev/null -c cat "$@" log 2>&1 | sed -n 's/^ce-audit: cut \([0-9]*\): .*/\1/p'
	}
	[ "$(cuts | wc -l)" -eq 8 ]
	cuts >first
	same first <(sort -nu first)
	same first <(cuts --seed 1)
	! cmp -s first <(cuts --seed 2) || return 1
	[ "$(cuts --cuts 1000 | wc -l)" -eq 49 ]
	[ "$(cuts --at 1704067200030,1704067200007 --at 1704067200030 | tr '\n' ' ')" = '1704067200007 1704067200030 ' ]
	[ "$(cuts --at 2024-01-01T00:00:00.009Z)" = 1704067200009 ]
	[ "$(cuts --at '2024-01-01 01:00:00.009+01')" = 1704067200009 ]
	[ "$(cuts --at 2024-01-01,1704067200050,2025-01-01,1704067200003 | tr '\n' ' ')" = '1704067200000 1704067200003 ' ]
}

@test "times of the records in seconds, in ISO 8601, and in a column of another name" {
	log <<-'END'
		a 1 u
		b 1970-01-01T00:00:02.5Z u
		c 3.25 u
		d 4e0 u
	END
	fails 0 ce-audit -v --ts-unit s --at 2.5,3.249,3.25 -c 'echo event_id,event_ts && echo x,1000 && wc -l >&2' log
	[[ $stderr == *$'\n3\nce-audit: cut 2500: 2 records,'*$'\n3\nce-audit: cut 3249: 2 records,'*$'\n4\nce-audit: cut 3250: 3 records,'* ]]
	sed -i '1s/event_ts/when/' log
	refuses 'log:1: missing column event_ts' -c cat log
	fails 0 ce-audit -v --ts when --ts-unit s --time when --at 0.003 -c 'echo event_id,when && echo x,1970-01-01' log
	[[ $stderr == *': 0 records, 1 rows compared, 0 changed'* ]]
}

@test "the command gets the records byte for byte, those without a time at every cut" {
	printf '\xef\xbb\xbf%s,note\r\n' $header >log
	printf 'e1,1000,u,"a\nb"\r\ne2,9000,u,plain\ne3,abc,u,  x\n\ne4,1000,u\ne5,,"u",""\ne6,1000,u"u,x\n"e7",2000,u,\xff\n' >>log
	printf '%s,note\ne1,1000,u,"a\nb"\ne3,abc,u,  x\ne4,1000,u\ne5,,"u",""\ne6,1000,u"u,x\n' $header >want
	see='cat >seen.$$ && mv seen.$$ seen.$(wc -l <seen.$$) && echo event_id,event_ts && echo x,1000'
	passes --at 1999 -c "$see" log
	same want seen.7
	printf '%s,note\ne1,1000,u,"a\nb"\ne2,9000,u,plain\ne3,abc,u,  x\ne4,1000,u\ne5,,"u",""\ne6,1000,u"u,x\n"e7",2000,u,\xff\n' $header |
		same - seen.9
	# From gzip, standard input, and two files, too.
	head -n 4 log >first
	{ head -n 1 log | sed 's/^...//' && tail -n +5 log; } | gzip >second
	rm seen.*
	passes --at 1999 -c "$see" first - <second
	same want seen.7
}

@test "an audit that compared nothing is no pass" {
	eight
	refuses 'nothing was compared: no cut is before the time of the last record, 8000' --at 8000,2030-01-01 -c cat log
	refuses 'nothing was compared: no row of the command'\''s output is as early as a cut' --at 999 -c cat log
	refuses 'nothing was compared: no row' -c 'head -n 1' log
	head -n 2 log >one
	refuses 'nothing was compared: no cut is before the time of the last record, 1000' -c cat one
	head -n 1 log >none
	refuses 'nothing was compared: no record has a valid time in column event_ts' -c cat none
	printf '%s\ne1,soon,u\ne2,-5,u\ne3,9e15,u\n' $header >none
	refuses 'nothing was compared: no record has a valid time' -c cat none
	# One early cut that has nothing to compare is no harm.
	passes --at 999,3000 -c cat log
	[ "$(line event_id | cut -d, -f3)" -eq 3 ]
	# Two records: the first one's time is the one cut.
	head -n 3 log >two
	passes -c cat two
	[ "$(line event_id | cut -d, -f3)" -eq 1 ]
}

@test "a command that fails is an error, at whichever run" {
	eight
	refuses 'the command failed: exit status 3' -c 'cat; exit 3' log
	refuses 'the command failed: exit status 3' -c 'exit 3' log
	refuses 'the command failed: exit status 3' -c 'printf "event_id,event_ts\nx\n"; exit 3' log
	refuses 'the command failed at cut 4000: exit status 1' --at 3000,4000,5000 -c 'tee in; ! grep -q e4 in || grep -q e5 in' log
	refuses 'the command failed: killed by signal 9 (Killed)' -c 'cat; kill -9 $$' log
	fails 1 ce-audit --ts-unit ms -c no-such-command log
	[[ $stderr == *no-such-command*$'\n''ce-audit: the command failed: exit status 127' ]]
	# Its messages pass through, and what it does not read does no harm.
	fails 0 ce-audit --ts-unit ms -p --at 3000 -c 'echo hello >&2; cat' log
	[ "$stderr" = $'hello\nhello' ]
	passes -c 'printf "event_id,event_ts\ne1,1000\n"' log
	# It neither waits for what the command left behind, nor leaves that behind.
	passes --at 3000 -c 'cat; sleep 1001 >/dev/null & echo $! >>sleepers' log
	[ "$(wc -l <sleepers)" -eq 2 ]
	while read -r pid; do gone "$pid"; done <sleepers
}

@test "output that is no table is refused, with its line" {
	eight
	refuses "the command's output: zero bytes" -c true log
	refuses "the command's output:1: missing column event_ts" -c 'echo garbage' log
	refuses "the command's output:3: expected 3 fields, found 2" -c "sed '3s/,u.//'" log
	refuses "the command's output:1: duplicate column event_ts" -c "sed '1s/user_id/event_ts/'" log
	refuses "the command's output: truncated gzip stream" -c 'gzip | head -c 30' log
	refuses "the command's output:4: column event_ts: invalid time 'x'" -c "sed '4s/,[^,]*/,x/'" log
	refuses "the command's output:4: column event_ts: invalid time ''" -c "sed '4s/,[^,]*/,/'" log
	refuses "the command's output: two rows of time 3000 have the key e3" -c "sed '4p'" log
	refuses "the command's output at cut 3000: two rows of time 2000 have the key e2" --at 3000 -c "sed '\$!b; /^e8/b; p; s/.*/e2,2000,u/'" log
	refuses "the command's output at cut 3000:1: the header differs from that of the whole log's table" \
		--at 3000 -c 'cat >in; if grep -q e8 in; then cat in; else sed 1s/user_id/user/ in; fi' log
	refuses 'missing column nothing' --key nothing -c cat log
	refuses 'missing column nothing' --time nothing -c cat log
	refuses 'missing column nothing' --label nothing -c cat log
	refuses 'missing column nothing' --ignore user_id,nothing -c cat log
	# A row in the middle of an endless output is refused now.
	refuses "the command's output:2: expected 2 fields, found 1" -c 'echo event_id,event_ts; yes' log
}

@test "a broken input is refused before anything is run" {
	eight
	gzip <log | head -c 40 >cut.gz
	refuses 'cut.gz: truncated gzip stream' -c 'touch ran; cat' cut.gz
	refuses 'stdin: zero bytes' -c 'touch ran; cat' </dev/null
	[ ! -e ran ]
}

@test "bad usage" {
	for bad in '' '-c cat --cuts 0' '-c cat --cuts 10001' '-c cat --cuts some' '-c cat --at soon' '-c cat --at 1,' '-c cat --ts-unit h'; do
		# shellcheck disable=SC2086 # words
		fails 2 ce-audit $bad
	done
	fails 2 ce-audit
	[[ $stderr == 'ce-audit: --command is required'* ]]
}

@test "-o: the whole report where there are leaks, nothing after an error" {
	eight
	fails 1 ce-audit --ts-unit ms --at 3000 -o report.csv.gz -c "$lead" log
	gzip -dc report.csv.gz | grep -q '^next_ts,feature,3,2,1,'
	rm report.csv.gz
	fails 1 ce-audit --ts-unit ms --at 3000 -o report.csv.gz -c 'exit 1' log
	[ ! -e report.csv.gz ]
	# What cannot be written is refused before anything is run.
	fails 1 ce-audit -o no/folder/report -c 'touch ran; cat' log
	[ ! -e ran ]
}

@test "a signal, even SIGKILL, ends the command, too, and leaves nothing" {
	eight
	mkdir folder
	for signal in TERM INT HUP KILL; do
		rm -f pids
		# A shell has SIGINT ignored in what it runs in the background.
		env --default-signal=INT ce-audit --ts-unit ms -o folder/report -c 'echo $$ >>pids; sleep 1002 & echo $! >>pids; kill -0 $$; sleep 1003' log &
		victim=$!
		for i in {1..2000}; do
			[ "$(cat pids 2>errors | wc -l)" -ne 2 ] || break
			sleep 0.01
		done
		kill -$signal $victim
		status=0
		wait $victim || status=$?
		[ "$status" -eq $((128 + $(kill -l $signal))) ]
		while read -r pid; do gone "$pid"; done <pids
		[ -z "$(ls -A "$TMPDIR")" ]
		[ $signal = KILL ] || [ -z "$(ls -A folder)" ]
	done 2>errors.jobs
}
