"""What a task is: it draws numbered problems in batches and judges answers.

Environments, vector environments, data streams, suites and agents are thin faces of the same task.
Mazes, chess puzzles, prefix sums and files of mazes are tasks, and so is a class of your own: see
``docs/add_a_task.md``.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NoReturn, Self, TypeVar

import numpy as np

from thinkenv import notebooks
from thinkenv.checks import check_answers
from thinkenv.drawing import render_cells, render_numbers, write_cells

# What an option of a problem, or a column of a result, can be.
OptionValue = str | int | float | bool | list | None


class InstanceBatch(ABC):
    """Instances in columns: base of dataclasses whose fields are arrays of one length.

    A subclass has at least the columns ``solutions`` and ``instances``, and says in ``problems``
    what an agent is shown.
    """

    instances: np.ndarray
    solutions: np.ndarray

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        # A dataclass writes a ``__repr__`` of all its arrays, unless its body has one.
        cls.__repr__ = cls.__repr__  # type: ignore[method-assign]

    @property
    @abstractmethod
    def problems(self) -> np.ndarray:
        """What an agent is shown, ``(count, …)``: the name that all tasks share."""

    def __len__(self) -> int:
        return len(self.instances)

    def __getitem__(self, index: slice | np.ndarray) -> Self:
        """Some of the instances, by a slice, a mask or an array of indices.

        Raises:
            TypeError: If it is one index, which would leave no batch.
        """
        if isinstance(index, (int, np.integer)):
            raise TypeError(f"batch[{index}]: a batch of one is batch[{index} : {index + 1}]")
        return type(self)(**{name: column[index] for name, column in self.columns().items()})

    def columns(self) -> dict[str, np.ndarray]:
        """The arrays by name; each has one entry for every instance."""
        return dict(vars(self))

    def replace(self, index: np.ndarray, others: Self) -> None:
        """Put the instances ``others`` in the positions ``index`` of this batch."""
        for name, column in self.columns().items():
            column[index] = getattr(others, name)

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Several batches, one after the other, as one; at least one batch."""
        columns = {name: [getattr(part, name) for part in parts] for name in vars(parts[0])}
        return cls(**{name: np.concatenate(arrays) for name, arrays in columns.items()})

    def summary(self) -> str:
        """The batch in a few words: ``5 problems of 9x9``."""
        return f"{len(self):,} problems of {'x'.join(map(str, self.problems.shape[1:]))}"

    @staticmethod
    def sketch(problem: np.ndarray, answer: np.ndarray | None = None) -> np.ndarray:
        """A picture of one problem as agents are shown it, and of an answer that is not judged.

        Args:
            problem: One of ``problems``.
            answer: Of the shape of one of ``solutions``, or None.

        Returns:
            ``(height, width, 3)`` uint8.
        """
        cells = problem.reshape(-1, problem.shape[-1])  # planes one below the other
        if answer is None or answer.size != cells.size:
            return render_cells(cells)
        return render_cells(cells, answer.reshape(cells.shape))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.summary()})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the first problems, as pictures."""
        pictures = (self.sketch(problem) for problem in self.problems)
        return notebooks.gallery(repr(self), pictures, len(self))


Batch = TypeVar("Batch", bound=InstanceBatch)


class Task(ABC, Generic[Batch]):
    """One problem family: an instance number in, a problem out; an answer in, a judgement out.

    An instance is a pure function of the task's options and its number: the same alone and in any
    batch, on every machine, and in every release with the same ``version``.

    Attributes:
        name: What the task is called, in rows and on the command line.
        ample_iterations: Iterations that suffice a trained agent for the hardest of the problems
            that are tested by default, which is far more than it was trained with.
        batch_type: The class of its batches.
        solutions_known: Whether its problems come with right answers; else nothing can be judged.
        own_problems: How problems of one's own become what agents are shown, in a few words for
            those who gave an agent something else.
    """

    name: ClassVar[str]
    ample_iterations: ClassVar[int] = 1000
    batch_type: ClassVar[type[InstanceBatch]] = InstanceBatch  # type: ignore[type-abstract]
    solutions_known: ClassVar[bool] = True
    own_problems: ClassVar[str] = ""

    @property
    @abstractmethod
    def options(self) -> dict[str, OptionValue]:
        """What decides which problems these are, as it stands in an evaluation row."""

    @property
    @abstractmethod
    def version(self) -> int | str:
        """What decides the problems besides options: a generator's version, a file's SHA-256."""

    @property
    def count(self) -> int | None:
        """How many different problems there are; None where there is no end of them."""
        return None

    @abstractmethod
    def draw(self, instances: Sequence[int] | np.ndarray, threads: int | None = None) -> Batch:
        """Draw the problems of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``.
            threads: The most threads to use, by default as many as there are cores. The result
                does not depend on it.

        Raises:
            ValueError: If a number is out of range, or there is no such problem.
            TypeError: If the numbers are not integers.
        """

    @abstractmethod
    def judge(self, batch: Batch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Judge one answer to each problem of a batch.

        Returns:
            ``(solved, cell_accuracies)``: ``(count,)`` bool, whether the answer is exactly right,
            and ``(count,)`` float64, the share of its cells that are.

        Raises:
            ValueError: If the answers have another shape or other values than 0 and 1.
            TypeError: If the answers have the wrong dtype.
        """

    def perturb(self, batch: Batch, seeds: Sequence[int] | np.ndarray) -> Batch:
        """Almost the same problems: the old answers are in the way of the new ones.

        Args:
            batch: Problems of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``; the same seed changes the
                same problem in the same way.

        Raises:
            ValueError: If the task has no small changes, there are not as many seeds as problems,
                or one is out of range.
            TypeError: If the seeds are not integers.
        """
        raise ValueError(f"no small change is known of problems of the task {self.name!r}")

    def filling_rounds(self, batch: Batch) -> np.ndarray | None:
        """For mazes: in which round of dead-end filling each cell goes; for other tasks None.

        Returns:
            ``(count, H, W)`` int32: 0 for walls, the round (1, 2, …) in which a dead end is
            filled, and -1 for the cells that stay.
        """
        return None

    @classmethod
    def reachable(cls, problems: np.ndarray, answers: np.ndarray) -> np.ndarray | None:
        """For mazes: which answers say that there is a way; for other tasks None.

        Args:
            problems: ``(count, …)``, as agents are shown them.
            answers: ``(count, …)`` of 0 and 1.

        Returns:
            ``(count,)`` bool: whether the cells of the answer join start and goal.
        """
        return None

    def play(
        self, batch: Batch, preferences: Callable[[np.ndarray], np.ndarray]
    ) -> dict[str, np.ndarray]:
        """For tasks of several moves: play the problems of a batch to their ends.

        Args:
            batch: The problems.
            preferences: From problems ``(n, …)`` to what an agent prefers ``(n, …)``.

        Returns:
            Further scores, ``(count,)`` bool each, by name; none where a problem is answered at
            once.
        """
        return {}

    def difficulties(self, batch: Batch) -> np.ndarray | None:
        """How hard the problems are for people, ``(count,)`` ratings; None where nobody knows."""
        return None

    @classmethod
    def label(cls, options: Mapping[str, OptionValue]) -> str:
        """Which problems the options of a row stand for, in a few characters, such as ``59x59``."""
        return f"size {options.get('size')}"

    def describe(self, batch: Batch) -> str:
        """A batch of one problem in words."""
        return f"{self.name}, {self.label(self.options)}"

    def picture(
        self,
        batch: Batch,
        answer: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
    ) -> np.ndarray:
        """A picture of a batch of one problem.

        Args:
            batch: The problem.
            answer: An answer to it, which is judged: what is wrong stands out.
            probabilities: Instead of an answer, how probable an agent thinks each cell of it is.

        Returns:
            ``(height, width, 3)`` uint8.
        """
        marked = probabilities if answer is None else answer
        solution = None if answer is None else batch.solutions[0]
        return render_cells(batch.problems[0], marked, solution)

    def heat_map(self, batch: Batch, numbers: np.ndarray, largest: float) -> np.ndarray:
        """A picture of a batch of one problem with a number in each cell: an agent's counts.

        Args:
            batch: The problem.
            numbers: ``(H, W)`` floats from 0; NaN where there is none.
            largest: The number at the end of the scale of colours.

        Returns:
            ``(height, width, 3)`` uint8.
        """
        return render_numbers(numbers, largest)

    def text(self, batch: Batch, answer: np.ndarray | None = None) -> str:
        """A batch of one problem, and an answer to it, as text."""
        solution = None if answer is None else batch.solutions[0]
        return write_cells(batch.problems[0], answer, solution)

    @classmethod
    @abstractmethod
    def training_options(cls) -> "TrainingOptions[Self]":
        """The problems trained on by default."""

    @classmethod
    @abstractmethod
    def testing_options(cls) -> "TestingOptions[Self]":
        """The problems tested on by default."""

    @classmethod
    @abstractmethod
    def watching_options(cls) -> "TestingOptions[Self]":
        """The problems shown by default: those of the first set that these options choose."""

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in self.options.items())
        return f"{type(self).__name__}({options})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the options, and the first problem as an example."""
        picture = self.picture(self.draw([0]))
        example = notebooks.image_tag(notebooks.png(picture, notebooks.MAX_EXAMPLE_SIDE))
        return f"{notebooks.table(type(self).__name__, self.options)}{example}"


