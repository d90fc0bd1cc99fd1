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
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thinkenv import gate
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MAX_SIDE, MazeFileError, judge_read, name_maze
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

DESCRIPTION = "__zanj__.json"
FORMAT_KEYS = ("__muutils_format__", "__format__")

MAX_ITEMS = 2**20  # in all lists of a file

# Bytes of memory that a byte of JSON may take once it is read, and a byte of a stored array once
# its maze is built: an object for a digit and a comma; four cells for a room, each in a grid and a
# solution, twice while they are put together.
GROWTH_OF_JSON, GROWTH_OF_ARRAYS = 16, 16


@dataclass(frozen=True)
class StoredMazes:
    """Mazes of one size as such a file keeps them.

    Attributes:
        connections: ``(count, 2, R, C)`` bools or integers, whether each room is joined to that
            below, to the right.
        rooms: ``(all, 2)`` integers, the rows and columns of the rooms on the paths, one path
            after the other; or of the start and goal of each maze alone; or None where the mazes
            have neither.
        lengths: ``(count,)`` int64, how many rooms each path has.
        solved: Whether the rooms are the paths.
    """

    connections: np.ndarray
    rooms: np.ndarray | None
    lengths: np.ndarray
    solved: bool

    def __len__(self) -> int:
        return len(self.connections)


class Entries:
    """The entries of a ``.zanj`` file, looked up where the description refers to other files.

    Args:
        archive: The zip archive.
    """

    def __init__(self, archive: gate.Archive):
        self._archive = archive
        self._referred: set[str] = set()
        self._visited = 0

    def description(self) -> Any:
        """The JSON that describes all."""
        return gate.parse_json(self._text(DESCRIPTION))

    def list(self, item: Any) -> Iterator[Any]:
        """The items of a list, which may be in a file of its own with one JSON a line.

        Raises:
            ValueError: If it is no list, or there are more items than are read.
        """
        if isinstance(item, dict) and "$ref" in item:
            lines = io.BytesIO(self._text(self._refer(item["$ref"])))
            item = (gate.parse_json(line) for line in lines)
        elif not isinstance(item, list):
            raise ValueError(f"there is no list, but {shortened(item)}")
        for each in item:
            self._visited += 1
            if self._visited > MAX_ITEMS:
                raise ValueError(f"has more than {MAX_ITEMS:,} items in lists")
            yield each

    def array(self, item: Any) -> np.ndarray:
        """An array of bools or integers, however it is stored.

        Raises:
            ValueError: If it is none.
        """
        if isinstance(item, list):
            return from_list(item)
        if not isinstance(item, dict):
            raise ValueError(f"there is no array, but {shortened(item)}")
        if "$ref" in item:
            return checked(self._external_array(self._refer(item["$ref"])))
        data, dtype = item["data"], np.dtype(item["dtype"])
        check_kind(dtype)
        if not isinstance(data, str):
            return from_list(data, dtype).reshape(item["shape"])
        kind = str(next((item[key] for key in FORMAT_KEYS if key in item), ""))
        content = bytes.fromhex(data) if "hex" in kind else base64.b64decode(data, validate=True)
        return checked(np.frombuffer(content, dtype)).reshape(item["shape"])

    def _refer(self, name: Any) -> str:
        """The name of a file that is referred to, which is done once: else few say much.

        Raises:
            ValueError: If it was before.
        """
        if not isinstance(name, str) or name in self._referred:
            raise ValueError(f"refers to {shortened(name)} twice, or by no name")
        self._referred.add(name)
        return name

    def _external_array(self, name: str) -> np.ndarray:
        """The array in a ``.npy`` file of the archive."""
        self._claim(name, GROWTH_OF_ARRAYS)
        return self._archive.array(name)

    def _text(self, name: str) -> bytes:
        """The content of a file of the archive that holds JSON."""
        self._claim(name, GROWTH_OF_JSON)
        return self._archive.read(name)

    def _claim(self, name: str, growth: int) -> None:
        """Check that this machine has the memory for ``growth`` times the size of a file."""
        size = self._archive.size(name)
        gate.claim_memory(size * growth, f"{size:,} bytes of {name}, once they are read,")


def from_list(values: Any, dtype: np.dtype | None = None) -> np.ndarray:
    """An array from lists of bools or integers.

    Args:
        values: The lists, one in the other.
        dtype: Of the array; None for that of the values.

    Raises:
        ValueError: If there is anything else in them, or the lists are unequal.
        OverflowError: If a number is too large.
    """
    # As objects first: NumPy would make text of one word among numbers, and numbers of text.
    items = np.array(values, object)
    kinds = set(map(type, items.flat))
    if not kinds <= {bool, int}:
        raise ValueError("there is an array of something else: needs bools or integers")
    if dtype is None:
        dtype = np.dtype(np.bool_ if kinds == {bool} else np.int64)
    if dtype == np.bool_ and not set(items.flat) <= {0, 1}:
        raise ValueError("there is an array of bools with other values than 0 and 1")
    return np.array(items, dtype) if dtype == np.bool_ else np.array(items.tolist(), dtype)


