"""Frozen sets of problems by name, and the evaluation of any agent on them.

    from thinkenv import suites

    rows = suites.evaluate(my_agent, "maze-extrapolation")

``my_agent`` is any callable from a batch of problems to a batch of answers, both NumPy arrays; see
``evaluate``. ``suites.SUITES`` says what there is, ``suites.baselines`` what to compare with.
"""

from thinkenv.kernels.threads import part_of
from thinkenv.suites import baselines
from thinkenv.suites.catalogue import SUITES, ProblemSet, Suite
from thinkenv.suites.evaluation import (
    Answers,
    Evaluation,
    evaluate,
    evaluate_sets,
    evaluate_task,
)
from thinkenv.suites.merging import merge_rows
from thinkenv.suites.rating import fit_rating, rate_rows
from thinkenv.suites.results import (
    FORMAT,
    ResultFileError,
    read_result,
    read_rows,
    sealed,
    upgrade_row,
)

__all__ = [
    "FORMAT",
    "SUITES",
    "Answers",
    "Evaluation",
    "ProblemSet",
    "ResultFileError",
    "Suite",
    "baselines",
    "evaluate",
    "evaluate_sets",
    "evaluate_task",
    "fit_rating",
    "merge_rows",
    "part_of",
    "rate_rows",
    "read_result",
    "read_rows",
    "sealed",
    "upgrade_row",
]
