#!/usr/bin/env bash
# ce-export and ce-import beside psql's \copy and gzip, on the same throwaway server: medians of RUNS
# runs each (5), on about EVENTS events (5 million). Usage: tests/bench/postgres.sh BUILD
set -euo pipefail

runs=${RUNS:-5} events=${EVENTS:-5000000}
here=$(cd "$(dirname "$0")" && pwd)
PATH=$(cd "$1" && pwd)/bin:$PATH
# shellcheck source=../postgres.bash
source "$here/../postgres.bash"

for program in hyperfine python3; do
	command -v $program >/dev/null || { echo "bench: $program is missing: run 'make deps bench'" >&2; exit 1; }
done
folder=$(mktemp -d)
trap 'postgres_stop; rm -rf "$folder"' EXIT
postgres_start
cd "$folder"

# 3.534 events a viewing.
ce-synth --users $((events / 50)) --contents $((events / 500)) --days 60 \
	--sessions $((events * 1000 / 3534)) --seed 7 -o .
gzip -dc events_table.csv.gz | gzip -1 >in.csv.gz # what \copy would have left
n=$(gzip -dc in.csv.gz | tail -n +2 | wc -l)
table='(event_id text PRIMARY KEY, event_ts bigint, user_id text, content_id text, event_type text, playback_position bigint, device text)'
ce-import events_table in.csv.gz
psql -qc 'VACUUM ANALYZE events_table'

# compare NAME PREPARE OURS THEIRS: in turns, so that what slows the machine down slows both.
compare() {
	for ((i = 0; i <= runs; i++)); do # the first is a warm-up
		hyperfine --style none --runs 1 --prepare "$2" --export-json "$1.$i.json" "$3" "$4" \
			>/dev/null 2>hyperfine.err || { cat hyperfine.err >&2; exit 1; }
	done
}

compare export true \
	'ce-export events_table >ours.gz' \
	"psql -qc '\\copy (SELECT * FROM events_table) TO STDOUT csv header' | gzip -1 >theirs.gz"
cmp <(gzip -dc ours.gz) <(gzip -dc theirs.gz)
schema='DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench'
compare new "psql -qc '$schema' -c CHECKPOINT" \
	'ce-import bench.events_table in.csv.gz' \
	"psql -qc 'CREATE TABLE bench.t $table' && gzip -dc in.csv.gz | psql -qc '\\copy bench.t FROM STDIN csv header'"
compare append "psql -qc '$schema' -c 'CREATE TABLE bench.t $table' -c CHECKPOINT" \
	'ce-import --append bench.t in.csv.gz' \
	"gzip -dc in.csv.gz | psql -qc '\\copy bench.t FROM STDIN csv header'"

peak() {
	"$@" -v 2>&1 >/dev/null | sed -n 's/.*, \([0-9.]*\) MiB$/\1/p'
}
psql -qc "$schema" -c "CREATE TABLE bench.t $table"
peaks=("$(peak ce-export events_table)" "$(peak ce-import bench.events_table in.csv.gz)"
	"$(peak ce-import --append bench.t in.csv.gz)")

echo "$n events, $(gzip -dc in.csv.gz | wc -c) bytes of CSV; PostgreSQL $(psql -XAtc 'SHOW server_version'), fsync off;" \
	"$(nproc) processors; medians of $runs runs"
python3 - "$n" "$runs" "${peaks[@]}" <<'END'
import json, statistics, sys

n, runs, peaks = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
rows = {"export": "ce-export; \\copy | gzip -1", "new": "ce-import, new table; \\copy",
        "append": "ce-import --append; \\copy"}
print(f"{'':32} {'ce s':>7} {'psql s':>7} {'ratio':>6} {'ce events/s':>12} {'ce MiB':>7}")
for (name, text), peak in zip(rows.items(), peaks):
    took = [json.load(open(f"{name}.{i}.json"))["results"] for i in range(1, runs + 1)]
    ours, theirs = (statistics.median(t[tool]["mean"] for t in took) for tool in (0, 1))
    print(f"{text:32} {ours:7.2f} {theirs:7.2f} {theirs / ours:6.2f} {n / ours:12,.0f} {peak:>7}")
END
