#!/bin/sh
# Which model serves: replaces MODEL, the champion, by CANDIDATE, one that was trained anew, unless the candidate is worse.
#
#	sh promote.sh [--strict] MODEL CANDIDATE FEATURES...
#
# Both score the candidate's test rows among FEATURES, its newest; of those, rows that the champion may have been trained on do
# not count. The candidate is worse if the 95 % interval of the difference of their AUCs is below 0 (DeLong's paired test), or
# that of their log losses above 0 (user-level bootstrap). Without a MODEL the candidate becomes it.
#
# MODEL is replaced at once, or stays as it is, and nothing but this writes it. What was decided is printed, with the figures. A
# candidate that is damaged, or a difference that is undefined, as on a few rows, is an error; with --strict so is a warning.
set -eu
export LC_ALL=C

strict=
[ "${1-}" != --strict ] || { strict=--strict && shift; }
[ $# -ge 3 ] || { echo 'usage: promote.sh [--strict] MODEL CANDIDATE FEATURES...' >&2 && exit 2; }
model=$1 candidate=$2
shift 2

# In the folder of MODEL, for a file can only be renamed within its file system.
scratch=$(mktemp -d "$(dirname "$model")/.promote.ce-XXXXXX.tmp")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
# What is compared is what is promoted, whatever becomes of the candidate meanwhile. A damaged one is named as it was given.
new=$scratch/model
cp "$candidate" "$new"
ce-model "$candidate" >"$scratch/text"
ce-model "$new" >"$scratch/text"

id() { ce-model "$1" | sed -n 's/^model_id  *//p'; }
say() { echo "promote.sh: $*"; }

if [ ! -e "$model" ]; then
	decision="$model is now $candidate ($(id "$new")): there was no model"
elif cmp -s "$model" "$new"; then
	say "$model stays: it is $candidate ($(id "$new"))"
	exit 0
else
	# What is compared is what is replaced, too.
	cp "$model" "$scratch/before"
	# The end of the candidate's rows: until then the labels of the champion's test rows became known, too.
	end=$(sed -n 's/^end //p' "$new")
	[ "$end" != - ] || end=
	ce-predict $strict ${end:+--watermark "$end"} --keys --split test -m "$model" -o "$scratch/champion.csv.gz" "$@"
	# No pipefail needed: when ce-predict fails, it leaves an incomplete gzip stream, which ce-eval refuses.
	ce-predict $strict -m "$new" "$@" | ce-eval $strict --against-file "$scratch/champion.csv.gz" --intervals "$scratch/intervals.csv" \
		-o "$scratch/metrics.csv" 2>"$scratch/said" || {
		cat "$scratch/said" >&2
		grep -q 'no second score' "$scratch/said" && echo "promote.sh: no test row of $candidate can be judged by $model: one that was" \
			'trained on newer rows, or without a test part (--holdout 0), is not to be compared. Remove it to let the candidate serve' >&2
		exit 1
	}
	grep '^ce-eval: warning: ' "$scratch/said" >&2 || :
	unpaired=$(sed -n 's/.* left out as unmatched: \([0-9]*\),.*/\1/p' "$scratch/said")
	awk -F, '
		FNR == 1 { split("", at); for (i = 1; i <= NF; i++) at[$i] = i; next }
		FILENAME ~ /metrics.csv$/ { if (FNR == 2) rows = $at["rows"]; next }
		# The verdict goes by the end of the interval on the worse side.
		function judge(name, method, worse, bound)
		{
			printf "promote.sh: %s %.6g, before %.6g, difference %.6g, 95 %% interval from %.6g to %.6g (%s)\n", name, $at["value"], \
				$at["against"], $at["difference"], $at["difference_low"], $at["difference_high"], method
			if (bound == "")
				undefined = name
			else if (worse * bound > 0)
				is_worse = is_worse (is_worse ? " and " : "") name
			judged++
		}
		$at["metric"] == "auc_roc" && $at["method"] == "delong" { judge("AUC", "DeLong", -1, $at["difference_high"]) }
		$at["metric"] == "log_loss" { judge("log loss", "bootstrap of " $at["method"], 1, $at["difference_low"]) }
		END {
			printf "promote.sh: on %d test rows, without %d that the champion may have been trained on\n", rows, unpaired
			print judged < 2 || undefined ? "undefined" : is_worse >verdict
		}' verdict="$scratch/verdict" unpaired="${unpaired:-0}" "$scratch/metrics.csv" "$scratch/intervals.csv"
	verdict=$(cat "$scratch/verdict")
	case $verdict in
	'') decision="$model is now $candidate ($(id "$new")), which is not worse than $(id "$scratch/before")"
		cmp -s "$model" "$scratch/before" || { echo "promote.sh: $model has changed meanwhile: it stays" >&2 && exit 1; }
		;;
	undefined)
		echo "promote.sh: $model stays ($(id "$model")): these rows do not tell whether $candidate is worse" >&2
		exit 1
		;;
	*)
		say "$model stays ($(id "$model")): $candidate ($(id "$new")) is worse by $verdict"
		exit 0
		;;
	esac
fi
sync "$new"
mv "$new" "$model"
sync "$(dirname "$model")"
say "$decision"
