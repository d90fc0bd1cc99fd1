"""Pictures of mazes with numbers in their cells."""

import numpy as np
import pytest

from thinkenv import drawing
from thinkenv.mazes import MazeTask, from_text
from thinkenv.mazes.drawing import render_numbers
from thinkenv.tasks import make_task

NUMBERS = np.array([[np.nan, 0.0, 5.0], [10.0, np.nan, 2.5]])


def lightness(colours: np.ndarray) -> np.ndarray:
    """How light colours ``(..., 3)`` look, 0 to 255."""
    return colours @ np.array([0.299, 0.587, 0.114])


def test_larger_numbers_are_darker_and_none_is_grey():
    shown = drawing.colour_numbers(np.linspace(0, 7, 200), largest=7)
    assert (np.diff(lightness(shown)) <= 1).all()
    assert shown[0].tolist() == [253, 231, 37] and shown[-1].tolist() == [72, 36, 117]
    few = drawing.colour_numbers(NUMBERS, largest=10)
    assert few.shape == (2, 3, 3) and few.dtype == np.uint8
    assert tuple(few[0, 0]) == tuple(few[1, 1]) == drawing.GREY
    assert np.array_equal(few[1, 0], shown[-1]) and np.array_equal(few[0, 1], shown[0])
    # What is beyond the scale is at its ends, and nothing fails where all numbers are 0.
    beyond = drawing.colour_numbers(np.array([-3.0, 99.0]), largest=10)
    assert np.array_equal(beyond, [shown[0], shown[-1]])
    assert np.array_equal(drawing.colour_numbers(np.zeros(2), largest=0), [shown[0]] * 2)


@pytest.mark.parametrize("pixels", [1, 3, 7])
def test_walls_are_dark_and_free_cells_have_the_colours_of_their_numbers(pixels):
    batch = MazeTask(9, "test", loops=0.2).draw([3])
    grid = batch.grids[0]
    numbers = np.arange(grid.size, dtype=float).reshape(grid.shape)
    picture = render_numbers(grid, numbers, grid.size, pixels)
    assert picture.shape == (11 * pixels, 11 * pixels, 3)
    corners = picture[::pixels, ::pixels]  # beside the discs of start and goal
    assert (corners[grid == 0] == drawing.INK).all()
    assert np.array_equal(corners[grid == 1], drawing.colour_numbers(numbers, grid.size)[grid == 1])
    middles = picture[pixels // 2 :: pixels, pixels // 2 :: pixels]
    assert (middles[grid == 2] == drawing.GREEN).all()


def test_other_tasks_show_numbers_plainly():
    task = make_task("prefix_sum", bits=8)
    picture = task.heat_map(task.draw([0]), np.arange(8.0)[None], 7.0)
    assert picture.shape == (40, 320, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) == 8


# Two ways of five cells round a pillar, and a dead end.
TWO_WAYS = """
#####
#S  #
# # #
#  G#
# ###
#####
"""


def cells_of(picture: np.ndarray, colour: tuple[int, int, int]) -> set[tuple[int, int]]:
    """The cells, of 32 pixels a side, that have a colour in the middle."""
    return {*map(tuple, np.argwhere((picture[16::32, 16::32] == colour).all(axis=2)).tolist())}


def test_while_a_maze_is_thought_about_all_shortest_ways_are_right():
    batch, task = from_text(TWO_WAYS), MazeTask(5)
    everywhere = (batch.grids[0] > 0).astype(np.uint8)
    drawn = task.picture(batch, probabilities=everywhere.astype(float))
    blue = {(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)}
    assert cells_of(drawn, drawing.RIGHT_COLOUR) == blue
    assert cells_of(drawn, drawing.WRONG_COLOUR) == {(4, 1)}
    # An answer is judged: both ways at once are no path.
    judged = task.picture(batch, answer=everywhere)
    assert len(cells_of(judged, drawing.RIGHT_COLOUR)) == 3
    assert len(cells_of(judged, drawing.WRONG_COLOUR)) == 4


def test_what_is_no_maze_is_drawn_with_the_solution_that_it_comes_with():
    batch = from_text(TWO_WAYS)
    batch.grids[0, 0, 1] = 1  # an opening in the outer wall
    drawn = MazeTask(5).picture(batch, probabilities=np.ones(batch.grids.shape[1:]))
    assert len(cells_of(drawn, drawing.RIGHT_COLOUR)) == 3
