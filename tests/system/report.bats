# shellcheck disable=SC2154 # fails, of common, sets stderr
# The page, the pictures, the intervals and the comparison of ce-eval.
load ../common

# scored SEED ROWS: rows of some users in three parts, with two scores.
scored() {
	awk -v seed="$1" -v rows="$2" 'BEGIN {
		srand(seed)
		print "event_id,event_ts,user_id,genre,is_completion,split,completion_probability,other"
		for (i = 1; i <= rows; i++) {
			p = rand()
			split_word = i <= rows * 0.6 ? "train" : i <= rows * 0.65 ? "purged" : "test"
			printf "e%d,%.0f,u%d,%s,%d,%s,%.4f,%.4f\n", i, 1704067200000 + i * 600000, rand() * rows / 20,
				substr("abc", int(rand() * 3) + 1, 1), rand() < p, split_word,
				0.8 * p + 0.2 * rand(), 0.5 * p + 0.5 * rand()
		}
	}'
}

# viewings SEED ROWS: the same as events of viewings, of which the later ones are easier; some positions are unknown.
viewings() {
	scored "$1" "$2" | awk -F, -v OFS=, -v seed="$1" 'BEGIN { srand(seed + 1) }
		NR == 1 { print $0, "session_event_number", "playback_position_ratio", "scored_at"; next }
		{
			n = int(rand() * 5) + 1
			ratio = rand()
			if (ratio > 0.75)
				$7 = $5 ? 0.9 + rand() / 10 : rand() / 10
			print $0, n, rand() < 0.1 ? "" : sprintf("%.4f", ratio), sprintf("%.0f", 1705000000000 + NR)
		}'
}

# What has numpy is Debian's Python.
python() {
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$@"
}

# figures: the figures of a page on standard input: NAME VALUE of the headline, the rest by table and row.
figures() {
	python -c '
import html.parser, sys
class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.where, self.text, self.row = None, {"dt": "", "caption": "", "th": ""}, []
    def handle_starttag(self, tag, attrs):
        if tag in self.text:
            self.where, self.text[tag] = tag, ""
        elif tag in ("data", "td"):
            self.where = None
        if tag == "data":
            place = [self.text["caption"], self.text["th"]] if self.text["caption"] else [self.text["dt"]]
            print("\t".join(place + [dict(attrs)["value"]]))
    def handle_endtag(self, tag):
        if tag == self.where:
            self.where = None
    def handle_data(self, data):
        if self.where:
            self.text[self.where] += data.strip()
Page().feed(sys.stdin.read())'
}

@test "the numbers of the page are those of the CSV, with all of their digits" {
	scored 1 4000 >scored.csv
	ce-eval --by genre --by-time day --threshold 0.4 --html page.html --intervals intervals.csv.gz scored.csv | zcat >metrics.csv
	figures <page.html >page.txt
	python - <<-'END'
		import csv, gzip
		rows = list(csv.DictReader(open("metrics.csv")))
		intervals = {(r["metric"], r["method"]): r for r in csv.DictReader(gzip.open("intervals.csv.gz", "rt"))}
		head, tables = {}, {}
		for line in open("page.txt"):
		    *place, value = line.rstrip("\n").split("\t")
		    (head if len(place) == 1 else tables).setdefault(tuple(place), []).append(value)
		whole = rows[0]
		for name, metric in (("AUC-ROC", "auc_roc"), ("Average precision", "average_precision"), ("Log loss", "log_loss"),
		                     ("Brier score", "brier"), ("Base rate", "base_rate")):
		    drawn = intervals[metric, "users"]
		    # Of the AUC the first of two intervals is DeLong's.
		    shown = tables["95 % confidence intervals", name][-3:]
		    assert shown == [whole[metric], drawn["low"], drawn["high"]], (name, shown)
		    assert drawn["value"] == whole[metric]
		drawn = intervals["auc_roc", "users"]
		assert head["AUC-ROC",] == [whole["auc_roc"], drawn["low"], drawn["high"]]
		assert head["Share finished",][:3] == [whole["base_rate"], whole["positives"], whole["rows"]]
		assert head["Log loss",][0] == whole["log_loss"]
		assert head["Calibration error",][0] == whole["expected_calibration_error"]
		matrix = "Confusion matrix, recall and precision"
		assert tables[matrix, "not finished"] == [whole["tn"], whole["fp"], whole["recall_0"]]
		assert tables[matrix, "finished"] == [whole["fn"], whole["tp"], whole["recall_1"]]
		assert tables[matrix, "precision"] [:2] == [whole["precision_0"], whole["precision_1"]]
		segments = 0
		for row in rows[1:]:
		    caption = "By " + row["segment_column"]
		    want = [row[k] for k in ("rows", "base_rate", "auc_roc", "auc_roc_low", "auc_roc_high", "average_precision",
		                             "log_loss", "brier", "expected_calibration_error", "precision_1", "recall_1")]
		    shown = iter(tables[caption, row["segment"]])
		    assert all(x in shown for x in want if x), (row, tables[caption, row["segment"]])
		    segments += 1
		assert segments > 10
		delong = intervals["auc_roc", "delong"]
		assert [delong["low"], delong["high"]] == [whole["auc_roc_low"], whole["auc_roc_high"]]
	END
}

