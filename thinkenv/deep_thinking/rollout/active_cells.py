"""Thinking only where the memory still changes.

An iteration of a local net changes a cell by what is within its reach: two cells, for two 3x3
convolutions. Where nothing within reach changed in the last iteration, nothing can change in the
next. Large problems settle almost everywhere long before they are solved, so only the cells
that can still change are iterated: what lies around them is gathered, a convolution is then a
product of matrices, and its results are written back.

With ``threshold=0`` this is the dense iteration, within rounding. Trained nets never settle to
the last bit, because rounding goes on changing numbers by a few millionths; ``ROUNDING`` is far
above that, and far below what any answer depends on.

Shapes: B problems of H x W cells with M memory channels and N channels of injected input. All
cells lie in one row of P numbers: each problem is surrounded by a margin of cells that hold
nothing, so that the cells around any cell have numbers too, at the same distances everywhere.
"""

from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thinkenv.deep_thinking.rollout.memories import arrange
from thinkenv.deep_thinking.rollout.stepper import Stepper

# A cell whose numbers, between -1 and 1, change by no more than this has settled.
ROUNDING = 1e-5
# Which cells are active is found out once in so many iterations. Finding out costs as much as some
# iterations of few cells; but cells have to be active as soon as a change could reach them until
# the next time.
SELECT_EVERY = 2
# A gathered cell costs so many times as much as one of a dense convolution.
COST_OF_GATHERING = 3
# Where more than one in so many cells moved, a mask of the whole board finds those near them sooner
# than a list of neighbours does.
COST_OF_LISTING = 30
# Cells gathered at a time: few enough for the processor's caches, or enough to fill a GPU.
CELLS_PER_BLOCK = {"cpu": 2048, "cuda": 1_000_000}
# Where most cells are active, all are iterated: so often before looking again, and so many at a
# time, which fit into the processor's caches.
DENSE_ITERATIONS = 8
DENSE_CELLS = 60_000
# Cells per side below which problems are so small that looking for active cells does not pay.
SMALLEST_SIDE = 24


class LocalNet(Protocol):
    """A net of two convolutions an iteration, such as ``architectures.recurrent.RecurrentNet``.

    Attributes:
        memory_channels: M.
        reach: How many cells far an iteration sees.
        widen: The first convolution; its first M input channels read the memory.
        update: The second one.
    """

    memory_channels: int
    reach: int
    widen: nn.Conv2d
    update: nn.Conv2d

    def step(self, memory: Tensor, injected: Tensor) -> Tensor:
        """One iteration, everywhere."""

    def update_memory(self, memory: Tensor, update: Tensor) -> Tensor:
        """What the second convolution's result makes of a memory."""

    def is_open(self, injected: Tensor) -> Tensor:
        """Which cells hold memory, ``(B, 1, H, W)`` bool."""


