# The law of the days: ce-materialize a day at a time writes what one run over all events writes, and whatever
# does not fit a state is refused: see tests/reference/days.py and states.py. CE_LAWS=10 tries ten times as many.
load ../common
load ../laws

@test "60 dirty logs cut at random times: the tables, the states and the open rows of one run" {
	reference days --rounds "$(rounds 60)"
}

@test "the same of a log that no buffer holds whole" {
	reference days --rounds 1 --large --seed 5
}

@test "kill -9 at random moments of each day, and the day again: the same bytes" {
	reference days --rounds "$(rounds 6)" --seed 1001 --kills 4
}

@test "the sample, a day at a time for 30 days" {
	reference days --data "$CE_ROOT/samples"
}

@test "a state that is damaged, of other options, dimensions or another day is refused by name, or misleads nothing" {
	reference states --every $((150 / ${CE_LAWS:-1} + 1)) --resealed "$(rounds 150)"
}
