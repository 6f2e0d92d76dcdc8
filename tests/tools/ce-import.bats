#!/usr/bin/env bats
# ce-import: CSV into a table of PostgreSQL. What the server then holds is compared with what
# psql's COPY makes of the same file, and with what python's csv module reads.

# shellcheck disable=SC2154 # fails leaves $stderr
load ../common
load ../postgres

# The server can speak German, if its translations are installed, to those who ask.
setup_file() {
	LANGUAGE=de postgres_start
}

# holds TABLE: its rows, in any order, are those on stdin.
holds() {
	cat >want
	sql "COPY (SELECT * FROM $1 AS t ORDER BY t) TO STDOUT csv" >held
	same held want
}

# columns TABLE: the columns, "NAME TYPE[ NOT NULL]" a line, and then those of its primary key.
columns() {
	columns_sql "$1" | sql
}

columns_sql() {
	cat <<-END
		SELECT attname || ' ' || format_type(atttypid, atttypmod) ||
				CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
			FROM pg_attribute WHERE attrelid = '$1'::regclass AND attnum > 0 ORDER BY attnum;
		SELECT pg_get_constraintdef(oid) FROM pg_constraint
			WHERE conrelid = '$1'::regclass AND contype = 'p';
	END
}

# says STATUS MESSAGE COMMAND...: COMMAND exits with that status and says just this.
says() {
	local status=$1 want=$2
	shift 2
	fails "$status" "$@"
	[ "$stderr" = "$want" ] || { echo "said: $stderr"; return 1; }
}

# --- the tables of the toolkit --------------------------------------------------------------------

# want_columns TABLE: what `columns` says of the catalogue's table.
want_columns() {
	"${CE_BIN%/bin}/tables" tsv | awk -F '\t' -v table="$1" '
		$1 == table {
			sub("timestamptz", "timestamp with time zone", $4)
			print $3 " " $4 ($5 == "key" ? " NOT NULL" : "")
			if ($5 == "key")
				key = key (key ? ", " : "") $3
		}
		END { if (key) print "PRIMARY KEY (" key ")" }'
}

