"""Diagnoses of nets made by hand, of which it is known how they think."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.deep_thinking.analysis.distance_net import NearTask, distance_agent, distances
from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv import mazes
from thinkenv.deep_thinking import Agent, load
from thinkenv.deep_thinking import agent as agent_module
from thinkenv.deep_thinking.analysis.diagnostics import (
    agreement_with,
    alignment_of,
    diagnose,
    random_memory,
)
from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.mazes import MazeTask
from thinkenv.tasks import instances_of_seed, make_task


class FillingNet(Architecture[Tensor]):
    """Dead-end filling, one round in each iteration.

    The memory holds the cells that are left, and that thinking has begun: a memory of another
    problem is gone on from.
    """

    name = "filling"
    settings_type = Settings

    def __init__(self):
        super().__init__(Settings(), MAZE_INTERFACE)

    def start(self, inputs):
        return inputs.new_zeros(len(inputs), 2, *inputs.shape[2:])

    def inject(self, inputs):
        return inputs

    def step(self, memory, injected):
        begun = memory[:, 1:] > 0.9
        left = torch.where(begun, memory[:, :1] > 0.5, injected[:, :1] == 0).float()
        ways = F.conv2d(left, torch.tensor([[[[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]]]), padding=1)
        ends = injected[:, 2:].sum(dim=1, keepdim=True) > 0
        left = left * ((ways > 1) | ends)
        return torch.cat([left, torch.ones_like(left)], dim=1)

    def decode(self, memory):
        return torch.cat([torch.full_like(memory[:, :1], 0.5), memory[:, :1]], dim=1)


def agent_of(net) -> Agent:
    return Agent(net, CellCodec(MazeTask), training_iterations=72)


@pytest.fixture(scope="module")
def task():
    return make_task("maze", size=21, split="extrapolation")


@pytest.fixture(scope="module")
def batch(task):
    return task.draw(instances_of_seed(2, 12))


def test_a_net_that_fills_dead_ends_is_found_to_do_so(task, batch):
    diagnosis = diagnose(agent_of(FillingNet()), task, batch, 200)
    rounds = np.array([mazes.fill_dead_ends(grid)[1] for grid in batch.grids])
    # The same by another way, in thinkenv; the iteration after the last round changes nothing.
    assert diagnosis.first_solved.tolist() == rounds.tolist()
    assert diagnosis.last_changed.tolist() == rounds.tolist()
    assert diagnosis.attractors == {"fixed point": 1.0}
    assert diagnosis.residuals[0] == 1 and diagnosis.residuals[-1] == 0
    assert diagnosis.solved[rounds.max() - 1] == 1 and diagnosis.solved[0] < 1
    assert np.all(diagnosis.agreement == 1)
    expected = np.minimum(np.arange(1, 201)[:, None], rounds).mean(axis=1)
    np.testing.assert_allclose(diagnosis.filling_rounds, expected)
    # What was filled for another maze is not opened again: this rule depends on its path.
    assert diagnosis.same_answer["foreign"] < 0.5
    assert diagnosis.alignment["foreign"] < 0.99


def test_chunks_change_nothing(task, batch, monkeypatch):
    whole = diagnose(agent_of(FillingNet()), task, batch, 60)
    monkeypatch.setitem(agent_module.CELLS_PER_CHUNK, "cpu", 5 * 23 * 23)
    told: list[int] = []
    parts = diagnose(agent_of(FillingNet()), task, batch, 60, progress=told.append)
    assert told == [5, 5, 2]
    for name in ("residuals", "solved", "first_solved", "last_changed", "agreement"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name))


def test_a_net_that_forgets_its_memory_is_path_independent(task, batch):
    net = RecurrentNet(RecurrentSettings(8, 8), MAZE_INTERFACE)
    with torch.no_grad():
        net.widen.weight[:, :8] = 0
    diagnosis = diagnose(agent_of(net), task, batch, 20)
    assert diagnosis.alignment == pytest.approx({"foreign": 1.0, "random": 1.0}, abs=1e-5)
    assert diagnosis.same_answer == {"foreign": 1.0, "random": 1.0}
    assert np.all(diagnosis.residuals[1:] < 1e-6)


def test_other_tasks_have_no_dead_ends_to_fill():
    task = make_task("prefix_sum", bits=16, split="extrapolation")
    diagnosis = diagnose(load("prefix_sum"), task, task.draw(np.arange(4)), 60)
    assert diagnosis.agreement is None and diagnosis.filling_rounds is None
    assert diagnosis.solved[-1] == 1 and diagnosis.attractors == {"fixed point": 1.0}
    assert diagnosis.same_answer == {"foreign": 1.0, "random": 1.0}


def test_alignment_is_the_cosine():
    one = torch.tensor([[3.0, 4.0], [1.0, 0.0]]).reshape(2, 2, 1, 1)
    other = torch.tensor([[6.0, 8.0], [0.0, 2.0]]).reshape(2, 2, 1, 1)
    assert alignment_of(one, other).tolist() == pytest.approx([1.0, 0.0])
    # Of a memory of several tensors, of any form, it is their mean.
    parts, others = ({"a": memory, "b": memory[:, 1:, 0]} for memory in (one, other))
    assert alignment_of(parts, others).tolist() == pytest.approx([1.0, 0.0])


def test_large_counts_do_not_drown_the_other_tensors():
    alike, unlike = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    counts = 1000 * torch.ones(1, 1, 3, 3)
    one = {"signals": alike, "counters": counts}
    assert alignment_of(one, {"signals": unlike, "counters": counts}).item() == pytest.approx(0.5)
    assert alignment_of(one, {"signals": -alike, "counters": counts}).item() == pytest.approx(0)
    # Where there is nothing in both, there is no difference; where in one of them, there is.
    empty = torch.zeros(1, 2)
    assert alignment_of(empty, empty).item() == 1 and alignment_of(empty, alike).item() == 0


def test_random_counts_are_between_zero_and_the_first_ones():
    batch = mazes.generate(size=21, count=3, loops=0.1)
    memory = random_memory(distance_agent(), batch, torch.Generator().manual_seed(1))
    assert -1 <= memory["near"].min() < -0.9 and 0.9 < memory["near"].max() <= 1
    for counts, grid in zip(memory["counters"][:, 0].numpy(), batch.grids, strict=True):
        is_open, most = grid != 0, (grid != 0).sum()
        assert (counts[~is_open] == 0).all()
        assert 0 <= counts.min() and 0.9 * most < counts.max() <= most
        assert counts[is_open].mean() == pytest.approx(most / 2, rel=0.2)


def test_a_net_that_counts_is_path_independent():
    task = NearTask(size=13, split="test", loops=0.2, endpoints="free_cells")
    batch = task.draw(np.arange(5))
    diagnosis = diagnose(distance_agent(), task, batch, 80)
    assert diagnosis.alignment == pytest.approx({"foreign": 1.0, "random": 1.0}, abs=1e-6)
    assert diagnosis.same_answer == {"foreign": 1.0, "random": 1.0}
    assert diagnosis.attractors == {"fixed point": 1.0}
    # The goal has its count after one iteration, cells three steps away after four, for good.
    assert diagnosis.first_solved.tolist() == diagnosis.last_changed.tolist() == [4] * 5
    farthest = max(steps[np.isfinite(steps)].max() for steps in map(distances, batch.grids))
    assert np.flatnonzero(diagnosis.residuals)[-1] == farthest  # from 0


def test_agreement_of_a_maze_drawn_by_hand(task):
    grid = np.array(
        [[0, 0, 0, 0, 0], [0, 2, 1, 3, 0], [0, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]],
        np.uint8,
    )
    batch = mazes.MazeBatch(
        grid[None], np.zeros((1, 5, 5), np.uint8), np.array([3]), np.array([True]), np.array([0])
    )
    filled = task.filling_rounds(batch)
    # The dead end below goes cell by cell, from its end; the way from start to goal stays.
    assert filled[0].tolist() == [
        [0, 0, 0, 0, 0],
        [0, -1, -1, -1, 0],
        [0, 4, 0, 0, 0],
        [0, 3, 2, 1, 0],
        [0, 0, 0, 0, 0],
    ]
    answer = np.zeros((1, 5, 5), np.uint8)
    answer[0, 1, 1:4] = 1
    answer[0, 2, 1] = 1  # one cell is not filled yet
    assert [numbers.tolist() for numbers in agreement_with(filled, answer)] == [[1], [3]]
    answer[0, 1, 2] = 0  # and one is missing
    share, rounds = agreement_with(filled, answer)
    assert share.tolist() == pytest.approx([6 / 7]) and rounds.tolist() == [3]
    answer[:] = 1  # everything is left, and walls do not count
    assert [numbers.tolist() for numbers in agreement_with(filled, answer)] == [[1], [0]]


def test_one_problem_is_too_few(task, batch):
    with pytest.raises(ValueError, match="a diagnosis must have at least 2 problems, got 1"):
        diagnose(agent_of(FillingNet()), task, batch[:1], 20)
