"""Says that kernels are being compiled, so that nobody wonders about the very first call."""

import sys

from numba.core import event

MESSAGE = "thinkenv: compiling kernels, once on this machine (about 10 seconds) ..."


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
