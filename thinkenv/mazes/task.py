"""The maze task: draws batches of mazes by instance number, and judges answers."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from thinkenv.checks import check_answers, check_choice, check_fraction, check_integer
from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import start_stream, stream_key
from thinkenv.kernels.threads import run_on_threads
from thinkenv.machine import check_fits_into_memory, usable_cores
from thinkenv.mazes import drawing, size_nine
from thinkenv.mazes.augmentation import move_endpoints, move_walls
from thinkenv.mazes.depth_first import LANES, find_dfs_parents
from thinkenv.mazes.endpoints import ENDPOINTS, choose_endpoints
from thinkenv.mazes.generators import GENERATORS, carve, open_loops
from thinkenv.mazes.lattice import GOAL, START, WALL, cell_of_room, open_passages
from thinkenv.mazes.solving import judge_flat, mark_tree_path, solve_flat
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.tasks.base import (
    AnyTask,
    CellTask,
    InstanceBatch,
    OptionValue,
    TestingOptions,
    TrainingOptions,
    WatchingOptions,
    split_of_size,
)
from thinkenv.tasks.seeds import check_instances, check_seeds
from thinkenv.tasks.splits import PERCENT_OF_SPLIT, SPLITS, percent_of_hash

# Raised whenever the same options and instance number give another maze than before.
GENERATOR_VERSION = 1

SMALLEST_SIZE = 5
LARGEST_SIZE = 1601
DEFAULT_SIZE = 9
DEFAULT_EXTRAPOLATION_SIZE = 59

DFS = GENERATORS["dfs"]

# Mazes drawn for one instance before giving up. The rarest split takes ten on average, so this
# is reached only where a split or the endpoints asked for do not exist.
MOST_ATTEMPTS = 20_000

# How a batch is divided between threads. A part has to be worth handing over.
CELLS_PER_PART = 250_000
PARTS_PER_THREAD = 4
MAZES_PER_PART = 16  # where a thread gets several

MOST_WALL_MOVES = 1_000_000
# How a maze is trained on unless something else is said.
TRAINING_WALL_MOVES = 16
TESTING_SIZES = (9, 13, 33, 59)
WATCHING_SIZE = 33


@kernel
def draw_mazes(
    instances,
    key,
    rooms,
    generator,
    loops,
    endpoints,
    low,
    high,
    grids,
    solutions,
    path_lengths,
    unique,
):
    """Draw one maze for each instance number, each from its own random stream.

    Args:
        instances: ``(count,)`` uint64.
        key: The 64-bit key of the task's options.
        rooms: Rooms per side.
        generator: A code of ``GENERATORS``.
        loops: The chance that a standing wall is opened.
        endpoints: A code of ``ENDPOINTS``.
        low: First percent of the hash range that belongs to the split.
        high: One past its last percent.
        grids: ``(count, cells)`` uint8, filled with cell codes.
        solutions: ``(count, cells)`` uint8, filled with path masks.
        path_lengths: ``(count,)`` int32, filled.
        unique: ``(count,)`` bool, filled.

    Returns:
        The index of an instance for which no maze was found, or -1.
    """
    count = len(instances)
    cells = (2 * rooms + 1) ** 2
    lanes = LANES if generator == DFS and count > 1 else 1
    rngs = np.zeros((LANES, 1), np.uint64)
    scratch = np.empty((lanes, cells), np.int32)
    parents = np.empty((lanes, rooms * rooms), np.uint8)
    # With loops, paths are found by searches, which need more memory.
    distances = np.empty(cells if loops > 0 else 0, np.int32)
    index_of_lane = np.full(lanes, -1)
    attempts = np.zeros(lanes, np.int64)
    begun = 0
    completed = 0
    while completed < count:
        for lane in range(lanes):
            if index_of_lane[lane] < 0 and begun < count:
                start_stream(rngs[lane], key, instances[begun])
                index_of_lane[lane] = begun
                attempts[lane] = 0
                begun += 1
        if lanes == LANES:
            find_dfs_parents(rngs, rooms, parents, scratch)
        for lane in range(lanes):
            index = index_of_lane[lane]
            if index < 0:
                continue  # the last mazes leave lanes empty
            if lanes == LANES:
                open_passages(rooms, grids[index], parents[lane])
            else:
                carve(generator, rngs[lane], rooms, grids[index], parents[lane], scratch[lane])
            path_lengths[index], unique[index] = complete_maze(
                rngs[lane],
                rooms,
                loops,
                endpoints,
                low,
                high,
                parents[lane],
                grids[index],
                solutions[index],
                scratch[lane],
                distances,
            )
            if path_lengths[index] > 0:
                index_of_lane[lane] = -1
                completed += 1
                continue
            attempts[lane] += 1
            if attempts[lane] == MOST_ATTEMPTS:
                return index
    return -1


@kernel
def complete_maze(
    rng, rooms, loops, endpoints, low, high, parents, grid, solution, scratch, distances
):
    """Open loops, set start and goal, and solve: what comes after carving.

    The arguments are those of ``draw_mazes`` for one maze, with its tree in ``parents``.

    Returns:
        ``(path_length, unique)``, or ``(0, False)`` if the maze is not in the split or has no such
        endpoints.
    """
    side = 2 * rooms + 1
    if loops > 0:
        open_loops(rng, rooms, grid, loops)
    if high - low < 100:
        percent = percent_of_hash(canonical_hash(grid, side))
        if percent < low or percent >= high:
            return 0, False
    start, goal = choose_endpoints(endpoints, rng, rooms, grid, scratch)
    if start < 0:
        return 0, False
    start_cell = cell_of_room(start, rooms)
    goal_cell = cell_of_room(goal, rooms)
    solution[:] = 0
    if loops > 0:
        path_length, unique = solve_flat(
            grid, side, start_cell, goal_cell, distances, scratch, solution
        )
    else:
        path_length = mark_tree_path(parents, rooms, start, goal, solution)
        unique = True
    grid[start_cell] = START
    grid[goal_cell] = GOAL
    return path_length, unique


@dataclass
class MazeBatch(InstanceBatch):
    """Mazes with their solutions. ``H = W = size + 2``, the outer wall included.

    Attributes:
        grids: ``(count, H, W)`` uint8 cell codes: 0 wall, 1 free, 2 start, 3 goal.
        solutions: ``(count, H, W)`` uint8, 1 on the cells of a shortest path, both ends included.
        path_lengths: ``(count,)`` int32, cells of a shortest path.
        unique: ``(count,)`` bool, whether there is only one shortest path.
        instances: ``(count,)`` int64 instance numbers.
    """

    grids: np.ndarray
    solutions: np.ndarray
    path_lengths: np.ndarray
    unique: np.ndarray
    instances: np.ndarray

    @property
    def problems(self) -> np.ndarray:
        """What an agent is shown: the grids (the name that all tasks share)."""
        return self.grids


def default_size(split: str) -> int:
    """The size drawn when none is asked for: 9, and 59 for the extrapolation split."""
    return DEFAULT_EXTRAPOLATION_SIZE if split == "extrapolation" else DEFAULT_SIZE


class MazeTask(CellTask[MazeBatch]):
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
            or ``farthest``, the ends of a longest shortest path.
        wall_moves: The most walls that are moved in a maze after it was drawn (see
            ``move_walls``), so that an agent practises rooms and junctions as no one generator
            makes them.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.
    """

    name = "maze"
    ample_iterations = 1500  # for size 59
    codes = 4
    wall_code = WALL
    turns = True

    def __init__(
        self,
        size: int | None = None,
        split: str = "train",
        generator: str = "dfs",
        loops: float = 0.0,
        endpoints: str = "any",
        wall_moves: int = 0,
    ):
        self.split = check_choice("split", split, SPLITS)
        self.size = check_size(default_size(split) if size is None else size)
        self.generator = check_choice("generator", generator, tuple(GENERATORS))
        self.loops = check_fraction("loops", loops)
        self.endpoints = check_choice("endpoints", endpoints, tuple(ENDPOINTS))
        self.wall_moves = check_integer("wall_moves", wall_moves, 0, MOST_WALL_MOVES)
        self.rooms = (self.size + 1) // 2
        self.side = self.size + 2
        self.key = stream_key(
            "Maze", GENERATOR_VERSION, self.size, split, generator, self.loops, endpoints
        )

    @property
    def options(self) -> dict[str, OptionValue]:
        """Split, size, generator, loops and endpoints; and wall moves where there are any."""
        options: dict[str, OptionValue] = {
            "split": self.split,
            "size": self.size,
            "generator": self.generator,
            "loops": self.loops,
            "endpoints": self.endpoints,
        }
        return options | {"wall_moves": self.wall_moves} if self.wall_moves else options

    @property
    def version(self) -> int:
        """The generators' version."""
        return GENERATOR_VERSION

    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> MazeBatch:
        """Draw the mazes of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``.
            threads: The most threads to use, by default as many as there are cores. The result
                does not depend on it.

        Raises:
            ValueError: If a number is out of range, or if the split and endpoints asked for do not
                exist among these mazes.
        """
        instances = check_instances(instances)
        count = len(instances)
        check_memory(count, self.side)
        # One allocation, because C libraries use that again for the next batch: of two, as large as
        # the last two, they give the memory back, and fresh pages take as long as the mazes.
        grids, solutions = np.empty((2, count, self.side, self.side), np.uint8)
        batch = MazeBatch(
            grids,
            solutions,
            np.empty(count, np.int32),
            np.empty(count, np.bool_),
            instances,
        )
        threads = check_integer("threads", usable_cores() if threads is None else threads, 1, 4096)
        spans = self._divide(count, threads)
        failed = run_on_threads(lambda span: self._draw_span(batch, span), spans, threads)
        for span, index in zip(spans, failed, strict=True):
            if index >= 0:
                raise ValueError(
                    f"no maze found for instance {instances[span][index]} in {MOST_ATTEMPTS:,} "
                    f"attempts: split={self.split!r} with endpoints={self.endpoints!r} is empty "
                    f"or too rare for size={self.size}, generator={self.generator!r}, "
                    f"loops={self.loops}"
                )
        return self.move_walls(batch, instances, self.wall_moves) if self.wall_moves else batch

    def _divide(self, count: int, threads: int) -> list[slice]:
        """Divide a batch into parts for threads: several for each, if there are enough mazes."""
        parts = max(threads, min(PARTS_PER_THREAD * threads, count // MAZES_PER_PART))
        parts = max(1, min(parts, count, count * self.side**2 // CELLS_PER_PART))
        bounds = [count * part // parts for part in range(parts + 1)]
        return [slice(*bound) for bound in itertools.pairwise(bounds)]

    def _draw_span(self, batch: MazeBatch, span: slice) -> int:
        """Draw a part of a batch in place; the kernel releases the GIL."""
        cells = self.side**2
        instances = batch.instances[span].view(np.uint64)
        percents = PERCENT_OF_SPLIT[self.split]
        filled = (
            batch.grids[span].reshape(-1, cells),
            batch.solutions[span].reshape(-1, cells),
            batch.path_lengths[span],
            batch.unique[span],
        )
        options = (self.size, self.generator, self.loops, self.endpoints)
        if options == (size_nine.SIZE, "dfs", 0.0, "any"):
            size_nine.draw_size_nine(instances, self.key, *percents, *filled)
            return -1  # at this size no split is empty
        return draw_mazes(
            instances,
            self.key,
            self.rooms,
            GENERATORS[self.generator],
            self.loops,
            ENDPOINTS[self.endpoints],
            *percents,
            *filled,
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
            ValueError: If there are not as many seeds as mazes, or one is out of range.
            TypeError: If they are not integers.
        """
        count = len(batch)
        moved = MazeBatch(
            batch.grids.copy(),
            np.zeros_like(batch.solutions),
            np.empty_like(batch.path_lengths),
            np.empty_like(batch.unique),
            batch.instances.copy(),
        )
        move_endpoints(
            check_seeds(seeds, count).view(np.uint64),
            stream_key("Maze endpoints", GENERATOR_VERSION, self.endpoints),
            ENDPOINTS[self.endpoints],
            self.rooms,
            moved.grids.reshape(count, self.side**2),
            moved.solutions.reshape(count, self.side**2),
            moved.path_lengths,
            moved.unique,
        )
        return self.move_walls(moved, seeds, self.wall_moves) if self.wall_moves else moved

    def move_walls(
        self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray, most: int
    ) -> MazeBatch:
        """The same mazes with a few walls moved, start and goal where they were.

        To move a wall is to open one between two rooms and to close, somewhere on the way that led
        from one to the other, a passage. What has no loops stays without, but is soon as little
        like its generator's mazes as like any other's. The mazes stay in the task's split.

        Args:
            batch: Mazes of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each maze; the
                same seed moves the same walls of the same maze.
            most: Each maze has 0 to ``most`` walls moved, or more if it would otherwise leave the
                split.

        Raises:
            ValueError: If ``most`` is negative, there are not as many seeds as mazes, or one is
                out of range.
            TypeError: If ``most`` or the seeds are not integers.
        """
        most = check_integer("most", most, 0, MOST_WALL_MOVES)
        count = len(batch)
        moved = batch[np.arange(count)]
        move_walls(
            check_seeds(seeds, count).view(np.uint64),
            stream_key("Maze walls", GENERATOR_VERSION),
            most,
            *PERCENT_OF_SPLIT[self.split],
            self.rooms,
            moved.grids.reshape(count, self.side**2),
            moved.solutions.reshape(count, self.side**2),
            moved.path_lengths,
            moved.unique,
        )
        return moved

    def judge(self, batch: MazeBatch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Judge one answer to each maze of a batch.

        Args:
            batch: Mazes of this task.
            answers: ``(count, H, W)`` bool or integers, 1 on the cells of the path.

        Returns:
            ``(solved, cell_accuracies)``: ``(count,)`` bool, whether the answer is exactly a
            shortest path (any of them), and ``(count,)`` float64, the share of free cells that
            equal the reference solution.

        Raises:
            ValueError: If the answers have another shape or other values than 0 and 1.
            TypeError: If the answers hold neither integers nor bools.
        """
        answers = check_answers(answers, batch.grids.shape)
        count = len(batch)
        solved = np.empty(count, np.bool_)
        cell_accuracies = np.empty(count, np.float64)
        judge_flat(
            batch.grids.reshape(count, self.side**2),
            self.side,
            batch.solutions.reshape(count, self.side**2),
            batch.path_lengths,
            batch.unique,
            answers.reshape(count, self.side**2),
            solved,
            cell_accuracies,
        )
        return solved, cell_accuracies

    @classmethod
    def label(cls, options: Mapping[str, OptionValue]) -> str:
        """The size, and what is unusual: ``59x59 prim loops 0.1``."""
        words = [f"{options['size']}x{options['size']}"]
        usual = (None, "dfs", "any")
        others = [options.get(name) for name in ("generator", "endpoints")]
        words += [str(value) for value in others if value not in usual]
        words += [f"loops {options['loops']:g}"] if options.get("loops") else []
        return " ".join(words)

    def describe(self, batch: MazeBatch) -> str:
        """A batch of one maze in words."""
        height, width = batch.grids.shape[1:]
        return f"maze {height - 2}x{width - 2}, path of {int(batch.path_lengths[0])} cells"

    def picture(
        self,
        batch: MazeBatch,
        answer: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
    ) -> np.ndarray:
        """A picture of a batch of one maze: see ``Task.picture``."""
        if answer is None and probabilities is not None:
            return drawing.draw(
                batch.grids[0], probabilities > 0.02, batch.solutions[0], strength=probabilities
            )
        return drawing.draw(batch.grids[0], answer, self._right_answer(batch, answer))

    def text(self, batch: MazeBatch, answer: np.ndarray | None = None) -> str:
        """A batch of one maze, and an answer to it, as text."""
        return drawing.write_text(batch.grids[0], answer, self._right_answer(batch, answer))

    def _right_answer(self, batch: MazeBatch, answer: np.ndarray | None) -> np.ndarray | None:
        """What an answer to a batch of one is shown beside: itself if it is right."""
        if answer is None:
            return None
        solved, _ = self.judge(batch, answer[None])
        return answer if solved[0] else batch.solutions[0]

    @classmethod
    def training_options(cls) -> TrainingOptions[Self]:
        """Mazes of size 9 with moved walls."""
        return MazesToTrain()

    @classmethod
    def testing_options(cls) -> TestingOptions[Self]:
        """Mazes of four sizes."""
        return MazesToTest()

    @classmethod
    def watching_options(cls) -> WatchingOptions[Self]:
        """Mazes of size 33 between dead ends."""
        return MazeToWatch()


@dataclass(frozen=True)
class MazesToTrain(TrainingOptions[MazeTask]):
    """Mazes to train on."""

    size: int = DEFAULT_SIZE
    """Size of the mazes trained on."""
    generator: str = "dfs"
    """How they are carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """Chance that a wall is opened, so that there are several ways."""
    endpoints: str = "any"
    """Where start and goal lie: any, dead_ends, corners, or farthest."""
    wall_moves: int = TRAINING_WALL_MOVES
    """The most walls moved in a maze; 0 trains on the generator's mazes as they are."""

    def task(self, family: type[MazeTask], split: str) -> MazeTask:
        """The mazes of a split; walls are moved in "train" alone."""
        wall_moves = self.wall_moves if split == "train" else 0
        return family(self.size, split, self.generator, self.loops, self.endpoints, wall_moves)


@dataclass(frozen=True)
class MazesToTest(TestingOptions[MazeTask]):
    """Mazes to test on."""

    size: tuple[int, ...] = TESTING_SIZES
    """Sizes of the mazes."""
    split: str | None = None
    """The split; by default "test" for size 9, "extrapolation" for others."""
    generator: str = "dfs"
    """How the mazes are carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """The chance that a wall is opened."""
    endpoints: str = "any"
    """Where start and goal lie: any, dead_ends, corners, or farthest."""
    file: Path | None = None
    """Mazes from elsewhere instead: a .npz or .zanj file, or a folder in the easy_to_hard or the
    token format."""

    def tasks(self, family: type[MazeTask]) -> Sequence[AnyTask]:
        """The mazes of each size, or those of the file.

        Raises:
            ValueError: If the file has no mazes, or something else is said beside it.
        """
        if self.file is not None:
            from thinkenv.mazes.file_task import MazeFileTask  # which needs this module

            if self != MazesToTest(file=self.file):
                raise ValueError("--file: takes no other option of mazes beside it")
            return [MazeFileTask(self.file)]
        return [
            family(
                size,
                self.split or split_of_size(size, DEFAULT_SIZE),
                self.generator,
                self.loops,
                self.endpoints,
            )
            for size in self.size
        ]


@dataclass(frozen=True)
class MazeToWatch(WatchingOptions[MazeTask]):
    """Mazes of which one is shown."""

    size: int = WATCHING_SIZE
    """Size of the maze."""
    split: str | None = None
    """The split; by default "test" for size 9, "extrapolation" for others."""
    generator: str = "dfs"
    """How the maze is carved: a name of thinkenv.mazes.GENERATORS."""
    loops: float = 0.0
    """The chance that a wall is opened."""
    endpoints: str = "dead_ends"
    """Where start and goal lie: any, dead_ends, corners, or farthest."""

    def task(self, family: type[MazeTask]) -> MazeTask:
        """The mazes of this size."""
        split = self.split or split_of_size(self.size, DEFAULT_SIZE)
        return family(self.size, split, self.generator, self.loops, self.endpoints)


def check_memory(count: int, side: int) -> None:
    """Refuse a batch that cannot fit into this machine's memory.

    Raises:
        ValueError: If its arrays are larger than the machine's memory; it says how large.
    """
    check_fits_into_memory(f"count={count:,} mazes of size {side - 2}", count * (2 * side**2 + 13))


def check_size(size: object) -> int:
    """Return a maze size as ``int``.

    Raises:
        ValueError: If it is even or out of range.
        TypeError: If it is not an integer.
    """
    size = check_integer("size", size, SMALLEST_SIZE, LARGEST_SIZE)
    if size % 2 == 0:
        raise ValueError(
            f"size={size}: allowed are odd numbers from {SMALLEST_SIZE} to {LARGEST_SIZE}, "
            f"such as {size - 1} or {size + 1}"
        )
    return size
