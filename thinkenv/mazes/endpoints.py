"""Start and goal: which rooms of a finished maze are to be joined."""

import numpy as np
from numba import njit

from thinkenv.mazes.generators import WALL, cell_of_room
from thinkenv.random_streams import below

ENDPOINTS = {"any": 0, "dead_ends": 1, "corners": 2, "farthest": 3}


@njit(cache=True, nogil=True)
def find_ways(rooms, grid):
    """The ways out of every room as sets: bit 0 up, 1 right, 2 down, 3 left; (rooms**2,) uint8."""
    side = 2 * rooms + 1
    ways = np.empty(rooms * rooms, np.uint8)
    for room in range(rooms * rooms):
        cell = cell_of_room(room, rooms)
        ways[room] = (
            (grid[cell - side] != WALL)
            | (grid[cell + 1] != WALL) << 1
            | (grid[cell + side] != WALL) << 2
            | (grid[cell - 1] != WALL) << 3
        )
    return ways


@njit(cache=True, nogil=True)
def measure_distances(ways, rooms, source, distances, queue):
    """Distances in rooms from room ``source`` to all others, by breadth-first search.

    Args:
        ways: ``(rooms * rooms,)`` uint8, the ways out of each room of a connected maze.
        rooms: Rooms per side.
        source: A room's number.
        distances: ``(rooms * rooms,)`` int32, filled.
        queue: ``(rooms * rooms,)`` int32, filled with the rooms in the order of their distance.
    """
    distances[:] = -1
    distances[source] = 0
    queue[0] = source
    head = 0
    tail = 1
    while head < tail:
        room = queue[head]
        head += 1
        onwards = distances[room] + 1
        for direction in range(4):
            if ways[room] >> direction & 1:
                down = (direction == 2) - (direction == 0)
                neighbour = room + down * rooms + (direction == 1) - (direction == 3)
                if distances[neighbour] < 0:
                    distances[neighbour] = onwards
                    queue[tail] = neighbour
                    tail += 1


@njit(cache=True, nogil=True)
def find_farthest(rng, rooms, grid, scratch):
    """Two rooms whose shortest path is as long as any in the maze, exactly, loops or not.

    Searches from a few rooms bound how far every other room can be from its farthest one; rooms
    that cannot beat the best pair found are never searched from. In a maze without loops three
    searches suffice.

    Source: F. W. Takes and W. A. Kosters, "Determining the diameter of small world networks",
    CIKM 2011 (bounding of eccentricities).

    Returns:
        The numbers of the two rooms.
    """
    count = rooms * rooms
    ways = find_ways(rooms, grid)
    distances = scratch[:count]
    queue = scratch[count : 2 * count]
    # At least and at most how far each room's farthest room is.
    lower = scratch[2 * count : 3 * count]
    upper = scratch[3 * count : 4 * count]
    lower[:] = 0
    upper[:] = 2 * count
    longest = -1
    first = 0
    second = 0
    source = below(rng, count)
    search = 0
    while True:
        measure_distances(ways, rooms, source, distances, queue)
        farthest = queue[count - 1]
        reach = distances[farthest]
        if reach > longest:
            longest = reach
            first = source
            second = farthest
        # The next room to search from, of those that might beat the best: in turn the one that
        # might have the farthest, and the one that seems most central.
        outermost = -1
        innermost = -1
        for room in range(count):
            distance = distances[room]
            lower[room] = max(lower[room], distance, reach - distance)
            upper[room] = min(upper[room], reach + distance)
            if room == source:
                upper[room] = reach
            if upper[room] > longest:
                if outermost < 0 or upper[room] > upper[outermost]:
                    outermost = room
                if innermost < 0 or lower[room] < lower[innermost]:
                    innermost = room
        if outermost < 0:
            return first, second
        search += 1
        if search == 1:
            source = farthest
        else:
            source = innermost if search % 2 == 0 else outermost


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
        first, second = find_farthest(rng, rooms, grid, scratch)
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
