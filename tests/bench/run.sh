#!/usr/bin/env bash
# The benchmarks. Usage: tests/bench/run.sh BUILD [PART...]
#
#   pipe      raw events to the feature table, file to file: the pipe, ce-materialize, and what gzip alone costs
#   duckdb    the same table made by DuckDB (features.sql), in turns with these, and whether it is the same
#   polars    the same table made by Polars (polars.mjs), likewise
#   shards    the same table, with ce-online, by samples/shards.mk in SHARDS=4 and RANGES=4, by one and by two processes at
#             a time, in turns with one ce-materialize that writes the same tables, and whether they are the same
#   filters   each tool alone, file to file, beside
#   floor     what gzip costs: inflating its input and deflating its output, by igzip and by gzip
#   miller    the stages that Miller can do, in turns with the tools
#   adapt     ce-adapt on LOG_MB=1000 MB of JSON lines, in turns with what its parser needs to read them, jq and Miller
#   train     ce-train beside scikit-learn, on the smallest workload
#   gbdt      ce-train --model gbdt beside XGBoost, on the smallest workload, scikit-learn's breast-cancer set, and the
#             feature table FEATURES, if one is given
#   postgres  ce-export and ce-import beside psql (postgres.sh, 5 million events or POSTGRES_EVENTS)
#   scale     the pipe and ce-materialize at SCALE="1000000 ... 100000000" events, and the memory of each tool
#
# All but scale if none is named. EVENTS="1000000 10000000": the sizes. RUNS=3: medians of so many, but what takes
# longer than SLOW=30 seconds runs RUNS_SLOW=1 times. DUCKDB_SETTINGS: more of them, as memory_limit=8GB. TMPDIR:
# room for 1 kB an event (scale: 300 bytes).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
goal="make bench${2:+ PARTS='${*:2}'}"
[[ ${*:2} != scale ]] || goal="make bench-scale"
command="$goal${EVENTS:+ EVENTS='$EVENTS'}${RUNS:+ RUNS=$RUNS}${RUNS_SLOW:+ RUNS_SLOW=$RUNS_SLOW}${SLOW:+ SLOW=$SLOW}"
command+="${SCALE:+ SCALE='$SCALE'}${DUCKDB_SETTINGS:+ DUCKDB_SETTINGS='$DUCKDB_SETTINGS'}${FEATURES:+ FEATURES=${FEATURES##*/}}"
build=$(cd "$1" && pwd)
[[ ! ${FEATURES-} ]] || FEATURES=$(realpath "$FEATURES")
shift
parts=${*:-pipe duckdb polars shards filters floor miller adapt train gbdt postgres}
EVENTS=${EVENTS:-1000000 10000000} LOG_MB=${LOG_MB:-1000}
SCALE=${SCALE:-1000000 3000000 10000000 30000000 100000000}
RUNS=${RUNS:-3} RUNS_SLOW=${RUNS_SLOW:-1} SLOW=${SLOW:-30}
DUCKDB=1.5.6-r.1 # of @duckdb/node-api
POLARS=0.26.1 # of nodejs-polars
PATH=$build/bin:$PATH
# shellcheck source=common.bash
source "$here/common.bash"

wanted() {
	[[ " $parts " == *" $1 "* ]]
}

needs hyperfine python3 /usr/bin/time
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export FIGURES=$folder/figures PEAKS=$folder/peaks TMPDIR=$folder
: >"$FIGURES"

# The feature table --------------------------------------------------------------------------------

dims='--drop email -k user_id users_dim.csv.gz -k content_id content_dim.csv.gz'
pipe="m ce-clean events_table.csv.gz | m ce-join $dims | m ce-sessionize | m ce-agg | m ce-features -o features.csv.gz"
# Without ce-online, whose columns nobody else here makes; and with it.
one="m ce-materialize --no-online $dims -o one.csv.gz events_table.csv.gz"
online="m ce-materialize $dims -o online.csv.gz events_table.csv.gz"

# What gzip alone costs on two processors: inflating the events while deflating the features, and the one after the other.
gzip_floor() {
	needs igzip
	m_quietly "$pipe"
	gzip -dc features.csv.gz >plain
	contestant 'igzip -d EVENTS & igzip -1 FEATURES' \
		'm igzip -dc events_table.csv.gz >/dev/null & m igzip -1 -c <plain >/dev/null; wait' floor
	contestant 'igzip -d EVENTS; igzip -1 FEATURES' \
		'm igzip -dc events_table.csv.gz >/dev/null; m igzip -1 -c <plain >/dev/null' floor
}

