"""Tasks: what problems are drawn by number, and how answers are judged.

>>> from thinkenv.tasks import make_task
>>> task = make_task("maze", size=9)
>>> batch = task.draw([17, 18])
>>> batch.problems.shape
(2, 11, 11)
>>> solved, cell_accuracies = task.judge(batch, batch.solutions)
>>> solved.all()
np.True_
"""

from typing import Any

from thinkenv.checks import arguments_of, check_arguments
from thinkenv.tasks.base import AnyTask, CellTask, InstanceBatch, Task
from thinkenv.tasks.plain import PlainBatch, PlainTask, symmetries
from thinkenv.tasks.registry import Registry
from thinkenv.tasks.seeds import instances_of_seed

__all__ = [
    "TASKS",
    "AnyTask",
    "CellTask",
    "InstanceBatch",
    "PlainBatch",
    "PlainTask",
    "Task",
    "find_task",
    "instances_of_seed",
    "make_task",
    "symmetries",
]

# Every task of this package; one of your own is known when it was found as ``file.py:Class``.
TASKS: Registry[AnyTask] = Registry(
    "task",
    Task,  # type: ignore[type-abstract]  # only compared with
    {
        "maze": "thinkenv.mazes.task:MazeTask",
        "chess": "thinkenv.chess_puzzles.task:ChessPuzzleTask",
        "prefix_sum": "thinkenv.prefix_sums.task:PrefixSumTask",
    },
)


def find_task(reference: str) -> type[AnyTask]:
    """The class of a task, by its name, or as ``file.py:Class`` or ``module:Class``.

    Raises:
        ValueError: If there is no such task.
    """
    return TASKS.find(reference)


def make_task(reference: str, **options: Any) -> AnyTask:
    """A task by name with its options, such as ``make_task("maze", size=59, split="test")``.

    Args:
        reference: As of ``find_task``.
        **options: The arguments of the task's class.

    Raises:
        ValueError: If there is no such task, or an option has a value that is not allowed.
        TypeError: If there is no such option, or it has the wrong type.
    """
    family = find_task(reference)
    if (known := arguments_of(family)) is not None:
        check_arguments(f"the task {reference!r}", options, known)
    return family(**options)
