"""Playing puzzles move by move: the solver moves, and the recorded replies come back."""

from dataclasses import dataclass

import numpy as np

from thinkenv.chess_puzzles.moves import ACTION_OF_CODE, MOVE_CODES, MOVES, mark_legal
from thinkenv.chess_puzzles.notation import (
    MAX_FEN_LENGTH,
    MAX_UCI_LENGTH,
    write_character,
    write_fen,
    write_move,
)
from thinkenv.chess_puzzles.packing import planes_of_positions, unpack
from thinkenv.chess_puzzles.puzzles import ChessPuzzles
from thinkenv.chess_puzzles.rules import (
    BLACK,
    EN_PASSANT,
    MAX_MOVES,
    MIRROR_MOVE,
    NO_MOVE,
    NO_SQUARE,
    POSITION_BYTES,
    flip,
    is_checkmate,
    is_legal,
    legal_moves,
    play,
    split_move,
)
from thinkenv.kernels.compilation import kernel

LINE_END = ord("\n")


@kernel
def set_up(packed, rows, indices, positions):
    """Set the positions ``indices`` to the ones to solve of the database rows ``rows``.

    Assumes rows of the database, and indices of the positions.
    """
    for index in range(len(indices)):
        unpack(packed[rows[index]], positions[indices[index]])


@kernel
def play_lines(solutions, boards, indices, codes, first_only, outcome):
    """Play one move of the solver in some lines, and the recorded reply where there is one.

    Assumes a database that was checked (odd counts, starts and counts within the moves, solutions
    of legal moves), indices of lines that are not over, and codes of 16 bits, of whatever moves.

    Args:
        solutions: The columns ``move_starts``, ``move_counts`` and ``moves`` of the database.
        boards: ``rows``, ``positions``, ``plies`` and ``last_moves`` of all lines, as in ``Lines``;
            the last three are moved on. After the last right move a position is still seen from
            the solver's side, and after a wrong one it stays.
        indices: ``(count,)`` int64, which lines are played.
        codes: ``(count,)`` uint16, the solver's moves.
        first_only: Whether the puzzle is solved with its first move.
        outcome: ``done``, ``solved``, ``ends`` and ``replies`` as in ``Outcome``, filled.
    """
    move_starts, move_counts, moves = solutions
    rows, positions, plies, last_moves = boards
    done, solved, ends, replies = outcome
    after = np.empty(POSITION_BYTES, np.uint8)
    for index in range(len(indices)):
        line = indices[index]
        row = rows[line]
        move = np.int64(codes[index])
        position = positions[line]
        first = np.int64(move_starts[row])
        count = np.int64(move_counts[row])
        done[index] = True
        solved[index] = False
        ends[index] = position
        replies[index] = NO_MOVE
        if not is_legal(position, move):
            continue
        after[:] = position
        play(after, move)  # from here on it is seen from the opponent's side
        is_recorded = move == moves[first + plies[line]]
        is_last = first_only or plies[line] + 1 >= count
        if is_checkmate(after) or (is_recorded and is_last):
            solved[index] = True
            plies[line] += 1
            last_moves[line] = move
            ends[index] = after
            position[:] = after
            flip(position)
            position[EN_PASSANT] = NO_SQUARE  # it was the opponent's
            continue
        if not is_recorded:
            continue
        reply = np.int64(moves[first + plies[line] + 1])
        play(after, reply)  # and now from the solver's side again
        plies[line] += 2
        last_moves[line] = reply ^ MIRROR_MOVE
        position[:] = after
        ends[index] = after
        replies[index] = reply
        done[index] = False


