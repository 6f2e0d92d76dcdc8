#!/usr/bin/env bats
# What all tools have in common: each test runs over every tool that it concerns, a folder for each.

# A case is a function that runs in a subshell (SC2030, SC2031, SC2317) with variables made for it
# (SC2034, SC2154), over lists of words (SC2086, SC2206); some read and write one file on purpose (SC2094).
# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2094,SC2154,SC2206,SC2317

load ../common

readers='ce-clean ce-merge ce-join ce-sessionize ce-agg ce-online ce-features ce-train ce-predict ce-eval ce-audit ce-materialize' # read a table
tables='ce-clean ce-merge ce-join ce-sessionize ce-agg ce-online ce-features ce-predict ce-eval ce-audit ce-materialize' # and write one
filters='ce-clean ce-merge ce-join ce-sessionize ce-agg ce-online ce-features ce-predict' # whose rows are those they read
ordered='ce-merge ce-join ce-sessionize ce-agg ce-online ce-features' # want the rows in canonical order
files="$readers ce-adapt ce-model" # read files of any kind
tools="$files ce-split ce-collate ce-synth ce-export ce-import" # the last two, whose other end is a server, have suites of their own

# same FILE FILE: as in common, but for the name of the input, which a model has, and the id that goes with it.
eval "common_$(declare -f same)"
same() {
	if [[ ${tool-} == ce-train ]]; then
		common_same <(facts "$1") <(facts "$2")
	else
		common_same "$@"
	fi
}

# The table of the tools: how each is called (in $cmd), and a column that it cannot do without. Its
# input is $IN/TOOL.csv, a small valid one: what the tool before it in the pipe wrote; ce-model's is the
# model.
row_of() {
	cmd=("$1")
	case $1 in
	ce-adapt) cmd+=(-r "$IN/csv.recipe") ;;
	ce-clean) needs=event_type ;;
	ce-merge) needs=event_ts ;;
	ce-join) cmd+=(-k user_id "$IN/users.csv" -k content_id "$IN/contents.csv") needs=content_id ;;
	ce-sessionize) needs=runtime ;;
	ce-agg) needs=session_id ;;
	ce-online) needs=plan_tier ;;
	ce-features) needs=user_activity_level ;;
	ce-train) needs=is_completion ;;
	ce-predict) cmd+=(-m "$IN/model" --scored-at 2024-02-01) needs=event_type ;;
	ce-eval) needs=completion_probability ;;
	ce-audit) cmd+=(--cuts 2 -c cat) needs=event_ts ;;
	ce-materialize) cmd+=(-k user_id "$IN/users.csv" -k content_id "$IN/contents.csv") needs=content_id ;;
	esac
}

# 240 viewings, one an hour, by 8 users of 5 contents: most completed, some stopped, with pauses.
workload() {
	awk 'BEGIN {
		print "event_id,event_ts,user_id,content_id,event_type,playback_position,device"
		split("tv,phone,web", device, ",")
		for (i = 0; i < 240; i++) {
			t = 1700000000000 + i * 3600000
			rest = sprintf("u%d,c%d", i % 8, i * 7 % 5)
			end = (i * i + i % 3) % 7 < 4 ? "complete,1200" : "stop," 100 + i
			printf "e%04d,%.0f,%s,play,0,%s\n", i * 3, t, rest, device[i % 3 + 1]
			if (i % 2)
				printf "e%04d,%.0f,%s,pause,60,%s\n", i * 3 + 1, t + 60000, rest, device[i % 3 + 1]
			printf "e%04d,%.0f,%s,%s,%s\n", i * 3 + 2, t + 1200000, rest, end, device[i % 3 + 1]
		}
	}' >ce-clean.csv
	{
		echo user_id,email,plan_tier,signup_date
		for i in 0 1 2 3 4 5 6 7; do echo "u$i,u$i@example.org,basic,2023-01-0$((i + 1))"; done
	} >users.csv
	{
		echo content_id,genre,runtime,release_year,maturity_rating
		for i in 0 1 2 3 4; do echo "c$i,drama$((i % 2)),1200,201$i,PG"; done
	} >contents.csv
}

setup_file() {
	export IN=$BATS_FILE_TMPDIR/in LC_ALL=C
	mkdir "$IN"
	cd "$IN"
	PATH=$CE_BIN:$PATH
	local cmd needs from=ce-clean tool
	workload
	for tool in $readers; do
		case $from in
		ce-train) cp ce-train.csv ce-predict.csv ;;
		ce-clean | ce-eval | ce-audit) ;;
		*) row_of "$from" && "${cmd[@]}" -p -o "$tool.csv" "$from.csv" ;;
		esac
		case $tool in ce-merge | ce-join | ce-audit | ce-materialize) cp ce-clean.csv "$tool.csv" ;; esac
		if [[ $tool == ce-train ]]; then ce-train -o model ce-train.csv; fi
		from=$tool
	done
	cp model ce-model.csv
	cp ce-clean.csv ce-adapt.csv
	{
		echo format csv
		for column in $(sed 's/,/ /g; q' ce-clean.csv); do echo "$column = $column"; done
		for type in play pause stop complete; do echo "event $type -> $type"; done
	} >csv.recipe
	for tool in $files; do gzip -nc <"$tool.csv" >"$tool.csv.gz"; done
}

# each CASE TOOL...: the function CASE for every tool, all at once, each in a folder of its own and
# with $tool, $cmd, $needs, $in (its input, plain) and $in.gz; shows what failed.
each() {
	local case=$1 tool failed=0 cmd needs in
	shift
	for tool; do
		mkdir "$tool"
		(
			set -e +T # and no tracing by bats, which takes most of the time
			trap - DEBUG ERR
			cd "$tool"
			row_of "$tool"
			in=$IN/$tool.csv
			"$case"
			touch "$BATS_TEST_TMPDIR/$tool/passed"
		) >"$tool.log" 2>&1 3>&- &
	done
	wait
	for tool; do
		if [[ ! -e $tool/passed ]]; then
			echo "$tool:"
			cat "$tool.log"
			failed=1
		fi
	done
	return $failed
}

