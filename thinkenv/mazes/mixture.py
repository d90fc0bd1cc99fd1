"""Mazes of several kinds in one task: each instance number belongs to one of the kinds."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from thinkenv.checks import check_integer, suggest_arguments
from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, start_stream, stream_key
from thinkenv.mazes.grid_task import GridTask, MazeBatch, check_mazes
from thinkenv.mazes.sampling import GENERATOR_VERSION
from thinkenv.mazes.task import DEFAULT_SIZE, MazeTask
from thinkenv.tasks.base import OptionValue, WithoutOptions
from thinkenv.tasks.seeds import check_instances, check_seeds

# A kind: the arguments of ``MazeTask`` that are not the usual ones, and how often it comes.
Kind = Mapping[str, Any]
WEIGHT = "weight"
MAX_WEIGHT = 1_000_000

ANY_FREE = {"endpoints": "free_cells"}

# What there is to practise on where nothing is known of the mazes to come: trees and loops, grids
# without a lattice, ends next to each other, and goals that cannot be reached. With all walls open
# there is one lattice of each size, which is in one split: this kind takes it from all.
ANY_KIND: tuple[Kind, ...] = (
    {WEIGHT: 4, **ANY_FREE, "wall_moves": 16},
    {WEIGHT: 2, **ANY_FREE, "loops": 0.1},
    {WEIGHT: 1, **ANY_FREE, "loops": 0.3},
    {WEIGHT: 1, **ANY_FREE, "loops": 0.6},
    {WEIGHT: 1, **ANY_FREE, "generator": "wilson"},
    {WEIGHT: 1, **ANY_FREE, "generator": "kruskal"},
    {WEIGHT: 1, **ANY_FREE, "generator": "recursive_division"},
    {WEIGHT: 1, **ANY_FREE, "loops": 1.0, "split": "all"},
    {WEIGHT: 2, **ANY_FREE, "generator": "percolation", "removed": 0.05},
    {WEIGHT: 3, **ANY_FREE, "generator": "percolation", "removed": 0.15},
    {WEIGHT: 2, **ANY_FREE, "generator": "percolation", "removed": 0.3},
    {WEIGHT: 1, **ANY_FREE, "generator": "percolation", "removed": 0.45},
    {WEIGHT: 3, **ANY_FREE, "generator": "plazas"},
    {WEIGHT: 2, **ANY_FREE, "generator": "caves"},
    {WEIGHT: 1, "endpoints": "farthest", "loops": 0.1},
    {WEIGHT: 1, "endpoints": "farthest", "generator": "percolation", "removed": 0.15},
    {WEIGHT: 1, "endpoints": "farthest", "generator": "plazas"},
    {WEIGHT: 1, "endpoints": "adjacent"},
    {WEIGHT: 1, "endpoints": "adjacent", "generator": "percolation", "removed": 0.3},
    {WEIGHT: 2, "endpoints": "unreachable", "generator": "percolation", "removed": 0.45},
    {WEIGHT: 1, "endpoints": "unreachable", "generator": "percolation", "removed": 0.3},
)


class MazeMixture(WithoutOptions, GridTask):
    """Mazes of one size and split, of several kinds.

    Which kind an instance is of depends on its number alone, so that it is the same alone and in
    any batch; within its kind it is the instance with that number.

    Args:
        size: Odd, 5 to 1601, of all kinds.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``.
        kinds: For each kind a dict with its ``weight``, a whole number: of all instances, its share
            is its weight among all weights. Beside it stand arguments of ``MazeTask`` other than
            the size; a ``split`` there goes before that of the mixture.

    Attributes:
        tasks: What draws the mazes of each kind.

    Raises:
        ValueError: If an argument has a value that is not allowed, or there is no kind.
        TypeError: If an argument has the wrong type, or a kind an argument that there is not.
    """

    instead = "MazeTask has, with kinds='any'"

    @suggest_arguments
    def __init__(
        self,
        size: int = DEFAULT_SIZE,
        split: str = "train",
        kinds: Sequence[Kind] = ANY_KIND,
    ):
        if len(kinds) == 0:
            raise ValueError("kinds must be at least one, got none")
        self.kinds = tuple(dict(kind) for kind in kinds)
        weights = [check_integer(WEIGHT, kind.get(WEIGHT, 1), 1, MAX_WEIGHT) for kind in self.kinds]
        self._bounds = np.array(list(accumulate(weights)), np.int64)
        arguments = [
            {"split": split} | {name: value for name, value in kind.items() if name != WEIGHT}
            for kind in self.kinds
        ]
        self.tasks = tuple(MazeTask(size, **kind) for kind in arguments)
        self.split = MazeTask(size, split).split
        self.size = self.tasks[0].size

    @property
    def options(self) -> dict[str, OptionValue]:
        """Split, size and kinds: the arguments that make this mixture."""
        return {"split": self.split, "size": self.size, "kinds": [dict(one) for one in self.kinds]}

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a maze's grid."""
        return self.tasks[0].shape

    @property
    def version(self) -> int:
        """The generators' version."""
        return GENERATOR_VERSION

    def kinds_of(self, instances: Sequence[int] | np.ndarray) -> np.ndarray:
        """Which of the kinds these instances are of: ``(count,)`` int64 indices.

        Raises:
            ValueError: If a number is out of range.
            TypeError: If the numbers are not integers.
        """
        numbers = check_instances(instances).view(np.uint64)
        chosen = np.empty(len(numbers), np.int64)
        choose_kinds(numbers, stream_key("Maze mixture", GENERATOR_VERSION), self._bounds, chosen)
        return chosen

    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> MazeBatch:
        """Draw the mazes of these instance numbers: see ``MazeTask.draw``.

        Raises:
            ValueError: If a number is out of range, or there are no such mazes.
            TypeError: If the numbers are not integers.
        """
        instances = check_instances(instances)
        count = len(instances)
        self.tasks[0].check_memory(2 * count)  # whole, and in parts
        grids, solutions = np.empty((2, count, *self.shape), np.uint8)
        lengths, unique = np.empty(count, np.int32), np.empty(count, np.bool_)
        batch = MazeBatch(grids, solutions, lengths, unique, instances)
        chosen = self.kinds_of(instances)
        for kind in np.unique(chosen):
            here = np.flatnonzero(chosen == kind)
            batch.replace(here, self.tasks[kind].draw(instances[here], threads))
        return batch

    def perturb(self, batch: MazeBatch, seeds: Sequence[int] | np.ndarray) -> MazeBatch:
        """The same mazes with start and goal moved as in their kind: see ``MazeTask.perturb``.

        The kinds are those of the batch's instance numbers.

        Raises:
            ValueError: If there are not as many seeds as mazes, one is out of range, or the mazes
                are not of this task's size.
            TypeError: If they are not integers.
        """
        numbers = check_seeds(seeds, len(batch)).view(np.int64)
        check_mazes(batch, self.shape)
        moved = batch.copy()
        chosen = self.kinds_of(batch.instances)
        for kind in np.unique(chosen):
            here = np.flatnonzero(chosen == kind)
            moved.replace(here, self.tasks[kind].perturb(batch[here], numbers[here]))
        return moved


@kernel
def choose_kinds(instances, key, bounds, chosen):
    """Choose one of several kinds for each instance number.

    Assumes bounds that rise from at least 1 to at most ``2**31 - 1``, and a place for each number.

    Args:
        instances: ``(count,)`` uint64.
        key: The 64-bit key of the choice.
        bounds: ``(kinds,)`` int64, the weights of the kinds, each added to those before.
        chosen: ``(count,)`` int64, filled with indices of kinds.
    """
    rng = np.empty(1, np.uint64)
    for index in range(len(instances)):
        start_stream(rng, key, instances[index])
        number = below(rng, bounds[-1])
        kind = 0
        while bounds[kind] <= number:
            kind += 1
        chosen[index] = kind
