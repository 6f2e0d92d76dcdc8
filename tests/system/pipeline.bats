#!/usr/bin/env bats
# samples/pipeline.mk: the same bytes as the shell pipe, nothing stale, nothing half-made.

load ../common

# A small workload in data/, made once a test.
# shellcheck disable=SC2120 # most want any seed
workload() {
	ce-synth --users 60 --contents 30 --days 20 --sessions 900 --seed "${1:-5}" --dirty 0.02 -o data
}

pipeline() {
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=data OUT=out "$@" >make.log 2>&1 ||
		{ cat make.log; return 1; }
}

@test "the shell pipe and pipeline.mk give the same bytes" {
	workload
	pipeline -j4 PREDICT_FLAGS='--scored-at 2024-02-01'
	ce-clean data/events_table.csv.gz 2>/dev/null |
		ce-join --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz |
		ce-sessionize | ce-agg | ce-online | ce-features -o features.csv.gz
	cmp features.csv.gz out/completion_prediction_features.csv.gz
	ce-train -o model out/completion_prediction_features.csv.gz
	cmp model out/completion.model
	ce-predict --scored-at 2024-02-01 --keys -m model -o predictions.csv.gz features.csv.gz
	cmp predictions.csv.gz out/completion_predictions.csv.gz
	ce-predict -m model features.csv.gz | ce-eval --by event_type -o metrics.csv.gz
	cmp metrics.csv.gz out/metrics.csv.gz
}

@test "every table is there under its name, with the columns it should have" {
	workload
	pipeline
	header() { gzip -dc "out/$1.csv.gz" | head -n 1; }
	[ "$(header cleaned_events)" = event_id,event_ts,user_id,content_id,event_type,playback_position,device ]
	[ "$(header enriched_table)" = "$(header cleaned_events),plan_tier,signup_date,genre,runtime,release_year,maturity_rating" ]
	[ "$(header session_identification)" = "$(header enriched_table),prev_ts,session_start_ts,session_id,session_deadline_ts,completes_session,session_phase" ]
	[ "$(header session_starts)" = session_id,user_id,content_id,session_start_ts,event_id,device ]
	[ "$(header content_completion)" = session_id,user_id,content_id,session_start_ts,session_end_ts,is_completed_event,stopped_near_end,num_unique_events,is_completion ]
	[ "$(header user_activity)" = event_id,user_id,event_ts,user_activity_level ]
	[ "$(header user_engagement)" = event_id,user_id,event_ts,user_content_engagement ]
	[ "$(header user_genre_preference)" = event_id,user_id,event_ts,user_genre_preference ]
	[ "$(header user_completion_rate)" = event_id,user_id,event_ts,user_completion_rate,user_known_sessions ]
	[ "$(header content_completion_rate)" = event_id,content_id,event_ts,content_completion_rate,content_known_sessions ]
	[ "$(header avg_view_duration_ratio)" = event_id,content_id,event_ts,average_viewing_duration_ratio ]
	[ "$(header has_played_before)" = event_id,user_id,content_id,event_ts,has_played_before ]
	[ "$(header number_of_pauses)" = event_id,user_id,content_id,event_ts,number_of_pauses ]
	[ "$(header completion_predictions)" = event_id,event_ts,user_id,content_id,session_id,completion_probability,predicted_completion,split,model_id,scored_at ]
	[[ $(header completion_prediction_features) == event_id,event_ts,*,label_known_ts,is_completion ]]
	[ "$(gzip -dc out/cleaned_events.csv.gz | wc -l)" -gt 2000 ]
}

