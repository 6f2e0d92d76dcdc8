# shellcheck shell=bash
bats_require_minimum_version 1.5.0
load ../common

# A small table of every part, and its model.
make_model() {
	python3 "$CE_ROOT/tests/reference/train.py" make 1000 7 >features.csv
	ce-train features.csv >model
}

@test "rows stand as they were, with five columns more" {
	make_model
	ce-predict -m model <features.csv >said.gz
	gzip -t said.gz
	zcat said.gz >said.csv
	# Whatever the input's quoting, its bytes are kept.
	sed -E 's/,(completion_probability|[-0-9.e]+),(predicted_completion|[01]),(split|train|test|purged|immature|unlabelled),(model_id|[0-9a-f]{16}),(scored_at|[0-9]{13})$//' \
		said.csv >kept.csv
	same features.csv kept.csv
	for part in train test purged immature unlabelled; do
		grep -q ",$part,[0-9a-f]*,[0-9]*\$" said.csv
	done
}

@test "--keys writes the table of predictions" {
	make_model
	ce-predict --scored-at 2024-02-01 -p --keys -m model features.csv >keys.csv
	[[ $(head -n 1 keys.csv) == event_id,event_ts,user_id,content_id,session_id,completion_probability,predicted_completion,split,model_id,scored_at ]]
	ce-predict --scored-at 2024-02-01 -p -m model features.csv >rows.csv
	python3 - <<-'END'
		import csv
		rows = list(csv.DictReader(open("rows.csv", newline="")))
		keys = list(csv.DictReader(open("keys.csv", newline="")))
		assert len(keys) == 1000
		assert keys == [{k: r[k] for k in keys[0]} for r in rows]
	END
	printf 'plan\nfree\n' >few.csv
	fails 1 ce-predict --keys -m model few.csv
	[[ $stderr == 'ce-predict: few.csv:1: missing column event_id'* ]]
}

@test "--split writes the rows of one part" {
	make_model
	ce-predict -p --scored-at 2024-02-01 --keys -m model features.csv >all
	ce-predict -p --scored-at 2024-02-01 --keys -m model --split all features.csv >same
	same all same
	for part in train test purged immature unlabelled; do
		ce-predict -p --scored-at 2024-02-01 --keys -m model --split $part features.csv >got
		same <(sed -n "1p; /,$part,/p" all) got
	done
	fails 2 ce-predict -m model --split today features.csv
	[[ $stderr == "ce-predict: --split: must be one of train, test, purged, immature, unlabelled, all, not 'today'"* ]]
}

@test "each row has the id of the model, and the time at which it was scored" {
	local id before after
	make_model
	id=$(sed -n 's/^model_id //p' model)
	before=$(date +%s%3N)
	ce-predict -p --keys -m model features.csv >keys.csv
	after=$(date +%s%3N)
	awk -F, -v id="$id" -v from="$before" -v to="$after" 'NR == 2 { at = $10 }
		NR > 1 && ($9 != id || $10 != at || $10 < from || $10 > to) { print; bad = 1 } END { exit bad }' keys.csv
	for time in 1706745600000 1706745600 2024-02-01 2024-02-01T00:00:00Z '2024-02-01 01:00:00+01:00'; do
		ce-predict -p --scored-at "$time" --keys -m model features.csv >at.csv
		[ "$(pick scored_at <at.csv)" = 1706745600000 ]
	done
	# Nothing else in the bytes depends on the time.
	ce-predict --scored-at 2024-02-01 -m model features.csv >a
	ce-predict --scored-at 2024-02-01 -m model features.csv >b
	cmp a b
	same <(cut -d, -f-9 keys.csv) <(cut -d, -f-9 at.csv)
	# With the reasons behind them.
	ce-predict -p --explain 1 --keys -m model features.csv >said.csv
	[[ $(head -n 1 said.csv) == *,model_id,scored_at,reason_1,contribution_1 ]]
	[ "$(pick model_id <said.csv)" = "$id" ]
	# Another model of the same rows is another one.
	ce-train --seed 2 features.csv >other
	ce-predict -p --keys -m other features.csv >keys.csv
	[ "$(pick model_id <keys.csv)" = "$(sed -n 's/^model_id //p' other)" ]
	run -1 test "$(pick model_id <keys.csv)" = "$id"
	for time in soon 2024-02-30 ''; do
		fails 2 ce-predict --scored-at "$time" -m model features.csv
		[[ $stderr == "ce-predict: --scored-at: expected a time such as "*", found '$time'"* ]]
	done
	for column in model_id scored_at; do
		sed "1s/rate/$column/" features.csv >bad.csv
		fails 1 ce-predict -m model bad.csv
		[[ $stderr == *"column $column: is in the input already"* ]]
	done
}

