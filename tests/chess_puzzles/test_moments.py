"""Moments of solutions: python-chess plays up to them."""

import chess
import numpy as np

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.moments import keys_of_solutions, moments_of, occurring_in
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


def test_a_position_that_a_solution_leads_through_is_known_again_in_either_colour():
    some = PUZZLES[:40]
    keys = iter(keys_of_solutions(some).tolist())
    seen: dict[str, int] = {}
    for index in range(40):
        board = chess.Board(some.fen(index))
        for uci in some.solution(index):
            # As who moves sees it: with White to move, without clocks.
            shown = board if board.turn == chess.WHITE else board.mirror()
            key = next(keys)
            assert seen.setdefault(" ".join(shown.fen().split()[:4]), key) == key
            board.push_uci(uci)
    assert next(keys, None) is None
    assert len(set(seen.values())) == len(seen)  # different positions have different keys


def test_puzzles_whose_position_occurs_in_a_solution_are_found(tmp_path):
    line = PUZZLES[np.flatnonzero(PUZZLES.move_counts >= 5)[:3]]
    fens = []
    for index in range(3):  # what the solver sees two moves later, once with colours exchanged
        board = chess.Board(line.fen(index))
        for uci in line.solution(index)[:2]:
            board.push_uci(uci)
        fens.append((board.mirror() if index == 1 else board).fen())
    fens.append(chess.Board(PUZZLES.fen(100)).fen())
    path = tmp_path / "later.epd"
    with path.open("w") as file:
        for fen in fens:
            board = chess.Board(fen)
            file.write(board.epd(bm=next(iter(board.legal_moves))) + "\n")
    later = chess_puzzles.load(path, split="all")
    assert len(later) == 4
    assert occurring_in(later, line).tolist() == [True, True, True, False]
    assert occurring_in(line, line).all()
    assert not occurring_in(line, later[3:]).any()
