"""The kernel that marks legal actions stays within bounds."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from thinkenv.chess_puzzles import moves
from thinkenv.chess_puzzles.moves import MOVE_CODES, MOVES
from thinkenv.chess_puzzles.rules import MAX_MOVES, legal_moves


def test_mark_legal():
    positions = np.array(POSITIONS)
    indices = np.array([len(positions) - 1, *range(len(positions)), 0])
    masks = np.full((len(indices), len(MOVES)), 9, np.int8)
    moves.mark_legal(positions, indices, masks)
    listed = np.empty(MAX_MOVES, np.uint16)
    for index, mask in zip(indices, masks, strict=True):
        count = legal_moves(positions[index], listed)
        assert set(MOVE_CODES[mask == 1].tolist()) == set(listed[:count].tolist())
        assert mask.sum() == count
    moves.mark_legal(positions, indices[:0], masks[:0])
