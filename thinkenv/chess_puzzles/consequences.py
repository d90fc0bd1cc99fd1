"""What moves lead to, for who thinks about them: positions, and whether the game is over."""

import numpy as np

from thinkenv.chess_puzzles.rules import MAX_MOVES, flip, is_check, legal_moves, play
from thinkenv.kernels.compilation import kernel

# What a game that is over is worth to the thinker; less than both where it is not over. A stalemate
# is no win, and puzzles are there to be won.
NOT_OVER, NOT_WON, WON = -1.0, 0.0, 1.0


@kernel
def follow(positions, codes, is_their_move, after, shown, results):
    """Play a move in each of some positions.

    Assumes positions, as many legal moves of them, and room for as many results.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8, seen from who moves.
        codes: ``(n,)`` uint16, the moves.
        is_their_move: ``(n,)`` bool, whether it is the thinker's opponent who moves.
        after: ``(n, POSITION_BYTES)`` uint8, filled: the positions that follow, seen from who moves
            there.
        shown: ``(n, POSITION_BYTES)`` uint8, filled: the same, seen from the thinker.
        results: ``(n,)`` float64, filled: ``WON`` or ``NOT_WON`` where there is no legal move.
    """
    moves = np.empty(MAX_MOVES, np.uint16)
    for index in range(len(positions)):
        after[index] = positions[index]
        play(after[index], np.int64(codes[index]))
        shown[index] = after[index]
        if not is_their_move[index]:
            flip(shown[index])
        results[index] = NOT_OVER
        if legal_moves(after[index], moves) == 0:
            is_mate_by_thinker = not is_their_move[index] and is_check(after[index])
            results[index] = WON if is_mate_by_thinker else NOT_WON
