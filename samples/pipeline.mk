# The whole pipeline, from three source tables to an evaluation on later data, as a Makefile to use or copy.
#
#   make -f pipeline.mk DATA=my-data OUT=my-results [CLEAN_FLAGS='--allow-empty device'] ...
#
# DATA holds events_table, users_dim and content_dim, as .csv.gz or .csv; with JOIN_FLAGS=--left it may lack
# users_dim or content_dim or both. OUT gets every table, the models, the predictions and the metrics. Only
# what is out of date is made again: what is older than its source, or was made with other flags. Each file
# appears under its name only when it is complete. Works with -j. File names must not contain blanks, nor the signs
# ' " ` \ & ; | < > : $ # ( ) of make and of the shell; that is an error before anything is made.
#
# A player's own log (see ce-adapt(1)) is the source in place of DATA with
#
#   make -f pipeline.mk RECIPE=segment LOG='log.jsonl.gz ...' OUT=my-results [ADAPT_FLAGS='--tz Europe/Berlin'] ...
#
# RECIPE is the name of a recipe that is installed, or a file: dir/NAME or NAME.recipe. The options that it gives for
# the tools stand before those of CLEAN_FLAGS, JOIN_FLAGS, SESSIONIZE_FLAGS, AGG_FLAGS, ONLINE_FLAGS and
# FEATURES_FLAGS. A users_dim or content_dim that the log does not hold may be in DATA, if that is given.
#
# At the end, and where a step fails, stand the warnings of all steps, also of those that had nothing to do. With
# STRICT=1 a warning is an error, and the step that gives it makes nothing. KEEP='COL[,...]' passes further columns
# of the events on to the features; for those of users and contents give --keep in SESSIONIZE_FLAGS, AGG_FLAGS,
# ONLINE_FLAGS and FEATURES_FLAGS. TIME_FLAGS='--tz ZONE' says how event_ts is read, by ce-clean and by ce-audit.
#
# users_dim and content_dim are as of today. One that is a history, with a row for each version, is joined as of
# the event: USERS_JOIN='-k user_id --valid-from COL'. Of other tables that JOIN_FLAGS names (-k KEY FILE), name
# the files in JOIN_FILES, too, so that a change of theirs is seen. DROP is what the join leaves out.
#
# From the events to the features it runs the six tools one after the other, each of which leaves a table. ENGINE=one
# makes the same files by one ce-materialize, in less time; another flag, or another file that is read, then makes all
# of them again. What a flag says for one of the tools it says for that one only, but for the options that all have.
#
#   make -f pipeline.mk ... report       the reports OUT/report.html, on all prediction rows, and
#                                        OUT/first_report.html, on the first row of each viewing (needs gnuplot);
#                                        with the first, OUT/features_report.html, on how each feature is distributed
#   make -f pipeline.mk ... summary      makes the reports, too, and prints the metrics
#   make -f pipeline.mk ... audit        checks the features for look-ahead leakage: see ce-audit(1)
#   make -f pipeline.mk ... train        the models alone: OUT/completion.model, and OUT/first.model of the first rows.
#                                        They are candidates: tables, metrics and reports in OUT are about them
#   make -f pipeline.mk ... promote      compares OUT/completion.model with MODEL, the champion that `predict` serves with, on
#                                        the newest rows, and puts it in its place unless it is worse: see promote.sh, which
#                                        has to be in the folder of this file. Nothing else writes MODEL
#
# With PostgreSQL as source, sink or both. DB='...' is a connection string as for psql -d; without it the
# PG* variables apply. Passwords belong in PGPASSWORD or a password file: arguments of make show in ps.
#
#   make -f pipeline.mk ... export       exports the source tables from the database into DATA
#   make -f pipeline.mk ... load         makes everything, and then loads every table into the database, all at
#                                        once; refused if one would lose more than half of its rows, unless
#                                        LOAD_FLAGS='--max-loss N|P%' says otherwise. Then the predictions are added to
#                                        completion_predictions, of which no row is replaced: a run's are told by model_id and
#                                        scored_at, and schema.sql has views of the newest. What is open is left to `predict`
#   make -f pipeline.mk ... predict      scores the viewings that are still open with the existing MODEL, and adds that
#   make -f pipeline.mk ... served       evaluates what was predicted while viewings were open, with the outcomes that are in the
#                                        database by now: by model_id and by the day of scored_at. Makes OUT/served.csv.gz, the
#                                        rows, and OUT/served_metrics.csv.gz, by the view served_predictions of schema.sql

