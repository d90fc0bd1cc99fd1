"""Evaluate an agent: accuracy against iterations, recovery from disturbances, and diagnosis.

Everything here gives rows: see ``thinkenv.suites``.
"""

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from tqdm import tqdm

from thinkenv.deep_thinking.agent import MAX_IMAGINED, TOLERANCE, Agent, Imagine, Iterations
from thinkenv.deep_thinking.analysis.diagnostics import diagnose
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.analysis.recovery import EVAL_EVERY, measure_recovery
from thinkenv.deep_thinking.imagination.manner import imagining
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.suites import Answers
from thinkenv.suites.scores import evaluation_row
from thinkenv.tasks.base import AnyTask, InstanceBatch
from thinkenv.tasks.seeds import instances_of_seed


@dataclass(frozen=True)
class ThinkingTime:
    """How long an agent thinks in an evaluation.

    Attributes:
        fixed: Increasing numbers of iterations at which its answers are noted.
        until_converged: Whether it also thinks until each memory has converged.
        max_iterations: Where it gives up then; None for where ``Agent.think`` does.
        imagined: Increasing numbers of positions imagined after the last of the fixed numbers of
            iterations, at which its answers are noted instead; 0 is the answer before them.
        until_settled: Whether it also imagines positions until each tree has settled.
        max_imagined: Where it gives up then.
    """

    fixed: tuple[int, ...]
    until_converged: bool = False
    max_iterations: int | None = None
    imagined: tuple[int, ...] = ()
    until_settled: bool = False
    max_imagined: int = MAX_IMAGINED

    @property
    def imagines(self) -> bool:
        """Whether positions are imagined."""
        return bool(self.imagined) or self.until_settled

    @classmethod
    def parse(
        cls,
        words: Sequence[str],
        max_iterations: int | None,
        defaults: Sequence[int],
        imagined: Sequence[str] = (),
        max_imagined: int = MAX_IMAGINED,
    ) -> "ThinkingTime":
        """Read ``--iterations`` and ``--imagine``.

        Args:
            words: Numbers, and ``converged``, as they were typed.
            max_iterations: As of the class.
            defaults: The numbers where there are no words.
            imagined: Numbers of imagined positions, and ``settled``, as they were typed: after the
                first of the defaults or the one number of iterations that was typed.
            max_imagined: As of the class.

        Raises:
            ValueError: If a word is neither a positive integer nor ``converged``, one of imagined
                positions neither an integer of at least 0 nor ``settled``, or several numbers of
                iterations are to be combined with imagined positions.
        """
        points = set()
        for word in imagined:
            if word != "settled" and not word.isdecimal():
                raise ValueError(
                    f"--imagine must be integers of at least 0 or 'settled', got {word!r}"
                )
            if word != "settled":
                points.add(int(word))
        if max_imagined < 1:
            raise ValueError(f"--max-imagined must be at least 1, got {max_imagined}")
        if imagined:
            if len(words) > 1 or "converged" in words:
                raise ValueError(
                    f"--iterations must be one number with --imagine, got {' '.join(words)}"
                )
            defaults = defaults[:1]
        if max_iterations is not None and max_iterations < 1:
            raise ValueError(f"--max-iterations must be at least 1, got {max_iterations}")
        numbers = set()
        for word in words or map(str, defaults):
            if word == "converged":
                continue
            if not word.isdecimal() or int(word) < 1:
                raise ValueError(
                    f"--iterations must be integers of at least 1 or 'converged', got {word!r}"
                )
            numbers.add(int(word))
        return cls(
            tuple(sorted(numbers)),
            "converged" in words,
            max_iterations,
            tuple(sorted(points)),
            "settled" in imagined,
            max_imagined,
        )


