# The laws of the shards: a log in parts, by user, by time and by day, becomes the tables of one run over all of it: see
# tests/reference/shards.py. CE_LAWS=10 tries ten times as many.
load ../common
load ../laws

@test "16 dirty logs in shards and time ranges, by direct commands: the tables and rejects of one run" {
	reference shards shards --rounds "$(rounds 16)"
}

@test "days and shards: each day's tables are those of one chain, and all days behind each other those of one run" {
	reference shards days --rounds "$(rounds 12)"
}

@test "the facts of 100 random tables are what the definitions say, whole and in parts" {
	reference shards facts --rounds "$(rounds 100)"
}

@test "the same by shards.mk, with another option, without some of its files, and killed at random moments" {
	reference shards make --rounds "$(rounds 6)"
}
