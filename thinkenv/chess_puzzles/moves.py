"""The moves that agents choose from, as UCI strings, and their codes."""

import numpy as np

from thinkenv.chess_puzzles.notation import move_of_uci, uci_of_move
from thinkenv.chess_puzzles.rules import (
    A8,
    KNIGHT_STEPS,
    LINES,
    MAX_MOVES,
    NO_SQUARE,
    PROMOTIONS,
    UP,
    legal_moves,
)
from thinkenv.kernels.compilation import kernel


def all_moves() -> tuple[str, ...]:
    """Every move that a piece can make on an empty board, seen from the side that moves.

    Pawns move up, so that promotions are on the eighth rank only.
    """
    moves = []
    for origin in range(64):
        targets = np.append(LINES[origin], KNIGHT_STEPS[origin])
        for target in targets[targets != NO_SQUARE].tolist():
            move = origin | target << 6
            moves.append(move)
            # A pawn may come from there, too.
            if origin < A8 <= target and abs(target - origin - UP) <= 1:
                moves += [move | promotion << 12 for promotion in PROMOTIONS]
    return tuple(sorted(uci_of_move(move, is_black=False) for move in moves))


MOVES = all_moves()
MOVE_CODES = np.array([move_of_uci(uci, is_black=False) for uci in MOVES], np.uint16)

# The action of every move code, the reverse of ``MOVE_CODES``; codes that are not moves do not
# matter. A code is less than this, since a promotion is at most 4.
ACTION_OF_CODE = np.zeros((len(PROMOTIONS) + 1) << 12, np.int16)
ACTION_OF_CODE[MOVE_CODES] = np.arange(len(MOVES))


@kernel
def mark_legal(positions, indices, masks):
    """Mark the legal actions of some positions.

    Assumes positions, indices of them, and as many masks as indices.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8.
        indices: ``(count,)`` int64, which of them.
        masks: ``(count, len(MOVES))`` int8, overwritten: 1 for the legal ones.
    """
    moves = np.empty(MAX_MOVES, np.uint16)
    masks[:] = 0
    for index in range(len(indices)):
        count = legal_moves(positions[indices[index]], moves)
        for move in moves[:count]:
            masks[index, ACTION_OF_CODE[move]] = 1
