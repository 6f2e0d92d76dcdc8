#!/usr/bin/env bats
# samples/shards.mk: what it refuses, what it judges of the whole, what it makes again, and how a step is given away. Whether its tables are those of
# one run is tried by suite shards, and by other engines in ../engines.
load ../common

# A log in two files.
setup_file() {
	export SOURCE=$BATS_FILE_TMPDIR/data
	mkdir "$SOURCE"
	cp "$CE_ROOT"/samples/{users,content}_dim.csv.gz "$SOURCE"
	gzip -dc "$CE_ROOT/samples/events_table.csv.gz" | head -n 3000 >"$SOURCE/all.csv"
	awk 'NR == 1 || NR % 2' "$SOURCE/all.csv" >"$SOURCE/a.csv"
	awk 'NR == 1 || !(NR % 2)' "$SOURCE/all.csv" >"$SOURCE/b.csv"
}

# Runs it; its output is in make.log.
shards() {
	make --no-print-directory -f "$CE_ROOT/samples/shards.mk" BIN="$CE_BIN" LOG="$SOURCE/a.csv $SOURCE/b.csv" DATA="$SOURCE" OUT=out SHARDS=2 RANGES=2 \
		TUNING=--no-sync "$@" >make.log 2>&1
}

# refused WORDS VARIABLE...: make fails and says the words.
refused() {
	local status=0
	shards "${@:2}" || status=$?
	if [ $status -ne 2 ] || ! grep -qF -e "$1" make.log; then
		echo "exit status $status, not with: $1"
		cat make.log
		return 1
	fi
}

# table NAME: of all ranges.
table() {
	gzip -dc out/0000/"$1".csv.gz
	gzip -dc out/0001/"$1".csv.gz | tail -n +2
}

one() {
	ce-materialize --drop email -k user_id "$SOURCE/users_dim.csv.gz" -k content_id "$SOURCE/content_dim.csv.gz" -p "$@" \
		"$SOURCE/a.csv" "$SOURCE/b.csv" 2>/dev/null
}

@test "names and numbers that it cannot take are refused before anything is made" {
	refused "LOG='FILE ...' is missing" LOG=
	for name in "a b" "a'b" 'a;b' 'a%b' -a; do
		refused 'OUT=' OUT="$name"
	done
	refused 'must not contain' LOG='x$$y'
	for number in 0 1025 x '1 2' ''; do
		refused "SHARDS=$number: " SHARDS="$number"
	done
	refused 'TABLES=some: must be one of few, all' TABLES=some
	[ ! -e out ]
}

@test "what shards.mk has not made is not removed, though it has the names of what it makes" {
	mkdir -p own/raw own/events own/state own/2024 own/rejects
	cp "$SOURCE/a.csv" own/raw
	for file in own/events/mine own/state/mine own/2024/completion_prediction_features.csv.gz own/rejects/1.csv.gz; do
		echo mine >$file
	done
	shards OUT=own LOG=own/raw/a.csv
	shards OUT=own LOG=own/raw/a.csv PARTS=1 SESSIONIZE_FLAGS='--gap 20m'
	shards OUT=own clean
	cmp "$SOURCE/a.csv" own/raw/a.csv
	[ -e own/events/mine ]
	[ -e own/state/mine ]
	[ ! -e own/intermediate ]
	mkdir -p theirs/intermediate
	refused 'has a folder intermediate, which is not of shards.mk' OUT=theirs
	refused 'is in out/intermediate' LOG=out/intermediate/a.csv
}

@test "times whose size tells another unit are those of one run" {
	awk -F, -v OFS=, 'NR == 1 || $2 ~ /^[0-9]+$/ { if (NR > 1) $2 = $2 - 1704067200000 + 5000; print }' "$SOURCE/a.csv" >early.csv
	for ranges in 1 3; do
		shards LOG=early.csv TIME_FLAGS='--ts-unit ms' RANGES=$ranges OUT=out$ranges
		ce-materialize --drop email -k user_id "$SOURCE/users_dim.csv.gz" -k content_id "$SOURCE/content_dim.csv.gz" -p --ts-unit ms \
			--effects effects.csv early.csv 2>/dev/null >want
		same <(for range in out$ranges/0*; do gzip -dc "$range/completion_prediction_features.csv.gz" | tail -n +2; done) <(tail -n +2 want)
		same <(gzip -dc out$ranges/online_effects.csv.gz) effects.csv
	done
}

@test "nothing is done twice, and summary counts the whole" {
	shards summary
	[ "$(grep -c 'records are rejected: ' make.log)" -eq 1 ]
	grep -q '^shards.mk: [0-9]* of 2999 records are rejected: ' make.log
	grep -q '^shards.mk: 0 of [0-9]* rows have no match' make.log
	grep -q '^0001: [0-9]* rows in' make.log
	one >want
	same <(table completion_prediction_features) want
	shards
	grep -q "Nothing to be done for 'all'" make.log
	shards -q
	! shards -q SESSIONIZE_FLAGS='--gap 20m' || return 1
	rm out/0001/session_starts.csv.gz
	shards
	[ "$(grep -c '^mkdir.*ce-collate' make.log)" -eq 1 ]
	shards clean
	[ -z "$(ls out)" ]
}

