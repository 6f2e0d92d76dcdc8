# ce-export and ce-import when something goes wrong, when others are at work, and with much data.
# What must hold each time: the exit status, a message that tells, an unchanged database, and no
# output that looks whole.

# Variables come from functions (SC2154), and the modes are lists of words (SC2086).
# shellcheck disable=SC2154,SC2086
load ../common
load ../postgres

password='p@Hush/w:o?r#d% '\''"\&=Hush' # every character that some syntax gives a meaning
modes=("fresh" "--append t" "--replace t" "--upsert id t") # how ce-import can be called

setup_file() {
	postgres_start
	psql -Xq -v password="$password" <<-'END'
		-- Too much for all the buffers between the server and a reader that has stopped.
		CREATE SCHEMA fixed;
		CREATE TABLE fixed.big AS
			SELECT id, repeat(md5(id::text), 2) AS word FROM generate_series(1, 60000) AS id;
		CREATE ROLE guarded LOGIN PASSWORD :'password';
	END
}

# What a failed test may leave: a tool or another process that waits, and a server of its own.
teardown() {
	local left
	left=$(jobs -p | grep -vx "${postgres_pid:-none}")
	[[ ! $left ]] || kill $left 2>/dev/null || true
	[[ ! ${postgres_pid-} ]] || postgres_stop
}

# --- helpers ------------------------------------------------------------------------------------

# until_true EXPRESSION: waits for it to hold in the server.
until_true() {
	local end=$((SECONDS + 120))
	until [[ $(sql "SELECT $1") == t ]]; do
		if ((SECONDS > end)); then
			echo "waited in vain for: $1"
			return 1
		fi
		sleep 0.02
	done
}

# until_gone: no connection of our tools is left in the server.
until_gone() {
	until_true "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name LIKE 'ce-%')"
}

# A table with a key and rows 1 to 1000, and rows.csv, which has 1001 to 21000 for it.
table_and_rows() {
	sql "DROP SCHEMA public CASCADE; CREATE SCHEMA public;
		CREATE TABLE t (id int PRIMARY KEY, word text);
		INSERT INTO t SELECT id, 'old' FROM generate_series(1, 1000) AS id"
	seq 1001 21000 | sed '1i id,word
		s/.*/&,word &/' >rows.csv
}

# Every relation of the schema with a checksum of its rows, in whatever order they are.
state() {
	psql -XAtq -v ON_ERROR_STOP=1 <<-'END'
		SELECT format('SELECT %L, count(*), sum(hashtextextended(r::text, 0)) FROM %s AS r', c, c)
		FROM (SELECT oid::regclass AS c FROM pg_class
			WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i') AS relations
		ORDER BY c::text \gexec
	END
}

# unchanged: the state is the one in the file `before`, and nobody of ours has a lock on it.
unchanged() {
	until_gone
	same before <(state)
	[ "$(sql "SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass")" = 0 ]
}

# says WORDS: they are in $stderr, which is one line of the tool.
says() {
	if [[ $stderr != ce-*port:*"$1"* || $stderr == *$'\n'* ]]; then
		printf 'said: %s\nnot: %s\n' "$stderr" "$1"
		return 1
	fi
}

# not_whole FILE: no gzip stream that ends well.
not_whole() {
	if gzip -t "$1" 2>/dev/null; then
		echo "$1 is a finished gzip stream"
		return 1
	fi
}

# As functions, for `!` alone would not fail a test.
no_file() {
	! compgen -G "$1"
}
lacks() {
	! grep -a "$@"
}

# start_import ARGS: ce-import ARGS, $pid, reads a FIFO, our descriptor 8. Returns when the server
# waits for its rows.
start_import() {
	rm -f input
	mkfifo input
	exec 9<>input # opening waits for no reader, even if there will be none
	env --default-signal=INT ce-import "$@" input >stdout 2>stderr 3>&- 7>&- 8>&- 9>&- &
	pid=$!
	head -n 1 rows.csv >&9
	until_true "EXISTS (SELECT FROM pg_stat_progress_copy)"
	exec 8>input 9>&-
}

# hold_import ARGS: the same, but returns when the server has rows, and waits for more.
hold_import() {
	start_import "$@"
	sed -n 2,15000p rows.csv >&8
	until_true "EXISTS (SELECT FROM pg_stat_progress_copy WHERE tuples_processed > 0)"
}

# hold_export ARGS: ce-export ARGS writes to a FIFO, our descriptor 8, of which a little was read,
# into `got`. Returns when the server waits for us to read on.
hold_export() {
	rm -f output
	mkfifo output
	exec 9<>output
	env --default-signal=INT ce-export "$@" >output 2>stderr 3>&- 9>&- &
	pid=$!
	exec 8<output 9>&-
	head -c 1000 <&8 >got
	until_true "EXISTS (SELECT FROM pg_stat_activity
		WHERE application_name = 'ce-export' AND wait_event = 'ClientWrite')"
}

# ends STATUS: the tool that was held does, with that.
ends() {
	local status=0
	wait "$pid" || status=$?
	stderr=$(cat stderr)
	if ((status != $1)); then
		echo "exit status $status, not $1: $stderr"
		return 1
	fi
}

# hold_silent_export OUT: ce-export, $pid, has some rows for OUT and waits for more from a server
# that sleeps. OUT was there before, as `old`.
hold_silent_export() {
	echo old >"$1"
	cp "$1" old
	env --default-signal=INT ce-export -o "$1" -c "SELECT id, pg_sleep(CASE WHEN id < 30000 THEN 0
		ELSE 3600 END) FROM generate_series(1, 30000) AS id" >stdout 2>stderr 3>&- &
	pid=$!
	until_true "EXISTS (SELECT FROM pg_stat_activity
		WHERE application_name = 'ce-export' AND wait_event = 'PgSleep')"
	compgen -G ".$1.*.tmp" >/dev/null
}

# in_the_way MODE: another client, on our descriptor 7, has the table t locked.
in_the_way() {
	rm -f session
	mkfifo session
	exec 7<>session
	psql -Xq <session 3>&- 7>&- &
	other=$!
	echo "BEGIN; LOCK TABLE t IN $1 MODE;" >&7
	until_true "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND granted)"
}

out_of_the_way() {
	echo 'COMMIT; \q' >&7
	wait "$other"
	exec 7>&-
}