# Every variable up to BIN may come from the command line or from the environment.
DATA  ?= .
OUT   ?= out
RECIPE ?=
LOG    ?=
DB    ?=
MODEL ?= $(OUT)/champion.model

ENGINE ?= pipe
STRICT ?=
KEEP   ?=
DROP   ?= email

# The tables that `export` reads; and how the dimensions are joined.
SOURCES       ?= events_table users_dim content_dim
USERS_JOIN    ?= -k user_id
CONTENTS_JOIN ?= -k content_id
JOIN_FILES    ?=

# Until when the log is whole, where that is not the time of its last event.
WATERMARK        ?=
ifneq ($(NEAR_END),)
$(error NEAR_END has moved: SESSIONIZE_FLAGS='--near-end $(NEAR_END)')
endif
ifeq ($(filter "$(ENGINE)","pipe" "one"),)
$(error ENGINE=$(ENGINE): must be one of pipe, one)
endif
TIME_FLAGS       ?=
ADAPT_FLAGS      ?=
CLEAN_FLAGS      ?=
JOIN_FLAGS       ?=
SESSIONIZE_FLAGS ?=
AGG_FLAGS        ?=
ONLINE_FLAGS     ?=
FEATURES_FLAGS   ?=
TRAIN_FLAGS      ?=
PREDICT_FLAGS    ?=
EVAL_FLAGS       ?=
IMPORTANCE_FLAGS ?=
AUDIT_FLAGS      ?=
EXPORT_FLAGS     ?=
LOAD_FLAGS       ?=
SERVED_FLAGS     ?= $(EVAL_FLAGS)

# The folder of the tools: that of the source tree which holds this file, if there is one, else PATH.
here := $(dir $(lastword $(MAKEFILE_LIST)))
BIN ?= $(wildcard $(here)../build/bin)
export PATH := $(if $(BIN),$(abspath $(BIN)):)$(PATH)
SHELL = /bin/sh

# What no file name may hold. (LOG and JOIN_FILES are several names, so that blanks in them cannot be told.)
open    := (
close   := )
hash    := \#
signs   := ' " ` \ & ; | < > : $$ $(hash) $(open) $(close)
sign_in  = $(firstword $(foreach sign,$(2),$(findstring $(sign),$(1))))
$(foreach name,DATA OUT RECIPE LOG MODEL JOIN_FILES,$(if $(call sign_in,$($(name)),$(signs)),$(error \
	$(name)=$($(name)): a file name must not contain $(call sign_in,$($(name)),$(signs)) here: rename it, or make a link)))
$(foreach name,DATA OUT RECIPE MODEL,$(if $(word 2,$($(name))),$(error \
	$(name)=$($(name)): a file name must not contain blanks here: rename it, or make a link)))
quoted   = '$(subst ','\'',$(1))'

# What a recipe says of the tools behind it, in front of what the user says: as the shell reads it, quotes and all.
# (export PATH is not for $(shell).)
goals = $(or $(MAKECMDGOALS),all)
ifneq ($(and $(RECIPE),$(filter-out clean,$(goals))),)
ifeq ($(LOG),)
$(error RECIPE=$(RECIPE): LOG='FILE ...' is missing)
endif
ifeq ($(RECIPE),-)
$(error RECIPE=-: it is read more than once, so it has to be a file)
endif
recipe_for = $(shell $(if $(BIN),$(abspath $(BIN))/)ce-adapt -r $(RECIPE) --options ce-$(1))$(if \
	$(filter-out 0,$(.SHELLSTATUS)),$(error RECIPE=$(RECIPE) cannot be used))
