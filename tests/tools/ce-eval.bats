# shellcheck disable=SC2154 # fails, of common, sets stderr
load ../common

# scored SEED ROWS: rows with ties, four splits, unlabelled rows, and segments.
scored() {
	awk -v seed="$1" -v rows="$2" 'BEGIN {
		srand(seed)
		n = split("train,test,test,purged", splits, ",")
		split("tv,phone,Niños,,\"\"", devices, ",")
		print "event_id,device,is_completion,split,completion_probability,hour"
		for (i = 1; i <= rows; i++) {
			p = int(rand() * 51) / 50
			label = rand() < 0.05 ? "" : (rand() < p) + 0
			print "e" i "," devices[int(rand() * 5) + 1] "," label "," \
				splits[int(rand() * n) + 1] "," p "," int(rand() * 24)
		}
	}'
}

# near GOT WANT: within 1e-12.
near() {
	awk -v got="$1" -v want="$2" 'BEGIN {
		d = got - want
		if (got == "" || d > 1e-12 || d < -1e-12) { print got " is not " want; exit 1 }
	}'
}

# is TEXT: that is what comes in.
is() {
	local got
	got=$(cat)
	[ "$got" = "$1" ] || { echo "'$got' is not '$1'" && return 1; }
}

six_rows() {
	printf '%s\n' completion_probability,is_completion 0.9,1 0.8,1 0.7,0 0.6,1 0.4,0 0.2,0
}

@test "six rows whose metrics are computed by hand" {
	six_rows | ce-eval | zcat >out
	[ "$(head -n 1 out)" = "$(table_columns metrics)" ]
	# A positive beats 1, 1, 2/3 of the negatives, a negative loses to 2/3, 1, 1 of the positives:
	# AUC 8/9, both variances 1/27, standard error sqrt(2/81).
	near "$(pick auc_roc <out)" "$(awk 'BEGIN { printf "%.17g", 8 / 9 }')"
	near "$(pick auc_roc_low <out)" "$(awk 'BEGIN { printf "%.17g", 8 / 9 - 1.959963984540054 * sqrt(2 / 81) }')"
	near "$(pick auc_roc_high <out)" 1
	near "$(pick average_precision <out)" "$(awk 'BEGIN { printf "%.17g", (1 + 1 + 3 / 4) / 3 }')"
	near "$(pick log_loss <out)" "$(awk 'BEGIN { printf "%.17g", -log(0.9 * 0.8 * 0.3 * 0.6 * 0.6 * 0.8) / 6 }')"
	near "$(pick brier <out)" 0.15
	near "$(pick expected_calibration_error <out)" "$(awk 'BEGIN { printf "%.17g", 2 / 6 }')"
	near "$(pick precision_1 <out)" 0.75
	near "$(pick f1_1 <out)" "$(awk 'BEGIN { printf "%.17g", 6 / 7 }')"
	near "$(pick f1_0 <out)" 0.8
	[ "$(pick tn,fp,fn,tp <out)" = 2,1,0,3 ]
}

@test "the area under the trapezoids of --curves is the AUC, its steps the average precision" {
	scored 1 3000 | ce-eval --curves curves.csv.gz | zcat >out
	zcat curves.csv.gz >curves
	[ "$(head -n 1 curves)" = curve,x,y,threshold,n ]
	near "$(awk -F, '$1 == "roc" { area += ($2 - x) * ($3 + y) / 2; x = $2; y = $3 }
		END { printf "%.17g", area }' curves)" "$(pick auc_roc <out)"
	near "$(awk -F, '$1 == "pr" { sum += ($2 - x) * $3; x = $2 } END { printf "%.17g", sum }' curves)" \
		"$(pick average_precision <out)"
	near "$(awk -F, '$1 == "calibration" { d = $2 - $3; sum += $5 * (d < 0 ? -d : d); n += $5 }
		END { printf "%.17g", sum / n }' curves)" "$(pick expected_calibration_error <out)"
	[ "$(awk -F, '$1 == "calibration"' curves | wc -l)" -eq 10 ]
	[ "$(grep -m 1 '^roc' curves)" = roc,0,0,,0 ]
}