# --- the connection is lost ---------------------------------------------------------------------

@test "the server is killed in the middle of an export: exit 3, no whole gzip, no new file" {
	postgres_start
	sql "CREATE TABLE big AS SELECT id, repeat('x', 64) FROM generate_series(1, 60000) AS id"
	state >before
	sql CHECKPOINT
	hold_export big
	postgres_kill
	cat <&8 >>got
	ends 3
	says "server closed the connection unexpectedly"
	not_whole got
	postgres_run
	hold_silent_export file
	postgres_kill
	ends 3
	says "server closed the connection unexpectedly"
	cmp file old
	no_file ".file.*"
	postgres_run
	same before <(state)
}

@test "the server is killed in the middle of an import: exit 3, and then the table is as before" {
	postgres_start
	table_and_rows
	state >before
	sql CHECKPOINT
	for mode in fresh "--replace t"; do
		hold_import $mode
		postgres_kill
		sed '1,15000d' rows.csv >&8 || true # it may have ended
		exec 8>&-
		ends 3
		says "server closed the connection unexpectedly"
		postgres_run
		same before <(state)
	done
}

@test "the connection is ended or the query cancelled in the middle of an export" {
	for how in terminate cancel; do
		hold_export fixed.big
		sql "SELECT pg_${how}_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'ce-export'" >/dev/null
		cat <&8 >>got
		ends 3
		case $how in
		terminate) says "server closed the connection unexpectedly" ;;
		cancel) says "canceling statement due to user request (SQLSTATE 57014)" ;;
		esac
		not_whole got
		hold_silent_export file
		sql "SELECT pg_${how}_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'ce-export'" >/dev/null
		ends 3
		case $how in
		terminate) says "terminating connection due to administrator command (SQLSTATE 57P01)" ;;
		cancel) says "canceling statement due to user request (SQLSTATE 57014)" ;;
		esac
		cmp file old
		no_file ".file.*"
	done
}

@test "the connection is ended or the query cancelled in the middle of an import" {
	table_and_rows
	state >before
	local how=cancel
	for mode in "${modes[@]}" fresh; do
		[[ $how = cancel ]] && how=terminate || how=cancel
		hold_import $mode
		sql "SELECT pg_${how}_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'ce-import'" >/dev/null
		sed '1,15000d' rows.csv >&8 || true
		exec 8>&-
		ends 3
		case $how in
		terminate) says "terminating connection due to administrator command (SQLSTATE 57P01)" ;;
		cancel) says "canceling statement due to user request (SQLSTATE 57014)" ;;
		esac
		unchanged
	done
}

@test "a killed ce-export: the server ends its query, nothing stands under the name of -o" {
	for signal in INT:130 TERM:143 KILL:137; do
		hold_export fixed.big
		kill -"${signal%:*}" "$pid"
		ends "${signal#*:}"
		cat <&8 >>got
		not_whole got
		until_gone
		hold_silent_export file
		kill -"${signal%:*}" "$pid"
		ends "${signal#*:}"
		cmp file old
		if [[ ${signal%:*} != KILL ]]; then
			no_file ".file.*"
			sql "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
				WHERE application_name = 'ce-export'" >/dev/null
		fi
	done
	# A server that sends nothing would not know that there is nobody left, did it not look.
	until_gone
}

@test "a killed ce-import: the server rolls back" {
	table_and_rows
	state >before
	for signal in KILL:137 TERM:143 INT:130; do
		hold_import --replace t
		kill -"${signal%:*}" "$pid"
		ends "${signal#*:}"
		exec 8>&-
		unchanged
	done
	for mode in fresh "--append t" "--upsert id t"; do
		hold_import $mode
		kill -KILL "$pid"
		ends 137
		exec 8>&-
		unchanged
	done
}

# proxy.py HOW HERE THERE: a server at the socket HERE that passes everything on to the one at THERE
# and back, until COMMIT. HOW `before` ends then; `after` when the answer has come, but does not pass it
# on; `silent` does not either, and waits; `said` passes on that it is committed, and no more; `down`
# says instead that the server is.
write_proxy() {
	cat >proxy.py <<-'END'
		import selectors, socket, struct, sys
		how, here, there = sys.argv[1:]
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(here)
		listener.listen()
		client = listener.accept()[0]
		server = socket.socket(socket.AF_UNIX)
		server.connect(there)
		both = selectors.DefaultSelector()
		both.register(client, selectors.EVENT_READ, server)
		both.register(server, selectors.EVENT_READ, client)
		committing = False
		while True:
		    for key, _ in both.select():
		        data = key.fileobj.recv(65536)
		        if key.fileobj is client and data.endswith(b"COMMIT\0"):
		            committing = True
		            if how == "before":
		                sys.exit()
		        elif committing and key.fileobj is server and how != "after":
		            if how == "silent":
		                print("silent", flush=True)
		                continue
		            says = b"SFATAL\0VFATAL\0C57P01\0Mthe server goes down\0\0"
		            said = struct.unpack("!I", data[1:5])[0] + 1
		            down = b"E" + struct.pack("!I", len(says) + 4) + says
		            client.sendall(data[:said] if how == "said" else down)
		            sys.exit()
		        elif committing or not data:
		            sys.exit()
		        key.data.sendall(data)
	END
	mkdir -p "$PGHOST/proxy"
}

start_proxy() {
	rm -f "$PGHOST/proxy/.s.PGSQL.5432"
	setpriv --pdeathsig TERM python3 proxy.py "$1" "$PGHOST/proxy/.s.PGSQL.5432" "$PGHOST/.s.PGSQL.5432" \
		>proxied 3>&- &
	proxy=$!
	until [ -S "$PGHOST/proxy/.s.PGSQL.5432" ]; do sleep 0.02; done
}

# says_unknown REASON STATUS: the message of a COMMIT without an answer. What it says to ask tells
# that the transaction is STATUS.
says_unknown() {
	says "the answer to COMMIT could not be read, so it is unknown whether it was committed"
	says "$1"
	until_gone
	local query=${stderr#*(}
	[ "$(sql "${query%% tells: committed or aborted)*}")" = "$2" ]
}

