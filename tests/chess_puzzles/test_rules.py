"""The rules of chess against python-chess: moves, positions, mates, and known counts of moves."""

import random
from collections import Counter

import chess
import numpy as np
import pytest

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import rules
from thinkenv.chess_puzzles.notation import (
    fen_of_position,
    move_of_text,
    move_of_uci,
    position_of_fen,
    uci_of_move,
)

# Positions that generators of moves are known to stumble over, with their numbers of lines of so
# many half-moves: https://www.chessprogramming.org/Perft_Results
PERFT = [
    ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", 4, 197_281),
    ("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1", 3, 97_862),
    ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", 5, 674_624),
    ("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", 4, 422_333),
    ("rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", 3, 62_379),
    ("r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10", 3, 89_890),
]


def moves_of(position):
    moves = np.empty(rules.MAX_MOVES, np.uint16)
    return moves[: rules.legal_moves(position, moves)].tolist()


def count_lines(position, depth):
    if depth == 1:
        return len(moves_of(position))
    total = 0
    for move in moves_of(position):
        after = position.copy()
        rules.play(after, move)
        total += count_lines(after, depth - 1)
    return total


@pytest.mark.parametrize(("fen", "depth", "lines"), PERFT)
def test_number_of_lines_is_the_known_one(fen, depth, lines):
    position = position_of_fen(fen)
    assert count_lines(position, depth) == lines
    assert fen_of_position(position) == chess.Board(fen).fen()


def compare(board, position):
    """A position of ours and one of python-chess agree in all that can be asked."""
    is_black = board.turn == chess.BLACK
    assert fen_of_position(position) == board.fen()
    assert np.array_equal(position_of_fen(board.fen()), position)
    ours = {uci_of_move(move, is_black) for move in moves_of(position)}
    assert ours == {move.uci() for move in board.legal_moves}
    assert rules.is_check(position) == board.is_check()
    assert rules.is_checkmate(position) == board.is_checkmate()


def rare_of(board: chess.Board, move: chess.Move) -> str | None:
    """Which of the rare kinds of moves it is, if any."""
    if move.promotion:
        return f"promotes to {chess.piece_name(move.promotion)}"
    if board.is_castling(move):
        return "castles kingside" if board.is_kingside_castling(move) else "castles queenside"
    return "takes en passant" if board.is_en_passant(move) else None


@pytest.mark.slow
def test_a_hundred_thousand_positions_agree_with_python_chess():
    """Games of up to 80 moves from positions of puzzles; rare moves are played where there are."""
    draw = random.Random(0)
    fens = chess_puzzles.load(split="all").fens()
    compared = 0
    played: Counter[str | None] = Counter()
    while compared < 100_000:
        board = chess.Board(draw.choice([draw.choice(fens), draw.choice(PERFT)[0]]))
        position = position_of_fen(board.fen())
        for _ in range(80):
            compare(board, position)
            compared += 1
            moves = list(board.legal_moves)
            if not moves:
                break
            rare = [move for move in moves if rare_of(board, move)]
            move = draw.choice(rare if rare and draw.random() < 0.5 else moves)
            played[rare_of(board, move)] += 1
            rules.play(position, move_of_uci(move.uci(), board.turn == chess.BLACK))
            board.push(move)
    assert len(played) == 8 and min(played.values()) >= 100, played


@pytest.mark.parametrize("seed", range(12))
def test_random_games_agree_with_python_chess(seed):
    draw = random.Random(seed)
    board = chess.Board(PERFT[seed % len(PERFT)][0])
    position = position_of_fen(board.fen())
    for _ in range(120):
        compare(board, position)
        moves = list(board.legal_moves)
        if not moves:
            break
        # Captures and promotions more often: they bring the rare cases.
        special = [move for move in moves if board.is_capture(move) or move.promotion]
        move = draw.choice(special if special and draw.random() < 0.3 else moves)
        code = move_of_uci(move.uci(), board.turn == chess.BLACK)
        before = position.copy()
        after = board.copy()
        after.push(move)
        assert rules.mates(position, code) == after.is_checkmate()
        assert np.array_equal(position, before)
        rules.play(position, code)
        board.push(move)


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_of_squares_is_judged_as_by_python_chess(seed):
    draw = random.Random(seed)
    for _ in range(3):
        board = chess.Board(draw.choice(PERFT)[0])
        for _ in range(draw.randrange(30)):
            moves = list(board.legal_moves)
            if moves:
                board.push(draw.choice(moves))
        position = position_of_fen(board.fen())
        before = position.copy()
        legal = {move_of_uci(move.uci(), board.turn == chess.BLACK) for move in board.legal_moves}
        for code in range(5 * 4096 + 4096):
            assert rules.is_legal(position, code) == (code in legal)
        assert np.array_equal(position, before)