@test "thresholds, gain and lift are those of counting" {
	scored 2 3000 >scored.csv
	ce-eval --html page.html -o metrics.csv.gz scored.csv
	figures <page.html >page.txt
	grep '<li>To .* take the rows' page.html | sed 's/^[^"]*"//; s/"[^"]*$//; s/"[^"]*"/\t/g' >aims
	python - <<-'END'
		import csv
		rows = [(float(r["completion_probability"]), int(r["is_completion"])) for r in csv.DictReader(open("scored.csv"))
		        if r["split"] == "test"]
		tables = {}
		for line in open("page.txt"):
		    *place, value = line.rstrip("\n").split("\t")
		    tables.setdefault(tuple(place), []).append(value)
		positives = sum(y for _, y in rows)
		for tenth in range(1, 10):
		    called = [y for p, y in rows if p >= tenth / 10]
		    got = [float(x) for x in tables["Results at other thresholds", f"threshold 0.{tenth}"]]
		    precision, recall = sum(called) / len(called), sum(called) / positives
		    left = [y for p, y in rows if p < tenth / 10]
		    want = [tenth / 10, len(called), len(called) / len(rows), precision, recall, 2 * sum(called) / (len(called) + positives),
		            1 - sum(left) / len(left), len(called) - sum(called), positives - sum(called)]
		    assert all(abs(a - b) < 1e-12 for a, b in zip(got, want, strict=True)), (got, want)
		# The thresholds for a purpose: of those that come up to it, the one with the most rows.
		aims = [line.split("\t") for line in open("aims").read().splitlines()]
		scores, negatives = sorted({p for p, _ in rows}), len(rows) - positives
		right = lambda t: sum(y for p, y in rows if p >= t)
		called = lambda t: sum(p >= t for p, _ in rows)
		wrong_below = lambda t: positives - right(t)
		sure = min(t for t in scores if right(t) >= 0.8 * called(t))
		most = max(t for t in scores if right(t) >= 0.8 * positives)
		below = max(t for t in scores if called(t) < len(rows) and wrong_below(t) <= 0.2 * (len(rows) - called(t)))
		want = [[t, called(t) / len(rows), right(t) / called(t), right(t) / positives] for t in (sure, most)]
		left = len(rows) - called(below)
		want.append([below, left / len(rows), 1 - wrong_below(below) / left, (left - wrong_below(below)) / negatives])
		for got, figures in zip(aims, want, strict=True):
		    assert all(abs(float(a) - b) < 1e-12 for a, b in zip(got, figures, strict=True)), (got, figures)
		for percent in (1, 10, 50, 100):
		    threshold = sorted((p for p, _ in rows), reverse=True)[-(-len(rows) * percent // 100) - 1]
		    called = [y for p, y in rows if p >= threshold]
		    got = [float(x) for x in tables["The rows of highest probability", f"{percent} %".replace(" ", "\u00a0")]]
		    assert abs(got.pop(1) - len(called) / len(rows)) < 1e-12 and abs(got.pop() - sum(called) / positives) < 1e-12
		    want = [len(called), threshold, sum(called) / len(called), sum(called) / len(called) / (positives / len(rows))]
		    assert all(abs(a - b) < 1e-12 for a, b in zip(got, want, strict=True)), (got, want)
	END
}

@test "in a browser: no request, no message, nothing too wide, faint or nameless, at four widths, light and dark" {
	viewings 3 4000 >scored.csv
	importance 100 >importance.csv
	drift 0.4 >drift.csv
	distribution >distribution.csv
	ce-eval --by genre --by-time day --against other --cost 1:3 --importance importance.csv --drift drift.csv \
		--distribution distribution.csv --features-report features.html --html page.html -o metrics.csv.gz scored.csv
	windows=(360:light 390:light 390:dark 800:light 800:dark 1440:light 1440:dark)
	timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" page.html "${windows[@]}"
	timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" features.html 360:light 390:dark:features.png 1440:light
	# The picture is of all of the page.
	/usr/bin/python3 -c '
import struct, sys
signature, width, height = struct.unpack(">8s8xII", open("features.png", "rb").read(24))
sys.exit(signature != b"\x89PNG\r\n\x1a\n" or width != 390 or height < 1000)'
	# That it would say so.
	sed -e 's|</main>|<p style="color:#999">faint</p><p style="width:3000px">wide</p><img src="http://127.0.0.1:9/x.png"></main>|' \
		page.html >bad.html
	fails 1 timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" bad.html 360:light
	for wrong in 'faint text' 'pixels wide' 'a script stands' 'console:'; do
		grep -q "$wrong" stdout
	done
	sed -e 's|border-collapse: separate|border-collapse: collapse|; s|position: sticky|position: static|' \
		-e 's|linear-gradient([^)]*)|none|; s|<g>|<g><circle r="5" cx="50" cy="50" fill="white"/>|' page.html >bad.html
	fails 1 timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" bad.html 390:dark
	for wrong in 'lines that do not stay' 'a row loses its name' 'in a picture is white'; do
		grep -q "$wrong" stdout
	done
}

# Names that would be markup, end a string of gnuplot's, or run a command, if anything took them for more than text.
hostile=$'<script>document.title="got"</script>'
hostile2=$'"><img src=x onerror="document.title=1">'
hostile3=$'\'; system "touch pwned"; `touch pwned` $(touch pwned) </td></table>&lt;'

@test "ids, genres, columns and titles with HTML in them are text" {
	scored 4 2000 | python -c '
import csv, sys
names = sys.argv[1:]
rows = list(csv.reader(sys.stdin))
out = csv.writer(sys.stdout, lineterminator="\n")
rows[0][3], rows[0][6], rows[0][7] = names[0], names[2], names[1]
for i, row in enumerate(rows):
    if i:
        row[3] = names[ord(row[3]) - ord("a")]
        row[2] += names[0]
    out.writerow(row)' "$hostile" "$hostile2" "$hostile3" >scored.csv
	python -c '
import csv, sys
hostile = sys.argv[1:]
def table(name, *rows):
    csv.writer(open(name, "w"), lineterminator="\n").writerows(rows)
table("rejects.csv", ["file", "line", "reason", "record"], *[["f", 1, name, "x"] for name in hostile])
table("importance.csv", ["feature", "auc_roc_drop", "auc_roc_drop_sd", "log_loss_rise", "log_loss_rise_sd", "rows", "repeats", "feature_group"],
      *[[name, 0.1, 0.01, 0.2, "", 100, 5, hostile[i > 1]] for i, name in enumerate(hostile)])
table("drift.csv", ["feature", "kind", "psi", "train_missing", "test_missing", "train_mean", "test_mean", "train_rows", "test_rows"],
      *[[name, name, 0.3, 0, 0.5, "", 1, 5000, 6000] for name in hostile])
table("distribution.csv", ["feature", "bin", "kind", "bin_kind", "low", "high", "level"] +
      [f"{part}_{what}" for part in ("train", "test") for what in ("rows", "positives", "probability")],
      *[[name, i, "category", "level", "", "", hostile[i], 10, 5, 0.5, 20, 5, 0.3] for name in hostile for i in range(3)])' \
		"$hostile" "$hostile2" "$hostile3"
	ce-eval --by "$hostile" --score "$hostile3" --against "$hostile2" --title "$hostile" --rejects rejects.csv \
		--importance importance.csv --drift drift.csv --distribution distribution.csv --features-report features.html \
		--html page.html --plots plots -o metrics.csv.gz scored.csv
	[ ! -e pwned ]
	fails 1 grep -E '<script|<img' page.html features.html
	timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" page.html 800:light
	timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" features.html 800:light
	# All three names stand there whole, in the segments, the rejects and both tables of features.
	python - "$hostile" "$hostile2" "$hostile3" <<-'END'
		import html.parser, sys
		class Page(html.parser.HTMLParser):
		    text = ""
		    def handle_data(self, data):
		        self.text += data
		for file in "page.html", "features.html":
		    page = Page()
		    page.feed(open(file).read())
		    for name in sys.argv[1:]:
		        assert page.text.count(name) >= 4, (file, name, page.text.count(name))
	END
	for plot in plots/*.svg; do
		python -c 'import sys, xml.dom.minidom as x; x.parse(sys.argv[1])' "$plot"
	done
}

@test "what is not UTF-8, or drives a terminal, is a question mark on the page" {
	printf 'is_completion,completion_probability,g\n1,0.9,\377a\033[31m\n0,0.1,\342\200\256x\n' >scored.csv
	distribution | sed $'s/,tv,/,\377tv\033[31m,/' >distribution.csv
	ce-eval --by g --distribution distribution.csv --features-report features.html --html page.html -o metrics.csv.gz scored.csv
	iconv -f UTF-8 -t UTF-8 page.html features.html >/dev/null
	grep -q '(?tv?\[31m)' page.html
	grep -q '>?tv?\[31m<' features.html
	grep -q '?a?\[31m' page.html
	grep -q '>?x' page.html
}

@test "plots: one SVG a curve, and a PNG with --png" {
	scored 5 2000 >scored.csv
	ce-eval --by-time day --plots plots --png -o metrics.csv.gz scored.csv
	names=(calibration gain precision-recall roc scores time-auc time-base-rate time-calibration time-log-loss)
	[ "$(ls plots | wc -l)" -eq 18 ]
	for name in "${names[@]}"; do
		[ "$(head -c 4 "plots/$name.png" | tail -c 3)" = PNG ]
		python -c 'import sys, xml.dom.minidom as x; assert x.parse(sys.argv[1]).documentElement.tagName == "svg"' "plots/$name.svg"
	done
	# Rows of one outcome have no curve to draw.
	awk -F, 'NR == 1 || $5 == 1' scored.csv >ones.csv
	ce-eval --plots ones --html ones.html -o metrics.csv.gz ones.csv
	[ "$(ls ones | tr '\n' ' ')" = "calibration.svg scores.svg " ]
	fails 1 grep -i '>-*nan' ones.html
}

@test "without gnuplot, or where it fails, nothing is left" {
	scored 6 500 >scored.csv
	mkdir bin
	for tool in ce-eval sh cat; do
		ln -s "$(command -v $tool)" bin/
	done
	PATH=$PWD/bin fails 1 ce-eval --html page.html --intervals intervals.csv -o metrics.csv.gz scored.csv
	[[ ${stderr##*$'\n'} == "ce-eval: gnuplot: command not found (Debian package gnuplot-nox)" ]]
	printf '#!/bin/sh\necho half; exit 3\n' >bin/gnuplot
	chmod +x bin/gnuplot
	PATH=$PWD/bin fails 1 ce-eval --html page.html --plots plots -o metrics.csv.gz scored.csv
	[[ ${stderr##*$'\n'} == "ce-eval: gnuplot: exit status 3" ]]
	[ ! -e page.html ]
	[ ! -e intervals.csv ]
	[ ! -e metrics.csv.gz ]
	[ ! -e plots ]
	fails 1 ce-eval --html /dev/full --plots plots -o metrics.csv.gz scored.csv
	[ ! -e metrics.csv.gz ]
	[ ! -e plots ]
	fails 1 ce-eval --html page.html --rejects scored.csv -o metrics.csv.gz scored.csv
	[[ ${stderr##*$'\n'} == "ce-eval: scored.csv:1: missing column reason"* ]]
	[ ! -e page.html ]
}

@test "the same input, options and seed make the same bytes, on any number of threads" {
	scored 7 3000 >scored.csv
	for threads in 1 2 3; do
		ce-eval --threads $threads --by genre --against other --html $threads.html --plots $threads \
			--intervals $threads.csv -p -o $threads.txt scored.csv
		same 1.html $threads.html
		same 1.csv $threads.csv
		same 1.txt $threads.txt
		diff -r 1 $threads
	done
	ce-eval --seed 2 --intervals other.csv -p -o other.txt scored.csv
	fails 1 cmp 1.csv other.csv
}

@test "--cost: no other threshold is cheaper on the newest train rows" {
	scored 8 3000 >scored.csv
	for cost in 1:5 5:1 1:1 0:1 1000:1; do
		ce-eval --cost $cost --slice 0.3 scored.csv | zcat >out
		python - $cost "$(pick threshold <out)" <<-'END'
			import csv, sys
			fp, fn = map(float, sys.argv[1].split(":"))
			got = float(sys.argv[2])
			train = [r for r in csv.DictReader(open("scored.csv")) if r["split"] == "train"]
			train.sort(key=lambda r: int(r["event_ts"]))
			newest = train[len(train) - int(len(train) * 0.3):]
			rows = [(float(r["completion_probability"]), int(r["is_completion"])) for r in newest]
			cost = lambda t: sum(fp * (p >= t) * (1 - y) + fn * (p < t) * y for p, y in rows)
			least = min(cost(t) for t in [2] + [p for p, _ in rows])
			assert cost(got) == least, (got, cost(got), least)
		END
	done
}

@test "--capacity: as large a share of the newest train rows as N is of the evaluated rows, and no more" {
	scored 9 3000 >scored.csv
	for n in 1 10 100 400 100000; do
		ce-eval --capacity $n scored.csv | zcat >out
		python - $n "$(pick threshold <out)" <<-'END'
			import csv, sys
			n, got = int(sys.argv[1]), float(sys.argv[2])
			rows = list(csv.DictReader(open("scored.csv")))
			judged = sum(r["split"] == "test" for r in rows)
			train = sorted((r for r in rows if r["split"] == "train"), key=lambda r: int(r["event_ts"]))
			newest = [float(r["completion_probability"]) for r in train[len(train) - int(len(train) * 0.2):]]
			most = min(n / judged, 1) * len(newest)
			assert sum(p >= got for p in newest) <= most
			lower = [p for p in newest if p < got]
			assert not lower or sum(p >= max(lower) for p in newest) > most
		END
	done
	# With costs, too, no more than that.
	ce-eval --capacity 100 scored.csv | zcat | pick threshold >alone
	ce-eval --capacity 100 --cost 1:1000 scored.csv | zcat | pick threshold >both
	same alone both
	ce-eval --cost 1:1 scored.csv | zcat | pick threshold >alone
	ce-eval --capacity 1000000 --cost 1:1 scored.csv | zcat | pick threshold >both
	same alone both
}

@test "the page says how the threshold was chosen, and from what base rate the scores were corrected" {
	scored 12 2000 >scored.csv
	ce-eval --capacity 100 --html page.html scored.csv | zcat >metrics.csv
	grep -q 'at most as large a share of them as <data value="100">100</data> is of the evaluated rows' page.html
	figures <page.html >figures
	# After its threshold, the rows of which it predicts 1.
	predicted=$(awk -F'\t' '$2 == "best within capacity, in hindsight" { print $3 }' figures | sed -n 2p)
	[ "$predicted" -le 100 ]
	[ "$predicted" -gt 95 ]
	ce-eval --threshold best-f1 --html page.html scored.csv >metrics.csv.gz
	grep -q 'the largest F1 on these same rows: the results at it are optimistic' page.html
	ce-eval --prior 0.25 --html page.html scored.csv >metrics.csv.gz
	grep -q 'corrected from a base rate of 0.25 to that of the evaluated rows' page.html
}

@test "--cost needs train rows with times, and prints its cost" {
	scored 10 1000 >scored.csv
	awk -F, 'NR == 1 || $6 == "test"' scored.csv >test.csv
	fails 1 ce-eval --cost 1:1 test.csv
	[[ $stderr == "ce-eval: test.csv: no labelled row of split 'train' to choose a threshold on" ]]
	cut -d, -f1,3- scored.csv >timeless.csv
	fails 1 ce-eval --cost 1:1 timeless.csv
	[[ $stderr == "ce-eval: timeless.csv:1: missing column event_ts"* ]]
	cut -d, -f1-5,7- scored.csv >whole.csv
	fails 1 ce-eval --cost 1:1 whole.csv
	[[ $stderr == "ce-eval: whole.csv:1: missing column split"* ]]
	sed '2s/,17[0-9]*/,/' scored.csv >empty.csv
	fails 1 ce-eval --cost 1:1 empty.csv
	[[ $stderr == "ce-eval: empty.csv:2: column event_ts: empty; a train row needs a time" ]]
	ce-eval --cost 1:2 -p scored.csv >table
	ce-eval --cost 1:2 scored.csv | zcat | pick rows,fp,fn | tr , ' ' >counts
	read -r rows fp fn <counts
	grep -qE "^evaluated rows +$rows .* $(awk "BEGIN { printf \"%.4f\", ($fp + 2 * $fn) / $rows }")$" table
}

@test "two columns and two files are compared alike, whatever the order of the other file" {
	scored 11 2000 >scored.csv
	ce-eval --against other --intervals columns.csv -p -o columns.txt scored.csv
	awk -F, 'NR == 1 { print "completion_probability,split,event_id" } NR > 1 { print $8 "," $6 "," $1 }' scored.csv >other.csv
	(head -n 1 other.csv && sed 1d other.csv | sort -R) >shuffled.csv
	ce-eval --against-file shuffled.csv --intervals files.csv -p -o files.txt scored.csv
	same columns.csv files.csv
	same columns.txt files.txt
	awk -F, -v OFS=, '{ print $2, $1 }' files.csv | sed 1d | sort -u | wc -l | grep -qx 6
	# Rows that the other file lacks, or has in another part, are left out, and that is said.
	grep -vE ',e1[0-9]*5$' other.csv | sed '/,e2000$/s/,test,/,train,/' >fewer.csv
	ce-eval --against-file fewer.csv --intervals fewer.out scored.csv 2>err | zcat >out
	lacking=$(awk -F, '$6 == "test" && $1 ~ /^e1[0-9]*5$/' scored.csv | wc -l)
	grep -qx "ce-eval: compared on $((700 - lacking - 1)) rows; left out as unmatched: $((lacking + 1)), and 0 of fewer.csv" err
	[ "$(pick rows <out)" -eq $((700 - lacking - 1)) ]
	# A key that is there twice, on either side, would count a row twice.
	(cat other.csv && tail -n 1 other.csv) >twice.csv
	fails 1 ce-eval -p --against-file twice.csv scored.csv
	[[ $stderr == "ce-eval: twice.csv:2002: column event_id: duplicate key 'e2000'" ]]
	(cat scored.csv && tail -n 1 scored.csv) >again.csv
	fails 1 ce-eval -p --against-file other.csv again.csv
	[[ $stderr == "ce-eval: again.csv:2002: column event_id: duplicate key 'e2000'" ]]
	sed '$s/^[^,]*,/,/' scored.csv >empty.csv
	fails 1 ce-eval -p --against-file other.csv empty.csv
	[[ $stderr == "ce-eval: empty.csv:2001: column event_id: empty key" ]]
	sed '2,$s/e\([0-9]*\)$/x\1/' other.csv >strange.csv
	fails 1 ce-eval -p --against-file strange.csv scored.csv
	[[ $stderr == *"700 have no second score"* ]]
	cut -d, -f1,2 other.csv >keyless.csv
	fails 1 ce-eval -p --against-file keyless.csv scored.csv
	[[ $stderr == "ce-eval: keyless.csv:1: missing column event_id"* ]]
}

@test "rows without a user are of a user each; without the column rows are drawn" {
	scored 12 1000 >scored.csv
	cut -d, -f1,2,4- scored.csv >nobody.csv
	ce-eval --intervals rows.csv -p -o /dev/null nobody.csv
	[ "$(sed 1d rows.csv | cut -d, -f2 | sort | uniq -c | tr -s ' ' | tr '\n' ';')" = " 1 delong; 5 rows;" ]
	awk -F, -v OFS=, 'NR > 1 { $3 = "" } { print }' scored.csv >empty.csv
	ce-eval --intervals users.csv -p -o /dev/null empty.csv
	same <(sed s/users/rows/ users.csv) rows.csv
	fails 1 ce-eval --intervals rows.csv --user user_id nobody.csv
	[[ $stderr == "ce-eval: nobody.csv:1: missing column user_id"* ]]
}

@test "segments: the largest are shown, and of as many rows the first" {
	awk 'BEGIN {
		print "is_completion,completion_probability,seg"
		for (i = 0; i < 100; i++) printf "%d,%.3f,a%03d\n", i % 2, i / 100, i
		for (z = 0; z < 10; z++) for (i = 0; i < 100; i++) printf "%d,%.3f,z%d\n", i % 2, i / 100, z
	}' >in.csv
	ce-eval --by seg --html page.html -o metrics.csv.gz in.csv
	figures <page.html | grep '^By seg: the 50 largest of 110' | cut -f2 | uniq >shown
	same <(printf 'a%03d\n' {0..39}; printf 'z%d\n' {0..9}) shown
}

@test "over time: one outcome, a single period, gaps and rows without a time make no noise" {
	awk 'BEGIN {
		print "is_completion,completion_probability,event_ts"
		for (i = 0; i < 900; i++)
			printf "%d,%.4f,%s\n", (i * 7919) % 3 == 0, i / 900, i % 5 ? sprintf("%.0f", 1700000000000 + int(i / 100) * 9 * 86400000) : ""
	}' >gaps.csv
	awk -F, -v OFS=, 'NR > 1 { $1 = 1 } { print }' gaps.csv >ones.csv
	head -n 2 gaps.csv >single.csv
	for input in gaps ones single; do
		for period in day week; do
			ce-eval --by-time $period --html $input.html --plots $input --png -o metrics.csv.gz $input.csv 2>err
			fails 1 grep -v '^ce-eval: warning: the label .* is [01] in all ' err
		done
	done
	[ -e gaps/time-auc.svg ]
	[ ! -e ones/time-auc.svg ]
	[ -e ones/time-log-loss.svg ]
	# Nine days, none next to another: nine points and no line between them.
	[ "$(grep -c "xlink:href='#gpPt6'" gaps/time-base-rate.svg)" -ge 9 ]
	grep -q 'Lowest .* (2023-W' gaps.html
	fails 1 grep -q ' ()' gaps.html
}