def checked(array: np.ndarray) -> np.ndarray:
    """An array, if it is one of bools or integers.

    Raises:
        ValueError: If it is not.
    """
    check_kind(array.dtype)
    gate.check_bools(array)
    return array


def check_kind(dtype: np.dtype) -> None:
    """Check that values of a type are bools or integers.

    Raises:
        ValueError: If they are not.
    """
    if dtype.kind not in "biu":
        raise ValueError(f"there is an array of {dtype}: needs bools or integers")


@gate.reader("mazes of maze-dataset in a .zanj file", MazeFileError)
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
    with gate.opened(path) as file:
        entries = Entries(gate.Archive(file))
        stored = list(find_mazes(entries, entries.description()))
    if not stored:
        raise ValueError("holds no mazes")
    parts = [joined(list(part)) for _, part in itertools.groupby(stored, kind_of)]
    count = sum(map(len, parts))
    grids: list[np.ndarray] = []
    solutions: list[np.ndarray | None] = []
    for part in parts:
        built, paths = build_grids(part, len(grids), count)
        if len(parts) == 1:
            return judge_read(built, paths, allow_unsolvable)
        grids.extend(built)
        solutions.extend([None] * len(built) if paths is None else paths)
    return judge_read(grids, solutions, allow_unsolvable)


def kind_of(mazes: StoredMazes) -> tuple:
    """What mazes have in common that can be built together."""
    values = (mazes.connections, mazes.rooms)
    return (
        mazes.solved,
        mazes.connections.shape[1:],
        *[None if v is None else v.dtype for v in values],
    )


def joined(parts: Sequence[StoredMazes]) -> StoredMazes:
    """Mazes of one kind as one."""
    if len(parts) == 1:
        return parts[0]
    rooms = [part.rooms for part in parts if part.rooms is not None]
    return StoredMazes(
        np.concatenate([part.connections for part in parts]),
        np.concatenate(rooms) if rooms else None,
        np.concatenate([part.lengths for part in parts]),
        parts[0].solved,
    )


def find_mazes(entries: Entries, item: Any) -> Iterator[StoredMazes]:
    """All mazes in an entry of a ``.zanj`` file, in order.

    Raises:
        ValueError: If one is stored in another way.
    """
    if isinstance(item, list) or isinstance(item, dict) and "$ref" in item:
        for entry in entries.list(item):
            yield from find_mazes(entries, entry)
    elif not isinstance(item, dict):
        return  # a name or a number beside the mazes
    elif "connection_list" in item:
        yield read_maze(entries, item)
    elif "maze_connection_lists" in item:
        yield from read_packed_mazes(entries, item)
    elif "mazes" in item or "maze_datasets" in item:
        yield from find_mazes(entries, item.get("mazes", item.get("maze_datasets")))
    elif not any(key in item for key in FORMAT_KEYS):
        for entry in item.values():
            yield from find_mazes(entries, entry)


def read_maze(entries: Entries, item: dict) -> StoredMazes:
    """The maze of one entry.

    Raises:
        ValueError: If its arrays are none.
    """
    connections = check_lattices(entries.array(item["connection_list"])[None])
    solved = item.get("solution") is not None
    if solved:
        rooms = entries.array(item["solution"])
    elif item.get("start_pos") is None or item.get("end_pos") is None:
        return StoredMazes(connections, None, np.zeros(1, np.int64), False)
    else:
        rooms = np.stack([entries.array(item[name]) for name in ("start_pos", "end_pos")])
    check_rooms(rooms)
    return StoredMazes(connections, rooms, np.array([len(rooms)]), solved)


def read_packed_mazes(entries: Entries, item: dict) -> Iterator[StoredMazes]:
    """The mazes of a data set that keeps a few arrays for all of them.

    Raises:
        ValueError: If the arrays do not fit together.
    """
    connections = check_lattices(entries.array(item["maze_connection_lists"]))
    lengths = entries.array(item["maze_solution_lengths"]).astype(np.int64)
    if lengths.ndim != 1 or len(lengths) != len(connections) or lengths.min(initial=1) < 1:
        raise ValueError("maze_solution_lengths must have a length of at least 1 for each maze")
    if "maze_solutions" in item:
        padded = entries.array(item["maze_solutions"])
        most = lengths.max(initial=0)
        if padded.ndim != 3 or len(padded) != len(lengths) or most > padded.shape[1]:
            raise ValueError(f"maze_solutions of shape {padded.shape} have not all the rooms")
        rooms = padded[np.arange(padded.shape[1]) < lengths[:, None]]
    else:
        rooms = entries.array(item["maze_solutions_concat"])
        if lengths.max(initial=0) > len(rooms) or lengths.sum() != len(rooms):
            raise ValueError(f"maze_solutions_concat has {len(rooms)} rooms for {lengths.sum()}")
    if len(connections):
        yield StoredMazes(connections, check_rooms(rooms), lengths, True)


