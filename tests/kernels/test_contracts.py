"""Kernels stay within their arrays on all that their contracts let through.

The tests are in ``contracts``: in ``test_<package>_<module>.py``, or ``test_<package>.py``, is a
function ``test_<kernel>`` for every kernel. It feeds it what its docstring allows, at the ends of
what is allowed, with bounds checked. A kernel that is inlined into another and says nothing alone
may be named, with the one that contains it, in a dict ``INSIDE`` of that file.
"""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from thinkenv.kernels.compilation import KERNELS, PACKAGE, sources_of_kernels

CONTRACTS = Path(__file__).parent / "contracts"
ROOT = CONTRACTS.parents[2]
PACKAGES = ("chess_puzzles", "deep_thinking", "kernels", "mazes", "prefix_sums", "tasks")


def run(*words: str) -> subprocess.CompletedProcess:
    """Run Python in a process that checks bounds."""
    other = ("NUMBA_DISABLE_JIT", "NUMBA_CACHE_DIR")  # a folder that may hold unchecked kernels
    kept = {name: value for name, value in os.environ.items() if name not in other}
    return subprocess.run(
        [sys.executable, *words],
        env={**kept, "NUMBA_BOUNDSCHECK": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def kernels() -> dict[str, str]:
    """The docstring of every kernel of the package, by its full name."""
    for source in sources_of_kernels():
        name = ".".join(source.relative_to(PACKAGE.parent).with_suffix("").parts)
        importlib.import_module(name.removesuffix(".__init__"))
    return {
        name: kernel.__doc__ or ""
        for name, kernel in KERNELS.items()
        if name.startswith(f"{PACKAGE.name}.")
    }


def names_in(path: Path) -> tuple[set[str], dict[str, str]]:
    """The kernels that a file tests, and those that it says to be inside of others."""
    body = ast.parse(path.read_text()).body if path.exists() else []
    tested = {node.name.removeprefix("test_") for node in body if isinstance(node, ast.FunctionDef)}
    inside: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "INSIDE":
            inside = ast.literal_eval(node.value)
    return tested, inside


@pytest.mark.parametrize("package", PACKAGES)
def test_kernels_stay_within_bounds_on_all_that_their_contracts_allow(package):
    files = sorted(str(path) for path in CONTRACTS.glob(f"test_{package}*.py"))
    assert files
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_bounds_are_really_checked_there():
    program = (
        "import numpy as np; from thinkenv.kernels.random import next_bits; "
        "next_bits(np.zeros(0, np.uint64))"
    )
    assert "IndexError" in run("-c", program).stderr


def test_every_kernel_says_what_it_assumes():
    silent = [name for name, docstring in kernels().items() if "Assumes " not in docstring]
    assert not silent, "\n".join(silent)


def test_every_kernel_has_its_test():
    forgotten = []
    for name in kernels():
        _, package, *modules, kernel = name.split(".")
        found = [
            names_in(CONTRACTS / f"test_{stem}.py")
            for stem in ("_".join([package, *modules]), package)
        ]
        tested = set().union(*(names for names, _ in found))
        inside = {inner: outer for _, names in found for inner, outer in names.items()}
        if inside.get(kernel, kernel) not in tested:
            forgotten.append(name)
    assert not forgotten, "\n".join(forgotten)


def test_every_package_with_kernels_is_run():
    assert set(PACKAGES) == {name.split(".")[1] for name in kernels()}
