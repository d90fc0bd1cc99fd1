"""Problems with an answer of 0 or 1 for every cell, such as mazes and bit strings, for agents.

A task of yours becomes one for agents by a subclass of ``CellProblems``: the README's section "Add
a task" shows how.
"""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.drawing import draw_cells
from thinkenv.tasks.seeds import LAST_INSTANCE, instances_of_seed

from .training import Plan


class CellProblems(ABC):
    """One-hot cell codes in, the probability of a 1 for every cell out.

    A subclass says what the attributes below without a value are, and defines ``of_size``.

    Args:
        source: What draws the instances and judges the answers, such as
            ``thinkenv.mazes.MazeTask``; its problems are integers ``(count, height, width)``, or
            ``(count, width)`` where ``dimensions`` is 1.

    Attributes:
        name: What the task is called, the same as that of the source.
        input_channels: I, how many codes a cell of a problem can have, from 0.
        dimensions: 2 for boards, 1 for strings.
        training_size: The size trained on.
        testing_sizes: The sizes tested on by default.
        watching_size: The size shown by default.
        many_iterations: As many as suffice for the largest of these sizes.
        net_defaults: The net of each architecture that is trained when nothing else is asked for;
            for strings, with ``"dimensions": 1``.
        plan: How it is trained then.
    """

    name: str
    input_channels: int
    dimensions = 2
    training_size: int
    testing_sizes: tuple[int, ...]
    watching_size: int
    many_iterations: int
    answer_channels = 2
    net_defaults: dict[str, dict[str, Any]] = {
        "recurrent": {"memory_channels": 16, "hidden_channels": 32, "head_channels": 32},
        "feed_forward": {"memory_channels": 16},
    }
    # Short rollouts teach what to do, long ones from every kind of memory make it stay right.
    plan = Plan(
        steps=3_000,
        short_steps=600,
        short_iterations=(8, 24),
        long_iterations=(24, 48),
        short_starts=("empty", "continued", "continued", "foreign"),
        long_starts=("empty", "foreign", "continued", "random"),
        batch=32,
        learning_rate=1e-3,
        warm_up=0.05,
        weight_decay=1e-2,
        clip=0.3,
        update_chance=0.5,
        memory_noise=0.2,
        rest_penalty=0.4,
        averaging=0.998,
    )

    def __init_subclass__(cls) -> None:
        """Check that a subclass says all that the scripts ask for.

        Raises:
            TypeError: If it does not.
        """
        needed = ("name", "input_channels", "training_size", "testing_sizes", "watching_size")
        missing = [name for name in (*needed, "many_iterations") if not hasattr(cls, name)]
        if missing:
            raise TypeError(f"{cls.__name__} needs values for {', '.join(missing)}")

    def __init__(self, source: Any):
        self.source = source

    @classmethod
    @abstractmethod
    def of_size(cls, size: int, split: str, options: dict[str, Any]) -> Self:
        """The problems of one size of a split; the scripts' options may say more.

        Raises:
            ValueError: If an option has a value that is not allowed.
        """

    @classmethod
    def for_training(cls, split: str, options: dict[str, Any]) -> Self:
        """The problems of the training size in a split."""
        return cls.of_size(cls.training_size, split, options)

    @classmethod
    def for_testing(cls, options: dict[str, Any]) -> list[Self]:
        """Problems of each size that is asked for.

        Args:
            options: ``size`` (one or several, or nothing for those of ``testing_sizes``), ``split``
                (None: "test" for the size trained on, "extrapolation" for others), and what else
                ``of_size`` looks at.
        """
        sizes = np.atleast_1d(options["size"] or cls.testing_sizes).tolist()
        return [
            cls.of_size(
                size,
                options["split"] or ("test" if size == cls.training_size else "extrapolation"),
                options,
            )
            for size in sizes
        ]

    @classmethod
    def for_watching(cls, options: dict[str, Any]) -> Self:
        """Problems of one size; the options are those of ``for_testing``."""
        return cls.for_testing({**options, "size": options["size"] or cls.watching_size})[0]

    @property
    def count(self) -> int:
        """How many different problems there are; without end where the source names no number."""
        return getattr(self.source, "count", LAST_INSTANCE)

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        return self.source.axes

    def draw(self, seed: int, count: int, first: int = 0) -> Any:
        """The instances ``first … first + count - 1`` of a seed, as a batch of the source."""
        return self.source.draw(instances_of_seed(seed, count, first))

    def vary(self, batch: Any, numbers: np.ndarray) -> Any:
        """Almost the same problems, as ``numbers`` ``(count,)`` decide.

        Raises:
            ValueError: If the task has no small changes (no method ``vary``).
        """
        if not hasattr(self.source, "vary"):
            raise ValueError(f"no small change is known of problems of the task {self.name!r}")
        return self.source.vary(batch, numbers)

    def judge(self, batch: Any, answers: np.ndarray) -> dict[str, np.ndarray]:
        """Which answers are exactly right, and the share of cells that are: ``(count,)`` each."""
        solved, cells = self.source.judge(batch, answers)
        return {"solved": solved, "cells": cells}

    def play(
        self, batch: Any, agent: Any, iterations: int | str, most_iterations: int
    ) -> dict[str, np.ndarray]:
        """Nothing: such problems are answered at once."""
        return {}

    @classmethod
    def board(cls, problems: np.ndarray) -> tuple[int, int]:
        """Height and width of problems; strings are boards of one row."""
        return problems.shape[-2:] if cls.dimensions == 2 else (1, problems.shape[-1])

    @classmethod
    def encode(cls, problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Problems ``(B, H, W)`` or ``(B, W)`` as float32 inputs ``(B, I, H, W)``.

        Raises:
            ValueError: If they are no batch of cell codes.
        """
        problems = np.asarray(problems)
        if (
            problems.ndim != cls.dimensions + 1
            or problems.dtype.kind not in "biu"
            or problems.min(initial=0) < 0
            or problems.max(initial=0) >= cls.input_channels
        ):
            shape = "(count, height, width)" if cls.dimensions == 2 else "(count, width)"
            raise ValueError(
                f"problems of shape {problems.shape} and dtype {problems.dtype}: an agent for "
                f"{cls.name!r} needs integers {shape} from 0 to {cls.input_channels - 1}"
            )
        boards = problems.reshape(len(problems), *cls.board(problems))
        codes = torch.from_numpy(np.ascontiguousarray(boards)).to(device)
        inputs = F.one_hot(codes.long(), cls.input_channels).permute(0, 3, 1, 2).float()
        return inputs.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def score(logits: Tensor, batch: Any) -> tuple[Tensor, Tensor]:
        """How good logits ``(B, 2, H, W)`` are: the loss, and the share exactly right."""
        targets = torch.from_numpy(batch.solutions).to(logits.device).long()
        targets = targets.view(len(logits), *logits.shape[2:])
        exact = (logits.argmax(dim=1) == targets).flatten(1).all(dim=1)
        return F.cross_entropy(logits, targets), exact.float().mean()

    @classmethod
    def answer(cls, logits: Tensor) -> Tensor:
        """The answer ``(B, H, W)`` or ``(B, W)`` uint8 that logits ``(B, 2, H, W)`` stand for."""
        marked = (logits[:, 1] > logits[:, 0]).to(torch.uint8)
        return marked if cls.dimensions == 2 else marked[:, 0]

    @classmethod
    def probabilities(cls, logits: Tensor) -> Tensor:
        """How probable a 1 is in each cell, of the shape of the answer."""
        probable = logits.softmax(dim=1)[:, 1]
        return probable if cls.dimensions == 2 else probable[:, 0]

    def describe(self, batch: Any) -> str:
        """A batch of one problem in words."""
        return f"{self.name} of size {self.axes['size']}"

    def picture(self, batch: Any, probabilities: np.ndarray) -> np.ndarray:
        """The problem of a batch of one in greys, the bluer where the agent believes in a 1."""
        return draw_cells(batch.problems[0], probabilities)

    def final_picture(self, batch: Any, answer: np.ndarray) -> np.ndarray:
        """The problem of a batch of one, with the final answer blue and what is wrong orange."""
        return draw_cells(batch.problems[0], answer, batch.solutions[0])
