"""The kernel that plays moves in the head stays within bounds, and knows when a game is over."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_playing import moves_of
from thinkenv.chess_puzzles import consequences
from thinkenv.chess_puzzles.consequences import NOT_OVER, NOT_WON, WON
from thinkenv.chess_puzzles.rules import flip, is_check, play


def test_follow():
    pairs = [(position, move) for position in POSITIONS for move in moves_of(position)]
    before = np.array([position for position, _ in pairs])
    codes = np.array([move for _, move in pairs], np.uint16)
    for theirs in (False, True):
        positions = before.copy()
        turns = np.full(len(pairs), theirs)
        after, shown = np.full_like(positions, 9), np.full_like(positions, 9)
        results = np.empty(len(pairs))
        consequences.follow(positions, codes, turns, after, shown, results)
        assert np.array_equal(positions, before)
        for index, (position, move) in enumerate(pairs):
            expected = position.copy()
            play(expected, move)
            assert np.array_equal(after[index], expected)
            result = NOT_OVER
            if not moves_of(expected):
                result = WON if is_check(expected) and not theirs else NOT_WON
            assert results[index] == result
            if not theirs:
                flip(expected)
            assert np.array_equal(shown[index], expected)
        nothing = (positions[:0], codes[:0], turns[:0], after[:0], shown[:0], results[:0])
        consequences.follow(*nothing)
