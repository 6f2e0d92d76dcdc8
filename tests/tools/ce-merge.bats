#!/usr/bin/env bats
# ce-merge: tables in canonical order as one.
# shellcheck disable=SC2154 # fails leaves $stderr

load ../common

# Events of few milliseconds, so that many have the same, with ids whose bytes order otherwise than their numbers.
canonical() {
	{
		echo event_id,event_ts,user_id,content_id,event_type,playback_position,device
		for i in {1..400}; do
			printf 'e%d,%d,u%d,c,play,0,"a, ""%d"""\n' "$i" $((1700000000000 + i * i % 53)) $((i % 37)) "$i"
		done
		printf 'e"",1700000000003,u1,c,play,0,tv\n' | sed 's/e""/"e""\n,"/'
	} | ce-clean -p --max-rejects 0 >all.csv
}

@test "what ce-split has split becomes what it was, into however many parts" {
	canonical
	for n in 1 2 3 7 500; do
		ce-split --no-sync -k user_id -n "$n" -o "by$n/%.csv.gz" all.csv
		find "by$n" -name '*.gz' | sort -R --random-source=all.csv | xargs ce-merge -p >got
		same all.csv got
	done
	ce-split --at 2023-11-14T22:13:20.020Z,2023-11-14T22:13:20.021Z,2024-01-01 -o 'at/%.csv' all.csv
	ce-merge -p at/3.csv at/1.csv at/0.csv at/2.csv >got
	same all.csv got
	for threads in 1 2 8; do
		ce-merge --threads $threads -1 by7/*.gz >"got$threads"
		cmp got1 "got$threads"
	done
	ce-merge -p at/3.csv >got
	same <(head -n 1 all.csv) got
	ce-merge -p <all.csv >got
	same all.csv got
}

@test "a row out of order or there twice is refused, with both places" {
	printf 'event_ts,event_id\n5,b\n5,c\n' >a.csv
	printf 'event_id,event_ts\n' >d.csv
	printf 'event_ts,event_id\n4,x\n\n5,b\n' >b.csv
	printf 'event_ts,event_id\n4,x\n6,a\n5,c\n' >c.csv
	fails 1 ce-merge -o out a.csv b.csv
	[ "$stderr" = "ce-merge: b.csv:4: event 'b' at 5 repeats event 'b' at 5 of a.csv:2 (ce-clean puts events in order)" ]
	fails 1 ce-merge -o out b.csv a.csv
	[ "$stderr" = "ce-merge: a.csv:2: event 'b' at 5 repeats event 'b' at 5 of b.csv:4 (ce-clean puts events in order)" ]
	fails 1 ce-merge -o out c.csv a.csv
	[ "$stderr" = "ce-merge: c.csv:4: event 'c' at 5 comes before event 'a' at 6 of line 3 (ce-clean puts events in order)" ]
	printf 'event_ts,event_id\n7,ab\n7,a\n' >e.csv
	fails 1 ce-merge -o out a.csv e.csv
	[ "$stderr" = "ce-merge: e.csv:3: event 'a' at 7 comes before event 'ab' at 7 of line 2 (ce-clean puts events in order)" ]
	fails 1 ce-merge -o out a.csv d.csv
	[ "$stderr" = "ce-merge: d.csv:1: the header differs from that of a.csv" ]
	fails 1 ce-merge -o out a.csv b.csv ./a.csv
	[ "$stderr" = "ce-merge: ./a.csv: the input a.csv is the same file" ]
	printf 'event_ts,event_id\n,a\n' >f.csv
	fails 1 ce-merge -o out a.csv f.csv
	[ "$stderr" = "ce-merge: f.csv:2: column event_ts: is empty (ce-clean reads raw events)" ]
	printf 'event_ts,event_id\n5,\n' >f.csv
	fails 1 ce-merge -o out f.csv
	[ "$stderr" = "ce-merge: f.csv:2: column event_id: is empty" ]
	[ ! -e out ]
}

@test "--number counts, and a table without event_ts goes by session_start_ts" {
	printf 'session_id,user_id,content_id,session_start_ts,event_id,device\n1,u,c,5,a,"x,"\n2,u,c,7,b,tv\n' >a.csv
	printf 'session_id,user_id,content_id,session_start_ts,event_id,device\n1,v,c,5,Z,\n2,v,c,9,b,""\n' >b.csv
	ce-merge -p --number session_id a.csv b.csv >got
	cat >want <<-'END'
		session_id,user_id,content_id,session_start_ts,event_id,device
		1,v,c,5,Z,
		2,u,c,5,a,"x,"
		3,u,c,7,b,tv
		4,v,c,9,b,""
	END
	same want got
	ce-merge -p --number device a.csv b.csv | cut -d, -f6 >got
	printf 'device\n1\n2\n3\n4\n' | same - got
	fails 1 ce-merge --number session a.csv b.csv
	[[ $stderr == "ce-merge: a.csv:1: missing column session; the "* ]]
	fails 1 ce-merge <(cut -d, -f1-4 a.csv)
	[[ $stderr == *": missing column event_id"* ]]
	fails 1 ce-merge <(cut -d, -f1-3 a.csv)
	[[ $stderr == *": missing column event_ts"* ]]
}

@test "more files than may be open: the soft limit is raised, the hard one is said" {
	canonical
	ce-split --no-sync -k event_id -n 300 -o 'p/%.csv' all.csv
	(ulimit -Sn 64 && ce-merge -p p/*.csv) >got
	same all.csv got
	mapfile -t files < <(ls p/*.csv)
	fails 1 bash -c 'ulimit -n 64; exec ce-merge "$@"' - "${files[@]}"
	[ "$stderr" = "ce-merge: 310 files would be open at once, and at most 64 may be (ulimit -Hn): merge some first, and then what that makes" ]
	(ulimit -Sn 64 && ce-split --no-sync -k event_id -n 300 -o 'q/%.csv' all.csv)
	diff -r p q
	fails 1 bash -c 'ulimit -n 64; exec ce-split -k event_id -n 300 -o r/% all.csv'
	[ "$stderr" = "ce-split: 310 files would be open at once, and at most 64 may be (ulimit -Hn): fewer parts, or parts of parts, will do" ]
	[ ! -e r ]
}
