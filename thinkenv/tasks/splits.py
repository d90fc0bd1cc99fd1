"""The splits of procedural tasks: which instances belong to training, and which to a test.

An instance belongs to a split by a hash of its canonical form, so that splits are disjoint by
construction: whatever the seeds and however many instances are drawn, nothing seen in training
can turn up in a test, not even rotated or mirrored.

| split         | share of all instances | meaning                                        |
|---------------|------------------------|------------------------------------------------|
| train         | 70 %                   | easy problems, with their solutions            |
| validation    | 10 %                   | as hard as train, to choose settings with      |
| test          | 10 %                   | as hard as train, never seen                   |
| extrapolation | 10 %                   | harder than train by default                   |
| all           | 100 %                  | no partition, for studying generators          |
"""

import hashlib

from numba import uint64

from thinkenv.kernels.compilation import kernel

# First and one-past-last percent of the hash range that each split owns.
PERCENT_OF_SPLIT = {
    "train": (0, 70),
    "validation": (70, 80),
    "test": (80, 90),
    "extrapolation": (90, 100),
    "all": (0, 100),
}
SPLITS = tuple(PERCENT_OF_SPLIT)

# Problems drawn for one instance before giving up. The rarest split takes ten on average, so this
# is reached only where a split has no such problems, or hardly any.
MAX_ATTEMPTS = 20_000


@kernel(inline="always")
def percent_of_hash(bits):
    """Where a 64-bit hash lies in the hash range, in whole percent (0 to 99).

    Assumes nothing: any 64 bits will do.
    """
    # Multiply and shift on the upper 32 bits: times 100, divided by 2**32.
    return ((uint64(bits) >> uint64(32)) * uint64(100)) >> uint64(32)


def is_in_split(canonical: bytes, split: str) -> bool:
    """Whether an instance belongs to a split: for tasks that are written in plain Python.

    Args:
        canonical: The instance in a form that is the same for all that count as equal, such as the
            smallest of a grid's eight rotations and reflections.
        split: A name of ``SPLITS``.
    """
    digest = hashlib.blake2b(canonical, digest_size=8).digest()
    low, high = PERCENT_OF_SPLIT[split]
    return low <= int.from_bytes(digest, "little") % 100 < high
