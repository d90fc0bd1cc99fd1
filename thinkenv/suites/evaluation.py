"""Evaluate any agent on a set of problems."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, TypedDict, Unpack, runtime_checkable

import numpy as np
from tqdm import tqdm

from thinkenv.checks import check_choice, check_integer
from thinkenv.kernels.threads import part_of
from thinkenv.suites.catalogue import SUITES, Suite
from thinkenv.suites.merging import merge_parts, stopping_of
from thinkenv.suites.scores import Stopping, evaluation_row
from thinkenv.tasks.base import AnyTask, InstanceBatch
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, LAST_SEED, instances_of_seed

# Cells of problems that an agent is shown at a time: 67 mazes of size 59, one of size 801.
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
        stopping: ``fixed`` after a number of iterations that was requested, ``converged`` where
            the agent found the number for each problem, or None.
        requested: The number requested, where ``stopping`` is ``fixed``.
        preferences: What the agent prefers after the same thinking: a callable for
            ``thinkenv.tasks.Task.play``, for tasks of several moves; or None.
        imagined: How many positions were imagined of each problem after those iterations,
            ``(count,)`` or one number for all; or None.
        settled: ``(count,)`` bool, whether each tree of them had settled, where the agent found for
            each problem how many to imagine; or None.

    Raises:
        ValueError: If ``requested`` is given without ``stopping="fixed"``, or lacks with it.
    """

    answer: np.ndarray
    iterations: np.ndarray | float | None = None
    converged: np.ndarray | None = None
    seconds: float | None = None
    stopping: Stopping | None = None
    requested: int | None = None
    preferences: Callable[[np.ndarray], np.ndarray] | None = None
    imagined: np.ndarray | int | None = None
    settled: np.ndarray | None = None

    def __post_init__(self) -> None:
        if (self.stopping == "fixed") != (self.requested is not None):
            raise ValueError(
                "requested must be a number where stopping is 'fixed', and else None, "
                f"got {self.requested!r} with stopping={self.stopping!r}"
            )
        if self.iterations is None:
            self.iterations = self.requested


@runtime_checkable
class HasAnswer(Protocol):
    """Any object with answers; it may have the other attributes of ``Answers`` as well."""

    @property
    def answer(self) -> np.ndarray:
        """``(count, ...)``, of the shape of the environment's actions."""


# What an agent may tell of its thoughts about problems: one number for all, or one for each.
TOLD = ("iterations", "converged", "imagined", "settled")

# An agent: it gives answers to all problems, or several after different numbers of iterations.
Policy = Callable[[np.ndarray], np.ndarray | HasAnswer | Sequence[HasAnswer]]


@dataclass(frozen=True)
class Evaluation:
    """The result of one agent on one set of problems.

    Attributes:
        row: What is known of all problems together: see ``evaluate``.
        outcomes: What happened to each problem, in columns ``(n, ...)``: ``instance`` int64,
            ``solved`` bool, ``cells`` float64 (the share of cells that are right); those of
            ``TOLD`` if the agent tells, ``difficulty`` if the task knows, further scores
            by name if the task was played, and ``answer`` if it was to be kept.
    """

    row: dict
    outcomes: dict[str, np.ndarray]

    def __repr__(self) -> str:
        task, n, exact = (self.row[name] for name in ("task", "n", "exact"))
        return f"Evaluation({n:,} problems of {task!r}, {exact:.1%} exact)"


class Options(TypedDict, total=False):
    """How all sets of problems of a suite are evaluated: arguments of ``evaluate_task``."""

    name: str
    batch: int | None
    shard: int
    shards: int
    keep_answers: bool
    progress: bool


def query(policy: Policy, problems: np.ndarray) -> list[Answers]:
    """An agent's answers to problems: one, or several after different iterations."""
    shown = problems.copy()  # whatever the agent does with them, they are judged as they were
    began = time.perf_counter()
    said = policy(shown)
    seconds = time.perf_counter() - began
    # A list of arrays is one answer to each problem.
    if isinstance(said, Sequence) and said and isinstance(said[0], HasAnswer):
        return [as_answers(one, seconds / len(said)) for one in said]
    return [as_answers(said, seconds)]


def as_answers(said: object, seconds: float) -> Answers:
    """What an agent returned, as ``Answers``, with ``seconds`` unless it tells these itself."""
    if not isinstance(said, HasAnswer):
        return Answers(np.asarray(said), seconds=seconds)
    # Whatever has an answer will do, such as an agent's thought; all else that it may tell is
    # optional, here and nowhere else.
    told = {field.name: getattr(said, field.name, None) for field in fields(Answers)[1:]}
    if told["seconds"] is None:
        told["seconds"] = seconds
    if not callable(told["preferences"]):  # a thought has those about these problems
        told["preferences"] = None
    return Answers(said.answer, **told)


