"""What the environments of mazes share: where mazes come from, and how they are shown."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from thinkenv.checks import check_choice, check_integer
from thinkenv.envs.dynamics import Dynamics
from thinkenv.machine import check_fits_into_memory
from thinkenv.mazes import drawing
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.task import MIN_SIZE, REMOVED, MazeTask, check_size

OBSERVATIONS = ("grid", "planes", "rgb")
MAX_PIXELS = 1000

NO_MAZE = -1  # instead of the number of a maze that is kept


def maze_task(
    file: str | Path | None, size: int | None, split: str, **kind: Any
) -> MazeTask | MazeFileTask:
    """The mazes of a file; or where there is none those of a generator.

    Args:
        file: What ``thinkenv.mazes.read`` reads, or None.
        size: As of ``MazeTask``.
        split: As of ``MazeTask``.
        **kind: ``generator``, ``loops``, ``endpoints`` and ``removed``, as of ``MazeTask``.

    Raises:
        ValueError: If there are other arguments beside a file, or one is not allowed.
        TypeError: If one has the wrong type.
        MazeFileError: If the file cannot be used.
    """
    if file is None:
        return MazeTask(size, split, **kind)
    usual = {"size": None, "split": "train", "generator": "dfs", "loops": 0.0, "endpoints": "any"}
    usual |= {"removed": REMOVED}
    for name, value in {"size": size, "split": split, **kind}.items():
        if value != usual[name]:
            raise ValueError(
                f"file must be given without {', '.join(usual)}, got {name}={value!r} beside it"
            )
    return MazeFileTask(file)


class Look:
    """How mazes are shown.

    Args:
        observation: ``grid``, the cell codes; ``planes``, one plane for each code; or ``rgb``.
        pixels: Pixels a cell of ``rgb``.
        shape: Rows and columns of the mazes.
        codes: How many cell codes there are.

    Attributes:
        space: What contains one observation.

    Raises:
        ValueError: If an argument has a value that is not allowed, or pictures do not fit into
            this machine's memory.
        TypeError: If ``pixels`` is not an integer.
    """

    def __init__(self, observation: str, pixels: int, shape: tuple[int, int], codes: int):
        self.observation = check_choice("observation", observation, OBSERVATIONS)
        self.pixels = check_integer("pixels", pixels, 1, MAX_PIXELS)
        if self.pixels > 1 and observation != "rgb":
            raise ValueError(
                f"observation must be 'rgb' where pixels is more than 1, got {observation!r}"
            )
        height, width = shape
        self._codes = np.arange(codes, dtype=np.uint8)[:, None, None]
        if observation == "rgb":
            height, width = height * self.pixels, width * self.pixels
            # A picture, and the bounds of the space, twice.
            what = f"pixels={self.pixels}: pictures of {height:,}x{width:,} pixels"
            check_fits_into_memory(what, 6 * 3 * height * width)
            self.space = spaces.Box(0, 255, (height, width, 3), np.uint8)
        elif observation == "planes":
            self.space = spaces.Box(0, 1, (codes, height, width), np.uint8)
        else:
            self.space = spaces.Box(0, codes - 1, (height, width), np.uint8)

    def show(self, grids: np.ndarray) -> np.ndarray:
        """Observations ``(count, …)`` of grids ``(count, H, W)``, which may be those grids."""
        if self.observation == "planes":
            return (grids[:, None] == self._codes).view(np.uint8)
        if self.observation == "rgb":
            pictures = drawing.colour_observation(grids)
            if self.pixels == 1:
                return pictures
            return pictures.repeat(self.pixels, axis=1).repeat(self.pixels, axis=2)
        return grids


class MazeProblems(Dynamics[MazeBatch]):
    """Which mazes begin: those of the task, smaller ones when asked for, with ends of their own.

    A subclass calls ``choose`` when it is made.

    Attributes:
        task: What draws the mazes.
        look: How they are shown.
        new_endpoints: Whether each reset shows the same maze with another start and goal.
        sizes: ``(count,)``, the size of mazes that is shown in each sub-environment.
    """

    task: MazeTask | MazeFileTask

    def choose(self, look: Look, new_endpoints: bool) -> None:
        """Set how mazes are shown, and whether they are kept.

        Raises:
            TypeError: If ``new_endpoints`` is not a bool.
        """
        if not isinstance(new_endpoints, (bool, np.bool_)):
            raise TypeError(f"new_endpoints must be True or False, got {new_endpoints!r}")
        self.look = look
        self.new_endpoints = bool(new_endpoints)
        self._tasks: dict[int, MazeTask] = {}  # of smaller sizes
        if isinstance(self.task, MazeTask):
            self.reset_options = ("size",)

    def allocate(self, count: int) -> None:
        """Show mazes of the task's size, and keep none."""
        super().allocate(count)
        self.sizes = np.full(count, self.task.size)
        self._kept = np.full(count, NO_MAZE)
        self._has_sizes = False  # whether a size was ever asked for

    def forget(self, which: np.ndarray) -> None:
        """Keep no mazes."""
        self._kept[which] = NO_MAZE

    def check_reset_option(self, name: str, value: object) -> int:
        """Return a size: ``name`` is ``size``.

        Raises:
            ValueError: If it is even, or larger than the environment's.
            TypeError: If it is not an integer.
        """
        return check_size(value, f"options[{name!r}]", MIN_SIZE, self.task.size)

    def draw(
        self,
        which: np.ndarray,
        fresh: Callable[[], np.ndarray],
        asked: np.ndarray | None,
        options: Mapping[str, list[Any]],
    ) -> MazeBatch:
        """Draw mazes: see ``Dynamics.draw``.

        Where ends are new in each reset, a fresh number decides on them; the maze is the one asked
        for, or the one kept, or in the first reset that of the fresh number.
        """
        if not (self.new_endpoints or self._has_sizes or options):
            return self.task.draw(self._numbered(fresh()) if asked is None else asked)
        before = self.sizes[which]
        sizes = np.array(options["size"]) if "size" in options else before
        numbers = asked
        seeds = fresh() if self.new_endpoints or asked is None else None
        if numbers is None:
            assert seeds is not None
            numbers = self._numbered(seeds)
            if self.new_endpoints:
                kept = np.where(sizes == before, self._kept[which], NO_MAZE)
                numbers = np.where(kept == NO_MAZE, numbers, kept)
        drawn = self._draw_of_sizes(sizes, numbers, seeds if self.new_endpoints else None)
        self.sizes[which], self._kept[which] = sizes, numbers
        self._has_sizes |= "size" in options
        return drawn

    def _numbered(self, fresh: np.ndarray) -> np.ndarray:
        """Instance numbers: those of a file begin again after its last maze."""
        return fresh if self.task.count is None else fresh % self.task.count

    def _draw_of_sizes(
        self, sizes: np.ndarray, numbers: np.ndarray, seeds: np.ndarray | None
    ) -> MazeBatch:
        """Mazes of these sizes and numbers ``(n,)``, with ends by the seeds ``(n,)`` if any."""
        if (sizes == self.task.size).all():
            drawn = self.task.draw(numbers)
            return drawn if seeds is None else self.task.redraw_endpoints(drawn, seeds)
        grids, solutions = np.zeros((2, len(numbers), *self.task.shape), np.uint8)
        lengths, unique = np.empty(len(numbers), np.int32), np.empty(len(numbers), np.bool_)
        for size in np.unique(sizes):
            here = np.flatnonzero(sizes == size)
            task = self._task_of_size(int(size))
            part = task.draw(numbers[here])
            if seeds is not None:
                part = task.redraw_endpoints(part, seeds[here])
            grids[here, : task.side, : task.side] = part.grids
            solutions[here, : task.side, : task.side] = part.solutions
            lengths[here], unique[here] = part.path_lengths, part.unique
        return MazeBatch(grids, solutions, lengths, unique, numbers)

    def _task_of_size(self, size: int) -> MazeTask:
        """The same kind of mazes in another size."""
        assert isinstance(self.task, MazeTask)
        if size not in self._tasks:
            self._tasks[size] = self.task.of_size(size)
        return self._tasks[size]

    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """The number, path length and uniqueness of each maze."""
        batch = self.chosen(which)
        return {
            "instance": batch.instances,
            "path_length": batch.path_lengths.astype(np.int64),
            "unique": batch.unique,
        }
