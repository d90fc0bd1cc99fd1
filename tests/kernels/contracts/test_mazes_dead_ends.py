"""Filling dead ends stays within bounds, and agrees with its definition."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import any_grids, with_ends
from thinkenv.mazes import dead_ends


def fill_slowly(grid):
    """In which round each cell goes, cell by cell."""
    rounds = np.where(grid == 0, 0, -1)
    number = 0
    while True:
        number += 1
        stays = np.pad(rounds == -1, 1)
        exits = stays[:-2, 1:-1] + 0 + stays[2:, 1:-1] + stays[1:-1, :-2] + stays[1:-1, 2:]
        going = (rounds == -1) & (grid == 1) & (exits <= 1)
        if not going.any():
            return rounds
        rounds[going] = number


@pytest.mark.parametrize("ends", [False, True])
def test_fill_flat(ends):
    for grid in any_grids():
        grid = with_ends(grid) if ends and grid.sum() > 1 else grid
        rounds, queue = np.empty((2, grid.size), np.int32)
        exits = np.empty(grid.size, np.uint8)
        dead_ends.fill_flat(grid.ravel(), grid.shape[1], rounds, exits, queue)
        assert np.array_equal(rounds.reshape(grid.shape), fill_slowly(grid))


def test_fill_batch():
    for count in (0, 1, 3):
        grids = np.stack([grid for grid in any_grids() if grid.shape == (9, 12)])[:count]
        rounds = np.empty((count, 108), np.int32)
        dead_ends.fill_batch(grids.reshape(count, 108), 12, rounds)
        for grid, found in zip(grids, rounds, strict=True):
            assert np.array_equal(found.reshape(9, 12), fill_slowly(grid))
