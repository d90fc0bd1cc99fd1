"""Iterating open cells stays within bounds, and agrees with plain Python."""

import numpy as np
import pytest

from tests.kernels.contracts.grids import any_grids
from thinkenv.deep_thinking.kernels.counting import TAPS, iterate_open_cells

DIRECTIONS = ((-1, 0), (0, 1), (1, 0), (0, -1))


def weights(rng, channels, counters, hidden):
    shapes = ((TAPS, channels, hidden), (4 * counters, hidden), (hidden, channels), (channels,))
    return tuple(rng.normal(0, 0.5, shape).astype(np.float32) for shape in shapes)


def iterate_slowly(memory, problem, weights_of_net):
    """One iteration of every open cell, ``(H, W, …)`` arrays with a margin of closed cells."""
    signals, counters = memory
    injected, sources, is_open, most = problem
    of_signals, of_slopes, update, bias = weights_of_net
    after = np.zeros_like(signals), np.zeros_like(counters)
    for row, column in np.argwhere(is_open):
        near = [(row + down, column + right) for down, right in ((0, 0), *DIRECTIONS)]
        hidden = injected[row, column] + sum(
            signals[place] @ of_signals[tap] for tap, place in enumerate(near)
        )
        for counter in range(counters.shape[2]):
            counts = [
                min(max(counters[place][counter], 0), most) if is_open[place] else most
                for place in near[1:]
            ]
            slopes = np.clip(counters[row, column, counter] - np.array(counts), 0, 1)
            hidden = hidden + slopes @ of_slopes[4 * counter : 4 * counter + 4]
            is_source = sources[row, column, counter]
            after[1][row, column, counter] = 0 if is_source else min(min(counts) + 1, most)
        after[0][row, column] = np.clip(np.maximum(hidden, 0) @ update + bias, -1, 1)
    return after


@pytest.mark.parametrize(("channels", "counters", "hidden"), [(1, 1, 1), (3, 2, 5), (4, 0, 8)])
def test_iterate_open_cells(channels, counters, hidden):
    rng = np.random.default_rng(channels)
    net = weights(rng, channels, counters, hidden)
    for grid in any_grids():
        is_open = np.pad(grid > 0, 1)
        height, width = is_open.shape
        most = np.float32(is_open.sum())
        only_open = is_open[..., None]
        signals = rng.uniform(-1, 1, (height, width, channels)).astype(np.float32) * only_open
        counts = rng.integers(-5, 40, (height, width, counters)).astype(np.float32) * only_open
        injected = rng.normal(size=(height, width, hidden)).astype(np.float32)
        sources = (rng.random((height, width, counters)) < 0.2) & only_open
        expected = (signals, counts)
        problem = (injected, sources, is_open, most)
        cells = height * width
        flat = signals.reshape(cells, channels).copy(), counts.reshape(cells, counters).copy()
        flat_problem = (
            injected.reshape(cells, hidden),
            sources.reshape(cells, counters),
            is_open.ravel(),
            most,
        )
        marks = np.full(cells, -1, np.int32)
        listed = np.tile(np.flatnonzero(is_open).astype(np.int32), (2, 1))
        scratch = np.empty((listed.shape[1], channels + counters), np.float32)
        active = listed.shape[1]
        for iterations in (1, 0, 2, 1):
            active, residual = iterate_open_cells(
                flat, flat_problem, net, listed, active, iterations, width, 0.0, marks, scratch
            )
            before = expected
            for _ in range(iterations):
                before, expected = expected, iterate_slowly(expected, problem, net)
            for ours, theirs in zip(flat, expected, strict=True):
                assert np.allclose(ours.reshape(theirs.shape), theirs, atol=1e-4)
            if iterations:
                change = max(
                    np.abs(now - then).max(initial=0)
                    for now, then in zip(expected, before, strict=True)
                )
                assert residual == pytest.approx(change, abs=1e-4)
            assert (
                len(set(listed[0, :active])) == active and is_open.ravel()[listed[0, :active]].all()
            )
            assert (marks == -1).all()
