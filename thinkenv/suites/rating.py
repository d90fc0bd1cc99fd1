"""Fit the rating of a player to the puzzles that it solved."""

import math

import numpy as np


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
    rating, _ = rating_of_logistic(ratings, solved)
    return float(rating), float(low), float(high)


def rating_of_logistic(ratings: np.ndarray, solved: np.ndarray) -> tuple[float, float]:
    """Where a logistic curve fitted to ``solved`` ``(n,)`` over ``ratings`` is one half; its slope.

    Where all ratings are equal, the slope is 0 and there is no such rating (nan).
    """
    middle, spread = ratings.mean(), max(ratings.std(), 1.0)
    inputs = np.stack([np.ones(len(ratings)), (ratings - middle) / spread], axis=1)  # (n, 2)
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


def rate_rows(rows: list[dict]) -> dict | None:
    """Fit a player's rating to evaluation rows, and drop the pairs under ``rated`` from them.

    Args:
        rows: Rows of whole sets of problems. Those under ``rated`` hold ``[difficulty, solved]``
            for every problem, as ``thinkenv.suites.evaluate_task`` puts them there.

    Returns:
        ``rating``, ``low`` and ``high``, and what the rows say under ``stopping``, ``requested``,
        ``imagined`` and ``settled``; None where no row holds such pairs.

    Raises:
        ValueError: If the problems do not tell, as of ``fit_rating``; the pairs are dropped then,
            too.
    """
    rated = [row for row in rows if "rated" in row]
    pairs = [pair for row in rated for pair in row.pop("rated")]
    if not pairs:
        return None
    difficulties, solved = np.transpose(pairs)
    rating, low, high = fit_rating(difficulties, solved)
    told = ("stopping", "requested", "imagined", "settled")
    how = {name: rated[-1][name] for name in told if name in rated[-1]}
    return {"rating": rating, "low": low, "high": high, **how}