@test "every table of the toolkit gets its types and key, and comes back byte for byte" {
	given <<-END
		CREATE SCHEMA again;
		CREATE SCHEMA by_psql;
	END
	ce-synth --users 40 --contents 20 --days 15 --sessions 400 -o data
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$CE_BIN" DATA=data OUT=out >make.log 2>&1 ||
		{ cat make.log; false; }
	ce-train --cv 2 -o out/folds.csv.gz out/completion_prediction_features.csv.gz
	ce-predict --keys --contributions out/feature_contributions.csv.gz -m out/completion.model -o /dev/null \
		out/completion_prediction_features.csv.gz
	fails 1 ce-audit --cuts 2 -o out/audit.csv.gz data/events_table.csv.gz -c 'ce-clean -p |
		awk "{ row[NR] = \$0 } END { print row[1] \",rows\"; for (i = 2; i <= NR; i++) print row[i] \",\" NR }"'
	materialize=(ce-materialize --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz
		--until 2024-01-10 -o /dev/null data/events_table.csv.gz)
	"${materialize[@]}" --state-out state
	mv state/*.csv.gz out
	"${materialize[@]}" --no-online --state-out days --facts out/facts.csv.gz
	ce-collate --state-out shards --until 2024-01-10 out
	mv shards/shard_sessions.csv.gz out
	# The rejected records have a test of their own.
	mapfile -t tables < <("${CE_BIN%/bin}/tables" tsv | cut -f 1 | uniq | grep -vx rejects)
	for table in "${tables[@]}"; do
		file=data/$table.csv.gz
		[ -e "$file" ] || file=out/$table.csv.gz
		ce-import "$table" "$file"
		want_columns "$table" >>want
		gzip -dc "$file" >"$table.csv"
		[ "$(head -n 1 "$table.csv")" = "$(table_columns "$table")" ]
		columns_sql "$table" >>columns.sql
		cat >>load.sql <<-END
			CREATE TABLE by_psql.$table (LIKE $table);
			\copy by_psql.$table FROM '$table.csv' WITH (FORMAT csv, HEADER)
			TABLE $table EXCEPT ALL TABLE by_psql.$table;
			TABLE by_psql.$table EXCEPT ALL TABLE $table;
			SELECT 'empty' WHERE NOT EXISTS (TABLE $table);
		END
	done
	sql <columns.sql >got
	same got want
	PGTZ=UTC sql <load.sql >differences
	[ ! -s differences ]
	ce-export -O first "${tables[@]}"
	for table in "${tables[@]}"; do
		ce-import --schema again "$table" "first/$table.csv.gz"
		# What the tools wrote is what the server writes, but for the times of text columns' users.
		[[ $(head -n 1 "$table.csv") == *signup_date* ]] ||
			same <(gzip -dc "first/$table.csv.gz") "$table.csv"
	done
	ce-export -O second "${tables[@]/#/again.}"
	diff -r first second
	[ "$(find second -type f | wc -l)" -eq "${#tables[@]}" ]
}

# The file of rejects holds the records byte for byte; in the database they are text.
@test "rejected records load whatever their bytes: what is not UTF-8, and NUL, as \\xHH" {
	given <<<''
	name=$'log\xe9.csv'
	{
		printf 'event_id,event_ts,user_id,content_id,event_type,playback_position,device\n'
		printf 'e1,1,u1,c1,play,0,t\xe9l\xe9\n'           # Latin-1
		printf 'e2,1,u\x80\\x80,c1,play,0,tv\n'           # a lone continuation byte, and its text
		printf 'e3,1,u1,c\0c,play,0,tv\n'                 # a NUL
		printf 'e4,1,u1,\xf0\x9f\x98\x80\xc3,play,0,\t\n' # a character, and half of one
		printf 'e5,1,ü,c1,sing,0,"a ""tv"""\n'            # nothing wrong with the bytes
	} >"$name"
	printf 'e6,1,u1,c1,play,0,tv\n' >>"$name"
	ce-clean --ts-unit ms --max-rejects 100% --rejects rejects.csv.gz -o cleaned.csv.gz "$name" 2>/dev/null
	gzip -dc rejects.csv.gz | grep -aq $'t\xe9l\xe9'
	gzip -dc rejects.csv.gz | tr '\0' '@' | grep -aq ',c@c,'
	ce-import rejects rejects.csv.gz
	columns rejects >got
	want_columns rejects | same got -
	sql 'SELECT file, line, reason FROM rejects ORDER BY line' >got
	printf 'log\\xE9.csv|%s\n' '2|invalid_utf8' '3|invalid_utf8' '4|invalid_utf8' '5|invalid_utf8' \
		'6|bad_event_type' | same got -
	sql 'SELECT record FROM rejects ORDER BY line' >got
	cat >want <<-'END'
		e1,1,u1,c1,play,0,t\xE9l\xE9
		e2,1,u\x80\x80,c1,play,0,tv
		e3,1,u1,c\x00c,play,0,tv
		e4,1,u1,😀\xC3,play,0,	
		e5,1,ü,c1,sing,0,"a ""tv"""
	END
	same got want
	# Into a table that exists as well, but not into a type that --types gives, nor another table.
	ce-import --append rejects rejects.csv.gz
	[ "$(sql 'SELECT count(*), count(DISTINCT record) FROM rejects')" = '10|5' ]
	fails 1 ce-import --types record=text --replace rejects rejects.csv.gz
	[ "$stderr" = 'ce-import: rejects.csv.gz:2: column record: byte 0xE9 is not part of valid UTF-8 (iconv converts)' ]
	fails 1 ce-import others rejects.csv.gz
	[[ $stderr == 'ce-import: rejects.csv.gz:2: column file: byte 0xE9 '* ]]
}

@test "a known table: columns in any order, others as text, and no key without its column" {
	given <<<''
	printf 'split,note,session_id,scored_at,event_id,completion_probability,model_id\ntest,x,1,2,e1,0.25,m\n' >a.csv
	ce-import completion_predictions a.csv
	columns completion_predictions >got
	cat >want <<-'END'
		split text
		note text
		session_id bigint
		scored_at bigint NOT NULL
		event_id text NOT NULL
		completion_probability double precision
		model_id text NOT NULL
		PRIMARY KEY (event_id, model_id, scored_at)
	END
	same got want
	printf 'session_id,user_id\n1,\n,u\n' | ce-import content_dim
	columns content_dim >got
	printf 'session_id text\nuser_id text\n' | same got -
	printf 'event_ts,content_id\n1,c\n' | ce-import has_played_before
	columns has_played_before >got
	printf 'event_ts bigint\ncontent_id text\n' | same got -
}

@test "other tables are text, or what --types says, which comes before what is known" {
	given <<<''
	printf 'a,b,c d,e\n1,2,3,4\n' >a.csv
	ce-import other a.csv
	columns other >got
	printf 'a text\nb text\nc d text\ne text\n' | same got -
	ce-import --types 'c d=numeric(10,2),a=timestamptz(0)[]' --types b=bigint typed <<-'END'
		a,b,c d,e
		"{2024-01-30 12:00,NULL}",7,1.005,x
	END
	columns typed >got
	cat >want <<-'END'
		a timestamp(0) with time zone[]
		b bigint
		c d numeric(10,2)
		e text
	END
	same got want
	printf 'event_id,event_ts\n1,2024-01-30\n' |
		ce-import --types event_ts=timestamptz,event_id=int events_table
	columns events_table >got
	cat >want <<-'END'
		event_id integer NOT NULL
		event_ts timestamp with time zone
		PRIMARY KEY (event_id)
	END
	same got want
	fails 1 ce-import --types a=int,f=int more a.csv
	[[ $stderr == "ce-import: a.csv:1: missing column f"* ]]
	for types in a a= =int '' 'a=int,' 'a=int,,b=int'; do
		fails 2 ce-import --types "$types" more a.csv
		[[ $stderr == *"': expected COLUMN=TYPE"* ]]
	done
	fails 3 ce-import --types 'a=numeric(10,2' more a.csv
	[[ $stderr == *"(SQLSTATE 42601)" ]]
	fails 3 ce-import --types a=nonsense more a.csv
	[ "$stderr" = 'ce-import: type "nonsense" does not exist (SQLSTATE 42704)' ]
	fails 3 ce-import --types 'a=int); DROP TABLE other; --' more a.csv
	[ "$(sql "SELECT to_regclass('more') IS NULL, to_regclass('other') IS NULL")" = 't|f' ]
}

@test "times without an offset are UTC, year first, whatever role and client are set to" {
	given <<-'END'
		CREATE ROLE elsewhere LOGIN SUPERUSER;
		ALTER ROLE elsewhere SET timezone = 'Asia/Kolkata';
		ALTER ROLE elsewhere SET datestyle = 'German';
		ALTER ROLE elsewhere SET client_encoding = 'LATIN1';
		ALTER ROLE elsewhere SET standard_conforming_strings = off;
	END
	printf 'at,name\n2024-01-30 12:00,\xc3\xbc\\\n2024-01-30T12:00+02:00,\n01-02-03,\n' >a.csv
	PGTZ=Asia/Tokyo PGDATESTYLE=German PGCLIENTENCODING=LATIN1 PGUSER=elsewhere \
		ce-import --types at=timestamptz t a.csv
	PGTZ=UTC holds t <<-'END'
		2001-02-03 00:00:00+00,
		2024-01-30 10:00:00+00,
		2024-01-30 12:00:00+00,ü\
	END
}

# --- the modes ------------------------------------------------------------------------------------

@test "what exists is an error, of whatever kind it is, and stays as it is" {
	given <<-'END'
		CREATE TABLE t AS SELECT 'old' AS v;
		CREATE VIEW view AS TABLE t;
		CREATE MATERIALIZED VIEW kept AS TABLE t;
		CREATE INDEX an_index ON t (v);
		CREATE SEQUENCE counter;
	END
	for name in t view kept an_index counter; do
		printf 'v\nnew\n' >a.csv
		says 3 "ce-import: table $name already exists (--append, --replace or --upsert?)" \
			ce-import "$name" a.csv
	done
	echo old | holds t
}

@test "a missing schema is an error; with the privilege to insert alone --append works" {
	given <<-END
		CREATE TABLE t (v text);
		CREATE ROLE writer LOGIN;
		GRANT USAGE ON SCHEMA t$BATS_TEST_NUMBER TO writer;
		GRANT INSERT ON t TO writer;
	END
	printf 'v\n1\n' >a.csv
	says 3 'ce-import: schema "none" does not exist (SQLSTATE 3F000)' ce-import none.t a.csv
	PGUSER=writer ce-import --append t a.csv
	echo 1 | holds t
	says 3 'ce-import: permission denied for table t (SQLSTATE 42501)' env PGUSER=writer ce-import --replace t a.csv
	says 3 "ce-import: permission denied for schema t$BATS_TEST_NUMBER (SQLSTATE 42501)" \
		env PGUSER=writer ce-import new a.csv
}

@test "--append adds; columns that the input lacks get their defaults, and NULL is no default" {
	given <<-'END'
		CREATE TABLE t (id int, v text DEFAULT 'none', who text DEFAULT current_setting('application_name'),
			n bigint GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (id * 2) STORED);
	END
	printf 'id\n1\n' | ce-import --append t
	printf 'v,id\n,2\n"",3\n' | PGAPPNAME=nightly ce-import --append t
	holds t <<-'END'
		1,none,ce-import,1,2
		2,,nightly,2,4
		3,"",nightly,3,6
	END
	says 3 'ce-import: column "more" of relation "t" does not exist (SQLSTATE 42703); hint: ALTER TABLE adds a column, or the input may leave it out' \
		ce-import --append t <<<$'id,more\n4,4'
	# A table that is missing is made, in all of the modes.
	printf 'id\n1\n' | ce-import --append made
	printf 'id\n1\n' | ce-import --replace made_too
	[ "$(columns made; columns made_too)" = $'id text\nid text' ]
}

@test "--append and --replace: a column that becomes empty, for the input lacks it, is a warning" {
	given <<-'END'
		CREATE DOMAIN worded AS text DEFAULT 'w';
		CREATE TABLE t (id int, "the app" text, a text DEFAULT 'x', b serial, d worded,
			c bigint GENERATED BY DEFAULT AS IDENTITY, e int GENERATED ALWAYS AS (id * 2) STORED, v text);
		ALTER TABLE t DROP COLUMN v;
		ALTER TABLE t ADD v text;
	END
	printf 'id\n1\n' >a.csv
	fails 0 ce-import --append t a.csv
	cat >want <<-'END'
		ce-import: warning: column the app of table t is not in the input: it becomes empty in the new rows
		ce-import: warning: column v of table t is not in the input: it becomes empty in the new rows
	END
	same stderr want
	fails 0 ce-import --replace t a.csv
	sed 's/the new rows/all rows/' want | same stderr -
	fails 1 ce-import --strict --replace t a.csv
	printf 'id,v,the app\n1,,\n' | ce-import --strict --replace t
	# --upsert keeps what was there.
	sql 'ALTER TABLE t ADD PRIMARY KEY (id)'
	ce-import --strict --upsert id t a.csv
}

@test "-I --upsert: which of the tables the server refuses" {
	given <<-'END'
		CREATE TABLE a (id int PRIMARY KEY, v text);
		CREATE TABLE b (id int PRIMARY KEY, v text UNIQUE);
		CREATE TABLE c (id int, v text);
		INSERT INTO b VALUES (7, 'one2');
	END
	tables_in one
	says 1 'ce-import: table b: duplicate key value violates unique constraint "b_v_key" (SQLSTATE 23505): Key (v)=(one2) already exists.' \
		ce-import -I one --upsert id a b
	says 3 'ce-import: table c: there is no unique or exclusion constraint matching the ON CONFLICT specification (SQLSTATE 42P10)' \
		ce-import -I one --upsert id a c
}

@test "--append, and --replace, go through a parent into its partitions" {
	given <<-'END'
		CREATE TABLE t (id int, v text) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (10);
		CREATE TABLE high PARTITION OF t FOR VALUES FROM (10) TO (20);
	END
	printf 'id,v\n1,a\n11,b\n' | ce-import --append t
	printf '11,b\n' | holds high
	printf 'id,v\n2,c\n' | ce-import --replace t
	printf '2,c\n' | holds t
	printf 'id,v\n3,d\n20,e\n' >a.csv
	says 1 'ce-import: a.csv:3: no partition of relation "t" found for row (SQLSTATE 23514): Partition key of the failing row contains (id) = (20).' \
		ce-import --append t a.csv
}

@test "--replace: other rows in the same table, with its grants, views, indexes, keys and comments" {
	given <<-'END'
		CREATE TABLE t (id int PRIMARY KEY, v text DEFAULT 'x' CHECK (v <> 'bad'));
		INSERT INTO t VALUES (1, 'old'), (2, 'older');
		CREATE INDEX by_v ON t (v);
		CREATE VIEW view AS SELECT id, v FROM t;
		CREATE TABLE other (id int REFERENCES t DEFERRABLE INITIALLY DEFERRED);
		CREATE ROLE reader;
		GRANT SELECT ON t TO reader;
		COMMENT ON TABLE t IS 'ours';
	END
	describe() {
		sql <<-'END'
			SELECT oid, relacl, relhasindex, obj_description(oid) FROM pg_class WHERE oid = 't'::regclass;
			SELECT indexrelid, indisvalid FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1;
			SELECT oid, pg_get_constraintdef(oid) FROM pg_constraint
				WHERE conrelid = 't'::regclass OR confrelid = 't'::regclass ORDER BY 1;
		END
	}
	describe >before
	[ "$(wc -l <before)" -ge 5 ]
	printf 'v,id\nnew,2\nnewer,3\n' | ce-import --replace t
	same before <(describe)
	printf '2,new\n3,newer\n' | holds view
	# What fails leaves the rows that were there.
	fails 1 ce-import --replace t <<<$'id,v\n4,good\n5,bad'
	fails 1 ce-import --replace t <<<$'id,v\n4,good\n5'
	printf '2,new\n3,newer\n' | holds view
	# No rows are rows, too, where that is meant.
	echo id,v | ce-import --replace --max-loss 100% t
	: | holds t
}

@test "--replace: until the commit others read the old rows, and cannot write" {
	given <<-'END'
		CREATE TABLE t (id int, v text);
		INSERT INTO t VALUES (1, 'old');
	END
	mkfifo pipe
	ce-import --replace t pipe 2>said 3>&- &
	exec 8>pipe
	printf 'id,v\n2,new\n' >&8
	for _ in {1..600}; do
		copies=$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND application_name = 'ce-import' AND query LIKE 'COPY%'")
		((copies)) && break
		sleep 0.1
	done
	[ "$copies" -eq 1 ]
	export PGOPTIONS="$PGOPTIONS -c lock_timeout=20s" # rather than to wait for ourselves
	echo 1,old | holds t
	fails 1 sql "SET lock_timeout = '20ms'; INSERT INTO t VALUES (3, 'other')"
	[[ $stderr == *"lock timeout"* ]]
	exec 8>&-
	wait $!
	[ ! -s said ]
	echo 2,new | holds t
}

@test "--replace refuses when more than half of the rows would go, or what --max-loss says" {
	given <<-'END'
		CREATE TABLE t (id int);
		INSERT INTO t SELECT generate_series(1, 10);
		CREATE TABLE none (id int);
	END
	rows() { seq 0 "$1" | sed '1s/.*/id/'; }
	rows 5 | ce-import --replace t # just half
	rows 10 | ce-import --replace t
	rows 4 >4.csv
	says 1 'ce-import: table t would have 4 rows, 10 before: a greater loss than --max-loss 50% allows' \
		ce-import --replace t 4.csv
	[ "$(sql 'SELECT count(*) FROM t')" -eq 10 ]
	says 1 'ce-import: table t would have 4 rows, 10 before: a greater loss than --max-loss 5 allows' \
		ce-import --max-loss 5 --replace t 4.csv
	fails 1 ce-import --max-loss 59.9% --replace t 4.csv
	ce-import --max-loss 60% --replace t 4.csv
	rows 9 | ce-import --replace t # more than before is no loss
	ce-import --max-loss 5 --replace t 4.csv
	echo id | fails 1 ce-import --replace t
	echo id | ce-import --max-loss 100% --replace t
	# What was empty, or is new, has nothing to lose.
	rows 0 | ce-import --max-loss 0 --replace t
	rows 0 | ce-import --replace none
	rows 0 | ce-import --replace new
	[ "$(sql 'SELECT count(*) FROM new')" -eq 0 ]
	# Nor do the other modes take anything away.
	rows 10 | ce-import --append t
	rows 1 | ce-import --append t
}

