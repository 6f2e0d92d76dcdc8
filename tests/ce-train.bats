# shellcheck shell=bash
bats_require_minimum_version 1.5.0
load common

reference() {
	python3 "$CE_ROOT/tests/reference/train.py" "$@"
}

# trains_well FLAGS...: the model of the table features.csv stands against the reference; the last
# word of WEIGHT, if set, is the class weight.
trains_well() {
	ce-train "$@" features.csv >model || return
	ce-predict -p -m model features.csv >said.csv || return
	# shellcheck disable=SC2086
	reference check features.csv model said.csv ${WEIGHT:-}
}

@test "figures, levels, split and optimum are those of an independent reference" {
	reference make 3000 1 >features.csv
	trains_well
	trains_well --l2 0
	trains_well --l2 1e-6
	trains_well --l2 1000
	WEIGHT=balanced trains_well --class-weight balanced
	WEIGHT=0.1 trains_well --class-weight 0.1
	WEIGHT=--no-gradient trains_well --resample over
	WEIGHT=--no-gradient trains_well --resample under
}

@test "the reference notices a coefficient that is off" {
	reference make 1000 2 >features.csv
	trains_well
	sed -E 's/^(missing [0-9]+ )/\10.1/' model >off
	run -1 reference check features.csv off said.csv
	[[ $output == *gradient* ]]
}

@test "resampling is seeded, and touches train rows alone" {
	reference make 2000 3 >features.csv
	for how in over under; do
		ce-train --resample $how features.csv >a
		ce-train --resample $how features.csv >b
		ce-train --resample $how --seed 2 features.csv >c
		same a b
		run -1 cmp a c
		ce-train features.csv >plain
		# All but the coefficients, and what came of the fit, is as without.
		for model in a plain; do
			grep -E '^(train|test|purged|cut|number|level|other|missing) ' $model |
				sed -E '/^(number|level|other|missing)/s/ [^ ]* [^ ]*$//' >$model.figures
		done
		same a.figures plain.figures
		[[ $(wc -l <a.figures) -gt 15 ]]
	done
}

@test "resampled classes weigh the same: without features to speak of, the odds are even" {
	python3 -c '
print("t,x,y")
for i in range(400): print(f"{i},{i*7%2},{int(i%8==0)}")' >few.csv
	for how in over under; do
		ce-train --label y --time t --holdout 0 --resample $how --l2 1e9 few.csv >model
		python3 -c "import sys; sys.exit(abs(float(sys.argv[1])) > 1e-6)" \
			"$(sed -n 's/^intercept \([^ ]*\) .*/\1/p' model)"
	done
	ce-train --label y --time t --holdout 0 --l2 1e9 few.csv >model
	python3 -c "import sys, math; sys.exit(abs(float(sys.argv[1]) + math.log(7)) > 1e-6)" \
		"$(sed -n 's/^intercept \([^ ]*\) .*/\1/p' model)"
}

@test "the same rows make the same bytes, however they come" {
	reference make 1000 4 >features.csv
	ce-train features.csv >want
	ce-train <features.csv >got
	same want got
	gzip <features.csv >features.csv.gz
	ce-train -9 -p -v -o got features.csv.gz 2>verbose
	same want got
	grep -q 'train: [0-9]* rows, [0-9]* positive' verbose
	grep -q 'coefficients, [0-9]* iterations, objective' verbose
	# Two files, cut between records: the table has line breaks inside quotes.
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		for name, part in ("one.csv", rows[:400]), ("two.csv", rows[:1] + rows[400:]):
		    csv.writer(open(name, "w", newline=""), lineterminator="\r\n").writerows(part)
	END
	# CRLF inside a field is another value: only rows without are compared.
	sed -i 's/"a\r*$/"a/' one.csv two.csv
	ce-train one.csv two.csv >got
	same want got
}

@test "purging needs the known column, and the default one may be missing" {
	reference make 1000 5 >features.csv
	ce-train features.csv >with
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		at = rows[0].index("label_known_ts")
		csv.writer(open("without.csv", "w")).writerows(r[:at] + r[at + 1:] for r in rows)
	END
	ce-train without.csv >without
	grep -qx 'known -' without
	grep -qx 'purged 0 0' without
	[[ $(grep ^purged with) != 'purged 0 0' ]]
	[[ $(grep ^cut with) == "$(grep ^cut without)" ]]
	fails 1 ce-train --known label_known_ts without.csv
	[[ $stderr == 'ce-train: without.csv:1: column label_known_ts: not in the header' ]]
}

@test "any CSV with a 0/1 label will do" {
	python3 -c '
print("when,colour,size,code,note,y")
for i in range(300):
    print(f"2024-01-{i%28+1:02d},{[chr(114),chr(98)][i%2]},{i%10}.5,{i%3},n{i},{int(i%10+i%2*3>6)}")' >any.csv
	ce-train --label y --time when --ignore note --categorical code any.csv >model
	grep -q '^time "when"$' model
	grep -q '^cut 17[0-9]*$' model
	grep -q '^category "code"$' model
	grep -q '^number "size" ' model
	run -1 grep -q note model
	ce-predict -p -m model any.csv >said.csv
	[[ $(head -n 1 said.csv) == when,colour,size,code,note,y,completion_probability,predicted_completion,split ]]
	[[ $(cut -d, -f9 said.csv | sort -u | tr '\n' ' ') == 'split test train ' ]]
}

