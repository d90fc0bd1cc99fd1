"""Anybody's agent on a set of problems: asked, judged, and reported in rows."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from thinkenv.checks import check_integer
from thinkenv.instances import INSTANCES_PER_SEED, instances_of_seed
from thinkenv.scores import evaluation_row, wilson_interval
from thinkenv.suites.suites import SUITES, Suite

# Cells of problems that an agent is asked about at a time: 67 mazes of size 59, one of size 801.
CELLS_AT_ONCE = 250_000


@dataclass
class Answers:
    """Answers to a batch of problems, with what they cost.

    Attributes:
        answer: ``(count, ...)``, of the shape of the environment's actions.
        iterations: The iterations that each took, ``(count,)`` or one number for all; or None.
        converged: ``(count,)`` bool, whether each thought had stopped changing; or None.
        seconds: How long they took, or None for the time of the whole call.
    """

    answer: np.ndarray
    iterations: np.ndarray | float | None = None
    converged: np.ndarray | None = None
    seconds: float | None = None


Agent = Callable[[np.ndarray], Any]


class Look:
    """What is known of one kind of answers so far, over the batches."""

    def __init__(self) -> None:
        self.scores: dict[str, list] = {}
        self.iterations: list = []
        self.converged: list = []
        self.seconds = 0.0

    def add(self, scores: dict[str, np.ndarray], answers: Any, seconds: float) -> None:
        """Add the answers to a batch of problems."""
        count = len(scores["solved"])
        for score, values in scores.items():
            self.scores.setdefault(score, []).extend(values.tolist())
        for known, name in ((self.iterations, "iterations"), (self.converged, "converged")):
            told: Any = getattr(answers, name, None)
            if told is not None:
                known.extend(np.broadcast_to(told, (count,)).tolist())
        own = getattr(answers, "seconds", None)
        self.seconds += seconds if own is None else own

    def mean_iterations(self) -> float | int | None:
        """The number of iterations, where it is the same for all; else its mean."""
        if not self.iterations:
            return None
        same = min(self.iterations) == max(self.iterations)
        return self.iterations[0] if same else float(np.mean(self.iterations))


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
        ValueError: If an answer has the wrong shape or values, or the agent gives another number
            of answers than before.
        TypeError: If an answer has the wrong dtype.
    """
    count = check_integer("count", count, 1, INSTANCES_PER_SEED)
    if batch is None:
        cells = task.draw(instances_of_seed(seed, 1, first)).solutions.size
        batch = max(1, CELLS_AT_ONCE // cells)
    batch = check_integer("batch", batch, 1, INSTANCES_PER_SEED)
    looks: list[Look] = []
    with tqdm(
        total=count,
        desc=label or task.name,
        unit="problem",
        leave=False,
        disable=None if progress else True,
    ) as bar:
        for begin in range(first, first + count, batch):
            some = min(batch, first + count - begin)
            instances = task.draw(instances_of_seed(seed, some, begin))
            began = time.perf_counter()
            given = answer(instances.problems)
            seconds = time.perf_counter() - began
            several = given if isinstance(given, list) and hasattr(given[0], "answer") else [given]
            if not looks:
                looks = [Look() for _ in several]
            if len(several) != len(looks):
                raise ValueError(
                    f"answer gave {len(several)} answers to each problem, and {len(looks)} before"
                )
            for look, answers in zip(looks, several, strict=True):
                solved, shares = task.judge(instances, getattr(answers, "answer", answers))
                scores = {"solved": solved, "cells": shares}
                if more_scores is not None:
                    scores |= more_scores(instances, answers)
                look.add(scores, answers, seconds / len(several))
            bar.update(some)
    return [
        evaluation_row(
            task=task.name,
            axes=task.axes,
            disturbance="none",
            scores=look.scores,
            converged=look.converged or None,
            iterations=look.mean_iterations(),
            seconds=look.seconds,
            seed=seed,
            checkpoint=name,
        )
        for look in looks
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
        ``thinkenv.scores.ROW_KEYS``, then ``suite`` and ``generator_version``, which is None for
        chess, where ``database_sha256`` says which puzzles these are. ``exact`` is the share of
        problems answered exactly right, with its 95 % Wilson interval, ``cells`` the mean share
        of cells that are right, ``seconds`` the time spent in ``answer``; ``iterations`` and
        ``converged`` are None where the agent does not tell.

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
        if suite not in SUITES:
            raise ValueError(f"suite={suite!r}: allowed are {', '.join(map(repr, SUITES))}")
        suite = SUITES[suite]
    suite.check_versions()
    shards = check_integer("shards", shards, 1, INSTANCES_PER_SEED)
    shard = check_integer("shard", shard, 0, shards - 1)
    most = check_integer("most", INSTANCES_PER_SEED if most is None else most, 1, 2**63 - 1)
    rows = []
    for problems in suite.sets:
        task = problems.make_task()
        count = min(problems.count, most)
        first, end = count * shard // shards, count * (shard + 1) // shards
        if first == end:
            continue  # fewer problems than shards
        for row in evaluate_task(
            answer,
            task,
            end - first,
            problems.seed,
            name=name,
            first=first,
            batch=batch,
            label=str(problems),
            progress=progress,
        ):
            version = getattr(task, "generator_version", None)
            rows.append(row | {"suite": suite.name, "generator_version": version})
    return rows


# Means over the problems of a row, None where the agent does not tell them.
MEANS = ("cells", "converged", "iterations")


def merge_rows(parts: list[list[dict]]) -> list[dict]:
    """Put together the rows of all shards of a suite, as if one machine had evaluated it.

    Args:
        parts: For each shard, the rows of ``evaluate``.

    Returns:
        A row for each set of problems; ``seconds`` are added up over the shards.

    Raises:
        ValueError: If the shards are not of one agent and one suite.
    """
    groups: dict[str, list[dict]] = {}
    for rows in parts:
        seen: Counter[str] = Counter()
        for row in rows:
            shares = [key for key in row if f"{key}_low" in row]
            counted = {"n", "seconds", *MEANS, *shares}
            counted |= {f"{key}_{bound}" for key in shares for bound in ("low", "high")}
            key = json.dumps({name: row[name] for name in row if name not in counted})
            # Several answers to the same problems come in the same order everywhere.
            groups.setdefault(f"{key} {seen[key]}", []).append(row)
            seen[key] += 1
    agents = {(row["checkpoint"], row.get("suite")) for rows in parts for row in rows}
    if len(agents) > 1:
        raise ValueError(f"parts are of different agents or suites: {sorted(agents, key=str)}")
    return [merge_group(rows) for rows in groups.values()]


def merge_group(rows: list[dict]) -> dict:
    """One row from those of the shards of one set of problems."""
    sizes = np.array([row["n"] for row in rows])
    n = int(sizes.sum())
    merged = {**rows[0], "n": n, "seconds": round(sum(row["seconds"] for row in rows), 3)}
    for key in MEANS:
        values = [row[key] for row in rows]
        merged[key] = None if None in values else float(np.dot(values, sizes) / n)
    for key in [key for key in rows[0] if f"{key}_low" in rows[0]]:
        right = sum(round(row[key] * row["n"]) for row in rows)
        low, high = wilson_interval(right, n)
        merged |= {key: right / n, f"{key}_low": round(low, 6), f"{key}_high": round(high, 6)}
    return merged
