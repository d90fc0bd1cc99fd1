"""How an agent thinks: where its memories end, how they get there, and by which rule.

- **Alignment** (Anil et al. 2022, arXiv 2211.09961, "path independence"): how alike the memories
  are in which thinking ends, when it begins from nothing, from the end of a thought about another
  problem, or from random numbers. 1.00 means that the end depends on the problem alone. Random
  numbers are uniform between -1 and 1; those of counts, between 0 and the first memory's numbers.
  A memory of several tensors is as alike as these are on average, so that counts, which are large,
  do not drown what lies between -1 and 1. Counts are never negative, so that those of any two
  problems are alike to some degree.
- **Attractors**: how many memories come to a fixed point, to a cycle (and of which length), or are
  still on their way.
- **Residuals**: how much an iteration still changes the memory, by iteration.
- **Answers**: in which iteration each became right for the first time, and changed for the last.
- **Agreement with dead-end filling**, for mazes (Knutson et al. 2024): at each iteration, the share
  of free cells that are answered as after some number of rounds of dead-end filling, the number
  that fits best, and which one that is.

Shapes: B problems, watched for T iterations.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.deep_thinking.agent import TOLERANCE, Agent
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import Memory, SomeMemory
from thinkenv.deep_thinking.rollout.rollout import CHECK_EVERY
from thinkenv.tasks.base import AnyTask, InstanceBatch


@dataclass
class Diagnosis:
    """What was found about the thoughts about B problems, watched for T iterations.

    Attributes:
        alignment: Mean cosine between the ends of thoughts from the empty memory and from
            ``foreign`` and ``random`` ones: see ``alignment_of``.
        same_answer: Share of the problems with the same answer from there, under the same names.
        cycle: ``(B,)`` int64: 1 for a fixed point, the length of a cycle, or 0.
        residuals: ``(T,)`` float64, the largest change of a number of the memory in each iteration,
            averaged over problems; those that have converged stay as they are.
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
    def attractors(self) -> dict[str, float]:
        """The share of problems that ended in each kind of attractor."""
        kinds = {}
        for length, count in zip(*np.unique(self.cycle, return_counts=True), strict=True):
            name = {0: "still changing", 1: "fixed point"}.get(int(length), f"cycle of {length}")
            kinds[name] = float(count / len(self.cycle))
        return kinds


