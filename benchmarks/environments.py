"""Measure how fast environments step: single, ``SyncVectorEnv`` and our vector environment.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/environments.py --json benchmarks/results/environments.json

A step of ``Maze-v0`` judges an answer and shows a new maze. Rates are environment steps per
second: the median of several measurements in one run. Minigrid (``pip install minigrid``) is
measured where it is installed; its steps are moves, to be compared with ``MazeWalk-v0``.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import thinkenv  # noqa: F401  (registers the environments)
from thinkenv.provenance import store_result

REPEATS = 3


def rate_of(step: Callable[[], int], seconds: float) -> float:
    """Environment steps per second; ``step`` does some and returns how many."""
    step()  # compile or load what it needs
    rates = []
    for _ in range(REPEATS):
        done = 0
        began = time.perf_counter()
        while time.perf_counter() - began < seconds:
            done += step()
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates)


def single(name: str, **options) -> Callable[[], int]:
    """One environment, stepped with one action, reset when its episode ends."""
    env = gym.make(name, **options)
    env.reset(seed=0)
    action = env.action_space.sample()

    def step() -> int:
        for _ in range(100):
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        return 100

    return step


def vector(envs: gym.vector.VectorEnv) -> Callable[[], int]:
    """A vector environment, stepped with one batch of actions."""
    envs.reset(seed=0)
    actions = envs.action_space.sample()

    def step() -> int:
        envs.step(actions)
        return envs.num_envs

    return step


def cases() -> list[tuple[str, Callable[[], Callable[[], int]]]]:
    """What is measured: names, and makers of a stepping function."""
    same_step = AutoresetMode.SAME_STEP
    return [
        ("Maze-v0, single", lambda: single("Maze-v0", size=9)),
        (
            "Maze-v0, SyncVectorEnv of 64",
            lambda: vector(
                SyncVectorEnv([lambda: gym.make("Maze-v0", size=9)] * 64, autoreset_mode=same_step)
            ),
        ),
        (
            "Maze-v0, vector of 1024",
            lambda: vector(gym.make_vec("Maze-v0", num_envs=1024, size=9)),
        ),
        (
            "Maze-v0, vector of 1024, split all",
            lambda: vector(gym.make_vec("Maze-v0", num_envs=1024, size=9, split="all")),
        ),
        ("MazeWalk-v0, single", lambda: single("MazeWalk-v0", size=9)),
        (
            "MazeWalk-v0, vector of 1024",
            lambda: vector(gym.make_vec("MazeWalk-v0", num_envs=1024, size=9)),
        ),
        ("Minigrid FourRooms, single", minigrid_stepper),
    ]


def minigrid_stepper() -> Callable[[], int]:
    """Minigrid's four rooms."""
    import minigrid  # noqa: F401  (registers its environments)

    return single("MiniGrid-FourRooms-v0")


def main() -> int:
    """Measure, print, and store."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    arguments = parser.parse_args()
    rows = []
    for name, make in cases():
        try:
            per_second = rate_of(make(), arguments.seconds)
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        rows.append({"what": name, "steps_per_second": per_second})
        print(f"{name:<36} {per_second:>12,.0f} steps a second", flush=True)
    if arguments.json is not None:
        store_result(arguments.json, {"rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
