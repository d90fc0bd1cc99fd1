"""Bit strings: running parities right, uniform, reproducible, and split without overlap."""

import hashlib
import itertools

import numpy as np
import pytest

from thinkenv import prefix_sums
from thinkenv.prefix_sums import PrefixSumTask

GOLDEN = {
    (8, "test"): "e175df81d8eeb7e9",
    (32, "train"): "b65eb18955863986",
    (65, "all"): "ee3dc116bd88f673",
    (512, "extrapolation"): "d779e8ad80e49ecb",
}

SPLITS = ("train", "validation", "test", "extrapolation")


def parities(string: np.ndarray) -> list[int]:
    """The running parity by counting ones, the slow way."""
    return [sum(map(int, string[: index + 1])) % 2 for index in range(len(string))]


@pytest.mark.parametrize("bits", [8, 32, 63, 64, 65, 130])
def test_solutions_are_running_parities(bits):
    batch = prefix_sums.generate(bits, 20, split="all")
    for string, solution in zip(batch.bits, batch.solutions, strict=True):
        assert solution.tolist() == parities(string)
    assert np.array_equal(prefix_sums.solve(batch.bits), batch.solutions)


def test_the_longest_strings():
    batch = prefix_sums.generate(100_000, 2, split="extrapolation")
    assert batch.bits.shape == (2, 100_000)
    assert np.array_equal(np.cumsum(batch.bits, axis=1) % 2, batch.solutions)


@pytest.mark.parametrize("split", ["all", "train", "extrapolation"])
def test_every_index_holds_ones_and_zeros_equally_often(split):
    count = 20_000
    bits = prefix_sums.generate(70, count, split=split).bits.astype(np.float64)
    spread = 0.5 / np.sqrt(count)  # of the mean of a fair coin
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 5 * spread
    # Neighbours are independent as well: their products are ones in a quarter of cases.
    assert np.abs((bits[:, 1:] * bits[:, :-1]).mean(axis=0) - 0.25).max() < 5 * spread


def test_all_strings_of_8_bits_are_in_exactly_one_split():
    members = {
        split: {row.tobytes() for row in prefix_sums.generate(8, 20_000, split=split).bits}
        for split in SPLITS
    }
    for first, second in itertools.combinations(members.values(), 2):
        assert first and second and not first & second
    assert len(set.union(*members.values())) == 256


def test_shares_of_the_splits():
    """Strings of ``all`` fall into the four others as often as the table of splits says."""
    members = {
        split: {row.tobytes() for row in prefix_sums.generate(12, 60_000, split=split).bits}
        for split in SPLITS
    }
    everything = prefix_sums.generate(12, 20_000, seed=1, split="all").bits
    for split, share in zip(SPLITS, (0.7, 0.1, 0.1, 0.1), strict=True):
        found = np.mean([row.tobytes() in members[split] for row in everything])
        assert abs(found - share) < 0.03


def test_an_instance_is_the_same_alone_and_in_any_batch():
    task = PrefixSumTask(bits=1000, split="test")
    instances = np.array([5, 2**62, 17, 0] * 200)
    batch = task.draw(instances)
    for threads in (1, 3):
        assert np.array_equal(task.draw(instances, threads).bits, batch.bits)
    assert np.array_equal(task.draw([17]).bits[0], batch.bits[2])
    assert len(np.unique(batch.bits, axis=0)) == 4


def test_instances_are_those_of_this_generator_version():
    """If this fails, undo the change, or raise ``GENERATOR_VERSION`` and write new hashes."""
    assert prefix_sums.GENERATOR_VERSION == 1
    digests = {}
    for bits, split in ((8, "test"), (32, "train"), (65, "all"), (512, "extrapolation")):
        batch = prefix_sums.generate(bits, 32, seed=1, split=split)
        digests[bits, split] = hashlib.sha256(batch.bits.tobytes()).hexdigest()[:16]
    assert digests == GOLDEN


def test_defaults_are_32_bits_and_512_for_extrapolation():
    assert prefix_sums.generate().bits.shape == (1, 32)
    assert prefix_sums.generate(split="extrapolation").bits.shape == (1, 512)


def test_judging():
    task = PrefixSumTask(32)
    batch = task.draw(range(3))
    answers = batch.solutions.copy()
    answers[1, 5] ^= 1
    answers[2] ^= 1
    solved, accuracies = task.judge(batch, answers)
    assert solved.tolist() == [True, False, False]
    assert accuracies.tolist() == [1.0, 31 / 32, 0.0]


def test_changing_a_string_flips_one_bit_and_stays_in_the_split():
    task = PrefixSumTask(12, "validation")
    batch = task.draw(range(500))
    members = {row.tobytes() for row in task.draw(range(20_000)).bits}
    changed = task.perturb(batch, np.arange(500))
    assert ((changed.bits != batch.bits).sum(axis=1) % 2 == 1).all()
    assert (changed.bits != batch.bits).sum(axis=1).max() <= 12
    assert np.array_equal(prefix_sums.solve(changed.bits), changed.solutions)
    assert {row.tobytes() for row in changed.bits} <= members
    assert np.array_equal(task.perturb(batch, np.arange(500)).bits, changed.bits)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"bits": 7}, ValueError, r"bits must be an integer in \[8, 100000\], got 7"),
        ({"bits": 100_001}, ValueError, "bits must be .*, got 100001"),
        ({"bits": 8.0}, TypeError, "bits must be .*, got 8.0"),
        ({"split": "easy"}, ValueError, "split must be one of .*, got 'easy'"),
        ({"count": -1}, ValueError, "count must be .*, got -1"),
        ({"seed": -1}, ValueError, "seed must be .*, got -1"),
        ({"bits": 100_000, "count": 2**31}, ValueError, "memory"),
        ({"instances": [0.5]}, TypeError, "instances must be integers"),
        ({"threads": 0}, ValueError, "threads must be .*, got 0"),
    ],
)
def test_wrong_arguments_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        prefix_sums.generate(**arguments)


@pytest.mark.parametrize("bits", [[0, 1, 2], [0.0, 0.5]])
def test_only_bits_have_parities(bits):
    with pytest.raises((ValueError, TypeError), match="bits"):
        prefix_sums.solve(bits)


def test_the_problems_of_the_scripts_by_default():
    family = PrefixSumTask
    assert family.training_options().task(family, "train").options == family(32).options
    tested = [task.options for task in family.testing_options().tasks(family)]
    splits = [(32, "test"), *((bits, "extrapolation") for bits in (48, 128, 512))]
    assert tested == [family(*each).options for each in splits]
    (watched,) = family.watching_options().tasks(family)
    assert watched.options == family(64, "extrapolation").options
    assert family.label(watched.options) == "64 bits"


def test_every_string_needs_a_seed_to_be_perturbed():
    task = PrefixSumTask(16)
    with pytest.raises(ValueError, match="seeds must have one entry for each of 3, got 1"):
        task.perturb(task.draw([0, 1, 2]), [1])


def test_strings_that_are_none_are_refused_before_a_kernel_follows_them():
    task = PrefixSumTask(32)
    batch = task.draw(range(3))
    with pytest.raises(ValueError, match="batch must be strings of 32 bits"):
        task.perturb(PrefixSumTask(64).draw(range(3)), range(3))
    batch.bits[1, 5] = 200
    with pytest.raises(ValueError, match="bits must hold 0 and 1 alone"):
        task.perturb(batch, range(3))
