# A day at a time: ce-materialize --state. The laws over random logs are in days.bats; here is what each refusal says.
load ../common

dims() {
	echo --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" -k content_id "$CE_ROOT/samples/content_dim.csv.gz"
}

# part FROM UNTIL: the sample's events of these ms, with the header.
part() {
	gzip -dc "$CE_ROOT/samples/events_table.csv.gz" | awk -F, -v from="$1" -v until="$2" \
		'NR == 1 || ($2 + 0 >= from && $2 + 0 < until)'
}

# first_day: the state s1 of the days before 2024-01-04 16:40, and the next day's events.
first_day() {
	part 0 1704386400000 >day1.csv
	part 1704386400000 1704472800000 >day2.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --state-out s1 --until 1704386400000 -o f1.csv.gz day1.csv 2>/dev/null
}

# refused WORDS OPTION...: the second day with these options fails, says the words, and leaves nothing.
refused() {
	# shellcheck disable=SC2046
	run ce-materialize $(dims) --state s1 --state-out s2 --until 1704472800000 -o f2.csv.gz "${@:2}"
	[ "$status" -ne 0 ]
	[[ $output == *"$1"* ]] || { echo "$output"; false; }
	[ ! -e s2 ]
	[ ! -e f2.csv.gz ]
	[ -z "$(find . -name '.*.tmp')" ]
}

@test "three parts behind each other are one run, and a state is that of one run" {
	first_day
	part 1704472800000 9999999999999 >day3.csv
	part 0 1704472800000 >before.csv
	part 0 9999999999999 >all.csv
	# shellcheck disable=SC2046
	{
		ce-materialize $(dims) --state s1 --state-out s2 --until 1704472800000 --open open.csv.gz -o f2.csv.gz day2.csv
		ce-materialize $(dims) --state s2 --final -o f3.csv.gz day3.csv
		ce-materialize $(dims) -o one.csv.gz all.csv
		ce-materialize $(dims) --state-out one --until 1704472800000 -o /dev/null before.csv
	} 2>/dev/null
	{ gzip -dc f1.csv.gz && gzip -dc f2.csv.gz | tail -n +2 && gzip -dc f3.csv.gz | tail -n +2; } >chain.csv
	gzip -dc one.csv.gz | cmp - chain.csv
	for f in s2/*.gz; do cmp "$f" "one/${f##*/}"; done
	diff <(grep -v '^previous\|^end' s2/MANIFEST) <(grep -v '^previous\|^end' one/MANIFEST)
	grep -q "^previous $(sha256sum <s1/MANIFEST | cut -d' ' -f1)$" s2/MANIFEST
	grep '^file' s2/MANIFEST | while read -r _ name rows sum; do
		[ "$(sha256sum <"s2/$name")" = "$sum  -" ]
		[ "$(gzip -dc "s2/$name" | wc -l)" -eq $((rows + 1)) ]
	done
	[ "$(gzip -dc open.csv.gz | wc -l)" -gt 1 ]
	[ -z "$(gzip -dc open.csv.gz | tail -n +2 | grep -v ',,$')" ]
}

@test "late and early events, and duplicates of an earlier day" {
	first_day
	{
		cat day2.csv
		part 1704300000000 1704300600000 | tail -n +2 | sed 's/^/late-/'
		part 1704472800000 1704473400000 | tail -n +2
		tail -n 3 day1.csv
	} >mixed.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --state s1 --state-out s2 --until 1704472800000 -v -o f2.csv.gz --rejects r.csv.gz mixed.csv 2>said
	# shellcheck disable=SC2046
	ce-materialize $(dims) --state s1 --state-out s3 --until 1704472800000 -o f3.csv.gz day2.csv 2>/dev/null
	cmp <(gzip -dc f2.csv.gz) <(gzip -dc f3.csv.gz)
	n=$(gzip -dc r.csv.gz | grep -c ',late,')
	[ "$n" -gt 3 ]
	grep -q " $n late" said
	grep -q "carried $(gzip -dc s2/early.csv.gz | tail -n +2 | wc -l) on" said
	[ "$(gzip -dc s2/early.csv.gz | wc -l)" -gt 1 ]
	for t in users pairs window_events waiting; do cmp s2/$t.csv.gz s3/$t.csv.gz; done
}

