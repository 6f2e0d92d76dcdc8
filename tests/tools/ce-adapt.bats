# ce-adapt: its options, and what it says of a log. What it makes of one is in system/adapt.bats and with the recipes.
load ../common

# A recipe, and a log of it: n records, all of them plays but for the last one, a pause.
make_recipe() {
	cat >my.recipe <<-'END'
		format json
		event_id = id
		event_ts = t
		user_id = u
		content_id = c
		event_type = e
		playback_position = p
		event play -> play
		event pause -> pause
		event ad -> ignore
		options ce-sessionize --gap 4h --complete-by 'played'
	END
}

# record ID [JSON...]: a record with these members before its own.
record() {
	local id=$1
	shift
	printf '{"id":"%s",%s"t":"2024-03-01T20:15:00Z","u":"ada","c":"film","e":"play","p":1.5}\n' "$id" "${*/%/,}"
}

make_log() {
	record a1
	record a2
	printf '{"id":"a3","t":1709324103000,"u":"bob","c":"film","e":"pause","p":null}\n'
}

header=event_id,event_ts,user_id,content_id,event_type,playback_position,device

@test "events in the order of the log, plain or gzip, from files or standard input" {
	make_recipe
	make_log >log
	cat >want <<-END
		$header
		a1,1709324100000,ada,film,play,1,
		a2,1709324100000,ada,film,play,1,
		a3,1709324103000,bob,film,pause,,
	END
	ce-adapt -r ./my.recipe -p log | same - want
	ce-adapt -r ./my.recipe <log | gzip -dc | same - want
	gzip -k log
	ce-adapt -r ./my.recipe -p -o out log.gz
	same out want
	ce-adapt -r ./my.recipe --threads 2 -p - <log.gz | same - want
	# Several are one log, whatever each is.
	head -n 1 log >one
	(echo "[" && sed -n 2p log && echo "]") | gzip >two
	tail -n 1 log >three
	ce-adapt -r ./my.recipe -p one two three | same - want
	ln one again
	fails 1 ce-adapt -r ./my.recipe one two again
	echo "$stderr"
	[[ $stderr == "ce-adapt: "*again*one* ]]
}

@test "recipes by name beside the tool, by path, from standard input" {
	make_recipe
	mkdir -p installed/bin installed/share/ce/recipes
	cp "$CE_BIN/ce-adapt" installed/bin
	cp my.recipe installed/share/ce/recipes/mine.recipe
	make_log >log
	ce-adapt -r ./my.recipe -p log >want
	installed/bin/ce-adapt -r mine -p log | same - want
	ln -s installed/bin/ce-adapt linked
	./linked -r mine -p log | same - want
	ce-adapt -r my.recipe -p log | same - want
	ce-adapt -r - -p log <my.recipe | same - want
	fails 2 installed/bin/ce-adapt -r other log
	[[ $stderr == "ce-adapt: -r other: no such recipe in $PWD/installed/share/ce/recipes (a file of your own: ./other)"* ]]
	fails 1 ce-adapt -r ./other log
	[ "$stderr" = "ce-adapt: ./other: No such file or directory" ]
	ce-adapt -r segment --options ce-clean >/dev/null
}

@test "--options prints the words of a tool, one line, as a shell reads them" {
	make_recipe
	[ "$(ce-adapt -r ./my.recipe --options ce-sessionize)" = "--gap 4h --complete-by ''\\''played'\\'''" ]
	[ "$(ce-adapt -r ./my.recipe --options ce-clean | wc -l)" = 1 ]
	[ -z "$(ce-adapt -r ./my.recipe --options ce-clean)" ]
	for other in ce-other clean ''; do
		fails 2 ce-adapt -r ./my.recipe --options "$other"
		[[ $stderr == "ce-adapt: --options $other: expected ce-clean, ce-join, ce-sessionize, ce-agg, ce-online or ce-features"* ]]
	done
	ce-adapt -r ./my.recipe --options ce-sessionize -o words
	eval "set -- $(cat words)"
	[ "$#" = 4 ]
	[ "$4" = "'played'" ]
}

