"""Walk through a maze in a window of pygame, where that is installed."""

from collections.abc import Callable
from typing import Any

import gymnasium

from thinkenv.envs.maze_walk import MazeWalkEnv

NO_KEY = -1  # the action that stands for no key, or several at once


class WindowGame(gymnasium.Wrapper):
    """Mazes of a player's choice, in which no key is no step.

    Args:
        env: ``MazeWalk-v0``.
        instance: Gives the number of the next maze.
    """

    def __init__(self, env: gymnasium.Env, instance: Callable[[], int]):
        super().__init__(env)
        self.instance = instance
        self.is_over = True
        self.steps = 0

    def reset(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        """Show the next maze, unless there is one that was not walked through."""
        if self.is_over:
            self.shown, self.info = self.env.reset(options={"instance": self.instance()})
            self.is_over, self.steps = False, 0
        return self.shown, self.info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Go a step, if a key was pressed."""
        if action == NO_KEY:
            return self.shown, 0.0, False, False, self.info
        self.shown, reward, terminated, truncated, info = self.env.step(action)
        self.steps += 1
        self.is_over = terminated or truncated
        if self.is_over:
            fewest = self.info["path_length"] - 1
            verdict = "solved" if info["solved"] else "not solved"
            print(
                f"instance {self.info['instance']}: {verdict} in {self.steps} steps; the shortest "
                f"way has {fewest}"
            )
        return self.shown, float(reward), terminated, truncated, info


def play(arguments: dict[str, Any], instance: Callable[[], int]) -> None:
    """Walk through mazes in a window until it is closed.

    Args:
        arguments: Those of ``MazeWalk-v0``.
        instance: Gives the number of the next maze.

    Raises:
        ImportError: If pygame is not installed.
    """
    try:
        from gymnasium.utils.play import play as show
    except (ImportError, gymnasium.error.DependencyNotInstalled):
        raise ImportError(
            "--window must have pygame: pip install pygame, or leave --window out to play in the "
            "terminal"
        ) from None
    game = WindowGame(gymnasium.make("MazeWalk-v0", render_mode="rgb_array", **arguments), instance)
    walk = game.unwrapped
    assert isinstance(walk, MazeWalkEnv)
    show(game, keys_to_action=walk.get_keys_to_action(), noop=NO_KEY, wait_on_player=True)
