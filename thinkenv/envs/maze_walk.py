"""``MazeWalk-v0``: the mazes of ``Maze-v0``, walked step by step."""

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from thinkenv.checks import check_choice, check_integer
from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.maze import OBSERVATIONS
from thinkenv.mazes import drawing
from thinkenv.mazes.task import MazeBatch, MazeTask
from thinkenv.mazes.walking import ACTIONS, AGENT, Walkers


class MazeWalkEnv(InstanceEnv):
    """Walk from the start of a maze to its goal, seeing the whole maze.

    ## Description
    The mazes of ``Maze-v0``, and the agent stands on the start. It moves from cell to cell;
    from one room to the next are two steps.

    ## Action Space
    ``Discrete(4)``: 0 up, 1 right, 2 down, 3 left. A move into a wall leaves the agent where it
    is, and costs a step like any other.

    ## Observation Space
    ``observation="grid"``: ``Box(0, 4, (size + 2, size + 2), uint8)``, the outer wall included:
    0 wall, 1 free, 2 start, 3 goal, 4 the agent (which hides what it stands on).

    ``observation="rgb"``: ``Box(0, 255, (size + 2, size + 2, 3), uint8)``: walls black, free
    cells white, start green, goal red, the agent blue, one pixel a cell.

    ## Rewards
    1 on reaching the goal, minus ``1 / limit`` for every step, where ``limit = (size + 1)**2`` is
    the step limit. The return is the share of the limit left unused, or -1 without the goal.

    ## Starting State
    A random instance of the split. ``reset(options={"instance": 17})`` shows instance 17, the
    same maze as in ``Maze-v0`` with the same arguments.

    ## Episode End
    The episode ends (``terminated``) on the goal, and is cut off (``truncated``) after
    ``(size + 1)**2`` steps: enough to walk every passage there and back.

    ## Information
    ``reset``: ``instance`` (int), ``path_length`` (int, cells of the shortest path; the fewest
    steps are one less), ``unique`` (bool), ``action_mask``.
    ``step``: ``action_mask`` (``(4,)`` int8, 1 for the actions that no wall stops), ``solved``
    (bool, on the goal).

    ## Arguments
    ``size``, ``split``, ``generator``, ``loops``, ``endpoints``, ``observation`` and
    ``render_mode`` as those of ``Maze-v0``.

    ## Example
    >>> import gymnasium as gym, thinkenv
    >>> env = gym.make("MazeWalk-v0", size=5)
    >>> observation, info = env.reset(seed=0)
    >>> action = env.action_space.sample(info["action_mask"])
    >>> observation, reward, terminated, truncated, info = env.step(action)
    >>> round(reward, 4)
    -0.0278

    ## Version History
    * v0: first version.
    """

    metadata = {"render_modes": ["rgb_array", "ansi"], "render_fps": 10}

    def __init__(
        self,
        size: int | None = None,
        split: str = "train",
        generator: str = "dfs",
        loops: float = 0.0,
        endpoints: str = "any",
        observation: str = "grid",
        render_mode: str | None = None,
    ):
        super().__init__(MazeTask(size, split, generator, loops, endpoints), render_mode)
        self.observation = check_choice("observation", observation, OBSERVATIONS)
        shape = (self.task.side, self.task.side)
        if observation == "rgb":
            self.observation_space = spaces.Box(0, 255, (*shape, 3), np.uint8)
        else:
            self.observation_space = spaces.Box(0, AGENT, shape, np.uint8)
        self.action_space = spaces.Discrete(len(ACTIONS))
        self.walkers = Walkers(self.task.rooms, 1)
        self._only = np.zeros(1, np.int64)  # the index of the one walker

    def begin(self) -> None:
        """Put the agent on the start."""
        self.walkers.begin(self._batch, self._only)

    def observe(self, batch: MazeBatch) -> np.ndarray:
        """The maze with the agent in it, as codes or colours, a new array."""
        return colour_if(self.observation, self.walkers.show(batch))

    def reset_infos(self, batch: MazeBatch) -> dict[str, np.ndarray]:
        """The number, path length and uniqueness of the maze, and the actions that are free."""
        return walk_reset_infos(batch, self.walkers.action_masks(batch, self._only))

    def step(self, action: int):
        """Move the agent.

        Raises:
            ValueError: If the action is not 0 to 3.
            TypeError: If the action is no integer.
            gymnasium.error.ResetNeeded: If the episode is over.
        """
        self.check_open()
        action = check_integer("action", action, 0, len(ACTIONS) - 1)
        moves = np.array([action])
        rewards, reached, late = self.walkers.move(self._batch, moves, self._only)
        self._open = not (reached[0] or late[0])
        info = {
            "action_mask": self.walkers.action_masks(self._batch, self._only)[0],
            "solved": bool(reached[0]),
        }
        observation = self.observe(self._batch)[0]
        return observation, float(rewards[0]), bool(reached[0]), bool(late[0]), info

    def render(self) -> np.ndarray | str | None:
        """The maze with the agent in it, in the chosen render mode."""
        if not self.can_render():
            return None
        return self.draw(self._batch, self.walkers.places[0], str(self.render_mode))

    def draw(self, batch: MazeBatch, place: int, mode: str) -> np.ndarray | str:
        """A picture of a batch of one with the agent on the flat cell ``place``."""
        row, column = divmod(int(place), batch.grids.shape[2])
        if mode == "ansi":
            return drawing.write_text(batch.grids[0], agent=(row, column))
        return drawing.draw(batch.grids[0], agent=(row, column))


