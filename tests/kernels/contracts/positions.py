"""Positions that a file may hold: all that the gate lets through, at its ends.

That is: squares of 0 to 12, one king a side, at most 16 pieces and 8 pawns a side, no pawns on the
first and last rank, castling rights only where king and rook stand, an en passant square only
behind a pawn that may have just passed it, any clocks. Nothing says that they can arise in a game,
and the side that has just moved may have left its king in check.
"""

import chess
import numpy as np

from thinkenv.chess_puzzles.notation import fen_of_position, position_of_fen
from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    CASTLING_SQUARES,
    EN_PASSANT,
    FULLMOVES,
    HALFMOVES,
    KING,
    NO_SQUARE,
    PAWN,
    POSITION_BYTES,
    QUEEN,
    ROOK,
    THEIRS,
)

# In each of these something is at its end: the most moves, corners, edges, pins, rights, clocks.
FENS = (
    "R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1",  # 218 moves
    "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 255 65535",
    "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R b KQkq - 0 0",
    "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 3 7",
    "r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 3 7",
    "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1",
    "rn2k2r/P1P4P/8/8/8/8/p1p4p/RN2K2R w KQkq - 0 1",  # promotions on edges and corners
    "7k/8/8/pP6/8/8/8/7K w - a6 0 2",  # en passant on both edges, for both colours
    "7k/8/8/6Pp/8/8/8/K7 w - h6 0 2",
    "7k/8/8/8/Pp6/8/8/7K b - a3 0 2",
    "k7/8/8/8/6pP/8/8/7K b - h3 0 2",
    "8/8/8/K2pP2r/8/8/8/7k w - d6 0 2",  # it would uncover the king
    "7k/8/8/2PpP3/8/8/8/K7 w - d6 0 2",  # two pawns may take
    "K7/8/8/8/8/8/8/7k w - - 0 1",
    "k7/8/8/8/8/8/8/6K1 b - - 0 1",
    "7k/6Q1/6K1/8/8/8/8/8 b - - 0 1",  # mate in a corner, and stalemates
    "k7/2Q5/1K6/8/8/8/8/8 b - - 0 1",
    "8/8/8/8/8/5kq1/8/7K w - - 0 1",
)


def random_position(rng: np.random.Generator) -> np.ndarray:
    """A position as a file may hold it."""
    position = np.zeros(POSITION_BYTES, np.uint8)
    squares = rng.permutation(64).tolist()
    if rng.random() < 0.5:  # kings at home, with rooks that may castle
        for king, rook in CASTLING_SQUARES:
            side = THEIRS if king >= 32 else 0
            position[king], position[rook] = side + KING, side + ROOK
        squares = [square for square in squares if position[square] == 0]
    else:
        position[squares.pop()], position[squares.pop()] = KING, THEIRS + KING
    for side in (0, THEIRS):
        there = np.count_nonzero((position[:64] > side) & (position[:64] <= side + KING))
        count = rng.choice([16 - there, rng.integers(1, 17 - there), 2])
        kinds = [QUEEN] if rng.random() < 0.3 else list(range(PAWN, KING))
        pawns = 0
        for kind in rng.choice(kinds, count).tolist():
            square = squares.pop()
            if kind == PAWN:
                pawns += 1
                if pawns > 8 or not 8 <= square < 56:
                    continue
            position[square] = side + kind
    rights = [
        position[king] == side + KING and position[rook] == side + ROOK
        for (king, rook), side in zip(CASTLING_SQUARES, (0, 0, THEIRS, THEIRS), strict=True)
    ]
    position[CASTLING] = sum(1 << bit for bit, is_there in enumerate(rights) if is_there)
    position[CASTLING] &= rng.integers(16)
    position[EN_PASSANT] = NO_SQUARE
    passed = [
        square
        for square in range(40, 48)
        if position[square] == position[square + 8] == 0 and position[square - 8] == THEIRS + PAWN
    ]
    if passed:
        position[EN_PASSANT] = rng.choice(passed)
    position[BLACK] = rng.integers(2)
    position[HALFMOVES] = rng.choice([0, 1, 99, 100, 254, 255])
    position[FULLMOVES:] = rng.choice([0, 1, 255], 2)
    return position


def board_of(position: np.ndarray) -> chess.Board | None:
    """The same position for python-chess; None if it would not take it for a position."""
    board = chess.Board(fen_of_position(position))
    # That a side has more pieces than it can come to have does not matter to its rules.
    matters = chess.STATUS_OPPOSITE_CHECK | chess.STATUS_BAD_CASTLING_RIGHTS
    return None if board.status() & matters else board


CHOSEN = [position_of_fen(fen) for fen in FENS]
RANDOM = [random_position(rng) for rng in np.random.default_rng(21).spawn(60)]
POSITIONS = CHOSEN + RANDOM
