"""Generators without a lattice of rooms: Numba kernels that make any cell of a grid free.

Every generator fills a flat grid of ``side * side`` uint8 cells, ``side`` odd or even: walls become
0, free cells 1, and the outer wall stays. To add one, write its kernel here, give it a code in
``WITHOUT_LATTICE`` and a branch in ``carve_without_lattice``.
"""

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, next_bits
from thinkenv.mazes.cell_endpoints import label_places
from thinkenv.mazes.lattice import FREE, WALL

PERCOLATION, PLAZAS, CAVES = range(3)
WITHOUT_LATTICE = {"percolation": PERCOLATION, "plazas": PLAZAS, "caves": CAVES}

# Sides of the halls that a floor plan is divided into: a hall with a side above a random number
# from the first to the second is divided, as the whole is, and none has a side below the third.
SHORTEST_UNDIVIDED, LONGEST_UNDIVIDED, SHORTEST_HALL = 4, 12, 2
# One corridor between two halves of a floor plan for so many cells of the line between them, in
# the mean; and one more.
CELLS_PER_CORRIDOR = 16

# How caves begin, and how often each cell becomes as most cells around it are.
CAVE_WALLS = 0.45
CAVE_ROUNDS = 2
# A cave fills at least one of so many cells, or another one is drawn.
SMALLEST_CAVE = 3


@kernel
def carve_percolation(rng, side, removed, grid):
    """Site percolation: every cell is a wall with chance ``removed``, whatever the others are.

    Cells fall into several places that cannot be reached from each other; above 0.407, in large
    grids, into small ones only. One draw of the stream, 64 bits, decides on two cells.

    Assumes ``side >= 3``, a grid of ``side**2`` cells and a chance from 0.0 to 1.0.
    """
    # A cell is a wall when 32 random bits are below this share of their range.
    threshold = uint64(removed * 2.0**32)
    grid[:] = WALL
    for row in range(1, side - 1):
        cells = grid[row * side + 1 : (row + 1) * side - 1]
        for pair in range(0, side - 2, 2):
            bits = next_bits(rng)
            cells[pair] = (bits >> uint64(32)) >= threshold
            if pair + 1 < side - 2:
                cells[pair + 1] = (bits & uint64(0xFFFFFFFF)) >= threshold


