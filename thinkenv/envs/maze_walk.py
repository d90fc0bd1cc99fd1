"""``MazeWalk-v0``: the mazes of ``Maze-v0``, walked step by step."""

from pathlib import Path

import numpy as np
from gymnasium import spaces

from thinkenv.envs.base import InstanceEnv, InstanceVectorEnv
from thinkenv.envs.dynamics import MaskedDynamics, Outcome
from thinkenv.envs.maze_problems import Look, MazeProblems, maze_task
from thinkenv.mazes import drawing
from thinkenv.mazes.file_task import MazeFileTask
from thinkenv.mazes.grid_task import MazeBatch
from thinkenv.mazes.lattice import GOAL, START, WALL
from thinkenv.mazes.task import REMOVED, MazeTask

ACTIONS = ("up", "right", "down", "left")
AGENT = 4  # the cell code of the agent's cell

# The keys of the actions, in their order: letters, and the arrows by the codes of SDL and pygame.
LETTERS = "wdsa"
ARROWS = (0x40000052, 0x4000004F, 0x40000051, 0x40000050)


class MazeWalkDynamics(MazeProblems, MaskedDynamics[MazeBatch]):
    """A walker in each maze.

    Args:
        task: Which mazes. Each has a way from start to goal, so that no walker is walled in.
        look: How they are shown.
        new_endpoints: Whether each reset shows the same maze with another start and goal.
    """

    def __init__(self, task: MazeTask | MazeFileTask, look: Look, new_endpoints: bool):
        super().__init__(task, look.space, spaces.Discrete(len(ACTIONS)))
        self.choose(look, new_endpoints)
        # Cells are numbered row by row through all mazes, so that one up is a row back. The outer
        # wall keeps walkers from leaving.
        height, width = task.shape
        self._area = height * width
        self.steps = np.array([-width, 1, width, -1])

    def allocate(self, count: int) -> None:
        """Have as many walkers."""
        super().allocate(count)
        self._cells = np.zeros(count, np.int64)  # where they stand
        self._goals = np.zeros(count, np.int64)
        self._steps_left = np.zeros(count, np.int64)
        self._costs = np.zeros(count)  # of a step

    def begin(self, drawn: MazeBatch, which: np.ndarray) -> None:
        """Put the walkers ``which`` on the starts."""
        super().begin(drawn, which)
        self._codes = self.batch.grids.reshape(-1)  # of all cells
        begun = self._codes.reshape(self.count, self._area)[which]
        first = which * self._area
        self._cells[which] = first + (begun == START).argmax(axis=1)
        self._goals[which] = first + (begun == GOAL).argmax(axis=1)
        limits = self._step_limits(begun, which)
        self._steps_left[which] = limits
        self._costs[which] = 1.0 / limits

    def _step_limits(self, begun: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Enough steps to walk every passage of the mazes that begin there and back: ``(n,)``."""
        if isinstance(self.task, MazeTask) and self.task.is_lattice:
            return (self.sizes[which] + 1) ** 2
        return 2 * (np.count_nonzero(begun, axis=1) + 1)

    def observe(self) -> np.ndarray:
        """The mazes with the walkers in them, as they are shown."""
        grids = self.batch.grids.copy()
        grids.reshape(-1)[self._cells] = AGENT
        return self.look.show(grids)

    def action_masks(self, which: np.ndarray) -> np.ndarray:
        """Which actions lead the walkers ``which`` to free cells: ``(n, 4)``."""
        return (self._codes[self._cells[which][:, None] + self.steps] != WALL).view(np.int8)

    def act(self, actions: np.ndarray, which: np.ndarray) -> Outcome:
        """Move the walkers ``which`` by ``actions`` ``(n,)``; walls stop them."""
        cells = self._cells[which]
        ahead = cells + self.steps[actions]
        cells = np.where(self._codes[ahead] != WALL, ahead, cells)
        self._cells[which] = cells
        steps_left = self._steps_left[which] - 1
        self._steps_left[which] = steps_left
        reached = cells == self._goals[which]
        late = (steps_left <= 0) & ~reached
        return reached - self._costs[which], reached, late, {"solved": reached}

    def picture(self, index: int, mode: str, is_over: bool) -> np.ndarray | str:
        """The maze with the walker in it."""
        grid = self.batch.grids[index]
        agent = divmod(int(self._cells[index]) - index * self._area, grid.shape[1])
        show = drawing.write_text if mode == "ansi" else drawing.render
        return show(grid, agent=agent)


class MazeWalkEnv(InstanceEnv):
    """Walk from the start of a maze to its goal, seeing the whole maze.

    ## Description
    The mazes of ``Maze-v0``, and the agent stands on the start. It moves from cell to cell;
    from one room of a lattice to the next are two steps.

    ## Action Space
    ``Discrete(4)``: 0 up, 1 right, 2 down, 3 left. A move into a wall leaves the agent where it
    is, and costs a step like any other.

    ## Observation Space
    ``H`` and ``W`` are ``size + 2``, or rows and columns of the mazes of a file.

    ``observation="grid"``: ``Box(0, 4, (H, W), uint8)``, the outer wall included: 0 wall, 1 free,
    2 start, 3 goal, 4 the agent (which hides what it stands on).

    ``observation="planes"``: ``Box(0, 1, (5, H, W), uint8)``: the same one-hot, plane ``c`` is 1
    on the cells with code ``c``.

    ``observation="rgb"``: ``Box(0, 255, (H * pixels, W * pixels, 3), uint8)``: walls black, free
    cells white, start green, goal red, the agent blue, ``pixels`` times ``pixels`` of one colour
    for each cell.

    ## Rewards
    1 on reaching the goal, minus ``1 / limit`` for every step, where ``limit`` is the step limit.
    The return is the share of the limit left unused, or -1 without the goal.

    ## Starting State
    A random instance of the split. ``reset(options={"instance": 17})`` shows instance 17, the
    same maze as in ``Maze-v0`` with the same arguments. ``reset(options={"size": 15})`` and
    ``new_endpoints=True`` are as in ``Maze-v0``.

    ## Episode End
    The episode ends (``terminated``) on the goal, and is cut off (``truncated``) after ``limit``
    steps: enough to walk every passage there and back. That is ``(size + 1)**2`` by the size of the
    maze shown, and ``2 * (free + 1)`` in a maze of a file or without a lattice, with ``free`` cells
    that are no walls, which is the same number in a square maze of rooms without loops.

    ## Information
    ``reset``: ``instance`` (int), ``path_length`` (int, cells of the shortest path; the fewest
    steps are one less), ``unique`` (bool), ``action_mask``.
    ``step``: ``action_mask`` (``(4,)`` int8, 1 for the actions that no wall stops, for all on the
    goal), ``solved`` (bool, on the goal).

    ## Arguments
    ``size``, ``split``, ``generator``, ``loops``, ``endpoints``, ``removed``, ``observation``,
    ``render_mode``, ``file``, ``new_endpoints`` and ``pixels`` as those of ``Maze-v0``, but that
    ``endpoints="unreachable"`` is refused: no walk ends there.

    ## Playing by hand
    ``gymnasium.utils.play.play(env, wait_on_player=True)``, where pygame is installed and
    ``render_mode`` is ``rgb_array``: the arrow keys, or the letters ``w``, ``d``, ``s`` and ``a``.

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
        file: str | Path | None = None,
        new_endpoints: bool = False,
        pixels: int = 1,
        removed: float = REMOVED,
    ):
        if endpoints == "unreachable":
            raise ValueError(
                "endpoints must be others in MazeWalk-v0, got 'unreachable': no walk ends there"
            )
        kind = dict(generator=generator, loops=loops, endpoints=endpoints, removed=removed)
        task = maze_task(file, size, split, **kind)
        look = Look(observation, pixels, task.shape, AGENT + 1)
        super().__init__(MazeWalkDynamics(task, look, new_endpoints), render_mode)

    def get_keys_to_action(self) -> dict[tuple[int, ...], int]:
        """The keys of each action, as ``gymnasium.utils.play`` asks for them."""
        keys = [(ord(letter),) for letter in LETTERS] + [(arrow,) for arrow in ARROWS]
        return {key: index % len(ACTIONS) for index, key in enumerate(keys)}


class MazeWalkVectorEnv(InstanceVectorEnv):
    """Many ``MazeWalk-v0`` at once: see ``MazeWalkEnv`` for the arguments."""

    single_env = MazeWalkEnv
