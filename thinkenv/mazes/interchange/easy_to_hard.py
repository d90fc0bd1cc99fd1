"""Folders of the ``easy_to_hard`` format: pictures of mazes (Schwarzschild et al. 2021).

Every grid cell is drawn as 2x2 pixels with a margin of one: 24x24 pixels for size 9.
``inputs.npy`` is ``(count, 3, S, S)``, from 0 to 1: walls black, free cells white, start green,
goal red; ``solutions.npy`` is ``(count, S, S)`` (arXiv 2108.06011).
"""

from pathlib import Path

import numpy as np

from thinkenv.checks import check_choice
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange.base import MazeFileError, judge_read, read_array, write_arrays
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL


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
    inputs = read_array(folder / "inputs.npy")
    if inputs.ndim != 4 or inputs.shape[1] != 3 or any(side % 2 for side in inputs.shape[2:]):
        raise MazeFileError(
            f"{folder}: inputs must be (count, 3, H, W) with even sides, got {inputs.shape}"
        )
    solutions = None
    if (folder / "solutions.npy").exists():
        solutions = read_array(folder / "solutions.npy")
        if solutions.shape != inputs[:, 0].shape:
            raise MazeFileError(
                f"{folder}: solutions must be {inputs[:, 0].shape}, got {solutions.shape}"
            )
    if any(array is not None and array.dtype.kind not in "biuf" for array in (inputs, solutions)):
        raise MazeFileError(f"{folder}: inputs and solutions must hold numbers")
    red, green, blue = (reduce(inputs[:, channel]) > 0.5 for channel in range(3))
    grids = np.full(red.shape, WALL, np.uint8)
    grids[red & green & blue] = FREE
    grids[green & ~red & ~blue] = START
    grids[red & ~green & ~blue] = GOAL
    masks = None if solutions is None else (reduce(solutions) > 0.5).view(np.uint8)
    return judge_read(folder, grids, masks, allow_unsolvable)


def enlarge(grids: np.ndarray) -> np.ndarray:
    """Make each cell 2x2 pixels, with a margin of one: ``(count, H, W)`` to twice plus 2."""
    doubled = grids.repeat(2, axis=1).repeat(2, axis=2)
    return np.pad(doubled, ((0, 0), (1, 1), (1, 1)))


def reduce(pictures: np.ndarray) -> np.ndarray:
    """Undo ``enlarge``: one pixel of each cell."""
    return pictures[:, 1:-1:2, 1:-1:2]