@test "a second run makes nothing, other flags only what depends on them" {
	workload
	pipeline
	touch -d '1 hour ago' data/*
	find out \( -name '*.csv.gz' -o -name '*.model' -o -name '*.flags' \) -exec touch -d '30 minutes ago' {} +
	touch now
	pipeline
	[ -z "$(find out -type f -newer now)" ]
	pipeline -q
	pipeline -n
	grep -q "Nothing to be done for 'all'" make.log
	[ "$(wc -l <make.log)" -eq 1 ]
	! pipeline -q TRAIN_FLAGS="--label 'is_completion'" || return 1
	pipeline -n TRAIN_FLAGS="--label 'is_completion'"
	pipeline -q # -n has written nothing
	pipeline TRAIN_FLAGS="--label 'is_completion'"
	pipeline -q TRAIN_FLAGS="--label 'is_completion'"
	touch now
	pipeline TRAIN_FLAGS='--l2 10'
	[ "$(find out -name '*.model' -newer now | wc -l)" -eq 2 ]
	[ out/completion_predictions.csv.gz -nt now ]
	[ ! out/completion_prediction_features.csv.gz -nt now ]
	touch data/events_table.csv.gz
	pipeline TRAIN_FLAGS='--l2 10'
	[ out/cleaned_events.csv.gz -nt data/events_table.csv.gz ]
	[ out/completion_prediction_features.csv.gz -nt data/events_table.csv.gz ]
}

@test "train makes the models alone, and only promote writes the champion, unless the candidate is worse" {
	workload
	pipeline train
	[ "$(cd out && echo *.model)" = 'completion.model first.model' ]
	[ ! -e out/completion_predictions.csv.gz ]
	pipeline all
	[ ! -e out/champion.model ]
	pipeline promote
	cp out/champion.model champion
	cmp champion out/completion.model
	pipeline promote TRAIN_FLAGS='--class-weight 99'
	grep -q '^promote.sh: out/champion.model stays (.* is worse by .*log loss$' make.log
	pipeline all report TRAIN_FLAGS='--l2 10'
	cmp champion out/champion.model
	! cmp -s champion out/completion.model || return 1
	pipeline promote TRAIN_FLAGS='--l2 10'
	cmp out/champion.model out/completion.model
	pipeline promote TRAIN_FLAGS='--l2 10' MODEL=served
	cmp served out/completion.model
	cp out/champion.model champion
	pipeline clean
	[ "$(ls -A out)" = champion.model ]
	cmp champion out/champion.model
	rm out/champion.model
	pipeline clean
	[ ! -e out ]
	pipeline clean
}

@test "a step that fails says why and leaves nothing under its name" {
	workload
	gzip -dc data/content_dim.csv.gz | sed 's/^content_id,/id,/' | gzip >broken
	mv broken data/content_dim.csv.gz
	run pipeline
	[ "$status" -ne 0 ]
	[[ $output == *"data/content_dim.csv.gz:1: missing column content_id"* ]]
	[ -e out/cleaned_events.csv.gz ]
	[ ! -e out/enriched_table.csv.gz ]
	[ ! -e out/unmatched.csv.gz ]
	[ -z "$(find out -name '.*')" ]
}

@test "a prediction that breaks off is no short evaluation" {
	workload
	pipeline
	mkdir bin
	cat >bin/ce-predict <<-E
		#!/bin/sh
		$CE_BIN/ce-predict "\$@" | head -c 20000
	E
	chmod +x bin/ce-predict
	rm out/metrics.csv.gz
	PATH=$PWD/bin:$PATH
	cp "$CE_ROOT/samples/pipeline.mk" .
	run make -f pipeline.mk DATA=data OUT=out
	[ "$status" -ne 0 ]
	[[ $output == *"ce-eval: stdin: truncated gzip stream"* ]]
	[ ! -e out/metrics.csv.gz ]
}

@test "plain .csv files will do, and a whole column may be empty" {
	workload
	mkdir plain
	for t in users_dim content_dim; do gzip -dc "data/$t.csv.gz" >"plain/$t.csv"; done
	ce-clean -p data/events_table.csv.gz 2>/dev/null | sed '2,$s/,[^,]*$/,/' >plain/events_table.csv
	run make -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=plain OUT=out
	[ "$status" -ne 0 ]
	[[ $output == *"ce-clean: kept none of "*" records; rejected: "*" missing_device"* ]]
	make -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=plain OUT=out CLEAN_FLAGS='--allow-empty device'
	[ "$(gzip -dc out/cleaned_events.csv.gz | wc -l)" -eq "$(wc -l <plain/events_table.csv)" ]
	gzip -dc out/metrics.csv.gz | grep -q '^,,'
}

# warning_tools: bin/ with all tools, of which ce-clean has a warning, or fails if --strict.
warning_tools() {
	mkdir bin
	ln -s "$CE_BIN"/* bin
	rm bin/ce-clean
	cat >bin/ce-clean <<-E
		#!/bin/sh
		case " \$* " in *' --strict '*) strict=1 ;; esac
		echo "ce-clean: warning: 3 of 4 events are odd (--x)" >&2
		[ ! "\$strict" ] || { echo "ce-clean: a warning is an error with --strict" >&2; exit 1; }
		exec $CE_BIN/ce-clean "\$@"
	E
	chmod +x bin/ce-clean
}

@test "warnings stand at the end of every run, also of one that had nothing to do" {
	workload
	warning_tools
	make() { command make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN=bin DATA=data OUT=out "$@"; }
	printf '\n== Warnings ==\n1-clean: ce-clean: warning: 3 of 4 events are odd (--x)\n' >want
	make >make.log 2>&1
	tail -n 3 make.log | same want -
	make 2>said
	same want said
	for goals in summary "summary all" "report all"; do
		# shellcheck disable=SC2086
		make $goals >make.log 2>said
		[ "$(grep -c '== Warnings ==' said)" -eq 1 ]
		tail -n 3 said | same want -
	done
	make -q 2>said
	[ ! -s said ]
	make -n 2>&1 | grep -q "Nothing to be done for 'all'"
	# Also where a later step fails: they may say why.
	! make TRAIN_FLAGS=--nonsense 2>said || return 1
	head -n 3 said | same want -
	grep -q "ce-train: unknown option '--nonsense'" said
	make clean 2>said
	[ ! -s said ]
}

@test "STRICT=1 passes --strict to every tool of the run, and makes anew what was made without it" {
	workload
	pipeline -n all report summary STRICT=1
	# Every call of a tool.
	tr '|' '\n' <make.log | grep -o '^[ 	]*ce-[a-z]* .*' >calls
	[ "$(wc -l <calls)" -ge 15 ]
	! grep -v -- ' --strict ' calls || return 1
	# The same bytes.
	local at='PREDICT_FLAGS=--scored-at 2024-02-01'
	pipeline "$at"
	cp out/completion_predictions.csv.gz before.csv.gz
	! pipeline -q "$at" STRICT=1 || return 1
	pipeline "$at" STRICT=1
	pipeline -q "$at" STRICT=1
	cmp before.csv.gz out/completion_predictions.csv.gz
	! pipeline -q "$at" STRICT=0 || return 1
	warning_tools
	run make -f "$CE_ROOT/samples/pipeline.mk" BIN=bin DATA=data OUT=strict STRICT=1
	[ "$status" -ne 0 ]
	[[ $output == *"ce-clean: warning: 3 of 4 events are odd (--x)"*"a warning is an error with --strict"* ]]
	[ ! -e strict/cleaned_events.csv.gz ]
}

@test "KEEP passes further columns through the tools that would leave them out" {
	workload
	pipeline
	pipeline -n KEEP="it's, *"
	grep -- --keep make.log | grep -o "^ce-[a-z]*  *--keep \"\$CE_KEEP\" " | tr -s ' ' >got
	printf 'ce-%s --keep "$CE_KEEP" \n' clean sessionize agg online features features | same - got
	gzip -dc data/events_table.csv.gz | awk 'NR == 1 { print $0 ",app" } NR > 1 { print $0 ",v" NR % 3 }' | gzip >further
	mv further data/events_table.csv.gz
	pipeline KEEP=app
	gzip -dc out/completion_prediction_features.csv.gz | head -n 1 | tr , '\n' | grep -qx app
	! pipeline -q || return 1
	pipeline -q KEEP=app
}

@test "a dimension may be a history, and one that changes is seen" {
	workload
	gzip -dc data/users_dim.csv.gz | awk -F, -v OFS=, 'NR == 1 { print $0, "since" } NR > 1 { print $0, ""; $3 = "later"; print $0, "2024-01-05T00:00:00Z" }' |
		gzip >further
	mv further data/users_dim.csv.gz
	history=(USERS_JOIN='-k user_id --valid-from since')
	pipeline "${history[@]}"
	gzip -dc out/enriched_table.csv.gz | awk -F, '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		NR > 1 { n[($at["plan_tier"] == "later") == ($at["event_ts"] >= 1704412800000)]++ }
		END { exit !(n[1] > 100 && !n[0]) }'
	pipeline -q "${history[@]}"
	! pipeline -q || return 1
	echo content_id,studio >studios.csv
	gzip -dc data/content_dim.csv.gz | awk -F, 'NR > 1 { print $1 ",s" NR % 3 }' >>studios.csv
	more=("${history[@]}" JOIN_FLAGS='-k content_id studios.csv' JOIN_FILES=studios.csv)
	pipeline "${more[@]}"
	gzip -dc out/enriched_table.csv.gz | head -n 1 | grep -q ,studio
	pipeline -q "${more[@]}"
	touch studios.csv
	! pipeline -q "${more[@]}" || return 1
}

@test "dimensions that are not there: --left does without them, otherwise a message says so" {
	workload
	for absent in users_dim content_dim "users_dim content_dim"; do
		rm -rf some out
		cp -r data some
		for table in $absent; do rm "some/$table.csv.gz"; done
		run make -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=some OUT=out
		[ "$status" -ne 0 ]
		[[ $output == *"DATA=some has neither ${absent%% *}.csv.gz nor ${absent%% *}.csv (JOIN_FLAGS=--left does without it)"* ]]
		make -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=some OUT=out JOIN_FLAGS=--left >make.log 2>&1 ||
			{ cat make.log; false; }
		[ "$(gzip -dc out/enriched_table.csv.gz | wc -l)" -eq "$(gzip -dc out/cleaned_events.csv.gz | wc -l)" ]
		# And no e-mail addresses.
		gzip -dc out/enriched_table.csv.gz | head -n 1 | tr , '\n' | sort >got
		table_columns enriched_table | tr , '\n' | sort | same - got
		make -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=some OUT=out JOIN_FLAGS=--left \
			audit AUDIT_FLAGS='--cuts 2' >make.log 2>&1 || { cat make.log; false; }
	done
	rm some/events_table.csv.gz
	run make -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=some OUT=out JOIN_FLAGS=--left
	[ "$status" -ne 0 ]
	[[ $output == *"DATA=some has neither events_table.csv.gz nor events_table.csv"* ]]
	[[ $output != *"--left does"* ]]
}

# same_files FOLDER FOLDER: the same names, and what they hold, but for the name of a model's input, the id that goes with
# it, and the time.
same_files() {
	same <(cd "$1" && ls) <(cd "$2" && ls)
	held() {
		case $1 in
		*.model) facts "$1" ;;
		*predictions.csv.gz) gzip -dc <"$1" | sed 's/,[^,]*,[^,]*$//' ;;
		*) gzip -dcf <"$1" ;;
		esac
	}
	for file in "$1"/*.*; do
		held "$file" | cmp - <(held "$2/${file##*/}")
	done
}

