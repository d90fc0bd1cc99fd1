"""Mazes by randomised depth-first search, three at a time.

A walk from room to room spends its time waiting: where the next room is depends on what was read at
the last one. So one thread walks through ``LANES`` mazes in turn, and the waits of one are filled
with the steps of the others.

A *position* is a room's number in a board of ``rooms + 2`` columns, whose outer positions are no
rooms, so that what lies beside a room can be written without a check for the edge.
"""

import itertools

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, bits_ahead, skip_bits
from thinkenv.mazes.lattice import (
    ALL_WAYS,
    DOWN_BIT,
    LEFT_BIT,
    RIGHT_BIT,
    ROOT,
    UP_BIT,
    open_passages,
    opposite,
    pack_steps,
    unpack_step,
)


def direction_table() -> np.ndarray:
    """Which direction a random choice takes, for every set of allowed directions.

    A choice of 16 random bits picks number ``choice * n // 65536`` of ``n`` directions. For ``n``
    up to 4 that depends only on the quarter (0 to 3) and the third (0 to 2) of its range that the
    choice is in, so a table of 12 kinds of choice replaces the multiplication.

    Returns:
        ``(192,)`` uint8: entry ``16 * kind + ways`` is the direction, with ``kind = 3 * quarter +
        third`` and ``ways`` the set of allowed directions, such as ``UP_BIT | LEFT_BIT``.
    """
    table = np.zeros((12, 16), np.uint8)
    for quarter, third, ways in itertools.product(range(4), range(3), range(1, 16)):
        directions = [direction for direction in range(4) if ways >> direction & 1]
        # One direction needs no choice; two take the half that the quarter is in.
        index = (0, quarter >> 1, third, quarter)[len(directions) - 1]
        table[3 * quarter + third, ways] = directions[index]
    return table.reshape(-1)


DIRECTION_TABLE = direction_table()

CHOICES_PER_WORD = 4


@kernel
def draw_choices(rng, words, choices):
    """Draw ``4 * words`` random choices: where their rows of ``DIRECTION_TABLE`` begin.

    All are drawn before the walk, because this loop does several at a time and the walk cannot.

    Assumes ``words >= 0``, and choices of four times as many.

    Args:
        rng: The random stream.
        words: How many numbers of 64 bits to draw, each for four choices.
        choices: ``(4 * words,)`` uint8, filled with ``16 * kind``.
    """
    state = rng[0]
    for word in range(words):
        bits = bits_ahead(state, word)
        for part in range(CHOICES_PER_WORD):
            choice = (bits >> uint64(16 * part)) & uint64(0xFFFF)
            quarter = choice >> uint64(14)  # the two highest of 16 bits
            third = (choice * uint64(3)) >> uint64(16)  # choice * 3 // 65536
            choices[CHOICES_PER_WORD * word + part] = uint64(16) * (uint64(3) * quarter + third)
    skip_bits(rng, words)


# Mazes that one thread carves side by side. Measured: two take 0.64 of the time of one by one,
# three 0.55, four 0.57. ``find_dfs_parents`` is written out for three.
LANES = 3

ONE = uint64(1)


@kernel(inline="always")
def divide_scratch(rooms, scratch):
    """Divide the scratch memory of one walk, which has room for all: 16 bytes and more a room.

    Assumes ``rooms >= 1`` and ``side = 2 * rooms + 1``.

    Args:
        rooms: Rooms per side.
        scratch: ``(side * side,)`` int32.

    Returns:
        ``ways``: ``(positions,)`` uint8, the set of directions in which an unvisited room lies.
        ``origins``: ``(positions,)`` uint8, the direction from each room to its parent.
        ``choices``: ``(4 * words,)`` uint8, a random choice for each room but the first.
        ``waiting``: ``(rooms * rooms,)`` uint32, the positions to go back to.
    """
    positions = (rooms + 2) ** 2
    # A word for every four of ``rooms * rooms - 1`` choices, rounded up.
    words = (rooms * rooms + CHOICES_PER_WORD - 2) // CHOICES_PER_WORD
    as_bytes = scratch.view(np.uint8)
    return (
        as_bytes[:positions],
        as_bytes[positions : 2 * positions],
        as_bytes[2 * positions : 2 * positions + CHOICES_PER_WORD * words],
        scratch[scratch.size - rooms * rooms :].view(np.uint32),
    )


@kernel(inline="always")
def leave_out(position, ways, stride):
    """Take a position that is visited now out of the ways of the four positions beside it.

    From the position above, it lies downwards, and so on.

    Assumes a position of a room, so that there are four beside it on the board.
    """
    ways[position - stride] &= np.uint8(ALL_WAYS ^ DOWN_BIT)
    ways[position + ONE] &= np.uint8(ALL_WAYS ^ LEFT_BIT)
    ways[position + stride] &= np.uint8(ALL_WAYS ^ UP_BIT)
    ways[position - ONE] &= np.uint8(ALL_WAYS ^ RIGHT_BIT)


