"""Baselines do what their names say."""

import networkx
import numpy as np
import pytest

from thinkenv import mazes, prefix_sums
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.suites import baselines


def test_the_exact_baseline_solves_mazes_and_strings_and_refuses_chess():
    batch = mazes.generate(size=13, count=5, loops=0.2)
    for grid, answer in zip(batch.grids, baselines.exact(batch.grids), strict=True):
        graph = networkx.grid_2d_graph(*grid.shape)
        graph.remove_nodes_from(map(tuple, np.argwhere(grid == mazes.WALL)))
        start, goal = (tuple(np.argwhere(grid == code)[0]) for code in (mazes.START, mazes.GOAL))
        assert answer.sum() == networkx.shortest_path_length(graph, start, goal) + 1
    apart = mazes.generate(13, 5, generator="percolation", endpoints="unreachable").grids
    assert not baselines.exact(apart).any()
    bits = prefix_sums.generate(bits=20, count=3).bits
    assert np.array_equal(baselines.exact(bits), np.cumsum(bits, axis=1) % 2)
    with pytest.raises(ValueError, match="no exact reference"):
        baselines.exact(ChessPuzzleTask(split="test").draw([0]).planes)


def test_dead_end_filling_stops_after_its_rounds():
    grids = mazes.generate(size=33, count=6).grids
    whole = baselines.DeadEndFilling()(grids)
    assert (
        whole.stopping == "converged"
        and whole.converged.all()
        and np.array_equal(whole.answer, baselines.exact(grids))
    )
    few = baselines.DeadEndFilling(3)(grids)
    assert not few.converged.any() and (few.iterations == 3).all()
    left = grids > 0
    for _ in range(3):  # plain NumPy, all cells at once
        ways = np.zeros(left.shape, int)
        for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
            ways += np.roll(left, step, axis)
        left &= (ways > 1) | (grids > 1)
    assert np.array_equal(few.answer, left)
    assert np.array_equal(baselines.DeadEndFilling(0)(grids).answer, grids > 0)
    enough = int(whole.iterations.max())
    assert baselines.DeadEndFilling(enough)(grids).converged.all()
    assert not baselines.DeadEndFilling(enough - 1)(grids).converged.all()


def test_random_and_empty_answers_have_the_shape_of_answers():
    planes = ChessPuzzleTask(split="test").draw(np.arange(50)).planes
    squares = baselines.RandomAnswers()(planes)
    assert squares.shape == (50, 8, 8) and (squares.sum(axis=(1, 2)) == 2).all()
    assert baselines.empty_answer(planes).shape == (50, 8, 8)
    bits = prefix_sums.generate(bits=100, count=50).bits
    guess = baselines.RandomAnswers(1)(bits)
    assert guess.shape == bits.shape and 0.45 < guess.mean() < 0.55
    again = baselines.RandomAnswers(1)
    again(bits[:7])  # what was queried before does not matter
    assert np.array_equal(guess[20:30], again(bits[20:30]))
    assert not np.array_equal(guess, baselines.RandomAnswers(2)(bits))
