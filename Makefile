# Everything runs in an environment that is made from pyproject.toml, and made anew when that or the Python changes:
# `make test PYTHON=python3.13`. `LOWEST=1` makes one with the lowest versions that pyproject.toml allows.
PYTHON ?= python3
VENV ?= $(if $(LOWEST),.venv-lowest,.venv)
BIN := $(VENV)/bin
MADE := $(VENV)/made-by-$(shell $(PYTHON) -c 'import sys; print(sys.version.split()[0])' 2>/dev/null)
.PHONY: demo test chaos incidents check bench fix clean env

env: $(MADE)

$(MADE): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kmon needs Python 3.11 or later; this is " + sys.version.split()[0] + " (choose another with PYTHON=...)")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
ifdef LOWEST
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --resolution lowest-direct --editable '.[dev]'
else
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
endif
	@touch $@

demo: env
	$(BIN)/kmon demo $(ARGS)

test: env
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

chaos: SECONDS ?= 600
chaos: SEED ?= 11
chaos: env
	KMON_REQUIRE=kafka KMON_CHAOS_SECONDS=$(SECONDS) KMON_CHAOS_SEED=$(SEED) $(BIN)/pytest tests/kmon/test_real_chaos.py $(ARGS)

# Three runs of all incidents on a real cluster, about 40 minutes; `ARGS='--runs 1 --only dead-consumer'` for some.
# `ARGS='--tour'` sees each alert of the catalogue fire and resolve instead, about 10 minutes.
incidents: env
	PYTHONPATH=tests/support $(BIN)/python -m incidents --page docs/scorecard.md $(ARGS)

check: env
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: env
	$(BIN)/python -m benchmarks $(ARGS)

fix: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv .venv-* build dist *.egg-info
