#!/usr/bin/env bats
# shellcheck disable=SC2154 # fails leaves $stderr

load ../common

header=event_id,event_ts,user_id,content_id,event_type,playback_position,device

# reference ARG...: the independent ce-clean and its generator of dirty events.
reference() {
	python3 "$CE_ROOT/tests/reference/clean.py" "$@"
}

# events LINE...: a table of raw events in raw.csv.
events() {
	printf '%s\n' "$header" "$@" >raw.csv
}

# keeps LINE...: raw.csv, cleaned, is these rows.
keeps() {
	printf '%s\n' "$header" "$@" >want.csv
	ce-clean -p raw.csv >got.csv 2>stderr
	same want.csv got.csv
}

# many N LEN: N distinct events, far from in order, with a device of LEN bytes; every third one has
# its event_id again a little later.
many() {
	awk -v header="$header" -v n="$1" -v len="$2" 'BEGIN {
		print header
		for (device = "d"; length(device) < len;)
			device = device device
		device = substr(device, 1, len)
		for (i = 0; i < n; i++) {
			k = i * 7919 % n
			printf "e%07d,%.0f,u%d,c%d,play,%d,", k, 1649400000000 + k, k % 97, k % 13, k % 7200
			print device
			if (k % 3 == 0)
				printf "e%07d,%.0f,u,c,stop,0,late\n", k, 1649400000500 + k
		}
	}'
}

@test "agrees with an independent reference, rejects and all" {
	for seed in 1 2 3 4; do
		for unit in ms s; do
			case $seed$unit in
			[12]ms | 3s) empty=device ;;
			[34]ms) empty=playback_position,device ;;
			*) empty= ;;
			esac
			reference generate $seed 600 | tr -d '\036' >raw.csv
			reference clean $unit "$empty" want.rejects <raw.csv >want.csv
			ce-clean -p --ts-unit $unit ${empty:+--allow-empty "$empty"} \
				--rejects got.rejects <raw.csv >got.csv 2>stderr
			same want.csv got.csv
			same want.rejects got.rejects
			(($(wc -l <want.csv) + $(wc -l <want.rejects) > 600))
		done
	done
}

@test "the order of the input, its split into files and the memory change nothing" {
	for seed in 1 2; do
		reference generate $seed 3000 tame >raw
		tr -d '\036' <raw >raw.csv
		ce-clean -p --allow-empty device raw.csv >want.csv 2>want.stderr
		[ "$(wc -l <want.csv)" -gt 1000 ]
		for order in 1 2; do
			reference shuffle $order <raw >shuffled.csv
			ce-clean -p --allow-empty device shuffled.csv >got.csv 2>got.stderr
			same want.csv got.csv
			same want.stderr got.stderr
		done
		for part in 0 1; do
			reference part $part 2 <raw | gzip >part$part.csv.gz
		done
		ce-clean -p --allow-empty device --mem 0 part1.csv.gz - <part0.csv.gz \
			>got.csv 2>got.stderr
		same want.csv got.csv
		same want.stderr got.stderr
	done
}

@test "cleaning twice changes nothing, and the second time silently" {
	for seed in 1 2 3; do
		reference generate $seed 1000 | tr -d '\036' >raw.csv
		ce-clean --allow-empty device,playback_position raw.csv >once.csv.gz 2>stderr
		ce-clean --allow-empty device,playback_position --max-rejects 0 \
			once.csv.gz >twice.csv.gz 2>stderr
		same /dev/null stderr
		cmp once.csv.gz twice.csv.gz
	done
}

