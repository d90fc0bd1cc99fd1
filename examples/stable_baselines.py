"""Stable-Baselines3 learns to walk through small mazes: PPO on ``MazeWalk-v0`` of size 5.

    pip install stable-baselines3
    python examples/stable_baselines.py

Trains for 480,000 steps, in less than two minutes on one core, and tests on mazes that were not
trained on, beside random and shortest walks of the same mazes. The return is the share of the step
limit left unused; what was measured is in ``benchmarks/results/stable_baselines.json``.
"""

import sys
import time
from collections.abc import Callable

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env

import thinkenv  # noqa: F401  (registers the environments)
from thinkenv.command_line import Parser, run_command, writable_file
from thinkenv.mazes import MazeTask
from thinkenv.provenance import store_result
from thinkenv.wrappers import OneHot

SIZE = 5


def make_maze(split: str = "train") -> gym.Env:
    """``MazeWalk-v0`` with one-hot cells ``(H, W, 5)``."""
    return OneHot(gym.make("MazeWalk-v0", size=SIZE, split=split))


def train(steps: int, seed: int = 0) -> PPO:
    """Train on mazes of the training split."""
    envs = make_vec_env(make_maze, n_envs=64, seed=seed)
    model = PPO(
        "MlpPolicy",
        envs,
        n_steps=64,
        batch_size=1024,
        n_epochs=8,
        gamma=0.97,
        ent_coef=0.01,
        learning_rate=lambda share_left: 2e-3 * share_left,
        policy_kwargs={"net_arch": [256, 256]},
        seed=seed,
        device="cpu",
    )
    return model.learn(steps)


def walk(choose: Callable[[np.ndarray], int], episodes: int = 200) -> np.ndarray:
    """The returns ``(episodes,)`` of a walker through the first mazes of the test split.

    Args:
        choose: From what the environment shows to the next move.
        episodes: How many mazes.
    """
    env = make_maze("test")
    returns = np.zeros(episodes)
    for instance in range(episodes):
        cells, _ = env.reset(options={"instance": instance})
        over = False
        while not over:
            cells, reward, reached, late, _ = env.step(choose(cells))
            returns[instance] += reward
            over = reached or late
    return returns


def walk_randomly(episodes: int = 200) -> np.ndarray:
    """The returns ``(episodes,)`` of random steps."""
    random = np.random.default_rng(0)
    return walk(lambda cells: int(random.integers(4)), episodes)


def walk_as_trained(model: PPO, episodes: int = 200) -> np.ndarray:
    """The returns ``(episodes,)`` of steps drawn from what a policy finds probable."""
    return walk(lambda cells: int(model.predict(cells, deterministic=False)[0]), episodes)


def shortest_walks(episodes: int = 200) -> np.ndarray:
    """The highest returns ``(episodes,)`` that can be had."""
    batch = MazeTask(SIZE, "test").draw(np.arange(episodes))
    return 1 - (batch.path_lengths - 1) / (SIZE + 1) ** 2


def row_of(walker: str, returns: np.ndarray, **more: object) -> dict:
    """The mean of returns with its 95 % interval, and the share of walks that reached the goal."""
    mean, error = returns.mean(), returns.std(ddof=1) / np.sqrt(len(returns))
    return {
        "walker": walker,
        **more,
        "n": len(returns),
        "return": round(float(mean), 4),
        "return_low": round(float(mean - 1.96 * error), 4),
        "return_high": round(float(mean + 1.96 * error), 4),
        "solved": float(np.mean(returns > -1 + 1e-9)),
    }


def main() -> None:
    """Train and test, with every seed, beside random and shortest walks."""
    parser = Parser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=480_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--json", type=writable_file, help="the file of results")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # nets this small are slower on two
    rows = [row_of("random", walk_randomly()), row_of("shortest", shortest_walks())]
    for seed in arguments.seeds:
        began = time.perf_counter()
        model = train(arguments.steps, seed)
        seconds = round(time.perf_counter() - began, 1)
        rows.append(
            row_of("PPO", walk_as_trained(model), seed=seed, steps=arguments.steps, seconds=seconds)
        )
    for row in rows:
        print(
            f"{row['walker']:<9} seed {row.get('seed', '-')}  return {row['return']:.2f} "
            f"({row['return_low']:.2f} to {row['return_high']:.2f}) of {row['n']} walks, "
            f"{row['solved']:.0%} reached the goal"
        )
    if arguments.json is not None:
        store_result(arguments.json, {"size": SIZE, "rows": rows})


if __name__ == "__main__":
    sys.exit(run_command(main))