@pytest.mark.parametrize(
    ("fen", "words"),
    [
        ("", "not eight ranks"),
        ("8/8/8/8/8/8/8 w - - 0 1", "not eight ranks"),
        ("rnbqkbnr/ppppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1", "not eight ranks"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNX w KQkq - 0 1", "not eight ranks"),
        ("w rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR KQkq - 0 1", "not eight ranks"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR KQkq w - 0 1", "neither 'w' nor 'b'"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w", "castling rights"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KX - 0 1", "castling rights"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkqK - 0 1", "castling rights"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq", "en passant"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq e3 0 1", "en passant"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq e6 0 1", "en passant"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - x 1", "not whole numbers"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1 1", "not whole numbers"),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - -1 1", "not whole numbers"),
        ("k7/pppppppp/p7/8/8/8/8/7K w - - 0 1", "more than 16 pieces or 8 pawns"),
        ("rnbq1bnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQ - 0 1", "exactly one king"),
        ("Pnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQk - 0 1", "first or last rank"),
        ("4k3/4R3/8/8/8/8/8/4K3 w - - 0 1", "could take the king"),
        ("4k3/4R3/8/8/8/8/8/4K3 b - - 0 1", None),
    ],
)
def test_impossible_positions_are_refused_with_the_reason(fen, words):
    if words is None:
        assert fen_of_position(position_of_fen(fen)) == fen
    else:
        with pytest.raises(ValueError, match=words):
            position_of_fen(fen)


START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"


@pytest.mark.parametrize(
    ("fen", "written"),
    [
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq -", START),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 7", START[:-3] + "7 1"),
        ("  rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR  W\tKQkq   -  0 1\n", START),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w HAha - 0 1", START),
        ("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w qkQK - 0 1", START),
        ("4k3/8/8/8/8/8/8/4K2R w KQkq - 0 1", "4k3/8/8/8/8/8/8/4K2R w K - 0 1"),
        ("4k3/8/8/8/8/8/8/3K3R w KQkq -", "4k3/8/8/8/8/8/8/3K3R w - - 0 1"),
        ("r3k3/8/8/8/8/8/8/1R2K3 b Bq - 3 9", "r3k3/8/8/8/8/8/8/1R2K3 b q - 3 9"),
        ("4k3/8/8/8/3pP3/8/8/4K3 b - E3 0 1", "4k3/8/8/8/3pP3/8/8/4K3 b - e3 0 1"),
    ],
)
def test_fens_are_read_as_people_and_programs_write_them(fen, written):
    assert fen_of_position(position_of_fen(fen)) == written
    assert chess.Board(written).fen() == written


@pytest.mark.parametrize("seed", range(3))
def test_moves_are_read_in_every_notation_that_python_chess_writes(seed):
    draw = random.Random(seed)
    board = chess.Board(PERFT[seed + 1][0])
    for _ in range(8):
        position = position_of_fen(board.fen())
        for move in board.legal_moves:
            texts = {
                *(move.uci(), move.uci().upper(), board.uci(move, chess960=True)),
                *(board.san(move), board.san(move) + "!?", board.lan(move)),
            }
            codes = {move_of_text(position, text) for text in texts}
            assert codes == {move_of_uci(move.uci(), board.turn == chess.BLACK)}
        moves = list(board.legal_moves)
        if not moves:
            break
        board.push(draw.choice(moves))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must be written as"),
        ("e9", "must be written as"),
        ("e2e5", "must be legal here, got 'e2e5'"),
        ("Qd3", "must be legal here, and one alone, got 'Qd3'"),
        ("O-O", "must be legal here, and one alone, got 'O-O'"),
        ("Na3b5", "must be legal here"),
    ],
)
def test_moves_that_a_position_does_not_have_are_refused(text, words):
    with pytest.raises(ValueError, match=words):
        move_of_text(position_of_fen(START), text)


def test_a_move_that_may_be_two_names_both_and_castling_has_three_writings():
    with pytest.raises(ValueError, match="'Rd1', which may be a1d1 or h1d1"):
        move_of_text(position_of_fen("4k3/8/8/8/8/8/4K3/R6R w - - 0 1"), "Rd1")
    position = position_of_fen("4k3/8/8/8/8/8/8/R3K2R w KQ - 0 1")
    for texts, uci in ((("e1h1", "O-O"), "e1g1"), (("e1a1", "0-0-0"), "e1c1")):
        assert {move_of_text(position, text) for text in texts} == {move_of_uci(uci, False)}


@pytest.mark.parametrize("uci", ["", "e2", "e2e9", "i2e4", "e7e8k", "e2e4qq"])
def test_moves_that_are_none_are_refused(uci):
    with pytest.raises(ValueError, match="move must be in UCI notation"):
        move_of_uci(uci, False)
