"""Evaluation of callables of every kind, against counts made by hand."""

import numpy as np
import pytest

from thinkenv import mazes, prefix_sums, suites
from thinkenv.scores import ROW_KEYS, wilson_interval
from thinkenv.suites import Answers, ProblemSet, Suite, evaluate, evaluate_task, merge_rows

SMALL = Suite(
    "small",
    "Two sets of strings.",
    (
        ProblemSet("prefix_sum", {"bits": 16, "split": "test"}, 25),
        ProblemSet("prefix_sum", {"bits": 40, "split": "extrapolation"}, 10, seed=3),
    ),
    {"prefix_sum": 1},
)


def right_where_the_first_bit_is_one(bits):
    answers = prefix_sums.solve(bits)
    answers[bits[:, 0] == 0] ^= 1
    return answers


def test_rows_count_what_is_right():
    rows = evaluate(right_where_the_first_bit_is_one, SMALL, name="ours")
    for row, problems in zip(rows, SMALL.sets, strict=True):
        strings = prefix_sums.generate(**problems.options, count=problems.count, seed=problems.seed)
        right = int(strings.bits[:, 0].sum())
        assert 0 < right < problems.count  # else this test says nothing
        assert row["exact"] == row["cells"] == right / problems.count
        bounds = row["exact_low"], row["exact_high"]
        assert bounds == pytest.approx(wilson_interval(right, problems.count), abs=1e-6)
        assert tuple(row)[: len(ROW_KEYS)] == ROW_KEYS
        assert (row["suite"], row["generator_version"], row["checkpoint"]) == ("small", 1, "ours")
        assert row["iterations"] is None and row["converged"] is None


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_the_size_of_batches_does_not_matter(batch):
    sizes = []

    def answer(bits):
        sizes.append(len(bits))
        return right_where_the_first_bit_is_one(bits)

    rows = evaluate(answer, SMALL, batch=batch)
    assert max(sizes) <= batch and sum(sizes) == 35
    for row, other in zip(rows, evaluate(right_where_the_first_bit_is_one, SMALL), strict=True):
        assert (row["n"], row["exact"]) == (other["n"], other["exact"])


def test_what_answers_cost_is_averaged_and_added_up():
    def answer(bits):
        solved = prefix_sums.solve(bits)
        return Answers(solved, bits.sum(axis=1), bits[:, 0] == 1, seconds=2.0)

    (row, _) = evaluate(answer, SMALL, batch=5)
    strings = prefix_sums.generate(**SMALL.sets[0].options, count=25).bits
    assert row["iterations"] == pytest.approx(strings.sum(axis=1).mean())
    assert row["converged"] == pytest.approx(strings[:, 0].mean())
    assert row["seconds"] == 10.0


def test_an_agent_may_answer_at_several_numbers_of_iterations():
    def answer(bits):
        right = prefix_sums.solve(bits)
        return [Answers(right ^ 1, iterations=1), Answers(right, iterations=9)]

    rows = evaluate(answer, SMALL)
    assert [(row["size"], row["iterations"], row["exact"]) for row in rows] == [
        (16, 1, 0.0),
        (16, 9, 1.0),
        (40, 1, 0.0),
        (40, 9, 1.0),
    ]


def test_shards_put_together_are_the_whole():
    def answer(bits):
        return [
            Answers(right_where_the_first_bit_is_one(bits), bits.sum(axis=1)),
            prefix_sums_answers(bits),
        ]

    def prefix_sums_answers(bits):
        return Answers(prefix_sums.solve(bits), 5, np.ones(len(bits), bool))

    whole = evaluate(answer, SMALL, name="x")
    parts = [evaluate(answer, SMALL, name="x", shard=part, shards=12) for part in range(12)]
    assert any(len(rows) < len(whole) for rows in parts)  # 10 strings for 12 shards
    for row, expected in zip(merge_rows(parts), whole, strict=True):
        row.pop("seconds"), expected.pop("seconds")
        assert row == pytest.approx(expected)


def test_rows_of_different_agents_are_not_put_together():
    parts = [evaluate(prefix_sums.solve, SMALL, name=name) for name in ("one", "other")]
    with pytest.raises(ValueError, match="parts are of different agents or suites"):
        merge_rows(parts)


def test_further_scores_are_reported_with_their_intervals():
    task = mazes.MazeTask(9, "test")
    (row,) = evaluate_task(
        suites.baselines.exact,
        task,
        20,
        more_scores=lambda batch, answers: {"short": batch.path_lengths < 20},
    )
    short = float((task.draw(np.arange(20)).path_lengths < 20).mean())
    assert row["short"] == short and row["short_low"] < short < row["short_high"]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda bits: bits[:, 1:], ValueError, "needs"),
        (lambda bits: bits + 1, ValueError, "other values than 0 and 1"),
        (lambda bits: bits / 2, TypeError, "needs bool or integers"),
        (lambda bits: None, (TypeError, ValueError), "answer"),
    ],
)
def test_wrong_answers_are_named(answer, error, words):
    with pytest.raises(error, match=words):
        evaluate(answer, SMALL)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"suite": "maze"}, "suite='maze': allowed are 'maze-extrapolation'"),
        ({"suite": SMALL, "shards": 2, "shard": 2}, "shard=2: allowed"),
        ({"suite": SMALL, "batch": 0}, "batch=0: allowed"),
        ({"suite": SMALL, "most": 0}, "most=0: allowed"),
    ],
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        evaluate(prefix_sums.solve, **options)
