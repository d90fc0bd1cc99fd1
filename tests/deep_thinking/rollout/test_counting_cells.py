"""Counting where the memory still changes: the same as everywhere, with less work."""

import numpy as np
import pytest
import torch

from tests.deep_thinking.conftest import MAZE_INTERFACE
from thinkenv.deep_thinking.architectures.counting import CountingNet, CountingSettings
from thinkenv.deep_thinking.codecs.cells import CellCodec
from thinkenv.deep_thinking.rollout.counting_cells import CountingCells
from thinkenv.deep_thinking.rollout.rollout import Rollout
from thinkenv.deep_thinking.rollout.stepper import EveryCell
from thinkenv.mazes.task import MazeTask

CODEC = CellCodec(MazeTask)
KINDS = [
    dict(size=21, loops=0.2, endpoints="free_cells"),
    dict(size=21, generator="percolation", removed=0.4, endpoints="unreachable"),
    dict(size=9, generator="plazas", endpoints="free_cells"),
]


def net_of(**settings) -> CountingNet:
    torch.manual_seed(2)
    return CountingNet(CountingSettings(memory_channels=4, **settings), MAZE_INTERFACE)


def any_memory(net, inputs):
    """Numbers of all sizes, also at walls."""
    stream = torch.Generator().manual_seed(0)
    return {
        name: 20 * torch.rand(tensor.shape, generator=stream) - 5
        for name, tensor in net.start(inputs).items()
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.get("generator", "dfs"))
@pytest.mark.parametrize("begins_anywhere", [False, True])
@pytest.mark.parametrize("sources", [(3,), (3, 2)])
def test_it_is_what_iterating_every_cell_gives(kind, begins_anywhere, sources):
    net = net_of(sources=sources)
    inputs = CODEC.encode(MazeTask(split="all", **kind).draw(np.arange(3)).grids)
    with torch.no_grad():
        memory = any_memory(net, inputs) if begins_anywhere else net.start(inputs)
        injected = net.inject(inputs)
        ours = CountingCells(net.kernel_weights(), injected, memory, threshold=0.0)
        for iterations in (1, 2, 29, 0, 200):
            ours.advance(iterations)
            before = memory
            for _ in range(iterations):
                before, memory = memory, net.step(memory, injected)
            for name, tensor in memory.items():
                assert torch.allclose(ours.memory[name], tensor, atol=1e-5), name
            if iterations:
                change = [(memory[name] - before[name]).abs().amax((1, 2, 3)) for name in memory]
                assert torch.allclose(ours.residuals, torch.stack(change).amax(0), atol=1e-4)


def test_few_cells_are_active_while_a_front_goes_through_a_large_maze():
    net = net_of()
    with torch.no_grad():
        net.update.weight.zero_()  # signals that rest at once
    inputs = CODEC.encode(MazeTask(131, "all").draw([0]).grids)
    with torch.no_grad():
        stepper = CountingCells(net.kernel_weights(), net.inject(inputs), net.start(inputs))
    stepper.advance(200)
    assert 0 < stepper.share < 0.01 and stepper.residuals[0] > 100


def test_problems_leave_a_batch_and_the_others_go_on():
    net = net_of()
    inputs = CODEC.encode(MazeTask(9, "all").draw(np.arange(4)).grids)
    with torch.no_grad():
        injected, memory = net.inject(inputs), net.start(inputs)
        some = CountingCells(net.kernel_weights(), injected, memory)
        every = CountingCells(net.kernel_weights(), injected, memory)
    some.advance(5)
    chosen = torch.tensor([True, False, False, True])
    some.keep(chosen)
    assert some.residuals.shape == (2,)
    some.keep(torch.tensor([False, True]))
    some.advance(20)
    every.advance(25)
    for name, tensor in every.memory.items():
        assert torch.equal(some.memory[name], tensor[3:])
    assert torch.equal(some.residuals, every.residuals[3:])


def test_a_rollout_counts_cells_unless_every_cell_is_asked_for():
    net, grids = net_of(), MazeTask(9, "all").draw(np.arange(2)).grids
    quick = Rollout(net, CODEC, grids, torch.device("cpu"))
    slow = Rollout(net, CODEC, grids, torch.device("cpu"), everywhere=True)
    assert isinstance(quick.stepper, CountingCells) and isinstance(slow.stepper, EveryCell)
    assert torch.isinf(quick.residuals).all()
    begun = {name: tensor.clone() for name, tensor in quick.memory.items()}
    ends = quick.run(300, 1e-3), slow.run(300, 1e-3)
    for name in begun:
        assert torch.allclose(ends[0].memory[name], ends[1].memory[name], atol=1e-4)
    # What a thought began with is not changed by it.
    third = Rollout(net, CODEC, grids, torch.device("cpu"), memory=begun)
    third.advance(10)
    assert torch.equal(begun["counters"], net.start(CODEC.encode(grids))["counters"])
