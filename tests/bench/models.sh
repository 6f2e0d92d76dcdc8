#!/usr/bin/env bash
# What the online prediction and the blend gain, and how they stand beside XGBoost on the same columns. Usage:
#
#	tests/bench/models.sh BUILD DIR [CLEAN_FLAG...] >table.md
#
# DIR has events_table, users_dim and content_dim, of ce-synth, say; a CLEAN_FLAG is for ce-clean. For the first row of each
# viewing and for all open moments: a line for each learner, with the AUC and log loss of the test rows without ce-online's
# columns and with them, and the differences: by DeLong of the AUCs, by a bootstrap of users of the log losses; and XGBoost's
# (of ce-train's default settings, stopped on the same validation rows) with them, next to which the trees and the blend are
# judged in the same way.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
PATH=$(cd "$1" && pwd)/bin:/usr/bin:$PATH
data=$(realpath "$2")
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

table() {
	find "$data" -maxdepth 1 -name "$1.csv*" -print -quit
}
features() {
	ce-materialize "${@:2}" --drop email -k user_id "$(table users_dim)" -k content_id "$(table content_dim)" \
		--first "first.$1.csv.gz" -o "open.$1.csv.gz" "$(table events_table)" 2>"$1.log" || { cat "$1.log" >&2; exit 1; }
}
features with "$@"
features without --no-online "$@"

# value COLUMN FILE, of the metrics of all rows.
value() {
	awk -F, -v wanted="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == wanted) at = i }
		NR == 2 { printf "%.4f", $at }' "$2"
}
# interval METHOD METRIC FILE: the difference in it, with its 95 % interval.
interval() {
	awk -F, -v method="$1" -v metric="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
		$at["metric"] == metric && $at["method"] == method {
			printf "%+.4f [%+.4f, %+.4f]", $at["difference"], $at["difference_low"], $at["difference_high"] }' "$3"
}
# beside THIS OTHER: the differences of two files of scores, THIS less OTHER.
beside() {
	ce-eval -p -o /dev/null --intervals intervals.csv --against-file "$2" "$1" 2>/dev/null
	echo "$(interval delong auc_roc intervals.csv) | $(interval users log_loss intervals.csv)"
}
judged() {
	ce-eval --split test "$1" -o metrics.csv 2>/dev/null
	echo "$(value auc_roc metrics.csv), $(value log_loss metrics.csv)"
}

echo '| rows | model | without: AUC, log loss | with | difference in AUC | in log loss |'
echo '|---|---|---|---|---|---|'
for rows in first open; do
	for model in logistic gbdt blend; do
		for columns in without with; do
			ce-train -m "$model" -o model "$rows.$columns.csv.gz" 2>/dev/null
			ce-predict -m model -k -o "keys.$columns.csv.gz" "$rows.$columns.csv.gz" 2>/dev/null
			ce-predict -m model -o "$model.$columns.csv.gz" "$rows.$columns.csv.gz" 2>/dev/null
		done
		echo "| $rows | $model | $(judged "$model.without.csv.gz") | $(judged "$model.with.csv.gz") | $(beside "$model.with.csv.gz" "$model.without.csv.gz") |"
	done
	for columns in without with; do
		python3 -B "$here/gbdt.py" score "$rows.$columns.csv.gz" "keys.$columns.csv.gz" "xgboost.$columns.csv"
	done
	echo "| $rows | XGBoost | $(judged xgboost.without.csv) | $(judged xgboost.with.csv) | $(beside xgboost.with.csv xgboost.without.csv) |"
	for model in gbdt blend; do
		echo "| $rows | $model, next to XGBoost | | | $(beside "$model.with.csv.gz" xgboost.with.csv) |"
	done
done
