"""Compile Numba kernels, cache them, and announce slow first compilations."""

import contextlib
import functools
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numba
import numpy as np
from numba.core import event

from thinkenv.files import writable_cache_dir
from thinkenv.kernels.caching import keep_in_cache, said_damaged

MESSAGE = "thinkenv: compiling kernels, once on this machine (about 10 seconds) ..."
MESSAGE_EVERY_TIME = "thinkenv: compiling kernels (about 10 seconds), as in every process ..."
DAYS_KEPT = 30

PACKAGE = Path(__file__).parents[1]

# Every kernel of a module that was imported, by its full name. What a kernel does not check, it
# says in its docstring in a sentence that begins with "Assumes"; ``tests/kernels/contracts`` has a
# test of each.
KERNELS: dict[str, Callable] = {}


def sources_of_kernels() -> list[Path]:
    """The sources that decide what kernels do: all files in folders that hold kernels.

    Not of the whole package, because most changes to it do not concern any kernel. So a constant
    that a kernel uses must be defined in one of these folders.
    """
    sources = sorted(PACKAGE.rglob("*.py"))
    folders = {path.parent for path in sources if b"\n@kernel" in path.read_bytes()}
    return [path for path in sources if path.parent in folders]


@functools.cache
def is_writable(folder: str) -> bool:
    """Whether files can be written in the folder that ``NUMBA_CACHE_DIR`` names; if not, say so."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        print(
            f"thinkenv: the folder {folder} in NUMBA_CACHE_DIR cannot be written "
            f"({error.strerror}): compiled kernels stay in memory",
            file=sys.stderr,
            flush=True,
        )
        return False
    return True


def checks_bounds() -> bool:
    """Whether kernels raise an error beyond an array's end: with ``NUMBA_BOUNDSCHECK=1``."""
    config: Any = numba.config
    return bool(config.BOUNDSCHECK)


def state_of_code() -> str:
    """A name for what kernels do, and how: it differs with their sources, and with checked bounds.

    Numba itself would notice a change of a kernel's own file, but not of the kernels in other files
    that it calls.
    """
    digest = hashlib.sha256(b"with checked bounds" if checks_bounds() else b"")
    for source in sources_of_kernels():
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def kernel_folder() -> Path | None:
    """Where compiled kernels are kept: in the cache folder, one folder for each state of the code.

    Numba itself would write beside the sources. Kernels of other states of the code are deleted
    after a month without use.

    Returns:
        The folder, or None where it cannot be written: every process then compiles for itself, and
        one line on the standard error has said so.
    """
    folder = writable_cache_dir(f"kernels/{state_of_code()}")
    if folder is None:
        return None
    with contextlib.suppress(OSError):  # of another user, who lets us write in it
        os.utime(folder)
    delete_unused(folder.parent)
    return folder


@functools.cache
def folder_of(chosen: str) -> Path | None:
    """Where kernels are kept: in the folder ``chosen`` in ``NUMBA_CACHE_DIR``, or in ours."""
    if chosen:
        return Path(chosen) / PACKAGE.name / state_of_code() if is_writable(chosen) else None
    return kernel_folder()


def delete_unused(folder: Path) -> None:
    """Delete the kernels of states of the code that were not used for a month."""
    for kernels in folder.iterdir():
        with contextlib.suppress(OSError):  # another process may be deleting it
            if time.time() - kernels.stat().st_mtime > DAYS_KEPT * 24 * 3600:
                shutil.rmtree(kernels, ignore_errors=True)


def kernel(
    function: Callable | None = None, *, inline: Literal["never", "always"] = "never"
) -> Any:
    """Compile a function when it is first called, and keep the result for later processes.

    A decorator: ``@kernel``, or ``@kernel(inline="always")``. Kernels are listed in ``KERNELS``,
    and release the GIL. They are kept in the folder that the environment variable
    ``NUMBA_CACHE_DIR`` names, or else in ours. With ``NUMBA_DISABLE_JIT=1`` they are plain Python
    with the same results: a hundred times slower, for debuggers and coverage.

    Args:
        function: What to compile.
        inline: Numba's option: ``always`` for small functions that other kernels call.
    """
    if function is None:
        return functools.partial(kernel, inline=inline)
    compiled = KERNELS[f"{function.__module__}.{function.__qualname__}"] = decorate(
        function, inline
    )
    return compiled


def decorate(function: Callable, inline: Literal["never", "always"]) -> Callable:
    """A function as Numba will compile it, or in plain Python where that is switched off."""
    config: Any = numba.config
    if config.DISABLE_JIT:
        return interpreted(function)
    chosen = config.CACHE_DIR
    folder = folder_of(chosen)
    # Numba reads this while it decorates; kernels of other packages stay where Numba puts them.
    config.CACHE_DIR = str(folder or "")
    try:
        compiled = numba.njit(nogil=True, inline=inline)(function)
        if folder is not None:
            keep_in_cache(compiled, function)
        return compiled
    finally:
        config.CACHE_DIR = chosen


def interpreted(function: Callable) -> Callable:
    """A kernel in plain Python, in which numbers of 64 bits go over their ends without a warning.

    Kernels are written such that both ways give the same: every mixture of types is converted, for
    NumPy's scalars keep the type of the array they come from where compiled ones are widened.
    """

    @functools.wraps(function)
    def kernel_in_python(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*arguments)

    return kernel_in_python


class CompilationMessage(event.Listener):
    """Print one line to standard error when the first kernel of this package is compiled.

    Numba sends the event only for a kernel that is not in its cache.
    """

    def __init__(self):
        self._printed = False

    def on_start(self, compilation: event.Event) -> None:
        """Print the line, unless another said so before, or the kernel is of another package."""
        compiled = compilation.data["dispatcher"].py_func
        is_ours = compiled.__module__.split(".")[0] == PACKAGE.name
        if is_ours and not self._printed and not said_damaged():
            self._printed = True
            config: Any = numba.config
            is_kept = folder_of(config.CACHE_DIR) is not None
            print(MESSAGE if is_kept else MESSAGE_EVERY_TIME, file=sys.stderr, flush=True)

    def on_end(self, compilation: event.Event) -> None:
        """Print nothing more."""


@functools.cache
def announce_compilation() -> None:
    """From now on, print a line when the first kernel is compiled in this process."""
    event.register("numba:compile", CompilationMessage())
