"""The kernel that plays up to moments of solutions stays within bounds to the last move of all."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_packing import packed_positions
from tests.kernels.contracts.test_chess_puzzles_playing import puzzles
from thinkenv.chess_puzzles import moments
from thinkenv.chess_puzzles.packing import position_key
from thinkenv.chess_puzzles.rules import NO_MOVE, POSITION_BYTES, is_legal, play


def test_find_moments():
    packed, solutions = puzzles()
    assert len(packed) <= len(POSITIONS) == len(packed_positions())
    starts, counts, moves = solutions
    asked = [(row, ply) for row, count in enumerate(counts) for ply in range(0, int(count), 2)]
    rows, plies = np.array(asked).T.copy()
    positions = np.full((len(rows), POSITION_BYTES), 9, np.uint8)
    found = np.full((len(rows), 3), 9, np.uint16)
    moments.find_moments(packed, solutions, rows, plies, positions, found)
    for (row, ply), position, of_moment in zip(asked, positions, found, strict=True):
        line = moves[starts[row] : int(starts[row]) + int(counts[row])]
        assert of_moment.tolist() == [*line[ply : ply + 3], NO_MOVE, NO_MOVE][:3]
        after = position.copy()
        for move in of_moment[of_moment != NO_MOVE].tolist():
            assert is_legal(after, move)
            play(after, move)
    last = (len(counts) - 1, int(counts[-1]) - 1)  # where all moves end
    assert last in asked
    moments.find_moments(packed, solutions, rows[:0], plies[:0], positions[:0], found[:0])


def test_find_keys():
    packed, solutions = puzzles()
    counts = solutions[1].astype(int)
    rows = np.arange(len(counts))
    keys = np.zeros(counts.sum(), np.uint64)
    moments.find_keys(packed, solutions, rows, keys)
    assert keys.all()
    firsts = np.cumsum(counts) - counts
    expected = [position_key(packed[row]) for row in rows]
    assert keys[firsts].tolist() == expected
    last = np.zeros(counts[-1], np.uint64)
    moments.find_keys(packed, solutions, rows[-1:], last)
    assert last.tolist() == keys[firsts[-1] :].tolist()
    moments.find_keys(packed, solutions, rows[:0], keys[:0])
