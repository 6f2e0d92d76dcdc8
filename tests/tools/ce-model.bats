#!/usr/bin/env bats
# ce-model: what a model says, for people; and as SQL, which a server must answer as ce-predict does.

# shellcheck disable=SC2154 # fails leaves $stderr
load ../common
load ../postgres

# agree MODEL TABLE FILE N: the N rows of TABLE, which are those of FILE, get the same from the
# expression as from ce-predict.
agree() {
	local said
	ce-model --sql "$1" >expression.sql
	ce-predict -p -m "$1" "$3" >scored.csv
	sql 'DROP TABLE IF EXISTS scored'
	ce-import --analyze scored scored.csv
	said=$({
		echo 'WITH said AS (SELECT event_id::text, '
		cat expression.sql
		echo " AS p FROM $2)
			SELECT count(*), count(p), count(*) FILTER (WHERE abs(p - completion_probability::float8) > 1e-9)
			FROM said FULL JOIN scored USING (event_id)"
	} | sql)
	[ "$said" = "$4|$4|0" ] || { echo "$1: rows, answers, differences: $said, not $4|$4|0"; return 1; }
}

# --- SQL ------------------------------------------------------------------------------------------

@test "--sql: every row of a feature table, by every kind of model and calibration" {
	given </dev/null
	ce-synth --users 60 --contents 30 --days 20 --sessions 700 -o data
	ce-clean data/events_table.csv.gz 2>/dev/null |
		ce-join --drop email -k user_id data/users_dim.csv.gz -k content_id data/content_dim.csv.gz 2>/dev/null |
		ce-sessionize | ce-agg | ce-features -p >features.csv
	ce-import completion_prediction_features features.csv
	rows=$(($(wc -l <features.csv) - 1))
	((rows > 1000))
	for kind in logistic 'gbdt --trees 40' 'logistic --bins 6 --interactions event_type:device,device:session_elapsed' \
		'logistic --interactions event_type:session_elapsed,playback_position_ratio:user_completion_rate' \
		'blend --trees 20' 'blend --trees 20 --bins 6 --interactions event_type:device,device:session_elapsed'; do
		for calibration in none platt isotonic; do
			# shellcheck disable=SC2086
			ce-train --model $kind --calibrate $calibration -o model features.csv
			agree model completion_prediction_features features.csv "$rows"
			# Not the same probability for all of them.
			[ "$(sql "SELECT count(DISTINCT completion_probability) > 20 FROM scored")" = t ]
		done
	done
}

# A table of names, levels and numbers that nobody would choose; NULL and "" are gaps.
hostile_table() {
	python3 - <<-'END'
		import csv, random
		random.seed(5)
		levels = ["", "tv", "TV", " tv ", "it's", 'a "b", c', "back\\slash", "\\n", "line\nbreak", "cr\r\nlf", "Niños", "東京",
		    "NULL", "$1", "%s", "t\tab", "\x01", "--", "'; SELECT 1; --", "e'\\'"]
		names = ["event_id", "event_ts", 'odd "name", 1', "Größe", "it's\\", "line\nbreak", "score", "ce_text", "select", "plain",
		    "tiny", "huge", "flag", "is_completion"]
		odd = ["1e-400", "-1e-400", "5e-324", "-5e-324", "1e308", "-1.7e308", ".5", "5.", "+5", "1E5", "-0", "0.1", "1e-5", "00012",
		    "123456789012345678901234567890", "0." + "0" * 330 + "1", "9007199254740993", " .5", "+5\t", "\n-2 "]
		out = csv.writer(open("hostile.csv", "w", newline=""), lineterminator="\n")
		out.writerow(names)
		for i in range(1200):
		    label = random.random() < 0.4
		    number = lambda share: random.choice(odd) if random.random() < share else "%.6f" % random.gauss(label, 1)
		    out.writerow(["e%d" % i, i, random.choice(levels), random.choice(levels[:8]) if random.random() < .9 else "v%d" % i,
		        random.choice(levels), number(0), random.choice(["", number(.1)]), number(.02), random.choice(levels),
		        number(.02), "%.17g" % (random.random() * 1e-308), "%.17g" % (random.choice([1, -1]) * random.random() * 1.7e308),
		        random.choice("tf"), int(label)])
	END
	# An empty field that stands in quotes is the empty string; the others are NULL.
	sed -i '2,600s/,,/,"",/g' hostile.csv
}

