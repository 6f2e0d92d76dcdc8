#!/usr/bin/env bats
# samples/online.sql: the row of a play that starts now, from a state in PostgreSQL.

load ../common
load ../postgres

# probe USER CONTENT AT DEVICE START: the features of that play by ce-materialize, behind the events before the state.
probe() {
	{ cat before.csv; echo "probe,$3,$1,$2,play,$5,$4"; } >with.csv
	ce-materialize "${dimensions[@]}" "${options[@]}" --rows all -p -o rows.csv with.csv 2>/dev/null
	{ head -n 1 rows.csv; grep '^probe,' rows.csv; } >row.csv
}

# Leaves out what the state has not learnt.
learnt() {
	if ((news)); then sed 's/,[^,]*,[^,]*$//'; else cat; fi
}

# Plays from now on to far beyond the window, at titles that the user has not started.
@test "for many users, titles and times it is the row that ce-materialize gives for such a play behind the log" {
	local n=$((24 * ${CE_LAWS:-1})) round user content at device start news all
	ce-synth --users 40 --contents 25 --days 9 --sessions 400 --seed 3 --dirty 0.02 -o dims
	ce-clean -p dims/events_table.csv.gz 2>/dev/null >all.csv
	dimensions=(--drop email -k user_id dims/users_dim.csv.gz -k content_id dims/content_dim.csv.gz)
	RANDOM=7
	ce-import users_dim dims/users_dim.csv.gz
	ce-import content_dim dims/content_dim.csv.gz
	sql 'CREATE SCHEMA online'
	for options in "" "--window 4d" "--gap 5h" "--prior user=0.2,genre=0,hour=3 --drift 0.5" \
		"--prior bias=1e6,user=1e6,content=1e6 --drift 0,2,40 --alpha 0.3"; do
		# shellcheck disable=SC2206 # words
		options=($options)
		# In the middle of a day, and of a viewing.
		until=$((1704067200000 + (5 + RANDOM % 3) * 86400000 + 70000000 + RANDOM * 300))
		awk -F, -v until="$until" 'NR == 1 || $2 + 0 < until' all.csv >before.csv
		ce-materialize "${dimensions[@]}" "${options[@]}" --until "$(date -u -d "@$((until / 1000))" +%FT%T).$(printf %03d $((until % 1000)))Z" \
			--state-out state -o decided.csv.gz all.csv 2>/dev/null
		ce-import --schema online --replace --max-loss 100% -I state users contents user_genres pairs viewings window_events online_effects
		sql <"$CE_ROOT/samples/online.sql"
		recent=2592000000
		[ "${options[0]}" != --window ] || recent=345600000
		prior='1, .7, .7, .3, .1, .1, .1, .1, .5'
		case ${options[1]} in
			user=*) prior='1, .2, .7, .3, 0, .1, 3, .1, .5' ;;
			bias=*) prior='1e6, 1e6, 1e6, .3, .1, .1, .1, .1, .5' ;;
		esac
		: >got.csv
		: >want.csv
		all=0
		for ((round = 0; round < n; round++)); do
			at=$((until + (round % 4 ? RANDOM * 8 ** (round % 6) : 0)))
			# Every other at the very time at which a viewing closes, or after it: of that user, or of that title. Those count
			# most whose user completed the one before.
			IFS='|' read -r at user content < <(sql "SELECT CASE WHEN $round % 2 = 0 THEN coalesce(closing_ts + $round / 4 % 2, $at) ELSE $at END, u.user_id, c.content_id
				FROM users_dim AS u CROSS JOIN content_dim AS c
				LEFT JOIN online.viewings AS v ON is_closed = 0 AND completed_ts IS NULL AND closing_ts >= $until
					AND CASE WHEN $round % 4 = 0 THEN v.user_id = u.user_id ELSE v.content_id = c.content_id END
				LEFT JOIN online.users AS o ON o.user_id = u.user_id
				WHERE (u.user_id, c.content_id) NOT IN (SELECT user_id, content_id FROM online.pairs)
				ORDER BY $round % 2 = 0 AND v.session_id IS NULL, $round % 8 = 4 AND last_outcome IS DISTINCT FROM 1, hashtextextended(u.user_id || c.content_id, $RANDOM) LIMIT 1")
			device=tv
			start=$((RANDOM % 3 * 100))
			probe "$user" "$content" "$at" "$device" "$start"
			[ "$(wc -l <row.csv)" -eq 2 ]
			# Without the keys and the label; and the state does not learn from viewings that close behind it.
			news=$(sql "SELECT count(*) FROM online.viewings WHERE is_closed = 0 AND completed_ts IS NULL
				AND closing_ts BETWEEN $until AND $at - 1")
			all=$((all + (news == 0)))
			cut -d, -f6- row.csv | sed '2!d; s/,[^,]*,[^,]*$//' | learnt >>want.csv
			ce-export -p -c "SELECT * FROM online_features('$user', '$content', $at, '$device', $start, $recent, '{$prior}')" >out.csv
			same <(head -n 1 row.csv | cut -d, -f6- | sed 's/,label_known_ts,is_completion$//') <(head -n 1 out.csv)
			sed 1d out.csv | sed -E ':a; s/(^|,)(-?[0-9]+\.[0-9]*[1-9])0+(,|$)/\1\2\3/; ta; s/(^|,)(-?[0-9]+)\.0+(,|$)/\1\2\3/; ta' |
				learnt >>got.csv
		done
		same want.csv got.csv
		[ "$all" -ge 4 ]
		[ "$(wc -l <got.csv)" -eq "$n" ]
		[ "$(sort -u got.csv | wc -l)" -gt $((n / 2)) ]
	done
}

@test "a user and a title of whom nothing is known yet; one that is in no dimension, or was started, gives no row" {
	dimensions=(-k user_id users.csv -k content_id contents.csv)
	options=()
	printf '%s\n' user_id,plan_tier,signup_date u1,free,2024-01-01 u2,,2030-06-01T00:00:00.5Z u3,paid, >users.csv
	printf '%s\n' content_id,genre,runtime,release_year,maturity_rating c1,drama,6000,2020,16 c2,,,, c3,news,0,1999,6 >contents.csv
	printf '%s\n' event_id,event_ts,user_id,content_id,event_type,playback_position,device \
		a,1704100000000,u1,c1,play,0,tv b,1704100600000,u1,c1,pause,600,tv >before.csv
	ce-materialize "${dimensions[@]}" --until 2024-01-02 --state-out state -o decided.csv.gz before.csv
	ce-import --replace --max-loss 100% users_dim users.csv
	ce-import --replace --max-loss 100% content_dim contents.csv
	sql 'CREATE SCHEMA IF NOT EXISTS online'
	ce-import --schema online --replace --max-loss 100% -I state users contents user_genres pairs viewings window_events online_effects
	sql <"$CE_ROOT/samples/online.sql"
	local user content
	for user in u1 u2 u3; do
		for content in c1 c2 c3; do
			[ "$user$content" != u1c1 ] || continue
			probe "$user" "$content" 1704200000000 tv 0
			cut -d, -f6- row.csv | sed '2!d; s/,[^,]*,[^,]*$//' >>want.csv
			ce-export -p -c "SELECT * FROM online_features('$user', '$content', 1704200000000, 'tv')" | sed 1d |
				sed -E ':a; s/(^|,)(-?[0-9]+\.[0-9]*[1-9])0+(,|$)/\1\2\3/; ta; s/(^|,)(-?[0-9]+)\.0+(,|$)/\1\2\3/; ta' >>got.csv
		done
	done
	same want.csv got.csv
	for pair in "'u1', 'c1'" "'u9', 'c1'" "'u1', 'c9'"; do
		[ -z "$(sql "SELECT FROM online_features($pair, 1704200000000, 'tv')")" ]
	done
}

# The command is the one that the head of online.sql shows, for this model, time and user.
@test "a user and a title that has not started are scored by one command, as ce-predict scores ce-materialize's row of such a play" {
	local until=1704672000000 user content
	ce-synth --users 40 --contents 25 --days 9 --sessions 500 --seed 4 -o dims
	ce-clean -p dims/events_table.csv.gz -o all.csv
	dimensions=(--drop email -k user_id dims/users_dim.csv.gz -k content_id dims/content_dim.csv.gz)
	options=()
	awk -F, -v until="$until" 'NR == 1 || $2 + 0 < until' all.csv >before.csv
	ce-materialize "${dimensions[@]}" --until 2024-01-08 --state-out state -o features.csv before.csv
	ce-train --model gbdt --trees 30 --horizon 1h -o champion.model features.csv
	createdb scored
	export PGDATABASE=scored
	ce-import users_dim dims/users_dim.csv.gz
	ce-import content_dim dims/content_dim.csv.gz
	sql 'CREATE SCHEMA online'
	ce-import --schema online -I state users contents user_genres pairs viewings window_events online_effects
	sql <"$CE_ROOT/samples/online.sql"
	user=$(sql "SELECT user_id FROM online.pairs GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")
	sed -n "s/^--\t//; /ce-export -c/,/ce-predict/p" "$CE_ROOT/samples/online.sql" |
		sed "s/1706576400000/$until/g; s/'u17'/'$user'/" >score.sh
	sh -e score.sh >got.csv
	[ "$(tail -n 1 got.csv)" = "$(table_columns completion_predictions)" ]
	# Each title that the user has not started, best first.
	same <(sed '$d' got.csv | cut -d, -f4 | sort) <(sql "SELECT content_id FROM content_dim EXCEPT SELECT content_id FROM online.pairs WHERE user_id = '$user'" | sort)
	sed '$d' got.csv | cut -d, -f6 | sort -gr -c
	[ "$(cut -d, -f6 got.csv | sort -u | wc -l)" -gt 5 ]
	while IFS=, read -r _ _ _ content _ probability _; do
		probe "$user" "$content" "$until" tv 0
		[ "$(ce-predict -p --keys -m champion.model row.csv | pick completion_probability)" = "$probability" ]
	done < <(sed '$d' got.csv | head -n 8)
}
