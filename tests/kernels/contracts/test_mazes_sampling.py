"""Drawing mazes stays within bounds with every option, from two rooms a side on."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import any_grids, assert_solved, columns_of, stream
from thinkenv.mazes import sampling
from thinkenv.mazes.endpoints import ENDPOINTS
from thinkenv.mazes.generators import OF_LATTICES
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.mazes.without_lattice import PLAZAS, WITHOUT_LATTICE
from thinkenv.tasks.splits import PERCENT_OF_SPLIT, percent_of_hash

INSIDE = {"complete_maze": "draw_one_by_one"}
LATTICE_ENDPOINTS = [name for name in ENDPOINTS if name != "unreachable"]
KEY = np.uint64(2**64 - 1)
NUMBERS = np.array([0, 1, 2**63 - 1, 7, 8, 9, 10], np.uint64)


def empty(count, rooms):
    return empty_of_side(count, 2 * rooms + 1)


def empty_of_side(count, side):
    return columns_of(np.full((count, side**2), 9, np.uint8))


@pytest.mark.parametrize("rooms", [2, 3, 8])
@pytest.mark.parametrize("loops", [0.0, 0.4])
@pytest.mark.parametrize("name", LATTICE_ENDPOINTS)
def test_draw_one_by_one(rooms, loops, name):
    endpoints = ENDPOINTS[name]
    for code in OF_LATTICES.values():
        columns = empty(2, rooms)
        arguments = (NUMBERS[:2], KEY, rooms, code, loops, endpoints, (0, 100), columns)
        failed = sampling.draw_one_by_one(*arguments)
        assert failed == -1
        assert_solved(columns, 2 * rooms + 1)


@pytest.mark.parametrize("percents", PERCENT_OF_SPLIT.values())
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_draw_in_lanes(percents, count):
    for rooms, loops, endpoints in (
        (3, 0.0, "any"),
        (3, 0.0, "free_cells"),
        (3, 1.0, "corners"),
        (6, 0.2, "dead_ends"),
        (6, 0.2, "adjacent"),
    ):
        if loops == 1.0 and percents != (0, 100):
            continue  # with all walls open there is but one maze
        columns = empty(count, rooms)
        arguments = (NUMBERS[:count], KEY, rooms, loops, ENDPOINTS[endpoints], percents, columns)
        assert sampling.draw_in_lanes(*arguments) == -1
        assert_solved(columns, 2 * rooms + 1)


def test_what_does_not_exist_is_given_up():
    # All walls are open, so that there is no dead end.
    columns, code = empty(1, 3), ENDPOINTS["dead_ends"]
    assert sampling.draw_in_lanes(NUMBERS[:1], KEY, 3, 1.0, code, (0, 100), columns) == 0
    arguments = (NUMBERS[:1], KEY, 3, 0, 1.0, code, (0, 100), columns)
    assert sampling.draw_one_by_one(*arguments) == 0
    # Plazas are joined with each other.
    columns, code = empty_of_side(1, 7), ENDPOINTS["unreachable"]
    arguments = (NUMBERS[:1], KEY, 7, PLAZAS, 0.3, code, (0, 100), columns)
    assert sampling.draw_without_lattice(*arguments) == 0


@pytest.mark.parametrize("side", [5, 6, 7, 19])
@pytest.mark.parametrize("removed", [0.0, 0.4, 0.6])
@pytest.mark.parametrize("endpoints", ENDPOINTS.values())
def test_draw_without_lattice(side, removed, endpoints):
    for code in WITHOUT_LATTICE.values():
        for count in (0, 1, 3):
            columns = empty_of_side(count, side)
            arguments = (side, code, removed, endpoints, (0, 100), columns)
            failed = sampling.draw_without_lattice(NUMBERS[:count], KEY, *arguments)
            if failed >= 0:  # none has such ends, or one of a million
                assert endpoints in (ENDPOINTS["unreachable"], ENDPOINTS["dead_ends"])
                continue
            assert_solved(columns, side)
            is_without = columns[2] == 0
            assert (
                is_without.all() if endpoints == ENDPOINTS["unreachable"] else not is_without.any()
            )


@pytest.mark.parametrize("percents", [*PERCENT_OF_SPLIT.values(), (0, 0), (3, 4)])
def test_is_in_percents(percents):
    for grid in any_grids():
        side = len(grid)
        if grid.shape != (side, side):
            continue
        percent = int(percent_of_hash(np.uint64(canonical_hash(grid.ravel(), side))))
        found = sampling.is_in_percents(grid.ravel(), side, percents)
        assert found == (percents[0] <= percent < percents[1])


@pytest.mark.parametrize("endpoints", ENDPOINTS.values())
def test_join_cells(endpoints):
    for seed, grid in enumerate(any_grids()):
        side = len(grid)
        if grid.shape != (side, side):
            continue
        columns = columns_of(grid.reshape(1, -1).copy())
        scratch, distances = np.full((2, side * side), 9, np.int32)
        arguments = (stream(seed), endpoints, side, columns[0][0], columns[1][0])
        columns[2][0], columns[3][0] = sampling.join_cells(*arguments, scratch, distances)
        if columns[2][0] == sampling.NOT_FOUND:
            assert np.array_equal(columns[0][0], grid.ravel())
        else:
            assert_solved(columns, side)