override CLEAN_FLAGS      := $(call recipe_for,clean) $(CLEAN_FLAGS)
override JOIN_FLAGS       := $(call recipe_for,join) $(JOIN_FLAGS)
override SESSIONIZE_FLAGS := $(call recipe_for,sessionize) $(SESSIONIZE_FLAGS)
override AGG_FLAGS        := $(call recipe_for,agg) $(AGG_FLAGS)
override ONLINE_FLAGS     := $(call recipe_for,online) $(ONLINE_FLAGS)
override FEATURES_FLAGS   := $(call recipe_for,features) $(FEATURES_FLAGS)
endif

exports = $(filter export,$(MAKECMDGOALS))
# With a recipe only a DATA that is given counts, and only for dimensions.
has_data = $(if $(RECIPE),$(if $(filter file,$(origin DATA))$(filter events_table,$(1)),,yes),yes)
found   = $(if $(exports),,$(if $(call has_data,$(1)),$(wildcard $(DATA)/$(1).csv.gz $(DATA)/$(1).csv)))
adapted = $(if $(RECIPE),$(patsubst %,$(OUT)/adapted/%.csv.gz,$(1)))
# A dimension that DATA lacks has no rows, which is good enough for --left.
absent  = $(if $(if $(exports),$(filter $(1),$(SOURCES)),$(call found,$(1))),,$(if $(filter --left,$(JOIN_FLAGS)),$(filter %_dim,$(1))))
source  = $(firstword $(call found,$(1)) $(call adapted,$(1)) $(patsubst %,$(OUT)/absent/%.csv,$(call absent,$(1))) $(DATA)/$(1).csv.gz)
table   = $(patsubst %,$(OUT)/%.csv.gz,$(1))
strict  = $(if $(filter-out 0 no,$(STRICT)),--strict)
# Through the environment, so that no character of it is special to the shell.
export CE_KEEP := $(KEEP)
keep    = $(if $(KEEP),--keep "$$CE_KEEP")
watermark = $(if $(WATERMARK),--watermark $(WATERMARK))
drop    = $(if $(DROP),--drop $(DROP))
joined  = $(USERS_JOIN) $(call source,users_dim) $(CONTENTS_JOIN) $(call source,content_dim)
# The messages of a step go to a log of its own, and to the terminal if the step fails: after the warnings of the
# steps before it, which may say why.
said    = 2>$(OUT)/log/$(1) || { $(show_warnings); cat $(OUT)/log/$(1) >&2; exit 1; }
logged  = -v $(said)
flags   = $(patsubst %,$(OUT)/log/%.flags,$(1))

AGGREGATES = content_completion user_activity user_engagement user_genre_preference \
	     user_completion_rate content_completion_rate avg_view_duration_ratio \
	     has_played_before number_of_pauses

LOADED     = cleaned_events enriched_table session_identification session_starts $(AGGREGATES) \
	     online_effects completion_prediction_features completion_predictions feature_importance feature_drift \
	     feature_distribution metrics metric_intervals curves

.PHONY: all summary report audit export load train promote predict served clean FORCE
all: $(call table,$(LOADED) first_features first_predictions first_metrics) \
	$(OUT)/completion.model $(OUT)/first.model
	$(if $(is_last),$(if $(questioned),,$(shell $(CE_WARNINGS))))

# The warnings in the logs, each with its step, after the last of the goals. Where a goal has no other commands they
# are shown while make expands its recipe, to nothing, so that there is nothing to be done where everything is there.
# Through the environment, so that it does not fill the lines that make prints.
show_warnings = eval "$$CE_WARNINGS"
export CE_WARNINGS = awk '/^ce-[a-z]+: warning: / { step = FILENAME; sub(/.*\//, "", step); \
	print (n++ ? "" : "\n== Warnings ==\n") step ": " $$0 }' $(OUT)/log/[0-9]* /dev/null >&2 2>/dev/null
