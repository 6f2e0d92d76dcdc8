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

# exp, log and pow are not exactly rounded: another libm than that of Debian 12 may give other sums.
@test "without additions the bytes are those of before there were any" {
	[ "$(uname -m)" = x86_64 ] || skip "recorded on x86_64"
	local sum options
	while read -r sum options; do
		# shellcheck disable=SC2086
		ce-synth -p $options -o out
		echo "$options"
		[ "$(cat out/*.csv | sha256sum | cut -c 1-16)" = "$sum" ]
	done <<-'EOF2'
		7ff7ae16695a1fcd --seed 1
		3b3db430edd68e09 --seed 2 --sessions 30000 --days 60
		070637260eb06991 --seed 7 --users 20 --contents 5 --days 3 --sessions 500
		8d4feb1e99af1228 --seed 9 --start 2098-01-01 --days 400
	EOF2
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

# What may be added to a workload.
additions='--heartbeat 2m --end-by-position 0.3 --rewatch 0.3 --two-evenings 0.3
	--missing-runtime 0.3 --clock-skew 0.3'

@test "additions of 0 are none, and the same ones give the same bytes" {
	ce-synth --sessions 800 -o a
	ce-synth --sessions 800 --heartbeat 0 --end-by-position 0 --rewatch 0 --two-evenings 0 \
		--missing-runtime 0 --clock-skew 0 -o b
	diff -r a b
	# shellcheck disable=SC2086
	ce-synth --sessions 800 $additions -o c
	# shellcheck disable=SC2086
	ce-synth --sessions 800 $additions -o d
	diff -r c d
	cmp a/users_dim.csv.gz d/users_dim.csv.gz
	for table in events_table content_dim truth; do
		if cmp -s a/$table.csv.gz c/$table.csv.gz; then
			return 1
		fi
	done
}

@test "each addition shows in the tables, and an addition of contents or devices in no other" {
	count() {
		rows "$1/events_table.csv.gz" | grep -c "$2"
	}
	ce-synth --sessions 3000 -o plain
	ce-synth --sessions 3000 --heartbeat 1m -o heartbeat
	[ "$(count heartbeat ,heartbeat,)" -gt 20000 ]
	cmp <(rows plain/truth.csv.gz | cut -d , -f 2-) <(rows heartbeat/truth.csv.gz | cut -d , -f 2-)
	cmp <(rows plain/events_table.csv.gz | cut -d , -f 2-) \
		<(rows heartbeat/events_table.csv.gz | grep -v ,heartbeat, | cut -d , -f 2-)

	ce-synth --sessions 3000 --end-by-position 1 -o position
	rows position/content_dim.csv.gz | awk -F, '$(NF - 2) == "" || $(NF - 2) == 0 { print $1 }' >unknown
	[ "$(rows position/events_table.csv.gz | grep ,complete, | cut -d , -f 4 | grep -vcFxf unknown)" -eq 0 ]
	cmp <(rows plain/truth.csv.gz | cut -d , -f 2-) <(rows position/truth.csv.gz | cut -d , -f 2-)

	ce-synth --sessions 3000 --rewatch 0.5 -o rewatch
	[ "$(rows rewatch/truth.csv.gz | wc -l)" -gt 3300 ]
	# The viewings of before are still there, with what they had.
	[ "$(comm -23 <(rows plain/truth.csv.gz | cut -d , -f 2- | sort) \
		<(rows rewatch/truth.csv.gz | cut -d , -f 2- | sort) | wc -l)" -eq 0 ]

	ce-synth --sessions 3000 --two-evenings 1 -o evenings
	cmp <(rows plain/truth.csv.gz | cut -d , -f 2-) <(rows evenings/truth.csv.gz | cut -d , -f 2-)
	[ "$(count evenings ,stop,)" -gt "$(($(count plain ,stop,) + 500))" ]

	ce-synth --sessions 3000 --missing-runtime 0.5 -o missing
	cmp plain/truth.csv.gz missing/truth.csv.gz
	cmp plain/events_table.csv.gz missing/events_table.csv.gz
	rows missing/content_dim.csv.gz | awk -F, '$(NF - 2) == "" { n++ } END { exit n < 120 || n > 190 }'

	ce-synth --sessions 3000 --clock-skew 0.5 -o skew
	cmp plain/truth.csv.gz skew/truth.csv.gz
	cmp <(rows plain/events_table.csv.gz | cut -d , -f 1,3-) <(rows skew/events_table.csv.gz | cut -d , -f 1,3-)
	paste -d , <(rows plain/events_table.csv.gz) <(rows skew/events_table.csv.gz) | awk -F, '
		$2 != $9 { n++; future += $9 > $2 + 365 * 86400000 }
		END { exit n < NR * 0.35 || n > NR * 0.65 || !future }'
}

@test "ce-clean accepts all that is added, and cleans the dirty events to the same" {
	# shellcheck disable=SC2086
	ce-synth --sessions 3000 $additions -o clean
	ce-clean --rejects rejects.csv.gz clean/events_table.csv.gz >want.csv.gz
	[ "$(rows rejects.csv.gz | wc -l)" -eq 0 ]
	[ "$(rows want.csv.gz | wc -l)" -eq "$(rows clean/events_table.csv.gz | wc -l)" ]
	# shellcheck disable=SC2086
	ce-synth --sessions 3000 $additions --dirty 0.1 -o dirty
	ce-clean <dirty/events_table.csv.gz >got.csv.gz
	same <(zcat want.csv.gz) <(zcat got.csv.gz)
	cmp clean/truth.csv.gz dirty/truth.csv.gz
}

@test "ce-clean names the clocks that are wrong, ce-sessionize the runtimes that are missing" {
	ce-synth --users 100 --sessions 2000 --clock-skew 0.9 --missing-runtime 0.9 -o out
	ce-clean out/events_table.csv.gz 2>said |
		ce-join -k user_id out/users_dim.csv.gz -k content_id out/content_dim.csv.gz |
		ce-sessionize 2>>said >/dev/null
	grep -q 'ce-clean: warning: .* after tomorrow' said
	grep -q 'ce-sessionize: warning: .* unknown runtime' said
}

# share KIND DIR [OPTION...]: of the true viewings that are exact, split or merged, or whose label is
# right, in per cent.
share() {
	python3 "$CE_ROOT/tests/bench/viewings.py" "${@:2}" 2>/dev/null |
		awk -v kind="$1" '$1 == kind && $2 != "and" { print int($NF * 100 + 0.5) }'
}

@test "the true viewings of a workload with additions, and the sessions that show them" {
	ce-synth --sessions 5000 -o plain
	[ "$(share exact plain)" -ge 97 ]
	[ "$(share merged plain)" -eq 0 ]

	ce-synth --sessions 5000 --heartbeat 1m -o heartbeat
	[ "$(share exact heartbeat)" -ge 99 ]

	ce-synth --sessions 5000 --two-evenings 1 -o evenings
	[ "$(share split evenings)" -ge 25 ]
	[ "$(share split evenings --gap 2d)" -eq 0 ]

	ce-synth --sessions 5000 --missing-runtime 1 -o missing
	[ "$(share split missing)" -ge 10 ]
	[ "$(share split missing --unknown-runtime 3h)" -le 1 ]

	ce-synth --sessions 5000 --rewatch 0.5 -o rewatch
	[ "$(share exact rewatch)" -ge 97 ]
	[ "$(share merged rewatch)" -eq 0 ]

	ce-synth --sessions 5000 --end-by-position 1 -o position
	[ "$(share label position)" -le 70 ]
	[ "$(share label position --complete-by position)" -ge 98 ]
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
		-o out --heartbeat 1
		-o out --heartbeat 999ms
		-o out --end-by-position 1.1
		-o out --rewatch -0.1
		-o out --two-evenings 2
		-o out --missing-runtime x
		-o out --clock-skew 50%
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