@test "without a time column a test part is refused, and a table without one is learnt from" {
	python3 -c '
print("x,is_completion")
for i in range(50): print(f"{i},{int(i>20 or i==7)}")' >plain.csv
	fails 1 ce-train plain.csv
	[[ $stderr == *'column event_ts: not in the header: name another with --time, or'*'(--holdout 0)' ]]
	ce-train --holdout 0 plain.csv >model
	grep -qx 'cut -' model
	grep -qx 'time -' model
	grep -qx 'train 50 30' model
	fails 1 ce-train --holdout 0 --time when plain.csv
	[[ $stderr == *'column when: not in the header' ]]
}

@test "separable classes converge" {
	python3 -c '
print("event_ts,x,is_completion")
for i in range(1000): print(f"{i},{i%100},{int(i%100>=50)}")' >apart.csv
	for l2 in 0 1e-12 1; do
		ce-train --l2 $l2 apart.csv >model 2>stderr
		[[ ! -s stderr ]]
		ce-predict -p -m model apart.csv | awk -F, 'NR > 1 && $5 != $3 { exit 1 }'
	done
}

@test "a fit that could not end says so" {
	python3 -c '
print("event_ts,x,is_completion")
for i in range(1000): print(f"{i},{i%100},{int(i*i%7>2)}")' >rows.csv
	ce-train --tolerance 1e-300 rows.csv >model 2>stderr
	[[ $(<stderr) == 'ce-train: stopped after '*' iterations with a gradient of '*': not the optimum; try a larger --l2' ]]
	[[ $(wc -l <stderr) == 1 ]]
}

@test "hostile numbers and levels" {
	python3 - >hostile.csv <<-'END'
		import random
		rng = random.Random(1)
		print("event_ts,huge,tiny,mixed,nan,many,wide,is_completion")
		for i in range(12000):
		    y = int(rng.random() < 0.3 + 0.4 * (i % 2))
		    print(i, f"{rng.uniform(-1, 1):.6f}e300", f"{i % 9}e-300", ["1e308", "-1e308", "0"][i % 3],
		          ["NaN", "inf", "1"][i % 3], f"level{i % 10000}", ["1e-320", "1e308"][i % 2], y, sep=",")
	END
	ce-train hostile.csv >model
	grep -q '^number "huge" ' model
	grep -q '^number "tiny" ' model
	grep -q '^category "nan"' model
	run -1 grep -qi 'nan \|inf ' <(grep -vE '^(category|level)' model)
	ce-predict -p -m model hostile.csv >said.csv
	awk -F, 'NR > 1 && !($9 >= 0 && $9 <= 1) { exit 1 }' said.csv
	# A value far off what was seen is no reason for a score that is none.
	sed -i '2s/.*/0,1e308,1e308,1e308,x,y,1e308,1/' hostile.csv
	ce-predict -p -m model hostile.csv | sed -n 2p | awk -F, '!($9 >= 0 && $9 <= 1) { exit 1 }'
}

@test "what cannot be learnt from is refused" {
	local head=event_ts,x,label_known_ts,is_completion
	refuses() {
		printf '%b' "$1" >bad.csv
		fails 1 ce-train "${@:3}" bad.csv
		[[ $stderr == "ce-train: $2" ]] || {
			echo "$stderr"
			return 1
		}
		[[ ! -s stdout ]]
	}
	refuses "$head\n" 'bad.csv: no row has a label (column is_completion)'
	refuses "$head\n1,2,3,\n" 'bad.csv: no row has a label (column is_completion)'
	refuses "$head\n1,2,3,1\n" 'the label (column is_completion) is 1 in all 1 train rows: nothing to learn'
	refuses "$head\n1,2,1,0\n2,3,2,0\n" 'the label (column is_completion) is 0 in all 2 train rows: nothing to learn'
	refuses "$head\n1,2,3,yes\n" "bad.csv:2: column is_completion: label 'yes' is neither 0 nor 1"
	refuses "$head\n1,2,3,1\n1,2,3,01\n" "bad.csv:3: column is_completion: label '01' is neither 0 nor 1"
	refuses "$head\n,2,3,1\n" 'bad.csv:2: column event_ts: a labelled row without a time'
	refuses "$head\n1.5,2,3,1\n" "bad.csv:2: column event_ts: '1.5' is neither an integer nor a time in ISO 8601"
	refuses "$head\n1,2,soon,1\n" "bad.csv:2: column label_known_ts: 'soon' is neither an integer nor a time in ISO 8601"
	refuses "$head\n1,2,9,1\n2,2,9,0\n3,2,9,0\n" \
		'no train rows: of 3 labelled rows 1 are test rows, and 2 lie before the cut but had no known label then' \
		--holdout 0.34
	refuses "$head\n1,2,3,1\n" 'no train rows: of 1 labelled rows 1 are test rows, and 0 lie before the cut but had no known label then' --holdout 1
	refuses "event_id,$head\n" 'bad.csv:1: no column is a feature' --ignore x
	refuses "$head\n" 'bad.csv:1: column y: not in the header' --label y
	refuses "$head\n" 'bad.csv:1: column y: not in the header' --ignore y
	refuses "$head\n" 'bad.csv:1: column is_completion: is no feature' --categorical is_completion
	# An unlabelled row needs no time.
	printf '%s\n' "$head" 1,2,1,0 2,3,2,1 ,3,, >fine.csv
	ce-train fine.csv >model
}

