"""Disturbances (perturbations): what can happen to a memory, or to the problem, during a thought.

| written | what is done |
|---|---|
| `none` | nothing: the control |
| `noise:S` | Gaussian noise is added, S times as strong as the memory itself (root mean square) |
| `zero` | the memory is emptied |
| `foreign` | the memory becomes that of another problem at the same time |
| `random` | the memory becomes uniform noise between -1 and 1 |
| `region:S` | so does a square region of its boards, S times as high and wide as the problem |
| `flip:S` | a share S of the memory's numbers change their sign |
| `moved` | the problem changes a little (in mazes start and goal move), the memory stays |
| `another` | another problem takes its place, the memory stays |

Of a memory of several tensors each is disturbed as if it were the whole one: noise is as strong as
its own root mean square, and a region is the same square in all boards. Counts, which may be of any
size, are no exception: noise is as strong as they are large, and leaves fractions and negative
numbers; `flip` makes them negative; `random` and `region` put numbers between -1 and 1 there, far
below what most counts are.

Sources: Bansal et al. 2022 (arXiv 2202.05826) swap and perturb the memory, figures 7 and 12; damage
of regions is customary for neural cellular automata (Mordvintsev et al. 2020, Distill).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from thinkenv.checks import suggestion
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.memories import SomeMemory

# Which of them have a strength, with the largest that makes sense.
STRENGTHS = {"noise": float("inf"), "region": 1.0, "flip": 1.0}
PLAIN = ("none", "zero", "foreign", "random")
OF_PROBLEM = ("moved", "another")


@dataclass(frozen=True)
class Disturbance:
    """One disturbance.

    Attributes:
        kind: The word before the colon.
        strength: The number behind it; 0 for those that have none.
    """

    kind: str
    strength: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Disturbance":
        """Read a disturbance as it is written in the table of this module.

        Raises:
            ValueError: If there is none of that name, or its strength is missing or not allowed.
        """
        kind, colon, number = text.partition(":")
        if kind not in (kinds := (*PLAIN, *OF_PROBLEM, *STRENGTHS)):
            known = [*PLAIN, *(f"{name}:S" for name in STRENGTHS), *OF_PROBLEM]
            raise ValueError(
                f"a disturbance must be one of {', '.join(known)}, got {text!r}"
                f"{suggestion(kind, kinds)}"
            )
        if kind not in STRENGTHS:
            if colon:
                raise ValueError(f"the disturbance {kind!r} must have no strength, got {text!r}")
            return cls(kind)
        try:
            strength = float(number)
        except ValueError:
            strength = -1.0
        if not 0 < strength <= STRENGTHS[kind]:
            raise ValueError(
                f"the disturbance {kind!r} must have a strength in (0, {STRENGTHS[kind]:g}], such "
                f"as {kind}:0.5, got {text!r}"
            )
        return cls(kind, strength)

    def __str__(self) -> str:
        return self.kind if self.kind not in STRENGTHS else f"{self.kind}:{self.strength:g}"

    @property
    def changes_problem(self) -> bool:
        """Whether the problem is changed instead of the memory."""
        return self.kind in OF_PROBLEM

    def check(self, in_every_iteration: bool, problems: int) -> None:
        """Check that this can happen.

        Args:
            in_every_iteration: Whether it is to happen in each.
            problems: How many there are.

        Raises:
            ValueError: If there are too few problems for one to take the place of another, or a
                problem is to be changed in every iteration.
        """
        if self.kind in ("foreign", "another") and problems < 2:
            raise ValueError(
                f"the disturbance '{self}' must have at least 2 problems, got {problems}"
            )
        if in_every_iteration and self.changes_problem:
            raise ValueError(f"the disturbance '{self}' cannot happen in every iteration")

    def of_some(self, memory: SomeMemory, chosen: Tensor, stream: torch.Generator) -> SomeMemory:
        """Memories ``(B, …)`` of which some were disturbed.

        Args:
            memory: ``(B, …)``; not changed. The memory of the problem before is foreign to each.
            chosen: ``(n,)`` int64, which ones.
            stream: Where random numbers come from, on the memory's device.

        Raises:
            ValueError: If a region is to be disturbed of a memory without boards.
        """
        if self.kind == "region" and not any(map(memories.is_board, memories.tensors_of(memory))):
            raise ValueError(f"the disturbance '{self}' must be of a memory of boards, got none")

        before = memories.transform(lambda tensor: tensor[chosen], memory)
        others = memories.transform(lambda tensor: tensor.roll(1, dims=0)[chosen], memory)
        after = self.of(before, others, stream)
        disturbed = memories.transform(torch.clone, memory)
        memories.put(disturbed, chosen, after)
        return disturbed

    def of(self, memory: SomeMemory, others: SomeMemory, stream: torch.Generator) -> SomeMemory:
        """The memories ``(B, …)`` after this disturbance.

        Args:
            memory: ``(B, …)``; not changed.
            others: ``(B, …)``, a memory of another problem for each.
            stream: Where random numbers come from, on the memory's device.
        """
        first = memories.tensors_of(memory)[0]
        place = None
        if self.kind == "region":  # one place for all tensors
            place = torch.rand((2, len(first)), generator=stream, device=first.device)

        def disturb(tensor: Tensor, other: Tensor) -> Tensor:
            return self._of_tensor(tensor, other, place, stream)

        return memories.transform(disturb, memory, others)

    def _of_tensor(
        self, memory: Tensor, others: Tensor, place: Tensor | None, stream: torch.Generator
    ) -> Tensor:
        """A tensor ``(B, M, …)`` of the memories after this disturbance.

        Args:
            memory: ``(B, M, …)``; not changed.
            others: ``(B, M, …)``, of another problem for each.
            place: ``(2, B)``, where regions lie, as shares of the way down and to the right.
            stream: Where random numbers come from.
        """

        def uniform(shape: tuple[int, ...]) -> Tensor:
            return torch.rand(shape, generator=stream, device=memory.device)

        if self.kind == "noise":
            over = tuple(range(1, memory.ndim))  # all but the problems
            scale = memory.square().mean(dim=over, keepdim=True).sqrt()
            noise = torch.randn(memory.shape, generator=stream, device=memory.device)
            return memory + self.strength * scale * noise
        if self.kind == "zero":
            return torch.zeros_like(memory)
        if self.kind == "foreign":
            return others
        if self.kind == "random":
            return 2 * uniform(memory.shape) - 1
        if place is not None and memories.is_board(memory):
            inside = squares_at(place, memory.shape, self.strength)
            return torch.where(inside, 2 * uniform(memory.shape) - 1, memory)
        if self.kind == "flip":
            return torch.where(uniform(memory.shape) < self.strength, -memory, memory)
        return memory


def squares_at(place: Tensor, shape: torch.Size, share: float) -> Tensor:
    """A mask ``(B, 1, H, W)`` of one square in each problem.

    Args:
        place: ``(2, B)`` from 0 to 1: how far down, and how far to the right.
        shape: ``(B, M, H, W)``.
        share: How high and wide the square is, as a share of the problem's smaller side.
    """
    _, _, height, width = shape
    side = max(1, round(share * min(height, width)))
    top = (place[0] * (height - side + 1)).long()[:, None]  # (B, 1)
    left = (place[1] * (width - side + 1)).long()[:, None]
    rows = torch.arange(height, device=place.device)
    columns = torch.arange(width, device=place.device)
    in_rows = (rows >= top) & (rows < top + side)  # (B, H)
    in_columns = (columns >= left) & (columns < left + side)  # (B, W)
    return (in_rows[:, :, None] & in_columns[:, None, :])[:, None]
