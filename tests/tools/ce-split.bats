#!/usr/bin/env bats
# ce-split: each record of a table to one of several files.
# shellcheck disable=SC2154 # fails leaves $stderr

load ../common

# hashed COLUMN N <TABLE: the parts as want/I, by another program, which reads no quotes.
hashed() {
	mkdir -p want
	python3 -c '
import sys
def part(key, n):
    h = 0xcbf29ce484222325
    for byte in key.strip(b" \t\n\v\f\r"):
        h = (h ^ byte) * 0x100000001b3 % 2**64
    return (h ^ h >> 32) % n
lines = sys.stdin.buffer.readlines()
column, n = lines[0].strip().split(b",").index(sys.argv[1].encode()), int(sys.argv[2])
parts = [[lines[0]] for i in range(n)]
for line in lines[1:]:
    fields = line.strip(b"\n").split(b",")
    parts[part(fields[column], n) if len(fields) == lines[0].count(b",") + 1 else 0].append(line)
for i in range(n):
    open(f"want/{i}", "wb").write(b"".join(parts[i]))
' "$1" "$2"
}

# are N PATTERN: the parts are want/0 ... want/N-1.
are() {
	for ((i = 0; i < $1; i++)); do
		same "want/$i" <(gzip -dcf "${2/\%/$i}")
	done
}

log() {
	printf 'event_id,event_ts,user_id\n'
	for i in {1..300}; do
		printf 'e%d,%d, u%d%s\n' "$i" $((1700000000 + i)) $((i * i % 37)) "$(printf '%*s' $((i % 3)) '')"
		if ((i % 50 == 0)); then printf 'short%d\n,,\nx,y,\n' "$i"; fi
	done
}

@test "-k: the parts are those of another program, in order" {
	log >in.csv
	for n in 1 2 3 7 64 1000; do
		hashed user_id "$n" <in.csv
		ce-split --no-sync -k user_id -n "$n" -o "part$n/%.csv.gz" in.csv 2>said
		[ ! -s said ]
		are "$n" "part$n/%.csv.gz"
		rm -r "part$n"
	done
}

@test "the hash is the one of the page" {
	printf 'key\n""\na\nu1\n" foobar\t"\n' >in.csv
	ce-split --no-sync -k key -n 1000 -o 'part/%.csv' in.csv
	[ "$(cat part/945.csv)" = $'key\n""' ]
	[ "$(cat part/824.csv)" = $'key\na' ]
	[ "$(cat part/380.csv)" = $'key\nu1' ]
	[ "$(cat part/697.csv)" = $'key\n" foobar\t"' ]
	[ "$(cat part/0.csv)" = key ]
	[ "$(find part | wc -l)" = 1001 ]
}

@test "--at: a time at an edge is in the later part; what cannot be read is in part 0" {
	printf 't,x\n1699999999999,a\n1700000000,b\n1700000000001,c\n2023-11-14T22:13:20Z,d\nnever,e\n' >in.csv
	printf '1700000009.999,f\n1700000010,g\n,h\n2023-11-14T23:13:20,i\nshort\n' >>in.csv
	ce-split --at 1700000000,2023-11-14T22:13:30Z,2100-01-01 --time t -o 'p%.csv' in.csv 2>said
	[ "$(cat said)" = "ce-split: warning: the t of 2 of 10 records cannot be read: they are in part 0 (--ts-unit?)" ]
	[ "$(tr '\n' ' ' <p0.csv)" = "t,x 1699999999999,a never,e ,h short " ]
	[ "$(tr '\n' ' ' <p1.csv)" = "t,x 1700000000,b 1700000000001,c 2023-11-14T22:13:20Z,d 1700000009.999,f " ]
	[ "$(tr '\n' ' ' <p2.csv)" = "t,x 1700000010,g 2023-11-14T23:13:20,i " ]
	[ "$(cat p3.csv)" = t,x ]
	fails 1 ce-split --strict --at 1700000000 --time t -o 'q%.csv' in.csv
	[ ! -e q0.csv ]
	sed -i 's/^[0-9.]*,/5,/' in.csv
	ce-split --ts-unit s --tz Europe/Berlin --at 2023-11-14T23:13:20 --time t -o 'q%.csv' in.csv 2>said
	[ "$(tail -n +2 q1.csv)" = $'2023-11-14T22:13:20Z,d\n2023-11-14T23:13:20,i' ]
}