@test "COMMIT without an answer: the message says that nobody knows, and how to ask the server" {
	local how rows import
	write_proxy
	table_and_rows
	mkdir in
	cp rows.csv in/t.csv
	cp rows.csv in/u.csv
	for import in "ce-import --append t rows.csv" "ce-import -I in --append t u"; do
		for how in before:1000 after:21000 down:21000 said:21000; do
			table_and_rows
			sql "CREATE TABLE u AS SELECT * FROM t"
			rows=${how#*:}
			start_proxy "${how%:*}"
			case $how in
			said*) PGHOST=$PGHOST/proxy $import ;;
			*) PGHOST=$PGHOST/proxy fails 3 $import ;;
			esac
			case $how in
			before*) says_unknown "server closed the connection unexpectedly" aborted ;;
			after*) says_unknown "server closed the connection unexpectedly" committed ;;
			down*) says_unknown "the server goes down (SQLSTATE 57P01)" committed ;;
			esac
			wait "$proxy"
			[ "$(sql 'SELECT count(*) FROM t')" = "$rows" ]
			[[ $import != *-I* ]] || [ "$(sql 'SELECT count(*) FROM u')" = "$rows" ]
		done
	done
}

# commit_silently COMMAND...: runs it, $pid, up to the answer to COMMIT, which it waits for.
commit_silently() {
	table_and_rows
	start_proxy silent
	PGHOST=$PGHOST/proxy "$@" >stdout 2>stderr 3>&- &
	pid=$!
	until [[ $(<proxied) ]]; do sleep 0.02; done
}

@test "a signal before COMMIT is answered: exit 3, and unknown as well; unless it is ignored" {
	write_proxy
	for signal in TERM INT HUP; do
		commit_silently env --default-signal=INT,HUP ce-import --append t rows.csv
		kill -"$signal" "$pid"
		ends 3
		says_unknown "interrupted by a signal" committed
	done
	commit_silently env --ignore-signal=HUP ce-import --append t rows.csv
	kill -HUP "$pid"
	sleep 0.2
	kill "$pid"
	ends 3
	says_unknown "interrupted by a signal" committed
}

# short_of_memory COMMAND...: with our nomem.so; $status and $stderr, what it wrote in `got`, and in
# `calls` how often libpq asked for memory. $state, which is made what it was, tells what it has
# changed.
short_of_memory() {
	status=0
	timeout 20 env LD_PRELOAD="$PWD/nomem.so" "$@" >got 2>stderr 9>calls || status=$?
	stderr=$(cat stderr)
	state=$(NOMEM_FROM='' sql "SELECT (SELECT count(*) FROM t), to_regclass('new');
		DELETE FROM t WHERE id > 1000; DROP TABLE IF EXISTS new")
}

@test "no memory for libpq at any moment: no hang, no false success, nothing that is done called failed" {
	if nm "$CE_BIN/ce-import" | grep -q '__asan\|__tsan'; then
		skip "a sanitizer has its own malloc"
	fi
	local first only success what n status state unknown=0
	cc -D_GNU_SOURCE -shared -fPIC -o nomem.so "$CE_ROOT/tests/system/nomem.c"
	table_and_rows
	sed -i '200q' rows.csv
	ce-export t >want
	# All calls from one on, or that one alone; the state after a success; what to run. Of the calls
	# before the COPY, most of them of connecting, each eighth.
	while read -r only success what; do
		short_of_memory $what
		[[ $status:$state == "0:$success" ]]
		n=$(<calls)
		((n > 100))
		for ((first = n; first > 0; first -= first > n - 24 ? 1 : 8)); do
			export NOMEM_FROM=$first NOMEM_UNTIL=$((only ? first + 1 : 0))
			short_of_memory $what
			unset NOMEM_FROM NOMEM_UNTIL
			case $status:$state in
			"0:$success") [[ $what != ce-export* ]] || same want got ;;
			"3:1000|") [[ $what != ce-export* ]] || not_whole got ;;
			"3:$success") says "so it is unknown whether it was committed" && ((++unknown)) ;;
			*) false ;;
			esac || {
				echo "$what, call $first: exit status $status, then $state: $stderr"
				return 1
			}
			((status == 0)) || says memory
		done
	done <<-'END'
		0 1000| ce-export t
		0 1199| ce-import --append t rows.csv
		1 1199| ce-import --append t rows.csv
		0 1199| ce-import --upsert id t rows.csv
		0 1000|new ce-import new rows.csv
	END
	((unknown > 2))
}

@test "a signal at any moment leaves the table as it was" {
	table_and_rows
	state >before
	python3 - "$BATS_TEST_NUMBER" <<-'END' >moments
		import random, sys
		rng = random.Random(8)
		for _ in range(20):
		    print(rng.choice(("TERM", "INT", "HUP", "PIPE")), rng.randrange(1, 20000), round(rng.random() / 5, 3))
	END
	# The input has not ended: nothing is committed, whenever it comes.
	while read -r signal n wait; do
		rm -f input
		mkfifo input
		env --default-signal=INT,HUP,PIPE ce-import --append t input >stdout 2>stderr 3>&- 8>&- &
		pid=$!
		exec 8>input
		head -n "$n" rows.csv >&8
		sleep "$wait"
		kill -"$signal" "$pid"
		ends $((128 + $(kill -l "$signal")))
		exec 8>&-
		unchanged
	done <moments
	# It has: the table is as it was, or the exit status is 0, or a message says that nobody knows.
	while read -r signal n wait; do
		env --default-signal=INT,HUP,PIPE ce-import --append t rows.csv >stdout 2>stderr 3>&- &
		pid=$!
		sleep "$wait"
		kill -"$signal" "$pid" 2>/dev/null || true
		status=0
		wait "$pid" || status=$?
		stderr=$(cat stderr)
		until_gone
		case $status:$(sql "SELECT count(*) FROM t") in
		0:21000 | $((128 + $(kill -l "$signal"))):1000) ;;
		3:*) says "so it is unknown whether it was committed" ;;
		*) false ;;
		esac || {
			echo "SIG$signal after $wait s: exit status $status, then $(sql "SELECT count(*) FROM t"): $stderr"
			return 1
		}
		sql "DELETE FROM t WHERE id > 1000"
	done <moments
}

