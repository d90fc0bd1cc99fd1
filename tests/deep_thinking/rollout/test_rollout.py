"""A rollout advances, is cut down and restarted, whether all cells are computed or some."""

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.rollout.active_cells import ActiveCells
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.mazes.task import MazeTask

CODEC = CellCodec(MazeTask)
CPU = torch.device("cpu")


@pytest.fixture(params=[9, 33], ids=["every cell", "active cells"])
def problems(request):
    return MazeTask(request.param).draw(range(4)).problems


@pytest.fixture
def net():
    settings = RecurrentSettings(memory_channels=4, hidden_channels=8, head_channels=4)
    return RecurrentNet(settings, MAZE_INTERFACE)


@torch.no_grad()
def dense(net, problems, iterations, memory=None):
    """The memory after so many iterations, by the net alone."""
    inputs = CODEC.encode(problems)
    memory = net.start(inputs) if memory is None else memory
    for _ in range(iterations):
        memory = net.step(memory, net.inject(inputs))
    return memory


def close(rollout, memory):
    torch.testing.assert_close(rollout.memory, memory, rtol=0, atol=1e-4)


def test_it_is_where_so_many_iterations_lead(net, problems):
    rollout = Rollout(net, CODEC, problems, CPU)
    assert isinstance(rollout.stepper, ActiveCells) == (problems.shape[1] > 24)
    assert torch.isinf(rollout.residuals).all()
    rollout.advance(3)
    rollout.advance(0)
    rollout.advance(4)
    assert rollout.iterations == 7 and len(rollout) == 4
    memory = dense(net, problems, 7)
    close(rollout, memory)
    change = (memory - dense(net, problems, 6)).abs().amax(dim=(1, 2, 3))
    torch.testing.assert_close(rollout.residuals, change, rtol=0, atol=1e-4)
    logits = net.decode(memory).detach()
    assert np.array_equal(rollout.answers(), CODEC.decode(logits, problems).numpy())
    assert np.allclose(rollout.probabilities(), CODEC.probabilities(logits, problems), atol=1e-4)


def test_no_iterations_are_not_taken_for_some_that_changed_nothing(net, problems):
    rollout = Rollout(net, CODEC, problems, CPU)
    rollout.advance(0)
    assert torch.isinf(rollout.residuals).all() and rollout.iterations == 0


def test_some_problems_are_kept_and_restarted_and_kept_again(net, problems):
    rollout = Rollout(net, CODEC, problems, CPU)
    rollout.advance(2)
    rollout.keep(torch.tensor([True, False, True, True]))
    rollout.advance(2)
    kept = problems[[0, 2, 3]]
    close(rollout, dense(net, kept, 4))
    disturbed = -rollout.memory
    rollout.restart(disturbed)
    close(rollout, disturbed)
    rollout.advance(2)
    close(rollout, dense(net, kept, 2, disturbed))
    rollout.keep(torch.tensor([False, True, False]))
    rollout.advance(1)
    close(rollout, dense(net, problems[2:3], 3, disturbed[1:2]))


def test_other_problems_take_the_place_of_those_that_are_left(net, problems):
    rollout = Rollout(net, CODEC, problems, CPU)
    rollout.advance(3)
    rollout.keep(torch.tensor([True, True, False, False]))
    before = rollout.memory.clone()
    rollout.change_problems(problems[2:])
    rollout.advance(3)
    close(rollout, dense(net, problems[2:], 3, before))


def test_it_goes_on_from_a_memory_which_it_does_not_change(net, problems):
    memory = torch.rand(4, 4, *problems.shape[1:])
    before = memory.clone()
    rollout = Rollout(net, CODEC, problems, CPU, memory)
    rollout.advance(5)
    close(rollout, dense(net, problems, 5, before))
    assert torch.equal(memory, before)
