"""The maze task: draws batches of mazes by instance number, and judges answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import numpy as np

from thinkenv.checks import check_choice, check_integer, check_number, suggest_arguments
from thinkenv.kernels.random import stream_key
from thinkenv.kernels.threads import run_in_parts
from thinkenv.machine import check_fits_into_memory
from thinkenv.mazes import size_nine
from thinkenv.mazes.augmentation import move_cell_endpoints, move_endpoints, move_walls
from thinkenv.mazes.endpoints import ENDPOINTS, FIRST_OF_CELLS
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.mazes.generators import GENERATORS, OF_LATTICES
from thinkenv.mazes.grid_task import GridTask, MazeBatch, check_mazes
from thinkenv.mazes.sampling import (
    GENERATOR_VERSION,
    draw_in_lanes,
    draw_one_by_one,
    draw_without_lattice,
)
from thinkenv.tasks.base import (
    AnyTask,
    OptionValue,
    TestingOptions,
    TrainingOptions,
    split_of_size,
)
from thinkenv.tasks.seeds import check_instances, check_seeds
from thinkenv.tasks.splits import MAX_ATTEMPTS, PERCENT_OF_SPLIT, SPLITS

MIN_SIZE = 5
MAX_SIZE = 1601
DEFAULT_SIZE = 9
DEFAULT_EXTRAPOLATION_SIZE = 59

MAX_WALL_MOVES = 1_000_000

# The generator that the option ``removed`` is for, and its usual value and largest one.
PERCOLATION = "percolation"
REMOVED = 0.3
MAX_REMOVED = 0.6

# What the scripts train on, test on and show by default.
TRAINING_WALL_MOVES = 16
TESTING_SIZES = (9, 13, 33, 59)
WATCHING_SIZE = 33
WATCHING_ENDPOINTS = "dead_ends"


class MazeTask(GridTask):
    """One family of mazes: an instance number in, a maze and its solution out.

    An instance is a pure function of the options and its number: the same alone, in any batch, on
    every machine, and in every release with the same ``GENERATOR_VERSION``.

    Args:
        size: Odd, 5 to 1601: ``(size + 1) / 2`` rooms per side. By default 9, and 59 for the
            extrapolation split.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``.
        generator: How the maze is carved, a name of ``GENERATORS``.
        loops: The chance, 0.0 to 1.0, that a wall between two neighbouring rooms that the
            generator left standing is opened.
        endpoints: Where start and goal lie: ``any`` two rooms, two ``dead_ends``, two ``corners``,
            or ``farthest``, the ends of a longest shortest path; ``free_cells``, any two free cells
            that are joined, ``adjacent``, two neighbouring ones, or ``unreachable``, two free cells
            without a way between them, to which the right answer is empty.
        wall_moves: The maximum of walls that are moved in a maze after it was drawn (see
            ``move_walls``), so that an agent practises rooms and junctions as no one generator
            makes them.
        removed: The chance, 0.0 to 0.6, that the generator ``percolation`` makes a cell a wall.

    Grids of the generators ``percolation``, ``plazas`` and ``caves`` are no lattices of rooms.
    There ``loops`` and ``wall_moves`` must be 0, ``any`` means the same as ``free_cells``,
    ``dead_ends`` are free cells with one free neighbour, ``corners`` the cells nearest to two
    corners that are joined with most others, and ``farthest`` may be any free cells.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.
    """

    @suggest_arguments
    def __init__(
        self,
        size: int | None = None,
        split: str = "train",
        generator: str = "dfs",
        loops: float = 0.0,
        endpoints: str = "any",
        wall_moves: int = 0,
        removed: float = REMOVED,
    ):
        self.split = check_choice("split", split, SPLITS)
        if size is None:
            size = DEFAULT_EXTRAPOLATION_SIZE if split == "extrapolation" else DEFAULT_SIZE
        self.size = check_size(size)
        self.generator = check_choice("generator", generator, tuple(GENERATORS))
        self.loops = check_number("loops", loops, 0.0, 1.0)
        self.endpoints = check_choice("endpoints", endpoints, tuple(ENDPOINTS))
        self.wall_moves = check_integer("wall_moves", wall_moves, 0, MAX_WALL_MOVES)
        self.removed = check_number("removed", removed, 0.0, MAX_REMOVED)
        self.is_lattice = self.generator in OF_LATTICES
        self._check_kind()
        self.rooms = (self.size + 1) // 2
        self.side = self.size + 2
        # Two names of the same endpoints are to mean the same mazes.
        ends = endpoints if self.is_lattice or endpoints != "any" else "free_cells"
        kind = (self.size, split, generator, self.loops, ends)
        more = (self.removed,) if self.generator == PERCOLATION else ()
        self.key = stream_key("Maze", GENERATOR_VERSION, *kind, *more)

    def _check_kind(self) -> None:
        """Check that the generator can make such mazes.

        Raises:
            ValueError: If it cannot; the message names the generator and the other argument.
        """
        got = f"with generator={self.generator!r}, got"
        if self.generator != PERCOLATION:
            if self.removed != REMOVED:
                raise ValueError(
                    f"removed must be left out {got} {self.removed}: it is for the generator "
                    f"{PERCOLATION!r}"
                )
            if self.endpoints == "unreachable":
                raise ValueError(
                    f"endpoints must be others {got} {self.endpoints!r}: all its free cells are "
                    f"joined, and only {PERCOLATION!r} has some that are not"
                )
        elif self.endpoints == "unreachable" and self.removed == 0:
            raise ValueError(
                f"removed must be above 0 where endpoints is {self.endpoints!r}, got {self.removed}"
            )
        if self.is_lattice:
            return
        for name, value in (("loops", self.loops), ("wall_moves", self.wall_moves)):
            if value:
                raise ValueError(
                    f"{name} must be 0 {got} {value}: its grids are no lattices of rooms, and have "
                    "loops anyway"
                )

    @property
    def options(self) -> dict[str, OptionValue]:
        """Split, size, generator, loops and endpoints; and others where they do something."""
        options: dict[str, OptionValue] = {
            "split": self.split,
            "size": self.size,
            "generator": self.generator,
            "loops": self.loops,
            "endpoints": self.endpoints,
        }
        if self.generator == PERCOLATION:
            options["removed"] = self.removed
        if self.wall_moves:
            options["wall_moves"] = self.wall_moves
        return options

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a maze's grid."""
        return self.side, self.side

    def of_size(self, size: int) -> Self:
        """The same kind of mazes in another size.

        Raises:
            ValueError: If it is not allowed.
            TypeError: If it is not an integer.
        """
        kind = (self.split, self.generator, self.loops, self.endpoints, self.wall_moves)
        return type(self)(size, *kind, self.removed)

    @property
    def version(self) -> int:
        """The generators' version."""
        return GENERATOR_VERSION

    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> MazeBatch:
        """Draw the mazes of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``.
            threads: The maximum of threads, by default as many as there are cores. The result
                does not depend on it.

        Raises:
            ValueError: If a number is out of range, or if the split and endpoints asked for do not
                exist among these mazes.
        """
        instances = check_instances(instances)
        count = len(instances)
        self.check_memory(count)
        # One allocation, because C libraries use that again for the next batch: of two, as large as
        # the last two, they give the memory back, and fresh pages take as long as the mazes.
        grids, solutions = np.empty((2, count, self.side, self.side), np.uint8)
        lengths, unique = np.empty(count, np.int32), np.empty(count, np.bool_)
        batch = MazeBatch(grids, solutions, lengths, unique, instances)
        run_in_parts(lambda span: self._draw_part(batch[span]), count, grids.size, threads)
        return self.move_walls(batch, instances, self.wall_moves) if self.wall_moves else batch

    def check_memory(self, count: int) -> None:
        """Check that so many of these mazes fit into this machine's memory.

        Raises:
            ValueError: If they do not; it says how much they need.
        """
        # Two bytes a cell; a path length, a uniqueness flag and an instance number a maze.
        needed = count * (2 * self.side**2 + 4 + 1 + 8)
        check_fits_into_memory(f"count={count:,} mazes of size {self.size}", needed)

    def _draw_part(self, batch: MazeBatch) -> None:
        """Fill the arrays of a batch by its instance numbers; the kernels release the GIL."""
        instances = batch.instances.view(np.uint64)
        filled = (PERCENT_OF_SPLIT[self.split], batch.flat())
        options = (self.size, self.generator, self.loops, self.endpoints)
        if options == (size_nine.SIZE, "dfs", 0.0, "any"):
            size_nine.draw_size_nine(instances, self.key, *filled)
            return
        rest = (self.loops, ENDPOINTS[self.endpoints], *filled)
        code = GENERATORS[self.generator]
        if not self.is_lattice:
            others = (self.removed, *rest[1:])
            failed = draw_without_lattice(instances, self.key, self.side, code, *others)
        elif self.generator == "dfs" and len(batch) > 1:
            failed = draw_in_lanes(instances, self.key, self.rooms, *rest)
        else:
            failed = draw_one_by_one(instances, self.key, self.rooms, code, *rest)
        if failed >= 0:
            raise ValueError(
                f"no maze found for instance {instances[failed]} in {MAX_ATTEMPTS:,} attempts: "
                f"split={self.split!r} with endpoints={self.endpoints!r} is empty or too rare for "
                f"size={self.size}, generator={self.generator!r}, "
                + (f"loops={self.loops}" if self.is_lattice else f"removed={self.removed}")
            )

    def perturb(self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray) -> MazeBatch:
        """The same mazes with start and goal moved: other problems that look almost the same.

        The split stays the same, because it depends on the walls alone. The instance numbers of
        the result are those of the mazes it was made from. Where walls are moved at all, some are
        here as well.

        Args:
            batch: Mazes of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each maze; the
                same seed gives the same maze the same endpoints.

        Raises:
            ValueError: If there are not as many seeds as mazes, one is out of range, or the mazes
                are not of this task's size.
            TypeError: If they are not integers.
        """
        moved = self.redraw_endpoints(batch, seeds)
        return self.move_walls(moved, seeds, self.wall_moves) if self.wall_moves else moved

    def redraw_endpoints(self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray) -> MazeBatch:
        """The same mazes with start and goal drawn anew, by the option ``endpoints``.

        Args:
            batch: Mazes of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each maze.

        Raises:
            ValueError: If there are not as many seeds as mazes, one is out of range, or the mazes
                are not of this task's size.
            TypeError: If they are not integers.
        """
        seeds = check_seeds(seeds, len(batch))
        check_mazes(batch, self.shape)
        key = stream_key("Maze endpoints", GENERATOR_VERSION, self.endpoints)
        moved = batch.copy()
        code = ENDPOINTS[self.endpoints]
        if self.is_lattice and code < FIRST_OF_CELLS:
            move_endpoints(seeds, key, code, self.rooms, moved.flat())
        else:
            move_cell_endpoints(seeds, key, code, self.side, moved.flat())
        return moved

    def move_walls(
        self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray, max_moves: int
    ) -> MazeBatch:
        """The same mazes with a few walls moved, start and goal where they were.

        To move a wall is to open one between two rooms and to close, somewhere on the way that led
        from one to the other, a passage on which neither start nor goal lies. A maze without loops
        stays without, but after some moves it is no more like its generator's mazes than like those
        of any other. The mazes stay in the task's split.

        Args:
            batch: Mazes of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each maze; the
                same seed moves the same walls of the same maze.
            max_moves: Each maze has 0 to ``max_moves`` walls moved, or more if it would otherwise
                leave the split.

        Raises:
            ValueError: If ``max_moves`` is negative, there are not as many seeds as mazes, one is
                out of range, or the mazes are not of this task's size or no lattices of rooms.
            TypeError: If ``max_moves`` or the seeds are not integers.
        """
        if not self.is_lattice:
            raise ValueError(
                f"no walls can be moved with generator={self.generator!r}: its grids are no "
                "lattices of rooms"
            )
        max_moves = check_integer("max_moves", max_moves, 0, MAX_WALL_MOVES)
        seeds = check_seeds(seeds, len(batch))
        check_mazes(batch, self.shape)
        key = stream_key("Maze walls", GENERATOR_VERSION)
        percents = PERCENT_OF_SPLIT[self.split]
        moved = batch.copy()
        move_walls(seeds, key, max_moves, percents, self.rooms, moved.flat())
        return moved

    @classmethod
    def training_options(cls) -> TrainingOptions[Self]:
        """Mazes of size 9 with moved walls."""
        return MazesToTrain()

    @classmethod
    def testing_options(cls) -> TestingOptions[Self]:
        """Mazes of four sizes."""
        return MazesToTest()

    @classmethod
    def watching_options(cls) -> TestingOptions[Self]:
        """Mazes of size 33 between dead ends."""
        return MAZES_TO_WATCH


