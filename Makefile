# Trunkline. `make run` starts a demo gateway, `make test` runs the tests; `make help` lists the rest.
# Needs GNU make and Python 3.11 or newer; everything else is installed into .venv from hashed lock files.

PYTHON ?= python3
UV ?= uv
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq
# Further arguments for the program behind the target, e.g. make test ARGS="tests/unit -x"
ARGS ?=

UV_COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-annotate pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help run install install-dev test check format screenshots bench lock clean

help: ## Show this list
	@echo "make TARGET [PYTHON=python3.12] [ARGS=\"...\"]"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

run: $(VENV)/.stamp-run ## Start the gateway with the demo set-up in the foreground (Ctrl-C stops it)
	@exec $(BIN)/trunkline serve --demo $(ARGS)

install: $(VENV)/.stamp-run ## Install the gateway into .venv

install-dev: $(VENV)/.stamp-dev ## Install the development tools into .venv

test: $(VENV)/.stamp-dev ## Run the tests; needs no service, uses those it finds, says what it skipped
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.stamp-dev ## Check format, lint, types and import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.stamp-dev ## Format the sources and apply ruff's safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

screenshots: $(VENV)/.stamp-dev ## Make the pictures in docs/screenshots anew; needs Chromium
	@$(BIN)/python -m tests.panel.screenshots $(ARGS)

bench: $(VENV)/.stamp-run ## Measure throughput and latency on this machine
	@$(BIN)/python -m bench $(ARGS)

lock: ## Write both lock files from pyproject.toml (needs uv; ARGS=--upgrade for newer releases)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv ('pip install uv', or UV=/path/to/uv)." >&2; exit 1; }
	$(UV_COMPILE) $(ARGS) --group build -o requirements.lock
	$(UV_COMPILE) $(ARGS) --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove .venv, caches and build output (the data directory stays)
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf tests/wire/node/node_modules
	find trunkline tests bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The stamps record what was installed from what: a changed lock file or pyproject.toml installs again.
$(VENV)/.stamp-venv:
	@command -v $(PYTHON) >/dev/null || { \
		echo "Trunkline needs Python 3.11 or newer; '$(PYTHON)' was not found. Name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Trunkline needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." \
			"Name another with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv" >&2; \
		exit 1; }
	@echo "Creating the virtual environment $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.stamp-run: requirements.lock pyproject.toml $(VENV)/.stamp-venv
	@echo "Installing from requirements.lock (a minute or so the first time) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.stamp-dev: requirements-dev.lock $(VENV)/.stamp-run
	@echo "Installing the development tools from requirements-dev.lock ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
