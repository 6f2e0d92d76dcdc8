# ce: builds the tools into build/bin/. Everything is made under build/, and out/ for the demo.

VERSION = 0.9.0

# Every variable up to the next rule may come from the command line or from the environment.
PREFIX   ?= /usr/local
DESTDIR  ?=
BUILD    ?= build

ifeq ($(origin CC),default)
CC        = gcc
endif
CFLAGS   ?= -O2 -g
WARNINGS ?= -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes
WERROR   ?=
CPPFLAGS ?=
LDFLAGS  ?=

# Where libpq-fe.h is, if not in the compiler's own path: Debian's place.
PQ_CFLAGS ?= -isystem /usr/include/postgresql

# ISA-L, the faster deflate engine, where pkg-config finds it; ISAL=0 builds without. pkg-config runs
# once, and only when a command needs the answer: `make deps all` installs ISA-L first.
ifeq ($(origin ISAL),undefined)
ISAL        = $(eval ISAL := $(shell pkg-config --exists libisal 2>/dev/null && echo 1))$(ISAL)
endif
ISAL_CFLAGS = $(if $(filter 1,$(ISAL)),-DCE_ISAL $(shell pkg-config --cflags libisal))
ISAL_LIBS   = $(if $(filter 1,$(ISAL)),$(shell pkg-config --libs libisal))

BASE_CFLAGS = -std=c11 -ffp-contract=off -Werror=implicit-function-declaration -D_GNU_SOURCE -pthread -DCE_VERSION='"$(VERSION)"' \
	      -iquote lib -iquote tools -iquote tests/unit $(PQ_CFLAGS) $(ISAL_CFLAGS)

