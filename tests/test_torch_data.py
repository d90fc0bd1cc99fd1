"""Data loaders: no instance twice, whatever the workers and ranks."""

import itertools

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from thinkenv import mazes, prefix_sums
from thinkenv.torch_data import StreamDataset


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_no_problem_comes_twice_in_workers_and_ranks(workers):
    task = prefix_sums.PrefixSumTask(64)
    expected = task.draw(np.arange(2 * 8 * 5))
    seen = []
    for rank in range(2):
        dataset = StreamDataset(task, 5, rank=rank, ranks=2)
        batches = iter(DataLoader(dataset, batch_size=None, num_workers=workers))
        for _ in range(max(1, workers) * (8 // max(1, workers))):
            bits, solutions = next(batches)
            assert torch.equal(solutions, bits.cumsum(dim=1).remainder(2).to(torch.uint8))
            seen += [row.numpy().tobytes() for row in bits]
        del batches
    assert len(set(seen)) == len(seen) >= 60
    if workers in (0, 1):  # a whole number of rounds: none is left out either
        assert set(seen) == {row.tobytes() for row in expected.bits}


def test_a_loader_gives_the_same_again():
    dataset = StreamDataset(mazes.MazeTask(9), 4, seed=3)
    first, second = (
        next(iter(DataLoader(dataset, batch_size=None, num_workers=2))) for _ in range(2)
    )
    assert torch.equal(first[0], second[0]) and torch.equal(first[1], second[1])
    assert np.array_equal(first[0], mazes.generate(9, 4, seed=3).grids)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_pass_may_begin_where_the_last_one_ended(workers):
    dataset = StreamDataset(prefix_sums.PrefixSumTask(64), 5, seed=1)
    loader = DataLoader(dataset, batch_size=None, num_workers=workers)
    seen = []
    for epoch in range(3):
        # As many batches from each worker as ``first`` skips.
        dataset.first = 2 * epoch
        for bits, _ in itertools.islice(loader, 2 * max(1, workers)):
            seen += [row.numpy().tobytes() for row in bits]
    expected = prefix_sums.generate(64, 30 * max(1, workers), seed=1).bits
    assert seen == [row.tobytes() for row in expected]


def test_wrong_arguments_are_named_before_there_is_a_worker():
    with pytest.raises(ValueError, match="rank must be .*, got 2"):
        StreamDataset(mazes.MazeTask(9), 4, rank=2, ranks=2)
    with pytest.raises(ValueError, match="count must be .*, got 0"):
        StreamDataset(mazes.MazeTask(9), 0)
    with pytest.raises(ValueError, match="first must be .*, got -1"):
        StreamDataset(mazes.MazeTask(9), 4, first=-1)
