#!/usr/bin/env bats
# ce-adapt by hand. That it does what its manual says, whatever the recipe and the log, is tests/system/adapt.bats;
# the recipes that come along are tests/tools/recipes.bats.

load ../common

# recipe [LINE...]: r.recipe, of JSON with a path of each kind, and these lines.
recipe() {
	{
		cat <<-'END'
			format json
			event_id = id
			event_ts = constant 2024-03-01T20:00:00Z
			user_id = json.@json.user
			content_id = id
			event_type = constant x
			playback_position = at
			event x -> play
		END
		printf '%s\n' "$@"
	} >r.recipe
}

# becomes ROWS: the events of log.json, without what is the same in all of them.
becomes() {
	ce-adapt -p -r ./r.recipe --max-rejects 100% log.json 2>stderr | tail -n +2 | cut -d, -f1,3,6 >got
	same <(printf '%s' "${1:+$1$'\n'}") got
}

@test "of a position the fraction is dropped; a part of a runtime that is not above 0 is unknown" {
	recipe
	printf '%s\n' '{"id":"a","at":-0.5}' '{"id":"b","at":-1.5}' '{"id":"c","at":1.9}' '{"id":"d","at":null}' >log.json
	becomes $'a,,0\nb,,-1\nc,,1\nd,,'
	recipe 'runtime = length'
	sed 's/^playback_position = at/& in percent/' r.recipe >ratio.recipe && mv ratio.recipe r.recipe
	printf '%s\n' '{"id":"a","at":50,"length":3}' '{"id":"b","at":50,"length":0}' '{"id":"c","at":50,"length":-1}' '{"id":"d","at":50}' >log.json
	becomes $'a,,1\nb,,\nc,,\nd,,'
}

@test "what follows a whole record or a whole text of JSON rejects that record, and not the next one" {
	recipe
	for rest in 1 tru '"a' '{' ']' ' {}' ',' '1 '; do
		printf '%s\n' '{"id":"a"}'"$rest" '{"id":"b","json":"{\"user\":\"u\"}"}' >log.json
		becomes b,u,
		grep -q "rejected 1: 1 damaged, first log.json:1:" stderr
		for text in '{}' 0 true null '\"\"' '[]'; do
			printf '%s\n' '{"id":"a","json":"'"$text${rest//\"/\\\"}"'"}' '{"id":"b","json":"{\"user\":\"u\"}"}' >log.json
			becomes b,u,
			grep -q "rejected 1: 1 with text that is no JSON, first log.json:1:" stderr
		done
	done
	printf '[{"id":"a"}] tru' >log.json
	fails 1 ce-adapt -r ./r.recipe log.json
	[[ $stderr == *"log.json:1: damaged log: no JSON"* ]]
}

@test "each document has the array that holds records, and one alone" {
	recipe 'records a.b'
	printf '%s\n' '{"a":{"b":[{"id":"a"}],"c":{"b":[{}]}},"b":[{}]}' '{"a":{"b":[]}}' '{"b":1,"a":{"b":[{"id":"b"}]}}' >log.json
	becomes $'a,,\nb,,'
	for wrong in '{"a":{}}' '{}' '[]' '{"a":{"b":null}}' '{"a":{"b":{}}}' '{"a":[{"b":[]}]}'; do
		printf '%s\n' '{"a":{"b":[{"id":"a"}]}}' "$wrong" '{"a":{"b":[]}}' >log.json
		fails 1 ce-adapt -r ./r.recipe log.json
		[[ $stderr == "ce-adapt: log.json:2: damaged log: no array at the path of 'records'" ]]
	done
	for wrong in '{"a":{"b":[],"b":[]}}' '{"a":{"b":[]},"a":1}' '{"a":1,"a":{"b":[]}}'; do
		printf '%s\n' '{"a":{"b":[{"id":"a"}]}}' "$wrong" >log.json
		fails 1 ce-adapt -r ./r.recipe log.json
		[[ $stderr == "ce-adapt: log.json:2: damaged log: a key on the path of 'records' stands twice" ]]
	done
}

@test "an escape that lies on the edge of what is read at once is one character, in any position" {
	recipe
	for shift in 0 1 2 3 4 5 6 7 8 9 10 11; do
		awk -v shift=$shift 'BEGIN {
			for (i = 0; i < 20; i++) id = id "\\u00e9\\ud83d\\udE00"
			printf "[%" shift "s", ""
			for (i = 0; i < 1500; i++) printf "%s{\"id\":\"%s\"}", i ? "," : "", id
			print "]"
		}' >log.json
		ce-adapt -p -r ./r.recipe log.json 2>stderr | tail -n +2 | cut -d, -f1 | uniq -c >got
		printf '%7d %s\n' 1500 "$(printf 'é😀%.0s' {1..20})" >want
		same want got
	done
}
