# ce-collate: the tables of a log from those of its shards. That they are those of one run, of dirty logs, however they
# are cut, is shown elsewhere; here is what each option does, and what is refused.
# shellcheck disable=SC2154,SC2016 # fails leaves $stderr; awk programs hold $
load ../common

features=completion_prediction_features
tables=$features,first_features,session_starts,event_history,event_online,content_completion
end=2200-01-01T00:00:00Z

dims() {
	echo --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" -k content_id "$CE_ROOT/samples/content_dim.csv.gz"
}

# materialize FOLDER LOG OPTION...: the tables of a shard, or of the whole, in FOLDER.
materialize() {
	mkdir -p "$1"
	# shellcheck disable=SC2046
	ce-materialize $(dims) --max-unmatched 100% -d "$1" --first "$1/first_features.csv.gz" --starts "$1/session_starts.csv.gz" \
		-o "$1/$features.csv.gz" "${@:3}" "$2" 2>/dev/null
}

# Once for all tests: a log of some days and its tables (one), those of its three shards (0, 1, 2), the facts of
# these before and after a time (0.a, 0.b, ...), and the time.
setup_file() {
	PATH=$CE_BIN:$PATH
	cd "$BATS_FILE_TMPDIR" || return 1
	export LC_ALL=C SHARDS=$BATS_FILE_TMPDIR cut=1704150000000
	ce-clean "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null | gzip -dc | head -n 2000 >log.csv
	materialize one log.csv --effects one/effects.csv.gz
	ce-split -k user_id -n 3 -o 'log%.csv' log.csv
	for k in 0 1 2; do
		materialize "$k" "log$k.csv" --no-online --facts "$k/facts.csv.gz"
		for t in facts ${tables//,/ }; do
			time=event_ts
			case $t in facts) time=fact_ts ;; session_starts) time=session_start_ts ;; event_online | content_completion) continue ;; esac
			ce-split --at $cut --ts-unit ms --time $time -o "$k.%/$t.csv.gz" "$k/$t.csv.gz"
		done
		mv "$k.0" "$k.a" && mv "$k.1" "$k.b"
	done
}

# shards [SUFFIX]: links to the folders, so that a test may put files of its own into them.
shards() {
	local k
	for k in 0 1 2; do cp -r "$SHARDS/$k${1-}" .; done
}

# edit FOLDER TABLE PROGRAM: what awk makes of the table.
edit() {
	gzip -dc "$1/$2.csv.gz" | awk -F, -v OFS=, "$3" >edited
	rm "$1/$2.csv.gz"
	mv edited "$1/$2.csv"
}

# rows TABLE FOLDER...: the rows of the table, the folders behind each other, after one header.
rows() {
	local folder first=1
	for folder in "${@:2}"; do
		gzip -dc "$folder/$1.csv.gz" | tail -n +"$first"
		first=2
	done
}

# refused WORDS ARGUMENT...: it fails, says the words, and leaves nothing.
refused() {
	fails 1 ce-collate -d out --state-out state --until "$end" --effects effects.csv --open open.csv "${@:2}"
	[[ $stderr == *"$1"* ]] || { echo "$stderr"; false; }
	[ ! -s stdout ]
	[ ! -e state ]
	[ ! -e effects.csv ]
	[ ! -e open.csv ]
	if [ -d out ]; then [ -z "$(ls -A out)" ]; fi
	[ -z "$(find . -name '.*.tmp')" ]
}

