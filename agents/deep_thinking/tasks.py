"""What the agents need to know of each task: one class per task, and nowhere else.

A task here draws batches by instance number, turns problems into input channels and solutions
into targets, and judges answers.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv import mazes
from thinkenv.mazes import drawing


class MazeProblems:
    """Mazes for agents: one-hot cell codes in, "on the path or not" for every cell out.

    Args:
        size: The maze size; other arguments as those of ``thinkenv.mazes.MazeTask``.
        split: Which instances.
        **axes: ``generator``, ``loops`` and ``endpoints``.
    """

    name = "maze"
    batch_class = mazes.MazeBatch
    input_channels = 4
    answer_channels = 2
    training_size = 9

    def __init__(self, size: int = training_size, split: str = "train", **axes):
        self.source = mazes.MazeTask(size=size, split=split, **axes)

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        source = self.source
        return {
            "split": source.split,
            "size": source.size,
            "generator": source.generator,
            "loops": source.loops,
            "endpoints": source.endpoints,
        }

    def draw(self, seed: int, count: int, first: int = 0) -> mazes.MazeBatch:
        """The instances ``first … first + count - 1`` of a seed."""
        return self.source.draw(mazes.instances_of_seed(seed, count, first))

    def vary(self, batch: mazes.MazeBatch, numbers: np.ndarray) -> mazes.MazeBatch:
        """The same mazes with start and goal moved, as ``numbers`` ``(count,)`` decide."""
        return self.source.vary(batch, numbers)

    def judge(self, batch: mazes.MazeBatch, answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which answers are exactly right, and the share of cells that are: ``(count,)`` each."""
        return self.source.judge(batch, answers)

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
    def targets(batch: mazes.MazeBatch, device: torch.device | str = "cpu") -> Tensor:
        """The right answer of each cell, ``(B, H, W)`` int64."""
        return torch.from_numpy(batch.solutions).to(device).long()

    @staticmethod
    def answer(logits: Tensor) -> Tensor:
        """The answer ``(B, H, W)`` uint8 that logits ``(B, 2, H, W)`` stand for."""
        return (logits[:, 1] > logits[:, 0]).to(torch.uint8)

    @staticmethod
    def picture(problem: np.ndarray, solution: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
        """The maze with the answer drawn as strongly as the agent believes in it."""
        return drawing.draw(problem, probabilities > 0.02, solution, strength=probabilities)

    @staticmethod
    def final_picture(problem: np.ndarray, solution: np.ndarray, answer: np.ndarray) -> np.ndarray:
        """The maze with an answer, and what is wrong with it, ``(h, w, 3)``."""
        if mazes.is_solution(problem, answer):  # not always the path we hold for reference
            solution = answer
        return drawing.draw(problem, answer, solution)


TASKS = {"maze": MazeProblems}


def task_class(name: str):
    """The class of ``TASKS`` with this name.

    Raises:
        ValueError: If there is no such task.
    """
    if name not in TASKS:
        raise ValueError(f"task={name!r}: allowed are {', '.join(map(repr, TASKS))}")
    return TASKS[name]