@test "--watermark: the log that labels come from ends later, and so do test rows" {
	make_model
	end=$(sed -n 's/^end //p' model)
	# The table of a later time.
	python3 - <<-'END'
		import csv
		rows = list(csv.DictReader(open("features.csv", newline="")))
		out = csv.DictWriter(open("later.csv", "w", newline=""), rows[0], lineterminator="\n")
		out.writeheader()
		for r in rows:
		    r["event_ts"] = int(r["event_ts"]) + 500000
		    r["label_known_ts"] = r["label_known_ts"] and int(r["label_known_ts"]) + 500000
		    out.writerow(r)
	END
	# parts END: what the rows are, if labels became known until END.
	parts() {
		python3 - "$1" <<-'END'
			import csv, sys
			model = dict(line.split()[:2] for line in open("model") if line.split()[0] in ("horizon", "end", "cut"))
			h, cut = int(model["horizon"]), int(model["cut"])
			for r in csv.DictReader(open("later.csv", newline="")):
			    t, known = int(r["event_ts"]), r["label_known_ts"]
			    print("unlabelled" if not r["is_completion"] else "train" if t < cut - h and int(known) < cut else
			          "purged" if t < cut else "test" if t < int(sys.argv[1]) - h else "immature")
		END
	}
	late=$(python3 -c '
import csv, sys
print(sum(bool(r["is_completion"]) and int(r["event_ts"]) > int(sys.argv[1]) for r in csv.DictReader(open("later.csv", newline=""))))' "$end")
	((late > 100))
	iso() { date -u -d "@${1%???}" "+%FT%T.${1: -3}Z"; }
	splits() { python3 -c 'import csv, sys; [print(r["split"]) for r in csv.DictReader(sys.stdin)]'; }
	ce-predict -p -m model later.csv 2>stderr | splits >got
	same <(parts "$end") got
	[[ $(<stderr) == "ce-predict: warning: $late labelled rows are after the end of the model's rows, event_ts $(iso "$end"), and cannot be test rows: say where the log ends that their labels come from (--watermark)" ]]
	fails 1 ce-predict --strict -m model later.csv
	last=$((end + 500000))
	for watermark in $last "$(iso $last)"; do
		ce-predict -p -m model --watermark "$watermark" later.csv 2>stderr | splits >got
		same <(parts $last) got
		[[ ! -s stderr ]]
	done
	[[ $(sort -u got | paste -sd' ') == 'immature purged test train unlabelled' ]]
	ce-predict -p -m model --watermark $((end + 1000)) later.csv 2>stderr >got
	[[ $(<stderr) == "ce-predict: warning: "*" labelled rows are after the watermark, event_ts $(iso $((end + 1000))): does the log end later? (--watermark)" ]]
	for bad in soon $((last / 1000)) 1d ''; do
		fails 2 ce-predict -m model --watermark "$bad" later.csv
	done
	ce-train --holdout 0 features.csv >all
	ce-predict -m all --watermark $last later.csv 2>stderr >got
	[[ $(<stderr) == 'ce-predict: warning: --watermark has no effect: the model has no horizon, or no test part' ]]
}

@test "the threshold decides what is predicted" {
	make_model
	for threshold in 0 0.25 0.5 1; do
		ce-predict -p --keys -m model --threshold $threshold features.csv |
			awk -F, -v t=$threshold 'NR > 1 && $7 != ($6 >= t) { exit 1 }'
	done
	# From the threshold on, itself included.
	p=$(ce-predict -p --keys -m model features.csv | cut -d, -f6 | sed -n 100p)
	ce-predict -p --keys -m model --threshold "$p" features.csv >edge
	[ "$(cut -d, -f6,7 edge | sed -n 100p)" = "$p,1" ]
	fails 2 ce-predict -m model --threshold 1.5 features.csv
	fails 2 ce-predict features.csv
	[[ $stderr == 'ce-predict: --model: required'* ]]
}

@test "columns in any order, and columns that the model does not know" {
	make_model
	ce-predict --scored-at 2024-02-01 -p --keys -m model features.csv >want
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		out = csv.writer(open("turned.csv", "w", newline=""))
		for i, r in enumerate(rows):
		    out.writerow(["extra" if not i else "x\r\ny"] + r[::-1])
	END
	ce-predict --scored-at 2024-02-01 -p --keys -m model turned.csv >got
	same want got
}

@test "without its label a row is unlabelled, and needs no time" {
	make_model
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		drop = {"is_completion", "label_known_ts", "event_ts"}
		keep = [i for i, name in enumerate(rows[0]) if name not in drop]
		csv.writer(open("new.csv", "w", newline="")).writerows([r[i] for i in keep] for r in rows)
	END
	ce-predict -p -m model new.csv >said.csv
	python3 - <<-'END'
		import csv
		said = list(csv.DictReader(open("said.csv", newline="")))
		assert len(said) == 1000 and {r["split"] for r in said} == {"unlabelled"}
	END
}

@test "input that does not fit the model is refused" {
	local head=rate,elapsed,plan,seen,big,tiny
	make_model
	refuses() {
		printf '%b' "$1" >bad.csv
		fails 1 ce-predict -m model bad.csv
		[[ $stderr == "ce-predict: $2" || $stderr == "ce-predict: $2"[\;:]" "* ]] || {
			echo "$stderr"
			return 1
		}
	}
	refuses 'rate,elapsed\n' 'bad.csv:1: missing column plan'
	head+=',"odd ""name"", 1"'
	refuses "$head\n1,2,x,1,1,1,c\n1,2,x,1,one,1,c\n" "bad.csv:3: column big: expected a number, as in training, found 'one' (ce-train --na reads such words as empty)"
	refuses "$head\n1,2,x,1,nan,1,c\n" "bad.csv:2: column big: expected a number, as in training, found 'nan' (ce-train --na reads such words as empty)"
	refuses "$head\n1,2,x,1,5%,1,c\n" "bad.csv:2: column big: expected a number, as in training, found '5%'"
	refuses "$head,split\n" 'bad.csv:1: column split: is in the input already'
	refuses "$head,is_completion\n" 'bad.csv:1: missing column event_ts'
	refuses "$head,is_completion,event_ts\n" 'bad.csv:1: missing column label_known_ts'
	refuses "$head,is_completion,event_ts,label_known_ts\n1,2,x,1,1,1,c,2,1,1\n" \
		"bad.csv:2: column is_completion: expected 0 or 1 (or false, true), found '2'"
	printf '%s\n' "$head" >none.csv
	ce-predict -p -m model none.csv >said.csv
	[[ $(<said.csv) == "$head,completion_probability,predicted_completion,split,model_id,scored_at" ]]
}

@test "a damaged model is refused with its line" {
	make_model
	sed '8s/ /  /' model >bad
	fails 1 ce-predict -m bad features.csv
	[[ $stderr == 'ce-predict: bad:8: '* ]]
	sed '/^intercept/s/$/1/' model >bad
	fails 1 ce-predict -m bad features.csv
	[[ $stderr == "ce-predict: bad:$(wc -l <bad): the checksum is wrong: the file was changed or damaged" ]]
	head -c 300 model >bad
	fails 1 ce-predict -m bad features.csv
	[[ $stderr == 'ce-predict: bad:'*': the last line is cut short' ]]
	: >bad
	fails 1 ce-predict -m bad features.csv
	fails 1 ce-predict -m features.csv features.csv
	[[ $stderr == 'ce-predict: features.csv:1: not a model written by ce-train' ]]
	fails 1 ce-predict -m /dev/zero features.csv
	[[ $stderr == 'ce-predict: /dev/zero: more than 64 MiB: not a model written by ce-train' ]]
	fails 1 ce-predict -m nowhere features.csv
	[[ $stderr == 'ce-predict: nowhere: No such file or directory' ]]
}

# importance OPTION...: "feature drop sd rise" a line, of the table that --importance writes.
importance() {
	ce-predict --importance importance.csv.gz -o /dev/null "$@"
	zcat importance.csv.gz | python3 -c '
import csv, sys
for r in csv.DictReader(sys.stdin):
    print(r["feature"], r["auc_roc_drop"], r["auc_roc_drop_sd"], r["log_loss_rise"])'
}

# A table whose label follows from `strong`, less from `weak`, and not from `noise` nor `same`.
telling() {
	python3 - "$@" <<-'END'
		import random, sys
		random.seed(int(sys.argv[1]))
		print("event_ts,label_known_ts,strong,weak,noise,same,is_completion")
		for i in range(int(sys.argv[2])):
		    strong, weak, noise = random.gauss(0, 1), random.gauss(0, 1), random.gauss(0, 1)
		    late = i > int(sys.argv[2]) * 0.8
		    y = 2 * strong + 0.5 * weak + random.gauss(0, 1) > 0
		    print(f"{i},{i},{strong:.5f},{'' if random.random() < 0.1 else round(weak + 2 * late, 5)},{noise:.5f},"
		          f"{'x' if random.random() < (0.8 if late else 0.2) else 'y'},{int(y)}")
	END
}

@test "--importance: what tells most costs most, and what tells nothing costs nothing" {
	telling 1 4000 >features.csv
	for kind in logistic gbdt blend; do
		ce-train --model $kind -o model features.csv
		importance -m model features.csv >got
		[[ $(cut -d' ' -f1 got | head -n 2 | tr '\n' ' ') == "strong weak " ]]
		awk '$1 == "strong" && $2 < 0.2 { bad = 1 } $1 == "noise" && ($2 > 0.01 || $2 < -0.01) { bad = 1 } END { exit bad }' got
	done
	# A feature that no tree asks for costs exactly nothing.
	ce-train --model gbdt --trees 1 --leaves 2 --colsample 1 --validation 0 -o model features.csv
	importance -m model features.csv >got
	[ "$(awk '$1 != "strong" && ($2 != 0 || $4 != 0)' got)" = "" ]
	awk '$1 == "strong" && $2 > 0.1 { found = 1 } END { exit !found }' got
}

@test "--importance: its drop is that of rows shuffled by hand, and what is not shuffled is ce-eval's" {
	telling 2 3000 >features.csv
	ce-train -o model features.csv
	importance --repeats 50 -m model features.csv >got
	ce-predict -m model features.csv | ce-eval | zcat | python3 -c '
import csv, gzip, sys
want = next(csv.DictReader(sys.stdin))
for r in csv.DictReader(gzip.open("importance.csv.gz", "rt")):
    assert (r["rows"], r["auc_roc"], r["repeats"]) == (want["rows"], want["auc_roc"], "50"), r
    assert abs(float(r["log_loss"]) - float(want["log_loss"])) < 1e-12'
	whole=$(ce-predict -m model features.csv | ce-eval | zcat | sed 1d | cut -d, -f6)
	for repeat in $(seq 30); do
		python3 - "$repeat" <<-'END' | ce-predict -m model | ce-eval | zcat | sed 1d | cut -d, -f6
			import csv, random, sys
			random.seed(int(sys.argv[1]))
			rows = list(csv.DictReader(open("features.csv")))
			cut = int(next(l.split()[1] for l in open("model") if l.startswith("cut ")))
			test = [r for r in rows if int(r["event_ts"]) >= cut]
			values = [r["weak"] for r in test]
			random.shuffle(values)
			for r, value in zip(test, values):
			    r["weak"] = value
			out = csv.DictWriter(sys.stdout, rows[0])
			out.writeheader()
			out.writerows(test)
		END
	done >aucs
	awk -v whole="$whole" 'NR == FNR { if ($1 == "weak") { drop = $2; sd = $3 } next }
		{ n++; sum += whole - $1 }
		END { d = sum / n - drop; if (d < 0) d = -d; exit !(drop > 0 && d < 4 * sd * sqrt(1 / n + 1 / 50)) }' got aucs
}

# Numbers of which some say nearly the same: b is -a with gaps, c is linked to a by b alone, and d is not quite alike;
# e and f are alike, too, and what the label follows from is their difference. g is a constant in the test part.
alike() {
	python3 - "$@" <<-'END'
		import random, sys
		random.seed(int(sys.argv[1]))
		gauss = lambda sd: random.gauss(0, sd)
		print("event_ts,label_known_ts,b,d,e,g,a,f,kind,c,is_completion")
		for i in range(int(sys.argv[2])):
		    b, e, told = gauss(1), 1e9 + gauss(1), gauss(0.2)
		    a, c, f = -b + gauss(0.27), 5 + b / 3 + gauss(0.09), 3e9 - 2 * (e + told)
		    d, g = a + gauss(0.45), gauss(1) if i < int(sys.argv[2]) * 0.7 else 0
		    y = 10 * told + a - c + gauss(1) > -5
		    print(f"{i},{i},{'' if random.random() < 0.2 else b},{d},{e},{g},{a},{f},{random.choice('pq')},{c},{int(y)}")
	END
}

@test "--importance: columns alike are those by numpy, and what they cost together is that of rows shuffled by hand" {
	alike 1 4000 >features.csv
	for kind in logistic gbdt; do
		ce-train --model $kind -o model features.csv
		ce-predict -p --repeats 40 --sample 1000000 --importance importance.csv -m model -o said.csv features.csv
		/usr/bin/python3 - <<-'END'
			import csv, random
			import numpy as np
			from scipy.sparse.csgraph import connected_components
			test = [r for r in csv.DictReader(open("said.csv")) if r["split"] == "test"]
			names = [n for n in test[0] if len(n) == 1]
			x = np.array([[float(r[n] or "nan") for n in names] for r in test])
			def correlation(i, k):
			    known = ~np.isnan(x[:, i]) & ~np.isnan(x[:, k])
			    if not x[known, i].std() or not x[known, k].std():
			        return 0
			    return np.corrcoef(x[known, i], x[known, k])[0, 1]
			r = np.array([[correlation(i, k) for k in range(len(names))] for i in range(len(names))])
			assert abs(r[names.index("a"), names.index("c")]) < 0.95 and abs(r[names.index("a"), names.index("d")]) > 0.85
			n, label = connected_components(abs(r) > 0.95)
			first = {n: names[list(label).index(label[i])] for i, n in enumerate(names)} | {"kind": "kind"}
			assert sorted(first.values()) == list("bbbdeeg") + ["kind"], first
			got = list(csv.DictReader(open("importance.csv")))
			assert {row["feature"]: row["feature_group"] for row in got} == first, got
			# The rows of a group have the same figures and follow each other, in the order of the columns.
			groups = []
			for row in got:
			    if not groups or groups[-1][0]["feature_group"] != row["feature_group"]:
			        groups.append([])
			    groups[-1].append(row)
			assert len(groups) == len(set(first.values()))
			for group in groups:
			    members = [row.pop("feature") for row in group]
			    assert members == [n for n in first if n in members] and all(row == group[0] for row in group), group
			drops = [float(group[0]["auc_roc_drop"]) for group in groups]
			assert drops == sorted(drops, reverse=True), drops
			random.seed(1)
			with open("shuffled.csv", "w") as f:
			    out = csv.DictWriter(f, [n for n in test[0] if n not in ("completion_probability", "predicted_completion", "split", "model_id", "scored_at")],
			                         extrasaction="ignore")
			    out.writeheader()
			    for moved in ("a", "b", "c"), ("e", "f"):
			        for _ in range(40):
			            others = random.sample(test, len(test))
			            out.writerows(row | {n: other[n] for n in moved} for row, other in zip(test, others))
		END
		ce-predict -p -m model -o shuffled.said shuffled.csv
		/usr/bin/python3 - <<-'END'
			import csv
			import numpy as np
			from sklearn.metrics import log_loss, roc_auc_score
			said = {row["feature"]: row for row in csv.DictReader(open("importance.csv"))}
			rows = [(int(r["is_completion"]), float(r["completion_probability"])) for r in csv.DictReader(open("shuffled.said"))]
			y, p = np.array(rows).T.reshape(2, 2, 40, -1)
			for i, feature in enumerate("be"):
			    for metric, whole, change, sign in ((roc_auc_score, "auc_roc", "auc_roc_drop", -1),
			                                        (log_loss, "log_loss", "log_loss_rise", 1)):
			        by_hand = [sign * (metric(y[i, k], p[i, k]) - float(said[feature][whole])) for k in range(40)]
			        mean, sd = (float(said[feature][change + end]) for end in ("", "_sd"))
			        assert abs(np.mean(by_hand) - mean) < 4 * sd * np.sqrt(2 / 40), (feature, change, np.mean(by_hand), mean, sd)
			        assert 0.6 < np.std(by_hand, ddof=1) / sd < 1.6
		END
	done
}

@test "--importance: a copy of a column changes no figures, and has those of the column" {
	telling 9 4000 >features.csv
	awk -F, -v OFS=, '{ $7 = (NR == 1 ? "copy" : $3) "," $7 } 1' features.csv >copied.csv
	for kind in logistic gbdt; do
		flags=()
		[ $kind = logistic ] || flags=(--colsample 1) # no draw of columns that the copy would change
		for table in features copied; do
			ce-train --model $kind "${flags[@]}" -o $table.model $table.csv
			ce-predict -p --repeats 30 --importance $table.importance -m $table.model -o /dev/null $table.csv
		done
		python3 - $kind <<-'END'
			import csv, sys
			read = lambda name: {r["feature"]: r for r in csv.DictReader(open(name))}
			alone, copied = read("features.importance"), read("copied.importance")
			assert all(r["feature_group"] == r["feature"] for r in alone.values())
			copy = copied.pop("copy")
			assert copy | {"feature": "strong"} == copied["strong"]
			assert copied.keys() == alone.keys()
			# Trees split by the first of the two, and the streams of the others are the same; a coefficient
			# that two share is penalised less.
			if sys.argv[1] == "gbdt":
			    assert copied == alone
			for name, r in alone.items():
			    for change in ("auc_roc_drop", "log_loss_rise"):
			        noise = float(r[change + "_sd"]) * (2 / 30) ** 0.5
			        assert abs(float(r[change]) - float(copied[name][change])) <= 4 * noise + 1e-4, (name, change)
		END
	done
}

# explained MODEL FEATURES OPTION...: --explain 3 and the table, each contribution by its definition.
explained() {
	ce-predict --scored-at 2024-02-01 -p -m "$1" --explain 3 --contributions contributions.csv -o said.csv "${@:3}" "$2"
	python3 "$CE_ROOT/tests/reference/explain.py" check "$2" "$1" said.csv contributions.csv
}

@test "--explain and --contributions: every contribution by its definition; they add up to the log odds" {
	python3 "$CE_ROOT/tests/reference/train.py" make 400 7 >features.csv
	ce-train -o linear features.csv
	ce-train --l2 10 --interactions rate:elapsed,elapsed:big -o products features.csv
	ce-train -m gbdt --trees 6 --depth 4 --validation 0 -o trees features.csv
	ce-train -m gbdt --trees 4 --leaves 6 --subsample 0.5 --calibrate platt -o calibrated features.csv
	for model in linear products trees calibrated; do
		explained $model features.csv
		[[ $(head -n 1 said.csv) == *,completion_probability,predicted_completion,split,model_id,scored_at,reason_1,contribution_1,reason_2,contribution_2,reason_3,contribution_3 ]]
		# The columns before them are as without.
		ce-predict --scored-at 2024-02-01 -p -m $model features.csv >plain.csv
		python3 -c '
import csv
for a, b in zip(csv.DictReader(open("plain.csv", newline="")), csv.DictReader(open("said.csv", newline="")), strict=True):
    assert a.items() <= b.items()'
	done
	explained trees features.csv --split test
	explained linear features.csv --keys
}

@test "--explain: the contributions of a blend are the means of those of its parts" {
	python3 "$CE_ROOT/tests/reference/train.py" make 400 7 >features.csv
	for kind in logistic gbdt blend; do
		option=(--validation 0)
		[ $kind != logistic ] || option=()
		ce-train --model $kind "${option[@]}" -o $kind features.csv
		ce-predict -p -m $kind --explain 2 --contributions $kind.csv -o rows.csv features.csv
	done
	python3 -c '
import csv
read = lambda kind: list(csv.DictReader(open(kind + ".csv", newline="")))
n = 0
for a, b, c in zip(read("logistic"), read("gbdt"), read("blend"), strict=True):
    assert all(a[k] == c[k] for k in ("event_id", "feature"))
    assert abs((float(a["contribution"]) + float(b["contribution"])) / 2 - float(c["contribution"])) < 1e-9, (a, b, c)
    n += float(c["contribution"]) != 0
assert n > 1000, n'
}

@test "--explain: a feature that moves nothing is no reason; more reasons than features are empty" {
	telling 1 2000 >features.csv
	ce-train --model gbdt --trees 1 --leaves 2 --colsample 1 --validation 0 -o model features.csv
	ce-predict -p --explain 2 -m model features.csv | cut -d, -f 13- >got
	[[ $(sed 1d got | cut -d, -f 1,3,4 | sort -u) == strong,, ]]
	ce-train -o model features.csv
	ce-predict -p --explain 100 -m model features.csv >got
	[[ $(head -n 1 got) == *,reason_100,contribution_100 ]]
	awk -F, 'NR > 1 { for (i = 21; i <= NF; i++) if ($i != "") exit 1; if (NF != 212 || $19 == "") exit 1 }' got
	for bad in 0 101 -1 x ''; do
		fails 2 ce-predict --explain "$bad" -m model features.csv
	done
	fails 1 ce-predict --contributions c.csv -m model features.csv
	[[ $stderr == 'ce-predict: features.csv:1: missing column event_id'* && ! -e c.csv ]]
	sed '1s/noise/reason_2/' features.csv >other.csv
	ce-train -o model other.csv
	ce-predict -p --explain 1 -m model other.csv >got
	fails 1 ce-predict --explain 2 -m model other.csv
	[[ $stderr == 'ce-predict: other.csv:1: column reason_2: is in the input already'* ]]
	sed '1s/noise/(base)/; 1s/^/event_id,/; 2,$s/^/e,/' features.csv >other.csv
	ce-train -o model other.csv
	ce-predict -p --explain 1 -m model other.csv >got
	fails 1 ce-predict --contributions c.csv -m model other.csv
	[[ $stderr == 'ce-predict: the model has a feature named (base)'* && ! -e c.csv ]]
}

@test "--explain: the same bytes with any number of threads, and with rows from a pipe" {
	telling 4 5000 | awk -v OFS=, '{ print (NR > 1 ? NR : "event_id"), $0 }' >features.csv
	ce-train -m gbdt --trees 20 -o model features.csv
	for threads in 1 2 5; do
		ce-predict --scored-at 2024-02-01 --threads $threads -p --explain 4 --contributions table.$threads -m model features.csv >rows.$threads
	done
	ce-predict --scored-at 2024-02-01 -p --explain 4 --contributions table.pipe -m model < <(cat features.csv) | cat >rows.pipe
	for other in 2 5 pipe; do
		same rows.1 rows.$other
		same table.1 table.$other
	done
	[ "$(wc -l <table.1)" -eq $((5000 * 5 + 1)) ]
	ce-predict --explain 4 -m model features.csv | ce-eval -p >evaluated
	ce-predict -m model features.csv | ce-eval -p | same evaluated -
}

@test "--contributions: those of trees are what XGBoost says of the same trees" {
	/usr/bin/python3 -c 'import xgboost' || skip 'no python3-xgboost'
	ce-synth -o . --users 100 --contents 30 --days 20 --sessions 800
	ce-materialize --drop email -k user_id users_dim.csv.gz -k content_id content_dim.csv.gz -p -o features.csv events_table.csv.gz
	ce-train -m gbdt --trees 30 -o model features.csv
	ce-predict -p -m model --contributions contributions.csv -o said.csv features.csv
	/usr/bin/python3 "$CE_ROOT/tests/reference/explain.py" xgboost features.csv model contributions.csv
}

@test "--drift: the index of each feature, by counting" {
	telling 3 5000 >features.csv
	ce-train -o model features.csv
	ce-predict -p --drift drift.csv --sample 1000000 -m model -o said.csv features.csv
	/usr/bin/python3 - <<-'END'
		import csv, math
		import numpy as np
		rows = list(csv.DictReader(open("said.csv")))
		parts = [[r for r in rows if r["split"] == p] for p in ("train", "test")]
		got = {r["feature"]: r for r in csv.DictReader(open("drift.csv"))}
		assert set(got) == {"strong", "weak", "noise", "same", "completion_probability"}, got
		def index(counts):
		    used = [c for c in counts if sum(c)]
		    totals = [sum(c[k] for c in used) + len(used) / 2 for k in (0, 1)]
		    return sum((b - a) * math.log(b / a) for a, b in
		               (((c[0] + 0.5) / totals[0], (c[1] + 0.5) / totals[1]) for c in used))
		for name, said in got.items():
		    values = [[r[name] for r in part] for part in parts]
		    assert [int(said["train_rows"]), int(said["test_rows"])] == [len(v) for v in values]
		    if name == "same":
		        assert said["kind"] == "category" and said["train_mean"] == ""
		        want = index([[v.count(level) for v in values] for level in ("x", "y")])
		    else:
		        assert said["kind"] == ("score" if name.startswith("completion") else "number")
		        known = [np.array([float(x) for x in v if x]) for v in values]
		        # Cut where the sorted train values are parted into ten.
		        ordered = np.sort(known[0])
		        edges = [(ordered[len(ordered) * k // 10 - 1] + ordered[len(ordered) * k // 10]) / 2 for k in range(1, 10)]
		        bins = [np.bincount(np.searchsorted(edges, k, side="left"), minlength=10) for k in known]
		        outside = [[int((k < ordered[0]).sum()) for k in known], [int((k > ordered[-1]).sum()) for k in known]]
		        counts = [[len(v) - len(k) for v, k in zip(values, known)]] + [list(b) for b in zip(*bins)] + outside
		        counts[1][1] -= outside[0][1]
		        counts[10][1] -= outside[1][1]
		        want = index(counts)
		        for k, part in enumerate(("train", "test")):
		            assert abs(float(said[part + "_mean"]) - known[k].mean()) < 1e-9
		            assert abs(float(said[part + "_missing"]) - 1 + len(known[k]) / len(values[k])) < 1e-12
		    # Where a decile falls between rows is bins' own affair: a row or two to either side.
		    assert abs(float(said["psi"]) - want) < 0.002 + 0.01 * want, (name, said["psi"], want)
		assert float(got["weak"]["psi"]) > 0.5 and float(got["same"]["psi"]) > 0.5
		assert float(got["noise"]["psi"]) < 0.05 and float(got["strong"]["psi"]) < 0.05
		psi = [float(r["psi"]) for r in got.values()]
		assert psi == sorted(psi, reverse=True)
	END
	# Rows in another order are as far apart, where all of them are in the sample.
	(head -n 1 features.csv && sed 1d features.csv | tac) >reversed.csv
	ce-predict -p --drift reversed.drift --sample 1000000 -m model -o /dev/null reversed.csv
	python3 -c '
import csv
for a, b in zip(csv.DictReader(open("drift.csv")), csv.DictReader(open("reversed.drift")), strict=True):
    assert a["feature"] == b["feature"] and a["psi"] == b["psi"]'
}

@test "--distribution: rows, outcomes and predictions of each bin, by counting; drift is of the same bins" {
	telling 13 4000 | awk -F, -v OFS=, 'NR == 1 { print $0, "gappy", "genre" }
		NR > 1 { print $0, NR % 4 ? (NR > 3900 ? (NR % 2 ? -1 : 99) : NR % 17) : "", substr("aabcd", NR % 5 + 1, 1) (NR > 3800 ? "new" : "") }' |
		awk -F, -v OFS=, 'NR > 1 && NR % 9 == 0 { $NF = "" } { print }' >features.csv
	ce-train -o model features.csv
	ce-predict -p --drift drift.csv --distribution bins.csv --sample 1000000 -m model -o said.csv features.csv
	/usr/bin/python3 - <<-'END'
		import csv, math
		rows = list(csv.DictReader(open("said.csv")))
		bins, kinds = {}, set()
		for row in csv.DictReader(open("bins.csv")):
		    bins.setdefault(row["feature"], []).append(row)
		drift = {r["feature"]: r for r in csv.DictReader(open("drift.csv"))}
		assert list(bins)[-1] == "completion_probability" and set(bins) == set(drift) and "gappy" in bins and "genre" in bins
		for name, of in bins.items():
		    assert [int(b["bin"]) for b in of] == list(range(len(of)))
		    levels = {b["level"] for b in of if b["bin_kind"] == "level"}
		    first = next((b for b in of if b["bin_kind"] == "range"), None)
		    def is_in(value, b):
		        kind = b["bin_kind"]
		        kinds.add(kind)
		        if kind in ("level", "other"):
		            return value == b["level"] if kind == "level" else value not in levels
		        if not value or kind == "missing":
		            return not value and kind == "missing"
		        x = float(value)
		        if kind == "below":
		            return x < float(b["high"])
		        if kind == "above":
		            return x > float(b["low"])
		        return x <= float(b["high"]) and (x > float(b["low"]) or (b is first and x == float(b["low"])))
		    for part in ("train", "test"):
		        mine = [r for r in rows if r["split"] == part]
		        for b in of:
		            inside = [r for r in mine if is_in(r[name], b)]
		            assert int(b[part + "_rows"]) == len(inside), (name, b, len(inside))
		            assert int(b[part + "_positives"]) == sum(r["is_completion"] == "1" for r in inside)
		            scores = [float(r["completion_probability"]) for r in inside]
		            assert abs(float(b[part + "_probability"]) - sum(scores) / len(scores)) < 1e-9 if scores else b[part + "_probability"] == ""
		        assert sum(int(b[part + "_rows"]) for b in of) == len(mine)
		        empty = sum(not r[name] for r in mine) / len(mine)
		        assert abs(float(drift[name][part + "_missing"] or 0) - empty) < 1e-12, (name, drift[name])
		    counts = [[int(b["train_rows"]), int(b["test_rows"])] for b in of]
		    totals = [sum(c[k] for c in counts) + len(counts) / 2 for k in (0, 1)]
		    psi = sum((q - p) * math.log(q / p) for p, q in (((c[0] + 0.5) / totals[0], (c[1] + 0.5) / totals[1]) for c in counts))
		    assert abs(psi - float(drift[name]["psi"])) < 1e-9
		assert kinds == {"missing", "below", "range", "above", "level", "other"}, kinds
		# That the missing share of a category is there where the model has a level for it.
		assert float(drift["genre"]["train_missing"]) > 0.1 and drift["same"]["train_missing"] == ""
	END
	fails 1 ce-predict --distribution d.gz -m model -o said.gz <(head -n 100 features.csv)
	[[ $stderr == *": --distribution: no row in the test part" ]]
	[ ! -e d.gz ] && [ ! -e said.gz ]
}

@test "--drift: what one value was and is another, or lies outside all that was, has moved far" {
	telling 7 2000 | awk -F, -v OFS=, 'NR == 1 { print "year", "wide", $0 }
		NR > 1 { print (NR % 3 ? (NR < 1600 ? 2000 : 2020) : ""), (NR < 1600 ? NR % 10 : 50 + NR % 10), $0 }' >features.csv
	ce-train -o model features.csv
	ce-predict -p --drift d -m model -o /dev/null features.csv
	awk -F, '($1 == "year" || $1 == "wide") && $3 > 1 { far++ } END { exit far != 2 }' d
}

@test "--importance and --drift: neither threads nor the predictions' options matter, nor do they to these" {
	telling 4 3000 >features.csv
	ce-train --model gbdt -o model features.csv
	ce-predict --scored-at 2024-02-01 -p -m model features.csv >plain
	for threads in 1 2 3; do
		ce-predict --scored-at 2024-02-01 -p --threads $threads --sample 200 --importance i$threads --drift d$threads -m model features.csv >said
		same plain said
		same i1 i$threads
		same d1 d$threads
	done
	ce-predict --keys -p --split unlabelled --sample 200 --importance i4 --drift d4 -m model -o /dev/null \
		<(awk -F, 'NR == 1 { print $0 ",event_id,user_id,content_id,session_id" } NR > 1 { print $0 ",e,u,c,s" }' features.csv)
	same i1 i4
	same d1 d4
	ce-predict -p --sample 200 --seed 2 --importance i5 --drift d5 -m model -o /dev/null features.csv
	fails 1 cmp i1 i5
	fails 1 cmp d1 d5
	[ "$(sed 1d i1 | cut -d, -f2 | sort -u)" -eq 200 ]
}

@test "--importance and --drift: names of any kind, one outcome, no test part" {
	telling 5 1000 | sed '1s/strong,weak/"a ""<b>"",","two\nlines"/' >features.csv
	ce-train -o model features.csv
	ce-predict -p --importance i --drift d -m model -o /dev/null features.csv
	python3 -c '
import csv
for name in ("i", "d"):
    names = {r["feature"] for r in csv.DictReader(open(name, newline=""))}
    assert {"a \"<b>\",", "two\nlines"} <= names, names'
	telling 6 1000 >features.csv
	ce-train -o model features.csv
	cut=$(sed -n 's/^cut //p' model)
	awk -F, -v cut="$cut" 'NR == 1 || $1 < cut || $NF == 1' features.csv >ones.csv
	ce-predict -p --importance i --repeats 1 -m model -o /dev/null ones.csv 2>stderr
	n=$(awk -F, -v cut="$cut" 'NR > 1 && $1 >= cut' ones.csv | wc -l)
	[[ $(<stderr) == "ce-predict: warning: --importance: the label (column is_completion) is 1 in all $n test rows of the sample: it has no AUC (--sample)" ]]
	fails 1 ce-predict --strict --importance strict -m model -o strict.said ones.csv
	[ ! -e strict ]
	[ ! -e strict.said ]
	ce-predict --strict --drift d -m model -o /dev/null ones.csv
	[ "$(sed 1d i | cut -d, -f4,6,7,9 | sort -u)" = ,,, ]
	[ "$(sed 1d i | head -n 1 | cut -d, -f1)" = strong ]
	awk -F, -v cut="$cut" 'NR == 1 || $1 < cut' features.csv >train.csv
	fails 1 ce-predict --importance i.gz --drift d.gz -m model -o said.gz train.csv
	[[ $stderr == "ce-predict: train.csv: --importance: no row with a label in the test part" ]]
	fails 1 ce-predict --drift d.gz -m model -o said.gz train.csv
	[[ $stderr == "ce-predict: train.csv: --drift: no row in the test part" ]]
	[ ! -e i.gz ]
	[ ! -e d.gz ]
	[ ! -e said.gz ]
	fails 2 ce-predict -m model --repeats 3 features.csv
	fails 2 ce-predict -m model --sample 3 features.csv
	fails 2 ce-predict -m model --seed 3 features.csv
	fails 2 ce-predict -m model --importance i --repeats 0 features.csv
	fails 2 ce-predict -m model --drift d --sample 0 features.csv
}

@test "who reads the predictions to their end finds the other tables" {
	telling 8 2000 >features.csv
	ce-train -o model features.csv
	for level in -0 -1 -6 -p; do
		rm -f imp.csv.gz drift.csv.gz
		ce-predict $level --importance imp.csv.gz --drift drift.csv.gz -m model features.csv |
			(cat >/dev/null && test -s imp.csv.gz && test -s drift.csv.gz)
	done
	# The gzip trailer alone, without the end of the pipe, will do.
	for level in -0 -1; do
		rm -f imp.csv.gz
		ce-predict $level --importance imp.csv.gz -m model features.csv | python3 -c '
import os, zlib
stream = zlib.decompressobj(31)
while not stream.eof:
    stream.decompress(os.read(0, 1 << 16))
assert os.path.getsize("imp.csv.gz")'
	done
	# Nor is the stream finished if one of them gets no name, or any named if the stream has no room.
	mkdir taken
	for level in -0 -1; do
		fails 1 ce-predict $level --importance taken -m model features.csv
		run ! gzip -qt stdout
		fails 1 bash -c "ce-predict $level --importance new.csv.gz -m model features.csv >/dev/full"
		[ ! -e new.csv.gz ]
	done
}

@test "a number that the model relies on and that is empty in all rows is a warning" {
	ce-synth -o . --users 100 --contents 30 --days 20 --sessions 800
	for on in with without; do
		flags=(--no-online)
		[ $on = without ] || flags=()
		ce-materialize "${flags[@]}" --drop email -k user_id users_dim.csv.gz -k content_id content_dim.csv.gz -p -o $on.csv events_table.csv.gz
		ce-train --model gbdt --trees 5 -o $on.model $on.csv
	done
	ce-predict -m with.model with.csv 2>said >out
	[ ! -s said ]
	ce-predict -m with.model without.csv 2>said >out
	grep -q "^ce-predict: warning: columns online_logit, online_logit_sd are empty in all [0-9]* rows, and the model relies on them: were they left out on the way here? (ce-online, --keep)" said
	fails 1 ce-predict --strict -m with.model without.csv
	# A model without them asks for nothing; of few rows nothing is said.
	ce-predict -m without.model without.csv 2>said >out
	head -n 50 without.csv | ce-predict -m with.model 2>>said >out
	[ ! -s said ]
}

@test "--fail-if: the largest shift of a feature, or that of one, with --drift and without" {
	telling 7 3000 >features.csv
	ce-train -o model features.csv
	ce-predict -p --sample 500 --drift drift -o /dev/null -m model features.csv
	IFS=, read -r feature _ psi rows test_rows _ < <(sed -n 2p drift)
	ce-predict --scored-at 2024-02-01 -p -o want -m model features.csv
	for option in '' '--drift same'; do
		# shellcheck disable=SC2086
		ce-predict --scored-at 2024-02-01 -p --sample 500 $option --fail-if "psi>$psi" --fail-if "psi:noise<0" -o out -m model features.csv
		same want out
		rm out
		# shellcheck disable=SC2086
		fails 1 ce-predict --sample 500 ${option/same/refused} --importance refused.importance --fail-if "psi>=$psi" --fail-if 'psi < 9' -o out -m model features.csv
		sed "s/ is [0-9.e-]* (/ is X (/" stderr >said
		[ "$(<said)" = "ce-predict: --fail-if psi>=$psi: psi is X (feature $feature, $rows train and $test_rows test rows)
ce-predict: --fail-if psi < 9: psi is X (feature $feature, $rows train and $test_rows test rows)" ]
		[ ! -e out ]
		[ -z "$(find . -name "refused*")" ]
	done
	same drift same
	# Each by its name, at its value and above.
	while IFS=, read -r feature _ psi _; do
		[ "$psi" != psi ] || continue
		fails 1 ce-predict --sample 500 --fail-if "psi:$feature>=$psi" -m model features.csv
		[[ $stderr == "ce-predict: --fail-if psi:$feature>=$psi: psi:$feature is "*" (feature $feature, "* ]]
		ce-predict --sample 500 --fail-if "psi:$feature>$psi" -o /dev/null -m model features.csv
	done <drift
	fails 2 ce-predict --fail-if 'psi:none>1' -m model features.csv
	[[ $stderr == "ce-predict: --fail-if: 'none' is no feature of the model"* ]]
	for bad in 'auc<1' 'psi:>1' 'psis>1'; do
		fails 2 ce-predict --fail-if "$bad" -m model features.csv
		[[ $stderr == "ce-predict: --fail-if: unknown metric '${bad%[<>]*}': expected psi or psi:FEATURE"* ]]
	done
	fails 2 ce-predict --fail-if psi -m model features.csv
	sed 's/,[01]$/,/' features.csv >open.csv
	fails 1 ce-predict --fail-if 'psi>1' -o out -m model open.csv
	[ "$stderr" = 'ce-predict: open.csv: --fail-if: no row in the train part' ]
	[ ! -e out ]
}

# last COLUMN FILE: the rows of a CSV that are the last of their value, as lists of Python.
last() {
	python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[2], newline="")))
at = rows[0].index(sys.argv[1])
last = {row[at]: i for i, row in enumerate(rows) if i}
print(rows[0], *(rows[i] for i in sorted(last.values())), sep="\n")' "$1" "$2"
}

@test "--latest writes the last row of each value of a column, in the order of the input" {
	make_model
	# Some 100 users; some rows are of nobody.
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		out = csv.writer(open("rows.csv", "w", newline=""))
		out.writerow(rows[0])
		for i, row in enumerate(rows[1:]):
		    row[2] = "" if i % 17 == 3 else row[2]
		    out.writerow(row)
	END
	local at='--scored-at 2024-02-01'
	for options in '' '--keys' '--keys --split test' '--explain 3' '--keys --explain 2 --split unlabelled --threads 2' '--explain 1 --threads 1'; do
		for column in user_id session_id split; do
			if [[ $column == split ]]; then
				if [[ $options != '' ]]; then continue; fi
				fails 1 ce-predict -m model --latest split rows.csv
				[[ $stderr == *'missing column split'* ]]
				continue
			fi
			# shellcheck disable=SC2086
			ce-predict -p $at $options -o all.csv -m model rows.csv
			# shellcheck disable=SC2086
			ce-predict -p $at $options --latest $column -o got.csv -m model rows.csv
			same <(last $column all.csv) <(last event_id got.csv)
		done
	done
	(($(wc -l <got.csv) > 90))
	# The contributions are those of the rows that are written.
	ce-predict -p $at --keys --contributions all -o all.csv -m model rows.csv
	ce-predict -p $at --keys --contributions table --latest user_id -o got.csv -m model rows.csv
	python3 - <<-'END'
		import csv
		read = lambda name: list(csv.DictReader(open(name, newline="")))
		ids = {row["event_id"] for row in read("got.csv")}
		want = [row for row in read("all") if row["event_id"] in ids]
		assert 90 < len(ids) < 110 and read("table") == want, (len(ids), len(want))
	END
	# The drift is that of all rows, whatever is written.
	ce-predict -p --drift d1 -o /dev/null -m model rows.csv
	ce-predict -p --drift d2 --latest user_id -o /dev/null -m model rows.csv
	same d1 d2
	# None.
	head -n 1 rows.csv >none.csv
	ce-predict -p --keys --latest user_id -m model none.csv >got
	[ "$(wc -l <got)" -eq 1 ]
	# What is read as empty is so here, too.
	ce-train --na 'free,c' -o words rows.csv
	ce-predict -p $at --explain 2 -o all.csv -m words rows.csv
	ce-predict -p $at --explain 2 --latest user_id -o got.csv -m words rows.csv
	same <(last user_id all.csv) <(last event_id got.csv)
}
