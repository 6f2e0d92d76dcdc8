#!/usr/bin/env bats
# samples/days.mk: day by day the bytes of one run, nothing made twice, nothing half-made.

load ../common
load ../postgres

# A log of six days in logs/, in which some records come twice, its dimensions in dims/, and the tools in bin/, of which ce-materialize
# writes into the file `ran` what it was run on.
nights() {
	ce-synth --users 60 --contents 30 --days 6 --sessions 600 --seed 5 --dirty 0.02 -o dims
	ce-clean -p dims/events_table.csv.gz -o all.csv 2>/dev/null
	rm dims/events_table.csv.gz
	mkdir logs bin
	# After cleaning, so that the day of each record is known.
	awk -F, 'NR == 1 { head = $0; next }
		{ file = "logs/" strftime("%Y-%m-%d", $2 / 1000, 1) ".csv"
		if (!(file in seen)) { seen[file]; print head >file }
		print >file; if (NR % 40 == 0) print >file }' all.csv
	gzip -n logs/*-0[1-5].csv
	ln -s "$CE_BIN"/* bin
	rm bin/ce-materialize
	cat >bin/ce-materialize <<-E
		#!/bin/bash
		[ "\$1" = --version ] && exec $CE_BIN/ce-materialize --version
		[[ \$* =~ /(2024-[-0-9]*)\\.csv ]] && day=\${BASH_REMATCH[1]#2024-}
		[[ \$* =~ --state\\ [^\ ]*/2024-([-0-9]*) ]] && day="\$day<\${BASH_REMATCH[1]}"
		[[ \$* == *--dimensions-changed* ]] && day+=!
		echo "\$day" >>$PWD/ran
		[ ! -e $PWD/slow ] || sleep 0.3
		[ ! -e $PWD/warns ] || cat $PWD/warns >&2
		exec $CE_BIN/ce-materialize "\$@"
	E
	chmod +x bin/ce-materialize
}

days() {
	: >ran
	timeout 200 make --no-print-directory -f "$CE_ROOT/samples/days.mk" BIN=bin LOGS=logs DATA=dims OUT=out "$@" >make.log 2>&1 ||
		{ cat make.log; return 1; }
}

# refused TEXT [ARG...]: the days fail with TEXT, before any is made.
refused() {
	fails 1 days "${@:2}"
	grep -qF -- "$1" make.log || { cat make.log; return 1; }
	ran
}

# ran WORDS: what ce-materialize was run on: DAY<STATE, with a ! where the dimensions had changed.
ran() {
	[ "$(tr '\n' ' ' <ran)" = "$*${1:+ }" ] || { echo "ran: $(tr '\n' ' ' <ran)"; cat make.log; return 1; }
}

# behind OUT TABLE: the days' tables behind each other.
behind() {
	local file first=1
	for file in "$1"/20*/"$2".csv.gz; do
		gzip -dc "$file" | tail -n +"$first"
		first=2
	done
}

