"""Mazes of a file, smaller ones on request, other ends in each reset, planes and large pixels."""

import json
import warnings
from collections import deque
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from thinkenv import mazes
from thinkenv.envs.maze import MazeEnv
from thinkenv.mazes.interchange import MazeFileError, write_npz

BOTH = pytest.mark.parametrize("name", ["Maze-v0", "MazeWalk-v0"])

# Two mazes of 5x8 cells; the second has a loop.
DRAWN = """
########
#S #   #
##   # #
#  ###G#
########

########
#  S   #
# #### #
#    G #
########
"""


@pytest.fixture
def file(tmp_path) -> str:
    path = tmp_path / "drawn.txt"
    path.write_text(DRAWN)
    return str(path)


def drawn_grids() -> np.ndarray:
    codes = {"#": 0, " ": 1, "S": 2, "G": 3}
    drawings = [drawing.splitlines() for drawing in DRAWN.strip().split("\n\n")]
    return np.array([[[codes[letter] for letter in row] for row in rows] for rows in drawings])


def plain(observation: np.ndarray) -> np.ndarray:
    """An observation as ``Maze-v0`` shows it: the agent stands on the start."""
    return np.where(observation == 4, 2, observation)


def cells_between_ends(grid: np.ndarray) -> int:
    """The cells of a shortest path, by a breadth-first search of its own."""
    start, goal = (tuple(map(int, np.argwhere(grid == code)[0])) for code in (2, 3))
    lengths, queue = {start: 1}, deque([start])
    while queue:
        row, column = queue.popleft()
        for beside in ((row - 1, column), (row, column + 1), (row + 1, column), (row, column - 1)):
            if grid[beside] and beside not in lengths:
                lengths[beside] = lengths[row, column] + 1
                queue.append(beside)
    return lengths[goal]


def walls_of(observation: np.ndarray) -> bytes:
    return (observation == 0).tobytes()


def ends_of(observation: np.ndarray) -> tuple[int, int]:
    return int((plain(observation) == 2).argmax()), int((observation == 3).argmax())


def assert_equals_single_ones(name, mode, steps=60, reset_options=None, **options):
    """A vector environment does what ``SyncVectorEnv`` does over the same seeds."""
    ours = gym.make_vec(name, num_envs=3, autoreset_mode=mode, **options)
    theirs = SyncVectorEnv([lambda: gym.make(name, **options)] * 3, autoreset_mode=mode)
    resets = [(dict(seed=5), dict(seed=5)), ({}, {})]
    if reset_options is not None:
        resets.append((dict(options=reset_options), dict(options=reset_options)))
    for our_words, their_words in resets:
        assert data_equivalence(ours.reset(**our_words), theirs.reset(**their_words), exact=True)
        ours.action_space.seed(0)
        for _ in range(steps):
            actions = ours.action_space.sample()
            assert data_equivalence(ours.step(actions), theirs.step(actions), exact=True)


# A file


@BOTH
def test_the_environment_over_a_file_shows_its_mazes_by_number(name, file):
    grids = drawn_grids()
    env = gym.make(name, file=file)
    assert env.observation_space.shape == (5, 8)
    for number in (0, 1, 2, 17):
        shown, info = env.reset(options={"instance": number})
        assert np.array_equal(plain(shown), grids[number % 2]) and info["instance"] == number
        assert info["path_length"] == cells_between_ends(grids[number % 2])
    for seed in range(20):
        shown, info = env.reset(seed=seed)
        assert np.array_equal(plain(shown), grids[info["instance"]])


def test_an_answer_to_a_maze_of_a_file_has_its_shape_and_is_judged(file):
    env = gym.make("Maze-v0", file=file)
    shown, _ = env.reset(options={"instance": 0})
    assert env.action_space.shape == (5, 8)
    assert env.step(mazes.solve(shown))[1] == 1.0


def test_walkers_in_a_maze_of_a_file_have_two_steps_for_each_free_cell_and_two_more(file):
    env = gym.make("MazeWalk-v0", file=file)
    for number, grid in enumerate(drawn_grids()):
        _, info = env.reset(options={"instance": number})
        blocked = int(np.argmin(info["action_mask"]))
        limit = 2 * (np.count_nonzero(grid) + 1)
        results = [env.step(blocked) for _ in range(limit)]
        assert [result[3] for result in results] == [False] * (limit - 1) + [True]
        assert sum(result[1] for result in results) == pytest.approx(-1)


def test_walkers_have_as_many_steps_in_a_file_as_in_the_mazes_that_it_was_made_from(tmp_path):
    write_npz(tmp_path / "mazes.npz", mazes.generate(9, 3), {})
    generated = gym.make("MazeWalk-v0", size=9)
    of_file = gym.make("MazeWalk-v0", file=tmp_path / "mazes.npz")
    for number in range(3):
        first, second = (env.reset(options={"instance": number}) for env in (generated, of_file))
        assert data_equivalence(first, second, exact=True)
        for action in (0, 1, 2, 3):
            results = [env.step(action) for env in (generated, of_file)]
            assert data_equivalence(*results, exact=True)


