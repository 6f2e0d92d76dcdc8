# A throwaway PostgreSQL for a bats file: `load ../postgres`, and it is there. It listens on a Unix socket in a temporary folder alone, runs as
# this user, or as `postgres` if that is root (which the server refuses), and ends with the shell
# that started it, however that ends. A test that kills its server starts one of its own.
# shellcheck shell=bash

# What a file that wants more of its server does itself.
setup_file() {
	postgres_start
}

teardown_file() {
	postgres_stop
}

# shellcheck disable=SC2120 # callers are elsewhere
# sql [SQL]: runs it, or what stdin holds, and stops at the first error; rows without decoration.
sql() {
	psql -XAtq -v ON_ERROR_STOP=1 ${1:+-c "$1"}
}

# A schema of the test's own, with what the SQL on stdin makes there.
given() {
	export PGOPTIONS="$PGOPTIONS -c search_path=t$BATS_TEST_NUMBER"
	{ echo "CREATE SCHEMA t$BATS_TEST_NUMBER;"; cat; } | sql
}

# Makes a database, starts its server and exports what libpq needs to find it, and nothing else of
# the PG* variables.
postgres_start() {
	postgres_as=(setpriv --pdeathsig INT)
	postgres_pid=
	postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	if [[ ! -x $postgres_bin/initdb ]]; then
		echo "PostgreSQL's server is missing: run 'make deps'" >&2
		return 1
	fi
	# Not in TMPDIR: the path of a socket holds 107 bytes.
	postgres_dir=$(mktemp -d /tmp/ce-postgres.XXXXXX)
	if ((EUID == 0)); then
		postgres_as+=(--reuid=postgres --regid=postgres --clear-groups)
		chown postgres: "$postgres_dir"
	fi
	(cd / && "${postgres_as[@]}" "$postgres_bin/initdb" -D "$postgres_dir/data" -U ce --locale=C \
		--encoding=UTF8 --auth=trust --no-sync) >"$postgres_dir/log" 2>&1 || {
		postgres_failed && return 1
	}
	# Everybody is trusted but the role `guarded`, for whoever makes one.
	printf 'local all %s\n' 'guarded scram-sha-256' 'all trust' >"$postgres_dir/data/pg_hba.conf"
	unset "${!PG@}"
	PATH=$postgres_bin:$PATH # its psql itself, not Debian's slow wrapper
	export PGHOST=$postgres_dir PGUSER=ce PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning'
	postgres_run
}

# Starts the server on the database that is there: also behind postgres_kill.
postgres_run() {
	"${postgres_as[@]}" "$postgres_bin/postgres" -D "$postgres_dir/data" -c listen_addresses= \
		-c unix_socket_directories="$postgres_dir" -c fsync=off -c full_page_writes=off \
		-c synchronous_commit=off -c autovacuum=off -c jit=off \
		</dev/null >>"$postgres_dir/log" 2>&1 3>&- &
	postgres_pid=$!
	until "$postgres_bin/pg_isready" -q; do
		kill -0 "$postgres_pid" 2>/dev/null || { postgres_failed && return 1; }
		sleep 0.05
	done
}

# What the server said before it failed, then no trace of it.
postgres_failed() {
	cat "$postgres_dir/log" >&2
	postgres_pid=
	rm -rf "$postgres_dir"
}

# Ends the server as a crash would: no goodbye, and a recovery at the next start. A commit of the
# last moments is lost with it, for want of synchronous_commit, unless a CHECKPOINT came behind.
postgres_kill() {
	kill -QUIT "$postgres_pid"
	wait "$postgres_pid" || true
}

# postgres_own COMMAND: runs it as the user that the server runs as.
postgres_own() {
	if ((EUID == 0)); then
		setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
	else
		"$@"
	fi
}

postgres_stop() {
	[[ $postgres_pid ]] || return 0 # it did not start
	kill -INT "$postgres_pid"
	wait "$postgres_pid"
	rm -rf "$postgres_dir"
}
