# What every bats file starts with: `load ../common`. Each test runs in an empty folder of its own with
# the built tools first in PATH; CE_ROOT is the source tree. A file that bats runs by itself tests what
# is in build/bin.
# shellcheck shell=bash
CE_ROOT=${CE_ROOT:-$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)}
CE_BIN=${CE_BIN:-$CE_ROOT/build/bin}
export CE_ROOT CE_BIN

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	PATH=$CE_BIN:$PATH
	export LC_ALL=C TMPDIR=$BATS_TEST_TMPDIR/spill
	mkdir -p "$TMPDIR"
}

# fails STATUS COMMAND...: COMMAND exits with STATUS; its stderr is left in $stderr, one line of it.
fails() {
	local want=$1 got=0
	shift
	"$@" >stdout 2>stderr || got=$?
	stderr=$(cat stderr)
	if ((got != want)); then
		echo "exit status $got, not $want: $*"
		echo "$stderr"
		return 1
	fi
}

# same FILE FILE: equal, or their difference is shown. Reads each once: they may be <(pipes).
same() {
	local difference
	if ! difference=$(diff -a -u "$1" "$2"); then
		head -n 40 <<<"$difference"
		return 1
	fi
}

# table_columns TABLE: its columns, in order, as the header of a CSV.
table_columns() {
	"${CE_BIN%/bin}/tables" tsv | awk -F'\t' -v table="$1" '
		$1 == table { printf "%s%s", sep, $3; sep = "," }
		END { if (!sep) exit 1; print "" }'
}

# pick COLUMN[,...] [ROW]: the values in a plain CSV without quotes; ROW counts from 1 (the default).
pick() {
	awk -F, -v names="$1" -v row="${2:-1}" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		NR == row + 1 {
			n = split(names, name)
			for (i = 1; i <= n; i++) printf "%s%s", at[name[i]] ? $at[name[i]] : "no " name[i], i < n ? "," : "\n"
		}'
}

# facts MODEL: its lines but for its id and what it was made from.
facts() {
	grep -vE '^(model_id|options|source) ' "$1"
}

# seal_model: a model of any version, from its lines but for the last one.
seal_model() {
	python3 -c 'import hashlib, sys, zlib
text = sys.stdin.buffer.read()
old = text[:10] in (b"ce-model 2", b"ce-model 3", b"ce-model 4")
end = "crc32 %08x" % zlib.crc32(text) if old else "model_id " + hashlib.sha256(text).hexdigest()[:16]
sys.stdout.buffer.write(text + end.encode() + b"\n")'
}