@test "ENGINE=one makes the same files by one process, and a second run nothing" {
	workload
	pipeline
	pipeline ENGINE=one OUT=one -j4
	[ "$(grep -o '^ce-[a-z]*' make.log | sort -u | tr '\n' ' ')" = "ce-materialize ce-predict ce-train " ]
	same_files out one
	pipeline ENGINE=one OUT=one -q
	pipeline ENGINE=one OUT=one -n
	grep -q "Nothing to be done for 'all'" make.log
}

# Names that several tools have, each with another word for each tool.
@test "ENGINE=one: the flags of each tool are for that tool alone, as they are in the pipe" {
	workload
	gzip -dc data/events_table.csv.gz | awk -F, '
		NR == 1 { print $0 ",app,build,note" }
		NR > 1 { if (NR % 7 == 0) $4 = "-"; if (NR % 9 == 0 && $2 ~ /^[0-9]+$/)
			$2 = strftime("%Y-%m-%dT%H:%M:%S", $2 / 1000, 1); print $0 ",v" NR % 3 ",b  " NR % 2 ",\"x, y\"" }' OFS=, |
		gzip >further
	mv further data/events_table.csv.gz
	gzip -dc data/users_dim.csv.gz | awk -F, '
		NR == 1 { print $0 ",since" }
		NR > 1 { if (NR % 5 == 0) $3 = "none"; print $0 ","; $3 = "later"; print $0 ",2024-01-05 12:00:00" }' OFS=, |
		gzip >further
	mv further data/users_dim.csv.gz
	flags=(KEEP='app, note' USERS_JOIN='-k user_id --valid-from since' WATERMARK=2024-02-01
		TIME_FLAGS='--tz=Asia/Tokyo' CLEAN_FLAGS="--keep 'build' --na '-,x  y' --max-rejects 80% --rejects elsewhere"
		JOIN_FLAGS='--tz America/New_York --na=none' SESSIONIZE_FLAGS='--gap 1h --keep=build'
		AGG_FLAGS='--window 7d --watermark 2024-01-20' FEATURES_FLAGS='--rows undecided --keep plan_tier --watermark=2024-01-25')
	pipeline "${flags[@]}"
	pipeline "${flags[@]}" ENGINE=one OUT=one
	same_files out one
	[ ! -e elsewhere ]
	pipeline "${flags[@]}" ENGINE=one OUT=one -q
	for engine in "pipe OUT=out" "one OUT=one"; do
		# shellcheck disable=SC2086
		pipeline "${flags[@]}" AGG_FLAGS='--window 7d' FEATURES_FLAGS='--rows undecided --keep plan_tier' \
			audit AUDIT_FLAGS='--cuts 2' ENGINE=$engine
	done
	same_files out one
	# As strict as the tool.
	! pipeline "${flags[@]}" AGG_FLAGS='--keep email' || return 1
	! pipeline "${flags[@]}" AGG_FLAGS='--keep email' ENGINE=one OUT=one || return 1
	grep "missing column email" make.log
}

