"""The keys of a terminal, one by one, and a screen that is drawn anew after each."""

import contextlib
import os
import select
import shutil
import sys
from collections.abc import Iterator

try:
    import termios
    import tty
except ImportError:  # on Windows: lines are read there
    termios = None  # type: ignore[assignment]

# What terminals send for the arrow keys, in both of their modes; a lone escape is the key itself.
ESCAPE = "\x1b"
ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
ESCAPE_SECONDS = 0.05  # how long the rest of a sequence may take to come

OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
TOP_LEFT, REST_OF_LINE, REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


def is_terminal() -> bool:
    """Whether keys can be read one by one, and drawn over what was there."""
    return termios is not None and all(
        stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)
    )


def check_input() -> None:
    """Check that there is a standard input: a terminal, or lines that are piped in.

    Raises:
        ValueError: If it was closed, as in ``thinkenv play maze <&-``.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise ValueError(
            "the standard input is closed: play in a terminal, pipe lines in, or use --window"
        )


class Keyboard:
    """Reads keys from the standard input, which is a terminal.

    Attributes:
        waiting: Characters that came with the last key.
    """

    def __init__(self) -> None:
        self.file = sys.stdin.fileno()
        self.waiting = ""

    def read(self) -> str:
        """The next key: a character, ``up``, ``right``, ``down``, ``left`` or ``escape``.

        It is empty where there is no terminal any more.
        """
        if not self.waiting:
            self._receive()
        key, self.waiting = self.waiting[:1], self.waiting[1:]
        if key != ESCAPE:
            return key
        if not self.waiting and select.select([self.file], [], [], ESCAPE_SECONDS)[0]:
            self._receive()
        if self.waiting[:1] not in ("[", "O"):
            return "escape"
        # A sequence ends with its first letter; others than arrows mean nothing here.
        end = next((at for at in range(1, len(self.waiting)) if self.waiting[at].isalpha()), 0)
        letter, self.waiting = self.waiting[end], self.waiting[end + 1 :]
        return ARROWS.get(letter, "another")

    def _receive(self) -> None:
        self.waiting += os.read(self.file, 1024).decode(errors="ignore")


@contextlib.contextmanager
def key_by_key() -> Iterator[Keyboard]:
    """A keyboard whose keys come at once and are not shown, on a screen of its own.

    The terminal is as before afterwards, whatever happened.
    """
    keyboard = Keyboard()
    before = termios.tcgetattr(keyboard.file)
    try:
        tty.setcbreak(keyboard.file)
        sys.stdout.write(OTHER_SCREEN)
        yield keyboard
    finally:
        termios.tcsetattr(keyboard.file, termios.TCSADRAIN, before)
        sys.stdout.write(FIRST_SCREEN)
        sys.stdout.flush()


def draw(text: str, columns: int) -> None:
    """Show text, from the upper left, instead of what was on the screen; lines do not wrap."""
    lines = "".join(f"{line[:columns]}{REST_OF_LINE}\n" for line in text.splitlines())
    sys.stdout.write(f"{TOP_LEFT}{lines}{REST_OF_SCREEN}")
    sys.stdout.flush()


def screen_size() -> tuple[int, int]:
    """Rows and columns of the terminal."""
    size = shutil.get_terminal_size()
    return size.lines, size.columns
