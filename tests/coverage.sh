#!/usr/bin/env bash
# Prints the line coverage of each source by what has run in BUILD, least covered first, and of all.
# Usage: tests/coverage.sh BUILD SOURCE...
set -euo pipefail
export LC_ALL=C

build=$1
shift
for source; do
	object=$build/${source%.c}.gcno
	# gcov names the source and then, on the next line, its share; headers come too, and are not asked.
	gcov --no-output "$object" 2>/dev/null | awk -v source="$source" '
		/^File / { mine = $0 == "File \x27" source "\x27" }
		mine && /^Lines executed:/ {
			split(substr($0, 16), part, "% of ")
			printf "%6.2f %6d %s\n", part[1], part[2], source
			mine = 0
		}'
done | sort -n | awk '
	{
		printf "%6.2f %% of %4d lines  %s\n", $1, $2, $3
		covered += $1 * $2 / 100
		lines += $2
	}
	END {
		if (!lines)
			exit 1
		printf "%6.2f %% of %d lines in all\n", 100 * covered / lines, lines
	}'
