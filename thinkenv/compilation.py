"""How kernels are compiled, where they are kept, and what is said meanwhile."""

import functools
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numba
from numba.core import event

from thinkenv.cache_folder import cache_folder

MESSAGE = "thinkenv: compiling kernels, once on this machine (about 10 seconds) ..."


@functools.cache
def kernel_folder() -> Path:
    """Where compiled kernels are kept: in the cache folder, apart for each state of the sources.

    Numba itself would write beside the sources, and would notice a change of a kernel's own file
    but not of the kernels in other files that it calls.
    """
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return cache_folder() / "kernels" / digest.hexdigest()[:16]


def kernel(
    function: Callable | None = None, *, inline: Literal["never", "always"] = "never"
) -> Any:
    """Compile a function when it is first called, and keep the result for later processes.

    A decorator: ``@kernel``, or ``@kernel(inline="always")``. Kernels release the GIL. The folder
    that the environment variable ``NUMBA_CACHE_DIR`` names, if any, goes before ours.

    Args:
        function: What to compile.
        inline: Numba's: ``always`` for small ones that other kernels call.
    """
    if function is None:
        return functools.partial(kernel, inline=inline)
    config: Any = numba.config
    chosen = config.CACHE_DIR
    # Numba looks at this while it decorates; other people's kernels are to stay where they were.
    config.CACHE_DIR = chosen or str(kernel_folder())
    try:
        return numba.njit(cache=True, nogil=True, inline=inline)(function)
    finally:
        config.CACHE_DIR = chosen


class CompilationMessage(event.Listener):
    """Prints one line on the standard error when the first kernel of this package is compiled.

    Numba sends the event only for a kernel that is not in its cache.
    """

    def __init__(self):
        self._printed = False

    def on_start(self, compilation: event.Event) -> None:
        """Print the line, unless it was printed before or the kernel is somebody else's."""
        kernel = compilation.data["dispatcher"].py_func
        if not self._printed and kernel.__module__.split(".")[0] == __package__:
            self._printed = True
            print(MESSAGE, file=sys.stderr, flush=True)

    def on_end(self, compilation: event.Event) -> None:
        """Nothing more to say."""


def announce_compilation() -> None:
    """Have the line printed when kernels are compiled in this process."""
    event.register("numba:compile", CompilationMessage())