@test "options that make no sense" {
	make_recipe
	make_log >log
	fails 2 ce-adapt log
	[[ $stderr == "ce-adapt: -r RECIPE is missing: how is the log to be read?"* ]]
	fails 2 ce-adapt -r ./my.recipe --check --users u log
	[[ $stderr == "ce-adapt: --check writes no --users and no --contents"* ]]
	fails 2 ce-adapt -r ./my.recipe --options ce-agg log
	[[ $stderr == "ce-adapt: --options TOOL reads no log and writes no table"* ]]
	fails 2 ce-adapt -r ./my.recipe --options ce-agg --check
	fails 2 ce-adapt -r ./my.recipe --delimiter ';' log
	[[ $stderr == "ce-adapt: --delimiter is for recipes of the format csv"* ]]
	fails 2 ce-adapt -r ./my.recipe --max-rejects x log
	fails 2 ce-adapt -r ./my.recipe --tz Nowhere log
	fails 1 ce-adapt -r ./my.recipe none
	[ "$stderr" = "ce-adapt: none: No such file or directory" ]
}

@test "an output that is another output, the log or the recipe" {
	make_recipe
	make_log >log
	cp log before
	for outputs in "-o x --users x" "--users x --contents x" "-o log" "--users log" "--contents ./my.recipe"; do
		# shellcheck disable=SC2086 # these are words
		fails 1 ce-adapt -r ./my.recipe $outputs log
		echo "$stderr"
		[[ $stderr == *"is the same file"* || $stderr == *"is an input"* || $stderr == *"is read"* ]]
	done
	same log before
	[ ! -e x ]
}

# unfinished STATUS COMMAND...: fails, and leaves neither a finished stream nor a file under its name.
unfinished() {
	fails "$@"
	! gzip -t <stdout 2>/dev/null
	[ ! -e users.csv.gz ]
	[ ! -e contents.csv.gz ]
}

@test "a damaged log: where and what, and no finished output" {
	make_recipe
	damaged() {
		local want=$1
		cat >log
		unfinished 1 ce-adapt -r ./my.recipe --users users.csv.gz --contents contents.csv.gz log
		echo "$stderr"
		[ "$stderr" = "ce-adapt: $want" ]
	}
	allows="; --max-rejects 0 allows no more"
	(record a1 && echo '{"id":') | damaged "log:2: damaged record: it ends in the middle$allows"
	(record a1 && echo && echo 'x') |
		damaged "log:3: damaged record: no JSON: lexical error: invalid char in json text.$allows"
	(record a1 && echo '[]') | damaged "log:2: damaged record: an array, where one object is expected$allows"
	(record a1 | tr -d '\n' && echo ' "x') | damaged "log:1: damaged record: it ends in the middle$allows"
	(echo '[' && record a1) | damaged "log:3: damaged log: it ends in the middle"
	(echo '[' && record a1 && echo ', {"id":01}]') |
		damaged "log:3: damaged log: no JSON: parse error: after key and value, inside map, I expect ',' or '}'"
	(echo '[' && record a1 && echo ', 7]') | damaged "log:3: damaged record: no object$allows"
	record a1 | sed 's/"film"/["film"]/' |
		damaged "log:1: c is an object or array, where a value is expected$allows"
	record a1 '"u":1' | damaged "log:1: u: a key on this path stands twice in its object$allows"
	record a1 | sed 's/1.5/"1,5"/' |
		damaged "log:1: playback_position: '1,5' is not in the form of a number$allows"
	record a1 | sed 's/2024-03-01/2024-02-30/' |
		damaged "log:1: event_ts: '2024-02-30T20:15:00Z' is no time$allows"
	record a1 | sed 's/ada/\\ud83c/' | damaged "log:1: u is no text: ill-formed UTF-8, or a NUL in it$allows"
	record a1 | gzip | head -c 60 | damaged "log: truncated gzip stream: it ends at byte 60, before its trailer"
	printf '\xfd7zXZ\0' | damaged "log:1: is xz-compressed: xz -dc log | ce-adapt"
	record a1 | gzip | gzip | damaged "log:1: is gzip in gzip: gzip -dc log | ce-adapt"
	echo '<html>' | gzip | damaged "log:1: is a web page: did its download fail?"
	: | damaged "log: zero bytes (did an earlier tool fail?)"
}

@test "what nothing asks for may be damaged; what is no event is not looked at" {
	make_recipe
	(record a1 '"x":"\ud83c","x":[],"y":{"c":1,"c":2}' &&
		record a2 | sed 's/"play"/"ad"/; s/1.5/"no"/; s/"ada"/{}/') >log
	ce-adapt -r ./my.recipe -p log 2>said | tail -n +2 >events
	[ "$(cut -d, -f1 events)" = a1 ]
	[ "$(cat said)" = "ce-adapt: 2 records: 1 events; ignored 1: 'ad' 1" ]
}

