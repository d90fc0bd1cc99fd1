"""Trees of imagined positions: where to imagine next, and what is kept of what was found there.

Shapes: B trees, N nodes of a tree at most, C candidate moves of a node at most. Node 0 is the
position thought about.
"""

import numpy as np

from thinkenv.chess_puzzles.consequences import NOT_OVER, WON
from thinkenv.chess_puzzles.rules import MAX_MOVES, is_check, legal_moves
from thinkenv.kernels.compilation import kernel

NOT_IMAGINED = -1  # the child of a candidate that was not tried yet


@kernel
def choose_candidate(priors, visits, totals, pending, count, value, is_their_turn, exploration):
    """The candidate of a node that is worth imagining next: the rule called PUCT.

    A candidate is worth the mean of the values found behind it, seen from the side to move, and a
    bonus if it is probable and was tried little; one that was never tried is thought to be worth
    what its node is. (Silver et al. 2017, arXiv 1712.01815.) Tries under way, whose value is not
    known yet, count as tries alone. (Liu et al. 2020, arXiv 1810.11755.)

    Assumes one candidate at least, and not more than there are priors, visits, totals and pending
    ones.

    Args:
        priors: ``(C,)`` float64, how probable each candidate is before it is tried.
        visits: ``(C,)`` int64, how often each was tried.
        totals: ``(C,)`` float64, the sum of the values found behind each, for the thinker.
        pending: ``(C,)`` int32, how many more tries of each are under way.
        count: How many candidates there are.
        value: Of the node, for the thinker.
        is_their_turn: Whether the opponent is to move, for whom all values are the other way round.
        exploration: The weight of the bonus.
    """
    tried = 0
    for candidate in range(count):
        tried += visits[candidate] + pending[candidate]
    scale = exploration * np.sqrt(max(tried, 1))  # before the first visit, priors decide
    best = 0
    highest = -np.inf
    for candidate in range(count):
        worth = value
        if visits[candidate] > 0:
            worth = totals[candidate] / visits[candidate]
        if is_their_turn:
            worth = 1 - worth
        tries = visits[candidate] + pending[candidate]
        score = worth + scale * priors[candidate] / (1 + tries)
        if score > highest:
            highest = score
            best = candidate
    return best


@kernel
def find_leaves(trees, which, exploration, pending, paths, lengths):
    """Go down some trees to where something is to be imagined next, or where a game is over.

    A tree may be named several times: each way down knows of those before it, and so goes elsewhere
    where that pays. If it still comes to a candidate that is to be imagined for one of them, it is
    given up.

    Assumes trees as ``imagination.Trees`` holds them, whose nodes are over or have a candidate at
    least, indices of them, nothing but 0 in ``pending``, and room for a path as long as the trees
    are deep.

    Args:
        trees: ``(children, priors, visits, totals, counts, values, is_their_turn, results)`` of all
            trees: the first four ``(B, N, C)``, the others ``(B, N)``.
        which: ``(n,)`` int64, the trees.
        exploration: As of ``choose_candidate``.
        pending: ``(B, N, C)`` int32 of 0, as it is again in the end.
        paths: ``(n, L, 2)`` int32, filled: nodes, and the candidate chosen in each.
        lengths: ``(n,)`` int64, filled: how many, or 0 where the way was given up. The last
            candidate has not been imagined, or has led to a position where the game is over.
    """
    children, priors, visits, totals, counts, values, is_their_turn, results = trees
    for index in range(len(which)):
        tree = which[index]
        node = 0
        length = 0
        is_taken = False  # by another way down of this call
        while node != NOT_IMAGINED and results[tree, node] == NOT_OVER:
            candidate = choose_candidate(
                priors[tree, node],
                visits[tree, node],
                totals[tree, node],
                pending[tree, node],
                counts[tree, node],
                values[tree, node],
                is_their_turn[tree, node],
                exploration,
            )
            paths[index, length, 0] = node
            paths[index, length, 1] = candidate
            length += 1
            is_under_way = pending[tree, node, candidate] > 0
            node = children[tree, node, candidate]
            is_taken = node == NOT_IMAGINED and is_under_way
        if is_taken:
            length = 0
        for step in range(length):
            pending[tree, paths[index, step, 0], paths[index, step, 1]] += 1
        lengths[index] = length
    for index in range(len(which)):
        for step in range(lengths[index]):
            pending[which[index], paths[index, step, 0], paths[index, step, 1]] = 0


@kernel
def keep_values(visits, totals, which, paths, lengths, found):
    """Add the values found to all candidates on the paths that led there.

    Assumes paths of nodes and candidates of these trees.

    Args:
        visits: ``(B, N, C)`` int64, changed.
        totals: ``(B, N, C)`` float64, changed.
        which: ``(n,)`` int64, the trees.
        paths: ``(n, L, 2)`` int32, nodes and candidates.
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


@kernel
def find_mates(positions, is_their_turn, results, counts, children, distances):
    """Find the positions of a tree from which a mate is certain, whatever the other side plays.

    A side mates if one of its moves does, and is mated if all of its legal moves are: of those none
    may be missing in the tree.

    Assumes a tree as ``imagination.Trees`` holds it, where children come after their parents.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8, of the n nodes of the tree, seen from who moves.
        is_their_turn: ``(n,)`` bool, whether the thinker's opponent is to move.
        results: ``(n,)`` float64, what the game is worth where it is over.
        counts: ``(n,)`` int64, how many candidates there are.
        children: ``(n, C)`` int32.
        distances: ``(n,)`` int32, filled: in how many moves, of both sides, the thinker mates, and
            1 more; negative where it is mated; 0 where neither is certain.
    """
    moves = np.empty(MAX_MOVES, np.uint16)
    for node in range(len(positions) - 1, -1, -1):
        distances[node] = 0
        if results[node] != NOT_OVER:
            if results[node] == WON:
                distances[node] = 1
            elif not is_their_turn[node] and is_check(positions[node]):
                distances[node] = -1
            continue
        side = -1 if is_their_turn[node] else 1
        shortest = 0  # of the mates by who moves
        longest = 0  # of those by the other side
        lost = 0
        for child in children[node, : counts[node]]:
            distance = 0 if child == NOT_IMAGINED else side * distances[child]
            if distance > 0 and (shortest == 0 or distance < shortest):
                shortest = distance
            if distance < 0:
                lost += 1
                longest = max(longest, -distance)
        if shortest > 0:
            distances[node] = side * (shortest + 1)
        elif lost == counts[node] and legal_moves(positions[node], moves) == lost:
            distances[node] = -side * (longest + 1)