def diagnose(
    agent: Agent[SomeMemory],
    task: AnyTask,
    batch: InstanceBatch,
    iterations: int,
    max_iterations: int | None = None,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Diagnosis:
    """Watch an agent think, and find out where that leads.

    Args:
        agent: The agent.
        task: The task that the problems are of.
        batch: B problems of it, 2 or more.
        iterations: T, how many iterations to watch one by one.
        max_iterations: Where to give up looking for the end of a thought: as of ``Agent.think``.
        seed: Decides the random memories.
        progress: Called with the number of problems watched since the last call.

    Raises:
        ValueError: If there is only one problem, whose end cannot be compared with another's.
    """
    if len(batch) < 2:
        raise ValueError(f"a diagnosis must have at least 2 problems, got {len(batch)}")
    end = agent.think(batch.problems, "converged", max_iterations=max_iterations)
    stream = torch.Generator().manual_seed(seed)
    starts = {
        "foreign": memories.transform(lambda tensor: tensor.roll(1, dims=0), end.memory),
        "random": random_memory(agent, batch, stream),
    }
    alignment, same_answer = {}, {}
    for name, memory in starts.items():
        other = agent.think(batch.problems, "converged", memory, max_iterations)
        alignment[name] = float(alignment_of(end.memory, other.memory).mean())
        same = (other.answer == end.answer).reshape(len(batch), -1).all(axis=1)
        same_answer[name] = float(same.mean())

    watched: dict[str, list[np.ndarray]] = {}
    for chunk in agent.chunks(batch.problems):
        for name, values in observe(agent, task, batch[chunk], iterations).items():
            watched.setdefault(name, []).append(values)
        if progress is not None:
            progress(len(batch[chunk]))
    seen = {name: np.concatenate(parts) for name, parts in watched.items()}
    is_filled = "agreement" in seen
    first_solved = np.where(seen["solved"].any(axis=1), seen["solved"].argmax(axis=1) + 1, -1)
    return Diagnosis(
        alignment,
        same_answer,
        end.cycle,
        seen["residuals"].mean(axis=0),
        seen["solved"].mean(axis=0),
        first_solved,
        seen["last_changed"],
        seen["agreement"].mean(axis=0) if is_filled else None,
        seen["filling_rounds"].mean(axis=0) if is_filled else None,
    )


def random_memory(
    agent: Agent[SomeMemory], batch: InstanceBatch, stream: torch.Generator
) -> SomeMemory:
    """Memories ``(B, …)`` of random numbers, on the CPU: counts are at most those at first."""

    def numbers(first: Tensor, counts: bool) -> Tensor:
        uniform = torch.rand(first.shape, generator=stream)
        return uniform * first.cpu() if counts else uniform * 2 - 1

    with torch.no_grad():
        inputs = agent.codec.encode(batch.problems, agent.device)
        first = agent.net.start(inputs)
    return memories.transform_by_kind(numbers, agent.net.unbounded, first)


def alignment_of(memory: Memory, other: Memory) -> Tensor:
    """The cosine between memories ``(B, …)`` and others, ``(B,)``.

    Of memories of several tensors it is the mean of the tensors' cosines. Two tensors of zeros are
    alike.
    """

    def cosine(tensor: Tensor, other: Tensor) -> Tensor:
        flat, other_flat = tensor.flatten(1), other.flatten(1)
        both_empty = ~(flat.any(dim=1) | other_flat.any(dim=1))
        return F.cosine_similarity(flat, other_flat, dim=1).masked_fill(both_empty, 1.0)

    return torch.stack(memories.tensors_of(memories.transform(cosine, memory, other))).mean(dim=0)


def observe(
    agent: Agent[SomeMemory], task: AnyTask, batch: InstanceBatch, iterations: int
) -> dict[str, np.ndarray]:
    """Look at every iteration on a few problems.

    Returns:
        ``residuals`` and ``solved`` ``(B, T)``, of mazes also ``agreement`` and ``filling_rounds``;
        and ``last_changed`` ``(B,)``: see ``Diagnosis``.
    """
    count = len(batch)
    filled = task.filling_rounds(batch)
    names = ("residuals", "solved", *(() if filled is None else ("agreement", "filling_rounds")))
    seen = {name: np.zeros((count, iterations)) for name in names}
    last_changed = np.zeros(count, np.int64)
    rollout = agent.start(batch.problems)
    answer = rollout.answers()
    now: dict[str, np.ndarray] = {}
    for iteration in range(iterations):
        rollout.advance(1)
        now["residuals"] = rollout.residuals.cpu().numpy()
        last_answer, answer = answer, rollout.answers()
        changed = (answer != last_answer).reshape(count, -1).any(axis=1)
        last_changed[changed] = iteration + 1
        if changed.any() or iteration == 0:
            now["solved"], _ = task.judge(batch, answer)
            if filled is not None:
                now["agreement"], now["filling_rounds"] = agreement_with(filled, answer)
        for name in names:
            seen[name][:, iteration] = now[name]
        if iteration % CHECK_EVERY == 0 and now["residuals"].max() <= TOLERANCE:
            for name in names:  # what comes later is the same
                seen[name][:, iteration + 1 :] = now[name][:, None]
            break
    return {**seen, "last_changed": last_changed}


def agreement_with(filled: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How well answers agree with dead-end filling, after the rounds that fit best.

    Args:
        filled: ``(B, H, W)`` int32, the round in which each cell is filled; 0 for walls, -1 for
            cells that stay.
        answers: ``(B, H, W)`` uint8.

    Returns:
        The share of free cells that agree ``(B,)``, and the rounds ``(B,)``.
    """
    shares, rounds = np.zeros(len(filled)), np.zeros(len(filled), np.int64)
    for index, (filled_in, answer) in enumerate(zip(filled, answers, strict=True)):
        free = filled_in != 0
        last = max(0, int(filled_in.max()))
        # Before any round all free cells are left. Round r takes those cells away that are filled
        # in it: each one that is marked becomes a difference, each other one agrees from then on.
        differing = np.zeros(last + 1, np.int64)
        differing[0] = np.count_nonzero(free & (answer == 0))
        is_filled = filled_in > 0
        changes = np.where(answer[is_filled] != 0, 1, -1)
        differing[1:] = np.bincount(filled_in[is_filled], changes, last + 1)[1:].astype(np.int64)
        differing = differing.cumsum()
        rounds[index] = differing.argmin()
        shares[index] = 1 - differing[rounds[index]] / np.count_nonzero(free)
    return shares, rounds