@test "--max-loss counts the rows that are there, whatever way they went" {
	given <<-'END'
		CREATE TABLE t (id int);
		CREATE TABLE old () INHERITS (t);
		INSERT INTO t SELECT generate_series(1, 10);
		CREATE FUNCTION lead() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN INSERT INTO old VALUES (NEW.id); RETURN NULL; END $$;
		CREATE TRIGGER lead BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION lead();
	END
	printf 'id\n1\n2\n3\n4\n5\n' >5.csv
	ce-import --replace t 5.csv 2>said
	grep -q 'took 0 of 5 rows' said
	[ "$(sql 'SELECT count(*) FROM t')" -eq 5 ]
	printf 'id\n1\n2\n' >2.csv
	says 1 'ce-import: table t would have 2 rows, 5 before: a greater loss than --max-loss 50% allows' \
		ce-import --replace t 2.csv
	[ "$(sql 'SELECT count(*) FROM t')" -eq 5 ]
}

# --- several tables in one transaction ------------------------------------------------------------

# tables_in DIR: a.csv.gz, b.csv and c.csv.gz of three rows each, whose values end in DIR.
tables_in() {
	mkdir -p "$1"
	for t in a b c; do
		printf 'id,v\n1,%s1\n2,%s2\n3,%s3\n' "$1" "$1" "$1" >"$1/$t.csv"
	done
	gzip -f "$1/a.csv" "$1/c.csv"
}

@test "-I: every table from its file, .csv.gz or .csv, in each mode, and back from ce-export -O" {
	given <<<''
	tables_in one
	ce-import -I one --types id=int,v=varchar b a c
	for t in a b c; do
		printf '%s\n' 1,one1 2,one2 3,one3 | holds $t
		columns $t
	done | uniq -c | sed 's/ *//' >got
	[ "$(sort -u got | wc -l)" -eq 2 ]
	says 3 'ce-import: table a already exists (--append, --replace or --upsert?)' ce-import -I one c b a
	tables_in two
	ce-import -I two --replace --analyze c a b
	printf '%s\n' 1,two1 2,two2 3,two3 | holds b
	[ "$(sql "SELECT count(*) FROM pg_stats WHERE schemaname = current_schema")" -eq 6 ]
	ce-import -I one --append a b
	[ "$(sql 'SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM c)')" = '6|6|3' ]
	# A key for all; what is there is replaced, and a table that is not there is made with it.
	sql 'DROP TABLE a, b; ALTER TABLE c ADD PRIMARY KEY (id)'
	ce-import -I one --upsert id --types id=int a b c
	printf '4,four\n' | sed '1i id,v' >two/b.csv
	ce-import -I two --upsert id a b c
	printf '%s\n' 1,two1 2,two2 3,two3 | holds a
	printf '%s\n' 1,one1 2,one2 3,one3 4,four | holds b
	printf '%s\n' 1,two1 2,two2 3,two3 | holds c
	ce-export -O out a b c
	sql 'CREATE SCHEMA another'
	ce-import --schema another --types id=int -I out a b c
	ce-export --schema another -O back a b c
	diff -r out back
}

