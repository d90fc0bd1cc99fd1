"""Mazes made elsewhere are what they are said to be, and answers to them are judged right."""

import json
import sys

import networkx as nx
import numpy as np
import pytest

from thinkenv import mazes

DRAWN = mazes.from_text("""
#######
#S    #
# # # #
#    G#
#######
""").grids[0]


@pytest.fixture
def foreign(benchmark_module):
    return benchmark_module("foreign_mazes")


@pytest.fixture
def writing(benchmark_module):
    return benchmark_module("write_foreign_mazes")


def marked(*rows: str) -> np.ndarray:
    """An answer as it is drawn: ``*`` on the marked cells."""
    return np.array([[cell == "*" for cell in row] for row in rows]).astype(np.uint8)


def test_any_of_the_shortest_paths_is_right(foreign):
    ways = [
        (".......", ".*****.", ".....*.", ".....*.", "......."),
        (".......", ".***...", "...*...", "...***.", "......."),
        (".......", ".*.....", ".*.....", ".*****.", "......."),
    ]
    assert all(foreign.is_right(DRAWN, marked(*way)) for way in ways)


@pytest.mark.parametrize(
    "rows",
    [
        (".......", ".......", ".......", ".......", "......."),  # nothing
        (".......", ".*****.", "...*.*.", ".....*.", "......."),  # one too many
        (".......", ".**.**.", ".....*.", ".....*.", "......."),  # a gap
        (".......", ".***...", "..**...", "...***.", "......."),  # as many as needed and a wall
        (".......", ".**....", "..*....", "...***.", "......."),  # through a wall
        (".......", ".*****.", ".*...*.", ".*****.", "......."),  # both ways
    ],
)
def test_other_answers_are_wrong(foreign, rows):
    assert not foreign.is_right(DRAWN, marked(*rows))


def test_a_detour_is_wrong(foreign):
    (grid,) = mazes.from_text("#####\n#S G#\n# # #\n#   #\n#####").grids
    straight = marked(".....", ".***.", ".....", ".....", ".....")
    detour = marked(".....", ".*.*.", ".*.*.", ".***.", ".....")
    assert foreign.is_right(grid, straight) and not foreign.is_right(grid, detour)


def test_without_a_way_the_empty_answer_is_right(foreign):
    (grid,) = mazes.from_text("#####\n#S#G#\n#####", allow_unsolvable=True).grids
    assert foreign.is_right(grid, np.zeros_like(grid))
    assert not foreign.is_right(grid, (grid == 2).astype(np.uint8))


def free_cells(grid: np.ndarray) -> nx.Graph:
    cells = nx.grid_2d_graph(*grid.shape)
    return cells.subgraph(map(tuple, np.argwhere(grid > 0).tolist()))


def end(grid: np.ndarray, code: int) -> tuple[int, int]:
    ((row, column),) = np.argwhere(grid == code).tolist()  # there is only one
    return row, column


