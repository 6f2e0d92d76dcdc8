#!/usr/bin/env bats
# The Makefile's habits: what is up to date, which variables it honours, what it installs and removes.
# All in copies of the source tree, whose compiler is a script: nothing here takes long, and no test
# touches the build that it is part of.

load ../common

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return 1
	mkdir src
	cp -R "$CE_ROOT"/{Makefile,LICENSE,.github,lib,tools} src
	mkdir src/samples
	cp "$CE_ROOT"/samples/{*.{mk,sh,sql},Snakefile} src/samples
	# Makes the file that -o names, and tells how it was called.
	cat >cc <<-'E'
		#!/bin/sh
		echo "$@" >>"${CC_LOG:-/dev/null}"
		while [ $# -gt 0 ]; do
			[ "$1" != -o ] || echo made >"$2"
			shift
		done
	E
	chmod +x cc
	export STUB=$BATS_FILE_TMPDIR/cc
	clean_make -C src CC="$STUB"
}

# make, as if not called by another one, nor with any variable of ours in the environment.
clean_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKEOVERRIDES -u MAKELEVEL -u CC -u CFLAGS -u CPPFLAGS -u LDFLAGS \
		-u WERROR -u ISAL -u V -u BUILD -u DESTDIR -u PREFIX "${environment[@]}" \
		make --no-print-directory "$@"
}

# A built copy of the tree, in which every test starts.
tree() {
	cp -a "$BATS_FILE_TMPDIR/src" src
	cd src || return 1
}

installed() {
	find "$1" -type f | sort
}

@test "the tools are built hardened: PIE, RELRO with all symbols bound at once, stack protector, _FORTIFY_SOURCE" {
	for tool in "$CE_BIN"/ce-*; do
		[ "$tool" != "$CE_BIN/ce-sbatch" ] || continue # a script
		echo "$tool"
		readelf -hldW --dyn-syms "$tool" >elf
		grep -q 'Type: *DYN' elf
		grep -q 'Flags:.* PIE' elf
		grep -q GNU_RELRO elf
		grep -q BIND_NOW elf
		grep -q __stack_chk_fail elf
		# Not under a sanitizer, nor without optimization.
		grep -q -e -fsanitize -e '-O0' "$CE_BIN/../flags" || grep -q '__vsnprintf_chk' elf
	done
}

@test "the users' own flags come after what hardens, which makes way for a sanitizer and another _FORTIFY_SOURCE" {
	tree
	build() {
		rm -f log
		CC_LOG=$PWD/log clean_make BUILD=other CC="$STUB" "$@" other/bin/ce-clean
	}
	build CFLAGS='-O2 -fno-stack-protector' LDFLAGS=-no-pie
	[ "$(grep -c -- '-fstack-protector-strong .*-D_FORTIFY_SOURCE=2 .*-fno-stack-protector' log)" -gt 50 ]
	grep -q -- '-pie .*-z,now -no-pie -o' log
	for flags in '-O2 -fsanitize=address' '-O2 -D_FORTIFY_SOURCE=3' '-O0' '-O2 -O0' -g; do
		build CFLAGS="$flags"
		! grep -q -- -D_FORTIFY_SOURCE=2 log || return 1
		grep -q -- '-fPIE -fstack-protector-strong' log
	done
}

@test "what is up to date says so: make -q, make -n" {
	tree
	clean_make -q CC="$STUB"
	[ "$(clean_make -n CC="$STUB")" = "make: Nothing to be done for 'all'." ]
	touch lib/base/buf.c
	! clean_make -q CC="$STUB" || return 1
	[[ $(clean_make -n V=1 CC="$STUB") == *"lib/base/buf.c"* ]]
	clean_make CC="$STUB"
	clean_make -q CC="$STUB"
}

@test "other flags make everything again, and only once" {
	tree
	[[ $(clean_make -n CC="$STUB" CFLAGS="-DX='a b'") == *"lib/base/buf.c"* ]]
	clean_make -q CC="$STUB" # -n has written nothing
	CC_LOG=$PWD/log clean_make CC="$STUB" CFLAGS="-DX='a b'"
	[ "$(grep -c -e ' -c ' log)" -eq "$(ls lib/*/*.c lib/report/*.css lib/report/*.html tools/*.c | wc -l)" ]
	clean_make -q CC="$STUB" CFLAGS="-DX='a b'"
	! clean_make -q CC="$STUB" || return 1
}

@test "variables of the environment count as those of the command line do" {
	tree
	cp "$STUB" other
	environment=(CC="$PWD/other" CFLAGS=-Oours CPPFLAGS=-DOURS LDFLAGS=-Lours WERROR=-Werror BUILD=ours ISAL=0
		CC_LOG="$PWD/log")
	clean_make
	[ -e ours/bin/ce-clean ]
	grep -q -e '-Werror -DOURS -Oours .*-c -o ours/lib/base/buf.o lib/base/buf.c' log
	grep -q -e '^-Oours .*-Lours -o ours/bin/ce-clean ' log
	! grep -q CE_ISAL log || return 1
	# The command line goes first.
	environment+=(CFLAGS=-Oenvironment)
	: >log
	clean_make CFLAGS=-Ocommand
	grep -q -e -Ocommand log
	! grep -q -e -Oenvironment log || return 1
}

