# Every night: the features of a log that comes in partitions, one for each day, as a Makefile to use or copy.
#
#   make -f days.mk LOGS=logs DATA=dims OUT=out [FLAGS='--rows first'] ...
#
# LOGS holds the partitions, 2024-01-29.csv.gz or 2024-01-29.csv, files or links to files; other names there do not count.
# DATA holds users_dim and content_dim, as .csv.gz or .csv. Each day is made by one ce-materialize, from its partition and from
# the state that the day before left. OUT gets
#
#   2024-01-29/                 the tables of that day, completion_prediction_features.csv.gz and so on. A row comes out
#                               on the day on which its outcome is known, so that the days behind each other are the
#                               table of one run over the whole log; open.csv.gz has the rows that were open at its end
#   state/2024-01-29/           the state at the end of that day
#   open.csv.gz                 the open rows of the newest day: what to score now
#   log/2024-01-29              the messages of that day. Shown are warnings, and how many events came too late: those of an
#                               earlier day, which are in rejects. Put into the partition of their day they count. Those
#                               of a later day are carried there, and the log has their number
#
# A day ends at midnight, UTC or in ZONE='Europe/Berlin'; it need not have a partition. FLAGS are options of
# ce-materialize; those that change no row, as --threads, belong into TUNING. With TABLES=all each day has every table
# (ce-materialize -d), otherwise the two feature tables, session_starts, rejects and unmatched.
#
# What is there is not made again. A partition that is new, changed (by its contents: touching it does nothing) or gone
# replays its day and those after it; so do other FLAGS, or another version of the tool, from the first day on. Changed
# dimensions replay nothing, the next day goes on with them. The newest KEEP=7 states are kept, and that of the last day of
# each month: a replay that needs an older one begins earlier, and says so. The oldest partitions may be gone, as by rotation:
# their days stay as they are, as long as no replay needs them; to take such a day out, remove OUT/DAY, too. What else
# OUT holds stays.
#
# Works with -j, though the days wait for each other. A second run on the same OUT is refused while one is at work;
# one that was interrupted, in whatever way, is continued by the next, to the same bytes. File names must not contain
# blanks, nor the signs ' " ` \ & ; | < > : $ # ( ) % = ? * [ ~ of make and of the shell, nor begin with -.
#
#   make -f days.mk ... load        also loads the days into PostgreSQL, with psql and ce-import: see below
#   make -f days.mk ... train       also makes OUT/completion.model of the rows of all days that are in OUT, and OUT/first.model
#                                   of the first of each viewing. They are candidates
#   make -f days.mk ... promote     also compares OUT/completion.model with MODEL, the champion, on the newest rows, and puts it in
#                                   its place unless it is worse: see promote.sh, which has to be in the folder of this file
#   make -f days.mk ... predict     also scores the rows that are open now by MODEL, into OUT/open_predictions.csv.gz
#   make -f days.mk ... served      evaluates what was predicted, with the outcomes that are in the database by now: by model_id
#                                   and by the day of scored_at. Makes OUT/served.csv.gz, the rows, and OUT/served_metrics.csv.gz,
#                                   by the view served_predictions of schema.sql
#
# DB='...' is a connection string as for psql -d, and loads without being asked; with the goal `load` alone the PG*
# variables apply. Each table of LOADED gets the rows of all days, with a further column `day`, that of the file. A
# day is loaded in one transaction, which replaces its rows; the table ce_days says which days are there, of which tables, so
# that one that failed is made up for, none is loaded twice, and a table that is new in LOADED gets its rows of all days; one
# that LOADED no longer names stays as it is. While several days are replayed, those that are not yet loaded have their old
# rows. The tables ONLINE of the newest state go into the schema `online`, all at once: what samples/online.sql
# reads. `predict` adds to completion_predictions, of which no row is replaced: schema.sql has views of it. The schema STAGE is
# made and dropped on the way.

# Every variable up to BIN may come from the command line or from the environment.
LOGS  ?= logs
DATA  ?= .
OUT   ?= out
DB    ?=
MODEL ?= $(OUT)/champion.model
KEEP  ?= 7
ZONE  ?= UTC

