"""A counting net thinks only where its memory can still change, compiled, on a CPU.

The front of a search is thin: of a large maze, few cells change in an iteration, and those that
cannot change are not looked at. With ``threshold=0`` this is the dense iteration, within rounding.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from thinkenv.deep_thinking.rollout.active_cells import ROUNDING
from thinkenv.deep_thinking.rollout.stepper import Stepper
from thinkenv.kernels.threads import run_on_threads


class CountingCells(Stepper[dict[str, Tensor]]):
    """The memory of a batch of B problems, iterated where it can still change.

    Args:
        weights: Of the net, as ``kernels.counting`` takes them.
        injected: ``(B, N + K + 1, H, W)``, what the problems contribute to every iteration.
        memory: ``signals (B, M, H, W)`` and ``counters (B, K, H, W)`` to start from; not changed.
        threshold: A cell whose numbers all changed by no more than this counts as unchanged.

    Attributes:
        residuals: ``(B,)``, the largest change of each problem's memory in the last iteration.
    """

    def __init__(
        self,
        weights: tuple[Tensor, Tensor, Tensor, Tensor],
        injected: Tensor,
        memory: dict[str, Tensor],
        threshold: float = ROUNDING,
    ):
        self._weights = tuple(as_array(weight) for weight in weights)
        self._threshold = np.float32(threshold)
        hidden = self._weights[0].shape[2]
        self.height, self.width = injected.shape[2:]
        surrounded = surround(injected)  # (B, P, N + K + 1)
        self._injected = np.ascontiguousarray(surrounded[..., :hidden])
        self._sources = np.ascontiguousarray(surrounded[..., hidden:-1] > 0)
        self._is_open = surrounded[..., -1] > 0
        self._most = surrounded[..., -1].max(axis=1)  # (B,)
        is_open = self._is_open[..., None]
        self._signals = surround(memory["signals"]) * is_open
        self._counters = surround(memory["counters"]) * is_open
        self._marks = np.full(self._is_open.shape, -1, np.int32)
        # Of each problem the cells that can still change: at first all that hold memory.
        self._cells = [
            np.tile(np.flatnonzero(row), (2, 1)).astype(np.int32) for row in self._is_open
        ]
        self._active = self._is_open.sum(axis=1)
        self._index = np.arange(len(injected))
        self.residuals = torch.full((len(injected),), torch.inf)

    @property
    def memory(self) -> dict[str, Tensor]:
        """Signals and counters of the problems that are left."""
        return {"signals": self._board(self._signals), "counters": self._board(self._counters)}

    @property
    def share(self) -> float:
        """The share of the problems' cells that are active."""
        cells = len(self._index) * self.height * self.width
        return float(self._active[self._index].sum()) / cells

    def advance(self, iterations: int) -> None:
        """Run so many iterations."""
        if not iterations:
            return
        found = run_on_threads(
            lambda problem: self._advance_one(problem, iterations),
            self._index.tolist(),
            torch.get_num_threads(),
        )
        self.residuals = torch.tensor(found)

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        self._index = self._index[chosen.numpy()]
        self.residuals = self.residuals[chosen]

    def _advance_one(self, problem: int, iterations: int) -> float:
        """Iterate one problem; the largest change in the last iteration."""
        # Compiling is for those who think with such a net, not for all who import one.
        from thinkenv.deep_thinking.kernels.counting import iterate_open_cells

        cells = self._cells[problem]
        state = (self._signals[problem], self._counters[problem])
        width = self.width + 2
        numbers = state[0].shape[1] + state[1].shape[1]
        self._active[problem], residual = iterate_open_cells(
            state,
            (
                self._injected[problem],
                self._sources[problem],
                self._is_open[problem],
                self._most[problem],
            ),
            self._weights,
            cells,
            self._active[problem],
            iterations,
            width,
            self._threshold,
            self._marks[problem],
            np.empty((cells.shape[1], numbers), np.float32),
        )
        return float(residual)

    def _board(self, cells: np.ndarray) -> Tensor:
        """Numbers ``(B, P, C)`` of the problems that are left as boards ``(b, C, H, W)``."""
        chosen = cells if len(self._index) == len(cells) else cells[self._index]
        boards = torch.from_numpy(chosen).view(len(chosen), self.height + 2, self.width + 2, -1)
        return boards[:, 1:-1, 1:-1].permute(0, 3, 1, 2)


def as_array(tensor: Tensor) -> np.ndarray:
    """A tensor as an array of its own in C order."""
    return np.ascontiguousarray(tensor.detach().cpu().numpy())


def surround(boards: Tensor) -> np.ndarray:
    """Boards ``(B, C, H, W)`` as rows of cells ``(B, P, C)``, each in a margin of zeros."""
    padded = F.pad(boards.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
    return as_array(padded.flatten(1, 2))
