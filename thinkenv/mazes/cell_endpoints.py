"""Start and goal on cells: which free cells of a grid, lattice or not, are to be joined.

A *place* is a set of free cells that can be reached from one another and from no other.
"""

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below
from thinkenv.mazes.endpoints import (
    ADJACENT,
    CORNERS,
    DEAD_ENDS,
    FARTHEST,
    UNREACHABLE,
    farthest_of_ways,
)
from thinkenv.mazes.lattice import DOWN, LEFT, RIGHT, WALL
from thinkenv.mazes.solving import BLOCKED, NOT_REACHED, reach_around


@kernel
def label_places(grid, width, labels, queue):
    """Number the places of a grid, in reading order of their first cells.

    Assumes a grid of rows of ``width`` with walls all around, and other arrays as large.

    Args:
        grid: ``(cells,)`` uint8 cell codes.
        width: Cells in a row.
        labels: ``(cells,)`` int32, filled: the number of a free cell's place, from 0; negative on
            walls.
        queue: ``(cells,)`` int32, overwritten.

    Returns:
        How many places there are.
    """
    for cell in range(grid.size):
        labels[cell] = BLOCKED if grid[cell] == WALL else NOT_REACHED
    one = uint64(1)
    stride = uint64(width)
    places = 0
    for first in range(grid.size):
        if labels[first] != NOT_REACHED:
            continue
        label = np.int32(places)
        places += 1
        labels[first] = label
        queue[0] = first
        head = uint64(0)
        tail = one
        while head < tail:
            cell = uint64(queue[head])
            head += one
            tail = reach_around(cell, stride, label, labels, queue, tail)
    return places


@kernel
def count_by_place(members, count, labels, places):
    """How many of the first ``count`` cells of a list lie in each place: ``(places,)`` int32.

    Assumes cells with labels from 0 to ``places - 1``.
    """
    counts = np.zeros(places, np.int32)
    for index in range(count):
        counts[labels[members[index]]] += 1
    return counts


@kernel
def list_cells(grid, width, wanted, labels, members):
    """List the free cells that may be ends, in reading order.

    Assumes a grid of rows of ``width`` with walls all around, labels of ``label_places``, and as
    many places for members as cells.

    Args:
        grid: ``(cells,)`` uint8, 0 wall and 1 free.
        width: Cells in a row.
        wanted: ``DEAD_ENDS`` for those with one free neighbour; any other code for all.
        labels: ``(cells,)`` int32, which tell the free cells.
        members: ``(cells,)`` int32, its beginning is filled.

    Returns:
        How many there are.
    """
    count = 0
    for cell in range(grid.size):
        if labels[cell] < 0:
            continue
        exits = grid[cell - width] + grid[cell + 1] + grid[cell + width] + grid[cell - 1]
        # Written in any case and counted only if it is one: branches cannot be predicted.
        members[count] = cell
        count += (wanted != DEAD_ENDS) | (exits == 1)
    return count


@kernel
def pick(rng, members, count, labels, counts, low):
    """A random one of the cells in whose places there are at least ``low`` of them.

    Assumes a list of ``count`` cells, their labels, and how many of them each place has.

    Returns:
        The cell, or -1 if there is none.
    """
    good = 0
    for index in range(count):
        good += counts[labels[members[index]]] >= low
    if good == 0:
        return -1
    left = below(rng, good)
    for index in range(count):
        if counts[labels[members[index]]] >= low:
            if left == 0:
                return np.int64(members[index])
            left -= 1
    return -1


@kernel
def pick_other(rng, members, count, labels, start, together):
    """A random cell of a list that is not the start: in its place, or in any other one.

    Assumes a list of ``count`` cells with their labels, and a start that has one.

    Args:
        rng: The instance's random stream.
        members: ``(cells,)`` int32, the list.
        count: Its length.
        labels: ``(cells,)`` int32, which place each is in.
        start: The start's cell.
        together: Whether it is to be in the start's place.

    Returns:
        The cell, or -1 if there is none.
    """
    place = labels[start]
    good = 0
    for index in range(count):
        cell = members[index]
        good += (cell != start) & ((labels[cell] == place) == together)
    if good == 0:
        return -1
    left = below(rng, good)
    for index in range(count):
        cell = members[index]
        if cell != start and (labels[cell] == place) == together:
            if left == 0:
                return np.int64(cell)
            left -= 1
    return -1


