"""The fast kernels for size 9 give exactly the mazes and splits of the general ones."""

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes.endpoints import ANY
from thinkenv.mazes.generators import DFS
from thinkenv.mazes.sampling import draw_in_lanes, draw_one_by_one
from thinkenv.mazes.size_nine import canonical_hash_of_edges
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.mazes.task import MazeTask
from thinkenv.tasks.splits import PERCENT_OF_SPLIT, SPLITS


@pytest.mark.parametrize("split", SPLITS)
def test_mazes_are_those_of_the_general_kernels(split):
    task = MazeTask(size=9, split=split)
    batch = task.draw(np.arange(5000))
    drawn = batch.copy()
    arguments = (0.0, ANY, PERCENT_OF_SPLIT[split], drawn.flat())
    instances = np.arange(5000, dtype=np.uint64)
    for draw, codes in ((draw_in_lanes, ()), (draw_one_by_one, (DFS,))):
        for column in drawn.flat():
            column[:] = 0
        assert draw(instances, task.key, task.rooms, *codes, *arguments) == -1
        for name, column in batch.columns().items():
            assert np.array_equal(column, drawn.columns()[name]), name


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
