"""Bit strings of every length stay within their words, and keep their split."""

import numpy as np
import pytest

from thinkenv.prefix_sums import task
from thinkenv.tasks.splits import PERCENT_OF_SPLIT

LENGTHS = [8, 63, 64, 65, 127, 128, 1000]
KEY = np.uint64(9)


def words_of(string):
    bits = int("".join(map(str, string[::-1].tolist())), 2)
    return np.array([bits >> first & 2**64 - 1 for first in range(0, len(string), 64)], np.uint64)


def assert_right(strings, solutions, percents):
    assert strings.max(initial=0) <= 1
    assert np.array_equal(solutions, np.bitwise_xor.accumulate(strings, axis=1))
    low, high = percents
    assert all(low <= task.percent_of_words(words_of(string)) < high for string in strings)


def test_percent_of_words():
    for words in ([0], [2**64 - 1], [1, 2, 3]):
        assert 0 <= task.percent_of_words(np.array(words, np.uint64)) < 100


@pytest.mark.parametrize("bits", LENGTHS)
def test_write_bits(bits):
    for fill in (0, 1):
        string, solution = np.full((2, bits), 9, np.uint8)
        task.write_bits(words_of(np.full(bits, fill)), string, solution)
        assert (string == fill).all()
        assert np.array_equal(solution, np.bitwise_xor.accumulate(string))


@pytest.mark.parametrize("bits", LENGTHS)
@pytest.mark.parametrize("percents", PERCENT_OF_SPLIT.values())
def test_draw_strings(bits, percents):
    for count in (0, 1, 20):
        strings, solutions = np.full((2, count, bits), 9, np.uint8)
        task.draw_strings(np.arange(count, dtype=np.uint64), KEY, *percents, strings, solutions)
        assert_right(strings, solutions, percents)


@pytest.mark.parametrize("bits", LENGTHS)
@pytest.mark.parametrize("percents", PERCENT_OF_SPLIT.values())
def test_flip_bits(bits, percents):
    seeds = np.arange(20, dtype=np.uint64)
    strings, solutions = np.zeros((2, 20, bits), np.uint8)
    strings[10:] = 1
    before = strings.copy()
    task.flip_bits(seeds, KEY, *percents, strings, solutions)
    assert_right(strings, solutions, percents)
    assert (strings.sum(axis=1) % 2 != before.sum(axis=1) % 2).all()
