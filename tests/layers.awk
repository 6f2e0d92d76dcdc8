# Which room of lib may include which: the table in lib/README.md against the includes of the sources.
#
#	awk -f tests/layers.awk lib/README.md SOURCE ...
#
# The table's lines are "    ROOM: ROOM ... <LIBRARY.h> ...", lower rooms first, so that there is no
# circle of rooms. Says what is wrong, one line each, and fails: an include of a room or a library that
# the table does not allow, an arrow of the table that nothing uses, a circle of modules, a header of
# lib that is not named by its room. With -v list=1 it ends with a count of rooms, arrows and circles.

function fault(text)
{
	print text
	failed = 1
}

BEGIN {
	n = split("dirent emmintrin endian errno fcntl float getopt immintrin inttypes libgen limits math poll pthread sched " \
		"signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string strings sys/auxv sys/mman sys/random " \
		"sys/resource sys/signalfd sys/socket sys/stat sys/types sys/wait time unistd", part, " ")
	for (i = 1; i <= n; i++)
		system_header["<" part[i] ".h>"] = 1
}

FILENAME ~ /README\.md$/ {
	if ($0 !~ /^    [a-z]+:( |$)/)
		next
	room = substr($1, 1, length($1) - 1)
	rooms[room] = FILENAME ":" FNR
	for (i = 2; i <= NF; i++) {
		allowed[room, $i] = FILENAME ":" FNR
		if ($i ~ /^</)
			continue
		if (!($i in rooms))
			fault(FILENAME ":" FNR ": " room " may not depend on " $i ", which comes later")
		else
			n_arrows++
	}
	next
}

FNR == 1 {
	n = split(FILENAME, part, "/")
	here = part[1] == "lib" && n > 2 ? part[2] : ""
	module = FILENAME
	sub(/\.[^.]*$/, "", module)
	if (here != "" && !(here in rooms))
		fault(FILENAME ": lib/README.md knows no room " here)
	if (part[1] == "lib" && n != 3)
		fault(FILENAME ": is in no room of lib/")
	if (here != "")
		modules[module] = 1
}

/^[ \t]*#[ \t]*include/ {
	name = $0
	sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
	if (name ~ /^<[^>]*>/) {
		sub(/>.*/, ">", name)
		if (name in system_header)
			next
		if (!((here, name) in allowed))
			fault(FILENAME ":" FNR ": " (here == "" ? "a tool" : here) " may not include " name)
		used[here, name] = 1
		next
	}
	if (name !~ /^"[^"]*"/ || name ~ /\.\.|\/\.|\/\//) {
		fault(FILENAME ":" FNR ": include a header by its own name, \"ROOM/NAME\"")
		next
	}
	sub(/^"/, "", name)
	sub(/".*/, "", name)
	n = split(name, part, "/")
	if (n == 1) {
		if (here != "")
			fault(FILENAME ":" FNR ": \"" name "\": a header of lib is included by its room")
		next
	}
	if (here == "")
		next
	if (part[1] != here && !((here, part[1]) in allowed))
		fault(FILENAME ":" FNR ": " here " may not include " name)
	used[here, part[1]] = 1
	target = "lib/" name
	sub(/\.[^.]*$/, "", target)
	if (target != module && name !~ /\.def$/)
		needs[module, target] = 1
}

# Takes away modules that need none of those that are left, or that none of them needs: circles stay.
function find_circles(	pair, part, left, needing, needed, went)
{
	for (module in modules)
		left[module] = 1
	do {
		went = 0
		split("", needing)
		split("", needed)
		for (pair in needs) {
			split(pair, part, SUBSEP)
			if ((part[1] in left) && (part[2] in left)) {
				needing[part[1]] = 1
				needed[part[2]] = 1
			}
		}
		for (module in left)
			if (!(module in needing) || !(module in needed)) {
				delete left[module]
				went = 1
			}
	} while (went)
	for (module in left) {
		fault(module ": is in a circle of includes")
		n_circles++
	}
}

END {
	for (pair in allowed) {
		split(pair, part, SUBSEP)
		if (!(pair in used))
			fault(allowed[pair] ": " part[1] " does not use " part[2])
	}
	find_circles()
	for (room in rooms)
		n_rooms++
	for (module in modules)
		n_modules++
	for (pair in needs)
		n_needs++
	if (list)
		printf "%d modules, %d includes between them, %d rooms, %d arrows, %d modules in circles\n",
			n_modules, n_needs, n_rooms, n_arrows, n_circles
	exit failed
}
