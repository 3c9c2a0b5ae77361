# Every target makes the environment it needs from the pinned constraints; only python3 (3.11 or newer) has to be there.
PYTHON ?= python3
BIN := .venv/bin
export DAGSTER_DISABLE_TELEMETRY := 1
export GX_ANALYTICS_ENABLED := false
# Arrays are small: threads of the products in them cost more than they give (monitor/__init__.py).
export OPENBLAS_NUM_THREADS := 1
# What Python compiled is kept: some machines turn that off, and every process would compile the product again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-fast check reference browser-test every-page coverage benchmarks cluster-test processors ui clean help

help: ## what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: .venv/.run ## run the demonstration survey's three waves and print the path of the release
	$(BIN)/monitor demo

test: .venv/.test ## run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: .venv/.test ## run the tests that take less than two seconds and run no stages
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

check: .venv/.test ## formatting, lint, types and the Dagster definitions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/dg check defs

browser-test: .venv/.test ## the report in a real browser (needs Debian's chromium, and npm)
	$(BIN)/python -m pytest tests/browser -o addopts="-q --strict-markers"

every-page: .venv/.test ## every page in every language, width and scheme, with scripts and without (after make run; half an hour)
	$(BIN)/python tests/browser/every_page.py

coverage: .venv/.test ## 2,000 draws of each survey design, 1,000 simulated surveys, 1,000 in which answering depends on the outcome (hours; tables in benchmarks/)
	$(BIN)/python benchmarks/coverage.py --draws 2000 --write
	$(BIN)/python benchmarks/models.py --surveys 1000 --write
	$(BIN)/python benchmarks/nonresponse.py --draws 1000 --write
	$(BIN)/python benchmarks/tails.py --write
	$(BIN)/python benchmarks/imputed_intervals.py --write

benchmarks: .venv/.test ## time and memory beside other packages (tables in benchmarks/)
	$(BIN)/python benchmarks/inference.py --write
	$(BIN)/python benchmarks/imputation.py
	$(BIN)/python benchmarks/intake.py
	$(BIN)/python benchmarks/waves.py
	$(BIN)/python benchmarks/release.py

reference: .venv/.run ## write docs/reference/ again from commands, schema and contract
	$(BIN)/python docs/reference/write.py

cluster-test: .venv/.test ## a home on object storage, on machines without a common disk: one release, whatever is lost (root, Debian's postgresql; 220 processor seconds and two minutes of waiting)
	$(BIN)/python benchmarks/store.py --short

processors: .venv/.test ## the demonstration under other kernels, vectors and threads: one content hash (ten minutes)
	$(BIN)/python benchmarks/processors.py

ui: .venv/.run ## Dagster's web interface on 127.0.0.1:3000
	$(BIN)/monitor ui

clean: ## remove the environment and what the tools left behind
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

.venv/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name another with: make PYTHON=python3.12 run")'
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

.venv/.test: .venv/.run
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,cluster,store,server]'
	@touch $@
