"""The fast kernels for size 9 give exactly the mazes and splits of the general ones."""

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes.endpoints import ENDPOINTS
from thinkenv.mazes.generators import GENERATORS
from thinkenv.mazes.size_nine import canonical_hash_of_edges
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.mazes.task import MazeTask, draw_mazes
from thinkenv.tasks.splits import PERCENT_OF_SPLIT, SPLITS


@pytest.mark.parametrize("split", SPLITS)
def test_mazes_are_those_of_the_general_kernel(split):
    task = MazeTask(size=9, split=split)
    batch = task.draw(np.arange(5000))
    count, cells = len(batch), task.side**2
    grids = np.empty((count, cells), np.uint8)
    solutions = np.zeros((count, cells), np.uint8)
    path_lengths = np.empty(count, np.int32)
    unique = np.empty(count, np.bool_)
    failed = draw_mazes(
        np.arange(count, dtype=np.uint64),
        task.key,
        task.rooms,
        GENERATORS["dfs"],
        0.0,
        ENDPOINTS["any"],
        *PERCENT_OF_SPLIT[split],
        grids,
        solutions,
        path_lengths,
        unique,
    )
    assert failed == -1
    assert np.array_equal(batch.grids.reshape(count, cells), grids)
    assert np.array_equal(batch.solutions.reshape(count, cells), solutions)
    assert np.array_equal(batch.path_lengths, path_lengths)
    assert np.array_equal(batch.unique, unique)


def edges_of(grid: np.ndarray) -> np.uint64:
    """The 40 cells between two rooms, read row by row, as one number."""
    row, column = np.indices(grid.shape)
    inside = (row > 0) & (row < 10) & (column > 0) & (column < 10)
    between = grid[inside & (row % 2 != column % 2)] != 0
    return np.uint64(int("".join(map(str, between.astype(int))), 2))


@pytest.mark.parametrize("generator", ["dfs", "prim"])
def test_the_hash_of_edges_is_the_canonical_hash(generator):
    for grid in mazes.generate(9, 300, split="all", generator=generator, loops=0.1).grids:
        expected = canonical_hash((grid != 0).astype(np.uint8).reshape(-1), 11)
        assert canonical_hash_of_edges(edges_of(grid), edges_of(grid.T)) == expected
