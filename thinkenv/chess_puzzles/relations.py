"""Which squares of a position have to do with which: what messages between squares run along.

Pieces act along lines, by leaps and by the rules, not from square to neighbouring square. There
are ``len(RELATIONS)`` relations, each a set of pairs of squares, seen from one side, the *thinker*,
whose turn it need not be. A relation of an attack or a move is there both ways, so that news travel
from the piece to what it acts on, and back.
"""

import numpy as np

from thinkenv.chess_puzzles.rules import (
    BISHOP,
    DIRECTIONS,
    FIRST_DIAGONAL,
    JUMPS,
    KING,
    KNIGHT,
    KNIGHT_STEPS,
    LINES,
    MAX_MOVES,
    MIRROR_SQUARE,
    NO_SQUARE,
    PAWN,
    PAWN_CAPTURES,
    POSITION_BYTES,
    QUEEN,
    ROOK,
    THEIRS,
    flip,
    legal_moves,
    split_move,
)
from thinkenv.kernels.compilation import kernel

RELATIONS = (
    # From a square along each direction, in the order of ``rules.LINES``, up to the first piece.
    *(f"line {direction}" for direction in range(DIRECTIONS)),
    "knight's leap, with or without a knight",
    "an own piece attacks or protects",
    "is attacked or protected by an own piece",
    "their piece attacks or protects",
    "is attacked or protected by their piece",
    "a king, along lines up to the second piece, where pins and discovered checks are",
    "the same back to the king",
    "a legal move of the side to move",
    "the same back to where it begins",
)
LEAP = DIRECTIONS
OWN_ATTACKS, THEIR_ATTACKS = LEAP + 1, LEAP + 3  # and back: one more
FROM_KING, TO_KING = LEAP + 5, LEAP + 6
FROM_MOVE, TO_MOVE = LEAP + 7, LEAP + 8
SECOND_PIECE = 2


@kernel(inline="always")
def relate_both_ways(relations, relation, origin, target, mark):
    """Mark a pair of squares in a relation, and turned round in the next one.

    Assumes a relation that has a next one, and squares from 0 to 63.
    """
    relations[relation, origin, target] = mark
    relations[relation + 1, target, origin] = mark


@kernel
def relate_lines(position, square, kind, attacks, mark, relations):
    """Relate a square to those on the eight lines from it.

    Assumes a position and a square of it from 0 to 63; the rest as in ``relate_square``.
    """
    for direction in range(DIRECTIONS):
        is_slider = kind == QUEEN or kind == (ROOK if direction < FIRST_DIAGONAL else BISHOP)
        met = 0  # pieces on the way
        for distance in range(7):
            target = np.int64(LINES[square, direction, distance])
            if target == NO_SQUARE:
                break
            if met == 0:
                relations[direction, square, target] = mark
                if is_slider or (kind == KING and distance == 0):
                    relate_both_ways(relations, attacks, square, target, mark)
            if kind == KING:
                relate_both_ways(relations, FROM_KING, square, target, mark)
            if position[target] != 0:
                met += 1
                # Only from kings it goes on, behind the first piece, which may be pinned.
                if kind != KING or met == SECOND_PIECE:
                    break


@kernel
def relate_square(position, square, mark, relations):
    """Relate a square to all that lines, leaps and the piece on it reach.

    Assumes a position, and a square from 0 to 63.

    Args:
        position: ``(POSITION_BYTES,)`` uint8, seen from the thinker.
        square: Which one.
        mark: What is written for a pair.
        relations: ``(len(RELATIONS), 64, 64)``: relation, from square, to square.
    """
    kind = np.int64(position[square])
    is_own = kind <= KING
    if not is_own:
        kind -= THEIRS
    attacks = OWN_ATTACKS if is_own else THEIR_ATTACKS
    relate_lines(position, square, kind, attacks, mark, relations)
    for direction in range(len(JUMPS)):
        target = np.int64(KNIGHT_STEPS[square, direction])
        if target != NO_SQUARE:
            relations[LEAP, square, target] = mark
            if kind == KNIGHT:
                relate_both_ways(relations, attacks, square, target, mark)
    if kind == PAWN:
        for step, last_file in PAWN_CAPTURES:
            # Theirs take downwards: what is to the left of an own pawn is to the right of theirs.
            target = square + step if is_own else square - step
            edge = last_file if is_own else 7 - last_file
            if square & 7 != edge and 0 <= target < 64:
                relate_both_ways(relations, attacks, square, target, mark)


@kernel
def relate(positions, is_their_turn, mark, relations):
    """Find the relations of some positions.

    Assumes positions, and as many turns and relations.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8, seen from the thinker.
        is_their_turn: ``(n,)`` bool, whether it is the opponent who is to move.
        mark: What is written for a pair of squares.
        relations: ``(n, len(RELATIONS), 64, 64)``, overwritten: 0 where squares are no pair.
    """
    moves = np.empty(MAX_MOVES, np.uint16)
    position = np.empty(POSITION_BYTES, np.uint8)
    relations[:] = 0
    for index in range(len(positions)):
        position[:] = positions[index]
        for square in range(64):
            relate_square(position, square, mark, relations[index])
        # Moves are listed from the side that makes them, and shown as the thinker sees them.
        mirror = 0
        if is_their_turn[index]:
            flip(position)
            mirror = MIRROR_SQUARE
        for move in moves[: legal_moves(position, moves)]:
            origin, target, _ = split_move(move)
            relate_both_ways(relations[index], FROM_MOVE, origin ^ mirror, target ^ mirror, mark)


def relations_of(positions: np.ndarray, is_their_turn: np.ndarray, mark: np.generic) -> np.ndarray:
    """The relations of positions.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8, seen from the thinker.
        is_their_turn: ``(n,)`` bool, whether it is the opponent who is to move.
        mark: What is written for a pair of squares; its type is that of the result.

    Returns:
        ``(n, len(RELATIONS), 64, 64)``: relation, from square, to square; 0 where squares are no
        pair.
    """
    relations = np.empty((len(positions), len(RELATIONS), 64, 64), mark.dtype)
    relate(positions, is_their_turn, mark, relations)
    return relations
