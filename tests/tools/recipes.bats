# samples/recipes: each recipe with a small log of its format, from the log to the labels of the viewings. The logs,
# and what is expected of them, are in tests/recipes: invented, and worked out by hand.
load ../common

# adapted NAME [OPTION...]: by the recipe NAME, with OPTIONs, its log becomes the expected events and dimensions, and
# by the recipe's options for the later tools these become the expected viewings and labels, long after the end
# of the log. Where the log has no runtimes, NAME.library.csv, a content_dim as users have to provide it, has.
adapted() {
	local recipe=$CE_ROOT/samples/recipes/$1.recipe log=$CE_ROOT/tests/recipes/$1 contents=contents.csv
	shift
	ce-adapt -r "$recipe" "$@" --users users.csv --contents contents.csv -o events.csv "$log.log"
	same events.csv "$log.events.csv"
	same users.csv "$log.users.csv"
	same contents.csv "$log.contents.csv"
	[ ! -e "$log.library.csv" ] || contents=$log.library.csv
	set -o pipefail
	# shellcheck disable=SC2046 # these are words
	ce-clean $(ce-adapt -r "$recipe" --options ce-clean) events.csv |
		ce-join --left -k user_id users.csv -k content_id "$contents" |
		ce-sessionize $(ce-adapt -r "$recipe" --options ce-sessionize) |
		ce-agg --watermark 2025-01-01T00:00Z -t content_completion -p -o viewings.csv
	same <(sed -E 's/^[^,]*,(.*)(,[^,]*){5}(,[^,]*)$/\1\3/' viewings.csv) "$log.labels.csv"
}

@test "every recipe has its log, and its test here" {
	local recipe name
	for recipe in "$CE_ROOT"/samples/recipes/*.recipe; do
		name=${recipe##*/}
		name=${name%.recipe}
		echo "$name"
		[ -e "$CE_ROOT/tests/recipes/$name.log" ]
		grep -q "^	adapted $name\( \|$\)" "$BATS_TEST_FILENAME"
	done
}

# ada's episode is cut by an ad: the end of its first part, at 700 of 1500 s, completes nothing, and the second part
# is no rewatch. Her device's clock is two hours slow. a1, a guest, breaks off at 300 s. bob, from a warehouse, stops at 96 %.
@test "segment: pods, ads, a retry, a slow clock, a guest, live, identify, rows of a warehouse" {
	adapted segment
}

# user1 jumps to 200 of 270 s, and ends with a play at the end as the page's sample has it: no end is reported, 0.
# x2's calls have no timestamp, or were taken before the server added one.
@test "rudderstack: arrays of contents, the misnamed end, times that are missing" {
	adapted rudderstack
}

# ada completes by the end_event. That of d1, at 60 of 1500 s, is the end of data. bob's older plugin reports no end;
# the pause at 600 of 600 s completes.
@test "snowplow: both versions, snake-case, a stream that breaks off, a guest, live" {
	adapted snowplow
}

# ada's last sign is a progress of 955 of 1000 s. d1 has only jumped to 990 s, which is not to have watched it.
@test "snowplow-tsv: rows in no order, NULL, a quote in a name, a jump to the end" {
	adapted snowplow-tsv
}

# 1425.999 of 1500 s is 0.95, 1424.999 is not. u0's two views of v1, 15 minutes apart, are one viewing. The view w7 has
# no user. w8, of unknown duration, goes on for two hours and is one viewing by --unknown-runtime.
@test "mux: a day twice, live, views that never started, unknown users and durations" {
	adapted mux
}

# The film's session has pauses of 83 minutes: three hours from start to end, one viewing by --gap 4h. The session
# of which the log has only the end is one of its own.
@test "adobe: with and without xdm, ads, live, a long pause, an end without a start" {
	adapted adobe
}

# User 7's pause and end fall into one millisecond. User 8's lecture, from an app, has no duration and 70 minutes
# without an event: one viewing by --unknown-runtime. User 9 closes the page. Nobody was logged in to the play at 10 s.
@test "edx: JSON in strings, seeks, other events with and without JSON, apps, files that overlap" {
	adapted edx
}

# The film on two evenings: 3600 + 3300 s of 7200 s. The episode was playing when the first backup was made, at 1100
# of 1320 s; the second one's 1300 s come too late. The song's runtime is unknown.
@test "jellyfin: local time, two backups, raw quotes, live TV, a film on two evenings" {
	adapted jellyfin --tz Europe/Berlin
}

@test "jellyfin: times in UTC, as newer versions write them, whatever --tz" {
	printf '2026-05-01 20:15:23Z\tu\ti\tMovie\tFilm\tDirectPlay\tWeb\tFirefox\t60\n' >log
	ce-adapt -r "$CE_ROOT/samples/recipes/jellyfin.recipe" --tz Europe/Berlin -o events.csv log
	[ "$(pick event_ts <events.csv)" = 1777666523000 ]
}

# The second part of the film, 2 h 20 min after the first, completes both as one viewing.
@test "tautulli: two answers, plays that go on, trailers, live TV, pauses" {
	adapted tautulli
}

# 6841 of 7201 s is just 0.95.
@test "tautulli-db: positions and runtimes in ms, a runtime that is missing" {
	adapted tautulli-db
}

# The track twice is two viewings. The podcast of two hours is one, whose end belongs to its start.
@test "spotify: a track twice, skips, no username, local files, files that overlap" {
	adapted spotify
}

# 200 of 205 s is enough, 30.5 s is not; the other track is not in the library.
@test "spotify-short: minutes, names that hold the separator, a play of 0 ms" {
	adapted spotify-short
}

# 35 minutes after the first part the rest of the pilot is a viewing of its own: 2851 of 2900 s.
@test "netflix: trailers, autoplay, profiles, resumed, downloads that overlap" {
	adapted netflix
}

# Video 148: 72 %, and a minute later 95.006 %, in one viewing. 0.95 is enough, 0.9498 is not, though in whole seconds
# it would be 10 of 11. Video 183 loops: its end is later than its runtime.
@test "kuairec: ratios at the edge, loops, rows without a time, a row twice" {
	adapted kuairec
}

# ada stops at 1430 of 1500 s.
@test "generic: other delimiter, times in several units, no ids, no device" {
	adapted generic
}

# The flag completes film1, the position film2 of ada; a duration alone completes nothing by --complete-by position.
@test "plays: flag, position, or neither; runtimes that are missing" {
	adapted plays
}
