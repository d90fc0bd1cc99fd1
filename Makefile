# make demo   watch the trained agent think longer: table, figure and GIF under runs/demo
# make test   run the tests, the linter and the type checker
# make release   build the wheel, and try it in fresh environments, without torch
# Each creates .venv when it is missing and installs into it first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.PHONY: demo test release install clean

demo: $(INSTALLED)
	$(BIN)/python agents/demo.py

test: $(INSTALLED)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

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
	rm -rf $(VENV) build dist *.egg-info
