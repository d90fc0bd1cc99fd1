"""The tree as a picture: which moves are shown, and that nothing lies over anything else."""

import itertools

import numpy as np
import pytest
from PIL import Image

from tests.deep_thinking.imagination.test_lines import MATE_IN_TWO, QUIET, tree_of
from thinkenv.chess_puzzles.notation import position_of_fen
from thinkenv.deep_thinking.imagination import drawing
from thinkenv.deep_thinking.imagination.manner import Manner
from thinkenv.deep_thinking.imagination.telling import names_of
from thinkenv.drawing import RIGHT_COLOUR, WRONG_COLOUR, colour_values


def everything(branches):
    """All branches, with those behind them."""
    return [branch for each in branches for _, branch in each.levels()]


@pytest.mark.parametrize("least", [2, 5, 20])
def test_the_moves_shown_are_those_looked_into_so_often_and_the_line(least):
    trees = tree_of(QUIET, 300, Manner())
    branches = drawing.branches_of(trees, 0, least, is_black=False)
    shown = everything(branches)
    assert sum(not branch.is_played or branch.visits >= least for branch in shown) == int(
        (trees.visits[0] >= least).sum()
    )
    played, level = [], branches
    while level:
        (following,) = [branch for branch in level if branch.is_played] or [None]
        played += [following.name] if following else []
        level = following.branches if following else []
    assert played == names_of(position_of_fen(QUIET), trees.line(0))
    for branch in shown:
        assert sum(each.visits for each in branch.branches) <= branch.visits
        assert all(each.is_reply != branch.is_reply for each in branch.branches)
    for depth, branch in branches[0].levels():
        assert branch.is_reply == (depth % 2 == 1)


def test_certain_mates_are_named():
    trees = tree_of(MATE_IN_TWO, 2000)
    first, *_ = drawing.branches_of(trees, 0, 2, is_black=False)
    assert first.name == "Kc7 mate in 2" and first.branches[0].name == "Ka7 then mate in 1"
    assert first.branches[0].branches[0].name == "Ra1#"


def boxes_of(canvas: drawing.Canvas):
    """The boxes of all nodes and names, ``(left, top, right, bottom)``."""
    for depth, branch in [pair for each in canvas.branches for pair in each.levels()]:
        radius = canvas.radius(branch.visits)
        yield branch.x - radius, branch.y - radius, branch.x + radius, branch.y + radius
        left = canvas.begins[depth] + drawing.SPACE / 2
        yield left, branch.y - 18, left + canvas.width_of(branch.name), branch.y + 17


@pytest.mark.parametrize("positions", [3, 40, 300])
def test_nothing_overlaps_and_all_is_in_the_picture(positions):
    trees = tree_of(QUIET, positions, Manner())
    branches = drawing.branches_of(trees, 0, 2, is_black=False)
    canvas = drawing.Canvas(branches, Image.new("RGB", (200, 200)))
    boxes = list(boxes_of(canvas))
    assert len(boxes) == 2 * drawing.count_of(branches)
    for one, other in itertools.combinations(boxes, 2):
        is_apart = one[2] <= other[0] or other[2] <= one[0]
        assert is_apart or one[3] <= other[1] or other[3] <= one[1]
    for left, top, right, bottom in boxes:
        assert 0 <= left and right <= canvas.width
        assert drawing.HEADER <= top and bottom <= canvas.height - drawing.FOOTER


def test_only_so_many_moves_are_shown():
    trees = tree_of(QUIET, 300, Manner())
    for most in (10, 40):
        least = drawing.least_visits(trees, 0, most)
        assert drawing.count_of(drawing.branches_of(trees, 0, least, False)) <= most
        more = drawing.branches_of(trees, 0, least - 1, False)
        assert least == drawing.LEAST_VISITS or drawing.count_of(more) > most


def test_a_tree_without_branches_is_the_board_alone():
    picture = drawing.draw_tree(tree_of(QUIET, 0, Manner()), 0, position_of_fen(QUIET))
    assert picture.width > picture.height > 2 * 8 * drawing.SQUARE


def test_values_are_orange_where_wrong_blue_where_right_and_pale_between():
    colours = colour_values(np.array([0.0, 0.25, 0.5, 0.75, 1.0]))
    assert colours[[0, 2, 4]].tolist() == [list(WRONG_COLOUR), [255] * 3, list(RIGHT_COLOUR)]
    assert colours[1, 0] > colours[1, 2] and colours[3, 2] > colours[3, 0]
