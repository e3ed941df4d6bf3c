.DEFAULT_GOAL := generate
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := -m pip install --quiet --quiet --no-compile --disable-pip-version-check
PIP_LOCKED := $(PIP) --only-binary :all: --require-hashes --requirement
PIP_PROJECT := $(PIP) --no-deps --no-build-isolation --editable .
LOCK := .venv-uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock'
LOCKED_ALONE := uv schemathesis bare binance-connector binance-sdk-wallet ccxt python-binance
PACKAGES := wrapper/binance_transfer generated_client/binance_transfer_api sandbox/binance_transfer_sandbox \
	cli/binance_transfer_cli generator demo.py benchmarks simulator comparison tests

.PHONY: help generate check docs-check demo test thorough growth coverage lint bench simulate compare processes peers fuzz pythons lock dist release lint-spec mock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# These files are touched only when all went well. A folder without its first one was left half made: it is made anew.
# Only files whose hashes are locked are installed, the build backend among them; so the project itself resolves nothing.
$(VENV)/.base: pyproject.toml locks/base.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3")'
	$(PYTHON) -m venv $(if $(wildcard $@),,--clear) $(VENV)
	$(RUN) $(PIP_LOCKED) locks/base.txt && $(RUN) $(PIP_PROJECT) && touch $@

$(VENV)/.ready: $(VENV)/.base locks/dev.txt
	$(RUN) $(PIP_LOCKED) locks/dev.txt && touch $@

.venv-%/.ready: locks/%.txt
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python $(PIP_LOCKED) $< && touch $@

generate: $(VENV)/.base ## write generated_client/ from spec/
	$(RUN) -m generator generate

check: $(VENV)/.base ## fail where generated_client/ is not what spec/ makes
	$(RUN) -m generator check

docs-check: $(VENV)/.base ## compare what the vendor publishes with the spec, or one source: make docs-check PAGE=file-or-url
	$(RUN) -m generator docs $(or $(PAGE),--fetch)

demo: $(VENV)/.base ## transfers against an exchange on this machine, start to end
	$(RUN) -m generator generate && $(RUN) demo.py

# Half of their time the quick tests wait: for a server, a process, a deadline.
test: $(VENV)/.ready ## all quick tests
	$(RUN) -m pytest --numprocesses $$($(RUN) -c 'import os; print(2 * (os.cpu_count() or 1))') -m "not thorough" $(ARGS)

thorough: $(VENV)/.ready ## the exhaustive tests: every refusal, every dialect, every rule taken out
	$(RUN) -m pytest --numprocesses auto -m thorough $(ARGS)

growth: $(VENV)/.ready ## every shape of text in every place of a page: is the time near linear?
	GROWTH=all $(RUN) -m pytest --numprocesses auto tests/docs/test_growth.py $(ARGS)

coverage: $(VENV)/.ready ## quick and exhaustive tests together, with branch coverage of wrapper and generator
	$(RUN) -m pytest --numprocesses auto --cov --cov-report term $(ARGS)

lint: $(VENV)/.ready ## style, types, imports
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy $(PACKAGES) && $(VENV)/bin/pyright --pythonpath $(RUN)
	$(VENV)/bin/lint-imports --no-cache --no-logo && $(RUN) -m pytest --quiet tests/typing

bench: $(VENV)/.ready ## what things cost, beside other clients; in a few minutes: make bench ARGS=--quick
	$(RUN) -m benchmarks $(ARGS)

simulate: $(VENV)/.ready ## a million transfers in a simulated world, each verdict checked
	$(RUN) -m simulator --transfers 1000000 --workers 2 $(ARGS)

compare: $(VENV)/.ready ## what clients tell their callers when the exchange fails; writes it into the documents
	$(RUN) -m comparison --write docs/comparison.md --write README.md

processes: $(VENV)/.ready ## the journal under processes that are killed and stopped, on SQLite and PostgreSQL
	$(RUN) -m pytest tests/processes --numprocesses 3 --dist worksteal $(ARGS)

peers: $(VENV)/.ready ## clients that others wrote, against the sandbox; ours, against other servers
	$(RUN) -m pytest tests/peers $(ARGS)

fuzz: $(VENV)/.ready .venv-schemathesis/.ready ## schemathesis against the sandbox; a million answers judged twice
	$(RUN) -m tests.peers.fuzz
	$(RUN) -m tests.peers.fuzz_answers

pythons: $(VENV)/.ready ## the tests on each of CPython 3.11 to 3.14 that is here
	$(RUN) -m tests.project.pythons $(ARGS)

lock: .venv-uv/.ready ## renew locks/: what is installed, with the hashes of its files, for all platforms
	$(LOCK) pyproject.toml --all-extras --group dev --output-file locks/dev.txt
	$(LOCK) pyproject.toml --extra fast --constraint locks/dev.txt --output-file locks/user.txt && $(LOCK) pyproject.toml --extra sandbox --group build --group generator --constraint locks/dev.txt --output-file locks/base.txt
	set -e; for group in $(LOCKED_ALONE); do $(LOCK) --group $$group --output-file locks/$$group.txt; done

dist: $(VENV)/.ready ## build wheel and sdist, and use the wheel in an empty environment
	$(RUN) -m tests.project.distribution

release: $(VENV)/.ready ## see that a release can be made of this, and build it; nothing is tagged or published
	$(RUN) -m tests.project.release

lint-spec: $(VENV)/.ready ## a second opinion on spec/openapi.yaml: Redocly's
	REDOCLY_TELEMETRY=off $(RUN) -m tests.peers.node @redocly/cli@2.77.0 lint --skip-rule operation-4xx-response spec/openapi.yaml

mock: $(VENV)/.ready ## transfers against a mock that Prism makes of the spec
	$(RUN) -m tests.peers.mock

clean: ## remove what make has made
	rm -rf .venv* .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
