"""EPD: a position on each line, with its best move, such as ``bm Nf3; id "BK.01";``.

The solver moves first, so a puzzle has no move of the opponent before it, no rating, and a solution
of one move. A position with several best moves is refused, because a puzzle has one solution.
"""

import re
from collections.abc import Iterator

from thinkenv.chess_puzzles.epd import best_moves_of, parse_epd
from thinkenv.chess_puzzles.lichess_rows import COLUMNS, FEN, ID, MOVES
from thinkenv.chess_puzzles.notation import error_code, move_of_text, position_of_fen, uci_of_move
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.chess_puzzles.tables.rows import Row, name_of_line
from thinkenv.chess_puzzles.tables.text import numbered_lines

BAD_OPERATIONS = error_code('EPD: the operations are not written as in: bm Nf3; id "1";')
NO_BEST_MOVE = error_code("EPD: no best move is given (bm)")
MANY_BEST_MOVES = error_code("EPD: several best moves are given (bm), and a puzzle has one")
BAD_BEST_MOVE = error_code("EPD: the best move (bm) is not a legal move")

BOARD = re.compile(r"[pnbrqkPNBRQK1-8]+(/[pnbrqkPNBRQK1-8]+){7}\s+[wWbB]\s")
COMMENT = ("#", "%")
NO_SETUP = "0000"  # UCI's move that is none: the position is the one to solve


def is_epd(line: str) -> bool:
    """Whether a line begins as one of EPD."""
    return BOARD.match(line) is not None


def read_rows(first: bytes, texts: Iterator[bytes]) -> Iterator[Row]:
    """The rows of a file of EPD.

    Args:
        first: The first whole lines.
        texts: Those that follow.
    """
    for number, line in numbered_lines(first, texts):
        if not line.startswith(COMMENT):
            yield number, read_line(line, number)


def read_line(line: str, number: int) -> list[str] | int:
    """The values of a line in the order of Lichess's columns, or why it is refused."""
    try:
        fen, operations = parse_epd(line)
    except ValueError:
        return BAD_OPERATIONS
    values = [""] * len(COLUMNS)
    values[ID] = operations.get("id", "").strip() or name_of_line(number)
    values[FEN] = fen
    values[MOVES] = NO_SETUP
    try:
        position = position_of_fen(fen)
    except ValueError:
        return values  # refused for what is wrong with the FEN
    best = best_moves_of(operations)
    if not best:
        return NO_BEST_MOVE
    try:
        moves = {move_of_text(position, text) for text in best}
    except ValueError:
        return BAD_BEST_MOVE if len(best) == 1 else MANY_BEST_MOVES
    if len(moves) > 1:
        return MANY_BEST_MOVES
    move = moves.pop()
    values[MOVES] += " " + uci_of_move(move, bool(position[BLACK]))
    return values
