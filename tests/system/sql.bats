# Every column of every table against tests/reference/reference.sql, which PostgreSQL works out.
load ../common
load ../postgres

compare() {
	PYTHONDONTWRITEBYTECODE=1 python3 "$CE_ROOT/tests/reference/compare_sql.py" "$@"
}

@test "the edge cases: every table is what the definitions say in SQL" {
	compare edge
}

@test "the edge cases with times, runtimes and years in other forms: the same tables" {
	compare forms
}

@test "random tables in which every rare thing happens often" {
	compare random 1-19 30
}

@test "logs of heartbeats, rewatches and unknown runtimes on the edge of each rule, with every option at random" {
	compare viewings 1-40 41:15000
}

@test "the definitions in SQL and in Python agree, tools aside" {
	compare --naive viewings 101-110
}

@test "synthetic workloads with faulty rows, several seeds and options" {
	compare synth 1 \
		2:players=any \
		3:plain_gap=true,complete_by=position \
		1:gap=300000,forms=s,complete_by=played,players=any \
		2:window=172800000,forms=us+ms,max_left=1200000 \
		3:near_end=0.6,forms=ns+offset+utc+bare,unknown_runtime=3600000,players=any \
		2:gap=5400000,plain_gap=true,window=3600000,near_end=0.333333,complete_by=played,allow_empty=device+playback_position
}

@test "the sample, by other rules of completion" {
	mkdir sample
	local table
	for table in events_table users_dim content_dim; do
		gzip -dc "$CE_ROOT/samples/$table.csv.gz" >"sample/$table.csv"
	done
	# The watermark is in the middle of its 30 days.
	compare folder sample:complete_by=position,gap=604800000 sample:complete_by=played,watermark=1705500000000
}
