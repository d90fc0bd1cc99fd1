"""Trees of imagined positions against a slow search in plain Python, and what always holds."""

import chess
import numpy as np
import pytest
import torch

from tests.deep_thinking.imagination.fake_net import FakeNet, Node, root_of
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import MOVES, action_of, move_of
from thinkenv.chess_puzzles.consequences import NOT_OVER, WON
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.chess_puzzles.rules import KING
from thinkenv.deep_thinking.imagination.manner import USUAL, Manner, indifferent
from thinkenv.deep_thinking.imagination.trees import Trees
from thinkenv.deep_thinking.kernels.trees import NOT_IMAGINED

PUZZLES = chess_puzzles.load(split="all")
SCHOLARS_MATE = "rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2"
PROMOTIONS = "rn2k2r/P1P4P/8/8/8/8/p1p4p/RN2K2R w KQkq - 0 1"
ONE_MOVE = "7k/R7/8/8/8/8/8/1R4K1 b - - 0 1"
NEAR_STALEMATE = "7k/8/5K2/6Q1/8/8/8/8 w - - 0 1"
MATED = "7k/6Q1/6K1/8/8/8/8/8 b - - 0 1"
STALEMATE = "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"
FENS = [*PUZZLES.fens()[:600:100], SCHOLARS_MATE, PROMOTIONS, ONE_MOVE, NEAR_STALEMATE]
FIRST = 3  # iterations on what is thought about
# Of all moves, which it takes for nearly equally probable, and with nothing but rules to go by.
IGNORANT = Manner(candidates=218, temperature=100.0, appraise=indifferent)
ARRAYS = ("positions", "is_their_turn", "results", "values", "actions", "priors", "counts")
ARRAYS += ("children", "visits", "totals")


def trees_of(fens, manner=USUAL, capacity=100, **options) -> Trees:
    net = FakeNet()
    positions = np.array([position_of_fen(fen) for fen in fens])
    injected = net.look(positions, np.zeros(len(positions), np.bool_))
    memory = torch.zeros(len(positions), 66, 1)
    for _ in range(FIRST):
        memory = net.step(memory, injected)
    return Trees(net, positions, memory, capacity, manner, **options)


def grown(fens, times, manner=USUAL, **options) -> Trees:
    trees = trees_of(fens, manner, **options)
    for _ in range(times):
        trees.imagine()
    return trees


def check_against(trees: Trees, tree: int, node: int, slow: Node) -> None:
    """A node of a tree, and all behind it, are as the slow search has them."""
    count = len(slow.moves)
    assert trees.counts[tree, node] == (0 if slow.is_over else count)
    assert trees.is_their_turn[tree, node] == slow.is_theirs
    assert trees.values[tree, node] == pytest.approx(slow.value, abs=1e-6)
    assert (trees.results[tree, node] == NOT_OVER) == (not slow.is_over)
    expected = [slow.action(candidate) for candidate in range(count)]
    assert trees.actions[tree, node, :count].tolist() == expected
    assert trees.priors[tree, node, :count] == pytest.approx(slow.priors, abs=1e-6)
    assert trees.visits[tree, node, :count].tolist() == slow.visits
    assert trees.totals[tree, node, :count] == pytest.approx(slow.totals, abs=1e-5)
    for candidate, child in enumerate(slow.children):
        below = trees.children[tree, node, candidate]
        assert (below == NOT_IMAGINED) == (child is None)
        if child is not None:
            check_against(trees, tree, below, child)


@pytest.mark.parametrize(
    "manner",
    [
        Manner(),
        Manner(candidates=3, iterations=2, exploration=0.5, temperature=1.0),
        Manner(candidates=200, exploration=5.0),
        Manner(carries_memory=False),
        Manner(appraise=indifferent),
        Manner(value_weight=0.0),
    ],
    ids=["default", "few", "all candidates", "wiped memories", "constant value", "by visits"],
)
def test_trees_are_those_of_a_slow_search(manner):
    trees = grown(FENS, 60, manner)
    for tree, fen in enumerate(FENS):
        root = root_of(fen, FIRST, manner)
        for _ in range(60):
            root.imagine()
        check_against(trees, tree, 0, root)
        line, node = [], root
        while node is not None and any(node.visits):
            candidate = root.best() if node is root else node.visits.index(max(node.visits))
            line.append(node.action(candidate))
            node = node.children[candidate]
        assert trees.line(tree) == line


