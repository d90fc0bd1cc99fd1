"""Recovery in mid-tree: is the move right all the same if memories are disturbed on the way?

The memories of the position thought about and of all positions imagined so far are disturbed at one
time. What was found before stays: visits, values, and which moves are candidates. What is imagined
from then on begins with disturbed memories.

Shapes: B problems, whose answers are judged E times; T of them grow trees of N nodes together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from thinkenv.chess_puzzles.consequences import NOT_OVER
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.deep_thinking.agent import Agent, Thought
from thinkenv.deep_thinking.analysis.disturbances import Disturbance
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination.going_on import trees_at_a_time
from thinkenv.deep_thinking.imagination.manner import USUAL, Manner, imagining
from thinkenv.deep_thinking.imagination.trees import Trees
from thinkenv.tasks.base import AnyTask, InstanceBatch

# What can be done to the memories of a tree: the problem stays, and there are no boards.
POSSIBLE = ("none", "zero", "foreign", "random", "noise", "flip")
EVALS = 16  # how often answers are judged after a disturbance, about
# How many times as much space as the trees themselves a disturbance needs: memories in float32,
# those of other trees, and what becomes of them.
SPACE = 8


@dataclass
class TreeRecovery:
    """What became of B problems whose trees were disturbed.

    Attributes:
        disturbed_at: After how many imagined positions.
        eval_every: After how many more, again and again, answers were judged.
        right: ``(B, E)`` bool, whether the answer was right; at first just before the disturbance,
            and in the end after all positions.
        cells: ``(B,)`` float64, the share of squares that are right at the end.
    """

    disturbed_at: int
    eval_every: int
    right: np.ndarray
    cells: np.ndarray

    @property
    def right_before(self) -> np.ndarray:
        """``(B,)`` bool, whether the answer was right just before the disturbance."""
        return self.right[:, 0]

    @property
    def recovered(self) -> np.ndarray:
        """``(B,)`` bool, whether the answer was right in the end."""
        return self.right[:, -1]


def check_possible(disturbance: Disturbance, problems: int) -> None:
    """Check that this can be done to the trees of so many problems.

    Raises:
        ValueError: If not.
    """
    if disturbance.kind not in POSSIBLE:
        raise ValueError(
            f"with --imagine a disturbance must be one of {', '.join(POSSIBLE)}, "
            f"got '{disturbance}'"
        )
    disturbance.check(False, problems)


def measure_tree_recovery(
    agent: Agent[Tensor],
    task: AnyTask,
    batch: InstanceBatch,
    thought: Thought[Tensor],
    disturbance: Disturbance,
    share: float,
    imagine: int,
    seed: int = 0,
    manner: Manner = USUAL,
    progress: Callable[[int], object] = lambda done: None,
) -> TreeRecovery:
    """Let an agent imagine, disturb all its memories, and see what it plays in the end.

    Args:
        agent: The agent, whose net imagines.
        task: The task that the problems are of.
        batch: ``(B,)`` problems of it.
        thought: The first thought about them.
        disturbance: What is done.
        share: When: after this share of the imagined positions, 0 to 1.
        imagine: How many positions are imagined of each problem.
        seed: Decides the random numbers.
        manner: How positions are imagined.
        progress: Called with the number of problems done since the last call.

    Raises:
        ValueError: If the net cannot imagine, or the disturbance cannot be done.
    """
    check_possible(disturbance, len(batch))
    net, codec = imagining(agent.net), agent.codec
    assert isinstance(codec, MoveCodec)
    begin = round(share * imagine)
    every = max(1, (imagine - begin) // EVALS)
    points = [*range(begin, imagine, every), imagine]
    positions = positions_of_planes(thought.problems)
    right = np.zeros((len(batch), len(points)), np.bool_)
    cells = np.zeros(len(batch))
    # Chunks of two at least: each tree needs another one beside it.
    chunks = len(batch) // max(2, trees_at_a_time(SPACE * imagine, thought.memory))
    for index in np.array_split(np.arange(len(batch)), max(1, chunks)):
        stream = torch.Generator(agent.device).manual_seed(seed * 1_000_003 + int(index[0]))
        memory = thought.memory[torch.from_numpy(index)]
        with agent.acceleration.mixed(agent.device):
            trees = Trees(net, positions[index], memory, imagine, manner)
            for number, (done, point) in enumerate(pairwise([0, *points])):
                for _ in range(point - done):
                    trees.imagine()
                answers = codec.answers(torch.from_numpy(trees.preferences())).numpy()
                right[index, number], cells[index] = task.judge(batch[index], answers)
                if number == 0:
                    disturb(trees, disturbance, stream)
        progress(len(index))
    return TreeRecovery(begin, every, right, cells)


def disturb(trees: Trees, disturbance: Disturbance, stream: torch.Generator) -> None:
    """Disturb all memories of some trees.

    A foreign memory is that of the tree before, of the node of the same number: it was imagined at
    the same time. Where that tree has none there, the memory stays as it was.

    Args:
        trees: T trees, whose memories are changed.
        disturbance: What is done.
        stream: Where random numbers come from.
    """
    nodes = int(trees.nodes.max())
    exists = np.arange(nodes) < trees.nodes[:, None]
    exists &= trees.results[:, :nodes] == NOT_OVER  # what is over is not thought about
    if disturbance.kind == "foreign":
        exists &= np.roll(exists, 1, axis=0)
    which = torch.from_numpy(np.argwhere(exists)).to(trees.memory.device)  # (n, 2)
    memory = trees.memory[which[:, 0], which[:, 1]].float()
    others = trees.memory[(which[:, 0] - 1) % len(trees), which[:, 1]].float()
    after = disturbance.of(memory, others, stream)
    trees.memory[which[:, 0], which[:, 1]] = after.to(trees.memory.dtype)


def row_scores(recovery: TreeRecovery, undisturbed: TreeRecovery) -> dict[str, Any]:
    """What a row says of problems that were disturbed, beside the same ones undisturbed.

    ``lost`` are those that are right without the disturbance alone, ``gained`` those that are right
    with it alone.
    """
    without, after = undisturbed.recovered, recovery.recovered
    return {
        "solved": after,
        "cells": recovery.cells,
        "right_before": recovery.right_before,
        "undisturbed": without,
        "lost": without & ~after,
        "gained": after & ~without,
    }


def shares_within(shares: Sequence[float | None]) -> list[float]:
    """The shares of ``--disturb-at``, of imagined positions.

    Raises:
        ValueError: If one is above 1, or it is to be in every iteration.
    """
    found = []
    for share in shares:
        if share is None or share > 1:
            given = "every" if share is None else f"{share:g}"
            raise ValueError(f"--disturb-at must be from 0 to 1 with --imagine, got {given}")
        found.append(share)
    return found
