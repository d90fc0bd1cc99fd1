"""Environments for reasoning that extrapolates.

Importing this package registers the environments with Gymnasium and loads nothing else. What is
behind them is imported on first use: the tasks, as ``thinkenv.mazes`` or ``thinkenv.make_task``,
the suites, and the agents, which need PyTorch, as ``thinkenv.deep_thinking``.
"""

import importlib

import gymnasium

__version__ = "0.2.0"

# What is imported on first use.
SUBPACKAGES = ("chess_puzzles", "deep_thinking", "mazes", "prefix_sums", "suites", "tasks")

gymnasium.register(
    id="Maze-v0",
    entry_point="thinkenv.envs.maze:MazeEnv",
    vector_entry_point="thinkenv.envs.maze:MazeVectorEnv",
)
gymnasium.register(
    id="MazeWalk-v0",
    entry_point="thinkenv.envs.maze_walk:MazeWalkEnv",
    vector_entry_point="thinkenv.envs.maze_walk:MazeWalkVectorEnv",
)
gymnasium.register(
    id="ChessPuzzle-v0",
    entry_point="thinkenv.envs.chess_puzzle:ChessPuzzleEnv",
    vector_entry_point="thinkenv.envs.chess_puzzle:ChessPuzzleVectorEnv",
)
gymnasium.register(
    id="PrefixSum-v0",
    entry_point="thinkenv.envs.prefix_sum:PrefixSumEnv",
    vector_entry_point="thinkenv.envs.prefix_sum:PrefixSumVectorEnv",
)


def __getattr__(name: str):
    if name in SUBPACKAGES:
        return importlib.import_module(f"thinkenv.{name}")
    if name == "make_task":
        return importlib.import_module("thinkenv.tasks").make_task
    raise AttributeError(f"module 'thinkenv' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *SUBPACKAGES, "make_task"])
