"""Kernels that read and write FEN and UCI stay within bounds on whatever text there is."""

import chess
import numpy as np

from tests.kernels.contracts.positions import CHOSEN, FENS, POSITIONS
from thinkenv.chess_puzzles import notation
from thinkenv.chess_puzzles.notation import MAX_FEN_LENGTH, MAX_UCI_LENGTH, position_of_fen
from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    EN_PASSANT,
    KING,
    MIRROR_SQUARE,
    NO_SQUARE,
    POSITION_BYTES,
)

CHARACTERS = b" /-12345678pPkKqQabh09.\x00\xff"


def as_text(content: bytes) -> np.ndarray:
    """Characters as kernels get them, which cannot be written to."""
    return np.frombuffer(content, np.uint8)


def texts(count: int, longest: int) -> list[np.ndarray]:
    """Texts of few different characters, of every length."""
    rng = np.random.default_rng(4)
    few = np.frombuffer(CHARACTERS, np.uint8)
    return [as_text(rng.choice(few, number % (longest + 1)).tobytes()) for number in range(count)]


def spans(length: int) -> list[tuple[int, int]]:
    """The ends of a text, and what is empty there."""
    return [(0, length), (0, 0), (length, length), (length // 2, length), (0, length // 2)]


def room(spare: int) -> tuple[np.ndarray, int]:
    """A text in which only so many characters are free, and where they begin."""
    return np.zeros(MAX_FEN_LENGTH, np.uint8), MAX_FEN_LENGTH - spare


def longest_position(is_black: bool) -> np.ndarray:
    """A position with the longest FEN: 32 pieces, no two empty squares together, all else full."""
    fen = "r1n1k1n1/1n1n1n1n/1n1n1n1n/p1n1n1n1/1N1N1N1N/N1N1N1N1/1N1N1N1N/R1N1K1N1"
    position = position_of_fen(f"{fen} w Qq - 255 65535")
    position[EN_PASSANT], position[BLACK] = 40, is_black
    return position


def test_parse_board():
    position = np.zeros(POSITION_BYTES, np.uint8)
    for fen in FENS:
        text = as_text(fen.split()[0].encode())
        for end in range(len(text) + 1):
            found = notation.parse_board(text, 0, end, position)
            assert found == (len(text) if end == len(text) else -1)
        assert fen.split()[0] == chess.Board(fen).board_fen()
    for text in texts(2000, 90):
        for begin, end in spans(len(text)):
            assert notation.parse_board(text, begin, end, position) == -1
    for board in (b"8/" * 20, b"9" * 9, b"p" * 100, b"/" * 100, b"8" * 100):
        assert notation.parse_board(as_text(board), 0, len(board), position) == -1


def test_parse_number():
    for number in (0, 7, 99999, 999999999, 10**18 - 1):
        text = as_text(str(number).encode())
        assert notation.parse_number(text, 0, len(text), 18) == number
    for text in texts(300, 20):
        for begin, end in spans(len(text)):
            number = notation.parse_number(text, begin, end, 9)
            written = text[begin:end].tobytes()
            assert number == (int(written) if written.isdigit() and len(written) < 10 else -1)


def test_end_of_field():
    for text in texts(300, 20):
        for begin, end in spans(len(text)):
            length = len(text[begin:end].tobytes().split(b" ")[0])
            assert notation.end_of_field(text, begin, end) == begin + length


def test_skip_spaces():
    for text in texts(300, 20):
        for begin, end in spans(len(text)):
            length = len(text[begin:end].tobytes().lstrip(b" "))
            assert notation.skip_spaces(text, begin, end) == end - length


def test_parse_square():
    for two in range(1 << 16):
        content = two.to_bytes(2, "big")
        square = notation.parse_square(as_text(content), 0)
        is_square = content[:1].lower() in b"abcdefgh" and content[1:] in b"12345678"
        assert square >= 0 if is_square else square == -1
        assert square < 64


def test_parse_rights():
    for position in POSITIONS:
        board = position.copy()
        for rights in (b"", b"-", b"--", b"KQkq", b"HAha", b"KKKK", b"KQkqK", b"BgGb", b"\xff\x00"):
            notation.parse_rights(as_text(rights), 0, len(rights), board)
            assert board[CASTLING] < 16
        for text in texts(50, 5):
            for begin, end in spans(len(text)):
                notation.parse_rights(text, begin, end, board)


def test_parse_en_passant():
    squares = [name.encode() for name in chess.SQUARE_NAMES]
    for position in POSITIONS:
        board = position.copy()
        for text in [*squares, b"", b"-", b"a", b"a44", b"\xff\xff"]:
            for is_black in (False, True):
                found = notation.parse_en_passant(as_text(text), 0, len(text), is_black, board)
                square = board[EN_PASSANT]
                assert square == NO_SQUARE or (found and square >> 3 == (2 if is_black else 5))


def test_parse_clocks():
    position = np.zeros(POSITION_BYTES, np.uint8)
    for text, is_right in {
        b"": True,
        b"  ": True,
        b" 99999 65535": True,
        b"99999 65536": False,
        b"100000 1": False,
        b"0 0 ": True,
        b"0 0 0": False,
        b"-1 1": False,
    }.items():
        assert notation.parse_clocks(as_text(text), 0, len(text), position) == is_right
    for text in texts(500, 15):
        for begin, end in spans(len(text)):
            notation.parse_clocks(text, begin, end, position)


def test_check_pieces():
    for position in POSITIONS:
        assert notation.check_pieces(position) == 0
    rng = np.random.default_rng(5)
    for _ in range(300):
        position = rng.integers(13, size=POSITION_BYTES).astype(np.uint8)
        assert notation.check_pieces(position) != 0
    for piece in range(1, 13):
        assert notation.check_pieces(np.full(POSITION_BYTES, piece, np.uint8)) != 0


def test_parse_fen():
    position = np.zeros(POSITION_BYTES, np.uint8)
    rng = np.random.default_rng(6)
    few = np.frombuffer(CHARACTERS, np.uint8)
    for fen, known in zip(FENS, CHOSEN, strict=True):
        whole = fen.encode()
        for begin in range(0, len(whole) + 1):
            notation.parse_fen(as_text(whole), begin, len(whole), position)
            notation.parse_fen(as_text(whole[:begin]), 0, begin, position)
            changed = bytearray(whole)
            changed[begin % len(whole)] = rng.choice(few)
            notation.parse_fen(as_text(bytes(changed)), 0, len(whole), position)
        assert notation.parse_fen(as_text(whole), 0, len(whole), position) == 0
        assert np.array_equal(position, known)
    for text in texts(500, 100):
        for begin, end in spans(len(text)):
            assert notation.parse_fen(text, begin, end, position) != 0


def test_write_character():
    text, offset = room(1)
    assert notation.write_character(65, text, offset) == len(text) and text[-1] == 65


def test_write_number():
    for number in (0, 9, 10, 65535, 99999, 10**17):
        text, offset = room(len(str(number)))
        assert notation.write_number(number, text, offset) == len(text)
        assert text[offset:].tobytes() == str(number).encode()


def test_write_square():
    for square, name in enumerate(chess.SQUARE_NAMES):
        text, offset = room(2)
        assert notation.write_square(square, text, offset) == len(text)
        assert text[offset:].tobytes() == name.encode()


def test_write_board():
    for is_black in (False, True):
        text = np.zeros(MAX_FEN_LENGTH, np.uint8)
        assert notation.write_board(longest_position(is_black), text[:72]) == 72
    for position in POSITIONS:
        length = notation.write_board(position, text)
        (board, _) = text[:length].tobytes().split(b" ")
        assert chess.BaseBoard(board.decode()).board_fen() == board.decode()


def test_write_fen():
    read = np.zeros(POSITION_BYTES, np.uint8)
    for is_black in (False, True):
        text = np.zeros(MAX_FEN_LENGTH, np.uint8)
        length = notation.write_fen(longest_position(is_black), text)
        assert length == 72 + len("w Qq a6 255 65535")
    for position in POSITIONS:
        text = np.zeros(MAX_FEN_LENGTH, np.uint8)
        length = notation.write_fen(position, text)
        if notation.parse_fen(as_text(text.tobytes()), 0, length, read) == 0:
            read[EN_PASSANT] = position[EN_PASSANT]  # kept only where a pawn may take
            assert np.array_equal(read, position)


def test_parse_move():
    for move in [*range(1 << 12), *((move | 4 << 12) for move in range(1 << 12))]:
        for is_black in (False, True):
            text = np.zeros(MAX_UCI_LENGTH, np.uint8)
            length = notation.write_move(move, is_black, text, 0)
            assert notation.parse_move(as_text(text.tobytes()), 0, length, is_black) == move
    for text in texts(2000, 6):
        for begin, end in spans(len(text)):
            move = notation.parse_move(text, begin, end, False)
            assert -1 <= move < 5 << 12


def test_castling_as_kings_move():
    for position in POSITIONS:
        for move in range(1 << 13):
            written = notation.castling_as_kings_move(position, move)
            assert written == move or position[move & 63] == KING
    for move in range(1 << 16):
        notation.castling_as_kings_move(CHOSEN[3], move)


def test_write_move():
    for move in range(5 << 12):
        text, offset = room(MAX_UCI_LENGTH if move >> 12 else MAX_UCI_LENGTH - 1)
        is_black = bool(move & 1)
        assert notation.write_move(move, is_black, text, offset) == len(text)
        mirror = MIRROR_SQUARE if is_black else 0
        parts = (move & 63) ^ mirror, (move >> 6 & 63) ^ mirror, move >> 12
        expected = chess.Move(parts[0], parts[1], parts[2] + 1 if parts[2] else None)
        assert parts[0] == parts[1] or text[offset:].tobytes() == expected.uci().encode()
