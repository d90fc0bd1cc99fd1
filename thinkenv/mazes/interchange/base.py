"""What the readers and writers of mazes in files share."""

import contextlib
import math
import os
import stat
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from thinkenv.checks import check_answers
from thinkenv.files import atomic_write
from thinkenv.machine import check_fits_into_memory
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.lattice import GOAL, START, WALL
from thinkenv.mazes.solving import check_grid, judge_flat, solve_each

NO_INSTANCE = -1  # the instance number of mazes that come from elsewhere

# Rows and columns of the largest maze that is read.
MAX_SIDE = 10_000

# By the version of the ``.npy`` format.
HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class MazeFileError(ValueError):
    """A file of mazes that cannot be used, with the reason."""


def check_file(path: Path, max_bytes: int | None = None) -> int:
    """Check that there is an ordinary file of an acceptable size, before it is opened.

    Every reader of a file begins with it. What is no ordinary file could keep a reader waiting, or
    never end.

    Args:
        path: The file.
        max_bytes: How large it may be; None for any size.

    Returns:
        Its bytes.

    Raises:
        MazeFileError: If there is none, it is empty or too large.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        raise MazeFileError(f"{path}: there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = getattr(error, "strerror", None) or error
        raise MazeFileError(f"{path}: cannot be read ({reason})") from None
    if stat.S_ISDIR(found.st_mode):
        raise MazeFileError(f"{path}: is a folder, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise MazeFileError(f"{path}: is not an ordinary file")
    if found.st_size == 0:
        raise MazeFileError(f"{path}: is empty")
    if max_bytes is not None and found.st_size > max_bytes:
        raise MazeFileError(
            f"{path}: has {found.st_size:,} bytes; at most {max_bytes:,} are read of this kind"
        )
    return found.st_size


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """The content of a file that ``check_file`` lets pass.

    Raises:
        MazeFileError: If it does not, or the file cannot be read.
    """
    check_file(path, max_bytes)
    try:
        with open(path, "rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise MazeFileError(f"{path}: cannot be read ({error.strerror})") from None


def judge_read(
    source: Path | str,
    grids: np.ndarray | Sequence[np.ndarray],
    solutions: np.ndarray | Sequence[np.ndarray | None] | None = None,
    allow_unsolvable: bool = False,
) -> MazeBatch:
    """Make a batch of mazes that were read, each checked to hold a shortest path.

    Mazes of different sizes are padded with walls, on the right and below, to one shape.

    Args:
        source: The file's name, for errors.
        grids: The mazes, each ``(H, W)`` cell codes.
        solutions: A mask ``(H, W)`` of 0 and 1 for each; None for all, or one, to solve it here.
        allow_unsolvable: Whether mazes without a way from start to goal are taken. Their solution
            is empty.

    Raises:
        MazeFileError: If one does not; the message says which.
    """
    grids = stack(source, grids)
    check_grids(source, grids)
    found, lengths, unique = solve_each(grids)
    if not allow_unsolvable and not lengths.all():
        which = name_maze(source, int(np.argmin(lengths)), len(grids))
        raise MazeFileError(f"{which}: there is no way from start to goal")
    if solutions is not None:
        found = choose_given(source, grids, (found, lengths, unique), solutions)
    instances = np.full(len(grids), NO_INSTANCE, np.int64)
    return MazeBatch(grids, found, lengths, unique, instances)


def choose_given(
    source: Path | str,
    grids: np.ndarray,
    solved: tuple[np.ndarray, np.ndarray, np.ndarray],
    solutions: np.ndarray | Sequence[np.ndarray | None],
) -> np.ndarray:
    """The solutions that a file gives, and those found here where it gives none.

    Raises:
        MazeFileError: If a given one is not a shortest path.
    """
    found, lengths, unique = solved
    if not isinstance(solutions, np.ndarray):
        pairs = zip(solutions, found, strict=True)
        chosen = [other if given is None else given for given, other in pairs]
        given = stack(source, chosen, found.shape[1:])
    else:
        given = stack(source, solutions)
    flat = (len(grids), math.prod(grids.shape[1:]))
    is_right = np.empty(len(grids), np.bool_)
    columns = (grids.reshape(flat), found.reshape(flat), lengths, unique)
    judge_flat(columns, grids.shape[2], given.reshape(flat), is_right, np.empty(len(grids)))
    if not is_right.all():
        which = name_maze(source, int(np.argmin(is_right)), len(grids))
        raise MazeFileError(f"{which}: its solution is not a shortest path")
    return given


def name_maze(source: Path | str, index: int, count: int) -> str:
    """Which maze of a file is meant: its number, from 0, where there are several."""
    return f"{source}: maze {index}" if count > 1 else str(source)


def stack(
    source: Path | str,
    arrays: np.ndarray | Sequence[np.ndarray],
    shape: tuple[int, ...] = (3, 3),
) -> np.ndarray:
    """Arrays ``(H, W)`` as one, ``(count, H, W)`` uint8, padded on the right and below with 0.

    Args:
        source: The file's name, for errors.
        arrays: One array of them, or several of any shapes.
        shape: The least rows and columns.

    Raises:
        MazeFileError: If they do not fit into memory together.
    """
    if isinstance(arrays, np.ndarray):
        return np.ascontiguousarray(arrays, np.uint8)
    height, width = np.array([shape, *(array.shape for array in arrays)]).max(axis=0).tolist()
    # A grid, its solution, and both once more while they are checked.
    check_size(source, 4 * len(arrays) * height * width, f"{len(arrays):,} mazes")
    stacked = np.full((len(arrays), height, width), WALL, np.uint8)
    for whole, array in zip(stacked, arrays, strict=True):
        whole[: array.shape[0], : array.shape[1]] = array
    return stacked


def check_size(source: Path | str, needed: int, what: str) -> None:
    """Check that so many bytes fit into this machine's memory.

    Raises:
        MazeFileError: If they do not.
    """
    try:
        check_fits_into_memory(what, needed)
    except ValueError as error:
        raise MazeFileError(f"{source}: {error}") from None


def check_grids(source: Path | str, grids: np.ndarray) -> None:
    """Check many mazes as ``check_grid`` checks one.

    Args:
        source: The file's name, for errors.
        grids: ``(count, H, W)`` uint8.

    Raises:
        MazeFileError: For the first that is no maze.
    """
    if len(grids) == 0:
        return
    count, height, width = grids.shape
    if min(height, width) < 3 or max(height, width) > MAX_SIDE:
        raise MazeFileError(
            f"{source}: mazes must have from 3 to {MAX_SIDE:,} rows and columns, got {height} rows "
            f"and {width} columns"
        )
    are_right = are_mazes(grids)
    if not are_right.all():
        index = int(np.argmin(are_right))
        try:
            check_grid(grids[index])
        except ValueError as error:
            raise MazeFileError(f"{name_maze(source, index, count)}: {error}") from None


def are_mazes(grids: np.ndarray) -> np.ndarray:
    """Which grids have our codes, an outer wall, one start and one goal.

    Args:
        grids: ``(count, H, W)`` integers.

    Returns:
        ``(count,)`` bool.
    """
    cells = (1, 2)
    are_right = (grids >= WALL).all(axis=cells) & (grids <= GOAL).all(axis=cells)
    are_right &= np.count_nonzero(grids == START, axis=cells) == 1
    are_right &= np.count_nonzero(grids == GOAL, axis=cells) == 1
    for edge in (grids[:, 0], grids[:, -1], grids[:, :, 0], grids[:, :, -1]):
        are_right &= (edge == WALL).all(axis=1)
    return are_right


def as_solutions(source: Path | str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Masks of a file as uint8 of 0 and 1.

    Raises:
        MazeFileError: If they have another shape or hold anything else.
    """
    try:
        return check_answers(values, shape, "solutions")
    except (ValueError, TypeError) as error:
        raise MazeFileError(f"{source}: {error}") from None


