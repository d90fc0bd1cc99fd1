"""Chess puzzles for agents: what is particular about them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.chess_puzzles import PLANES, drawing
from thinkenv.chess_puzzles.packing import unpack
from thinkenv.chess_puzzles.playing import Lines
from thinkenv.chess_puzzles.puzzles import ChessPuzzles, NoPuzzleError
from thinkenv.chess_puzzles.rules import POSITION_BYTES
from thinkenv.chess_puzzles.rating_splits import BOUNDS_OF_SPLIT
from thinkenv.chess_puzzles.task import ChessPuzzleBatch, ChessPuzzleTask
from thinkenv.tasks.seeds import instances_of_seed

from .training import Plan

# Ratings are looked at in buckets of this width, between these bounds.
BUCKET = 200
LOWEST_BUCKET, HIGHEST_BUCKET = 400, 3199


class ChessProblems:
    """Chess puzzles for agents: planes in, the squares of the solver's first move out.

    The net has two logits for every square: that the move begins there, and that it ends there.
    Its answer marks the most probable square of each kind.

    Args:
        split: Which puzzles; see ``thinkenv.chess_puzzles.rating_splits``.
        database: ``bundled``, or a path; see ``thinkenv.chess_puzzles.load``.
        rating: ``[low, high]``, or None.
    """

    name = "chess"
    input_channels = len(PLANES) + 1
    answer_channels = 2
    many_iterations = 160  # far beyond what nets are trained with
    net_defaults = {
        "recurrent": {
            "memory_channels": 32,
            "hidden_channels": 64,
            "head_channels": 32,
            "gated": True,
            "update_kernel": 1,
            "encoder_blocks": 4,
            "encoder_channels": 40,
        },
        "feed_forward": {"memory_channels": 48, "head_channels": 32},
    }
    plan = Plan(
        steps=132_000,
        short_steps=66_000,
        short_iterations=(1, 3),
        long_iterations=(3, 6),
        short_starts=("empty", "foreign"),
        long_starts=("empty", "foreign"),
        batch=32,
        learning_rate=1.5e-3,
        warm_up=0.05,
        weight_decay=1e-2,
        clip=1.0,
        update_chance=1.0,
        memory_noise=0.0,
        rest_penalty=0.0,
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

    @classmethod
    def for_testing(cls, options: dict[str, Any]) -> list["ChessProblems"]:
        """Puzzles by rating, in buckets of 200, without those that agents are trained on.

        Args:
            options: ``database``; ``split`` (None: "test" below the ratings of "extrapolation");
                and ``rating``, the lowest and the highest rating (None: all), by which the first
                and the last bucket may be cut.

        Raises:
            ValueError: If there is no such puzzle.
        """
        low, high = options["rating"] or (LOWEST_BUCKET, HIGHEST_BUCKET)
        first_hard, last_easy = BOUNDS_OF_SPLIT["extrapolation"][0], BOUNDS_OF_SPLIT["test"][1]
        problems = []
        for begin in range(low // BUCKET * BUCKET, high + 1, BUCKET):
            split = options["split"] or ("extrapolation" if begin >= first_hard else "test")
            last = last_easy if split == "test" else begin + BUCKET - 1
            band = (max(begin, low), min(begin + BUCKET - 1, high, last))
            if band[0] > band[1]:
                continue  # in the gap between the splits
            try:
                problems.append(cls(split, options["database"], band))
            except NoPuzzleError:
                continue
        if not problems:
            raise ValueError(f"no puzzle of the split is rated from {low} to {high}")
        return problems

    @classmethod
    def for_watching(cls, options: dict[str, Any]) -> "ChessProblems":
        """The puzzles of a whole band of ratings; the options are those of ``for_testing``."""
        low, _ = band = options["rating"]
        is_hard = low >= BOUNDS_OF_SPLIT["extrapolation"][0]
        return cls(
            options["split"] or ("extrapolation" if is_hard else "test"), options["database"], band
        )

    @property
    def count(self) -> int:
        """How many different problems there are."""
        return self.source.count

    def ratings_of(self, batch: ChessPuzzleBatch) -> np.ndarray:
        """The ratings of puzzles, ``(count,)``."""
        return self.source.puzzles.database.columns["ratings"][batch.rows]

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        return self.source.axes

    def draw(self, seed: int, count: int, first: int = 0) -> ChessPuzzleBatch:
        """The instances ``first … first + count - 1`` of a seed."""
        return self.source.draw(instances_of_seed(seed, count, first))

    def vary(self, batch: ChessPuzzleBatch, numbers: np.ndarray) -> ChessPuzzleBatch:
        """There is no small change of a puzzle whose solution is known.

        Raises:
            ValueError: Always.
        """
        raise ValueError("a chess puzzle cannot be changed a little: its solution would be unknown")

    def judge(self, batch: ChessPuzzleBatch, answers: np.ndarray) -> dict[str, np.ndarray]:
        """Which answers are right, and the share of squares that are: ``(count,)`` each.

        Right are the two squares of the recorded first move, and those of another move that mates.
        """
        solved, cells = self.source.judge(batch, answers)
        return {"solved": solved, "cells": cells}

    @staticmethod
    def board(problems: np.ndarray) -> tuple[int, int]:
        """Height and width of problems."""
        return problems.shape[-2:]

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

    @staticmethod
    def log_probabilities(logits: Tensor) -> Tensor:
        """Of the move to begin and to end on each square: ``(B, 2, 8, 8)`` to ``(B, 2, 64)``."""
        return logits.flatten(2).log_softmax(dim=2)

    def play(
        self, batch: ChessPuzzleBatch, agent: Any, iterations: int | str, most_iterations: int
    ) -> dict[str, Any]:
        """Play whole puzzles: at every move the legal one whose two squares are most probable.

        Args:
            batch: The puzzles.
            agent: Who plays.
            iterations: How long to think about every move, as of ``Agent.think``.
            most_iterations: Where to give up with ``iterations="converged"``.

        Returns:
            ``first_move`` and ``line``, ``(count,)`` bool each: whether the first move is right,
            and whether all are. A move that mates is right, whatever was recorded.
        """
        lines = Lines(self.source.puzzles.database, len(batch), first_only=False)
        going_on = np.arange(len(batch))
        lines.begin(batch.rows, going_on)
        first_move = np.zeros(len(batch), np.bool_)
        line = np.zeros(len(batch), np.bool_)
        is_first = True
        while len(going_on):
            thought = agent.think(
                lines.show(going_on),
                iterations,
                most_iterations=most_iterations,
                read=self.log_probabilities,
            )
            scores = thought.answer  # (n, 2, 64)
            actions = lines.choose(scores[:, 0], scores[:, 1], going_on)
            done, solved = lines.play(actions, going_on)
            line[going_on] = solved
            if is_first:
                first_move = solved | ~done
                is_first = False
            going_on = going_on[~done]
        return {"first_move": first_move, "line": line}

    def describe(self, batch: ChessPuzzleBatch) -> str:
        """A batch of one problem in words."""
        puzzle = ChessPuzzles(self.source.puzzles.database, batch.rows)
        return (
            f"puzzle {puzzle.ids[0].decode()} rated {puzzle.ratings[0]}, {puzzle.fen(0)}, "
            f"solution {' '.join(puzzle.solution(0))}"
        )

    def picture(self, batch: ChessPuzzleBatch, probabilities: np.ndarray) -> np.ndarray:
        """The board of a batch of one, with the agent's belief in each square as a tint."""
        position, last_move = self._position(batch)
        return drawing.draw(position, last_move, None, None, probabilities)

    def final_picture(self, batch: ChessPuzzleBatch, answer: np.ndarray) -> np.ndarray:
        """The board of a batch of one with the squares of the answer framed."""
        position, last_move = self._position(batch)
        is_right = self.judge(batch, answer[None])["solved"][0]
        return drawing.draw(position, last_move, answer, answer if is_right else batch.solutions[0])

    def _position(self, batch: ChessPuzzleBatch) -> tuple[np.ndarray, int]:
        """The position of a batch of one, and the opponent's last move."""
        columns = self.source.puzzles.database.columns
        position = np.empty(POSITION_BYTES, np.uint8)
        unpack(columns["positions"][batch.rows[0]], position)
        return position, int(columns["last_moves"][batch.rows[0]])
