#!/usr/bin/env bats
# The whole pipeline with PostgreSQL at both ends: samples/schema.sql and pipeline.mk's export, load
# and predict.

load ../common
load ../postgres

# A database of its own for the test, with the source tables, and a workload in them.
warehouse() {
	createdb "$1"
	export PGDATABASE=$1
	psql -qf "$CE_ROOT/samples/schema.sql"
	ce-synth --users 60 --contents 30 --days 20 --sessions 900 --seed 5 --dirty 0.02 -o raw
	ce-clean raw/events_table.csv.gz 2>/dev/null | ce-import --append events_table
	ce-import --append users_dim raw/users_dim.csv.gz
	ce-import --append content_dim raw/content_dim.csv.gz
}

# As many steps at once as there can be, for that must not matter.
pipeline() {
	make -j8 --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=data OUT=out "$@" >make.log 2>&1 ||
		{ cat make.log; return 1; }
}

# The tables that `load` loads, as pipeline.mk has them.
loaded() {
	# shellcheck disable=SC2016 # make's
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" --eval 'loaded: ; @printf "%s\n" $(LOADED)' loaded
}

# state: every table of the database with a checksum of its rows, in whatever order they are.
state() {
	psql -XAtq -v ON_ERROR_STOP=1 <<-'END'
		SELECT format('SELECT %L, count(*), sum(hashtextextended(r::text, 0)) FROM %s AS r', c, c)
		FROM (SELECT oid::regclass AS c FROM pg_class
			WHERE relnamespace = 'public'::regnamespace AND relkind = 'r') AS relations
		ORDER BY c::text \gexec
	END
}

# Every prediction in the database, sorted.
history() {
	ce-export -p completion_predictions | tail -n +2 | sort
}

# night FOLDER GOAL...: the pipeline on the source tables in FOLDER, into OUT=FOLDER.out; its output is in make.log.
night() {
	local folder=$1
	shift
	make -j4 --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA="$folder" OUT="$folder.out" \
		"$@" >make.log 2>&1
}

# refused FOLDER WORDS: a night that does not load, says why, and changes nothing.
refused() {
	if night "$1" load; then
		echo "$1 was loaded"
		return 1
	fi
	grep -qF -- "$2" make.log || { cat make.log; return 1; }
	same before <(state)
}

@test "from the database and back: every table is there, byte for byte" {
	warehouse both
	pipeline export load
	loaded >tables
	[ "$(wc -l <tables)" -eq 22 ]
	while read -r table; do
		ce-export "$table" | gzip -dc >got
		# Predictions are added in the order of their keys, and not those of what is open.
		case $table in
		completion_predictions) same <(gzip -dc "out/$table.csv.gz" | grep -v ,unlabelled, | sort) <(sort got) ;;
		*) same <(gzip -dc "out/$table.csv.gz") got ;;
		esac
		[ "$(sql "SELECT count(*) FROM pg_stats WHERE tablename = '$table'")" -gt 0 ]
	done <tables
	[ "$(sql 'SELECT count(*) > 2000 FROM cleaned_events')" = t ]
	# The database has added and lost nothing: the same features come from the files alone.
	ce-clean raw/events_table.csv.gz 2>/dev/null |
		ce-join --drop email -k user_id raw/users_dim.csv.gz -k content_id raw/content_dim.csv.gz |
		ce-sessionize | ce-agg | ce-online | ce-features -p >want
	same want <(gzip -dc out/completion_prediction_features.csv.gz)
	# A second time, over what is there.
	pipeline export load
	same want <(ce-export -c 'SELECT * FROM completion_prediction_features ORDER BY event_ts, event_id COLLATE "C"' | gzip -dc)
}