last_goal     = $(lastword $(foreach goal,train all report summary load promote predict served,$(filter $(goal),$(goals))))
is_last       = $(filter $(last_goal),$@)
questioned    = $(findstring q,$(firstword -$(MAKEFLAGS)))

$(OUT)/log:
	mkdir -p $@

# The flags of a step, STRICT's and KEEP's among them, in a file that is rewritten only when they change:
# compared here and not by a rule, which would have to run each time.
STEPS    = ENGINE ADAPT CLEAN JOIN SESSIONIZE AGG ONLINE FEATURES TRAIN PREDICT EVAL IMPORTANCE
flags_of = $(strip $($(1)_FLAGS) $(strict) $(if $(filter CLEAN SESSIONIZE AGG ONLINE FEATURES,$(1)),$(KEEP)) \
	   $(if $(filter AGG FEATURES TRAIN,$(1)),$(watermark)) $(if $(filter CLEAN,$(1)),$(TIME_FLAGS)) $(if $(filter JOIN,$(1)),$(drop) $(USERS_JOIN) $(CONTENTS_JOIN)) \
	   $(if $(filter ADAPT,$(1)),$(RECIPE) $(LOG)) $(if $(filter ENGINE,$(1)),$(ENGINE)))
differ   = $(subst x$(1),,x$(2))$(subst x$(2),,x$(1))
changed  = $(foreach step,$(STEPS),$(if \
	   $(call differ,$(call flags_of,$(step)),$(strip $(file <$(call flags,$(step))))),$(step)))

$(OUT)/log/%.flags: | $(OUT)/log
	@printf '%s\n' $(call quoted,$(call flags_of,$*)) >$@
$(call flags,$(changed)): FORCE

# Another engine makes all features again: what the steps of the other one said does not count any more.
$(call flags,ENGINE): | $(OUT)/log
	@rm -f $(OUT)/log/[1-5]-*
	@printf '%s\n' $(call quoted,$(call flags_of,ENGINE)) >$@

# --- the events -----------------------------------------------------------------------------------

ifneq ($(RECIPE),)
# As ce-adapt tells a file from a name.
recipe_file = $(if $(findstring /,$(RECIPE))$(filter %.recipe,$(RECIPE)),$(RECIPE),$(wildcard \
	$(dir $(shell PATH='$(PATH)' command -v ce-adapt))../share/ce/recipes/$(RECIPE).recipe))
$(call adapted,events_table users_dim content_dim) &: $(LOG) $(recipe_file) $(call flags,ADAPT)
	@mkdir -p $(OUT)/adapted
	ce-adapt $(strict) -r $(RECIPE) $(ADAPT_FLAGS) --users $(OUT)/adapted/users_dim.csv.gz \
		--contents $(OUT)/adapted/content_dim.csv.gz -o $(OUT)/adapted/events_table.csv.gz $(LOG) $(call logged,0-adapt)
endif

ifeq ($(ENGINE),pipe)
$(call table,cleaned_events rejects) &: $(call source,events_table) $(call flags,ENGINE CLEAN)
	ce-clean $(strict) $(keep) $(TIME_FLAGS) $(CLEAN_FLAGS) --rejects $(call table,rejects) \
		-o $(call table,cleaned_events) $< $(call logged,1-clean)

$(call table,enriched_table unmatched) &: $(call table,cleaned_events) $(call source,users_dim) \
		$(call source,content_dim) $(call flags,JOIN) $(JOIN_FILES)
	ce-join $(strict) $(drop) $(JOIN_FLAGS) $(joined) --unmatched $(call table,unmatched) \
		-o $(call table,enriched_table) $< $(call logged,2-join)

$(call table,session_identification session_starts) &: $(call table,enriched_table) \
		$(call flags,SESSIONIZE)
	ce-sessionize $(strict) $(keep) $(SESSIONIZE_FLAGS) --starts $(call table,session_starts) \
		-o $(call table,session_identification) $< $(call logged,3-sessionize)