@test "--keep-lines: each record is on the line that it has in the input" {
	{
		printf '\n\xef\xbb\xbf\nid,user,note\n'
		for i in {1..40}; do printf '%s,u%d,"a\n%d"\n\nbad%d\n' "$i" $((i % 5)) "$i" "$i"; done
	} >in.csv
	ce-split --keep-lines -k user -n 3 -o '%.csv' in.csv
	paste 0.csv 1.csv 2.csv | sed '1,3d; s/\t//g' >all # blank lines but in one of them
	sed '1,3d' in.csv >want
	same want all
	head -n 3 in.csv >want
	for i in 0 1 2; do same want <(head -n 3 $i.csv); done
	ce-split --keep-lines -k user -n 1 -o 'one%.csv' in.csv
	same in.csv one0.csv
}

@test "usage" {
	printf 'a,b\n1,2\n' >in.csv
	for bad in '-k a -n 2' '-k a -n 2 -o x' '-k a -n 2 -o %%' '-k a -o %' '-n 2 -o %' '-k a -n 0 -o %' \
		'-k a -n 1025 -o %' '-k a -n 2 --at 2024-01-01 -o %' '--at 2024-01-02,2024-01-01 -o %' '--at x -o %' \
		'--at 2024-01-01,2024-01-01 -o %' '--at 2024-01-01 -n 3 -o %' '-k a -n 2 --tz UTC -o %' \
		'-k a -n 2 --time a -o %' '-k a -n 2 --keep-lines -o % in.csv'; do
		# shellcheck disable=SC2086 # several words
		fails 2 ce-split $bad in.csv
		[ "$(find . -name '[0-9x%]*')" = "" ]
	done
	fails 1 ce-split -k c -n 2 -o % in.csv
	[ "$stderr" = "ce-split: in.csv:1: missing column c; the header has a, b" ]
	printf 'a\n1\n' >one.csv
	fails 1 ce-split --keep-lines -k a -n 2 -o % one.csv
	[ "$stderr" = "ce-split: one.csv:1: column a: the only one, of which a blank line is a row: its lines cannot be kept" ]
}

@test "another program splits dirty tables of any dress the same way, byte for byte" {
	python3 "$CE_ROOT/tests/reference/parts.py" law $((300 * ${CE_LAWS:-1})) >told || {
		cat told
		return 1
	}
	grep -Eqx '[0-9]+ runs: [0-9]+ equal, [0-9]+ refused' told
}

@test "the parts of a dirty log, cleaned each by itself, have the rejects of the whole, on their lines" {
	ce-synth --users 50 --sessions 2000 --dirty 0.1 -o . 2>told
	ce-clean --max-rejects 100% -p --rejects all.csv -o clean.csv events_table.csv.gz 2>told
	ce-split --keep-lines -k event_id -n 5 -o 'raw/%.csv.gz' events_table.csv.gz
	for i in 0 1 2 3 4; do
		ce-clean --max-rejects 100% -p --rejects "reject$i.csv" -o "clean$i.csv" "raw/$i.csv.gz" 2>told
	done
	[ "$(cut -d, -f1-3 reject0.csv | head -n 2 | wc -l)" = 2 ]
	same <(cut -d, -f2- all.csv | sort) <(cut -d, -f2- reject?.csv | sort | awk '$0 != "line,reason,record" || !n++')
	ce-merge -p clean?.csv >got
	same clean.csv got
}

@test "several files: the first one's head, one delimiter" {
	printf 'sep=;\r\nk;x\r\n1;a' >a.csv
	printf '\nk;x\n1;b\r\n\n' >b.csv
	ce-split -k k -n 1 -o '%.csv' a.csv b.csv
	printf 'sep=;\r\nk;x\r\n1;a\n1;b\r\n' >want
	same want 0.csv
	printf 'k,x\n1,c\n' >c.csv
	fails 1 ce-split -k k -n 1 -o 'q%.csv' a.csv c.csv
	[ "$stderr" = "ce-split: c.csv: delimited by ',', and the first file by ';': split it alone" ]
	printf 'k;y\n' >d.csv
	fails 1 ce-split -k k -n 1 -o 'q%.csv' a.csv d.csv
	[ "$stderr" = "ce-split: d.csv:1: the header differs from that of a.csv" ]
	[ ! -e q0.csv ]
	# From standard input, without a line end, without rows.
	printf 'k;x' | ce-split -k k -n 2 -o '%.csv'
	same <(printf 'k;x\n') 1.csv
}

