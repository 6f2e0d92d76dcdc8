#!/usr/bin/env bash
# Prints the line coverage of each source by what has run in BUILD, least covered first, and of all; the lines
# that nothing has run go to BUILD/never-run, as FILE:LINE:TEXT.
# Usage: tests/coverage.sh BUILD SOURCE...
set -euo pipefail
export LC_ALL=C

build=$1
shift
for source; do
	# gcov shows each line with its count before it, those of included headers too, which are not asked.
	gcov --stdout "$build/${source%.c}.gcno" 2>/dev/null | awk -v source="$source" -v list=/dev/stderr '
		/^ *-: *0:Source:/ { mine = substr($0, index($0, "Source:") + 7) == source }
		mine && /^ *[0-9]+\*?: / { run++ }
		mine && /^ *[#=]+: / {
			never++
			sub(/^ *[#=]+: */, source ":")
			print >list
		}
		END { if (run + never) printf "%6.2f %d %d %s\n", 100 * run / (run + never), run + never, never, source }'
done 2>"$build/never-run" | sort -n | awk -v list="$build/never-run" '
	{
		printf "%6.2f %% of %4d lines  %s\n", $1, $2, $4
		lines += $2
		never += $3
	}
	END {
		if (!lines)
			exit 1
		printf "%6.2f %% of %d lines in all; never run: %d, in %s\n", 100 * (lines - never) / lines, lines, never, list
	}'
