"""Positions of one's own as a task, so that agents can be watched as they think about them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.arrows import believed
from thinkenv.chess_puzzles.notation import fen_of_position
from thinkenv.chess_puzzles.packing import planes_of_positions
from thinkenv.chess_puzzles.positions import Position, fen_of, is_one, parse_positions
from thinkenv.chess_puzzles.rules import BLACK
from thinkenv.tasks.base import InstanceBatch, OptionValue, Task, WithoutOptions
from thinkenv.tasks.seeds import check_instances


@dataclass
class PositionBatch(InstanceBatch):
    """Positions as agents see them, without solutions.

    Attributes:
        planes: ``(count, 17, 8, 8)`` uint8, seen from the side to move.
        positions: ``(count, POSITION_BYTES)`` uint8; see ``thinkenv.chess_puzzles.rules``.
        solutions: ``(count, 8, 8)`` uint8, all 0: nobody knows them.
        instances: ``(count,)`` int64, their numbers.
    """

    planes: np.ndarray
    positions: np.ndarray
    solutions: np.ndarray
    instances: np.ndarray

    @property
    def problems(self) -> np.ndarray:
        """What an agent is shown: the planes."""
        return self.planes

    def summary(self) -> str:
        """The batch in a few words: ``5 positions``."""
        return f"{len(self):,} position{'s' * (len(self) != 1)}"

    @staticmethod
    def sketch(problem: np.ndarray, answer: np.ndarray | None = None) -> np.ndarray:
        """The board of one problem, and the squares of an answer that is not judged."""
        return drawing.render_planes(problem, answer)


class PositionTask(WithoutOptions, Task[PositionBatch]):
    """Positions of one's own, by number; what is right in them is not known.

    Args:
        position: A FEN, a ``chess.Board``, or a list of them.

    Raises:
        TypeError: If something is neither a position nor a list of them.
        ValueError: If one is not a possible position of standard chess, or there is none.

    Example:
        >>> task = PositionTask("8/8/8/8/3k4/8/1p4K1/8 b - - 0 50")
        >>> task.describe(task.draw([0]))
        'a position, Black to move, 8/8/8/8/3k4/8/1p4K1/8 b - - 0 50'
    """

    name = "chess"
    ample_iterations = 160
    batch_type = PositionBatch
    solutions_known = False
    instead = "name a position, as with --fen"

    def __init__(self, position: Position | Iterable[Position]):
        several: list[Position] = [position] if is_one(position) else list(position)  # type: ignore
        self.positions = parse_positions(several)
        if len(several) == 0:
            raise ValueError("position must be one at least, got an empty list")
        self.names = [fen_of(each) for each in several]  # as they were written

    @property
    def options(self) -> dict[str, OptionValue]:
        """The positions."""
        return {"positions": [fen_of_position(position) for position in self.positions]}

    @property
    def version(self) -> str:
        """A SHA-256 of the positions."""
        return hashlib.sha256(self.positions.tobytes()).hexdigest()

    @property
    def count(self) -> int:
        """How many positions there are."""
        return len(self.positions)

    def draw(
        self, instances: Sequence[int] | np.ndarray, threads: int | None = None
    ) -> PositionBatch:
        """The positions of these numbers; ``threads`` are not needed.

        Raises:
            ValueError: If a number is out of range.
            TypeError: If the numbers are not integers.
        """
        instances = check_instances(instances)
        positions = self.positions[instances % len(self.positions)]
        solutions = np.zeros((len(positions), 8, 8), np.uint8)
        return PositionBatch(planes_of_positions(positions), positions, solutions, instances)

    def judge(self, batch: PositionBatch, answers: np.ndarray) -> NoReturn:
        """It cannot be judged.

        Raises:
            ValueError: Always.
        """
        raise ValueError("answers to positions of one's own cannot be judged: no solution is known")

    def describe(self, batch: PositionBatch) -> str:
        """A batch of one position in words."""
        side = "Black" if batch.positions[0, BLACK] else "White"
        written = self.names[int(batch.instances[0]) % len(self.names)]
        return f"a position, {side} to move, {written}"

    def picture(
        self,
        batch: PositionBatch,
        answer: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
        line: Sequence[int] = (),
    ) -> np.ndarray:
        """The board of a batch of one position, the side to move below.

        Arguments are those of ``ChessPuzzleTask.picture``.
        """
        heat, arrows = believed(probabilities, line)
        heat = heat if answer is None else None
        return drawing.render(batch.positions[0], marked=answer, heat=heat, arrows=arrows)

    def position(self, batch: PositionBatch) -> np.ndarray:
        """The position of a batch of one, ``(POSITION_BYTES,)``, in real colours."""
        return batch.positions[0]

    def text(self, batch: PositionBatch, answer: np.ndarray | None = None) -> str:
        """The board of a batch of one position, and the squares of an answer, as text."""
        return drawing.write_text(batch.positions[0], marked=answer)
