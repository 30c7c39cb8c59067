# Two commands do everything on a fresh machine: `make run` and `make test`.
# Needs Python 3.11, 3.12 or 3.13; another interpreter: make PYTHON=python3.13 run

# Asked, not looked up: a version manager's name on the path may lead to nothing.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
export OTKLIK_HOME ?= $(CURDIR)/var
export DO_NOT_TRACK := 1

.PHONY: run test test-long lint format lock clean help

run: $(VENV)/run.stamp ## install, create the database, take in the sample feed, serve the console; ARGS=--demo-network: with living fakes of the networks
	@$(BIN)/otklik run $(ARGS)

test: $(VENV)/dev.stamp ## install the test tools and run the tests
	@$(BIN)/python -m pytest

test-long: $(VENV)/dev.stamp ## the tests that take minutes
	@$(BIN)/python -m pytest -m long --hypothesis-profile=long

lint: $(VENV)/dev.stamp ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(VENV)/dev.stamp
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: ## pin the dependencies anew; needs uv
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean: ## remove what was installed; the data under var/ stay
	rm -rf $(VENV) build *.egg-info

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

$(VENV)/run.stamp: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(FITS)' || \
		{ echo "Нужен Python 3.11, 3.12 или 3.13: make PYTHON=/путь/к/python $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Устанавливаю зависимости в $(VENV)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@
