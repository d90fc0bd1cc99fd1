"""Positions in 37 bytes, as databases hold them, and as planes of 0 and 1 for networks."""

import numpy as np
from numba import uint64

from thinkenv.chess_puzzles.rules import (
    BLACK,
    CASTLING,
    EN_PASSANT,
    FULLMOVES,
    HALFMOVES,
    NO_SQUARE,
)
from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import mix

# 32 bytes of squares, two to a byte; castling rights with bit 4 for Black to move; the en passant
# square; the half-moves; the number of the move, two bytes.
PACKED_BYTES = 37

PLANES = (
    *(f"own {piece}" for piece in ("pawns", "knights", "bishops", "rooks", "queens", "king")),
    *(f"their {piece}" for piece in ("pawns", "knights", "bishops", "rooks", "queens", "king")),
    "all 1 if the own king's side castling is still allowed",
    "all 1 if the own queen's side castling is still allowed",
    "all 1 if their king's side castling is still allowed",
    "all 1 if their queen's side castling is still allowed",
    "the square where an own pawn can take en passant",
)
CASTLING_PLANE = 12
EN_PASSANT_PLANE = 16


@kernel
def pack(position, packed):
    """Pack a position ``(POSITION_BYTES,)`` into ``packed`` ``(PACKED_BYTES,)`` uint8."""
    for pair in range(32):
        packed[pair] = position[2 * pair] | position[2 * pair + 1] << 4
    packed[32] = position[CASTLING] | position[BLACK] << 4
    packed[33] = position[EN_PASSANT]
    packed[34] = position[HALFMOVES]
    packed[35] = position[FULLMOVES]
    packed[36] = position[FULLMOVES + 1]


@kernel
def unpack(packed, position):
    """The reverse of ``pack``."""
    for pair in range(32):
        position[2 * pair] = packed[pair] & 15
        position[2 * pair + 1] = packed[pair] >> 4
    position[CASTLING] = packed[32] & 15
    position[BLACK] = packed[32] >> 4
    position[EN_PASSANT] = packed[33]
    position[HALFMOVES] = packed[34]
    position[FULLMOVES] = packed[35]
    position[FULLMOVES + 1] = packed[36]


@kernel
def position_key(packed):
    """A 64-bit key of a packed position: what the solver sees.

    The clocks do not count, nor which colour the solver has: a position and the same one with
    colours exchanged look alike to an agent.
    """
    key = uint64(packed[32] & 15) | uint64(packed[33]) << uint64(8)
    for word in range(4):
        bits = uint64(0)
        for byte in range(8):
            bits |= uint64(packed[8 * word + byte]) << uint64(8 * byte)
        key = mix(key ^ bits)
    return key


@kernel
def encode_planes(packed, rows, planes):
    """Write the planes of some positions.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8.
        rows: ``(count,)`` int64, which of them.
        planes: ``(count, len(PLANES), 64)`` uint8, overwritten.
    """
    for index in range(len(rows)):
        source = packed[rows[index]]
        target = planes[index]
        target[:] = 0
        for pair in range(32):
            squares = source[pair]
            first = squares & 15
            second = squares >> 4
            if first != 0:
                target[first - 1, 2 * pair] = 1
            if second != 0:
                target[second - 1, 2 * pair + 1] = 1
        for right in range(4):
            if source[32] >> right & 1:
                target[CASTLING_PLANE + right] = 1
        if source[33] != NO_SQUARE:
            target[EN_PASSANT_PLANE, source[33]] = 1


@kernel
def encode_position(position, planes):
    """Write the planes ``(len(PLANES), 64)`` uint8 of one position ``(POSITION_BYTES,)``."""
    planes[:] = 0
    for square in range(64):
        if position[square] != 0:
            planes[position[square] - 1, square] = 1
    for right in range(4):
        if position[CASTLING] >> right & 1:
            planes[CASTLING_PLANE + right] = 1
    if position[EN_PASSANT] != NO_SQUARE:
        planes[EN_PASSANT_PLANE, position[EN_PASSANT]] = 1


def planes_of(packed: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The planes of some packed positions.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8.
        rows: ``(count,)`` integers, which of them.

    Returns:
        ``(count, len(PLANES), 8, 8)`` uint8 of 0 and 1: plane, rank and file, seen from the side
        to move. ``PLANES`` says what each plane is.
    """
    planes = np.empty((len(rows), len(PLANES), 64), np.uint8)
    encode_planes(packed, np.asarray(rows, np.int64), planes)
    return planes.reshape(len(rows), len(PLANES), 8, 8)