@test "-I: a file that is missing, twice there or broken at its end leaves all tables alone" {
	given <<<'CREATE TABLE kept (id text, v text)'
	tables_in good
	ce-import -I good a b c
	tables_in bad
	PGHOST=/nonexistent says 1 'ce-import: neither bad/d.csv.gz nor bad/d.csv is there' ce-import -I bad --replace a d b
	cp good/b.csv bad/a.csv
	PGHOST=/nonexistent says 1 'ce-import: bad/a.csv.gz and bad/a.csv are both there: remove one of them' \
		ce-import -I bad --replace b a
	rm bad/a.csv
	PGHOST=/nonexistent says 1 "ce-import: table 'x/b': not usable as a file name" ce-import -I bad --replace a x/b
	# The last of them is broken when the others are in the server; or it is no table at all.
	head -c -1 good/c.csv.gz >bad/c.csv.gz
	for mode in --replace --append "--upsert id"; do
		[[ $mode != --upsert* ]] || sql 'ALTER TABLE a ADD PRIMARY KEY (id); ALTER TABLE b ADD PRIMARY KEY (id)'
		fails 1 ce-import -I bad $mode a b c
		[[ $stderr == 'ce-import: bad/c.csv.gz: '* ]]
	done
	rm bad/c.csv.gz
	printf 'id,v\n1,x\n2\n' >bad/c.csv
	fails 1 ce-import -I bad --replace a b c
	[[ $stderr == 'ce-import: bad/c.csv:3: '* ]]
	printf 'id,v\n1,x\n' >bad/c.csv
	says 1 'ce-import: table c would have 1 rows, 3 before: a greater loss than --max-loss 50% allows' \
		ce-import -I bad --replace c a b
	fails 1 ce-import -I bad --replace a b c
	says 1 'ce-import: --types: no table has a column w' ce-import -I bad --types v=int,w=int --replace a b
	says 1 'ce-import: bad/b.csv:1: missing column w; the header has id, v' ce-import -I bad --upsert w b
	: >bad/c.csv
	fails 1 ce-import -I bad new b c --append
	for t in a b c; do
		printf '%s\n' 1,good1 2,good2 3,good3 | holds $t
	done
	[ -z "$(sql "SELECT to_regclass('new')")" ]
}

@test "-I: tables that refer to each other, in the order in which they are given" {
	given <<-'END'
		CREATE TABLE users (user_id text PRIMARY KEY);
		CREATE TABLE events (event_id text PRIMARY KEY, user_id text REFERENCES users);
		INSERT INTO users VALUES ('u1');
		INSERT INTO events VALUES ('e1', 'u1');
	END
	mkdir in
	printf 'user_id\nu2\nu3\n' >in/users.csv
	printf 'event_id,user_id\ne2,u2\ne3,u3\n' >in/events.csv
	fails 1 ce-import -I in --append events users
	[[ $stderr == *'(SQLSTATE 23503)'* ]]
	fails 3 ce-import -I in --replace events users
	ce-import -I in --replace users events
	printf 'e2,u2\ne3,u3\n' | holds events
	printf 'u2\nu3\n' | holds users
	ce-import -I in --replace users events
}

@test "--upsert adds rows, or puts their values in the place of the old, and touches nothing else" {
	given <<-'END'
		CREATE TABLE t (a int, b text, v text, kept text DEFAULT 'default', PRIMARY KEY (a, b));
		INSERT INTO t VALUES (1, 'x', 'old', 'k1'), (1, 'y', 'old', 'k2'), (2, 'x', 'old', 'k3');
	END
	printf 'v,b,a\nnew,y,1\n,x,2\n"",x,3\n' >a.csv
	ce-import --upsert b,a t a.csv
	holds t <<-'END'
		1,x,old,k1
		1,y,new,k2
		2,x,,k3
		3,x,"",default
	END
	# The same once more changes nothing; with nothing but keys, rows are only added.
	ce-import --upsert a,b t a.csv
	printf 'a,b\n1,x\n4,z\n' | ce-import --upsert a,b t
	holds t <<-'END'
		1,x,old,k1
		1,y,new,k2
		2,x,,k3
		3,x,"",default
		4,z,,default
	END
}

@test "--upsert makes a missing table, and the keys its primary key" {
	given <<<''
	printf 'event_id,user_id,event_ts\ne,u,1\n' >a.csv
	ce-import --upsert user_id,event_id user_activity a.csv
	columns user_activity >got
	cat >want <<-'END'
		event_id text NOT NULL
		user_id text NOT NULL
		event_ts bigint
		PRIMARY KEY (user_id, event_id)
	END
	same got want
	ce-import --upsert user_id,event_id user_activity a.csv
	echo e,u,1 | holds user_activity
	fails 1 ce-import --upsert event_id,device new a.csv
	[[ $stderr == "ce-import: a.csv:1: missing column device"* ]]
}

@test "--upsert by what is no key of the table is refused before the rows are read" {
	given <<-'END'
		CREATE TABLE t (a int, b int, v text, PRIMARY KEY (a, b));
	END
	mkfifo pipe
	exec 8<>pipe
	printf 'a,b,v\n' >&8
	for keys in a b a,v v,a,b; do
		printf 'a,b,v\n' >&8
		says 3 'ce-import: there is no unique or exclusion constraint matching the ON CONFLICT specification (SQLSTATE 42P10)' \
			timeout 60 ce-import --upsert "$keys" t pipe
	done
	exec 8>&-
}

@test "--upsert: a key that the input has twice, or that is NULL, is named by its line" {
	given <<-'END'
		CREATE TABLE t (id int PRIMARY KEY, v text);
		INSERT INTO t VALUES (1, 'old');
	END
	printf 'id,v\n1,"a\nb"\n2,c\n1,d\n2,e\n' >a.csv
	fails 1 ce-import --upsert id t a.csv
	[[ $stderr == 'ce-import: a.csv:5: '*'(SQLSTATE 23505): Key (id)=(1) already exists.' ]]
	printf 'id,v\n2,"a\nb"\n,c\n' >a.csv
	fails 1 ce-import --upsert id t a.csv
	[[ $stderr == 'ce-import: a.csv:4: '*'(SQLSTATE 23502)'* ]]
	echo 1,old | holds t
}

@test "--upsert: a row that only the table itself refuses is named by its line, too" {
	given <<-'END'
		CREATE TABLE t (id int PRIMARY KEY, v text CHECK (v <> 'bad'));
	END
	printf 'id,v\n1,"a\nb"\n2,bad\n3,c\n' >a.csv
	fails 1 ce-import --upsert id t a.csv
	[[ $stderr == 'ce-import: a.csv:4: new row for relation "ce_import_rows" violates check constraint "t_v_check" (SQLSTATE 23514)'* ]]
	# What the table wants of columns that the input lacks is no concern of the rows that wait.
	sql "ALTER TABLE t ADD w text NOT NULL DEFAULT 'w' CHECK (w <> v)"
	printf 'id,v\n1,a\n' | ce-import --upsert id t
	echo 1,a,w | holds t
}

