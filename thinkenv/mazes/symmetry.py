"""The canonical form of a maze's walls under the eight symmetries of the square, hashed."""

from numba import uint64

from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import mix
from thinkenv.mazes.lattice import WALL

# Any constant will do; this one leaves every split with mazes even at size 5, where there are
# only 28 spanning trees up to symmetry.
SPLIT_SALT = uint64(1)


@kernel
def image_steps(symmetry, side):
    """Where one of the eight symmetries (0 to 7) reads a flat square grid of ``side`` cells.

    Assumes a symmetry from 0 to 7.

    Returns:
        ``(origin, row_step, column_step)``: the image's cell ``(i, j)`` is the grid's flat cell
        ``origin + i * row_step + j * column_step``. Symmetry 0 is the identity.
    """
    # Three bits, each of which mirrors or not: together all eight symmetries of the square.
    row_step = side
    column_step = 1
    origin = 0
    if symmetry & 1:  # upside down
        origin += (side - 1) * row_step
        row_step = -row_step
    if symmetry & 2:  # left to right
        origin += (side - 1) * column_step
        column_step = -column_step
    if symmetry & 4:  # transposed
        row_step, column_step = column_step, row_step
    return origin, row_step, column_step


@kernel
def is_smaller_image(grid, side, first, second):
    """Whether symmetry ``first`` of the walls reads smaller, cell by cell, than ``second``.

    Assumes a grid of ``side * side`` cells, and symmetries from 0 to 7.
    """
    # Almost always one of the first cells differs, so that this is cheaper than writing images.
    origin_1, row_step_1, column_step_1 = image_steps(first, side)
    origin_2, row_step_2, column_step_2 = image_steps(second, side)
    for row in range(1, side - 1):
        cell_1 = origin_1 + row * row_step_1
        cell_2 = origin_2 + row * row_step_2
        for column in range(1, side - 1):
            free_1 = grid[cell_1 + column * column_step_1] != WALL
            free_2 = grid[cell_2 + column * column_step_2] != WALL
            if free_1 != free_2:
                return free_2
    return False


@kernel
def canonical_hash(grid, side):
    """A 64-bit hash of a square maze's walls, the same for all its rotations and mirror images.

    The canonical form is the smallest of the eight images, read row by row. Start and goal do not
    count: a maze with other endpoints is the same maze and stays in the same split.

    Assumes ``side >= 3``.

    Args:
        grid: ``(side * side,)`` uint8 cell codes, the outer wall included.
        side: Cells per side.
    """
    smallest = 0
    for symmetry in range(1, 8):
        if is_smaller_image(grid, side, symmetry, smallest):
            smallest = symmetry
    origin, row_step, column_step = image_steps(smallest, side)
    # The inner cells, a bit each, are gathered into words of 64: each bit is appended at the lower
    # end. Every full word is mixed into the hash, and so is the last one, full or not.
    bits = SPLIT_SALT
    word = uint64(0)
    filled = 0
    for row in range(1, side - 1):
        cell = origin + row * row_step
        for column in range(1, side - 1):
            free = grid[cell + column * column_step] != WALL
            word = (word << uint64(1)) | uint64(free)
            filled += 1
            if filled == 64:
                bits = mix(bits ^ word)
                word = uint64(0)
                filled = 0
    return mix(bits ^ word)
