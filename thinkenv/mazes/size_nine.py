"""For training on size 9 in vector environments: 2.5 times as many mazes as the general kernels.

On one core, split ``train``: 1.9 million mazes a second instead of 0.75, and ``Maze-v0`` with 1024
environments 0.9 million steps a second instead of 0.6; in the split ``test`` 2.2 times as many
steps. Medians of 15 alternating runs each.

The 25 rooms, the 40 walls between them and the 121 cells of a maze of size 9 fit into one or two
64-bit numbers, so that a whole maze is carved, put into its split and solved in registers. The
mazes are exactly those of the general kernels (``dfs``, no loops, ``any`` endpoints); a test
compares them.

- A *position* is a bit of a board of rooms: room ``(row, column)`` is bit ``6 * (row + 1) +
  column``. The sixth column and the rows above and below stay empty, so that no step leads outside.
- *Edges* are 40 bits, 1 where the wall between two rooms is open, in the order in which the grid
  is read row by row, from the highest bit to the lowest.
- *Cells* are the 121 cells of the grid as two words: cell ``i`` is bit ``i % 64`` of word
  ``i // 64``.
"""

import itertools

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, mix, start_stream
from thinkenv.mazes.depth_first import CHOICES_PER_WORD, DIRECTION_TABLE, draw_choices
from thinkenv.mazes.lattice import DOWN, DOWN_BIT, GOAL, LEFT, LEFT_BIT, RIGHT, RIGHT_BIT, START
from thinkenv.mazes.symmetry import SPLIT_SALT
from thinkenv.tasks.splits import percent_of_hash

SIZE = 9
ROOMS = 5
ROOM_COUNT = ROOMS * ROOMS
SIDE = 11
CELLS = SIDE * SIDE
STRIDE = ROOMS + 1
EDGES = 40
CHOICE_WORDS = 6  # 24 choices, one for each room but the first

ONE = uint64(1)

# The step from a position to the next for every entry of ``DIRECTION_TABLE``, looked up directly,
# because the loop over the rooms waits for it.
STEP_TABLE = np.array([-STRIDE, 1, STRIDE, -1], np.int8)[DIRECTION_TABLE]


def position_of_room(row: int, column: int) -> int:
    """The bit of a room on a board."""
    return STRIDE * (row + 1) + column


def words_of(cells: int) -> tuple[int, int]:
    """A set of cells, given as one long number, as two words."""
    return cells & (2**64 - 1), cells >> 64


ALL_ROOMS = uint64(sum(1 << position_of_room(*room) for room in np.ndindex(ROOMS, ROOMS)))
ROOM_CELLS = words_of(
    sum(1 << ((2 * row + 1) * SIDE + 2 * column + 1) for row, column in np.ndindex(ROOMS, ROOMS))
)
ROOM_CELLS_0, ROOM_CELLS_1 = uint64(ROOM_CELLS[0]), uint64(ROOM_CELLS[1])

# The cells of the grid that lie between two rooms, in reading order.
EDGE_CELLS = [
    (row, column)
    for row in range(1, SIDE - 1)
    for column in range(1, SIDE - 1)
    if row % 2 != column % 2
]


