"""Draw mazes from random streams: carve, choose by split, set start and goal, solve."""

import numpy as np

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import start_stream
from thinkenv.mazes.cell_endpoints import choose_cells
from thinkenv.mazes.depth_first import LANES, find_dfs_parents
from thinkenv.mazes.endpoints import FIRST_OF_CELLS, choose_endpoints
from thinkenv.mazes.generators import carve, open_loops
from thinkenv.mazes.lattice import GOAL, START, cell_of_room, open_passages
from thinkenv.mazes.solving import mark_tree_path, solve_flat
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.mazes.without_lattice import carve_without_lattice
from thinkenv.tasks.splits import MAX_ATTEMPTS, percent_of_hash

# Raised whenever the same options and instance number give another maze than before.
GENERATOR_VERSION = 1

# Instead of a path length: what was drawn is no maze of the split with such endpoints.
NOT_FOUND = -1


@kernel
def draw_one_by_one(instances, key, rooms, generator, loops, endpoints, percents, columns):
    """Draw one maze for each instance number, each from its own random stream.

    Assumes ``2 <= rooms < 2**14``, columns of as many mazes as instances, of ``(2 * rooms + 1)**2``
    cells each, codes that exist, and percents from 0 to 100.

    Args:
        instances: ``(count,)`` uint64.
        key: The 64-bit key of the task's options.
        rooms: Rooms per side.
        generator: A code of ``OF_LATTICES``.
        loops: The chance that a standing wall is opened.
        endpoints: A code of ``ENDPOINTS``.
        percents: The first percent of the hash range that belongs to the split, and one past its
            last.
        columns: The mazes, as of ``MazeBatch.flat``; filled.

    Returns:
        The index of an instance for which no maze was found, or -1.
    """
    grids, solutions, path_lengths, unique = columns
    cells = (2 * rooms + 1) ** 2
    rng = np.empty(1, np.uint64)
    scratch = np.empty(cells, np.int32)
    parents = np.empty(rooms * rooms, np.uint8)
    # With loops, paths are found by searches, which need more memory; and so are ends on cells.
    distances = np.empty(cells if loops > 0 or endpoints >= FIRST_OF_CELLS else 0, np.int32)
    for index in range(len(instances)):
        start_stream(rng, key, instances[index])
        path_lengths[index] = NOT_FOUND
        attempts = 0
        while path_lengths[index] == NOT_FOUND:
            if attempts == MAX_ATTEMPTS:
                return index
            attempts += 1
            grid, solution = grids[index], solutions[index]
            carve(generator, rng, rooms, grid, parents, scratch)
            path_lengths[index], unique[index] = complete_maze(
                rng, rooms, loops, endpoints, percents, parents, grid, solution, scratch, distances
            )
    return -1


@kernel
def draw_in_lanes(instances, key, rooms, loops, endpoints, percents, columns):
    """Draw depth-first mazes, ``LANES`` at a time: the same as ``draw_one_by_one``, but faster.

    Each lane works on one instance until a maze of it is complete, and then takes the next one
    that was not begun. Arguments and result are as of ``draw_one_by_one``.

    Assumes what ``draw_one_by_one`` does.
    """
    grids, solutions, path_lengths, unique = columns
    count = len(instances)
    cells = (2 * rooms + 1) ** 2
    rngs = np.zeros((LANES, 1), np.uint64)
    scratch = np.empty((LANES, cells), np.int32)
    parents = np.empty((LANES, rooms * rooms), np.uint8)
    distances = np.empty(cells if loops > 0 or endpoints >= FIRST_OF_CELLS else 0, np.int32)
    index_of_lane = np.full(LANES, -1)
    attempts = np.zeros(LANES, np.int64)
    begun = 0
    completed = 0
    while completed < count:
        for lane in range(LANES):
            if index_of_lane[lane] < 0 and begun < count:
                start_stream(rngs[lane], key, instances[begun])
                index_of_lane[lane] = begun
                attempts[lane] = 0
                begun += 1
        find_dfs_parents(rngs, rooms, parents, scratch)
        for lane in range(LANES):
            index = index_of_lane[lane]
            if index < 0:
                continue  # the last mazes leave lanes empty
            rng, tree, queue = rngs[lane], parents[lane], scratch[lane]
            grid, solution = grids[index], solutions[index]
            open_passages(rooms, grid, tree)
            path_lengths[index], unique[index] = complete_maze(
                rng, rooms, loops, endpoints, percents, tree, grid, solution, queue, distances
            )
            if path_lengths[index] != NOT_FOUND:
                index_of_lane[lane] = -1
                completed += 1
                continue
            attempts[lane] += 1
            if attempts[lane] == MAX_ATTEMPTS:
                return index
    return -1


