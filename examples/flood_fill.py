"""A task of one's own, ``FloodFill-v0``: which cells does water reach from its source?"""

import copy

import gymnasium
import numpy as np

from thinkenv.deep_thinking.cell_problems import CellProblems
from thinkenv.envs.one_answer import OneAnswerEnv, OneAnswerVectorEnv
from thinkenv.tasks.plain import PlainTask, symmetries


class FloodFillTask(PlainTask):
    """Square grids of walls (0), free cells (1) and one source (2)."""

    name = "flood_fill"
    smallest_size = 3

    def draw_problem(self, random: np.random.Generator) -> np.ndarray:
        """Cells that are free by chance."""
        grid = (random.random((self.size, self.size)) < 0.65).astype(np.uint8)
        grid.flat[random.integers(grid.size)] = 2
        return grid

    def solve(self, problem: np.ndarray) -> np.ndarray:
        """Spread from cell to cell until nothing changes."""
        wet = problem == 2
        while True:
            padded = np.pad(wet, 1)
            beside = padded[1:-1, :-2] | padded[1:-1, 2:] | padded[:-2, 1:-1] | padded[2:, 1:-1]
            spread = wet | beside & (problem > 0)
            if np.array_equal(spread, wet):
                return wet
            wet = spread

    def equals(self, problem: np.ndarray) -> list[np.ndarray]:
        """A grid turned or mirrored is never in another split."""
        return symmetries(problem)


class FloodFillEnv(OneAnswerEnv):
    """``FloodFill-v0``: see the grid, answer with the wet cells."""

    def __init__(self, size=9, split="train", reward="exact", render_mode=None):
        task = FloodFillTask(size, split)
        super().__init__(task, reward, render_mode)
        shape = (task.size, task.size)  # as the task has checked it
        self.observation_space = gymnasium.spaces.Box(0, 2, shape, np.uint8)
        self.action_space = gymnasium.spaces.MultiBinary(shape)


class FloodFillVectorEnv(OneAnswerVectorEnv):
    """Many ``FloodFill-v0`` at once."""

    single_env = FloodFillEnv


ENTRY_POINT = "examples.flood_fill:FloodFill{}Env"
gymnasium.register(
    "FloodFill-v0", ENTRY_POINT.format(""), vector_entry_point=ENTRY_POINT.format("Vector")
)


class FloodFillProblems(CellProblems):
    """The same for ``agents/train_dt.py``, ``evaluate.py`` and ``think.py``."""

    name = FloodFillTask.name
    input_channels = 3
    training_size, testing_sizes, watching_size, many_iterations = 9, (9, 17, 33), 17, 200
    # The same rule whichever way a board is turned, and no memory where there are walls.
    net_defaults = copy.deepcopy(CellProblems.net_defaults)
    net_defaults["recurrent"] |= {"symmetric": True, "barrier_channel": 0}

    @classmethod
    def of_size(cls, size, split, options):
        """The grids of one size of a split."""
        return cls(FloodFillTask(size, split))
