# make demo        watch the trained agent think longer: table, figure and GIF under runs/demo
# make test        run the linter, the type checker and the tests, in a process for each core
# make test-slow   run the tests that take minutes each
# make release     build the wheel, and try it in fresh environments, without and with torch, RLlib
# make clean       remove .venv and what was built
# Each of the first four creates .venv when it is missing and installs into it first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test test-slow release install clean

demo: $(INSTALLED)
	$(BIN)/python agents/demo.py

test: $(INSTALLED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

release: $(INSTALLED)
	$(BIN)/python tests/release/check.py

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "thinkenv needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet \
		--constraint constraints.txt --editable '.[agents,dev]'
	touch $(INSTALLED)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
