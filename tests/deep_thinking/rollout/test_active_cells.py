"""Thinking where the memory still changes: the same as thinking everywhere, with less work."""

import networkx
import numpy as np
import pytest
import torch

import thinkenv
from thinkenv.deep_thinking import agent
from thinkenv.deep_thinking.rollout.active_cells import ActiveCells
from thinkenv.deep_thinking.maze_problems import MazeProblems
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet

SIZE = 131


def flooding_net(update_kernel: int) -> RecurrentNet:
    """A net whose memory fills a maze from its start, one cell further in every iteration."""
    net = RecurrentNet(4, 2, memory_channels=1, hidden_channels=1, update_kernel=update_kernel)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        net.widen.weight[0, 0] = torch.tensor([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
        net.widen.weight[0, 1, 1, 1] = -100  # wall
        net.widen.weight[0, 3, 1, 1] = 100  # start
        net.update.weight[0, 0, update_kernel // 2, update_kernel // 2] = 1
    return net


def distances_from_start(grid: np.ndarray) -> np.ndarray:
    """Steps from the start to every cell, by networkx; -1 for walls."""
    cells = networkx.grid_2d_graph(*grid.shape)
    cells.remove_nodes_from(map(tuple, np.argwhere(grid == 0)))
    start = tuple(np.argwhere(grid == 2)[0])
    distances = np.full(grid.shape, -1)
    for cell, distance in networkx.single_source_shortest_path_length(cells, start).items():
        distances[cell] = distance
    return distances


@pytest.fixture(scope="module")
def grids():
    return thinkenv.mazes.generate(size=SIZE, count=3, split="extrapolation").grids


def start_of(net, grids):
    inputs = MazeProblems.encode(grids)
    with torch.no_grad():
        return net.perceive(inputs), net.empty_memory(inputs)


@pytest.mark.parametrize("update_kernel", [1, 3])
def test_a_flood_is_where_it_should_be_though_only_its_front_is_computed(grids, update_kernel):
    net = flooding_net(update_kernel)
    thought = ActiveCells(net, *start_of(net, grids))
    distances = np.stack([distances_from_start(grid) for grid in grids])
    done = 0
    with torch.no_grad():
        for iterations in (1, 6, 93, 400):
            thought.advance(iterations)
            done += iterations
            expected = (distances >= 0) & (distances < done)
            assert np.array_equal(thought.memory[:, 0].numpy() == 1, expected)
            assert done < 50 or thought.share < 0.1
        thought.advance(distances.max())
    assert len(thought.cells) == 0 and not thought.changes.any()
    assert np.array_equal(thought.memory[:, 0].numpy() == 1, distances >= 0)


@pytest.mark.parametrize("options", [{}, {"barrier_channel": 0, "head_channels": 8}])
def test_with_every_cell_active_it_is_the_dense_iteration(grids, options, monkeypatch):
    monkeypatch.setattr(ActiveCells, "_gathering_pays", lambda thought: True)
    net = RecurrentNet(4, 2, memory_channels=8, hidden_channels=8, **options)
    seen, memory = start_of(net, grids)
    thought = ActiveCells(net, seen, memory)
    with torch.no_grad():
        for _ in range(11):
            before, memory = memory, net.step(memory, seen)
        thought.advance(11)
    torch.testing.assert_close(thought.memory, memory, rtol=0, atol=1e-5)
    largest = (memory - before).abs().amax(dim=(1, 2, 3))
    torch.testing.assert_close(thought.changes, largest, rtol=0, atol=1e-4)


@pytest.mark.parametrize("stop_below", [0.0, 1e-3])
def test_problems_leave_when_they_are_done_as_they_do_when_all_is_computed(
    grids, stop_below, monkeypatch
):
    net = flooding_net(3)
    longest = [distances_from_start(grid).max() for grid in grids]
    found = agent.roll_out(net, *start_of(net, grids), 10_000, stop_below)
    monkeypatch.setattr(ActiveCells, "fits", lambda *arguments: False)
    expected = agent.roll_out(net, *start_of(net, grids), 10_000, stop_below)
    for name, ours in vars(found).items():
        assert torch.equal(ours, getattr(expected, name)), name
    assert found.cycle.tolist() == [1] * len(grids)
    # An iteration more shows that nothing changes, at the next look.
    assert found.iterations.tolist() == [-(-(distance + 2) // 16) * 16 for distance in longest]


def test_small_problems_and_nets_that_see_everything_are_computed_whole():
    net = RecurrentNet(4, 2)
    assert ActiveCells.fits(net, 35, 35) and not ActiveCells.fits(net, 11, 203)
    net.reach = None
    assert not ActiveCells.fits(net, 203, 203)
