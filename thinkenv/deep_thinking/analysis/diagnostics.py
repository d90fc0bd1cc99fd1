"""How an agent thinks: where its memories end, how they get there, and by which rule.

- **Alignment** (Anil et al. 2022, arXiv 2211.09961, "path independence"): how alike the memories
  are in which thinking ends, when it begins from nothing, from the end of a thought about another
  problem, or from random numbers. 1.00 means that the end depends on the problem alone.
- **Limits**: how many memories come to a fixed point, to a cycle (and of which length), or are
  still on their way.
- **Residuals**: how much an iteration still changes the memory, by iteration.
- **Answers**: in which iteration each became right for the first time, and changed for the last.
- **Agreement with dead-end filling**, for mazes (Knutson et al. 2024): at each iteration, the share
  of free cells that are answered as after some number of rounds of dead-end filling, the number
  that fits best, and which one that is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .agent import CELLS_PER_CHUNK, CHECK_EVERY, MOST_ITERATIONS, TOLERANCE, Agent


@dataclass
class Diagnosis:
    """What was found about the thoughts about B problems, watched for T iterations.

    Attributes:
        alignment: Mean cosine between the ends of thoughts from the empty memory and from
            ``foreign`` and ``random`` ones.
        same_answer: Share of the problems with the same answer from there, under the same names.
        cycle: ``(B,)`` int64: 1 for a fixed point, the length of a cycle, or 0.
        residuals: ``(T,)`` float64, the largest change of a number of the memory in each iteration,
            averaged over problems; those at rest stay as they are.
        solved: ``(T,)`` float64, the share of answers that are right.
        first_solved: ``(B,)`` int64, the iteration with the first right answer, or -1.
        last_changed: ``(B,)`` int64, the last iteration that changed the answer.
        agreement: ``(T,)`` float64, with dead-end filling, or None for other tasks.
        filling_rounds: ``(T,)`` float64, the rounds of it that fit best, or None.
    """

    alignment: dict[str, float]
    same_answer: dict[str, float]
    cycle: np.ndarray
    residuals: np.ndarray
    solved: np.ndarray
    first_solved: np.ndarray
    last_changed: np.ndarray
    agreement: np.ndarray | None
    filling_rounds: np.ndarray | None

    @property
    def limits(self) -> dict[str, float]:
        """The share of problems that ended in each kind of limit."""
        kinds = {}
        for length, count in zip(*np.unique(self.cycle, return_counts=True), strict=True):
            name = {0: "still changing", 1: "fixed point"}.get(int(length), f"cycle of {length}")
            kinds[name] = float(count / len(self.cycle))
        return kinds


def diagnose(
    agent: Agent,
    task: Any,
    batch: Any,
    iterations: int,
    most_iterations: int = MOST_ITERATIONS,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Diagnosis:
    """Watch an agent think, and find out where that leads.

    Args:
        agent: Who thinks.
        task: The task of ``TASKS`` that the problems are of.
        batch: B problems of it, 2 or more.
        iterations: T, how many iterations to watch one by one.
        most_iterations: Where to give up looking for the end of a thought.
        seed: Decides the random memories.
        progress: Called with the number of problems watched since the last call.

    Raises:
        ValueError: If there is only one problem, whose end cannot be compared with another's.
    """
    if len(batch) < 2:
        raise ValueError("a diagnosis needs 2 or more problems")
    problems = batch.problems
    end = agent.think(problems, "converged", most_iterations=most_iterations)
    random = torch.rand(end.memory.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    starts = {"foreign": end.memory.roll(1, dims=0), "random": random}
    alignment, same_answer = {}, {}
    for name, memory in starts.items():
        other = agent.think(problems, "converged", memory, most_iterations)
        alignment[name] = float(alignment_of(end.memory, other.memory).mean())
        same = (other.answer == end.answer).reshape(len(batch), -1).all(axis=1)
        same_answer[name] = float(same.mean())

    per_chunk = max(1, CELLS_PER_CHUNK.get(agent.device.type, 60_000) // problems[0].size)
    watched = []
    for index in np.array_split(np.arange(len(batch)), -(-len(batch) // per_chunk)):
        watched.append(_watch(agent, task, batch[index], iterations))
        if progress is not None:
            progress(len(index))
    residuals, solved, first_solved, last_changed, agreement, rounds = (
        None if column[0] is None else np.concatenate(column)
        for column in zip(*watched, strict=True)
    )
    return Diagnosis(
        alignment,
        same_answer,
        end.cycle,
        residuals.mean(axis=0),
        solved.mean(axis=0),
        first_solved,
        last_changed,
        None if agreement is None else agreement.mean(axis=0),
        None if rounds is None else rounds.mean(axis=0),
    )


def alignment_of(memory: Tensor, other: Tensor) -> Tensor:
    """The cosine between memories ``(B, M, H, W)`` and others, ``(B,)``."""
    return F.cosine_similarity(memory.flatten(1), other.flatten(1), dim=1)


@torch.no_grad()
def _watch(agent: Agent, task: Any, batch: Any, iterations: int) -> tuple:
    """Look at every iteration on a few problems.

    Returns:
        Residuals ``(B, T)``, right answers ``(B, T)`` bool, the first right and the last changed
        iterations ``(B,)``, agreement with dead-end filling and the rounds ``(B, T)`` or None.
    """
    count = len(batch)
    inputs = agent.task.encode(batch.problems, agent.device)
    seen = agent.net.perceive(inputs)
    memory = agent.net.empty_memory(inputs).contiguous(memory_format=torch.channels_last)
    filled = task.fill_dead_ends(batch) if hasattr(task, "fill_dead_ends") else None
    residuals = np.zeros((count, iterations))
    solved = np.zeros((count, iterations), np.bool_)
    last_changed = np.zeros(count, np.int64)
    agreement = None if filled is None else np.zeros((count, iterations))
    rounds = None if filled is None else np.zeros((count, iterations))
    answer = agent.task.answer(agent.net.read(memory)).cpu().numpy()
    for iteration in range(iterations):
        before, memory = memory, agent.net.step(memory, seen)
        residuals[:, iteration] = (memory - before).abs().amax(dim=(1, 2, 3)).cpu().numpy()
        last_answer, answer = answer, agent.task.answer(agent.net.read(memory)).cpu().numpy()
        changed = (answer != last_answer).reshape(count, -1).any(axis=1)
        last_changed[changed] = iteration + 1
        if changed.any() or iteration == 0:
            right = task.judge(batch, answer)["solved"]
            if filled is not None:
                fits = agreement_with(filled, batch.problems, answer)
        solved[:, iteration] = right
        if filled is not None:
            agreement[:, iteration], rounds[:, iteration] = fits
        at_rest = iteration % CHECK_EVERY == 0 and residuals[:, iteration].max() <= TOLERANCE
        if at_rest and iteration + 1 < iterations:
            later = slice(iteration + 1, None)
            for numbers in (residuals, solved, agreement, rounds):
                if numbers is not None:
                    numbers[:, later] = numbers[:, iteration, None]
            break
    first_solved = np.where(solved.any(axis=1), solved.argmax(axis=1) + 1, -1)
    return residuals, solved, first_solved, last_changed, agreement, rounds


def agreement_with(
    filled: np.ndarray, problems: np.ndarray, answers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How well answers agree with dead-end filling, after the rounds that fit best.

    Args:
        filled: ``(R, B, H, W)`` bool, the cells left after each number of rounds.
        problems: ``(B, H, W)`` uint8, the mazes.
        answers: ``(B, H, W)`` uint8.

    Returns:
        The share of free cells that agree ``(B,)``, and the rounds ``(B,)``.
    """
    free = problems != 0
    differing = ((filled != (answers != 0)) & free).sum(axis=(2, 3))  # (R, B)
    rounds = differing.argmin(axis=0)
    return 1 - differing.min(axis=0) / free.sum(axis=(1, 2)), rounds