@dataclass
class AgentPolicy:
    """An agent as ``thinkenv.suites`` queries it: its answers after each thinking time."""

    agent: Agent
    time: ThinkingTime

    def __call__(self, problems: np.ndarray) -> list[Answers]:
        """Answers to problems ``(B, …)``, after each number of iterations or imagined positions."""
        if self.time.imagines:
            return self._imagine(problems)
        found = self.agent.think_at(problems, self.time.fixed) if self.time.fixed else []
        if self.time.until_converged:
            began = time.perf_counter()
            thought = self.agent.think(
                problems, "converged", max_iterations=self.time.max_iterations
            )
            told = (thought.answer, thought.iterations, thought.converged)
            found.append(Answers(*told, time.perf_counter() - began, stopping="converged"))
        for answers in found:
            answers.preferences = partial(self.prefer, answers.requested or "converged")
        return found

    def _imagine(self, problems: np.ndarray) -> list[Answers]:
        """Answers to problems ``(B, …)``, after each number of imagined positions.

        At last come those of the trees that have settled.
        """
        iterations = self.time.fixed[-1]
        points = [point for point in self.time.imagined if point > 0]
        began = time.perf_counter()
        thought = self.agent.think(problems, iterations)
        first = time.perf_counter() - began
        thoughts = [thought] if 0 in self.time.imagined else []
        if points:
            thoughts += self.agent.imagine_at(thought, points)
        later = time.perf_counter() - began - first
        # Trees grow batch by batch, each to the end: a point has its share of the time.
        found = [
            Answers(
                one.answer,
                iterations,
                one.converged,
                first + later * point / max(1, self.time.imagined[-1]),
                stopping="fixed",
                requested=iterations,
                preferences=partial(self.prefer, iterations, imagine=point or None),
                imagined=point,
            )
            for one, point in zip(thoughts, self.time.imagined, strict=True)
        ]
        if self.time.until_settled:
            began = time.perf_counter()
            end = self.agent.settle(thought, self.time.max_imagined)
            found.append(
                Answers(
                    end.answer,
                    iterations,
                    end.converged,
                    first + time.perf_counter() - began,
                    stopping="fixed",
                    requested=iterations,
                    preferences=partial(self.prefer, iterations, imagine="settled"),
                    imagined=end.imagined,
                    settled=end.settled,
                )
            )
        return found

    def prefer(
        self, iterations: Iterations, problems: np.ndarray, imagine: Imagine | None = None
    ) -> np.ndarray:
        """What the agent prefers after so long a thought, for tasks of several moves."""
        thought = self.agent.think(
            problems,
            iterations,
            max_iterations=self.time.max_iterations,
            imagine=imagine,
            max_imagined=self.time.max_imagined,
        )
        return self.agent.preferences(thought)


def draw_problems(task: AnyTask, count: int, seed: int) -> InstanceBatch:
    """The first problems of a seed, as many as asked for or as there are."""
    return task.draw(instances_of_seed(seed, min(count, task.count or count)))


def parse_disturbed_at(words: Sequence[str]) -> list[float | None]:
    """The shares of ``--disturb-at``, None for every iteration.

    Raises:
        ValueError: If one is neither a number of at least 0 nor ``every``.
    """
    shares: list[float | None] = []
    for word in words:
        try:
            share = None if word == "every" else float(word)
        except ValueError:
            share = -1.0
        if share is not None and not 0 <= share < float("inf"):
            raise ValueError(f"--disturb-at must be numbers of at least 0 or 'every', got {word!r}")
        shares.append(share)
    return shares


def evaluate_recovery(
    agent: Agent[SomeMemory],
    task: AnyTask,
    disturbances: Sequence[Disturbance],
    disturbed_at: Sequence[float | None],
    *,
    count: int,
    seed: int = 0,
    iterations: int | None = None,
    max_iterations: int | None = None,
) -> Iterator[dict]:
    """Measure how many answers become right again after each disturbance at each time.

    Args:
        agent: The agent.
        task: The problems.
        disturbances: What is done.
        disturbed_at: When: shares of the iterations after which each memory has converged, or
            None for every iteration.
        count: How many problems.
        seed: Which ones.
        iterations: How long to watch; by default as long as suffices for the hardest problems.
        max_iterations: Where to give up on memories that do not converge: as of ``Agent.think``.

    Yields:
        A row for each disturbance at each time, with ``disturbed_at``, ``right_before``,
        ``iterations_until_right`` (the median; None where most answers do not become right),
        and ``accuracy_curve``, the share of right answers every ``eval_every`` iterations.
    """
    batch = draw_problems(task, count, seed)
    for disturbance in disturbances:
        disturbance.check(None in disturbed_at, len(batch))
    watched = iterations or task.ample_iterations
    end = agent.think(batch.problems, "converged", max_iterations=max_iterations)
    total = len(disturbances) * len(disturbed_at) * len(batch)
    with progress_bar(task, "disturbing thoughts about", total) as bar:
        for share, disturbance in itertools.product(disturbed_at, disturbances):
            began = time.perf_counter()
            when = None if share is None else share * end.iterations
            recovery = measure_recovery(
                agent, task, batch, disturbance, when, watched, seed, bar.update
            )
            evals = recovery.right.shape[1]
            run = (evals - 1) * EVAL_EVERY
            row = evaluation_row(
                task=task.name,
                options=task.options,
                disturbance=str(disturbance),
                scores={
                    "solved": recovery.recovered,
                    "cells": recovery.cells,
                    "right_before": recovery.right_before,
                },
                converged=recovery.converged,
                iterations=float(recovery.disturbed_at.mean()) + run,
                stopping="fixed",
                requested=run,
                seconds=time.perf_counter() - began,
                seed=seed,
                checkpoint=agent.name,
            )
            until_right = float(np.median(recovery.iterations_until_right))
            yield row | {
                "disturbed_at": "every" if share is None else share,
                "iterations_until_right": until_right if np.isfinite(until_right) else None,
                "eval_every": EVAL_EVERY,
                "accuracy_curve": recovery.right.mean(axis=0).round(4).tolist(),
            }