@test "little memory: several merge passes, the same bytes, and it stays little" {
	many 9000 9000 >raw.csv
	ce-clean -p raw.csv >want.csv 2>want.stderr
	ce-clean -p -v --mem 2M raw.csv >got.csv 2>got.stderr
	cmp want.csv got.csv
	[ "$(wc -l <got.csv)" -eq 9001 ]
	[ "$(<want.stderr)" = "$(sed '$d' got.stderr)" ]
	if ! nm "$CE_BIN/ce-clean" | grep -q __asan; then
		sed -n 's/.* s, \([0-9]*\)\.[0-9]* MiB$/\1/p' got.stderr >mib
		(($(<mib) < 12))
	fi
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "duplicates far apart are found on disk too" {
	many 60000 3 >raw.csv
	ce-clean -p raw.csv >want.csv 2>want.stderr
	ce-clean -p --mem 0 raw.csv >got.csv 2>got.stderr
	cmp want.csv got.csv
	same want.stderr got.stderr
	[ "$(<got.stderr)" = "ce-clean: kept 60000 of 80000 records; rejected 20000: 20000 duplicate_event_id" ]
	[ "$(cut -d, -f1 got.csv | tail -n +2 | sort -u | wc -l)" -eq 60000 ]
	[ "$(grep -c late got.csv)" -eq 0 ]
}

@test "the first of an event_id stays, and of equals the bytewise smallest record" {
	events a,20,u,c,play,0,tv b,10,u,c,play,5,tv b,10,u,c,play,12,tv a,19,u,c,stop,9,tv \
		aa,10,u,c,play,0,tv B,10,u,c,play,0,tv b,10,t,c,seek,7,tv b,9999,u,c,play,0,tv
	keeps B,10,u,c,play,0,tv aa,10,u,c,play,0,tv b,10,t,c,seek,7,tv a,19,u,c,stop,9,tv
	[ "$(<stderr)" = "ce-clean: kept 4 of 8 records; rejected 4: 4 duplicate_event_id" ]
}

@test "ids whose hashes collide are kept apart" {
	events jCDrg8eFFOox0lwZx,3,u,c,play,0,tv WLvlt1aG8vp8VhtWx,2,u,c,play,0,tv \
		istpdTdtuW12LUa2x,1,u,c,play,0,tv WLvlt1aG8vp8VhtWx,9,u,c,play,0,tv
	keeps istpdTdtuW12LUa2x,1,u,c,play,0,tv WLvlt1aG8vp8VhtWx,2,u,c,play,0,tv \
		jCDrg8eFFOox0lwZx,3,u,c,play,0,tv
}

@test "a stray quote costs its own line and no other" {
	events 'a,1,u,c,play,0,tv' 'b,2,u,c,play,0,"tv' 'c,3,u,c,play,0,tv' 'd,4,u"u,c,play,0,tv' \
		'e,5,u,c,play,0,tv' '"f,6,u,c,play,0,tv' 'g,7,"u",c,play,0,tv' 'h,8,u,c,play,0,t"v' \
		'i,9,u,c,play,0,tv' '"j"j,10,u,c,play,0,tv' 'k,11,u,c,play,0,tv' 'l,12,u,c,play,0,"tv'
	keeps a,1,u,c,play,0,tv c,3,u,c,play,0,tv e,5,u,c,play,0,tv g,7,u,c,play,0,tv \
		i,9,u,c,play,0,tv k,11,u,c,play,0,tv
	[ "$(<stderr)" = "ce-clean: kept 6 of 12 records; rejected 6: 6 ragged" ]
}

@test "the summary counts each reason, in a fixed order" {
	events a,1,u,c,play,0,tv a,2,u,c,play,0,tv b,x,u,c,play,0,tv c,0,u,c,play,0,tv d,1,u,c,play,0 \
		e,1,u,c,dance,0,tv f,1,u,c,play,-1,tv g,1,u,c,play,?,tv h,1,,c,play,0,tv i,1,u,c,play,0, \
		$'j\xff,1,u,c,play,0,tv' k,,u,c,play,0,tv l,1,u,,play,0,tv m,1,u,c,,0,tv n,1,u,c,play,,tv \
		,1,u,c,play,0,tv
	keeps a,1,u,c,play,0,tv
	echo "ce-clean: kept 1 of 16 records; rejected 15: 1 ragged, 1 invalid_utf8," \
		"1 missing_event_id, 1 missing_event_ts, 1 missing_user_id, 1 missing_content_id," \
		"1 missing_event_type, 1 missing_playback_position, 1 missing_device, 1 bad_event_ts," \
		"1 ts_out_of_range, 1 bad_event_type, 1 bad_playback_position," \
		"1 negative_playback_position, 1 duplicate_event_id" >want
	same want stderr
}

@test "a table without rows gives the header" {
	events
	keeps
	same /dev/null stderr
}

@test "--rejects names file, line and reason, and keeps the raw record" {
	printf '%s\n' "$header" a,1,u,c,play,0,tv ' a ,2,u,c,play,0,tv' >one.csv
	printf '%s\r\n' "$header" $'"b\n",0,u,c,play,0,tv' $'c,x,"a ""c""",c,play,0,tv' 'd,5' >two.csv
	ce-clean --rejects rejects.csv.gz one.csv two.csv >out.csv.gz 2>stderr
	cat >want <<-'END'
		file,line,reason,record
		two.csv,2,ts_out_of_range,"""b
		"",0,u,c,play,0,tv"
		two.csv,4,bad_event_ts,"c,x,""a """"c"""""",c,play,0,tv"
		two.csv,5,ragged,"d,5"
		one.csv,3,duplicate_event_id," a ,2,u,c,play,0,tv"
	END
	gzip -dc rejects.csv.gz >got
	same want got
	ce-clean --rejects none.csv.gz out.csv.gz >/dev/null
	[ "$(gzip -dc none.csv.gz)" = file,line,reason,record ]
}

@test "--rejects has the records as they were read, whatever the memory and the columns' order" {
	many 60000 3 >clean.csv
	awk -F, -v OFS=, '{ print $7, $2, $1, "x" NR % 9, $3, $4, $5, $6 }' clean.csv | sed 1s/x1/extra/ >other.csv
	awk -F, -v OFS=, 'NR % 5 == 0 { $2 = $2 ".7"; $5 = "PLAY" } { print }' clean.csv >mixed.csv
	for raw in clean other mixed; do
		split -n l/2 -a 1 --numeric-suffixes=1 --filter="{ [ \$FILE = part1 ] || head -n 1 $raw.csv; cat; } >\$FILE" $raw.csv part
		ce-clean -p --rejects want.rejects part1 part2 >want.csv 2>want.stderr
		ce-clean -p --mem 0 --rejects got.rejects part1 part2 >got.csv 2>got.stderr
		cmp want.csv got.csv
		cmp want.rejects got.rejects
		same want.stderr got.stderr
		[ "$(wc -l <got.rejects)" -eq 20001 ]
		awk -F, 'FILENAME != "got.rejects" { line[FILENAME "," FNR] = $0; next }
			FNR > 1 && $0 != $1 "," $2 ",duplicate_event_id,\"" line[$1 "," $2] "\""' \
			part1 part2 got.rejects >differs
		same /dev/null differs
	done
}

@test "neither output stands before both are whole" {
	events a,1,u,c,play,0,tv b,x,u,c,play,0,tv
	fails 1 ce-clean -o missing/out.csv --rejects rejects.csv raw.csv
	fails 1 ce-clean -o out.csv --rejects missing/rejects.csv raw.csv
	fails 1 ce-clean -o /dev/full --rejects rejects.csv raw.csv
	fails 1 ce-clean -o out.csv --rejects /dev/full raw.csv
	fails 1 ce-clean -o out.csv --rejects out.csv raw.csv
	[ ! -e out.csv ] && [ ! -e rejects.csv ]
	ce-clean -p -o out.csv --rejects rejects.csv raw.csv
	[ "$(wc -l <out.csv)" -eq 2 ] && [ "$(wc -l <rejects.csv)" -eq 2 ]
}

@test "--max-rejects N: one more is an error, at once, and nothing is finished" {
	events a,1,u,c,play,0,tv b,x,u,c,play,0,tv c,3 d,4 e,5,u,c,play,0,tv
	ce-clean --max-rejects 3 raw.csv >out.csv.gz
	gzip -t out.csv.gz
	fails 1 ce-clean --max-rejects 1 --rejects rejects.csv raw.csv
	[ "$stderr" = "ce-clean: rejected 2 of 3 records read, more than --max-rejects 1: 1 ragged, 1 bad_event_ts" ]
	[ ! -s stdout ] && [ ! -e rejects.csv ]
	events a,1,u,c,play,0,tv b,2,u,c,play,0,tv a,3,u,c,play,0,tv
	ce-clean --max-rejects 1 raw.csv >out.csv.gz
	fails 1 ce-clean --max-rejects 0 -o out.csv raw.csv
	[ "$stderr" = "ce-clean: rejected 1 of 3 records read, more than --max-rejects 0: 1 duplicate_event_id" ]
	[ ! -e out.csv ]
}

@test "--max-rejects P%: judged over all records, duplicates among them" {
	{
		echo "$header"
		for ((i = 1; i <= 200; i++)); do
			echo "e$((i % 100 ? i : 1)),$i,u,c,play,$((i % 50 ? 0 : -1)),tv"
		done
	} >raw.csv
	# 4 of 200: all are bad positions, of which two would be duplicates.
	ce-clean --max-rejects 2% raw.csv >out.csv.gz 2>stderr
	gzip -t out.csv.gz
	fails 1 ce-clean --max-rejects 1.999999% raw.csv
	[ "$stderr" = "ce-clean: rejected 4 of 200 records read, more than --max-rejects 1.999999%: 4 negative_playback_position" ]
	[ ! -s stdout ]
	many 30000 20 >raw.csv
	ce-clean --max-rejects 25% raw.csv >out.csv.gz 2>stderr
	fails 1 ce-clean --max-rejects 24.9999% raw.csv
	[ "$stderr" = "ce-clean: rejected 10000 of 40000 records read, more than --max-rejects 24.9999%: 10000 duplicate_event_id" ]
	mv stdout unfinished.gz
	fails 1 gzip -t unfinished.gz
	events
	ce-clean --max-rejects 0% raw.csv >/dev/null
}

@test "options that make no sense" {
	events a,1,u,c,play,0,tv
	fails 2 ce-clean --allow-empty device,user_id raw.csv
	[[ $stderr == "ce-clean: --allow-empty: must be device or playback_position, not 'user_id'"* ]]
	fails 2 ce-clean --allow-empty nonsense raw.csv
	fails 2 ce-clean --ts-unit us raw.csv
	for bound in x -1 % 101% 5%% 1.5 ''; do
		fails 2 ce-clean --max-rejects "$bound" raw.csv
		[[ $stderr == "ce-clean: --max-rejects: expected a count or a percentage up to 100%, not '$bound'"* ]]
	done
	fails 2 ce-clean --mem much raw.csv
}

@test "nowhere to spill is an error that names the folder" {
	many 40000 20 >raw.csv
	TMPDIR=$PWD/missing fails 1 ce-clean --mem 0 raw.csv
	[ "$stderr" = "ce-clean: cannot create a temporary file in $PWD/missing: No such file or directory" ]
	[ ! -s stdout ]
}

@test "the manual page lists the event types and the reasons, word for word" {
	page=$(<"$CE_ROOT/tools/ce-clean.1")
	for list in event_types reasons; do
		text=$("${CE_BIN%/bin}/tables" $list)
		[ -n "$text" ]
		[[ $page == *"
$text
.El"* ]]
	done
}