@test "a quote that is left open would be closed in part 0: refused, with both places" {
	printf 'a,b\n"x,1\n2,"y"\n3,"\n' >in.csv
	fails 1 ce-split -k a -n 1000 -o 'p/%' in.csv
	[ "$stderr" = "ce-split: in.csv:4: in part 0 this record would close the quote that in.csv:2 leaves open: mend that one, or leave it out" ]
	[ ! -e p ]
	printf 'a,b\n"x,1\n2,"y"\n3,"z\n' >in.csv
	ce-split --no-sync -k a -n 1000 -o 'p/%.csv' in.csv
	[ "$(cat p/0.csv)" = $'a,b\n"x,1\n3,"z' ]
}

@test "all parts appear, or none, and no folder is left" {
	log >in.csv
	mkdir q
	mkdir -p q/2.csv
	fails 1 ce-split -k user_id -n 3 -o 'q/%.csv' in.csv
	[ "$stderr" = "ce-split: q/2.csv: Is a directory" ]
	[ "$(ls -A q)" = 2.csv ]
	fails 1 ce-split -k user_id -n 3 -o 'in.csv/%' in.csv
	[ "$stderr" = "ce-split: in.csv/0: Not a directory" ]
	echo 'x,y",z' >>in.csv
	fails 1 ce-split --strict --at 2023-11-14 -o 'new/a%/b' <(sed '$s/.*/a,b,c/' in.csv)
	[ ! -e new ]
	printf old >p0
	fails 153 bash -c 'ulimit -f 1; exec ce-split -k user_id -n 2 -p -o p% in.csv' # SIGXFSZ
	[ "$(cat p0)" = old ]
	[ ! -e p1 ]
	ln -s /dev/full f1
	fails 1 ce-split -k user_id -n 2 -o f% in.csv
	[[ $stderr == "ce-split: f1: No space left on device" ]]
	[ ! -e f0 ]
	cp in.csv g1
	fails 1 ce-split -k user_id -n 2 -o 'g%' g1
	[ "$stderr" = "ce-split: g1: the input g1 is the same file" ]
	cmp in.csv g1
	[ -z "$(find . -name '.*.tmp')" ]
}

@test "a signal leaves the old parts and nothing else" {
	log >in.csv
	gzip -k in.csv
	mkdir folder
	cd folder
	echo old >p0
	[ "$(python3 "$CE_ROOT/tests/sudden.py" TERM,INT,HUP ../in.csv.gz ce-split -k user_id -n 3 -o p%)" = "143 130 129" ]
	[ "$(ls -A)" = p0 ]
	[ "$(cat p0)" = old ]
}

@test "names, -p and levels say what a part is" {
	log >in.csv
	ce-split -k user_id -n 2 -o 'a%.csv' in.csv
	ce-split -k user_id -n 2 -o 'b%.csv.gz' in.csv
	ce-split -k user_id -n 2 -p -o 'c%.csv.gz' in.csv
	ce-split -k user_id -n 2 -9 -o 'd%.csv' in.csv
	for i in 0 1; do
		cmp "a$i.csv" "c$i.csv.gz"
		gzip -t "b$i.csv.gz"
		gzip -t <"d$i.csv"
		same "a$i.csv" <(gzip -dc "b$i.csv.gz")
		same "a$i.csv" <(gzip -dc <"d$i.csv")
	done
	for threads in 1 2 7; do
		ce-split --threads $threads -k user_id -n 2 -o 'e%.csv.gz' in.csv
		cmp b0.csv.gz e0.csv.gz
	done
	ce-split -v -k user_id -n 2 -o 'e%.csv.gz' in.csv 2>told
	grep -Eqx 'ce-split: 318 rows in, 318 rows out, [0-9.]+ s, [0-9.]+ MiB' told
}
