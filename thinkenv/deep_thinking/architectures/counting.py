"""The counting net: a recurrent net whose cells also count.

Shapes: B problems, H x W cells, I input channels, M channels of signals, K counters, N channels
between the two layers, n open cells in all problems.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thinkenv.deep_thinking.architectures import layers
from thinkenv.deep_thinking.architectures.base import Architecture, Settings
from thinkenv.deep_thinking.architectures.open_cells import DIRECTIONS, OpenCells
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.rollout import memories
from thinkenv.deep_thinking.rollout.counting_cells import CountingCells
from thinkenv.deep_thinking.rollout.stepper import Stepper
from thinkenv.mazes.lattice import GOAL
from thinkenv.tasks.base import AnyTask

# The tensors of a memory.
CountingMemory = dict[str, Tensor]

MAX_COUNTERS = 16


@dataclass(frozen=True)
class CountingSettings(Settings):
    """Settings of a counting net.

    Raises:
        ValueError: If one is not allowed; the message names it.
    """

    memory_channels: int = 16
    """Channels of signals in the memory."""
    hidden_channels: int = 32
    """Channels between the two layers of an iteration."""
    head_channels: int = 32
    """Channels inside the part that decodes the answer."""
    sources: tuple[int, ...] = (GOAL,)
    """The codes of the cells that counters count from, a counter each; in mazes 3 is the goal."""

    def __post_init__(self) -> None:
        layers.check_channels(self, "memory_channels", "hidden_channels", "head_channels")
        sources = self.sources
        if (
            not isinstance(sources, (tuple, list))
            or len(sources) > MAX_COUNTERS
            or any(type(code) is not int or code < 0 for code in sources)
        ):
            raise ValueError(
                f"sources must be at most {MAX_COUNTERS} codes of cells, got {sources!r:.60}"
            )
        object.__setattr__(self, "sources", tuple(sources))


class Injected(NamedTuple):
    """What problems contribute to every iteration, by their n open cells.

    Attributes:
        injected: ``(B, N + K + 1, H, W)``, from which it was made.
        cells: The open cells.
        hidden: ``(n, N)``, their part of the hidden channels.
        is_source: ``(n, K)`` bool, where each counter counts from.
        most: ``(n, 1)``, what no counter exceeds: the number of open cells of the problem.
    """

    injected: Tensor
    cells: OpenCells
    hidden: Tensor
    is_source: Tensor
    most: Tensor


class CountingNet(Architecture[CountingMemory]):
    """A recurrent net that counts steps, and learns what to make of the counts.

    Each open cell has a memory of two kinds:

    - M *signals* between -1 and 1, which are learned;
    - K *counters*, numbers of any size: a counter is 0 at its sources, and elsewhere one more than
      the least of its four neighbours (what it was itself is forgotten). So from any numbers at all
      it comes to be the number of steps from the nearest source. Where none can be reached it rises
      until it is as large as the number of open cells, which is also what it begins with.

    One iteration is ``signals' = clamp(W relu(V [signals of the cell and of its four neighbours,
    what the problem has in the cell, slopes]))``. There are four *slopes* for each counter: how far
    it falls from the cell to each neighbour, 0 where it does not, and at most 1. The net never sees
    a counter itself, and of its neighbours nothing but their signals: what is the case there, they
    have to tell. It has no symmetry built in, so that it can learn which of two ways to prefer.

    What is built in: walls hold no memory, counters are minima of neighbours plus one, and which
    cells they count from. What is learned: everything that is done with it.

    Sources: minima over neighbours in nets that learn shortest paths, Nerem et al. 2025 (arXiv
    2503.19173); recall, Bansal et al. 2022 (arXiv 2202.05826).

    Args:
        settings: Its settings.
        interface: What it sees and answers.

    Raises:
        ValueError: If the task has no walls or no boards, or no cells of a source's code.
    """

    name = "counting"
    settings_type = CountingSettings
    unbounded = frozenset({"counters"})

    def __init__(self, settings: CountingSettings, interface: Interface):
        super().__init__(settings, interface)
        if interface.wall_channel is None or interface.dimensions != 2:
            raise ValueError("the architecture 'counting' must be for a task of boards with walls")
        codes = interface.input_channels
        if any(code >= codes for code in settings.sources):
            raise ValueError(f"sources must be codes below {codes}, got {settings.sources}")
        self.wall_channel: int = interface.wall_channel
        self.sources = list(settings.sources)
        self.memory_channels = settings.memory_channels
        memory, hidden = settings.memory_channels, settings.hidden_channels
        # What is read of the signals around a cell, of its slopes, and of the problem in it.
        self.reads = [(1 + DIRECTIONS) * memory, DIRECTIONS * len(self.sources), codes]
        self.widen = layers.Linear(sum(self.reads), hidden)
        self.update = layers.Linear(hidden, memory)
        self.head = layers.AnswerHead(
            memory, interface.answer_channels, settings.head_channels, side=1
        )
        self._last: Injected | None = None
        if self.widen.weight.is_meta:
            return  # it is made for the shapes of its weights alone
        # Orthogonal weights keep the size of the memory, and of gradients, over many iterations.
        nn.init.orthogonal_(self.widen.weight, 2**0.5)
        nn.init.orthogonal_(self.update.weight)
        for layer in (self.widen, self.update):
            nn.init.zeros_(layer.bias)

    def start(self, inputs: Tensor) -> CountingMemory:
        """The memory before the first iteration: no signals, and counters at their most."""
        batch, _, height, width = inputs.shape
        counters = len(self.sources)
        memory = {"signals": inputs.new_zeros(batch, self.memory_channels, height, width)}
        if counters:
            is_open = 1 - inputs[:, self.wall_channel, None]
            most = is_open.sum(dim=(2, 3), keepdim=True)
            memory["counters"] = (most * is_open).expand(-1, counters, -1, -1).contiguous()
        return memory

    def inject(self, inputs: Tensor) -> Tensor:
        """What a problem contributes to every iteration: ``(B, I, H, W)`` to ``(B, N + K + 1, …)``.

        The hidden channels' part, then 1 where each counter has a source, then at each open cell
        the number of open cells of its problem, and 0 at walls.
        """
        is_open = 1 - inputs[:, self.wall_channel, None]
        cells = OpenCells(is_open[:, 0] > 0)
        *_, of_problem = self.widen.weight.split(self.reads, dim=1)
        hidden = cells.board(F.linear(cells.rows(inputs), of_problem, self.widen.bias))
        most = is_open.sum(dim=(2, 3), keepdim=True) * is_open
        injected = memories.arrange(torch.cat([hidden, inputs[:, self.sources], most], dim=1))
        self._last = self._by_cells(injected, cells)
        return injected

    def step(self, memory: CountingMemory, injected: Tensor) -> CountingMemory:
        """One iteration: of signals ``(B, M, H, W)`` and counters ``(B, K, H, W)``."""
        problem = self._injected_by_cells(injected)
        cells = problem.cells
        after: CountingMemory = {}
        slopes = None
        if self.sources:
            counts, slopes = self.count(problem, cells.rows(memory["counters"]))
            after["counters"] = cells.board(counts)
        hidden = self.hidden(problem, cells.rows(memory["signals"]), slopes)
        signals = layers.InwardClamp.apply(self.update(hidden))
        return {"signals": cells.board(signals), **after}

    def hidden(self, problem: "Injected", signals: Tensor, slopes: Tensor | None) -> Tensor:
        """The hidden channels ``(n, N)``, of signals ``(n, M)`` and slopes ``(n, 4 * K)``, if any.

        They are what each cell sees: the signals of itself and around it, and its own slopes.
        """
        of_signals, of_slopes, _ = self.widen.weight.split(self.reads, dim=1)
        seen = problem.cells.around(signals)  # (n, 5 * M)
        hidden = torch.addmm(problem.hidden, seen, of_signals.t())
        if slopes is not None:
            hidden = torch.addmm(hidden, slopes, of_slopes.t())
        return F.relu(hidden)

    def count(self, problem: "Injected", counts: Tensor) -> tuple[Tensor, Tensor]:
        """The next counts ``(n, K)``, and the slopes ``(n, 4 * K)`` of the counts ``(n, K)``."""
        near = self.counts_near(problem, counts)
        after = torch.minimum(near.amin(dim=1) + 1, problem.most)
        return after.masked_fill(problem.is_source, 0.0), slopes_of(counts, near)

    def counts_near(self, problem: "Injected", counts: Tensor) -> Tensor:
        """The counts ``(n, K)`` of the four neighbours, ``(n, 4, K)``; at walls the most."""
        number, counters = counts.shape
        beyond = torch.full_like(counts[:1], torch.inf)
        near = problem.cells.around(counts, outside=beyond).view(number, -1, counters)[:, 1:]
        return torch.minimum(near.clamp(min=0), problem.most[:, :, None])

    def _injected_by_cells(self, injected: Tensor) -> "Injected":
        """What problems contribute, by cells.

        It is found once for a rollout, because the processor waits for the device then.
        """
        last = self._last  # another thread may think with the same net
        if last is None or last.injected is not injected:
            last = self._last = self._by_cells(injected, OpenCells(injected[:, -1] > 0))
        return last

    def _by_cells(self, injected: Tensor, cells: OpenCells) -> "Injected":
        rows = cells.rows(injected)
        hidden, is_source, most = rows.split([self.update.in_features, len(self.sources), 1], dim=1)
        return Injected(injected, cells, hidden, is_source > 0, most)

    def decode(self, memory: CountingMemory) -> Tensor:
        """The answer that the signals hold, as logits ``(B, K, H, W)``."""
        return self.head(memory["signals"])

    def stepper(
        self, injected: Tensor, memory: CountingMemory, everywhere: bool = False
    ) -> Stepper[CountingMemory]:
        """On a CPU, compiled iterations of the cells that can still change."""
        if injected.is_cuda or everywhere or not self.sources:
            return super().stepper(injected, memory)
        return CountingCells(self.kernel_weights(), injected, memory)

    def kernel_weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The weights as ``kernels.counting`` takes them."""
        of_signals, of_slopes, _ = self.widen.weight.split(self.reads, dim=1)
        taps = of_signals.t().view(1 + DIRECTIONS, self.memory_channels, -1)
        return taps, of_slopes.t(), self.update.weight.t(), self.update.bias

    @classmethod
    def plan_changes(cls, task: type[AnyTask]) -> Mapping[str, Any]:
        """Thoughts that have come to their end, so that haste is nothing to be learned.

        A count needs as many iterations as the way has cells, and so does the answer that follows
        it. Where a net is asked before that, it learns to guess.
        """
        return {
            "steps": 2_500,
            "short_steps": 400,
            "free_iterations": (40, 100),
            "long_iterations": (24, 40),
            "short_starts": ("empty", "continued", "foreign", "continued"),
            "long_starts": ("empty", "foreign", "continued", "random"),
            "batch": 32,
            "learning_rate": 2e-3,
            "update_prob": 0.75,
            "residual_penalty": 1.5,
        }

    @classmethod
    def settings_for(cls, task: type[AnyTask]) -> CountingSettings:
        """The settings with which a net for a task is trained unless something else is said."""
        return CountingSettings()


def slopes_of(counts: Tensor, near: Tensor) -> Tensor:
    """The slopes ``(n, 4 * K)`` of counts ``(n, K)`` beside those around them ``(n, 4, K)``."""
    return (counts[:, None] - near).clamp(0, 1).transpose(1, 2).flatten(1)
