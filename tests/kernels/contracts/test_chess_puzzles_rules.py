"""Kernels of the rules of chess stay within bounds, and agree with python-chess where that can."""

import chess
import numpy as np

from tests.kernels.contracts.positions import CHOSEN, POSITIONS, RANDOM, board_of
from thinkenv.chess_puzzles import rules
from thinkenv.chess_puzzles.notation import fen_of_position
from thinkenv.chess_puzzles.rules import (
    A8,
    BISHOP,
    BLACK,
    C1,
    CASTLING,
    E1,
    EN_PASSANT,
    FULLMOVES,
    G1,
    H1,
    KING,
    KNIGHT,
    MAX_MOVES,
    MIRROR_SQUARE,
    NO_SQUARE,
    PAWN,
    POSITION_BYTES,
    QUEEN,
    ROOK,
    THEIRS,
)

WITH_BOARDS = [
    (position, board) for position in POSITIONS if (board := board_of(position)) is not None
]


def moves_of(position):
    moves = np.empty(MAX_MOVES, np.uint16)
    return moves[: rules.legal_moves(position, moves)].tolist()


def code_of(move: chess.Move, board: chess.Board) -> int:
    """The code of a move of python-chess."""
    mirror = MIRROR_SQUARE if board.turn == chess.BLACK else 0
    promotion = 0 if move.promotion is None else move.promotion - 1
    return (move.from_square ^ mirror) | (move.to_square ^ mirror) << 6 | promotion << 12


def pieces_on(position, kinds):
    return [square for square in range(64) if position[square] in kinds]


def empty_position():
    position = np.zeros(POSITION_BYTES, np.uint8)
    position[EN_PASSANT] = NO_SQUARE
    return position


def room(spare: int):
    """An array of moves in which only so many are free, and the number of those before them."""
    return np.zeros(MAX_MOVES, np.uint16), MAX_MOVES - spare


def test_split_move():
    for move in range(1 << 16):
        origin, target, promotion = rules.split_move(move)
        assert origin | target << 6 | promotion << 12 == move and max(origin, target) < 64


def test_swap_rights():
    for rights in range(16):
        assert rules.swap_rights(rules.swap_rights(rights)) == rights
        assert rules.swap_rights(rights) & 3 == rights >> 2


def test_is_attacked():
    for position in POSITIONS:
        assert not rules.is_attacked(position, NO_SQUARE)
        board = chess.Board(fen_of_position(position))
        mirror = 0 if board.turn else MIRROR_SQUARE
        for square in range(64):
            there = board.is_attacked_by(not board.turn, square ^ mirror)
            assert rules.is_attacked(position, square) == there


def test_is_attacked_by():
    for position in POSITIONS:
        board = chess.Board(fen_of_position(position))
        mirror = 0 if board.turn else MIRROR_SQUARE
        for square in range(64):
            there = board.is_attacked_by(board.turn, square ^ mirror)
            assert rules.is_attacked_by(position, square, 0) == there


def test_can_take_king():
    assert not rules.can_take_king(empty_position())
    for position in POSITIONS:
        status = chess.Board(fen_of_position(position)).status()
        assert rules.can_take_king(position) == bool(status & chess.STATUS_OPPOSITE_CHECK)


def test_find_king():
    for square in range(64):
        position = empty_position()
        assert rules.find_king(position) == NO_SQUARE
        position[square] = KING
        assert rules.find_king(position) == square


def test_is_check():
    assert not rules.is_check(empty_position())
    for position in POSITIONS:
        assert rules.is_check(position) == chess.Board(fen_of_position(position)).is_check()


def test_flip():
    for position in POSITIONS:
        other = position.copy()
        rules.flip(other)
        assert other[BLACK] == 1 - position[BLACK]
        assert np.count_nonzero(other[:64] > KING) == np.count_nonzero(
            (position[:64] > 0) & (position[:64] <= KING)
        )
        rules.flip(other)
        assert np.array_equal(other, position)


