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

# clean ARG...: times in these tests are small numbers, which alone say no unit; and what is rejected is
# what a test is about.
clean() {
	ce-clean --ts-unit ms --max-rejects 100% "$@"
}

# keeps LINE...: raw.csv, cleaned, is these rows. Warnings are not in stderr.
keeps() {
	printf '%s\n' "$header" "$@" >want.csv
	clean -p raw.csv >got.csv 2>all
	grep -v '^ce-clean: warning: ' all >stderr || true
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
		for unit in auto ms s us; do
			case $seed$unit in
			[12]ms | 3s | 4auto) empty=device ;;
			[34]ms) empty=playback_position,device ;;
			*) empty= ;;
			esac
			reference generate $seed 600 | tr -d '\036' >raw.csv
			reference clean $unit "$empty" want.rejects <raw.csv >want.csv
			ce-clean -p --ts-unit $unit --max-rejects 100% ${empty:+--allow-empty "$empty"} \
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
		ce-clean -p --max-rejects 100% --allow-empty device raw.csv >want.csv 2>want.stderr
		[ "$(wc -l <want.csv)" -gt 1000 ]
		for order in 1 2; do
			reference shuffle $order <raw >shuffled.csv
			ce-clean -p --max-rejects 100% --allow-empty device shuffled.csv >got.csv 2>got.stderr
			same want.csv got.csv
			same want.stderr got.stderr
		done
		for part in 0 1; do
			reference part $part 2 <raw | gzip >part$part.csv.gz
		done
		ce-clean -p --max-rejects 100% --allow-empty device --mem 0 part1.csv.gz - <part0.csv.gz \
			>got.csv 2>got.stderr
		same want.csv got.csv
		same want.stderr got.stderr
	done
}

@test "cleaning twice changes nothing, and the second time rejects nothing" {
	for seed in 1 2 3; do
		reference generate $seed 1000 | tr -d '\036' >raw.csv
		for unit in ms auto; do
			# What is earlier is, in milliseconds, too small a number for that unit.
			since=$([ $unit = ms ] || echo --since=1973-03-03T09:46:40Z)
			clean --ts-unit $unit --allow-empty device,playback_position ${since:+"$since"} \
				--keep '*' raw.csv >once.csv.gz 2>stderr
			ce-clean --ts-unit $unit --allow-empty device,playback_position --keep '*' \
				--max-rejects 0 once.csv.gz >twice.csv.gz 2>stderr
			[ -z "$(grep -v warning stderr)" ]
			cmp once.csv.gz twice.csv.gz
			[ "$(gzip -dc once.csv.gz | wc -l)" -gt 300 ]
		done
	done
}

# is_little: got.stderr, of a run with -v, says less than 12 MiB, unless a sanitizer needs its own.
is_little() {
	nm "$CE_BIN/ce-clean" | grep -q __asan ||
		(($(sed -n 's/.* s, \([0-9]*\)\.[0-9]* MiB$/\1/p' got.stderr) < 12))
}

