"""Changing mazes stays within bounds, and leaves mazes."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import (
    ROOMS,
    any_grids,
    assert_solved,
    broken,
    columns_of,
    lattices,
    search,
    stream,
    tree,
    with_ends,
    with_loops,
)
from thinkenv.mazes import augmentation
from thinkenv.mazes.endpoints import DEAD_ENDS, ENDPOINTS, FIRST_OF_CELLS, UNREACHABLE

KEY = np.uint64(5)


def with_ends_in_rooms(rooms, grid, seed):
    side = 2 * rooms + 1
    cells = grid.reshape(side, side).copy()
    ends = np.random.default_rng(seed).permutation(rooms * rooms)[:2]
    for code, room in zip((2, 3), ends.tolist(), strict=True):
        cells[2 * (room // rooms) + 1, 2 * (room % rooms) + 1] = code
    return cells.ravel()


def without_order(rooms):
    """Grids of which not all rooms are joined, with both ends, or one, or none."""
    grids = [grid.copy() for grid in broken(rooms) for _ in range(4)]
    for number, grid in enumerate(grids):
        for code in (2, 3):
            cells = np.flatnonzero(grid == 1)
            if len(cells) and number & code - 1:
                grid[cells[number % len(cells)]] = code
    return columns_of(np.stack(grids))


def mazes_of(rooms):
    grids = [with_ends_in_rooms(rooms, grid, seed) for seed, grid in enumerate(lattices(rooms))]
    return columns_of(np.stack(grids)), np.arange(len(grids), dtype=np.uint64)


@pytest.mark.parametrize("rooms", ROOMS[1:])
@pytest.mark.parametrize("code", range(FIRST_OF_CELLS))
def test_move_endpoints(rooms, code):
    columns, seeds = mazes_of(rooms)
    before = columns[0].copy()
    augmentation.move_endpoints(seeds, KEY, code, rooms, columns)
    is_moved = columns[2] > 0
    assert_solved([column[is_moved] for column in columns], 2 * rooms + 1)
    assert is_moved.all() or code == DEAD_ENDS
    assert np.array_equal(columns[0][~is_moved], before[~is_moved])
    assert np.array_equal(columns[0] > 0, before > 0)
    columns = without_order(rooms)
    numbers = np.arange(len(columns[0]), dtype=np.uint64)
    augmentation.move_endpoints(numbers, KEY, code, rooms, columns)


@pytest.mark.parametrize("code", ENDPOINTS.values())
def test_move_cell_endpoints(code):
    for grid in any_grids():
        side = len(grid)
        if grid.sum() < 2 or grid.shape != (side, side):
            continue
        grids = np.stack([with_ends(grid, seed).ravel() for seed in range(5)])
        columns, before = columns_of(grids), grids.copy()
        columns[2][:] = -1
        seeds = np.arange(5, dtype=np.uint64)
        augmentation.move_cell_endpoints(seeds, KEY, code, side, columns)
        is_moved = columns[2] >= 0
        assert_solved([column[is_moved] for column in columns], side)
        assert ((columns[2][is_moved] == 0) == (code == UNREACHABLE)).all()
        assert np.array_equal(columns[0][~is_moved], before[~is_moved])
    for rooms in ROOMS:
        others = without_order(rooms)
        numbers = np.arange(len(others[0]), dtype=np.uint64)
        augmentation.move_cell_endpoints(numbers, KEY, code, 2 * rooms + 1, others)


@pytest.mark.parametrize("away", [False, True])
def test_move_endpoints_anywhere(away):
    for grid in any_grids():
        if grid.sum() < 2:
            continue
        grids = np.stack([with_ends(grid, seed).ravel() for seed in range(5)])
        columns, before = columns_of(grids), grids.copy()
        seeds = np.arange(5, dtype=np.uint64)
        augmentation.move_endpoints_anywhere(seeds, KEY, grid.shape[1], away, columns)
        is_moved = columns[2] > 0
        assert_solved([column[is_moved] for column in columns], grid.shape[1])
        assert np.array_equal(columns[0][~is_moved], before[~is_moved])
    for rooms in ROOMS:
        others = without_order(rooms)
        numbers = np.arange(len(others[0]), dtype=np.uint64)
        augmentation.move_endpoints_anywhere(numbers, KEY, 2 * rooms + 1, away, others)


def test_set_endpoints():
    for grid in any_grids():
        cells = np.flatnonzero(grid)
        if len(cells) < 2:
            continue
        columns = columns_of(grid.reshape(1, -1).copy())
        scratch = np.empty((2, grid.size), np.int32)
        ends = (int(cells[0]), int(cells[-1]))
        result = augmentation.set_endpoints(
            columns[0][0], grid.shape[1], *ends, *scratch, columns[1][0]
        )
        columns[2][0], columns[3][0] = result
        assert_solved(columns, grid.shape[1])


@pytest.mark.parametrize("rooms", ROOMS[1:])
@pytest.mark.parametrize("percents", [(0, 100), (80, 90), (0, 0)])
def test_move_walls(rooms, percents):
    for most in (0, 1, 20):
        columns, seeds = mazes_of(rooms)
        before = columns[0].copy()
        augmentation.move_walls(seeds, KEY, most, percents, rooms, columns)
        is_moved = columns[2] > 0
        assert_solved([column[is_moved] for column in columns], 2 * rooms + 1)
        assert np.array_equal(columns[0][~is_moved], before[~is_moved])
        others = without_order(rooms)
        numbers = np.arange(len(others[0]), dtype=np.uint64)
        augmentation.move_walls(numbers, KEY, most, percents, rooms, others)
        passages = [np.count_nonzero(grids, axis=1) for grids in (before, columns[0])]
        assert np.array_equal(*passages)


@pytest.mark.parametrize("rooms", ROOMS[1:])
def test_move_wall(rooms):
    side = 2 * rooms + 1
    distances, scratch = np.empty((2, side * side), np.int32)
    way = np.empty(side * side, np.uint8)
    for seed, grid in enumerate(lattices(rooms)):
        for number in range(20):
            has_walls = np.count_nonzero(grid) < rooms * rooms + 2 * rooms * (rooms - 1)
            rng = stream(20 * seed + number)
            ends = np.random.default_rng(number).permutation(np.flatnonzero(grid))[:2].tolist()
            moved = augmentation.move_wall(rng, rooms, grid, *ends, distances, scratch, way)
            assert moved == has_walls and grid[ends].all()
            assert len(search(grid, side, side + 1)) == np.count_nonzero(grid)
    for grid in broken(rooms):
        augmentation.move_wall(stream(0), rooms, grid, 0, 0, distances, scratch, way)


@pytest.mark.parametrize("rooms", ROOMS)
def test_list_between_rooms(rooms):
    side = 2 * rooms + 1
    most = 2 * rooms * (rooms - 1)
    for grid in (tree(rooms, 0)[0], with_loops(tree(rooms, 0)[0], 0, 1.0)):
        for wanted in (0, 1):
            found = np.empty(most, np.int32)
            count = augmentation.list_between_rooms(side, grid, wanted, found)
            cells = found[:count].tolist()
            assert all(grid[cell] == wanted for cell in cells)
            assert cells == sorted(set(cells))
            assert count == (most if wanted else 0) or grid is not None and count <= most
