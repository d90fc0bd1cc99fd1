"""The chess task: an instance number in, a puzzle out; two squares in, a judgement out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from thinkenv.batches import InstanceBatch
from thinkenv.checks import check_answers
from thinkenv.chess_puzzles.packing import planes_of, unpack
from thinkenv.chess_puzzles.puzzles import load
from thinkenv.chess_puzzles.rules import PAWN, POSITION_BYTES, mates
from thinkenv.compilation import kernel
from thinkenv.instances import check_instances


@dataclass
class ChessPuzzleBatch(InstanceBatch):
    """Puzzles as agents see them.

    Attributes:
        planes: ``(count, 17, 8, 8)`` uint8 of 0 and 1: plane, rank and file, seen from the solver's
            side; ``thinkenv.chess_puzzles.PLANES`` says what each plane is.
        solutions: ``(count, 8, 8)`` uint8, 1 on the from-square and the to-square of the solver's
            first move.
        first_moves: ``(count,)`` int32, that move as a code; see ``thinkenv.chess_puzzles.rules``.
        rows: ``(count,)`` int64, the puzzles' rows in the database.
        instances: ``(count,)`` int64 instance numbers.
    """

    planes: np.ndarray
    solutions: np.ndarray
    first_moves: np.ndarray
    rows: np.ndarray
    instances: np.ndarray

    @property
    def problems(self) -> np.ndarray:
        """What an agent is shown: the planes (the name that all tasks share)."""
        return self.planes


def squares_of_moves(moves: np.ndarray) -> np.ndarray:
    """The squares that moves go from and to: codes ``(count,)`` to ``(count, 8, 8)`` uint8."""
    squares = np.zeros((len(moves), 64), np.uint8)
    everyone = np.arange(len(moves))
    squares[everyone, moves & 63] = 1
    squares[everyone, moves >> 6 & 63] = 1
    return squares.reshape(-1, 8, 8)


@kernel
def judge_squares(packed, first_moves, rows, answers, solved, accuracies):
    """Judge answers that mark squares.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8, the positions of the database.
        first_moves: ``(count,)`` int32, the recorded first moves.
        rows: ``(count,)`` int64.
        answers: ``(count, 64)`` uint8 of 0 and 1.
        solved: ``(count,)`` bool, filled.
        accuracies: ``(count,)`` float64, filled: the share of squares equal to the recorded ones.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    marked = np.empty(2, np.int64)
    for index in range(len(rows)):
        answer = answers[index]
        origin = np.int64(first_moves[index]) & 63
        target = (np.int64(first_moves[index]) >> 6) & 63
        count = 0
        for square in range(64):
            if answer[square] != 0:
                if count < 2:
                    marked[count] = square
                count += 1
        common = np.int64(answer[origin]) + np.int64(answer[target])
        accuracies[index] = 1.0 - (count + 2 - 2 * common) / 64
        solved[index] = count == 2 and common == 2
        if count == 2 and common < 2:
            unpack(packed[rows[index]], position)
            solved[index] = mates_between(position, marked[0], marked[1]) or mates_between(
                position, marked[1], marked[0]
            )


@kernel
def mates_between(position, origin, target):
    """Whether some legal move from ``origin`` to ``target`` mates."""
    move = origin | target << 6
    if position[origin] == PAWN and target >= 56:
        for promotion in range(1, 5):
            if mates(position, move | promotion << 12):
                return True
        return False
    return mates(position, move)


class ChessPuzzleTask:
    """One selection of puzzles: an instance number in, a puzzle out.

    Instance ``i`` is puzzle ``i`` of the selection, in the order of the file, and begins again at
    the first after the last. It is a pure function of the database, the options and its number.

    Args:
        database: ``bundled``, or a path; see ``thinkenv.chess_puzzles.load``, also for the others.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``.
        rating: ``[low, high]``, or None.
        themes: A list of themes, or None.

    Raises:
        ValueError: If an argument has a value that is not allowed, or no puzzle is left.
        TypeError: If an argument has the wrong type.
    """

    name = "chess"

    def __init__(
        self,
        database: str | Path = "bundled",
        split: str = "train",
        rating: Sequence[int] | None = None,
        themes: Sequence[str] | None = None,
    ):
        self.puzzles = load(database, rating, themes, split)
        self.split = split
        self.rating = rating
        self.themes = themes

    @cached_property
    def rating_band(self) -> tuple[int, int]:
        """The lowest and the highest rating: those asked for, or those found."""
        if self.rating is not None:
            return int(self.rating[0]), int(self.rating[1])
        ratings = self.puzzles.ratings
        return int(ratings.min()), int(ratings.max())

    @property
    def count(self) -> int:
        """How many puzzles there are; other tasks have no end of different problems."""
        return len(self.puzzles)

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        database = self.puzzles.database
        axes = {
            "split": self.split,
            "rating": list(self.rating_band),
            "database": database.source,
            "database_sha256": database.source_sha256,
        }
        return axes | {"themes": list(self.themes)} if self.themes else axes

    def draw(
        self, instances: Sequence[int] | np.ndarray, threads: int | None = None
    ) -> ChessPuzzleBatch:
        """Draw the puzzles of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``.
            threads: Not needed here: a million positions take a second on one thread.

        Raises:
            ValueError: If a number is out of range.
        """
        instances = check_instances(instances)
        rows = self.puzzles.rows[instances % len(self.puzzles)]
        columns = self.puzzles.database.columns
        first_moves = columns["moves"][columns["move_starts"][rows]].astype(np.int32)
        return ChessPuzzleBatch(
            planes_of(columns["positions"], rows),
            squares_of_moves(first_moves),
            first_moves,
            rows,
            instances,
        )

    def judge(self, batch: ChessPuzzleBatch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Judge one answer of squares to each puzzle of a batch.

        Args:
            batch: Puzzles of this task.
            answers: ``(count, 8, 8)`` bool or integers, 1 on the from-square and the to-square.

        Returns:
            ``(solved, accuracies)``: ``(count,)`` bool, whether exactly the two squares of the
            recorded first move are marked, or those of another move that mates; and ``(count,)``
            float64, the share of the 64 squares that are as recorded.

        Raises:
            ValueError: If the answers have another shape or other values than 0 and 1.
            TypeError: If the answers hold neither integers nor bools.
        """
        answers = check_answers(answers, batch.solutions.shape).reshape(len(batch), 64)
        solved = np.empty(len(batch), np.bool_)
        accuracies = np.empty(len(batch))
        positions = self.puzzles.database.columns["positions"]
        judge_squares(positions, batch.first_moves, batch.rows, answers, solved, accuracies)
        return solved, accuracies
