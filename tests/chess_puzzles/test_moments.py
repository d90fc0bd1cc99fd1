"""Moments of solutions: python-chess plays up to them."""

import chess
import numpy as np

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.moments import moments_of
from thinkenv.chess_puzzles.notation import fen_of_position, uci_of_move
from thinkenv.chess_puzzles.rules import NO_MOVE

PUZZLES = chess_puzzles.load(split="all")[np.arange(0, 6000, 20)]
ALMOST_ONE = float(np.nextafter(np.float32(1), np.float32(0)))


def test_positions_and_moves_are_those_of_python_chess():
    shares = np.random.default_rng(0).random(len(PUZZLES)).astype(np.float32)
    shares[:4] = 0, ALMOST_ONE, 0.5, 0.5
    positions, moves = moments_of(PUZZLES, shares)
    for index, (position, of_moment) in enumerate(zip(positions, moves, strict=True)):
        solution = PUZZLES.solution(index)
        ply = 2 * int(float(shares[index]) * ((len(solution) + 1) // 2))
        board = chess.Board(PUZZLES.fen(index))
        for uci in solution[:ply]:
            board.push_uci(uci)
        assert fen_of_position(position) == board.fen()
        expected = [*solution[ply : ply + 3], None, None][:3]
        for further, (code, uci) in enumerate(zip(of_moment.tolist(), expected, strict=True)):
            is_black = (board.turn == chess.BLACK) != (further == 1)
            assert (None if code == NO_MOVE else uci_of_move(code, is_black)) == uci


def test_a_share_says_which_of_the_solvers_moves_it_is():
    of_solver = (PUZZLES.move_counts.astype(int) + 1) // 2
    for share, expected in ((0.0, np.zeros_like(of_solver)), (ALMOST_ONE, of_solver - 1)):
        _, moves = moments_of(PUZZLES, np.full(len(PUZZLES), share, np.float32))
        for index, which in enumerate(expected.tolist()):
            is_black = PUZZLES.fen(index).split()[1] == "b"
            said = uci_of_move(int(moves[index, 0]), is_black)
            assert said == PUZZLES.solution(index)[2 * which]
    assert (moves[:, 1:] == NO_MOVE).all()  # nothing comes after the last


def test_all_moves_of_a_solution_are_met_equally_often():
    longest = int(np.argmax(PUZZLES.move_counts))
    count = (int(PUZZLES.move_counts[longest]) + 1) // 2
    assert count >= 4
    shares = (np.arange(100 * count) + 0.5) / (100 * count)
    positions, _ = moments_of(PUZZLES[np.full(100 * count, longest)], shares)
    _, times = np.unique(positions, axis=0, return_counts=True)
    assert times.tolist() == [100] * count