@test "a segment's metrics are those of its rows alone" {
	scored 2 4000 >scored.csv
	ce-eval --by device,hour --bins 7 scored.csv | zcat >out
	[ "$(sed 1d out | cut -d, -f1 | uniq -c | tr -s ' ' | tr '\n' ';')" = " 1 ; 5 device; 24 hour;" ]
	[ "$(awk -F, '$1 == "device" { printf "%s;", $2 }' out)" = ';"";Niños;phone;tv;' ]
	awk -F, '$1 == "device" { n += $3 } $1 == "hour" { m += $3 } NR == 2 { all = $3 }
		END { exit !(n == all && m == all) }' out
	awk -F, 'NR == 1 || $2 == "Niños"' scored.csv | ce-eval --bins 7 | zcat | sed 1d >alone
	grep '^device,Niños' out | sed 's/^device,Niños/,/' | is "$(cat alone)"
	awk -F, 'NR == 1 || $6 == 7' scored.csv | ce-eval --bins 7 | zcat | sed 1d >alone
	grep '^hour,7,' out | sed 's/^hour,7/,/' | is "$(cat alone)"
	awk -F, 'NR == 1 || $2 == ""' scored.csv | ce-eval --bins 7 | zcat | sed 1d >alone
	grep '^device,,' out | sed 's/^device,/,/' | is "$(cat alone)"
}

@test "the order of the rows is of no consequence" {
	scored 3 3000 >scored.csv
	(head -n 1 scored.csv && sed 1d scored.csv | tac) >reversed.csv
	for input in scored reversed; do
		ce-eval --by device,hour --threshold best-f1 --curves $input.curves $input.csv >$input.out
	done
	same scored.out reversed.out
	same scored.curves reversed.curves
}

@test "test is evaluated unless --split is given; without the column every row" {
	scored 4 2000 >scored.csv
	labelled() { awk -F, -v split_word="$1" 'NR > 1 && $3 != "" && (split_word == "" || $4 == split_word)' scored.csv | wc -l; }
	[ "$(ce-eval scored.csv | zcat | pick rows)" -eq "$(labelled test)" ]
	[ "$(ce-eval --split purged scored.csv | zcat | pick rows)" -eq "$(labelled purged)" ]
	[ "$(ce-eval --split all scored.csv | zcat | pick rows)" -eq "$(labelled '')" ]
	[ "$(cut -d, -f1-3,5- scored.csv | ce-eval | zcat | pick rows)" -eq "$(labelled '')" ]
	fails 1 ce-eval --split test <(six_rows)
	[[ $stderr == *": missing column split"* ]]
	# A score outside the split, or without a label, may be anything.
	printf '%s\n' is_completion,completion_probability,split 1,,train ,x,test 1,0.5,test |
		ce-eval -v 2>err | zcat >out
	[ "$(pick rows <out)" -eq 1 ]
	grep -qx 'ce-eval: evaluated 1 rows; skipped 1 of other splits and 1 without a label' err
}

@test "--label, --score and --by name columns" {
	six_rows | sed '1s/.*/p,y/' | ce-eval --label y --score p | zcat >named
	six_rows | ce-eval | zcat | is "$(cat named)"
	for option in --label --score --by; do
		fails 1 ce-eval $option nope <(six_rows)
		[[ $stderr == *":1: missing column nope"* ]]
	done
}

