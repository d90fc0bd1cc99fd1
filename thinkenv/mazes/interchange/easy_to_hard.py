"""Folders of the ``easy_to_hard`` format: pictures of mazes (Schwarzschild et al. 2021).

Every grid cell is drawn as 2x2 pixels with a margin of one: 24x24 pixels for size 9.
``inputs.npy`` is ``(count, 3, S, S)``, from 0 to 1: walls black, free cells white, start green,
goal red; ``solutions.npy`` is ``(count, S, S)`` (arXiv 2108.06011).
"""

import os
from pathlib import Path

import numpy as np

from thinkenv import gate
from thinkenv.checks import check_choice
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MazeFileError, judge_read, write_arrays
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL

PIXELS_AT_A_TIME = 2**17

# By red, twice green and four times blue, each 0 or 1.
NO_CODE = 255
CODE_OF_COLOUR = np.array([WALL, GOAL, START, *[NO_CODE] * 4, FREE], np.uint8)

BOTH = 0x0101  # two bytes of 1


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


@gate.reader("mazes in a folder of pictures", MazeFileError)
def read_easy_to_hard(folder: Path, allow_unsolvable: bool = False) -> MazeBatch:
    """Read mazes from a folder in the ``easy_to_hard`` format.

    Without ``solutions.npy`` the mazes are solved here.

    Args:
        folder: The folder.
        allow_unsolvable: Whether a maze may have no way from start to goal.

    Raises:
        MazeFileError: If files are missing or damaged, or do not hold mazes with shortest paths.
    """
    folder = Path(folder)
    inputs = gate.read_array(folder / "inputs.npy")
    if (
        inputs.ndim != 4
        or inputs.shape[1] != 3
        or any(side % 2 or side < 8 for side in inputs.shape[2:])
    ):
        raise ValueError(f"inputs must be (count, 3, H, W) with even sides, got {inputs.shape}")
    if not len(inputs):
        raise ValueError("holds no mazes")
    solutions = None
    if os.path.lexists(folder / "solutions.npy"):
        solutions = gate.read_array(folder / "solutions.npy")
        if solutions.shape != inputs[:, 0].shape:
            raise ValueError(f"solutions must be {inputs[:, 0].shape}, got {solutions.shape}")
    count, _, height, width = inputs.shape
    grids = np.empty((count, height // 2 - 1, width // 2 - 1), np.uint8)
    masks = None if solutions is None else np.empty_like(grids)
    # Some at a time, which stay in the processor's cache.
    step = max(1, PIXELS_AT_A_TIME // max(1, 3 * height * width))
    for first in range(0, count, step):
        part = slice(first, first + step)
        red, green, blue = np.moveaxis(reduce("inputs", inputs[part]), 1, 0)
        grids[part] = CODE_OF_COLOUR[red + 2 * green + 4 * blue]
        if masks is not None and solutions is not None:
            masks[part] = reduce("solutions", solutions[part])
    if (grids == NO_CODE).any():
        raise ValueError("cells must be black, white, green or red, got another colour")
    return judge_read(grids, masks, allow_unsolvable)


def enlarge(grids: np.ndarray) -> np.ndarray:
    """Make each cell 2x2 pixels, with a margin of one: ``(count, H, W)`` to twice plus 2."""
    doubled = grids.repeat(2, axis=1).repeat(2, axis=2)
    return np.pad(doubled, ((0, 0), (1, 1), (1, 1)))


def reduce(name: str, pictures: np.ndarray) -> np.ndarray:
    """Undo ``enlarge``.

    Args:
        name: What the pictures are called in errors.
        pictures: ``(..., 2 * H + 2, 2 * W + 2)``.

    Returns:
        ``(..., H, W)`` bool.

    Raises:
        ValueError: If there are values other than 0 and 1 (or 0 and 255 in bytes), the pixels of a
            cell differ, or the margin is not 0.
    """
    height, width = pictures.shape[-2:]
    # One byte later than they are, the two pixels of a cell in a row are one number of 16 bits.
    # The first number of a row then is what is right of the row before, and left of this one.
    later = np.zeros(pictures.size + 2, np.bool_)
    is_one = later[1:-1].reshape(pictures.shape)
    ones = find_ones(name, pictures, is_one)
    pairs = later[:-2].view(np.uint16).reshape(*pictures.shape[:-1], width // 2)
    cells = (pairs[..., 1 : height - 1 : 2, 1:] == BOTH) & (pairs[..., 2:height:2, 1:] == BOTH)
    if ones != 4 * np.count_nonzero(cells):  # some are elsewhere
        raise ValueError(
            f"{name} must be pictures with 2x2 pixels for each cell, and a margin of 0 around all"
        )
    return cells


def find_ones(name: str, values: np.ndarray, is_one: np.ndarray) -> int:
    """Where values are 1 and where they are 0.

    Args:
        name: What they are called in errors.
        values: Numbers.
        is_one: Bools of the same shape, filled.

    Returns:
        How many are 1; or 255, if they are bytes and none is 1.

    Raises:
        ValueError: If there are others.
    """
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold numbers, got {values.dtype}")
    np.equal(values, 1, out=is_one)
    if values.dtype == np.uint8 and not is_one.any():
        np.equal(values, 255, out=is_one)
    ones = int(np.count_nonzero(is_one))
    # Zeros are counted as whole numbers, which takes a third of the time.
    size = values.dtype.itemsize
    raw = values.view(f"i{size}") if size in (1, 2, 4, 8) else values
    if np.count_nonzero(raw) != ones and not (is_one | (values == 0)).all():
        raise ValueError(f"{name} must hold 0 and 1 alone, got other values")
    return ones
