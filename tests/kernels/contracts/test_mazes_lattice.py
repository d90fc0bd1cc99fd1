"""Kernels of lattices of rooms stay within bounds, and agree with plain Python."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import ROOMS, STEPS, assert_spans, tree
from thinkenv.mazes import lattice


def test_opposite():
    assert [lattice.opposite(direction) for direction in range(4)] == [2, 3, 0, 1]


def test_rows_and_columns():
    assert [lattice.rows_and_columns(direction) for direction in range(5)] == [*STEPS, (0, 0)]


def test_cell_of_room():
    for rooms in ROOMS:
        cells = np.arange((2 * rooms + 1) ** 2).reshape(2 * rooms + 1, -1)[1::2, 1::2].ravel()
        assert [lattice.cell_of_room(room, rooms) for room in range(rooms**2)] == cells.tolist()


def test_step_of_direction():
    assert [lattice.step_of_direction(direction, 7) for direction in range(4)] == [-7, 1, 7, -1]


def test_pack_steps():
    for stride in (1, 2, 300, 2**15 - 1):
        steps = lattice.pack_steps(stride)
        found = [np.uint64(lattice.unpack_step(steps, direction)) for direction in range(4)]
        assert np.array(found).view(np.int64).tolist() == [-stride, 1, stride, -1]


def test_unpack_step():
    test_pack_steps()


def test_has_room():
    for rooms in ROOMS:
        for row, column in np.ndindex(rooms, rooms):
            for direction, (down, right) in enumerate(STEPS):
                there = 0 <= row + down < rooms and 0 <= column + right < rooms
                assert lattice.has_room(direction, row, column, rooms) == there


@pytest.mark.parametrize("rooms", ROOMS)
def test_open_passages(rooms):
    for seed in range(4):
        expected, parents = tree(rooms, seed)
        grid = np.full_like(expected, 9)
        lattice.open_passages(rooms, grid, parents)
        assert np.array_equal(grid, expected)
    # Any parents stay within the grid, also those that lead out of it.
    for direction in range(5):
        lattice.open_passages(rooms, grid, np.full(rooms * rooms, direction, np.uint8))
        cells = grid.reshape(2 * rooms + 1, -1)
        assert not cells[[0, -1]].any() and not cells[:, [0, -1]].any()


@pytest.mark.parametrize("rooms", ROOMS)
def test_find_parents(rooms):
    for seed in range(4):
        grid, _ = tree(rooms, seed)
        parents = np.full(rooms * rooms, 9, np.uint8)
        lattice.find_parents(rooms, grid, parents, np.empty(rooms * rooms, np.int32))
        assert_spans(rooms, grid, parents)
        assert parents[0] == lattice.ROOT
