"""Baselines: exact references, simple rules, random and empty answers.

Each is a callable for ``thinkenv.suites.evaluate``.
"""

import hashlib

import numpy as np

from thinkenv import mazes, prefix_sums
from thinkenv.mazes.solving import check_grid, solve_each
from thinkenv.suites.evaluation import Answers


def exact(problems: np.ndarray) -> np.ndarray:
    """Right answers to mazes ``(count, H, W)`` or bit strings ``(count, bits)``.

    To a maze without a way from start to goal that is the empty one.

    Raises:
        ValueError: If the problems are chess positions: there is no exact reference for these.
    """
    if problems.ndim == 4:
        raise ValueError("problems are chess positions: there is no exact reference for these")
    if problems.ndim == 2:
        return prefix_sums.solve(problems)
    return solve_each(np.stack([check_grid(grid) for grid in problems]))[0]


class DeadEndFilling:
    """Mazes by the rule that fills dead ends, round by round: what local iteration can do.

    Args:
        rounds: How many rounds; None goes on until no dead end is left.
    """

    def __init__(self, rounds: int | None = None):
        self.rounds = rounds

    def __call__(self, problems: np.ndarray) -> Answers:
        """The cells that are left of mazes ``(count, H, W)``, and the rounds it took."""
        filled = [mazes.fill_dead_ends(grid, self.rounds) for grid in problems]
        answers, rounds = map(np.stack, zip(*filled, strict=True))
        is_done = np.ones(len(rounds), bool)
        if self.rounds is not None:  # done if one more round would fill nothing
            more = [mazes.fill_dead_ends(grid, self.rounds + 1)[1] for grid in problems]
            is_done = np.array(more) <= self.rounds
        return Answers(answers, rounds, is_done, stopping="converged")


def shape_of_answers(problems: np.ndarray) -> tuple[int, ...]:
    """The shape of answers to problems: theirs, but for the planes of chess positions."""
    return (len(problems), *problems.shape[-2:]) if problems.ndim == 4 else problems.shape


def empty_answer(problems: np.ndarray) -> np.ndarray:
    """The answer that marks nothing."""
    return np.zeros(shape_of_answers(problems), np.uint8)


class RandomAnswers:
    """Every cell marked or not by the toss of a coin; on chess boards, two squares at random.

    The same problem gets the same answer, whatever else was queried before.

    Args:
        seed: Of the coin.
    """

    def __init__(self, seed: int = 0):
        self.seed = seed

    def __call__(self, problems: np.ndarray) -> np.ndarray:
        """Answers to problems of any task."""
        answers = np.zeros(shape_of_answers(problems), np.uint8)
        for problem, answer in zip(problems, answers, strict=True):
            digest = hashlib.sha256(problem.tobytes()).digest()
            random = np.random.default_rng([self.seed, *digest])
            if problems.ndim == 4:
                answer.flat[random.choice(answer.size, 2, replace=False)] = 1
            else:
                answer[:] = random.integers(2, size=answer.shape)
        return answers