@BOTH
@pytest.mark.parametrize(
    "other",
    [dict(size=9), dict(split="test"), dict(generator="prim"), dict(loops=0.1),
     dict(endpoints="corners")],
)  # fmt: skip
def test_what_generators_are_told_is_refused_beside_a_file(name, file, other):
    (word,) = other
    with pytest.raises(ValueError, match=f"file must be given without size, .*, got {word}="):
        gym.make(name, file=file, **other)


@BOTH
def test_a_file_that_is_none_is_named(name, tmp_path):
    with pytest.raises(MazeFileError, match="nothing.txt: there is no such file"):
        gym.make(name, file=tmp_path / "nothing.txt")
    separated = tmp_path / "separated.txt"
    separated.write_text("#####\n#S#G#\n#####\n")
    with pytest.raises(MazeFileError, match="separated.txt.* no way"):
        gym.make(name, file=separated)


@BOTH
@pytest.mark.parametrize("kind", [str, Path])
def test_the_environment_over_a_file_comes_back_from_its_json(name, file, kind):
    env = gym.make(name, file=kind(file), observation="planes")
    restored = gym.make(EnvSpec.from_json(env.spec.to_json()))
    assert json.loads(env.spec.to_json())["kwargs"] == {"file": file, "observation": "planes"}
    assert data_equivalence(env.reset(seed=3), restored.reset(seed=3), exact=True)
    vector = gym.make_vec(name, num_envs=2, file=kind(file))
    assert json.loads(vector.spec.to_json())["kwargs"]["file"] == file


@BOTH
def test_a_file_has_no_sizes(name, file):
    with pytest.raises(ValueError, match="options must have no key but 'instance', got 'size'"):
        gym.make(name, file=file).reset(options={"size": 5})


@BOTH
def test_vectors_over_a_file_equal_single_ones(name, file):
    assert_equals_single_ones(name, AutoresetMode.NEXT_STEP, file=file)
    assert_equals_single_ones(name, AutoresetMode.SAME_STEP, file=file, new_endpoints=True)


# Smaller mazes


@BOTH
def test_a_smaller_size_shows_its_mazes_in_the_upper_left_corner(name):
    env, small = gym.make(name, size=13, split="test"), gym.make(name, size=7, split="test")
    for number in (0, 17):
        shown, info = env.reset(options={"size": 7, "instance": number})
        wanted, wanted_info = small.reset(options={"instance": number})
        assert shown.shape == (15, 15) and np.array_equal(shown[:9, :9], wanted)
        assert not shown[9:].any() and not shown[:, 9:].any()
        assert data_equivalence(info, wanted_info, exact=True)
    assert env.reset()[0][9:].any() == 0  # and so it stays
    assert env.reset(options={"size": 13})[0][9:].any()
    assert env.reset()[0][9:].any()


def test_walks_in_smaller_mazes_earn_what_they_earn_in_their_own_environment():
    env, small = gym.make("MazeWalk-v0", size=13), gym.make("MazeWalk-v0", size=5)
    env.reset(options={"size": 5, "instance": 3})
    small.reset(options={"instance": 3})
    for action in [0, 1, 2, 3] * 9:
        first, second = env.step(action), small.step(action)
        assert first[1:4] == second[1:4]
        if second[2] or second[3]:
            break


def test_automatic_resets_keep_the_size_that_was_asked_for():
    env = gym.make_vec("Maze-v0", num_envs=2, size=9)
    env.reset(seed=0, options={"size": [5, 9]})
    for _ in range(5):
        shown = env.step(np.zeros((2, 11, 11), np.int8))[0]
        assert not shown[0, 7:].any() and shown[1, 7:].any()


@BOTH
@pytest.mark.parametrize("size", [5, (5, 7, 9)])
def test_vectors_with_smaller_mazes_equal_single_ones(name, size):
    options = dict(size=9, generator="prim", loops=0.1)
    env = gym.make_vec(name, num_envs=3, **options)
    singles = [gym.make(name, **options) for _ in range(3)]
    shown, infos = env.reset(seed=1, options={"size": size})
    sizes = np.broadcast_to(size, 3).tolist()
    for index, single in enumerate(singles):
        wanted, info = single.reset(seed=1 + index, options={"size": sizes[index]})
        assert np.array_equal(shown[index], wanted)
        assert all(np.array_equal(infos[key][index], value) for key, value in info.items())