@kernel
def write_outcome(ends, replies, text):
    """Write the positions after some moves as FEN, and the replies in UCI notation, as lines.

    Assumes positions, and replies with promotions of at most 4.

    Args:
        ends: ``(count, POSITION_BYTES)`` uint8.
        replies: ``(count,)`` uint16, whose line stays empty where there is none.
        text: ``(count * OUTCOME_LENGTH,)`` uint8, filled from the beginning.

    Returns:
        The length of the text.
    """
    offset = 0
    for index in range(len(ends)):
        offset += write_fen(ends[index], text[offset:])
        offset = write_character(LINE_END, text, offset)
        if replies[index] != NO_MOVE:  # a reply was made by the side that is not to move
            is_black = ends[index, BLACK] == 0
            offset = write_move(np.int64(replies[index]), is_black, text, offset)
        offset = write_character(LINE_END, text, offset)
    return offset


OUTCOME_LENGTH = MAX_FEN_LENGTH + MAX_UCI_LENGTH + 2  # characters for each line, at most


@dataclass
class Outcome:
    """What some moves and the replies to them led to.

    Attributes:
        done: ``(n,)`` bool, whether each line is over.
        solved: ``(n,)`` bool, whether it is solved.
        ends: ``(n, POSITION_BYTES)`` uint8, the positions reached, seen from the side to move: the
            solver after a reply, the opponent after a last right move. After a wrong move it is the
            position that the move was to be made in.
        replies: ``(n,)`` uint16, the replies as codes, ``NO_MOVE`` where there was none.
    """

    done: np.ndarray
    solved: np.ndarray
    ends: np.ndarray
    replies: np.ndarray

    def texts(self) -> tuple[list[str], list[str | None]]:
        """FENs of the positions reached, and replies in UCI notation, as on the real board."""
        text = np.empty(len(self.ends) * OUTCOME_LENGTH, np.uint8)
        length = write_outcome(self.ends, self.replies, text)
        # Decoding all of it and cutting it is several times as fast as decoding each.
        lines = text[:length].tobytes().decode().split("\n")
        return lines[:-1:2], [reply or None for reply in lines[1::2]]


@kernel
def choose_moves(positions, indices, from_scores, to_scores, codes):
    """The legal move with the highest sum of two scores, in some positions.

    Assumes positions, and indices of them; where there is no legal move, or no score is a number,
    the code stays what it was.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8.
        indices: ``(count,)`` int64, which of them; each needs a legal move.
        from_scores: ``(count, 64)`` float32, for each square that a move may begin on.
        to_scores: ``(count, 64)`` float32, for each square that it may end on.
        codes: ``(count,)`` uint16, filled with moves. Of promotions, the one to a queen is chosen.
    """
    moves = np.empty(MAX_MOVES, np.uint16)
    for index in range(len(indices)):
        count = legal_moves(positions[indices[index]], moves)
        best = -np.inf
        for move in moves[:count]:
            origin, target, _ = split_move(move)
            score = from_scores[index, origin] + to_scores[index, target]
            if score >= best:  # promotions come in the order knight to queen
                best = score
                codes[index] = move


@kernel
def choose_scored_moves(positions, indices, scores, codes):
    """The legal move with the highest score, in some positions.

    Assumes positions, and indices of them; where there is no legal move, or no score is a number,
    the code stays what it was.

    Args:
        positions: ``(n, POSITION_BYTES)`` uint8.
        indices: ``(count,)`` int64, which of them; each needs a legal move.
        scores: ``(count, len(MOVES))`` float32, of every action.
        codes: ``(count,)`` uint16, filled with moves.
    """
    moves = np.empty(MAX_MOVES, np.uint16)
    for index in range(len(indices)):
        count = legal_moves(positions[indices[index]], moves)
        best = -np.inf
        for move in moves[:count]:
            score = scores[index, ACTION_OF_CODE[move]]
            if score >= best:
                best = score
                codes[index] = move


