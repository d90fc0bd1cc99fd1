"""``MazeWalk-v0``: the mazes of ``Maze-v0``, walked step by step."""

import numpy as np
from gymnasium import spaces

from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.dynamics import Dynamics, Outcome
from thinkenv.envs.maze import maze_infos, maze_space
from thinkenv.mazes import drawing
from thinkenv.mazes.lattice import GOAL, START, WALL
from thinkenv.mazes.task import MazeBatch, MazeTask

ACTIONS = ("up", "right", "down", "left")
AGENT = 4  # the cell code of the agent's cell


class MazeWalkDynamics(Dynamics[MazeBatch]):
    """A walker in each maze.

    Args:
        task: Which mazes.
        observation: ``grid`` or ``rgb``.
    """

    def __init__(self, task: MazeTask, observation: str):
        space = maze_space(task, observation, AGENT + 1)
        super().__init__(task, space, spaces.Discrete(len(ACTIONS)))
        self.observation = observation
        self.limit = (task.size + 1) ** 2  # enough steps to walk every passage there and back
        # Cells are flat: one up is a row back. The outer wall keeps walkers from leaving.
        self.steps = np.array([-task.side, 1, task.side, -1])

    def allocate(self, count: int) -> None:
        """Have as many walkers."""
        super().allocate(count)
        self._everyone = np.arange(count)
        self._cells = np.zeros(count, np.int64)  # where they stand
        self._goals = np.zeros(count, np.int64)
        self._steps_taken = np.zeros(count, np.int64)

    def begin(self, drawn: MazeBatch, which: np.ndarray) -> None:
        """Put the walkers ``which`` on the starts."""
        super().begin(drawn, which)
        self._flat = self.batch.grids.reshape(self.count, -1)  # (count, H * W)
        begun = self._flat[which]
        self._cells[which] = (begun == START).argmax(axis=1)
        self._goals[which] = (begun == GOAL).argmax(axis=1)
        self._steps_taken[which] = 0

    def observe(self) -> np.ndarray:
        """The mazes with the walkers in them, as codes or colours."""
        grids = self.batch.grids.copy()
        grids.reshape(self.count, -1)[self._everyone, self._cells] = AGENT
        return drawing.colour_observation(grids) if self.observation == "rgb" else grids

    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """The number, path length and uniqueness of each maze, and the actions that are free."""
        masks = self._action_masks(which, self._cells[which])
        return maze_infos(self.chosen(which)) | {"action_mask": masks}

    def act(self, actions: np.ndarray, which: np.ndarray) -> Outcome:
        """Move the walkers ``which`` by ``actions`` ``(n,)``; walls stop them."""
        cells = self._cells[which]
        ahead = cells + self.steps[actions]
        cells = np.where(self._flat[which, ahead] != WALL, ahead, cells)
        self._cells[which] = cells
        steps_taken = self._steps_taken[which] + 1
        self._steps_taken[which] = steps_taken
        reached = cells == self._goals[which]
        late = (steps_taken >= self.limit) & ~reached
        infos = {"action_mask": self._action_masks(which, cells), "solved": reached}
        return reached - 1.0 / self.limit, reached, late, infos

    def _action_masks(self, which: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Which actions lead from the cells of the walkers ``which`` to free ones: ``(n, 4)``."""
        return (self._flat[which[:, None], cells[:, None] + self.steps] != WALL).view(np.int8)

    def picture(self, index: int, mode: str, is_over: bool) -> np.ndarray | str:
        """The maze with the walker in it."""
        grid = self.batch.grids[index]
        agent = divmod(int(self._cells[index]), grid.shape[1])
        show = drawing.write_text if mode == "ansi" else drawing.render
        return show(grid, agent=agent)


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
        task = MazeTask(size, split, generator, loops, endpoints)
        super().__init__(MazeWalkDynamics(task, observation), render_mode)


class MazeWalkVectorEnv(InstanceVectorEnv):
    """Many ``MazeWalk-v0`` at once: see ``MazeWalkEnv`` for the arguments."""

    single_env = MazeWalkEnv
