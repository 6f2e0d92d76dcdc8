# ce: build/bin/ gets the tools; everything made lies under build/ (and out/ for the demo).

VERSION  = 0.1.0
PREFIX   = /usr/local
DESTDIR  =
BUILD    = build

CC       = gcc
CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes
WERROR   =
CPPFLAGS =
LDFLAGS  =

# Where libpq-fe.h is, if not among the system's own: Debian's place.
PQ_CFLAGS = -isystem /usr/include/postgresql

# ISA-L, the faster deflate engine, where pkg-config finds it; ISAL=0 builds without.
# Asked once, and not before a command wants to know: `make deps all` installs it first.
ifeq ($(origin ISAL),undefined)
ISAL        = $(eval ISAL := $(shell pkg-config --exists libisal 2>/dev/null && echo 1))$(ISAL)
endif
ISAL_CFLAGS = $(if $(filter 1,$(ISAL)),-DCE_ISAL $(shell pkg-config --cflags libisal))
ISAL_LIBS   = $(if $(filter 1,$(ISAL)),$(shell pkg-config --libs libisal))

BASE_CFLAGS = -std=c11 -D_GNU_SOURCE -pthread -DCE_VERSION='"$(VERSION)"' -iquote lib -iquote tools -iquote tests/unit $(PQ_CFLAGS) \
	      $(ISAL_CFLAGS)
ALL_CFLAGS  = $(BASE_CFLAGS) $(WARNINGS) $(WERROR) $(CPPFLAGS) $(CFLAGS)
LIBS        = -lcsv -lz -lm $(ISAL_LIBS)
DB_LIBS     = -lpq

# What to have on Debian 12: to build and run, to test, to measure, and for lint and the sanitizers.
# Goals beside `deps` have it install no more than they need: `make deps demo` brings no PostgreSQL.
BUILD_PACKAGES = gcc libc6-dev make libcsv-dev zlib1g-dev libpq-dev libisal-dev pkg-config
REPORT_PACKAGES = gnuplot-nox
TEST_PACKAGES  = bats python3 python3-sklearn postgresql mandoc chromium
BENCH_PACKAGES = hyperfine time python3 python3-sklearn python3-pandas python3-xgboost postgresql isal gzip miller \
		 $(if $(shell command -v npm),,nodejs npm)
CHECK_PACKAGES = clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck
BESIDE_DEPS    = $(filter-out deps,$(MAKECMDGOALS))
other_than     = $(if $(BESIDE_DEPS),$(filter-out $(1),$(BESIDE_DEPS)),all of them)
PACKAGES       = $(BUILD_PACKAGES) $(if $(call other_than,all install bench bench-scale),$(REPORT_PACKAGES)) \
		 $(if $(call other_than,all demo install bench bench-scale),$(TEST_PACKAGES)) \
		 $(if $(call other_than,all demo install test),$(BENCH_PACKAGES)) \
		 $(if $(call other_than,all demo install test bench bench-scale),$(CHECK_PACKAGES))

