"""Recovery: does an agent find its answer again after it has been disturbed?

Shapes: B problems, whose answers are judged E times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import numpy as np
import torch

from thinkenv.deep_thinking.agent import TOLERANCE, Agent
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.deep_thinking.rollout.rollout import Rollout
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
    count = len(batch)
    when = np.zeros(count) if disturbed_at is None else disturbed_at
    recovery = Recovery(
        (EVAL_EVERY * np.round(when / EVAL_EVERY)).astype(np.int64),
        right_before=np.zeros(count, np.bool_),
        right=np.zeros((count, 1 + max(1, round(iterations / EVAL_EVERY))), np.bool_),
        cells=np.zeros(count),
        converged=np.zeros(count, np.bool_),
    )
    # Chunks of two at least: each problem needs another one beside it.
    chunks = max(1, count // max(2, agent.chunk_size(batch.problems)))
    for index in np.array_split(np.arange(count), chunks):
        stream = torch.Generator(agent.device).manual_seed(seed * 1_000_003 + int(index[0]))
        # If all changes in every iteration, looking for cells that do not would not pay.
        rollout = agent.start(batch.problems[index], everywhere=disturbed_at is None)
        ours = slice(index[0], index[-1] + 1)
        part = Recovery(*(column[ours] for column in vars(recovery).values()))  # views
        disturbed = Disturbed(rollout, task, batch[index], disturbance, stream, part)
        if disturbed_at is None:
            disturbed.watch_throughout()
        else:
            disturbed.watch_once()
        if progress is not None:
            progress(len(index))
    return recovery


def other_problems(task: AnyTask, batch: InstanceBatch, disturbance: Disturbance) -> InstanceBatch:
    """The problems ``(B,)`` that take the place of a batch."""
    if disturbance.kind == "another" and task.count is not None:
        return batch[np.roll(np.arange(len(batch)), 1)]  # there are no others: each gets the next
    others = instances_of_seed(OTHER_PROBLEMS, len(batch))
    return task.perturb(batch, others) if disturbance.kind == "moved" else task.draw(others)


@dataclass
class Disturbed(Generic[SomeMemory]):
    """Thoughts about few enough problems to go on at once, to be disturbed.

    Attributes:
        rollout: The thoughts, not begun.
        task: The task of the problems.
        batch: The problems, which may be replaced.
        disturbance: What is done.
        stream: Where random numbers come from.
        recovery: What became of them, to be filled in; ``disturbed_at`` is.
    """

    rollout: Rollout[SomeMemory]
    task: AnyTask
    batch: InstanceBatch
    disturbance: Disturbance
    stream: torch.Generator
    recovery: Recovery

    def watch_once(self) -> None:
        """Disturb each thought once."""
        rollout, batch, recovery = self.rollout, self.batch, self.recovery
        changes_problem = self.disturbance.changes_problem
        others = other_problems(self.task, batch, self.disturbance) if changes_problem else None
        disturbed_at = recovery.disturbed_at
        last_eval = disturbed_at + (recovery.right.shape[1] - 1) * EVAL_EVERY
        for done in range(0, int(last_eval.max()) + 1, EVAL_EVERY):
            now = np.flatnonzero(disturbed_at == done)
            if len(now):
                right, _ = self.task.judge(batch, rollout.answers())
                recovery.right_before[now] = right[now]
                if others is not None:
                    batch.replace(now, others[now])
                    rollout.change_problems(batch.problems)
                else:
                    self._disturb(now)
            watched = np.flatnonzero((disturbed_at <= done) & (done <= last_eval))
            if len(watched):
                right, cells = self.task.judge(batch, rollout.answers())
                since = (done - disturbed_at[watched]) // EVAL_EVERY
                recovery.right[watched, since] = right[watched]
                at_end = np.flatnonzero(last_eval == done)
                recovery.cells[at_end] = cells[at_end]
                recovery.converged[at_end] = (rollout.residuals <= TOLERANCE).cpu().numpy()[at_end]
            rollout.advance(EVAL_EVERY)

    def watch_throughout(self) -> None:
        """Disturb every memory after every single iteration."""
        recovery = self.recovery
        for index in range(recovery.right.shape[1]):
            for _ in range(EVAL_EVERY if index else 0):
                before = memories.transform(torch.clone, self.rollout.memory)
                self.rollout.advance(1)
                self._disturb(np.arange(len(self.batch)))
            judged = self.task.judge(self.batch, self.rollout.answers())
            recovery.right[:, index], recovery.cells[:] = judged
        change = memories.residuals(self.rollout.memory, before)
        recovery.converged[:] = (change <= TOLERANCE).cpu().numpy()

    def _disturb(self, index: np.ndarray) -> None:
        """Disturb the memories of some problems, ``(n,)`` int64."""
        chosen = torch.from_numpy(index).to(self.rollout.device)
        memory = self.disturbance.of_some(self.rollout.memory, chosen, self.stream)
        self.rollout.restart(memory)
