"""What the tests of benchmarks share."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark_module(monkeypatch):
    """Gives a script as a module; it finds the others beside it, as when it is run."""
    monkeypatch.syspath_prepend(BENCHMARKS)

    def load(name: str) -> ModuleType:
        sys.modules.pop(name, None)  # what another test changed in it
        return importlib.import_module(name)

    return load