@test "few users: no interval of one, and a warning of too few" {
	scored 14 1000 >scored.csv
	awk -F, -v OFS=, 'NR > 1 { $3 = "u" } { print }' scored.csv >one.csv
	ce-eval --against other --intervals one.out -p -o one.txt one.csv 2>err
	grep -qx 'ce-eval: warning: intervals from only 1 users are too narrow; they need at least 30' err
	[ "$(sed 1d one.out | grep ',users,' | cut -d, -f4,5,7,8,10-12 | sort -u)" = ,,,,,, ]
	ce-eval --html page.html -o metrics.csv.gz one.csv 2>err
	grep -q 'From only 1 users, confidence intervals are too narrow' page.html
	# Four rows that one score parts without a fault, and the other the wrong way round.
	printf '%s\n' is_completion,completion_probability,other 1,0.9,0.1 1,0.8,0.2 0,0.2,0.8 0,0.1,0.9 >four.csv
	ce-eval --against other --intervals four.out -p -o four.txt four.csv
	[ "$(grep delong four.out | cut -d, -f9-)" = 1,,,, ]
}

@test "many bins, periods and reasons: the page stays small" {
	awk 'BEGIN {
		print "is_completion,completion_probability,event_ts"
		for (i = 0; i < 30000; i++)
			printf "%d,%.6f,%.0f\n", (i * 7919) % 3 == 0, i / 30000, 1700000000000 + i * 8640000
	}' >in.csv
	awk 'BEGIN { print "reason"; for (i = 0; i < 3000; i++) print "r" i }' >rejects.csv
	ce-eval --bins 1000000 --by-time day --rejects rejects.csv --html page.html -o metrics.csv.gz in.csv
	[ "$(wc -c <page.html)" -lt 1500000 ]
	grep -q 'By day: the 400 latest of 300' page.html
}