# works COMMAND...: exit status 0 and not a word.
works() {
	local status=0
	"$@" 2>stderr || status=$?
	if ((status)) || [[ -s stderr ]]; then
		echo "exit status $status: $*" >&2
		cat stderr >&2
		return 1
	fi
}

# refuses WORDS COMMAND...: exit status 1, one line on stderr that holds WORDS and the tool's name,
# and no output that could be taken for a whole one.
refuses() {
	local words=$1
	shift
	fails 1 "$@"
	if [[ $stderr != "$tool: "*"$words"* || $stderr == *$'\n'* ]]; then
		echo "no '$words' in: $stderr"
		return 1
	fi
	if gzip -t <stdout 2>/dev/null; then
		echo "a whole gzip stream, though it failed: $*"
		return 1
	fi
}

# The text of a file, plain or gzip.
text() {
	gzip -dcf <"$1"
}

# The output on the tool's own input, in FILE, as text.
expected() {
	works "${cmd[@]}" "$in" >expected.out
	text expected.out
}

# Cell for cell what an unquoted table says, whatever the order of its columns.
by_name() {
	awk -F, 'NR == 1 { split($0, name); next }
		{ for (i = 1; i <= NF; i++) print NR, name[i] "=" $i }' "$1" | sort
}

# --- input ----------------------------------------------------------------------------------------

@test "plain or gzip, standard input or a file: the same output" {
	case_() {
		works "${cmd[@]}" <"$in" >want
		works "${cmd[@]}" <"$in.gz" >got
		same want got
		for file in "$in" "$in.gz"; do
			works "${cmd[@]}" "$file" >got </dev/null
			same want got
		done
		works "${cmd[@]}" - <"$in.gz" >got
		same want got
		works "${cmd[@]}" -- "$in" >got
		same want got
		works cat "$in.gz" | works "${cmd[@]}" | cat >got
		same <(text want) <(text got)
	}
	each case_ $files
}

@test "a gzip file of several members is one input" {
	case_() {
		expected >want
		{
			head -c 3000 "$in" | gzip
			gzip </dev/null
			tail -c +3001 "$in" | gzip -1
		} >members.gz
		works "${cmd[@]}" members.gz >got
		same want <(text got)
	}
	each case_ $readers
}

@test "several files are one table; another header is refused" {
	case_() {
		expected >want
		head -n 100 "$in" >first
		{
			head -n 1 "$in"
			tail -n +101 "$in"
		} | gzip >second
		head -n 1 "$in" >empty
		works "${cmd[@]}" first empty second >got
		same want <(text got)
		works "${cmd[@]}" first - <second >got
		same want <(text got)
		text second | sed '1s/event_id/event/' >third
		refuses "third:1: the header differs from that of first" "${cmd[@]}" first third
		refuses "absent: No such file or directory" "${cmd[@]}" first absent
	}
	each case_ $readers
}

@test "a byte order mark and CR LF change nothing" {
	case_() {
		expected >want
		printf '\xef\xbb\xbf' | cat - "$in" >bom
		works "${cmd[@]}" bom >got
		same want <(text got)
		sed 's/$/\r/' bom >crlf
		works "${cmd[@]}" crlf >got
		same want <(text got)
	}
	each case_ $readers
}

@test "a last line without its newline is a row" {
	case_() {
		expected >want
		head -c -1 "$in" >unended
		works "${cmd[@]}" unended >got
		same want <(text got)
	}
	each case_ $readers
}

@test "columns are found by name: in any order, among others" {
	case_() {
		awk -F, -v OFS=, '{ for (i = NF; i > 1; i--) printf "%s,", $i; print $1 }' "$in" >reversed
		awk -v OFS=, '{ print (NR == 1 ? "extra" : "x"), $0, (NR == 1 ? "" : "\"y,\"") }' "$in" >wider
		works "${cmd[@]}" reversed >got
		works "${cmd[@]}" wider >got2
		# Another model, for features have an order, too; another report, which is about each column.
		case $tool in ce-train | ce-audit) return ;; esac
		expected >want
		text got >got.csv
		text got2 >got2.csv
		same <(by_name want) <(by_name got.csv)
		[ "$(wc -l <want)" -eq "$(wc -l <got2.csv)" ]
	}
	each case_ $readers
}

@test "a missing column, a column twice and no header are refused" {
	case_() {
		sed "1s/\b$needs\b/renamed/" "$in" >missing
		refuses "missing:1: missing column $needs" "${cmd[@]}" missing
		sed "s/^/x,/; 1s/^x,/$needs,/" "$in" >twice
		refuses "twice:1: duplicate column $needs" "${cmd[@]}" twice
		gzip </dev/null >empty.gz
		refuses "empty.gz:1: no header line" "${cmd[@]}" empty.gz
		echo >blank
		refuses "blank:1: no header line" "${cmd[@]}" blank
		sed "1s/\b$needs\b/${needs}s/" "$in" >near
		refuses "near:1: missing column $needs" "${cmd[@]}" near
		[[ $stderr == *"; the nearest name is '${needs}s'; the header has event_id, event_ts"* ]]
		sed 's/$/\r/' "$in" | tr -d '\n' >cr
		refuses "cr:1: a carriage return in the header" "${cmd[@]}" cr
		printf '\n\n' | cat - missing >later
		refuses "later:3: missing column $needs" "${cmd[@]}" later
	}
	each case_ $readers
}