@test "--sql: odd names, levels and numbers, in columns of text and of other types" {
	given </dev/null
	hostile_table
	ce-import --analyze hostile hostile.csv
	sql "CREATE TABLE typed (LIKE hostile); ALTER TABLE typed ALTER event_ts TYPE int USING NULL,
		ALTER plain TYPE numeric USING NULL, ALTER \"line
break\" TYPE real USING NULL, ALTER huge TYPE float8 USING NULL, ALTER flag TYPE boolean USING NULL, ALTER \"select\" TYPE char(30)"
	ce-import --append typed hostile.csv
	# What the server makes of the bytes (blanks to fill a char) is what a model is given then.
	ce-export typed >typed.csv.gz
	sql "SELECT count(*) FROM hostile WHERE \"ce_text\"::numeric <> 0 AND abs(\"ce_text\"::numeric) < 1e-330" >tiny
	(($(<tiny) > 0))
	for kind in logistic 'logistic --l2 0.001' 'logistic --bins 5 --interactions plain:huge,flag:select,flag:plain' \
		'logistic --interactions plain:huge,plain:tiny,flag:select,flag:plain,select:huge' 'gbdt --trees 30 --min-weight 0' \
		'logistic --na tv,NULL,0.1' 'gbdt --trees 30 --na tv,NULL,0.1' \
		'blend --trees 20 --min-weight 0 --na tv,NULL,0.1 --interactions plain:huge,plain:tiny,flag:select'; do
		for calibration in none platt isotonic; do
			# shellcheck disable=SC2086
			ce-train --model $kind --calibrate $calibration -o model hostile.csv
			agree model hostile hostile.csv 1200
			# shellcheck disable=SC2086
			ce-train --model $kind --calibrate $calibration -o model typed.csv.gz
			agree model typed typed.csv.gz 1200
		done
	done
	# A server that takes backslashes for escapes says the same.
	export PGOPTIONS="$PGOPTIONS -c standard_conforming_strings=off -c escape_string_warning=off"
	agree model typed typed.csv.gz 1200
}

# head_of KIND: the lines of a model up to its figures.
head_of() {
	printf '%s\n' 'ce-model 3' "kind $1" 'label "y"' 'time -' 'known -' 'cut -' 'train 100 50' 'test 0 0' 'purged 0 0' \
		'unlabelled 0' 'class_weight none' 'resample none' 'seed 1' 'validation 0' 'learnt 100' 'bins 0'
	if [[ $1 == gbdt ]]; then
		printf '%s\n' 'rate 0.1' 'max_trees 10000' 'depth 32' 'leaves 4096' 'l2 1' 'min_weight 1' 'rows 1' 'columns 1' \
			'patience 1' 'tried 10000' 'train_loss 0.5' 'validation_loss -'
	else
		printf '%s\n' 'l2 1' 'tolerance 1e-10' 'iterations 5' 'gradient 0' 'objective 1'
	fi
}

@test "--sql: decisions are those of doubles" {
	given </dev/null
	python3 - >at.csv <<-'END'
		print("event_id,x,device")
		near = ["0.1", "0.10000000000000001", "0.1000000000000000055511151231257827", "0.10000000000000002", "0.09999999999999999",
		    "0.100000000000000012", "1e-1", "", "-0", "0", "9007199254740993", "9007199254740992", "9007199254740994", "1e-400", "5e-324"]
		for i, x in enumerate(near): print(f"e{i},{x},{['tv', 'TV', '', 'x'][i % 4]}")
	END
	ce-import text_at at.csv
	sql "CREATE TABLE numeric_at (event_id text, x numeric, device text)"
	ce-import --append numeric_at at.csv
	for threshold in 0.1 0 -0 5e-324 9007199254740992 0.10000000000000002; do
		for side in left right; do
			{
				head_of gbdt
				printf '%s\n' 'number "x" 0 1' 'missing 3' 'category "device"' 'level "tv" 9' $'level "\xff" 9' \
					'level "a\x00" 9' 'level "" 9' 'other 9' 'base 0.25' 'trees 4' \
					tree "below \"x\" $threshold $side 1 9" 'leaf -1 9' 'leaf 1 9' \
					tree 'among "device" 2 0 1 1 9' 'leaf -0.5 9' 'leaf 0.5 9' \
					tree 'among "device" 2 1 2 1 9' 'leaf -3 9' 'leaf 3 9' \
					tree 'among "device" 3 0 3 4 1 9' 'leaf -0.125 9' 'leaf 0.125 9' 'calibration none'
			} | seal_model >model
			agree model text_at at.csv 15
			agree model numeric_at at.csv 15
		done
	done
}

