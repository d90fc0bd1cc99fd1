"""``MazeWalk-v0``: hand-checked walks, rewards, limits and masks."""

import gymnasium as gym
import numpy as np
import pytest

import thinkenv
from thinkenv.envs.maze_walk import MazeWalkEnv, MazeWalkVectorEnv

STEPS = {0: (-1, 0), 1: (0, 1), 2: (1, 0), 3: (0, -1)}


def way_to_the_goal(maze: np.ndarray) -> list[int]:
    """The actions along the reference path; ``maze`` shows the agent (4) on its start."""
    maze = np.where(maze == 4, 2, maze)
    path = thinkenv.mazes.solve(maze)
    cell = tuple(np.argwhere(maze == 2)[0])
    visited, actions = {cell}, []
    while maze[cell] != 3:
        for action, (down, right) in STEPS.items():
            ahead = (cell[0] + down, cell[1] + right)
            if path[ahead] and ahead not in visited:
                visited.add(ahead)
                actions.append(action)
                cell = ahead
                break
    return actions


@pytest.mark.parametrize("size", [5, 13])
def test_walking_the_path_reaches_the_goal_at_the_stated_cost(size):
    env = gym.make("MazeWalk-v0", size=size, split="test")
    limit = (size + 1) ** 2
    for seed in range(10):
        maze, info = env.reset(seed=seed)
        actions = way_to_the_goal(maze)
        assert len(actions) == info["path_length"] - 1
        total, mask = 0.0, info["action_mask"]
        for index, action in enumerate(actions):
            assert mask[action] == 1
            maze, reward, terminated, truncated, info = env.step(action)
            mask = info["action_mask"]
            total += reward
            assert not truncated and terminated == info["solved"] == (index == len(actions) - 1)
        assert total == pytest.approx(1 - len(actions) / limit)


def test_walls_stop_the_agent_and_the_mask_says_so():
    env = gym.make("MazeWalk-v0", size=9)
    maze, info = env.reset(seed=1)
    row, column = np.argwhere(maze == 4)[0]
    for action, (down, right) in STEPS.items():
        is_free = maze[row + down, column + right] != 0
        assert info["action_mask"][action] == is_free
        if not is_free:
            after, reward, terminated, _, _ = env.step(action)
            assert np.array_equal(after, maze) and not terminated
            assert reward == pytest.approx(-1 / 100)


def test_the_agent_hides_what_it_stands_on_and_nothing_else():
    env = gym.make("MazeWalk-v0", size=9)
    plain, _ = gym.make("Maze-v0", size=9).reset(seed=2)
    maze, _ = env.reset(seed=2)
    assert np.array_equal(np.where(maze == 4, 2, maze), plain)
    after = env.step(way_to_the_goal(maze)[0])[0]
    assert (after == 2).sum() == 1 and np.array_equal(np.where(after == 4, 1, after), plain)


def test_an_episode_is_cut_off_at_the_stated_limit():
    env = gym.make("MazeWalk-v0", size=5)
    _, info = env.reset(seed=0)
    blocked = int(np.argmin(info["action_mask"]))
    results = [env.step(blocked) for _ in range(36)]
    assert [result[3] for result in results] == [False] * 35 + [True]
    assert not any(result[2] for result in results)
    assert sum(result[1] for result in results) == pytest.approx(-1)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(blocked)


@pytest.mark.parametrize(("action", "error"), [(4, ValueError), (-1, ValueError), (1.0, TypeError)])
def test_a_wrong_action_is_named(action, error):
    env = MazeWalkEnv(size=5)
    env.reset(seed=0)
    with pytest.raises(error, match=r"action must be an integer in \[0, 3\], got"):
        env.step(action)


@pytest.mark.parametrize(
    ("actions", "error"),
    [([0, 4], ValueError), ([0], ValueError), ([0.5, 1.0], TypeError)],
)
def test_wrong_actions_are_named(actions, error):
    env = MazeWalkVectorEnv(2, size=5)
    env.reset(seed=0)
    with pytest.raises(error, match="action must h"):  # hold integers, have shape
        env.step(np.array(actions))