class Lines:
    """Puzzles in play.

    Args:
        puzzles: Those that are played, or some of the same database.
        count: How many are played at a time.
        first_only: Whether a puzzle is solved with its first move, or with its whole line.

    Attributes:
        positions: ``(count, POSITION_BYTES)`` uint8, seen from the solver's side.
        plies: ``(count,)`` int64, moves played so far, the replies included.
        last_moves: ``(count,)`` uint16, the move played last, seen from the solver's side.
        rows: ``(count,)`` int64, the puzzles' rows in the database.
    """

    def __init__(self, puzzles: ChessPuzzles, count: int, first_only: bool):
        self._columns = columns = puzzles.database.columns
        self._solutions = columns["move_starts"], columns["move_counts"], columns["moves"]
        self.first_only = first_only
        self.positions = np.zeros((count, POSITION_BYTES), np.uint8)
        self.plies = np.zeros(count, np.int64)
        self.last_moves = np.zeros(count, np.uint16)
        self.rows = np.zeros(count, np.int64)
        self._boards = self.rows, self.positions, self.plies, self.last_moves

    def begin(self, rows: np.ndarray, indices: np.ndarray) -> None:
        """Begin puzzles.

        Args:
            rows: ``(n,)`` int64, their rows in the database.
            indices: ``(n,)`` int64, which of the lines they become.
        """
        self.rows[indices] = rows
        self.plies[indices] = 0
        self.last_moves[indices] = self._columns["last_moves"][rows]
        set_up(self._columns["positions"], rows, indices, self.positions)

    def play(self, actions: np.ndarray, indices: np.ndarray) -> Outcome:
        """Play a move of the solver, and the reply.

        Args:
            actions: ``(n,)`` integers, indices into ``MOVES``.
            indices: ``(n,)`` int64, in which lines.

        Returns:
            Where that led. A wrong or illegal move ends a line unsolved; a move that mates solves
            it, whatever was recorded.
        """
        count = len(indices)
        done, solved = np.empty(count, np.bool_), np.empty(count, np.bool_)
        ends = np.empty((count, POSITION_BYTES), np.uint8)
        replies = np.empty(count, np.uint16)
        outcome = done, solved, ends, replies
        codes = MOVE_CODES[actions]
        play_lines(self._solutions, self._boards, indices, codes, self.first_only, outcome)
        return Outcome(*outcome)

    def choose(
        self, from_scores: np.ndarray, to_scores: np.ndarray, indices: np.ndarray
    ) -> np.ndarray:
        """The best legal moves by scores of squares.

        Args:
            from_scores: ``(n, 64)`` float32, how good it is to move from each square.
            to_scores: ``(n, 64)`` float32, how good it is to move to each square.
            indices: ``(n,)`` int64, in which lines.

        Returns:
            ``(n,)`` actions, indices into ``MOVES``: the legal moves with the highest sums.
        """
        codes = np.zeros(len(indices), np.uint16)
        choose_moves(self.positions, indices, from_scores, to_scores, codes)
        return ACTION_OF_CODE[codes].astype(np.int64)

    def choose_scored(self, scores: np.ndarray, indices: np.ndarray) -> np.ndarray:
        """The best legal moves by scores of moves.

        Args:
            scores: ``(n, len(MOVES))`` float32, of every action.
            indices: ``(n,)`` int64, in which lines.

        Returns:
            ``(n,)`` actions, indices into ``MOVES``: the legal moves with the highest scores.
        """
        codes = np.zeros(len(indices), np.uint16)
        choose_scored_moves(self.positions, indices, scores, codes)
        return ACTION_OF_CODE[codes].astype(np.int64)

    def recorded_move(self, index: int) -> np.uint16:
        """The recorded move that is to be played next in a line, as a code."""
        first = int(self._columns["move_starts"][self.rows[index]])
        return self._columns["moves"][first + int(self.plies[index])]

    def show(self, indices: np.ndarray) -> np.ndarray:
        """Planes ``(n, 17, 8, 8)`` uint8 of some lines."""
        return planes_of_positions(self.positions, indices)

    def action_masks(self, indices: np.ndarray) -> np.ndarray:
        """``(n, len(MOVES))`` int8, 1 for the legal moves of the side whose pieces are shown."""
        masks = np.empty((len(indices), len(MOVES)), np.int8)
        mark_legal(self.positions, indices, masks)
        return masks