@test "a server that is shut down, or ends a session, says so: exit 3, unchanged" {
	postgres_start
	table_and_rows
	state >before
	for mode in fast immediate; do
		hold_import --append t
		postgres_own "$postgres_bin/pg_ctl" stop -s -W -m "$mode" -D "$postgres_dir/data"
		wait "$postgres_pid" || true
		sed '1,15000d' rows.csv >&8 || true
		exec 8>&-
		ends 3
		if [[ $mode == fast ]]; then
			says "terminating connection due to administrator command (SQLSTATE 57P01)"
		else
			says "server closed the connection unexpectedly"
		fi
		postgres_run
		unchanged
	done
	# While the tool waits for a lock.
	in_the_way SHARE
	ce-import --replace t rows.csv >stdout 2>stderr 3>&- 7>&- &
	pid=$!
	until_true "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)"
	sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ce-import'"
	ends 3
	says "terminating connection due to administrator command (SQLSTATE 57P01)"
	out_of_the_way
	unchanged
}

# --- the pipe breaks ----------------------------------------------------------------------------

@test "input that is cut short or damaged anywhere is never committed" {
	table_and_rows
	state >before
	python3 - <<-'END'
		import gzip, os
		plain = open("rows.csv", "rb").read()
		whole = gzip.compress(plain, 1)
		n = len(whole)
		os.mkdir("broken")
		def broken(name, data):
		    open("broken/" + name, "wb").write(data)
		for cut in 1, 2, 9, 10, 11, 500, n // 4, n - n // 8, n - 9, n - 7, n - 4, n - 1:
		    broken(f"at-{cut}", whole[:cut])
		broken("nothing", b"")
		broken("half", whole[:n // 2])
		broken("no-trailer", whole[:n - 8])
		broken("crc", whole[:n - 8] + bytes([whole[n - 8] ^ 1]) + whole[n - 7:])
		broken("length", whole[:n - 4] + bytes([whole[n - 4] ^ 1]) + whole[n - 3:])
		broken("behind", whole + b"x")
		broken("second-member", whole + gzip.compress(b"7,x\n")[:-8])
		broken("ragged", plain + b"30000\n")
		broken("quote", plain + b'30000,"x\n')
	END
	for mode in "${modes[@]}"; do
		for file in broken/{nothing,half,no-trailer,crc,ragged}; do
			fails 1 ce-import $mode "$file"
			says "$file:"
		done
		unchanged
	done
	for file in broken/*; do
		fails 1 ce-import --append t <"$file"
		says "stdin:"
	done
	unchanged
	ce-import --append t rows.csv # whole, it is fine
	[ "$(sql 'SELECT count(*) FROM t')" = 21000 ]
}

@test "an upstream that dies, or writes nothing, is never committed" {
	table_and_rows
	state >before
	for mode in "${modes[@]}"; do
		# The server finds fault with the last row of 30000.
		ce-export -c "SELECT id, 1 / (30000 - id) AS word FROM generate_series(2000, 30000) AS id" \
			2>died | fails 1 ce-import $mode
		grep -q "division by zero (SQLSTATE 22012)" died
		grep -q "stdin: .*cut short\|stdin: .*end" stderr
		(gzip -c rows.csv | head -c 20000 && kill -KILL $BASHPID) | fails 1 ce-import $mode
		: | fails 1 ce-import $mode
		unchanged
	done
}

@test "a reader that leaves ends ce-export quietly, and the server's query with it" {
	local status
	status=$(
		set +o pipefail
		ce-export fixed.big 2>stderr | head -c 100 >/dev/null
		echo "${PIPESTATUS[0]}"
	)
	[ "$status" = 141 ]
	[ ! -s stderr ]
	until_gone
}

@test "a full disk: exit 1, and no file" {
	for output in "-o /dev/full" ">/dev/full"; do
		fails 1 sh -c "ce-export fixed.big $output"
		says "No space left on device"
	done
	until_gone
}

@test "-O: a table that fails leaves the files of all of them as they were" {
	table_and_rows
	sql "CREATE VIEW v AS SELECT 1 / (1000 - id) AS x FROM t"
	mkdir out
	echo old >out/t.csv.gz
	fails 3 ce-export -O out t v
	says "division by zero (SQLSTATE 22012)"
	[ "$(ls -A out)" = t.csv.gz ]
	[ "$(cat out/t.csv.gz)" = old ]
	fails 3 ce-export -O new t v
	[ ! -e new ] || [ ! "$(ls -A new)" ]
}

# --- the server refuses the rows ----------------------------------------------------------------

@test "a constraint that the very last row violates: its file and line, and nothing is changed" {
	table_and_rows
	sql "ALTER TABLE t ADD CHECK (word <> 'forbidden')"
	state >before
	cp rows.csv unique.csv
	echo 1000,again >>unique.csv
	cp rows.csv twice.csv
	echo 20999,again >>twice.csv
	cp rows.csv check.csv
	echo 30000,forbidden >>check.csv
	for file in unique check; do
		fails 1 ce-import --append t $file.csv
		says "$file.csv:20002: "
		says "violates $file constraint"
		unchanged
	done
	for mode in "--append t" "--replace t" "--upsert id t"; do
		fails 1 ce-import $mode twice.csv
		says "twice.csv:20002: "
		says "(SQLSTATE 23505): Key (id)=(20999) already exists."
		unchanged
	done
	# An upsert's rows reach the table only behind the last one: no line is to blame.
	fails 1 ce-import --upsert id t check.csv
	says "violates check constraint"
	unchanged
}

@test "a repeated key in a table that is made is named by its line" {
	table_and_rows
	state >before
	cp rows.csv twice.csv
	echo 1001,again >>twice.csv
	fails 1 ce-import --upsert id fresh twice.csv
	says "twice.csv:20002: "
	says "(SQLSTATE 23505)"
	unchanged
	seq 1 20000 | sed '1i event_id
		s/^/e/' >events.csv
	echo e17 >>events.csv
	fails 1 ce-import events_table events.csv
	says "events.csv:20002: "
	says "(SQLSTATE 23505)"
	unchanged
}

@test "what a deferred constraint refuses at COMMIT is an error, not a success" {
	table_and_rows
	sql "CREATE TABLE child (id int REFERENCES t DEFERRABLE INITIALLY DEFERRED);
		CREATE TABLE single (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)"
	state >before
	{ echo id && seq 1 1001; } >foreign.csv
	fails 1 ce-import --append child foreign.csv
	says 'violates foreign key constraint "child_id_fkey" (SQLSTATE 23503): Key (id)=(1001) is not present'
	unchanged
	{ echo id && seq 1 1000 && echo 1; } >unique.csv
	fails 1 ce-import --append single unique.csv
	says '(SQLSTATE 23505): Key (id)=(1) already exists.'
	unchanged
}

@test "an early bad row ends an import whose input would never end" {
	table_and_rows
	state >before
	for mode in "${modes[@]}"; do
		[[ $mode != fresh ]] || mode="--types id=int fresh"
		{ printf 'id,word\n1,a\n1e,b\n' && yes 3,c; } 2>/dev/null |
			fails 1 timeout 120 ce-import $mode
		stderr=$(cat stderr)
		says "stdin:3: column id: invalid input syntax for type integer: \"1e\" (SQLSTATE 22P02)"
		unchanged
	done
}

@test "a storm of notices is not printed, and stops nothing" {
	table_and_rows
	sql "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql
			SET client_min_messages = notice AS \$\$
		BEGIN
			RAISE NOTICE '% %', NEW.id, repeat('!', 2000);
			RETURN NEW;
		END \$\$;
		CREATE TRIGGER shout BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION shout()"
	timeout 120 ce-import --append t rows.csv >stdout 2>stderr
	[ ! -s stdout ]
	[ ! -s stderr ]
	[ "$(sql 'SELECT count(*) FROM t')" = 21000 ]
}

@test "a bad row behind a notice is heard at the end of the input, if not before" {
	table_and_rows
	sql "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql
			SET client_min_messages = notice AS \$\$
		BEGIN
			RAISE NOTICE '%', NEW.id;
			RAISE EXCEPTION 'not %', NEW.id;
		END \$\$;
		CREATE TRIGGER shout BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.id = 2000)
			EXECUTE FUNCTION shout()"
	state >before
	start_import --append t
	sed -n 2,15000p rows.csv >&8 2>/dev/null || true # it may have heard before the last of them
	until_true "NOT EXISTS (SELECT FROM pg_stat_progress_copy)" # both have been said
	sed -n '15001,$p' rows.csv >&8 2>/dev/null || true
	exec 8>&-
	ends 3
	says "input:1001: not 2000 (SQLSTATE P0001)"
	unchanged
}

@test "a trigger that changes the session's settings does not break an import" {
	table_and_rows
	sql "CREATE FUNCTION turn() RETURNS trigger LANGUAGE plpgsql AS \$\$
		BEGIN
			PERFORM set_config('timezone', format('UTC%s', NEW.id % 10), false);
			PERFORM set_config('application_name', format('turn%s', NEW.id % 10), false);
			RETURN NEW;
		END \$\$;
		CREATE TRIGGER turn BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION turn()"
	for mode in "--append t" "--replace t" "--upsert id t"; do
		ce-import --analyze $mode rows.csv
		[ "$(sql "SELECT count(*) FROM t WHERE word = 'word ' || id")" = 20000 ]
	done
}

# --- limits -------------------------------------------------------------------------------------

@test "a lock that is not to be had in time: exit 3, and no file" {
	table_and_rows
	state >before
	in_the_way "ACCESS EXCLUSIVE"
	for mode in "--append t" "--replace t" "--upsert id t"; do
		PGOPTIONS='-c lock_timeout=100ms' fails 3 ce-import $mode rows.csv
		says "canceling statement due to lock timeout (SQLSTATE 55P03)"
	done
	PGOPTIONS='-c lock_timeout=100ms' fails 3 ce-export -o file t
	says "canceling statement due to lock timeout (SQLSTATE 55P03)"
	PGOPTIONS='-c lock_timeout=100ms' fails 3 ce-export -O folder fixed.big t
	says "canceling statement due to lock timeout (SQLSTATE 55P03)"
	no_file "file*"
	no_file ".file*"
	no_file "folder/*"
	no_file "folder/.*.tmp"
	out_of_the_way
	unchanged
}

@test "the server's statement timeout ends an export and an import" {
	table_and_rows
	state >before
	PGOPTIONS='-c statement_timeout=100ms' fails 3 ce-export -o file -c "SELECT pg_sleep(3600)"
	says "canceling statement due to statement timeout (SQLSTATE 57014)"
	no_file "file*"
	no_file ".file*"
	for mode in fresh "--upsert id t"; do
		PGOPTIONS='-c statement_timeout=1s' start_import $mode
		until_true "clock_timestamp() > max(query_start) + '1.2 s' FROM pg_stat_activity
			WHERE application_name = 'ce-import'"
		sed 1d rows.csv >&8 || true
		exec 8>&-
		ends 3
		says "canceling statement due to statement timeout (SQLSTATE 57014)"
		unchanged
	done
}

@test "a table that the disk has no room for: the server's hint, exit 3, unchanged" {
	table_and_rows
	state >before
	# Above the size of the files of the write-ahead log, whose end would be the server's.
	local row limit=$((20 << 20))
	row=$(printf 'x%.0s' {1..1000})
	for mode in "${modes[@]}"; do
		hold_import $mode
		postgres_own prlimit --fsize=$limit --pid "$(sql "SELECT pid FROM pg_stat_activity
			WHERE application_name = 'ce-import'")"
		{ seq 30000 60000 | sed "s/\$/,$row/" >&8; } 2>/dev/null || true
		exec 8>&-
		ends 3
		says "could not extend file"
		says "File too large"
		says "hint: Check free disk space."
		unchanged
	done
}

# --- no connection ------------------------------------------------------------------------------

@test "no server, no such role, no such database: exit 3, and what libpq says of it" {
	printf 'a\n1\n' >in.csv
	for tool in "ce-export -o file t" "ce-import t in.csv"; do
		fails 3 env PGHOST="$PWD" $tool
		says "$PWD/.s.PGSQL.5432"
		says "No such file or directory"
		fails 3 env PGUSER=nobody_here $tool
		says 'role "nobody_here" does not exist'
		fails 3 env PGDATABASE=nothing_here $tool
		says 'database "nothing_here" does not exist'
		fails 3 $tool -d nothing_here
		says 'database "nothing_here" does not exist'
		fails 3 env PGSERVICE=nothing_here $tool
		says 'definition of service "nothing_here" not found'
	done
	no_file "file*"
	no_file ".file*"
}

@test "a server that never answers is given up after the connect timeout" {
	mkdir "$PGHOST/silent"
	setpriv --pdeathsig TERM python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(3600)' "$PGHOST/silent/.s.PGSQL.5432" 3>&- &
	local silent=$! patient explicit
	until listens "$PGHOST/silent/.s.PGSQL.5432" 2>/dev/null; do sleep 0.02; done
	# That of -d goes before the variable's; either comes before the 10 s of who says nothing.
	export PGHOST=$PGHOST/silent
	ce-export t >/dev/null 2>&1 3>&- &
	patient=$!
	PGCONNECT_TIMEOUT=600 timeout 120 ce-export -d connect_timeout=2 t 2>explicit.errors 3>&- &
	explicit=$!
	PGCONNECT_TIMEOUT=2 fails 3 ce-export t
	says "timeout expired"
	kill -0 "$patient"
	wait "$explicit" || [ $? = 3 ]
	stderr=$(cat explicit.errors)
	says "timeout expired"
	kill "$silent"
	wait "$silent" "$patient" || true
}

# listens SOCKET: succeeds if somebody does.
listens() {
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$1"
}

# --- passwords ----------------------------------------------------------------------------------

# The password in a URI and in a connection string.
encoded() {
	python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$password"
}
escaped() {
	sed "s/[\\\\']/\\\\&/g" <<<"$password"
}

# who ARGS: exports who the server thinks we are.
who() {
	ce-export -p -c "SELECT current_user AS who" "$@"
}

@test "every way to give a password: variables, -d in both forms, a password file, a service file" {
	export PGUSER=guarded
	printf 'who\nguarded\n' >want
	same want <(PGPASSWORD=$password who)
	same want <(POSTGRES_PASSWORD=$password who)
	same want <(POSTGRES_PASSWORD=wrong PGPASSWORD=$password who)
	same want <(POSTGRES_PASSWORD=wrong who -d "postgresql://guarded:$(encoded)@/postgres")
	same want <(POSTGRES_PASSWORD=wrong who -d "postgresql:///?user=guarded&password=$(encoded)")
	same want <(POSTGRES_PASSWORD=wrong who --dbname="user=guarded password='$(escaped)'")
	(umask 077 && echo "*:*:*:guarded:$(sed 's/[\\:]/\\&/g' <<<"$password")" >pass)
	same want <(PGPASSFILE=$PWD/pass who)
	printf '[mine]\nuser=guarded\npassword=%s\n' "$password" >services
	same want <(PGUSER=ce PGSERVICEFILE=$PWD/services PGSERVICE=mine who)
	same want <(PGUSER=ce PGSERVICEFILE=$PWD/services who -d service=mine)
}

@test "a wrong password or none: exit 3, and no message repeats one" {
	export PGUSER=guarded PGPASSFILE=$PWD/none
	printf 'a\n1\n' >in.csv
	for tool in "ce-export -v -o file t" "ce-import -v t in.csv"; do
		fails 3 $tool
		says "no password supplied"
		fails 3 env PGPASSWORD="$password"x $tool
		says 'password authentication failed for user "guarded"'
		[[ $stderr != *Hush* ]]
		# PGPASSWORD, where it is set, is the one, be it wrong.
		fails 3 env PGPASSWORD=Hush POSTGRES_PASSWORD="$password" $tool
		says 'password authentication failed for user "guarded"'
		[[ $stderr != *Hush* ]]
		fails 3 $tool -d "postgresql://guarded:Hush@/postgres"
		says 'password authentication failed for user "guarded"'
		[[ $stderr != *Hush* ]]
		fails 3 $tool -d "user=guarded password=Hush"
		says 'password authentication failed for user "guarded"'
		[[ $stderr != *Hush* ]]
	done
	no_file "file*"
	no_file ".file*"
}

# refuses_to_tell CONNINFO: with that behind -d, ce-export fails, and tells nothing of the password.
refuses_to_tell() {
	local status=0
	ce-export -v -d "$1" t >stdout 2>stderr || status=$?
	if ((status != 2 && status != 3)) || [ ! -s stderr ] || grep -q Hush stdout stderr; then
		echo "$1: exit status $status, and: $(cat stdout stderr)"
		return 1
	fi
}

@test "a connection string with an unescaped password tells nothing of it" {
	export PGCONNECT_TIMEOUT=2
	for odd in @ / : '?' '#' % ' ' "'" '"' \\ '&' '=' '[' /Hush@ ' =' "' "; do
		refuses_to_tell "postgresql://guarded:Hush${odd}Hush@/postgres"
		refuses_to_tell "postgresql:///postgres?user=guarded&password=Hush${odd}Hush"
		refuses_to_tell "user=guarded password=wrong${odd}Hush"
		refuses_to_tell "user=guarded password='wrong${odd}Hush'"
	done
	for form in "postgresql://guarded:Hu@sh@/postgres" "user=guarded password='Hush"; do
		fails 2 ce-export -d "$form" t
		stderr=$(head -n 1 stderr)
		says "malformed connection string"
	done
}

@test "a URI that lacks its host does not tell the password as the port" {
	refuses_to_tell "postgresql://guarded:Hush"
	refuses_to_tell "postgresql://guarded:Hush/postgres"
}

@test "the URI of another library is not taken for a database's name, which the server repeats" {
	for scheme in postgresql+psycopg2:// jdbc:postgresql:// pg:// Postgres:// postgres:/ ""; do
		refuses_to_tell "${scheme}guarded:Hush@localhost/postgres"
	done
}

@test "the list of arguments of a running tool does not hold the password of -d" {
	table_and_rows
	sql "GRANT USAGE ON SCHEMA public, fixed TO guarded; GRANT SELECT ON fixed.big TO guarded;
		GRANT ALL ON t TO guarded"
	for form in "postgresql://guarded:$(encoded)@/postgres" "user=guarded password='$(escaped)'"; do
		hold_export -d "$form" fixed.big
		lacks Hush "/proc/$pid/cmdline"
		grep -aq fixed.big "/proc/$pid/cmdline"
		cat <&8 >>got
		ends 0
		hold_import --dbname="$form" --append t
		lacks Hush "/proc/$pid/cmdline"
		exec 8>&-
		ends 0
		sql "TRUNCATE t"
	done
	# Nor that of an earlier -d, which the last one overrides.
	hold_import -d "password=Hush dbname=nonesuch" -d "user=guarded password='$(escaped)'" --append t
	lacks Hush "/proc/$pid/cmdline"
	exec 8>&-
	ends 0
}

@test "a URI in the place of a name is not repeated" {
	fails 2 ce-export postgresql://guarded:Hush@localhost/postgres
	lacks Hush stderr
	fails 2 ce-import postgresql://guarded:Hush@localhost/postgres </dev/null
	lacks Hush stderr
	PGDATABASE=postgresql://guarded:Hush@localhost/postgres fails 3 ce-export t
	lacks Hush stderr
}

@test "two --upsert of the same rows in opposite orders do not deadlock" {
	table_and_rows
	{ head -n 1 rows.csv && tail -n +2 rows.csv | sort -t, -k1,1nr; } >backwards.csv
	for _ in 1 2 3; do
		ce-import --upsert id t rows.csv 3>&- &
		first=$!
		ce-import --upsert id t backwards.csv 3>&-
		wait $first
	done
	[ "$(sql 'SELECT count(*) FROM t')" = 21000 ]
}

@test "a server without TLS where sslmode=require wants it is left alone" {
	# Refuses TLS as a server without it does, and keeps what the client says then.
	setpriv --pdeathsig TERM python3 -c '
import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
open("port.new", "w").write(str(s.getsockname()[1]))
import os
os.rename("port.new", "port")
for name in "require", "prefer":
    c = s.accept()[0]
    assert c.recv(8, socket.MSG_WAITALL) == bytes.fromhex("0000000804d2162f")
    c.sendall(b"N")
    open(name, "wb").write(c.recv(1000))
    c.close()' 3>&- &
	local server=$!
	until [ -e port ]; do sleep 0.02; done
	for mode in require prefer; do
		fails 3 ce-export -d "host=127.0.0.1 port=$(cat port) sslmode=$mode gssencmode=disable \
			user=guarded password=Hush" t
	done
	wait "$server"
	[ ! -s require ] # and
	grep -aq guarded prefer # who asks for less gets it
}

# --- others are at work -------------------------------------------------------------------------

@test "-O: all tables as of one moment, while another client moves rows between them" {
	table_and_rows
	sql "CREATE TABLE a AS SELECT id FROM generate_series(1, 2000) AS id;
		CREATE TABLE b (id int);
		CREATE TABLE c (id int)"
	# A few rows go on to the next table, in all three at once, for as long as its session lasts.
	psql -Xq >/dev/null 2>&1 3>&- <<-'SQL' &
		SET application_name = mover;
		DO $$
		BEGIN
			LOOP
				WITH gone AS (DELETE FROM a WHERE ctid IN (SELECT ctid FROM a LIMIT 9) RETURNING id),
					came AS (INSERT INTO b SELECT id FROM gone),
					gone2 AS (DELETE FROM b WHERE ctid IN (SELECT ctid FROM b LIMIT 7) RETURNING id),
					came2 AS (INSERT INTO c SELECT id FROM gone2),
					gone3 AS (DELETE FROM c WHERE ctid IN (SELECT ctid FROM c LIMIT 5) RETURNING id)
				INSERT INTO a SELECT id FROM gone3;
				COMMIT;
			END LOOP;
		END $$
	SQL
	local mover=$! i=0
	seq 1 2000 >want
	# Ten times, and until two differ.
	while ((i < 10)) || { (($(md5sum out*/a.csv | sort -u -k1,1 | wc -l) < 2)) && ((i < 500)); }; do
		ce-export -p -O out$((++i)) a b c
		same want <(sort -n out$i/[abc].csv | grep -v id)
	done
	(($(md5sum out*/a.csv | sort -u -k1,1 | wc -l) > 1))
	sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mover'" \
		>/dev/null
	wait "$mover" || true
}