@dataclass(frozen=True)
class KindOfMazes:
    """The options that say what mazes are like, whatever their size."""

    generator: str = "dfs"
    """How the mazes are carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """The chance that a wall between two rooms is opened, so that there are several ways."""
    endpoints: str = "any"
    """Where start and goal lie: any, dead_ends, corners, or farthest; free_cells, adjacent, or
    unreachable."""
    removed: float = REMOVED
    """The chance that the generator percolation makes a cell a wall."""

    def of_size(
        self, size: int, family: type[MazeTask], split: str, wall_moves: int = 0
    ) -> MazeTask:
        """Such mazes of one size in a split."""
        kind = (self.generator, self.loops, self.endpoints, wall_moves, self.removed)
        return family(size, split, *kind)


@dataclass(frozen=True)
class MazesToTrain(KindOfMazes, TrainingOptions[MazeTask]):
    """Mazes to train on."""

    size: int = DEFAULT_SIZE
    """Size of the mazes."""
    wall_moves: int = TRAINING_WALL_MOVES
    """The maximum of walls moved in a maze; 0 trains on the generator's mazes as they are."""
    kinds: Literal["one", "any"] = "one"
    """The one kind of mazes that the other options say; or any, the mixture of all kinds in
    thinkenv.mazes.mixture, to which none of them but the size applies."""

    def task(self, family: type[MazeTask], split: str) -> GridTask:
        """The mazes of a split; of one kind, walls are moved in "train" alone.

        Raises:
            ValueError: If there are other options beside a mixture of kinds.
        """
        if self.kinds == "any":
            if self != MazesToTrain(size=self.size, kinds=self.kinds):
                raise ValueError(
                    "--kinds any must come with no other option of mazes than --size, got others "
                    "beside it"
                )
            from thinkenv.mazes.mixture import MazeMixture  # which is made of tasks of this module

            return MazeMixture(self.size, split)
        return self.of_size(self.size, family, split, self.wall_moves if split == "train" else 0)