@test "standard input is read once, whoever asks for it" {
	scored 15 100 >scored.csv
	for options in '--against-file -' '--html x --rejects -' '--html x --importance - --drift - scored.csv'; do
		# shellcheck disable=SC2086
		fails 2 ce-eval $options <scored.csv
		[[ $stderr == "ce-eval: standard input can be read only once, not 2 times"* ]]
	done
	ce-eval --against-file - --score other scored.csv -p <scored.csv >out
}

@test "options without effect, and those that contradict each other" {
	scored 13 100 >scored.csv
	while read -ra options; do
		fails 2 ce-eval "${options[@]}" scored.csv
	done <<-'END'
		--cost 1:1 --threshold 0.5
		--capacity 5 --threshold best-f1
		--slice 0.3
		--slice 0 --cost 1:1
		--cost 1:1 --split all
		--cost 1:1 --split train
		--cost 1
		--cost 0:0
		--cost -1:2
		--cost 1:nan
		--capacity 0
		--key event_id
		--prior 0.5 --against other
		--user user_id
		--resamples 10
		--seed 3
		--resamples 0 --against other
		--png
		--against other
		--against-file scored.csv
		--title x
		--title= --html x
		--model x
		--distribution x
		--features-report x
		--features-report x --html y
		--rejects x
		--importance x
	END
}