@test "another ENGINE makes the tables again, and says what it has to say once" {
	workload
	warning_tools
	sed 's/ce-clean/ce-materialize/' bin/ce-clean >materialize
	rm bin/ce-materialize
	install materialize bin/ce-materialize
	pipeline BIN=bin
	pipeline BIN=bin ENGINE=one
	[ "$(sed -n '/== Warnings/,$p' make.log | grep -c 'warning: ')" -eq 1 ]
	tail -n 1 make.log | grep -qx '1-materialize: ce-materialize: warning: .*'
	pipeline BIN=bin ENGINE=one
	[ "$(grep -c 'warning: ' make.log)" -eq 1 ]
	# One that breaks off leaves nothing that the other takes for its own.
	! pipeline BIN=bin JOIN_FLAGS=--no-such || return 1
	pipeline -n BIN=bin ENGINE=one
	grep -q '^ce-materialize' make.log
	run pipeline ENGINE=two
	[ "$status" -ne 0 ]
	[[ $output == *"ENGINE=two: must be one of pipe, one"* ]]
}

@test "audit: the pipeline with its own flags looks nowhere ahead; one that fails says why" {
	workload
	pipeline audit AUDIT_FLAGS='--cuts 3' FEATURES_FLAGS='--rows first'
	# A watermark is that of the whole log, not of its beginnings.
	pipeline audit AUDIT_FLAGS='--cuts 3' WATERMARK=2024-03-01
	grep -q 'no row changed at any of 3 cuts: no look-ahead found' make.log
	gzip -dc out/audit.csv.gz | grep -q '^is_completion,label,[1-9][0-9]*,0,0,'
	! pipeline audit CLEAN_FLAGS='--max-rejects 0' >failed || return 1
	grep -q 'ce-clean: .*rejected' failed
	grep -q 'ce-audit: the command failed' failed
}

