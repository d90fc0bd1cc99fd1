"""What a chess program can set: ``option`` and ``setoption``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from thinkenv.checks import check_choice, check_integer, suggestion
from thinkenv.deep_thinking.uci.words import whole_number

LONGEST_TEXT = 1000  # characters of a name or a path
MOST_MOVES = 218  # that a position of chess is known to have


@dataclass(frozen=True)
class Options:
    """What is set; the names in UCI are those of ``KINDS``."""

    agent: str = "chess"
    """The agent: one that comes with the package, or a folder."""
    iterations: int = 0
    """Of the first thought; 0 for as many as in training."""
    leaves: int = 8
    """How many positions are imagined at a time, which is faster."""
    candidates: int = 8
    """How many moves of a position are tried at most."""
    multipv: int = 1
    """How many lines are told."""
    hash: int = 512
    """About how much memory imagined positions may take, in MiB."""
    threads: int = 1
    """How many threads compute."""
    precision: str = "auto"
    """What products are computed in; auto for what is faster here."""
    ponder: bool = False
    """Told by programs that let engines think while the opponent does; nothing depends on it."""

    def changed(self, name: str, text: str) -> "Options":
        """The same with one of them set.

        Args:
            name: Its name in UCI; capitals do not matter.
            text: What it is set to.

        Raises:
            ValueError: If there is no such option, or this cannot be its value.
        """
        by_name = {kind.name.lower(): kind for kind in KINDS}
        if name.lower() not in by_name:
            names = [kind.name for kind in KINDS]
            raise ValueError(f"there is no option {name!r:.100}{suggestion(name, names)}")
        kind = by_name[name.lower()]
        return replace(self, **{kind.field: kind.read(text)})


@dataclass(frozen=True)
class Kind:
    """What an option is called, and what it can be set to.

    Attributes:
        name: Its name in UCI.
        field: Its name in ``Options``.
        span: The least and the greatest number, where it is one.
        choices: What it is one of.
    """

    name: str
    field: str
    span: tuple[int, int] | None = None
    choices: Sequence[str] = ()

    def told(self, value: object) -> str:
        """The line that tells programs of this option, with the value that it has at first."""
        said = f"option name {self.name} type"
        if self.span is not None:
            return f"{said} spin default {value} min {self.span[0]} max {self.span[1]}"
        if isinstance(value, bool):
            return f"{said} check default {str(value).lower()}"
        if self.choices:
            choices = " ".join(f"var {choice}" for choice in self.choices)
            return f"{said} combo default {value} {choices}"
        return f"{said} string default {value}"

    def read(self, text: str) -> Any:
        """The value that a text stands for.

        Raises:
            ValueError: If it cannot be one.
        """
        if self.span is not None:
            return check_integer(self.name, whole_number(self.name, text), *self.span)
        if self.field == "ponder":
            return check_choice(self.name, text.lower(), ("true", "false")) == "true"
        if self.choices:
            return check_choice(self.name, text.lower(), self.choices)
        if not 0 < len(text) <= LONGEST_TEXT:
            raise ValueError(
                f"{self.name} must be a text of 1 to {LONGEST_TEXT} characters, got {len(text)}"
            )
        return text


KINDS = (
    Kind("Agent", "agent"),
    Kind("Iterations", "iterations", (0, 100_000)),
    Kind("Leaves", "leaves", (1, 256)),
    Kind("Candidates", "candidates", (1, MOST_MOVES)),
    Kind("MultiPV", "multipv", (1, MOST_MOVES)),
    Kind("Hash", "hash", (1, 2**20)),
    Kind("Threads", "threads", (1, 256)),
    Kind("Precision", "precision", choices=("auto", "float32", "bfloat16")),
    Kind("Ponder", "ponder"),
)