# The law of the two ways: without it the comparison means nothing.
one_way() {
	cmp <(gzip -dc features.csv.gz) <(gzip -dc one.csv.gz) || { say 'ce-materialize and the pipe differ'; exit 1; }
	echo "$label: the feature table of ce-materialize is that of the pipe, byte for byte" >>"$folder/checks"
	rm -f one.csv.gz online.csv.gz plain
}

# DuckDB writes gzip several times as slowly as igzip does: its best is text into igzip.
duckdb_bench() {
	local modules=$build/bench/node_modules settings
	settings="threads=$(nproc) preserve_insertion_order=false ${DUCKDB_SETTINGS-}"
	needs node npm igzip
	grep -qs "\"version\": \"$DUCKDB\"" "$modules/@duckdb/node-api/package.json" ||
		npm install --silent --no-save --prefix "$build/bench" "@duckdb/node-api@$DUCKDB"
	cp "$here/features.sql" .
	sed "s|'/dev/stdout' (format csv, header)|'part.gz' (format csv, header, compression gzip)|" \
		features.sql >gzip.sql
	contestant 'DuckDB | igzip -1' \
		"m node '$here/duckdb.mjs' run '$modules' . features.sql $settings | m igzip -1 >part.gz &&
			mv part.gz duckdb.csv.gz" rival
	((n > 2000000)) ||
		contestant 'DuckDB, its own gzip' "m node '$here/duckdb.mjs' run '$modules' . gzip.sql $settings &&
			mv part.gz duckdb_gzip.csv.gz" rival
}

# Its library says that it wants Node.js 22, so that npm leaves it out unless it is named; it runs in 20. Nor does its
# writeCSV compress: text into igzip here, too.
polars_bench() {
	local modules=$build/bench/polars/node_modules
	needs node npm igzip
	grep -qs "\"version\": \"$POLARS\"" "$modules/nodejs-polars/package.json" ||
		npm install --silent --no-save --prefix "$build/bench/polars" "nodejs-polars@$POLARS" \
			"nodejs-polars-linux-$(node -p process.arch)-gnu@$POLARS"
	contestant 'Polars | igzip -1' \
		"m node '$here/polars.mjs' run '$modules' . /dev/stdout | m igzip -1 >part.gz && mv part.gz polars.csv.gz" rival
}

# As same, for Polars.
same_polars() {
	[[ -e polars.csv.gz ]] || return 0
	say 'comparing features.csv.gz and polars.csv.gz'
	node "$here/polars.mjs" check "$build/bench/polars/node_modules" . features.csv.gz polars.csv.gz >check.txt ||
		{ cat check.txt >&2; exit 1; }
	echo "$label: the feature table: $(tee /dev/stderr <check.txt)" >>"$folder/checks"
	rm -f polars.csv.gz part.gz
}

# What DuckDB made must be what we made, or all of this means nothing.
same() {
	local file status=0
	for file in duckdb*.csv.gz; do
		[[ -e $file ]] || continue # DuckDB failed, of memory say
		say "comparing features.csv.gz and $file"
		node "$here/duckdb.mjs" check "$build/bench/node_modules" . features.csv.gz "$file" memory_limit=8GB \
			>check.txt || status=$?
		cat check.txt >&2
		((status == 0)) || exit 1
		echo "$label: the feature table: $(cat check.txt)" >>"$folder/checks"
	done
	rm -f duckdb*.csv.gz part.gz
}

# Many processes -----------------------------------------------------------------------------------

# The largest of its processes is what counts as its memory.
shards() {
	local jobs file
	mkdir -p dims
	cp users_dim.csv.gz content_dim.csv.gz dims
	contestant 'ce-materialize --first --starts --unmatched' "m ce-materialize $dims --first first_features.csv.gz \
		--starts session_starts.csv.gz --unmatched unmatched.csv.gz -o completion_prediction_features.csv.gz events_table.csv.gz"
	for jobs in 1 2; do
		contestant "shards.mk -j$jobs" "rm -rf out && m make -j$jobs -f '$here/../../samples/shards.mk' BIN='$build/bin' \
			LOG=events_table.csv.gz DATA=dims OUT=out SHARDS=4 PARTS=4 RANGES=4 TUNING='--threads 1'"
	done
	in_turns "$label: raw gz -> features gz, in shards" "$n"
	for file in completion_prediction_features first_features session_starts unmatched; do
		cmp <(gzip -dc $file.csv.gz) <(for range in out/[0-9]*; do gzip -dc "$range/$file.csv.gz" | if [[ $range == */0000 ]]; then cat; \
			else tail -n +2; fi; done) || { say "$file: shards.mk and ce-materialize differ"; exit 1; }
	done
	echo "$label: the tables of shards.mk are those of ce-materialize, byte for byte" >>"$folder/checks"
	du -sk out/* | awk -v n="$n" '{ sub(".*/", "", $2); if ($2 ~ /^[0-9]/) $2 = "tables"; size[$2] += $1 } END {
		for (name in size) if (size[name] > n / 1024) printf "%s %.0f bytes an event, ", name, size[name] * 1024 / n }' |
		sed "s/^/$label: shards.mk leaves: /; s/, \$/\n/" >>"$folder/checks"
	rm -rf out dims
}

