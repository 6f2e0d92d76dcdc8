# samples/recipes: each recipe with a small log of its format, from the log to the labels of the viewings. The logs,
# and what is expected of them, are in tests/recipes: invented, and worked out by hand.
load ../common

# adapted [-w N] NAME [OPTION...]: by the recipe NAME, with OPTIONs, its log becomes the expected events and
# dimensions, with N warnings (0); and by the recipe's options for the later tools these become the expected viewings
# and labels, long after the end of the log. NAME.library.csv, where there is one, is the content_dim of users whose
# logs have no runtimes.
adapted() {
	local warnings=0 recipe log contents=contents.csv
	if [ "$1" = -w ]; then
		warnings=$2
		shift 2
	fi
	recipe=$CE_ROOT/samples/recipes/$1.recipe log=$CE_ROOT/tests/recipes/$1
	shift
	ce-adapt -r "$recipe" "$@" --users users.csv --contents contents.csv -o events.csv "$log.log" 2>told
	cat told
	[ "$(grep -c '^ce-adapt: warning' told)" = "$warnings" ]
	same events.csv "$log.events.csv"
	same users.csv "$log.users.csv"
	same contents.csv "$log.contents.csv"
	[ ! -e "$log.library.csv" ] || contents=$log.library.csv
	set -o pipefail
	# shellcheck disable=SC2046 # these are words
	ce-clean $(ce-adapt -r "$recipe" --options ce-clean) events.csv |
		ce-join $(ce-adapt -r "$recipe" --options ce-join) -k user_id users.csv -k content_id "$contents" |
		ce-sessionize $(ce-adapt -r "$recipe" --options ce-sessionize) |
		ce-agg --watermark 2025-01-01T00:00Z -t content_completion -p -o viewings.csv
	same <(sed -E 's/^[^,]*,(.*)(,[^,]*){5}(,[^,]*)$/\1\3/' viewings.csv) "$log.labels.csv"
}

# events RECIPE LOG: its events without their ids.
events() { ce-adapt -p -r "$CE_ROOT/samples/recipes/$1.recipe" "$2" | sed 's/^[^,]*,//'; }

@test "every recipe has its log, its test here, and its line in ce-recipe(5)" {
	local recipe name
	same <(sed -n '/^\.Sh RECIPES/,/^\.El/s/^\.It Sy //p' "$CE_ROOT/tools/ce-recipe.5" | sort) \
		<(cd "$CE_ROOT/samples/recipes" && printf '%s\n' *.recipe | sed 's/\.recipe$//' | sort)
	for recipe in "$CE_ROOT"/samples/recipes/*.recipe; do
		name=${recipe##*/}
		name=${name%.recipe}
		echo "$name"
		[ -e "$CE_ROOT/tests/recipes/$name.log" ]
		grep -Eq "^	adapted (-w [0-9] )?$name( |$)" "$BATS_TEST_FILENAME"
	done
}

# ada's episode is cut by an ad: the end of its first part, at 700 of 1500 s, completes nothing, and the second part
# is no rewatch. Her device's clock is two hours slow. a1, a guest, breaks off at 300 s; of ep3 there are Playback
# events only, whose lengths count ads. bob, from a warehouse, stops at 96 %. One call has two contents: a warning.
@test "segment: pods, ads, a retry, a slow clock, a guest, live, identify, rows of a warehouse" {
	adapted -w 1 segment
}

# user1 jumps to 200 of 270 s, and ends with a play at the end as the page's sample has it: no end is reported, 0.
# x2's calls have no timestamp, or were taken before the server added one. user3's events are Playback events only.
@test "rudderstack: arrays of contents, the misnamed end, times that are missing" {
	adapted rudderstack
}

# ada completes ep1 by the end_event; d1's, at 60 of 1500 s, is the end of data. bob's older plugin reports no end;
# the pause at 600 of 600 s completes. n7, whose cookie alone is known, sees a YouTube video to the end.
@test "snowplow: both versions, snake-case, a stream that breaks off, guests, live" {
	adapted snowplow
}

# ada's last sign is a progress of 955 of 1000 s. d1 has only jumped to 990 s, which is not to have watched it, and the
# end at 20 s is the end of data.
@test "snowplow-tsv: rows in no order, NULL, a quote in a name, a jump to the end" {
	adapted snowplow-tsv
}