# whole OUT TABLE: the same, with the rows that wait in the newest state.
whole() {
	local newest
	newest=$(printf '%s\n' "$1"/state/* | tail -n 1)
	ce-materialize --drop email -k user_id dims/users_dim.csv.gz -k content_id dims/content_dim.csv.gz \
		--state "$newest" --final --first rest.first.csv.gz -o rest.csv.gz <(head -n 1 all.csv)
	behind "$1" "$2"
	case $2 in
	completion_prediction_features) gzip -dc rest.csv.gz ;;
	first_features) gzip -dc rest.first.csv.gz ;;
	*) echo ;;
	esac | tail -n +2
}

one_run() {
	ce-materialize --drop email -k user_id dims/users_dim.csv.gz -k content_id dims/content_dim.csv.gz "$@" \
		--first one.first.csv --starts one.starts.csv -o one.csv 2>/dev/null
}

# same_out OUT OUT: the same days with the same files, and the same states, byte for byte.
same_out() {
	diff -r -x log -x .lock "$1" "$2"
}

@test "the days behind each other are one run over the whole log" {
	nights
	days
	ran 01-01 '01-02<01-01' '01-03<01-02' '01-04<01-03' '01-05<01-04' '01-06<01-05'
	one_run logs/*
	behind out session_starts | same one.starts.csv -
	behind out completion_prediction_features >got.csv
	head -n "$(wc -l <got.csv)" one.csv | same - got.csv
	[ "$(wc -l <got.csv)" -gt 1000 ]
	whole out completion_prediction_features | same one.csv -
	whole out first_features | same one.first.csv -
	cmp out/open.csv.gz out/2024-01-06/open.csv.gz
	gzip -dc out/open.csv.gz >open.csv
	[ "$(wc -l <open.csv)" -gt 1 ]
	# Each of the open rows waits for its label.
	awk -F, 'NR == FNR { id[$1]; next } FNR > 1 && ($1 in id) { n++ } END { exit n > 0 }' open.csv got.csv
	# Night by night it is the same.
	mv logs all
	mkdir logs
	for file in all/*; do
		cp -p "$file" logs
		days OUT=nightly
		[ "$(wc -l <ran)" -eq 1 ]
	done
	same_out out nightly
}

@test "a day ends at midnight in ZONE, also where a clock goes back or has no midnight" {
	nights
	days -n
	[ "$(grep -o -- '--until [^ ]*' make.log | head -n 1)" = '--until 2024-01-02T00:00:00Z' ]
	days -n ZONE=Europe/Berlin
	[ "$(grep -o -- '--until [^ ]*' make.log | head -n 1)" = '--until 2024-01-01T23:00:00Z' ]
	[ ! -e out ]
	mkdir edge
	cp logs/2024-01-01.csv.gz edge/2018-11-03.csv.gz
	days -n LOGS=edge ZONE=America/Sao_Paulo
	grep -q -- '--until 2018-11-04T03:00:00Z' make.log
	mv edge/2018-11-03.csv.gz edge/2018-11-03.csv.gz.part
	cp logs/2024-01-01.csv.gz edge/2023-11-04.csv.gz
	days -n LOGS=edge ZONE=America/Havana
	grep -q -- '--until 2023-11-05T04:00:00Z' make.log
	local zone
	for zone in Europe/Belin Europe zone.tab ../../../etc/passwd right/UTC ./right/UTC posix/UTC /usr/share/zoneinfo/UTC; do
		refused "days.mk: ZONE=$zone: no such time zone" ZONE="$zone"
	done
	# Samoa went to the other side of the date line.
	mkdir none
	cp logs/2024-01-01.csv.gz none/2011-12-29.csv.gz
	refused 'days.mk: ZONE=Pacific/Apia: the end of 2011-12-29: there is no 2011-12-30 in this zone' LOGS=none ZONE=Pacific/Apia
	days -n LOGS=none ZONE=Pacific/Auckland
	grep -q -- '--until 2011-12-29T11:00:00Z' make.log
}

@test "only what is needed is replayed: nothing, from a changed, new or removed day on, or everything" {
	nights
	days
	cp -r out first
	days
	ran
	grep -q "Nothing to be done for 'all'" make.log
	touch logs/*
	days -q
	days
	ran
	# Changed, and back.
	cp logs/2024-01-04.csv.gz .
	gzip -dc 2024-01-04.csv.gz | head -n 50 | gzip >logs/2024-01-04.csv.gz
	! days -q || return 1
	days
	ran '01-04<01-03' '01-05<01-04' '01-06<01-05'
	grep -q 'days.mk: 2024-01-04 has changed: from 2024-01-04 on' make.log
	! same_out first out >/dev/null || return 1
	cp -p 2024-01-04.csv.gz logs
	days
	ran '01-04<01-03' '01-05<01-04' '01-06<01-05'
	same_out first out
	# A day that was not there.
	rm -r out
	rm logs/2024-01-04.csv.gz
	days
	ran 01-01 '01-02<01-01' '01-03<01-02' '01-05<01-03' '01-06<01-05'
	cp 2024-01-04.csv.gz logs
	days
	ran '01-04<01-03' '01-05<01-04' '01-06<01-05'
	same_out first out
	# One that is no more, in the middle and at the end; the first may be gone.
	rm logs/2024-01-04.csv.gz
	days
	ran '01-05<01-03' '01-06<01-05'
	[ ! -e out/2024-01-04 ]
	[ ! -e out/state/2024-01-04 ]
	mv logs/2024-01-06.csv .
	days
	ran
	cmp out/open.csv.gz out/2024-01-05/open.csv.gz
	cp 2024-01-04.csv.gz 2024-01-06.csv logs
	mv logs/2024-01-01.csv.gz .
	days
	ran '01-04<01-03' '01-05<01-04' '01-06<01-05'
	same_out first out
	# A table or the newest state that is not there.
	rm -r out/2024-01-05/first_features.csv.gz
	days
	ran '01-05<01-04' '01-06<01-05'
	rm -r out/state/2024-01-06
	days
	ran '01-06<01-05'
	same_out first out
	# Other options: from the first day on, which has to be there.
	run days FLAGS='--gap 1h'
	[ "$status" -ne 0 ]
	[[ $output == *"2024-01-01 was made with other options, or by another version"*"2024-01-01 on, of which the partition is gone"* ]]
	same_out first out
	mv 2024-01-01.csv.gz logs
	days FLAGS='--gap 1h'
	[ "$(wc -l <ran)" -eq 6 ]
	one_run --gap 1h logs/*
	behind out completion_prediction_features >got.csv
	head -n "$(wc -l <got.csv)" one.csv | same - got.csv
}

@test "days stay whose partitions have gone by rotation, and the next goes on from their state" {
	nights
	days
	mv out want
	mv logs all
	mkdir logs
	cp all/*-0[12].csv.gz logs
	days
	rm logs/*
	refused 'days.mk: LOGS=logs has no partition such as 2024-01-29.csv.gz'
	cp all/*-03.csv.gz logs
	days
	ran '01-03<01-02'
	rm logs/*
	cp all/*-0[456].* logs
	days
	ran '01-04<01-03' '01-05<01-04' '01-06<01-05'
	same_out want out
}

@test "what it did not make is not removed; what it began is" {
	nights
	mkdir -p out/2023-12-24 out/state
	echo raw >out/2023-12-24/raw.csv
	days
	cp -r out/state/2024-01-03 out/state/before-migration
	echo broken >logs/2024-01-06.csv
	fails 1 days
	[ -e out/2024-01-06 ]
	rm logs/2024-01-0[56].*
	days
	grep -q 'so that they are removed: 2024-01-05 2024-01-06$' make.log
	[ "$(cd out && echo *)" = '2023-12-24 2024-01-01 2024-01-02 2024-01-03 2024-01-04 log open.csv.gz state' ]
	[ -e out/2023-12-24/raw.csv ]
	diff -r out/state/2024-01-03 out/state/before-migration
	days -q
}

@test "a partition is a file that can be read, also through a link: what else has its name is an error" {
	nights
	mv logs real
	mkdir logs
	ln -s "$PWD"/real/* logs
	# Of a link that has just been made nothing would be believed.
	sleep 2
	days
	gzip -dc real/2024-01-05.csv.gz | head -n 50 | gzip >new
	mv new real/2024-01-05.csv.gz
	days
	ran '01-05<01-04' '01-06<01-05'
	mv real/2024-01-05.csv.gz .
	refused 'days.mk: logs/2024-01-05.csv.gz: is no file that can be read'
	mkfifo real/2024-01-05.csv.gz
	refused 'days.mk: logs/2024-01-05.csv.gz: is no file that can be read'
	rm logs/2024-01-05.csv.gz
	mkdir logs/2024-01-05.csv.gz
	refused 'days.mk: logs/2024-01-05.csv.gz: is no file that can be read'
	[ -e out/2024-01-05/made ]
	[ -e out/state/2024-01-05 ]
}

@test "names with signs of make or of the shell are refused" {
	nights
	local name sign
	for name in LOGS DATA OUT MODEL JOIN_FILES; do
		for sign in \' '"' '`' \\ '&' ';' '|' '<' '>' : '#' '(' ')' % = '?' '*' '[' '~'; do
			refused "$name=a${sign}b: a file name must not contain $sign here" "$name=a${sign}b"
		done
		refused "$name=-b: a file name must not begin with - here" $name=-b
	done
	refused 'LOADED=a%: a name must not contain %' LOADED=a%
	[ "$(echo *)" = 'all.csv bin dims logs make.log ran spill stderr stdout' ]
}

@test "other dimensions replay nothing, and the next day goes on with them" {
	nights
	mv logs/2024-01-06.csv .
	days
	gzip -dc dims/users_dim.csv.gz | awk -F, -v OFS=, 'NR > 1 { $3 = "other" } { print }' | gzip >users.csv.gz
	mv users.csv.gz dims/users_dim.csv.gz
	days
	ran
	mv 2024-01-06.csv logs
	days
	ran '01-06<01-05!'
	days
	ran
}

@test "an event that comes too late is told of, and taken in where its partition gets it" {
	nights
	days
	cp -r out first
	# One of the second day comes with the fifth.
	cp logs/2024-01-02.csv.gz logs/2024-01-05.csv.gz .
	{ gzip -dc 2024-01-05.csv.gz; gzip -dc 2024-01-02.csv.gz | sed -n 3p | sed 's/^/late-/'; } | gzip >logs/2024-01-05.csv.gz
	days
	ran '01-05<01-04' '01-06<01-05'
	gzip -dc out/2024-01-05/rejects.csv.gz | grep -q ',late,"late-'
	grep -q '^2024-01-05: .* 1 late' make.log
	cmp first/2024-01-05/completion_prediction_features.csv.gz out/2024-01-05/completion_prediction_features.csv.gz
	mv 2024-01-05.csv.gz logs
	{ gzip -dc 2024-01-02.csv.gz; gzip -dc 2024-01-02.csv.gz | sed -n 3p | sed 's/^/late-/'; } | gzip >logs/2024-01-02.csv.gz
	days
	[ "$(wc -l <ran)" -eq 5 ]
	one_run logs/*
	whole out completion_prediction_features | same one.csv -
	# One from a clock ten years ahead waits in the states; what a tool warns of is shown.
	{ cat logs/2024-01-06.csv; sed -n 2p logs/2024-01-06.csv | awk -F, -v OFS=, '{ $1 = "ahead"; $2 = sprintf("%.0f", $2 + 315360000000) } { print }'; } >ahead
	mv ahead logs/2024-01-06.csv
	printf 'ce-materialize: warning: %s\n' one another >warns
	days
	ran '01-06<01-05'
	grep -q 'carried 1 on$' out/log/2024-01-06
	[ "$(grep -c '^2024-01-06: ce-materialize: warning: ' make.log)" -eq 3 ]
	grep -q '^2024-01-06: .*are so by a day or more.*a wrong clock' make.log
}

@test "TABLES=all: each day has every table, and behind each other they are those of one run" {
	nights
	days TABLES=all
	mkdir one
	ce-materialize --drop email -k user_id dims/users_dim.csv.gz -k content_id dims/content_dim.csv.gz -d one -o one/completion_prediction_features.csv.gz logs/* 2>/dev/null
	[ "$(cd one && echo *)" = "$(cd out/2024-01-04 && rm made open.* first_* unmatched.* && echo *)" ]
	for table in one/*; do
		table=${table##*/}
		[ "$table" != rejects.csv.gz ] || continue
		# What waits for outcomes is at the end of it.
		behind out "${table%.csv.gz}" >got.csv
		gzip -dc "one/$table" | head -n "$(wc -l <got.csv)" | same - got.csv
		[ "$(wc -l <got.csv)" -gt 100 ]
	done
}

