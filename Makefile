# Everything a person or CI runs. Needs only Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint fmt bench eval e2e editors assistant lock generate clean

help: ## show this list
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# One stamp per lock file: a changed lock or pyproject installs again, an unchanged one costs nothing.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Rolecall needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 demo")'
	@echo "Installing Rolecall into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing the development tools into $(VENV)"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.e2e: requirements/e2e.txt $(VENV)/.dev
	@$(PIP) --require-hashes -r requirements/e2e.txt
	@touch $@

demo: $(VENV)/.runtime ## one role over LSP, one over MCP, in one process, on a sample project
	@$(BIN)/python tests/demo/demo.py

test: $(VENV)/.dev ## the test suite
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "not e2e"

lint: $(VENV)/.dev ## ruff, mypy and pyright, strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright

fmt: $(VENV)/.dev ## format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

# In an environment of their own, since frameworks need not agree with our pins.
$(VENV)/bench/.ready: requirements/bench.txt $(VENV)/.dev
	@echo "Installing what the bench compares with into $(VENV)/bench"
	@$(BIN)/python -m venv $(VENV)/bench
	@$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

bench: $(VENV)/.dev $(VENV)/bench/.ready ## side-by-side measurements
	@export ROLECALL_BENCH_PYTHON=$(VENV)/bench/bin/python; \
	for file in bench/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

eval: $(VENV)/.dev ## score the roles with your own endpoint: TOKENS=200000, ARGS="--help"
	@$(BIN)/python bench/roles/evaluate.py $(if $(TOKENS),--tokens $(TOKENS)) $(ARGS)

e2e: $(VENV)/.e2e ## install real editors and assistants into .e2e, and drive them
	@for installer in tests/e2e/*/install.py; do $(BIN)/python $$installer || exit 1; done
	$(BIN)/python -m pytest -m e2e tests/e2e

editors: $(VENV)/.dev ## unpack Neovim and Helix into .e2e, and drive them
	$(BIN)/python tests/e2e/editors/install.py nvim-0.10 nvim-0.12 hx
	$(BIN)/python -m pytest -n 2 -m e2e tests/e2e/editors/test_neovim.py tests/e2e/editors/test_helix.py

assistant: $(VENV)/.dev ## install Codex and the protocol's own checkers into .e2e, and drive them
	$(BIN)/python tests/e2e/assistants/install.py codex checkers
	$(BIN)/python -m pytest -n 2 -m e2e tests/e2e/assistants/test_protocol_checkers.py tests/e2e/assistants/test_codex.py -k "checkers or lists_calls_and_applies"

lock: $(VENV)/.dev ## compile the pinned requirements from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml -o requirements/runtime.txt
	printf 'hatchling>=1.27\neditables>=0.5\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade - -o requirements/build.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --group dev -c requirements/runtime.txt -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --group e2e -c requirements/runtime.txt -c requirements/dev.txt -o requirements/e2e.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --group bench -o requirements/bench.txt

generate: $(VENV)/.runtime ## write config.yaml and .env.example from the settings model
	$(BIN)/python -m rolecall.settings.generate

clean: ## remove the virtual environment, the editors under test and caches
	rm -rf $(VENV) .e2e .mypy_cache .pytest_cache .ruff_cache dist
	cd editors/vscode && rm -rf node_modules out bundled dist LICENSE images/run.png
