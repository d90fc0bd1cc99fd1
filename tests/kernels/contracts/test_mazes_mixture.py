"""Kinds are chosen within bounds, whatever the weights are."""

import numpy as np
import pytest

from thinkenv.mazes import mixture


@pytest.mark.parametrize("weights", [[1], [1, 1], [3, 1, 2], [2**31 - 1], [1, 2**31 - 2]])
def test_choose_kinds(weights):
    for numbers in ([], [0], [2**63 - 1, *range(50)]):
        instances, chosen = np.array(numbers, np.uint64), np.full(len(numbers), -1)
        mixture.choose_kinds(instances, np.uint64(7), np.cumsum(weights), chosen)
        assert set(chosen.tolist()) <= set(range(len(weights)))
