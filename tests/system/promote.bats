#!/usr/bin/env bats
# samples/promote.sh: the champion gives way to a candidate that is not worse, at once or not at all.

load ../common

# A feature table in features.csv, and the log's first two thirds in old.csv.
workload() {
	ce-synth --users 150 --contents 40 --days 30 --sessions 4000 --seed 3 -o data
	ce-materialize --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz \
		-o features.csv data/events_table.csv.gz 2>/dev/null
	awk -F, 'NR == 1 || $2 < 1704067200000 + 20 * 86400000' features.csv >old.csv
	mkdir models
}

promote() {
	sh "$CE_ROOT/samples/promote.sh" "$@" >said 2>&1
}

# champion FILE: the champion is that model, and nothing else is in its folder.
champion() {
	cmp models/champion "$1"
	[ "$(ls -A models)" = champion ]
}

@test "without a model the candidate becomes it, unless it is damaged" {
	workload
	ce-train -o candidate features.csv 2>/dev/null
	sed 's/^seed .*/seed 7/' candidate >damaged
	fails 1 promote models/champion damaged features.csv
	grep -q '^ce-model: damaged:[0-9]*: .*damaged' said
	[ -z "$(ls -A models)" ]
	promote models/champion candidate features.csv
	champion candidate
	[ "$(cat said)" = "promote.sh: models/champion is now candidate ($(sed -n 's/^model_id //p' candidate)): there was no model" ]
	[ "$(stat -c %a models/champion)" = "$(stat -c %a candidate)" ]
	promote models/champion candidate features.csv
	grep -q '^promote.sh: models/champion stays: it is candidate' said
	champion candidate
	fails 1 promote models/champion none features.csv
	fails 2 promote models/champion candidate
	champion candidate
}

@test "a candidate takes its place that is better or about as good, and not one that is worse" {
	workload
	# From hardly anything, from all columns, and from all but the least.
	few=$(head -n 1 features.csv | tr , '\n' | sed '1,5d' | grep -v '^event_type$' | paste -sd,)
	ce-train --ignore "$few" -o early old.csv 2>/dev/null
	ce-train --ignore "$few" -o poor features.csv 2>/dev/null
	ce-train -o good features.csv 2>/dev/null
	ce-train --ignore day_of_week -o alike features.csv 2>/dev/null
	promote models/champion early features.csv 2>/dev/null
	promote models/champion good features.csv
	champion good
	grep -q "^promote.sh: models/champion is now good (.*), which is not worse than $(sed -n 's/^model_id //p' early)$" said
	promote models/champion alike features.csv
	champion alike
	promote models/champion poor features.csv
	champion alike
	grep -q "^promote.sh: models/champion stays ($(sed -n 's/^model_id //p' alike)): poor (.*) is worse by AUC and log loss$" said
	# One that is older than the champion: there are no rows that both have not seen.
	fails 1 promote models/champion early features.csv
	champion alike
}

@test "probabilities that are worse in the same order are worse by log loss" {
	workload
	ce-train --class-weight 20 -o skewed features.csv 2>/dev/null
	ce-train -o good features.csv 2>/dev/null
	cp good models/champion
	promote models/champion skewed features.csv
	champion good
	grep -q 'is worse by \(AUC and \)\{0,1\}log loss$' said
}

@test "its figures are those of each model on the candidate's test rows that the champion was not trained on" {
	workload
	ce-train -o old old.csv 2>/dev/null
	ce-train -o new features.csv 2>/dev/null
	cp old models/champion
	promote models/champion new features.csv
	# The labels aside, all by hand: rows from the later cut on.
	cut=$(sed -n 's/^cut //p' new)
	[ "$(sed -n 's/^cut //p' old)" -lt "$cut" ]
	auc() {
		ce-predict --split test -m new -p features.csv | cut -d, -f1 >test_ids.csv
		ce-predict -m "$1" -p features.csv | awk -F, 'NR == FNR { id[$1]; next } FNR == 1 || ($1 in id)' test_ids.csv - |
			ce-eval --split all -o scores.csv
		pick auc_roc <scores.csv
	}
	awk -v want="$(auc new) $(auc old)" '/ AUC / { split(want, w, " "); sub(/,/, "", $3); sub(/,/, "", $5)
		exit !($3 - w[1] < 1e-6 && w[1] - $3 < 1e-6 && $5 - w[2] < 1e-6 && w[2] - $5 < 1e-6) }' said
	grep -q "^promote.sh: on $(($(wc -l <test_ids.csv) - 1)) test rows, without 0 " said
}

@test "with --strict a warning is an error: intervals from few users" {
	workload
	awk -F, 'NR == 1 || $3 ~ /^u[12]?.$/' features.csv >few.csv
	ce-train -o good few.csv 2>/dev/null
	ce-train --ignore day_of_week -o other few.csv 2>/dev/null
	cp good models/champion
	fails 1 promote --strict models/champion other few.csv
	grep -q '^ce-eval: a warning is an error with --strict' said
	champion good
	promote models/champion other few.csv
	grep -q '^ce-eval: warning: intervals from only' said
	champion other
}

@test "what cannot be compared, or breaks off, changes nothing" {
	workload
	ce-train -o good features.csv 2>/dev/null
	ce-train --ignore day_of_week -o other features.csv 2>/dev/null
	cp good models/champion
	# Features that the champion wants are not there.
	cut -d, -f1-5,7- features.csv >fewer.csv
	fails 1 promote models/champion other fewer.csv
	champion good
	# All test rows have one label: there is no AUC.
	awk -F, -v OFS=, -v cut="$(sed -n 's/^cut //p' other)" 'NR > 1 && $2 >= cut { $NF = $NF == "" ? "" : 1 } { print }' features.csv >ones.csv
	fails 1 promote models/champion other ones.csv
	grep -q 'promote.sh: models/champion stays (.*): these rows do not tell whether other is worse' said
	champion good
	head -c -7 good >models/champion
	fails 1 promote models/champion other features.csv
	grep -q '^ce-predict: ' said
	head -c -7 good | cmp - models/champion
	# ce-predict ends in the middle of a row.
	cp good models/champion
	mkdir bin
	printf '#!/bin/sh\n%s "$@" | head -c 20000\n' "$CE_BIN/ce-predict" >bin/ce-predict
	chmod +x bin/ce-predict
	PATH=$PWD/bin:$PATH fails 1 promote models/champion other features.csv
	champion good
	ce-train --holdout 0 -o models/champion features.csv 2>/dev/null
	cp models/champion whole
	fails 1 promote models/champion other features.csv
	grep -q '^promote.sh: no test row of other can be judged by models/champion' said
	champion whole
}

@test "a champion that another run has put in its place meanwhile stays" {
	workload
	ce-train -o good features.csv 2>/dev/null
	ce-train --ignore day_of_week -o alike features.csv 2>/dev/null
	ce-train --ignore day_of_week,hour_of_day -o third features.csv 2>/dev/null
	cp good models/champion
	mkdir bin
	printf '#!/bin/sh\n%s "$@" && cp third models/champion\n' "$CE_BIN/ce-eval" >bin/ce-eval
	chmod +x bin/ce-eval
	PATH=$PWD/bin:$PATH fails 1 promote models/champion alike features.csv
	grep -q '^promote.sh: models/champion has changed meanwhile: it stays$' said
	champion third
}