# What makes a mistake in the code harder to use: said here, as not every compiler has it by itself. In front of
# the users' own flags, which may undo it. _FORTIFY_SOURCE needs an optimizing compiler, and hides from a sanitizer
# what it looks at.
HARD_CFLAGS  = -fPIE -fstack-protector-strong \
	       $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))$(findstring -fsanitize,$(CFLAGS)),,$(if \
	       $(filter -O -O1 -O2 -O3 -Os -Ofast,$(lastword $(filter -O%,$(CFLAGS)))),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARD_LDFLAGS = -pie -Wl,-z,relro,-z,now

ALL_CFLAGS  = $(BASE_CFLAGS) $(HARD_CFLAGS) $(WARNINGS) $(WERROR) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(CFLAGS) $(HARD_LDFLAGS) $(LDFLAGS)
LIBS        = -lcsv -lz -lm $(ISAL_LIBS)
DB_LIBS     = -lpq
ADAPT_LIBS  = -lyajl -lxxhash
CRYPTO_LIBS = -lcrypto

# Packages of Debian 12: to build and run, to test, to measure, and for lint and the sanitizers.
# Given with other goals, `deps` installs only what those need: `make deps demo` brings no PostgreSQL.
BUILD_PACKAGES = gcc libc6-dev make libcsv-dev zlib1g-dev libpq-dev libyajl-dev libxxhash-dev libssl-dev libisal-dev pkg-config \
		 tzdata
REPORT_PACKAGES = gnuplot-nox
TEST_PACKAGES  = bats python3 python3-sklearn python3-xxhash postgresql mandoc chromium
ENGINE_PACKAGES = bats python3 slurmctld slurmd slurm-client munge parallel openssh-client openssh-server snakemake
BENCH_PACKAGES = hyperfine time python3 python3-sklearn python3-pandas python3-xgboost postgresql isal gzip miller jq yajl-tools \
		 $(if $(shell command -v npm),,nodejs npm)
CHECK_PACKAGES = clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck python3
OTHER_GOALS    = $(filter-out deps,$(MAKECMDGOALS))
other_than     = $(if $(OTHER_GOALS),$(filter-out $(1),$(OTHER_GOALS)),all of them)
PACKAGES       = $(BUILD_PACKAGES) $(if $(call other_than,all install bench bench-scale),$(REPORT_PACKAGES)) \
		 $(if $(call other_than,all demo install bench bench-scale engines),$(TEST_PACKAGES)) \
		 $(if $(call other_than,all demo install test bench bench-scale),$(ENGINE_PACKAGES)) \
		 $(if $(call other_than,all demo install test engines),$(BENCH_PACKAGES)) \
		 $(if $(call other_than,all demo install test bench bench-scale engines),$(CHECK_PACKAGES))

LIB_SRC   = $(wildcard lib/*/*.c)
# What uses libpq, and the tools that do: an archive of its own, so that no other tool needs libpq.
DB_SRC    = $(wildcard lib/pg/*.c)
DB_TOOLS  = ce-export ce-import
TOOL_SRC  = $(wildcard tools/ce-*.c)
# Tools that are scripts.
SH_SRC    = $(wildcard tools/ce-*.sh)
# Text that goes into the reports, as strings of C: lib/report/report.css is report_css[].
TEXT_SRC  = $(wildcard lib/report/*.css lib/report/*.html)
# The command line that all tools share, and the options of the stages.
CLI_SRC   = tools/cli.c tools/stages.c tools/resume.c
# What prints the tables of lib/table/*.def: no tool to install.
TABLES_SRC = tools/tables.c
UNIT_SRC  = $(wildcard tests/unit/*/*.c)
FUZZ_SRC  = $(wildcard tests/fuzz/*.c)
HEADERS   = $(wildcard lib/*/*.h lib/*/*.def tools/*.h tests/unit/*.h tests/fuzz/*.h)
SCRIPTS   = .ci/run $(wildcard tools/*.sh samples/*.sh tests/*.sh tests/*.bash tests/bench/*.sh tests/bench/*.bash tests/engines/*.bash)
BATS      = $(wildcard tests/*/*.bats)
# The manual pages, in which `.so FILE` includes what several have in common.
MAN_SRC   = $(wildcard tools/ce*.1 tools/ce*.5 tools/ce*.7)
MAN_PARTS = $(wildcard tools/*.mdoc)

LIB_OBJ   = $(LIB_SRC:%.c=$(BUILD)/%.o)
TEXT_OBJ  = $(TEXT_SRC:%=$(BUILD)/%.o)
CLI_LIB   = $(BUILD)/libcli.a
LIB       = $(BUILD)/libce.a
DB_LIB    = $(BUILD)/libcedb.a
SH_TOOLS  = $(SH_SRC:tools/%.sh=$(BUILD)/bin/%)
TOOLS     = $(TOOL_SRC:tools/%.c=$(BUILD)/bin/%) $(SH_TOOLS)
UNITS     = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
MANS      = $(MAN_SRC:tools/%=$(BUILD)/man/%)
# The recipes, where ce-adapt looks for them: as they will be installed.
RECIPES   = $(patsubst samples/%,$(BUILD)/share/ce/%,$(wildcard samples/recipes/*))

# Goals that must be done before anything is made, when they are given together with others.
FIRST     = $(filter deps clean,$(MAKECMDGOALS))

.PHONY: all units man tables deps demo test check engines mutate bench bench-scale lint asan asan-gcc asan-clang tsan \
	fuzz faults coverage install uninstall dist clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: $(TOOLS) $(MANS) $(BUILD)/tables $(RECIPES)

units: $(UNITS) $(BUILD)/tables

help:
	@echo 'make              build the tools into $(BUILD)/bin/ and the manual pages into $(BUILD)/man/'
	@echo 'make deps         install missing packages (Debian; with sudo unless root); given together with'
	@echo '                  other goals, such as demo or test, only the packages that those need'
	@echo 'make demo         run the whole pipeline on samples/ and print the evaluation'
	@echo 'make test         run the unit tests and the tests of the tools; the last line counts them;'
	@echo "                  SUITES='NAME ...' runs those suites, T='SUITE:WORDS' the tests of one suite"
	@echo '                  whose names match WORDS'
	@echo 'make check        run the fast tests, in less than a minute'
	@echo 'make engines      run samples/shards.mk on machines of three engines, one of which is lost: Slurm, GNU parallel'
	@echo '                  over ssh, Snakemake, all started for that; as root, some minutes'
	@echo 'make lint         run clang-format, clang-tidy, cppcheck, shellcheck and mandoc -T lint'
	@echo 'make asan         run the tests under the address and undefined-behaviour sanitizers of gcc and clang'
	@echo '                  (make asan-gcc, make asan-clang: of one of them)'
	@echo 'make tsan         run the tests of multithreaded code under ThreadSanitizer'
	@echo 'make fuzz         run the fuzz targets with libFuzzer (clang), FUZZ_SECONDS=60 each; 0: replay the corpus'
	@echo "make faults       put faults into each call of the C library, one at a time; FAULTS='--sample 150' runs a"
	@echo '                  part that takes so many seconds (see tests/faults/faults.py)'
	@echo 'make coverage     measure the line coverage of the tests and of a sample of faults, per file'
	@echo 'make mutate       run mutation tests: how many small errors, put into copies of the tree, are caught'
	@echo 'make bench        compare with DuckDB, Polars, Miller, jq, gzip, scikit-learn, XGBoost and psql (PARTS=...)'
	@echo 'make bench-scale  measure the pipeline at 1 to 100 million events (both: see tests/bench/run.sh)'
	@echo 'make tables       write tools/ce-tables.5 from lib/table/*.def'
	@echo 'make install      install into $$(DESTDIR)$$(PREFIX); make uninstall removes that again'
	@echo 'make dist         make a source archive of the last commit, in $(BUILD)/'
	@echo 'make clean        remove $(BUILD)/ and out/'
	@echo
	@echo 'Variables, from the command line or the environment:'
	@echo '    CC CFLAGS CPPFLAGS LDFLAGS ISAL=0 WERROR=-Werror BUILD=DIR PREFIX=DIR DESTDIR=DIR V=1'

# The build -------------------------------------------------------------------------------------

# make V=1 prints whole commands; what they have in common is in build/flags in any case.
Q    = $(if $(V),,@)
said = $(if $(V),,@echo '$(1)')

# $(call quoted,TEXT) is TEXT as one word of the shell; $(call differ,A,B) is empty if they are equal.
quoted = '$(subst ','\'',$(1))'
differ = $(subst x$(1),,x$(2))$(subst x$(2),,x$(1))

# The command lines' flags. When they change everything is made again, so that no object of one compiler
# or of one set of flags meets those of another. Compared here and not by the rule, which would have to
# run each time; only after `deps` and `clean` nothing is known yet.
FLAGS = $(strip $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS) $(DB_LIBS) $(ADAPT_LIBS) $(CRYPTO_LIBS))
$(BUILD)/flags: $(if $(FIRST),FORCE,$(if $(call differ,$(FLAGS),$(file <$(BUILD)/flags)),FORCE)) | $(FIRST)
	@mkdir -p $(@D)
	@printf '%s\n' $(call quoted,$(FLAGS)) >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call said,$(CC) $<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(TEXT_OBJ:.o=.c): $(BUILD)/%.c: %
	@mkdir -p $(@D)
	$(Q){ echo 'extern const char $(subst .,_,$(<F))[];'; echo 'const char $(subst .,_,$(<F))[] ='; \
		sed 's/["\\?]/\\&/g; s/.*/"&\\n"/' $<; echo ';'; } >$@

$(TEXT_OBJ): %.o: %.c $(BUILD)/flags
	$(call said,$(CC) $<)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(LIB): $(filter-out $(DB_SRC:%.c=$(BUILD)/%.o),$(LIB_OBJ)) $(TEXT_OBJ)
$(DB_LIB): $(DB_SRC:%.c=$(BUILD)/%.o)
$(CLI_LIB): $(CLI_SRC:%.c=$(BUILD)/%.o)
$(LIB) $(DB_LIB) $(CLI_LIB):
	$(call said,$(AR) $@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(DB_TOOLS:%=$(BUILD)/bin/%): $(BUILD)/bin/%: $(BUILD)/tools/%.o $(CLI_LIB) $(DB_LIB) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DB_LIBS) $(LIBS)

# The one tool that reads other logs than CSV.
$(BUILD)/bin/ce-adapt $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/adapt/*.c)) \
	$(BUILD)/fuzz-recipe $(BUILD)/fuzz-adaptlog: private LIBS += $(ADAPT_LIBS)

# What has to do with a state or with a model, whose files hold SHA-256 sums.
$(BUILD)/bin/ce-clean $(BUILD)/bin/ce-materialize $(BUILD)/bin/ce-collate $(BUILD)/bin/ce-train $(BUILD)/bin/ce-predict $(BUILD)/bin/ce-eval \
	$(BUILD)/bin/ce-model \
	$(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard $(addprefix tests/unit/,io/test_sha256.c state/*.c \
	collate/*.c model/*.c train/*.c eval/*.c report/*.c))) \
	$(BUILD)/fuzz-state $(BUILD)/fuzz-collate $(BUILD)/fuzz-model $(BUILD)/fuzz-report $(BUILD)/fuzz-eval: private LIBS += $(CRYPTO_LIBS)

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(CLI_LIB) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(SH_TOOLS): $(BUILD)/bin/%: tools/%.sh $(BUILD)/flags
	@mkdir -p $(@D)
	$(call said,sh $<)
	$(Q)sed 's/@VERSION@/$(VERSION)/' $< >$@.new && chmod 755 $@.new && mv $@.new $@

$(BUILD)/tables: $(BUILD)/$(TABLES_SRC:%.c=%.o) $(LIB)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The manual page of the tables; the tests compare it.
tables: $(BUILD)/tables
	$(BUILD)/tables mdoc >$(BUILD)/ce-tables.5
	cmp -s $(BUILD)/ce-tables.5 tools/ce-tables.5 || cp $(BUILD)/ce-tables.5 tools/ce-tables.5

$(BUILD)/unit/pg/%: $(BUILD)/tests/unit/pg/%.o $(DB_LIB) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(DB_LIBS) $(LIBS)

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(CLI_LIB) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# man(1) and mandoc(1) follow .so from the source tree only.
man: $(MANS)

$(BUILD)/man/%: tools/% $(MAN_PARTS)
	@mkdir -p $(@D)
	$(call said,man $<)
	$(Q)awk '$$1 == ".so" { while ((got = (getline line <$$2)) > 0) print line; if (got < 0) exit 1; next } 1' \
		$< >$@

$(BUILD)/share/ce/recipes/%: samples/recipes/%
	@mkdir -p $(@D)
	@cp $< $@

-include $(patsubst %.c,$(BUILD)/%.d,$(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(UNIT_SRC) $(FUZZ_SRC))

# Packages --------------------------------------------------------------------------------------

deps:
	@installed=$$(dpkg-query -W -f '$${db:Status-Status} $${Package}\n' $(PACKAGES) 2>/dev/null | \
		sed -n 's/^installed //p'); \
	missing=$$(printf '%s\n' $(PACKAGES) | grep -vxF "$$installed" | tr '\n' ' '); \
	if [ -z "$$missing" ]; then \
		echo 'deps: nothing is missing'; \
	elif ! command -v apt-get >/dev/null; then \
		echo "deps: no apt-get here; install what these packages of Debian hold: $$missing" >&2; \
		exit 1; \
	else \
		echo "deps: installing $$missing"; \
		sudo=; [ "$$(id -u)" -eq 0 ] || sudo=sudo; \
		$$sudo apt-get update -qq && \
		$$sudo env DEBIAN_FRONTEND=noninteractive \
			apt-get install -qq -y --no-install-recommends $$missing; \
	fi

# Running it ------------------------------------------------------------------------------------

demo: $(TOOLS) $(RECIPES)
	@$(MAKE) --no-print-directory -f samples/pipeline.mk BIN=$(BUILD)/bin DATA=samples OUT=out/demo \
		summary

# SUITES='NAME ...' runs only those; T=NAME:WORDS only the tests of that suite whose names match the words.
SUITES ?=
T      ?=

test: $(TOOLS) $(UNITS) $(BUILD)/tables $(RECIPES)
	@tests/run.sh $(BUILD) $(SUITES) $(if $(T),'$(T)')

# The fast tests, for after each change: all but the long comparisons.
QUICK = $(filter-out $(LONG),$(basename $(notdir $(filter-out tests/engines/%,$(BATS)) $(UNIT_SRC))))
LONG  = tables docs install sql statistics database ce-train ce-model report ce-import pipeline_postgres night ce-predict ce-audit reference \
	conventions ce-export threads test_coverage

check: $(TOOLS) $(UNITS) $(BUILD)/tables $(RECIPES)
	@tests/run.sh $(BUILD) $(QUICK)

# Those are in a folder of their own, and no part of `test`. (Where CI is true, Snakemake does not wait for ten seconds after each step.)
engines: $(TOOLS) $(BUILD)/tables
	@echo 'engines: their logs will be in $(BUILD)/engine-logs/'
	@CI=true tests/run.sh $(BUILD) $(or $(SUITES),$(basename $(notdir $(wildcard tests/engines/*.bats)))) $(if $(T),'$(T)')

# PARTS=NAME... runs only those: pipe duckdb polars shards filters floor miller adapt train gbdt postgres.
PARTS ?=

bench: $(TOOLS)
	@tests/bench/run.sh $(BUILD) $(PARTS)

bench-scale: $(TOOLS)
	@tests/bench/run.sh $(BUILD) scale

SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# The suites that take long run under one compiler's sanitizers, the others under both.
BY_GCC   = sql statistics reference report tables docs ce-train install layers adapt days_mk night pipeline pipeline_postgres promote
BY_CLANG = database conventions properties ce-clean ce-eval ce-model ce-predict ce-export ce-import ce-audit \
	   ce-synth
without  = $(filter-out $(1),$(basename $(notdir $(filter-out tests/engines/%,$(BATS)) $(UNIT_SRC))))

# gcc with ISA-L, clang without: so both deflate engines are tested. And clang with the bounds of base/small.h, so
# that what only large inputs reach is, too; and with warnings as errors, of which gcc's sanitizers see more than there
# are.
asan: | $(FIRST)
	+$(MAKE) asan-gcc
	+$(MAKE) asan-clang

asan-gcc: | $(FIRST)
	+$(MAKE) BUILD=$(BUILD)/asan-gcc CC=gcc CFLAGS='$(SANITIZE)' SUITES='$(call without,$(BY_CLANG))' test

asan-clang: | $(FIRST)
	+$(MAKE) BUILD=$(BUILD)/asan-clang CC=clang CFLAGS='$(SANITIZE)' CPPFLAGS=-DCE_SMALL ISAL=0 WERROR=-Werror \
		SUITES='$(call without,$(BY_GCC))' test

# Multithreaded code under ThreadSanitizer. A tool that fails does not wait for its threads.
tsan: | $(FIRST)
	+TSAN_OPTIONS=report_thread_leaks=0 $(MAKE) BUILD=$(BUILD)/tsan CC=gcc CFLAGS='-O1 -g -fsanitize=thread' CPPFLAGS=-DCE_SMALL \
		SUITES='test_readahead test_bootstrap test_deflate test_gzio test_logistic test_pool test_relay test_thread threads' \
		test

# libFuzzer (clang's). Each tests/fuzz/NAME.c is a target: it replays tests/fuzz/corpus/NAME, which has
# what earlier runs found, and runs for so long from there and from the corpus of earlier runs, with
# tests/fuzz/NAME.dict if there is one; 0: it only replays. FUZZ='NAME ...' for some.
FUZZ_SECONDS ?= 60
FUZZ         ?= $(FUZZ_SRC:tests/fuzz/%.c=%)
FUZZ_FLAGS    = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
		-fno-sanitize-recover=all

fuzz: | $(FIRST)
	+$(MAKE) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='$(FUZZ_FLAGS)' $(FUZZ:%=run-fuzz-%)

run-fuzz-%: $(BUILD)/fuzz-%
	@mkdir -p $(BUILD)/corpus-$*
	@echo 'fuzz $* ($(FUZZ_SECONDS) s)'
	@$< $(if $(filter 0,$(FUZZ_SECONDS)),-runs=0,-max_total_time=$(FUZZ_SECONDS)) -max_len=4096 -timeout=30 \
		$(addprefix -dict=,$(wildcard tests/fuzz/$*.dict)) -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/$*- $(BUILD)/corpus-$* $(wildcard tests/fuzz/corpus/$*) \
		>$(BUILD)/fuzz-$*.log 2>&1 || { cat $(BUILD)/fuzz-$*.log >&2; exit 1; }
	@sed -n 's/^stat::number_of_executed_units: */fuzz $*: inputs tried: /p' $(BUILD)/fuzz-$*.log

$(BUILD)/fuzz-%: $(BUILD)/tests/fuzz/%.o $(LIB)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) -fsanitize=fuzzer $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Faults: each call of the C library that a tool makes fails, is cut short, or is the last before the power
# goes. The shim that does it is for programs without sanitizers.
FAULTS  ?=
SHIM_SRC = tests/faults/shim.c

faults: $(TOOLS) $(BUILD)/faults/shim.so
	@tests/faults/faults.py --build $(BUILD) $(FAULTS)

$(BUILD)/faults/shim.so: $(SHIM_SRC) $(BUILD)/flags
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(BASE_CFLAGS) $(WARNINGS) $(WERROR) -O2 -g -U_FORTIFY_SOURCE -fPIC -shared -o $@ $<

# The tests, then a sample of the faults. gcov adds up over runs, so start from zero. Bounds are low, so that code
# for large inputs counts; and gnu11 is where gcc knows fork and exec, before which a process must write its counts.
COVERED = BUILD=$(BUILD)/coverage CC=gcc CFLAGS='-O0 -g --coverage -std=gnu11' CPPFLAGS=-DCE_SMALL

coverage: | $(FIRST)
	find $(BUILD)/coverage -name '*.gcda' -delete 2>/dev/null || true
	+$(MAKE) $(COVERED) test
	+$(MAKE) $(COVERED) faults FAULTS='--counted $(or $(FAULTS),--sample 120)'
	@tests/coverage.sh $(BUILD)/coverage $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC)

