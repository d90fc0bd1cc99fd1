"""Generators without a lattice stay within their arrays on every side, and make what they say."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import search, stream
from thinkenv.mazes import without_lattice

INSIDE = {
    "open_plaza": "carve_plazas",
    "join_halves": "carve_plazas",
    "dig": "carve_plazas",
}
SIDES = [3, 4, 5, 7, 8, 11, 23, 60]


def arrays_of(side):
    return np.full(side * side, 9, np.uint8), *np.full((2, side * side), -7, np.int32)


def assert_walled(grid, side):
    cells = grid.reshape(side, side)
    assert grid.max() <= 1
    assert not cells[[0, -1]].any() and not cells[:, [0, -1]].any()


def assert_joined(grid, side):
    assert_walled(grid, side)
    free = np.flatnonzero(grid)
    assert len(free) >= 2 and len(search(grid, side, int(free[0]))) == len(free)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("removed", [0.0, 0.4, 1.0])
def test_carve_percolation(side, removed):
    grid, *_ = arrays_of(side)
    without_lattice.carve_percolation(stream(side), side, removed, grid)
    assert_walled(grid, side)
    inside = (side - 2) ** 2
    expected = {0.0: inside, 1.0: 0}.get(removed, 0.6 * inside)
    assert abs(int(grid.sum()) - expected) <= (0 if removed in (0.0, 1.0) else 3 * inside**0.5)


@pytest.mark.parametrize("side", SIDES[2:])
def test_carve_plazas(side):
    for seed in range(200 if side < 20 else 10):
        grid, *_ = arrays_of(side)
        without_lattice.carve_plazas(stream(seed), side, grid)
        assert_joined(grid, side)


@pytest.mark.parametrize("side", SIDES[2:])
def test_carve_caves(side):
    for seed in range(100 if side < 20 else 5):
        grid, labels, scratch = arrays_of(side)
        without_lattice.carve_caves(stream(seed), side, grid, labels, scratch)
        assert_joined(grid, side)
        assert without_lattice.SMALLEST_CAVE * int(grid.sum()) >= (side - 2) ** 2


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_smooth(side, share):
    cells = np.zeros((side, side), np.uint8)
    cells[1:-1, 1:-1] = np.random.default_rng(side).random((side - 2, side - 2)) < share
    expected = cells.copy()
    for row, column in np.ndindex(side - 2, side - 2):
        around = cells[1:-1, 1:-1][max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        if 2 * around.sum() != around.size:
            expected[row + 1, column + 1] = 2 * around.sum() > around.size
    grid = cells.ravel()
    without_lattice.smooth(side, grid, np.full(side * side, 9, np.int32))
    assert np.array_equal(grid, expected.ravel())


@pytest.mark.parametrize("side", SIDES[2:])
def test_carve_without_lattice(side):
    for code in without_lattice.WITHOUT_LATTICE.values():
        grid, labels, scratch = arrays_of(side)
        arguments = (stream(0), side, 0.3, grid, labels, scratch)
        without_lattice.carve_without_lattice(code, *arguments)
        assert_walled(grid, side)
    grid, labels, scratch = arrays_of(side)
    without_lattice.carve_without_lattice(99, stream(0), side, 0.3, grid, labels, scratch)
    assert (grid == 9).all()