# Each tool ----------------------------------------------------------------------------------------

# filter NAME COMMAND INPUT [OUTPUT]: alone, and what gzip costs beside it: reading the one and writing the other, at
# the same time on two processors (an OUTPUT that is not worth counting is not said); and in one pipe, which writes what
# it reads.
filter() {
	contestant "$1" "$2"
	if wanted floor; then
		m_quietly "$2"
		[[ ! ${4-} ]] || gzip -dc "$4" >plain
		local gzip
		for gzip in igzip gzip; do
			if [[ ${4-} ]]; then
				contestant "$gzip -d INPUT & $gzip -1 OUTPUT" \
					"m $gzip -dc $3 >/dev/null & m $gzip -1 -c <plain >/dev/null; wait" floor
				contestant "$gzip -d INPUT | $gzip -1" "m $gzip -dc $3 | m $gzip -1 -c >/dev/null" floor
			else
				contestant "$gzip -d INPUT" "m $gzip -dc $3 >/dev/null" floor
			fi
		done
	fi
	in_turns "$label: $1" "${rows:-$n}"
	rm -f plain
}

m_quietly() {
	bash -c "$1" >/dev/null
	: >"$PEAKS"
}

filters() {
	needs igzip gzip
	local rows=
	filter ce-clean 'm ce-clean -o cleaned.csv.gz events_table.csv.gz' events_table.csv.gz cleaned.csv.gz
	filter ce-join "m ce-join $dims -o enriched.csv.gz cleaned.csv.gz" cleaned.csv.gz enriched.csv.gz
	filter ce-sessionize 'm ce-sessionize -o sessions.csv.gz enriched.csv.gz' enriched.csv.gz sessions.csv.gz
	filter ce-agg 'm ce-agg -o history.csv.gz sessions.csv.gz' sessions.csv.gz history.csv.gz
	filter ce-online 'm ce-online -o online.csv.gz history.csv.gz' history.csv.gz online.csv.gz
	filter ce-features 'm ce-features -o features.csv.gz history.csv.gz' history.csv.gz features.csv.gz
	rm -f history.csv.gz sessions.csv.gz
	[[ -e ../completion.model ]] || ce-train -o ../completion.model features.csv.gz
	rows=$(gzip -dc features.csv.gz | tail -n +2 | wc -l)
	filter ce-predict 'm ce-predict -m ../completion.model -o scored.csv.gz features.csv.gz' \
		features.csv.gz scored.csv.gz
	filter ce-eval 'm ce-eval -o metrics.csv.gz scored.csv.gz' scored.csv.gz
	rm -f scored.csv.gz
}

# Miller -------------------------------------------------------------------------------------------

miller() {
	needs mlr igzip
	# shellcheck disable=SC2016 # Miller's $
	local valid='is_not_empty($event_id) && is_not_empty($user_id) && is_not_empty($content_id) && is_not_empty($device)
		&& is_int($event_ts) && $event_ts > 0 && is_int($playback_position) && $playback_position >= 0
		&& $event_type =~ "^(play|pause|stop|complete|seek)$"'
	contestant ce-clean 'm ce-clean -o cleaned.csv.gz events_table.csv.gz'
	contestant 'mlr filter, head -g, sort | igzip -1' "m mlr --csv --gzin filter '$valid' then head -n 1 -g event_id \
		then sort -nf event_ts -f event_id events_table.csv.gz | m igzip -1 >part.gz && mv part.gz miller.csv.gz" rival
	in_turns "$label: ce-clean and Miller" "$n"
	alike ce-clean cleaned.csv.gz
	[[ -e enriched.csv.gz ]] || ce-join $dims -o enriched.csv.gz cleaned.csv.gz
	contestant ce-join "m ce-join $dims -o enriched.csv.gz cleaned.csv.gz"
	contestant 'mlr join, join, cut | igzip -1' "m mlr --csv --gzin join -j user_id -f users_dim.csv.gz \
		then join -j content_id -f content_dim.csv.gz then cut -o -f $(gzip -dc enriched.csv.gz | sed 1q) \
		cleaned.csv.gz | m igzip -1 >part.gz && mv part.gz miller.csv.gz" rival
	in_turns "$label: ce-join and Miller" "$n"
	alike ce-join enriched.csv.gz
}