mutate: | $(FIRST)
	@python3 tests/mutation/mutate.py

# Lint ------------------------------------------------------------------------------------------

# One stamp per source, so that only what changed is checked again, in parallel with -j.
LINT  = $(BUILD)/lint
TIDY  = $(patsubst %,$(LINT)/%.tidy,$(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(SHIM_SRC))
CHECK = $(LINT)/layers $(LINT)/mutations $(TIDY) $(LINT)/format $(LINT)/cppcheck $(LINT)/shell $(LINT)/man

lint: | $(FIRST)
	@$(MAKE) --no-print-directory -k $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) $(CHECK)
	@echo 'lint: clean'

$(LINT)/%.c.tidy: %.c $(HEADERS) .clang-tidy tests/.clang-tidy
	@mkdir -p $(@D)
	@echo clang-tidy $<
	@clang-tidy --quiet $< -- $(BASE_CFLAGS) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

# Whether the edits of the mutation tests still fit the sources.
$(LINT)/mutations: tests/mutation/mutations.txt tests/mutation/mutate.py $(LIB_SRC) $(HEADERS)
	@mkdir -p $(@D)
	@echo mutations
	@python3 -B tests/mutation/mutate.py --check
	@touch $@

# Which room may include which is a table in lib/README.md.
$(LINT)/layers: tests/layers.awk lib/README.md $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(HEADERS)
	@mkdir -p $(@D)
	@echo layers
	@awk -f tests/layers.awk lib/README.md $(filter lib/%.c lib/%.h lib/%.def tools/%,$^)
	@touch $@