def test_something_else_than_the_net_may_say_what_positions_are_worth():
    """Shown are the position after each move and the one thought about, both from the thinker."""
    shown = []

    def own_pieces(positions, thought_about):
        shown.extend(zip(positions.copy(), thought_about.copy(), strict=True))
        own = (positions[:, :64] > 0) & (positions[:, :64] <= KING)
        return own.sum(axis=1) / 64

    trees = grown(FENS, 20, Manner(appraise=own_pieces))
    roots = {trees.positions[tree, 0].tobytes() for tree in range(len(FENS))}
    assert {thought_about.tobytes() for _, thought_about in shown} == roots
    for tree, fen in enumerate(FENS):
        board = chess.Board(fen)
        thinker = board.turn
        for candidate in range(int(trees.counts[tree, 0])):
            child = trees.children[tree, 0, candidate]
            if child == NOT_IMAGINED or trees.results[tree, child] != NOT_OVER:
                continue
            board.push_uci(move_of(board, int(trees.actions[tree, 0, candidate])))
            assert (
                trees.values[tree, child]
                == len(board.piece_map()) / 64
                - sum(piece.color != thinker for piece in board.piece_map().values()) / 64
            )
            board.pop()


def check_consistent(trees: Trees) -> None:
    """Visits and values of each node are the sums of those behind it."""
    assert not trees.pending.any()
    for tree in range(len(trees)):
        count = int(trees.nodes[tree])
        children = trees.children[tree, :count]
        found = children[children != NOT_IMAGINED]
        assert sorted(found.tolist()) == list(range(1, count))  # each has one parent
        assert trees.visits[tree, 0].sum() == trees.imagined[tree]
        for parent, candidate in np.argwhere(children != NOT_IMAGINED):
            child = children[parent, candidate]
            assert child > parent and candidate < trees.counts[tree, parent]
            assert trees.is_their_turn[tree, child] != trees.is_their_turn[tree, parent]
            visits, total = (
                column[tree, parent, candidate] for column in (trees.visits, trees.totals)
            )
            value = trees.values[tree, child]
            if trees.results[tree, child] != NOT_OVER:
                assert value == trees.results[tree, child]
                assert total == pytest.approx(visits * value)
            else:
                assert visits == 1 + trees.visits[tree, child].sum()
                assert total == pytest.approx(value + trees.totals[tree, child].sum())
        assert not trees.visits[tree][trees.children[tree] == NOT_IMAGINED].any()


@pytest.mark.parametrize("leaves", [1, 4, 16])
def test_visits_and_values_add_up_however_many_are_imagined_at_a_time(leaves):
    trees = trees_of(FENS, capacity=5)
    for times in range(1, 8):
        before = trees.imagined.copy()
        trees.imagine(leaves=leaves)
        more = trees.imagined - before
        assert (more >= 1).all() and (more <= leaves).all()
        if leaves == 1:
            assert (trees.imagined == times).all()
        check_consistent(trees)
    assert trees.imagined.sum() > 6 * len(FENS) * leaves**0.5


def test_positions_that_are_played_are_those_of_python_chess():
    trees = grown(FENS, 40, Manner(candidates=20))
    for tree, fen in enumerate(FENS):
        fens = {0: chess.Board(fen).fen()}
        for parent in range(int(trees.nodes[tree])):
            for candidate in np.flatnonzero(trees.children[tree, parent] != NOT_IMAGINED):
                board = chess.Board(fens[parent])
                board.push_uci(move_of(board, trees.actions[tree, parent, candidate]))
                fens[int(trees.children[tree, parent, candidate])] = board.fen()
        for node, expected in fens.items():
            position = position_of_fen(expected)
            assert np.array_equal(trees.positions[tree, node], position)


def test_there_is_room_for_more_than_was_asked_for_at_first():
    enough, little = grown(FENS, 30, capacity=30), grown(FENS, 30, capacity=1)
    assert little.positions.shape[1] < 80
    for name in (*ARRAYS, "memory"):
        one, other = getattr(enough, name), getattr(little, name)
        nodes = slice(int(enough.nodes.max()))
        assert bool((one[:, nodes] == other[:, nodes]).all()), name


def test_a_tree_does_not_depend_on_those_beside_it():
    together = grown(FENS, 25)
    for tree, fen in enumerate(FENS):
        alone = grown([fen], 25)
        for name in ARRAYS:
            assert np.array_equal(getattr(together, name)[tree], getattr(alone, name)[0]), name
    some = trees_of(FENS)
    for _ in range(25):
        some.imagine(np.array([7, 2]))
    assert some.imagined[[7, 2]].tolist() == [25, 25] and some.imagined.sum() == 50
    assert np.array_equal(some.visits[[2, 7]], together.visits[[2, 7]])


