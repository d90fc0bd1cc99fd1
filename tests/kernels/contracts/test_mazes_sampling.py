"""Drawing mazes stays within bounds with every option, from two rooms a side on."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import assert_solved, columns_of
from thinkenv.mazes import sampling
from thinkenv.mazes.endpoints import ENDPOINTS
from thinkenv.mazes.generators import OF_LATTICES
from thinkenv.tasks.splits import PERCENT_OF_SPLIT

INSIDE = {"complete_maze": "draw_one_by_one"}
KEY = np.uint64(2**64 - 1)
NUMBERS = np.array([0, 1, 2**63 - 1, 7, 8, 9, 10], np.uint64)


def empty(count, rooms):
    return columns_of(np.full((count, (2 * rooms + 1) ** 2), 9, np.uint8))


@pytest.mark.parametrize("rooms", [2, 3, 8])
@pytest.mark.parametrize("loops", [0.0, 0.4])
@pytest.mark.parametrize("endpoints", ENDPOINTS.values())
def test_draw_one_by_one(rooms, loops, endpoints):
    for code in OF_LATTICES.values():
        columns = empty(2, rooms)
        arguments = (NUMBERS[:2], KEY, rooms, code, loops, endpoints, (0, 100), columns)
        failed = sampling.draw_one_by_one(*arguments)
        assert failed == -1
        assert_solved(columns, 2 * rooms + 1)


@pytest.mark.parametrize("percents", PERCENT_OF_SPLIT.values())
@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7])
def test_draw_in_lanes(percents, count):
    for rooms, loops, endpoints in ((3, 0.0, "any"), (3, 1.0, "corners"), (6, 0.2, "dead_ends")):
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