@test "little memory: several merge passes, the same bytes, and it stays little" {
	many 9000 9000 >raw.csv
	ce-clean -p raw.csv >want.csv 2>want.stderr
	ce-clean -p -v --mem 2M raw.csv >got.csv 2>got.stderr
	cmp want.csv got.csv
	[ "$(wc -l <got.csv)" -eq 9001 ]
	[ "$(<want.stderr)" = "$(sed '$d' got.stderr)" ]
	is_little
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "what drives a terminal, or turns text around, is a ? in what is quoted; and no memory has the tool's name" {
	events $'a,1704448800000,u,c,play,0,tv' $'b,1704448800000,u,c,p\xe2\x80\xaely\xc2\x9b31m\xd8\x9c,0,tv'
	keeps a,1704448800000,u,c,play,0,tv
	[ "$(head -n 1 stderr)" = "ce-clean: kept 1 of 2 records; rejected 1: 1 bad_event_type ('p?ly?31m?' 1)" ]
	fails 2 ce-clean $'--\xe2\x80\xaemem'
	[ "${stderr%%$'\n'*}" = "ce-clean: unknown option '--?mem'" ]
	if [[ $(<"$CE_BIN/../flags") != *-fsanitize* ]]; then
		awk -v header="$header" 'BEGIN { print header; for (i = 0; i < 300000; i++) print i ",1704448800000,u,c,play,0,tv" }' >many
		fails 1 bash -c 'ulimit -v 20000; exec ce-clean -p --mem 1G --threads 1 many'
		[[ $stderr == "ce-clean: out of memory ("*")" ]]
	fi
}

@test "little memory and no event_id that is not there again: the same bytes, and it stays little" {
	awk -v header="$header" -v n=200000 'BEGIN {
		print header
		for (i = 0; i < 2 * n; i++)
			printf "%08d-e5a9-4f3c,%.0f,u,c,play,%d,\n", i * 7919 % n, 1649400000000 + i, i
	}' >raw.csv
	for mem in 1G 2M; do
		ce-clean -p -v --mem $mem --allow-empty device --max-rejects 100% --rejects $mem.rejects raw.csv \
			>$mem.csv 2>got.stderr
	done
	cmp 1G.csv 2M.csv
	cmp 1G.rejects 2M.rejects
	[ "$(wc -l <2M.csv)" -eq 200001 ]
	[ "$(cut -d, -f2 2M.csv | tail -n 1)" -eq 1649400199999 ]
	is_little
	[ -z "$(ls -A "$TMPDIR")" ]
}

@test "duplicates far apart are found on disk too" {
	many 60000 3 >raw.csv
	ce-clean -p raw.csv >want.csv 2>want.stderr
	ce-clean -p --mem 0 raw.csv >got.csv 2>got.stderr
	cmp want.csv got.csv
	same want.stderr got.stderr
	[ "$(head -n 1 got.stderr)" = "ce-clean: kept 60000 of 80000 records; rejected 20000: 20000 duplicate_event_id" ]
	[ "$(cut -d, -f1 got.csv | tail -n +2 | sort -u | wc -l)" -eq 60000 ]
	[ "$(grep -c late got.csv)" -eq 0 ]
}

@test "the first of an event_id stays, and of equals the bytewise smallest record" {
	events a,20,u,c,play,0,tv b,10,u,c,play,5,tv b,10,u,c,play,12,tv a,19,u,c,stop,9,tv \
		aa,10,u,c,play,0,tv B,10,u,c,play,0,tv b,10,t,c,seek,7,tv b,9999,u,c,play,0,tv
	keeps B,10,u,c,play,0,tv aa,10,u,c,play,0,tv b,10,t,c,seek,7,tv a,19,u,c,stop,9,tv
	[ "$(<stderr)" = "ce-clean: kept 4 of 8 records; rejected 4: 4 duplicate_event_id" ]
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
		"1 ts_out_of_range, 1 bad_event_type ('dance' 1), 1 bad_playback_position," \
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
	clean --rejects rejects.csv.gz one.csv two.csv >out.csv.gz 2>stderr
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
	clean --rejects none.csv.gz out.csv.gz >/dev/null
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
	fails 1 clean -o missing/out.csv --rejects rejects.csv raw.csv
	fails 1 clean -o out.csv --rejects missing/rejects.csv raw.csv
	fails 1 clean -o /dev/full --rejects rejects.csv raw.csv
	fails 1 clean -o out.csv --rejects /dev/full raw.csv
	fails 1 clean -o out.csv --rejects out.csv raw.csv
	[ ! -e out.csv ]
	[ ! -e rejects.csv ]
	clean -p -o out.csv --rejects rejects.csv raw.csv
	[ "$(wc -l <out.csv)" -eq 2 ]
	[ "$(wc -l <rejects.csv)" -eq 2 ]
}

