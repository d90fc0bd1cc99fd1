"""Prefix sums without an environment: bit strings with their running parities, in batches."""

import numpy as np

from thinkenv.checks import check_integer, suggest_arguments
from thinkenv.kernels.compilation import announce_compilation
from thinkenv.prefix_sums.task import (
    GENERATOR_VERSION,
    PrefixSumBatch,
    PrefixSumTask,
    solve,
)
from thinkenv.tasks.seeds import INSTANCES_PER_SEED, instances_of_seed

announce_compilation()

__all__ = [
    "GENERATOR_VERSION",
    "PrefixSumBatch",
    "PrefixSumTask",
    "generate",
    "instances_of_seed",
    "solve",
]


@suggest_arguments
def generate(
    bits: int | None = None,
    count: int = 1,
    seed: int = 0,
    split: str = "train",
    instances: np.ndarray | None = None,
    threads: int | None = None,
) -> PrefixSumBatch:
    """Generate bit strings with their running parities.

    Args:
        bits: The length, 8 to 100,000. By default 32, and 512 for the extrapolation split.
        count: How many.
        seed: 0 to ``2**31 - 1``. Seed ``s`` gives instances ``s * 2**32`` onwards, so seed 0
            begins with instance 0 and no two seeds share an instance.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``; no string is in
            two splits.
        instances: ``(n,)`` instance numbers to draw, instead of ``count`` and ``seed``.
        threads: The maximum of threads, by default as many as there are cores. The result does
            not depend on it.

    Returns:
        A ``PrefixSumBatch`` with arrays ``bits``, ``solutions`` and ``instances``.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.

    Example:
        >>> strings = generate(bits=48, count=100, split="test")
        >>> strings.bits.shape, strings.solutions.shape
        ((100, 48), (100, 48))
        >>> bool((solve(strings.bits) == strings.solutions).all())
        True
    """
    task = PrefixSumTask(bits, split)
    if instances is None:
        task.check_memory(check_integer("count", count, 0, INSTANCES_PER_SEED))
        instances = instances_of_seed(seed, count)
    return task.draw(instances, threads)
