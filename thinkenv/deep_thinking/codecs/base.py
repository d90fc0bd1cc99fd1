"""What a codec is: it turns problems into inputs of a net, and logits into answers."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor

from thinkenv.tasks.base import AnyTask, Batch


@dataclass(frozen=True)
class Interface:
    """What a net sees and what it answers: decided by the task and the codec, not by settings.

    Attributes:
        input_channels: I, channels of an encoded problem.
        answer_channels: K, kinds of logits for every cell.
        dimensions: 2 for boards, 1 for strings, which are boards of one row.
        wall_channel: The input channel that marks the cells which no answer depends on, or None.
    """

    input_channels: int
    answer_channels: int
    dimensions: int = 2
    wall_channel: int | None = None


class Codec(ABC, Generic[Batch]):
    """Between one task and the nets for it; it holds no state.

    Args:
        task: The class of the task.

    Attributes:
        interface: What a net for it sees and answers.
    """

    interface: Interface

    def __init__(self, task: type[AnyTask]):
        self.task = task

    def board(self, problems: np.ndarray) -> tuple[int, int]:
        """Height and width of the boards that problems are for a net: of ``(B, …, H, W)``."""
        return problems.shape[-2], problems.shape[-1]

    @abstractmethod
    def encode(self, problems: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
        """Problems ``(B, …)`` as float32 inputs ``(B, I, H, W)`` on a device.

        Raises:
            ValueError: If they are not problems of the task.
        """

    @abstractmethod
    def loss(self, logits: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """What to make small: the loss of logits ``(B, K, H, W)``, and the share exactly right."""

    @abstractmethod
    def decode(self, logits: Tensor) -> Tensor:
        """The answers ``(B, …)`` uint8 that logits ``(B, K, H, W)`` stand for."""

    @abstractmethod
    def probabilities(self, logits: Tensor) -> Tensor:
        """How probable it is that each cell belongs to the answer, of the shape of the answer."""

    def preferences(self, logits: Tensor) -> Tensor:
        """What ``Task.play`` asks for; by default the probabilities."""
        return self.probabilities(logits)


AnyCodec = Codec[Any]
