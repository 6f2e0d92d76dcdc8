# What must hold of the whole pipeline, on synthetic workloads with faulty rows, for several seeds.
load ../common

# A workload of about 500 raw events, a fifth of them faulty, in $work.
workload() {
	work=work$1
	ce-synth --users 30 --contents 20 --days 10 --sessions 150 --dirty 0.2 --seed "$1" -o "$work"
}

join() {
	ce-join --drop email -k user_id "$work/users_dim.csv.gz" -k content_id "$work/content_dim.csv.gz" "$@"
}

# Raw events -> feature table.
pipeline() {
	ce-clean "$@" 2>notes | join | ce-sessionize | ce-agg | ce-features --rows all -p
}

prefix_law() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$CE_ROOT/tests/reference/prefix_law.py" "$@"
}

@test "the prefix law: no row of the feature table depends on later events, no label is revised" {
	for seed in 1 2; do
		workload $seed
		for rule in event position played; do
			prefix_law --seed $seed --cuts 10 --complete-by $rule "$work"
		done
	done
}

@test "the prefix law on random tables, by definition and by the tools" {
	prefix_law --tables 30
}

@test "the order of the raw events, and of the dimensions, changes no byte" {
	for seed in 1 2 3; do
		workload $seed
		pipeline "$work/events_table.csv.gz" >want
		[ "$(wc -l <want)" -gt 300 ]
		for table in events_table users_dim content_dim; do
			gzip -dc "$work/$table.csv.gz" >plain
			{
				head -n 1 plain
				tail -n +2 plain | shuf --random-source=<(yes $seed)
			} >shuffled
			cmp -s plain shuffled && return 1
			gzip -c shuffled >"$work/$table.csv.gz"
			pipeline "$work/events_table.csv.gz" >out
			same out want
		done
	done
}

# Every tool that hashes, and what it writes, into the folder.
each_tool() {
	local in=$PWD/$work
	mkdir "$1" && (
		cd "$1" || return 1
		exec 2>stderr
		ce-synth --users 20 --contents 9 --sessions 40 --dirty 0.3 --seed 5 -p -o synth
		ce-clean -p --keep '*' --rejects rejects -o clean "$in/events_table.csv.gz"
		work=$in join -p --unmatched unmatched -o joined clean
		ce-sessionize -p --starts starts -o sessions joined
		ce-agg -p -d tables -o history sessions
		ce-features -p --rows all -o features history
		ce-train --interactions content_age:max_playback_ratio -o logistic features
		ce-train --cv 2 -p -o backtest features
		ce-train -m gbdt --trees 20 --subsample 0.7 -o gbdt features
		ce-model gbdt >view
		ce-model --sql logistic >sql
		ce-predict -p -m gbdt --scored-at 2024-02-01 --explain 3 --contributions contributions --importance importance --drift drift -o predictions features
		ce-eval -p --split all --by device --curves curves --intervals intervals -o metrics predictions
		ce-audit -p --cuts 3 -c "ce-clean | ce-join --drop email -k user_id $in/users_dim.csv.gz -k content_id $in/content_dim.csv.gz | ce-sessionize | ce-agg" -o audit clean
	)
}

@test "each process has other hash keys, and no byte depends on them" {
	for seed in 1 2; do
		workload $seed
		each_tool want
		for got in second third; do
			each_tool $got
			diff -r want $got
			rm -r $got
		done
		rm -r want
	done
}

# reference NAME ARG...: tests/reference/NAME.py.
reference() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$CE_ROOT/tests/reference/$1.py" "${@:2}"
}

@test "separators, quotes, headers, line ends and BOMs change no event and no reason" {
	reference dress clean $((300 * ${CE_LAWS:-1}))
}

@test "the source tables, and what each stage reads, in any dress: the same features, byte for byte" {
	for seed in 1 2; do
		workload $seed
		reference dress pipe "$work" $seed
	done
}

@test "event_ts in s, ms, us, ns or any ISO form, in UTC or New York: the same features, byte for byte" {
	for seed in 1 2; do
		workload $seed
		reference dress times "$work" $seed
	done
}

@test "--keep through the whole pipe: the same features, and the kept columns of each event" {
	reference keep $((10 * ${CE_LAWS:-1}))
}

