"""Measure what makes mazes hard, and select mazes by it."""

import numpy as np

from thinkenv.checks import check_integer, suggestion
from thinkenv.mazes.dead_ends import filling_rounds
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.lattice import WALL
from thinkenv.mazes.task import MazeTask
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, instances_of_seed

PROPERTIES = ("path_length", "junctions", "dead_ends", "path_share", "filling_rounds")

# Mazes drawn at a time while looking for some with certain properties.
CHUNK = 256


def measure(batch: MazeBatch) -> dict[str, np.ndarray]:
    """The properties of every maze of a batch.

    Returns:
        Arrays ``(count,)``: ``path_length`` (cells of a shortest path), ``junctions`` (cells with
        three or four ways out), ``dead_ends`` (cells with one), ``path_share`` (of the free
        cells, those on the path, 0 to 1), and ``filling_rounds`` (see ``fill_dead_ends``).
    """
    free = (batch.grids != WALL).view(np.uint8)
    # The free cells above, below, left and right of each cell within the outer wall; 0 for walls.
    ways = free[:, :-2, 1:-1] + free[:, 2:, 1:-1] + free[:, 1:-1, :-2] + free[:, 1:-1, 2:]
    ways *= free[:, 1:-1, 1:-1]
    free_cells = np.count_nonzero(free, axis=(1, 2))
    return {
        "path_length": batch.path_lengths.astype(np.int64),
        "junctions": np.count_nonzero(ways >= 3, axis=(1, 2)),
        "dead_ends": np.count_nonzero(ways == 1, axis=(1, 2)),
        "path_share": batch.path_lengths / np.maximum(1, free_cells),
        "filling_rounds": filling_rounds(batch.grids).max(axis=(1, 2)).astype(np.int64),
    }


def select(
    task: MazeTask,
    count: int,
    seed: int = 0,
    max_tries: int | None = None,
    **bounds: tuple[float | None, float | None],
) -> MazeBatch:
    """The first mazes of a seed whose properties lie within bounds.

    Args:
        task: Where the mazes come from.
        count: How many are wanted.
        seed: Whose instances are tried, in order.
        max_tries: How many to try before giving up; by default 1,000 for each wanted, and at
            least 10,000.
        **bounds: For some of ``PROPERTIES`` the lowest and the highest value allowed, such as
            ``path_length=(100, None)``; None sets no bound.

    Returns:
        Exactly ``count`` mazes, in the order of their instance numbers.

    Raises:
        ValueError: If there are not so many among those tried, or a bound is not of that form.
        TypeError: If ``count``, ``seed`` or ``max_tries`` is not an integer.

    Example:
        >>> from thinkenv.mazes import MazeTask, select
        >>> batch = select(MazeTask(size=33), 10, path_length=(200, None))
        >>> bool((batch.path_lengths >= 200).all()), len(batch)
        (True, 10)
    """
    count = check_integer("count", count, 0, INSTANCES_PER_SEED)
    if max_tries is None:
        max_tries = max(10_000, 1_000 * count)
    max_tries = check_integer("max_tries", max_tries, 0, INSTANCES_PER_SEED)
    for name, bound in bounds.items():
        if name not in PROPERTIES:
            raise ValueError(
                f"bounds must be of {', '.join(PROPERTIES)}, got {name}={bound!r}"
                + suggestion(name, PROPERTIES)
            )
        if not isinstance(bound, (tuple, list)) or len(bound) != 2:
            raise ValueError(
                f"{name} must be (lowest, highest), either of which may be None, got {bound!r}"
            )
    found, tried = [], 0
    missing = count
    while missing > 0 and tried < max_tries:
        batch = task.draw(instances_of_seed(seed, min(CHUNK, max_tries - tried), tried))
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
            + ": widen the bounds, or raise max_tries"
        )
    return MazeBatch.concatenate(found) if found else task.draw([])
