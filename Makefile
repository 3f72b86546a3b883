# Most targets are one line over the command line interface: see `.venv/bin/sentiment --help`.
CONFIG ?= sample
SEED ?=
SUBMISSION ?= build/key
RUN ?= runs/$(basename $(notdir $(CONFIG)))
ARGS ?=
QUICK ?=
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check
# pip compiles one file after the other, which takes half of an installation: use all processors.
BYTECODE := $(BIN)/python -m compileall -qq -j 0 .venv/lib || true

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup train eval report weights crossval curve tune baselines certify verify stability \
	lesson handout grade gradescope test peers hunt cluster fuzz torture determinism coverage mutants \
	lint types check docs links wheel audit reproduce bench growth screenshot locks clean

help: ## list the targets
	@echo "make TARGET [CONFIG=$(CONFIG)] [ARGS='--set train.l2=0.001']"
	@awk -F ':.*## ' '/^## / {print "\n" substr($$0, 4)} /^[a-z]+:.*## / {printf "  %-12s%s\n", $$1, $$2}' Makefile

## the pipeline

setup: .venv/runtime ## install the locked dependencies into .venv

train: .venv/runtime ## train a model and show the words with the largest weights
	@$(BIN)/sentiment train $(CONFIG) $(ARGS)

eval: .venv/runtime ## evaluate the model on the test set
	@$(BIN)/sentiment eval $(CONFIG) $(ARGS)

report: .venv/runtime ## draw the run as one HTML page
	@$(BIN)/sentiment report $(CONFIG) $(ARGS)

weights: .venv/runtime ## show the weights of an existing run (RUN=runs/...)
	@$(BIN)/sentiment weights $(RUN) $(ARGS)

## studies

crossval: .venv/runtime ## cross-validate: score each review with a model that did not see it
	@$(BIN)/sentiment crossval $(CONFIG) $(ARGS)

curve: .venv/runtime ## learn from more and more reviews: would others help?
	@$(BIN)/sentiment curve $(CONFIG) $(ARGS)

tune: .venv/runtime ## search the settings listed in [tune]
	@$(BIN)/sentiment tune $(CONFIG) $(ARGS)

baselines: .venv/runtime ## compare the model with simpler baselines
	@$(BIN)/sentiment baselines $(CONFIG) $(ARGS)

certify: .venv/runtime ## bound the distance of a run from the optimum (RUN=runs/...)
	@$(BIN)/sentiment certify $(RUN) $(ARGS)

verify: .venv/runtime ## train a run again and compare the bytes (RUN=runs/...)
	@$(BIN)/sentiment verify $(RUN) $(ARGS)

stability: .venv/runtime ## refit a run on resampled reviews to see how stable its weights are (RUN=runs/...)
	@$(BIN)/sentiment stability $(RUN) $(ARGS)

## teaching

# With the name of a figure, that one alone; with --check, the notebook is run and compared.
lesson: .venv/lesson ## draw the figures of the lesson, run its notebook (ARGS=sigmoid: one figure)
	@$(BIN)/python docs/lesson/figures.py $(filter-out --check,$(ARGS))
	@$(if $(filter-out --check,$(ARGS)),,$(BIN)/python docs/lesson/notebook.py $(ARGS))

handout: .venv/runtime ## write the assignment into build/handout, its key into build/key (SEED=a secret)
	@$(BIN)/python -m coursework handout --seed '$(SEED)' $(ARGS)

grade: .venv/runtime build/key ## grade a submission with hidden tests (SUBMISSION=path)
	@$(BIN)/python -m coursework grade $(SUBMISSION) $(ARGS)

gradescope: .venv/runtime build/key ## write build/autograder.zip for Gradescope
	@$(BIN)/python -m coursework gradescope $(ARGS)

build/key:
	@$(MAKE) --no-print-directory handout

## development

check: lint types test ## run lint, types and test

test: .venv/dev ## run the tests
	@$(BIN)/python -m pytest -n auto $(ARGS)

peers: .venv/dev .venv/bench ## run the commands of docs/coming-from.md, the others' as well (needs fasttext)
	@command -v fasttext >/dev/null || { echo "needs the command fasttext: apt install fasttext" >&2; exit 2; }
	@$(BIN)/python -m pytest tests/test_coming_from.py $(ARGS)

hunt: .venv/dev ## test properties with thousands of new examples
	@$(BIN)/python -m pytest -n auto -m hypothesis --hypothesis-profile=hunt $(ARGS)