def test_move_pieces():
    rng = np.random.default_rng(1)
    for position in POSITIONS:
        for move in (rng.integers(64**2, size=50) | rng.integers(5, size=50) << 12).tolist():
            after = position.copy()
            captured, square = rules.move_pieces(after, move)
            assert 0 <= square < 64 and captured == position[square]
            assert after[:64].max() <= THEIRS + KING
            assert np.array_equal(after[64:], position[64:])


def test_leaves_king_safe():
    for position in POSITIONS:
        before = position.copy()
        for origin in pieces_on(position, range(1, KING + 1)):
            for target in range(64):
                if rules.reaches(position, origin, target):
                    rules.leaves_king_safe(position, origin | target << 6)
                    assert np.array_equal(position, before)


def test_may_castle():
    for position, board in WITH_BOARDS:
        castling = {code_of(move, board) for move in board.legal_moves if board.is_castling(move)}
        assert rules.may_castle(position, True) == ((E1 | G1 << 6) in castling)
        assert rules.may_castle(position, False) == ((E1 | C1 << 6) in castling)
    for rights in range(16):  # the king in a corner, or none
        position = empty_position()
        position[CASTLING] = rights
        assert rules.may_castle(position, True) == bool(rights & 1)
        assert rules.may_castle(position, False) == bool(rights & 2)


def test_reaches():
    for position, board in WITH_BOARDS:
        reached = {
            (code_of(move, board) & 63, code_of(move, board) >> 6 & 63)
            for move in board.pseudo_legal_moves
            if not board.is_castling(move)
        }
        found = {
            (origin, target)
            for origin in range(64)
            for target in range(64)
            if rules.reaches(position, origin, target)
        }
        assert found == reached
    for position in RANDOM:  # also where python-chess does not go
        for origin in range(64):
            for target in range(64):
                rules.reaches(position, origin, target)


def test_is_legal():
    for position, board in WITH_BOARDS[:12]:
        legal = {code_of(move, board) for move in board.legal_moves}
        found = {move for move in range(1 << 16) if rules.is_legal(position, move)}
        assert found == legal
    for position in RANDOM:
        before = position.copy()
        found = {move for move in range(5 << 12) if rules.is_legal(position, move)}
        assert found == set(moves_of(position))
        assert np.array_equal(position, before)


def test_add_legal():
    for position in POSITIONS:
        for origin in pieces_on(position, range(1, KING + 1)):
            for target in range(64):
                if rules.reaches(position, origin, target):
                    moves, begin = room(4)
                    end = rules.add_legal(position, origin, target, moves, begin)
                    assert end - begin in (0, 1, 4)


def check_adding(add, kinds, most, chosen):
    """Moves of pieces of some kinds are added to full lists, and are those of all moves."""
    for position in [*POSITIONS, chosen]:
        legal = moves_of(position)
        for origin in pieces_on(position, kinds):
            moves, begin = room(most)
            end = add(position, origin, moves, begin)
            # Castling is added apart.
            expected = [
                move
                for move in legal
                if move & 63 == origin
                and not (position[origin] == KING and abs((move >> 6) - origin) == 2)
            ]
            assert sorted(moves[begin:end].tolist()) == sorted(expected)
    (origin,) = pieces_on(chosen, kinds)
    moves, begin = room(most)
    assert add(chosen, origin, moves, begin) == MAX_MOVES


def test_add_pawn_moves():
    for file in range(8):  # promotions on every file, as many as there can be
        position = empty_position()
        position[48 + file] = PAWN
        beside = [A8 + each for each in (file - 1, file + 1) if 0 <= each < 8]
        position[beside] = THEIRS + ROOK
        moves, begin = room(12)
        end = rules.add_pawn_moves(position, 48 + file, moves, begin)
        assert end - begin == 4 * (1 + len(beside))
    position = empty_position()
    position[49], position[56], position[58] = PAWN, THEIRS + ROOK, THEIRS + ROOK
    check_adding(rules.add_pawn_moves, [PAWN], 12, position)