@dataclass(frozen=True)
class MazesToTest(KindOfMazes, TestingOptions[MazeTask]):
    """Mazes to test on."""

    size: tuple[int, ...] = TESTING_SIZES
    """Sizes of the mazes."""
    split: str | None = None
    """The split; by default "test" for size 9, "extrapolation" for others."""
    file: Path | None = None
    """Mazes from elsewhere instead: any file or folder that thinkenv.mazes.read reads."""
    allow_unsolvable: bool = False
    """Also take mazes of the file that have no way from start to goal: right is an empty answer."""

    def tasks(self, family: type[MazeTask]) -> Sequence[AnyTask]:
        """The mazes of each size, or those of the file.

        Raises:
            ValueError: If the file has no mazes, or there is another option beside it.
        """
        if self.file is not None:
            chosen = replace(self, file=None, allow_unsolvable=False)
            if chosen not in (MazesToTest(), MAZES_TO_WATCH):
                raise ValueError("--file must be the only option of mazes, got others beside it")
            return [MazeFileTask(self.file, self.allow_unsolvable)]
        if self.allow_unsolvable:
            raise ValueError("--allow-unsolvable must come with --file: only files have such mazes")
        return [
            self.of_size(size, family, self.split or split_of_size(size, DEFAULT_SIZE))
            for size in self.size
        ]


MAZES_TO_WATCH = MazesToTest(size=(WATCHING_SIZE,), endpoints=WATCHING_ENDPOINTS)


def check_size(size: object, name: str = "size", low: int = MIN_SIZE, high: int = MAX_SIZE) -> int:
    """Return a maze size as ``int``.

    Args:
        size: The size.
        name: What it is called in errors.
        low: The smallest that is allowed.
        high: The largest that is allowed.

    Raises:
        ValueError: If it is even or out of range.
        TypeError: If it is not an integer.
    """
    size = check_integer(name, size, low, high)
    if size % 2 == 0:
        raise ValueError(f"{name} must be odd and in [{low}, {high}], got {size}")
    return size
