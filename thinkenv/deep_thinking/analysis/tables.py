"""Results as tables to read in a terminal, and a rating fitted to them."""

import math
from collections.abc import Sequence

import numpy as np

# What a maze is unless something else is said of it.
USUAL = (None, "dfs", "any")


def label_of(task: str, row: dict) -> str:
    """What problems are, from the options in a row: ``59x59``, ``512 bits``, ``rated 600-799``."""
    if row.get("rating") is not None:
        low, high = row["rating"]
        return f"rated {low}-{high}"
    size = row["size"]
    if task == "prefix_sum":
        return f"{size} bits"
    if task != "maze":
        return f"size {size}"
    words = [f"{size}x{size}"]
    words += [row[name] for name in ("generator", "endpoints") if row.get(name) not in USUAL]
    words += [f"loops {row['loops']:g}"] if row.get("loops") else []
    return " ".join(words)


def format_table(rows: list[dict], labels: list[str], others: Sequence[str] = ()) -> str:
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
        iterations, converged = row["iterations"], row["converged"]
        shown = "-" if iterations is None else f"{iterations:.1f}".removesuffix(".0")
        resting = "-" if converged is None else f"{converged:.1%}"
        lines.append(
            f"{label:>{width}} {shown:>10} {row['n']:>6} {row['exact']:>8.1%}"
            f" {row['exact_low']:>7.1%} to {row['exact_high']:>6.1%}"
            f" {row['cells']:>8.2%} {resting:>10} {row['seconds']:>8.1f}"
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
