"""What the readers and writers of mazes in files share."""

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thinkenv.checks import check_answers
from thinkenv.files import atomic_write
from thinkenv.gate import FileError, check_growth, claim_memory
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.lattice import WALL
from thinkenv.mazes.solving import are_mazes, check_grid, judge_flat, solve_each

NO_INSTANCE = -1  # the instance number of mazes that come from elsewhere

# Rows and columns of the largest maze that is read.
MAX_SIDE = 10_000


class MazeFileError(FileError):
    """A file of mazes that cannot be used, with the reason."""


def judge_read(
    grids: np.ndarray | Sequence[np.ndarray],
    solutions: np.ndarray | Sequence[np.ndarray | None] | None = None,
    allow_unsolvable: bool = False,
) -> MazeBatch:
    """Make a batch of mazes that were read, each checked to hold a shortest path.

    Mazes of different sizes are padded with walls, on the right and below, to one shape.

    Args:
        grids: The mazes, each ``(H, W)`` cell codes.
        solutions: A mask ``(H, W)`` of 0 and 1 for each; None for all, or one, to solve it here.
        allow_unsolvable: Whether mazes without a way from start to goal are taken. Their solution
            is empty.

    Raises:
        ValueError: If one does not; the message says which.
    """
    grids = stack(grids)
    check_grids(grids)
    found, lengths, unique = solve_each(grids)
    if not allow_unsolvable and not lengths.all():
        which = name_maze(int(np.argmin(lengths)), len(grids))
        raise ValueError(f"{which}there is no way from start to goal")
    if solutions is not None:
        found = choose_given(grids, (found, lengths, unique), solutions)
    instances = np.full(len(grids), NO_INSTANCE, np.int64)
    return MazeBatch(grids, found, lengths, unique, instances)


def choose_given(
    grids: np.ndarray,
    solved: tuple[np.ndarray, np.ndarray, np.ndarray],
    solutions: np.ndarray | Sequence[np.ndarray | None],
) -> np.ndarray:
    """The solutions that a file gives, and those found here where it gives none.

    Raises:
        ValueError: If a given one is not a shortest path.
    """
    found, lengths, unique = solved
    if not isinstance(solutions, np.ndarray):
        pairs = zip(solutions, found, strict=True)
        chosen = [other if given is None else given for given, other in pairs]
        given = stack(chosen, found.shape[1:])
    else:
        given = stack(solutions)
    if given.shape != grids.shape:
        raise ValueError(f"solutions must have the shape {grids.shape} of grids, got {given.shape}")
    flat = (len(grids), math.prod(grids.shape[1:]))
    is_right = np.empty(len(grids), np.bool_)
    columns = (grids.reshape(flat), found.reshape(flat), lengths, unique)
    judge_flat(columns, grids.shape[2], given.reshape(flat), is_right, np.empty(len(grids)))
    if not is_right.all():
        which = name_maze(int(np.argmin(is_right)), len(grids))
        raise ValueError(f"{which}its solution is not a shortest path")
    return given


def name_maze(index: int, count: int) -> str:
    """Which maze of a file is meant: its number, from 0, where there are several."""
    return f"maze {index}: " if count > 1 else ""


def stack(arrays: np.ndarray | Sequence[np.ndarray], shape: tuple[int, ...] = (3, 3)) -> np.ndarray:
    """Arrays ``(H, W)`` as one, ``(count, H, W)`` uint8, padded on the right and below with 0.

    Args:
        arrays: One array of them, or several of any shapes.
        shape: The least rows and columns.

    Raises:
        ValueError: If they do not fit into memory together, or are mostly padding.
    """
    if isinstance(arrays, np.ndarray):
        return np.ascontiguousarray(arrays, np.uint8)
    height, width = np.array([shape, *(array.shape for array in arrays)]).max(axis=0).tolist()
    padded = len(arrays) * height * width
    # A few long mazes among many small ones would be a bomb.
    check_growth(
        f"mazes of different sizes, padded to {height:,} rows and {width:,} columns each,",
        padded,
        sum(array.size for array in arrays),
    )
    # A grid, its solution, and both once more while they are checked.
    claim_memory(4 * padded, f"{len(arrays):,} mazes of {height:,} rows and {width:,} columns")
    stacked = np.full((len(arrays), height, width), WALL, np.uint8)
    for whole, array in zip(stacked, arrays, strict=True):
        whole[: array.shape[0], : array.shape[1]] = array
    return stacked


def check_grids(grids: np.ndarray) -> None:
    """Check many mazes as ``check_grid`` checks one.

    Args:
        grids: ``(count, H, W)`` uint8.

    Raises:
        ValueError: For the first that is no maze.
    """
    if len(grids) == 0:
        return
    count, height, width = grids.shape
    if min(height, width) < 3 or max(height, width) > MAX_SIDE:
        raise ValueError(
            f"mazes must have from 3 to {MAX_SIDE:,} rows and columns, got {height} rows and "
            f"{width} columns"
        )
    are_right = are_mazes(grids)
    if not are_right.all():
        index = int(np.argmin(are_right))
        try:
            check_grid(grids[index])
        except ValueError as error:
            raise ValueError(f"{name_maze(index, count)}{error}") from error


def as_solutions(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Masks of a file as uint8 of 0 and 1.

    Raises:
        ValueError: If they have another shape or hold anything else.
    """
    try:
        return check_answers(values, shape, "solutions")
    except TypeError as error:
        raise ValueError(str(error)) from error


def write_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as ``.npy`` files of these names, all or none."""
    with contextlib.ExitStack() as files:  # each takes its name when all are written
        for name, array in arrays.items():
            file = files.enter_context(atomic_write(Path(folder) / f"{name}.npy"))
            np.save(file, array)
            file.flush()
