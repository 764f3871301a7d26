# make run    set up, then train a spiking network on handwritten digits
# make test   set up, then run the whole default test-suite
# make help   the rest
#
# Each set-up step leaves a stamp in the virtual environment and is skipped until pyproject.toml
# or constraints.txt changes, so the second run of any target starts at once.

VENV ?= .venv
# Where `make run` writes; left empty it takes a free name: runs/digits, runs/digits-2, ...
OUT ?=
# Where `make bench-network` leaves its figures.
BENCH ?= runs/bench
# This exact spec, and first: a looser one may fetch a GPU build of several gigabytes.
TORCH ?= torch==2.13.0

PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet --quiet --constraint constraints.txt
# Options for pytest, for example: make test PYTEST="-k lif -x"
PYTEST ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-slow lint format types docs docs-serve gallery reference-table check bench-peers bench-network clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: $(VENV)/.stamp-run  ## the environment that `make run` uses

setup-dev: $(VENV)/.stamp-dev  ## the same with test, lint, type and docs tools

$(VENV)/.stamp-pip: scripts/make-venv.sh
	@echo "Setting up $(VENV) ..."
	@scripts/make-venv.sh $(VENV)
	@touch $@

$(VENV)/.stamp-torch: constraints.txt | $(VENV)/.stamp-pip
	@echo "Installing $(TORCH) (the largest part; a few minutes on a slow machine) ..."
	@$(PIP) setuptools
	@$(PIP) "$(TORCH)"
	@touch $@

$(VENV)/.stamp-run: pyproject.toml constraints.txt $(VENV)/.stamp-torch
	@echo "Installing spikeloom and what it needs ..."
	@$(PIP) --no-build-isolation --editable '.[all]'
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-run
	@echo "Installing the development tools ..."
	@$(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

run: setup  ## train on the digits; figures and report go to a new folder under runs/, or to OUT
	@$(VENV)/bin/spikeloom train digits $(if $(OUT),--out $(OUT))

test: setup-dev  ## the whole default suite, docstring examples included
	@$(PY) -m pytest $(PYTEST)

test-slow: setup-dev  ## the tests that the default suite leaves out because they are slow
	@$(PY) -m pytest -m slow $(PYTEST)

lint: setup-dev  ## style, format and import order
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/lint-imports

format: setup-dev  ## put the sources into the one format
	@$(VENV)/bin/ruff check --fix-only
	@$(VENV)/bin/ruff format

types: setup-dev  ## the type checker
	@$(VENV)/bin/pyright

docs: setup-dev  ## the documentation site, into site/
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "Built: site/index.html"

gallery: setup  ## draw the pictures of the docs' gallery anew (some minutes)
	@$(VENV)/bin/spikeloom gallery --out docs/img/gallery --no-page

docs-serve: setup-dev  ## the site on a local port, rebuilt as files change
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs serve

reference-table: setup-dev  ## docs/reference-values.md, from the tests that check those values
	@$(PY) -m pytest tests -m "not peers" --reference-table --quiet

check: lint types test docs  ## everything a pull request must pass

bench-peers:  ## build the environments with the libraries we compare against (about 2 GB)
	@bash scripts/bench-peers.sh

bench-network: setup  ## networks beside Brian2 and NEST: all cases (about an hour), then the tables
	@mkdir -p $(BENCH)
	-@$(VENV)/bin/spikeloom bench network --threads 1 --json $(BENCH)/network-1.json
	-@$(VENV)/bin/spikeloom bench network --threads 2 --case brunel,brunel-stdp,microcircuit,microcircuit-full \
		--json $(BENCH)/network-2.json
	@$(PY) scripts/bench_tables.py $(BENCH)/network-1.json $(BENCH)/network-2.json | tee $(BENCH)/network.md

clean:  ## remove what was built, and keep the environment
	rm -rf site build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
