"""JSON, tables, and what ``read`` does with files of any kind."""

import json
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkenv import mazes

from .conftest import LOOPS, RECTANGLE, TREE, grid_of, length_of

DRAWN = [TREE, RECTANGLE, LOOPS]
EXCHANGED = np.array([1, 0, 2, 3])


def ends_of(grid: np.ndarray) -> dict[str, list[int]]:
    names = {"start": 2, "goal": 3}
    return {name: np.argwhere(grid == code)[0].tolist() for name, code in names.items()}


def assert_reads(value, *drawings: str) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    batch = mazes.from_text(text)
    grids = [grid_of(drawing) for drawing in drawings]
    assert len(batch) == len(grids)
    for index, grid in enumerate(grids):
        assert np.array_equal(batch.grids[index][: len(grid), : grid.shape[1]], grid)
    assert batch.path_lengths.tolist() == [length_of(grid) for grid in grids]


@pytest.mark.parametrize("drawing", DRAWN)
def test_json_of_one_maze_in_every_form(drawing):
    grid = grid_of(drawing)
    walls = (grid == 0).astype(int)
    lines = drawing.splitlines()
    ends = ends_of(grid)
    assert_reads(grid.tolist(), drawing)
    assert_reads(EXCHANGED[grid].tolist(), drawing)
    assert_reads(lines, drawing)
    assert_reads([list(line) for line in lines], drawing)
    assert_reads({"grid": grid.tolist()}, drawing)
    assert_reads({"name": "mine", "maze": lines}, drawing)
    assert_reads({"map": drawing}, drawing)
    assert_reads({"grid": walls.tolist(), **ends}, drawing)
    assert_reads({"grid": (1 - walls).tolist(), **ends}, drawing)
    assert_reads({"grid": (walls == 1).tolist(), **ends}, drawing)
    without_letters = [line.replace("S", " ").replace("G", " ") for line in lines]
    places = {"start": ends["start"], "end": ends["goal"]}
    assert_reads({"cells": without_letters, **places}, drawing)
    by_name = {"row": ends["goal"][0], "column": ends["goal"][1]}
    assert_reads({"grid": walls.tolist(), "start": ends["start"], "exit": by_name}, drawing)
    short = {"r": ends["start"][0], "c": ends["start"][1]}
    floats = [float(number) for number in ends["goal"]]
    assert_reads({"grid": walls.tolist(), "start_pos": short, "goal_pos": floats}, drawing)


def test_json_of_several_mazes_in_every_form():
    grids = [grid_of(drawing).tolist() for drawing in DRAWN]
    lines = [drawing.splitlines() for drawing in DRAWN]
    objects = [{"grid": grid} for grid in grids]
    assert_reads(grids, *DRAWN)
    assert_reads(lines, *DRAWN)
    assert_reads(DRAWN, *DRAWN)
    assert_reads(objects, *DRAWN)
    assert_reads({"mazes": grids}, *DRAWN)
    assert_reads({"mazes": objects, "made_by": "hand"}, *DRAWN)
    assert_reads({"grids": lines}, *DRAWN)
    assert_reads("\n".join(json.dumps(value) for value in objects), *DRAWN)
    assert_reads("\n".join(json.dumps(value) for value in grids) + "\n", *DRAWN)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "holds no mazes"),
        ({}, "an object must have one of grid"),
        ({"grod": [[0]]}, "an object must have one of grid, .*got 'grod'"),
        ([[0, 0, 0], [0, 2], [0, 0, 0]], "row 1 has 2 cells, and row 0 has 3"),
        ([[0, 0, 0], [0, None, 3], [0, 0, 0]], "row 1 must be a list of numbers or signs"),
        ([[0, 0, 0], [0, 10**400, 3], [0, 0, 0]], "a number is too large for a cell"),
        ([[0, 0, 0], [0, 9, 3], [0, 0, 0]], "row 1, column 1: unknown number 9"),
        ([1, 2, 3], "a maze must be a list of rows, got 1"),
        ({"grid": [[0, 0]], "start": [0, 5], "goal": [0, 1]}, r"start must be \[row, column\] of"),
        ({"grid": [[0, 0]], "start": "here", "goal": [0, 1]}, r"start must be \[row, column\]"),
        ({"grid": [[0, 1]], "start": [0, 0], "goal": [0, 1]}, "both be on free cells"),
        ({"grid": [[0, 0]], "start": [0, 0], "goal": [0, 0]}, "must be different cells"),
        ({"grid": ["#S#"], "start": [0, 1], "goal": [0, 2]}, "free cells, got a wall at"),
        ({"mazes": [["#####", "#S#G#", "#####"]]}, "no way from start to goal"),
        ("[" * 100_000, "is nested too deep"),
    ],
)
def test_json_that_is_no_maze_is_refused(value, words):
    with pytest.raises(mazes.MazeFileError, match=words) as caught:
        mazes.from_text(value if isinstance(value, str) else json.dumps(value))
    assert "\n" not in str(caught.value)