$(call table,event_history $(AGGREGATES)) &: $(call table,session_identification) \
		$(call flags,AGG)
	ce-agg $(strict) $(keep) $(watermark) $(AGG_FLAGS) -d $(OUT) -o $(call table,event_history) $< $(call logged,4-agg)

$(call table,event_online online_effects) &: $(call table,event_history) $(call flags,ONLINE)
	ce-online $(strict) $(keep) $(ONLINE_FLAGS) --effects $(call table,online_effects) -o $(call table,event_online) $< \
		$(call logged,4-online)

# --- the prediction rows: while the outcome is still open, and at the start of each viewing -------

$(call table,completion_prediction_features): $(call table,event_online) $(call flags,FEATURES)
	ce-features $(strict) $(keep) $(watermark) $(FEATURES_FLAGS) -o $@ $< $(call logged,5-features)

$(call table,first_features): $(call table,event_online) $(call flags,FEATURES)
	ce-features $(strict) $(keep) $(watermark) $(FEATURES_FLAGS) --rows first -o $@ $< $(call logged,5-features-first)

else
# The flags of each tool. Where the names of options are those of other tools, too, they get the tool's own in front.
blank  := $(subst :,,: :)
named  = $(subst $(blank)--$(2)$(blank),$(blank)--$(1)-$(2)$(blank),$(subst $(blank)--$(2)=,$(blank)--$(1)-$(2)=,$(3)))
own    = $(call named,$(1),keep,$(call named,$(1),tz,$(call named,$(1),na,$(call named,$(1),watermark,$(blank)$(2)$(blank)))))
kept   = $(if $(KEEP),$(foreach tool,clean sessionize agg online features,--$(tool)-keep "$$CE_KEEP"))
staged = $(kept)$(call own,clean,$(TIME_FLAGS) $(CLEAN_FLAGS))$(drop)$(call own,join,$(JOIN_FLAGS) $(joined))$(call \
	own,sessionize,$(SESSIONIZE_FLAGS))$(call own,agg,$(AGG_FLAGS))$(call \
	own,online,$(ONLINE_FLAGS))$(call own,features,$(FEATURES_FLAGS))

$(call table,cleaned_events rejects enriched_table unmatched session_identification session_starts event_history \
		$(AGGREGATES) event_online online_effects completion_prediction_features first_features) &: $(call source,events_table) \
		$(call source,users_dim) $(call source,content_dim) $(JOIN_FILES) \
		$(call flags,ENGINE CLEAN JOIN SESSIONIZE AGG ONLINE FEATURES)
	ce-materialize $(strict) $(watermark) $(staged) -d $(OUT) --rejects $(call table,rejects) \
		--unmatched $(call table,unmatched) --starts $(call table,session_starts) \
		--effects $(call table,online_effects) --first $(call table,first_features) \
		-o $(call table,completion_prediction_features) $< $(call logged,1-materialize)
endif

# --- a model for each, its predictions and its metrics --------------------------------------------

$(OUT)/completion.model: $(call table,completion_prediction_features) $(call flags,TRAIN)
	ce-train $(strict) $(watermark) $(TRAIN_FLAGS) -o $@ $< $(call logged,6-train)

$(OUT)/first.model: $(call table,first_features) $(call flags,TRAIN)
	ce-train $(strict) $(watermark) $(TRAIN_FLAGS) -o $@ $< $(call logged,6-train-first)

train: $(OUT)/completion.model $(OUT)/first.model
	$(if $(is_last),$(if $(questioned),,$(shell $(CE_WARNINGS))))

# The only one that writes MODEL.
promote: $(OUT)/completion.model $(call table,completion_prediction_features)
	sh $(here)promote.sh $(strict) $(MODEL) $^ $(call said,9-promote)
	$(if $(is_last),@$(show_warnings))

$(call table,completion_predictions): $(OUT)/completion.model \
		$(call table,completion_prediction_features) $(call flags,PREDICT)
	ce-predict $(strict) $(PREDICT_FLAGS) --keys -m $< -o $@ $(word 2,$^) $(call logged,7-predict)

