"""Dead-end filling against hand-drawn mazes and the definition in plain Python."""

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes.task import MazeTask

from .test_solving import RING, TREE, read


def fill_slowly(grid: np.ndarray) -> np.ndarray:
    """The round in which each cell is filled, by the definition: all at once, round by round."""
    free = grid != 0
    rounds = np.where(free, -1, 0)
    while True:
        exits = sum(np.roll(free, shift, axis).astype(int) for shift in (-1, 1) for axis in (0, 1))
        dead = free & (grid == 1) & (exits <= 1)
        if not dead.any():
            return rounds
        rounds[dead] = rounds.max(initial=0) + 1
        free = free & ~dead


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
@pytest.mark.parametrize("generator", list(mazes.OF_LATTICES))
def test_filling_equals_the_definition_and_leaves_the_path(generator, loops):
    task = MazeTask(21, "all", generator, loops)
    batch = task.draw(range(40))
    rounds = task.filling_rounds(batch)
    assert rounds.shape == batch.grids.shape and rounds.dtype == np.int32
    measured = mazes.measure(batch)["filling_rounds"]
    for index, grid in enumerate(batch.grids):
        slow = fill_slowly(grid)
        assert np.array_equal(rounds[index], slow)
        last = max(0, slow.max())
        assert measured[index] == last
        for max_rounds in (0, 1, 2, 5, last, last + 1, None):
            remaining, count = mazes.fill_dead_ends(grid, max_rounds)
            stop = last if max_rounds is None else min(last, max_rounds)
            assert count == stop
            assert np.array_equal(remaining, (slow == -1) | (slow > stop))
        assert np.all(remaining >= batch.solutions[index])
        if loops == 0:
            assert np.array_equal(remaining, batch.solutions[index])


def test_a_maze_that_is_all_path_is_not_filled_at_all():
    grid = np.array([[0, 0, 0, 0, 0], [0, 2, 1, 3, 0], [0, 0, 0, 0, 0]])
    remaining, rounds = mazes.fill_dead_ends(grid)
    assert np.array_equal(remaining, grid != 0) and rounds == 0


def test_no_mazes_have_no_rounds():
    task = MazeTask(9)
    assert task.filling_rounds(task.draw([])).shape == (0, 11, 11)


@pytest.mark.parametrize(("max_rounds", "error"), [(-1, ValueError), (1.0, TypeError)])
def test_wrong_numbers_of_rounds_are_refused(max_rounds, error):
    with pytest.raises(error, match=f"max_rounds must be an integer in .*, got {max_rounds}"):
        mazes.fill_dead_ends(read(TREE)[0], max_rounds)
