# The check of who may include whom, on a tree with faults.
load ../common

# faulty FILE LINE: LINE at the head of FILE, in a copy of the tree, is refused, with its place.
faulty() {
	local said
	printf '%s\n' "$2" | cat - "$CE_ROOT/$1" >"tree/$1"
	said=$(cd tree && awk -f tests/layers.awk lib/README.md lib/*/*.[ch] lib/*/*.def tools/*.[ch]) && {
		echo "not refused: $1: $2"
		return 1
	}
	[[ $said == *"$1:1: "* ]] || { echo "$said" && return 1; }
	cp "$CE_ROOT/$1" "tree/$1"
}

@test "what a room may not include is refused, however it is written" {
	mkdir tree
	cp -r "$CE_ROOT"/{lib,tools,tests} tree/
	(cd tree && awk -f tests/layers.awk lib/README.md lib/*/*.[ch] lib/*/*.def tools/*.[ch])
	faulty lib/base/buf.c '#include "events/event.h"'
	faulty lib/base/buf.c '#include"events/event.h"'
	faulty lib/base/buf.c '	# include "events/event.h"'
	faulty lib/base/buf.c '#include "base/../events/event.h"'
	faulty lib/base/buf.c '#include<zlib.h>'
	faulty lib/learn/gbdt.c '#include <postgresql/libpq-fe.h>'
	faulty lib/learn/gbdt.c '#include EVENT_H'
	faulty lib/table/history.def '#include "history/history.h"'
	faulty tools/ce-agg.c '#include <zlib.h>'
	faulty tools/ce-agg.c '#include <csv.h>'
}

@test "a circle of modules is refused, and named alone" {
	mkdir tree
	cp -r "$CE_ROOT"/{lib,tests} tree/
	sed -i '1i #include "learn/gbdt.h"' tree/lib/learn/trees.h
	run bash -c 'cd tree && awk -f tests/layers.awk lib/README.md lib/*/*.[ch]'
	[ "$status" = 1 ]
	[[ $output == *'lib/learn/trees: is in a circle of includes'* ]]
	[[ $output != *'lib/train/'* ]]
}
