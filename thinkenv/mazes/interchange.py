"""Read and write mazes in files: our own ``.npz``, and the formats of the literature.

- ``npz``: one file with the arrays of a ``MazeBatch``, and the options as JSON under ``options``;
- ``easy_to_hard``: a folder with ``inputs.npy`` and ``solutions.npy`` (Schwarzschild et al. 2021,
  arXiv 2108.06011);
- ``tokens``: a folder with ``all__inputs.npy``, ``all__labels.npy`` and others, as the HRM and TRM
  tools read them.

Besides, ``read_maze_dataset`` reads the ``.zanj`` files of the package ``maze-dataset``.

In ``easy_to_hard`` every grid cell is drawn as 2x2 pixels with a margin of one: 24x24 pixels for
size 9. ``inputs.npy`` is ``(count, 3, S, S)``, from 0 to 1: walls black, free cells white, start
green, goal red; ``solutions.npy`` is ``(count, S, S)``.

In ``tokens`` a square grid is a row of numbers: 1 wall, 2 free, 3 start, 4 goal, and in the labels
5 on the path between start and goal. Grids smaller than the square are padded with walls.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from thinkenv.checks import check_choice, check_integer
from thinkenv.files import atomic_write, write_bytes
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL
from thinkenv.mazes.sampling import GENERATOR_VERSION
from thinkenv.mazes.solving import is_solution, shortest_path

FORMATS = ("npz", "easy_to_hard", "tokens")

# The tokens of the cell codes 0 wall, 1 free, 2 start, 3 goal; and of the path in labels.
TOKENS = np.array([1, 2, 3, 4], np.uint8)
PATH_TOKEN = 5
TOKEN_SIDE = 30

NO_INSTANCE = -1  # the instance number of mazes that come from elsewhere


class MazeFileError(ValueError):
    """A file of mazes that cannot be used, with the reason."""


def write_npz(path: Path, batch: MazeBatch, options: dict) -> None:
    """Write mazes and the options they were drawn with to one ``.npz`` file.

    Args:
        path: The file; it is replaced whole or not at all.
        batch: The mazes.
        options: The arguments of ``thinkenv.mazes.generate``; stored as JSON.
    """
    described = json.dumps({"generator_version": GENERATOR_VERSION, **options})
    arrays: dict[str, Any] = {"options": np.array(described), **batch.columns()}
    with atomic_write(Path(path)) as file:
        np.savez_compressed(file, **arrays)


def read_npz(path: Path) -> tuple[MazeBatch, dict]:
    """Read what ``write_npz`` wrote.

    Returns:
        The mazes and the options.

    Raises:
        MazeFileError: If the file is missing, damaged, or of another kind.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            batch = MazeBatch(**{name: arrays[name] for name in MazeBatch.__dataclass_fields__})
            return batch, json.loads(str(arrays["options"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise MazeFileError(f"{path}: not a readable .npz file of mazes ({error})") from None


def write_easy_to_hard(folder: Path, batch: MazeBatch, dtype: str = "float64") -> None:
    """Write mazes as the arrays that the ``easy_to_hard`` tools read.

    Args:
        folder: Where ``inputs.npy`` and ``solutions.npy`` go, such as ``maze_data_train_9``.
        batch: The mazes.
        dtype: ``float64``, as the literature's generator writes, ``float32`` or ``uint8``.
    """
    check_choice("dtype", dtype, ("float64", "float32", "uint8"))
    colours = np.array([[0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 0]], dtype)
    inputs = colours[enlarge(batch.grids)].transpose(0, 3, 1, 2)
    solutions = enlarge(batch.solutions).astype(dtype)
    write_arrays(folder, {"inputs": inputs, "solutions": solutions})


def read_easy_to_hard(folder: Path) -> MazeBatch:
    """Read mazes from a folder in the ``easy_to_hard`` format.

    Raises:
        MazeFileError: If files are missing or damaged, or do not hold mazes with shortest paths.
    """
    inputs = read_array(Path(folder) / "inputs.npy")
    solutions = read_array(Path(folder) / "solutions.npy")
    if inputs.ndim != 4 or inputs.shape[1] != 3 or solutions.shape != inputs[:, 0].shape:
        raise MazeFileError(
            f"{folder}: inputs of shape {inputs.shape} and solutions of shape {solutions.shape}: "
            "needs (count, 3, S, S) and (count, S, S)"
        )
    red, green, blue = (reduce(inputs[:, channel]) > 0.5 for channel in range(3))
    grids = np.full(red.shape, WALL, np.uint8)
    grids[red & green & blue] = FREE
    grids[green & ~red & ~blue] = START
    grids[red & ~green & ~blue] = GOAL
    return judge_read(folder, grids, (reduce(solutions) > 0.5).astype(np.uint8))


def enlarge(grids: np.ndarray) -> np.ndarray:
    """Make each cell 2x2 pixels, with a margin of one: ``(count, H, W)`` to twice plus 2."""
    doubled = grids.repeat(2, axis=1).repeat(2, axis=2)
    return np.pad(doubled, ((0, 0), (1, 1), (1, 1)))


def reduce(pictures: np.ndarray) -> np.ndarray:
    """Undo ``enlarge``: one pixel of each cell."""
    return pictures[:, 1:-1:2, 1:-1:2]


def write_tokens(folder: Path, batch: MazeBatch, side: int = TOKEN_SIDE) -> None:
    """Write mazes as the token arrays that the HRM and TRM tools read.

    Args:
        folder: Where the files go: the folder of a split, such as ``maze-30x30/train``.
        batch: The mazes, of at most ``side`` rows and columns.
        side: Cells per side of the token grid.

    Raises:
        ValueError: If the mazes do not fit.
    """
    count, height, width = batch.grids.shape
    side = check_integer("side", side, max(height, width), 10_000)
    margin = ((0, 0), (0, side - height), (0, side - width))
    inputs = TOKENS[np.pad(batch.grids, margin)]
    labels = np.where(
        np.pad((batch.solutions == 1) & (batch.grids == FREE), margin), PATH_TOKEN, inputs
    )
    steps = np.arange(count + 1, dtype=np.int32)
    arrays = {
        "all__inputs": inputs.reshape(count, side * side),
        "all__labels": labels.reshape(count, side * side).astype(np.uint8),
        "all__puzzle_identifiers": np.zeros(count, np.int32),
        "all__puzzle_indices": steps,
        "all__group_indices": steps,
    }
    description = {
        "seq_len": side * side,
        "vocab_size": len(TOKENS) + 2,
        "pad_id": 0,
        "ignore_label_id": 0,
        "blank_identifier_id": 0,
        "num_puzzle_identifiers": 1,
        "total_groups": count,
        "mean_puzzle_examples": 1,
        "total_puzzles": count,
        "sets": ["all"],
    }
    folder = Path(folder)
    write_arrays(folder, arrays)
    write_bytes(folder / "dataset.json", json.dumps(description).encode())
    write_bytes(folder.parent / "identifiers.json", b'["<blank>"]')


def read_tokens(folder: Path) -> MazeBatch:
    """Read mazes from the folder of a split in the HRM and TRM format.

    The square of the tokens is kept, with its padding; where it lacks an outer wall, one is added.

    Raises:
        MazeFileError: If files are missing or damaged, or do not hold mazes with shortest paths.
    """
    inputs = read_array(Path(folder) / "all__inputs.npy")
    labels = read_array(Path(folder) / "all__labels.npy")
    side = int(round(inputs.shape[-1] ** 0.5)) if inputs.ndim == 2 else 0
    if inputs.ndim != 2 or side * side != inputs.shape[1] or labels.shape != inputs.shape:
        raise MazeFileError(
            f"{folder}: inputs of shape {inputs.shape} and labels of shape {labels.shape}: needs "
            "(count, side * side) twice"
        )
    if inputs.size and not np.isin(inputs, TOKENS).all():
        raise MazeFileError(f"{folder}: inputs hold other tokens than 1 to 4")
    grids = (inputs - 1).astype(np.uint8).reshape(-1, side, side)
    marked = (labels == PATH_TOKEN).reshape(grids.shape)
    solutions = (marked | (grids == START) | (grids == GOAL)).astype(np.uint8)
    borders = (grids[:, 0], grids[:, -1], grids[:, :, 0], grids[:, :, -1])
    if any((border != WALL).any() for border in borders):
        grids, solutions = (np.pad(array, ((0, 0), (1, 1), (1, 1))) for array in (grids, solutions))
    return judge_read(folder, grids, solutions)


def read_maze_dataset(path: Path) -> MazeBatch:
    """Read solved mazes from a ``.zanj`` file that the package ``maze-dataset`` saved.

    Such a file is a zip archive with the description ``__zanj__.json`` and larger arrays beside it.
    Datasets of up to about a hundred mazes hold one entry for each maze, larger ones a few arrays
    for all of them; both are read. Each maze has a list of connections, ``(2, R, C)`` bool: whether
    room ``(r, c)`` is joined to the room below it, and to that on its right.

    Raises:
        MazeFileError: If the file is missing, damaged, of another kind, or holds mazes without a
            shortest path.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            content = json.loads(archive.read("__zanj__.json"))
            if "mazes" in content:
                parts = ("connection_list", "solution")
                mazes = [
                    tuple(zanj_array(archive, entry[name]) for name in parts)
                    for entry in content["mazes"]
                ]
            else:
                names = ("maze_connection_lists", "maze_solutions", "maze_solution_lengths")
                arrays = (zanj_array(archive, content[name]) for name in names)
                mazes = [
                    (connections, path_rooms[:length])
                    for connections, path_rooms, length in zip(*arrays, strict=True)
                ]
        built = [build_grid(connections, path_rooms) for connections, path_rooms in mazes]
        grids, solutions = (np.stack(arrays) for arrays in zip(*built, strict=True))
    except (OSError, ValueError, KeyError, IndexError, TypeError, zipfile.BadZipFile) as error:
        raise MazeFileError(
            f"{path}: not a readable .zanj file of solved mazes ({type(error).__name__}: {error})"
        ) from None
    return judge_read(path, grids, solutions)


def zanj_array(archive: zipfile.ZipFile, entry: dict) -> np.ndarray:
    """An array of a ``.zanj`` file, which is in its description or a file of its own.

    Raises:
        ValueError: If it is stored in another way.
    """
    kind = entry["__format__"]
    if kind == "numpy.ndarray:array_list_meta":
        return np.array(entry["data"], entry["dtype"]).reshape(entry["shape"])
    if kind == "numpy.ndarray:external":
        with archive.open(entry["$ref"]) as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    raise ValueError(f"array stored as {kind!r}")


def build_grid(connections: np.ndarray, path_rooms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A grid and its solution from connected rooms.

    Args:
        connections: ``(2, R, C)`` bool, whether each room is joined to that below, to the right.
        path_rooms: ``(length, 2)`` integers, the rows and columns of the rooms on the path.

    Returns:
        The cell codes and the mask of the path, ``(2R + 1, 2C + 1)`` uint8 both.
    """
    _, rows, columns = connections.shape
    grid = np.full((2 * rows + 1, 2 * columns + 1), WALL, np.uint8)
    grid[1::2, 1::2] = FREE
    grid[2::2, 1::2][connections[0]] = FREE
    grid[1::2, 2::2][connections[1]] = FREE
    cells = 2 * path_rooms.astype(np.int64) + 1
    between = (cells[:-1] + cells[1:]) // 2
    solution = np.zeros_like(grid)
    solution[tuple(np.concatenate([cells, between]).T)] = 1
    grid[tuple(cells[0])] = START
    grid[tuple(cells[-1])] = GOAL
    return grid, solution


def judge_read(source: Path, grids: np.ndarray, solutions: np.ndarray) -> MazeBatch:
    """Make a batch of mazes that were read, each checked to hold a shortest path.

    Raises:
        MazeFileError: If one does not; the message says which.
    """
    lengths = np.empty(len(grids), np.int32)
    unique = np.empty(len(grids), np.bool_)
    for index, (grid, solution) in enumerate(zip(grids, solutions, strict=True)):
        try:
            _, lengths[index], unique[index] = shortest_path(grid)
        except ValueError as error:
            raise MazeFileError(f"{source}: maze {index}: {error}") from None
        if not is_solution(grid, solution):
            raise MazeFileError(f"{source}: maze {index}: its solution is not a shortest path")
    instances = np.full(len(grids), NO_INSTANCE, np.int64)
    return MazeBatch(grids, solutions, lengths, unique, instances)


def read(path: Path) -> MazeBatch:
    """Read mazes in any of the formats of this module.

    Args:
        path: A ``.npz`` or ``.zanj`` file, or a folder in the ``easy_to_hard`` or the token format.

    Raises:
        MazeFileError: If it is none of these, damaged, or does not hold mazes with shortest paths.
    """
    path = Path(path)
    if path.suffix == ".npz":
        return read_npz(path)[0]
    if path.suffix == ".zanj":
        return read_maze_dataset(path)
    if (path / "all__inputs.npy").exists():
        return read_tokens(path)
    if (path / "inputs.npy").exists():
        return read_easy_to_hard(path)
    raise MazeFileError(
        f"{path}: neither a .npz or .zanj file, nor a folder with inputs.npy or all__inputs.npy"
    )


def write_arrays(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as ``.npy`` files of these names."""
    for name, array in arrays.items():
        with atomic_write(Path(folder) / f"{name}.npy") as file:
            np.save(file, array)


def read_array(path: Path) -> np.ndarray:
    """Read a ``.npy`` file without running code from it.

    Raises:
        MazeFileError: If it is missing or damaged.
    """
    try:
        return np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise MazeFileError(f"{path}: there is no such file") from None
    except (OSError, ValueError, EOFError) as error:
        raise MazeFileError(f"{path}: damaged, or not an array ({error})") from None
