"""Maze generators: Numba kernels that carve a random maze into a grid of walls.

Every generator has one signature, ``generator(rng, rooms, grid, parents, scratch)``:

- ``rng``: a random stream (see ``thinkenv.random_streams``), advanced in place;
- ``rooms``: rooms per side; the grid has ``side = 2 * rooms + 1`` cells per side;
- ``grid``: ``(side * side,)`` uint8, overwritten: walls become 0, free cells 1. The room in row
  ``r`` and column ``c``, number ``r * rooms + c``, is the cell in row ``2r + 1`` and column
  ``2c + 1``;
- ``parents``: ``(rooms * rooms,)`` uint8, filled with the direction from each room to its parent
  in the tree (up 0, right 1, down 2, left 3) and ``ROOT`` for one of them, so that paths are found
  without a search;
- ``scratch``: ``(side * side,)`` int32, overwritten.

To add a generator, write its kernel here, give it a code in ``GENERATORS`` and a branch in
``carve``. One that does not come upon parents by itself ends with ``find_parents``.
"""

import itertools

import numpy as np
from numba import njit, uint64

from thinkenv.random_streams import below, bits_ahead, next_bits, skip_bits

WALL, FREE, START, GOAL = 0, 1, 2, 3

ROOT = 4  # instead of a direction to a parent

GENERATORS = {
    "dfs": 0,
    "wilson": 1,
    "kruskal": 2,
    "prim": 3,
    "recursive_division": 4,
    "hunt_and_kill": 5,
}


@njit(cache=True, nogil=True, inline="always")
def cell_of_room(room, rooms):
    """The cell, in a flat grid, of room number ``room``."""
    row = room // rooms
    return (2 * row + 1) * (2 * rooms + 1) + 2 * (room - row * rooms) + 1


@njit(cache=True, nogil=True, inline="always")
def step_of_direction(direction, side):
    """The flat step to the neighbouring cell: up 0, right 1, down 2, left 3."""
    if direction == 0:
        return -side
    if direction == 1:
        return 1
    if direction == 2:
        return side
    return -1


@njit(cache=True, nogil=True, inline="always")
def pack_steps(stride):
    """The steps up, right, down and left in rows of ``stride``, as 16 bits each of one number."""
    return (
        uint64(np.int64(-stride) & 0xFFFF)
        | uint64(1) << uint64(16)
        | uint64(stride) << uint64(32)
        | uint64(0xFFFF) << uint64(48)
    )


@njit(cache=True, nogil=True, inline="always")
def unpack_step(steps, direction):
    """The step in one direction of ``pack_steps``, to be added to an unsigned index.

    Without a branch, which could not be predicted, and without a table in memory, which loops that
    wait for their next place would wait for as well.
    """
    return uint64(np.int64(np.int16(steps >> (uint64(16) * uint64(direction)))))


@njit(cache=True, nogil=True, inline="always")
def has_room(direction, row, column, rooms):
    """Whether there is a room in this direction from the room in this row and column."""
    if direction == 0:
        return row > 0
    if direction == 1:
        return column < rooms - 1
    if direction == 2:
        return row < rooms - 1
    return column > 0


@njit(cache=True, nogil=True)
def open_passages(rooms, grid, parents):
    """Write the grid in which every room and the passage from each room to its parent is free.

    Every cell is written once, by conditions instead of branches, so that the compiler can do many
    rooms at a time.
    """
    side = 2 * rooms + 1
    grid[:side] = WALL
    for row in range(rooms):
        here = parents[row * rooms : (row + 1) * rooms]
        cells = grid[(2 * row + 1) * side : (2 * row + 2) * side]
        cells[0] = WALL
        for column in range(rooms - 1):
            cells[2 * column + 1] = FREE
            cells[2 * column + 2] = (here[column] == 1) | (here[column + 1] == 3)
        cells[side - 2] = FREE
        cells[side - 1] = WALL
        cells = grid[(2 * row + 2) * side : (2 * row + 3) * side]
        if row == rooms - 1:
            cells[:] = WALL
        else:
            below_here = parents[(row + 1) * rooms : (row + 2) * rooms]
            cells[0] = WALL
            for column in range(rooms):
                cells[2 * column + 1] = (here[column] == 2) | (below_here[column] == 0)
                cells[2 * column + 2] = WALL


