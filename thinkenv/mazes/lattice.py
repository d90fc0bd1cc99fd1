"""How rooms and passages lie in a grid of cells, and what generators of mazes share.

A maze of ``rooms`` rooms per side is a flat grid of ``side * side`` uint8 cells, ``side = 2 * rooms
+ 1``: walls are 0, free cells 1. The room in row ``r`` and column ``c``, number ``r * rooms + c``,
is the cell in row ``2r + 1`` and column ``2c + 1``.
"""

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel

WALL, FREE, START, GOAL = 0, 1, 2, 3

ROOT = 4  # instead of a direction to a parent


@kernel(inline="always")
def cell_of_room(room, rooms):
    """The cell, in a flat grid, of room number ``room``."""
    row = room // rooms
    return (2 * row + 1) * (2 * rooms + 1) + 2 * (room - row * rooms) + 1


@kernel(inline="always")
def step_of_direction(direction, side):
    """The flat step to the neighbouring cell: up 0, right 1, down 2, left 3."""
    if direction == 0:
        return -side
    if direction == 1:
        return 1
    if direction == 2:
        return side
    return -1


@kernel(inline="always")
def pack_steps(stride):
    """The steps up, right, down and left in rows of ``stride``, as 16 bits each of one number."""
    return (
        uint64(np.int64(-stride) & 0xFFFF)
        | uint64(1) << uint64(16)
        | uint64(stride) << uint64(32)
        | uint64(0xFFFF) << uint64(48)
    )


@kernel(inline="always")
def unpack_step(steps, direction):
    """The step in one direction of ``pack_steps``, to be added to an unsigned index.

    Without a branch, which could not be predicted, and without a table in memory, which loops that
    wait for their next place would wait for as well.
    """
    return uint64(np.int64(np.int16(steps >> (uint64(16) * uint64(direction)))))


@kernel(inline="always")
def has_room(direction, row, column, rooms):
    """Whether there is a room in this direction from the room in this row and column."""
    if direction == 0:
        return row > 0
    if direction == 1:
        return column < rooms - 1
    if direction == 2:
        return row < rooms - 1
    return column > 0


@kernel
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


@kernel
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
