"""The kernels of size 9 stay within their tables, and agree with the general ones."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import assert_solved, columns_of, stream
from thinkenv.mazes import size_nine
from thinkenv.mazes.endpoints import ANY
from thinkenv.mazes.generators import DFS
from thinkenv.mazes.sampling import draw_one_by_one
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.tasks.splits import PERCENT_OF_SPLIT

INSIDE = {"smallest_turned": "canonical_hash_of_edges"}
ALL = 2**size_nine.EDGES - 1
EXTREMES = [0, 1, ALL, ALL >> 1, 1 << (size_nine.EDGES - 1)]


def many_edges():
    return [*EXTREMES, *np.random.default_rng(0).integers(ALL, size=50).tolist()]


def grid_of(edges):
    """The cells ``(11, 11)`` of which rooms are free, and what the edges say."""
    grid = np.zeros((11, 11), np.uint8)
    grid[1::2, 1::2] = 1
    for index, cell in enumerate(size_nine.EDGE_CELLS):
        grid[cell] = edges >> (size_nine.EDGES - 1 - index) & 1
    return grid


def edges_of(grid):
    return int("".join(str(grid[cell]) for cell in size_nine.EDGE_CELLS), 2)


def test_swap():
    assert size_nine.swap(np.uint64(0b1010), np.uint64(0b0101), 1) == 0b0101
    assert size_nine.swap(np.uint64(1), np.uint64(1), 63) == 1 << 63


def test_mirror_edges():
    for edges in many_edges():
        mirrored = int(size_nine.mirror_edges(np.uint64(edges)))
        assert np.array_equal(grid_of(mirrored), grid_of(edges)[:, ::-1])


def test_reverse_edges():
    for edges in many_edges():
        turned = int(size_nine.reverse_edges(np.uint64(edges)))
        assert np.array_equal(grid_of(turned), grid_of(edges)[::-1, ::-1])


def test_rows_at():
    for edges in many_edges():
        for shift in (0, 4, 31, 63):
            entry = edges >> shift & 511
            assert size_nine.rows_at(np.uint64(edges), shift) == size_nine.ROWS_OF_EDGES[entry]


def test_canonical_hash_of_edges():
    for edges in many_edges():
        grid = grid_of(edges)
        pair = (np.uint64(edges), np.uint64(edges_of(grid.T)))
        assert size_nine.canonical_hash_of_edges(*pair) == canonical_hash(grid.ravel(), 11)


def test_carve_edges():
    positions = size_nine.CELL_OF_POSITION.size
    for seed in range(200):
        edges, transposed = size_nine.carve_edges(
            stream(seed),
            np.empty(24, np.uint8),
            np.empty(25, np.uint8),
            np.empty((positions, 2), np.uint64),
            np.empty(positions, np.uint64),
            np.empty(25, np.uint8),
        )
        grid = grid_of(int(edges))
        assert np.array_equal(grid.T, grid_of(int(transposed)))
        assert np.count_nonzero(grid) == 49


def test_write_cells():
    for cells in (0, 2**121 - 1, 1 << 63, 1 << 64, 1 << 120):
        target = np.full(121, 9, np.uint8)
        size_nine.write_cells(np.uint64(cells & 2**64 - 1), np.uint64(cells >> 64), target)
        assert target.tolist() == [cells >> cell & 1 for cell in range(121)]


@pytest.mark.parametrize("percents", PERCENT_OF_SPLIT.values())
def test_draw_size_nine(percents):
    for count in (0, 1, 200):
        numbers = np.arange(count, dtype=np.uint64) + np.uint64(2**63 - 200)
        columns, others = (columns_of(np.full((count, 121), 9, np.uint8)) for _ in range(2))
        size_nine.draw_size_nine(numbers, np.uint64(3), percents, columns)
        draw_one_by_one(numbers, np.uint64(3), 5, DFS, 0.0, ANY, percents, others)
        assert all(map(np.array_equal, columns, others))
        assert_solved(columns, 11)
