"""Solutions and judgements against hand-drawn mazes and a slow plain-Python reference."""

import itertools
from collections import deque

import networkx
import numpy as np
import pytest

from tests.mazes.grids import ends_of, graph_of
from thinkenv import mazes
from thinkenv.mazes.task import MazeTask

CODES = {"#": 0, " ": 1, ".": 1, "S": 2, "G": 3}


def read(drawing: str) -> tuple[np.ndarray, np.ndarray]:
    """A maze and its path (the cells S, G and '.') from a drawing."""
    rows = [line for line in drawing.split("\n") if line.strip()]
    grid = np.array([[CODES[character] for character in row.strip()] for row in rows], np.uint8)
    path = np.array([[character in "SG." for character in row.strip()] for row in rows], np.uint8)
    return grid, path


TREE = """
    #######
    #S..# #
    ###.# #
    # #.# #
    # #.# #
    #  ..G#
    #######
"""
# Two shortest paths, over the top and round the bottom, and a longer one is impossible.
RING = """
    #######
    #S....#
    #.###.#
    #.# #.#
    #.###.#
    #....G#
    #######
"""
NEIGHBOURS = """
    ####
    #SG#
    ####
"""


def distances_from(grid: np.ndarray, source: tuple[int, int]) -> dict:
    distances = {source: 0}
    queue = deque([source])
    while queue:
        row, column = queue.popleft()
        for cell in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            if grid[cell] and cell not in distances:
                distances[cell] = distances[row, column] + 1
                queue.append(cell)
    return distances


def every_shortest_path(grid: np.ndarray) -> list[np.ndarray]:
    """All shortest paths as masks, by walking down the distances to the goal."""
    start = tuple(np.argwhere(grid == 2)[0])
    distances = distances_from(grid, tuple(np.argwhere(grid == 3)[0]))
    masks = []

    def walk(path):
        row, column = path[-1]
        if distances[path[-1]] == 0:
            mask = np.zeros(grid.shape, np.uint8)
            mask[tuple(zip(*path, strict=True))] = 1
            masks.append(mask)
            return
        for cell in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            if distances.get(cell, -1) == distances[path[-1]] - 1:
                walk([*path, cell])

    walk([start])
    return masks


def test_hand_drawn_tree():
    grid, path = read(TREE)
    assert np.array_equal(mazes.solve(grid), path)
    assert mazes.is_solution(grid, path)


def test_hand_drawn_ring_accepts_both_ways_round():
    grid, both = read(RING)
    over_the_top, round_the_bottom = both.copy(), both.copy()
    over_the_top[2:6, 1] = over_the_top[5, 1:5] = 0
    round_the_bottom[1, 2:6] = round_the_bottom[1:5, 5] = 0
    assert mazes.is_solution(grid, over_the_top)
    assert mazes.is_solution(grid, round_the_bottom)
    assert not mazes.is_solution(grid, both)
    solution, length, unique = mazes.shortest_path(grid)
    assert length == 9 and not unique
    assert any(np.array_equal(solution, way) for way in (over_the_top, round_the_bottom))


def test_neighbouring_start_and_goal():
    grid, path = read(NEIGHBOURS)
    assert np.array_equal(mazes.solve(grid), path)


@pytest.mark.parametrize("loops", [0.0, 0.02, 0.3])
@pytest.mark.parametrize(("size", "count"), [(5, 500), (9, 1000), (33, 40)])
def test_generated_solutions_equal_the_slow_reference(size, count, loops):
    batch = mazes.generate(size=size, count=count, split="all", loops=loops, seed=2)
    for index, grid in enumerate(batch.grids):
        start = tuple(np.argwhere(grid == 2)[0])
        goal = tuple(np.argwhere(grid == 3)[0])
        from_goal = distances_from(grid, goal)
        assert batch.path_lengths[index] == from_goal[start] + 1
        solution = batch.solutions[index]
        assert solution.sum() == batch.path_lengths[index]
        assert np.array_equal(mazes.solve(grid), solution)
        # Each marked cell but the goal has a marked neighbour one step nearer to the goal.
        marked = {tuple(cell) for cell in np.argwhere(solution)}
        assert {start, goal} <= marked
        assert sorted(from_goal[cell] for cell in marked) == list(range(len(marked)))
        if size <= 9:
            paths = every_shortest_path(grid)
            assert batch.unique[index] == (len(paths) == 1)
            assert any(np.array_equal(solution, path) for path in paths)
        elif loops == 0.0:
            assert batch.unique[index]