@test "report makes pages of what is there, again only when that or the flags change" {
	workload
	pipeline report
	touch -d '1 hour ago' data/*
	find out -type f -exec touch -d '30 minutes ago' {} +
	touch now
	pipeline -q report
	pipeline report
	[ -z "$(find out -name '*.html' -newer now)" ]
	pipeline report EVAL_FLAGS='--by-time week --cost 1:2'
	[ "$(find out -name '*.html' -newer now | sort | tr '\n' ' ')" = "out/features_report.html out/first_report.html out/report.html " ]
	[ -z "$(find out -name '*.model' -newer now)" ]
	# Week by week, with the cost, and what was lost on the way to it.
	grep -q '>2024-W' out/report.html
	grep -q 'least cost' out/first_report.html
	grep -q 'rejected: ragged' out/report.html
	for part in importance drift; do
		grep -q "<h2 id=\"$part\">" out/report.html
	done
	# The figure of the table is that of the page.
	auc=$(gzip -dc out/metrics.csv.gz | sed -n 2p | cut -d, -f6)
	grep -q "<dt>AUC-ROC</dt><dd class=\"big\"><data value=\"$auc\">" out/report.html
	pipeline summary
	tail -n 1 make.log | grep -qx 'Reports: out/report.html out/first_report.html'
}

# --- a player's own log ---------------------------------------------------------------------------

# The tables of a workload, and the log of Segment's calls that a player would have sent.
segment_log() {
	workload
	ce-clean data/events_table.csv.gz -o clean.csv.gz 2>/dev/null
	python3 "$CE_ROOT/tests/reference/segment_log.py" clean.csv.gz data/users_dim.csv.gz data/content_dim.csv.gz >log.jsonl
}

# pipeline, but for the folder of tables.
adapted() {
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" OUT=out LOG=log.jsonl "$@" >make.log 2>&1 ||
		{ cat make.log; return 1; }
}

@test "what a player sends of the events comes back as the same events" {
	segment_log
	ce-adapt -r "$CE_ROOT/samples/recipes/segment.recipe" log.jsonl 2>/dev/null | ce-clean -p >got.csv 2>/dev/null
	gzip -dc clean.csv.gz >want.csv
	cmp want.csv got.csv
	[ "$(wc -l <log.jsonl)" -gt "$(wc -l <want.csv)" ]
}

@test "a log and its recipe go through the whole pipeline, with the recipe's options" {
	segment_log
	sed '$!b; a options ce-online --drift 0\noptions ce-features --rows all' "$CE_ROOT/samples/recipes/segment.recipe" |
		sed 's/^options ce-sessionize.*/options ce-sessionize --gap 40m/' >my.recipe
	adapted RECIPE=./my.recipe
	ce-adapt -r ./my.recipe --users u.csv --contents c.csv log.jsonl 2>/dev/null |
		ce-clean --allow-empty device,playback_position 2>/dev/null |
		ce-join --drop email -k user_id u.csv -k content_id c.csv |
		ce-sessionize --gap 40m | ce-agg | ce-online --drift 0 | ce-features --rows all -o features.csv.gz
	cmp features.csv.gz out/completion_prediction_features.csv.gz
	[ -s out/completion.model ]
	adapted RECIPE=./my.recipe ENGINE=one OUT=one one/completion_prediction_features.csv.gz
	gzip -dc one/completion_prediction_features.csv.gz | cmp - <(gzip -dc features.csv.gz)
}