@njit(cache=True, nogil=True)
def find_parents(rooms, grid, parents, scratch):
    """Fill ``parents`` of a finished tree with the directions towards room 0."""
    side = 2 * rooms + 1
    parents[0] = ROOT
    scratch[0] = 0
    waiting = 1
    while waiting > 0:
        waiting -= 1
        room = scratch[waiting]
        row = room // rooms
        cell = (2 * row + 1) * side + 2 * (room - row * rooms) + 1
        back = parents[room]
        if back != 0 and grid[cell - side] != WALL:
            parents[room - rooms] = 2
            scratch[waiting] = room - rooms
            waiting += 1
        if back != 1 and grid[cell + 1] != WALL:
            parents[room + 1] = 3
            scratch[waiting] = room + 1
            waiting += 1
        if back != 2 and grid[cell + side] != WALL:
            parents[room + rooms] = 0
            scratch[waiting] = room + rooms
            waiting += 1
        if back != 3 and grid[cell - 1] != WALL:
            parents[room - 1] = 1
            scratch[waiting] = room - 1
            waiting += 1


def direction_table() -> np.ndarray:
    """Which direction a random choice takes, for every set of allowed directions.

    A choice of 16 random bits picks the first, second, … of ``n`` directions as ``choice * n /
    65536``. For ``n`` up to 4 that depends only on the choice's two highest bits (halves and
    quarters) and on its third, so 12 kinds of choice are enough.

    Returns:
        ``(192,)`` uint8: entry ``16 * kind + ways`` is the direction, with ``kind = 3 * quarter +
        third`` and ``ways`` the set of directions (bit 0 up, 1 right, 2 down, 3 left).
    """
    table = np.zeros((12, 16), np.uint8)
    for quarter, third, ways in itertools.product(range(4), range(3), range(1, 16)):
        directions = [direction for direction in range(4) if ways >> direction & 1]
        place = (0, quarter >> 1, third, quarter)[len(directions) - 1]
        table[3 * quarter + third, ways] = directions[place]
    return table.reshape(-1)


DIRECTION_TABLE = direction_table()

CHOICES_PER_WORD = 4


@njit(cache=True, nogil=True)
def draw_choices(rng, words, choices):
    """Draw ``4 * words`` random choices, as rows ``16 * kind`` of ``DIRECTION_TABLE``.

    Args:
        rng: The random stream.
        words: How many numbers of 64 bits to draw, each for four choices.
        choices: ``(4 * words,)`` uint8, filled.
    """
    state = rng[0]
    for word in range(words):
        bits = bits_ahead(state, word)
        for part in range(CHOICES_PER_WORD):
            choice = (bits >> uint64(16 * part)) & uint64(0xFFFF)
            quarter = choice >> uint64(14)
            third = (choice * uint64(3)) >> uint64(16)
            choices[CHOICES_PER_WORD * word + part] = uint64(16) * (uint64(3) * quarter + third)
    skip_bits(rng, words)


UNVISITED = 0x80  # in a field of directions to parents, which are below 8
ONE = uint64(1)


@njit(cache=True, nogil=True)
def carve_dfs(rng, rooms, grid, parents, scratch):
    """Randomised depth-first search ("recursive backtracker"): long winding corridors.

    From a random room, walk to a random unvisited neighbour, carving on the way, and step back
    when there is none. The spanning tree is not uniform: it favours few and deep branches. This
    is the distribution of the ``easy_to_hard`` mazes (Schwarzschild et al. 2021, arXiv
    2108.06011). See J. Buck, *Mazes for Programmers*, 2015, chapter 5.
    """
    count = rooms * rooms
    width = rooms + 2
    words = (count + CHOICES_PER_WORD - 2) // CHOICES_PER_WORD  # each room but the first
    # Directions to parents, in a field with a border that counts as visited, so that no edge has
    # to be checked.
    field = scratch.view(np.uint8)[: width * width]
    choices = scratch.view(np.uint8)[width * width : width * width + CHOICES_PER_WORD * words]
    # Rooms that had another unvisited neighbour when they were left: where to go back to.
    waiting = scratch[scratch.size - count :].view(np.uint32)
    field[:] = 0
    for row in range(rooms):
        field[(row + 1) * width + 1 : (row + 2) * width - 1] = UNVISITED
    row = below(rng, rooms)
    column = below(rng, rooms)
    draw_choices(rng, words, choices)

    # Unsigned numbers throughout: a signed index costs a check for being negative, on the way
    # from one room to the next, whose length is what this loop's speed depends on.
    place = uint64((row + 1) * width + column + 1)
    stride = uint64(width)
    steps = pack_steps(width)
    field[place] = ROOT
    visited = uint64(0)
    waiting_count = uint64(0)
    while visited < uint64(count - 1):
        ways = (
            uint64(field[place - stride] >> 7)
            | uint64(field[place + ONE] >> 6)
            | uint64(field[place + stride] >> 5)
            | uint64(field[place - ONE] >> 4)
        )
        if ways == uint64(0):
            waiting_count -= ONE
            place = uint64(waiting[waiting_count])
            continue
        direction = DIRECTION_TABLE[uint64(choices[visited]) + ways]
        visited += ONE
        waiting[waiting_count] = place
        waiting_count += uint64((ways & (ways - ONE)) != uint64(0))
        place += unpack_step(steps, direction)
        field[place] = direction ^ 2
    for row in range(rooms):
        parents[row * rooms : (row + 1) * rooms] = field[(row + 1) * width + 1 :][:rooms]
    open_passages(rooms, grid, parents)