@pytest.mark.parametrize(
    ("size", "error", "words"),
    [
        (8, ValueError, r"options\['size'\] must be odd and in \[5, 9\], got 8"),
        (11, ValueError, r"options\['size'\] must be an integer in \[5, 9\], got 11"),
        (3, ValueError, r"options\['size'\] must be an integer in \[5, 9\], got 3"),
        ("5", TypeError, r"options\['size'\] must be an integer in \[5, 9\], got '5'"),
    ],
)
def test_a_wrong_size_is_named_and_changes_nothing(size, error, words):
    env = MazeEnv(size=9)
    env.reset(seed=0)
    with pytest.raises(error, match=words):
        env.reset(options={"size": size})
    assert env.reset()[0][7:].any()


# Other ends


@BOTH
def test_new_endpoints_show_one_maze_with_other_ends_in_each_reset(name):
    env = gym.make(name, size=9, split="test", new_endpoints=True)
    shown = [env.reset(seed=4), *(env.reset() for _ in range(15))]
    assert len({walls_of(maze) for maze, _ in shown}) == 1
    assert len({ends_of(maze) for maze, _ in shown}) >= 13
    for maze, info in shown:
        assert info["path_length"] == cells_between_ends(plain(maze)) and info["unique"]
        assert info["instance"] == shown[0][1]["instance"]
    batch = mazes.generate(9, split="test", instances=[shown[0][1]["instance"]])
    assert walls_of(batch.grids[0]) == walls_of(shown[0][0])


def test_a_seed_and_a_number_choose_another_maze():
    env = gym.make("Maze-v0", new_endpoints=True)
    first = env.reset(seed=1)[0]
    env.reset()
    other = env.reset(seed=2)[0]
    assert walls_of(first) != walls_of(other)
    assert np.array_equal(env.reset(seed=1)[0], first)  # whatever came before
    numbered = [env.reset(options={"instance": 17}) for _ in range(8)]
    numbered += [env.reset() for _ in range(2)]
    (wanted,) = mazes.generate(9, instances=[17]).grids
    assert {walls_of(maze) for maze, _ in numbered} == {walls_of(wanted)}
    assert {info["instance"] for _, info in numbered} == {17}
    assert len({ends_of(maze) for maze, _ in numbered}) >= 8


def test_another_size_chooses_another_maze_and_the_same_size_does_not():
    env = gym.make("Maze-v0", new_endpoints=True)
    env.reset(seed=1)
    small = [env.reset(options={"size": 7}), env.reset(options={"size": 7}), env.reset()]
    assert len({walls_of(maze) for maze, _ in small}) == 1
    (wanted,) = mazes.generate(7, instances=[small[0][1]["instance"]]).grids
    assert walls_of(small[0][0][:9, :9]) == walls_of(wanted)


@pytest.mark.parametrize("endpoints", ["corners", "dead_ends", "farthest"])
def test_new_endpoints_lie_where_the_option_says(endpoints):
    env = gym.make("Maze-v0", size=9, endpoints=endpoints, new_endpoints=True)
    longest = env.reset(seed=0)[1]["path_length"]
    found = set()
    for _ in range(30):
        maze, info = env.reset()
        found.add(ends_of(maze))
        for row, column in (divmod(end, 11) for end in ends_of(maze)):
            beside = maze[row - 1 : row + 2, column - 1 : column + 2]
            if endpoints == "corners":
                assert {row, column} <= {1, 9}
            elif endpoints == "dead_ends":
                assert np.count_nonzero(beside[[0, 1, 1, 2], [1, 0, 2, 1]]) == 1
            else:
                assert info["path_length"] == longest
    assert len(found) > (1 if endpoints == "farthest" else 6)


NEW_KINDS = [
    *(dict(generator=name) for name in ("percolation", "plazas", "caves")),
    *(dict(endpoints=name, loops=0.2) for name in ("free_cells", "adjacent")),
    dict(generator="percolation", removed=0.5, endpoints="dead_ends"),
    dict(generator="caves", endpoints="farthest"),
]
every_new_kind = pytest.mark.parametrize("kind", NEW_KINDS, ids=str)


@every_new_kind
@pytest.mark.parametrize("new_endpoints", [False, True])
@BOTH
def test_mazes_of_every_kind_pass_the_checker_and_equal_single_ones(name, kind, new_endpoints):
    options = dict(size=9, new_endpoints=new_endpoints, **kind)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gym.make(name, **options).unwrapped, skip_render_check=True)
    assert_equals_single_ones(name, AutoresetMode.SAME_STEP, 40, {"instance": 3}, **options)


@every_new_kind
@BOTH
def test_new_endpoints_of_every_kind_are_joined_in_the_same_walls(name, kind):
    env = gym.make(name, size=9, new_endpoints=True, **kind)
    shown = [env.reset(seed=4), *(env.reset() for _ in range(15))]
    assert len({walls_of(maze) for maze, _ in shown}) == 1
    for maze, info in shown:
        assert info["path_length"] == cells_between_ends(plain(maze)) > 1
    smaller, _ = env.reset(options={"size": 5})
    assert not smaller[7:].any()


