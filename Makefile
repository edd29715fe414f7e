# Every command does all of its own set-up; the second time that costs a fraction of a second.
PY ?= python3
BIN := .venv/bin
# How many processes pytest uses.
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo run test lint bench clean

help:  ## show this
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14

setup:  ## install into .venv, nothing else
	@$(PY) scripts/bootstrap.py

demo: setup  ## a simulated provider and the product beside it, on 127.0.0.1:8088
	@exec $(BIN)/wca demo $(ARGS)

run: setup  ## the product alone
	@exec $(BIN)/wca run $(ARGS)

lint: setup  ## ruff, mypy and the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint  ## lint, then all tests (JOBS=2 ARGS=...)
	$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

bench: setup  ## the benchmarks, one line per figure
	@exec $(BIN)/python -m bench $(ARGS)

clean:  ## remove what set-up made
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache src/wildcore/web/static/vendor