@test "--max-rejects: a count at once, a share at the end; what is rejected is counted by reason" {
	make_recipe
	(record a1 && echo x && record a2 | sed 's/1.5/"x"/' && record a3 && record a4 | sed 's/2024/x/') >log
	ce-adapt -r ./my.recipe --max-rejects 3 -p log 2>said | tail -n +2 >events
	[ "$(cut -d, -f1 events | paste -s)" = $'a1\ta3' ]
	[ "$(cat said)" = "ce-adapt: 5 records: 2 events; rejected 3: 1 damaged, 1 with no number, 1 with no time, first \
log:2: damaged record: no JSON: lexical error: invalid char in json text." ]
	ce-adapt -r ./my.recipe --max-rejects 60% log >/dev/null
	# Reading stops there, before a line that is not there for it.
	fails 1 ce-adapt -r ./my.recipe --max-rejects 1 log
	[[ $stderr == *"(rejected 2 of 3 records: 1 damaged, 1 with no number); --max-rejects 1 allows no more" ]]
	unfinished 1 ce-adapt -r ./my.recipe --max-rejects 59% log
	[[ $stderr == "ce-adapt: log:2: damaged record: "*"(rejected 3 of 5 records: "*"); --max-rejects 59% allows no more" ]]
	# But damage in an array is the end.
	(echo '[' && record a1 && echo ', x]') >log
	fails 1 ce-adapt -r ./my.recipe --max-rejects 100% log
}

@test "unknown names of events: an error at the end, with their counts" {
	make_recipe
	(record a1 && record a2 '"x":1' | sed 's/play/start/' && record a3 | sed 's/play/seek/' && record a4 | sed 's/play/start/') >log
	unfinished 1 ce-adapt -r ./my.recipe log
	[ "$stderr" = "ce-adapt: 3 of 4 records are events that the recipe does not know: 'start' 2, 'seek' 1: say what becomes of \
each (event \"start\" \"seek\" -> ignore) or of all others (event * -> ignore); --check lists them" ]
	ce-adapt -r ./my.recipe --check log >text
	grep -q '^start  *2  unknown$' text
}

# warned WORDS [OPTION...]: there is a warning that begins so, and the output; with --strict that is an error, and none.
warned() {
	local words=$1
	shift
	ce-adapt -r ./my.recipe "$@" -o out log 2>said
	cat said
	grep -qF "ce-adapt: warning: $words" said
	rm out
	fails 1 ce-adapt -r ./my.recipe --strict "$@" -o out log || return 1
	[ ! -e out ]
}

@test "warnings: no zone, an empty column, more elements, no events; errors with --strict" {
	make_recipe
	make_log >log
	ce-adapt -r ./my.recipe --strict -o out log
	(record a1 && record a2) | sed 's/00Z/00/' >log
	warned "2 times have no offset, and are read as UTC: is that the zone of the log? (--tz, or 'zone' in the recipe)"
	ce-adapt -r ./my.recipe --strict --tz UTC -o out log
	make_log | sed 's/"p"/"q"/' >log
	warned "playback_position is empty: none of 3 records has a value at p (./my.recipe:7)"
	# Of arrays whose elements are asked for: not in what is ignored, nor behind a source that is not empty.
	sed -i 's/= p$/= q | p[0]/' my.recipe
	(make_log | sed 's/1.5/[1,2]/' && record a4 '"q":1' | sed 's/1.5/[1,2]/' &&
		record a5 | sed 's/1.5/[1,2]/; s/"play"/"ad"/') >log
	warned "arrays have more elements than the recipe takes: p[0]"
	make_log | sed 's/"e":"[a-z]*"/"e":"ad"/' >log
	warned "none of 3 records is an event: is this the recipe for the log?"
}

@test "warnings: positions in another unit, a field that decides and is nowhere; none where the recipe says so itself" {
	make_recipe
	for i in {1..12}; do record "a$i" | sed "s/1.5/0.$i/"; done >log
	warned "all of 12 positions are from 0 to 1: a ratio of the runtime? (playback_position = ... in ratio, ./my.recipe:7)"
	echo 'runtime = r' >>my.recipe
	sed -i 's/= p$/= p in ratio/; s/pause -> pause/end -> complete if done = true else stop/' my.recipe
	for i in {1..12}; do record "a$i" '"r":100' | sed 's/1.5/50/'; done >log
	warned "12 of 12 positions are above 1, which no ratio of the runtime is: in percent, or in s? (./my.recipe:7)"
	sed -i 's/in ratio/in percent/' my.recipe
	ce-adapt -r ./my.recipe --strict -o out log
	record b '"r":100' | sed 's/play/end/' >>log
	warned "what becomes of 1 records depends on done, which is empty in all of them"
	record b '"r":100,"done":true' | sed 's/play/end/' >>log
	ce-adapt -r ./my.recipe --strict -o out log
	sed -i '/^event play/a\  runtime = none\n  playback_position = none' my.recipe
	make_log | head -n 2 >log
	ce-adapt -r ./my.recipe --strict -o out log
}

