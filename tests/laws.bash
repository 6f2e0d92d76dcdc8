# What suites of laws have in common: rounds of a driver in tests/reference. CE_LAWS=10 tries ten times as many.
# shellcheck shell=bash

# rounds N: how many; a third of them under a sanitizer, which takes its time.
rounds() {
	local share=1
	if nm "$CE_BIN/ce-clean" | grep -q '__asan\|__tsan'; then share=3; fi
	echo $((($1 * ${CE_LAWS:-1} + share - 1) / share))
}

# reference NAME ARG...: tests/reference/NAME.py.
reference() {
	/usr/bin/python3 -B "$CE_ROOT/tests/reference/$1.py" "${@:2}"
}