@test "KEEP bounds the states, the last of each month aside; a replay from before them says where it begins" {
	nights
	days KEEP=10
	cp -r out first
	rm -r out
	days KEEP=2
	[ "$(cd out/state && echo *)" = '2024-01-05 2024-01-06' ]
	gzip -dc logs/2024-01-03.csv.gz | gzip -1n >other
	mv other logs/2024-01-03.csv.gz
	days KEEP=2
	[ "$(wc -l <ran)" -eq 6 ]
	grep -q 'days.mk: 2024-01-03 has changed: from 2024-01-01 on, the first day, for want of a state before it' make.log
	[ "$(cd out/state && echo *)" = '2024-01-05 2024-01-06' ]
	# The tables are the same.
	diff -r -x made -x state -x log -x .lock first out
	# The days of two months.
	shift_days() { awk -F, -v OFS=, 'NR > 1 { $2 = sprintf("%.0f", $2 + 2419200000) } { print }'; }
	mkdir two
	for day in 01 02 03 04 05; do
		gzip -dc "logs/2024-01-$day.csv.gz" | shift_days |
			sed "2,\$s/^/x/" >"two/$(date -u -d "2024-01-$day + 28 days" +%F).csv"
	done
	days LOGS=two OUT=months KEEP=1
	[ "$(cd months/state && echo *)" = '2024-01-31 2024-02-02' ]
	sed -i '$d' two/2024-02-01.csv
	days LOGS=two OUT=months KEEP=1
	ran '02-01<01-31' '02-02<02-01'
	rm -r months/state/2024-01-31
	sed -i '$d' two/2024-02-02.csv
	days LOGS=two OUT=months KEEP=1
	[ "$(wc -l <ran)" -eq 5 ]
	run days LOGS=two OUT=months KEEP=0
	[ "$status" -ne 0 ]
	[[ $output == *"KEEP=0: expected a number of states, at least 1"* ]]
}

