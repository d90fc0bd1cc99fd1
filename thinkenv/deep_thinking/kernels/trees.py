"""Trees of imagined positions: where to imagine next, and what is kept of what was found there.

Shapes: B trees, N nodes of a tree at most, C candidate moves of a node at most. Node 0 is the
position thought about.
"""

import numpy as np

from thinkenv.chess_puzzles.consequences import NOT_OVER
from thinkenv.kernels.compilation import kernel

NOT_IMAGINED = -1  # the child of a candidate that was not tried yet


@kernel
def choose_candidate(priors, visits, totals, count, value, is_their_turn, exploration):
    """The candidate of a node that is worth imagining next: the rule called PUCT.

    A candidate is worth the mean of the values found behind it, seen from the side to move, and a
    bonus if it is probable and was tried little; one that was never tried is thought to be worth
    what its node is. (Silver et al. 2017, arXiv 1712.01815.)

    Assumes one candidate at least, and not more than there are priors, visits and totals.

    Args:
        priors: ``(C,)`` float64, how probable each candidate is before it is tried.
        visits: ``(C,)`` int64, how often each was tried.
        totals: ``(C,)`` float64, the sum of the values found behind each, for the thinker.
        count: How many candidates there are.
        value: Of the node, for the thinker.
        is_their_turn: Whether the opponent is to move, for whom all values are the other way round.
        exploration: The weight of the bonus.
    """
    tried = 0
    for candidate in range(count):
        tried += visits[candidate]
    scale = exploration * np.sqrt(max(tried, 1))  # before the first visit, priors decide
    best = 0
    highest = -np.inf
    for candidate in range(count):
        worth = value
        if visits[candidate] > 0:
            worth = totals[candidate] / visits[candidate]
        if is_their_turn:
            worth = 1 - worth
        score = worth + scale * priors[candidate] / (1 + visits[candidate])
        if score > highest:
            highest = score
            best = candidate
    return best


@kernel
def find_leaves(trees, which, exploration, paths, lengths):
    """Go down some trees to where something is to be imagined next, or where a game is over.

    Assumes trees as ``imagination.Trees`` holds them, whose nodes are over or have a candidate at
    least, indices of them, and room for N pairs in each path.

    Args:
        trees: ``(children, priors, visits, totals, counts, values, is_their_turn, results)`` of all
            trees: the first four ``(B, N, C)``, the others ``(B, N)``.
        which: ``(n,)`` int64, the trees.
        exploration: As of ``choose_candidate``.
        paths: ``(n, N, 2)`` int32, filled: nodes, and the candidate chosen in each.
        lengths: ``(n,)`` int64, filled: how many. The last candidate has not been imagined, or has
            led to a position where the game is over.
    """
    children, priors, visits, totals, counts, values, is_their_turn, results = trees
    for index in range(len(which)):
        tree = which[index]
        node = 0
        length = 0
        while node != NOT_IMAGINED and results[tree, node] == NOT_OVER:
            candidate = choose_candidate(
                priors[tree, node],
                visits[tree, node],
                totals[tree, node],
                counts[tree, node],
                values[tree, node],
                is_their_turn[tree, node],
                exploration,
            )
            paths[index, length, 0] = node
            paths[index, length, 1] = candidate
            length += 1
            node = children[tree, node, candidate]
        lengths[index] = length


@kernel
def keep_values(visits, totals, which, paths, lengths, found):
    """Add the values found to all candidates on the paths that led there.

    Assumes paths of nodes and candidates of these trees.

    Args:
        visits: ``(B, N, C)`` int64, changed.
        totals: ``(B, N, C)`` float64, changed.
        which: ``(n,)`` int64, the trees.
        paths: ``(n, N, 2)`` int32, nodes and candidates.
        lengths: ``(n,)`` int64, how many of each.
        found: ``(n,)`` float64, the values.
    """
    for index in range(len(which)):
        tree = which[index]
        for step in range(lengths[index]):
            node = paths[index, step, 0]
            candidate = paths[index, step, 1]
            visits[tree, node, candidate] += 1
            totals[tree, node, candidate] += found[index]
