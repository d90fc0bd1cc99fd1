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
        raise ValueError(f"instances has shape {numbers.shape}: needs one dimension")
    if numbers.size == 0:
        return np.empty(0, np.int64)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"instances has dtype {numbers.dtype}: needs integers")
    if numbers.min() < 0 or numbers.max() > LAST_INSTANCE:
        raise ValueError(
            f"instances holds {numbers.min() if numbers.min() < 0 else numbers.max()}: "
            "allowed are integers from 0 to 2**63 - 1"
        )
    return numbers.astype(np.int64)


def check_numbers(numbers: Sequence[int] | np.ndarray, count: int) -> np.ndarray:
    """Return the numbers that decide how each of ``count`` problems is changed, as int64.

    Raises:
        ValueError: If there are not as many as problems, or one is out of range.
        TypeError: If they are not integers.
    """
    checked = check_instances(numbers)
    if len(checked) != count:
        raise ValueError(f"numbers has {len(checked)} entries: needs one for each of {count}")
    return checked


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
