#!/usr/bin/env bats
# ce-export: tables of PostgreSQL, or a query, as CSV. What it writes is compared with what psql
# copies out of the same server.

# shellcheck disable=SC2154 # fails leaves $stderr
load ../common
load ../postgres

# copied QUERY: its CSV as psql hands it over.
copied() {
	PGTZ=UTC PGDATESTYLE=ISO psql -qX -c "COPY ($1) TO STDOUT (FORMAT csv, HEADER)"
}

# exports SQL ARG...: what ce-export ARG... writes is what psql copies of SELECT * FROM SQL.
exports() {
	local query="SELECT * FROM $1"
	shift
	ce-export -p "$@" >got
	same got <(copied "$query")
}

# says MESSAGE COMMAND...: COMMAND exits with 3 and says just this.
says() {
	local want=$1
	shift
	fails 3 "$@"
	[ "$stderr" = "$want" ] || { echo "said: $stderr"; return 1; }
}

# One row an hour of 2024-01-29 to 31, at its very beginning, a moment before its end, and between.
hours="SELECT day + ms * interval '1 ms' AS at, row_number() OVER (ORDER BY day, ms) AS id
	FROM generate_series(timestamp '2024-01-29', '2024-01-31', '1 hour') AS day,
		unnest('{0,1,1800000,3599999}'::int[]) AS ms"
epoch="(extract(epoch FROM at) * 1000)"

