"""Mazes in arrays of any tool: ``.npy`` files, and ``.npz`` files that are not our own.

One array ``(H, W)`` or ``(count, H, W)``: our codes (0 wall, 1 free, 2 start, 3 goal), those with
wall and free exchanged, or 0 and 1 alone with openings in the outer wall.
"""

from pathlib import Path

import numpy as np

from thinkenv import gate
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import (
    MAX_SIDE,
    MazeFileError,
    judge_read,
    name_maze,
)
from thinkenv.mazes.interchange.cells import from_numbers
from thinkenv.mazes.interchange.text import Drawing, read_drawing
from thinkenv.mazes.lattice import GOAL
from thinkenv.mazes.solving import are_mazes


@gate.reader("mazes in an array", MazeFileError)
def read_npy(path: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read the mazes of a ``.npy`` file, and solve them.

    Raises:
        MazeFileError: If it is missing or damaged, or holds no mazes.
    """
    return judge_read(grids_of(gate.read_array(path)), None, allow_unsolvable)


def grids_of(
    values: np.ndarray, ends: dict[str, np.ndarray] | None = None
) -> np.ndarray | list[np.ndarray]:
    """Mazes from one array of numbers, or of letters.

    Args:
        values: ``(H, W)`` or ``(count, H, W)``.
        ends: ``start`` and ``goal``, ``(count, 2)`` rows and columns each, where they are known.

    Returns:
        ``(count, H, W)`` cell codes, or that many arrays ``(H, W)``.

    Raises:
        ValueError: If they are no mazes.
    """
    if values.ndim == 2:
        values = values[None]
    if values.ndim == 3 and values.shape[2] in (3, 4) and values.dtype == np.uint8:
        if values.max(initial=0) > GOAL + 1:
            raise ValueError(
                f"looks like a picture {values.shape}: mazes.from_image reads such arrays"
            )
    if values.ndim != 3:
        raise ValueError(
            f"mazes must be an array (height, width) or (count, height, width), got {values.shape}"
        )
    if not len(values):
        raise ValueError("holds no mazes")
    is_large_enough = min(values.shape[1:]) >= 3
    if not ends and is_large_enough and values.dtype.kind in "iu" and are_mazes(values).all():
        return values.astype(np.uint8)
    ends = ends or {}
    places = {name: as_places(name, ends[name], len(values)) for name in ends}
    grids = []
    for index, cells in enumerate(values):
        where = {name: of_each[index] for name, of_each in places.items()}
        try:
            grids.append(grid_of(cells, **where))
        except ValueError as error:
            raise ValueError(f"{name_maze(index, len(values))}{error}") from error
    return grids


def grid_of(
    cells: np.ndarray,
    start: tuple[int, int] | None = None,
    goal: tuple[int, int] | None = None,
) -> np.ndarray:
    """One maze from an array ``(H, W)`` of numbers or of letters.

    Raises:
        ValueError: If it is none.
    """
    if cells.dtype.kind == "S":
        cells = np.char.decode(cells, "latin-1")
    if cells.dtype.kind != "U" or np.char.str_len(cells).max() > 1:
        return from_numbers(cells, start, goal)
    rows = ["".join(cell or " " for cell in row) for row in cells.tolist()]
    return read_drawing(Drawing(rows, 1, 0), start, goal)[0]


def as_places(name: str, values: np.ndarray, count: int) -> list[tuple[int, int]]:
    """The places in an array, one for each maze.

    Raises:
        ValueError: If there are not as many pairs of whole numbers.
    """
    if values.dtype.kind == "f" and np.isin(values, range(MAX_SIDE)).all():
        values = values.astype(np.int64)
    if values.dtype.kind not in "iu" or values.shape not in ((count, 2), (2,) * (count == 1)):
        raise ValueError(
            f"{name} must be whole numbers ({count}, 2), row and column of each, got "
            f"{values.dtype} {values.shape}"
        )
    return [(row, column) for row, column in values.reshape(count, 2).tolist()]
