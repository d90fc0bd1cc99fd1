"""Change finished mazes: another start and goal, or a few walls moved."""

import numpy as np

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, start_stream
from thinkenv.mazes.cell_endpoints import choose_cells
from thinkenv.mazes.endpoints import DEAD_ENDS, choose_endpoints
from thinkenv.mazes.lattice import FREE, GOAL, START, WALL, cell_of_room
from thinkenv.mazes.solving import find_endpoints, measure_flat, solve_flat
from thinkenv.mazes.symmetry import canonical_hash
from thinkenv.tasks.splits import percent_of_hash

# Further walls moved to get back into the split, before a maze is left as it was.
MAX_EXTRA_MOVES = 64


@kernel
def move_endpoints(seeds, key, endpoints, rooms, columns):
    """Give every maze of a lattice of rooms another start and goal in rooms, in place.

    ``seeds`` ``(count,)`` uint64 decide which; other arguments are those of ``draw_one_by_one``.

    Assumes ``2 <= rooms``, columns of as many mazes as seeds, of ``(2 * rooms + 1)**2`` cells each,
    with walls all around, and a code of ``ENDPOINTS`` below ``FIRST_OF_CELLS``.
    """
    grids, solutions, path_lengths, unique = columns
    side = 2 * rooms + 1
    rng = np.empty(1, np.uint64)
    distances = np.empty(side * side, np.int32)
    scratch = np.empty(side * side, np.int32)
    for index in range(len(grids)):
        grid = grids[index]
        start_stream(rng, key, seeds[index])
        # Only dead ends may be missing, where moved walls have left fewer than two.
        old_start, old_goal = find_endpoints(grid) if endpoints == DEAD_ENDS else (0, 0)
        for cell in range(grid.size):
            grid[cell] = min(grid[cell], FREE)  # start and goal have higher codes
        start_room, goal_room = choose_endpoints(endpoints, rng, rooms, grid, scratch)
        if start_room < 0:
            if old_start != 0:
                grid[old_start] = START
            if old_goal != 0:
                grid[old_goal] = GOAL
            continue
        start, goal = cell_of_room(start_room, rooms), cell_of_room(goal_room, rooms)
        path_lengths[index], unique[index] = set_endpoints(
            grid, side, start, goal, distances, scratch, solutions[index]
        )


@kernel
def move_cell_endpoints(seeds, key, endpoints, width, columns):
    """Give every maze another start and goal among all of its free cells, in place.

    A maze without two such cells stays as it is.

    Assumes columns of as many mazes as seeds, square ones of rows of ``width`` with walls all
    around, and a code of ``ENDPOINTS``.

    Args:
        seeds: ``(count,)`` uint64, decide which cells.
        key: The 64-bit key of the stream of random numbers.
        endpoints: A code of ``ENDPOINTS``.
        width: Cells in a row.
        columns: The mazes, as of ``MazeBatch.flat``; changed.
    """
    grids, solutions, path_lengths, unique = columns
    rng = np.empty(1, np.uint64)
    distances = np.empty(width * width, np.int32)
    scratch = np.empty(width * width, np.int32)
    original = np.empty(width * width, np.uint8)
    for index in range(len(grids)):
        grid = grids[index]
        start_stream(rng, key, seeds[index])
        for cell in range(grid.size):
            original[cell] = grid[cell]
            grid[cell] = min(grid[cell], FREE)  # start and goal have higher codes
        start, goal = choose_cells(endpoints, rng, grid, width, distances, scratch)
        if start < 0:
            grid[:] = original
            continue
        path_lengths[index], unique[index] = set_endpoints(
            grid, width, start, goal, distances, scratch, solutions[index]
        )


@kernel
def move_endpoints_anywhere(seeds, key, width, away, columns):
    """Give every maze another start and goal, in place, whatever its grid is like.

    The new ones are among the cells that can be reached from the old start and lie an even number
    of rows and columns from it: where it is in a room of a lattice, so are they. A maze without
    two such cells stays as it is.

    Assumes columns of as many mazes as seeds, each of rows of ``width`` with walls all around.

    Args:
        seeds: ``(count,)`` uint64, decide which cells.
        key: The 64-bit key of the stream of random numbers.
        width: Cells in a row.
        away: Whether neither of them may be where the old start or goal was.
        columns: The mazes, as of ``MazeBatch.flat``; changed.
    """
    grids, solutions, path_lengths, unique = columns
    cells = grids.shape[1]
    rng = np.empty(1, np.uint64)
    distances = np.empty(cells, np.int32)
    queue = np.empty(cells, np.int32)
    for index in range(len(grids)):
        grid = grids[index]
        old_start, old_goal = find_endpoints(grid)
        if old_start == 0 or old_goal == 0:
            continue  # it lacks one
        reached = measure_flat(grid, width, old_start, -1, distances, queue)
        count = 0
        for position in range(reached):
            cell = queue[position]
            rows = cell // width - old_start // width
            columns = cell % width - old_start % width
            # Even distances have no lowest bit. The list grows behind what was read of the queue.
            was_end = cell == old_start or cell == old_goal
            if (rows | columns) & 1 == 0 and not (away and was_end):
                queue[count] = cell
                count += 1
        if count < 2:
            continue
        start_stream(rng, key, seeds[index])
        first, second = below(rng, count), below(rng, count - 1)
        second += second >= first
        start, goal = np.int64(queue[first]), np.int64(queue[second])
        grid[old_start] = grid[old_goal] = FREE
        path_lengths[index], unique[index] = set_endpoints(
            grid, width, start, goal, distances, queue, solutions[index]
        )


