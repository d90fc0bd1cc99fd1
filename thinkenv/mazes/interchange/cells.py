"""From cells as people write them to a maze: which number is a wall, openings, the outer wall."""

import numpy as np

from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

CODES = "0 wall, 1 free, 2 start, 3 goal; or 1 wall and 0 free"

# The tokens of the HRM and TRM tools are our codes and one.
TOKEN_SHIFT, LAST_TOKEN = 1, 4

WHITE = 255  # of pictures with one number a pixel, which are 0 elsewhere


def from_numbers(
    values: np.ndarray,
    start: tuple[int, int] | None = None,
    goal: tuple[int, int] | None = None,
) -> np.ndarray:
    """A maze from numbers: our codes, those with wall and free exchanged, or 0 and 1 alone.

    Which of 0 and 1 is a wall is seen from the cells of start and goal, where they are given by
    their places, and otherwise from the outer wall.

    Args:
        values: ``(H, W)`` bools, integers, or floats that are whole numbers.
        start: Row and column of the start, counted from 0; None where it is coded, or an opening.
        goal: The same of the goal.

    Returns:
        ``(H, W)`` uint8 cell codes with an outer wall, start and goal.

    Raises:
        ValueError: If they are no maze, or it cannot be told what is a wall.
    """
    cells = as_codes(values)
    ends = check_places(cells.shape, start, goal)
    if wall_code(cells, [place for place in ends.values() if place]) == FREE:
        cells = exchange(cells)
    return complete(cells, start, goal)


def as_codes(values: np.ndarray) -> np.ndarray:
    """Numbers as uint8 codes 0 to 3.

    Raises:
        ValueError: If there are others; it names the first and its place.
    """
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"a maze must have rows and columns of cells, got shape {values.shape}")
    if values.dtype.kind not in "biuf":
        raise ValueError(f"cells must be numbers, got {values.dtype}")
    low, high = values.min(), values.max()
    if high == WHITE and np.isin(values, (0, WHITE)).all():
        return (values == WHITE).astype(np.uint8)
    if low == TOKEN_SHIFT and high == LAST_TOKEN:
        values = values - values.dtype.type(TOKEN_SHIFT)
    is_code = np.isin(values, (WALL, FREE, START, GOAL))
    if not is_code.all():
        row, column = np.argwhere(~is_code)[0].tolist()
        raise ValueError(
            f"row {row}, column {column}: unknown number {values[row, column]:g} (known: {CODES})"
        )
    return values.astype(np.uint8)


def check_places(
    shape: tuple[int, ...], start: tuple[int, int] | None, goal: tuple[int, int] | None
) -> dict[int, tuple[int, int] | None]:
    """The places of start and goal by their codes.

    Raises:
        ValueError: If one is not in the grid, or both are the same.
    """
    height, width = shape
    for name, place in (("start", start), ("goal", goal)):
        if place and not (0 <= place[0] < height and 0 <= place[1] < width):
            raise ValueError(
                f"{name} must be [row, column] of a cell in {height} rows and {width} columns, "
                f"counted from 0, got {list(place)}"
            )
    if start and start == goal:
        raise ValueError(f"start and goal must be different cells, got {list(start)} twice")
    return {START: start, GOAL: goal}


def exchange(cells: np.ndarray) -> np.ndarray:
    """The same codes with wall and free exchanged."""
    return np.array([FREE, WALL, START, GOAL], np.uint8)[cells]


def wall_code(cells: np.ndarray, ends: list[tuple[int, int]]) -> int:
    """Which of the codes 0 and 1 is a wall.

    Args:
        cells: ``(H, W)`` codes 0 to 3.
        ends: Cells that are start or goal, whatever code they have.

    Raises:
        ValueError: If it cannot be told.
    """
    free = {int(cells[place]) for place in ends} - {START, GOAL}
    if len(free) == 2:
        raise ValueError("start and goal must both be on free cells, got one on 0 and one on 1")
    if free:
        return FREE if free == {WALL} else WALL
    ring = cells[ring_of(cells.shape)]
    is_coded = bool((cells >= START).any())
    fitting = [code for code in (WALL, FREE) if looks_like_outer_wall(ring == code)]
    if not fitting and is_coded and 2 * np.count_nonzero(ring == FREE) <= ring.size:
        return WALL
    if not fitting or fitting == [FREE] and makes_prisoners(cells):
        raise ValueError(
            "there is no outer wall to tell whether 0 or 1 is a wall: the codes may be exchanged. "
            f"Put a wall around the maze, of cells 0 where there are {CODES}"
        )
    return fitting[0]