class CellTask(Task[Batch]):
    """A task whose problems are boards or strings of cell codes, with a 0 or 1 for every cell.

    What a class says here is true of the problems, whoever solves them; agents make use of it.

    Attributes:
        codes: How many codes a cell of a problem can have, from 0.
        dimensions: 2 for boards ``(count, height, width)``, 1 for strings ``(count, width)``.
        wall_code: The code of cells that no answer depends on and none crosses, or None.
        turns: Whether the answer to a turned or mirrored problem is the answer turned or mirrored.
    """

    codes: ClassVar[int]
    dimensions: ClassVar[int] = 2
    wall_code: ClassVar[int | None] = None
    turns: ClassVar[bool] = False


# A task of any kind, where only what all tasks share is used.
AnyTask = Task[Any]
# Options for tasks in general are also options for one of them.
SomeTask = TypeVar("SomeTask", bound=AnyTask, contravariant=True)


class TrainingOptions(ABC, Generic[SomeTask]):
    """Which problems to train on: base of dataclasses whose fields are a task's own options.

    The fields become options of ``train_dt.py``, with the values of an instance as defaults.
    """

    @abstractmethod
    def task(self, family: type[SomeTask], split: str) -> AnyTask:
        """The problems of a split, drawn by the task class ``family``."""


