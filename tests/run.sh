#!/usr/bin/env bash
# Runs the unit tests and the bats files against what is built in BUILD, as many at once as there
# are processors, shows what failed, and ends with "N passed, N failed[, N skipped]".
# Usage: tests/run.sh BUILD [NAME[:WORDS] ...], where NAME picks suites by their name without the suffix,
# and WORDS, a regular expression, those of its tests that it finds in their names. Those of engines/ run only where they are picked.
set -uo pipefail

build=$(cd "$1" && pwd) || exit 2
shift
here=$(cd "$(dirname "$0")" && pwd)
export CE_BIN=$build/bin CE_ROOT=${here%/*}
logs=$build/test-logs
words=
rm -rf "$logs"
mkdir -p "$logs"

# The sources say which suites there are: one that was not built is one that fails. Those that take
# longest come first: some by name, then the largest bats files.
suites=("$here"/system/{database,sql,statistics}.bats)
while read -r file; do
	[[ -e $file && " ${suites[*]} " != *" $file "* ]] && suites+=("$file")
done < <(ls -S "$here"/*/*.bats)
for file in "$here"/unit/*/test_*.c; do
	name=${file#"$here/"}
	[[ -e $file ]] && suites+=("$build/${name%.c}")
done
if ((!$#)); then
	all=("${suites[@]}") suites=()
	for suite in "${all[@]}"; do
		[[ $suite == */engines/* ]] || suites+=("$suite")
	done
else
	picked=() known=" "
	for suite in "${suites[@]}"; do
		name=${suite##*/}
		name=${name%.bats}
		known+="$name "
		for want; do
			[[ ${want%%:*} == "$name" ]] && picked+=("$suite") && break
		done
	done
	for want; do
		if [[ $known != *" ${want%%:*} "* ]]; then
			echo "no suite is named ${want%%:*}" >&2
			exit 2
		fi
		[[ $want == *:* ]] && words=${want#*:}
	done
	suites=("${picked[@]}")
fi
if ! command -v bats >/dev/null; then
	echo "bats is missing: run 'make deps'" >&2
	exit 1
fi

# One suite: its TAP goes to LOGS/NAME.tap. One that dies, hangs, or runs fewer tests than it
# planned counts as one failure more, so that no crash passes for a short success.
# shellcheck disable=SC2016
one='
suite=$1 log=$2/$(basename "$1" .bats).tap
case $suite in
*.bats) timeout 1200 bats --formatter tap ${CE_TEST_WORDS:+--filter "$CE_TEST_WORDS"} "$suite" >"$log" 2>&1 ;;
*) timeout 1200 "$suite" >"$log" 2>&1 ;;
esac
status=$?
planned=$(sed -n "s/^1\.\.\([0-9]*\)$/\1/p" "$log" | head -n 1)
ran=$(grep -cE "^(not )?ok " "$log")
if [ "${planned:-none}" != "$ran" ]; then
	echo "not ok - $(basename "$suite"): planned ${planned:-no} tests, ran $ran, exit status $status" >>"$log"
elif [ $status -ne 0 ] && ! grep -q "^not ok" "$log"; then
	echo "not ok - $(basename "$suite"): exit status $status" >>"$log"
fi
if grep -q "^not ok" "$log"; then
	printf "FAIL %s\n" "$(basename "$suite")"
	grep -vE "^(ok|1\.\.)" "$log"
else
	printf "ok   %-28s %4d  %4d s\n" "$(basename "$suite")" "$ran" $SECONDS
fi
'
export CE_TEST_WORDS=$words
printf '%s\0' "${suites[@]}" | xargs -0 -P "$(nproc)" -I{} bash -c "$one" suite {} "$logs"

passed=$(cat "$logs"/*.tap | grep -E '^ok ' | grep -cvE '# skip')
failed=$(cat "$logs"/*.tap | grep -cE '^not ok')
skipped=$(cat "$logs"/*.tap | grep -E '^ok ' | grep -cE '# skip')
if ((skipped)); then
	echo "$passed passed, $failed failed, $skipped skipped"
else
	echo "$passed passed, $failed failed"
fi
((failed == 0 && passed > 0))
