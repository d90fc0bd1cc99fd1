"""What a codec is: it turns problems into inputs of a net, and logits into answers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from thinkenv.tasks.base import AnyTask, Batch, InstanceBatch

# What an agent can be given to think about: a batch, an array, a tensor, or nested lists.
Problems = InstanceBatch | Tensor | ArrayLike


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
        problem_axes: How many axes one problem has; None where that differs, and one problem alone
            cannot be told from several.
    """

    interface: Interface
    problem_axes: int | None = None

    def __init__(self, task: type[AnyTask]):
        self.task = task

    def as_array(self, problems: Problems) -> np.ndarray:
        """What an agent is given to think about, as an array of one problem or several.

        Raises:
            ValueError: If it cannot be one of numbers, or has not as many axes.
        """
        if isinstance(problems, InstanceBatch):
            problems = problems.problems
        if isinstance(problems, Tensor):
            problems = problems.detach().cpu().numpy()
        try:
            array = np.asarray(problems)
        except (ValueError, TypeError):  # such as lists of different lengths
            array = np.empty(0, object)
        if array.dtype.kind not in "biuf" or array.ndim == 0:
            got = f"{problems!r:.60}" if isinstance(problems, str) else type(problems).__name__
            raise ValueError(self.refusal("arrays of numbers", got))
        if self.problem_axes is not None and array.ndim - self.problem_axes not in (0, 1):
            self.encode(array)  # which says what is wrong with it
        return array

    def refusal(self, allowed: str, got: str) -> str:
        """The message of an error about problems that are none of the task."""
        hint = f"; {self.task.own_problems}" if self.task.own_problems else ""
        return f"problems for a {self.task.name!r} agent must be {allowed}, got {got}{hint}"

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
    def decode(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """The answers ``(B, …)`` uint8 that logits ``(B, K, H, W)`` stand for.

        Args:
            logits: ``(B, K, H, W)``.
            problems: ``(B, …)``, what they are about, where that decides which answers there are.
        """

    @abstractmethod
    def probabilities(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """How probable it is that each cell belongs to the answer, of the shape of the answer."""

    def pictured(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """What ``Task.picture`` shows as probabilities; by default those of the cells."""
        return self.probabilities(logits, problems)

    def preferences(self, logits: Tensor, problems: np.ndarray) -> Tensor:
        """What ``Task.play`` asks for; by default the probabilities."""
        return self.probabilities(logits, problems)

    def rank(self, position: Any, preferences: Callable[[np.ndarray], np.ndarray]) -> Any:
        """What ``Agent.rank`` answers, for tasks whose answers are moves.

        Args:
            position: One problem of one's own, or several.
            preferences: From problems ``(n, …)`` to what the agent prefers ``(n, …)``.

        Raises:
            ValueError: If the task has no moves to rank; so it is by default.
        """
        raise ValueError(f"only agents of 'chess' rank moves, got one of {self.task.name!r}")


AnyCodec = Codec[Any]
