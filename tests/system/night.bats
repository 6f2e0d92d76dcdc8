#!/usr/bin/env bats
# Thirty nights of samples/night.sh on a throwaway PostgreSQL, on four of which something goes wrong: what each did, and that
# the database never shows half.

load ../common
load ../postgres

# The test kills its server: it has one of its own.
setup_file() { :; }
teardown_file() { :; }

teardown() {
	[ ! -e nights.log ] || sed 's/^/# /' nights.log >&3
	[ ! "${reader-}" ] || kill "$reader" 2>/dev/null || true
	[ ! "${postgres_pid-}" ] || postgres_stop
}

# Thirty days of a log, 2024-01-DD.csv in arrived/, of which late/ has what comes two nights later; the dimensions in dims/; and the tools in
# bin/, with a clock that says $NIGHT, and faults that files of the names below bring about.
world() {
	ce-synth --users 40 --contents 25 --days 30 --sessions 1500 --seed 8 -o dims
	ce-clean -p dims/events_table.csv.gz -o all.csv
	mkdir arrived late bin data predictions
	awk -F, 'NR == 1 { head = $0; next }
		{ day = strftime("%Y-%m-%d", $2 / 1000, 1); file = (day == "2024-01-12" && NR % 2 ? "late/" : "arrived/") day ".csv"
		if (!(file in seen)) { seen[file]; print head >file }
		print >file }' all.csv
	ln -s "$CE_BIN"/* bin
	# All that night.sh and days.mk ask of a clock is yesterday.
	cat >bin/date <<-E
		#!/bin/bash
		exec $(command -v date) "\${@/#yesterday/\$NIGHT - 1 day}"
	E
	# cut: the end of what is exported of yesterday does not arrive.
	rm bin/ce-export
	cat >bin/ce-export <<-E
		#!/bin/bash
		$CE_BIN/ce-export "\$@" || exit
		[[ ! -e $PWD/cut || " \$* " != *" --until \${NIGHT}T"* ]] || truncate -s -99 logs/.new.csv.gz
	E
	chmod +x bin/date bin/ce-export
	# Viewings of six hours, so that many are open at midnight.
	export BIN=$PWD/bin FLAGS='--gap 6h'
	PATH=$BIN:$PATH
}

# one_run UNTIL CSV...: what one run over the whole log until then has decided by then, as one.features.csv and one.starts.csv.
one_run() {
	awk -F, -v end="$(date -u -d "$1" +%s000)" 'NR == 1 || $2 + 0 > 0 && $2 < end' "${@:2}" >until.csv
	ce-materialize --gap 6h --drop email -k user_id dims/users_dim.csv.gz -k content_id dims/content_dim.csv.gz --until "$1" \
		--state-out one.state --starts one.starts.csv -o one.features.csv until.csv 2>/dev/null
}

# What a reader sees: each day that is there, with the number and a checksum of its rows in both tables, and whether it counts as loaded; one
# line.
seen="SELECT string_agg(concat_ws(':', day, f.n, f.h, s.n, s.h, made IS NOT NULL), ' ' ORDER BY day) FROM ce_days
	FULL JOIN (SELECT day, count(*) AS n, sum(hashtextextended(t::text, 0)) AS h FROM completion_prediction_features AS t GROUP BY 1) AS f USING (day)
	FULL JOIN (SELECT day, count(*) AS n, sum(hashtextextended(t::text, 0)) AS h FROM session_starts AS t GROUP BY 1) AS s USING (day)"

# The tables of the database that nights write, and what is in them.
state() {
	sql "$seen"
	sql "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM completion_predictions AS t"
}

# is_one_run CSV...: the features and the starts in the database are those of one run over all days until now, byte for byte.
is_one_run() {
	local columns
	one_run "$NIGHT" "$@"
	columns=$(head -n 1 one.features.csv)
	ce-export -p -c "SELECT $columns FROM completion_prediction_features ORDER BY event_ts, event_id COLLATE \"C\"" | same one.features.csv -
	columns=$(head -n 1 one.starts.csv)
	ce-export -p -c "SELECT $columns FROM session_starts ORDER BY session_id" | same one.starts.csv -
}

# note TEXT: a line of the log of the test.
note() {
	echo "$1" >>nights.log
}

# reader_starts; reader_ends REPLAYED: a reader that looks all the time. What it saw are days that were loaded whole, from the first one on
# without a gap. (While a day is made again, those behind it have their old rows, without those that moved.)
reader_starts() {
	echo "$seen" '\watch 0.1' | psql -XAtq >looked 2>/dev/null 3>&- &
	reader=$!
}

reader_ends() {
	kill "$reader" 2>/dev/null || true
	wait "$reader" || true
	grep ^2024 looked | sort | uniq -c >looks || true
	sql "$seen" | tr ' ' '\n' >>whole
	n_looks=$(awk '{ n += $1 } END { print n + 0 }' looks)
	[ ! "$1" ] || return 0
	awk 'NR == FNR { whole[$0]; next }
		{ for (i = 2; i <= NF; i++) if (!($i in whole) || $i !~ sprintf("^2024-01-%02d:", i - 1)) { print "half:", $0; bad = 1 } }
		END { exit bad }' whole looks
}

# night DAY [REPLAYED]: night.sh after that day, which may fail; its exit status is in $night.
night() {
	NIGHT=$(command date -u -d "$1 + 1 day" +%F)
	export NIGHT PREDICT_FLAGS="--scored-at ${NIGHT}T00:30:00Z"
	night=0
	reader=
	[ "$(sql "SELECT to_regclass('ce_days') IS NULL")" = t ] || reader_starts
	sh "$CE_ROOT/samples/night.sh" data >said 2>&1 || night=$?
	[ ! "$reader" ] || [ -e killed ] || reader_ends "${2-}"
}

# good DAY [REPLAYED WHAT]: a night that does all of its work.
good() {
	local before=none
	[ ! -e data/champion.model ] || before=$(sed -n 's/^model_id //p' data/champion.model)
	night "$1" "${2-}"
	[ "$night" -eq 0 ] || { cat said; return 1; }
	is_one_run "${log[@]}"
	[ "$(sql 'SELECT count(*) FROM ce_days')" -eq "$((10#${1#2024-01-}))" ]
	# All that is open was scored by the model that was there at the beginning.
	scored=0
	if [ "$before" != none ]; then
		gzip -dc data/out/open_predictions.csv.gz >"predictions/$1.csv"
		scored=$(($(wc -l <"predictions/$1.csv") - 1))
		[ "$scored" -gt 0 ]
		[ "$(tail -n +2 "predictions/$1.csv" | cut -d, -f8- | sort -u)" = "unlabelled,$before,$(date -u -d "$NIGHT 00:30" +%s000)" ]
	fi
	note "$1${3:+ ($3)}: done; $(($(wc -l <one.starts.csv) - 1)) viewings, $(($(wc -l <one.features.csv) - 1)) decided rows, $scored open rows scored by ${before:0:6}; a reader looked ${n_looks-0} times"
	sed 's/^/    /' said >>nights.log
	grep '^promote.sh: ' data/night.log | sed 's/^/    /' >>nights.log || true
}

# bad DAY CAUSE WORDS: a night that fails, says why, and leaves the database as it was.
bad() {
	state >before
	night "$1"
	[ "$night" -ne 0 ]
	grep -qe "$3" said || { cat said; return 1; }
	same before <(state)
	note "$1 ($2): failed, and the database is as it was; a reader looked ${n_looks-0} times"
	sed 's/^/    /' said >>nights.log
}

# served: the quality of what was served, by model and by night, is that of the predictions of each night joined with the outcomes of
# the whole log; the AUC by comparing every pair.
served() {
	make -s --no-print-directory -f "$CE_ROOT/samples/days.mk" LOGS=data/logs DATA=data/dims OUT=data/out served >said 2>&1 || { cat said; return 1; }
	gzip -dc data/out/served_metrics.csv.gz >data/out/served_metrics.csv
	/usr/bin/env python3 - <<-'E'
		import csv, glob, gzip
		outcome = {}
		for path in glob.glob("data/out/2024-*/completion_prediction_features.csv.gz"):
		    for row in csv.DictReader(gzip.open(path, "rt")):
		        outcome[row["event_id"]] = int(row["is_completion"])
		rows = {}
		for path in glob.glob("predictions/*.csv"):
		    for row in csv.DictReader(open(path)):
		        if row["event_id"] in outcome:
		            scored = (float(row["completion_probability"]), outcome[row["event_id"]])
		            night = "2024-01-%02d" % (int(path[-6:-4]) + 1)
		            for of in ("", ""), ("model_id", row["model_id"]), ("day", night):
		                rows.setdefault(of, []).append(scored)
		got = {(row["segment_column"], row["segment"]): row for row in csv.DictReader(open("data/out/served_metrics.csv"))}
		assert set(got) == set(rows), set(got) ^ set(rows)
		assert sum(of[0] == "model_id" for of in rows) >= 3
		for of, scored in rows.items():
		    ones = [p for p, label in scored if label]
		    zeros = [p for p, label in scored if not label]
		    assert int(got[of]["rows"]) == len(scored), of
		    assert int(got[of]["positives"]) == len(ones), of
		    if ones and zeros:
		        auc = sum((p > q) + (p == q) / 2 for p in ones for q in zeros) / (len(ones) * len(zeros))
		        assert abs(float(got[of]["auc_roc"]) - auc) < 1e-9, of
	E
}