def write_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as ``.npy`` files of these names, all or none."""
    with contextlib.ExitStack() as files:  # each takes its name when all are written
        for name, array in arrays.items():
            np.save(files.enter_context(atomic_write(Path(folder) / f"{name}.npy")), array)


def read_array(path: Path) -> np.ndarray:
    """Read a ``.npy`` file without running code from it.

    Raises:
        MazeFileError: If it is missing, damaged, or larger than this machine's memory.
    """
    check_file(path)
    try:
        with open(path, "rb") as file:
            return read_array_of(path, file, os.fstat(file.fileno()).st_size)
    except (OSError, ValueError, EOFError) as error:
        if isinstance(error, MazeFileError):
            raise
        raise MazeFileError(f"{path}: damaged, or not an array ({error})") from None


def read_array_of(source: Path | str, file: IO[bytes], stored: int) -> np.ndarray:
    """An array in the ``.npy`` format, once it is known that its header tells the truth.

    Args:
        source: The file's name, for errors.
        file: Where it is read from.
        stored: The bytes that the file has.

    Raises:
        ValueError: If it is none, holds Python objects, or promises more than there is.
        MazeFileError: If it is larger than this machine's memory.
    """
    version = np.lib.format.read_magic(file)
    if version not in HEADER_READERS:
        raise ValueError(f"version {version} of the .npy format")
    try:
        shape, in_columns, dtype = HEADER_READERS[version](file)
    except tokenize.TokenError as error:  # NumPy reads the headers of Python 2 as well
        raise ValueError(f"its header cannot be read ({error.args[0]})") from None
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which could run code")
    needed = math.prod(shape) * dtype.itemsize
    if needed > stored:
        raise ValueError(f"its header promises {needed:,} bytes, and there are {stored:,}")
    check_size(source, needed, f"{needed:,} bytes")
    content = file.read(needed)
    if len(content) < needed:
        raise ValueError(f"it ends after {len(content):,} of {needed:,} bytes")
    array = np.frombuffer(content, dtype, math.prod(shape))
    return array.reshape(shape, order="F" if in_columns else "C")
