"""``.zanj`` files of the package maze-dataset: both generations, every layout, and damaged ones."""

import base64
import io
import json
import zipfile
from pathlib import Path

import networkx
import numpy as np
import pytest

from thinkenv import mazes
from thinkenv.mazes import interchange
from thinkenv.mazes.interchange import MazeFileError

from ..grids import assert_right, ends_of, graph_of

FILES = Path(__file__).parents[1] / "files"

# As ``maze-dataset`` 0.5.6 prints the first maze of the file with ``as_ascii``.
FIRST_OF_0_5 = """
###########
#    E    #
# ###X# # #
#    X#   #
# ###X### #
#    X#   #
# ###X# # #
# #SXX  # #
# ####### #
#         #
###########
"""
# As 1.4.2 prints the first maze of its file.
FIRST_OF_1_4 = """
###########
#   #   # #
# ### # # #
#     # # #
# ####### #
#S#XXXXXXX#
#X#X#####X#
#X#XXXXX#E#
#X#####X# #
#XXXXXXX# #
###########
"""


def assert_is_drawn(batch: mazes.MazeBatch, drawing: str) -> None:
    """The first maze of a batch is the one that the package prints so."""
    drawn = np.array([list(row) for row in drawing.strip("\n").split("\n")])
    assert np.array_equal(batch.grids[0] == 0, drawn == "#")
    assert np.array_equal(batch.solutions[0] == 1, np.isin(drawn, list("SEX")))
    assert batch.grids[0][drawn == "S"] == 2 and batch.grids[0][drawn == "E"] == 3


def test_mazes_with_loops_of_0_5_6_are_read_and_judged():
    """Six mazes by ``gen_dfs_percolation`` with p=0.2."""
    batch = interchange.read_maze_dataset(FILES / "maze_dataset_loops.zanj")
    assert batch.grids.shape == (6, 11, 11)
    assert_is_drawn(batch, FIRST_OF_0_5)
    assert not batch.unique.all()


def test_many_mazes_of_0_5_6_are_read_from_its_other_layout():
    batch = interchange.read_maze_dataset(FILES / "maze_dataset_many.zanj")
    assert batch.grids.shape == (150, 11, 11)
    assert batch.unique.all()  # depth-first mazes have no loops
    assert len({grid.tobytes() for grid in batch.grids}) > 140


@pytest.mark.parametrize(
    ("name", "side", "lengths"),
    [
        ("mazes", 11, [27, 15, 23]),
        ("packed", 9, [7, 7, 19, 9, 5]),
        ("collection", 9, [3, 13, 9, 3, 9, 11, 15]),  # of three and of four rooms a side
    ],
)
def test_files_of_1_4_2_have_the_lengths_that_the_package_says(name, side, lengths):
    """Saved by it, without the source code of its generators that it writes beside the mazes."""
    batch = interchange.read(FILES / f"maze_dataset_1_4_{name}.zanj")
    assert batch.grids.shape == (len(lengths), side, side)
    assert batch.path_lengths.tolist() == lengths
    if name == "mazes":
        assert_is_drawn(batch, FIRST_OF_1_4)


def test_percolation_of_1_4_2_opens_walls_of_a_tree_between_rooms_and_any_shortest_way_is_right():
    """24 mazes of 8x8 rooms by ``gen_dfs_percolation`` with p=0.04, as in ``loops=0.04``."""
    batch = interchange.read(FILES / "maze_dataset_1_4_percolation.zanj")
    assert batch.grids.shape == (24, 17, 17)
    assert_right(batch)
    assert (batch.grids[:, 1::2, 1::2] != 0).all() and (batch.grids[:, ::2, ::2] == 0).all()
    opened = (batch.grids != 0).sum(axis=(1, 2)) - (2 * 8**2 - 1)
    assert opened.min() >= 0 and 0 < opened.mean() / (2 * 8 * 7 - 63) < 0.08
    assert not batch.unique.all()
    for grid, length in zip(batch.grids, batch.path_lengths, strict=True):
        start, goal = ends_of(grid)
        assert {*start, *goal} <= set(range(1, 17, 2))  # both in rooms
        ways = list(networkx.all_shortest_paths(graph_of(grid), start, goal))
        for way in ways:
            answer = np.zeros_like(grid)
            answer[tuple(np.transpose(way))] = 1
            assert len(way) == length and mazes.is_solution(grid, answer)
            answer[goal] = 0
            assert not mazes.is_solution(grid, answer)


# What follows is written here, in the form of the package.

# Two rows of three rooms: the upper row is joined, and its last room to the one below.
CONNECTIONS = np.array([[[0, 0, 1], [0, 0, 0]], [[1, 1, 0], [0, 0, 0]]], bool)
ROOMS = np.array([[0, 0], [0, 1], [0, 2], [1, 2]])
DRAWN = """
#######
#SXXXX#
#####X#
# # #E#
#######
"""


def listed(array: np.ndarray, key: str = "__muutils_format__") -> dict:
    """An array as the package writes small ones."""
    return {
        key: "numpy.ndarray:array_list_meta",
        "data": array.tolist(),
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "n_elements": array.size,
    }