@test "--max-rejects N: one more is an error, at once, and nothing is finished" {
	events a,1,u,c,play,0,tv b,x,u,c,play,0,tv c,3 d,4 e,5,u,c,play,0,tv
	clean --max-rejects 3 raw.csv >out.csv.gz
	gzip -t out.csv.gz
	fails 1 clean --max-rejects 1 --rejects rejects.csv raw.csv
	[ "$stderr" = "ce-clean: rejected 2 of 3 records read, more than --max-rejects 1: 1 ragged, 1 bad_event_ts (--delimiter?)" ]
	[ ! -s stdout ]
	[ ! -e rejects.csv ]
	events a,1,u,c,play,0,tv b,2,u,c,play,0,tv a,3,u,c,play,0,tv
	clean --max-rejects 1 raw.csv >out.csv.gz
	fails 1 clean --max-rejects 0 -o out.csv raw.csv
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
	clean --max-rejects 2% raw.csv >out.csv.gz 2>stderr
	gzip -t out.csv.gz
	fails 1 clean --max-rejects 1.999999% raw.csv
	[ "$stderr" = "ce-clean: rejected 4 of 200 records read, more than --max-rejects 1.999999%: 4 negative_playback_position" ]
	[ ! -s stdout ]
	many 30000 20 >raw.csv
	clean --max-rejects 25% raw.csv >out.csv.gz 2>stderr
	fails 1 clean --max-rejects 24.9999% raw.csv
	[ "$stderr" = "ce-clean: rejected 10000 of 40000 records read, more than --max-rejects 24.9999%: 10000 duplicate_event_id" ]
	mv stdout unfinished.gz
	fails 1 gzip -t unfinished.gz
	events
	clean --max-rejects 0% raw.csv >/dev/null
}

