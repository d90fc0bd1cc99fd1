"""Changes to finished mazes: another start and goal, or a few walls moved."""

import numpy as np

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, start_stream
from thinkenv.mazes.endpoints import choose_endpoints
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL, cell_of_room
from thinkenv.mazes.solving import solve_flat
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.tasks.splits import percent_of_hash

# Further walls moved to get back into the split, before a maze is left as it was.
MOST_EXTRA_MOVES = 64


@kernel
def move_endpoints(numbers, key, endpoints, rooms, grids, solutions, path_lengths, unique):
    """Give every maze of a batch another start and goal, in place.

    ``numbers`` ``(count,)`` uint64 decide which; the other arrays are those of ``draw_mazes``.
    """
    side = 2 * rooms + 1
    cells = side * side
    rng = np.empty(1, np.uint64)
    distances = np.empty(cells, np.int32)
    scratch = np.empty(cells, np.int32)
    for index in range(len(grids)):
        grid = grids[index]
        start_stream(rng, key, numbers[index])
        for cell in range(cells):
            if grid[cell] > FREE:
                grid[cell] = FREE
        start, goal = choose_endpoints(endpoints, rng, rooms, grid, scratch)
        start_cell = cell_of_room(start, rooms)
        goal_cell = cell_of_room(goal, rooms)
        solutions[index] = 0
        path_lengths[index], unique[index] = solve_flat(
            grid, side, start_cell, goal_cell, distances, scratch, solutions[index]
        )
        grid[start_cell] = START
        grid[goal_cell] = GOAL


@kernel
def move_walls(numbers, key, most, low, high, rooms, grids, solutions, path_lengths, unique):
    """Move 0 to ``most`` walls of every maze of a batch, in place; its split stays the same.

    Args:
        numbers: ``(count,)`` uint64, decide which walls.
        key: The 64-bit key of the stream of random numbers.
        most: The most walls to move in a maze, if its split does not need more.
        low: First percent of the hash range that belongs to the split.
        high: One past its last percent.
        rooms: Rooms per side, at least 2.
        grids: ``(count, cells)`` uint8 cell codes.
        solutions: ``(count, cells)`` uint8 path masks.
        path_lengths: ``(count,)`` int32.
        unique: ``(count,)`` bool.
    """
    side = 2 * rooms + 1
    cells = side * side
    rng = np.empty(1, np.uint64)
    distances = np.empty(cells, np.int32)
    scratch = np.empty(cells, np.int32)
    way = np.empty(cells, np.uint8)
    original = np.empty(cells, np.uint8)
    for index in range(len(grids)):
        grid = grids[index]
        start_stream(rng, key, numbers[index])
        original[:] = grid
        wanted = below(rng, most + 1)
        if wanted == 0:
            continue
        in_split = False
        for moves in range(1, wanted + MOST_EXTRA_MOVES + 1):
            if not move_wall(rng, rooms, grid, distances, scratch, way):
                break  # no wall is left to open
            if moves >= wanted:
                percent = percent_of_hash(canonical_hash(grid, side))
                in_split = low <= percent < high
                if in_split:
                    break
        if not in_split:
            grid[:] = original
            continue
        start_cell, goal_cell = 0, 0
        for cell in range(cells):
            if grid[cell] == START:
                start_cell = cell
            elif grid[cell] == GOAL:
                goal_cell = cell
        solutions[index] = 0
        path_lengths[index], unique[index] = solve_flat(
            grid, side, start_cell, goal_cell, distances, scratch, solutions[index]
        )


@kernel
def move_wall(rng, rooms, grid, distances, scratch, way):
    """Open a random wall between two rooms, and close a passage on the way there was between them.

    All rooms stay connected, and a maze without loops stays without.

    Args:
        rng: The stream of random numbers.
        rooms: Rooms per side.
        grid: ``(cells,)`` uint8 cell codes, changed.
        distances: ``(cells,)`` int32, overwritten.
        scratch: ``(cells,)`` int32, overwritten.
        way: ``(cells,)`` uint8, overwritten.

    Returns:
        Whether there was a wall to open.
    """
    side = 2 * rooms + 1
    # Walls and passages between rooms are the inner cells with one odd and one even coordinate.
    walls = 0
    for row in range(1, side - 1):
        for column in range(2 if row & 1 else 1, side - 1, 2):
            if grid[row * side + column] == WALL:
                scratch[walls] = row * side + column
                walls += 1
    if walls == 0:
        return False
    opened = scratch[below(rng, walls)]
    step = 1 if (opened // side) & 1 else side  # from a room across the wall
    way[:] = 0
    length, _ = solve_flat(grid, side, opened - step, opened + step, distances, scratch, way)
    passage = below(rng, length // 2)  # of as many between the rooms on the way
    grid[opened] = FREE
    for row in range(1, side - 1):
        for column in range(2 if row & 1 else 1, side - 1, 2):
            cell = row * side + column
            if way[cell]:
                if passage == 0:
                    grid[cell] = WALL
                    return True
                passage -= 1
    return True
