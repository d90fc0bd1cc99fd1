"""``Maze-v0``: see the whole maze, answer with the whole path."""

import numpy as np
from gymnasium import spaces

from thinkenv.checks import check_choice
from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.one_answer import OneAnswer
from thinkenv.mazes import drawing
from thinkenv.mazes.task import MazeBatch, MazeTask

OBSERVATIONS = ("grid", "rgb")


def maze_space(task: MazeTask, observation: str, codes: int) -> spaces.Box:
    """What mazes look like with so many cell codes, or as colours.

    Raises:
        ValueError: If ``observation`` is neither ``grid`` nor ``rgb``.
    """
    shape = (task.side, task.side)
    if check_choice("observation", observation, OBSERVATIONS) == "rgb":
        return spaces.Box(0, 255, (*shape, 3), np.uint8)
    return spaces.Box(0, codes - 1, shape, np.uint8)


def maze_infos(batch: MazeBatch) -> dict[str, np.ndarray]:
    """The number, path length and uniqueness of each maze of a batch."""
    return {
        "instance": batch.instances,
        "path_length": batch.path_lengths.astype(np.int64),
        "unique": batch.unique,
    }


class MazeDynamics(OneAnswer[MazeBatch]):
    """One answer to each maze.

    Args:
        task: Which mazes.
        observation: ``grid`` or ``rgb``.
        reward: ``exact`` or ``cells``.
    """

    def __init__(self, task: MazeTask, observation: str, reward: str):
        space = maze_space(task, observation, task.codes)
        super().__init__(task, space, spaces.MultiBinary((task.side, task.side)), reward)
        self.observation = observation

    def observe(self) -> np.ndarray:
        """Grids ``(count, H, W)``, or their colours ``(count, H, W, 3)``."""
        grids = self.batch.grids
        return drawing.colour_observation(grids) if self.observation == "rgb" else grids.copy()

    def reset_infos(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """The number, path length and uniqueness of each maze."""
        return maze_infos(self.chosen(which))


class MazeEnv(InstanceEnv):
    """See the whole maze, answer with the whole shortest path.

    ## Description
    A maze of ``(size + 1) / 2`` rooms per side, with a start and a goal. The answer is a mask of
    the cells of a shortest path from start to goal. It is the maze task of the "deep thinking"
    literature (Schwarzschild et al. 2021, arXiv 2106.04537; Bansal et al. 2022, arXiv
    2202.05826): agents train on size 9 and are tested on larger mazes.

    ## Action Space
    ``MultiBinary((size + 2, size + 2))``: 1 on every cell of the path, start and goal included.
    Any bool or integer array of that shape with values 0 and 1 is accepted.

    ## Observation Space
    ``observation="grid"``: ``Box(0, 3, (size + 2, size + 2), uint8)``, the outer wall included:
    0 wall, 1 free, 2 start, 3 goal.

    ``observation="rgb"``: ``Box(0, 255, (size + 2, size + 2, 3), uint8)``: walls black, free
    cells white, start green, goal red, one pixel a cell.

    ## Rewards
    ``reward="exact"``: 1.0 if the marked cells are exactly those of a shortest path (any of them,
    where there are several), else 0.0.

    ``reward="cells"``: the share of free cells (start and goal included) that equal the reference
    path, 0.0 to 1.0.

    ## Starting State
    A random instance of the split. ``reset(options={"instance": 17})`` shows instance 17: a pure
    function of the arguments and that number.

    ## Episode End
    One answer ends the episode (``terminated``).

    ## Information
    ``reset``: ``instance`` (int), ``path_length`` (int, cells of the shortest path, both ends
    included), ``unique`` (bool, whether it is the only shortest path).
    ``step``: ``solved`` (bool), ``cell_accuracy`` (float), ``solution`` (``(size + 2, size + 2)``
    uint8, a shortest path).

    ## Arguments
    | argument | values | default |
    |---|---|---|
    | ``size`` | odd, 5 to 1601 | 9, and 59 for the split ``extrapolation`` |
    | ``split`` | ``train``, ``validation``, ``test``, ``extrapolation``, ``all`` | ``train`` |
    | ``generator`` | one of the generators below | ``dfs`` |
    | ``loops`` | 0.0 to 1.0, the chance that a standing wall between two rooms is opened | 0.0 |
    | ``endpoints`` | ``any``, ``dead_ends``, ``corners``, ``farthest`` | ``any`` |
    | ``observation`` | ``grid``, ``rgb`` | ``grid`` |
    | ``reward`` | ``exact``, ``cells`` | ``exact`` |
    | ``render_mode`` | ``rgb_array``, ``ansi`` | None |

    Generators: ``dfs``, ``wilson``, ``kruskal``, ``prim``, ``recursive_division`` and
    ``hunt_and_kill``; ``thinkenv.mazes.generators`` says what distribution each gives.

    Splits are disjoint up to rotation and reflection, by a hash of the walls: see
    ``thinkenv.tasks.splits``. A wrong argument raises a ``ValueError`` or ``TypeError`` that names
    it.

    ## Rendering
    ``rgb_array`` draws the maze with the start as a green disc, the goal as a purple ring, and,
    once answered, the path in blue, wrong cells in orange and missing cells in pale blue.
    ``ansi`` returns the same as text.

    ## Vectorized environment
    ``gym.make_vec("Maze-v0", num_envs=1024, size=9)`` draws and judges all mazes in one call.

    ## Example
    >>> import gymnasium as gym, thinkenv
    >>> env = gym.make("Maze-v0", size=59, split="test")
    >>> observation, info = env.reset(seed=0)
    >>> observation.shape
    (61, 61)
    >>> _, reward, terminated, _, _ = env.step(thinkenv.mazes.solve(observation))
    >>> reward, terminated
    (1.0, True)

    ## Version History
    * v0: first version.
    """

    def __init__(
        self,
        size: int | None = None,
        split: str = "train",
        generator: str = "dfs",
        loops: float = 0.0,
        endpoints: str = "any",
        observation: str = "grid",
        reward: str = "exact",
        render_mode: str | None = None,
    ):
        task = MazeTask(size, split, generator, loops, endpoints)
        super().__init__(MazeDynamics(task, observation, reward), render_mode)


class MazeVectorEnv(InstanceVectorEnv):
    """Many ``Maze-v0`` at once: see ``MazeEnv`` for the arguments and ``InstanceVectorEnv``."""

    single_env = MazeEnv