@test "a state that does not fit is refused by name" {
	first_day
	refused "--gap was '30m' when the state was made, and is '20m' here" --gap 20m day2.csv
	refused "--gap was '30m' when the state was made, and is '30ms' here" --gap 30ms day2.csv
	refused '--window' --window 10d day2.csv
	refused '--rows' --rows all day2.csv
	refused '--complete-by' --complete-by position day2.csv
	refused '--near-end' --near-end 0.9 day2.csv
	refused '--allow-empty' --allow-empty device day2.csv
	refused '--tz' --tz Europe/Berlin day2.csv
	refused '--first' --first first.csv.gz day2.csv
	refused 'inside a millisecond' --until 1704472800000.5 day2.csv
	refused 'is not after it' --until 1704386400000 day2.csv
	refused 'are not of this day' day1.csv
	part 1704472800000 1704572800000 >day3.csv
	refused 'are not of this day' day3.csv
	refused 'is the same file' --state-out s1 day2.csv
	mkdir s4 && touch s4/other
	run ce-materialize --left --state-out s4 --until 1704386400000 day1.csv
	[ "$status" -eq 1 ]
	[[ $output == *"'other'"* ]]
}

@test "other columns than a state's are refused" {
	first_day
	sed '1s/$/,more/; 2,$s/$/,x/' day2.csv >more.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --keep '*' --state-out s3 --until 1704386400000 -o f1.csv.gz day1.csv 2>/dev/null
	rm -r s1 && mv s3 s1
	refused 'other columns of the cleaned: they were event_id,' --keep '*' more.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --keep '*' --state s1 --state-out s2 --until 1704472800000 -o f2.csv.gz day2.csv 2>/dev/null
}

@test "ids are remembered for just as long as --dedupe says" {
	first_day
	last=$(gzip -dc s1/seen.csv.gz | tail -n 1 | cut -d, -f1)
	# shellcheck disable=SC2046
	for ms in 0 1; do
		ce-materialize $(dims) --state-out t$ms --until $((last + 3600000 + ms)) --dedupe 1h -o f.csv.gz day1.csv 2>/dev/null
		[ "$(gzip -dc t$ms/seen.csv.gz | wc -l)" -eq $((2 - ms)) ]
	done
}

@test "dimension tables that changed are refused, or said in the MANIFEST" {
	first_day
	gzip -dc "$CE_ROOT/samples/users_dim.csv.gz" >users.csv
	echo 'zz,z@z,free,2020-01-01' >>users.csv
	arguments=(--drop email -k user_id users.csv -k content_id "$CE_ROOT/samples/content_dim.csv.gz" --state s1 --state-out s2
		--until 1704472800000 -o f2.csv.gz day2.csv)
	run ce-materialize "${arguments[@]}"
	[ "$status" -eq 1 ]
	[[ $output == *'user_id'*'--dimensions-changed'* ]]
	ce-materialize --dimensions-changed "${arguments[@]}" 2>/dev/null
	grep -q '^dimensions-changed user_id$' s2/MANIFEST
	[ "$(grep -c '^dimensions-changed' s2/MANIFEST)" -eq 1 ]
}

@test "a damaged, cut, edited, reordered or missing file of a state is refused by name" {
	first_day
	cp -r s1 whole
	for name in $(cd whole && ls); do
		rm -rf s1 && cp -r whole s1
		size=$(stat -c %s "s1/$name")
		truncate -s $((size - 1)) "s1/$name"
		refused "s1/$name" day2.csv
		rm "s1/$name"
		refused "s1/$name" day2.csv
		cp "whole/$name" "s1/$name"
		printf 'X\\0Y\\377' | dd of="s1/$name" bs=1 seek=$((size / 2)) conv=notrunc status=none
		refused "s1/$name" day2.csv
	done
	rm -rf s1 && cp -r whole s1
	gzip -dc whole/users.csv.gz | sed '3s/,0,/,1,/' | gzip -n >s1/users.csv.gz
	refused 's1/users.csv.gz' day2.csv
	gzip -dc whole/users.csv.gz | sed '2{h;d};3G' | gzip -n >s1/users.csv.gz
	refused 's1/users.csv.gz' day2.csv
	rm -rf s1 && cp -r whole s1
	sed -i 's/^version .*/version 0.0.1/; $d' s1/MANIFEST
	echo "end $(sha256sum <s1/MANIFEST | cut -d' ' -f1)" >>s1/MANIFEST
	refused 'of another version' day2.csv
}