@test "with -j the days wait for each other, and a second run on the same OUT is refused" {
	nights
	days
	touch slow
	days -j8 OUT=fast &
	until [ -e fast/2024-01-01 ]; do sleep 0.05; done
	cp make.log at_work
	fails 2 make --no-print-directory -f "$CE_ROOT/samples/days.mk" BIN=bin LOGS=logs DATA=dims OUT=fast
	grep -q 'days.mk: OUT=fast: another run is at work there' stderr
	wait $!
	ran 01-01 '01-02<01-01' '01-03<01-02' '01-04<01-03' '01-05<01-04' '01-06<01-05'
	same_out out fast
}

@test "a run that is killed at any moment is continued by the next, to the same bytes" {
	nights
	days
	cp -r out want
	rm -r out
	local i group
	for ((i = 0; i < 12 * ${CE_LAWS:-1}; i++)); do
		setsid make -j4 --no-print-directory -f "$CE_ROOT/samples/days.mk" BIN=bin LOGS=logs DATA=dims OUT=out >/dev/null 2>&1 &
		group=$!
		sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
		kill -9 -- "-$group" 2>/dev/null || true
		wait "$group" || true
		# From anywhere: some days again.
		((i % 4)) || rm -rf "out/2024-01-0$((RANDOM % 6 + 1))/made"
	done
	days
	same_out want out
	[ -z "$(find out -name '.*.tmp')" ]
	days -q
}