def tables_of_positions() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What belongs to each position, and to each step from a position in a direction.

    Returns:
        ``cells``: ``(positions,)`` int64, the cell of the room at a position.
        ``edges``: ``(positions * 4 * 2,)`` uint64, for each position and direction the edge that is
        crossed, in the maze and in its transpose.
        ``added``: ``(positions * 4 * 2,)`` uint64, the cells that are stepped on, as two words.
    """
    positions = position_of_room(ROOMS, 0)
    cells = np.zeros(positions, np.int64)
    edges = np.zeros((positions, 4, 2), np.uint64)
    added = np.zeros((positions, 4, 2), np.uint64)
    bit_of_edge = {cell: 1 << (EDGES - 1 - index) for index, cell in enumerate(EDGE_CELLS)}
    for row, column in np.ndindex(ROOMS, ROOMS):
        position = position_of_room(row, column)
        cells[position] = (2 * row + 1) * SIDE + 2 * column + 1
        for direction, (down, right) in enumerate(((-1, 0), (0, 1), (1, 0), (0, -1))):
            passage = (2 * row + 1 + down, 2 * column + 1 + right)
            if passage in bit_of_edge:
                edges[position, direction] = bit_of_edge[passage], bit_of_edge[passage[::-1]]
                step = down * SIDE + right
                stepped_on = 1 << int(cells[position] + step) | 1 << int(cells[position] + 2 * step)
                added[position, direction] = words_of(stepped_on)
    return cells, edges.reshape(-1), added.reshape(-1)


CELL_OF_POSITION, EDGE_OF_STEP, CELLS_OF_STEP = tables_of_positions()


def cells_of_edge_bytes() -> np.ndarray:
    """The cells that are free for each value of each of the five bytes of the edges.

    Returns:
        ``(5 * 256 * 2,)`` uint64, two words for each byte, the lowest first, and value.
    """
    cells = np.zeros((EDGES // 8, 256, 2), np.uint64)
    for byte, value in itertools.product(range(EDGES // 8), range(256)):
        free = 0
        for bit in range(8):
            if value >> bit & 1:
                row, column = EDGE_CELLS[EDGES - 1 - (8 * byte + bit)]
                free |= 1 << (row * SIDE + column)
        cells[byte, value] = words_of(free)
    return cells.reshape(-1)


CELLS_OF_EDGE_BYTE = cells_of_edge_bytes()


def rows_of_edges() -> np.ndarray:
    """Two rows of cells, without the outer wall, for nine edges: four in a row and five below.

    Returns:
        ``(512,)`` uint64 of 18 bits each, in reading order from the highest bit.
    """
    rows = np.zeros(512, np.uint64)
    for value in range(512):
        edges = f"{value:09b}"
        of_rooms = "1" + "".join(edge + "1" for edge in edges[:4])
        between = "0".join(edges[4:])
        rows[value] = int(of_rooms + between, 2)
    return rows


ROWS_OF_EDGES = rows_of_edges()


def mirror_masks() -> list[np.uint64]:
    """Which edges move left by 0, 1, 2, 3 and 4 bits when a maze is mirrored left to right.

    In reading order, four edges in a row of rooms and five between two rows of rooms take turns.
    Mirroring reverses each of these groups: its edges change places in pairs, of which only the
    one that moves to the left is in a mask; ``swap`` moves the other one as far to the right.
    """
    masks = [0] * 5
    highest = EDGES - 1
    for length in (4, 5, 4, 5, 4, 5, 4, 5, 4):
        for index in range(length):
            moved = 2 * index - (length - 1)  # to the left in the number, which is its upper end
            if moved >= 0:
                masks[moved] |= 1 << (highest - index)
        highest -= length
    return [uint64(mask) for mask in masks]


MIRROR_0, MIRROR_1, MIRROR_2, MIRROR_3, MIRROR_4 = mirror_masks()


@kernel(inline="always")
def swap(bits, mask, distance):
    """The bits of ``mask`` moved left by a distance, and those that they replace moved right.

    Assumes a distance below 64.
    """
    return ((bits & mask) << uint64(distance)) | ((bits >> uint64(distance)) & mask)


@kernel(inline="always")
def mirror_edges(edges):
    """The edges of a maze mirrored left to right.

    Assumes 40 bits.
    """
    return (
        (edges & MIRROR_0)
        | swap(edges, MIRROR_1, 1)
        | swap(edges, MIRROR_2, 2)
        | swap(edges, MIRROR_3, 3)
        | swap(edges, MIRROR_4, 4)
    )


@kernel(inline="always")
def reverse_edges(edges):
    """The edges of a maze turned by half a turn: the 40 bits in reverse.

    Assumes 40 bits.
    """
    # Neighbouring bits change places, then neighbouring pairs, fours, eights and so on; that
    # reverses 64 bits. Those of the edges are then the highest 40.
    bits = swap(edges, uint64(0x5555555555555555), 1)
    bits = swap(bits, uint64(0x3333333333333333), 2)
    bits = swap(bits, uint64(0x0F0F0F0F0F0F0F0F), 4)
    bits = swap(bits, uint64(0x00FF00FF00FF00FF), 8)
    bits = swap(bits, uint64(0x0000FFFF0000FFFF), 16)
    bits = swap(bits, uint64(0x00000000FFFFFFFF), 32)
    return bits >> uint64(64 - EDGES)


@kernel(inline="always")
def smallest_turned(edges):
    """The smallest of a maze's four images that are not transposed.

    Assumes 40 bits.
    """
    # Upside down is half a turn of the mirrored maze.
    mirrored = mirror_edges(edges)
    return min(min(edges, mirrored), min(reverse_edges(edges), reverse_edges(mirrored)))


@kernel(inline="always")
def rows_at(edges, shift):
    """The two rows of cells of the nine edges that begin ``shift`` bits from the end.

    Assumes a shift below 64.
    """
    return ROWS_OF_EDGES[(edges >> uint64(shift)) & uint64(511)]


@kernel
def canonical_hash_of_edges(edges, transposed):
    """``canonical_hash`` of a maze of size 9, from its edges and those of its transpose.

    As rooms are always free and pillars never, the images compare as their edges do.

    Assumes 40 bits each, of which one is the transpose of the other.
    """
    smallest = min(smallest_turned(edges), smallest_turned(transposed))
    # Nine edges, from the highest of the 40 bits on, are two rows of cells: nine and nine, 18 bits.
    # The last row has four edges alone: five zeros are appended for the row below, and that row's
    # nine cells, which are the outer wall, are shifted out again.
    rows_0 = rows_at(smallest, 31)
    rows_2 = rows_at(smallest, 22)
    rows_4 = rows_at(smallest, 13)
    rows_6 = rows_at(smallest, 4)
    row_8 = rows_at(smallest << uint64(5), 0) >> uint64(9)
    # The 81 cells in words of 64, as ``canonical_hash`` reads them: three times 18 bits and ten of
    # the fourth are the first word; its last eight and the nine of the last row are the second.
    bits = (rows_0 << uint64(46)) | (rows_2 << uint64(28)) | (rows_4 << uint64(10))
    bits |= rows_6 >> uint64(8)
    rest = ((rows_6 & uint64(255)) << uint64(9)) | row_8
    return mix(mix(SPLIT_SALT ^ bits) ^ rest)


# A de Bruijn sequence: of its 32 bits, any five neighbours are different from any other five. So a
# power of two times it, which moves it to the left, has five highest bits that tell the exponent.
DE_BRUIJN = uint64(0x077CB531)
EXPONENT = np.zeros(32, np.uint8)
for exponent in range(32):
    EXPONENT[((0x077CB531 << exponent) & 0xFFFFFFFF) >> 27] = exponent


@kernel
def carve_edges(rng, choices, waiting, root_paths, ancestors, position_of_bit):
    """Carve a maze by randomised depth-first search, as ``carve_dfs`` does.

    Assumes arrays of these shapes.

    Args:
        rng: The instance's random stream.
        choices: ``(24,)`` uint8, overwritten.
        waiting: ``(25,)`` uint8, overwritten.
        root_paths: ``(positions, 2)`` uint64, filled for every position of a room with the cells
            from the first room, which is left out, to it.
        ancestors: ``(positions,)`` uint64, filled with the set of rooms from the first one to it:
            bit ``24 - n`` is the ``n``-th room to be visited.
        position_of_bit: ``(25,)`` uint8, filled with the position of each bit of ``ancestors``.

    Returns:
        The edges of the maze and of its transpose.
    """
    row = below(rng, ROOMS)
    column = below(rng, ROOMS)
    draw_choices(rng, CHOICE_WORDS, choices)
    position = uint64(STRIDE * (row + 1) + column)
    unvisited = ALL_ROOMS ^ (ONE << position)  # as bits of the board
    edges = uint64(0)
    transposed = uint64(0)
    cells_0 = uint64(0)
    cells_1 = uint64(0)
    # Each room visited takes the next lower bit. ``line`` is the set of the rooms on the way from
    # the first one to where the walk is; ``cells_0`` and ``cells_1`` are the cells of that way.
    visited_bit = ONE << uint64(ROOM_COUNT - 1)
    line = visited_bit
    root_paths[position, 0] = cells_0
    root_paths[position, 1] = cells_1
    ancestors[position] = line
    position_of_bit[ROOM_COUNT - 1] = position
    visited = uint64(0)
    waiting_count = uint64(0)
    while unvisited != uint64(0):
        # Shifted so that the room above is bit 0, that to the left is bit ``STRIDE - 1``, to the
        # right ``STRIDE + 1``, and below ``2 * STRIDE``. Each goes to the bit of its direction.
        around = unvisited >> (position - uint64(STRIDE))
        ways = (
            (around & ONE)
            | ((around >> uint64(STRIDE + 1 - RIGHT)) & uint64(RIGHT_BIT))
            | ((around >> uint64(2 * STRIDE - DOWN)) & uint64(DOWN_BIT))
            | ((around >> uint64(STRIDE - 1 - LEFT)) & uint64(LEFT_BIT))
        )
        if ways == uint64(0):
            # Back to the last room that may have a way out, with what was noted when it was
            # visited.
            waiting_count -= ONE
            position = uint64(waiting[waiting_count])
            cells_0 = root_paths[position, 0]
            cells_1 = root_paths[position, 1]
            line = ancestors[position]
            continue
        entry = uint64(choices[visited]) + ways
        # Counted only if there is another way out than the one taken, as in ``walk_on``.
        waiting[waiting_count] = position
        waiting_count += uint64((ways & (ways - ONE)) != uint64(0))
        # The flat index of ``[position, direction, 0]`` in tables of shape (positions, 4, 2); with
        # the lowest bit set, that of ``[position, direction, 1]``.
        step = ((position << uint64(2)) | uint64(DIRECTION_TABLE[entry])) << ONE
        edges |= EDGE_OF_STEP[step]
        transposed |= EDGE_OF_STEP[step | ONE]
        cells_0 |= CELLS_OF_STEP[step]
        cells_1 |= CELLS_OF_STEP[step | ONE]
        position += uint64(np.int64(STEP_TABLE[entry]))
        unvisited ^= ONE << position
        visited += ONE
        visited_bit >>= ONE
        line |= visited_bit
        root_paths[position, 0] = cells_0
        root_paths[position, 1] = cells_1
        ancestors[position] = line
        position_of_bit[uint64(ROOM_COUNT - 1) - visited] = position
    return edges, transposed


@kernel(inline="always")
def write_cells(cells_0, cells_1, target):
    """Write a set of cells, two words, as 121 bytes of 0 and 1.

    Assumes a target of 121 cells.
    """
    for cell in range(64):
        target[cell] = (cells_0 >> uint64(cell)) & ONE
    for cell in range(CELLS - 64):
        target[64 + cell] = (cells_1 >> uint64(cell)) & ONE


@kernel
def draw_size_nine(instances, key, percents, columns):
    """Draw one depth-first maze of size 9 with ``any`` endpoints for each instance number.

    Arguments as of ``thinkenv.mazes.sampling.draw_one_by_one``.

    Assumes columns of as many mazes as instances, of 121 cells each, and percents from 0 to 100
    between which there are mazes.
    """
    grids, solutions, path_lengths, unique = columns
    low, high = percents
    rng = np.empty(1, np.uint64)
    choices = np.empty(CHOICE_WORDS * CHOICES_PER_WORD, np.uint8)
    waiting = np.empty(ROOM_COUNT, np.uint8)
    root_paths = np.empty((CELL_OF_POSITION.size, 2), np.uint64)
    ancestors = np.empty(CELL_OF_POSITION.size, np.uint64)
    position_of_bit = np.empty(ROOM_COUNT, np.uint8)
    for index in range(len(instances)):
        start_stream(rng, key, instances[index])
        percent = uint64(200)  # in no split yet
        while percent < uint64(low) or percent >= uint64(high):
            edges, transposed = carve_edges(
                rng, choices, waiting, root_paths, ancestors, position_of_bit
            )
            if high - low == 100:
                break  # every maze is in the split "all"
            percent = percent_of_hash(canonical_hash_of_edges(edges, transposed))
        start = below(rng, ROOM_COUNT)
        goal = below(rng, ROOM_COUNT - 1)
        goal += goal >= start
        start_position = STRIDE * (start // ROOMS + 1) + start % ROOMS
        goal_position = STRIDE * (goal // ROOMS + 1) + goal % ROOMS

        # The path is what the ways from the first room to start and goal do not share (XOR), and
        # the last room that they do share: the lowest common bit of their ancestors, since later
        # rooms have lower bits.
        path_0 = root_paths[start_position, 0] ^ root_paths[goal_position, 0]
        path_1 = root_paths[start_position, 1] ^ root_paths[goal_position, 1]
        shared = ancestors[start_position] & ancestors[goal_position]
        lowest = shared & (uint64(0) - shared)  # a number and its negative share one bit: this
        exponent = EXPONENT[((lowest * DE_BRUIJN) & uint64(0xFFFFFFFF)) >> uint64(27)]
        meeting = uint64(CELL_OF_POSITION[position_of_bit[exponent]])
        if meeting < uint64(64):
            path_0 |= ONE << meeting
        else:
            path_1 |= ONE << (meeting - uint64(64))

        free_0 = ROOM_CELLS_0
        free_1 = ROOM_CELLS_1
        # Five lookups, one for each byte of the edges, give the free cells between rooms.
        for byte in range(EDGES // 8):
            value = (edges >> uint64(8 * byte)) & uint64(255)
            entry = (uint64(256 * byte) + value) << ONE
            free_0 |= CELLS_OF_EDGE_BYTE[entry]
            free_1 |= CELLS_OF_EDGE_BYTE[entry | ONE]
        grid = grids[index]
        solution = solutions[index]
        write_cells(free_0, free_1, grid)
        write_cells(path_0, path_1, solution)
        grid[CELL_OF_POSITION[start_position]] = START
        grid[CELL_OF_POSITION[goal_position]] = GOAL
        length = 0
        for cell in range(CELLS):
            length += solution[cell]
        path_lengths[index] = length
        unique[index] = True
