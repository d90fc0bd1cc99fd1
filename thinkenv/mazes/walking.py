"""Walkers in mazes: the dynamics of ``MazeWalk-v0``, for many mazes at once."""

import numpy as np

from thinkenv.mazes.lattice import GOAL, START, WALL
from thinkenv.mazes.task import MazeBatch

AGENT = 4  # the cell code of the agent's place
ACTIONS = ("up", "right", "down", "left")


def step_limit(rooms: int) -> int:
    """The most steps of an episode: enough to walk every passage there and back."""
    return 4 * rooms * rooms


class Walkers:
    """One walker in each maze of a batch.

    Args:
        rooms: Rooms per side of the mazes.
        count: The number of walkers.
    """

    def __init__(self, rooms: int, count: int):
        self.side = 2 * rooms + 1
        self.limit = step_limit(rooms)
        # The flat steps of up, right, down, left.
        self.steps = np.array([-self.side, 1, self.side, -1])
        self.places = np.zeros(count, np.int64)  # flat cells
        self.goals = np.zeros(count, np.int64)
        self.steps_taken = np.zeros(count, np.int64)

    def begin(self, batch: MazeBatch, which: np.ndarray) -> None:
        """Put the walkers ``which`` ``(n,)`` on the starts of their mazes."""
        grids = batch.grids[which].reshape(len(which), self.side**2)
        self.places[which] = (grids == START).argmax(axis=1)
        self.goals[which] = (grids == GOAL).argmax(axis=1)
        self.steps_taken[which] = 0

    def action_masks(self, batch: MazeBatch, which: np.ndarray) -> np.ndarray:
        """Which actions of the walkers ``which`` lead to a free cell: ``(n, 4)`` int8."""
        grids = batch.grids.reshape(len(batch), self.side**2)
        cells = self.places[which, None] + self.steps
        return (grids[which[:, None], cells] != WALL).astype(np.int8)

    def move(self, batch: MazeBatch, actions: np.ndarray, which: np.ndarray) -> tuple:
        """Move the walkers ``which`` ``(n,)`` by ``actions`` ``(n,)``; walls stop them.

        Returns:
            ``(rewards, reached, late)``, ``(n,)`` each: the reward, whether the goal was reached,
            and whether the step limit was, without reaching the goal.
        """
        grids = batch.grids.reshape(len(batch), self.side**2)
        cells = self.places[which] + self.steps[actions]
        free = grids[which, cells] != WALL
        self.places[which] = np.where(free, cells, self.places[which])
        self.steps_taken[which] += 1
        reached = self.places[which] == self.goals[which]
        late = (self.steps_taken[which] >= self.limit) & ~reached
        return reached - 1.0 / self.limit, reached, late

    def show(self, batch: MazeBatch) -> np.ndarray:
        """The mazes with the walkers in them, ``(count, H, W)`` uint8, a new array."""
        grids = batch.grids.copy()
        grids.reshape(len(batch), self.side**2)[np.arange(len(batch)), self.places] = AGENT
        return grids
