"""The task of the README's section "Add a task": its commands are run, its environment checked."""

import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium as gym
import networkx
import numpy as np
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import SyncVectorEnv

from examples import flood_fill

ROOT = Path(__file__).resolve().parents[2]


def test_it_is_short():
    assert len(Path(flood_fill.__file__).read_text().splitlines()) < 80


def test_the_commands_of_the_readme_train_and_evaluate(tmp_path):
    text = (ROOT / "README.md").read_text()
    section = text.split("\n## Add a task\n")[1].split("\n## ")[0]
    commands = re.search(r"```bash\n(.*?)```", section, re.DOTALL).group(1).strip().splitlines()
    assert len(commands) == 3
    short = {
        "train_dt": "--steps 6 --short-steps 3 --validation-problems 8 --log-every 3",
        "evaluate": f"--problems 6 --iterations 5 --json {tmp_path / 'rows.json'}",
        "think": "--iterations 4",
    }
    for command, (script, options) in zip(commands, short.items(), strict=True):
        assert f"agents/{script}.py --task examples.flood_fill:FloodFill" in command
        words = command.replace("runs/", f"{tmp_path}/").split("#")[0].split()
        words += [] if "--threads" in words else ["--threads", "1"]
        done = subprocess.run(
            [sys.executable, *words[1:], *options.split()],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())["rows"]
    assert [(row["task"], row["size"], row["n"]) for row in rows] == [
        ("flood_fill", size, 6) for size in (9, 17, 33)
    ]


def test_what_the_readme_says_is_the_stored_result():
    stored = json.loads((ROOT / "agents" / "results" / "flood_fill.json").read_text())
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert not stored["commit"].endswith("+changes")
    assert stored["command"] in readme and stored["agent"]["command"] in readme
    shares = {}  # after 48 iterations, after 200, and at rest
    for row in stored["rows"]:
        assert row["n"] == 200
        shares.setdefault(row["size"], []).append(row["exact"])
    assert list(shares) == [9, 17, 33, 65]
    assert all(exact[1:] == [1.0, 1.0] for exact in shares.values())
    words = f"it fills {shares[33][0]:.1%} at size 33 and {shares[65][0]:.1%} at 65"
    assert words.replace("%", " %") in readme


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
