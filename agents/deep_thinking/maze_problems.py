"""Mazes for agents: what is particular about them."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv import mazes
from thinkenv.instances import LAST_INSTANCE
from thinkenv.mazes import drawing, interchange

from .training import Plan


class MazeProblems:
    """Mazes for agents: one-hot cell codes in, "on the path or not" for every cell out.

    Args:
        size: The maze size; other arguments as those of ``thinkenv.mazes.MazeTask``.
        split: Which instances.
        wall_moves: The most walls that are moved in a maze after it was drawn, so that a net
            practises rooms and junctions as no one generator makes them.
        **axes: ``generator``, ``loops`` and ``endpoints``.
    """

    name = "maze"
    batch_class = mazes.MazeBatch
    input_channels = 4
    answer_channels = 2
    training_size = 9
    testing_sizes = (9, 13, 33, 59)
    watching_size = 33
    many_iterations = 1500  # enough for size 59
    other_scores = ()
    count = LAST_INSTANCE  # there is no end of different mazes
    # The net that is trained when nothing else is asked for; the feed-forward one has about as
    # many parameters.
    net_defaults = {
        "recurrent": {
            "memory_channels": 16,
            "hidden_channels": 32,
            "head_channels": 32,
            "barrier_channel": mazes.WALL,
            "symmetric": True,
        },
        "feed_forward": {"memory_channels": 16},
    }
    wall_moves_in_training = 16
    plan = Plan(
        steps=5_000,
        short_steps=400,
        short_iterations=(8, 24),
        long_iterations=(40, 72),
        short_starts=("empty", "continued", "continued", "changed"),
        long_starts=("empty", "foreign", "changed", "random"),
        batch=16,
        learning_rate=1e-3,
        warm_up=0.05,
        weight_decay=1e-2,
        clip=0.3,
        update_chance=0.5,
        memory_noise=0.2,
        rest_penalty=0.4,
        averaging=0.998,
    )

    def __init__(
        self, size: int = training_size, split: str = "train", wall_moves: int = 0, **axes
    ):
        self.source = mazes.MazeTask(size=size, split=split, **axes)
        self.wall_moves = wall_moves

    @classmethod
    def for_training(cls, split: str, options: dict[str, Any]) -> "MazeProblems":
        """The problems of the training size in a split.

        Args:
            split: Walls are moved in "train" alone.
            options: ``wall_moves`` (None: those of the plan) and ``loops``.
        """
        wall_moves = options.get("wall_moves")
        if wall_moves is None:
            wall_moves = cls.wall_moves_in_training
        return cls(
            split=split,
            wall_moves=wall_moves if split == "train" else 0,
            loops=options.get("loops", 0.0),
        )

    @classmethod
    def for_testing(cls, options: dict[str, Any]) -> list["MazeProblems"]:
        """Problems of each size that is asked for.

        Args:
            options: ``size`` (one or several, or nothing for those of ``testing_sizes``),
                ``split`` (None: "test" for the size trained on, "extrapolation" for others),
                ``generator``, ``loops`` and ``endpoints``; or ``file``, with mazes from elsewhere.

        Raises:
            MazeFileError: If there are no mazes in that file.
        """
        if options.get("file") is not None:
            return [MazesOfFile(options["file"])]
        sizes = np.atleast_1d(options["size"] or cls.testing_sizes).tolist()
        axes = {name: options[name] for name in ("generator", "loops", "endpoints")}
        return [
            cls(
                size,
                options["split"] or ("test" if size == cls.training_size else "extrapolation"),
                **axes,
            )
            for size in sizes
        ]

    @classmethod
    def for_watching(cls, options: dict[str, Any]) -> "MazeProblems":
        """Problems of one size; the options are those of ``for_testing``."""
        return cls.for_testing({**options, "size": options["size"] or cls.watching_size})[0]

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        source = self.source
        axes = {
            "split": source.split,
            "size": source.size,
            "generator": source.generator,
            "loops": source.loops,
            "endpoints": source.endpoints,
        }
        return axes | {"wall_moves": self.wall_moves} if self.wall_moves else axes

    def draw(self, seed: int, count: int, first: int = 0) -> mazes.MazeBatch:
        """The instances ``first … first + count - 1`` of a seed."""
        batch = self.source.draw(mazes.instances_of_seed(seed, count, first))
        return self._move_walls(batch, batch.instances)

    def vary(self, batch: mazes.MazeBatch, numbers: np.ndarray) -> mazes.MazeBatch:
        """The same mazes with start and goal moved, as ``numbers`` ``(count,)`` decide.

        Where walls are moved at all, some are here as well.
        """
        return self._move_walls(self.source.vary(batch, numbers), numbers)

    def _move_walls(self, batch: mazes.MazeBatch, numbers: np.ndarray) -> mazes.MazeBatch:
        return self.source.move_walls(batch, numbers, self.wall_moves) if self.wall_moves else batch

    @staticmethod
    def fill_dead_ends(batch: mazes.MazeBatch) -> np.ndarray:
        """The cells left after 0, 1, 2, … rounds of dead-end filling, ``(R, B, H, W)`` bool.

        In each round all cells with at most one free neighbour are filled, start and goal
        excepted, until none is left.
        """
        left = batch.grids != mazes.WALL
        ends = batch.grids > mazes.FREE
        states = [left]
        while True:
            ways = np.zeros(left.shape, np.int8)
            ways[:, 1:] += left[:, :-1]
            ways[:, :-1] += left[:, 1:]
            ways[:, :, 1:] += left[:, :, :-1]
            ways[:, :, :-1] += left[:, :, 1:]
            filled = left & (ends | (ways > 1))
            if np.array_equal(filled, left):
                return np.stack(states)
            left = filled
            states.append(left)

    def judge(self, batch: mazes.MazeBatch, answers: np.ndarray) -> dict[str, np.ndarray]:
        """Which answers are exactly right, and the share of cells that are: ``(count,)`` each."""
        solved, cells = self.source.judge(batch, answers)
        return {"solved": solved, "cells": cells}

    def play(
        self, batch: mazes.MazeBatch, agent: Any, iterations: int | str, most_iterations: int
    ) -> dict[str, Any]:
        """Nothing: a maze is not played."""
        return {}

    @staticmethod
    def board(problems: np.ndarray) -> tuple[int, int]:
        """Height and width of problems."""
        return problems.shape[-2:]

    @staticmethod
    def encode(problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Grids ``(B, H, W)`` uint8 as float32 inputs ``(B, 4, H, W)``.

        Raises:
            ValueError: If they are no batch of grids of cell codes.
        """
        problems = np.asarray(problems)
        if problems.ndim != 3 or problems.dtype != np.uint8 or problems.max(initial=0) > 3:
            raise ValueError(
                f"problems of shape {problems.shape} and dtype {problems.dtype}: a maze agent "
                "needs grids (count, height, width) uint8 with codes 0 to 3"
            )
        codes = torch.from_numpy(np.ascontiguousarray(problems)).to(device)
        inputs = F.one_hot(codes.long(), 4).permute(0, 3, 1, 2).float()
        return inputs.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def score(logits: Tensor, batch: mazes.MazeBatch) -> tuple[Tensor, Tensor]:
        """How good logits ``(B, 2, H, W)`` are: the loss, and the share of mazes exactly right."""
        targets = torch.from_numpy(batch.solutions).to(logits.device).long()
        exact = (logits.argmax(dim=1) == targets).flatten(1).all(dim=1)
        return F.cross_entropy(logits, targets), exact.float().mean()

    @staticmethod
    def answer(logits: Tensor) -> Tensor:
        """The answer ``(B, H, W)`` uint8 that logits ``(B, 2, H, W)`` stand for."""
        return (logits[:, 1] > logits[:, 0]).to(torch.uint8)

    @staticmethod
    def probabilities(logits: Tensor) -> Tensor:
        """How probable it is that each cell belongs to the answer, ``(B, H, W)``."""
        return logits.softmax(dim=1)[:, 1]

    @property
    def label(self) -> str:
        """What these problems are, in a table or a figure."""
        return f"{self.source.size}x{self.source.size}"

    @staticmethod
    def describe(batch: mazes.MazeBatch) -> str:
        """A batch of one problem in words."""
        side = batch.grids.shape[1] - 2
        return f"maze {side}x{side}, path of {int(batch.path_lengths[0])} cells"

    @staticmethod
    def picture(batch: mazes.MazeBatch, probabilities: np.ndarray) -> np.ndarray:
        """The maze of a batch of one, with the answer as strongly as the agent believes in it."""
        return drawing.draw(
            batch.grids[0], probabilities > 0.02, batch.solutions[0], strength=probabilities
        )

    @staticmethod
    def final_picture(batch: mazes.MazeBatch, answer: np.ndarray) -> np.ndarray:
        """The maze of a batch of one with the final answer, and what is wrong with it."""
        problem, solution = batch.grids[0], batch.solutions[0]
        if mazes.is_solution(problem, answer):  # not always the path we hold for reference
            solution = answer
        return drawing.draw(problem, answer, solution)


class MazesOfFile(MazeProblems):
    """Mazes that were made elsewhere.

    Args:
        path: A file or folder in a format of ``thinkenv.mazes.interchange``.

    Raises:
        MazeFileError: If it is in none of them, or its mazes are not square.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self.batch = interchange.read(self.path)
        height, width = self.batch.grids.shape[1:]
        if height != width or len(self.batch) == 0:
            raise interchange.MazeFileError(f"{path}: holds no square mazes")
        super().__init__(size=height - 2, split="all")
        self.count = len(self.batch)

    @property
    def axes(self) -> dict:
        """The size, and the name of the file."""
        return {"size": self.source.size, "file": self.path.name}

    def draw(self, seed: int, count: int, first: int = 0) -> mazes.MazeBatch:
        """The mazes ``first … first + count - 1`` of the file, whatever the seed."""
        return self.batch[first : first + count]
