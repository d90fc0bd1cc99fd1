"""Mazes drawn by hand, and a breadth-first search in plain Python that measures their paths."""

from collections import deque

import numpy as np

# Each with its path, counted by hand: the cells from S to G, both included.
TREE = """\
###########
#S  #     #
### # ### #
#   #   # #
# ##### # #
#     # # #
##### # # #
#       #G#
###########
"""
RECTANGLE = """\
#########
#S#     #
# # ### #
#   #  G#
#########
"""
LOOPS = """\
########
#S     #
# ## # #
#    #G#
########
"""


def grid_of(drawing: str) -> np.ndarray:
    """Cell codes of a drawing, without the package."""
    codes = {"#": 0, " ": 1, "S": 2, "G": 3}
    return np.array([[codes[sign] for sign in line] for line in drawing.splitlines()], np.uint8)


def length_of(grid: np.ndarray) -> int:
    """Cells of a shortest path from 2 to 3, both included; 0 where there is none."""
    cells = np.pad(grid, 1)
    start = tuple(np.argwhere(cells == 2)[0].tolist())
    lengths = {start: 1}
    queue = deque([start])
    while queue:
        row, column = queue.popleft()
        if cells[row, column] == 3:
            return lengths[row, column]
        for cell in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)):
            if cells[cell] and cell not in lengths:
                lengths[cell] = lengths[row, column] + 1
                queue.append(cell)
    return 0


def open_border(grid: np.ndarray) -> np.ndarray:
    """The same walls, with start and goal as openings of the outer wall: above and below."""
    opened = np.minimum(grid, 1)
    opened[0, np.flatnonzero(opened[1])[0]] = 1
    opened[-1, np.flatnonzero(opened[-2])[-1]] = 1
    return opened


def with_ends(opened: np.ndarray) -> np.ndarray:
    """A maze with openings above and below, start and goal written into them."""
    grid = opened.copy()
    for row, code in ((0, 2), (-1, 3)):
        grid[row, np.flatnonzero(grid[row])] = code
    return grid
