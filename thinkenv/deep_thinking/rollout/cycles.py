"""Where thinking ends: in a fixed point, in a cycle, or nowhere yet.

A memory that returns to where it was some iterations ago will do so for ever: it goes round in a
cycle, and never converges however long one waits. To find cycles, a memory is kept and later ones
are compared with it; since a cycle may begin late, another one is kept whenever the number of
iterations has doubled (Brent's algorithm, BIT 20, 1980).
"""

from typing import Generic

import torch
from torch import Tensor

from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.deep_thinking.rollout.stepper import CHECK_EVERY, Stepper

# Memories are compared with the kept one at multiples of so many iterations, because comparing
# costs as much as an iteration; a cycle is found all the same, at a multiple of its length.
COMPARE_EVERY = 256


class CycleDetector(Generic[SomeMemory]):
    """Finds memories that return to where they were.

    Args:
        memory: ``(B, …)``, the memories at the beginning.
        tolerance: The largest difference of a number that counts as none.
    """

    def __init__(self, memory: SomeMemory, tolerance: float):
        self._kept = memory
        self._kept_at = 0
        self._tolerance = tolerance

    def compare(self, memory: SomeMemory, iterations: int) -> Tensor:
        """After how many iterations each memory is where it was, ``(B,)`` int64; 0 where it is not.

        Args:
            memory: ``(B, …)``, the memories after ``iterations``.
            iterations: How many there have been, a multiple of ``COMPARE_EVERY``.
        """
        distance = memories.residuals(memory, self._kept)
        ago = torch.where(distance <= self._tolerance, iterations - self._kept_at, 0)
        if iterations >= 2 * self._kept_at:
            self._kept = memories.transform(torch.clone, memory)
            self._kept_at = iterations
        return ago

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        self._kept = memories.transform(lambda tensor: tensor[chosen], self._kept)


def cycle_lengths(stepper: Stepper[SomeMemory], ago: Tensor, tolerance: float) -> Tensor:
    """How long the cycles are in which memories go round, ``(B,)`` int64, 2 or more.

    Args:
        stepper: Memories that were the same ``ago`` iterations ago; it is advanced.
        ago: ``(B,)`` int64, so that no cycle is longer.
        tolerance: The largest difference of a number that counts as none.
    """
    begin = memories.transform(torch.clone, stepper.memory)
    lengths = ago.clone()
    for iteration in range(1, int(ago.max()) + 1):
        stepper.advance(1)
        is_back = memories.residuals(stepper.memory, begin) <= tolerance
        lengths = torch.where(is_back & (lengths > iteration), iteration, lengths)
        if iteration % CHECK_EVERY == 0 and bool((lengths <= iteration).all()):
            break
    return lengths
