"""``Maze-v0``: rewards, infos, instances on request, and errors that name what is wrong."""

import gymnasium as gym
import numpy as np
import pytest

import thinkenv
from thinkenv.envs.maze import MazeEnv, MazeVectorEnv


def test_the_right_path_earns_one_and_anything_else_nothing():
    env = gym.make("Maze-v0", size=13)
    for seed in range(20):
        maze, info = env.reset(seed=seed)
        right = thinkenv.mazes.solve(maze)
        assert info["path_length"] == right.sum() and info["unique"] is True
        _, reward, terminated, truncated, info = env.step(right)
        assert (reward, terminated, truncated) == (1.0, True, False)
        assert info["solved"] is True and info["cell_accuracy"] == 1.0
        assert np.array_equal(info["solution"], right)

        env.reset(seed=seed)
        wrong = right.copy()
        wrong[tuple(np.argwhere(right)[1])] = 0
        _, reward, _, _, info = env.step(wrong)
        free = np.count_nonzero(maze)
        assert (reward, info["solved"]) == (0.0, False)
        assert info["cell_accuracy"] == pytest.approx((free - 1) / free)


def test_cells_reward_is_the_share_of_free_cells_answered_right():
    env = gym.make("Maze-v0", reward="cells")
    maze, _ = env.reset(seed=0)
    right = thinkenv.mazes.solve(maze)
    free = maze != 0
    _, reward, _, _, info = env.step(np.zeros_like(right))
    assert reward == info["cell_accuracy"] == pytest.approx((right[free] == 0).mean())


@pytest.mark.parametrize("answer_type", [np.int8, np.uint8, np.bool_, np.int64, np.float32])
def test_answers_may_be_bools_and_numbers_of_any_kind(answer_type):
    env = gym.make("Maze-v0")
    maze, _ = env.reset(seed=0)
    assert env.step(thinkenv.mazes.solve(maze).astype(answer_type))[1] == 1.0


def test_colours_show_the_same_maze():
    codes, _ = gym.make("Maze-v0").reset(seed=4)
    colours, _ = gym.make("Maze-v0", observation="rgb").reset(seed=4)
    expected = {0: (0, 0, 0), 1: (255, 255, 255), 2: (0, 255, 0), 3: (255, 0, 0)}
    for code, colour in expected.items():
        assert (colours[codes == code] == colour).all()


def test_an_instance_comes_when_asked_for():
    env = gym.make("Maze-v0", size=9, split="test")
    batch = thinkenv.mazes.generate(size=9, split="test", instances=[17])
    for seed in (0, 1):
        maze, info = env.reset(seed=seed, options={"instance": 17})
        assert info["instance"] == 17 and np.array_equal(maze, batch.grids[0])
    vector = gym.make_vec("Maze-v0", num_envs=3, size=9, split="test")
    mazes, infos = vector.reset(seed=0, options={"instance": 17})
    assert infos["instance"].tolist() == [17] * 3
    assert (mazes == batch.grids[0]).all()


@pytest.mark.parametrize(("split", "size"), [("train", 9), ("test", 9), ("extrapolation", 59)])
def test_the_default_size_goes_with_the_split(split, size):
    assert gym.make("Maze-v0", split=split).observation_space.shape == (size + 2, size + 2)


def test_single_and_vector_environments_show_the_same_mazes():
    single = gym.make("Maze-v0", size=9)
    vector = gym.make_vec("Maze-v0", num_envs=8, size=9)
    mazes, _ = vector.reset(seed=100)
    for index in range(8):
        assert np.array_equal(single.reset(seed=100 + index)[0], mazes[index])