@test "a day that fails says why, and the days before it stay" {
	nights
	gzip -dc logs/2024-01-03.csv.gz | gzip | head -c 2000 >broken
	cp logs/2024-01-03.csv.gz .
	mv broken logs/2024-01-03.csv.gz
	run days
	[ "$status" -ne 0 ]
	[[ $output == *"2024-01-03.csv.gz: truncated gzip stream"* ]]
	[ -e out/2024-01-02/made ]
	[ ! -e out/2024-01-03/completion_prediction_features.csv.gz ]
	[ ! -e out/state/2024-01-03 ]
	cp 2024-01-03.csv.gz logs
	days
	ran '01-03<01-02' '01-04<01-03' '01-05<01-04' '01-06<01-05'
	cp logs/2024-01-06.csv logs/2024-01-05.csv
	run days
	[ "$status" -ne 0 ]
	[[ $output == *"days.mk: two partitions for one day: logs/2024-01-05.csv, logs/2024-01-05.csv.gz"* ]]
	rm logs/2024-01-05.csv
	cp logs/2024-01-05.csv.gz logs/2024-02-30.csv.gz
	run days
	[ "$status" -ne 0 ]
	[[ $output == *"days.mk: LOGS=logs: 2024-02-30 is no day"* ]]
	run days LOGS=dims
	[ "$status" -ne 0 ]
	[[ $output == *"days.mk: LOGS=dims has no partition such as 2024-01-29.csv.gz"* ]]
	run days LOGS="it's"
	[[ $output == *"LOGS=it's: a file name must not contain '"* ]]
	rm logs/2024-02-30.csv.gz
	run days DATA=bin
	[[ $output == *"bin/users_dim.csv.gz: no such file"* ]]
}

@test "predict scores the rows that are open now" {
	nights
	days
	behind out completion_prediction_features | ce-train --horizon 1h -o completion.model 2>/dev/null
	days predict MODEL=completion.model PREDICT_FLAGS='--scored-at 2024-02-01'
	ce-predict --scored-at 2024-02-01 --keys -m completion.model -p out/open.csv.gz >want.csv
	gzip -dc out/open_predictions.csv.gz | same want.csv -
	[ "$(wc -l <want.csv)" -gt 1 ]
	run days predict
	[ "$status" -ne 0 ]
	[[ $output == *"days.mk: no model out/champion.model: promote makes one, or set MODEL=FILE"* ]]
}

