"""Mazes in plain Python, to compare kernels with: trees of rooms, any grids, and a search."""

from collections import deque

import numpy as np

STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))  # up, right, down, left
ROOT = 4
ROOMS = (1, 2, 3, 5, 12)  # per side


def stream(seed: int) -> np.ndarray:
    """The state of a stream of random numbers."""
    return np.array([seed], np.uint64)


def tree(rooms: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A random spanning tree: its flat grid without ends, and parents towards a random room."""
    rng = np.random.default_rng((rooms, seed))
    side = 2 * rooms + 1
    grid = np.zeros((side, side), np.uint8)
    grid[1::2, 1::2] = 1
    parents = np.full(rooms * rooms, ROOT, np.uint8)
    root = tuple(rng.integers(rooms, size=2).tolist())
    known, border = {root}, [root]
    while border:
        row, column = border[rng.integers(len(border))]
        ways = [
            (direction, (row + down, column + right))
            for direction, (down, right) in enumerate(STEPS)
            if 0 <= row + down < rooms and 0 <= column + right < rooms
        ]
        ways = [way for way in ways if way[1] not in known]
        if not ways:
            border.remove((row, column))
            continue
        direction, other = ways[rng.integers(len(ways))]
        known.add(other)
        border.append(other)
        grid[row + other[0] + 1, column + other[1] + 1] = 1
        parents[other[0] * rooms + other[1]] = (direction + 2) % 4
    return grid.ravel(), parents


def with_loops(grid: np.ndarray, seed: int, share: float = 0.3) -> np.ndarray:
    """A grid of rooms with more walls between them opened."""
    side = int(len(grid) ** 0.5)
    cells = grid.reshape(side, side).copy()
    opened = np.random.default_rng(seed).random((side, side)) < share
    odd = np.arange(side) % 2 == 1
    opened &= odd[:, None] != odd
    opened[[0, -1]] = opened[:, [0, -1]] = False
    cells[opened] = 1
    return cells.ravel()


def lattices(rooms: int) -> list[np.ndarray]:
    """Flat grids of rooms, all joined: trees, with loops, and with all walls open."""
    trees = [tree(rooms, seed)[0] for seed in range(3)]
    return [*trees, *(with_loops(grid, 1) for grid in trees), with_loops(trees[0], 1, 1.0)]


def broken(rooms: int) -> list[np.ndarray]:
    """Flat grids of lattices of which not all rooms are joined, nor free: none, some, all."""
    side = 2 * rooms + 1
    grids = np.random.default_rng(rooms).integers(0, 2, (5, side, side), np.uint8)
    grids[0], grids[1] = 0, 1
    grids[:, [0, -1]] = 0
    grids[:, :, [0, -1]] = 0
    return list(grids.reshape(5, side * side))


def any_grids() -> list[np.ndarray]:
    """Grids ``(H, W)`` with walls all around, of every shape and share of walls, without ends."""
    rng = np.random.default_rng(0)
    grids = []
    for height, width in ((3, 3), (3, 4), (4, 3), (5, 5), (3, 40), (40, 3), (9, 12)):
        for share in (0.0, 0.3, 0.5, 1.0):
            grid = np.zeros((height, width), np.uint8)
            grid[1:-1, 1:-1] = rng.random((height - 2, width - 2)) >= share
            grid[1, 1] = 1
            grids.append(grid)
    return grids


def with_ends(grid: np.ndarray, seed: int = 0) -> np.ndarray:
    """A grid ``(H, W)`` or flat with start and goal on two of its free cells."""
    grid = grid.copy()
    start, goal = np.random.default_rng(seed).permutation(np.flatnonzero(grid == 1))[:2]
    grid.flat[start], grid.flat[goal] = 2, 3
    return grid


def search(grid: np.ndarray, width: int, source: int) -> dict[int, int]:
    """The distance of each cell of a flat grid that can be reached from one."""
    distances, queue = {source: 0}, deque([source])
    while queue:
        cell = queue.popleft()
        for step in (-width, 1, width, -1):
            if grid[cell + step] and cell + step not in distances:
                distances[cell + step] = distances[cell] + 1
                queue.append(cell + step)
    return distances


def columns_of(grids: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Flat mazes ``(count, cells)`` as the columns that kernels take, solved by nothing yet."""
    count = len(grids)
    solutions = np.zeros_like(grids)
    return grids, solutions, np.zeros(count, np.int32), np.zeros(count, np.bool_)


def assert_solved(columns: tuple, width: int) -> None:
    """Check that mazes have one start and goal, and the shortest path that belongs to them."""
    for grid, solution, length, unique in zip(*columns, strict=True):
        start, goal = (int(np.flatnonzero(grid == code)[0]) for code in (2, 3))
        assert np.count_nonzero(grid > 1) == 2
        distances = search(grid, width, start)
        on_path = np.flatnonzero(solution)
        assert len(on_path) == length == distances.get(goal, -1) + 1
        if length:
            assert sorted(distances[cell] for cell in on_path.tolist()) == list(range(length))
            ways = [0] * len(grid)
            ways[start] = 1
            for cell in sorted(distances, key=distances.__getitem__):
                for step in (-width, 1, width, -1):
                    if distances.get(cell + step) == distances[cell] + 1:
                        ways[cell + step] += ways[cell]
            assert unique == (ways[goal] == 1)


def assert_spans(rooms: int, grid: np.ndarray, parents: np.ndarray) -> None:
    """Check that a grid is a spanning tree of its rooms, and that parents lead to its root."""
    side = 2 * rooms + 1
    assert len(search(grid, side, side + 1)) == np.count_nonzero(grid) == 2 * rooms * rooms - 1
    assert np.count_nonzero(parents == ROOT) == 1 and parents.max() == ROOT
    joined = 0
    for room, direction in enumerate(parents.tolist()):
        if direction != ROOT:
            down, right = STEPS[direction]
            row, column = divmod(room, rooms)
            joined += int(grid[(2 * row + 1 + down) * side + 2 * column + 1 + right])
    assert joined == rooms * rooms - 1
