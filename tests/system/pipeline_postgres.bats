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
	[ "$(wc -l <tables)" -eq 21 ]
	while read -r table; do
		ce-export "$table" | gzip -dc >got
		same <(gzip -dc "out/$table.csv.gz") got
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
	[ "$(wc -l <before)" -eq 24 ]
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
	# All but the time of scoring.
	same <(gzip -dc predictions.csv.gz | cut -d, -f -9 | sort | grep -v "^$(sql "SELECT event_id FROM completion_predictions WHERE completion_probability = 0")," ) \
		<(ce-export --where 'completion_probability <> 0' -p completion_predictions | cut -d, -f -9 | sort)
	# Newer data, the same model.
	sql "INSERT INTO events_table SELECT 'new', max(event_ts) + 1, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline export predict
	cmp model out/completion.model
	[ "$(sql "SELECT split FROM completion_predictions WHERE event_id = 'new'")" = unlabelled ]
	# When their outcome is known, they are no longer open.
	sql "INSERT INTO events_table SELECT 'later', max(event_ts) + 864000000, min(user_id), min(content_id), 'play', 0, 'tv' FROM events_table"
	pipeline export predict
	[ "$(sql "SELECT string_agg(event_id, ' ') FROM completion_predictions WHERE split = 'unlabelled'")" = later ]
	[ "$(sql "SELECT split FROM completion_predictions WHERE event_id = 'new'")" = immature ]
	# A window of the log that begins after all that was open, in which nothing is: there is nothing to do.
	mkdir tail
	cp data/{users,content}_dim.csv.gz tail
	zcat data/events_table.csv.gz | awk -F, -v OFS=, 'NR == 1 { print } $1 == "later" {
		t = $2 + 86400000
		for (i = 1; i <= 20; i++) { $1 = "t" i; $2 = sprintf("%.0f", t + i * 86400000); $5 = i % 2 ? "play" : "complete"; print } }' >tail/events_table.csv
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=tail OUT=tail.out MODEL=model \
		CLEAN_FLAGS='--allow-empty device' predict >make.log 2>&1 || { cat make.log; false; }
	[ "$(sql "SELECT string_agg(event_id, ' ') FROM completion_predictions WHERE split = 'unlabelled'")" = later ]
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
