"""What a tree of imagined positions says of each move that was looked into."""

from dataclasses import dataclass

import numpy as np

from thinkenv.deep_thinking.imagination.trees import Trees
from thinkenv.deep_thinking.kernels.trees import NOT_IMAGINED


@dataclass(frozen=True)
class Line:
    """A move, and what is expected after it.

    Attributes:
        actions: The move and those that follow, of both sides in turn, each seen from who moves.
        visits: How many of the imagined positions lie behind it.
        value: The mean of their values, for the thinker.
        mate: In how many moves of both sides the thinker mates for certain; negative where it is
            mated, and 0 where neither is certain.
    """

    actions: list[int]
    visits: int
    value: float
    mate: int


def lines_of(trees: Trees, tree: int) -> list[Line]:
    """The moves of one tree that were looked into, the best first.

    Those that mate for certain come first, the quicker ones before; then those that are preferred;
    and last those that are mated.
    """
    mates = trees.mates(tree)
    scores = trees.scores(np.array([tree]))[0]
    lines = []
    for candidate in range(int(trees.counts[tree, 0])):
        visits = int(trees.visits[tree, 0, candidate])
        if visits > 0:
            value = float(trees.totals[tree, 0, candidate]) / visits
            # What is known of the position after the move counts the moves from there, and 1 more.
            mate = int(mates[trees.children[tree, 0, candidate]])
            line = Line(follow(trees, tree, candidate, mates), visits, value, mate)
            lines.append((-np.sign(mate), -scores[candidate] * (mate == 0), mate, line))
    # Candidates are in the order of their probability, which sorting keeps where all else is equal.
    return [line for *_, line in sorted(lines, key=lambda entry: entry[:3])]


def follow(trees: Trees, tree: int, candidate: int, mates: np.ndarray) -> list[int]:
    """The actions of one tree after a candidate of its root, again and again the best known.

    That is the one that was looked into most; where a mate is certain, one that leads there as
    quickly as it can, or for the side that is mated, as slowly.
    """
    actions = []
    node = 0
    while True:
        actions.append(int(trees.actions[tree, node, candidate]))
        node = int(trees.children[tree, node, candidate])
        if node == NOT_IMAGINED or not trees.visits[tree, node].any():
            return actions
        candidate = int(trees.visits[tree, node].argmax())
        if mates[node] != 0:
            children = trees.children[tree, node, : trees.counts[tree, node]]
            expected = mates[node] - np.sign(mates[node])
            is_expected = (children != NOT_IMAGINED) & (mates[children] == expected)
            candidate = int(is_expected.argmax())
