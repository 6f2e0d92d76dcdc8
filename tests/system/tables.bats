# The tables as lib/table/*.def describe them, and what is made from that.
load ../common

# tables DIR OUT FEATURES MODEL: the pipeline of the tools in DIR on samples/ into OUT; what is trained and
# predicted, from FEATURES and by MODEL, which are the pipeline's own if they are empty.
tables() {
	local bin=$1 out=$2 features=$3 model=$4 materialize
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$bin" DATA="$CE_ROOT/samples" OUT="$out" \
		"$out/event_history.csv.gz" "$out/completion_prediction_features.csv.gz" "$out/completion.model" >make.log 2>&1 ||
		{ tail make.log && return 1; }
	features=${features:-$out/completion_prediction_features.csv.gz} model=${model:-$out/completion.model}
	"$bin/ce-predict" -k --scored-at 2024-02-01 -m "$model" -o "$out/completion_predictions.csv.gz" \
		--contributions "$out/feature_contributions.csv.gz" --importance "$out/feature_importance.csv.gz" \
		--drift "$out/feature_drift.csv.gz" --distribution "$out/feature_distribution.csv.gz" "$features"
	"$bin/ce-predict" -m "$model" "$features" | "$bin/ce-eval" --by event_type,split --curves "$out/curves.csv.gz" \
		--intervals "$out/metric_intervals.csv.gz" -o "$out/metrics.csv.gz"
	"$bin/ce-train" --cv 3 -o "$out/folds.csv.gz" "$features"
	"$bin/ce-synth" -o "$out" --users 50 --contents 20 --days 9 --sessions 300 --dirty 0.1
	materialize=("$bin/ce-materialize" --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" -k content_id
		"$CE_ROOT/samples/content_dim.csv.gz" --until 2024-02-01 -o /dev/null)
	"${materialize[@]}" --state-out state "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null
	mv state/*.csv.gz "$out" && rm -r state
	mkdir shard
	"${materialize[@]}" --no-online --state-out days --facts shard/facts.csv.gz "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null
	"$bin/ce-collate" --state-out state --until 2024-02-01 shard
	mv state/shard_sessions.csv.gz shard/facts.csv.gz "$out" && rm -r state days shard
	"$bin/ce-audit" -o "$out/audit.csv.gz" --cuts 2 -c "$bin/ce-clean 2>/dev/null" "$out/events_table.csv.gz"
}

@test "ce-tables(5) is what lib/table/*.def say" {
	"${CE_BIN%/bin}/tables" mdoc | same "$CE_ROOT/tools/ce-tables.5" -
}

@test "every column is described; every table that a tool writes has its columns" {
	"${CE_BIN%/bin}/tables" tsv >list
	awk -F'\t' 'NF != 8 || $7 == "" || $8 == "" { print; bad = 1 } END { exit bad }' list
	tables "$CE_BIN" out
	for table in $(cut -f 1 list | uniq); do
		echo "$table"
		[ "$(gzip -dc "out/$table.csv.gz" | head -n 1)" = "$(table_columns "$table")" ]
	done
}

# shuffled SEED FILE MACRO: puts the lines that are MACRO(...), and follow each other, in a random order.
shuffled() {
	awk -v seed="$1" -v macro="^$3[(]" '
		function flush(	i, line) {
			for (; n; n--) {
				i = 1 + int(n * rand()); line = held[i]; held[i] = held[n]
				print line
			}
		}
		BEGIN { srand(seed) }
		$0 ~ macro { held[++n] = $0; next } { flush(); print } END { flush() }' "$2" >shuffled &&
		cat shuffled >"$2"
}

# turned SEED TARGET...: the tools with the lines of the tables in a random order, in tree/build/bin.
turned() {
	local def
	rm -rf tree/lib
	mkdir -p tree
	cp -r "$CE_ROOT"/{Makefile,lib,tools,samples} tree/
	for def in columns:COLUMN sessions:SESSION history:HISTORY features:COPIED features:MADE metrics:METRIC \
		metrics:METRIC_SEGMENT tables:OWN event_types:EVENT_TYPE; do
		shuffled "$1" "tree/lib/table/${def%:*}.def" "${def#*:}"
	done
	(cd tree && MAKEFLAGS='' make -s BUILD=build CFLAGS=-O0 WERROR='' "${@:2}") >make.log 2>&1 ||
		{ tail make.log && return 1; }
}

@test "lines of the tables in another order are columns in another order, each with its own values" {
	turned 1 build/bin/ce-{synth,clean,join,sessionize,agg,features,materialize,collate,train,predict,eval,audit}
	tables "$CE_BIN" out
	tables "$PWD/tree/build/bin" turned out/completion_prediction_features.csv.gz out/completion.model
	python3 - <<-'END'
		import csv, glob, gzip, os, sys

		def rows(name):
		    with gzip.open(name, "rt", newline="", encoding="latin-1") as f:
		        reader = csv.DictReader(f)
		        return reader.fieldnames, [sorted((str(k), v or "") for k, v in row.items()) for row in reader]

		turned = wrong = 0
		for name in sorted(glob.glob("out/*.csv.gz")):
		    (names, a), (other_names, b) = rows(name), rows("turned/" + os.path.basename(name))
		    if "metric_intervals" in name:  # a row a metric, in their order
		        a.sort(), b.sort()
		    turned += names != other_names
		    if sorted(names) != sorted(other_names) or a != b:
		        print(name, "differs", next((x for x in zip(a, b) if x[0] != x[1]), ""))
		        wrong += 1
		sys.exit(wrong > 0 or turned < 10 and f"{turned} tables have another order")
	END
}

# Columns of the input that are neighbours are copied as one piece: whatever the orders of both sides, and
# however many they are before a column that is computed.
@test "ce-features with its lines and the columns of its input in any order: the same values" {
	ce-synth -o . --users 200 --contents 20 --days 60 --sessions 2000
	awk -F, -v OFS=, 'NR > 1 { $(NF - 2) = 9999999 } 1' <(gzip -dc content_dim.csv.gz) >content_dim.csv
	ce-clean events_table.csv.gz 2>told | ce-join --drop email -k user_id users_dim.csv.gz -k content_id content_dim.csv |
		ce-sessionize | ce-agg -p -o history.csv
	for seed in 2 3 4; do
		turned $seed build/bin/ce-features
		python3 - "$CE_BIN/ce-features" tree/build/bin/ce-features <<-'END'
			import csv, io, random, subprocess, sys

			def features(tool, rows):
			    text = io.StringIO()
			    csv.writer(text, lineterminator="\n").writerows(rows)
			    out = subprocess.run([tool, "-p", "--rows", "all"], input=text.getvalue(), capture_output=True, text=True)
			    assert out.returncode == 0, out.stderr
			    return list(csv.reader(io.StringIO(out.stdout)))

			def named(rows):
			    return [dict(zip(rows[0], row)) for row in rows]

			def agrees(rows, order):
			    at = [rows[0].index(name) for name in order]
			    got = named(features(sys.argv[2], [[row[i] for i in at] for row in rows]))
			    assert named(features(sys.argv[1], rows)) == got, order

			history = list(csv.reader(open("history.csv", newline="")))
			names, few = history[0], history[:100]
			rng = random.Random(1)
			for _ in range(3):
			    agrees(history, rng.sample(names, len(names)))
			wanted = features(sys.argv[2], few)[0]
			for i in range(len(wanted)):
			    for n in range(1, 15):
			        before = wanted[max(i - n, 0) : i]
			        if all(name in names for name in before):
			            agrees(few, [name for name in names if name not in before] + before)
		END
	done
}
