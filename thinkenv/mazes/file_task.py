"""Mazes that were made elsewhere, as a task."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thinkenv.checks import suggest_arguments
from thinkenv.kernels.random import stream_key
from thinkenv.mazes import interchange
from thinkenv.mazes.augmentation import move_endpoints_anywhere
from thinkenv.mazes.grid_task import GridTask, MazeBatch, check_mazes
from thinkenv.mazes.sampling import GENERATOR_VERSION
from thinkenv.tasks.base import OptionValue, WithoutOptions
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, check_instances, check_seeds


class MazeFileTask(WithoutOptions, GridTask):
    """The mazes of a file, by number: after the last they begin again, as for every seed.

    They may have any height and width, and need not be lattices of rooms.

    Args:
        path: A file or folder in a format of ``thinkenv.mazes.interchange``.
        allow_unsolvable: Whether a maze may have no way from start to goal. Then the right answer
            to it is the empty one.

    Attributes:
        batch: The mazes.

    Raises:
        MazeFileError: If it is in none of them, or holds no mazes.
    """

    instead = "name the file with --file when testing"

    @suggest_arguments
    def __init__(self, path: str | Path, allow_unsolvable: bool = False):
        self.path = Path(path)
        self.batch = interchange.read(self.path, allow_unsolvable)
        if len(self.batch) == 0:
            raise interchange.MazeFileError(f"{path}: holds no mazes")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a maze's grid."""
        _, height, width = self.batch.grids.shape
        return height, width

    @property
    def size(self) -> int:
        """The larger side without the outer wall."""
        return max(self.shape) - 2

    @property
    def options(self) -> dict[str, OptionValue]:
        """The size, which is the larger side without the outer wall, and the file's name.

        Where the mazes are not square, also their ``shape``, such as ``5x7``.
        """
        height, width = (side - 2 for side in self.shape)
        options: dict[str, OptionValue] = {"size": self.size, "file": self.path.name}
        return options if height == width else options | {"shape": f"{height}x{width}"}

    @functools.cached_property
    def version(self) -> str:
        """A SHA-256 of the mazes and their solutions, the same in whatever format they are."""
        grids, solutions, *_ = self.batch.flat()
        digest = hashlib.sha256(str(self.batch.grids.shape).encode())
        digest.update(grids.astype(np.uint8).tobytes() + solutions.astype(np.uint8).tobytes())
        return digest.hexdigest()

    @property
    def count(self) -> int:
        """How many mazes there are."""
        return len(self.batch)

    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> MazeBatch:
        """The mazes of these numbers; ``threads`` are not needed.

        Raises:
            ValueError: If a number is out of range.
            TypeError: If the numbers are not integers.
        """
        instances = check_instances(instances)
        drawn = self.batch[instances % INSTANCES_PER_SEED % len(self.batch)]
        drawn.instances = instances
        return drawn

    def perturb(self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray) -> MazeBatch:
        """The same mazes with start and goal moved to other cells that are connected.

        Both lie an even number of rows and columns from the old start, so that in a lattice of
        rooms they are in rooms where it was in one. Where there are no two such cells, the maze
        stays as it is.

        Args:
            batch: Mazes of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each maze; the
                same seed moves the same endpoints to the same cells.

        Raises:
            ValueError: If there are not as many seeds as mazes, one is out of range, or the mazes
                are not as large as those of the file.
            TypeError: If they are not integers.
        """
        return self._move_endpoints(batch, seeds, away=True)

    def redraw_endpoints(self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray) -> MazeBatch:
        """The same mazes with start and goal drawn anew, from the cells that ``perturb`` takes.

        Cells where start and goal have been are among them here.

        Args:
            batch: Mazes of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each maze.

        Raises:
            ValueError: If there are not as many seeds as mazes, one is out of range, or the mazes
                are not as large as those of the file.
            TypeError: If they are not integers.
        """
        return self._move_endpoints(batch, seeds, away=False)

    def _move_endpoints(
        self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray, away: bool
    ) -> MazeBatch:
        """Other start and goal in each maze; ``away`` from the old ones or not."""
        seeds = check_seeds(seeds, len(batch))
        check_mazes(batch, self.shape)
        key = stream_key("Maze file endpoints", GENERATOR_VERSION)
        moved = batch.copy()
        move_endpoints_anywhere(seeds, key, self.shape[1], away, moved.flat())
        return moved