@test "a file on the way that was lost is made again; one that was tidied up only if it is needed" {
	shards
	rm out/intermediate/events/0/1.csv.gz
	shards
	grep -q 'ce-clean .*out/rejects/0.csv.gz' make.log
	! grep -q 'out/rejects/1.csv.gz' make.log || return 1
	shards clean
	shards TIDY=1
	[ ! -e out/intermediate/raw ]
	[ ! -e out/intermediate/events ]
	[ -z "$(ls out/intermediate/ranges)" ]
	shards TIDY=1
	grep -q "Nothing to be done for 'all'" make.log
	shards TIDY=1 SESSIONIZE_FLAGS='--gap 20m'
	one --gap 20m >want
	same <(table completion_prediction_features) want
}

@test "the bounds are about the whole log, and a bound that changes judges anew" {
	refused 'records are rejected, more than --max-rejects 3' CLEAN_FLAGS='--max-rejects 3'
	refused 'more than --max-rejects 0.5%' CLEAN_FLAGS='--max-rejects=0.5%'
	shards CLEAN_FLAGS="--since '2024-01-01 00:00' --max-rejects '5%'"
	gzip -dc "$SOURCE/users_dim.csv.gz" | head -n 900 | gzip >some.csv.gz
	mkdir some
	mv some.csv.gz some/users_dim.csv.gz
	cp "$SOURCE/content_dim.csv.gz" some
	refused 'rows have no match, more than --max-unmatched 1%: ' DATA=some JOIN_FLAGS='--max-unmatched 1%'
	shards DATA=some
	grep -q '^unmatched: shards.mk: warning: [0-9]* of [0-9]* rows have no match, more than 5 %: [0-9]* user_id' make.log
}

@test "RUN gets each step as one word, whatever is in it" {
	mkdir "it's here"
	cd "it's here"
	cat >run <<-'E'
		#!/bin/sh
		[ $# -eq 2 ] && [ "$1" = first ] || exit 9
		echo "$SBATCH_JOB_NAME" >>"$HERE/steps"
		cd / && exec env -i PATH=/usr/bin:/bin sh -c "$2"
	E
	chmod +x run
	HERE=$PWD shards RUN='./run first' CLEAN_FLAGS="--na 'n a','it'\\''s'" || { tail -n 5 make.log; return 1; }
	same <(table first_features | wc -l) <(one --rows first | wc -l)
	[ "$(sort steps | tr '\n' ' ')" = "at chain-0 chain-1 clean-0 clean-1 range-0 range-1 shard-0 shard-1 split-1 split-2 " ]
	HERE=$PWD refused 'ce-clean: --ts-unit' RUN='./run first' CLEAN_FLAGS='--ts-unit x'
}

@test "steps: each with what it makes and needs; the ranges meet where AT says" {
	shards steps AT=2024-01-05,2024-01-09T12:00:00Z RANGES=9
	[ "$(grep -c '^range-' make.log)" -eq 3 ]
	grep -q '^split-2:out/intermediate/done/split-2:.*/b.csv ' make.log
	shards AT=2024-01-05,2024-01-09T12:00:00Z
	[ "$(gzip -dc out/0001/session_starts.csv.gz | cut -d , -f 4 | tail -n +2 | awk '$1 < 1704412800000 || $1 >= 1704801600000' | wc -l)" -eq 0 ]
	[ "$(tr '\n' ' ' <out/intermediate/at)" = '2024-01-05 2024-01-09T12:00:00Z ' ]
}

@test "what is asked of it only, as by steps and -n, removes nothing" {
	shards
	find out -name '*.gz' | sort >before
	shards steps SESSIONIZE_FLAGS='--gap 20m'
	shards -n SESSIONIZE_FLAGS='--gap 21m' PARTS=3
	find out -name '*.gz' | sort | cmp - before
	shards SESSIONIZE_FLAGS='--gap 20m'
	one --gap 20m >want
	same <(table completion_prediction_features) want
}

@test "one run at a time; what is damaged on the way is named, and made again once it is removed" {
	mkdir out
	flock out/.lock sleep 3 &
	until ! flock -n out/.lock true; do sleep 0.1; done
	refused 'another run is at work there'
	wait
	shards
	head -c 1000 out/intermediate/ranges/1/0/facts.csv.gz >damaged
	mv damaged out/intermediate/ranges/1/0/facts.csv.gz
	rm out/0001/unmatched.csv.gz
	refused 'a file in out/intermediate that is damaged is made again once it is removed'
	rm out/intermediate/ranges/1/0/facts.csv.gz
	rm -r out/intermediate/done
	shards
	one >want
	same <(table completion_prediction_features) want
}
