"""Start and goal: which rooms of a finished maze are to be joined.

``thinkenv.mazes.cell_endpoints`` chooses among all free cells instead.
"""

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below
from thinkenv.mazes.lattice import (
    DOWN,
    DOWN_BIT,
    LEFT,
    LEFT_BIT,
    RIGHT,
    RIGHT_BIT,
    UP_BIT,
    WALL,
    cell_of_room,
)

ANY, DEAD_ENDS, CORNERS, FARTHEST, FREE_CELLS, ADJACENT, UNREACHABLE = range(7)
ENDPOINTS = {
    "any": ANY,
    "dead_ends": DEAD_ENDS,
    "corners": CORNERS,
    "farthest": FARTHEST,
    "free_cells": FREE_CELLS,
    "adjacent": ADJACENT,
    "unreachable": UNREACHABLE,
}
# Codes from this one on mean cells, in lattices of rooms as well.
FIRST_OF_CELLS = FREE_CELLS


@kernel
def find_ways(rooms, grid):
    """The ways out of every room, as sets of directions such as ``UP_BIT | LEFT_BIT``.

    Assumes ``rooms >= 1`` and a grid of ``(2 * rooms + 1)**2`` cells.

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
            # Each comparison is 0 or 1, shifted to the bit of its direction; that of UP is 0.
            of_row[column] = (
                (above[2 * column + 1] != WALL)
                | (here[2 * column + 2] != WALL) << RIGHT
                | (below_here[2 * column + 1] != WALL) << DOWN
                | (here[2 * column] != WALL) << LEFT
            )
    return ways


@kernel
def measure_distances(ways, rooms, source, distances, queue):
    """Distances in rooms from one room to all others, by breadth-first search.

    Rooms are numbered as in ``find_ways``, so that the rooms beside any room can be read without a
    check for the edge; those outside have no ways in, so that they are never new. Whether a room
    is new is recorded without a branch, which could not be predicted.

    Assumes ways as of ``find_ways``, open from both sides and none out of the maze, and a source
    with a row of the array above and below it.

    Args:
        ways: ``((rooms + 2) * rooms,)`` uint8, the ways out of each room.
        rooms: Rooms per side.
        source: A room's number.
        distances: ``((rooms + 2) * rooms,)`` int32, filled; rooms without ways get -1.
        queue: ``(rooms * rooms + 1,)`` int32, overwritten.
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
        # The bit of each direction, shifted down to bit 0; that of UP is there already.
        ways_out = uint64(ways[room])
        tail = visit(room - stride, ways_out, onwards, distances, queue, tail)
        tail = visit(room + one, ways_out >> uint64(RIGHT), onwards, distances, queue, tail)
        tail = visit(room + stride, ways_out >> uint64(DOWN), onwards, distances, queue, tail)
        tail = visit(room - one, ways_out >> uint64(LEFT), onwards, distances, queue, tail)


@kernel(inline="always")
def visit(room, ways_out, distance, distances, queue, tail):
    """Append a room to the queue if bit 0 of ``ways_out`` leads there and it is new.

    It is written behind the queue's end in any case, and the end moves on only if it counts.

    Assumes a number within ``distances``, and a queue with a place at ``tail``.
    """
    known = distances[room]
    is_new = (ways_out & uint64(1)) & uint64(known < 0)
    distances[room] = distance if is_new else known
    queue[tail] = room
    return tail + is_new


