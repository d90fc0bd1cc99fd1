"""Thinking only where the memory still changes.

An iteration of a local net changes a cell by what is within its reach: two cells, for two 3x3
convolutions. Where nothing within reach changed in the last iteration, nothing can change in the
next. Large problems come to rest almost everywhere long before they are solved, so only the tiles
that can still change are iterated: they are gathered, with the cells around them that they see,
into one batch, and written back.

With ``threshold=0`` this is the dense iteration. Trained nets never come to rest to the last bit,
because rounding goes on changing numbers by a few millionths; ``ROUNDING`` is far above that, and
far below what any answer depends on.

Shapes: B problems of H x W cells with M memory channels and N seen ones; n active tiles of T x T
cells, whose windows have S = T + 2 * reach cells a side.
"""

import torch
from torch import Tensor, nn

# A cell whose numbers, between -1 and 1, change by no more than this has come to rest.
ROUNDING = 1e-5
# Cells a side: smaller tiles follow a moving front more closely, larger ones share their margins.
TILE = 16
# Which tiles are active is found out once in so many iterations. Finding out makes the processor
# wait for the device, and costs as much as some tiles; but tiles have to be active as soon as a
# change could reach them until the next time.
SELECT_EVERY = 4
# Where more than this share of the tiles is active, all are iterated without gathering.
DENSE_ABOVE = 0.5
# Tiles are iterated so many at a time, which fit into the processor's caches.
TILES_AT_A_TIME = 32


