# A log on many processors or many machines, as a Makefile to use or copy: it is worked on by users and by time, and the tables
# are, byte for byte, those of one ce-materialize over all of it.
#
#   make -f shards.mk -j8 LOG='log1.csv.gz log2.csv.gz' DATA=dims OUT=out SHARDS=8 RANGES=4 [RUN='...'] [CLEAN_FLAGS='...'] ...
#
# LOG is the raw events, one file or several, DATA the folder of users_dim and content_dim, as .csv.gz or .csv. OUT gets
#
#   0000/ 0001/ ...             the tables of each range of time: completion_prediction_features.csv.gz, first_features,
#                               session_starts and unmatched; with TABLES=all also those of ce-materialize -d
#   online_effects.csv.gz       what the online prediction has learnt
#   rejects/                    the rejected records, one file for each part of the events; of raw/3/0.csv.gz, say, a line is that of the
#                               third file of LOG
#   log/                        the messages of each step; warnings are shown at the end
#   intermediate/               what is made on the way. Nothing else in OUT is ever removed but tables of these names
#
# What the parts are does not matter for a row. SHARDS is into how many shards the users are split, each of which is in the memory of one
# process; PARTS, the same number by default, into how many parts the events are split before, to find copies of an event. RANGES is
# how many ranges of time are put together at once; they meet at AT='2024-01-10,2024-01-20', in UTC, or, by default, where they get
# as many events each, by the first part. (Where AT is after the last event, online_effects has learnt what became known until then.)
#
# RUN='COMMAND' runs each step elsewhere: COMMAND gets one more word, the step as a command line of the POSIX shell, and waits for it.
#
#   make -f shards.mk -j200 RUN=ce-sbatch ...                                       Slurm: see ce-sbatch(1)
#   make -f shards.mk -j200 RUN='ce-sbatch -p long -c 2 --mem 8G --' ...            with options of sbatch
#   make -f shards.mk -j16 RUN='parallel --sshlogin a,b,c --retries 3 :::' ...      GNU parallel over ssh, a machine for each step by
#                                                                                   chance; one that has failed is tried elsewhere
#   make -f shards.mk -j4 RUN='ssh a' ...
#
# All machines see the folders of the call under the same names, and have the same version of the tools, under BIN if that is given, else in
# PATH. Each step reads and writes files alone, which appear when they are complete, so that it may be run twice: a machine that is lost
# costs the steps that were on it. A step needs space in its machine's TMPDIR, for the tables of a shard.
#
# Only what is out of date is made again: what is older than the log or a dimension, or was made with other flags. TIDY=1 removes what is
# no longer needed on the way (the log by parts, by shards, by ranges): then other flags make all of it again.
#
# CLEAN_FLAGS, JOIN_FLAGS, SESSIONIZE_FLAGS, AGG_FLAGS, ONLINE_FLAGS and FEATURES_FLAGS are options of these tools; --max-rejects and
# --max-unmatched are about the whole log. TIME_FLAGS='--tz ZONE' says how event_ts is read. KEEP='COL[,...]' passes further columns
# of the events on to the features, DROP is what the join leaves out. USERS_JOIN and CONTENTS_JOIN say how the dimensions are joined;
# name further files of JOIN_FLAGS in JOIN_FILES. WATERMARK is until when the log is whole, where that is not its last event. TUNING are
# options that change no row, as --threads or --no-sync. With STRICT=1 a warning is an error, of each step about its part. File names must not contain blanks, nor
# the signs ' " ` \ & ; | < > : $ # ( ) % = ? * [ ~ of make and of the shell, nor begin with -.
#
#   make -f shards.mk ... summary    also prints what was rejected, what had no match, and the rows of each range
#   make -f shards.mk ... steps      prints each step, as NAME:FILES THAT IT MAKES:FILES THAT IT NEEDS, and makes none. For one of the
#                                    first files as a goal, make does that step, if what it needs is there: for other drivers (see Snakefile)

# Every variable up to BIN may come from the command line or from the environment.
LOG    ?=
DATA   ?= .
OUT    ?= out
SHARDS ?= 8
PARTS  ?= $(SHARDS)
RANGES ?= 4
AT     ?=
RUN    ?=
TIDY   ?=
TABLES ?= few

