# Everything runs in .venv, which is made from pyproject.toml and remade when that changes.
PYTHON ?= python3
BIN := .venv/bin
.PHONY: demo test check bench fix clean

.venv/made: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kmon needs Python 3.11 or later; this is " + sys.version.split()[0] + " (choose another with PYTHON=...)")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

demo: .venv/made
	$(BIN)/kmon demo $(ARGS)

test: .venv/made
	$(BIN)/pytest $(ARGS)

check: .venv/made
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/made
	$(BIN)/python -m benchmarks $(ARGS)

fix: .venv/made
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv build dist *.egg-info
