"""Watching an agent think: what is said of the outcome, also where nobody knows what is right."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.deep_thinking.analysis.distance_net import DistanceNet, distances
from thinkenv import drawing, make_task, mazes
from thinkenv.chess_puzzles import PositionTask
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.watching import CAPTION_HEIGHT, MARGIN, MAX_MAPS, watch
from thinkenv.mazes import MazeTask
from thinkenv.mazes.drawing import cell_pixels


@pytest.fixture
def maze():
    """A task, and a batch of one maze of it."""
    task = make_task("maze", split="test")
    return task, task.draw([0])


def walled(batch):
    """The same maze with a wall across the only way; the right answer is empty."""
    cells = np.argwhere((batch.solutions[0] == 1) & (batch.grids[0] == mazes.FREE))
    batch.grids[0][tuple(cells[0])] = mazes.WALL
    batch.solutions[:], batch.path_lengths[:], batch.unique[:] = 0, 0, False
    return batch


def test_a_maze_that_is_solved(maze):
    watched = watch(load("maze"), *maze, frames=4)
    length = maze[1].path_lengths[0]
    assert watched.summary.startswith(
        f"maze 9x9, path of {length} cells, instance 0 of test: solved after {watched.iterations} "
        "iterations (first seen solved at "
    )
    assert watched.notes[-1] == {"iterations": watched.iterations, "solved": True, "cells": 1.0}


def test_a_maze_without_a_way(maze):
    task, batch = maze
    batch = walled(batch)
    start = "maze 9x9, no way from start to goal: right is no cell, instance 0 of test: "
    # Two of these agents mark nothing, as is right; the other marks cells that lead nowhere.
    for name in ("maze", "maze_trees_seed2"):
        watched = watch(load(name), task, batch, frames=4)
        assert watched.summary.startswith(f"{start}solved after ")
    watched = watch(load("maze_trees"), task, batch, frames=4)
    assert watched.summary.startswith(f"{start}not solved after ")
    assert watched.summary.endswith(" iterations; the answer shows no way")


@pytest.mark.parametrize("name", ["chess", "chess_squares"])
def test_a_position_whose_solution_nobody_knows(name):
    task = PositionTask("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1")
    watched = watch(load(name), task, task.draw([0]), iterations=12, frames=3)
    assert watched.summary.endswith(": thought about for 12 iterations; no solution is known")
    assert watched.notes == [{"iterations": point} for point in (0, 4, 12)]
    assert len(watched.frames) == 4 and watched.strip()


def test_what_was_watched_is_one_line_and_in_a_notebook_the_animation(maze):
    watched = watch(load("maze"), *maze, iterations=3, frames=3)
    assert repr(watched) == f"Watched({watched.summary})"
    assert "data:image/gif;base64," in watched._repr_html_()
    assert Image.open(io.BytesIO(watched.gif())).n_frames == len(watched.frames)


class SeveralCounts(DistanceNet):
    """The same count several times, and numbers of any size that are no boards."""

    unbounded = frozenset({"counters", "total"})

    def start(self, inputs):
        memory = super().start(inputs)
        many = memory["counters"].expand(-1, MAX_MAPS + 2, -1, -1)
        return {**memory, "counters": many, "total": inputs.new_zeros(len(inputs), 1, 1)}

    def step(self, memory, injected):
        once = {"near": memory["near"], "counters": memory["counters"][:, :1]}
        after = super().step(once, injected)
        many = after["counters"].expand(-1, MAX_MAPS + 2, -1, -1)
        return {**after, "counters": many, "total": memory["total"] + 1}


def cells_shown(frame: Image.Image, panel: int, panels: int, side: int) -> np.ndarray:
    """The colours in the cells of a maze's picture, beside their middles, ``(side, side, 3)``."""
    width, pixels = frame.width // panels, cell_pixels(side)
    centres = pixels * np.arange(side) + 1
    picture = np.asarray(frame)[:, panel * width :]
    return picture[CAPTION_HEIGHT + centres][:, MARGIN + centres]


def watch_counts(net, iterations):
    task = make_task("maze", size=13, split="test", loops=0.2, endpoints="free_cells")
    batch = task.draw([1])
    agent = Agent(net, CellCodec(MazeTask), training_iterations=10)
    return batch.grids[0], watch(agent, task, batch, iterations, frames=5)


def test_counts_grow_beside_the_answer_on_one_scale():
    grid, watched = watch_counts(DistanceNet(), 40)
    steps, side = distances(grid), len(grid)
    largest = steps[np.isfinite(steps) & (steps < 40)].max()
    assert watched.panels == 2 and len(watched.frames) == len(watched.notes) + 1 == 6
    is_free = grid == mazes.FREE
    points = [note["iterations"] for note in watched.notes]
    for frame, done in zip(watched.frames, [*points, points[-1]], strict=True):
        shown = cells_shown(frame, 1, 2, side)
        assert (shown[grid == mazes.WALL] == drawing.INK).all()
        is_reached = is_free & (steps < done)
        assert (shown[is_free & ~is_reached] == drawing.NO_NUMBER_COLOUR).all()
        expected = drawing.colour_numbers(steps[is_reached], largest)
        assert np.array_equal(shown[is_reached], expected)
    assert watched.frames[0].size == watched.frames[-1].size
    strip, gif = (Image.open(io.BytesIO(made)) for made in (watched.strip(), watched.gif()))
    assert strip.size == (2 * watched.frames[0].width, 3 * watched.frames[0].height)
    # The animation has one palette, which has the grey of the beginning and the colours of the end.
    for index in (0, len(watched.frames) - 1):
        gif.seek(index)
        found = np.asarray(gif.convert("RGB")).astype(int)
        assert np.abs(found - np.asarray(watched.frames[index])).mean() < 3


def test_a_few_of_many_counts_are_shown_and_nothing_that_is_no_board():
    grid, watched = watch_counts(SeveralCounts(), 20)
    assert watched.panels == 1 + MAX_MAPS
    last = watched.frames[-1]
    first = cells_shown(last, 1, 1 + MAX_MAPS, len(grid))
    assert np.array_equal(first, cells_shown(last, MAX_MAPS, 1 + MAX_MAPS, len(grid)))


def test_an_agent_that_does_not_count_has_one_panel(maze):
    watched = watch(load("maze_trees"), *maze, iterations=3, frames=3)
    assert watched.panels == 1
    width, height = watched.frames[0].size
    assert Image.open(io.BytesIO(watched.strip())).size == (2 * width, 2 * height)