def test_arrays_are_mazes_of_the_kind_that_their_name_says(writing):
    drawn = {name: writing.draw_array(name, 13, 8, seed=0) for name in writing.OF_ARRAYS}
    for name, grids in drawn.items():
        assert grids.shape == (8, 15, 15) and grids.dtype == np.uint8
        assert not grids[:, [0, -1]].any() and not grids[:, :, [0, -1]].any()
        np.testing.assert_array_equal(grids, writing.draw_array(name, 13, 8, seed=0))
        assert (grids != writing.draw_array(name, 13, 8, seed=1)).any()
        for grid in grids:
            joined = nx.has_path(free_cells(grid), end(grid, 2), end(grid, 3))
            assert joined != name.endswith("apart")
    for name in ("networkx_tree", "networkx_tree_loops_0.1", "networkx_removed_0.3"):
        assert not drawn[name][:, ::2, ::2].any()  # where four walls meet there is one
        assert drawn[name][:, 1::2, 1::2].all()
    assert all(nx.is_tree(free_cells(grid)) for grid in drawn["networkx_tree"])
    loops = [not nx.is_forest(free_cells(grid)) for grid in drawn["networkx_tree_loops_0.1"]]
    assert sum(loops) >= 6
    for name in ("numpy_floor_plan", "numpy_islands"):
        assert any(grid[1::2, ::2][:, 1:-1].any() and grid[::2, ::2].any() for grid in drawn[name])
    ends = [end(grid, code) for name in drawn for grid in drawn[name] for code in (2, 3)]
    assert {(row % 2, column % 2) for row, column in ends} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_files_become_rows_and_the_judges_agree(foreign, writing, monkeypatch, capsys, tmp_path):
    for name in ("networkx_tree", "networkx_removed_0.45_apart"):
        np.save(tmp_path / f"{name}.npy", writing.draw_array(name, 9, 5, seed=0))
    about = {"file": "networkx_tree.npy", "generator": "networkx", "loops": 0.0}
    (tmp_path / "written.json").write_text(json.dumps({"command": "write", "files": [about]}))
    results = tmp_path / "results.json"

    def run(*words: object) -> str:
        monkeypatch.setattr(sys, "argv", ["foreign_mazes.py", *map(str, words)])
        foreign.main()
        return capsys.readouterr().out

    files = [tmp_path / "networkx_tree.npy", tmp_path / "networkx_removed_0.45_apart.npy"]
    assert "of 5 solved" in run("--files", files[0], "--threads", 1, "--json", results)
    first = json.loads(results.read_text())["rows"]
    run("--files", *files, "--threads", 1, "--json", results)
    rows = json.loads(results.read_text())["rows"]
    assert list(rows) == [file.name for file in files]
    row, apart = rows.values()
    assert first == {files[0].name: row}
    assert row["networkx_exact"] == row["exact"] and row["judges_differ"] == []
    assert row["without_a_way"] == 0 and apart["without_a_way"] == 5
    assert row["written"] == {"command": "write", **about} and apart["written"] is None
    assert len(row["file_sha256"]) == len(row["mazes_sha256"]) == 64
    header, _, *lines = run("--table", results).splitlines()
    assert header == "| made by | size | mazes | maze |"
    assert lines[0].startswith("| networkx loops 0 | 9 | 5 |")
    assert lines[1].startswith("| networkx_removed_0.45_apart.npy | 9 | 5 |")


def test_where_the_judges_differ_is_said(foreign, writing, monkeypatch, tmp_path):
    from thinkenv.deep_thinking import load

    np.save(tmp_path / "mazes.npy", writing.draw_array("networkx_tree", 9, 4, seed=0))
    agent = load("maze")
    solved = foreign.think_about_file(agent, tmp_path / "mazes.npy")["exact"]
    monkeypatch.setattr(foreign, "is_right", lambda grid, answer: False)
    row = foreign.think_about_file(agent, tmp_path / "mazes.npy")
    assert row["networkx_exact"] == 0 and len(row["judges_differ"]) == round(4 * solved)


def test_writing_goes_on_where_it_was_stopped(writing, monkeypatch, tmp_path):
    monkeypatch.setattr(writing, "SIZES", (9,))
    monkeypatch.setattr(writing, "OF_MAZE_DATASET", {})
    monkeypatch.setattr(writing.metadata, "version", lambda package: "1")
    words = ["write", "--folder", str(tmp_path), "--count", "2"]
    monkeypatch.setattr(sys, "argv", words)
    writing.main()
    *others, last = tmp_path.glob("*.npy")
    written = json.loads((tmp_path / writing.WRITTEN).read_text())
    files = [about for about in written["files"] if about["file"] != last.name]
    (tmp_path / writing.WRITTEN).write_text(json.dumps(written | {"files": files}))
    for path in others:
        path.write_bytes(b"not touched")
    content = last.read_bytes()
    last.unlink()
    writing.main()
    assert all(path.read_bytes() == b"not touched" for path in others)
    assert last.read_bytes() == content
    assert json.loads((tmp_path / writing.WRITTEN).read_text()) == written
    monkeypatch.setattr(sys, "argv", [*words, "--seed", "1"])  # other mazes: all are written
    writing.main()
    assert b"not touched" not in [path.read_bytes() for path in others]
