"""``Maze-v0``: see the whole maze, answer with the whole path."""

from pathlib import Path

import numpy as np
from gymnasium import spaces

from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.maze_problems import Look, MazeProblems, maze_task
from thinkenv.envs.one_answer import OneAnswer
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.task import REMOVED, MazeTask


class MazeDynamics(MazeProblems, OneAnswer[MazeBatch]):
    """One answer to each maze.

    Args:
        task: Which mazes.
        look: How they are shown.
        new_endpoints: Whether each reset shows the same maze with another start and goal.
        reward: ``exact`` or ``cells``.
    """

    def __init__(self, task: MazeTask | MazeFileTask, look: Look, new_endpoints: bool, reward: str):
        super().__init__(task, look.space, spaces.MultiBinary(task.shape), reward)
        self.choose(look, new_endpoints)

    def observe(self) -> np.ndarray:
        """The mazes as they are shown."""
        return self.look.show(self.batch.grids.copy())


class MazeEnv(InstanceEnv):
    """See the whole maze, answer with the whole shortest path.

    ## Description
    A maze of ``(size + 1) / 2`` rooms per side, or of ``size`` cells per side that are no lattice
    of rooms, with a start and a goal. The answer is a mask of the cells of a shortest path from
    start to goal, and empty where there is none. It is the maze task of the "deep thinking"
    literature (Schwarzschild et al. 2021, arXiv 2106.04537; Bansal et al. 2022, arXiv
    2202.05826): agents train on size 9 and are tested on larger mazes.

    ## Action Space
    ``MultiBinary((H, W))``: 1 on every cell of the path, start and goal included. All that the
    space contains is accepted: bools, integers and floats with values 0 and 1. ``H`` and ``W`` are
    ``size + 2``, or rows and columns of the mazes of a file.

    ## Observation Space
    ``observation="grid"``: ``Box(0, 3, (H, W), uint8)``, the outer wall included: 0 wall, 1 free,
    2 start, 3 goal.

    ``observation="planes"``: ``Box(0, 1, (4, H, W), uint8)``: the same one-hot, plane ``c`` is 1
    on the cells with code ``c``.

    ``observation="rgb"``: ``Box(0, 255, (H * pixels, W * pixels, 3), uint8)``: walls black, free
    cells white, start green, goal red, ``pixels`` times ``pixels`` of one colour for each cell.

    ## Rewards
    ``reward="exact"``: 1.0 if the marked cells are exactly those of a shortest path (any of them,
    where there are several; none, where there is no way), else 0.0.

    ``reward="cells"``: the share of free cells (start and goal included) that equal the reference
    path, 0.0 to 1.0.

    ## Starting State
    A random instance of the split. ``reset(options={"instance": 17})`` shows instance 17: a pure
    function of the arguments and that number. The mazes of a ``file`` have the numbers 0, 1, 2, …
    in its order, and begin again after the last.

    ``reset(options={"size": 15})`` shows mazes of size 15, from 5 to the environment's own, and so
    do later resets and automatic ones until another size is asked for: a curriculum in one
    environment. They lie in the upper left corner, and the rest is wall. Numbers of instances mean
    those of that size, so that instance 17 is that of ``gym.make("Maze-v0", size=15)``. There are
    no sizes in a ``file``.

    With ``new_endpoints=True`` the first reset chooses a maze, and later ones show it with another
    start and goal, drawn from ``np_random``: between any two rooms, or as ``endpoints`` says. A
    reset with a seed, with another size, or with ``options={"instance": 17}`` chooses a maze anew;
    the ends are drawn in each reset, so that maze 17 has others whenever it is asked for. In the
    mazes of a ``file``, ends are free cells that can be reached from its start and lie an even
    number of rows and columns from it.

    ## Episode End
    One answer ends the episode (``terminated``).

    ## Information
    ``reset``: ``instance`` (int), ``path_length`` (int, cells of the shortest path, both ends
    included; 0 where there is no way), ``unique`` (bool, whether it is the only shortest path).
    ``step``: ``solved`` (bool), ``cell_accuracy`` (float), ``solution`` (``(H, W)`` uint8, a
    shortest path).

    ## Arguments
    | argument | values | default |
    |---|---|---|
    | ``size`` | odd, 5 to 1601 | 9, and 59 for the split ``extrapolation`` |
    | ``split`` | ``train``, ``validation``, ``test``, ``extrapolation``, ``all`` | ``train`` |
    | ``generator`` | one of the generators below | ``dfs`` |
    | ``loops`` | 0.0 to 1.0, the chance that a standing wall between two rooms is opened | 0.0 |
    | ``endpoints`` | where start and goal lie, a name below | ``any`` |
    | ``removed`` | 0.0 to 0.6, the chance that ``percolation`` makes a cell a wall | 0.3 |
    | ``observation`` | ``grid``, ``planes``, ``rgb`` | ``grid`` |
    | ``reward`` | ``exact``, ``cells`` | ``exact`` |
    | ``render_mode`` | ``rgb_array``, ``ansi`` | None |
    | ``file`` | a file or folder of mazes, see below | None |
    | ``new_endpoints`` | whether resets show the same maze with another start and goal | False |
    | ``pixels`` | 1 to 1000, pixels a cell of ``rgb`` | 1 |

    Generators of lattices of rooms: ``dfs``, ``wilson``, ``kruskal``, ``prim``,
    ``recursive_division`` and ``hunt_and_kill``; ``thinkenv.mazes.generators`` says what
    distribution each gives. Without ``loops`` there is one way between any two cells.

    Generators without a lattice, of ``thinkenv.mazes.without_lattice``, whose free cells may lie
    anywhere and have several ways among them, so that ``loops`` must be 0:

    * ``percolation``: each cell is a wall with the chance ``removed``, whatever the others are;
    * ``plazas``: open rectangular places, joined by corridors one to three cells across;
    * ``caves``: random cells that were smoothed, of which the largest cave is left.

    | ``endpoints`` | in a lattice of rooms | without a lattice |
    |---|---|---|
    | ``any`` | two distinct rooms | as ``free_cells`` |
    | ``dead_ends`` | two rooms with one way out | two joined cells with one free neighbour |
    | ``corners`` | two corners | the cells nearest to two corners, in the largest place |
    | ``farthest`` | ends of a longest shortest path between rooms | the same, of free cells |
    | ``free_cells`` | any two free cells, rooms or not | any two free cells that are joined |
    | ``adjacent`` | two neighbouring free cells | the same |
    | ``unreachable`` | not there | two free cells without a way; ``percolation`` alone |

    Of ``free_cells``, the start is any of the cells from which another can be reached, and the goal
    any of these; each is as likely as the others.

    With a ``file``, which is whatever ``thinkenv.mazes.read`` reads, the environment shows its
    mazes, of any height and width, and none of the first six arguments is allowed beside it.

    Splits are disjoint up to rotation and reflection, by a hash of the walls: see
    ``thinkenv.tasks.splits``. A wrong argument raises a ``ValueError`` or ``TypeError`` that names
    it.

    ## Rendering
    ``rgb_array`` draws the maze with the start as a green disc, the goal as a purple ring, and,
    once answered, the path in blue, wrong cells in orange and missing cells in pale blue.
    ``ansi`` returns the same as text.

    ## Vectorized environment
    ``gym.make_vec("Maze-v0", num_envs=1024, size=9)`` draws and judges all mazes in one call. Its
    ``reset`` takes lists of instances and of sizes, one for each maze, as well.

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
        file: str | Path | None = None,
        new_endpoints: bool = False,
        pixels: int = 1,
        removed: float = REMOVED,
    ):
        kind = dict(generator=generator, loops=loops, endpoints=endpoints, removed=removed)
        task = maze_task(file, size, split, **kind)
        look = Look(observation, pixels, task.shape, task.codes)
        super().__init__(MazeDynamics(task, look, new_endpoints, reward), render_mode)


class MazeVectorEnv(InstanceVectorEnv):
    """Many ``Maze-v0`` at once: see ``MazeEnv`` for the arguments and ``InstanceVectorEnv``."""

    single_env = MazeEnv