@kernel
def begin_walk(rng, rooms, scratch):
    """Prepare a walk: nothing is visited but a random first room, whose position is returned.

    Assumes what ``divide_scratch`` does.
    """
    ways, origins, choices, _ = divide_scratch(rooms, scratch)
    width = rooms + 2
    # No way leads up from the first row of rooms, down from the last, or out at the sides.
    ways[:] = ALL_WAYS
    ways[width : 2 * width] = ALL_WAYS ^ UP_BIT
    ways[rooms * width : (rooms + 1) * width] = ALL_WAYS ^ DOWN_BIT
    for row in range(1, rooms + 1):
        ways[row * width + 1] &= np.uint8(ALL_WAYS ^ LEFT_BIT)
        ways[row * width + rooms] &= np.uint8(ALL_WAYS ^ RIGHT_BIT)
    row = below(rng, rooms)
    column = below(rng, rooms)
    draw_choices(rng, choices.size // CHOICES_PER_WORD, choices)
    position = uint64((row + 1) * width + column + 1)
    origins[position] = ROOT
    leave_out(position, ways, uint64(width))
    return position


@kernel(inline="always")
def walk_on(position, waiting_count, visited, ways, origins, choices, waiting, stride, steps):
    """Visit one more room: from this position, or from the last one that still has a way out.

    All numbers are unsigned: a signed index costs a check for being negative.

    Assumes that not all rooms are visited yet: then one that waits, or this one, has a way out.

    Args:
        position: Where the walk is.
        waiting_count: How many entries of ``waiting`` are in use.
        visited: How many rooms were visited after the first.
        ways: See ``divide_scratch``, as for the next three.
        origins: Filled for the room visited.
        choices: One for each step.
        waiting: Where to go back to.
        stride: Positions in a row of the board.
        steps: ``pack_steps(stride)``.

    Returns:
        The new ``position`` and ``waiting_count``.
    """
    ways_out = uint64(ways[position])
    while ways_out == uint64(0):
        waiting_count -= ONE
        position = uint64(waiting[waiting_count])
        ways_out = uint64(ways[position])
    direction = DIRECTION_TABLE[uint64(choices[visited]) + ways_out]
    # A room is worth going back to if it has another way out than the one taken: if ``ways_out``
    # has more than its lowest bit, which minus one takes away. The entry is written in any case
    # and counted only then, since a branch could not be predicted.
    waiting[waiting_count] = position
    waiting_count += uint64((ways_out & (ways_out - ONE)) != uint64(0))
    position += unpack_step(steps, direction)
    origins[position] = opposite(direction)
    leave_out(position, ways, stride)
    return position, waiting_count


@kernel
def end_walk(rooms, scratch, parents):
    """Copy the directions to parents from the board of a finished walk.

    Assumes what ``divide_scratch`` does, and ``rooms * rooms`` parents.
    """
    _, origins, _, _ = divide_scratch(rooms, scratch)
    for row in range(rooms):
        begin = (row + 1) * (rooms + 2) + 1
        parents[row * rooms : (row + 1) * rooms] = origins[begin : begin + rooms]


@kernel
def carve_dfs(rng, rooms, grid, parents, scratch):
    """Randomised depth-first search ("recursive backtracker"): long winding corridors.

    From a random room, walk to a random unvisited neighbour, carving on the way, and step back
    when there is none. The spanning tree is not uniform: it favours few and deep branches. This
    is the distribution of the ``easy_to_hard`` mazes (Schwarzschild et al. 2021, arXiv
    2108.06011). See J. Buck, *Mazes for Programmers*, 2015, chapter 5.

    Assumes ``1 <= rooms < 2**14``, and arrays as all generators have.
    """
    stride = uint64(rooms + 2)
    steps = pack_steps(rooms + 2)
    position = begin_walk(rng, rooms, scratch)
    ways, origins, choices, waiting = divide_scratch(rooms, scratch)
    count = uint64(0)
    for visited in range(uint64(rooms * rooms - 1)):
        position, count = walk_on(
            position, count, visited, ways, origins, choices, waiting, stride, steps
        )
    end_walk(rooms, scratch, parents)
    open_passages(rooms, grid, parents)


@kernel
def find_dfs_parents(rngs, rooms, parents, scratch):
    """Like ``carve_dfs`` without writing grids, for ``LANES`` mazes at once.

    Their steps take turns and share nothing, so that the processor does three at a time.

    Assumes ``1 <= rooms < 2**14``.

    Args:
        rngs: ``(LANES, 1)`` uint64, random streams, advanced in place.
        rooms: Rooms per side.
        parents: ``(LANES, rooms * rooms)`` uint8, filled.
        scratch: ``(LANES, side * side)`` int32, overwritten.
    """
    stride = uint64(rooms + 2)
    steps = pack_steps(rooms + 2)
    position_0 = begin_walk(rngs[0], rooms, scratch[0])
    position_1 = begin_walk(rngs[1], rooms, scratch[1])
    position_2 = begin_walk(rngs[2], rooms, scratch[2])
    ways_0, origins_0, choices_0, waiting_0 = divide_scratch(rooms, scratch[0])
    ways_1, origins_1, choices_1, waiting_1 = divide_scratch(rooms, scratch[1])
    ways_2, origins_2, choices_2, waiting_2 = divide_scratch(rooms, scratch[2])
    count_0 = uint64(0)
    count_1 = uint64(0)
    count_2 = uint64(0)
    for visited in range(uint64(rooms * rooms - 1)):
        position_0, count_0 = walk_on(
            position_0, count_0, visited, ways_0, origins_0, choices_0, waiting_0, stride, steps
        )
        position_1, count_1 = walk_on(
            position_1, count_1, visited, ways_1, origins_1, choices_1, waiting_1, stride, steps
        )
        position_2, count_2 = walk_on(
            position_2, count_2, visited, ways_2, origins_2, choices_2, waiting_2, stride, steps
        )
    end_walk(rooms, scratch[0], parents[0])
    end_walk(rooms, scratch[1], parents[1])
    end_walk(rooms, scratch[2], parents[2])


assert LANES == 3, "find_dfs_parents is written out for three lanes"
