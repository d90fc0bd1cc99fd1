"""Folders of tokens, as the HRM and TRM tools read them.

A square grid is a row of numbers: 1 wall, 2 free, 3 start, 4 goal, and in the labels 5 on the path
between start and goal. Grids smaller than the square are padded with walls.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from thinkenv import gate
from thinkenv.checks import check_integer
from thinkenv.files import write_bytes
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MazeFileError, judge_read, write_arrays
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

# The tokens of the cell codes 0 wall, 1 free, 2 start, 3 goal; and of the path in labels.
TOKENS = np.array([1, 2, 3, 4], np.uint8)
PATH_TOKEN = 5
IGNORED_TOKEN = 0  # in labels
MAX_JSON_BYTES = 2**24
TOKEN_SIDE = 30


def write_tokens(folder: Path, batch: MazeBatch, side: int = TOKEN_SIDE) -> None:
    """Write mazes as the token arrays that the HRM and TRM tools read.

    Nothing is written outside the folder. The tools look for ``identifiers.json``, which is the
    same for all sets of mazes, beside the folders of the splits when they show puzzles by name, and
    do not need it to train; here it lies in the folder, and one that is there is kept.

    Args:
        folder: Where the files go: the folder of a split, such as ``maze-30x30/train``.
        batch: The mazes, of at most ``side`` rows and columns.
        side: Cells per side of the token grid.

    Raises:
        ValueError: If the mazes do not fit.
    """
    count, height, width = batch.grids.shape
    side = check_token_side(side, height, width)
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
    identifiers = folder / "identifiers.json"
    if not identifiers.exists():
        write_bytes(identifiers, b'["<blank>"]')


def check_token_side(side: object, height: int, width: int) -> int:
    """Return how many cells a side of the token grid has.

    Raises:
        ValueError: If mazes of so many rows and columns do not fit.
        TypeError: If it is not an integer.
    """
    return check_integer("side", side, max(height, width), 10_000)


@gate.reader("mazes in a folder of tokens", MazeFileError)
def read_tokens(folder: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read mazes from the folder of a split in the HRM and TRM format.

    The square of the tokens is kept, with its padding; where it lacks an outer wall, one is added.
    Without labels the mazes are solved here. What else the format has is checked where it is there.

    Args:
        folder: The folder of a split.
        allow_unsolvable: Whether a maze may have no way from start to goal.

    Raises:
        MazeFileError: If files are missing or damaged, or do not hold mazes with shortest paths.
    """
    folder = Path(folder)
    inputs = gate.read_array(folder / "all__inputs.npy")
    labels = array_if_there(folder / "all__labels.npy")
    side = math.isqrt(inputs.shape[1]) if inputs.ndim == 2 else 0
    if side == 0 or side * side != inputs.shape[1]:
        raise ValueError(f"inputs must be (count, side * side), got {inputs.shape}")
    if labels is not None and labels.shape != inputs.shape:
        raise ValueError(f"labels must have the shape {inputs.shape} of inputs, got {labels.shape}")
    if not len(inputs):
        raise ValueError("holds no mazes")
    check_whole("inputs", inputs, TOKENS[0], TOKENS[-1])
    check_beside(folder, inputs.shape)
    grids = (inputs - 1).astype(np.uint8).reshape(-1, side, side)
    solutions = None
    if labels is not None:
        check_whole("labels", labels, IGNORED_TOKEN, PATH_TOKEN)
        is_path = labels == PATH_TOKEN
        if not (is_path | (labels == inputs) | (labels == IGNORED_TOKEN)).all():
            raise ValueError("labels must be the inputs with 5 on the path, got others")
        marked = is_path.reshape(grids.shape)
        marked |= (grids == START) | (grids == GOAL)
        solutions = marked.view(np.uint8)
        if allow_unsolvable:
            # A label without any path belongs to a maze without a way, whose solution is empty;
            # or to a start beside the goal, which is solved here.
            solutions = [mask if mask.sum() > 2 else None for mask in solutions]
    borders = (grids[:, 0], grids[:, -1], grids[:, :, 0], grids[:, :, -1])
    if any((border != WALL).any() for border in borders):
        grids = np.pad(grids, ((0, 0), (1, 1), (1, 1)))
        if solutions is not None:
            solutions = [None if mask is None else np.pad(mask, 1) for mask in solutions]
    return judge_read(grids, solutions, allow_unsolvable)


def array_if_there(path: Path) -> np.ndarray | None:
    """The array in a file, or None where there is no such file, not even a link to nowhere.

    Raises:
        FileError: If it is none, or damaged.
    """
    return gate.read_array(path) if os.path.lexists(path) else None


def check_whole(name: str, values: np.ndarray, low: int, high: int) -> None:
    """Check that an array holds whole numbers from ``low`` to ``high``.

    Raises:
        ValueError: If it does not.
    """
    is_whole = values.dtype.kind in "iu"
    if not is_whole or values.min(initial=low) < low or values.max(initial=high) > high:
        raise ValueError(f"{name} must hold whole numbers from {low} to {high}, got others")


def check_beside(folder: Path, shape: tuple[int, ...]) -> None:
    """Check what tells in such a folder which mazes belong together, and how large they are.

    Args:
        folder: The folder.
        shape: That of the inputs.

    Raises:
        ValueError: If it does not fit the inputs.
    """
    count, cells = shape
    described = json_if_there(folder / "dataset.json", dict) or {}
    names = json_if_there(folder / "identifiers.json", list)
    length = described.get("seq_len", cells)
    if length != cells:
        raise ValueError(f"dataset.json says that mazes have {str(length)[:20]} cells, not {cells}")
    puzzles = count
    puzzle_indices = array_if_there(folder / "all__puzzle_indices.npy")
    if puzzle_indices is not None:
        check_begins("puzzle_indices", puzzle_indices, count)
        puzzles = len(puzzle_indices) - 1
    group_indices = array_if_there(folder / "all__group_indices.npy")
    if group_indices is not None:
        check_begins("group_indices", group_indices, puzzles)
    identifiers = array_if_there(folder / "all__puzzle_identifiers.npy")
    if identifiers is not None:
        most = described.get("num_puzzle_identifiers", 2**31 if names is None else len(names))
        if not isinstance(most, int) or identifiers.shape != (puzzles,):
            raise ValueError(f"puzzle_identifiers must be one for each of {puzzles:,} puzzles")
        check_whole("puzzle_identifiers", identifiers, 0, most - 1)


def json_if_there(path: Path, kind: type) -> Any:
    """What a file of JSON says, or None where there is no such file, not even a link to nowhere.

    Raises:
        FileError: If it is none.
        ValueError: If it is of another kind.
    """
    if not os.path.lexists(path):
        return None
    value = gate.read_json(path, MAX_JSON_BYTES)
    if not isinstance(value, kind):
        raise ValueError(f"{path.name} must be a {kind.__name__} in JSON")
    return value


def check_begins(name: str, values: np.ndarray, end: int) -> None:
    """Check that an array says where parts begin, from 0 on, and last where all end.

    Raises:
        ValueError: If it does not.
    """
    is_right = values.ndim == 1 and values.dtype.kind in "iu" and len(values) > 0
    if not is_right or values[0] != 0 or values[-1] != end or (values[1:] < values[:-1]).any():
        raise ValueError(f"{name} must be whole numbers that rise from 0 to {end:,}, got others")
