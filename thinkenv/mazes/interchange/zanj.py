"""The ``.zanj`` files of the package ``maze-dataset``.

Such a file is a zip archive with the description ``__zanj__.json`` and larger arrays and lists
beside it. What is in it is known by the names of its entries, which all releases share; what is
called ``__muutils_format__`` by those since 1.0 and ``__format__`` by earlier ones matters for
arrays that are written as text alone. Read are

- a data set, in its three layouts: one entry for each maze, or a few arrays for all of them, with
  paths one below the other or one after the other;
- a collection of data sets, lists and dictionaries of them;
- a single maze, or a list of mazes, with a solution or with start and goal alone.
"""

import base64
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import (
    MazeFileError,
    check_file,
    check_size,
    judge_read,
    name_maze,
    read_array_of,
)
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

DESCRIPTION = "__zanj__.json"
FORMAT_KEYS = ("__muutils_format__", "__format__")

# What reading a zip archive with JSON and arrays in it can end with; a RuntimeError is that of an
# encrypted file, or of lists nested too deep.
DAMAGE = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
)

# Bytes of memory that a byte of JSON may take once it is read, and a byte of a stored array once
# its maze is built: an object for a digit and a comma; four cells for a room, each in a grid and a
# solution, twice while they are put together.
GROWTH_OF_JSON, GROWTH_OF_ARRAYS = 16, 16


@dataclass(frozen=True)
class StoredMaze:
    """A maze as such a file keeps it.

    Attributes:
        connections: ``(2, R, C)`` bool, whether each room is joined to that below, to the right.
        path_rooms: ``(length, 2)`` integers, the rows and columns of the rooms on the path; or of
            start and goal alone; or None where the maze has neither.
        solved: Whether the rooms are the path.
    """

    connections: np.ndarray
    path_rooms: np.ndarray | None
    solved: bool


class Archive:
    """The entries of a ``.zanj`` file, looked up where the description refers to other files.

    Args:
        file: The zip archive.
    """

    def __init__(self, file: zipfile.ZipFile):
        self.file = file

    def description(self) -> Any:
        """The JSON that describes all."""
        return json.loads(self._bytes(DESCRIPTION))

    def entries(self, item: Any) -> list:
        """A list, which may be in a file of its own with one JSON a line.

        Raises:
            ValueError: If it is no list.
        """
        if isinstance(item, dict) and "$ref" in item:
            item = [json.loads(line) for line in self._bytes(item["$ref"]).splitlines()]
        if not isinstance(item, list):
            raise ValueError(f"there is no list, but {shortened(item)}")
        return item

    def array(self, item: Any) -> np.ndarray:
        """An array of bools or integers, however it is stored.

        Raises:
            ValueError: If it is none.
        """
        array = self._stored_array(item)
        if array.dtype.kind not in "biu":
            raise ValueError(f"there is an array of {array.dtype}: needs bools or integers")
        return array

    def _stored_array(self, item: Any) -> np.ndarray:
        """An array of any kind: in the description as lists or as text, or a file of its own."""
        if isinstance(item, list):
            return np.array(item)
        if not isinstance(item, dict):
            raise ValueError(f"there is no array, but {shortened(item)}")
        if "$ref" in item:
            return self._external_array(item["$ref"])
        data, dtype = item["data"], np.dtype(item["dtype"])
        if dtype.hasobject:
            raise ValueError(f"there is an array of {dtype}: needs bools or integers")
        if not isinstance(data, str):
            return np.array(data, dtype).reshape(item["shape"])
        kind = str(next((item[key] for key in FORMAT_KEYS if key in item), ""))
        content = bytes.fromhex(data) if "hex" in kind else base64.b64decode(data, validate=True)
        return np.frombuffer(content, dtype).reshape(item["shape"])

    def _external_array(self, name: str) -> np.ndarray:
        """The array in a ``.npy`` file of the archive."""
        with self._open(name, GROWTH_OF_ARRAYS) as file:
            return read_array_of(name, file, self.file.getinfo(name).file_size)

    def _bytes(self, name: str) -> bytes:
        """The content of a file of the archive that holds JSON."""
        with self._open(name, GROWTH_OF_JSON) as file:
            return file.read()

    def _open(self, name: str, growth: int) -> IO[bytes]:
        """A file of the archive, if this machine has the memory for ``growth`` times its size."""
        size = self.file.getinfo(name).file_size
        check_size(name, size * growth, f"{size:,} bytes")
        return self.file.open(name)


