"""What makes a maze hard: its properties, dead-end filling, and the choice of mazes by them."""

import numpy as np

from thinkenv.checks import check_integer
from thinkenv.kernels.compilation import kernel
from thinkenv.mazes.lattice import FREE, WALL
from thinkenv.mazes.solving import check_grid
from thinkenv.mazes.task import MazeBatch, MazeTask
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, instances_of_seed

PROPERTIES = ("path_length", "junctions", "dead_ends", "path_share", "filling_rounds")

# Mazes drawn at a time while looking for some with certain properties.
CHUNK = 256


@kernel
def fill_flat(grid, width, most_rounds, exits, queue, remaining):
    """Fill dead ends in parallel rounds; arrays are flat, ``width`` cells to a row.

    Args:
        grid: ``(cells,)`` uint8 cell codes with an outer wall.
        width: Cells in a row.
        most_rounds: After which to stop.
        exits: ``(cells,)`` uint8, overwritten.
        queue: ``(cells,)`` int32, overwritten.
        remaining: ``(cells,)`` uint8, filled with 1 on the free cells that are left.

    Returns:
        The number of rounds in which something was filled.
    """
    tail = 0
    for cell in range(grid.size):
        remaining[cell] = grid[cell] != WALL
    for cell in range(grid.size):
        if grid[cell] == WALL:
            continue
        exits[cell] = (
            remaining[cell - width]
            + remaining[cell + 1]
            + remaining[cell + width]
            + remaining[cell - 1]
        )
        if grid[cell] == FREE and exits[cell] <= 1:
            queue[tail] = cell
            tail += 1
    rounds = 0
    head = 0
    while head < tail and rounds < most_rounds:
        rounds += 1
        round_end = tail
        # All dead ends of this round vanish at once; what they open up is for the next.
        for place in range(head, round_end):
            remaining[queue[place]] = 0
        for place in range(head, round_end):
            cell = queue[place]
            for step in (-width, 1, width, -1):
                neighbour = cell + step
                if remaining[neighbour] == 0:
                    continue
                exits[neighbour] -= 1
                if grid[neighbour] == FREE and exits[neighbour] == 1:
                    queue[tail] = neighbour
                    tail += 1
        head = round_end
    return rounds


@kernel
def measure_flat(grids, width, junctions, dead_ends, filling_rounds):
    """Count junctions, dead ends and rounds of filling in a batch ``(count, cells)``."""
    count, cells = grids.shape
    exits = np.empty(cells, np.uint8)
    queue = np.empty(cells, np.int32)
    remaining = np.empty(cells, np.uint8)
    for index in range(count):
        grid = grids[index]
        junctions[index] = 0
        dead_ends[index] = 0
        for cell in range(cells):
            if grid[cell] == WALL:
                continue
            ways = 0
            for step in (-width, 1, width, -1):
                ways += grid[cell + step] != WALL
            junctions[index] += ways >= 3
            dead_ends[index] += ways == 1
        filling_rounds[index] = fill_flat(grid, width, cells, exits, queue, remaining)


def fill_dead_ends(grid: np.ndarray, most_rounds: int | None = None) -> tuple[np.ndarray, int]:
    """Solve a maze as a local rule does: fill dead ends, round by round, until none is left.

    In each round every free cell with at most one free neighbour, start and goal excepted,
    becomes a wall, all at once. In a maze without loops the path remains. The number of rounds is
    the least number of iterations that a rule which sees one cell far needs for it.

    Args:
        grid: ``(height, width)`` cell codes with an outer wall, one start and one goal.
        most_rounds: After how many rounds to stop, 0 or more; None never stops before the end.

    Returns:
        ``(remaining, rounds)``: the cells left ``(height, width)`` uint8, and the number of
        rounds in which something was filled.

    Raises:
        ValueError: If ``grid`` is not such a maze, or ``most_rounds`` is negative.
        TypeError: If ``most_rounds`` is no integer.
    """
    grid, _, _ = check_grid(grid)
    most_rounds = grid.size if most_rounds is None else most_rounds
    most_rounds = check_integer("most_rounds", most_rounds, 0, 2**31 - 1)
    remaining = np.empty(grid.size, np.uint8)
    rounds = fill_flat(
        grid.reshape(-1),
        grid.shape[1],
        most_rounds,
        np.empty(grid.size, np.uint8),
        np.empty(grid.size, np.int32),
        remaining,
    )
    return remaining.reshape(grid.shape), int(rounds)