FLAGS  ?=
TUNING ?=
STRICT ?=
TABLES ?= few

# How the dimensions are joined, and what the join leaves out; other files that FLAGS names.
USERS_JOIN    ?= -k user_id
CONTENTS_JOIN ?= -k content_id
JOIN_FILES    ?=
DROP          ?= email

TRAIN_FLAGS   ?=
PREDICT_FLAGS ?=
SERVED_FLAGS  ?=
LOADED ?= completion_prediction_features session_starts $(if $(filter all,$(TABLES)),cleaned_events content_completion)
ONLINE ?= users contents user_genres pairs viewings window_events online_effects
STAGE  ?= ce_day

# The folder of the tools: that of the source tree which holds this file, if there is one, else PATH.
BIN ?= $(wildcard $(dir $(lastword $(MAKEFILE_LIST)))../build/bin)
export PATH := $(if $(BIN),$(abspath $(BIN)):)$(PATH)
SHELL = /bin/sh
this := $(lastword $(MAKEFILE_LIST))

# What no file name may hold. (JOIN_FILES is several names, so that blanks in them cannot be told.)
open    := (
close   := )
hash    := \#
signs   := ' " ` \ & ; | < > : $$ $(hash) $(open) $(close) % = ? * [ ~
wrong    = $(or $(patsubst %,contain %,$(firstword $(foreach sign,$(signs),$(findstring $(sign),$(1))))),$(if $(filter -%,$(1)),begin with -))
$(foreach name,LOGS DATA OUT MODEL JOIN_FILES,$(if $(call wrong,$($(name))),$(error \
	$(name)=$($(name)): a file name must not $(call wrong,$($(name))) here: rename it, or make a link)))
$(foreach name,LOGS DATA OUT MODEL KEEP ZONE,$(if $(filter 1,$(words $($(name)))),,$(error \
	$(name)=$($(name)): must be one word)))
ifeq ($(filter "$(TABLES)","few" "all"),)
$(error TABLES=$(TABLES): must be one of few, all)
endif
# A name of stages and tables goes into SQL.
$(foreach name,LOADED ONLINE STAGE,$(if $(call wrong,$($(name))),$(error \
	$(name)=$($(name)): a name must not $(call wrong,$($(name))))))

source = $(firstword $(wildcard $(DATA)/$(1).csv.gz $(DATA)/$(1).csv) $(DATA)/$(1).csv.gz)
strict = $(if $(filter-out 0 no,$(STRICT)),--strict)
joined = $(if $(DROP),--drop $(DROP)) $(USERS_JOIN) $(call source,users_dim) $(CONTENTS_JOIN) $(call source,content_dim)
dimensions = $(call source,users_dim) $(call source,content_dim) $(JOIN_FILES)
few    = first_features session_starts rejects unmatched
made   = completion_prediction_features open $(few)

# Through the environment, so that no character of it is special to the shell.
export CE_DB := $(DB)
db      = $(if $(DB),-d "$$CE_DB")
loads   = $(or $(DB),$(filter load,$(goals)))
goals   = $(or $(MAKECMDGOALS),all)
comma  := ,
tables := $(subst $() ,$(comma),$(sort $(LOADED)))

.PHONY: all load train promote predict served
ifeq ($(PLAN),)

# --- which days are to be made: worked out by a shell, that then makes them by a make of its own, all under a lock -------

# What of FLAGS changes rows, and the version; a day that was made with others is made again.
export CE_FLAGS := $(strip $(strict) $(if $(DROP),--drop $(DROP)) $(USERS_JOIN) $(CONTENTS_JOIN) $(FLAGS) ZONE=$(ZONE) TABLES=$(TABLES))
export CE_DAY := [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]
export CE_LOGS := $(LOGS)
export CE_DATA := $(DATA)
export CE_OUT := $(OUT)
export CE_DIMENSIONS := $(dimensions)
export CE_MADE := $(made)
export CE_KEEP := $(KEEP)
export CE_ZONE := $(ZONE)
export CE_LOADS := $(if $(loads),yes)
export CE_LOADED := $(tables)
dry := $(strip $(foreach flag,n q,$(findstring $(flag),$(filter-out --%,$(firstword -$(MAKEFLAGS))))))
export CE_DRY := $(dry)