@test "--threshold moves the decisions and nothing else" {
	[ "$(six_rows | ce-eval --threshold 0.7 | zcat | pick tn,fp,fn,tp)" = 2,1,1,2 ]
	[ "$(six_rows | ce-eval --threshold 0 | zcat | pick tn,fp,fn,tp)" = 0,3,0,3 ]
	others=rows,base_rate,auc_roc,auc_roc_low,average_precision,log_loss,brier,expected_calibration_error
	six_rows | ce-eval | zcat | pick $others >half
	six_rows | ce-eval --threshold 1 | zcat | tee one | pick $others | is "$(cat half)"
	# Nothing is called 1: no precision, but F1 is 0, for all three were missed.
	[ "$(pick threshold,accuracy,precision_0,recall_0 <one)" = 1,0.5,0.5,1 ]
	near "$(pick f1_0 <one)" "$(awk 'BEGIN { printf "%.17g", 2 / 3 }')"
	[ "$(pick support_0,precision_1,recall_1,f1_1,support_1,tn,fp,fn,tp <one)" = 3,,0,0,3,3,0,3,0 ]
}

@test "--prior gives the metrics of corrected probabilities, and leaves their order" {
	scored 8 400 >scored.csv
	awk -F, -v OFS=, 'NR > 1 && $4 == "test" && $3 != "" { n++; positive += $3 } { row[NR] = $0 }
		END {
			base = positive / n
			print row[1]
			for (i = 2; i <= NR; i++) {
				split(row[i], f, ",")
				odds = base / 0.7
				rest = (1 - base) / (1 - 0.7)
				f[5] = sprintf("%.17g", f[5] * odds / (f[5] * odds + (1 - f[5]) * rest))
				print f[1], f[2], f[3], f[4], f[5], f[6]
			}
		}' scored.csv >corrected.csv
	ce-eval scored.csv | zcat >plain
	ce-eval --prior 0.7 scored.csv | zcat >got
	ce-eval corrected.csv | zcat >want
	for figure in auc_roc average_precision log_loss brier expected_calibration_error; do
		near "$(pick $figure <got)" "$(pick $figure <want)"
	done
	[ "$(pick auc_roc <got)" = "$(pick auc_roc <plain)" ]
	[ "$(pick log_loss <got)" != "$(pick log_loss <plain)" ]
	# Scores that are sure stay so, also where there is one class only.
	printf '%s\n' completion_probability,is_completion 0,1 1,1 0.5,1 >ones.csv
	near "$(ce-eval --prior 0.5 ones.csv | zcat | pick brier)" "$(awk 'BEGIN { printf "%.17g", 1 / 3 }')"
	for bad in 0 1 -0.1 1e-7 1e-320 0.9999999 x; do
		fails 2 ce-eval --prior "$bad" scored.csv
	done
}

@test "best-f1 is one of the scores, no other one is better, and segments share it" {
	scored 5 600 >scored.csv
	ce-eval --threshold best-f1 --by device scored.csv | zcat >out
	best=$(pick f1_1 <out)
	threshold=$(pick threshold <out)
	for row in 1 2 3 4 5 6; do
		[ "$(pick threshold $row <out)" = "$threshold" ]
	done
	for x in $(seq 0 0.02 1); do
		ce-eval --threshold "$x" scored.csv | zcat | pick f1_1
	done | sort -g | tail -n 1 | is "$best"
	# F1 is 2/3 at 0.9, at 0.5 and at 0.1.
	printf '%s\n' is_completion,completion_probability 1,0.9 0,0.5 0,0.5 1,0.1 0,0.05 0,0.04 |
		ce-eval --threshold best-f1 | zcat | pick threshold | is 0.9
}