def evaluate_batch(
    task: AnyTask, batch: InstanceBatch, answers: Answers, keep_answers: bool, seed: int, name: str
) -> Evaluation:
    """Judge the answers to a batch of problems.

    Raises:
        ValueError: If one of ``TOLD`` does not have one entry for each problem, or an answer has
            the wrong shape or values.
        TypeError: If an answer has the wrong dtype.
    """
    solved, cells = task.judge(batch, answers.answer)
    outcomes = {"instance": batch.instances, "solved": solved, "cells": cells}
    for column in TOLD:
        told = getattr(answers, column)
        if told is None:
            continue
        if np.shape(told) not in ((), (len(batch),)):
            raise ValueError(
                f"{column} must be one number or have shape ({len(batch)},), got {np.shape(told)}"
            )
        outcomes[column] = np.broadcast_to(told, len(batch))
    if (difficulties := task.difficulties(batch)) is not None:
        outcomes["difficulty"] = difficulties
    preferences = answers.preferences
    further = {} if preferences is None else task.play(batch, preferences)
    row = evaluation_row(
        task=task.name,
        options=task.options,
        scores={"solved": solved, "cells": cells, **further},
        converged=outcomes.get("converged"),
        iterations=outcomes["iterations"].mean() if "iterations" in outcomes else None,
        stopping=answers.stopping,
        requested=answers.requested,
        imagined=imagined_of(outcomes),
        settled=outcomes.get("settled"),
        seconds=answers.seconds or 0.0,
        seed=seed,
        checkpoint=name,
    )
    if preferences is not None and difficulties is not None:
        pairs = zip(difficulties.tolist(), further.get("line", solved).tolist(), strict=True)
        row["rated"] = [list(pair) for pair in pairs]
    kept = {"answer": np.asarray(answers.answer)} if keep_answers else {}
    return Evaluation(row, outcomes | further | kept)


def imagined_of(outcomes: dict[str, np.ndarray]) -> float | None:
    """How many positions were imagined: the mean where the agent found that, else what was asked.

    Of a game that is over nothing is imagined, whatever was asked for.
    """
    imagined = outcomes.get("imagined")
    if imagined is None:
        return None
    return float(imagined.mean()) if "settled" in outcomes else int(imagined.max())


def merge_evaluations(parts: Sequence[Evaluation]) -> Evaluation:
    """One evaluation from those of the batches of a set of problems."""
    columns = {
        name: np.concatenate([part.outcomes[name] for part in parts]) for name in parts[0].outcomes
    }
    return Evaluation(merge_parts([part.row for part in parts]), columns)


def kind_of(evaluation: Evaluation) -> str:
    """What an agent tells with its answers to a batch: the same has to be told of every batch."""
    stopping = [f"{name}={value}" for name, value in stopping_of(evaluation.row).items()]
    return ", ".join([*evaluation.outcomes, *stopping])


