"""The prefix sum task: draws bit strings by instance number, and judges running parities.

Source: Schwarzschild et al. 2021 (arXiv 2106.04537), whose strings have 16 to 512 bits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import uint64

from thinkenv.checks import check_answers, check_choice, check_integer, suggest_arguments
from thinkenv.kernels.compilation import kernel
from thinkenv.kernels.random import below, mix, next_bits, start_stream, stream_key
from thinkenv.kernels.threads import run_in_parts
from thinkenv.machine import check_fits_into_memory
from thinkenv.prefix_sums import drawing
from thinkenv.tasks.base import InstanceBatch, OptionValue, SizedTask
from thinkenv.tasks.seeds import check_instances, check_seeds
from thinkenv.tasks.splits import PERCENT_OF_SPLIT, SPLITS, percent_of_hash

# Raised whenever the same options and instance number give another string than before.
GENERATOR_VERSION = 1

# Of the 256 strings of 8 bits, every split has some.
MIN_BITS = 8
MAX_BITS = 100_000
DEFAULT_BITS = 32
DEFAULT_EXTRAPOLATION_BITS = 512

# What the scripts test on and show by default.
TESTING_BITS = (32, 48, 128, 512)
WATCHING_BITS = 64

# Of longer strings a batch's pictures show the beginning.
MAX_SKETCHED_BITS = 1024

# Any constant will do; it keeps the splits apart from those of other tasks.
SPLIT_SALT = uint64(2)

# Bit ``i`` of a string is bit ``i & 63`` of word ``i >> 6``.
WORD_SHIFT, BIT_MASK = 6, 63


@kernel(inline="always")
def percent_of_words(words):
    """Where a string, 64 bits to a word, lies in the hash range, in whole percent.

    Assumes at least one word.
    """
    bits = SPLIT_SALT
    for word in words:
        bits = mix(bits ^ word)
    return percent_of_hash(mix(bits))


@kernel(inline="always")
def write_bits(words, string, solution):
    """Write a string, 64 bits to a word, and its running parity, a byte for each bit.

    Assumes words for all bits, and as many solutions as bits.
    """
    parity = uint64(0)
    for index in range(len(string)):
        bit = (words[index >> WORD_SHIFT] >> uint64(index & BIT_MASK)) & uint64(1)
        parity ^= bit  # XOR is addition without the carry, whose lowest bit is the parity
        string[index] = bit
        solution[index] = parity


@kernel
def draw_strings(instances, key, low, high, strings, solutions):
    """Draw one bit string of the split for each instance, from its own random stream.

    Assumes arrays of as many rows as instances, of one length from 8 bits on, and percents from 0
    to 100 between which there are strings.

    Args:
        instances: ``(count,)`` uint64.
        key: The 64-bit key of the task's options.
        low: First percent of the hash range that belongs to the split.
        high: One past its last percent.
        strings: ``(count, bits)`` uint8, filled with 0 and 1.
        solutions: ``(count, bits)`` uint8, filled with running parities.
    """
    count, bits = strings.shape
    rng = np.zeros(1, np.uint64)
    words = np.empty((bits + 63) // 64, np.uint64)
    unused = uint64(64 * len(words) - bits)  # bits of the last word
    for index in range(count):
        start_stream(rng, key, instances[index])
        while True:
            for word in range(len(words)):
                words[word] = next_bits(rng)
            words[-1] >>= unused  # zeros beyond the string's end, which the hash reads as well
            if low <= percent_of_words(words) < high:
                break
        write_bits(words, strings[index], solutions[index])


@kernel
def flip_bits(seeds, key, low, high, strings, solutions):
    """Flip a bit of each string in place, or more of them until it is in the split again.

    Assumes arrays of as many rows as seeds, of one length from 8 bits on, strings of 0 and 1, and
    percents between which there are strings of even and of odd sum.

    Args:
        seeds: ``(count,)`` uint64; with the key they decide which bits.
        key: A 64-bit key.
        low: First percent of the hash range that belongs to the split.
        high: One past its last percent.
        strings: ``(count, bits)`` uint8, changed.
        solutions: ``(count, bits)`` uint8, filled.
    """
    count, bits = strings.shape
    rng = np.zeros(1, np.uint64)
    for index in range(count):
        words = np.zeros((bits + 63) // 64, np.uint64)
        for bit in range(bits):
            words[bit >> WORD_SHIFT] |= uint64(strings[index, bit]) << uint64(bit & BIT_MASK)
        start_stream(rng, key, seeds[index])
        flips = 0
        # After an odd number of flips it cannot be the same string.
        while flips % 2 == 0 or not low <= percent_of_words(words) < high:
            bit = below(rng, bits)
            words[bit >> WORD_SHIFT] ^= uint64(1) << uint64(bit & BIT_MASK)
            flips += 1
        write_bits(words, strings[index], solutions[index])


@dataclass
class PrefixSumBatch(InstanceBatch):
    """Bit strings with their running parities.

    Attributes:
        bits: ``(count, bits)`` uint8 of 0 and 1.
        solutions: ``(count, bits)`` uint8: at each index, whether the bits up to and including it
            have an odd sum.
        instances: ``(count,)`` int64 instance numbers.
    """

    bits: np.ndarray
    solutions: np.ndarray
    instances: np.ndarray

    @property
    def problems(self) -> np.ndarray:
        """What an agent is shown: the bits (the name that all tasks share)."""
        return self.bits

    def summary(self) -> str:
        """The batch in a few words: ``5 strings of 32 bits``."""
        return f"{len(self):,} string{'s' * (len(self) != 1)} of {self.bits.shape[1]:,} bits"

    @staticmethod
    def sketch(problem: np.ndarray, answer: np.ndarray | None = None) -> np.ndarray:
        """A picture of the first bits of one string, and of an answer that is not judged."""
        shown = slice(MAX_SKETCHED_BITS)
        return drawing.render(problem[shown], None if answer is None else answer[shown], None)


class PrefixSumTask(SizedTask[PrefixSumBatch]):
    """Bit strings of one length: an instance number in, a string and its running parity out.

    An instance is a pure function of the options and its number: the same alone, in any batch, on
    every machine, and in every release with the same ``GENERATOR_VERSION``. A split holds the
    strings whose hash says so, so that no string is in two of them.

    Args:
        bits: The length, 8 to 100,000. By default 32, and 512 for the extrapolation split.
        split: ``train``, ``validation``, ``test``, ``extrapolation`` or ``all``.

    Raises:
        ValueError: If an argument has a value that is not allowed.
        TypeError: If an argument has the wrong type.
    """

    name = "prefix_sum"
    generator_version = GENERATOR_VERSION
    ample_iterations = 1000  # for 512 bits
    batch_type = PrefixSumBatch
    own_problems = "an array of 0 and 1, a row for each string"
    codes = 2
    dimensions = 1
    training_size, testing_sizes, watching_size = DEFAULT_BITS, TESTING_BITS, WATCHING_BITS

    @suggest_arguments
    def __init__(self, bits: int | None = None, split: str = "train"):
        self.split = check_choice("split", split, SPLITS)
        if bits is None:
            bits = DEFAULT_EXTRAPOLATION_BITS if split == "extrapolation" else DEFAULT_BITS
        self.size = self.bits = check_integer("bits", bits, MIN_BITS, MAX_BITS)
        self.key = stream_key("PrefixSum", GENERATOR_VERSION, self.bits, split)

    def draw(
        self, instances: Sequence[int] | np.ndarray, threads: int | None = None
    ) -> PrefixSumBatch:
        """Draw the strings of these instance numbers.

        Args:
            instances: ``(count,)`` integers from 0 to ``2**63 - 1``.
            threads: The maximum of threads, by default as many as there are cores. The result
                does not depend on it.

        Raises:
            ValueError: If a number is out of range.
        """
        instances = check_instances(instances)
        count = len(instances)
        self.check_memory(count)
        strings, solutions = np.empty((2, count, self.bits), np.uint8)
        numbers, percents = instances.view(np.uint64), PERCENT_OF_SPLIT[self.split]

        def draw_part(span: slice) -> None:
            draw_strings(numbers[span], self.key, *percents, strings[span], solutions[span])

        run_in_parts(draw_part, count, strings.size, threads)
        return PrefixSumBatch(strings, solutions, instances)

    def check_memory(self, count: int) -> None:
        """Check that so many of these strings fit into this machine's memory.

        Raises:
            ValueError: If they do not; it says how much they need.
        """
        # Two bytes a bit, and an instance number a string.
        needed = count * (2 * self.bits + 8)
        check_fits_into_memory(f"count={count:,} strings of {self.bits:,} bits", needed)

    def perturb(self, batch: PrefixSumBatch, seeds: Sequence[int] | np.ndarray) -> PrefixSumBatch:
        """These strings with a bit flipped, or more if they would otherwise leave the split.

        The instance numbers of the result are those of the strings it was made from.

        Args:
            batch: Strings of this task.
            seeds: ``(len(batch),)`` integers from 0 to ``2**63 - 1``, one for each string; the
                same seed flips the same bits of the same string.

        Raises:
            ValueError: If there are not as many seeds as strings, one is out of range, or the
                strings are not of this task's length, or not of 0 and 1.
            TypeError: If they are not integers.
        """
        seeds = check_seeds(seeds, len(batch))
        if batch.bits.shape != (len(batch), self.bits) or batch.solutions.shape != batch.bits.shape:
            raise ValueError(f"batch must be strings of {self.bits} bits, got {batch.bits.shape}")
        check_answers(batch.bits, batch.bits.shape, "bits")
        key = stream_key("PrefixSum bits", GENERATOR_VERSION)
        changed = batch[np.arange(len(batch))]
        flip_bits(seeds, key, *PERCENT_OF_SPLIT[self.split], changed.bits, changed.solutions)
        return changed

    @classmethod
    def label(cls, options: Mapping[str, OptionValue]) -> str:
        """The length: ``512 bits``."""
        return f"{options['size']} bits"

    def describe(self, batch: PrefixSumBatch) -> str:
        """A batch of one string in words."""
        return f"{batch.bits.shape[1]} bits, {int(batch.bits.sum())} of them ones"

    def picture(
        self,
        batch: PrefixSumBatch,
        answer: np.ndarray | None = None,
        probabilities: np.ndarray | None = None,
    ) -> np.ndarray:
        """A picture of a batch of one string: see ``Task.picture``."""
        if answer is None and probabilities is not None:
            certainty = np.abs(2 * probabilities - 1)
            return drawing.render(batch.bits[0], probabilities > 0.5, batch.solutions[0], certainty)
        return drawing.render(batch.bits[0], answer, batch.solutions[0])

    def text(self, batch: PrefixSumBatch, answer: np.ndarray | None = None) -> str:
        """A batch of one string, and an answer to it, as text."""
        return drawing.write_text(batch.bits[0], answer, batch.solutions[0])


def solve(bits: np.ndarray) -> np.ndarray:
    """The running parity of bit strings ``(..., bits)``, as uint8 of the same shape.

    Raises:
        ValueError: If there are other values than 0 and 1.
        TypeError: If they are neither integers nor bools.
    """
    bits = np.asarray(bits)
    return np.bitwise_xor.accumulate(check_answers(bits, bits.shape, "bits"), axis=-1)
