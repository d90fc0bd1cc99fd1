"""A rollout: a net that iterates its memory of some problems, and answers whenever one likes."""

from dataclasses import dataclass
from typing import Generic

import numpy as np
import torch
from torch import Tensor

from thinkenv.deep_thinking.architectures.base import Architecture
from thinkenv.deep_thinking.codecs.base import AnyCodec
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.cycles import COMPARE_EVERY, CycleDetector, cycle_lengths
from thinkenv.deep_thinking.rollout.memories import SomeMemory
from thinkenv.deep_thinking.rollout.stepper import CHECK_EVERY, EveryCell, StepMany, Stepper


class Rollout(Generic[SomeMemory]):
    """A running sequence of iterations on B problems: the one place where nets are iterated.

    Args:
        net: The net.
        codec: How problems and answers are read.
        problems: ``(B, …)``, as the task's batches hold them.
        device: Where to compute.
        memory: ``(B, …)`` to go on from; None for the net's first memory.
        step_many: What runs iterations, where an acceleration is used; None for the net's own way.
        everywhere: Compute all of the memory in every iteration, even where that does not pay.

    Attributes:
        iterations: How many were run.
        stepper: What runs them: all of the memory, or active cells.
    """

    stepper: Stepper[SomeMemory]

    def __init__(
        self,
        net: Architecture[SomeMemory],
        codec: AnyCodec,
        problems: np.ndarray,
        device: torch.device,
        memory: SomeMemory | None = None,
        step_many: StepMany[SomeMemory] | None = None,
        everywhere: bool = False,
    ):
        self.net = net
        self.codec = codec
        self.device = device
        self.iterations = 0
        self._problems = problems
        self._step_many = step_many
        self._everywhere = everywhere
        with torch.no_grad():
            inputs = codec.encode(problems, device)
            self._injected = net.inject(inputs)
            if memory is None:
                memory = net.start(inputs)
            self._index = torch.arange(len(inputs), device=device)
            self.restart(memories.transform(lambda tensor: tensor.to(device), memory))

    def __len__(self) -> int:
        return len(self._index)

    def __repr__(self) -> str:
        return f"Rollout({len(self):,} problems, {self.iterations:,} iterations)"

    @property
    def memory(self) -> SomeMemory:
        """The memories ``(B, …)``; the next iterations may change them in place."""
        return self.stepper.memory

    @property
    def residuals(self) -> Tensor:
        """The largest change of a number in each memory in the last iteration, ``(B,)``.

        Infinite before the first; the next iterations may change them in place.
        """
        return self.stepper.residuals

    @torch.no_grad()
    def advance(self, iterations: int) -> None:
        """Run so many iterations."""
        self.stepper.advance(iterations)
        self.iterations += iterations

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        self._index = self._index[chosen]
        self.stepper.keep(chosen)

    @torch.no_grad()
    def restart(self, memory: SomeMemory) -> None:
        """Go on from other memories ``(B, …)`` of the same problems, such as disturbed ones."""
        self.stepper = self._stepper_of(self._index, memory, self._everywhere)

    @torch.no_grad()
    def change_problems(self, problems: np.ndarray) -> None:
        """Go on with the same memories, about other problems ``(B, …)``."""
        self._problems = problems
        self._injected = self.net.inject(self.codec.encode(problems, self.device))
        self._index = torch.arange(len(problems), device=self.device)
        self.restart(self.memory)

    @torch.no_grad()
    def logits(self) -> Tensor:
        """What the memories say of each answer, ``(B, K, …)``."""
        return self.net.decode(self.memory)

    def answers(self) -> np.ndarray:
        """The answers that the memories hold, ``(B, …)`` uint8."""
        return self.codec.decode(self.logits(), self._thought_about()).cpu().numpy()

    def probabilities(self) -> np.ndarray:
        """How probable each cell's belonging to the answer is, ``(B, …)`` float32."""
        return self.codec.probabilities(self.logits(), self._thought_about()).cpu().numpy()

    def pictured(self) -> np.ndarray:
        """What is shown of each problem's answer, ``(B, …)`` float32: see ``Task.picture``."""
        return self.codec.pictured(self.logits(), self._thought_about()).cpu().numpy()

    def _thought_about(self) -> np.ndarray:
        """The problems that are still thought about, ``(B, …)``."""
        return self._problems[self._index.cpu().numpy()]

    def _stepper_of(
        self, index: Tensor, memory: SomeMemory, everywhere: bool
    ) -> Stepper[SomeMemory]:
        """Iterations on memories ``(n, …)`` of the problems ``index`` ``(n,)``."""
        injected = self._injected
        if len(index) != memories.count(injected):
            injected = memories.choose(injected, index)
        memory = memories.transform(memories.arrange, memory)
        if self._step_many is not None:
            return EveryCell(self._step_many, injected, memory)
        return self.net.stepper(injected, memory, everywhere)

    @torch.no_grad()
    def run(self, iterations: int, tolerance: float = 0.0) -> "Ending[SomeMemory]":
        """Iterate; problems that have come to a fixed point or a cycle leave the batch.

        Args:
            iterations: The maximum to run.
            tolerance: A problem stops when its last iteration changed no number of its memory by
                more than this, or when its memory is, within this, what it was many iterations
                ago: a cycle. With 0.0 the result is that of running all iterations: a memory that
                one of them left as it was stays so for ever, and cycles are not looked for. Where
                only active cells are iterated, numbers may differ from it by about
                ``active_cells.ROUNDING``.
        """
        begin = self.memory
        batch = len(self)
        change = torch.full((batch,), torch.inf, device=self.device)
        ago = torch.zeros(batch, dtype=torch.int64, device=self.device)
        spent = torch.zeros(batch, dtype=torch.int64, device=self.device)
        last = memories.transform(torch.clone, begin)
        index = self._index
        active = torch.arange(batch, device=self.device)
        detector = CycleDetector(memories.transform(torch.clone, begin), tolerance)
        done = 0
        while done < iterations and len(active):
            some = min(CHECK_EVERY, iterations - done)
            self.advance(some)
            done += some
            going_on = self.residuals > tolerance
            if tolerance > 0 and done % COMPARE_EVERY == 0:
                found = detector.compare(self.memory, done) * going_on
                ago[active] = found
                going_on &= found == 0
            if done == iterations or not bool(going_on.all()):
                memories.put(last, active, self.memory)
                change[active] = self.residuals
                spent[active] = done
                active = active[going_on]
                self.keep(going_on)
                detector.keep(going_on)
        cycle = (change <= tolerance).long()
        cycling = ago > 0
        if bool(cycling.any()):
            going_round = memories.choose(last, cycling)
            stepper = self._stepper_of(index[cycling], going_round, everywhere=True)
            cycle[cycling] = cycle_lengths(stepper, ago[cycling], tolerance)
        return Ending(last, change, cycle, spent)


@dataclass
class Ending(Generic[SomeMemory]):
    """What iterating led to, for each of B problems.

    Attributes:
        memory: ``(B, …)``.
        residuals: ``(B,)``, the largest last change of a number of the memory.
        cycle: ``(B,)`` int64: 1 where that is none, the length of a cycle, or 0.
        iterations: ``(B,)`` int64, the iterations run.
    """

    memory: SomeMemory
    residuals: Tensor
    cycle: Tensor
    iterations: Tensor
