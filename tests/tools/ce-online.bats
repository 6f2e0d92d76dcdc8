#!/usr/bin/env bats
# ce-online: an online prediction at each event, from the outcomes that are known by then.

load ../common

columns=event_id,event_ts,user_id,content_id,event_type,playback_position,device,plan_tier,signup_date,genre,runtime,release_year,maturity_rating

# history <ROWS of the enriched table > ce-agg's output
history() {
	{ echo "$columns" && cat; } | ce-sessionize -p --keep "${keep:-event_id}" 2>/dev/null | ce-agg -p --keep "${keep:-event_id}"
}

# column NAME <TABLE: its values in one line, - for an empty one.
column() {
	awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at == "" ? "-" : $at }' | xargs
}

# Two viewings of one user: the second knows how the first ended.
viewings() {
	history <<-'END'
		a,1000,u,c,play,0,tv,free,,drama,100,,
		b,1000,v,d,play,0,,,,,,,
		c,2000,u,c,complete,100,tv,free,,drama,100,,
		d,2000,u,d,play,0,tv,free,,,,,
		e,2001,u,e,play,0,tv,free,,drama,100,,
	END
}

# By hand: of nothing known the sum of the variances, 3.6; without genre, plan and device, 1 + .7 + .7 + .1 + .5 = 3.
# A completion is learnt one millisecond later, by whom it concerns: bias, user, genre ... and those who have none.
@test "what is known of nothing, and a completion from the next millisecond on" {
	viewings >history.csv
	ce-online -p history.csv >out
	[ "$(column online_logit <out | cut -d' ' -f1-4)" = "0 0 0 0" ]
	[ "$(column online_logit_sd <out | cut -d' ' -f1-4)" = "1.897367 1.732051 1.897367 1.788854" ]
	[ "$(column online_logit <out | awk '{ print ($5 > 0.4 && $5 < 1) }')" = 1 ]
	head -n 1 out | grep -q ',online_logit,online_logit_sd$'
	cut -d, -f1-42 out | cmp - history.csv
	# Without the user's and what else they share, e knows nothing.
	ce-online -p --prior bias=0,user=0,genre=0,user_genre=0,device=0,hour=0,plan=0,runtime=0 history.csv >out
	[ "$(column online_logit <out)" = "0 0 0 0 0" ]
}

# --random's own checks: that every rare thing came up.
@test "it is what a reference makes of the definition, in every digit, and no later row changes it" {
	python3 -B "$CE_ROOT/tests/reference/online.py" --check
	python3 -B "$CE_ROOT/tests/reference/online.py" --random 1 --rounds $((50 * ${CE_LAWS:-1}))
}

@test "the sample is what the reference makes of it, and so are the effects" {
	ce-clean "$CE_ROOT/samples/events_table.csv.gz" 2>/dev/null |
		ce-join --drop email -k user_id "$CE_ROOT/samples/users_dim.csv.gz" -k content_id "$CE_ROOT/samples/content_dim.csv.gz" |
		ce-sessionize 2>/dev/null | ce-agg >history.csv.gz
	ce-online -p --effects effects.csv history.csv.gz >out
	python3 -B "$CE_ROOT/tests/reference/online.py" --compare out --effects effects.csv >said
	[ "$(xargs <said)" = "rows 41947, differ 0, last digit 0 effects $(($(wc -l <effects.csv) - 1)), differ 0" ]
}

@test "the effects are in the order of the levels and of their values, an expert behind the other" {
	viewings >history.csv
	ce-online -p --drift 0.5,0 --effects effects.csv history.csv >out
	[ "$(cut -d, -f1-4 effects.csv | sed 1d | xargs)" = "bias,,,0.5 bias,,,0 user,u,,0.5 user,u,,0 content,c,,0.5 content,c,,0 \
user_genre,u,drama,0.5 user_genre,u,drama,0 genre,drama,,0.5 genre,drama,,0 device,tv,,0.5 device,tv,,0 hour,0,,0.5 hour,0,,0 \
plan,free,,0.5 plan,free,,0 runtime,13,,0.5 runtime,13,,0" ]
	[ "$(cut -d, -f9 effects.csv | sed 1d | sort -u)" = 2000 ]
	# No outcome is known: a header.
	head -n 3 history.csv | ce-online -p --effects effects.csv >out
	[ "$(wc -l <effects.csv)" -eq 1 ]
}

