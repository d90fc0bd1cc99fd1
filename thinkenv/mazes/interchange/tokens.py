"""Folders of tokens, as the HRM and TRM tools read them.

A square grid is a row of numbers: 1 wall, 2 free, 3 start, 4 goal, and in the labels 5 on the path
between start and goal. Grids smaller than the square are padded with walls.
"""

import json
import math
from pathlib import Path

import numpy as np

from thinkenv.checks import check_integer
from thinkenv.files import write_bytes
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MazeFileError, judge_read, read_array, write_arrays
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

# The tokens of the cell codes 0 wall, 1 free, 2 start, 3 goal; and of the path in labels.
TOKENS = np.array([1, 2, 3, 4], np.uint8)
PATH_TOKEN = 5
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


def read_tokens(folder: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read mazes from the folder of a split in the HRM and TRM format.

    The square of the tokens is kept, with its padding; where it lacks an outer wall, one is added.
    Without labels the mazes are solved here.

    Args:
        folder: The folder of a split.
        allow_unsolvable: Whether a maze may have no way from start to goal.

    Raises:
        MazeFileError: If files are missing or damaged, or do not hold mazes with shortest paths.
    """
    folder = Path(folder)
    inputs = read_array(folder / "all__inputs.npy")
    labels = None
    if (folder / "all__labels.npy").exists():
        labels = read_array(folder / "all__labels.npy")
    side = math.isqrt(inputs.shape[1]) if inputs.ndim == 2 else 0
    if side == 0 or side * side != inputs.shape[1]:
        raise MazeFileError(f"{folder}: inputs must be (count, side * side), got {inputs.shape}")
    if labels is not None and labels.shape != inputs.shape:
        raise MazeFileError(
            f"{folder}: labels must have the shape {inputs.shape} of inputs, got {labels.shape}"
        )
    if inputs.dtype.kind not in "iu" or not np.isin(inputs, TOKENS).all():
        raise MazeFileError(f"{folder}: inputs must hold the tokens 1 to 4, got others")
    grids = (inputs - 1).astype(np.uint8).reshape(-1, side, side)
    solutions = None
    if labels is not None:
        marked = (labels == PATH_TOKEN).reshape(grids.shape)
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
    return judge_read(folder, grids, solutions, allow_unsolvable)
