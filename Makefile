# The two commands of the README are `make demo` and `make test`; each sets up what it needs in .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit model format clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $(READY)

demo: $(READY)  ## run the main job on the sample data, print the verdict, write the report
	@$(BIN)/bounce-analyzer demo

test: lint types unit  ## everything CI checks: lint, format, types, tests

lint: $(READY)  ## lint and format, as they stand
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## strict type check
	$(BIN)/mypy

unit: $(READY)  ## the tests
	$(BIN)/python -m pytest

model: $(READY)  ## build the model behind the rules again, and its report docs/model.md
	$(BIN)/python -m analyzer.classify.build_model

format: $(READY)  ## put the format right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what the targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache bounce-report
