"""Start and goal: which rooms of a finished maze are to be joined."""

import numpy as np
from numba import njit, uint64

from thinkenv.mazes.generators import WALL, cell_of_room
from thinkenv.random_streams import below

ENDPOINTS = {"any": 0, "dead_ends": 1, "corners": 2, "farthest": 3}


@njit(cache=True, nogil=True)
def find_ways(rooms, grid):
    """The ways out of every room as sets: bit 0 up, 1 right, 2 down, 3 left.

    Returns:
        ``((rooms + 2) * rooms,)`` uint8: a row of rooms, numbered ``(row + 1) * rooms + column``,
        for each row of the maze, between two rows of zeros.
    """
    side = 2 * rooms + 1
    ways = np.zeros((rooms + 2) * rooms, np.uint8)
    for row in range(rooms):
        above = grid[2 * row * side : (2 * row + 1) * side]
        here = grid[(2 * row + 1) * side : (2 * row + 2) * side]
        below_here = grid[(2 * row + 2) * side : (2 * row + 3) * side]
        of_row = ways[(row + 1) * rooms : (row + 2) * rooms]
        for column in range(rooms):
            of_row[column] = (
                (above[2 * column + 1] != WALL)
                | (here[2 * column + 2] != WALL) << 1
                | (below_here[2 * column + 1] != WALL) << 2
                | (here[2 * column] != WALL) << 3
            )
    return ways


@njit(cache=True, nogil=True)
def measure_distances(ways, rooms, source, distances, queue):
    """Distances in rooms from one room to all others, by breadth-first search.

    Rooms are numbered as in ``find_ways``, so that the rooms beside any room can be read without a
    check for the edge; whether one is new is written down without a branch, which could not be
    predicted.

    Args:
        ways: ``((rooms + 2) * rooms,)`` uint8, the ways out of each room of a connected maze.
        rooms: Rooms per side.
        source: A room's number.
        distances: ``((rooms + 2) * rooms,)`` int32, filled; what lies outside the maze gets -1.
        queue: ``(rooms * rooms + 1,)`` int32, filled with the rooms in the order of their
            distance; the last entry is overwritten.

    Returns:
        The room that was found last, one of those farthest away.
    """
    one = uint64(1)
    stride = uint64(rooms)
    distances[:] = -1
    distances[source] = 0
    queue[0] = source
    head = uint64(0)
    tail = one
    while head < tail:
        room = uint64(queue[head])
        head += one
        onwards = distances[room] + np.int32(1)
        ways_out = uint64(ways[room])
        tail = visit(room - stride, ways_out, onwards, distances, queue, tail)
        tail = visit(room + one, ways_out >> one, onwards, distances, queue, tail)
        tail = visit(room + stride, ways_out >> uint64(2), onwards, distances, queue, tail)
        tail = visit(room - one, ways_out >> uint64(3), onwards, distances, queue, tail)
    return np.int64(queue[tail - one])


@njit(cache=True, nogil=True, inline="always")
def visit(room, ways_out, distance, distances, queue, tail):
    """Append a room to the queue if bit 0 of ``ways_out`` leads there and it is new."""
    known = distances[room]
    is_new = (ways_out & uint64(1)) & uint64(known < 0)
    distances[room] = distance if is_new else known
    queue[tail] = room
    return tail + is_new


@njit(cache=True, nogil=True)
def find_farthest(rng, rooms, grid):
    """Two rooms whose shortest path is as long as any in the maze, exactly, loops or not.

    Searches from a few rooms bound how far every other room can be from its farthest one; rooms
    that cannot beat the best pair found are never searched from. In a maze without loops three
    searches suffice.

    Source: F. W. Takes and W. A. Kosters, "Determining the diameter of small world networks",
    CIKM 2011 (bounding of eccentricities). They search in turn from the room that might have the
    farthest and from the one that seems most central; always the latter takes a quarter fewer
    searches in mazes.

    Returns:
        The numbers of the two rooms.
    """
    count = rooms * rooms
    ways = find_ways(rooms, grid)
    distances = np.empty(ways.size, np.int32)
    queue = np.empty(count + 1, np.int32)
    # The rooms that might still beat the best pair, and at least and at most how far the farthest
    # room is from each.
    candidates = np.arange(rooms, rooms + count).astype(np.int32)
    lower = np.zeros(count, np.int32)
    upper = np.full(count, 2 * count, np.int32)
    longest = -1
    first = 0
    second = 0
    source = below(rng, count) + rooms
    while count > 0:
        farthest = measure_distances(ways, rooms, source, distances, queue)
        reach = distances[farthest]
        if reach > longest:
            longest = reach
            first = source
            second = farthest
        kept = 0
        most_central = -1
        for place in range(count):
            room = candidates[place]
            distance = distances[room]
            at_least = max(lower[place], distance, reach - distance)
            at_most = min(upper[place], reach + distance)
            candidates[kept] = room
            lower[kept] = at_least
            upper[kept] = at_most
            if at_most > longest and room != source:
                if most_central < 0 or at_least < lower[most_central]:
                    most_central = kept
                kept += 1
        is_first = count == rooms * rooms
        count = kept
        source = farthest if is_first else np.int64(candidates[most_central])
    return first - rooms, second - rooms


@njit(cache=True, nogil=True)
def choose_endpoints(endpoints, rng, rooms, grid, scratch):
    """Choose a start and a goal by the code in ``ENDPOINTS``.

    ``any`` takes two distinct rooms at random, ``dead_ends`` two distinct rooms with one way out,
    ``corners`` two distinct corners, ``farthest`` the ends of a longest shortest path.

    Args:
        endpoints: A code of ``ENDPOINTS``.
        rng: The instance's random stream.
        rooms: Rooms per side.
        grid: ``(side * side,)`` uint8, 0 wall and 1 free.
        scratch: ``(side * side,)`` int32, overwritten.

    Returns:
        The numbers of the two rooms, or ``(-1, -1)`` if the maze has no two such rooms.
    """
    side = 2 * rooms + 1
    count = rooms * rooms
    if endpoints == 3:
        first, second = find_farthest(rng, rooms, grid)
        if below(rng, 2) == 0:
            return second, first
        return first, second

    if endpoints == 1:
        count = 0
        for room in range(rooms * rooms):
            cell = cell_of_room(room, rooms)
            if grid[cell - side] + grid[cell + 1] + grid[cell + side] + grid[cell - 1] == 1:
                scratch[count] = room
                count += 1
        if count < 2:
            return -1, -1
    elif endpoints == 2:
        scratch[0] = 0
        scratch[1] = rooms - 1
        scratch[2] = count - rooms
        scratch[3] = count - 1
        count = 4

    start = below(rng, count)
    goal = below(rng, count - 1)
    if goal >= start:
        goal += 1
    if endpoints == 0:
        return start, goal
    return np.int64(scratch[start]), np.int64(scratch[goal])
