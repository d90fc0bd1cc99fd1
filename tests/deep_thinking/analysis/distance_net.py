"""A net that counts, which one can follow by hand, and the task that it solves."""

import networkx as nx
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking import Agent
from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.mazes import MazeTask

NEAR = 3  # steps


class DistanceNet(Architecture[dict[str, Tensor]]):
    """It counts the steps to the goal, and marks the cells that are ``NEAR`` or nearer.

    A count is one more than the least of the four neighbours', at the goal 0, and at most the
    number of open cells, which it begins with.
    """

    name = "distance"
    settings_type = Settings
    unbounded = frozenset({"counters"})

    def __init__(self):
        super().__init__(Settings(), MAZE_INTERFACE)

    def start(self, inputs):
        is_open = 1 - inputs[:, :1]
        most = is_open.sum(dim=(2, 3), keepdim=True)
        return {"near": torch.zeros_like(is_open), "counters": most * is_open}

    def inject(self, inputs):
        return torch.cat([1 - inputs[:, :1], inputs[:, 3:]], dim=1)

    def step(self, memory, injected):
        is_open, is_goal = injected[:, :1], injected[:, 1:]
        most = is_open.sum(dim=(2, 3), keepdim=True)
        counts = torch.where(is_open > 0, memory["counters"].clamp(min=0), most)
        padded = F.pad(counts, (1, 1, 1, 1), value=torch.inf)
        near = (padded[..., :-2, 1:-1], padded[..., 1:-1, 2:])
        near += (padded[..., 2:, 1:-1], padded[..., 1:-1, :-2])
        counts = torch.minimum(torch.stack(near).amin(dim=0) + 1, most) * is_open * (1 - is_goal)
        return {"near": ((counts <= NEAR) & (is_open > 0)).float(), "counters": counts}

    def decode(self, memory):
        return torch.cat([torch.full_like(memory["near"], 0.5), memory["near"]], dim=1)


class NearTask(MazeTask):
    """Mazes of which the cells near the goal are to be marked."""

    def judge(self, batch, answers):
        right = np.array([distances(grid) <= NEAR for grid in batch.grids]) == answers
        return right.all(axis=(1, 2)), right.mean(axis=(1, 2))


def distances(grid: np.ndarray) -> np.ndarray:
    """The steps from each cell of a maze to the goal, by networkx; infinite where there is no way.

    Args:
        grid: ``(H, W)`` cell codes.
    """
    graph = nx.grid_2d_graph(*grid.shape)
    graph.remove_nodes_from(map(tuple, np.argwhere(grid == 0).tolist()))
    goal = tuple(np.argwhere(grid == 3)[0].tolist())
    found = np.full(grid.shape, np.inf)
    for cell, steps in nx.single_source_shortest_path_length(graph, goal).items():
        found[cell] = steps
    return found


def distance_agent() -> Agent:
    return Agent(DistanceNet(), CellCodec(MazeTask), training_iterations=10)
