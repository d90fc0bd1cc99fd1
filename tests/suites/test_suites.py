"""Suites never change, and hold what their names say."""

import dataclasses
import hashlib

import pytest

from thinkenv import suites
from thinkenv.instances import instances_of_seed

# SHA-256 of the first problems and solutions of each set of a suite, at most five: a suite that
# gives others is another suite, and needs another name.
FROZEN = {
    "maze-extrapolation": "b241af5c80d64abd",
    "maze-axes": "846321910d38ff87",
    "maze-801": "4e9eac3a1b5e3efc",
    "chess-rating": "b4a6486f077d270c",
    "prefix-extrapolation": "77dc7a8d074b6f79",
}


def digest_of(suite: suites.Suite) -> str:
    digest = hashlib.sha256()
    for problems in suite.sets:
        batch = problems.make_task().draw(instances_of_seed(problems.seed, min(5, problems.count)))
        digest.update(batch.problems.tobytes())
        digest.update(batch.solutions.tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize("name", suites.SUITES)
def test_the_problems_of_a_suite_never_change(name):
    assert digest_of(suites.SUITES[name]) == FROZEN[name]


def test_chess_sets_hold_all_puzzles_of_their_ratings_and_no_more():
    for problems in suites.SUITES["chess-rating"].sets:
        assert problems.count == len(problems.make_task().puzzles)


def test_no_set_is_of_a_split_that_agents_are_trained_on():
    for suite in suites.SUITES.values():
        for problems in suite.sets:
            assert problems.make_task().split in ("test", "extrapolation")


def test_a_suite_of_another_generator_version_is_refused():
    other = dataclasses.replace(suites.SUITES["maze-extrapolation"], versions={"maze": 2})
    with pytest.raises(ValueError, match="version 2 of the generator of 'maze'"):
        suites.evaluate(suites.baselines.constant, other)
