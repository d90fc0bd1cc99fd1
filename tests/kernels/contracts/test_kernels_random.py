"""Kernels of random numbers stay within bounds, and do what their names say."""

import numpy as np

from thinkenv.kernels import random as streams

ENDS = (0, 1, 2**63 - 1)


def stream(state: int = 0) -> np.ndarray:
    return np.array([state], np.uint64)


def test_mix():
    mixed = [int(streams.mix(np.uint64(bits))) for bits in (*ENDS, 2**64 - 1, *range(2, 500))]
    assert len(set(mixed)) == len(mixed) and 0 <= min(mixed) and max(mixed) < 2**64


def test_start_stream():
    states = set()
    for key in ENDS:
        for instance in ENDS:
            rng = stream()
            streams.start_stream(rng, np.uint64(key), instance)
            states.add(int(rng[0]))
    assert len(states) == len(ENDS) ** 2


def test_next_bits():
    rng = stream(2**64 - 1)
    assert len({int(streams.next_bits(rng)) for _ in range(500)}) == 500


def test_bits_ahead():
    rng = stream(5)
    for ahead in range(50):
        assert streams.bits_ahead(np.uint64(5), ahead) == streams.next_bits(rng)


def test_skip_bits():
    for count in (0, 1, 7):
        skipped, called = stream(9), stream(9)
        streams.skip_bits(skipped, count)
        for _ in range(count):
            streams.next_bits(called)
        assert skipped[0] == called[0]
    streams.skip_bits(skipped, 2**62)


def test_below():
    rng = stream(3)
    for bound in (1, 2, 3, 2**31 - 1):
        drawn = [streams.below(rng, bound) for _ in range(200)]
        assert 0 <= min(drawn) and max(drawn) < bound
        assert bound > 3 or set(drawn) == set(range(bound))
