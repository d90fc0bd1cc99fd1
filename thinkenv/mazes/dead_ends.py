"""Dead-end filling: how a rule that sees one cell far solves a maze, round by round."""

import numpy as np

from thinkenv.checks import check_integer
from thinkenv.kernels.compilation import kernel
from thinkenv.mazes.lattice import FREE, WALL
from thinkenv.mazes.solving import check_grid, check_walled

STAYS = -1  # instead of the round in which a cell is filled


@kernel
def fill_flat(grid, width, rounds, exits, queue):
    """Fill dead ends in parallel rounds, until none is left.

    Assumes a grid of rows of ``width`` with walls all around, and other arrays as large as it.

    Args:
        grid: ``(cells,)`` uint8 cell codes with an outer wall.
        width: Cells in a row.
        rounds: ``(cells,)`` int32, filled: 0 for walls, the round (1, 2, …) in which a dead end is
            filled, ``STAYS`` for the cells that are left.
        exits: ``(cells,)`` uint8, overwritten.
        queue: ``(cells,)`` int32, overwritten.
    """
    tail = 0
    for cell in range(grid.size):
        if grid[cell] == WALL:
            rounds[cell] = 0
            continue
        rounds[cell] = STAYS
        exits[cell] = 0
        for step in (-width, 1, width, -1):
            exits[cell] += grid[cell + step] != WALL
        if grid[cell] == FREE and exits[cell] <= 1:
            queue[tail] = cell
            tail += 1
    count = 0
    head = 0
    while head < tail:
        count += 1
        round_end = tail
        # All dead ends of this round vanish at once; what they open up is for the next.
        for index in range(head, round_end):
            rounds[queue[index]] = count
        for index in range(head, round_end):
            cell = queue[index]
            for step in (-width, 1, width, -1):
                neighbour = cell + step
                if rounds[neighbour] != STAYS:
                    continue
                exits[neighbour] -= 1
                if grid[neighbour] == FREE and exits[neighbour] == 1:
                    queue[tail] = neighbour
                    tail += 1
        head = round_end


@kernel
def fill_batch(grids, width, rounds):
    """``fill_flat`` for grids ``(count, cells)``, into ``rounds`` ``(count, cells)`` int32.

    Assumes of each what ``fill_flat`` does.
    """
    exits = np.empty(grids.shape[1], np.uint8)
    queue = np.empty(grids.shape[1], np.int32)
    for index in range(len(grids)):
        fill_flat(grids[index], width, rounds[index], exits, queue)


def filling_rounds(grids: np.ndarray) -> np.ndarray:
    """In which round of dead-end filling each cell of some mazes is filled.

    Args:
        grids: ``(count, H, W)`` uint8 cell codes with an outer wall.

    Returns:
        ``(count, H, W)`` int32: 0 for walls, the round (1, 2, …) in which a dead end is filled, and
        -1 for the cells that stay.

    Raises:
        ValueError: If they are of another shape, hold other numbers, or one has no outer wall.
    """
    grids = check_walled(grids)
    count, height, width = grids.shape
    rounds = np.empty((count, height * width), np.int32)
    fill_batch(grids.reshape(rounds.shape), width, rounds)
    return rounds.reshape(grids.shape)


def fill_dead_ends(grid: np.ndarray, max_rounds: int | None = None) -> tuple[np.ndarray, int]:
    """Solve a maze as a local rule does: fill dead ends, round by round, until none is left.

    In each round every free cell with at most one free neighbour, start and goal excepted,
    becomes a wall, all at once. In a maze without loops the path remains. The number of rounds is
    the least number of iterations that a rule which sees one cell far needs for it.

    Args:
        grid: ``(height, width)`` cell codes with an outer wall, one start and one goal.
        max_rounds: After how many rounds to stop, 0 or more; None never stops before the end.

    Returns:
        ``(remaining, rounds)``: the cells left ``(height, width)`` uint8, and the number of
        rounds in which something was filled.

    Raises:
        ValueError: If ``grid`` is not such a maze, or ``max_rounds`` is negative.
        TypeError: If ``max_rounds`` is not an integer.
    """
    grid = check_grid(grid)
    max_rounds = check_integer(
        "max_rounds", grid.size if max_rounds is None else max_rounds, 0, 2**31 - 1
    )
    rounds = filling_rounds(grid[None])[0]
    remaining = (rounds == STAYS) | (rounds > max_rounds)
    return remaining.astype(np.uint8), min(max_rounds, max(0, int(rounds.max())))
