# shellcheck shell=bash
bats_require_minimum_version 1.5.0
load ../common

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

# splits WHAT N: tables or laws of the reference of the split.
splits() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$CE_ROOT/tests/reference/split.py" "$1" $(($2 * ${CE_LAWS:-1}))
}

@test "the split of random tables is that of an independent reference, row by row" {
	splits tables 200
}

@test "the split is blind to the outcome; young rows move no other, nor does an order" {
	splits laws 60
}

@test "-v prints the horizon, the cut and the rows of each part, which are those of ce-predict" {
	reference make 2000 8 >features.csv
	for threads in 1 2 3; do
		for kind in logistic gbdt blend; do
			ce-train -v --model $kind --threads $threads features.csv >$kind.$threads 2>verbose
			same $kind.1 $kind.$threads
		done
	done
	h=$(sed -n 's/^horizon //p' logistic.1) end=$(sed -n 's/^end //p' logistic.1) cut=$(sed -n 's/^cut //p' logistic.1)
	iso() { date -u -d "@${1%???}" "+event_ts %FT%T.${1: -3}Z"; }
	grep -qx "ce-train: horizon: $((h / 1000))s$((h % 1000))ms before $(iso "$end")" verbose
	grep -qx "ce-train: cut: $(iso "$cut")" verbose
	ce-predict -p --keys -m logistic.1 features.csv >said
	for part in train test purged immature unlabelled; do
		n=$(awk -F, -v part=$part '$(NF - 2) == part' said | wc -l)
		((n > 10))
		grep -q "^ce-train: $part: $n rows, " verbose
		grep -Eq "^$part $n( |$)" logistic.1
	done
	ce-train --horizon "$((h / 1000))s$((h % 1000))ms" features.csv >other
	same <(facts other) <(facts logistic.1)
	ce-train --horizon "$h" features.csv >other
	same <(facts other) <(facts logistic.1)
}

@test "--watermark: the end of the log, where it is not the last row" {
	python3 -c '
print("event_ts,x,label_known_ts,is_completion")
for i in range(1001): print(f"{1700000000000 + i * 1000},{i % 10},{1700000005000 + i * 1000},{int(i * i % 7 > 2)}")' >rows.csv
	counts() { ce-train -v -o model "$@" rows.csv 2>&1 | sed -n 's/^ce-train: \(test\|immature\): \([0-9]*\) .*/\2/p' | xargs; }
	# A horizon of 5 s: the last six rows are not older than it at the end.
	[ "$(counts)" = "199 6" ]
	[ "$(counts --watermark 1700001100000)" = "$(counts --watermark 2023-11-14T22:31:40Z)" ]
	[ "$(counts --watermark 1700001100000)" = "200 0" ]
	[ "$(counts --watermark 1700000505000)" = "100 501" ]
	grep -qx 'end 1700000505000' model
	fails 2 ce-train --watermark 1700000505 rows.csv
	[[ $stderr == *"--watermark: expected a time in the unit of the rows, which end at 1700001000000, found '1700000505'"* ]]
	fails 2 ce-train --watermark 2024-01-01 --holdout 0 rows.csv
	[[ $stderr == "ce-train: --watermark: no rows are split by time (--holdout 0)"* ]]
}

@test "a horizon that leaves too few rows is named, with the span of the table" {
	python3 -c '
print("event_ts,x,label_known_ts,is_completion")
for i in range(1001): print(f"{1700000000000 + i * 1000},{i % 10},{1700000005000 + i * 1000},{int(i * i % 7 > 2)}")' >rows.csv
	why() { echo "; the horizon is $1, and the rows span 16m40s (--horizon)"; }
	ce-train --horizon 1h rows.csv >model 2>stderr
	[[ $(<stderr) == "ce-train: warning: no test rows: 0 of 1001 labelled rows are older than the horizon, too few for this --holdout$(why 1h)" ]]
	grep -qx 'cut -' model
	fails 1 ce-train --strict --horizon 1h rows.csv
	# So long that nothing is old enough at the cut.
	fails 1 ce-train --horizon 10m rows.csv
	[[ $stderr == "ce-train: no train rows: of 1001 labelled rows 80 are test rows, 320 are purged (before the cut, but too young or with a label not known by then), and 601 are immature (too young at the end)$(why 10m)" ]]
	# Or when validation rows begin.
	fails 1 ce-train --model gbdt --horizon 4m --validation 0.7 rows.csv
	[[ $stderr == "ce-train: rows.csv: --validation: too few rows could be trained on at event_ts 2023-11-14T22:15:11.000Z: 0, 0 of them positive$(why 4m)" ]]
	fails 1 ce-train --cv 5 --horizon 4m rows.csv
	[[ $stderr == "ce-train: rows.csv: --cv: too few rows could be trained on at "*"$(why 4m)" ]]
	# Or so long that all train rows are near the start of the table.
	ce-train --horizon 5m rows.csv >model 2>stderr
	[[ $(<stderr) == "ce-train: warning: all 260 train rows are of the first horizon of the table, when only early labels were known: features that count known ones will differ in later rows$(why 5m)" ]]
	# A quarter of a minute is no matter; what 99 % of the labels took is 5 s.
	ce-train --strict --cv 5 --horizon 15s rows.csv >folds
	ce-train --strict rows.csv | grep -qx 'horizon 5000'
	ce-train --horizon 4s rows.csv 2>stderr >model
	[[ $(<stderr) == "ce-train: warning: only 0.0 % of the labels were known within the horizon: which rows are trained on depends on their outcome$(why 4s)" ]]
	# By default it is at most a quarter of the span.
	awk -F, -v OFS=, 'NR > 1 && NR % 20 == 0 { $3 += 600000 } 1' OFMT=%.0f CONVFMT=%.0f rows.csv >late.csv
	ce-train late.csv >model 2>stderr
	grep -qx 'horizon 250000' model
	[[ $(<stderr) == "ce-train: warning: 95.0 % of the labels were known within the horizon, a quarter of the rows' span, which is the most by default, and 99 % within 10m5s$(why 4m10s)" ]]
	fails 1 ce-train --strict late.csv
}