$(LINT)/format: $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(SHIM_SRC) $(HEADERS) .clang-format
	@mkdir -p $(@D)
	@echo clang-format
	@clang-format --dry-run -Werror $(filter %.c %.h,$^)
	@touch $@

$(LINT)/cppcheck: $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(HEADERS)
	@mkdir -p $@.d
	@echo cppcheck
	@cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,performance,portability \
		--cppcheck-build-dir=$@.d -Ilib -Itools -Itests/unit -D_GNU_SOURCE $(filter %.c,$^)
	@touch $@

$(LINT)/shell: $(SCRIPTS) $(BATS)
	@mkdir -p $(@D)
	@echo shellcheck
	@shellcheck -S warning $^
	@touch $@

$(LINT)/man: $(MANS)
	@mkdir -p $(@D)
	@echo mandoc -T lint
	@mandoc -T lint -W warning $^
	@touch $@

# Installing and shipping -----------------------------------------------------------------------

# The folders below PREFIX, and in_FOLDER: the files that are installed there.
FOLDERS = bin share/man/man1 share/man/man5 share/man/man7 share/ce/recipes share/ce share/doc/ce

in_bin              = $(TOOLS)
in_share/man/man1   = $(filter %.1,$(MANS))
in_share/man/man5   = $(filter %.5,$(MANS))
in_share/man/man7   = $(filter %.7,$(MANS))
in_share/ce/recipes = $(wildcard samples/recipes/*)
in_share/ce         = $(wildcard samples/*.mk samples/*.sh samples/*.sql samples/Snakefile)
in_share/doc/ce     = LICENSE .github/NEWS.md

INTO = $(DESTDIR)$(PREFIX)

define install_folder =
	install -d $(INTO)/$(1)
	install -m $(if $(filter bin,$(1)),755,644) $(in_$(1)) $(INTO)/$(1)

endef

install: $(TOOLS) $(MANS) $(BUILD)/tables $(RECIPES)
	$(foreach folder,$(FOLDERS),$(if $(in_$(folder)),$(call install_folder,$(folder))))

uninstall:
	rm -f $(foreach folder,$(FOLDERS),$(patsubst %,$(INTO)/$(folder)/%,$(notdir $(in_$(folder)))))
	rmdir $(patsubst %,$(INTO)/%,$(filter share/ce% share/doc/ce,$(FOLDERS))) 2>/dev/null || :

dist: | $(FIRST)
	@mkdir -p $(BUILD)
	git archive --prefix=ce-$(VERSION)/ -o $(BUILD)/ce-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/ce-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD) out
