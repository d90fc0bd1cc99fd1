"""Every generator stays within its arrays from one room on, and carves a spanning tree."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import ROOMS, STEPS, assert_spans, stream, tree
from thinkenv.mazes import generators

INSIDE = {"find_leader": "carve_kruskal", "add_hall": "carve_recursive_division"}
SIZES = [*ROOMS, 4, 40]


def arrays_of(rooms):
    grid, parents = np.full((2 * rooms + 1) ** 2, 9, np.uint8), np.full(rooms**2, 9, np.uint8)
    return grid, parents, np.full((2 * rooms + 1) ** 2, -1, np.int32)


def check_generator(carve, rooms):
    for seed in range(12 if rooms < 20 else 1):
        grid, parents, scratch = arrays_of(rooms)
        carve(stream(seed), rooms, grid, parents, scratch)
        assert_spans(rooms, grid, parents)


@pytest.mark.parametrize("rooms", SIZES)
def test_carve_wilson(rooms):
    check_generator(generators.carve_wilson, rooms)


@pytest.mark.parametrize("rooms", SIZES)
def test_carve_kruskal(rooms):
    check_generator(generators.carve_kruskal, rooms)


@pytest.mark.parametrize("rooms", SIZES)
def test_carve_prim(rooms):
    check_generator(generators.carve_prim, rooms)


@pytest.mark.parametrize("rooms", SIZES)
def test_carve_recursive_division(rooms):
    check_generator(generators.carve_recursive_division, rooms)


@pytest.mark.parametrize("rooms", SIZES)
def test_carve_hunt_and_kill(rooms):
    check_generator(generators.carve_hunt_and_kill, rooms)


@pytest.mark.parametrize("rooms", ROOMS)
def test_carve(rooms):
    for code in generators.OF_LATTICES.values():
        check_generator(lambda *rest, code=code: generators.carve(code, *rest), rooms)
    grid, parents, scratch = arrays_of(rooms)
    generators.carve(99, stream(0), rooms, grid, parents, scratch)
    assert (grid == 9).all()


@pytest.mark.parametrize("rooms", ROOMS)
def test_random_neighbour(rooms):
    side = 2 * rooms + 1
    for state, grid in ((0, np.zeros(side * side, np.uint8)), (1, tree(rooms, 0)[0])):
        for row, column in np.ndindex(rooms, rooms):
            there = [
                direction
                for direction, (down, right) in enumerate(STEPS)
                if 0 <= row + down < rooms and 0 <= column + right < rooms
            ]
            found = generators.random_neighbour(stream(row), rooms, grid, row, column, state)
            assert found in (there or [-1])
            assert generators.random_neighbour(stream(row), rooms, grid, row, column, 7) == -1


@pytest.mark.parametrize("rooms", ROOMS)
def test_open_loops(rooms):
    for loops in (0.0, 0.5, 1.0):
        grid, _ = tree(rooms, 0)
        before = np.count_nonzero(grid)
        generators.open_loops(stream(0), rooms, grid, loops)
        cells = grid.reshape(2 * rooms + 1, -1)
        assert not cells[[0, -1]].any() and not cells[:, [0, -1]].any()
        everything = rooms * rooms + 2 * rooms * (rooms - 1)
        assert before <= np.count_nonzero(grid) <= everything
        assert loops < 1 or np.count_nonzero(grid) == everything