$(call table,first_predictions): $(OUT)/first.model $(call table,first_features) \
		$(call flags,PREDICT)
	ce-predict $(strict) $(PREDICT_FLAGS) --keys -m $< -o $@ $(word 2,$^) $(call logged,7-predict-first)

# No pipefail needed: when ce-predict fails, it leaves an incomplete gzip stream, which ce-eval refuses.
scored       = ce-predict $(strict) $(PREDICT_FLAGS) -m $(OUT)/completion.model \
	       $(call table,completion_prediction_features)
scored_first = ce-predict $(strict) $(PREDICT_FLAGS) -m $(OUT)/first.model $(call table,first_features)

evaluated = ce-eval $(strict) --by event_type $(EVAL_FLAGS)

$(call table,metrics metric_intervals curves) &: $(OUT)/completion.model \
		$(call table,completion_prediction_features) $(call flags,PREDICT EVAL)
	$(scored) | $(evaluated) --curves $(call table,curves) --intervals $(call table,metric_intervals) \
		-o $(call table,metrics) $(call logged,8-eval)

# Which columns the model depends on, how they are distributed, and whether that has shifted.
$(call table,feature_importance feature_drift feature_distribution) &: $(OUT)/completion.model \
		$(call table,completion_prediction_features) $(call flags,IMPORTANCE)
	ce-predict $(strict) $(IMPORTANCE_FLAGS) --keys --importance $(call table,feature_importance) --drift $(call table,feature_drift) \
		--distribution $(call table,feature_distribution) -m $< -o /dev/null $(word 2,$^) $(call logged,8-features)

report: $(OUT)/report.html $(OUT)/features_report.html $(OUT)/first_report.html
	$(if $(is_last),$(if $(questioned),,$(shell $(CE_WARNINGS))))
reported = ce-eval $(strict) --by-time day $(EVAL_FLAGS) -o /dev/null
$(OUT)/report.html $(OUT)/features_report.html &: $(OUT)/completion.model $(call table,metrics rejects unmatched content_completion feature_importance \
		feature_drift feature_distribution)
	$(scored) | $(reported) --by event_type --html $(OUT)/report.html --title 'Will this user finish this title?' \
		--rejects $(call table,rejects) --unmatched $(call table,unmatched) \
		--sessions $(call table,content_completion) --importance $(call table,feature_importance) \
		--drift $(call table,feature_drift) --distribution $(call table,feature_distribution) \
		--features-report $(OUT)/features_report.html --model $< $(call logged,8-report)
$(OUT)/first_report.html: $(OUT)/first.model $(call table,first_metrics)
	$(scored_first) | $(reported) --model $< --html $@ --title 'Will this user finish this title? At the start of each viewing' \
		$(call logged,8-report-first)

$(call table,first_metrics): $(OUT)/first.model $(call table,first_features) \
		$(call flags,PREDICT EVAL)
	$(scored_first) | ce-eval $(strict) $(EVAL_FLAGS) -o $@ $(call logged,8-eval-first)

# The true probabilities of a synthetic workload: ce-synth's truth.csv.gz.
truth        = $(wildcard $(DATA)/truth.csv.gz)
scored_truth = $(scored_first) | \
	       ce-join $(strict) --drop user_id,content_id,session_start_ts -k event_id $(truth)

# --- the metrics, printed -------------------------------------------------------------------------

summary: all report
	@cat $(OUT)/log/[0-9]*
	@printf '\n== Test split, all prediction rows ==\n'
	@$(scored) | $(evaluated) -p
	@printf '\n== Test split, first row of each viewing ==\n'
	@$(scored_first) | ce-eval $(strict) $(EVAL_FLAGS) -p
	@$(if $(truth),printf '\n== The same rows: AUC of the model and of the true probabilities ==\n'; \
		$(scored_truth) | ce-eval $(strict) $(EVAL_FLAGS) -p | sed -n 's/^AUC-ROC/model             &/p'; \
		$(scored_truth) 2>/dev/null | ce-eval $(strict) $(EVAL_FLAGS) --score true_probability -p | \
			sed -n 's/^AUC-ROC/true probability  &/p')
	@printf '\nReports: %s %s\n' $(OUT)/report.html $(OUT)/first_report.html
	$(if $(is_last),@$(show_warnings))