@test "numbers are clipped to quantiles of the train rows, however far a value is outside them" {
	reference make 3000 5 >features.csv
	# Two train rows and a test row, of what a broken clock writes.
	awk -F, -v OFS=, 'NF > 9 && ++n ~ /^(100|101|2800)$/ { $(NF - 7) = n < 200 ? "9e300" : "-1.7e308" } { print }' features.csv >wild.csv
	mv wild.csv features.csv
	trains_well
	# What the test rows are has no say in it.
	ce-predict -p -m model --split train features.csv >train.csv
	grep -c '^clip' model >n
	[[ $(<n) -gt 3 ]]
	ce-train --holdout 0 train.csv >alone
	same <(grep -E '^(number|clip|level|other|missing)' model) <(grep -E '^(number|clip|level|other|missing)' alone)
	# Trees and bins need no clipping, and have none.
	ce-train --model gbdt --trees 3 features.csv >gbdt
	ce-train --bins 4 features.csv >bins
	run ! grep '^clip' gbdt bins
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

@test "the same rows make the same model, however they come" {
	reference make 1000 4 >features.csv
	ce-train features.csv >want
	ce-train <features.csv >got
	same <(facts want) <(facts got)
	gzip <features.csv >features.csv.gz
	ce-train -9 -p -v -o got features.csv.gz 2>verbose
	same <(facts want) <(facts got)
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
	same <(facts want) <(facts got)
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
	# Nor is a row too young then.
	grep -qx 'horizon -' without
	grep -qx 'immature 0 0' without
	grep -q '^horizon [1-9]' with
	[[ $(grep ^immature with) != 'immature 0 0' ]]
	fails 1 ce-train --known label_known_ts without.csv
	[[ $stderr == 'ce-train: without.csv:1: missing column label_known_ts'* ]]
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
	run -1 grep -q '"note"' model
	ce-predict -p -m model any.csv >said.csv
	[[ $(head -n 1 said.csv) == when,colour,size,code,note,y,completion_probability,predicted_completion,split,model_id,scored_at ]]
	[[ $(cut -d, -f9 said.csv | sort -u | tr '\n' ' ') == 'split test train ' ]]
}

@test "without a time column a test part is refused, and a table without one is learnt from" {
	python3 -c '
print("x,is_completion")
for i in range(50): print(f"{i},{int(i>20 or i==7)}")' >plain.csv
	fails 1 ce-train plain.csv
	[[ $stderr == *'missing column event_ts: name the time column with --time, or turn off the test part (--holdout 0)' ]]
	ce-train --holdout 0 plain.csv >model
	grep -qx 'cut -' model
	grep -qx 'time -' model
	grep -qx 'train 50 30' model
	fails 1 ce-train --holdout 0 --time when plain.csv
	[[ $stderr == *'missing column when'* ]]
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
	[[ $(<stderr) == 'ce-train: warning: not converged after '*' iterations: the gradient is '*', as small as doubles allow, but above --tolerance' ]]
	[[ $(wc -l <stderr) == 1 ]]
}

# A table of n rows, more or less random, with the columns event_ts, x, c and is_completion.
numbers() {
	python3 -c '
import random, sys
rng = random.Random(4)
print("event_ts,x,c,is_completion")
for i in range(int(sys.argv[1])):
    x = rng.gauss(0, 1)
    print(i, "%.3f" % x, rng.choice("ab"), int(rng.random() < (0.7 if x > 0 else 0.3)), sep=",")' "$1"
}

@test "a column of which most values are numbers is an error that names the first that is none" {
	refuses() {
		fails 1 ce-train "${@:2}"
		[[ $stderr == "ce-train: $1" ]] || { echo "$stderr"; return 1; }
	}
	numbers 200 >rows.csv
	ways='reads it as empty, --categorical x makes the column a category'
	# The line is that of the file; empty values do not count.
	awk -F, -v OFS=, 'NR == 57 || NR == 90 { $2 = "NA" } NR == 58 { $2 = "" } { print }' rows.csv >NA.csv
	refuses "NA.csv:57: column x: 'NA' is no number, unlike 197 of 199 values: --na NA $ways" -o model NA.csv
	[[ ! -e model ]]
	refuses "NA.csv:57: column x: 'NA' is no number, unlike 397 of 399 values: --na NA $ways" rows.csv NA.csv
	refuses "NA.csv:57: column x: 'NA' is no number, unlike 197 of 199 values: --na NA $ways" --model gbdt NA.csv
	# So it is where no model looks: in test rows and in rows without a label.
	awk -F, -v OFS=, 'NR == 200 { $2 = "nan"; $4 = "" } { print }' rows.csv >last.csv
	refuses "last.csv:200: column x: 'nan' is no number, unlike 199 of 200 values: --na nan $ways" last.csv
	# Each word once more, until there is none left; as a shell takes it.
	sed '7s/,[^,]*/, \\N/' NA.csv >both.csv
	refuses "both.csv:7: column x: ' \N' is no number, unlike 196 of 197 values: --na ' \N' $ways" --na NA both.csv
	ce-train --na NA,'\N' both.csv >model
	sed '7s/,[^,]*/,  /' NA.csv >blank.csv
	refuses "blank.csv:7: column x: '  ' is no number, unlike 196 of 197 values: --na '  ' $ways" --na NA blank.csv
	ce-train --na NA,'  ' blank.csv >model
	# A word that no list can hold.
	sed '7s/,[^,]*/,"1,5"/' rows.csv >comma.csv
	refuses "comma.csv:7: column x: '1,5' is no number, unlike 199 of 200 values: --categorical x makes the column a category" comma.csv
	ce-train --categorical x NA.csv >model
	grep -qx 'constant "x"' model # as a category: all of its levels are rare
	ce-train --ignore x NA.csv >model
	# Half of them are not most of them.
	for n in 100 101; do
		awk -F, -v OFS=, -v n=$n 'NR > 1 && NR <= n + 1 { $2 = substr("klm", NR % 3 + 1, 1) } { print }' rows.csv >half.csv
		ce-train half.csv >model
		grep -qx 'category "x"' model
	done
	awk -F, -v OFS=, 'NR > 1 && NR <= 100 { $2 = substr("klm", NR % 3 + 1, 1) } { print }' rows.csv >most.csv
	refuses "most.csv:2: column x: 'm' is no number, unlike 101 of 200 values: --na m $ways" most.csv
	# What a reader takes for a number is not to be read as empty.
	for word in 5% '$3' 1_000 −1 1e999 '1 5'; do
		awk -F, -v OFS=, -v word="$word" 'NR == 9 { $2 = word } { print }' rows.csv >digits.csv
		refuses "digits.csv:9: column x: '$word' is no number, unlike 199 of 200 values: --categorical x makes the column a category" digits.csv
	done
}

# warned TEXT ARGUMENTS...: ce-train warns of that alone; with --strict it fails.
warned() {
	ce-train "${@:2}" >model 2>stderr
	[[ $(<stderr) == "ce-train: warning: $1" ]] || { cat stderr; return 1; }
	fails 1 ce-train --strict "${@:2}"
}

# silent ARGUMENTS...: it warns of nothing.
silent() {
	ce-train --strict "$@" >model 2>stderr && [[ ! -s stderr ]] || { cat stderr; return 1; }
}

@test "a category of which a tenth of the values are numbers is warned of" {
	numbers 400 >rows.csv
	awk -F, -v OFS=, 'NR > 1 && NR % 5 < 3 { $2 = "NA" } { print }' rows.csv >NA.csv
	want="NA.csv:2: column x: 'NA' is no number, unlike 160 of 400 values, and the column is a category (--na NA reads it as empty, --categorical x says that it is meant)"
	warned "$want" NA.csv
	grep -qx 'category "x"' model
	warned "$want" --model gbdt --trees 3 NA.csv
	warned "$want" --cv 2 NA.csv
	silent --na NA NA.csv
	silent --categorical x NA.csv
	silent --cv 2 --ignore x NA.csv
	sed 's/NA/5%/' NA.csv >share.csv
	warned "share.csv:2: column x: '5%' is no number, unlike 160 of 400 values, and the column is a category (--categorical x says that it is meant)" share.csv
	for n in 39 40; do
		awk -F, -v OFS=, -v n=$n 'NR > n + 1 { $2 = "NA" } { print }' rows.csv >few.csv
		if ((n == 39)); then silent few.csv; else warned "few.csv:42: $(sed 's/^[^ ]* //; s/160/40/' <<<"$want")" few.csv; fi
	done
}

@test "a category without a level is warned of where it has many values" {
	numbers 400 >rows.csv
	tells='none of them in 10 or more train rows: it tells the model'
	mend='(--ignore x; numbers need a point, not a comma, and no unit)'
	n=$(awk -F, 'NR > 1 && NR <= 321 && !seen[$2]++ { n++ } END { print n }' rows.csv)
	sed -E '2,$s/,(-?[0-9]+)\.([0-9]+)/,"\1,\2"/' rows.csv >comma.csv
	warned "column x has $n values, $tells nothing $mend" comma.csv
	grep -qx 'constant "x"' model
	warned "column x has $n values, $tells nothing $mend" --model gbdt --trees 3 --validation 0 comma.csv
	sed -E '2,$s/\.[0-9]+/&s/' rows.csv >unit.csv
	warned "column x has $n values, $tells nothing $mend" unit.csv
	silent --categorical x unit.csv
	silent --ignore x unit.csv
	# Of a backtest, by the train rows of its last fold.
	n=$(awk -F, 'NR > 1 && NR <= 214 && !seen[$2]++ { n++ } END { print n }' rows.csv)
	warned "column x has $n values, $tells nothing $mend" --cv 2 unit.csv
	# Gaps are a level of it.
	awk -F, -v OFS=, 'NR % 4 == 0 { $2 = "" } { print }' unit.csv >gaps.csv
	n=$(awk -F, 'NR > 1 && NR <= 321 && $2 && !seen[$2]++ { n++ } END { print n }' gaps.csv)
	warned "column x has $n values, $tells only where it is empty $mend" gaps.csv
	for n in 20 21; do
		awk -F, -v OFS=, -v n=$n 'NR > 1 && NR <= 201 { $2 = "v" NR % n } NR <= 201 { print }' rows.csv >values.csv
		if ((n == 20)); then silent values.csv; else warned "column x has 21 values, $tells nothing $mend" values.csv; fi
	done
}

@test "blanks around a number do not count, in training and in scoring" {
	numbers 300 >rows.csv
	awk -F, -v OFS=, 'NR % 3 == 0 { $2 = " " $2 } NR % 4 == 1 && NR > 1 { $2 = $2 "\t " } { print }' rows.csv >blanks.csv
	run -1 cmp -s rows.csv blanks.csv
	for flags in '' '--bins 5' '--model gbdt --trees 5' '--model blend --trees 5'; do
		# shellcheck disable=SC2086
		ce-train $flags rows.csv >model
		# shellcheck disable=SC2086
		ce-train $flags blanks.csv >other
		same <(facts other) <(facts model)
		same <(ce-predict --scored-at 2024-02-01 -p -m model blanks.csv | tr -d ' \t') <(ce-predict --scored-at 2024-02-01 -p -m model rows.csv)
	done
}

@test "an integer may be written as floating point in a column of times" {
	numbers 300 >rows.csv
	awk -F, -v OFS=, 'NR == 1 { $4 = "label_known_ts," $4 } NR > 1 { $4 = sprintf("17%011d,", $1 + 9) $4; $1 = sprintf("17%011d", $1) } { print }' rows.csv >times.csv
	sed -E 's/(17[0-9]{11}),/\1.0,/g' times.csv >floats.csv
	run -1 cmp -s times.csv floats.csv
	ce-train times.csv >model
	ce-train floats.csv >other
	same <(facts other) <(facts model)
	same <(ce-predict --scored-at 2024-02-01 -p -m model floats.csv | cut -d, -f2,3,6-) <(ce-predict --scored-at 2024-02-01 -p -m model times.csv | cut -d, -f2,3,6-)
	sed '9s/\.0,/.5,/' floats.csv >half.csv
	fails 1 ce-train half.csv
	[[ $stderr == "ce-train: half.csv:9: column event_ts: expected an integer or an ISO 8601 time, found '17"*".5'" ]]
}

@test "a model names itself, and what it was made from" {
	reference make 1000 5 >features.csv
	ce-train --seed 3 -m logistic -i rate --ignore big,tiny --na 'not known' -s 4 -o a.model features.csv
	[ "$(tail -n 1 a.model)" = "model_id $(sed '$d' a.model | sha256sum | cut -c -16)" ]
	grep -qx "options \"--model logistic --ignore rate --ignore big,tiny --na 'not known' --seed 4\"" a.model
	[ "$(grep ^source a.model)" = 'source "features.csv"' ]
	# The text for people has it, too; the options are as a shell takes them.
	ce-model a.model >view
	[ "$(sed -n 's/^model_id *//p' view)" = "$(sed -n 's/^model_id //p' a.model)" ]
	grep -qx 'made from     features.csv' view
	eval "ce-train $(sed -n 's/^options *//p' view) features.csv" >b.model
	cmp a.model b.model
	# What a model does not depend on is not in it.
	ce-train -9 --no-sync -v --threads 1 --delimiter , --see 4 --na 'not known' -i rate -i big,tiny -m logistic features.csv >b.model 2>said
	cmp a.model b.model
	# The first and the last of the train rows.
	ce-predict -p --split train -m a.model features.csv >train.csv
	python3 - <<-'END'
		import csv
		times = [int(r["event_ts"]) for r in csv.DictReader(open("train.csv", newline=""))]
		said = next(line.split()[1:] for line in open("a.model") if line.startswith("span "))
		assert said == [str(min(times)), str(max(times))], said
	END
	grep -q '^ *from event_ts 2023-11-14T22:1.* to event_ts 2023-11-14T22:' view
	# Another name, and one more or less.
	ce-train -s 4 -i rate,big -i tiny --na 'not known' -m logistic <features.csv >b.model
	grep -qx 'source "-"' b.model
	same <(facts a.model) <(facts b.model)
	run -1 cmp -s a.model b.model
	head -n 1 features.csv >$'two\nlines.csv'
	ce-train features.csv $'two\nlines.csv' >b.model
	[ "$(grep ^source b.model)" = $'source "features.csv"\nsource "two\\nlines.csv"' ]
	grep -qx 'options ""' b.model
	ce-model b.model >view
	grep -qx 'made from     features.csv, two?lines.csv' view
	run -1 grep '^options' view
	# Where no rows are told apart by their time, nobody looks at it.
	ce-train --holdout 0 features.csv >b.model
	grep -qx 'span -' b.model
}

@test "--na: the words are empty, wherever they are, to all that read with the model" {
	reference make 3000 6 >features.csv
	python3 - <<-'END'
		import csv, random
		rng = random.Random(2)
		rows = list(csv.reader(open("features.csv", newline="")))
		out = csv.writer(open("words.csv", "w", newline=""), lineterminator="\n")
		out.writerow(rows[0])
		for row in rows[1:]:
		    out.writerow([v or rng.choice(["NA", " NA", "null\t", "", "not known"]) for v in row])
	END
	for kind in logistic gbdt blend; do
		ce-train --model $kind features.csv >plain
		ce-train --model $kind --na 'NA,null' --na 'not known' words.csv >model
		grep -qx 'na "NA,null,not known"' model
		same <(facts model | grep -v '^na ') <(facts plain)
		ce-predict -p -m plain features.csv >plain.said
		ce-predict -p -m model words.csv >said
		# The rows are passed on as they are; what is added is the same.
		python3 - <<-'END'
			import csv
			read = lambda name: list(csv.reader(open(name, newline="")))
			said, plain, words = read("said"), read("plain.said"), read("words.csv")
			assert len(said) == len(words) == 3001
			assert [r[-5:-2] for r in said] == [r[-5:-2] for r in plain]
			assert [r[:-5] for r in said] == words
		END
		same <(ce-eval -p --split all --na NA,null,'not known' said) <(ce-eval -p --split all plain.said)
		fails 1 ce-eval -p --split all said
		[[ $stderr == *"column is_completion: expected 0 or 1 (or false, true), found '"* ]]
	done
	# A model that was not told is not told by its input either.
	fails 1 ce-predict -m plain words.csv
	[[ $stderr == *" (ce-train --na reads such words as empty)" || $stderr == *"expected 0 or 1"* ]]
	fails 2 ce-train --na '' features.csv
}

@test "a label may be written as other programs write it" {
	reference make 2000 7 >features.csv
	ce-train features.csv >model
	ce-predict -p -m model features.csv >said
	for pair in '0.0 1.0' 'false true' 'f t' 'False TRUE' '0e0 +1' '-0 1e0'; do
		sed -E "s/,0\$/,${pair% *}/; s/,1\$/,${pair#* }/" features.csv >other.csv
		run -1 cmp -s features.csv other.csv
		ce-train other.csv >other
		same <(facts other) <(facts model)
		ce-predict -p -m model other.csv >other.said
		same <(ce-eval -p other.said) <(ce-eval -p said)
		same <(awk -F, '{ print $(NF - 2), $(NF - 3), $(NF - 4) }' other.said) <(awk -F, '{ print $(NF - 2), $(NF - 3), $(NF - 4) }' said)
	done
}

@test "the week and the month of the year are features only if they are named" {
	python3 -c '
import random
rng = random.Random(3)
print("event_ts,event_week_of_year,event_month_of_year,x,is_completion")
for i in range(1000): print(i, i // 100, i // 400, rng.randrange(9), int(rng.random() < 0.4), sep=",")' >rows.csv
	columns() {
		ce-train "$@" rows.csv | sed -nE 's/^(number|category|constant) "([^"]*)".*/\1 \2/p' | paste -sd' '
	}
	[[ $(columns) == 'number x' ]]
	[[ $(columns --model gbdt) == 'number x' ]]
	[[ $(columns --use event_month_of_year) == 'number event_month_of_year number x' ]]
	[[ $(columns --use event_month_of_year,event_week_of_year) == 'number event_week_of_year number event_month_of_year number x' ]]
	[[ $(columns --categorical event_week_of_year) == 'category event_week_of_year number x' ]]
	fails 1 ce-train --use event_ts rows.csv
	[[ $stderr == 'ce-train: rows.csv:1: column event_ts: not a feature' ]]
	fails 2 ce-train --use event_month_of_year,x rows.csv
	[[ $stderr == 'ce-train: --use: column x is a feature already' ]]
	fails 1 ce-train --use month rows.csv
	[[ $stderr == 'ce-train: rows.csv:1: missing column month'* ]]
}

@test "test rows of one class, and too few for a test part, are warned of; --strict writes no model" {
	numbers 200 >rows.csv
	awk -F, -v OFS=, 'NR > 161 { $4 = 0 } { print }' rows.csv >zeros.csv
	share=$(awk -F, 'NR > 1 && NR <= 161 { n += $4 } END { printf "%.1f", n / 1.6 }' rows.csv)
	want="ce-train: warning: the label (column is_completion) is 0 in all 40 test rows, but 1 in $share % of 160 train rows: no ranking can be judged by them (--holdout)"
	ce-train -o model zeros.csv 2>stderr
	[[ $(<stderr) == "$want" ]]
	rm model
	fails 1 ce-train --strict -o model zeros.csv
	[[ $stderr == "$want"$'\n'"ce-train: a warning is an error with --strict" ]]
	[[ ! -e model ]]
	fails 1 ce-train --strict zeros.csv
	[[ ! -s stdout ]]
	head -n 4 rows.csv | sed '2s/.$/1/; 3s/.$/0/' >few.csv
	ce-train few.csv 2>stderr >model
	[[ $(<stderr) == 'ce-train: warning: no test rows: 3 labelled rows are too few for this --holdout' ]]
	fails 1 ce-train --strict -o strict few.csv
	[[ ! -e strict ]]
	fails 1 ce-train --strict --tolerance 1e-300 -o strict rows.csv
	[[ ! -e strict && $stderr == 'ce-train: warning: not converged'* ]]
	ce-train --strict rows.csv >model 2>stderr
	[[ ! -s stderr ]]
}

@test "--cv warns of each fold that has one class or does not converge" {
	numbers 400 >rows.csv
	ce-train --strict --cv 3 rows.csv >folds 2>stderr
	[[ ! -s stderr ]]
	# The second fold is judged by the third quarter of the 320 train rows.
	awk -F, -v OFS=, 'NR > 161 && NR <= 241 { $4 = 1 } { print }' rows.csv >ones.csv
	ce-train -p --cv 3 ones.csv >folds 2>stderr
	[[ $(<stderr) == 'ce-train: warning: fold 2: the label (column is_completion) is 1 in all 80 rows that judge it: it has no AUC (a smaller --cv)' ]]
	[[ $(pick rows,positives,auc_roc 2 <folds) == 80,80, ]]
	fails 1 ce-train --strict --cv 3 -o strict ones.csv
	[[ ! -e strict ]]
	ce-train -p --cv 3 --tolerance 1e-300 rows.csv >folds 2>stderr
	[[ $(grep -c 'warning: fold [123]: not converged after' stderr) == 3 ]]
	fails 1 ce-train --strict --cv 3 --tolerance 1e-300 -o strict rows.csv
	[[ ! -e strict ]]
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
	refuses "$head\n1,2,3,1\n" \
		'the label (column is_completion) is 1 in all 1 train rows: nothing to learn; the horizon is 0, and the rows span 0 (--horizon)'
	refuses "$head\n1,2,1,0\n2,3,2,0\n" 'the label (column is_completion) is 0 in all 2 train rows: nothing to learn' --holdout 0
	refuses "$head\n1,2,3,yes\n" "bad.csv:2: column is_completion: expected 0 or 1 (or false, true), found 'yes'"
	refuses "$head\n1,2,3,1\n1,2,3,0.5\n" "bad.csv:3: column is_completion: expected 0 or 1 (or false, true), found '0.5'"
	refuses "$head\n,2,3,1\n" 'bad.csv:2: column event_ts: a labelled row without a time'
	refuses "$head\n1.5,2,3,1\n" "bad.csv:2: column event_ts: expected an integer or an ISO 8601 time, found '1.5'"
	refuses "$head\n1,2,soon,1\n" "bad.csv:2: column label_known_ts: expected an integer or an ISO 8601 time, found 'soon'"
	refuses "$head\n1,2,9,1\n2,2,9,0\n3,2,9,0\n4,2,9,1\n" \
		'no train rows: of 4 labelled rows 1 are test rows, 1 are purged (before the cut, but too young or with a label not known by then), and 2 are immature (too young at the end); the horizon is 1, and the rows span 3 (--horizon)' \
		--holdout 0.5 --horizon 1
	refuses "event_ts,x,is_completion\n1,2,1\n" \
		'no train rows: of 1 labelled rows 1 are test rows, 0 are purged (before the cut, but too young or with a label not known by then), and 0 are immature (too young at the end)' --holdout 1
	refuses "$head\n1,2,3,1\n9,2,9,\n" "bad.csv: --horizon: the times (column event_ts), at most 9, do not tell their unit: give it as a number of that unit" --horizon 1d
	refuses "$head\nlater,2,,\n" "bad.csv:2: column event_ts: expected an integer or an ISO 8601 time, found 'later'"
	refuses "event_id,$head\n" 'bad.csv:1: no column is a feature' --ignore x
	refuses "$head\n" 'bad.csv:1: missing column y; the header has event_ts, x, label_known_ts, is_completion' --label y
	refuses "$head\n" 'bad.csv:1: missing column y; the header has event_ts, x, label_known_ts, is_completion' --ignore y
	refuses "$head\n" 'bad.csv:1: column is_completion: not a feature' --categorical is_completion
	refuses "$head\n" 'bad.csv:1: column is_completion: not a feature' --categorical Is_Completion
	refuses "user_id,$head\n" 'bad.csv:1: column user_id: not a feature' --categorical USER_ID
	refuses "x2,$head\n" 'bad.csv:1: no column is a feature' --ignore 'x2, X'
	refuses "\nevent_id,$head\n" 'bad.csv:2: no column is a feature' --ignore x
	# An unlabelled row needs no time.
	printf '%s\n' "$head" 1,2,1,0 2,3,2,1 ,3,, >fine.csv
	ce-train fine.csv >model
}

@test "options that make no sense are usage errors" {
	fails 2 ce-train --model forest
	[[ $stderr == "ce-train: --model: must be one of logistic"* ]]
	for bad in '--l2 -1' '--l2 x' '--tolerance 0' '--tolerance 1' '--holdout 1.5' '--class-weight 0' '--class-weight even' \
		'--resample up' '--seed -1' '--ignore a,,b' '--trees 0' '--rate 0' '--rate 1.1' '--depth 0' '--depth 33' \
		'--leaves 1' '--leaves 5000' '--min-weight -1' '--bins 1' '--bins 256' '--subsample 0' '--colsample 0' \
		'--validation 1' '--horizon -1' '--horizon 1x' '--horizon 7d --holdout 0' '--patience 0' '--model gbdt --validation 0 --patience 3' '--model gbdt --bins 0' '--calibrate maybe' '--validation 0 --calibrate platt' '--cv 101' \
		'--model gbdt --l2 auto' '--model gbdt --tolerance 1e-9' '--model gbdt --interactions a:b' '--trees 50' \
		'--rate 0.5' '--depth 3' '--leaves 8' '--min-weight 2' '--patience 3' '--subsample 0.5' '--colsample 0.5'; do
		# shellcheck disable=SC2086
		fails 2 ce-train $bad
	done
	# Nor for the learner that has them.
	for bad in '--trees 0' '--rate 0' '--rate 1.1' '--depth 0' '--depth 33' '--leaves 1' '--leaves 5000' '--patience 0' \
		'--min-weight -1' '--bins 1' '--bins 256' '--subsample 0' '--colsample 0'; do
		# shellcheck disable=SC2086
		fails 2 ce-train --model gbdt $bad
		[[ $stderr == ce-train:*"${bad% *}"* && $stderr != *'only applies to'* ]]
		# shellcheck disable=SC2086
		fails 2 ce-train --model blend $bad
		[[ $stderr == ce-train:*"${bad% *}"* && $stderr != *'only applies to'* ]]
	done
	for bad in '--tolerance 0' '--bins 0' '--validation 0 --patience 3'; do
		# shellcheck disable=SC2086
		fails 2 ce-train --model blend $bad
	done
	fails 2 ce-train --trees 5
	[[ $stderr == "ce-train: --trees: only applies to --model gbdt or blend"* ]]
	fails 2 ce-train --model gbdt --l2 auto
	[[ $stderr == "ce-train: --l2 auto: only applies to --model logistic or blend"* ]]
}

@test "more features than a model may have are refused" {
	printf '%s,is_completion\n' "$(seq -s, -f 'f%.0f' 65537)" >wide.csv
	fails 1 ce-train --holdout 0 wide.csv
	[[ $stderr == "ce-train: wide.csv:1: more than 65536 features" ]]
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
	# So few that nothing is clipped: a product of clipped numbers is no product that was clipped.
	python3 "$CE_ROOT/tests/reference/products.py" make 999 1 >products.csv
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
		[[ $stderr == "ce-train: products.csv: --interactions $names: not two features, NAME:NAME" ]]
	done
	fails 2 ce-train --model gbdt --interactions x:y products.csv
	sed '1s/xy/x:y/; 1s/cd/y:x/' products.csv >colons.csv
	fails 1 ce-train --holdout 0 --interactions x:y:x colons.csv
	[[ $stderr == "ce-train: colons.csv: --interactions x:y:x: can be read in two ways" ]]
	fails 1 ce-train --holdout 0 --interactions x:y,c:d,y:x products.csv
	[[ $stderr == "ce-train: products.csv: --interactions y:x: given twice" ]]
	# More products than 32 bits count, and they are not taken for as few as would remain.
	python3 -c '
names = [f"c{i}" for i in range(512)]
print(",".join(["is_completion", *names]))
for i in range(300):
    print(",".join([str(i % 2), *("" if (i + j) % 30 == 0 else str((i + j) % 300) for j in range(512))]))' >many.csv
	python3 -c '
pairs = [f"c{i}:c{j}" for i in range(512) for j in range(i)]
for i in range(0, 65536, 4096): print("--interactions", ",".join(pairs[i:i + 4096]))' >pairs
	# shellcheck disable=SC2046
	fails 1 ce-train --holdout 0 --bins 255 $(<pairs) many.csv
	[[ $stderr == "ce-train: many.csv: --interactions c"*": too many products" ]]
	# Known before the rows are encoded.
	fails 1 ce-train --holdout 0 --bins 255 --interactions y:xy,xy:cd,y:cd products.csv
	[[ $stderr == *" coefficients are too many for Newton's method, which takes 2000: use fewer columns, --bins or --interactions" ]]
}

# Boosted trees -----------------------------------------------------------------------------------

boosted() {
	python3 "$CE_ROOT/tests/reference/trees.py" "$@"
}

@test "trees say what an independent reader of the model makes of them" {
	reference make 2500 11 >features.csv
	for how in isotonic none platt; do
		for flags in '' '--subsample 1 --colsample 1 --depth 2 --rate 0.5' '--subsample 0.5 --colsample 0.5 --leaves 9' '--bins 4 --l2 0' \
			'--class-weight balanced --resample over' '--subsample 1 --colsample 1 --min-weight 0 --depth 12 --leaves 500'; do
			# shellcheck disable=SC2086
			ce-train --model gbdt --trees 25 --calibrate $how $flags features.csv >model
			ce-predict -p -m model features.csv >said.csv
			boosted check features.csv model said.csv
		done
	done
	# And notices if they say anything else.
	awk '/^leaf/ && !done { $2 += 1e-9; done = 1 } 1' model >off
	run -1 boosted check features.csv off said.csv
}

@test "trees are the same bytes on any number of threads, of any files" {
	reference make 9000 12 >features.csv
	split -l 3000 features.csv part
	head -n 1 features.csv >header
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		for k in range(3):
		    with open(f"{k}.csv", "w", newline="") as f:
		        csv.writer(f, lineterminator="\n").writerows(rows[:1] + rows[1 + 3000 * k:1 + 3000 * (k + 1)])
	END
	for flags in '--subsample 1 --colsample 1 --calibrate isotonic' '--subsample 0.4 --colsample 0.3 --seed 5 --calibrate platt'; do
		# shellcheck disable=SC2086
		ce-train --model gbdt --trees 20 --threads 1 $flags features.csv >want
		for threads in 2 3 5; do
			# shellcheck disable=SC2086
			ce-train --model gbdt --trees 20 --threads $threads $flags features.csv >got
			same want got
		done
		# shellcheck disable=SC2086
		ce-train --model gbdt --trees 20 --threads 2 $flags 0.csv 1.csv 2.csv >got
		same <(facts want) <(facts got)
		gzip -c 1.csv >1.csv.gz
		# shellcheck disable=SC2086
		cat 0.csv <(tail -n +2 1.csv) <(tail -n +2 2.csv) | ce-train --model gbdt --trees 20 $flags >got
		same <(facts want) <(facts got)
	done
	ce-train --model gbdt --trees 20 --subsample 0.4 --colsample 0.3 --seed 6 --calibrate platt features.csv >got
	run -1 cmp want got
}

# relabel FEATURES PART: the labels of the rows of a part, the other way round; with a model in `model`.
relabel() {
	ce-predict -p -m model "$1" >parts.csv
	python3 - "$1" "$2" <<-'END'
		import csv, sys
		rows, parts = (list(csv.DictReader(open(f, newline=""))) for f in (sys.argv[1], "parts.csv"))
		out = csv.DictWriter(sys.stdout, rows[0].keys(), lineterminator="\n")
		out.writeheader()
		for row, part in zip(rows, parts):
		    if part["split"] == sys.argv[2]:
		        row["is_completion"] = 1 - int(row["is_completion"])
		    out.writerow(row)
	END
}

@test "neither stopping nor calibration looks at test rows, or at what was not known yet" {
	reference make 3000 13 >features.csv
	for how in none platt isotonic; do
		ce-train --model gbdt --rate 0.3 --calibrate $how features.csv >model
		for part in test purged immature; do
			relabel features.csv $part >changed.csv
			run -1 cmp features.csv changed.csv
			ce-train --model gbdt --rate 0.3 --calibrate $how changed.csv >got
			same <(facts model | grep -vE '^(test|purged|immature) ') <(facts got | grep -vE '^(test|purged|immature) ')
		done
	done
}

@test "it stops by the newest train rows, and keeps the best trees" {
	reference make 3000 16 >features.csv
	# Of all rows and columns, so that each tree lowers the loss in training.
	whole=(--rate 0.3 --depth 6 --subsample 1 --colsample 1)
	ce-train --model gbdt "${whole[@]}" --validation 0.25 --patience 5 features.csv >model
	cut=$(sed -n 's/^cut //p' model)
	horizon=$(sed -n 's/^horizon //p' model)
	boosted known features.csv "$cut" "$horizon" >train.csv
	# The time before which three quarters of the train rows lie.
	from=$(python3 -c '
import csv
times = sorted(int(r["event_ts"]) for r in csv.DictReader(open("train.csv")))
print(times[len(times) - 1 - (len(times) - 1) // 4])')
	boosted losses train.csv model "$from" >losses
	kept=$(sed -n 's/^trees //p' model)
	tried=$(sed -n 's/^tried //p' model)
	[[ $(wc -l <losses) == $((kept + 1)) ]]
	((tried == kept + 5 && kept > 5))
	python3 - "$(sed -n 's/^validation_loss //p' model)" <<-'END'
		import sys
		losses = [float(line) for line in open("losses")]
		assert abs(losses[-1] - float(sys.argv[1])) < 1e-12 and losses[-1] == min(losses[1:]), (losses, sys.argv)
	END
	# More patience starts with the same trees, and finds none that are better before that.
	ce-train --model gbdt "${whole[@]}" --validation 0.25 --patience 1000 --trees "$tried" features.csv >longer
	same <(facts model | grep -vE '^(patience|max_trees)') <(facts longer | grep -vE '^(patience|max_trees)')
	# Without validation there are all of them.
	ce-train -v --model gbdt "${whole[@]}" --validation 0 --trees 40 features.csv >all 2>stderr
	grep -qx 'trees 40' all
	grep -qx 'validation_loss -' all
	run -1 grep -i nan stderr
	boosted losses features.csv all 0 "$cut" >losses
	sort -gr losses | same - losses
}

# The figures of a fold are those of who cuts the table by hand at that time, takes no row that was too young, and
# knows no more than was known then.
@test "cross-validation is what cutting by hand finds" {
	reference make 4000 15 >features.csv
	for flags in '--model gbdt --trees 15 --validation 0' '--model gbdt --rate 0.4 --patience 3' \
		'--model gbdt --trees 15 --calibrate isotonic --validation 0.3' '--l2 3' '--l2 auto' '--calibrate platt' \
		'--model blend --trees 15 --calibrate platt'; do
		# shellcheck disable=SC2086
		ce-train -p --cv 3 $flags features.csv >folds.csv
		# shellcheck disable=SC2086
		ce-train $flags features.csv >model
		last=$(sed -n 's/^cut //p' model)
		horizon=$(sed -n 's/^horizon //p' model)
		boosted known features.csv "$last" "$horizon" >train.csv
		[[ $flags == *'--validation 0' || $flags == '--l2 3' ]] || flags+=" --horizon $horizon"
		mapfile -t cuts < <(tail -n +2 folds.csv | cut -d, -f2)
		[[ ${#cuts[@]} == 3 ]]
		cuts+=("$last")
		for k in 0 1 2; do
			boosted known train.csv "${cuts[k]}" "$horizon" >before.csv
			boosted rows train.csv "${cuts[k]}" "${cuts[k + 1]}" >block.csv
			# shellcheck disable=SC2086
			ce-train --holdout 0 $flags before.csv >model
			ce-predict -p -m model block.csv >said.csv
			ce-eval --split all said.csv | zcat >metrics.csv
			python3 - $((k + 1)) <<-'END'
				import csv, sys
				fold = list(csv.DictReader(open("folds.csv")))[int(sys.argv[1]) - 1]
				judged = next(csv.DictReader(open("metrics.csv")))
				for name in "rows", "positives", "auc_roc", "log_loss", "brier":
				    assert abs(float(fold[name]) - float(judged[name])) < 1e-9, (name, fold, judged)
				rows = [r for r in csv.DictReader(open("before.csv", newline=""))]
				assert int(fold["train_rows"]) == len(rows), (fold, len(rows))
			END
		done
	done
}

@test "parts of a cross-validation are of as many rows, one after the other" {
	python3 -c '
print("event_ts,x,is_completion")
for i in range(1000): print(f"{i},{i % 10},{int(i * i % 7 > 2)}")' >rows.csv
	ce-train -p --cv 4 --holdout 0 rows.csv >folds.csv
	[[ $(cut -d, -f1-4 folds.csv) == 'fold,cut,train_rows,rows
1,200,200,200
2,400,400,200
3,600,600,200
4,800,800,200' ]]
}

@test "trees of a table without times" {
	python3 -c '
print("x,is_completion")
for i in range(50): print(f"{i},{int(i>20 or i==7)}")' >plain.csv
	ce-train --model gbdt --holdout 0 --validation 0 plain.csv >model
	grep -qx 'time -' model
	ce-predict -p -m model plain.csv >said.csv
	boosted check plain.csv model said.csv
	fails 1 ce-train --model gbdt --holdout 0 plain.csv
	[[ $stderr == *'missing column event_ts: name the time column with --time, or'*'--validation 0'* ]]
	fails 1 ce-train --cv 3 --holdout 0 plain.csv
	[[ $stderr == *'missing column event_ts: name the time column with --time'* ]]
}

@test "trees of hostile numbers and levels" {
	python3 - >hostile.csv <<-'END'
		import random
		rng = random.Random(1)
		print("event_ts,huge,tiny,mixed,many,void,flat,gaps,zeros,is_completion")
		for i in range(6000):
		    y = int(rng.random() < 0.3 + 0.4 * (i % 2))
		    print(i, ["1e308", "-1e308", "1.7976931348623157e308", "-1.7976931348623157e308"][i % 4],
		          ["1e-310", "5e-324", "-5e-324", "0"][(i + i // 4) % 4], rng.uniform(-1, 1) * 10 ** rng.randrange(-300, 300),
		          f"level{rng.randrange(300)}", "", 7, 3 if i % 5 == 0 else "", ["-0", "0", "0.0"][i % 3], y, sep=",")
	END
	for how in none platt isotonic; do
		ce-train --model gbdt --rate 1 --l2 0 --min-weight 0 --calibrate $how hostile.csv >model
		run -1 grep -qi 'nan \|inf ' model
		grep -qx 'constant "void"' model
		ce-predict -p -m model hostile.csv >said.csv
		boosted check hostile.csv model said.csv
	done
	for column in huge tiny mixed many gaps; do
		python3 -c '
import csv, sys
rows = list(csv.DictReader(open("hostile.csv")))
out = csv.writer(sys.stdout)
out.writerow(["event_ts", sys.argv[1], "is_completion"])
out.writerows([r["event_ts"], r[sys.argv[1]], r["is_completion"]] for r in rows)' $column >one.csv
		ce-train --model gbdt one.csv >model
		ce-predict -p -m model one.csv >said.csv
		boosted check one.csv model said.csv
	done
	# Nothing to split by: the base rate, and no more.
	cut -d, -f1,6,7,10 hostile.csv >flat.csv
	ce-train --model gbdt --subsample 1 --colsample 1 flat.csv >model
	ce-predict -p -m model flat.csv >said.csv
	boosted check flat.csv model said.csv
}

# means A B BLEND: whether the score of BLEND is the mean of the other two, on every row, uncalibrated.
means() {
	local model
	for model in "$@"; do
		awk '/^calibration / { print "calibration none"; next } !/^(knot|model_id) /' "$model" | seal_model >"$model.raw"
		ce-predict -p -m "$model.raw" features.csv >"$model.said"
	done
	python3 - "$@" <<-'END'
		import csv, math, sys
		read = lambda m: [float(r["completion_probability"]) for r in csv.DictReader(open(m + ".said", newline=""))]
		rows = list(zip(*map(read, sys.argv[1:])))
		logits = [[math.log(p) - math.log1p(-p) for p in row] for row in rows if max(row) < 0.99 and min(row) > 1e-9]
		assert len(logits) > 1000 and any(abs(a - b) > 0.1 for a, b, c in logits)
		worst = max(abs((a + b) / 2 - c) for a, b, c in logits)
		assert worst < 1e-12, worst
	END
}

@test "a blend's score is the mean of those of its parts, trained alone on the same rows" {
	reference make 2500 22 >features.csv
	# What all take | logistic regression | trees
	for flags in '--validation 0||--trees 20 --subsample 1 --colsample 1' '--calibrate platt||--rate 0.3' \
		'--calibrate isotonic --bins 6 --class-weight balanced|--interactions plan:rate,rate:elapsed|--leaves 8' \
		'--calibrate platt --resample under --seed 3|--l2 auto|--subsample 0.5 --colsample 0.7 --trees 30'; do
		IFS='|' read -r all logistic trees <<<"$flags"
		# shellcheck disable=SC2086
		ce-train $all $logistic features.csv >logistic
		# shellcheck disable=SC2086
		ce-train --model gbdt $all $trees features.csv >gbdt
		# shellcheck disable=SC2086
		ce-train --model blend --threads 1 $all $logistic $trees features.csv >blend
		means logistic gbdt blend
		same <(grep -E '^(learnt|l2|tolerance|iterations|objective|intercept|number|bin|clip|product|level) ' logistic) \
			<(grep -E '^(learnt|l2|tolerance|iterations|objective|intercept|number|bin|clip|product|level) ' blend | awk '!/^l2/ || !n++')
		same <(sed -n '/^rate /,/^validation_loss /p; /^base /,/^calibration /p' gbdt | grep -v ^calibration) \
			<(sed -n '/^rate /,/^validation_loss /p; /^base /,/^calibration /p' blend | grep -v ^calibration)
		for threads in 2 3; do
			# shellcheck disable=SC2086
			ce-train --model blend --threads $threads $all $logistic $trees features.csv | same - blend
		done
	done
	[[ $(grep -c '^calibration platt ' blend) == 1 ]]
	run -1 means gbdt logistic gbdt
}

# waves FILE: rows whose label goes up and down with x and with y, which has gaps. sweep FILE: some, at each x and each y.
waves() {
	python3 - "$1" "$2" <<-'END'
		import math, random, sys
		rng = random.Random(8)
		row = lambda: (rng.uniform(0, 10), rng.choice(["", rng.uniform(0, 10)]), rng.choice("abc"))
		with open(sys.argv[2], "w") as f:
		    print("event_ts,x,y,c,flat,is_completion", file=f)
		    if sys.argv[1] == "rows":
		        for i in range(3000):
		            x, y, c = row()
		            p = 1 / (1 + math.exp(-(math.sin(x) + math.cos(y or 0) + x / 10 + (c == "a"))))
		            print(i, x, y, c, 1, int(rng.random() < p), sep=",", file=f)
		    else:
		        for i in range(40):
		            x, y, c = row()
		            for k in range(101): print(i, k / 10, y, c, 1, "", sep=",", file=f)
		            for k in range(101): print(-1 - i, x, k / 10, c, 1, "", sep=",", file=f)
	END
}

# falls MODEL SIGN X: how far the score goes at most against the sign in the sweeps of x, or with X = y of that.
falls() {
	ce-predict -p -m "$1" sweep.csv | python3 -c '
import csv, math, sys
sign, worst, before = int(sys.argv[1]), 0, (None, 0)
for r in csv.DictReader(sys.stdin):
    p = float(r["completion_probability"])
    if (sys.argv[2] == "y") == r["event_ts"].startswith("-"):
        if before[0] == r["event_ts"]: worst = max(worst, sign * (before[1] - p))
        before = r["event_ts"], p
print(worst)' "$2" "$3"
}

@test "--monotone: with all else as it is, the score never goes the other way" {
	waves rows rows.csv
	waves sweep sweep.csv
	for flags in '--subsample 1 --colsample 1' '--subsample 1 --colsample 1 --rate 0.5 --depth 10 --leaves 300' \
		'--subsample 0.6 --colsample 0.7 --calibrate isotonic --validation 0.2'; do
		# shellcheck disable=SC2086
		ce-train --model gbdt --trees 60 $flags --monotone x:+ --monotone y:-,flat:- rows.csv >model
		[[ $(grep ^monotone model) == $'monotone "x" +\nmonotone "y" -' ]]
		[[ $(falls model 1 x) == 0 && $(falls model -1 y) == 0 ]]
		# shellcheck disable=SC2086
		ce-train --model gbdt --trees 60 $flags --monotone y:+ rows.csv >other
		[[ $(falls other 1 y) == 0 ]]
		for sweep in '1 x' '-1 y'; do
			# shellcheck disable=SC2086
			awk -v fall="$(falls other $sweep)" 'BEGIN { exit !(fall > 0.01) }'
		done
		for threads in 1 3; do
			# shellcheck disable=SC2086
			ce-train --model gbdt --threads $threads --trees 60 $flags --monotone flat:-,y:-,x:+ rows.csv >other
			same <(facts other) <(facts model)
		done
	done
	boosted check rows.csv model <(ce-predict -p -m model rows.csv)
	ce-model model >view
	grep -qx 'rises with    x' view
	grep -qx 'falls with    y' view
	# A blend's trees are those of trees alone.
	ce-train --model blend --trees 60 --subsample 0.6 --colsample 0.7 --calibrate isotonic --validation 0.2 --monotone x:+,y:- rows.csv >blend
	same <(sed -n '/^monotone /,/^calibration /p' model | grep -v ^calibration) <(sed -n '/^monotone /,/^calibration /p' blend | grep -v ^calibration)
	ce-train --model gbdt --cv 2 -p --monotone x:+ rows.csv >with
	ce-train --model gbdt --cv 2 -p rows.csv >without
	run -1 cmp with without
}

@test "--monotone of what is no number, or of no sign, is refused" {
	waves rows rows.csv
	refused() {
		fails "$1" ce-train --model "$2" --monotone "$3" rows.csv
		[[ $stderr == "ce-train: $4"* ]] || { echo "$stderr"; return 1; }
	}
	for kind in gbdt blend; do
		refused 1 $kind x:+,z:- 'rows.csv: --monotone z:-: no feature of that name'
		refused 1 $kind event_ts:- 'rows.csv: --monotone event_ts:-: no feature of that name'
		refused 1 $kind c:+ 'rows.csv: --monotone c:+: a category, not a number'
		refused 1 $kind x:+,x:- 'rows.csv: --monotone x:-: given twice'
		refused 1 $kind flat:+,x:-,flat:- 'rows.csv: --monotone flat:-: given twice'
		for bad in x x+ :+ x: x:up x:+-; do
			refused 2 $kind "$bad" "--monotone: expected COL:+ or COL:-, not '$bad'"
		done
	done
	refused 2 logistic x:+ '--monotone: only applies to --model gbdt or blend'
	fails 1 ce-train --model gbdt --categorical x --monotone x:+ rows.csv
	[[ $stderr == 'ce-train: rows.csv: --monotone x:+: a category, not a number' ]]
}

@test "weights beyond all measure are refused, or make a model that is read" {
	reference make 500 16 >features.csv
	for weight in 1e-8 1e8 1e-4; do
		ce-train --model gbdt --class-weight $weight --calibrate platt features.csv >model
		ce-predict -p -m model features.csv >said.csv
		boosted check features.csv model said.csv
	done
	for weight in 1e-9 1e9 1e-300 1e300 1e308 5e-324; do
		fails 2 ce-train --model gbdt --class-weight $weight features.csv
		fails 2 ce-train --class-weight $weight features.csv
	done
}

@test "a model says with what it was learnt, and from how many rows" {
	reference make 2000 21 >features.csv
	ce-train --l2 auto --validation 0.3 --calibrate platt --bins 9 features.csv >model
	grep -qx 'validation 300000' model
	grep -qx 'bins 9' model
	grep -Eqx 'l2 [0-9.]+ auto' model
	train=$(awk '/^train / { print $2 }' model) learnt=$(awk '/^learnt / { print $2 }' model)
	# All but what is held back, and what was not known when that began.
	((learnt <= train * 7 / 10 + 1 && learnt > train / 2))
	[[ $(ce-model model) == *"trained on    $learnt rows; validation rows: the newest 30 %"* ]]
	fails 2 ce-train --validation 0.3 features.csv
	ce-train features.csv >model
	grep -qx 'validation 0' model
	grep -qx "learnt $train" model
	# The defaults of trees, which --help says.
	for kind in gbdt blend; do
		ce-train --model $kind features.csv >model
		grep -qx 'bins 255' model
		sed -n '/^rate /,/^patience /p' model >used
		[[ $(paste -sd' ' used) == 'rate 0.05 max_trees 1000 depth 5 leaves 64 l2 1 min_weight 1 rows 0.8 columns 0.6 patience 40' ]]
	done
	ce-train --help | sed -nE 's/^ +--(trees|rate|depth|leaves|l2|min-weight|subsample|colsample|patience) .*\(([0-9.]+)\)$/\1 \2/p' |
		sed 's/^trees/max_trees/; s/-/_/; s/^subsample/rows/; s/^colsample/columns/' | sort | same - <(sort used)
}
