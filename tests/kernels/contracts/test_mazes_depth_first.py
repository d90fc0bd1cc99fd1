"""Depth-first search stays within its scratch memory, for every size from one room on."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import ROOMS, ROOT, assert_spans, stream
from thinkenv.mazes import depth_first
from thinkenv.mazes.lattice import open_passages

INSIDE = {"divide_scratch": "begin_walk", "leave_out": "begin_walk", "walk_on": "carve_dfs"}
SIZES = [*ROOMS, 4, 6, 7, 101]


def scratch_of(rooms, lanes=1):
    return np.full((lanes, (2 * rooms + 1) ** 2), -1, np.int32)


@pytest.mark.parametrize("words", [0, 1, 6, 100])
def test_draw_choices(words):
    choices = np.full(4 * words, 255, np.uint8)
    depth_first.draw_choices(stream(words), words, choices)
    assert set(choices.tolist()) <= set(range(0, 192, 16))


@pytest.mark.parametrize("rooms", SIZES)
def test_begin_walk(rooms):
    for seed in range(5):
        position = int(depth_first.begin_walk(stream(seed), rooms, scratch_of(rooms)[0]))
        row, column = divmod(position, rooms + 2)
        assert 1 <= row <= rooms and 1 <= column <= rooms


@pytest.mark.parametrize("rooms", SIZES)
def test_end_walk(rooms):
    scratch = scratch_of(rooms)[0]
    depth_first.begin_walk(stream(1), rooms, scratch)
    parents = np.empty(rooms * rooms, np.uint8)
    depth_first.end_walk(rooms, scratch, parents)
    assert (parents == ROOT).sum() == 1


@pytest.mark.parametrize("rooms", SIZES)
def test_carve_dfs(rooms):
    for seed in range(10 if rooms < 20 else 1):
        grid, parents = np.empty((2 * rooms + 1) ** 2, np.uint8), np.empty(rooms * rooms, np.uint8)
        depth_first.carve_dfs(stream(seed), rooms, grid, parents, scratch_of(rooms)[0])
        assert_spans(rooms, grid, parents)


@pytest.mark.parametrize("rooms", SIZES)
def test_find_dfs_parents(rooms):
    lanes = depth_first.LANES
    rngs = np.arange(lanes, dtype=np.uint64)[:, None]
    parents = np.empty((lanes, rooms * rooms), np.uint8)
    depth_first.find_dfs_parents(rngs, rooms, parents, scratch_of(rooms, lanes))
    for lane in parents:
        grid = np.empty((2 * rooms + 1) ** 2, np.uint8)
        open_passages(rooms, grid, lane)
        assert_spans(rooms, grid, lane)
