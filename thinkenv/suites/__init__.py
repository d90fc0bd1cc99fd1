"""Named, frozen sets of problems, and the evaluation of anybody's agent on them.

    from thinkenv import suites

    rows = suites.evaluate(my_answer, "maze-extrapolation")

``my_answer`` is any callable from a batch of problems to a batch of answers, both NumPy arrays; see
``evaluate``. ``suites.SUITES`` says what there is, ``suites.baselines`` what to compare with.
"""

from thinkenv.suites import baselines
from thinkenv.suites.evaluation import Answers, evaluate, evaluate_task
from thinkenv.suites.merging import merge_rows, part_of
from thinkenv.suites.catalogue import SUITES, ProblemSet, Suite

__all__ = [
    "SUITES",
    "Answers",
    "ProblemSet",
    "Suite",
    "baselines",
    "evaluate",
    "evaluate_task",
    "merge_rows",
    "part_of",
]