@test "a table, a view, a partitioned table and a parent are what psql copies, byte for byte" {
	given <<-'END'
		CREATE TABLE plain (id bigint, t text, b bytea, n numeric, d double precision, a text[],
			j jsonb, f boolean, at timestamptz, day date, i interval);
		INSERT INTO plain VALUES
			(1, 'a', '\x00ff5c', 1.50, 0.1, '{a,NULL,"b,c",""}', '{"a": "\"x\""}', true,
				'2024-01-30 12:00:00.123456+05:30', '2024-01-30', '1 day 02:03:04'),
			(2, '', '', -0.0, 'NaN', '{}', 'null', false, 'infinity', '-infinity', '-1 mon'),
			(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
			(4, E'a,"b"\nc\r\nd\\e\t', '\x0a', 1e30, 1e-300, '{{1,2},{3,4}}', '[1, 2]', NULL,
				'0044-03-15 12:00:00 BC', '0044-03-15 BC', '0'),
			(5, '\.', NULL, 0, -0.0, NULL, NULL, NULL, NULL, NULL, NULL),
			(6, E' \u00fc \u4e2d \U0001F600 ', NULL, 0, 1e15, NULL, NULL, NULL, NULL, NULL, NULL),
			(7, '\N', NULL, 0, 1e17, NULL, NULL, NULL, NULL, NULL, NULL);
		CREATE VIEW view AS SELECT t, id * 2 AS twice FROM plain;
		CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain WHERE id > 2;
		CREATE TABLE parts (id bigint, t text) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (4);
		CREATE TABLE high (t text, id bigint);
		ALTER TABLE parts ATTACH PARTITION high FOR VALUES FROM (4) TO (9);
		INSERT INTO parts SELECT id, t FROM plain;
		CREATE TABLE parent (id bigint, t text);
		CREATE TABLE child (more text) INHERITS (parent);
		INSERT INTO parent SELECT id, t FROM plain;
		INSERT INTO child SELECT id, t, 'more' FROM plain;
	END
	for table in plain view kept parts parent child; do
		exports "$table" "$table"
		ce-export "$table" | gzip -dc >unzipped
		same unzipped got
		[ "$(wc -l <got)" -gt 5 ]
	done
}

@test "one column that is NULL, empty or \\. keeps its three spellings" {
	given <<-'END'
		CREATE TABLE one (v text);
		INSERT INTO one VALUES (NULL), (''), ('\.'), ('x');
	END
	exports one one
	printf 'v\n\n""\n"\\."\nx\n' >want
	same got want
}

@test "no rows give the header; no columns are refused" {
	given <<-'END'
		CREATE TABLE empty (a int, "b,c" text);
		CREATE TABLE bare ();
		INSERT INTO bare DEFAULT VALUES;
	END
	exports empty empty
	printf 'a,"b,c"\n' >want
	same got want
	says "ce-export: there are no columns" ce-export bare
	says "ce-export: there are no columns" ce-export -c 'SELECT'
	[ ! -s stdout ]
}

@test "--columns picks columns and orders them, of a table or a query" {
	given <<-'END'
		CREATE TABLE t (a int, "B" int, "c d" int);
		INSERT INTO t VALUES (1, 2, 3), (4, 5, 6);
	END
	exports '(SELECT "c d", a, "B" FROM t) AS q' --columns 'c d,a,B' t
	exports '(SELECT "B" FROM t) AS q' --columns B -c 'SELECT * FROM t'
	says 'ce-export: column "b" does not exist (SQLSTATE 42703)' ce-export --columns b t
	says "ce-export: duplicate column a: rename one with AS" ce-export --columns a,B,a t
}

@test "--where holds as a whole, whatever it is made of" {
	given <<-END
		CREATE TABLE t AS SELECT id, $epoch::bigint AS event_ts FROM ($hours) AS h;
	END
	day=(--since 2024-01-30 --until 2024-01-31)
	on_day="event_ts >= 1706572800000 AND event_ts < 1706659200000"
	exports "t WHERE id < 9" --where 'id < 9' t
	exports "t WHERE id = 100 OR id = 3" --where 'id = 100 OR id = 3' t
	exports "t WHERE (id = 100 OR id = 3) AND $on_day" --where 'id = 100 OR id = 3' "${day[@]}" t
	[ "$(wc -l <got)" -eq 2 ]
	exports "t WHERE id > 120 AND $on_day" --where 'id > 120 -- the late ones' "${day[@]}" t
	exports "t WHERE id > 120 AND $on_day" --where $'id > 120 /* the\nlate ones */' "${day[@]}" t
	exports "t WHERE id > 120 AND $on_day" --where 'id > 120' "${day[@]}" -c 'SELECT * FROM t'
	fails 3 ce-export --where 'id < ' t
	[[ $stderr == "ce-export: syntax error "*"(SQLSTATE 42601)" ]]
	fails 3 ce-export --where 'id' t
	[[ $stderr == *boolean*"(SQLSTATE 42804)" ]]
}

@test "-c takes a query as people write them, and keeps its order" {
	given <<<"CREATE TABLE t AS SELECT i AS id, 'v' || i AS v FROM generate_series(1, 50) AS i"
	want="(SELECT id, v FROM t ORDER BY md5(v) LIMIT 20) AS q"
	query="SELECT id, v FROM t ORDER BY md5(v) LIMIT 20"
	exports "$want" -c "$query"
	exports "$want" -c "$query;"
	exports "$want" -c "$query ; ;"$'\n'
	exports "$want" -c "$query -- in no order at all"
	exports "$want" -c $'-- twenty\n'"$query"
	exports "$want" -c "WITH w AS (SELECT * FROM t) SELECT id, v FROM w ORDER BY md5(v) LIMIT 20"
	exports "(VALUES (1, 'a'), (2, NULL)) AS q" -c "VALUES (1, 'a'), (2, NULL)"
	exports t -c "TABLE t"
	exports "(SELECT ';' AS v) AS q" -c "SELECT ';' AS v"
}

@test "-c: two columns of one name are refused" {
	says "ce-export: duplicate column a: rename one with AS" \
		ce-export -c 'SELECT 1 AS a, 2 AS b, 3 AS a'
	[ ! -s stdout ]
	ce-export -p -c 'SELECT 1 AS a, 2 AS "A"' >got
	printf 'a,A\n1,2\n' | same got -
}

@test "-c reads and nothing else: what writes is refused, and nothing has changed" {
	given <<-'END'
		CREATE TABLE t (id int);
		INSERT INTO t VALUES (1), (2);
		CREATE SEQUENCE counter;
		CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM t RETURNING id';
	END
	while read -r query; do
		fails 3 ce-export -c "$query"
		[[ $stderr == "ce-export: "*"(SQLSTATE "?????")"* ]]
		[ ! -s stdout ]
	done <<-'END'
		DELETE FROM t RETURNING id
		INSERT INTO t VALUES (3) RETURNING id
		WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone
		SELECT writes()
		SELECT nextval('counter')
		SELECT setval('counter', 9)
		SELECT id INTO u FROM t
		SELECT id FROM t FOR UPDATE
		SELECT set_config('transaction_read_only', 'off', true)
		DROP TABLE t
		COPY t TO PROGRAM 'cat'
		COMMIT
		SELECT 1 AS a; DROP TABLE t
		SELECT 1 AS a; SELECT 2 AS b
		SELECT 1 AS a) AS query; DROP TABLE t; --
		SELECT 1 AS a) AS query) TO STDOUT; DROP TABLE t; --
	END
	[ "$(sql 'SELECT sum(id), (SELECT last_value FROM counter) FROM t')" = '3|1' ]
}

