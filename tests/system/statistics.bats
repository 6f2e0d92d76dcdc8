# shellcheck shell=bash
# Coefficients and metrics against scikit-learn, the AUC's interval against its definition, a
# bootstrap and published figures.
bats_require_minimum_version 1.5.0
load ../common

# What has scikit-learn is Debian's Python, not any other of that name; one thread adds up in one order.
reference() {
	local script=$1
	shift
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 \
		/usr/bin/python3 "$CE_ROOT/tests/reference/$script.py" "$@"
}

# features SEED [OPTION...]: a feature table from a synthetic workload with faulty records.
features() {
	ce-synth --users 60 --contents 30 --days 20 --sessions 900 --dirty 0.02 --seed "$1" -o data
	ce-clean data/events_table.csv.gz 2>/dev/null |
		ce-join --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz 2>/dev/null |
		ce-sessionize | ce-agg | ce-features -p "${@:2}"
}

# learnt FEATURES: its models by every penalty and class weight are those of scikit-learn. The
# smallest leaves so flat a valley that 1e-4 takes a gradient of 1e-12.
learnt() {
	local l2 weight models=()
	for l2 in 0.1 1 100 '0.001 --tolerance 1e-12'; do
		for weight in none balanced 0.2; do
			# shellcheck disable=SC2086
			ce-train --l2 $l2 --class-weight $weight -o "$1.${l2%% *}.$weight.model" "$1"
			ce-predict -p -m "$1.${l2%% *}.$weight.model" -o "$1.${l2%% *}.$weight.said" "$1"
			models+=("${l2%% *}" "$weight" "$1.${l2%% *}.$weight".{model,said})
		done
	done
	reference logistic "$1" "${models[@]}"
}

@test "coefficients and probabilities are those of scikit-learn: moments at which the outcome is open" {
	for seed in 5 6; do
		features $seed >undecided.csv
		learnt undecided.csv
	done
}

@test "coefficients and probabilities are those of scikit-learn: starts of viewings" {
	for seed in 7 8; do
		features $seed --rows first >first.csv
		learnt first.csv
	done
}

@test "coefficients and probabilities are those of scikit-learn: gaps, rare levels, odd names, huge numbers" {
	for seed in 1 2; do
		reference train make 3000 $seed >messy.csv
		learnt messy.csv
	done
}