USERS_JOIN    ?= -k user_id
CONTENTS_JOIN ?= -k content_id
JOIN_FILES    ?=
KEEP          ?=
DROP          ?= email
WATERMARK     ?=
STRICT        ?=

TIME_FLAGS       ?=
CLEAN_FLAGS      ?=
JOIN_FLAGS       ?=
SESSIONIZE_FLAGS ?=
AGG_FLAGS        ?=
ONLINE_FLAGS     ?=
FEATURES_FLAGS   ?=
TUNING           ?=

# The folder of the tools: that of the source tree which holds this file, if there is one, else PATH.
BIN ?= $(wildcard $(dir $(lastword $(MAKEFILE_LIST)))../build/bin)
path := $(if $(BIN),$(abspath $(BIN)):)
export PATH := $(path)$(PATH)
SHELL = /bin/sh

# What no file name may hold. (LOG and JOIN_FILES are several names, so that blanks in them cannot be told.)
open    := (
close   := )
hash    := \#
comma   := ,
signs   := ' " ` \ & ; | < > : $$ $(hash) $(open) $(close) % = ? * [ ~
wrong    = $(or $(patsubst %,contain %,$(firstword $(foreach sign,$(signs),$(findstring $(sign),$(1))))),$(if $(filter -%,$(1)),begin with -))
$(foreach name,LOG DATA OUT JOIN_FILES,$(if $(call wrong,$($(name))),$(error \
	$(name)=$($(name)): a file name must not $(call wrong,$($(name))) here: rename it, or make a link)))
$(foreach name,DATA OUT,$(if $(filter 1,$(words $($(name)))),,$(error $(name)=$($(name)): must be one word)))
ifeq ($(filter "$(TABLES)","few" "all"),)
$(error TABLES=$(TABLES): must be one of few, all)
endif
goals := $(or $(MAKECMDGOALS),all)
ifneq ($(filter-out clean,$(goals)),)
ifeq ($(strip $(LOG)),)
$(error LOG='FILE ...' is missing)
endif
endif

# 0 1 2 ..., and as the names of ranges 0000 0001 0002 ...
numbers := $(shell seq 0 9999)
padded  := $(shell seq -f %04.f 0 1023)
first    = $(wordlist 1,$(1),$(numbers))
pad      = $(filter $(1) 0$(1) 00$(1) 000$(1),$(padded))
before   = $(word $(1),$(numbers))
state    = $(work)/state/$(call pad,$(1))
ifneq ($(strip $(AT)),)
edges := $(subst $(comma), ,$(AT))
override RANGES := $(words one $(edges))
endif
$(foreach name,SHARDS PARTS RANGES,$(if $(filter 1,$(words $($(name)))),$(if $(filter $($(name)),1024 $(filter-out 0,$(wordlist 1,1024,$(numbers)))),,$(error \
	$(name)=$($(name)): expected a number from 1 to 1024)),$(error $(name)=$($(name)): must be one word)))

# What is made on the way is in a folder of its own, which nobody else has made: only where it is there anything is removed.
work    := $(OUT)/intermediate
owned   := $(wildcard $(work)/.shards.mk)
ifneq ($(wildcard $(work)),)
ifeq ($(owned),)
$(error OUT=$(OUT): it has a folder intermediate, which is not of shards.mk: choose another OUT)
endif
endif
$(foreach name,LOG DATA JOIN_FILES,$(if $(filter $(abspath $(work))/%,$(abspath $($(name)))),$(error \
	$(name)=$($(name)): is in $(work), which is for what is made on the way)))

quoted   = '$(subst ','\'',$(1))'
source   = $(firstword $(wildcard $(DATA)/$(1).csv.gz $(DATA)/$(1).csv) $(DATA)/$(1).csv.gz)
users    = $(call source,users_dim)
contents = $(call source,content_dim)
strict   = $(if $(filter-out 0 no,$(STRICT)),--strict)
tidy     = $(filter-out 0 no,$(TIDY))
common   = $(strict) $(TUNING)