# alike TOOL OUTPUT: whether Miller, unless it failed, wrote the same.
alike() {
	local is=
	[[ -e miller.csv.gz ]] || return 0
	cmp -s <(gzip -dc miller.csv.gz) <(gzip -dc "$2") || is=' not'
	echo "$label: Miller's output is$is that of $1, byte for byte" >>"$folder/checks"
	rm -f miller.csv.gz
}

# A player's log -----------------------------------------------------------------------------------

# The sample's log again and again; jq and Miller only take four of the fields.
adapt() {
	needs jq mlr json_verify
	local lines
	gzip -dc "$here/../../samples/segment.jsonl.gz" >once
	while (($(wc -c <log) < LOG_MB * 1000000)); do
		cat once once once once once once once once >>log
	done
	lines=$(wc -l <log)
	contestant 'ce-adapt -r segment' "m ce-adapt -r segment -p -o events.csv log"
	contestant 'json_verify: yajl alone' 'm json_verify -q -s <log' floor
	contestant 'jq, four fields' "m jq -c '[.messageId, .timestamp, .userId, .event]' log >jq.out" rival
	contestant 'mlr, four fields' 'm mlr --ijsonl --ocsv template -f messageId,timestamp,userId,event log >mlr.out' rival
	in_turns "$(($(wc -c <log) / 1000000)) MB of JSON lines" "$lines"
}

# Learning -----------------------------------------------------------------------------------------

train() {
	local python=/usr/bin/python3 rows # Debian's, that has scikit-learn
	$python -c 'import pandas, sklearn' || { say "pandas or scikit-learn is missing: run 'make deps bench'"; exit 1; }
	rows=$(gzip -dc features.csv.gz | tail -n +2 | wc -l)
	contestant ce-train 'm ce-train -o ../completion.model features.csv.gz'
	contestant 'pandas, scikit-learn (lbfgs)' "m $python '$here/train.py' fit features.csv.gz sklearn.model" rival
	in_turns "$label: from the feature table to a model" "$rows"
	echo "$label: AUC-ROC of the test part: ce-train" \
		"$(ce-predict -m ../completion.model features.csv.gz | ce-eval -p | awk '/^AUC-ROC/ { print $2 }')," \
		"scikit-learn $($python "$here/train.py" judge features.csv.gz sklearn.model)" >>"$folder/checks"
}

# Trees of the same depth, rate, penalty and number of bins, of all rows and columns, and no early stopping, on either side.
gbdt() {
	local python=/usr/bin/python3 rows trees=100
	$python -c 'import pandas, sklearn, xgboost' ||
		{ say "pandas, scikit-learn or XGBoost is missing: run 'make deps bench'"; exit 1; }
	rows=$(gzip -dc features.csv.gz | tail -n +2 | wc -l)
	contestant 'ce-train --model gbdt' \
		"m ce-train -m gbdt --trees $trees --rate 0.1 --depth 6 --subsample 1 --colsample 1 --validation 0 \
			-o ../gbdt.model features.csv.gz"
	contestant 'pandas, XGBoost (hist)' "m $python -B '$here/gbdt.py' fit features.csv.gz xgboost.json $trees" rival
	in_turns "$label: from the feature table to $trees trees" "$rows"
	echo "$label: AUC-ROC of the test part: ce-train --model gbdt" \
		"$(ce-predict -m ../gbdt.model features.csv.gz | ce-eval -p | awk '/^AUC-ROC/ { print $2 }')," \
		"XGBoost $($python -B "$here/gbdt.py" judge features.csv.gz xgboost.json)" >>"$folder/checks"
	echo "breast cancer, 20 shuffles, $trees trees: AUC-ROC: $($python -B "$here/gbdt.py" breast $trees)" >>"$folder/checks"
	[[ ! ${FEATURES-} ]] || echo "${FEATURES##*/}, 8 cuts, $trees trees: AUC-ROC:" \
		"$($python -B "$here/gbdt.py" cuts "$FEATURES" $trees)" >>"$folder/checks"
}

# Scaling ------------------------------------------------------------------------------------------

