"""The chess task: an instance number in, a puzzle out; two squares in, a judgement out."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from thinkenv.checks import check_answers, check_integer, suggest_arguments
from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.arrows import believed
from thinkenv.chess_puzzles.packing import unpack
from thinkenv.chess_puzzles.playing import Lines
from thinkenv.chess_puzzles.puzzles import ChessPuzzles, NoPuzzleError, check_band, load
from thinkenv.chess_puzzles.rating_splits import BOUNDS_OF_SPLIT, HIGHEST_RATING, LOWEST_RATING
from thinkenv.chess_puzzles.rules import POSITION_BYTES, mates_between, split_move
from thinkenv.kernels.compilation import kernel
from thinkenv.tasks.base import (
    InstanceBatch,
    OptionValue,
    Task,
    TestingOptions,
    TrainingOptions,
)
from thinkenv.tasks.seeds import check_instances


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

    def summary(self) -> str:
        """The batch in a few words: ``5 chess puzzles``."""
        return f"{len(self):,} chess puzzle{'s' * (len(self) != 1)}"

    @staticmethod
    def sketch(problem: np.ndarray, answer: np.ndarray | None = None) -> np.ndarray:
        """The board of one problem, and the squares of an answer that is not judged."""
        return drawing.render_planes(problem, answer)


def squares_of_moves(moves: np.ndarray) -> np.ndarray:
    """The squares that moves go from and to: codes ``(count,)`` to ``(count, 8, 8)`` uint8."""
    squares = np.zeros((len(moves), 64), np.uint8)
    mark_squares(moves, squares)
    return squares.reshape(-1, 8, 8)


@kernel
def mark_squares(moves, squares):
    """Mark the squares that moves go from and to in ``squares`` ``(count, 64)``, 0 on entry.

    Assumes as many rows of squares as moves, which are 16 bits each.
    """
    for index in range(len(moves)):
        origin, target, _ = split_move(moves[index])
        squares[index, origin] = 1
        squares[index, target] = 1


@kernel
def judge_squares(packed, rows, first_moves, answers, solved, accuracies):
    """Judge answers that mark squares.

    Assumes packed positions, rows of them, first moves of 16 bits, and as many answers as rows.

    Args:
        packed: ``(n, PACKED_BYTES)`` uint8, the positions of the database.
        rows: ``(count,)`` int64, which of them are to be solved.
        first_moves: ``(count,)`` int32, the recorded first moves.
        answers: ``(count, 64)`` uint8 of 0 and 1.
        solved: ``(count,)`` bool, filled.
        accuracies: ``(count,)`` float64, filled: the share of squares equal to the recorded ones.
    """
    position = np.empty(POSITION_BYTES, np.uint8)
    marked = np.empty(2, np.int64)  # the first two squares that are marked
    for index in range(len(rows)):
        answer = answers[index]
        origin, target, _ = split_move(np.int64(first_moves[index]))
        count = 0
        for square in range(64):
            if answer[square] != 0:
                if count < 2:
                    marked[count] = square
                count += 1
        # Wrong are the squares in just one of two sets: the marked ones, and the two recorded.
        common = np.int64(answer[origin]) + np.int64(answer[target])
        accuracies[index] = 1.0 - (count + 2 - 2 * common) / 64
        solved[index] = count == 2 and common == 2
        if count == 2 and common < 2:  # another mate is right, too; either square may be the first
            unpack(packed[rows[index]], position)
            solved[index] = mates_between(position, marked[0], marked[1]) or mates_between(
                position, marked[1], marked[0]
            )


class ChessPuzzleTask(Task[ChessPuzzleBatch]):
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
    ample_iterations = 160
    batch_type = ChessPuzzleBatch
    own_problems = (
        "thinkenv.chess_puzzles.planes gives those of a FEN or a chess.Board, puzzles.planes() "
        "those of puzzles"
    )

    @suggest_arguments
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
        """The lowest and the highest rating: those of the option, or those found."""
        if self.rating is not None:
            return int(self.rating[0]), int(self.rating[1])
        ratings = self.puzzles.ratings
        return int(ratings.min()), int(ratings.max())

    @property
    def count(self) -> int:
        """How many different puzzles there are."""
        return len(self.puzzles)

    @property
    def options(self) -> dict[str, OptionValue]:
        """Split, band of ratings, and which database; and themes if they were chosen."""
        database = self.puzzles.database
        options: dict[str, OptionValue] = {
            "split": self.split,
            "rating": list(self.rating_band),
            "database": database.source,
            "database_sha256": database.source_sha256,
        }
        return options | {"themes": list(self.themes)} if self.themes else options

    @property
    def version(self) -> str:
        """The SHA-256 of the file that the puzzles are from."""
        return self.puzzles.database.source_sha256

    def puzzles_of(self, batch: ChessPuzzleBatch) -> ChessPuzzles:
        """What is known of the puzzles of a batch: ratings, themes, moves and the like."""
        return ChessPuzzles(self.puzzles.database, batch.rows)

    def draw(
        self, instances: Sequence[int] | np.ndarray, threads: int | None = None
    ) -> ChessPuzzleBatch:
        """Draw the puzzles of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``.
            threads: Not needed here: a million positions take a second on one thread.

        Raises:
            ValueError: If a number is out of range.
            TypeError: If the numbers are not integers.
        """
        instances = check_instances(instances)
        puzzles = self.puzzles[instances % len(self.puzzles)]
        first_moves = puzzles.first_moves.astype(np.int32)
        return ChessPuzzleBatch(
            puzzles.planes(), squares_of_moves(first_moves), first_moves, puzzles.rows, instances
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
        # Most answers are judged without a look at the position, so positions are not gathered.
        packed = self.puzzles.database.columns["positions"]
        judge_squares(packed, batch.rows, batch.first_moves, answers, solved, accuracies)
        return solved, accuracies

    def play(
        self, batch: ChessPuzzleBatch, preferences: Callable[[np.ndarray], np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Play whole puzzles: at every move the legal one that is preferred most.

        Args:
            batch: The puzzles.
            preferences: From planes ``(n, 17, 8, 8)`` uint8 to scores: ``(n, len(MOVES))`` of every
                action, or ``(n, 2, 64)`` of every square to be the one that the move begins on, and
                the one that it ends on, which are added.

        Returns:
            ``first_move`` and ``line``, ``(count,)`` bool each: whether the first move is right,
            and whether all are. A move that mates is right, whatever was recorded.
        """
        lines = Lines(self.puzzles, len(batch), first_only=False)
        going_on = np.arange(len(batch))
        lines.begin(batch.rows, going_on)
        line = np.zeros(len(batch), np.bool_)
        while len(going_on):
            scores = preferences(lines.show(going_on))
            if scores.ndim == 2:
                actions = lines.choose_scored(scores, going_on)
            else:
                actions = lines.choose(scores[:, 0], scores[:, 1], going_on)
            outcome = lines.play(actions, going_on)
            line[going_on] = outcome.solved
            going_on = going_on[~outcome.done]
        # Only right moves are played on the board: where it has not changed, the first was wrong.
        return {"first_move": lines.plies > 0, "line": line}

    def difficulties(self, batch: ChessPuzzleBatch) -> np.ndarray:
        """The ratings of the puzzles, ``(count,)`` int16."""
        return self.puzzles_of(batch).ratings

    @classmethod
    def label(cls, options: Mapping[str, OptionValue]) -> str:
        """The band of ratings: ``rated 600-799``."""
        band = options["rating"]
        assert isinstance(band, list)  # of a chess row, which ``options`` above began
        return f"rated {band[0]}-{band[1]}"

    def describe(self, batch: ChessPuzzleBatch) -> str:
        """A batch of one puzzle in words."""
        puzzle = self.puzzles_of(batch)
        return (
            f"puzzle {puzzle.ids[0].decode()} rated {puzzle.ratings[0]}, {puzzle.fen(0)}, "
            f"solution {' '.join(puzzle.solution(0))}"
        )

    def picture(
        self,
        batch: ChessPuzzleBatch,
        answer: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
        line: Sequence[int] = (),
    ) -> np.ndarray:
        """The board of a batch of one puzzle: see ``Task.picture``.

        Args:
            batch: The puzzle.
            answer: Squares to frame.
            probabilities: Of the squares, ``(8, 8)``, which are tinted; or of the actions,
                ``(len(MOVES),)``: the most probable moves are drawn as arrows, beside an answer,
                too.
            line: The actions expected, of both sides in turn, each seen from who moves: the first
                reply is drawn as well.
        """
        heat, arrows = believed(probabilities, line)
        heat = heat if answer is None else None
        return drawing.render(*self._shown(batch, answer), heat, arrows)

    def position(self, batch: ChessPuzzleBatch) -> np.ndarray:
        """The position of a batch of one puzzle, ``(POSITION_BYTES,)``, in real colours."""
        return self.puzzles_of(batch).position(0)

    def text(self, batch: ChessPuzzleBatch, answer: np.ndarray | None = None) -> str:
        """The board of a batch of one puzzle, and an answer to it, as text."""
        return drawing.write_text(*self._shown(batch, answer))

    def _shown(
        self, batch: ChessPuzzleBatch, answer: np.ndarray | None
    ) -> tuple[np.ndarray, int, np.ndarray | None, np.ndarray | None]:
        """Position, last move, marked and right squares of a batch of one puzzle.

        Right is the answer itself if the judge says so, as of another mate, or else the recorded
        one.
        """
        puzzle, right = self.puzzles_of(batch), answer
        if answer is not None and not self.judge(batch, answer[None])[0][0]:
            right = batch.solutions[0]
        return puzzle.position(0), int(puzzle.last_moves[0]), answer, right

    @classmethod
    def training_options(cls) -> TrainingOptions[Self]:
        """The bundled puzzles."""
        return PuzzlesToTrain()

    @classmethod
    def testing_options(cls) -> TestingOptions[Self]:
        """The bundled puzzles, by rating."""
        return PuzzlesToTest()

    @classmethod
    def watching_options(cls) -> TestingOptions[Self]:
        """The bundled puzzles rated 1600 to 1799."""
        return PuzzlesToTest(rating=(1600, 1799), bucket=HIGHEST_RATING)