@test "since and until: the hours of a day are its rows, none twice, whatever type event_ts has" {
	given <<-END
		CREATE TABLE hours AS $hours;
		CREATE DOMAIN moment AS timestamptz;
		CREATE TABLE as_bigint AS SELECT $epoch::bigint AS event_ts, id FROM hours;
		CREATE TABLE as_numeric AS SELECT $epoch::numeric(20, 3) AS event_ts, id FROM hours;
		CREATE TABLE as_double AS SELECT $epoch::double precision AS event_ts, id FROM hours;
		CREATE TABLE as_timestamptz AS SELECT at AT TIME ZONE 'UTC' AS event_ts, id FROM hours;
		CREATE TABLE as_domain AS SELECT (at AT TIME ZONE 'UTC')::moment AS event_ts, id FROM hours;
		CREATE TABLE as_timestamp AS SELECT at AS event_ts, id FROM hours;
		CREATE TABLE as_date AS SELECT at::date AS event_ts, id FROM hours;
		CREATE TABLE near_hours AS SELECT at AS event_ts, id FROM hours
			UNION ALL SELECT at - interval '1 us', -id FROM hours
			UNION ALL SELECT NULL, 0;
	END
	tables=(as_bigint as_numeric as_double as_timestamptz as_domain as_timestamp as_date near_hours)
	for h in {0..23}; do
		since=$((1706572800 + h * 3600))
		ce-export -p -O "hour$h" --since ${since}000 --until $((since + 3600))000 "${tables[@]}"
	done
	ce-export -p -O day --since 2024-01-30 --until 2024-01-31 "${tables[@]}"
	for table in "${tables[@]}"; do
		for h in {0..23}; do tail -n +2 "hour$h/$table.csv"; done | sort >parts
		tail -n +2 "day/$table.csv" | sort >whole
		same parts whole
		# The server's own idea of the day, which no bound of ours has a part in.
		[ "$(wc -l <whole)" -eq "$(sql "SELECT count(*) FROM ${table/as_*/hours AS t(event_ts)}
			WHERE event_ts::date = '2024-01-30'")" ]
	done
	# A part is its hour, but for dates, which all are midnight's.
	[ "$(cut -d, -f2 hour7/as_timestamptz.csv | paste -sd,)" = id,125,126,127,128 ]
	[ "$(wc -l <hour0/as_date.csv)" -eq 97 ]
	[ "$(wc -l <hour1/as_date.csv)" -eq 1 ]
}

@test "a number is compared with the integer as it is: seconds will do" {
	given <<-END
		CREATE TABLE seconds AS SELECT extract(epoch FROM at)::int AS event_ts, id FROM ($hours) AS h;
		CREATE TABLE small AS SELECT i::smallint AS event_ts FROM generate_series(-5, 5) AS i;
	END
	for h in 0 4 8 12 16 20; do
		since=$((1706572800 + h * 3600))
		ce-export -p --since $since --until $((since + 4 * 3600)) seconds | tail -n +2
	done | sort >parts
	ce-export -p --since 1706572800 --until 1706659200 seconds | tail -n +2 | sort >whole
	same parts whole
	[ "$(wc -l <whole)" -eq 96 ]
	exports "small WHERE event_ts >= -3 AND event_ts < 2" --since -3 --until 2 small
	exports small --since -99999999999999 --until 99999999999999 small
}

