"""Choosing start and goal stays within bounds, and finds what a search of all pairs finds."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import ROOMS, STEPS, broken, lattices, search, stream
from thinkenv.mazes import endpoints

INSIDE = {"visit": "measure_distances"}


def cell(rooms, room):
    return (2 * (room // rooms) + 1) * (2 * rooms + 1) + 2 * (room % rooms) + 1


def distances_between(rooms, grid):
    """Steps from room to room, for all pairs; 0 where they are not joined."""
    found = [search(grid, 2 * rooms + 1, cell(rooms, room)) for room in range(rooms**2)]
    return [[far.get(cell(rooms, room), 0) // 2 for room in range(rooms**2)] for far in found]


def apart(rooms):
    """Lattices of which not all rooms are joined, though each is free."""
    grids = [grid.reshape(2 * rooms + 1, -1).copy() for grid in broken(rooms)]
    for grid in grids:
        grid[1::2, 1::2], grid[::2, ::2] = 1, 0
    return [grid.ravel() for grid in grids]


@pytest.mark.parametrize("rooms", ROOMS)
def test_find_ways(rooms):
    for grid in lattices(rooms):
        ways = endpoints.find_ways(rooms, grid)
        assert ways.shape == ((rooms + 2) * rooms,)
        assert not ways[:rooms].any() and not ways[-rooms:].any()
        for room in range(rooms**2):
            for direction, (down, right) in enumerate(STEPS):
                step = down * (2 * rooms + 1) + right
                assert ways[rooms + room] >> direction & 1 == grid[cell(rooms, room) + step]


@pytest.mark.parametrize("rooms", ROOMS)
def test_measure_distances(rooms):
    for grid in lattices(rooms):
        ways = endpoints.find_ways(rooms, grid)
        distances = np.empty(ways.size, np.int32)
        queue = np.empty(rooms * rooms + 1, np.int32)
        expected = distances_between(rooms, grid)
        for source in {0, rooms - 1, rooms * rooms // 2, rooms * rooms - 1}:
            endpoints.measure_distances(ways, rooms, rooms + source, distances, queue)
            assert distances[rooms:-rooms].tolist() == expected[source]


@pytest.mark.parametrize("rooms", ROOMS)
def test_fold_trees(rooms):
    for index, grid in enumerate(lattices(rooms)):
        ways = endpoints.find_ways(rooms, grid)
        depths, ends = np.empty((2, ways.size), np.int32)
        queue = np.empty(rooms * rooms, np.int32)
        longest, first, second = endpoints.fold_trees(ways, rooms, depths, ends, queue)
        if index < 3:  # of a tree, all is folded into one room
            assert not ways.any()
            pairs = distances_between(rooms, grid)
            assert longest == pairs[first - rooms][second - rooms] == np.max(pairs)


@pytest.mark.parametrize("rooms", ROOMS)
def test_farthest_of_ways(rooms):
    for grid in [*lattices(rooms), *apart(rooms)]:
        pairs = distances_between(rooms, grid)
        for most in (2 * rooms * rooms, rooms * rooms - 1):
            ways = endpoints.find_ways(rooms, grid)
            bounds = np.full(ways.size, most, np.int32)
            first, second = endpoints.farthest_of_ways(ways, rooms, bounds)
            assert pairs[first - rooms][second - rooms] == np.max(pairs)


@pytest.mark.parametrize("rooms", ROOMS)
def test_find_farthest(rooms):
    for grid in lattices(rooms):
        pairs = distances_between(rooms, grid)
        first, second = endpoints.find_farthest(rooms, grid)
        assert pairs[first][second] == np.max(pairs)
    for grid in broken(rooms):
        assert set(endpoints.find_farthest(rooms, grid)) <= set(range(rooms**2))


@pytest.mark.parametrize("rooms", ROOMS[1:])
@pytest.mark.parametrize("code", range(endpoints.FIRST_OF_CELLS))
def test_choose_endpoints(rooms, code):
    for seed, grid in enumerate([*lattices(rooms), *broken(rooms)]):
        scratch = np.empty((2 * rooms + 1) ** 2, np.int32)
        start, goal = endpoints.choose_endpoints(code, stream(seed), rooms, grid, scratch)
        if code == endpoints.DEAD_ENDS and start < 0:
            assert (start, goal) == (-1, -1)
            continue
        assert 0 <= start < rooms**2 and 0 <= goal < rooms**2
        assert start != goal or seed >= len(lattices(rooms))