def colour_if(observation: str, grids: np.ndarray) -> np.ndarray:
    """Grids as they are, or their colours if the observation is ``rgb``."""
    return drawing.colour_observation(grids) if observation == "rgb" else grids


def walk_reset_infos(batch: MazeBatch, action_masks: np.ndarray) -> dict[str, np.ndarray]:
    """What ``reset`` reports of each maze of a batch."""
    return {
        "instance": batch.instances.copy(),
        "path_length": batch.path_lengths.astype(np.int64),
        "unique": batch.unique.copy(),
        "action_mask": action_masks,
    }


class MazeWalkVectorEnv(InstanceVectorEnv):
    """Many ``MazeWalk-v0`` at once: see ``MazeWalkEnv`` for the arguments.

    The default autoreset mode is Gymnasium's, ``NEXT_STEP``.
    """

    def __init__(
        self,
        num_envs: int = 1,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        **arguments: Any,
    ):
        super().__init__(MazeWalkEnv(**arguments), num_envs, autoreset_mode)
        self.walkers = Walkers(self.task.rooms, self.num_envs)

    def _begin(self, which: np.ndarray) -> None:
        self.walkers.begin(self._batch, which)

    def _reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        masks = self.walkers.action_masks(self._batch, which)
        return walk_reset_infos(self._batch[which], masks)

    def _observe(self) -> np.ndarray:
        return colour_if(self._env.observation, self.walkers.show(self._batch))

    def _advance(self, actions: np.ndarray, stepped: np.ndarray):
        """Move the walkers whose episodes are going on."""
        chosen = self._chosen(actions, stepped)
        rewards = np.zeros(self.num_envs)
        terminated = np.zeros(self.num_envs, np.bool_)
        truncated = np.zeros(self.num_envs, np.bool_)
        rewards[stepped], terminated[stepped], truncated[stepped] = self.walkers.move(
            self._batch, chosen, stepped
        )
        infos = {
            "action_mask": self.walkers.action_masks(self._batch, stepped),
            "solved": terminated[stepped],
        }
        return rewards, terminated, truncated, infos

    def _draw(self, index: int) -> np.ndarray | str:
        batch = self._batch[index : index + 1]
        return self._env.draw(batch, self.walkers.places[index], self.render_mode)