@test "a moment is the same however it is written" {
	given <<-END
		CREATE TABLE n AS SELECT $epoch::bigint AS event_ts, id FROM ($hours) AS h;
		CREATE TABLE t AS SELECT at AT TIME ZONE 'UTC' AS event_ts, id FROM ($hours) AS h;
	END
	for table in n t; do
		ce-export -p --since 2024-01-30T06:30:00.001Z "$table" >want
		for since in 1706596200001 '2024-01-30 06:30:00.001' 2024-01-30T12:00:00.001+05:30; do
			ce-export -p --since "$since" "$table" >got
			same got want
		done
		[ "$(cut -d, -f2 want | sed -n 2p)" = 124 ]
	done
	fails 2 ce-export --since yesterday t
	[[ $stderr == *"found 'yesterday'"* ]]
}

@test "moments before 1970 are compared to the millisecond, too" {
	given <<-'END'
		CREATE TABLE early AS SELECT ms, timestamptz 'epoch' + ms * interval '1 ms' AS event_ts
			FROM generate_series(-3000, 1000, 250) AS ms;
	END
	for ms in -2500 -2000 -1750 -1000 -250 0 250; do
		exports "early WHERE ms >= $ms" --since "$ms" early
		exports "early WHERE ms < $ms" --until "$ms" early
	done
}

