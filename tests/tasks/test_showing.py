"""How batches and tasks show themselves: a short line, and pictures where there is a notebook."""

import base64
import io
import re
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from thinkenv import chess_puzzles, make_task, mazes, prefix_sums
from thinkenv.notebooks import MAX_EXAMPLE_SIDE, MAX_PICTURES, MAX_SIDE
from thinkenv.tasks.base import InstanceBatch
from thinkenv.tasks.plain import PlainBatch


def pictures_in(page: str) -> list[Image.Image]:
    """The pictures of a piece of HTML."""
    found = re.findall(r'<img src="data:image/(?:png|gif);base64,([^"]*)">', page)
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in found]


def plain_batch(count: int, shape: tuple[int, ...] = (3, 4)) -> PlainBatch:
    cells = np.arange(count * np.prod(shape)).reshape(count, *shape)
    return PlainBatch(cells, np.zeros((count, *shape), np.uint8), np.arange(count))


def test_a_batch_is_one_short_line():
    batch = mazes.generate(size=9, count=5)
    low, high = batch.path_lengths.min(), batch.path_lengths.max()
    assert repr(batch) == f"MazeBatch(5 mazes of 11x11, path lengths {low} to {high})"
    assert repr(batch[:1]) == f"MazeBatch(1 maze of 11x11, path lengths {batch.path_lengths[0]})"
    assert repr(batch[:0]) == "MazeBatch(0 mazes of 11x11)"
    batch.path_lengths[:2] = 0
    assert repr(batch[:2]) == "MazeBatch(2 mazes of 11x11, 2 without a way)"
    assert repr(prefix_sums.generate(count=7)) == "PrefixSumBatch(7 strings of 32 bits)"
    assert repr(make_task("chess").draw([0, 1])) == "ChessPuzzleBatch(2 chess puzzles)"
    assert repr(plain_batch(3)) == "PlainBatch(3 problems of 3x4)"


def test_a_batch_of_ones_own_is_short_too_or_says_what_its_class_says():
    @dataclass
    class Own(PlainBatch):
        """As most people write one."""

    @dataclass
    class Worded(PlainBatch):
        """With words of its own."""

        def __repr__(self) -> str:
            return "mine"

    assert repr(Own(**plain_batch(2).columns())) == "Own(2 problems of 3x4)"
    assert repr(Worded(**plain_batch(2).columns())) == "mine"


def test_puzzles_are_one_short_line():
    puzzles = chess_puzzles.load(rating=[1000, 1200], themes=["mateIn2"])
    assert repr(puzzles) == (
        "ChessPuzzles(115 puzzles rated 1000 to 1199 of lichess_puzzles_sample.csv)"
    )
    assert repr(puzzles[:0]) == "ChessPuzzles(0 puzzles of lichess_puzzles_sample.csv)"
    assert "(1 puzzle rated " in repr(puzzles[:1])


@pytest.mark.parametrize(
    "batch",
    [
        mazes.generate(size=9, count=20),
        mazes.generate(size=301, count=2),
        prefix_sums.generate(bits=5000, count=3),
        make_task("chess").draw(range(3)),
        plain_batch(2),
        plain_batch(2, (7,)),
        plain_batch(2, (5, 6, 7)),
        mazes.generate(size=9, count=0),
    ],
    ids=repr,
)
def test_a_notebook_shows_the_first_problems_in_small_pictures(batch: InstanceBatch):
    page = batch._repr_html_()
    shown = pictures_in(page)
    assert len(shown) == min(len(batch), MAX_PICTURES) and repr(batch) in page
    assert all(max(picture.size) <= MAX_SIDE for picture in shown)
    assert ("more" in page) == (len(batch) > MAX_PICTURES)
    assert len(page) < 400_000


def test_a_picture_of_a_maze_is_that_maze():
    batch = mazes.generate(size=9, count=1)
    (picture,) = pictures_in(batch._repr_html_())
    small = np.asarray(picture.resize((11, 11), Image.Resampling.BOX).convert("L"), int)
    assert np.array_equal(small < 100, batch.grids[0] == mazes.WALL)


@pytest.mark.parametrize("name", ["maze", "chess", "prefix_sum"])
def test_a_task_shows_its_options_and_an_example(name):
    task = make_task(name)
    page = task._repr_html_()
    (picture,) = pictures_in(page)
    assert max(picture.size) <= MAX_EXAMPLE_SIDE
    assert type(task).__name__ in page and all(option in page for option in task.options)
    assert len(repr(task)) < 250


def test_what_is_shown_is_escaped(tmp_path):
    path = tmp_path / "<b>.npz"
    batch = mazes.generate(size=9, count=1)
    np.savez(path, **batch.columns())
    assert "<b>" not in mazes.MazeFileTask(path)._repr_html_()
