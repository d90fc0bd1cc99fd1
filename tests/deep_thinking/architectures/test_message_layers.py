"""The message net without iterations: untied layers, nothing carried along, as many parameters."""

import numpy as np
import pytest
import torch

from thinkenv import chess_puzzles
from thinkenv.chess_puzzles import planes
from thinkenv.chess_puzzles.packing import positions_of_planes
from thinkenv.chess_puzzles.task import ChessPuzzleTask
from thinkenv.deep_thinking import load
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures import ARCHITECTURES
from thinkenv.deep_thinking.architectures.base import count_parameters
from thinkenv.deep_thinking.architectures.message_layers import (
    MessageLayersNet,
    MessageLayersSettings,
)
from thinkenv.deep_thinking.architectures.messages import MessageNet, MessageSettings
from thinkenv.deep_thinking.checkpoint import save_agent
from thinkenv.deep_thinking.codecs.moves import MoveCodec

CODEC = MoveCodec(ChessPuzzleTask)
FENS = chess_puzzles.load(split="all").fens()[:20]


@pytest.fixture
def net() -> MessageLayersNet:
    torch.manual_seed(0)
    return MessageLayersNet(MessageLayersSettings(), CODEC.interface).eval()


def test_it_has_as_many_parameters_as_the_net_with_iterations(net):
    recurrent = MessageNet(MessageSettings(), CODEC.interface)
    assert count_parameters(net) == pytest.approx(count_parameters(recurrent), rel=0.01)
    assert ARCHITECTURES.find("message_layers") is MessageLayersNet


@torch.no_grad()
def test_a_step_is_one_iteration_of_six_nets_in_turn(net):
    injected = net.look(positions_of_planes(planes(FENS)), np.zeros(20, np.bool_))
    memory = torch.zeros(20, 64, 32)
    settings = MessageSettings(memory_channels=32, message_channels=3, head_channels=32)
    for layer in (net, *net.later):
        one = MessageNet(settings, CODEC.interface)
        mine = {name: value for name, value in one.state_dict().items()}
        own = {name: value for name, value in layer.state_dict().items() if name in mine}
        one.load_state_dict(mine | own)
        memory = one.step(memory, injected)
    assert len(net.later) == 5
    torch.testing.assert_close(net.step(torch.rand(20, 64, 32), injected), memory)


def test_more_iterations_and_other_memories_change_nothing(net):
    agent = Agent(net, CODEC, 1)
    once, again = agent.think(planes(FENS), 1), agent.think(planes(FENS), 5)
    assert torch.equal(once.memory, again.memory) and once.memory.any()
    foreign = agent.think(planes(FENS), 1, memory=once.memory.flip(0))
    assert torch.equal(foreign.memory, once.memory)
    assert agent.think(planes(FENS), "converged").converged.all()


def test_it_imagines_unless_it_has_learned_nothing_but_the_move(net, tmp_path):
    assert (Agent(net, CODEC, 1).think(planes(FENS), imagine=3).imagined == 3).all()
    without = MessageLayersNet(MessageLayersSettings(imagines=False), CODEC.interface)
    save_agent(tmp_path, without, {"task": "chess", "training_iterations": 1})
    agent = load(tmp_path)
    agent.think(planes(FENS))
    with pytest.raises(ValueError, match="imagine: this net has not learned to imagine"):
        agent.think(planes(FENS), imagine=3)


def test_layers_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="layers must be an integer of at least 1"):
        MessageLayersSettings(layers=0)
