#!/bin/sh
# Runs a command as a job of Slurm and waits for it: see ce-sbatch(1).
#
# What became of the job is read from a file that the job writes last, not from the controller: sbatch --wait asks after 2, 8 and
# then every 32 seconds only, and a controller that was killed may have forgotten the job. The controller is asked whether
# the job is still there, and seldom. (sbatch -Q would print no id; srun returns 0 when its node dies.)
set -u

usage='Usage: ce-sbatch [SBATCH-OPTION ... --] COMMAND [ARGUMENT ...]

Run COMMAND as a job of Slurm, wait for its end, print what it has printed, and
exit with its exit status. A job whose node dies is run again on another.
COMMAND alone, one word, is a command line of the shell. The other options are
those of sbatch.

  --help     print this and exit
  --version  print the version and exit

CE_SBATCH_DIR is the folder for the files of jobs (default: the current one). All
nodes must share it. See ce-sbatch(1).'

fail() {
	echo "ce-sbatch: $*" >&2
	exit 1
}

bad_usage() {
	echo "ce-sbatch: $*" >&2
	echo "Try 'ce-sbatch --help'." >&2
	exit 2
}

# A word as the shell reads it: in single quotes.
quoted() {
	printf '%s\n' "$1" | sed "s/'/'\\\\''/g; 1s/^/'/; \$s/\$/'/"
}

case ${1-} in
--help)
	echo "$usage"
	exit
	;;
--version)
	echo 'ce-sbatch @VERSION@'
	exit
	;;
esac

# The options of sbatch, as text for eval; what is left is the command.
options=
case ${1-} in
-*)
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		case $1 in
		-a* | --array* | --wrap* | -W | --wait) bad_usage "$1 is not for one step that is waited for" ;;
		esac
		options="$options $(quoted "$1")"
		shift
	done
	[ $# -gt 0 ] || bad_usage 'expected -- between the options of sbatch and the command'
	shift
	;;
esac
line=${1-}
[ "$line" ] || bad_usage 'expected a command'
if [ $# -gt 1 ]; then
	line=
	for word; do
		line="$line $(quoted "$word")"
	done
fi

base=$(cd "${CE_SBATCH_DIR:-.}" 2>/dev/null && pwd) || fail "CE_SBATCH_DIR: no folder ${CE_SBATCH_DIR:-.}"
dir=$(mktemp -d "$base/.ce-sbatch-XXXXXX") || exit 1
id=
finish() {
	[ ! "$id" ] || scancel "$id" >/dev/null 2>&1
	rm -rf "$dir"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

cat >"$dir/job" <<E
#!/bin/sh
exec </dev/null >$(quoted "$dir/out") 2>$(quoted "$dir/err")
cd $(quoted "$PWD") || exit 1
/bin/sh -c $(quoted "$line")
status=\$?
new=$(quoted "$dir")/new.\$SLURM_JOB_ID.\${SLURM_RESTART_COUNT:-0}
echo \$status >"\$new" && mv "\$new" $(quoted "$dir/status")
exit \$status
E

# While no controller answers, for five minutes at most.
submit() {
	tries=0
	until id=$(eval "sbatch $options --requeue --parsable -o /dev/null \"\$dir/job\"" 2>"$dir/said") && [ "$id" ]; do
		tries=$((tries + 1))
		if [ $tries -gt 60 ] || ! grep -qiE 'slurm controller|slurmctld|timed out|communication' "$dir/said"; then
			cat "$dir/said" >&2
			fail 'the job could not be submitted'
		fi
		sleep 5
	done
	id=${id%%;*}
}

# What the controller says of the job: its state; gone; or nothing, while none answers. A number that is another job's by now, as
# behind a controller that has lost its state, is told by the script.
ask() {
	if said=$(squeue -h -t all -j "$id" -o '%T %o' 2>&1); then
		case $said in
		*"$dir/job"*) echo "${said%% *}" ;;
		*) echo gone ;;
		esac
	else
		case $said in
		*[Ii]nvalid\ job\ id*) echo gone ;;
		esac
	fi
}

# Waits for the job's end: its exit status is in $status then. 1: it has none, for the reason $state.
follow() {
	tenths=1 next=100 waited=0 ended=0
	while :; do
		# By its name in the folder, which is read anew: a network file system remembers for long that a file was not there.
		status=
		for file in "$dir"/statu[s]; do
			[ ! -e "$file" ] || status=$(cat "$file")
		done
		[ ! "$status" ] || [ "$status" -gt 128 ] || return 0
		if [ "$status" ] || [ $waited -ge $next ]; then
			state=$(ask)
			case $state in
			COMPLETED | FAILED | gone | OUT_OF_MEMORY | TIMEOUT | DEADLINE | CANCELLED)
				[ ! "$status" ] || return 0
				# The file may be on its way.
				ended=$((ended + 1))
				[ $ended -lt 3 ] || return 1
				next=$((waited + 30))
				;;
			NODE_FAIL | BOOT_FAIL | PREEMPTED) return 1 ;;
			'' | RUNNING | COMPLETING) next=$((waited + 100)) ;;
			*)
				# Killed to be run again, which is no end.
				rm -f "$dir/status"
				ended=0
				next=$((waited + (waited < 1200 ? waited : 1200)))
				;;
			esac
		fi
		sleep $((tenths / 10)).$((tenths % 10))
		waited=$((waited + tenths))
		tenths=$((tenths + tenths / 4 + 1))
		[ $tenths -le 50 ] || tenths=50
	done
}

left=3
while :; do
	submit
	! follow || break
	left=$((left - 1))
	case $state in
	CANCELLED | TIMEOUT | DEADLINE | OUT_OF_MEMORY) left=0 ;;
	esac
	if [ $left -eq 0 ]; then
		cat "$dir/out" "$dir/err" >&2 2>/dev/null
		fail "job $id: no exit status ($state)"
	fi
	echo "ce-sbatch: job $id: no exit status ($state): submitted again" >&2
done
id=
cat "$dir/out"
cat "$dir/err" >&2
exit "$status"