@test "--upsert: an identity column is taken as it comes, and any name will do" {
	given <<-'END'
		CREATE TABLE excluded (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
		INSERT INTO excluded (v) VALUES ('old'), ('kept');
	END
	printf 'id,v\n1,new\n7,"x"\n' | ce-import --upsert id excluded
	printf '1,new\n2,kept\n7,x\n' | holds excluded
}

@test "--upsert: keys alone, and nothing new: no word about it" {
	given <<<'CREATE TABLE t (a int, b int, PRIMARY KEY (b, a))'
	printf 'a,b\n1,1\n1,2\n' >a.csv
	ce-import --upsert a,b t a.csv
	ce-import --upsert a,b t a.csv 2>said
	[ ! -s said ]
	printf '1,1\n1,2\n' | holds t
	fails 2 ce-import --upsert a,a t a.csv
}

@test "--upsert into a table that has the name of the one the rows wait in" {
	given <<-'END'
		CREATE TABLE ce_import_rows (id int PRIMARY KEY, v text);
	END
	printf 'id,v\n1,new\n' | ce-import --upsert id ce_import_rows
	echo 1,new | holds ce_import_rows
}

@test "--replace does not reach other tables through their foreign keys" {
	given <<-'END'
		CREATE TABLE t (id int PRIMARY KEY, v text, up int REFERENCES t ON DELETE CASCADE);
		INSERT INTO t VALUES (1, 'old', NULL), (2, 'old', 1);
	END
	printf 'id,v,up\n1,new,\n2,new,1\n' >a.csv
	ce-import --replace t a.csv # its own
	printf '1,new,\n2,new,1\n' | holds t
	for rule in CASCADE "SET NULL" "SET DEFAULT"; do
		sql "CREATE TABLE other (id int REFERENCES t ON DELETE $rule); INSERT INTO other VALUES (1)"
		fails 3 ce-import --replace t a.csv
		[[ $stderr == "ce-import: replacing the rows of t would delete or change rows of other, by a foreign key"* ]]
		echo 1 | holds other
		ce-import --upsert id t a.csv
		sql 'DROP TABLE other'
	done
	sql "CREATE TABLE other (id int REFERENCES t); INSERT INTO other VALUES (1)"
	fails 3 ce-import --replace t a.csv
	[[ $stderr == *"(SQLSTATE 23503): Key (id)=(1) is still referenced from table"* ]]
	sql 'DELETE FROM other'
	ce-import --replace t a.csv
}

@test "--replace that could not remove a row fails" {
	given <<-'END'
		CREATE TABLE t (id int, v text);
		INSERT INTO t VALUES (1, 'old'), (2, 'kept');
		CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
			$$ BEGIN IF OLD.v = 'kept' THEN RETURN NULL; END IF; RETURN OLD; END $$;
		CREATE TRIGGER keep BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION keep();
	END
	printf 'id,v\n3,new\n' >a.csv
	fails 3 ce-import --replace t a.csv
	[[ $stderr == "ce-import: rows remain in "*" a trigger, a rule or a policy kept them" ]]
	printf '1,old\n2,kept\n' | holds t
}

@test "--analyze of somebody else's table is an error, not a silence" {
	given <<-'END'
		CREATE TABLE t (id int);
		CREATE ROLE loader LOGIN;
	END
	sql "GRANT USAGE ON SCHEMA t$BATS_TEST_NUMBER TO loader; GRANT INSERT ON t TO loader"
	printf 'id\n1\n' >a.csv
	PGUSER=loader ce-import --append t a.csv
	PGUSER=loader fails 3 ce-import --append --analyze t a.csv
	[[ $stderr == "ce-import: --analyze: skipping \"t\""* ]]
	echo 1 | holds t
	sql "DROP OWNED BY loader; DROP ROLE loader"
}

@test "--analyze: the planner knows the table at the commit, otherwise not" {
	given <<<'CREATE TABLE there (a int); CREATE TABLE keyed (a text PRIMARY KEY)'
	seq 0 500 | sed 1s/.*/a/ >a.csv
	ce-import --analyze made a.csv
	ce-import --analyze --append there a.csv
	ce-import --analyze --upsert a keyed a.csv
	ce-import not a.csv
	sql >got <<-'END'
		SELECT relname, reltuples, (SELECT count(*) FROM pg_stats
				WHERE schemaname = current_schema AND tablename = relname)
			FROM pg_class WHERE relnamespace = current_schema::regnamespace AND relkind = 'r' ORDER BY 1;
	END
	printf 'keyed|500|1\nmade|500|1\nnot|-1|0\nthere|500|1\n' | same got -
}

# --- values ---------------------------------------------------------------------------------------

@test "odd values arrive as python's csv reads them, NULL apart from empty, and come back" {
	given <<<''
	cat >odd.py <<-'END'
		import csv, random, sys
		random.seed(5)
		parts = ['a', ' ', '"', '""', ',', ';', '\n', '\r', '\r\n', '\\', '\\N', '\\.', '\n\\.\n', '\t',
		    '\x01', '\x7f', "'", '$1', '%s', 'NULL', 'ü', 'e\u0301', '中', '\U0001F600', '\ufeff', '\u2028']
		values = [None, ''] + parts + [''.join(random.choices(parts, k=random.randint(2, 9))) for _ in range(600)]
		random.shuffle(values)
		rows = [[str(i)] + random.choices(values, k=3) for i in range(400)] + [['400', 'x' * (1 << 20), None, '']]

		def field(v):
		    if v is None:
		        return ''
		    plain = v and not any(c in v for c in '",\r\n') and v != '\\.'
		    return v if plain and random.random() < 0.7 else '"' + v.replace('"', '""') + '"'

		with open(sys.argv[1], 'w', encoding='utf-8', newline='') as out:
		    out.write('id,a,b,c\n')
		    for row in rows:
		        out.write(','.join(map(field, row)) + '\n')
		with open(sys.argv[1], encoding='utf-8', newline='') as again:
		    csv.field_size_limit(1 << 24)
		    assert list(csv.reader(again))[1:] == [[v or '' for v in row] for row in rows]
		for row in rows:
		    print('|'.join('-' if v is None else 'x' + v.encode().hex() for v in row))
	END
	python3 odd.py odd.csv >want
	ce-import t odd.csv
	hex() { echo "coalesce('x' || encode(convert_to($1, 'UTF8'), 'hex'), '-')"; }
	sql "SELECT concat_ws('|', $(hex id), $(hex a), $(hex b), $(hex c)) FROM t ORDER BY id::int" >got
	cmp got want
	# Back and forth once more: the same bytes, which python reads as the same rows.
	ce-export t >first.csv.gz
	ce-import again first.csv.gz
	ce-export again >second.csv.gz
	cmp first.csv.gz second.csv.gz
	PYTHONIOENCODING=utf-8 python3 - odd.csv <(gzip -dc first.csv.gz) <<-'END'
		import csv, sys
		csv.field_size_limit(1 << 24)
		a, b = (list(csv.reader(open(path, encoding='utf-8', newline=''))) for path in sys.argv[1:])
		assert a == b and len(a) == 402
	END
}

@test "the end-of-data mark \\. is a value like others, wherever it stands" {
	given <<<''
	printf 'v\n\\.\n"\\."\n"a\n\\.\nb"\n\\.x\n\\N\n"\n\\."\n' >one.csv
	ce-import one one.csv
	printf 'v,w\n\\.,\\.\n"x\n\\.",y\n\\.,\n' >two.csv
	ce-import two two.csv
	sql "SELECT replace(v, E'\n', '|') FROM one" >got
	printf '%s\n' '\.' '\.' 'a|\.|b' '\.x' '\N' '|\.' | same got -
	sql "SELECT replace(v, E'\n', '|'), w FROM two" >got
	printf '%s\n' '\.|\.' 'x|\.|y' '\.|' | same got -
}

@test "one column: a blank line is NULL and \"\" is not; in more columns it is passed over" {
	given <<<''
	printf 'v\n\na\n""\n\n' >one.csv
	ce-import one one.csv
	[ "$(sql "SELECT count(*), count(v), count(*) FILTER (WHERE v = '') FROM one")" = '4|2|1' ]
	ce-export -p one | same - one.csv
	printf 'v,w\n\na,b\n\n\n' >two.csv
	ce-import two two.csv
	echo a,b | holds two
}

@test "bytes, arrays, JSON and numbers come back as they were" {
	given <<-'END'
		CREATE TABLE t (i int, b bytea, a text[], j json, n numeric, d double precision, r real,
			f boolean, ts timestamp, u uuid, p point, v varchar(3), at timestamptz);
		INSERT INTO t VALUES
			(1, '\x00ff0a5c22', '{a,NULL,"","b,\"c\\","{}"}', '{"a" :  "\"\n\u00fc"}', 1.500, 0.1, 0.1, true,
				'2024-01-30 12:00:00.000001', '00000000-0000-0000-0000-000000000001', '(1,2)', 'abc', 'infinity'),
			(2, '', '{}', '[]', 'NaN', '-Infinity', 1e-30, false, '0044-03-15 BC', NULL, NULL, '', '-infinity'),
			(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
		CREATE TABLE copy (LIKE t);
	END
	ce-export t | ce-import --append copy
	[ -z "$(sql "SELECT md5(one::text) FROM t AS one EXCEPT ALL SELECT md5(two::text) FROM copy AS two")" ]
	ce-export -p t >first
	ce-export -p copy | same - first
	types='i=int,b=bytea,a=text[],j=json,n=numeric,d=double precision,r=real,f=boolean,ts=timestamp,u=uuid,p=point,v=varchar(3),at=timestamptz'
	ce-import --types "$types" typed first
	ce-export -p typed | same - first
	same <(columns typed) <(columns t)
}

@test "into a server that stores LATIN1, and what it has no character for is refused with its line" {
	sql "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'"
	export PGDATABASE=latin
	given <<<''
	printf 'naïve\nseñor\n"a\nb"\nÿ\n' >a.csv
	ce-import été a.csv
	[ "$(PGCLIENTENCODING=UTF8 sql "SELECT encode(convert_to(naïve, 'LATIN1'), 'hex') FROM été" | paste -sd,)" = \
		7365f16f72,610a62,ff ]
	ce-export -p été | same - a.csv
	printf 'v\nseñor\n"a\nb"\nc\n12 €\nd\n' >b.csv
	says 1 'ce-import: b.csv:6: character with byte sequence 0xe2 0x82 0xac in encoding "UTF8" has no equivalent in encoding "LATIN1" (SQLSTATE 22P05)' \
		ce-import t b.csv
	[ -z "$(sql "SELECT to_regclass('t')")" ]
}

@test "odd names of schemas, tables and columns are taken as they are" {
	given <<<''
	long=$(printf 'x%.0s' {1..63})
	names=(Case 'two words' ' x ' 'a"b' '"' "a'b" a.b 'a,b' $'a\nb' select 'a\b' "\$1" '%s' 1 "$long" 'ñ中😀')
	for name in "${names[@]}"; do
		echo "CREATE SCHEMA \"${name//\"/\"\"}\";"
	done | sql
	for name in "${names[@]}"; do
		printf '"%s",v\nk,2\n' "${name//\"/\"\"}" >a.csv
		case $name in
		*,*) ce-import --schema "$name" "$name" a.csv ;;
		*) ce-import --schema "$name" --upsert "$name" --types "$name=varchar" "$name" a.csv ;;
		esac
		case $name in
		*.*) ce-import --schema "$name" --replace --analyze "$name" a.csv ;;
		*) ce-import --replace --analyze "$name.$name" a.csv ;;
		esac
		printf '%s|' "$name" "$name" "$name" v
		echo
	done >want
	# Three names and a column: all as they were given, in the order in which they were made.
	sql >got <<-'END'
		SELECT nspname || '|' || relname || '|' || string_agg(attname, '|' ORDER BY attnum) || '|'
			FROM pg_namespace AS n JOIN pg_class AS c ON relnamespace = n.oid
				JOIN pg_attribute ON attrelid = c.oid AND attnum > 0
			WHERE nspname = relname AND relkind = 'r' GROUP BY n.oid, nspname, relname ORDER BY n.oid;
	END
	same got want
}

