"""Kernels that relate squares stay within bounds, and mark nothing but what they are to mark."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_playing import moves_of
from thinkenv.chess_puzzles import relations
from thinkenv.chess_puzzles.relations import (
    FROM_KING,
    FROM_MOVE,
    LEAP,
    OWN_ATTACKS,
    RELATIONS,
    THEIR_ATTACKS,
    TO_MOVE,
)
from thinkenv.chess_puzzles.rules import DIRECTIONS, KING, MIRROR_SQUARE, flip

PAIRS = (OWN_ATTACKS, THEIR_ATTACKS, FROM_KING, FROM_MOVE)  # each with its reverse behind it


def no_relations() -> np.ndarray:
    return np.zeros((len(RELATIONS), 64, 64), np.float32)


def marked(related: np.ndarray) -> set[int]:
    """The relations in which a pair is marked."""
    return set(np.flatnonzero(related.any(axis=(1, 2))).tolist())


def check_reverses(related: np.ndarray) -> None:
    for relation in PAIRS:
        assert np.array_equal(related[relation + 1], related[relation].T)


def test_relate_both_ways():
    for relation in (0, *PAIRS):
        for origin, target in ((0, 63), (63, 0), (63, 63)):
            related = no_relations()
            relations.relate_both_ways(related, relation, origin, target, np.float32(1))
            assert marked(related) == {relation, relation + 1} and related.sum() == 2
            assert related[relation, origin, target] == related[relation + 1, target, origin] == 1


def test_relate_lines():
    for position in POSITIONS[::3]:
        for square in range(64):
            for kind in range(KING + 1):
                for attacks in (OWN_ATTACKS, THEIR_ATTACKS):
                    related = no_relations()
                    relations.relate_lines(position, square, kind, attacks, np.float32(1), related)
                    check_reverses(related)
                    allowed = {*range(DIRECTIONS), attacks, attacks + 1, FROM_KING, FROM_KING + 1}
                    assert marked(related) <= allowed
                    assert (FROM_KING in marked(related)) == (kind == KING)
                    # Nothing but from the square.
                    elsewhere = np.arange(64) != square
                    assert not related[:DIRECTIONS, elsewhere].any()


def test_relate_square():
    for position in POSITIONS:
        for square in range(64):
            related = no_relations()
            relations.relate_square(position, square, np.float32(1), related)
            check_reverses(related)
            piece = position[square]
            attacking = {OWN_ATTACKS} if 0 < piece <= KING else {THEIR_ATTACKS}
            found = marked(related) & {OWN_ATTACKS, THEIR_ATTACKS}
            assert found == (attacking if piece else set())
            assert not related[FROM_MOVE].any() and related[LEAP, square].any()
            assert set(np.unique(related)) <= {0, 1}


def test_relate():
    positions = np.array(POSITIONS)
    theirs = np.arange(len(positions)) % 2 == 1
    for mark in (np.float32(1), np.uint16(0x3F80), np.int8(1)):
        related = np.full((len(positions), len(RELATIONS), 64, 64), 9, mark.dtype)
        relations.relate(positions, theirs, mark, related)
        assert set(np.unique(related).tolist()) == {0, mark}
        for position, is_theirs, of_one in zip(positions, theirs, related, strict=True):
            check_reverses(of_one)
            mover, mirror = position.copy(), 0
            if is_theirs:
                flip(mover)
                mirror = MIRROR_SQUARE
            pairs = {((move & 63) ^ mirror, (move >> 6 & 63) ^ mirror) for move in moves_of(mover)}
            assert set(zip(*np.nonzero(of_one[FROM_MOVE]), strict=True)) == pairs
            assert np.count_nonzero(of_one[TO_MOVE]) == len(pairs)
    assert np.array_equal(positions, np.array(POSITIONS))
    relations.relate(positions[:0], theirs[:0], np.int8(1), related[:0])
