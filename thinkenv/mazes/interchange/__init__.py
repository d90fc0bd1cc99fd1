"""Read and write mazes in files: our own ``.npz``, the formats of the literature, and drawings.

- ``npz``: one file with the arrays of a ``MazeBatch``, and the options as JSON under ``options``;
- ``easy_to_hard``: a folder with ``inputs.npy`` and ``solutions.npy`` (Schwarzschild et al. 2021,
  arXiv 2108.06011);
- ``tokens``: a folder with ``all__inputs.npy``, ``all__labels.npy`` and others, as the HRM and TRM
  tools read them.

Besides, ``read`` takes text, pictures, JSON, tables of Maze-Hard, arrays, and the ``.zanj`` files
of the package ``maze-dataset``: one module for each.

In ``easy_to_hard`` every grid cell is drawn as 2x2 pixels with a margin of one: 24x24 pixels for
size 9. ``inputs.npy`` is ``(count, 3, S, S)``, from 0 to 1: walls black, free cells white, start
green, goal red; ``solutions.npy`` is ``(count, S, S)``.

In ``tokens`` a square grid is a row of numbers: 1 wall, 2 free, 3 start, 4 goal, and in the labels
5 on the path between start and goal. Grids smaller than the square are padded with walls.
"""

from thinkenv.mazes.interchange.base import NO_INSTANCE, MazeFileError
from thinkenv.mazes.interchange.easy_to_hard import read_easy_to_hard, write_easy_to_hard
from thinkenv.mazes.interchange.image import from_image
from thinkenv.mazes.interchange.npz import read_npz, write_npz
from thinkenv.mazes.interchange.reading import from_text, read
from thinkenv.mazes.interchange.text import to_text
from thinkenv.mazes.interchange.tokens import (
    TOKEN_SIDE,
    check_token_side,
    read_tokens,
    write_tokens,
)
from thinkenv.mazes.interchange.zanj import read_maze_dataset

FORMATS = ("npz", "easy_to_hard", "tokens")

__all__ = [
    "FORMATS",
    "NO_INSTANCE",
    "TOKEN_SIDE",
    "MazeFileError",
    "check_token_side",
    "from_image",
    "from_text",
    "read",
    "read_easy_to_hard",
    "read_maze_dataset",
    "read_npz",
    "read_tokens",
    "to_text",
    "write_easy_to_hard",
    "write_npz",
    "write_tokens",
]
