"""Searches and the judge stay within bounds, and agree with a search in plain Python."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import (
    ROOMS,
    any_grids,
    assert_solved,
    columns_of,
    search,
    tree,
    with_ends,
)
from thinkenv.mazes import solving

INSIDE = {"climb": "mark_tree_path"}


def free_cells(grid):
    return np.flatnonzero(grid).tolist()


@pytest.mark.parametrize("grid", any_grids())
def test_measure_flat(grid):
    width, flat = grid.shape[1], grid.ravel()
    distances, queue = np.empty((2, grid.size), np.int32)
    for source in free_cells(grid)[:: max(1, grid.sum() // 8)]:
        expected = search(flat, width, source)
        for target in (-1, source, *free_cells(grid)[-2:]):
            count = solving.measure_flat(flat, width, source, target, distances, queue)
            if target not in expected:
                assert sorted(queue[:count].tolist()) == sorted(expected)
                assert all(distances[cell] == far for cell, far in expected.items())
            else:
                assert distances[target] == expected[target]


@pytest.mark.parametrize("grid", any_grids())
def test_solve_flat(grid):
    width, flat = grid.shape[1], grid.ravel()
    distances, queue = np.empty((2, grid.size), np.int32)
    solution = np.empty(grid.size, np.uint8)
    cells = free_cells(grid)
    for start in {cells[0], cells[-1], cells[len(cells) // 2]}:
        for goal in cells:
            result = solving.solve_flat(flat, width, start, goal, distances, queue, solution)
            if start == goal:
                assert result == (1, True)
                continue
            ends = flat.copy()
            ends[start], ends[goal] = 2, 3
            assert_solved((ends[None], solution[None], *np.array([result]).T), width)


def test_reach():
    distances, queue = np.full((2, 3), -1, np.int32)
    tail = np.uint64(0)
    for cell, distance in ((0, 5), (2, 6), (0, 7)):
        tail = np.uint64(solving.reach(np.uint64(cell), np.int32(distance), distances, queue, tail))
    assert (int(tail), distances.tolist(), queue.tolist()) == (2, [5, -1, 6], [0, 2, 0])


@pytest.mark.parametrize("grid", any_grids())
def test_reach_around(grid):
    width = grid.shape[1]
    for cell in free_cells(grid):
        distances = np.where(grid.ravel() == 0, solving.BLOCKED, solving.NOT_REACHED)
        distances = distances.astype(np.int32)
        distances[cell] = 0
        before, queue = distances.copy(), np.zeros(grid.size, np.int32)
        queue[0] = cell
        arguments = (np.int32(7), distances, queue, np.uint64(1))
        tail = int(solving.reach_around(np.uint64(cell), np.uint64(width), *arguments))
        around = [cell + step for step in (-width, 1, width, -1) if grid.flat[cell + step]]
        assert queue[:tail].tolist() == [cell, *around]
        assert np.flatnonzero(distances != before).tolist() == sorted(around)
        assert (distances[around] == 7).all()


@pytest.mark.parametrize("rooms", [*ROOMS, 60])
def test_mark_tree_path(rooms):
    grid, parents = tree(rooms, 0)
    side = 2 * rooms + 1
    grid, rng = grid.astype(np.uint8), np.random.default_rng(0)
    solution = np.empty(side * side, np.uint8)
    last = rooms * rooms - 1
    pairs = [(0, last), (last, 0), *rng.integers(rooms * rooms, size=(40, 2)).tolist()]
    for start, goal in pairs:
        length = solving.mark_tree_path(parents, rooms, start, goal, solution)
        ends = grid.copy()
        cells = [(2 * (n // rooms) + 1) * side + 2 * (n % rooms) + 1 for n in (start, goal)]
        assert length == np.count_nonzero(solution) == search(grid, side, cells[0])[cells[1]] + 1
        if start != goal:
            ends[cells] = 2, 3
            assert_solved((ends[None], solution[None], [length], [True]), side)


@pytest.mark.parametrize("grid", any_grids())
def test_is_connected_path(grid):
    width = grid.shape[1]
    rng = np.random.default_rng(0)
    floor = np.ones_like(grid)  # without an outer wall
    for cells in (grid, floor):
        flat = (with_ends(cells) if np.count_nonzero(cells) > 1 else cells).ravel()
        for share in (0.0, 0.5, 0.9, 1.0):
            for answer in (rng.random(grid.size) < share, flat != 0):
                marked = answer.astype(np.uint8)
                joined = solving.is_connected_path(flat, width, marked)
                ends = [np.flatnonzero(flat == code) for code in (2, 3)]
                at_edge = marked.reshape(grid.shape).copy()
                at_edge[1:-1, 1:-1] = 0
                is_right = not (answer & (flat == 0)).any() and not at_edge.any()
                if is_right and len(ends[0]) and answer[ends[0][0]]:
                    is_right = int(ends[1][0]) in search(marked, width, int(ends[0][0]))
                else:
                    is_right = False
                assert joined == is_right


def test_find_endpoints():
    grid = np.zeros(9, np.uint8)
    assert solving.find_endpoints(grid) == (0, 0)
    grid[[8, 4]] = 2, 3
    assert solving.find_endpoints(grid) == (8, 4)
    assert solving.find_endpoints(grid[:0]) == (0, 0)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_judge_flat(count):
    floor = next(grid for grid in any_grids() if grid.shape == (9, 12) and grid.sum() < 60)
    grids = np.zeros((count, floor.size), np.uint8)
    for seed in range(count):
        grids[seed] = with_ends(floor, seed).ravel()
    columns = columns_of(grids)
    solutions, lengths, unique = columns[1:]
    scratch = np.empty((2, floor.size), np.int32)
    for index, grid in enumerate(grids):
        ends = solving.find_endpoints(grid)
        result = solving.solve_flat(grid, 12, *ends, *scratch, solutions[index])
        lengths[index], unique[index] = result
    solved, cells = np.empty(count, np.bool_), np.empty(count)
    noise = np.random.default_rng(0).integers(0, 2, grids.shape, np.uint8)
    for answers in (solutions, 1 - solutions, np.ones_like(grids), noise):
        solving.judge_flat(columns, 12, answers, solved, cells)
        assert np.array_equal(solved, (answers == solutions).all(axis=1))
        assert (cells[solved] == 1).all()
    # Not even grids that are no mazes lead out of the arrays.
    for fill in (0, 1):
        nothing = (np.full_like(grids, fill), solutions, lengths * 0 + floor.size, unique & False)
        solving.judge_flat(nothing, 12, np.ones_like(grids), solved, cells)
        assert not solved.any()


def test_mark_mazes():
    for grid in any_grids():
        right = with_ends(grid) if grid.sum() > 1 else grid
        double, opened, other = right.copy(), right.copy(), right.copy()
        double.flat[np.argmin(double)] = 2
        opened[-1, -1] = 1
        other[0, 0] = 4
        grids = np.stack([right, grid, double, opened, other]).reshape(5, grid.size)
        for count in (0, 5):
            found = np.empty(count, np.bool_)
            solving.mark_mazes(grids[:count], grid.shape[1], found)
            assert found.tolist() == [right.max() == 3, *[False] * 4][:count]
    for shape in ((1, 1), (1, 9), (9, 1), (2, 2)):
        found = np.ones(1, np.bool_)
        solving.mark_mazes(np.ones((1, shape[0] * shape[1]), np.uint8), shape[1], found)
        assert not found[0]
