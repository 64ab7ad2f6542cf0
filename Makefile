# Two commands for a newcomer: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := pip-compile --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	--allow-unsafe --no-header --strip-extras --quiet

.PHONY: install ptb run test test-long check format lock bench bench-growth browser clean help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ —/'

OLD := Trede needs Python 3.11 or newer, and $(PYTHON) is older. If you have another: make PYTHON=python3.12 run

$(VENV)/.run: requirements/run.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and '$(OLD)')"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.words: $(VENV)/.run $(wildcard locales/*/LC_MESSAGES/*.po)
	$(BIN)/trede i18n compile >/dev/null
	touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.run
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/bench.txt
	touch $@

install: $(VENV)/.words ## what `trede run` needs, in .venv

ptb: $(VENV)/.run ## python-telegram-bot too, for TREDE_TELEGRAM_LIBRARY=ptb
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/ptb.txt

run: $(VENV)/.words ## install, then serve web chat and console on http://127.0.0.1:8000
	$(BIN)/trede run --demo

test: $(VENV)/.words $(VENV)/.dev browser ## install what the tests need, and run them all
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not long"

test-long: $(VENV)/.dev browser ## the longer runs of the same tests
	$(BIN)/python -m pytest -m long

bench: $(VENV)/.bench ## measure Trede beside its peers (10 minutes); writes bench/results.json
	@sh bench/install_redis.sh
	$(BIN)/python -W ignore -m bench

bench-growth: $(VENV)/.bench ## the same with 1,000 and 100,000 people stored (longer, 6 GB of disk)
	$(BIN)/python -W ignore -m bench --growth --people 100 --rounds 3

browser: $(VENV)/.dev
	@BIN=$(BIN) sh tests/install_browser.sh

check: $(VENV)/.dev ## style, types, walls between rooms, scripts, catalogues
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/trede check
	$(BIN)/trede check --plain --fair

format: $(VENV)/.dev ## let ruff format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.dev ## pin the newest versions that pyproject.toml allows, with hashes
	$(BIN)/$(LOCK) --upgrade --extra install -o requirements/run.txt pyproject.toml
	$(BIN)/$(LOCK) --upgrade --extra install --extra ptb -c requirements/run.txt -o requirements/ptb.txt pyproject.toml
	$(BIN)/$(LOCK) --upgrade --extra install --extra ptb --extra dev -c requirements/run.txt \
		-o requirements/dev.txt pyproject.toml
	$(BIN)/$(LOCK) --upgrade --extra ptb --extra bench -c requirements/run.txt -c requirements/dev.txt \
		-o requirements/bench.txt pyproject.toml

clean: ## remove what the other commands made, your data excepted
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