def square(drawing: str) -> list[str]:
    side = max(len(drawing.splitlines()), len(drawing.splitlines()[0]))
    return [line.ljust(side, "#") for line in [*drawing.splitlines(), *[""] * side][:side]]


@pytest.mark.parametrize("with_answers", [False, True])
def test_the_table_of_maze_hard_is_read(tmp_path, with_answers):
    grids = [grid_of("\n".join(square(drawing))) for drawing in DRAWN]
    lines = ["source,question,answer,rating"]
    for grid in grids:
        question = "".join("# SG"[code] for code in grid.ravel())
        marks = (mazes.solve(grid).ravel() == 1) & (grid.ravel() == 1)
        answer = "".join(np.where(marks, "o", list(question))) if with_answers else ""
        lines.append(f"mine,{question},{answer},{length_of(grid)}")
    (tmp_path / "test.csv").write_text("\n".join(lines))
    batch = mazes.read(tmp_path / "test.csv")
    assert batch.path_lengths.tolist() == [length_of(grid) for grid in grids]
    assert np.array_equal(batch.grids[0], grids[0])
    if with_answers:
        wrong = lines[2].replace("o", " ", 1)
        (tmp_path / "test.csv").write_text("\n".join([lines[0], wrong]))
        with pytest.raises(mazes.MazeFileError, match=r"test\.csv: line 2: .*'o' marks the path"):
            mazes.read(tmp_path / "test.csv")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_columns_may_stand_between_other_separators(separator):
    question = "".join(square(DRAWN[0]))
    table = [["Rating", '"Question"'], ["7", question]]
    batch = mazes.from_text("\n".join(separator.join(row) for row in table))
    assert batch.path_lengths.tolist() == [length_of(grid_of(DRAWN[0]))]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "holds no mazes"),
        ("a,#####", "line 2: question must be a square grid of letters, got 5 of them"),
        ("a,####S?G##", "unknown character"),
        ("a,####S####", "there is no goal"),
    ],
)
def test_rows_that_are_no_mazes_are_named(rows, words):
    with pytest.raises(mazes.MazeFileError, match=words):
        mazes.from_text("source,question\n" + rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["maze.txt", "maze", "maze.map", "maze.csv", "maze.md"])
def test_text_is_read_under_any_name(tmp_path, encoding, name):
    path = tmp_path / name
    path.write_bytes(TREE.replace("#", "█").encode(encoding))
    assert np.array_equal(mazes.read(path).grids[0], grid_of(TREE))
    assert np.array_equal(mazes.read(str(path)).grids[0], grid_of(TREE))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("maze.txt", b"", "is empty"),
        (
            "maze.txt",
            b"####\n#SG\xff\n####",
            "neither text nor another kind that is read: text, .json",
        ),
        ("maze.exe", b"MZ\x00\x01", "neither text nor another kind that is read"),
        ("maze.json", b"[[0, 0", "is no JSON"),
        ("maze.json", b"#####", "is no JSON"),
        ("maze.npz", b"PK\x03\x04 damaged", "damaged or cut off"),
        ("maze.npy", b"\x93NUMPY", "reading magic string"),
        ("maze.png", b"\x89PNG damaged", "not a readable picture"),
        ("maze.npz", b"no zip", "damaged or cut off"),
    ],
)
def test_a_file_that_is_no_maze_is_refused_by_name(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(mazes.MazeFileError, match=words) as caught:
        mazes.read(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name, words in (
        ("none.txt", "there is no such file"),
        ("pipe.npz", "is not an ordinary file"),
        ("loop", "cannot be read"),
        (".", "a folder without inputs.npy or all__inputs.npy"),
    ):
        with pytest.raises(mazes.MazeFileError, match=words):
            mazes.read(tmp_path / name)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 4)
    | st.floats()
    | st.text("#S G01\n", max_size=4)
    | st.sampled_from([[1, 1], [0, 0], [10**400]]),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["grid", "start", "goal", "mazes", "x"]), inner, max_size=3
        )
    ),
    max_leaves=30,
)


@given(value=VALUES)
def test_any_json_is_mazes_or_an_error_in_one_line(value):
    try:
        batch = mazes.from_text(json.dumps(value))
    except mazes.MazeFileError as error:
        assert "\n" not in str(error)
    else:
        assert all(map(mazes.is_solution, batch.grids, batch.solutions))