@test "options that make no sense" {
	events a,1,u,c,play,0,tv
	fails 2 ce-clean --allow-empty device,user_id raw.csv
	[[ $stderr == "ce-clean: --allow-empty: must be device or playback_position, not 'user_id'"* ]]
	fails 2 ce-clean --allow-empty nonsense raw.csv
	fails 2 ce-clean --ts-unit minutes raw.csv
	[[ $stderr == "ce-clean: --ts-unit: must be one of auto, s, ms, us, ns, not 'minutes'"* ]]
	for zone in Europe/Berln CET-1CEST ../UTC /usr/share/zoneinfo/UTC ''; do
		fails 2 ce-clean --tz "$zone" raw.csv
		[[ $stderr == "ce-clean: --tz: unknown time zone '$zone': expected a name that is in "* ]]
	done
	for time in 20240101 2024 noon ''; do
		fails 2 ce-clean --since "$time" raw.csv
		[[ $stderr == "ce-clean: --since: expected a time such as 2024-01-01, "*", found '$time'"* ]]
		fails 2 ce-clean --until "$time" raw.csv
	done
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

# In seconds there are no milliseconds: those of the log are cut off first.
@test "a log in any unit or form of time gives the same events" {
	gzip -dc "$CE_ROOT/samples/events_table.csv.gz" >raw.csv
	cat >in_form.py <<-'END'
		import re, sys
		from datetime import datetime, timezone

		def written(match):
		    s, ms = divmod(int(match[2]), 1000)
		    clock = datetime.fromtimestamp(s, timezone.utc).strftime("%F %T")
		    return match[1] + {
		        "s": f"{s}", "whole": f"{s}000", "s.ms": f"{s}.{ms:03}", "us": f"{s}{ms:03}999",
		        "ns": f"{s}{ms:03}000001", "sci": f"{s // 10**9}.{s % 10**9:09}{ms:03}E+12",
		        "UTC": f"{clock}.{ms:03} UTC", "Z": f"{clock}.{ms:03}Z", "local": f"{clock}.{ms:03}",
		    }[sys.argv[1]].encode() + b","

		log = sys.stdin.buffer.read()
		sys.stdout.buffer.write(re.sub(rb"(?m)^(e[0-9]+,)(1[0-9]{12}),", written, log))
	END
	in_form() {
		python3 in_form.py "$1"
	}
	ce-clean -p raw.csv >want 2>told
	for form in s.ms us ns sci UTC Z local; do
		in_form $form <raw.csv | ce-clean -p >got 2>told
		same want got
	done
	in_form whole <raw.csv | ce-clean -p >want 2>told
	[ "$(wc -l <want)" -gt 1000 ]
	in_form s <raw.csv | ce-clean -p >got 2>told
	same want got
}

# Half of the times are within three hours of a change of the clock.
@test "local times are those of Python's zoneinfo, in every zone" {
	python3 - <<-'END'
		import random
		import zoneinfo
		from datetime import datetime, timedelta

		r = random.Random(20240331)
		zones = sorted(z for z in zoneinfo.available_timezones() if z[0].isupper() and z != "Factory")
		for name in r.sample(zones, 60) + ["Australia/Lord_Howe", "Asia/Kolkata", "America/New_York"]:
		    zone = zoneinfo.ZoneInfo(name)
		    changes = []
		    for year in r.sample(range(1970, 2100), 60):
		        days = [datetime(year, 1, 1) + timedelta(days=7 * week) for week in range(53)]
		        for low, high in zip(days, days[1:]):
		            if zone.utcoffset(low) == zone.utcoffset(high):
		                continue
		            before = zone.utcoffset(low)
		            while high - low > timedelta(minutes=1):
		                middle = low + (high - low) / 2
		                low, high = (middle, high) if zone.utcoffset(middle) == before else (low, middle)
		            changes.append(high)
		    with open("zone." + name.replace("/", "."), "w") as f:
		        f.write("event_id,event_ts,user_id,content_id,event_type,playback_position,device\n")
		        want = open("want." + name.replace("/", "."), "w")
		        for i in range(300):
		            local = datetime(1970, 1, 3) + timedelta(seconds=r.randrange(129 * 365 * 86400))
		            if i % 2 and changes:
		                local = r.choice(changes) + timedelta(seconds=r.randrange(-3 * 3600, 3 * 3600))
		            local = local.replace(microsecond=r.randrange(1000) * 1000)
		            f.write(f"e{i},{local.isoformat(' ', 'milliseconds')},u,c,play,7,tv\n")
		            exact = local.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC"))
		            want.write(f"e{i},{exact // timedelta(milliseconds=1)}\n")
		        want.close()
	END
	for file in zone.*; do
		zone=${file#zone.}
		name=$(cd /usr/share/zoneinfo && find . -path "./${zone//./?}" | head -n 1)
		ce-clean -p --tz "${name#./}" "$file" 2>told | tail -n +2 | cut -d, -f1,2 | sort >got
		sort "want.$zone" | same - got
	done
	[ "$(cat want.* | wc -l)" -gt 15000 ]
}

@test "--tz: a skipped or repeated hour takes the offset before, and is counted" {
	events a,2024-03-31T02:30:00,u,c,play,7,tv b,2024-10-27T02:30:00,u,c,play,7,tv \
		c,2024-07-01T02:30:00,u,c,play,7,tv d,2024-10-27T02:30:00Z,u,c,play,7,tv
	ce-clean -p --tz Europe/Berlin raw.csv >got 2>told
	printf '%s\n' "$header" a,1711848600000,u,c,play,7,tv c,1719793800000,u,c,play,7,tv \
		b,1729989000000,u,c,play,7,tv d,1729996200000,u,c,play,7,tv >want
	same want got
	[[ $(<told) == "ce-clean: warning: 2 of 4 records have a local time that a change of the clock skips or repeats"*"(--tz)" ]]
	ce-clean -p raw.csv >got 2>told
	same /dev/null told
	[ "$(cut -d, -f1,2 got | sed 1d | tr '\n' ' ')" = \
		"a,1711852200000 c,1719801000000 b,1729996200000 d,1729996200000 " ]
}

@test "--since and --until: half-open, in the zone, and none of the faults" {
	events a,2024-01-01T22:59:59.999Z,u,c,play,7,tv b,2024-01-01T23:00:00Z,u,c,play,7,tv \
		c,2024-01-02T22:59:59.999Z,u,c,play,7,tv d,2024-01-02T23:00:00Z,u,c,play,7,tv e,x,u,c,play,7,tv \
		b,2024-01-02T08:00:00Z,u,c,play,7,tv
	ce-clean -p --since 2024-01-02 --until '2024-01-03 00:00' --tz Europe/Berlin --rejects rejects \
		raw.csv >got 2>told
	[ "$(cut -d, -f1 got | tr '\n' ' ')" = "event_id b c " ]
	[ "$(head -n 1 told)" = "ce-clean: kept 2 of 6 records; rejected 4: 1 bad_event_ts, 1 before_since, 1 after_until, 1 duplicate_event_id" ]
	[ "$(cut -d, -f2,3 rejects | tr '\n' ' ')" = \
		"line,reason 2,before_since 5,after_until 6,bad_event_ts 7,duplicate_event_id " ]
	# The faults are 2 of the 4 records that were asked for.
	ce-clean --max-rejects 50% --since 1704150000 --until 1704236400000 raw.csv >/dev/null 2>told
	fails 1 ce-clean --max-rejects 49% --since 1704150000 --until 1704236400000 raw.csv
	[[ $stderr == *"rejected 2 of 4 records read, more than --max-rejects 49%: "* ]]
	ce-clean --max-rejects 2 --since 2024-01-02 --until 2024-01-03 raw.csv >/dev/null 2>told
}

@test "--since not before --until is bad usage" {
	events a,1700000000,u,c,play,0,tv
	for times in '2024-01-02 2024-01-02' '2024-01-02 2024-01-01' '2024-01-02T00:00Z 2024-01-02T02:00+02:00'; do
		fails 2 ce-clean --since "${times% *}" --until "${times#* }" raw.csv
		[[ $stderr == "ce-clean: --since must be before --until"* ]]
	done
	ce-clean --tz Asia/Tokyo --since 2023-11-14 --until 2023-11-14T00:00:00Z --max-rejects 0 raw.csv >/dev/null && return 1
	fails 2 ce-clean --tz Asia/Tokyo --since 2023-11-14 --until 2023-11-13T15:00:00Z raw.csv
}

@test "--until as it is advised keeps all but the newest events, whatever --tz is" {
	events a,2024-03-02T08:00:00,u,c,play,7,tv b,2024-03-02T08:30:00,u,c,stop,8,tv c,2024-03-02T08:45:00,u,c,stop,8,tv \
		d,2024-08-01T00:00:00,u,c,play,7,tv
	for zone in Asia/Tokyo America/New_York UTC; do
		ce-clean --tz $zone raw.csv 2>told >/dev/null
		advised=$(sed -n 's/.*wrong clock? (\(--until .*\))$/\1/p' told)
		# shellcheck disable=SC2086 # an option and its value
		ce-clean -p --tz $zone $advised raw.csv 2>told >got
		[ "$(cut -d, -f1 got | tr '\n' ' ')" = "event_id a b c " ]
	done
}

@test "more than half rejected, or nothing kept of something, is an error" {
	events a,1,u,c,play,0,tv b,x,u,c,play,0,tv
	ce-clean --ts-unit ms raw.csv >out.csv.gz 2>told
	events a,1,u,c,play,0,tv b,x,u,c,play,0,tv c,x,u,c,play,0,tv
	fails 1 ce-clean --ts-unit ms raw.csv
	[ "$stderr" = "ce-clean: rejected 2 of 3 records read, more than --max-rejects 50%: 2 bad_event_ts (--ts-unit?)" ]
	[ ! -s stdout ]
	fails 1 ce-clean --max-rejects 100% --until 2023-01-01 raw.csv
	[ "$stderr" = "ce-clean: kept none of 3 records; rejected: 3 bad_event_ts (--ts-unit?)" ]
	events a,1700000000,u,c,play,0,tv
	fails 1 ce-clean --until 2023-01-01 -o out.csv raw.csv
	[ "$stderr" = "ce-clean: kept none of 1 records; rejected: 1 after_until" ]
	[ ! -e out.csv ]
	events
	ce-clean -p raw.csv >out.csv
	[ "$(<out.csv)" = "$header" ]
}

@test "unknown event types are named, with their counts" {
	events a,1,u,c,rewind,0,tv b,1,u,c,buffer,0,tv c,1,u,c,rewind,0,tv d,1,u,c,play,0,tv e,1,u,c," Re,W",0,tv \
		f,1,u,c,play,0,tv g,1,u,c,play,0,tv
	clean raw.csv >/dev/null 2>told
	[ "$(head -n 1 told)" = "ce-clean: kept 3 of 7 records; rejected 4: 1 ragged, 3 bad_event_type ('rewind' 2, 'buffer' 1)" ]
	fails 1 ce-clean --ts-unit ms --max-rejects 50% raw.csv
	[[ $stderr == *"1 ragged, 3 bad_event_type ('rewind' 2, 'buffer' 1)" ]]
}

@test "--keep: further columns as they are, in the order of the input" {
	cat >raw.csv <<-'END'
		z,event_id,event_ts,user_id,content_id,event_type,playback_position,device,"a ""b""",empty,null
		1,x,1700000000000,u,c,play,7,tv," q, ","",
		 2 ,x,1700000000000,u,c,play,7,tv,t, ,\.
		3,y,1700000000001, u,c,play,7,tv,"t",é,"1"
	END
	printf '4,w,1700000000002,u,c,play,7,tv,\xff,,\n' >>raw.csv
	cat >want <<-'END'
		event_id,event_ts,user_id,content_id,event_type,playback_position,device,z,"a ""b""",empty,null
		x,1700000000000,u,c,play,7,tv, 2 ,t, ,"\."
		y,1700000000001,u,c,play,7,tv,3,t,é,1
	END
	ce-clean -p --keep '*' --rejects rejects raw.csv >got 2>told
	same want got
	[ "$(head -n 1 told)" = "ce-clean: kept 2 of 4 records; rejected 2: 1 invalid_utf8, 1 duplicate_event_id" ]
	[ "$(tail -n 1 rejects)" = 'raw.csv,2,duplicate_event_id,"1,x,1700000000000,u,c,play,7,tv,"" q, "","""","' ]
	ce-clean -p --keep null,z,device --keep z raw.csv >got 2>told
	cut -d, -f1-8,11 want >some
	[ "$(sed 1d got)" = "$(printf '%s\n' "x,1700000000000,u,c,play,7,tv, 2 ,\"\\.\"" y,1700000000001,u,c,play,7,tv,3,1 \
		w,1700000000002,u,c,play,7,tv,4,)" ]
	[ "$(head -n 1 got)" = "$header,z,null" ]
	fails 1 ce-clean --keep z,nothing raw.csv
	[[ $stderr == "ce-clean: raw.csv:1: missing column nothing"* ]]
	fails 1 ce-clean --keep '*,nothing' raw.csv
	[[ $stderr == "ce-clean: raw.csv:1: missing column nothing"* ]]
}

@test "--keep: a column whose name is not valid UTF-8 is refused, one that is not kept is not" {
	printf 'sep=,\n%s,ok,caf\xe9\n' "$header" >raw.csv
	for columns in '*' $'caf\xe9'; do
		fails 1 ce-clean --keep "$columns" raw.csv
		[[ $stderr == "ce-clean: raw.csv:2: the name of column 9 is not valid UTF-8: 'caf"* ]]
	done
	ce-clean -p --keep ok raw.csv | same - <(echo "$header,ok")
}

@test "--keep: what is copied in one piece and what is not are the same" {
	many 3000 3 >raw.csv
	awk -F, -v OFS=, '{ print $0, "k" NR % 3, "l" NR % 5 }' raw.csv | sed '1s/,k1,l1/,k,l/' >more.csv
	awk -F, -v OFS=, '{ print $9, $0 }' more.csv | cut -d, -f1-9 >other.csv
	ce-clean -p --keep k,l --rejects want.rejects more.csv >want 2>told
	ce-clean -p --keep l,k other.csv >got 2>told
	awk -F, -v OFS=, '{ print $1, $2, $3, $4, $5, $6, $7, $9, $8 }' got | same want -
	ce-clean -p --keep k raw.csv >got 2>told && return 1
	[ "$(wc -l <want.rejects)" -eq 1001 ]
	ce-clean -p more.csv 2>told | same - <(cut -d, -f1-7 want)
}

@test "a kept column does not choose between copies that differ in the others" {
	events 'a,1,u,c,play,0,tv (old),a' a,1,u,c,play,0,tv,c a,1,u,c,play,0,tv,b
	sed -i '1s/$/,note/' raw.csv
	clean -p --keep note raw.csv 2>told | sed 1d >got
	[ "$(<got)" = a,1,u,c,play,0,tv,b ]
}

@test "--na: these words are NULL" {
	events a,1,u,c,play,NULL,tv 'b,1,u,c,play," \N ",NULL' c,1,NULL,c,play,0,null d,1,NULLs,c,play,0,null e,1,u,c,NULL,0,tv
	clean -p --na 'NULL,\N' --na x --allow-empty device,playback_position raw.csv >got 2>told
	printf '%s\n' "$header" a,1,u,c,play,,tv b,1,u,c,play,, d,1,NULLs,c,play,0,null >want
	same want got
	[ "$(head -n 1 told)" = "ce-clean: kept 3 of 5 records; rejected 2: 1 missing_user_id, 1 missing_event_type" ]
}

@test "warnings, which --strict makes errors without a finished stream" {
	warns() { # TEXT
		ce-clean -p raw.csv >got.csv 2>told
		[ "$(grep -c warning told)" -eq 1 ]
		[[ $(<told) == "ce-clean: warning: $1" ]] || { cat told && return 1; }
		fails 1 ce-clean --strict raw.csv
		[[ $stderr == "ce-clean: warning: $1
ce-clean: a warning is an error with --strict" ]]
		mv stdout unfinished
		fails 1 gzip -t unfinished
		fails 1 ce-clean --strict -o out.csv.gz raw.csv
		[ ! -e out.csv.gz ]
	}
	events a,1700000000,u,c,play,7,tv b,1700000001,u,c,stop,8,tv
	ce-clean --strict raw.csv >/dev/null 2>told
	same /dev/null told
	events a,1700000000,u,c,play,7,tv b,1700000001,u,c,stop,8,tv c,2099-01-01T00:00:00Z,u,c,play,7,tv
	# At midnight the day may pass between the run and the look at the clock.
	while
		after_tomorrow=$(date -u -d '2 days' +%F)
		ce-clean raw.csv >/dev/null 2>told
		[ "$after_tomorrow" != "$(date -u -d '2 days' +%F)" ]
	do :; done
	[ "$(<told)" = "ce-clean: warning: 1 of 3 events are after tomorrow, the last on 2099-01-01: a wrong clock? (--until ${after_tomorrow}T00:00:00Z)" ]
	fails 1 ce-clean --strict raw.csv
	events a,2099-01-01T00:00:00Z,u,c,play,7,tv
	warns '1 of 1 events are after tomorrow: event_ts in another unit? (--ts-unit)'
	events a,200000000,u,c,play,7,tv
	warns '1 of 1 events are before 1980: event_ts in another unit? (--ts-unit)'
	events a,1700000000,u,c,play,7,tv b,1700000001,u,c,stop,8,tv c,1700000002,u,c,stop,8,tv d,1710000000,u,c,play,7,tv
	warns 'the newest 1 of 4 events are from 2024-03-09 on, 115 days after the others: a wrong clock? (--until 2023-11-15T00:00:00Z)'
	events a,1700000000,None,c,play,7,tv b,1700000001,u,c,stop,8,tv c,1700000001,null,c,stop,8,tv
	warns "2 of 3 records have a word such as 'None' as their user_id: a missing value? (--na None,null)"
	events a,1700000000,u,c,play,0,tv b,1700000001,u,c,stop,.8,tv
	warns 'all values of playback_position are from 0 to 1: a ratio, where seconds are expected?'
	many 19 3 | sed 's/,c,stop,/,,stop,/' >raw.csv
	ce-clean raw.csv >/dev/null 2>told
	[ "$(tail -n 1 told)" = "ce-clean: warning: 7 of 26 records are rejected, more than 5 %: faults of the log, or of how it is read? (--rejects FILE writes them)" ]
	# What may be the reason for an error is said before it.
	events a,1700000000,u,c,play,NULL,tv b,1700000001,u,c,play,NULL,tv
	fails 1 ce-clean raw.csv
	[ "$stderr" = "ce-clean: warning: 2 of 2 records have a word such as 'NULL' as their playback_position: a missing value? (--na NULL)
ce-clean: kept none of 2 records; rejected: 2 bad_playback_position" ]
}
