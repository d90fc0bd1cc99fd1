"""Planes and back again."""

import numpy as np

from tests.kernels.contracts.positions import FENS
from thinkenv import chess_puzzles
from thinkenv.chess_puzzles.notation import fen_of_position, position_of_fen
from thinkenv.chess_puzzles.packing import planes_of_positions, positions_of_planes
from thinkenv.chess_puzzles.positions import parse_positions

PUZZLES = chess_puzzles.load(split="all")


def test_positions_come_back_from_their_planes_but_for_colours_and_clocks():
    positions = parse_positions([*PUZZLES.fens()[:2000], *FENS])
    planes = planes_of_positions(positions)
    found = positions_of_planes(planes)
    assert np.array_equal(found[:, :66], positions[:, :66])
    assert np.array_equal(planes_of_positions(found), planes)
    for fen, back in zip(PUZZLES.fens()[:50], found, strict=False):
        placed, _, rights, passed, *_ = fen_of_position(position_of_fen(fen)).split()
        if fen.split()[1] == "w":
            assert fen_of_position(back) == f"{placed} w {rights} {passed} 0 1"


def test_other_arrays_of_the_same_numbers_show_the_same_positions():
    planes = PUZZLES[np.arange(50)].planes()
    expected = positions_of_planes(planes)
    assert expected.shape == (50, 70) and expected.dtype == np.uint8
    twice = np.repeat(planes, 2, axis=0)
    for same in (planes.astype(np.float32), planes.astype(bool), twice[::2]):
        assert np.array_equal(positions_of_planes(same), expected)
    assert positions_of_planes(planes[:0]).shape == (0, 70)