@test "train: candidates of the rows of all days, until its end; promote: one that is not worse serves" {
	nights
	mv logs/2024-01-06.csv .
	days train TRAIN_FLAGS='--horizon 1h'
	[ ! -e out/champion.model ]
	for name in completion:completion_prediction_features first:first_features; do
		ce-train --watermark 1704499200000 --horizon 1h -o want out/2024-*/"${name#*:}.csv.gz" 2>/dev/null
		cmp want "out/${name%:*}.model"
	done
	days promote TRAIN_FLAGS='--horizon 1h'
	! grep '^ce-train ' make.log || return 1
	cmp out/completion.model out/champion.model
	# Another day, other options, or a day that has changed: another candidate.
	mv 2024-01-06.csv logs
	days train promote TRAIN_FLAGS='--horizon 1h'
	[ "$(grep -c '^ce-train ' make.log)" -eq 2 ]
	grep -q '^ce-train .*/2024-01-06/completion_prediction_features.csv.gz' make.log
	grep -q '^promote.sh: out/champion.model is now out/completion.model' make.log
	cp out/champion.model champion
	days promote predict TRAIN_FLAGS="--horizon 1h --class-weight 99"
	[ "$(grep -c '^ce-train ' make.log)" -eq 2 ]
	grep -q '^promote.sh: out/champion.model stays .* is worse by .*log loss$' make.log
	cmp champion out/champion.model
	sed -i '$d' logs/2024-01-06.csv
	days train TRAIN_FLAGS="--horizon 1h --class-weight 99"
	[ "$(grep -c '^ce-train ' make.log)" -eq 2 ]
	# What fails leaves no record of a candidate.
	fails 1 days train TRAIN_FLAGS='--horizon 9x'
	days train TRAIN_FLAGS="--horizon 1h --class-weight 99"
	[ "$(grep -c '^ce-train ' make.log)" -eq 2 ]
}

# rows_of TABLE: of the database, without the day, in the order of the first column.
rows_of() {
	ce-export -c "SELECT $(behind out "$1" | head -n 1) FROM $1" -p | tail -n +2 | sort
}

# loaded: the database has the rows of the days, each once, each under its day.
loaded() {
	local table file
	for table in completion_prediction_features session_starts; do
		same <(behind out "$table" | tail -n +2 | sort) <(rows_of "$table")
		for file in out/2024-*; do
			[ "$(sql "SELECT count(*) FROM $table WHERE day = '${file#out/}'")" -eq "$(($(gzip -dc "$file/$table.csv.gz" | wc -l) - 1))" ]
		done
	done
	[ "$(sql "SELECT string_agg(day::text, ' ' ORDER BY day) FROM ce_days")" = "$(cd out && echo 2024-*)" ]
	sql "SELECT 1 / count(*) FROM ce_days WHERE online AND day = (SELECT max(day) FROM ce_days)"
}

@test "load replaces a day's rows at once: twice, after a replay, after a failure, each row is there once" {
	nights
	createdb nights
	export PGDATABASE=nights
	days -j4 load
	loaded
	days load
	ran
	! grep ce-import make.log || return 1
	# Loaded again, as after a backup of the database came back.
	sql "DELETE FROM ce_days WHERE day = '2024-01-03'; DELETE FROM session_starts WHERE day = '2024-01-03'"
	days load DB=nights
	[ "$(grep -c 'ce-import.*/2024-01-0' make.log)" -eq 1 ]
	loaded
	# Sessions move to other days, and get other numbers.
	mv logs/2024-01-02.csv.gz .
	days load
	loaded
	mv 2024-01-02.csv.gz logs
	days load -j4
	loaded
	mv logs/2024-01-06.csv .
	days DB=nights
	ran
	loaded
	mv 2024-01-06.csv logs
	# A table that takes nothing: the days are there, and loaded the next time.
	sql 'ALTER TABLE session_starts ADD CHECK (day < $$2024-01-06$$)'
	sql 'TABLE completion_prediction_features' | sort >before
	run days load
	[ "$status" -ne 0 ]
	[[ $output == *'violates check constraint'* ]]
	sql 'TABLE completion_prediction_features' | sort | same before -
	sql 'ALTER TABLE session_starts DROP CONSTRAINT session_starts_day_check'
	days load
	ran
	loaded
	# A further column.
	days load FLAGS='--keep release_year'
	loaded
	[ "$(sql 'SELECT count(release_year) > 0 FROM completion_prediction_features')" = t ]
	[ -z "$(sql "SELECT FROM pg_namespace WHERE nspname = 'ce_day'")" ]
	# And what is open, scored.
	behind out completion_prediction_features | ce-train --horizon 1h -o completion.model 2>/dev/null
	days predict DB=nights FLAGS='--keep release_year' MODEL=completion.model
	[ "$(sql "SELECT count(*) FROM completion_predictions")" -eq "$(($(gzip -dc out/open.csv.gz | wc -l) - 1))" ]
}