def looks_like_outer_wall(is_wall: np.ndarray) -> bool:
    """Whether the cells around a grid are walls but for at most two openings."""
    return count_runs(~is_wall) <= 2 and 2 * int(np.count_nonzero(is_wall)) > is_wall.size


def makes_prisoners(cells: np.ndarray) -> bool:
    """Whether start or goal has cells 1 on all sides, and none 0: where 1 is a wall, no way out."""
    around = np.pad(cells, 1, constant_values=FREE)
    for row, column in np.argwhere(cells >= START) + 1:
        beside = (
            around[row - 1, column],
            around[row + 1, column],
            around[row, column - 1],
            around[row, column + 1],
        )
        if all(code == FREE for code in beside):
            return True
    return False


def complete(
    cells: np.ndarray,
    start: tuple[int, int] | None = None,
    goal: tuple[int, int] | None = None,
) -> np.ndarray:
    """A maze with start, goal and outer wall from one that may lack them.

    Where start or goal is missing, it is an opening in the outer wall: the first, row by row, is
    the start where both are. Where there are cells other than walls at the edge, a ring of walls is
    put around all, so an opening stays a cell of the maze.

    Args:
        cells: ``(H, W)`` uint8 cell codes 0 to 3, 0 a wall.
        start: Row and column of the start, where it is not in the cells.
        goal: The same of the goal.

    Raises:
        ValueError: If there are two starts or goals, or one is missing and no opening.
    """
    cells = cells.copy()
    for code, place in check_places(cells.shape, start, goal).items():
        if place is None:
            continue
        if cells[place] == WALL:
            raise ValueError(f"start and goal must be on free cells, got a wall at {list(place)}")
        cells[place] = code
    ends = {"start": START, "goal": GOAL}
    counts = {name: np.count_nonzero(cells == code) for name, code in ends.items()}
    for name, count in counts.items():
        if count > 1:
            raise ValueError(f"there must be one {name}, got {count}")
    missing = [name for name, count in counts.items() if count == 0]
    if missing:
        openings = find_openings(cells)
        if len(openings) != len(missing):
            number = ("one opening", "two openings")[len(missing) - 1]
            raise ValueError(
                f"there is no {' and no '.join(missing)}: mark it in the maze, or leave {number} "
                f"in the outer wall as {' and '.join(missing)} (exit); it has {len(openings)}"
            )
        for name, opening in zip(missing, openings, strict=True):
            cells[opening] = ends[name]
    if (cells[ring_of(cells.shape)] != WALL).any():
        cells = np.pad(cells, 1)
    return cells


def ring_of(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The rows and columns of the cells at the edge of a grid, clockwise from the upper left."""
    height, width = shape
    if min(height, width) == 1:
        rows, columns = np.mgrid[:height, :width]
        return rows.ravel(), columns.ravel()
    along, down = np.arange(width - 1), np.arange(height - 1)
    rows = np.concatenate([0 * along, down, 0 * along + height - 1, height - 1 - down])
    columns = np.concatenate([along, 0 * down + width - 1, width - 1 - along, 0 * down])
    return rows, columns


def count_runs(marks: np.ndarray) -> int:
    """How many runs of marks there are around a ring; one where all are marked."""
    return int(np.count_nonzero(marks & ~np.roll(marks, 1))) or int(marks.all())


def find_openings(cells: np.ndarray) -> list[tuple[int, int]]:
    """The free cells at the edge of a grid, one for each opening, row by row.

    An opening of several cells is known by the one in its middle.
    """
    rows, columns = ring_of(cells.shape)
    is_free = cells[rows, columns] == FREE
    if is_free.all() or not is_free.any():
        return []
    first = int(np.argmin(is_free))  # the ring begins at a wall, so that no run goes round its end
    rows, columns, is_free = (np.roll(array, -first) for array in (rows, columns, is_free))
    edges = np.flatnonzero(np.diff(is_free, prepend=False, append=False))
    middles = [(begin + end - 1) // 2 for begin, end in edges.reshape(-1, 2)]
    return sorted((int(rows[index]), int(columns[index])) for index in middles)
