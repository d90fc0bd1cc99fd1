"""Recovery: does an agent find its answer again after it has been disturbed?

Shapes: B problems, whose answers are judged E times.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from thinkenv.deep_thinking.agent import TOLERANCE, Agent
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.tasks.base import AnyTask, InstanceBatch
from thinkenv.tasks.seeds import instances_of_seed

# Answers are judged once in so many iterations.
EVAL_EVERY = 16
# The seed of the problems that take the place of others, far from those of any evaluation.
OTHER_PROBLEMS = 2**31 - 1


@dataclass
class Recovery:
    """What became of B problems that were disturbed once, or in every iteration.

    Attributes:
        disturbed_at: ``(B,)`` int64, the iterations before the disturbance.
        right_before: ``(B,)`` bool, whether the answer was right just before it.
        right: ``(B, E)`` bool, whether it was right ``k * EVAL_EVERY`` iterations after it.
        cells: ``(B,)`` float64, the share of cells that are right at the end.
        converged: ``(B,)`` bool, whether the memory had stopped changing then.
    """

    disturbed_at: np.ndarray
    right_before: np.ndarray
    right: np.ndarray
    cells: np.ndarray
    converged: np.ndarray

    @property
    def recovered(self) -> np.ndarray:
        """``(B,)`` bool, whether the answer was right in the end."""
        return self.right[:, -1]

    @property
    def iterations_until_right(self) -> np.ndarray:
        """``(B,)`` float64, after how many iterations it was right for good; inf where never."""
        evals = self.right.shape[1]
        wrong = ~self.right
        last_wrong = np.where(wrong.any(axis=1), evals - 1 - wrong[:, ::-1].argmax(axis=1), -1)
        return np.where(last_wrong < evals - 1, (last_wrong + 1.0) * EVAL_EVERY, np.inf)

    @staticmethod
    def concatenate(parts: list["Recovery"]) -> "Recovery":
        """The recoveries of several chunks of problems as one."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return Recovery(*map(np.concatenate, columns))


def measure_recovery(
    agent: Agent[SomeMemory],
    task: AnyTask,
    batch: InstanceBatch,
    disturbance: Disturbance,
    disturbed_at: np.ndarray | None,
    iterations: int,
    seed: int = 0,
    progress: Callable[[int], object] | None = None,
) -> Recovery:
    """Let an agent think, disturb it, and watch whether its answers become right again.

    Args:
        agent: The agent.
        task: The task that the problems are of.
        batch: ``(B,)`` problems of it.
        disturbance: What is done.
        disturbed_at: ``(B,)``, after how many iterations each problem is disturbed; they are
            rounded to multiples of ``EVAL_EVERY``. None for every iteration, from the first one on.
        iterations: How long to watch from the disturbance on, rounded likewise.
        seed: Decides the random numbers.
        progress: Called with the number of problems done since the last call.

    Raises:
        ValueError: If there are too few problems to take a memory from another one, or a problem
            is to be changed in every iteration.
    """
    disturbance.check(disturbed_at is None, len(batch))
    evals = 1 + max(1, round(iterations / EVAL_EVERY))
    # Chunks of two at least: each problem needs another one beside it.
    chunks = max(1, len(batch) // max(2, agent.chunk_size(batch.problems)))
    parts = []
    for index in np.array_split(np.arange(len(batch)), chunks):
        stream = torch.Generator(agent.device).manual_seed(seed * 1_000_003 + int(index[0]))
        if disturbed_at is None:
            part = disturb_throughout(agent, task, batch[index], disturbance, evals, stream)
        else:
            when = (EVAL_EVERY * np.round(disturbed_at[index] / EVAL_EVERY)).astype(np.int64)
            part = disturb_once(agent, task, batch[index], disturbance, when, evals, stream)
        parts.append(part)
        if progress is not None:
            progress(len(index))
    return Recovery.concatenate(parts)


def other_problems(task: AnyTask, batch: InstanceBatch, disturbance: Disturbance) -> InstanceBatch:
    """The problems ``(B,)`` that take the place of a batch."""
    if disturbance.kind == "another" and task.count is not None:
        return batch[np.roll(np.arange(len(batch)), 1)]  # there are no others: each gets the next
    others = instances_of_seed(OTHER_PROBLEMS, len(batch))
    return task.perturb(batch, others) if disturbance.kind == "moved" else task.draw(others)


def empty_recovery(disturbed_at: np.ndarray, evals: int) -> Recovery:
    """Nothing measured yet of problems that are disturbed after these iterations ``(B,)``."""
    count = len(disturbed_at)
    return Recovery(
        disturbed_at,
        right_before=np.zeros(count, np.bool_),
        right=np.zeros((count, evals), np.bool_),
        cells=np.zeros(count),
        converged=np.zeros(count, np.bool_),
    )


def disturb_once(
    agent: Agent[SomeMemory],
    task: AnyTask,
    batch: InstanceBatch,
    disturbance: Disturbance,
    disturbed_at: np.ndarray,
    evals: int,
    stream: torch.Generator,
) -> Recovery:
    """``measure_recovery`` for few enough problems to be thought about at once."""
    batch = batch[np.arange(len(batch))]  # a copy, since problems may be replaced
    others = other_problems(task, batch, disturbance) if disturbance.changes_problem else None
    rollout = agent.start(batch.problems)
    recovery = empty_recovery(disturbed_at, evals)
    last_eval = disturbed_at + (evals - 1) * EVAL_EVERY
    for done in range(0, int(last_eval.max()) + 1, EVAL_EVERY):
        now = np.flatnonzero(disturbed_at == done)
        if len(now):
            right, _ = task.judge(batch, rollout.answers())
            recovery.right_before[now] = right[now]
            if others is not None:
                batch.replace(now, others[now])
                rollout.change_problems(batch.problems)
            else:
                chosen = torch.from_numpy(now).to(agent.device)
                rollout.restart(disturbance.of_some(rollout.memory, chosen, stream))
        watched = np.flatnonzero((disturbed_at <= done) & (done <= last_eval))
        if len(watched):
            right, cells = task.judge(batch, rollout.answers())
            recovery.right[watched, (done - disturbed_at[watched]) // EVAL_EVERY] = right[watched]
            at_end = np.flatnonzero(last_eval == done)
            recovery.cells[at_end] = cells[at_end]
            recovery.converged[at_end] = (rollout.residuals <= TOLERANCE).cpu().numpy()[at_end]
        rollout.advance(EVAL_EVERY)
    return recovery


def disturb_throughout(
    agent: Agent[SomeMemory],
    task: AnyTask,
    batch: InstanceBatch,
    disturbance: Disturbance,
    evals: int,
    stream: torch.Generator,
) -> Recovery:
    """``measure_recovery`` where the memory is disturbed after every single iteration."""
    recovery = empty_recovery(np.zeros(len(batch), np.int64), evals)
    everyone = torch.arange(len(batch), device=agent.device)
    # Everything changes in every iteration, so looking for cells that do not would not pay.
    rollout = agent.start(batch.problems, everywhere=True)
    for index in range(evals):
        for _ in range(EVAL_EVERY if index else 0):
            before = memories.transform(torch.clone, rollout.memory)
            rollout.advance(1)
            rollout.restart(disturbance.of_some(rollout.memory, everyone, stream))
        recovery.right[:, index], recovery.cells[:] = task.judge(batch, rollout.answers())
    change = memories.residuals(rollout.memory, before)
    recovery.converged[:] = (change <= TOLERANCE).cpu().numpy()
    return recovery
