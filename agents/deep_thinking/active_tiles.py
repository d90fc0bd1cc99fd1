"""Thinking only where the memory still changes.

An iteration of a local net changes a cell by what is within its reach: two cells, for two 3x3
convolutions. Where nothing within reach changed in the last iteration, nothing can change in the
next. Large problems come to rest almost everywhere long before they are solved, so only the tiles
that can still change are iterated: they are gathered, with the cells around them that they see,
into one batch, and written back.

With ``threshold=0`` this is the dense iteration. Trained nets never come to rest to the last bit,
because rounding goes on changing numbers by a few millionths; ``ROUNDING`` is far above that, and
far below what any answer depends on.

A window is so much larger than its tile that several iterations can be run on it before the cells
that saw its rim, instead of what lies beyond it, get to the tile.

Shapes: B problems of H x W cells with M memory channels and N seen ones; n active tiles of T x T
cells, whose windows have S = T + 2 * SELECT_EVERY * reach cells a side.
"""

import torch
from torch import Tensor, nn

# A cell whose numbers, between -1 and 1, change by no more than this has come to rest.
ROUNDING = 1e-5
# Cells a side: smaller tiles follow a moving front more closely, larger ones share their margins.
TILE = 16
# Tiles are gathered and written back, and it is found out which are active, once in so many
# iterations. That makes the processor wait for the device, and costs as much as some tiles; but
# windows have to be larger, and tiles active as soon as a change could reach them until then.
SELECT_EVERY = 2
# Tiles are iterated so many at a time, which fit into the processor's caches.
TILES_AT_A_TIME = 64


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
        self.side = TILE + 2 * SELECT_EVERY * net.reach  # of a window
        self.rows = -(-self.height // TILE)  # of tiles
        self.columns = -(-self.width // TILE)
        self.changes = torch.full((batch,), torch.inf, device=memory.device)
        self.tiles = torch.ones(
            batch, self.rows, self.columns, dtype=torch.bool, device=memory.device
        ).nonzero()

    @staticmethod
    def fits(net: nn.Module, height: int, width: int) -> bool:
        """Whether a net is local, and problems have so many tiles that finding them pays."""
        return net.reach is not None and min(height, width) >= 128

    @property
    def memory(self) -> Tensor:
        """``(B, M, H, W)``, channels last."""
        return self._memory.permute(0, 3, 1, 2)

    @property
    def share(self) -> float:
        """The share of tiles that are active."""
        return len(self.tiles) / (len(self._memory) * self.rows * self.columns)

    def keep(self, chosen: Tensor) -> None:
        """Go on with some of the problems only, ``(B,)`` bool."""
        if bool(chosen.all()):
            return
        self.tiles = self.tiles[chosen[self.tiles[:, 0]]]
        self.tiles[:, 0] = (chosen.cumsum(0) - 1)[self.tiles[:, 0]]
        self._memory = self._memory[chosen]
        self.seen = self.seen[chosen]
        self.changes = self.changes[chosen]

    def advance(self, iterations: int) -> None:
        """Run so many iterations, and find out which tiles are active then."""
        while iterations and len(self.tiles):
            some = min(iterations, SELECT_EVERY)
            if len(self.tiles) * self.side**2 > len(self._memory) * self.height * self.width:
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
        seen = self.seen.permute(0, 2, 3, 1).flatten(0, 2)  # (B * H * W, N)
        last, changes = [], []
        for window, place in zip(
            windows.split(TILES_AT_A_TIME), places.split(TILES_AT_A_TIME), strict=True
        ):
            before = after = memory[window].permute(0, 3, 1, 2)  # (n, M, S, S)
            seen_here = seen[window].permute(0, 3, 1, 2)
            for _ in range(iterations):
                before = after
                after = self.net.step(before, seen_here)
            change = (after - before).abs().amax(dim=1).flatten()  # (n * S * S,)
            place = place.flatten()
            last.append(after.permute(0, 2, 3, 1).flatten(0, 2).index_select(0, place))
            changes.append(change.index_select(0, place))
        memory.index_copy_(0, cells, torch.cat(last))
        return cells, torch.cat(changes)

    def _indices(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where the active tiles are.

        A window ends where the problem ends, so that the zeros which convolutions see beyond it
        are those of the dense iteration; a tile is moved inwards rather than cut off.

        Returns:
            ``windows`` ``(n, S, S)``, the numbers of the cells that are seen; ``cells``
            ``(n * T * T,)``, of those that are written; and ``places`` ``(n, T, T)``, where these
            are in the windows of their chunk of ``TILES_AT_A_TIME``.
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
        margin = SELECT_EVERY * self.net.reach
        top = (first_row - margin).clamp(0, self.height - self.side)
        left = (first_column - margin).clamp(0, self.width - self.side)

        side = torch.arange(self.side, device=tiles.device)
        tile = torch.arange(TILE, device=tiles.device)

        def numbers(start: Tensor, down: Tensor, right: Tensor, width: int) -> Tensor:
            """``start + down * width + right`` for all pairs: ``(n, len(down), len(right))``."""
            return (start[:, None, None] + down[:, None] * width) + right

        start_of_problem = problem * (self.height * self.width)
        windows = numbers(start_of_problem + top * self.width + left, side, side, self.width)
        start = start_of_problem + first_row * self.width + first_column
        cells = numbers(start, tile, tile, self.width)
        in_chunk = torch.arange(padded, device=tiles.device) % TILES_AT_A_TIME
        start_of_window = in_chunk * self.side**2
        start = start_of_window + (first_row - top) * self.side + first_column - left
        places = numbers(start, tile, tile, self.side)
        return windows, cells.flatten(), places

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
