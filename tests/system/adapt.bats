# ce-adapt against its independent reference and its laws, on random recipes with random dirty logs: see
# tests/reference/adapt_cases.py. CE_LAWS=10 makes it ten times as many. The interpreter is Debian's, that has xxhash.
load ../common

cases() {
	PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$CE_ROOT/tests/reference/adapt_cases.py" "$1" $(($2 * ${CE_LAWS:-1}))
}

@test "ce-adapt makes of 150 dirty logs by random recipes what the manual says, byte for byte" {
	cases law 150
}

@test "the same of 6 logs of 1,500 records, which no buffer holds whole" {
	cases long 6
}

@test "neither events nor dimensions depend on the order of the log's records and files: 30 random cases" {
	cases order 30
}

@test "a log with every record twice is, after ce-clean, the log with each once: 30 random cases" {
	cases retry 30
}

@test "a random mistake in a recipe is found in its line, or is none: 100 random cases" {
	cases faults 100
}