def test_same_step_reset_wastes_no_step():
    env = gym.make_vec("Maze-v0", num_envs=5, size=9)
    mazes, _ = env.reset(seed=0)
    for _ in range(10):
        answers = np.array([thinkenv.mazes.solve(maze) for maze in mazes])
        mazes, rewards, terminated, _, infos = env.step(answers)
        assert rewards.tolist() == [1.0] * 5 and terminated.all()
        assert infos["final_info"]["solved"].all() and "instance" in infos


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(size=10), ValueError, r"size must be odd and in \[5, 1601\], got 10"),
        (dict(size=3), ValueError, "size must be .*, got 3"),
        (dict(split="hard"), ValueError, "split must be one of 'train', .*, got 'hard'"),
        (dict(generator="maze"), ValueError, "generator must be one of 'dfs', .*, got 'maze'"),
        (dict(generator="cave"), ValueError, "got 'cave'; did you mean 'caves'"),
        (dict(generator="caves", loops=0.1), ValueError, "loops must be 0 with generator='caves'"),
        (
            dict(endpoints="unreachable"),
            ValueError,
            "endpoints must be others with generator='dfs'",
        ),
        (dict(removed=0.1), ValueError, "removed must be left out with generator='dfs', got 0.1"),
        (dict(observation="text"), ValueError, "observation must be .* 'rgb', got 'text'"),
        (dict(reward="dense"), ValueError, "reward must be one of 'exact', 'cells', got 'dense'"),
        (dict(render_mode="video"), ValueError, "render_mode must be .*, got 'video'"),
    ],
)
def test_a_wrong_argument_is_named(arguments, error, words):
    with pytest.raises(error, match=words):
        MazeEnv(**arguments)
    with pytest.raises(error, match=words):
        MazeVectorEnv(num_envs=2, **arguments)
    if "render_mode" not in arguments:  # Gymnasium warns of those before we are asked
        with pytest.raises(error, match=words):
            gym.make("Maze-v0", **arguments)


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (np.zeros((9, 9), np.int8), ValueError, r"action must have shape \(11, 11\), got \(9, 9\)"),
        (np.full((11, 11), 0.5), ValueError, "action must hold 0 and 1 alone"),
        (np.full((11, 11), 2, np.int8), ValueError, "action must hold 0 and 1 alone"),
        (None, TypeError, "action must be an array or a list, got NoneType"),
    ],
)
def test_a_wrong_answer_is_named_and_can_be_given_again(answer, error, words):
    env = gym.make("Maze-v0")
    maze, _ = env.reset(seed=0)
    with pytest.raises(error, match=words):
        env.step(answer)
    assert env.step(thinkenv.mazes.solve(maze))[1] == 1.0
    with pytest.raises(gym.error.ResetNeeded):
        env.step(thinkenv.mazes.solve(maze))


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"instance": -1}, ValueError, r"options\['instance'\] must be an integer in .*, got -1"),
        ({"instance": "17"}, TypeError, r"options\['instance'\] must be .*, got '17'"),
        ({"maze": 3}, ValueError, "options must have no key but 'instance', 'size', got 'maze'"),
    ],
)
def test_a_wrong_option_is_named(options, error, words):
    with pytest.raises(error, match=words):
        MazeEnv().reset(options=options)


@pytest.mark.parametrize("num_envs", [0, -1, 1.5])
def test_a_wrong_number_of_environments_is_named(num_envs):
    with pytest.raises((ValueError, TypeError), match="num_envs must be an integer in"):
        MazeVectorEnv(num_envs=num_envs)


def test_pictures_show_right_wrong_and_missing_cells():
    env = gym.make("Maze-v0", size=9, render_mode="ansi")
    maze, _ = env.reset(seed=0)
    right = thinkenv.mazes.solve(maze)
    path = [tuple(cell) for cell in np.argwhere(right) if maze[tuple(cell)] == 1]
    aside = [tuple(cell) for cell in np.argwhere((maze == 1) & (right == 0))]
    answer = right.copy()
    answer[path[0]] = 0
    answer[aside[0]] = 1
    assert "••" not in env.render()
    env.step(answer)
    rows = env.render().splitlines()
    shown = {cell: rows[cell[0]][2 * cell[1] : 2 * cell[1] + 2] for cell in np.ndindex(maze.shape)}
    assert shown[path[0]] == "··" and shown[path[1]] == "••" and shown[aside[0]] == "××"
    assert [shown[tuple(np.argwhere(maze == code)[0])] for code in (2, 3)] == ["S ", "G "]
    assert shown[0, 0] == "██" and shown[aside[1]] == "  "
