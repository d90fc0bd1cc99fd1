"""Fixed points and cycles, of nets made by hand so that they go where they should."""

import numpy as np
import pytest
import torch

import thinkenv
from thinkenv.deep_thinking.agent import Agent, roll_out
from thinkenv.deep_thinking.maze_problems import MazeProblems
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet


class RotatingNet(RecurrentNet):
    """A net that turns the pair of numbers in every cell by a part of a circle."""

    def __init__(self, parts: int, shrink: float = 1.0):
        super().__init__(4, 2, memory_channels=2, hidden_channels=2)
        self.reach = None
        angle = 2 * np.pi / parts
        self.turn = shrink * torch.tensor(
            [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]],
            dtype=torch.float32,
        )

    def empty_memory(self, inputs):
        batch, _, height, width = inputs.shape
        return torch.tensor([1.0, 0.0])[None, :, None, None].expand(batch, 2, height, width)

    def step(self, memory, seen):
        return torch.einsum("ij,bjhw->bihw", self.turn, memory)


def start_of(net):
    inputs = MazeProblems.encode(thinkenv.mazes.generate(size=9, count=2).grids)
    return net.perceive(inputs).detach(), net.empty_memory(inputs)


@pytest.mark.parametrize("length", [2, 3, 5, 16, 48, 100])
def test_cycles_are_found_with_their_length(length):
    net = RotatingNet(length)
    end = roll_out(net, *start_of(net), 100_000, 1e-3)
    assert end.cycle.tolist() == [length, length]
    # The kept memory has to be as old as the cycle and the comparisons need to meet.
    assert end.iterations.max() <= 4 * 256 * length
    if length == 2:
        assert end.iterations.tolist() == [256, 256]


def test_a_cycle_that_dies_out_is_a_fixed_point_and_a_slow_change_is_neither():
    dying = RotatingNet(7, shrink=0.99)
    assert roll_out(dying, *start_of(dying), 5_000, 1e-3).cycle.tolist() == [1, 1]
    slow = RotatingNet(3_000)  # moves by more than 1e-3 in every iteration
    end = roll_out(slow, *start_of(slow), 2_000, 1e-3)
    assert end.cycle.tolist() == [0, 0] and end.iterations.tolist() == [2_000, 2_000]


def test_without_a_tolerance_all_iterations_are_run():
    net = RotatingNet(2)
    end = roll_out(net, *start_of(net), 1_000, 0.0)
    assert end.iterations.tolist() == [1_000, 1_000] and end.cycle.tolist() == [0, 0]


def test_thinking_until_convergence_names_cycles():
    net = RotatingNet(2)
    problems = thinkenv.mazes.generate(size=9, count=3).grids
    net.read = lambda memory: memory.float()
    thought = Agent(net, "maze", 72).think(problems, iterations="converged")
    assert thought.cycle.tolist() == [2, 2, 2] and not thought.converged.any()