@test "options that make no sense together are usage errors" {
	for options in '--state s' '--state-out s' '--final' '--dedupe 1d' '--open o' '--dimensions-changed' \
		'--state s --state-out t --until 2024-01-01 --final' '--state-out t --until 2024-01-01 --watermark 2024-01-02'; do
		# shellcheck disable=SC2086
		run ce-materialize --left $options /dev/null
		[ "$status" -eq 2 ] || { echo "$options: $output"; false; }
	done
}

@test "a day of a longer log, without a state, is a warning; the log or a state is none" {
	part 1704386400000 1704472800000 >day2.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) -o f.csv.gz day2.csv 2>said
	grep -q 'warning: [0-9]* events of less than two days: history begins with them' said
	# shellcheck disable=SC2046
	ce-clean day2.csv 2>/dev/null | ce-join $(dims) | ce-sessionize 2>/dev/null | ce-agg 2>said | cat >/dev/null
	grep -q 'history begins with them' said
	# shellcheck disable=SC2046
	ce-materialize $(dims) -o f.csv.gz "$CE_ROOT/samples/events_table.csv.gz" 2>said
	run grep 'history begins' said
	[ "$status" -eq 1 ]
}

# edit TABLE SCRIPT: sed of a table of s1, with the sums of what is there then.
edit() {
	gzip -dc "s1/$1.csv.gz" | sed "$2" | gzip -n >edited.gz
	mv edited.gz "s1/$1.csv.gz"
	seal "s/^\(file $1.csv.gz \).*/\1$(($(gzip -dc "s1/$1.csv.gz" | wc -l) - 1)) $(sha256sum <"s1/$1.csv.gz" | cut -d' ' -f1)/"
}

# seal SCRIPT: sed of the MANIFEST of s1, with the end that it has then.
seal() {
	sed -i -e "$1" -e '$d' s1/MANIFEST
	echo "end $(sha256sum <s1/MANIFEST | cut -d' ' -f1)" >>s1/MANIFEST
}

@test "an id with a NUL, in a state whose sums are right, is refused" {
	first_day
	edit seen '3s/.$/\x00&/'
	refused 's1/seen.csv.gz:3: column event_id' day2.csv
}

@test "sessions with a gap in their ids, in a state whose sums are right, are refused" {
	first_day
	n=$(sed -n 's/^sessions //p' s1/MANIFEST)
	seal 's/^sessions .*/sessions 4000000000000000/'
	edit viewings "s/^$n,\(\([^,]*,\)\{7\}\)0,/4000000000000000,\11,/"
	[ "$(gzip -dc s1/viewings.csv.gz | grep -c '^4000000000000000,.*,1,')" -eq 1 ]
	refused 's1/viewings.csv.gz:2: column session_id' day2.csv
}

@test "a state whose last event is not before its end is refused" {
	first_day
	last=$(sed -n 's/^last_ts //p' s1/MANIFEST)
	seal "s/^until .*/until $last/"
	refused "s1/MANIFEST: its last event, at $last, is not before its --until" day2.csv
}

# clean_days: as first_day, of valid events alone.
clean_days() {
	ce-clean -p "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null >clean.csv
	awk -F, 'NR == 1 || $2 < 1704386400000' clean.csv >day1.csv
	awk -F, 'NR == 1 || ($2 >= 1704386400000 && $2 < 1704472800000)' clean.csv >day2.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --state-out s1 --until 1704386400000 -o f1.csv.gz day1.csv 2>/dev/null
}

@test "an output in the folder of a state is refused, or takes its place with a message" {
	first_day
	mkdir s2
	refused_in() {
		# shellcheck disable=SC2046
		run ce-materialize $(dims) --state s1 --state-out "$1" --until 1704472800000 "${@:3}" day2.csv
		[ "$status" -eq 1 ]
		[[ $output == *"$2"* ]] || { echo "$output"; false; }
		[ -z "$(find . -name '*.tmp')" ]
	}
	refused_in s2 's2/f.csv.gz: is in the output s2' -o s2/f.csv.gz
	refused_in s2 's1/users.csv.gz: is in the input s1' -o f.csv.gz --open s1/users.csv.gz
	# A folder that is made only then holds tables when the state is to get the name.
	refused_in s3 's3: not replaced, for it holds what is not of its kind' -o f.csv.gz -d s3
	[ ! -e f.csv.gz ]
	[ ! -e s3 ]
	[ -z "$(ls s2)" ]
}

