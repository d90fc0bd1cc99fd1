"""Start and goal: which rooms of a finished maze are to be joined."""

from numba import njit

from thinkenv.mazes.generators import GOAL, START
from thinkenv.random_streams import below

ENDPOINTS = {"any": 0, "dead_ends": 1}


@njit(cache=True, nogil=True, inline="always")
def cell_of_room(room, rooms):
    """The cell, in a flat grid, of room number ``room`` (row by row)."""
    return (2 * (room // rooms) + 1) * (2 * rooms + 1) + 2 * (room % rooms) + 1


@njit(cache=True, nogil=True)
def place_endpoints(endpoints, rng, rooms, grid, scratch):
    """Mark a random start and goal in a flat grid, by the code in ``ENDPOINTS``.

    ``any`` takes two distinct rooms, ``dead_ends`` two distinct rooms with one way out.
    ``scratch`` is ``(at least rooms * rooms,)`` int32.

    Returns:
        The flat cells of start and goal, or ``(-1, -1)``, with the grid unchanged, if the maze has
        no two such rooms.
    """
    side = 2 * rooms + 1
    candidates = 0
    for room in range(rooms * rooms):
        cell = cell_of_room(room, rooms)
        exits = grid[cell - side] + grid[cell + 1] + grid[cell + side] + grid[cell - 1]
        if endpoints == 0 or exits == 1:
            scratch[candidates] = cell
            candidates += 1
    if candidates < 2:
        return -1, -1
    first = below(rng, candidates)
    second = below(rng, candidates - 1)
    if second >= first:
        second += 1
    start = scratch[first]
    goal = scratch[second]
    grid[start] = START
    grid[goal] = GOAL
    return start, goal
