# make            build build/llm-gateway
# make run        install what is missing, build, serve a sandbox
# make test       install what tests need, run them all
# make lint bench fuzz chaos looks lighthouse bigdata coverage install clean deps
#
# CC=clang and SAN=address,undefined or SAN=thread choose another build; each
# has a folder of its own under build/.

# All cores, unless `make -jN` says otherwise.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# A newer Node.js, where test-deps found the system's too old; and where Debian
# has servers, but users do not look.
NEWER_NODE := $(wildcard tests/node/node_modules/node-linux-*/bin)
export PATH := $(NEWER_NODE:%=$(CURDIR)/%:)$(PATH):/usr/sbin:/sbin

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
# gcc's sanitizers confuse its own warning about snprintf(NULL, 0, ...).
ALL_CFLAGS += $(if $(SAN),$(if $(findstring clang,$(CC)),,-Wno-format-truncation))
LIBS := -lfcgi -lcurl -lmariadb -lssl -lcrypto -lcrypt -llmdb -lhiredis \
	-ljansson -linih -lm
ALL_LDFLAGS := $(LDFLAGS) -pthread -rdynamic \
	$(if $(SAN),-fsanitize=$(SAN)) $(if $(COVERAGE),--coverage)

SOURCES := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/src/%.o)
LIBRARY_OBJECTS := $(filter-out $(BUILD)/src/main.o,$(OBJECTS))

UNIT_SOURCES := $(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c))
UNIT_TESTS := $(UNIT_SOURCES:tests/%.c=$(BUILD)/tests/%)