@test "a late copy of an event_id does not make the day's own one a duplicate" {
	clean_days
	{
		cat day2.csv
		echo 'twice,1704300000000,u1,c7,play,0,tv'
		echo 'twice,1704390000000,u1,c7,play,0,tv'
	} >mixed.csv
	grep -v '^twice,17043000' mixed.csv >own.csv
	for n in mixed own; do
		# shellcheck disable=SC2046
		ce-materialize $(dims) --state s1 --state-out s$n --until 1704472800000 -o f$n.csv --rejects r$n.csv $n.csv 2>/dev/null
	done
	cmp fmixed.csv fown.csv
	diff -r -x MANIFEST smixed sown
	[ "$(grep -c 'late.*twice' rmixed.csv)" -eq 1 ]
	[ "$(grep -c duplicate rmixed.csv)" -eq "$(grep -c duplicate rown.csv)" ]
}

@test "a last part that has an end leaves out what was carried beyond it; what is early by a day is a warning" {
	clean_days
	{ cat day1.csv; echo 'far,1704500000000,u1,c7,play,0,tv'; echo 'near,1704390000000,u2,c7,play,0,tv'; } >ahead.csv
	# shellcheck disable=SC2046
	{
		ce-materialize $(dims) --state-out s2 --until 1704386400000 -o f1.csv ahead.csv 2>said
		ce-materialize $(dims) --state s2 --final --until 1704472800000 -o f2.csv --rejects r.csv day2.csv 2>/dev/null
		cat ahead.csv <(tail -n +2 day2.csv) | ce-materialize $(dims) --until 1704472800000 -o one.csv 2>/dev/null
	}
	grep -q 'warning: 1 of 2 events that are early are so by a day or more, the last one, at 1704500000000, by 1 days: a wrong clock' said
	cat f1.csv <(tail -n +2 f2.csv) | cmp - one.csv
	[ "$(grep after_until r.csv)" = 's2/early.csv.gz,3,after_until,"far,1704500000000,u1,c7,play,0,tv"' ]
}

@test "a part of which nothing is kept or matched is none too few, if the limits allow it" {
	clean_days
	printf '%s\n' "$(head -n 1 day1.csv)" 'new,1704390000000,nobody,c7,play,0,tv' >none.csv
	refused 'more than --max-unmatched' none.csv
	sed -n '1p;9p' day1.csv >again.csv
	refused 'are not of this day' again.csv
	for input in none again; do
		# shellcheck disable=SC2046
		ce-materialize $(dims) --state s1 --state-out s2 --until 1704472800000 --max-unmatched 100% --max-rejects 100% -o f2.csv \
			$input.csv 2>said
		grep -q 'warning: 1 of 1 r' said
		# Open viewings close, and nothing else.
		# shellcheck disable=SC2046
		head -n 1 day1.csv | ce-materialize $(dims) --state s1 --state-out s3 --until 1704472800000 -o f3.csv
		diff -r -x MANIFEST -x seen.csv.gz s2 s3
		cmp f2.csv f3.csv
	done
}

@test "columns that a stage keeps belong to the state" {
	first_day
	sed '1s/$/,more/; 2,$s/$/,x/' day1.csv >more.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --clean-keep more --state-out s3 --until 1704386400000 -o f1.csv.gz more.csv 2>/dev/null
	rm -r s1 && mv s3 s1
	sed '1s/$/,more/; 2,$s/$/,x/' day2.csv >more.csv
	refused '--sessionize-keep' --clean-keep more --sessionize-keep more more.csv
	refused '--agg-keep' --clean-keep more --agg-keep device more.csv
	refused "--prior was 'runtime=0.5' when the state was made, and is 'runtime=0.6' here" --clean-keep more --prior runtime=0.6 more.csv
	refused '--prior was' --clean-keep more --prior user=1 more.csv
	refused '--no-online was' --clean-keep more --no-online more.csv
}

