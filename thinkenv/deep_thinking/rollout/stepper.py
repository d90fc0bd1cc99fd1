"""What runs iterations on the memory of a batch of problems."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic

import torch
from torch import Tensor

from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import SomeMemory

# Whether memories have come to an end is checked only so often, because the processor waits for the
# device then.
CHECK_EVERY = 16

# Runs so many iterations on a memory with its injected input; the memory after them, and the
# largest last change of each problem's ``(B,)``.
StepMany = Callable[[SomeMemory, Any, int], tuple[SomeMemory, Tensor]]


class Stepper(ABC, Generic[SomeMemory]):
    """The memory of a batch of B problems, while it is iterated.

    Attributes:
        residuals: ``(B,)``, the largest change of a number in each problem's memory in the last
            iteration; infinite before the first.
    """

    residuals: Tensor

    @property
    @abstractmethod
    def memory(self) -> SomeMemory:
        """The memory as it is by now."""

    @abstractmethod
    def advance(self, iterations: int) -> None:
        """Run so many iterations."""

    @abstractmethod
    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""


class EveryCell(Stepper[SomeMemory]):
    """All of the memory is computed in every iteration.

    Args:
        step_many: What runs iterations.
        injected: ``(B, …)``, what the problems contribute to every iteration.
        memory: ``(B, …)`` to start from; not changed.
    """

    def __init__(self, step_many: StepMany[SomeMemory], injected: Any, memory: SomeMemory):
        self._step_many = step_many
        self._injected = injected
        self._memory = memory
        first = memories.tensors_of(memory)[0]
        self.residuals = torch.full((len(first),), torch.inf, device=first.device)

    @property
    def memory(self) -> SomeMemory:
        """The memory as it is by now."""
        return self._memory

    def advance(self, iterations: int) -> None:
        """Run so many iterations."""
        if iterations:  # after none, the memory would seem to have converged
            self._memory, self.residuals = self._step_many(self._memory, self._injected, iterations)

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        self._memory = memories.choose(self._memory, chosen)
        self._injected = memories.choose(self._injected, chosen)
        self.residuals = self.residuals[chosen]