@test "--replace: readers see the old rows until the commit, and a second one waits" {
	table_and_rows
	ce-export -p t >before
	hold_import --replace t
	ce-export -p t | same before -
	{ echo id,word && seq 5000 5999 | sed 's/$/,second/'; } >second.csv
	ce-import --replace --max-loss 100% t second.csv 2>second.errors 3>&- 8>&- &
	local second=$!
	until_true "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)"
	exec 8>&-
	ends 0
	wait "$second"
	same second.csv <(ce-export -p -c "SELECT * FROM t ORDER BY id")
}

@test "-I --replace: readers see all the old rows until the commit, and then all the new ones" {
	table_and_rows
	sql "CREATE TABLE u AS TABLE t"
	ce-export -p t >before
	mkfifo u.csv # whose rows come late
	cp rows.csv t.csv
	ce-import -I . --replace t u 2>said 3>&- &
	pid=$!
	exec 8>u.csv
	head -n 100 rows.csv >&8
	# t has its rows, and u some.
	until_true "EXISTS (SELECT FROM pg_stat_progress_copy WHERE relid = 'u'::regclass)"
	export PGOPTIONS="$PGOPTIONS -c lock_timeout=20s"
	ce-export -p t | same before -
	ce-export -p u | same before -
	fails 1 sql "SET lock_timeout = '20ms'; DELETE FROM u"
	sed 1,100d rows.csv >&8
	exec 8>&-
	wait "$pid"
	[ ! -s said ]
	same rows.csv <(ce-export -p -c "SELECT * FROM t ORDER BY id")
	same rows.csv <(ce-export -p -c "SELECT * FROM u ORDER BY id")
}

