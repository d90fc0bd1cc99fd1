"""Moments of solutions: the positions in which a solver is to move, with what comes next."""

import numpy as np

from thinkenv.chess_puzzles.packing import PACKED_BYTES, pack, position_key, unpack
from thinkenv.chess_puzzles.puzzles import ChessPuzzles
from thinkenv.chess_puzzles.rules import NO_MOVE, POSITION_BYTES, play
from thinkenv.kernels.compilation import kernel


@kernel
def find_moments(packed, solutions, rows, plies, positions, moves):
    """Play solutions up to a move of the solver.

    Assumes a database that was checked (starts and counts within the moves, solutions of legal
    moves), rows of it, and even plies within their solutions.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8, the positions of the database.
        solutions: Its columns ``move_starts``, ``move_counts`` and ``moves``.
        rows: ``(count,)`` int64.
        plies: ``(count,)`` int64, how many moves to play, the replies included.
        positions: ``(count, POSITION_BYTES)`` uint8, filled: seen from the solver, who is to move.
        moves: ``(count, 3)`` uint16, filled: the solver's move, the reply to it, and the solver's
            next move, each seen from who moves; ``NO_MOVE`` after the end of the solution.
    """
    move_starts, move_counts, all_moves = solutions
    for index in range(len(rows)):
        row = rows[index]
        position = positions[index]
        unpack(packed[row], position)
        first = np.int64(move_starts[row])
        count = np.int64(move_counts[row])
        for ply in range(plies[index]):
            play(position, np.int64(all_moves[first + ply]))
        for further in range(3):
            ply = plies[index] + further
            moves[index, further] = all_moves[first + ply] if ply < count else NO_MOVE


def moments_of(puzzles: ChessPuzzles, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A moment of each of some puzzles.

    Args:
        puzzles: The puzzles.
        shares: ``(n,)`` from 0 to below 1: which of the solver's moves it is, 0 the first and
            nearly 1 the last.

    Returns:
        Positions ``(n, POSITION_BYTES)`` uint8, and moves ``(n, 3)`` uint16: the solver's, the
        reply, and the solver's next one, each seen from who moves; ``NO_MOVE`` after the end.
    """
    columns = puzzles.database.columns
    solutions = columns["move_starts"], columns["move_counts"], columns["moves"]
    of_solver = (puzzles.move_counts.astype(np.int64) + 1) // 2
    plies = 2 * (shares * of_solver).astype(np.int64)
    positions = np.empty((len(puzzles), POSITION_BYTES), np.uint8)
    moves = np.empty((len(puzzles), 3), np.uint16)
    find_moments(columns["positions"], solutions, puzzles.rows, plies, positions, moves)
    return positions, moves


@kernel
def find_keys(packed, solutions, rows, keys):
    """Find the keys of all positions that solutions lead through.

    Assumes a database that was checked (starts and counts within the moves, solutions of legal
    moves), rows of it, and as many keys as these puzzles have moves.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8, the positions of the database.
        solutions: Its columns ``move_starts``, ``move_counts`` and ``moves``.
        rows: ``(count,)`` int64.
        keys: ``(total,)`` uint64, filled: of the position before each move, puzzle by puzzle.
    """
    move_starts, move_counts, all_moves = solutions
    position = np.empty(POSITION_BYTES, np.uint8)
    shown = np.empty(PACKED_BYTES, np.uint8)
    found = 0
    for row in rows:
        unpack(packed[row], position)
        first = np.int64(move_starts[row])
        for ply in range(np.int64(move_counts[row])):
            pack(position, shown)
            keys[found] = position_key(shown)
            found += 1
            play(position, np.int64(all_moves[first + ply]))


def keys_of_solutions(puzzles: ChessPuzzles) -> np.ndarray:
    """The keys of all positions in which somebody moves in the solutions of puzzles.

    What matters is what who moves sees: see ``packing.position_key``.

    Args:
        puzzles: The puzzles.

    Returns:
        ``(moves,)`` uint64, as many as all solutions have moves, puzzle by puzzle.
    """
    columns = puzzles.database.columns
    solutions = columns["move_starts"], columns["move_counts"], columns["moves"]
    keys = np.empty(int(puzzles.move_counts.sum(dtype=np.int64)), np.uint64)
    find_keys(columns["positions"], solutions, puzzles.rows, keys)
    return keys


def occurring_in(puzzles: ChessPuzzles, others: ChessPuzzles) -> np.ndarray:
    """Which puzzles show a position that solutions of others lead through, ``(n,)`` bool.

    Splits keep the puzzles themselves apart, but not the positions in which their solutions go on:
    whoever trained on these has seen such a puzzle's position.
    """
    firsts = np.cumsum(puzzles.move_counts, dtype=np.int64) - puzzles.move_counts
    return np.isin(keys_of_solutions(puzzles)[firsts], keys_of_solutions(others))
