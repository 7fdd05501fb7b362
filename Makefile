# Everything a developer or a build server does with this checkout. `make` lists it.
#
# The environment lives in .venv/ and holds exactly what requirements-dev.lock says, checked by hash.
# Another interpreter: make install PYTHON=/path/to/python3.12

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# Modules are kept compiled, whatever the environment says: tests begin hundreds of processes, a quarter of whose start
# would be compiling.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
STAMP := .venv/.installed
PACKAGES := domain commands projections streams readapi writeapi kontor
PYTEST := $(BIN)/python -m pytest
SLOW := slow or crash or fuzz

# Needed to build the project itself (in the version that pyproject.toml names) and to make the lock files, so they
# are locked like everything else.
TOOLS = $(shell sed -nE 's/^requires = \["(hatchling[^"]*)"\]$$/\1/p' pyproject.toml) editables uv
COMPILE = $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --universal \
	--python-version 3.11 --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

# Prints the first interpreter that can make the environment. Each is really started: version managers install
# commands such as python3.12 that only say that no such version is active.
FIND_PYTHON = for python in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			break; \
		fi; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Kontor needs Python 3.11 or newer with its venv module. Tried: $(or $(PYTHON),python3.11 python3.12 python3.13 python3).' >&2; \
		echo 'Install one (Debian: apt install python3.11 python3.11-venv), or name one: make install PYTHON=/path/to/python3' >&2; \
		exit 1; \
	fi

# Runs its arguments while holding a lock, so that two `make` at once do not fill .venv/ at once.
WITH_LOCK := import fcntl, subprocess, sys; file = open("Makefile"); fcntl.flock(file, fcntl.LOCK_EX); \
	sys.exit(subprocess.call(sys.argv[1:], close_fds=False))

.PHONY: help
help: ## show this list
	@echo 'usage: make TARGET'
	@echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

.PHONY: install
install: $(STAMP) ## make .venv/ with the locked packages and the kontor command (PYTHON=... chooses the interpreter)

ifdef HOLDING_LOCK
$(STAMP): requirements-dev.lock pyproject.toml
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(FIND_PYTHON); \
		echo "Making .venv/ with $$("$$python" --version)"; \
		"$$python" -m venv --clear .venv; \
	fi
	@echo 'Installing the packages of requirements-dev.lock'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo 'Ready: $(BIN)/kontor'
else
$(STAMP): requirements-dev.lock pyproject.toml
	@$(FIND_PYTHON); "$$python" -c '$(WITH_LOCK)' $(MAKE) --no-print-directory HOLDING_LOCK=1 $@
endif

.PHONY: run
run: install ## the shop with its sample catalog on http://127.0.0.1:8000
	@$(BIN)/kontor demo

# Runs some of the tests. That there are none is an error, unless PYTEST_ARGS chose them.
RUN = run() { $(PYTEST) "$$@" $(PYTEST_ARGS) || { code=$$?; \
	[ $$code -eq 5 ] && $(if $(strip $(PYTEST_ARGS)),echo 'none chosen here',exit $$code); }; }

