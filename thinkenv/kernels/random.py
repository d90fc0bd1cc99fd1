"""Random numbers for Numba kernels: one short stream per instance, reproducible everywhere.

Every instance has its own SplitMix64 stream (Steele, Lea and Flood, "Fast splittable pseudorandom
number generators", OOPSLA 2014), started from a key of its options and its number. Nothing is
shared between instances, so an instance is the same alone, in any batch and in any thread.

A stream is an array of one ``uint64``, its state. Kernels call ``next_bits`` or ``below`` on it.
"""

import hashlib

import numpy as np
from numba import uint64

from thinkenv.kernels.compilation import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def stream_key(*parts: object) -> np.uint64:
    """The 64-bit key of a family of streams, from the parts that define it.

    Args:
        *parts: Strings and numbers, for example a task's name, version and options.

    Returns:
        A key that differs, up to chance, whenever a part differs.
    """
    text = "/".join(str(part) for part in parts)
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


@kernel(inline="always")
def mix(bits):
    """Scramble 64 bits: every input bit reaches every output bit (the finaliser of SplitMix64).

    Assumes an integer of at most 64 bits.
    """
    # A shift brings upper bits down to lower ones; a multiplication by an odd number carries lower
    # bits up. Both can be undone, so that no two inputs have the same output.
    bits = uint64(bits)
    bits = (bits ^ (bits >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> uint64(27))) * uint64(0x94D049BB133111EB)
    return bits ^ (bits >> uint64(31))


@kernel(inline="always")
def start_stream(rng, key, instance):
    """Set the stream ``rng`` to the beginning of the stream of one instance.

    Assumes a stream, and integers of at most 64 bits.
    """
    rng[0] = mix(uint64(key) ^ mix(uint64(instance) + GOLDEN))


@kernel(inline="always")
def next_bits(rng):
    """The next 64 random bits of the stream.

    Assumes a stream.
    """
    rng[0] += GOLDEN
    return mix(rng[0])


@kernel(inline="always")
def bits_ahead(state, ahead):
    """What ``next_bits`` gives after ``ahead`` more calls on a stream whose state is ``state``.

    Unlike a chain of calls, a loop over ``ahead`` can compute several numbers at a time.

    Assumes a state of 64 bits, and a number from 0 on.
    """
    return mix(state + uint64(ahead + 1) * GOLDEN)


@kernel(inline="always")
def skip_bits(rng, count):
    """Advance the stream as ``count`` calls of ``next_bits`` do.

    Assumes a stream, and a number from 0 on.
    """
    rng[0] += uint64(count) * GOLDEN


@kernel(inline="always")
def below(rng, bound):
    """A random integer in ``0 … bound - 1``, for bounds below 2**31.

    Multiply-and-shift on 32 bits: the bias is under ``bound / 2**32``, which no experiment on
    mazes can detect, and there is no loop.

    Assumes a stream, and a bound from 1 to 2**31 - 1.
    """
    return np.int64(((next_bits(rng) >> uint64(32)) * uint64(bound)) >> uint64(32))
