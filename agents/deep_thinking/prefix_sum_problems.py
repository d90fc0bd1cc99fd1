"""Prefix sums for agents: what is particular about them."""

from dataclasses import replace
from typing import Any

import numpy as np

from thinkenv import prefix_sums
from thinkenv.prefix_sums import drawing

from .cell_problems import CellProblems


class PrefixSumProblems(CellProblems):
    """Bit strings for agents: one-hot bits in, the parity up to every bit out.

    For a net they are boards of one row.

    Args:
        bits: The length of the strings.
        split: Which instances.
    """

    name = "prefix_sum"
    input_channels = 2
    dimensions = 1
    training_size = 32
    testing_sizes = (32, 48, 128, 512)
    watching_size = 64
    many_iterations = 1000  # enough for 512 bits
    net_defaults = {
        "recurrent": {
            "memory_channels": 16,
            "hidden_channels": 32,
            "head_channels": 32,
            "dimensions": 1,
        },
        "feed_forward": {"memory_channels": 16, "dimensions": 1},
    }
    plan = replace(
        CellProblems.plan,
        short_starts=("empty", "continued", "continued", "changed"),
        long_starts=("empty", "foreign", "changed", "random"),
    )

    def __init__(self, bits: int = training_size, split: str = "train"):
        super().__init__(prefix_sums.PrefixSumTask(bits, split))

    @classmethod
    def of_size(cls, size: int, split: str, options: dict[str, Any]) -> "PrefixSumProblems":
        """The strings of one length of a split."""
        return cls(size, split)

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
