# The tables as lib/table/*.def describe them, and what is made from that.
load ../common

# tables DIR OUT FEATURES MODEL: the pipeline of the tools in DIR on samples/ into OUT; what is trained and
# predicted, from FEATURES and by MODEL, which are the pipeline's own if they are empty.
tables() {
	local bin=$1 out=$2 features=$3 model=$4
	make --no-print-directory -f "$CE_ROOT/samples/pipeline.mk" BIN="$bin" DATA="$CE_ROOT/samples" OUT="$out" \
		"$out/event_history.csv.gz" "$out/completion_prediction_features.csv.gz" "$out/completion.model" >make.log 2>&1 ||
		{ tail make.log && return 1; }
	features=${features:-$out/completion_prediction_features.csv.gz} model=${model:-$out/completion.model}
	"$bin/ce-predict" -k -m "$model" -o "$out/completion_predictions.csv.gz" \
		--importance "$out/feature_importance.csv.gz" --drift "$out/feature_drift.csv.gz" "$features"
	"$bin/ce-predict" -m "$model" "$features" | "$bin/ce-eval" --by event_type,split --curves "$out/curves.csv.gz" \
		--intervals "$out/metric_intervals.csv.gz" -o "$out/metrics.csv.gz"
	"$bin/ce-train" --cv 3 -o "$out/folds.csv.gz" "$features"
	"$bin/ce-synth" -o "$out" --users 50 --contents 20 --days 9 --sessions 300 --dirty 0.1
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

# shuffled FILE MACRO: turns round each run of lines that are MACRO(...).
shuffled() {
	awk -v macro="^$2[(]" 'function flush() { for (; n; n--) print held[n] }
		$0 ~ macro { held[++n] = $0; next } { flush(); print } END { flush() }' "$1" >shuffled &&
		cat shuffled >"$1"
}

@test "lines of the tables in another order are columns in another order, each with its own values" {
	mkdir tree
	cp -r "$CE_ROOT"/{Makefile,lib,tools,samples} tree/
	for def in columns:COLUMN sessions:SESSION history:HISTORY features:COPIED features:MADE metrics:METRIC \
		metrics:METRIC_SEGMENT tables:OWN event_types:EVENT_TYPE; do
		shuffled "tree/lib/table/${def%:*}.def" "${def#*:}"
		! cmp -s "$CE_ROOT/lib/table/${def%:*}.def" "tree/lib/table/${def%:*}.def"
	done
	(cd tree && MAKEFLAGS='' make -s BUILD=build CFLAGS=-O0 WERROR='' build/bin/ce-{synth,clean,join,sessionize,agg,features,train,predict,eval,audit}) >make.log 2>&1 ||
		{ tail make.log && return 1; }
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
