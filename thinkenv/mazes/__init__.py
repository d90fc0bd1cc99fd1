"""Mazes without an environment: generate and read them in batches, solve them, judge answers."""

import numpy as np

from thinkenv.checks import check_integer, suggest_arguments
from thinkenv.kernels.compilation import announce_compilation
from thinkenv.mazes.dead_ends import fill_dead_ends
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.mazes.generators import GENERATORS, OF_LATTICES
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.interchange import MazeFileError, from_image, from_text, read, to_text
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL
from thinkenv.mazes.mixture import MazeMixture
from thinkenv.mazes.properties import PROPERTIES, measure, select
from thinkenv.mazes.sampling import GENERATOR_VERSION
from thinkenv.mazes.solving import is_solution, shortest_path, solve
from thinkenv.mazes.task import REMOVED, MazeTask
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, instances_of_seed

announce_compilation()

__all__ = [
    "FREE",
    "GENERATORS",
    "GENERATOR_VERSION",
    "GOAL",
    "OF_LATTICES",
    "PROPERTIES",
    "REMOVED",
    "START",
    "WALL",
    "MazeBatch",
    "MazeFileError",
    "MazeFileTask",
    "MazeMixture",
    "MazeTask",
    "fill_dead_ends",
    "from_image",
    "from_text",
    "generate",
    "instances_of_seed",
    "is_solution",
    "measure",
    "read",
    "select",
    "shortest_path",
    "solve",
    "to_text",
]


@suggest_arguments
def generate(
    size: int | None = None,
    count: int = 1,
    seed: int = 0,
    split: str = "train",
    generator: str = "dfs",
    loops: float = 0.0,
    endpoints: str = "any",
    instances: np.ndarray | None = None,
    threads: int | None = None,
    removed: float = REMOVED,
) -> MazeBatch:
    """Generate mazes with their solutions.

    Args:
        size: Odd, 5 to 1601: ``(size + 1) / 2`` rooms per side. By default 9, and 59 for the
            extrapolation split.
        count: How many.
        seed: 0 to ``2**31 - 1``. Seed ``s`` gives instances ``s * 2**32`` onwards, so seed 0
            begins with instance 0 and no two seeds share an instance.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``. Splits are
            disjoint, up to the symmetries of the square.
        generator: How the maze is carved, a name of ``GENERATORS``.
        loops: The chance that a standing wall between two rooms is opened.
        endpoints: Where start and goal lie: ``any`` two rooms, two ``dead_ends``, two ``corners``,
            or ``farthest``, the ends of a longest shortest path; ``free_cells``, any two free cells
            that are joined, ``adjacent``, two neighbouring ones, or ``unreachable``, two free cells
            without a way between them: see ``MazeTask``.
        instances: ``(n,)`` instance numbers to draw, instead of ``count`` and ``seed``.
        threads: The maximum of threads, by default as many as there are cores. The result does
            not depend on it.
        removed: The chance, 0.0 to 0.6, that the generator ``percolation`` makes a cell a wall.

    Returns:
        A ``MazeBatch`` with arrays ``grids``, ``solutions``, ``path_lengths``, ``unique`` and
        ``instances``. Instance 17 is the same maze alone and among a million.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.

    Example:
        >>> mazes = generate(size=59, count=100, split="test")
        >>> mazes.grids.shape, mazes.solutions.shape
        ((100, 61, 61), (100, 61, 61))
        >>> all(is_solution(g, s) for g, s in zip(mazes.grids, mazes.solutions))
        True
    """
    task = MazeTask(size, split, generator, loops, endpoints, removed=removed)
    if instances is None:
        task.check_memory(check_integer("count", count, 0, INSTANCES_PER_SEED))
        instances = instances_of_seed(seed, count)
    return task.draw(instances, threads)