@test "a night that fails changes nothing in the database: an empty, a shrunken or a damaged table" {
	warehouse nights
	pipeline export load
	state >before
	[ "$(wc -l <before)" -eq 25 ]
	# Users that are a header alone.
	cp -r data no_users
	gzip -dc data/users_dim.csv.gz | head -n 1 | gzip >no_users/users_dim.csv.gz
	refused no_users 'ce-'
	# Events, six tenths of which are gone.
	mkdir fewer
	cp data/*_dim.csv.gz fewer
	n=$(gzip -dc data/events_table.csv.gz | wc -l)
	gzip -dc data/events_table.csv.gz | head -n $((n * 4 / 10)) | gzip >fewer/events_table.csv.gz
	refused fewer 'ce-import: table cleaned_events would have'
	grep -q 'a greater loss than --max-loss 50% allows' make.log
	# Damage in a source, and in what a step has made.
	cp -r data damaged
	truncate -s -20 damaged/events_table.csv.gz
	refused damaged 'ce-clean: damaged/events_table.csv.gz: truncated gzip stream'
	cp -r data broken
	night broken all
	truncate -s -20 broken.out/curves.csv.gz
	refused broken 'ce-import: broken.out/curves.csv.gz: truncated gzip stream'
	rm broken.out/curves.csv.gz
	night broken load
	# All is as it was, and the predictions of the other run are further ones.
	same <(grep -v '^completion_predictions|' before) <(state | grep -v '^completion_predictions|')
	[ "$(history | wc -l)" -eq "$(($(gzip -dc {out,broken.out}/completion_predictions.csv.gz | grep -vc ,unlabelled,) - 2))" ]
	state >before
	night broken load
	same before <(state)
	# That the events are fewer is what we want.
	night fewer load LOAD_FLAGS='--max-loss 90%' || { tail -5 make.log; false; }
	[ "$(sql 'SELECT count(*) FROM cleaned_events')" -eq "$(gzip -dc fewer.out/cleaned_events.csv.gz | tail -n +2 | wc -l)" ]
}

@test "load: a warning of its own is shown, and with STRICT=1 nothing is loaded" {
	warehouse warned
	pipeline export load
	sql <<-'END'
		CREATE FUNCTION most() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN RETURN CASE WHEN NEW.event_id NOT LIKE '%7' THEN NEW END; END $$;
		CREATE TRIGGER most BEFORE INSERT ON user_activity FOR EACH ROW EXECUTE FUNCTION most();
	END
	pipeline load
	sed -n '/^== Warnings ==$/,$p' make.log >said
	grep -q '^9-load: ce-import: warning: table user_activity took ' said || { tail make.log; false; }
	state >before
	! pipeline load STRICT=1 >failed || return 1
	grep -q 'ce-import: a warning is an error with --strict' failed
	same before <(state)
}

@test "export again brings new events, and everything is made anew" {
	warehouse renewed
	pipeline export all
	before=$(gzip -dc out/cleaned_events.csv.gz | wc -l)
	sql "INSERT INTO events_table SELECT 'new', max(event_ts) + 1, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline
	[ "$(gzip -dc out/cleaned_events.csv.gz | wc -l)" -eq "$before" ]
	pipeline export all
	[ "$(gzip -dc out/cleaned_events.csv.gz | wc -l)" -eq $((before + 1)) ]
	pipeline export EXPORT_FLAGS='--until 2024-01-10'
	[ "$(gzip -dc data/events_table.csv.gz | tail -n +2 | cut -d, -f2 | sort -n | tail -n 1)" -lt 1704844800000 ]
	[ "$(gzip -dc data/users_dim.csv.gz | wc -l)" -eq 61 ]
}

@test "predict: the viewings that are still open, by the champion, are added to what was predicted, of which nothing changes" {
	warehouse today
	run pipeline export predict
	[ "$status" -ne 0 ]
	[[ $output == *'predict: no model out/champion.model: promote makes one, or set MODEL=FILE'* ]]
	pipeline load promote
	cmp out/completion.model out/champion.model
	cp out/champion.model model
	# What is open, only the champion serves.
	history >loaded
	same loaded <(gzip -dc out/completion_predictions.csv.gz | tail -n +2 | grep -v ,unlabelled, | sort)
	gzip -dc out/completion_predictions.csv.gz | grep ,unlabelled, | sort >open
	[ "$(wc -l <open)" -gt 5 ]
	pipeline predict
	history >predicted
	comm -13 loaded predicted >added
	[ -z "$(comm -23 loaded predicted)" ]
	same <(cut -d, -f1-9 open) <(cut -d, -f1-9 added)
	[ "$(cut -d, -f10 added | sort -u | wc -l)" -eq 1 ]
	# Once more at the same time, and the same file loaded again: the same rows.
	pipeline predict PREDICT_FLAGS="--scored-at $(head -n 1 added | cut -d, -f10)"
	pipeline load PREDICT_FLAGS=
	same predicted <(history)
	same <(ce-export -p latest_predictions | sort) <({
		head -n 1 <(gzip -dc out/completion_predictions.csv.gz)
		cat loaded added
	} | sort)
	# Each viewing once, by its newest row.
	same <(sort -t , -k 2,2n -k 1,1 added | awk -F, '{ newest[$3, $4] = $1 } END { for (viewing in newest) print newest[viewing] }' | sort) \
		<(sql 'SELECT event_id FROM open_viewings' | sort)
	# Newer data, the same model.
	sql "INSERT INTO events_table SELECT 'new', max(event_ts) + 1, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline export predict
	cmp model out/champion.model
	[ "$(sql "SELECT split FROM latest_predictions WHERE event_id = 'new'")" = unlabelled ]
	# When their outcome is known, they are no longer open; what was served stays.
	history >before
	sql "INSERT INTO events_table SELECT 'later', max(event_ts) + 864000000, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline export predict
	history >after
	[ -z "$(comm -23 before after)" ]
	latest="SELECT string_agg(event_id, ' ') FROM latest_predictions WHERE split = 'unlabelled'"
	[ "$(sql "$latest")" = later ]
	[ "$(sql 'SELECT event_id FROM open_viewings')" = later ]
	[ "$(sql "SELECT string_agg(split, ' ' ORDER BY scored_at) FROM completion_predictions WHERE event_id = 'new'")" = 'unlabelled immature' ]
	# Those that were known before are not scored again.
	pipeline predict
	[ "$(history | wc -l)" -eq $(($(wc -l <after) + 1)) ]
	# A window of the log that begins after all that was open, in which nothing is: there is nothing to do.
	mkdir tail
	cp data/{users,content}_dim.csv.gz tail
	zcat data/events_table.csv.gz | awk -F, -v OFS=, 'NR == 1 { print } $1 == "later" {
		t = $2 + 86400000
		for (i = 1; i <= 20; i++) { $1 = "t" i; $2 = sprintf("%.0f", t + i * 86400000); $5 = i % 2 ? "play" : "complete"; print } }' >tail/events_table.csv
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=tail OUT=tail.out MODEL=model \
		CLEAN_FLAGS='--allow-empty device' predict >make.log 2>&1 || { cat make.log; false; }
	[ "$(sql "$latest")" = later ]
	sql "DELETE FROM events_table WHERE event_id = 'later'"
	pipeline export all
	# Another database by name, another model by file, and views of tables that were there before.
	createdb other
	pipeline predict load DB="dbname='other'" MODEL=model
	! grep -q "dbname='other'" make.log || return 1
	export PGDATABASE=other
	psql -qf "$CE_ROOT/samples/schema.sql"
	[ "$(sql 'SELECT count(*) > 0 FROM open_viewings')" = t ]
}

@test "served: what was predicted while viewings were open, with today's outcomes, by model and day" {
	warehouse served
	export SESSIONIZE_FLAGS='--gap 6h'
	pipeline export promote predict EXPORT_FLAGS='--until 2024-01-13T21:00' PREDICT_FLAGS='--scored-at 2024-01-13T21:10Z'
	pipeline export predict EXPORT_FLAGS='--until 2024-01-16T20:00' PREDICT_FLAGS='--scored-at 2024-01-16T20:10Z'
	psql -q <"$CE_ROOT/samples/schema.sql"
	ce-import --replace completion_prediction_features <(gzip -dc out/completion_prediction_features.csv.gz | head -n 1)
	pipeline served
	grep -qx 'served: no outcome is known yet of what was predicted' make.log
	sql 'DROP TABLE completion_prediction_features CASCADE'
	# Once more on the same day, which is no more that was served.
	pipeline predict PREDICT_FLAGS='--scored-at 2024-01-16T20:20Z'
	run pipeline served
	[ "$status" -ne 0 ]
	[[ $output == *'ce-export: relation "completion_prediction_features" does not exist'* ]]
	pipeline export load served SERVED_FLAGS='--by predicted_completion'
	grep -q '^== Served predictions' make.log
	gzip -dc out/served_metrics.csv.gz >served.csv
	id=$(sed -n 's/^model_id //p' out/champion.model)
	same <(cut -d, -f1-4 served.csv | grep -v ^predicted) <(
		echo segment_column,segment,rows,positives
		sql "SELECT '', '', count(*), sum(is_completion) FROM completion_predictions JOIN completion_prediction_features USING (event_id)
			WHERE split = 'unlabelled' AND is_completion IS NOT NULL AND model_id = '$id' AND scored_at % 3600000 = 600000" | tr '|' , | tee all
		echo "model_id,$id$(sed s/^,// all)"
		sql "SELECT 'day', CASE WHEN scored_at < 1705276800000 THEN '2024-01-13' ELSE '2024-01-16' END, count(*), sum(is_completion)
			FROM completion_predictions JOIN completion_prediction_features USING (event_id)
			WHERE split = 'unlabelled' AND is_completion IS NOT NULL AND scored_at % 3600000 = 600000 GROUP BY 2 ORDER BY 2" | tr '|' ,
	)
	[ "$(sql "SELECT count(DISTINCT scored_at) FROM served_predictions WHERE is_completion IS NOT NULL")" -eq 3 ]
	[ "$(wc -l <served.csv)" -ge 6 ]
	# The planner sees through the function; and the views hold no table.
	[[ $(sql 'EXPLAIN SELECT * FROM served_predictions') != *'Function Scan'* ]]
	sql 'DROP TABLE completion_prediction_features'
	pipeline load served
	gzip -dc out/served_metrics.csv.gz | same <(grep -v ^predicted served.csv) -
}

@test "schema.sql makes the columns and keys that ce-import makes" {
	warehouse typed
	sql 'CREATE SCHEMA made'
	for table in events_table users_dim content_dim completion_predictions; do
		ce-export "$table" | ce-import "made.$table"
		of() {
			sql "SELECT attname, atttypid::regtype FROM pg_attribute
				WHERE attrelid = '$1'::regclass AND attnum > 0 ORDER BY attnum"
		}
		same <(of "$table") <(of "made.$table")
		key() {
			sql "SELECT pg_get_constraintdef(oid) FROM pg_constraint
				WHERE conrelid = '$1'::regclass AND contype = 'p'"
		}
		same <(key "$table") <(key "made.$table")
	done
	# Again it changes nothing, and says nothing.
	schema() { pg_dump -s | grep -v restrict; }
	schema >before
	psql -qf "$CE_ROOT/samples/schema.sql" >said 2>&1
	[ ! -s said ]
	schema | same before -
	# Where it fails, it does nothing.
	createdb older
	export PGDATABASE=older
	sql 'CREATE TABLE completion_predictions (event_id text PRIMARY KEY)'
	schema >before
	fails 3 psql -qf "$CE_ROOT/samples/schema.sql"
	schema | same before -
}

@test "a model that breaks off changes no prediction" {
	warehouse broken
	pipeline export load promote
	before=$(sql 'SELECT md5(array_agg(p ORDER BY event_id, scored_at)::text) FROM completion_predictions p')
	mkdir bin
	cat >bin/ce-predict <<-E
		#!/bin/sh
		$CE_BIN/ce-predict "\$@" | head -c 200
	E
	chmod +x bin/ce-predict
	cp "$CE_ROOT/samples/pipeline.mk" .
	PATH=$PWD/bin:$PATH
	run make -f pipeline.mk DATA=data OUT=out predict
	[ "$status" -ne 0 ]
	[[ $output == *"ce-import: stdin: truncated gzip stream"* ]]
	[ "$(sql 'SELECT md5(array_agg(p ORDER BY event_id, scored_at)::text) FROM completion_predictions p')" = "$before" ]
}