@test "since and until: no settings of role, database or client move them, or change the text" {
	given <<-END
		CREATE TABLE all_types AS SELECT at AT TIME ZONE 'UTC' AS event_ts, at AS t, at::date AS d,
			at - timestamp '2023-12-31' AS i, decode('00ff5c', 'hex') AS b,
			1::double precision / (3 * id + 1) AS f, 1::real / 3 AS r FROM ($hours) AS h;
		CREATE TABLE as_timestamp AS SELECT at AS event_ts FROM ($hours) AS h;
		CREATE ROLE elsewhere LOGIN SUPERUSER;
		ALTER ROLE elsewhere SET timezone = 'Asia/Kolkata';
		ALTER ROLE elsewhere SET datestyle = 'German';
		ALTER ROLE elsewhere SET intervalstyle = 'iso_8601';
		ALTER ROLE elsewhere SET bytea_output = 'escape';
		ALTER ROLE elsewhere SET extra_float_digits = -5;
		ALTER ROLE elsewhere SET standard_conforming_strings = off;
		ALTER ROLE elsewhere SET client_encoding = 'LATIN1';
	END
	day=(--since 2024-01-30 --until 2024-01-31 --where "t <> '2024-01-30 03:00'")
	for table in all_types as_timestamp; do
		((${#table} > 9)) && unset 'day[5]' 'day[4]'
		ce-export -p "${day[@]}" "$table" >want
		PGUSER=elsewhere ce-export -p "${day[@]}" "$table" >got
		same got want
		PGTZ=America/New_York PGDATESTYLE=SQL PGCLIENTENCODING=LATIN1 \
			PGOPTIONS="$PGOPTIONS -c intervalstyle=sql_standard -c bytea_output=escape
				-c extra_float_digits=-5 -c timezone=Asia/Tokyo" \
			ce-export -p "${day[@]}" "$table" >got
		same got want
	done
	[ "$(wc -l <want)" -eq 97 ]
	# The settings are there, and psql heeds them.
	PGUSER=elsewhere psql -qX -c "COPY all_types TO STDOUT csv" >odd
	PGTZ=UTC psql -qX -c "COPY all_types TO STDOUT csv" >usual
	[[ $(head -n 1 odd) == *29.01.2024*,P29D,* ]]
	! cmp -s odd usual
}

@test "since and until let the server use an index on event_ts" {
	given <<-'END'
		CREATE TABLE n AS SELECT i::bigint * 1000 AS event_ts FROM generate_series(1, 20000) AS i;
		CREATE TABLE tz AS SELECT to_timestamp(i) AS event_ts FROM generate_series(1, 20000) AS i;
		CREATE TABLE ts AS SELECT event_ts AT TIME ZONE 'UTC' AS event_ts FROM tz;
		CREATE INDEX ON n (event_ts);
		CREATE INDEX ON tz (event_ts);
		CREATE INDEX ON ts (event_ts);
		ANALYZE n, tz, ts;
	END
	sql "LOAD 'auto_explain'" || skip "the server has no auto_explain"
	# The plan stands in the server's log before the last row is ours.
	export PGOPTIONS="$PGOPTIONS -c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0"
	for table in n tz ts; do
		ce-export -p --since 100000 --until 103000 "$table" >got
		[ "$(wc -l <got)" -eq 4 ]
		grep -q "Scan using ${table}_event_ts_idx on $table " "$PGHOST/log"
	done
}

@test "since and until want an event_ts that is a number or a time" {
	given <<-'END'
		CREATE TABLE words AS SELECT '2024'::text AS event_ts;
		CREATE TABLE none AS SELECT 1 AS "Event_ts";
	END
	says "ce-export: column event_ts: --since and --until: expected a number or a time" \
		ce-export --since 2024-01-01 words
	says "ce-export: --since and --until: there is no column event_ts" ce-export --until 2024-01-01 none
	says "ce-export: --since and --until: there is no column event_ts" \
		ce-export --until 2024-01-01 -c 'SELECT 1 AS a'
	# --columns need not name it.
	ce-export -p --columns a --since 2 -c 'SELECT i AS event_ts, -i AS a FROM generate_series(1, 3) AS i' >got
	printf 'a\n-2\n-3\n' | same got -
}

@test "-O: a file a table, each what the table alone gives; dimensions come whole" {
	given <<-END
		CREATE TABLE events AS SELECT at AT TIME ZONE 'UTC' AS event_ts, id FROM ($hours) AS h;
		CREATE TABLE "Dim 1" AS SELECT i AS k FROM generate_series(1, 99) AS i;
		CREATE SCHEMA t${BATS_TEST_NUMBER}_more;
		CREATE TABLE t${BATS_TEST_NUMBER}_more.facts AS SELECT 1 AS x;
	END
	day=(--since 2024-01-30 --until 2024-01-31)
	ce-export -O data "${day[@]}" events 'Dim 1' "t${BATS_TEST_NUMBER}_more.facts"
	[ "$(cd data && printf '%s|' *)" = 'Dim 1.csv.gz|events.csv.gz|facts.csv.gz|' ]
	same <(gzip -dc data/events.csv.gz) <(ce-export -p "${day[@]}" events)
	same <(gzip -dc 'data/Dim 1.csv.gz') <(ce-export -p 'Dim 1')
	[ "$(gzip -dc 'data/Dim 1.csv.gz' | wc -l)" -eq 100 ]
	ce-export -p -O data events
	same data/events.csv <(ce-export -p events)
	# A directory that is there is used, and a file that is there replaced.
	echo old >data/events.csv
	ce-export -p -O data --columns id --where 'id < 3' events
	printf 'id\n1\n2\n' | same data/events.csv -
	says "ce-export: --since and --until: there is no column event_ts" ce-export -O none --since 1 'Dim 1'
	[ ! -e none ]
}

@test "-O: all of the files or none, and those that were there stay" {
	given <<-END
		CREATE TABLE a AS SELECT i FROM generate_series(1, 9) AS i;
		CREATE TABLE "x/y" AS SELECT 1 AS i;
		CREATE VIEW broken AS SELECT 1 / (i - 9) AS i FROM a;
		CREATE SCHEMA t${BATS_TEST_NUMBER}_more;
		CREATE TABLE t${BATS_TEST_NUMBER}_more.a AS SELECT 1 AS i;
	END
	mkdir data
	echo old >data/a.csv.gz
	says 'ce-export: relation "missing" does not exist (SQLSTATE 42P01)' ce-export -O data a missing
	says 'ce-export: division by zero (SQLSTATE 22012)' ce-export -O data a broken
	fails 1 ce-export -O data a "t${BATS_TEST_NUMBER}_more.a"
	[ "$stderr" = "ce-export: data/a.csv.gz: the output data/a.csv.gz is the same file" ]
	fails 1 ce-export -O data a x/y
	[ "$stderr" = "ce-export: table 'x/y': not usable as a file name" ]
	[ "$(ls -A data)" = a.csv.gz ]
	[ "$(cat data/a.csv.gz)" = old ]
	touch file
	fails 1 ce-export -O file a
	[[ $stderr == "ce-export: file/a.csv.gz: "* ]]
}

@test "-o writes the file whole, or not at all" {
	given <<-'END'
		CREATE TABLE a AS SELECT i FROM generate_series(1, 9) AS i;
		CREATE VIEW broken AS SELECT 1 / (i - 9) AS i FROM a;
	END
	ce-export -o a.csv.gz a
	same <(gzip -dc a.csv.gz) <(copied 'SELECT * FROM a')
	echo old >old.csv.gz
	says 'ce-export: division by zero (SQLSTATE 22012)' ce-export -o old.csv.gz broken
	says 'ce-export: division by zero (SQLSTATE 22012)' ce-export -o new.csv.gz broken
	[ "$(cat old.csv.gz)" = old ]
	[ "$(ls -- *.gz)" = $'a.csv.gz\nold.csv.gz' ]
	# And on standard output no stream that could be taken for a whole one.
	fails 3 ce-export broken
	! gzip -t <stdout
}

@test "a server that stores LATIN1 gives UTF-8, names and all" {
	sql "CREATE DATABASE latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'"
	export PGDATABASE=latin
	given <<-'END'
		SET client_encoding = 'UTF8';
		CREATE TABLE "été" ("naïve" text);
		INSERT INTO "été" VALUES ('señor'), (E'\u00ff');
	END
	ce-export -p été >got
	printf 'naïve\nseñor\n\xc3\xbf\n' | same got -
	ce-export -p --columns naïve --where "naïve = 'señor'" été >got
	printf 'naïve\nseñor\n' | same got -
}

@test "a server that does not know its encoding is believed only while it is UTF-8" {
	sql "CREATE DATABASE ascii TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'"
	export PGDATABASE=ascii
	given <<-'END'
		CREATE TABLE good (v text);
		INSERT INTO good VALUES (E'se\303\261or');
		CREATE TABLE bad (v text);
		INSERT INTO bad VALUES ('a'), (E'se\361or');
	END
	ce-export -p good >got
	printf 'v\nse\xc3\xb1or\n' | same got -
	fails 3 ce-export bad
	[[ $stderr == 'ce-export: invalid byte sequence for encoding "UTF8": 0xf1 '*'(SQLSTATE 22021)' ]]
	! gzip -t <stdout
}

@test "odd names of schemas, tables and columns are taken as they are" {
	long=$(printf 'x%.0s' {1..63})
	names=(Case 'two words' ' ' 'a"b' '"' "a'b" a.b 'a,b' $'a\nb' select 'a\b' '$1' '%s' 1 "$long" 'ñ中😀')
	for name in "${names[@]}"; do
		quoted=\"${name//\"/\"\"}\"
		echo "CREATE SCHEMA $quoted;
			CREATE TABLE $quoted.$quoted AS SELECT i AS $quoted, i AS event_ts FROM generate_series(1, 2) AS i;"
	done | sql
	for name in "${names[@]}"; do
		header=$name
		# As the first name, a blank would be passed over by who reads it.
		[[ $name == *[$',"\n']* || $name == ' ' ]] && header=\"${name//\"/\"\"}\"
		printf '%s,event_ts\n2,2\n' "$header" >want
		ce-export -p --schema "$name" --since 2 "$name" >got
		same got want
		# A comma parts the names of a list, and a dot a schema from its table.
		case $name in
		*,*) ;;
		*.*) ce-export -p --schema "$name" --columns "$name,event_ts" --since 2 "$name" >got ;;
		*) ce-export -p --columns "$name,event_ts" --since 2 "$name.$name" >got ;;
		esac
		same got want
	done
}