@test "tabs, semicolons and bars delimit fields as commas do" {
	case_() {
		sed '2s/,tv\b/,"t,v"/' "$in" >commas # one of them is text
		works "${cmd[@]}" commas >want
		for delimiter in '\t' ';' '|' :; do
			sed 's/"t,v"/"t\x01v"/' commas | tr ',\001' "$delimiter," >other
			options=()
			if [ "$delimiter" = : ]; then options=(--delimiter :); fi
			works "${cmd[@]}" "${options[@]}" other >got
			same <(text want) <(text got)
		done
		# Each file has its own; together they are one table.
		head -n 1 other | tr : ';' >header
		works "${cmd[@]}" commas header >got
		same <(text want) <(text got)
		tr : '\t' <other >tabbed
		works "${cmd[@]}" --delimiter tab tabbed >got
		same <(text want) <(text got)
		refuses "missing column" "${cmd[@]}" --delimiter ';' commas
	}
	each case_ $readers
}

@test "marks, blank lines and sep= before the header change nothing" {
	case_() {
		expected >want
		for before in '\xef\xbb\xbf\xef\xbb\xbf' '\n\r\n \n' 'sep=,\r\n' '\xef\xbb\xbfsep=,\n\n'; do
			printf '%b' "$before" | cat - "$in" >led
			works "${cmd[@]}" led >got
			same want <(text got)
		done
		{ echo 'sep=;' && tr , ';' <"$in"; } >semicolons
		works "${cmd[@]}" semicolons >got
		same want <(text got)
		{ echo 'sep=;' && cat "$in"; } >lies
		works "${cmd[@]}" --delimiter , lies >got
		same want <(text got)
		refuses "lies:2: missing column" "${cmd[@]}" lies
		printf 'sep=,' >only
		refuses "only:1: no header line" "${cmd[@]}" only
	}
	each case_ $readers
}

@test "names in capitals or with blanks around them, and columns without a name" {
	case_() {
		expected >want
		sed '1s/.*/\U&/; 1s/,/ , /g' "$in" >spelled
		works "${cmd[@]}" spelled >got
		# Its command gets the log as it is.
		if [ "$tool" != ce-audit ]; then same want <(text got); fi
		sed 's/$/,,/' "$in" >unnamed
		works "${cmd[@]}" unnamed >got
	}
	each case_ ${readers/ce-train/} # which makes features of all columns
}

@test "other formats are named, with the command that helps" {
	case_() {
		gzip -nc <"$in.gz" >double.gz
		refuses "double.gz:1: is gzip in gzip: gzip -dc double.gz | $tool" "${cmd[@]}" double.gz
		for packer in zstd xz bzip2; do
			command -v "$packer" >/dev/null || continue
			"$packer" -c <"$in" >packed
			refuses "packed:1: is $packer-compressed: $packer -dc packed | $tool" "${cmd[@]}" packed
			refuses "stdin:1: is $packer-compressed: $packer -dc | $tool" "${cmd[@]}" <packed
			gzip -nc packed >twice.gz
			refuses "twice.gz:1: is $packer-compressed: gzip -dc twice.gz | $packer -dc | $tool" "${cmd[@]}" twice.gz
		done
		for code in UTF-16 UTF-16LE UTF-16BE UTF-32 UTF-32LE; do
			iconv -f UTF-8 -t "$code" "$in" >wide
			refuses "wide:1: is ${code%[LB]E}: iconv -f $code -t UTF-8 wide | $tool" "${cmd[@]}" wide
		done
		expected >want
		iconv -f UTF-16BE -t UTF-8 <(iconv -f UTF-8 -t UTF-16BE "$in") | works "${cmd[@]}" >got
		same want <(text got)
		echo '{"event_id":"e1","event_ts":1704067200000}' >lines
		refuses "lines:1: is JSON: " "${cmd[@]}" lines
		printf '[\n  {"event_id":"e1"}]\n' >list
		refuses "list:1: is JSON: " "${cmd[@]}" list
		echo '<!doctype html><title>404</title>' >page
		refuses "page:1: is a web page: " "${cmd[@]}" page
		tar -cf - -C "$IN" "$tool.csv" | gzip >in.tar.gz
		refuses "in.tar.gz:1: is a tar archive: gzip -dc in.tar.gz | tar -xOf - | $tool" "${cmd[@]}" in.tar.gz
	}
	each case_ $readers
}

@test "a tool that is left out of the pipe is named" {
	says() { # TOOL WORDS WHOSE: that TOOL refuses the input of another tool
		local tool=$1 cmd needs
		row_of "$tool"
		refuses "missing column $2;" "${cmd[@]}" "$IN/$3.csv"
	}
	says ce-sessionize "runtime: ce-join makes it (ce-clean | ce-join | ce-sessionize)" ce-join
	says ce-agg "prev_ts: ce-sessionize makes it (ce-join | ce-sessionize | ce-agg)" ce-sessionize
	says ce-features "user_activity_level: ce-agg makes it (ce-sessionize | ce-agg | ce-online | ce-features)" ce-agg
	says ce-train "is_completion: ce-features makes it (ce-online | ce-features | ce-train)" ce-features
	says ce-eval "completion_probability: ce-predict makes it (ce-features | ce-predict | ce-eval)" ce-predict
	sed '1!G; h; $!d' <(tail -n +2 "$IN/ce-clean.csv") | cat <(head -n 1 "$IN/ce-clean.csv") - >raw
	tool=ce-join
	refuses "(ce-clean puts events in order)" ce-join -k user_id "$IN/users.csv" raw
}

@test "a name that begins with a mark is passed on as it is" {
	id=$'\xef\xbb\xbfid'
	printf '"%s", b ,"c;d"\n1,2,3\n' "$id" >in
	printf '"%s",x\n1,9\n' "$id" >dim
	printf '"%s", b ,c;d,x\n1,2,3,9\n' "$id" >want
	works ce-join -p -k "$id" dim in >got
	same want got
	works ce-join -p --drop x -k "$id" <(printf '"%s"\n1\n' "$id") got >got2
	printf '"%s", b ,c;d\n1,2,3\n' "$id" >want
	same want got2
}

