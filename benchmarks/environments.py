"""Measure how fast environments step: single, ``SyncVectorEnv`` and our vector environment.

Run from the repository's root, on an otherwise idle machine:

    python benchmarks/environments.py --json benchmarks/results/environments.json

A step of ``Maze-v0`` judges an answer and shows a new maze. Rates are environment steps per
second: the median of several measurements in one run. Minigrid (``pip install minigrid``) is
measured where it is installed; its steps are moves, to be compared with ``MazeWalk-v0``.
"""

import sys
from collections.abc import Callable

import gymnasium as gym
from gymnasium.vector import AutoresetMode
from measuring import parser_of, rate_of

import thinkenv  # noqa: F401  (registers the environments)
from thinkenv.command_line import run_command
from thinkenv.provenance import store_result

REPEATS = 3
SAME_STEP = {"autoreset_mode": AutoresetMode.SAME_STEP}


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


def vector(name: str, count: int = 1024, **options) -> Callable[[], int]:
    """A vector environment, stepped with one batch of actions."""
    envs = gym.make_vec(name, num_envs=count, size=9, **options)
    envs.reset(seed=0)
    actions = envs.action_space.sample()

    def step() -> int:
        envs.step(actions)
        return count

    return step


# What is measured: makers of a stepping function.
CASES = {
    "Maze-v0, single": lambda: single("Maze-v0", size=9),
    "Maze-v0, SyncVectorEnv of 64": lambda: vector(
        "Maze-v0", 64, vectorization_mode="sync", vector_kwargs=SAME_STEP
    ),
    "Maze-v0, vector of 1024": lambda: vector("Maze-v0"),
    "Maze-v0, vector of 1024, split all": lambda: vector("Maze-v0", split="all"),
    "MazeWalk-v0, single": lambda: single("MazeWalk-v0", size=9),
    "MazeWalk-v0, vector of 1024": lambda: vector("MazeWalk-v0"),
    # Before the colon stands the module that registers it.
    "Minigrid FourRooms, single": lambda: single("minigrid:MiniGrid-FourRooms-v0"),
}


def main() -> None:
    """Measure, print, and store."""
    arguments = parser_of(__doc__, seconds=2.0).parse_args()
    rows = []
    for name, make in CASES.items():
        try:
            per_second, _ = rate_of(make(), arguments.seconds, REPEATS)
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            continue
        rows.append({"what": name, "steps_per_second": per_second})
        print(f"{name:<36} {per_second:>12,.0f} steps a second", flush=True)
    if arguments.json is not None:
        store_result(arguments.json, {"rows": rows})


if __name__ == "__main__":
    sys.exit(run_command(main))