def test_add_knight_moves():
    position = empty_position()
    position[27] = KNIGHT
    check_adding(rules.add_knight_moves, [KNIGHT], 8, position)


def test_add_line_moves():
    position = empty_position()
    position[27] = QUEEN
    check_adding(rules.add_line_moves, [BISHOP, ROOK, QUEEN, KING], 27, position)


def test_legal_moves():
    for position, board in WITH_BOARDS:
        assert sorted(moves_of(position)) == sorted(
            code_of(move, board) for move in board.legal_moves
        )
    assert len(moves_of(CHOSEN[0])) == 218
    for position in RANDOM:
        before = position.copy()
        assert len(moves_of(position)) <= 16 * 27 + 2
        assert np.array_equal(position, before)
    # Sixteen queens that see much, with no king to be minded.
    rng, most = np.random.default_rng(2), 0
    for _ in range(300):
        position = empty_position()
        position[rng.permutation(64)[:16]] = QUEEN
        most = max(most, len(moves_of(position)))
    assert 200 < most <= 16 * 27 < MAX_MOVES


def test_keep_legal_en_passant():
    for position in POSITIONS:
        for file in range(8):
            other = position.copy()
            other[40 + file], other[48 + file], other[32 + file] = 0, 0, THEIRS + PAWN
            other[EN_PASSANT] = 40 + file
            rules.keep_legal_en_passant(other)
            takes = [
                move
                for step in (-1, 1)
                if 0 <= file + step < 8 and other[32 + file + step] == PAWN
                for move in [(32 + file + step) | (40 + file) << 6]
            ]
            before = other.copy()
            before[EN_PASSANT] = 40 + file
            is_legal = any(rules.leaves_king_safe(before, move) for move in takes)
            assert other[EN_PASSANT] == (40 + file if is_legal else NO_SQUARE)


def test_play():
    for position, board in WITH_BOARDS:
        for move in board.legal_moves:
            after = position.copy()
            rules.play(after, code_of(move, board))
            board.push(move)
            given, expected = (text.split() for text in (fen_of_position(after), board.fen()))
            assert given[:4] == expected[:4]
            assert int(given[4]) == min(int(expected[4]), 255)  # a byte holds no more
            assert int(given[5]) <= 65535
            board.pop()
    for position in RANDOM:  # the king may be taken, and play goes on
        for move in moves_of(position):
            after = position.copy()
            rules.play(after, move)
            for reply in moves_of(after)[:3]:
                further = after.copy()
                rules.play(further, reply)
    last = CHOSEN[1].copy()
    last[BLACK], last[FULLMOVES], last[FULLMOVES + 1] = 1, 255, 255
    rules.play(last, H1 + 8 | (H1 + 16) << 6)
    assert last[FULLMOVES + 1] == 255


def test_is_checkmate():
    for position, board in WITH_BOARDS:
        assert rules.is_checkmate(position) == board.is_checkmate()
    for position in RANDOM:
        rules.is_checkmate(position)


def test_mates():
    for position, board in WITH_BOARDS:
        for move in board.legal_moves:
            board.push(move)
            is_mate = board.is_checkmate()
            board.pop()
            assert rules.mates(position, code_of(move, board)) == is_mate
    rng = np.random.default_rng(3)
    for position in POSITIONS:
        for move in [*moves_of(position), *rng.integers(1 << 16, size=100).tolist()]:
            rules.mates(position, move)


def test_mates_between():
    for position in POSITIONS[::4]:
        mating = {move & 0xFFF for move in moves_of(position) if rules.mates(position, move)}
        for squares in range(64**2):
            found = rules.mates_between(position, squares & 63, squares >> 6)
            assert found == (squares in mating)
