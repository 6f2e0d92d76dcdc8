#!/usr/bin/env bats
# Threads beside the tools' own: they change no byte, hide no failure and keep no tool from its end.

load ../common

@test "any number of threads: the same bytes in every file" {
	for n in 1 2 5; do
		mkdir $n
		ce-clean --threads $n --rejects $n/rejects.gz -o $n/1.gz "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null
		ce-join --threads $n --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" \
			-k content_id "$CE_ROOT/samples/content_dim.csv.gz" -o $n/2.gz $n/1.gz 2>/dev/null
		ce-sessionize --threads $n --starts $n/starts.gz -6 -o $n/3.gz $n/2.gz
		ce-agg --threads $n -d $n -3 -o $n/4.gz $n/3.gz
		ce-online --threads $n --effects $n/effects.gz -o $n/5.gz $n/4.gz
		ce-features --threads $n -o $n/6.gz $n/5.gz
	done
	gzip -t 1/*.gz
	for n in 2 5; do diff -r 1 $n; done
	fails 2 ce-clean --threads 0
	fails 2 ce-clean --threads many
	[[ $stderr == "ce-clean: --threads: expected an integer from 1 to 256, found 'many'"* ]]
}

@test "a reader that leaves ends a tool quietly, whichever thread hears of it" {
	# Eight times the sample: more than a pipe holds, so that no reader is too slow in leaving.
	gzip -dc "$CE_ROOT/samples/events_table.csv.gz" | LC_ALL=C awk '{ print } NR > 1 { for (i = 0; i < 7; i++) print i $0 }' >events.csv
	for n in 1 3; do
		ce-clean --threads $n -1 events.csv 2>stderr | head -c 100 >start
		[ "${PIPESTATUS[0]}" -eq 141 ]
		[ ! -s stderr ]
		[ -s start ]
		(trap '' PIPE && ce-clean --threads $n -1 events.csv 2>stderr) | head -c 100 >start || true
		[[ $(cat stderr) == "ce-clean: stdout: Broken pipe" ]]
		# The thread that makes the features writes, and no signal comes to it.
		ce-materialize --threads $n --left -1 events.csv 2>stderr | head -c 100 >start
		[ "${PIPESTATUS[0]}" -eq 141 ]
		[ ! -s stderr ]
		[ -s start ]
		(trap '' PIPE && ce-materialize --threads $n --left -1 events.csv 2>stderr) | head -c 100 >start || true
		[[ $(cat stderr) == "ce-materialize: stdout: Broken pipe" ]]
	done
}

@test "a full disk is an error, whichever thread hears of it" {
	for n in 1 3; do
		fails 1 sh -c "ce-clean --threads $n -1 '$CE_ROOT/samples/events_table.csv.gz' >/dev/full"
		[[ $stderr == "ce-clean: stdout: No space left on device" ]]
		fails 1 sh -c "ce-materialize --threads $n --left -1 '$CE_ROOT/samples/events_table.csv.gz' >/dev/full"
		[[ $stderr == "ce-materialize: stdout: No space left on device" ]]
	done
}

@test "a long input that breaks off, by all threads" {
	gzip -dc "$CE_ROOT/samples/events_table.csv.gz" | gzip -1 >whole.gz
	head -c -100000 whole.gz >cut.gz
	for n in 1 3; do
		fails 1 ce-clean --threads $n -o out.gz cut.gz
		[[ $stderr == "ce-clean: cut.gz: truncated gzip stream"* ]]
		[ ! -e out.gz ]
		fails 1 sh -c "ce-clean --threads $n -o out.gz <cut.gz"
		[[ $stderr == "ce-clean: stdin: truncated gzip stream"* ]]
	done
}

@test "a signal that comes while threads work leaves no file" {
	ce-clean -p "$CE_ROOT/samples/events_table.csv.gz" >clean.csv 2>/dev/null
	for n in 1 3; do
		mkdir $n
		mkfifo $n.in
		(cat clean.csv && exec sleep 30) 3>&- >$n.in &
		writer=$!
		ce-join --threads $n -k user_id "$CE_ROOT/samples/users_dim.csv.gz" -o $n/out.gz $n.in 3>&- &
		reader=$!
		for ((i = 0; i < 200; i++)); do
			(($(cat $n/* $n/.[!.]* 2>/dev/null | wc -c) > 600000)) && break
			sleep 0.05
		done
		kill -TERM $reader
		status=0
		wait $reader || status=$?
		((status == 143))
		[ -z "$(ls -A $n)" ]
		kill $writer
	done
}
