# What the benchmarks have in common: workloads, turns, and the figures they leave in $FIGURES.
# shellcheck shell=bash

# needs PROGRAM...: ends with a message unless all are there.
needs() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null ||
			{ echo "bench: $program is missing: run 'make deps bench'" >&2; exit 1; }
	done
}

say() {
	echo "bench: $*" >&2
}

# m COMMAND...: runs it, and adds "COMMAND KiB", its peak memory, to $PEAKS.
m() {
	/usr/bin/time -a -o "$PEAKS" -f "${1##*/} %M" "$@"
}
export -f m

# turn GROUP NAME ROWS COMMAND [PREPARE]: one run of COMMAND, bash with `m` before each process whose memory counts.
# Adds a line to $FIGURES: group, name, rows, seconds, seconds of the
# processors, KiB (the sum over its processes), and each process's own.
# A COMMAND that fails has no seconds, and turn returns 1, having shown what it said.
turn() {
	local seconds='' cpu='' sum peaks said=$PEAKS.said
	: >"$PEAKS"
	if hyperfine --style none --runs 1 --shell bash --prepare "${5:-true}" --export-json "$PEAKS.json" \
		"exec 2>'$said'; set -o pipefail; $4" >/dev/null 2>"$PEAKS.err"; then
		read -r seconds cpu < <(python3 -c 'import json, sys
run = json.load(open(sys.argv[1]))["results"][0]
print(run["mean"], run["user"] + run["system"])' "$PEAKS.json")
	fi
	sum=$(awk '$2 ~ /^[0-9]+$/ { sum += $2 } END { print sum + 0 }' "$PEAKS")
	peaks=$(awk '$2 ~ /^[0-9]+$/ { printf "%s%s=%s", n++ ? " " : "", $1, $2 }' "$PEAKS")
	printf '%s\t' "$1" "$2" "$3" "$seconds" "$cpu" "$sum" >>"$FIGURES"
	printf '%s\n' "$peaks" >>"$FIGURES"
	if [[ ! $seconds ]]; then
		cat "$PEAKS.err" "$said" >&2
		say "${1#*:}: $2: failed"
		return 1
	fi
	LC_ALL=C printf 'bench: %s: %s: %.2f s, %.0f MiB\n' "${1#*:}" "$2" "$seconds" $((sum / 1024)) >&2
}

# contestant NAME COMMAND [KIND]: to be run by in_turns. KIND: ce (the default), whose failure ends it all; rival,
# compared with the ce before it; floor, that the ce before it is compared with.
contestants=()
contestant() {
	contestants+=("$1" "$2" "${3:-ce}")
}

# in_turns GROUP ROWS: the contestants by turns, so that what slows the machine down slows all: once to warm up, then
# RUNS times, those that take over SLOW seconds RUNS_SLOW times in all.
in_turns() {
	local i j name command kind failed='' slow='' mark="$FIGURES.mark"
	for ((i = 0; i <= RUNS; i++)); do
		for ((j = 0; j < ${#contestants[@]}; j += 3)); do
			name=${contestants[j]} command=${contestants[j + 1]} kind=${contestants[j + 2]}
			[[ $failed != *"|$j|"* ]] || continue
			((i < RUNS_SLOW)) || [[ $slow != *"|$j|"* ]] || continue
			cp "$FIGURES" "$mark"
			if ! turn "$kind:$1" "$name" "$2" "$command"; then
				failed+="|$j|"
				[[ $kind != ce ]] || exit 1
			elif tail -n 1 "$FIGURES" | awk -F '\t' -v slow="$SLOW" '{ exit $4 <= slow }'; then
				slow+="|$j|"
			elif ((i == 0)); then
				mv "$mark" "$FIGURES" # a warm-up
			fi
		done
	done
	rm -f "$mark"
	contestants=()
}

# workload EVENTS FOLDER: about that many, clean: 50 a user, 3.7 a viewing.
workload() {
	say "$1 events"
	ce-synth --users $(($1 / 50)) --contents $(($1 * 3 / 1000)) --days 60 --sessions $(($1 * 10 / 37)) --seed 7 -o "$2"
}