# Options with a value among others, all as the shell reads them: without some of them, those alone, and the value of one.
define sift_script
alone=$1 names=" $2 "
eval "set -- $3"
while [ $# -gt 0 ]; do
	found=no n=1
	case $names in
	*" ${1%%=*} "*)
		found=yes
		case $1 in *=*) ;; *) n=2 ;; esac
		;;
	esac
	while [ $n -gt 0 ] && [ $# -gt 0 ]; do
		if [ $found = $alone ]; then
			case $1 in
			"" | *[!A-Za-z0-9_,.:=%/@+-]*) printf "%s\n" "$1" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/" ;;
			*) printf "%s\n" "$1" ;;
			esac
		fi
		shift
		n=$((n - 1))
	done
done
endef
sifted  = $(if $(strip $(3)),$(shell sh -c $(call quoted,$(value sift_script)) sift $(1) '$(2)' $(call quoted,$(3))))
without = $(call sifted,no,$(1),$(2))
alone   = $(call sifted,yes,$(1),$(2))
given   = $(subst ',,$(patsubst $(1)=%,%,$(lastword $(call alone,$(1),$(2)))))

# ce-materialize has the options of all tools. Where their names are those of other tools, too, they get the tool's own in front. The
# events that it reads are clean: what says how to read a raw log is not for it.
blank   := $(subst :,,: :)
named    = $(subst $(blank)--$(2)$(blank),$(blank)--$(1)-$(2)$(blank),$(subst $(blank)--$(2)=,$(blank)--$(1)-$(2)=,$(3)))
own      = $(call named,$(1),keep,$(call named,$(1),tz,$(call named,$(1),na,$(call named,$(1),watermark,$(blank)$(strip $(2))$(blank)))))
raw_only := --ts-unit --tz --since --until --na --delimiter --max-rejects
raw      := $(call without,--max-rejects,$(CLEAN_FLAGS))
cleaned  := $(call without,$(raw_only),$(CLEAN_FLAGS))
dialect  := $(call alone,--delimiter,$(CLEAN_FLAGS))
join     := $(call without,--max-unmatched,$(JOIN_FLAGS))
online   := $(call without,--keep,$(ONLINE_FLAGS))
kept     := $(call alone,--keep,$(ONLINE_FLAGS))
max_rejects   := $(call given,--max-rejects,$(CLEAN_FLAGS))
max_unmatched := $(call given,--max-unmatched,$(JOIN_FLAGS))
clean    = $(if $(KEEP),--keep $(call quoted,$(KEEP))) $(TIME_FLAGS) $(raw)
joined   = $(if $(DROP),--drop $(DROP)) $(join) $(USERS_JOIN) $(users) $(CONTENTS_JOIN) $(contents)
staged   = $(if $(KEEP),$(foreach tool,clean sessionize agg online features,--$(tool)-keep $(call quoted,$(KEEP))))$(call \
	own,clean,$(cleaned))$(call own,join,$(joined))$(call own,sessionize,$(SESSIONIZE_FLAGS))$(call \
	own,agg,$(AGG_FLAGS))$(call own,online,$(kept))$(call own,features,$(FEATURES_FLAGS))

features = completion_prediction_features
few      = $(features) first_features session_starts unmatched
history  = cleaned_events enriched_table session_identification event_history user_activity user_engagement \
	   user_genre_preference user_completion_rate content_completion_rate avg_view_duration_ratio has_played_before \
	   number_of_pauses
all      = $(if $(filter all,$(TABLES)),$(history))
# What each shard is asked for, what is made of its rows, and what the chain makes of the facts, but for the last range.
parts    = facts $(few) $(all)
tables   = $(few) $(all) $(if $(all),event_online)
by_chain = $(if $(all),content_completion)
effects  = $(if $(filter --no-online,$(ONLINE_FLAGS)),,$(OUT)/online_effects.csv.gz)

# The steps. What there is to be done for each is told by a file in OUT/done, which comes when all files of the step are there.
done    = $(addprefix $(work)/done/,$(1))
names   = $(foreach n,$(call first,$(2)),$(1)-$(n))
splits  = $(patsubst %,split-%,$(wordlist 2,9999,$(call first,$(words $(LOG) and))))
cleans  = $(call names,clean,$(PARTS))
shards  = $(call names,shard,$(SHARDS))
last   := $(word $(RANGES),$(numbers))
# Without a WATERMARK it is the last event, which is known at the end of the chain.
chained = $(filter-out $(if $(WATERMARK),chain-$(last)),$(call names,chain,$(RANGES)))
ranged  = $(foreach n,$(call first,$(RANGES)),$(OUT)/$(call pad,$(n)))

# One run at a time; but what only asks takes no lock, and single files, of which a Snakefile has several made at once. The lock goes when
# the last process of the run has gone, a tool that outlived a make which was killed included.
this := $(lastword $(MAKEFILE_LIST))
dry  := $(strip $(foreach flag,n q,$(findstring $(flag),$(filter-out --%,$(firstword -$(MAKEFLAGS))))))
ifeq ($(if $(dry)$(filter-out all summary clean,$(goals)),,$(filter-out $(CE_LOCKED),$(abspath $(OUT)))),$(abspath $(OUT)))
export CE_LOCKED := $(abspath $(OUT))
.PHONY: run $(goals)
$(goals): run
run:
	+@mkdir -p $(OUT) && flock -n -E 75 $(OUT)/.lock $(MAKE) --no-print-directory -f $(this) $(goals); status=$$?; \
	[ $$status -ne 75 ] || echo 'shards.mk: OUT=$(OUT): another run is at work there' >&2; exit $$status
else

.PHONY: all summary steps clean FORCE
# What was tidied up is not missed.
ifneq ($(tidy),)
.SECONDARY:
endif
.SECONDEXPANSION:
all: $(foreach range,$(ranged),$(patsubst %,$(range)/%.csv.gz,$(tables) $(by_chain))) $(effects)
	$(if $(filter summary,$(goals)),,$(if $(questioned),,$(shell $(CE_WARNINGS))))

# The warnings in the logs, each with its step, as in pipeline.mk.
show_warnings = eval "$$CE_WARNINGS"
export CE_WARNINGS = awk '/^ce-[a-z]+: warning: |^shards.mk: warning: / { step = FILENAME; sub(/.*\//, "", step); \
	print (n++ ? "" : "\n== Warnings ==\n") step ": " $$0 }' $(OUT)/log/*[0-9ed] /dev/null >&2 2>/dev/null
flat       = $(firstword -$(MAKEFLAGS))
questioned = $(findstring q,$(filter-out --%,$(flat)))
silent     = $(findstring s,$(filter-out --%,$(flat)))

folders = $(OUT)/log $(work)/done
$(folders):
	mkdir -p $@
	@$(if $(filter $(work)/%,$@),: >$(work)/.shards.mk)

# $(call run,STEP,COMMAND LINE): the step's messages go to a log of its own, which is shown if it fails. Elsewhere the command
# begins in another folder, with another PATH. The other variables are for ce-sbatch.
there = cd $(call quoted,$(CURDIR)) && $(if $(path),PATH=$(call quoted,$(path))$$PATH && )
export CE_SBATCH_DIR = $(OUT)/log
define run
$(if $(silent),,@printf '%s\n' $(call quoted,$(strip $(2))))
@: >$(OUT)/log/$(1); SBATCH_JOB_NAME=$(1) $(or $(RUN),sh -c) $(call quoted,$(if $(RUN),$(there)){ $(strip $(2)); } 2>$(OUT)/log/$(1)) || \
	{ $(show_warnings); echo 'shards.mk: $(1) failed' >&2; cat $(OUT)/log/$(1) >&2; ! grep -qF '$(work)/' $(OUT)/log/$(1) || \
	echo 'shards.mk: a file in $(work) that is damaged is made again once it is removed' >&2; exit 1; }
endef
scratch = scratch=$$(mktemp -d "$${TMPDIR:-/tmp}/ce-XXXXXX") && trap 'rm -rf "$$scratch"' EXIT && trap 'exit 1' HUP INT TERM

# The flags of a step in a file that is rewritten only when they change, as in pipeline.mk. What was made with others is
# removed: some of it might have no successor.
STEPS        = SPLIT CLEAN REJECTED AT SHARD UNMATCHED CHAIN RANGE
flags_SPLIT  = $(PARTS) $(LOG) $(dialect)
flags_CLEAN  = $(SHARDS) $(clean)
flags_REJECTED = $(max_rejects)
flags_AT     = $(RANGES) $(AT)
flags_SHARD  = $(TABLES) $(staged)
flags_UNMATCHED = $(max_unmatched)
flags_CHAIN  = $(online) $(if $(all),$(WATERMARK))
flags_RANGE  = $(WATERMARK)
flags        = $(patsubst %,$(work)/%.flags,$(1))
flags_of     = $(strip $(strict) $(flags_$(1)))
differ       = $(subst x$(1),,x$(2))$(subst x$(2),,x$(1))
changed      = $(foreach step,$(STEPS),$(if $(call differ,$(call flags_of,$(step)),$(strip $(file <$(call flags,$(step))))),$(step)))
stale_SPLIT  = raw done/split-* $(stale_CLEAN)
stale_CLEAN  = events done/clean-* $(stale_AT)
stale_AT     = ranges state done/shard-* done/chain-*
stale_SHARD  = $(stale_AT)
some_range   = $(OUT)/[0-9][0-9][0-9][0-9]
stale_tables = $(patsubst %,$(some_range)/%.csv.gz,$(few) $(history) event_online content_completion)
stale_rejects = $(addprefix $(OUT)/rejects/,[0-9].csv.gz [0-9][0-9].csv.gz [0-9][0-9][0-9].csv.gz [0-9][0-9][0-9][0-9].csv.gz)
forget       = rm -rf $(addprefix $(work)/,$(stale_$(1)));$(if $(stale_$(1)), rm -f $(stale_tables); rmdir $(some_range) 2>/dev/null;)$(if \
	       $(filter SPLIT CLEAN,$(1)), rm -f $(stale_rejects);)
$(work)/%.flags: | $(folders)
	@printf '%s\n' $(call quoted,$(call flags_of,$*)) >$@
$(call flags,$(changed)): FORCE

# Not before a step is run.
swept        = $(patsubst %,$(work)/done/swept_%,$(1))
$(call swept,SPLIT CLEAN AT SHARD): $(work)/done/swept_%: $(work)/%.flags | $(folders)
	@$(if $(owned),$(call forget,$*)) :
	@: >$@

# A file on the way that is gone is made again, by its step; not where it was tidied up, for then the step's own file in OUT/done is gone, too.
lacks    = $(if $(filter $(words $(1)),$(words $(wildcard $(1)))),,yes)
lacking  = $(foreach n,$(patsubst $(work)/done/$(1)-%,%,$(wildcard $(work)/done/$(1)-*)),$(if $(strip $(call $(1)_lacks,$(n))),$(1)-$(n)))
split_lacks = $(call lacks,$(patsubst %,$(work)/raw/$(1)/%.csv.gz,$(call first,$(PARTS))))
clean_lacks = $(call lacks,$(patsubst %,$(work)/events/$(1)/%.csv.gz,$(call first,$(SHARDS))) $(OUT)/rejects/$(1).csv.gz)
shard_lacks = $(foreach range,$(call first,$(RANGES)),$(call lacks,$(parts:%=$(work)/ranges/$(range)/$(1)/%.csv.gz)))
chain_lacks = $(call lacks,$(addprefix $(call state,$(1))/,MANIFEST contents.csv.gz online_effects.csv.gz shard_sessions.csv.gz))
$(call done,$(filter $(splits) $(cleans) $(shards) $(chained),$(foreach step,split clean shard chain,$(call lacking,$(step))))): FORCE

# --- the events, in parts by event_id, in which each event has all of its copies ----------------------

needs_split = $(word $(1),$(LOG)) $(call swept,SPLIT)
$(call done,$(splits)): $(work)/done/split-%: $$(call needs_split,$$*) | $(folders)
	$(call run,split-$*,ce-split $(common) $(dialect) -k event_id -n $(PARTS) --keep-lines \
		-o $(work)/raw/$*/%.csv.gz $<)
	@: >$@

