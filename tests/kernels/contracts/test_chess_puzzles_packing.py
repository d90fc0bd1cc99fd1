"""Kernels that pack positions and make planes of them stay within bounds."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from thinkenv.chess_puzzles import packing
from thinkenv.chess_puzzles.packing import EN_PASSANT_PLANE, PACKED_BYTES, PLANES
from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    EN_PASSANT,
    HALFMOVES,
    NO_SQUARE,
    POSITION_BYTES,
)


def packed_positions() -> np.ndarray:
    packed = np.empty((len(POSITIONS), PACKED_BYTES), np.uint8)
    for position, row in zip(POSITIONS, packed, strict=True):
        packing.pack(position, row)
    return packed


def any_bytes() -> np.ndarray:
    """Packed positions as no check has seen them."""
    return np.random.default_rng(7).integers(256, size=(200, PACKED_BYTES)).astype(np.uint8)


def test_pack():
    position = np.full(POSITION_BYTES, 12, np.uint8)
    packed = np.zeros(PACKED_BYTES, np.uint8)
    packing.pack(position, packed)
    assert set(packed[:32].tolist()) == {12 | 12 << 4}


def test_unpack():
    unpacked = np.empty(POSITION_BYTES, np.uint8)
    for position, packed in zip(POSITIONS, packed_positions(), strict=True):
        packing.unpack(packed, unpacked)
        assert np.array_equal(unpacked, position)
    for packed in any_bytes():
        packing.unpack(packed, unpacked)
        assert unpacked[:64].max() < 16 and unpacked[CASTLING] < 16 and unpacked[BLACK] < 16


def test_is_black_to_move():
    for position, packed in zip(POSITIONS, packed_positions(), strict=True):
        assert packing.is_black_to_move(packed) == (position[BLACK] == 1)
    for packed in any_bytes():
        packing.is_black_to_move(packed)


def test_position_key():
    packed = packed_positions()
    keys = [int(packing.position_key(row)) for row in packed]
    alike = packed.copy()
    alike[:, 32] &= 15  # whose turn it is does not count, nor do the clocks
    alike[:, 34:] = 0
    assert keys == [int(packing.position_key(row)) for row in alike]
    assert len(set(keys)) == len({row.tobytes() for row in alike})
    for row in any_bytes():
        packing.position_key(row)


def check_planes(planes: np.ndarray, positions: list[np.ndarray]) -> None:
    for shown, position in zip(planes, positions, strict=True):
        assert shown.max() <= 1 and np.array_equal(shown[:12].sum(0), position[:64] > 0)
        square = position[EN_PASSANT]
        assert shown[EN_PASSANT_PLANE].sum() == (square != NO_SQUARE)


def test_encode_planes():
    packed = packed_positions()
    rows = np.array([0, len(packed) - 1, *range(len(packed)), 0])
    planes = np.full((len(rows), len(PLANES), 64), 9, np.uint8)
    packing.encode_planes(packed, rows, planes)
    check_planes(planes, [POSITIONS[row] for row in rows])
    packing.encode_planes(packed, rows[:0], planes[:0])
    for square in range(NO_SQUARE + 1):
        packed[:, 33] = square
        packing.encode_planes(packed, rows, planes)


def test_encode_positions():
    positions = np.array(POSITIONS)
    indices = np.array([len(positions) - 1, *range(len(positions)), 0])
    planes = np.full((len(indices), len(PLANES), 64), 9, np.uint8)
    packing.encode_positions(positions, indices, planes)
    check_planes(planes, [POSITIONS[index] for index in indices])
    packing.encode_positions(positions, indices[:0], planes[:0])
    assert positions[0, HALFMOVES] == POSITIONS[0][HALFMOVES]


def test_decode_planes():
    positions = np.array(POSITIONS)
    planes = np.empty((len(positions), len(PLANES), 64), np.uint8)
    packing.encode_positions(positions, np.arange(len(positions)), planes)
    found = np.full_like(positions, 9)
    packing.decode_planes(planes, found)
    assert np.array_equal(found[:, :BLACK], positions[:, :BLACK])
    assert set(map(tuple, found[:, BLACK:].tolist())) == {(0, 0, 1, 0)}
    rng = np.random.default_rng(8)
    for share in (0.0, 0.1, 1.0):  # planes of no position
        any_planes = (rng.random(planes.shape) < share).astype(np.uint8)
        packing.decode_planes(any_planes, found)
        assert found[:, :64].max() <= 12 and found[:, CASTLING].max() < 16
        assert found[:, EN_PASSANT].max() <= NO_SQUARE
    packing.decode_planes(planes[:0], found[:0])