@njit(cache=True, nogil=True)
def carve_wilson(rng, rooms, grid, parents, scratch):
    """Wilson's algorithm: every spanning tree of the rooms is equally likely.

    From each room outside the tree, walk at random until the tree is met, and add the walk with
    its loops erased (only the last way out of each room is kept). Many short dead ends.

    Source: D. B. Wilson, "Generating random spanning trees more quickly than the cover time",
    STOC 1996.
    """
    in_tree = scratch.view(np.uint8)[: rooms * rooms]
    in_tree[:] = 0
    root = below(rng, rooms * rooms)
    parents[root] = ROOT
    in_tree[root] = 1
    bits = uint64(0)  # random bits not yet used, two for each step
    unused = 0
    for first_row in range(rooms):
        for first_column in range(rooms):
            first_room = first_row * rooms + first_column
            row = first_row
            column = first_column
            room = first_room
            while in_tree[room] == 0:
                if unused == 0:
                    bits = next_bits(rng)
                    unused = 32
                direction = np.int64(bits & uint64(3))
                bits >>= uint64(2)
                unused -= 1
                down = (direction == 2) - (direction == 0)
                right = (direction == 1) - (direction == 3)
                # A direction that leads outside is drawn again, so that all neighbours are
                # equally likely.
                if 0 <= row + down < rooms and 0 <= column + right < rooms:
                    parents[room] = direction
                    row += down
                    column += right
                    room += down * rooms + right
            room = first_room
            while in_tree[room] == 0:
                in_tree[room] = 1
                direction = np.int64(parents[room])
                down = (direction == 2) - (direction == 0)
                right = (direction == 1) - (direction == 3)
                room += down * rooms + right
    open_passages(rooms, grid, parents)


@njit(cache=True, nogil=True, inline="always")
def find_leader(leaders, room):
    """The representative of a room's component, halving the way for the next search."""
    while leaders[room] != room:
        leaders[room] = leaders[leaders[room]]
        room = leaders[room]
    return room


@njit(cache=True, nogil=True)
def carve_kruskal(rng, rooms, grid, parents, scratch):
    """Kruskal's algorithm on random weights: walls in random order, opened if they part two trees.

    The minimum spanning tree of independent random weights: not uniform, with many short dead
    ends. Source: J. B. Kruskal, Proceedings of the American Mathematical Society 7, 1956.
    """
    side = 2 * rooms + 1
    grid[:] = WALL
    walls = 2 * rooms * (rooms - 1)
    order = scratch[:walls]  # room * 2, plus 1 for the wall below it, else that to its right
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
    for place in range(walls):
        if missing == 0:
            break
        other = place + below(rng, walls - place)
        wall = order[other]
        order[other] = order[place]
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


