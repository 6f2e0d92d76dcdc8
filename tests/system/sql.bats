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
	compare random {1..19} 30
}

@test "synthetic workloads with faulty rows, several seeds and options" {
	compare synth 1 2 3 \
		1:plain_gap=true \
		1:gap=300000,forms=s \
		2:window=172800000,forms=us+ms \
		3:near_end=0.6,forms=ns+offset+utc+bare \
		2:gap=5400000,plain_gap=true,window=3600000,near_end=0.333333,allow_empty=device+playback_position
}
