# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-oldest lint format bench train clean help

demo: $(VENV)/.demo  ## a picture, its tokens, the answer with and without the cut (under 3 minutes)
	@PATH="$(abspath $(BIN)):$$PATH" sh examples/demo.sh

test: $(VENV)/.dev lint  ## lint, types, layers and all fast tests
	$(BIN)/python -m pytest

test-oldest: $(VENV)/.dev  ## the pipeline's tests with the oldest transformers that is supported
	$(BIN)/python -m pip install --quiet --upgrade --no-deps --target $(VENV)/oldest transformers==5.23.0
	PYTHONPATH=$(VENV)/oldest $(BIN)/python -m pytest tests/vlm

lint: $(VENV)/.dev  ## style, types and the layers of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## measure what benchmarks/README.md says
	$(BIN)/python benchmarks/prefill.py
	$(BIN)/python benchmarks/count.py
	$(BIN)/python benchmarks/fit.py

train: $(VENV)/.dev  ## train vtok-mini anew (two hours on two cores; resumes where it was stopped)
	$(BIN)/python -m training all

clean:  ## remove what make made
	rm -rf $(VENV) out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*##\(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[hf]"
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable ".[dev,train]"
	@touch $@ $(VENV)/.demo
