# A throwaway PostgreSQL for a bats file: `load postgres`, postgres_start in setup_file and
# postgres_stop in teardown_file. It listens on a Unix socket in a temporary folder alone, runs as
# this user, or as `postgres` if that is root (which the server refuses), and ends with the shell
# that started it, however that ends.
# shellcheck shell=bash

# Starts the server and exports what libpq needs to find it, and nothing else of the PG* variables.
postgres_start() {
	local bin as=(setpriv --pdeathsig INT)
	postgres_pid=
	bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	if [[ ! -x $bin/initdb ]]; then
		echo "PostgreSQL's server is missing: run 'make deps'" >&2
		return 1
	fi
	# Not in TMPDIR: the path of a socket holds 107 bytes.
	postgres_dir=$(mktemp -d /tmp/ce-postgres.XXXXXX)
	if ((EUID == 0)); then
		as+=(--reuid=postgres --regid=postgres --clear-groups)
		chown postgres: "$postgres_dir"
	fi
	(cd / && "${as[@]}" "$bin/initdb" -D "$postgres_dir/data" -U ce --locale=C --encoding=UTF8 \
		--auth=trust --no-sync) >"$postgres_dir/log" 2>&1 || { postgres_failed && return 1; }
	unset "${!PG@}"
	export PGHOST=$postgres_dir PGUSER=ce PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning'
	"${as[@]}" "$bin/postgres" -D "$postgres_dir/data" -c listen_addresses= \
		-c unix_socket_directories="$postgres_dir" -c fsync=off -c full_page_writes=off \
		-c synchronous_commit=off -c autovacuum=off -c jit=off \
		</dev/null >>"$postgres_dir/log" 2>&1 3>&- &
	postgres_pid=$!
	until "$bin/pg_isready" -q; do
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

postgres_stop() {
	[[ $postgres_pid ]] || return 0 # it did not start
	kill -INT "$postgres_pid"
	wait "$postgres_pid"
	rm -rf "$postgres_dir"
}
