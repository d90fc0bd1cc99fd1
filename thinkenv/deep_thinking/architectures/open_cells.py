"""The open cells of boards, and what lies around them: messages between neighbours.

Walls hold nothing, so only open cells are computed: half of a maze or less. They are rows of a
matrix, ``(n, C)`` for the n open cells of all problems, and each knows the rows of its four
neighbours.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

DIRECTIONS = 4  # up, right, down, left


class OpenCells:
    """The open cells of B boards of H x W cells.

    Args:
        is_open: ``(B, H, W)`` bool.

    Attributes:
        numbers: ``(n,)`` int64, where they are in the row of all cells of all boards.
        near: ``(n, 5)`` int64, for each its own row and those of the cells above, to the right,
            below and to the left; ``n`` where there is a wall or an edge.
    """

    def __init__(self, is_open: Tensor):
        self.shape = is_open.shape
        self.numbers = is_open.flatten().nonzero()[:, 0]
        count = len(self.numbers)
        padded = F.pad(is_open, (1, 1, 1, 1))
        width = padded.shape[2]
        places = padded.flatten().nonzero()[:, 0]
        rows = torch.full((padded.numel(),), count, device=is_open.device)
        own = torch.arange(count, device=is_open.device)
        rows[places] = own
        self.near = rows[places[:, None] + places.new_tensor([0, -width, 1, width, -1])]
        # A cell is read by itself and by its neighbours: by the one above as the cell below it.
        taps = places.new_tensor([0, 3, 4, 1, 2])
        readers = self.near[:, taps]
        taps_in_order = torch.arange(1 + DIRECTIONS, device=is_open.device)
        read_as = readers * (1 + DIRECTIONS) + taps_in_order
        self._read_as = torch.where(readers < count, read_as, count * (1 + DIRECTIONS))

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, board: Tensor) -> Tensor:
        """The open cells of boards ``(B, C, H, W)`` as rows ``(n, C)``."""
        return board.permute(0, 2, 3, 1).flatten(0, 2).index_select(0, self.numbers)

    def board(self, rows: Tensor) -> Tensor:
        """Rows ``(n, C)`` as boards ``(B, C, H, W)``, zero at walls."""
        batch, height, width = self.shape
        board = rows.new_zeros(batch * height * width, rows.shape[1])
        board = board.index_copy(0, self.numbers, rows)
        return board.view(batch, height, width, -1).permute(0, 3, 1, 2)

    def around(self, rows: Tensor, outside: Tensor | None = None) -> Tensor:
        """For each cell its own row and its neighbours', ``(n, C)`` to ``(n, 5 * C)``.

        Args:
            rows: ``(n, C)``.
            outside: ``(1, C)``, what is read at walls and beyond edges; zeros by default.
        """
        if outside is None:
            return _Around.apply(rows, self.near, self._read_as)
        return torch.cat([rows, outside]).index_select(0, self.near.flatten()).view(len(self), -1)


class _Around(torch.autograd.Function):
    """``OpenCells.around`` with a gradient that is gathered as well, faster than it is added up."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, rows: Tensor, near: Tensor, read_as: Tensor
    ) -> Tensor:
        """Gather the rows: see ``OpenCells.around``."""
        ctx.save_for_backward(read_as)
        with_wall = F.pad(rows, (0, 0, 0, 1))
        return with_wall.index_select(0, near.flatten()).view(len(rows), -1)

    @staticmethod
    def backward(
        ctx: torch.autograd.function.BackwardCFunction, gradient: Tensor
    ) -> tuple[Tensor, None, None]:
        """Each cell's gradient is the sum over the five places where it was read."""
        (read_as,) = ctx.saved_tensors
        count, taps = read_as.shape
        by_reader = F.pad(gradient.reshape(count * taps, -1), (0, 0, 0, 1))
        return by_reader.index_select(0, read_as.flatten()).view(count, taps, -1).sum(1), None, None
