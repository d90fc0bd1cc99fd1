"""How long to think about a move: the words after ``go``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from thinkenv.deep_thinking.uci.words import whole_number

# Thinking ends so long before the time is up, for what it takes until the program knows.
OVERHEAD = 0.05  # seconds
# Of what a clock shows, a move gets a share as if there were so many to play, but never more than
# that of all.
MOVES_TO_GO, LARGEST_SHARE = 30, 0.8
# What is imagined where a program names no limits, or limits that mean nothing here.
ORDINARY_POSITIONS = 256

NUMBERS = (
    *("wtime", "btime", "winc", "binc", "movestogo", "movetime"),
    *("nodes", "depth", "mate"),
)
FLAGS = ("infinite", "ponder")


@dataclass
class Limits:
    """When to stop thinking: at the first of these.

    Attributes:
        positions: So many are imagined.
        seconds: So many have passed.
        mate: The tree shows a mate in so many moves.
        is_infinite: Whether to answer only when told to stop.
        is_pondering: Whether to answer only when told to stop, or to go on as if told to go.
        moves: The moves to choose from; None for all.
        remarks: What of the words was not understood, or has no meaning for agents.
    """

    positions: int | None = None
    seconds: float | None = None
    mate: int | None = None
    is_infinite: bool = False
    is_pondering: bool = False
    moves: list[str] | None = None
    remarks: list[str] = field(default_factory=list)


def read_limits(words: Sequence[str], is_black: bool) -> Limits:
    """The limits that the words after ``go`` stand for.

    Whatever they are, there are limits, unless there are expressly to be none (``infinite``): a
    program that says ``go`` waits for a move. What is not understood is left out, and what is less
    than 0 counts as 0.

    Args:
        words: The words.
        is_black: Whether Black is to move.
    """
    limits = Limits()
    numbers: dict[str, int] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in NUMBERS:
            try:
                numbers[word] = max(0, whole_number(word, rest.pop(0) if rest else ""))
            except ValueError as error:
                limits.remarks.append(str(error))
        elif word == "searchmoves":
            limits.moves = []
            while rest and rest[0] not in (*NUMBERS, *FLAGS, word):
                limits.moves.append(rest.pop(0))
        elif word not in FLAGS:
            limits.remarks.append(f"go: {word!r:.40} is not known")
    limits.is_infinite, limits.is_pondering = ("infinite" in words, "ponder" in words)
    limits.positions, limits.mate = numbers.get("nodes"), numbers.get("mate")
    limits.seconds = seconds_of(numbers, is_black)
    if "depth" in numbers:
        limits.remarks.append("agents imagine lines of any depth: the depth is ignored")
    is_unlimited = limits.positions is limits.mate is limits.seconds is None
    if is_unlimited and not limits.is_infinite:
        limits.positions = ORDINARY_POSITIONS
    return limits


def seconds_of(numbers: dict[str, int], is_black: bool) -> float | None:
    """How long to think where times are told, in milliseconds: of the move, or of the clock."""
    limits = []
    if "movetime" in numbers:
        limits.append(numbers["movetime"] / 1000)
    side = "b" if is_black else "w"
    if f"{side}time" in numbers:
        left, more = numbers[f"{side}time"] / 1000, numbers.get(f"{side}inc", 0) / 1000
        moves = min(max(numbers.get("movestogo", MOVES_TO_GO), 1), MOVES_TO_GO)
        limits.append(min(left / moves + LARGEST_SHARE * more, LARGEST_SHARE * left))
    return max(0.0, min(limits) - OVERHEAD) if limits else None