# Fast tests wait as long as they compute, so there are two processes of them for each processor.
TWICE = $$($(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')

# Of the slow ones those of a file run one after another: they may share a server or a browser of their own. They run
# also where fast ones failed, for whoever runs all of them wants to know of all.
.PHONY: test
test: install ## all tests but those on real servers; the fast ones, then slow, crash and fuzz (PYTEST_ARGS='-k cart')
	@$(RUN); failed=0; \
	echo '== fast tests'; run -n $(TWICE) -m 'not ($(SLOW) or stack)' || failed=$$?; \
	echo '== slow, crash and fuzz tests'; run -n 3 --dist loadfile -m '($(SLOW)) and not stack' || failed=$$?; \
	exit $$failed

# One after another, and nothing where none failed.
.PHONY: test-failed
test-failed: install ## of those: the ones that failed last, by themselves
	@$(RUN); run --last-failed --last-failed-no-failures none -m 'not stack'

SEEDS := 1..2000
JOBS := 2

.PHONY: simulate
simulate: install ## trade under the faults of two thousand seeds (SEEDS=1..2000 JOBS=2; docs/simulation.md)
	@$(BIN)/kontor simulate --seeds $(SEEDS) --jobs $(JOBS)

# A million steps a minute or more. Each night begins where no night has been.
MINUTES := 60

.PHONY: simulate-nightly
simulate-nightly: install ## the same with seeds of today, for an hour (MINUTES=60)
	@$(BIN)/kontor simulate --seed $$(date +%s)000 --minutes $(MINUTES) --jobs $(JOBS)

.PHONY: test-stack
test-stack: test-servers test-kills ## the tests that need real servers; starts those of stack/ and leaves the shared ones running

# Side by side, but the tests of a file one after another: they may share a server of their own.
.PHONY: test-servers
test-servers: install ## of those: the ones that share the servers
	@stack/up
	@eval "$$(stack/env)"; $(RUN); run -n 2 --dist loadfile -m 'stack and not alone'

# Servers of their own, which nobody else misses, so that they can run beside the others.
.PHONY: test-kills
test-kills: export KONTOR_STACK := $(CURDIR)/.stack/kills
test-kills: export KONTOR_STACK_SHIFT := 1000
test-kills: install ## of those: the ones that kill the servers, one after another, on servers of their own
	@trap stack/down EXIT; stack/up && eval "$$(stack/env)" || exit; \
	$(RUN); run -o cache_dir=.pytest_cache/kills -m 'stack and alone'

.PHONY: check
check: lint ## all that lint does, and the tests of the architecture
	@echo '== architecture'; $(PYTEST) tests/architecture -m 'not slow'

.PHONY: lint
lint: install ## format, style, types, layers
	@echo '== ruff format'; $(BIN)/ruff format --check .
	@echo '== ruff check'; $(BIN)/ruff check .
	@echo '== mypy'; $(BIN)/mypy
	@$(BIN)/mypy scripts stack
	@echo '== import-linter'; $(BIN)/lint-imports

# Killed mutants stay killed until their function changes; `rm -r mutants` forgets them.
.PHONY: mutants
mutants: install ## break every guard in domain/ and list what no test notices (FILE=domain/payments/payment.py; docs/mutants.md)
	@$(BIN)/python scripts/mutants.py $(FILE)

.PHONY: site
site: install ## the documentation as a site, in build/site; every warning is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

.PHONY: bench
bench: install ## every benchmark, held against the last accepted run (BENCH_ARGS=--write; docs/howto/benchmarks.md)
	@$(BIN)/kontor bench all $(BENCH_ARGS)

.PHONY: format
format: install ## rewrite the sources as ruff wants them
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Both profiles run on the same versions, and the development lock is made under their constraint: tests see what users
# get.
.PHONY: lock
lock: $(BIN)/uv ## make the lock files from pyproject.toml (UPGRADE=1 also moves to the newest versions)
	@$(COMPILE) pyproject.toml --extra full --output-file requirements-full.lock
	@$(COMPILE) pyproject.toml --constraints requirements-full.lock --output-file requirements.lock
	@printf '%s\n' $(TOOLS) | $(COMPILE) pyproject.toml --extra full --group dev - \
		--constraints requirements-full.lock --output-file requirements-dev.lock
	@if grep -nE '://' requirements*.lock; then echo 'a lock file names a host' >&2; exit 1; fi

$(BIN)/uv:
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then $(FIND_PYTHON); "$$python" -m venv --clear .venv; fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.PHONY: clean
clean: ## delete caches and build output (.venv/ and kontor-data/ stay)
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	@find $(PACKAGES) scripts tests -name __pycache__ -type d -prune -exec rm -rf {} +
