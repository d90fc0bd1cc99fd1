"""Kernels that grow trees stay within bounds, and choose as a slow rule in plain Python does."""

import math

import chess
import numpy as np

from tests.kernels.contracts.positions import POSITIONS, board_of
from tests.kernels.contracts.test_chess_puzzles_playing import moves_of
from thinkenv.chess_puzzles.consequences import NOT_OVER, NOT_WON, WON
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.chess_puzzles.rules import is_check, play
from thinkenv.deep_thinking.kernels import trees
from thinkenv.deep_thinking.kernels.trees import NOT_IMAGINED


def scores_slowly(priors, visits, totals, pending, value, is_theirs, exploration):
    """What each candidate is worth, and its bonus."""
    tries = [visit + more for visit, more in zip(visits, pending, strict=True)]
    scores = []
    for prior, visit, total, tried in zip(priors, visits, totals, tries, strict=True):
        worth = total / visit if visit else value
        bonus = exploration * math.sqrt(max(sum(tries), 1)) * prior / (1 + tried)
        scores.append((1 - worth if is_theirs else worth) + bonus)
    return scores


def test_choose_candidate():
    rng = np.random.default_rng(31)
    for trial in range(3000):
        size = int(rng.integers(1, 9))
        count = size if trial % 2 else int(rng.integers(1, size + 1))
        priors = rng.dirichlet(np.ones(size))
        visits = rng.choice([0, 1, 2, 50], size)
        totals = rng.random(size) * visits
        pending = rng.choice([0, 0, 1, 3], size).astype(np.int32)
        value, is_theirs, exploration = rng.random(), bool(rng.integers(2)), rng.choice([1e-9, 2.0])
        chosen = trees.choose_candidate(
            priors, visits, totals, pending, count, value, is_theirs, exploration
        )
        arrays = (array[:count].tolist() for array in (priors, visits, totals, pending))
        scores = scores_slowly(*arrays, value, is_theirs, exploration)
        assert 0 <= chosen < count and math.isclose(scores[chosen], max(scores))


