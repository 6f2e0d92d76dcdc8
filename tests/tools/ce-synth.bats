#!/usr/bin/env bats
load ../common

files() {
	(cd "$1" && printf '%s ' *)
}

rows() {
	zcat "$1" | tail -n +2
}

@test "four tables, with their columns and as many rows as asked for" {
	ce-synth --users 50 --contents 20 --sessions 700 --days 5 -o out
	[ "$(files out)" = "content_dim.csv.gz events_table.csv.gz truth.csv.gz users_dim.csv.gz " ]
	zcat out/events_table.csv.gz | head -n 1 |
		grep -qx event_id,event_ts,user_id,content_id,event_type,playback_position,device
	zcat out/users_dim.csv.gz | head -n 1 | grep -qx user_id,email,plan_tier,signup_date
	zcat out/content_dim.csv.gz | head -n 1 |
		grep -qx content_id,genre,runtime,release_year,maturity_rating
	zcat out/truth.csv.gz | head -n 1 |
		grep -qx event_id,user_id,content_id,session_start_ts,true_probability,true_outcome
	[ "$(rows out/users_dim.csv.gz | wc -l)" -eq 50 ]
	[ "$(rows out/content_dim.csv.gz | wc -l)" -eq 20 ]
	[ "$(rows out/truth.csv.gz | wc -l)" -eq 700 ]
	[ "$(rows out/events_table.csv.gz | wc -l)" -gt 1400 ]
}

@test "the same options give the same bytes, another seed others, -p the same text" {
	local table
	ce-synth --sessions 800 --dirty 0.1 -o a
	ce-synth --sessions 800 --dirty 0.1 -o b
	ce-synth --sessions 800 --dirty 0.1 -p -o plain
	ce-synth --sessions 800 --dirty 0.1 --seed 2 -o other
	for table in events_table users_dim content_dim truth; do
		cmp "a/$table.csv.gz" "b/$table.csv.gz"
		cmp <(zcat "a/$table.csv.gz") "plain/$table.csv"
		if cmp -s "a/$table.csv.gz" "other/$table.csv.gz"; then
			return 1
		fi
	done
}

@test "--stream writes the same events to standard output, and no file of them" {
	ce-synth --sessions 800 -o a
	ce-synth --sessions 800 --stream -o b | zcat >events.csv
	cmp events.csv <(zcat a/events_table.csv.gz)
	[ "$(files b)" = "content_dim.csv.gz truth.csv.gz users_dim.csv.gz " ]
}

@test "--start moves the log" {
	ce-synth --sessions 100 --days 2 --start 2031-05-06T00:00:00Z -o out
	rows out/events_table.csv.gz | awk -F, '
		$2 < 1935792000000 || $2 >= 1935792000000 + 2 * 86400000 { bad = 1 }
		END { exit bad || NR < 200 }'
}

@test "real tables have their oddities" {
	ce-synth --users 3000 --contents 1000 --sessions 1 -o out
	rows out/users_dim.csv.gz | grep -q '@example.com,,2'      # no plan
	rows out/users_dim.csv.gz | grep -q ',$'                   # no signup
	rows out/users_dim.csv.gz | grep -q ',202[5-9]-..-.. '     # a signup after the log
	rows out/content_dim.csv.gz | grep -q '^c[0-9]*,"News, Talk",'
	rows out/content_dim.csv.gz | grep -q '^c[0-9]*,,'         # no genre
	rows out/content_dim.csv.gz | grep -q '^c[0-9]*,[A-Z][A-Za-z-]*,,'  # no runtime
	rows out/content_dim.csv.gz | grep -q '^c[0-9]*,[A-Z][A-Za-z-]*,0,' # runtime zero
}

@test "faults change nothing but the events" {
	local table
	ce-synth --sessions 2000 -o clean
	ce-synth --sessions 2000 --dirty 0.2 -o dirty
	for table in users_dim content_dim truth; do
		cmp "clean/$table.csv.gz" "dirty/$table.csv.gz"
	done
	# Rows that are written plainly are those of the clean log, in its order.
	rows clean/events_table.csv.gz >clean.csv
	rows dirty/events_table.csv.gz | grep -a '^e' >dirty.csv
	[ "$(grep -aFxc -f clean.csv dirty.csv)" -gt "$(($(wc -l <clean.csv) * 7 / 10))" ]
}

@test "cleaning the dirty events gives what cleaning the others does, faults counted" {
	local seed rate
	for seed in 1 2 3; do
		ce-synth --seed $seed --sessions 3000 -o clean
		ce-clean <clean/events_table.csv.gz >want.csv.gz
		for rate in 0.01 0.4; do
			ce-synth -v --seed $seed --sessions 3000 --dirty $rate -o dirty 2>said
			ce-clean <dirty/events_table.csv.gz 2>rejected >got.csv.gz
			same <(zcat want.csv.gz) <(zcat got.csv.gz)
			same <(grep -oE '[0-9]+ [a-z]+(_[a-z0-9]+)+|[0-9]+ ragged' said | sort) \
				<(grep -oE '[0-9]+ [a-z]+(_[a-z0-9]+)+|[0-9]+ ragged' rejected | sort)
		done
	done
}

