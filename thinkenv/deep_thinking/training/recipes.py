"""Mazes for agents: what is particular about them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from thinkenv import mazes
from thinkenv.mazes import drawing
from thinkenv.mazes.file_task import MazeFileTask

from .cell_problems import CellProblems


class MazeProblems(CellProblems):
    """Mazes for agents: one-hot cell codes in, "on the path or not" for every cell out.

    Args:
        size: The maze size; other arguments as those of ``thinkenv.mazes.MazeTask``.
        split: Which instances.
        wall_moves: The most walls that are moved in a maze after it was drawn, so that a net
            practises rooms and junctions as no one generator makes them.
        **axes: ``generator``, ``loops`` and ``endpoints``.
    """

    name = "maze"
    input_channels = 4
    training_size = 9
    testing_sizes = (9, 13, 33, 59)
    watching_size = 33
    many_iterations = 1500  # enough for size 59
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
    plan = replace(
        CellProblems.plan,
        steps=5_000,
        short_steps=400,
        long_iterations=(40, 72),
        short_starts=("empty", "continued", "continued", "changed"),
        long_starts=("empty", "foreign", "changed", "random"),
        batch=16,
    )

    def __init__(
        self, size: int = training_size, split: str = "train", wall_moves: int = 0, **axes
    ):
        super().__init__(mazes.MazeTask(size=size, split=split, **axes))
        self.wall_moves = wall_moves

    @classmethod
    def of_size(cls, size: int, split: str, options: dict[str, Any]) -> "MazeProblems":
        """The mazes of one size of a split.

        Args:
            size: The maze size.
            split: Which instances.
            options: May hold ``generator``, ``loops`` and ``endpoints``.
        """
        names = ("generator", "loops", "endpoints")
        return cls(size, split, **{name: options[name] for name in names if name in options})

    @classmethod
    def for_training(cls, split: str, options: dict[str, Any]) -> "MazeProblems":
        """The problems of the training size in a split.

        Args:
            split: Walls are moved in "train" alone.
            options: May hold ``wall_moves`` (None: those of the plan), and what ``of_size`` takes.
        """
        problems = super().for_training(split, options)
        if split == "train":
            wanted = options.get("wall_moves")
            problems.wall_moves = cls.wall_moves_in_training if wanted is None else wanted
        return problems

    @classmethod
    def for_testing(cls, options: dict[str, Any]) -> list["MazeProblems"]:
        """Problems of each size that is asked for, or the mazes of a file.

        Args:
            options: As of ``CellProblems``; and ``file``, which may hold mazes from elsewhere.

        Raises:
            MazeFileError: If there are no mazes in that file.
        """
        if options.get("file") is not None:
            return [MazesOfFile(options["file"])]
        return super().for_testing(options)

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        axes = self.source.axes
        return axes | {"wall_moves": self.wall_moves} if self.wall_moves else axes

    def draw(self, seed: int, count: int, first: int = 0) -> mazes.MazeBatch:
        """The instances ``first … first + count - 1`` of a seed."""
        batch = super().draw(seed, count, first)
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
        CellProblems.__init__(self, MazeFileTask(path))
        self.wall_moves = 0
