"""Recovery: does an agent find its answer again after it has been disturbed?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from thinkenv.tasks.seeds import LAST_INSTANCE

from .agent import CELLS_PER_CHUNK, TOLERANCE, Agent, start_thought
from .disturbances import Disturbance

# Answers are looked at once in so many iterations.
LOOK_EVERY = 16
# The seed of the problems that take the place of others, far from those of any evaluation.
OTHER_PROBLEMS = 2**31 - 1


@dataclass
class Recovery:
    """What became of B problems that were disturbed once, or in every iteration.

    Attributes:
        moments: ``(B,)`` int64, the iterations before the disturbance.
        right_before: ``(B,)`` bool, whether the answer was right just before it.
        right: ``(B, looks)`` bool, whether it was right ``k * LOOK_EVERY`` iterations after it.
        cells: ``(B,)`` float64, the share of cells that are right in the last look.
        converged: ``(B,)`` bool, whether the memory had stopped changing then.
    """

    moments: np.ndarray
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
        looks = self.right.shape[1]
        wrong = ~self.right
        last_wrong = np.where(wrong.any(axis=1), looks - 1 - wrong[:, ::-1].argmax(axis=1), -1)
        return np.where(last_wrong < looks - 1, (last_wrong + 1.0) * LOOK_EVERY, np.inf)

    @staticmethod
    def join(parts: list["Recovery"]) -> "Recovery":
        """The recoveries of several chunks of problems as one."""
        columns = zip(*(vars(part).values() for part in parts), strict=True)
        return Recovery(*map(np.concatenate, columns))


def measure_recovery(
    agent: Agent,
    task: Any,
    batch: Any,
    disturbance: Disturbance,
    moments: np.ndarray | None,
    iterations: int,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Recovery:
    """Let an agent think, disturb it, and watch whether its answers become right again.

    Args:
        agent: Who thinks.
        task: The task of ``TASKS`` that the problems are of.
        batch: ``(B,)`` problems of it.
        disturbance: What is done.
        moments: ``(B,)``, after how many iterations each problem is disturbed; they are rounded to
            multiples of ``LOOK_EVERY``. None for every iteration, from the first one on.
        iterations: How long to watch from the disturbance on.
        seed: Decides the random numbers.
        progress: Called with the number of problems done since the last call.

    Raises:
        ValueError: If there are too few problems to take a memory from another one, or a problem
            is to be changed in every iteration.
    """
    disturbance.check(moments is None, len(batch))
    looks = 1 + max(1, round(iterations / LOOK_EVERY))
    cells = int(np.prod(agent.task.board(batch.problems)))
    per_chunk = max(2, CELLS_PER_CHUNK.get(agent.device.type, 60_000) // cells)
    parts = []
    for index in np.array_split(np.arange(len(batch)), max(1, len(batch) // per_chunk)):
        stream = torch.Generator(agent.device).manual_seed(seed * 1_000_003 + int(index[0]))
        when = None if moments is None else LOOK_EVERY * np.round(moments[index] / LOOK_EVERY)
        parts.append(_recover(agent, task, batch[index], disturbance, when, looks, stream))
        if progress is not None:
            progress(len(index))
    return Recovery.join(parts)


def other_problems(task: Any, batch: Any, disturbance: Disturbance) -> Any:
    """The problems ``(B,)`` that take the place of a batch."""
    if disturbance.kind == "another" and task.count < LAST_INSTANCE:
        return batch[np.roll(np.arange(len(batch)), 1)]  # there are no others: each gets the next
    others = task.draw(OTHER_PROBLEMS, len(batch))
    return task.vary(batch, others.instances) if disturbance.kind == "moved" else others


@torch.no_grad()
def _recover(agent, task, batch, disturbance, moments, looks, stream) -> Recovery:
    """``measure_recovery`` for few enough problems to be thought about at once."""
    count = len(batch)
    throughout = moments is None
    moments = np.zeros(count, np.int64) if throughout else moments.astype(np.int64)
    batch = batch[np.arange(count)]  # a copy, since problems may be replaced
    others = other_problems(task, batch, disturbance) if disturbance.changes_problem else None
    inputs = agent.task.encode(batch.problems, agent.device)
    seen = agent.net.perceive(inputs)
    memory = agent.net.empty_memory(inputs).contiguous(memory_format=torch.channels_last)
    thought = start_thought(agent.net, seen, memory, agent.run)
    right_before = np.zeros(count, np.bool_)
    right = np.zeros((count, looks), np.bool_)
    last_look = moments + (looks - 1) * LOOK_EVERY
    accuracies = np.zeros(count)
    converged = np.zeros(count, np.bool_)

    for done in range(0, int(last_look.max()) + 1, LOOK_EVERY):
        now = np.flatnonzero(moments == done)
        if len(now) and not throughout:
            right_before[now] = judge(agent, task, batch, memory)["solved"][now]
            if disturbance.changes_problem:
                batch.replace(now, others[now])
                seen = agent.net.perceive(agent.task.encode(batch.problems, agent.device))
            else:
                chosen = torch.from_numpy(now).to(memory.device)
                foreign = memory.roll(1, dims=0)[chosen]
                memory = memory.index_copy(
                    0, chosen, disturbance.of(memory[chosen], foreign, stream)
                )
            thought = start_thought(agent.net, seen, memory, agent.run)
        watched = np.flatnonzero((moments <= done) & (done <= last_look))
        if len(watched):
            scores = judge(agent, task, batch, memory)
            right[watched, (done - moments[watched]) // LOOK_EVERY] = scores["solved"][watched]
            at_end = np.flatnonzero(last_look == done)
            accuracies[at_end] = scores["cells"][at_end]
            converged[at_end] = (thought.changes <= TOLERANCE).cpu().numpy()[at_end]
        if throughout:
            for _ in range(LOOK_EVERY):
                before = memory
                memory = agent.net.step(memory, seen)
                memory = disturbance.of(memory, memory.roll(1, dims=0), stream)
            thought.changes = (memory - before).abs().amax(dim=(1, 2, 3))
        else:
            thought.advance(LOOK_EVERY)
            memory = thought.memory
    return Recovery(moments, right_before, right, accuracies, converged)


def judge(agent: Agent, task: Any, batch: Any, memory: torch.Tensor) -> dict[str, np.ndarray]:
    """The scores of the answers that memories ``(B, M, H, W)`` hold."""
    answers = agent.task.answer(agent.net.read(memory)).cpu().numpy()
    return task.judge(batch, answers)
