# SPDX-License-Identifier: LGPL-2.1-or-later
# buddyscope: `make help` lists the targets.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif

PACKAGES := libtraceevent ncursesw zlib libzstd
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -I. -D_GNU_SOURCE -DBUD_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(SANITIZE)
LDLIBS   := -pthread $(shell pkg-config --libs $(PACKAGES) 2>/dev/null)

LIB_SRC  := $(sort $(wildcard lib/*/*.c formats/*/*.c))
CLI_SRC  := $(sort $(wildcard cli/*.c cli/tui/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
TOOL_SRC := $(sort $(wildcard tests/tools/*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*.c))

LIB_OBJ  := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ  := $(CLI_SRC:%.c=$(BUILD)/%.o)
# What tests may link of the program: everything but main.
TEST_OBJ := $(filter-out $(BUILD)/cli/main.o,$(CLI_OBJ))
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)
TOOL_BIN := $(TOOL_SRC:%.c=$(BUILD)/%)
FUZZ_BIN := $(FUZZ_SRC:%.c=$(BUILD)/%)

# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $@)

all: $(BUILD)/buddyscope ## build the program (default)

$(BUILD)/buddyscope: $(CLI_OBJ) $(BUILD)/libbuddyscope.a
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libbuddyscope.a: $(LIB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Changes only when the compiler or its flags do, and then rebuilds everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','\'',$(CPPFLAGS)) $(ALL_CFLAGS)' | cmp -s - $@ || \
		echo '$(CC) $(subst ','\'',$(CPPFLAGS)) $(ALL_CFLAGS)' >$@

$(UNIT_BIN): $(BUILD)/%: $(BUILD)/%.o $(TEST_OBJ) $(BUILD)/libbuddyscope.a
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(TOOL_BIN): $(BUILD)/%: $(BUILD)/%.o $(TEST_OBJ) $(BUILD)/libbuddyscope.a
	$(call say,LINK)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

tests-built: all $(UNIT_BIN) $(TOOL_BIN)

# What deps has just installed, pkg-config tells only a make of its own.
check: ## build, and run every test
	@$(MAKE) --no-print-directory tests-built
	@BUILD=$(BUILD) tests/run

asan: ## run every test under AddressSanitizer and UBSan
	$(MAKE) check BUILD=$(BUILD)/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
		SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined'

fuzz: ## fuzz the readers and the replay with libFuzzer, SECONDS=60 each (needs clang)
	CC=clang tests/fuzz/run $(BUILD)/fuzz $(or $(SECONDS),60)

bench: all $(addprefix $(BUILD)/tests/tools/,model_speed simulate_speed tui_bench) ## measure speed beside trace-cmd; BENCH=BUNDLE names a large capture
	@BUILD=$(BUILD) tests/bench/run $(BENCH)

demo: ## the main job on a capture of examples/
	@$(MAKE) --no-print-directory all
	@tests/demo $(BUILD)/buddyscope

deps: ## install what building and testing need (DRY_RUN=1 only says what)
	@tests/deps

install: all ## install under DESTDIR and PREFIX
	install -D -m 755 $(BUILD)/buddyscope $(DESTDIR)$(PREFIX)/bin/buddyscope
	install -D -m 644 man/buddyscope.1 $(DESTDIR)$(PREFIX)/share/man/man1/buddyscope.1

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/buddyscope $(DESTDIR)$(PREFIX)/share/man/man1/buddyscope.1

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile | expand -t 14

.PHONY: all tests-built check asan fuzz bench demo deps install uninstall clean help FORCE
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(UNIT_BIN:=.d) $(TOOL_BIN:=.d)