# arrive FILE: the events of a day reach the database.
arrive() {
	ce-import --append events_table "$1"
}

# The server is killed in the middle of the transaction that replaces a day's rows: it waits for the second table, which somebody holds.
kill_in_load() {
	sql CHECKPOINT
	echo "BEGIN; LOCK TABLE session_starts IN SHARE MODE; SELECT pg_sleep(600);" | psql -XAtq >/dev/null 2>&1 3>&- &
	until [ "$(sql "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'session_starts'::regclass")" -gt 0 ]; do
		sleep 0.1
	done
	touch killed
	kill -QUIT "$postgres_pid"
}

@test "a second run at the same time ends at once, and touches nothing" {
	mkdir -p data bin
	printf '#!/bin/sh\ntouch exported\n' >bin/ce-export
	chmod +x bin/ce-export
	exec {lock}>data/.lock
	flock -n "$lock"
	PATH=$PWD/bin:$PATH fails 1 sh "$CE_ROOT/samples/night.sh" data
	[[ $stderr == "night.sh: $PWD/data: another run is at work there" ]]
	[ ! -e exported ] && [ ! -e data/exported ]
	exec {lock}>&-
}

@test "thirty nights: a broken export, a late partition, an empty dimension and a killed server leave no trace" {
	postgres_start
	world
	createdb nights
	export PGDATABASE=nights
	psql -qf "$CE_ROOT/samples/schema.sql"
	for table in users_dim content_dim; do ce-import --append "$table" "dims/$table.csv.gz"; done
	local day log=(all.csv)
	for day in $(cd arrived && ls); do
		day=${day%.csv}
		arrive "arrived/$day.csv"
		case $day in
		2024-01-05)
			touch cut
			bad "$day" 'the export is cut off' "$day.csv.gz: truncated gzip stream"
			rm cut
			;;
		2024-01-12)
			log=(arrived/*)
			good "$day" '' 'half of its events are still to come'
			;;
		2024-01-14)
			arrive late/2024-01-12.csv
			log=(all.csv)
			good "$day" replayed 'the rest of 2024-01-12 has come'
			grep -q 'days.mk: 2024-01-12 has changed: from 2024-01-12 on' said
			;;
		2024-01-18)
			sql 'CREATE TABLE kept AS TABLE users_dim; DELETE FROM users_dim'
			bad "$day" 'users_dim is empty' 'ce-'
			sql 'INSERT INTO users_dim TABLE kept; DROP TABLE kept'
			;;
		2024-01-21)
			state >before
			kill_in_load 3>&- &
			killer=$!
			night "$day"
			[ "$night" -ne 0 ]
			wait "$killer"
			wait "$postgres_pid" || true
			rm killed
			postgres_run
			reader_ends ''
			same before <(state)
			note "$day (the server is killed in the load): failed, and the database is as it was; a reader looked $n_looks times"
			sed 's/^/    /' said >>nights.log
			;;
		*) good "$day" ;;
		esac
	done
	# What was predicted is all there, as it was on its night.
	same <(for day in predictions/*; do tail -n +2 "$day"; done | sort) \
		<(ce-export -p completion_predictions | tail -n +2 | sort)
	# Of each row the newest; of each viewing that is open the newest row.
	same <(for day in predictions/*; do tail -n +2 "$day"; done | awk -F, '{ newest[$1] = $0 } END { for (id in newest) print newest[id] }' | sort) \
		<(ce-export -p latest_predictions | tail -n +2 | sort)
	same <(tail -n +2 predictions/2024-01-30.csv | awk -F, '{ newest[$3, $4] = $1 } END { for (viewing in newest) print newest[viewing] }' | sort) \
		<(sql 'SELECT event_id FROM open_viewings ORDER BY event_id COLLATE "C"')
	[ "$(sql 'SELECT count(DISTINCT (user_id, content_id)) FROM open_viewings')" -gt 1 ]
	# The state is that of the last day.
	for table in users viewings online_effects; do
		same <(gzip -dc "one.state/$table.csv.gz" | sort) <(ce-export --schema online -p "$table" | sort)
	done
	served
	note "served: $(grep -c . <data/out/served_metrics.csv) segments"
	grep -v ^day, data/out/served_metrics.csv | cut -d, -f1-6 | sed 's/^/    /' >>nights.log
}