@test "coefficients and probabilities are those of scikit-learn: levels at the limits of being kept" {
	# Of `many`, 100 levels have 12 train rows, and 20 have 11: none too few, but too many levels.
	# Of `few`, levels have 9, 10 and 11; test rows have more of them, and one that is new.
	python3 - >levels.csv <<-'END'
		import random
		rng = random.Random(1)
		many = ["m%d" % i for i in range(120) for _ in range(12 if i % 6 else 11)]
		few = ["nine"] * 9 + ["ten"] * 10 + ["eleven"] * 11
		few += ["rest"] * (len(many) - len(few))
		rng.shuffle(many)
		rng.shuffle(few)
		test = [(rng.choice(many), rng.choice(["nine", "ten", "eleven", "new"])) for _ in range(len(many) // 4)]
		print("event_ts,many,few,label_known_ts,is_completion")
		for i, row in enumerate(list(zip(many, few)) + test):
		    print(i, *row, i, int(rng.random() < (0.6 if "7" in row[0] else 0.3)), sep=",")
	END
	learnt levels.csv
	grep -qx 'other 220 .*' levels.csv.1.none.model
	grep -qx 'other 9 .*' levels.csv.1.none.model
}

@test "the comparison notices a coefficient that is off by a thousandth" {
	reference train make 1000 3 >messy.csv
	ce-train -o model messy.csv
	ce-predict -p -m model -o said messy.csv
	reference logistic messy.csv 1 none model said
	awk '/^intercept/ { $2 *= 1.001 } { print }' model >intercept
	awk '/^number "rate"/ { $5 *= 0.999 } { print }' model >number
	for off in intercept number; do
		run -1 cmp -s model $off
		run -1 reference logistic messy.csv 1 none $off said
		[[ $output == "$off: the coefficient of "* ]]
	done
	# A probability, in its fourth digit.
	sed -E '0,/,0\.[0-9]{9,},[01],/s/,(0\.[0-9]{3})[0-9]([0-9]{5,},[01],)/,\19\2/' said >off
	run -1 cmp -s said off
	run -1 reference logistic messy.csv 1 none model off
	[[ $output == 'off: a probability is off by '* ]]
	# What was asked for is not what was done.
	run -1 reference logistic messy.csv 1.01 none model said
	[[ $output == 'model: the coefficient of '* ]]
	run -1 reference logistic messy.csv 1 balanced model said
	[[ $output == 'model: the coefficient of '* ]]
}

# judged OPTION...: ce-eval's verdicts on the SCORED files are those of scikit-learn.
judged() {
	local file files=()
	for file in "${SCORED[@]}"; do
		ce-eval "$@" --curves "$file.curves.gz" -o "$file.metrics.gz" "$file"
		files+=("$file" "$file".{metrics,curves}.gz)
	done
	reference metrics "$@" "${files[@]}"
}

@test "every metric and curve is that of scikit-learn: ties, one score, one class, extremes, in segments" {
	mkdir made
	reference scored_tables kinds made
	SCORED=(made/*.csv)
	[ ${#SCORED[@]} -eq 14 ]
	judged --by segment
	judged --by segment --threshold 0
	judged --by segment --threshold 1
	judged --by segment --threshold best-f1 --bins 7
	judged --threshold 0.3 --bins 1000
}

@test "every metric and curve is that of scikit-learn: predictions of real models, by two columns" {
	features 5 >undecided.csv
	features 5 --rows first >first.csv
	SCORED=(undecided.said first.said)
	for table in undecided first; do
		ce-train -o model $table.csv
		ce-predict -p -m model -o $table.said $table.csv
	done
	judged --by event_type,user_plan_tier --threshold best-f1
}

@test "the comparison notices a digit of 1e-8" {
	mkdir made
	reference scored_tables kinds made
	ce-eval --by segment --curves curves.gz -o metrics.gz made/steps.csv
	gzip -d metrics.gz curves.gz
	reference metrics --by segment made/steps.csv metrics curves
	for column in auc_roc_low average_precision log_loss expected_calibration_error; do
		awk -F, -v OFS=, -v column="$column" -v CONVFMT=%.17g -v OFMT=%.17g '
			NR == 1 { for (i = 1; i <= NF; i++) if ($i == column) at = i }
			NR == 4 { $at += 1e-8 } { print }' metrics >off
		run -1 reference metrics --by segment made/steps.csv off curves
		[[ $output == "off segment a $column is "* ]]
	done
	awk -F, -v OFS=, -v CONVFMT=%.17g 'NR == 20 { $3 += 1e-8 } { print }' curves >off
	run -1 reference metrics --by segment made/steps.csv metrics off
	[[ $output == "off: roc y at "* ]]
	run -1 reference metrics --by segment --threshold 0.4 made/steps.csv metrics curves
	[[ $output == "metrics "*" threshold is 0.5, not 0.4" ]]
	sed 20d curves >off
	run -1 reference metrics --by segment made/steps.csv metrics off
	[[ $output == "off: roc: the point at "*" is missing" ]]
}

# ratings 'NEGATIVES' 'POSITIVES': how many of either class were given each rating, the lowest first.
ratings() {
	awk -v negatives="$1" -v positives="$2" 'BEGIN {
		print "is_completion,completion_probability"
		n = split(negatives, count0, " ")
		split(positives, count1, " ")
		for (i = 1; i <= n; i++) {
			for (k = 0; k < count0[i]; k++) print "0," i / n
			for (k = 0; k < count1[i]; k++) print "1," i / n
		}
	}'
}

@test "the interval of the AUC is the published one" {
	auc() { ce-eval "$1" | zcat | awk -F, -v form="$2" 'NR == 2 { printf form " " form " " form, $6, $7, $8 }'; }
	# 109 CT images: J. A. Hanley and B. J. McNeil, Radiology 143, 1982, 29-36, table I. Area and
	# interval: "Nonparametric ROC analysis without covariates" in Stata's manual, [R] roctab.
	ratings '33 6 6 11 2' '3 2 2 11 33' >hanley.csv
	[ "$(auc hanley.csv %.5f)" = '0.89317 0.83295 0.95339' ]
	# WFNS grades of 113 patients by outcome: N. Turck et al., Intensive Care Medicine 36, 2010,
	# 107-115, the data set aSAH of the R package pROC, whose own test of ci.auc has these figures.
	ratings '37 20 3 8 4' '2 12 1 8 18' >asah.csv
	[ "$(auc asah.csv %.14f)" = '0.82367886178862 0.74853488781945 0.89882283575778' ]
}

@test "the interval of the AUC is that of a bootstrap" {
	mkdir made
	reference scored_tables kinds made
	ratings '33 6 6 11 2' '3 2 2 11 33' >made/hanley.csv
	for kind in hanley sevenths backwards; do
		ce-eval -o metrics.gz made/$kind.csv
		reference auc_interval bootstrap made/$kind.csv metrics.gz
	done
}

@test "of the intervals of 2,000 draws 95 in 100 hold the true AUC" {
	reference scored_tables draws | ce-eval --by draw -o metrics.gz
	reference auc_interval coverage metrics.gz
}

@test "--l2 auto takes the penalty that scikit-learn's fits lose the least with, by weight" {
	for weight in none balanced 40; do
		/usr/bin/python3 - "$weight" >rows.csv 2>want <<-'END'
			import sys
			import numpy as np
			from sklearn.linear_model import LogisticRegression
			rng = np.random.default_rng(5)
			n, parts = 900, 6
			x = rng.normal(size=(n, 10))
			y = (rng.random(n) < 1 / (1 + np.exp(2.5 - 0.3 * x[:, 0] - 0.2 * x[:, 1]))).astype(int)
			print(",".join(["event_ts", "is_completion", *(f"x{j}" for j in range(10))]))
			for i in range(n):
			    print(",".join([str(i), str(y[i]), *(repr(float(v)) for v in x[i])]))

			def weights(labels):
			    positives = labels.sum()
			    if sys.argv[1] == "balanced":
			        return len(labels) / 2 / np.array([len(labels) - positives, positives])
			    return np.array([1.0, 1.0 if sys.argv[1] == "none" else float(sys.argv[1])])

			loss = {}
			for k in range(1, parts):
			    cut = n - 1 - (n - 1) * (1000000 * (parts - k) // parts) // 1000000
			    end = n - 1 - (n - 1) * (1000000 * (parts - k - 1) // parts) // 1000000 if k < parts - 1 else n
			    mean, sd = x[:cut].mean(axis=0), x[:cut].std(axis=0)
			    z, w = (x - mean) / sd, weights(y[:cut])
			    for l2 in (0.01, 0.1, 1, 10, 100, 1000, 10000):
			        fit = LogisticRegression(C=1 / l2, tol=1e-9, max_iter=10000)
			        p = fit.fit(z[:cut], y[:cut], w[y[:cut]]).predict_proba(z[cut:end])
			        held = y[cut:end]
			        loss[l2] = loss.get(l2, 0) - (w[held] * np.log(p[np.arange(len(held)), held])).sum()
			print(f"{min(loss, key=loss.get):g}", file=sys.stderr)
		END
		ce-train --holdout 0 --l2 auto --class-weight "$weight" rows.csv >model
		[[ $(sed -n 's/^l2 \(.*\) auto$/\1/p' model) == "$(<want)" ]]
		cat want >>chosen
	done
	# They are three, or this would say little.
	[[ $(sort -u chosen | wc -l) == 3 ]]
}

# sample GAP: the undecided rows of the sample.
sample() {
	local data=$CE_ROOT/samples
	ce-clean "$data/events_table.csv.gz" 2>/dev/null |
		ce-join --drop email -k user_id "$data/users_dim.csv.gz" -k content_id "$data/content_dim.csv.gz" 2>/dev/null |
		ce-sessionize --gap "$1" 2>/dev/null | ce-agg | ce-features --rows undecided -o sample.csv.gz
}

# The sample's viewings are alike on all of its 30 days. Its newest labelled rows are mostly positive, the more
# so the longer a viewing is waited for: no row may be chosen for its label being known. In a gap of seven days 99 % of
# the labels are known within 12 of the 30 days: a quarter of them is the horizon, and that is said.
@test "train and test rows are completed as often as rows are, however late abandonments are known" {
	for options in '30m auto logistic' '30m auto gbdt' '7d auto gbdt' '7d 8d logistic'; do
		read -r gap horizon kind <<<"$options"
		sample "$gap"
		ce-train --horizon "$horizon" --model "$kind" -o model sample.csv.gz 2>stderr
		ce-predict -p -m model sample.csv.gz >said.csv
		if [[ $options == '7d auto gbdt' ]]; then
			[[ $(<stderr) == "ce-train: warning: 9"*" % of the labels were known within the horizon, a quarter of the rows' span, which is the most by default, and 99 % within 11d"*"; the horizon is 7d11h"*", and the rows span 29d2"*" (--horizon)" ]]
		else
			[[ ! -s stderr ]]
		fi
		python3 - "$options" <<-'END'
			import collections, csv, sys
			options, DAY = sys.argv[1], 86400000
			model = dict(line.split()[:2] for line in open("model") if line.split()[0] in ("horizon", "end"))
			horizon, end = int(model["horizon"]), int(model["end"])
			rows = [r for r in csv.DictReader(open("said.csv", newline="")) if r["is_completion"]]
			mean = lambda values: sum(values) / len(values)
			truth = lambda some: mean([int(r["is_completion"]) for r in some])
			by_day = collections.defaultdict(list)
			for r in rows:
			    by_day[int(r["event_ts"]) // DAY].append(r)
			# Days of whose rows 99 % of the labels are known.
			old = [truth(by_day[d]) for d in by_day if (d + 1) * DAY < end - horizon]
			low, high = min(old), max(old)
			assert high - low < 0.25, old
			n_days = collections.Counter()
			for d in sorted(by_day):
			    for part in "train", "test":
			        some = [r for r in by_day[d] if r["split"] == part]
			        if len(some) >= 200:
			            n_days[part] += 1
			            assert low - 0.06 < truth(some) < high + 0.06, (options, d, part, truth(some), low, high)
			assert min(n_days["train"], n_days["test"]) >= 2, n_days
			test = [r for r in rows if r["split"] == "test"]
			predicted = mean([float(r["completion_probability"]) for r in test])
			assert len(test) > 3000, len(test)
			assert abs(predicted - truth(test)) < 0.03, (options, predicted, truth(test))
			# What would have been test rows are not alike.
			young = [r for r in rows if r["split"] == "immature"]
			assert truth(young) > truth(test) + 0.15, (truth(young), truth(test))
		END
	done
}
