# make            build build/llm-gateway
# make run        install what is missing, build, serve a sandbox
# make test       install what tests need, run them all
# make lint bench fuzz coverage install clean deps
#
# CC=clang and SAN=address,undefined or SAN=thread choose another build; each
# has a folder of its own under build/.

CC ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
DESTDIR ?=
SAN ?=

comma := ,
FLAVOUR := $(notdir $(CC))$(if $(SAN),-$(subst $(comma),-,$(SAN)))$(if $(COVERAGE),-coverage)
BUILD := build/$(FLAVOUR)

WARNINGS := -Wall -Wextra -Wshadow -Werror
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=gnu11 $(CFLAGS) $(WARNINGS) -fno-omit-frame-pointer \
	-D_GNU_SOURCE -Isrc -MMD -MP -pthread \
	$(if $(SAN),-fsanitize=$(SAN)) $(if $(COVERAGE),--coverage)
LIBS := -lfcgi -lcurl -lmariadb -lssl -lcrypto -lcrypt -llmdb -ljansson \
	-linih -lm
ALL_LDFLAGS := $(LDFLAGS) -pthread -rdynamic \
	$(if $(SAN),-fsanitize=$(SAN)) $(if $(COVERAGE),--coverage)

SOURCES := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/src/%.o)
LIBRARY_OBJECTS := $(filter-out $(BUILD)/src/main.o,$(OBJECTS))

UNIT_SOURCES := $(sort $(wildcard tests/unit/*/*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/tests/%)

SIMULATOR_OBJECTS := $(patsubst tests/%.c,$(BUILD)/tests/%.o,\
	$(sort $(wildcard tests/simulator/*.c)))

.PHONY: all deps run test unit bench fuzz lint coverage install clean
.SECONDARY:

all: $(BUILD)/llm-gateway $(BUILD)/simulator

$(BUILD)/llm-gateway: $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/simulator: $(SIMULATOR_OBJECTS) $(BUILD)/libgateway.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libgateway.a: $(LIBRARY_OBJECTS)
	rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libgateway.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(SIMULATOR_OBJECTS:.o=.d)

unit: $(UNIT_TESTS)
	@for test in $(UNIT_TESTS); do $$test || exit 1; done

clean:
	rm -rf build
