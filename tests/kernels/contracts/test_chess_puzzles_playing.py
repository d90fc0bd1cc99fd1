"""Kernels that play puzzles stay within bounds to the last move of the last puzzle."""

import numpy as np

from tests.kernels.contracts.positions import POSITIONS
from tests.kernels.contracts.test_chess_puzzles_notation import longest_position
from tests.kernels.contracts.test_chess_puzzles_packing import packed_positions
from thinkenv.chess_puzzles import playing
from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVES
from thinkenv.chess_puzzles.playing import OUTCOME_LENGTH
from thinkenv.chess_puzzles.rules import (
    MAX_MOVES,
    NO_MOVE,
    POSITION_BYTES,
    is_legal,
    legal_moves,
    play,
)

MAX_COUNT = 253  # of moves of a solution


def moves_of(position):
    moves = np.empty(MAX_MOVES, np.uint16)
    return moves[: legal_moves(position, moves)].tolist()


def solution(position, count, rng):
    """Up to so many legal moves from a position on, an odd number; empty if there is none."""
    position, line = position.copy(), []
    while len(line) < count and (legal := moves_of(position)):
        line.append(int(rng.choice(legal)))
        play(position, line[-1])
    return line[: len(line) - (len(line) % 2 == 0)]


def puzzles():
    """The columns of a small database, in which the last solution ends where the moves end."""
    rng = np.random.default_rng(9)
    packed = packed_positions()
    lines = [
        solution(position, (1, 3, MAX_COUNT)[k % 3], rng) for k, position in enumerate(POSITIONS)
    ]
    rows = [row for row, line in enumerate(lines) if line]
    counts = np.array([len(lines[row]) for row in rows], np.uint8)
    starts = (np.cumsum(counts, dtype=np.int64) - counts).astype(np.uint32)
    moves = np.array([move for row in rows for move in lines[row]], np.uint16)
    assert counts.max() == MAX_COUNT and starts[-1] + counts[-1] == len(moves)
    return packed[rows], (starts, counts, moves)


def test_set_up():
    packed = packed_positions()
    positions = np.zeros((len(packed), POSITION_BYTES), np.uint8)
    rows = np.arange(len(packed))
    playing.set_up(packed, rows, rows[::-1].copy(), positions)
    assert np.array_equal(positions[::-1], np.array(POSITIONS))
    playing.set_up(packed, rows[:0], rows[:0], positions)


def play_to_the_end(choose, first_only):
    """Play all lines of the puzzles until they are over; which are solved."""
    packed, solutions = puzzles()
    starts, counts, moves = solutions
    rows = np.arange(len(packed))
    positions = np.zeros((len(rows), POSITION_BYTES), np.uint8)
    playing.set_up(packed, rows, rows, positions)
    plies, last_moves = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.uint16)
    is_solved = np.zeros(len(rows), np.bool_)
    indices = rows
    while len(indices):
        recorded = moves[starts[indices] + plies[indices]]
        codes = np.array([choose(*each) for each in zip(positions[indices], recorded, strict=True)])
        outcome = (
            np.empty(len(indices), np.bool_),
            np.empty(len(indices), np.bool_),
            np.empty((len(indices), POSITION_BYTES), np.uint8),
            np.empty(len(indices), np.uint16),
        )
        boards = rows, positions, plies, last_moves
        playing.play_lines(solutions, boards, indices, codes, first_only, outcome)
        done, solved, ends, replies = outcome
        assert np.all(replies[done] == NO_MOVE)
        text = np.zeros(len(ends) * OUTCOME_LENGTH, np.uint8)
        playing.write_outcome(ends, replies, text)
        is_solved[indices[done]] = solved[done]
        indices = indices[~done]
    assert np.all(plies <= counts)
    return is_solved


def test_play_lines():
    rng = np.random.default_rng(10)
    for first_only in (False, True):
        assert play_to_the_end(lambda position, recorded: recorded, first_only).all()
        solved = play_to_the_end(
            lambda position, recorded: np.uint16(rng.choice([recorded, rng.integers(1 << 16)])),
            first_only,
        )
        assert not solved.all()
    play_to_the_end(lambda position, recorded: np.uint16(rng.choice(moves_of(position))), False)


def test_write_outcome():
    count = 50
    for is_black in (False, True):
        ends = np.repeat(longest_position(is_black)[None], count, 0)
        replies = np.full(count, 0xFFF | 4 << 12, np.uint16)
        lengths = count * len(longest_lines(is_black))
        text = np.zeros(count * OUTCOME_LENGTH, np.uint8)
        assert playing.write_outcome(ends, replies, text) == lengths
        replies[:] = NO_MOVE
        assert playing.write_outcome(ends, replies, text) == lengths - 5 * count
    assert playing.write_outcome(ends[:0], replies[:0], text[:0]) == 0


def longest_lines(is_black: bool) -> str:
    """The lines for one position and its reply, the longest that there are."""
    board = "r1n1k1n1/1n1n1n1n/1n1n1n1n/p1n1n1n1/1N1N1N1N/N1N1N1N1/1N1N1N1N/R1N1K1N1"
    return f"{board} {'b' if is_black else 'w'} Qq a6 255 65535\nh8h8q\n"


def test_choose_moves():
    positions = np.array(POSITIONS)
    indices = np.array([len(positions) - 1, *range(len(positions))])
    rng = np.random.default_rng(11)
    for scores in (
        rng.normal(size=(2, len(indices), 64)),
        np.full((2, len(indices), 64), np.nan),
        np.full((2, len(indices), 64), -np.inf),
        np.full((2, len(indices), 64), np.inf),
    ):
        codes = np.zeros(len(indices), np.uint16)
        first, second = scores.astype(np.float32)
        playing.choose_moves(positions, indices, first, second, codes)
        for index, code in zip(indices, codes, strict=True):
            is_choice = is_legal(positions[index], int(code))
            assert is_choice or np.isnan(first[0, 0]) or not moves_of(positions[index])


def test_choose_scored_moves():
    positions = np.array(POSITIONS)
    indices = np.array([len(positions) - 1, *range(len(positions))])
    rng = np.random.default_rng(12)
    shape = (len(indices), len(MOVES))
    for scores in (rng.normal(size=shape), *(np.full(shape, one) for one in (-np.inf, np.inf))):
        codes = np.zeros(len(indices), np.uint16)
        of_actions = scores.astype(np.float32)
        playing.choose_scored_moves(positions, indices, of_actions, codes)
        for index, code, of_one in zip(indices, codes, of_actions, strict=True):
            if legal := moves_of(positions[index]):
                assert is_legal(positions[index], int(code))
                assert of_one[ACTION_OF_CODE[code]] == of_one[ACTION_OF_CODE[legal]].max()
            else:
                assert code == NO_MOVE
    codes[:] = 7
    playing.choose_scored_moves(positions, indices, np.full(shape, np.nan, np.float32), codes)
    assert (codes == 7).all()
    playing.choose_scored_moves(positions, indices[:0], of_actions[:0], codes[:0])
