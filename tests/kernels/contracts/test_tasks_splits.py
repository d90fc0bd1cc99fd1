"""Every hash lies in one percent of the range."""

import numpy as np

from thinkenv.tasks.splits import percent_of_hash as percent


def test_percent_of_hash():
    hashes = [0, 1, 2**32, 2**63, 2**64 - 1, *range(0, 2**64, 2**57 - 1)]
    found = [int(percent(np.uint64(bits))) for bits in hashes]
    assert found == [(bits >> 32) * 100 >> 32 for bits in hashes]
    assert set(found) == set(range(100))