def test_walks_without_a_lattice_have_two_steps_for_each_free_cell_and_two_more():
    env = gym.make("MazeWalk-v0", size=9, generator="plazas")
    maze, info = env.reset(seed=3)
    _, reward, *_ = env.step(int(np.argmax(info["action_mask"])))
    assert reward == pytest.approx(-1 / (2 * (np.count_nonzero(maze) + 1)))


def test_a_goal_out_of_reach_is_answered_by_nothing_and_not_to_be_walked_to():
    kind = dict(size=9, generator="percolation", endpoints="unreachable", removed=0.45)
    for new_endpoints in (False, True):
        env = gym.make("Maze-v0", new_endpoints=new_endpoints, **kind)
        for seed in range(5):
            maze, info = env.reset(seed=seed)
            assert info["path_length"] == 0 and not info["unique"]
            _, reward, terminated, _, info = env.step(np.zeros_like(maze, np.int8))
            assert (reward, terminated, info["solved"]) == (1.0, True, True)
            assert not info["solution"].any()
    with pytest.raises(ValueError, match="endpoints .* MazeWalk-v0, got 'unreachable'"):
        gym.make("MazeWalk-v0", **kind)


def test_new_endpoints_of_a_file_are_free_cells_on_the_lattice_of_its_start(file):
    env = gym.make("MazeWalk-v0", file=file, new_endpoints=True)
    found = set()
    for number in [0] * 20:
        maze, info = env.reset(options={"instance": number})
        found.add(ends_of(maze))
        assert walls_of(maze) == walls_of(drawn_grids()[0])
        assert info["path_length"] == cells_between_ends(plain(maze))
    cells = {cell for pair in found for cell in pair}
    assert cells == {1 * 8 + 1, 1 * 8 + 5, 3 * 8 + 1}  # rows and columns are odd, as of the start


@pytest.mark.parametrize("mode", list(AutoresetMode)[:2])
@BOTH
def test_vectors_with_new_endpoints_equal_single_ones(name, mode):
    options = dict(size=5, new_endpoints=True)
    assert_equals_single_ones(name, mode, 80, {"instance": 3}, **options)


def test_new_endpoints_must_be_a_bool():
    with pytest.raises(TypeError, match="new_endpoints must be True or False, got 'any'"):
        MazeEnv(new_endpoints="any")


# Observations


@BOTH
def test_planes_are_the_codes_one_hot(name):
    env, codes = gym.make(name, observation="planes"), gym.make(name)
    count = {"Maze-v0": 4, "MazeWalk-v0": 5}[name]
    shown, grid = env.reset(seed=2)[0], codes.reset(seed=2)[0]
    assert shown.shape == env.observation_space.shape == (count, 11, 11)
    assert shown.dtype == np.uint8 and shown in env.observation_space
    assert np.array_equal(shown.argmax(axis=0), grid) and (shown.sum(axis=0) == 1).all()


@BOTH
def test_large_pixels_have_the_colours_of_small_ones(name):
    env, small = gym.make(name, observation="rgb", pixels=3), gym.make(name, observation="rgb")
    for seed in range(3):
        shown, wanted = env.reset(seed=seed)[0], small.reset(seed=seed)[0]
        assert shown.shape == env.observation_space.shape == (33, 33, 3)
        for row in range(33):
            for column in range(33):
                assert (shown[row, column] == wanted[row // 3, column // 3]).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(pixels=8), "observation must be 'rgb' where pixels is more than 1, got 'grid'"),
        (dict(pixels=0, observation="rgb"), r"pixels must be an integer in \[1, 1000\], got 0"),
        (dict(pixels=1000, observation="rgb", size=1601), "pixels=1000: pictures of .* need"),
    ],
)
def test_wrong_pixels_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        MazeEnv(**arguments)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Maze-v0", dict(observation="planes", new_endpoints=True)),
        ("MazeWalk-v0", dict(observation="planes", new_endpoints=True)),
        ("MazeWalk-v0", dict(observation="rgb", pixels=4)),
    ],
)
def test_they_pass_the_checker_of_gymnasium(name, options, recwarn):
    check_env(gym.make(name, size=5, **options).unwrapped, skip_render_check=True)
    assert not recwarn.list


def test_keys_move_the_agent_as_they_look():
    keys = gym.make("MazeWalk-v0").unwrapped.get_keys_to_action()
    assert [keys[(ord(letter),)] for letter in "wdsa"] == [0, 1, 2, 3]
    # By the numbers of SDL: right is 0x4000004F; left, down and up follow.
    right, left, down, up = (keys[(0x4000004F + step,)] for step in range(4))
    assert (up, right, down, left) == (0, 1, 2, 3)