@test "columns that are kept, that are missing and that are there already" {
	keep=device viewings | sed '1s/$/,app/; 2,$s/$/,x/' >history.csv
	ce-online -p history.csv | head -n 1 | grep -vq app
	ce-online -p --keep app history.csv | head -n 1 | grep -q ',app,online_logit,'
	fails 1 ce-online -p --keep nothing history.csv
	[[ $stderr == "ce-online: history.csv:1: missing column nothing"* ]]
	cut -d, -f1-7,9- history.csv >x.csv
	fails 1 ce-online -p x.csv
	[[ $stderr == "ce-online: x.csv:1: missing column plan_tier"* ]]
	ce-online -p history.csv >twice.csv
	fails 1 ce-online -p twice.csv
	[ "$stderr" = "ce-online: twice.csv:1: column online_logit: is in the input already" ]
	# ce-features takes the two as they are; empty without them.
	sed '1s/online_logit,/other,/' twice.csv >one.csv
	[ "$(ce-features -p --rows all one.csv | column online_logit)" = "- - - - -" ]
	[ "$(ce-features -p --rows all twice.csv | column online_logit_sd)" = "$(column online_logit_sd <twice.csv)" ]
	sed '3s/,0,\([0-9.]*\)$/,x,\1/' twice.csv >x.csv
	fails 1 ce-features -p --rows all x.csv
	[[ $stderr == "ce-features: x.csv:3: column online_logit: invalid number 'x'"* ]]
}

@test "options that cannot be" {
	viewings >history.csv
	local option
	for option in --prior=user --prior=users=1 --prior=user=-1 --prior=user=x --prior=user=1e7 --prior=user=1,user=2 --drift=-1 --drift=0,0 --drift=x \
		--drift=0,1,2,3,4,5,6,7,8 --alpha=1.1 --alpha=x --alpha=nan; do
		fails 2 ce-online -p "$option" history.csv
		[[ $stderr == "ce-online: ${option%%=*}: "* ]] || { echo "$option: $stderr"; return 1; }
	done
	fails 2 ce-online -p --prior users=1 history.csv
	[[ $stderr == "ce-online: --prior: must be LEVEL=VARIANCE with a level of bias, user, content, user_genre, genre, device, hour, plan, runtime, not 'users=1'"* ]]
	ce-online -p --prior user=1e6,bias=0 --drift 1e6 --alpha 1 history.csv >out
	fails 1 ce-online -p -o out --effects out history.csv
	[[ $stderr == "ce-online: out: the output out is the same file" ]]
}

@test "rows that no ce-agg writes" {
	viewings >history.csv
	sed '3d' history.csv >x.csv # the first of another viewing
	fails 1 ce-online -p x.csv
	[ "$stderr" = "ce-online: x.csv:4: session 3 is neither the next one, 2, nor open for its user and content" ]
	fails 1 ce-online -o out.gz --effects effects.csv x.csv
	[ ! -e out.gz ]
	[ ! -e effects.csv ]
}

@test "the priors of the manual page and of online.sql are those of the levels" {
	sed -nE 's/^LEVEL\([A-Z_]+, ([a-z_]+), ([0-9.]+), (true|false)\)$/\1 \2 \3/p' "$CE_ROOT/lib/history/levels.def" |
		awk '{ print $1, $2 + 0, $3 }' >levels
	[ "$(wc -l <levels)" -eq 9 ]
	sed -nE 's/^\.It ([a-z_]+) Ta ([0-9.]+) Ta (yes|no) Ta .*/\1 \2 \3/p' "$CE_ROOT/tools/ce-online.1" |
		sed 's/ yes$/ true/; s/ no$/ false/' | same levels -
	sed -nE "s/.*prior double precision\[\] DEFAULT '\{(.*)\}'\)/\1/p" "$CE_ROOT/samples/online.sql" | tr -d ' ' | tr , '\n' |
		awk '{ print $1 + 0 }' | same <(cut -d' ' -f2 levels) -
}
