"""The numbers of instances: which are allowed, and which belong to a seed."""

from collections.abc import Sequence

import numpy as np

from thinkenv.checks import check_integer

LAST_INSTANCE = 2**63 - 1
# Instances of one seed are numbered from seed * 2**32, so that no two seeds share a problem.
INSTANCES_PER_SEED = 2**32
LAST_SEED = 2**31 - 1


def check_instances(instances: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return instance numbers as ``(count,)`` int64.

    Raises:
        ValueError: If they are not one-dimensional, or out of range.
        TypeError: If they are not integers.
    """
    numbers = np.asarray(instances)
    if numbers.ndim != 1:
        raise ValueError(f"instances must have one dimension, got shape {numbers.shape}")
    if numbers.size == 0:
        return np.empty(0, np.int64)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"instances must be integers, got {numbers.dtype}")
    if numbers.min() < 0 or numbers.max() > LAST_INSTANCE:
        wrong = numbers.min() if numbers.min() < 0 else numbers.max()
        raise ValueError(f"instances must be in [0, 2**63 - 1], got {wrong}")
    return numbers.astype(np.int64)


def check_seeds(seeds: Sequence[int] | np.ndarray, count: int) -> np.ndarray:
    """Return the seeds that decide how each of ``count`` problems is changed, as uint64.

    Raises:
        ValueError: If there are not as many as problems, or one is out of range.
        TypeError: If they are not integers.
    """
    checked = check_instances(seeds)
    if len(checked) != count:
        raise ValueError(f"seeds must have one entry for each of {count}, got {len(checked)}")
    return checked.view(np.uint64)


def instances_of_seed(seed: int, count: int, first: int = 0) -> np.ndarray:
    """The instance numbers ``first … first + count - 1`` of a seed; no two seeds share any.

    Raises:
        ValueError: If ``seed`` or ``count`` is out of range.
        TypeError: If one of them is not an integer.
    """
    seed = check_integer("seed", seed, 0, LAST_SEED)
    count = check_integer("count", count, 0, INSTANCES_PER_SEED - first)
    begin = seed * INSTANCES_PER_SEED + first
    return np.arange(begin, begin + count, dtype=np.int64)