# importance ROWS, drift PSI: the tables of ce-predict, of one feature.
importance() {
	printf '%s\n' feature,rows,repeats,auc_roc,log_loss,auc_roc_drop,auc_roc_drop_sd,log_loss_rise,log_loss_rise_sd,feature_group \
		"device,$1,5,0.8,0.5,0.1,0.01,0.2,0.02,device"
}
drift() {
	printf '%s\n' feature,kind,psi,train_rows,test_rows,train_missing,test_missing,train_mean,test_mean \
		"device,category,$1,5000,6000,0,0,,"
}

# distribution: the table of ce-predict, of two features, whose rows are 100 in either part.
distribution() {
	printf '%s\n' feature,bin,kind,bin_kind,low,high,level,train_rows,train_positives,train_probability,test_rows,test_positives,test_probability \
		session_elapsed,0,number,range,,0.5,,60,20,0.3,30,6,0.25 \
		session_elapsed,1,number,range,3600000,7200000,,20,10,0.5,70,42,0.625 \
		session_elapsed,2,number,missing,,,,20,4,0.125,0,0, \
		device,0,category,level,,,tv,70,40,0.5,50,25,0.5 \
		device,1,category,level,,,'""',20,10,0.5,30,15,0.5 \
		device,2,category,other,,,,10,5,0.5,20,8,0.4
}