class TestingOptions(ABC, Generic[SomeTask]):
    """Which problems to test on or show: as ``TrainingOptions``, for ``evaluate.py`` and others."""

    __test__ = False  # no test case, whatever its name says to pytest

    @abstractmethod
    def tasks(self, family: type[SomeTask]) -> Sequence[AnyTask]:
        """The sets of problems, from easy to hard."""


class WithoutOptions:
    """The first base of a task whose problems no options of commands choose.

    Attributes:
        instead: What chooses its problems, in a few words for those who ask for options.
    """

    instead: ClassVar[str]

    @classmethod
    def training_options(cls) -> NoReturn:
        """There are none.

        Raises:
            ValueError: Always.
        """
        raise ValueError(f"{cls.__name__} has no options: {cls.instead}")

    testing_options = watching_options = training_options


def split_of_size(size: int, training_size: int) -> str:
    """Where problems that nobody trains on come from: ``test``, or ``extrapolation`` if harder."""
    return "test" if size == training_size else "extrapolation"


class SizedTask(CellTask[Batch]):
    """A task that has a size and a split, and no further option: ``Task(size, split)``.

    An answer is right if it equals the solution in every cell.

    Attributes:
        size: The size of the problems.
        split: Their split.
        generator_version: Raised whenever the same options and instance number give another
            problem than before.
        training_size: The size trained on.
        testing_sizes: The sizes tested on by default.
        watching_size: The size shown by default.
    """

    size: int
    split: str
    generator_version: ClassVar[int] = 1
    training_size: ClassVar[int] = 9
    testing_sizes: ClassVar[tuple[int, ...]] = (9, 17, 33)
    watching_size: ClassVar[int] = 17

    @abstractmethod
    def __init__(self, size: int, split: str = "train"): ...

    @property
    def options(self) -> dict[str, OptionValue]:
        """Split and size."""
        return {"split": self.split, "size": self.size}

    @property
    def version(self) -> int:
        """The generator's version."""
        return self.generator_version

    def judge(self, batch: Batch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Judge one answer to each problem of a batch.

        Args:
            batch: Problems of this task.
            answers: Bool or integers of 0 and 1, of the shape of the batch's solutions.

        Returns:
            ``(solved, cell_accuracies)``: ``(count,)`` bool, whether every cell is right, and
            ``(count,)`` float64, the share of cells that are.

        Raises:
            ValueError: If the answers have another shape or other values than 0 and 1.
            TypeError: If the answers hold neither integers nor bools.
        """
        right = check_answers(answers, batch.solutions.shape) == batch.solutions
        right = right.reshape(len(right), math.prod(right.shape[1:]))
        return right.all(axis=1), right.mean(axis=1)

    @classmethod
    def training_options(cls) -> TrainingOptions[Self]:
        """Problems of the size trained on."""
        return SizeToTrain(cls.training_size)

    @classmethod
    def testing_options(cls) -> TestingOptions[Self]:
        """Problems of the sizes tested on."""
        return SizesToTest(cls.testing_sizes)

    @classmethod
    def watching_options(cls) -> TestingOptions[Self]:
        """Problems of the size shown."""
        return SizesToTest((cls.watching_size,))


@dataclass(frozen=True)
class SizeToTrain(TrainingOptions[SizedTask]):
    """Training problems of a task of one size."""

    size: int
    """Size of the problems; of strings their length."""

    def task(self, family: type[SizedTask], split: str) -> AnyTask:
        """The problems of this size in a split."""
        return family(self.size, split)


@dataclass(frozen=True)
class SizesToTest(TestingOptions[SizedTask]):
    """Test problems of a task of several sizes."""

    size: tuple[int, ...]
    """Sizes of the problems; of strings their lengths."""
    split: str | None = None
    """The split; by default "test" for the size trained on, "extrapolation" for others."""

    def tasks(self, family: type[SizedTask]) -> Sequence[AnyTask]:
        """The problems of each size."""
        return [
            family(size, self.split or split_of_size(size, family.training_size))
            for size in self.size
        ]
