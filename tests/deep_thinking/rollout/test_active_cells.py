"""Thinking where the memory still changes: the same as thinking everywhere, with less work."""

import networkx
import numpy as np
import pytest
import torch

import thinkenv
from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.architectures.recurrent import RecurrentNet, RecurrentSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.rollout import active_cells
from thinkenv.deep_thinking.rollout.active_cells import ActiveCells
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.deep_thinking.rollout.stepper import EveryCell
from thinkenv.mazes.task import MazeTask

SIZE = 131
CODEC = CellCodec(MazeTask)


def net_of(**settings) -> RecurrentNet:
    return RecurrentNet(RecurrentSettings(**settings), MAZE_INTERFACE)


def flooding_net(update_kernel: int) -> RecurrentNet:
    """A net whose memory fills a maze from its start, one cell further in every iteration."""
    net = net_of(memory_channels=1, hidden_channels=1, update_kernel=update_kernel)
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


@pytest.fixture(scope="module")
def distances(grids):
    return np.stack([distances_from_start(grid) for grid in grids])


def begin(net, grids):
    inputs = CODEC.encode(grids)
    with torch.no_grad():
        return net.inject(inputs), net.start(inputs)


@pytest.mark.parametrize("update_kernel", [1, 3])
def test_a_flood_is_where_it_should_be_though_only_its_front_is_computed(
    grids, distances, update_kernel
):
    net = flooding_net(update_kernel)
    active = ActiveCells(net, *begin(net, grids))
    done = 0
    with torch.no_grad():
        for iterations in (1, 6, 93, 400):
            active.advance(iterations)
            done += iterations
            expected = (distances >= 0) & (distances < done)
            assert np.array_equal(active.memory[:, 0].numpy() == 1, expected)
            assert done < 50 or active.share < 0.1
        active.advance(distances.max())
    assert len(active.cells) == 0 and not active.residuals.any()
    assert np.array_equal(active.memory[:, 0].numpy() == 1, distances >= 0)


@pytest.mark.parametrize("settings", [{}, {"wall_mask": True}, {"gated": True}])
def test_with_every_cell_active_it_is_the_dense_iteration(grids, settings, monkeypatch):
    monkeypatch.setattr(active_cells, "COST_OF_GATHERING", 0)
    net = net_of(memory_channels=8, hidden_channels=8, head_channels=8, **settings)
    injected, memory = begin(net, grids)
    active = ActiveCells(net, injected, memory)
    with torch.no_grad():
        for _ in range(11):
            before, memory = memory, net.step(memory, injected)
        active.advance(11)
    torch.testing.assert_close(active.memory, memory, rtol=0, atol=1e-5)
    largest = (memory - before).abs().amax(dim=(1, 2, 3))
    torch.testing.assert_close(active.residuals, largest, rtol=0, atol=1e-4)


@pytest.mark.parametrize("tolerance", [0.0, 1e-3])
def test_problems_leave_when_they_are_done_as_they_do_when_all_is_computed(
    grids, distances, tolerance
):
    net = flooding_net(3)
    found, expected = (
        Rollout(net, CODEC, grids, torch.device("cpu"), everywhere=everywhere)
        for everywhere in (False, True)
    )
    assert isinstance(found.stepper, ActiveCells) and isinstance(expected.stepper, EveryCell)
    ending, dense = found.run(10_000, tolerance), expected.run(10_000, tolerance)
    for name, ours in vars(ending).items():
        assert torch.equal(ours, getattr(dense, name)), name
    assert ending.cycle.tolist() == [1] * len(grids)
    # An iteration more shows that nothing changes, at the next check.
    longest = distances.max(axis=(1, 2))
    assert ending.iterations.tolist() == [-(-(distance + 2) // 16) * 16 for distance in longest]


def test_small_problems_are_computed_whole():
    assert ActiveCells.pays(torch.zeros(1, 4, 35, 35))
    assert not ActiveCells.pays(torch.zeros(1, 4, 11, 203))
    net = net_of()
    injected, memory = begin(net, np.zeros((1, 11, 203), np.uint8))
    assert isinstance(net.stepper(injected, memory), EveryCell)