@test "the page tells starts of viewings and quarters of the title apart, as rows of their own would" {
	viewings 20 6000 >scored.csv
	ce-eval --threshold 0.4 --html page.html -o metrics.csv.gz scored.csv
	figures <page.html >page.txt
	# Each set of rows by itself: NAME of the row, then what is true of its rows.
	while IFS=: read -r name is; do
		awk -F, "NR == 1 || ($is)" scored.csv | ce-eval --threshold 0.4 | zcat | pick \
			rows,auc_roc,auc_roc_low,auc_roc_high,log_loss,expected_calibration_error,precision_1,recall_1,base_rate | tr , ' ' >want
		awk -F'\t' -v name="$name" '$1 == "Rows by when they are in their viewing" && $2 == name { print $3 }' page.txt | head -n 10 >got
		# The number and its share, then the base rate.
		read -r rows auc low high loss error precision recall base <want
		same got <(printf '%s\n' "$rows" "$(sed -n 2p got)" "$base" "$auc" "$low" "$high" "$loss" "$error" "$precision" "$recall")
	done <<-'END'
		all:1
		at the start of a viewing:$9 == 1
		later in a viewing:$9 > 1
		in the first quarter of the title:$10 != "" && $10 < 0.25
		in the second quarter:$10 >= 0.25 && $10 < 0.5
		in the third quarter:$10 >= 0.5 && $10 < 0.75
		in the last quarter:$10 >= 0.75
		at an unknown position:$10 == ""
		all but those in the last quarter:$10 == "" || $10 < 0.75
	END
	grep -q 'At the start of a viewing' page.html
	# Without those columns the page does without them, and where they are no numbers, too.
	cut -d, -f1-8 scored.csv >plain.csv
	ce-eval --html plain.html -o metrics.csv.gz plain.csv
	fails 1 grep -q 'id="moments"' plain.html
	awk -F, -v OFS=, 'NR > 1 { $9 = "x"; $10 = "nan"; $2 = "then"; $11 = "" } { print }' scored.csv >odd.csv
	ce-eval --html odd.html -o metrics.csv.gz odd.csv
	fails 1 grep -q 'id="moments"' odd.html
	fails 1 grep -q 'Test period' odd.html
	# Rows that are left out of a comparison are left out of these, too.
	awk -F, 'NR == 1 { print "completion_probability,split,event_id" } NR > 1 && NR % 3 { print $8 "," $6 "," $1 }' scored.csv >other.csv
	ce-eval --threshold 0.4 --against-file other.csv --html paired.html -o metrics.csv.gz scored.csv 2>err
	ce-eval --threshold 0.4 --html alone.html -o metrics.csv.gz <(awk 'NR == 1 || NR % 3' scored.csv)
	for page in paired alone; do
		figures <$page.html | grep '^Rows by when' >$page.txt
	done
	same paired.txt alone.txt
}

@test "the card: what was predicted, by which model, trained and tested on what, scored when" {
	viewings 21 3000 >scored.csv
	awk -F, -v OFS=, 'NR == 1 { $7 = "x"; $8 = "y" } { print $1, $2, $3, $4, $5, $7, $8 }' scored.csv >features.csv
	cp features.csv '<b>.csv'
	ce-train -m gbdt --trees 3 --horizon 0 -o model '<b>.csv'
	ce-eval --model model --html page.html -o metrics.csv.gz scored.csv
	read -r _ rows positives < <(grep '^train ' model)
	read -r _ first last < <(grep '^span ' model)
	python - "$rows" "$positives" "$first" "$last" "$(sed -n 's/^model_id //p' model)" "$(sed -n 's/^options "\(.*\)"/\1/p' model)" <<-'END'
		import csv, datetime, html, re, sys
		rows = [r for r in csv.DictReader(open("scored.csv")) if r["split"] == "test"]
		page = open("page.html").read()
		card = dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page[page.index('class="card"'):].split("</dl>")[0], re.S))
		text = {k: html.unescape(re.sub("<[^>]*>", "", v)) for k, v in card.items()}
		assert text["Predicted"] == "whether a viewing will be finished, is_completion", text
		assert text["Model"] == "gradient-boosted trees, " + sys.argv[5], text
		assert text["Trained from"] == "<b>.csv" and text["Options"] == sys.argv[6] and "--trees 3" in sys.argv[6], text
		assert f'value="{sys.argv[1]}"' in card["Trained on"]
		assert f'value="{int(sys.argv[2]) / int(sys.argv[1])!r}"' in card["Trained on"], card
		at = lambda ms: datetime.datetime.fromtimestamp(int(ms) // 1000, datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")
		assert text["Trained on"].endswith(f", {at(sys.argv[3])} to {at(sys.argv[4])}\u00a0UTC"), text
		times = [int(r["event_ts"]) for r in rows]
		assert text["Test period"] == f"{at(min(times))} to {at(max(times))}\u00a0UTC", text
		assert text["Scored"] == at(max(int(r["scored_at"]) for r in rows)) + "\u00a0UTC", text
		assert f'value="{len(rows)}"' in card["Evaluated on"]
		assert re.search(r"<strong>A row</strong> is a moment at which one would act", page)
	END
	# Times in seconds are the same times; of numbers that are none there is no period.
	awk -F, -v OFS=, 'NR > 1 { $2 /= 1000 } { print }' scored.csv >seconds.csv
	ce-eval --model model --html seconds.html -o metrics.csv.gz seconds.csv
	same <(grep 'Test period' page.html) <(grep 'Test period' seconds.html)
	awk -F, -v OFS=, 'NR > 1 { $2 = NR } { print }' scored.csv >counted.csv
	ce-eval --model model --html counted.html -o metrics.csv.gz counted.csv
	fails 1 grep -q 'Test period' counted.html
	# Of another label it says no more than is known.
	sed '1s/is_completion/returned/' scored.csv >other.csv
	ce-eval --label returned --html other.html -o metrics.csv.gz other.csv
	fails 1 grep -qE 'viewing|finish' <(sed '1,/<main>/d' other.html)
	grep -q 'have label 1' other.html
}