def maze(**parts) -> dict:
    kind = "SolvedMaze" if "solution" in parts else "TargetedLatticeMaze"
    return {
        "__muutils_format__": f"{kind}(SerializableDataclass)",
        "connection_list": listed(CONNECTIONS),
        "generation_meta": {"func_name": "gen_dfs", "visited_cells": [[0, 0], [0, 1]]},
        **parts,
    }


def solved() -> dict:
    ends = dict(start_pos=listed(ROOMS[0]), end_pos=listed(ROOMS[-1]))
    return maze(**ends, solution=listed(ROOMS))


def dataset(entries) -> dict:
    cfg = {"__muutils_format__": "MazeDatasetConfig(SerializableDataclass)", "grid_n": 3}
    return {"__muutils_format__": "MazeDataset", "cfg": cfg, "fname": "x", "mazes": entries}


def packed(count: int = 2, **parts) -> dict:
    arrays = {
        "maze_connection_lists": np.stack([CONNECTIONS] * count),
        "maze_solution_lengths": np.full(count, 4, np.int32),
        **parts,
    }
    kind = {"__muutils_format__": "MazeDataset:minimal", "fname": "x"}
    return kind | {name: listed(array) for name, array in arrays.items()}


def save(path: Path, description, beside: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__zanj__.json", json.dumps(description))
        for name, content in (beside or {}).items():
            archive.writestr(name, content)
    return path


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


PADDED = np.concatenate([ROOMS, [[99, 99], [-1, -1]]]).astype(np.int8)  # whatever there is behind
LAYOUTS = {
    "a data set": (dataset([solved(), solved()]), 2),
    "one maze": (solved(), 1),
    "a list of mazes": ([solved()] * 3, 3),
    "data sets by name": ({"train": dataset([solved()]), "test": dataset([solved()] * 2)}, 3),
    "a collection": (
        {
            "__muutils_format__": "MazeDatasetCollection",
            "maze_datasets": [dataset([solved()]), packed(maze_solutions=np.stack([PADDED] * 2))],
        },
        3,
    ),
    "paths one below the other": (packed(maze_solutions=np.stack([PADDED] * 2)), 2),
    "paths one after the other": (packed(maze_solutions_concat=np.concatenate([ROOMS] * 2)), 2),
    "start and goal alone": (maze(start_pos=listed(ROOMS[0]), end_pos=listed(ROOMS[-1])), 1),
    "start and goal without a format": (maze(start_pos=[0, 0], end_pos=[1, 2]), 1),
    "arrays as lists": (solved() | {"connection_list": CONNECTIONS.tolist()}, 1),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read(tmp_path, layout):
    description, count = LAYOUTS[layout]
    batch = interchange.read(save(tmp_path / "mazes.zanj", description))
    assert len(batch) == count and batch.unique.all()
    for index in range(count):
        assert_is_drawn(batch[index : index + 1], DRAWN)


@pytest.mark.parametrize("kind", ["array_hex_meta", "array_b64_meta"])
@pytest.mark.parametrize("key", ["__muutils_format__", "__format__"])
def test_arrays_may_be_written_as_text(tmp_path, kind, key):
    content = CONNECTIONS.tobytes()
    data = content.hex() if "hex" in kind else base64.b64encode(content).decode()
    array = {key: f"numpy.ndarray:{kind}", "data": data, "shape": [2, 2, 3], "dtype": "bool"}
    description = dataset([solved() | {"connection_list": array}])
    assert_is_drawn(interchange.read(save(tmp_path / "mazes.zanj", description)), DRAWN)


@pytest.mark.parametrize("key", ["__muutils_format__", "__format__"])
def test_arrays_and_lists_may_be_files_of_the_archive(tmp_path, key):
    inner = solved() | {
        "connection_list": {key: "numpy.ndarray:external", "$ref": "mazes/0/connection_list.npy"}
    }
    lines = "\n".join(json.dumps(entry) for entry in (inner, solved())) + "\n"
    description = dataset({key: "list:external", "$ref": "mazes.jsonl", "len(data)": 2})
    beside = {"mazes.jsonl": lines.encode(), "mazes/0/connection_list.npy": npy(CONNECTIONS)}
    batch = interchange.read(save(tmp_path / "mazes.zanj", description, beside))
    assert len(batch) == 2
    assert_is_drawn(batch, DRAWN)


def test_rooms_from_128_on_which_the_package_stores_as_negative_ones_are_found(tmp_path):
    connections = np.zeros((2, 1, 200), bool)
    connections[1, 0, :-1] = True
    rooms = np.stack([np.zeros(200), np.arange(200)], axis=1)
    description = packed(
        maze_connection_lists=connections[None],
        maze_solution_lengths=np.array([200]),
        maze_solutions=rooms.astype(np.int64).astype(np.int8)[None],
    )
    batch = interchange.read(save(tmp_path / "mazes.zanj", description))
    assert batch.path_lengths.tolist() == [399]


def test_ways_out_of_the_maze_that_the_package_leaves_in_its_lists_are_walls(tmp_path):
    connections = CONNECTIONS.copy()
    connections[0, -1] = connections[1, :, -1] = True
    description = solved() | {"connection_list": listed(connections)}
    assert_is_drawn(interchange.read(save(tmp_path / "mazes.zanj", description)), DRAWN)


def test_a_goal_that_cannot_be_reached_is_refused_unless_it_is_allowed(tmp_path):
    path = save(tmp_path / "mazes.zanj", [solved(), maze(start_pos=[0, 0], end_pos=[1, 0])])
    with pytest.raises(MazeFileError, match="mazes.zanj: maze 1: .*no way from start to goal"):
        interchange.read(path)
    batch = interchange.read(path, allow_unsolvable=True)
    assert batch.path_lengths.tolist() == [7, 0] and not batch.solutions[1].any()


REFUSED = {
    "no ends": (maze(), "it has no start and no goal, as a LatticeMaze has none"),
    "one end": (maze(start_pos=[0, 0], end_pos=[0, 0]), "start and goal are the same room"),
    "no way": (solved() | {"solution": listed(ROOMS[[0, 3]])}, "its solution is not a shortest"),
    "outside": (maze(start_pos=[0, 0], end_pos=[2, 0]), "its path leaves the maze"),
    "negative": (maze(start_pos=[0, 0], end_pos=[-1, 0]), "its path leaves the maze"),
    "no lattice": (solved() | {"connection_list": [[True]]}, "must have shape .2, rows, columns."),
    "no rooms": (solved() | {"solution": [1, 2]}, "must have shape .length, 2., got .2,."),
    "text": (solved() | {"connection_list": [["a"]]}, "needs bools or integers"),
    "objects": (solved() | {"solution": {"data": [], "dtype": "O", "shape": [0]}}, "needs bools"),
    "no mazes": ({"__muutils_format__": "MazeDatasetConfig", "name": "x"}, "holds no mazes"),
    "an empty data set": (dataset([]), "holds no mazes"),
    "missing files": (dataset({"$ref": "mazes.jsonl"}), "mazes.jsonl"),
    "few rooms": (packed(maze_solutions=np.zeros((2, 3, 2), int)), "have not all the rooms"),
    "few paths": (packed(maze_solutions_concat=ROOMS), "has 4 rooms for 8"),
    "lengths of 0": (
        packed(maze_solution_lengths=np.array([0, 4]), maze_solutions_concat=ROOMS),
        "must have a length of at least 1 for each maze",
    ),
    "text instead of a list": (dataset({"a": 1}), "holds no mazes"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_holds_no_mazes_is_refused_with_the_reason(tmp_path, kind):
    description, words = REFUSED[kind]
    with pytest.raises(MazeFileError, match=f"^[^\n]*mazes.zanj: [^\n]*{words}"):
        interchange.read(save(tmp_path / "mazes.zanj", description))


def test_a_list_in_itself_is_refused(tmp_path):
    beside = {"all.jsonl": b'{"$ref": "all.jsonl"}'}
    with pytest.raises(MazeFileError, match="refers to 'all.jsonl' twice"):
        interchange.read(save(tmp_path / "mazes.zanj", {"$ref": "all.jsonl"}, beside))
    deep = "[" * 100_000
    with zipfile.ZipFile(tmp_path / "deep.zanj", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__zanj__.json", deep)
    with pytest.raises(MazeFileError, match="is nested too deep"):
        interchange.read(tmp_path / "deep.zanj")


def test_more_than_there_is_memory_for_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = save(tmp_path / "mazes.zanj", dataset([solved()] * 200))
    monkeypatch.setattr("os.sysconf", lambda name: 1000)  # a machine with a megabyte
    with pytest.raises(MazeFileError, match="of memory, and this machine has"):
        interchange.read(path)


def test_an_array_that_promises_more_than_there_is_is_refused(tmp_path):
    header = npy(np.zeros((2, 2, 3), bool)).replace(b"(2, 2, 3)", b"(9, 9, 9)")
    description = solved() | {"connection_list": {"$ref": "connection_list.npy"}}
    with pytest.raises(MazeFileError, match="the header of an array promises 729 bytes"):
        interchange.read(
            save(tmp_path / "mazes.zanj", description, {"connection_list.npy": header})
        )


@pytest.mark.parametrize("kept", [0, 100, 4000])
def test_a_damaged_file_is_refused(tmp_path, kept):
    damaged = tmp_path / "cut.zanj"
    damaged.write_bytes((FILES / "maze_dataset_loops.zanj").read_bytes()[:kept])
    words = "damaged or cut off" if kept else "is empty"
    with pytest.raises(MazeFileError, match=f"cut.zanj: {words}"):
        interchange.read_maze_dataset(damaged)
    with pytest.raises(MazeFileError, match="missing.zanj: there is no such file"):
        interchange.read_maze_dataset(tmp_path / "missing.zanj")
