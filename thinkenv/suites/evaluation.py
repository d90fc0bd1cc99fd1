"""Anybody's agent on a set of problems: asked, judged, and reported in rows."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from thinkenv.checks import check_choice, check_integer
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, LAST_SEED, instances_of_seed
from thinkenv.suites.scores import evaluation_row
from thinkenv.suites.merging import part_of
from thinkenv.suites.catalogue import SUITES, Suite

# Cells of problems that an agent is asked about at a time: 67 mazes of size 59, one of size 801.
CELLS_AT_ONCE = 250_000


@dataclass
class Answers:
    """Answers to a batch of problems, with what they cost.

    Attributes:
        answer: ``(count, ...)``, of the shape of the environment's actions.
        iterations: The iterations that each took, ``(count,)`` or one number for all; or None.
        converged: ``(count,)`` bool, whether each thought had stopped changing; or None.
        seconds: How long they took; None for the time of the call, in equal shares where a call
            gives several answers.
    """

    answer: np.ndarray
    iterations: np.ndarray | float | None = None
    converged: np.ndarray | None = None
    seconds: float | None = None


Agent = Callable[[np.ndarray], Any]


class Tally:
    """What is known of the answers after one number of iterations, over the batches so far."""

    def __init__(self) -> None:
        self.scores: dict[str, list] = {}
        self.iterations: list = []
        self.converged: list = []
        self.seconds = 0.0
        self.is_one_number = True  # whether one number of iterations was told for whole batches

    def add(self, scores: dict[str, np.ndarray], answers: Any, seconds: float) -> None:
        """Add the answers to a batch of problems, and what the agent tells of them.

        Raises:
            ValueError: If ``iterations`` or ``converged`` are not told for every problem or for
                none.
        """
        told: Any
        count = len(scores["solved"])
        for score, values in scores.items():
            self.scores.setdefault(score, []).extend(values.tolist())
        for known, name in ((self.iterations, "iterations"), (self.converged, "converged")):
            told = getattr(answers, name, None)
            if told is not None:
                if np.shape(told) not in ((), (count,)):
                    raise ValueError(
                        f"{name} has shape {np.shape(told)}: needs ({count},), or one number"
                    )
                known.extend(np.broadcast_to(told, (count,)).tolist())
            if known and len(known) != len(self.scores["solved"]):
                raise ValueError(f"{name} is told of some batches of answers, and not of others")
        told = getattr(answers, "iterations", None)
        self.is_one_number &= np.ndim(told) == 0
        own = getattr(answers, "seconds", None)
        self.seconds += seconds if own is None else own

    def mean_iterations(self) -> float | int | None:
        """The number of iterations if one was told for all problems; else a mean, as a float."""
        if not self.iterations:
            return None
        if self.is_one_number and len(set(self.iterations)) == 1:
            return self.iterations[0]
        return float(np.mean(self.iterations))


def ask(answer: Agent, problems: np.ndarray) -> tuple[list, float]:
    """What an agent says of problems, as a list of its answers, and the seconds that it took."""
    shown = problems.copy()  # whatever the agent does with them, they are judged as they were
    began = time.perf_counter()
    said = answer(shown)
    seconds = time.perf_counter() - began
    # A list of arrays is one answer to each problem.
    is_several = isinstance(said, list) and len(said) > 0 and hasattr(said[0], "answer")
    return said if is_several else [said], seconds


def evaluate_task(
    answer: Agent,
    task: Any,
    count: int,
    seed: int = 0,
    *,
    name: str = "",
    first: int = 0,
    batch: int | None = None,
    more_scores: Callable[[Any, Any], dict[str, np.ndarray]] | None = None,
    label: str | None = None,
    progress: bool = True,
) -> list[dict]:
    """Ask an agent about instances of a task, and judge its answers.

    Args:
        answer: As of ``evaluate``.
        task: What draws the instances and judges the answers, such as ``thinkenv.mazes.MazeTask``.
        count: How many instances.
        seed: Whose.
        name: The agent, for the rows.
        first: The instance to begin with.
        batch: The most problems in a call; by default as many as have 250,000 cells.
        more_scores: From a batch of instances and the agent's answers to further scores, each
            ``(count,)`` bool.
        label: What the problems are called beside the progress bar.
        progress: Whether to show one, where the output is a terminal.

    Returns:
        A row, or as many as the agent gives answers of each problem.

    Raises:
        ValueError: If an argument has a value that is not allowed, the task has not as many
            different problems, an answer has the wrong shape or values, or the agent gives
            another number of answers than before.
        TypeError: If an answer has the wrong dtype.
    """
    seed = check_integer("seed", seed, 0, LAST_SEED)
    count = check_integer("count", count, 1, INSTANCES_PER_SEED)
    first = check_integer("first", first, 0, INSTANCES_PER_SEED - count)
    available = getattr(task, "count", None)  # None where there is no end of different problems
    if available is not None and first + count > available:
        raise ValueError(f"count={count} from first={first}: there are {available} problems")
    if batch is None:
        cells = task.draw(instances_of_seed(seed, 1, first)).solutions.size
        batch = max(1, CELLS_AT_ONCE // cells)
    batch = check_integer("batch", batch, 1, INSTANCES_PER_SEED)
    tallies: list[Tally] = []
    with tqdm(
        total=count,
        desc=label or task.name,
        unit="problem",
        leave=False,
        disable=None if progress else True,
    ) as bar:
        for begin in range(first, first + count, batch):
            drawn = min(batch, first + count - begin)
            instances = task.draw(instances_of_seed(seed, drawn, begin))
            several, seconds = ask(answer, instances.problems)
            tallies = tallies or [Tally() for _ in several]
            if len(several) != len(tallies):
                raise ValueError(
                    f"answer gave {len(several)} answers to each problem, and {len(tallies)} before"
                )
            for tally, answers in zip(tallies, several, strict=True):
                solved, shares = task.judge(instances, getattr(answers, "answer", answers))
                scores = {"solved": solved, "cells": shares}
                if more_scores is not None:
                    scores |= more_scores(instances, answers)
                tally.add(scores, answers, seconds / len(several))
            bar.update(drawn)
    return [
        evaluation_row(
            task=task.name,
            axes=task.axes,
            disturbance="none",
            scores=tally.scores,
            converged=tally.converged or None,
            iterations=tally.mean_iterations(),
            seconds=tally.seconds,
            seed=seed,
            checkpoint=name,
        )
        for tally in tallies
    ]


def evaluate(
    answer: Agent,
    suite: str | Suite,
    *,
    name: str = "",
    most: int | None = None,
    batch: int | None = None,
    shard: int = 0,
    shards: int = 1,
    progress: bool = True,
) -> list[dict]:
    """Ask an agent about all problems of a suite, and judge its answers.

    Args:
        answer: The agent: a callable from problems ``(count, ...)``, as the environments show them,
            to answers ``(count, ...)`` of the shape of the environments' actions (for chess,
            squares ``(count, 8, 8)``). In place of the array it may return an object with the
            attribute ``answer``, and with any of ``iterations``, ``converged`` and ``seconds``,
            such as ``Answers`` or an agent's ``Thought``; or a list of such objects, as after
            different numbers of iterations, which gives as many rows.
        suite: The suite, or the name of one of ``SUITES``.
        name: The agent, for the rows.
        most: Only so many problems of each set, to try things out.
        batch: The most problems in a call; by default as many as have 250,000 cells.
        shard: Which part of the problems, where several machines share them.
        shards: How many parts there are; ``merge_rows`` puts their rows together.
        progress: Whether to show progress, where the output is a terminal.

    Returns:
        A row for each set of problems, in the suite's order: a dict with the keys
        ``thinkenv.suites.scores.ROW_KEYS``, then ``suite`` and ``generator_version``, which is None for
        chess, where ``database_sha256`` says which puzzles these are. ``exact`` is the share of
        problems answered exactly right, with its 95 % Wilson interval, ``cells`` the mean share
        of cells that are right, ``seconds`` the time spent in ``answer``; ``iterations`` and
        ``converged`` are None where the agent does not tell. Rows of shards have ``first``, the
        number of their first problem, and ``of``, how many the set holds.

    Raises:
        ValueError: If there is no such suite, or an answer has the wrong shape or values.
        TypeError: If an answer has the wrong dtype.

    Example:
        >>> from thinkenv import prefix_sums, suites
        >>> rows = suites.evaluate(prefix_sums.solve, "prefix-extrapolation", most=10)
        >>> [(row["size"], row["n"], row["exact"]) for row in rows][-1]
        (4096, 10, 1.0)
    """
    if not isinstance(suite, Suite):
        suite = SUITES[check_choice("suite", suite, tuple(SUITES))]
    suite.check_versions()
    shards = check_integer("shards", shards, 1, INSTANCES_PER_SEED)
    shard = check_integer("shard", shard, 0, shards - 1)
    most = check_integer("most", INSTANCES_PER_SEED if most is None else most, 1, 2**63 - 1)
    rows = []
    for problems in suite.sets:
        task = problems.make_task()
        count = min(problems.count, most)
        first, end = part_of(count, shard, shards)
        if first == end:
            continue  # fewer problems than shards
        of_suite = {
            "suite": suite.name,
            "generator_version": getattr(task, "generator_version", None),
        }
        if shards > 1:
            of_suite |= {"first": first, "of": count}
        rows_of_set = evaluate_task(
            answer,
            task,
            end - first,
            problems.seed,
            name=name,
            first=first,
            batch=batch,
            label=str(problems),
            progress=progress,
        )
        rows += [row | of_suite for row in rows_of_set]
    return rows