@test "what a dimension cannot hold rejects its record: what ce-join would refuse never gets there" {
	make_recipe
	printf 'signup_date = s\nrelease_year = y\nruntime = r\n' >>my.recipe
	(record a1 '"s":1600000000,"y":"2019-05-03","r":90.5' && record a2 '"s":1600000000123,"y":1987.0' | sed 's/ada/bob/; s/film/show/' &&
		record a3 '"s":"2020-09-13 12:26:40+02:00","y":-44,"r":0' | sed 's/ada/cat/; s/film/clip/') >log
	ce-adapt -r ./my.recipe -p --users users.csv --contents contents.csv -o events.csv log
	same users.csv <(printf '%s\n' user_id,email,plan_tier,signup_date ada,,,2020-09-13T12:26:40Z bob,,,2020-09-13T12:26:40.123Z \
		'cat,,,2020-09-13 12:26:40+02:00')
	same contents.csv <(printf '%s\n' content_id,genre,runtime,release_year,maturity_rating clip,,,-44, film,,91,2019, show,,,1987,)
	ce-clean --allow-empty device,playback_position events.csv 2>/dev/null |
		ce-join -k user_id users.csv -k content_id contents.csv -o joined.csv
	for wrong in '"s":"soon"' '"s":12' '"y":"MMXX"' '"y":10000' '"y":1.5' '"r":2147483647.5'; do
		record a1 "$wrong" >log
		fails 1 ce-adapt -r ./my.recipe log
		[[ $stderr == "ce-adapt: log:1: "* ]]
	done
	sed -i 's/= s$/= s in s/' my.recipe
	record a1 '"s":12' >log
	ce-adapt -r ./my.recipe -p --users users.csv -o events.csv log
	grep -q '^ada,,,1970-01-01T00:00:12Z$' users.csv
}

@test "a log that would drive a terminal does not, in no message and in no text" {
	make_recipe
	record a1 | sed 's/1.5/"\\u001b[2J"/' >log
	record a2 >>log
	ce-adapt -r ./my.recipe --max-rejects 1 -o out log 2>said
	ce-adapt -r ./my.recipe --check log >text
	grep -q "playback_position: '?\[2J' is not in the form of a number" said text
	[ "$(cat said text | tr -d '\n[:print:]' | wc -c)" -eq 0 ]
}

@test "nothing is said of a log that becomes events whole, but with -v" {
	make_recipe
	make_log >log
	ce-adapt -r ./my.recipe -o out log 2>said
	[ ! -s said ]
	ce-adapt -v -r ./my.recipe -o out log 2>said
	grep -qx 'ce-adapt: 3 records: 3 events' said
}

@test "--tz: times without an offset, before and after the clock changes" {
	make_recipe
	(record a1 && record a2 | sed 's/03-01/07-01/' && record a3 | sed 's/00Z/00+09:00/') | sed 's/00Z/00/' >log
	ce-adapt -r ./my.recipe --tz Europe/Berlin -p log >events
	[ "$(pick event_ts 1 <events)" = 1709320500000 ]
	[ "$(pick event_ts 2 <events)" = 1719857700000 ]
	[ "$(pick event_ts 3 <events)" = 1709291700000 ]
	# It takes the place of the recipe's.
	echo "zone Asia/Tokyo" >>my.recipe
	ce-adapt -r ./my.recipe -p log | pick event_ts 1 | grep -qx 1709291700000
	ce-adapt -r ./my.recipe --tz Europe/Berlin -p log | same - events
}

