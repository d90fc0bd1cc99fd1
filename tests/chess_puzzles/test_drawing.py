"""Pictures of boards: pieces where they stand, the solver's side below, marks in their colours."""

import numpy as np
import pytest

from thinkenv.chess_puzzles import drawing
from thinkenv.chess_puzzles.notation import move_of_uci, position_of_fen

WHITE = "6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1"
BLACK = "3r2k1/5ppp/8/8/8/8/5PPP/6K1 b - - 0 1"


def squares_of(picture):
    """The picture's squares: ``(8, 8, pixels, pixels, 3)``, the upper left one first."""
    margin = drawing.MARGIN
    board = picture[margin:-margin, margin:-margin]
    size = board.shape[0] // 8
    return board.reshape(8, size, 8, size, 3).swapaxes(1, 2)


def test_text_has_the_solver_below_and_the_last_move_in_brackets():
    text = drawing.write_text(position_of_fen(WHITE), move_of_uci("f8g8", False))
    assert text.splitlines() == [
        "8  .  .  .  .  . [.][k] .",
        "7  .  .  .  .  .  p  p  p",
        *[f"{rank}  .  .  .  .  .  .  .  ." for rank in (6, 5, 4, 3)],
        "2  .  .  .  .  .  P  P  P",
        "1  .  .  .  R  .  .  K  .",
        "   a  b  c  d  e  f  g  h",
    ]
    turned = drawing.write_text(position_of_fen(BLACK)).splitlines()
    assert turned[0] == "1  .  K  .  .  .  .  .  ."
    assert turned[7:] == ["8  .  k  .  .  r  .  .  .", "   h  g  f  e  d  c  b  a"]


@pytest.mark.parametrize("fen", [WHITE, BLACK])
def test_a_square_is_plain_exactly_where_no_piece_stands(fen):
    squares = squares_of(drawing.render(position_of_fen(fen)))
    letters = [line[3::3] for line in drawing.write_text(position_of_fen(fen)).splitlines()[:8]]
    for row, column in np.ndindex(8, 8):
        colours = np.unique(squares[row, column].reshape(-1, 3), axis=0)
        assert (len(colours) == 1) == (letters[row][column] == "."), (row, column)
    # The square at the right below is light for both players.
    assert tuple(squares[7, 7, 0, 0]) == drawing.LIGHT_SQUARE
    assert tuple(squares[7, 0, 0, 0]) == drawing.DARK_SQUARE


def test_marks_are_blue_where_right_and_orange_where_wrong():
    marked, right = np.zeros((8, 8)), np.zeros((8, 8))
    marked[0, 3] = marked[4, 4] = right[0, 3] = 1
    squares = squares_of(drawing.render(position_of_fen(WHITE), None, marked, right))
    assert tuple(squares[7, 3, 0, 0]) == drawing.RIGHT_COLOUR
    assert tuple(squares[3, 4, 0, 0]) == drawing.WRONG_COLOUR
    text = drawing.write_text(position_of_fen(WHITE), None, marked, right)
    assert text.splitlines()[-1] == "marked: d1 e5; wrong: e5"


def test_heat_reddens_a_square_the_more_the_hotter_it_is():
    heat = np.zeros((8, 8))
    heat[3, 0], heat[3, 2] = 0.3, 1.0
    squares = squares_of(drawing.render(position_of_fen(WHITE), heat=heat))
    green = [int(squares[4, column, 0, 0, 1]) for column in (4, 0, 2)]
    assert green[0] > green[1] > green[2]