# 1425.999 of 1500 s is 0.95, 1424.999 is not. u0's two views of v1, 15 minutes apart, are one viewing. The view w7 has
# no user. w8, of unknown duration, goes on for two hours and is one viewing by --unknown-runtime.
@test "mux: a day twice, live, views that never started, unknown users and durations" {
	adapted mux
}

# film1 has pauses of 83 minutes: three hours from start to end, one viewing by --gap 4h. film3 has no length and takes
# seven hours, one viewing by --unknown-runtime. A session of which the log has only the end is one of its own.
# An identity map with two ids is a warning.
@test "adobe: with and without xdm, ads, live, long pauses, an end without a start" {
	adapted -w 1 adobe
}

# User 7's pause and end fall into one millisecond. User 8's lecture, from an app, has no duration and 70 minutes
# without an event: one viewing by --unknown-runtime. User 9 closes the page. The play at 10 s is nobody's.
@test "edx: JSON in strings, seeks, other events with and without JSON, apps, files that overlap" {
	adapted edx
}

# The film on two evenings: 3600 + 3300 s of 7200 s. The episode was playing when the first backup was made, at 1100
# of 1320 s; the second one's 1300 s come too late. The song's runtime is unknown.
@test "jellyfin: local time, two backups, raw quotes, live TV, a film on two evenings" {
	adapted jellyfin --tz Europe/Berlin
}

@test "jellyfin: times in UTC, as newer versions write them, whatever --tz; a warning without either" {
	printf '2026-05-01 20:15:23Z\tu\ti\tMovie\tFilm\tDirectPlay\tWeb\tFirefox\t60\n' >log
	ce-adapt --strict -r "$CE_ROOT/samples/recipes/jellyfin.recipe" --tz Europe/Berlin -o events.csv log
	[ "$(pick event_ts <events.csv)" = 1777666523000 ]
	fails 1 ce-adapt --strict -r "$CE_ROOT/samples/recipes/jellyfin.recipe" "$CE_ROOT/tests/recipes/jellyfin.log"
}

# The second part of the film, 2 h 20 min after the first, completes both as one viewing. The episode is paused
# for five hours, and one viewing by --unknown-runtime.
@test "tautulli: two answers, plays that go on, trailers, live TV, pauses" {
	adapted tautulli
}

# 6841 of 7201 s is just 0.95. The episode, paused for five hours, has no runtime.
@test "tautulli-db: positions and runtimes in ms, a runtime that is missing" {
	adapted tautulli-db
}

# Track 1 twice is two viewings, and so is track 2, skipped twice in seven minutes. The podcast of two hours is one,
# whose end belongs to its start.
@test "spotify: tracks twice, skips, no username, local files, files that overlap" {
	adapted spotify
}

# 200 of 205 s is enough, 30.5 s two minutes before is not, and is a viewing of its own; the rest is not in the library.
@test "spotify-short: minutes, names that hold the separator, a play of 0 ms, a podcast" {
	adapted spotify-short
}

# 35 minutes after the first part the rest of the pilot is a viewing of its own: 2851 of 2900 s.
@test "netflix: trailers, autoplay, profiles, resumed, downloads that overlap" {
	adapted netflix
}

@test "netflix: the headers of newer files" {
	sed '1s/Start Time,Duration/Start Time (UTC),Duration (H:MM:SS)/' "$CE_ROOT/tests/recipes/netflix.log" >log
	same <(events netflix log) <(events netflix "$CE_ROOT/tests/recipes/netflix.log")
}

# Video 148: 72 %, and a minute later 95.006 %, in one viewing. 0.95 is enough, 0.9498 is not, though in whole seconds
# it would be 10 of 11. Video 183 loops: its end is later than its runtime.
@test "kuairec: ratios at the edge, loops, rows without a time, a row twice" {
	adapted kuairec
}

@test "kuairec: the header of the first release" {
	sed '1s/video_/photo_/g' "$CE_ROOT/tests/recipes/kuairec.log" >log
	same <(events kuairec log) <(events kuairec "$CE_ROOT/tests/recipes/kuairec.log")
	ce-adapt -r "$CE_ROOT/samples/recipes/kuairec.recipe" --contents contents.csv -o events.csv log
	same contents.csv "$CE_ROOT/tests/recipes/kuairec.contents.csv"
}

# ada stops at 1430 of 1500 s.
@test "generic: another delimiter, times in several units, no ids, values that are missing" {
	adapted generic
}

# The flag completes film1, the position film2 of ada; a duration alone completes nothing by --complete-by position.
@test "plays: flag, position, or neither; runtimes that are missing" {
	adapted plays
}
