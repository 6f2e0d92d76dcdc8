# shellcheck shell=bash
bats_require_minimum_version 1.5.0
load common

# A small table of every part, and its model.
make_model() {
	python3 "$CE_ROOT/tests/reference/train.py" make 1000 7 >features.csv
	ce-train features.csv >model
}

@test "rows stand as they were, with three columns more" {
	make_model
	ce-predict -m model <features.csv >said.gz
	gzip -t said.gz
	zcat said.gz >said.csv
	# Whatever the input's quoting, its bytes are kept.
	sed -E 's/,(completion_probability|[-0-9.e]+),(predicted_completion|[01]),(split|train|test|purged|unlabelled)$//' \
		said.csv >kept.csv
	same features.csv kept.csv
	for part in train test purged unlabelled; do
		grep -q ",$part\$" said.csv
	done
}

@test "--keys writes the table of predictions" {
	make_model
	ce-predict -p --keys -m model features.csv >keys.csv
	[[ $(head -n 1 keys.csv) == event_id,event_ts,user_id,content_id,session_id,completion_probability,predicted_completion,split ]]
	ce-predict -p -m model features.csv >rows.csv
	python3 - <<-'END'
		import csv
		rows = list(csv.DictReader(open("rows.csv", newline="")))
		keys = list(csv.DictReader(open("keys.csv", newline="")))
		assert len(keys) == 1000
		assert keys == [{k: r[k] for k in keys[0]} for r in rows]
	END
	printf 'plan\nfree\n' >few.csv
	fails 1 ce-predict --keys -m model few.csv
	[[ $stderr == 'ce-predict: few.csv:1: column event_id: not in the header' ]]
}

@test "--split writes the rows of one part" {
	make_model
	ce-predict -p --keys -m model features.csv >all
	ce-predict -p --keys -m model --split all features.csv >same
	same all same
	for part in train test purged unlabelled; do
		ce-predict -p --keys -m model --split $part features.csv >got
		same <(sed -n "1p; /,$part\$/p" all) got
	done
	fails 2 ce-predict -m model --split today features.csv
	[[ $stderr == "ce-predict: --split: 'today' is none of train, test, purged, unlabelled, all"* ]]
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
	[[ $stderr == 'ce-predict: which model? (-m FILE)'* ]]
}

@test "columns in any order, and columns that the model does not know" {
	make_model
	ce-predict -p --keys -m model features.csv >want
	python3 - <<-'END'
		import csv
		rows = list(csv.reader(open("features.csv", newline="")))
		out = csv.writer(open("turned.csv", "w", newline=""))
		for i, r in enumerate(rows):
		    out.writerow(["extra" if not i else "x\r\ny"] + r[::-1])
	END
	ce-predict -p --keys -m model turned.csv >got
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
		[[ $stderr == "ce-predict: $2" ]] || {
			echo "$stderr"
			return 1
		}
	}
	refuses 'rate,elapsed\n' 'bad.csv:1: column plan: not in the header'
	head+=',"odd ""name"", 1"'
	refuses "$head\n1,2,x,1,1,1,c\n1,2,x,1,one,1,c\n" "bad.csv:3: column big: invalid number 'one'"
	refuses "$head\n1,2,x,1,nan,1,c\n" "bad.csv:2: column big: invalid number 'nan'"
	refuses "$head,split\n" 'bad.csv:1: column split: is in the input already'
	refuses "$head,is_completion\n" 'bad.csv:1: column event_ts: not in the header'
	refuses "$head,is_completion,event_ts\n" 'bad.csv:1: column label_known_ts: not in the header'
	refuses "$head,is_completion,event_ts,label_known_ts\n1,2,x,1,1,1,c,2,1,1\n" \
		"bad.csv:2: column is_completion: label '2' is neither 0 nor 1"
	printf '%s\n' "$head" >none.csv
	ce-predict -p -m model none.csv >said.csv
	[[ $(<said.csv) == "$head,completion_probability,predicted_completion,split" ]]
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
