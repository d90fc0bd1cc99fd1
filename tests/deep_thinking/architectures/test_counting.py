"""The counting net: its counters are distances, wherever they begin, and its gradient is right."""

from dataclasses import asdict

import networkx
import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.architectures.counting import CountingNet, CountingSettings
from thinkenv.deep_thinking.architectures.open_cells import OpenCells
from thinkenv.deep_thinking.codecs.base import Interface
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.mazes.task import MazeTask

CODEC = CellCodec(MazeTask)
# Two places that nothing joins, and cells at the edge.
SEPARATED = np.array(
    [
        [2, 1, 0, 1, 1],
        [1, 1, 0, 1, 3],
        [1, 0, 0, 1, 0],
        [1, 1, 1, 0, 1],
    ],
    np.uint8,
)


def net_of(**settings) -> CountingNet:
    torch.manual_seed(0)
    return CountingNet(CountingSettings(**settings), MAZE_INTERFACE)


def distances_to(grid: np.ndarray, code: int) -> np.ndarray:
    """Steps to the nearest cell of a code, by networkx; the number of open cells where none is."""
    cells = networkx.grid_2d_graph(*grid.shape)
    cells.remove_nodes_from(map(tuple, np.argwhere(grid == 0)))
    distances = np.where(grid > 0, (grid > 0).sum(), 0)
    ends = {tuple(place) for place in np.argwhere(grid == code)}
    for cell, distance in networkx.multi_source_dijkstra_path_length(cells, ends).items():
        distances[cell] = distance
    return distances


@torch.no_grad()
def counters_after(net, grid, iterations, begin=None):
    inputs = CODEC.encode(grid[None])
    injected, memory = net.inject(inputs), net.start(inputs)
    if begin is not None:
        memory["counters"] = begin
    for _ in range(iterations):
        memory = net.step(memory, injected)
    return memory


@pytest.mark.parametrize("size", [5, 9, 21])
@pytest.mark.parametrize(("generator", "loops"), [("dfs", 0.0), ("dfs", 0.3), ("percolation", 0.0)])
def test_counters_are_distances_to_their_sources(generator, loops, size):
    grid = MazeTask(size, "all", generator, loops, "free_cells").draw([3]).grids[0]
    counters = counters_after(net_of(sources=(3, 2)), grid, grid.size)["counters"][0]
    for counter, code in zip(counters.numpy(), (3, 2), strict=True):
        assert np.array_equal(counter, distances_to(grid, code))


@pytest.mark.parametrize("begin", ["zero", "below zero", "far too large", "noise", "infinite"])
def test_counters_come_to_be_distances_from_any_numbers(begin):
    rng = torch.Generator().manual_seed(1)
    first = {
        "zero": torch.zeros(1, 1, *SEPARATED.shape),
        "below zero": torch.full((1, 1, *SEPARATED.shape), -7.0),
        "far too large": torch.full((1, 1, *SEPARATED.shape), 1e9),
        "noise": 30 * torch.randn(1, 1, *SEPARATED.shape, generator=rng),
        "infinite": torch.full((1, 1, *SEPARATED.shape), torch.inf),
    }[begin]
    memory = counters_after(net_of(), SEPARATED, 3 * SEPARATED.size, first)
    assert np.array_equal(memory["counters"][0, 0].numpy(), distances_to(SEPARATED, 3))


def test_slopes_say_where_the_count_falls():
    grid = np.array([[0, 2, 1, 3, 0]], np.uint8)
    net = net_of()
    inputs = CODEC.encode(grid[None])
    with torch.no_grad():
        net.inject(inputs)
        _, slopes = net.count(net._last, torch.tensor([[2.0], [1.0], [0.0]]))
    assert slopes.tolist() == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]  # up, right, down, left


def test_nothing_is_remembered_at_walls():
    memory = counters_after(net_of(), SEPARATED, 5, 50 * torch.rand(1, 1, *SEPARATED.shape))
    for tensor in memory.values():
        assert not tensor[0, :, torch.from_numpy(SEPARATED == 0)].any()


@pytest.mark.parametrize("channels", [1, 3])
def test_the_gradient_of_reading_neighbours_is_that_of_plain_gathering(channels):
    cells = OpenCells(torch.from_numpy(np.stack([SEPARATED, SEPARATED[::-1].copy()]) > 0))
    rows = torch.randn(len(cells), channels, dtype=torch.double, requires_grad=True)
    weights = torch.randn(len(cells), 5 * channels, dtype=torch.double)
    (ours,) = torch.autograd.grad((cells.around(rows) * weights).sum(), rows)
    nothing = torch.zeros(1, channels, dtype=torch.double)
    (plain,) = torch.autograd.grad((cells.around(rows, nothing) * weights).sum(), rows)
    assert torch.allclose(ours, plain)
    assert torch.autograd.gradcheck(cells.around, rows)


def test_rows_and_boards_are_each_other_s_inverse():
    cells = OpenCells(torch.from_numpy(SEPARATED[None] > 0))
    board = torch.rand(1, 4, *SEPARATED.shape) * torch.from_numpy(SEPARATED > 0)
    assert torch.equal(cells.board(cells.rows(board)), board)
    near = cells.near[0].tolist()  # the start, in the corner
    assert near == [0, 1, 4, len(cells), len(cells)] or near[3:] == [4, len(cells)]


def test_a_memory_of_other_problems_is_read_where_it_is_open():
    net = net_of()
    inputs = CODEC.encode(np.stack([SEPARATED, SEPARATED[::-1, ::-1]]))
    with torch.no_grad():
        injected = net.inject(inputs)
        both = net.step(net.start(inputs), injected)
        alone = net.step(net.start(inputs[1:]), injected[1:])  # as problems leave a batch
    for name, tensor in alone.items():
        assert torch.allclose(tensor, both[name][1:])


def test_without_sources_it_is_a_net_of_signals_alone():
    net = net_of(sources=())
    memory = counters_after(net, SEPARATED, 3)
    assert list(memory) == ["signals"]


@pytest.mark.parametrize("sources", [[3], (3, 2), ()])
def test_settings_are_the_same_from_a_file(sources):
    settings = CountingSettings(sources=tuple(sources))
    assert CountingSettings(**{**asdict(settings), "sources": list(sources)}) == settings


@pytest.mark.parametrize("sources", ["3", 3, (True,), (-1,), (1.0,), [None], (3,) * 17])
def test_senseless_sources_are_refused(sources):
    with pytest.raises(ValueError, match="sources must be"):
        CountingSettings(sources=sources)


def test_what_it_cannot_think_about_is_refused():
    with pytest.raises(ValueError, match="codes below 4"):
        net_of(sources=(4,))
    with pytest.raises(ValueError, match="must be for a task of boards with walls"):
        CountingNet(CountingSettings(), Interface(2, 2, 1))