# Ratings are tested in buckets between these bounds.
LOWEST_BUCKET, HIGHEST_BUCKET = 400, 3199


@dataclass(frozen=True)
class PuzzlesToTrain(TrainingOptions[ChessPuzzleTask]):
    """Puzzles to train on."""

    database: str = "bundled"
    """bundled (a few thousand puzzles), a Lichess .csv or .csv.zst, or a database made by
    ``thinkenv chess import``."""
    rating: tuple[int, int] | None = None
    """Lowest and highest rating; by default all of the split."""

    def task(self, family: type[ChessPuzzleTask], split: str) -> ChessPuzzleTask:
        """The puzzles of a split."""
        return family(self.database, split, self.rating)


@dataclass(frozen=True)
class PuzzlesToTest(TestingOptions[ChessPuzzleTask]):
    """Puzzles to test on or show, in buckets of ratings."""

    database: str = "bundled"
    """bundled, a Lichess .csv or .csv.zst, or a database."""
    rating: tuple[int, int] | None = None
    """Lowest and highest rating, by which the first and the last bucket may be cut; by default 400
    and 3199."""
    split: str | None = None
    """The split; by default "test" below the ratings of "extrapolation"."""
    bucket: int = 200
    """Width of a bucket, in rating points."""

    def tasks(self, family: type[ChessPuzzleTask]) -> Sequence[ChessPuzzleTask]:
        """The puzzles of each bucket, without those that agents are trained on.

        Raises:
            ValueError: If there is no such puzzle, or an option has a value that is not allowed.
        """
        band = check_band("rating", self.rating, LOWEST_RATING, HIGHEST_RATING)
        low, high = band or (LOWEST_BUCKET, HIGHEST_BUCKET)
        width = check_integer("bucket", self.bucket, 1, HIGHEST_RATING)
        tasks = []
        for begin in range(low // width * width, high + 1, width):
            is_hard = max(begin, low) >= BOUNDS_OF_SPLIT["extrapolation"][0]
            split = self.split or ("extrapolation" if is_hard else "test")
            # A bucket of "test" ends where the split does; the gap behind it is in no split.
            end = BOUNDS_OF_SPLIT["test"][1] if split == "test" else HIGHEST_RATING
            bucket = max(begin, low), min(begin + width - 1, high, end)
            if bucket[0] <= bucket[1]:
                with suppress(NoPuzzleError):
                    tasks.append(family(self.database, split, bucket))
        if not tasks:
            raise NoPuzzleError(f"no puzzle of the split is rated from {low} to {high}")
        return tasks
