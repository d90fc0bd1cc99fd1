"""What moves lead to: python-chess knows the positions, and when a game is over."""

import chess
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.consequences import NOT_OVER, NOT_WON, WON, follow
from thinkenv.chess_puzzles.notation import fen_of_position, move_of_uci, position_of_fen

FENS = [
    "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 3 7",  # castling, for both sides
    "r3k2r/8/8/8/8/8/8/R3K2R b KQkq - 3 7",
    "7k/8/8/2PpP3/8/8/8/K7 w - d6 0 2",  # en passant
    "7k/8/8/8/Pp6/8/8/7K b - a3 0 2",
    "rn2k2r/P1P4P/8/8/8/8/p1p4p/RN2K2R w KQkq - 0 1",  # all promotions
    "rn2k2r/P1P4P/8/8/8/8/p1p4p/RN2K2R b KQkq - 0 1",
    *chess_puzzles.load(split="all").fens()[::150],
]


def followed(pairs, is_their_move):
    """What moves lead to: ``follow`` of boards with a move each, all of the same side."""
    positions = np.array([position_of_fen(board.fen()) for board, _ in pairs])
    codes = [move_of_uci(move.uci(), board.turn == chess.BLACK) for board, move in pairs]
    after, shown = np.empty_like(positions), np.empty_like(positions)
    results = np.empty(len(pairs))
    turns = np.full(len(pairs), is_their_move)
    follow(positions, np.array(codes, np.uint16), turns, after, shown, results)
    return after, shown, results


@pytest.mark.parametrize("is_their_move", [False, True], ids=["thinker", "opponent"])
def test_positions_after_moves_are_those_of_python_chess(is_their_move):
    boards = map(chess.Board, FENS)
    pairs = [(board, move) for board in boards for move in board.legal_moves]
    kinds = {move.promotion for _, move in pairs}
    assert kinds == {None, chess.KNIGHT, chess.BISHOP, chess.ROOK, chess.QUEEN}
    assert {board.is_en_passant(move) for board, move in pairs} == {False, True}
    assert {board.is_castling(move) for board, move in pairs} == {False, True}
    ends = set()
    for (board, move), after, shown, result in zip(
        pairs, *followed(pairs, is_their_move), strict=True
    ):
        thinker = board.turn != is_their_move
        board = board.copy(stack=False)
        board.push(move)
        assert fen_of_position(after) == board.fen()
        # The same pieces, seen from the thinker, as if it were to move.
        assert fen_of_position(shown).split()[:3:2] == board.fen().split()[:3:2]
        assert fen_of_position(shown).split()[1] == "bw"[thinker]
        over = board.is_checkmate() or board.is_stalemate()
        won = board.is_checkmate() and not is_their_move
        assert result == (WON if won else NOT_WON if over else NOT_OVER)
        ends.add(result)
    assert ends == ({NOT_OVER, NOT_WON} if is_their_move else {NOT_OVER, WON})


@pytest.mark.parametrize(
    ("fen", "move", "result", "of_theirs"),
    [
        ("7k/8/5K2/6Q1/8/8/8/8 w - - 0 1", "g5g7", WON, NOT_WON),
        ("7k/8/5K2/6Q1/8/8/8/8 w - - 0 1", "g5g6", NOT_WON, NOT_WON),  # stalemate
        ("7k/8/5K2/6Q1/8/8/8/8 w - - 0 1", "g5g1", NOT_OVER, NOT_OVER),
        ("rnbqkbnr/pppp1ppp/8/4p3/6P1/5P2/PPPPP2P/RNBQKBNR b KQkq - 0 2", "d8h4", WON, NOT_WON),
        ("5rk1/5ppp/8/8/8/8/3p1PPP/6K1 b - - 0 1", "d2d1q", WON, NOT_WON),
        ("5rk1/5ppp/8/8/8/8/3p1PPP/6K1 b - - 0 1", "d2d1n", NOT_OVER, NOT_OVER),
        ("5k2/8/8/8/8/8/8/4K2R w K - 0 1", "e1g1", NOT_OVER, NOT_OVER),
    ],
)
def test_mate_is_a_win_for_the_thinker_alone_and_stalemate_for_nobody(fen, move, result, of_theirs):
    pair = [(chess.Board(fen), chess.Move.from_uci(move))]
    for is_their_move, expected in ((False, result), (True, of_theirs)):
        assert followed(pair, is_their_move)[2] == [expected]