# scale GROUP USERS CONTENTS DAYS: of a million events; * for what grows with the events. The events come straight
# from ce-synth, which shares the processors; what it takes alone is measured, too.
scale() {
	local n millions users contents days synth
	for n in $SCALE; do
		millions=$(((n + 500000) / 1000000))
		users=${2/\**/} contents=${3/\**/} days=${4/\**/}
		users=${users:-$((${2#\*} * n / 1000000))} contents=${contents:-$((${3#\*} * n / 1000000))}
		days=${days:-$((${4#\*} * (millions > 0 ? millions : 1)))}
		synth="ce-synth --users $users --contents $contents --days $days --seed 7"
		$synth --sessions 1 -o dims
		FIGURES=$folder/scale turn "synth:$1" "$n" "$n" "m $synth --sessions $((n * 10 / 37)) --stream -o truth"
		FIGURES=$folder/scale turn "ce:$1" "$n" "$n" "cd dims && m $synth --sessions $((n * 10 / 37)) --stream -o ../truth |
			m ce-clean | m ce-join $dims | m ce-sessionize | m ce-agg | m ce-online | m ce-features -o features.csv.gz"
		FIGURES=$folder/scale turn "one:$1" "$n" "$n" "cd dims && m $synth --sessions $((n * 10 / 37)) --stream -o ../truth |
			m ce-materialize $dims -o one.csv.gz"
		cmp <(gzip -dc dims/features.csv.gz) <(gzip -dc dims/one.csv.gz)
		rm -rf dims truth
	done
}

# --------------------------------------------------------------------------------------------------

# What is compared, of those that are here.
versions() {
	! wanted duckdb || echo "DuckDB $DUCKDB, node $(node --version)"
	! wanted polars || echo "nodejs-polars $POLARS, node $(node --version)"
	! { wanted miller || wanted adapt; } || mlr --version
	! wanted adapt || jq --version
	! wanted train || /usr/bin/python3 -c 'import sklearn; print("scikit-learn", sklearn.__version__)'
	! wanted gbdt || /usr/bin/python3 -c 'import xgboost; print("XGBoost", xgboost.__version__)'
	! { wanted pipe || wanted duckdb || wanted polars || wanted floor; } || igzip --version 2>&1 | grep '^igzip'
	! wanted floor || gzip --version | grep '^gzip'
}

trained=
for n in $EVENTS; do
	wanted pipe || wanted duckdb || wanted polars || wanted shards || wanted filters || wanted floor || wanted miller || wanted train || wanted gbdt || break
	label="$n events"
	mkdir "$folder/work"
	cd "$folder/work"
	workload "$n" .
	n=$(gzip -dc events_table.csv.gz | tail -n +2 | wc -l)
	if wanted pipe || wanted duckdb || wanted polars; then
		contestant 'ce-clean | ... | ce-features' "$pipe"
		contestant "ce-materialize --no-online" "$one"
		contestant ce-materialize "$online"
		! wanted duckdb || duckdb_bench
		! wanted polars || polars_bench
		gzip_floor
		in_turns "$label: raw gz -> features gz" "$n"
		one_way
		! wanted duckdb || same
		! wanted polars || same_polars
	fi
	! wanted shards || shards
	if [[ ! $trained ]] && { wanted train || wanted gbdt; }; then
		[[ -e features.csv.gz ]] || m_quietly "$pipe"
		! wanted train || train
		! wanted gbdt || gbdt
		trained=1
	fi
	! wanted filters || filters
	! wanted miller || miller
	cd "$folder"
	rm -rf "$folder/work"
done
if wanted adapt; then
	mkdir "$folder/work"
	cd "$folder/work"
	: >log
	adapt
	cd "$folder"
	rm -rf "$folder/work"
fi
if wanted scale; then
	cd "$folder"
	scale 'users, contents and events grow together, 60 days' '*20000' '*3000' 60
	scale '20,000 users and 300 contents; the days grow with the events' 20000 300 '*60'
fi

echo "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sed 1q), $(nproc) processors," \
	"$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB; $(date -u +%F); $command"
versions | paste -sd ';' | sed '/./!d; s/;/; /g'
[[ ! -s $FIGURES ]] || python3 "$here/table.py" "$FIGURES"
! wanted scale || python3 "$here/table.py" "$folder/scale" scale
if [[ -s $folder/checks ]]; then
	echo
	cat "$folder/checks"
fi
if wanted postgres; then
	echo
	cd "$folder"
	EVENTS=${POSTGRES_EVENTS:-5000000} RUNS=$RUNS "$here/postgres.sh" "$build"
fi
