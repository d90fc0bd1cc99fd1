"""Mazes that were made elsewhere, as a task."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from thinkenv.mazes import interchange
from thinkenv.mazes.task import MazeBatch, MazeTask
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, check_instances


class MazeFileTask(MazeTask):
    """The mazes of a file, by number: after the last they begin again, as for every seed.

    Args:
        path: A file or folder in a format of ``thinkenv.mazes.interchange``.

    Raises:
        MazeFileError: If it is in none of them, or its mazes are not square.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.batch = interchange.read(self.path)
        height, width = self.batch.grids.shape[1:]
        if height != width or len(self.batch) == 0:
            raise interchange.MazeFileError(f"{path}: holds no square mazes")
        super().__init__(size=height - 2, split="all")

    @property
    def count(self) -> int:
        """How many mazes there are; other tasks have no end of different problems."""
        return len(self.batch)

    @property
    def axes(self) -> dict:
        """The size, and the name of the file."""
        return {"size": self.size, "file": self.path.name}

    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> MazeBatch:
        """The mazes of these numbers; ``threads`` are not needed.

        Raises:
            ValueError: If a number is out of range.
        """
        return self.batch[check_instances(instances) % INSTANCES_PER_SEED % len(self.batch)]