@test "a kept column does not choose between copies of an event that differ in the others" {
	cat >raw.csv <<-'END'
		event_id,event_ts,user_id,content_id,event_type,playback_position,device,note
		e,1704448800000,u,c,play,0,tv (old),b
		e,1704448800000,u,c,play,0,tv,c
		e,1704448800000,u,c,play,0,tv,a
		f,1704448800000,u,c,play,0,tv,c
	END
	ce-clean -p --max-rejects 100% raw.csv | sed -n 2p >plain
	[ "$(<plain)" = "e,1704448800000,u,c,play,0,tv" ]
	for order in 'sort -k 2' 'sort -rk 2'; do
		{ head -n 1 raw.csv; tail -n +2 raw.csv | $order; } | ce-clean -p --keep note --max-rejects 100% | sed -n 2p >kept
		[ "$(<kept)" = "$(<plain),a" ]
	done
}

@test "cleaning what is clean changes nothing and rejects nothing" {
	for seed in 1 2 3; do
		workload $seed
		ce-clean -p "$work/events_table.csv.gz" >once 2>note
		[[ $(cat note) == *rejected* ]]
		ce-clean -p once >twice 2>note
		same twice once
		[ ! -s note ]
	done
}

@test "the tables of ce-agg -t and -d are columns of what it appends, and agree with the labels" {
	workload 1
	ce-clean "$work/events_table.csv.gz" 2>note | join | ce-sessionize >sessions.csv.gz
	ce-agg -d tables sessions.csv.gz | gzip -dc >appended
	ce-agg -p sessions.csv.gz | cmp - appended
	gzip -d tables/*.gz
	for table in tables/*.csv; do
		ce-agg -p -t "$(basename "$table" .csv)" sessions.csv.gz >alone
		cmp alone "$table"
	done
	ce-features -p --rows all -o rows appended
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$CE_ROOT/tests/reference python3 - <<-'END'
		from pathlib import Path
		import naive

		def read(path):
		    return naive.parse_csv(Path(path).read_bytes().decode("latin-1"))

		_, appended = read("appended")
		assert len(appended) > 300
		for name in naive.AGGREGATES:
		    header, rows = read(f"tables/{name}.csv")
		    assert rows == [{column: row[column] for column in header} for row in appended], name

		# content_completion has the sessions, and the labels, of ce-features.
		sessions = [(s["session_id"], s["user_id"], s["content_id"], s["session_start_ts"], s["is_completion"])
		            for s in read("tables/content_completion.csv")[1]]
		assert sessions == [(f["session_id"], f["user_id"], f["content_id"], f["event_ts"], f["is_completion"])
		                    for f in read("rows")[1] if f["session_event_number"] == "1"]
		labels = [s[-1] for s in sessions]
		assert labels.count("1") > 10 and labels.count("0") > 10
	END
}

@test "gzip level, plain text and several members change no byte of what is inside" {
	workload 1
	ce-clean "$work/events_table.csv.gz" 2>note | join >joined.csv.gz
	ce-clean -p "$work/events_table.csv.gz" >cleaned 2>note
	gzip -dc joined.csv.gz >joined
	ce-sessionize -p joined >sessions
	ce-agg -p sessions >history
	ce-features -p history >features
	stage() {
		case $1 in
		ce-join) shift && join "$@" ;;
		*) "$@" ;;
		esac
	}
	check() { # TOOL INPUT OUTPUT
		for level in 0 1 9; do
			stage "$1" -$level "$2" | gzip -dc | cmp - "$3"
			gzip -$((level ? level : 1)) -c "$2" | stage "$1" -p | cmp - "$3"
		done
		{ head -c 1000 "$2" | gzip -c; tail -c +1001 "$2" | gzip -c; } | stage "$1" -p | cmp - "$3"
		stage "$1" -o file.csv.gz "$2"
		gzip -dc file.csv.gz | cmp - "$3"
		stage "$1" -o again.csv.gz "$2"
		cmp file.csv.gz again.csv.gz
	}
	check ce-join cleaned joined
	check ce-sessionize joined sessions
	check ce-agg sessions history
	check ce-features history features
}

# The stages by number: what goes into each is in the file NUMBER.gz.
stages() {
	workload 1
	cp "$work/events_table.csv.gz" 1.gz
	for number in 1 2 3 4 5; do
		(run_stage $number) <$number.gz >$((number + 1)).gz
	done
}

run_stage() {
	case $1 in
	1) exec ce-clean 2>notes.$BASHPID ;;
	2) join ;;
	3) exec ce-sessionize ;;
	4) exec ce-agg ;;
	5) exec ce-features ;;
	esac
}

# from NUMBER <INPUT: pipes INPUT through that stage and those behind it into `out`; the status is
# that of the last.
from() {
	case $1 in
	1) run_stage 1 | run_stage 2 | run_stage 3 | run_stage 4 | run_stage 5 ;;
	2) run_stage 2 | run_stage 3 | run_stage 4 | run_stage 5 ;;
	3) run_stage 3 | run_stage 4 | run_stage 5 ;;
	4) run_stage 4 | run_stage 5 ;;
	5) (run_stage 5) ;;
	esac >out 2>errors
}

@test "a stream that is cut anywhere never yields exit 0 at the end of the pipe" {
	stages
	for number in 1 2 3 4 5; do
		from $number <$number.gz
		same out 6.gz
		size=$(stat -c %s $number.gz)
		for n in 0 10 $((size / 2)) $((size - 9)) $((size - 8)) $((size - 1)); do
			if head -c $n $number.gz | from $number; then
				echo "stage $number, cut after $n of $size bytes: exit 0"
				return 1
			fi
		done
	done
	# The same where blocks are compressed, at the last place that stores them.
	gzip -dc 5.gz | gzip -9c >small.gz
	from 5 <small.gz
	size=$(stat -c %s small.gz)
	for n in 20 $((size / 2)) $((size - 20)) $((size - 8)) $((size - 1)); do
		if head -c $n small.gz | from 5; then
			echo "stage 5, cut after $n of $size compressed bytes: exit 0"
			return 1
		fi
	done
}

# stage NUMBER: runs it in this very process, whose id it leaves in pid.NUMBER.
stage() {
	echo "$BASHPID" >"pid.$1"
	join() {
		exec ce-join --drop email -k user_id "$work/users_dim.csv.gz" -k content_id "$work/content_dim.csv.gz"
	}
	run_stage "$1"
}

# offer SIGNAL NUMBER BYTES: that many bytes of the stage's input, then the signal, then the rest.
offer() {
	head -c "$3" "$2.gz"
	until [ -s "pid.$2" ]; do sleep 0.01; done
	sleep 0.0$((RANDOM % 8))
	kill -"$1" "$(cat "pid.$2")"
	tail -c +$(($3 + 1)) "$2.gz"
}

# killed SIGNAL NUMBER BYTES: what the pipe from that stage on yields; `status` is that of each part.
killed() {
	rm -f pid.*
	if (($2 < 5)); then
		offer "$@" | stage "$2" | from $(($2 + 1))
		status=("${PIPESTATUS[@]}")
	else
		offer "$@" | stage "$2" >out
		status=("${PIPESTATUS[@]}")
	fi
	return "${status[-1]}"
}

@test "a stage that is killed halfway never yields exit 0 at the end of the pipe" {
	stages
	for signal in 9 15; do
		for number in 1 2 3 4 5; do
			size=$(stat -c %s $number.gz)
			for bytes in 0 $((signal == 9 ? size - 1 : size / 2)); do
				if killed $signal $number "$bytes"; then
					echo "stage $number, killed by signal $signal after $bytes of $size bytes: exit 0"
					return 1
				fi
				((status[1] == 128 + signal))
			done
		done
	done
}

# whole_pipe: all stages, each of which leaves its process id behind; the status is the last one's.
whole_pipe() {
	stage 1 | stage 2 | stage 3 | stage 4 | stage 5
}

@test "a stage that is killed at any moment yields exit 0 only behind a whole output" {
	ce-synth --users 300 --contents 50 --days 10 --sessions 6000 --dirty 0.05 --seed 1 -o big
	work=big
	whole_pipe <big/events_table.csv.gz >whole
	[ "$(gzip -dc whole | wc -l)" -gt 10000 ]
	for i in {1..10}; do
		rm -f pid.*
		whole_pipe <big/events_table.csv.gz >out 2>errors &
		last=$!
		victim=$((RANDOM % 5 + 1))
		until [ -s pid.$victim ]; do sleep 0.01; done
		sleep 0.$((RANDOM % 3))$((RANDOM % 10))
		kill -$((i % 2 ? 9 : 15)) "$(cat pid.$victim)" 2>errors || true
		if wait $last; then
			cmp out whole
		fi
	done 2>errors.jobs
}

@test "ce-agg -d that is stopped by a signal leaves no table and no temporary file" {
	stages
	for signal in TERM INT HUP; do
		mkfifo gate
		# A shell has SIGINT ignored in what it runs in the background.
		env --default-signal=INT ce-agg -d tables <gate >out 2>errors &
		victim=$!
		{
			head -c 2000 4.gz
			until [ -n "$(ls -A tables 2>errors)" ]; do sleep 0.01; done
			kill -$signal $victim
		} >gate
		status=0
		wait $victim || status=$?
		rm gate
		((status == 128 + $(kill -l "$signal")))
		[ ! -e tables ]
	done
}