def check_lattices(connections: np.ndarray) -> np.ndarray:
    """Connections ``(count, 2, R, C)``, if they are those of lattices of an acceptable size.

    Raises:
        ValueError: If they are not.
    """
    shape = connections.shape[1:]
    if connections.ndim != 4 or shape[0] != 2 or 0 in shape:
        raise ValueError(f"connections must have shape (2, rows, columns), got {shape}")
    if 2 * max(shape) + 1 > MAX_SIDE:
        raise ValueError(f"a maze must have at most {MAX_SIDE:,} rows and columns")
    if connections.min(initial=0) < 0 or connections.max(initial=1) > 1:
        raise ValueError("connections must be 0 and 1, got other numbers")
    return connections


def check_rooms(rooms: np.ndarray) -> np.ndarray:
    """The rooms of a path, if they have rows and columns.

    Raises:
        ValueError: If they have not.
    """
    if rooms.ndim != 2 or rooms.shape[1] != 2 or not len(rooms):
        raise ValueError(f"rooms of a path must have shape (length, 2), got {rooms.shape}")
    return rooms


def build_grids(mazes: StoredMazes, first: int, total: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Grids and their solutions from connected rooms.

    Args:
        mazes: The mazes.
        first: The number of the first in the file.
        total: How many the file has.

    Returns:
        The cell codes and the masks of the paths, ``(count, 2R + 1, 2C + 1)`` uint8 both; None
        instead of masks that the file does not have.

    Raises:
        ValueError: If a maze has no start and goal, or its path leaves it.
    """

    def refuse_any(is_wrong: np.ndarray, reason: str) -> None:
        if is_wrong.any():
            raise ValueError(f"{name_maze(first + int(np.argmax(is_wrong)), total)}{reason}")

    count, _, rows, columns = mazes.connections.shape
    if mazes.rooms is None:
        which = name_maze(first, total)
        raise ValueError(f"{which}it has no start and no goal, as a LatticeMaze has none")
    rooms = mazes.rooms.astype(np.int64)
    if mazes.rooms.dtype == np.int8:
        rooms %= 256  # the package keeps them in a byte, also where there are more than 127
    ends = mazes.lengths.cumsum()
    begins = ends - mazes.lengths
    of_maze = np.repeat(np.arange(count), mazes.lengths)
    is_outside = ((rooms < 0) | (rooms >= (rows, columns))).any(axis=1)
    refuse_any(np.bincount(of_maze, is_outside, count) > 0, "its path leaves the maze")
    starts, goals = rooms[begins], rooms[ends - 1]
    refuse_any(
        (starts == goals).all(axis=1),
        "start and goal are the same room: leave such mazes out, as "
        "filter_by.path_length(min_length=2) does",
    )
    connections = mazes.connections.astype(np.bool_)
    grids = np.full((count, 2 * rows + 1, 2 * columns + 1), WALL, np.uint8)
    grids[:, 1::2, 1::2] = FREE
    # What the lists say of rooms outside, below the last row and beside the last column, is void.
    grids[:, 2:-1:2, 1::2][connections[:, 0, :-1]] = FREE
    grids[:, 1::2, 2:-1:2][connections[:, 1, :, :-1]] = FREE
    each = np.arange(count)
    grids[each, *(2 * starts + 1).T] = START
    grids[each, *(2 * goals + 1).T] = GOAL
    if not mazes.solved:
        return grids, None
    solutions = np.zeros_like(grids)
    cells = 2 * rooms + 1
    solutions[of_maze, *cells.T] = 1
    # Between two rooms of one maze, one after the other.
    goes_on = np.ones(len(rooms), np.bool_)
    goes_on[ends - 1] = False
    before = np.flatnonzero(goes_on)
    between = (cells[before] + cells[before + 1]) // 2
    solutions[of_maze[before], *between.T] = 1
    return grids, solutions


def shortened(item: object) -> str:
    """What stands where something else should, in at most 40 characters."""
    text = repr(item)
    return text if len(text) <= 40 else f"{text[:37]}..."
