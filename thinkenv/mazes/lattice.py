"""How rooms and passages lie in a grid of cells, and what the generators of mazes share.

A maze of ``rooms`` rooms per side is a flat grid of ``side * side`` uint8 cells, ``side = 2 * rooms
+ 1``: walls are 0, free cells 1. The room in row ``r`` and column ``c``, number ``r * rooms + c``,
is the cell in row ``2r + 1`` and column ``2c + 1``.
"""

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel

WALL, FREE, START, GOAL = range(4)

# Clockwise, so that opposite directions differ in bit 1 alone.
UP, RIGHT, DOWN, LEFT = range(4)
ROOT = 4  # instead of a direction to a parent

# Sets of directions, such as the ways out of a room: one bit for each.
UP_BIT, RIGHT_BIT, DOWN_BIT, LEFT_BIT = 1 << UP, 1 << RIGHT, 1 << DOWN, 1 << LEFT
ALL_WAYS = UP_BIT | RIGHT_BIT | DOWN_BIT | LEFT_BIT


@kernel(inline="always")
def opposite(direction):
    """The direction back: up and down, right and left are two apart on the clock.

    Assumes a direction from 0 to 3.
    """
    return direction ^ 2


@kernel(inline="always")
def rows_and_columns(direction):
    """The rows down and the columns to the right that one step in a direction goes: -1, 0 or 1.

    Comparisons instead of branches, which could not be predicted: generators draw directions at
    random.

    Assumes a direction from 0 to 3; of any other number it makes no step.
    """
    rows = np.int64(direction == DOWN) - np.int64(direction == UP)
    return rows, np.int64(direction == RIGHT) - np.int64(direction == LEFT)


@kernel(inline="always")
def cell_of_room(room, rooms):
    """The cell, in a flat grid, of room number ``room``.

    Assumes ``0 <= room < rooms * rooms``.
    """
    row = room // rooms
    return (2 * row + 1) * (2 * rooms + 1) + 2 * (room - row * rooms) + 1


@kernel(inline="always")
def step_of_direction(direction, side):
    """The step to the neighbouring cell in a flat grid of ``side`` cells to a row.

    Assumes a direction from 0 to 3.
    """
    if direction == UP:
        return -side
    if direction == RIGHT:
        return 1
    if direction == DOWN:
        return side
    return -1


@kernel(inline="always")
def pack_steps(stride):
    """The steps up, right, down and left in rows of ``stride``, as 16 bits each of one number.

    The lowest 16 bits are the step of direction 0. Steps up and to the left are negative: their
    two's complement, cut to 16 bits. So ``stride`` must be below 2**15, which the sides of all
    mazes are.

    Assumes ``0 < stride < 2**15``.
    """
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
    wait for their next index would wait for as well.

    Assumes a direction from 0 to 3: not ``ROOT``.
    """
    # Shifted down, the step is the lowest 16 bits. As int16 it has its sign again, which int64
    # keeps; added as uint64, a negative step wraps around to the smaller index that is meant.
    return uint64(np.int64(np.int16(steps >> (uint64(16) * uint64(direction)))))


@kernel(inline="always")
def has_room(direction, row, column, rooms):
    """Whether there is a room in this direction from the room in this row and column.

    Assumes a direction from 0 to 3, and a row and a column below ``rooms``.
    """
    if direction == UP:
        return row > 0
    if direction == RIGHT:
        return column < rooms - 1
    if direction == DOWN:
        return row < rooms - 1
    return column > 0


@kernel
def open_passages(rooms, grid, parents):
    """Write the grid in which every room and the passage from each room to its parent is free.

    Every cell is written once, by conditions instead of branches, so that the compiler can do many
    rooms at a time.

    Assumes ``rooms >= 1``, a grid of ``(2 * rooms + 1)**2`` cells and ``rooms * rooms`` parents of
    0 to 4.
    """
    side = 2 * rooms + 1
    grid[:side] = WALL
    for row in range(rooms):
        here = parents[row * rooms : (row + 1) * rooms]
        cells = grid[(2 * row + 1) * side : (2 * row + 2) * side]
        cells[0] = WALL
        # A passage is open if either of the rooms beside it is the other one's child.
        for column in range(rooms - 1):
            cells[2 * column + 1] = FREE
            cells[2 * column + 2] = (here[column] == RIGHT) | (here[column + 1] == LEFT)
        cells[side - 2] = FREE
        cells[side - 1] = WALL
        cells = grid[(2 * row + 2) * side : (2 * row + 3) * side]
        if row == rooms - 1:
            cells[:] = WALL
        else:
            below_here = parents[(row + 1) * rooms : (row + 2) * rooms]
            cells[0] = WALL
            for column in range(rooms):
                cells[2 * column + 1] = (here[column] == DOWN) | (below_here[column] == UP)
                cells[2 * column + 2] = WALL


@kernel
def find_parents(rooms, grid, parents, scratch):
    """Fill ``parents`` of a finished tree with the directions towards room 0.

    Assumes a grid of ``(2 * rooms + 1)**2`` cells in which the rooms are joined as a tree and lead
    nowhere else, and places for ``rooms * rooms`` in the other two.
    """
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
        for direction in range(4):
            if direction != back and grid[cell + step_of_direction(direction, side)] != WALL:
                neighbour = room + step_of_direction(direction, rooms)
                parents[neighbour] = opposite(direction)
                scratch[waiting] = neighbour
                waiting += 1