@test "SCHEMA.TABLE parts at the first dot; with --schema the name is taken whole" {
	given <<-END
		CREATE TABLE "a.b" AS SELECT 'here' AS v;
		CREATE SCHEMA a;
		CREATE TABLE a.b AS SELECT 'in a' AS v;
		CREATE TABLE a."b.c" AS SELECT 'in a, too' AS v;
	END
	[ "$(ce-export -p a.b | tail -n 1)" = "in a" ]
	[ "$(ce-export -p a.b.c | tail -n 1)" = '"in a, too"' ]
	[ "$(ce-export -p --schema a b | tail -n 1)" = "in a" ]
	[ "$(ce-export -p --schema "t$BATS_TEST_NUMBER" a.b | tail -n 1)" = here ]
	fails 3 ce-export --schema a a.b
	[ "$stderr" = 'ce-export: relation "a.a.b" does not exist (SQLSTATE 42P01)' ]
	fails 3 ce-export B
	[ "$stderr" = 'ce-export: relation "B" does not exist (SQLSTATE 42P01)' ]
}

@test "a name too long for the server is no table, rather than another whose name begins so" {
	long=$(printf 'x%.0s' {1..63})
	given <<<"CREATE TABLE $long AS SELECT 1 AS a"
	ce-export -p "$long" >got
	fails 3 ce-export "${long}y"
}

