"""The task of the page "Add a task": its environment, and its solutions."""

import subprocess
import sys
import warnings

import gymnasium as gym
import networkx
import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import SyncVectorEnv

from examples import flood_fill


def test_its_environment_is_a_good_one():
    for render_mode in ("rgb_array", "ansi"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            env = gym.make("FloodFill-v0", size=7, render_mode=render_mode)
            check_env(env.unwrapped)
    options = {"size": 6, "split": "test", "reward": "cells"}
    ours = gym.make_vec("FloodFill-v0", num_envs=3, **options)
    theirs = SyncVectorEnv(
        [lambda: gym.make("FloodFill-v0", **options)] * 3, autoreset_mode="SameStep"
    )
    assert data_equivalence(ours.reset(seed=1), theirs.reset(seed=1), exact=True)
    for _ in range(5):
        actions = ours.action_space.sample()
        assert data_equivalence(ours.step(actions), theirs.step(actions), exact=True)


def test_its_solutions_are_connected_components():
    batch = flood_fill.FloodFillTask(11).draw(np.arange(20))
    for grid, solution in zip(batch.problems, batch.solutions, strict=True):
        graph = networkx.grid_2d_graph(11, 11)
        graph.remove_nodes_from(map(tuple, np.argwhere(grid == 0)))
        source = tuple(np.argwhere(grid == 2)[0])
        reached = networkx.node_connected_component(graph, source)
        assert {tuple(cell) for cell in np.argwhere(solution)} == reached


def test_it_is_found_as_a_file_from_any_folder(tmp_path):
    code = (
        "import gymnasium as gym\n"
        "from thinkenv.tasks import find_task\n"
        f"task = find_task({flood_fill.__file__ + ':FloodFillTask'!r})(9, 'test')\n"
        "grid, _ = gym.make('FloodFill-v0', split='test').reset(options={'instance': 3})\n"
        "grids, _ = gym.make_vec('FloodFill-v0', num_envs=2).reset()\n"
        "import sys; assert 'torch' not in sys.modules\n"
        "print((grid == task.draw([3]).problems[0]).all(), grids.shape)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout == "True (2, 9, 9)\n", done.stderr
