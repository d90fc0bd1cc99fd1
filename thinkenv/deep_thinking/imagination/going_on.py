"""Going on from thoughts about positions by imagining moves."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from thinkenv.chess_puzzles.moves import MOVES
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.deep_thinking.agent import Thought
from thinkenv.deep_thinking.codecs.base import AnyCodec
from thinkenv.deep_thinking.codecs.moves import MoveCodec
from thinkenv.deep_thinking.imagination.manner import ImaginingNet, Manner
from thinkenv.deep_thinking.imagination.trees import Trees

# Trees that grow at a time: enough for products to be efficient, and few enough that the memories
# of all their nodes stay within so many bytes, however many problems there are.
MOST_TREES = 128
MOST_BYTES = 2**29


def trees_at_a_time(capacity: int, memory: torch.Tensor) -> int:
    """How many trees of so many nodes grow at a time; memories are stored in two bytes a number."""
    bytes_of_tree = 2 * (capacity + 1) * memory[0].numel()
    return int(np.clip(MOST_BYTES // bytes_of_tree, 1, MOST_TREES))


def go_on_from(
    net: ImaginingNet,
    codec: AnyCodec,
    thought: Thought[Any],
    points: Sequence[int],
    manner: Manner,
    progress: Callable[[int], object],
) -> list[Thought[Any]]:
    """Imagine positions; the thoughts after each number of them.

    Args:
        net: The net.
        codec: How it reads problems: a ``MoveCodec``.
        thought: About B problems.
        points: Increasing numbers of imagined positions.
        manner: How they are imagined.
        progress: Called with the number of problems done since the last call.
    """
    assert isinstance(codec, MoveCodec)
    positions = positions_of_planes(thought.problems)
    noted: list[list[tuple]] = [[] for _ in points]
    size = trees_at_a_time(points[-1], thought.memory)
    for begin in range(0, len(positions), size):
        some = slice(begin, begin + size)
        trees = Trees(net, positions[some], thought.memory[some], points[-1], manner)
        for (done, point), notes in zip(pairwise([0, *points]), noted, strict=True):
            for _ in range(point - done):
                trees.imagine()
            lines = [[MOVES[action] for action in trees.line(tree)] for tree in range(len(trees))]
            notes.append((trees.preferences(), trees.imagined.copy(), lines))
        progress(len(trees))
    thoughts = []
    for notes in noted:
        preferences, imagined, lines_of_parts = zip(*notes, strict=True)
        of_actions = np.concatenate(preferences)
        thoughts.append(
            replace(
                thought,
                answer=codec.answers(torch.from_numpy(of_actions)).numpy(),
                imagined=np.concatenate(imagined),
                preferences=np.log(np.maximum(of_actions, 1e-9)).astype(np.float32),
                lines=[line for part in lines_of_parts for line in part],
            )
        )
    return thoughts
