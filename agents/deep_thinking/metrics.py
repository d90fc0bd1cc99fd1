"""Scores with their uncertainty, and the rows in which results are stored and printed."""

import math
from collections.abc import Iterable

import numpy as np

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
    scores: dict[str, Iterable],
    converged: Iterable[bool],
    iterations: float,
    seconds: float,
    seed: int,
    checkpoint: str,
) -> dict:
    """One result: the score of one agent on one set of problems at one number of iterations.

    Args:
        task: The task's name.
        axes: Its options: split, and those of size, generator, loops, endpoints, rating, … that it
            has.
        disturbance: What was done to the memory, or ``none``.
        scores: ``solved`` ``(n,)``, which problems were answered exactly right; ``cells`` ``(n,)``,
            the share of cells answered right in each; and any others ``(n,)`` bool, such as
            ``line``.
        converged: ``(n,)``, whether each memory had stopped changing.
        iterations: The number run, or its mean where the agent stops by itself.
        seconds: The time that thinking took, for all problems together.
        seed: The seed of the problems.
        checkpoint: The agent.

    Returns:
        A dict with the keys ``ROW_KEYS``, None where the task has no such option, and then its
        other options and scores, each of these with the bounds of its 95 % interval.
    """
    others = {name: list(values) for name, values in scores.items()}
    solved, cells = others.pop("solved"), others.pop("cells")
    converged = list(converged)
    n = len(solved)
    low, high = wilson_interval(sum(map(bool, solved)), n)
    values = {
        **dict.fromkeys(ROW_KEYS),
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
    for name, right in others.items():
        low, high = wilson_interval(sum(map(bool, right)), n)
        values[name] = sum(map(bool, right)) / n
        values[f"{name}_low"], values[f"{name}_high"] = round(low, 6), round(high, 6)
    return values


def format_table(rows: list[dict], labels: list[str], others: tuple[str, ...] = ()) -> str:
    """Evaluation rows as a table to read in a terminal.

    Args:
        rows: The rows.
        labels: What the problems of each row are, such as ``59x59``.
        others: Names of further scores to show.
    """
    width = max(8, *map(len, labels))
    header = f"{'problems':>{width}} {'iterations':>10} {'n':>6} {'exact':>8} {'95 % interval':>17}"
    header += f" {'cells':>8} {'converged':>10} {'seconds':>8}"
    header += "".join(f" {name.replace('_', ' '):>10}" for name in others)
    lines = [header, "-" * len(header)]
    for row, label in zip(rows, labels, strict=True):
        iterations = row["iterations"]
        shown = f"{iterations:.0f}" if iterations == int(iterations) else f"{iterations:.1f}"
        lines.append(
            f"{label:>{width}} {shown:>10} {row['n']:>6} {row['exact']:>8.1%}"
            f" {row['exact_low']:>7.1%} to {row['exact_high']:>6.1%}"
            f" {row['cells']:>8.2%} {row['converged']:>10.1%} {row['seconds']:>8.1f}"
            + "".join(f" {row[name]:>10.1%}" for name in others)
        )
    return "\n".join(lines)


def format_recovery(rows: list[dict], labels: list[str]) -> str:
    """Rows of recovery from disturbances as a table to read in a terminal.

    Args:
        rows: The rows of ``evaluate_recovery``.
        labels: What the problems of each row are.
    """
    width = max(8, *map(len, labels))
    header = f"{'problems':>{width}} {'disturbance':>12} {'at':>6} {'n':>6} {'before':>8}"
    header += f" {'right again':>12} {'95 % interval':>17} {'after':>7} {'converged':>10}"
    lines = [header, "-" * len(header)]
    for row, label in zip(rows, labels, strict=True):
        at = row["disturbed_at"]
        before = "-" if at == "every" else f"{row['right_before']:.1%}"
        after = row["iterations_until_right"]
        lines.append(
            f"{label:>{width}} {row['disturbance']:>12} {at:>6} {row['n']:>6} {before:>8}"
            f" {row['exact']:>12.1%} {row['exact_low']:>7.1%} to {row['exact_high']:>6.1%}"
            f" {'-' if after is None else f'{after:.0f}':>7} {row['converged']:>10.1%}"
        )
    return "\n".join(lines)


def format_diagnoses(rows: list[dict], labels: list[str]) -> str:
    """What was found out about an agent's thinking, to read in a terminal.

    Args:
        rows: The rows of ``evaluate_thinking``.
        labels: What the problems of each row are.
    """
    lines = []
    for row, label in zip(rows, labels, strict=True):
        lines.append(f"{label}, {row['n']} problems")
        for start, alignment in row["alignment"].items():
            same = row["same_answer_from_elsewhere"][start]
            lines.append(
                f"  alignment from {start} memories: {alignment:.4f}, same answer {same:.1%}"
            )
        limits = ", ".join(f"{kind} {share:.1%}" for kind, share in row["limits"].items())
        lines.append(f"  limits: {limits}")
        solved = [iteration for iteration in row["first_solved"] if iteration > 0]
        first = f"in iteration {np.median(solved):.0f} (median)" if solved else "never"
        lines.append(f"  first right {first}, {len(solved)} of {row['n']}")
        lines.append(
            f"  last change of the answer in iteration {np.median(row['last_changed']):.0f}"
        )
        agreement = row["filling_agreement_by_iteration"]
        if agreement is not None:
            lines.append(
                f"  agreement with dead-end filling: {np.mean(agreement):.2%} on average, "
                f"{min(agreement):.2%} at least"
            )
    return "\n".join(lines)


def fit_rating(ratings: np.ndarray, solved: np.ndarray) -> tuple[float, float, float]:
    """The rating at which a player would solve half of the puzzles, with its 95 % interval.

    The chance to solve a puzzle is taken to be ``1 / (1 + 10 ** ((rating - R) / scale))``, as in
    Elo's formula, but with ``scale`` fitted as well, because agents need not lose strength with
    rating as people do (for whom it is 400). ``R`` is a maximum of likelihood; the interval comes
    from 200 bootstrap samples of the puzzles.

    Args:
        ratings: ``(n,)``, of the puzzles.
        solved: ``(n,)`` bool.

    Raises:
        ValueError: If the puzzles do not tell: all or none were solved, or it is not plain that
            harder ones are solved less often.
    """
    ratings, solved = np.asarray(ratings, float), np.asarray(solved, bool)
    if solved.all() or not solved.any():
        raise ValueError("a rating can only be fitted where some puzzles were solved, and some not")
    draw = np.random.default_rng(0)
    samples = []
    for _ in range(200):
        chosen = draw.integers(len(ratings), size=len(ratings))
        if 0 < solved[chosen].sum() < len(chosen):
            samples.append(rating_of_logistic(ratings[chosen], solved[chosen]))
    middles, slopes = np.transpose(samples)
    if np.quantile(slopes, 0.975) >= 0:
        raise ValueError(
            f"from {len(ratings)} puzzles rated {ratings.min():.0f} to {ratings.max():.0f} it is "
            "not plain that harder ones are solved less often"
        )
    low, high = np.quantile(middles, [0.025, 0.975])
    return rating_of_logistic(ratings, solved)[0], float(low), float(high)


def rating_of_logistic(ratings: np.ndarray, solved: np.ndarray) -> tuple[float, float]:
    """Where a logistic curve fitted to ``solved`` ``(n,)`` over ``ratings`` is one half; its slope.

    Where all ratings are equal, the slope is 0 and there is no such place (nan).
    """
    middle, spread = ratings.mean(), max(ratings.std(), 1.0)
    inputs = np.stack([np.ones(len(ratings)), (ratings - middle) / spread], axis=1)
    weights = np.zeros(2)
    for _ in range(50):  # Newton's method; the small ridge keeps it finite where data are few
        chance = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        gradient = inputs.T @ (solved - chance) - 1e-6 * weights
        curvature = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + 1e-6 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < 1e-9:
            break
    slope = float(weights[1] / spread)
    return (middle - weights[0] / slope if slope else math.nan), slope