cluster: .venv/dev .venv/cluster ## test workers on this machine, and URLs of an S3 on it
	@$(BIN)/python -m pytest tests/cluster tests/*/test_on_workers.py tests/corpus/test_s3.py $(ARGS)

fuzz: .venv/dev .venv/fuzz ## fuzz each parser for a minute (ARGS='csv json --seconds 600')
	@$(BIN)/python tools/fuzzing.py $(ARGS)

torture: .venv/dev ## disturb every command that writes, and compare what it leaves (ARGS='--trials 12')
	@$(BIN)/python -m tools.proofs.torture $(ARGS)

determinism: .venv/dev ## run commands under other conditions, and compare their bytes (ARGS=--quick)
	@$(BIN)/python -m tools.proofs.determinism $(ARGS)

coverage: .venv/dev ## test with coverage of lines and branches: at least 95%
	@$(BIN)/python -m pytest -n auto --cov --cov-branch --cov-fail-under=95 $(ARGS)

mutants: .venv/dev ## put small faults into the numerical code: tests must notice 90% of them
	@$(BIN)/python tools/mutants $(ARGS)

lint: .venv/dev ## check style, files and workflows
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@SKIP=ruff-check,ruff-format,mypy $(BIN)/pre-commit run --all-files --show-diff-on-failure

types: .venv/dev ## check types
	@$(BIN)/mypy

docs: .venv/docs ## build the documentation into build/docs (warnings are errors)
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs
	@echo "open build/docs/index.html"

links: .venv/docs ## check the external links of the documentation
	@$(BIN)/sphinx-build -b linkcheck -q docs build/links

wheel: .venv/runtime ## build the wheel and its SBOM, install it outside the repository and use it
	@rm -rf dist
	@$(BIN)/hatchling build
	@$(BIN)/python tools/dependencies.py --sbom dist/sbom.json
	@PYTHON=$(PYTHON) tools/try_wheel

audit: .venv/audit ## look for known vulnerabilities in the locked packages (needs a network)
	@$(BIN)/python tools/audit.py

reproduce: .venv/runtime ## recompute docs/results.md and check it against published figures
	@$(BIN)/python -m benchmarks.reproduce $(ARGS)
	@$(if $(findstring --only,$(ARGS)),:,$(BIN)/python -m benchmarks.auto_grid $(filter --force,$(ARGS)))

bench: .venv/bench ## time the same work here and in other libraries (QUICK=1: a first look)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ARGS)

growth: .venv/cluster ## measure time and memory up to ten million reviews (ARGS=--check: one size)
	@$(BIN)/python -m benchmarks.scale $(ARGS)

screenshot: .venv/dev ## draw the README's picture of a report (RUN=runs/...; needs chromium)
	@$(BIN)/python tools/screenshot.py $(RUN)/report/index.html docs/report.png

# A later lock takes the versions of an earlier one, so that all of them fit into one environment.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --extra build
locks: ## update requirements/ after a change of pyproject.toml (needs uv; ARGS=--upgrade)
	@$(LOCK) $(ARGS) -o requirements/runtime.txt
	@$(LOCK) $(ARGS) --extra test --extra dev -c requirements/runtime.txt -o requirements/dev.txt
	@$(LOCK) $(ARGS) --extra docs -c requirements/dev.txt -o requirements/docs.txt
	@$(LOCK) $(ARGS) --extra bench -c requirements/dev.txt -o requirements/bench.txt
	@$(LOCK) $(ARGS) --extra audit -c requirements/dev.txt -o requirements/audit.txt
	@$(LOCK) $(ARGS) --extra fuzz -c requirements/dev.txt -o requirements/fuzz.txt
	@$(LOCK) $(ARGS) --extra lesson -c requirements/dev.txt -c requirements/docs.txt -o requirements/lesson.txt
	@$(LOCK) $(ARGS) --extra cluster --extra s3 --extra moto -c requirements/dev.txt -o requirements/cluster.txt

clean: ## remove the environment, caches and builds; runs stay
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/runtime: requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "setting up, once:"
	@echo "1/3 creating .venv"
	@$(PYTHON) -m venv .venv
	@echo "2/3 installing $$(grep -c == requirements/runtime.txt) packages into it (one to two minutes)"
	@$(INSTALL) --require-hashes -r requirements/runtime.txt
	@$(INSTALL) --no-build-isolation --no-deps -e .
	@$(BYTECODE)
	@printf '3/3 '; $(BIN)/sentiment compile
	@touch $@

.venv/dev .venv/docs .venv/bench .venv/audit .venv/lesson .venv/cluster: .venv/%: .venv/runtime requirements/%.txt
	@echo "installing the packages of requirements/$*.txt into .venv, once"
	@$(INSTALL) --require-hashes -r requirements/$*.txt
	@$(BYTECODE)
	@touch $@

# There is no build of atheris for every platform; what needs it says so.
.venv/fuzz: .venv/runtime requirements/fuzz.txt
	@echo "installing the packages of requirements/fuzz.txt into .venv, once"
	@! $(INSTALL) --only-binary :all: --require-hashes -r requirements/fuzz.txt || touch $@
