"""The chess task: instances, batches, and the judge of two squares."""

import chess
import numpy as np
import pytest

from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.streams import InstanceStream

TASK = ChessPuzzleTask(split="all")


def test_an_instance_is_the_same_alone_and_among_others_and_begins_again_after_the_last():
    count = len(TASK.puzzles)
    batch = TASK.draw([5, 17, 5 + count, 2**63 - 1])
    assert batch.rows.tolist() == [5, 17, 5, (2**63 - 1) % count]
    alone = TASK.draw([17])
    assert np.array_equal(alone.planes[0], batch.planes[1])
    assert np.array_equal(alone.solutions[0], batch.solutions[1])


def test_solutions_are_the_squares_of_the_first_move():
    batch = TASK.draw(range(200))
    for index in range(200):
        move = chess.Move.from_uci(TASK.puzzles.solution(index)[0])
        squares = {move.from_square, move.to_square}
        if " b " in TASK.puzzles.fen(index):
            squares = set(map(chess.square_mirror, squares))
        assert set(np.flatnonzero(batch.solutions[index])) == squares


def test_parts_of_batches_and_replacements():
    batch, others = TASK.draw(range(10)), TASK.draw(range(50, 53))
    batch.replace(np.array([1, 4, 9]), others)
    assert batch.rows.tolist() == [0, 50, 2, 3, 51, 5, 6, 7, 8, 52]
    assert np.array_equal(batch[[1, 9]].planes, TASK.draw([50, 52]).planes)


def test_a_stream_gives_every_puzzle_once_before_it_repeats():
    task = ChessPuzzleTask(split="all", rating=[1500, 1520])
    count = len(task.puzzles)
    with InstanceStream(task, count=10) as stream:
        seen = np.concatenate([next(stream).rows for _ in range(-(-count // 10))])
    assert len(set(seen[:count].tolist())) == count


def test_the_judge_counts_equal_squares():
    batch = TASK.draw(range(50))
    solved, accuracies = TASK.judge(batch, batch.solutions)
    assert solved.all() and np.all(accuracies == 1.0)
    solved, accuracies = TASK.judge(batch, np.zeros_like(batch.solutions))
    assert not solved.any() and np.all(accuracies == 62 / 64)
    solved, accuracies = TASK.judge(batch, np.ones_like(batch.solutions))
    assert not solved.any() and np.all(accuracies == 2 / 64)
    with pytest.raises(ValueError, match="needs \\(50, 8, 8\\)"):
        TASK.judge(batch, batch.solutions[:, :7])
    with pytest.raises(ValueError, match="other values than 0 and 1"):
        TASK.judge(batch, 2 * batch.solutions)