define plan_script
fail() {
	echo "days.mk: $*" >&2
	exit 1
}
case $CE_KEEP in
'' | *[!0-9]* | 0*) fail "KEEP=$CE_KEEP: expected a number of states, at least 1" ;;
esac
# date takes an unknown zone for UTC; in those of right/ it counts leap seconds.
case $CE_ZONE in
UTC) zone=TZif ;;
/* | *.* | right/* | posix/*) zone= ;;
*) zone=$(head -c 4 "/usr/share/zoneinfo/$CE_ZONE" 2>/dev/null) ;;
esac
[ "$zone" = TZif ] || fail "ZONE=$CE_ZONE: no such time zone"
day=$CE_DAY
if [ ! "$CE_DRY" ]; then
	# What an interrupted run left.
	rm -rf "$CE_OUT"/.plan.ce-*.tmp "$CE_OUT"/.open*.ce-*.tmp "$CE_OUT"/.$day.ce-*.tmp \
		"$CE_OUT"/$day/.*.ce-*.tmp "$CE_OUT"/state/.$day.ce-*.tmp
	plan=$(mktemp "$CE_OUT/.plan.ce-XXXXXX.tmp") || exit 1
else
	plan=$(mktemp) || exit 1
fi
scratch=${plan%.tmp}.sums.tmp
trap 'rm -f "$plan" "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

readable() {
	[ -f "$1" ] && [ -r "$1" ]
}
# A partition that cannot be read has not gone.
files=
for file in "$CE_LOGS"/$day.csv "$CE_LOGS"/$day.csv.gz; do
	if readable "$file"; then
		files="$files $file"
	elif [ -e "$file" ] || [ -L "$file" ]; then
		fail "$file: is no file that can be read"
	fi
done
[ "$files" ] || fail "LOGS=$CE_LOGS has no partition such as 2024-01-29.csv.gz"
for file in $CE_DIMENSIONS; do
	readable "$file" || fail "$file: no such file (a dimension: DATA=$CE_DATA)"
done

# The checksums of the partitions: those that are known still hold if size, times and inode are the same. Not for a file
# that has just changed, which may change again within a tick of the clock.
now=$(date +%s)
known=$CE_OUT/log/partitions
[ -e "$known" ] || known=/dev/null
stat -L -c '%s %.9Y %.9Z %i %n' $files >"$scratch" || exit 1
new=$(awk 'NR == FNR && FILENAME != ARGV[2] { known[$1, $2, $3, $4, $5] = 1; next }
	!(($1, $2, $3, $4, $5) in known) { print $5 }' "$known" "$scratch")
[ ! "$new" ] || new=$(sha256sum $new) || exit 1
sums=$(printf '%s\n' "$new" | awk -v now="$now" '
	FILENAME == "-" { if (NF) sum[$2] = $1; next }
	FILENAME == ARGV[3] { if (!($5 in sum) && ($5 in known)) sum[$5] = known[$5]
		print $1, $2, $3 < now - 1 ? $3 : "recent", $4, $5, sum[$5]; next }
	{ known[$5] = $6 }' - "$known" "$scratch") || exit 1
if [ ! "$CE_DRY" ]; then
	mkdir -p "$CE_OUT/log"
	printf '%s\n' "$sums" >"$scratch"
	mv "$scratch" "$CE_OUT/log/partitions"
fi

version=$(ce-materialize --version | awk '{ print $2 }')
[ "$version" ] || fail "ce-materialize: not found: set BIN=DIR or PATH"
flags=$(printf '%s\n' "$version $CE_FLAGS" | sha256sum | cut -c 1-64)
dimensions=$(cat $CE_DIMENSIONS | sha256sum | cut -c 1-64)

# Each day, with what is known of it, in order: what it was made from, which files it has. The checksum of that text stands
# for the day, and the next one was made after it: so each stands for all days before it, too. A day that was only begun has
# an empty one; a folder that has none is not of here.
records=$(for file in "$CE_OUT"/$day/made; do [ ! -s "$file" ] || echo "$file"; done)
{
	printf '%s\n' "$sums" | awk '{ name = $5; sub(/.*\//, "", name); print substr(name, 1, 10), "partition", $5, $6 }'
	if [ "$records" ]; then
		awk '{ n = split(FILENAME, part, "/"); print part[n - 1], $1, $2 }' $records
		sha256sum $records | awk '{ n = split($2, part, "/"); print part[n - 1], "key", $1 }'
		for record in $records; do
			for table in $CE_MADE; do
				[ -e "${record%made}$table.csv.gz" ] || { record=${record%/made}; echo "${record##*/} lacks $table"; }
			done
		done
	fi
	for folder in "$CE_OUT"/$day; do
		[ ! -e "$folder/made" ] || echo "${folder##*/} folder"
	done
	for state in "$CE_OUT"/state/$day; do
		[ ! -e "$state/MANIFEST" ] || echo "${state##*/} state"
	done
	if [ "$CE_LOADS" ]; then
		psql -XAtq -v ON_ERROR_STOP=1 ${CE_DB:+-d "$CE_DB"} -F ' ' >"$scratch" <<-'SQL' || exit 1
			SELECT to_regclass('ce_days') IS NOT NULL AS loaded \gset
			\if :loaded
			SELECT day, 'loaded', made, online FROM ce_days;
			\endif
		SQL
		cat "$scratch"
	fi
} >"$plan" || exit 1
sort -o "$plan" "$plan"
text=$(awk -v flags="$flags" -v tables="$CE_LOADED" -v loads="$CE_LOADS" '
	function say(text) { print "days.mk: " text >"/dev/stderr" }
	function fail(text) { say(text); failed = 1; exit 1 }
	# The first reason why a day has to be made.
	function reason(d, after) {
		if (!(d in key)) return "is new"
		if (value[d, "flags"] != flags) return "was made with other options, or by another version"
		if ((d in file) && value[d, "events"] != sum[d]) return "has changed"
		if (value[d, "after"] != after) return "comes after another day than before, or after one that changed"
		if (lacks[d]) return "lacks " lacks[d] ".csv.gz"
		return ""
	}
	!($1 in seen) { seen[$1] = 1; all[++n_all] = $1 }
	$2 == "partition" {
		if ($1 in file) fail("two partitions for one day: " file[$1] ", " $3)
		file[$1] = $3
		sum[$1] = $4
	}
	$2 ~ /^(events|flags|after|dimensions)$/ { value[$1, $2] = $3 }
	$2 == "key" { key[$1] = $3 }
	$2 == "lacks" { lacks[$1] = $3 }
	$2 == "folder" { folder[$1] = 1 }
	$2 == "state" { state[$1] = 1 }
	$2 == "loaded" { loaded[$1] = $3; if ($4 == "t") online = $1 }
	END {
		if (failed)
			exit 1
		# The days before the oldest partition stay: theirs have gone by rotation.
		rotated = 1
		for (i = 1; i <= n_all; i++) {
			rotated = rotated && !(all[i] in file)
			if ((all[i] in file) || rotated && (all[i] in key))
				days[++n] = all[i]
			else if (folder[all[i]])
				dropped = dropped " " all[i]
		}
		after = "none"
		for (i = 1; i <= n && !stale; i++) {
			if ((why = reason(days[i], after)) != "")
				stale = i
			else
				after = key[days[i]]
		}
		if (!stale && !state[days[n]]) {
			stale = n
			why = "lacks its state"
		}
		if (stale) {
			from = stale
			while (from > 1 && !state[days[from - 1]])
				from--
			if (!(days[from] in file))
				fail(days[stale] " " why ": it would have to be replayed from " days[from] " on, of which the partition is gone")
			for (i = stale; i <= n && !(days[i] in key); i++)
				;
			# Nothing is said of days that are new at the end.
			if (i <= n || from < stale)
				say(days[stale] " " why ": from " days[from] " on" (from == stale ? "" : from == 1 \
					? ", the first day, for want of a state before it" : ", after the newest state before it"))
		}
		if (dropped)
			say("without a partition now, so that they are removed:" dropped)
		for (i = 1; i <= n; i++) {
			line = line " " days[i]
			if (stale && i >= from) {
				replay = replay " " days[i]
				if (!(days[i] in file))
					fail(days[i] ": the partition is gone, but has to be replayed")
				print "file_" days[i] " := " file[days[i]]
				print "sum_" days[i] " := " sum[days[i]]
				print "prev_" days[i] " := " days[i - 1]
			}
			if (to_load = stale && i >= from || loaded[days[i]] != key[days[i]] "," tables)
				load = load " " days[i]
			is[days[i]] = 1
		}
		for (d in loaded)
			if (!(d in is))
				unload = unload " " d
		print "DAYS :=" line
		print "NEWEST := " days[n]
		print "REPLAY :=" replay
		print "DROPPED :=" dropped
		if (loads) {
			print "LOAD :=" load
			print "UNLOAD :=" unload
			print "TO_ONLINE := " (to_load || online != days[n] ? days[n] : "")
		}
	}' "$plan") || exit 1
printf '%s\n' "$text" >"$plan"
echo "FLAGS_SUM := $flags" >>"$plan"
echo "DIMENSIONS_SUM := $dimensions" >>"$plan"

# The end of each day, as ISO 8601 in UTC. Where midnight comes twice it is the first, where there is none the first moment
# of the next day.
for d in $(sed -n 's/^REPLAY :=//p' "$plan"); do
	next=$(date -u -d "$d + 1 day" +%F 2>/dev/null) || fail "LOGS=$CE_LOGS: $d is no day"
	if [ "$CE_ZONE" = UTC ]; then
		until=${next}T00:00:00Z
	else
		until=$(TZ=$CE_ZONE date -d "$next 00:00" +%s 2>/dev/null || TZ=$CE_ZONE date -d "$next 01:00" +%s 2>/dev/null) ||
			fail "ZONE=$CE_ZONE: the end of $d: there is no $next in this zone"
		[ "$(TZ=$CE_ZONE date -d "@$((until - 3600))" +%F)" != "$next" ] || until=$((until - 3600))
		until=$(date -u -d "@$until" +%FT%TZ)
	fi
	echo "until_$d := $until"
done >"$scratch"
cat "$scratch" >>"$plan"

newest=$(sed -n 's/^NEWEST := //p' "$plan")
if grep -q '^REPLAY := ' "$plan" || ! cmp -s "$CE_OUT/$newest/open.csv.gz" "$CE_OUT/open.csv.gz"; then
	echo "STALE_OPEN := yes" >>"$plan"
fi

# Not with exec, so that the trap removes the plan.
"$@" PLAN="$plan"
endef
export CE_PLAN := $(value plan_script)

# A dry run takes no lock, for there may be no OUT. The lock goes when the last process of the run has gone, a tool that
# outlived a make which was killed included.
again := $(MAKE) --no-print-directory -f $(this) $(goals)
locked = mkdir -p $(OUT) && flock -n -E 75 $(OUT)/.lock

$(goals): run
.PHONY: run $(goals)
run:
ifeq ($(dry),)
	+@$(locked) /bin/sh -c "$$CE_PLAN" days.mk $(again); status=$$?; [ $$status -ne 75 ] || \
		echo 'days.mk: OUT=$(OUT): another run is at work there' >&2; exit $$status
else
	+@/bin/sh -c "$$CE_PLAN" days.mk $(again)
endif

else
include $(PLAN)

# --- the days -------------------------------------------------------------------------------------

all: $(REPLAY:%=day-%) $(if $(DROPPED),drop) $(if $(STALE_OPEN),$(OUT)/open.csv.gz) $(if $(loads),load)

# Removes the states that are not wanted, as of the day $at: each under another name first, so that none is there in part.
define prune_script
wanted=" $(printf '%s\n' $CE_DAYS | awk -v at="$at" -v keep="$CE_KEEP" '
	$1 <= at { day[++n] = $1 }
	{ last[substr($1, 1, 7)] = $1 }
	END {
		for (i = 1; i <= n; i++)
			if (i > n - keep || last[substr(day[i], 1, 7)] == day[i])
				printf "%s ", day[i]
	}')"
for state in "$CE_OUT"/state/$CE_DAY; do
	name=${state##*/}
	case $wanted in
	*" $name "*) continue ;;
	esac
	[ ! -e "$state/MANIFEST" ] || { mv "$state" "$CE_OUT/state/.$name.ce-gone.tmp" && rm -rf "$CE_OUT/state/.$name.ce-gone.tmp"; }
done
endef
export CE_PRUNE := $(value prune_script)
export CE_DAYS := $(DAYS)

.PHONY: drop $(REPLAY:%=day-%)
drop:
	for d in $(DROPPED); do mv $(OUT)/$$d $(OUT)/.$$d.ce-gone.tmp && rm -rf $(OUT)/.$$d.ce-gone.tmp || exit 1; done
	@at=$(NEWEST); eval "$$CE_PRUNE"

# The checksum by which the next day knows the one before it.
after   = $(if $(prev_$(1)),$$(sha256sum <$(OUT)/$(prev_$(1))/made | cut -c 1-64),none)
other_dimensions = $(if $(prev_$(1)),$$(grep -qx 'dimensions $(DIMENSIONS_SUM)' $(OUT)/$(prev_$(1))/made || echo --dimensions-changed))
outputs = $(if $(filter all,$(TABLES)),-d $(OUT)/$(1)) --first $(OUT)/$(1)/first_features.csv.gz --starts $(OUT)/$(1)/session_starts.csv.gz \
	  --rejects $(OUT)/$(1)/rejects.csv.gz --unmatched $(OUT)/$(1)/unmatched.csv.gz \
	  --open $(OUT)/$(1)/open.csv.gz -o $(OUT)/$(1)/completion_prediction_features.csv.gz

$(foreach day,$(REPLAY),$(if $(filter $(prev_$(day)),$(REPLAY)),$(eval day-$(day): day-$(prev_$(day)))))
$(REPLAY:%=day-%): day-%: $(if $(DROPPED),drop)
	@mkdir -p $(OUT)/$* $(OUT)/state
	@: >$(OUT)/$*/made
	ce-materialize $(strict) $(joined) $(FLAGS) $(TUNING) $(if $(prev_$*),--state $(OUT)/state/$(prev_$*) $(call other_dimensions,$*)) \
		--until $(until_$*) --state-out $(OUT)/state/$* $(call outputs,$*) $(file_$*) \
		-v 2>$(OUT)/log/$* || { cat $(OUT)/log/$* >&2; exit 1; }
	@grep -e '^ce-[a-z]*: warning: ' -e ' late\b' $(OUT)/log/$* | sed 's/^/$*: /' >&2; \
	printf '%s %s\n' events $(sum_$*) flags $(FLAGS_SUM) dimensions $(DIMENSIONS_SUM) after $(call after,$*) \
		>$(OUT)/$*/.made.ce-new.tmp && mv $(OUT)/$*/.made.ce-new.tmp $(OUT)/$*/made
	@at=$*; eval "$$CE_PRUNE"

.PHONY: $(if $(STALE_OPEN),$(OUT)/open.csv.gz)
$(OUT)/open.csv.gz: $(REPLAY:%=day-%)
	@cp $(OUT)/$(NEWEST)/open.csv.gz $(OUT)/.open.ce-new.tmp && mv $(OUT)/.open.ce-new.tmp $@

# --- a candidate, and the champion ------------------------------------------------------------------

# What is open at the end of the newest day is to come, which the end of the log tells. What a candidate was made of is
# written down, so that it is made again when that has changed.
export CE_TRAIN := $(strip $(strict) $(TRAIN_FLAGS))
rows_of = $(DAYS:%=$(OUT)/%/$(1).csv.gz)
log_end = $$(sed -n 's/^until //p' $(OUT)/state/$(NEWEST)/MANIFEST)
trains  = train $(strict) --watermark $(log_end) $(TRAIN_FLAGS)
train: $(REPLAY:%=day-%) $(if $(DROPPED),drop)
	@of=$$(echo '$(FLAGS_SUM)' "$$CE_TRAIN"; sha256sum $(DAYS:%=$(OUT)/%/made)); \
	if [ -e $(OUT)/completion.model ] && [ -e $(OUT)/first.model ] && [ "$$of" = "$$(cat $(OUT)/log/train 2>/dev/null)" ]; then exit 0; fi; \
	train() { echo "ce-train $$*"; ce-train "$$@"; }; \
	set -e; rm -f $(OUT)/log/train; \
	$(trains) -o $(OUT)/completion.model $(call rows_of,completion_prediction_features); \
	$(trains) -o $(OUT)/first.model $(call rows_of,first_features); \
	printf '%s\n' "$$of" >$(OUT)/log/train

# The only one that writes MODEL.
promote: train
	sh $(dir $(this))promote.sh $(strict) $(MODEL) $(OUT)/completion.model $(call rows_of,completion_prediction_features)

# --- what is open now, scored ---------------------------------------------------------------------

predict: $(OUT)/open_predictions.csv.gz
	$(if $(loads),ce-import $(strict) $(db) --upsert event_id$(comma)model_id$(comma)scored_at completion_predictions $<)
.PHONY: $(OUT)/open_predictions.csv.gz
$(OUT)/open_predictions.csv.gz: all $(filter promote,$(goals))
	@test -e $(MODEL) || { echo 'days.mk: no model $(MODEL): promote makes one, or set MODEL=FILE' >&2; exit 1; }
	ce-predict $(strict) $(PREDICT_FLAGS) --keys -m $(MODEL) -o $@ $(OUT)/open.csv.gz

# --- the database ---------------------------------------------------------------------------------

export PGOPTIONS := $(PGOPTIONS) -c client_min_messages=warning
psql = psql -XAtq -v ON_ERROR_STOP=1 $(db)

# A day's rows in place of those that the day had, and of those with the same keys: a row that a replay brings out on
# another day than before is no second copy. New columns (--keep) are added. $(1) is the day; without one no rows come.
define replace_script
CREATE TABLE IF NOT EXISTS ce_days (
	day date PRIMARY KEY,
	made text NOT NULL, -- the checksum of the file `made` of that day, and the tables that were loaded, with commas
	online boolean NOT NULL DEFAULT false, -- the schema online has the state at its end
	loaded_at timestamptz NOT NULL DEFAULT now());
SELECT set_config('ce.day', :'day', true), set_config('ce.stage', :'stage', true), set_config('ce.tables', :'tables', true) \g /dev/null
DO $do$
DECLARE
	part date := current_setting('ce.day');
	stage text := current_setting('ce.stage');
	name text;
	names text;
	keys text;
	new record;
BEGIN
	FOREACH name IN ARRAY string_to_array(current_setting('ce.tables'), ',') LOOP
		IF to_regclass(quote_ident(name)) IS NULL THEN
			EXECUTE format('CREATE TABLE %I (LIKE %I.%I INCLUDING ALL, day date NOT NULL)', name, stage, name);
			EXECUTE format('CREATE INDEX ON %I (day)', name);
		ELSIF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(name)) AND attname = 'day') THEN
			RAISE EXCEPTION 'table % has no column day: it was loaded by something else', name USING HINT = 'Drop or rename it.';
		END IF;
		FOR new IN
			SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute AS a
			WHERE attrelid = format('%I.%I', stage, name)::regclass AND attnum > 0 AND NOT attisdropped
				AND NOT EXISTS (SELECT FROM pg_attribute AS b WHERE b.attname = a.attname
					AND b.attrelid = to_regclass(quote_ident(name)) AND NOT b.attisdropped)
		LOOP
			EXECUTE format('ALTER TABLE %I ADD COLUMN %I %s', name, new.attname, new.type);
		END LOOP;
		SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names FROM pg_attribute
		WHERE attrelid = format('%I.%I', stage, name)::regclass AND attnum > 0 AND NOT attisdropped;
		SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO keys
		FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
		WHERE indisprimary AND indrelid = format('%I.%I', stage, name)::regclass;
		EXECUTE format('DELETE FROM %I WHERE day = %L', name, part);
		IF keys IS NOT NULL THEN
			EXECUTE format('DELETE FROM %I WHERE (%s) IN (SELECT %s FROM %I.%I)', name, keys, keys, stage, name);
		END IF;
		EXECUTE format('INSERT INTO %I (%s, day) SELECT %s, %L FROM %I.%I', name, names, names, part, stage, name);
	END LOOP;
