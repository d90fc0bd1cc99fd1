"""Base for tasks written in plain Python: few lines for a task.

Such a task draws hundreds or thousands of problems a second. Those of this package draw millions
with compiled kernels; their classes have the same methods, so that a task can begin here and be
made fast later.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from thinkenv.checks import check_answers, check_choice, check_integer, suggest_arguments
from thinkenv.kernels.random import stream_key
from thinkenv.tasks.base import InstanceBatch, SizedTask
from thinkenv.tasks.seeds import check_instances
from thinkenv.tasks.splits import MAX_ATTEMPTS, SPLITS, is_in_split


@dataclass
class PlainBatch(InstanceBatch):
    """Problems with their solutions.

    Attributes:
        cells: ``(count, ...)`` integers: cell codes.
        solutions: ``(count, ...)`` uint8 of 0 and 1, an answer for each cell.
        instances: ``(count,)`` int64 instance numbers.
    """

    cells: np.ndarray
    solutions: np.ndarray
    instances: np.ndarray

    @property
    def problems(self) -> np.ndarray:
        """What an agent is shown: the cells."""
        return self.cells


def symmetries(grid: np.ndarray) -> list[np.ndarray]:
    """The eight rotations and reflections of a square grid."""
    return [np.rot90(image, turns) for image in (grid, grid.T) for turns in range(4)]


class PlainTask(SizedTask[PlainBatch]):
    """Problems with an answer of 0 or 1 for every cell: an instance number in, a problem out.

    A subclass sets ``name`` and ``codes`` and defines ``draw_problem`` and ``solve``, and
    ``equals`` where different problems count as the same. An instance is a pure function of the
    name, the ``generator_version``, the options and its number, as long as NumPy's ``Generator``
    draws what it draws now, which releases of NumPy may change (NEP 19).

    Args:
        size: The size of problems.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``. A problem belongs
            to a split by a hash, so that none is in two.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.
    """

    batch_type = PlainBatch
    smallest_size: ClassVar[int] = 1
    largest_size: ClassVar[int] = 10_000

    @suggest_arguments
    def __init__(self, size: int, split: str = "train"):
        self.size = check_integer("size", size, self.smallest_size, self.largest_size)
        self.split = check_choice("split", split, SPLITS)
        self.key = int(stream_key(self.name, self.generator_version, self.size, split))

    @abstractmethod
    def draw_problem(self, random: np.random.Generator) -> np.ndarray:
        """Draw one problem: cell codes ``(size, size)``, or ``(size,)`` for strings."""

    @abstractmethod
    def solve(self, problem: np.ndarray) -> np.ndarray:
        """The right answer to a problem: 0 or 1 for every cell, of its shape."""

    def equals(self, problem: np.ndarray) -> list[np.ndarray]:
        """All problems that count as the same for the splits, such as its ``symmetries``."""
        return [problem]

    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> PlainBatch:
        """Draw the problems of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``, at least one.
            threads: Not used; there for the sake of compiled tasks.

        Raises:
            ValueError: If there is no number or one is out of range, the split holds no such
                problem, or ``solve`` gives other values than 0 and 1.
            TypeError: If the numbers are not integers.
        """
        instances = check_instances(instances)
        if len(instances) == 0:
            raise ValueError("instances must hold at least one number, got none")
        problems = np.stack([self._draw_in_split(int(instance)) for instance in instances])
        solutions = np.stack([self.solve(problem) for problem in problems])
        return PlainBatch(problems, check_answers(solutions, problems.shape, "solution"), instances)

    def _draw_in_split(self, instance: int) -> np.ndarray:
        random = np.random.default_rng([self.key, instance])
        for _ in range(MAX_ATTEMPTS):
            problem = self.draw_problem(random)
            if is_in_split(min(image.tobytes() for image in self.equals(problem)), self.split):
                return problem
        raise ValueError(
            f"no problem found for instance {instance} in {MAX_ATTEMPTS:,} attempts: "
            f"split={self.split!r} is empty or too rare for size={self.size}"
        )