SIMULATOR_OBJECTS := $(patsubst tests/%.c,$(BUILD)/tests/%.o,\
	$(sort $(wildcard tests/simulator/*.c)))

.PHONY: all deps test-deps run test unit conversations bench fuzz lint conf
.PHONY: looks lighthouse bigdata bench-pages classifier bench-routing chaos coverage install clean FORCE
.SECONDARY:

all: $(BUILD)/llm-gateway $(BUILD)/simulator $(BUILD)/site/public/_/icons.svg

$(BUILD)/llm-gateway: $(OBJECTS)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/simulator: $(SIMULATOR_OBJECTS) $(BUILD)/libgateway.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/libgateway.a: $(LIBRARY_OBJECTS)
	rm -f $@
	ar qcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $(BUILD)/libgateway.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka $(LIBS)

-include $(OBJECTS:.o=.d) $(UNIT_TESTS:=.d) $(SIMULATOR_OBJECTS:.o=.d)

# Where an installed `migrate` looks; another PREFIX builds that file anew.
SQL_FOLDER := $(PREFIX)/share/llm-gateway/sql
SQL_OBJECTS := $(patsubst src/%.c,$(BUILD)/src/%.o,\
	$(shell grep -ls LLM_GATEWAY_SQL_DIR $(SOURCES)))
$(SQL_OBJECTS): ALL_CFLAGS += -DLLM_GATEWAY_SQL_DIR='"$(SQL_FOLDER)"'
$(SQL_OBJECTS): $(BUILD)/sql-folder
# The same for the dashboard's files (src/site/folder.h),
SITE_OBJECT := $(BUILD)/src/site/folder.o
$(SITE_OBJECT): ALL_CFLAGS += \
	-DLLM_GATEWAY_SITE_DIR='"$(PREFIX)/share/llm-gateway"'
$(SITE_OBJECT): $(BUILD)/sql-folder
# and for weights and vocabularies (src/base/data_directory.h).
DATA_OBJECT := $(BUILD)/src/base/data_directory.o
$(DATA_OBJECT): ALL_CFLAGS += \
	-DLLM_GATEWAY_DATA_DIR='"$(PREFIX)/share/llm-gateway/conf"'
$(DATA_OBJECT): $(BUILD)/sql-folder
$(BUILD)/sql-folder: FORCE
	@mkdir -p $(@D)
	@echo '$(SQL_FOLDER)' | cmp -s - $@ || echo '$(SQL_FOLDER)' >$@

# --- the dashboard's files: ours, and icons out of a package. A build's
# site.dir is $(BUILD)/site.

ICONS := /usr/share/bootstrap-icons/svg
# Charts and the browser of /docs come out of npm packages. Without them
# charts are drawn by the templates, and /docs is a list.
PACKAGES := static/packages/node_modules

# $(call copy_package,PACKAGE,TO,FILES): where it is installed.
copy_package = if [ -d $(PACKAGES)/$(1) ]; then \
	mkdir -p $(@D)/$(2) && \
	cp $(addprefix $(PACKAGES)/$(1)/,$(3)) $(@D)/$(2)/; \
fi

$(BUILD)/site/public/_/icons.svg: static/icons.list static/build-icons \
		$(shell find static -name node_modules -prune -o -type f -print) \
		$(wildcard $(PACKAGES)/.package-lock.json)
	@mkdir -p $(@D)
	ln -sfn $(CURDIR)/templates $(BUILD)/site/templates
	cp -R static/css static/js static/icon.svg $(@D)/
	$(call copy_package,swagger-ui-dist,swagger-ui,LICENSE \
		swagger-ui-bundle.js swagger-ui.css)
	$(call copy_package,uplot,uplot,LICENSE \
		dist/uPlot.iife.min.js dist/uPlot.min.css)
	static/build-icons $(ICONS) <static/icons.list >$@.new
	mv $@.new $@

# Two at a time. One that fails says all it has to say, and ends the rest.
unit: $(UNIT_TESTS)
	@printf '%s\n' $(UNIT_TESTS) | xargs -P 2 -I TEST sh -c \
		'TEST >TEST.log 2>&1 || \
		{ status=$$?; cat TEST.log; echo "TEST: exit $$status"; exit 255; }; \
		echo "TEST: passed" $$(sed -n "s/^.*PASSED *. //p" TEST.log)'

# --- packages (Debian and its kin; elsewhere their names are printed)

BUILD_PACKAGES := gcc libc6-dev libcrypt-dev libfcgi-dev \
	libcurl4-openssl-dev libmariadb-dev libssl-dev liblmdb-dev \
	libhiredis-dev libjansson-dev libinih-dev bootstrap-icons
# The -core packages have the programs without a system service.
RUN_PACKAGES := mariadb-server-core mariadb-client-core nginx openssl curl \
	ca-certificates tzdata util-linux
# OpenSMTPD would put another mail server out: only where there is none.
TEST_PACKAGES := libcmocka-dev clang libclang-rt-dev clang-format cppcheck \
	shellcheck \
	mariadb-client apache2-bin libapache2-mod-fcgid spawn-fcgi redis-server wrk \
	prometheus logrotate chromium \
	$(if $(wildcard /usr/sbin/sendmail),,opensmtpd) \
	$(if $(shell command -v node),,nodejs) $(if $(shell command -v npm),,npm)
SUDO := $(if $(filter-out 0,$(shell id -u)),sudo)

# $(call install_packages,NAMES): nothing when all of them are there.
define install_packages
@if ! command -v dpkg-query >/dev/null; then \
	echo "Needed, by the names that Debian uses: $(strip $(1))"; \
else \
	missing=$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' \
		$(1) 2>/dev/null | awk -v names='$(strip $(1))' \
		'$$2 == "installed" { have[$$1] = 1 } \
		END { n = split(names, name, " "); \
			for (i = 1; i <= n; i++) \
				if (!(name[i] in have)) print name[i] }'); \
	[ -z "$$missing" ] || { \
		echo "Installing:" $$missing; \
		$(SUDO) apt-get update -q && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install \
			-q -y --no-install-recommends $$missing; }; \
fi
endef

deps:
	$(call install_packages,$(BUILD_PACKAGES) $(RUN_PACKAGES))
	@if ! command -v npm >/dev/null; then \
		echo "Without npm charts are plain, and /docs is a list."; \
	else \
		$(MAKE) --no-print-directory $(PACKAGES)/.package-lock.json || \
			echo "Without a registry charts are plain, and /docs is" \
				"a list."; \
	fi

$(PACKAGES)/.package-lock.json: static/packages/package.json \
		static/packages/package-lock.json
	cd static/packages && npm ci --ignore-scripts
	@touch $@

test-deps: deps
	$(call install_packages,$(TEST_PACKAGES))
	@node -e 'process.exit(+(parseInt(process.versions.node) < 20))' || \
		{ cd tests/node && npm ci --ignore-scripts; }
	@$(MAKE) --no-print-directory $(PACKAGES)/.package-lock.json
	@$(MAKE) --no-print-directory tests/node_modules/.package-lock.json

tests/node_modules/.package-lock.json: tests/package.json \
		tests/package-lock.json
	cd tests && npm ci --ignore-scripts
	@touch $@

# --- a first run, tests, checks

run: deps
	$(MAKE) all
	@BUILD=$(BUILD) tests/stack run var/run-demo --port 8080

test: test-deps
	$(MAKE) lint
	$(MAKE) unit
	$(MAKE) conversations
	$(MAKE) fuzz FUZZ_SECONDS=5

CONVERSATIONS := $(sort $(wildcard tests/cli/*.test.mjs \
	tests/conversations/*.test.mjs tests/pages/*.test.mjs))

conversations: all tests/node_modules/.package-lock.json
	BUILD=$(BUILD) LLM_GATEWAY=$(BUILD)/llm-gateway \
		node --test --test-concurrency=2 $(CONVERSATIONS)

# Every page in all sizes, themes and languages; the pictures are in
# build/screenshots.
looks: all tests/node_modules/.package-lock.json
	LOOKS=full STORY=full BUILD=$(BUILD) LLM_GATEWAY=$(BUILD)/llm-gateway \
		node --test --test-concurrency=2 tests/pages/*.test.mjs

# Lighthouse judges the main pages: accessibility, best practices.
lighthouse: all tests/node_modules/.package-lock.json \
		tests/lighthouse/node_modules/.package-lock.json
	BUILD=$(BUILD) LLM_GATEWAY=$(BUILD)/llm-gateway \
		node tests/lighthouse/run.mjs

tests/lighthouse/node_modules/.package-lock.json: \
		tests/lighthouse/package.json tests/lighthouse/package-lock.json
	cd tests/lighthouse && npm ci --ignore-scripts
	@touch $@

# Two minutes of kill -9 for each installation; `make test` has a short form.
chaos: all tests/node_modules/.package-lock.json
	CHAOS_SECONDS=120 BUILD=$(BUILD) LLM_GATEWAY=$(BUILD)/llm-gateway \
		node --test tests/conversations/chaos.test.mjs

C_FILES = $(shell find src tests -name node_modules -prune -o \
	-name '*.[ch]' -print)

lint: $(BUILD)/llm-gateway
	clang-format --dry-run -Werror $(C_FILES)
	tests/lint/floors
	$(BUILD)/llm-gateway settings | diff -u conf/llm-gateway.conf -
	@! grep -n '"resolved"' tests/package-lock.json \
		tests/node/package-lock.json \
		static/packages/package-lock.json \
		tests/lighthouse/package-lock.json || \
		{ echo 'package-lock.json names a registry'; exit 1; }
	@if command -v shellcheck >/dev/null; then \
		shellcheck -x tests/stack tests/stack.d/* tests/lint/* \
			tests/routing/train tests/fuzz/run .ci/run; \
	fi
	@if command -v cppcheck >/dev/null; then \
		mkdir -p build/cppcheck && cppcheck --quiet -j2 --std=c11 \
			--cppcheck-build-dir=build/cppcheck -Isrc \
			--enable=warning,portability --inline-suppr \
			--suppress=missingIncludeSystem \
			--error-exitcode=1 src; \
	fi

# The example is the table of settings itself.
conf: $(BUILD)/llm-gateway
	$(BUILD)/llm-gateway settings >conf/llm-gateway.conf

# --- readers of foreign bytes, under libFuzzer: `make fuzz FUZZ_SECONDS=600`

FUZZ_SECONDS ?= 60
FUZZERS := $(patsubst tests/fuzz/%.c,build/fuzz/%,\
	$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_CFLAGS := -std=gnu11 -O1 -g $(WARNINGS) -D_GNU_SOURCE -Isrc -pthread \
	-MMD -MP -fsanitize=address,undefined -fno-sanitize-recover=undefined
# They need no more of us than the floors that are pure.
FUZZED_OBJECTS := $(patsubst src/%.c,build/fuzz/src/%.o,\
	$(wildcard src/base/*.c src/tokens/*.c src/dialect/*.c \
	src/dialect/*/*.c \
	src/site/mustache*.c src/classify/*.c \
	src/catalog/read_*.c src/catalog/entry.c src/catalog/family.c \
	src/catalog/format.c src/catalog/model_kind.c src/catalog/own.c \
	src/catalog/price.c))

build/fuzz/src/%.o: src/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

build/fuzz/libgateway.a: $(FUZZED_OBJECTS)
	rm -f $@
	ar qcs $@ $^

build/fuzz/%: tests/fuzz/%.c build/fuzz/libgateway.a
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< \
		build/fuzz/libgateway.a -ljansson -linih -lm

-include $(FUZZED_OBJECTS:.o=.d) $(FUZZERS:=.d)

# Two at a time; one that finds something ends the rest.
fuzz: $(FUZZERS)
	@printf '%s\n' $(notdir $(FUZZERS)) | \
		xargs -P 2 -I NAME tests/fuzz/run NAME $(FUZZ_SECONDS)

# --- benchmark; QUICK=1 is short, BODY_KB=50 sends larger requests

STREAMS_OBJECTS := $(patsubst tests/%.c,$(BUILD)/tests/%.o,\
	$(sort $(wildcard tests/bench/*.c)))
-include $(STREAMS_OBJECTS:.o=.d)

$(BUILD)/streams: $(STREAMS_OBJECTS) $(BUILD)/libgateway.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

bench: deps
	$(call install_packages,$(TEST_PACKAGES))
	$(MAKE) all $(BUILD)/streams
	@BUILD=$(BUILD) QUICK=$(QUICK) BODY_KB=$(BODY_KB) tests/bench/run

# --- a long request log, and how long its pages take. It stays, to be looked
# --- at, until `tests/stack down build/bigdata --purge`.

ROWS ?= 10000000

bigdata: all
	BUILD=$(BUILD) tests/stack up build/bigdata
	tests/bigdata/fill build/bigdata $(ROWS)

# Each size in an installation of its own, against the bars: 20 ms with a
# thousand requests, 100 ms with the long log.
bench-pages: all
	@broken=0; \
	for size in "1000 20" "$(ROWS) 100"; do \
		set -- $$size; \
		BUILD=$(BUILD) tests/stack up build/bigdata-$$1 && \
		tests/bigdata/fill build/bigdata-$$1 $$1 && \
		echo "with $$1 requests:" || exit 1; \
		node tests/bigdata/pages.mjs build/bigdata-$$1 $$2 || broken=1; \
		BUILD=$(BUILD) tests/stack down build/bigdata-$$1; \
	done; exit $$broken

# --- the classifier: conf/classifier/weights and what they are worth; both
# --- read ROUTING_DATA, or what is in tests/data/routing

classifier: $(BUILD)/llm-gateway
	LLM_GATEWAY=$(BUILD)/llm-gateway \
		tests/routing/train conf/classifier/weights

bench-routing: $(BUILD)/llm-gateway
	LLM_GATEWAY=$(BUILD)/llm-gateway node tests/routing/bench.mjs

coverage: test-deps
	$(call install_packages,gcovr)
	$(MAKE) CC=gcc COVERAGE=1 unit
	@mkdir -p build/coverage
	gcovr --root . --filter src/ --html-details build/coverage/index.html \
		--print-summary --txt build/coverage/lines.txt build/gcc-coverage
	@cat build/coverage/lines.txt

# --- installation

SYSCONFDIR ?= /etc
SHARE := $(DESTDIR)$(PREFIX)/share/llm-gateway
SYSTEMD := $(DESTDIR)$(PREFIX)/lib
# $(call install_text,FROM,TO): our paths as they are on that machine.
install_text = sed 's|/usr/local/|$(PREFIX)/|g; s|/etc/llm-gateway|$(SYSCONFDIR)/llm-gateway|g' \
	$(1) >$(2) && chmod 644 $(2)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)/nginx $(SHARE)/apache \
		$(SHARE)/public $(SYSTEMD)/systemd/system \
		$(SYSTEMD)/sysusers.d $(SYSTEMD)/tmpfiles.d $(SYSTEMD)/sysctl.d
	install -d -m 755 $(DESTDIR)$(SYSCONFDIR)/llm-gateway
	install $(BUILD)/llm-gateway $(DESTDIR)$(PREFIX)/bin/llm-gateway
	ln -sf llm-gateway $(DESTDIR)$(PREFIX)/bin/llm-gateway.fcgi
	@set -e; (cd $(BUILD)/site && find public -type f) | \
		while read -r file; do \
			install -D -m 644 "$(BUILD)/site/$$file" \
				"$(SHARE)/$$file"; \
		done
	@set -e; for folder in $(wildcard sql templates \
		conf/classifier conf/tokens \
		conf/licences); do \
		find $$folder -type f | while read -r file; do \
			install -D -m 644 "$$file" "$(SHARE)/$$file"; \
		done; \
	done
	@set -e; for file in nginx/*.conf apache/*.conf; do \
		$(call install_text,$$file,$(SHARE)/$$file); \
	done
	$(call install_text,conf/llm-gateway.conf,$(SHARE)/llm-gateway.conf)
	install -D -m 644 conf/models.json $(SHARE)/conf/models.json
	install -D -m 644 conf/openapi.json $(SHARE)/conf/openapi.json
	@$(call install_text,conf/llm-gateway-sync.cron,$(SHARE)/llm-gateway-sync.cron)
	@$(call install_text,conf/llm-gateway-sync.service,$(SYSTEMD)/systemd/system/llm-gateway-sync.service)
	@$(call install_text,conf/llm-gateway-sync.timer,$(SYSTEMD)/systemd/system/llm-gateway-sync.timer)
	@$(call install_text,conf/logrotate,$(SHARE)/logrotate)
	@$(call install_text,conf/llm-gateway.service,$(SYSTEMD)/systemd/system/llm-gateway.service)
	@$(call install_text,conf/llm-gateway.service,$(SYSTEMD)/systemd/system/llm-gateway@.service)
	@$(call install_text,conf/llm-gateway.socket,$(SYSTEMD)/systemd/system/llm-gateway.socket)
	@$(call install_text,conf/llm-gateway.sysusers,$(SYSTEMD)/sysusers.d/llm-gateway.conf)
	@$(call install_text,conf/llm-gateway.tmpfiles,$(SYSTEMD)/tmpfiles.d/llm-gateway.conf)
	@$(call install_text,conf/llm-gateway.sysctl,$(SYSTEMD)/sysctl.d/llm-gateway.conf)
	@[ -e $(DESTDIR)$(SYSCONFDIR)/llm-gateway/llm-gateway.conf ] || \
		cp $(SHARE)/llm-gateway.conf \
			$(DESTDIR)$(SYSCONFDIR)/llm-gateway/llm-gateway.conf

clean:
	rm -rf build
