"""The baseline without iterations."""

import pytest
import torch

from tests.deep_thinking.conftest import CHESS_INTERFACE, MAZE_INTERFACE
from thinkenv.deep_thinking.architectures.base import count_parameters
from thinkenv.deep_thinking.architectures.feed_forward import FeedForwardNet, FeedForwardSettings
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet
from thinkenv.tasks import find_task


@pytest.mark.parametrize("side", [7, 12])
def test_iterations_change_nothing(side):
    net = FeedForwardNet(FeedForwardSettings(), MAZE_INTERFACE)
    inputs = torch.rand(2, 4, side, side)
    injected = net.inject(inputs)
    once = net.step(net.start(inputs), injected)
    assert once.shape == net.start(inputs).shape == (2, 16, side, side)
    assert torch.equal(net.step(once, injected), once)
    assert net.decode(once).shape == (2, 2, side, side)
    assert not net.recurrent


@pytest.mark.parametrize(
    ("task", "interface"), [("maze", MAZE_INTERFACE), ("chess", CHESS_INTERFACE)]
)
def test_it_is_about_as_large_as_the_recurrent_net(task, interface):
    feed_forward, recurrent = (
        count_parameters(architecture(architecture.settings_for(find_task(task)), interface))
        for architecture in (FeedForwardNet, RecurrentNet)
    )
    assert 0.8 < feed_forward / recurrent < 1.5


@pytest.mark.parametrize("name", ["memory_channels", "blocks", "head_channels"])
def test_a_setting_that_is_not_positive_is_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1, got 0"):
        FeedForwardSettings(**{name: 0})
