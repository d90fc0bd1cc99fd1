"""What chess programs are told of a thought: ``info`` lines."""

import math

from thinkenv.chess_puzzles.moves import MOVE_CODES
from thinkenv.chess_puzzles.notation import uci_of_move
from thinkenv.deep_thinking.imagination.lines import Line

# As Lichess turns centipawns into chances to win: 1 / (1 + exp(-STEEPNESS * centipawns)).
STEEPNESS = 0.00368208
LEAST_CHANCE = 1e-4  # what is nearer to 0 or 1 is told as this


def centipawns_of(value: float) -> int:
    """The centipawns at which Lichess expects to win as often as a value from 0 to 1 says."""
    value = min(max(value, LEAST_CHANCE), 1 - LEAST_CHANCE)
    return round(math.log(value / (1 - value)) / STEEPNESS)


def score_of(line: Line) -> str:
    """The score of a line: moves until mate, or centipawns."""
    if line.mate == 0:
        return f"cp {centipawns_of(line.value)}"
    moves = (abs(line.mate) + 1) // 2  # of the side that mates
    return f"mate {moves if line.mate > 0 else -moves}"


def moves_of(actions: list[int], is_black: bool) -> list[str]:
    """The moves of a line as they are played on the real board.

    Args:
        actions: Of both sides in turn, each seen from who moves.
        is_black: Whether Black moves first.
    """
    codes = MOVE_CODES[actions].tolist()
    return [uci_of_move(code, is_black ^ (ply % 2 == 1)) for ply, code in enumerate(codes)]


def info_of(
    line: Line,
    place: int,
    positions: int,
    seconds: float,
    deepest: int,
    filled: float,
    is_black: bool,
) -> str:
    """One ``info`` line.

    Args:
        line: What is told.
        place: Its place among the lines, from 1.
        positions: How many were imagined.
        seconds: How long that took.
        deepest: How many moves the longest way into the tree has.
        filled: How much of the memory is used, from 0 to 1.
        is_black: Whether Black is to move.
    """
    words = {
        "depth": len(line.actions),
        "seldepth": max(deepest, len(line.actions)),
        "multipv": place,
        "score": score_of(line),
        "nodes": positions,
        "nps": int(positions / max(seconds, 1e-3)),
        "hashfull": int(1000 * filled),
        "time": int(1000 * seconds),
        "pv": " ".join(moves_of(line.actions, is_black)),
    }
    return "info " + " ".join(f"{name} {value}" for name, value in words.items())