@test "what is undefined is NULL, not zero" {
	printf '%s\n' is_completion,completion_probability 0,0.25 0,0.75 | ce-eval --curves curves | zcat >out
	[ "$(pick rows,positives,base_rate,log_loss,brier,expected_calibration_error <out)" = 2,0,0,0.8369882167858358,0.3125,0.5 ]
	[ "$(pick auc_roc,auc_roc_low,auc_roc_high,average_precision,recall_1 <out)" = ,,,, ]
	[ "$(pick precision_0,recall_0,support_0,precision_1,f1_1,support_1 <out)" = 1,0.5,2,0,0,0 ]
	[ "$(pick tn,fp,fn,tp <out)" = 1,1,0,0 ]
	[ "$(zcat curves | cut -d, -f1 | uniq | tr '\n' ' ')" = "curve calibration " ]
	printf '%s\n' is_completion,completion_probability 1,1 | ce-eval -p >table
	grep -qE '^AUC-ROC +-$' table
	fails 1 grep -i nan table
	# One of each: an AUC, but no variance.
	printf '%s\n' is_completion,completion_probability 1,1 0,0 | ce-eval | zcat >out
	[ "$(pick auc_roc,auc_roc_low,auc_roc_high,average_precision <out)" = 1,,,1 ]
}

@test "no row to evaluate is an error that counts what was read" {
	fails 1 ce-eval <<<is_completion,completion_probability
	[[ $stderr == "ce-eval: stdin: no rows to evaluate: of 0 rows read, 0 have no label" ]]
	printf '%s\n' is_completion,completion_probability,split 1,0.5,train ,0.5,test >none.csv
	fails 1 ce-eval -o out.csv.gz --curves curves.csv.gz none.csv
	[[ $stderr == "ce-eval: none.csv: no rows to evaluate: of 2 rows read, 1 are not of split 'test', 1 have no label" ]]
	[ ! -e out.csv.gz ]
	[ ! -e curves.csv.gz ]
}

@test "a bad label or score is named with its line" {
	bad() {
		printf '%s\n' is_completion,completion_probability 1,0.5 "$1" >bad.csv
		fails 1 ce-eval bad.csv
		[[ $stderr == "ce-eval: bad.csv:3: column $2"* ]] || { echo "$1: $stderr"; return 1; }
	}
	bad 2,0.5 "is_completion: expected 0 or 1 (or false, true), found '2'"
	bad 0.5,0.5 "is_completion: expected 0 or 1 (or false, true), found '0.5'"
	bad yes,0.5 "is_completion: expected 0 or 1 (or false, true), found 'yes'"
	bad 1, "completion_probability: empty"
	bad '1,""' "completion_probability: empty"
	for score in 1.0000001 -0.1 nan inf 0x1 ' 0.5' 0.5x 1e999; do
		bad "1,$score" "completion_probability: invalid probability '$score'"
	done
	printf '%s\n' is_completion,completion_probability 1,1e0 0,-0 1,+.5 0,1e-400 | ce-eval | zcat |
		pick rows | is 4
}

@test "rows of one class are warned of; --strict writes nothing" {
	printf '%s\n' is_completion,completion_probability,seen 1,0.5,a 1,0.6,NA NA,0.7,a >ones.csv
	want='ce-eval: warning: the label (column is_completion) is 1 in all 2 rows: no ranking can be judged by them (--split, --label)'
	ce-eval -p --na NA --by seen -o out.csv ones.csv 2>stderr
	[[ $(<stderr) == "$want" && -s out.csv ]]
	rm out.csv
	fails 1 ce-eval --strict --na NA --curves curves.csv -o out.csv ones.csv
	[[ $stderr == "$want"$'\n'"ce-eval: a warning is an error with --strict" ]]
	[[ ! -e out.csv && ! -e curves.csv ]]
}

@test "bad options" {
	for option in --threshold=2 --threshold=best --bins=0 --bins=1000001 --by=a,,b --by=device,device --nope=x; do
		fails 2 ce-eval "$option" <(six_rows)
	done
}

@test "neither output stands there before both are whole" {
	six_rows >in.csv
	mkdir taken
	fails 1 ce-eval --curves taken -o out.csv.gz in.csv
	[ ! -e out.csv.gz ]
	fails 1 ce-eval --curves curves.csv.gz -o /dev/full in.csv
	[ ! -e curves.csv.gz ]
	fails 1 ce-eval --curves /dev/full -o out.csv.gz in.csv
	[ ! -e out.csv.gz ]
	ce-eval --curves curves.csv.gz -o out.csv.gz in.csv
	gzip -t curves.csv.gz out.csv.gz
}

