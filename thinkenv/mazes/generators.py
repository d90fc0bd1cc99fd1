"""Maze generators: Numba kernels that carve a random maze into a grid of walls.

Every generator has one signature, ``generator(rng, rooms, grid, scratch)``:

- ``rng``: a random stream (see ``thinkenv.random_streams``), advanced in place;
- ``rooms``: rooms per side; the grid has ``side = 2 * rooms + 1`` cells per side;
- ``grid``: ``(side * side,)`` uint8, all walls (0) on entry; free cells are set to 1. The room in
  row ``r`` and column ``c`` is the cell in row ``2r + 1`` and column ``2c + 1``;
- ``scratch``: ``(at least rooms * rooms,)`` int32, overwritten.

To add a generator, write its kernel here, give it a code in ``GENERATORS`` and a branch in
``carve``.
"""

from numba import njit, uint64

from thinkenv.random_streams import below, next_bits

WALL, FREE, START, GOAL = 0, 1, 2, 3

GENERATORS = {"dfs": 0}


@njit(cache=True, nogil=True)
def carve_dfs(rng, rooms, grid, scratch):
    """Randomised depth-first search ("recursive backtracker"): long winding corridors.

    From a random room, walk to a random unvisited neighbour, carving on the way, and step back
    when there is none. The spanning tree is not uniform: it favours few and deep branches. This
    is the distribution of the ``easy_to_hard`` mazes (Schwarzschild et al. 2021, arXiv
    2108.06011). See J. Buck, *Mazes for Programmers*, 2015, chapter 5.
    """
    side = 2 * rooms + 1
    last = 2 * rooms - 1  # row and column of the last rooms
    row = 2 * below(rng, rooms) + 1
    column = 2 * below(rng, rooms) + 1
    cell = row * side + column
    grid[cell] = FREE
    depth = 0  # scratch[:depth] holds the directions walked from the first room to here

    while True:
        # The directions to unvisited neighbours, two bits each: up 0, right 1, down 2, left 3.
        ways = 0
        directions = 0
        if row > 1 and grid[cell - 2 * side] == WALL:
            ways = 1
        if column < last and grid[cell + 2] == WALL:
            directions |= 1 << (2 * ways)
            ways += 1
        if row < last and grid[cell + 2 * side] == WALL:
            directions |= 2 << (2 * ways)
            ways += 1
        if column > 1 and grid[cell - 2] == WALL:
            directions |= 3 << (2 * ways)
            ways += 1

        if ways == 0:
            if depth == 0:
                return
            depth -= 1
            direction = (scratch[depth] + 2) & 3  # turn round
        else:
            direction = (directions >> (2 * below(rng, ways) if ways > 1 else 0)) & 3
            scratch[depth] = direction
            depth += 1

        if direction == 0:
            step = -side
            row -= 2
        elif direction == 1:
            step = 1
            column += 2
        elif direction == 2:
            step = side
            row += 2
        else:
            step = -1
            column -= 2
        grid[cell + step] = FREE
        cell += 2 * step
        grid[cell] = FREE


@njit(cache=True, nogil=True)
def carve(generator, rng, rooms, grid, scratch):
    """Carve a spanning tree of the rooms with the generator of this code in ``GENERATORS``."""
    if generator == 0:
        carve_dfs(rng, rooms, grid, scratch)


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
