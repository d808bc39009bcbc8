# Everything a developer does here, by name. Needs make and Python 3.11 or newer, nothing else.

PYTHON ?= python3
BIN := .venv/bin
ARGUMENTS ?=
DIST ?= dist

# Those that start neither a collector nor a Worker.
FAST_CLI_TESTS := $(addprefix tests/cli/test_, batches.py completion.py deploy_config.py escape.py formats.py \
	lazy.py profile.py records.py span_tree.py waterfall.py)

.DEFAULT_GOAL := help
.PHONY: help setup dev demo test check bench fuzz soak docs page screenshots prometheus clean deploy-dry-run dist lock run-environment test-environment

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

setup: run-environment ## Install everything: .venv, Node packages, the Worker's packages, its runtime
	@$(BIN)/otel-worker setup

dev: run-environment ## Run the collector on this machine; ARGUMENTS="--port 9000" to change its defaults
	@exec $(BIN)/otel-worker dev $(ARGUMENTS)

demo: run-environment ## Play a sample shop into the collector that runs; ARGUMENTS="--live 5m" for real time
	@$(BIN)/otel-worker send --demo --dev $(ARGUMENTS)

test: test-environment ## Run all tests
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/python -m pytest $(ARGUMENTS)

check: test-environment ## Lint, format check, types (the page's too), import rules and the fast tests
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/core tests/toolchain tests/conformance/test_document.py \
		tests/web/test_models.py tests/web/test_types.py tests/web/test_vendor.py $(FAST_CLI_TESTS)

bench: test-environment ## Measure exports for six minutes; ARGUMENTS="search", "live", "metrics", "page", "peers", "cost" or "ingest --quick"
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/python -m bench $(or $(ARGUMENTS),ingest)

fuzz: test-environment ## Give the core a million hostile bodies: five minutes; ARGUMENTS="--inputs 20000 --seed 2"
	@$(BIN)/python -m fuzz $(ARGUMENTS)

soak: test-environment ## Kill the collector 200 times while it stores, and count: ten minutes; ARGUMENTS="--kills 20"
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/python -m soak $(ARGUMENTS)

docs: test-environment ## Write docs/conformance.md again, from tests/conformance, and docs/cli.md, from the help
	@$(BIN)/python tools/conformance.py
	@$(BIN)/otel-worker manual > .runtime/cli.md && mv .runtime/cli.md docs/cli.md

page: test-environment ## Write web/vendor and the lists of the page's modules again, and format them
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/python tools/vendor.py
	@$(BIN)/python tools/preload.py
	@$(BIN)/otel-worker npm exec --offline -- prettier --write --log-level warn \
		"web/**/*.js" web/style.css "tests/web/**/*.js"

screenshots: test-environment ## Take the pictures of README again
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/python tools/screenshots.py

prometheus: test-environment ## Find or fetch Prometheus and Caddy, and say where they are
	@$(BIN)/python tools/prometheus.py

deploy-dry-run: run-environment ## Show what a deploy would upload, and its size
	@$(BIN)/otel-worker setup --quiet
	@$(BIN)/otel-worker wrangler deploy --dry-run --outdir .runtime/dry-run

dist: run-environment ## Build the wheels of the collector and of workers-otel; DIST="folder" for another place
	@rm -f $(DIST)/otel_worker-*.whl $(DIST)/workers_otel-*.whl
	@$(BIN)/python -m hatchling build --target wheel --directory $(abspath $(DIST))
	@cd sdk && ../$(BIN)/python -m hatchling build --target wheel --directory $(abspath $(DIST))

# Versions are chosen in requirements/*.in and package.json; hashes and what follows from them is written here.
UV_COMPILE := ../$(BIN)/uv pip compile --quiet --no-config --universal --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: test-environment ## Write requirements/*.txt and package-lock.json again
	@cd requirements && $(UV_COMPILE) --python-version 3.11 run.in --output-file run.txt
	@cd requirements && $(UV_COMPILE) --python-version 3.11 test.in --output-file test.txt
	@cd requirements && $(UV_COMPILE) --python-version 3.14 worker.in --output-file worker.txt
	@cd requirements && $(UV_COMPILE) --python-version 3.14 reference.in --output-file reference.txt
	@cd requirements && $(UV_COMPILE) --python-version 3.11 phoenix.in --output-file phoenix.txt
	@$(BIN)/otel-worker npm install --package-lock-only

clean: ## Remove everything generated; keep .dev.vars and the data in .wrangler/state
	rm -rf .venv .runtime node_modules python_modules dist
	rm -rf .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .wrangler/tmp
	find . -name __pycache__ -not -path './.git/*' -not -path './.wrangler/*' -prune -exec rm -rf {} +

run-environment:
	@$(PYTHON) tools/bootstrap.py run

test-environment:
	@$(PYTHON) tools/bootstrap.py test
