"""Diagnoses of nets made by hand, of which it is known how they think."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.analysis.diagnostics import agreement_with, alignment_of, diagnose
from thinkenv.deep_thinking.maze_problems import MazeProblems
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv import mazes


class FillingNet(RecurrentNet):
    """Dead-end filling, one round in each iteration.

    The memory holds the cells that are left, and that thinking has begun; ``forgets`` decides
    whether it begins anew, whatever the memory, or goes on from it.
    """

    def __init__(self):
        super().__init__(4, 2, memory_channels=2, hidden_channels=1)
        self.reach = None

    def perceive(self, inputs):
        return inputs

    def step(self, memory, seen):
        begun = memory[:, 1:] > 0.9
        left = torch.where(begun, memory[:, :1] > 0.5, seen[:, :1] == 0).float()
        ways = F.conv2d(left, torch.tensor([[[[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]]]), padding=1)
        ends = seen[:, 2:].sum(dim=1, keepdim=True) > 0
        left = left * ((ways > 1) | ends)
        return torch.cat([left, torch.ones_like(left)], dim=1)

    def read(self, memory):
        return torch.cat([torch.full_like(memory[:, :1], 0.5), memory[:, :1]], dim=1)


@pytest.fixture(scope="module")
def batch():
    return MazeProblems(size=21, split="extrapolation").draw(2, 12)


def test_a_net_that_fills_dead_ends_is_found_to_do_so(batch):
    diagnosis = diagnose(Agent(FillingNet(), "maze", 72), MazeProblems(size=21), batch, 200)
    rounds = np.array([mazes.fill_dead_ends(grid)[1] for grid in batch.grids])
    # The same by another way, in thinkenv; the iteration after the last round changes nothing.
    assert diagnosis.first_solved.tolist() == rounds.tolist()
    assert diagnosis.last_changed.tolist() == rounds.tolist()
    assert diagnosis.limits == {"fixed point": 1.0}
    assert diagnosis.residuals[0] == 1 and diagnosis.residuals[-1] == 0
    assert diagnosis.solved[rounds.max() - 1] == 1 and diagnosis.solved[0] < 1
    assert np.all(diagnosis.agreement == 1)
    expected = np.minimum(np.arange(1, 201)[:, None], rounds).mean(axis=1)
    np.testing.assert_allclose(diagnosis.filling_rounds, expected)
    # What was filled for another maze is not opened again: this rule depends on its path.
    assert diagnosis.same_answer["foreign"] < 0.5
    assert diagnosis.alignment["foreign"] < 0.99


def test_a_net_that_forgets_its_memory_is_path_independent(batch):
    net = RecurrentNet(4, 2, memory_channels=8, hidden_channels=8)
    with torch.no_grad():
        net.widen.weight[:, :8] = 0
    diagnosis = diagnose(Agent(net, "maze", 72), MazeProblems(size=21), batch, 20)
    assert diagnosis.alignment == pytest.approx({"foreign": 1.0, "random": 1.0}, abs=1e-5)
    assert diagnosis.same_answer == {"foreign": 1.0, "random": 1.0}
    assert np.all(diagnosis.residuals[1:] < 1e-6)


def test_alignment_is_the_cosine():
    one = torch.tensor([[3.0, 4.0], [1.0, 0.0]]).reshape(2, 2, 1, 1)
    other = torch.tensor([[6.0, 8.0], [0.0, 2.0]]).reshape(2, 2, 1, 1)
    assert alignment_of(one, other).tolist() == pytest.approx([1.0, 0.0])


def test_agreement_of_a_maze_drawn_by_hand():
    grid = np.array(
        [[0, 0, 0, 0, 0], [0, 2, 1, 3, 0], [0, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]],
        np.uint8,
    )
    batch = mazes.MazeBatch(
        grid[None], np.zeros((1, 5, 5), np.uint8), np.array([3]), np.array([True]), np.array([0])
    )
    filled = MazeProblems.fill_dead_ends(batch)
    assert filled[:, 0].sum(axis=(1, 2)).tolist() == [7, 6, 5, 4, 3]
    answer = np.zeros((1, 5, 5), np.uint8)
    answer[0, 1, 1:4] = 1
    answer[0, 2, 1] = 1  # one cell is not filled yet
    assert [numbers.tolist() for numbers in agreement_with(filled, batch.grids, answer)] == [
        [1],
        [3],
    ]
    answer[0, 1, 2] = 0  # and one is missing
    share, rounds = agreement_with(filled, batch.grids, answer)
    assert share.tolist() == pytest.approx([6 / 7]) and rounds.tolist() == [3]


def test_one_problem_is_too_few(batch):
    with pytest.raises(ValueError, match="needs 2 or more problems"):
        diagnose(Agent(FillingNet(), "maze", 72), MazeProblems(size=21), batch[:1], 20)
