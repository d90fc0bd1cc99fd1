"""Fixed points and cycles, of nets made by hand so that they go where they should."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.agent import Agent
from thinkenv.deep_thinking.architectures import Architecture, Settings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.mazes.task import MazeTask


@dataclass(frozen=True)
class RotatingSettings(Settings):
    """How a net rotates."""

    parts: int
    """An iteration turns the pair of numbers in every cell by so many parts of a circle."""
    shrink: float = 1.0
    named: bool = False
    """Whether the two numbers are two tensors."""


class RotatingNet(Architecture):
    """A net that goes round in a cycle."""

    name = "rotating"
    settings_type = RotatingSettings

    def __init__(self, settings, interface):
        super().__init__(settings, interface)
        angle = 2 * np.pi / settings.parts
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        self.turn = settings.shrink * torch.tensor(turn, dtype=torch.float32)

    def named(self, memory):
        one, other = memory[:, :1], memory[:, 1:]
        return {"x": one, "y": other} if self.settings.named else memory

    def start(self, inputs):
        batch, _, height, width = inputs.shape
        pair = torch.tensor([1.0, 0.0])[None, :, None, None]
        return self.named(pair.expand(batch, 2, height, width))

    def inject(self, inputs):
        return inputs

    def step(self, memory, injected):
        if self.settings.named:
            memory = torch.cat([memory["x"], memory["y"]], dim=1)
        return self.named(torch.einsum("ij,bjhw->bihw", self.turn, memory))

    def decode(self, memory):
        return torch.cat([memory["x"], memory["y"]], dim=1) if self.settings.named else memory


def net_of(*settings, **named) -> RotatingNet:
    return RotatingNet(RotatingSettings(*settings, **named), MAZE_INTERFACE)


def ending_of(net, iterations, tolerance=1e-3):
    problems = MazeTask(9).draw([0, 1]).problems
    return Rollout(net, CellCodec(MazeTask), problems, torch.device("cpu")).run(
        iterations, tolerance
    )


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("length", [2, 3, 5, 16, 48, 100])
def test_cycles_are_found_with_their_length(length, named):
    end = ending_of(net_of(length, named=named), 100_000)
    assert end.cycle.tolist() == [length, length]
    # The kept memory has to be as old as the cycle and the comparisons need to meet.
    assert end.iterations.max() <= 4 * 256 * length
    if length == 2:
        assert end.iterations.tolist() == [256, 256]


def test_a_cycle_that_dies_out_is_a_fixed_point_and_a_slow_change_is_neither():
    assert ending_of(net_of(7, shrink=0.99), 5_000).cycle.tolist() == [1, 1]
    # Moves by more than 1e-3 in every iteration.
    end = ending_of(net_of(3_000), 2_000)
    assert end.cycle.tolist() == [0, 0] and end.iterations.tolist() == [2_000, 2_000]


def test_without_a_tolerance_all_iterations_are_run():
    end = ending_of(net_of(2), 1_000, tolerance=0.0)
    assert end.iterations.tolist() == [1_000, 1_000] and end.cycle.tolist() == [0, 0]


@pytest.mark.parametrize("named", [False, True])
def test_thinking_until_convergence_names_cycles(named):
    agent = Agent(net_of(2, named=named), CellCodec(MazeTask), 72)
    thought = agent.think(MazeTask(9).draw([0, 1, 2]).problems, iterations="converged")
    assert thought.cycle.tolist() == [2, 2, 2] and not thought.converged.any()