def evaluate_tree_recovery(
    agent: Agent[torch.Tensor],
    task: AnyTask,
    disturbances: Sequence[Disturbance],
    disturbed_at: Sequence[float | None],
    imagine: int,
    *,
    count: int,
    seed: int = 0,
    max_iterations: int | None = None,
) -> Iterator[dict]:
    """Measure how many answers are right though memories were disturbed while imagining.

    Args:
        agent: The agent, whose net imagines.
        task: The problems.
        disturbances: What is done to the memories of all positions imagined so far.
        disturbed_at: When: shares of the imagined positions.
        imagine: How many positions are imagined of each problem, after as many iterations as in
            training.
        count: How many problems.
        seed: Which ones.
        max_iterations: Of no meaning here.

    Yields:
        A row for each disturbance at each time: as of ``evaluate_recovery``, with ``imagined``,
        ``undisturbed``, the share of the same problems that are right without it, and ``lost`` and
        ``gained``, the shares that are right without it alone and with it alone. ``eval_every`` and
        the accuracy curve, which begins just before the disturbance, count imagined positions.
    """
    from thinkenv.deep_thinking.analysis import tree_recovery  # loads chess

    batch = draw_problems(task, count, seed)
    shares = tree_recovery.shares_within(disturbed_at)
    for disturbance in disturbances:
        tree_recovery.check_possible(disturbance, len(batch))
    imagining(agent.net)
    began = time.perf_counter()
    thought = agent.think(batch.problems)
    first = time.perf_counter() - began
    total = (1 + len(disturbances)) * len(shares) * len(batch)
    with progress_bar(task, "disturbing thoughts about", total) as bar:
        for share in shares:
            measure = partial(
                tree_recovery.measure_tree_recovery,
                *(agent, task, batch, thought),
                share=share,
                imagine=imagine,
                seed=seed,
                progress=bar.update,
            )
            undisturbed = measure(disturbance=Disturbance("none"))
            for disturbance in disturbances:
                began = time.perf_counter()
                recovery = measure(disturbance=disturbance)
                row = evaluation_row(
                    task=task.name,
                    options=task.options,
                    disturbance=str(disturbance),
                    scores=tree_recovery.row_scores(recovery, undisturbed),
                    converged=thought.converged,
                    iterations=thought.requested,
                    stopping="fixed",
                    requested=thought.requested,
                    imagined=imagine,
                    seconds=first + time.perf_counter() - began,
                    seed=seed,
                    checkpoint=agent.name,
                )
                yield row | {
                    "disturbed_at": share,
                    "iterations_until_right": None,
                    "eval_every": recovery.eval_every,
                    "accuracy_curve": recovery.right.mean(axis=0).round(4).tolist(),
                }


def evaluate_diagnosis(
    agent: Agent[SomeMemory],
    task: AnyTask,
    *,
    count: int,
    seed: int = 0,
    iterations: int | None = None,
    max_iterations: int | None = None,
) -> dict:
    """Find out how an agent thinks about a set of problems.

    Args:
        agent: The agent.
        task: The problems.
        count: How many problems.
        seed: Which ones.
        iterations: How many to watch one by one; by default as many as suffice for the hardest
            problems.
        max_iterations: Where to give up on memories that do not converge: as of ``Agent.think``.

    Returns:
        A row with what ``analysis.diagnostics.Diagnosis`` holds; curves end where nothing changes
        any more.
    """
    batch = draw_problems(task, count, seed)
    watched = iterations or task.ample_iterations
    with progress_bar(task, "watching thoughts about", len(batch)) as bar:
        found = diagnose(agent, task, batch, watched, max_iterations, seed, bar.update)
    moving = np.flatnonzero(found.residuals > TOLERANCE)
    shown = slice(0, moving[-1] + 2 if len(moving) else 1)  # until all have converged

    def curve(numbers: np.ndarray | None) -> list[float] | None:
        return None if numbers is None else numbers[shown].round(6).tolist()

    return {
        "task": task.name,
        **task.options,
        "n": len(batch),
        "alignment": found.alignment,
        "same_answer_from_elsewhere": found.same_answer,
        "attractors": found.attractors,
        "first_solved": found.first_solved.tolist(),
        "last_changed": found.last_changed.tolist(),
        "residual_by_iteration": curve(found.residuals),
        "exact_by_iteration": curve(found.solved),
        "filling_agreement_by_iteration": curve(found.agreement),
        "filling_rounds_by_iteration": curve(found.filling_rounds),
        "seed": seed,
        "checkpoint": agent.name,
    }


def progress_bar(task: AnyTask, doing: str, total: int) -> tqdm:
    """A progress bar over problems, where the output is a terminal."""
    description = f"{doing} {task.label(task.options)}"
    return tqdm(total=total, desc=description, unit="problem", leave=False, disable=None)