@test "--sql: as many trees, levels and knots, and trees as deep, as a file may hold" {
	given </dev/null
	python3 - <<-'END'
		import random
		random.seed(3)
		with open("many.csv", "w") as f:
		    print("event_id,a,b,c", file=f)
		    for i in range(100):
		        print(f"e{i},{random.random()},{random.choice(['', random.random()])},l{random.randrange(110)}", file=f)
		def split():
		    if random.random() < .2:
		        some = sorted(random.sample(range(101), 30))
		        return f'among "c" 30 {" ".join(map(str, some))} 1 9'
		    return f'below "{random.choice("ab")}" {random.random()} {random.choice(["left", "right"])} 1 9'
		def full(depth):
		    return [split()] + full(depth - 1) + full(depth - 1) if depth else [f"leaf {random.gauss(0, .1)} 9"]
		def chain(depth, right):
		    if not depth: return full(0)
		    a, b = full(0), chain(depth - 1, right)
		    return [split()] + (a + b if right else b + a)
		columns = ['number "a" 0 1', 'number "b" 0 1', 'missing 9', 'category "c"'] + [f'level "l{i}" 9' for i in range(100)] + ["other 9"]
		def model(name, trees, calibration=["calibration none"]):
		    lines = columns + ["base 0.1", f"trees {len(trees)}"] + [x for t in trees for x in ["tree"] + t] + calibration
		    open(name, "w").write("".join(l + "\n" for l in lines))
		model("full", [full(6) for _ in range(500)])
		model("deep", [chain(32, i % 2) for i in range(60)])
		model("stumps", [full(1) for _ in range(6000)])
		knots = sorted(random.gauss(0, 1) for _ in range(4000))
		model("knots", [full(3)], ["calibration isotonic 4000"] + [f"knot {s} {(i // 2 * 2 + .5) / 4000}" for i, s in enumerate(knots)])
		model("one", [full(3)], ["calibration isotonic 1", "knot 0 0.25"])
	END
	ce-import many many.csv
	sql "ALTER DATABASE postgres SET max_stack_depth = '100kB'" # 2 MB is usual
	for name in full deep stumps knots one; do
		{ head_of gbdt && cat $name; } | seal_model >model
		agree model many many.csv 100
	done
	sql "ALTER DATABASE postgres RESET max_stack_depth"
}