@test "another recipe, log or option makes the events again, and the same ones nothing" {
	segment_log
	cp "$CE_ROOT/samples/recipes/segment.recipe" my.recipe
	adapted RECIPE=./my.recipe
	touch -d '1 hour ago' log.jsonl my.recipe
	adapted RECIPE=./my.recipe
	[ "$(grep -c ce- make.log)" -eq 0 ]
	adapted RECIPE=./my.recipe ADAPT_FLAGS='--tz Europe/Berlin'
	grep 'ce-adapt.*--tz' make.log
	touch my.recipe
	adapted RECIPE=./my.recipe ADAPT_FLAGS='--tz Europe/Berlin'
	grep ce-adapt make.log
	head -n 500 log.jsonl >less.jsonl
	adapted RECIPE=./my.recipe LOG=less.jsonl ADAPT_FLAGS='--tz Europe/Berlin'
	grep 'events_table.csv.gz less.jsonl' make.log
}

@test "dimensions of DATA take the place of those in the log, and its events do not" {
	recipe=$CE_ROOT/samples/recipes/segment.recipe
	segment_log
	pipeline RECIPE="$recipe" LOG=log.jsonl out/enriched_table.csv.gz
	gzip -dc out/enriched_table.csv.gz >with.csv
	# Years and ratings, of which the log has none.
	[ "$(sed 's/"[^"]*"/genre/g' with.csv | awk -F, 'NR > 1 && $12 != ""' | wc -l)" -gt 1000 ]
	cd data
	adapted RECIPE="$recipe" LOG=../log.jsonl out/enriched_table.csv.gz
	[ "$(gzip -dc out/enriched_table.csv.gz | sed 's/"[^"]*"/genre/g' | awk -F, 'NR > 1 && $12 != ""' | wc -l)" -eq 0 ]
	[ "$(gzip -dc out/enriched_table.csv.gz | wc -l)" -eq "$(wc -l <../with.csv)" ]
}

@test "a recipe that cannot be used ends make before anything is made" {
	echo 'format nothing' >my.recipe
	run adapted RECIPE=./my.recipe
	[ "$status" -ne 0 ]
	[[ $output == *"./my.recipe:1: format 'nothing'"* ]]
	[ ! -e out ]
	run adapted RECIPE=no-such-player
	[ "$status" -ne 0 ]
	[[ $output == *"no such recipe"* ]]
	run adapted RECIPE=segment LOG=
	[ "$status" -ne 0 ]
	[[ $output == *"LOG='FILE ...' is missing"* ]]
}

# shellcheck disable=SC2016 # signs, and no expansions
@test "names that make or the shell would take apart end make before anything is made" {
	local name
	for name in "it's.log" 'a(b).log' 'a;b.log' 'a:b.log' 'a|b' 'a"b' 'a`b' 'a\b' 'a$$b' 'a#b' 'a&b' 'a<b'; do
		run adapted RECIPE=netflix LOG="good.log $name"
		[ "$status" -ne 0 ]
		[[ $output == *"LOG=good.log ${name/\$\$/$}: a file name must not contain "* ]]
	done
	run adapted RECIPE=netflix OUT='my results'
	[ "$status" -ne 0 ]
	[[ $output == *"OUT=my results: a file name must not contain blanks"* ]]
	[ ! -e out ]
}

@test "a folder that is called like a recipe is no recipe, and make clean needs no log" {
	cp "$CE_ROOT/tests/recipes/netflix.log" 'log={é}%!.csv'
	mkdir netflix
	touch -d 'next year' netflix
	adapted RECIPE=netflix LOG='log={é}%!.csv' OUT=here here/adapted/events_table.csv.gz
	adapted -q RECIPE=netflix LOG='log={é}%!.csv' OUT=here here/adapted/events_table.csv.gz
	adapted RECIPE=netflix LOG= OUT=here clean
	[ ! -e here ]
}

@test "the words of a recipe's options are words, whatever signs they hold" {
	segment_log
	sed "s/^options ce-sessionize.*/& --keep \"a|b it's\"/" "$CE_ROOT/samples/recipes/segment.recipe" >my.recipe
	run adapted RECIPE=my.recipe out/session_identification.csv.gz
	[ "$status" -ne 0 ]
	[[ $output == *"ce-sessionize: "*"a|b it's"* ]]
	run adapted RECIPE=my.recipe audit
	[ "$status" -ne 0 ]
	[[ $output == *"ce-sessionize: "*"a|b it's"* ]]
}

@test "a list of some contents alone drops no event of a recipe whose log has no runtimes" {
	mkdir data
	cp "$CE_ROOT/tests/recipes/netflix.library.csv" data/content_dim.csv
	pipeline RECIPE=netflix LOG="$CE_ROOT/tests/recipes/netflix.log" out/session_identification.csv.gz
	events() { gzip -dc "out/$1.csv.gz" | cut -d , -f 1-2 | sort; }
	same <(events cleaned_events) <(events session_identification)
	gzip -dc out/session_identification.csv.gz | grep -q ',Drama,6000,2020,16,'
}

@test "the sample log goes through the whole pipeline without a warning" {
	# A warning is an error with STRICT=1.
	adapted RECIPE=segment LOG="$CE_ROOT/samples/segment.jsonl.gz" STRICT=1
}

@test "the sample log is what the sample's tables make, and ce-adapt reads all of it" {
	ce-clean "$CE_ROOT/samples/events_table.csv.gz" -o clean.csv.gz 2>/dev/null
	python3 "$CE_ROOT/tests/reference/segment_log.py" clean.csv.gz "$CE_ROOT/samples/users_dim.csv.gz" \
		"$CE_ROOT/samples/content_dim.csv.gz" 0.3 >want.jsonl
	gzip -dc "$CE_ROOT/samples/segment.jsonl.gz" | cmp - want.jsonl
	ce-adapt --strict -r segment "$CE_ROOT/samples/segment.jsonl.gz" >events.csv.gz
	[ "$(gzip -dc events.csv.gz | wc -l)" -gt 12000 ]
}
