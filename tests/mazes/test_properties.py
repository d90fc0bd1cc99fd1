"""Properties against a count by hand; selection that always ends."""

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes.task import MazeTask


def test_properties_equal_a_count_by_hand():
    batch = mazes.generate(13, 50, split="all", loops=0.1)
    measured = mazes.measure(batch)
    assert tuple(measured) == mazes.PROPERTIES
    for index, grid in enumerate(batch.grids):
        free = grid != 0
        exits = [
            free[row - 1, column]
            + 0
            + free[row + 1, column]
            + free[row, column - 1]
            + free[row, column + 1]
            for row, column in np.argwhere(free)
        ]
        assert measured["junctions"][index] == sum(ways >= 3 for ways in exits)
        assert measured["dead_ends"][index] == sum(ways == 1 for ways in exits)
        assert measured["path_length"][index] == batch.solutions[index].sum()
        assert measured["path_share"][index] == batch.solutions[index].sum() / free.sum()


def test_selection_gives_the_first_that_fit():
    task = MazeTask(size=13, split="test")
    chosen = mazes.select(task, 30, seed=2, path_length=(40, 60), junctions=(None, 5))
    everything = mazes.generate(13, 3000, seed=2, split="test")
    measured = mazes.measure(everything)
    fits = (measured["path_length"] >= 40) & (measured["path_length"] <= 60)
    fits &= measured["junctions"] <= 5
    assert chosen.instances.tolist() == everything.instances[fits][:30].tolist()
    assert np.array_equal(chosen.grids, everything.grids[fits][:30])
    assert len(mazes.select(task, 0)) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(path_length=(10_000, None)), "only 0 of count=5 mazes found in 2,000 tried with"),
        (dict(size=(9, 9)), r"bounds must be of path_length, .*, got size=\(9, 9\)"),
        (dict(path_length=5), r"path_length must be \(lowest, highest\), .*, got 5"),
    ],
)
def test_what_cannot_be_found_is_said(arguments, words):
    with pytest.raises(ValueError, match=words):
        mazes.select(MazeTask(size=9), 5, max_tries=2000, **arguments)
