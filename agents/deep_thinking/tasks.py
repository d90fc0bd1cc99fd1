"""What the agents need to know of each task: one class per task, and nowhere else.

A class here draws batches by instance number, turns problems into input channels, scores the logits
of a net in training, turns them into answers and pictures, and judges answers. It also holds the
net and the plan with which it is trained by default.
"""

from .chess_problems import ChessProblems
from .maze_problems import MazeProblems
from .prefix_sum_problems import PrefixSumProblems

TASKS = {"maze": MazeProblems, "chess": ChessProblems, "prefix_sum": PrefixSumProblems}


def task_class(name: str):
    """The class of ``TASKS`` with this name.

    Raises:
        ValueError: If there is no such task.
    """
    if name not in TASKS:
        raise ValueError(f"task={name!r}: allowed are {', '.join(map(repr, TASKS))}")
    return TASKS[name]