@test "load: days whose partitions have gone keep their rows, and a table that is new in LOADED gets those of all days" {
	nights
	createdb grown
	export PGDATABASE=grown
	mv logs/2024-01-06.csv .
	days load
	rm logs/*
	mv 2024-01-06.csv logs
	days load
	ran '01-06<01-05'
	loaded
	local tables='completion_prediction_features session_starts first_features'
	days load LOADED="$tables"
	ran
	loaded
	same <(behind out first_features | tail -n +2 | sort) <(rows_of first_features)
	days load LOADED="session_starts $tables"
	! grep ce-import make.log || return 1
}

@test "load refuses a table that something else made" {
	nights
	createdb other
	export PGDATABASE=other
	sql 'CREATE TABLE session_starts (session_id bigint)'
	run days load
	[ "$status" -ne 0 ]
	[[ $output == *'table session_starts has no column day: it was loaded by something else'* ]]
	[ -e out/2024-01-01/made ]
	[ "$(sql "SELECT to_regclass('completion_prediction_features') IS NULL")" = t ]
}

@test "night.sh exports the days that are missing, makes and loads them, and scores what is open" {
	nights
	createdb night
	export PGDATABASE=night CE_BIN=$PWD/bin PATH=$PWD/bin:$PATH
	psql -qf "$CE_ROOT/samples/schema.sql"
	# The log's last day is yesterday.
	local shift=$((($(date -u -d 'yesterday' +%s) / 86400 - 19728) * 86400000))
	awk -F, -v OFS=, -v shift="$shift" 'NR > 1 { $2 = sprintf("%.0f", $2 + shift) } { print }' all.csv | ce-import --append events_table
	ce-import --append users_dim dims/users_dim.csv.gz
	ce-import --append content_dim dims/content_dim.csv.gz
	mkdir data here
	cp "$CE_ROOT/samples/days.mk" "$CE_ROOT/samples/night.sh" here
	: >ran
	SINCE=$(date -u -d '6 days ago' +%F) sh here/night.sh data >said 2>&1 || { cat said; false; }
	[ "$(wc -l <ran)" -eq 6 ]
	[ "$(find data/logs -name '*.csv.gz' | wc -l)" -eq 6 ]
	[ "$(sql 'SELECT count(*) > 1000 FROM completion_prediction_features')" = t ]
	# The next night, with a model, after one that did nothing.
	ce-export --columns "$(behind data/out completion_prediction_features | head -n 1)" completion_prediction_features |
		ce-train --horizon 1h -o data/champion.model 2>/dev/null
	rm "data/logs/$(date -u -d yesterday +%F).csv.gz"
	sh here/night.sh data >said 2>&1 || { cat said; false; }
	[ "$(sql 'SELECT count(*) > 0 FROM completion_predictions')" = t ]
	[ "$(sql 'SELECT count(*) FROM ce_days')" -eq 6 ]
	# An event that reaches the database two days late is seen; another order is nothing, and three days are too late.
	night() {
		: >ran
		sh here/night.sh data >said 2>&1 || { cat said; return 1; }
	}
	copy_of() {
		sql "INSERT INTO events_table SELECT 'late-' || event_id, event_ts, user_id, content_id, event_type, playback_position, device
			FROM events_table WHERE event_ts >= extract(epoch FROM DATE '$1') * 1000 ORDER BY event_ts LIMIT 1"
	}
	copy_of "$(date -u -d '3 days ago' +%F)"
	night
	[ "$(wc -l <ran)" -eq 3 ]
	[ "$(gzip -dc data/logs/*.csv.gz | grep -c ^late-)" -eq 1 ]
	sql 'UPDATE events_table SET device = device WHERE event_ts % 2 = 0'
	copy_of "$(date -u -d '4 days ago' +%F)"
	night
	[ ! -s ran ]
	[ ! -s said ]
	export AGAIN=4
	night
	[ "$(wc -l <ran)" -eq 4 ]
}