# --- look-ahead leakage ---------------------------------------------------------------------------

# The messages of ce-clean about each cut matter only if the audit fails; so do its warnings, for a beginning of
# the log may well look odd. STRICT is thus for ce-audit alone, and --max-rejects is about the whole log; so is WATERMARK,
# for the beginning of a log is whole until its own end only.
ifeq ($(ENGINE),one)
audited = ce-materialize --max-rejects 100% $(staged) 2>>$(OUT)/log/audit
else
audited = ce-clean --max-rejects 100% $(keep) $(TIME_FLAGS) $(CLEAN_FLAGS) 2>>$(OUT)/log/audit | \
	  ce-join $(drop) $(JOIN_FLAGS) $(joined) 2>>$(OUT)/log/audit | \
	  ce-sessionize $(keep) $(SESSIONIZE_FLAGS) 2>>$(OUT)/log/audit | \
	  ce-agg $(keep) $(AGG_FLAGS) | ce-online $(keep) $(ONLINE_FLAGS) | ce-features $(keep) $(FEATURES_FLAGS)
endif
audit: $(call source,events_table) $(call source,users_dim) $(call source,content_dim) | $(OUT)/log
	@rm -f $(OUT)/log/audit
	@ce-audit -v $(strict) $(TIME_FLAGS) $(AUDIT_FLAGS) -o $(call table,audit) -c $(call quoted,$(audited)) $(call source,events_table) || \
		{ cat $(OUT)/log/audit >&2; exit 1; }

# --- the database as source and sink --------------------------------------------------------------

export CE_DB := $(DB)
db = $(if $(DB),-d "$$CE_DB")

export: | $(OUT)/log
	@mkdir -p $(DATA)
	ce-export $(strict) $(db) $(EXPORT_FLAGS) -O $(DATA) $(SOURCES) $(call logged,0-export)

# Given together with goals that need them, the exported tables come first. Without a recipe make would
# not check their times again.
ifneq ($(exports),)
$(SOURCES:%=$(DATA)/%.csv.gz): export ; @:
else
$(SOURCES:%=$(DATA)/%.csv.gz):
	@echo 'pipeline.mk: DATA=$(DATA) has neither $(@F) nor $(basename $(@F))$(if \
		$(filter %_dim.csv.gz,$@), (JOIN_FLAGS=--left does without it))' >&2; exit 1
endif

$(OUT)/absent/users_dim.csv: columns = user_id,email,plan_tier,signup_date
$(OUT)/absent/content_dim.csv: columns = content_id,genre,runtime,release_year,maturity_rating
$(OUT)/absent/%.csv: $(call flags,JOIN)
	@mkdir -p $(@D)
	@echo $(columns) >$@

# Readers of the tables see the old rows until all new ones are complete. Predictions are added, under what tells a run:
# not those of what is open, which only the champion serves. The join is a filter.
history = --upsert event_id,model_id,scored_at completion_predictions
load: all | $(OUT)/log
	ce-import $(strict) $(db) -I $(OUT) --replace $(LOAD_FLAGS) --analyze $(filter-out completion_predictions,$(LOADED)) \
		$(call logged,9-load)
	$(if $(filter completion_predictions,$(LOADED)),printf '%s\n' split train purged test immature >$(OUT)/log/splits && \
		ce-join --max-unmatched 100% -k split $(OUT)/log/splits $(call table,completion_predictions) 2>$(OUT)/log/load-join | \
		ce-import $(strict) $(db) --analyze $(history) -v 2>$(OUT)/log/9-load-predictions || \
		{ $(show_warnings); cat $(OUT)/log/load-join $(OUT)/log/9-load-predictions >&2; exit 1; })
	$(if $(is_last),@$(show_warnings))