# A ce-clean that fails leaves an incomplete gzip stream, which ce-split refuses; or no table of rejects.
needs_clean = $(call done,$(splits)) $(call swept,CLEAN)
$(call done,$(cleans)): $(work)/done/clean-%: $$(call needs_clean,$$*) | $(folders)
	$(call run,clean-$*,mkdir -p $(OUT)/rejects && rm -f $(OUT)/rejects/$*.csv.gz && ce-clean -v --part $(common) $(clean) \
		--rejects $(OUT)/rejects/$*.csv.gz $$(ls -v $(work)/raw/*/$*.csv.gz) | \
		ce-split $(common) -k user_id -n $(SHARDS) -o $(work)/events/$*/%.csv.gz && test -e $(OUT)/rejects/$*.csv.gz)
	$(if $(tidy),@rm -f $(call done,split-*) $(splits:split-%=$(work)/raw/%/$*.csv.gz))
	@: >$@

# The bounds are about the whole log: by what the steps have counted.
define judge_script
function exceeds(bound)
{
	return bound ~ /%$/ ? n_bad * 100 > n_all * substr(bound, 1, length(bound) - 1) : n_bad > bound + 0
}
# "N of M ...[:;] 3 this, 4 that"
function add_reasons(text,    n, i, part, word)
{
	n = split(text, part, ", ")
	for (i = 1; i <= n; i++) {
		sub(/ \(.*/, "", part[i])
		if (part[i] !~ /^[0-9]+ [a-z_0-9]+$/)
			continue
		split(part[i], word, " ")
		if (!(word[2] in count))
			order[++n_reasons] = word[2]
		count[word[2]] += word[1]
	}
}
{
	sub(/^ce-[a-z]+: /, "")
}
/^[0-9]+ rows in, / {
	n_all += $1
	if (option == "--max-rejects")
		n_bad += $1 - $4
}
option == "--max-rejects" && /^kept [0-9]+ of [0-9]+ records; / || option == "--max-unmatched" && / without a match: / {
	if (option == "--max-unmatched") {
		sub(/.*; /, "")
		n_bad += $1
	}
	add_reasons(substr($0, index($0, ": ") + 2))
}
END {
	# Those are wanted.
	wanted = option == "--max-rejects" ? count["before_since"] + count["after_until"] : 0
	n_all -= wanted
	n_bad -= wanted
	said = sprintf("%.0f of %.0f %s", n_bad, n_all, option == "--max-rejects" ? "records are rejected" : "rows have no match")
	for (i = 1; i <= n_reasons; i++)
		text = text (i > 1 ? ", " : ": ") sprintf("%.0f %s", count[order[i]], order[i])
	if (exceeds(bound == "" ? "50%" : bound)) {
		print "shards.mk: " said ", more than " option " " (bound == "" ? "50%" : bound) text
		exit 1
	}
	if (exceeds("5%")) {
		print "shards.mk: warning: " said ", more than 5 %" text
		exit strict != ""
	}
	print "shards.mk: " said text
}
endef
export CE_JUDGE := $(value judge_script)
judge = @awk -v option=$(2) -v bound='$(3)' -v strict=$(strict) "$$CE_JUDGE" $(4) >$(OUT)/log/$(1) || \
	{ $(show_warnings); cat $(OUT)/log/$(1) >&2; exit 1; }

needs_rejected = $(call done,$(cleans)) $(call flags,REJECTED)
$(work)/done/rejected: $$(call needs_rejected) | $(folders)
	$(call judge,rejected,--max-rejects,$(max_rejects),$(cleans:%=$(OUT)/log/%))
	$(if $(tidy),@rm -rf $(work)/raw)
	@: >$@

# --- where the ranges meet ------------------------------------------------------------------------------

# The times of the events of a part that are of one shard, a sample by two hashes: of the first of these that has events. The bounds of
# so many equal parts of them ascend, and the last is not after the last event. No name or event_id with a line feed does harm: any
# times will do.
times = gzip -dc $$file | sed -nE 's/^("([^"]|"")*"|[^",]*),([0-9]+),.*/\3/p' | sort -n
quantiles = BEGIN { last = ranges - 1 } \
	{ while (i < last && NR == int((i + 1) * n / ranges) + 1) at[++i] = $$1 } \
	END { for (i = 1; i <= last; i++) if (!(i in at)) at[i] = 1e12 + i; \
		for (i = last - 1; i >= 1; i--) if (at[i] >= at[i + 1]) at[i] = at[i + 1] - 1; \
		for (i = 1; i <= last; i++) printf "%.0f %03.0f\n", int(at[i] / 1000), at[i] % 1000 }
# As ISO 8601, of which nobody has to tell the unit by its size.
iso      = date -u -d "@$$seconds.$$ms" +%FT%T.%3NZ
needs_at = $(if $(AT),,$(work)/done/rejected) $(call swept,AT)
$(work)/at: $$(call needs_at)
ifneq ($(strip $(AT)),)
	@printf '%s\n' $(edges) >$(work)/.at.ce-new.tmp && mv $(work)/.at.ce-new.tmp $@
else
	$(call run,at,$(scratch) && for part in $(call first,$(PARTS)); do for shard in $(call first,$(SHARDS)); do \
		file=$(work)/events/$$part/$$shard.csv.gz; $(times) >"$$scratch/times"; [ ! -s "$$scratch/times" ] || break 2; done; done && \
		awk -v ranges=$(RANGES) -v n="$$(wc -l <"$$scratch/times")" '$(quantiles)' "$$scratch/times" | \
		while read -r seconds ms; do $(iso); done >$(work)/.at.ce-new.tmp && mv $(work)/.at.ce-new.tmp $@)
endif

# --- the users, in shards ------------------------------------------------------------------------------

# What a shard is made into is split by time: in the machine's own TMPDIR until then, but the features, which are most of it. A
# ce-materialize that fails leaves an incomplete gzip stream, which ce-split refuses; and ends it when its files have their names.
edges_made = $(subst $(blank),$(comma),$(strip $(file <$(work)/at)))
folder     = $(if $(filter 1,$(RANGES)),$(work)/ranges/0/$*,"$$scratch")
time_facts = fact_ts
time_session_starts = session_start_ts
split_of   = ce-split $(common) --at $(edges_made) $(if $(time_$(1)),--time $(time_$(1))) --ts-unit ms \
	     -o $(work)/ranges/%/$*/$(1).csv.gz $(2)
needs_shard = $(work)/done/rejected $(work)/at $(users) $(contents) $(JOIN_FILES) $(call swept,SHARD)
$(call done,$(shards)): $(work)/done/shard-%: $$(call needs_shard,$$*) | $(folders)
	$(call run,shard-$*,$(if $(filter 1,$(RANGES)),mkdir -p $(folder),$(scratch)) && \
		ce-materialize -v $(common) $(staged) --ts-unit ms --no-online --facts $(folder)/facts.csv.gz \
		--first $(folder)/first_features.csv.gz --starts $(folder)/session_starts.csv.gz \
		--unmatched $(folder)/unmatched.csv.gz $(if $(all),-d $(folder)) $(if $(filter 1,$(RANGES)),-o $(folder)/$(features).csv.gz) \
		$(foreach n,$(call first,$(PARTS)),$(work)/events/$(n)/$*.csv.gz)$(if $(filter-out 1,$(RANGES)), | $(call \
		split_of,$(features))$(foreach table,$(filter-out $(features),$(parts)), && $(call split_of,$(table),"$$scratch"/$(table).csv.gz))))
	$(if $(tidy),@rm -f $(call done,clean-* rejected) $(foreach n,$(call first,$(PARTS)),$(work)/events/$(n)/$*.csv.gz))
	@: >$@

needs_unmatched = $(call done,$(shards)) $(call flags,UNMATCHED)
$(work)/done/unmatched: $$(call needs_unmatched) | $(folders)
	$(call judge,unmatched,--max-unmatched,$(max_unmatched),$(shards:%=$(OUT)/log/%))
	$(if $(tidy),@rm -rf $(work)/events)
	@: >$@

# --- the chain along the ranges: what is known at the end of each, of facts alone ------------------------

of_range   = $(foreach n,$(call first,$(SHARDS)),$(work)/ranges/$(1)/$(n))
from_state = $(if $(filter 0,$(1)),,--state $(call state,$(call before,$(1))))
# The last range has no end: all that is known becomes known before.
until      = $(or $(word $(1),$(file <$(work)/at)),2200-01-01T00:00:00Z)
next       = $(words $(call first,$(1)) and)
needs_chain = $(if $(filter 0,$(1)),,$(call done,chain-$(call before,$(1)))) $(work)/done/unmatched $(call flags,CHAIN)
makes_chain = $(call done,chain-$(1)) $(if $(filter-out $(last),$(1)),$(by_chain:%=$(OUT)/$(call pad,$(1))/%.csv.gz))
define chain_rule
$(call makes_chain,$(1)) &: $(call needs_chain,$(1)) | $(folders)
	$$(call run,chain-$(1),mkdir -p $(work)/state $(OUT)/$(call pad,$(1)) && ce-collate $$(common) $$(online) $$(call from_state,$(1)) \
		--state-out $$(call state,$(1)) --until $$(call until,$$(call next,$(1))) $(foreach table,$(by_chain),-t $(table) \
		$(if $(WATERMARK),--watermark $$(WATERMARK)) -o $(if $(filter $(last),$(1)),/dev/null,$(OUT)/$(call pad,$(1))/$(table).csv.gz)) $$(call of_range,$(1)))
	@: >$(call done,chain-$(1))

endef
$(foreach n,$(chained:chain-%=%),$(eval $(call chain_rule,$(n))))

# --- the tables of each range ------------------------------------------------------------------------------

# None without an event.
found     = $(if $(WATERMARK),,last=$$(sed -n 's/^last_ts 0*//p' $(call state,$(last))/MANIFEST) && { [ ! "$$last" ] || \
	    { seconds=$$((last / 1000)) && ms=$$(printf %03d $$((last % 1000))) && last=$$($(iso)); }; } && )
watermark = $(if $(WATERMARK),--watermark $(WATERMARK),$${last:+--watermark $$last})
# One that is tidied up is not needed any more: not by the chain, either.
needs_range = $(if $(WATERMARK),,$(call done,chain-$(last))) $(if $(filter 0,$(1)),,$(call done,chain-$(call before,$(1)))) $(if \
	      $(tidy),$(filter %/chain-$(1),$(call done,$(chained)))) $(work)/done/unmatched $(call flags,CHAIN RANGE)
in_range    = $(tables) $(if $(filter $(last),$(1)),$(by_chain))
makes_range = $(patsubst %,$(OUT)/$(call pad,$(1))/%.csv.gz,$(in_range)) $(if $(filter $(last),$(1)),$(effects))
define range_rule
$(call makes_range,$(1)) &: $(call needs_range,$(1)) | $(folders)
	$$(call run,range-$(1),mkdir -p $(OUT)/$(call pad,$(1)) && $$(found)ce-collate -v $$(common) $$(online) $$(call from_state,$(1)) \
		$$(watermark) -t $(subst $(blank),$$(comma),$(strip $(in_range))) -d $(OUT)/$(call pad,$(1)) \
		$(if $(filter $(last),$(1)),$(if $(effects),--effects $(effects))) $$(call of_range,$(1)))
	$$(if $$(tidy),@rm -rf $$(call done,shard-* unmatched) $(work)/ranges/$(1))

endef
$(foreach n,$(call first,$(RANGES)),$(eval $(call range_rule,$(n))))

# Each step with what it needs and makes, for other drivers: a name, targets of which one makes them all, and prerequisites.
steps: $(call flags,$(STEPS))
	$(foreach n,$(splits) $(cleans) $(shards),$(call step,$(n),$(call done,$(n)),$(call needs_$(firstword $(subst -, ,$(n))),$(lastword \
		$(subst -, ,$(n))))))$(foreach n,$(chained:chain-%=%),$(call step,chain-$(n),$(call makes_chain,$(n)),$(call needs_chain,$(n))))$(foreach n,rejected unmatched,$(call step,$(n),$(call done,$(n)),$(call needs_$(n))))$(foreach \
		n,SPLIT CLEAN AT SHARD,$(call step,swept_$(n),$(call swept,$(n)),$(call flags,$(n))))$(call \
		step,at,$(work)/at,$(call needs_at))$(foreach n,$(call first,$(RANGES)),$(call step,range-$(n),$(call \
		makes_range,$(n)),$(call needs_range,$(n))))@:
step = $(info $(1):$(strip $(2)):$(strip $(3)))

summary: all
	@cat $(OUT)/log/rejected $(OUT)/log/unmatched
	@for range in $(notdir $(ranged)); do printf '%s: ' "$$range"; sed -n 's/^ce-collate: \([0-9]* rows in, .*\)/\1/p' $(OUT)/log/range-$$(echo $$range | sed 's/^0*\(.\)/\1/'); done
	@$(show_warnings)

clean:
	$(if $(owned),$(call forget,SPLIT) rm -f $(OUT)/online_effects.csv.gz $(addprefix $(OUT)/log/,$(splits) $(cleans) $(shards) $(call \
		names,chain,$(RANGES)) $(call names,range,$(RANGES)) rejected unmatched at); \
		rmdir $(OUT)/rejects $(OUT)/log 2>/dev/null; rm -rf $(work))
endif
