# The whole pipeline, from three source tables to an evaluation on later data, as a Makefile to use or copy.
#
#   make -f pipeline.mk DATA=my-data OUT=my-results [CLEAN_FLAGS='--allow-empty device'] ...
#
# DATA holds events_table, users_dim and content_dim, as .csv.gz or .csv. OUT gets every table, the
# models, the predictions and the metrics. Only what is out of date is made again: what is older than its
# source, or was made with other flags. Each file appears under its name only when it is complete. Works
# with -j. File names must not contain blanks.
#
#   make -f pipeline.mk ... report       the reports OUT/report.html, on all prediction rows, and
#                                        OUT/first_report.html, on the first row of each viewing (needs gnuplot)
#   make -f pipeline.mk ... summary      makes the reports, too, and prints the metrics
#   make -f pipeline.mk ... audit        checks the features for look-ahead leakage: see ce-audit(1)
#
# With PostgreSQL as source, sink or both. DB='...' is a connection string as for psql -d; without it the
# PG* variables apply. Passwords belong in PGPASSWORD or a password file: arguments of make show in ps.
#
#   make -f pipeline.mk ... export       exports the source tables from the database into DATA
#   make -f pipeline.mk ... load         loads every table into the database
#   make -f pipeline.mk ... predict      scores the viewings that are still open with the existing MODEL

# Every variable up to BIN may come from the command line or from the environment.
DATA  ?= .
OUT   ?= out
DB    ?=
MODEL ?= $(OUT)/completion.model

# The playback ratio from which a stop can complete a viewing.
NEAR_END         ?= 0.95
CLEAN_FLAGS      ?=
JOIN_FLAGS       ?= --drop email
SESSIONIZE_FLAGS ?=
AGG_FLAGS        ?=
FEATURES_FLAGS   ?=
TRAIN_FLAGS      ?=
PREDICT_FLAGS    ?=
EVAL_FLAGS       ?=
IMPORTANCE_FLAGS ?=
AUDIT_FLAGS      ?=
EXPORT_FLAGS     ?=

# The folder of the tools: that of the source tree which holds this file, if there is one, else PATH.
BIN ?= $(wildcard $(dir $(lastword $(MAKEFILE_LIST)))../build/bin)
export PATH := $(if $(BIN),$(abspath $(BIN)):)$(PATH)
SHELL = /bin/sh
.DELETE_ON_ERROR:

exports = $(filter export,$(MAKECMDGOALS))
found   = $(if $(exports),,$(wildcard $(DATA)/$(1).csv.gz $(DATA)/$(1).csv))
source  = $(firstword $(call found,$(1)) $(DATA)/$(1).csv.gz)
table   = $(patsubst %,$(OUT)/%.csv.gz,$(1))
# The messages of a step go to a log of its own, and to the terminal if the step fails.
logged  = -v 2>$(OUT)/log/$(1) || { cat $(OUT)/log/$(1) >&2; exit 1; }
flags   = $(patsubst %,$(OUT)/log/%.flags,$(1))

AGGREGATES = content_completion user_activity user_engagement user_genre_preference \
	     user_completion_rate content_completion_rate avg_view_duration_ratio \
	     has_played_before number_of_pauses

SOURCES    = events_table users_dim content_dim
LOADED     = cleaned_events enriched_table session_identification session_starts $(AGGREGATES) \
	     completion_prediction_features completion_predictions feature_importance feature_drift \
	     metrics metric_intervals curves

.PHONY: all summary report audit export load predict clean FORCE
all: $(call table,$(LOADED) first_features first_predictions first_metrics) \
	$(OUT)/completion.model $(OUT)/first.model

$(OUT)/log:
	mkdir -p $@

# The flags of a step, in a file that is rewritten only when they change: compared here and not by a rule,
# which would have to run each time.
STEPS    = CLEAN JOIN SESSIONIZE AGG FEATURES TRAIN PREDICT EVAL IMPORTANCE
flags_of = $(strip $($(1)_FLAGS) $(NEAR_END))
differ   = $(subst x$(1),,x$(2))$(subst x$(2),,x$(1))
changed  = $(foreach step,$(STEPS),$(if \
	   $(call differ,$(call flags_of,$(step)),$(file <$(call flags,$(step)))),$(step)))

$(OUT)/log/%.flags: | $(OUT)/log
	@printf '%s\n' '$(subst ','\'',$(call flags_of,$*))' >$@
$(call flags,$(changed)): FORCE

# --- the events -----------------------------------------------------------------------------------

