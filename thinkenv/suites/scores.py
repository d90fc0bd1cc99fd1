"""Scores with their uncertainty, and the rows in which results are stored."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from thinkenv.tasks.base import OptionValue

Z_95 = 1.959963984540054  # the two-sided 95 % point of the normal distribution

# How an agent came to stop: after the number of iterations that was requested, the same for all
# problems, or where its thought about each problem had stopped changing.
Stopping = Literal["fixed", "converged"]

# The columns every evaluation row has, in the order they are stored.
ROW_KEYS = (
    "task",
    "split",
    "size",
    "generator",
    "loops",
    "endpoints",
    "disturbance",
    "n",
    "iterations",
    "stopping",
    "requested",
    "exact",
    "exact_low",
    "exact_high",
    "cells",
    "converged",
    "seconds",
    "seed",
    "checkpoint",
)


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % confidence interval of a success rate.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.

    Args:
        successes: How many of the trials succeeded.
        trials: How many there were, at least 1.

    Returns:
        The lower and the upper bound, from 0.0 to 1.0.

    Raises:
        ValueError: If there were no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(
            f"successes must be in [0, trials], of at least 1 trial, got {successes} of {trials}"
        )
    share = successes / trials
    spread = Z_95 * math.sqrt(share * (1 - share) / trials + (Z_95 / (2 * trials)) ** 2)
    middle = share + Z_95**2 / (2 * trials)
    scale = 1 + Z_95**2 / trials
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == trials else (middle + spread) / scale
    return low, high


def share_of(name: str, successes: int, trials: int) -> dict[str, float]:
    """A share of problems as rows hold it, with the bounds of its 95 % interval."""
    low, high = wilson_interval(successes, trials)
    return {name: successes / trials, f"{name}_low": round(low, 6), f"{name}_high": round(high, 6)}


def evaluation_row(
    *,
    task: str,
    options: Mapping[str, OptionValue],
    disturbance: str = "none",
    scores: Mapping[str, Sequence | np.ndarray],
    converged: Sequence | np.ndarray | None,
    iterations: float | None,
    stopping: Stopping | None = None,
    requested: int | None = None,
    imagined: float | None = None,
    settled: Sequence | np.ndarray | None = None,
    seconds: float,
    seed: int,
    checkpoint: str,
) -> dict:
    """One result: the score of one agent on one set of problems at one number of iterations.

    Args:
        task: The task's name.
        options: Its options: split, and those of size, generator, loops, endpoints, rating, …
            that it has.
        disturbance: What was done to the memory, or ``none``.
        scores: ``solved`` ``(n,)``, which problems were answered exactly right; ``cells`` ``(n,)``,
            the share of cells answered right in each; and any others ``(n,)`` bool, such as
            ``line``.
        converged: ``(n,)``, whether each memory had stopped changing; None if it is not known.
        iterations: The number run, or its mean where it was found; None where it is not known.
        stopping: ``fixed`` where a number was requested, ``converged`` where the agent found it;
            None where that is not known.
        requested: The number requested; None where it was found.
        imagined: How many positions were imagined after that, or the mean where the agent found
            when to stop; None where it does not imagine, and then the row does not have it.
        settled: ``(n,)``, whether each tree of imagined positions had settled, where the agent
            found when to stop; None where it did not, and then the row does not have it.
        seconds: The time that thinking took, for all problems together.
        seed: The seed of the problems.
        checkpoint: The agent.

    Returns:
        A dict with the keys ``ROW_KEYS``, None where the task has no such option, and then its
        other options and scores, each of these with the bounds of its 95 % interval.
    """
    n = len(scores["solved"])
    row = {
        **dict.fromkeys(ROW_KEYS),
        "task": task,
        **options,
        "disturbance": disturbance,
        "n": n,
        "iterations": iterations,
        "stopping": stopping,
        "requested": requested,
        "cells": float(sum(scores["cells"]) / n),
        "converged": None if converged is None else float(np.mean(converged)),
        "seconds": round(seconds, 6),
        "seed": seed,
        "checkpoint": checkpoint,
    }
    if imagined is not None:
        row["imagined"] = imagined
    if settled is not None:
        row["settled"] = float(np.mean(settled))
    for name, right in scores.items():
        if name != "cells":
            shown = "exact" if name == "solved" else name
            row |= share_of(shown, int(np.count_nonzero(right)), n)
    return row