@kernel
def fold_trees(ways, rooms, depths, ends, queue):
    """Remove the trees that hang on a maze's loops, and note how deep they are.

    Dead ends are taken away one after the other until every room left lies on a loop or between
    loops. Of a maze without loops one room is left.

    Assumes ways as of ``find_ways``, open from both sides and none out of the maze.

    Args:
        ways: ``((rooms + 2) * rooms,)`` uint8, see ``find_ways``; rooms taken away and the ways to
            them are set to 0.
        rooms: Rooms per side.
        depths: ``((rooms + 2) * rooms,)`` int32, filled for rooms that are left: the steps to the
            farthest room of the tree that hung on it.
        ends: ``((rooms + 2) * rooms,)`` int32, filled for them with that farthest room.
        queue: ``(rooms * rooms,)`` int32, overwritten.

    Returns:
        ``(longest, first, second)``: the maximum of steps between two rooms of one tree, counting
        the room that the tree hung on, and two such rooms.
    """
    longest = 0
    first = rooms
    second = rooms
    tail = 0
    for room in range(rooms, rooms + rooms * rooms):
        depths[room] = 0
        ends[room] = room
        # A set minus one lacks the set's lowest bit: nothing is in common where it had only one.
        if ways[room] & (ways[room] - 1) == 0:
            queue[tail] = room
            tail += 1
    head = 0
    while head < tail:
        room = queue[head]
        head += 1
        way = ways[room]
        if way == 0:
            continue  # the last room of a maze without loops
        if way == UP_BIT:
            neighbour = room - rooms
            way_back = DOWN_BIT
        elif way == RIGHT_BIT:
            neighbour = room + 1
            way_back = LEFT_BIT
        elif way == DOWN_BIT:
            neighbour = room + rooms
            way_back = UP_BIT
        else:
            neighbour = room - 1
            way_back = RIGHT_BIT
        # The way between the two is open from both sides, so that XOR takes it out of the set.
        ways[room] = 0
        ways_left = ways[neighbour] ^ way_back
        ways[neighbour] = ways_left
        # The tree below the room now hangs on the neighbour, one step deeper. The longest path
        # through the neighbour joins it to the deepest of the trees folded in before.
        depth = depths[room] + 1
        if depths[neighbour] + depth > longest:
            longest = depths[neighbour] + depth
            first = ends[neighbour]
            second = ends[room]
        if depth > depths[neighbour]:
            depths[neighbour] = depth
            ends[neighbour] = ends[room]
        # One way left makes the neighbour a dead end; none, the last room of a tree.
        if ways_left != 0 and ways_left & (ways_left - 1) == 0:
            queue[tail] = neighbour
            tail += 1
    return longest, first, second


@kernel
def find_farthest(rooms, grid):
    """Two rooms whose shortest path is as long as any in the maze, exactly, loops or not.

    Assumes ``rooms >= 1`` and a grid of ``(2 * rooms + 1)**2`` cells with walls all around.

    Returns:
        The numbers of the two rooms.
    """
    ways = find_ways(rooms, grid)
    first, second = farthest_of_ways(ways, rooms, np.full(ways.size, 2 * rooms * rooms, np.int32))
    return first - rooms, second - rooms


