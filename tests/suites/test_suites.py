"""Suites never change, and hold what their names say."""

import dataclasses
import hashlib

import pytest

from thinkenv import suites
from thinkenv.tasks.seeds import instances_of_seed

# SHA-256 of what a suite asks for, and of the first problems and solutions of each set, at most
# five: a suite that gives another one is another suite, and needs another name.
FROZEN = {
    "maze-extrapolation": "55bfd057dbd61820",
    "maze-axes": "e70bcd1c27cea747",
    "maze-801": "3a75c8126db6c0f8",
    "maze-loops": "f4e88b420bd98348",
    "maze-loops-801": "cf0fca061186532a",
    "maze-any-ends": "60207a3b770ca054",
    "maze-no-lattice": "cf69c72893efe3fe",
    "chess-rating": "ff46368ee4bd8354",
    "chess-hard": "b17eae660b0ac90d",
    "prefix-extrapolation": "a615088849b6508c",
}


def digest_of(suite: suites.Suite) -> str:
    digest = hashlib.sha256()
    for problems in suite.sets:
        digest.update(f"{problems} {problems.count} {problems.seed}".encode())
        batch = problems.make_task().draw(instances_of_seed(problems.seed, min(5, problems.count)))
        digest.update(batch.problems.tobytes())
        digest.update(batch.solutions.tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize("name", suites.SUITES)
def test_the_problems_of_a_suite_never_change(name):
    assert digest_of(suites.SUITES[name]) == FROZEN[name]


def test_chess_sets_hold_all_puzzles_of_their_ratings_and_no_more():
    for name in ("chess-rating", "chess-hard"):
        for problems in suites.SUITES[name].sets:
            assert problems.count == len(problems.make_task().puzzles)


def test_no_set_is_of_a_split_that_agents_are_trained_on():
    for suite in suites.SUITES.values():
        for problems in suite.sets:
            # Of the lattice with all walls open there is one of a size, and none of this size is
            # trained on.
            is_open = problems.options == {"split": "all", "size": 59, "loops": 1.0}
            assert problems.make_task().split in ("test", "extrapolation") or is_open


@pytest.mark.parametrize(
    ("name", "versions"),
    [("maze-extrapolation", {"maze": 2}), ("chess-rating", {"chess": "0" * 64})],
)
def test_a_suite_of_other_problems_is_refused(name, versions):
    other = dataclasses.replace(suites.SUITES[name], versions=versions)
    with pytest.raises(
        ValueError, match=f"must have version {list(versions.values())[0]} for suite"
    ):
        suites.evaluate(suites.baselines.empty_answer, other)


def test_every_suite_says_of_which_version_it_is():
    for suite in suites.SUITES.values():
        assert set(suite.versions) == {problems.task for problems in suite.sets}


def test_a_task_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="task must be one of 'maze', .*, got 'go'"):
        suites.ProblemSet("go", {}, 5).make_task()
