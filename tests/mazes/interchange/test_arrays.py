"""Mazes in ``.npy`` and ``.npz`` files of any tool."""

import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes import interchange

from .conftest import RECTANGLE, TREE, grid_of, length_of, open_border, with_ends

BATCH = mazes.generate(9, 4, split="test")
EXCHANGED = np.array([1, 0, 2, 3], np.uint8)


@pytest.mark.parametrize("grid", [grid_of(TREE), grid_of(RECTANGLE)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("exchange", [False, True])
def test_one_maze_of_either_code_is_read(tmp_path, grid, dtype, exchange):
    path = tmp_path / "maze.npy"
    np.save(path, (EXCHANGED[grid] if exchange else grid).astype(dtype))
    batch = mazes.read(path)
    assert np.array_equal(batch.grids, grid[None])
    assert batch.path_lengths[0] == length_of(grid)


@pytest.mark.parametrize(
    "make", [lambda a: a, lambda a: a == 1, lambda a: a * 255, lambda a: 1 - a]
)
def test_openings_are_start_and_goal(tmp_path, make):
    opened = open_border(grid_of(TREE))
    np.save(tmp_path / "maze.npy", make(opened))
    batch = mazes.read(tmp_path / "maze.npy")
    assert np.array_equal(batch.grids[0], np.pad(with_ends(opened), 1))


def test_tokens_and_letters_are_read(tmp_path):
    np.save(tmp_path / "tokens.npy", BATCH.grids + 1)
    np.save(tmp_path / "letters.npy", np.array(list("# SG"))[BATCH.grids])
    for name in ("tokens.npy", "letters.npy"):
        assert np.array_equal(mazes.read(tmp_path / name).grids, BATCH.grids)


@pytest.mark.parametrize(
    "arrays",
    [
        {"grids": BATCH.grids},
        {"grids": BATCH.grids.astype(np.int64), "solutions": BATCH.solutions},
        {"grids": BATCH.grids, "labels": np.arange(4)},
        {"x": EXCHANGED[BATCH.grids]},
        {"arr_0": BATCH.grids.astype(np.float64)},
        {
            "maze": np.minimum(BATCH.grids, 1),
            "start": np.argwhere(BATCH.grids == 2)[:, 1:],
            "goal": np.argwhere(BATCH.grids == 3)[:, 1:],
        },
        {
            "mazes": BATCH.grids == 0,
            "start_pos": np.argwhere(BATCH.grids == 2)[:, 1:].astype(float),
            "ends": np.argwhere(BATCH.grids == 3)[:, 1:],
        },
        {"grids": BATCH.grids.astype(str).astype("U21")},
        {"letters": np.array(list("# SG"), "S1")[BATCH.grids]},
        {"grids": BATCH.grids, "options": np.array('{"size": 9}')},
    ],
)
def test_grids_of_any_name_are_solved(tmp_path, arrays):
    np.savez(tmp_path / "mazes.npz", **arrays)
    batch = mazes.read(tmp_path / "mazes.npz")
    for name in ("grids", "solutions", "path_lengths", "unique"):
        assert np.array_equal(getattr(batch, name), getattr(BATCH, name)), name
    assert (batch.instances == -1).all()


def test_a_name_does_not_matter(tmp_path):
    interchange.write_npz(tmp_path / "exported", BATCH, {})
    np.save(tmp_path / "other.txt", BATCH.grids)
    (tmp_path / "other.txt.npy").rename(tmp_path / "other.txt")
    for name in ("exported", "other.txt"):
        assert np.array_equal(mazes.read(tmp_path / name).grids, BATCH.grids)


WRONG = BATCH.solutions.copy()
WRONG[2] ^= 1


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"grids": BATCH.grids, "solutions": WRONG}, "maze 2: its solution is not a shortest path"),
        ({"grids": BATCH.grids, "solutions": BATCH.solutions * 2}, "solutions must hold 0 and 1"),
        ({"grids": BATCH.grids, "instances": np.arange(3)}, "instances must be 4 whole numbers"),
        ({"grids": BATCH.grids * 3}, "unknown number 9"),
        ({"grids": np.full((2, 5, 5), np.nan)}, "unknown number nan"),
        ({"grids": BATCH.grids[..., None]}, r"got \(4, 11, 11, 1\)"),
        ({"grids": np.array("mazes")}, r"got \(\)"),
        ({"a": BATCH.grids, "b": BATCH.grids}, "needs an array called grids, .*it has 'a', 'b'"),
        ({"grids": BATCH.grids[:0]}, "holds no mazes"),
        ({"grids": np.full((9, 9, 3), 255, np.uint8)}, "looks like a picture"),
        ({"grids": np.zeros((2, 5, 5), "M8[s]")}, "cells must be numbers"),
        ({"grids": np.zeros((2, 5, 5), np.uint8)}, "there is no start and no goal"),
        ({"grids": BATCH.grids, "start": np.ones((4, 3), int)}, "start must be whole numbers"),
        ({"grids": np.minimum(BATCH.grids, 1), "start": np.full((4, 2), 99)}, "start must be"),
    ],
)
def test_arrays_that_are_no_mazes_are_refused(tmp_path, arrays, words):
    path = tmp_path / "mazes.npz"
    np.savez(path, **arrays)
    with pytest.raises(mazes.MazeFileError, match=words) as caught:
        mazes.read(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_objects_are_never_loaded(tmp_path):
    for name in ("grid.npy", "grid.pkl"):
        with open(tmp_path / name, "wb") as file:
            np.save(file, np.array([{"code": print}], object), allow_pickle=True)
    with pytest.raises(mazes.MazeFileError, match="grid.npy: .*Python objects"):
        mazes.read(tmp_path / "grid.npy")
    with pytest.raises(mazes.MazeFileError, match="grid.pkl: is not read, since it could run code"):
        mazes.read(tmp_path / "grid.pkl")


def test_a_header_that_promises_too_much_is_refused(tmp_path):
    with open(tmp_path / "grid.npy", "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (10**6, 10**6, 10**3)}
        np.lib.format.write_array_header_1_0(file, header)
        file.write(bytes(100))
    words = "the header of an array promises 1,000,000,000,000,000 bytes; there are 100"
    with pytest.raises(mazes.MazeFileError, match=words):
        mazes.read(tmp_path / "grid.npy")


def test_a_bomb_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", grids=np.zeros((9, 3000, 3000), np.uint8))
    with pytest.raises(mazes.MazeFileError, match="81,000,128 bytes in"):
        mazes.read(tmp_path / "bomb.npz")


def test_mazes_without_a_way_are_kept_on_request(tmp_path):
    grid = grid_of("#####\n#S#G#\n#####")
    np.savez(tmp_path / "mazes.npz", grids=grid)
    with pytest.raises(mazes.MazeFileError, match="no way from start to goal"):
        mazes.read(tmp_path / "mazes.npz")
    batch = mazes.read(tmp_path / "mazes.npz", allow_unsolvable=True)
    assert (batch.path_lengths[0], batch.unique[0], batch.solutions.any()) == (0, False, False)
    interchange.write_npz(tmp_path / "again.npz", batch, {})
    again = mazes.read(tmp_path / "again.npz", allow_unsolvable=True)
    assert np.array_equal(again.grids, batch.grids) and again.path_lengths[0] == 0
