"""Images of grids stay within them, and the hash is the same of all eight."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import ROOMS, tree, with_loops
from thinkenv.mazes import symmetry

SIDES = [2 * rooms + 1 for rooms in ROOMS]


def images(grid):
    """The eight images of a grid ``(H, W)``, in the order of the kernel."""
    for number in range(8):
        image = grid
        image = image[::-1] if number & 1 else image
        image = image[:, ::-1] if number & 2 else image
        yield image.T if number & 4 else image


@pytest.mark.parametrize("side", SIDES)
def test_image_steps(side):
    cells = np.arange(side * side).reshape(side, side)
    for number, image in enumerate(images(cells)):
        origin, down, right = symmetry.image_steps(number, side)
        rows, columns = np.indices((side, side))
        assert np.array_equal(origin + rows * down + columns * right, image)


@pytest.mark.parametrize("side", SIDES)
def test_is_smaller_image(side):
    grid = with_loops(tree(side // 2, 0)[0], 0).reshape(side, side)
    inner = [image[1:-1, 1:-1].tolist() for image in images(grid)]
    for first in range(8):
        for second in range(8):
            is_smaller = symmetry.is_smaller_image(grid.ravel(), side, first, second)
            assert is_smaller == (inner[first] < inner[second])


@pytest.mark.parametrize("side", [*SIDES, 4])
def test_canonical_hash(side):
    for fill in (0, 1, None):
        grid = np.full((side, side), fill or 0, np.uint8)
        if fill is None:
            grid = np.random.default_rng(0).integers(0, 4, (side, side), np.uint8)
        hashes = {
            int(symmetry.canonical_hash(np.ascontiguousarray(image).ravel(), side))
            for image in images(grid)
        }
        assert len(hashes) == 1