@pytest.mark.parametrize("temperature", [1e-3, 0.02, 1e6])
def test_candidates_are_legal_at_any_temperature(temperature):
    fens = PUZZLES.fens()[:40]
    trees = trees_of(fens, Manner(temperature=temperature), capacity=1)
    for tree, fen in enumerate(fens):
        board = chess.Board(fen)
        actions = trees.actions[tree, 0, : trees.counts[tree, 0]]
        assert len(set(actions.tolist())) == len(actions) == min(8, board.legal_moves.count())
        for action in actions.tolist():
            assert chess.Move.from_uci(move_of(fen, action)) in board.legal_moves
        assert trees.priors[tree, 0, : len(actions)].sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="candidates must be at most 1880, got 3000"):
        trees_of(fens, Manner(candidates=3000))


def test_where_the_game_is_over_nothing_is_imagined():
    fens = [MATED, FENS[0], STALEMATE]
    trees = grown(fens, 5)
    assert trees.imagined.tolist() == [0, 5, 0] and trees.nodes.tolist()[::2] == [1, 1]
    preferences = trees.preferences()
    assert not preferences[0].any() and not preferences[2].any()
    assert preferences[1].sum() == pytest.approx(1)
    assert trees.line(0) == trees.line(2) == [] != trees.line(1)
    assert grown([MATED], 3).imagined.tolist() == [0]


def test_mates_in_one_are_found_even_by_who_knows_nothing_but_the_rules():
    puzzles = chess_puzzles.load(split="all", themes=["mateIn1"])
    fens = [*puzzles.fens()[:30], SCHOLARS_MATE]
    trees = grown(fens, 150, IGNORANT)
    for tree, fen in enumerate(fens):
        board = chess.Board(fen)
        board.push_uci(move_of(fen, trees.preferences()[tree].argmax()))
        assert board.is_checkmate()
        assert trees.mates(tree)[0] == 2 and len(trees.line(tree)) == 1


@pytest.mark.parametrize("weight", [0.0, 12.0])
def test_preferences_are_visits_and_values_and_before_any_the_most_probable_is_first(weight):
    trees = trees_of(FENS, Manner(value_weight=weight))
    first = trees.preferences()
    assert np.array_equal(first.argmax(axis=1), trees.actions[:, 0, 0])
    assert first.sum(axis=1) == pytest.approx(1)
    for _ in range(50):
        trees.imagine()
    preferences = trees.preferences()
    for tree, fen in enumerate(FENS):
        legal = {action_of(fen, move.uci()) for move in chess.Board(fen).legal_moves}
        tried = trees.actions[tree, 0, : trees.counts[tree, 0]]
        assert set(np.flatnonzero(preferences[tree])) == set(tried.tolist()) <= legal
        root = root_of(fen, FIRST, Manner(value_weight=weight))
        for _ in range(50):
            root.imagine()
        scores = np.array(root.scores())
        assert np.allclose(preferences[tree, tried], scores / scores.sum(), atol=1e-5)
        if weight == 0.0:
            assert np.allclose(preferences[tree, tried], np.array(root.visits) / 50, atol=0.05)


def test_only_allowed_moves_are_chosen_from():
    allowed = np.zeros((2, len(MOVES)), np.bool_)
    allowed[0, [action_of(PROMOTIONS, move) for move in ("a7b8q", "a7b8n", "b1c3")]] = True
    trees = grown([PROMOTIONS, PROMOTIONS], 20, allowed=allowed)
    assert trees.imagined.tolist() == [20, 0]
    chosen = trees.actions[0, 0, : trees.counts[0, 0]].tolist()
    assert sorted(chosen) == sorted(np.flatnonzero(allowed[0]).tolist())
    (reply, *_) = trees.children[0, 0][trees.children[0, 0] > 0]
    assert trees.counts[0, reply] > 1  # of the opponent all


def test_mates_that_are_certain_are_known():
    """A rook that waits: the king has one move, and is mated then."""
    trees = grown([ONE_MOVE, NEAR_STALEMATE], 100, IGNORANT)
    assert trees.mates(0)[0] == -3  # the thinker's move and the mate: two, and one more
    mates = trees.mates(1)
    assert mates[0] == 2 and (mates[trees.results[1, : len(mates)] == WON] == 1).all()