@test "--sql: figures at the ends of what doubles hold" {
	given </dev/null
	python3 - >ends.csv <<-'END'
		print("event_id,x")
		ends = ["", 0, 1, -1, 0.3, 1e-300, -1e-300, 1e-320, 5e-324, "1e-400", 1e30, 1e31, -1e31, 1e200, 1.7e308, -1.7e308, 1e275, 1e100]
		for i, x in enumerate(ends): print(f"e{i},{x}")
	END
	ce-import ends ends.csv
	head_of logistic >lines
	python3 - <<-'END'
		import zlib
		head = open("lines").read()
		calibrations = ["none", "platt 1e-310 0.5", "platt 1e5 -1", "platt 1e100 -1", "platt -1e-20 1e100", "platt 0 0",
		    "isotonic 2\nknot -1 0.1\nknot 1 0.9", "isotonic 2\nknot 0 0\nknot 1e308 1",
		    "isotonic 4\nknot -1.7e308 1e-320\nknot -1e-9 2e-320\nknot 5e-324 0.5\nknot 1.7e308 1"]
		# Some are clipped, at ends as far.
		clips = ["", "clip -1 1e31\n", "clip 0 1e-300\n", "clip -1.7e308 1.7e308\n", "clip 0.3 0.3\n"]
		numbers = ["0 1", "0 1e-310", "0 5e-324", "0 1e308", "1.7e308 1e276", "-1.7e308 1e277", "-1.7e308 1.7e308", "1e300 1e-5",
		    "0.3 1e280", "1e-310 1e-310", "1e-300 1e100", "1.7e308 1e270", "0 1e250"]
		n = 0
		for number in numbers:
		    for coefficient in ["1", "-0.1", "1e-310", "1e-250", "-1e10", "-1e-30", "1e100"]:
		        for i in 0, 4, 7: # all pairs, by and by
		            calibration = calibrations[(n + i) % 9]
		            text = (head + "intercept 1e-310 -\n" f'number "x" {number} {coefficient} -\n' f"{clips[n % 5]}missing 1 -1e-320 -\n"
		                f"calibration {calibration}\n")
		            # With such factors shows what is less than 1e-30 of a step, and is taken as 0.
		            wild = "1e100" in (coefficient + calibration.split()[1] if " " in calibration else coefficient)
		            open(f"model.{n}{'.wild' if wild else ''}", "w").write(text + "crc32 %08x\n" % zlib.crc32(text.encode()))
		            n += 1
	END
	n=0
	for model in model.*; do
		echo "INSERT INTO said SELECT event_id || '.$model', $(ce-model --sql "$model") FROM ends;" >>inserts.sql
		ce-predict -p -m "$model" ends.csv | sed "1d; s/,.*,\([^,]*\),.,unlabelled.*/.$model,\1/" >>rows
		n=$((n + 1))
	done
	((n == 273))
	sed '1i row,p' rows >wanted.csv
	ce-import wanted wanted.csv
	sql 'CREATE TABLE said (row text, p float8)'
	sql <inserts.sql
	[ "$(sql "SELECT count(*), count(said.p), count(*) FILTER (WHERE abs(said.p - wanted.p::float8) > 1e-9 AND row NOT LIKE '%wild')
		FROM said FULL JOIN wanted USING (row)")" = "$((n * 18))|$((n * 18))|0" ] || {
		sql "SELECT row, said.p, wanted.p FROM said FULL JOIN wanted USING (row)
			WHERE (abs(said.p - wanted.p::float8) > 1e-9) IS NOT false AND row NOT LIKE '%wild' LIMIT 20"
		false
	}
}

@test "--sql: a blend whose scores are small, or cancel out, of a column that is named as its sum" {
	given </dev/null
	printf '%s\n' event_id,sum e0, e1,0 e2,1 e3,-1 e4,5e-324 e5,1e300 >sums.csv
	ce-import sums sums.csv
	for intercept in 0 5e-324 -1e-310 0.25 1e100; do
		for leaf in 0 5e-324 1e-310 -0.25 -1e100; do
			{
				head_of logistic | sed 's/kind logistic/kind blend/'
				printf '%s\n' "intercept $intercept -" 'number "sum" 0 1 1e-310 -'
				head_of gbdt | sed '1,/^bins/d'
				printf '%s\n' 'base 0' 'trees 1' tree 'below "sum" 0 right 1 9' "leaf $leaf 9" 'leaf 0.5 9' 'calibration platt -1 0.5'
			} | seal_model >model
			agree model sums sums.csv 6
		done
	done
}

@test "--sql: a model of no columns, and names that no column of a database has" {
	given <<<'CREATE TABLE one AS SELECT 1 AS event_id'
	{ head_of logistic && printf '%s\n' 'intercept -1 -' 'constant "c"' 'calibration none'; } | seal_model >model
	printf '%s\n' event_id 1 >one.csv
	agree model one one.csv 1
	{ head_of gbdt && printf '%s\n' 'number "x" 0 1' 'base -1' 'trees 0' 'calibration none'; } | seal_model >model
	printf '%s\n' event_id,x 1,2 >one.csv
	agree model one one.csv 1 # and that column is not asked for
	refused() {
		{ head_of logistic && printf '%s\n' 'intercept -1 -' "number \"$1\" 0 1 1 1" 'calibration none'; } | seal_model >model
		fails 1 ce-model --sql -o out.sql model
		[ "$stderr" = "ce-model: column '$2': PostgreSQL has no such column: the name $3" ] || { echo "$stderr"; return 1; }
		[ ! -e out.sql ]
		ce-model model >view
	}
	refused '' '' 'is empty'
	refused $'a\xff' 'a?' 'is not UTF-8'
	long=$(printf 'x%.0s' {1..64})
	refused "$long" "$long" 'is longer than 63 bytes'
}

