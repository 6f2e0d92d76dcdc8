# The law of the two ways: ce-materialize writes what the pipe of the five tools writes, whatever the log,
# the dimensions and the options: see tests/reference/two_ways.py. CE_LAWS=10 tries ten times as many.
load ../common

two_ways() {
	/usr/bin/python3 -B "$CE_ROOT/tests/reference/two_ways.py" --rounds $(($1 * ${CE_LAWS:-1})) "${@:2}"
}

@test "300 dirty logs with random dimensions and options: the bytes of every table, the messages, or no file" {
	two_ways 300
}

@test "the same of logs of 12,000 to 40,000 rows, which no buffer and no batch holds whole" {
	two_ways 4 --large
}