@kernel
def complete_maze(
    rng, rooms, loops, endpoints, percents, parents, grid, solution, scratch, distances
):
    """Open loops, set start and goal, and solve: what comes after carving.

    The arguments are those of ``draw_one_by_one`` for one maze, with its tree in ``parents``.

    Assumes a maze as a generator leaves it, arrays as ``draw_one_by_one`` makes them, and as many
    distances as cells with loops or ends on cells.

    Returns:
        ``(path_length, unique)``, or ``(NOT_FOUND, False)`` if the maze is not in the split or has
        no such endpoints.
    """
    side = 2 * rooms + 1
    if loops > 0:
        open_loops(rng, rooms, grid, loops)
    if not is_in_percents(grid, side, percents):
        return NOT_FOUND, False
    if endpoints >= FIRST_OF_CELLS:
        return join_cells(rng, endpoints, side, grid, solution, scratch, distances)
    start, goal = choose_endpoints(endpoints, rng, rooms, grid, scratch)
    if start < 0:
        return NOT_FOUND, False
    start_cell = cell_of_room(start, rooms)
    goal_cell = cell_of_room(goal, rooms)
    if loops > 0:
        path_length, unique = solve_flat(
            grid, side, start_cell, goal_cell, distances, scratch, solution
        )
    else:
        path_length = mark_tree_path(parents, rooms, start, goal, solution)
        unique = True
    grid[start_cell] = START
    grid[goal_cell] = GOAL
    return path_length, unique


@kernel
def draw_without_lattice(instances, key, side, generator, removed, endpoints, percents, columns):
    """Draw one maze without a lattice of rooms for each instance number, each from its own stream.

    Assumes ``5 <= side < 2**15``, columns of as many mazes as instances, of ``side**2`` cells each,
    codes that exist, a chance from 0.0 to 1.0, and percents from 0 to 100.

    Args:
        instances: ``(count,)`` uint64.
        key: The 64-bit key of the task's options.
        side: Cells per side, the outer wall included.
        generator: A code of ``WITHOUT_LATTICE``.
        removed: The chance that percolation makes a cell a wall.
        endpoints: A code of ``ENDPOINTS``.
        percents: As of ``draw_one_by_one``.
        columns: The mazes, as of ``MazeBatch.flat``; filled.

    Returns:
        The index of an instance for which no maze was found, or -1.
    """
    grids, solutions, path_lengths, unique = columns
    rng = np.empty(1, np.uint64)
    distances = np.empty(side * side, np.int32)
    scratch = np.empty(side * side, np.int32)
    for index in range(len(instances)):
        start_stream(rng, key, instances[index])
        grid, solution = grids[index], solutions[index]
        path_lengths[index] = NOT_FOUND
        attempts = 0
        while path_lengths[index] == NOT_FOUND:
            if attempts == MAX_ATTEMPTS:
                return index
            attempts += 1
            carve_without_lattice(generator, rng, side, removed, grid, distances, scratch)
            if is_in_percents(grid, side, percents):
                path_lengths[index], unique[index] = join_cells(
                    rng, endpoints, side, grid, solution, scratch, distances
                )
    return -1


@kernel
def is_in_percents(grid, side, percents):
    """Whether the hash of a maze's walls lies from the first percent to before the second.

    Assumes a grid of ``side**2`` cells, ``side >= 3``, and percents from 0 to 100.
    """
    low, high = percents
    if high - low == 100:
        return True
    percent = percent_of_hash(canonical_hash(grid, side))
    return low <= percent < high


@kernel
def join_cells(rng, endpoints, side, grid, solution, scratch, distances):
    """Set start and goal on cells of a square grid without any, and solve it.

    Assumes a grid of ``side**2`` cells with walls all around, other arrays as large, and a code of
    ``ENDPOINTS``.

    Returns:
        ``(path_length, unique)``, where the length is 0 if there is no way and should be none, or
        ``(NOT_FOUND, False)`` if the maze has no such endpoints.
    """
    start, goal = choose_cells(endpoints, rng, grid, side, distances, scratch)
    if start < 0:
        return NOT_FOUND, False
    path_length, unique = solve_flat(grid, side, start, goal, distances, scratch, solution)
    grid[start] = START
    grid[goal] = GOAL
    return path_length, unique
