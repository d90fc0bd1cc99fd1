"""The variants of the counting net can do what is said of them, and learn what is not given."""

import networkx as nx
import numpy as np
import pytest
import torch
from torch.nn import functional as F

from thinkenv.deep_thinking import Agent
from thinkenv.deep_thinking.architectures.counting import CountingNet, CountingSettings
from thinkenv.deep_thinking.codecs.choice import codec_for
from thinkenv.mazes import MazeTask

CODEC = codec_for(MazeTask, CountingNet)
BATCH = MazeTask(9, "all", loops=0.3, endpoints="free_cells").draw(range(6))
# A cell's neighbour above, to the right, below and to the left.
STEPS = ((-1, 0), (0, 1), (1, 0), (0, -1))


@pytest.fixture
def make(benchmark_module):
    """Makes a net of a variant, the same in each test."""
    module = benchmark_module("counting_variants")

    def make(name: str) -> CountingNet:
        torch.manual_seed(0)
        return getattr(module, name)(CountingSettings(), CODEC.interface)

    return make


def distances(grid: np.ndarray, costs: list[float]) -> np.ndarray:
    """What the ways from the cells of a maze to its goal cost, by networkx; 0 at walls."""
    graph = nx.DiGraph()
    for row, column in np.argwhere(grid > 0).tolist():
        for (down, right), cost in zip(STEPS, costs, strict=True):
            if grid[row + down, column + right]:
                graph.add_edge((row + down, column + right), (row, column), weight=cost)
    goal = tuple(np.argwhere(grid == 3)[0].tolist())
    found = np.zeros(grid.shape)
    for cell, cost in nx.single_source_dijkstra_path_length(graph, goal).items():
        found[cell] = cost
    return found


def counters_of(net: CountingNet, iterations: int = 200) -> np.ndarray:
    agent = Agent(net, CODEC, training_iterations=1)
    return agent.think(BATCH.problems, iterations).memory["counters"][:, 0].numpy()


def test_learned_sources_can_be_the_goal_alone(make):
    net = make("LearnedSources")
    with torch.no_grad():
        net.gates.copy_(torch.tensor([[0.0], [100.0], [100.0], [-100.0]]))  # the goal's is 0
    found = counters_of(net)
    for grid, counters in zip(BATCH.grids, found, strict=True):
        np.testing.assert_array_equal(counters, distances(grid, [1] * 4))


def test_with_gates_half_open_every_cell_is_half_a_source(make):
    net = make("LearnedSources")
    with torch.no_grad():
        net.gates.zero_()
    found = counters_of(net)
    for grid, counters in zip(BATCH.grids, found, strict=True):
        np.testing.assert_allclose(counters, (grid > 0) * 0.5 * np.count_nonzero(grid))


@pytest.mark.parametrize("costs", [[1.0] * 4, [0.5, 1.0, 1.25, 0.75]])
def test_counts_are_sums_of_the_learned_costs(make, costs):
    net = make("LearnedCosts")
    with torch.no_grad():
        net.costs.copy_(torch.tensor(costs).expm1().log()[:, None])
    found = counters_of(net)
    for grid, counters in zip(BATCH.grids, found, strict=True):
        expected = np.minimum(distances(grid, costs), np.count_nonzero(grid))
        np.testing.assert_allclose(counters, expected, rtol=1e-5)


def test_costs_are_unequal_at_first(make):
    costs = F.softplus(make("LearnedCosts").costs)
    assert 0.5 <= costs.min() < costs.max() <= 1.5


def test_ordinary_counters_grow_and_fall_between_nothing_and_the_most(make):
    net = make("OrdinaryCounters")
    for bias, expected in ((0.25, lambda most: min(50.0, most)), (-1.0, lambda most: 0.0)):
        with torch.no_grad():
            net.grow.weight.zero_()
            net.grow.bias.fill_(bias)
        inputs = CODEC.encode(BATCH.problems, torch.device("cpu"))
        memory, injected = net.start(inputs), net.inject(inputs)
        if bias > 0:
            memory["counters"].zero_()
        for _ in range(200):
            memory = net.step(memory, injected)
        for grid, counters in zip(BATCH.grids, memory["counters"][:, 0].detach(), strict=True):
            np.testing.assert_allclose(counters, (grid > 0) * expected(np.count_nonzero(grid)))


@pytest.mark.parametrize("name", ["LearnedSources", "LearnedCosts", "OrdinaryCounters"])
def test_all_parameters_are_learned_also_after_iterations_without_gradient(make, name):
    net = make(name)
    inputs = CODEC.encode(BATCH.problems, torch.device("cpu"))
    memory, injected = net.start(inputs), net.inject(inputs)
    for iteration in range(12):
        with torch.set_grad_enabled(iteration >= 4):
            memory = net.step(memory, injected)
    net.decode(memory)[:, 1].sum().backward()
    for parameter in net.parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0


@pytest.mark.parametrize("name", ["LearnedSources", "LearnedCosts", "OrdinaryCounters"])
def test_problems_that_are_done_leave_the_batch(make, name):
    agent = Agent(make(name), CODEC, training_iterations=1)
    together = agent.think(BATCH.problems, 40)
    for index in range(len(BATCH)):
        alone = agent.think(BATCH.problems[index], 40)
        for kind, tensor in alone.memory.items():
            torch.testing.assert_close(tensor, together.memory[kind][index], rtol=1e-4, atol=1e-4)