@test "names that the server would cut are refused: 63 bytes are enough" {
	given <<<''
	long=$(printf 'z%.0s' {1..63})
	printf 'v\n1\n' >a.csv
	printf '%s\n1\n' "$long" | ce-import "$long"
	for table in "${long}x" "${long%x}ü"; do
		fails 3 ce-import "$table" a.csv
		[[ $stderr == *" bytes; the server takes 1 to 63" ]]
	done
	printf 'a,%sx\n1,2\n' "$long" >b.csv
	fails 1 ce-import t b.csv
	[ "$stderr" = "ce-import: b.csv:1: the name '${long}x' has 64 bytes; the server takes 1 to 63" ]
	[ "$(sql "SELECT relname FROM pg_class WHERE relnamespace = current_schema::regnamespace")" = "$long" ]
}

@test "a schema's name that the server would cut is refused, too" {
	long=$(printf 'y%.0s' {1..63})
	given <<<"CREATE SCHEMA $long"
	fails 3 ce-import --schema "${long}y" t <<<$'v\n1'
	fails 3 ce-import "${long}y.t" <<<$'v\n1'
	[ -z "$(sql "SELECT to_regclass('$long.t')")" ]
}

# --- what is wrong with a row ---------------------------------------------------------------------

# refused STATUS MESSAGE ARG...: ce-import ARG... exits with STATUS and says MESSAGE.
refused() {
	local status=$1 want=$2
	shift 2
	says "$status" "ce-import: $want" ce-import "$@"
}

@test "a bad value is named by file, line and column, however the records before it lie" {
	given <<<'CREATE TABLE t (id int, v text)'
	bad='column id: invalid input syntax for type integer: "x" (SQLSTATE 22P02)'
	printf 'id,v\nx,a\n' >first.csv
	printf 'id,v\n1,a\n2,b\nx,c\n4,d\n' >plain.csv
	printf 'id,v\n1,"a\n\nb"\n2,"\n"\nx,"c\nd"\n' >lines.csv
	printf '\xef\xbb\xbfid,v\r\n1,"a\r\nb"\r\n\r\nx,c\r\n' >crlf.csv
	printf 'id,v\n\n1,a\n\n\nx,b' >blank.csv
	printf 'id,v\n1,"\\.\n\\.\n\\."\nx,\n' >mark.csv
	printf 'id,v\n1,"a\rb\rc"\nx,\n' >returns.csv
	printf '"id","v\nw"\n1,a\nx,b\n' >header.csv
	refused 1 "first.csv:2: $bad" --append t first.csv
	refused 1 "plain.csv:4: $bad" --append t plain.csv
	refused 1 "lines.csv:7: $bad" --append t lines.csv
	refused 1 "crlf.csv:5: $bad" --append t crlf.csv
	refused 1 "blank.csv:6: $bad" --append t blank.csv
	refused 1 "mark.csv:5: $bad" --append t mark.csv
	refused 1 "returns.csv:3: $bad" --append t returns.csv
	gzip -k plain.csv
	refused 1 "plain.csv.gz:4: $bad" --append t plain.csv.gz
	refused 1 "plain.csv.gz:4: $bad" --replace t plain.csv.gz
	refused 1 "stdin:4: $bad" --append t <plain.csv
	printf 'id,v\n1,"a\nb"\n2,c\n' | tee good.csv >again.csv
	refused 1 "plain.csv:4: $bad" --append t good.csv plain.csv first.csv
	refused 1 "stdin:4: $bad" --append t good.csv - first.csv <plain.csv
	refused 1 "first.csv:2: $bad" --append t good.csv again.csv first.csv
	refused 1 "header.csv:4: $bad" --types id=int u header.csv
	[ "$(sql "SELECT count(*), to_regclass('u') FROM t")" = '0|' ]
}

@test "the line is right also where the rows fill many buffers" {
	given <<<'CREATE TABLE t (id int, v text)'
	awk 'BEGIN {
		print "id,v"
		for (i = 1; i <= 60000; i++)
			printf "%s,%s\n", i == 45000 ? "x" : i, i % 3 ? "v" : "\"a\nb\""
	}' >many.csv
	line=$(grep -n '^x,' many.csv | cut -d: -f1)
	refused 1 "many.csv:$line: column id: invalid input syntax for type integer: \"x\" (SQLSTATE 22P02)" \
		--append t many.csv
	[ "$line" -gt 45000 ]
}