$(call table,cleaned_events rejects) &: $(call source,events_table) $(call flags,CLEAN)
	ce-clean $(CLEAN_FLAGS) --rejects $(call table,rejects) \
		-o $(call table,cleaned_events) $< $(call logged,1-clean)

$(call table,enriched_table unmatched) &: $(call table,cleaned_events) $(call source,users_dim) \
		$(call source,content_dim) $(call flags,JOIN)
	ce-join $(JOIN_FLAGS) -k user_id $(call source,users_dim) \
		-k content_id $(call source,content_dim) --unmatched $(call table,unmatched) \
		-o $(call table,enriched_table) $< $(call logged,2-join)

$(call table,session_identification session_starts) &: $(call table,enriched_table) \
		$(call flags,SESSIONIZE)
	ce-sessionize $(SESSIONIZE_FLAGS) --starts $(call table,session_starts) \
		-o $(call table,session_identification) $< $(call logged,3-sessionize)

$(call table,event_history $(AGGREGATES)) &: $(call table,session_identification) \
		$(call flags,AGG)
	ce-agg --near-end $(NEAR_END) $(AGG_FLAGS) -d $(OUT) -o $(call table,event_history) $< $(call logged,4-agg)

# --- the prediction rows: while the outcome is still open, and at the start of each viewing -------

$(call table,completion_prediction_features): $(call table,event_history) $(call flags,FEATURES)
	ce-features --near-end $(NEAR_END) $(FEATURES_FLAGS) -o $@ $< $(call logged,5-features)

$(call table,first_features): $(call table,event_history) $(call flags,FEATURES)
	ce-features --near-end $(NEAR_END) $(FEATURES_FLAGS) --rows first -o $@ $< $(call logged,5-features-first)

# --- a model for each, its predictions and its metrics --------------------------------------------

$(OUT)/completion.model: $(call table,completion_prediction_features) $(call flags,TRAIN)
	ce-train $(TRAIN_FLAGS) -o $@ $< $(call logged,6-train)

$(OUT)/first.model: $(call table,first_features) $(call flags,TRAIN)
	ce-train $(TRAIN_FLAGS) -o $@ $< $(call logged,6-train-first)

$(call table,completion_predictions): $(OUT)/completion.model \
		$(call table,completion_prediction_features) $(call flags,PREDICT)
	ce-predict $(PREDICT_FLAGS) --keys -m $< -o $@ $(word 2,$^) $(call logged,7-predict)

$(call table,first_predictions): $(OUT)/first.model $(call table,first_features) \
		$(call flags,PREDICT)
	ce-predict $(PREDICT_FLAGS) --keys -m $< -o $@ $(word 2,$^) $(call logged,7-predict-first)

# No pipefail needed: when ce-predict fails, it leaves an incomplete gzip stream, which ce-eval refuses.
scored       = ce-predict $(PREDICT_FLAGS) -m $(OUT)/completion.model \
	       $(call table,completion_prediction_features)
scored_first = ce-predict $(PREDICT_FLAGS) -m $(OUT)/first.model $(call table,first_features)

evaluated = ce-eval --by event_type $(EVAL_FLAGS)

$(call table,metrics metric_intervals curves) &: $(OUT)/completion.model \
		$(call table,completion_prediction_features) $(call flags,PREDICT EVAL)
	$(scored) | $(evaluated) --curves $(call table,curves) --intervals $(call table,metric_intervals) \
		-o $(call table,metrics) $(call logged,8-eval)

# Which columns the model depends on, and whether their distributions have shifted.
$(call table,feature_importance feature_drift) &: $(OUT)/completion.model \
		$(call table,completion_prediction_features) $(call flags,IMPORTANCE)
	ce-predict $(IMPORTANCE_FLAGS) --keys --importance $(call table,feature_importance) --drift $(call table,feature_drift) \
		-m $< -o /dev/null $(word 2,$^) $(call logged,8-features)

report: $(OUT)/report.html $(OUT)/first_report.html
reported = ce-eval --by-time day $(EVAL_FLAGS) --html $@ -o /dev/null
$(OUT)/report.html: $(call table,metrics rejects unmatched content_completion feature_importance feature_drift)
	$(scored) | $(reported) --by event_type --title 'Will this user finish this title?' \
		--rejects $(call table,rejects) --unmatched $(call table,unmatched) \
		--sessions $(call table,content_completion) --importance $(call table,feature_importance) \
		--drift $(call table,feature_drift) $(call logged,8-report)