@test "what the server says comes with its SQLSTATE and its hint" {
	given <<<"CREATE TABLE t (colour text)"
	says 'ce-export: column "color" does not exist (SQLSTATE 42703); hint: Perhaps you meant to reference the column "t.colour".' \
		ce-export --columns color t
	says 'ce-export: column "color" does not exist (SQLSTATE 42703); hint: Perhaps you meant to reference the column "t.colour".' \
		ce-export --where "color = 'red'" t
}

@test "the connection has the tool's name, unless another is asked for" {
	query="SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
	[ "$(ce-export -p -c "$query" | tail -n 1)" = ce-export ]
	[ "$(PGAPPNAME=nightly ce-export -p -c "$query" | tail -n 1)" = nightly ]
	[ "$(ce-export -d 'application_name=mine' -p -c "$query" | tail -n 1)" = mine ]
}

@test "-d is a database's name, a connection string or a URI" {
	sql "CREATE DATABASE \"other db\""
	query="SELECT current_database()"
	[ "$(ce-export -d 'other db' -p -c "$query" | tail -n 1)" = "other db" ]
	[ "$(ce-export -d "dbname='other db' user=ce" -p -c "$query" | tail -n 1)" = "other db" ]
	[ "$(ce-export -d "postgresql:///other%20db" -p -c "$query" | tail -n 1)" = "other db" ]
	[ "$(PGDATABASE='other db' ce-export -p -c "$query" | tail -n 1)" = "other db" ]
	# No '@' that libpq understands is taken for one of a password.
	sql 'CREATE DATABASE "na@me"'
	for form in na@me "dbname=na@me" "postgresql:///na%40me?host=$PGHOST" \
		"postgresql:///na%40me?application_name=a@b"; do
		[ "$(ce-export -d "$form" -p -c "$query" | tail -n 1)" = na@me ]
	done
	fails 2 ce-export -d 'host=' -d 'user=ce nonsense' t
	[[ $stderr == *"malformed connection string"* ]]
}

@test "a command line that makes no sense: exit status 2, and the server is not asked" {
	export PGHOST=/nonexistent
	while IFS='|' read -r args words; do
		eval "set -- $args"
		fails 2 ce-export "$@"
		[[ $stderr == "ce-export: $words"* ]] || { echo "$args: $stderr"; false; }
	done <<-'END'
		|a TABLE or -c QUERY is required
		a b|several tables require -O DIR
		-c 'SELECT 1' a|-c cannot be combined with a TABLE
		--schema s -c 'SELECT 1'|-c cannot be combined with a TABLE
		-O d -o f a|-O cannot be combined with -o or -c
		-O d -c 'SELECT 1'|-O cannot be combined with -o or -c
		-O d --columns a a b|--columns and --where require a single table
		-O d --where true a b|--columns and --where require a single table
		--since 2024-01-02 --until 2024-01-02 a|--since must be before --until
		--since 2024-01-02 --until 1704067200 a|--since must be before --until
		--columns a,,b t|
		--columns '' t|
		.t|'.t': expected TABLE or SCHEMA.TABLE
		postgresql:///x|expected a table, found a URI
		--since 2024-13-01 t|
		--nonsense t|
		-o|
	END
}

@test "a name that is none: exit status 2" {
	for name in '' . .a a.; do
		fails 2 ce-export "$name"
		[ "$stderr" = "ce-export: '$name': expected TABLE or SCHEMA.TABLE" ] || [ -z "$name" ]
	done
	fails 2 ce-export --schema '' a
}