@test "events re-derive the outcomes, and the truth is worth learning" {
	ce-synth --sessions 20000 -o out
	cat >check.py <<-'PYTHON'
		"""Sessions and outcomes by their definition, against the truth."""
		import csv, gzip

		GAP, NEAR_END = 30 * 60 * 1000, 950000

		def rows(name):
		    with gzip.open(f"out/{name}.csv.gz", "rt", newline="") as f:
		        yield from csv.DictReader(f)

		runtime = {r["content_id"]: int(r["runtime"] or 0) for r in rows("content_dim")}
		events = sorted(rows("events_table"), key=lambda e: (int(e["event_ts"]), e["event_id"]))
		watermark = int(events[-1]["event_ts"])
		latest, sessions = {}, {}
		for e in events:
		    ts, kind, position = int(e["event_ts"]), e["event_type"], int(e["playback_position"])
		    whole = runtime[e["content_id"]]
		    pair = e["user_id"], e["content_id"]
		    s = latest.get(pair)
		    if s is None or ts > s["deadline"] or (kind == "play" and "complete" in s["kinds"]):
		        s = latest[pair] = sessions[e["event_id"]] = {"kinds": set(), "near": False, "done": False}
		    s["kinds"].add(kind)
		    ratio = min((position * 1000000 + whole // 2) // whole, 1000000) if whole > 0 else -1
		    s["near"] |= kind == "stop" and ratio >= NEAR_END
		    s["done"] |= kind == "complete" or (s["near"] and len(s["kinds"]) > 1)
		    left = max(whole - position, 0) * 1000 if kind in ("play", "seek") else 0
		    s["deadline"] = ts + GAP + left

		truth = list(rows("truth"))
		merged = agree = wrong = 0
		for t in truth:
		    s = sessions.get(t["event_id"])
		    if s is None:
		        merged += 1
		    elif s["done"] or s["deadline"] < watermark or t["true_outcome"] == "0":
		        agree += s["done"] == (t["true_outcome"] == "1")
		        wrong += s["done"] != (t["true_outcome"] == "1")

		scored = sorted((float(t["true_probability"]), int(t["true_outcome"])) for t in truth)
		ranks = sum(i for i, (p, y) in enumerate(scored, 1) if y)
		ones = sum(y for p, y in scored)
		auc = (ranks - ones * (ones + 1) / 2) / (ones * (len(scored) - ones))
		print(f"sessions {len(sessions)} merged {merged} agree {agree} wrong {wrong}",
		      f"base {ones / len(scored):.3f} auc {auc:.4f}")
		assert len({e["event_id"] for e in events}) == len(events)
		assert agree >= 0.97 * len(truth) and wrong <= 0.02 * len(truth) and merged <= 0.00125 * len(truth)
		assert abs(len(sessions) / len(truth) - 1) < 0.03
		assert 0.35 < ones / len(scored) < 0.5 and 0.75 < auc < 0.85
	PYTHON
	python3 check.py
}

@test "memory does not grow with the viewings" {
	peak() {
		ce-synth -v -0 --users 300 --contents 100 --days 30 --sessions "$1" -o out 2>&1 |
			sed -n 's/.* \([0-9]*\)\.[0-9] MiB$/\1/p'
	}
	[ "$(peak 250000)" -lt "$(($(peak 2500) * 2 + 4))" ]
}

@test "bad command lines" {
	local args
	while read -r args; do
		# shellcheck disable=SC2086
		fails 2 ce-synth $args
		[ ! -e out ]
	done <<-'EOF2'

		--stream
		-o out operand
		-o out --users 0
		-o out --contents 0
		-o out --days 0
		-o out --sessions 0
		-o out --users 4294967295
		-o out --days 40000
		-o out --days 9223372036854775807
		-o out --start 1999-12-31
		-o out --start 2100-01-01
		-o out --start yesterday
		-o out --dirty 1.1
		-o out --dirty -1
		-o out --seed -1
	EOF2
}

@test "a failure leaves the tables of before, and nothing half-made" {
	ce-synth --sessions 500 -o out
	cp -r out before
	fails 1 bash -c 'ce-synth --seed 2 --sessions 500 --stream -o out >/dev/full'
	diff -r before out
	ce-synth --seed 2 --sessions 300000 --stream -o out | head -c 10 >/dev/null || true
	diff -r before out
	[ -z "$(find out -name '*.tmp')" ]
	fails 1 ce-synth -o out/truth.csv.gz
	fails 1 ce-synth -o no/such/place
}