@njit(cache=True, nogil=True)
def carve_prim(rng, rooms, grid, parents, scratch):
    """Randomised Prim: a tree that grows by random rooms of its border.

    A random room that touches the tree is joined to a random one of the tree's rooms beside it.
    The tree is not uniform: it is bushy, with very short dead ends around the first room. This is
    the common simplification of Prim's algorithm without weights; see J. Buck, *Mazes for
    Programmers*, 2015, chapter 11.
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
        place = below(rng, count)
        room = border[place]
        count -= 1
        border[place] = border[count]
        row = room // rooms
        column = room % rooms
        cell = (2 * row + 1) * side + 2 * column + 1
        joins = 0
        parent = ROOT
        for direction in range(4):
            if not has_room(direction, row, column, rooms):
                continue
            step = step_of_direction(direction, side)
            neighbour = room
            neighbour += rooms * ((direction == 2) - (direction == 0))
            neighbour += (direction == 1) - (direction == 3)
            if grid[cell + 2 * step] == FREE:
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


@njit(cache=True, nogil=True)
def carve_recursive_division(rng, rooms, grid, parents, scratch):
    """Recursive division: an empty hall is halved by walls with one gap, again and again.

    Walls cross the longer side of a hall, or a random one of a square hall. Long straight walls,
    and bottlenecks; not uniform. See J. Buck, *Mazes for Programmers*, 2015, chapter 11.
    """
    side = 2 * rooms + 1
    grid[:] = WALL
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            if row & 1 or column & 1:
                grid[row * side + column] = FREE
    halls = scratch  # four numbers each: first row, first column, rows, columns
    halls[0] = 0
    halls[1] = 0
    halls[2] = rooms
    halls[3] = rooms
    waiting = 1
    while waiting > 0:
        waiting -= 1
        top = halls[4 * waiting]
        left = halls[4 * waiting + 1]
        height = halls[4 * waiting + 2]
        width = halls[4 * waiting + 3]
        if height == 1 or width == 1:
            continue
        across = height > width or (height == width and below(rng, 2) == 0)
        if across:
            upper = 1 + below(rng, height - 1)
            gap = below(rng, width)
            for column in range(width):
                if column != gap:
                    grid[2 * (top + upper) * side + 2 * (left + column) + 1] = WALL
        else:
            lefthand = 1 + below(rng, width - 1)
            gap = below(rng, height)
            for row in range(height):
                if row != gap:
                    grid[(2 * (top + row) + 1) * side + 2 * (left + lefthand)] = WALL
        for half in range(2):
            halls[4 * waiting] = top + (upper if across and half else 0)
            halls[4 * waiting + 1] = left + (lefthand if not across and half else 0)
            if across:
                halls[4 * waiting + 2] = height - upper if half else upper
                halls[4 * waiting + 3] = width
            else:
                halls[4 * waiting + 2] = height
                halls[4 * waiting + 3] = width - lefthand if half else lefthand
            waiting += 1
    find_parents(rooms, grid, parents, scratch)


@njit(cache=True, nogil=True)
def random_neighbour(rng, rooms, grid, row, column, state):
    """The direction to a random neighbouring room that is ``WALL`` or ``FREE``; -1 if none is."""
    side = 2 * rooms + 1
    cell = (2 * row + 1) * side + 2 * column + 1
    found = 0
    chosen = -1
    for direction in range(4):
        if not has_room(direction, row, column, rooms):
            continue
        if grid[cell + 2 * step_of_direction(direction, side)] == state:
            found += 1
            if below(rng, found) == 0:
                chosen = direction
    return chosen


@njit(cache=True, nogil=True)
def carve_hunt_and_kill(rng, rooms, grid, parents, scratch):
    """Hunt and kill: random walks, each begun beside the maze where the last one got stuck.

    A walk goes to random unvisited neighbours until there are none. The hunt then looks, row by
    row, for the first unvisited room beside a visited one, joins it to a random such neighbour,
    and walks on from there. Like depth-first search with fewer long detours; not uniform. See J.
    Buck, *Mazes for Programmers*, 2015, chapter 5.
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
            row += (direction == 2) - (direction == 0)
            column += (direction == 1) - (direction == 3)
            parents[row * rooms + column] = direction ^ 2
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


@njit(cache=True, nogil=True)
def carve(generator, rng, rooms, grid, parents, scratch):
    """Carve a spanning tree of the rooms with the generator of this code in ``GENERATORS``."""
    if generator == 0:
        carve_dfs(rng, rooms, grid, parents, scratch)
    elif generator == 1:
        carve_wilson(rng, rooms, grid, parents, scratch)
    elif generator == 2:
        carve_kruskal(rng, rooms, grid, parents, scratch)
    elif generator == 3:
        carve_prim(rng, rooms, grid, parents, scratch)
    elif generator == 4:
        carve_recursive_division(rng, rooms, grid, parents, scratch)
    elif generator == 5:
        carve_hunt_and_kill(rng, rooms, grid, parents, scratch)


@njit(cache=True, nogil=True)
def open_loops(rng, rooms, grid, loops):
    """Open every wall that still stands between two neighbouring rooms with chance ``loops``."""
    side = 2 * rooms + 1
    # A wall opens when 32 random bits fall below this share of their range.
    threshold = uint64(loops * 4294967296.0)
    for row in range(1, side - 1):
        # In room rows the walls between rooms lie in even columns, else in odd ones.
        for column in range(2 if row & 1 else 1, side - 1, 2):
            cell = row * side + column
            if grid[cell] == WALL and (next_bits(rng) >> uint64(32)) < threshold:
                grid[cell] = FREE
