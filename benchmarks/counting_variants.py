"""Counting nets that are given less, for ``ablation.py --study counting``.

    python agents/train_dt.py --architecture benchmarks/counting_variants.py:LearnedSources \
        --kinds any --folder runs/learned_sources

In the counting net of the recipe counters are given: which cells they count from, and that a next
count is one more than the least of the neighbours'. In each net here a part of that is learned. All
of them see slopes alone, as the net of the recipe does, and compute every cell in every iteration.

Shapes: as in ``thinkenv.deep_thinking.architectures.counting``.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thinkenv.deep_thinking.architectures import layers
from thinkenv.deep_thinking.architectures.base import Architecture
from thinkenv.deep_thinking.architectures.counting import (
    CountingMemory,
    CountingNet,
    CountingSettings,
    Injected,
    slopes_of,
)
from thinkenv.deep_thinking.architectures.open_cells import DIRECTIONS
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.stepper import Stepper

# How unequal learned costs of steps are at first: they are 0.5 to 1.5.
COST_SPREAD = 0.5
# How much faster gates are learned than weights, because they have all the way to go.
GATE_SPEED = 10.0


class WithoutKernel(CountingNet):
    """A counting net whose counters are not those that the compiled iterations know."""

    def stepper(
        self, injected: Tensor, memory: CountingMemory, everywhere: bool = False
    ) -> Stepper[CountingMemory]:
        """All cells are computed in every iteration."""
        return Architecture.stepper(self, injected, memory, everywhere)


class LearnedSources(WithoutKernel):
    """It learns which cells are counted from; that counts are minima plus one is given.

    Each kind of cell has a *gate* between 0 and 1 for each counter, learned, and a count is at most
    the gate times the most: ``min(least neighbour + 1, gate * most)``. A kind whose gate is 0 is a
    source, one whose gate is 1 is none. Of ``sources`` only their number matters, which is that of
    the counters.
    """

    name = "learned_sources"

    def __init__(self, settings: CountingSettings, interface: Interface):
        super().__init__(settings, interface)
        # At first each kind of cell is more or less of a source, by chance: of equal ones, it would
        # depend on chance elsewhere which one becomes less than the others.
        gates = torch.randn(interface.input_channels, len(self.sources))
        self.gates = nn.Parameter(gates / GATE_SPEED)

    def inject(self, inputs: Tensor) -> Tensor:
        """As of the counting net, but for the gates of each cell in place of its sources."""
        hidden, _, most = super().inject(inputs).split(self._parts, dim=1)
        gates = torch.sigmoid(GATE_SPEED * self.gates)
        of_cells = torch.einsum("bihw,ik->bkhw", inputs, gates)
        injected = memories.arrange(torch.cat([hidden, of_cells, most], dim=1))
        assert self._last is not None  # it was found just now
        self._last = self._by_cells(injected, self._last.cells)
        return injected

    def count(self, problem: Injected, counts: Tensor) -> tuple[Tensor, Tensor]:
        """The next counts ``(n, K)``, and the slopes ``(n, 4 * K)`` of the counts ``(n, K)``."""
        near = self.counts_near(problem, counts)
        gates = problem.cells.rows(problem.injected).split(self._parts, dim=1)[1]
        after = torch.minimum(near.amin(dim=1) + 1, gates * problem.most)
        return after, slopes_of(counts, near)

    @property
    def _parts(self) -> list[int]:
        """The channels of what is injected: hidden ones, gates, and the most."""
        return [self.update.in_features, len(self.sources), 1]


class LearnedCosts(WithoutKernel):
    """It learns what a step costs; the sources, and that counts are minima plus costs, are given.

    Steps to each of the four directions have a cost above 0 of their own, learned. They are unequal
    at first; only where they become equal, counts are numbers of steps.
    """

    name = "learned_costs"

    def __init__(self, settings: CountingSettings, interface: Interface):
        super().__init__(settings, interface)
        costs = 1 + COST_SPREAD * (2 * torch.rand(DIRECTIONS, len(self.sources)) - 1)
        self.costs = nn.Parameter(costs.expm1().log())  # what softplus makes of it is the cost

    def count(self, problem: Injected, counts: Tensor) -> tuple[Tensor, Tensor]:
        """The next counts ``(n, K)``, and the slopes ``(n, 4 * K)`` of the counts ``(n, K)``."""
        near = self.counts_near(problem, counts)
        dearer = near + F.softplus(self.costs)
        after = torch.minimum(dearer.amin(dim=1), problem.most)
        return after.masked_fill(problem.is_source, 0.0), slopes_of(counts, near)


class OrdinaryCounters(WithoutKernel):
    """Nothing of counting is given: counters are channels that grow and fall as it learns.

    A counter changes by a learned linear function of the hidden channels, as signals are one, but
    it is added to what the counter was and kept between 0 and the most instead of -1 and 1. There
    are no sources and no minima. Of ``sources`` only their number matters.
    """

    name = "ordinary_counters"

    def __init__(self, settings: CountingSettings, interface: Interface):
        super().__init__(settings, interface)
        self.grow = layers.Linear(self.update.in_features, len(self.sources))

    def step(self, memory: CountingMemory, injected: Tensor) -> CountingMemory:
        """One iteration: of signals ``(B, M, H, W)`` and counters ``(B, K, H, W)``."""
        problem = self._injected_by_cells(injected)
        cells = problem.cells
        counts = cells.rows(memory["counters"])
        slopes = slopes_of(counts, self.counts_near(problem, counts))
        hidden = self.hidden(problem, cells.rows(memory["signals"]), slopes)
        grown = torch.minimum((counts + self.grow(hidden)).clamp(min=0), problem.most)
        signals = layers.InwardClamp.apply(self.update(hidden))
        return {"signals": cells.board(signals), "counters": cells.board(grown)}
