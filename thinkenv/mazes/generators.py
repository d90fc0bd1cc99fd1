"""Maze generators: Numba kernels that carve a random maze into a grid of walls.

Those of ``thinkenv.mazes.without_lattice`` make any cell free; those here make lattices of rooms.
Every generator here has one signature, ``generator(rng, rooms, grid, parents, scratch)``:

- ``rng``: a random stream (see ``thinkenv.kernels.random``), advanced in place;
- ``rooms``: rooms per side; the grid has ``side = 2 * rooms + 1`` cells per side;
- ``grid``: ``(side * side,)`` uint8, overwritten: walls become 0, free cells 1 (see
  ``thinkenv.mazes.lattice``);
- ``parents``: ``(rooms * rooms,)`` uint8, filled with the direction from each room to its parent
  in the tree (``UP``, ``RIGHT``, ``DOWN``, ``LEFT``) and ``ROOT`` for one of them, so that paths
  are found without a search;
- ``scratch``: ``(side * side,)`` int32, overwritten.

To add a generator, write its kernel here, give it a code in ``OF_LATTICES`` and a branch in
``carve``. One that does not record parents as it carves ends with ``find_parents``.
"""

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, next_bits
from thinkenv.mazes.depth_first import carve_dfs
from thinkenv.mazes.lattice import (
    FREE,
    ROOT,
    WALL,
    cell_of_room,
    find_parents,
    has_room,
    open_passages,
    opposite,
    rows_and_columns,
    step_of_direction,
)
from thinkenv.mazes.without_lattice import WITHOUT_LATTICE

DFS, WILSON, KRUSKAL, PRIM, RECURSIVE_DIVISION, HUNT_AND_KILL = range(6)
OF_LATTICES = {
    "dfs": DFS,
    "wilson": WILSON,
    "kruskal": KRUSKAL,
    "prim": PRIM,
    "recursive_division": RECURSIVE_DIVISION,
    "hunt_and_kill": HUNT_AND_KILL,
}
# All by name, each with its code: those of lattices of rooms, and those of other grids.
GENERATORS = OF_LATTICES | WITHOUT_LATTICE


@kernel
def carve_wilson(rng, rooms, grid, parents, scratch):
    """Wilson's algorithm: every spanning tree of the rooms is equally likely.

    From each room outside the tree, walk at random until the tree is met, and add the walk with
    its loops erased (only the last way out of each room is kept). Many short dead ends.

    Source: D. B. Wilson, "Generating random spanning trees more quickly than the cover time",
    STOC 1996.

    Assumes ``1 <= rooms < 2**14``, and arrays as all generators have.
    """
    in_tree = scratch.view(np.uint8)[: rooms * rooms]  # bytes take a quarter of the cache
    in_tree[:] = 0
    root = below(rng, rooms * rooms)
    parents[root] = ROOT
    in_tree[root] = 1
    bits = uint64(0)  # random bits not yet used, the next two lowest
    unused = 0  # steps that they last for
    for first_row in range(rooms):
        for first_column in range(rooms):
            first_room = first_row * rooms + first_column
            row = first_row
            column = first_column
            room = first_room
            while in_tree[room] == 0:
                # A step needs two of the 64 bits: one draw lasts for 32 steps.
                if unused == 0:
                    bits = next_bits(rng)
                    unused = 32
                direction = np.int64(bits & uint64(3))
                bits >>= uint64(2)
                unused -= 1
                down, right = rows_and_columns(direction)
                # A direction that leads outside is drawn again, so that all neighbours are
                # equally likely.
                if 0 <= row + down < rooms and 0 <= column + right < rooms:
                    parents[room] = direction
                    row += down
                    column += right
                    room += down * rooms + right
            # Only the last way out of each room is left in ``parents``: following it from the
            # first room erases the loops of the walk.
            room = first_room
            while in_tree[room] == 0:
                in_tree[room] = 1
                down, right = rows_and_columns(np.int64(parents[room]))
                room += down * rooms + right
    open_passages(rooms, grid, parents)


@kernel(inline="always")
def find_leader(leaders, room):
    """The representative of a room's component; halves the way there for the next search.

    Assumes a room's number, and leaders that lead to one that leads itself.
    """
    while leaders[room] != room:
        leaders[room] = leaders[leaders[room]]
        room = leaders[room]
    return room


