"""Lines of a tree: which move is best, what is expected after it, and what it is worth."""

import chess
import numpy as np
import pytest
import torch

from tests.deep_thinking.imagination.fake_net import FakeNet
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.moves import MOVES
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.deep_thinking.imagination.lines import lines_of
from thinkenv.deep_thinking.imagination.manner import Manner
from thinkenv.deep_thinking.imagination.trees import Trees

QUIET = "r1bqkbnr/pppp1ppp/2n5/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 3"
MATE_IN_TWO = "k7/8/2K5/8/8/8/8/1R6 w - - 0 1"  # Kc7, Ka7, and the rook mates
MATED_IN_ONE = "8/8/8/8/8/6q1/P4k2/7K w - - 0 1"  # whatever the pawn does, the queen mates
ALL = Manner(candidates=218)


def tree_of(fen: str, positions: int, manner: Manner = ALL) -> Trees:
    """A tree of so many imagined positions."""
    net = FakeNet()
    planes = chess_puzzles.planes(fen)[None]
    inputs = net.codec.interface.input_channels
    memory = net.start(torch.zeros(1, inputs, 8, 8))
    trees = Trees(net, positions_of_planes(planes), memory, positions, manner)
    for _ in range(positions):
        trees.imagine()
    return trees


def played(fen: str, actions: list[int]) -> chess.Board:
    """The board after a line; a move that is not legal is refused."""
    board = chess.Board(fen)
    for action in actions:
        board.push_uci(chess_puzzles.move_of(board, action))
    return board


def test_lines_are_legal_and_those_preferred_come_first():
    trees = tree_of(QUIET, 200, Manner())
    lines = lines_of(trees, 0)
    assert sum(line.visits for line in lines) == 200
    scores = [line.visits * np.exp(12.0 * line.value / 200**0.5) for line in lines]
    assert scores == pytest.approx(sorted(scores, reverse=True))
    by_visits = [line.visits for line in lines_of(tree_of(QUIET, 200, Manner(value_weight=0)), 0)]
    assert by_visits == sorted(by_visits, reverse=True)
    assert lines[0].actions == trees.line(0)
    for line in lines:
        assert len(played(QUIET, line.actions).move_stack) == len(line.actions) >= 1
        (candidate,) = np.flatnonzero(trees.actions[0, 0, :8] == line.actions[0])
        mean = trees.totals[0, 0, candidate] / trees.visits[0, 0, candidate]
        assert 0 <= line.value == mean <= 1 and line.mate == 0


def test_moves_that_were_not_tried_have_no_line():
    assert lines_of(tree_of(QUIET, 0), 0) == []
    (line,) = lines_of(tree_of(QUIET, 1), 0)
    assert line.visits == 1 and len(line.actions) == 1


def test_a_certain_mate_comes_first_with_the_moves_that_lead_there():
    first, *others = lines_of(tree_of(MATE_IN_TWO, 2000), 0)
    assert first.mate == 3 and played(MATE_IN_TWO, first.actions).is_checkmate()
    assert MOVES[first.actions[0]] == "c6c7" and len(first.actions) == 3
    assert all(line.mate == 0 or line.mate >= 3 for line in others)


def test_where_all_is_lost_the_lines_are_mates_by_the_other_side():
    lines = lines_of(tree_of(MATED_IN_ONE, 1500), 0)
    assert [line.mate for line in lines] == [-2, -2]
    for line in lines:
        assert played(MATED_IN_ONE, line.actions).is_checkmate()