@test "--check: names and what becomes of them, columns, the first events; rejects are no error" {
	make_recipe
	(make_log && echo x && record a4 | sed 's/"play"/"ad"/' && record a5 | sed 's/"play"/"p\\u001b[2J"/' &&
		record a6 | sed 's/1.5/"x"/' &&
		record a8 | sed 's/film/a\\u001b[2J\\n\\"b/') >log
	ce-adapt -r ./my.recipe --check -o text log 2>said
	sed -i 's/ *$//' text
	cat >want <<-END
		recipe ./my.recipe, 1 file: 8 records: 4 events; ignored 1: 'ad' 1; rejected 2: 1 damaged, 1 with no number, first log:4: damaged record: no JSON: lexical error: invalid char in json text.
		unknown 1, for which the recipe lacks a line such as: event * -> ignore

		event in the log                                  records  becomes
		play                                                    4  play 3, rejected 1
		ad                                                      1  ignore
		p?[2J                                                   1  unknown
		pause                                                   1  pause

		column             records with a value, at
		event_id            100.0 %  id
		event_ts            100.0 %  t
		user_id             100.0 %  u
		content_id          100.0 %  c
		event_type          100.0 %  e
		playback_position    75.0 %  p

		the first events
		$header
		a1,1709324100000,ada,film,play,1,
		a2,1709324100000,ada,film,play,1,
		a3,1709324103000,bob,film,pause,,
		a8,1709324100000,ada,"a?[2J?""b",play,1,
	END
	same text want
	[ ! -s said ]
}

@test "--check: what the recipe lacks, an error with --strict; a bound that is given; a log that is cut off" {
	make_recipe
	for name in start seek start 'say \"x\"' "$(printf 'é%.0s' {1..50})"; do
		record a1 | sed "s/\"play\"/\"${name//\\/\\\\}\"/"
	done >log
	record a1 >>log
	line='event "start" "say \"x\"" "seek" "'$(printf 'é%.0s' {1..40})'"* -> ignore'
	ce-adapt -r ./my.recipe --check log >text
	grep -qxF "unknown 5, for which the recipe lacks a line such as: $line" text
	fails 1 ce-adapt -r ./my.recipe --check --strict log
	[[ $stderr == "ce-adapt: 5 of 6 records are events that the recipe does not know: "* ]]
	same stdout text
	# A file is there only where all is well.
	fails 1 ce-adapt -r ./my.recipe --check --strict -o strict log
	[ ! -e strict ]
	(record a1 && record a2) | sed 's/00Z/00/' >local
	fails 1 ce-adapt -r ./my.recipe --check --strict -o strict local
	[ ! -e strict ]
	ce-adapt -r ./my.recipe --check -o strict local 2>said
	[ -s strict ]
	echo "$line" >>my.recipe
	ce-adapt -r ./my.recipe --check --strict log >text
	[ "$(grep -c unknown text)" -eq 0 ]

	(record a1 && echo x && echo y && record a2) >log
	ce-adapt -r ./my.recipe --check --max-rejects 2 log >/dev/null
	for bound in 1 49%; do
		fails 1 ce-adapt -r ./my.recipe --check --max-rejects "$bound" -o text log
		[[ $stderr == "ce-adapt: log:2: damaged record: "*"; --max-rejects $bound allows no more" ]]
		grep -q '^a1,' text
	done

	(echo "[" && record a1 && echo ',{"id":') >log
	fails 1 ce-adapt -r ./my.recipe --check -o text log
	[ "$stderr" = "ce-adapt: log:4: damaged log: it ends in the middle" ]
	grep -q '^a1,' text
}

@test "--users and --contents: all or none of the outputs" {
	make_recipe
	cat >>my.recipe <<-'END'
		plan_tier = plan
		runtime = r in ms
	END
	(record a1 '"plan":"free","r":90500' && record a2 '"plan":"gold"' | sed 's/20:15/20:14/; s/film/show/') >log
	ce-adapt -r ./my.recipe -p --users users.csv --contents contents.csv -o events.csv log
	same users.csv <(printf 'user_id,email,plan_tier,signup_date\nada,,free,\n')
	same contents.csv <(printf 'content_id,genre,runtime,release_year,maturity_rating\nfilm,,91,,\nshow,,,,\n')
	[ "$(wc -l <events.csv)" = 3 ]
	rm -- *.csv
	echo x >>log
	fails 1 ce-adapt -r ./my.recipe -p --users users.csv --contents contents.csv -o events.csv log
	[ ! -e users.csv ]
	[ ! -e contents.csv ]
	[ ! -e events.csv ]
	fails 1 ce-adapt -r ./my.recipe -p --users none/users.csv -o events.csv log
	[ ! -e events.csv ]
}

# recipe [LINE...]: r.recipe, of JSON with a path of each kind, and these lines.
recipe() {
	{
		cat <<-'END'
			format json
			event_id = id
			event_ts = constant 2024-03-01T20:00:00Z
			user_id = json.@json.user
			content_id = id
			event_type = constant x
			playback_position = at
			event x -> play
		END
		printf '%s\n' "$@"
	} >r.recipe
}

# becomes ROWS: the events of log.json, without what is the same in all of them.
becomes() {
	ce-adapt -p -r ./r.recipe --max-rejects 100% log.json 2>stderr | tail -n +2 | cut -d, -f1,3,6 >got
	same <(printf '%s' "${1:+$1$'\n'}") got
}

@test "of a position the fraction is dropped; a part of a runtime that is not above 0 is unknown" {
	recipe
	printf '%s\n' '{"id":"a","at":-0.5}' '{"id":"b","at":-1.5}' '{"id":"c","at":1.9}' '{"id":"d","at":null}' >log.json
	becomes $'a,,0\nb,,-1\nc,,1\nd,,'
	recipe 'runtime = length'
	sed 's/^playback_position = at/& in percent/' r.recipe >ratio.recipe && mv ratio.recipe r.recipe
	printf '%s\n' '{"id":"a","at":50,"length":3}' '{"id":"b","at":50,"length":0}' '{"id":"c","at":50,"length":-1}' '{"id":"d","at":50}' >log.json
	becomes $'a,,1\nb,,\nc,,\nd,,'
}

@test "what follows a whole record or a whole text of JSON rejects that record, and not the next one" {
	recipe
	for rest in 1 tru '"a' '{' ']' ' {}' ',' '1 '; do
		printf '%s\n' '{"id":"a"}'"$rest" '{"id":"b","json":"{\"user\":\"u\"}"}' >log.json
		becomes b,u,
		grep -q "rejected 1: 1 damaged, first log.json:1:" stderr
		for text in '{}' 0 true null '\"\"' '[]'; do
			printf '%s\n' '{"id":"a","json":"'"$text${rest//\"/\\\"}"'"}' '{"id":"b","json":"{\"user\":\"u\"}"}' >log.json
			becomes b,u,
			grep -q "rejected 1: 1 with text that is no JSON, first log.json:1:" stderr
		done
	done
	printf '[{"id":"a"}] tru' >log.json
	fails 1 ce-adapt -r ./r.recipe log.json
	[[ $stderr == *"log.json:1: damaged log: it ends in the middle" ]]
}

@test "each document has the array that holds records, and one alone" {
	recipe 'records a.b'
	printf '%s\n' '{"a":{"b":[{"id":"a"}],"c":{"b":[{}]}},"b":[{}]}' '{"a":{"b":[]}}' '{"b":1,"a":{"b":[{"id":"b"}]}}' >log.json
	becomes $'a,,\nb,,'
	for wrong in '{"a":{}}' '{}' '[]' '{"a":{"b":null}}' '{"a":{"b":{}}}' '{"a":[{"b":[]}]}'; do
		printf '%s\n' '{"a":{"b":[{"id":"a"}]}}' "$wrong" '{"a":{"b":[]}}' >log.json
		fails 1 ce-adapt -r ./r.recipe log.json
		[[ $stderr == "ce-adapt: log.json:2: damaged log: no array at the path of 'records'" ]]
	done
	for wrong in '{"a":{"b":[],"b":[]}}' '{"a":{"b":[]},"a":1}' '{"a":1,"a":{"b":[]}}'; do
		printf '%s\n' '{"a":{"b":[{"id":"a"}]}}' "$wrong" >log.json
		fails 1 ce-adapt -r ./r.recipe log.json
		[[ $stderr == "ce-adapt: log.json:2: damaged log: a key on the path of 'records' stands twice" ]]
	done
}

@test "an escape that lies on the edge of what is read at once is one character, in any position" {
	recipe
	for shift in 0 1 2 3 4 5 6 7 8 9 10 11; do
		awk -v shift=$shift 'BEGIN {
			for (i = 0; i < 20; i++) id = id "\\u00e9\\ud83d\\udE00"
			printf "[%" shift "s", ""
			for (i = 0; i < 1500; i++) printf "%s{\"id\":\"%s\"}", i ? "," : "", id
			print "]"
		}' >log.json
		ce-adapt -p -r ./r.recipe log.json 2>stderr | tail -n +2 | cut -d, -f1 | uniq -c >got
		printf '%7d %s\n' 1500 "$(printf 'é😀%.0s' {1..20})" >want
		same want got
	done
}