def test_judges_accept_every_shortest_path_and_nothing_else():
    task = MazeTask(size=7, split="all", loops=0.4)
    batch = task.draw(range(300))
    several = 0
    for index, grid in enumerate(batch.grids):
        paths = every_shortest_path(grid)
        several += len(paths) > 1
        right = paths[0]
        free = np.argwhere((grid != 0) & (right == 0))
        walls = np.argwhere(grid == 0)
        inside = np.argwhere(right)
        wrong = [np.zeros_like(right), np.ones_like(right), (grid != 0).astype(np.uint8)]
        for extra in itertools.chain(free[:5], walls[:5]):
            wrong.append(right.copy())
            wrong[-1][tuple(extra)] = 1
        for gap in inside:
            wrong.append(right.copy())
            wrong[-1][tuple(gap)] = 0
            if len(free):  # as many cells as the path has, but broken
                wrong.append(wrong[-1].copy())
                wrong[-1][tuple(free[0])] = 1
        wrong = [mask for mask in wrong if not any(np.array_equal(mask, path) for path in paths)]
        answers = np.array(paths + wrong)
        expected = [True] * len(paths) + [False] * len(wrong)
        one = batch[np.full(len(answers), index)]
        solved, accuracies = task.judge(one, answers)
        assert solved.tolist() == expected
        assert [mazes.is_solution(grid, answer) for answer in answers] == expected
        is_free = grid != 0
        by_hand = [(answer == one.solutions[0])[is_free].mean() for answer in answers]
        assert np.allclose(accuracies, by_hand)
    assert several > 50


def test_a_longer_path_is_wrong():
    grid, _ = read(RING)
    grid[3, 5] = 0  # the way over the top is closed; round the bottom is the only way
    longer = (grid != 0).astype(np.uint8)
    longer[3, 3] = 0
    assert mazes.shortest_path(grid)[1:] == (9, True)
    assert not mazes.is_solution(grid, longer)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda grid: grid[0], "shape"),
        (lambda grid: grid * 2, "integer codes 0 wall, 1 free, 2 start, 3 goal"),
        (lambda grid: grid.astype(float), "integer codes"),
        (lambda grid: np.where(grid == 2, 1, grid), "got 0 starts"),
        (lambda grid: np.where(grid == 1, 3, grid), "goals"),
        (lambda grid: grid[1:], "outer wall"),
        (lambda grid: np.where(np.arange(7) == 3, 0, grid), "must have a path"),
    ],
)
def test_a_bad_grid_is_refused(spoil, words):
    grid, _ = read(TREE)
    with pytest.raises(ValueError, match=words):
        mazes.solve(spoil(grid))


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (np.zeros((6, 7), np.uint8), ValueError, r"answer must have shape \(7, 7\), got \(6, 7\)"),
        (np.full((7, 7), "1"), TypeError, "answer must hold numbers, 0 or 1, got <U1"),
        (np.full((7, 7), 0.5), ValueError, "answer must hold 0 and 1 alone"),
        (np.full((7, 7), 2), ValueError, "answer must hold 0 and 1 alone"),
        (np.full((7, 7), -1), ValueError, "answer must hold 0 and 1 alone"),
    ],
)
def test_a_bad_answer_is_refused(answer, error, words):
    grid, _ = read(TREE)
    with pytest.raises(error, match=words):
        mazes.is_solution(grid, answer)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"loops": 0.3},
        {"loops": 1.0},
        {"generator": "plazas"},
        {"generator": "percolation", "endpoints": "unreachable"},
    ],
)
def test_cells_on_shortest_paths_are_those_of_all_of_them(options):
    batch = MazeTask(9, "all", **options).draw(range(20))
    for grid, solution, unique in zip(batch.grids, batch.solutions, batch.unique, strict=True):
        graph, (start, goal) = graph_of(grid), ends_of(grid)
        expected = np.zeros(grid.shape, np.bool_)
        if networkx.has_path(graph, start, goal):
            for path in networkx.all_shortest_paths(graph, start, goal):
                expected[tuple(np.array(path).T)] = True
        found = mazes.solving.on_shortest_paths(grid)
        assert np.array_equal(found, expected)
        assert not unique or np.array_equal(found, solution != 0)