@kernel
def carve_kruskal(rng, rooms, grid, parents, scratch):
    """Kruskal's algorithm on random weights: walls in random order, opened between two trees.

    The minimum spanning tree of independent random weights: not uniform, with many short dead
    ends. Source: J. B. Kruskal, Proceedings of the American Mathematical Society 7, 1956.

    Assumes ``1 <= rooms < 2**14``, and arrays as all generators have.
    """
    side = 2 * rooms + 1
    grid[:] = WALL
    walls = 2 * rooms * (rooms - 1)
    # A wall is its room's number shifted up, with 1 in the lowest bit for the wall below the room
    # and 0 for the wall to its right.
    order = scratch[:walls]
    leaders = scratch[walls : walls + rooms * rooms]  # of the component a room belongs to
    count = 0
    for room in range(rooms * rooms):
        leaders[room] = room
        grid[cell_of_room(room, rooms)] = FREE
        if room % rooms < rooms - 1:
            order[count] = 2 * room
            count += 1
        if room // rooms < rooms - 1:
            order[count] = 2 * room + 1
            count += 1
    missing = rooms * rooms - 1
    # A shuffle that stops as soon as the tree is whole.
    for index in range(walls):
        if missing == 0:
            break
        other = index + below(rng, walls - index)
        wall = order[other]
        order[other] = order[index]
        room = wall >> 1
        is_below = wall & 1
        first = find_leader(leaders, room)
        second = find_leader(leaders, room + (rooms if is_below else 1))
        if first != second:
            leaders[first] = second
            missing -= 1
            cell = cell_of_room(room, rooms)
            grid[cell + (side if is_below else 1)] = FREE
    find_parents(rooms, grid, parents, scratch)


@kernel
def carve_prim(rng, rooms, grid, parents, scratch):
    """Randomised Prim: a tree that grows by random rooms of its border.

    A random room that touches the tree is joined to a random one of the tree's rooms beside it.
    The tree is not uniform: it is bushy, with very short dead ends around the first room. This is
    the common simplification of Prim's algorithm without weights; see J. Buck, *Mazes for
    Programmers*, 2015, chapter 11.

    Assumes ``1 <= rooms < 2**14``, and arrays as all generators have.
    """
    side = 2 * rooms + 1
    grid[:] = WALL
    border = scratch[: rooms * rooms]
    seen = scratch[rooms * rooms : 2 * rooms * rooms]  # in the tree or its border
    seen[:] = 0
    first = below(rng, rooms * rooms)
    border[0] = first
    seen[first] = 1
    count = 1
    while count > 0:
        index = below(rng, count)
        room = border[index]
        count -= 1
        border[index] = border[count]
        row = room // rooms
        column = room % rooms
        cell = (2 * row + 1) * side + 2 * column + 1
        joins = 0
        parent = ROOT
        for direction in range(4):
            if not has_room(direction, row, column, rooms):
                continue
            step = step_of_direction(direction, side)
            neighbour = room + step_of_direction(direction, rooms)
            if grid[cell + 2 * step] == FREE:
                # Each of ``joins`` neighbours is the parent with the same chance, without a list
                # of them: the newest takes over with chance 1 / joins.
                joins += 1
                if below(rng, joins) == 0:
                    parent = direction
            elif seen[neighbour] == 0:
                seen[neighbour] = 1
                border[count] = neighbour
                count += 1
        grid[cell] = FREE
        parents[room] = parent
        if joins > 0:  # all but the first room
            grid[cell + step_of_direction(parent, side)] = FREE


@kernel
def carve_recursive_division(rng, rooms, grid, parents, scratch):
    """Recursive division: an empty hall is halved by walls with one gap, again and again.

    Walls cross the longer side of a hall, or a random one of a square hall. Long straight walls,
    and bottlenecks; not uniform. See J. Buck, *Mazes for Programmers*, 2015, chapter 11.

    Assumes ``1 <= rooms < 2**14``, and arrays as all generators have.
    """
    side = 2 * rooms + 1
    grid[:] = WALL
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            if row & 1 or column & 1:
                grid[row * side + column] = FREE
    halls = scratch
    waiting = add_hall(halls, 0, 0, 0, rooms, rooms)
    while waiting > 0:
        waiting -= 1
        top = halls[4 * waiting]
        left = halls[4 * waiting + 1]
        height = halls[4 * waiting + 2]
        width = halls[4 * waiting + 3]
        if height == 1 or width == 1:
            continue
        if height > width or (height == width and below(rng, 2) == 0):
            upper = 1 + below(rng, height - 1)
            gap = below(rng, width)
            for column in range(width):
                if column != gap:
                    grid[2 * (top + upper) * side + 2 * (left + column) + 1] = WALL
            waiting = add_hall(halls, waiting, top, left, upper, width)
            waiting = add_hall(halls, waiting, top + upper, left, height - upper, width)
        else:
            lefthand = 1 + below(rng, width - 1)
            gap = below(rng, height)
            for row in range(height):
                if row != gap:
                    grid[(2 * (top + row) + 1) * side + 2 * (left + lefthand)] = WALL
            waiting = add_hall(halls, waiting, top, left, height, lefthand)
            waiting = add_hall(halls, waiting, top, left + lefthand, height, width - lefthand)
    find_parents(rooms, grid, parents, scratch)


