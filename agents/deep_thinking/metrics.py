"""Scores with their uncertainty, and the rows in which results are stored and printed."""

import math
from collections.abc import Iterable

Z_95 = 1.959963984540054  # the two-sided 95 % point of the normal distribution

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
        raise ValueError(f"successes={successes} of trials={trials}: needs 0 to trials, of 1 up")
    share = successes / trials
    spread = Z_95 * math.sqrt(share * (1 - share) / trials + (Z_95 / (2 * trials)) ** 2)
    middle = share + Z_95**2 / (2 * trials)
    scale = 1 + Z_95**2 / trials
    low = 0.0 if successes == 0 else (middle - spread) / scale
    high = 1.0 if successes == trials else (middle + spread) / scale
    return low, high


def evaluation_row(
    *,
    task: str,
    axes: dict,
    disturbance: str,
    solved: Iterable[bool],
    cells: Iterable[float],
    converged: Iterable[bool],
    iterations: float,
    seconds: float,
    seed: int,
    checkpoint: str,
) -> dict:
    """One result: the score of one agent on one set of problems at one number of iterations.

    Args:
        task: The task's name.
        axes: Its options: split, size, generator, loops, endpoints.
        disturbance: What was done to the memory, or ``none``.
        solved: ``(n,)``, which problems were answered exactly right.
        cells: ``(n,)``, the share of cells answered right in each.
        converged: ``(n,)``, whether each memory had stopped changing.
        iterations: The number run, or its mean where the agent stops by itself.
        seconds: The time that thinking took, for all problems together.
        seed: The seed of the problems.
        checkpoint: The agent.

    Returns:
        A dict with the keys ``ROW_KEYS``.
    """
    solved, cells, converged = list(solved), list(cells), list(converged)
    n = len(solved)
    low, high = wilson_interval(sum(map(bool, solved)), n)
    values = {
        "task": task,
        **axes,
        "disturbance": disturbance,
        "n": n,
        "iterations": iterations,
        "exact": sum(map(bool, solved)) / n,
        "exact_low": round(low, 6),
        "exact_high": round(high, 6),
        "cells": float(sum(cells) / n),
        "converged": sum(map(bool, converged)) / n,
        "seconds": round(seconds, 3),
        "seed": seed,
        "checkpoint": checkpoint,
    }
    return {key: values[key] for key in ROW_KEYS}


def format_table(rows: list[dict]) -> str:
    """Evaluation rows as a table to read in a terminal."""
    header = f"{'size':>5} {'iterations':>10} {'mazes':>6} {'exact':>8} {'95 % interval':>17}"
    header += f" {'cells':>8} {'converged':>10} {'seconds':>8}"
    lines = [header, "-" * len(header)]
    for row in rows:
        iterations = row["iterations"]
        shown = f"{iterations:.0f}" if iterations == int(iterations) else f"{iterations:.1f}"
        lines.append(
            f"{row['size']:>5} {shown:>10} {row['n']:>6} {row['exact']:>8.1%}"
            f" {row['exact_low']:>7.1%} to {row['exact_high']:>6.1%}"
            f" {row['cells']:>8.2%} {row['converged']:>10.1%} {row['seconds']:>8.1f}"
        )
    return "\n".join(lines)
