"""Kernels that judge answers in squares stay within bounds."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_packing import packed_positions
from thinkenv.chess_puzzles import task
from thinkenv.chess_puzzles.rules import mates_between


def test_mark_squares():
    for kind in (np.uint16, np.int32):
        moves = np.arange(1 << 16).astype(kind)
        squares = np.zeros((len(moves), 64), np.uint8)
        task.mark_squares(moves, squares)
        assert np.array_equal(squares.sum(1), 2 - ((moves & 63) == (moves >> 6 & 63)))
    task.mark_squares(moves[:0], squares[:0])


def test_judge_squares():
    packed = packed_positions()
    rng = np.random.default_rng(8)
    count = 3000
    rows = rng.integers(len(packed), size=count)
    rows[:2] = 0, len(packed) - 1
    first_moves = rng.integers(1 << 16, size=count).astype(np.int32)
    answers = np.zeros((count, 64), np.uint8)
    for answer, marked in zip(answers, rng.integers(4, size=count), strict=True):
        answer[rng.permutation(64)[:marked]] = 1
    answers[0], answers[1] = 0, 1
    solved, accuracies = np.empty(count, np.bool_), np.empty(count)
    task.judge_squares(packed, rows, first_moves, answers, solved, accuracies)
    assert accuracies.min() >= 0 and accuracies.max() <= 1
    for index in range(0, count, 50):
        origin, target = first_moves[index] & 63, first_moves[index] >> 6 & 63
        marked = np.flatnonzero(answers[index]).tolist()
        expected = sorted([origin, target]) == marked
        if len(marked) == 2:
            position = POSITIONS[rows[index]]
            expected |= any(mates_between(position, *pair) for pair in (marked, marked[::-1]))
        assert solved[index] == expected
    task.judge_squares(packed, rows[:0], first_moves[:0], answers[:0], solved[:0], accuracies[:0])
