# The two commands of the README are `make demo` and `make test`; each sets up what it needs in .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUNS   := $(VENV)/.runs
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help demo test lint types unit model docs fuzz format lock upgrade licences sbom vulnerabilities release clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# What the program runs with, every package by its pinned version and hash, and what builds it; then the program itself.
$(RUNS): pyproject.toml constraints.txt constraints-build.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --requirement constraints.txt
	$(PIP) install --require-hashes --requirement constraints-build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $(RUNS)

# What its tests and documents need besides.
$(READY): $(RUNS) constraints-dev.txt
	$(PIP) install --require-hashes --requirement constraints-dev.txt
	@touch $(READY)

demo: $(RUNS)  ## run the main job on the sample data, print the verdict, write the report
	@$(BIN)/bounce-analyzer demo

test: lint types unit  ## everything CI checks: lint, format, types, tests

lint: $(READY)  ## lint and format, as they stand
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)  ## strict type check
	$(BIN)/mypy

unit: $(READY)  ## the tests, on all cores
	$(BIN)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadgroup

model: $(READY)  ## build the model behind the rules again, and its report docs/model.md
	$(BIN)/python -m analyzer.classify.build_model

docs: $(READY)  ## build the documentation into site/, warnings as errors
	$(BIN)/python -m mkdocs build --strict

fuzz: $(READY)  ## an hour of hostile input against every reader
	$(BIN)/python -m fuzz --minutes 60

format: $(READY)  ## put the format right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY)  ## pin what pyproject.toml asks for, with hashes, keeping the versions that are pinned
	$(LOCK) pyproject.toml --output-file constraints.txt
	$(LOCK) pyproject.toml --all-extras --constraint constraints.txt --output-file constraints-dev.txt
	$(LOCK) --group build --constraint constraints-dev.txt --output-file constraints-build.txt

upgrade: $(READY)  ## pin the newest versions of everything
	$(LOCK) pyproject.toml --upgrade --output-file constraints.txt
	$(LOCK) pyproject.toml --upgrade --all-extras --constraint constraints.txt --output-file constraints-dev.txt
	$(LOCK) --group build --upgrade --constraint constraints-dev.txt --output-file constraints-build.txt

licences: $(READY)  ## write THIRD_PARTY.md: the licences of what the program runs with
	$(BIN)/python -m release.licences

vulnerabilities: $(READY)  ## ask what is known against the pinned packages; says so where nothing can be asked
	$(BIN)/python -m release.vulnerabilities

sbom: $(READY)  ## write dist/sbom.cdx.json: what an installation consists of (CycloneDX)
	$(BIN)/python -m release.sbom

release: $(READY)  ## build the wheel and the sdist into dist/, the same bytes for the same commit
	$(BIN)/python -m release.build

clean:  ## remove what the targets made
	rm -rf $(VENV) dist build site .mypy_cache .ruff_cache .pytest_cache bounce-report
