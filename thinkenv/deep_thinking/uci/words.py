"""Words of commands: numbers, and positions."""

import re
from collections.abc import Sequence

import numpy as np

from thinkenv.chess_puzzles.notation import move_of_text, position_of_fen
from thinkenv.chess_puzzles.rules import play

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
LONGEST_FEN = 200  # characters; those of possible positions have fewer than 100
NUMBER = re.compile(r"[+-]?[0-9]{1,18}")


def whole_number(name: str, word: str) -> int:
    """The whole number that a word is.

    Raises:
        ValueError: If it is none.
    """
    if not NUMBER.fullmatch(word):
        raise ValueError(f"{name} must be a whole number of at most 18 digits, got {word!r:.40}")
    return int(word)


def read_position(words: Sequence[str]) -> np.ndarray:
    """The position that the words after ``position`` describe, ``(POSITION_BYTES,)`` uint8.

    Raises:
        ValueError: If they do not describe a possible one, or a move is not legal.
    """
    end = words.index("moves") if "moves" in words else len(words)
    kind, *fields = words[:end] or [""]
    fen = START if kind == "startpos" else " ".join(fields)
    if kind not in ("startpos", "fen") or (kind == "startpos" and fields):
        raise ValueError(f"position must be startpos or fen and a FEN, got {' '.join(words)!r:.60}")
    if len(fen) > LONGEST_FEN:
        raise ValueError(f"fen must have at most {LONGEST_FEN} characters, got {len(fen)}")
    position = position_of_fen(fen)
    for number, word in enumerate(words[end + 1 :], 1):
        try:
            play(position, move_of_text(position, word[:20]))
        except ValueError as error:
            raise ValueError(f"{error}, as move {number}") from None
    return position
