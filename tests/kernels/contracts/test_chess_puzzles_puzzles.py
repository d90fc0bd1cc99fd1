"""Kernels that write puzzles as text stay within bounds."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_notation import longest_position
from tests.kernels.contracts.test_chess_puzzles_packing import packed_positions
from thinkenv.chess_puzzles import puzzles
from thinkenv.chess_puzzles.notation import MAX_FEN_LENGTH, MAX_UCI_LENGTH, fen_of_position
from thinkenv.chess_puzzles.packing import PACKED_BYTES, pack


def test_write_fens():
    packed = np.zeros((len(POSITIONS) + 1, PACKED_BYTES), np.uint8)
    packed[:-1] = packed_positions()
    pack(longest_position(is_black=True), packed[-1])
    texts = np.zeros((len(packed), MAX_FEN_LENGTH), np.uint8)
    puzzles.write_fens(packed, texts)
    for position, text in zip(POSITIONS, texts[:-1], strict=True):
        assert text.tobytes().rstrip(b"\0").decode() == fen_of_position(position)
    puzzles.write_fens(packed[:0], texts[:0])


def test_write_solutions():
    packed = packed_positions()[:3]
    counts = np.array([1, 3, 253], np.uint8)
    starts = np.array([0, 1, 4], np.uint32)
    moves = np.full(4 + 253, 0xFFF | 4 << 12, np.uint16)  # h8h8q, as long as moves are
    texts = np.zeros((3, 253 * (MAX_UCI_LENGTH + 1) - 1), np.uint8)
    puzzles.write_solutions(packed, starts, counts, moves, texts)
    assert np.all(texts[-1] > 0)
    written = [text.tobytes().rstrip(b"\0").split(b" ") for text in texts]
    assert [len(words) for words in written] == [1, 3, 253]
    assert {word[-1:] for words in written for word in words} == {b"q"}
    puzzles.write_solutions(packed[:0], starts[:0], counts[:0], moves, texts[:0])