@test "important features are in sight, the others folded; and what moved is told apart by nature, in people's units" {
	scored 22 1000 >scored.csv
	{
		importance 100
		for i in {10..33}; do
			echo "feature_$i,100,5,0.8,0.5,0.00$((50 - i)),0.01,0.1,0.02,feature_$i"
		done
	} >importance.csv
	{
		drift 0.05
		printf '%s\n' time_since_last_event,number,0.9,5000,6000,0.25,0.5,276480000,5400000 \
			hour_of_day,number,0.8,5000,6000,0,0,11.5,12 content_popularity,number,0.7,5000,6000,0,0,10,20 \
			user_completion_rate,number,0.3,5000,6000,0,0,0.4,0.5
	} >drift.csv
	ce-eval --importance importance.csv --drift drift.csv --html page.html -o metrics.csv.gz scored.csv
	python - <<-'END'
		import html, re
		page = open("page.html").read()
		part = page[page.index('id="importance"'):page.index('id="drift"')]
		seen, folded = part.split("<details>")
		rows = lambda text: re.findall(r'<th scope="row">(.*?)<td>', text)
		assert len(rows(seen)) == 15 and len(rows(folded)) == 10, (len(rows(seen)), len(rows(folded)))
		assert "The other 10 features" in folded and folded.count("</details>") == 1
		# Each bar has its number.
		for row in re.findall(r'<td class="wide">(.*)', part):
		    assert re.fullmatch(r'<span class="bar" style="width:[\d.]+%"></span><data value="[\d.e-]+">[\d.]+\xa0%</data>', row), row
		drift = page[page.index('id="drift"'):page.index('id="data"')]
		tables = [rows(t) for t in drift.split("</table>")[:-1]]
		assert tables == [["device", "time_since_last_event", "user_completion_rate"], ["content_popularity"], ["hour_of_day"]], tables
		assert '<data value="276480000">3.2\xa0days</data>' in drift and '<data value="5400000">1.5\xa0h</data>' in drift
		moved = re.search(r"<li>What moved: (.*?)</li>", page, re.S).group(1)
		assert "time_since_last_event" in moved and "user_completion_rate" in moved
		assert not any(name in moved for name in ("device", "hour_of_day", "content_popularity")), moved
	END
	drift 0.05 >drift.csv
	ce-eval --drift drift.csv --html page.html -o metrics.csv.gz scored.csv
	grep -q 'No feature has moved far' page.html
}

@test "effects are pictures of the most important features; the features' page has all of their shares" {
	scored 23 1000 >scored.csv
	distribution >distribution.csv
	ce-eval --distribution distribution.csv --features-report features.html --html page.html --plots plots -o metrics.csv.gz scored.csv
	# Without importances, that over whose bins the probability differs most is the first.
	grep -o '<h3 id="effect-[0-9]-title">[a-z_]*' page.html | same <(printf '<h3 id="effect-%s-title">%s\n' 1 session_elapsed 2 device) -
	[ -e plots/effect-1.svg ]
	[ -e plots/effect-2.svg ]
	grep -q 'Lowest mean probability 0.250 (up to 0.5.*), highest 0.625 (up to 2.0.*h)' page.html
	importance 100 >importance.csv
	ce-eval --distribution distribution.csv --importance importance.csv --html page.html -o metrics.csv.gz scored.csv
	[ "$(grep -c 'id="effect-.*-title">device' page.html)" -eq 1 ]
	fails 1 grep -q 'effect-2' page.html
	figures <features.html >figures
	python - <<-'END'
		import csv
		rows = [r for r in csv.DictReader(open("distribution.csv"))]
		shown = [line.rstrip("\n").split("\t") for line in open("figures")]
		names = ["0.5\xa0ms", "1.0\xa0h to 2.0\xa0h", "missing", "tv", "(empty)", "other"]
		for row, name in zip(rows, names):
		    got = [float(line[2]) for line in shown if len(line) == 3 and line[1].endswith(name)]
		    train, test = int(row["train_rows"]), int(row["test_rows"])
		    whole = [r for r in rows if r["feature"] == row["feature"]]
		    total = lambda part, what: sum(int(r[f"{part}_{what}"]) for r in whole)
		    ones, ones_train = int(row["test_positives"]), int(row["train_positives"])
		    want = [train / total("train", "rows"), test / total("test", "rows"), ones / total("test", "positives"),
		            (test - ones) / (total("test", "rows") - total("test", "positives"))]
		    if test:
		        want += [float(row["test_probability"]), ones / test]
		    want.append(ones_train / train)
		    assert len(got) == len(want) and all(abs(a - b) < 1e-12 for a, b in zip(got, want)), (name, got, want)
	END
	# The features' page needs no gnuplot.
	mkdir bin
	ln -s "$(command -v ce-eval)" bin/
	PATH=$PWD/bin ce-eval --distribution distribution.csv --features-report alone.html --title 'All of them' -o metrics.csv.gz scored.csv
	same <(sed 's/All of them/Evaluation/' alone.html) features.html
}

@test "a model that did not score the rows is on no page" {
	viewings 22 3000 | cut -d, -f1-5,9,10 >features.csv
	ce-train --horizon 0 -o model features.csv
	ce-train --horizon 0 --l2 7 -o other.model features.csv
	ce-predict --scored-at 2024-02-01 -p -m model features.csv >scored.csv
	ce-eval --model model --html page.html -o metrics.csv.gz scored.csv
	rm page.html metrics.csv.gz
	fails 1 ce-eval --model other.model --html page.html -o metrics.csv.gz scored.csv
	id() { sed -n 's/^model_id //p' "$1"; }
	[[ $stderr == "ce-eval: other.model is the model $(id other.model), but rows were scored by '$(id model)': --model takes what made the predictions" ]]
	# Two models, of which one is that.
	{ cat scored.csv; ce-predict --scored-at 2024-02-01 -p -m other.model features.csv | tail -n +2; } >both.csv
	fails 1 ce-eval --model model --html page.html -o metrics.csv.gz both.csv
	[[ $stderr == *"but rows were scored by '$(id other.model)'"* ]]
	[ ! -e page.html ]
	[ ! -e metrics.csv.gz ]
	# Whose id is not there may be of any.
	awk -F, -v OFS=, '{ $(NF - 1) = NR == 1 ? $(NF - 1) : "" } { print }' scored.csv >empty.csv
	ce-eval --model other.model --html page.html -o metrics.csv.gz empty.csv
	cut -d, -f1-10 scored.csv >without.csv
	ce-eval --model other.model --html page.html -o metrics.csv.gz without.csv
}