@test "a full disk is said of the file of the state that it met" {
	[ "$(id -u)" -eq 0 ] && mkdir small && mount -t tmpfs -o size=24k tmpfs small || skip "needs a file system of its own"
	first_day
	# shellcheck disable=SC2046
	run ce-materialize $(dims) --state s1 --state-out small/s2 --until 1704472800000 -o f2.csv.gz day2.csv
	left=$(ls -A small)
	umount small
	[ "$status" -eq 1 ]
	[[ $output == *".csv.gz: No space left on device"* ]] || { echo "$output"; false; }
	[[ $output == *"small/.s2."* ]]
	[ -z "$left" ]
	[ ! -e f2.csv.gz ]
}

# kinds FILE: how many facts there are of each kind, in the order of their first ones.
kinds() {
	gzip -dc "$1" | awk -F, 'NR > 1 { if (!n[$2]++) order[++k] = $2 } END { for (i = 1; i <= k; i++) printf "%s %d ", order[i], n[order[i]] }'
}

@test "--facts: what the events of a shard make known, in order of time" {
	part 0 9999999999999 >all.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --no-online --facts facts.csv.gz -d tables --starts starts.csv.gz -o f.csv.gz all.csv 2>/dev/null
	[ "$(gzip -dc facts.csv.gz | head -n 1)" = "$(table_columns facts)" ]
	gzip -dc facts.csv.gz | tail -n +2 | cut -d, -f1 | sort -nc
	# A start is a row of session_starts, and all begin once, have one outcome, and an end besides if that is a completion.
	same <(gzip -dc facts.csv.gz | awk -F, -v OFS=, '$2 == "start" { print $3, $5, $6, $1, $4 }') \
		<(gzip -dc starts.csv.gz | tail -n +2 | cut -d, -f1-5)
	n=$(($(gzip -dc starts.csv.gz | wc -l) - 1))
	completed=$(gzip -dc facts.csv.gz | awk -F, '$2 == "outcome" && $11 == 1' | wc -l)
	[[ " $(kinds facts.csv.gz)" == *" start $n "* ]]
	[[ " $(kinds facts.csv.gz)" == *" outcome $n "* ]]
	[[ " $(kinds facts.csv.gz)" == *" end $completed "* ]]
	[[ " $(kinds facts.csv.gz)" == *" last 1 "* ]]
	# The label of each row is the outcome of its session, whatever the end of the log is.
	gzip -dc facts.csv.gz | awk -F, '$2 == "outcome" { print $3 "," $1 "," $11 }' | sort >outcomes
	gzip -dc f.csv.gz | awk -F, 'NR > 1 { print $5 "," $(NF - 1) "," $NF }' | sort -u >labels
	[ -s labels ]
	[ -z "$(comm -13 outcomes labels)" ]
	# The content of a session that a row is of is counted as its activity.
	gzip -dc facts.csv.gz | awk -F, '$2 == "activity" { n[$6] += $16 } END { for (c in n) print c, n[c] }' | sort >popular
	gzip -dc tables/event_history.csv.gz | python3 -c '
import csv, sys
seen, count = set(), {}
for row in csv.DictReader(sys.stdin):
    pair = row["user_id"], row["content_id"]
    if row["event_type"] != "heartbeat" and pair not in seen:
        seen.add(pair)
        count[pair[1]] = count.get(pair[1], 0) + 1
print("\n".join(sorted(f"{c} {n}" for c, n in count.items())))' | LC_ALL=C sort | same popular -
}

