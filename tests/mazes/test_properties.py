"""Properties against hand-drawn mazes and plain Python; selection that always ends."""

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes.task import MazeTask

from .test_solving import RING, TREE, read


def fill_slowly(grid: np.ndarray) -> tuple[np.ndarray, int]:
    """Dead-end filling by the definition: all at once, round after round."""
    free = grid != 0
    rounds = 0
    while True:
        exits = sum(np.roll(free, shift, axis).astype(int) for shift in (-1, 1) for axis in (0, 1))
        dead = free & (grid == 1) & (exits <= 1)
        if not dead.any():
            return free.astype(np.uint8), rounds
        free = free & ~dead
        rounds += 1


def test_hand_drawn_maze():
    grid, path = read(TREE)
    remaining, rounds = mazes.fill_dead_ends(grid)
    assert np.array_equal(remaining, path)
    assert rounds == 4  # both dead ends, upper right and lower left, are four cells long


def test_a_ring_is_not_filled():
    grid, both = read(RING)
    remaining, rounds = mazes.fill_dead_ends(grid)
    assert np.array_equal(remaining, both)
    assert rounds == 1  # of the one cell that is walled in


@pytest.mark.parametrize("loops", [0.0, 0.1])
@pytest.mark.parametrize("generator", list(mazes.GENERATORS))
def test_filling_equals_the_definition_and_leaves_the_path(generator, loops):
    batch = mazes.generate(21, 40, split="all", generator=generator, loops=loops)
    rounds = mazes.measure(batch)["filling_rounds"]
    for index, grid in enumerate(batch.grids):
        remaining, count = mazes.fill_dead_ends(grid)
        slow_remaining, slow_count = fill_slowly(grid)
        assert np.array_equal(remaining, slow_remaining)
        assert count == slow_count == rounds[index]
        assert np.all(remaining >= batch.solutions[index])
        if loops == 0:
            assert np.array_equal(remaining, batch.solutions[index])


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
        (dict(size=(9, 9)), "size=.*: properties are path_length"),
        (dict(path_length=5), r"path_length=5: needs \(lowest, highest\)"),
    ],
)
def test_what_cannot_be_found_is_said(arguments, words):
    with pytest.raises(ValueError, match=words):
        mazes.select(MazeTask(size=9), 5, most_tried=2000, **arguments)
