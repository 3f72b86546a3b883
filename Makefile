# Every target is a line over the command line interface: `.venv/bin/sentiment --help`.
CONFIG ?= configs/sample.toml
RUN ?= runs/$(basename $(notdir $(CONFIG)))
ARGS ?=
QUICK ?=
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup train eval report screenshot weights crossval tune ladder certify stability reproduce test lint types check bench clean

help: ## list the targets
	@echo "make TARGET [CONFIG=$(CONFIG)] [ARGS='--set train.l2=0.001']"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: .venv/runtime ## make .venv with the locked dependencies

train: .venv/runtime ## learn the weights, show the words
	@$(BIN)/sentiment train $(CONFIG) $(ARGS)

eval: .venv/runtime ## score the test part
	@$(BIN)/sentiment eval $(CONFIG) $(ARGS)

report: .venv/runtime ## write down what was learned
	@$(BIN)/sentiment report $(CONFIG) $(ARGS)

screenshot: .venv/dev ## draw the README's picture of a report (RUN=runs/...; needs chromium)
	@$(BIN)/python tools/screenshot.py $(RUN)/report/index.html docs/report.png

weights: .venv/runtime ## show the words of a run that is there (RUN=runs/...)
	@$(BIN)/sentiment weights $(RUN) $(ARGS)

test: .venv/dev ## run the tests
	@$(BIN)/python -m pytest -n auto $(ARGS)

lint: .venv/dev ## check style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: .venv/dev ## check types
	@$(BIN)/mypy

check: lint types test ## all of the three above

crossval: .venv/runtime ## score every review by a model of the other folds
	@$(BIN)/sentiment crossval $(CONFIG) $(ARGS)

tune: .venv/runtime ## try the settings in [tune], keep the best
	@$(BIN)/sentiment tune $(CONFIG) $(ARGS)

ladder: .venv/runtime ## score baselines and this model, rung by rung
	@$(BIN)/sentiment ladder $(CONFIG) $(ARGS)

certify: .venv/runtime ## bound how far training stopped from the optimum (RUN=runs/...)
	@$(BIN)/sentiment certify $(RUN) $(ARGS)

stability: .venv/runtime ## see how far weights move on other reviews (RUN=runs/...)
	@$(BIN)/sentiment stability $(RUN) $(ARGS)

reproduce: .venv/dev ## regenerate and check the table of published results
	@$(BIN)/python -m benchmarks.reproduce $(ARGS)

bench: .venv/bench ## time the same work here and by its peers (QUICK=1: a look)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

clean: ## remove the environment and caches; runs stay
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/runtime: requirements.lock pyproject.toml
	@echo "installing the dependencies into .venv, once ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(BIN)/sentiment compile
	@touch $@

.venv/bench: .venv/dev requirements-bench.lock
	@echo "installing the benchmarks' peers into .venv, once ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

.venv/dev: .venv/runtime requirements-dev.lock
	@echo "installing the tests' dependencies into .venv, once ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
