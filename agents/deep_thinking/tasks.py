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

# What the scripts ask of a class.
NEEDED = (
    *("name", "input_channels", "answer_channels", "many_iterations", "net_defaults", "plan"),
    *("for_training", "for_testing", "for_watching", "draw", "judge", "play", "board"),
    *("encode", "score", "answer", "probabilities", "describe", "picture", "final_picture"),
)


def task_class(name: str):
    """The class of ``TASKS`` with this name.

    Raises:
        ValueError: If there is no such task.
    """
    if name not in TASKS:
        raise ValueError(
            f"task={name!r}: allowed are {', '.join(map(repr, TASKS))}; a task of your own is "
            "known when its class was named: --task module:Class, or find_task('module:Class')"
        )
    return TASKS[name]


def find_task(name: str):
    """The class of a task, known from then on by its own name to this process.

    Args:
        name: A key of ``TASKS``, or ``module:Class``, such as ``flood_fill:FloodFillProblems`` for
            a class in a file ``flood_fill.py`` that Python can import.

    Raises:
        ValueError: If there is no such task, the class is none of a task for agents, or it has the
            name of another one.
    """
    module, _, attribute = name.partition(":")
    if not attribute:
        return task_class(name)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ValueError(f"task={name!r}: {error}") from None
    missing = [needed for needed in NEEDED if not hasattr(found, needed)]
    if missing:
        raise ValueError(
            f"task={name!r}: is no task for agents, such as a subclass of CellProblems: it lacks "
            f"{', '.join(missing)}"
        )
    if TASKS.setdefault(found.name, found) is not found:
        raise ValueError(f"task={name!r}: there is another task called {found.name!r}")
    return found
