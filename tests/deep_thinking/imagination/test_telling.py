"""What is told of trees: names of moves as python-chess writes them, and values in words."""

import chess
import numpy as np
import pytest

from tests.deep_thinking.imagination.test_lines import MATE_IN_TWO, QUIET, tree_of
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.moves import MOVES
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.deep_thinking.imagination import telling
from thinkenv.deep_thinking.imagination.lines import lines_of
from thinkenv.deep_thinking.imagination.manner import Manner
from thinkenv.deep_thinking.kernels.trees import NOT_IMAGINED

BLACK_TO_MOVE = "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR b KQkq - 5 4"


@pytest.mark.parametrize("fen", [QUIET, BLACK_TO_MOVE])
def test_every_move_of_a_tree_has_its_short_name(fen):
    trees = tree_of(fen, 60, Manner())
    boards = {0: chess.Board(fen)}
    named = 0
    for node in range(int(trees.nodes[0])):
        board = boards[node]
        for candidate in range(int(trees.counts[0, node])):
            child = int(trees.children[0, node, candidate])
            if child == NOT_IMAGINED:
                continue
            action = int(trees.actions[0, node, candidate])
            move = chess.Move.from_uci(chess_puzzles.move_of(board, action))
            is_black = chess.Board(fen).turn == chess.BLACK
            assert telling.name_of(trees, 0, node, candidate, is_black) == board.san(move)
            boards[child] = board.copy()
            boards[child].push(move)
            named += 1
    assert named == 60


@pytest.mark.parametrize("fen", [QUIET, BLACK_TO_MOVE])
def test_a_line_is_named_move_by_move(fen):
    trees = tree_of(fen, 200, Manner())
    actions = trees.line(0)
    board, expected = chess.Board(fen), []
    for action in actions:
        move = chess.Move.from_uci(chess_puzzles.move_of(board, action))
        expected.append(board.san(move))
        board.push(move)
    position = position_of_fen(fen)
    assert telling.names_of(position, actions) == expected and len(expected) > 1
    assert np.array_equal(position, position_of_fen(fen))  # and not played on


def test_values_are_per_cent_or_moves_until_mate():
    assert telling.words_of(0.625, 0) == "62 %"
    assert telling.words_of(1.0, 1) == "mate in 1" and telling.words_of(0.9, 3) == "mate in 2"
    assert telling.words_of(0.1, -2) == "mated in 1" and telling.words_of(0.1, -4) == "mated in 2"


def test_the_text_has_a_line_for_every_move_looked_into_the_best_first():
    trees = tree_of(MATE_IN_TWO, 2000)
    told = telling.lines_text(trees, 0, position_of_fen(MATE_IN_TWO)).splitlines()
    lines = lines_of(trees, 0)
    assert len(told) == len(lines)
    assert told[0].startswith("  1. c6c7  looked into ")
    assert told[0].endswith(" times,   mate in 2: Kc7 Ka7 Ra1#")
    assert [line.split()[1] for line in told] == [MOVES[line.actions[0]] for line in lines]