class ActiveTiles:
    """The memory of a batch of problems, iterated where it can still change.

    Args:
        net: A net with a ``reach``: how many cells far an iteration sees.
        seen: ``(B, N, H, W)``, what the net perceives of the problems, at least a window high and
            wide (see ``fits``).
        memory: ``(B, M, H, W)`` to start from; not changed.
        threshold: A cell whose numbers all changed by no more than this counts as unchanged.

    Attributes:
        tiles: ``(n, 3)`` int64, the active tiles: problem, row and column of tiles.
        changes: ``(B,)``, the largest change of each problem's memory in the last iteration.
    """

    def __init__(self, net: nn.Module, seen: Tensor, memory: Tensor, threshold: float = 0.0):
        self.net = net
        self.seen = seen
        self.threshold = threshold
        self._memory = memory.permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format)
        batch, self.height, self.width, _ = self._memory.shape
        self.side = TILE + 2 * net.reach  # of a window
        self.rows = -(-self.height // TILE)  # of tiles
        self.columns = -(-self.width // TILE)
        self.changes = torch.full((batch,), torch.inf, device=memory.device)
        self.tiles = torch.ones(
            batch, self.rows, self.columns, dtype=torch.bool, device=memory.device
        ).nonzero()

    @staticmethod
    def fits(net: nn.Module, height: int, width: int) -> bool:
        """Whether a net is local, and problems have so many tiles that finding them pays."""
        return net.reach is not None and min(height, width) >= 8 * TILE

    @property
    def memory(self) -> Tensor:
        """``(B, M, H, W)``, channels last."""
        return self._memory.permute(0, 3, 1, 2)

    @property
    def share(self) -> float:
        """The share of tiles that are active."""
        return len(self.tiles) / (len(self._memory) * self.rows * self.columns)

    def leave(self, problems: Tensor) -> None:
        """Iterate these problems, ``(B,)`` bool, no more."""
        self.tiles = self.tiles[~problems[self.tiles[:, 0]]]

    def advance(self, iterations: int) -> None:
        """Run so many iterations, and find out which tiles are active then."""
        while iterations and len(self.tiles):
            some = min(iterations, SELECT_EVERY)
            if self.share > DENSE_ABOVE:
                cells, changes = self._advance_everywhere(some)
            else:
                cells, changes = self._advance_tiles(some)
            self._select(cells, changes)
            iterations -= some

    def _advance_everywhere(self, iterations: int) -> tuple[Tensor, Tensor]:
        """Iterate all problems with active tiles whole; cell numbers and their last changes."""
        chosen = self.tiles[:, 0].unique()
        everyone = len(chosen) == len(self._memory)
        before = self.memory if everyone else self.memory[chosen]
        seen = self.seen if everyone else self.seen[chosen]
        after = before
        for _ in range(iterations):
            before = after
            after = self.net.step(before, seen)
        changes = (after - before).abs().amax(dim=1)  # (b, H, W)
        after = after.permute(0, 2, 3, 1)
        if everyone:
            self._memory = after.contiguous()
        else:
            self._memory[chosen] = after
        cells = torch.arange(self.height * self.width, device=chosen.device)
        cells = chosen[:, None] * (self.height * self.width) + cells
        return cells.flatten(), changes.flatten()

    def _advance_tiles(self, iterations: int) -> tuple[Tensor, Tensor]:
        """Iterate the active tiles; the numbers of their cells and the cells' last changes."""
        windows, cells, places = self._indices()
        memory = self._memory.flatten(0, 2)  # (B * H * W, M), shares its storage
        seen = self.seen.permute(0, 2, 3, 1).flatten(0, 2)[windows]  # (n, S, S, N)
        seen = seen.permute(0, 3, 1, 2).split(TILES_AT_A_TIME)
        before = after = memory[cells]
        for _ in range(iterations):
            before = after
            around = memory.index_select(0, windows.flatten()).unflatten(0, windows.shape)
            around = around.permute(0, 3, 1, 2).split(TILES_AT_A_TIME)
            parts = [
                self.net.step(part, part_seen).permute(0, 2, 3, 1).flatten(0, 2)
                for part, part_seen in zip(around, seen, strict=True)
            ]
            after = torch.cat(parts).index_select(0, places)
            memory.index_copy_(0, cells, after)
        return cells, (after - before).abs().amax(dim=1)

    def _indices(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where the active tiles are.

        A window ends where the problem ends, so that the zeros which convolutions see beyond it
        are those of the dense iteration; a tile is moved inwards rather than cut off.

        Returns:
            ``windows`` ``(n, S, S)``, the numbers of the cells that are seen; ``cells``
            ``(n * T * T,)``, of those that are written; and ``places`` ``(n * T * T,)``, where
            these are in the windows.
        """
        tiles = self.tiles
        count = len(tiles)
        # A few numbers of tiles instead of any, since convolutions are prepared anew for each.
        if count > TILES_AT_A_TIME:
            padded = -(-count // TILES_AT_A_TIME) * TILES_AT_A_TIME
        else:
            padded = 1 << (count - 1).bit_length()
        tiles = torch.cat([tiles, tiles[-1:].expand(padded - count, 3)])
        problem, row, column = tiles.unbind(1)
        first_row = (row * TILE).clamp(max=self.height - TILE)
        first_column = (column * TILE).clamp(max=self.width - TILE)
        reach = self.net.reach
        top = (first_row - reach).clamp(0, self.height - self.side)
        left = (first_column - reach).clamp(0, self.width - self.side)

        side = torch.arange(self.side, device=tiles.device)
        tile = torch.arange(TILE, device=tiles.device)

        def numbers(start: Tensor, down: Tensor, right: Tensor, width: int) -> Tensor:
            """``start + down * width + right`` for all pairs: ``(n, len(down), len(right))``."""
            return (start[:, None, None] + down[:, None] * width) + right

        start_of_problem = problem * (self.height * self.width)
        windows = numbers(start_of_problem + top * self.width + left, side, side, self.width)
        start = start_of_problem + first_row * self.width + first_column
        cells = numbers(start, tile, tile, self.width)
        start_of_window = torch.arange(padded, device=tiles.device) * self.side**2
        start = start_of_window + (first_row - top) * self.side + first_column - left
        places = numbers(start, tile, tile, self.side)
        return windows, cells.flatten(), places.flatten()

    def _select(self, cells: Tensor, changes: Tensor) -> None:
        """Make those tiles active that changes can reach until the next selection.

        Args:
            cells: ``(c,)`` numbers of the cells that were iterated.
            changes: ``(c,)`` their changes in the last iteration.
        """
        area = self.height * self.width
        self.changes.zero_().scatter_reduce_(0, cells // area, changes, "amax")
        moved = cells[changes > self.threshold]
        problem, place = moved // area, moved % area
        row, column = place // self.width, place % self.width
        active = torch.zeros(
            len(self._memory), self.rows, self.columns, dtype=torch.bool, device=cells.device
        )
        far = SELECT_EVERY * self.net.reach
        for down in (*range(-far, far, TILE), far):
            rows = (row + down).clamp(0, self.height - 1) // TILE
            for right in (*range(-far, far, TILE), far):
                columns = (column + right).clamp(0, self.width - 1) // TILE
                active[problem, rows, columns] = True
        self.tiles = active.nonzero()


@torch.no_grad()
def roll_out_tiles(
    net: nn.Module,
    seen: Tensor,
    memory: Tensor,
    iterations: int,
    stop_below: float,
    check_every: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """What ``agent.roll_out`` does, for problems that are many tiles large.

    Args:
        net: As of ``agent.roll_out``, like the others.
        seen: ``(B, N, H, W)``.
        memory: ``(B, M, H, W)``.
        iterations: The most iterations to run.
        stop_below: The largest change of a memory that counts as none.
        check_every: Problems may leave once in so many iterations.
    """
    tiles = ActiveTiles(net, seen, memory, ROUNDING)
    changes = torch.full((len(memory),), torch.inf, device=memory.device)
    spent = torch.zeros(len(memory), dtype=torch.int64, device=memory.device)
    thinking = torch.ones(len(memory), dtype=torch.bool, device=memory.device)
    done = 0
    while done < iterations and bool(thinking.any()):
        some = min(check_every, iterations - done)
        tiles.advance(some)
        done += some
        changes = torch.where(thinking, tiles.changes, changes)
        spent[thinking] = done
        thinking &= changes > stop_below
        tiles.leave(~thinking)
    return tiles.memory, changes, spent