@test "options that make no sense are usage errors" {
	fails 2 ce-train --model forest
	[[ $stderr == "ce-train: --model: 'forest' is none of logistic"* ]]
	for bad in '--l2 -1' '--l2 x' '--tolerance 0' '--holdout 1.5' '--class-weight 0' '--class-weight even' \
		'--resample up' '--seed -1' '--ignore a,,b' '--trees 0' '--rate 0' '--rate 1.1' '--depth 0' '--depth 33' \
		'--leaves 1' '--leaves 5000' '--min-weight -1' '--bins 1' '--bins 256' '--subsample 0' '--colsample 0' \
		'--validation 1' '--patience 0' '--calibrate maybe' '--validation 0 --calibrate platt' '--cv 101' \
		'--model gbdt --l2 auto'; do
		# shellcheck disable=SC2086
		fails 2 ce-train $bad
	done
}

@test "an output that exists stays if there is nothing to replace it" {
	echo precious >model
	printf 'event_ts,x,is_completion\n1,2,3\n' >bad.csv
	fails 1 ce-train -o model bad.csv
	[[ $(<model) == precious ]]
	[[ $(ls) == $'bad.csv\nmodel\nspill\nstderr\nstdout' ]]
	[[ -z $(ls spill) ]]
}

# predicted MODEL_OPTIONS... : the probabilities of products.csv by a model that it was learnt from, without test part.
predicted() {
	ce-train --holdout 0 "$@" -o model products.csv
	ce-predict -p -m model products.csv
}

# agree TOLERANCE: whether a.csv and b.csv say the same, and say something.
agree() {
	python3 "$CE_ROOT/tests/reference/products.py" agree "$1" a.csv b.csv || return
	[[ $(cut -d, -f 12 a.csv | sort -u | wc -l) -gt 20 ]]
}

@test "an interaction is the product of its columns" {
	python3 "$CE_ROOT/tests/reference/products.py" make 3000 1 >products.csv
	# Without a penalty the scale of a column is of no consequence.
	predicted --l2 0 --ignore xy,xc_a,xc_b,xc_c,cd --interactions x:y >a.csv
	predicted --l2 0 --ignore xc_a,xc_b,xc_c,cd >b.csv
	agree 1e-6
	predicted --l2 0 --ignore xy,xc_a,xc_b,xc_c,cd --interactions c:x >a.csv
	predicted --l2 0 --ignore xy,cd >b.csv
	agree 1e-6
	# A pair of levels is a level: with a penalty, too.
	predicted --l2 2 --ignore xy,xc_a,xc_b,xc_c,cd --interactions c:d >a.csv
	predicted --l2 2 --ignore xy,xc_a,xc_b,xc_c >b.csv
	agree 1e-8
	# Each of them matters.
	predicted --l2 0 --ignore xy,xc_a,xc_b,xc_c,cd >b.csv
	run ! agree 1e-2
}

@test "bins of a number are its levels where there are few" {
	python3 "$CE_ROOT/tests/reference/products.py" make 3000 2 >products.csv
	predicted --ignore xy,xc_a,xc_b,xc_c,cd,y --bins 4 >a.csv
	predicted --ignore xy,xc_a,xc_b,xc_c,cd,y --categorical x >b.csv
	agree 1e-8
	predicted --ignore xy,xc_a,xc_b,xc_c,cd,y --bins 4 --interactions x:d >a.csv
	predicted --ignore xy,xc_a,xc_b,xc_c,cd,y --categorical x --interactions x:d >b.csv
	agree 1e-8
	# Gaps are a bin of their own; and few bins say less than many.
	ce-train --holdout 0 --bins 3 --ignore xy,xc_a,xc_b,xc_c products.csv >model
	[[ $(grep -c '^bin ' model) -eq 6 ]]
	[[ $(grep -A 1 '^bins "y"' model) == *$'\nmissing '* ]]
}

@test "an interaction of what is no feature is refused" {
	python3 "$CE_ROOT/tests/reference/products.py" make 100 3 >products.csv
	for names in x:z x:x x :x x: event_ts:x; do
		fails 1 ce-train --holdout 0 --interactions "$names" products.csv
		[[ $stderr == "ce-train: interaction $names: not two features, NAME:NAME" ]]
	done
	fails 2 ce-train --model gbdt --interactions x:y products.csv
}