def evaluate_task(
    policy: Policy,
    task: AnyTask,
    count: int,
    seed: int = 0,
    *,
    name: str = "",
    batch: int | None = None,
    shard: int = 0,
    shards: int = 1,
    keep_answers: bool = False,
    label: str | None = None,
    progress: bool = True,
) -> list[Evaluation]:
    """Query an agent about instances of a task, and judge its answers.

    Args:
        policy: The agent, as of ``evaluate``.
        task: The task, such as ``thinkenv.tasks.make_task("maze", size=59)``.
        count: How many instances.
        seed: Whose.
        name: The agent, for the rows.
        batch: The most problems in a call; by default as many as have 250,000 cells.
        shard: Which part of the problems, where several machines share them.
        shards: How many parts there are.
        keep_answers: Whether the outcomes are to hold the answers, too.
        label: What the problems are called beside the progress bar.
        progress: Whether to show one, where the output is a terminal.

    Returns:
        As many evaluations as the agent gives answers to each problem; none where no problem
        falls to this shard. Rows of shards have ``first``, the number of their first problem, and
        ``of``, how many there are. Where the task knows how difficult its problems are and the
        agent plays them, the last row has ``rated``, a list of ``[difficulty, solved]`` for
        every problem, solved meaning the whole ``line`` if the task has such a score: see
        ``thinkenv.suites.rate_rows``.

    Raises:
        ValueError: If an argument has a value that is not allowed, the task has not as many
            different problems, an answer has the wrong shape or values, or the agent gives
            another number of answers than before, or tells less or more with them.
        TypeError: If an answer has the wrong dtype.
    """
    seed = check_integer("seed", seed, 0, LAST_SEED)
    count = check_integer("count", count, 1, INSTANCES_PER_SEED)
    shards = check_integer("shards", shards, 1, INSTANCES_PER_SEED)
    shard = check_integer("shard", shard, 0, shards - 1)
    if task.count is not None and count > task.count:
        raise ValueError(f"count must be at most {task.count}, all problems there are, got {count}")
    first, end = part_of(count, shard, shards)
    if first == end:
        return []  # fewer problems than shards
    instances = instances_of_seed(seed, end - first, first)
    if batch is None:
        batch = max(1, CELLS_AT_ONCE // task.draw(instances[:1]).solutions.size)
    batch = check_integer("batch", batch, 1, INSTANCES_PER_SEED)
    parts: list[list[Evaluation]] = []
    with tqdm(
        total=len(instances),
        desc=label or task.name,
        unit="problem",
        leave=False,
        disable=None if progress else True,
    ) as bar:
        for begin in range(0, len(instances), batch):
            problems = task.draw(instances[begin : begin + batch])
            several = query(policy, problems.problems)
            parts.append(
                [evaluate_batch(task, problems, one, keep_answers, seed, name) for one in several]
            )
            before, kinds = [[kind_of(one) for one in part] for part in (parts[0], parts[-1])]
            if kinds != before:
                raise ValueError(f"answers to every batch must be alike, {before}, got {kinds}")
            bar.update(len(problems))
    evaluations = [merge_evaluations(same) for same in zip(*parts, strict=True)]
    for evaluation in evaluations[:-1]:
        evaluation.row.pop("rated", None)
    if shards > 1:
        for evaluation in evaluations:
            evaluation.row.update(first=first, of=count)
    return evaluations


def evaluate_sets(
    policy: Policy, suite: str | Suite, max_problems: int | None = None, **options: Unpack[Options]
) -> Iterator[list[Evaluation]]:
    """Evaluate an agent on a suite, one set of problems after the other, to store each when done.

    Args:
        policy: As of ``evaluate``.
        suite: The suite, or the name of one of ``SUITES``.
        max_problems: Only so many problems of each set, to try things out.
        **options: Any of ``name``, ``batch``, ``shard``, ``shards``, ``keep_answers`` and
            ``progress``, as of ``evaluate_task``.

    Yields:
        For each set of problems, as soon as it is done, as many evaluations as the agent gives
        answers to each problem; none where no problem of it falls to the shard.

    Raises:
        ValueError: As of ``evaluate``.
        TypeError: If an answer has the wrong dtype.
    """
    if not isinstance(suite, Suite):
        suite = SUITES[check_choice("suite", suite, tuple(SUITES))]
    suite.check_versions()
    limit = INSTANCES_PER_SEED if max_problems is None else max_problems
    limit = check_integer("max_problems", limit, 1, 2**63 - 1)
    for problems in suite.sets:
        task, count = problems.make_task(), min(problems.count, limit)
        label = str(problems)
        evaluations = evaluate_task(policy, task, count, problems.seed, label=label, **options)
        for evaluation in evaluations:
            evaluation.row.update(suite=suite.name, version=task.version)
        yield evaluations


def evaluate(
    policy: Policy,
    suite: str | Suite,
    *,
    max_problems: int | None = None,
    most: int | None = None,
    **options: Unpack[Options],
) -> list[dict]:
    """Query an agent about all problems of a suite, and judge its answers.

    Args:
        policy: The agent: a callable from problems ``(count, ...)``, as the environments show them,
            to answers ``(count, ...)`` of the shape of the environments' actions (for chess,
            squares ``(count, 8, 8)``). In place of the array it may return any object with the
            attribute ``answer``, and with any of the others of ``Answers``, such as an agent's
            ``Thought``; or a list of such objects, as after different numbers of iterations, which
            gives as many rows.
        suite: The suite, or the name of one of ``SUITES``.
        max_problems: Only so many problems of each set, to try things out.
        most: The name of ``max_problems`` in version 0.1; deprecated.
        **options: Any of these:
            ``name``: The agent, for the rows.
            ``batch``: The most problems in a call; by default as many as have 250,000 cells.
            ``shard``: Which part of the problems, where several machines share them.
            ``shards``: How many parts there are; ``merge_rows`` puts their rows together.
            ``progress``: Whether to show progress, where the output is a terminal.

    Returns:
        A row for each set of problems, in the suite's order: a dict with the keys
        ``thinkenv.suites.scores.ROW_KEYS``, then the task's other options, then ``suite`` and
        ``version``, which with the options decides the problems. ``exact`` is the share of
        problems answered exactly right, with its 95 % Wilson interval, ``cells`` the mean share
        of cells that are right, ``seconds`` the time spent in ``policy``; ``stopping`` is
        ``fixed`` or ``converged``, ``iterations`` the number run, or its mean where it was found,
        and ``requested`` the number asked for, or None. These and ``converged`` are None where
        the agent does not tell. Rows of shards have ``first``, the number of their first
        problem, and ``of``, how many the set holds.

    Raises:
        ValueError: If there is no such suite, or an answer has the wrong shape or values.
        TypeError: If an answer has the wrong dtype.

    Example:
        >>> from thinkenv import prefix_sums, suites
        >>> rows = suites.evaluate(prefix_sums.solve, "prefix-extrapolation", max_problems=10)
        >>> [(row["size"], row["n"], row["exact"]) for row in rows][-1]
        (4096, 10, 1.0)
    """
    if most is not None:
        warnings.warn("most is deprecated: say max_problems", DeprecationWarning, stacklevel=2)
        max_problems = most
    sets = evaluate_sets(policy, suite, max_problems, **options)
    return [evaluation.row for evaluations in sets for evaluation in evaluations]