@kernel
def set_endpoints(grid, width, start, goal, distances, queue, solution):
    """Put start and goal on two free cells of a grid without any, and solve it.

    Arguments and result are as of ``solve_flat``; the grid is changed.

    Assumes what ``solve_flat`` does.
    """
    grid[start] = START
    grid[goal] = GOAL
    return solve_flat(grid, width, start, goal, distances, queue, solution)


@kernel
def move_walls(seeds, key, max_moves, percents, rooms, columns):
    """Move 0 to ``max_moves`` walls of every maze of a batch, in place; its split stays the same.

    Assumes columns of as many mazes as seeds, of ``(2 * rooms + 1)**2`` cells each, with walls all
    around.

    Args:
        seeds: ``(count,)`` uint64, decide which walls.
        key: The 64-bit key of the stream of random numbers.
        max_moves: The maximum of walls to move in a maze, if its split does not need more.
        percents: The first percent of the hash range that belongs to the split, and one past its
            last.
        rooms: Rooms per side, at least 2.
        columns: The mazes, as of ``MazeBatch.flat``; changed.
    """
    grids, solutions, path_lengths, unique = columns
    side = 2 * rooms + 1
    cells = side * side
    rng = np.empty(1, np.uint64)
    distances = np.empty(cells, np.int32)
    scratch = np.empty(cells, np.int32)
    way = np.empty(cells, np.uint8)
    original = np.empty(cells, np.uint8)
    for index in range(len(grids)):
        grid = grids[index]
        start_stream(rng, key, seeds[index])
        wanted = below(rng, max_moves + 1)
        start, goal = find_endpoints(grid)
        if wanted == 0 or start == 0 or goal == 0:
            continue  # or it lacks one
        original[:] = grid
        in_split = False
        for moves in range(1, wanted + MAX_EXTRA_MOVES + 1):
            if not move_wall(rng, rooms, grid, start, goal, distances, scratch, way):
                break  # no wall is left to open
            if moves >= wanted:
                percent = percent_of_hash(canonical_hash(grid, side))
                in_split = percents[0] <= percent < percents[1]
                if in_split:
                    break
        if not in_split:
            grid[:] = original
            continue
        path_lengths[index], unique[index] = solve_flat(
            grid, side, start, goal, distances, scratch, solutions[index]
        )


@kernel
def move_wall(rng, rooms, grid, start, goal, distances, scratch, way):
    """Open a random wall between two rooms, and close a passage of the way that joined them before.

    All rooms stay connected, and a maze without loops stays without. A passage on which start or
    goal lies is never closed, so that both stay where they are and joined.

    Assumes ``rooms >= 2``, arrays of ``(2 * rooms + 1)**2`` cells, and walls all around.

    Args:
        rng: The stream of random numbers.
        rooms: Rooms per side.
        grid: ``(cells,)`` uint8 cell codes, changed.
        start: The start's flat cell.
        goal: The goal's flat cell.
        distances: ``(cells,)`` int32, overwritten.
        scratch: ``(cells,)`` int32, overwritten.
        way: ``(cells,)`` uint8, overwritten.

    Returns:
        Whether there was a wall to open.
    """
    side = 2 * rooms + 1
    walls = list_between_rooms(side, grid, WALL, scratch)
    if walls == 0:
        return False
    opened = scratch[below(rng, walls)]
    step = 1 if (opened // side) & 1 else side  # from a room across the wall
    solve_flat(grid, side, opened - step, opened + step, distances, scratch, way)
    # The way has at least three passages, because it goes around: one is left without the ends.
    way[start] = way[goal] = 0
    passages = list_between_rooms(side, way, 1, scratch)
    if passages == 0:
        return True  # the rooms were not joined before
    grid[opened] = FREE
    grid[scratch[below(rng, passages)]] = WALL
    return True


@kernel
def list_between_rooms(side, values, wanted, found):
    """List the cells between two rooms where ``values`` ``(side * side,)`` has the wanted value.

    They fill the beginning of ``found``, in reading order; the result says how many there are.

    Assumes an odd side, and places for the ``(side - 1) * (side - 3) / 2`` cells between rooms.
    """
    count = 0
    # Between rooms lie the inner cells with one odd and one even coordinate.
    for row in range(1, side - 1):
        for column in range(2 if row & 1 else 1, side - 1, 2):
            # Written in any case and counted only if it is, since branches cannot be predicted.
            found[count] = row * side + column
            count += values[row * side + column] == wanted
    return count