@test "--facts: days behind each other are one run, but for the last event of each" {
	part 0 1704386400000 >day1.csv
	part 1704386400000 9999999999999 >day2.csv
	part 0 9999999999999 >all.csv
	# shellcheck disable=SC2046
	{
		ce-materialize $(dims) --no-online --facts facts.csv.gz -o /dev/null all.csv
		ce-materialize $(dims) --no-online --facts a.csv.gz --state-out s1 --until 1704386400000 --first first.csv.gz -o f1.csv.gz day1.csv
		ce-materialize $(dims) --no-online --facts b.csv.gz --state s1 --final --first first2.csv.gz -o f2.csv.gz day2.csv
		ce-materialize $(dims) --no-online --state-out s2 --until 1704386400000 --open open.csv.gz -o f3.csv.gz day1.csv
	} 2>/dev/null
	gzip -dc a.csv.gz | awk -F, 'NR > 1 && $1 >= 1704386400000 { exit 1 }'
	[ "$(gzip -dc a.csv.gz | grep -c ',last,')" -eq 1 ]
	{ gzip -dc a.csv.gz | grep -v ',last,' && gzip -dc b.csv.gz | tail -n +2; } | sort >days
	gzip -dc facts.csv.gz | sort | same - days
	# All rows of a day are in it, those that are not known yet without a label; nothing waits.
	for t in waiting waiting_first; do [ "$(gzip -dc s1/$t.csv.gz | wc -l)" -eq 1 ]; done
	[ "$(gzip -dc s2/waiting.csv.gz | wc -l)" -gt 1 ]
	same <(gzip -dc f1.csv.gz | cut -d, -f1) <({ gzip -dc f3.csv.gz && gzip -dc s2/waiting.csv.gz | tail -n +2; } | cut -d, -f1)
	same <(gzip -dc f1.csv.gz | grep ',,$') <(gzip -dc open.csv.gz | tail -n +2)
	# A part without events has none of its own, and tells what closes in it.
	head -n 1 day1.csv >none.csv
	# shellcheck disable=SC2046
	ce-materialize $(dims) --no-online --facts c.csv.gz --state s1 --state-out s3 --until 1704396400000 --first f5.csv.gz -o f4.csv.gz none.csv 2>/dev/null
	[[ $(kinds c.csv.gz) != *start* && $(kinds c.csv.gz) != *activity* && $(kinds c.csv.gz) != *last* ]]
	gzip -dc c.csv.gz | awk -F, 'NR > 1 && ($1 < 1704386400000 || $1 >= 1704396400000) { exit 1 } END { exit NR < 2 }'
	# A state of the one kind is not for the other.
	# shellcheck disable=SC2046
	fails 1 ce-materialize $(dims) --no-online --facts d.csv.gz --state s2 --final -o f6.csv.gz day2.csv
	[[ $stderr == *"--facts was 'no' when the state was made, and is 'yes' here" ]]
	[ ! -e d.csv.gz ]
}

@test "--facts: what makes no sense with it is a usage error; a shard may have nothing" {
	part 0 1704386400000 >day1.csv
	for arguments in '' '--no-online --watermark 2024-01-02' '--no-online --state-out s --until 2024-01-02 --open o'; do
		# shellcheck disable=SC2046,SC2086
		fails 2 ce-materialize $(dims) $arguments --facts facts.csv -o f.csv day1.csv
		[[ $stderr == "ce-materialize: "*--facts* ]]
	done
	head -n 1 day1.csv >none.csv
	# shellcheck disable=SC2046
	for log in none.csv day1.csv; do
		ce-materialize $(dims) --no-online --facts facts.csv -o f.csv $log 2>/dev/null
		[ "$(head -n 1 facts.csv)" = "$(table_columns facts)" ]
	done
	# shellcheck disable=SC2046
	{
		fails 1 ce-materialize $(dims) --no-online --facts f.csv -o f.csv day1.csv
		[[ $stderr == *'is the same file'* ]]
		fails 1 ce-materialize $(dims) --no-online --facts day1.csv -o g.csv day1.csv
		[[ $stderr == *'is the same file'* ]]
		fails 1 ce-materialize $(dims) --no-online --facts /dev/full -o g.csv day1.csv
	}
	[[ $stderr == "ce-materialize: /dev/full: No space left on device" ]]
	[ ! -e g.csv ]
	# Nothing of it is kept, or matched, which is the whole's to judge.
	sed '2,$s/^[^,]*,/,/' day1.csv | head -n 20 >bad.csv
	awk -F, -v OFS=, 'NR > 1 { $3 = "nobody" } 1' day1.csv >unknown.csv
	# shellcheck disable=SC2046
	for log in bad.csv unknown.csv; do
		ce-materialize $(dims) --no-online --max-rejects 100% --max-unmatched 100% --facts facts.csv -o f.csv $log 2>/dev/null
		[ "$(wc -l <facts.csv)" -eq 1 ]
	done
}