# With an existing model, which is not trained again though the features are new: no rule makes MODEL
# here. First the rows that are open now, then those that were when they were scored last: their outcomes may be known by now.
# Of those only what is as late as the features can be among them. The join is a filter, so neither STRICT nor the
# warnings at the end concern its rows without a match; nor does STRICT concern rows later than the model, which are
# immature until it is trained again. All of a run have one scored_at.
now      = $(eval now := $$(shell date +%s%3N))$(now)
scores   = ce-predict $(strict) --scored-at $(now) $(PREDICT_FLAGS) --keys -m $(MODEL)
adds     = ce-import $(strict) $(db) $(history)
was_open = $(call table,was_open)
# The event_ts of the first feature row, which is the earliest; nothing without rows.
earliest = gzip -dc $< | sed -nE '2 { s/^("([^"]|"")*"|[^,]*),([0-9]+),.*/\3/p; q; }'
predict: $(call table,completion_prediction_features) | $(OUT)/log
	@test -e $(MODEL) || { echo 'predict: no model $(MODEL): promote makes one, or set MODEL=FILE' >&2; exit 1; }
	$(scores) --split unlabelled $< | $(adds) $(call logged,9-predict)
	from=$$($(earliest)); ce-export $(strict) $(db) -c "SELECT event_id FROM (SELECT DISTINCT ON (event_id) event_id, split, scored_at \
		FROM completion_predictions WHERE event_ts >= $${from:-0} ORDER BY event_id, scored_at DESC, model_id) AS latest \
		WHERE split = 'unlabelled' AND scored_at < $(now)" -o $(was_open)
	if gzip -dc $(was_open) | tail -n +2 | grep -q .; then \
		ce-join --max-unmatched 100% -k event_id $(was_open) -o $(call table,were_open) $< $(call logged,predict-join); \
		$(filter-out --strict,$(scores)) $(call table,were_open) | $(adds) $(call logged,9-predict-again); fi
	$(if $(is_last),@$(show_warnings))

# What was predicted against what became of it.
served: | $(OUT)/log
	ce-export $(strict) $(db) -c '$(with_outcome)' -o $(OUT)/served.csv.gz $(call said,9-served-export)
	@if gzip -dc $(OUT)/served.csv.gz | tail -n +2 | grep -q .; then \
		printf '\n== Served predictions of viewings whose outcome is known by now ==\n'; \
		{ $(served) -p $(OUT)/served.csv.gz && \
			$(served) -o $(OUT)/served_metrics.csv.gz $(OUT)/served.csv.gz; } $(call said,9-served); \
	else echo 'served: no outcome is known yet of what was predicted'; fi
	$(if $(is_last),@$(show_warnings))
# Of a row that a model scored more than once in a day the last counts, so that no night that ran twice counts twice.
with_outcome = SELECT DISTINCT ON (scored_at / 86400000, event_ts, event_id COLLATE "C", model_id COLLATE "C") * \
	       FROM served_predictions WHERE is_completion IS NOT NULL \
	       ORDER BY scored_at / 86400000, event_ts, event_id COLLATE "C", model_id COLLATE "C", scored_at DESC
served       = ce-eval $(strict) --by model_id --by-time day --time scored_at $(SERVED_FLAGS)

# Given together, the model and the loaded table come first.
$(if $(filter all load summary,$(MAKECMDGOALS)),predict: | all)
$(if $(filter load,$(MAKECMDGOALS)),predict served: | load)
$(if $(filter promote,$(MAKECMDGOALS)),predict: | promote)
$(if $(filter predict,$(MAKECMDGOALS)),served: | predict)

# All but the champion, which only promote replaces.
clean:
	@[ ! -d $(OUT) ] || find $(OUT) -mindepth 1 -maxdepth 1 ! -path $(MODEL) -exec rm -rf {} +
	@rmdir $(OUT) 2>/dev/null || :