# --- for people -----------------------------------------------------------------------------------

@test "a logistic regression: its coefficients, the columns that tell most first" {
	{
		printf '%s\n' 'ce-model 4' 'kind logistic' 'label "y"' 'time "event_ts"' 'known "k"' 'horizon 5400000' 'end 1706659200000' \
			'cut 1706190651825' 'train 1000 250' 'test 200 20' 'purged 10 1' 'immature 8 6' 'unlabelled 3' 'class_weight balanced' 'resample over' 'seed 7' \
			'validation 200000' 'learnt 800' 'bins 0' 'na "NA,\\N"' 'l2 0.5 auto' 'tolerance 1e-10' 'iterations 5' 'gradient 0' 'objective 123' 'intercept -1.5 0.25' \
			'number "rate" 0.25 0.125 0.1 0.05' 'clip -0.5 12345.5' 'missing 100 -0.5 -' 'constant "flat"' \
			'category "device"' 'level "tv" 600 1 0.5' 'level "" 250 -1 0.125' 'level "\x1b[31mred\n" 100 0 0.1' \
			$'level "Niños" 50 2e-05 1' 'other 0 0 -' \
			'number "session_elapsed" 1285840.5 1815580 -0.6931471805599453 0.01' 'calibration platt 1.25 -0.5'
	} | seal_model >model
	ce-model model >got
	echo "model_id      $(sed '$d' model | sha256sum | cut -c -16)" >want
	cat >>want <<-'END'
		predicts      y
		horizon       1h30m, by which labels are known; rows end at event_ts 2024-01-31T00:00:00.000Z
		train         1000 rows, 250 positive (25.0 %), older than that at event_ts 2024-01-25T13:50:51.825Z
		test          200 rows, 20 positive (10.0 %), at or after it
		purged        10 rows, 1 positive (10.0 %), before it, but younger, or the label was not known by then
		immature      8 rows, 6 positive (75.0 %), after it, but not older than the horizon at the end
		unlabelled    3 rows
		trained on    800 rows; validation rows: the newest 20 %
		model         logistic regression, l2 0.5 (by cross-validation), converged after 5 iterations
		class weights balanced: both classes have the same total weight
		resampled     the rarer class is oversampled (seed 7)
		calibrated    by Platt scaling: 1.25 times the score -0.5
		read as empty NA, \N
		constant      flat

		                coefficient  std. error        z  odds ratio
		(intercept)         -1.5000      0.2500    -6.00      0.2231
		device
		  tv                 1.0000      0.5000     2.00      2.7183  600 rows
		  (empty)           -1.0000      0.1250    -8.00      0.3679  250 rows
		  ?[31mred?          0.0000      0.1000     0.00      1.0000  100 rows
		  Niños               2e-05      1.0000     0.00      1.0000  50 rows
		session_elapsed     -0.6931      0.0100   -69.31      0.5000  per sd of 1815580, mean 1285840
		rate                 0.1000      0.0500     2.00      1.1052  per sd of 0.125, mean 0.25, clipped to -0.5 .. 12346
		  (empty)           -0.5000           -        -      0.6065  100 rows
	END
	same want got
	# The same from standard input, into a file; --trees has none to show.
	ce-model --trees -o file - <model
	same want file
}

@test "boosted trees: their columns by gain, and with --trees each of them" {
	{
		printf '%s\n' 'ce-model 3' 'kind gbdt' 'label "y"' 'time "day"' 'known -' 'cut 1706190651825' 'train 1000 250' \
			'test 0 0' 'purged 0 0' 'unlabelled 0' 'class_weight 2.5' 'resample under' 'seed 7' \
			'validation 100000' 'learnt 890' 'bins 64' 'rate 0.1' 'max_trees 50' 'depth 6' 'leaves 64' 'l2 1' 'min_weight 2' 'rows 0.5' 'columns 0.75' \
			'patience 10' 'tried 12' 'train_loss 0.5' 'validation_loss 0.625' \
			'number "x" 0 1' 'missing 3' 'category "genre"' 'level "News, Talk" 500' 'level "Drama" 300' 'level "" 50' \
			$'level "Komödie" 40' 'other 9' 'constant "flat"' 'number "z" 0 1' 'base -1.0986' 'trees 2' \
			tree 'among "genre" 4 0 1 2 3 75 1000' 'below "x" 0.30000000000000004 left 20 990' 'leaf -0.125 400' \
			'leaf 0.0625 590' 'leaf 0.5 10' tree 'among "genre" 2 0 2 5 900' 'leaf 1 500' 'leaf -2 400' \
			'calibration isotonic 3' 'knot -2 0.01' 'knot 0.5 0.5' 'knot 3 0.98'
	} | seal_model >model
	ce-model model >got
	echo "model_id      $(sed '$d' model | sha256sum | cut -c -16)" >want
	cat >>want <<-'END'
		predicts      y
		train         1000 rows, 250 positive (25.0 %), before day 1706190651825
		test          0 rows, at or after it
		trained on    890 rows; validation rows: the newest 10 %
		model         2 gradient-boosted trees of 12 grown: depth 6, 64 leaves, rate 0.1, l2 1, min. weight 2,
		              each of a sample of 50 % of the rows and 75 % of the columns (seed 7)
		log loss      0.500000 on the rows trained on, 0.625000 on the validation rows
		class weights 2.5 for a positive row, 1 for a negative row
		resampled     the more frequent class is undersampled (seed 7)
		calibrated    by isotonic regression: 3 knots, scores -2 to 3, probabilities 0.01 to 0.98
		constant      flat

		                   gain    share   splits
		genre             80.00  80.00 %        2
		x                 20.00  20.00 %        1
		not used: z
	END
	same want got
	cat >>want <<-'END'

		score before the first tree: -1.0986

		tree 1
		  if genre not in (other)  (1000 rows, gain 75)
		    if x <= 0.30000000000000004 or empty  (990 rows, gain 20)
		      -0.125  (400 rows)
		    else
		      +0.0625  (590 rows)
		  else
		    +0.5  (10 rows)

		tree 2
		  if genre in "News, Talk", (empty)  (900 rows, gain 5)
		    +1  (500 rows)
		  else
		    -2  (400 rows)
	END
	ce-model --trees model >got
	same want got
}

@test "a blend: what both of its parts are, one after the other" {
	python3 "$CE_ROOT/tests/reference/train.py" make 900 23 >features.csv
	ce-train --validation 0 -o logistic features.csv
	for kind in gbdt blend; do ce-train --model $kind --validation 0 --trees 4 -o $kind features.csv; done
	for kind in logistic gbdt blend; do ce-model $kind | sed '/^model_id /d; /^options /d' >$kind.view; done
	{
		sed '/^model /,$d' logistic.view
		echo 'model         a blend: its score is the mean of those of two models'
		{
			sed -n '/^model /,/^constant /p' logistic.view | sed '/^$/,$d; /^constant /d'
			sed -n '/^model /,/^$/p' gbdt.view | sed '/^$/d'
		} | sed '/^constant /!s/^/  /' # so that their losses are not taken for the blend's
		sed -n '/^$/,$p' logistic.view
		sed -n '/^$/,$p' gbdt.view
	} >want
	same want blend.view
	same <(ce-model --trees blend | sed -n '/^score before/,$p') <(ce-model --trees gbdt | sed -n '/^score before/,$p')
}

@test "names that are long, or would drive a terminal" {
	long=$(printf 'ä%.0s' {1..60})
	{
		head_of logistic
		printf '%s\n' 'intercept 0 -' "number \"$long\" 0 1 1e-7 1e7" $'number "a\xff\xc2\x9bb\xe2\x80\xaec" -1e20 1e-9 123456789 1e300' \
			'calibration none'
	} | seal_model >model
	ce-model model | tail -n 3 >got
	short=$(printf 'ä%.0s' {1..47})
	cat >want <<-END
		(intercept)$(printf '%37s' '')      0.0000           -        -      1.0000
		a??b?c$(printf '%42s' '')    1.23e+08      1e+300     0.00         inf  per sd of 1e-09, mean -1e+20
		$short…       1e-07       1e+07     0.00      1.0000  per sd of 1, mean 0
	END
	same want got
}

@test "levels too long for a statement are refused, and trees show their beginnings" {
	python3 - >long.csv <<-'END'
		import random
		random.seed(1)
		print("c,d,is_completion")
		for i in range(2000):
		    level = i % 100
		    print(f"{level}{'x' * 40000},{random.randrange(30)},{int(random.random() < level * 37 % 100 / 100)}")
	END
	ce-train --model gbdt --holdout 0 --validation 0 --trees 50 -o model long.csv
	fails 1 ce-model --sql -o model.sql model
	[[ $stderr == "ce-model: the model takes more than 256 MiB of SQL, too much for one statement" ]]
	[[ ! -e model.sql ]]
	ce-model --trees model >trees
	grep -Eq '^  if c (not )?in [0-9]+x*…' trees
	[[ $(wc -c <trees) -lt 1000000 ]]
}

@test "a damaged model is refused with its line, and writes nothing" {
	{ head_of logistic && printf '%s\n' 'intercept 0 -' 'calibration none'; } | seal_model >model
	refused() {
		fails 1 ce-model -o out "$@"
		[[ $stderr == "ce-model: "$want ]] || { echo "$stderr"; return 1; }
		[ ! -e out ]
	}
	sed '7s/100/x/' model >bad
	want="bad:7: invalid integer" refused bad
	sed '/^l2/s/1/2/' model >bad
	want="bad:24: the checksum is wrong: the file was changed or damaged" refused --sql bad
	head -c 100 model >bad
	want="bad:*: the last line is cut short" refused bad
	: >bad
	want="bad: zero bytes*" refused bad
	want="stdin: zero bytes*" refused </dev/null
	want="nowhere: No such file or directory" refused nowhere
	echo event_id >bad
	want="bad:1: not a model written by ce-train" refused bad
	fails 2 ce-model model model
	[[ $stderr == "ce-model: expected one model, not 2"* ]]
	fails 2 ce-model --sql --trees model
	gzip -c model >model.gz
	same <(ce-model model) <(ce-model model.gz)
}

@test "the text view shows the pairs of levels of two columns as it shows the levels of a column that has them" {
	python3 "$CE_ROOT/tests/reference/products.py" make 3000 2 >products.csv
	ce-train --holdout 0 --l2 2 --ignore xy,xc_a,xc_b,xc_c,cd --interactions c:d,x:y -o pairs.model products.csv
	ce-train --holdout 0 --l2 2 --ignore xc_a,xc_b,xc_c -o column.model products.csv
	ce-model pairs.model >pairs.txt
	ce-model column.model >column.txt
	# LEVEL COEFFICIENT ERROR Z RATIO, sorted by level: " a : p " is "ap" there.
	sed -n '/^c : d/,/^[^ ]/s/^  \(.*\) : /  \1/p' pairs.txt | awk '{ print $1, $2, $3, $4, $5 }' | sort >got
	sed -n '/^cd/,/^[^ ]/s/^  //p' column.txt | awk '{ print $1, $2, $3, $4, $5 }' | sort >want
	[ "$(wc -l <got)" -eq 6 ]
	python3 - <<-'END'
		for got, want in zip(open("got"), open("want"), strict=True):
		    got, want = got.split(), want.split()
		    assert got[0] == want[0], (got, want)
		    assert all(abs(float(a) - float(b)) < 0.002 for a, b in zip(got[1:], want[1:])), (got, want)
	END
	# A product of two numbers is one line.
	[ "$(grep -c '^x : y  *-*[0-9]' pairs.txt)" -eq 1 ]
}

@test "--json: one object, whose figures are those of the file" {
	python3 "$CE_ROOT/tests/reference/train.py" make 900 23 >features.csv
	ce-train --seed 3 --class-weight 2.5 --calibrate isotonic -o logistic features.csv
	ce-train --bins 4 --interactions rate:elapsed --holdout 0 --na 'no "one"' -o bins features.csv
	ce-train --model gbdt --trees 5 --monotone elapsed:- --calibrate platt --class-weight balanced -o gbdt features.csv
	ce-train --model blend --trees 4 -o blend <features.csv
	for model in logistic bins gbdt blend; do
		ce-model --json $model >$model.json
		gzip -c $model | ce-model --json | cmp - $model.json
	done
	PYTHONPATH=$CE_ROOT/tests/reference python3 - <<-'END'
		import json, math, re, shlex
		import train
		for name in "logistic", "bins", "gbdt", "blend":
		    text = open(name + ".json", encoding="utf-8").read()
		    said = json.loads(text)
		    assert text.count("\n") == 1
		    lines = [line.rstrip("\n") for line in open(name, encoding="utf-8")]
		    facts = dict(line.split(" ", 1) for line in reversed(lines) if " " in line)
		    assert said["model_id"] == facts["model_id"] and said["kind"] == facts["kind"]
		    assert said["sources"] == (["-"] if name == "blend" else ["features.csv"])
		    assert (json.loads(facts["options"]) == said["options"]) and (name != "logistic" or "--seed 3" in said["options"])
		    for key in "label", "time", "known":
		        assert said[key] == facts[key].strip('"')
		    for key in "horizon", "end", "cut":
		        assert facts[key] == ("-" if said[key] is None else str(said[key])), key
		    assert facts["span"] == ("-" if said["first"] is None else "%d %d" % (said["first"], said["last"]))
		    for part in "train", "test", "purged", "immature":
		        assert facts[part] == "%d %d" % (said[part]["rows"], said[part]["positives"])
		    assert said["unlabelled"] == {"rows": int(facts["unlabelled"])}
		    assert said["seed"] == int(facts["seed"]) and said["trained_rows"] == int(facts["learnt"]) and said["bins"] == int(facts["bins"])
		    assert said["validation"] == int(facts["validation"]) / 1e6
		    assert facts["class_weight"] == str(said["class_weight"])
		    assert said["na"] == (['no "one"'] if name == "bins" else [])
		    assert said["calibration"]["kind"] == facts["calibration"].split()[0]
		    if name == "logistic":
		        assert said["calibration"]["knots"] == [[float(v) for v in l.split()[1:]] for l in lines if l.startswith("knot ")]
		    if name == "gbdt":
		        assert [said["calibration"]["slope"], said["calibration"]["intercept"]] == [float(v) for v in facts["calibration"].split()[1:]]
		    assert said["constant"] == [json.loads(l.split(" ", 1)[1]) for l in lines if l.startswith("constant ")]
		    assert [l["kind"] for l in said["learners"]] == (["logistic", "gbdt"] if name == "blend" else [said["kind"]])
		    for learner in said["learners"]:
		        features = {f["feature"]: f for f in learner["features"]}
		        wanted = [json.loads(l[0]) for l in re.findall(r'^(?:number|category|bins) ("(?:[^"\\]|\\.)*")()', "\n".join(lines), re.M)]
		        assert sorted(features) == sorted(set(wanted)), (name, sorted(features), sorted(wanted))
		        if learner["kind"] == "gbdt":
		            assert learner["trees"] == int(facts["trees"]) and learner["trees_grown"] == int(facts["tried"])
		            assert sum(f["splits"] for f in learner["features"]) == sum(l.startswith(("below ", "among ")) for l in lines)
		            gains = [f["gain"] for f in learner["features"]]
		            assert gains == sorted(gains, reverse=True) and gains[0] > 0
		            assert learner["falls_with"] == (["elapsed"] if name == "gbdt" else []) and learner["rises_with"] == []
		            continue
		        assert learner["intercept"] == float(facts["intercept"].split()[0]) and learner["iterations"] == int(facts["iterations"])
		        assert learner["interactions"] == ([["rate", "elapsed"]] if name == "bins" else [])
		        if name == "bins":
		            cells = [c for f in learner["features"] if f["kind"] == "bins" for c in f["cells"]]
		            assert len(cells) == sum(l.startswith("bin ") for l in lines) + sum(c["empty"] for c in cells)
		            assert [c["up_to"] for c in features["elapsed"]["cells"]][-1] is None
		            continue
		        # Every coefficient, as an independent reader of the file finds it.
		        for kind, feature, figures, levels in train.read_model(name)[1]:
		            if kind == "constant":
		                continue
		            got = features[feature]
		            if kind == "number":
		                assert [got[k] for k in ("mean", "sd", "coefficient")] == figures[:3]
		                assert (got["empty"] is None) == (not levels)
		                cells = [got["empty"]] if levels else []
		            else:
		                cells = got["cells"]
		                assert [c["level"] for c in cells] == [None if l[0] == "other" else l[1] for l in levels]
		            assert [(c["rows"], c["coefficient"]) for c in cells] == [l[2:4] for l in levels]
	END
	for other in --sql --trees; do
		fails 2 ce-model --json $other gbdt
		[[ $stderr == 'ce-model: --sql, --trees and --json: cannot be used together'* ]]
	done
}