@kernel
def farthest_of_ways(ways, rooms, bounds):
    """Two rooms whose shortest path is as long as any, where not all need be joined.

    The two lie in one tree that hangs on the maze's loops, or in (the trees on) two rooms of those
    loops. Searches from a few of these rooms, the candidates, bound how far any two candidates can
    be apart, and those that cannot beat the best pair found are candidates no longer.

    Source: F. W. Takes and W. A. Kosters, "Determining the diameter of small world networks",
    CIKM 2011: bounding of eccentricities, and searches in turn from the candidate that might have
    the farthest and from the one that seems most central. Here only candidates count for how far
    a candidate can be from any other, so that bounds tighten as there are fewer.

    Assumes ``rooms >= 1``, and ways as of ``find_ways``, open from both sides and none out of the
    maze.

    Args:
        ways: ``((rooms + 2) * rooms,)`` uint8, see ``find_ways``; changed.
        rooms: Rooms per side.
        bounds: ``((rooms + 2) * rooms,)`` int32, the most steps from each room to any other one.

    Returns:
        The two rooms, numbered as in ``find_ways``; the same one twice if no two are joined.
    """
    depths = np.empty(ways.size, np.int32)
    ends = np.empty(ways.size, np.int32)
    queue = np.empty(rooms * rooms + 1, np.int32)
    longest, first, second = fold_trees(ways, rooms, depths, ends, queue)

    candidates = np.empty(rooms * rooms, np.int32)
    count = 0
    for room in range(rooms, rooms + rooms * rooms):
        if ways[room] != 0:
            candidates[count] = room
            count += 1
    # Bounds on how far the farthest end of another candidate is from each candidate.
    lower = np.zeros(count, np.int32)
    upper = np.empty(count, np.int32)
    for index in range(count):
        upper[index] = bounds[candidates[index]]
    distances = np.empty(ways.size, np.int32)
    source = candidates[count // 2]
    from_outside = True
    while count > 1:
        measure_distances(ways, rooms, source, distances, queue)
        farthest = source
        reach = 0
        for index in range(count):
            room = candidates[index]
            distance = distances[room] + depths[room]
            if distance > reach and room != source and distances[room] >= 0:
                reach = distance
                farthest = room
        if depths[source] + reach > longest:
            longest = depths[source] + reach
            first = ends[source]
            second = ends[farthest]

        kept = 0
        outermost = 0
        most_central = 0
        for index in range(count):
            room = candidates[index]
            distance = distances[room]
            at_least = lower[index]
            at_most = upper[index]
            if distance >= 0:  # joined with the source
                # Two bounds by the triangle inequality. The end that is ``reach`` from the source
                # is no nearer to the room than ``reach - distance``; nor is the end of the source's
                # own tree nearer than the way there. This one only tells which room seems most
                # central.
                at_least = max(at_least, distance + depths[source], reach - distance)
                # By way of the source, the room comes to the end of every candidate in at most
                # ``distance + reach`` steps. This one decides which rooms stay candidates.
                at_most = min(at_most, reach + distance)
            candidates[kept] = room
            lower[kept] = at_least
            upper[kept] = at_most
            # A room whose upper bound does not beat the best pair is no candidate any longer; nor
            # is the source, whose farthest end was just measured.
            if depths[room] + at_most > longest and room != source:
                if depths[room] + at_most > depths[candidates[outermost]] + upper[outermost]:
                    outermost = kept
                if at_least < lower[most_central]:
                    most_central = kept
                kept += 1
        count = kept
        source = candidates[outermost if from_outside else most_central]
        from_outside = not from_outside
    return np.int64(first), np.int64(second)


@kernel
def choose_endpoints(endpoints, rng, rooms, grid, scratch):
    """Choose a start and a goal by the code in ``ENDPOINTS``.

    ``any`` takes two distinct rooms at random, ``dead_ends`` two distinct rooms with one way out,
    ``corners`` two distinct corners, ``farthest`` the ends of a longest shortest path.

    Assumes ``rooms >= 2``, a grid of ``(2 * rooms + 1)**2`` cells with walls all around, and one of
    these codes.

    Args:
        endpoints: A code of ``ENDPOINTS`` below ``FIRST_OF_CELLS``.
        rng: The instance's random stream.
        rooms: Rooms per side.
        grid: ``(side * side,)`` uint8, 0 wall and 1 free.
        scratch: ``(side * side,)`` int32, overwritten.

    Returns:
        The numbers of the two rooms, or ``(-1, -1)`` if the maze has no two such rooms.
    """
    side = 2 * rooms + 1
    count = rooms * rooms
    if endpoints == FARTHEST:
        first, second = find_farthest(rooms, grid)
        if below(rng, 2) == 0:
            return second, first
        return first, second

    if endpoints == DEAD_ENDS:
        count = 0
        for room in range(rooms * rooms):
            cell = cell_of_room(room, rooms)
            if grid[cell - side] + grid[cell + 1] + grid[cell + side] + grid[cell - 1] == 1:
                scratch[count] = room
                count += 1
        if count < 2:
            return -1, -1
    elif endpoints == CORNERS:
        scratch[0] = 0
        scratch[1] = rooms - 1
        scratch[2] = count - rooms
        scratch[3] = count - 1
        count = 4

    start = below(rng, count)
    goal = below(rng, count - 1)
    goal += goal >= start
    if endpoints == ANY:
        return start, goal
    return np.int64(scratch[start]), np.int64(scratch[goal])