@test "-I: two at once, in opposite orders and in any mode, do not deadlock" {
	table_and_rows
	local tables=(a b c d)
	mkdir in
	for table in "${tables[@]}"; do
		sql "CREATE TABLE $table (LIKE t INCLUDING ALL)"
		cp rows.csv in/$table.csv
	done
	for modes in "--replace:--replace" "--replace:--upsert id" "--upsert id:--upsert id" \
		"--upsert id --analyze:--replace --analyze" "--upsert id --analyze:--upsert id --analyze"; do
		for _ in 1 2 3; do
			ce-import -I in ${modes%:*} a b c d 2>first.errors 3>&- &
			first=$!
			ce-import -I in ${modes#*:} d c b a 3>&-
			wait $first || { cat first.errors; return 1; }
		done
	done
	[ ! -s first.errors ]
	# Nor where they are to be made: one of them makes all.
	for _ in 1 2 3 4 5; do
		sql "DROP TABLE a, b, c, d"
		ce-import --types id=int -I in --append a b c d 3>&- &
		first=$!
		ce-import --types id=int -I in --append d c b a 3>&-
		wait $first
		[ "$(sql 'SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM d)')" = 80000 ]
	done
}

@test "--replace waits for who writes, and takes away what they wrote" {
	table_and_rows
	in_the_way "ROW EXCLUSIVE"
	echo "INSERT INTO t VALUES (-1, 'late');" >&7
	ce-import --replace t rows.csv 3>&- 7>&- &
	pid=$!
	until_true "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)"
	out_of_the_way
	wait "$pid"
	same rows.csv <(ce-export -p -c "SELECT * FROM t ORDER BY id")
}

@test "of two that make the same table one wins, and the other fails" {
	table_and_rows
	hold_import fresh
	ce-import fresh rows.csv >second.out 2>second.errors 3>&- 8>&- &
	local second=$! status=0
	until_true "EXISTS (SELECT FROM pg_stat_activity
		WHERE application_name = 'ce-import' AND wait_event_type = 'Lock')"
	exec 8>&-
	ends 0
	wait "$second" || status=$?
	[ "$status" = 3 ]
	stderr=$(cat second.errors)
	says "table fresh already exists"
	[ "$(sql 'SELECT count(*) FROM fresh')" = 14999 ]
}

