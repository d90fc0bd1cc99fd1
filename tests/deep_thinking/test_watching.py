"""Watching an agent think: what is said of the outcome, also where nobody knows what is right."""

import io

import numpy as np
import pytest
from PIL import Image

from thinkenv import make_task, mazes
from thinkenv.chess_puzzles import PositionTask
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.watching import watch


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
    # One of these agents marks nothing, as is right; the other marks cells that lead nowhere.
    watched = watch(load("maze_seed2"), task, batch, frames=4)
    assert watched.summary.startswith(f"{start}solved after ")
    watched = watch(load("maze"), task, batch, frames=4)
    assert watched.summary.startswith(f"{start}not solved after ")
    assert watched.summary.endswith(" iterations; the answer shows no way")


def test_a_position_whose_solution_nobody_knows():
    task = PositionTask("6k1/5ppp/8/8/8/8/5PPP/3R2K1 w - - 0 1")
    watched = watch(load("chess"), task, task.draw([0]), iterations=12, frames=3)
    assert watched.summary.endswith(": thought about for 12 iterations; no solution is known")
    assert watched.notes == [{"iterations": point} for point in (0, 4, 12)]
    assert len(watched.frames) == 4 and watched.strip()


def test_what_was_watched_is_one_line_and_in_a_notebook_the_animation(maze):
    watched = watch(load("maze"), *maze, iterations=3, frames=3)
    assert repr(watched) == f"Watched({watched.summary})"
    assert "data:image/gif;base64," in watched._repr_html_()
    assert Image.open(io.BytesIO(watched.gif())).n_frames == len(watched.frames)
