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
	make -pn -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=data OUT=out 2>/dev/null |
		sed -n 's/^load: //p' | tr ' ' '\n' | sed 's/^load-//'
}

@test "from the database and back: every table is there, byte for byte" {
	warehouse both
	pipeline export load
	loaded >tables
	[ "$(wc -l <tables)" -eq 20 ]
	while read -r table; do
		ce-export "$table" | gzip -dc >got
		same <(gzip -dc "out/$table.csv.gz") got
		[ "$(sql "SELECT count(*) FROM pg_stats WHERE tablename = '$table'")" -gt 0 ]
	done <tables
	[ "$(sql 'SELECT count(*) > 2000 FROM cleaned_events')" = t ]
	# The database has added and lost nothing: the same features come from the files alone.
	ce-clean raw/events_table.csv.gz 2>/dev/null |
		ce-join --drop email -k user_id raw/users_dim.csv.gz -k content_id raw/content_dim.csv.gz |
		ce-sessionize | ce-agg | ce-features -p >want
	same want <(gzip -dc out/completion_prediction_features.csv.gz)
	# A second time, over what is there.
	pipeline export load
	same want <(ce-export -c 'SELECT * FROM completion_prediction_features ORDER BY event_ts, event_id COLLATE "C"' | gzip -dc)
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

@test "predict: the viewings that are still open, by the model that is there, and no other row" {
	warehouse today
	run pipeline export predict
	[ "$status" -ne 0 ]
	[[ $output == *'predict: no model out/completion.model: make it first, or set MODEL=FILE'* ]]
	pipeline all load
	cp out/completion.model model
	cp out/completion_predictions.csv.gz predictions.csv.gz
	open="SELECT count(*) FROM completion_predictions WHERE split = 'unlabelled'"
	n=$(sql "$open")
	[ "$n" -gt 5 ]
	# One that was predicted otherwise, one that is missing, and a row of the past, not to be touched.
	psql -q <<-'END'
		UPDATE completion_predictions SET completion_probability = 2 WHERE event_id =
			(SELECT min(event_id) FROM completion_predictions WHERE split = 'unlabelled');
		DELETE FROM completion_predictions WHERE event_id =
			(SELECT max(event_id) FROM completion_predictions WHERE split = 'unlabelled');
		UPDATE completion_predictions SET completion_probability = 3 WHERE event_id =
			(SELECT min(event_id) FROM completion_predictions WHERE split = 'train');
	END
	pipeline predict
	[ "$(sql "$open")" -eq "$n" ]
	[ "$(sql 'SELECT count(*) FROM completion_predictions WHERE completion_probability = 3')" -eq 1 ]
	sql "UPDATE completion_predictions SET completion_probability = 0 WHERE completion_probability = 3"
	same <(gzip -dc predictions.csv.gz | sort | grep -v "^$(sql "SELECT event_id FROM completion_predictions WHERE completion_probability = 0")," ) \
		<(ce-export --where 'completion_probability <> 0' -p completion_predictions | sort)
	# Newer data, the same model.
	sql "INSERT INTO events_table SELECT 'new', max(event_ts) + 1, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline export predict
	cmp model out/completion.model
	[ "$(sql "SELECT split FROM completion_predictions WHERE event_id = 'new'")" = unlabelled ]
	# When their outcome is known, they are no longer open.
	sql "INSERT INTO events_table SELECT 'later', max(event_ts) + 864000000, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline export predict
	[ "$(sql "SELECT string_agg(event_id, ' ') FROM completion_predictions WHERE split = 'unlabelled'")" = later ]
	[ "$(sql "SELECT split FROM completion_predictions WHERE event_id = 'new'")" = test ]
	sql "DELETE FROM events_table WHERE event_id = 'later'"
	pipeline export all
	# Another database by name, another model by file.
	createdb other
	pipeline predict load DB="dbname='other'" MODEL=model
	! grep -q "dbname='other'" make.log || return 1
	[ "$(PGDATABASE=other sql "$open")" -gt 5 ]
}

@test "schema.sql makes the columns and keys that ce-import makes" {
	warehouse typed
	sql 'CREATE SCHEMA made'
	for table in events_table users_dim content_dim; do
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
}

@test "a model that breaks off changes no prediction" {
	warehouse broken
	pipeline export load
	before=$(sql 'SELECT md5(array_agg(p ORDER BY event_id)::text) FROM completion_predictions p')
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
	[ "$(sql 'SELECT md5(array_agg(p ORDER BY event_id)::text) FROM completion_predictions p')" = "$before" ]
}