class GrowingTrees:
    """Trees of made-up games, of as many nodes as there is room for, in the kernels' arrays."""

    def __init__(self, rng: np.random.Generator, count: int, nodes: int, candidates: int):
        self.rng = rng
        shape = (count, nodes, candidates)
        self.children = np.full(shape, NOT_IMAGINED, np.int32)
        self.priors = rng.dirichlet(np.ones(candidates), (count, nodes))
        self.visits, self.totals = np.zeros(shape, np.int64), np.zeros(shape)
        self.counts = rng.integers(1, candidates + 1, (count, nodes))
        self.values = rng.random((count, nodes))
        self.is_their_turn = rng.random((count, nodes)) < 0.5
        self.results = rng.choice([NOT_OVER, NOT_OVER, NOT_WON, WON], (count, nodes))
        self.results[:, 0] = NOT_OVER
        self.pending = np.zeros(shape, np.int32)
        self.nodes = np.ones(count, np.int64)
        self.depths = np.zeros((count, nodes), np.int64)

    def leaves(self, which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Paths, of no more room than is needed, and their lengths."""
        columns = (self.children, self.priors, self.visits, self.totals)
        columns += (self.counts, self.values, self.is_their_turn, self.results)
        paths = np.full((len(which), int(self.depths.max()) + 1, 2), -9, np.int32)
        lengths = np.empty(len(which), np.int64)
        trees.find_leaves(columns, which, 2.0, self.pending, paths, lengths)
        assert not self.pending.any()
        return paths, lengths

    def grow(self, which: np.ndarray) -> None:
        """Add a node for each way down, and the values found."""
        paths, lengths = self.leaves(which)
        assert lengths.min() >= 0 and lengths[np.unique(which, return_index=True)[1]].min() > 0
        found = np.zeros(len(which))
        for index, (tree, path, length) in enumerate(zip(which, paths, lengths, strict=True)):
            if length == 0:
                continue
            assert (path[length:] == -9).all()
            for (node, candidate), (below, _) in zip(path, path[1:length], strict=False):
                assert self.children[tree, node, candidate] == below
            node, candidate = path[length - 1]
            assert candidate < self.counts[tree, node]
            child = self.children[tree, node, candidate]
            if child == NOT_IMAGINED:  # and for none of those before it, or it would be there
                child = self.children[tree, node, candidate] = self.nodes[tree]
                self.nodes[tree] += 1
                self.depths[tree, child] = self.depths[tree, node] + 1
            else:
                assert self.results[tree, child] != NOT_OVER
            found[index] = self.values[tree, child]
        trees.keep_values(self.visits, self.totals, which, paths, lengths, found)


def test_find_leaves():
    rng = np.random.default_rng(32)
    for candidates, leaves in ((1, 1), (3, 1), (3, 4), (8, 16)):
        grown = GrowingTrees(rng, 5, 60, candidates)
        while True:
            which = np.repeat(np.flatnonzero(grown.nodes + leaves <= 60), leaves)
            if len(which) == 0 or grown.visits.sum() > 5000:
                break
            grown.grow(which)
        assert grown.visits.sum() > 50
    nothing = np.empty(0, np.int64)
    assert len(grown.leaves(nothing)[1]) == 0


def test_keep_values():
    visits, totals = np.zeros((2, 4, 3), np.int64), np.zeros((2, 4, 3))
    paths = np.array([[[0, 2], [3, 2]], [[0, 0], [-9, -9]], [[-9, -9], [-9, -9]]], np.int32)
    which, lengths, found = np.array([1, 0, 1]), np.array([2, 1, 0]), np.array([0.25, 1.0, 0.5])
    for times in (1, 2):
        trees.keep_values(visits, totals, which, paths, lengths, found)
        assert visits[1, 0, 2] == visits[1, 3, 2] == visits[0, 0, 0] == times
        assert visits.sum() == 3 * times and totals.sum() == 1.5 * times
        assert totals[1, 3, 2] == 0.25 * times
    trees.keep_values(visits, totals, which[:0], paths[:0], lengths[:0], found[:0])
    assert visits.sum() == 6


def whole_tree(position: np.ndarray, depth: int, candidates: int) -> dict[str, np.ndarray]:
    """What can be played from a position, so many moves deep, as a tree of the kernels."""
    positions, depths = [position], [0]
    results, counts, children = [], [], []
    for node, each in enumerate(positions):  # which grow on the way
        moves = moves_of(each)
        is_theirs = depths[node] % 2 == 1
        is_won = not moves and is_check(each) and is_theirs
        results.append(NOT_OVER if moves else WON if is_won else NOT_WON)
        counts.append(min(len(moves), candidates))
        of_node = np.full(candidates, NOT_IMAGINED, np.int32)
        for candidate, move in enumerate(moves[:candidates] if depths[node] < depth else []):
            of_node[candidate] = len(positions)
            positions.append(each.copy())
            play(positions[-1], move)
            depths.append(depths[node] + 1)
        children.append(of_node)
    return {
        "positions": np.array(positions),
        "is_their_turn": np.array(depths) % 2 == 1,
        "results": np.array(results),
        "counts": np.array(counts, np.int64),
        "children": np.array(children),
    }


def mate_slowly(tree: dict[str, np.ndarray], node: int) -> int:
    """In how many moves the thinker mates from a node, and 1 more; less than 0: it is mated."""
    position, is_theirs, result, count, children = (column[node] for column in tree.values())
    if result != NOT_OVER:
        return 1 if result == WON else -1 if is_check(position) and not is_theirs else 0
    side = -1 if is_theirs else 1
    for_mover = [
        0 if child == NOT_IMAGINED else side * mate_slowly(tree, child)
        for child in children[:count]
    ]
    if mates := [distance for distance in for_mover if distance > 0]:
        return side * (min(mates) + 1)
    is_lost = max(for_mover) < 0 and len(moves_of(position)) == count
    return -side * (1 - min(for_mover)) if is_lost else 0


def found_mate(tree: dict[str, np.ndarray]) -> int:
    """What is found of the root of a tree; all nodes are as the slow rule has them."""
    distances = np.full(len(tree["positions"]), 99, np.int32)
    trees.find_mates(*tree.values(), distances)
    assert distances.tolist() == [mate_slowly(tree, node) for node in range(len(distances))]
    return int(distances[0])


def test_find_mates():
    mates = {
        "7k/8/5K2/6Q1/8/8/8/8 w - - 0 1": 2,  # the queen to g7: one move, and one more
        "k7/8/2K5/8/8/8/8/1R6 w - - 0 1": 4,  # Kc7, Ka7, and the rook mates
        "7k/8/8/8/8/4K3/8/6R1 w - - 0 1": 0,  # not in three moves
        "7k/R7/8/8/8/8/8/1R4K1 b - - 0 1": -3,  # the king has one move, and is mated
    }
    for fen, expected in mates.items():
        assert found_mate(whole_tree(position_of_fen(fen), 3, 24)) == expected
    tree = whole_tree(position_of_fen(fen), 3, 24)
    tree["children"][0, 0] = NOT_IMAGINED  # what was not looked at is not known
    assert found_mate(tree) == 0
    for position in POSITIONS:
        board = board_of(position)
        if board is None:  # a king could be taken
            continue
        is_mate_in_one = any(mates_with(board, move) for move in list(board.legal_moves))
        found = found_mate(whole_tree(position, 1, 218))
        assert (found == 2) == is_mate_in_one and (found == -1) == board.is_checkmate()
        found_mate(whole_tree(position, 2, 3))


def mates_with(board: chess.Board, move: chess.Move) -> bool:
    """Whether a move mates."""
    board.push(move)
    is_mate = board.is_checkmate()
    board.pop()
    return is_mate
