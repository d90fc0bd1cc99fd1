"""Where thinking ends: in a fixed point, in a cycle, or nowhere yet.

A memory that returns to where it was some iterations ago will do so for ever: it goes round in a
cycle, and never comes to rest however long one waits. To find cycles, a memory is kept and later
ones are compared with it; since a cycle may begin late, another one is kept whenever the number of
iterations has doubled (Brent's algorithm, BIT 20, 1980).

Shapes: B problems of H x W cells, M memory channels.
"""

import torch
from torch import Tensor, nn

# Memories are compared with the kept one at multiples of so many iterations, because comparing
# costs as much as an iteration; a cycle is found all the same, at a multiple of its length.
COMPARE_EVERY = 256


class Returns:
    """Finds memories that return to where they were.

    Args:
        memory: ``(B, M, H, W)``, the memories at the beginning.
        tolerance: The largest difference of a number that counts as none.
    """

    def __init__(self, memory: Tensor, tolerance: float):
        self._kept = memory
        self._kept_at = 0
        self._tolerance = tolerance

    def look(self, memory: Tensor, iterations: int) -> Tensor:
        """After how many iterations each memory is where it was, ``(B,)`` int64; 0 where it is not.

        Args:
            memory: ``(B, M, H, W)``, the memories after ``iterations``.
            iterations: How many there have been, a multiple of ``COMPARE_EVERY``.
        """
        distance = (memory - self._kept).abs().amax(dim=(1, 2, 3))
        ago = torch.where(distance <= self._tolerance, iterations - self._kept_at, 0)
        if iterations >= 2 * self._kept_at:
            self._kept = memory.clone()
            self._kept_at = iterations
        return ago

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        self._kept = self._kept[chosen]


@torch.no_grad()
def cycle_lengths(
    net: nn.Module, seen: Tensor, memory: Tensor, ago: Tensor, tolerance: float
) -> Tensor:
    """How long the cycles are in which memories go round, ``(B,)`` int64, 2 or more.

    Args:
        net: The net.
        seen: ``(B, N, H, W)``, what the net perceives of the problems.
        memory: ``(B, M, H, W)``, memories that were the same ``ago`` iterations ago.
        ago: ``(B,)`` int64, so that no cycle is longer.
        tolerance: The largest difference of a number that counts as none.
    """
    lengths = ago.clone()
    thought = memory
    for iteration in range(1, int(ago.max()) + 1):
        thought = net.step(thought, seen)
        distance = (thought - memory).abs().amax(dim=(1, 2, 3))
        first = (distance <= tolerance) & (lengths > iteration)
        lengths = torch.where(first, iteration, lengths)
        if bool((lengths <= iteration).all()):
            break
    return lengths