@test "records of many lines are a warning" {
	case_() {
		sed '2s/,tv\b/,"t\n\n\n\n\n\n\n\n\n\n\nv"/' "$in" >long
		"${cmd[@]}" long >got 2>told
		grep -qx "$tool: warning: 1 record spans more than 10 lines, the first at long:2: a quote that is not closed?" told
		fails 1 "${cmd[@]}" --strict long
	}
	each case_ ce-predict ce-eval ce-audit
}

@test "quotes, commas and line breaks inside a field" {
	case_() {
		sed '2s/,tv\b/,"t,""v""\nx\r\ny"/' "$in" >quoted
		works "${cmd[@]}" quoted >got
		case " $filters " in
		*" $tool "*) [ "$(text got | grep -cF '"t,""v""')" -eq 1 ] ;;
		esac
	}
	each case_ $readers
}

@test "NULL and the empty string stay what they are" {
	case_() {
		if [[ $tool == ce-clean ]]; then cmd+=(--allow-empty device); fi
		sed '/^e0000,/s/,tv\b/,""/; /^e0003,/s/,phone\b/,/' "$in" >empty
		works "${cmd[@]}" empty >out
		text out >got
		[ "$(grep -c '""' got)" -eq 1 ]
		[[ $(grep '^e0000,' got) =~ ,\"\"(,|$) ]]
		[[ ,$(grep '^e0003,' got), == *,,* ]]
		[[ $(grep '^e0003,' got) != *phone* ]]
	}
	each case_ $filters
}

@test "no rows: the header all the same" {
	case_() {
		expected | head -n 1 >want
		head -n 1 "$in" >header
		works "${cmd[@]}" header >got
		same want <(text got)
	}
	each case_ $filters
}

@test "a ragged or malformed row is refused with its line" {
	case_() {
		for bad in '5s/,/,more,/' '5s/,[^,]*$//' '5s/$/,/'; do
			sed "$bad" "$in" >ragged
			refuses "ragged:5: " "${cmd[@]}" ragged
		done
		for bad in '5s/,/",/' '5s/,[^,]*,/,"x"y,/' '5s/,/,"/'; do
			sed "$bad" "$in" >stray
			refuses "stray:5: " "${cmd[@]}" stray
		done
	}
	# All but those that reject it and go on, and ce-audit, which leaves that to the command.
	others=${readers/ce-clean/}
	others=${others/ce-materialize/}
	each case_ ${others/ce-audit/}
	sed '5s/,/,more,/; 9s/,/",/' "$IN/ce-clean.csv" >ragged
	ce-clean -p ragged >got 2>stderr
	sed '5d; 9d' "$IN/ce-clean.csv" >want
	same want got
	[ "$(wc -l <stderr)" -eq 1 ]
	[[ $(cat stderr) == "ce-clean: "*" 2 "* ]]
}

@test "rows out of order are refused, and both are named" {
	case_() {
		awk 'NR == 6 { kept = $0; next } { print } NR == 7 { print kept }' "$in" >swapped
		refuses "swapped:7: event 'e" "${cmd[@]}" swapped
		[[ $stderr == *"comes before event 'e"*"of line 6"* ]]
		sed '6p' "$in" >repeated
		refuses "repeated:7: event 'e" "${cmd[@]}" repeated
		[[ $stderr == *"repeats event 'e"*"of line 6"* ]]
	}
	each case_ $ordered
}

# --- broken upstreams -----------------------------------------------------------------------------

@test "zero bytes are refused" {
	case_() {
		refuses "stdin: zero bytes" "${cmd[@]}" </dev/null
		: >nothing
		refuses "nothing: zero bytes" "${cmd[@]}" "$in" nothing
		refuses "stdin: " "${cmd[@]}" <&-
	}
	each case_ $readers
}

@test "a gzip file cut off anywhere is refused" {
	case_() {
		size=$(wc -c <"$in.gz")
		for keep in 1 2 9 10 11 $((size / 3)) $((size / 2)) $((size - 9)) $((size - 8)) $((size - 4)) $((size - 1)); do
			head -c "$keep" "$in.gz" >cut.gz
			refuses "cut.gz: truncated gzip stream" "${cmd[@]}" cut.gz
		done
		# Into a pipe, and in the second of two members.
		cat "$in.gz" cut.gz >two.gz
		fails 1 "${cmd[@]}" <two.gz
		! gzip -t <stdout 2>/dev/null || return 1
	}
	each case_ $files
}

@test "a bad checksum, a bad length and trailing bytes are refused, zero padding is not" {
	case_() {
		flip() { # OFFSET FROM THE END: $in.gz with a bit of that byte changed
			local byte
			byte=$(tail -c "$1" "$in.gz" | head -c 1 | od -An -tu1)
			head -c "-$1" "$in.gz"
			printf '%b' "\\x$(printf %02x $((byte ^ 1)))"
			tail -c "$(($1 - 1))" "$in.gz"
		}
		flip 8 >crc.gz
		refuses "crc.gz: damaged gzip stream" "${cmd[@]}" crc.gz
		[[ $stderr == *"data check"* ]]
		flip 1 >length.gz
		refuses "length.gz: damaged gzip stream" "${cmd[@]}" length.gz
		[[ $stderr == *"length check"* ]]
		{ cat "$in.gz" && echo; } >trailing.gz
		refuses "trailing.gz: trailing bytes after the gzip stream" "${cmd[@]}" trailing.gz
		{ cat "$in.gz" && head -c 10000 /dev/zero; } >padded.gz
		expected >want
		works "${cmd[@]}" padded.gz >got
		same want <(text got)
		{ cat padded.gz "$in.gz"; } >between.gz
		refuses "trailing bytes after the gzip stream" "${cmd[@]}" between.gz
	}
	each case_ $files
}

@test "a failure upstream fails the whole pipe" {
	set -o pipefail
	head -c 3000 "$IN/ce-clean.csv.gz" >cut.gz
	pipe() {
		ce-clean "$1" | ce-join -k user_id "$IN/users.csv" -k content_id "$IN/contents.csv" |
			ce-sessionize | ce-agg | ce-features | ce-predict -m "$IN/model" |
			{ ce-eval && touch succeeded; }
	}
	pipe "$IN/ce-clean.csv.gz" >whole
	gzip -t <whole
	rm succeeded
	! pipe cut.gz >broken 2>stderr || return 1
	! gzip -t <broken 2>/dev/null || return 1
	[ ! -e succeeded ]
	# Every tool of the pipe says so, and why.
	[ "$(cut -d: -f1 stderr | sort -u | wc -l)" -eq 7 ]
}

# --- output ---------------------------------------------------------------------------------------

@test "every gzip level holds the same text, and every run the same bytes" {
	case_() {
		works "${cmd[@]}" <"$in" >want
		gzip -t <want
		mkdir elsewhere
		(cd elsewhere && TZ=Asia/Tokyo works "${cmd[@]}" <"$in" >../got)
		cmp want got
		# No name and no time in the header.
		[ "$(head -c 10 want | od -An -tx1 | tr -d ' ' | cut -c1-16)" = 1f8b080000000000 ]
		for level in 0 1 6 9; do
			works "${cmd[@]}" -$level <"$in" >"$level.gz"
			gzip -t <"$level.gz"
			same <(text want) <(text "$level.gz")
		done
		[ "$(wc -c <0.gz)" -gt "$(text want | wc -c)" ]
		[ "$(wc -c <9.gz)" -lt "$(wc -c <0.gz)" ]
	}
	each case_ $tables
}

@test "plain text on request and on a terminal" {
	case_() {
		expected >want
		works "${cmd[@]}" -p "$in" >got
		same want got
		works "${cmd[@]}" --plain -9 "$in" >got
		same want got
		printf -v line '%q ' "${cmd[@]}" "$in"
		script -qec "$line" /dev/null </dev/null | tr -d '\r' >got
		same want got
	}
	# All but ce-eval, which prints a table for people then.
	each case_ $filters ce-audit
}

@test "-o: a whole file, in the place of the old one, or as it was" {
	case_() {
		works "${cmd[@]}" -6 "$in" >want
		works "${cmd[@]}" -6 -o out "$in" >stdout
		[ ! -s stdout ]
		cmp want out
		echo old >out
		chmod 640 out
		works "${cmd[@]}" -6 --output out "$in"
		cmp want out
		[ "$(stat -c %a out)" = 640 ]
		echo old >out
		head -c "$(($(wc -c <"$in.gz") / 2))" "$in.gz" >cut.gz
		refuses "cut.gz: truncated" "${cmd[@]}" -o out cut.gz
		[ "$(cat out)" = old ]
		refuses "no/folder/out: No such file or directory" "${cmd[@]}" -o no/folder/out "$in"
		refuses ".: Is a directory" "${cmd[@]}" -o . "$in"
		[ "$(ls -A)" = "$(printf '%s\n' cut.gz out stderr stdout want)" ]
	}
	each case_ $files
}

# A folder comes in the way of the other output's name while the tool runs.
@test "of several outputs all have their names and end, or none" {
	case_() {
		local option half=$(($(wc -c <"$in") / 2))
		for option in $(outputs_of "$tool" | sed 's/-o//'); do
			for main in file -; do
				rm -rf folder
				mkdir folder
				cd folder
				mkfifo fifo
				echo old >file
				"${cmd[@]}" -o "$main" "$option" other fifo >stdout 2>stderr &
				pid=$!
				exec 7>fifo
				head -c "$half" "$in" >&7
				while [[ ! $(echo .other.ce-*.tmp) == .other.ce-????????????.tmp ]]; do
					kill -0 $pid
					sleep 0.01
				done
				mkdir other
				tail -c "+$((half + 1))" "$in" >&7
				exec 7>&-
				status=0
				wait $pid || status=$?
				[ $status = 1 ]
				[[ $(<stderr) == *"$tool: "*"other: Is a directory" ]]
				[ "$(cat file)" = old ]
				[ ! -s stdout ] || ! gzip -t <stdout 2>../why || false
				[ "$(printf "%s " .[!.]* *)" = ".[!.]* fifo file other stderr stdout " ]
				cd ..
			done
		done
	}
	each case_ $filters ce-adapt ce-materialize
}

# Whatever ends a tool between two of its calls, its outputs are all there, or none: see order.py.
@test "at the end of a tool, what can fail comes before names, and names before the end of stdout" {
	if nm "$CE_BIN/ce-clean" | grep -q '__asan\|__tsan'; then
		skip "a sanitizer has its own malloc"
	fi
	cc -D_GNU_SOURCE -shared -fPIC -o shim.so "$CE_ROOT/tests/faults/shim.c"
	traced() {
		: >log
		LD_PRELOAD=$BATS_TEST_TMPDIR/shim.so CE_FAULT_LOG=$PWD/log CE_FAULT_TRACE=1 "${cmd[@]}" "$@" "$in"
	}
	follows() {
		python3 "$CE_ROOT/tests/faults/order.py" log "$@"
	}
	case_() {
		local option named=() way
		for option in $(outputs_of "$tool" | sed 's/-o//'); do
			cmd+=("$option" "out$option")
			named+=("out$option")
		done
		case $tool in
		ce-agg | ce-materialize) cmd+=(-d folder) ;;
		ce-eval) cmd+=(--plots folder) ;;
		esac
		for way in -1 -p; do
			rm -rf folder
			"${cmd[@]}" $way -o first "$in" 2>stderr # the older files
			if [[ -d folder ]]; then named+=(folder/*); fi
			traced $way -o first 2>stderr
			follows - first "${named[@]}"
			traced $way -o - 2>stderr | cat >stdout
			[[ $way == -p ]] || { gzip -t stdout && follows pipe "${named[@]}"; }
			traced $way -o - >stdout 2>stderr
			follows "stdout$([[ $way == -1 ]] || echo :plain)" "${named[@]}"
			named=(${named[@]##folder/*})
		done
	}
	each case_ $filters ce-adapt ce-eval ce-materialize
}

@test "-o /dev/stdout writes after what is there, and replaces no file" {
	case_() {
		{
			echo before
			works "${cmd[@]}" -p -o /dev/stdout "$in"
			echo after
		} >log
		works "${cmd[@]}" -p -o want "$in"
		same <(echo before && cat want && echo after) log
	}
	each case_ $files
}

@test "a signal leaves the old file and nothing else" {
	case_() {
		mkdir folder
		cd folder
		echo old >out
		[ "$(python3 "$CE_ROOT/tests/sudden.py" TERM,INT,HUP "$in.gz" "${cmd[@]}" -o out)" = "143 130 129" ]
		[ "$(ls -A)" = out ]
		[ "$(cat out)" = old ]
		[ -z "$(ls -A "$TMPDIR")" ]
	}
	each case_ $files
}

@test "a reader that leaves ends a tool quietly" {
	case_() {
		works python3 "$CE_ROOT/tests/sudden.py" PIPE "$in" "${cmd[@]}" >status
		[ "$(cat status)" = 141 ]
	}
	each case_ $files
}

@test "a full disk and a closed standard output are errors" {
	case_() {
		fails_at() { # WORDS COMMAND...
			local words=$1 status=0
			shift
			"$@" 2>stderr || status=$?
			cat stderr >&2
			[ "$status" -eq 1 ]
			[ "$(wc -l <stderr)" -eq 1 ]
			[[ $(cat stderr) == "$tool: "*"$words"* ]]
		}
		fails_at "No space left on device" "${cmd[@]}" "$in" >/dev/full
		fails_at "/dev/full: No space left on device" "${cmd[@]}" -o /dev/full "$in"
		fails_at "stdout: " "${cmd[@]}" "$in" >&-
	}
	each case_ $files
}

@test "a closed standard error is no trouble" {
	case_() {
		expected >want
		"${cmd[@]}" "$in" >got 2>&-
		same want <(text got)
	}
	each case_ $files
}

@test "-v prints rows, time and memory, and changes no output" {
	case_() {
		works "${cmd[@]}" "$in" >want
		"${cmd[@]}" -v "$in" >got 2>told
		cmp want got
		grep -q "^$tool: $(($(wc -l <"$in") - 1)) rows in, [0-9]* rows out, [0-9.]* s, [0-9.]* MiB$" told
	}
	each case_ $readers
}

# --- the command line -----------------------------------------------------------------------------

@test "--help fits a screen, --version has the form" {
	case_() {
		works "$tool" --help >help
		[[ $(head -n 1 help) == "Usage: $tool "* ]]
		# That of all filters together has a screen of its own.
		[ "$(wc -l <help)" -le "$([[ $tool == ce-materialize ]] && echo 64 || echo 48)" ]
		awk 'length > 79 { print; bad = 1 } END { exit bad }' help
		works "$tool" --version >version
		grep -Eqx "$tool [0-9]+\.[0-9]+\.[0-9]+ \((ISA-L|zlib) [0-9.]+\)" version
		fails 1 sh -c "$tool --help >/dev/full"
		fails 1 sh -c "$tool --version >&-"
	}
	each case_ $tools
}

@test "bad usage: exit status 2, why, and where to look" {
	case_() {
		for bad in --no-such-option -X -o --output --plain=x; do
			fails 2 "$tool" $bad
			[ ! -s stdout ]
			[[ $stderr == "$tool: "*$'\n'"Try '$tool --help'." ]]
		done
	}
	each case_ $tools
}

@test "only what speaks to PostgreSQL is linked with libpq" {
	case_() {
		wanted=0
		case $tool in ce-export | ce-import) wanted=1 ;; esac
		[ "$(ldd "$(command -v "$tool")" | grep -c libpq)" -eq $wanted ]
	}
	each case_ $tools
}

@test "the manual page has every option of --help, and no other" {
	case_() {
		"$tool" --help | grep -oE '(^ | )--[a-z][a-z0-9-]*' | tr -d ' ' | sort -u >help
		(cd "$CE_ROOT" && mandoc -T ascii "tools/$tool.1") | # which includes files from there
			sed 's/.\x08//g; /^EXAMPLES/,$d' | # its list of options
			grep -E '^ +-' | grep -oE -e '--[a-z][a-z0-9-]*' | sort -u >manual
		same help manual
	}
	each case_ $tools
}

# --- one file for two things ----------------------------------------------------------------------

# Prints the options of the tool that name an output.
outputs_of() {
	case $1 in
	ce-adapt) echo -o --users --contents ;;
	ce-clean) echo -o --rejects ;;
	ce-join) echo -o --unmatched ;;
	ce-sessionize) echo -o --starts ;;
	ce-predict) echo -o --contributions --importance --drift --distribution ;;
	ce-materialize) echo -o --rejects --unmatched --starts --first ;;
	ce-eval) echo -o --curves --intervals --html ;;
	*) echo -o ;;
	esac
}

# All that is in the folder: names, links and contents.
snapshot() {
	find . -printf '%p %y %i %l\n' | sort
	find . -type f -exec md5sum {} + | sort
}

# collides COMMAND...: refused with one line that says why, and nothing in the folder is changed.
collides() {
	local status=0
	snapshot >../before
	"$@" 2>../stderr || status=$?
	sed -i '/: warning: /d' ../stderr # ce-eval's, of so few users
	snapshot >../after
	if ((status != 1)) || [[ $(cat ../stderr) != "$tool: "*" is the same file"* || $(wc -l <../stderr) -ne 1 ]] ||
		! cmp ../before ../after; then
		echo "exit status $status: $*" >&2
		cat ../stderr >&2
		diff ../before ../after >&2
		return 1
	fi
}

# A folder in the one of the tool, with a file `old`, other names of it, and of the folder.
arena() {
	set -o pipefail
	mkdir arena
	cd arena
	mkdir d
	ln -s . here
	echo old >old
	ln old hard
	ln -s old link
}

@test "two outputs to one file are refused, however it is spelled" {
	case_() {
		arena
		outputs=$(outputs_of "$tool")
		for a in $outputs; do
			for b in ${outputs/$a/}; do
				for name in new ./new d/../new here/new "$PWD/new"; do
					collides "${cmd[@]}" $a new $b "$name" "$in" >../stdout
				done
				for name in old ./old hard link here/link /dev/fd/3 /proc/self/fd/3; do
					collides "${cmd[@]}" $a old $b "$name" "$in" 3>>old >../stdout
				done
			done
		done
		for b in ${outputs/-o/}; do
			for name in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
				collides "${cmd[@]}" $b $name "$in" | cat >../stdout
				collides "${cmd[@]}" -o /dev/stdout $b $name "$in" | cat >../stdout
				collides "${cmd[@]}" $b $name "$in" >>old
				printf -v line '%q ' "${cmd[@]}" $b $name "$in"
				! script -qec "$line" /dev/null </dev/null >../stdout || return 1
				grep -q "$name: the output stdout is the same file" ../stdout
			done
			collides "${cmd[@]}" $b link "$in" >>old
		done
	}
	each case_ ce-clean ce-join ce-sessionize ce-predict ce-eval ce-materialize
}

@test "the tables of a folder are outputs like any other" {
	tool=ce-agg
	arena
	for name in d/user_activity.csv.gz here/d/number_of_pauses.csv.gz; do
		collides ce-agg -d d -o $name "$IN/ce-agg.csv" >../stdout
		collides ce-agg -d d "$IN/ce-agg.csv" >$name
		cp "$IN/ce-agg.csv" $name
		collides ce-agg -d d $name >../stdout
		rm $name
	done
	collides ce-agg -d here/d -p -o d/user_activity.csv "$IN/ce-agg.csv" >../stdout
	tool=ce-eval
	touch d/roc.svg
	collides ce-eval --plots d -o d/roc.svg "$IN/ce-eval.csv" >../stdout
	collides ce-eval --plots d "$IN/ce-eval.csv" >>d/roc.svg
}

@test "an output onto an input is refused, however it is spelled" {
	# reads SOURCE COMMAND...: COMMAND reads `old`, which is a copy of SOURCE.
	reads() {
		cat "$1" >old
		shift
		for option in $outputs; do
			for name in old ./old hard link here/link "$PWD/old" /dev/fd/3 /proc/self/fd/3; do
				collides "$@" $option $name 3>>old >../stdout
			done
		done
		collides "$@" >>old
		collides "$@" -o /dev/stdout >>old
		: >old # as the shell does with > old, before the tool starts
		collides "$@" >old
		[[ $(cat ../stderr) =~ (old|link).*stdout|stdout.*(old|link) ]]
	}
	case_() {
		arena
		outputs=$(outputs_of "$tool")
		reads "$in" "${cmd[@]}" old
		reads "$in" "${cmd[@]}" ./link
		cat "$in" >old
		for option in $outputs; do
			collides "${cmd[@]}" $option old <old >../stdout
			collides "${cmd[@]}" - $option hard <old >../stdout
		done
		collides "${cmd[@]}" <old >>old
		[[ $(cat ../stderr) == *stdin*stdout* || $(cat ../stderr) == *stdout*stdin* ]]
		if [[ $tool != ce-model ]]; then reads "$in" "${cmd[@]}" "$in" old; fi
		case $tool in
		ce-join)
			reads "$IN/users.csv" ce-join -k user_id link -k content_id "$IN/contents.csv" "$in"
			reads "$IN/contents.csv" ce-join -k user_id "$IN/users.csv" -k content_id old "$in"
			;;
		ce-predict) reads "$IN/model" ce-predict -m old "$in" ;;
		ce-eval)
			outputs='-o --curves --intervals'
			for option in against-file importance drift distribution model rejects unmatched sessions; do
				reads "$in" ce-eval --html page --$option link "$in"
			done
			;;
		esac
	}
	each case_ $files
}

@test "the null device, a terminal and a socket may be all at once" {
	case_() {
		local null=()
		for option in $(outputs_of "$tool"); do
			if [[ $option != --html ]]; then null+=($option /dev/null); fi
		done
		works "${cmd[@]}" "${null[@]}" "$in"
		works "${cmd[@]}" "${null[@]}" "$in" >/dev/null </dev/null
		works python3 - "$in" "${cmd[@]}" >got <<-'END'
			import socket, subprocess, sys, threading
			ours, theirs = socket.socketpair()
			tool = subprocess.Popen(sys.argv[2:], stdin=theirs, stdout=theirs)
			theirs.close()
			def feed():
			    ours.sendall(open(sys.argv[1], "rb").read())
			    ours.shutdown(socket.SHUT_WR)
			threading.Thread(target=feed).start()
			while chunk := ours.recv(65536):
			    sys.stdout.buffer.write(chunk)
			sys.exit(tool.wait())
		END
		expected >want
		same want <(text got)
		works timeout 20 python3 - "$in" "${cmd[@]}" <<-'END'
			import os, subprocess, sys, threading
			ours, theirs = os.openpty()
			tool = subprocess.Popen(sys.argv[2:], stdin=theirs, stdout=theirs)
			def drain():
			    while os.read(ours, 65536):
			        pass
			threading.Thread(target=drain, daemon=True).start()
			lines = open(sys.argv[1], "rb").readlines()[:3]
			os.write(ours, b"".join(lines) + b"\4")
			sys.exit(tool.wait())
		END
	}
	each case_ $filters
}

@test "an output's name says whether it is plain, unless an option does" {
	case_() {
		works "${cmd[@]}" -p "$in" >want
		works "${cmd[@]}" -o out.csv "$in"
		cmp want out.csv
		works "${cmd[@]}" -o out.CSV "$in"
		cmp want out.CSV
		for name in out.csv.gz out.csv.tmp out csv; do
			works "${cmd[@]}" -o $name "$in"
			gzip -t <$name
			same want <(text $name)
		done
		works "${cmd[@]}" -1 -o out.csv "$in"
		gzip -t <out.csv
		works "${cmd[@]}" -0 -o out.csv "$in"
		gzip -t <out.csv
		works "${cmd[@]}" -p -o out.csv.gz "$in"
		cmp want out.csv.gz
		# Each by its own name.
		for option in $(outputs_of "$tool"); do
			if [[ $option == -o ]]; then continue; fi
			works "${cmd[@]}" -o out.csv.gz $option more.csv "$in"
			gzip -t <out.csv.gz
			works "${cmd[@]}" -o out.csv $option more.csv.gz "$in"
			cmp want out.csv
			same more.csv <(text more.csv.gz)
			! gzip -t <more.csv 2>/dev/null || return 1
			gzip -t <more.csv.gz
		done
	}
	each case_ $filters
	tool=ce-eval
	ce-eval "$IN/ce-eval.csv" | gzip -dc >want
	ce-eval -o out.csv --curves more.csv "$IN/ce-eval.csv" # the table, not the text for people
	cmp want out.csv
	[[ $(head -n 1 more.csv) == *,* ]]
	ce-train -o model.csv "$IN/ce-train.csv"
	common_same <(facts model.csv) <(facts "$IN/model")
}

@test "outputs that cannot be are refused; a link to nothing becomes the file" {
	case_() {
		arena
		long=$(printf '%0300d' 1)
		deep=$(printf './%.0s' {1..3000})
		ln -s loop loop
		mkfifo fifo
		for name in $long "$deep" ${deep}new loop no/folder/new old/new d here/d/ new/ '' /proc/new; do
			for option in $(outputs_of "$tool"); do
				snapshot >../before
				fails 1 "${cmd[@]}" $option "$name" "$in" 2>&1
				rm stdout stderr
				snapshot >../after
				same ../before ../after
			done
		done
		for option in $(outputs_of "$tool" | sed 's/-o//'); do
			cat fifo >../piped &
			collides "${cmd[@]}" -o fifo $option here/fifo "$in" >../stdout
			wait $!
		done
		cat fifo >../piped &
		works "${cmd[@]}" -o fifo "$in"
		wait $!
		expected >want
		same want <(text ../piped)
		ln -s nothing dangling
		works "${cmd[@]}" -o dangling "$in"
		[ ! -L dangling ]
		[ ! -e nothing ]
		same want <(text dangling)
	}
	each case_ $filters
}

# --- what looks wrong ---------------------------------------------------------------------------

@test "a record of many lines is a warning, and an error with --strict" {
	case_() {
		# In a further column of the third row.
		awk -v many="$(printf '\\n%.0s' {1..11})" \
			'{ print $0 "," (NR == 1 ? "note" : NR == 4 ? "\"a" many "b\"" : "") }' "$in" >long.csv
		warned=$(works "${cmd[@]}" -o out long.csv 2>&1) && return 1
		grep -qx "exit status 0: .*" <<<"$warned"
		grep -qx "$tool: warning: 1 record spans more than 10 lines, the first at long.csv:4: .*" <<<"$warned"
		[ -s out ]
		rm out
		fails 1 "${cmd[@]}" --strict -o out long.csv
		[ ! -e out ]
		[[ $stderr == *": a warning is an error with --strict" ]]
	}
	each case_ $readers
}

# --- between two tools ----------------------------------------------------------------------------

@test "a text tool after a pipe finds no row, and is told why" {
	case_() {
		# As the table is, and with letters of other alphabets in columns that every tool passes on.
		sed -E 's/,(web|tv)\b/,т–\1/g' "$in" >letters.csv
		for input in "$in" letters.csv; do
			works "${cmd[@]}" -p "$input" >plain
			works "${cmd[@]}" "$input" | cat >piped
			same plain <(text piped)
			works "${cmd[@]}" "$input" | awk -F, '{ for (i = 1; i <= NF; i++) n += $i == "play" } END { exit n > 0 }'
			! works "${cmd[@]}" -p "$input" | awk -F, '{ for (i = 1; i <= NF; i++) n += $i == "play" } END { exit n > 0 }' || return 1
			# Nor any field that is too long to occur by chance, in whatever line.
			tr , '\n' <plain | awk 'length >= 4' | sort -u >fields
			[ "$(wc -l <fields)" -gt 400 ]
			[ "$(grep -acFf fields plain)" -eq "$(wc -l <plain)" ]
			! grep -aFf fields piped || return 1
			[ "$(head -n 1 piped | tail -c +11)" = "ce: gzip-compressed CSV; use gzip -dc, or -p for plain text" ]
		done
	}
	each case_ $filters
}