@test "whatever a row breaks, its line is said: constraints, lengths, ranges, encodings" {
	given <<-'END'
		CREATE TABLE t (id int UNIQUE, v varchar(3) CHECK (v <> 'bad'), w text NOT NULL DEFAULT 'w', b bytea,
			s smallint, e text, CHECK (s < id));
	END
	cases=0
	# Three good rows, the first of two lines, then the bad one: line 6 of the file.
	while IFS='|' read -r row words; do
		printf 'id,v,w,b,s,e\n1,a,"w\nw",,,\n2,b,w,,,\n3,c,w,,,\n%b\n5,e,w,,,\n' "$row" >a.csv
		fails 1 ce-import --append t a.csv
		[[ $stderr == "ce-import: a.csv:6: $words"* ]] || { echo "$row: $stderr"; false; }
		cases=$((cases + 1))
	done <<-'END'
		2,d,w,,,|duplicate key value violates unique constraint "t_id_key" (SQLSTATE 23505): Key (id)=(2) already exists.
		4,bad,w,,,|new row for relation "t" violates check constraint "t_v_check" (SQLSTATE 23514)
		4,d,w,,9,|new row for relation "t" violates check constraint "t_check" (SQLSTATE 23514)
		4,d,,,,|null value in column "w" of relation "t" violates not-null constraint (SQLSTATE 23502)
		4,long,w,,,|column v: value too long for type character varying(3) (SQLSTATE 22001)
		4,d,w,,99999,|column s: value "99999" is out of range for type smallint (SQLSTATE 22003)
		4,d,w,\\xzz,,|column b: invalid hexadecimal digit: "z" (SQLSTATE 22023)
		4,d,w,,,a\xffb|column e: byte 0xFF is not part of valid UTF-8 (iconv converts)
		4,d,w,,,"a\nb\xc3"|column e: byte 0xC3 is not part of valid UTF-8 (iconv converts)
		"",d,w,,,|column id: invalid input syntax for type integer: "" (SQLSTATE 22P02)
	END
	[ "$cases" -eq 10 ]
	: | holds t
}

@test "a key repeated in a table that is made is named by the line where it comes again" {
	given <<<''
	printf 'event_id,user_id\ne1,"a\nb"\ne2,\ne3,\n' >a.csv
	printf 'event_id,user_id\ne4,\ne2,\ne1,\n' >b.csv
	fails 1 ce-import events_table a.csv b.csv
	[ "$stderr" = 'ce-import: b.csv:3: an earlier row has the same key ("event_id") (SQLSTATE 23505)' ]
	printf 'event_id,user_id\ne1,\n,u\n' >c.csv
	says 1 'ce-import: c.csv:3: null value in column "event_id" of relation "events_table" violates not-null constraint (SQLSTATE 23502): Failing row contains (null, u).' \
		ce-import events_table c.csv
	# Over many pages, and by several columns, of which each alone repeats.
	awk 'BEGIN {
		print "a,b,v"
		for (i = 0; i < 9000; i++)
			printf "%d,%d,%s\n", i % 100, i / 100, i % 2 ? "v" : "\"v\nw\""
		print "42,42,again\n43,43,again"
	}' >many.csv
	fails 1 ce-import --upsert a,b keyed many.csv
	[[ $stderr == "ce-import: many.csv:$(grep -n '^42,42,again' many.csv | cut -d: -f1): "*"(SQLSTATE 23505)"* ]]
	[ -z "$(sql "SELECT to_regclass('keyed')")" ]
}

@test "a trigger's refusal of a row is named by its line, not by one of the trigger's" {
	given <<-'SQL'
		CREATE TABLE t (id int, v text);
		CREATE FUNCTION checks() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.v = 'bad' THEN
				RAISE EXCEPTION 'we do not want %', NEW.id USING ERRCODE = 'CE001', HINT = 'leave it';
			END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER checks BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION checks();
	SQL
	printf 'id,v\n1,"a\nb"\n2,c\n3,d\n4,e\n5,bad\n6,f\n' >a.csv
	refused 3 'a.csv:7: we do not want 5 (SQLSTATE CE001); hint: leave it' --append t a.csv
	: | holds t
}

@test "what is refused behind the rows, for which there is no line, is said without one" {
	given <<-'SQL'
		CREATE TABLE t (id int, v text);
		CREATE FUNCTION checks() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			IF NEW.v = 'bad' THEN
				RAISE EXCEPTION 'we do not want %', NEW.id USING ERRCODE = 'CE001';
			END IF;
			RETURN NULL;
		END $$;
		CREATE TABLE keys (id int PRIMARY KEY);
		INSERT INTO keys VALUES (1), (2);
		CREATE TABLE u (id int REFERENCES keys);
	SQL
	printf 'id\n1\n2\n3\n' >a.csv
	says 1 'ce-import: insert or update on table "u" violates foreign key constraint "u_id_fkey" (SQLSTATE 23503): Key (id)=(3) is not present in table "keys".' \
		ce-import --append u a.csv
	sql "ALTER TABLE u ALTER CONSTRAINT u_id_fkey DEFERRABLE INITIALLY DEFERRED"
	says 1 'ce-import: insert or update on table "u" violates foreign key constraint "u_id_fkey" (SQLSTATE 23503): Key (id)=(3) is not present in table "keys".' \
		ce-import --append u a.csv
	: | holds u
	# The function's line 4 is none of the file's.
	sql "CREATE TRIGGER checks AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION checks()"
	printf 'id,v\n1,a\n2,b\n3,c\n4,d\n5,e\n6,bad\n' >a.csv
	refused 3 'we do not want 6 (SQLSTATE CE001)' --append t a.csv
	: | holds t
}

@test "rows that a trigger drops are counted in a warning, and with --strict not committed" {
	given <<-'SQL'
		CREATE TABLE t (id int, v text);
		CREATE FUNCTION even() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			RETURN CASE WHEN NEW.id % 2 = 0 THEN NEW END;
		END $$;
		CREATE TRIGGER even BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION even();
	SQL
	printf 'id,v\n1,a\n2,b\n3,c\n' >a.csv
	fails 0 ce-import --append t a.csv
	[ "$stderr" = "ce-import: warning: table t took 1 of 3 rows: does a trigger drop rows?" ]
	echo 2,b | holds t
	fails 1 ce-import --strict --append t a.csv
	[[ $stderr == "ce-import: warning: table t took 1 of 3 rows"* ]]
	echo 2,b | holds t
	printf 'id,v\n4,a\n' >a.csv
	fails 0 ce-import --strict --append t a.csv
	[ ! "$stderr" ]
}

@test "names that look like a place in the input do not confuse it" {
	given <<<''
	says_of() { # TABLE COLUMN
		local table=\"$1\" column=\"$2\"
		sql "CREATE TABLE $table ($column int, v varchar(1) NOT NULL)"
		printf '%s,v\n1,"\n"\nx,b\n' "$column" >a.csv
		says 1 "ce-import: a.csv:4: column $2: invalid input syntax for type integer: \"x\" (SQLSTATE 22P02)" \
			ce-import --append --schema "t$BATS_TEST_NUMBER" "$1" a.csv
		printf '%s,v\n1,"\n"\n2,\n' "$column" >a.csv
		fails 1 ce-import --append --schema "t$BATS_TEST_NUMBER" "$1" a.csv
		[[ $stderr == "ce-import: a.csv:4: null value in column "* ]]
	}
	says_of 'a, line 7' 'b, line 8, column c'
	says_of 'COPY' '9'
	says_of 'line 1' ', column '
	says_of '7' 'COPY 7, line 7'
	says_of 'COPY y, line 2' 'line'
	says_of $'two\nCOPY lines, line 3' 'plain'
	says_of '%s' '%s'
	says_of 'O' 'a: b'
}

@test "the line is found in messages of another language" {
	given <<<'CREATE TABLE t (id int, v text)'
	export PGOPTIONS="$PGOPTIONS -c lc_messages=C.UTF-8"
	printf 'id,v\n1,"a\nb"\n2,b\nx,c\n' >a.csv
	fails 1 ce-import --append t a.csv
	[[ $stderr != *"invalid input syntax"* ]] || skip "the server speaks English only"
	[[ $stderr == 'ce-import: a.csv:5: '*'(SQLSTATE 22P02)' ]]
}

# --- input that is broken -------------------------------------------------------------------------

