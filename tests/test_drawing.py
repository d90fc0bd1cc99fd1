"""Pictures of plain problems, and one palette for those of all tasks."""

import numpy as np

from thinkenv import drawing
from thinkenv.mazes import drawing as maze_drawing
from thinkenv.prefix_sums import drawing as string_drawing

PROBLEM = np.array([[0, 1, 2], [2, 1, 0]])


def colours_of(picture: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(map(int, colour)) for colour in np.unique(picture.reshape(-1, 3), axis=0)}


def test_problems_are_greys_and_the_larger_the_lighter():
    picture = drawing.render_cells(PROBLEM)
    scale = picture.shape[0] // 2
    assert picture.shape == (2 * scale, 3 * scale, 3) and scale == drawing.PIXELS // 3
    assert picture[::scale, ::scale].tolist() == [
        [[0] * 3, [127] * 3, [255] * 3],
        [[255] * 3, [127] * 3, [0] * 3],
    ]


def test_marked_cells_are_bluish_and_wrong_ones_orange():
    marked = np.array([[1, 0, 0], [0, 0, 1]])
    solution = np.array([[1, 0, 0], [0, 1, 0]])
    picture = drawing.render_cells(np.zeros_like(PROBLEM), marked, solution)
    scale = picture.shape[0] // 2
    blue, orange = ((0.8 * np.array(c)).astype(int) for c in (drawing.BLUE, drawing.ORANGE))
    cells = picture[::scale, ::scale]
    assert cells[0, 0].tolist() == blue.tolist()
    assert cells[1, 1].tolist() == cells[1, 2].tolist() == orange.tolist()
    assert not cells[0, 1:].any() and not cells[1, 0].any()


def test_strings_are_rows():
    assert drawing.render_cells(np.array([0, 1])).shape == (160, 320, 3)
    text = drawing.write_cells(np.array([0, 1, 1]), np.array([1, 0, 1]), np.array([1, 1, 1]))
    assert text == "0 1 1   #?#\n"


def test_right_and_wrong_have_the_same_colours_in_all_pictures():
    """Blue and orange of Okabe and Ito's palette, the latter a little darker."""
    assert (drawing.BLUE, drawing.ORANGE) == ((0, 114, 178), (230, 110, 20))
    grid = np.array([[0, 0, 0, 0, 0], [0, 2, 1, 3, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]])
    answer = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]])
    solution = np.array([[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    of_maze = maze_drawing.render(grid, answer, solution)
    of_string = string_drawing.render(np.array([1, 0]), np.array([1, 0]), np.array([1, 1]))
    for picture in (of_maze, of_string):
        assert {drawing.BLUE, drawing.ORANGE, drawing.INK, drawing.PAPER} <= colours_of(picture)