@test "of two that make the same table, one that may add to it waits, and does" {
	table_and_rows
	for mode in --append "--replace --max-loss 100%" "--upsert id"; do
		sql "DROP TABLE IF EXISTS fresh"
		hold_import fresh
		tail -n +15000 rows.csv | sed "1s/.*/$(head -n 1 rows.csv)/" >more.csv
		# shellcheck disable=SC2086
		ce-import --types id=int $mode fresh more.csv 2>second.errors 3>&- 8>&- &
		local second=$! status=0
		until_true "EXISTS (SELECT FROM pg_stat_activity
			WHERE application_name = 'ce-import' AND wait_event_type = 'Lock')"
		exec 8>&-
		ends 0
		wait "$second" || status=$?
		case $mode in
		# What was made has no such key: it is refused as any such table.
		--upsert*) [ "$status" = 3 ] && grep -q 42P10 second.errors ;;
		*) [ "$status" = 0 ] ;;
		esac || { cat second.errors; return 1; }
	done
}

@test "a server that answers what no server would is an error, and no endless loop" {
	# Speaks as one up to the COPY, whose data it ends by announcing another.
	mkdir "$PGHOST/mad"
	setpriv --pdeathsig TERM python3 -c '
import socket, struct, sys

def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body

columns = message(b"T", struct.pack("!H", 1) + b"x\0" + struct.pack("!IHIHIH", 0, 0, 25, 65535, 2**32 - 1, 0))
row = message(b"D", struct.pack("!HI", 1, 2) + b"63")
copy = {"export": message(b"H", b"\0\0\0") + message(b"c"), "import": message(b"G", b"\0\0\0")}

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
print("ready", flush=True)
for tool in ("export", "import"):
    stream = server.accept()[0].makefile("rwb")
    stream.read(struct.unpack("!I", stream.read(4))[0] - 4)
    stream.write(message(b"R", b"\0" * 4) + message(b"Z", b"I"))
    stream.flush()
    sql = b""
    while kind := stream.read(1):
        body = stream.read(struct.unpack("!I", stream.read(4))[0] - 4)
        if kind == b"P":
            sql = body.split(b"\0")[1]
            stream.write(message(b"1"))
        elif kind == b"B":
            stream.write(message(b"2"))
        elif kind == b"D" and not sql.startswith(b"COPY"):
            stream.write((message(b"t", b"\0\0") if body[:1] == b"S" else b"") + columns)
        elif kind == b"E" and sql.startswith(b"COPY"):
            stream.write(copy[tool] + (message(b"W", b"\0\0\0") if tool == "export" else b""))
        elif kind == b"E":
            stream.write((row if b"nspname" not in sql else b"") + message(b"C", b"SELECT 1\0"))
        elif kind == b"c":
            stream.write(message(b"W", b"\0\0\0"))
        elif kind == b"Q":
            stream.write(message(b"C", body.split()[0] + b"\0") + message(b"Z", b"T"))
        elif kind == b"S" and not sql.startswith(b"COPY"):
            stream.write(message(b"Z", b"T"))
        stream.flush()
' "$PGHOST/mad/.s.PGSQL.5432" >fake.out 2>fake.errors 3>&- &
	server=$!
	for ((i = 0; i < 600; i++)); do
		[ -s fake.out ] && break
		sleep 0.1
	done
	fails 3 env PGHOST="$PGHOST/mad" timeout 60 ce-export t
	not_whole stdout
	echo x >x.csv
	fails 3 env PGHOST="$PGHOST/mad" timeout 60 ce-import t x.csv
	wait $server || true # it served two
}