@test "a broken input: exit status 1, and nothing has changed" {
	given <<-'END'
		CREATE TABLE t (id int, v text);
		INSERT INTO t VALUES (0, 'old');
	END
	seq 1 30000 | awk 'BEGIN { print "id,v" } { print $1 ",v" $1 }' >good.csv
	gzip -k good.csv
	head -c -9 good.csv.gz >cut.csv.gz
	{ cat good.csv.gz; echo trash; } >trailing.csv.gz
	{ head -c -8 good.csv.gz; printf 'XXXX'; tail -c 4 good.csv.gz; } >crc.csv.gz
	: >empty.csv
	gzip -k empty.csv
	{ cat good.csv; echo 5; } >ragged.csv
	{ cat good.csv; echo 5,6,7; } >wide.csv
	{ cat good.csv; echo '5,"open'; } >open.csv
	{ cat good.csv; echo '5,a"b'; } >quote.csv
	printf 'id,id\n1,2\n' >twice.csv
	printf 'id,w\n1,2\n' >other.csv
	for mode in --append new; do
		for file in cut.csv.gz trailing.csv.gz crc.csv.gz empty.csv empty.csv.gz ragged.csv wide.csv \
			open.csv quote.csv twice.csv missing.csv; do
			set -- new
			[ "$mode" = new ] || set -- "$mode" t
			fails 1 ce-import "$@" "$file"
			[[ $stderr == "ce-import: $file:"* ]]
		done
		fails 1 ce-import "$@" good.csv other.csv
		[[ $stderr == "ce-import: other.csv:1: the header differs"* ]]
	done
	fails 1 ce-import --replace t cut.csv.gz
	fails 1 ce-import --upsert id new cut.csv.gz
	fails 1 ce-import --replace t ragged.csv
	[[ $stderr == "ce-import: ragged.csv:30002: "* ]]
	fails 1 ce-import --append t <&-
	[ "$(sql "SELECT id, v, to_regclass('new') FROM t")" = '0|old|' ]
	# And the good one is good.
	ce-import --replace t good.csv.gz
	[ "$(sql 'SELECT count(*) FROM t')" -eq 30000 ]
}

@test "a table of one column that was read by the wrong separator is refused" {
	given <<<''
	cases=0
	while IFS=' ' read -r found text; do
		printf '%b' "$text" >a.csv
		fails 1 ce-import ${delimiter+--delimiter "$delimiter"} t a.csv
		[[ $stderr == "ce-import: a.csv:1: the only column is named '"*"': are fields separated by $found (--delimiter $found), or whole lines in quotes?" ]] ||
			{ echo "$text: $stderr"; false; }
		cases=$((cases + 1))
	done <<-'END'
		';' "a;b"\n1\n
		';' "a;b"\n"1;2"\n
		'|' "a|b"\n"1|2"\n
		tab "a\tb"\n"1\t2"\n
		',' "a,b"\n"1,2"\n
		';' "a;b;c|d"\n1\n
		$'\x01' a\0001b\n1\00012\n
	END
	[ "$cases" -eq 7 ]
	printf 'a;b\n1;2\n' >a.csv
	fails 1 ce-import --delimiter , t a.csv
	[[ $stderr == *"named 'a;b': are fields separated by ';' (--delimiter ';')"* ]]
	# A title above the header, and a header of one name.
	for rows in 'a;b\n1;2\n3;4' '1;2' '1|2\n3|4' '1\t2\n3\t4'; do
		printf "report\n$rows\n" >a.csv
		fails 1 ce-import t a.csv
		[[ $stderr == "ce-import: a.csv: each of the first values of its only column, report, contains "* ]]
	done
	{ echo report && yes '1;2'; } 2>/dev/null | fails 1 timeout 60 ce-import t # not only at the end
	[ -z "$(sql "SELECT to_regclass('t')")" ]
	printf 'id~v\n1~2\n3~4\n' >a.csv
	says 1 "ce-import: a.csv: the name of its only column, 'id~v', and each of the first values contain '~' equally often: are fields separated by it (--delimiter '~')? --delimiter , takes the values as they are" \
		ce-import t a.csv
	# What may be text is a warning, unless the delimiter is given.
	for c in ' ' : ^; do
		printf '%s\n' "id${c}v" "1${c}2" "3${c}4" >a.csv
		fails 1 ce-import --strict t a.csv
		[[ $stderr == "ce-import: warning: a.csv: the name of its only column, 'id${c}v', and each of the first values contain '$c' equally often: "* ]]
	done
	[ -z "$(sql "SELECT to_regclass('t')")" ]
	printf 'first name\nAda King\nAugusta\n' | ce-import --strict names
	printf 'first name\nAda King\n' | ce-import --strict --delimiter , --append names
	printf 'first name\nAda King\n' | ce-import --append names
	[ "$(sql 'SELECT count(*) FROM names')" -eq 4 ]
	# What is text stays text.
	printf 'note\na; b\nc; d; e\nf|g\n' | ce-import t
	printf 'note\na; b\n' | ce-import --delimiter , --append t
	printf 'note\n"a, b"\n\n"c, d"\n' | ce-import --append t
	[ "$(sql 'SELECT count(*) FROM t')" -eq 7 ]
}

@test "a column without a name is named by its number" {
	given <<<''
	for header in 'a,,b' 'a,"",b' 'a,b,' ',a' 'a,"  ",b' $'a,b, \t'; do
		printf '%s\n' "$header" >a.csv
		fails 1 ce-import t a.csv
		n=$(tr , '\n' <a.csv | tr -d '" \t' | grep -n '^$' | cut -d: -f1)
		[ "$stderr" = "ce-import: a.csv:1: column $n has no name" ]
	done
	printf 'a,\xe9t\xe9\n1,2\n' >a.csv
	says 1 "ce-import: a.csv:1: the name of column 2 is not UTF-8 (iconv converts)" ce-import t a.csv
}

@test "what is no text is named by file, line and column, wherever in many buffers it is" {
	given <<<''
	cases=0
	for at in 2 777 40000 60001; do
		for bytes in '\x00' '\x80' '\xc3' '\xe2\x82' '\xed\xa0\x80' '\xf5'; do
			awk -v at=$at -v bytes="$bytes" 'BEGIN {
				print "id,long,v"
				for (i = 1; i <= 60000; i++)
					printf "%s,%s,%s\n", i, i % 3 ? "tab\there, and \\back" : "€ üñ", i + 1 == at ? "x" bytes "y" : "v"
			}' | sed "s/\"\"//; s/,\(tab[^,]*, [^,]*\),/,\"\1\",/" | python3 -c '
import re, sys
text = sys.stdin.buffer.read()
sys.stdout.buffer.write(re.sub(rb"\\x(..)", lambda m: bytes([int(m[1], 16)]), text))' >many.csv
			first=${bytes:2:2}
			what="byte 0x${first^^} is not part of valid UTF-8 (iconv converts)"
			[ "$first" != 00 ] || what='a NUL byte, which no text of the server holds'
			says 1 "ce-import: many.csv:$at: column v: $what" ce-import t many.csv
			cases=$((cases + 1))
		done
	done
	[ "$cases" -eq 24 ]
}

@test "a command line that makes no sense: exit status 2, and the server is not asked" {
	export PGHOST=/nonexistent
	while IFS='|' read -r args words; do
		eval "set -- $args"
		fails 2 ce-import "$@"
		[[ $stderr == "ce-import: $words"* ]] || { echo "$args: $stderr"; false; }
	done <<-'END'
		|a TABLE is required
		--append --replace t|--append, --replace and --upsert cannot be combined
		--append --upsert a t|--append, --replace and --upsert cannot be combined
		--replace --upsert a t|--append, --replace and --upsert cannot be combined
		--max-loss 5 t|--max-loss requires --replace
		--max-loss 5 --append t|--max-loss requires --replace
		--max-loss 101% --replace t|
		-I . |a TABLE is required
		-I . a b a|duplicate table a
		-I . x.a y.a|duplicate table a
		--upsert a,,b t|
		--types a t|
		-o x t|
		-p t|
		.a|'.a': expected TABLE or SCHEMA.TABLE
		a.|'a.': expected TABLE or SCHEMA.TABLE
		--schema '' a|
		-d 'host=x nonsense' a|--dbname: malformed connection string
	END
}
