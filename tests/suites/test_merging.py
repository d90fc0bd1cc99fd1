"""Rows of shards are put together as if one machine had done all, or not at all."""

import numpy as np
import pytest

from thinkenv import prefix_sums, suites
from thinkenv.suites import Answers, ProblemSet, Suite, evaluate, merge_rows

SMALL = Suite(
    "small",
    "Two sets of strings.",
    (
        ProblemSet("prefix_sum", {"bits": 40, "split": "extrapolation"}, 10, seed=3),
        ProblemSet("prefix_sum", {"bits": 16, "split": "test"}, 25),
    ),
    {"prefix_sum": 1},
)


def answer(bits, requested=5):
    """Answers after a number of iterations that was found, half of them right, and a fixed one."""
    right = prefix_sums.solve(bits)
    some = np.where(bits[:, :1] == 1, right, 1 - right)
    return [
        Answers(some, iterations=bits.sum(axis=1), stopping="converged"),
        Answers(right, converged=bits[:, 0] == 1, stopping="fixed", requested=requested),
    ]


def parts_of(shards, agent=answer, name="x"):
    return [evaluate(agent, SMALL, name=name, shard=part, shards=shards) for part in range(shards)]


@pytest.mark.parametrize("shards", [1, 2, 12])
def test_shards_put_together_are_the_whole(shards):
    whole = evaluate(answer, SMALL, name="x")
    parts = parts_of(shards)
    if shards == 12:
        assert len(parts[0]) < len(whole)  # 10 strings for 12 shards
    merged = merge_rows(parts)
    assert len(merged) == len(whole) == 4
    for row, expected in zip(merged, whole, strict=True):
        row.pop("seconds"), expected.pop("seconds")
        assert list(row) == list(expected) and row == pytest.approx(expected)
        for name in ("iterations", "stopping", "requested"):
            assert type(row[name]) is type(expected[name])


def test_the_order_of_parts_does_not_matter():
    parts = parts_of(12)
    merged, other = (merge_rows(some) for some in (parts, parts[::-1]))
    for row, same in zip(merged, other, strict=True):
        assert row == pytest.approx({**same, "seconds": row["seconds"]})


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ([0, 1, 1], "more than one part has problem 3 of prefix_sum split=extrapolation size=40"),
        ([0, 2], "no part has problem 3 of"),
        ([1, 2], "no part has problem 0 of"),
        ([0, 1], "no part has problem 6 of .*, which holds 10"),
        ([0, 0, 0], "more than one part has problem 0"),
    ],
)
def test_parts_that_are_missing_or_there_twice_are_refused(chosen, words):
    parts = parts_of(3)
    with pytest.raises(ValueError, match=words):
        merge_rows([parts[part] for part in chosen])


def test_a_part_beside_the_whole_is_refused():
    with pytest.raises(ValueError, match="more than one part has problem 0"):
        merge_rows([evaluate(answer, SMALL, name="x"), parts_of(3)[0]])
    with pytest.raises(ValueError, match="no part has|more than one part has"):
        merge_rows([parts_of(3)[0], *parts_of(4)[1:]])


def test_rows_of_different_agents_are_not_put_together():
    parts = [parts_of(2, name=name)[part] for part, name in enumerate(("one", "other"))]
    with pytest.raises(ValueError, match="must be of one agent and one suite"):
        merge_rows(parts)


def test_rows_of_different_numbers_of_iterations_are_not_put_together():
    parts = [parts_of(2)[0], parts_of(2, lambda bits: answer(bits, requested=7))[1]]
    with pytest.raises(ValueError, match="stopping, requested and imagined must be the same"):
        merge_rows(parts)


def test_pairs_of_difficulty_and_success_follow_one_another_as_the_problems_do():
    def player(planes):  # a move from wherever is preferred to wherever, the same for all
        preferences = np.arange(128.0).reshape(2, 64)
        squares = suites.baselines.RandomAnswers()(planes)
        return Answers(squares, preferences=lambda shown: np.tile(preferences, (len(shown), 1, 1)))

    task = suites.SUITES["chess-rating"].sets[0].make_task()
    (whole,) = suites.evaluate_task(player, task, 50)
    parts = [suites.evaluate_task(player, task, 50, shard=part, shards=3) for part in range(3)]
    (merged,) = merge_rows([[evaluation.row for evaluation in part] for part in parts[::-1]])
    assert merged["rated"] == whole.row["rated"] and list(merged) == list(whole.row)
    assert [pair[0] for pair in merged["rated"]] == task.puzzles.ratings[:50].tolist()


def test_parts_have_to_say_the_same_of_their_problems():
    first, second = parts_of(2)
    second = [{**row, "line": 0.5, "line_low": 0.1, "line_high": 0.9} for row in second]
    with pytest.raises(ValueError, match="shares must be the same in all parts, got .*line"):
        merge_rows([first, second])