@test "features that were shuffled together have one row and one bar, under all of their names" {
	scored 19 1000 >scored.csv
	long=$(printf 'a_column_with_a_long_name_%d ' {1..6})
	{
		importance 100
		for name in weekday session_weekday $long; do
			echo "$name,100,5,0.8,0.5,0.05,0.01,0.1,0.02,weekday"
		done
		echo "alone,100,5,0.8,0.5,-0.01,0.01,0,0.02,alone"
	} >importance.csv
	ce-eval --importance importance.csv --html page.html -o metrics.csv.gz scored.csv
	python - "device" "weekday session_weekday $long" "alone" <<-'END'
		import re, sys
		page = open("page.html").read()
		table = page[page.index('id="importance"'):].split("</table>")[0]
		rows = re.findall(r'<th scope="row">(.*?)<td>', table)
		assert [row.split(", ") for row in rows] == [names.split() for names in sys.argv[1:]], rows
		assert table.count('class="bar"') == 2 and table.count('value="0.05"') == 1
	END
	timeout 120 /usr/bin/python3 "$CE_ROOT/tests/browser.py" page.html 360:light 1440:dark
}

@test "attached tables are read after standard input, whose writer may make them until then" {
	scored 16 20000 >scored.csv # more than is read at once
	gzip -c scored.csv >scored.csv.gz
	mkdir late
	importance 4321 >late/importance.csv
	drift 0.4321 >late/drift.csv
	distribution >late/distribution.csv
	printf '%s\n' reason made_late >late/rejects.csv
	cut -d, -f1,7 scored.csv >late/other.csv
	printf '%s\n' event_id e1 e2 >late/unmatched.csv
	printf '%s\n' is_completion 1 '""' >late/sessions.csv
	# writes: the rows, then the tables, then the end of the gzip stream.
	writes() {
		head -c -8 scored.csv.gz
		sleep 0.3
		cp late/* .
		tail -c 8 scored.csv.gz
	}
	reads() {
		ce-eval --importance importance.csv --drift drift.csv --distribution distribution.csv --rejects rejects.csv \
			--unmatched unmatched.csv --sessions sessions.csv --against-file other.csv --html page.html -o metrics.csv.gz
	}
	writes | reads
	for value in 4321 0.4321; do
		grep -q "<data value=\"$value\">" page.html
	done
	grep -q made_late page.html
	# In a used folder, too, it is the new tables that are shown.
	importance 1 >importance.csv
	echo broken >drift.csv
	echo broken >other.csv
	mv page.html first.html
	writes | reads
	same first.html page.html
}

@test "what is no number in an attached table is named with its line and column" {
	scored 18 1000 >scored.csv
	importance 100 | sed '2s/0.01/much/' >importance.csv
	drift 0.1 | sed '2s/,0,/,x,/' >drift.csv
	printf '%s\n' is_completion 1 '' 0 2 >sessions.csv
	distribution | sed '3s/,70,/,-1,/' >distribution.csv
	while read -r option message; do
		fails 1 ce-eval --"$option" "$option.csv" --html page.html -o metrics.csv.gz scored.csv
		[[ $stderr == "ce-eval: $option.csv:$message" ]]
		[ ! -e page.html ]
		[ ! -e metrics.csv.gz ]
	done <<-'END'
		importance 2: column auc_roc_drop_sd: invalid number 'much'
		drift 2: column train_missing: invalid number 'x'
		sessions 5: column is_completion: invalid value '2': expected 0, 1 or nothing
		distribution 3: column test_rows: invalid number of rows '-1'
	END
	for edit in "3s/range/some/:3: column bin_kind: unknown kind of bin 'some'" \
		'4s/,20,4,/,20,21,/:4: column train_positives: more rows with label 1 than rows' \
		"2s/,,0.5,/,,x,/:2: column high: invalid number 'x'" "1s/level/lever/:1: missing column level"; do
		distribution | sed "${edit%%:*}" >distribution.csv
		fails 1 ce-eval --distribution distribution.csv --html page.html --features-report features.html -o metrics.csv.gz scored.csv
		[[ $stderr == "ce-eval: distribution.csv:${edit#*:}"* ]]
		[ ! -e page.html ]
		[ ! -e features.html ]
		[ ! -e metrics.csv.gz ]
	done
	ce-train -o model <(awk -F, 'NR == 1 { print $0 ",x" } NR > 1 { print $0 "," NR % 7 }' scored.csv | cut -d, -f1-5,7-)
	sed 's/^seed 1/seed 2/' model >damaged
	fails 1 ce-eval --model damaged --html page.html -o metrics.csv.gz scored.csv
	[[ $stderr == "ce-eval: damaged:"* ]]
	[ ! -e page.html ]
}

@test "an attached table that is still missing at the end is an error, and nothing is written" {
	scored 17 20000 >scored.csv
	for option in importance drift distribution model rejects unmatched sessions against-file; do
		fails 1 ce-eval --$option none.csv --html page.html --intervals intervals.csv --plots plots -o metrics.csv.gz <scored.csv
		[[ $stderr == "ce-eval: none.csv: No such file or directory" ]]
		# Input that is cut short is what is wrong then.
		fails 1 ce-eval --$option none.csv --html page.html -o metrics.csv.gz < <(gzip -c scored.csv | head -c -8)
		[[ $stderr == "ce-eval: stdin: truncated gzip stream"* ]]
		[ ! -e page.html ]
		[ ! -e intervals.csv ]
		[ ! -e metrics.csv.gz ]
		[ ! -e plots ]
	done
}