@test "the tables of the shards are those of one run" {
	shards
	ce-collate -v -d out -t "$tables" --effects effects.csv.gz 0 1 2 2>said
	for t in ${tables//,/ }; do same <(rows "$t" "$SHARDS/one") <(rows "$t" out); done
	same <(gzip -dc "$SHARDS/one/effects.csv.gz") <(gzip -dc effects.csv.gz)
	n=$(($(rows facts 0 1 2 | wc -l) - 1))
	for t in ${tables//,/ }; do rows "$t" out | tail -n +2; done >all
	grep -qx "ce-collate: $n rows in, $(grep -c '' all) rows out, .*" said
	# The order of the shards is nobody's but the state's.
	ce-collate -p -o other.csv 2 0 1
	same <(rows $features out) other.csv
}

@test "columns of one's own are not ours, whatever their name" {
	gzip -dc "$CE_ROOT/samples/content_dim.csv.gz" | awk 'NR == 1 { print $0 ",content_popularity"; next } { print $0 ",five" }' >contents.csv
	ce-split -k user_id -n 2 -o 'part%.csv' "$SHARDS/log.csv"
	ln -s "$SHARDS/log.csv" partall.csv
	for k in 0 1 all; do
		ce-materialize --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" -k content_id contents.csv --no-online -p \
			--facts facts.csv -d $k -o $k.csv part$k.csv 2>/dev/null
		mv facts.csv $k
	done
	ce-collate -p --no-online -t enriched_table 0 1 | cmp - all/enriched_table.csv
	grep -q ',five$' all/enriched_table.csv
}

@test "to stdout, to -o, into -d; plain and gzip" {
	shards
	rows $features "$SHARDS/one" >want
	ce-collate 0 1 2 | gzip -dc | same want -
	ce-collate -p 0 1 2 | same want -
	ce-collate -p 0 1 2 >redirected
	same want redirected
	ce-collate -9 -t $features -o f.csv.gz 0 1 2
	gzip -dc f.csv.gz | same want -
	ce-collate -d new 0/ ./1 2
	gzip -dc new/$features.csv.gz | same want -
	ce-collate -p -d plain -t session_starts,$features 0 1 2
	same want plain/$features.csv
	# Tables of a shard may be plain.
	for k in 0 1 2; do gzip -d $k/*.gz; done
	ce-collate -p 0 1 2 | same want -
}

@test "without online: its columns are those of the shards, which are empty" {
	shards
	ce-collate --no-online -p -o f.csv 0 1 2
	# shellcheck disable=SC2046
	ce-materialize $(dims) --no-online -p -o want "$SHARDS/log.csv" 2>/dev/null
	same want f.csv
	fails 2 ce-collate --no-online -t event_online 0 1 2
	fails 2 ce-collate --no-online --effects e.csv 0 1 2
	fails 2 ce-collate --no-online --alpha 0.1 0 1 2
	[ ! -e e.csv ]
}

@test "its options are those of online" {
	shards
	options=(--prior 'user=0.1,hour=1' --drift '0,0.5,2' --alpha 0.01)
	ce-collate "${options[@]}" -p -o f.csv 0 1 2
	# shellcheck disable=SC2046
	ce-materialize $(dims) "${options[@]}" -p -o want "$SHARDS/log.csv" 2>/dev/null
	same want f.csv
	gzip -dc "$SHARDS/one/$features.csv.gz" >other
	fails 1 cmp -s other want
}

@test "a watermark leaves sessions open" {
	shards
	for at in 1704150000000 $((cut + 1)) 1704120000000; do
		ce-collate --watermark $at -d out -t $features,content_completion 0 1 2
		# shellcheck disable=SC2046
		ce-materialize $(dims) --watermark $at -d one -o one.csv.gz "$SHARDS/log.csv" 2>/dev/null
		same <(gzip -dc one.csv.gz) <(rows $features out)
		same <(rows content_completion one) <(rows content_completion out)
	done
	fails 0 ce-collate --watermark $at -o f.csv 0 1 2
	[[ $stderr == "ce-collate: warning: the last event, at "*", is after --watermark, $at: "* ]]
	fails 1 ce-collate --strict --watermark $at -o g.csv 0 1 2
	[ ! -e g.csv ]
}

@test "a day after the other in each shard: the tables of one run, and the open rows" {
	for k in 0 1 2; do
		ce-split --at $cut --ts-unit ms -o "$k.log%.csv" "$SHARDS/log$k.csv"
		options=(--no-online --state-out "s$k" --until "$cut")
		materialize $k.a $k.log0.csv "${options[@]}" --facts $k.a/facts.csv.gz
		materialize $k.b $k.log1.csv --no-online --state "s$k" --final --facts $k.b/facts.csv.gz
		# Nothing waits in a shard.
		[ "$(gzip -dc "s$k/waiting.csv.gz" | wc -l)" -eq 1 ]
	done
	ce-collate -d a -t "$tables" --state-out s --until $cut --open open.csv.gz 0.a 1.a 2.a
	ce-collate -d b -t "$tables" --state s --effects effects.csv.gz 0.b 1.b 2.b
	for t in ${tables//,/ }; do same <(rows "$t" "$SHARDS/one") <(rows "$t" a b); done
	same <(gzip -dc "$SHARDS/one/effects.csv.gz") <(gzip -dc effects.csv.gz)
	# What is open, and which rows have left, is so in one run of the first day, too.
	ce-split --at $cut --ts-unit ms -o "log%.csv" "$SHARDS/log.csv"
	materialize one log0.csv --state-out one.s --until $cut --open one.csv.gz
	same <(gzip -dc one.csv.gz) <(gzip -dc open.csv.gz)
	[ "$(gzip -dc open.csv.gz | wc -l)" -gt 1 ]
	for t in ${tables//,/ }; do same <(rows "$t" one) <(rows "$t" a); done
	for t in contents online_effects waiting waiting_first; do same <(gzip -dc one.s/$t.csv.gz) <(gzip -dc s/$t.csv.gz); done
}

@test "a chain of states, and each part's tables from the one before: one run, too" {
	shards .a
	shards .b
	shards
	last=$(tail -n 1 "$SHARDS/log.csv" | cut -d, -f2)
	ce-collate --state-out s1 --until $cut 0.a 1.a 2.a
	ce-collate --state s1 --state-out s2 --until "$end" 0.b 1.b 2.b
	grep -qx "last_ts $last" s2/MANIFEST
	grep -qx "previous $(sha256sum <s1/MANIFEST | cut -d' ' -f1)" s2/MANIFEST
	t=$features,first_features,session_starts,event_history,event_online
	ce-collate --watermark "$last" -d a -t $t 0.a 1.a 2.a
	ce-collate --watermark "$last" -d b -t $t --state s1 0.b 1.b 2.b
	for t in ${t//,/ }; do same <(rows "$t" "$SHARDS/one") <(rows "$t" a b); done
	# One step over both leaves the same state.
	ce-collate --state-out s3 --until "$end" 0 1 2
	diff <(grep -v '^previous\|^end' s2/MANIFEST) <(grep -v '^previous\|^end' s3/MANIFEST)
	for f in s2/*.gz; do cmp "$f" "s3/${f##*/}"; done
	# Its files are what the MANIFEST says.
	grep '^file' s2/MANIFEST | while read -r _ name n sum; do
		[ "$(sha256sum <"s2/$name")" = "$sum  -" ]
		[ "$(gzip -dc "s2/$name" | wc -l)" -eq $((n + 1)) ]
	done
}

@test "shards without events, and logs without any" {
	shards
	for k in 3 4; do
		mkdir $k
		for t in facts ${tables//,/ }; do
			if [ -e "0/$t.csv.gz" ]; then gzip -dc "0/$t.csv.gz" | head -n 1 >"$k/$t.csv"; fi
		done
	done
	ce-collate -d out -t "$tables" 3 0 1 4 2
	for t in ${tables//,/ }; do same <(rows "$t" "$SHARDS/one") <(rows "$t" out); done
	ce-collate -p -d none -t $features,content_completion,event_online --effects effects.csv 3 4
	for t in $features content_completion; do same <(rows $t out | head -n 1) none/$t.csv; done
	[ "$(wc -l <effects.csv)" -eq 1 ]
	ce-collate --state-out s1 --until 2024-01-01 3 4
	ce-collate --state s1 -p -o f.csv 3 4
	same none/$features.csv f.csv
	# One that is empty to the last byte is no table.
	: >3/facts.csv
	fails 1 ce-collate -o f.csv 3 0
	[[ $stderr == *3/facts.csv* ]]
}

@test "usage errors" {
	shards
	for arguments in '' '-t session_starts' '-x 0' '--until 2024-01-01 0' '--state-out s 0' '--state-out s --until 0 0' \
		'--state-out s --until 2900-01-01 0' '--open o 0' '--open o --state-out s --until 2024-01-01 0' \
		'--open o -t session_starts --state-out s --until 2024-01-01 0' '-t a,b 0' '-t ../x 0' '-t , 0' '-d d -o f 0' \
		'-o f --state-out s --until 2024-01-01 0' '--watermark x 0' \
		'--drift -1 0' '--keep x 0' '--final 0'; do
		echo "$arguments"
		# shellcheck disable=SC2086
		fails 2 ce-collate $arguments
		[ ! -s stdout ]
		[[ $stderr == "ce-collate: "*"Try 'ce-collate --help'." ]]
	done
	[ ! -e s ]
	[ ! -e o ]
	[ ! -e f ]
	for option in --state --state-out; do
		fails 2 ce-collate --until 2024-01-01 $option '' 0
	done
}

@test "a shard, or a table of one, that is missing" {
	shards
	refused "neither 9/$features.csv.gz nor 9/$features.csv is there" -t $features 0 9 2
	fails 1 ce-collate -t content_completion -o f.csv 9
	[[ $stderr == *'neither 9/facts.csv.gz nor 9/facts.csv is there' ]]
	refused "neither 0/nothing.csv.gz nor 0/nothing.csv is there" -t $features,nothing 0 1 2
	rm 1/session_starts.csv.gz
	refused 'neither 1/session_starts.csv.gz' -t session_starts,$features 0 1 2
	rm 2/facts.csv.gz
	refused 'neither 2/facts.csv.gz' -t $features 0 2
	refused 'missing column session_start_ts' -t $features,rejects 0
}

@test "tables that do not belong together" {
	shards
	for t in $features event_history; do
		cp 1/$t.csv.gz saved
		edit 1 $t 'NR == 1 { $1 = "other" } 1'
		refused "1/$t.csv:1: the header differs from that of 0/$t.csv.gz" -t $features,event_history 0 1 2
		rm 1/$t.csv && mv saved 1/$t.csv.gz
	done
	edit 1 facts '{ print $2, $1 }'
	refused '1/facts.csv:1: the columns are not those of ce-materialize --facts' -t $features 0 1 2
	cp "$SHARDS/2/facts.csv.gz" 1
	rm 1/facts.csv
	refused 'is none that the facts of this shard have open, for this user and content' -t $features 0 1
}

@test "one event in two shards; one shard twice" {
	shards
	refused 'is in two shards: it is in 0/facts.csv.gz, line ' -t $features 0 1 2 0
	refused 'is in two shards' -t $features 0 0/.
	fails 1 ce-collate --state-out state --until "$end" 0 0
	[[ $stderr == *'is in two shards'* ]]
	# Rows alone may be: in the middle of sessions of one millisecond.
	printf '%s\n' event_id,event_ts e,5 >0/x.csv
	cp 0/x.csv 1
	refused "1/x.csv:2: column event_id: event 'e' at 5 is in two shards: it is in 0/x.csv, line 2, too" -t $features,x 0 1
}

@test "rows and facts that are out of order, or no numbers" {
	shards
	while read -r table program words; do
		cp "$SHARDS/1/$table.csv.gz" 1
		edit 1 "$table" "$program"
		refused "1/$table.csv:$words" -t $features 0 1 2
		rm "1/$table.csv"
		cp "$SHARDS/1/$table.csv.gz" 1
	done <<-END
		$features NR==9{held=\$0;next}{print}NR==10{print(held)} 10:
		$features NR==9{print}{print} 10:
		$features NR==9{\$2="soon"}{print} 9: column event_ts:
		$features NR==9{\$1=""}{print} 9: column event_id:
		$features NR==9{\$5="x"}{print} 9: column session_id: no whole number: 'x'
		$features NR==9{\$5=99999}{print} 9: column session_id: session 99999 is none that
		$features NR==9{\$5=""}{print} 9: column session_id: no whole number: ''
		$features NR==9{\$3="me"}{print} 9: column session_id: session
		$features NR==9{\$4="me"}{print} 9: column session_id: session
		$features NR==9{\$8=-1}{print} 9: column user_activity_level: invalid number '-1'
		$features NR==9{\$(NF-1)=1}{print} 9: column label_known_ts: 1 is before
		$features NR==9{\$NF=2}{print} 9: column is_completion: neither 0 nor 1
		$features NR==9{\$NF=2}{print} 9: column is_completion: neither 0 nor 1
		$features NR==9{print(0)}{print} 9:
		facts NR==9{held=\$0;next}{print}NR==40{print(held)} 40: column fact_ts:
		facts NR==2{\$1=0}{print} 2: column fact_ts: '0' is not what facts have there
		facts NR==2{\$2="begin"}{print} 2: column fact: 'begin' is not
		facts NR==2{\$3=2}{print} 2: start of session 2, which does not fit what is known of this shard
	END
}

@test "facts that lack a part" {
	shards .a
	shards .b
	refused 'is none that the facts of this shard have open' -t $features 0.b 1.b 2.b
	fails 1 ce-collate --state-out state --until "$end" 0.b 1.b 2.b
	[[ $stderr == *', which does not fit what is known of this shard: are the shards in the order of before, and is this the next part?' ]]
	for k in 0 1 2; do edit $k.a $features '{ if (NR > 1) $(NF - 1) = $NF = "" } 1'; done
	fails 1 ce-collate -o f.csv 0.a 1.a 2.a
	[[ $stderr == *'rows wait for a session that has no outcome: is the last part of the facts missing, or --state-out?'* ]]
	fails 1 ce-collate -t content_completion -o f.csv 0.a 1.a 2.a
	[[ $stderr == *'content_completion: session '*' has no end, and those after it wait'* ]]
	[ ! -e f.csv ]
	# Of the rows of whole shards none does, which each part's tables need.
	shards .a
	rm ./?.a/$features.csv
	ce-collate -o f.csv.gz 0.a 1.a 2.a
}

@test "a state that does not go on, or was made otherwise, is refused" {
	shards .a
	shards .b
	ce-collate --state-out s1 --until $cut 0.a 1.a 2.a
	refused "that of this part, $cut, is not after it" -t $features --state s1 --until $cut 0.b 1.b 2.b
	refused "which is before the end of the state, $cut" -t $features --state s1 0.a 1.a 2.a
	refused "which is before the end of the state, $cut" -t $features --state s1 0.b 1.b 2.a
	refused 'is none that the facts of this shard have open' -t $features --state s1 1.b 0.b 2.b
	fails 1 ce-collate --state s1 --state-out state --until "$end" 1.b 0.b 2.b
	[[ $stderr == *', which does not fit what is known of this shard: are the shards in the order of before, and is this the next part?' ]]
	[ ! -e state ]
	refused 'shards' -t $features --state s1 0.b 1.b
	refused '--alpha' -t $features --state s1 --alpha 0.1 0.b 1.b 2.b
	refused '--prior' -t $features --state s1 --prior user=1 0.b 1.b 2.b
	refused '--drift' -t $features --state s1 --drift 0 0.b 1.b 2.b
	refused 'nothing' -t $features --state nothing 0.b 1.b 2.b
	fails 1 ce-collate --no-online --state s1 -o f.csv 0.b 1.b 2.b
	[[ $stderr == *'no-online'* ]]
	refused 'is the same file' -t $features --state s1 --state-out s1 0.b 1.b 2.b
	fails 1 ce-collate --state-out s2 --until $cut -t $features -o f.csv 0.a 1.a 2.b
	[[ $stderr == *"2.b/"*"which is not before --until, $cut"* ]]
	[ ! -e f.csv ]
	[ ! -e s2 ]
	# One that a shard's run leaves is of another kind.
	part='NR == 1 || $2 < '$cut
	# shellcheck disable=SC2046
	awk -F, "$part" "$SHARDS/log.csv" | ce-materialize $(dims) --state-out s4 --until $cut -o f.csv.gz - 2>/dev/null
	refused 's4/MANIFEST' -t $features --state s4 0.b 1.b 2.b
	# shellcheck disable=SC2046
	fails 1 ce-materialize $(dims) --state s1 --final -o f2.csv.gz "$SHARDS/log.csv"
	[[ $stderr == *s1/MANIFEST* ]]
}

@test "a damaged, cut, edited or missing file of a state is refused by name" {
	shards .a
	shards .b
	for k in 0 1 2; do edit $k.a $features "NR > 1 && \$(NF - 1) >= $cut { \$(NF - 1) = \$NF = \"\" } 1"; done
	ce-collate --state-out s1 --until $cut -t $features -o f1.csv.gz 0.a 1.a 2.a
	[ "$(gzip -dc s1/waiting.csv.gz | wc -l)" -gt 1 ]
	cp -r s1 whole
	for name in $(cd whole && ls); do
		for damage in "rm s1/$name" "head -c -1 whole/$name >s1/$name" "echo >>s1/$name" ": >s1/$name" \
			"{ head -c 99 whole/$name; printf x; tail -c +101 whole/$name; } >s1/$name"; do
			rm -rf s1
			cp -r whole s1
			eval "$damage"
			# The byte may be an x already.
			if cmp -s "whole/$name" "s1/$name"; then continue; fi
			refused "s1/$name" -t $features --state s1 0.b 1.b 2.b
		done
	done
	rm -rf s1
	mv whole s1
	fails 1 ce-collate --state s1 --state-out s2 --until "$end" 0.b 1.b 2.b
	[[ $stderr == *"rows of $features wait in it, and would be lost: -t $features"* ]]
	[ ! -e s2 ]
	ce-collate --state s1 -o f2.csv.gz 0.b 1.b 2.b
}

@test "an output in the place of an input, or of another output, is refused" {
	shards
	fails 1 ce-collate -d 0 -t session_starts 0 1 2
	[[ $stderr == *'is the same file'* ]]
	fails 1 ce-collate --effects 1/facts.csv.gz -o f.csv 0 1 2
	[[ $stderr == *'is the same file'* ]]
	fails 1 ce-collate --effects out -o out 0 1 2
	[[ $stderr == *'is the same file'* ]]
	fails 1 ce-collate -d out -t session_starts,session_starts 0 1 2
	[[ $stderr == *'is the same file'* ]]
	cmp 0/session_starts.csv.gz "$SHARDS/0/session_starts.csv.gz"
	cmp 1/facts.csv.gz "$SHARDS/1/facts.csv.gz"
	[ ! -e f.csv ]
	[ ! -e out/session_starts.csv.gz ]
}