END
$do$;
INSERT INTO ce_days (day, made) VALUES (:'day', :'made' || ',' || :'tables')
ON CONFLICT (day) DO UPDATE SET made = excluded.made, online = false, loaded_at = now();
DROP SCHEMA :"stage" CASCADE;
endef
export CE_REPLACE := $(value replace_script)

define unload_script
BEGIN;
SELECT format('DELETE FROM %I WHERE day = ANY (string_to_array(btrim(%L), '' '')::date[])', name, :'days')
FROM unnest(string_to_array(:'tables' || ',ce_days', ',')) AS name
WHERE to_regclass(quote_ident(name)) IS NOT NULL \gexec
COMMIT;
endef
export CE_UNLOAD := $(value unload_script)

.PHONY: unload online $(LOAD:%=load-%)
load: $(if $(UNLOAD),unload) $(LOAD:%=load-%) $(if $(strip $(ONLINE)),$(if $(TO_ONLINE),online))
unload: $(if $(DROPPED),drop)
	@printf '%s\n' "$$CE_UNLOAD" | $(psql) -v days='$(strip $(UNLOAD))' -v tables='$(tables)'

# One after the other, each as soon as its day is there.
load_after = $(if $(2),$(if $(word 2,$(2)),$(eval load-$(word 2,$(2)): load-$(firstword $(2))))$(call load_after,,$(wordlist 2,$(words $(2)),$(2))))
$(call load_after,,$(LOAD))
$(foreach day,$(filter $(LOAD),$(REPLAY)),$(eval load-$(day): day-$(day)))
$(LOAD:%=load-%): load-%: $(if $(UNLOAD),unload)
	@$(psql) -c 'DROP SCHEMA IF EXISTS "$(STAGE)" CASCADE; CREATE SCHEMA "$(STAGE)"'
	ce-import $(strict) $(db) --schema $(STAGE) -I $(OUT)/$* $(LOADED)
	@printf '%s\n' "$$CE_REPLACE" | $(psql) -1 -v day=$* -v made=$$(sha256sum <$(OUT)/$*/made | cut -c 1-64) \
		-v stage='$(STAGE)' -v tables='$(tables)'