$(OUT)/first_report.html: $(call table,first_metrics)
	$(scored_first) | $(reported) --title 'Will this user finish this title? At the start of each viewing' \
		$(call logged,8-report-first)

$(call table,first_metrics): $(OUT)/first.model $(call table,first_features) \
		$(call flags,PREDICT EVAL)
	$(scored_first) | ce-eval $(EVAL_FLAGS) -o $@ $(call logged,8-eval-first)

# The true probabilities of a synthetic workload: ce-synth's truth.csv.gz.
truth        = $(wildcard $(DATA)/truth.csv.gz)
scored_truth = $(scored_first) | \
	       ce-join --drop user_id,content_id,session_start_ts -k event_id $(truth)

# --- the metrics, printed -------------------------------------------------------------------------

summary: all report
	@cat $(OUT)/log/[0-9]*
	@printf '\n== Test split, all prediction rows ==\n'
	@$(scored) | $(evaluated) -p
	@printf '\n== Test split, first row of each viewing ==\n'
	@$(scored_first) | ce-eval $(EVAL_FLAGS) -p
	@$(if $(truth),printf '\n== The same rows: AUC of the model and of the true probabilities ==\n'; \
		$(scored_truth) | ce-eval $(EVAL_FLAGS) -p | sed -n 's/^AUC-ROC/model             &/p'; \
		$(scored_truth) 2>/dev/null | ce-eval $(EVAL_FLAGS) --score true_probability -p | \
			sed -n 's/^AUC-ROC/true probability  &/p')
	@printf '\nReports: %s %s\n' $(OUT)/report.html $(OUT)/first_report.html

# --- look-ahead leakage ---------------------------------------------------------------------------

# The messages of ce-clean about each cut matter only if the audit fails.
audit: | $(OUT)/log
	@rm -f $(OUT)/log/audit
	@ce-audit -v $(AUDIT_FLAGS) -o $(call table,audit) -c 'ce-clean $(CLEAN_FLAGS) 2>>$(OUT)/log/audit | \
		ce-join $(JOIN_FLAGS) -k user_id $(call source,users_dim) \
			-k content_id $(call source,content_dim) 2>>$(OUT)/log/audit | \
		ce-sessionize $(SESSIONIZE_FLAGS) | ce-agg --near-end $(NEAR_END) $(AGG_FLAGS) | \
		ce-features --near-end $(NEAR_END) $(FEATURES_FLAGS)' $(call source,events_table) || \
		{ cat $(OUT)/log/audit >&2; exit 1; }

# --- the database as source and sink --------------------------------------------------------------

# Through the environment, so that no character of it is special to the shell.
export CE_DB := $(DB)
db = $(if $(DB),-d "$$CE_DB")

export: | $(OUT)/log
	@mkdir -p $(DATA)
	ce-export $(db) $(EXPORT_FLAGS) -O $(DATA) $(SOURCES) $(call logged,0-export)

# Given together with goals that need them, the exported tables come first. Without a recipe make would
# not check their times again.
$(if $(exports),$(SOURCES:%=$(DATA)/%.csv.gz): export ; @:)

# Readers of a table see the old rows until the new ones are complete.
load: $(LOADED:%=load-%)
.PHONY: $(LOADED:%=load-%)
$(LOADED:%=load-%): load-%: $(OUT)/%.csv.gz | $(OUT)/log
	ce-import $(db) --replace --analyze $* $< $(call logged,9-load-$*)

# With an existing model, which is not trained again though the features are new: no rule makes MODEL
# here. First the rows that are open now, then those that were: their outcomes may be known by now.
scores   = ce-predict $(PREDICT_FLAGS) --keys -m $(MODEL)
upserts  = ce-import $(db) --upsert event_id completion_predictions
was_open = $(call table,was_open)
predict: $(call table,completion_prediction_features) | $(OUT)/log
	@test -e $(MODEL) || { echo 'predict: no model $(MODEL): make it first, or set MODEL=FILE' >&2; exit 1; }
	$(scores) --split unlabelled $< | $(upserts) $(call logged,9-predict)
	ce-export $(db) --columns event_id --where "split = 'unlabelled'" -o $(was_open) completion_predictions
	ce-join -k event_id $(was_open) $< 2>$(OUT)/log/9-join | $(scores) | $(upserts) $(call logged,9-predict-again)

# Given together, the model and the loaded table come first.
$(if $(filter all load summary,$(MAKECMDGOALS)),predict: | all)
$(if $(filter load,$(MAKECMDGOALS)),predict: | load-completion_predictions)

clean:
	rm -rf $(OUT)
