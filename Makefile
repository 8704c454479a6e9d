# SPDX-License-Identifier: LGPL-2.1-or-later
# buddyscope: `make help` lists the targets.

VERSION := 0.1.0
BUILD   ?= build
CC      ?= gcc
PREFIX  ?= /usr/local
DESTDIR ?=

PACKAGES := libtraceevent libtracefs ncursesw zlib libzstd
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -I. -D_GNU_SOURCE -DBUD_VERSION='"$(VERSION)"' $(shell pkg-config --cflags $(PACKAGES))
ALL_CFLAGS = -std=gnu11 $(WARN) $(CFLAGS) $(SANITIZE)
LDLIBS   := $(shell pkg-config --libs $(PACKAGES)) -lm

LIB_SRC := $(sort $(wildcard lib/*/*.c formats/*/*.c))
CLI_SRC := $(sort $(wildcard cli/*.c cli/tui/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))

LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ := $(CLI_SRC:%.c=$(BUILD)/%.o)
UNIT_BIN := $(UNIT_SRC:%.c=$(BUILD)/%)

all: $(BUILD)/buddyscope

$(BUILD)/buddyscope: $(CLI_OBJ) $(BUILD)/libbuddyscope.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libbuddyscope.a: $(LIB_OBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# One cmocka program per file of tests/unit.
$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libbuddyscope.a
	$(CC) $(ALL_CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do $$t; done

clean:
	rm -rf $(BUILD)

.PHONY: all unit clean
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(UNIT_BIN:=.d)