online: $(REPLAY:%=day-%) $(LOAD:%=load-%)
	@$(psql) -c 'CREATE SCHEMA IF NOT EXISTS online'
	ce-import $(strict) $(db) --schema online --replace --max-loss 100% -I $(OUT)/state/$(NEWEST) $(ONLINE)
	@$(psql) -c "UPDATE ce_days SET online = day = '$(NEWEST)' WHERE online OR day = '$(NEWEST)'"

# --- what was predicted against what became of it ---------------------------------------------------

served: $(if $(loads),load) $(filter predict,$(goals))
	ce-export $(strict) $(db) -c '$(with_outcome)' -o $(OUT)/served.csv.gz
	@if gzip -dc $(OUT)/served.csv.gz | tail -n +2 | grep -q .; then \
		$(served) -p $(OUT)/served.csv.gz && \
		{ $(served) -o $(OUT)/served_metrics.csv.gz $(OUT)/served.csv.gz 2>$(OUT)/log/served || { cat $(OUT)/log/served >&2; exit 1; }; }; \
	else echo 'served: no outcome is known yet of what was predicted'; fi
# Of a row that a model scored more than once in a day the last counts, so that no night that ran twice counts twice.
with_outcome = SELECT DISTINCT ON (scored_at / 86400000, event_ts, event_id COLLATE "C", model_id COLLATE "C") * \
	       FROM served_predictions WHERE is_completion IS NOT NULL \
	       ORDER BY scored_at / 86400000, event_ts, event_id COLLATE "C", model_id COLLATE "C", scored_at DESC
served       = ce-eval $(strict) --by model_id --by-time day --time scored_at $(SERVED_FLAGS)
endif