# --- much data ----------------------------------------------------------------------------------

# MiB COMMAND...: the peak memory that it tells with -v.
mib() {
	"$@" 2>said
	sed -n 's/.* \([0-9]*\)\.[0-9]* MiB$/\1/p' said
}

@test "a million rows there and back are the same bytes, in constant memory" {
	sql "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
	local n out in
	for n in 10000 1000000; do
		sql "CREATE TABLE from$n AS SELECT id, md5(id::text) AS name, id / 7.0 AS ratio,
			CASE WHEN id % 3 = 0 THEN '' WHEN id % 3 = 1 THEN 'a \"b\", c' END AS note
			FROM generate_series(1, $n) AS id"
		out[n]=$(mib ce-export -v -o $n.csv.gz from$n)
		in[n]=$(mib ce-import -v --types id=int,ratio=numeric to$n $n.csv.gz)
		[ "$(zcat $n.csv.gz | wc -l)" = $((n + 1)) ]
		ce-export -o back.csv.gz to$n
		cmp $n.csv.gz back.csv.gz
	done
	grep -q fsanitize "$CE_BIN/../flags" && return # whose own memory grows
	echo "export: ${out[10000]} and ${out[1000000]} MiB; import: ${in[10000]} and ${in[1000000]} MiB"
	((out[1000000] < 32 && out[1000000] - out[10000] < 4))
	((in[1000000] < 32 && in[1000000] - in[10000] < 4))
}