@test "the text shows the metrics of the CSV" {
	scored 6 2000 >scored.csv
	ce-eval --by device scored.csv | zcat >out
	ce-eval -p --by device scored.csv >table
	figure() { printf '%.4f' "$(pick "$1" "${2:-1}" <out)"; }
	grep -qE "^rows +$(pick rows <out)  of split test$" table
	grep -qE "^AUC-ROC +$(figure auc_roc)  \[$(figure auc_roc_low), $(figure auc_roc_high)\] 95 %, DeLong$" table
	for line in "base rate:base_rate" "average precision:average_precision" "log loss:log_loss" \
		"Brier score:brier" accuracy:accuracy; do
		grep -qE "^${line%:*} +$(figure "${line#*:}")$" table
	done
	grep -qE "^threshold +0.5$" table
	ce-eval -p --threshold best-f1 scored.csv >best
	grep -qE "^threshold +$(ce-eval --threshold best-f1 scored.csv | zcat | pick threshold)  largest F1" best
	grep -qE "^0 +$(figure precision_0) +$(figure recall_0) +$(figure f1_0) +$(pick support_0 <out)$" table
	grep -qE "^1 +$(figure precision_1) +$(figure recall_1) +$(figure f1_1) +$(pick support_1 <out)$" table
	grep -qE "^label 0 +$(pick tn <out) +$(pick fp <out)$" table
	grep -qE "^label 1 +$(pick fn <out) +$(pick tp <out)$" table
	line="^phone +$(pick rows 5 <out) +$(figure base_rate 5) +$(figure auc_roc 5) \[$(figure auc_roc_low 5), $(figure auc_roc_high 5)\]"
	for metric in average_precision log_loss brier expected_calibration_error accuracy f1_1; do
		line+=".* $(figure $metric 5)"
	done
	grep -qE "$line$" table
	[ "$(sed -n '/^device/,$p' table | cut -d' ' -f1 | tr '\n' ' ')" = 'device (empty) "" Niños phone tv ' ]
}

@test "segment names are aligned by characters and cannot drive a terminal" {
	long=$(printf 'é%.0s' {1..60})
	{
		echo is_completion,completion_probability,g
		printf '1,0.5,%s\n0,0.25,%s\n' a a 日本 日本 "$long" "$long"
		printf '1,0.5,\033[31m\n1,0.5,\302\233x\n1,0.5,\377\355\240\200\n1,0.5,"two\nlines"\n'
	} >in.csv
	ce-eval -p --by g in.csv >table
	fails 1 grep -P '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' table
	iconv -f UTF-8 -t UTF-8 table >/dev/null
	sed -n '/^g /,$p' table >segments
	[ "$(wc -l <segments)" -eq 8 ]
	(
		LC_ALL=C.UTF-8
		while IFS= read -r line; do
			echo ${#line}
		done <segments
	) | sort -u >widths
	[ "$(wc -l <widths)" -eq 1 ]
	grep -q '^?\[31m ' segments
	grep -q '^two?lines ' segments
	grep -q '^?x ' segments
	grep -q '^???? ' segments
	grep -q 'é… ' segments
}

@test "periods are the segments of a column that says them" {
	python3 - >rows.csv <<-'END'
		import datetime, random
		random.seed(5)
		print("event_ts,iso,is_completion,completion_probability,of_day,of_week")
		zone = datetime.timezone.utc
		# Around every new year of a century, when weeks and years part, and both ends.
		days = [datetime.datetime(1970 + y, 1, 1, tzinfo=zone) + datetime.timedelta(days=d)
		        for y in range(1, 100) for d in range(-4, 5)]
		days += [datetime.datetime(1970, 1, 1, tzinfo=zone), datetime.datetime(9999, 12, 31, tzinfo=zone)]
		random.shuffle(days)
		for day in days:
		    for at in {0, 86399999, random.randrange(86400000)}:
		        ms = (day - datetime.datetime(1970, 1, 1, tzinfo=zone)) // datetime.timedelta(milliseconds=1) + at
		        year, week, _ = day.isocalendar()
		        seconds, rest = divmod(at, 1000)
		        iso = f"{day:%Y-%m-%d}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}Z"
		        p = random.random()
		        print(f"{ms},{iso},{int(random.random() < p)},{p},{day:%Y-%m-%d},{year:04}-W{week:02}")
		print(",,1,0.5,,")
	END
	for period in day week; do
		ce-eval -p -o want --by "of_$period" rows.csv
		for time in event_ts iso; do
			ce-eval -p -o got --by-time "$period" --time "$time" rows.csv
			# But for the width of the column, which its name decides.
			diff <(sed '1,/AUC-ROC \[/d; s/  */ /' want) <(sed '1,/AUC-ROC \[/d; s/  */ /' got)
		done
		ce-eval --by is_completion --by-time "$period" rows.csv | zcat | cut -d , -f 1 | uniq | is "segment_column

is_completion
$period"
	done
	[[ $(wc -l <want) -gt 150 ]]
}

@test "times that are none, and periods that are a column, are refused" {
	printf '%s\n' event_ts,day,is_completion,completion_probability 5,1,1,0.5 x,1,0,0.5 >rows.csv
	fails 1 ce-eval --by-time day rows.csv
	[[ $stderr == "ce-eval: rows.csv:3: column event_ts: invalid time 'x': expected milliseconds since 1970 or ISO 8601" ]]
	for time in -1 253402300800000 1969-12-31T23:59:59Z 1e3; do
		fails 1 ce-eval --by-time week <<<$'event_ts,is_completion,completion_probability\n'"$time,1,0.5"
	done
	fails 1 ce-eval --by-time day --time start rows.csv
	[[ $stderr == "ce-eval: rows.csv:1: missing column start"* ]]
	fails 2 ce-eval --by-time day --by day rows.csv
	fails 2 ce-eval --by-time month rows.csv
	fails 2 ce-eval --time event_ts rows.csv
}

# --- gates ----------------------------------------------------------------------------------------

# refused GATE OPTION ...: the gate fails, and no other one does; no output has its name.
refused() {
	fails 1 ce-eval -o refused.csv --curves refused.curves --fail-if "$1" "${@:2}" || return
	[[ $stderr == "ce-eval: --fail-if $1: "* && $(wc -l <stderr) == 1 ]] || { echo "$1: $stderr"; return 1; }
	[ -z "$(find . -name '*refused*')" ]
}

@test "--fail-if: a gate on each column of the table of metrics, at its value and next to it" {
	scored 3 600 >rows.csv
	ce-eval -o metrics.csv rows.csv
	for column in $(head -n 1 metrics.csv | tr ',' ' '); do
		value=$(pick "$column" <metrics.csv)
		case $column in segment*) continue ;; esac
		[ -n "$value" ]
		refused "$column<=$value" rows.csv
		refused "$column >= $value" rows.csv
		ce-eval --fail-if "$column<$value" --fail-if "$column > $value" -o passed.csv rows.csv
		cmp passed.csv metrics.csv
	done
	auc=$(pick auc_roc <metrics.csv) ece=$(pick expected_calibration_error <metrics.csv)
	refused "auc<=$auc" rows.csv
	refused "calibration_error>=$ece" rows.csv
	ce-eval --fail-if "auc<$auc" --fail-if "calibration_error>$ece" -o /dev/null rows.csv
}

@test "--fail-if: a gate on each column of the table of intervals, by its method" {
	scored 4 600 | awk -F, -v OFS=, 'NR == 1 { print $0, "other", "user_id" } NR > 1 { print $0, (NR * 7 % 11) / 11, NR % 40 }' >rows.csv
	ce-eval --against other --resamples 30 --intervals intervals.csv -o metrics.csv rows.csv
	local n=0 gates=()
	# shellcheck disable=SC2034 # read by their names
	while IFS=, read -r metric method value low high against against_low against_high difference difference_low difference_high p_value _; do
		[ "$value" != value ] || continue
		for column in low high against against_low against_high difference difference_low difference_high p_value; do
			[ -n "${!column}" ]
			refused "${metric}_${method}_$column>=${!column}" --against other --resamples 30 rows.csv
			gates+=(--fail-if "${metric}_${method}_$column > ${!column}" --fail-if "${metric}_${method}_$column<${!column}")
			# Without its method it is DeLong's of the AUC, the bootstrap's of all others.
			if [[ $metric != auc_roc || $method == delong ]]; then
				gates+=(--fail-if "${metric}_$column>${!column}" --fail-if "${metric}_$column<${!column}")
			fi
			n=$((n + 1))
		done
	done <intervals.csv
	((n == 54))
	ce-eval --against other --resamples 30 "${gates[@]}" -o passed.csv rows.csv
	cmp passed.csv metrics.csv
	# Another method than that of the rows is asked for.
	fails 2 ce-eval --fail-if 'log_loss_rows_low<0' rows.csv
	[[ $stderr == 'ce-eval: --fail-if log_loss_rows_low<0: the intervals are by resampled users, not rows'* ]]
	ce-eval --seed 3 --fail-if 'log_loss_low<0' -o /dev/null rows.csv
	fails 2 ce-eval --fail-if 'auc_difference_high<0' rows.csv
	[[ $stderr == 'ce-eval: --fail-if auc_difference_high<0: requires --against or --against-file'* ]]
}

@test "--fail-if: all gates are judged and each that fails is named, before any output is finished" {
	six_rows >rows.csv
	fails 1 ce-eval --fail-if 'auc<0.95' --fail-if 'rows<6' --fail-if 'brier > 0.1' --curves curves -o out rows.csv
	[ "$stderr" = "ce-eval: --fail-if auc<0.95: auc is 0.8889 (6 rows)
ce-eval: --fail-if brier > 0.1: brier is 0.15 (6 rows)" ]
	[ ! -e out ]
	[ ! -e curves ]
	# Nor does a stream look like a whole one, or the report appear.
	fails 1 ce-eval --fail-if 'auc<0.95' --html page rows.csv
	[ ! -e page ]
	! gzip -t stdout 2>/dev/null || return 1
	fails 1 ce-eval -p --fail-if 'auc<0.95' rows.csv
	# 12,000 rows, and an AUC that there is none of.
	{ six_rows; for _ in {1..1999}; do six_rows | tail -n +2; done; } >many.csv
	fails 1 ce-eval --fail-if 'auc<0.95' many.csv
	[[ $stderr == *'auc is 0.8889 (12,000 rows)' ]]
	grep -v ',0$' rows.csv >ones.csv
	fails 1 ce-eval --fail-if 'auc<0.1' --fail-if 'auc_low>2' --fail-if 'precision_1<0.1' ones.csv
	[[ $stderr == *'--fail-if auc<0.1: auc is undefined (3 rows)'*'--fail-if auc_low>2: auc_low is undefined (3 rows)' ]]
	for bad in 'auc' 'auc<' '<1' 'auc<x' 'auc<nan' ''; do
		fails 2 ce-eval --fail-if "$bad" rows.csv
		[[ $stderr == "ce-eval: --fail-if: expected NAME OP NUMBER, OP one of < <= > >=, such as 'auc<0.75', found '$bad'"* ]]
	done
	fails 2 ce-eval --fail-if 'log_los>1' rows.csv
	[[ $stderr == "ce-eval: --fail-if: unknown metric 'log_los': did you mean log_loss?"* ]]
}

# --- JSON -----------------------------------------------------------------------------------------

@test "--json: one object, whose figures are those of the tables" {
	{
		scored 5 400 | awk -F, -v OFS=, 'NR == 1 { print $0, "other", "user_id", "odd" } NR > 1 { print $0, (NR * 7 % 11) / 11, NR % 40, "w" NR % 3 }'
	} >plain.csv
	# Whatever bytes a segment has.
	python3 - <<-'END'
		odd = {b"w0": b'"a\\b""\t\r\x01\x7f"', b"w1": b"\xff\xc3\x28Ni\xc3\xb1os", b"w2": b"\xf0\x9f\x8e\xac\xe2\x80\xae\xed\xa0\x80"}
		with open("rows.csv", "wb") as out:
		    for line in open("plain.csv", "rb"):
		        head, _, last = line.rstrip(b"\n").rpartition(b",")
		        out.write(head + b"," + odd.get(last, last) + b"\n")
	END
	local options=(--against other --resamples 30 --by 'device,odd' --by-time day --time day)
	awk -F, -v OFS=, 'NR == 1 { print "day", $0 } NR > 1 { print sprintf("%.0f", 1700000000000 + NR * 1000000), $0 }' rows.csv >timed.csv
	ce-eval "${options[@]}" --intervals intervals.csv -o metrics.csv timed.csv
	ce-eval "${options[@]}" --json -9 -o out.json timed.csv
	ce-eval "${options[@]}" --json timed.csv | cmp - out.json
	ce-eval "${options[@]}" --json --intervals again.csv -p timed.csv | cmp - out.json
	cmp again.csv intervals.csv
	python3 - <<-'END'
		import csv, json
		text = open("out.json", "rb").read()
		assert text.endswith(b"}\n") and text.count(b"\n") == 1
		said = json.loads(text.decode("utf-8"))
		assert list(said) == ["label", "score", "split", "against", "against_file", "skipped", "metrics", "segments", "intervals"]
		assert (said["label"], said["score"], said["split"]) == ("is_completion", "completion_probability", "test")
		assert said["against"] == "other" and said["against_file"] is None
		def decoded(name):
		    with open(name, encoding="utf-8", errors="surrogateescape", newline="") as f:
		        return list(csv.DictReader(f))
		def same(got, want):
		    assert list(got) == list(want), (got, want)
		    for key, text in want.items():
		        if key in ("segment_column", "segment", "metric", "method"):
		            continue
		        assert got[key] is None if text == "" else got[key] == float(text), (key, got[key], text)
		whole, *segments = decoded("metrics.csv")
		del whole["segment"], whole["segment_column"]
		same(said["metrics"], whole)
		assert len(segments) == len(said["segments"]) > 8
		for got, want in zip(said["segments"], segments):
		    same(got, want)
		    name = want["segment"].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
		    assert got["segment_column"] == want["segment_column"] and (got["segment"] or "") == name, (got, want)
		# NULL is null, and "" a string.
		empty = [s["segment"] for s in said["segments"] if s["segment_column"] == "device"][:2]
		assert empty == [None, ""], empty
		intervals = decoded("intervals.csv")
		assert len(said["intervals"]) == len(intervals) == 6
		for got, want in zip(said["intervals"], intervals):
		    same(got, want)
		    assert (got["metric"], got["method"]) == (want["metric"], want["method"])
		n = sum(1 for line in open("plain.csv")) - 1
		assert n == said["metrics"]["rows"] + sum(said["skipped"].values()), said["skipped"]
		# Nothing drives a terminal.
		assert all(b >= 0x20 and b != 0x7f for b in text[:-1]) and b"\xe2\x80\xae" not in text
	END
	# Without a second score there are no intervals; what is undefined is null.
	six_rows | grep -v ',0$' | ce-eval --json >out.json
	python3 -c '
import json
said = json.load(open("out.json"))
assert said["split"] is None and said["segments"] == said["intervals"] == [] and said["metrics"]["auc_roc"] is None and said["metrics"]["rows"] == 3'
	fails 1 ce-eval --json --fail-if 'auc<2' -o no.json plain.csv
	[ ! -e no.json ]
}