@kernel
def nearest_to_corner(corner, width, members, count, labels, place):
    """The cell of a place that is nearest to a corner, by rows and columns; the first of several.

    Assumes a corner from 0 to 3, and a list of ``count`` cells of a square grid of rows of
    ``width``, with their labels; -1 where none is in the place.
    """
    row = 1 if corner < 2 else width - 2
    column = 1 if corner % 2 == 0 else width - 2
    nearest = -1
    shortest = 2 * width
    for index in range(count):
        cell = members[index]
        if labels[cell] == place:
            away = abs(cell // width - row) + abs(cell % width - column)
            if away < shortest:
                shortest = away
                nearest = np.int64(cell)
    return nearest


@kernel
def find_farthest_cells(grid, width, labels, counts):
    """Two free cells whose shortest path is as long as any, exactly; the same twice if none is.

    Assumes a square grid of rows of ``width`` with walls all around, the labels of its places, and
    how many cells each place has.
    """
    # Every cell is taken for a room of a lattice, and walls for rooms without ways.
    ways = np.zeros((width + 2) * width, np.uint8)
    bounds = np.zeros((width + 2) * width, np.int32)
    for cell in range(grid.size):
        if labels[cell] >= 0:
            ways[cell + width] = (
                (grid[cell - width] != WALL)
                | (grid[cell + 1] != WALL) << RIGHT
                | (grid[cell + width] != WALL) << DOWN
                | (grid[cell - 1] != WALL) << LEFT
            )
            bounds[cell + width] = counts[labels[cell]] - 1
    first, second = farthest_of_ways(ways, width, bounds)
    return first - width, second - width


@kernel
def choose_cells(endpoints, rng, grid, width, labels, members):
    """Choose a start and a goal among the free cells of a square grid, by a code of ``ENDPOINTS``.

    ``free_cells`` and ``any`` take a start from which another free cell can be reached, and a goal
    in its place, ``dead_ends`` the same among the cells with one free neighbour. ``adjacent`` takes
    a start that has a free neighbour, and one of its neighbours. ``corners`` takes the cells of the
    largest place that are nearest to two distinct corners, ``farthest`` the ends of a longest
    shortest path. ``unreachable`` takes a goal in another place than the start.

    Assumes a square grid of rows of ``width`` with walls all around, and other arrays as large.

    Args:
        endpoints: A code of ``ENDPOINTS``.
        rng: The instance's random stream.
        grid: ``(cells,)`` uint8, 0 wall and 1 free.
        width: Cells in a row.
        labels: ``(cells,)`` int32, overwritten.
        members: ``(cells,)`` int32, overwritten.

    Returns:
        The two cells, or ``(-1, -1)`` if the grid has no two such cells.
    """
    places = label_places(grid, width, labels, members)
    count = list_cells(grid, width, endpoints, labels, members)
    counts = count_by_place(members, count, labels, places)
    if endpoints == CORNERS:
        if places == 0:
            return -1, -1
        largest = np.int64(np.argmax(counts))
        first = below(rng, 4)
        second = below(rng, 3)
        second += second >= first
        start = nearest_to_corner(first, width, members, count, labels, largest)
        goal = nearest_to_corner(second, width, members, count, labels, largest)
        return (start, goal) if start != goal else (-1, -1)
    if endpoints == FARTHEST:
        start, goal = find_farthest_cells(grid, width, labels, counts)
        if start == goal:
            return -1, -1
        return (goal, start) if below(rng, 2) == 0 else (start, goal)
    if endpoints == UNREACHABLE:
        start = pick(rng, members, count, labels, counts, 1) if places > 1 else -1
    else:
        start = pick(rng, members, count, labels, counts, 2)
    if start < 0:
        return -1, -1
    if endpoints == ADJACENT:
        return start, random_exit(rng, grid, width, start)
    return start, pick_other(rng, members, count, labels, start, endpoints != UNREACHABLE)


@kernel
def random_exit(rng, grid, width, cell):
    """A random free neighbour of a cell, or -1 if there is none.

    Assumes a grid of rows of ``width``, and a cell that is not at its edge.
    """
    found = 0
    chosen = -1
    for step in (-width, 1, width, -1):
        if grid[cell + step] != WALL:
            # The newest takes over with chance 1 / found: each is chosen with the same chance.
            found += 1
            if below(rng, found) == 0:
                chosen = np.int64(cell + step)
    return chosen