@kernel
def carve_plazas(rng, side, grid):
    """A floor plan: open rectangular places, joined by corridors that go anywhere.

    The grid is divided by lines into two halves, these again, and so on. Each hall that is not
    divided has an open rectangle in it. Then, from the smallest halves to the largest, the two
    sides of every line are joined by corridors of one to three cells across, more of them the
    longer the line is, so that there are several ways. Every free cell can be reached.

    Assumes ``side >= 5`` and a grid of ``side**2`` cells.
    """
    grid[:] = WALL
    # A hall owns at least three by three cells, lines included, and there are fewer divided halls
    # than undivided ones: top, left, height, width, where its line is (0 for none), and whether
    # that crosses the rows or the columns.
    halls = np.empty((2 * (side // 3 + 1) ** 2, 6), np.int32)
    halls[0, 0] = halls[0, 1] = 1
    halls[0, 2] = halls[0, 3] = side - 2
    count = 1
    index = 0
    while index < count:
        hall = halls[index]
        top, left, height, width = hall[0], hall[1], hall[2], hall[3]
        hall[4] = hall[5] = 0
        undivided = SHORTEST_UNDIVIDED + below(rng, LONGEST_UNDIVIDED - SHORTEST_UNDIVIDED + 1)
        longer = max(height, width)
        if (longer > undivided or index == 0) and longer >= 2 * SHORTEST_HALL + 1:
            line = SHORTEST_HALL + below(rng, longer - 2 * SHORTEST_HALL)
            is_tall = height > width or (height == width and below(rng, 2) == 0)
            hall[4], hall[5] = line, is_tall
            for half in range(2):
                # The first half ends before the line, and the second begins behind it.
                begin = 0 if half == 0 else line + 1
                length = line if half == 0 else longer - line - 1
                new = halls[count + half]
                if is_tall:
                    new[0], new[1], new[2], new[3] = top + begin, left, length, width
                else:
                    new[0], new[1], new[2], new[3] = top, left + begin, height, length
            count += 2
        else:
            open_plaza(rng, side, top, left, height, width, grid)
        index += 1
    # Halves come behind what they are halves of, so that the smallest are joined first.
    for backwards in range(count):
        hall = halls[count - 1 - backwards]
        if hall[4] > 0:
            join_halves(rng, side, hall, grid)


@kernel
def open_plaza(rng, side, top, left, height, width, grid):
    """Open a random rectangle in a hall, at least half as long and as wide.

    Assumes a hall of at least one cell within a grid of rows of ``side``.
    """
    rows = height - below(rng, height // 2 + 1)
    columns = width - below(rng, width // 2 + 1)
    first_row = top + below(rng, height - rows + 1)
    first_column = left + below(rng, width - columns + 1)
    for row in range(first_row, first_row + rows):
        grid[row * side + first_column : row * side + first_column + columns] = FREE


@kernel
def join_halves(rng, side, hall, grid):
    """Dig corridors between the two halves of a divided hall.

    A corridor goes from the line straight into each half until it comes to a free cell, and where
    the two parts do not meet, along the line from one to the other.

    Assumes a hall of ``carve_plazas`` with a line, in a grid of rows of ``side`` that is free
    somewhere in both halves.
    """
    height, width, line = np.int64(hall[2]), np.int64(hall[3]), np.int64(hall[4])
    # Along the line the cells are ``along`` apart, and across it ``across``: a flat grid is the
    # same for lines of both directions.
    if hall[5]:
        along, across, length, depth = 1, side, width, height
    else:
        along, across, length, depth = side, 1, height, width
    first = np.int64(hall[0]) * side + np.int64(hall[1])
    for _ in range(1 + below(rng, 1 + 2 * length // CELLS_PER_CORRIDOR)):
        # Most corridors are one cell across.
        wide = max(1, below(rng, 6) - 2)
        one = dig(rng, first + line * across, along, -across, length, line, wide, grid)
        other = dig(rng, first + line * across, along, across, length, depth - 1 - line, wide, grid)
        for place in range(min(one, other), max(one, other) + 1):
            grid[first + line * across + place * along] = FREE


@kernel
def dig(rng, line, along, across, length, depth, wide, grid):
    """Dig from a random cell of a line to the first free cell on one side of it.

    Where there is no free cell on that side, the next cell of the line is taken.

    Assumes a line of ``length`` cells within the grid, ``depth`` cells on that side of it that are
    free somewhere, and a corridor at least one cell wide.

    Args:
        rng: The instance's random stream.
        line: The first cell of the line.
        along: The step to the line's next cell.
        across: The step away from the line.
        length: Cells of the line.
        depth: Cells across, on this side.
        wide: The corridor's width, as far as the line goes.
        grid: ``(cells,)`` uint8, changed.

    Returns:
        Where on the line the corridor begins.
    """
    place = below(rng, length)
    # Wide corridors go on to a random side of their first cell.
    sideways = 1 - 2 * below(rng, 2)
    for _ in range(length):
        cell = line + place * along
        steps = 1
        while steps <= depth and grid[cell + steps * across] == WALL:
            steps += 1
        if steps <= depth:
            for beside in range(wide):
                if 0 <= place + sideways * beside < length:
                    for step in range(steps):
                        grid[cell + sideways * beside * along + step * across] = FREE
            return place
        place = (place + sideways) % length
    return place


@kernel
def carve_caves(rng, side, grid, labels, scratch):
    """Caves by a cellular automaton: random cells, smoothed, of which the largest cave stays.

    In each round a cell becomes what most of the nine cells around it are, itself included; at
    the outer wall, which does not count, there are fewer. What cannot be reached from the largest
    cave becomes wall. Every free cell can be reached.

    Assumes ``side >= 5`` and arrays of ``side**2`` cells.

    Args:
        rng: The instance's random stream.
        side: Cells per side.
        grid: ``(cells,)`` uint8, overwritten.
        labels: ``(cells,)`` int32, overwritten.
        scratch: ``(cells,)`` int32, overwritten.
    """
    largest_size = 0
    largest = 0
    while SMALLEST_CAVE * largest_size < (side - 2) ** 2:
        carve_percolation(rng, side, CAVE_WALLS, grid)
        for _ in range(CAVE_ROUNDS):
            smooth(side, grid, scratch)
        places = label_places(grid, side, labels, scratch)
        sizes = np.zeros(places + 1, np.int32)
        for cell in range(grid.size):
            if labels[cell] >= 0:
                sizes[labels[cell]] += 1
        largest = np.argmax(sizes)
        largest_size = np.int64(sizes[largest])
    for cell in range(grid.size):
        grid[cell] = labels[cell] == largest


@kernel
def smooth(side, grid, scratch):
    """Make every inner cell what most of the inner cells around it are; of half and half, itself.

    Assumes ``side >= 3`` and arrays of ``side**2`` cells.

    Args:
        side: Cells per side.
        grid: ``(cells,)`` uint8 of 0 and 1, changed.
        scratch: ``(cells,)`` int32, overwritten.
    """
    # Twice the free ones among three in a row, minus how many there are.
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            cell = row * side + column
            known = 3 - (column == 1) - (column == side - 2)
            free = np.int32(grid[cell - 1]) + np.int32(grid[cell]) + np.int32(grid[cell + 1])
            scratch[cell] = 2 * free - known
    for row in range(1, side - 1):
        for column in range(1, side - 1):
            cell = row * side + column
            balance = scratch[cell]
            if row > 1:
                balance += scratch[cell - side]
            if row < side - 2:
                balance += scratch[cell + side]
            if balance != 0:
                grid[cell] = balance > 0


@kernel
def carve_without_lattice(generator, rng, side, removed, grid, labels, scratch):
    """Fill a grid with the generator of this code in ``WITHOUT_LATTICE``.

    Assumes a code of ``WITHOUT_LATTICE``, without which nothing is carved, and what they assume.
    """
    if generator == PERCOLATION:
        carve_percolation(rng, side, removed, grid)
    elif generator == PLAZAS:
        carve_plazas(rng, side, grid)
    elif generator == CAVES:
        carve_caves(rng, side, grid, labels, scratch)
