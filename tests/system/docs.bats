#!/usr/bin/env bats
# What the documents show is what the tools do: every example of README.md and of the manual pages is
# run by tests/examples.sh, in the order of its document.

load ../common
load ../postgres

# The pages go on from the folder that the examples of ce(7) leave.
setup_file() {
	postgres_start
	mkdir "$BATS_FILE_TMPDIR/ce.7"
	(PATH=$CE_BIN:$PATH && cd "$BATS_FILE_TMPDIR/ce.7" && "$CE_ROOT/tests/examples.sh" "$CE_ROOT/tools/ce.7") \
		>"$BATS_FILE_TMPDIR/log" 2>&1 || echo "exit status $?" >>"$BATS_FILE_TMPDIR/log"
}

# examples DOCUMENT: in the current folder; no database is left of another document.
examples() {
	dropdb --if-exists ce
	"$CE_ROOT/tests/examples.sh" "$1"
}

pages() {
	printf '%s\n' "$CE_ROOT"/tools/ce*.[1-9]
}

@test "README.md: every command, in a fresh copy of the source tree" {
	for name in Makefile lib tools samples tests; do
		ln -s "$CE_ROOT/$name" .
	done
	ln -s "${CE_BIN%/bin}" build
	examples "$CE_ROOT/README.md"
}

@test "ce(7): its examples" {
	[ ! -s "$BATS_FILE_TMPDIR/log" ] || { cat "$BATS_FILE_TMPDIR/log" && false; }
}

@test "every other page: its examples" {
	failed=0
	for page in $(pages | grep -v 'ce\.7$' | xargs grep -lx '.Sh EXAMPLES'); do
		cp -r "$BATS_FILE_TMPDIR/ce.7" "${page##*/}"
		(cd "${page##*/}" && examples "$page") || failed=1
	done
	((failed == 0))
}

@test "README.md is short, and hides no command in a fenced block" {
	(($(wc -c <"$CE_ROOT/README.md") <= 9000))
	! grep -n '^ *```' "$CE_ROOT/README.md" || return 1
}

@test "every page has examples, neighbours that exist, and the same footer" {
	for page in $(pages); do
		name=${page##*/}
		grep -qx '.Os ce' "$page" || { echo "$name: no '.Os ce'" && false; }
		[[ $page == *.5 ]] || grep -qx '.Sh EXAMPLES' "$page" || { echo "$name: no EXAMPLES" && false; }
		sed -n '/^\.Sh SEE ALSO/,$s/^\.Xr \(ce[-a-z]*\) \([1-9]\).*/\1.\2/p' "$page" >neighbours
		[ -s neighbours ] || { echo "$name: no SEE ALSO" && false; }
		while read -r neighbour; do
			[ -e "$CE_ROOT/tools/$neighbour" ] || { echo "$name: there is no $neighbour" && false; }
		done <neighbours
	done
}

@test "links of README.md lead to files" {
	grep -o '](\([^)#]*\))' "$CE_ROOT/README.md" | sed 's/](\(.*\))/\1/' | grep -v '^http' >links
	[ -s links ]
	while read -r link; do
		[ -e "$CE_ROOT/$link" ] || { echo "there is no $link" && false; }
	done <links
}

# Documents that the runner must refuse, each with a word of why; and one that it must not.
@test "the runner of examples finds what is wrong" {
	refused() {
		cat >doc.md
		fails 1 "$CE_ROOT/tests/examples.sh" doc.md
		[[ $stderr == *"$1"* ]] || { echo "not '$1' but: $stderr" && false; }
	}
	refused 'doc.md:3: exit status 3' <<-'E'
		words

		    (exit 3)
	E
	refused 'doc.md:3: exit status 1' <<-'E'
		    true

		    false |
		        cat
	E
	refused 'doc.md:1: exit status 1' <<-'E'
		    for i in 1 2; do test $i = 2; done
	E
	refused 'doc.md:2: it does not print what is shown' <<-'E'
		    echo a
		    echo b
		    #> a
		    true
	E
	refused 'doc.md:1: it does not print what is shown' <<-'E'
		    printf 'a*\nb\n'
		    #> a*
	E
	refused 'doc.md:1: the block ends within this command' <<-'E'
		    echo 'a

		words
	E
	refused 'not for a test' <<-'E'
		    make deps all
	E
	refused 'no examples' <<-'E'
		words
	E
	cat >doc.7 <<-'E'
		.Sh DESCRIPTION
		.Dl false
		.Sh EXAMPLES
		.Bd -literal -offset indent
		x=1 &&
			mkdir sub
		cd sub; echo 'a [b] \e' >&2; echo x; echo $x
		#> a [b] \e
		#> ...
		#> 1
		seq 100000 | head -n 1
		#> 1
		cat <<END
		   a
		END
		#>    a
		.Ed
		.Dl test "${PWD##*/}" = sub
	E
	"$CE_ROOT/tests/examples.sh" doc.7
}
