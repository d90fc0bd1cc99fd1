"""Thinking: exact whatever the chunks and shortcuts, resumable, and able to stop by itself."""

import numpy as np
import pytest
import torch
from torch import nn

import thinkenv
from thinkenv.deep_thinking import agent as agent_module
from thinkenv.deep_thinking.agent import Agent


class CountingNet(nn.Module):
    """A net one can follow by hand.

    Each iteration adds 1/64 to the memory, up to one 64th for each free cell of the problem. The
    answer marks cells whose memory is above one half. With ``flicker`` the memory goes up and
    down for ever.
    """

    memory_channels = 1
    reach = None  # it counts free cells everywhere

    def __init__(self, flicker: bool = False):
        super().__init__()
        self.flicker = flicker

    def empty_memory(self, inputs):
        return inputs.new_zeros(len(inputs), 1, *inputs.shape[2:])

    def perceive(self, inputs):
        return inputs

    def step(self, memory, inputs):
        if self.flicker:
            return 1.0 - memory
        top = (1 - inputs[:, :1]).sum(dim=(1, 2, 3), keepdim=True) / 64
        return torch.minimum(memory + 1 / 64, top.expand_as(memory))

    def read(self, memory):
        return torch.cat([torch.full_like(memory, 0.5), memory], dim=1)


def problems_with(free_cells: list[int]) -> np.ndarray:
    grids = np.zeros((len(free_cells), 9, 9), np.uint8)
    for grid, free in zip(grids, free_cells, strict=True):
        grid.reshape(-1)[:free] = 1
    return grids


def dense(net, problems, iterations):
    """The memory after so many iterations, without chunks or shortcuts."""
    agent = Agent(net, "maze", 1)
    inputs = agent.task.encode(problems)
    memory = net.empty_memory(inputs)
    with torch.no_grad():
        seen = net.perceive(inputs)
        for _ in range(iterations):
            memory = net.step(memory, seen)
    return memory


def test_a_fixed_number_of_iterations_is_that_number_of_iterations():
    agent = Agent(CountingNet(), "maze", training_iterations=10)
    problems = problems_with([5, 20, 40, 64])
    for iterations in (0, 1, 10, 16, 33, 50, 100):
        thought = agent.think(problems, iterations=iterations)
        expected = np.minimum([5, 20, 40, 64], iterations) / 64
        assert np.array_equal(thought.memory[:, 0, 0, 0].numpy(), expected)
        assert np.array_equal(thought.answer[:, 0, 0], expected > 0.5)
        assert thought.iterations.tolist() == [iterations] * 4
    # By default as many as in training.
    assert agent.think(problems).iterations.tolist() == [10] * 4


def test_each_problem_stops_when_its_memory_has_stopped_changing():
    agent = Agent(CountingNet(), "maze", training_iterations=10)
    thought = agent.think(problems_with([5, 20, 40, 64]), iterations="converged")
    assert thought.converged.all()
    # Looked at every 16 iterations, and settled only when an iteration changed nothing.
    assert thought.iterations.tolist() == [16, 32, 48, 80]
    assert thought.memory[:, 0, 0, 0].tolist() == [5 / 64, 20 / 64, 40 / 64, 1.0]


def test_a_thought_that_flickers_is_not_called_converged():
    agent = Agent(CountingNet(flicker=True), "maze", training_iterations=10)
    thought = agent.think(problems_with([5, 6]), iterations="converged", most_iterations=70)
    assert not thought.converged.any()
    assert thought.iterations.tolist() == [70, 70]
    assert not agent.think(problems_with([5]), iterations=100).converged.any()


def test_chunks_and_shortcuts_change_nothing(small_net, monkeypatch):
    problems = thinkenv.mazes.generate(size=9, count=13, split="test").grids
    expected = dense(small_net, problems, 45)
    agent = Agent(small_net, "maze", 5)
    for cells in (1, 400, 60_000):
        monkeypatch.setitem(agent_module.CELLS_PER_CHUNK, "cpu", cells)
        thought = agent.think(problems, iterations=45)
        torch.testing.assert_close(thought.memory, expected, rtol=1e-4, atol=1e-5)


def test_going_on_from_a_thought_is_thinking_on(small_net):
    problems = thinkenv.mazes.generate(size=9, count=5, split="test").grids
    agent = Agent(small_net, "maze", 5)
    half = agent.think(problems, iterations=20)
    whole = agent.think(problems, iterations=25, memory=half.memory)
    expected = agent.think(problems, iterations=45)
    torch.testing.assert_close(whole.memory, expected.memory, rtol=1e-4, atol=1e-5)
    assert np.array_equal(whole.answer, expected.answer)


def test_stages_on_the_way_equal_thoughts_of_that_length(small_net):
    problems = thinkenv.mazes.generate(size=13, count=4, split="test").grids
    agent = Agent(small_net, "maze", 5)
    looks = agent.think_in_stages(problems, [1, 7, 40], clock=lambda: 0.0)
    watched = list(agent.watch(problems, [1, 7, 40]))
    for stage, (answers, _, _), (seen, probabilities, seen_answers) in zip(
        [1, 7, 40], looks, watched, strict=True
    ):
        expected = agent.think(problems, iterations=stage)
        assert np.array_equal(answers, expected.answer)
        assert seen == stage and np.array_equal(probabilities > 0.5, expected.answer)
        assert np.array_equal(seen_answers, expected.answer)


def test_the_memory_needed_does_not_grow_with_iterations(small_net):
    problems = thinkenv.mazes.generate(size=33, count=1, split="test").grids
    agent = Agent(small_net, "maze", 5)
    alive = []

    class Counting(torch.overrides.TorchFunctionMode):
        """Counts the memories that the block has made and nobody has let go of."""

        def __torch_function__(self, function, types, arguments=(), keywords=None):
            result = function(*arguments, **(keywords or {}))
            if function is torch.nn.functional.hardtanh:
                import weakref

                alive.append(weakref.ref(result))
            return result

    with Counting():
        agent.think_in_stages(problems, [100, 300], clock=lambda: 0.0)
    assert len(alive) == 300
    assert sum(reference() is not None for reference in alive) <= 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(iterations="forever"), "iterations='forever': allowed are whole numbers from 0"),
        (dict(iterations=-1), "iterations=-1"),
        (dict(iterations=2.5), "iterations=2.5"),
        (dict(memory=torch.zeros(1, 4, 9, 9)), r"memory has shape \(1, 4, 9, 9\): needs \(2, 4"),
        (dict(problems=np.zeros((2, 9, 9))), "dtype float64: an agent for .maze. needs integers"),
        (dict(problems=np.full((2, 9, 9), 7, np.uint8)), "from 0 to 3"),
        (dict(problems=np.zeros((9, 9), np.uint8)), r"shape \(9, 9\)"),
        (dict(problems=np.zeros((0, 9, 9), np.uint8)), "problems is empty"),
    ],
)
def test_a_wrong_argument_is_named(small_net, arguments, words):
    agent = Agent(small_net, "maze", 5)
    with pytest.raises(ValueError, match=words):
        agent.think(**{"problems": problems_with([3, 4]), **arguments})