@kernel(inline="always")
def add_hall(halls, waiting, top, left, height, width):
    """Add a hall, four numbers, to those that wait; the result is how many there are.

    Assumes places for four numbers behind those that wait: every hall has a room of its own.
    """
    halls[4 * waiting] = top
    halls[4 * waiting + 1] = left
    halls[4 * waiting + 2] = height
    halls[4 * waiting + 3] = width
    return waiting + 1


@kernel
def random_neighbour(rng, rooms, grid, row, column, state):
    """The direction to a random neighbouring room that is ``WALL`` or ``FREE``; -1 if none is.

    Assumes a row and a column below ``rooms``, and a grid of ``(2 * rooms + 1)**2`` cells.
    """
    side = 2 * rooms + 1
    cell = (2 * row + 1) * side + 2 * column + 1
    found = 0
    chosen = -1
    for direction in range(4):
        if not has_room(direction, row, column, rooms):
            continue
        if grid[cell + 2 * step_of_direction(direction, side)] == state:
            found += 1  # as in ``carve_prim``, the newest takes over with chance 1 / found
            if below(rng, found) == 0:
                chosen = direction
    return chosen


@kernel
def carve_hunt_and_kill(rng, rooms, grid, parents, scratch):
    """Hunt and kill: random walks, each begun beside the maze where the last one got stuck.

    A walk goes to random unvisited neighbours until there are none. The hunt then looks, row by
    row, for the first unvisited room beside a visited one, joins it to a random such neighbour,
    and walks on from there. Like depth-first search with fewer long detours; not uniform. See J.
    Buck, *Mazes for Programmers*, 2015, chapter 5.

    Assumes ``1 <= rooms < 2**14``, and arrays as all generators have.
    """
    side = 2 * rooms + 1
    grid[:] = WALL
    row = below(rng, rooms)
    column = below(rng, rooms)
    grid[(2 * row + 1) * side + 2 * column + 1] = FREE
    parents[row * rooms + column] = ROOT
    first_row = 0  # rows above hold no unvisited room
    while True:
        # Walk.
        direction = random_neighbour(rng, rooms, grid, row, column, WALL)
        while direction >= 0:
            cell = (2 * row + 1) * side + 2 * column + 1
            step = step_of_direction(direction, side)
            grid[cell + step] = FREE
            grid[cell + 2 * step] = FREE
            down, right = rows_and_columns(direction)
            row += down
            column += right
            parents[row * rooms + column] = opposite(direction)
            direction = random_neighbour(rng, rooms, grid, row, column, WALL)
        # Hunt.
        parent = -1
        row = first_row
        while row < rooms:
            row_is_full = True
            for column in range(rooms):
                cell = (2 * row + 1) * side + 2 * column + 1
                if grid[cell] == WALL:
                    row_is_full = False
                    parent = random_neighbour(rng, rooms, grid, row, column, FREE)
                    if parent >= 0:
                        break
            if parent >= 0:
                break
            if row_is_full and row == first_row:
                first_row += 1
            row += 1
        if parent < 0:
            return
        grid[cell] = FREE
        grid[cell + step_of_direction(parent, side)] = FREE
        parents[row * rooms + column] = parent


@kernel
def carve(generator, rng, rooms, grid, parents, scratch):
    """Carve a spanning tree of the rooms with the generator of this code in ``OF_LATTICES``.

    Assumes a code of ``OF_LATTICES``, without which nothing is carved, and what they assume.
    """
    if generator == DFS:
        carve_dfs(rng, rooms, grid, parents, scratch)
    elif generator == WILSON:
        carve_wilson(rng, rooms, grid, parents, scratch)
    elif generator == KRUSKAL:
        carve_kruskal(rng, rooms, grid, parents, scratch)
    elif generator == PRIM:
        carve_prim(rng, rooms, grid, parents, scratch)
    elif generator == RECURSIVE_DIVISION:
        carve_recursive_division(rng, rooms, grid, parents, scratch)
    elif generator == HUNT_AND_KILL:
        carve_hunt_and_kill(rng, rooms, grid, parents, scratch)


@kernel
def open_loops(rng, rooms, grid, loops):
    """Open every wall that still stands between two neighbouring rooms with chance ``loops``.

    Each such wall takes one draw of the stream, whether it opens or not.

    Assumes ``rooms >= 1``, a grid of ``(2 * rooms + 1)**2`` cells and a chance from 0.0 to 1.0.
    """
    side = 2 * rooms + 1
    # A wall opens when 32 random bits are below this share of their range.
    threshold = uint64(loops * 2.0**32)
    for row in range(1, side - 1):
        # In room rows the walls between rooms lie in even columns, else in odd ones.
        for column in range(2 if row & 1 else 1, side - 1, 2):
            cell = row * side + column
            if grid[cell] == WALL and (next_bits(rng) >> uint64(32)) < threshold:
                grid[cell] = FREE