LIB_SRC   = $(wildcard lib/*/*.c)
# What speaks to PostgreSQL, and who does: an archive of its own, so that no other tool wants libpq.
DB_SRC    = $(wildcard lib/pg/*.c)
DB_TOOLS  = ce-export ce-import
TOOL_SRC  = $(wildcard tools/ce-*.c)
# The command line, which all tools share.
CLI_SRC   = tools/cli.c
# What prints the tables of lib/table/*.def: no tool to install.
TABLES_SRC = tools/tables.c
UNIT_SRC  = $(wildcard tests/unit/*/*.c)
FUZZ_SRC  = $(wildcard tests/fuzz/*.c)
HEADERS   = $(wildcard lib/*/*.h lib/*/*.def tools/*.h tests/unit/*.h)
SCRIPTS   = .ci/run $(wildcard tools/*.sh samples/*.sh tests/*.sh tests/*.bash tests/bench/*.sh tests/bench/*.bash)
BATS      = $(wildcard tests/*/*.bats)
MANS      = $(wildcard tools/*.[157])

LIB_OBJ   = $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ   = $(CLI_SRC:%.c=$(BUILD)/%.o)
LIB       = $(BUILD)/libce.a
DB_LIB    = $(BUILD)/libcedb.a
TOOLS     = $(TOOL_SRC:tools/%.c=$(BUILD)/bin/%)
UNITS     = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)

# Goals that must be over before anything is made, where they are asked for together with others.
FIRST     = $(filter deps clean,$(MAKECMDGOALS))

.PHONY: all units tables deps demo test check mutate bench bench-scale lint asan tsan fuzz coverage install uninstall \
	dist clean help FORCE
.SECONDARY:
.DELETE_ON_ERROR:

all: $(TOOLS)

units: $(UNITS) $(BUILD)/tables

help:
	@echo 'make            build the tools into $(BUILD)/bin/'
	@echo 'make deps       install the packages that are missing (Debian; by sudo unless root); with goals'
	@echo '                beside it, such as demo or test, only what they need'
	@echo 'make demo       run the whole pipeline on samples/ and print the evaluation'
	@echo 'make test       unit tests and tests of the built tools; the last line counts them'
	@echo 'make check      the quick ones of them, in less than a minute'
	@echo 'make lint       clang-format, clang-tidy, cppcheck, shellcheck, mandoc'
	@echo 'make asan       build with gcc and clang sanitizers and run the tests under them'
	@echo 'make tsan       build with ThreadSanitizer and run the tests of what has threads under it'
	@echo 'make fuzz       feed the CSV reader with what nobody would write, for FUZZ_SECONDS=60 (clang)'
	@echo 'make coverage   line coverage of the tests, per file'
	@echo 'make mutate     make small wrong edits in copies of the tree, and count those the tests catch'
	@echo 'make bench      the tools beside DuckDB, Miller, gzip, scikit-learn, XGBoost and psql; PARTS=... for some of it'
	@echo 'make bench-scale  the pipe at 1 to 100 million events (see tests/bench/run.sh for both)'
	@echo 'make tables     write tools/ce-tables.5 from lib/table/*.def'
	@echo 'make install    into $(DESTDIR)$(PREFIX); make uninstall removes it'
	@echo 'make dist       a source archive of the last commit under $(BUILD)/'
	@echo 'make clean      remove $(BUILD)/ and out/'
	@echo
	@echo 'Variables: CC CFLAGS CPPFLAGS LDFLAGS ISAL=0 WERROR=-Werror BUILD=DIR PREFIX=DIR DESTDIR=DIR V=1'

# The build -------------------------------------------------------------------------------------

# make V=1 shows whole commands; what they have in common is in build/flags in any case.
Q    = $(if $(V),,@)
said = $(if $(V),,@echo '$(1)')

# Changes only when the command lines do, and then everything is made again: no object of one
# compiler or of one set of flags ever meets those of another.
$(BUILD)/flags: private export FLAGS = $(CC) $(ALL_CFLAGS) $(LDFLAGS) $(LIBS) $(DB_LIBS)
$(BUILD)/flags: FORCE | $(FIRST)
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS" | cmp -s - $@ || printf '%s\n' "$$FLAGS" >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call said,$(CC) $<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(filter-out $(DB_SRC:%.c=$(BUILD)/%.o),$(LIB_OBJ))
$(DB_LIB): $(DB_SRC:%.c=$(BUILD)/%.o)
$(LIB) $(DB_LIB):
	$(call said,$(AR) $@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(DB_TOOLS:%=$(BUILD)/bin/%): $(BUILD)/bin/%: $(BUILD)/tools/%.o $(CLI_OBJ) $(DB_LIB) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(DB_LIBS) $(LIBS)

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(CLI_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tables: $(BUILD)/$(TABLES_SRC:%.c=%.o) $(LIB)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# The manual page of the tables; the tests compare it.
tables: $(BUILD)/tables
	$(BUILD)/tables mdoc >tools/ce-tables.5

$(BUILD)/unit/pg/%: $(BUILD)/tests/unit/pg/%.o $(DB_LIB) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(DB_LIBS) $(LIBS)

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(CLI_OBJ) $(LIB)
	@mkdir -p $(@D)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

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

demo: $(TOOLS)
	@$(MAKE) --no-print-directory -f samples/pipeline.mk BIN=$(BUILD)/bin DATA=samples OUT=out/demo \
		summary

# SUITES='NAME ...' runs those alone; T=NAME:WORDS one, and of it the tests whose names match the words.
SUITES =
T      =

test: $(TOOLS) $(UNITS) $(BUILD)/tables
	@tests/run.sh $(BUILD) $(SUITES) $(if $(T),'$(T)')

# What is worth running after each change, in less than a minute: all but the long comparisons.
QUICK = $(filter-out $(SLOW),$(basename $(notdir $(BATS) $(UNIT_SRC))))
SLOW  = sql statistics database ce-train ce-model report ce-import pipeline_postgres ce-predict ce-audit reference \
	conventions ce-export threads test_coverage

check: $(TOOLS) $(UNITS) $(BUILD)/tables
	@tests/run.sh $(BUILD) $(QUICK)

# PARTS=NAME... runs those alone: pipe duckdb filters floor miller train gbdt postgres.
PARTS =

bench: $(TOOLS)
	@tests/bench/run.sh $(BUILD) $(PARTS)

bench-scale: $(TOOLS)
	@tests/bench/run.sh $(BUILD) scale

SANITIZE = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# The suites that take longest run under one compiler's sanitizers, the others under both.
BY_GCC   = sql statistics reference report pipeline_postgres ce-export ce-import
BY_CLANG = database conventions properties
without  = $(filter-out $(1),$(basename $(notdir $(BATS) $(UNIT_SRC))))

# gcc with ISA-L, clang without: so both engines are looked at.
asan: | $(FIRST)
	+$(MAKE) BUILD=$(BUILD)/asan-gcc CC=gcc CFLAGS='$(SANITIZE)' SUITES='$(call without,$(BY_CLANG))' test
	+$(MAKE) BUILD=$(BUILD)/asan-clang CC=clang CFLAGS='$(SANITIZE)' ISAL=0 \
		SUITES='$(call without,$(BY_GCC))' test

# What runs on several threads, under ThreadSanitizer. A tool that dies does not wait for its threads.
tsan: | $(FIRST)
	+TSAN_OPTIONS=report_thread_leaks=0 $(MAKE) BUILD=$(BUILD)/tsan CC=gcc CFLAGS='-O1 -g -fsanitize=thread' \
		SUITES='test_ahead test_bootstrap test_deflate test_gzio test_logistic test_pool threads' test

# libFuzzer (clang's): each target of tests/fuzz runs for so long, from what it found before.
FUZZ_SECONDS = 60
FUZZ_FLAGS   = -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	       -fno-sanitize-recover=all

fuzz: | $(FIRST)
	+$(MAKE) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='$(FUZZ_FLAGS)' $(FUZZ_SRC:tests/fuzz/%.c=run-fuzz-%)

run-fuzz-%: $(BUILD)/fuzz-%
	@mkdir -p $(BUILD)/corpus-$*
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=2000 -dict=tests/fuzz/csv.dict -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/ $(BUILD)/corpus-$*

$(BUILD)/fuzz-%: $(BUILD)/tests/fuzz/%.o $(LIB)
	$(call said,$(CC) -o $@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(LIBS)

# gcov adds up over runs: start from zero.
coverage: | $(FIRST)
	find $(BUILD)/coverage -name '*.gcda' -delete 2>/dev/null || true
	+$(MAKE) BUILD=$(BUILD)/coverage CC=gcc CFLAGS='-O0 -g --coverage' test
	@tests/coverage.sh $(BUILD)/coverage $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC)

mutate: | $(FIRST)
	@python3 tests/mutation/mutate.py

# Lint ------------------------------------------------------------------------------------------

# One stamp a source, so that only what changed is looked at again; -j works on them at once.
LINT  = $(BUILD)/lint
TIDY  = $(patsubst %,$(LINT)/%.tidy,$(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(UNIT_SRC) $(FUZZ_SRC))
CHECK = $(LINT)/layers $(TIDY) $(LINT)/format $(LINT)/cppcheck $(LINT)/shell $(LINT)/man

lint: | $(FIRST)
	@$(MAKE) --no-print-directory -k $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc)) $(CHECK)
	@echo 'lint: clean'

$(LINT)/%.c.tidy: %.c $(HEADERS) .clang-tidy tests/unit/.clang-tidy
	@mkdir -p $(@D)
	@echo clang-tidy $<
	@clang-tidy --quiet $< -- $(BASE_CFLAGS) 2>$@.log || { cat $@.log >&2; exit 1; }
	@touch $@

# Who may include whom: lib/README.md says it.
$(LINT)/layers: tests/layers.awk lib/README.md $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(HEADERS)
	@mkdir -p $(@D)
	@echo layers
	@awk -f tests/layers.awk lib/README.md $(filter lib/%.c lib/%.h tools/%,$^)
	@touch $@

$(LINT)/format: $(LIB_SRC) $(CLI_SRC) $(TABLES_SRC) $(TOOL_SRC) $(UNIT_SRC) $(FUZZ_SRC) $(HEADERS) .clang-format
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
	@$(if $^,mandoc -T lint -W warning $^)
	@touch $@

# Installing and shipping -----------------------------------------------------------------------

BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man/man1

install: $(TOOLS)
	install -d $(BINDIR) $(MANDIR)
	$(if $(TOOLS),install -m 755 $(TOOLS) $(BINDIR))
	$(if $(MANS),install -m 644 $(MANS) $(MANDIR))

uninstall:
	rm -f $(TOOLS:$(BUILD)/bin/%=$(BINDIR)/%) $(MANS:tools/%=$(MANDIR)/%)

dist: | $(FIRST)
	@mkdir -p $(BUILD)
	git archive --prefix=ce-$(VERSION)/ -o $(BUILD)/ce-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/ce-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD) out