@test "install: every file below DESTDIR and PREFIX, wherever these come from" {
	tree
	echo .Dd >tools/ce-any.5
	echo .Dd >tools/ce.7
	root=$BATS_TEST_TMPDIR/x
	environment=(DESTDIR="$root")
	clean_make CC="$STUB" install PREFIX=/usr
	{
		for tool in tools/ce-*.[cs]*; do
			tool=$(basename "${tool%.*}")
			echo "$root/usr/bin/$tool"
			echo "$root/usr/share/man/man1/$tool.1"
		done
		for page in tools/ce*.[57]; do
			echo "$root/usr/share/man/man${page##*.}/${page#tools/}"
		done
		for sample in samples/*.mk samples/night.sh samples/promote.sh samples/online.sql samples/schema.sql samples/Snakefile; do echo "$root/usr/share/ce/${sample#samples/}"; done
		echo "$root/usr/share/doc/ce/LICENSE"
		echo "$root/usr/share/doc/ce/NEWS.md"
	} | sort -u >want
	same want <(installed "$root")
	[ "$(stat -c %a "$root/usr/bin/ce-clean" "$root/usr/share/ce/pipeline.mk" | tr '\n' ' ')" = "755 644 " ]
	# No command names a folder of the system.
	! clean_make CC="$STUB" -n install PREFIX=/usr | grep -E '(^| )/usr' || return 1

	environment=(PREFIX="$BATS_TEST_TMPDIR/y")
	clean_make CC="$STUB" install
	[ -e "$BATS_TEST_TMPDIR/y/bin/ce-agg" ]
	clean_make CC="$STUB" install PREFIX=/z DESTDIR="$root"
	[ -e "$root/z/bin/ce-agg" ]
	clean_make CC="$STUB" -n install | grep -q "$BATS_TEST_TMPDIR/y/share/ce"
}

@test "uninstall removes what install made, and nothing else" {
	tree
	environment=(DESTDIR="$BATS_TEST_TMPDIR/x" PREFIX=/usr)
	clean_make CC="$STUB" install
	cd "$BATS_TEST_TMPDIR/x/usr"
	echo theirs | tee bin/ce-theirs share/man/man1/theirs.1 share/ce/theirs >/dev/null
	clean_make -C "$OLDPWD" CC="$STUB" uninstall
	[ "$(installed . | tr '\n' ' ')" = "./bin/ce-theirs ./share/ce/theirs ./share/man/man1/theirs.1 " ]
	[ ! -e share/doc/ce ]
	rm share/ce/theirs
	clean_make -C "$OLDPWD" CC="$STUB" uninstall
	[ ! -e share/ce ]
	[ -e bin/ce-theirs ]
}

@test "an installed page is whole, and the same as that of the source tree" {
	tree
	clean_make CC="$STUB" install DESTDIR="$BATS_TEST_TMPDIR/x" PREFIX=/usr
	for page in tools/ce-*.1; do
		page=${page#tools/}
		installed=$BATS_TEST_TMPDIR/x/usr/share/man/man1/$page
		! grep '^\.so' "$installed" || return 1
		same <(mandoc -T ascii "tools/$page") <(mandoc -T ascii "$installed")
		mandoc -T lint -W warning "$installed"
		[ "$page" = ce-sbatch.1 ] && options='help version' || options='threads help version'
		for option in $options; do
			mandoc -T ascii "$installed" | sed 's/.\x08//g' | grep -Eq -e "^ +--$option|, --$option"
		done
	done
	if man --version 2>/dev/null | grep -q '^man 2'; then # man-db's
		for page in tools/ce-*.1; do
			[[ $(man "./$page" 2>&1) == *--version* ]]
		done
	fi
	# A part that is missing is an error, not a shorter page.
	echo '.so tools/absent.mdoc' >>tools/ce-agg.1
	! clean_make CC="$STUB" man || return 1
	[ ! -e build/man/ce-agg.1 ]
}

@test "the installed pipeline.mk runs the tools of the PATH" {
	tree
	clean_make CC="$STUB" install DESTDIR="$BATS_TEST_TMPDIR/x" PREFIX=/usr
	cd ..
	ce-synth --users 60 --contents 30 --days 20 --sessions 900 --seed 5 -o data
	environment=(DATA=data OUT=results)
	clean_make -f x/usr/share/ce/pipeline.mk
	gzip -dc results/metrics.csv.gz | grep -q '^segment_column,'
	clean_make -q -f x/usr/share/ce/pipeline.mk
}
