"""Environments for reasoning that extrapolates.

Importing this package registers the environments with Gymnasium and loads nothing else. What is
behind them is imported on first use: the tasks, as ``thinkenv.mazes`` or ``thinkenv.make_task``,
the suites, and the agents, which need PyTorch, as ``thinkenv.deep_thinking``.
"""

import importlib
import sys

import gymnasium

__version__ = "0.5.0"

# What is imported on first use.
SUBPACKAGES = (
    "chess_puzzles",
    "deep_thinking",
    "mazes",
    "prefix_sums",
    "suites",
    "tasks",
    "wrappers",
)

# The module of each environment; its classes are called ``MazeEnv``, ``MazeVectorEnv`` and so on.
ENVIRONMENTS = {
    "Maze": "maze",
    "MazeWalk": "maze_walk",
    "ChessPuzzle": "chess_puzzle",
    "PrefixSum": "prefix_sum",
}
for name, module in ENVIRONMENTS.items():
    # The environments check by themselves what Gymnasium's wrappers would check, which would hide
    # their methods: so ``gym.make("MazeWalk-v0").action_masks()`` is there.
    gymnasium.register(
        id=f"{name}-v0",
        entry_point=f"thinkenv.envs.{module}:{name}Env",
        vector_entry_point=f"thinkenv.envs.{module}:{name}VectorEnv",
        order_enforce=False,
        disable_env_checker=True,
    )
del name, module


def __getattr__(name: str):
    if name in SUBPACKAGES:
        return importlib.import_module(f"thinkenv.{name}")
    if name == "make_task":
        return importlib.import_module("thinkenv.tasks").make_task
    # With name and object Python itself says which attribute was meant.
    raise AttributeError(
        f"module 'thinkenv' has no attribute {name!r}", name=name, obj=sys.modules[__name__]
    )


def __dir__() -> list[str]:
    return sorted([*globals(), *SUBPACKAGES, "make_task"])