def read_maze_dataset(path: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read mazes from a ``.zanj`` file that the package ``maze-dataset`` saved.

    Solutions are computed where the file has none. Mazes of different sizes are padded with walls.

    Args:
        path: The file.
        allow_unsolvable: Whether a maze may have no way from start to goal.

    Raises:
        MazeFileError: If the file is missing, damaged, of another kind, or holds mazes without a
            start and a goal, or without a shortest path.
    """
    check_file(path)
    try:
        with zipfile.ZipFile(path) as file:
            archive = Archive(file)
            stored = list(find_mazes(archive, archive.description()))
    except DAMAGE as error:
        raise MazeFileError(
            f"{path}: not a readable .zanj file of mazes ({type(error).__name__}: {error})"
        ) from None
    if not stored:
        raise MazeFileError(f"{path}: holds no mazes")
    built = []
    for index, maze in enumerate(stored):
        try:
            built.append(build_grid(maze))
        except ValueError as error:
            raise MazeFileError(f"{name_maze(path, index, len(stored))}: {error}") from None
    grids, solutions = zip(*built, strict=True)
    return judge_read(path, grids, solutions, allow_unsolvable)


def find_mazes(archive: Archive, item: Any) -> Iterator[StoredMaze]:
    """All mazes in an entry of a ``.zanj`` file, in order.

    Raises:
        ValueError: If one is stored in another way.
    """
    if isinstance(item, list) or isinstance(item, dict) and "$ref" in item:
        for entry in archive.entries(item):
            yield from find_mazes(archive, entry)
    elif not isinstance(item, dict):
        return  # a name or a number beside the mazes
    elif "connection_list" in item:
        yield read_maze(archive, item)
    elif "maze_connection_lists" in item:
        yield from read_packed_mazes(archive, item)
    elif "mazes" in item or "maze_datasets" in item:
        yield from find_mazes(archive, item.get("mazes", item.get("maze_datasets")))
    elif not any(key in item for key in FORMAT_KEYS):
        for entry in item.values():
            yield from find_mazes(archive, entry)


def read_maze(archive: Archive, item: dict) -> StoredMaze:
    """The maze of one entry.

    Raises:
        ValueError: If its arrays are none.
    """
    connections = archive.array(item["connection_list"])
    if item.get("solution") is not None:
        return StoredMaze(connections, archive.array(item["solution"]), True)
    if item.get("start_pos") is None or item.get("end_pos") is None:
        return StoredMaze(connections, None, False)
    ends = [archive.array(item[name]) for name in ("start_pos", "end_pos")]
    return StoredMaze(connections, np.stack(ends), False)


def read_packed_mazes(archive: Archive, item: dict) -> Iterator[StoredMaze]:
    """The mazes of a data set that keeps a few arrays for all of them.

    Raises:
        ValueError: If the arrays do not fit together.
    """
    connections = archive.array(item["maze_connection_lists"])
    lengths = archive.array(item["maze_solution_lengths"]).astype(np.int64)
    if lengths.ndim != 1 or len(lengths) != len(connections) or lengths.min(initial=1) < 1:
        raise ValueError("maze_solution_lengths must have a length of at least 1 for each maze")
    if "maze_solutions" in item:
        padded = archive.array(item["maze_solutions"])
        if padded.ndim != 3 or len(padded) != len(lengths) or lengths.max() > padded.shape[1]:
            raise ValueError(f"maze_solutions of shape {padded.shape} have not all the rooms")
        paths = [rooms[:length] for rooms, length in zip(padded, lengths, strict=True)]
    else:
        joined = archive.array(item["maze_solutions_concat"])
        if lengths.sum() != len(joined):
            raise ValueError(f"maze_solutions_concat has {len(joined)} rooms for {lengths.sum()}")
        paths = np.split(joined, lengths.cumsum()[:-1])
    for of_maze, rooms in zip(connections, paths, strict=True):
        yield StoredMaze(of_maze, rooms, True)


def build_grid(maze: StoredMaze) -> tuple[np.ndarray, np.ndarray | None]:
    """A grid and its solution from connected rooms.

    Returns:
        The cell codes and the mask of the path, ``(2R + 1, 2C + 1)`` uint8 both; None instead of a
        mask that the file does not have.

    Raises:
        ValueError: If the maze is no lattice, has no start and goal, or its path leaves it.
    """
    connections, path_rooms = maze.connections.astype(np.bool_), maze.path_rooms
    if path_rooms is None:
        raise ValueError("it has no start and no goal, as a LatticeMaze has none")
    if connections.ndim != 3 or len(connections) != 2 or 0 in connections.shape:
        raise ValueError(f"connections must have shape (2, rows, columns), got {connections.shape}")
    if path_rooms.ndim != 2 or path_rooms.shape[1] != 2:
        raise ValueError(f"rooms of a path must have shape (length, 2), got {path_rooms.shape}")
    rooms = path_rooms.astype(np.int64)
    if path_rooms.dtype == np.int8:
        rooms %= 256  # the package keeps them in a byte, also where there are more than 127
    if rooms.min() < 0 or (rooms >= connections.shape[1:]).any():
        raise ValueError("its path leaves the maze")
    if (rooms[0] == rooms[-1]).all():
        raise ValueError(
            "start and goal are the same room: leave such mazes out, as "
            "filter_by.path_length(min_length=2) does"
        )
    _, rows, columns = connections.shape
    grid = np.full((2 * rows + 1, 2 * columns + 1), WALL, np.uint8)
    grid[1::2, 1::2] = FREE
    # What the lists say of rooms outside, below the last row and beside the last column, is void.
    grid[2:-1:2, 1::2][connections[0, :-1]] = FREE
    grid[1::2, 2:-1:2][connections[1, :, :-1]] = FREE
    cells = 2 * rooms + 1
    grid[tuple(cells[0])] = START
    grid[tuple(cells[-1])] = GOAL
    if not maze.solved:
        return grid, None
    solution = np.zeros_like(grid)
    between = (cells[:-1] + cells[1:]) // 2
    solution[tuple(np.concatenate([cells, between]).T)] = 1
    return grid, solution


def shortened(item: object) -> str:
    """What stands where something else should, in at most 40 characters."""
    text = repr(item)
    return text if len(text) <= 40 else f"{text[:37]}..."