def measure(batch: MazeBatch) -> dict[str, np.ndarray]:
    """The properties of every maze of a batch.

    Returns:
        Arrays ``(count,)``: ``path_length`` (cells of a shortest path), ``junctions`` (cells with
        three or four ways out), ``dead_ends`` (cells with one), ``path_share`` (of the free
        cells, those on the path, 0 to 1), and ``filling_rounds`` (see ``fill_dead_ends``).
    """
    count, height, width = batch.grids.shape
    counts = {
        name: np.empty(count, np.int64) for name in ("junctions", "dead_ends", "filling_rounds")
    }
    measure_flat(
        np.ascontiguousarray(batch.grids).reshape(count, height * width),
        width,
        counts["junctions"],
        counts["dead_ends"],
        counts["filling_rounds"],
    )
    free = np.count_nonzero(batch.grids, axis=(1, 2))
    measured = {
        "path_length": batch.path_lengths.astype(np.int64),
        "path_share": batch.path_lengths / np.maximum(1, free),
        **counts,
    }
    return {name: measured[name] for name in PROPERTIES}


def select(
    task: MazeTask,
    count: int,
    seed: int = 0,
    most_tried: int | None = None,
    **bounds: tuple[float | None, float | None],
) -> MazeBatch:
    """The first mazes of a seed whose properties lie within bounds.

    Args:
        task: Where the mazes come from.
        count: How many are wanted.
        seed: Whose instances are tried, in order.
        most_tried: How many to try before giving up; by default 1,000 for each wanted, and at
            least 10,000.
        **bounds: For some of ``PROPERTIES`` the lowest and the highest value allowed, such as
            ``path_length=(100, None)``; None is no bound.

    Returns:
        Exactly ``count`` mazes, in the order of their instance numbers.

    Raises:
        ValueError: If there are not so many among those tried, or a bound is not of that form.
        TypeError: If ``count``, ``seed`` or ``most_tried`` is no integer.

    Example:
        >>> from thinkenv.mazes import MazeTask, select
        >>> batch = select(MazeTask(size=33), 10, path_length=(200, None))
        >>> bool((batch.path_lengths >= 200).all()), len(batch)
        (True, 10)
    """
    count = check_integer("count", count, 0, INSTANCES_PER_SEED)
    if most_tried is None:
        most_tried = max(10_000, 1_000 * count)
    most_tried = check_integer("most_tried", most_tried, 0, INSTANCES_PER_SEED)
    for name, bound in bounds.items():
        if name not in PROPERTIES:
            raise ValueError(f"{name}={bound!r}: properties are {', '.join(PROPERTIES)}")
        if not isinstance(bound, (tuple, list)) or len(bound) != 2:
            raise ValueError(f"{name}={bound!r}: needs (lowest, highest), either of them or None")
    found, tried = [], 0
    missing = count
    while missing > 0 and tried < most_tried:
        batch = task.draw(instances_of_seed(seed, min(CHUNK, most_tried - tried), tried))
        tried += len(batch)
        measured = measure(batch)
        wanted = np.ones(len(batch), np.bool_)
        for name, (low, high) in bounds.items():
            if low is not None:
                wanted &= measured[name] >= low
            if high is not None:
                wanted &= measured[name] <= high
        chosen = np.flatnonzero(wanted)[:missing]
        found.append(batch[chosen])
        missing -= len(chosen)
    if missing > 0:
        raise ValueError(
            f"only {count - missing} of count={count} mazes found in {tried:,} tried with "
            + ", ".join(f"{name}={bound!r}" for name, bound in bounds.items())
            + ": widen the bounds, or raise most_tried"
        )
    if not found:
        return task.draw([])
    return MazeBatch(
        *(np.concatenate([getattr(part, name) for part in found]) for name in vars(found[0]))
    )
