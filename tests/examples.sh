#!/usr/bin/env bash
# Runs the examples of a document in the current folder, as if they were pasted into one shell from top
# to bottom: the indented blocks of a markdown file, or the displays in the EXAMPLES of a manual page, and
# in its WRITING A RECIPE.
# Lines that begin with `#> ` show what the command above them prints, on stdout and stderr; `#> ...`
# stands for any lines. Stops at the first command that fails or prints something else, and reports it.
# Usage: tests/examples.sh DOCUMENT
set -Euo pipefail
shopt -s extglob

# What is not run as it is written, comments aside, and what is run instead: packages are installed by
# then, the build that is tested is not to be made again, and the tests are running.
declare -A instead=(
	['make deps demo']='make TOOLS= demo'
	['make deps test']=:
)

# LINE<tab>TEXT for each line of an example, and an empty line after each block.
# shellcheck disable=SC2016 # the awk programs are not the shell's to expand
markdown='
/^    / { for (; blank > 0; blank--) print NR - blank "\t"; print NR "\t" substr($0, 5); block = 1; next }
/^$/ && block { blank++; next }
block { print ""; block = blank = 0 }
END { if (block) print "" }'
# shellcheck disable=SC2016
mdoc='
function text(line)
{
	gsub(/\\&/, "", line)
	gsub(/\\-/, "-", line)
	gsub(/\\\(aq/, "\047", line)
	gsub(/\\\(dq/, "\"", line)
	gsub(/\\e/, "\\", line)
	print NR "\t" line
}
/^\.Sh / { within = $0 == ".Sh EXAMPLES" || $0 == ".Sh WRITING A RECIPE" }
!within { next }
/^\.D[1l] / { text(substr($0, 5)); print ""; next }
/^\.Bd / { literal = 1; next }
/^\.Ed/ { literal = 0; print ""; next }
literal { text($0) }'

document=$1
case $document in
*.md) program=$markdown ;;
*) program=$mdoc ;;
esac
lines=$(awk "$program" "$document") || exit 2
if [[ ! $lines ]]; then
	echo "$document: no examples" >&2
	exit 1
fi
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT

# fault LINE TEXT: ends with what is wrong, the command, and what it printed.
fault() {
	printf '%s:%s: %s\n%s\n-- printed:\n' "$document" "$1" "$2" "$statement"
	cat "$printed"
	exit 1
} >&2

# Whether $statement is a whole command, and not one that the next line continues: of a here-document
# that has not ended bash only warns.
complete() {
	[[ $statement != *\\ && ! $(bash -n <<<"$statement" 2>&1) ]]
}

# Runs $statement, in this shell. A reader that has seen enough, such as head, ends what writes to it by
# SIGPIPE, which is no failure.
run() {
	local failed=0 command=${statement%%*([[:blank:]])#*}
	command=${instead[$command]-$statement}
	if [[ $command =~ (^|[[:space:]])(make +deps|apt-get|sudo)($|[[:space:]]) ]]; then
		fault "$at" "not for a test: $0 must say what to run instead"
	fi
	trap 'status=$?; ((status == 141)) || failed=$status' ERR
	eval "$command" </dev/null >"$printed" 2>&1
	trap - ERR
	((failed == 0)) || fault "$at" "exit status $failed"
}

# Compares what was printed with the lines $shown, blanks at the ends of lines aside.
compare() {
	local pattern='' line
	[[ $shown ]] || return 0
	while IFS= read -r line; do
		if [[ $line == ... ]]; then
			pattern+='*'
		else
			pattern+=$(sed 's/[][\\*?]/\\&/g' <<<"$line")$'\n'
		fi
	done <<<"${shown%$'\n'}"
	# shellcheck disable=SC2053 # a pattern it is
	[[ $(sed 's/[[:blank:]]*$//' "$printed")$'\n' == $pattern ]] || fault "$at" "it does not print what is shown"
}

statement='' shown='' at='' done=1
while IFS= read -r -u 9 entry; do
	line=${entry%%$'\t'*} text=${entry#*$'\t'}
	if [[ $text == '#>'* ]]; then
		text=${text#'#>'}
		shown+=${text# }$'\n'
		continue
	fi
	compare
	if ((done)); then
		statement='' shown='' at=$line
		[[ $text ]] || continue
	elif [[ ! $line ]]; then
		fault "$at" "the block ends within this command"
	fi
	statement+=${statement:+$'\n'}$text
	done=0
	! complete || { done=1 && run; }
done 9<<<"$lines"$'\n'
