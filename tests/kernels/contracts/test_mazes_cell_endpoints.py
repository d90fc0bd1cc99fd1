"""Ends on cells: kernels stay within bounds, and agree with searches in plain Python."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import any_grids, search, stream
from thinkenv.mazes import cell_endpoints
from thinkenv.mazes.endpoints import ADJACENT, CORNERS, DEAD_ENDS, ENDPOINTS, FARTHEST, UNREACHABLE

INSIDE = {"count_by_place": "choose_cells", "pick": "choose_cells", "pick_other": "choose_cells"}
CODES = list(ENDPOINTS.values())


def flat_grids():
    return [(grid.ravel(), grid.shape[1]) for grid in any_grids()]


def square_grids():
    """Square grids of every share of walls, also of nothing but walls."""
    rng = np.random.default_rng(1)
    grids = []
    for side in (3, 4, 5, 11, 20):
        for share in (0.0, 0.3, 0.6, 1.0):
            grid = np.zeros((side, side), np.uint8)
            grid[1:-1, 1:-1] = rng.random((side - 2, side - 2)) >= share
            grids.append((grid.ravel(), side))
    return grids


def labelled(grid, width):
    labels, queue = np.full((2, grid.size), 9, np.int32)
    places = cell_endpoints.label_places(grid, width, labels, queue)
    return labels, places


def exits(grid, width, cell):
    return sum(int(grid[cell + step]) for step in (-width, 1, width, -1))


def test_label_places():
    for grid, width in [*flat_grids(), *square_grids()]:
        labels, places = labelled(grid, width)
        assert ((labels >= 0) == (grid == 1)).all()
        assert sorted(set(labels[grid == 1].tolist())) == list(range(places))
        for cell in np.flatnonzero(grid)[:40].tolist():
            together = np.flatnonzero(labels == labels[cell]).tolist()
            assert sorted(search(grid, width, cell)) == together


@pytest.mark.parametrize("code", [*CODES, 99])
def test_list_cells(code):
    for grid, width in [*flat_grids(), *square_grids()]:
        labels, _ = labelled(grid, width)
        members = np.empty(grid.size, np.int32)
        count = cell_endpoints.list_cells(grid, width, code, labels, members)
        free = np.flatnonzero(grid).tolist()
        if code == DEAD_ENDS:
            free = [cell for cell in free if exits(grid, width, cell) == 1]
        assert members[:count].tolist() == free


@pytest.mark.parametrize("corner", range(4))
def test_nearest_to_corner(corner):
    for grid, width in square_grids():
        labels, places = labelled(grid, width)
        members = np.flatnonzero(grid).astype(np.int32)
        row, column = (1, width - 2)[corner // 2], (1, width - 2)[corner % 2]
        for place in range(-1, places):
            found = cell_endpoints.nearest_to_corner(
                corner, width, members, len(members), labels, place
            )
            cells = [cell for cell in members.tolist() if labels[cell] == place]
            away = [abs(cell // width - row) + abs(cell % width - column) for cell in cells]
            assert found == (cells[int(np.argmin(away))] if cells else -1)


def test_random_exit():
    for grid, width in square_grids():
        for cell in np.flatnonzero(grid).tolist():
            around = {cell + step for step in (-width, 1, width, -1) if grid[cell + step]}
            found = cell_endpoints.random_exit(stream(cell), grid, width, cell)
            assert found in (around or {-1})


@pytest.mark.parametrize("code", CODES)
def test_choose_cells(code):
    for seed, (grid, width) in enumerate(square_grids() * 3):
        labels, members = np.full((2, grid.size), 9, np.int32)
        start, goal = cell_endpoints.choose_cells(code, stream(seed), grid, width, labels, members)
        free = np.flatnonzero(grid).tolist()
        ends = [cell for cell in free if code != DEAD_ENDS or exits(grid, width, cell) == 1]
        together = {cell: set(search(grid, width, cell)) for cell in ends}
        if start < 0:
            assert goal == -1
            if code == UNREACHABLE:
                assert all(len(cells) == len(free) for cells in together.values())
            elif code == CORNERS:
                # One cell of the largest place is the nearest to both corners.
                assert max([0, *map(len, together.values())]) < grid.size
            else:
                assert all(len(cells & set(ends)) == 1 for cells in together.values())
            continue
        assert start != goal and {start, goal} <= set(ends)
        assert (goal in together[start]) == (code != UNREACHABLE)
        if code == ADJACENT:
            assert abs(goal - start) in (1, width)
        if code == CORNERS:
            assert len(together[start]) == max(map(len, together.values()))
        if code == FARTHEST:
            far = [max(search(grid, width, cell).values()) for cell in free]
            assert search(grid, width, start)[goal] == max(far)


def test_find_farthest_cells():
    for grid, width in square_grids():
        labels, places = labelled(grid, width)
        counts = np.bincount(labels[labels >= 0], minlength=places).astype(np.int32)
        first, second = cell_endpoints.find_farthest_cells(grid, width, labels, counts)
        free = np.flatnonzero(grid).tolist()
        far = max((max(search(grid, width, cell).values()) for cell in free), default=0)
        if far == 0:
            assert first == second
        else:
            assert search(grid, width, int(first))[int(second)] == far
