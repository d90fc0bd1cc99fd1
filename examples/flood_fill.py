"""A task of your own, ``FloodFill-v0``: which cells does water reach from its source?

It is trained on with ``python agents/train_dt.py --task examples/flood_fill.py:FloodFillTask``.
"""

import gymnasium
import numpy as np

from thinkenv.envs.base import InstanceVectorEnv
from thinkenv.envs.one_answer import PlainTaskEnv
from thinkenv.tasks import PlainTask, symmetries


class FloodFillTask(PlainTask):
    """Square grids of walls (0), free cells (1) and one source (2)."""

    name = "flood_fill"
    codes = 3
    smallest_size = 3
    # What agents are told: no answer depends on walls, and the rule is the same whichever way a
    # board is turned.
    wall_code = 0
    turns = True
    # The problems trained on, tested on and shown by default, and iterations enough for them.
    training_size, testing_sizes, watching_size = 9, (9, 17, 33), 17
    ample_iterations = 200

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


class FloodFillEnv(PlainTaskEnv):
    """``FloodFill-v0``: see the grid, answer with the wet cells."""

    task_type = FloodFillTask


class FloodFillVectorEnv(InstanceVectorEnv):
    """Many ``FloodFill-v0`` at once."""

    single_env = FloodFillEnv


gymnasium.register(
    id="FloodFill-v0",
    entry_point=f"{__name__}:FloodFillEnv",
    vector_entry_point=f"{__name__}:FloodFillVectorEnv",
)
