"""Chess puzzles for agents: what is particular about them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.chess_puzzles import PLANES
from thinkenv.chess_puzzles.task import ChessPuzzleBatch, ChessPuzzleTask
from thinkenv.instances import instances_of_seed

from .training import Plan


class ChessProblems:
    """Chess puzzles for agents: planes in, the squares of the solver's first move out.

    The net has two logits for every square: that the move begins there, and that it ends there.
    Its answer marks the most probable square of each kind.

    Args:
        split: Which puzzles; see ``thinkenv.chess_puzzles.splits``.
        database: ``bundled``, or a path; see ``thinkenv.chess_puzzles.load``.
        rating: ``[low, high]``, or None.
    """

    name = "chess"
    batch_class = ChessPuzzleBatch
    input_channels = len(PLANES) + 1
    answer_channels = 2
    net_defaults = {
        "recurrent": {
            "memory_channels": 64,
            "hidden_channels": 96,
            "head_channels": 32,
            "residual": True,
        },
        "feed_forward": {"memory_channels": 44, "head_channels": 32},
    }
    plan = Plan(
        steps=20_000,
        short_steps=16_000,
        short_iterations=(4, 12),
        long_iterations=(8, 16),
        short_starts=("empty",),
        long_starts=("empty", "continued", "empty", "random", "empty", "continued", "foreign"),
        batch=128,
        learning_rate=2e-3,
        warm_up=0.05,
        weight_decay=1e-2,
        clip=1.0,
        update_chance=0.8,
        memory_noise=0.1,
        rest_penalty=0.2,
        averaging=0.998,
    )

    def __init__(
        self,
        split: str = "train",
        database: str = "bundled",
        rating: tuple[int, int] | None = None,
    ):
        self.source = ChessPuzzleTask(database, split, rating)

    @classmethod
    def for_training(cls, split: str, options: dict[str, Any]) -> "ChessProblems":
        """The problems of a split of the database that the options name."""
        return cls(split, options["database"])

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        database = self.source.puzzles.database
        ratings = self.source.puzzles.ratings
        return {
            "split": self.source.split,
            "rating": [int(ratings.min()), int(ratings.max())],
            "database": database.source,
            "database_sha256": database.source_sha256,
        }

    def draw(self, seed: int, count: int, first: int = 0) -> ChessPuzzleBatch:
        """The instances ``first … first + count - 1`` of a seed."""
        return self.source.draw(instances_of_seed(seed, count, first))

    def vary(self, batch: ChessPuzzleBatch, numbers: np.ndarray) -> ChessPuzzleBatch:
        """Other puzzles: there is no small change of a puzzle whose solution is known."""
        return self.source.draw(numbers)

    def judge(self, batch: ChessPuzzleBatch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which answers are right, and the share of squares that are: ``(count,)`` each."""
        return self.source.judge(batch, answers)

    @staticmethod
    def encode(problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Planes ``(B, 17, 8, 8)`` uint8 as float32 inputs ``(B, 18, 8, 8)``.

        The last channel is 1 on the whole board, so that its edge, where convolutions see zeros,
        can be told from empty squares.

        Raises:
            ValueError: If they are no batch of planes.
        """
        problems = np.asarray(problems)
        if problems.shape[1:] != (len(PLANES), 8, 8) or problems.dtype != np.uint8:
            raise ValueError(
                f"problems of shape {problems.shape} and dtype {problems.dtype}: a chess agent "
                f"needs planes (count, {len(PLANES)}, 8, 8) uint8"
            )
        planes = torch.from_numpy(np.ascontiguousarray(problems)).to(device).float()
        board = planes.new_ones(len(planes), 1, 8, 8)
        inputs = torch.cat([planes, board], dim=1)
        return inputs.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def score(logits: Tensor, batch: ChessPuzzleBatch) -> tuple[Tensor, Tensor]:
        """How good logits ``(B, 2, 8, 8)`` are: the loss, and the share with both squares right."""
        moves = torch.from_numpy(batch.first_moves).to(logits.device).long()
        targets = torch.stack([moves & 63, moves >> 6 & 63], dim=1)  # (B, 2)
        of_squares = logits.flatten(2)  # (B, 2, 64)
        loss = F.cross_entropy(of_squares.flatten(0, 1), targets.flatten())
        exact = (of_squares.argmax(dim=2) == targets).all(dim=1)
        return loss, exact.float().mean()

    @staticmethod
    def answer(logits: Tensor) -> Tensor:
        """The answer ``(B, 8, 8)`` uint8 that logits ``(B, 2, 8, 8)`` stand for."""
        chosen = F.one_hot(logits.flatten(2).argmax(dim=2), 64).amax(dim=1)  # (B, 64)
        return chosen.to(torch.uint8).unflatten(1, (8, 8))

    @staticmethod
    def probabilities(logits: Tensor) -> Tensor:
        """How probable it is that the move begins or ends on each square, ``(B, 8, 8)``."""
        return logits.flatten(2).softmax(dim=2).amax(dim=1).unflatten(1, (8, 8))
