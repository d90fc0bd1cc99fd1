"""Prefix sums for agents: what is particular about them."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv import prefix_sums
from thinkenv.checks import check_answers
from thinkenv.instances import LAST_INSTANCE
from thinkenv.prefix_sums import drawing

from .training import Plan


class PrefixSumProblems:
    """Bit strings for agents: one-hot bits in, the parity up to every bit out.

    For a net they are boards of one row.

    Args:
        bits: The length of the strings.
        split: Which instances.
    """

    name = "prefix_sum"
    batch_class = prefix_sums.PrefixSumBatch
    input_channels = 2
    answer_channels = 2
    training_size = 32
    testing_sizes = (32, 48, 128, 512)
    watching_size = 64
    many_iterations = 1000  # enough for 512 bits
    other_scores = ()
    count = LAST_INSTANCE
    net_defaults = {
        "recurrent": {
            "memory_channels": 16,
            "hidden_channels": 32,
            "head_channels": 32,
            "dimensions": 1,
        },
        "feed_forward": {"memory_channels": 16, "dimensions": 1},
    }
    plan = Plan(
        steps=3_000,
        short_steps=600,
        short_iterations=(8, 24),
        long_iterations=(24, 48),
        short_starts=("empty", "continued", "continued", "changed"),
        long_starts=("empty", "foreign", "changed", "random"),
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

    def __init__(self, bits: int = training_size, split: str = "train"):
        self.source = prefix_sums.PrefixSumTask(bits, split)

    @classmethod
    def for_training(cls, split: str, options: dict[str, Any]) -> "PrefixSumProblems":
        """The problems of the training size in a split."""
        return cls(split=split)

    @classmethod
    def for_testing(cls, options: dict[str, Any]) -> list["PrefixSumProblems"]:
        """Problems of each length that is asked for.

        Args:
            options: ``size`` (one or several lengths, or nothing) and ``split`` (None: "test" for
                the length trained on, "extrapolation" for others).
        """
        sizes = np.atleast_1d(options["size"] or cls.testing_sizes).tolist()
        return [
            cls(
                size,
                options["split"] or ("test" if size == cls.training_size else "extrapolation"),
            )
            for size in sizes
        ]

    @classmethod
    def for_watching(cls, options: dict[str, Any]) -> "PrefixSumProblems":
        """Problems of one length; the options are those of ``for_testing``."""
        return cls.for_testing({**options, "size": options["size"] or cls.watching_size})[0]

    @property
    def axes(self) -> dict:
        """The options, as they stand in an evaluation row."""
        return {"split": self.source.split, "size": self.source.bits}

    def draw(self, seed: int, count: int, first: int = 0) -> prefix_sums.PrefixSumBatch:
        """The instances ``first … first + count - 1`` of a seed."""
        return self.source.draw(prefix_sums.instances_of_seed(seed, count, first))

    def vary(
        self, batch: prefix_sums.PrefixSumBatch, numbers: np.ndarray
    ) -> prefix_sums.PrefixSumBatch:
        """The same strings with a bit flipped, as ``numbers`` ``(count,)`` decide."""
        return self.source.vary(batch, numbers)

    def judge(
        self, batch: prefix_sums.PrefixSumBatch, answers: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Which answers are exactly right, and the share of bits that are: ``(count,)`` each."""
        solved, cells = self.source.judge(batch, answers)
        return {"solved": solved, "cells": cells}

    def play(
        self,
        batch: prefix_sums.PrefixSumBatch,
        agent: Any,
        iterations: int | str,
        most_iterations: int,
    ) -> dict[str, Any]:
        """Nothing: a string is not played."""
        return {}

    @staticmethod
    def board(problems: np.ndarray) -> tuple[int, int]:
        """Height and width of problems: one row of bits."""
        return 1, problems.shape[-1]

    @staticmethod
    def encode(problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Bits ``(B, W)`` as float32 inputs ``(B, 2, 1, W)``.

        Raises:
            ValueError: If they are no batch of strings of 0 and 1.
            TypeError: If they hold neither integers nor bools.
        """
        problems = np.asarray(problems)
        if problems.ndim != 2:
            raise ValueError(
                f"problems of shape {problems.shape}: an agent for prefix sums needs bits "
                "(count, bits)"
            )
        bits = torch.from_numpy(check_answers(problems, problems.shape, "problems")).to(device)
        return torch.stack([1 - bits, bits], dim=1)[:, :, None].float()

    @staticmethod
    def score(logits: Tensor, batch: prefix_sums.PrefixSumBatch) -> tuple[Tensor, Tensor]:
        """How good logits ``(B, 2, 1, W)`` are: the loss, and the share exactly right."""
        targets = torch.from_numpy(batch.solutions).to(logits.device).long()[:, None]
        exact = (logits.argmax(dim=1) == targets).flatten(1).all(dim=1)
        return F.cross_entropy(logits, targets), exact.float().mean()

    @staticmethod
    def answer(logits: Tensor) -> Tensor:
        """The answer ``(B, W)`` uint8 that logits ``(B, 2, 1, W)`` stand for."""
        return (logits[:, 1, 0] > logits[:, 0, 0]).to(torch.uint8)

    @staticmethod
    def probabilities(logits: Tensor) -> Tensor:
        """How probable it is that each parity is odd, ``(B, W)``."""
        return logits.softmax(dim=1)[:, 1, 0]

    @property
    def label(self) -> str:
        """What these problems are, in a table or a figure."""
        return f"{self.source.bits} bits"

    @staticmethod
    def describe(batch: prefix_sums.PrefixSumBatch) -> str:
        """A batch of one problem in words."""
        return f"{batch.bits.shape[1]} bits, {int(batch.bits.sum())} of them ones"

    @staticmethod
    def picture(batch: prefix_sums.PrefixSumBatch, probabilities: np.ndarray) -> np.ndarray:
        """The string of a batch of one, with the answer as strongly as the agent believes in it."""
        return drawing.draw(
            batch.bits[0], probabilities > 0.5, batch.solutions[0], np.abs(2 * probabilities - 1)
        )

    @staticmethod
    def final_picture(batch: prefix_sums.PrefixSumBatch, answer: np.ndarray) -> np.ndarray:
        """The string of a batch of one with the final answer, and what is wrong with it."""
        return drawing.draw(batch.bits[0], answer, batch.solutions[0])
