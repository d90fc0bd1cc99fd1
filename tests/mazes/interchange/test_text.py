"""Mazes drawn as text, by hand and by other programs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thinkenv import mazes
from thinkenv.mazes import drawing

from .conftest import LOOPS, RECTANGLE, TREE, grid_of, length_of, with_ends

OPEN = """\
# ###########
#   #       #
### ### ### #
#   #   #   #
# ### ### ###
#     #     #
######### ###
"""


def assert_reads(text: str, *drawings: str) -> None:
    batch = mazes.from_text(text)
    assert len(batch) == len(drawings)
    for index, expected in enumerate(map(grid_of, drawings)):
        assert np.array_equal(batch.grids[index], expected)
        assert batch.path_lengths[index] == length_of(expected)
        assert mazes.is_solution(batch.grids[index], batch.solutions[index])


@pytest.mark.parametrize("maze", [TREE, RECTANGLE, LOOPS])
@pytest.mark.parametrize(
    "write",
    [
        str,
        str.lower,
        lambda text: text.replace(" ", "."),
        lambda text: text.replace("#", "█").replace(" ", "░"),
        lambda text: text.replace("G", "E"),
        lambda text: text.replace("S", "A").replace("G", "B"),
        lambda text: text.replace("S", "@"),
        lambda text: text.replace("#", "X"),
        lambda text: text.replace("#", "*"),
        lambda text: text.replace("#", "@"),
        lambda text: text.replace("#", "%").replace(" ", "_"),
        lambda text: text.replace("#", "⬛").replace(" ", "⬜"),
        lambda text: "".join(" ".join(line) + "\n" for line in text.splitlines()),
        lambda text: "\n".join(",".join(f'"{sign}"' for sign in row) for row in text.splitlines()),
        lambda text: ",\n".join(str(list(line)) for line in text.splitlines()),
        lambda text: "\ufeff" + text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\n \n" + text.replace("\n", "   \n") + "\t\n\n",
        lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"\t{line}\n" for line in text.splitlines()),
        lambda text: "".join(" ".join(line.replace(" ", ".")) + "\n" for line in text.splitlines()),
        lambda text: "".join(",".join(line) + "\n" for line in text.splitlines()),
        lambda text: "".join("\t".join(line) + "\n" for line in text.splitlines()),
        lambda text: drawing.write_text(grid_of(text)),
        lambda text: drawing.write_text(grid_of(text), mazes.solve(grid_of(text))),
        lambda text: "".join(f"{line.rstrip()}\n" for line in text.splitlines()),
    ],
)
def test_drawings_of_every_kind_are_read(maze, write):
    assert_reads(write(maze), maze)


@pytest.mark.parametrize("maze", [TREE, RECTANGLE, LOOPS])
@pytest.mark.parametrize("wall", [0, 1])
@pytest.mark.parametrize("between", ["", " ", ",", ", ", "\t", ";"])
def test_numbers_are_read_whichever_is_the_wall(maze, wall, between):
    codes = str.maketrans({"#": str(wall), " ": str(1 - wall), "S": "2", "G": "3"})
    lines = [between.join(line.translate(codes)) for line in maze.splitlines()]
    assert_reads("\n".join(lines), maze)
    letters = [between.join(line.translate(codes)) for line in maze.splitlines()]
    letters = [line.replace("2", "S").replace("3", "e") for line in letters]
    assert_reads("\n".join(letters), maze)
    if between in (" ", ","):
        assert_reads("[[" + "]\n [".join(lines) + "]]", maze)  # as NumPy prints it
        whole = [line.replace("0", "0.000e+00").replace("1", "1.000e+00") for line in letters]
        assert_reads("\n".join(whole), maze)  # as np.savetxt writes it, but for the ends


@pytest.mark.parametrize("mark", ["#", "1", "0"])
def test_openings_in_the_outer_wall_are_start_and_goal(mark):
    free = {"#": " ", "1": "0", "0": "1"}[mark]
    opened = np.array([[sign == " " for sign in line] for line in OPEN.splitlines()], np.uint8)
    text = OPEN.replace(" ", free).replace("#", mark)
    batch = mazes.from_text(text)
    expected = with_ends(opened)
    # A ring of walls is put around all, so that the openings stay cells of the maze.
    assert np.array_equal(batch.grids[0], np.pad(expected, 1))
    assert batch.path_lengths[0] == length_of(expected) == 31


def test_one_opening_is_the_end_that_is_not_marked():
    assert mazes.from_text("#####\n#S#  \n#   #\n#####").path_lengths[0] == 6
    assert mazes.from_text("#####\n#G#  \n#   #\n#####").path_lengths[0] == 6


def test_blanks_that_an_editor_removed_are_free():
    drawn = "#########\n# #     #\n# # #####\n# #      \n#S# #####\n#   #####\n#########"
    stripped = "\n".join(line.rstrip() for line in drawn.split("\n"))
    assert len(stripped) == len(drawn) - 6
    batch = mazes.from_text(stripped)
    assert np.array_equal(batch.grids, mazes.from_text(drawn).grids)
    assert batch.path_lengths[0] == 11  # down, two to the right, two up, six to the right


ROOMS = """
+---+---+---+
| S     |   |
+---+   +   +
|       |   |
+   +---+   +
|         G |
+---+---+---+
"""
BOXES = """
┌───┬───────┐
│ S │       │
│   │   ╷   │
│       │ G │
└───────┴───┘
"""


def test_lines_between_rooms_become_cells():
    batch = mazes.from_text(ROOMS)
    assert batch.grids.shape == (1, 7, 7)
    assert batch.path_lengths[0] == 13  # 7 rooms and 6 passages
    batch = mazes.from_text(BOXES)
    assert batch.grids.shape == (1, 5, 7)
    assert batch.path_lengths[0] == 11
    tall = "\n".join(line for line in ROOMS.split("\n") for _ in range(1 + line.startswith("|")))
    assert np.array_equal(mazes.from_text(tall).grids, mazes.from_text(ROOMS).grids)


FLOORS_AND_WALLS = [
    " _ _ _\n|_  | |\n|S|_ G|\n|_ _ _|",
    " _____\n|_  | |\n|S|_ G|\n|_____|",
    " ___ ___ ___\n|___    |   |\n| S |___  G |\n|___ ___ ___|",
    " ______________\n|         |    |\n|____     |    |\n|    |         |\n"
    "|  S |____  G  |\n|              |\n|______________|",
]


@pytest.mark.parametrize("drawn", FLOORS_AND_WALLS)
def test_floors_and_walls_of_rooms_become_cells(drawn):
    assert_reads(drawn, "#######\n#   # #\n### # #\n#S#  G#\n# ### #\n#     #\n#######\n")


def test_openings_of_a_ceiling_and_a_floor_are_start_and_goal():
    opened = "# #####\n#   # #\n### # #\n# #   #\n# ### #\n#     #\n##### #\n"
    batch = mazes.from_text("   _ _\n|_  | |\n| |_  |\n|_ _  |")
    assert np.array_equal(batch.grids[0], mazes.from_text(opened).grids[0])
    with pytest.raises(mazes.MazeFileError, match="must begin with a line of _ alone"):
        mazes.from_text("|_  | |\n|S|_ G|\n|_ _ _|")


def test_a_marked_path_is_judged():
    marked = "######\n#SXX #\n# #  #\n#  E #\n######"
    with pytest.raises(mazes.MazeFileError, match="line 2, column 3: 'X' marks the path, and"):
        mazes.from_text(marked)
    marked = marked.replace("# #  #", "# #X #")
    batch = mazes.from_text(marked)
    assert batch.solutions[0].tolist()[1:4] == [
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0, 0],
    ]
    assert not batch.unique[0]


def test_mazes_are_separated_by_empty_lines_and_padded_to_one_shape():
    batch = mazes.from_text(f"{TREE}\n   \n{RECTANGLE}\n\n{LOOPS}")
    assert batch.grids.shape == (3, 9, 11)
    for grid, maze in zip(batch.grids, (TREE, RECTANGLE, LOOPS), strict=True):
        expected = grid_of(maze)
        assert np.array_equal(grid[: expected.shape[0], : expected.shape[1]], expected)
        assert np.count_nonzero(grid) == np.count_nonzero(expected)
    assert batch.path_lengths.tolist() == [length_of(grid_of(m)) for m in (TREE, RECTANGLE, LOOPS)]
    assert (batch.instances == -1).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "text: holds no mazes"),
        ("#####\n#S  #\n#####", "there is no goal: .*exit"),
        ("#####\n#  G#\n#####", "there is no start"),
        ("#####\n#   #\n#####", "there is no start and no goal"),
        ("# # #\n#   #\n## ##", "there is no start and no goal.* it has 3"),
        ("#####\n#SSG#\n#####", "there must be one start, got 2"),
        ("#####\n#SGE#\n#####", "there must be one goal, got 2"),
        ("#####\n#S?G#\n#####", r"line 2, column 3: unknown character '\?'"),
        ("\n\n  #####\n  #SqG#\n  #####", "line 4, column 5: unknown character 'q'"),
        ("#####\n#S\tG#\n#####", r"line 2, column 3: unknown character '\\t'"),
        ("#####\n#S#G#\n#####", "no way from start to goal"),
        (f"{TREE}\n#####\n#S#G#\n#####", "maze 1: there is no way from start to goal"),
        ("1 1 1\n1 2 3 1\n1 1 1", "line 2 has 4 cells, and those before it have 3"),
        ("1 1 1 1\n1 2 7 1\n1 1 3 1", "row 1, column 2: unknown number 7"),
        ("1 1 1 1\n1 2 0.5 1\n1 1 3 1", "unknown number 0.5"),
        ("1 0 1\n0 1 0", "codes may be exchanged"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text, words):
    with pytest.raises(mazes.MazeFileError, match=words) as caught:
        mazes.from_text(text)
    assert "\n" not in str(caught.value)


def test_a_maze_without_a_way_is_taken_only_where_that_is_allowed():
    text = f"#####\n#S#G#\n#####\n\n{RECTANGLE}"
    batch = mazes.from_text(text, allow_unsolvable=True)
    assert batch.path_lengths.tolist() == [0, length_of(grid_of(RECTANGLE))]
    assert batch.unique.tolist() == [False, True]
    assert not batch.solutions[0].any()
    grid = batch.grids[0]
    assert mazes.is_solution(grid, np.zeros_like(grid))
    assert not mazes.is_solution(grid, (grid >= 2).astype(np.uint8))
    assert not mazes.is_solution(batch.grids[1], np.zeros_like(grid))


def test_text_must_be_a_string():
    with pytest.raises(TypeError, match="text must be a string, got bytes"):
        mazes.from_text(b"####")


def test_a_grid_that_is_no_maze_is_not_written():
    with pytest.raises(ValueError, match="grid must have one start"):
        mazes.to_text(np.zeros((3, 3), np.uint8))


GRIDS = st.builds(
    lambda size, seed, loops: mazes.generate(size, 2, seed=seed, split="all", loops=loops).grids,
    st.sampled_from([5, 7, 9, 13]),
    st.integers(0, 1000),
    st.sampled_from([0.0, 0.3, 1.0]),
)


@given(grids=GRIDS, cut=st.integers(0, 4))
def test_what_is_written_is_read_again(grids, cut):
    grids = np.pad(grids, ((0, 0), (0, cut), (0, 4 - cut)))  # any shape, with thick walls
    assert np.array_equal(mazes.from_text(mazes.to_text(grids)).grids, grids)
    assert np.array_equal(mazes.from_text(mazes.to_text(grids[0])).grids, grids[:1])


SIGNS = st.text(
    st.sampled_from("##### \n\n.SGEXo01239█░+-|┌─@•,;\t[]{}\"'?é\x00\ufeff\r") | st.characters()
)


@given(text=SIGNS | st.lists(st.text("#S G.\n01"), max_size=9).map("\n".join))
def test_any_text_is_mazes_or_an_error_in_one_line(text):
    try:
        batch = mazes.from_text(text)
    except mazes.MazeFileError as error:
        assert "\n" not in str(error)
    else:
        assert all(map(mazes.is_solution, batch.grids, batch.solutions))
