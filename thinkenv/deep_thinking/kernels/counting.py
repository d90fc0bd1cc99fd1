"""Iterations of a counting net where its memory can still change: the kernel.

What an iteration is, says ``architectures.counting``; who calls this, ``rollout.counting_cells``.

Shapes: P cells in a row, each problem surrounded by a margin of walls; M signals and K counters a
cell; N hidden channels.
"""

import numpy as np

from thinkenv.kernels.compilation import kernel

# Around a cell: itself, then the one above, to the right, below and to the left.
TAPS = 5


@kernel
def iterate_open_cells(
    state, problem, weights, cells, active, iterations, width, threshold, marks, scratch
):
    """Run iterations on one problem, each time on the cells that can still change.

    A cell's next memory depends on its own and that of its four neighbours. So a cell can change
    only if one of these five changed in the iteration before.

    Assumes arrays of as many cells P as ``marks`` has, in rows of ``width`` with closed cells all
    around; lists of cells with a place for each open cell, of which the first ``active`` of
    ``cells`` are open and different ones; marks below 0; and weights of the shapes that belong
    together.

    Args:
        state: ``(signals (P, M), counters (P, K))`` float32, zero at closed cells; changed.
        problem: ``(injected (P, N) float32, sources (P, K) bool, is_open (P,) bool, most)``: what
            the problem adds to the hidden channels, where each counter counts from, where memory
            is, and the value that no counter exceeds.
        weights: ``(of_signals (5, M, N), of_slopes (4 * K, N), update (N, M), bias (M,))`` float32.
        cells: ``(2, C)`` int32, the first row lists the active cells; changed.
        active: How many there are.
        iterations: The maximum to run; fewer where nothing can change any more.
        width: Cells in a row.
        threshold: A cell of which no number changed by more than this counts as unchanged.
        marks: ``(P,)`` int32, below 0; changed and left below 0.
        scratch: ``(C, M + K)`` float32, overwritten.

    Returns:
        ``(active, residual)``: how many cells are active now, listed in the first row of ``cells``,
        and the largest change of a number in the last iteration (0 where none was active).
    """
    signals, counters = state
    injected, sources, is_open, most = problem
    of_signals, of_slopes, update, bias = weights
    count = counters.shape[1]
    channels = signals.shape[1]
    hidden_channels = injected.shape[1]
    hidden = np.empty(hidden_channels, np.float32)
    around = np.array([0, -width, 1, width, -1])
    one, zero = np.float32(1), np.float32(0)
    residual = zero
    for _ in range(iterations):
        residual = zero
        if active == 0:
            break
        for index in range(active):
            cell = cells[0, index]
            for channel in range(hidden_channels):
                hidden[channel] = injected[cell, channel]
            for tap in range(TAPS):
                near = cell + around[tap]
                if is_open[near]:
                    for source in range(channels):
                        number = signals[near, source]
                        for channel in range(hidden_channels):
                            hidden[channel] += number * of_signals[tap, source, channel]
            for counter in range(count):
                own = counters[cell, counter]
                least = most
                for direction in range(TAPS - 1):
                    near = cell + around[direction + 1]
                    other = most
                    if is_open[near]:
                        other = min(max(counters[near, counter], zero), most)
                    least = min(least, other)
                    slope = min(max(own - other, zero), one)
                    if slope > zero:
                        place = (TAPS - 1) * counter + direction
                        for channel in range(hidden_channels):
                            hidden[channel] += slope * of_slopes[place, channel]
                next_count = min(least + one, most)
                scratch[index, channels + counter] = zero if sources[cell, counter] else next_count
            for channel in range(channels):
                scratch[index, channel] = bias[channel]
            for source in range(hidden_channels):
                number = hidden[source]
                if number > zero:
                    for channel in range(channels):
                        scratch[index, channel] += number * update[source, channel]
            for channel in range(channels):
                scratch[index, channel] = min(max(scratch[index, channel], -one), one)
        # Only now are the cells written, since their neighbours had to read what they were before.
        found = 0
        for index in range(active):
            cell = cells[0, index]
            change = zero
            for channel in range(channels):
                change = max(change, abs(scratch[index, channel] - signals[cell, channel]))
                signals[cell, channel] = scratch[index, channel]
            for counter in range(count):
                next_count = scratch[index, channels + counter]
                change = max(change, abs(next_count - counters[cell, counter]))
                counters[cell, counter] = next_count
            residual = max(residual, change)
            if change > threshold:
                for tap in range(TAPS):
                    near = cell + around[tap]
                    if is_open[near] and marks[near] < 0:
                        marks[near] = found
                        cells[1, found] = near
                        found += 1
        active = found
        for index in range(active):
            cell = cells[1, index]
            cells[0, index] = cell
            marks[cell] = -1
    return active, residual
