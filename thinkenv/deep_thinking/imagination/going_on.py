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
# of all their nodes stay within so many bytes, however many problems there are. (One tree of more
# than some 65,000 positions takes more.)
MOST_TREES = 128
MOST_BYTES = 2**29
# There is room for so many positions at first, at most: trees may settle or be decided long before
# they are as large as they may become. Once in so many it is looked whether a tree has settled.
FIRST_ROOM = 256
LOOK_EVERY = 4


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
        room = room_at_first(points[-1])
        trees = Trees(net, positions[some], thought.memory[some], room, manner)
        for (done, point), notes in zip(pairwise([0, *points]), noted, strict=True):
            for _ in range(point - done):
                trees.imagine()
            lines = [moves_of_line(trees, tree) for tree in range(len(trees))]
            notes.append((trees.preferences(), trees.imagined.copy(), lines))
        progress(len(trees))
    thoughts = []
    for notes in noted:
        preferences, imagined, lines_of_parts = zip(*notes, strict=True)
        lines = [line for part in lines_of_parts for line in part]
        of_actions, counts = np.concatenate(preferences), np.concatenate(imagined)
        thoughts.append(thought_of(codec, thought, of_actions, counts, lines))
    return thoughts


def settle_from(
    net: ImaginingNet,
    codec: AnyCodec,
    thought: Thought[Any],
    most: int,
    manner: Manner,
    progress: Callable[[int], object],
) -> Thought[Any]:
    """Imagine positions until each tree has settled: see ``Trees.are_settled``.

    A tree that has settled makes room for that of another problem, so that many always grow
    together.

    Args:
        net: The net.
        codec: How it reads problems: a ``MoveCodec``.
        thought: About B problems.
        most: Where to give up: after so many imagined positions.
        manner: How they are imagined.
        progress: Called with the number of problems done since the last call.
    """
    assert isinstance(codec, MoveCodec)
    positions = positions_of_planes(thought.problems)
    count = len(positions)
    of_actions = np.zeros((count, len(MOVES)))
    imagined = np.zeros(count, np.int64)
    settled = np.zeros(count, np.bool_)
    lines: list[list[str]] = [[] for _ in range(count)]
    problems = np.arange(min(count, trees_at_a_time(most, thought.memory)))  # of the trees
    begun = len(problems)
    room = room_at_first(most)
    trees = Trees(net, positions[:begun], thought.memory[:begun], room, manner)
    growing = np.arange(begun)
    while len(growing):
        are_settled = trees.are_settled(growing)
        is_done = are_settled | (trees.imagined[growing] >= most)
        done, growing = growing[is_done], growing[~is_done]
        if len(done):
            told = problems[done]
            of_actions[told] = trees.preferences(done)
            imagined[told] = trees.imagined[done]
            settled[told] = are_settled[is_done]
            for problem, tree in zip(told.tolist(), done.tolist(), strict=True):
                lines[problem] = moves_of_line(trees, tree)
            progress(len(done))
            free = done[: count - begun]
            if len(free):
                problems[free] = np.arange(begun, begun + len(free))
                begun += len(free)
                chosen = problems[free]
                trees.replace(free, positions[chosen], thought.memory[torch.from_numpy(chosen)])
                growing = np.sort(np.concatenate([growing, free]))
                continue  # some may be settled before anything was imagined
        for _ in range(LOOK_EVERY):
            trees.imagine(growing[trees.imagined[growing] < most])
    return replace(thought_of(codec, thought, of_actions, imagined, lines), settled=settled)


def room_at_first(most: int) -> int:
    """For how many imagined positions there is room at first, where there may be so many.

    By doubling it comes to hardly more than that.
    """
    room = most
    while room > FIRST_ROOM:
        room = (room + 1) // 2
    return room


def moves_of_line(trees: Trees, tree: int) -> list[str]:
    """The moves that one tree expects, each as the side sees it that moves."""
    return [MOVES[action] for action in trees.line(tree)]


def thought_of(
    codec: MoveCodec,
    thought: Thought[Any],
    of_actions: np.ndarray,
    imagined: np.ndarray,
    lines: list[list[str]],
) -> Thought[Any]:
    """A thought after imagining.

    Args:
        codec: How answers are read.
        thought: Before it, about B problems.
        of_actions: ``(B, len(MOVES))``, how much each action is preferred, 0 to 1: see
            ``Trees.scores``.
        imagined: ``(B,)``, how many positions were.
        lines: The moves expected of each problem.
    """
    return replace(
        thought,
        answer=codec.answers(torch.from_numpy(of_actions)).numpy(),
        imagined=imagined,
        preferences=np.log(np.maximum(of_actions, 1e-9)).astype(np.float32),
        lines=lines,
    )
