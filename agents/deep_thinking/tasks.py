"""What the agents need to know of each task: one class per task, and nowhere else.

A class here draws batches by instance number, turns problems into input channels, scores the logits
of a net in training, turns them into answers and pictures, and judges answers. It also holds the
net and the plan with which it is trained by default. Tasks of your own are named as
``module:Class``.
"""

import importlib

from .chess_problems import ChessProblems
from .maze_problems import MazeProblems
from .prefix_sum_problems import PrefixSumProblems

TASKS = {task.name: task for task in (MazeProblems, ChessProblems, PrefixSumProblems)}


def task_class(name: str):
    """The class of ``TASKS`` with this name.

    Raises:
        ValueError: If there is no such task.
    """
    if name not in TASKS:
        raise ValueError(
            f"task={name!r}: allowed are {', '.join(map(repr, TASKS))}, or module:Class"
        )
    return TASKS[name]


def find_task(name: str):
    """The class that a user of a script names, known from then on by its own name.

    Args:
        name: A key of ``TASKS``, or ``module:Class``, such as ``flood_fill:FloodFillProblems`` for
            a class in a file ``flood_fill.py`` that Python can import.

    Raises:
        ValueError: If there is no such task, or it has the name of another one.
    """
    module, _, attribute = name.partition(":")
    if not attribute:
        return task_class(name)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"task={name!r}: {error}") from None
    if TASKS.setdefault(found.name, found) is not found:
        raise ValueError(f"task={name!r}: there is another task called {found.name!r}")
    return found