class ActiveCells(Stepper[Tensor]):
    """The memory of a batch of problems, iterated where it can still change.

    Args:
        net: The net.
        injected: ``(B, N, H, W)``, what the problems contribute to every iteration.
        memory: ``(B, M, H, W)`` to start from; not changed.
        threshold: A cell whose numbers all changed by no more than this counts as unchanged.

    Attributes:
        cells: ``(n,)`` int64, the numbers of the active cells.
        residuals: ``(B,)``, the largest change of each problem's memory in the last iteration.
    """

    def __init__(self, net: LocalNet, injected: Tensor, memory: Tensor, threshold: float = 0.0):
        self.net = net
        self.threshold = threshold
        self.height, self.width = memory.shape[2:]
        self._margin = SELECT_EVERY * net.reach  # how far changes get until the next selection
        self._memory = self._surround(memory)  # (B, H + 2 margin, W + 2 margin, M)
        self._is_new = True
        self._injected = self._surround(injected)
        self._is_open = self._surround(net.is_open(injected))[..., 0]
        # Zero for ever at the cells that are never written: walls of a wall mask, and margins.
        self._hidden = torch.zeros_like(self._injected)
        # The position of a cell in a list, to find cells that are in it twice.
        self._position = torch.zeros(self._is_open.shape, dtype=torch.int64, device=injected.device)
        self.residuals = torch.full((len(memory),), torch.inf, device=memory.device)
        self.cells = self._is_open.flatten().nonzero()[:, 0]
        channels = net.memory_channels
        self._widen = _as_matrix(net.widen.weight[:, :channels])
        self._update = _as_matrix(net.update.weight)
        assert net.update.bias is not None
        self._bias = net.update.bias

    @staticmethod
    def pays(memory: Tensor) -> bool:
        """Whether problems ``(B, M, H, W)`` have so many cells that choosing them pays."""
        return min(memory.shape[2:]) >= SMALLEST_SIDE

    @property
    def memory(self) -> Tensor:
        """``(B, M, H, W)``, channels last."""
        return self._inside(self._memory).permute(0, 3, 1, 2)

    @property
    def share(self) -> float:
        """The share of the problems' cells that are active."""
        return len(self.cells) / (len(self._memory) * self.height * self.width)

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        if bool(chosen.all()):
            return
        area = self._is_open[0].numel()
        # A cell's number is that of its problem times the area, plus where it lies in the problem.
        problem = self.cells // area
        new_number = (chosen.cumsum(0) - 1)[problem] * area + self.cells % area
        self.cells = new_number[chosen[problem]]
        for name in ("_memory", "_injected", "_is_open", "_hidden", "_position", "residuals"):
            setattr(self, name, getattr(self, name)[chosen])

    def advance(self, iterations: int) -> None:
        """Run so many iterations, and find out which cells are active then."""
        if iterations and self._is_new:  # as ``step``: what noise or another problem left at walls
            self._memory *= self._is_open[..., None]
            self._is_new = False
        while iterations and len(self.cells):
            if COST_OF_GATHERING * self.share < 1:
                some = min(iterations, SELECT_EVERY)
                cells, changes = self._advance_active(some)
            else:
                some = min(iterations, DENSE_ITERATIONS)
                cells, changes = self._advance_everywhere(some)
            self._select(cells, changes)
            iterations -= some

    def _advance_active(self, iterations: int) -> tuple[Tensor, Tensor]:
        """Iterate the active cells; their numbers and last changes."""
        cells = self.cells
        # All cells of all problems in a row: (P, M), (P, N) and (P, N); views, not copies.
        memory, injected, hidden = (
            numbers.flatten(0, 2) for numbers in (self._memory, self._injected, self._hidden)
        )
        # An active cell needs the hidden numbers of the cells around it, and these their memory.
        around = cells[:, None] + self._square(self.net.update.kernel_size[0] // 2)  # (n, k * k)
        wide = self._open_and_once(around.flatten())
        around_wide = wide[:, None] + self._square(1)  # (w, 9)
        block = CELLS_PER_BLOCK.get(cells.device.type, CELLS_PER_BLOCK["cuda"])
        of_wide = (numbers.split(block) for numbers in (wide, around_wide, injected[wide]))
        parts_wide = tuple(zip(*of_wide, strict=True))
        parts = tuple(zip(cells.split(block), around.split(block), strict=True))
        for iteration in range(iterations):
            for part, near, bias in parts_wide:
                read = memory.index_select(0, near.flatten()).view(len(part), -1)  # (n, 9 * M)
                hidden[part] = torch.addmm(bias, read, self._widen).relu_()
            changes = []
            for part, near in parts:
                read = hidden.index_select(0, near.flatten()).view(len(part), -1)
                update = torch.addmm(self._bias, read, self._update)
                before = memory[part]
                after = self.net.update_memory(before, update)
                memory[part] = after
                if iteration == iterations - 1:
                    changes.append((after - before).abs().amax(dim=1))
        return cells, torch.cat(changes)

    def _advance_everywhere(self, iterations: int) -> tuple[Tensor, Tensor]:
        """Iterate all cells; the numbers of the open ones and their last changes."""
        area = self._is_open[0].numel()
        numbers, changes = [], []
        for begin in range(0, len(self._memory), max(1, DENSE_CELLS // area)):
            chunk = slice(begin, begin + max(1, DENSE_CELLS // area))
            inside = self._inside(self._memory[chunk])
            before = after = arrange(inside.permute(0, 3, 1, 2))
            injected = arrange(self._inside(self._injected[chunk]).permute(0, 3, 1, 2))
            for _ in range(iterations):
                before = after
                after = self.net.step(before, injected)
            inside.copy_(after.permute(0, 2, 3, 1))
            change = self._surround((after - before).abs().amax(dim=1, keepdim=True)).flatten()
            cells = self._is_open[chunk].flatten().nonzero()[:, 0]
            numbers.append(cells + begin * area)
            changes.append(change[cells])
        return torch.cat(numbers), torch.cat(changes)

    def _select(self, cells: Tensor, changes: Tensor) -> None:
        """Make those cells active that changes can reach until the next selection.

        Args:
            cells: ``(c,)`` numbers of the cells that were iterated.
            changes: ``(c,)`` their changes in the last iteration.
        """
        area = self._is_open[0].numel()
        self.residuals.zero_().scatter_reduce_(0, cells // area, changes, "amax")
        moved = cells[changes > self.threshold]
        if len(moved) * COST_OF_LISTING > self._is_open.numel():
            self.cells = self._open_near_many(moved, self._margin)
        else:
            reached = moved[:, None] + self._square(self._margin)
            self.cells = self._open_and_once(reached.flatten())

    def _open_near_many(self, cells: Tensor, distance: int) -> Tensor:
        """The open cells in the squares around some: for so many that a list of all is long."""
        near = torch.zeros_like(self._is_open, dtype=self._memory.dtype)
        near.flatten()[cells] = 1
        side = 2 * distance + 1
        near = F.max_pool2d(near[:, None], (side, 1), 1, (distance, 0))
        near = F.max_pool2d(near, (1, side), 1, (0, distance))[:, 0]
        return (self._is_open & (near > 0)).flatten().nonzero()[:, 0]

    def _open_and_once(self, cells: Tensor) -> Tensor:
        """Those cells of a list that are open, each of them once."""
        cells = cells[self._is_open.flatten()[cells]]
        # Of equal cells the last one written wins, so that each is found at one position only.
        positions = torch.arange(len(cells), device=cells.device)
        position_of = self._position.flatten()
        position_of[cells] = positions
        return cells[position_of[cells] == positions]

    def _square(self, distance: int) -> Tensor:
        """What to add to a cell's number for those in the square around it, row by row."""
        steps = torch.arange(-distance, distance + 1, device=self._is_open.device)
        return (steps[:, None] * self._is_open.shape[2] + steps).flatten()

    def _surround(self, numbers: Tensor) -> Tensor:
        """``(B, C, H, W)`` as ``(B, H + 2 margin, W + 2 margin, C)``, with margins of zeros."""
        margins = (0, 0, *4 * [self._margin])
        return F.pad(numbers.permute(0, 2, 3, 1), margins)

    def _inside(self, numbers: Tensor) -> Tensor:
        """A view of ``(B, H + 2 margin, W + 2 margin, C)`` without the margins."""
        margin = self._margin
        return numbers[:, margin : margin + self.height, margin : margin + self.width]


def _as_matrix(weight: Tensor) -> Tensor:
    """A kernel ``(outputs, inputs, k, k)`` as a matrix ``(k * k * inputs, outputs)``."""
    return weight.permute(2, 3, 1, 0).reshape(-1, len(weight)).contiguous()
